# 61-workers - a master and its workers: who dies is replaced, who has nothing
# to do sleeps, and clients learn of neither.
. "$TOP/test/lib.sh"
. "$TOP/test/workers.sh"

ulimit -c 0
backends=$("$GLIMD" -V | tr -c 'a-z-' '\n' |
    grep -x -e select -e poll -e linux-sysepoll | sort -u)

run() { $GLIMD_WRAP "$GLIMD" "$@" </dev/null >out 2>err; }

# What a process has open, as sorted kinds.
opened() { ls -l /proc/$1/fd | sed -n 's/.* -> //p' | tr -d '0-9' | sort; }
opened_all() {
	kids $PID
	for pid in $PID $KIDS; do echo "process"; opened $pid; done
}

# ---- a start ----------------------------------------------------------------

configure "server.max-worker = 3
server.pid-file = \"$WORK/pid\"
server.errorlog = \"$WORK/error.log\""
run -f glimd.conf
status=$?
PID=$(cat pid)
mine $PID
PORT=$(sed -n 's/.*listening on [^ ]*:\([0-9][0-9]*\)$/\1/p' error.log)
is "it serves as soon as the command returns" \
    "$status $(cat err) $(get /a.txt | body)" "0  hello"
kids $PID
set -- $KIDS
is "three workers, children of the master" $# 3
if [ -z "$GLIMD_WRAP" ]; then
	is "the title of the master" "$(title $PID)" "glimd: master glimd.conf"
	is "the titles of the workers" \
	    "$(for p; do title $p; done)" \
	    "glimd: worker 1
glimd: worker 2
glimd: worker 3"
else
	skip "titles" "something else is in front"
fi
for p; do mine $p; done
sed "s/^server.port = 0/server.port = $PORT/
    s,/pid\",/other\"," glimd.conf >other.conf
run -f other.conf
is "a start on its port: status 1, one line" \
    "$? $(wc -l <err | tr -d ' ')" "1 1"
okay "... no pid file" test ! -e other
kids $PID
is "... and no worker is disturbed" "$KIDS" "$*"
sed 's/^server.port = 0/server.port = 0 # another/' glimd.conf >second.conf
run -f second.conf
status=$?
okay "a start with its pid file fails" test $status -ne 0
like "... and says so to who started it" "$(cat err)" "*$WORK/pid*"
is "... the pid file stays" "$(cat pid)" $PID
kill -TERM $PID
okay "TERM: master and workers are gone" wait_for all_gone $PID $*
okay "... and the pid file" test ! -e pid

refuse() {				# NAME CONFIGURATION PATTERN
	configure "server.max-worker = 2
server.pid-file = \"$WORK/pid\"
server.errorlog = \"$WORK/none.log\"
$2"
	run -f glimd.conf
	is "$1: status 1, one line" "$? $(wc -l <err | tr -d ' ')" "1 1"
	like "... says why" "$(cat err)" "$3"
	okay "... no pid file" test ! -e pid
	[ ! -s pid ] || mine $(cat pid)
}
refuse "no document root" 'server.document-root = "/no/such/folder"' \
    "*/no/such/folder*"
refuse "an access log that cannot be made" \
    'server.modules = ( "mod_accesslog" )
accesslog.filename = "/no/such/folder/access.log"' "*/no/such/folder*"
refuse "too many workers" 'server.max-worker = 1024' "*max-worker*"

# So few descriptors that not all of the workers can be had.
configure "server.max-worker = 40
server.pid-file = \"$WORK/pid\"
server.errorlog = \"$WORK/few.log\""
(ulimit -n 24; exec $GLIMD_WRAP "$GLIMD" -f glimd.conf) </dev/null >out 2>err &
PID=$!
wait_for gone $PID
if gone $PID; then
	wait $PID
	status=$?
	okay "a worker that cannot be started: the start fails" \
	    test $status -ne 0
	okay "... and says so to who started it" test -s err
else
	verdict "not ok" "a worker that cannot be started: the start fails" \
	    "it waits: $(tail -n 1 few.log)" "an exit status"
	kill $PID
fi
[ ! -s pid ] || { PID=$(cat pid); kill $PID; wait_for gone $PID; }

# ---- deaths under load, for each backend ------------------------------------

