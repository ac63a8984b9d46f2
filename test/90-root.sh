# 90-root - started by root: who it becomes, and what it can no longer do. Each
# group is skipped by anybody else.
. "$TOP/test/lib.sh"

LOAD=$TOP/test/bin/load
USER_ID=$(id -u nobody 2>/dev/null)
GROUP_ID=$(id -g nobody 2>/dev/null)
GROUP=$(id -gn nobody 2>/dev/null)
[ "$(id -u)" = 0 ] && [ -z "$GLIMD_WRAP" ] && [ -n "$USER_ID" ] || {
	for group in "users refused" "a set-uid program" "one process" \
	    "workers" "chroot" "a worker that cannot start" "limits"; do
		skip "$group" "only root may, with a user nobody"
	done
	exit
}
chmod 755 .
echo hello >root/a.txt
echo secret >root/b.txt
chmod 600 root/b.txt
mkdir -m 700 private			# where nobody but root may go

run() { "$GLIMD" "$@" </dev/null >out 2>err; }
served() { [ "$(get /a.txt 2>/dev/null | body)" = hello ]; }
logged() { grep -q "$1" ${errorlog:-$SRV.log}; }
gone() { ! kill -0 $1 2>/dev/null; }
proc() { [ -r /proc/$PID/status ]; }
children() {
	if [ -r /proc/$PID/task/$PID/children ]; then
		tr ' ' '\n' </proc/$PID/task/$PID/children | grep .
		return
	fi
	ps -A -o pid= -o ppid= | awk -v p=$PID '$2 == p { print $1 }'
}
number() { [ "$(children | grep -c .)" = $want ]; }
workers() { want=$1; wait_for number; }

# Runs a command as nobody, with whatever this machine has for it.
if have setpriv; then
	as_nobody() {
		setpriv --reuid $USER_ID --regid $GROUP_ID --clear-groups "$@"
	}
elif have start-stop-daemon; then
	as_nobody() {
		program=$1; shift
		start-stop-daemon --start --chuid nobody:$GROUP \
		    --pidfile /no/such/file --startas "$program" -- "$@"
	}
elif have su; then
	as_nobody() { su -s /bin/sh nobody -c 'exec "$0" "$@"' -- "$@"; }
fi
as_nobody true 2>/dev/null && other=yes || other=

# What /proc says of a process: "Uid Gid Groups CapEff".
identity() {				# PID
	awk '/^(Uid|Gid):/ { print $2, $3, $4, $5 }
		/^Groups:/ { $1 = ""; print $0 }
		/^CapEff:/ { print $2 }' /proc/$1/status | tr -s ' \n' '  '
}
root_id="0 0 0 0 0 0 0 0"
nobody_id="$USER_ID $USER_ID $USER_ID $USER_ID $GROUP_ID $GROUP_ID $GROUP_ID"
nobody_id="$nobody_id $GROUP_ID $GROUP_ID 0000000000000000 "

# ---- users refused ----------------------------------------------------------

refuse() {				# NAME CONFIGURATION PATTERN
	configure "server.errorlog = \"$WORK/error.log\"
server.pid-file = \"$WORK/pid\"
$2"
	run -f glimd.conf
	is "$1: status 1" $? 1
	like "$1: says why" "$(cat err)" "$3"
	is "$1: in one line" "$(wc -l <err | tr -d ' ')" 1
	okay "$1: no pid file" test ! -e pid
	[ ! -s pid ] || mine $(cat pid)
}
for workers in 0 2; do
	refuse "an unknown user, $workers workers" "server.max-worker = $workers
server.username = \"no-one-x\"" '*glimd.conf:*no-one-x*'
done
refuse "an unknown group" 'server.groupname = "no-such-x"' \
    '*glimd.conf:*no-such-x*'
refuse "root" 'server.username = "root"' '*glimd.conf:*root*'
refuse "root's group" "server.username = \"nobody\"
server.groupname = \"$(id -gn root)\"" '*glimd.conf:*root*'
refuse "root, with another group" "server.username = \"root\"
server.groupname = \"$GROUP\"" '*glimd.conf:*root*'

# ---- set-uid ----------------------------------------------------------------

