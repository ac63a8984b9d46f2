# 52-fastcgi - FastCGI: what a script is told, what becomes of its answer, and
# of a backend that fails.
. "$TOP/test/lib.sh"
needs fastcgi cgi

mkdir -p root/dir root/private
echo '<?php' >root/a.php
echo 'a file' >root/private/a.txt
start_backend fast -p fastcgi
a=$BACKEND
start_backend odd -p fastcgi -b 1 -r 3
b=$BACKEND
start_backend thin -p fastcgi -r 1
c=$BACKEND
start_backend door -p fastcgi -o field
d=$BACKEND
SRV=nobody				# where nobody listens
none=$(free_port)
SRV=glimd

at() {					# PORT [OPTION...]
	port=$1; shift
	echo "(( \"host\" => \"127.0.0.1\", \"port\" => $port"
	for option; do echo ", $option"; done
	echo "))"
}
remote='"check-local" => "disable"'
start_server '
$SERVER["socket"] == "0.0.0.0:0" { }
$SERVER["socket"] == "'"$WORK"'/client" { }
server.modules = ( "mod_rewrite", "mod_setenv", "mod_fastcgi" )
server.max-request-field-size = 65535
server.tag = "tag"
url.rewrite-once = ( "^/moved/([^?]*)" => "/app/$1?x=1" )
setenv.add-environment = ( "SERVER_NAME" => "said", "EXTRA" => "1" )
fastcgi.server = (
	"/app" => '"$(at $a "$remote")"',
	"/kept" => '"$(at $a "$remote" '"keep-connection" => "enable"')"',
	"/odd" => '"$(at $b "$remote")"',
	"/thin" => '"$(at $c "$remote" '"keep-connection" => "enable"')"',
	"/none" => '"$(at $none "$remote")"',
	"/late" => '"$(at $a "$remote" '"read-timeout" => 1')"',
	"/far" => '"$(at $a "$remote" '"docroot" => "/far/"' \
	    '"strip-request-uri" => "/far"' \
	    '"broken-scriptfilename" => "enable"')"',
	"/send" => '"$(at $a "$remote" '"x-sendfile" => "enable"' \
	    '"x-sendfile-docroot" => ( "'"$ROOT"'/private" )')"',
	"/private/" => '"$(at $d '"mode" => "authorizer"')"',
	".php" => '"$(at $a)"'
)'

# ---- what it is told --------------------------------------------------------

variables() { get "$@" | body | grep -v -e ^REMOTE_PORT= -e ^HTTP_CONNECTION=; }
value() {				# NAME TARGET [FIELD...]
	name=$1; shift
	get "$@" | body | sed -n "s/^$name=/&/p"
}

is "all variables" "$(variables '/a.php/x%20y/z?as=env&q=%41' 'Cookie: a=1' \
    'X-A: 1' 'Cookie: b=2' 'x-a:  2 ' 'Authorization: Basic eDp5')" \
    "DOCUMENT_ROOT=$ROOT
EXTRA=1
GATEWAY_INTERFACE=CGI/1.1
HTTP_AUTHORIZATION=Basic eDp5
HTTP_COOKIE=a=1; b=2
HTTP_HOST=localhost
HTTP_X_A=1, 2
PATH_INFO=/x y/z
PATH_TRANSLATED=$ROOT/x y/z
QUERY_STRING=as=env&q=%41
REDIRECT_STATUS=200
REMOTE_ADDR=127.0.0.1
REQUEST_METHOD=GET
REQUEST_SCHEME=http
REQUEST_URI=/a.php/x%20y/z?as=env&q=%41
SCRIPT_FILENAME=$ROOT/a.php
SCRIPT_NAME=/a.php
SERVER_ADDR=127.0.0.1
SERVER_NAME=said
SERVER_PORT=$PORT
SERVER_PROTOCOL=HTTP/1.1
SERVER_SOFTWARE=tag"
is "without a file" \
    "$(variables /app/env | grep -e ^SCRIPT -e ^PATH)" \
    "PATH_INFO=/env
