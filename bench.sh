#!/bin/sh
#
# bench.sh - what a request costs: glimd, its peers, and the floor.
#
#	./bench.sh [-q] [WORKLOAD...]
#	./bench.sh gateways [CASE...]	bench/gateways.sh
#
# Measured is the server's CPU time for each request, user and system, of its
# whole process tree, with server and load on one CPU: across two, the price
# of waking the other one swamps the figure. A round visits every server once;
# ratios are taken within a round, then the medians. Peers are set up at their
# best, in a temporary folder, on 127.0.0.1. Needs Linux and wrk.
#
# -q is one round of one second. Environment:
#	ROUNDS 3   DURATION 2 (seconds)   CPU (last one)   PORT 21800
#	SERVERS    floor glimd nginx lighttpd h2o darkhttpd busybox; also
#	           glimd-poll glimd-select
#	STARTS 101 (runs of "start")      IDLE 9800 (connections of "idle")
#	TABLE bench/results.txt           CHART bench/results.svg

set -u
export LC_ALL=C

HERE=$(cd "$(dirname "$0")" && pwd) || exit 1
BIN=
TMP=
SERVER=
IDLER=

if [ "${1-}" = gateways ]; then
	shift
	exec sh "$HERE/bench/gateways.sh" "$@"
fi
. "$HERE/bench/process.sh"
. "$HERE/bench/servers.sh"

# name, connections, path, wanted status, title
workloads() {
	cat <<-'LIST'
	keepalive 64 /small.html 200 1 KiB keep-alive, 64 connections
	many 512 /small.html 200 1 KiB keep-alive, 512 connections
	pipeline 64 /small.html 200 1 KiB, 16-deep pipelining
	close 64 /small.html 200 1 KiB, connection per request
	files 64 /files 200 10,000 distinct 1 KiB files
	large 64 /large.bin 200 100 KiB file
	huge 8 /huge.bin 200 10 MiB file
	notfound 64 /absent.html 404 404
	log 64 /small.html 200 1 KiB with access log
	idle 64 /small.html 200 1 KiB through idle connections
	start 1 /small.html 200 start to first response (elapsed time)
	LIST
}

# Field $3 of the line of text $1 that begins with $2.
get() { printf '%s\n' "$1" | awk -v k="$2" -v f="$3" '$1 == k { print $f }'; }

say() { printf '%s\n' "$*" >&2; }

die() { say "bench: $*"; exit 1; }

usage() {
	say "usage: ./bench.sh [-q] [WORKLOAD...]"
	say "workloads (idle only when named):"
	workloads | while read -r n _ _ _ title; do
		printf '  %-10s %s\n' "$n" "$title" >&2
	done
	exit 1
}

# ---- processes --------------------------------------------------------------

stop_idler() {
	[ -n "$IDLER" ] || return 0
	kill "$IDLER" 2>/dev/null
	wait "$IDLER" 2>/dev/null
	IDLER=
}

clean_up() {
	stop_idler
	stop_server
	[ -z "$TMP" ] || rm -rf "$TMP"
}

# ---- one run ----------------------------------------------------------------

start_server() {
	PORT=$((PORT + 1))
	(ulimit -n "$FDS"; become "$1" "$2" "$PORT" $PIN) \
	    >/dev/null 2>"$TMP/stderr" &
	SERVER=$!
}

load_args() {
	case $1 in
	pipeline) echo "-- pipeline 16" ;;
	files) echo "-- files 10000" ;;
	esac
}

# wrk on workload $1 for $2 seconds.
drive() {
	set -- "$1" "$2" "$(get "$LOADS" "$1" 2)" "$(get "$LOADS" "$1" 3)"
	header="Bench: 1"
	[ "$1" != close ] || header="Connection: close"
	$PIN wrk -t1 -c"$3" -d"$2s" --timeout 10s -H "$header" \
	    -s "$HERE/bench/wrk.lua" "http://127.0.0.1:$PORT$4" \
	    $(load_args "$1") 2>&1
}

