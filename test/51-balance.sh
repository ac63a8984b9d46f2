# 51-balance - which backend gets a request; those that are down; and those
# that we start.
. "$TOP/test/lib.sh"
needs fastcgi scgi proxy

PEER=$TOP/test/bin/backend
MODULES='server.modules = ( "mod_extforward", "mod_fastcgi", "mod_proxy" )
extforward.forwarder = ( "127.0.0.1" => "trust" )'

# A backend, its id in $NAME.pid, its port in $NAME.port: the same as before if
# it had one.
peer() {				# NAME
	rm -f $1.ready
	"$PEER" -p http -i $1 -l $1.events \
	    -a 127.0.0.1:$(cat $1.port 2>/dev/null || echo 0) >$1.ready &
	echo $! >$1.pid
	mine $!
	wait_for test -s $1.ready
	sed 's/ready //' $1.ready >$1.port
}
down() { kill -KILL $(cat $1.pid); wait $(cat $1.pid) 2>/dev/null; }	# NAME
at() { echo "\"host\" => \"127.0.0.1\", \"port\" => $(cat $1.port)"; }	# NAME
who() { get "$@" | field X-Backend; }	# TARGET [FIELD...]
many() {				# N TARGET [FIELD...]: "3 a 2 b"
	n=$1; shift
	for i in $(seq $n); do who "$@"; done | sort | uniq -c | xargs
}
# Who answers /0 to /19: "a b b ..."
spread() { for i in $(seq 0 19); do who /$i; done | xargs; }
# ... and each of 20 clients.
clients() {
	for i in $(seq 20); do who / "X-Forwarded-For: 10.0.0.$i"; done | xargs
}
several() { case $1 in *a*b*|*b*a*) ;; *) false ;; esac; }
begun() { grep -q "head.*$2" $1.events; }	# NAME TEXT
answers() { [ "$(who /)" = $1 ]; }	# NAME
status() { get "$@" | sed -n '1s/HTTP[^ ]* \([0-9]*\).*/\1/p'; }

proxy() {				# BALANCE [OPTIONS [NAME...]]
	hosts=
	for name in ${3:-a b}; do
		hosts="$hosts( $(at $name)${2:+, $2} ), "
	done
	start_server "$MODULES
proxy.balance = \"$1\"
proxy.server = ( \"/\" => ( $hosts ))"
}

peer a
peer b
peer c

# ---- four kinds -------------------------------------------------------------

proxy round-robin
is "round-robin: in turn" "$(for i in 1 2 3 4; do who /; done | xargs |
    sed 's/b a b a/a b a b/')" "a b a b"
stop_server

proxy least-connection
is "least-connection: in turn, while nobody is busy" "$(many 6 /)" "3 a 3 b"
raw -t 60000 'GET /never HTTP/1.0\r\nHost: a\r\n\r\n' >/dev/null &
never=$!
mine $never
wait_for grep -q never a.events b.events
busy=$(grep -l never a.events b.events | sed 's/.events//')
is "... then who is not" "$(many 6 / | tr -d '6 ')" "$(echo ab | tr -d $busy)"
down $busy
wait $never
peer $busy
stop_server

proxy sticky "" "a b c"
before=$(clients)
okay "sticky: several have clients" several "$before"
is "... always the same ones" "$(clients)" "$before"
stop_server

proxy hash '"disable-time" => 60' "a b c"
before=$(spread)
okay "hash: several have URLs" several "$before"
is "... always the same ones" "$(spread)" "$before"
down b
after=$(spread)
is "... when one is down, only what was its moves" \
    "$(echo "$before $after" | awk '{ for (i = 1; i <= 20; i++)
	print $i == "b" ? $(i + 20) != "b" : $i == $(i + 20) }' | sort -u)" 1
peer b
is "... it is not asked while disable-time lasts" "$(spread | tr -d 'ac ')" ""
stop_server

# ---- down and back ----------------------------------------------------------

proxy round-robin '"disable-time" => 60'
down a
is "nobody notices who is down" "$(many 6 /)" "6 b"
is "... but the log, once" "$(grep -c "127.0.0.1:$(cat a.port): " \
    $SRV.log)" 1
stop_server

proxy round-robin '"disable-time" => 1'
is "..." "$(many 6 /)" "6 b"
peer a
okay "who is back gets requests again" wait_for answers a
like "... says the log" "$(cat $SRV.log)" \
    "*127.0.0.1:$(cat a.port) works again*"
down a
down b
is "nobody is there" "$(status /)" 503
peer b
okay "... one is back" wait_for answers b
stop_server
peer a

proxy round-robin '"disable-time" => 0' a
down a
is "no disable-time: nobody is there" "$(status / ; status /)" "503
503"
peer a
is "... it is tried at once" "$(who /)" a
is "a reload forgets who was down" "$(down a; status /)" 503
peer a
kill -HUP $PID
wait_for grep -q 'configuration reloaded' $SRV.log
is "..." "$(who /)" a
stop_server

# ---- connections that wait --------------------------------------------------

proxy round-robin '"idle-timeout" => 1' a
: >a.events
is "a connection is used again" "$(for i in 1 2 3; do get /keep | body; done |
    sed 's/connection [0-9]* //' | xargs)" "request 1 request 2 request 3"
okay "... and closed when nobody used it" wait_for grep -q '^close' a.events
is "a backend closes it" "$(get /closeidle | first; get /keep | body |
    sed 's/connection [0-9]* //')" "HTTP/1.1 200 OK
request 1"
stop_server

