# 70-threats - must never happen here: holes that servers of this kind had, each
# by the number and the name it has in the collection, with a request that
# would have hit that server. A number that is only a comment is tested in the
# file named.
. "$TOP/test/lib.sh"
. "$TOP/test/threats.sh"

populate
start_server "$(main_conf)"

# ---- 3.1 path and Host traversal --------------------------------------------

for target in /%2E%2E/secret.txt /dir/%2E%2E/%2e%2E/secret.txt \
    /%2E%2E%2Fsecret.txt; do
	no_leak "1 CVE-2000-0920 boa: %2E%2E decoded after the check: $target" \
	    'Host: x' "$target" '40[04]'
done
# 2 to 6: again for names of folders, in 46-vhost.
no_leak "2 CVE-2002-1562 thttpd: .. in Host" 'Host: ..' /secret.txt '40[04]'
no_leak "3 CVE-2003-0832 webfs: ../ in Host" 'Host: ../' /secret.txt 400
no_leak "4 CVE-2012-1050 mathopd: /.. in Host" 'Host: x/..' /secret.txt 400
no_leak "5 CVE-2014-2324 lighttpd: %2e%2e in Host" 'Host: %2e%2e' \
    /secret.txt '40[04]'
no_leak "5 CVE-2014-2324 lighttpd: [] in Host" 'Host: []/../../../' \
    /secret.txt 400
for host in '' ' ' '\t'; do
	no_leak "6 CVE-2018-18778 mini_httpd: empty Host \"$host\"" \
	    "Host:$host" "$WORK/secret.txt" '40[04]'
done
# 7: 41-alias. Its like, for the document root:
no_leak "7 CVE-2018-19052 lighttpd: a name that begins like the root's" \
    'Host: x' /../rootless/secret.txt '40[04]'
no_leak "7 CVE-2018-19052 lighttpd: ... like a folder's" 'Host: x' \
    /dir../secret.txt '40[04]'
# 8: 41-alias, 44-rewrite. Its methods:
for method in COPY MOVE; do
	is "8 CVE-2026-27654 nginx: $method" "$(codes "$method /a.txt" \
	    ' HTTP/1.1\r\nHost: x\r\nDestination: /..\r\n\r\n' "$next" -h)" \
	    "405 200 eof"
done
printf 'server.port = 0\nserver.bind = "127.0.0.1"\n' >rootless.conf
for how in -f "-t -f"; do
	$GLIMD_WRAP "$GLIMD" -D $how rootless.conf >out 2>&1
	like "9 CVE-2007-0664 thttpd: no default root: $how" "$? $(cat out)" \
	    "1 *server.document-root*"
done
# 10 CVE-2008-1270 lighttpd: tested in 46-userdir
# 11 tipidee baedc8a: names of pages, at the end

# ---- 3.2 access rules bypassed ----------------------------------------------

denied() {				# NAME TARGET
	no_leak "$1" 'Host: x' "$2" '40[034]'
}
denied "12 CVE-2007-3949 lighttpd: / behind a refused suffix" /x.php/
denied "12 CVE-2007-3949 lighttpd: // behind it" /x.php//
denied "12 CVE-2007-3949 lighttpd: /. behind it" /x.php/.
denied "13 CVE-2001-0892 thttpd: .htpasswd/" /.htpasswd/
denied "13 CVE-2001-0892 thttpd: dir/.htpasswd/" /dir/.htpasswd/
denied "14 CVE-2005-0453 lighttpd: %00 behind the name" /x.php%00
denied "14 CVE-2005-0453 lighttpd: %00 and a suffix" /x.php%00.html
denied "15 CVE-2008-4359 lighttpd: an escape in the suffix" /x%2Ephp
denied "15 CVE-2008-4359 lighttpd: one in the name" /x.p%68p
denied "15 CVE-2008-4359 lighttpd: one in the dot" /%2Ehtpasswd
denied "15 CVE-2008-4359 lighttpd: two slashes" //.htpasswd
denied "15 CVE-2008-4359 lighttpd: dot segments" /dir/.././.htpasswd
denied "15 CVE-2008-4360 lighttpd: a suffix in capitals" /X.PHP
denied "15 CVE-2008-4360 lighttpd: a file in capitals" /Y.PHP
denied "16 CVE-2013-4547 nginx: a space in the target" '/dir /../.htpasswd'
denied "16 CVE-2013-4547 nginx: ... and NUL" '/a.txt \x00.php'
# 17 CVE-2008-1111 lighttpd: a program that cannot be run, in 50-cgi. Its like:
denied "17 CVE-2008-1111 lighttpd: a source that nobody runs" /x.php
# 18 CVE-2022-45956 boa: 42-auth. Its like:
is "18 CVE-2022-45956 boa: HEAD is refused as GET is" \
    "$(codes "HEAD /x.php $tail" "HEAD /.htpasswd $tail" -h)" "403 404 eof"
