# 45-setenv - fields and variables that the administrator sets.
. "$TOP/test/lib.sh"

echo hello >root/a.txt
mkdir root/dir
log="server.modules = ( \"mod_setenv\", \"mod_accesslog\" )
accesslog.filename = \"$WORK/access.log\""
last() { wait_for grep -q "$1" access.log; tail -n 1 access.log; }
next='GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n'

# ---- responses --------------------------------------------------------------

start_server 'server.modules = ( "mod_setenv" )
setenv.add-response-header = ( "X-One" => "1", "X-Empty" => "",
	"Vary" => "Origin", "X-Utf" => "ä" )
setenv.set-response-header = ( "X-Two" => "a: b, \"c\"",
	"content-type" => "text/x-mine", "Accept-Ranges" => "",
	"X-One" => "2" )
$HTTP["host"] == "other" {
	setenv.set-response-header = ( "X-Two" => "other" )
}'
answer=$(get /a.txt)
is "a field is added" "$(echo "$answer" | field Vary)" Origin
is "a field is set" "$(echo "$answer" | field X-Two)" 'a: b, "c"'
is "... in place of what was added" "$(echo "$answer" | field X-One)" 2
is "... and of what the server says" \
    "$(echo "$answer" | field '[Cc]ontent-[Tt]ype')" text/x-mine
unlike "one that is empty is not sent" "$answer" "*X-Empty*"
unlike "... or no more" "$answer" "*Accept-Ranges*"
is "bytes above 127 stay what they are" "$(echo "$answer" | field X-Utf)" ä
for how in "GET /none:404" "GET /dir:301" "HEAD /a.txt:200" \
    "DELETE /a.txt:405" "OPTIONS /a.txt:200" "OPTIONS *:200"; do
	what=${how%:*}
	answer=$(request ${what%% *} "${what#* }")
	like "$what" "$answer" "HTTP/1.1 ${how#*:} *X-Two: a*"
done
like "a 304" "$(get /a.txt 'If-None-Match: *')" "HTTP/1.1 304 *Vary: Origin*"
like "a range" "$(get /a.txt 'Range: bytes=0-1')" "HTTP/1.1 206 *X-One: 2*he"
like "what was refused" "$(raw 'NONSENSE\r\n\r\n')" "HTTP/1.1 400 *X-One: 2*"
answer=$(raw 'GET /a.txt HTTP/1.1\r\nHost: other\r\n' \
    'Connection: close\r\n\r\n' | tr -d '\r')
is "another site has others" "$(echo "$answer" | field X-Two)" other
is "... and those it does not say" "$(echo "$answer" | field X-One)" 1
is "the body has its length" "$(codes "$next$next" -h)" "200 200 eof"
is "1.0" "$(raw 'GET /a.txt HTTP/1.0\r\n\r\n' | tr -d '\r' | field X-One)" 2
stop_server

# ---- requests ---------------------------------------------------------------