PATH_TRANSLATED=$ROOT/env
SCRIPT_FILENAME=$ROOT/app
SCRIPT_NAME=/app"
is "docroot, strip-request-uri, broken-scriptfilename" \
    "$(variables '/far/env?a' | grep -e ^SCRIPT -e ^PATH -e ROOT -e URI)" \
    "DOCUMENT_ROOT=/far
PATH_INFO=/env
PATH_TRANSLATED=/far/env
REQUEST_URI=/env?a
SCRIPT_FILENAME=/far/far/env
SCRIPT_NAME=/far"
is "a URL that was rewritten" \
    "$(variables '/moved/env?y' | grep -e URI -e QUERY -e ^SCRIPT_NAME)" \
    "QUERY_STRING=x=1
REDIRECT_URI=/app/env?x=1
REQUEST_URI=/moved/env?y
SCRIPT_NAME=/app"
any=$(sed -n 's/.*listening on 0.0.0.0:\([0-9]*\)$/\1/p' glimd.log)
is "the address that was asked for, of all there are" \
    "$("$RAW" -a 127.0.0.2:$any 'GET /app/env HTTP/1.0\r\n\r\n' |
    grep -e ^SERVER_ADDR -e ^SERVER_PORT)" \
    "SERVER_ADDR=127.0.0.2
SERVER_PORT=$any"
is "... and of a socket in the file system" \
    "$("$RAW" -a "$WORK/client" 'GET /app/env HTTP/1.0\r\n\r\n' |
    grep -e _ADDR -e _PORT)" \
    "REMOTE_ADDR=unix
REMOTE_PORT=0
SERVER_ADDR=unix
SERVER_PORT=80"
is "a target with a host" "$(raw 'GET http://X.y:8/app/env?q HTTP/1.0\r\n\r\n' |
    tr -d '\r' | grep -e ^REQUEST_URI -e ^SERVER_PROT -e ^HTTP_HOST)" \
    "REQUEST_URI=/app/env?q
SERVER_PROTOCOL=HTTP/1.0"
is "THREATS 57: nothing of a query is a variable" \
    "$(value 'LD_PRELOAD' '/app/env?LD_PRELOAD=x&PATH=y')" ""
is "THREATS 58: Proxy is none" \
    "$(value 'HTTP_PROXY' /app/env 'Proxy: x' 'pROXY: y')" ""
is "THREATS 59: X_Auth is not X-Auth" \
    "$(value 'HTTP_X_AUTH' /app/env 'X_Auth: no' 'X-Auth: yes' 'X.Auth: no')" \
    "HTTP_X_AUTH=yes"
is "no own environment" "$(LD_X=1 value '\(PATH\|HOME\|PWD\)' /app/env)" ""
is "a field of no value" "$(value HTTP_X /app/env 'X:')" "HTTP_X="

# PARAMS in more than one record, and lengths of one byte and of four
for n in 126 127 128 129 8000 60000; do
	long=$(printf %0${n}d 7)
	is "a field of $n bytes" "$(get /app/env "X: $long" 'Y: 1' | body |
	    sed -n 's/^HTTP_[XY]=//p' | cksum)" \
	    "$(printf '%s\n1\n' $long | cksum)"
done
many=$(printf %058000d 7)
is "PARAMS longer than a record" "$(value '\(HTTP_X\|HTTP_Z\)' \
    "/app/env?$(printf %02000d 7)" "X: $many" "Z: $(printf %04000d 8)" |
    wc -c)" \
    $((58000 + 8 + 4000 + 8))

# ---- bodies -----------------------------------------------------------------


