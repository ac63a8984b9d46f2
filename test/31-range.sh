# 31-range - parts of a file (RFC 9110 14).
. "$TOP/test/lib.sh"

printf 0123456789 >root/digits
: >root/empty
touch -t 199411060849 root/digits	# old enough for a date to be strong
dd if=/dev/zero of=root/large bs=65536 count=16 2>/dev/null
printf end >>root/large
start_server ''

part() {				# RANGE WANTED: 206
	answer=$(get /digits "Range: $1")
	like "$1 is 206" "$answer" "HTTP/1.1 206 *Content-Length: ${#2}*"
	is "... these bytes" "$(echo "$answer" | body)" "$2"
	is "... there" "$(echo "$answer" | field Content-Range)" "bytes $3/10"
}
part bytes=0-0 0 0-0
part bytes=2-4 234 2-4
part bytes=0-9 0123456789 0-9
part bytes=5- 56789 5-9
part bytes=-3 789 7-9
part bytes=-10 0123456789 0-9
part bytes=-99 0123456789 0-9
part bytes=8-99 89 8-9
part bytes=9-9 9 9-9
part bytes=3-99999999999999999999 3456789 3-9
part BYTES=2-4 234 2-4
part 'bytes=2-4,' 234 2-4

none() {				# RANGE: 416
	answer=$(get /digits "Range: $1")
	like "$1 is 416" "$answer" "HTTP/1.1 416 *"
	is "... and says the size" "$(echo "$answer" | field Content-Range)" \
	    "bytes */10"
}
none bytes=10-
none bytes=10-20
none bytes=-0
none bytes=99999999999999999999-
answer=$(get /digits 'Range: bytes=10-')
like "416 sends its page" "$(echo "$answer" | body)" "*416*"
unlike "... and not the file, nor what lies behind it in memory" \
    "$answer" "*0123456789*"
is "... as long as said" "$(echo "$answer" | body | wc -c | tr -d ' ')" \
    "$(echo "$answer" | field Content-Length)"

whole() {				# RANGE: 200, it means nothing
	answer=$(get /digits "Range: $1")
	like "$1 is 200" "$answer" "HTTP/1.1 200 *0123456789"
	unlike "... without Content-Range" "$answer" "*Content-Range*"
}
whole bytes=4-2
whole bytes=a-b
whole bytes=-
whole bytes=
whole bytes
whole bytes=--1
whole bytes=1-2x
whole bytes=+1-2
whole bytes=0x1-2
whole lines=1-2
whole 'bytes 1-2'

like "HEAD does not know ranges" "$(request HEAD /digits 'Range: bytes=2-4')" \
    "HTTP/1.1 200 *Content-Length: 10*"
like "an empty file has no parts" "$(get /empty 'Range: bytes=0-')" \
    "HTTP/1.1 416 *bytes \*/0*"
is "the end of a large file" "$(get /large 'Range: bytes=-3' | body)" end
is "a part of a large file" "$(raw 'GET /large HTTP/1.0\r\n' \
    'Range: bytes=1000-900000\r\n\r\n' | tail -c 899001 | wc -c |
    tr -d ' ')" 899001

if_range() {				# STATUS NAME VALUE
	like "If-Range: $2 is $1" "$(get /digits 'Range: bytes=2-4' \
	    "If-Range: $3" | first)" "HTTP/1.1 $1 *"
}
tag=$(get /digits | field ETag)
date=$(get /digits | field Last-Modified)
if_range 206 "the same tag" "$tag"
if_range 200 "another tag" '"x"'
if_range 200 "a weak tag" "W/$tag"
if_range 206 "the same date" "$date"
if_range 200 "a later date" "Sun, 06 Nov 2033 08:49:37 GMT"
if_range 200 "an earlier date" "Sun, 06 Nov 1983 08:49:37 GMT"
if_range 200 "nonsense" nonsense
like "If-Match that fails comes before" "$(get /digits 'Range: bytes=2-4' \
    'If-Match: "x"')" "HTTP/1.1 412 *"
