# 64-upgrade - another program takes over, under load, and back if it fails.
. "$TOP/test/lib.sh"
. "$TOP/test/load.sh"

echo hello >root/a.txt
program=$WORK/glimd-copy
cp "$GLIMD" $program
tag() { get /a.txt 2>/dev/null | field Server; }
is_dead() { case $(ps -o args= -p $1) in '' | *defunct*) ;; *) false; esac; }
names() { [ "$(cat pid 2>/dev/null)" = "$1" ]; }	# the pid file
settled_again() { names $PID && [ ! -e pid.oldbin ]; }
is_second() { [ -s pid ] && ! names $PID; }

start() {				# CONFIGURATION
	configure "server.pid-file = \"$WORK/pid\"
$1"
	rm -f pid*
	launch $GLIMD_WRAP $program -D -f $SRV.conf
	await || verdict "not ok" "the server starts" "$(cat $SRV.log)" ""
}

# Returns when both serve; NEW is then the next one's process id.
upgrade() {
	told USR2 'note. started, ' && wait_for is_second || return 1
	NEW=$(cat pid)
	mine $NEW
}

# Ends the old one. The first of all is the test's own child.
complete() {
	kill -QUIT $PID && wait_for test ! -e pid.oldbin &&
		wait_for is_dead $PID && names $NEW || return 1
	PID=$NEW
}

end_new() {
	kill $PID
	okay "$what: the end, without a pid file" wait_for test ! -e pid
	okay "$what: ... and nobody is left" wait_for is_dead $PID
}

# ---- under load -------------------------------------------------------------

for backend in $backends; do for workers in 0 2; do
	what="$backend, $workers workers"
	start "server.event-handler = \"$backend\"
server.max-worker = $workers"
	start_load -k 8 -f 4 -p /a.txt -s 6
	for i in 1 2 3 4 5; do
		old=$PID
		okay "$what: upgrade $i" upgrade
		is "$what: the old one's pid file" "$(cat pid.oldbin)" $PID
		okay "$what: both are there" kill -0 $PID $NEW
		okay "$what: upgrade $i is complete" complete
		[ $i != 1 ] || judge_end "$what: the old one ends with 0"
		PID=$NEW
	done
	end_load
	judge_load "$what: 5 upgrades lose nothing"

	start_load -k 8 -f 4 -p /a.txt -s 6
	gone='the next binary is gone: all goes on as it was'
	mv $program good
	printf '#!/bin/sh\nexit 1\n' >$program
	chmod 755 $program
	okay "$what: a program that fails" told USR2 "$gone"
	okay "$what: ... leaves all as it was" wait_for settled_again
	chmod 644 $program
	okay "$what: a program that is none" told USR2 "$gone"
	okay "$what: ... is named" says "error. cannot start .*glimd-copy"
	okay "$what: ... leaves all as it was" wait_for settled_again
	mv good $program
	cp $SRV.conf good.conf
	echo 'nonsense' >>$SRV.conf
	okay "$what: a bad configuration" told USR2 "$gone"
	okay "$what: ... leaves all as it was" wait_for settled_again
	okay "$what: ... and is told of" says "$SRV.conf:[0-9]*:[0-9]*: "
	cp good.conf $SRV.conf
	end_load
	judge_load "$what: ... and nobody notices"
	end_new
done; done

# ---- both of them -----------------------------------------------------------

only() {				# TAG: answers from now on
	for try in 1 2 3 4 5 6 7 8; do [ "$(tag)" = "$1" ] || return 1; done
}
its_workers() { children | grep -c -v -x "$NEW"; }
has_workers() { [ "$(its_workers)" = $1 ]; }
for workers in 0 2; do
	what="$workers workers"
	start "server.max-worker = $workers
server.tag = \"one\""
	sed 's/"one"/"two"/' $SRV.conf >new.conf
	cp new.conf $SRV.conf
	okay "$what: both live" upgrade
	okay "$what: USR2 to the old one is refused" told USR2 \
	    'error. upgrade refused'
	okay "$what: USR2 to the new one, too" told USR2 \
	    'error. upgrade refused' $NEW
	is "$what: both are what they were" "$(cat pid pid.oldbin)" "$NEW
