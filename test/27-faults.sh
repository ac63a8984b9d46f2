# 27-faults - memory, descriptors and the clock fail, and the server does not: a
# request may, and the next one is served. What takes its time, servers that are
# starved or wait, goes on behind the rest, and is judged at the end.
. "$TOP/test/lib.sh"
. "$TOP/test/workers.sh"
. "$TOP/test/faults.sh"

# ---- a start without memory -------------------------------------------------

# Each call that takes memory fails in turn, from the first one of main to the
# last one of a request. All this happens behind the tests that follow.
SRV=one
configure "server.modules = ( \"mod_accesslog\", \"mod_dirlisting\",
    \"mod_indexfile\", \"mod_staticfile\" )
index-file.names = ( \"none\", \"index.html\" )
dir-listing.activate = \"enable\"
dir-listing.show-readme = \"enable\"
dir-listing.exclude = ( \"x\" )
accesslog.filename = \"$WORK/one.access\"
server.errorfile-prefix = \"$WORK/error\"
server.error-handler-404 = \"/gone\"
\$HTTP[\"query-string\"] == \"q\" { server.tag = \"q\" }"
cp one.conf all.conf
export GLIMD_FAULTS="$WORK/one.faults"
: >one.faults
at_once() {
	"$RAW" -x "\"$GLIMD\" -1 -f one.conf 2>one.$1; echo \$? >one.status" \
	    "GET /small10 $more\r\nGET /none?p=%20 $more\r\n\
GET /index10/ $more\r\nGET /folder10/ $last\r\n" \
	    >out/one.$1 2>>hung
	read -r status <one.status
}
count_up() {
	n=0
	fault off
	at_once 0
	while [ $n -lt 300 ]; do
		n=$((n + 1))
		fault malloc $n ENOMEM once
		at_once $n
		hit && [ ! -s hung ] || break
		case $status in
		0) ;;
		1) [ -s one.$n ] || echo "$n: ended without a word" ;;
		*) echo "$n: status $status" ;;
		esac
	done >one.wrong
	echo $n >one.done
}
count_up &
mine $!

# The same for a daemon, alone and with workers: from the calls on that -t does
# not have. The shell waits for its verdict.
start_daemon() {			# WORKERS N
	SRV=daemon.$1.$2
	export GLIMD_FAULTS="$WORK/$SRV.faults"
	{
		cat all.conf
		echo "server.max-worker = $1"
		echo "server.pid-file = \"$WORK/$SRV.pid\""
		echo "server.errorlog = \"$WORK/$SRV.log\""
	} >$SRV.conf
	fault malloc $2 ENOMEM once
	"$GLIMD" -f $SRV.conf >$SRV.out 2>&1
	status=$?
	hit && more_faults=1
	fault off
	case $status in
	0)	read -r pid <$SRV.pid && kill -TERM $pid ;;
	1 | 2)	[ -s $SRV.out ] || [ -s $SRV.log ] ||
			echo "$SRV: ended without a word" ;;
	*)	echo "$SRV: status $status" ;;
	esac
}
daemons() {
	SRV=test
	export GLIMD_FAULTS="$WORK/test.faults"
	fault malloc 99999 ENOMEM once
	"$GLIMD" -t -f all.conf >/dev/null
	hit
	for w in 0 2; do
		n=$((calls - 5)) more_faults=1
		while [ $more_faults = 1 ] && [ $n -lt 300 ]; do
			more_faults=0
			start_daemon $w $n
			n=$((n + 1))
		done
	done >daemons.wrong
	echo $n >daemons.done
}
daemons &
mine $!

# ---- the clock is set -------------------------------------------------------