# Does the server answer workload $1 as it should? Leaves head and body sizes
# in $answer ("status head body").
verify() {
	path=$(get "$LOADS" "$1" 3)
	[ "$1" != files ] || path=/files/99/99.html
	answer=$("$BIN/probe" get "$PORT" "$path") || return 1
	set -- "$1" $answer
	[ "$2" = "$(get "$LOADS" "$1" 4)" ] || return 1
	case $1 in
	notfound) ;;
	large) [ "$4" = 102400 ] ;;
	huge) [ "$4" = 10485760 ] ;;
	*) [ "$4" = 1024 ] ;;
	esac
}

hold_idle() {
	"$BIN/probe" idle "$PORT" /small.html "$IDLE" >"$TMP/idle" &
	IDLER=$!
	while alive "$IDLER" && ! grep -q ready "$TMP/idle"; do
		sleep 0.1
	done
	alive "$IDLER"
}

# Time to the first response: server $1, round $2.
run_start() {
	PORT=$((PORT + 1))
	took=$(become "$1" start "$PORT" $PIN "$BIN/probe" start "$PORT" \
	    /small.html "$STARTS" 2>"$TMP/stderr") || return 1
	say "$(printf '%-10s %s %-10s %9.1f us' start "$2" "$1" "$took")"
	echo "start $2 $1 $took - - - -" >>"$TMP/raw"
}

# Workload $1, round $2, server $3. Fails when the server does.
run() {
	start_server "$3" "$1"
	verify "$1" || return 1
	before=$(memory "$SERVER") each=-
	if [ "$1" = idle ]; then
		hold_idle || return 1
		each=$(memory "$SERVER" | awk -v was="${before#* }" \
		    -v n="$IDLE" '{ printf("%.0f", ($2 - was) * 1024 / n) }')
	fi
	drive "$1" 1 >/dev/null
	used=$(cpu "$SERVER")
	result=$(drive "$1" "$DURATION" | sed -n 's/^RESULT //p')
	used=$(($(cpu "$SERVER") - used))
	space=$(memory "$SERVER")
	[ -n "$result" ] || return 1
	# A large body is counted by its bytes: many are under way at the end.
	set -- "$1" "$2" "$3" $(echo "$result $answer" | awk -v ns="$used" \
	    -v huge="$([ "$1" = huge ] && echo 1)" '{
		n = huge ? $3 / ($7 + $8) : $1
		bad = $4 + ($6 == 200 ? $5 : 0)
		if (n == 0 || ns <= 0)
			exit 1
		printf("%.4f %.0f %d\n", ns / 1000 / n, n * 1e6 / $2, bad)
	}')
	[ $# -eq 6 ] || return 1
	[ "$6" = 0 ] || say "bench: $1: $3: wrk counted $6 errors"
	echo "$1 $2 $3 $4 $5 $space $each" >>"$TMP/raw"
	say "$(printf '%-10s %s %-10s %9.2f us %9d requests/s %s' \
	    "$1" "$2" "$3" "$4" "$5" "$([ "$each" = - ] || \
	    echo "$each bytes each")")"
}

# ---- all of it --------------------------------------------------------------

make_files() {
	mkdir -p "$TMP/www/files" || die "no room in $TMP"
	chmod 755 "$TMP"	# servers may drop their privileges
	awk 'BEGIN { for (i = 0; i < 16; i++) printf("%63s\n", i) }' \
	    >"$TMP/www/small.html"
	dd if=/dev/urandom of="$TMP/www/large.bin" bs=102400 count=1 2>/dev/null
	dd if=/dev/urandom of="$TMP/www/huge.bin" bs=1048576 count=10 2>/dev/null
	case " $* " in
	*" files "*) ;;
	*) return 0 ;;
	esac
	for a in 0 1 2 3 4 5 6 7 8 9; do
		for b in 0 1 2 3 4 5 6 7 8 9; do
			mkdir "$TMP/www/files/$a$b"
			awk -v d="$TMP/www/files/$a$b" 'BEGIN {
				for (i = 0; i < 100; i++) {
					f = sprintf("%s/%02d.html", d, i)
					printf("%1023d\n", i) > f
					close(f)
				}
			}'
		done
	done
}