# 19 uhttpd b33ca5d: 42-auth

# ---- 3.3 memory -------------------------------------------------------------
long=$(repeat 6000 a)
answers "20 CVE-2000-0359 thttpd: a long If-Modified-Since" "200 200" \
    "$(fields "If-Modified-Since: $long")"
# 21, 36: see populate()
page=$(get /growing/)
is "21 CVE-2003-0899 thttpd: names that grow by escaping" "$(echo "$page" |
    grep -o '&lt;' | wc -l | tr -d ' ')" $((GROWING * 240))
like "21 CVE-2003-0899 thttpd: ... and the page has its end" "$page" \
    '*</html>*'
answers "22 CVE-2017-10671 sthttpd: dot segments in front" "200 200" \
    "GET /././x/./../././a.txt $tail"
for target in /.. /../ /./../.x/.../../../ /..//./..///../ /...//..//../..; do
	like "22 CVE-2014-9707 GoAhead: $target" "$(codes "GET $target $tail" \
	    "$next" -h)" "[24]0[04] 200 eof"
done
# 23 CVE-2017-17663 mini_httpd: 42-auth
answer=$(raw "GET /a.txt $(repeat 3000 H)\r\nHost: x\r\n\r\n" -h | tr -d '\r')
is "24 CVE-2015-1548 mini_httpd: a refusal is as long as it says" \
    "$(echo "$answer" | body | wc -c | tr -d ' ')" \
    "$(echo "$answer" | field Content-Length)"
unlike "24 CVE-2015-1548 mini_httpd: ... and has nothing of the request" \
    "$answer" "*HHH*"
answers "25 CVE-2003-1228 mathopd: a long path" "404 200" \
    "GET /$long $tail"
answers "25 CVE-2003-1228 mathopd: of many parts" "404 200" \
    "GET $(repeat 3000 /b) $tail"
# 26, 28: again in 42-auth
answers "26 CVE-2007-4915 boa: a long Basic user" "200 200" \
    "$(fields "Authorization: Basic $long")"
# 27 CVE-2007-4727 lighttpd: variables of all lengths, tested in 52-fastcgi
answers "28 CVE-2011-4362 lighttpd: base64 of bytes above 127" "200 200" \
    "$(fields 'Authorization: Basic \xff\x80\xfe=')"
for target in /.. /../ /./.. //.. /%2e%2e /a/../..; do
	like "29 CVE-2009-2629 nginx: underflow by $target" \
	    "$(codes "GET $target $tail" "$next" -h)" "[24]0[04] 200 eof"
done
for size in ffffffffffffffff fffffffffffffffe 8000000000000000 \
    7fffffffffffffff ffffffff00000000f -1; do
	like "30 CVE-2013-2028 nginx: a chunk of $size" "$(codes \
	    "${chunked}$size\r\n$next" -h)" "4?? eof"
done
answers "30 CVE-2019-19945 uhttpd: a length of -1" 400 \
    "${post}Content-Length: -1\r\n\r\n"
