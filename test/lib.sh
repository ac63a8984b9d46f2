# lib.sh - what every test file begins with: a server in a fresh folder, ways
# to talk to it, and verdicts in TAP.
#
#	. "$TOP/test/lib.sh"
#	echo hello >root/a.txt
#	start_server 'server.tag = ""'
#	like "a file is served" "$(get /a.txt)" "HTTP/1.1 200 OK*hello"
#
# test.sh runs a file in an empty folder. Here are root/ (the document root),
# NAME.conf, NAME.log (standard error) and NAME.out of the server called $SRV;
# a test with two servers changes SRV in between. What a test leaves running
# is stopped, and its exit status judged, when the test ends.
# Environment: GLIMD, GLIMD_BACKEND, GLIMD_WRAP ("valgrind -q ..." put before
# the program) and GLIMD_SLOW (factor for all patience).

[ -n "$TOP" ] || exec sh "${0%/*}/../test.sh" "${0##*/}"

GLIMD=${GLIMD:-$TOP/glimd}
RAW=$TOP/test/bin/raw
WORK=$PWD
ROOT=$PWD/root
SRV=glimd			# whose files, whose PORT and PID
STARTED=			# names of servers to be stopped at the end
MINE=				# other processes to be ended, see mine()
TESTS=0
SLOW=${GLIMD_SLOW:-1}
unset http_proxy NOTIFY_SOCKET LISTEN_FDS LISTEN_PID
mkdir -p root
trap 'finish $?' EXIT
trap 'exit 130' HUP INT TERM

# ---- verdicts ---------------------------------------------------------------

verdict() {				# ok|"not ok" NAME [GOT WANT]
	TESTS=$((TESTS + 1))
	printf '%s %d - %s\n' "$1" $TESTS "$2"
	[ $# -le 2 ] && return 0
	printf '%s\n' "$3" | sed 's/^/# GOT  /'
	printf '%s\n' "$4" | sed 's/^/# WANT /'
}

is() {					# NAME GOT WANT: the same text
	if [ "$2" = "$3" ]; then verdict ok "$1"
	else verdict "not ok" "$1" "$2" "$3"; fi
}

like() {				# NAME GOT PATTERN: sh's own patterns
	case $2 in
	$3) verdict ok "$1" ;;
	*) verdict "not ok" "$1" "$2" "$3" ;;
	esac
}

unlike() {				# NAME GOT PATTERN
	case $2 in
	$3) verdict "not ok" "$1" "$2" "anything but $3" ;;
	*) verdict ok "$1" ;;
	esac
}

okay() {				# NAME COMMAND...: it succeeds
	name=$1; shift
	if "$@"; then verdict ok "$name"
	else verdict "not ok" "$name" "status $?" "success of: $*"; fi
}

skip() { verdict ok "$1 # skip $2"; }	# NAME WHY
have() { command -v "$1" >/dev/null 2>&1; }	# PROGRAM
needs() {				# MODULE...: or there is nothing to test
	for module; do
		"$GLIMD" -V | grep -q -e "^modules:.* mod_$module " \
		    -e "^modules:.* mod_$module\$" && continue
		skip "all of it" "mod_$module is not in this binary"
		exit 0
	done
}

# ---- patience ---------------------------------------------------------------

pause() { "$RAW" -w "$1"; }		# MILLISECONDS

wait_for() {				# COMMAND...: until it succeeds, 10 s
	tries=$((400 * SLOW))
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		pause 25
	done
}

# ---- servers ----------------------------------------------------------------

# Writes $SRV.conf: the text given, and what each test needs but for keys that
# stand in the text at the beginning of a line.
configure() {				# TEXT
	printf '%s\n' "$1" >$SRV.conf
	default server.bind '"127.0.0.1"'
	default server.port 0
	default server.document-root "\"$ROOT\""
	[ -z "$GLIMD_BACKEND" ] ||
		default server.event-handler "\"$GLIMD_BACKEND\""
}

default() {				# KEY VALUE
	grep -q "^$1[ =]" $SRV.conf || echo "$1 = $2" >>$SRV.conf
}

# Runs a program in the background; $SRV.id has its process id from the start,
# $SRV.status its exit status at the end.
launch() {				# COMMAND...
	rm -f $SRV.id $SRV.status
	(
		sh -c 'echo $$ >$0.new; mv $0.new $0.id; exec "$@"' \
		    $SRV "$@"
		echo $? >$SRV.status
	) </dev/null >$SRV.out 2>$SRV.log &
	STARTED="$STARTED $SRV"
	wait_for test -s $SRV.id
	PID=$(cat $SRV.id)
}