# Each of these has a client that asks again after a while and then is idle, one
# whose head drips in, and one whose head never ends.
now=$(date +%s)
set -- forward 86400 backward -86400 year2038 $((2147483645 - now))
clocks='forward backward year2038'
while [ $# -gt 0 ]; do
	workers=0
	[ $1 != forward ] || workers=2
	start $1 "server.max-worker = $workers
server.max-keep-alive-idle = 3
server.max-read-idle = 3"
	begin="GET /small10 HTTP/1.1\r\nHost: x"
	codes -t 30000 "$begin\r\n\r\n" -g small -w 2200 "$begin\r\n\r\n" \
	    >$1.idle &
	eval idle_$1=$!
	codes -t 30000 "GET /" -w 600 sm -w 600 all10 -w 600 " $more" \
	    -w 600 "\r\n" >$1.drip &
	eval drip_$1=$!
	codes -t 30000 "$begin" >$1.half &
	eval half_$1=$!
	like "$1: a file is served" "$(get /a.txt)" "HTTP/1.1 200*hello"
	fault time $2
	shift 2
done

# ---- nobody can be accepted -------------------------------------------------

hungry='EMFILE ENFILE ENOMEM ENOBUFS'
waiting=
starve() {				# ERROR
	fault accept 1 $1 always
	for i in 1 2; do
		(
			raw -t 60000 "GET /a.txt $last\r\n" \
			    >out/$SRV-plain.$i
			now
			echo $NOW >$SRV.served.$i
		) &
		waiting="$waiting $!"
	done
}
for error in $hungry; do
	start $error ''
	starve $error
done
start workers 'server.max-worker = 2'
starve ENFILE

for SRV in $hungry workers; do
	use $SRV
	wait_for logged 'accepting paused'
	used
	now
	eval cpu_$SRV=$CPU since_$SRV=$NOW
done

# ---- files cannot be opened -------------------------------------------------

# All the time somebody is there, so that the cache is kept.
for SRV in EMFILE_open ENFILE_open EMFILE_opendir; do
	start $SRV "server.max-read-idle = $((2 * SLOW))
server.max-keep-alive-idle = 60
dir-listing.activate = \"enable\"
dir-listing.show-readme = \"enable\""
	raw -t 60000 "GET /a.txt $more\r\n" -g hello -T $SRV.cached \
	    -f opened "GET /a.txt $last\r\n" >$SRV.kept &
	eval kept_$SRV=$!
	wait_for test -e $SRV.cached
	fds
	eval fds_$SRV=$N
	fault ${SRV#*_} 1 ${SRV%_*} always
	case $SRV in *opendir) want=folder ;; *) want=large ;; esac
	(
		now
		begin=$NOW
		ask $want 1 $SRV-
		now
		echo $((NOW - begin)) >$SRV.time
	) &
	eval asked_$SRV=$!
done
# Two who do not wait for it: one resets, one closes.
use ENFILE_open
used
now
cpu=$CPU since=$NOW
raw "GET /large12 HTTP/1.1\r\n" -w 20 "Host: x\r\n\r\n" -w 20 -r >/dev/null
raw "GET /large13 $more\r\n" -w 20 -e >/dev/null
for SRV in EMFILE_open ENFILE_open EMFILE_opendir; do
	use $SRV
	wait_for hit
	is "$SRV: others are served from the cache" "$(get /a.txt | body)" hello
	eval okay '"$SRV: who needs a descriptor waits"' \
	    kill -0 \$asked_$SRV
done
for SRV in EMFILE_open EMFILE_opendir; do
	use $SRV
	fault off
	now
	begin=$NOW
	eval wait \$asked_$SRV
	now
	okay "$SRV: ... and is served when there is one ($((NOW - begin)) ms)" \
	    test $((NOW - begin)) -le $((2500 * SLOW))
done

like "EMFILE_open: ... the file" "$(first <out/EMFILE_open-large.1)" \
    "HTTP/1.1 200 *"
like "EMFILE_opendir: ... the folder" \
    "$(first <out/EMFILE_opendir-folder.1)" "HTTP/1.1 200 *"

# ---- the clock, a second later ----------------------------------------------