for range in 0-,-9223372036854775808 -9223372036854775807,-600 \
    -9223372036854775608,9999- 18446744073709551615-18446744073709551616; do
	raw "GET /numbers HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" \
	    "Range: bytes=$range\r\n\r\n" >got
	okay "31 CVE-2017-7529 nginx: bytes=$range" test \
	    "$(wc -c <got)" -lt 11000
	like "31 CVE-2017-7529 nginx: ... is understood, or not" \
	    "$(first <got)" "HTTP/1.1 [24][01]6 *"
done
# 32 CVE-2012-1180 nginx: tested in 52-fastcgi, 54-proxy
like "33 CVE-2018-25103 lighttpd: a fold and a second Range" "$(codes \
    "$(fields "Range: bytes=0-0,\r\n 2-2\r\nRange: bytes=1-1\r\n\tX:")" \
    "$next" -h)" "[24]0[06] 200 eof"
for target in '/%2F?' '/%2f?' '/%2F' '/?' '/%2F%2F?%2F'; do
	like "34 CVE-2019-11072 lighttpd: $target" \
	    "$(codes "GET $target $tail" "$next" -h)" "200 200 eof"
done
# 35 CVE-2022-22707 lighttpd: tested in 48-extforward
# 35 CVE-2013-4560 lighttpd: the stat cache, tested in 34-cache. A short one:
echo old >root/turn
is "35 CVE-2013-4560 lighttpd: a file goes while it is in use" "$(raw \
    "GET /turn $tail" -g old -T seen -f gone "$next" -h | grep -c -x \
    -e old -e hello &
    wait_for test -e seen; rm root/turn; : >gone; wait)" 2
is "36 CVE-2025-32108 uhttpd: long names, page above 4 KiB: all are there" \
    "$(echo "$page" | grep -c '^<tr><td><a href="\./%3[cC]')" $GROWING
for target in / /a /a.txt; do
	for cut in % %4 %f; do
		answers "37 uhttpd ced7b15: $target$cut at the end" "400 200" \
		    "GET $target$cut $tail"
	done
done
answers "37 uhttpd 53e7150: GET with a length of -5" 400 \
    "$(fields 'Content-Length: -5')"
like "37 uhttpd 1781b6d: bytes above 127 in a name" \
    "$(codes "$(fields '\xe4\xff: x')" "$next" -h)" "400 eof"
like "37 uhttpd 1781b6d: ... in a value, in a path" "$(codes \
    "$(fields 'X: \xe4\xff')" "GET /%ff%80 $tail" "$next" -h)" "200 40[04]*eof"
answer=$(get "/dir?$long")
is "38 busybox 59f847592: a long field in an answer" \
    "$(echo "$answer" | field Location)" "/dir/?$long"
# 39 CVE-2026-42945 nginx: 43-redirect, 44-rewrite. Its like:
is "39 CVE-2026-42945 nginx: what is counted is what is escaped" \
    "$(get "/growing/$(repeat 240 %22)" | field Location)" \
    "/growing/$(repeat 240 %22)/"
for size in 511 512 1023 1024 2047 2048 4095 4096 4097 8100; do
	answers "40 lwan 5a47a0c: a head of $size bytes" "200 200" \
	    "$(fields "X: $(repeat $((size - 37)) y)")"
done
answers "40 lwan 5a47a0c: a field of nothing at the end" "200 200" \
    "$(fields 'Range:')"

# ---- 3.4 framing ------------------------------------------------------------

get_chunked="GET /a.txt HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
is "41 CVE-2025-12642 lighttpd: trailers are no fields" "$(codes \
    "$get_chunked\r\n0\r\nRange: bytes=0-0\r\nIf-None-Match: *\r\n" \
    'Connection: close\r\nExpect: x\r\nContent-Length: 3\r\n\r\n' "$next" \
    -h)" "200 200 eof"
is "42 CVE-2019-20372 nginx: the body of what is not there" "$(codes \
    'GET /none HTTP/1.1\r\nHost: x\r\nContent-Length: 32\r\n\r\n' \
    "$next$next" -h)" "404 200 eof"
