# 66-strace - what a request costs: one read and one write beside the wait.
. "$TOP/test/lib.sh"

have strace || { skip "system calls" "no strace"; exit; }
[ -z "$GLIMD_WRAP" ] || { skip "system calls" "something else is in front"
	exit; }
strace -o trace true 2>/dev/null || { skip "system calls" "not allowed"; exit; }

ASAN_OPTIONS=detect_leaks=0		# not to be had under a tracer
export ASAN_OPTIONS
echo hello >root/a.txt
GLIMD_WRAP="strace -D -o $WORK/trace"
start_server "server.modules = ( \"mod_accesslog\" )
accesslog.filename = \"$WORK/access.log\""
one='GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n'

# All calls from the first answer to the last of 100, but for the waits and
# what the tick does.
n=100 i=0
set --
while [ $i -lt $n ]; do
	set -- "$@" "$one" -g hello
	i=$((i + 1))
done
is "100 requests" "$(raw -c "$@" -h | grep -c 200)" 100
stop_server

# From the first request on the connection to the end of file on it.
awk '/GET \/a\.txt/ { on = 1 }
	on { print }
	on && /^(read|recv|recvfrom)\(.* = 0$/ { exit }' trace |
    grep -v -E '^(---|\+\+\+|rt_sigreturn|epoll_|poll|p?select|_newselect)' |
    grep -v -E 'SIGALRM|EINTR' >calls
# The tick may write the access log, read the signal pipe and the clock.
reads=$(grep -c -E '^(read|recv|recvfrom|readv)\(.*GET' calls)
writes=$(grep -c -E '^(write|writev|send|sendto|sendmsg)\(.*HTTP/1.1 200' calls)
is "one read each" "$reads" 100
is "one write each" "$writes" 100
others=$(($(wc -l <calls) - reads - writes))
okay "hardly anything else ($others calls in 100 requests)" test $others -le 20
is "nothing but the connection is touched" "$(grep -E \
    '^(open|openat|stat|newfstatat|fstat|lstat|close|setsockopt|fcntl)' calls |
    sort | uniq -c | awk '$1 > 2')" ""
