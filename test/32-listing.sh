# 32-listing - folders as pages.
. "$TOP/test/lib.sh"
. "$TOP/test/load.sh"

mkdir -p root/dir/zfolder root/many root/.hidden 'root/q"<b>'
echo x >'root/dir/<b>&"x'"'"'.txt'
echo x >root/dir/afile
echo x >root/dir/.dotfile
echo x >'root/dir/50% #1?.txt'
echo x >root/dir/"$(printf 'new\nline')"
echo x >'root/dir/javascript:alert(1)'
i=0
while [ $i -lt 1500 ]; do
	: >root/many/file$i
	i=$((i + 1))
done
start_server 'dir-listing.activate = "enable"'

answer=$(get /dir/)
page=$(echo "$answer" | body)
like "a page" "$answer" "HTTP/1.1 200 OK*<html*</html>*"
like "its type and character set" "$(echo "$answer" | field Content-Type)" \
    "text/html; charset=[uU][tT][fF]-8"
is "nobody may guess another" \
    "$(echo "$answer" | field X-Content-Type-Options)" nosniff
unlike "names are escaped: no tag" "$page" "*<b>&*"
like "names are escaped: as text" "$page" "*&lt;b&gt;&amp;*x*.txt*"
like "names are escaped: as link" "$page" "*%3[cC]b%3[eE]*"
like "names are escaped: in URLs" "$page" "*50%25%20%231%3[fF].txt*"
unlike "a name is no scheme" "$page" '*href="javascript:*'
like "folders first" "$page" "*zfolder/*afile*"
unlike "dotfiles are hidden" "$page" "*.dotfile*"
like "the way up" "$page" '*href="../"*'
unlike "the root has no way up" "$(get / | body)" '*href="../"*'
unlike "dotted folders are hidden" "$(get /)" "*.hidden*"
unlike "the name of the folder is escaped" "$(get /q%22%3Cb%3E/)" "*<b>*"
is "all names of a large folder" \
    "$(raw 'GET /many/ HTTP/1.0\r\n\r\n' | tr '"' '\n' |
    grep -x '\(\./\)*file[0-9]*' | sort -u | wc -l | tr -d ' ')" 1500
is "HEAD has no body" "$(request HEAD /dir/ | body)" ""
is "the connection stays" "$(codes 'GET /dir/ HTTP/1.1\r\nHost: x\r\n\r\n' \
    'GET /dir/afile HTTP/1.1\r\nHost: x\r\n\r\n' -h)" "200 200 eof"
is "to 1.0 it ends" "$(codes 'GET /many/ HTTP/1.0\r\n\r\n')" "200 eof"
like "POST is not for folders" "$(request POST /dir/ 'Content-Length: 0' |
    first)" "HTTP/1.1 405 *"

for how in '?json' 'Accept: application/json'; do
	case $how in
	\?*) answer=$(get "/dir/$how") ;;
	*) answer=$(get /dir/ "$how") ;;
	esac
	like "JSON by $how" "$(echo "$answer" | field Content-Type)" \
	    "application/json*"
	page=$(echo "$answer" | body)
	like "... is a list" "$page" "*[[{]*[]}]*"
	like "... with the names" "$page" '*"afile"*'
	like "... escaped" "$page" '*<b>&\\"x*'
	unlike "... without dotfiles" "$page" "*.dotfile*"
	unlike "... and no raw line end in a name" "$page" "*new
line*"
done

# ---- names that mean something elsewhere ------------------------------------

# Each file holds its number. What cannot be asked for (a control character, not
# UTF-8) is shown without a link.
mkdir root/nasty
long=$(printf '%0255d' 7)
n=0
while IFS= read -r name; do
	n=$((n + 1))
	printf '%d.' $n >root/nasty/"$(printf %b "$name")"
done <<'EOF'
"double" and 'single'
<script>alert(1)
<img src=x onerror=alert(1)>
a&amp;b&lt;c
100%
%2e%2e%2fetc
%41
javascript:alert(1)
-rf
--help
back\\slash
 space at both ends\0040
