# 46-vhost - one folder for each host: by its name, by a pattern of it.
. "$TOP/test/lib.sh"
. "$TOP/test/threats.sh"

# Every folder that could be taken for a document root says which one it is.
mark() { mkdir -p "$2" && echo "$1" >"$2/who"; }	# NAME FOLDER
mark main root
mark "all hosts" v
for host in a.com b.com default localhost '[::1]' 127.0.0.1 x_y-1 \
    xn--bcher-kva.de; do
	mark $host v/$host/h
done
mark "no host" v/h
mark file v/file
mark above .
echo TOP SECRET | tee secret.txt v/secret.txt >v/a.com/secret.txt
: >v/file/h

who() {					# HOST: whose file it gets, or a status
	raw "GET /who HTTP/1.1\r\nHost:$1\r\nConnection: close\r\n\r\n" |
	    tr -d '\r' | sed -n '1s/.* \([0-9]*\) .*/\1/p; $p' | tr '\n' ' ' |
	    sed 's/^200 //; s/<.*//; s/ $//'
}

# ---- simple_vhost -----------------------------------------------------------

simple="server.modules = ( \"mod_simple_vhost\", \"mod_accesslog\" )
simple-vhost.server-root = \"$WORK/v/\"
simple-vhost.document-root = \"/h/\""
start_server "$simple
simple-vhost.default-host = \"default\"
simple-vhost.debug = \"enable\""
for host in a.com b.com x_y-1 xn--bcher-kva.de localhost 127.0.0.1; do
	is "simple: $host" "$(who " $host")" $host
	is "simple: $host with a port" "$(who " $host:8080")" $host
done
is "simple: A.Com in capitals" "$(who ' A.Com')" a.com
is "simple: a final dot" "$(who ' a.com.')" a.com
is "simple: a final dot and a port" "$(who ' a.com.:80')" a.com
is "simple: an address in brackets" "$(who ' [::1]')" '[::1]'
is "simple: ... and a port" "$(who ' [::1]:80')" '[::1]'
is "simple: ... another one" "$(who ' [::2]:80')" default
is "simple: the target's host counts" "$(raw \
    'GET http://b.com/who HTTP/1.1\r\nHost: a.com\r\n\r\n' -h | sed -n '$p')" \
    b.com
is "simple: a host without a folder has the default" "$(who ' c.com')" default
is "simple: ... so has one whose folder is a file" "$(who ' file')" default
is "simple: ... and who names no host" "$(raw 'GET /who HTTP/1.0\r\n\r\n' |
    sed -n '$p')" default
is "simple: a host that is no name of a folder" "$(who ' a.com~')" default
is "simple: ... an escape" "$(who ' a%2ecom')" default
is "simple: 255 bytes are a name" "$(who " $(repeat 51 aaaa.)")" default
is "simple: 6000 are none" "$(who " $(repeat 6000 a)")" default
is "simple: many dots" "$(who " $(repeat 3000 a.)")" default
is "simple: of two requests each has its own" "$(raw \
    'GET /who HTTP/1.1\r\nHost: a.com\r\n\r\n' \
    'GET /who HTTP/1.1\r\nHost: b.com\r\n\r\n' \
    'GET /who HTTP/1.1\r\nHost: c.com\r\n\r\n' -h | grep -x '[a-z.]*' |
    tr '\n' ' ')" "a.com b.com default "
mark new.com v/new.com/h
okay "simple: a new folder is seen without a reload" \
    wait_for sh -c '[ "$("$@" | sed -n \$p)" = new.com ]' x "$RAW" \
    -a "127.0.0.1:$PORT" 'GET /who HTTP/1.0\r\nHost: new.com\r\n\r\n'
like "simple: debug tells the folder" "$(cat glimd.log)" \
    "*$WORK/v/a.com/h is a folder*$WORK/v/c.com/h is no folder*"

