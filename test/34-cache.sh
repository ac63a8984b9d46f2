# 34-cache - what is known about files is bounded, true to a second, and never
# of two versions: many files, few descriptors, files that change under load.
. "$TOP/test/lib.sh"
. "$TOP/test/load.sh"

# Under a wrapper or with sanitizers: fewer of everything.
quick=1
[ -z "$GLIMD_WRAP" ] && [ "$SLOW" -le 1 ] || quick=
plain=1					# its memory is its own
[ -z "$GLIMD_WRAP" ] && ! grep -q __asan_init "$GLIMD" || plain=

load() { "$LOAD" -a "127.0.0.1:$PORT" "$@"; }	# LOAD'S ARGUMENTS...

# Numbered files; each begins with its number in a line.
make_files() {				# FOLDER HOW-MANY SIZE
	mkdir -p "root/$1" && awk -v folder="root/$1" -v n="$2" -v size="$3" '
	BEGIN {
		for (pad = "0123456789abcdef"; length(pad) < size; )
			pad = pad pad
		for (i = 0; i < n; i++) {
			name = folder "/" i
			head = i "\n"
			printf "%s%s", head,
			    substr(pad, 1, size - length(head)) >name
			close(name)
		}
	}' 2>/dev/null && [ "$(wc -c <"root/$1/$(($2 - 1))")" -eq "$3" ]
}
has_room() {				# KBYTES
	[ "$(df -Pk . | awk 'NR == 2 { print $4 }')" -gt "$1" ]
}

opened() { ls "/proc/$1/fd" | wc -l; }	# PID: its descriptors
has_opened() { [ "$(opened "$1")" -eq "$2" ]; }
resident() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$1/status"; }

# An idle server forgets all files at its next tick.
lost_none() {				# NAME PID BEFORE
	okay "$1" wait_for has_opened "$2" "$3"
}

# ---- a tick that comes late -------------------------------------------------

# The timer is started at the end of a second; one tick is held up until the
# next second has begun. The one after that comes in the same second, and must
# have the cache look again all the same. It waits while files are made.
at() {					# HUNDREDTHS: ... of a second
	i=0
	while [ $i -lt 400 ]; do
		read -r up rest </proc/uptime
		[ "${up#*.}" -lt "$1" ] || [ "${up#*.}" -gt $(($1 + 4)) ] ||
			return 0
		i=$((i + 1))
		pause 5
	done
}
late_tick() {
	at 94
	raw 'GET /late HTTP/1.1\r\nHost: x\r\n\r\n' -w 4500 -e >/dev/null &
	pause 300
	at 85
	kill -STOP $PID
	at 2
	kill -CONT $PID
	get /late | body
	echo new >late.new
	mv late.new root/late
	pause 1100
	get /late | body
	wait
}
echo old >root/late
SRV=late
start_server ''
[ -r /proc/uptime ] && late_tick >late.got & late=$!

judge_late() {
	wait $late
	stop_server
	SRV=glimd
	if [ -n "$plain" ] && [ -s late.got ]; then
		is "a late tick: nothing is older than a second" \
		    "$(cat late.got)" "old
new"
	else
		skip "a late tick" "nobody can tell when it was"
	fi
}

# ---- more files than it may remember ----------------------------------------

files=100000
[ -n "$quick" ] || files=5000

bounded() {				# NAME PID...
	name=$1; shift
	if [ -z "$plain" ] || [ ! -r "/proc/$1/status" ]; then
		skip "$name" "nobody tells how much memory is its own"
		return
	fi
	most=0
	for pid; do
		[ "$(resident $pid)" -le $most ] || most=$(resident $pid)
	done
	okay "$name ($most KiB)" test $most -le 20480
}

made=
! has_room 1000000 || ! make_files many $files 1020 || made=1
judge_late
if [ -n "$made" ]; then
	start_server ''
	before=$(opened $PID 2>/dev/null)
	like "$files files, each twice: all are right" "$(load -k 16 \
	    -p '/many/*' -n $files -i -s 1020 -c $((files * 2)))" \
	    "*failed 0 refused 0*"
	bounded "... in 20 MiB" $PID
	[ ! -r /proc/$PID/fd ] ||
		okay "... with few descriptors" test "$(opened $PID)" -le \
		    $((before + 8))
	stop_server
	SRV=workers
	start_server 'server.max-worker = 2'
	like "$files files, 2 workers: all are right" "$(load -k 16 \
	    -p '/many/*' -n $files -i -s 1020 -c $files)" \
	    "*failed 0 refused 0*"
	bounded "... in 20 MiB each" $(children)
	stop_server
	SRV=glimd
else
	skip "$files files" "no room for so many"
fi
rm -rf root/many

# ---- more files than descriptors --------------------------------------------

