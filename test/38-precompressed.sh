# 38-precompressed - FILE.br, FILE.zst and FILE.gz in place of FILE, for those
# who accept them (RFC 9110 8.4, 12.5.3).
. "$TOP/test/lib.sh"

for name in all.css only.txt old.txt late.txt folder.txt part.html index.html \
    plain.txt; do
	printf 'plain %s\n' $name >root/$name
done
printf 'brotli all\n' >root/all.css.br
printf 'zstandard all\n' >root/all.css.zst
printf 'gzip all\n' >root/all.css.gz
printf 'gzip only\n' >root/only.txt.gz
printf 'too old\n' >root/old.txt.gz
printf 0123456789 >root/part.html.gz
printf 'gzip index\n' >root/index.html.gz
mkdir root/folder.txt.gz
printf 'no plain file\n' >root/orphan.txt.gz
touch -t 200001010000 root/*.css root/*.txt root/*.html root/*.br root/*.gz \
    root/*.zst
touch -t 200001010001 root/old.txt
touch -t 200001010002 root/late.txt
CODINGS='static-file.precompressed = ( "br", "zstd", "gzip" )'
start_server "$CODINGS
index-file.names = ( \"index.html\" )"

# What comes for an Accept-Encoding: the coding, and the first word.
comes() {				# NAME ACCEPT-ENCODING WANT [TARGET]
	get "${4-/all.css}" "Accept-Encoding: $2" >got
	is "$1" "$(field Content-Encoding <got):$(body <got |
	    cut -d ' ' -f 1)" "$3"
}
comes "one coding" gzip gzip:gzip
comes "another" br br:brotli
comes "a third" zstd zstd:zstandard
comes "the server's order decides between equals" 'gzip, zstd, br' br:brotli
comes "as browsers ask" 'gzip, deflate, br, zstd' br:brotli
comes "a weight decides" 'gzip;q=1.0, br;q=0.5' gzip:gzip
comes "three of them" 'gzip;q=0.3, br;q=0.2, zstd;q=0.333' zstd:zstandard
comes "a weight of 0 is no" 'br;q=0, gzip;q=0.0, zstd;q=0.000' :plain
comes "all but one" 'br;q=0, *' zstd:zstandard
comes "the star" '*' br:brotli
comes "the star is no" '*;q=0' :plain
comes "the star is no, but for one" 'gzip, *;q=0' gzip:gzip
comes "in any case" GZip gzip:gzip
comes "spaces around the semicolon" 'gzip ; q=0.5' gzip:gzip
comes "identity is liked better" 'gzip;q=0.5, identity' :plain
comes "identity is liked as much" 'gzip;q=0.5, identity;q=0.5' gzip:gzip
comes "identity is liked less" 'gzip;q=0.5, identity;q=0.4' gzip:gzip
comes "identity is refused, and there is no other" 'identity;q=0' :plain
comes "one that we lack" deflate :plain
comes "one whose name only begins so" gzipped :plain
comes "nothing" '' :plain
comes "no such weight" 'gzip;q=2' :plain
comes "a weight that is none" 'gzip;q=x' :plain
comes "too many digits" 'gzip;q=0.00001' :plain
comes "another parameter" 'gzip;level=9' :plain
comes "the only one there is" 'br, gzip;q=0.1' gzip:gzip /only.txt
comes "none that there is" 'br, zstd' :plain /only.txt
comes "one older than the file" gzip :too /old.txt.gz
comes "... is not sent in its place" gzip :plain /old.txt
comes "a folder of that name" gzip :plain /folder.txt
like "no plain file" "$(get /orphan.txt 'Accept-Encoding: gzip' | first)" \
    "HTTP/1.1 404 *"
comes "an index file" gzip gzip:gzip /
is "no field at all" "$(get /all.css | body)" "plain all.css"
is "two lines of the field" "$(get /all.css 'Accept-Encoding: br;q=0' \
    'Accept-Encoding: gzip' | field Content-Encoding)" gzip

coded=$(get /all.css 'Accept-Encoding: gzip')
plain=$(get /all.css)
direct=$(get /all.css.gz 'Accept-Encoding: gzip')
like "the type is that of the file" "$(echo "$coded" | field Content-Type)" \
    "text/css*"
is "its length is its own" "$(echo "$coded" | field Content-Length)" 9
is "Vary: of the coded one" "$(echo "$coded" | field Vary)" Accept-Encoding
is "Vary: of the plain one" "$(echo "$plain" | field Vary)" Accept-Encoding
is "Vary: not where there is only one" "$(get /plain.txt \
    'Accept-Encoding: gzip' | field Vary)" ""
unlike "the entity tags differ" "$(echo "$coded" | field ETag)" \
    "$(echo "$plain" | field ETag)"
unlike "... those of two codings, too" "$(echo "$coded" | field ETag)" \
    "$(get /all.css 'Accept-Encoding: br' | field ETag)"
is "asked for by its own name it is not coded" \
    "$(echo "$direct" | field Content-Encoding):$(echo "$direct" |
    field Content-Type):$(echo "$direct" | body)" \
    ":application/gzip:gzip all"
is "... and the other way round again" "$(get /all.css \
    'Accept-Encoding: gzip' | grep -v ^Date)" "$(echo "$coded" | grep -v ^Date)"
is "HEAD is GET without body" "$(request HEAD /all.css \
    'Accept-Encoding: gzip' | grep -v ^Date)" \
    "$(echo "$coded" | sed '/^$/q' | grep -v ^Date)"

# ---- conditions and ranges are about what is sent ---------------------------

tag=$(echo "$coded" | field ETag)
answer=$(get /all.css 'Accept-Encoding: gzip' "If-None-Match: $tag")
like "304" "$answer" "HTTP/1.1 304 *"
is "... with its tag and Vary" "$(echo "$answer" | field ETag) $(echo \
    "$answer" | field Vary)" "$tag Accept-Encoding"
like "the tag of one coding is not the other's" "$(get /all.css \
    'Accept-Encoding: br' "If-None-Match: $tag" | first)" "HTTP/1.1 200 *"
like "... nor the plain file's" "$(get /all.css "If-None-Match: $tag" |
    first)" "HTTP/1.1 200 *"
answer=$(get /part.html 'Accept-Encoding: gzip' 'Range: bytes=2-4')
is "a part of the coded one" "$(echo "$answer" | first) $(echo "$answer" |
    field Content-Range) $(echo "$answer" | field Content-Encoding) $(echo \
    "$answer" | body)" "HTTP/1.1 206 Partial Content bytes 2-4/10 gzip 234"
# A download that was begun plain does not go on with coded bytes.
plain_tag=$(get /part.html | field ETag)
is "73: If-Range with the other form's tag sends all" "$(get /part.html \
    'Accept-Encoding: gzip' 'Range: bytes=2-4' "If-Range: $plain_tag" | body)" \
    0123456789
printf '%01000d' 0 >root/part.html.gz
okay "a changed one is noticed" wait_for eval \
    '[ "$(request HEAD /part.html "Accept-Encoding: gzip" |
	field Content-Length)" = 1000 ]'
like "several parts of something coded: all of it" "$(get /part.html \
    'Accept-Encoding: gzip' 'Range: bytes=0-1,500-501' | first)" \
    "HTTP/1.1 200 *"

# ---- files that come and go -------------------------------------------------

comes "not there yet" gzip :plain /late.txt
printf 'gzip late\n' >root/late.txt.gz
arrived() { get /late.txt 'Accept-Encoding: gzip' | grep -q '^gzip late'; }
okay "one that is added is found" wait_for arrived
rm root/late.txt.gz
gone() { get /late.txt 'Accept-Encoding: gzip' | grep -q '^plain late'; }
okay "... and one that is removed missed" wait_for gone
printf 'gzip late\n' >root/late.txt.gz
okay "it is back" wait_for arrived
printf 'plain late, newer\n' >root/late.txt
okay "the plain file has changed: the old one is not sent" wait_for gone
stop_server

# ---- settings ---------------------------------------------------------------

start_server ''
comes "off by itself" gzip :plain
is "... without Vary" "$(get /all.css 'Accept-Encoding: gzip' | field Vary)" ""
stop_server
start_server 'static-file.precompressed = ( "gzip", "br" )
etag.use-inode = "disable"
etag.use-size = "disable"'
comes "another order" 'br, gzip' gzip:gzip
comes "one that is not named" zstd :plain
unlike "tags differ when the times are the same" \
    "$(get /all.css 'Accept-Encoding: gzip' | field ETag)" \
    "$(get /all.css | field ETag)"
stop_server
configure 'static-file.precompressed = ( "gzip", "rot13" )'
like "an unknown coding is a fault" "$("$GLIMD" -t -f $SRV.conf 2>&1)" \
    "*static-file.precompressed*rot13*"

start_zero root
comes "zero-config: it is on" gzip gzip:gzip
stop_server
start_zero root/only.txt
comes "zero-config: but not for a single file" gzip :plain /only.txt
stop_server

ln -s ../secret.gz root/plain.txt.gz
printf 'TOP SECRET\n' >secret.gz
start_server "$CODINGS
server.follow-symlink = \"disable\""
comes "a sibling that is a link, where they are not followed" gzip :plain \
    /plain.txt
