# 30-static - files: what is sent, what is said about them, what is refused.
. "$TOP/test/lib.sh"

echo TOP SECRET >secret.txt		# beside the document root
echo hello >root/a.txt
: >root/empty
mkdir -p root/dir root/.hidden root/.well-known
echo inside >root/dir/b.txt
echo dotted >root/.hidden/c.txt
echo dotted >root/.secret
echo known >root/.well-known/d.txt
echo odd >'root/b c%d.txt'
ln -s a.txt root/link
ln -s ../secret.txt root/outside
ln -s dir root/dirlink
ln -s loop root/loop
mkfifo root/fifo
start_server ''

# ---- what is sent -----------------------------------------------------------

answer=$(get /a.txt)
like "200 with a length" "$answer" "HTTP/1.1 200 OK*Content-Length: 6*hello"
like "the date" "$(echo "$answer" | field Date)" \
    "[MTWFS]??, [0-3][0-9] [A-Z]?? [0-9][0-9][0-9][0-9] ??:??:?? GMT"
like "the server" "$(echo "$answer" | field Server)" "glimd*"
like "a strong entity tag" "$(echo "$answer" | field ETag)" '"?*"'
like "the time of modification" "$(echo "$answer" | field Last-Modified)" \
    "???, ?? ??? ???? ??:??:?? GMT"
is "ranges are offered" "$(echo "$answer" | field Accept-Ranges)" bytes
is "HEAD is GET without body" \
    "$(request HEAD /a.txt | grep -v ^Date:)" \
    "$(get /a.txt | sed '/^$/q' | grep -v ^Date:)"
like "an empty file" "$(get /empty)" "HTTP/1.1 200 OK*Content-Length: 0*"
is "a name with odd characters" "$(get /b%20c%25d.txt | body)" odd
is "a query does not matter" "$(get '/a.txt?x=%zz' | body)" hello
is "an escaped slash" "$(get /dir%2Fb.txt | body)" inside
touch -t 203706060606 root/future
answer=$(get /future)
case $(echo "$answer" | field Last-Modified) in
'' | "$(echo "$answer" | field Date)") verdict ok "never modified after now" ;;
*) is "never modified after now" "$answer" "an earlier date, or none" ;;
esac

for case in a.html=text/html b.HTML=text/html c.css=text/css \
    d.js='*/javascript' e.txt=text/plain f.png=image/png g.jpg=image/jpeg \
    h.svg=image/svg+xml i.json=application/json j.pdf=application/pdf \
    k.xyzzy=application/octet-stream l=application/octet-stream \
    m.tar.gz='application/*g*z*' n.woff2=font/woff2 o.mp4=video/mp4 \
    p.wasm=application/wasm .well-known/q.html=text/html q.br.txt=text/plain \
    html=application/octet-stream r.html.=application/octet-stream \
    s.xhtml=application/xhtml+xml t.JPEG=image/jpeg u.mjs=text/javascript \
    v.webmanifest=application/manifest+json w.m3u8='*mpegurl' \
    x.docx='application/vnd.openxml*.wordprocessingml.document' \
    y.deb='*debian*' \
    z.avif=image/avif aa.ico='image/*icon' ab.zip=application/zip \
    ac.7z=application/x-7z-compressed ad.ttf=font/ttf ae.mp3=audio/mpeg \
    af.webm=video/webm ag.xml=text/xml ah.md=text/markdown ai.csv=text/csv \
    aj.svgz=image/svg+xml ak.c=text/plain al.h=text/plain \
    am.ht=application/octet-stream \
    an.dmg='application/*' ao.zst=application/zstd ap.pac='*proxy-autoconfig' \
    aq.gz=application/gzip ar.tgz=application/gzip; do
	: >"root/${case%%=*}"
	like "${case%%=*} is ${case#*=}" \
	    "$(get "/${case%%=*}" | field Content-Type)" "${case#*=}*"
done

for name in a.html c.css d.js e.txt ag.xml ah.md ai.csv ak.c; do
	like "text has its charset: $name" \
	    "$(get /$name | field Content-Type)" "text/*; charset=utf-8"
done
for name in f.png i.json j.pdf h.svg k.xyzzy; do
	unlike "what is no text has none: $name" \
	    "$(get /$name | field Content-Type)" "*charset*"
done
mkdir root/folder.html
echo x >root/folder.html/noname
is "a folder's suffix is not its files'" \
    "$(get /folder.html/noname | field Content-Type)" application/octet-stream

# Sizes around those of buffers, byte by byte the same.
awk 'BEGIN { for (i = 0; i < 60000; i++) print i }' >numbers
for size in 1 511 4095 4096 4097 8192 16384 32768 65535 65536 65537 300000; do
	dd if=numbers bs=$size count=1 2>/dev/null >root/size.$size
	raw "GET /size.$size HTTP/1.0\r\n\r\n" | tail -c $size >got
	okay "a file of $size bytes" cmp -s got root/size.$size