proxy round-robin '"keep-connection" => "disable"' a
is "... unless the host says no" "$(for i in 1 2; do get /keep | body; done |
    sed 's/connection [0-9]* //' | xargs)" "request 1 request 1"
stop_server

# ---- processes --------------------------------------------------------------

spawn() {				# OPTIONS [MORE RULES]
	start_server "$MODULES
fastcgi.server = ( \"/\" => (( \"socket\" => \"$WORK/s\", \"check-local\" =>
	\"disable\", \"bin-path\" => \"$PEER -p fastcgi -l $WORK/s.events\",
	$1 )), ${2:-} )"
}
pid() { get /pid | body; }
sockets() { ls $WORK | grep -c '^s-'; }
has_sockets() { [ "$(sockets)" = $1 ]; }
is_gone() { ! kill -0 $1 2>/dev/null; }

SECRET=s3cret GLIMD_X=y
export SECRET GLIMD_X
spawn '"max-procs" => 3, "min-procs" => 1, "idle-timeout" => 1,
	"bin-environment" => ( "A" => "1", "PATH" => "/bin" )'
one=$(pid)
okay "a process" kill -0 "$one"
is "... has what bin-environment says, and nothing else" \
    "$(get /procenv | body)" "A=1
PATH=/bin"
is "... and no descriptor of ours" "$(get /fds | body | awk '$1 > 4')" ""
is "one is enough" "$(pid; pid; sockets)" "$one
$one
1"
for i in 1 2 3 4; do
	get "/slow?ms=$((2000 * SLOW))&$i" >slow.$i &
	mine $!
	wait_for grep -q "head.*ms=[0-9]*&$i" s.events
done
is "when it is busy there are more, up to max-procs" "$(sockets)" 3
okay "... that end when they are not needed" wait_for has_sockets 1
is "... and nobody is lost" "$(cat slow.* | grep -c '^HTTP/1.1 200')" 4
is "... the first one stays" "$(pid)" "$one"
kill -KILL $one
wait_for is_gone $one
two=$(pid)
unlike "one that dies is replaced" "$two" "$one"
okay "..." kill -0 "$two"
like "... says the log" "$(cat $SRV.log)" "*($one) at unix:$WORK/s-*signal 9*"
is "a process ends by itself, in a request" "$(status /die)" 502
unlike "... and there is another" "$(pid)" "$two"
one=$(pid)
get "/slow?ms=$((1000 * SLOW))&reload" >slow.1 &
mine $!
wait_for grep -q 'ms=[0-9]*&reload' s.events
kill -HUP $PID
wait_for grep -q 'configuration reloaded' $SRV.log
two=$(pid)
unlike "a reload starts new ones" "$two" "$one"
okay "... the old one has time to finish" wait_for grep -q hello slow.1
okay "... and goes" wait_for is_gone "$one"
okay "..." wait_for has_sockets 1
stop_server
okay "the last one goes with the server" wait_for is_gone "$two"
is "no socket is left" "$(sockets)" 0

spawn '"min-procs" => 0, "max-procs" => 1, "bin-copy-environment" =>
	( "GLIMD_X", "NONE" )'
is "none before the first request" "$(sockets)" 0
is "bin-copy-environment" "$(get /procenv | body)" "GLIMD_X=y"
stop_server

spawn '"max-procs" => 1' "\"/two\" => (( \"socket\" => \"$WORK/s\",
	\"bin-path\" => \"$PEER -p fastcgi\", \"max-procs\" => 1,
	\"check-local\" => \"disable\" ))"
is "two entries with one address share the process" "$(sockets)" 1
is "..." "$(pid)" "$(get '/two?as=pid' | body)"
stop_server

"$PEER" -p fastcgi -a 127.0.0.1:0 >there.ready &
there=$!
mine $there
wait_for test -s there.ready
port=$(sed 's/ready //' there.ready)
start_server "$MODULES
fastcgi.server = ( \"/\" => (( \"port\" => $port, \"max-procs\" => 1,
	\"check-local\" => \"disable\", \"disable-time\" => 0,
	\"bin-path\" => \"$PEER -p fastcgi\" )))"
is "who listens there already is not started again" "$(pid)" $there
kill -KILL $there
wait $there 2>/dev/null
unlike "... until he is gone" "$(pid)" "$there"
okay "..." kill -0 "$(pid)"
stop_server

start_server "$MODULES
fastcgi.server = ( \"/\" => (( \"socket\" => \"$WORK/s\", \"min-procs\" => 1,
	\"max-procs\" => 1, \"check-local\" => \"disable\",
	\"bin-path\" => \"/bin/sh -c exit\" )))"
wait_for grep -q 'ended: status' $SRV.log
like "a program that ends at once" "$(status /)" "50[23]"
tried_again() { [ $(grep -c ended: $SRV.log) -ge 2 ]; }
okay "... is tried again" wait_for tried_again
okay "... but not all the time" test $(grep -c ended: $SRV.log) -lt 8
stop_server
is "... and leaves no socket" "$(sockets)" 0

start_server "$MODULES
server.max-worker = 2
fastcgi.server = ( \"/\" => (( \"socket\" => \"$WORK/s\", \"max-procs\" => 1,
	\"check-local\" => \"disable\",
	\"bin-path\" => \"$PEER -p fastcgi\" )))"
okay "each worker has its own" wait_for has_sockets 2
one=$(pid)
stop_server
okay "... and ends it" wait_for is_gone "$one"
okay "..." wait_for has_sockets 0
