# 12-conditions - blocks that hold for some requests: $HTTP["host"] == "x" { }.
. "$TOP/test/lib.sh"

check() {				# TEXT
	printf '%s\n%s\n' 'server.document-root = "root"' "$1" >x.conf
	"$GLIMD" -t -f x.conf 2>&1
}

# The fault of line 2, without "x.conf:2:".
fault() { check "$1" | sed -n 's/^x.conf:2://p'; }	# TEXT

printed() {				# TEXT: as -p says it
	printf '%s\n%s\n' 'server.document-root = "root"' "$1" >x.conf
	"$GLIMD" -p -f x.conf 2>&1 | grep -v -e unknown -e document-root
}

# The same when it is read again.
printed_twice() {			# TEXT
	printed "$1" >once
	printed "$(cat once)"
}

lines() { printf '%s\n' "$@"; }

# ---- grammar ----------------------------------------------------------------

while IFS='|' read -r text want; do
	got=$(fault "$text")
	is "refused: $text" "$(printf '%.*s' ${#want} "$got")" "$want"
done <<'EOT'
$HTTP["foo"] == "x" { }|1: no condition is called $HTTP["foo"], expected
$FOO["host"] == "x" { }|1: no condition is called $FOO["host"]
$SERVER["host"] == "x" { }|1: no condition is called $SERVER["host"]
$HTTP "host" == "x" { }|7: found "host", expected "["
$HTTP[host] == "x" { }|7: found "host", expected a name in quotes
$HTTP["host" == "x" { }|14: found "==", expected "]"
$HTTP["host"] = "x" { }|15: found "=", expected "==", "!=", "=~"
$HTTP["host"] += "x" { }|15: found "+=", expected "=="
$HTTP["host"] == 5 { }|18: found 5, expected a text to compare with
$HTTP["host"] == ( "x" ) { }|18: found a list, expected a text
$HTTP["host"] == "x" a = 1|22: found "a", expected "{"
$HTTP["host"] =~ "(" { }|18: the regular expression "(":
$HTTP["host"] !~ "a**(?=x)" { }|18: the regular expression
$HTTP["remoteip"] == "10.0.0.0/33" { }|22: found "10.0.0.0/33"
$HTTP["remoteip"] != "::/129" { }|22: found "::/129", expected an address
$HTTP["remoteip"] == "example.org" { }|22: found "example.org"
$SERVER["socket"] != ":80" { }|22: $SERVER["socket"] goes with "=="
$SERVER["socket"] == "127.0.0.1:99999" { }|1: $SERVER["socket"]: no port
$SERVER["socket"] == "127.0.0.1:x" { }|1: $SERVER["socket"]: no port: "x"
$SERVER["socket"] == "::1:80" { }|1: $SERVER["socket"]: "::1:80": an IPv6
else { }|1: else without a condition before it
elif $HTTP["host"] == "x" { }|1: elif without a condition before it
if { }|4: found "{", expected a condition like
global { $HTTP["host"] == "x" { } }|10: a condition cannot stand in global { }
EOT

like "else behind else" "$(check "$(lines '$HTTP["host"] == "x" { }' \
    'else { }' 'else { }')")" '*:4:1: else without a condition before it*'
like "else behind a statement" "$(check "$(lines '$HTTP["host"] == "x" { }' \
    'a.b = 1' 'else { }')")" '*:4:1: else without a condition before it*'
is "one fault for a condition, not one for its else as well" \
    "$(check "$(lines '$HTTP["x"] == "x" { a = 1 }' 'else { b = 2 }')" |
    grep -c x.conf)" 1
is "the line after a bad condition is read" \
    "$(check "$(lines '$HTTP["x"] == "x" {' 'a = 1' '}' 'c.d = = 1')" |
    sed -n 's/^x.conf:\([0-9]*\):.*/\1/p' | tr '\n' ' ')" '2 5 '
like "blocks nest at most 32 deep" "$(fault "$(yes '$HTTP["host"] == "x" {' |
    sed 40q | tr '\n' ' ')")" '*: blocks nest at most 32 deep*'