done

if printf tail | dd of=root/huge bs=1048576 seek=5120 2>/dev/null; then
	is "a file of 5 GiB" \
	    "$(request HEAD /huge | field Content-Length)" 5368709124
	is "... and its end" \
	    "$(get /huge 'Range: bytes=5368709120-' | body)" tail
	is "... and its size" "$(get /huge 'Range: bytes=-4' |
	    field Content-Range)" "bytes 5368709120-5368709123/5368709124"
	rm root/huge
else
	skip "a file of 5 GiB" "this file system has no large files"
fi

# ---- conditional requests (RFC 9110 13) -------------------------------------

tag=$(get /a.txt | field ETag)
date=$(get /a.txt | field Last-Modified)
old='Sun, 06 Nov 1994 08:49:37 GMT'
when() {				# STATUS NAME FIELD...
	status=$1 name=$2; shift 2
	like "$status: $name" "$(get /a.txt "$@" | first)" "HTTP/1.1 $status *"
}
# All three formats of a date (RFC 9110 5.6.7), and what only looks like one.
TZ=UTC0 touch -t 199411060849.37 root/dated
is "a date" "$(get /dated | field Last-Modified)" "$old"
dated() {				# STATUS DATE
	like "$1: If-Modified-Since: $2" "$(get /dated \
	    "If-Modified-Since: $2" | first)" "HTTP/1.1 $1 *"
}
dated 304 "$old"
dated 304 'Sunday, 06-Nov-94 08:49:37 GMT'
dated 304 'Sun Nov  6 08:49:37 1994'
dated 304 'Sun, 06 Nov 1994 08:49:38 GMT'
dated 200 'Sun, 06 Nov 1994 08:49:36 GMT'
dated 200 'Sunday, 06-Nov-94 08:49:36 GMT'
dated 200 'Sun Nov  6 08:49:36 1994'
for odd in 'Sun, 6 Nov 2033 08:49:37 GMT' 'Sun, 06 Nov 2033 08:49:37' \
    'Sun, 06 Nov 2033 08:49:37 UTC' 'Sun, 06 Nov 2033 24:49:37 GMT' \
    'Sun, 30 Feb 2033 08:49:37 GMT' 'Sun, 06 Nov 2033 08:60:37 GMT' \
    'Sun, 06 Now 2033 08:49:37 GMT' 'Sun, 32 Dec 2033 08:49:37 GMT' \
    '2033-11-06T08:49:37Z' 1999999999 0 '' 'Sun, 00 Nov 2033 08:49:37 GMT' \
    "Sun, 06 Nov 2033 08:49:37 GMT, $old" "Sun, 06 Nov 2033 08:49:37 GMT x" \
    "$(awk 'BEGIN { for (i = 0; i < 3000; i++) printf "9" }')"; do
	dated 200 "$odd"
done
when 304 "If-None-Match, the same" "If-None-Match: $tag"
when 304 "If-None-Match, weak" "If-None-Match: W/$tag"
when 304 "If-None-Match: *" "If-None-Match: *"
when 304 "If-None-Match, a list" "If-None-Match: \"x\", $tag, \"y\""
when 304 "If-None-Match, two fields" 'If-None-Match: "x"' "If-None-Match: $tag"
when 200 "If-None-Match, another" 'If-None-Match: "x"'
when 200 "If-None-Match decides alone" 'If-None-Match: "x"' \
    "If-Modified-Since: $date"
when 304 "... the other way round" "If-None-Match: $tag" \
    "If-Modified-Since: $old"
when 304 "If-Modified-Since, the same" "If-Modified-Since: $date"
when 200 "If-Modified-Since, before" "If-Modified-Since: $old"
when 200 "If-Modified-Since, no date" "If-Modified-Since: yesterday"
when 200 "If-Modified-Since, impossible" \
    "If-Modified-Since: Sun, 31 Feb 2030 08:49:37 GMT"
when 200 "If-Modified-Since, no such month" \
    "If-Modified-Since: Sun, 06 Foo 2030 08:49:37 GMT"
when 200 "If-Match, the same" "If-Match: $tag"
when 200 "If-Match: *" "If-Match: *"
when 412 "If-Match, another" 'If-Match: "x"'
when 412 "If-Match, weak" "If-Match: W/$tag"
when 412 "If-Unmodified-Since, before" "If-Unmodified-Since: $old"
when 200 "If-Unmodified-Since, the same" "If-Unmodified-Since: $date"
when 200 "If-Match switches it off" "If-Match: $tag" \
    "If-Unmodified-Since: $old"
