# 67-programs - real programs behind FastCGI, SCGI and uwsgi: PHP, fcgiwrap with
# git and cgit, uwsgi with Python. What is not installed is skipped.
. "$TOP/test/lib.sh"
needs cgi fastcgi scgi

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
HOME=$WORK GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0
export HOME GIT_CONFIG_NOSYSTEM GIT_TERMINAL_PROMPT

any() {					# PATTERN: of a program's name
	for dir in $(echo "$PATH" | tr : ' '); do
		for program in "$dir"/$1; do
			[ -x "$program" ] && echo "$program" && return
		done
	done
}
fpm=$(any 'php-fpm*')
php_cgi=$(any 'php-cgi*')
fcgiwrap=$(any fcgiwrap)
uwsgi=$(any uwsgi)
git=$(git --exec-path 2>/dev/null)/git-http-backend
cgit=/usr/lib/cgit/cgit.cgi

cat >root/a.php <<'EOF'
<?php
switch ($_GET['do'] ?? '') {
case 'env': foreach (['SCRIPT_NAME', 'PATH_INFO', 'PHP_SELF', 'REQUEST_URI',
    'SCRIPT_FILENAME', 'DOCUMENT_ROOT', 'HTTP_X_A'] as $k)
	echo "$k=", $_SERVER[$k] ?? '', "\n"; break;
case 'post': ksort($_POST); echo http_build_query($_POST), "\n"; break;
case 'input': echo crc32(file_get_contents('php://input')), ' ',
    $_SERVER['CONTENT_LENGTH'], "\n"; break;
case 'file': echo $_FILES['f']['name'], ' ',
    md5_file($_FILES['f']['tmp_name']), "\n"; break;
case 'log': error_log("said\033[1m <this>"); echo "logged\n"; break;
case 'code': http_response_code(418); header('X-B: c'); echo "tea\n"; break;
case 'big': for ($i = 0; $i < 2000; $i++) echo str_repeat('0123456789', 500);
    break;
case 'flush': echo "one\n"; ob_flush(); flush(); usleep(100000); echo "two\n";
    break;
case 'location': header('Location: /b?c=d'); break;
case 'die': echo "begun\n"; ob_flush(); flush(); exec('kill -9 ' . getmypid());
default: echo "hello\n";
}
EOF
cat >app.py <<'EOF'
def application(env, start):
    body = env['wsgi.input'].read(int(env.get('CONTENT_LENGTH') or 0))
    start('200 OK', [('Content-Type', 'text/plain'), ('X-A', 'b')])
    return [('%s %s %s %d\n' % (env['REQUEST_METHOD'], env['PATH_INFO'],
        env['QUERY_STRING'], len(body))).encode()]
EOF

# ---- the programs, and the server in front of them --------------------------

socket=$WORK/fpm.socket
if [ -n "$fpm" ]; then
	cat >fpm.conf <<-EOF
	[global]
	error_log = $WORK/fpm.errors
	daemonize = no
	[www]
	user = $(id -un)
	group = $(id -gn)
	listen = $socket
	pm = static
	pm.max_children = 3
	EOF
	SRV=fpm
	launch "$fpm" -n -R -F -y fpm.conf
	wait_for test -S "$socket"
fi
if [ -n "$uwsgi" ]; then
	"$uwsgi" --uwsgi-socket "$WORK/uwsgi.socket" --plugin python3 \
	    --wsgi-file app.py >/dev/null 2>uwsgi.log &
	mine $!
	wait_for test -S "$WORK/uwsgi.socket" || uwsgi=
fi
wrap=
if [ -n "$fcgiwrap" ]; then
	ln -s "$git" root/git
	ln -s $cgit root/cgit
	wrap='"bin-path" => "'"$fcgiwrap"'", "max-procs" => 1,
	    "check-local" => "disable", "socket" => "'"$WORK"'/wrap'
	wrap='"/git" => (( '"$wrap"'1" )), "/cgit" => (( '"$wrap"'2" )),'
