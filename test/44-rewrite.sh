# 44-rewrite - another URL for a request, by pattern: url.rewrite.
. "$TOP/test/lib.sh"

mkdir root/new root/dir root/private
echo file >root/file.txt
echo new >root/new/a
echo index >root/dir/index.html
echo front >root/index.php
echo secret >root/private/a
echo outside >outside
# What a URL was made, mod_redirect shows: below /see, it sends it back.
see='url.redirect = ( "^/see.*$" => "http://seen$0" )'
modules='server.modules = ( "mod_redirect", "mod_rewrite", "mod_indexfile",
	"mod_staticfile", "mod_accesslog" )
index-file.names = ( "index.html" )'
start_server "$modules
$see"'
accesslog.filename = "access.log"
accesslog.format = "%r %U %q %s"
server.error-handler-404 = "/loop"
url.rewrite-once = (
	"^/stop" => "",
	"^/old/(.*)$" => "/new/$1",
	"^/one/(.*)$" => "/one/two/$1",
	"^/q/([^?]*)\?(.*)$" => "/see/$1?x=1&$2",
	"^/p/(.*)" => "/see?p=$1",
	"^/s/(.*)" => "/see?p=${url.path}&q=${url.query}${qsa}",
	"^/up/(.*)" => "/../../$1",
	"^/%25(.*)" => "/..%%2f$1",
	"^/u64/(.*)" => "/${decb64u:1}",
	"^/s64/(.*)" => "/see/${decb64u:1}",
	"^/host/" => "http://example.org/",
	"^/empty/(.*)" => "$1",
	"^/private" => "/index.php"
)
url.rewrite-repeat = (
	"^/r/([^/]*)/(.*)$" => "/r/$2?$1",
	"^/r/(.*)$" => "/see/$1",
	"^/loop" => "/loop/again",
	"^/twice.*" => "$0$0",
	"^/stop" => "/see/stop",
	"^/first" => "/old/a"
)'

sees() {				# NAME TARGET URL
	is "$1" "$(get "$2" | field Location)" "http://seen$3"
}
serves() { is "$1" "$(get "$2" | body)" "$3"; }		# NAME TARGET TEXT
fails() { like "$1" "$(get "$2" | first)" "HTTP/1.1 $3 *"; }

serves "a file by another name" /old/a new
serves "its own name" /new/a new
serves "no rule for it" /file.txt file
fails "once: what was made is not made again" /one/a 404
sees "the query" '/q/a?b=c' '/see/a?x=1&b=c'
sees "a path in a query" '/p/a/b' '/see?p=a/b'
sees "... stays what it was" '/p/a%26b%3d%2b%25%20' \
    '/see?p=a%26b%3D%2B%25%20'
sees "parts" '/s/a?b=c' '/see?p=/s/a&q=b=c&b=c'
fails "no target: no rule, nor one of another key" /stop 404
like "the log has what was asked for" "$(get /old/a >/dev/null
    wait_for grep -q 'GET /old/a ' access.log; cat access.log)" \
    "*GET /old/a HTTP/1.1 /new/a - 200*"

# The URL has one form: other spellings of a name do not pass by a rule.
# 15: patterns matched before decoding.
for name in /private/a /%70rivate/a //private/a /./private/a \
    /x/../private/a /x/%2e%2e/private/a /%2fprivate/a /private%2fa \
    /private/./a '/%70%72%69%76%61%74%65/a?b'; do
	serves "15: no way to the secret: $name" "$name" front
done
# 8: out of the root by what a rule makes.
fails "8: a rule does not lead out of the root" /up/outside 400
fails "8: ... nor by an escape" '/%25outside' 400
fails "8: ... nor by base64" "/u64/Li4vb3V0c2lkZQ" 400
fails "8: ... with a NUL" "/u64/ZmlsZS50eHQALmE" 400
serves "8: what was made is decoded once" "/u64/ZmlsZSU3OHR4dA" "$(
    get /filextxt | body)"
fails "an empty target is none" /empty/ 500
fails "... nor is one without a slash" /empty/a 500
fails "... nor another host" /host/ 500
like "... and the log says so" "$(cat $SRV.log)" \
    "*rewritten to http://example.org/, which does not begin*"
fails "no line end by base64" /s64/YQ0KU2V0LUNvb2tpZTp4 400
# 39: length and text of a target disagreed.
long=$(printf %2000s '' | tr ' ' '+')
sees "39: a long URL that grows" "/p/$long" "/see?p=$long"
is "39: ... by escapes" "$(get "/s/$long?$long" | field Location | wc -c)" \
    "$((11 + 7 + 2003 + 3 + 2000 + 1 + 2000 + 1))"