configure ''
cp "$GLIMD" copy
cp "$(command -v id)" whoami
chmod 4755 whoami
if [ "$other" ] && [ "$(as_nobody ./whoami -u 2>/dev/null)" = 0 ]; then
	for mode in 4755 2755; do
		chmod $mode copy
		as_nobody "$WORK/copy" -t -f "$WORK/glimd.conf" >out 2>err
		is "a program of mode $mode does not start" "$? $(cat out)" "1 "
		like "... and says why" "$(cat err)" "*set-uid*"
	done
	chmod 755 copy
	is "... one of mode 755 does" "$(as_nobody "$WORK/copy" -t \
	    -f "$WORK/glimd.conf" 2>&1)" "Syntax OK"
else
	skip "a set-uid program" "nobody cannot be had, or mounted nosuid"
fi

# ---- one process ------------------------------------------------------------

# Started with the groups 4 and 24, a free port below 1024.
start_low() {				# CONFIGURATION
	groups=
	setpriv --groups 4,24 true 2>/dev/null &&
		groups="setpriv --groups 4,24"
	low=1023
	while [ $low -gt 1000 ]; do
		configure "$1
server.port = $low"
		launch $groups "$GLIMD" -D -f $SRV.conf
		await && return
		wait_for ended
		STARTED=$(echo " $STARTED " | sed "s/ $SRV / /g")
		low=$((low - 1))
	done
	verdict "not ok" "a port below 1024" "$(cat $SRV.log)" ""
}

errorlog=
start_low "server.username = \"nobody\"
server.pid-file = \"$WORK/private/pid\""
okay "one process: it serves at port $low" served
like "... but not what only root may read" "$(get /b.txt | first)" \
    "HTTP/1.1 403 *"
if proc; then
	is "... as nobody, in no group but his, without any capability" \
	    "$(identity $PID)" "$nobody_id"
else
	skip "one process: who it is" "there is no /proc"
fi
stop_server
is "... it may not remove the pid file, but empties it" \
    "$(wc -c <private/pid | tr -d ' ')" 0
rm private/pid

start_server "server.username = \"nobody\"
server.groupname = \"daemon\""
! proc || is "a group of its own" "$(identity $PID | cut -d ' ' -f 1,5)" \
    "$USER_ID $(id -g daemon)"
stop_server

if have setpriv; then
	configure 'server.username = "root"
server.max-worker = 1'
	launch setpriv --reuid $USER_ID --regid $GROUP_ID --clear-groups \
	    "$GLIMD" -D -f $SRV.conf
	await
	okay "who is not root stays who he is" served
	stop_server
else
	skip "who is not root" "no setpriv"
fi

# ---- workers ----------------------------------------------------------------

start_low "server.username = \"nobody\"
server.max-worker = 2
server.pid-file = \"$WORK/private/pid\""
workers 2
okay "workers: they serve at port $low" served
like "... but not what only root may read" "$(get /b.txt | first)" \
    "HTTP/1.1 403 *"
if proc; then
	is "the master stays root" "$(identity $PID | cut -d ' ' -f 1-8)" \
	    "$root_id"
	is "the workers are nobody, in no other group" \
	    "$(for p in $(children); do identity $p; echo; done)" \
	    "$nobody_id
$nobody_id"
	kill -HUP $PID
	wait_for logged 'configuration reloaded'
	workers 2
	kill -KILL $(children)
	wait_for served
	workers 2
	is "... so are those after a reload and a death" \
	    "$(for p in $(children); do identity $p; echo; done)" \
	    "$nobody_id
$nobody_id"
else
	skip "workers: who they are" "there is no /proc"
fi
cp private/pid pid.before
run -f $SRV.conf
is "a second start: status 1" $? 1
okay "... leaves the pid file as it is" cmp -s private/pid pid.before
okay "... and the first one serving" served
stop_server
okay "the master removes a pid file where only root may" \
    test ! -e private/pid

# ---- chroot -----------------------------------------------------------------

export ASAN_OPTIONS=detect_leaks=0:$ASAN_OPTIONS	# it wants a /proc
mkdir -p jail/www
cp root/a.txt jail/www
total() { cat private/access.* | grep -c 'GET /a.txt'; }
all_there() { [ "$(total)" = "$1" ]; }
start_server "server.username = \"nobody\"
server.chroot = \"$WORK/jail\"
server.document-root = \"/www\""
okay "one process in a chroot: it serves" served
! proc || is "... and lives there" "$(readlink /proc/$PID/root)" "$WORK/jail"
stop_server

