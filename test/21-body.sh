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

chunk() {				# NAME BYTES: dropped, connection lives
	is "chunked: $1" "$(codes "$chunked$2$next" -h)" "405 200 eof"
}
chunk "one" '5\r\nhello\r\n0\r\n\r\n'
chunk "nothing" '0\r\n\r\n'
chunk "two" '5\r\nhello\r\n00a\r\n0123456789\r\n0\r\n\r\n'
chunk "upper and lower case" 'A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n'
chunk "an extension" '5;a=b\r\nhello\r\n0;c\r\n\r\n'
chunk "a quoted extension" '5;a="b;c"\r\nhello\r\n0\r\n\r\n'
chunk "trailers" '5\r\nhello\r\n0\r\nX: y\r\nContent-Length: 9\r\n\r\n'
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
broken "a minus" '-5\r\nhello\r\n0\r\n\r\n'
broken "a plus" '+5\r\nhello\r\n0\r\n\r\n'
broken "an underscore" '5_\r\nhello\r\n0\r\n\r\n'
broken "nothing" '\r\nhello\r\n0\r\n\r\n'
broken "a space in front" ' 5\r\nhello\r\n0\r\n\r\n'
broken "bare LF" '5\nhello\r\n0\r\n\r\n'
broken "bare CR" '5\rhello\r\n0\r\n\r\n'
broken "bare LF in an extension" '5;a\nhello\r\n0\r\n\r\n'
broken "more than there can be" 'fffffffffffffffff\r\nhello\r\n0\r\n\r\n'
broken "a sign bit" 'ffffffffffffffff\r\nhello\r\n0\r\n\r\n'
broken "data longer than said" '5\r\nhelloXX\r\n0\r\n\r\n'
broken "no line end after data" '5\r\nhello0\r\n\r\n'
broken "bare LF after data" '5\r\nhello\n0\r\n\r\n'

unlike "Expect: 100-continue without need gets no 100" "$(codes \
    "${post}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n" -h)" "*100*"
like "... but its answer" "$(codes \
    "${post}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n" -h)" "405*eof"
like "a body cut short ends the connection" \
    "$(codes "${post}Content-Length: 10\r\n\r\nabc" -h)" "*eof"
is "a large body does not lose the answer" \
    "$(dd if=/dev/zero bs=65536 count=64 2>/dev/null |
    codes "${post}Content-Length: 4194304\r\n\r\n" - -h)" "405 eof"
stop_server

start_server 'server.max-request-size = 1'
is "413 before a large body is read" \
    "$(codes "${post}Content-Length: 2000\r\n\r\n" -g HTTP)" "413 eof"
is "413 for 100-continue" "$(codes "${post}Expect: 100-continue\r\n\
Content-Length: 2000\r\n\r\n" -g HTTP)" "413 eof"
is "a body as large as allowed" "$(codes "${post}Content-Length: 1024\r\n\r\n" \
    "$(awk 'BEGIN { for (i = 0; i < 1024; i++) printf "a" }')$next" -h)" \
    "405 200 eof"
like "a chunked body over the limit" "$(codes "${chunked}800\r\n" \
    "$(awk 'BEGIN { for (i = 0; i < 2048; i++) printf "a" }')\r\n" \
    "0\r\n\r\n$next" -h)" "413 eof"
