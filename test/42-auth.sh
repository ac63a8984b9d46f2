# 42-auth - who is let in: by passwords in files of all kinds, and nobody by a
# trick. Digest: 42-digest.
. "$TOP/test/lib.sh"
. "$TOP/test/auth.sh"

mkdir -p root/open root/closed root/closed.d root/two root/group
echo hello | tee root/a.txt root/open/index.html root/open/a.txt \
    root/closed/index.html root/closed/a.txt root/two/a.txt \
    root/group/a.txt >/dev/null

# ---- Basic, plain -----------------------------------------------------------

long=$(awk 'BEGIN { while (n++ < 3000) printf "x" }')
cat >plain.users <<EOT
# user:password
#hidden:hidden
ann:secret
bob:p:a:s:s
eve:
:nobody
noone
äöü:grün
$long:long
cr:lf$(printf '\r')
ann:second
EOT
awk 'BEGIN { while (n++ < 100000) printf "y"; print ":z"; while (m++ < 5000)
    print "user" m ":password" m; printf "last:line" }' >>plain.users
start_server "$auth
auth.backend = \"plain\"
auth.backend.plain.userfile = \"plain.users\"
auth.backend.plain.groupfile = \"groups\"
index-file.names = ( \"index.html\" )
server.max-request-field-size = 65535
server.error-handler-404 = \"/closed/a.txt\"
auth.require = (
	\"/closed/\" => $(rule basic valid-user),
	\"/two/\" => $(rule basic 'user=ann|user=cr'),
	\"/group\" => $(rule basic 'group=few|user=last|group=many'),
	\"/open/index.html\" => $(rule basic valid-user),
	\"/closed\" => $(rule basic user=nobody),
	\"/extern/\" => $(rule extern valid-user) )"

answer=$(get /closed/a.txt)
like "nobody: 401" "$answer" "HTTP/1.1 401 Unauthorized*"
is "... and how to answer" "$(echo "$answer" | field WWW-Authenticate)" \
    'Basic realm="the realm", charset="UTF-8"'
unlike "... and nothing of the file" "$answer" "*hello*"
is "the right password" "$(get /closed/a.txt "$(basic ann:secret)" | body)" \
    hello
is "again, as it is known now" "$(login ann:secret)" 200
is "what no rule covers" "$(get /a.txt | body)" hello
is "... with a password, too" "$(login ann:wrong /a.txt)" 200
for user in ann:wrong ann: ann:second ann:secre ann:secret2 ann:SECRET \
    ANN:secret bob:p hidden:hidden '#hidden:hidden' eve: noone: noone:noone \
    nobody:secret user:password user1:password2 last:lin other:line; do
	is "not $user" "$(login "$user")" 401
done
for user in bob:p:a:s:s äöü:grün cr:lf user1:password1 last:line; do
	is "but $user" "$(login "$user")" 200
done
is "23 CVE-2017-17663 mini_httpd: a long line, a long name" \
    "$(login $long:long)" 200
is "26 CVE-2007-4915 boa: a long name overwrites nothing" \
    "$(login "$long$long:$long") $(login ann:$long)" "401 401"
is "the scheme in any case" "$(get /closed/a.txt \
    "Authorization: bAsIc  $(base64_of ann:secret)" | body)" hello

for method in GET HEAD OPTIONS POST PUT DELETE PATCH PROPFIND; do
	is "18 CVE-2022-45956 boa: $method needs a password" "$(request \
	    $method /closed/a.txt 'Content-Length: 0' | first)" \
	    "HTTP/1.1 401 Unauthorized"
done
is "HEAD with one" "$(login ann:secret /closed/a.txt HEAD)" 200
is "a 401 keeps the connection" "$(codes \
    'GET /closed/a.txt HTTP/1.1\r\nHost: x\r\n\r\n' \
    'GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n' -h)" "401 200 eof"
is "... and has read the body" "$(codes 'POST /closed/a.txt HTTP/1.1\r\n' \
    'Host: x\r\nContent-Length: 5\r\n\r\nGET /GET /a.txt HTTP/1.1\r\n' \
    'Host: x\r\n\r\n' -h)" "401 200 eof"

# The path that is opened counts, however it is written.
for target in /closed/ //closed/a.txt /./closed/a.txt /x/../closed/a.txt \
    /%63losed/a.txt /closed%2fa.txt /closed%2Fa.txt /open/../closed/a.txt \
    '/closed/?x' '/closed/a.txt?x=/open/' http://localhost/closed/a.txt \
    /closed/none /closed /closed.d; do
	is "no way around: $target" "$(get "$target" | first)" \
	    "HTTP/1.1 401 Unauthorized"
done
for name in .htpasswd closed/.htpasswd; do
	echo "x:TOP SECRET" >root/$name
	unlike "13 CVE-2001-0892 thttpd: /$name/" \
	    "$(get /$name/ "$(basic ann:secret)")" "*TOP SECRET*"
done
is "the file that stands for a folder has a rule" \
    "$(get /open/ | first)" "HTTP/1.1 401 Unauthorized"
is "... and is served" "$(get /open/ "$(basic ann:secret)" | body)" hello
is "... once it is known who asks" "$(login ann:wrong /open/)" 401
is "a page for 404 has one, too" "$(get /none | first)" \
    "HTTP/1.1 401 Unauthorized"
is "the first rule that fits counts" "$(login ann:secret /closed/a.txt)" 200

is "some users only" "$(login ann:secret /two/a.txt
    login cr:lf /two/a.txt; login bob:p:a:s:s /two/a.txt
    login user1:password1 /two/a.txt)" "200
200
401
401"
cat >groups <<'EOT'
# group: user user
few: ann  bob,
many:user1,user2, user3
ann: user4
EOT
for user in ann:secret bob:p:a:s:s user1:password1 user3:password3 \
    last:line; do
	is "a group with $user" "$(login $user /group/a.txt)" 200
done
for user in user4:password4 user:password cr:lf nobody:x; do
	is "no group with $user" "$(login $user /group/a.txt)" 401
done
rm groups
is "no file of groups: 500" "$(login ann:secret /group/a.txt)" 500
is "... but for a name there is no need" "$(login last:line /two/a.txt)" 401
okay "... and the log says why" grep -q 'groups: ' glimd.log
like "extern, and nobody there" "$(get /extern/ "$(basic ann:secret)" |
    sed '/^$/q')" "HTTP/1.1 401 *"