like "a key set twice in a block" "$(fault \
    '$HTTP["host"] == "x" { a.b = 1 a.b = 2 }')" \
    '32: a.b was set already in x.conf:2:24 *'
like "... and when the block comes twice" "$(check "$(lines \
    '$HTTP["host"] == "x" { a.b = 1 }' '$HTTP["host"] == "x" { a.b = 2 }')")" \
    'x.conf:3:24: a.b was set already in x.conf:2:24 *'
like "a type in a block" "$(fault '$HTTP["host"] == "x" { server.tag = 5 }')" \
    '24: server.tag is a text*'
like "a key of the whole server" \
    "$(fault '$HTTP["host"] == "x" { server.port = 5 }')" \
    '24: server.port counts for the whole server: ignored in a condition'
is "a document root that would be all of the disk" "$(fault \
    '$HTTP["host"] == "x" { server.document-root = "" }')" \
    '24: server.document-root is empty'
like "an unknown key in a block" \
    "$(fault '$HTTP["host"] == "x" { server.tga = "5" }')" \
    '24: unknown key server.tga, ignored (did you mean server.tag[?])'
is "a variable of a block is not set outside" "$(fault \
    '$HTTP["host"] == "x" { x = "1" } a.b = x')" \
    '40: var.x is not set (a text would stand in quotes)'
i=0
while [ $i -le 4096 ]; do
	i=$((i + 1))
	echo "\$HTTP[\"host\"] == \"$i\" { }"
done >many
like "at most 4096 blocks" "$(check "$(cat many)")" \
    '*: more than 4096 conditional blocks*'
like "4096 are fine" "$(check "$(sed 4096q many)")" '*Syntax OK'

# ---- printing ---------------------------------------------------------------

is "blocks are printed" "$(printed "$(lines '$HTTP["host"]=="x"{' \
    '  a.b = ( "1" )' \
    '  $HTTP["url"] =~ "^/(\.|x)" { a.b += ( "2" )' '} }' \
    'else if $HTTP["querystring"] =^ "q\"" { a.c = 1 } else' \
    '{ a.c = 2 }')")" "$(cat <<'EOT'
$HTTP["host"] == "x" {
	a.b = (
		"1"
	)
	$HTTP["url"] =~ "^/(\.|x)" {
		a.b = (
			"1",
			"2"
		)
	}
}
else $HTTP["querystring"] =^ "q\"" {
	a.c = 1
}
else {
	a.c = 2
}
EOT
)"

again() {				# NAME TEXT
	is "printed and read again: $1" "$(printed_twice "$2")" \
	    "$(cat once)"
}

again "an else chain" "$(lines 'if $HTTP["host"] == "a" { a.b = 1 }' \
    'elif $HTTP["host"] == "b" { a.b = 2 }' \
    'elsif $HTTP["host"] == "c" { a.b = 3 }' \
    'elseif $HTTP["host"] == "d" { a.b = 4 }' \
    'else if $HTTP["host"] == "e" { a.b = 5 }' \
    'else $HTTP["host"] == "f" { a.b = 6 }' 'else { a.b = 7 }')"
again "a block that is opened again" "$(lines \
    '$HTTP["host"] == "a" { a.b = 1 }' \
    '$HTTP["host"] == "b" { a.b = 2 }' \
    '$HTTP["host"] == "a" { $HTTP["url"] == "/" { a.b = 3 } }' \
    '$HTTP["host"] == "a" { a.c = 3 } else { a.b = 5 }' 'a.z = 1' \
    '$HTTP["host"] == "a" { } else { $HTTP["url"] == "/x" { a.b = 4 } }')"
is "... in the order in which the blocks hold" "$(grep -n '{$' once |
    sed 's/^[0-9]*://' | tr -d '\t' | tr '\n' ';')" "$(lines \
    '$HTTP["host"] == "a" {' '$HTTP["host"] == "b" {' \
    '$HTTP["host"] == "a" {' '$HTTP["url"] == "/" {' 'else {' \
    '$HTTP["url"] == "/x" {' | tr '\n' ';')"
again "all fields" "$(for field in host url query-string request-method \
    scheme useragent referer cookie language request-header; do
	echo "\$HTTP[\"$field\"] =\$ \"x\" { a.b = 1 }"
