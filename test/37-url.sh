# 37-url - from a URL to a file, and never to one outside of the root; the
# policy about links; server.http-parseopts.
. "$TOP/test/lib.sh"

echo TOP SECRET >secret.txt		# beside the document root
mkdir -p root/dir/deep rootless 'root/a b' outside
echo TOP SECRET >rootless/secret.txt	# its name begins like the root's
echo TOP SECRET >outside/secret.txt
echo inside >root/a.txt
echo inside >root/dir/b.txt
echo inside >root/dir/deep/c.txt
echo spaced >'root/a b/c+d.txt'
echo percent >'root/%2e%2e'
start_server ''

# ---- nothing outside --------------------------------------------------------

# The status of what TARGET gets, with what must not be in it.
ask() {					# TARGET
	raw "GET $(printf '%s' "$1" | sed 's/\\/\\\\/g') HTTP/1.1\r\n" \
	    'Host: localhost\r\nConnection: close\r\n\r\n' >got
	code=$(sed -n '1s/^HTTP\/1.1 \([0-9]*\) .*/\1/p' got)
	case $code in
	200) grep -q '^inside$\|^percent$' got || code="200, other" ;;
	301) grep -q '^Location: /[^/\\]' got || code="301, elsewhere" ;;
	esac
	! grep -q 'TOP SECRET\|root:' got || code="$code LEAK"
}

payloads=0
safe() {				# TARGET
	payloads=$((payloads + 1))
	ask "$1"
	like "stays inside: $1" "$code" "[234]0[0134]"
}

# What has been written for "..", with what has been written for "/".
for dots in .. %2e%2e %2E. .%2e %252e%252e %c0%ae%c0%ae %e0%80%ae%e0%80%ae \
    %uff0e%uff0e ..%00 ..%0d%0a '..;' '..;a=b' ..%20 ..%09 ... .... \
    %ef%bc%8e%ef%bc%8e; do
	for slash in / %2f %2F // /./ '\' %5c %5C %252f %c0%af %c1%9c \
	    %e0%80%af %u2215 %ef%bc%8f ';/' %2f%2f; do
		safe "/$dots${slash}secret.txt"
		safe "/dir/$dots$slash$dots${slash}secret.txt"
	done
done
# 1 to 11, 22, 29, 34 and 37 of the collection of holes, and a few more.
for target in /.. /../ /%2e%2e /../.. /dir/../.. /dir/../../ /./.. /.%2e/ \
    //.. //../ ///../secret.txt /.//../secret.txt '/..' \
    '/../rootless/secret.txt' '/..less/secret.txt' 'less/secret.txt' \
    /%2e%2eless/secret.txt /dir/%2e%2e/%2e%2e/secret.txt \
    /dir/..//../secret.txt /dir/./../../secret.txt \
    /dir/deep/../../../secret.txt /dir/b.txt/../../../secret.txt \
    /none/../../secret.txt /none/../../../secret.txt "$WORK/secret.txt" \
    "/$WORK/secret.txt" "//$WORK/secret.txt" "/..$WORK/secret.txt" \
    "/%2f$WORK/secret.txt" "/.$WORK/secret.txt" /etc/passwd //etc/passwd \
    /../../../../../../etc/passwd \
    /../../../../../../../../../../../../../../../../etc/passwd \
    /%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd \
    /..%2f..%2f..%2fetc%2fpasswd /dir..//secret.txt /dir../secret.txt \
    /a.txt/../../secret.txt /a.txt%00/../../secret.txt /%00 \
    /%00/../secret.txt /a.txt%00.html '/dir/?/../../secret.txt' \
    '/dir/#/../../secret.txt' '/dir/%3f/../../../secret.txt' \
    '/dir/%23/../../../secret.txt' /%2F? /%2f/.. /%2f%2e%2e%2fsecret.txt \
    /%2F..%2F..%2Fsecret.txt http://x/../secret.txt \
    http://x/%2e%2e/secret.txt http://../secret.txt http://x/..%2fsecret.txt \
    http://x//../secret.txt http://x../secret.txt file:///etc/passwd \
    file://$WORK/secret.txt '*/../secret.txt' '/*/../../secret.txt' \
    '/~/secret.txt' '/~root/../secret.txt' '/C:/../secret.txt' \
    '/dir\..\..\secret.txt' '/..\..\secret.txt' '/dir/..%5c..%5csecret.txt' \
    '/%5c../secret.txt' /%%2e%2e/secret.txt /%2%65%2%65/secret.txt \
    /%25%32%65%25%32%65/secret.txt /%25252e%25252e/secret.txt \
    /%2e%2e%c0%afsecret.txt /%f0%80%80%ae/secret.txt \
    /%fc%80%80%80%80%ae/secret.txt /.%c0%ae/secret.txt /%2e%00%2e/secret.txt \
    /%e2%80%a5/secret.txt /%80%ae%80%ae/secret.txt /%ae%ae/secret.txt \
    /%7e/../../secret.txt /proc/self/environ /dev/stdin /dir/%2e%2e%00/b.txt \
    /dir%2f..%2f..%2fsecret.txt \
    /dir/deep/%2e%2e%2f%2e%2e%2f%2e%2e%2fsecret.txt