for length in "Content-Length: 32" "Transfer-Encoding: chunked"; do
	body="$next"
	case $length in *chunked) body="20\r\n$next\r\n0\r\n\r\n" ;; esac
	is "42 CVE-2019-20372 nginx: of a redirect, $length" "$(codes \
	    "GET /dir HTTP/1.1\r\nHost: x\r\n$length\r\n\r\n" \
	    "$body$next" -h)" "301 200 eof"
done
for digits in 255 256 257 300 512 513; do
	like "43 uhttpd d255187: $digits chunk digits" "$(codes \
	    "$chunked$(repeat $digits f)\r\n$next" -h)" "4?? eof"
done
framing "43 uhttpd c7294e7: two lengths" "$cl 0\r\n$cl 32"
framing "43 uhttpd c7294e7: length and coding" "$cl 32\r\n$te chunked" \
    '0\r\n\r\n'
framing "43 uhttpd ae015e0: an unknown coding" "$te xchunked" '0\r\n\r\n'
framing "43 uhttpd daa5078: a bad name" "X Y: z\r\n$cl 0"
framing "43 uhttpd e619cb0: a length in base 16" "$cl 0x20"
is "43 uhttpd e619cb0: a length is never octal" "$(codes \
    "${post}$cl 010\r\n\r\n0123456789$next" -h)" "405 200 eof"
for size in 0x5 5_ +5 '' ' ' '5 5' ';a' '"5"' '5\x00' '5\x0b'; do
	like "44 http-garden: a chunk of $size" "$(codes \
	    "$chunked$size\r\nhello\r\n0\r\n\r\n$next" -h)" "400 eof"
done
for length in 0x0 0_0 +0 '' '0,0' '0;' '"0"'; do
	framing "44 http-garden: a length of $length" "$cl $length"
done
framing "44 http-garden: bare CR as line end" "X: y\r$cl 0"
framing "44 http-garden: bare LF as line end" "X: y\n$cl 0"
framing "44 http-garden: space before the colon" "$te chunked\r\nX : y"
framing "44 http-garden: tab before it" "Content-Length\t: 32"
framing "44 http-garden: NUL in a value" "$cl 0\r\nX: y\x00z"
answers "44 http-garden: no CRLF behind the last chunk" "400" \
    "${chunked}5\r\nhello\r\n0\r\n"
framing "45 thttpd (m): coding and length" "$te chunked\r\n$cl 32" '0\r\n\r\n'
framing "45 thttpd (m): two lengths, the same" "$cl 0\r\n$cl 0"
framing "45 thttpd (m): a length of -1" "$cl -1"
framing "45 nine of eleven (m): a second Host" "Host: x\r\n$cl 0"
for name in 'X@' 'X(' 'X"' 'X\x7f' 'X\xe4' 'X,' 'X/' 'X[' 'X\\' '{X}'; do
	framing "45 eight of eleven (m): the name $name" "$name: y\r\n$cl 0"
done

# ---- 3.5 denial of service --------------------------------------------------

spins() {				# NAME: it does not
	if [ ! -r /proc/$PID/stat ]; then
		skip "$1: nothing spins" "there is no /proc"
		return
	fi
	before=$(awk '{ print $14 + $15 }' /proc/$PID/stat)
	pause 200
	after=$(awk '{ print $14 + $15 }' /proc/$PID/stat)
	okay "$1: nothing spins" test $((after - before)) -lt 8
}
for cut in '\r' '\r\n' '\r\n\r'; do
	is "46 CVE-2007-1869 lighttpd: an end behind $cut" \
	    "$(codes "${line}Host: x$cut" -h)" eof
	codes "${line}Host: x$cut" -r >/dev/null
done
spins "46 CVE-2007-1869 lighttpd"
answers "46 CVE-2012-5533 lighttpd: Connection: TE,,Keep-Alive" "200 200" \
    "$(fields 'Connection: TE,,Keep-Alive')"
