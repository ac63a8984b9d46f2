#!/bin/sh
#
# gateways.sh - what a request costs that somebody else answers: glimd, lighttpd
# and nginx before the same backends.
#
#	bench/gateways.sh [CASE...]
#
# Measured is CPU time for each request as in bench.sh: that of the server in
# front, for CGI its scripts included, and not the backend's. All of it, the
# load as well, is on one CPU: requests/s are what the whole chain does. A round
# visits every server once. Needs Linux and wrk; test/bin/backend, php-fpm and
# nginx are the backends, and a case whose backend is missing is left out.
#
# Environment:
#	ROUNDS 5   DURATION 2 (seconds)   CPU (last one)   PORT 23800
#	SERVERS    glimd lighttpd nginx   GLIMD ./glimd

set -u
export LC_ALL=C

HERE=$(cd "$(dirname "$0")/.." && pwd) || exit 1
TMP=
SERVER=
BACKENDS=

. "$HERE/bench/process.sh"

# name, backend, connections, path, bytes of the body, title
cases() {
	cat <<-'LIST'
	cgi - 16 /hello.cgi 6 CGI, one line of sh, 16 clients
	cgi64 - 64 /hello.cgi 6 ... 64 clients
	php php 16 /hello.php 6 FastCGI, php-fpm
	php-keep php 16 /hello.php 6 ... connections kept
	fastcgi fastcgi 16 /bytes?n=1024 1024 FastCGI, 1 KiB
	fastcgi-keep fastcgi 16 /bytes?n=1024 1024 ... connections kept
	scgi scgi 16 /bytes?n=1024 1024 SCGI, 1 KiB
	proxy http 16 /small.html 1024 proxy, 1 KiB
	proxy-keep http 16 /small.html 1024 ... connections kept
	proxy-100k http 16 /large.bin 102400 ... 100 KiB
	LIST
}

say() { printf '%s\n' "$*" >&2; }

die() { say "gateways: $*"; exit 1; }

# Field $2 of case $1.
get() { cases | awk -v k="$1" -v f="$2" '$1 == k { print $f }'; }

# lighttpd keeps none in any case.
keeps() { case $1 in *-keep | *-100k) ;; *) return 1 ;; esac; }

clean_up() {
	stop_server
	for SERVER in $BACKENDS; do
		stop_server
	done
	[ -z "$TMP" ] || rm -rf "$TMP"
}

# ---- backends ---------------------------------------------------------------

php_fpm() {
	for path in $(command -v php-fpm) /usr/sbin/php-fpm*; do
		[ ! -x "$path" ] || { echo "$path"; return 0; }
	done
	return 1
}

port_of() {				# BACKEND
	case $1 in
	php) echo $((FIRST + 1)) ;;
	fastcgi) echo $((FIRST + 2)) ;;
	scgi) echo $((FIRST + 3)) ;;
	http) echo $((FIRST + 4)) ;;
	esac
}

start_backend() {			# NAME
	port=$(port_of "$1")
	case $1 in
	-) return 0 ;;
	php)
		fpm=$(php_fpm) || return 1
		root=
		[ "$(id -u)" != 0 ] || root=-R
		cat >"$TMP/fpm.conf" <<-CONF
		[global]
		error_log = $TMP/fpm.log
		[www]
		listen = 127.0.0.1:$port
		pm = static
		pm.max_children = 16
		$([ -z "$root" ] || printf 'user = root\ngroup = root\n')
		CONF
		$PIN "$fpm" -n -F $root -y "$TMP/fpm.conf" >/dev/null 2>&1 &
		;;
	http)
		command -v nginx >/dev/null || return 1
		{
			nginx_head backend
			echo "server { listen 127.0.0.1:$port backlog=1024;"
			echo "root $TMP/www; } }"
		} >"$TMP/backend.conf"
		$PIN nginx -c "$TMP/backend.conf" >/dev/null 2>&1 &
		;;
	*)
		[ -x "$HERE/test/bin/backend" ] || return 1
		$PIN "$TMP/backend" -a 127.0.0.1:"$port" -p "$1" >/dev/null &
		;;
	esac
	BACKENDS="$BACKENDS $!"
	tries=100
	until answers $port; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.05
	done
}