do
	safe "$target"
done
okay "that were many ($payloads)" test $payloads -ge 100

# 2 to 6: the host is never a part of the path.
for host in ../ .. %2e%2e '..\\' /etc 'x/../..' '' . .x x..y; do
	answer=$(raw 'GET /secret.txt HTTP/1.1\r\nConnection: close\r\n' \
	    "Host: $host\r\n\r\n")
	like "Host: $host" "$answer" "HTTP/1.1 40[04] *"
done
long=$(awk 'BEGIN { for (i = 0; i < 1200; i++) printf "/dir/.." }')
ask "$long/../secret.txt"
like "22: very many dot segments" "$code" "4??"
ask "/$(awk 'BEGIN { for (i = 0; i < 1200; i++) printf "../" }')secret.txt"
like "... that lead out" "$code" "4??"

# ---- what a path means ------------------------------------------------------

finds() {				# TARGET BODY
	is "$1" "$(get "$1" | body)" "$2"
}
finds /dir/../a.txt inside
finds /dir/./deep/../b.txt inside
finds //dir///b.txt inside
finds /dir/deep/../../a.txt inside
finds /%64%69%72/%62.txt inside
finds /dir%2fb.txt inside
finds /dir/%2e%2e/a.txt inside
finds /dir/..%2fa.txt inside
finds /a%20b/c+d.txt spaced
finds /a%20b/c%2bd.txt spaced
finds /%252e%252e percent
finds '/a.txt?' inside
finds '/a.txt?/../../secret.txt' inside
finds '/a.txt?x=%00%zz&y=../..' inside
finds http://other.example/a.txt inside
finds 'http://other.example:8080/dir/../a.txt?q' inside
finds HTTP://other.example/a.txt inside
code() { get "$1" | sed -n '1s/^HTTP\/1.1 \([0-9]*\) .*/\1/p'; }
for target in /%zz /% /%4 /a%00 /a%0d%0ab /a%7f /%ff /%c0%af /a%1fb; do
	is "400: $target" "$(code "$target")" 400
done
is "a plus is no space" "$(code /a+b/c+d.txt)" 404
like "absolute-form of nothing but a host" "$(code http://other.example)" \
    '40[34]'
like "a redirect stays on the host that was asked for" \
    "$(get http://other.example/dir | field Location)" /dir/
like "a query goes along as it was sent" \
    "$(get '/dir?a=%2F%zz&b=//c d' 2>/dev/null | first)" "HTTP/1.1 400 *"
is "... with what is no space" "$(get '/dir?a=%2f%zz&b=//c/../d+%20"<' |
    field Location)" '/dir/?a=%2f%zz&b=//c/../d+%20"<'

answer=$(raw 'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' |
    tr -d '\r')
like "OPTIONS *" "$answer" "HTTP/1.1 200 *Allow: *GET*HEAD*"
is "... has no body" "$(echo "$answer" | body)" ""
for method in GET HEAD POST; do
	like "$method * is nonsense" "$(raw -c "$method * HTTP/1.1\r\n" \
	    'Host: x\r\nConnection: close\r\n\r\n')" "HTTP/1.1 400 *"
done
like "OPTIONS of a file" "$(request OPTIONS /a.txt)" "HTTP/1.1 200 *Allow: *"
stop_server

# ---- server.http-parseopts --------------------------------------------------

printf 'latin\n' >"root/$(printf 'caf\351')"
printf 'newline\n' >"root/$(printf 'a\002b')"
start_server 'server.http-parseopts = (
	"header-strict" => "enable", "host-strict" => "enable",
	"host-normalize" => "enable", "url-normalize" => "enable",
	"url-normalize-unreserved" => "enable",
	"url-normalize-required" => "enable",
	"url-ctrls-reject" => "enable", "url-path-2f-decode" => "enable",
	"url-path-dotseg-remove" => "enable"
)'
is "as Debian has them: an escaped slash" "$(code /dir%2fb.txt)" 200
is "... dot segments" "$(code /dir/../a.txt)" 200
is "... a control character" "$(code /a%02b)" 400
is "... bytes that are not UTF-8" "$(code /caf%e9)" 400
stop_server
start_server 'server.http-parseopts = ( "url-ctrls-reject" => "disable",
	"url-invalid-utf8-reject" => "disable",
	"url-path-2f-reject" => "enable",
	"url-path-dotseg-reject" => "enable" )'
