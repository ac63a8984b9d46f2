# 54-smuggling - no bytes make one request here and two behind, or the other
# way round: what is ambiguous is refused and the connection closed, and what
# goes on is made anew.
. "$TOP/test/lib.sh"
needs proxy
. "$TOP/test/threats.sh"

start_backend back -p http
end='Host: x\r\n\r\n'
second='GET /hello?smuggled HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
post='POST /sum HTTP/1.1\r\nHost: x\r\n'
length=$(printf "$second" | wc -c | tr -d ' ')
chunked="${post}Transfer-Encoding: chunked\r\n\r\n"

seen() { events back '^request'; }
refused() {				# NAME BYTES
	before=$(seen)
	code=$(codes "$2" "$second")
	case $code in
	'400 eof' | '501 eof') ;;
	*) code="$code, not 400" ;;
	esac
	is "$1" "$code, $(($(seen) - before)) requests" \
	    "${code%%,*}, 0 requests"
}
# The backend gets TARGETS, one after the other, and no more.
passed() {				# NAME BYTES TARGETS
	before=$(seen)
	codes "$2" "$second" >/dev/null
	is "$1" "$(grep '^request' back.events | tail -n +$((before + 1)) |
	    cut -d' ' -f3- | xargs)" "$3"
}

for mode in 0 1; do
start_server "server.modules = ( \"mod_proxy\" )
proxy.server = ( \"\" => ( ( \"host\" => \"127.0.0.1\",
	\"port\" => $BACKEND ) ) )
server.stream-request-body = $mode"
echo "# server.stream-request-body = $mode"
both="GET /hello?smuggled 0"

# ---- two lengths, or none that is one ---------------------------------------

te='Transfer-Encoding'
for fields in 'Content-Length: 5\r\nContent-Length: 6' \
    'Content-Length: 5, 6' 'Content-Length: 5\r\ncontent-length: 5' \
    'Content-Length: -1' 'Content-Length: +5' 'Content-Length: 0x5' \
    'Content-Length: 5_0' 'Content-Length: ' 'Content-Length: 5 5' \
    'Content-Length: 99999999999999999999' 'Content-Length: 5\x00' \
    "$te: chunked\r\nContent-Length: 5" "Content-Length: 5\r\n$te: chunked" \
    "$te: chunked\r\n$te: chunked" "$te: chunked, identity" \
    "$te: identity\r\n$te: chunked" "$te: xchunked" "$te: chunked, chunked" \
    "$te:\x0bchunked" "$te: \"chunked\"" "$te: chunked;q=1" \
    "$te : chunked" " $te: chunked" "Content-Length : 5" "$te:" \
    "X: y\n$te: chunked" "X: y\r$te: chunked" "X: \x00" "X y: z" ": x" \
    "Content-Length: 5\r\n\tContent-Length: 6"; do
	refused "$fields" "$post$fields\r\n\r\nabcde"
done
refused "Transfer-Encoding in HTTP/1.0" \
    "POST /sum HTTP/1.0\r\nHost: x\r\n$te: chunked\r\n\r\n0\r\n\r\n"
refused "two hosts" 'GET /hello HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n'
refused "no host" 'GET /hello HTTP/1.1\r\n\r\n'
refused "LF alone" 'GET /hello HTTP/1.1\nHost: x\n\n'
for line in 'GET /a b HTTP/1.1' 'GET /a\tHTTP/1.1' 'GET /a\rHTTP/1.1' \
    'GET /a\x0b HTTP/1.1' 'GET  /a HTTP/1.1' 'GET /a HTTP/1.1 ' \
    'GET /a#b HTTP/1.1' 'GET /a HTTP/1.1 HTTP/1.1'; do
	refused "the line $line" "$line\r\n$end"
done

# ---- chunks that two could read in two ways ---------------------------------

for size in '0x3' '+3' '-3' '3_0' '' ' 3' '3 ;' '3;\x0b' '3\r' '3;a="b' \
    'FFFFFFFFFFFFFFFF3' '0000000000000000003' 'g' '3;a=\x00'; do
	refused "the chunk size \"$size\"" "$chunked$size\r\nabc\r\n0\r\n\r\n"
done
refused "a chunk longer than it says" "${chunked}3\r\nabcd\r\n0\r\n\r\n"
refused "a chunk shorter than it says" "${chunked}5\r\nabc\r\n0\r\n\r\n"
refused "LF behind the size" "${chunked}3\nabc\r\n0\r\n\r\n"
refused "LF behind the chunk" "${chunked}3\r\nabc\n0\r\n\r\n"
refused "LF in the trailers" "${chunked}0\r\nX: y\n\r\n"
refused "a trailer that is no field" "${chunked}0\r\nX y\r\n\r\n"

# ---- what goes on has one length ---------------------------------------------

passed "chunks, extensions, a trailer: one request with its content" \
    "${chunked}3;a=b;c=\"\\\"\"\r\nabc\r\n0\r\nContent-Length: 100\r\n\r\n" \
    "POST /sum 3 $both"
passed "GET with a body" \
    'GET /sum HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc' \
    "GET /sum 3 $both"
passed "a request as a body remains one" \
    "${post}Content-Length: $length\r\n\r\n$second" "POST /sum $length $both"
passed "HEAD of what is long" 'HEAD /bytes?n=99 HTTP/1.1\r\nHost: x\r\n\r\n' \
    "HEAD /bytes?n=99 0 $both"
passed "Expect without a body" \
    'GET /hello HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n' \
    "GET /hello 0 $both"
passed "Content-Length and Transfer-Encoding named by Connection" \
    "${post}Connection: Content-Length, $te\r\nContent-Length: 3\r\n\r\nabc" \
    "POST /sum 3 $both"
passed "Upgrade to HTTP/2" 'GET /upgrade HTTP/1.1\r\nHost: x\r\n'\
'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n'\
'HTTP2-Settings: AA\r\n\r\n' \
    "GET /upgrade 0 $both"
# obs-fold (RFC 9112 5.2) becomes spaces: one line
is "a folded line is one line" "$(raw 'GET /env HTTP/1.1\r\nHost: x\r\n' \
    'Connection: close\r\nX-A: b\r\n  GET /x HTTP/1.1\r\n\t:c\r\n\r\n' |
    tr -d '\r' | tr -s ' \t' ' ' | sed -n 's/^X-A: //p')" \
    'b GET /x HTTP/1.1 :c'

# ---- THREATS.md -------------------------------------------------------------

is "T41 a trailer is no field" "$(raw 'POST /env HTTP/1.1\r\nHost: x\r\n' \
    'Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n' \
    '0\r\nX-Admin: 1\r\nAuthorization: x\r\n\r\n' | grep -c 'X-Admin\|Autho')" 0
passed "T42 the body of a request that failed is no request" \
    "POST /nothing HTTP/1.1\r\nHost: x\r\n$(:
    )Content-Length: $length\r\n\r\n$second" "POST /nothing $length $both"
refused "T43 a chunk size that wraps a byte" \
    "${chunked}$(printf '0%.0s' 1 2 3 4 5 6 7 8)$(head -c 250 /dev/zero |
    tr '\0' 0)3\r\nabc\r\n0\r\n\r\n"
stop_server
done