for host in .. ../ . ... .a.com a..com 'a.com/..' 'a.com/../..' '..:80' \
    'a.com/' '/' '//' '%2e%2e' '%2E%2E%2F' '%00' 'a.com\x00' '..\\\\' '*' \
    '[' '[]' '[..]' '[::1' '[::1]..' '[::1]/..' '[/../]' '[]/../../' ~root \
    '$HOME' '`id`' 'a.com ..' "$(repeat 100 ../)" "$(repeat 7000 .)"; do
	case $host in
	..) name="2 CVE-2002-1562 thttpd: .. in Host" ;;
	../) name="3 CVE-2003-0832 webfs: ../ in Host" ;;
	a.com/..) name="4 CVE-2012-1050 mathopd: /.. in Host" ;;
	'[]/../../') name="5 CVE-2014-2324 lighttpd: [] in Host" ;;
	*) name="5 CVE-2014-2324 lighttpd: $(echo "$host" | cut -c 1-20)" ;;
	esac
	for target in /secret.txt /../secret.txt /h/secret.txt; do
		no_leak "simple: $name, $target" "Host: $host" $target 40[04]
	done
	case $(who " $host") in
	default | 400) verdict ok "simple: $name: the default's, or 400" ;;
	*) verdict "not ok" "simple: $name: the default's, or 400" \
	    "$(who " $host")" "default" ;;
	esac
done
for host in '' ' ' '\t'; do
	is "simple: 6 CVE-2018-18778 mini_httpd: empty Host \"$host\"" \
	    "$(who "$host")" default
	no_leak "simple: 6 CVE-2018-18778 mini_httpd: ... and a path" \
	    "Host:$host" "$WORK/secret.txt" '40[04]'
done
is "after all that it still serves" "$(who ' a.com')" a.com
stop_server

start_server "$simple"
is "simple: without a default, the folder of no host" "$(who ' c.com')" \
    "no host"
stop_server
start_server "server.modules = ( \"mod_simple_vhost\" )
simple-vhost.server-root = \"v\""
is "simple: a relative root, no document-root" "$(get /h/who 'X: y' | body)" \
    localhost
for host in '' ' c.com' ' ..' ' h'; do
	no_leak "simple: 6 CVE-2018-18778 mini_httpd: never all hosts:$host" \
	    "Host:$host" /secret.txt '40[04]'
done
stop_server
start_server "server.modules = ( \"mod_simple_vhost\", \"mod_evhost\" )
\$HTTP[\"host\"] =$ \".com\" {
	simple-vhost.server-root = \"v\"
	simple-vhost.document-root = \"h\"
}
else \$HTTP[\"host\"] =^ \"e.\" {
	evhost.path-pattern = \"v/default/h\" + \"%{2.9}/../../%{1.0}/h\"
}"
is "in a condition: simple" "$(who ' a.com')" a.com
is "in a condition: evhost" "$(who ' e.localhost')" localhost
is "in a condition: others have the main folder" "$(who ' localhost')" main
stop_server
for order in '"mod_simple_vhost", "mod_evhost"' \
    '"mod_evhost", "mod_simple_vhost"'; do
	start_server "server.modules = ( $order )
simple-vhost.server-root = \"v\"
simple-vhost.document-root = \"h\"
evhost.path-pattern = \"v/default/../%_/here\""
	is "both, $order: one finds it" "$(who ' a.com')" a.com
	is "... none does" "$(who ' c.com')" "no host"
	stop_server
done
start_server 'server.modules = ( "mod_simple_vhost", "mod_evhost" )'
is "both do nothing when nothing is set" "$(who ' a.com')" main
stop_server

# A thousand hosts: each folder is looked at once a second at most.
if have strace && strace -o /dev/null true 2>/dev/null; then
	configure "$simple"
	launch strace -f -o trace \
	    -e trace=stat,newfstatat,fstatat64,statx,lstat \
	    "$GLIMD" -D -f glimd.conf
	if await; then
		raw "GET /who HTTP/1.1\r\nHost: a.com\r\n\r\n" -g a.com \
		    >/dev/null
		raw -n 200 "GET /who HTTP/1.1\r\nHost: a.com\r\n" \
		    "Connection: close\r\n\r\n" >got
		looks=$(grep -c 'v/a.com/h"' trace)
		okay "simple: 200 requests, $looks looks at the folder" \
		    test "$looks" -lt 20
		is "simple: ... all answered" "$(grep -c a.com got)" 200
	else
		skip "simple: looks at the folder" "strace cannot run it"
	fi
	pid=$(sed -n '1s/ .*//p' trace)
	[ -z "$pid" ] || kill -TERM $pid
	wait_for ended
	STARTED=