start_server "server.username = \"nobody\"
server.max-worker = 2
server.chroot = \"$WORK/jail\"
server.document-root = \"/www\"
server.modules = ( \"mod_accesslog\" )
accesslog.filename = \"$WORK/private/access.log\"
server.errorlog = \"$WORK/private/error.log\""
okay "workers in a chroot, whose logs are outside: they serve" served
! proc || is "... they live there" "$(for p in $(children); do
	readlink /proc/$p/root
done | sort -u)" "$WORK/jail"
"$LOAD" -a 127.0.0.1:$PORT -p /a.txt -s 6 -k 3 -f 3 -w ready >load.out &
job=$!
mine $job
wait_for test -e ready
i=0
while [ $i -lt 5 ]; do
	i=$((i + 1))
	mv private/access.log private/access.$i
	mv private/error.log private/error.$i
	kill -USR1 $PID
	again() { [ "$(grep -c 'logs reopened' private/error.log)" = 3 ]; }
	okay "USR1 $i: master and workers have the new error log" wait_for again
	okay "USR1 $i: ... and the new access log" \
	    wait_for test -s private/access.log
done
kill -TERM $job
wait $job
requests=$(sed 's/answered \([0-9]*\).*/\1/' load.out)
like "... no request failed" "$(cat load.out)" "*failed 0 refused 0*"
stop_server QUIT
is "... each request has its line, once" \
    "$(cat private/access.* | grep -c 'GET /a.txt HTTP/1.1" 200')" \
    $((requests + 1))
is "... in files for root alone" \
    "$(ls -l private/access.* | cut -c 1-10 | sort -u)" "-rw-r-----"

# ---- a worker that cannot start ---------------------------------------------

errorlog=
rm -f private/*
start_server "server.username = \"nobody\"
server.max-worker = 2
server.chroot = \"$WORK/jail\"
server.document-root = \"/www\"
server.pid-file = \"$WORK/private/pid\""
workers 2
set -- $(children)
mv jail gaol
kill -KILL $1
okay "its chroot is gone: the worker ends with status 2" \
    wait_for logged 'ended with status 2'
workers 1
is "... which is final" "$(children)" $2
okay "... the other one serves" served
kill -HUP $PID
okay "... a reload is refused" wait_for logged 'reload refused'
is "... and leaves it alone" "$(children)" $2
mv gaol jail
kill -HUP $PID
wait_for logged 'configuration reloaded'
okay "... until the chroot is there again" workers 2
mv jail gaol
kill -KILL $(children)
okay "no worker is left: the server ends" wait_for ended
is "... with status 2" "$(cat $SRV.status)" 2
like "... and says why" "$(cat $SRV.log)" "*no worker is left*"
okay "... its pid file is gone" test ! -e private/pid
ended || mine $PID
STARTED=
mv gaol jail

# ---- limits -----------------------------------------------------------------

limit() { sed -n "s/^$2  *\([^ ]* *[^ ]*\) .*/\1/p" /proc/$1/limits |
    tr -s ' '; }
if [ -r /proc/self/limits ] && (ulimit -n 64; ulimit -Hn 65) 2>/dev/null; then
	configure 'server.max-fds = 300
server.username = "nobody"
server.max-worker = 1'
	launch sh -c 'ulimit -n 64; exec "$@"' sh "$GLIMD" -D -f $SRV.conf
	await
	workers 1
	is "server.max-fds is more than the hard limit: root may" \
	    "$(limit $PID 'Max open files')" "300 300"
	is "... for its workers, too" \
	    "$(limit $(children) 'Max open files')" "300 300"
	stop_server
else
	skip "server.max-fds" "not to be looked at, or not allowed"
fi
for core in disable enable; do
	for workers in 0 1; do
		configure "server.core-files = \"$core\"
server.username = \"nobody\"
server.max-worker = $workers"
		launch sh -c 'ulimit -S -c 0; exec "$@"' sh "$GLIMD" -D \
		    -f $SRV.conf
		await
		workers $workers
		pid=$PID
		[ $workers = 0 ] || pid=$(children)
		[ -r /proc/$pid/limits ] && is \
		    "server.core-files: $core, $workers workers" \
		    "$(limit $pid 'Max core file size' | cut -d ' ' -f 1) $(
		    ls -ldn /proc/$pid/fd | tr -s ' ' | cut -d ' ' -f 3)" \
		    "$([ $core = disable ] && echo 0 0 ||
		    echo "$(ulimit -H -c) $USER_ID")"
		stop_server
	done
done