done; lines '$HTTP["remoteip"] != "10.0.0.0/8" { a.b = 2 }' \
    '$REQUEST_HEADER["X-Foo"] !~ "y" { a.b = 3 }' \
    '$SERVER["socket"] == "[::1]:8080" { }')"

# ---- what holds -------------------------------------------------------------

at() {					# ADDRESS BYTES
	"$RAW" -a "$1" "$2" | tr -d '\r'
}

tag_at() {				# ADDRESS PATH [FIELD...]
	where=$1
	head="GET $2 HTTP/1.1\\r\\nConnection: close\\r\\n"
	shift 2
	host='Host: h'
	for text; do
		case $text in
		[Hh]ost:*) host=$text ;;
		*) head="$head$text\\r\\n" ;;
		esac
	done
	at "$where" "$head$host\\r\\n\\r\\n" | field Server
}

tag() { tag_at "127.0.0.1:$PORT" "$@"; }	# PATH [FIELD...]

mkdir root/d
start_server "$(cat <<'EOT'
server.tag = "none"
debug.log-condition-handling = "enable"
$HTTP["host"] == "Eq.example" { server.tag = "eq" }
$HTTP["host"] == "port.example:81" { server.tag = "port" }
$HTTP["host"] == "[::1]" { server.tag = "six" }
$HTTP["host"] =^ "www." { server.tag = "prefix" }
$HTTP["host"] =$ ".org" { server.tag = "suffix" }
$HTTP["host"] =~ "^(a|b)\.net$" { server.tag = "regex" }
$HTTP["host"] =~ "^[A-C]apital\.\S$" { server.tag = "capital" }
$HTTP["host"] == "deep" {
	server.tag = "deep"
	$HTTP["url"] =^ "/d/" {
		server.tag = "deeper"
		$HTTP["query-string"] == "" { server.tag = "deepest" }
	}
	else $HTTP["url"] =~ "^/e" { server.tag = "e" }
	else { server.tag = "else" }
}
$HTTP["host"] == "chain" {
	if $HTTP["url"] == "/1" { server.tag = "one" }
	elif $HTTP["url"] =~ "^/[12]$" { server.tag = "two" }
	else { server.tag = "three" }
}
$HTTP["url"] == "/only" { server.tag = "only" }
$HTTP["url"] == "/a b" { server.tag = "decoded" }
$HTTP["query-string"] == "q=%20" { server.tag = "query" }
$HTTP["query-string"] == "admin=1" { server.tag = "plain" }
$HTTP["request-method"] == "POST" { server.tag = "post" }
$HTTP["scheme"] != "http" { server.tag = "scheme" }
$HTTP["user-agent"] =~ "(?i)curl" { server.tag = "curl" }
$HTTP["referer"] =~ "spam" { server.tag = "spam" }
$HTTP["cookie"] =~ "(^|; )k=v(;|$)" { server.tag = "cookie" }
$HTTP["language"] =^ "de" { server.tag = "de" }
$HTTP["request-header"] =~ "X-All: yes" { server.tag = "all" }
$REQUEST_HEADER["X-Foo"] == "one, two" { server.tag = "two fields" }
$REQUEST_HEADER["x-none"] != "" { server.tag = "no header" }
$HTTP["url"] == "/ip" {
	$HTTP["remoteip"] == "127.0.0.0/8" { server.tag = "local" }
	else { server.tag = "remote" }
}
$HTTP["url"] == "/ip6" {
	$HTTP["remoteip"] != "::ffff:127.0.0.0/104" { server.tag = "no" }
	else { server.tag = "mapped" }
}
$HTTP["url"] == "/last" { server.tag = "first" }
$HTTP["url"] =^ "/la" { server.tag = "last" }
$HTTP["url"] == "/empty" { server.tag = "" }
EOT
)"
while read -r name want path fields; do
	IFS='|'
	set -f
	# shellcheck disable=SC2086
	set -- $fields
	set +f
	unset IFS
	is "holds: $name" "$(tag "$path" "$@")" "$(echo "$want" | tr _ ' ')"
