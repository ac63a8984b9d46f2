# 65-signals - ending gracefully or at once, and zero-config mode.
. "$TOP/test/lib.sh"

echo hello >root/a.txt
dd if=/dev/zero of=root/large bs=1048576 count=32 2>/dev/null
closed() { ! raw -e 2>/dev/null; }
served() { [ "$(get /a.txt | body)" = hello ]; }

# A download that has begun, and goes on when go is there.
download() {
	rm -f got go
	raw -s -z 4096 'GET /large HTTP/1.0\r\n\r\n' \
	    -g Content-Length -T got -f go >end &
	job=$!
	wait_for test -e got
}

# ---- stop -------------------------------------------------------------------

start_server ''
kill -PIPE $PID
kill -SYS $PID
kill -ALRM $PID
kill -CHLD $PID
okay "PIPE, SYS, ALRM and CHLD do no harm" served
download
kill -TERM $PID
okay "TERM stops at once" wait_for ended
touch go
wait $job
read size how <end
okay "TERM drops a download" test "$size" -lt 33554432
judge_end "TERM: status 0"

# ---- graceful quit ----------------------------------------------------------

for signal in INT QUIT; do
	start_server "server.pid-file = \"$WORK/pid\""
	download
	raw -c 'GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n' -g hello -T idle.got \
	    >idle &
	idle=$!
	wait_for test -e idle.got
	kill -$signal $PID
	okay "$signal: the port is free at once" wait_for closed
	wait $idle
	is "$signal: an idle connection is closed" \
	    "$(tail -n 1 idle)" eof
	okay "$signal: the download lives" kill -0 $PID
	okay "$signal: the pid file is gone at once" test ! -e pid
	SRV=next
	start_server "server.port = $PORT"
	okay "$signal: the next server has the port" served
	stop_server
	SRV=glimd
	PID=$(cat glimd.id)
	touch go
	wait $job
	read size how <end
	okay "$signal: the download is complete ($size)" \
	    test "$size" -gt 33554432
	judge_end "$signal: then it ends, status 0"
	rm -f idle.got
done

start_server ''
download
kill -INT $PID
wait_for closed
okay "one INT waits for the download" kill -0 $PID
kill -INT $PID
okay "a second INT stops" wait_for ended
touch go
wait $job
judge_end "... status 0"

# ---- going on ---------------------------------------------------------------

start_server ''
download
for signal in HUP USR1; do
	kill -$signal $PID
	okay "$signal: it goes on" served
done
touch go
wait $job
read size how <end
okay "HUP, USR1: the download is complete" test "$size" -gt 33554432
stop_server

# ---- zero-config ------------------------------------------------------------

start_zero root
wait_for grep -q http: $SRV.log
like "zero-config says where it is" "$(cat $SRV.log)" \
    "*http://127.0.0.1:$PORT/*"
is "... and serves" "$(get /a.txt | body)" hello
stop_server
like "... and logs to standard output" "$(cat $SRV.out)" \
    '127.0.0.1 *"GET /a.txt HTTP/1.1" 200 6*'
start_zero root/a.txt
is "a single file, as /" "$(get / | body)" hello
is "a single file, by its name" "$(get /a.txt | body)" hello
like "a single file, nothing else" "$(get /large | first)" "HTTP/1.1 404 *"
stop_server INT

start_zero -l "unix:$WORK/socket" root
wait_for test -S socket
is "a unix socket" "$(raw -a "$WORK/socket" \
    'GET /a.txt HTTP/1.0\r\n\r\n' | tr -d '\r' | body)" hello
stop_server
okay "... is removed at the end" test ! -e socket

start_zero -i 1 root
is "-i 1: it serves" "$(get /a.txt | body)" hello
okay "-i 1: and quits when nobody comes" wait_for ended
judge_end "-i 1: status 0"

$GLIMD_WRAP "$GLIMD" -D /no/such/folder >out 2>err
is "no such folder: status 1" $? 1
like "... says so" "$(cat err)" "*/no/such/folder*"

# ---- one connection on standard input ---------------------------------------

configure ''
one="$(echo $GLIMD_WRAP) '$GLIMD' -1 -f glimd.conf 2>err"
is "-1 answers" "$("$RAW" -x "$one" 'GET /a.txt HTTP/1.1\r\nHost: x\r\n' \
    'Connection: close\r\n\r\n' | tr -d '\r' | body)" hello
is "-1 answers more than one request" "$("$RAW" -c -x "$one" \
    'GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n' -g hello \
    'GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n' -h | tail -n 3 | tr '\n' ' ')" \
    "HTTP/1.1 200 OK HTTP/1.1 200 OK eof "
"$RAW" -x "$one" 'NONSENSE\r\n\r\n' >out 2>&1
is "-1 ends with status 0" "$?" 0
