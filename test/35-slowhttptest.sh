# 35-slowhttptest - a tool that others wrote to wear servers down (slow heads,
# slow bodies, slow readers, all at once) finds nothing.
. "$TOP/test/lib.sh"
. "$TOP/test/workers.sh"

if ! have slowhttptest; then
	skip "slowhttptest finds nothing" "it is not installed"
	exit 0
fi
printf end | dd of=root/huge bs=1048576 seek=64 2>/dev/null	# sparse

n=500				# connections of each
PATIENCE=$((2 * SLOW))		# seconds, then it calls us unavailable
limit=$(ulimit -Hn)
[ "$limit" = unlimited ] || [ "$limit" -ge 3400 ] || n=$(((limit - 200) / 6))
room="server.max-fds = $((6 * n + 200))
server.max-connections = $((3 * n + 100))"

attack() {			# NAME PATH ARGUMENT...
	file=$1 where=$2; shift 2
	slowhttptest "$@" -c $n -r $n -l 4 -p $PATIENCE \
	    -u "http://127.0.0.1:$PORT/$where" >$file.out 2>&1 &
	attackers="$attackers $!"
	mine $!
}

is_over() {
	for pid in $attackers; do
		! kill -0 $pid 2>/dev/null || return 1
	done
}

# Asks all the time; sets probes, bad and longest (milliseconds).
probe() {
	probes=0 bad=0 longest=0
	until is_over; do
		now
		start=$NOW
		[ "$(get /a.txt | body)" = hello ] || bad=$((bad + 1))
		now
		[ $((NOW - start)) -le $longest ] || longest=$((NOW - start))
		probes=$((probes + 1))
		[ $probes -lt 2000 ] || break
		pause 20
	done
}

plain() { tr -d '\033' <$1.out | sed 's/\[[0-9;]*[mHJ]//g'; }
last() { plain $1 | sed -n "s/^$2: *//p" | tail -n 1; }

# What the tool says. It goes home early when all its clients were answered.
judge() {			# NAME FILE [ANSWERED]
	is "$1: available" "$(plain $2 | grep 'service available' |
	    sed 's/  */ /g' | sort -u)" "service available: YES"
	connected=$(last $2 connected)
	if [ $# -eq 3 ]; then
		like "... and sent home" "$(plain $2 | tail -n 1)" \
		    "*No open connections left*"
	else
		okay "... with $connected of $n held" \
		    test "${connected:-0}" -ge $((n / 2))
	fi
}

siege() {			# WHO
	attackers=
	attack heads a.txt -H -i 1
	attack bodies a.txt -B -i 1 -s 8192
	attack readers huge -X -w 10 -y 64 -n 1 -z 1
	probe
	wait $attackers
	judge "$1, slow heads" heads
	# it says Connection: close, so its bodies are not waited for
	judge "$1, slow bodies" bodies answered
	judge "$1, slow readers" readers
	is "... and others are served throughout" $bad 0
	okay "... again and again ($probes times)" test $probes -ge 20
	okay "... in time ($longest ms)" \
	    test $longest -le $((PATIENCE * 2000))
}

start_server "$room"
siege "one process"
stop_server
start_workers 2 "$room"
workers 2
siege "two workers"
