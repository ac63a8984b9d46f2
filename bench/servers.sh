# servers.sh - how bench.sh starts each server at its best. Read by bench.sh.
#
# A server is added by a case in have (is it here?), perhaps in fits (what can
# it not do?), and in become. Uses from bench.sh: BIN TMP FDS SIZES, get.

have() {
	case $1 in
	floor) [ -x "$BIN/floor" ] ;;
	glimd*) [ -x "$BIN/glimd" ] ;;
	busybox) busybox 2>/dev/null | grep -q httpd ;;
	*) command -v "$1" >/dev/null ;;
	esac
}

# Can server $1 do workload $2 at all?
fits() {
	case $1:$2 in
	busybox:close|busybox:start) ;;		# closes after each response
	busybox:*|darkhttpd:pipeline) return 1 ;;
	esac
}

write_lighttpd() {
	cat <<-CONF
	server.document-root = "$TMP/www"
	server.bind = "127.0.0.1"
	server.port = $2
	server.max-keep-alive-requests = 65535
	server.max-keep-alive-idle = 600
	server.max-connections = 12000
	server.max-fds = $FDS
	mimetype.assign = ( ".html" => "text/html", "" => "text/plain" )
	CONF
	if [ "$1" = log ]; then
		printf 'server.modules = ( "mod_accesslog" )\n'
		printf 'accesslog.filename = "%s"\n' "$TMP/access.log"
	fi
}

# sendfile is the best for large files and dear for small ones (4.9 against
# 3.7 us), and tcp_nopush with it dearer still (26 against 10 us at 100 KiB).
write_nginx() {
	log=off sendfile=off
	case $1 in large|huge) sendfile=on ;; esac
	[ "$1" != log ] || log="$TMP/access.log combined buffer=64k flush=1s"
	cat <<-CONF
	daemon off; worker_processes 1; pid $TMP/nginx.pid; error_log stderr crit;
	worker_rlimit_nofile $FDS;
	events { worker_connections 12000; multi_accept on; }
	http {
	access_log $log; types { text/html html; } server_tokens off;
	client_body_temp_path $TMP/b; proxy_temp_path $TMP/p;
	fastcgi_temp_path $TMP/f; uwsgi_temp_path $TMP/u; scgi_temp_path $TMP/s;
	sendfile $sendfile; tcp_nopush off; keepalive_timeout 600;
	keepalive_requests 1000000000; open_file_cache max=20000 inactive=600s;
	open_file_cache_valid 60s; open_file_cache_errors on;
	server { listen 127.0.0.1:$2 backlog=1024; root $TMP/www; }
	}
	CONF
}

write_h2o() {
	cat <<-CONF
	num-threads: 1
	num-name-resolution-threads: 1
	max-connections: 12000
	http1-request-timeout: 600
	$([ "$(id -u)" != 0 ] || echo "user: root")
	listen: { host: 127.0.0.1, port: $2 }
	hosts:
	  default:
	    paths:
	      /: { file.dir: "$TMP/www" }
	CONF
	[ "$1" != log ] || printf 'access-log: %s\n' "$TMP/access.log"
}

# Becomes server $1 for workload $2 on port $3; the rest goes before its
# command (taskset, probe).
become() {
	name=$1 load=$2 port=$3
	conf=$TMP/$name.conf
	shift 3
	case $name in
	floor)
		head=$(get "$SIZES" "$load" 3) body=$(get "$SIZES" "$load" 4)
		case $load in
		close) set -- "$@" "$BIN/floor" -c ;;
		large|huge) set -- "$@" "$BIN/floor" -s "$TMP/www/$load.bin" ;;
		notfound) set -- "$@" "$BIN/floor" -S 404 ;;
		*) set -- "$@" "$BIN/floor" ;;
		esac
		exec "$@" -p "$port" -h "$head" -b "$body" ;;
	glimd*)
		write_lighttpd "$load" "$port" >"$conf"
		case $name in
		*-*) printf 'server.event-handler = "%s"\n' "${name#*-}" ;;
		esac >>"$conf"
		exec "$@" "$BIN/glimd" -D -f "$conf" ;;
	lighttpd)
		write_lighttpd "$load" "$port" >"$conf"
		printf 'server.stat-cache-engine = "simple"\n' >>"$conf"
		exec "$@" lighttpd -D -f "$conf" ;;
	nginx)
		write_nginx "$load" "$port" >"$conf"
		exec "$@" nginx -p "$TMP" -c "$conf" ;;
	h2o)
		write_h2o "$load" "$port" >"$conf"
		exec "$@" h2o -c "$conf" ;;
	darkhttpd)
		[ "$load" != log ] || set -- "$@" darkhttpd "$TMP/www" --log \
		    "$TMP/access.log" --addr 127.0.0.1 --port "$port"
		[ "$load" = log ] || set -- "$@" darkhttpd "$TMP/www" \
		    --no-listing --addr 127.0.0.1 --port "$port"
		exec "$@" ;;
	busybox)
		exec "$@" busybox httpd -f -p "127.0.0.1:$port" -h "$TMP/www" ;;
	esac
}
