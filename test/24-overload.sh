# 24-overload - more clients than there may be, more files than descriptors:
# who comes too late waits, the server neither spins nor forgets anybody, and
# is itself again when they are gone.
. "$TOP/test/lib.sh"
. "$TOP/test/load.sh"

CROWD=$TOP/test/bin/crowd
SILENT=200			# clients that hold on
echo hello >root/a.txt
touch -t 202001010000 root/a.txt	# an old file is not read again soon
files='1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18'
for n in $files; do		# too large for the buffers of a socket, and
	printf end | dd of=root/$n bs=1000 seek=$((7000 + n)) 2>/dev/null
done				# told apart by their size

# There are several servers, which wait at the same time.
begin() {				# NAME CONFIGURATION
	SRV=$1
	start_server "$2"
	echo $PORT >$SRV.port
}
use() {					# NAME
	SRV=$1
	PORT=$(cat $SRV.port)
	PID=$(cat $SRV.id)
}
paused() { said "accepting paused: $1"; }
pauses() { says "accepting paused: $1" ${2:-1}; }
resumed() { said 'accepting resumed'; }

# Clients that connect, say nothing, and hold on until they are let go.
hold() {				# NAME NUMBER
	rm -f $1.held $1.go
	"$RAW" -a 127.0.0.1:$PORT -t 60000 -k $(($2 - 1)) -T $1.held \
	    -f $1.go -e >/dev/null 2>&1 &
	holder=$!
	mine $holder
	echo $holder >$1.holder
	wait_for test -e $1.held ||
		verdict "not ok" "$2 clients can connect" "no" "yes"
}
release() {				# NAME: they close, all at once
	touch $1.go
	wait $(cat $1.holder)
}
vanish() {				# NAME: they are gone, without a word
	kill -KILL $(cat $1.holder)
	wait $(cat $1.holder)
} 2>/dev/null

# Asks for something in the background; NAME.answer is what came, when it came.
ask() {					# NAME
	(
		raw -t 30000 'GET /a.txt HTTP/1.1\r\nHost: x\r\n' \
		    'Connection: close\r\n\r\n' -T $1.asked >$1.got
		mv $1.got $1.answer
	) &
	wait_for test -e $1.asked
}

# Milliseconds of the processor, of all processes of the server.
cpu() {
	for pid in $PID $(children); do
		if [ -r /proc/$pid/schedstat ]; then
			cut -d ' ' -f 1 /proc/$pid/schedstat
		else
			sed 's/.*) //' /proc/$pid/stat |
			    awk '{ printf "%d\n", ($12 + $13) * 1e7 }'
		fi
	done | awk '{ sum += $1 } END { printf "%d", sum / 1e6 }'
}

# ---- how many there may be --------------------------------------------------

begin default 'server.max-fds = 90'
hold default 40
okay "without server.max-connections: a third of the descriptors" \
    wait_for pauses 'connection limit 30 reached'

begin cut 'server.max-fds = 90
server.max-connections = 1000'
like "more than half of the descriptors is cut down, and told" \
    "$(cat cut.log)" '*?note? *max-connections*1000*45*'
hold cut 60
okay "... that is the limit" wait_for pauses 'connection limit 45 reached'

begin own 'server.max-fds = 90
server.max-connections = 45'
unlike "half of the descriptors is no reason for a note" "$(cat own.log)" \
    '*max-connections*'

# ---- all begin to wait ------------------------------------------------------

begin limit 'server.max-connections = 20
server.max-keep-alive-idle = 60'
hold limit 17
# and three more: one which goes on asking, and two which can leave alone
hello='GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n'
"$RAW" -a 127.0.0.1:$PORT -t 60000 -f ask1 "$hello" -g hello -T asked1 \
    -f ask2 "$hello" -g hello -T asked2 -f ask3 >/dev/null 2>&1 &
