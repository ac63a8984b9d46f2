# 56-failures-cgi - scripts that fail or hang, and clients that leave.
. "$TOP/test/lib.sh"
needs cgi
kind=cgi
. "$TOP/test/failures.sh"

script() { printf '%s\n' "$2" >root/$1.cgi; }		# NAME TEXT
type="echo 'Content-Type: text/plain'"
note="echo \$\$ >>$WORK/pids"
script hello "$type; echo; echo hello"
script mute "kill -KILL \$\$"
script gone ":"
script half "$type; kill -KILL \$\$"
script length "echo 'Content-Length: 1000'; echo; echo hello; kill -KILL \$\$"
script soon "$type; echo; echo hello; kill -KILL \$\$"
script chunk "$type; echo; for i in 1 2 3 4; do echo hello; sleep 0.8; done
kill -KILL \$\$"
script never "$note; trap 'echo term >>$WORK/terms; exit' TERM
$type; sleep 60 & wait"
script stubborn "$note; trap '' TERM; $type; while :; do sleep 1; done"
script drip "$note; trap 'echo term >>$WORK/terms; exit' TERM
$type; echo; while :; do echo x; sleep 1 & wait; done"
script deaf "exec <&-; sleep 1; $type; echo; echo hello"
script late "sleep 1.5; $type; echo; echo hello"
script full "$note; while :; do :; done | sleep 60"

start_server "$is_cgi
server.upload-dirs = ( \"$WORK\" )
server.stream-request-body = 1
cgi.limits = ( \"read-timeout\" => 1, \"write-timeout\" => 1 )"
: >pids
: >terms
is "cgi: all is well" "$(status /hello.cgi)" "200 eof"
note_held
for what in mute gone half; do
	is "cgi: $what" "$(status /$what.cgi)" "502 eof"
	okay "cgi: ... is logged" logs cgi ".*/$what.cgi: "
done
is "cgi: a length, and less" "$(sized /length.cgi)" "200 6"
is "cgi: no length, and an end at once" "$(status /soon.cgi)" "502 eof"
like "cgi: chunks, and no end" "$(raw "GET /chunk.cgi $last\r\n" |
    tr -d '\r')" "*chunked*
hello
*hello"
is "cgi: ... to HTTP/1.0" "$(codes 'GET /chunk.cgi HTTP/1.0\r\n\r\n')" \
    "200 reset"
all_dead() {
	for pid in $(cat pids); do ! kill -0 $pid 2>/dev/null || return 1; done
}
is "cgi: no answer in time" "$(status /never.cgi)" "504 eof"
okay "cgi: ... it got TERM" wait_for grep -q term terms
is "cgi: who does not hear that" "$(status /stubborn.cgi)" "504 eof"
okay "cgi: ... gets KILL" wait_for all_dead
codes "GET /late.cgi $last\r\n" -h >late.out
is "cgi: a timeout is no matter of the client" "$(cat late.out)" "200 eof"
head -c 8000000 /dev/zero >large
is "cgi: who reads nothing and says nothing" "$(codes "POST /full.cgi $last"\
"Content-Length: 8000000\r\n\r\n" - <large)" "504 eof"
before=$(used)
is "cgi: who closes its input first" "$(codes "POST /deaf.cgi $last"\
"Content-Length: 8000000\r\n\r\n" - <large)" "200 eof"
if measured; then
	spent=$(($(used) - before))
	okay "cgi: ... nobody spins ($spent ms)" test $spent -lt 200
else
	skip "cgi: ... nobody spins" "it cannot be measured"
fi

# The client leaves: in its body, before the head, in the answer.
for how in -e -r; do
	: >terms
	n=$(wc -l <pids)
	raw "POST /never.cgi ${last}Content-Length: 9\r\n\r\nx" -T sent.$how \
	    -f go.$how $how >/dev/null &
	job=$!
	raw "GET /drip.cgi $last\r\n" -g x -g x $how >/dev/null
	raw "GET /drip.cgi $last\r\n" -f go.$how $how >/dev/null &
	both="$job $!"
	have_begun() { [ $(wc -l <pids) -ge $((n + 3)) ]; }
	okay "cgi: clients leave ($how)" wait_for have_begun
	: >go.$how
	wait $both
	got_terms() { [ "$(grep -c term terms)" -ge 3 ]; }
	okay "cgi: ... the scripts get TERM" wait_for got_terms
	okay "cgi: ... and end" wait_for all_dead
done
is "cgi: it goes on" "$(status /hello.cgi)" "200 eof"
judge_held "cgi"
is "cgi: no file is left" "$(ls "$WORK" | grep glimd-)" ""
stop_server
