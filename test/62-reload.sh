# 62-reload - a new configuration, without losing a client; a bad one changes
# nothing, and the log says what is wrong with it.
. "$TOP/test/lib.sh"
. "$TOP/test/load.sh"

mkdir other
echo hello >root/a.txt
echo other >other/a.txt
dd if=/dev/zero of=root/large bs=1048576 count=16 2>/dev/null
reloads() { for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	reload || return 1; done; }
is_free() { ! "$RAW" -a "$1" -e 2>/dev/null; }
tag() { get /a.txt 2>/dev/null | field Server; }
has_tag() { [ "$(tag)" = "$1" ]; }
ask() { "$RAW" -a "$1" "GET $2 HTTP/1.0\r\n\r\n" | tr -d '\r'; }

# ---- under load -------------------------------------------------------------

# What else runs here may stop all of us for a moment: so the best of five.
for backend in $backends; do for workers in 0 2; do
	what="$backend, $workers workers"
	start_server "server.event-handler = \"$backend\"
server.max-worker = $workers"
	best=1000
	for run in 1 2 3 4 5; do
		start_load -k 8 -f 4 -p /a.txt -s 6
		okay "$what: 20 reloads" reloads
		end_load
		judge_load "$what: 20 reloads lose nothing"
		[ "$(loaded pause_ms)" -ge "$best" ] || best=$(loaded pause_ms)
		[ "$best" -ge $((20 * SLOW)) ] || break
	done
	okay "$what: ... and keep nobody waiting ($best ms)" \
	    test "$best" -lt $((20 * SLOW))

	# The next server may bind as soon as this one was told to quit. Who
	# connects in the microsecond between the last accept and the close is
	# reset; while other workers answer, that happens: so again, then.
	for run in 1 2 3; do
		start_load -k 8 -f 4 -p /a.txt -s 6 -r
		old=$SRV
		kill -QUIT $PID
		SRV=$old.next
		start_server "server.event-handler = \"$backend\"
server.max-worker = $workers
server.port = $PORT"
		SRV=$old
		PID=$(cat $SRV.id)
		judge_end "$what: graceful quit under load"
		end_load
		SRV=$old.next
		PID=$(cat $SRV.id)
		[ $workers != 0 ] && [ "$(loaded failed)" = 1 ] || break
	done
	is "$what: a successor loses nothing" "$(sed 's/.*first_/first_/' \
	    load.out)" "first_failure -"
	stop_server
	SRV=glimd
done; done

# ---- a configuration that cannot be -----------------------------------------

# The last fault; whoever leaves meanwhile may have a word, too.
why() {
	cat $SRV.log $errorlog | grep -e 'error. ' |
	    grep -v -e 'reload refused' -e ' died of ' | tail -n 1
}
unchanged() {
	is "$what: ... and changes nothing" "$(get /a.txt | body) $(tag) $(
	    children | tr '\n' ' ')" "hello one $before"
}