# ---- malformed --------------------------------------------------------------

malformed() {				# NAME VALUE [STATUS]
	is "$1" "$(codes "GET /closed/a.txt HTTP/1.1\r\nHost: x\r\n" \
	    "Authorization: $2\r\n\r\n" 'GET /a.txt HTTP/1.1\r\nHost: x\r\n' \
	    '\r\n' -h)" "${3:-400} 200 eof"
}
malformed "no value" "" 401
malformed "the scheme only" "Basic" 400
malformed "... and spaces" "Basic    " 400
malformed "another scheme" "Bearer YW5uOnNlY3JldA==" 401
malformed "a scheme that only begins so" "Basics YW5uOnNlY3JldA==" 401
malformed "no scheme" "YW5uOnNlY3JldA==" 401
malformed "not base64" "Basic ann:secret"
malformed "half a byte" "Basic YW5uOnNlY3JldA="
malformed "more behind it" "Basic YW5uOnNlY3JldA== x"
malformed "Digest for Basic" 'Digest username="ann"' 401
malformed "28 CVE-2011-4362 lighttpd: bytes above 127" 'Basic \xff\x80\xfe='
malformed "63 CVE-2015-3200 lighttpd: no colon" "Basic $(base64_of annsecret)"
malformed "63 ... and a line in it" "Basic $(base64_of 'ann
2030-01-01 00:00:00: (server.c.1) forged')"
malformed "63 ... with a colon" "Basic $(base64_of 'ann
forged:x')"
malformed "no name" "Basic $(base64_of :nobody)"
malformed "NUL in the password" "Basic YW5uOnNlY3JldAB4"	# secret\0x
malformed "NUL in the name" "Basic YW5uADpzZWNyZXQ="
malformed "nothing but NUL" "Basic AAAA"
stop_server

is "%u: who it was" "$(sed -n '/^ann 200 .closed.a.txt/p' access.log |
    sed -n 1p)" "ann 200 /closed/a.txt --"
is "... nobody who was refused" "$(grep -v '^- ' access.log |
    grep -c -v ' [25]0[04] ')" 0
secret=$(base64_of ann:secret)
get /a.txt "Proxy-Authorization: Basic $secret" >/dev/null
secrets() { cat access.log glimd.log | grep -c -e "$secret" -e 'secret"' \
    -e 'p:a:s:s' -e password1 -e "Basic "; }
is "no password in a log" "$(secrets)" 0
is "63 CVE-2015-3200 lighttpd: no line is forged" "$(grep -c '^2030' \
    glimd.log access.log | tr '\n' ' ')" "glimd.log:0 access.log:0 "
