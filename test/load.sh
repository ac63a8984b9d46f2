# load.sh - what the tests of processes share: a load of clients that never
# forgive (see load.c), what the log says by now, and who our workers are.
#
#	. "$TOP/test/load.sh"
#	start_load -k 8 -f 4
#	reload
#	end_load
#	judge_load "a reload loses nothing"

LOAD=$TOP/test/bin/load
LOADER=				# its process
backends=${GLIMD_BACKENDS:-$("$GLIMD" -V | tr -c 'a-z-' '\n' |
    grep -x -e select -e poll -e linux-sysepoll | sort -u)}

# Returns when each of the clients has had its first answer.
start_load() {				# LOAD'S ARGUMENTS...
	rm -f load.ready
	"$LOAD" -a "127.0.0.1:$PORT" -w load.ready "$@" >load.out 2>&1 &
	LOADER=$!
	wait_for test -e load.ready
}

end_load() {
	kill $LOADER
	wait $LOADER
}

loaded() {				# WORD: what load says of it
	sed -n "s/^\(.* \)*$1 \([^ ]*\).*/\2/p" load.out
}

# All got answers, and those were many enough to mean something. On a machine
# that stood still for a second, clients look idle, and may be hung up on.
judge_load() {				# NAME [LEAST]
	if [ "$(loaded pause_ms)" -gt 900 ]; then
		skip "$1" "this machine stood still for $(loaded pause_ms) ms"
		return
	fi
	is "$1" "$(sed 's/longest_ms.*first/first/; s/^answered [0-9]* //' \
	    load.out)" "failed 0 refused 0 first_failure -"
	answered=$(loaded answered)
	[ "${answered:-0}" -ge "${2:-20}" ] ||
		verdict "not ok" "... and there was a load" "$answered" many
}

said() { cat $SRV.log $errorlog | grep -c -e "$1"; }	# how often
says() { [ "$(said "$1")" -ge "${2:-1}" ]; }		# TEXT [TIMES]

# Returns when the server has done it, or after a while.
told() {				# SIGNAL ANSWER [PID]
	n=$(said "$2")
	kill -$1 ${3:-$PID}
	wait_for says "$2" $((n + 1))
}
reload() { told HUP 'configuration reloaded'; }
refused() { told HUP 'reload refused'; }

children() {				# [PID]: of whom it is the parent
	set -- "${1:-$PID}"
	if [ -r "/proc/$1/task/$1/children" ]; then
		tr ' ' '\n' <"/proc/$1/task/$1/children" | grep . | sort
	else
		ps -A -o ppid= -o pid= | awk -v p="$1" \
		    '$1 == p { print $2 }' | sort
	fi 2>/dev/null
}
has_children() { [ "$(children | wc -l)" -eq "$1" ]; }

idle_connection() {	# answered once; asks again when idle.go is there
	rm -f idle.got idle.go
	raw 'GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n' -g hello \
	    -T idle.got -f idle.go 'GET /a.txt HTTP/1.1\r\nHost: x\r\n' \
	    'Connection: close\r\n\r\n' >idle.out &
	idle=$!
	wait_for test -e idle.got
}

download() {	# begun; goes on when go is there; see judge_download
	rm -f got go
	raw -s -z 4096 'GET /large HTTP/1.0\r\n\r\n' \
	    -g Content-Length -T got -f go >end &
	job=$!
	wait_for test -e got
}

judge_download() {			# NAME
	touch go
	wait $job
	read -r size how <end
	okay "$1 ($size)" test "$size" -gt "$(wc -c <root/large)"
}
