# 13-stock - the files that distributions give with lighttpd: those of Debian's
# package, where it is installed, and of our own the same in shape as OpenWrt's
# and as the one that upstream explains at length.
. "$TOP/test/lib.sh"

DEBIAN=/etc/lighttpd
HELPERS=/usr/share/lighttpd
mkdir -p log enabled available up
: >log/error.log

checked() {				# FILE: what -tt says, in one line
	"$GLIMD" -tt -f $1 2>&1 | tr '\n' ';'
}

start_stock() {				# NAME: the server of NAME.conf
	SRV=$1
	errorlog=log/error.log
	: >$errorlog
	launch $GLIMD_WRAP "$GLIMD" -D -f $1.conf
	await || verdict "not ok" "the server starts" \
	    "$(cat $SRV.log $errorlog)" ""
}

ask() {					# HOST TARGET
	raw "GET $2 HTTP/1.1\r\nHost: $1\r\nConnection: close\r\n\r\n" |
	    tr -d '\r'
}

# Who root becomes.
user=nobody
for name in www-data http nobody; do
	if id $name >/dev/null 2>&1; then
		user=$name
		break
	fi
done
group=$(id -gn $user)
[ "$(id -u)" != 0 ] || chown -R $user log	# as their packages do

# ---- Debian -----------------------------------------------------------------

# Paths that a test may write to; nothing else is changed.
adapt() {				# FILE
	sed -e "s|/var/www/html|$ROOT|" -e "s|/var/log/lighttpd|$WORK/log|" \
	    -e "s|/var/cache/lighttpd/uploads|$WORK/up|" \
	    -e "s|/run/lighttpd.pid|$WORK/glimd.pid|" \
	    -e "s|$DEBIAN/conf-enabled|$WORK/enabled|" \
	    -e "s|/usr/share/javascript|$WORK/javascript|" \
	    -e "s|/usr/share/doc/|$WORK/doc/|" \
	    -e "s|\(server.username *= *\)\"[^\"]*\"|\1\"$user\"|" \
	    -e "s|\(server.groupname *= *\)\"[^\"]*\"|\1\"$group\"|" \
	    -e "s|\(server.port *= *\)80$|\1$port|" "$1"
}

enable() {				# NAME...: and nothing else
	rm -f enabled/*
	for name; do
		adapt $DEBIAN/conf-available/$name >enabled/$name
	done
}

# One name, what -tt says: "Syntax OK;", or a pattern.
snippet() {				# NAME PATTERN
	if [ ! -f $DEBIAN/conf-available/$1 ]; then
		skip "debian: $1" "not in this package"
		return
	fi
	enable $1
	like "debian: $1" "$(checked debian.conf)" "$2"
}

debian_types() {
	# one of a hundred, and those that everybody has
	perl $HELPERS/create-mime.conf.pl 2>/dev/null |
	    sed -n 's/^[^"]*"\(\.[a-zA-Z0-9]*\)" *=> *"\([^"]*\)".*/\1 \2/p' |
	    awk 'NR % 100 == 1 || $1 ~ /^\.(html|png|gz|css|txt)$/' |
	    grep -v -e '^.php ' -e '^.pl ' -e '^.fcgi ' -e '^.inc ' >types
	asked=
	while read -r suffix type; do
		echo x >root/x$suffix
		asked="${asked}HEAD /x$suffix HTTP/1.1\r\nHost: h\r\n\r\n"
	done <types
	is "debian: types are those of create-mime.conf.pl" "$(raw "$asked" \
	    -h | tr -d '\r' | sed -n 's/^Content-Type: //p')" \
	    "$(sed 's/^[^ ]* //' types)"
	okay "... and there were some" [ $(wc -l <types) -gt 5 ]
}

