# 20-parse - what counts as a request. Everything ambiguous is refused, and
# nothing that follows a refused request is answered (request smuggling).
. "$TOP/test/lib.sh"

echo hello >root/a.txt
echo hello >root/index.html
start_server 'index-file.names = ("index.html")'

next='GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n'
line='GET /a.txt HTTP/1.1\r\n'
host='Host: x\r\n'

refuse() {				# STATUS NAME BYTES
	is "$1: $2" "$(codes "$3$next" -h)" "$1 eof"
}
accept() {				# NAME BYTES: and the one that follows
	is "200: $1" "$(codes "$2$next" -h)" "200 200 eof"
}

# ---- the tables of test/rows.h ----------------------------------------------

# 640 heads and bodies, each whole and cut in two at every byte.
stride=1
[ -z "$GLIMD_WRAP" ] || stride=40
"$TOP/test/bin/rows" "$PORT" $stride >rows.out 2>&1
echo "# $(tail -n 1 rows.out)"
is "each row of test/rows.h, and each in two parts" \
    "$(grep -v ' rows, .* connections, 0 faults$' rows.out)" ""

# ---- request lines (RFC 9112 3) ---------------------------------------------

accept "an ordinary request" "$next"
accept "an empty line before it" "\r\n$next"
accept "absolute form" "GET http://y/a.txt HTTP/1.1\r\n$host\r\n"
accept "https that somebody ended" "GET https://x/a.txt HTTP/1.1\r\n$host\r\n"
accept "absolute form in capitals" "GET HTTP://Y/a.txt HTTP/1.1\r\n$host\r\n"
accept "a query" "GET /a.txt?x=1&y=/../.. HTTP/1.1\r\n$host\r\n"
accept "a path with escapes" "GET /%61%2etxt HTTP/1.1\r\n$host\r\n"
accept "dot segments" "GET /./b/../a.txt HTTP/1.1\r\n$host\r\n"
accept "double slashes" "GET //a.txt HTTP/1.1\r\n$host\r\n"
refuse 400 "no HTTP at all" 'hello\r\n\r\n'
refuse 400 "binary" '\x00\x01\x02\xff\r\n\r\n'
refuse 400 "TLS" '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'
refuse 400 "HTTP/0.9" 'GET /a.txt\r\n\r\n'
refuse 400 "two spaces" "GET  /a.txt HTTP/1.1\r\n$host\r\n"
refuse 400 "two spaces before the version" "GET /a.txt  HTTP/1.1\r\n$host\r\n"
refuse 400 "a tab" "GET\t/a.txt HTTP/1.1\r\n$host\r\n"
refuse 400 "a space in front" " GET /a.txt HTTP/1.1\r\n$host\r\n"
refuse 400 "a space at the end" "GET /a.txt HTTP/1.1 \r\n$host\r\n"
refuse 400 "a space in the target" "GET /a .txt HTTP/1.1\r\n$host\r\n"
refuse 400 "NUL in the target" "GET /a\x00.txt HTTP/1.1\r\n$host\r\n"
refuse 400 "a control character in the target" "GET /\x07 HTTP/1.1\r\n$host\r\n"
refuse 400 "bare CR in the request line" "GET /a.txt\rHTTP/1.1\r\n$host\r\n"
refuse 400 "no slash" "GET a.txt HTTP/1.1\r\n$host\r\n"
refuse 400 "GET *" "GET * HTTP/1.1\r\n$host\r\n"
refuse 400 "no target" "GET  HTTP/1.1\r\n$host\r\n"
refuse 400 "a method that is no token" "G(T /a.txt HTTP/1.1\r\n$host\r\n"
refuse 400 "lower case http" "GET /a.txt http/1.1\r\n$host\r\n"
refuse 400 "a version of one number" "GET /a.txt HTTP/1\r\n$host\r\n"
refuse 400 "a version with more digits" "GET /a.txt HTTP/1.10\r\n$host\r\n"
refuse 400 "a version with a zero in front" "GET /a.txt HTTP/01.1\r\n$host\r\n"
refuse 505 "HTTP/2.0" "GET /a.txt HTTP/2.0\r\n$host\r\n"
refuse 505 "the preface of HTTP/2" 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

# These have a clear end: the connection may stay.
for target in /a%00.txt /a%zz.txt /a%4 /a%4%31 /a% /a%0d%0aX:%20y /%1b /%ff; do
	like "400: $target" "$(get "$target" | first)" "HTTP/1.1 400 *"
done

# ---- methods ----------------------------------------------------------------

