# 25-shaping - connection.kbytes-per-second and server.kbytes-per-second: as
# fast as they say, fair, and in nobody's way. All measurements run at the same
# time, each with a server of its own.
. "$TOP/test/lib.sh"
. "$TOP/test/load.sh"

WINDOW=5000			# milliseconds of a measurement
echo hello >root/a.txt
printf end | dd of=root/endless bs=1048576 seek=1024 2>/dev/null	# sparse
printf end | dd of=root/large bs=1048576 seek=64 2>/dev/null
dd if=/dev/zero of=root/two bs=102400 count=2 2>/dev/null
dd if=/dev/zero of=root/ten bs=10000 count=1 2>/dev/null
awk 'BEGIN { for (i = 0; i < 400; i++)
	printf "GET /ten HTTP/1.1\r\nHost: x\r\n\r\n" }' >pipeline

# ---- the keys ---------------------------------------------------------------

for key in connection.kbytes-per-second server.kbytes-per-second; do
	for value in -1 '"fast"' 1.5 99999999999 '( 100 )'; do
		SRV=bad
		configure "$key = $value"
		like "$key = $value is an error" \
		    "$("$GLIMD" -t -f bad.conf 2>&1; echo " $?")" \
		    'bad.conf:1:* [1-9]'
	done
done

# ---- rates ------------------------------------------------------------------