# The floor answers with as many bytes as the first real server present.
take_sizes() {
	SIZES=
	for ref in nginx lighttpd glimd h2o darkhttpd; do
		have $ref && break
	done
	have $ref || return 0
	start_server $ref keepalive
	for w in $(printf '%s\n' "$LOADS" | awk '{ print $1 }'); do
		answer="200 240 1024"
		[ "$w" = files ] || verify "$w"
		SIZES="$SIZES$w $answer
"
	done
	stop_server
}

# Copies are measured: a make in another window does no harm.
build() {
	mkdir -p "$BIN" "$HERE/bench/bin"
	for tool in floor probe; do
		made=$HERE/bench/bin/$tool
		[ -n "$(find "$made" -newer "$HERE/bench/$tool.c" \
		    2>/dev/null)" ] || ${CC:-cc} -std=c99 -D_GNU_SOURCE -O2 \
		    -o "$made" "$HERE/bench/$tool.c" ||
		    die "cannot build bench/$tool.c"
		cp "$made" "$BIN/$tool" || exit 1
	done
	[ ! -x "$HERE/glimd" ] || cp "$HERE/glimd" "$BIN/glimd"
}

measure() {
	failed=" "
	for w in "$@"; do
		for round in $(seq "$ROUNDS"); do
			for s in $SERVERS; do
				case $failed in *" $w:$s "*) continue ;; esac
				fits "$s" "$w" || continue
				if [ "$w" = start ]; then
					run_start "$s" "$round"
				else
					run "$w" "$round" "$s"
				fi || {
					say "bench: $w: $s fails, left out:" \
					    "$(head -n 1 "$TMP/stderr")"
					failed="$failed$w:$s "
				}
				stop_idler
				stop_server
				rm -f "$TMP/access.log"
			done
		done
	done
}

report() {
	awk -f "$HERE/bench/median.awk" "$TMP/raw" >"$TMP/medians"
	workloads | awk '{ $2 = $3 = $4 = ""; gsub(/  +/, " "); print }' \
	    >"$TMP/titles"
	awk -v titles="$TMP/titles" -f "$HERE/bench/table.awk" \
	    "$TMP/medians" >"$TABLE"
	awk -v titles="$TMP/titles" -f "$HERE/bench/chart.awk" \
	    "$TMP/medians" >"$CHART"
	cat "$TABLE"
	say "bench: table in $TABLE, chart in $CHART"
}

ROUNDS=${ROUNDS:-3} DURATION=${DURATION:-2} PORT=${PORT:-21800}
STARTS=${STARTS:-101} IDLE=${IDLE:-9800}
if [ "${1:-}" = -q ]; then
	ROUNDS=1 DURATION=1 STARTS=31
	shift
fi
LOADS=$(workloads)
for w in "$@"; do
	[ -n "$(get "$LOADS" "$w" 1)" ] || usage
done
[ $# -gt 0 ] || set -- keepalive many pipeline close files large huge \
    notfound log start
TABLE=${TABLE:-$HERE/bench/results.txt} CHART=${CHART:-$HERE/bench/results.svg}

command -v wrk >/dev/null || die "wrk is missing: install the package wrk"
[ -r /proc/self/stat ] || die "needs Linux's /proc"
PIN=
if command -v taskset >/dev/null; then
	CPU=${CPU:-$(taskset -cp $$ | sed 's/.*[^0-9]//')}
	PIN="taskset -c $CPU"
	$PIN true 2>/dev/null || die "no such CPU: $CPU"
else
	say "bench: taskset (util-linux) is missing: not pinned, mind the figures"
fi
# As many descriptors for everybody as the idle connections, or the peers'
# caches of open files, need.
FDS=$((IDLE * 3 + 1000))
(ulimit -n "$FDS") 2>/dev/null || FDS=$(ulimit -Hn)

trap clean_up EXIT
trap 'exit 129' HUP; trap 'exit 130' INT; trap 'exit 143' TERM
TMP=$(mktemp -d "${TMPDIR:-/tmp}/glimd-bench.XXXXXX") || exit 1
BIN=$TMP/bin
build
make_files "$@"
take_sizes
all=${SERVERS:-floor glimd nginx lighttpd h2o darkhttpd busybox}
SERVERS=
for s in $all; do
	if have "$s"; then
		SERVERS="$SERVERS $s"
	else
		say "bench: no $s here"
	fi
done
: >"$TMP/raw"
measure "$@"
report
