# 57-lasting - requests that are with a backend or a script when the server is
# told to reload, to quit or to make room for its next binary: they finish with
# what they began with, and nothing is left of them.
. "$TOP/test/lib.sh"
needs cgi fastcgi scgi proxy
. "$TOP/test/load.sh"
. "$TOP/test/gateways.sh"

echo hello >root/a.txt
program=$WORK/glimd-copy
cp "$GLIMD" $program
mkdir up
# Each waits until go is there, at most for a minute.
until_go="n=0
until [ -e $WORK/go ] || [ \$n = 1200 ]; do sleep 0.05; n=\$((n + 1)); done"
printf '%s\n' "echo \$\$ >>$WORK/pids; $until_go
echo 'Content-Type: text/plain'; echo; echo late" >root/late.cgi
printf '%s\n' "echo \$\$ >>$WORK/pids
echo 'Content-Type: text/plain'; echo; echo begun; $until_go
echo end" >root/begun.cgi
printf '%s\n' "echo \$\$ >>$WORK/pids; cat >/dev/null; trap '' TERM
while :; do sleep 0.2; done" >root/stubborn.cgi

start_backend http -p http
http=$BACKEND
start_backend fastcgi -p fastcgi
fastcgi=$BACKEND
settings() {				# TAG
	echo "server.tag = \"$1\"
server.max-worker = $workers
server.pid-file = \"$WORK/pid\"
server.upload-dirs = ( \"$WORK/up\" )
server.modules = ( \"mod_cgi\", \"mod_fastcgi\", \"mod_proxy\" )
cgi.assign = ( \".cgi\" => \"/bin/sh\" )
fastcgi.server = ( \"/f/\" => (( \"host\" => \"127.0.0.1\",
    \"port\" => $fastcgi, \"check-local\" => \"disable\" )) )
proxy.server = ( \"/p/\" => (( \"host\" => \"127.0.0.1\",
    \"port\" => $http, \"upgrade\" => \"enable\" )) )
\$HTTP[\"url\"] =^ \"/p/1/\" { server.stream-request-body = 1 }
$more_settings"
}
more_settings=
start() {				# TAG
	rm -f pid* pids
	: >pids
	configure "$(settings $1)"
	launch $GLIMD_WRAP $program -D -f $SRV.conf
	await || verdict "not ok" "the server starts" "$(cat $SRV.log)" ""
}
tag() { get /a.txt 2>/dev/null | field Server; }
has_tag() { [ "$(tag)" = "$1" ]; }
is_dead() { case $(ps -o args= -p $1) in '' | *defunct*) ;; *) false; esac; }
all_dead() { for pid in $(cat pids); do is_dead $pid || return 1; done; }
names() { [ "$(cat pid 2>/dev/null)" = "$1" ]; }
is_other() { [ -s pid ] && ! names $PID; }

# What is in the middle of something.
go=$WORK/go
begin() {
	rm -f go *.got in.*
	: >http.events
	: >fastcgi.events
	long="-t 60000"
	codes $long "GET /late.cgi $last\r\n" >in.late &
	jobs=$!
	raw $long "GET /begun.cgi $last\r\n" -g begun -T begun.got \
	    >in.begun &
	jobs="$jobs $!"
	for where in p/0 p/1 f; do
		raw $long "POST /$where/sum ${last}Content-Length: 8\r\n\r\n" \
		    abcd -T ${where#p/}.up.got -f $go efgh >in.${where#p/} &
		jobs="$jobs $!"
		raw $long "POST /$where/sum ${last}Transfer-Encoding: " \
		    'chunked\r\n\r\n4\r\nabcd' -f $go '\r\n4\r\nefgh\r\n0\r\n' \
		    '\r\n' >in.${where#p/}c &
		jobs="$jobs $!"
	done
	for where in p f; do
		raw $long "GET /$where/drip?n=8000&k=200&ms=100 $last\r\n" \
		    -g 000003 -T $where.got >in.$where.d &
		jobs="$jobs $!"
		codes $long "GET /$where/slow?ms=3000 $last\r\n" >in.$where.s &
		jobs="$jobs $!"
	done
	"$TOP/test/bin/ws" -a 127.0.0.1:$PORT -p /p/upgrade -n 30 -i 100 \
	    -s 300 >in.ws 2>&1 &
	jobs="$jobs $!"
	for file in begun 0.up 1.up f.up f p; do
		wait_for test -e $file.got
	done
	wait_for has_events http '^head.*upgrade' 1
	wait_for has_events http '^head.*slow' 1
	wait_for has_events fastcgi '^head.*slow' 1
	begun_both() { [ $(wc -l <pids) = 2 ]; }
	wait_for begun_both
}

judge() {				# NAME
	: >go
	wait $jobs
	sum=$(printf abcdefgh | cksum | sed 's/ $//')
	for kind in 0 0c 1 1c f fc; do
		is "$1: an upload ($kind)" "$(tr -d '\r' <in.$kind | body)" \
		    "$sum"
	done
	is "$1: a script that was mute" "$(cat in.late)" "200 eof"
	like "$1: a script that had begun" "$(cat in.begun)" "*begun*end*"
	for kind in p f; do
		is "$1: an answer in the middle ($kind)" "$(tr -d '\r' \
		    <in.$kind.d | body | cksum)" \
		    "$("$TOP/test/bin/backend" -g 8000 | cksum)"
		is "$1: an answer awaited ($kind)" "$(cat in.$kind.s)" \
		    "200 eof"
	done
	like "$1: a tunnel" "$(cat in.ws)" "30 messages *"
	okay "$1: no script is left" wait_for all_dead
	is "$1: no file is left" "$(ls up)" ""
}

for workers in 0 2; do
	what="$workers workers"

	# ---- reload ----
	start one
	note_held
	configure "$(settings two)
server.port = $PORT"
	: >pids
	begin
	okay "$what: reload" reload
	okay "$what: ... is in force at once" wait_for has_tag two
	judge "$what: reload"

	: >pids
	begin
	start_load -k 4 -f 2 -p /p/hello -s 6
	for i in 1 2 3 4 5 6 7 8 9 10; do
		"$program" -s reload -f $SRV.conf || echo "reload $i"
	done >failed 2>&1
	okay "$what: ten more" wait_for says 'configuration reloaded' 2
	is "$what: ... none fails" "$(cat failed)" ""
	judge "$what: many reloads"
	end_load
	judge_load "$what: ... and a load loses nothing"
	[ $workers != 0 ] || judge_held "$what: reloads"

	# ---- upgrade ----
	: >pids
	begin
	sed 's/"two"/"three"/' $SRV.conf >new.conf
	cp new.conf $SRV.conf
	okay "$what: upgrade" told USR2 'note. started, '
	wait_for is_other
	new=$(cat pid)
	mine $new
	kill -QUIT $PID
	okay "$what: ... is in force at once" wait_for has_tag three
	judge "$what: upgrade"
	judge_end "$what: ... the old one ends"
	kill $new
	okay "$what: ... the new one, too" wait_for is_dead $new

	# ---- graceful quit ----
	start one
	begin
	kill -QUIT $PID
	is_closed() { ! "$RAW" -a 127.0.0.1:$PORT -e 2>/dev/null; }
	okay "$what: quit" wait_for is_closed
	judge "$what: quit"
	judge_end "$what: ... it ends"

	# ---- ... that takes too long ----
	more_settings="server.graceful-shutdown-timeout = 1"
	start one
	begin
	codes "POST /stubborn.cgi ${last}Content-Length: 1\r\n\r\nx" >cut.out &
	cut=$!
	begun_all() { [ $(wc -l <pids) = 3 ]; }
	wait_for begun_all
	kill -QUIT $PID
	judge_end "$what: a quit with a limit ends in time"
	okay "$what: ... and so do scripts" wait_for all_dead
	is "$what: ... no file is left" "$(ls up)" ""
	: >go
	wait $jobs $cut
	more_settings=
	: >go
done
for SRV in http fastcgi; do stop_server; done
SRV=glimd