start_server "$log
accesslog.format = \"%{X-One}i|%{X-Two}i|%{User-Agent}i|%{Host}i|%V|%r\"
server.error-handler-404 = \"/a.txt\"
setenv.add-request-header = ( \"X-One\" => \"added\", \"X-Two\" => \"\" )
setenv.set-request-header = ( \"User-Agent\" => \"mine\",
	\"If-None-Match\" => \"\", \"host\" => \"other\" )"
get /a.txt >/dev/null
is "fields are added and set" "$(last mine)" \
    "added|-|mine|other|localhost|GET /a.txt HTTP/1.1"
get /a.txt 'X-One: theirs' 'X-Two: 2' 'user-agent: b' 'X-Three: y' >/dev/null
is "one that is there stays the first" "$(last theirs)" \
    "theirs|2|mine|other|localhost|GET /a.txt HTTP/1.1"
like "one that is gone means nothing" \
    "$(get /a.txt 'If-None-Match: *' | first)" "HTTP/1.1 200 *"
like "... however often it is sent" "$(get /a.txt 'If-None-Match: *' \
    'if-none-match: *' 'IF-NONE-MATCH: *' 'Range: bytes=0-0')" \
    "HTTP/1.1 206 *h"
# 100 fields with Host
many() {				# NUMBER [PATH]
	awk -v n="$1" -v path="${2-/a.txt}" 'BEGIN {
	    print "GET " path " HTTP/1.1\\r\\nHost: x\\r\\n"
	    while (n-- > 0) print "A" n ": x\\r\\n"
	    print "\\r\\n" }' | tr -d '\n'
}
is "more fields than there may be" "$(codes "$(many 98)$next" -h)" \
    "431 200 eof"
is "... there was one too many" "$(codes "$(many 97)" -h)" "200 eof"
is "what comes here twice gets them once" "$(codes "$(many 97 /none)" -h)" \
    "200 eof"
is "the next request has its own" "$(codes "$next$next$next" -h)" \
    "200 200 200 eof"
stop_server

# ---- variables --------------------------------------------------------------

rm access.log
start_server "$log
accesslog.format = \"%{A}e|%{B}e|%{C}e|%{D}e|%{a}e|%{AA}e|%u|%r\"
setenv.add-environment = ( \"A\" => \"1\", \"B\" => \"2\",
	\"REMOTE_USER\" => \"me\\\"\\\\x\" )
setenv.set-environment = ( \"B\" => \"3\", \"C\" => \"\" )"
get /a.txt >/dev/null
is "variables, and who it is" "$(last a.txt)" \
    '1|3|-|-|-|-|me\x22\x5c\x5cx|GET /a.txt HTTP/1.1'
stop_server

# ---- documented recipes -----------------------------------------------------

start_server 'server.modules = ( "mod_setenv" )
setenv.set-response-header = (
	"Access-Control-Allow-Origin" => "https://app.example",
	"Access-Control-Allow-Methods" => "GET, HEAD, OPTIONS",
	"Access-Control-Allow-Headers" => "Authorization, Content-Type",
	"Access-Control-Max-Age" => "86400",
	"Vary" => "Origin",
	"X-Content-Type-Options" => "nosniff",
	"X-Frame-Options" => "DENY",
	"Referrer-Policy" => "no-referrer",
	"Content-Security-Policy" => "default-src '\''self'\''" )'
for target in /a.txt /none '*'; do
	answer=$(request OPTIONS "$target" 'Origin: https://app.example' \
	    'Access-Control-Request-Method: GET' \
	    'Access-Control-Request-Headers: authorization')
	like "CORS: the question before ($target)" "$answer" \
	    "HTTP/1.1 200 *Access-Control-Allow-Methods: GET, *"
	is "... has no body ($target)" \
	    "$(echo "$answer" | field Content-Length)" 0
done
like "CORS: the answer" "$(get /a.txt 'Origin: https://app.example')" \
    "HTTP/1.1 200 *Access-Control-Allow-Origin: https://app.example*hello"
like "CORS: one that goes wrong" "$(get /none 'Origin: https://app.example')" \
    "HTTP/1.1 404 *Access-Control-Allow-Origin: https://app.example*"
answer=$(get /none)
is "a field that our pages have is sent once" \
    "$(echo "$answer" | field X-Content-Type-Options)" nosniff
is "security headers" "$(echo "$answer" | field X-Frame-Options)" DENY
stop_server

# ---- the start --------------------------------------------------------------

fails() {				# NAME KEY VALUE PATTERN
	configure "server.modules = ( \"mod_setenv\" )
setenv.$2 = ( $3 )"
	like "$1" "$($GLIMD_WRAP "$GLIMD" -t -f $SRV.conf 2>&1; echo $?)" \
	    "*$SRV.conf:2:1: setenv.$2*$4*
1"
}
for name in Content-Length transfer-encoding Connection Date SERVER; do
	fails "the server's own: $name" set-response-header \
	    "\"$name\" => \"\"" "$name"
done
for name in Content-Length transfer-encoding CONNECTION; do
	fails "of a request: $name" add-request-header "\"$name\" => \"1\"" \
	    "$name"
done
for name in 'a b' 'a:' '' 'ä' 'a(' 'a
b'; do
	for key in add-response-header set-request-header set-environment; do
		fails "no name: '$name'" $key "\"$name\" => \"x\"" ''
	done
done
fails "a line end" add-response-header '"X" => "a
b"' '"X"'
fails "... and a carriage return" set-request-header \
    "\"X\" => \"a$(printf '\r')b\"" '"X"'
fails "... in a variable" add-environment "\"X\" => \"a$(printf '\033')\"" '"X"'
fails "a number" add-response-header '"X" => 1' '"X"'
fails "a list" add-response-header '"X" => ( "a" )' '"X"'
