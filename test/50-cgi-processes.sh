# 50-cgi-processes - the programs that run: how many, and how each of them
# ends. Whatever happens, nobody is left: no zombie, no descriptor, no file.
. "$TOP/test/lib.sh"
needs cgi status
. "$TOP/test/load.sh"

script() {				# FILE; its lines come from stdin
	{ echo '#!/bin/sh'; cat; } >root/$1
	chmod 755 root/$1
}
logged() { grep -q -- "$1" glimd.log; }
gone() { ! kill -0 $1 2>/dev/null; }
children() {				# all processes whose parent is a server
	ps -A -o ppid= -o pid= -o stat= 2>/dev/null | awk -v p="$*" '
	BEGIN { n = split(p, a); for (i = 1; i <= n; i++) of[a[i]] }
	$1 in of { print $2, $3 }'
}
childless() { [ -z "$(children $PID)" ]; }
descriptors() { ls /proc/$PID/fd 2>/dev/null | wc -l | tr -d ' '; }
as_before() { [ "$(descriptors)" = "$before" ]; }

mkdir -p up
script hello.cgi <<'EOS'
printf 'Content-Type: text/plain\n\nhello'
EOS
# Each says in a file named by the query who it is.
script waits.cgi <<'EOS'
echo $$ >"$QUERY_STRING.new"; mv "$QUERY_STRING.new" "$QUERY_STRING.pid"
printf 'Content-Type: text/plain\n\n'
while [ ! -e "$QUERY_STRING.go" ]; do sleep 0.1; done
echo "$QUERY_STRING"
EOS
script family.cgi <<'EOS'
sleep 1000 &
echo $! >family.pid
printf 'Content-Type: text/plain\n\n'
wait
EOS
script stubborn.cgi <<'EOS'
trap 'echo asked >asked' TERM
echo $$ >stubborn.pid
while :; do sleep 0.1; done
EOS
script silent.cgi <<'EOS'
echo $$ >silent.pid
exec sleep 1000
EOS
script talks.cgi <<'EOS'
echo $$ >talks.pid
printf 'Content-Type: text/plain\n\n'
while :; do echo more and more; done
EOS
script leaves.cgi <<'EOS'
printf 'Content-Type: text/plain\n\nleft'
exec >&- 2>&-
sleep 2
echo done >after
EOS
script daemon.cgi <<'EOS'
printf 'Content-Type: text/plain\n\ndaemon'
( exec >&- 2>&-; sleep 1; echo done >later ) &
EOS

asks() {				# PATH: a client that only waits
	rm -f leave
	"$RAW" -a "127.0.0.1:$PORT" \
	    "GET $1 HTTP/1.1\r\nHost: x\r\n\r\n" -f leave -r >/dev/null &
	CLIENT=$!
	mine $CLIENT
}
leaves() {				# ... and goes away
	: >leave
	wait $CLIENT
}

endings() {
	asks /stubborn.cgi
	wait_for test -s root/stubborn.pid
	leaves
	okay "one that hears SIGTERM ..." wait_for test -e root/asked
	okay "... and stays is killed" wait_for gone $(cat root/stubborn.pid)
	asks /talks.cgi
	wait_for test -s root/talks.pid
	leaves
	okay "one that talks is ended" wait_for gone $(cat root/talks.pid)
	like "read-timeout: too late" "$(get '/silent.cgi?1s')" \
	    "HTTP/1.1 504 *"
	okay "... and ended" wait_for gone $(cat root/silent.pid)
	like "one that closes its output and goes on" \
	    "$(get /leaves.cgi | body)" "*left*"
	okay "... goes on" wait_for test -e root/after
	is "one that leaves somebody behind" "$(get /daemon.cgi | body)" daemon
	okay "... who goes on" wait_for test -e root/later
}