set -- Mon Tue Wed Thu Fri Sat Sun
day=$(date -u +%u)
eval "forward=\${$((day % 7 + 1))} backward=\${$(((day + 5) % 7 + 1))}"
year2038='19 Jan 2038'
has_date() { get /a.txt | field Date | grep -q "$1"; }
has_changed() { [ "$(get /changing | body)" = 2 ]; }
echo 1 >root/changing
touch -t 200001010000 root/changing
for SRV in $clocks; do
	use $SRV
	eval okay '"$SRV: Date follows"' wait_for has_date "\"\$$SRV\""
	is "$SRV: a file" "$(get /changing | body)" 1
done
echo 2 >root/changing
now
begin=$NOW
for SRV in $clocks; do
	use $SRV
	wait_for has_changed
	now
	okay "$SRV: ... has changed ($((NOW - begin)) ms)" \
	    test $((NOW - begin)) -le $((2500 * SLOW))
done

# ---- a request without memory -----------------------------------------------

kinds='small large head part parts folder json edge long slash index none pair
body chunks'
modules='server.modules = ( "mod_accesslog", "mod_dirlisting", "mod_indexfile",
    "mod_staticfile" )
index-file.names = ( "none", "index.html" )
dir-listing.activate = "enable"
dir-listing.show-readme = "enable"
server.max-request-field-size = 65535'
# A head so long that the memory of its request is not kept for the next one.
pad=$(printf '%33000s' | tr ' ' x)
start malloc "$modules
accesslog.filename = \"$WORK/access.log\"
server.errorfile-prefix = \"$WORK/error\""
for kind in plain $kinds; do
	ask $kind 0
done
like "a small file" "$(cat out/small.0)" "HTTP/1.1 200 *small"
like "a folder" "$(cat out/folder.0)" \
    "HTTP/1.1 200 *file1*file5*link*</table>*read me*"
like "an index" "$(cat out/index.0)" "HTTP/1.1 200 *index"
okay "a large file" test "$(tr -d '\r' <out/large.0 | body)" = "${text%?}"
is "the others" "$(for kind in $kinds; do
	sed -n 's|^HTTP/1.1 \([0-9]*\).*|\1|p' out/$kind.0
done | tr '\n' ' ')" \
    "200 200 200 206 206 200 200 200 200 301 200 404 200 200 405 200 404 200 "
kill -HUP $PID			# empties the cache
wait_for logged 'configuration reloaded'
fds
before=$N total=0 endless=
for kind in $kinds; do
	n=0
	while n=$((n + 1)); [ $n -lt 30 ] && [ ! -s hung ]; do
		fault malloc $n ENOMEM once
		ask $kind $n
		hit || break
		fault off
		ask plain 1 $kind.$n-
		total=$((total + 1))
	done
	[ $n -lt 30 ] || endless="$endless $kind"
done
is "each call of each request has failed once" "$endless" ""
okay "... $total of them" test $total -gt 50
for n in 1 2 4 6; do
	fault malloc $n ENOMEM always
	for kind in small folder none; do
		ask $kind $((20 + n)) always-
	done
	fault off
	ask plain 1 always.$n-
done
kill -HUP $PID
okay "... and no descriptor is lost ($before)" wait_for fds_are $before

