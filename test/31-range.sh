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

# Several ranges may be answered with one 206 of many parts, or with all.
for range in bytes=0-1,4-5 bytes=0-,0-,0-,0- \
    "bytes=0-0$(awk 'BEGIN { for (i = 0; i < 400; i++) printf ",0-0" }')"; do
	like "several ranges: $(echo $range | cut -c 1-30)" \
	    "$(get /digits "Range: $range" | first)" "HTTP/1.1 20[06] *"
done
like "two fields" "$(get /digits 'Range: bytes=0-1' 'Range: bytes=2-3' |
    first)" "HTTP/1.1 [24]0[06] *"
is "a range keeps the connection" "$(codes 'GET /digits HTTP/1.1\r\n' \
    'Host: x\r\nRange: bytes=2-4\r\n\r\n' \
    'GET /digits HTTP/1.1\r\nHost: x\r\nRange: bytes=50-\r\n\r\n' \
    'GET /digits HTTP/1.1\r\nHost: x\r\n\r\n' -h)" "206 416 200 eof"
