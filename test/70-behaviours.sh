# 70-behaviours - what most servers get wrong, sentence by sentence as it stands
# in the collection of threats; a sentence that is only a comment is tested in
# the file named.
. "$TOP/test/lib.sh"
. "$TOP/test/threats.sh"

populate
start_server "$(main_conf)"

# ---- HTTP -------------------------------------------------------------------

answer=$(request HEAD /numbers 'Range: bytes=0-0')
like "behaviour: HEAD with Range is a plain 200" "$answer" \
    "HTTP/1.1 200 *Content-Length: 10000*"
unlike "behaviour: ... without Content-Range" "$answer" "*Content-Range*"
answer=$(get /future)
like "behaviour: Last-Modified is never later than Date" \
    "$(echo "$answer" | field Last-Modified)" "$(case $answer in
	*Last-Modified*) echo "$answer" | field Date ;; esac)"
for coding in "chunked\r\n$te chunked" "gzip\r\n$te chunked" chunked,chunked \
    gzip,chunked chunked,gzip identity 'chunked;x' '' chunked, '"chunked"'; do
	framing "behaviour: Transfer-Encoding: $coding" "$te $coding" \
	    '0\r\n\r\n'
done
for host in '"x"' '<x>' x@y x:y x:65536 x:-1 '[::1' 'x%zz' 'x%' 'x y' x/y \
    'x\\y' x,y:z; do
	answer=$(raw "GET /dir HTTP/1.1\r\nHost: $host\r\n\r\n" -h)
	like "behaviour: Host: $host is 400" "$answer" "HTTP/1.1 400 *"
	unlike "behaviour: ... and not in Location" "$answer" "*Location*"
done
is "behaviour: a second Host is 400, even if identical" \
    "$(codes "${line}Host: x\r\nHost: x\r\n\r\n$next" -h)" "400 eof"
tag=$(get /a.txt | field ETag)
past='Thu, 01 Jan 1970 00:00:01 GMT'
now=$(get /a.txt | field Last-Modified)
when() {				# STATUS NAME FIELD...
	want=$1 name="behaviour: $2"; shift 2
	like "$name" "$(get /a.txt "$@")" "HTTP/1.1 $want *"
}
when 412 "If-Match gives 412" 'If-Match: "x"'
when 412 "If-Unmodified-Since gives 412" "If-Unmodified-Since: $past"
when 200 "If-Match switches the other off" "If-Match: $tag" \
    "If-Unmodified-Since: $past"
when 304 "If-None-Match over two lines is one list" 'If-None-Match: "x"' \
    "If-None-Match: $tag"
when 200 "If-None-Match decides alone" 'If-None-Match: "x"' \
    "If-Modified-Since: $now"
for date in 'Sat, 31 Feb 1995 08:49:37 GMT' 'Sat, 30 Feb 2030 08:49:37 GMT' \
    'Sun, 06 Nov 2033 24:00:00 GMT' 'Sun, 00 Nov 2033 08:49:37 GMT'; do
	when 200 "$date is not a date" "If-Modified-Since: $date"
	when 200 "... nor in the other field" "If-Unmodified-Since: $date"
done
is "behaviour: an overlong target is 414" \
    "$(codes "GET /$(repeat 9000 a) $tail" -h)" "414 eof"
is "behaviour: an overlong head is 431" \
    "$(codes "$(fields "X: $(repeat 9000 a)")" -h)" "431 eof"
for range in 10000- -0 10000-10001,20000-; do
	like "behaviour: 416 of $range has Content-Range" \
	    "$(get /numbers "Range: bytes=$range")" \
	    "HTTP/1.1 416 *Content-Range: bytes \*/10000*"
done
like "behaviour: ... of an empty file" "$(get /none.gz; : >root/nothing
    get /nothing 'Range: bytes=0-')" \
    "*HTTP/1.1 416 *Content-Range: bytes \*/0*"
for method in PUT DELETE PATCH POST TRACE CONNECT PROPFIND; do
	target=/a.txt
	[ $method != CONNECT ] || target=x:80
	like "behaviour: 405 of $method has Allow" \
	    "$(request $method $target)" "HTTP/1.1 405 *Allow: *GET*"
done
for host in x other.example:81 127.0.0.1; do
	raw "GET http://absolute.example/a.txt?$host HTTP/1.1\r\n" \
	    "Host: $host\r\n\r\n" -h >/dev/null
