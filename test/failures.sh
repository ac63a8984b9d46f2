# failures.sh - the tests 56-failures-*: backends that die, stop or talk
# nonsense, and clients that leave, at every stage. Those concerned are told by
# the right status, or by an end that they can see; nobody else is, and nothing
# is left of it.
#
#	. "$TOP/test/lib.sh"
#	kind=proxy			# fastcgi, scgi
#	. "$TOP/test/failures.sh"
#
# For cgi, there are only the functions.
. "$TOP/test/load.sh"
. "$TOP/test/gateways.sh"

logs() { grep -q -e "error. $1: $2" $SRV.log; }		# KIND PATTERN
# The status and the number of bytes of the body, and how it ended.
sized() {				# TARGET [VERSION]
	raw "GET $1 ${2:-$last}\r\n" -T seen >out
	head -c 12 out | tail -c 3
	echo " $(tr -d '\r' <out | body | wc -c | tr -d ' ')"
}
status() { codes "GET $1 $last\r\n"; }			# TARGET
is_up() { [ "$(status /hello)" = "200 eof" ]; }
many() {				# N FILE RAW'S ARGUMENTS...: all at once
	n=$1 file=$2 clients=
	shift 2
	rm -f $file.*
	while [ $n -gt 0 ]; do
		{ codes "$@"; echo; } >$file.$n &
		clients="$clients $!"
		n=$((n - 1))
	done
}
judge_many() {				# NAME FILE WANT
	wait $clients
	is "$1" "$(sort $2.* | uniq -c | sed 's/^ *//')" "$3"
}

if [ $kind != cgi ]; then

start_backend back -p $(wire $kind)
port=$BACKEND
start_gateway $kind $port "$hasty" "server.upload-dirs = ( \"$WORK\" )"
at=127.0.0.1:$port
note_held

# ---- what it says, or does not ----------------------------------------------
is "$kind: all is well" "$(status /hello)" "200 eof"
for what in nothing headcut nonsense 'nonsense?in=1' biglength two; do
	is "$kind: $what" "$(status "/$what")" "502 eof"
	okay "$kind: ... is logged" logs $kind "$at: .*(/$what)"
done
like "$kind: a head without end" "$(status "/bighead?n=99999")" \
    "502 eof"
is "$kind: ... nobody is held responsible for that" \
    "$(status /hello)" "200 eof"
for what in never hang; do
	codes "GET /$what $last\r\n" >$what.out &
	eval job_$what=$!
done
is "$kind: a length, and less" "$(sized '/bodycut?n=1000')" "200 500"
okay "$kind: ... is logged" logs $kind "$at: .*bodycut"
if [ $kind != scgi ]; then	# whose end is how a reply ends
	is "$kind: no length, and an end at once" "$(status \
	    "/bodycut?n=1000&stream=1")" "502 eof"
	like "$kind: chunks, and no end" "$(raw \
	    "GET /bodycut?n=200000&stream=1 $last\r\n" | tr -d '\r' |
	    tail -n 2)" "*0000[0-9]*[!0]"
	like "$kind: ... to HTTP/1.0" "$(codes \
	    'GET /bodycut?n=200000&stream=1 HTTP/1.0\r\n\r\n')" \
	    "200 reset"
	okay "$kind: ... is logged" logs $kind "$at: .*stream=1"
fi
wait $job_never $job_hang
is "$kind: no answer in time" "$(cat never.out)" "504 eof"
okay "$kind: ... is logged" logs $kind \
    "$at: did not reply in time (/never)"
is "$kind: no more of it in time" "$(cat hang.out)" "200 eof"
okay "$kind: ... is logged" logs $kind \
    "$at: took too long in the middle .*(/hang)"
judge_held "$kind: bad answers"

# ---- it is killed -----------------------------------------------------------
many 6 head "GET /slow?ms=60000 $last\r\n"
okay "$kind: requests have come" wait_for has_events back \
    '^head.*slow' 6
kill_backend back
judge_many "$kind: killed before the head" head "6 502 eof"
is "$kind: nobody is there" "$(status /hello)" "503 eof"
okay "$kind: ... is logged" logs $kind "$at: Connection refused"
many 6 head "GET /hello $last\r\n"
judge_many "$kind: ... for all" head "6 503 eof"
: >back.events
start_backend back -p $(wire $kind) -a $at
okay "$kind: it is back" wait_for is_up
okay "$kind: ... is logged" grep -q "note. $kind: $at works" $SRV.log

: >back.events
many 6 body "GET /drip?n=9000&k=300&ms=1000 $last\r\n" -T body.got
okay "$kind: answers have begun" wait_for has_events back \
    '^head.*drip' 6
many 6 idle "GET /slow?ms=300 $more\r\n" -g hello -T idle.got \
    -f idle.go "GET /hello $last\r\n"
bodies=$clients
okay "$kind: others are done" wait_for has_events back '^done' 6
kill_backend back
: >back.events
start_backend back -p $(wire $kind) -a $at
wait_for is_up
: >idle.go
judge_many "$kind: idle connections die, and nobody knows" idle \
    "6 200 200 eof"
clients=$bodies
rm -f idle.go idle.got

# ---- ... under load ---------------------------------------------------------
many 6 load -n 40 "GET /hello $last\r\n"
for i in 1 2 3; do
	wait_for has_events back '^done' 9
	kill_backend back
	: >back.events
	start_backend back -p $(wire $kind) -a $at
