# 54-proxy - HTTP to another server: what it is asked, and what it answers.
. "$TOP/test/lib.sh"
needs proxy

proxy() {				# PORT [SETTINGS [HOST'S OPTIONS]]
	start_server "server.modules = ( \"mod_proxy\" )
proxy.server = ( \"\" => ( ( \"host\" => \"127.0.0.1\", \"port\" => $1,
	${3-} ) ) )
server.max-write-idle = 30
${2-}"
}
asked() { request "$@" | body; }	# METHOD TARGET [FIELD...]: by us

start_backend back -p http
backend=$BACKEND
proxy $backend
added="X-Forwarded-For: 127.0.0.1
X-Forwarded-Host: localhost
X-Host: localhost
X-Forwarded-Proto: http"

# ---- the request ------------------------------------------------------------

is "a request is made anew" "$(asked GET '/env?a=%20b&c=/../d')" \
"GET /env?a=%20b&c=/../d HTTP/1.1
Host: localhost
$added"
is "what concerns the connection stays here" "$(asked GET /env \
    'Connection: x-one , Keep-Alive' 'X-One: 1' 'Keep-Alive: 5' 'TE: trailers' \
    'Trailer: X' 'Proxy-Connection: close' 'Proxy-Authorization: Basic eA==' \
    'Proxy-Authenticate: x' 'Upgrade: websocket' 'X-Two: 2')" \
"GET /env HTTP/1.1
Host: localhost
X-Two: 2
$added"
is "T58 T59 what could be taken for another field, too" "$(asked GET /env \
    'Proxy: http://evil' 'X_Forwarded_For: 1.2.3.4' 'Content_Length: 5' \
    'Cookie: a=b' 'Cookie: c=d')" "GET /env HTTP/1.1
Host: localhost
Cookie: a=b
Cookie: c=d
$added"
is "X-Forwarded-For goes on, the others are ours" "$(asked GET /env \
    'X-Forwarded-For: 192.0.2.1' 'x-forwarded-for: 192.0.2.2, 192.0.2.3' \
    'X-Forwarded-Proto: https' 'X-Forwarded-Host: evil' 'X-Host: evil')" \
"GET /env HTTP/1.1
Host: localhost
X-Forwarded-For: 192.0.2.1, 192.0.2.2, 192.0.2.3, 127.0.0.1
$(echo "$added" | sed 1d)"
is "the client cannot have it dropped" "$(asked GET /env \
    'X-Forwarded-For: 192.0.2.1' 'Connection: X-Forwarded-For, Host' |
    grep 'Forwarded-For\|^Host')" \
"Host: localhost
X-Forwarded-For: 192.0.2.1, 127.0.0.1"
is "Forwarded goes on as it is" "$(asked GET /env 'Forwarded: for="_x"' |
    grep ^Forwarded)" 'Forwarded: for="_x"'

first_of() { asked GET "$1" | sed 1q; }	# TARGET
is "a path keeps its escapes" "$(first_of '/a%2Fb/%7E;x=1/env')" \
    'GET /a%2Fb/%7E;x=1/env HTTP/1.1'
is "... unless it is not clean: the rules saw another" \
    "$(first_of '/a/../b%2F..%2Fc//%C3%A4%20%3F/./env?/../')" \
    'GET /c/%c3%a4%20%3f/env?/../ HTTP/1.1'
like "absolute-form: its host, and the path alone" \
    "$(raw 'GET http://other:81/env HTTP/1.1\r\nHost: evil\r\n' \
    'Connection: close\r\n\r\n' | tr -d '\r' | body)" \
"GET /env HTTP/1.1
Host: other:81
X-Forwarded-For: *X-Forwarded-Host: other:81*"
is "HTTP/1.0 without a host gets the backend's" \
    "$(raw 'GET /env HTTP/1.0\r\n\r\n' | tr -d '\r' | body)" \
"GET /env HTTP/1.1
Host: 127.0.0.1
$(echo "$added" | sed '/Host/d')"

# ---- its body ---------------------------------------------------------------

