# 22-keepalive - when a connection stays, and that answers come in order.
. "$TOP/test/lib.sh"

for i in 0 1 2 3 4 5 6 7 8 9; do echo "file $i" >root/$i; done
dd if=/dev/zero of=root/large bs=65536 count=160 2>/dev/null
start_server ''

req() {					# TARGET [VERSION [FIELDS]]
	printf '%s' "GET $1 HTTP/${2:-1.1}\\r\\nHost: x\\r\\n${3:-}\\r\\n"
}
last='Connection: close\r\n'
keep='Connection: keep-alive\r\n'

# ---- who stays (RFC 9112 9.3) -----------------------------------------------

is "1.1 stays" "$(codes "$(req /0)" -g 'file 0' "$(req /1)" -h)" "200 200 eof"
is "1.1 with close goes" "$(codes "$(req /0 1.1 "$last")")" "200 eof"
is "1.0 goes" "$(codes "$(req /0 1.0)$(req /1 1.0)")" "200 eof"
is "1.0 with keep-alive stays" \
    "$(codes "$(req /0 1.0 "$keep")" -g 'file 0' "$(req /1 1.0)")" \
    "200 200 eof"
is "Connection: in any case, in a list" \
    "$(codes "$(req /0 1.1 'connection: foo, CLOSE\r\n')$(req /1)")" "200 eof"
is "close in a second field" "$(codes "$(req /0 1.1 \
    "$keep$last")$(req /1)")" "200 eof"
like "the answer says so" "$(get /0)" "*Connection: close*"
like "to 1.0, it says that it stays" \
    "$(raw "$(req /0 1.0 "$keep")" -h | tr -d '\r')" "*Connection: keep-alive*"
unlike "to 1.1, it says nothing" "$(raw "$(req /0)" -h)" "*Connection:*"
like "1.0 is answered as 1.0" "$(raw "$(req /0 1.0)")" "HTTP/1.0 200 OK*"
is "an error does not end it" "$(codes "$(req /none)$(req /0)" -h)" \
    "404 200 eof"
is "a refusal does" "$(codes "$(req /0)$(req /1)" \
    "NONSENSE\r\n\r\n$(req /2)" -h)" "200 200 400 eof"

# ---- pipelining (RFC 9112 9.3.2) --------------------------------------------

# 100 requests in one segment; 3 is missing, 5 is asked for with HEAD.
rm root/3
all= want= i=0
while [ $i -lt 100 ]; do
	n=$((i % 10))
	case $n in
	5) all="${all}HEAD /5 HTTP/1.1\r\nHost: x\r\n\r\n" ;;
	*) all="$all$(req /$n)" ;;
	esac
	case $n in
	3) want="$want 404" ;;
	5) want="$want 200" ;;
	*) want="$want 200 $n" ;;
	esac
	i=$((i + 1))
done
answers() {				# "200 0 200 1 ...": status, content
	raw "$@" | sed -n 's|^HTTP/1.1 \([0-9]*\).*|\1|p
		s/^file \(.\)$/\1/p' | tr -d '\r' | tr '\n' ' '
}
is "100 requests in one segment" " $(answers "$all" -h)" "$want "
is "the same in small pieces" " $(answers -b 97 "$all" -h)" "$want "
is "the same to a client that reads little" \
    " $(answers -z 2048 "$all" -w 100 -h)" "$want "

# 1,000 in one segment, with everything that does not end a connection.
mixed() {				# N: its requests, and "want" what comes
	awk -v n=$1 -v want="$2" 'function ask(first, rest) {
		if (!want)
			printf "%s HTTP/1.1\r\nHost: x\r\n%s", first, rest
	}
	function answer(text) {
		if (want)
			printf "%s ", text
	}
	BEGIN {
		split("GET /0,HEAD /1,GET /no,HEAD /no,GET /%00,OPTIONS *," \
		    "POST /0,BREW /0,GET /8", line, ",")
		split("200 0,200,404,404,400,200,405,501,200 8", status, ",")
		for (i = 1; i <= 9; i++)
			more[i] = "\r\n"
		more[7] = "Content-Length: 30\r\n\r\n" \
		    "GET /9 HTTP/1.1\r\nHost: x\r\n\r\n"
		more[8] = "Transfer-Encoding: chunked\r\n\r\n" \
		    "5;a\r\nGET /\r\n0\r\nX: y\r\n\r\n"
		more[9] = "Content-Length: 0\r\n\r\n"
		for (i = 0; i < n; i++) {
			ask(line[i % 9 + 1], more[i % 9 + 1])
			answer(status[i % 9 + 1])
		}
	}' </dev/null
}
mixed 1000 >requests
mixed 1000 1 | tr ' ' '\n' >wanted
unwanted() {				# RAW'S ARGUMENTS...: the first of them
	answers "$@" | tr ' ' '\n' | diff wanted - | sed 3q
}
is "1,000 of all kinds in one segment" "$(unwanted - -h <requests)" ""
is "the same when the last bytes come later" \
    "$({ dd bs=31 count=1000; pause 50; cat; } 2>/dev/null <requests |
    unwanted - -h)" ""
