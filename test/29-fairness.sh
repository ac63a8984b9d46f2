# 29-fairness - a client that asks for a lot delays nobody: 10,000 requests in
# one go and downloads without end run while others ask for small things.
. "$TOP/test/lib.sh"

LOAD=$TOP/test/bin/load
i=0
while [ $i -lt 20 ]; do
	echo "<<$i>>" >root/$i
	i=$((i + 1))
done
echo hello >root/a.txt
printf end | dd of=root/endless bs=1048576 seek=4096 2>/dev/null	# sparse

# 10,000 requests, and what they are to be answered: the status, and the text
# of each file that is sent. A fixed sequence, but without a pattern in it.
awk 'BEGIN {
	for (n = seed = 1; n <= 10000; n++) {
		seed = (seed * 1103 + 12345) % 65536
		kind = int(seed / 256) % 8
		file = int(seed / 16) % 20
		method = kind == 1 ? "HEAD" : kind == 2 ? "DELETE" : "GET"
		status = kind == 2 ? 405 : kind == 3 ? 404 : kind == 4 ? 206 \
		    : kind == 5 ? 416 : 200
		printf "%s /%s HTTP/1.1\r\nHost: x\r\n", method,
		    kind == 3 ? "none" : file >"pipeline"
		if (kind == 4)
			printf "Range: bytes=2-\r\n" >"pipeline"
		if (kind == 5)
			printf "Range: bytes=99-\r\n" >"pipeline"
		if (n == 10000)
			printf "Connection: close\r\n" >"pipeline"
		printf "\r\n" >"pipeline"
		print status >"wanted"
		if (kind == 4)
			print file ">>" >"wanted"
		if (status == 200 && method == "GET")
			print "<<" file ">>" >"wanted"
	}
}'

start_server 'server.max-keep-alive-requests = 20000'
is "all files of the test are there" "$(get /19 | body)" "<<19>>"

# It begins again when it is done, until there is the file enough.
greedy() {
	n=0
	while [ $n -lt 200 ] && [ ! -e enough ]; do
		raw -s - <pipeline >>pipelines || return
		n=$((n + 1))
	done
}
greedy &
mine $!
greedy &
mine $!
raw - <pipeline >answers &
careful=$!
downloads=
for i in 1 2 3 4; do
	"$RAW" -a 127.0.0.1:$PORT -t 30000 -s -T begun.$i \
	    "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n" >download.$i &
	downloads="$downloads $!"
	mine $!
done
begun() { [ -e begun.1 ] && [ -e begun.2 ] && [ -e begun.3 ] &&
	[ -e begun.4 ] && [ -s pipelines ]; }
wait_for begun

# NAME ARGUMENTS...: 50 requests, one after the other.
quick() {
	name=$1; shift
	"$LOAD" -a "127.0.0.1:$PORT" -p /a.txt -s 6 -c 50 -t 30 "$@" >$name.load
	sed 's/.*longest_ms \([0-9]*\).*/\1/' $name.load >$name.longest
}
quick fresh -f 1 &
fresh=$!
quick kept -k 1
wait $fresh
running=0
for pid in $downloads; do
	kill -0 $pid 2>/dev/null && running=$((running + 1))
done
is "the downloads went on all the time" $running 4

judge() {				# NAME FILE
	like "$1 is answered" "$(cat $2.load)" 'answered 50 failed 0 *'
	longest=$(cat $2.longest)
	if [ -n "$GLIMD_WRAP" ]; then
		skip "... quickly" "$GLIMD_WRAP"
	else
		okay "... within half a second ($longest ms at most)" \
		    test "$longest" -lt $((500 * SLOW))
	fi
}
judge "who asks 50 times, one after the other," kept
judge "who comes 50 times, one after the other," fresh

wait $careful
tr -d '\r' <answers | sed -n 's|^.*HTTP/1\.1 \([0-9][0-9]*\) .*|\1|p
	s|^\(<*[0-9][0-9]*>>\)$|\1|p' >seen
: >enough
is "a pipeline has an answer to each request" "$(grep -c -x '[0-9]*' seen)" \
    10000
okay "... the right one, in their order" cmp wanted seen
is "... as often as it is sent ($(wc -l <pipelines) times)" \
    "$(sort -u pipelines | wc -l)" 1