finds /caf%e9 latin
finds /a%02b newline
is "NUL is never allowed" "$(code /a%00b)" 400
is "nor are bad escapes" "$(code /%zz)" 400
is "url-path-2f-reject" "$(code /dir%2fb.txt)" 400
is "url-path-dotseg-reject: two dots" "$(code /dir/../a.txt)" 400
is "... one" "$(code /dir/./b.txt)" 400
is "... escaped" "$(code /dir/%2e%2e/a.txt)" 400
is "... a name with dots is none" "$(code /dir/..b)" 404
is "... nor are two slashes" "$(code //dir//b.txt)" 200
like "a line end in a name comes out escaped" \
    "$(mkdir "root/$(printf 'x\r\ny:')"; get '/x%0d%0ay:' | field Location)" \
    '/x%0[dD]%0[aA]y*'
stop_server
wrong() {				# NAME VALUE PATTERN
	configure "server.http-parseopts = ( $2 )"
	answer=$("$GLIMD" -t -f $SRV.conf 2>&1)
	like "$1 is a fault" "$? $answer" "1 *server.http-parseopts: $3*"
}
wrong "an unknown switch" '"url-magic" => "enable"' '*url-magic*'
wrong "a value that is none" '"url-path-2f-reject" => "maybe"' \
    '*url-path-2f-reject*"disable"*'

# ---- links ------------------------------------------------------------------

ln -s a.txt root/link
ln -s ../secret.txt root/outlink
ln -s ../outside root/outdir
ln -s dir root/inlink
ln -s outdir root/twice
ln -s "$WORK/secret.txt" root/absolute
ln -s none root/dangling
start_server 'server.follow-symlink = "disable"'
for target in /link /outlink /outdir/secret.txt /inlink/b.txt \
    /inlink/deep/c.txt /twice/secret.txt /absolute /dangling /inlink/ /outdir \
    /outdir/ /inlink; do
	ask $target
	like "follow-symlink off: $target" "$code" 403
done
finds /dir/deep/c.txt inside
finds /a.txt inside
is "... a file is no folder" "$(code /a.txt/)" 404
is "... nor has it something in it" "$(code /a.txt/b)" 404
is "... nothing there" "$(code /dir/none)" 404
is "... a name too long" "$(code "/$(awk 'BEGIN {
	for (i = 0; i < 300; i++) printf "a" }')")" 404
like "... a folder" "$(code /dir)" 301

# Two names take turns, while files are asked for that nobody asked for before:
# between a look and an opening there must be no room for a link.
mkdir root/real
i=0
while [ $i -lt 400 ]; do
	echo inside >root/real/$i
	echo TOP SECRET >outside/$i
	i=$((i + 1))
done
mv root/real root/turn
(
	until [ -e enough ]; do
		mv root/turn root/real
		ln -s ../outside root/turn
		rm root/turn
		mv root/real root/turn
	done
) 2>/dev/null &
mine $!
i=0
: >got
while [ $i -lt 400 ]; do
	set --
	until [ $# -ge 20 ]; do
		set -- "$@" "GET /turn/$i HTTP/1.1\r\nHost: x\r\n\r\n"
		i=$((i + 1))
	done
	raw "$@" -h >>got
done
touch enough
wait $!
is "a link that comes and goes is never followed" \
    "$(grep -c 'TOP SECRET' got)" 0
is "... and all got an answer ($(grep -c '^inside' got) of them a file)" \
    "$(grep -c '^HTTP/1.1 [24]0[034] ' got)" 400
stop_server

rm -rf root/turn root/real
start_zero root
finds /link inside
finds /inlink/deep/c.txt inside
for target in /outlink /outdir/secret.txt /twice/secret.txt /absolute; do
	ask $target
	like "zero-config: $target" "$code" 403
done
is "zero-config: a dangling link" "$(code /dangling)" 404
stop_server

# The document root itself may be a link, and end in a slash.
ln -s root alias
for policy in 'server.follow-symlink = "disable"' 'server.symlink-inside = 1' \
    'server.follow-symlink = 0
server.symlink-inside = 1'; do
	start_server "server.document-root = \"$WORK/alias/\"
$policy"
	name=$(echo $policy)
	is "the root is a link: $name" "$(get /dir/b.txt | body)" inside
	is "... its links" "$(code /outlink)" 403
	is "... a folder" "$(code /dir)" 301
	stop_server
done

# By what it asks of the system: one name at a time.
have strace && strace -o trace true 2>/dev/null && [ -z "$GLIMD_WRAP" ] ||
    { skip "one name at a time" "no strace"; exit; }
ASAN_OPTIONS=detect_leaks=0
export ASAN_OPTIONS
GLIMD_WRAP="strace -D -o $WORK/trace"
start_server 'server.follow-symlink = "disable"'
finds /dir/deep/c.txt inside
stop_server
is "one name at a time" "$(grep -c \
    '^\(open\|openat\|stat\|lstat\|newfstatat\)(.*dir/' trace)" 0
okay "... each without following" sh -c 'grep "\"deep\"" trace |
    grep -q O_NOFOLLOW && grep "\"c.txt\"" trace | grep -q O_NOFOLLOW'
