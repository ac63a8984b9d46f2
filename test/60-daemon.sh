# 60-daemon - starting and ending as a daemon. The shell that starts it learns
# the truth: status 0 means that it serves.
. "$TOP/test/lib.sh"

echo hello >root/a.txt
run() { $GLIMD_WRAP "$GLIMD" "$@" </dev/null >out 2>err; }
lines() { wc -l <"$1" | tr -d ' '; }
served() { [ "$(get /a.txt 2>/dev/null | body)" = hello ]; }
gone() { [ ! -e pid ] && ! raw -e 2>/dev/null; }

configure "server.pid-file = \"$WORK/pid\"
server.errorlog = \"$WORK/error.log\""
run -f glimd.conf
is "it starts" "$? $(cat err)" "0 "
PID=$(cat pid)
mine $PID
PORT=$(sed -n 's/.*listening on [^ ]*:\([0-9][0-9]*\)$/\1/p' error.log)
okay "it serves at once" served
okay "the pid file has a pid" kill -0 $PID
is "... and nothing else" "$(od -c pid | tr -d ' \n')" \
    "$(echo $PID | od -c | tr -d ' \n')"
is "... readable by everybody" "$(ls -l pid | cut -c 1-10)" "-rw-r--r--"
if [ -d /proc/$PID/fd ]; then
	is "it holds no folder" "$(readlink /proc/$PID/cwd)" /
	for fd in 0 1; do
		is "descriptor $fd is /dev/null" \
		    "$(readlink /proc/$PID/fd/$fd)" /dev/null
	done
	is "it leads a session of its own" \
	    "$(sed 's/.*) //' /proc/$PID/stat | cut -d ' ' -f 4)" $PID
else
	skip "how it lives" "there is no /proc"
fi

is "the error log is not for everybody" \
    "$(ls -l error.log | cut -c 1-10)" "-rw-r-----"
cp pid pid.before
sed "s/^server.port = 0/server.port = $PORT/" glimd.conf >second.conf
run -f second.conf
is "a second start fails" $? 1
is "... with one line" "$(lines err)" 1
like "... that names the address" "$(cat err)" "*127.0.0.1*$PORT*"
okay "... and leaves the pid file alone" cmp -s pid pid.before
okay "... and the first one serving" served
run -D -f second.conf
is "so does one in the foreground" $? 1
okay "... which leaves the pid file alone, too" cmp -s pid pid.before
kill -TERM $PID
okay "TERM ends it, and the pid file is gone" wait_for gone

# ---- -s: telling the running server -----------------------------------------

tell() { run -s "$@"; echo "$? $(sed 's/.*: //' err)"; }
configure "server.pid-file = \"$WORK/pid\"
server.errorlog = \"$WORK/error.log\""
is "-s without a server" "$(tell stop -f glimd.conf)" \
    "1 No such file or directory"
sleep 60 &
other=$!
echo $other >pid
is "-s with a foreign number" "$(tell stop -f glimd.conf)" \
    "1 no server runs with it"
okay "... signals nobody" kill -0 $other
for text in 0 -1 1 nonsense ''; do
	echo "$text" >pid
	is "-s with \"$text\" in the pid file" "$(tell stop -f glimd.conf)" \
	    "1 no server runs with it"
done
kill $other
rm -f pid error.log
run -f glimd.conf
PID=$(cat pid)
mine $PID
PORT=$(sed -n 's/.*listening on [^ ]*:\([0-9][0-9]*\)$/\1/p' error.log)
mv error.log error.old
is "-s reopen" "$(tell reopen -f glimd.conf)" "0 "
okay "... opens the logs anew" wait_for test -s error.log
sed 's/^server.port = 0/server.port = 1/' glimd.conf >second.conf
run -f second.conf
is "a second server with the same pid file" $? 1
echo 1 >>pid
okay "it still serves" served
echo 'server.port = = (' >>glimd.conf
is "-s stop, with a file that is broken now" "$(tell stop -f glimd.conf)" "0 "
okay "... stops it" wait_for gone
run -s restart -f glimd.conf
is "-s with another word" $? 1