mine $!
hold limit-a 1
hold limit-b 1
okay "the limit is reached: a note" \
    wait_for pauses 'connection limit 20 reached'
ask limit

begin silent 'server.max-connections = 5
server.max-read-idle = 1'
hold silent 8
okay "silent clients: a note" wait_for pauses 'connection limit 5 reached'
ask silent

begin crowd 'server.max-fds = 64'
hold crowd $SILENT
okay "64 descriptors, $SILENT clients: a note" \
    wait_for pauses 'connection limit 21 reached'

begin workers 'server.max-fds = 64
server.max-worker = 2'
hold workers $SILENT
okay "... from each worker, if there are two" \
    wait_for pauses 'connection limit 21 reached' 2

# All are connected before they ask, so that descriptors end at the files.
begin files 'server.max-fds = 40
server.max-connections = 20
server.max-keep-alive-idle = 60'
readers=
for n in $files; do
	raw -t 30000 -s "$hello" -g hello -T ready.$n -f files.ask \
	    "GET /$n HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" \
	    -g "Connection: close" -T begun.$n -f files.go >size.$n &
	readers="$readers $!"
done
"$RAW" -a 127.0.0.1:$PORT -t 60000 "$hello" -g hello -T ready.0 \
    -f files.again "$hello" -g hello -T again -f files.go >/dev/null &
mine $!
all_ready() {
	for n in 0 $files; do
		[ -e ready.$n ] || return 1
	done
}
okay "files: all clients are connected" wait_for all_ready
is "... and none has to wait" "$(grep accepting files.log)" ""
: >files.ask
okay "... more files than descriptors: a note" \
    wait_for pauses 'out of descriptors'
ask files

# ---- meanwhile --------------------------------------------------------------

servers='limit crowd workers files'
if [ ! -r /proc/$$/stat ]; then
	skip "who waits does not spin" "no /proc"
elif [ -n "$GLIMD_WRAP" ]; then
	skip "who waits does not spin" "$GLIMD_WRAP"
else
	# A socket may still take some bytes, so a second look counts as well:
	# who spins does not stop.
	for look in 1 2 3; do
		for server in $servers; do
			use $server
			cpu >$server.before
		done
		pause 2000
		for server in $servers; do
			use $server
			echo $server $(($(cpu) - $(cat $server.before)))
		done >spent
		awk '$2 >= 40 { n++ } END { exit n > 0 }' spent && break
	done
	while read -r server used; do
		okay "who waits does not spin: $server ($used ms in 2 s)" \
		    test $used -lt 40
	done <spent
fi

use files
: >files.again
okay "no descriptors: who needs none is served" wait_for test -e again
is "... who comes now waits" "$(cat files.answer 2>/dev/null)" ""
waiting() {
	for n in $files; do
		[ -e begun.$n ] || return 0
	done
	return 1
}
okay "... and so does one with a file" waiting
is "... there is one note" "$(paused .)" 1
: >files.go
wait $readers
for n in $files; do
	read -r size how <size.$n
	echo $n $(((size - 7000000) / 1000)) $how
done >sizes
is "... all get their files in the end" \
    "$(awk '$1 != $2 || $3 != "eof"' sizes)" ""
okay "... who came last is answered" wait_for test -e files.answer
like "... rightly" "$(cat files.answer)" 'HTTP/1.1 200 OK*hello'
okay "... there is a note" wait_for says 'accepting resumed'
is "... one for each pause" "$(resumed)" "$(paused .)"
is "... afterwards all files can be had" "$(for n in $files; do
	printf 'HEAD /%s HTTP/1.1\r\nHost: x\r\n\r\n' $n
done | codes - -h | sed 's/ eof//' | tr ' ' '\n' | sort | uniq -c |
    tr -s ' ')" " 18 200"

# ---- one goes, and another comes --------------------------------------------