if make_files large 1000 100000; then
	start_server 'server.max-fds = 128'
	before=$(opened $PID 2>/dev/null)
	load -k 8 -f 4 -p '/large/*' -n 1000 -i -s 100000 -c 6000 >load.out &
	loader=$!
	most=0
	while [ -r /proc/$PID/fd ] && kill -0 $loader 2>/dev/null; do
		n=$(opened $PID)
		[ $n -le $most ] || most=$n
		pause 5
	done
	wait $loader
	like "1000 large files and 128 descriptors: all are right" \
	    "$(cat load.out)" "*failed 0 refused 0*"
	is "... nothing is said of descriptors" \
	    "$(grep -i -e 'descriptors' -e 'many open' $SRV.log)" ""
	if [ -r /proc/$PID/fd ]; then
		okay "... at most 128 are open ($most)" test $most -le 128
		lost_none "... then all are closed" $PID "$before"
	else
		skip "... at most 128 are open" "there is no /proc"
	fi
	stop_server
else
	skip "1000 large files" "no room for so many"
fi
rm -rf root/large

# ---- files that change under load -------------------------------------------

# Two versions of each, one all A and the other all B. Through links each has
# any number of names (small, 1/small, 1/2/small ...), so that the cache looks
# at it in every moment, and not only after a tick.
letters() {				# LETTER BYTES >FILE
	awk -v s="$1" -v n="$2" 'BEGIN {
		while (length(s) < n) s = s s
		printf "%s", substr(s, 1, n)
	}'
}
mkdir source root/v
letters A 2000 >source/A.small; letters B 3000 >source/B.small
letters A 100000 >source/A.large; letters B 150000 >source/B.large
# pages of a site begin with the same lines
{ letters H 1000; letters A 8388608; } >source/A.huge
{ letters H 1000; letters B 12582912; } >source/B.huge
for i in 0 1 2 3 4 5 6 7 8 9; do ln -s . root/v/$i; done
file=root/v/new

