# 28-slow - two thousand clients that take their time are no burden to those
# who don't, and go at their deadlines.
. "$TOP/test/lib.sh"
. "$TOP/test/load.sh"
. "$TOP/test/workers.sh"

CROWD=$TOP/test/bin/crowd
NORMAL=64
FLOOR=$((2000 * SLOW))		# microseconds: below that it is noise
printf end | dd of=root/large bs=1048576 seek=64 2>/dev/null	# sparse

n=2000
limit=$(ulimit -Hn)
[ "$limit" = unlimited ] || [ "$limit" -ge 4400 ] || n=$((limit / 2 - 100))
[ "$GLIMD_BACKEND" != select ] || [ $n -lt 300 ] || n=300
third=$((n / 3))
n=$((third * 3))
room="server.max-connections = $((n + 100))
server.max-keep-alive-requests = 65535"
[ "$GLIMD_BACKEND" = select ] || room="$room
server.max-fds = $((2 * n + 200))"

crowd() {				# MODE ARGUMENT...; sets its pid: $head
	mode=$1; shift
	rm -f $mode.ready
	"$CROWD" -a "127.0.0.1:$PORT" -w $mode.ready "$@" $mode >$mode.out \
	    2>&1 &
	eval "$mode=$!"
	mine $!
}
slow_ones() {			# ARGUMENT...: one byte a second
	crowd head -n $third -p /a.txt "$@"
	crowd body -n $third -p /a.txt "$@"
	crowd read -n $third -p /large "$@"
}
are_here() { [ -e head.ready ] && [ -e body.ready ] && [ -e read.ready ]; }

# Has the server sent what it can to those who read slowly? In ticks.
used() { sed 's/.*) //' /proc/$PID/stat | awk '{ print $12 + $13 }'; }
quiet() {
	[ -r /proc/$PID/stat ] || return 0
	was=$(used)
	pause 100
	[ $(($(used) - was)) -le 3 ]
}

# The 99th percentile of normal clients in seven short whiles, sorted. What else
# this machine has to do comes and goes, what slow clients cost is always there.
p99() {
	for i in 1 2 3 4 5 6 7; do
		crowd normal -n $NORMAL -p /a.txt -t 0.1
		wait $normal
		sed -n 's/.*p99_us //p' normal.out
	done | sort -n | tr '\n' ' '
}

# ---- what others notice -----------------------------------------------------

start_server "$room"
for try in 1 2 3; do
	without=$(p99)
	slow_ones
	wait_for are_here
	wait_for quiet
	with=$(p99)
	kill $head $body $read
	wait $head $body $read
	echo "# p99 in us: $without; with $n slow ones: $with"
	set -- $without
	least=$1 median=$4 largest=$7
	most=$((2 * median))
	[ $most -ge $FLOOR ] || most=$FLOOR
	with=${with%% *}
	[ ${with:=1000000} -gt $most ] || break
done
is "$n slow clients are not hung up on before their time" \
    "$(cat head.out body.out read.out)" \
"opened $third answered 0 closed_by_server 0
opened $third answered 0 closed_by_server 0
opened $third answered $third closed_by_server 0"
name="the others' 99th percentile at most doubles ($with of $most us)"
if [ -n "$GLIMD_WRAP" ]; then
	skip "$name" "valgrind"
elif [ "$with" -gt $most ] && [ $largest -gt $((3 * least)) ]; then
	skip "$name" "this machine is too busy to tell"
else
	okay "$name" test "$with" -le $most
fi
stop_server

# ---- their deadlines --------------------------------------------------------

start_server "$room
server.max-read-idle = 1
server.max-write-idle = 1"
slow_ones -t $((30 * SLOW))
wait_for are_here
now
begin=$NOW
wait $head $body $read
now
is "all heads, all bodies, all readers have their deadlines" \
    "$(sed 's/answered [0-9]* //' head.out body.out read.out)" \
"opened $third closed_by_server $third
opened $third closed_by_server $third
opened $third closed_by_server $third"
okay "... and are gone in time ($((NOW - begin)) ms)" \
    test $((NOW - begin)) -le $((9000 * SLOW))
is "... and it still serves" "$(get /a.txt | body)" hello
