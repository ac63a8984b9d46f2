# 02-backend - the peers of other tests: backend.c takes good requests in each
# protocol, and no other ones; ws.c knows an echo when it sees one.
. "$TOP/test/lib.sh"

talk() { "$RAW" -a "127.0.0.1:$BACKEND" "$@" | tr -d '\0\r'; }

# What the backend NAME says of bytes that it must not take.
refuses() {				# NAME PROTOCOL WHY BYTES
	start_backend bad -p $2
	talk "$4" >/dev/null
	SRV=bad
	wait_for ended || kill $(cat bad.id)
	like "$2: $1" "$(cat bad.status bad.log)" "3
backend: malformed $2*: $3; *"
	STARTED=${STARTED% bad}
	SRV=glimd
}

start_backend http -p http
is "HTTP: two requests on one connection" "$(talk \
    'GET /x/keep?a HTTP/1.1\r\nHost: a\r\n\r\n' -g 'request 1' \
    'GET /keep HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' |
    grep ^conn)" \
    "connection 1 request 1
connection 1 request 2"
is "HTTP: chunks" "$(talk 'POST /sum HTTP/1.1\r\nHost: a\r\n' \
    'Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n' -b 1 \
    '5\r\nhello\r\nA\r\n, world ! \r\n0\r\n\r\n' | body)" \
    "$(printf 'hello, world ! ' | cksum | sed 's/ $//')"
is "HTTP: what it makes" "$(talk 'GET /stream?n=100000 HTTP/1.1\r\n' \
    'Host: a\r\n\r\n' -g 00099 -e | first)" "HTTP/1.1 200 OK"
is "... without chunks" "$(talk 'GET /bytes?n=100000 HTTP/1.0\r\n\r\n' |
    body | cksum)" "$("$TOP/test/bin/backend" -g 100000 | cksum)"
is "a path that no one knows" "$(talk 'GET /x HTTP/1.0\r\n\r\n' | body)" \
    "nobody does that"
gets_told() { [ "$(events http "^gone")" = 1 ]; }
talk 'GET /never HTTP/1.1\r\nHost: a\r\n\r\n' -w 50 -e
okay "it sees that a peer has gone" wait_for gets_told
for window in 1 3; do
	is "WebSocket, window $window" "$("$TOP/test/bin/ws" \
	    -a 127.0.0.1:$BACKEND -n 12 -w $window)" \
	    "12 messages 402646 bytes"
done
is "bytes in a tunnel" "$("$TOP/test/bin/ws" -a 127.0.0.1:$BACKEND -o x)" \
    "10 messages 267110 bytes"

vars='GATEWAY_INTERFACE\x00x\x00QUERY_STRING\x00x=1\x00REMOTE_ADDR\x00x\x00'
vars=$vars'REQUEST_METHOD\x00PUT\x00SCRIPT_NAME\x00/echo\x00SERVER_NAME\x00x'
vars=$vars'\x00SERVER_PORT\x00x\x00SERVER_PROTOCOL\x00x\x00'
vars=$vars'SERVER_SOFTWARE\x00x\x00'
start_backend scgi -p scgi -b 1
is "SCGI" "$(talk '176:CONTENT_LENGTH\x003\x00SCGI\x001\x00'"$vars,abc")" \
    "Status: 200 OK
Content-Type: text/plain
Content-Length: 3

abc"

# One pair of FastCGI or uwsgi, whose names and values are short.
begin='\x01\x01\x00\x01\x00\x08\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00'
pairs='\x11\x01GATEWAY_INTERFACEx\x0c\x03QUERY_STRINGx=1\x0b\x01REMOTE_ADDRx'
pairs=$pairs'\x0e\x03REQUEST_METHODPUT\x0b\x05SCRIPT_NAME/echo\x0b\x01'
pairs=$pairs'SERVER_NAMEx\x0b\x01SERVER_PORTx\x0f\x01SERVER_PROTOCOLx\x0f\x01'
pairs=$pairs'SERVER_SOFTWAREx\x0e\x01CONTENT_LENGTH3'
params='\x01\x04\x00\x01\x00\xa9\x00\x00'$pairs
params=$params'\x01\x04\x00\x01\x00\x00\x00\x00'
stdin='\x01\x05\x00\x01\x00\x03\x00\x00abc\x01\x05\x00\x01\x00\x00\x00\x00'
start_backend fastcgi -p fastcgi -r 7
like "FastCGI" "$(talk "$begin$params$stdin" | tr -cd '[:print:]\n')" \
    "Status:* 200 OK*abc*"

get='GET / HTTP/1.1\r\nHost: a\r\n'
post='POST / HTTP/1.1\r\nHost: a\r\n'
refuses "no Host" http "no Host" 'GET / HTTP/1.1\r\n\r\n'
refuses "LF" http "the end of a line" 'GET / HTTP/1.1\nHost: a\n\n'
refuses "two lengths" http "two lengths" \
    "${post}Content-Length: 1\r\nContent-Length: 1\r\n\r\nx"
refuses "two framings" http "two lengths" \
    "${post}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx"
refuses "a folded line" http "the name of a field" "$get x: y\r\n\r\n"
refuses "more" http "bytes behind the request" "$get\r\nx"
refuses "a chunk's size" http "the size of a chunk" \
    "${post}Transfer-Encoding: chunked\r\n\r\n0x1\r\nx"
refuses "trailers" http "the end of a chunk" \
    "${post}Transfer-Encoding: chunked\r\n\r\n0\r\nx: y\r\n\r\n"
refuses "an order" scgi "CONTENT_LENGTH is not the first" \
    '24:SCGI\x001\x00CONTENT_LENGTH\x003\x00,'
refuses "a netstring" scgi "no netstring" 'x'
refuses "a modifier" uwsgi "the modifiers" '\x05\x00\x00\x00'
refuses "a variable" uwsgi "SCRIPT_NAME" '\x00\x00\x00\x00'
refuses "less than its length" fastcgi \
    "CONTENT_LENGTH is not the length of STDIN" \
    "$begin$params"'\x01\x05\x00\x01\x00\x00\x00\x00'
refuses "a version" fastcgi "the head of a record" \
    '\x02\x01\x00\x01\x00\x08\x00\x00\x00'