like "304 comes before" "$(get /digits 'Range: bytes=2-4' \
    "If-None-Match: $tag")" "HTTP/1.1 304 *"

# ---- several ranges (RFC 9110 14.6, 15.3.7.2) -------------------------------

awk 'BEGIN { for (i = 0; i < 1000; i++) printf "line %04d\n", i }' \
    >root/lines.txt			# 10 bytes each, without the newline 9
touch -t 199411060849 root/lines.txt

# Takes an answer apart: "FIRST-LAST TYPE OK" for each part, and "end" when the
# last boundary is the end of the body. OK: these are the file's bytes.
cat >parts.awk <<'AWK'
NR == FNR { file = $0; next }
head && /^Content-Type: multipart/ {
	sub(/.*boundary=/, "")
	mark = "--" $0
}
FNR == 1 { head = 1 }
head && $0 == "" { head = 0; next }
head { next }
$0 == mark "--" { say(); print "end"; over = 1; next }
over { print "behind the end: " $0; next }
$0 == mark { say(); inside = 1; body = type = where = ""; next }
inside == 1 && /^Content-Type: / { type = $2; next }
inside == 1 && /^Content-Range: / { where = $3; next }
inside == 1 && $0 == "" { inside = 2; next }
inside == 2 { body = body $0 "\n" }
function say(    at) {
	if (!inside)
		return
	split(where, at, /[-\/]/)
	print where, type, body == substr(file, at[1] + 1, at[2] - at[1] + 1) \
	    "\n" ? "ok" : "WRONG " body
}
AWK
parts() {				# FILE: of the answer in "got"
	# one record for the file, then lines
	tr -d '\r' <got | awk -f parts.awk RS='\f' root/$1 RS='\n' -
}

several() {				# NAME RANGE PARTS...
	raw "GET /lines.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" \
	    "Range: $2\r\n\r\n" >got
	name=$1
	shift 2
	is "several: $name" "$(parts lines.txt)" "$(for part; do
		echo "$part/10000 text/plain; ok"
	done
	echo end)"
	like "... is 206" "$(first <got)" "HTTP/1.1 206 *"
	is "... as long as said" "$(awk 'on { n += length($0) + 1 }
	    /^\r$/ { on = 1 } END { print n }' got)" \
	    "$(tr -d '\r' <got | field Content-Length)"
	is "... the head has no Content-Range" \
	    "$(sed '/^.$/q' got | grep -c Content-Range)" 0
}
# in parts, the newline before a boundary belongs to the boundary
several "two" bytes=0-8,1000-1008 0-8 1000-1008
several "in their order" bytes=5000-5008,0-8 5000-5008 0-8
several "a suffix, an open one" bytes=-9,0-8 9991-9999 0-8
several "one does not exist" bytes=0-8,2000-2008,20000-30000 0-8 2000-2008
several "overlapping ones are joined" \
    bytes=0-8,1000-1018,1010-1028,1020-1030,5-6 0-8 1000-1030
several "near ones are joined" bytes=0-8,50-58,1000-1008 0-58 1000-1008
list= want=
for i in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
	list=$list,$((i * 500))-$((i * 500 + 8))
	want="$want $((i * 500))-$((i * 500 + 8))"
done
several "sixteen" "bytes=${list#,}" $want
get /lines.txt "Range: bytes=${list#,},9000-9001" >got
is "seventeen are ignored" "$(first <got) $(body <got | wc -c | tr -d ' ')" \
    "HTTP/1.1 200 OK 10000"
answer=$(get /lines.txt 'Range: bytes=0-1,3-8')
is "several that become one: no multipart" "$(echo "$answer" |
    field Content-Range) $(echo "$answer" | body)" "bytes 0-8/10000 line 0000"