# Sets NOW, in milliseconds, on a clock that nobody sets.
now() {
	if read -r up rest 2>/dev/null </proc/uptime; then
		NOW=${up%.*}${up#*.}0
	else
		NOW=$(date +%s)000
	fi
}

# A server called NAME, and NUMBER clients that take what they get until it
# stops.
begin() {				# NAME NUMBER CONFIGURATION
	SRV=$1
	clients=$2
	start_server "$3"
	echo $PORT >$SRV.port
	now
	echo $NOW >$SRV.began
	while [ $clients -gt 0 ]; do
		"$RAW" -a 127.0.0.1:$PORT -t 30000 -s \
		    'GET /endless HTTP/1.1\r\nHost: x\r\n\r\n' -h \
		    >$SRV.$clients.got &
		jobs="$jobs $!"
		clients=$((clients - 1))
	done
}
use() {					# NAME
	SRV=$1
	PORT=$(cat $SRV.port)
	PID=$(cat $SRV.id)
}

begin_all() {
	jobs=
	begin one 1 'connection.kbytes-per-second = 100'
	begin four 4 'connection.kbytes-per-second = 100'
	"$RAW" -a 127.0.0.1:$PORT -t 30000 -s - <pipeline >four.5.got &
	jobs="$jobs $!"
	"$LOAD" -a 127.0.0.1:$PORT -k 1 -p /ten -s 10000 >four.load &
	loader=$!
	begin all 4 'server.kbytes-per-second = 400'
	begin workers-1 1 'server.kbytes-per-second = 400
server.max-worker = 2'
	begin workers-4 4 'server.kbytes-per-second = 400
server.max-worker = 2'
	begin both-1 1 'connection.kbytes-per-second = 100
server.kbytes-per-second = 250'
	begin both-4 4 'connection.kbytes-per-second = 100
server.kbytes-per-second = 250'
	# time-outs that are shorter than all this takes
	begin slow 1 'connection.kbytes-per-second = 10
server.max-write-idle = 1
server.max-read-idle = 1
server.max-keep-alive-idle = 1'
	begin crawl 1 'connection.kbytes-per-second = 1
server.max-write-idle = 1'
}
measured='one four all workers-1 workers-4 both-1 both-4 slow crawl'

# Stops the servers; NAME.took is for how many milliseconds they served, and
# NAME.N.got what client N got in that time.
end_all() {
	now
	left=$((WINDOW + $(cat four.began) - NOW))
	[ $left -le 0 ] || pause $left
	kill $loader
	for name in $measured; do
		kill $(cat $name.id)
		now
		echo $((NOW - $(cat $name.began))) >$name.took
	done
	wait $jobs $loader
	for SRV in $measured; do
		wait_for ended
	done
}

# Notes what there is to be compared: bytes got, bytes wanted, percent allowed
# less and more.
note() {				# NAME GOT WANTED LESS MORE
	echo "$2 $3 $4 $5 $1" >>results
}
got() {					# SERVER CLIENT
	read -r bytes how <$1.$2.got
	echo $bytes
}
sum() { cat $1.*.got | awk '{ n += $1 } END { print n }'; }	# SERVER
# What a rate makes in the time a server had.
makes() { echo $(($2 * 1024 * $(cat $1.took) / 1000)); }	# SERVER KBYTES

note_all() {
	: >results
	note "a connection has its rate" $(got one 1) $(makes one 100) 10 10
	for n in 1 2 3 4; do
		note "... each of several has ($n)" $(got four $n) \
		    $(makes four 100) 10 10
		note "... and it is the same for all ($n)" $(got four $n) \
		    $(got four 1) 10 10
	done
	note "... for all requests of a pipeline" $(got four 5) \
	    $(makes four 100) 10 10
	answered=$(sed 's/answered \([0-9]*\) .*/\1/' four.load)
	note "... for all requests, one after the other" \
	    $((answered * 10230)) $(makes four 100) 10 10
	note "a server has its rate" $(sum all) $(makes all 400) 10 10
	for n in 1 2 3 4; do
		note "... each client a quarter of it ($n)" $(got all $n) \
		    $(makes all 100) 20 20
	done
	note "two workers share their rate: one client" $(sum workers-1) \
	    $(makes workers-1 400) 10 10
	note "... four clients" $(sum workers-4) $(makes workers-4 400) 10 10
	for n in 1 2 3 4; do
		note "... none is forgotten ($n)" $(got workers-4 $n) \
		    $(makes workers-4 100) 80 300
	done
	note "both rates: one client is held by his own" $(sum both-1) \
	    $(makes both-1 100) 10 10
	note "... four by that of the server" $(sum both-4) \
	    $(makes both-4 250) 10 10
	for n in 1 2 3 4; do
		note "... each has his part ($n)" $(got both-4 $n) \
		    $(($(makes both-4 250) / 4)) 20 20
	done
	note "a slow rate, and short time-outs" $(sum slow) \
	    $(makes slow 10) 10 10
	note "... a very slow one" $(sum crawl) $(makes crawl 1) 20 30
}
too_little() {
	awk '$1 < $2 * (100 - $3) / 100 { n++ } END { exit !n }' results
}

begin_all

# ---- meanwhile --------------------------------------------------------------

# Milliseconds of the processor.
cpu() {
	if [ -r /proc/$PID/schedstat ]; then
		awk '{ printf "%d", $1 / 1e6 }' /proc/$PID/schedstat
	else
		sed 's/.*) //' /proc/$PID/stat |
		    awk '{ print ($12 + $13) * 10 }'
	fi 2>/dev/null
}
use one
spent=$(cpu)
now
observed=$NOW

# Its window is full long before the end.
SRV=deaf
start_server 'connection.kbytes-per-second = 100000
server.kbytes-per-second = 100000
server.max-write-idle = 1
debug.log-timeouts = "enable"'
raw -s -z 4096 -t 30000 'GET /large HTTP/1.0\r\n\r\n' -f deaf.go >deaf.got &
deaf=$!

# A graceful quit; its end is waited for below.
SRV=quit
start_server 'connection.kbytes-per-second = 100'
raw -s 'GET /two HTTP/1.0\r\n\r\n' -g Content-Length -T quit.begun >quit.got &
quitting=$!
wait_for test -e quit.begun
kill -QUIT $PID

quickly() {				# SERVER MILLISECONDS NAME
	use $1
	"$LOAD" -a 127.0.0.1:$PORT -f 1 -c 5 -t 30 -p /a.txt -s 6 >$1.quick
	like "$3 are answered" "$(cat $1.quick)" 'answered 5 failed 0 *'
	longest=$(sed 's/.*longest_ms \([0-9]*\).*/\1/' $1.quick)
	if [ -n "$GLIMD_WRAP" ]; then
		skip "... soon" "$GLIMD_WRAP"
	else
		okay "... soon ($longest ms)" test $longest -le $(($2 * SLOW))
	fi
}
quickly four 200 "while others are held, small files"
quickly all 1000 "... also when it is all together who are too many,"

# With room for one connection, the next client tells when one is gone.
SRV=vanish
start_server 'connection.kbytes-per-second = 1
server.max-connections = 1'
"$RAW" -a 127.0.0.1:$PORT -s 'GET /endless HTTP/1.0\r\n\r\n' \
    -g Content-Length -T vanish.begun >/dev/null &
victim=$!
wait_for test -e vanish.begun
kill -KILL $victim
wait $victim 2>/dev/null
now
vanished=$NOW
is "a client that is held vanishes: the next one's turn comes" \
    "$(get /a.txt | body)" hello
now
okay "... soon ($((NOW - vanished)) ms)" \
    test $((NOW - vanished)) -le $((3000 * SLOW))

SRV=free
start_server 'connection.kbytes-per-second = 0
server.kbytes-per-second = 0'
now
began=$NOW
read -r size how <<EOT
$(raw -s 'GET /large HTTP/1.0\r\n\r\n')
EOT
now
okay "0 is no limit ($size bytes in $((NOW - began)) ms)" \
    test $size -gt 67108864 -a $((NOW - began)) -lt $((3000 * SLOW))
sed 's/^connection.kbytes-per-second = 0/connection.kbytes-per-second = 100/' \
    free.conf >free.new
mv free.new free.conf
reload
now
began=$NOW
read -r size how <<EOT
$(raw -s 'GET /two HTTP/1.0\r\n\r\n')
EOT
now
okay "a reload can change that ($size bytes in $((NOW - began)) ms)" \
    test $size -gt 204800 -a $((NOW - began)) -gt 1500

SRV=lifted
start_server 'server.kbytes-per-second = 20'
raw -s 'GET /two HTTP/1.0\r\n\r\n' -g Content-Length -T lifted.begun \
    >lifted.got &
lifted=$!
wait_for test -e lifted.begun
sed 's/^server.kbytes-per-second = 20/server.kbytes-per-second = 0/' \
    lifted.conf >lifted.new
mv lifted.new lifted.conf
reload
wait $lifted
read -r size how <lifted.got
is "... or lift it: who is held gets the rest" \
    "$((size / 204800)) $how" "1 eof"

# What is far below the rate is not held up.
SRV=below
start_server 'server.kbytes-per-second = 400'
now
began=$NOW
"$LOAD" -a 127.0.0.1:$PORT -k 1 -c 50 -t 30 -p /a.txt -s 6 >below.load
now
like "small files one after the other are answered" "$(cat below.load)" \
    'answered 50 failed 0 *'
okay "... at once ($((NOW - began)) ms)" \
    test $((NOW - began)) -lt $((2000 * SLOW))

wait $quitting
read -r size how <quit.got
is "a graceful quit: who is held gets the rest" \
    "$((size / 204800)) $how" "1 eof"
SRV=quit
PID=$(cat quit.id)
judge_end "... and then it ends"

SRV=deaf
PID=$(cat deaf.id)
wait_for says '/large'
: >deaf.go
wait $deaf
read -r size how <deaf.got
okay "who reads nothing is dropped all the same ($size bytes, $how)" \
    test $size -lt 67108864

# Nothing is left to be held back: nothing wakes it.
if [ -r /proc/$PID/schedstat ] && [ -z "$GLIMD_WRAP" ]; then
	asleep() {
		before=$(cat /proc/$PID/schedstat)
		pause 1200
		[ "$(cat /proc/$PID/schedstat)" = "$before" ]
	}
	okay "an idle server with a rate sleeps" wait_for asleep
else
	skip "an idle server with a rate sleeps" "cannot be seen here"
fi

use one
now
observed=$((NOW - observed))
spent=$(($(cpu) - ${spent:-0}))
if [ -r /proc/$PID/stat ] && [ -z "$GLIMD_WRAP" ]; then
	okay "one that holds a client back has nothing to do ($spent of \
$observed ms)" test $spent -lt $((observed / 50))
else
	skip "one that holds a client back" "cannot be seen here"
fi

# ---- what came --------------------------------------------------------------

end_all
note_all
# A machine that is busy with others can be too slow, but not twice; too fast
# is too fast.
if [ -z "$GLIMD_WRAP" ] && too_little; then
	awk '{ print "#", $0 }' results
	begin_all
	end_all
	note_all
fi
while read -r is want less more name; do
	if [ -n "$GLIMD_WRAP" ]; then
		skip "$name" "$GLIMD_WRAP"
	else
		okay "$name: $is of $want bytes" test \
		    $is -ge $((want * (100 - less) / 100)) -a \
		    $is -le $((want * (100 + more) / 100))
	fi
done <results
