#!/bin/sh
# test.sh - runs the tests and sums them up.
#
#	./test.sh		everything
#	./test.sh 40 31-range	the layer 40, and one file
#
# A test file is a shell script in test/. Each is run by a process of its own
# in a folder of its own, and prints TAP; the areas of the event loop (20 to 33
# and 70) run once for each event backend of the binary. Needed: sh, make, cc
# and the utilities of POSIX. The last line says how many tests passed, failed
# and were skipped; the exit status is 1 if any failed. test/lib.sh lists what
# the environment can change.

TOP=$(cd "$(dirname "$0")" && pwd) || exit 1
exec </dev/null			# it may be closed, and nobody reads it
GLIMD=${GLIMD:-$TOP/glimd}
LC_ALL=C
export TOP GLIMD LC_ALL
passed=0 failed=0 skipped=0

# The house can be looked at without the programs that the others need.
if [ "${1-}" != 00-house ] && [ ! -x "$TOP/test/bin/raw" ]; then
	echo "test.sh: run \"make test\": a program is missing" >&2
	exit 1
fi
tmp=${TMPDIR:-/tmp}/glimd-test.$$
mkdir -m 755 "$tmp" || exit 1
trap 'chmod -R u+rwx "$tmp"; rm -rf "$tmp"' EXIT
trap 'exit 130' HUP INT TERM

run() {					# FILE LABEL
	mkdir "$tmp/$2"
	(cd "$tmp/$2" && exec sh "$1") >"$tmp/$2.tap" 2>&1
	echo $? >"$tmp/$2.status"
	chmod -R u+rwx "$tmp/$2"
	rm -rf "$tmp/$2"
}

# Counts the verdicts of a file that has run. One that died, or that has no
# verdict at all, is one failure more.
count() {				# LABEL
	status=$(cat "$tmp/$1.status")
	ok=$(grep -c '^ok ' "$tmp/$1.tap")
	no=$(grep -c '^not ok ' "$tmp/$1.tap")
	sk=$(grep -c '^ok .* # skip' "$tmp/$1.tap")
	plan=$(sed -n 's/^1\.\.//p' "$tmp/$1.tap")
	if [ "$status" -ne 0 ] || [ "$plan" != $((ok + no)) ] ||
	    [ "$plan" = 0 ]; then
		no=$((no + 1))
		echo "not ok - $1 ended early, status $status; its last lines:"
		tail -n 20 "$tmp/$1.tap" | sed 's/^/# /'
	fi
	passed=$((passed + ok - sk))
	failed=$((failed + no))
	skipped=$((skipped + sk))
	echo "$1: $((ok - sk)) passed, $no failed, $sk skipped"
	awk '/^not ok/ { show = 1 } /^ok|^1\.\./ { show = 0 }
		show || /^ok.* # skip/ { print "    " $0 }' "$tmp/$1.tap"
}

# All backends at the same time, for most of a test is waiting; but one after
# the other where something is measured.
run_for_backends() {			# FILE LABEL
	for GLIMD_BACKEND in $backends; do
		export GLIMD_BACKEND
		case $2 in
		26-* | 28-* | 29-*) run "$1" "$2.$GLIMD_BACKEND" ;;
		*) run "$1" "$2.$GLIMD_BACKEND" & ;;
		esac
	done
	wait
	for GLIMD_BACKEND in $backends; do
		count "$2.$GLIMD_BACKEND"
	done
	unset GLIMD_BACKEND
}

# One of several that run the patient files, which mostly wait, side by side:
# it takes what no other has taken yet.
lane() {
	for label in $patient; do
		mkdir "$tmp/$label.taken" 2>/dev/null || continue
		run "$TOP/test/$label.sh" $label
	done
}

backends=${GLIMD_BACKENDS:-$("$GLIMD" -V | tr -c 'a-z-' '\n' |
    grep -x -e select -e poll -e linux-sysepoll | sort -u)}

patient=
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
		2?-* | 3[0-3]-* | 70-*) run_for_backends "$file" $label ;;
		3?-* | 62-* | 66-*)	# something is measured
			run "$file" $label
			count $label
			;;
		*)
			case "$patient " in
			*" $label "*) ;;
			*) patient="$patient $label" ;;
			esac
			;;
		esac
	done
	if [ -z "$found" ]; then
		echo "not ok - there is no test $want"
		failed=$((failed + 1))
	fi
done

lane & lane & lane &
wait
for label in $patient; do
	count $label
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