debian() {
	port=$(free_port)
	adapt $DEBIAN/lighttpd.conf >debian.conf
	is "debian: lighttpd.conf is checked without a word" \
	    "$(checked debian.conf)" 'Syntax OK;'
	is "... and printed, and that is read again" "$("$GLIMD" -p \
	    -f debian.conf 2>&1 >once; "$GLIMD" -p -f once 2>&1 |
	    cmp - once 2>&1)" ''

	# What glimd has, loads without a word; without what only makes a site
	# smaller it goes on; and what would be sent in clear, or as its
	# source, is refused. Later ones may be there or not.
	while read -r name want; do
		snippet $name "$want"
	done <<-'EOT'
	05-auth.conf Syntax OK;
	05-setenv.conf Syntax OK;
	10-accesslog.conf Syntax OK;
	10-dir-listing.conf Syntax OK;
	10-evhost.conf Syntax OK;
	10-expire.conf Syntax OK;
	10-no-www.conf Syntax OK;
	10-rewrite.conf Syntax OK;
	10-simple-vhost.conf Syntax OK;
	10-status.conf Syntax OK;
	10-userdir.conf Syntax OK;
	11-extforward.conf Syntax OK;
	90-javascript-alias.conf Syntax OK;
	99-unconfigured.conf Syntax OK;
	10-rrdtool.conf *does not have mod_rrdtool, and goes on without;*OK;
	20-deflate.conf *does not have mod_deflate, and goes on without;*OK;
	10-sockproxy.conf *does not have mod_sockproxy, and a site that needs*
	10-ssi.conf *does not have mod_ssi, and a site that needs it must not*
	10-ssl.conf *does not have mod_openssl, and a site that needs it must*
	10-cgi.conf *[Sm]*
	10-fastcgi.conf *[Sm]*
	10-proxy.conf *[Sm]*
	15-fastcgi-php.conf *Syntax OK;
	15-fastcgi-php-fpm.conf *Syntax OK;
	90-debian-doc.conf *Syntax OK;
	EOT
	enable 10-ssl.conf
	sed '/server.modules/d' enabled/10-ssl.conf >x
	mv x enabled/10-ssl.conf
	like "debian: encryption without its module is refused" \
	    "$(checked debian.conf)" '*ssl.engine: glimd cannot encrypt*'

	mkdir javascript root/sub
	echo js >javascript/a.js
	echo listed >root/sub/x.txt
	echo secret >root/sub/x.txt~
	echo '<?php' >root/sub/x.php
	mkdir doc
	echo hello >doc/README
	enable 10-accesslog.conf 10-dir-listing.conf 10-no-www.conf \
	    90-javascript-alias.conf 90-debian-doc.conf 99-unconfigured.conf
	# its block begins with the aliases that there are so far
	mv enabled/90-debian-doc.conf enabled/91-debian-doc.conf
	# others take ports as well, and a fragment wants the number twice
	before=$TESTS
	for try in 1 2 3 4 5; do
		TESTS=$before		# what is told of the last one counts
		port=$(free_port)
		sed "s|^\(server.port *= *\)[0-9]*$|\1$port|" debian.conf >x
		mv x debian.conf
		start_stock debian >started
		grep -q 'in use' debian.log $errorlog || break
	done
	cat started
	debian_types
	echo home >root/index.lighttpd.html
	is "debian: the unconfigured page" "$(ask h / | body)" home
	is "debian: an alias of a fragment" \
	    "$(ask h /javascript/a.js | body)" js
	is "debian: an alias in a condition, for the own machine" \
	    "$(ask h /doc/README | body)" hello
	like "debian: a listing" "$(ask h /sub/)" '*200 OK*x.txt*'
	like "debian: ... does without what nobody may have" \
	    "$(ask h /sub/x.txt~ | first)$(ask h /sub/x.php | first)" \
	    '*403*403*'
	is "debian: www. is sent away" \
	    "$(ask www.example.org '/sub/?q' | field Location)" \
	    'http://example.org/sub/?q'
	logged() { grep -q 'GET /doc/README HTTP/1.1" 200' log/access.log; }
	okay "debian: the access log" wait_for logged
	# use-ipv6.pl has made a block for it if there is IPv6
	if perl $HELPERS/use-ipv6.pl $port | grep -q . &&
	    "$RAW" -a "[::1]:$port" 'GET / HTTP/1.0\r\n\r\n' >six 2>&1; then
		like "debian: IPv6" "$(cat six)" 'HTTP/1.0 200 OK*home*'
	else
		skip "debian: IPv6" "there is none"
	fi
	stop_server

	# The helper of the years before, in the place of the glob.
	mkdir old old/conf-enabled
	echo 'server.tag = "by the helper"' >old/conf-enabled/10-tag.conf
	sed "s|^include \".*|include_shell \"$HELPERS/include-conf-enabled.pl\
 $WORK/old/\"|" debian.conf >old/lighttpd.conf
	grep -q include-conf-enabled old/lighttpd.conf ||
		verdict "not ok" "the include was replaced" '' ''
	like "debian: include-conf-enabled.pl" "$("$GLIMD" -p \
	    -f old/lighttpd.conf 2>/dev/null)" '*"by the helper"*'
}

