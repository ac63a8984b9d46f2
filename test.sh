#!/bin/sh
# test.sh - runs the tests and sums them up.
#
#	./test.sh		everything
#	./test.sh 40 31-range	the layer 40, and one file
#
# A test file is a shell script in test/. Each is run by a process of its own
# in a folder of its own, and prints TAP; what depends on the event loop (20 to
# 33, 50 to 57 and 70) runs once for each event backend of the binary. Where
# something is measured runs alone, before the others. Needed: sh, make, cc
# and the utilities of POSIX. The last line says how many tests passed, failed
# and were skipped; the exit status is 1 if any failed. GLIMD_LANES (4) of them
# run side by side; test/lib.sh lists what else the environment can change.

TOP=$(cd "$(dirname "$0")" && pwd) || exit 1
exec </dev/null			# it may be closed, and nobody reads it
GLIMD=${GLIMD:-$TOP/glimd}
LC_ALL=C
export TOP GLIMD LC_ALL

# The house can be looked at without the programs that the others need.
if [ "${1-}" != 00-house ] && [ ! -x "$TOP/test/bin/raw" ]; then
	echo "test.sh: run \"make test\": a program is missing" >&2
	exit 1
fi
tmp=${TMPDIR:-/tmp}/glimd-test.$$
mkdir -m 755 "$tmp" || exit 1
trap 'chmod -R u+rwx "$tmp"; rm -rf "$tmp"' EXIT
trap 'exit 130' HUP INT TERM

run() {					# LABEL[.BACKEND]
	mkdir "$tmp/$1"
	case $1 in
	*.*) GLIMD_BACKEND=${1#*.} ;;
	*) GLIMD_BACKEND=$given ;;
	esac
	export GLIMD_BACKEND
	(cd "$tmp/$1" && exec sh "$TOP/test/${1%%.*}.sh") >"$tmp/$1.tap" 2>&1
	judge $1 $? >"$tmp/$1.report"
	chmod -R u+rwx "$tmp/$1"
	rm -rf "$tmp/$1"
	cat "$tmp/$1.report"
}

# The verdicts of a file that has run. One that died, or that has no verdict at
# all, is one failure more.
judge() {				# LABEL STATUS
	ok=$(grep -c '^ok ' "$tmp/$1.tap")
	no=$(grep -c '^not ok ' "$tmp/$1.tap")
	sk=$(grep -c '^ok .* # skip' "$tmp/$1.tap")
	plan=$(sed -n 's/^1\.\.//p' "$tmp/$1.tap")
	if [ "$2" -ne 0 ] || [ "$plan" != $((ok + no)) ] ||
	    [ "$plan" = 0 ]; then
		no=$((no + 1))
		echo "not ok - $1 ended early, status $2; its last lines:"
		tail -n 20 "$tmp/$1.tap" | sed 's/^/# /'
	fi
	echo "$1: $((ok - sk)) passed, $no failed, $sk skipped"
	awk '/^not ok/ { show = 1 } /^ok|^1\.\./ { show = 0 }
		show || /^ok.* # skip/ { print "    " $0 }' "$tmp/$1.tap"
	echo $((ok - sk)) $no $sk >"$tmp/$1.sum"
}

# One of several that run side by side, for most of a test is waiting: it takes
# what no other has taken yet.
lane() {
	for label in $jobs; do
		! mkdir "$tmp/$label.taken" 2>/dev/null || run $label
	done
}

want_it() {				# LIST LABEL: adds it, once
	eval "before=\$$1"
	case " $before " in
	*" $2 "*) ;;
	*) eval "$1='$before $2'" ;;
	esac
}

backends=${GLIMD_BACKENDS:-$("$GLIMD" -V | tr -c 'a-z-' '\n' |
    grep -x -e select -e poll -e linux-sysepoll | sort -u)}

given=${GLIMD_BACKEND-}
alone= long= jobs= unknown=
[ $# -gt 0 ] || set -- ''
for want; do
	want=${want##*/}
	found=
	for file in "$TOP/test/${want%.sh}"*.sh; do
		label=${file##*/}
		label=${label%.sh}
		case $label in
		[0-9][0-9]-*) found=1 ;;
		*) continue ;;
		esac
		case $label in
		26-* | 28-* | 29-* | 34-* | 35-* | 62-* | 66-*)
			list=alone ;;		# something is measured
		27-* | 32-tar | 37-* | 48-status | 61-workers | 63-*)
			list=long ;;		# the others fill the gaps
		*) list=jobs ;;
		esac
		case $label in
		2?-* | 3[0-3]-* | 5[0-7]-* | 70-*)
			for backend in $backends; do
				want_it $list $label.$backend
			done
			;;
		*) want_it $list $label ;;
		esac
	done
	[ -n "$found" ] || unknown="$unknown $want"
done

for label in $alone; do
	run $label
done
jobs="$long $jobs"
n=${GLIMD_LANES:-4}
while [ $n -gt 0 ]; do
	lane &
	n=$((n - 1))
done
wait
for want in $unknown; do
	echo "not ok - there is no test $want"
	echo 0 1 0 >"$tmp/$want.sum"
done
cat "$tmp"/*.sum | awk '{ passed += $1; failed += $2; skipped += $3 }
	END {
		printf("%d passed, %d failed, %d skipped\n", passed, failed,
		    skipped)
		exit failed > 0
	}'