answers "46 CVE-2012-5533 lighttpd: Connection: ,,," "200 200" \
    "$(fields 'Connection: , ,,')"
# 47: memory and time-outs are tested in 23-timeouts and 28-slow
is "47 CVE-2010-0295 lighttpd: one byte at a time" "$(codes -b 1 \
    "$(fields "X: $(repeat 300 a)")$next" -h)" "200 200 eof"
# 48 CVE-2007-3948, CVE-2008-0983 lighttpd: tested in 24-overload
# 49 CVE-2018-21028 boa and all leaks: tested in 26-memory
for field in 'Connection: close, x' 'Accept: a' 'X: y' 'Cookie: a=b' \
    'If-None-Match: "x"' 'Range: bytes=0-0' 'User-Agent: z' 'If-Range: "q"' \
    'If-Modified-Since: x' 'Authorization: Basic eA==' 'Expect: '; do
	like "49 CVE-2007-3947 lighttpd: 90 times $field" "$(raw -c \
	    "${line}Host: x\r\n$(repeat 90 "$field\r\n")\r\n" -h)" \
	    "HTTP/1.1 [24]*eof"
done
raw -s "${line}Host: x\r\nX: $(repeat 20000 a)" -g HTTP -T seen2 -f go >end &
wait_for test -e seen2
spins "50 CVE-2022-30780 lighttpd: a head too large"
: >go
wait $!
for bytes in '' G "${line}Host: x" "${post}Content-Length: 5\r\n\r\nhe" \
    "${chunked}5\r\nh"; do
	is "50 CVE-2022-41556 lighttpd: half-closed: $bytes" \
	    "$(codes "$bytes" -h)" eof
done
many=$(repeat 1000 0-,)
for ranges in "$many" "$(repeat 500 0-,5-,)" "$(repeat 1000 0-1,)"; do
	raw "GET /numbers HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" \
	    "Range: bytes=${ranges%,}\r\n\r\n" >got
	okay "51 CVE-2011-3192 Apache: bytes=$(echo "$ranges" | cut -c 1-8)" \
	    test "$(wc -c <got)" -gt 100 -a "$(wc -c <got)" -lt 11000
done
is "52 CVE-2016-4450 nginx: a large body" "$(dd if=/dev/zero bs=65536 \
    count=4 2>/dev/null | codes "${post}Content-Length: 262144\r\n\r\n" - \
    "$next" -h)" "405 eof"
is "52 CVE-2009-3896 nginx: a long target" \
    "$(codes "GET /$(repeat 9000 a) $tail" "$next" -h)" "414 eof"
for date in 'Sun, 06 Xxx 1994 08:49:37 GMT' 'Sun, 06 13 1994 08:49:37 GMT' \
    'Sun, 99 Nov 1994 99:99:99 GMT' 'Sun Xxx  6 08:49:37 1994' \
    'Sunday, 06-Xxx-94 08:49:37 GMT' 'Sun, 06 Nov 99999 08:49:37 GMT'; do
	like "53 CVE-2018-15504 GoAhead: $date" \
	    "$(get /a.txt "If-Modified-Since: $date")" "HTTP/1.1 200 *"
	like "53 CVE-2018-15504 GoAhead: ... not modified since that" \
	    "$(get /a.txt "If-Unmodified-Since: $date")" "HTTP/1.1 200 *"
done
for host in '[' '[]' '[:' '[::1' '[::1]x'; do
	is "53 CVE-2018-15505 GoAhead: Host: $host" \
	    "$(codes "${line}Host: $host\r\n\r\n$next" -h)" "400 eof"
done
for date in 253402300800 -62167219201 9999999999999; do
	name="54 CVE-2020-25691 darkhttpd: a file of @$date"
	if touch -d @$date root/listed/dated 2>/dev/null; then
		like "$name" "$(get /listed/dated)" "HTTP/1.1 200 *"
		like "$name, listed" "$(get /listed/)" "*dated*</html>*"
		like "$name, JSON" "$(get '/listed/?json')" "*dated*]*"
	else
		skip "$name" "touch does not know it"
	fi
