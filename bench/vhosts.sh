#!/bin/sh
#
# vhosts.sh - what virtual hosts and rules cost: glimd and lighttpd with the
# same file.
#
#	bench/vhosts.sh [CASE...]
#
# The file has 1,000 hosts as conditions, each with a document root of its own,
# and 200 rules of url.rewrite-once. Half of the rules begin with plain text,
# the others with something that differs. Measured is CPU time for each request
# as in bench.sh, and the time that -t and a start take. A round visits both
# servers once. Needs Linux and wrk.
#
# Environment:
#	ROUNDS 5   DURATION 2 (seconds)   CPU (last one)   PORT 22800
#	SERVERS    glimd lighttpd          GLIMD ./glimd
#	HOSTS 1000   RULES 200   STARTS 21 (runs of "start")

set -u
export LC_ALL=C

HERE=$(cd "$(dirname "$0")/.." && pwd) || exit 1
TMP=
SERVER=

. "$HERE/bench/process.sh"

# name, file of settings, hosts asked for, path, title
cases() {
	last=$((RULES - 1))
	cat <<-LIST
	plain plain 0 /small.html neither hosts nor rules
	first hosts 0 /small.html the first host
	middle hosts $((HOSTS / 2)) /small.html the middle one
	last hosts $((HOSTS - 1)) /small.html the last one
	other hosts $HOSTS /small.html none of them
	all hosts *$HOSTS /small.html all in turn
	rules rules 0 /small.html the first host, and rules that do not match
	first-rule rules 0 /old0/small.html the first rule
	last-rule rules 0 /x/old$last/small.html the last rule
	all-rules rules *$HOSTS /small.html all hosts in turn, and rules
	simple10 simple *10 /tiny.html simple_vhost, 10 hosts in turn
	simple1000 simple *1000 /tiny.html simple_vhost, 1,000 in turn
	simple10000 simple *10000 /tiny.html simple_vhost, 10,000 in turn
	simple-one simple 9999 /tiny.html simple_vhost, one of 10,000
	LIST
}

say() { printf '%s\n' "$*" >&2; }

die() { say "vhosts: $*"; exit 1; }

# Field $2 of case $1.
get() { cases | awk -v k="$1" -v f="$2" '$1 == k { print $f }'; }

clean_up() {
	stop_server
	[ -z "$TMP" ] || rm -rf "$TMP"
}

# ---- files ------------------------------------------------------------------

make_files() {
	mkdir -p "$TMP/www" || die "no room in $TMP"
	chmod 755 "$TMP"	# servers may drop their privileges
	awk 'BEGIN { for (i = 0; i < 16; i++) printf("%63s\n", i) }' \
	    >"$TMP/www/small.html"
	most=$HOSTS
	case " $cases " in *" simple"*) most=10000 ;; esac
	i=0
	while [ $i -lt $most ]; do
		echo "$TMP/www/h$i.example.com"
		i=$((i + 1))
	done >"$TMP/roots"
	xargs mkdir <"$TMP/roots"
	# so small that of 10,000 all are kept in memory
	echo tiny >"$TMP/www/tiny.html"
	while read -r root; do
		cp "$TMP/www/small.html" "$TMP/www/tiny.html" "$root"
	done <"$TMP/roots"
}

base() {				# PORT MODULES
	cat <<-CONF
	server.document-root = "$TMP/www"
	server.bind = "127.0.0.1"
	server.port = $1
	server.modules = ( $2 )
	server.max-keep-alive-requests = 65535
	server.max-keep-alive-idle = 600
	server.stat-cache-engine = "simple"
	mimetype.assign = ( ".html" => "text/html", "" => "text/plain" )
	CONF
}

hosts() {
	awk -v n="$HOSTS" -v www="$TMP/www" 'BEGIN {
		for (i = 0; i < n; i++) {
			host = "h" i ".example.com"
			printf("$HTTP[\"host\"] == \"%s\" {\n", host)
			printf("\tserver.document-root = \"%s/%s\"\n}\n",
			    www, host)
		}
	}'
}

rules() {
	echo 'url.rewrite-once = ('
	awk -v n="$RULES" 'BEGIN {
		for (i = 0; i < n; i += 2) {
			printf("\"^/old%d/(.*)\" => \"/$1\",\n", i)
			printf("\"^/([^/]+)/old%d/(.*)\" => \"/$2\",\n", i + 1)
		}
	}'
	echo ')'
}

settings() {				# KIND PORT
	case $1 in
	plain) base "$2" '' ;;
	hosts) base "$2" ''; hosts ;;
	rules) base "$2" '"mod_rewrite"'; rules; hosts ;;
	simple)
		base "$2" '"mod_simple_vhost"'
		echo "simple-vhost.server-root = \"$TMP/www\""
		echo 'simple-vhost.document-root = "/"'
		;;
	esac
}

# ---- measuring --------------------------------------------------------------

program() { [ "$1" = glimd ] && echo "$TMP/glimd" || command -v "$1"; }

start_server() {			# SERVER KIND
	PORT=$((PORT + 1))
	settings "$2" $PORT >"$TMP/conf"
	$PIN "$(program "$1")" -D -f "$TMP/conf" >/dev/null 2>"$TMP/stderr" &
	SERVER=$!
}

