# 58-large - bodies of all sizes and kinds, and many of them: what comes out is
# what went in, and the server needs no more memory than for small ones. With
# GLIMD_FULL=1 in the sizes that are promised, else in some that take seconds.
. "$TOP/test/lib.sh"
needs cgi fastcgi scgi proxy
. "$TOP/test/load.sh"
. "$TOP/test/gateways.sh"

if [ -n "$GLIMD_FULL" ]; then
	size=2147483648 both=268435456 uploads=500 runs=50000
else
	size=67108864 both=33554432 uploads=100 runs=1000
fi
BIN=$TOP/test/bin
make() { "$BIN/backend" -g "$1"; }			# BYTES
crc() { cksum | sed 's/ $//'; }
patient="-t 300000"
dirs="server.upload-dirs = ( \"$WORK/up\" )"
mkdir up
script() { echo "echo 'Content-Type: text/plain'; echo; $2" >root/$1.cgi; }
script sum "cksum | sed 's/ \$//'"
script bytes "exec '$BIN/backend' -g \"\$QUERY_STRING\""
script pipe "exec cat"
script hello "echo hello"

bounded() {				# NAME [KIB]
	if measured; then
		okay "$1 ($(most) KiB)" test "$(most)" -lt ${2:-4096}
	else
		skip "$1" "its memory cannot be measured"
	fi
}
post() {				# TARGET FIELD [VERSION]: head of a POST
	printf '%s' "POST $1 ${3:-$last}$2\r\n\r\n"
}
said_sum() { tr -d '\r' | body | grep -v '^[0-9a-f]*$'; }	# nor chunks

# ---- scripts ----------------------------------------------------------------

start_server "$is_cgi
$dirs
\$HTTP[\"query-string\"] == \"1\" { server.stream-request-body = 1 }"
note_held
sum=$(make $size | crc)
for mode in 0 1; do
	is "cgi: $size bytes up, mode $mode" "$(make $size | raw $patient \
	    "$(post "/sum.cgi?$mode" "Content-Length: $size")" - |
	    said_sum)" "$sum"
	bounded "cgi: ... in little memory"
done
like "cgi: ... and down" "$(raw $patient -s "GET /bytes.cgi?$size $last\r\n")" \
    "$(echo $size | cut -c1-3)* eof"
bounded "cgi: ... in little memory"
like "cgi: both at once" "$(make $both | raw $patient -s \
    "$(post "/pipe.cgi?1" "Content-Length: $both")" -)" \
    "$(echo $both | cut -c1-3)* eof"
bounded "cgi: ... in little memory"
judge_held "cgi: large bodies"

like "cgi: warm" "$("$LOAD" -a 127.0.0.1:$PORT -k 8 -p /hello.cgi -s 6 \
    -c 200)" "*failed 0 refused 0 *"
rss() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' /proc/$PID/status; }
before=$(rss 2>/dev/null)
like "cgi: $runs runs" "$("$LOAD" -a 127.0.0.1:$PORT -k 6 -f 2 -p /hello.cgi \
    -s 6 -c $runs)" "*failed 0 refused 0 *"
if measured; then
	okay "cgi: ... in no more memory ($before, $(rss))" \
	    test $(($(rss) - before)) -lt 256
fi
judge_held "cgi: $runs runs"
is "cgi: no file is left" "$(ls up)" ""
stop_server

# ---- many at once -----------------------------------------------------------

start_backend back -p http
start_gateway proxy $BACKEND "" "$dirs"
note_held
"$BIN/crowd" -a 127.0.0.1:$PORT -n $uploads -p /sum -i 20 -t 100 \
    -w crowd.up -q body &
crowd=$!
mine $crowd
wait_for test -e crowd.up
pause 1000
bounded "$uploads slow uploads in little memory"
make 100000 >part
sum=$(crc <part)
jobs=
n=0
while [ $n -lt $((uploads / 2)) ]; do
	n=$((n + 1))
	raw $patient -b 2000 "$(post /sum 'Content-Length: 100000')" - <part |
	    said_sum >sum.$n &
	jobs="$jobs $!"
done
wait $jobs
is "... half as many that end at once" "$(cat sum.* | sort | uniq -c |
    sed 's/^ *//')" "$((uploads / 2)) $sum"
bounded "... in not much more" 8192
kill $crowd
wait $crowd
judge_held "... when they are gone"
is "... no file is left" "$(ls up)" ""
stop_server
SRV=back
stop_server
SRV=glimd

# ---- both ways --------------------------------------------------------------

for kind in proxy fastcgi; do
	start_backend back -p $(wire $kind)
	start_gateway $kind $BACKEND "" "$dirs