done
wait $clients
is "$kind: under load, some are told and the others served" \
    "$(sed 's/ eof/\n/g' load.* | tr -s ' \n' '\n' |
    grep -v -x -e 200 -e 502 -e 503 | sort | uniq -c)" ""
okay "$kind: ... no more than there were" test \
    "$(cat load.* | tr ' ' '\n' | grep -c 502)" -le 18
okay "$kind: ... it is back" wait_for is_up
judge_held "$kind: killed"

# ---- it stops ---------------------------------------------------------------
kill -STOP $(cat back.id)
many 4 stop "GET /hello $last\r\n"
judge_many "$kind: stopped" stop "4 504 eof"
head -c 8000000 /dev/zero | codes "POST /sum ${last}Content-Length: \
8000000\r\n\r\n" - >stop.out
is "$kind: ... and takes no more of a body" "$(cat stop.out)" "504 eof"
okay "$kind: ... is logged" logs $kind \
    "$at: did not take the request in time (/sum)"
kill -CONT $(cat back.id)
is "$kind: it goes on" "$(status /hello)" "200 eof"
judge_held "$kind: stopped"

# ---- the client leaves ------------------------------------------------------
: >back.events
begun=0
for how in -e -r; do
	for what in '/slow?ms=60000' '/drip?n=9000&k=300&ms=100' \
	    '/never' '/hang?a=1'; do
		rm -f seen
		case $what in
		/d* | /ha*) raw "GET $what&x=$how $last\r\n" \
		    -g 0000 $how ;;
		*)	begun=$((begun + 1))
			raw "GET $what ${last}X: $how\r\n\r\n" \
			    -f go.$begun $how &
			wait_for has_events back '^head' $begun
			: >go.$begun
			wait $! ;;
		esac >/dev/null
		begun=$(events back '^head')
	done
done
okay "$kind: the backend learns that clients have left" wait_for \
    has_events back '^gone\|^abort' 8
judge_held "$kind: clients have left"
stop_server
SRV=back
stop_server
SRV=glimd
rm -f go.*

# ---- nobody accepts ---------------------------------------------------------

for socket in "" "$WORK/socket"; do
	what="$kind${socket:+, unix}"
	start_backend back -p $(wire $kind) -q 1 -a "${socket:-127.0.0.1:0}"
	start_gateway $kind $BACKEND "$hasty"
	note_held
	kill -STOP $(cat back.id)
	many 6 full "GET /hello $last\r\n"
	wait $clients
	if [ -z "$socket" ]; then
		is "$what: the backlog is full" "$(cat full.* | sort -u)" \
		    "504 eof"
		okay "$what: ... is logged" logs $kind \
		    ".*: did not let us connect in time"
	else
		is "$what: the backlog is full" "$(cat full.* | sort -u |
		    tr '\n' ' ')" "503 eof 504 eof "
		okay "$what: ... is logged" logs $kind \
		    "unix:$socket: Resource temporarily unavailable"
	fi
	kill -CONT $(cat back.id)
	okay "$what: it goes on" wait_for is_up
	judge_held "$what: the backlog was full"
	if [ -n "$socket" ]; then
		kill_backend back
		is "$what: nobody listens" "$(status /hello)" "503 eof"
		okay "$what: ... is logged" logs $kind \
		    "unix:$socket: Connection refused"
		rm $socket
		okay "$what: nothing is there" wait_for sh -c \
		    "\"$RAW\" -a 127.0.0.1:$PORT 'GET / $last\r\n' >/dev/null
		    grep 'unix:$socket: No such file' $SRV.log"
		start_backend back -p $(wire $kind) -a "$socket"
		okay "$what: it is back" wait_for is_up
	fi
	stop_server
	SRV=back
	stop_server
	SRV=glimd
done

# ---- half a connection ------------------------------------------------------

start_backend back -p $(wire $kind)
start_gateway $kind $BACKEND '"read-timeout" => 1,'
is "$kind: who has sent all, and says so, gets his answer" \
    "$(codes "GET /slow?ms=1500 $more\r\n" -h)" "200 eof"
is "$kind: ... all of it" "$(raw -s \
    "GET /drip?n=4000&k=1000&ms=500 $last\r\n" -h |
    sed 's/.* //')" eof
for how in -h -e -r; do
	: >back.events
	raw "POST /sum ${more}Content-Length: 9\r\n\r\nx" $how \
	    >/dev/null
	codes "POST /sum ${last}Content-Length: 1\r\n\r\nx" >/dev/null
	is "$kind: a body that ends early ($how) goes nowhere" \
	    "$(grep -c '^head' back.events)" 1
done
stop_server
start_gateway $kind $BACKEND '"read-timeout" => 1,' \
    'server.stream-request-body = 1'
for how in -h -e -r; do
	: >back.events
	raw "POST /sum ${more}Content-Length: 9\r\n\r\nx" -T sent$how \
	    -f go$how $how >/dev/null &
	okay "$kind: a streamed one" wait_for has_events back '^head' 1
	: >go$how
	wait $!
	okay "$kind: ... ends early ($how): the backend sees it" \
	    wait_for has_events back '^gone\|^abort' 1
done
stop_server
SRV=back
stop_server
SRV=glimd
rm -f go* sent*

fi
