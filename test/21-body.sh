# 21-body - bodies nobody asked for. They are read and dropped, so that the
# next request begins where it begins (RFC 9112 6.3, 7.1, 9.6).
. "$TOP/test/lib.sh"

echo hello >root/a.txt
start_server ''

next='GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n'
post='POST /a.txt HTTP/1.1\r\nHost: x\r\n'
chunked="${post}Transfer-Encoding: chunked\r\n\r\n"

is "a body with a length" \
    "$(codes "${post}Content-Length: 5\r\n\r\nhello$next" -h)" "405 200 eof"
is "a body of nothing" \
    "$(codes "${post}Content-Length: 0\r\n\r\n$next" -h)" "405 200 eof"
is "a body that looks like a request" \
    "$(codes "${post}Content-Length: 32\r\n\r\n$next$next" -h)" "405 200 eof"
is "GET with a body" "$(codes "GET /a.txt HTTP/1.1\r\nHost: x\r\n\
Content-Length: 5\r\n\r\nhello$next" -h)" "200 200 eof"
is "a body that comes later" "$(codes "${post}Content-Length: 5\r\n\r\n" \
    -w 50 he -w 50 "llo$next" -h)" "405 200 eof"
is "a body byte by byte" "$(codes -b 1 \
    "${post}Content-Length: 5\r\n\r\nhello$next" -h)" "405 200 eof"

for method in GET HEAD OPTIONS PUT DELETE PATCH PROPFIND TRACE BREW; do
	head="$method /a.txt HTTP/1.1\r\nHost: x\r\n"
	case $method in
	GET | HEAD | OPTIONS) want=200 ;;
	BREW) want=501 ;;
	*) want=405 ;;
	esac
	is "$method with a length" "$(codes \
	    "${head}Content-Length: 5\r\n\r\nGET /$next" -h)" "$want 200 eof"
	is "$method with chunks" "$(codes "${head}Transfer-Encoding: \
chunked\r\n\r\n5;a=b\r\nGET /\r\n0\r\nX: y\r\n\r\n$next" -h)" "$want 200 eof"
done
is "an empty line behind a body" \
    "$(codes "${post}Content-Length: 5\r\n\r\nhello\r\n$next" -h)" \
    "405 200 eof"
is "the body of what is not found is no request (CVE-2019-20372)" \
    "$(codes "GET /none HTTP/1.1\r\nHost: x\r\nContent-Length: 32\r\n\r\n\
$next$next" -h)" "404 200 eof"

chunk() {				# NAME BYTES: dropped, connection lives
	is "chunked: $1" "$(codes "$chunked$2$next" -h)" "405 200 eof"
}
chunk "one" '5\r\nhello\r\n0\r\n\r\n'
chunk "nothing" '0\r\n\r\n'
chunk "two" '5\r\nhello\r\n00a\r\n0123456789\r\n0\r\n\r\n'
chunk "upper and lower case" 'A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n'
chunk "an extension" '5;a=b\r\nhello\r\n0;c\r\n\r\n'
chunk "a quoted extension" '5;a="b;c"\r\nhello\r\n0\r\n\r\n'
chunk "trailers, which are dropped (CVE-2025-12642)" \
    '5\r\nhello\r\n0\r\nX: y\r\nContent-Length: 9\r\n\r\n'
is "chunked, byte by byte" "$(codes -b 1 \
    "${chunked}5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n$next" -h)" "405 200 eof"
is "chunked in upper case" "$(codes \
    "${post}Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n$next" -h)" \
    "405 200 eof"

broken() {				# NAME BYTES
	is "broken: $1" "$(codes "$chunked$2$next" -h)" "400 eof"
}
broken "not a number" 'g\r\nhello\r\n0\r\n\r\n'
broken "0x" '0x5\r\nhello\r\n0\r\n\r\n'
broken "a minus (CVE-2019-19945)" '-5\r\nhello\r\n0\r\n\r\n'
broken "a plus" '+5\r\nhello\r\n0\r\n\r\n'
broken "an underscore" '5_\r\nhello\r\n0\r\n\r\n'
broken "nothing" '\r\nhello\r\n0\r\n\r\n'
broken "a space in front" ' 5\r\nhello\r\n0\r\n\r\n'
broken "bare LF" '5\nhello\r\n0\r\n\r\n'
broken "bare CR" '5\rhello\r\n0\r\n\r\n'
broken "bare LF in an extension" '5;a\nhello\r\n0\r\n\r\n'
broken "more than there can be" 'fffffffffffffffff\r\nhello\r\n0\r\n\r\n'
broken "a sign bit (CVE-2013-2028)" \
    'ffffffffffffffff\r\nhello\r\n0\r\n\r\n'
