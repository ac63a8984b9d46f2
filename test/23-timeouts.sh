# 23-timeouts - every wait has an end. All clients wait at the same time.
. "$TOP/test/lib.sh"

echo hello >root/a.txt
printf end | dd of=root/large bs=1048576 seek=64 2>/dev/null	# sparse
start_server 'server.max-keep-alive-idle = 1
server.max-read-idle = 1
server.max-write-idle = 1'

line='GET /a.txt HTTP/1.1\r\n'
drip=
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do drip="$drip -w 400 x"; done
begin=$(date +%s)
timed() {				# FILE ARGUMENT...
	file=$1; shift
	{
		codes "$@"
		echo " $(($(date +%s) - begin))"
	} >$file &
	jobs="$jobs $!"
}
timed nothing -w 0
timed half-head "$line"
timed idle "${line}Host: x\r\n\r\n"
timed body 'POST /a.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc'
timed drip "${line}X: " $drip
timed patient "${line}" -w 500 'Host: x\r\nConnection: close\r\n' -w 500 '\r\n'
raw -s -z 4096 'GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' \
    -w 4500 >deaf &
jobs="$jobs $!"
wait $jobs

ended() {				# NAME FILE PATTERN
	like "$1" "$(cut -d ' ' -f 1-2 $2)" "$3"
	okay "... in time ($(sed 's/.* //' $2) s)" \
	    test "$(sed 's/.* //' $2)" -le $((4 * SLOW))
}
ended "who says nothing" nothing "eof*"
ended "half a head" half-head "*eof*"
unlike "... is not answered 200" "$(cat half-head)" "200*"
ended "between requests" idle "200 eof"
ended "half a body" body "*eof*"
okay "a head that drips in has a deadline" \
    test "$(sed 's/.* //' drip)" -le $((5 * SLOW))
unlike "... and is not answered 200" "$(cat drip)" "200*"
is "who is only slow is served" "$(cut -d ' ' -f 1-2 patient)" "200 eof"
read size how <deaf
okay "who reads nothing is dropped ($size $how)" test "$size" -lt 67108864
is "it still serves" "$(get /a.txt | body)" hello
