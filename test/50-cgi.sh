# 50-cgi - programs that answer requests (RFC 3875): what they get, and what
# becomes of what they say. How they end is in 50-cgi-processes.sh.
. "$TOP/test/lib.sh"
needs cgi

script() {				# FILE; its lines come from stdin
	{ echo '#!/bin/sh'; cat; } >root/$1
	chmod 755 root/$1
}
logged() { grep -q -- "$1" glimd.log; }

mkdir -p root/deep/er up other
script env.cgi <<'EOS'
printf 'Content-Type: text/plain\n\n'
env | sed -e '/^PWD=/d' -e '/^OLDPWD=/d' -e '/^SHLVL=/d' -e '/^_=/d' | sort
EOS
cp root/env.cgi root/deep/er/env.cgi
cp root/env.cgi other/out.cgi
script echo.cgi <<'EOS'
printf 'Content-Type: text/plain\n\n%s:' "$CONTENT_LENGTH"
exec cat
EOS
script sum.cgi <<'EOS'
printf 'Content-Type: text/plain\n\n'
cksum
EOS
printf 'printf "Content-Type: text/plain\\n\\n%%s %%s" "$0" "$#"\n' >root/in.sh
umask 0
start_server "server.modules = ( \"mod_alias\", \"mod_setenv\", \"mod_cgi\" )
server.upload-dirs = ( \"$WORK/up\" )
server.tag = \"it\"
alias.url = ( \"/other/\" => \"$WORK/other/\" )
cgi.assign = ( \".cgi\" => \"\", \".sh\" => \"/bin/sh\",
	\".none\" => \"/no/such\" )
setenv.add-environment = ( \"PATH\" => \"/usr/bin:/bin\", \"OWN\" => \"a=b\" )
\$HTTP[\"querystring\"] == \"xonly\" { cgi.execute-x-only = \"enable\" }
\$HTTP[\"querystring\"] == \"local\" { cgi.local-redir = \"enable\" }
\$HTTP[\"querystring\"] == \"file\" { cgi.x-sendfile = \"enable\"
	cgi.x-sendfile-docroot = ( \"$WORK/other\" ) }"
umask 022

# ---- what a program gets ----------------------------------------------------

is "exactly these variables" \
    "$(raw 'GET /env.cgi/a%20b//c?x=%20y&z+1 HTTP/1.1\r\n' \
    'Host: Some.Host:80\r\nX-One: 1\r\nCookie: a=1\r\nCookie: b=2\r\n' \
    'X-Two: a\r\nX-Two: b\r\nConnection: close\r\n\r\n' | tr -d '\r' |
    body | sed 's/^\(REMOTE_PORT=\).*/\1N/')" \
"DOCUMENT_ROOT=$ROOT
GATEWAY_INTERFACE=CGI/1.1
HTTP_CONNECTION=close
HTTP_COOKIE=a=1; b=2
HTTP_HOST=Some.Host:80
HTTP_X_ONE=1
HTTP_X_TWO=a, b
OWN=a=b
PATH=/usr/bin:/bin
PATH_INFO=/a b/c
PATH_TRANSLATED=$ROOT/a b/c
QUERY_STRING=x=%20y&z+1
REDIRECT_STATUS=200
REMOTE_ADDR=127.0.0.1
REMOTE_PORT=N
REQUEST_METHOD=GET
REQUEST_SCHEME=http
REQUEST_URI=/env.cgi/a%20b//c?x=%20y&z+1
SCRIPT_FILENAME=$ROOT/env.cgi
SCRIPT_NAME=/env.cgi
SERVER_ADDR=127.0.0.1
SERVER_NAME=some.host
SERVER_PORT=$PORT
SERVER_PROTOCOL=HTTP/1.1
SERVER_SOFTWARE=it"

unlike "57 CVE-2017-17562 GoAhead: no variable out of a query" \
    "$(get '/env.cgi?LD_PRELOAD=/x.so&PATH=/x' | body)" "*
LD_PRELOAD=*"
unlike "58 httpoxy: Proxy: is not HTTP_PROXY" \
    "$(get /env.cgi 'Proxy: http://evil/' 'pRoXy: x' | body)" "*HTTP_PROXY*"
answer=$(get /env.cgi 'A_B: under' 'A-B: dash' 'X_Auth: evil' | body)
like "59 lighttpd 1.4.83: A-B is HTTP_A_B" "$answer" "*
HTTP_A_B=dash
*"
unlike "59 ... and A_B is not" "$answer" "*under*"
unlike "X_Auth does not pass for X-Auth" "$answer" "*evil*"
like "the query comes as it was sent" "$(get "/env.cgi?%00%0a'\"%zz" | body)" \
    "*
QUERY_STRING=%00%0a'\"%zz
*"
like "a folder deeper" "$(get /deep/er/env.cgi/i | body)" "*
PATH_INFO=/i
*SCRIPT_FILENAME=$ROOT/deep/er/env.cgi
SCRIPT_NAME=/deep/er/env.cgi
*"
like "behind an alias" "$(get /other/out.cgi/i | body)" "*
SCRIPT_FILENAME=$WORK/other/out.cgi
SCRIPT_NAME=/other/out.cgi
*"
is "an interpreter gets the file's name" "$(get /in.sh | body)" \
    "$ROOT/in.sh 0"
is "and no words of the query" "$(get '/in.sh?a+b' | body)" "$ROOT/in.sh 0"

script deep/er/where.cgi <<'EOS'
printf 'Content-Type: text/plain\n\n'; pwd; umask
EOS
is "it runs in its folder, with a sane umask" \
    "$(get /deep/er/where.cgi | body)" "$ROOT/deep/er
0022"
if [ -r /proc/self/status ]; then
	script proc.cgi <<'EOS'
printf 'Content-Type: text/plain\n\n'
exec grep -e '^Sig[BI]' -e '^ShdPnd' /proc/self/status
EOS
	is "60 uhttpd 81527e1: no signal is ignored or blocked" \
	    "$(get /proc.cgi | body | tr -s '\t0' ' 0')" \
	    "ShdPnd: 0
SigBlk: 0
SigIgn: 0"
	script fds.cgi <<'EOS'
printf 'Content-Type: text/plain\n\n'
exec ls /proc/self/fd
EOS
	is "descriptors 0, 1 and 2, and ls's own" \
	    "$(get /fds.cgi | body | tr '\n' ' ')" "0 1 2 3 "
else
	skip "60 uhttpd 81527e1: no signal is ignored" "there is no /proc"
	skip "descriptors 0, 1 and 2" "there is no /proc"
fi

# ---- its standard input -----------------------------------------------------

is "no body: an end of file" "$(get /echo.cgi | body)" ":"
is "a small body" "$(raw 'POST /echo.cgi HTTP/1.1\r\nHost: x\r\n' \
    'Connection: close\r\nContent-Length: 5\r\n\r\nhello' | tail -n 1)" 5:hello
is "none with POST: a length of 0" "$(request POST /echo.cgi \
    'Content-Length: 0' | body)" "0:"
is "in chunks: the length is known" "$(raw 'POST /echo.cgi HTTP/1.1\r\n' \
    'Host: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n' \
    '2\r\nhe\r\n' -w 50 '3\r\nllo\r\n0\r\n\r\n' | tail -n 1)" 5:hello
dd if=/dev/urandom of=large bs=1024 count=3000 2>/dev/null
post() {				# FILE TARGET: no chunks come back
	{
		printf 'POST %s HTTP/1.0\r\nContent-Length: %d\r\n\r\n' \
		    $2 $(wc -c <$1)
		cat $1
	} >posted
	raw - <posted
}
dd if=large of=medium bs=1024 count=100 2>/dev/null
is "100 KiB, through a file" "$(post medium /sum.cgi | tail -n 1)" \
    "$(cksum <medium)"
is "3 MB" "$(post large /sum.cgi | tail -n 1)" "$(cksum <large)"
is "... and back" "$(post large /echo.cgi | tail -c 3072000 | cksum)" \
    "$(cksum <large)"
is "no file is left" "$(ls up)" ""
script deaf.cgi <<'EOS'
exec 0<&-
printf 'Content-Type: text/plain\n\ndeaf'
EOS
script lazy.cgi <<'EOS'
printf 'Content-Type: text/plain\n\nlazy'
EOS
is "56 busybox 77ee52333: a program that closes its input" \
    "$(post large /deaf.cgi | tail -n 1)" deaf
is "one that ignores it" "$(post large /lazy.cgi | tail -n 1)" lazy

# ---- what it says -----------------------------------------------------------

say() {					# NAME TEXT: NAME.cgi says it
	printf '#!/bin/sh\nprintf "%s"\n' "$2" >root/$1.cgi
	chmod 755 root/$1.cgi
	get /$1.cgi
}
answer=$(say plain 'Content-Type: text/x\r\nX-A: b\r\n\r\nbody')
like "a reply" "$answer" "HTTP/1.1 200 OK*Content-Type: text/x*X-A: b*body"
like "with its length" "$answer" "*Content-Length: 4*"
like "Status" "$(say status 'Status: 404 Gone Fishing\n\nx')" "HTTP/1.1 404 *x"
like "Location: a redirect" "$(say there 'Location: http://a.example/\n\n')" \
    "HTTP/1.1 302 *Location: http://a.example/*"
like "with a status of its own" \
    "$(say moved 'Status: 301\nLocation: /a\n\n')" "HTTP/1.1 301 *"
like "a path alone is the client's, too" "$(say here 'Location: /in.sh\n\n')" \
    "HTTP/1.1 302 *Location: /in.sh*"
like "cgi.local-redir: is answered here" "$(get '/here.cgi?local')" \
    "HTTP/1.1 200 *$ROOT/in.sh 0"
say loop 'Location: /loop.cgi?local\n\n' >/dev/null
like "... and no loop without end" "$(get '/loop.cgi?local')" \
    "HTTP/1.1 50? *"
like "a status line (NPH)" \
    "$(say nph 'HTTP/1.1 201 Made\r\nX-N: 1\r\n\r\nmade')" \
    "HTTP/1.1 201 *X-N: 1*made"
like "no head" "$(say bare '<html>\nhello\n')" "HTTP/1.1 502 *"
like "nothing" "$(say none '')" "HTTP/1.1 502 *"
like "two lengths" "$(say two \
    'Content-Length: 1\nContent-Length: 2\n\nxx')" "HTTP/1.1 502 *"
like "no body with 204" "$(say empty 'Status: 204\n\nbody')" "HTTP/1.1 204 *"
unlike "... none" "$(get /empty.cgi)" "*body*"
is "HEAD: no body" "$(request HEAD /plain.cgi | body)" ""

printf 'secret\n' >other/file.txt
printf 'secret\n' >root/private.txt
say send "X-Sendfile: $WORK/other/file.txt\\\\nContent-Type: text/y\\\\n\\\\n" \
    >/dev/null
like "x-sendfile" "$(get '/send.cgi?file')" \
    "HTTP/1.1 200 *Content-Type: text/y*secret"
unlike "... only if it is allowed" "$(get /send.cgi)" "*secret*"
say sendno "X-Sendfile: $ROOT/private.txt\\\\n\\\\n" >/dev/null
like "... and only from its folders" "$(get '/sendno.cgi?file')" \
    "HTTP/1.1 403 *"

# A wrong length never shifts the next response on the connection.
pair() {				# NAME
	raw "GET /$1.cgi HTTP/1.1\r\nHost: x\r\n\r\n" -g "$2" \
	    "GET /status.cgi HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
}
say more 'Content-Length: 2\n\nokHTTP/1.1 200 OK\r\n\r\nevil' >/dev/null
answer=$(pair more ok)
like "Content-Length too small: the rest is dropped" "$answer" \
    "HTTP/1.1 200 *ok*HTTP/1.1 404 *"
unlike "... all of it" "$answer" "*evil*"
say less 'Content-Length: 20\n\nshort' >/dev/null
is "Content-Length too large: the end of the connection" \
    "$(codes 'GET /less.cgi HTTP/1.1\r\nHost: x\r\n\r\n' \
    'GET /status.cgi HTTP/1.1\r\nHost: x\r\n\r\n')" "200 eof"
script killed.cgi <<'EOS'
printf 'Content-Type: text/plain\n\nbegin'
kill -KILL $$
EOS
like "a program that dies at once" "$(get /killed.cgi)" "HTTP/1.1 502 *"
script dies.cgi <<'EOS'
printf 'Content-Type: text/plain\n\nbegin'
dd if=/dev/zero bs=1024 count=100 2>/dev/null
kill -KILL $$
EOS
raw 'GET /dies.cgi HTTP/1.1\r\nHost: x\r\n\r\n' >died
okay "one that dies in mid-output begins" grep -aq begin died
unlike "... and does not look complete" \
    "$(tail -c 7 died | tr '\r\n' rn)" "*0rnrn"
script fails.cgi <<'EOS'
printf 'Content-Type: text/plain\n\nall'
exit 3
EOS
is "an exit status means nothing" "$(get /fails.cgi | body)" all

script stderr.cgi <<'EOS'
printf 'Content-Type: text/plain\n\n'
printf 'first\033[31mred\nsecond\r\n' >&2
printf 'no end' >&2
EOS
get /stderr.cgi >/dev/null
okay "standard error goes to the log" wait_for logged 'stderr: second'
okay "... escaped" logged 'stderr: first\\x1b\[31mred'
okay "... also without an end of line" wait_for logged 'stderr: no end'

# ---- what is not run --------------------------------------------------------

refused() {				# NAME STATUS TARGET
	answer=$(get "$3")
	like "$1" "$answer" "HTTP/1.1 $2 *"
	unlike "... not its source" "$answer" "*secret*"
}
echo '#!/bin/sh
# secret' >root/plain-file.cgi
echo 'secret' >root/x.none
printf '#!/no/such/interpreter\nsecret\n' >root/bad.cgi
printf 'secret\n' >root/noexec.cgi
echo 'echo; echo secret' >root/nox.sh
chmod 644 root/plain-file.cgi root/nox.sh
chmod 755 root/bad.cgi root/noexec.cgi
mkdir root/folder.cgi
refused "a file without x" 403 /plain-file.cgi
refused "cgi.execute-x-only" 403 '/nox.sh?xonly'
refused "17 CVE-2008-1111 lighttpd: an interpreter that is not there" 500 \
    /x.none
okay "... is named in the log" logged "x.none: cannot run /no/such: No such"
case $GLIMD_WRAP in
*valgrind*) skip "... in the file" "valgrind dies of such an execve" ;;
*) refused "... in the file" 500 /bad.cgi ;;
esac
refused "neither a script nor a program" 500 /noexec.cgi
refused "no such script" 404 /not.cgi
refused "a folder" 301 /folder.cgi
echo 'static' >root/x.txt
chmod 755 root/x.txt
is "61 docker-static-website#3: a static file with x" "$(get /x.txt | body)" \
    static
is "it still serves" "$(get /lazy.cgi | body)" lazy
stop_server

# ---- streams ----------------------------------------------------------------

start_server 'server.modules = ( "mod_cgi" )
server.stream-request-body = 2
server.stream-response-body = 2
cgi.upgrade = "enable"
cgi.assign = ( "" => "" )'
script switch.cgi <<'EOS'
printf 'Status: 101\nConnection: upgrade\nUpgrade: echo\n\n'
exec cat
EOS
like "cgi.upgrade: bytes both ways" "$(raw 'GET /switch.cgi HTTP/1.1\r\n' \
    'Host: x\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n' -g upgrade \
    'hello' -g hello ', there' -g there -h | tr -d '\r')" \
    "HTTP/1.1 101 *Upgrade: echo*hello, there"
like "... not behind a body" "$(raw 'POST /switch.cgi HTTP/1.1\r\nHost: x\r\n' \
    'Connection: upgrade\r\nUpgrade: echo\r\nContent-Length: 1\r\n\r\nx')" \
    "HTTP/1.1 502 *"
is "streamed, 3 MB" "$(post large /sum.cgi | tail -n 1)" "$(cksum <large)"
is "... there and back" "$(post large /echo.cgi | tail -c 3072000 | cksum)" \
    "$(cksum <large)"
is "... not read" "$(post large /lazy.cgi | tail -n 1)" lazy
like "\"\" fits all files" "$(get /noexec.cgi)" "HTTP/1.1 500 *"
stop_server

# ---- settings ---------------------------------------------------------------

fault() {				# NAME TEXT PATTERN
	configure "server.modules = ( \"mod_cgi\" )
$2"
	like "$1" "$("$GLIMD" -t -f glimd.conf 2>&1)" "$3"
}
fault "an interpreter that is no path" 'cgi.assign = ( ".pl" => "perl" )' \
    '*:2:*cgi.assign: "perl" is no absolute path*'
fault "limits" 'cgi.limits = ( "read-timeout" => 5, "write-timeout" => 5,
	"tcp-fin-propagate" => "SIGTERM" )' 'Syntax OK'
fault "a limit nobody knows" 'cgi.limits = ( "read" => 5 )' \
    '*:2:*cgi.limits: "read" is not understood*'
