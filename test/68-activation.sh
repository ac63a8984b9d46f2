# 68-activation - sockets that a service manager holds, and what it is told.
. "$TOP/test/lib.sh"
. "$TOP/test/load.sh"

echo hello >root/a.txt
listen=$TOP/test/bin/listen
ask() { "$RAW" -a "$1" 'GET /a.txt HTTP/1.0\r\n\r\n' | tail -n 1; }
is_free() { ! "$RAW" -a "$1" -e 2>/dev/null; }
held() { sed -n "$1p" $SRV.out; }	# the port of a socket
there() { sed -n 's/.*\] listening on //p' $SRV.log; }

# LISTEN'S arguments are one word; the script, if any, is to exec its own.
start() {				# CONFIGURATION LISTEN'S [SCRIPT]
	configure "server.max-worker = $workers
$1"
	set -- "$2" ${3:+sh -c "$3" sh} $GLIMD_WRAP "$GLIMD" -D -f $SRV.conf
	words=$1
	shift
	launch "$listen" $words "$@"
	await || verdict "not ok" "the server starts" "$(cat $SRV.log)" ""
}

is_held() {				# ADDRESS
	is "$what: it serves" "$(ask "$1")" hello
	is "$what: where it was" "$(there)" "$2"
}

for workers in 0 2; do
	what="any port is the one held, $workers workers"
	start '' 127.0.0.1:0
	is_held 127.0.0.1:$(held 1) 127.0.0.1:$(held 1)
	okay "$what: HUP" reload
	is_held 127.0.0.1:$(held 1) 127.0.0.1:$(held 1)
	stop_server

	what="one too many, $workers workers"
	start '' 127.0.0.1:0,127.0.0.1:0
	is_held 127.0.0.1:$(held 1) 127.0.0.1:$(held 1)
	okay "$what: it is closed" wait_for is_free 127.0.0.1:$(held 2)
	okay "$what: ... and logged" says \
	    "note. no longer listening on 127.0.0.1:$(held 2)"
	other=$(held 2)
	stop_server

	what="the second of two, $workers workers"
	start "server.port = $other" 127.0.0.1:0,127.0.0.1:$other
	is_held 127.0.0.1:$other 127.0.0.1:$other
	okay "$what: the first is closed" wait_for is_free \
	    127.0.0.1:$(held 1)
	stop_server

	what="IPv6 and IPv4 in one, $workers workers"
	if "$listen" '[::1]:0' true >out 2>&1; then
		start 'server.bind = ""' '[::]:0'
		is_held 127.0.0.1:$(held 1) "[::]:$(held 1)"
		is "$what: by IPv6" "$(ask "[::1]:$(held 1)")" hello
		stop_server
		what="IPv6, $workers workers"
		start 'server.bind = "::1"' '[::1]:0'
		is_held "[::1]:$(held 1)" "[::1]:$(held 1)"
		stop_server
	else
		skip "$what" "there is no IPv6"
	fi

	what="unix socket, $workers workers"
	start "server.bind = \"$WORK/socket\"" "unix:$WORK/socket"
	is_held "$WORK/socket" "unix:$WORK/socket"
	stop_server

	what="of another process, $workers workers"
	start '' 127.0.0.1:0 'LISTEN_PID=1 exec "$@"'
	is "$what: it has a port of its own" "$(ask 127.0.0.1:$PORT)" hello
	unlike "$what: ... another" "$PORT" "$(held 1)"
	okay "$what: the other is closed" is_free 127.0.0.1:$(held 1)
	stop_server

	for text in -1 x 0 '' ' 1' 1x 99999999999999 99999999999999999999; do
		what="LISTEN_FDS=\"$text\", $workers workers"
		start '' 127.0.0.1:0 "LISTEN_FDS='$text' exec \"\$@\""
		is "$what: it serves" "$(ask 127.0.0.1:$PORT)" hello
		stop_server
	done

	what="a file among them, $workers workers"
	start '' 127.0.0.1:0 'LISTEN_FDS=2 exec "$@" 4<root/a.txt'
	is_held 127.0.0.1:$(held 1) 127.0.0.1:$(held 1)
	okay "$what: is refused" says \
	    'inherited descriptor 4 does not listen: '
	if [ -d /proc/$PID/fd ]; then
		is "$what: ... and closed" "$(ls -l /proc/$PID/fd |
		    grep -c root/a.txt)" 0
	fi
	stop_server