refuse_method() {			# STATUS METHOD TARGET
	like "$1: $2" "$(codes "$2 $3 HTTP/1.1\r\n$host\r\n" -h)" "$1*eof"
}
for method in PUT DELETE PATCH POST PROPFIND; do
	refuse_method 405 $method /a.txt
	like "405 of $method has Allow" "$(request $method /a.txt)" \
	    "HTTP/1.1 405 *Allow: *GET*"
done
refuse_method 501 BREW /a.txt
refuse_method 501 get /a.txt
refuse_method 501 a-method-longer-than-any-that-is-registered /a.txt
refuse_method 405 TRACE /a.txt
refuse_method 405 CONNECT x:80
refuse_method 400 CONNECT x
refuse_method 200 OPTIONS '*'
like "OPTIONS tells the methods" "$(request OPTIONS /a.txt)" \
    "HTTP/1.1 20[04] *Allow: *GET*"

# ---- fields (RFC 9112 5) ----------------------------------------------------

accept "a folded value" "$line${host}X: a\r\n b\r\n\tc\r\n\r\n"
accept "no space after the colon" "${line}Host:x\r\nX:\r\n\r\n"
accept "tabs around a value" "${line}Host:\tx\t \r\n\r\n"
accept "a byte above 127 in a value" "$line${host}X: \xe4\r\n\r\n"
accept "empty members of Connection (CVE-2012-5533)" \
    "$line${host}Connection: TE,,Keep-Alive\r\n\r\n"
refuse 400 "a space before the colon" "${line}Host : x\r\n\r\n"
refuse 400 "a fold before the first field" "$line $host\r\n"
refuse 400 "an empty name" "$line$host: x\r\n\r\n"
refuse 400 "a space in a name" "$line${host}Na me: x\r\n\r\n"
refuse 400 "NUL in a name" "$line${host}N\x00: x\r\n\r\n"
refuse 400 "a name that is no token" "$line${host}N@: x\r\n\r\n"
refuse 400 "no colon" "$line${host}Name\r\n\r\n"
refuse 400 "NUL in a value" "$line${host}X: a\x00b\r\n\r\n"
refuse 400 "bare CR in a value" "$line${host}X: a\rb\r\n\r\n"
refuse 400 "bare CR at the end of a field" "$line${host}X: a\r\r\n\r\n"
refuse 400 "bare LF behind the request line" "GET /a.txt HTTP/1.1\n$host\r\n"
refuse 400 "bare LF behind a field" "${line}Host: x\n\r\n"
refuse 400 "bare LF at the end of the head" "$line$host\n"
refuse 400 "CR CR LF at the end of the head" "$line$host\r\r\n"

# ---- Host (RFC 9112 3.2) ----------------------------------------------------

for name in x X.y x:80 '[::1]' '[::1]:80' 127.0.0.1:8080; do
	accept "Host: $name" "${line}Host: $name\r\n\r\n"
done
accept "1.0 without Host" \
    'GET /a.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n'
refuse 400 "1.1 without Host" "$line\r\n"
refuse 400 "absolute form without Host" "GET http://x/a.txt HTTP/1.1\r\n\r\n"
refuse 400 "Hostess is not Host (uhttpd 07f0afb)" "${line}Hostess: x\r\n\r\n"
refuse 400 "two Hosts" "$line${host}Host: y\r\n\r\n"
refuse 400 "the same Host twice" "$line$host$host\r\n"
for name in 'a b' a/b '"a"' '<a>' a@b a:x a:99999 '[::1' '[' ']' 'a%zz' \
    'a\\b' 'a?b' 'a#b'; do
	refuse 400 "Host: $name" "${line}Host: $name\r\n\r\n"
done

# ---- framing (RFC 9112 6) ---------------------------------------------------

# The body, if it were one, would hide the request that follows.
post="POST /a.txt HTTP/1.1\r\n$host"
for length in -1 +1 0x10 1_0 '' '1 2' 1,1 1e3 '"1"' 1.0 \
    18446744073709551617 9223372036854775808 99999999999999999999; do
	refuse 400 "Content-Length: $length" \
	    "${post}Content-Length: $length\r\n\r\n"
done
refuse 400 "two Content-Lengths" \
    "${post}Content-Length: 0\r\nContent-Length: 5\r\n\r\n"
refuse 400 "the same Content-Length twice" \
    "${post}Content-Length: 0\r\nContent-Length: 0\r\n\r\n"
refuse 400 "Content-Length and Transfer-Encoding" \
    "${post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
refuse 400 "Transfer-Encoding and Content-Length" \
    "${post}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"
for coding in identity 'chunked, identity' 'chunked, chunked' \
    xchunked 'chunked\x0b' '"chunked"' '' 'chunked;a=b' 'chunked,' gzip; do
	refuse 400 "Transfer-Encoding: $coding" \
	    "${post}Transfer-Encoding: $coding\r\n\r\n0\r\n\r\n"