# Now calls of other kinds, once each.
for call in 'epoll_ctl ENOMEM' 'epoll_ctl ENOSPC' 'opendir ENOMEM' \
    'fstat EIO' 'read EIO' 'open EIO' 'open ENOMEM'; do
	for n in 1 2 3; do
		fault ${call% *} $n ${call#* } once
		case $call in
		open* | read* | fstat*) what='small large' ;;
		*) what='small large folder' ;;
		esac
		for kind in $what; do
			ask $kind $((20 + n)) "${call% *}.${call#* }.$n-"
		done
		fault off
		ask plain 1 ${call% *}.${call#* }.$n-
	done
done
for error in ECONNABORTED EPROTO EINTR EAGAIN EPERM; do
	fault accept 1 $error once
	ask plain 1 $error-
	okay "$error: accept has failed" hit
done
fault off
is "... which nobody needs to know" "$(counted accepting)" 0

# By now three seconds should have passed for those who can accept nobody.
for SRV in $hungry workers; do
	use $SRV
	now
	eval "cpu=\$cpu_$SRV since=\$since_$SRV"
	[ $((NOW - since)) -ge 3000 ] || pause $((3000 - NOW + since))
	idles "$SRV at accept: nobody spins" $cpu $since
	is "... nobody is served" "$(cat $SRV.served.* 2>/dev/null)" ""
	fault off
	eval fed_$SRV=$NOW
done
use malloc

# In a reload: one that fails leaves all as it was.
again() {
	reloaded=$(counted 'configuration reloaded')
	tries=$((2000 * SLOW))
	kill -HUP $PID
	until hit || [ "$(counted 'configuration reloaded')" -gt $reloaded ]
	do
		pause 1
		tries=$((tries - 1))
		[ $tries -gt 0 ] || break
	done
	hit
}
n=1
fault malloc 1 ENOMEM once
while again && [ $n -lt 300 ] && [ ! -s hung ]; do
	ask plain 1 reload.$n-
	n=$((n + 1))
	fault malloc $n ENOMEM once
done
fault off
okay "in a reload each call fails, too ($n)" test $n -gt 20 -a $n -lt 300
again
ask plain 1 reload.$n-
okay "... and no descriptor is lost" wait_for fds_are $before
stop_server
# Conditions: what a block sets is for its host and for no other, whatever
# fails. A reload makes all that is kept of them new.
for host in a b; do
	mkdir $host
	echo $host >$host/f
done
long=$(printf '%0200d' 0)
start hosts "server.tag = \"none\"
\$HTTP[\"host\"] == \"a\" {
    server.document-root = \"$WORK/a\"
    server.tag = \"a\"
}
\$HTTP[\"host\"] == \"b$long\" {
    \$HTTP[\"user-agent\"] =~ \"^x0*, xx?\$\" {
	server.document-root = \"$WORK/b\"
    }
    server.tag = \"b\"
}"
n=0 wrong=
while n=$((n + 1)); [ $n -lt 120 ]; do
	again
	fault malloc $n ENOMEM once
	raw "GET /f HTTP/1.1\r\nHost: a\r\n\r\nGET /f HTTP/1.1\r\n\
Host: b$long\r\nUser-Agent: x$long\r\nUser-Agent: xx\r\n\r\n\
GET /f HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" 2>&1 |
	    tr -d '\r' | awk '/^HTTP/ { code = $2 } /^Server/ { tag = $2 }
		/^$/ { getline; print code, tag, $0 }' >hosts.$n
	hit || break
	wrong="$wrong$(grep -n '' hosts.$n | grep -v -e '^[13]:200 a a$' \
	    -e '^2:200 b b$' -e '^[13]:50[03] [an]' -e '^2:50[03] [bn]')"
done
is "hosts: no call that fails gives one the settings of another" "$wrong" ""
okay "... $n calls" test $n -gt 5 -a $n -lt 120
is "... and when none fails" "$(cat hosts.$n)" '200 a a
200 b b
200 a a'
stop_server
use malloc
line='^127.0.0.1 [x-] - \[.*\] ".*" [1-5][0-9][0-9] [0-9-]* "-" "-"$'
is "the access log has whole lines only" "$(grep -v "$line" access.log |
    sed 5q)" ""
pad=

# ---- what has happened behind that ------------------------------------------

use ENFILE_open
eval wait \$asked_ENFILE_open
is "who waits longer than server.max-read-idle for a descriptor is told" \
    "$(first <out/ENFILE_open-large.1 | tr -d '\r')" \
    "HTTP/1.1 503 Service Unavailable"
read -r took <ENFILE_open.time
okay "... in time ($took ms)" \
    test $took -ge 1000 -a $took -le $((6000 * SLOW))