okay "who was refused is there, with his address" \
    grep -q 'auth: 127.0.0.1 refused for realm the realm: user ann$' glimd.log

# ---- conditions -------------------------------------------------------------

echo carl:other >other.users
start_server "$auth
auth.backend = \"plain\"
auth.backend.plain.userfile = \"plain.users\"
auth.require = ( \"/two/\" => $(rule basic user=ann),
	\"/group/\" => $(rule basic user=ann) )
\$HTTP[\"host\"] == \"other\" {
	auth.backend.plain.userfile = \"other.users\"
	auth.require = ( \"/two/\" => $(rule basic valid-user) )
}
\$HTTP[\"url\"] =^ \"/closed/\" {
	auth.require = ( \"\" => $(rule digest valid-user) )
}
\$HTTP[\"url\"] =^ \"/group/\" { auth.backend = \"\" }
\$HTTP[\"host\"] == \"none\" { auth.require = ( ) }"
at() {					# HOST TARGET [USER:PASSWORD]
	raw "GET $2 HTTP/1.1\r\nHost: $1\r\nConnection: close\r\n" \
	    "${3:+$(basic "$3")\r\n}" '\r\n' | tr -d '\r' | sed '/^$/q'
}
status_at() { at "$@" | sed -n '1s/[^ ]* \([0-9]*\).*/\1/p'; }
is "each host has its users" "$(status_at x /two/a.txt ann:secret
    status_at x /two/a.txt carl:other; status_at other /two/a.txt ann:secret
    status_at other /two/a.txt carl:other)" "200
401
401
200"
like "another method for some paths" "$(at x /closed/a.txt)" \
    "HTTP/1.1 401 *WWW-Authenticate: Digest *"
is "no backend for some: 500" "$(status_at x /group/a.txt ann:secret)" 500
is "no rules for a host" "$(status_at none /two/a.txt)" 200
stop_server

# Lines that end with a backslash go on.
joined() { sed -e :a -e '/\\$/{N' -e 's/\\\n//' -e 'ta' -e '}'; }

# ---- htpasswd ---------------------------------------------------------------

hash_conf="$auth
auth.backend = \"htpasswd\"
auth.backend.htpasswd.userfile = \"$WORK/hashed.users\"
auth.require = ( \"/closed/\" => $(rule basic valid-user) )"
joined >hashed.users <<'EOT'
apr1:$apr1$abcdefgh$0NqsgEtPapFvDUJTTdsPb1
sha:{SHA}z0jT3TdveclVlHs5WCpg5cPeIe8=
md5:$1$abcdefgh$vc.h.b7/b1zYYwJ7DKEQG1
sha256:$5$abcdefgh$AttSCSMGtoXogHlhJyVxG5b54GG8uI07S0WE6c4kcJ3
sha512:$6$abcdefgh$zAnEg2YpqHMykbG2lzWulot96fksFwviW0Q.6yxIt\
2Opg8iIoybNchuF/noOIZuxz9isWJ4F4iq2qojWfQ/xo0
bcrypt:$2y$04$oIkkaDsjeOXc.g93JmxmIOWejbOSQfjaccNp8FhOpMWuXeeg1S7p2
long:{SHA}Y6oauq27VpjyUnxc/M577PBGX5c=
longer:{SHA}U9q1UXAWVzVu2LdWU4ZaLnqcL0I=
clear:clearpass
star:*
zero:*0
one:*1
locked:!$6$abcdefgh$zAnEg2YpqHMykbG2lzWulot96fksFwviW0Q.6yxI\
t2Opg8iIoybNchuF/noOIZuxz9isWJ4F4iq2qojWfQ/xo0
empty:
cut:$6$
EOT
start_server "$hash_conf"
can=$(login sha512:sha512pass)		# is there a crypt(3)?
for kind in apr1 sha md5 sha256 sha512 bcrypt; do
	user=$kind:${kind}pass code=$(login $kind:${kind}pass)
	case $kind/$code in
	bcrypt/401) skip "htpasswd's $kind" "crypt(3) has no bcrypt" ;;
	*/401)	[ $can = 200 ] || { skip "htpasswd's $kind" "no crypt(3)"
			continue; }
		is "htpasswd's $kind" "$code" 200 ;;
	*)	is "htpasswd's $kind" "$code" 200 ;;
	esac
	is "... but not another password" "$(login $user. ; login $kind:)" \
	    "401
401"
	is "19 uhttpd b33ca5d: nor the hash itself: $kind" "$(login \
	    "$(grep "^$kind:" hashed.users)")" 401
done
for user in star zero one locked empty cut clear; do
	is "19 uhttpd b33ca5d: nor what is no hash: $user" "$(login \
	    "$(grep "^$user:" hashed.users)")" 401
done
is "71 CVE-2024-23771 darkhttpd: a password in clear is no hash" \
    "$(login clear:clearpass)" 401
is "a password of 255 bytes at most" \
    "$(login "long:$(echo "$long" | cut -c 1-255)"
    login "longer:$(echo "$long" | cut -c 1-256)")" "200
401"

# A file that changes counts at once, whatever was known before.
is "a password is known" "$(login sha:shapass)" 200
sed '/^sha:/d' hashed.users >new.users
mv new.users hashed.users
is "... until its user is gone" "$(login sha:shapass)" 401
if have htpasswd; then
	for how in -m -s -B -5 -2 -d; do
		case $how in
		-m | -s) needs= ;;
		*) needs=crypt ;;
		esac
		if ! htpasswd -b $how hashed.users tool "pass$how" \
		    >/dev/null 2>&1; then
			skip "htpasswd $how" "it does not know that"
		elif [ -n "$needs" ] && [ $can != 200 ]; then
			skip "htpasswd $how" "no crypt(3)"
		else
			is "htpasswd $how" "$(login "tool:pass$how"
			    login "tool:pass$how.")" "200
