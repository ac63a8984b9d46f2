# 61-regressions - bugs that processes had here, each by what went wrong.
. "$TOP/test/lib.sh"
. "$TOP/test/workers.sh"

run() { $GLIMD_WRAP "$GLIMD" "$@" </dev/null >out 2>err; }
errorlog=

# ---- a worker of a reload inherited its master's deadlines, and spun --------

start_workers 2
raw 'GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n' -g hello -T held -f go &
client=$!
wait_for test -e held
kids $PID
old=$KIDS
kill -HUP $PID
renewed() {
	number && case " $KIDS " in *" ${old%% *} "* | *" ${old#* } "*) false ;;
	esac
}
touch go
wait $client
want=2
okay "a reload while a client is there" wait_for renewed
if [ -r /proc/$PID/stat ]; then
	used() { cat $(printf '/proc/%s/stat ' $KIDS) | sed 's/.*) //' |
	    awk '{ n += $12 + $13 } END { print n }'; }
	before=$(used)
	pause 1000
	okay "... and nobody spins" test $(($(used) - before)) -lt 20
else
	skip "... and nobody spins" "there is no /proc"
fi
stop_server

# ---- a new worker that cannot start cancels the reload ----------------------

start_workers 2 'server.event-handler = "poll"'
kids $PID
old=$KIDS
fds=$(ls /proc/$PID/fd 2>/dev/null | wc -l)
cp glimd.conf good.conf
sed 's/"poll"/"select"/' good.conf >glimd.conf
echo 'server.max-fds = 5000' >>glimd.conf
cancelled() { [ "$(counted 'new workers cannot start')" -ge $1 ]; }
for i in 1 2 3; do
	kill -HUP $PID
	okay "a worker that cannot start, $i: the reload is given up" \
	    wait_for cancelled $i
	okay "... the old ones stay" workers 2
	is "... the same ones" "$KIDS" "$old"
	okay "... and serve" served
done
cp good.conf glimd.conf
kill -HUP $PID
okay "... and the next reload is a good one" wait_for logged \
    "configuration reloaded"
okay "... with two workers" workers 2
[ $fds = 0 ] || is "... and no descriptor more" \
    "$(ls /proc/$PID/fd | wc -l)" $fds
stop_server

# ---- a successor that waited for the port lost its pid file -----------------

configure "server.pid-file = \"$WORK/pid\""
run -f glimd.conf || verdict "not ok" "it starts" "$(cat err)" ""
first=$(cat pid)
mine $first
port=$(ss -ltnp 2>/dev/null | sed -n "s/.*:\([0-9]*\) .*pid=$first,.*/\1/p" |
    sed 1q)
if [ -n "$port" ]; then
	sed "s/^server.port = 0/server.port = $port/" glimd.conf >next.conf
	cp next.conf glimd.conf
	"$GLIMD" -f next.conf >out 2>err &
	starting=$!
	pause 100		# it tries for half a second
	kill -TERM $first
	wait $starting
	is "a successor that is early starts" $? 0
	mine "$(cat pid)"
	okay "... and has a pid file" kill -0 "$(cat pid)"
	okay "... by which it can be told" run -s stop -f next.conf
	wait_for test ! -e pid
else
	skip "a successor that is early" "no ss tells our port"
fi

# ---- the workers of a killed master kept a unix socket ----------------------

rm -f pid
configure "server.bind = \"$WORK/socket\"
server.pid-file = \"$WORK/pid\"
server.max-worker = 1"
run -f glimd.conf || verdict "not ok" "it starts" "$(cat err)" ""
kids "$(cat pid)"
set -- $KIDS
kill -STOP $*
kill -KILL "$(cat pid)"
"$GLIMD" -f glimd.conf >out 2>err &
starting=$!
pause 100			# it tries for half a second
kill -CONT $*
wait $starting
is "a unix socket: after a killed master a new one starts" $? 0
mine "$(cat pid)"
is "... and serves" "$("$RAW" -a "$WORK/socket" \
    'GET /a.txt HTTP/1.0\r\n\r\n' | tail -n 1)" hello
okay "... and nobody is left of the old one" wait_for all_gone $*
run -s stop -f glimd.conf
okay "... nor of the socket" wait_for test ! -e socket

# ---- a daemon's log reader belonged to the process that had gone ------------

find_reader() {
	kids $PID
	for child in $KIDS; do
		case $(title $child) in cat*) echo $child ;; esac
	done
}
for workers in 0 1; do
	rm -f pid error.log
	configure "server.pid-file = \"$WORK/pid\"
server.max-worker = $workers
server.errorlog = \"|exec cat >>$WORK/error.log\""
	run -f glimd.conf
	PID=$(cat pid)
	mine $PID
	started() { grep -q started error.log; }
	okay "$workers workers: a daemon's log reader has its first line" \
	    wait_for started
	reader=$(find_reader)
	kill -KILL $reader
	another() {
		again=$(find_reader)
		[ -n "$again" ] && [ "$again" != "$reader" ]
	}
	okay "$workers workers: it is started again" wait_for another
	is "$workers workers: what it writes is not for everybody to change" \
	    "$(ls -l error.log | cut -c 1-10)" "-rw-r--r--"
	run -s stop -f glimd.conf
	wait_for test ! -e pid
done

# ---- USR1 had a worker start a log reader of its own ------------------------

start_workers 1 "server.modules = ( \"mod_accesslog\" )
accesslog.filename = \"|exec cat >>$WORK/piped.log\""
kids $PID
for child in $KIDS; do
	case $(title $child) in *worker*) worker=$child ;; esac
done
reopened() { [ "$(counted 'logs reopened')" -ge $1 ]; }
kill -USR1 $PID		# logs come over the channel ...
okay "USR1, to a master" wait_for reopened 2
kill -USR1 $worker	# ... and are then opened by name
okay "USR1, to a worker" wait_for reopened 3
kids $worker
is "... which starts no log reader" "$KIDS" ""
get /a.txt >got.txt
stop_server
is "... and its lines arrive" "$(grep -c 'GET /a.txt' piped.log)" 1