done
refuse 400 "Transfer-Encoding: gzip, chunked" \
    "${post}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"
refuse 400 "two Transfer-Encodings" "${post}Transfer-Encoding: chunked\r\n\
Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
refuse 400 "Transfer-Encoding in 1.0" \
    'POST /a.txt HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
refuse 417 "an expectation nobody knows" "$line${host}Expect: wonders\r\n\r\n"

# ---- limits -----------------------------------------------------------------

long=$(awk 'BEGIN { for (i = 0; i < 9000; i++) printf "a" }')
many() {				# N: so many fields
	awk 'BEGIN { for (i = 0; i < '$1'; i++) printf "X%d: y\\r\\n", i }'
}
refuse 414 "a long target" "GET /$long HTTP/1.1\r\n$host\r\n"
refuse 414 "a long target without end" "GET /$long$long"
refuse 431 "a long field" "$line${host}X: $long\r\n\r\n"
refuse 431 "a long name" "$line${host}$long: x\r\n\r\n"
refuse 431 "a long field without end" "$line${host}X: $long$long"
refuse 431 "101 fields" "$line$host$(many 100)\r\n"
accept "100 fields" "$line$host$(many 99)\r\n"
refuse 501 "a long method" "$long$long / HTTP/1.1\r\n$host\r\n"
accept "a long date" "$line${host}If-Modified-Since: $(echo "$long" |
    cut -c 1-6000)\r\n\r\n"

# ---- what a refusal says ----------------------------------------------------

# Each is a whole answer, says that it closes, and is without body for HEAD.
says() {				# STATUS REQUEST-LINE FIELDS
	answer=$(raw "$2\r\n$3\r\n" | tr -d '\r')
	like "$1 says that it closes: $2" "$answer" \
	    "HTTP/1.1 $1 *Connection: close*"
	is "$1 is as long as it says: $2" \
	    "$(raw "$2\r\n$3\r\n" | sed '1,/^.$/d' | wc -c | tr -d ' ')" \
	    "$(echo "$answer" | field Content-Length)"
}
says 400 'GET / HTTP/1.1' ''
says 414 "GET /$long HTTP/1.1" "$host"
says 417 'GET / HTTP/1.1' "${host}Expect: wonders\r\n"
says 431 'GET / HTTP/1.1' "${host}X: $long\r\n"
says 501 "$long / HTTP/1.1" "$host"
says 505 'GET / HTTP/2.0' "$host"
is "a refused HEAD has no body" \
    "$(raw "HEAD / HTTP/1.1\r\n$host$host\r\n" | tr -d '\r' | body)" ""

# The client keeps the connection open and sends more: nothing spins.
cpu() { awk '{ print $14 + $15 }' /proc/$PID/stat; }
if [ -r /proc/$PID/stat ]; then
	before=$(cpu)
	raw "$line${host}X: $long$long" -w 300 "$long" -w 300 >/dev/null
	after=$(cpu)
	okay "a head too large keeps nobody busy (CVE-2022-30780)" \
	    test $((after - before)) -lt $((20 * SLOW))
else
	skip "a head too large keeps nobody busy" "no /proc"
fi

# ---- in pieces --------------------------------------------------------------

is "byte by byte" "$(codes -b 1 "$line${host}X: a\r\n b\r\n\r\n$next" -h)" \
    "200 200 eof"
is "byte by byte, refused" "$(codes -b 1 "$line${host}X : a\r\n\r\n$next" -h)" \
    "400 eof"

printf 'GET /a.txt HTTP/1.1\r\nHost: x\r\nX: y\r\n\r\n' >request
size=$(wc -c <request) n=1
while [ $n -lt $size ]; do
	dd if=request bs=1 count=$n 2>/dev/null | codes - -h
	echo
	n=$((n + 1))
done >answers
is "a request cut at any byte is not answered 200" \
    "$(grep -v -x -e eof -e '400 eof' -e '408 eof' answers)" ""
for bytes in GET "$line" "$line$host" "$line$host\r"; do
	codes "$bytes" -r >/dev/null
done
for bytes in '' G "$line" "$line$host" "$line$host\r" \
    "POST / HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\nhell" \
    "POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n5;"; do
	is "half-closed, its place is free: $bytes (CVE-2022-41556)" \
	    "$(codes "$bytes" -h)" eof
done
is "after all this it still serves" "$(get /a.txt | body)" hello

is "who ends in the middle of a line that is wrong already is told" \
    "$(codes 'GET / ' -w 20 'HTT\x00' -h)" "400 eof"