# ---- starts that must fail --------------------------------------------------

refuse() {				# NAME CONFIGURATION PATTERN
	configure "$2
server.errorlog = \"$WORK/error.log\""
	run -f glimd.conf
	is "$1: status 1" $? 1
	like "$1: says why" "$(cat err)" "$3"
	is "$1: in one line" "$(lines err)" 1
}
refuse "no document root" 'server.document-root = "/no/such/folder"' \
    "*/no/such/folder*"
refuse "a document root that is a file" \
    "server.document-root = \"$ROOT/a.txt\"" "*a.txt*"
refuse "a pid file that cannot be made" \
    'server.pid-file = "/no/such/folder/pid"' "*/no/such/folder*"
mkdir folder
refuse "a pid file that is a folder" \
    "server.pid-file = \"$WORK/folder\"" "*$WORK/folder*"
ln -s elsewhere link
refuse "a pid file that is a link" "server.pid-file = \"$WORK/link\"" "*link*"
refuse "an event handler nobody knows" 'server.event-handler = "wishes"' \
    "*wishes*"
refuse "more descriptors than select can watch" 'server.event-handler = "select"
server.max-fds = 1000000' "*select can watch *1000000*poll*"
refuse "a port that is none" 'server.port = 70000' "*70000*"
refuse "an address of somebody else" 'server.bind = "192.0.2.1"' "*192.0.2.1*"
configure "server.errorlog = \"/no/such/folder/error.log\""
run -f glimd.conf
is "an error log that cannot be made: status 1" $? 1
like "... says why" "$(cat err)" "*/no/such/folder*"
run
is "no configuration: status 1" $? 1
like "... says what to do" "$(cat err)" "*-f*"
run -f /no/such/file
is "no such configuration: status 1" $? 1
like "... says so" "$(cat err)" "*/no/such/file*"

configure ''
is "a configuration from an inherited descriptor" \
    "$("$GLIMD" -t -f /dev/fd/3 3<glimd.conf)" "Syntax OK"

if [ "$(id -u)" = 0 ] && [ -z "$GLIMD_WRAP" ]; then
	mkdir -p jail/root
	cp root/a.txt jail/root
	configure "server.chroot = \"$WORK/jail\"
server.pid-file = \"$WORK/jail.pid\""
	sed 's,^server.document-root.*,server.document-root = "/root",' \
	    glimd.conf >jail.conf
	run -f jail.conf
	is "a chroot without devices" "$? $(cat err | grep -v note)" "0 "
	PID=$(cat jail.pid)
	mine $PID
	is "... is where it lives" "$(readlink /proc/$PID/root)" "$WORK/jail"
	kill $PID
	empty_or_gone() { [ ! -s jail.pid ]; }
	okay "... leaves no stale pid" wait_for empty_or_gone
else
	skip "a chroot" "only root may, with nothing in front"
fi

# ---- in the foreground ------------------------------------------------------

start_server "server.pid-file = \"$WORK/pid\""
is "-D: the pid file" "$(cat pid)" $PID
stop_server
okay "-D: the pid file is gone" test ! -e pid

start_server "server.pid-file = \"$WORK/pid\""
echo 1 >pid
stop_server
is "a pid file of somebody else stays" "$(cat pid)" 1
rm -f pid

if [ -n "$GLIMD_WRAP" ]; then
	skip "closed descriptors 0, 1, 2" "something else is in front"
	exit
fi
configure "server.errorlog = \"$WORK/error.log\""
: >error.log
launch sh -c 'exec "$@" <&- >&- 2>&-' sh $GLIMD_WRAP "$GLIMD" -D -f glimd.conf
errorlog=error.log
await
okay "closed descriptors 0, 1, 2 do no harm" served
like "nor get into an answer" "$(get /a.txt)" "HTTP/1.1 200*"