done
is "55 merecat#2: a FIFO blocks nobody" \
    "$(codes "GET /fifo $tail" "HEAD /fifo $tail" "$next" -h)" \
    "403 403 200 eof"
# 56 busybox 77ee52333: tested in 50-cgi
# 56 darkhttpd 59b30c5: a timeout of 0, at the end

# ---- 3.6 CGI environment and children ---------------------------------------

# 57 to 59: tested in 50-cgi, 52-fastcgi; 58 and 59 in 54-proxy, too
# 60 uhttpd 81527e1: tested in 50-cgi
is "61 docker-static-website#3: a file with x is a file" \
    "$(get /executable | body)" hello

# ---- 3.7 logs, files, privileges --------------------------------------------

for bytes in '\x1b]0;x\x07' '\x9b31m' '\x7f' '\x08\x08' 'a"b' 'a\\b'; do
	get /a.txt "User-Agent: $bytes" "Referer: $bytes" "X: $bytes" >/dev/null
	codes "GET /$bytes HTTP/1.1\r\nHost: x\r\n\r\n" -h >/dev/null
	codes "$bytes / HTTP/1.1\r\nHost: $bytes\r\n\r\n" -h >/dev/null
done
get /%1b%5b31m%0aforged >/dev/null
get "/none?\x1b[2J" >/dev/null
# "nocolon\nforged" and more
for word in bm9jb2xvbgpmb3JnZWQ= bm9jb2xvbg== Og== '' '=' '\xff'; do
	answers "63 CVE-2015-3200 lighttpd: Basic $word" "200 200" \
	    "$(fields "Authorization: Basic $word")"
done
okay "62: there is a line of it" wait_for grep -q 'HTTP/1.1" 200 .*x5[cC]b' \
    access.log
for file in access.log error.log; do
	is "62 CVE-2009-4487 nginx: no raw byte in $file" \
	    "$(tr -d '\n\040-\176' <$file | wc -c | tr -d ' ')" 0
	is "63 CVE-2015-3200 lighttpd: no line forged in $file" \
	    "$(grep -c '^forged' $file)" 0
done
# 65: of a folder that is the worker's, tested in 90-root
mv access.log access.old
mv error.log error.old
echo mine >elsewhere
ln -s elsewhere access.log
kill -USR1 $PID
okay "65 CVE-2016-1247 nginx: a link in place of a log: told" \
    wait_for grep -q -s 'access\.log' error.log error.old
get /a.txt >/dev/null
rm access.log
kill -USR1 $PID				# what waits is written now
wait_for test -e access.log
is "65 CVE-2016-1247 nginx: ... is not followed" "$(cat elsewhere)" mine
for file in access.log error.log; do
	is "64 CVE-2013-0348 thttpd: $file is not for everybody" \
	    "$(ls -l $file | cut -c 1-10)" "-rw-r-----"
done
# 66 CVE-2013-4559 lighttpd: tested in 90-root
# 67 lighttpd (m): a second start, tested in 60-daemon. A short one:
echo $PID >pid
configure "server.pid-file = \"$WORK/pid\"
server.port = $PORT"
$GLIMD_WRAP "$GLIMD" -D -f glimd.conf >out 2>&1
is "67 lighttpd (m): a second start leaves the pid file alone" \
    "$? $(cat pid)" "1 $PID"

# ---- 3.8 cross-site scripting, redirects, secrets ---------------------------

for target in '/<script>alert(1)</script>' '/%3Cscript%3E' '/?<script>' \
    '/x.php?<script>' '/dir?<script>' '/<script>%zz'; do
	unlike "68 CVE-2002-0733 thttpd: $target" \
	    "$(get "$target" | body | grep -v "^<script>onclick=")" \
	    "*<script>*"
done
unlike "68 CVE-2002-0733 thttpd: a method" \
    "$(raw '<script> /a.txt HTTP/1.1\r\nHost: x\r\n\r\n')" "*<script>*"