like "412 sends its page" "$(get /a.txt 'If-Match: "x"' | body)" "*412*"
unlike "... and not the file" "$(get /a.txt 'If-Match: "x"' | body)" "*hello*"
is "HEAD: 304, too" "$(request HEAD /a.txt "If-None-Match: $tag" | first)" \
    "HTTP/1.1 304 Not Modified"
is "HEAD: 412, too" "$(request HEAD /a.txt 'If-Match: "x"' | first)" \
    "HTTP/1.1 412 Precondition Failed"
when 412 "13.2.2: If-Match comes first" 'If-Match: "x"' "If-None-Match: $tag"
when 412 "... then If-Unmodified-Since" "If-Unmodified-Since: $old" \
    "If-None-Match: $tag"
when 304 "... then If-None-Match" "If-Match: $tag" "If-None-Match: $tag"
when 200 "If-None-Match: the star in quotes is a tag" 'If-None-Match: "*"'
when 304 "If-None-Match: empty elements" "If-None-Match: ,, ,$tag,"
when 200 "If-None-Match: without quotes" "If-None-Match: $(echo $tag |
    tr -d '"')"
when 200 "If-Match in a list" "If-Match: \"x\", $tag"
when 412 "If-Match: the star in quotes" 'If-Match: "*"'
when 412 "If-Match: empty" 'If-Match:'
when 200 "If-Unmodified-Since, no date" "If-Unmodified-Since: yesterday"
like "a file that is not there has no conditions" \
    "$(get /none 'If-Match: "x"' | first)" "HTTP/1.1 404 *"
like "... nor has *" "$(get /none 'If-None-Match: *' | first)" \
    "HTTP/1.1 404 *"
answer=$(get /a.txt "If-None-Match: $tag")
like "304 has the entity tag" "$answer" "*ETag: $tag*"
is "304 has no body" "$(echo "$answer" | body)" ""
is "304 keeps the connection" "$(codes 'GET /a.txt HTTP/1.1\r\nHost: x\r\n' \
    'If-None-Match: *\r\n\r\nGET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n' -h)" \
    "304 200 eof"

# ---- what is refused --------------------------------------------------------

refused() {				# PATTERN NAME TARGET
	like "$1: $2" "$(get "$3" | first)" "HTTP/1.1 $1 *"
}
refused 404 "no such file" /none
refused 404 "a file is no folder" /a.txt/
refused 404 "nothing is below a file" /a.txt/b
refused 404 "a dotfile" /.secret
refused 404 "below a dotted folder" /.hidden/c.txt
refused 404 "a dotfile, escaped" /%2esecret
is "200: but .well-known is served" "$(get /.well-known/d.txt | body)" known
refused '40[34]' "a folder without index" /dir/
refused 403 "55: a FIFO" /fifo
is "... and nobody waits for it" "$(get /a.txt | body)" hello
SRV=other
start_server "server.bind = \"unix:$ROOT/socket\""
SRV=glimd
await
refused 403 "a socket" /socket
if mknod root/null c 1 3 2>/dev/null && : 2>/dev/null <root/null; then
	refused 403 "a device" /null
	is "... HEAD" "$(request HEAD /null | first)" "HTTP/1.1 403 Forbidden"
else
	skip "403: a device" "only root makes them"
fi
refused '40[34]' "a link to itself" /loop
refused '4[01]4' "a name too long" \
    "/$(awk 'BEGIN { for (i = 0; i < 300; i++) printf "a" }')"
refused '4[01]4' "a path too long" \
    "/$(awk 'BEGIN { for (i = 0; i < 1500; i++) printf "abc/" }')"
if [ -r /etc/shadow ]; then
	skip "403: a file we may not read" "root may read everything"
else
	echo x >root/unreadable
	chmod 0 root/unreadable
	refused 403 "a file we may not read" /unreadable
fi

for target in /../secret.txt /dir/../../secret.txt /..%2fsecret.txt \
    /%2e%2e/secret.txt /%2e%2e%2fsecret.txt /.%2e/secret.txt \
    '/..\secret.txt' /..%5csecret.txt /%252e%252e/secret.txt \
    //../secret.txt /./../secret.txt '/..;/secret.txt' \
    /%c0%ae%c0%ae/secret.txt /%c0%2e/secret.txt /..%c0%afsecret.txt \
    /dir/..//../secret.txt /dir/%2e%2e/%2e%2e/secret.txt \
    /dir/.../../../secret.txt /%uff0e%uff0e/secret.txt \
    'http://x/../secret.txt' '/dir/b.txt/../../../secret.txt' \
    "/..$WORK/secret.txt" "//$WORK/secret.txt"; do
	answer=$(get "$target")
	like "nothing outside: $target" "$answer" "HTTP/1.1 40[034] *"
	unlike "... nothing at all" "$answer" "*TOP SECRET*"
done

