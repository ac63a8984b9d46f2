# 54-peers - nginx and haproxy behind us and in front of us.
. "$TOP/test/lib.sh"
needs proxy

mkdir -p nginx
printf 'hello\n' >nginx/hello
head -c 3000000 /dev/urandom >nginx/big
PATH=$PATH:/usr/sbin:/sbin

# Without a daemon; how it ends is not our business.
peer() {				# NAME PORT COMMAND...
	keep=$SRV keep_pid=$PID SRV=$1 at=$2
	shift 2
	launch "$@"
	mine $PID
	STARTED=$(echo " $STARTED " | sed "s/ $SRV / /g")
	SRV=$keep PID=$keep_pid
	wait_for "$RAW" -a "127.0.0.1:$at" -e || {
		verdict "not ok" "$1 starts" "$(cat ./*.log)" ""
		return 1
	}
}
ask() { "$RAW" -a "127.0.0.1:$1" "$2 HTTP/1.1\r\nHost: localhost\r\n" \
    'Connection: close\r\n' "${3-}\r\n${4-}" | tr -d '\r'; }

leave() {				# NAME
	kill -TERM "$(cat "$1.id")"
	wait_for test -s "$1.status"
}
# What any server in front of another one has to do well.
through() {				# NAME PORT
	is "$1: a small file" "$(ask $2 'GET /hello' | body)" hello
	is "$1: a big one" "$("$RAW" -a 127.0.0.1:$2 'GET /big HTTP/1.1\r\n' \
	    'Host: localhost\r\nConnection: close\r\n\r\n' | sed '1,/^.$/d' |
	    cksum)" "$(cksum <nginx/big)"
	is "$1: a part" "$(ask $2 'GET /hello' 'Range: bytes=1-3\r\n' | body)" \
	    ell
	modified=$(ask $2 'HEAD /hello' | field Last-Modified)
	is "$1: 304" "$(ask $2 'GET /hello' \
	    "If-Modified-Since: $modified\r\n" | first | cut -d' ' -f2)" 304
	is "$1: HEAD" "$(ask $2 'HEAD /big' | field Content-Length)" 3000000
	is "$1: 404" "$(ask $2 'GET /none' | first | cut -d' ' -f2)" 404
}

nginx() {				# PORT LOCATION
	cat >nginx.$1.conf <<-EOF
	daemon off; master_process off; pid $WORK/nginx.$1.pid;
	error_log stderr;
	events { }
	http { access_log off; root $WORK/nginx;
	client_body_temp_path $WORK/t1; proxy_temp_path $WORK/t2;
	fastcgi_temp_path $WORK/t3; uwsgi_temp_path $WORK/t4;
	scgi_temp_path $WORK/t5; client_max_body_size 0;
	server { listen 127.0.0.1:$1; location / { $2 } } }
	EOF
	peer nginx.$1 $1 nginx -p "$WORK" -c "$WORK/nginx.$1.conf"
}
proxy() {				# PORT
	start_server "server.modules = ( \"mod_proxy\" )
proxy.header = ( \"upgrade\" => \"enable\" )
proxy.server = ( \"\" => ( ( \"host\" => \"127.0.0.1\", \"port\" => $1 ) ) )"
}

# ---- behind us --------------------------------------------------------------

if ! command -v nginx >/dev/null; then
	skip "nginx behind us" "no nginx"
elif n=$(free_port) && SRV=glimd && nginx $n ''; then
	proxy $n
	through "nginx behind us" $PORT
	stop_server
	leave nginx.$n
fi

# ---- in front of us ---------------------------------------------------------

# A backend of ours behind glimd behind a peer: posts and tunnels.
front() {				# NAME PORT
	is "$1: a length" "$(ask $2 'POST /sum' 'Content-Length: 4\r\n' abcd |
	    body)" "$(printf abcd | cksum)"
	is "$1: chunks" "$(ask $2 'POST /sum' 'Transfer-Encoding: chunked\r\n' \
	    '4\r\nabcd\r\n0\r\n\r\n' | body)" "$(printf abcd | cksum)"
	is "$1: a stream" "$("$RAW" -a 127.0.0.1:$2 \
	    'GET /stream?n=300000 HTTP/1.0\r\nHost: localhost\r\n\r\n' |
	    tr -d '\r' | body | cksum)" \
	    "$("$TOP/test/bin/backend" -g 300000 | cksum)"
	is "$1: both name the client" "$(ask $2 'GET /env' | body |
	    field X-Forwarded-For)" '127.0.0.1, 127.0.0.1'
	is "$1: a hundred requests" "$(i=0; while [ $i -lt 100 ]; do
	    ask $2 'GET /hello' | body; i=$((i + 1)); done | sort | uniq -c |
	    xargs)" '100 hello'
	is "$1: WebSocket" "$("$TOP/test/bin/ws" -a 127.0.0.1:$2 -n 20 -s 5000 |
	    cut -d' ' -f1)" 20
}

start_backend back -p http
proxy $BACKEND
if ! command -v nginx >/dev/null; then
	skip "nginx in front of us" "no nginx"
elif n=$(free_port) && SRV=glimd && nginx $n \
    "proxy_pass http://127.0.0.1:$PORT; proxy_http_version 1.1;
    proxy_set_header Upgrade \$http_upgrade;
    proxy_set_header Connection \$http_connection;
    proxy_set_header X-Forwarded-For \$proxy_add_x_forwarded_for;"; then
	front "nginx in front of us" $n
	leave nginx.$n
fi
if ! command -v haproxy >/dev/null; then
	skip "haproxy in front of us" "no haproxy"
else
	n=$(free_port) SRV=glimd
	cat >haproxy.conf <<-EOF
	defaults
	  mode http
	  timeout connect 10s
	  timeout client 30s
	  timeout server 30s
	  option forwardfor
	frontend f
	  bind 127.0.0.1:$n
	  default_backend b
	backend b
	  server s 127.0.0.1:$PORT
	EOF
	peer haproxy $n haproxy -db -f haproxy.conf && {
		front "haproxy in front of us" $n
		leave haproxy
	}
fi
stop_server