fi
ln -s "$git" root/git-cgi
SRV=glimd
start_server '
server.modules = ( "mod_setenv", "mod_cgi", "mod_fastcgi", "mod_scgi" )
cgi.assign = ( "/git-cgi" => "" )
$HTTP["url"] =~ "^/git(-cgi)?/" {
	setenv.set-environment = ( "GIT_HTTP_EXPORT_ALL" => "",
	    "GIT_PROJECT_ROOT" => "'"$WORK"'/repos" )
}
$HTTP["url"] =^ "/cgit" {
	setenv.set-environment = ( "CGIT_CONFIG" => "'"$WORK"'/cgitrc" )
}
scgi.protocol = "uwsgi"
scgi.server = ( "/py" => (( "socket" => "'"$WORK"'/uwsgi.socket",
    "check-local" => "disable" )) )
$HTTP["host"] == "spawned" {
	fastcgi.server = ( ".php" => (( "bin-path" => "'"${php_cgi:-/bin/sh}"'",
		"bin-environment" => ( "PHP_FCGI_CHILDREN" => "2" ),
		"max-procs" => 1, "socket" => "'"$WORK"'/php" )) )
}
else $HTTP["host"] == "kept" {
	fastcgi.server = ( ".php" => (( "socket" => "'"$socket"'",
		"keep-connection" => "enable" )) )
}
else {
	fastcgi.server = ( '"$wrap"'
	    ".php" => (( "socket" => "'"$socket"'" )) )
}'

# ---- PHP --------------------------------------------------------------------

send() {				# HOST TARGET BODY [FIELD...]
	host=$1 target=$2 text=$3; shift 3
	head="POST $target HTTP/1.1\r\nHost: $host\r\nConnection: close\r\n"
	for field; do head="$head$field\r\n"; done
	text="$(($(printf %b "$text" | wc -c)))\r\n\r\n$text"
	raw "${head}Content-Length: $text" | tr -d '\r' | body
}
take() {				# HOST TARGET [FIELD...]
	host=$1 target=$2; shift 2
	head="GET $target HTTP/1.1\r\nHost: $host\r\nConnection: close\r\n"
	for field; do head="$head$field\r\n"; done
	raw "$head\r\n" | tr -d '\r'
}
fresh=$(printf %0100000d 7)

php() {					# HOST WHAT
	is "$2: hello" "$(take $1 /a.php | body)" hello
	is "$2: variables" \
	    "$(take $1 '/a.php/x%20y/z?do=env' 'X-A: 1' | body)" \
	    "SCRIPT_NAME=/a.php
PATH_INFO=/x y/z
PHP_SELF=/a.php/x y/z
REQUEST_URI=/a.php/x%20y/z?do=env
SCRIPT_FILENAME=$ROOT/a.php
DOCUMENT_ROOT=$ROOT
HTTP_X_A=1"
	is "$2: a form" "$(send $1 '/a.php?do=post' 'b=2&a=1' \
	    'Content-Type: application/x-www-form-urlencoded')" "a=1&b=2"
	is "$2: a file" "$(send $1 '/a.php?do=file' "--x\r\n\
Content-Disposition: form-data; name=\"f\"; filename=\"n.txt\"\r\n\r\n\
hello\r\n--x--\r\n" \
	    'Content-Type: multipart/form-data; boundary=x')" \
	    "n.txt 5d41402abc4b2a76b9719d911017c592"
	is "$2: a body of 100000 bytes" "$(send $1 '/a.php?do=input' $fresh)" \
	    "1529435942 100000"
	is "$2: one in chunks" "$(raw "POST /a.php?do=input HTTP/1.1\r\n\
Host: $1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n\
2\r\nlo\r\n0\r\n\r\n" | tr -d '\r' | body)" "907060870 5"
	like "$2: status and fields" "$(take $1 '/a.php?do=code')" \
	    "HTTP/1.1 418 *X-B: c*tea"
	like "$2: Location" "$(take $1 '/a.php?do=location')" \
	    "HTTP/1.1 302 *Location: /b[?]c=d*"
	is "$2: an answer of 10 MB" "$(raw "GET /a.php?do=big HTTP/1.0\r\n\