eval okay '"... who has left is forgotten"' wait_for fds_are \$fds_ENFILE_open
idles "... and nobody spins" $cpu $since
fault off
ask plain 1 ENFILE_open-
for SRV in EMFILE_open EMFILE_opendir; do
	use $SRV
	kill -HUP $PID
	eval okay '"$SRV: no descriptor is lost"' wait_for fds_are \$fds_$SRV
done
: >opened
for SRV in EMFILE_open ENFILE_open EMFILE_opendir; do
	use $SRV
	eval wait \$kept_$SRV
	like "$SRV: who was there is served" "$(cat $SRV.kept)" \
	    "HTTP*200*hello*HTTP*200*hello"
	stop_server
done

wait $waiting
for SRV in $hungry workers; do
	use $SRV
	eval took=\$\(\($(sort -n $SRV.served.* | tail -n 1) - fed_$SRV\)\)
	okay "$SRV: who waited is served when there is something ($took ms)" \
	    test $took -le $((2500 * SLOW))
	okay "$SRV at accept: it resumes" wait_for logged \
	    "\[note\] accepting resumed"
	most=1
	[ $SRV != workers ] || most=2	# each of them says so
	okay "... and both was said once" test "$(counted 'accepting paused')" \
	    -le $most -a "$(counted 'accepting resumed')" -le $most
	is "... and nothing else" "$(grep -v -e ' listening on ' -e ' started' \
	    -e 'accepting paused: ' -e 'accepting resumed$' $SRV.log)" ""
	ask plain 1 $SRV-
	[ $SRV = workers ] || stop_server
done

# The same in workers, and in what their master does for a reload.
for n in 1 2 3 4 5 6 7 8; do
	fault malloc $n ENOMEM once
	ask small $n workers-
	ask large $n workers-
	fault off
	ask plain 1 workers.$n-
done
ends='reload refused|workers cannot start|configuration reloaded'
is_over() { [ "$(grep -c -E "$ends" $SRV.log)" -gt $before ]; }
n=15
while n=$((n + 2)); [ $n -lt 99 ] && ! logged 'configuration reloaded'; do
	before=$(grep -c -E "$ends" $SRV.log)
	fault malloc $n ENOMEM once
	kill -HUP $PID
	wait_for is_over || verdict "not ok" "a reload ends ($n)"
	fault off
	ask plain 1 workers.reload.$n-
done
workers 2
is "reloads fail in the master, then in workers, then not at all" \
    "$(grep -o -E "$ends" workers.log | uniq)" "reload refused
workers cannot start
configuration reloaded"
stop_server

for SRV in $clocks; do
	use $SRV
	eval wait \$idle_$SRV \$drip_$SRV \$half_$SRV
	is "$SRV: who comes back is served, and then closed" \
	    "$(cat $SRV.idle)" "200 200 eof"
	is "$SRV: who is slow is served" "$(cat $SRV.drip)" "200 eof"
	is "$SRV: who never ends is told" "$(cat $SRV.half)" "408 eof"
	eval okay '"$SRV: Date goes on"' has_date "\"\$$SRV\""
	stop_server
done

okay "each call of a start has failed once" wait_for test -e one.done
read -r n <one.done
okay "... $((n - 1)) of them" test $n -gt 40 -a $n -lt 300
is "... which ends it, with a word, or does no harm" "$(cat one.wrong)" ""
okay "the same as a daemon" wait_for test -e daemons.done
is "... alone, and with workers" "$(cat daemons.wrong)" ""
all_ended() { set -- daemon.*.pid; [ ! -e "$1" ]; }
wait_for all_ended
is "... and no pid file is left" "$(ls daemon.*.pid 2>/dev/null)" ""
is "no sanitizer complains" "$(grep -l -E 'ERROR: |runtime error|^==[0-9]+==' \
    one.* daemon.* *.log)" ""
is "no answer is wrong" "$(judge)" ""
is "nobody waits in vain" "$(sort hung | uniq -c)" ""
