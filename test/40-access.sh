# 40-access - what is refused by the end of its name.
. "$TOP/test/lib.sh"

mkdir -p root/dir root/old.inc root/both.php
echo hello >root/a.txt
echo TOP SECRET | tee root/x.php root/dir/x.php root/.htpasswd root/a.inc \
    root/save.txt~ root/README.INC >root/both.php/index.php
echo page | tee root/page.html root/old.inc/page.html >root/dir/index.html
modules='server.modules = ( "mod_access", "mod_alias" )
static-file.dotfiles = "allow"'

status() { get "$1" | sed -n '1s/HTTP.1.. \([0-9]*\).*/\1/p'; }
denied() {				# NAME TARGET [CODE]
	answer=$(get "$2")
	unlike "$1: nothing of it" "$answer" "*TOP SECRET*"
	like "$1" "$answer" "HTTP/1.1 ${3-403} *"
}

# ---- url.access-deny --------------------------------------------------------

start_server "$modules
index-file.names = ( \"index.html\", \"index.php\" )
alias.url = ( \"/script\" => \"$ROOT/x.php\", \"/s/\" => \"$ROOT/dir/\" )
dir-listing.activate = \"enable\"
url.access-deny = ( \"~\", \".inc\", \".php\", \".htpasswd\" )"
is "other names are served" "$(get /a.txt | body)" hello
for target in /x.php /a.inc /save.txt~ /.htpasswd /none.php /dir/x.php \
    '/x.php?a.txt' /old.inc /s/x.php; do
	denied "$target" "$target"
done
is "HEAD is refused" "$(codes 'HEAD /x.php HTTP/1.1\r\nHost: x\r\n\r\n' \
    -h)" "403 eof"
is "POST is refused, the connection goes on" "$(codes \
    'POST /x.php HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc' \
    'GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n' -h)" "403 200 eof"
is "OPTIONS is refused" "$(request OPTIONS /x.php | first)" \
    "HTTP/1.1 403 Forbidden"
is "a folder is not what ends so" "$(get /old.inc/page.html | body)" page
like "... nor is its listing refused" "$(get /old.inc/)" "HTTP/1.1 200 *"
is "an index with another name" "$(get /dir/ | body)" page
denied "an index that is refused" /both.php/
denied "a file behind an alias" /script
denied "12 CVE-2007-3949 lighttpd: / behind it" /x.php/
denied "12 CVE-2007-3949 lighttpd: // behind it" /x.php//
denied "12 CVE-2007-3949 lighttpd: /. behind it" /x.php/.
denied "12 CVE-2007-3949 lighttpd: a path behind it" /x.php/a.txt
denied "12 CVE-2007-3949 lighttpd: / behind an alias" /script/ '40[34]'
denied "13 CVE-2001-0892 thttpd: .htpasswd/" /.htpasswd/
denied "13 CVE-2001-0892 thttpd: in a folder that is no way" \
    /a.txt/../.htpasswd
denied "14 CVE-2005-0453 lighttpd: %00 behind it" /x.php%00 400
denied "14 CVE-2005-0453 lighttpd: %00 and a suffix" /x.php%00.txt 400
denied "15 CVE-2008-4359 lighttpd: an escaped dot" /x%2Ephp
denied "15 CVE-2008-4359 lighttpd: an escaped letter" /x.p%68p
denied "15 CVE-2008-4359 lighttpd: two slashes" //x.php
denied "15 CVE-2008-4359 lighttpd: dots" /dir/.././x.php
denied "15 CVE-2008-4360 lighttpd: letters of another case" /x.PHP
denied "15 CVE-2008-4360 lighttpd: ... of a file there is" /README.INC
denied "16 CVE-2013-4547 nginx: a space" '/x.php ' '40[04]'
denied "16 CVE-2013-4547 nginx: an escaped space" /x.php%20 404
denied "what follows a semicolon is a name" '/x.php;a.txt' 404
stop_server

start_server "$modules
url.access-deny = ( \"\" )"
is "everything is refused" "$(status /a.txt) $(status /)" "403 403"
stop_server

start_server "$modules
url.access-deny = ( \".inc\" )
\$HTTP[\"url\"] =^ \"/dir/\" {
	url.access-deny = ( \".php\" )
}"
is "a folder with its own" "$(status /dir/x.php) $(status /x.php)" "403 200"
is "... that hold instead" "$(status /a.inc) $(status /dir/none.inc)" "403 404"
stop_server

# ---- url.access-allow -------------------------------------------------------

start_server "$modules
index-file.names = ( \"index.html\", \"index.php\" )
alias.url = ( \"/script.html\" => \"$ROOT/x.php\" )
url.access-deny = ( \".html\" )
url.access-allow = ( \"/\", \".html\" )"
is "what is allowed decides alone" "$(get /page.html | body)" page
is "an index as well" "$(get /dir/ | body)" page
denied "an index that is not allowed" /both.php/
denied "another name" /x.php
denied "... and one that is nowhere" /none.txt
denied "a folder without its slash" /dir
denied "letters of another case" /page.HTML
denied "a file behind an alias is not what it is called" /script.html
denied "nor is a file what stands behind it" /x.php/x.html
is "nothing there" "$(status /none.html)" 404
stop_server

# ---- the start --------------------------------------------------------------

start_server 'server.modules = ( "mod_access" )
url.access-deny = ( )
url.access-allow = ( )'
is "empty lists refuse nothing" "$(status /x.php)" 200
stop_server
fails() {				# NAME CONFIGURATION PATTERN
	configure "$2"
	like "$1" "$($GLIMD_WRAP "$GLIMD" -t -f $SRV.conf 2>&1; echo $?)" "$3
1"
}
fails "rules without the module" 'url.access-deny = ( ".inc" )' \
    '*glimd.conf:1:1: url.access-deny needs mod_access*'
fails "a text" "server.modules = ( \"mod_access\" )
url.access-deny = \".inc\"" '*glimd.conf:2:1: url.access-deny is a list*'