401"
		fi
	done
else
	skip "what htpasswd(1) makes" "there is none"
fi
if have openssl; then
	echo "o:$(openssl passwd -apr1 "a longer password")" >hashed.users
	is "openssl passwd -apr1" "$(login "o:a longer password")" 200
else
	skip "openssl passwd -apr1" "there is no openssl"
fi

# Closed when in doubt.
mv hashed.users away
is "no file of users: 500" "$(login "o:a longer password")" 500
mkdir hashed.users
is "a folder in its place" "$(login "o:a longer password")" 500
rmdir hashed.users
mkfifo hashed.users
is "a FIFO, for which nobody waits" "$(login "o:a longer password")" 401
rm hashed.users
: >hashed.users
is "an empty one" "$(login "o:a longer password")" 401
okay "the log says why" grep -q 'hashed.users: ' glimd.log
stop_server

# ---- slow hashes ------------------------------------------------------------

# A hash that takes 100 ms and more. Nobody may have the server work on it all
# the time, for a user who is there or not; and who is known is not held up.
joined >hashed.users <<'EOT'
slow:$6$rounds=200000$abcdefgh$vCePHSH3klsup/uZnQLVJ20HmhVUX\
Qr5CScm5iISTkqVLBKDR9Sp4R0XeU9XRIj58z7SMrq2hLtp3nqxD27Ro/
EOT
if [ $can = 200 ]; then
	status() { get /closed/a.txt "$(basic "$1")" | first; }
	for user in slow nobody; do
		start_server "$hash_conf"
		is "the right password" "$(status slow:slowpass)" \
		    "HTTP/1.1 200 OK"
		tries=0
		until [ $tries -ge 40 ]; do
			tries=$((tries + 1))
			answer=$(get /closed/a.txt "$(basic $user:$tries)")
			case $answer in
			*" 429 "*) break ;;
			esac
		done
		like "who guesses ($user) is told to wait" "$answer" \
		    "HTTP/1.1 429 Too Many Requests*Retry-After: [1-9]*"
		is "... who is known is not" "$(status slow:slowpass)" \
		    "HTTP/1.1 200 OK"
		again() { [ "$(status $user:x)" = \
		    "HTTP/1.1 401 Unauthorized" ]; }
		okay "... and not for ever" wait_for again
		stop_server
	done
	start_server "$hash_conf
