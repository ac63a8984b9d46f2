# 36-fuzz - the parsers by themselves, and the whole server, get bytes that
# nobody means: test/corpus with random changes. "make fuzz" does more of it.
# GLIMD_MUTATIONS is the number of requests, GLIMD_FUZZ of seconds for a
# parser, GLIMD_SEED repeats a run.
. "$TOP/test/lib.sh"

for what in http url range conf reply; do
	$GLIMD_WRAP "$TOP/test/bin/fuzz_$what" -t "${GLIMD_FUZZ:-1}" \
	    ${GLIMD_SEED:+-s $GLIMD_SEED} "$TOP/test/corpus/$what" >out 2>&1
	is "the promises of fuzz_$what.c hold" "$?$(grep -v 'runs, seed' out)" 0
done

# ---- the server -------------------------------------------------------------

mkdir root/d
echo hello >root/a.txt
echo '<p>hello</p>' >root/c.html
echo 'pretend this is gzip' >root/c.html.gz
awk 'BEGIN { for (i = 0; i < 2000; i++) printf "0123456789" }' >root/b.bin
secret="TOP-$$-SECRET"
for file in root/.hidden secret.txt root.txt; do
	echo "$secret" >$file
done
for name in a '<b>' '%2e' 'q"?#' "two
lines"; do
	echo x >"root/d/$name"
done

start_server 'dir-listing.activate = "enable"
index-file.names = ("index.html")
accesslog.filename = "access.log"
server.modules = ("mod_indexfile", "mod_dirlisting", "mod_staticfile",
    "mod_accesslog")'
"$TOP/test/bin/mutate" -a 127.0.0.1:$PORT -x "$secret" \
    -n "${GLIMD_MUTATIONS:-5000}" ${GLIMD_SEED:+-s $GLIMD_SEED} \
    "$TOP/test/corpus/http" >out 2>&1
is "every answer to changed requests is well-formed" \
    "$?$(grep -v ' failures 0$' out)" 0
okay "most of them were answered" awk '
	/^seed/ { good = $8 > $6 / 3 } END { exit !good }' out
is "after all this it still serves" "$(get /a.txt | body)" hello
is "no raw control byte has reached the log" \
    "$(tr -d '[:print:]\n' <access.log | wc -c | tr -d ' ')" 0

# ---- a listing whose request had a broken body was never freed --------------

# Where somebody keeps books on memory, the end of the server tells.
rss() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' /proc/$PID/status; }
broken='GET /many/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx'
mkdir root/many
(cd root/many && awk 'BEGIN { for (i = 0; i < 200; i++)
	printf "a-file-with-a-rather-long-name-%d\n", i }' | xargs touch)
is "a listing with a broken body" "$(codes "$broken")" "400 eof"
[ "$(codes "$broken")" = "400 eof" ] || exit 0
raw -s -n 20 "$broken" >/dev/null
if [ -z "$GLIMD_WRAP" ] && [ -r /proc/self/status ] &&
    ! grep -q __asan_init "$GLIMD"; then
	before=$(rss)
	raw -s -n 200 "$broken" >/dev/null
	okay "200 broken bodies cost no memory" \
	    test $(($(rss) - before)) -lt 1000
else
	skip "200 broken bodies cost no memory" "there is no telling"
fi
stop_server