is "the same to a client that reads late" \
    "$(unwanted -z 2048 - -w 100 -h <requests)" ""
is "the 1,001st is not answered" "$(mixed 1001 | unwanted - -h)" ""

fatal() {				# STATUS REQUEST: nothing is behind it
	is "$1 in the middle of a pipeline ends it: $2" \
	    "$(codes "$(req /0)$(req /1)$2\r\n$(req /2)$(req /4)" -h)" \
	    "200 200 $1 eof"
}
fatal 400 'NONSENSE\r\n'
fatal 400 'GET /0 HTTP/1.1\r\n'
fatal 400 'GET /0 HTTP/1.1\r\nHost: x\r\nHost: x\r\n'
fatal 400 'HEAD /0 HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n'
fatal 400 'POST /0 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx'
fatal 417 'GET /0 HTTP/1.1\r\nHost: x\r\nExpect: x\r\n'
fatal 431 "GET /0 HTTP/1.1\r\nHost: x\r\nX: $(dd if=/dev/zero bs=9000 count=1 \
    2>/dev/null | tr '\0' x)\r\n"
fatal 505 'GET /0 HTTP/3.0\r\n'

is "HEAD, HEAD, GET" "$(answers "HEAD /0 HTTP/1.1\r\nHost: x\r\n\r\n\
HEAD /1 HTTP/1.1\r\nHost: x\r\n\r\n$(req /2)" -h)" "200 200 200 2 "
is "HEAD of an error has no body" "$(raw 'HEAD /none HTTP/1.1\r\nHost: x\r\n' \
    'Connection: close\r\n\r\n' | tr -d '\r' | body)" ""
is "large and small ones" "$(codes -s "$(req /large)$(req /0)$(req /large)" \
    -h | tr ' ' '\n' | sed -n '1,3p' | tr '\n' ' ')" "200 200 200 "

# ---- half-closed clients ----------------------------------------------------

size() { raw -s "$@"; }			# BYTES HOW-IT-ENDED
like "a half-closed client gets its answer" "$(raw "$(req /0)" -h)" "*file 0*"
got=$(size "$(req /large)" -h)
okay "a half-closed client gets all of a large file ($got)" \
    test "${got%% *}" -gt 10485760
got=$(size "$(req /large)$(req /large)$(req /0)" -h)
okay "... of two, pipelined ($got)" test "${got%% *}" -gt 20971520
got=$(size -z 4096 "$(req /large 1.1 "$last")" -w 200)
okay "a slow reader gets all of a large file ($got)" \
    test "${got%% *}" -gt 10485760
stop_server

start_server 'server.max-keep-alive-requests = 3'
is "no more requests than allowed" \
    "$(codes "$(req /0)$(req /1)$(req /2)$(req /4)$(req /6)" -h)" \
    "200 200 200 eof"
like "the last answer says so" \
    "$(raw "$(req /0)$(req /1)$(req /2)" | tr -d '\r')" "*Connection: close*"

# We end the connection while the client's next request is in the kernel: a
# reset would eat the end of the answer.
stop_server
dd if=/dev/zero of=root/big bs=65536 count=16 2>/dev/null
start_server 'server.max-keep-alive-requests = 1'
one='GET /big HTTP/1.1\r\nHost: x\r\n\r\n'
is "the last answer comes whole" "$(raw -s -z 4096 "$one" -w 200 "$one" -w 200 |
    awk '{ print ($1 > 1048576), $2 }')" "1 eof"