if [ ! -f $DEBIAN/lighttpd.conf ] || [ ! -d $DEBIAN/conf-available ]; then
	skip "debian" "its package lighttpd is not installed"
elif ! have perl; then
	skip "debian" "there is no perl"
else
	debian
fi
SRV=glimd

# ---- a router ---------------------------------------------------------------

# Nothing is loaded but what fragments ask for, which a command puts together.
mkdir router router/conf.d
cat >router.conf <<EOT
server.modules = (
)
server.document-root = "$ROOT"
server.upload-dirs = ( "/tmp" )
server.errorlog = "$WORK/log/error.log"
server.pid-file = "$WORK/router.pid"
server.username = "$user"
server.groupname = "$group"
server.port = 0
index-file.names = ( "index.php", "start.html",
                     "default.htm" )
static-file.exclude-extensions = ( ".php", ".pl", ".fcgi" )
include "$WORK/router/mime.conf"
include_shell "cat $WORK/router/conf.d/*.conf"
EOT
cat >router/mime.conf <<'EOT'
mimetype.assign = (
	".htm" => "text/html",
	".svg" => "image/svg+xml",
	"README" => "text/plain",
	"" => "application/x-else",
)
EOT
echo 'server.modules += ( "mod_access" )' >router/conf.d/30-access.conf
echo 'server.modules += ( "mod_expire", "mod_setenv" )
setenv.add-response-header = ( "X-Router" => "yes" )
url.access-deny = ( "~" )' >router/conf.d/31-more.conf
is "router: checked without a word" "$(checked router.conf)" 'Syntax OK;'
echo old >root/default.htm
echo x >root/README
echo x >root/a.svg
echo x >root/a.bak~
start_stock router
like "router: a file of the index, its type, a header" "$(ask h /)" \
    'HTTP/1.1 200 OK*X-Router: yes*old'
is "router: types" "$(for f in default.htm README a.svg none; do
	echo x >root/$f
	ask h /$f | field Content-Type
done | tr '\n' ' ')" \
    'text/html text/plain image/svg+xml application/x-else '