answers() {				# PORT: does somebody listen there?
	awk -v port="$(printf ':%04X' "$1")" '$4 == "0A" &&
	    substr($2, 9) == port { found = 1 } END { exit !found }' \
	    /proc/net/tcp
}

# ---- servers ----------------------------------------------------------------

nginx_head() {				# NAME
	cat <<-CONF
	daemon off; worker_processes 1; pid $TMP/$1.pid; error_log stderr crit;
	events { worker_connections 4000; multi_accept on; }
	http {
	access_log off; types { text/html html; } server_tokens off;
	client_body_temp_path $TMP/b; proxy_temp_path $TMP/p;
	fastcgi_temp_path $TMP/f; uwsgi_temp_path $TMP/u; scgi_temp_path $TMP/s;
	keepalive_timeout 600; keepalive_requests 1000000000;
	CONF
}

parameters() {				# fastcgi|scgi
	cat <<-CONF
	$1_param QUERY_STRING \$query_string;
	$1_param REQUEST_METHOD \$request_method;
	$1_param CONTENT_TYPE \$content_type;
	$1_param SCRIPT_NAME \$fastcgi_script_name;
	$1_param SCRIPT_FILENAME \$document_root\$fastcgi_script_name;
	$1_param REQUEST_URI \$request_uri;
	$1_param DOCUMENT_ROOT \$document_root;
	$1_param SERVER_PROTOCOL \$server_protocol;
	$1_param REQUEST_SCHEME \$scheme;
	$1_param GATEWAY_INTERFACE CGI/1.1;
	$1_param SERVER_SOFTWARE nginx;
	$1_param REMOTE_ADDR \$remote_addr;
	$1_param REMOTE_PORT \$remote_port;
	$1_param SERVER_ADDR \$server_addr;
	$1_param SERVER_PORT \$server_port;
	$1_param SERVER_NAME \$server_name;
	CONF
	case $1 in
	scgi) echo "scgi_param SCGI 1;" ;;
	fastcgi) echo 'fastcgi_param CONTENT_LENGTH $content_length;
		fastcgi_param REDIRECT_STATUS 200;' ;;
	esac
}

nginx_conf() {				# CASE PORT
	kind=$(get "$1" 2)
	nginx_head front
	echo "upstream there { server 127.0.0.1:$(port_of "$kind");"
	! keeps "$1" || echo "keepalive 64; keepalive_requests 1000000000;"
	echo "}"
	echo "server { listen 127.0.0.1:$2 backlog=1024; root $TMP/www;"
	echo "location / {"
	case $kind in
	php | fastcgi)
		echo "fastcgi_pass there;"
		! keeps "$1" || echo "fastcgi_keep_conn on;"
		parameters fastcgi
		;;
	scgi)
		echo "scgi_pass there;"
		parameters scgi
		;;
	http)
		echo "proxy_pass http://there;"
		! keeps "$1" || {
			echo "proxy_http_version 1.1;"
			echo 'proxy_set_header Connection "";'
		}
		;;
	esac
	echo "} } }"
}

# The same for glimd and lighttpd, but that the latter does not know of
# keep-connection.
lighttpd_conf() {			# SERVER CASE PORT
	kind=$(get "$2" 2)
	case $kind in
	-) module=cgi ;;
	php) module=fastcgi ;;
	http) module=proxy ;;
	*) module=$kind ;;
	esac
	cat <<-CONF
	server.document-root = "$TMP/www"
	server.bind = "127.0.0.1"
	server.port = $3
	server.modules = ( "mod_$module" )
	server.max-keep-alive-requests = 65535
	server.max-keep-alive-idle = 600
	server.max-connections = 1000
	server.max-fds = 4000
	CONF
	keep=
	if [ "$1" = glimd ]; then
		keep=', "keep-connection" => "disable"'
		! keeps "$2" || keep=', "keep-connection" => "enable"'
	fi
	host="\"host\" => \"127.0.0.1\", \"port\" => $(port_of "$kind")$keep"
	case $kind in
	-) echo 'cgi.assign = ( ".cgi" => "" )' ;;
	php) echo "fastcgi.server = ( \".php\" => (( $host )) )" ;;
	http) echo "proxy.server = ( \"/\" => (( $host )) )" ;;
	*)	echo "$module.server = ( \"/bytes\" => (( $host,"
		echo '"check-local" => "disable" )) )' ;;
	esac
}