done <<'EOT'
nothing none /
host eq / Host: eq.example
case eq / Host: EQ.Example
port-is-ignored eq / Host: eq.example:8080
port-of-the-pattern port / Host: port.example:81
another-port none / Host: port.example:82
final-dot eq / Host: eq.example.
final-dot-and-port eq / Host: eq.example.:8080
final-dot-and-port-of-the-pattern port / Host: port.example.:81
no-port-behind-a-colon eq / Host: eq.example:
dot-and-absolute-form eq http://eq.example./ Host: none
capitals-of-a-pattern capital / Host: capital.x
IPv6 six / Host: [::1]:8080
prefix prefix / Host: www.x
suffix suffix / Host: x.ORG:80
regex regex / Host: b.net:1
regex-of-all none / Host: ab.net
nested deepest /d/ Host: deep
nested-half deeper /d/?q Host: deep
else-if e /ef Host: deep
else else /f Host: deep
chain-first one /1 Host: chain
chain-second two /2 Host: chain
chain-last three /3 Host: chain
url only /only
url-with-query only /only?x
url-decoded decoded /a%20b
url-normalised only /x/..//only
query query /?q=%20
query-escaped-without-need plain /?%61dmi%6E=%31
user-agent curl / User-Agent: CURL/7
referer spam / Referer: http://spam/
cookie cookie / Cookie: a=b; k=v
cookie-lines cookie / Cookie: a=b|Cookie: k=v
language de / Accept-Language: de-AT
header-lines two_fields / x-foo: one|X-Foo: two
header-all all / X-All: yes
no-header no_header / X-None: 1
CIDR local /ip
CIDR-mapped mapped /ip6
last-wins last /last
EOT
is "an empty tag" "$(tag /empty)" ''
is "the method" "$(raw 'POST / HTTP/1.0\r\n\r\n' | tr -d '\r' |
    field Server)" post
asked=
for what in '/ eq.example' '/ x' '/ eq.example' '/1 chain' '/2 chain'; do
	asked="${asked}GET ${what% *} HTTP/1.1\r\nHost: ${what#* }\r\n\r\n"
done
is "a connection is asked again for each request" \
    "$(raw "$asked" -h | sed -n 's/^Server: \(.*\).$/\1/p' |
    tr '\n' ' ')" 'eq none eq one two '
like "conditions are logged" "$(cat $SRV.log)" \
    '*connection *: condition of glimd.conf:3, $HTTP?"host"?: yes*'
stop_server

# ---- settings of all kinds --------------------------------------------------

mkdir -p one two root/sub/one root/sub/two err
echo 1 >one/x.txt
echo 2 >two/x.txt
echo 2 >two/x.abc
echo 'not here' >err/404.html
start_server "$(cat <<'EOT'
$HTTP["host"] == "one" {
	server.document-root = "one"
	server.max-request-size = 1
	mimetype.assign = ( ".txt" => "text/one" )
	static-file.etags = "disable"
}
$HTTP["host"] == "two" {
	server.document-root = "two"
	mimetype.assign = ( ".txt" => "text/two", ".abc" => "x/abc" )
	server.errorfile-prefix = "err/"
}
$HTTP["host"] == "three" {
	server.document-root = "two"
	mimetype.assign = ( ".txt" => "text/two", ".abc" => "x/abc" )
	server.range-requests = "disable"
	server.error-handler-404 = "/x.txt"
}
$HTTP["host"] == "one" { server.max-keep-alive-requests = 1 }
EOT
)"
ask() {					# HOST PATH [FIELD]
	raw "GET $2 HTTP/1.1\r\nHost: $1\r\n${3:-A: b}\r\n\
Connection: close\r\n\r\n" | tr -d '\r'
}
like "a document root and types of its own" "$(ask one /x.txt)" \
    '*200*Content-Type: text/one*Accept-Ranges*1'
unlike "without tags" "$(ask one /x.txt)" '*ETag*'
like "another host has others" "$(ask two /x.txt)" \
    '*200*Content-Type: text/two*ETag*2'
like "the same file by other rules" "$(ask three /x.txt 'Range: bytes=0-0')" \
    '*200*Content-Type: text/two*ETag*2'
