# 61-signals - what signals do to a master and to its workers.
. "$TOP/test/lib.sh"
. "$TOP/test/workers.sh"

# ---- TERM, QUIT, INT --------------------------------------------------------

start_workers 2
download
send TERM $PID
okay "TERM stops at once" wait_for ended
touch go
wait $job
read -r size how <end
okay "TERM drops a download" test "$size" -lt 33554432
judge_end "TERM: status 0"
is "TERM: master and workers know who wanted it" \
    "$(counted "stop, UID = $(id -u) PID = $SENDER\$")" 3

for signal in QUIT INT; do
	start_workers 2 "server.pid-file = \"$WORK/pid\""
	kids $PID
	set -- $KIDS
	download
	send $signal $PID
	closed() { ! raw -e 2>/dev/null; }
	okay "$signal: the port is free at once" wait_for closed
	okay "$signal: so is the pid file" test ! -e pid
	okay "$signal: the idle worker goes" workers 1
	okay "$signal: the download lives" kill -0 $job
	okay "$signal: ... and is completed" finished
	judge_end "$signal: then it ends, status 0"
	okay "$signal: nobody is left" all_gone $*
	is "$signal: master and workers know who wanted it" \
	    "$(counted "graceful stop, UID = $(id -u) PID = $SENDER\$")" 3
done

start_workers 2
kids $PID
set -- $KIDS
download
kill -INT $PID
workers 1
okay "one INT waits" kill -0 $PID
send INT $PID
okay "a second INT stops" wait_for ended
okay "... the workers, too" all_gone $*
is "... who know who wanted it" \
    "$(counted "[^l] stop, UID = $(id -u) PID = $SENDER\$")" 2
touch go
wait $job
judge_end "... status 0"

# ---- WINCH ------------------------------------------------------------------

start_workers 2 "server.pid-file = \"$WORK/pid\""
download
kill -WINCH $PID
okay "WINCH: the idle worker goes" workers 1
okay "WINCH: the download is completed" finished
okay "WINCH: then no worker is left" workers 0
okay "WINCH: the master stays, and its pid file" test "$(cat pid)" = $PID
get /a.txt >waiting &
job=$!
kill -HUP $PID
okay "HUP brings the workers back" served_by 2
wait $job
is "... who serve those that waited meanwhile" "$(body <waiting)" hello
like "... and it is logged" "$(cat $SRV.log)" "*workers are back*"
stop_server
start_workers 2
kill -WINCH $PID
workers 0
stop_server

# ---- signals to a worker ----------------------------------------------------

start_workers 1
kids $PID
set -- $KIDS
send USR1 $1
okay "USR1 to a worker: it says who reopened its logs" \
    wait_for logged "logs reopened, UID = $(id -u) PID = $SENDER\$"
is "... the master knows nothing of it" "$(counted 'logs reopened')" 1
for signal in HUP USR2 PIPE ALRM CHLD; do
	kill -$signal $1
	okay "$signal to a worker: it serves on" served
done
send USR1 $1
wait_for logged "logs reopened, UID = $(id -u) PID = $SENDER\$"
kids $PID
is "... and is still the same" "$KIDS" $1
is "... and nothing happened" \
    "$(grep -c -E 'upgrade|reload|graceful' $SRV.log)" 0
send USR1 $PID
again() { [ "$(counted "reopened, UID = $(id -u) PID = $SENDER\$")" = 2 ]; }
okay "USR1 to the master: both name who sent it" wait_for again

download
victim=$1 want=1
send QUIT $victim
okay "QUIT to a worker: it says who wanted it" \
    wait_for logged "graceful stop, UID = $(id -u) PID = $SENDER\$"
titled() { [ "$(title $victim)" = "glimd: worker 1 is shutting down" ]; }
[ -n "$GLIMD_WRAP" ] || okay "... and shows it" wait_for titled
okay "... its download is completed" finished
okay "... then it is replaced" wait_for is_back
okay "... and the new one serves" served
pause $((1010 * SLOW))			# or it would have crashed twice
kids $PID
victim=$KIDS
send TERM $victim
okay "TERM to a worker: it says who wanted it" \
    wait_for logged "stop, UID = $(id -u) PID = $SENDER\$"
okay "... and is replaced" wait_for is_back
okay "... the new one serves" served
stop_server