broken "data longer than said" '5\r\nhelloXX\r\n0\r\n\r\n'
broken "no line end after data" '5\r\nhello0\r\n\r\n'
broken "bare LF after data" '5\r\nhello\n0\r\n\r\n'

unlike "Expect: 100-continue without need gets no 100" "$(codes \
    "${post}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n" -h)" "*100*"
like "... but its answer" "$(codes \
    "${post}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n" -h)" "405*eof"
like "... with all that it needs" "$(raw \
    "${post}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n" |
    tr -d '\r')" "HTTP/1.1 405 *Allow: *Connection: close*"
is "... also when the body comes at once" "$(codes \
    "${post}Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello$next" -h)" \
    "405 eof"
is "... or late" "$(codes "${post}Expect: 100-continue\r\n\
Transfer-Encoding: chunked\r\n\r\n" -g 405 '5\r\nhello\r\n0\r\n\r\n' -h)" \
    "405 eof"
is "... and 100-continue without a body is nothing" "$(codes \
    "GET /a.txt HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n$next" \
    -h)" "200 200 eof"
is "... nor is it in 1.0" "$(codes "POST /a.txt HTTP/1.0\r\n\
Expect: 100-continue\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n\
hello$next" -h)" "405 200 eof"
is "... but another expectation is 417" "$(codes \
    "${post}Expect: 100-continue, x\r\nContent-Length: 5\r\n\r\nhello$next" \
    -h)" "417 eof"
like "a body cut short ends the connection" \
    "$(codes "${post}Content-Length: 10\r\n\r\nabc" -h)" "*eof"
is "... but not those before it" \
    "$(codes "$next$next${post}Content-Length: 10\r\n\r\nabc" -h)" \
    "200 200 eof"
is "a large body does not lose the answer" \
    "$(dd if=/dev/zero bs=65536 count=64 2>/dev/null |
    codes "${post}Content-Length: 4194304\r\n\r\n" - -h)" "405 eof"
is "nor does a large one in chunks" "$({ printf '400000\r\n'
    dd if=/dev/zero bs=65536 count=64 2>/dev/null
    printf '\r\n0\r\n\r\n'; } | codes "$chunked" - -h)" "405 eof"
is "nor one behind other requests" \
    "$(dd if=/dev/zero bs=65536 count=64 2>/dev/null |
    codes "$next${next}${post}Content-Length: 4194304\r\n\r\n" - -h)" \
    "200 200 405 eof"
is "nor a large one that is refused half-way" \
    "$(dd if=/dev/zero bs=65536 count=16 2>/dev/null |
    codes "${chunked}g\r\n" - -h)" "400 eof"
is "nor a long target with a body (CVE-2016-4450)" \
    "$(dd if=/dev/zero bs=65536 count=16 2>/dev/null | codes "POST /$(awk \
    'BEGIN { for (i = 0; i < 9000; i++) printf "a" }') HTTP/1.1\r\nHost: x\r\n\
Content-Length: 1048576\r\n\r\n" - -h)" "414 eof"
stop_server

start_server 'server.max-request-size = 1'
is "413 before a large body is read" \
    "$(codes "${post}Content-Length: 2000\r\n\r\n" -g HTTP)" "413 eof"
like "413 says that it closes" "$(raw \
    "${post}Content-Length: 2000\r\n\r\n" -g HTTP | tr -d '\r')" \
    "HTTP/1.1 413 *Connection: close*"
is "413 when all of it comes nevertheless" \
    "$(dd if=/dev/zero bs=65536 count=16 2>/dev/null |
    codes "$next${post}Content-Length: 1048576\r\n\r\n" - -h)" "200 413 eof"
is "413 for 100-continue" "$(codes "${post}Expect: 100-continue\r\n\
Content-Length: 2000\r\n\r\n" -g HTTP)" "413 eof"
is "a body as large as allowed" "$(codes "${post}Content-Length: 1024\r\n\r\n" \
    "$(awk 'BEGIN { for (i = 0; i < 1024; i++) printf "a" }')$next" -h)" \
    "405 200 eof"
like "a chunked body over the limit" "$(codes "${chunked}800\r\n" \
    "$(awk 'BEGIN { for (i = 0; i < 2048; i++) printf "a" }')\r\n" \
    "0\r\n\r\n$next" -h)" "413 eof"