put() { cp source/$1 $file && mv -f $file root/v/${1#*.}; }	# LETTER.NAME
replaced() { put $1; }
deleted() { rm root/v/${1#*.}; put $1; }
folder() {
	rm root/v/${1#*.}
	mkdir root/v/${1#*.} && rmdir root/v/${1#*.}
	put $1
}
fifo() { mkfifo $file && mv -f $file root/v/${1#*.}; put $1; }
linked() { ln -s "$WORK/source/$1" $file && mv -f $file root/v/${1#*.}; }
touched() { touch root/v/${1#*.}; }
forbidden() { chmod 000 root/v/${1#*.}; chmod 644 root/v/${1#*.}; }
rewritten() { cat source/$1 >root/v/${1#*.}; }
regrown() { : >root/v/${1#*.}; cat source/$1 >>root/v/${1#*.}; }

# Three loads, whose results are in small.out and so on. The names of small
# ones are more than the cache holds; the descriptors of large ones are used
# several times.
begin() {				# NAME SIZES LOAD'S ARGUMENTS...
	what=$1 sizes=$2; shift 2
	rm -f $what.ready
	"$LOAD" -a "127.0.0.1:$PORT" -p "/v/*/$what" -d -l "$sizes" \
	    -m 301,403,404 -w $what.ready "$@" >$what.out 2>&1 &
	loaders="$loaders $!"
	mine $!
	wait_for test -e $what.ready
}
begin_loads() {				# = or <=, LOAD'S ARGUMENTS...
	is=$1; shift
	loaders=
	begin small "A${is}2000,B${is}3000" -k 8 -f 2 -n 100000 "$@"
	begin large "A${is}100000,B${is}150000" -k 6 -f 2 -n 500 "$@"
	begin huge "A${is}8389608,B${is}12583912" -x 1000 -k 6 -n 100 \
	    -b 65536 "$@"
}
end_loads() { kill $loaders; wait $loaders; }

told_of() {				# WHAT WORD: what load says of it
	told=$(tail -n 1 $1.out | sed -n "s/^.* $2 \([0-9]*\).*/\1/p")
	echo ${told:-0}
}
seen_of() { [ "$(told_of $1 A)" -gt 0 ] && [ "$(told_of $1 B)" -gt 0 ]; }
seen() { seen_of small && seen_of large && seen_of huge; }

# Changes files until each load has seen both versions; but not for ever.
rounds=20
[ -n "$quick" ] || rounds=5
change() {				# KIND...: in turns
	i=0
	until [ $i -ge $((rounds * 5)) ] || { [ $i -ge $rounds ] && seen; }; do
		[ $((i % 2)) = 0 ] && letter=B || letter=A
		for kind; do
			$kind $letter.small
			$kind $letter.large
			$kind $letter.huge
		done
		i=$((i + 1))
		kill -USR1 $loaders
	done
}

verdict_of() {				# NAME WHAT [CUTS-ARE-FINE]
	result=$(tail -n 1 $2.out | sed 's/.*failed/failed/; s/ A .*//
	    s/refused.*first/first/; s/other [0-9]* //')
	[ -z "$3" ] || result=$(echo "$result" | sed 's/cut .*/cut 0/')
	is "$1: $2 files ($(told_of $2 cut) cut)" "$result" \
	    "failed 0 first_failure - cut 0"
	okay "... both versions were seen" seen_of $2
}
verdicts() {				# NAME [CUTS-ARE-FINE]
	for what in small large huge; do verdict_of "$1" $what $2; done
}

# ---- never older than a second ----------------------------------------------

# Eleven files change at once; 1.1 s later nobody may get what was there
# before. It is done while the loads run, which have a server of their own: they
# would drive these files out of the cache.
mkdir root/d source/d
fresh_put() { echo "$1" >source/d/new && mv -f source/d/new root/d/$2; }
zeros() { dd if=/dev/zero bs=$1 count=1 2>/dev/null | tr '\0' '\n'; }
padded() {				# as large files are: TEXT NAME
	{ echo "$1"; zeros 40000; } >source/d/new
	mv -f source/d/new root/d/$2
}
fresh_first() {				# ROUND
	rm -rf root/d/*
	for name in replaced rewritten grown cut deleted folder fifo; do
		echo "old $1" >root/d/$name
	done
	padded "old $1" large-replaced
	padded "old $1" large-rewritten
	echo "old $1" >source/d/old
	echo "new $1" >source/d/target
	ln -s ../../source/d/old root/d/linked
}
fresh_second() {			# ROUND
	fresh_put "new $1" replaced
	echo "new $1" >root/d/rewritten
	echo "new $1" >>root/d/grown
	: >root/d/cut
	rm root/d/deleted
	rm root/d/folder; mkdir root/d/folder
	mkfifo source/d/pipe; mv -f source/d/pipe root/d/fifo
	padded "new $1" large-replaced
	{ echo "new $1"; zeros 30000; } >root/d/large-rewritten
	ln -s ../../source/d/target source/d/link
	mv -f source/d/link root/d/linked
	echo "new $1" >root/d/made
}
fresh_names='replaced rewritten grown cut deleted folder fifo large-replaced
large-rewritten linked made'
fresh_ask() {				# what is served, in a line
	set --
	for name in $fresh_names; do
		set -- "$@" "GET /d/$name HTTP/1.1\r\nHost: x\r\n\r\n"
	done
	raw "$@" -h | tr -d '\r' | sed -n 's|^HTTP/1.1 \([0-9]*\).*|\1|p
	    /^old [0-9]*$/p; /^new [0-9]*$/p' | tr '\n' ' '
}
second=1100
[ -n "$quick" ] || second=2100		# its tick is as late as all the rest
stale_rounds() {			# prints what was not as it must be
	round=0
	while [ $round -lt 3 ]; do
		round=$((round + 1))
		o="200 old $round" n="200 new $round"
		fresh_first $round
		pause $second
		was=$(fresh_ask)
		fresh_second $round
		pause $second
		is=$(fresh_ask)
		[ "$was" = "$o $o $o $o $o $o $o $o $o $o 404 " ] ||
			echo "first $round: $was"
		o="$o new $round 200 404 301 403"
		[ "$is" = "$n $n $o $n $n $n $n " ] || echo "then $round: $is"
	done
}

SRV=calm
start_server 'server.max-keep-alive-idle = 300'
stale_rounds >stale &
watcher=$!
# somebody stays: else it would forget everything
"$RAW" -a "127.0.0.1:$PORT" 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' \
    -w 300000 >/dev/null &
mine $!
SRV=glimd
start_server ''
before=$(opened $PID 2>/dev/null)
put A.small; put A.large; put A.huge

begin_loads =
change replaced deleted folder fifo linked
end_loads
verdicts "files replaced, deleted, turned into something else"
okay "... and nobody waits for a FIFO ($(told_of small longest_ms) ms)" \
    test "$(told_of small longest_ms)" -lt $((1000 * SLOW))

# Whether the bytes changed as well nobody knows: an answer may end early.
set -- touched
if [ "$(id -u)" = 0 ]; then skip "chmod 000" "root may read everything"
else set -- touched forbidden
fi
begin_loads = -e
change replaced touched "$@"
end_loads
verdicts "files touched, forbidden and allowed" cut

# Every prefix of a version was a file for a moment.
begin_loads '<=' -e
change rewritten regrown
end_loads
verdicts "files rewritten in place" cut

wait $watcher
is "nothing is served that was over a second ago" "$(cat stale)" ""
[ ! -r /proc/$PID/fd ] || lost_none "no descriptor is lost" $PID "$before"
