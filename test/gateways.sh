# gateways.sh - what the tests of gateways that fail, last, or are large share.
#
#	. "$TOP/test/lib.sh"
#	. "$TOP/test/load.sh"
#	. "$TOP/test/gateways.sh"
#
# Of each gateway, proxy, fastcgi and scgi, backend.c is the backend; of cgi,
# scripts in root/.

more='HTTP/1.1\r\nHost: x\r\n'
last="${more}Connection: close\r\n"

wire() { case $1 in proxy) echo http ;; *) echo $1 ;; esac; }

# A value of *.server: everything goes to a backend, without patience.
host() {				# PORT|SOCKET [OPTIONS]
	case $1 in
	/*) echo "( \"/\" => (( \"socket\" => \"$1\", $2" ;;
	*) echo "( \"/\" => (( \"host\" => \"127.0.0.1\", \"port\" => $1, $2" ;;
	esac
	echo '    "check-local" => "disable", "disable-time" => 1 )) )'
}
hasty='"connect-timeout" => 1, "read-timeout" => 1, "write-timeout" => 1,'

start_gateway() {			# KIND PORT|SOCKET OPTIONS [SETTINGS]
	start_server "server.modules = ( \"mod_$1\" )
$1.server = $(host "$2" "$3")
$4"
}
is_cgi='server.modules = ( "mod_cgi" )
cgi.assign = ( ".cgi" => "/bin/sh" )'

# What must be as many before and after: descriptors, but for files that are
# kept, and children, alive or dead. A reload lets go of idle connections.
holds() {
	for pid in $PID $(children); do
		ls -l /proc/$pid/fd 2>/dev/null
	done | grep -c -e socket: -e pipe: -e deleted
	children | wc -l
}
holds_only() { [ "$(holds | tr '\n' ' ')" = "$1" ]; }
note_held() { reload; held=$(holds | tr '\n' ' '); }
judge_held() {				# NAME
	if [ -d /proc/$PID/fd ]; then
		reload
		wait_for holds_only "$held"
		is "$1: nothing is left" "$(holds | tr '\n' ' ')" "$held"
	else
		skip "$1: nothing is left" "there is no /proc"
	fi
}

# The backend's end, at once; what it was asked is forgotten.
kill_backend() {			# NAME
	kill -KILL $(cat $1.id)
	keep_srv=$SRV SRV=$1
	wait_for ended
	SRV=$keep_srv
	STARTED=$(echo " $STARTED " | sed "s/ $1 / /")
}
has_events() { [ "$(events $1 "$2")" -ge $3 ]; }	# NAME PATTERN NUMBER

# CPU time of the server and its workers, in milliseconds.
used() {
	sum=0
	for pid in $PID $(children); do
		read -r line <"/proc/$pid/stat" || continue
		set -- ${line##*) }
		sum=$((sum + (${12} + ${13}) * 10))
	done 2>/dev/null
	echo $sum
}

# The most memory the server has had, in KiB; its workers' largest.
most() {
	for pid in $PID $(children); do
		sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' /proc/$pid/status
	done | sort -n | tail -n 1
}
measured() {				# can memory and time be?
	[ -z "$GLIMD_WRAP" ] && [ -r /proc/$PID/status ] &&
		! grep -q __asan_init "$GLIMD"
}
