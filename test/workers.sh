# workers.sh - what the tests of a master and its workers share.
#
#	. "$TOP/test/lib.sh"
#	. "$TOP/test/workers.sh"
#
# root/ has a.txt and the large file that download fetches.

LOAD=$TOP/test/bin/load
echo hello >root/a.txt
dd if=/dev/zero of=root/large bs=1048576 count=32 2>/dev/null

served() { [ "$(get /a.txt 2>/dev/null | body)" = hello ]; }
logged() { grep -q "$1" $SRV.log; }
counted() { grep -c "$1" $SRV.log; }
gone() { ! kill -0 $1 2>/dev/null; }
all_gone() { for pid; do gone $pid || return 1; done; }
start_workers() {			# NUMBER CONFIGURATION
	start_server "server.max-worker = $1
$2"
}

# What a killed server leaves: a status nobody judges.
forget() { STARTED=$(echo " $STARTED " | sed "s/ $SRV / /g"); }

# Sets NOW, milliseconds on a clock that nobody sets; no process is started
# where there is a /proc.
now() {
	if read -r up rest 2>/dev/null </proc/uptime; then
		NOW=${up%.*}${up#*.}0
	else
		NOW=$(date +%s)000
	fi
}

# Sets KIDS, the children of a process.
kids() {				# PID
	KIDS=
	if [ -r /proc/$1/task/$1/children ]; then
		read -r KIDS </proc/$1/task/$1/children
	else
		KIDS=$(ps -A -o pid= -o ppid= |
		    awk -v p=$1 '$2 == p { print $1 }' | tr '\n' ' ')
	fi 2>/dev/null
	KIDS=${KIDS% }
}
number() { kids $PID; set -- $KIDS; [ $# -eq $want ]; }
workers() { want=$1; wait_for number; }	# NUMBER: waits until there are so many
is_back() { number && case " $KIDS " in *" $victim "*) false ;; esac; }
served_by() { workers "$1" && wait_for served; }

title() {
	if [ -r /proc/$1/cmdline ]; then
		echo "$(tr -d '\0' </proc/$1/cmdline)"
	else
		ps -o args= -p $1
	fi
}

# Sends a signal; SENDER is the process that did.
send() {				# SIGNAL PID...
	SENDER=$(sh -c 'echo $$; kill "$@"' sh "-$1" $2)
}

# A download that has begun, and goes on when go is there.
download() {
	rm -f got go
	raw -t 30000 -s -z 4096 'GET /large HTTP/1.0\r\n\r\n' \
	    -g Content-Length -T got -f go >end &
	job=$!
	wait_for test -e got
}
finished() {				# sets size
	touch go
	wait $job
	read -r size how <end
	[ "$size" -gt 33554432 ]
}

load() {				# ARGUMENT...: in the background
	rm -f ready
	"$LOAD" -a 127.0.0.1:$PORT -p /a.txt -s 6 -w ready "$@" >load.out &
	loader=$!
	mine $loader
	wait_for test -e ready
}
load_ends() {				# sets failed, refused, result
	kill -TERM $loader
	wait $loader
	result=$(cat load.out)
	failed=$(echo "$result" | sed 's/.*failed \([0-9]*\) .*/\1/')
	refused=$(echo "$result" | sed 's/.*refused \([0-9]*\) .*/\1/')
}
