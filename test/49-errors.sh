# 49-errors - how the server says no.
. "$TOP/test/lib.sh"

echo hello >root/a.txt
mkdir errors
echo 'my own 404' >errors/e-404.html
start_server ''

page() {				# NAME STATUS ANSWER
	like "$1: the status" "$3" "HTTP/1.1 $2*"
	like "$1: its type" "$(echo "$3" | field Content-Type)" "text/html*"
	is "$1: its length" "$(echo "$3" | body | wc -c | tr -d ' ')" \
	    "$(echo "$3" | field Content-Length)"
	like "$1: the page names it" "$(echo "$3" | body)" "*$2*"
}
page "no such file" "404 Not Found" "$(get /none)"
page "nonsense" "400 Bad Request" "$(raw 'NONSENSE\r\n\r\n' | tr -d '\r')"
page "a method" "405 Method Not Allowed" "$(request PUT /a.txt)"
page "an unknown method" "501 Not Implemented" "$(request BREW /a.txt)"
page "a version" "505 HTTP Version Not Supported" \
    "$(raw 'GET / HTTP/3.0\r\n\r\n' | tr -d '\r')"
like "an error has a date" "$(get /none | field Date)" "???, *GMT"
unlike "what was asked for is not repeated" \
    "$(get '/<script>alert(1)</script>')" "*<script>*"
unlike "neither escaped" "$(get '/%3Cscript%3E')" "*<script>*"
answer=$(request HEAD /none)
like "HEAD: the same head" "$answer" "HTTP/1.1 404 *Content-Length: [1-9]*"
is "HEAD: no body" "$(echo "$answer" | body)" ""
is "an error keeps the connection" "$(codes \
    'GET /none HTTP/1.1\r\nHost: x\r\n\r\n' \
    'GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n' -h)" "404 200 eof"

# ---- bad requests cost nothing ----------------------------------------------

descriptors() { ls /proc/$PID/fd | wc -l | tr -d ' '; }
n=$((10000 / SLOW))
before=$(descriptors 2>/dev/null)
raw -c -n $((n / 2)) 'NONSENSE\r\n\r\n' >answers
raw -c -n $((n / 2)) 'GET / HTTP/1.1\r\nHost : x\r\n\r\n' >>answers
is "$n bad requests are refused" \
    "$(sort answers | uniq -c | sed 's/^ *//' | tr '\n' ' ')" \
    "$((n / 2 * 2)) HTTP/1.1 400 Bad Request $((n / 2 * 2)) eof "
raw -n 200 'GET / HT' -r >/dev/null
raw -n 200 'GET /none HTTP/1.1\r\nHost: x\r\n\r\n' -r >/dev/null
raw -n 200 -r >/dev/null
if [ -d /proc/$PID/fd ]; then
	same() { [ "$(descriptors)" = "$before" ]; }
	okay "no descriptor is lost" wait_for same
else
	skip "no descriptor is lost" "there is no /proc"
fi
is "it still serves" "$(get /a.txt | body)" hello
stop_server

# ---- settings ---------------------------------------------------------------

start_server "server.tag = \"\"
server.errorfile-prefix = \"$WORK/errors/e-\""
answer=$(get /none)
like "server.errorfile-prefix" "$answer" "HTTP/1.1 404 *my own 404"
is "... its length" "$(echo "$answer" | field Content-Length)" 11
like "... its type" "$(echo "$answer" | field Content-Type)" "text/html*"
page "... no file for this status" "405 Method Not Allowed" \
    "$(request PUT /a.txt)"
is "... HEAD" "$(request HEAD /none | body)" ""
unlike "no tag, no Server" "$(get /a.txt)$(get /none)" "*Server:*"
stop_server
start_server 'server.tag = "something else"'
is "another tag" "$(get /a.txt | field Server)" "something else"
stop_server

echo 'handler page' >root/handler.html
start_server 'server.error-handler-404 = "/handler.html"'
answer=$(get /none)
like "server.error-handler-404: the handler's own status" "$answer" \
    "HTTP/1.1 200 *handler page"
is "... has a length of its own" "$(echo "$answer" | field Content-Length)" 13
is "... a tag" "$(echo "$answer" | field ETag)" \
    "$(get /handler.html | field ETag)"
like "... for a refused name" "$(get /.none)" "*handler page"
is "... HEAD" "$(request HEAD /none | grep -v ^Date)" \
    "$(echo "$answer" | sed '/^$/q' | grep -v ^Date)"
like "... conditions are the handler's" "$(get /none 'If-None-Match: *' |
    first)" "HTTP/1.1 304 *"
is "... parts, too" "$(get /none 'Range: bytes=0-6' | body)" handler
like "... not for 405" "$(request PUT /none | first)" "HTTP/1.1 405 *"
is "... not for what is there" "$(get /a.txt | body)" hello
is "... OPTIONS of a refused name sends nothing" \
    "$(request OPTIONS /.none | body)" ""
is "... and the connection stays" "$(codes \
    'GET /none HTTP/1.1\r\nHost: x\r\n\r\n' \
    'GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n' -h)" "200 200 eof"
stop_server
start_server 'server.error-handler-404 = "handler.html"'
like "... without its slash" "$(get /none | body)" "handler page"
stop_server
start_server 'server.error-handler-404 = "/gone.html"'
like "a handler that is not there is a plain 404" "$(get /none)" \
    "HTTP/1.1 404 *404*"
stop_server
start_server "server.error-handler-404 = \"/gone.html\"
server.errorfile-prefix = \"$WORK/errors/e-\""
like "... with the page for it" "$(get /none)" "HTTP/1.1 404 *my own 404"
stop_server

# An application of one page, as the manual says.
mkdir -p root/assets
echo 'the page' >root/index.html
echo script >root/assets/app.js
start_server 'index-file.names = ( "index.html" )
server.error-handler-404 = "/index.html"'
for target in / /users/7 /users/7/edit /a/b/c?d=e /deep/; do
	is "one page: $target" "$(get "$target" | sed -n '1p
	    $p' | tr '\n' ' ')" "HTTP/1.1 200 OK the page "
done
is "... but its files" "$(get /assets/app.js | body)" script
like "... as HTML" "$(get /users/7 | field Content-Type)" "text/html*"