post() {				# FIELDS BODY [PATH]
	raw "POST ${3-/env} HTTP/1.1\r\nHost: localhost\r\n" \
	    "Connection: close\r\n$1\r\n$2" | tr -d '\r'
}
chunks='Transfer-Encoding: chunked\r\n'
is "a length goes on" "$(post 'Content-Length: 4\r\n' body | body)" \
"POST /env HTTP/1.1
Host: localhost
$added
Content-Length: 4"
is "chunks have one when they are there" "$(post "$chunks" \
    '3;x="a"\r\nabc\r\n1\r\nd\r\n0\r\nHost: evil\r\n\r\n' | body)" \
"POST /env HTTP/1.1
Host: localhost
$added
Content-Length: 4"
is "their content goes on" "$(post "$chunks" \
    '3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n' /echo | body)" abcd
is "POST without a body says so" "$(asked POST /env | tail -n 1)" \
    'Content-Length: 0'
like "Expect is answered here" "$(raw 'POST /env HTTP/1.1\r\n' \
    'Host: localhost\r\nConnection: close\r\nExpect: 100-continue\r\n' \
    'Content-Length: 4\r\n\r\n' -g 100 body | tr -d '\r')" \
"HTTP/1.1 100 Continue

HTTP/1.1 200 OK*
POST /env HTTP/1.1
Host: localhost
$added
Content-Length: 4"
stop_server

proxy $backend 'server.stream-request-body = 1'
is "streamed: the length goes on" \
    "$(post 'Content-Length: 4\r\n' body | body | tail -n 1)" \
    'Content-Length: 4'
is "streamed: chunks remain chunks" "$(post "$chunks" \
    '3\r\nabc\r\n1\r\nd\r\n0\r\nX: y\r\n\r\n' | body)" \
"POST /env HTTP/1.1
Host: localhost
$added
Transfer-Encoding: chunked"
is "... with all that is in them" "$(post "$chunks" \
    '3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n' /echo | body)" abcd
is "... one after the other" "$(raw 'POST /sum HTTP/1.1\r\n' \
    "Host: localhost\r\nConnection: close\r\n$chunks\r\n" '3\r\nabc\r\n' \
    -w 100 '1\r\nd\r\n' -w 100 '0\r\n\r\n' | tr -d '\r' | body)" \
    "$(printf abcd | cksum)"
is "... none at all" "$(post "$chunks" '0\r\n\r\n' /sum | body)" \
    "$(cksum </dev/null)"
stop_server

# ---- the reply --------------------------------------------------------------

proxy $backend
is "HEAD has no body, but its length" \
    "$(request HEAD '/bytes?n=1000' | grep '^HTTP\|^Content-L')" \
"HTTP/1.1 200 OK
Content-Length: 1000"
for status in 204 304; do
	is "$status has no body" "$(get "/status?c=$status" |
	    grep -v '^Date\|^Server\|^Content-Type\|^$')" \
	    "$(get /status?c=$status | first)
Connection: close"
done
is "what the backend says of its connection stays there" \
    "$(get '/field?f=Keep-Alive:%205&f=X-A:%20b&f=Proxy-Authenticate:%20x' |
    grep '^Keep\|^X-A\|^Proxy')" 'X-A: b'
is "chunks are decoded" "$(get '/stream?n=5000' | body | wc -c | tr -d ' ')" \
    5000
is "... and made anew" "$(raw 'GET /stream?n=200000 HTTP/1.1\r\n' \
    'Host: localhost\r\nConnection: close\r\n\r\n' |
    grep -c '^Transfer-Encoding: chunked')" 1
is "a body may end with the connection" \
    "$(get '/stream?n=300000&close=1' >out; tail -c 20 out | cksum)" \
    "$(get '/stream?n=300000' >out; tail -c 20 out | cksum)"
is "100 is for us, 103 for the client" "$(get /1xx | grep ^HTTP |
    cut -d' ' -f2 | xargs)" '103 200'
is "... if he knows HTTP/1.1" "$(raw 'GET /1xx HTTP/1.0\r\n\r\n' |
    grep ^HTTP | cut -d' ' -f2)" 200
is "... and not if there is no end" "$(get '/1xx?n=3000' | grep ^HTTP |
    tail -n 1 | cut -d' ' -f2)" 502
is "any status passes" "$(get '/status?c=418' | first | cut -d' ' -f2)" 418

# ---- connections to it ------------------------------------------------------