# Case $1, round $2, server $3.
run() {
	kind=$(get "$1" 2) hosts=$(get "$1" 3) path=$(get "$1" 4)
	start_server "$3" "$kind"
	answer=$("$TMP/probe" get "$PORT" "$path") || return 1
	case $path:$answer in
	*small.html:"200 "*" 1024" | *tiny.html:"200 "*" 5") ;;
	*) return 1 ;;
	esac
	case $hosts in
	"*"*) set -- "$@" "Bench: 1" "hosts ${hosts#"*"}" ;;
	*) set -- "$@" "Host: h$hosts.example.com" "" ;;
	esac
	for seconds in 1 "$DURATION"; do
		used=$(cpu "$SERVER")
		result=$($PIN wrk -t1 -c16 -d"${seconds}s" -H "$4" \
		    -s "$HERE/bench/wrk.lua" "http://127.0.0.1:$PORT$path" \
		    -- $5 | sed -n 's/^RESULT //p')
		used=$(($(cpu "$SERVER") - used))
	done
	set -- "$1" "$2" "$3" $(echo "$result" | awk -v ns="$used" \
	    '$1 > 0 && $4 + $5 == 0 {
		printf("%.4f %.0f\n", ns / 1000 / $1, $1 * 1e6 / $2)
	}')
	[ $# -eq 5 ] || return 1
	echo "$1 $2 $3 $4 $5 $(memory "$SERVER") -" >>"$TMP/raw"
	say "$(printf '%-11s %s %-9s %8.2f us %8d requests/s' "$@")"
}

# What a start costs with the whole file: -t, and up to the first answer.
run_start() {				# ROUND SERVER
	PORT=$((PORT + 1))
	settings rules $PORT >"$TMP/conf"
	took=$("$TMP/probe" start "$PORT" /small.html "$STARTS" \
	    "$(program "$2")" -D -f "$TMP/conf" 2>"$TMP/stderr") || return 1
	used=$(
		i=0
		while [ $i -lt "$STARTS" ]; do
			"$(program "$2")" -t -f "$TMP/conf" >/dev/null 2>&1 ||
				exit 1
			i=$((i + 1))
		done
		times >"$TMP/times"
		awk -F'[ms ]' -v n="$STARTS" 'NR == 2 {
			print ($1 * 60 + $2 + $4 * 60 + $5) * 1e6 / n
		}' "$TMP/times"
	) || return 1
	echo "start $1 $2 $took - - - -" >>"$TMP/raw"
	echo "check $1 $2 $used - - - -" >>"$TMP/raw"
	say "$(printf '%-11s %s %-9s %8.1f ms to the first answer, -t %.1f ms' \
	    start "$1" "$2" "$(awk "BEGIN { print $took / 1000 }")" \
	    "$(awk "BEGIN { print $used / 1000 }")")"
}

report() {
	awk -f "$HERE/bench/median.awk" "$TMP/raw" | awk '
	{ us[$1, $2] = $3; if (!seen[$1]++) order[++n] = $1 }
	END {
		printf("%-12s %10s %10s %8s\n", "us", "glimd", "lighttpd",
		    "ratio")
		for (i = 1; i <= n; i++) {
			g = us[order[i], "glimd"]
			l = us[order[i], "lighttpd"]
			printf("%-12s %10s %10s %8s\n", order[i], g, l,
			    g && l ? sprintf("%.2f", g / l) : "-")
		}
	}'
}

ROUNDS=${ROUNDS:-5} DURATION=${DURATION:-2} PORT=${PORT:-22800}
HOSTS=${HOSTS:-1000} RULES=${RULES:-200} STARTS=${STARTS:-21}
cases="start $(cases | awk '{ printf("%s ", $1) }')"
for c; do
	case " $cases " in
	*" $c "*) ;;
	*) die "no case $c, there are: $cases" ;;
	esac
done
[ $# -eq 0 ] || cases=$*

command -v wrk >/dev/null || die "wrk is missing: install the package wrk"
[ -r /proc/self/stat ] || die "needs Linux's /proc"
GLIMD=${GLIMD:-$HERE/glimd}
[ -x "$GLIMD" ] || die "no glimd: run make"
PIN=
if command -v taskset >/dev/null; then
	CPU=${CPU:-$(taskset -cp $$ | sed 's/.*[^0-9]//')}
	PIN="taskset -c $CPU"
fi
trap clean_up EXIT
trap 'exit 129' HUP; trap 'exit 130' INT; trap 'exit 143' TERM
TMP=$(mktemp -d "${TMPDIR:-/tmp}/glimd-vhosts.XXXXXX") || exit 1
cp "$GLIMD" "$TMP/glimd"
${CC:-cc} -std=c99 -D_GNU_SOURCE -O2 -o "$TMP/probe" "$HERE/bench/probe.c" ||
    die "cannot build bench/probe.c"
servers=
for s in ${SERVERS:-glimd lighttpd}; do
	if [ -n "$(program "$s")" ]; then
		servers="$servers $s"
	else
		say "vhosts: no $s here"
	fi
done
make_files
: >"$TMP/raw"
for c in $cases; do
	for round in $(seq "$ROUNDS"); do
		for s in $servers; do
			case $c in
			start) run_start "$round" "$s" ;;
			*) run "$c" "$round" "$s" ;;
			esac || say "vhosts: $c: $s fails:" \
			    "$(head -n 1 "$TMP/stderr")"
			stop_server
		done
	done
done
report