Host: $1\r\n\r\n" | tr -d '\r' | body | cksum)" "$(awk 'BEGIN {
		while (i++ < 1000000) printf "0123456789" }' | cksum)"
	is "$2: in two pieces" "$(take $1 '/a.php?do=flush' | grep -c -e one \
	    -e two)" 2
	take $1 '/a.php?do=log' >/dev/null
	okay "$2: error_log" grep -q \
	    'fastcgi: .*said\\x1b\[1m <this>' glimd.log
}

if [ -n "$fpm" ]; then
	php none "php-fpm"
	php kept "php-fpm, connections kept"
	is "php-fpm: a script that is not there" \
	    "$(take none /b.php | first)" "HTTP/1.1 404 Not Found"
	is "php-fpm: one that dies" "$(take none '/a.php?do=die' | first)" \
	    "HTTP/1.1 502 Bad Gateway"
	is "php-fpm: and goes on" "$(take none /a.php | body)" hello
else
	skip "php-fpm" "not installed"
fi
if [ -n "$php_cgi" ]; then
	php spawned "php-cgi"
else
	skip "php-cgi" "not installed"
fi

# ---- git and cgit -----------------------------------------------------------

work() { git -C one -c user.name=n -c user.email=e@x "$@"; }

by_git() {				# NAME FOLDER
	rm -rf repos one two
	mkdir repos
	git init -q --bare repos/a.git
	git -C repos/a.git config http.receivepack true
	url=http://127.0.0.1:$PORT/$2/a.git
	okay "git, $1: clone of nothing" git clone -q $url one 2>/dev/null
	"$TOP/test/bin/backend" -g 3000000 >one/big
	tr 0-9 b-k <one/big | head -c 100000 >one/small
	work add . && work commit -q -m one
	okay "git, $1: push" work push -q origin HEAD:master
	head -c 2000000 /dev/urandom >one/more
	work add . && work commit -q -m two
	okay "git, $1: push in chunks" work -c http.postBuffer=65536 push -q \
	    origin HEAD:master
	okay "git, $1: clone" git clone -q -b master $url two
	okay "git, $1: what was pushed" cmp one/more two/more
}

wrong=$(grep -c '\[error\]' glimd.log)
if [ -x "$git" ]; then
	by_git mod_cgi git-cgi
	if [ -n "$fcgiwrap" ]; then by_git fcgiwrap git
	else skip "git, fcgiwrap" "not installed"; fi
	is "git: nothing wrong is logged" "$(grep -c '\[error\]' glimd.log)" \
	    "$wrong"
else
	skip "git" "not installed"
fi
if [ -n "$fcgiwrap" ] && [ -x $cgit ] && [ -d repos ]; then
	printf '%s\n' virtual-root=/cgit/ repo.url=a \
	    "repo.path=$WORK/repos/a.git" >cgitrc
	like "cgit: repositories" "$(get /cgit/)" \
	    "HTTP/1.1 200 *href='/cgit/a/'*"
	like "cgit: a log" "$(get '/cgit/a/log/?h=master')" \
	    "HTTP/1.1 200 *>two<*>one<*"
	is "cgit: a file" "$(get '/cgit/a/plain/small?h=master' | body |
	    cksum)" "$(cksum <one/small)"
else
	skip "cgit" "not installed"
fi

# ---- uwsgi ------------------------------------------------------------------

if [ -n "$uwsgi" ]; then
	like "uwsgi: GET" "$(get '/py/a%20b?c')" \
	    "HTTP/1.1 200 *X-A: b*GET /a b c 0"
	is "uwsgi: POST" "$(send none /py/x $fresh)" "POST /x  100000"
	is "uwsgi: in chunks" "$(raw "POST /py/x HTTP/1.1\r\nHost: x\r\n\
Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n0\r\n\r\n" |
	    tr -d '\r' | body)" "POST /x  3"
else
	skip "uwsgi" "not installed, or without Python"
fi
