# 45-expire - how long an answer may be kept.
. "$TOP/test/lib.sh"

mkdir root/dir
for file in a.txt b.html c.css d.bin e.png dir/index.html old.js new.js; do
	echo hello >root/$file
done
touch -t 200001010000 root/old.js
start_server 'server.modules = ( "mod_setenv", "mod_expire" )
index-file.names = ( "index.html" )
mimetype.assign = ( ".txt" => "text/plain", ".html" => "text/html",
	".css" => "text/css; charset=utf-8", ".png" => "image/png",
	".bin" => "application/x", ".js" => "text/javascript" )
expire.url = ( "/a" => "access plus 1 hours", "/a.txt" => "now 1 days",
	"/dir/i" => "access 2 minutes 3 seconds", "/old" =>
	"modification 1 week", "/new" => "modification plus 2 months 1 year" )
expire.mimetypes = ( "text/html" => "access 7 seconds",
	"text/*" => "access 1 months", "image/" => "access 300 years",
	"" => "access 0 seconds" )
$HTTP["url"] =^ "/b" {
	$HTTP["host"] == "other" { expire.mimetypes = ( ) }
	$HTTP["host"] == "own" { expire.url = ( "" => "access 5 days" ) }
}'
age() { get "$@" | field Cache-Control; }
is "by the path, the first that fits" "$(age /a.txt)" max-age=3600
is "an index is what its name says" "$(age /dir/)" max-age=123
is "by the type" "$(age /b.html)" max-age=7
is "by a part of the type" "$(age /c.css)" max-age=2592000
is "as long as can be" "$(age /e.png)" max-age=2147483647
is "whatever else there is" "$(age /d.bin)" max-age=0
is "since a file was changed" "$(age /old.js)" max-age=0
left=$(age /new.js)
left=${left#max-age=}
okay "... and something is left" test "$left" -gt 36700000 -a \
    "$left" -le 36720000
for host in own:max-age=432000 other:; do
	is "another site (${host%:*})" "$(raw 'GET /b.html HTTP/1.1\r\n' \
	    "Host: ${host%:*}\r\nConnection: close\r\n\r\n" |
	    tr -d '\r' | field Cache-Control)" "${host#*:}"
done
is "a range" "$(age /a.txt 'Range: bytes=0-1')" max-age=3600
is "a 304" "$(age /a.txt 'If-None-Match: *')" max-age=3600
is "... by the type" "$(age /b.html 'If-None-Match: *')" max-age=7
is "HEAD" "$(request HEAD /b.html | field Cache-Control)" max-age=7
is "several ranges" "$(age /c.css 'Range: bytes=0-0,-1' | cut -c 1-8)" max-age=
for how in "GET /a.none" "POST /a.txt" "OPTIONS /a.txt" "GET /dir"; do
	is "nothing: $how" "$(request ${how% *} ${how#* } |
	    grep -i 'cache-control\|expires')" ""
done
answer=$(get /a.txt)
is "1.1 needs no date" "$(echo "$answer" | field Expires)" ""
answer=$(raw 'GET /d.bin HTTP/1.0\r\n\r\n' | tr -d '\r')
is "1.0 has only that" "$(echo "$answer" | field Expires)" \
    "$(echo "$answer" | field Date)"
is "... and nothing else" "$(echo "$answer" | field Cache-Control)" ""
like "1.0 with a day that is far away" \
    "$(raw 'GET /e.png HTTP/1.0\r\n\r\n' | tr -d '\r' | field Expires)" \
    "???, ?? ??? 2[01]?? ??:??:?? GMT"
for date in 99999999999 -99999999999; do
	name="54 CVE-2020-25691 darkhttpd: a file of @$date"
	if touch -d @$date root/old$date.js 2>/dev/null; then
		like "$name" "$(age /old$date.js)" "max-age=[06]*"
	else
		skip "$name" "touch does not know it"
	fi
done
stop_server

start_server 'server.modules = ( "mod_setenv", "mod_expire" )
setenv.add-response-header = ( "Cache-Control" => "no-store" )
expire.url = ( "" => "access 1 hours" )'
is "what somebody has said is not changed" "$(age /a.txt)" no-store
stop_server

# ---- the start --------------------------------------------------------------

fails() {				# VALUE [KEY]
	configure "server.modules = ( \"mod_expire\" )
expire.${2-url} = ( \"/x\" => $1 )"
	like "refused: $1" "$($GLIMD_WRAP "$GLIMD" -t -f $SRV.conf 2>&1
	    echo $?)" "*glimd.conf:2:1: expire.${2-url}: \"/x\" *
1"
}
for text in '' access 'access plus' 'access 1' 'access plus hours 1' \
    'access 1 fortnights' 'access 1 hours 2' 'access 1 hours plus 2 days' \
    'access -1 days' 'access 99999999999999999999 days' 'Access 1 days' \
    'later 1 days' 'access 1 dayss' 'access 1 s' 'access 0x1 days' \
    'access 1days' '1 days'; do
	fails "\"$text\""
done
fails 1
fails '( "access 1 days" )' mimetypes
fails '"access"' mimetypes
