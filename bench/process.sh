# process.sh - servers as processes: their CPU time, memory, and end. Read by
# bench.sh and vhosts.sh.
#
# Needs Linux's /proc. Uses and sets SERVER, the process id of what is measured,
# or empty.

# The process ids of $1 and all below it.
tree() {
	cat /proc/[0-9]*/stat 2>/dev/null | awk -v root="$1" '
	{ pid = $1; sub(/^.*\) /, ""); parent[pid] = $2 }
	END {
		for (pid in parent) {
			up = pid
			while (up != root && up > 1)
				up = parent[up]
			if (up == root)
				print pid
		}
	}'
}

# Nanoseconds of CPU that the tree of $1 has used, reaped children included:
# from schedstat where the kernel has it, else in clock ticks.
cpu() {
	for pid in $(tree "$1"); do
		fine=/proc/$pid/task/[0-9]*/schedstat
		sed 's/^/stat /' "/proc/$pid/stat"
		cat $fine 2>/dev/null | sed 's/^/fine /'
	done 2>/dev/null | awk -v tick="$(getconf CLK_TCK)" '
	$1 == "fine" { fine += $2; next }
	{ sub(/^.*\) /, ""); own += $12 + $13; reaped += $14 + $15 }
	END {
		ns = 1e9 / tick
		printf("%.0f\n", reaped * ns + (fine ? fine : own * ns))
	}'
}

# KiB resident and proportional of the tree of $1, as "RSS PSS".
memory() {
	for pid in $(tree "$1"); do
		cat "/proc/$pid/smaps_rollup"
	done 2>/dev/null | awk '
	$1 == "Rss:" { rss += $2 } $1 == "Pss:" { pss += $2 }
	END { if (rss) print rss, pss; else print "- -" }'
}

alive() { grep -q '^State:.[^ZX]' "/proc/$1/status" 2>/dev/null; }

stop_server() {
	[ -n "$SERVER" ] || return 0
	pids=$(tree "$SERVER")
	kill -TERM "$SERVER" 2>/dev/null
	tries=0
	while alive "$SERVER" && [ $tries -lt 40 ]; do
		sleep 0.05
		tries=$((tries + 1))
	done
	if alive "$SERVER"; then
		kill -KILL $pids 2>/dev/null
	fi
	wait "$SERVER" 2>/dev/null
	SERVER=
}
