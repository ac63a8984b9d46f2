# fuzz.sh SECONDS REQUESTS - what "make fuzz" runs: each parser's fuzzer for
# that long, all at once, with libFuzzer where clang has it and else as 36-fuzz
# does; then the server gets so many changed requests. What libFuzzer learned
# stays in test/bin/corpus.NAME for the next time; an input that breaks a
# promise is written to test/bin/crash-*, and belongs into test/corpus with a
# row in test/unit_*.h. The last line is test.sh's, with the fuzzers added.

TOP=$(cd "$(dirname "$0")/.." && pwd) || exit 1
cd "$TOP" || exit 1
sources=$(echo $OBJECTS | sed 's/\.o/.c/g')

build() {				# NAME
	clang $CFLAGS -I. -g -O1 -fsanitize=fuzzer,address,undefined \
	    -fno-sanitize-recover=all -o test/bin/libfuzzer_$1 \
	    test/fuzz_$1.c $sources 2>test/bin/$1.log
}

fuzz() {				# NAME SECONDS
	cd test/bin || return 1
	if [ -x libfuzzer_$1 ]; then
		mkdir -p corpus.$1
		./libfuzzer_$1 -max_total_time=$2 -timeout=20 -max_len=8192 \
		    -artifact_prefix=crash-$1- -print_final_stats=1 \
		    corpus.$1 ../corpus/$1 >$1.log 2>&1
	else
		./fuzz_$1 -t $2 ../corpus/$1 >$1.log 2>&1
	fi
	status=$?
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p
		s/^\([0-9]*\) runs, seed .*/\1/p' $1.log)
	if [ $status -eq 0 ]; then
		echo "ok - fuzz_$1: $runs inputs in $2 s"
	else
		echo "not ok - fuzz_$1: status $status; test/bin/$1.log ends:"
		tail -n 30 $1.log | cut -c 1-300 | sed 's/^/# /'
	fi
	return $status
}

rm -f test/bin/libfuzzer_*
pids=
passed=0 failed=0
for name in http url range conf reply; do
	( build $name || rm -f test/bin/libfuzzer_$name ) &
	pids="$pids $!"
done
wait $pids
pids=
for name in http url range conf reply; do
	fuzz $name "$1" &
	pids="$pids $!"
done
for pid in $pids; do
	if wait $pid; then passed=$((passed + 1))
	else failed=$((failed + 1)); fi
done
GLIMD_MUTATIONS=$2 ./test.sh 36 >test/bin/36-fuzz.log
sed '$d' test/bin/36-fuzz.log
set -- $(tail -n 1 test/bin/36-fuzz.log | tr -d ,)
echo "$((passed + $1)) passed, $((failed + $3)) failed, $5 skipped"
[ $((failed + $3)) -eq 0 ]