# The fault is in the last line. What only the server itself can try, a port
# and a log file, is not seen before: then there is a fourth argument.
reject() {				# NAME LINE PATTERN [LATE]
	what="$workers workers, $1"
	grep -v "^${2%% *} " kept.conf >$SRV.conf
	printf '%s\n' "$2" >>$SRV.conf
	fault="$SRV.conf:$(($(wc -l <$SRV.conf))):[0-9]*: $3"
	if [ $# -eq 3 ]; then
		cp $SRV.log log.before
		"$GLIMD" -s reload -f $SRV.conf >out 2>err
		is "$what: -s reload refuses" $? 1
		okay "$what: ... and tells nobody" cmp -s $SRV.log log.before
		like "$what: ... and says why" "$(sed q err)" "$fault"
	fi
	okay "$what: HUP is refused" refused
	like "$what: ... the log says why" "$(why)" "*) [[]error[]] $fault"
	unchanged
}

start_server ''
busy=$PORT
SRV=second
mkdir folder
for workers in 0 2; do
	start_server "server.max-worker = $workers
server.tag = \"one\"
server.pid-file = \"$WORK/pid\"
server.modules = ( \"mod_accesslog\", \"mod_dirlisting\" )
accesslog.filename = \"$WORK/access.log\""
	cp $SRV.conf kept.conf
	before=$(children | tr '\n' ' ')
	reject "half a line" 'server.tag = ?' '*expected*'
	reject "no such key's value" 'server.port = "many"' '*server.port*'
	reject "a missing file" 'include "none.conf"' '*none.conf: No such*'
	reject "a missing folder" "server.document-root = \"$WORK/none\"" \
	    "server.document-root: $WORK/none: No such file*"
	reject "a busy port" "server.port = $busy" \
	    "server.port: cannot listen on 127.0.0.1 port $busy: *" late
	reject "a format" 'accesslog.format = "%Q"' 'accesslog.format: *%Q*'
	reject "a pattern" 'dir-listing.exclude = ( "(" )' \
	    'dir-listing.exclude: (: *'
	reject "a word" 'static-file.dotfiles = "maybe"' \
	    'static-file.dotfiles: *maybe*'
	reject "a folder as error log" "server.errorlog = \"$WORK/folder\"" \
	    '*folder*' late
	reject "a folder as access log" \
	    "accesslog.filename = \"$WORK/folder\"" \
	    '*folder*' late
	reject "an error log in no folder" \
	    "server.errorlog = \"$WORK/none/log\"" 'server.errorlog: *none/*'
	reject "an access log in no folder" \
	    "accesslog.filename = \"$WORK/none/log\"" \
	    'accesslog.filename: *none/*'
	if [ "$(id -u)" = 0 ]; then
		reject "an unknown user" 'server.username = "no-such-user"' \
		    'server.username: there is no user *'
	else
		skip "an unknown user" "only root becomes somebody else"
	fi
	what="$workers workers, no file"
	rm $SRV.conf
	okay "$what: HUP is refused" refused
	like "$what: ... the log says why" "$(why)" \
	    "*) [[]error[]] $SRV.conf: No such file or directory"
	unchanged
	sed 's/"one"/"two"/' kept.conf >$SRV.conf
	okay "$workers workers: -s reload" "$GLIMD" -s reload -f $SRV.conf
	okay "$workers workers: ... then works" wait_for has_tag two
	stop_server
done
SRV=glimd
stop_server

# ---- relative names ---------------------------------------------------------

mkdir -p site/conf site/www site/log site/run
for workers in 0 2; do for how in -D daemon; do
	what="relative names, $workers workers, $how"
	echo hello >site/www/a.txt
	rm -f site/log/* site/run/*
	SRV=site/conf/x
	configure "server.max-worker = $workers
server.document-root = \"www\"
server.pid-file = \"run/pid\"
server.errorlog = \"log/error.log\"
server.modules = ( \"mod_accesslog\" )
accesslog.filename = \"log/access.log\"
include \"tag.conf\""
	echo 'server.tag = "one"' >site/conf/tag.conf
	errorlog=site/log/error.log
	: >$errorlog
	SRV=glimd
	run="cd site && exec $GLIMD_WRAP \"\$0\" \"\$@\" -f conf/x.conf"
	if [ $how = -D ]; then
		launch sh -c "$run" "$GLIMD" -D
		await
	else
		SRV=daemon
		sh -c "$run" "$GLIMD" <&- >daemon.log 2>&1
		is "$what: it starts" "$? $(cat daemon.log)" "0 "
		await
		PID=$(cat site/run/pid)
		mine $PID
		[ ! -d /proc/$PID ] || is "$what: its folder" \
		    "$(readlink /proc/$PID/cwd)" /
	fi
	is "$what: it serves" "$(get /a.txt | body) $(tag)" "hello one"
	echo 'server.tag = "two"' >site/conf/tag.conf
	okay "$what: HUP" reload
	okay "$what: ... it serves" wait_for has_tag two
	is "$what: ... from the same folder" "$(get /a.txt | body)" hello
	echo 'server.tag = "three"' >site/conf/tag.conf
	okay "$what: -s reload" sh -c "$run" "$GLIMD" -s reload
	okay "$what: ... once more" wait_for has_tag three
	echo 'server.tag =' >site/conf/tag.conf
	okay "$what: a fault in an included file is refused" refused
	like "$what: ... and has its place" "$(why)" \
	    "*) [[]error[]] *tag.conf:[12]:[0-9]*: *"
	mv site/log/error.log site/log/old.log
	kill -USR1 $PID
	okay "$what: its log is opened by the same name" wait_for test -s \
	    site/log/error.log
	if [ $how = -D ]; then
		stop_server
	else
		kill $PID
		okay "$what: the end, without its pid file" wait_for test ! \
		    -e site/run/pid
		SRV=glimd
	fi
done; done
errorlog=

# ---- what it changes --------------------------------------------------------

limit_of() { sed -n 's/^Max open files *\([0-9]*\).*/\1/p' /proc/$1/limits; }
limits() { for pid in $(children) ; do limit_of $pid; done | sort -u; }
start_server ''
new_port=$PORT
stop_server
dd if=/dev/zero of=other/large bs=1048576 count=16 2>/dev/null
echo start >other/start.htm
for workers in 0 2; do
	what="$workers workers, all is new"
	rm -f *.log
	start_server "server.max-worker = $workers
server.tag = \"one\"
server.modules = ( \"mod_accesslog\", \"mod_indexfile\" )
accesslog.filename = \"$WORK/access.log\""
	download
	idle_connection
	old=$PORT
	pids=$(children)
	configure "server.max-worker = $((workers * 2))
server.tag = \"two\"
server.bind = \"127.0.0.2\"
server.port = $new_port
server.document-root = \"$WORK/other\"
server.errorlog = \"$WORK/error.log\"
server.max-fds = 100
server.max-connections = 10
index-file.names = ( \"start.htm\" )
server.modules = ( \"mod_accesslog\", \"mod_indexfile\" )
accesslog.filename = \"$WORK/new.log\""
	: >error.log
	errorlog=error.log
	okay "$what: HUP" reload
	okay "$what: the old port is refused" wait_for is_free 127.0.0.1:$old
	at=127.0.0.2:$new_port
	is "$what: the new one has the new root, index and tag" "$(ask $at / |
	    sed -n '/^Server: /p; $p' | tr '\n' ' ')" "Server: two start "
	okay "$what: the new access log" wait_for test -s new.log
	okay "$what: the new error log" grep -q listening error.log
	touch idle.go
	wait $idle
	# its worker has the old configuration until it goes
	is "$what: an idle connection lives" "$(tail -n 1 idle.out)" \
	    "$([ $workers = 0 ] && echo other || echo hello)"
	judge_download "$what: a download lives"
	if [ -r /proc/$PID/limits ] && [ $workers = 0 ]; then
		is "$what: descriptors" "$(limit_of $PID)" 100
	elif [ -r /proc/$PID/limits ]; then
		okay "$what: 4 workers" wait_for has_children 4
		is "$what: none of the old" "$(echo "$pids" |
		    grep -F -x "$(children)")" ""
		is "$what: descriptors" "$(limits)" 100
	fi
	"$RAW" -a $at -k 45 -h >/dev/null &
	idle=$!
	okay "$what: connections" wait_for says 'limit 10 reached'
	kill $idle
	if [ $workers = 2 ]; then
		sed 's/^\(server.max-worker\).*/\1 = 1/' glimd.conf >new.conf
		cp new.conf glimd.conf
		okay "1 worker: HUP" reload
		okay "1 worker: it is" wait_for has_children 1
		is "1 worker: it serves" "$(ask $at / | tail -n 1)" start
	fi
	stop_server
	errorlog=
done

for workers in 0 2; do
	what="max-worker $workers -> $((2 - workers))"
	start_server "server.max-worker = $workers
server.tag = \"one\""
	configure "server.max-worker = $((2 - workers))
server.tag = \"two\""
	okay "$what: HUP" reload
	okay "$what: is said" says '.warn. server.max-worker from or to 0: '
	okay "$what: the rest changes" wait_for has_tag two
	stop_server
done

# ---- many at once -----------------------------------------------------------

for workers in 0 2; do
	start_server "server.max-worker = $workers
server.tag = \"one\""
	configure "server.max-worker = $workers
server.tag = \"two\""
	kill -HUP $PID
	sed 's/two/three/' $SRV.conf >new.conf
	cp new.conf $SRV.conf
	kill -HUP $PID
	kill -HUP $PID
	okay "$workers workers, HUP HUP HUP: the last one is in force" \
	    wait_for has_tag three
	okay "$workers workers, HUP HUP HUP: as many as should be" \
	    wait_for has_children $workers

	first=$PORT
	cp $SRV.conf first.conf
	configure "server.max-worker = $workers
server.port = $new_port"
	cp $SRV.conf second.conf
	failed=
	for i in 1 2 3 4 5 6 7 8 9 10; do
		[ -z "$failed" ] || break
		cp second.conf $SRV.conf
		reload && wait_for is_free 127.0.0.1:$first ||
			failed="$failed $i: first"
		PORT=$new_port
		[ "$(get /a.txt | body)" = hello ] || failed="$failed $i: new"
		sed "s/^server.port.*/server.port = $first/" second.conf \
		    >$SRV.conf
		reload && wait_for is_free 127.0.0.1:$new_port ||
			failed="$failed $i: second"
		PORT=$first
		[ "$(get /a.txt | body)" = hello ] || failed="$failed $i: old"
	done
	is "$workers workers, 20 reloads between two ports" "$failed" ""
	stop_server
done

start_zero root
okay "zero-config: HUP" reload
is "zero-config: it serves" "$(get /a.txt | body)" hello
stop_server