# ---- links ------------------------------------------------------------------

is "a link is followed" "$(get /link | body)" hello
is "a link to a folder is followed" "$(get /dirlink/b.txt | body)" inside
is "a link that leaves is followed, too" "$(get /outside | body)" \
    "TOP SECRET"
stop_server
start_server 'server.follow-symlink = "disable"'
refused '40[34]' "follow-symlink off: a link" /link
refused '40[34]' "follow-symlink off: a link that leaves" /outside
refused '40[34]' "follow-symlink off: a link on the way" /dirlink/b.txt
is "follow-symlink off: a file" "$(get /dir/b.txt | body)" inside
stop_server

start_zero root
is "zero-config: a link inside" "$(get /link | body)" hello
is "zero-config: a link to a folder inside" "$(get /dirlink/b.txt | body)" \
    inside
refused '40[34]' "zero-config: a link that leaves" /outside
refused 404 "zero-config: a dotfile" /.secret
stop_server

# ---- settings ---------------------------------------------------------------

for name in x.tar.gz X.TAR.GZ y.gz Makefile z.html; do : >root/$name; done
start_server 'static-file.dotfiles = "allow"
static-file.exclude-extensions = ( ".gz", "~" )
static-file.etags = "disable"
server.range-requests = "disable"
mimetype.assign = (
	".gz" => "application/gzip", ".tar.gz" => "application/x-tgz",
	".txt" => "text/x-own", "Makefile" => "text/x-make", "" => "text/x-else"
)'
is "static-file.dotfiles" "$(get /.secret | body)" dotted
refused 403 "static-file.exclude-extensions" /y.gz
is "... no other" "$(get /a.txt | body)" hello
is "static-file.etags" "$(get /a.txt | field ETag)" ""
like "server.range-requests" "$(get /a.txt 'Range: bytes=0-0' | first)" \
    "HTTP/1.1 200 *"
stop_server
start_server 'mimetype.assign = (
	".tar.gz" => "application/x-tgz", ".gz" => "application/gzip",
	".txt" => "text/x-own", "Makefile" => "text/x-make", "" => "text/x-else"
)'
for case in x.tar.gz=application/x-tgz X.TAR.GZ=application/x-tgz \
    y.gz=application/gzip a.txt=text/x-own Makefile=text/x-make \
    z.html=text/x-else empty=text/x-else; do
	is "mimetype.assign: ${case%%=*}" \
	    "$(get "/${case%%=*}" | field Content-Type)" "${case#*=}"
done
stop_server

start_server 'mimetype.assign = ( ".txt" => "" )'
tag=$(get /a.txt | field ETag)
like "a type that is empty does not hurt a 304" \
    "$(get /a.txt "If-None-Match: $tag")" "HTTP/1.1 304 *ETag: $tag*"
stop_server

# ---- files that change ------------------------------------------------------

start_server ''
serves() { [ "$(get $1 | body)" = "$2" ]; }
status() { get $1 | first | cut -d ' ' -f 2; }
answers() { [ "$(status $1)" = "$2" ]; }
for name in changed renamed deleted folder; do echo old >root/$name; done
for name in changed renamed deleted folder; do
	is "before: $name" "$(get /$name | body)" old
done
is "before: missing" "$(status /missing)" 404
before=$(get /changed | field ETag)
begin=$(date +%s)
echo "something else" >root/changed
echo new >new && mv new root/renamed
rm root/deleted root/folder && mkdir root/folder
echo here >root/missing
okay "a changed file is noticed" wait_for serves /changed "something else"
unlike "... and its entity tag is new" "$(get /changed | field ETag)" "$before"
okay "a file put in its place" wait_for serves /renamed new
okay "a deleted file is gone" wait_for answers /deleted 404
okay "a file that was missing" wait_for serves /missing here
okay "a folder in place of a file" wait_for answers /folder 301
okay "... all that soon" test $(($(date +%s) - begin)) -le $((3 * SLOW))

# The client reads a little, then the file is cut or grows.
large() {				# NAME: asks for root/large, holds
	rm -f got go
	dd if=/dev/zero of=root/large bs=1048576 count=32 2>/dev/null
	wait_for answers /large 200
	raw -s -z 4096 'GET /large HTTP/1.0\r\n\r\n' -g 'Content-Length' \
	    -T got -f go >end &
	wait_for test -e got
}
large
: >root/large
touch go
wait $!
read size how <end
okay "a file cut while it is sent ends the connection ($size $how)" \
    test "$size" -lt 33554432 -a "$how" != timeout
large
echo more >>root/large
touch go
wait $!
head=$(request HEAD /link | wc -c)
read size how <end
okay "a file that grew is sent as announced ($size $how)" \
    test "$size" -gt 33554432 -a "$size" -lt $((33554432 + 500))