auth.cache = ( \"max-age\" => \"0\" )"
	is "auth.cache: nothing is remembered, the first time" \
	    "$(login slow:slowpass)" 200
	is "... nor the second" "$(login slow:slowpass)" 200
	stop_server
else
	skip "slow hashes" "no crypt(3)"
fi

# ---- configuration ----------------------------------------------------------

fault() {				# CONFIGURATION: what -t says of it
	SRV=check
	configure "server.modules = ( \"mod_auth\" )
$1"
	SRV=glimd
	$GLIMD_WRAP "$GLIMD" -t -f check.conf 2>&1 |
	    sed 's/^check.conf:[0-9]*:[0-9]*: //'
}
plain='auth.backend = "plain"
auth.backend.plain.userfile = "plain.users"'
with() { fault "$plain
auth.require = ( \"/x\" => $1 )"; }
is "nothing configured" "$(fault '')" "Syntax OK"
is "no rules" "$(fault 'auth.require = ( )')" "Syntax OK"
is "lighttpd's way to switch it off" "$(fault 'auth.backend = ""')" "Syntax OK"
is "rules without a backend" "$(fault "auth.require = ( \"/\" => \
    $(rule basic valid-user) )")" "auth.require: auth.backend is not set"
is "a backend without its file" "$(fault "auth.backend = \"htpasswd\"
auth.require = ( \"/\" => $(rule basic valid-user) )")" \
    "auth.require: auth.backend.htpasswd.userfile is not set"
is "extern needs neither" "$(fault "auth.require = ( \"/\" => \
    $(rule extern valid-user) )")" "Syntax OK"
is "a backend that is not there" "$(fault 'auth.backend = "ldap"')" \
    'auth.backend: "plain", "htpasswd" or "htdigest" was expected, found "ldap"'
is "Digest by hashes for Basic" "$(fault "auth.backend = \"htpasswd\"
auth.backend.htpasswd.userfile = \"x\"
auth.require = ( \"/\" => $(rule digest valid-user) )")" \
    'auth.require: digest needs auth.backend = "htdigest" or "plain"'
is "a group without a file of groups" "$(with "$(rule basic group=x)")" \
    "auth.require: auth.backend.plain.groupfile is not set"
is "a rule that is no list" "$(with '"x"')" \
    'auth.require: "/x": ( "method" => ... ) was expected'
is "a path that is none" "$(fault "$plain
auth.require = ( \"x\" => $(rule basic valid-user) )")" \
    'auth.require: "x": a path begins with "/"'
is "an unknown method" "$(with "$(rule ntlm valid-user)")" \
    'auth.require: "/x": method is "basic", "digest" or "extern"'
like "an unknown field" "$(with "$(rule basic valid-user '"x" => "y"')")" \
    'auth.require: "/x": there is method, realm, require, *'
is "no realm" "$(with '( "method" => "basic", "require" => "valid-user" )')" \
    'auth.require: "/x": realm is missing, or has a quote or backslash'
is "no require" "$(with '( "method" => "basic", "realm" => "x" )')" \
    'auth.require: "/x": require is missing'
for what in anybody user user= 'user=a|' 'user=a||user=b' \
    'user=a,x' 'users=a' '|'; do
	case $what in
	user=a,x) want="Syntax OK" ;;
	*) want='auth.require: "/x": require is "valid-user"*' ;;
	esac
	like "require: $what" "$(with "$(rule basic "$what")")" "$want"
done
like "an algorithm that glimd lacks" "$(with "$(rule digest valid-user \
    '"algorithm" => "SHA-512-256|MD5"')")" \
    'auth.require: "/x": algorithm is MD5, *'
is "auth.cache" "$(fault 'auth.cache = ( "max-age" => "600" )')" "Syntax OK"
is "... with a number" "$(fault 'auth.cache = ( "max-age" => 600 )')" \
    "Syntax OK"
is "... with nonsense" "$(fault 'auth.cache = ( "max-age" => "long" )')" \
    'auth.cache: ( "max-age" => seconds ) was expected'

# ---- a URL that becomes another ---------------------------------------------

start_server "server.modules = ( \"mod_auth\", \"mod_rewrite\" )
auth.backend = \"plain\"
auth.backend.plain.userfile = \"plain.users\"
url.rewrite-repeat-if-not-file = ( \"^/closed/none\" => \"/extern/a.txt\" )
auth.require = ( \"/closed/\" => $(rule basic valid-user),
	\"/extern/\" => $(rule extern valid-user) )"
is "who was let in for one is nobody for the other" \
    "$(login ann:secret /closed/none)" 401
is "... but for the first" "$(login ann:secret /closed/a.txt)" 200
stop_server

# ---- modules that answer, named in front of it ------------------------------

printf '#!/bin/sh\nprintf "Content-Type: text/plain\\n\\nran"\n' \
    >root/open/index.cgi
chmod 755 root/open/index.cgi
start_server "server.modules = ( \"mod_cgi\", \"mod_auth\" )
auth.backend = \"plain\"
auth.backend.plain.userfile = \"plain.users\"
index-file.names = ( \"index.cgi\" )
cgi.assign = ( \".cgi\" => \"\" )
auth.require = ( \"/open/index.cgi\" => $(rule basic valid-user) )"
like "an index file that is a script is asked about first" "$(get /open/)" \
    "HTTP/1.1 401 *"
is "... and run for who may" "$(get /open/ "$(basic ann:secret)" | body)" ran
stop_server