sum() { cksum <"$1" | awk '{ print $1, $2 }'; }
upload() {				# TARGET FILE
	size=$(($(wc -c <"$2")))
	raw "POST $1 HTTP/1.0\r\nContent-Length: $size\r\n\r\n" - <"$2" |
	    tr -d '\r' | body
}
begin='POST /app/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n'
is "a body" "$(raw "${begin}Content-Length: 5\r\n\r\nhello" | tr -d '\r' |
    body)" hello
is "one in chunks" "$(raw "${begin}Transfer-Encoding: chunked\r\n\r\n\
3\r\nhel\r\n2;x\r\nlo\r\n0\r\nT: 1\r\n\r\n" | tr -d '\r' | body)" hello
is "one that comes by bytes" "$(raw -b 1 "${begin}Content-Length: 5\r\n\r\n\
hello" | tr -d '\r' | body)" hello
is "one that waits for 100" "$(raw "${begin}Content-Length: 5\r\n\
Expect: 100-continue\r\n\r\n" -g '100 Continue' hello | tr -d '\r' |
    sed -n '1p;$p')" "HTTP/1.1 100 Continue
hello"
begin='POST /app/env HTTP/1.1\r\nHost: x\r\nConnection: close\r\n'
is "how long it is, and of what type" "$(raw "${begin}Content-Type: a/b\r\n\
Content-Length: 5\r\n\r\nhello" | tr -d '\r' | grep -e CONTENT_)" \
    "CONTENT_LENGTH=5
CONTENT_TYPE=a/b"
is "... in chunks, too" "$(raw "${begin}Transfer-Encoding: chunked\r\n\r\n\
3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n" | tr -d '\r' |
    grep -e CONTENT_ -e TRANSFER)" CONTENT_LENGTH=5
is "... and when there is none" "$(raw "${begin}\r\n" | tr -d '\r' |
    grep CONTENT_)" CONTENT_LENGTH=0

big=10000000
[ "$SLOW" = 1 ] || big=1000000
"$TOP/test/bin/backend" -g $big >big
is "a long one" "$(upload /app/sum big)" "$(sum big)"
is "... to a connection that is kept" "$(upload /kept/sum big)" "$(sum big)"
is "an answer as long" "$(get "/app/bytes?n=$big" | body | cksum)" \
    "$(cksum <big)"
is "... without a length" "$(raw "GET /kept/stream?n=$big HTTP/1.0\r\n\r\n" |
    tr -d '\r' | body | cksum)" "$(cksum <big)"

# ---- answers ----------------------------------------------------------------

is "records of three bytes, a byte at a time" "$(get '/odd/bytes?n=160' |
    body | cksum)" "$(head -c 160 big | cksum)"
is "... and a body for those" "$(raw 'POST /odd/echo HTTP/1.0\r\n' \
    'Content-Length: 5\r\n\r\nhello' | tr -d '\r' | body)" hello
is "records of one byte" "$(get '/thin/bytes?n=20000' | body | cksum)" \
    "$(head -c 20000 big | cksum)"
like "status and fields" "$(get '/app/field?c=404&f=X-A:%201&f=X-B:%202')" \
    "HTTP/1.1 404 *X-A: 1*X-B: 2*hello"
is "no body for HEAD" "$(request HEAD /app/hello | sed -n '1p;$p')" \
    "HTTP/1.1 200 OK"
like "204" "$(get '/app/status?c=204')" "HTTP/1.1 204 *"

# ---- connections ------------------------------------------------------------

connection() { get "$1" | body | sed 's/ request.*//'; }
is "none is used again" "$(connection /app/keep | grep -c "$(connection \
    /app/keep)")" 0
is "but with keep-connection" "$(connection /kept/keep)" \
    "$(connection /kept/keep)"
is "... behind an answer with STDERR, too" \
    "$(get '/kept/stderr?n=1' >/dev/null; connection /kept/keep)" \
    "$(connection /kept/keep)"
is "... but not behind half an answer" "$(before=$(connection /kept/keep)
    get /kept/bodycut >/dev/null
    connection /kept/keep | grep -c "$before")" 0