answer=$(get /listed/)
unlike "69 thttpd, mini_httpd, webfs (m): a tag in a listing" "$answer" \
    "*<script>alert*"
unlike "69 uhttpd 8109b95, cdfc902: a quote in a listing" "$answer" \
    '*[!;4]"onmouseover="*'
like "69 uhttpd: ... both are there, escaped" "$answer" \
    "*onmouseover*&lt;script&gt;*"
is "70 uhttpd 07f0afb: Hostess is not Host" \
    "$(codes "${line}Hostess: x\r\n\r\n$next" -h)" "400 eof"
is "70 uhttpd 07f0afb: ... nor is Hos" \
    "$(codes "${line}Hos: x\r\n\r\n$next" -h)" "400 eof"
home() {				# NAME TARGET [FIELD]
	case $(get "$2" ${3+"$3"} | field Location) in
	//* | *:* | *\\* | [!/]*) is "$1" "$(get "$2")" "on this host" ;;
	*) verdict ok "$1" ;;
	esac
}
for target in //evil.example ///evil.example /%2Fevil.example \
    /%2F/evil.example /.//evil.example '/\evil.example' /%5Cevil.example \
    //evil.example/.. //evil.example//dir /dir/..//evil.example \
    http://evil.example/dir http://evil.example//evil.example; do
	home "70: $target is no open redirect" "$target"
	home "70: ... nor with an absolute one's like" "$target?//evil.example"
done
# 71, 72: 42-auth, 42-digest
answers "72 CVE-2007-3946 lighttpd: malformed Digest fields" "200 200" \
    "$(fields 'Authorization: Digest username=\", =,,nonce="\r\n "x')"
tag=$(get /s.txt | field ETag)
coded=$(get /s.txt 'Accept-Encoding: gzip' | field ETag)
unlike "73 sidecars (m): a tag of its own" "$coded" "$tag"
sidecar() {				# NAME STATUS BODY FIELD...
	name="73 sidecars (m): $1" want=$2 text=$3; shift 3
	answer=$(get /s.txt 'Range: bytes=1-3' "$@")
	is "$name" "$(echo "$answer" | sed -n '1s/.* \([0-9]*\) .*/\1/p
	    $p' | tr '\n' ' ')" "$want $text "
}
sidecar "a range of the plain one" 206 lai "If-Range: $tag"
sidecar "a range of the coded one" 206 ode "If-Range: $coded" \
    'Accept-Encoding: gzip'
sidecar "never of the other one" 200 coded "If-Range: $tag" \
    'Accept-Encoding: gzip'
sidecar "... nor the other way round" 200 plain "If-Range: $coded"

is "after all that it still serves" "$(get /a.txt | body)" hello
stop_server

# ---- another server ---------------------------------------------------------

mkdir errors
for code in 400 404; do echo "my own $code" >errors/e-$code.html; done
start_server "server.errorfile-prefix = \"$WORK/errors/e-\"
server.error-handler-404 = \"/../secret.txt\"
server.max-keep-alive-idle = 0
debug.log-timeouts = \"enable\""
like "11 tipidee baedc8a: a page that is not in the root" "$(get /none)" \
    "HTTP/1.1 404 *my own 404"
for target in /../404.html /../../errors/e-404 /%2e%2e/secret.txt; do
	no_leak "11 tipidee baedc8a: $target" 'Host: x' "$target" '40[04]'
done
is "42 CVE-2019-20372 nginx: the body of what has a handler" "$(codes \
    'GET /none HTTP/1.1\r\nHost: x\r\nContent-Length: 32\r\n\r\n' \
    "$next$next" -h)" "404 200 eof"
raw "$next" -g hello -T seen3 -f go3 >end &
wait_for test -e seen3
spins "56 darkhttpd 59b30c5: a timeout of 0"
: >go3
wait $!
is "56 darkhttpd 59b30c5: ... and it serves" "$(get /a.txt | body)" hello