program() { [ "$1" = glimd ] && echo "$TMP/glimd" || command -v "$1"; }

start_server() {			# SERVER CASE
	PORT=$((PORT + 1))
	if [ "$1" = nginx ]; then
		nginx_conf "$2" $PORT >"$TMP/conf"
		set -- nginx -c "$TMP/conf"
	else
		lighttpd_conf "$1" "$2" $PORT >"$TMP/conf"
		set -- "$(program "$1")" -D -f "$TMP/conf"
	fi
	$PIN "$@" >/dev/null 2>"$TMP/stderr" &
	SERVER=$!
}

# ---- measuring --------------------------------------------------------------

run() {					# CASE ROUND SERVER
	start_server "$3" "$1"
	path=$(get "$1" 4)
	answer=$("$TMP/probe" get "$PORT" "$path") || return 1
	# its body may be in chunks
	echo "$answer" | awk -v n="$(get "$1" 5)" '$1 != 200 || $3 < n {
		exit 1 }' || return 1
	for seconds in 1 "$DURATION"; do
		used=$(cpu "$SERVER")
		result=$($PIN wrk -t1 -c"$(get "$1" 3)" -d"${seconds}s" \
		    -H "Bench: 1" -s "$HERE/bench/wrk.lua" \
		    "http://127.0.0.1:$PORT$path" | sed -n 's/^RESULT //p')
		used=$(($(cpu "$SERVER") - used))
	done
	set -- "$1" "$2" "$3" $(echo "$result" | awk -v ns="$used" \
	    '$1 > 0 { printf("%.4f %.0f %d\n", ns / 1000 / $1, $1 * 1e6 / $2,
		$4 + $5) }')
	[ $# -eq 6 ] || return 1
	[ "$6" = 0 ] || say "gateways: $1: $3: wrk counted $6 errors"
	echo "$1 $2 $3 $4 $5 $(memory "$SERVER") -" >>"$TMP/raw"
	say "$(printf '%-12s %s %-9s %8.2f us %8d requests/s' "$1" "$2" "$3" \
	    "$4" "$5")"
}

# A ratio is the median of those of each round.
report() {
	cases | awk '{ k = $1; $1 = $2 = $3 = $4 = $5 = ""; sub(/^ +/, "")
		print k "\t" $0 }' >"$TMP/titles"
	awk -v titles="$TMP/titles" '
	function median(list,    n, i, j, t, v) {
		n = split(list, v, " ")
		for (i = 2; i <= n; i++)
			for (j = i; j > 1 && v[j - 1] + 0 > v[j] + 0; j--) {
				t = v[j]; v[j] = v[j - 1]; v[j - 1] = t
			}
		if (n == 0)
			return "-"
		return (v[int((n + 1) / 2)] + v[int(n / 2) + 1]) / 2
	}
	function show(list, form,    m) {
		m = median(list)
		return m == "-" ? m : sprintf(form, m)
	}
	{
		us[$1, $3] = us[$1, $3] " " $4
		rate[$1, $3] = rate[$1, $3] " " $5
		one[$1, $2, $3] = $4
		if (!seen[$1]++)
			order[++n] = $1
		rounds = $2 > rounds ? $2 : rounds
	}
	function ratio(c, other,    i, list) {
		for (i = 1; i <= rounds; i++)
			if ((c, i, "glimd") in one && (c, i, other) in one)
				list = list " " \
				    one[c, i, "glimd"] / one[c, i, other]
		return show(list, "%.2f")
	}
	END {
		while ((getline line <titles) > 0) {
			split(line, part, "\t")
			title[part[1]] = part[2]
		}
		row = "%-32s %7s %8s %7s %9s %6s\n"
		printf(row, "us", "glimd", "lighttpd", "nginx", "/lighttpd",
		    "/nginx")
		for (i = 1; i <= n; i++)
			printf(row, title[order[i]],
			    show(us[order[i], "glimd"], "%.1f"),
			    show(us[order[i], "lighttpd"], "%.1f"),
			    show(us[order[i], "nginx"], "%.1f"),
			    ratio(order[i], "lighttpd"),
			    ratio(order[i], "nginx"))
		row = "%-32s %7s %8s %7s\n"
		printf("\n" row, "requests/s", "glimd", "lighttpd", "nginx")
		for (i = 1; i <= n; i++)
			printf(row, title[order[i]],
			    show(rate[order[i], "glimd"], "%.0f"),
			    show(rate[order[i], "lighttpd"], "%.0f"),
			    show(rate[order[i], "nginx"], "%.0f"))
	}' "$TMP/raw"
}