unlike "... which has no ranges" "$(ask three /x.txt)" '*Accept-Ranges*'
like "... and back" "$(ask two /x.txt 'Range: bytes=0-0')" '*206*Accept-R*2'
like "a body that is too large there" "$(raw \
    'POST /x.txt HTTP/1.1\r\nHost: one\r\nContent-Length: 2000\r\n\r\n')" \
    'HTTP/1.1 413 *Connection: close*'
is "as many requests on a connection as its last host allows" \
    "$(raw 'GET /x.txt HTTP/1.1\r\nHost: two\r\n\r\n' \
    'GET /x.txt HTTP/1.1\r\nHost: one\r\n\r\n' -h | tr -d '\r' |
    grep -c -e '^HTTP/1.1 200' -e '^Connection: close')" 3
like "... and not too large elsewhere" "$(raw \
    "POST /x.txt HTTP/1.1\r\nHost: two\r\nContent-Length: 2000\r\n\
Expect: 100-continue\r\n\r\n")" \
    'HTTP/1.1 405 *'
like "an error page of its own" "$(ask two /none)" '*404*not here'
like "a 404 handler of its own" "$(ask three /none)" '*200*2'
stop_server

# Links are followed for one host and not for the other, and the cache keeps
# apart what it has found.
ln -s ../one/x.txt root/link.txt
start_server "$(cat <<'EOT'
$HTTP["host"] == "strict" { server.follow-symlink = "disable" }
EOT
)"
like "a link is followed" "$(ask easy /link.txt)" '*200*1'
like "... but not by the other rule" "$(ask strict /link.txt)" '*403*'
like "... and again" "$(ask easy /link.txt)" '*200*1'
stop_server

# ---- sockets ----------------------------------------------------------------

OTHER=$(free_port)
start_server "$(cat <<EOT
server.max-worker = 2
server.tag = "none"
\$SERVER["socket"] == "127.0.0.1:$OTHER" {
	server.tag = "other"
	server.max-request-field-size = 300
	server.max-keep-alive-requests = 1
}
\$SERVER["socket"] == "unix:$PWD/s" { server.tag = "unix" }
EOT
)"
is "the main socket" "$(tag /)" none
is "another socket" "$(tag_at 127.0.0.1:$OTHER /)" other
is "a unix socket" "$(tag_at $PWD/s /)" unix
long=$(yes x | sed 400q | tr -d '\n')
like "limits of a socket hold before the head is read" \
    "$(at 127.0.0.1:$OTHER "GET / HTTP/1.1\r\nHost: a\r\nX: $long\r\n\r\n")" \
    'HTTP/1.1 431 *'
like "... and not at the other" \
    "$(raw "GET / HTTP/1.0\r\nHost: a\r\nX: $long\r\n\r\n")" \
    'HTTP/1.0 *Server: none*'
configure "$(cat <<EOT
server.max-worker = 2
server.port = $PORT
server.tag = "reloaded"
\$SERVER["socket"] == "127.0.0.1:$OTHER" { server.tag = "still other" }
EOT
)"
kill -HUP $PID
changed() { [ "$(tag_at 127.0.0.1:$OTHER /)" = "still other" ]; }
okay "a reload changes what a socket has" wait_for changed
gone() { ! [ -S s ]; }
okay "... and closes what is not named any more" wait_for gone
is "the main socket has its own" "$(tag /)" reloaded
stop_server

# ---- fields that a module changed -------------------------------------------

# The URL is rewritten when fields were added and dropped: conditions are asked
# once more.
start_server "$(cat <<'EOT'
server.modules = ( "mod_setenv", "mod_rewrite" )
server.tag = "none"
setenv.add-request-header = ( "X-More" => "more" )
setenv.set-request-header = ( "Host" => "" )
url.rewrite-repeat-if-not-file = ( "^/old" => "/new" )
$HTTP["request-header"] =~ "X-Sent: yes" { server.tag = "sent" }
$HTTP["url"] == "/new" {
	$REQUEST_HEADER["X-More"] == "more" { server.tag += " more" }
}
EOT
)"
is "what was sent stays sent" "$(tag /old 'X-Sent: yes')" "none more"
is "... and is what it was" "$(tag / 'X-Sent: yes')" sent
stop_server