is "one that was closed meanwhile" "$(get /kept/closeidle | body
    get /kept/hello | body)" "hello
hello"

# ---- standard error ---------------------------------------------------------

is "STDERR is not for the client" "$(get '/app/stderr?n=3' | body)" hello
is "but for the log, line by line, escaped" \
    "$(sed -n 's/.*fastcgi: \([^ ]*\): line \(.\)/\1 \2/p' glimd.log |
    tail -3)" \
    "127.0.0.1:$a 0\\x1b[1m of \"stderr\"
127.0.0.1:$a 1\\x1b[1m of \"stderr\"
127.0.0.1:$a 2\\x1b[1m of \"stderr\""
is "... however much it is" "$(get '/app/stderr?n=5000' | body
    grep -c 'line 4[0-9][0-9][0-9].x1b' glimd.log)" "hello
1000"
is "... also when it comes by bytes" "$(get '/odd/stderr?n=1' | body
    grep -c "fastcgi: 127.0.0.1:$b: line 0.x1b.1m of .stderr.$" glimd.log)" \
    "hello
1"

# ---- failure ----------------------------------------------------------------

code() { get "$1" | first | cut -d ' ' -f 2; }
logged() { grep -c "\[error\].*127.0.0.1:$1: .*($2)" glimd.log; }
for case in headcut=502 nothing=502 nonsense=502 'nonsense?in=1=502' \
    biglength=502 two=502 'empty?s=2=503' 'empty?s=1=502' 'empty?s=0=502' \
    'bighead?n=100000=502'; do
	path=/app/${case%=*}
	is "$path" "$(code $path), logged $(logged $a $path)" \
	    "${case##*=}, logged 1"
done
is "nobody there" "$(code /none/x), logged $(logged $none /none/x)" \
    "503, logged 1"
is "no answer in time" "$(code /late/never), logged $(logged $a /late/never)" \
    "504, logged 1"
is "an answer that stops is seen to be cut" \
    "$(raw 'GET /app/bodycut?n=400000&stream=1 HTTP/1.1\r\nHost: x\r\n\r\n' |
    tr -d '\r' | sed -n -e 1p -e '/^0$/p')" "HTTP/1.1 200 OK"
is "... a short one is none" "$(code '/app/bodycut?n=100&stream=1')" 502
is "... one with a length, too" "$(raw -c 'GET /app/bodycut?n=1000 HTTP/1.1' \
    '\r\nHost: x\r\n\r\nGET /app/hello HTTP/1.1\r\nHost: x\r\n\r\n' |
    head -1)" "HTTP/1.1 200 OK"
is "THREATS 32: nothing behind an answer is one" \
    "$(get /app/smuggle | grep -c -e HTTP/1.1 -e smuggled)" 1
is "the server goes on" "$(get /app/hello | body)" hello

# ---- files and authorizers --------------------------------------------------

is "X-Sendfile" "$(get "/send/field?f=X-Sendfile:$ROOT/private/a.txt" | body)" \
    "a file"
is "... within x-sendfile-docroot" \
    "$(code "/send/field?f=X-Sendfile:$ROOT/a.php")" 403
unlike "... and if it is allowed" \
    "$(get "/app/field?f=X-Sendfile:$ROOT/private/a.txt")" "*a file*"

is "an authorizer lets in" "$(get /private/a.txt | body)" "a file"
is "... or does not" "$(get '/private/a.txt?c=403&b=no' | sed -n '1p;$p')" \
    "HTTP/1.1 403 Forbidden
no"
cp root/a.php root/private/a.php
is "... and says who it is" "$(value WHO \
    '/private/a.php?as=env&f=Variable-WHO:joe')" WHO=joe
is "... it reads no body" "$(raw 'POST /private/a.php?as=echo HTTP/1.0\r\n' \
    'Content-Length: 5\r\n\r\nhello' | tr -d '\r' | body)" hello