server.stream-request-body = 1"
	note_held
	is "$kind: what comes back is what went in" "$(make 8388608 | raw \
	    "$(post /pipe 'Content-Length: 8388608' 'HTTP/1.0\r\n')" - |
	    tr -d '\r' | body | crc)" "$(make 8388608 | crc)"
	like "$kind: $both bytes both ways at once" "$(make $both |
	    raw $patient -s "$(post /pipe "Content-Length: $both")" -)" \
	    "$(echo $both | cut -c1-2)* eof"
	bounded "$kind: ... in little memory"

	# who reads slowly: nothing, at first
	raw $patient -s -z 4096 "GET /bytes?n=$both $last\r\n" -g HTTP \
	    -T slow.got -f slow.go >slow.out &
	job=$!
	wait_for test -e slow.got
	is "$kind: another is served meanwhile" \
	    "$(codes "GET /hello $last\r\n")" "200 eof"
	if measured; then
		cpu=$(used)
		pause 500
		cpu=$(($(used) - cpu))
		okay "$kind: nobody spins meanwhile ($cpu ms)" test $cpu -lt 50
	fi
	: >slow.go
	wait $job
	read -r got how <slow.out
	okay "$kind: a slow reader gets all" test $got -gt $both
	bounded "$kind: ... and costs little memory"
	rm slow.got slow.go

	# a backend that takes nothing, at first
	kill -STOP $(cat back.id)
	make $both | raw $patient "$(post /sum "Content-Length: $both")" - |
	    said_sum >slow.out &
	job=$!
	if measured; then
		pause 300
		cpu=$(used)
		pause 500
		cpu=$(($(used) - cpu))
		okay "$kind: nobody spins before a slow backend ($cpu ms)" \
		    test $cpu -lt 50
	fi
	kill -CONT $(cat back.id)
	wait $job
	is "$kind: a slow backend gets all" "$(cat slow.out)" \
	    "$(make $both | crc)"
	bounded "$kind: ... and costs little memory"
	is "$kind: no file was needed" "$(ls up)" ""
	judge_held "$kind"
	stop_server
	SRV=back
	stop_server
	SRV=glimd
done

# ---- of all kinds -----------------------------------------------------------

# The size of the body in chunks of 1000, byte by byte, with a trailer.
make 20000 >part
sum=$(crc <part)
make 4000000 >large
{
	for i in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19; do
		printf '3e8;x="y"\r\n'
		dd if=part bs=1000 count=1 skip=$i 2>/dev/null
		printf '\r\n'
	done
	printf '0\r\nX-Trailer: x\r\n\r\n'
} >chunks
printf abcdefgh >eight
{
	for c in a b c d e f g h; do printf '1\r\n%s\r\n' $c; done
	printf '0\r\n\r\n'
} >eight.chunks
eight=$(crc <eight)
chunked='Transfer-Encoding: chunked'
for kind in proxy fastcgi scgi cgi; do for mode in 0 1 2; do
	what="$kind, mode $mode"
	add="server.stream-request-body = $mode
server.max-request-size = 64
$dirs"
	word=
	if [ $kind = cgi ]; then
		start_server "$is_cgi
$add"
		word=.cgi
	else
		start_backend back -p $(wire $kind)
		start_gateway $kind $BACKEND "" "$add"
	fi
	is "$what: a length" "$(raw "$(post /sum$word \
	    'Content-Length: 20000')" - <part | said_sum)" "$sum"
	is "$what: chunks" "$(raw "$(post /sum$word "$chunked")" - <chunks |
	    said_sum)" "$sum"
	is "$what: ... byte by byte" "$(raw -b 1 "$(post /sum$word \
	    "$chunked")" - <eight.chunks | said_sum)" "$eight"
	is "$what: nothing" "$(raw "$(post /sum$word \
	    'Content-Length: 0')" | said_sum)" "4294967295 0"
	is "$what: no chunk" "$(raw "$(post /sum$word "$chunked")" \
	    '0\r\n\r\n' | said_sum)" "4294967295 0"
	is "$what: bad chunks" "$(codes "$(post /sum$word "$chunked")" \
	    'x\r\n')" "400 eof"
	is "$what: more behind it" "$(codes "$(post /sum$word \
	    'Content-Length: 4' "$more")abcd$(post /sum$word "$chunked" \
	    "$more")4\r\nabcd\r\n0\r\n\r\nGET /hello$word $last\r\n")" \
	    "200 200 200 eof"
	is "$what: ... in pieces" "$(codes "$(post /sum$word?wait=400 \
	    'Content-Length: 4' "$more")ab" -w 100 'cdGET /hel' -w 100 \
	    "lo$word $last\r\n")" "200 200 eof"

	# 100
	like "$what: 100 is awaited" "$(raw "$(post /sum$word \
	    'Expect: 100-continue\r\nContent-Length: 8')" -g '100 Continue' \
	    -T got.100 abcdefgh | tr -d '\r')" \
	    "HTTP/1.1 100 Continue

HTTP/1.1 200 OK*$eight"
	is "$what: who does not wait needs none" "$(codes "$(post /sum$word \
	    'Expect: 100-continue\r\nContent-Length: 8')abcdefgh")" "200 eof"

	# too much
	is "$what: too large a length" "$(codes "$(post /sum$word \
	    'Expect: 100-continue\r\nContent-Length: 70000')")" "413 eof"
	is "$what: chunks that are too many" "$({ printf '11170\r\n'
	    make 70000; } | codes "$(post /sum$word "$chunked")" -)" "413 eof"
	[ $kind != cgi ] || is "$what: no script" "$(codes "$(post /none.cgi \
	    'Expect: 100-continue\r\nContent-Length: 8')")" "404 eof"
	is "$what: no file is left" "$(ls up)" ""
	stop_server
	[ $kind = cgi ] || {
		SRV=back
		stop_server
		SRV=glimd
	}
