# 23-timeouts - every wait has an end. All clients wait at the same time.
. "$TOP/test/lib.sh"

echo hello >root/a.txt
printf end | dd of=root/large bs=1048576 seek=64 2>/dev/null	# sparse
start_server 'server.max-keep-alive-idle = 1
server.max-read-idle = 1
$HTTP["url"] == "/large" { server.max-write-idle = 1 }
debug.log-timeouts = "enable"'

line='GET /a.txt HTTP/1.1\r\n'
drip=
for i in 1 2 3 4 5 6 7 8 9; do drip="$drip -w 400 x"; done
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
timed drip "${line}X: " $drip '\r\nHost: x\r\n\r\n' -h
timed patient "${line}" -w 500 'Host: x\r\nConnection: close\r\n' -w 500 '\r\n'
raw -s -z 4096 'GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' \
    -w 3600 >deaf &
jobs="$jobs $!"
wait $jobs

given_up() {				# NAME FILE PATTERN
	like "$1" "$(cat $2)" "$3 *"
	okay "... in time ($(sed 's/.* //' $2) s)" \
	    test "$(sed 's/.* //' $2)" -le $((4 * SLOW))
}
given_up "who says nothing" nothing eof
given_up "half a head" half-head "*eof"
unlike "... is not answered 200" "$(cat half-head)" "200*"
given_up "between requests" idle "200 eof"
given_up "half a body" body "*eof"
unlike "a head that drips in has a deadline" "$(cat drip)" "200*"
like "who is only slow is served" "$(cat patient)" "200 eof *"
read size how <deaf
okay "who reads nothing is dropped ($size $how)" test "$size" -lt 67108864
sent=$(sed -n 's/.*timed out, \([0-9]*\) bytes sent of \/large$/\1/p' $SRV.log)
okay "... which is logged, with what was sent ($sent bytes)" \
    test "${sent:-0}" -ge "$size" -a "${sent:-0}" -lt 67108864
is "it still serves" "$(get /a.txt | body)" hello

# Time-outs count from now, also when the server slept for longer than that.
stop_server
start_server 'server.max-keep-alive-idle = 2
server.max-read-idle = 2'
sleeping() {			# the timer was stopped: no tick comes
	[ -d /proc/$PID ] || return 0
	before=$(cat /proc/$PID/schedstat 2>/dev/null)
	sleep 2
	[ "$(cat /proc/$PID/schedstat 2>/dev/null)" = "$before" ]
}
[ -n "$GLIMD_WRAP" ] || wait_for sleeping
like "after a sleep, who is slow is served" "$(codes "${line}" -w 1200 \
    'Host: x\r\nConnection: close\r\n\r\n')" "200 eof*"