listens() { grep -q 'listening on\|http://\|unix:' $SRV.log $errorlog; }
settled() { [ -s $SRV.status ] || listens; }

# Waits until the server listens, and sets PORT (empty for a unix socket).
# Returns 1 when it ended instead: its words are in $SRV.log.
await() {
	wait_for settled
	PORT=$(cat $SRV.log $errorlog |
	    sed -n 's/.*listening on [^ ]*:\([0-9][0-9]*\)$/\1/p
		s|.*http://[^/]*:\([0-9][0-9]*\)/.*|\1|p' | sed -n 1p)
	listens
}

start_server() {			# CONFIGURATION [ARGUMENT...]
	configure "$1"; shift
	errorlog=$(sed -n 's/^server.errorlog *= *"\([^|]*\)".*/\1/p' $SRV.conf)
	[ -z "$errorlog" ] || : >>"$errorlog"
	launch $GLIMD_WRAP "$GLIMD" -D "$@" -f $SRV.conf
	await || verdict "not ok" "the server starts" "$(cat $SRV.log)" ""
}

start_zero() {				# ARGUMENT...: zero-config mode
	errorlog=
	case " $*" in
	*" -l "*) launch $GLIMD_WRAP "$GLIMD" -D "$@" ;;
	*) launch $GLIMD_WRAP "$GLIMD" -D -l 127.0.0.1:0 "$@" ;;
	esac
	await || verdict "not ok" "the server starts" "$(cat $SRV.log)" ""
}

# Runs backend.c as the server NAME, and sets BACKEND to its port (or socket);
# NAME.events has what happens there. Its end is judged as a server's: it took
# no request that was malformed.
start_backend() {			# NAME ARGUMENT...
	keep_srv=$SRV keep_pid=$PID SRV=$1
	shift
	case " $* " in
	*" -a "*) ;;
	*) set -- -a 127.0.0.1:0 "$@" ;;
	esac
	launch "$TOP/test/bin/backend" -l "$WORK/$SRV.events" "$@"
	wait_for grep -q ready $SRV.out ||
		verdict "not ok" "the backend starts" "$(cat $SRV.log)" ""
	BACKEND=$(sed -n 's/^ready //p' $SRV.out)
	SRV=$keep_srv PID=$keep_pid
}

# How many lines of a backend's events match.
events() { grep -c -e "$2" "$1.events"; }	# NAME PATTERN

ended() { [ -s $SRV.status ]; }

# Stops $SRV; one verdict: it went with status 0, and no sanitizer complained.
stop_server() {				# [SIGNAL]
	PID=$(cat $SRV.id)
	ended || kill -"${1:-TERM}" $PID
	judge_end "the server ($SRV) ends clean"
}

judge_end() {				# NAME
	wait_for ended || { kill -KILL $PID; wait_for ended; }
	is "$1" "$(cat $SRV.status
	    grep -E 'ERROR: |runtime error|^==[0-9]+==|^ +#' $SRV.log)" 0
	STARTED=$(echo " $STARTED " | sed "s/ $SRV / /g")
}

# A port that nobody had a moment ago: for a server that has to know it before.
free_port() {
	SRV=probe
	start_server '' >/dev/null
	stop_server >/dev/null
	echo $PORT
}

mine() { MINE="$MINE $1"; }		# PID: end it, too, when the test ends

finish() {				# STATUS
	trap - EXIT
	for SRV in $STARTED; do stop_server; done
	for pid in $MINE; do kill -KILL $pid 2>/dev/null; done
	echo "1..$TESTS"
	exit $1
}

# ---- clients ----------------------------------------------------------------

# raw.c's client, connected to the server; see there for its language.
raw() { "$RAW" -a "127.0.0.1:$PORT" "$@"; }

# Only the status codes of all responses, and how the connection ended:
# "200 404 eof".
codes() {				# RAW'S ARGUMENTS...
	raw -c "$@" | sed 's|^HTTP/1.. \([0-9]*\).*|\1|' | tr '\n' ' ' |
	    sed 's/ $//'
}

# A whole response, without the carriage returns, on a connection of its own.
request() {				# METHOD TARGET [FIELD...]
	head="$1 $2 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
	shift 2
	for field; do head="$head$field\r\n"; done
	raw "$head\r\n" | tr -d '\r'
}

get() { request GET "$@"; }		# TARGET [FIELD...]
first() { sed 1q; }			# of a response: the status line
body() { sed '1,/^$/d'; }		# ... what follows the head
field() {				# NAME: ... the value of a field
	sed -n '1,/^$/s/^'"$1"': *//p'
}