make_files() {
	mkdir -p "$TMP/www" || die "no room in $TMP"
	chmod 755 "$TMP"	# servers may drop their privileges
	awk 'BEGIN { for (i = 0; i < 16; i++) printf("%63s\n", i) }' \
	    >"$TMP/www/small.html"
	dd if=/dev/urandom of="$TMP/www/large.bin" bs=102400 count=1 2>/dev/null
	printf '#!/bin/sh\n%s\n' \
	    'printf "Content-Type: text/plain\r\n\r\nhello\n"' \
	    >"$TMP/www/hello.cgi"
	chmod 755 "$TMP/www/hello.cgi"
	printf '<?php echo "hello\\n";\n' >"$TMP/www/hello.php"
	cp "$GLIMD" "$TMP/glimd"
	cp "$HERE/test/bin/backend" "$TMP/backend" 2>/dev/null
	${CC:-cc} -std=c99 -D_GNU_SOURCE -O2 -o "$TMP/probe" \
	    "$HERE/bench/probe.c" || die "cannot build bench/probe.c"
}

ROUNDS=${ROUNDS:-5} DURATION=${DURATION:-2} PORT=${PORT:-23800}
FIRST=$PORT
PORT=$((PORT + 10))
GLIMD=${GLIMD:-$HERE/glimd}
all=$(cases | awk '{ printf("%s ", $1) }')
for c; do
	case " $all " in
	*" $c "*) ;;
	*) die "no case $c, there are: $all" ;;
	esac
done
[ $# -gt 0 ] || set -- $all

command -v wrk >/dev/null || die "wrk is missing: install the package wrk"
[ -r /proc/self/stat ] || die "needs Linux's /proc"
[ -x "$GLIMD" ] || die "no glimd: run make"
[ -x "$HERE/test/bin/backend" ] || (cd "$HERE" && make -s test/bin/backend)
PIN=
if command -v taskset >/dev/null; then
	CPU=${CPU:-$(taskset -cp $$ | sed 's/.*[^0-9]//')}
	PIN="taskset -c $CPU"
fi
trap clean_up EXIT
trap 'exit 129' HUP; trap 'exit 130' INT; trap 'exit 143' TERM
TMP=$(mktemp -d "${TMPDIR:-/tmp}/glimd-gateways.XXXXXX") || exit 1
make_files
: >"$TMP/raw"
started=" "
for c; do
	kind=$(get "$c" 2)
	case $started in
	*" $kind "*) ;;
	*)
		start_backend "$kind" || {
			say "gateways: no backend for $c"
			continue
		}
		started="$started$kind "
		;;
	esac
	for round in $(seq "$ROUNDS"); do
		for s in ${SERVERS:-glimd lighttpd nginx}; do
			case $c:$s in cgi*:nginx) continue ;; esac
			[ -n "$(program "$s")" ] || continue
			run "$c" "$round" "$s" || say "gateways: $c: $s" \
			    "fails: $(head -n 1 "$TMP/stderr")"
			stop_server
		done
	done
done
report