for backend in $backends; do
	SRV=$backend
	start_workers 2 "server.event-handler = \"$backend\""
	[ ! -d /proc/$PID/fd ] || opened_all >before
	load -k 8 -f 4
	i=0 slowest=0 late=0
	while [ $i -lt 20 ]; do
		workers 2
		set -- $KIDS
		[ $((i % 2)) = 0 ] && victim=$1 || victim=$2
		kill -KILL $victim
		now; began=$NOW
		until want=2; is_back || [ $((NOW - began)) -gt 3000 ]; do
			pause 2
			now
		done
		now
		[ $((NOW - began)) -le $((100 * SLOW)) ] || late=$((late + 1))
		[ $((NOW - began)) -le $slowest ] || slowest=$((NOW - began))
		pause 110		# ten starts in a second are the most
		i=$((i + 1))
	done
	load_ends
	is "$backend: 20 workers killed: nobody was refused" "$refused" 0
	okay "... only what was in flight is lost ($failed)" \
	    test "$failed" -le 240
	like "... and in no other way" "$result" \
	    "*first_failure *-*"
	# a machine that has other things to do may stall now and then
	okay "... workers are back within 100 ms ($late were not)" \
	    test $late -le 5
	okay "... every one within half a second ($slowest ms)" \
	    test $slowest -le $((500 * SLOW))
	is "... each death is logged" "$(counted 'died of signal 9')" 20
	workers 2
	is "... then nothing is lost" "$("$LOAD" -a 127.0.0.1:$PORT -k 4 -f 4 \
	    -p /a.txt -s 6 -c 200 | cut -d ' ' -f 3-6)" "failed 0 refused 0"
	kids $PID
	kill -KILL $KIDS
	now; began=$NOW
	wait_for served
	now
	okay "$backend: all killed: back within a second" \
	    test $((NOW - began)) -le $((1000 * SLOW))
	if [ -d /proc/$PID/fd ]; then
		workers 2
		calm() { opened_all >after; cmp -s before after; }
		wait_for calm
		is "$backend: the same descriptors as before" \
		    "$(diff before after)" ""
	else
		skip "$backend: descriptors" "there is no /proc"
	fi
	stop_server
done
SRV=glimd

# ---- servers that have nothing to do: they are looked at in the end ---------

for backend in $backends; do
	for SRV in $backend.idle $backend.held; do
		start_workers 1 "server.event-handler = \"$backend\"
server.max-keep-alive-idle = 100"
		kids $PID
		echo "$PID $KIDS" >$SRV.pids
		"$RAW" -a 127.0.0.1:$PORT -t 100000 \
		    'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n' \
		    -g HTTP -T $SRV.got -f $SRV.end -e >/dev/null &
		mine $!
		wait_for test -e $SRV.got
	done
	touch $backend.idle.end
done
SRV=glimd

# ---- crash loops ------------------------------------------------------------

# Kills each new worker as soon as it is there, for a time; writes when each
# was seen first to the file births.
reap() {				# SIGNAL MILLISECONDS
	kids $PID
	old=" $KIDS "
	kill -$1 $KIDS
	: >births
	now; end=$((NOW + $2))
	while [ $NOW -lt $end ]; do
		kids $PID
		for pid in $KIDS; do
			case $old in *" $pid "*) continue ;; esac
			now
			echo $NOW >>births
			kill -$1 $pid 2>/dev/null
			old="$old$pid "
		done
		pause 2
		now
	done
	births=$(wc -l <births | tr -d ' ')
}
# The most births in nine tenths of a second: they are seen a little late.
densest() {
	awk '{ t[NR] = $1; while (t[NR] - t[low + 1] > 900) low++
		if (NR - low > most) most = NR - low }
		END { print most + 0 }' births
}

# A worker has the listening sockets, its channel, and one for each sibling.
sockets() { for pid in $KIDS; do opened $pid | grep -c '^socket:'; done; }
same() { workers 3 && opened_all >after && cmp -s before after; }

start_workers 3
[ ! -d /proc/$PID/fd ] || opened_all >before
reap KILL 4800
okay "all new workers killed: ten starts a second at most ($(densest))" \
    test "$(densest)" -le 15 -a $births -le 60	# a stall bunches them
okay "... but hardly less: who is killed has not crashed ($births)" \
    test $births -ge 15
now; began=$NOW
wait_for served
now
okay "... then it serves within a second ($((NOW - began)) ms)" \
    test $((NOW - began)) -le $((1000 * SLOW))
if [ -d /proc/$PID/fd ]; then
	wait_for same
	is "... the descriptors are the same as before ($births deaths)" \
	    "$(diff before after)" ""
	is "... the listener, a channel, two siblings" \
	    "$(sockets | tr '\n' ' ')" "4 4 4 "
	i=0
	while [ $i -lt 50 ]; do
		kill -HUP $PID
		i=$((i + 1))
		reloaded() { [ "$(counted 'configuration reloaded')" = $i ]; }
		wait_for reloaded
	done
	wait_for same
	is "50 reloads: the descriptors are the same as before" \
	    "$(diff before after)" ""
	is "... the listener, a channel, two siblings" \
	    "$(sockets | tr '\n' ' ')" "4 4 4 "
else
	skip "descriptors after deaths and reloads" "there is no /proc"
fi
stop_server

asan=$ASAN_OPTIONS
export ASAN_OPTIONS=handle_segv=0:$asan	# which would be no death by signal
start_workers 2
reap SEGV 2600			# the next ones come after 3 s
okay "workers that crash are started fewer and fewer times ($births)" \
    test $births -lt 10
