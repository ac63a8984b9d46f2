# faults.sh - what a test needs in which memory, descriptors or the clock fail.
#
#	. "$TOP/test/lib.sh"
#	. "$TOP/test/workers.sh"
#	. "$TOP/test/faults.sh"
#
# The server is test/bin/faulty (see faults.c), and $SRV.faults says which of
# its calls fail.

GLIMD=$TOP/test/bin/faulty
serial=0

# From now on calls of $SRV fail, or none does.
fault() {				# KIND N ERROR once|always [PART], off
	serial=$((serial + 1))
	printf '%-63s\n%-63s\n' "$serial $*" 0 1<>$SRV.faults
}

# Did one fail since? Sets calls, how many there were of that kind.
hit() {
	{ read -r plan; read -r hits calls; } <$SRV.faults
	[ "$hits" -gt 0 ]
}

# A server of that name, with a fault file of its own; use returns to it.
start() {				# NAME CONFIGURATION
	SRV=$1
	export GLIMD_FAULTS="$WORK/$SRV.faults"
	fault off
	start_server "$2"
	eval port_$1=$PORT
}
use() {					# NAME
	SRV=$1
	read -r PID <$SRV.id
	eval PORT=\$port_$1
}

# Sets N, the descriptors of the server.
fds() {
	set -- /proc/$PID/fd/*
	N=$#
}
fds_are() { fds; [ $N = $1 ]; }		# NUMBER

# Sets CPU, milliseconds that the server and its workers have used, if that can
# be known.
used() {
	CPU=0
	kids $PID
	for pid in $PID $KIDS; do
		[ -r /proc/$pid/stat ] || continue
		read -r line </proc/$pid/stat
		set -- ${line##*) }
		CPU=$((CPU + (${12} + ${13}) * 10))
	done
}

# One verdict about both since then.
idles() {				# NAME CPU SINCE
	used
	now
	if [ -n "$GLIMD_WRAP" ] || [ ! -r /proc/$PID/stat ]; then
		skip "$1" "what it uses cannot be measured"
	else
		okay "$1 ($((CPU - $2)) ms of $((NOW - $3)))" \
		    test $(((CPU - $2) * 50)) -le $((NOW - $3))
	fi
}

# ---- files and requests -----------------------------------------------------

text='a line that is repeated
'
for i in 1 2 3 4 5 6 7 8 9 10; do text=$text$text; done	# 24 KiB
i=10
while [ $i -lt 40 ]; do
	echo small >root/small$i
	printf %s "$text" >root/large$i
	i=$((i + 1))
done
mkdir out root/folder10 root/index10 root/edge10 root/long10
for i in 1 2 3 4 5; do echo $i >root/folder10/file$i; done
echo read me >root/folder10/README.txt
echo index >root/index10/index.html
ln -s ../a.txt root/folder10/link
# A path of 256 bytes, which is what a buffer begins with, and a longer one.
n=$((256 - ${#ROOT} - 8))
[ $n -gt 0 ] || n=1
ln -s ../a.txt root/edge10/$(printf "%0${n}d" 0)
ln -s ../a.txt root/long10/$(printf %0255d 0)
cp -RP root/folder10 root/json10
for kind in folder index edge long json; do
	i=11
	while [ $i -lt 40 ]; do
		cp -RP root/${kind}10 root/$kind$i
		i=$((i + 1))
	done
done
echo gone >error404.html
# Files that have not changed for long are not read again.
find root -type f -exec touch -t 200001010000 {} +

more='HTTP/1.1\r\nHost: x\r\n'
last="${more}Connection: close\r\n"
pad=				# makes a head longer

# Asks $SRV, on a connection of its own, for what no cache has seen yet: there
# are files and folders for each N, 0 to 29. The answer goes to the file
# out/PREFIXKIND.N.
ask() {					# KIND N [PREFIX]
	file=out/$3$1.$2
	id=$(($2 + 10))
	case $1 in
	small | large) set -- "GET /$1$id $last\r\n" ;;
	head) set -- "HEAD /large$id $last\r\n" ;;
	part) set -- "GET /large$id ${last}Range: bytes=24-47\r\n\r\n" ;;
	parts) set -- "GET /large$id ${last}Range: bytes=0-23,48-71\r\n\r\n" ;;
	folder | edge | long | index) set -- "GET /$1$id/ $last\r\n" ;;
	json) set -- "GET /json$id/?json&C=S $last\r\n" ;;
	slash) set -- "GET /folder$id?x $last\r\n" ;;
	none) set -- "GET /none$id $last\r\n" ;;
	pair) set -- "GET /small$id $more\r\nGET /large$id $last\r\n" ;;
	body) set -- "POST /small$id ${more}Content-Length: 5\r\n\r\nabcde\
GET /large$id $last\r\n" ;;
	chunks) set -- "POST /none$id ${more}Transfer-Encoding: chunked\r\n\
\r\n5\r\nabcde\r\n0\r\n\r\nGET /small$id $last\r\n" ;;
	plain) set -- "GET /a.txt ${last}X: $pad\r\n\r\n" ;;
	esac
	raw "$1" >$file 2>>hung
}

# Holds the answers against those of the same KIND with the number 0, when
# nothing failed. An answer may be that one, or a 5xx; it may end in the middle,
# or not be there. "plain" is forgiven nothing: the fault is over.
cat >judge.awk <<'AWK'
function wrong(what) {
	print file ": " what
	state = "over"
}
function page() {
	return body ~ "^<!DOCTYPE html>.*<title>" status " .*</html>\n$"
}
function answered(    want) {
	state = "line"
	at++
	if (number == 0) {
		good_status[kind, at] = status
		good_body[kind, at] = body
		return
	}
	want = good_status[kind, at]
	if (status == want && body == good_body[kind, at])
		return
	if (want == "")
		wrong("one answer too many, " status)
	else if (kind == "plain" || (status != want && status < 500))
		wrong("status " status " or its body")
	else if (!page() && (kind != "head" || body != ""))
		wrong("a body that is none of " status)
}
# What has begun must be a beginning of what it should have become.
function ended(    n) {
	n = length(body) - 1			# the last newline is awk's
	if (state == "body" && status < 500 &&
	    substr(body, 1, n) != substr(good_body[kind, at + 1], 1, n))
		wrong("a body that began wrong")
	if (kind == "plain" && state != "over" && at != 1)
		wrong("not answered")
}
FNR == 1 {
	if (file != "")
		ended()
	file = kind = FILENAME
	sub(/.*[\/-]/, "", kind)
	number = kind
	sub(/.*\./, "", number)
	sub(/\..*/, "", kind)
	state = "line"
	at = 0
}
state == "line" {
	status = $2
	size = -1
	left = 0
	body = ""
	state = "head"
	if ($0 !~ /^HTTP\/1\.1 [1-5][0-9][0-9] .*\r$/)
		wrong("no status line: " substr($0, 1, 60))
	next
}
state == "head" {
	if (/^Content-Length: /)
		size = left = $2 + 0
	if ($0 == "\r")
		state = "body"
	if (state == "body" && (kind == "head" || size == 0))
		answered()
	next
}
state == "body" && size == -1 {			# in chunks
	if ($0 == "0\r")
		state = "end"
	else if ($0 !~ /^[0-9a-f]*\r$/) {
		sub("/" kind "[0-9]*/", "/" kind "/")	# a folder's name
		body = body $0 "\n"
	}
	next
}
state == "end" {
	answered()
	next
}
state == "body" {
	left -= length($0) + 1
	sub(/^--.*\r$/, "--\r")			# a boundary is always new
	body = body $0 "\n"
	if (left == 0)
		answered()
	else if (left < -1)			# the newline may be awk's
		wrong("longer than announced")
}
END { ended() }
AWK

# Says what is wrong with the answers in out/.
judge() {
	awk -f judge.awk out/*.0 $(ls out/* | grep -v '\.0$') | sed 20q
	find out -name '*plain.*' -size 0
}