$PID"
	okay "$what: WINCH to the old one" told WINCH 'no more clients'
	okay "$what: its workers leave" wait_for has_workers 0
	okay "$what: the new one serves" wait_for only two
	sed 's/"two"/"one"/' $SRV.conf >new.conf
	cp new.conf $SRV.conf
	if [ $workers = 0 ]; then
		okay "$what: HUP, and it is back" \
		    told HUP 'clients are accepted again'
	else
		okay "$what: HUP, and they are back" told HUP \
		    'workers are back'
	fi
	okay "$what: as many as before" wait_for has_workers $workers
	kill -QUIT $NEW
	okay "$what: QUIT to the new one rolls back" wait_for settled_again
	okay "$what: the old one serves" only one

	okay "$what: once more" upgrade
	kill -KILL $NEW
	okay "$what: the new one is killed" wait_for says "$gone" 2
	okay "$what: ... all is as it was" wait_for settled_again
	okay "$what: ... the old one serves" only one

	# who sent its clients away takes them again
	okay "$what: and again" upgrade
	okay "$what: WINCH to the old one" told WINCH 'no more clients'
	okay "$what: its workers leave" wait_for has_workers 0
	kill -KILL $NEW
	okay "$what: the new one is killed" wait_for says "$gone" 3
	okay "$what: ... all is as it was" wait_for settled_again
	okay "$what: ... the old one serves" wait_for only one
	okay "$what: ... by as many" wait_for has_workers $workers
	stop_server
	okay "$what: no pid file is left" test ! -e pid
done

# ---- unix sockets -----------------------------------------------------------

for workers in 0 2; do
	what="unix socket, $workers workers"
	start "server.bind = \"$WORK/socket\"
server.max-worker = $workers"
	start_load -a unix:$WORK/socket -k 4 -f 2 -p /a.txt -s 6
	okay "$what: upgrade" upgrade
	okay "$what: the old one ends" complete
	judge_end "$what: ... with status 0"
	PID=$NEW
	end_load
	judge_load "$what: nobody notices"
	for signal in QUIT TERM; do
		okay "$what: upgrade" upgrade
		kill -$signal $NEW
		okay "$what: $signal rolls back" wait_for settled_again
		is "$what: it serves" "$("$RAW" -a "$WORK/socket" \
		    'GET /a.txt HTTP/1.0\r\n\r\n' | tail -n 1)" hello
	done
	end_new
done

# ---- how it was started -----------------------------------------------------

# A daemon's folder is another. What the next one starts has our environment,
# but not what was meant for the server itself.
mkdir elsewhere
modules='server.modules = ( "mod_accesslog" )'
for workers in 0 2; do for how in ./glimd-copy glimd-copy; do
	what="started as $how, $workers workers"
	rm -f error.log environment pid
	configure "server.pid-file = \"$WORK/pid\"
server.max-worker = $workers
server.errorlog = \"$WORK/error.log\"
$modules
accesslog.filename = \"|env >>$WORK/environment; exec cat\""
	errorlog=error.log
	: >error.log
	PATH=$WORK:$PATH MARK=mark $how -f $SRV.conf >daemon.log 2>&1
	is "$what: it starts" "$? $(cat daemon.log)" "0 "
	: >$SRV.log
	await
	PID=$(cat pid)
	mine $PID
	okay "$what: upgrade" upgrade
	okay "$what: the old one ends" complete
	is "$what: it serves" "$(get /a.txt | body)" hello
	is "$what: two had a log's reader" "$(grep -c '^MARK=mark' \
	    environment)" 2
	is "$what: what is ours stays ours" "$(grep -e ^LISTEN_ \
	    -e ^GLIMD_PREV environment)" ""
	if [ -d /proc/$PID ]; then
		is "$what: its folder" "$(readlink /proc/$PID/cwd)" /
	fi
	end_new
	errorlog=
done; done
