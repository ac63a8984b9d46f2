# 53-scgi - SCGI and uwsgi: what a script is told, and its answer.
. "$TOP/test/lib.sh"
needs scgi

echo script >root/a.py
start_backend one -p scgi
s=$BACKEND
start_backend two -p uwsgi
u=$BACKEND
start_backend odd -p scgi -b 1
o=$BACKEND
start_backend local -p scgi -a "$WORK/socket"
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
server.modules = ( "mod_scgi" )
server.max-request-field-size = 65535
server.tag = "tag"
scgi.server = (
	"/scgi" => '"$(at $s "$remote")"',
	"/odd" => '"$(at $o "$remote")"',
	"/unix" => (( "socket" => "'"$WORK"'/socket", '"$remote"' )),
	"/none" => '"$(at $none "$remote")"',
	"/late" => '"$(at $s "$remote" '"read-timeout" => 1')"',
	".py" => '"$(at $s)"'
)
$HTTP["url"] =^ "/uwsgi" {
	scgi.protocol = "uwsgi"
	scgi.server = ( "/uwsgi" => '"$(at $u "$remote")"' )
}'

sum() { cksum <"$1" | awk '{ print $1, $2 }'; }
upload() {				# TARGET FILE
	size=$(($(wc -c <"$2")))
	raw "POST $1 HTTP/1.0\r\nContent-Length: $size\r\n\r\n" - <"$2" |
	    tr -d '\r' | body
}
code() { get "$@" | first | cut -d ' ' -f 2; }
logged() { grep -c "\[error\] $1: 127.0.0.1:$2: .*($3)" glimd.log; }
big=10000000
[ "$SLOW" = 1 ] || big=1000000
"$TOP/test/bin/backend" -g $big >big

is "all variables" "$(get '/a.py/x%20y?as=env&q=%41' 'X-A: 1' 'Proxy: no' \
    'X_A: no' | body | grep -v REMOTE_PORT)" \
    "CONTENT_LENGTH=0
DOCUMENT_ROOT=$ROOT
GATEWAY_INTERFACE=CGI/1.1
HTTP_CONNECTION=close
HTTP_HOST=localhost
HTTP_X_A=1
PATH_INFO=/x y
PATH_TRANSLATED=$ROOT/x y
QUERY_STRING=as=env&q=%41
REDIRECT_STATUS=200
REMOTE_ADDR=127.0.0.1
REQUEST_METHOD=GET
REQUEST_SCHEME=http
REQUEST_URI=/a.py/x%20y?as=env&q=%41
SCGI=1
SCRIPT_FILENAME=$ROOT/a.py
SCRIPT_NAME=/a.py
SERVER_ADDR=127.0.0.1
SERVER_NAME=localhost
SERVER_PORT=$PORT
SERVER_PROTOCOL=HTTP/1.1
SERVER_SOFTWARE=tag"
is "uwsgi: the same, but for two" "$(get /uwsgi/env | body |
    sed 's/uwsgi/scgi/g' | grep -v PORT)" \
    "$(get /scgi/env | body | grep -v -e PORT -e ^SCGI= -e CONTENT_LENGTH)"

for path in scgi uwsgi; do
	[ $path = scgi ] && port=$s || port=$u
	is "$path: a body" "$(upload /$path/sum big)" "$(sum big)"
	is "$path: one in chunks" "$(raw "POST /$path/echo HTTP/1.1\r\n\
Host: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n\
2\r\nlo\r\n0\r\n\r\n" | tr -d '\r' | body)" hello
	is "$path: a long answer" "$(get "/$path/bytes?n=$big" | body |
	    cksum)" "$(cksum <big)"
	is "$path: ... without a length" "$(raw \
	    "GET /$path/stream?n=$big HTTP/1.0\r\n\r\n" | tr -d '\r' | body |
	    cksum)" "$(cksum <big)"
	like "$path: status and fields" \
	    "$(get "/$path/field?c=404&f=X-A:%201&f=X-B:%202")" \
	    "HTTP/1.1 404 *X-A: 1*X-B: 2*hello"
	for case in headcut nothing nonsense biglength two; do
		is "$path: /$case" "$(code /$path/$case), $(logged $path \
		    $port /$path/$case)" "502, 1"
	done
	is "$path: it goes on" "$(get /$path/hello | body)" hello
	long=$(printf %060000d 7)
	is "$path: a field of 60000 bytes" "$(get /$path/env "X: $long" | body |
	    sed -n 's/^HTTP_X=//p' | cksum)" "$(echo $long | cksum)"
done
long=$(printf %032000d 7)
is "SCGI has room for more" "$(get "/scgi/env?$long" "X: $long" | body |
    sed -n -e 's/^HTTP_X=//p' -e 's/^QUERY_STRING=//p' | cksum)" \
    "$(printf '%s\n' $long $long | cksum)"
is "uwsgi has not" "$(code "/uwsgi/env?$long" "X: $long"), $(grep -c \
    'uwsgi: 127.0.0.1:.*too long' glimd.log)" "431, 1"
is "... and its backend is not to blame" "$(get /uwsgi/hello | body)" hello
is "a socket of the file system" "$(get /unix/hello | body)" hello
is "an answer of many pieces" "$(get '/odd/bytes?n=160' | body | cksum)" \
    "$(head -c 160 big | cksum)"
is "nobody there" "$(code /none/x), logged $(logged scgi $none /none/x)" \
    "503, logged 1"
is "no answer in time" "$(code /late/never), logged $(logged scgi $s \
    /late/never)" "504, logged 1"
is "what the backend still sends behind an answer" \
    "$(get /scgi/smuggle | grep -c -e HTTP/1.1 -e smuggled)" 1

# ---- the key ----------------------------------------------------------------

SRV=bad
configure 'server.modules = ( "mod_scgi" )
scgi.protocol = "http"'
like "scgi.protocol is one of two" "$("$GLIMD" -t -f bad.conf 2>&1)" \
    'bad.conf:2:*scgi.protocol*"http"*"scgi" or "uwsgi"*'
SRV=glimd