?C=M&O=D
#fragment
semi;colon:at@all,+=$!*()[]{}|^~`
http:
tab-less
\0303\0274mlaut \0346\0227\0245\0346\0234\0254 \0360\0237\0230\0200
\0327\0251\0327\0234\0327\0225\0327\0235.txt
rtl\0342\0200\0256gpj.exe
isolate\0342\0201\0247gpj.exe
EOF
printf '%d.' $((n += 1)) >root/nasty/$long
for name in 'bad\377utf' 'over\300\257long' 'new\nline' 'tab\tulator' \
    'escape\033[31m' 'delete\177'; do
	echo refused >root/nasty/"$(printf "$name")"
done
# To 1.0, for no chunk's size is between the lines then.
page() { raw "GET $1 HTTP/1.0\r\n\r\n" | tr -d '\r' | body; }	# TARGET
page=$(page /nasty/)
show() { printf '%s\n' "$page"; }	# echo would look for backslashes
links() { sed -n 's|^<tr><td><a href="\./\([^"]*\)">.*|\1|p'; }
is "each link of a page leads to the file it names" \
    "$(show | links | while read -r link; do
	get "/nasty/$link" | body
done | tr . '\n' | sort -n)" \
    "$(awk "BEGIN { for (i = 1; i <= $n; i++) print i }")"
is "what would be refused has no link" \
    "$(show | sed -n 's/^<tr><td>\([^<]*\)<td>.*/\1/p')" \
    "bad%ffutf
delete%7f
escape%1b%5b31m
new%0aline
over%c0%aflong
tab%09ulator"
is "no raw control character or byte that is not UTF-8" "$(show |
    tr -d '\n\40-\176\200-\277\302-\364' | wc -c | tr -d ' ')" 0
unlike "no tag from a name" "$(echo "$page" | grep -v '^<script>onclick=')" \
    "*<[si][cm]*"
like "an ampersand stays one" "$page" "*>a&amp;amp;b&amp;lt;c</a>*"
like "a name in another script is shown as it is" "$page" \
    "*>$(printf '\327\251\327\234\327\225\327\235').txt</a>*"
unlike "marks that turn the direction of writing are not sent" "$page" \
    "*$(printf '\342\200\256')*"
like "... but shown" "$page" '*>rtl%e2%80%aegpj.exe</a>*'
page=$(page '/nasty/?json')
is "as JSON there are as many" "$(show | grep -c '"name"')" $((n + 6))
if have python3; then
	is "... and it is JSON" "$(show | python3 -c '
import json, sys
names = [e["name"] for e in json.load(sys.stdin)]
print("new\nline" in names, "\x7f" in "".join(names), "%41" in names)' 2>&1)" \
	    "True True True"
else
	skip "... and it is JSON" "no python3"
fi

# ---- order ------------------------------------------------------------------

mkdir -p root/order/d2 root/order/d1
printf '%300s' '' >root/order/a
printf '%20s' '' >root/order/b
printf '%1000s' '' >root/order/c
touch -t 202001010000 root/order/c
touch -t 202101010000 root/order/a
touch -t 202201010000 root/order/b
order() { get "/order/$1" | links | tr -d '/\n'; }	# QUERY
is "by name" "$(order '')" d1d2abc
is "by name, the other way: folders first all the same" \
    "$(order '?C=N&O=D')" d2d1cba
is "by time" "$(order '?C=M&O=A' | tr -d d12)" cab
is "by time, the latest first" "$(order '?C=M&O=D' | tr -d d12)" bac
is "by size" "$(order '?C=S&O=A')" d1d2bac
is "by size, the largest first" "$(order '?C=S&O=D')" d2d1cab
is "nonsense is by name" "$(order '?C=X&O=Y&%00')" d1d2abc
is "JSON in the same order" "$(get '/order/?json&C=S&O=D' |
    sed -n 's/.*"name":"\([^"]*\)".*/\1/p' | tr -d '\n')" d2d1cab
page=$(get '/order/?C=S&O=A')
like "the column says how it is sorted" "$page" \
    '*aria-sort=ascending><a href="?C=S&amp;O=D">*'
like "a size and a time" "$page" "*>c</a><td>2020-01-01 00:00<td>1000 B*"
unlike "nothing from elsewhere" "$page" "*<[sl][ci]*src=*"
is "one script" "$(echo "$page" | grep -c '<script')" 1
like "... and no other is run" "$page" "*Content-Security-Policy: default-src\
 'none'; style-src 'unsafe-inline'; connect-src 'self'; script-src 'sha256-*"
if have openssl; then
	is "... by its hash" "$(echo "$page" | field Content-Security-Policy |
	    sed "s/.*'sha256-\(.*\)'/\1/")" \
	    "$(echo "$page" | sed -n 's|^<script>\(.*\)</script>$|\1|p' |
	    tr -d '\n' | openssl dgst -sha256 -binary | openssl base64)"
else
	skip "... by its hash" "no openssl"
fi

# ---- JSON or HTML -----------------------------------------------------------

kind() { get /order/ "Accept: $1" | field Content-Type; }	# ACCEPT
for accept in '*/*' 'text/html' 'text/html,application/json' \
    'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' \
    'application/jso' ''; do
	like "HTML for Accept: $accept" "$(kind "$accept")" "text/html;*"
done
for accept in 'application/json' 'Application/JSON;charset=utf-8' \
    'application/json, text/plain, */*' 'text/plain, application/json'; do
	is "JSON for Accept: $accept" "$(kind "$accept")" application/json
done
is "who shares a cache is told" "$(get /order/ | field Vary)" Accept
stop_server

# ---- a large folder ---------------------------------------------------------

# Once is enough; and under a wrapper or with sanitizers memory and time are not
# its own.
best=$(echo $backends | cut -d' ' -f1)
many=100000
[ "${GLIMD_BACKEND:-$best}" = "$best" ] && [ -z "$GLIMD_WRAP" ] &&
    [ "$SLOW" -le 1 ] && ! grep -q __asan_init "$GLIMD" || many=3000
mkdir root/huge
awk -v n=$many 'BEGIN {
	for (i = 0; i < n; i++)
		printf "root/huge/%06d\n", i
}' | xargs touch 2>/dev/null
start_server 'dir-listing.activate = "enable"'
opened() { ls "/proc/$PID/fd" 2>/dev/null | wc -l; }
peak() { sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$PID/status"; }
get /order/a >/dev/null
before=$(opened)
whole="all of $many entries in order, without a page in memory"
if [ ! -e root/huge/$(printf %06d $((many - 1))) ]; then
	skip "$whole" "no room for so many files"
	many=0
else
	is "$whole" "$(raw 'GET /huge/?C=N&O=D HTTP/1.0\r\n\r\n' | links |
	    awk -v n=$many '$0 + 0 != n - NR { exit } END { print NR }')" $many
fi
if [ $many -eq 100000 ] && [ -r /proc/$PID/status ]; then
	peak=$(peak)
	okay "... in less than 24 MiB: $peak KiB" test "$peak" -lt 24576
	# how long it takes, and how long others wait meanwhile
	"$LOAD" -a "127.0.0.1:$PORT" -f 1 -c 1 -p /huge/ >load.out 2>&1
	whole=$(loaded longest_ms)
	start_load -k 1 -s 300 -p /order/a
	codes 'GET /huge/?C=M HTTP/1.0\r\n\r\n' >/dev/null
	codes 'GET /huge/?json HTTP/1.0\r\n\r\n' >/dev/null
	end_load
	pause=$(loaded longest_ms)
	okay "it takes $whole ms, others wait $pause ms of it" \
	    test "$((pause * 3))" -lt "$whole"
fi
# those who leave while it is read or sent
for i in 1 2 3 4; do
	raw 'GET /huge/ HTTP/1.1\r\nHost: x\r\n\r\n' -g 200 -r
	raw 'GET /huge/ HTTP/1.1\r\nHost: x\r\n\r\n' -g '<tbody>' -r
done
is "HEAD reads no more than it needs" "$(codes \
    'HEAD /huge/ HTTP/1.1\r\nHost: x\r\n\r\n' -h)" "200 eof"
settled_fds() { [ "$(opened)" -le "$before" ]; }
okay "no descriptor is left" wait_for settled_fds

# ---- in a browser -----------------------------------------------------------

# Looks at a page; prints how many bytes of picture came of it.
shoot() {				# NAME WIDTH,HEIGHT [ARGUMENT...]
	picture=$WORK/$1.png size=$2
	shift 2
	"$browser" --headless=new --no-sandbox --disable-gpu --hide-scrollbars \
	    --user-data-dir="$WORK/profile" --window-size=$size "$@" \
	    --screenshot="$picture" "http://127.0.0.1:$PORT/nasty/" \
	    >browser.out 2>&1 &
	mine $!
	wait_for grep -q 'written to file' browser.out
	wait $! 2>/dev/null
	wc -c <"$picture"
}
browser=
for name in chromium chromium-browser google-chrome; do
	[ -n "$browser" ] || ! have $name || browser=$name
done
why=
[ -n "$browser" ] || why="no chromium"
[ $many -ne 3000 ] || why="once is enough, and not with a slow server"
if [ -n "$why" ]; then
	skip "a browser shows the page" "$why"
else
	okay "a phone shows the page" test "$(shoot phone 390,844)" -gt 9000
	okay "... in the dark" test "$(shoot night 390,844 \
	    --blink-settings=preferredColorScheme=0)" -gt 9000
	okay "a desk shows the page" test "$(shoot desk 1280,800)" -gt 9000
	unlike "the dark is dark" "$(cksum <phone.png)" "$(cksum <night.png)"
	"$browser" --headless=new --no-sandbox --disable-gpu --dump-dom \
	    --user-data-dir="$WORK/profile" \
	    "http://127.0.0.1:$PORT/nasty/" 2>browser.out >dom
	is "it sees one row for each name" \
	    "$(grep -o '<tr><td>' dom | wc -l | tr -d ' ')" $((n + 7))
	is "... and no element that a name made" \
	    "$(grep -o '<script\|<img' dom)" '<script'
	# a page around it clicks, and sees whether the document stays
	cat >root/click.html <<-'PAGE'
	<iframe id=f src="/nasty/"></iframe><script>
	onload = () => {
		let page = f.contentDocument;
		page.querySelectorAll("th a")[2].click();
		setTimeout(() => document.title = (f.contentDocument == page)
		    + page.querySelector("th+th+th").outerHTML, 1500);
	}</script>
	PAGE
	"$browser" --headless=new --no-sandbox --disable-gpu --dump-dom \
	    --user-data-dir="$WORK/profile" --virtual-time-budget=5000 \
	    "http://127.0.0.1:$PORT/click.html" 2>browser.out >dom
	like "its script sorts in place" "$(grep '<title>' dom)" \
	    '*<title>true*aria-sort="ascending"*'
fi
stop_server

# ---- who may see what -------------------------------------------------------

echo 'above <i>' >root/order/HEADER.txt
echo 'below <b>' >root/order/README.txt
start_server 'dir-listing.activate = "enable"
dir-listing.show-header = "enable"
dir-listing.show-readme = "enable"
dir-listing.hide-dotfiles = "disable"
dir-listing.exclude = ( "^a$", "~$" )
$HTTP["query-string"] == "all" { dir-listing.exclude = ( ) }
$HTTP["query-string"] == "b" { dir-listing.exclude = ( "(?i)^B" ) }'
page=$(get /order/ | body)
like "a header and a readme, as text" "$page" \
    "*<pre>above &lt;i&gt;*<table>*</table>*<pre>below &lt;b&gt;*"
unlike "what is excluded is not shown" "$page" "*>a</a>*"
like "... the rest is" "$page" "*>b</a>*"
like "... unless a condition says so" "$(get '/order/?all' | body)" \
    "*>a</a>*>b</a>*"
page=$(get '/order/?b' | body)
like "... or something else" "$page" "*>a</a>*"
unlike "... is excluded" "$page" "*>b</a>*"
page=$(get /dir/ | body)
like "dotfiles on demand" "$page" "*>.dotfile</a>*"
unlike "... but not the folder itself" "$page" '*"./."*'
unlike "... nor the one above twice" "$page" '*"./../"*'
if [ "$(id -u)" -ne 0 ]; then
	mkdir root/closed
	chmod 000 root/closed
	like "a folder that cannot be read is forbidden" \
	    "$(get /closed/ | first)" "HTTP/1.1 403 *"
	chmod 700 root/closed
fi
stop_server

start_server ''
like "no listing unless wanted" "$(get /dir/ | first)" "HTTP/1.1 40[34] *"
stop_server
start_zero root
like "zero-config lists" "$(get /dir/)" "HTTP/1.1 200 *afile*"
mkdir root/links
ln -s ../dir/afile root/links/inside
ln -s /etc/passwd root/links/outside
ln -s nowhere root/links/broken
page=$(get /links/)
like "a link is listed as what it points to" "$page" "*inside*"
unlike "... not one that leaves the root" "$page" "*outside*"
unlike "... nor one that points nowhere" "$page" "*broken*"