use limit
# what one client sees twice was seen by all others that came before
round_trip() {
	touch ask$1
	wait_for test -e asked$1
}
is "the limit: who comes now waits" "$(cat limit.answer 2>/dev/null)" ""
reload
round_trip 1
is "... also after a reload" "$(cat limit.answer 2>/dev/null)" ""
notes=$(paused 'connection limit 20 reached')
release limit-a
round_trip 2
is "... also when 19 of 20 are left" \
    "$(cat limit.answer 2>/dev/null) $(($(paused .) - $(resumed)))" " 1"
release limit-b
okay "... when nine tenths are left, he is answered" \
    wait_for test -e limit.answer
like "... rightly" "$(cat limit.answer)" 'HTTP/1.1 200 OK*hello'
is "... after a note" "$(resumed) of $(paused .)" "$notes of $notes"
hold limit-a 5
okay "... the limit is reached again" \
    wait_for pauses 'connection limit 20 reached' $((notes + 1))
rm limit.answer limit.asked
ask limit
sed 's/^server.max-connections = 20/server.max-connections = 40/' limit.conf \
    >limit.new
mv limit.new limit.conf
reload
okay "... a reload with a higher limit lets him in" \
    wait_for test -e limit.answer
like "... rightly" "$(cat limit.answer)" 'HTTP/1.1 200 OK*hello'

use silent
okay "who says nothing is thrown out, and the next one's turn comes" \
    wait_for test -e silent.answer
like "... rightly" "$(cat silent.answer)" 'HTTP/1.1 200 OK*hello'

# ---- all go -----------------------------------------------------------------

# The next request after all went is one on a connection of its own.
recovers() {				# NAME
	"$LOAD" -a 127.0.0.1:$PORT -f 1 -c 1 -t 20 -s 6 -p /a.txt >$SRV.load
	like "$1: the next request is answered" "$(cat $SRV.load)" \
	    'answered 1 failed 0 *'
	longest=$(sed 's/.*longest_ms \([0-9]*\).*/\1/' $SRV.load)
	okay "... within a second ($longest ms)" \
	    test $longest -le $((1000 * SLOW))
	even() { [ "$(resumed)" -eq "$(paused .)" ]; }
	okay "... a note for each pause ($(paused .))" wait_for even
}

for server in crowd workers; do
	use $server
	vanish $server
	recovers "$server: $SILENT vanish"
done
if [ ! -x "$CROWD" ]; then
	skip "half a head, and gone" "no test/bin/crowd"
else
	for server in crowd workers; do
		use $server
		n=$(paused .)
		"$CROWD" -a 127.0.0.1:$PORT -n $SILENT -w $server.heads head \
		    >/dev/null 2>&1 &
		holder=$!
		mine $holder
		echo $holder >$server.holder
		okay "$server: $SILENT with half a head: a note" \
		    wait_for pauses . $((n + 1))
		wait_for test -e $server.heads
		vanish $server
		recovers "... and gone"
	done
fi

# ---- select -----------------------------------------------------------------

if [ "$GLIMD_BACKEND" = select ]; then
	SRV=select
	most=$(cat /proc/sys/net/core/somaxconn 2>/dev/null)
	if [ "$(ulimit -n)" -lt 1000 ] || [ "${most:-128}" -lt 600 ]; then
		skip "select: 900 clients" "the limits here are lower"
	else
		begin select 'server.max-connections = 2000'
		like "select: half of 824 descriptors" "$(cat select.log)" \
		    '*max-connections*2000*412*'
		hold select 900
		okay "... 900 clients: a note" \
		    wait_for pauses 'connection limit 412 reached'
		ask select
		is "... who comes now waits" "$(cat select.answer 2>&1)" \
		    "cat: select.answer: No such file or directory"
		release select
		okay "... they go, and he is answered" \
		    wait_for test -e select.answer
		like "... rightly" "$(cat select.answer)" \
		    'HTTP/1.1 200 OK*hello'
		recovers "select"
	fi
fi