for GLIMD_BACKEND in $backends; do
	rm -f root/*.pid root/*.go root/asked root/after root/later
	start_server "server.modules = ( \"mod_cgi\" )
server.upload-dirs = ( \"$WORK/up\" )
server.graceful-shutdown-timeout = 20
cgi.assign = ( \".cgi\" => \"\" )
\$HTTP[\"querystring\"] == \"1s\" {
	cgi.limits = ( \"read-timeout\" => 1 ) }"
	on="with $GLIMD_BACKEND"
	is "a program runs $on" "$(get /hello.cgi | body)" hello
	okay "... and is nobody's child any more" wait_for childless
	before=$(descriptors)

	asks /family.cgi
	wait_for test -s root/family.pid
	kill -KILL $CLIENT		# with FIN, unlike the others
	wait $CLIENT 2>/dev/null
	okay "who is gone ends the program and what it started $on" \
	    wait_for gone $(cat root/family.pid)
	[ "$GLIMD_BACKEND" != "${backends%%[!a-z-]*}" ] || endings
	raw -n 20 'GET /hello.cgi HTTP/1.1\r\nHost: x\r\n\r\n' -r >/dev/null
	raw -n 20 'POST /hello.cgi HTTP/1.1\r\nHost: x\r\n' \
	    'Content-Length: 100000\r\n\r\nabc' -w 5 -r >/dev/null
	start_load -f 64 -p /hello.cgi -s 5 -c $((640 / SLOW))
	wait $LOADER
	is "64 clients, $((640 / SLOW)) programs: nothing is lost $on" \
	    "$(loaded failed)" 0
	okay "no process is left" wait_for childless
	if [ -d /proc/$PID/fd ]; then
		okay "no descriptor is left" wait_for as_before
	else
		skip "no descriptor is left" "there is no /proc"
	fi
	is "no file is left" "$(ls up)" ""

	# what is in flight ends, whatever the server is told
	rm -f root/a.pid root/a.go
	"$RAW" -a "127.0.0.1:$PORT" -t 60000 \
	    'GET /waits.cgi?a HTTP/1.0\r\n\r\n' >answer &
	CLIENT=$!
	wait_for test -s root/a.pid
	kill -HUP $PID
	wait_for logged 'configuration reloaded'
	kill -QUIT $PID
	: >root/a.go
	wait $CLIENT
	is "a reload and a graceful stop let it finish $on" \
	    "$(tail -n 1 answer)" a
	judge_end "the server ends clean $on"
done
GLIMD_BACKEND=

# ---- cgi.max-processes ------------------------------------------------------

start_server 'server.modules = ( "mod_status", "mod_cgi" )
status.status-url = "/status"
cgi.max-processes = 1
cgi.assign = ( ".cgi" => "" )'
rm -f root/*.pid root/*.go
order() {				# NAME: asks, and notes the answer
	"$RAW" -a "127.0.0.1:$PORT" -t 60000 \
	    "GET /waits.cgi?$1 HTTP/1.0\r\n\r\n" >answer.$1 &
	CLIENT=$!
	mine $CLIENT
}
runs() { [ -s root/$1.pid ]; }
answered() { grep -q "^$1" answer.$1; }
asked() {				# NUMBER: so many run or wait
	[ $(($(get '/status?auto' | sed -n 's/^Scoreboard: //p' |
	    tr -cd x | wc -c))) = $1 ]
}
order 1
wait_for runs 1
for i in 2 3 4; do
	order $i
	wait_for asked $i
done
asks '/waits.cgi?5'
wait_for asked 5
is "one runs" "$(ls root/*.pid)" root/1.pid
like "with four that wait the queue is full" "$(get /hello.cgi)" \
    "HTTP/1.1 503 *"
leaves
: >root/1.go
wait_for runs 2
okay "the first that waited is next" wait_for answered 1
is "... alone" "$(ls root/*.pid | tr '\n' ' ')" "root/1.pid root/2.pid "
: >root/3.go; : >root/4.go; : >root/5.go; : >root/2.go
okay "all have their turn" wait_for answered 3
okay "... in order" wait_for answered 4
okay "who left has none" test ! -e root/5.pid
start_load -k 4 -p /hello.cgi -s 5 -c $((200 / SLOW))
wait $LOADER
is "four clients, one process: nothing is lost" "$(loaded failed)" 0
okay "no process is left" wait_for childless
stop_server

# ---- workers ----------------------------------------------------------------

start_server 'server.modules = ( "mod_cgi" )
server.max-worker = 2
cgi.assign = ( ".cgi" => "" )'
start_load -f 16 -k 16 -p /hello.cgi -s 5 -c $((1000 / SLOW))
wait $LOADER
is "two workers: nothing is lost" "$(loaded failed)" 0
workers() { children $PID | sed 's/ .*//'; }
idle() { [ -z "$(children $(workers))" ]; }
okay "no process is left" wait_for idle
asks /silent.cgi
rm -f root/silent.pid
wait_for test -s root/silent.pid
id=$(cat root/silent.pid)
stop_server
okay "a stop ends what runs" wait_for gone $id

# ---- no descriptors, no memory ----------------------------------------------

start_server 'server.modules = ( "mod_cgi" )
server.max-fds = 32
cgi.assign = ( ".cgi" => "" )'
rm -f root/*.pid root/*.go
i=0
while [ $i -lt 12 ]; do
	"$RAW" -a "127.0.0.1:$PORT" -t 60000 \
	    "GET /waits.cgi?f$i HTTP/1.0\r\n\r\n" >f.$i &
	mine $!
	i=$((i + 1))
done
pause 300
i=0
while [ $i -lt 12 ]; do
	: >root/f$i.go
	i=$((i + 1))
done
all() { [ "$(grep -l '^HTTP/1.. [25]0[03]' f.? f.??|wc -l)" -eq 12 ]; }
okay "few descriptors: all are answered" wait_for all
is "it still serves" "$(get /hello.cgi | body)" hello
okay "no process is left" wait_for childless
stop_server