connections() { events back '^connection'; }
# a server without any client lets go of the backends as well
raw -f "$WORK/counted" -e &
mine $!
before=$(connections)
many=
for i in 1 2 3 4 5 6 7 8 9 10; do
	many="$many\nGET /keep HTTP/1.1\r\nHost: localhost\r\n\r"
done
for i in 1 2 3 4 5 6 7 8 9 10; do raw "${many#??}\n" -h >/dev/null; done
is "100 requests, one connection" $(($(connections) - before)) 0
for what in '/status?c=204' '/stream?n=5'; do
	get "$what" >/dev/null
done
request HEAD '/bytes?n=5' >/dev/null
is "... where there is no body, or chunks, too" $(($(connections) - before)) 0
get '/status?c=304' >/dev/null
get /keep >/dev/null
is "... but not behind a 304 that has a length: a body may follow" \
    $(($(connections) - before)) 1
touch counted
is "one that was closed meanwhile: GET succeeds" \
    "$(get /closeidle | body; get /hello | body; get /closeidle | body
    request POST /hello | body)" 'hello
hello
hello
hello'
is "one that is closed by the request: GET is repeated" \
    "$(get /dropnext | body; get /hello | body)" 'hello
hello'
is "... POST is not: who knows what it did" \
    "$(get /dropnext | body; request POST /hello | first)" 'hello
HTTP/1.1 502 Bad Gateway'
like "the log says so" "$(cat glimd.log)" \
    "*proxy: 127.0.0.1:$backend: *(/hello)*"
stop_server
proxy $backend '' '"keep-connection" => "disable"'
before=$(connections)
is "without keep-connection it is told" "$(asked GET /env | tail -n 1)" \
    'Connection: close'
get /hello >/dev/null
is "... and asked by another one" $(($(connections) - before)) 2
stop_server

# ---- what goes wrong --------------------------------------------------------

proxy $backend 'server.stream-response-body = 1' '"read-timeout" => 1'
status() { get "$@" | first | cut -d' ' -f2; }
for what in headcut nothing nonsense biglength two 'bighead?n=100000'; do
	is "/$what is 502" "$(status "/$what")" 502
	like "... the log has the backend and the URL" \
	    "$(tail -n 1 glimd.log)" "*proxy: 127.0.0.1:$backend: *(/$what)"
done
is "T32 a control byte in a field is 502" "$(status '/field?f=X:%20b%01c')" 502
is "... a long head and a short one have their own bytes" \
    "$(get '/bighead?n=6000' | field X-Big | wc -c | tr -d ' ')$(get \
    '/field?f=X-Big:%20y' | field X-Big)" 6001y
is "a switch of protocols that nobody asked for is 502" \
    "$(status '/field?c=101')" 502
is "/never is 504" "$(status /never)" 504
like "... in the log" "$(tail -n 1 glimd.log)" \
    "*proxy: 127.0.0.1:$backend: did not reply in time (/never)"
is "a body that is cut is not complete" \
    "$(raw -s 'GET /bodycut?n=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n' |
    grep -c '^[0-9]* eof$')" 1
unlike "... nor one in chunks: the last is missing" \
    "$(raw 'GET /bodycut?n=1000&stream=1 HTTP/1.1\r\nHost: localhost\r\n\r\n' |
    tail -c 7 | tr -d '\r')" '*
0

'
is "bytes behind a reply are nobody's" \
    "$(codes 'GET /smuggle HTTP/1.1\r\nHost: localhost\r\n\r\n' -g hello \
    'GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')" \
    '200 200 eof'
stop_server

dead=$(free_port)
SRV=glimd
proxy $dead
is "nobody there is 503" "$(status /x)" 503
like "... in the log" "$(cat glimd.log)" "*proxy: 127.0.0.1:$dead: *"
stop_server

# ---- clients that go --------------------------------------------------------

gone() { [ "$(events back '^gone\|^close')" -gt "$1" ]; }
proxy $backend 'server.stream-response-body = 1'
for what in never hang 'drip?n=100000&ms=20'; do
	before=$(events back '^gone\|^close')
	raw "GET /$what HTTP/1.1\r\nHost: x\r\n\r\n" -w 50 -r
	okay "/$what ends with its client" wait_for gone "$before"
