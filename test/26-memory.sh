# 26-memory - an idle connection costs next to nothing, and whatever clients
# did, memory and descriptors are afterwards what they were before.
. "$TOP/test/lib.sh"
. "$TOP/test/load.sh"
. "$TOP/test/workers.sh"

CROWD=$TOP/test/bin/crowd
EACH=300			# bytes that an idle connection may cost
SLACK=256			# KiB that malloc may keep for itself
set -- $backends
first=				# the long way, once in all the suite
[ "${GLIMD_BACKEND:-$1}" != "$1" ] || first=yes
# memory is not what it is where somebody keeps books on it
measured=yes
[ -z "$GLIMD_WRAP" ] && ! grep -q __asan_init "$GLIMD" || measured= first=
[ -r /proc/self/status ] || measured=

mkdir root/folder
for i in 1 2 3 4 5 6 7 8 9; do echo $i >root/folder/$i.txt; done
dd if=/dev/zero of=root/medium bs=50000 count=2 2>/dev/null

all() { kids $PID; echo $PID $KIDS; }	# processes of the server
fds() { for pid in $(all); do ls /proc/$pid/fd; done | wc -l; }

# KiB of all its processes. The other one counts what no other process can
# change by sharing the libc: what it has for itself.
pss() {
	for pid in $(all); do
		cat /proc/$pid/smaps_rollup 2>/dev/null ||
			sed -n 's/^VmRSS:/Pss:/p' /proc/$pid/status
	done | awk '$1 == "Pss:" { n += $2 } END { print n }'
}
own() {
	for pid in $(all); do
		cat /proc/$pid/status
	done | awk '$1 == "RssAnon:" { n += $2; anon = 1 }
		$1 == "VmRSS:" { all += $2 } END { print anon ? n : all }'
}

hold() {				# CROWD'S ARGUMENTS...
	rm -f crowd.ready
	"$CROWD" -a "127.0.0.1:$PORT" -w crowd.ready "$@" >crowd.out 2>&1 &
	crowd=$!
	mine $crowd
	wait_for test -e crowd.ready
}

few_fds() { [ "$(fds)" -le $1 ]; }
small() { [ "$(own)" -le $1 ]; }

# ---- idle connections -------------------------------------------------------

n=10000
limit=$(ulimit -Hn)
[ "$limit" = unlimited ] || [ "$limit" -ge 20060 ] || n=$(((limit - 60) / 2))
case $GLIMD_BACKEND in select) n=250 ;; esac
[ -z "$GLIMD_WRAP" ] || n=200
keys="server.max-keep-alive-idle = 600
server.max-connections = $((n + 20))"
[ "$GLIMD_BACKEND" = select ] || keys="$keys
server.max-fds = $((2 * n + 50))"
start_server "$keys"
# what the first clients of all cost is nobody's in particular
"$LOAD" -a 127.0.0.1:$PORT -k 16 -f 16 -c 1000 -p /a.txt -s 6 >load.out
if [ -d /proc/$PID/fd ]; then
	wait_for few_fds 20
	before=$(pss) fds=$(fds)
	hold -p /a.txt -n $n idle
	with=$(pss) more=$(($(fds) - fds))
	each=$(((with - before) * 1024 / n))
	is "$n idle connections are open" $more $n
	echo "# $each bytes of memory for each of $n ($before, $with KiB)"
	if [ -n "$measured" ] && [ $n -ge 5000 ]; then
		okay "... which cost at most $EACH bytes each" \
		    test $each -le $EACH
	elif [ $n -ge 5000 ]; then
		skip "... which cost at most $EACH bytes each" "not measurable"
	fi
	is "... and others are served" "$(get /a.txt | body)" hello
	kill $crowd
	wait $crowd
	is "... they were never hung up on" "$(cat crowd.out)" \
	    "opened $n answered $n closed_by_server 0"
	okay "... and vanish without a trace" wait_for few_fds $fds
else
	skip "idle connections" "no /proc"
fi
stop_server

# ---- what is left of requests and aborted connections -----------------------

# One part in 20 is a listing, one in 20 a file too large to be kept. All at
# the same time; left is what they said of failures.
requests() {				# NUMBER
	args="-a 127.0.0.1:$PORT -t 60"
	"$LOAD" $args -k 24 -f 8 -c $(($1 * 9 / 10)) -p /a.txt -s 6 >load.1 &
	one=$!
	"$LOAD" $args -k 8 -f 4 -c $(($1 / 20)) -p /folder/ >load.2 &
	two=$!
	"$LOAD" $args -k 8 -f 4 -c $(($1 / 20)) -p /medium -s 100000 >load.3
	wait $one $two
	left=$(sed 's/.*\(failed.*\) longest.*first/\1 first/' load.? | sort -u)
	answered=$(awk '{ n += $2 } END { print n }' load.?)
}

aborts() {				# NUMBER: prints what it says
	"$CROWD" -a 127.0.0.1:$PORT -p /large -n $1 -t 60 abort
}

comes_back() {				# WHO REQUESTS ABORTED
	for i in 1 2; do		# pools and caches fill up
		requests 4000
		aborts 1000 >aborted
	done
	if [ -d /proc/$PID/fd ]; then
		wait_for few_fds $free
		before=$(own)
	fi
	requests $2
	is "$1: $2 requests" "$left" "failed 0 refused 0 first_failure -"
	okay "... answered ($answered)" test $answered -ge $2
	is "... and $3 connections that end at every stage" "$(aborts $3)" \
	    "opened $3 answered $(($3 / 5)) closed_by_server 0"
	is "... after which it still serves" "$(get /a.txt | body)" hello
	if [ ! -d /proc/$PID/fd ]; then
		skip "... leave nothing behind" "no /proc"
		return
	fi
	okay "... leave no descriptor behind" wait_for few_fds $free
	if [ -z "$measured" ]; then
		skip "... and no memory" "not measurable"
		return
	fi
	okay "... and no memory" wait_for small $((before + SLACK))
	echo "# $before KiB before, $(own) KiB after; $(fds) descriptors"
}

start_server 'dir-listing.activate = "enable"'
free=$(fds)
free=$((free + 3))		# the cache's: three files
if [ -n "$first" ]; then
	comes_back "one process" 300000 20000
else
	comes_back "one process" 20000 2000
fi
stop_server

if [ -n "$first" ]; then
	start_workers 2 'dir-listing.activate = "enable"'
	workers 2
	free=$(($(fds) + 6))
	SLACK=$((4 * SLACK))	# who serves how many at a time is chance
	comes_back "two workers" 40000 4000
fi