else
	skip "simple: looks at the folder" "no strace"
fi

# ---- evhost -----------------------------------------------------------------

evhost() {				# PATTERN
	start_server "server.modules = ( \"mod_evhost\" )
evhost.path-pattern = \"$1\""
}
mark "all of ev" ev
pattern() {				# PATTERN, then pairs of HOST WANT
	pattern=$1; shift
	evhost "$WORK/ev/$pattern"
	while [ $# -gt 0 ]; do
		[ "$2" = main ] || [ "$2" = "all of ev" ] || mark "$2" "ev/$2"
		is "evhost: $pattern of $1" "$(who " $1")" "$2"
		shift 2
	done
	stop_server
}
pattern %0 a.com a.com www.sub.example.co.uk co.uk localhost localhost \
    127.0.0.1 0.1 '[::1]' '[::1]' '[::1]:80' '[::1]' A.COM:80 a.com a.com. a.com
pattern %1 a.com com localhost localhost 127.0.0.1 1 '[::1]' main
pattern %2 a.com a www.sub.example.co.uk co localhost main
pattern %3 www.sub.example.co.uk example a.com main
pattern %4/ www.sub.example.co.uk sub a.b.c main
pattern %5 www.sub.example.co.uk www
pattern %6 www.sub.example.co.uk main
pattern %_ www.sub.example.co.uk www.sub.example.co.uk '[::1]:80' '[::1]'
pattern '%{1}' a.com com
pattern '%{3.0}' www.example.com www
pattern '%{3.1}' www.example.com w a.com main
pattern '%{2.2}' www.example.com x a.com main
pattern '%{0.1}' a.com a
pattern 'x%1/%2%%' a.com xcom/a%
pattern '%%' a.com main
pattern '%{2.1}/%0' example.com e/example.com

# What the host does not have leaves nothing behind that means another folder.
evhost "$WORK/ev/%0/%3/"
is "evhost: a part that is empty, behind one that is not" "$(who ' a.com')" \
    a.com
stop_server
for pattern in '%{0.2}' '%{0.2}%{0.2}' 'com/%5.%4.%3' '%1/%4.%3.%5' '%1/.%3'; do
	evhost "$WORK/ev/$pattern"
	is "evhost: 5 CVE-2014-2324 lighttpd: no dots from a.com: $pattern" \
	    "$(who ' a.com')" main
	stop_server
done
evhost "ev/../ev/./%0"
is "evhost: dots of the pattern are the administrator's" "$(who ' a.com')" \
    a.com
for host in .. ../ . .a.com a..com a.com/.. ..:80 %2e%2e a.com/ '[' '[]' \
    '[..]' '[]/../' "$(repeat 100 ../)" "$(repeat 3000 a.)" \
    "$(repeat 6000 a)" ''; do
	case $host in
	'') name="6 CVE-2018-18778 mini_httpd: empty Host" ;;
	*) name="5 CVE-2014-2324 lighttpd: $(echo "$host" | cut -c 1-20)" ;;
	esac
	no_leak "evhost: $name" "Host: $host" /secret.txt '40[04]'
	case $(who " $host") in
	main | 400) verdict ok "evhost: $name: the main folder, or 400" ;;
	*) verdict "not ok" "evhost: $name: the main folder, or 400" \
	    "$(who " $host")" main ;;
	esac
done
stop_server

for pattern in '%x' '%' 'a%' '%{' '%{1' '%{a.1}' '%{1.a}' '%{1.12}' '%{12.1}' \
    '%{}' '%{1.}' '%{_}' '%-1'; do
	configure "server.modules = ( \"mod_evhost\" )
evhost.path-pattern = \"/x/$pattern\""
	"$GLIMD" -t -f glimd.conf >out 2>&1
	like "evhost: $pattern is refused at -t" "$? $(cat out)" \
	    "1 glimd.conf:2:*evhost.path-pattern: *"
done