okay "... but they are" test $births -ge 3
is "... each crash is logged" "$(counted 'died of signal 11')" $((births + 2))
kids $PID
is "... for a while there is none" "$KIDS" ""
kill -TERM $PID
now; began=$NOW
judge_end "TERM ends it while workers wait for their start"
now
okay "... at once" test $((NOW - began)) -le $((500 * SLOW))

start_workers 1
kids $PID
victim=$KIDS
kill -SEGV $victim
want=1
okay "a first crash is answered at once" wait_for is_back
stop_server
export ASAN_OPTIONS=$asan

# ---- a stopped worker -------------------------------------------------------

start_workers 3 "server.pid-file = \"$WORK/pid\""
kids $PID
set -- $KIDS
for pid; do mine $pid; done
kill -STOP $2
now; began=$NOW
kill -TERM $PID
until ended || [ $((NOW - began)) -gt 5000 ]; do pause 5; now; done
now
took=$((NOW - began))
okay "a stopped worker is killed after a second ($took ms)" \
    test $took -ge 990 -a $took -le $((1300 * SLOW))
okay "... all are gone" all_gone $PID $*
okay "... and the pid file" test ! -e pid
like "... it was killed" "$(cat $SRV.log)" "*worker ? ($2) died of signal 9*"
judge_end "... status 0"

# ---- a killed master --------------------------------------------------------

SRV=old
start_workers 2 "server.pid-file = \"$WORK/pid\""
kids $PID
set -- $KIDS
for pid; do mine $pid; done
download
kill -KILL $PID
wait_for ended
forget
SRV=new
start_workers 2 "server.pid-file = \"$WORK/pid\"
server.port = $PORT"
okay "the master is killed: the next one has the port" served
okay "... and the pid file" test "$(cat pid)" = $PID
one_left() { [ "$(for p; do gone $p || echo lives; done)" = lives ]; }
okay "... while one worker of the old one lives" wait_for one_left $*
[ -n "$GLIMD_WRAP" ] || like "... whose title says what it does" \
    "$(for p; do gone $p || title $p; done)" "glimd: worker ? is shutting down"
okay "... until its download is complete" finished
okay "... then it is gone" wait_for all_gone $*
is "... the workers knew" "$(grep -c 'the master is gone' old.log)" 2
okay "... and the new server has its pid file still" \
    test "$(cat pid)" = $PID
stop_server
SRV=glimd

# ---- a storm of signals -----------------------------------------------------

start_workers 2
load -k 2 -f 2
sent=0
now; began=$NOW
while [ $sent -lt 1000 ]; do
	kids $PID
	set -- $PID $KIDS
	kill -USR1 "$@"
	kill -ALRM "$@"
	kill -CHLD "$@"
	kill -PIPE "$@"
	kill -HUP "$@"
	sent=$((sent + 5 * $#))
	pause 10
done 2>/dev/null
now
took=$((NOW - began))
okay "a storm of $sent signals in $took ms: it serves" served
load_ends
is "... no request failed" "$failed $refused" "0 0"
okay "... in the end there are two workers" workers 2
is "... as they should be" "$(for p in $KIDS; do title $p; done)" \
    "glimd: worker 1
glimd: worker 2"
like "... it did reload" "$(cat $SRV.log)" "*configuration reloaded*"
is "... nobody died" "$(grep -A 3 -E 'died of|ended with' $SRV.log)" ""
stop_server

# ---- nothing to do ----------------------------------------------------------

strace -o trace true 2>/dev/null && [ -z "$GLIMD_WRAP" ] || {
	skip "who has nothing to do sleeps" "no strace"
	exit
}
strace -f -ttt -o trace $(cat *.pids | tr ' ' '\n' | sed 's/^/-p /') 2>tracer &
tracer=$!
mine $tracer
attached() { [ "$(grep -c attached tracer)" = $(cat *.pids | wc -w) ]; }
wait_for attached
now; began=$NOW
pause 6000
now
kill -INT $tracer
wait $tracer

# The moments in which a process did anything, but for the first half second,
# when it notices the tracer.
moments() {				# PID
	awk -v pid=$1 'NR == 1 { start = $2 }
		/<detached|strace: / { next }
		$2 < start + 0.5 || $1 != pid { next }
		$2 > last + 0.2 { n++ }
		{ last = $2 }
		END { print n + 0 }' trace
}
for backend in $backends; do
	read -r master worker <$backend.idle.pids
	is "$backend: an idle master does not wake" "$(moments $master)" 0
	is "$backend: an idle worker does not wake" "$(moments $worker)" 0
	read -r master worker <$backend.held.pids
	okay "$backend: a master looks at who has a client once a second" \
	    test "$(moments $master)" -le $(((NOW - began) / 1000 + 1))
	okay "$backend: an idle client costs one wake-up a second at most" \
	    test "$(moments $worker)" -le $(((NOW - began) / 1000 + 1))
	okay "$backend: ... which was seen" test "$(moments $worker)" -ge 4
done