like "router: what is denied" "$(ask h /a.bak~ | first)" '*403*'
is "router: the pid file" "$(cat router.pid)" $PID
stop_server
rm router/conf.d/*
like "router: a command that fails is no empty file" \
    "$(checked router.conf)" '*router.conf:1[0-9]:*"cat *" ended with status 1*'

# ---- upstream's own ---------------------------------------------------------

# Variables first, files in a folder that one of them names, keys of which some
# mean nothing here, and blocks.
mkdir site site/conf.d site/vhosts.d site/state site/htdocs site/vhosts \
    site/vhosts/download
cat >site.conf <<EOT
var.base        = "$WORK/site"
log_root        = "$WORK/log"
server_root     = base + "/"
state_dir       = base + "/state"
var.conf_dir    = var.base + "/conf.d"
vhosts_dir      = server_root + "vhosts"
EOT
cat >>site.conf <<'EOT'
include conf_dir + "/modules.conf"
server.port = 0
server.bind = "localhost"
server.username  = env.WHO
server.document-root = server_root + "/htdocs"
server.tag = "site"
server.pid-file = state_dir + "/site.pid"
server.errorlog = log_root + "/error.log"
include conf_dir + "/[d]ebug.conf"
include conf_dir + "/none-*.conf"
server.event-handler = "linux-sysepoll"
server.network-backend = "sendfile"
server.stat-cache-engine = "simple"
server.max-fds = 512
server.max-connections = 128
server.listen-backlog = 128
server.max-keep-alive-idle = 5
server.max-keep-alive-requests = 16
server.max-request-size = 0
server.max-read-idle = 60
server.max-write-idle = 360
server.kbytes-per-second = 0
connection.kbytes-per-second = 0
server.core-files = "disable"
server.use-ipv6 = "disable"
server.defer-accept = 0
server.upload-dirs = ( "/var/tmp" )
server.stream-response-body = 1
index-file.names += (
  "index.xhtml", "index.html"
)
url.access-deny = ( "~", ".inc" )
$HTTP["url"] =~ "\.pdf$" {
  server.range-requests = "disable"
}
static-file.exclude-extensions = ( ".php", ".pl", ".fcgi", ".scgi" )
server.errorfile-prefix = server_root + "/htdocs/status-"
include conf_dir + "/mime.conf"
dir-listing.exclude = ( "~$" )
dir-listing.encoding = "UTF-8"
server.follow-symlink = "enable"
$HTTP["host"] =~ "^www\.(.*)" {
  url.redirect = ( "^/(.*)" => "http://%1/$1" )
}
include "site/vhosts.d/*.conf"
EOT
cat >site/conf.d/modules.conf <<'EOT'
server.modules = (
  "mod_access",
#  "mod_alias",
  "mod_redirect",
  "mod_authn_file",
)
include "site/conf.d/access_log.conf"
EOT
cat >site/conf.d/access_log.conf <<'EOT'
server.modules += ( "mod_accesslog" )
accesslog.filename = log_root + "/site.log"
accesslog.format = "%h %V %u %t \"%r\" %>s %b \"%{User-Agent}i\""
EOT
cat >site/conf.d/debug.conf <<'EOT'
debug.log-request-header = "disable"
debug.log-request-header-on-error = "enable"
debug.log-condition-handling = "disable"
EOT
echo 'mimetype.assign = ( ".pdf" => "application/pdf", ".html" => "text/html" )
mimetype.assign += ( ".html" => "text/html", ".x" => "x/y" )' \
    >site/conf.d/mime.conf
cat >site/vhosts.d/download.conf <<'EOT'
$HTTP["host"] == "download.example.com" {
  var.server_name = "download"
  server.document-root = vhosts_dir + "/" + server_name
  accesslog.filename = log_root + "/" + server_name + ".log"
}
else $HTTP["host"] == "old.example.com" {
  url.redirect = ( "" => "https://new.example.com/" )
}
EOT
[ -z "$GLIMD_BACKEND" ] && "$GLIMD" -V | grep -q linux-sysepoll ||
	sed "s|linux-sysepoll|${GLIMD_BACKEND:-poll}|" site.conf >x &&
	[ ! -s x ] || mv x site.conf
WHO=$user
export WHO
is "site: checked without a word" "$(checked site.conf)" 'Syntax OK;'
echo main >site/htdocs/index.html
echo pdf >site/htdocs/a.pdf
echo 'no such page' >site/htdocs/status-404.html
echo download >site/vhosts/download/a.x
start_stock site
like "site: the index" "$(ask h /)" '*200 OK*Server: site*main'
is "site: a type that was added" "$(ask download.example.com /a.x |
    field Content-Type)" x/y
like "site: an error page" "$(ask h /none)" '*404*no such page'
unlike "site: no ranges there" "$(ask h /a.pdf)" '*Accept-Ranges*'
like "site: ... but elsewhere" "$(ask h /index.html)" '*Accept-Ranges*'
is "site: captures of the host" "$(ask www.example.com '/x?y' |
    field Location)" 'http://example.com/x?y'
is "site: else" "$(ask old.example.com /x | field Location)" \
    https://new.example.com/
logged() { grep -q 'download.example.com.*/a.x' log/download.log; }
okay "site: a log of its own" wait_for logged
is "site: ... and of the others" \
    "$(grep -c 'GET /a.x' log/site.log)" 0
stop_server