done

# ---- a parent holds them ----------------------------------------------------

for backend in $backends; do for workers in 0 2; do
	what="$backend, $workers workers, held"
	start "server.event-handler = \"$backend\"" '-k 127.0.0.1:0'
	start_load -k 8 -f 4 -p /a.txt -s 6
	for i in 1 2 3 4 5; do
		PID=$(children "$(cat $SRV.id)")
		kill -QUIT $PID
		okay "$what: successor $i" wait_for says 'note. started' \
		    $((i + 1))
	done
	end_load
	judge_load "$what: nobody notices"
	stop_server
done; done

what="-i 1"
workers=0
idle_end() { says 'idle for 1 seconds' && [ -z "$(children)" ]; }
start '' '-k 127.0.0.1:0' 'exec "$@" -i 1'
okay "$what: it ends when nobody comes" wait_for idle_end
is "$what: the next client starts it again" "$(ask 127.0.0.1:$PORT)" hello
is "$what: ... it is another one" "$(said 'note. started')" 2
stop_server

# ---- what the manager is told -----------------------------------------------

is_gone() { [ -z "$(children $(cat $SRV.id))" ]; }
notes() { sed 's/ .*//' notes | tr '\n' ' '; }
noted() { [ "$(notes)" = "$1 " ]; }
mains() { sed 's/.* MAINPID=\([0-9]*\) .*/\1/' notes | uniq; }
for workers in 0 2; do
	what="NOTIFY_SOCKET, $workers workers"
	rm -f notes
	start "server.pid-file = \"$WORK/pid\"" \
	    "-n $WORK/notes 127.0.0.1:0"
	PID=$(cat pid)
	want=READY=1
	okay "$what: it is ready" wait_for noted "$want"
	okay "$what: HUP" reload
	want="$want RELOADING=1 READY=1"
	okay "$what: it reloads" wait_for noted "$want"
	cp $SRV.conf kept.conf
	echo nonsense >>$SRV.conf
	okay "$what: a bad one is refused" refused
	want="$want RELOADING=1 READY=1"
	okay "$what: it is ready again" wait_for noted "$want"
	cp kept.conf $SRV.conf
	is "$what: it says who it is" "$(mains)" $PID
	is "$what: it says when" "$(grep -v -x \
	    '[A-Z]*=1 MAINPID=[0-9]* MONOTONIC_USEC=[0-9]*' notes)" ""
	old=$PID
	kill -USR2 $PID
	want="$want READY=1"
	okay "$what: USR2: the next one is ready" wait_for noted "$want"
	PID=$(cat pid)
	is "$what: ... and says who it is" "$(mains | tail -n 1)" $PID
	# who goes back is no end of the service
	kill -QUIT $PID
	want="$want READY=1"
	okay "$what: roll-back: the old one is" wait_for noted "$want"
	is "$what: ... and says who it is" "$(mains | tail -n 1)" $old
	kill -QUIT $old
	want="$want STOPPING=1"
	okay "$what: QUIT: it is stopping" wait_for noted "$want"
	okay "$what: QUIT: ... and gone" wait_for is_gone
	is "$what: the next client's" "$(ask 127.0.0.1:$(held 1))" hello
	want="$want READY=1"
	okay "$what: it is ready" wait_for noted "$want"
	kill -TERM $(cat pid)
	want="$want STOPPING=1"
	okay "$what: TERM: it is stopping" wait_for noted "$want"
	PID=$(cat $SRV.id)
	wait_for is_gone
	stop_server
done