done
wait_for grep -q "a.txt?127.0.0.1" access.log
for host in x other.example:81 127.0.0.1; do
	is "behaviour: absolute-form wins over Host: $host" "$(grep -c \
	    "^127.0.0.1 absolute\.example .*a.txt?$host" access.log)" 1
done
is "behaviour: HTAB is optional white space" "$(codes \
    "${line}Host:\tx\t \t\r\nRange:\tbytes=0-0\t\r\n\r\n" \
    "${line}Host:\tx\r\nConnection:\tclose\t,\tx\r\n\r\n$next" -h)" \
    "206 200 eof"
is "behaviour: a FIFO never blocks" "$(codes "GET /fifo $tail" \
    "GET /fifo $tail" "GET /fifo/ $tail" "$next" -h)" "403 403 404 200 eof"
for bytes in '5;a\x01' '5;\x00' '5;a\x7f' '5;a\rb' '5;a="b' '5;=' '5 x' \
    '5\t\x0b' '5;a="\x01"'; do
	like "behaviour: a chunk-size line of $bytes" "$(codes \
	    "$chunked$bytes\r\nhello\r\n0\r\n\r\n$next" -h)" "400 eof"
done
for target in /a.txt/x /a.txt/ /a.txt/x/y /loop/x /loop "/$(repeat 300 a)" \
    "/$(repeat 300 a)/b" "$(repeat 1200 /ab)" /dir/b.txt/; do
	is "behaviour: 404: $(echo "$target" | cut -c 1-20)" \
	    "$(codes "GET $target $tail" -h)" "404 eof"
done
for target in '/dir%0d%0aX:y' '/%0d%0aLocation:%20//evil.example/' \
    '//evil.example%0d%0aX:y' '/dir%0aX:y'; do
	unlike "behaviour: a decoded CR LF is no header: $target" \
	    "$(get "$target")" "*
X:y*"
	is "behaviour: ... but 400" "$(codes "GET $target $tail" -h)" "400 eof"
done
is "behaviour: a query goes on as it was sent" "$(get '/dir?a=%2f%zz&b=//c+d' |
    field Location)" '/dir/?a=%2f%zz&b=//c+d'
# the script that dies, whose length is wrong, that ignores stdin; X_Auth;
# Proxy; the query a script gets: 50-cgi, 52-fastcgi, 54-proxy, 54-smuggling
for bytes in "$cl x" "$te x" "$cl 1\r\n$cl 2"; do
	is "behaviour: doubtful framing, then much of it: $bytes" \
	    "$(dd if=/dev/zero bs=65536 count=8 2>/dev/null |
	    codes "$post$bytes\r\n\r\n" - "$next" -h)" "400 eof"
done

# ---- operations -------------------------------------------------------------

# a bad reload, its pause: 62-reload; a second start, -s: 60-daemon;
# who sent a signal, a second INT: 61-signals, 65-signals; a stopped worker, a
# killed master, the limit of respawning: 61-workers; descriptors: 60-daemon,
# 68-activation, 66-strace; the deadline of a head: 23-timeouts; a famine of
# descriptors: 24-overload
dd if=/dev/zero of=root/large bs=1048576 count=4 2>/dev/null
is "behaviour: a half-closed client gets its whole answer" "$(raw -s \
    "GET /large HTTP/1.0\r\n\r\n" -h | awk '{ print ($1 > 4194304), $2 }')" \
    "1 eof"
for bytes in '\x1b[2J' '\x07' '\x9b1m' '\x7f'; do
	codes "${line}Host: $bytes\r\n\r\n" -h >/dev/null
	get "/$bytes?$bytes" "Referer: $bytes" "$bytes: $bytes" >/dev/null
done
stop_server
okay "behaviour: what they sent is in the logs" \
    grep -q 'x1[bB].*x1[bB]' access.log
is "behaviour: no raw control byte reaches any log" \
    "$(cat *.log | tr -d '\n\t\040-\176' | wc -c | tr -d ' ')" 0

for port in 65536 65616 131072 4294967376 -1; do
	configure "server.port = $port"
	$GLIMD_WRAP "$GLIMD" -t -f $SRV.conf >out 2>&1
	is "behaviour: server.port $port is an error" $? 1
	$GLIMD_WRAP "$GLIMD" -D -l 127.0.0.1:$port root >out 2>&1
	is "behaviour: ... so is -l" $? 1
done