answer=$(get /lines.txt 'Range: bytes=20000-,30000-')
like "several of which none exists" "$answer" "HTTP/1.1 416 *bytes \*/10000*"
like "HEAD does not know several" "$(request HEAD /lines.txt \
    'Range: bytes=0-8,1000-1008')" "HTTP/1.1 200 *Content-Length: 10000*"
tag=$(get /lines.txt | field ETag)
like "several, If-Range" "$(get /lines.txt 'Range: bytes=0-8,1000-1008' \
    "If-Range: $tag" | first)" "HTTP/1.1 206 *"
like "several, If-Range of another" "$(get /lines.txt "If-Range: \"x\"" \
    'Range: bytes=0-8,1000-1008' | first)" "HTTP/1.1 200 *"
boundary() {
	get /lines.txt 'Range: bytes=0-8,1000-1008' |
	    sed -n 's/.*boundary=//p'
}
one=$(boundary) two=$(boundary)
like "a boundary is long" "$one" "????????????????"
unlike "... and never the same" "$one" "$two"

# CVE-2011-3192: many that overlap cost no more than the file.
many=$(awk 'BEGIN { for (i = 0; i < 400; i++) printf ",0-" }')
for range in bytes=0-,0-,0-,0- "bytes=${many#,}" "bytes=0-${many}"; do
	get /lines.txt "Range: $range" >got
	okay "many ranges: $(echo $range | cut -c 1-30)" \
	    test "$(wc -c <got)" -lt 11000
done
# CVE-2017-7529: sums that overflow.
for range in bytes=-9223372036854775808,0-1 bytes=-9223372036854775807,-9 \
    bytes=0-9223372036854775807,1-9223372036854775807; do
	get /lines.txt "Range: $range" >got
	like "$range" "$(first <got) $(body <got | wc -c | tr -d ' ')" \
	    "HTTP/1.1 20[06] * 10000"
done

# Of a file that is sent from its descriptor, to a client that reads slowly;
# and so many in one batch that the queue has no room for all.
awk 'BEGIN { for (i = 0; i < 100000; i++) printf "row %05d\n", i }' >root/rows
list= want=
for i in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
	list=$list,$((i * 60000))-$((i * 60000 + 49998))
	want="$want$((i * 60000))-$((i * 60000 + 49998))/1000000"
	want="$want application/octet-stream ok
"
done
head="GET /rows HTTP/1.1\r\nHost: x\r\nRange: bytes=${list#,}\r\n"
raw -z 4096 "${head}Connection: close\r\n\r\n" >got
is "sixteen large ones" "$(parts rows)" "${want}end"
batch=
for i in 1 2 3 4 5 6 7 8; do batch="$batch$head\r\n"; done
raw "$batch${head}Connection: close\r\n\r\n" >got
is "nine such answers in one batch" "$(grep -c '^HTTP/1.1 206' got) $(tr -d \
    '\r' <got | grep -c '^--[0-9a-f]*--$') $(grep -c '^row' got)" \
    "9 9 $((9 * 16 * 5000))"
head="GET /lines.txt HTTP/1.1\r\nHost: x\r\nRange: bytes=0-8,500-508\r\n\r\n"
is "several keep the connection" "$(codes "$head$head" \
    'GET /digits HTTP/1.1\r\nHost: x\r\n\r\n' -h)" "206 206 200 eof"

like "two fields" "$(get /digits 'Range: bytes=0-1' 'Range: bytes=2-3' |
    first)" "HTTP/1.1 [24]0[06] *"
is "a range keeps the connection" "$(codes 'GET /digits HTTP/1.1\r\n' \
    'Host: x\r\nRange: bytes=2-4\r\n\r\n' \
    'GET /digits HTTP/1.1\r\nHost: x\r\nRange: bytes=50-\r\n\r\n' \
    'GET /digits HTTP/1.1\r\nHost: x\r\n\r\n' -h)" "206 416 200 eof"