done
before=$(events back '^gone\|^close')
raw 'POST /pipe HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nabc' -r
okay "a body that does not come is no body" \
    test "$(events back '^request .* POST /pipe')" -eq 0
is "... and the next one has its own" "$(request POST /sum \
    'Content-Length: 0' | body)" "$(cksum </dev/null)"
stop_server

# ---- with others ------------------------------------------------------------

echo here >root/here.back
echo file >root/file
start_server "server.modules = ( \"mod_rewrite\", \"mod_proxy\" )
index-file.names = ( \"here.back\" )
url.rewrite-once = ( \"^/r/(.*)\" => \"/app/\$1\" )
server.error-handler-404 = \"/app/env\"
proxy.server = (
	\"/app/\" => ( ( \"host\" => \"127.0.0.1\", \"port\" => $backend ) ),
	\".back\" => ( ( \"host\" => \"127.0.0.1\", \"port\" => $backend,
		\"check-local\" => \"enable\" ) ) )"
is "what nobody claims is served" "$(get /file | body)" file
is "a rewritten URL" "$(first_of '/r/%20/env?a=b')" \
    'GET /app/%20/env?a=b HTTP/1.1'
is "a handler for 404" "$(first_of '/none?a=b')" 'GET /app/env?a=b HTTP/1.1'
is "check-local: the file is there" "$(get /here.back | body)" \
    "nobody does that"
is "... or not" "$(first_of /none.back)" 'GET /app/env HTTP/1.1'
is "... as an index" "$(get / >/dev/null; tail -n 1 back.events |
    cut -d' ' -f1)-$(grep '^head' back.events | tail -n 1 | cut -d' ' -f3-)" \
    'done-GET /here.back'
stop_server

# ---- backends that die ------------------------------------------------------

two=$(free_port)
SRV=glimd
start_server "server.modules = ( \"mod_proxy\" )
server.max-keep-alive-requests = 65535
proxy.balance = \"round-robin\"
proxy.server = ( \"\" => ( ( \"host\" => \"127.0.0.1\", \"port\" => $backend ),
	( \"host\" => \"127.0.0.1\", \"port\" => $two ) ) )"
"$TOP/test/bin/load" -a 127.0.0.1:$PORT -p '/bytes?n=1000' -s 1000 -k 10 \
    -t 60 -m 502 >load.out 2>load.err &
load=$!
mine $load
for i in 1 2 3 4 5; do
	"$TOP/test/bin/backend" -p http -a 127.0.0.1:$two -l two.events \
	    >/dev/null 2>&1 &
	dies=$!
	mine $dies
	wait_for test -s two.events
	pause 100
	kill -KILL $dies
	wait $dies 2>/dev/null
	rm -f two.events
done
kill -TERM $load
wait $load
like "nobody is without an answer" "$(cat load.out)" "*failed 0 *"
okay "... and no more failed than were in flight" test "$(sed -n \
    's/.* other \([0-9]*\) .*/\1/p' load.out)" -le 50
stop_server

# ---- much -------------------------------------------------------------------

memory() { sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' /proc/$PID/status; }
for mode in 0 1; do
	proxy $backend "server.stream-request-body = $mode
server.stream-response-body = $mode
server.upload-dirs = ( \"$WORK\" )"
	head -c 100000000 /dev/zero >big
	is "100 MB to the backend ($mode)" \
	    "$(raw 'POST /sum HTTP/1.1\r\nHost: localhost\r\n' \
	    'Connection: close\r\nContent-Length: 100000000\r\n\r\n' - <big |
	    tr -d '\r' | body)" "$(cksum <big)"
	rm big
	is "... and from it ($mode)" "$(raw -s \
	    'GET /stream?n=100000000 HTTP/1.0\r\n\r\n' |
	    awk '{ print ($1 > 100000000) }')" 1
	if [ -n "$GLIMD_WRAP" ] || [ ! -r /proc/$PID/status ] ||
	    nm "$GLIMD" 2>/dev/null | grep -q __asan_init; then
		skip "... in little memory" "no plain binary, or no /proc"
	else
		okay "... in little memory ($(memory) kB)" \
		    test "$(memory)" -lt 8000
	fi
	is "no file is left" "$(ls glimd-* 2>/dev/null)" ""
	stop_server
done