sees "repeat" '/r/1/2/3/a' '/see/a?1?2?3'
fails "repeat without end" /loop 500
like "... and the log says so" "$(cat $SRV.log)" "*rewritten 100 times*"
fails "repeat what doubles each time" /twice 500
serves "repeat, then once" /first new
is "HEAD" "$(request HEAD /old/a | sed -n '1p; s/^Content-Length: //p')" \
    "HTTP/1.1 200 OK
4"
is "a request after the other" "$(codes \
    'GET /old/a HTTP/1.1\r\nHost: x\r\n\r\n' \
    'POST /private/x HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcd' \
    'GET /one/a HTTP/1.1\r\nHost: x\r\n\r\n' \
    'GET /old/a HTTP/1.1\r\nHost: x\r\n\r\n' -h)" "200 405 404 200 eof"
like "a range" "$(get /old/a 'Range: bytes=0-1')" "HTTP/1.1 206 *ne"
fails "a folder without slash" /old 404
stop_server

# All keys, and those that ask for the file.
start_server "$modules
$see"'
url.rewrite = ( "^/plain(.*)" => "/see/plain$1" )
url.rewrite-final = ( "^/final(.*)" => "/see/final$1" )
url.rewrite-if-not-file = (
	"^/none$" => "",
	"^/(?:index\.php|see)" => "",
	"^([^?]*)" => "/index.php?q=$1${qsa}"
)'
sees "url.rewrite" /plain/1 /see/plain/1
sees "url.rewrite-final" /final/1 /see/final/1
serves "a file is served" /file.txt file
serves "... with a query" '/file.txt?a=b' file
serves "what is no file is not" /a/b/c front
serves "... nor is a folder" /dir/ front
serves "... nor without its slash" /dir front
serves "... nor something behind a file" /file.txt/a front
serves "... nor the root" / front
serves "... by any spelling" /x/../dir/. front
fails "no target: no rule" /none 404
stop_server

start_server "$modules
$see"'
url.rewrite-repeat-if-not-file = (
	"^/a/(.*)$" => "/b/$1",
	"^/b/(.*)$" => "/$1",
	"^/(c|d)$" => "/$1"
)'
serves "repeat until there is a file" /a/a/file.txt file
fails "... or no rule" /a/nothing 404
fails "... or no end" /c 500
stop_server

# The order of server.modules does not matter for the file of a folder.
start_server "$(echo "$modules" | tr '\n' ' ' |
    sed 's/"mod_rewrite", "mod_indexfile"/"mod_indexfile", "mod_rewrite"/
	s/) index/)\
index/')"'
url.rewrite-if-not-file = ( "" => "/index.php" )'
serves "mod_indexfile first" /dir/ front
stop_server

# 200 rules with patterns.
n=0
while [ $n -lt 200 ]; do
	n=$((n + 1))
	echo "	\"^/r$n/([a-z]+)/(\\d+)\$\" => \"/see/$n/\$1/\$2\","
done >rules
start_server "$modules
$see
url.rewrite-once = (
$(cat rules)
)"
sees "the first of many" /r1/ab/12 /see/1/ab/12
sees "the last" /r200/ab/12 /see/200/ab/12
serves "none" /file.txt file
stop_server

configure "$modules"'
url.rewrite-once = ( "^/a(" => "/a" )
url.rewrite-repeat = ( "*" => "/a" )
url.rewrite-if-not-file = ( "a" => "/${x}" )'
like "faults are told at the start" "$($GLIMD_WRAP "$GLIMD" -t -f $SRV.conf \
    2>&1)" '*url.rewrite-once: "^/a("*url.rewrite-repeat: "*": *nothing to *
*url.rewrite-if-not-file: "a" => "/${x}": not understood: ${x}*'

# Conditions: each has its rules, and its captures.
start_server "$modules
$see"'
url.rewrite-once = ( "^/a$" => "/see/outside%1" )
$HTTP["host"] =~ "^(\w+)\.example$" {
	url.rewrite-once = ( "^/(.*)" => "/see/%1/$1" )
}
$HTTP["url"] =~ "^/deep/(.)" {
	url.rewrite-repeat = ( "^/deep/(.*)" => "/see/%1/$1" )
}'
sees "outside of conditions" /a /see/outside
is "in one" "$(raw 'GET /b HTTP/1.1\r\nHost: www.example\r\n' \
    'Connection: close\r\n\r\n' | tr -d '\r' | field Location)" \
    http://seen/see/www/b
sees "in one of the URL" /deep/abc /see/a/abc