done; done

# ---- idle -------------------------------------------------------------------

# Conversations of all kinds in which nothing happens cost nothing.
start_backend back -p http
start_backend fast -p fastcgi
fast=$BACKEND
echo "exec <&-; sleep 60" >root/deaf.cgi
start_server "server.modules = ( \"mod_cgi\", \"mod_fastcgi\", \"mod_proxy\" )
cgi.assign = ( \".cgi\" => \"/bin/sh\" )
fastcgi.server = ( \"/f/\" => (( \"host\" => \"127.0.0.1\",
    \"port\" => $fast, \"check-local\" => \"disable\" )) )
proxy.server = ( \"/p/\" => (( \"host\" => \"127.0.0.1\",
    \"port\" => $(sed -n 's/^ready //p' back.out),
    \"upgrade\" => \"enable\" )) )
\$HTTP[\"query-string\"] == \"1\" { server.stream-request-body = 1 }"
note_held
jobs=
idle() {				# RAW'S ARGUMENTS...
	raw $patient "$@" -f idle.go -e >/dev/null 2>&1 &
	jobs="$jobs $!"
}
upgrade='Connection: upgrade\r\nUpgrade: x\r\n\r\n'
idle "GET /p/upgrade $more$upgrade" -g 101
idle "GET /p/upgrade $more$upgrade" -g 101 x -h
for to in p f; do
	idle "GET /$to/never $more\r\n"
	idle "GET /$to/hang $more\r\n" -g HTTP
	idle "GET /$to/never $more\r\n" -h
	idle "GET /$to/bytes?n=99000000 $more\r\n" -g HTTP
	for mode in 0 1; do
		idle "$(post "/$to/sum?$mode" 'Content-Length: 9')ab"
		idle "$(post "/$to/never?$mode" "$chunked")2\r\nab\r\n"
	done
	raw $patient "$(post "/$to/noread?1" 'Content-Length: 99999999')" \
	    - -f idle.go -e <large >/dev/null 2>&1 &
	jobs="$jobs $!"
done
raw $patient "$(post "/deaf.cgi?1" 'Content-Length: 99999999')" - \
    -f idle.go -e <large >/dev/null 2>&1 &
jobs="$jobs $!"
wait_for has_events fast '^request.*hang' 1
wait_for has_events fast '^request.*bytes' 1
kill -STOP $(cat fast.id)
idle "GET /f/hello $more\r\n"
if measured; then
	wait_for has_events back '^head' 10
	pause 500
	cpu=$(used)
	pause 1000
	cpu=$(($(used) - cpu))
	okay "nobody spins where nothing happens ($cpu ms)" test $cpu -lt 50
else
	skip "nobody spins where nothing happens" "it cannot be measured"
fi
is "others are served" "$(codes "GET /p/hello $last\r\n")" "200 eof"
: >idle.go
wait $jobs
kill -CONT $(cat fast.id)
judge_held "when they have left"
stop_server
for SRV in back fast; do stop_server; done
SRV=glimd

# ---- nowhere to keep it -----------------------------------------------------

make 200000 >part
sum=$(crc <part)
big() { codes "$(post /sum.cgi 'Content-Length: 200000')" - <part; }
start_server "$is_cgi
server.upload-dirs = ( \"$WORK/none\" )"
is "upload-dirs: one that is missing" "$(big)" "500 eof"
okay "... is logged" grep -q "error.*server.upload-dirs.*No such file" \
    $SRV.log
is "... small bodies need none" "$(raw "$(post /sum.cgi \
    'Content-Length: 8')abcdefgh" | said_sum)" "$eight"
stop_server
start_server "$is_cgi
server.upload-dirs = ( \"$WORK/none\", \"$WORK/up\" )"
is "upload-dirs: the second of two" "$(raw "$(post /sum.cgi \
    'Content-Length: 200000')" - <part | said_sum)" "$sum"
stop_server
if [ "$(id -u)" = 0 ]; then
	skip "upload-dirs: one that is not ours" "root may write everywhere"
else
	mkdir -m 555 closed
	start_server "$is_cgi
server.upload-dirs = ( \"$WORK/closed\" )"
	is "upload-dirs: one that is not ours" "$(big)" "500 eof"
	okay "... is logged" grep -q "server.upload-dirs.*Permission" $SRV.log
	stop_server
fi
# No more room: a limit does what a full disk does.
configure "$is_cgi
$dirs"
launch sh -c 'trap "" XFSZ; ulimit -f 200; exec "$@"' sh $GLIMD_WRAP \
    "$GLIMD" -D -f $SRV.conf
await
is "upload-dirs: full" "$(big)" "500 eof"
okay "... is logged" grep -q "error.*writing a request's body: " $SRV.log
is "... nothing is left" "$(ls up)" ""
is "... it goes on" "$(codes "GET /hello.cgi $last\r\n")" "200 eof"
stop_server
