# 54-proxy-map - other names on the other side: proxy.header, proxy.forwarded,
# proxy.replace-http-host; and what is wrong with them.
. "$TOP/test/lib.sh"
needs proxy

proxy() {				# SETTINGS [MODULES [BIND]]
	start_server "server.modules = ( ${2-}\"mod_proxy\" )
${3-}
proxy.server = ( \"\" => ( \"back.example\" => ( \"host\" => \"127.0.0.1\",
	\"port\" => $BACKEND ) ) )
$1"
}
start_backend back -p http
asked() { get "$@" | body; }		# TARGET [FIELD...]: by us
told() {				# NAME VALUE: as the client sees it
	get "/field?f=$1:%20$2" | field "$1"
}

# ---- paths and hosts --------------------------------------------------------

proxy 'proxy.header = (
	"map-urlpath" => ( "/a/" => "/b/c/", "/a" => "/never",
		"/d%20" => "/e" ),
	"map-host-request" => ( "keep" => "-", "same" => "", "one:81" => "two",
		"localhost" => "back:90" ),
	"map-host-response" => ( "other" => "-", "stay" => "", "-" => "front",
		"third" => "fourth:4" ),
	"upgrade" => "disable" )'
for row in '/a/env /b/c/env' '/aenv /neverenv' '/b/c/env /b/c/env' \
    '/d%20/env /e/env' '/x/../a/./env /b/c/env' '/a/env?/a/ /b/c/env?/a/' \
    '/d%20%2F../a/env /b/c/env'; do
	is "the path ${row% *}" "$(asked "${row% *}" | sed -n '1s/ HTTP.*//p' |
	    grep . || echo "GET ${row#* }")" "GET ${row#* }"
done
for row in 'localhost back:90' 'LOCALHOST back:90' 'localhost:80 localhost:80' \
    'one:81 two' 'keep keep' 'same same' 'x x'; do
	is "the host ${row% *}" "$(raw 'GET /env HTTP/1.1\r\n' \
	    "Host: ${row% *}\r\nConnection: close\r\n\r\n" | tr -d '\r' |
	    body | field Host)" "${row#* }"
done
is "X-Forwarded-Host is the client's" "$(asked /env | field X-Forwarded-Host)" \
    localhost
for row in 'http://localhost/a/x http://back:90/b/c/x' '/a/x /b/c/x' \
    'http://one:81/a/ http://two/b/c/' 'http://evil/a/x http://evil/a/x'; do
	is "WebDAV's Destination: ${row% *}" "$(asked /env \
	    "Destination: ${row% *}" | field Destination)" "${row#* }"
done
for row in '/b/c/x /a/x' '/b/x /b/x' '/never/x /a/x' 'b/c/ b/c/' \
    '?/b/c/ ?/b/c/' 'http://back:90/b/c/x http://front/a/x' \
    'HTTP://BACK:90?/b/c/ http://front?/b/c/' '//back:90/b/c/ //front/a/' \
    'https://back:90/b/c/ https://front/a/' 'http://other http://localhost' \
    'http://stay/b/c/ http://stay/a/' 'http://third/ http://fourth:4/' \
    'http://localhost/b/c/x http://localhost/a/x' \
    'http://evil/b/c/x http://evil/b/c/x' \
    'http://back/b/c/x http://back/b/c/x' \
    'http:/b/c/x http:/b/c/x' 'http:// http://' '// //'; do
	is "Location: ${row% *}" "$(told Location "${row% *}")" "${row#* }"
done
is "Content-Location, too" "$(told Content-Location http://back:90/b/c/x)" \
    http://front/a/x
is "other fields stay what they are" "$(told X-Location http://back:90/b/c/x)" \
    http://back:90/b/c/x
for row in 'a=b;Path=/b/c/;Secure a=b;Path=/a/;Secure' \
    '/b/c/=1;path=/b/c/d;%20DOMAIN=.third /b/c/=1;path=/a/d; DOMAIN=.fourth:4' \
    'a=/b/c/;%20Path=/x;%20Domain=evil a=/b/c/; Path=/x; Domain=evil' \
    'path=/b/c/;domain=other path=/b/c/;domain=localhost' \
    'a=b;Path;Domain=; a=b;Path;Domain=;' ';;;Path=/b/c/ ;;;Path=/a/'; do
	is "Set-Cookie: ${row%% *}" "$(get "/setcookie?v=${row%% *}" |
	    field Set-Cookie)" "${row#* }"
done
stop_server

proxy 'proxy.header = ( "map-host-request" => ( "-" => "inside" ),
	"map-host-response" => ( "-" => "-" ), "https-remap" => "enable" )' \
    '"mod_setenv", '
is "every host" "$(asked /env 'X-A: 1' | field Host)" inside
is "... and back" "$(told Location http://inside/x)" http://localhost/x
is "https-remap: not for http" "$(told Location http://localhost/x)" \
    http://localhost/x
stop_server
proxy 'setenv.add-environment = ( "REQUEST_SCHEME" => "https" )
proxy.header = ( "https-remap" => "enable" )' '"mod_setenv", '
is "https-remap: for https" "$(told Location http://localhost/x)" \
    https://localhost/x
is "... but not for others" "$(told Location http://evil/x)" http://evil/x
is "X-Forwarded-Proto" "$(asked /env | field X-Forwarded-Proto)" https
stop_server

# ---- who ---------------------------------------------------------------------

proxy 'proxy.replace-http-host = "enable"'
is "replace-http-host" "$(asked /env | grep Host)" 'Host: back.example
X-Forwarded-Host: localhost
X-Host: localhost'
stop_server

proxy 'proxy.forwarded = ( "for" => 1, "proto" => "enable", "host" => 1,
	"by" => 1, "remote_user" => 1 )'
is "proxy.forwarded" "$(asked /env | field Forwarded)" "for=\"127.0.0.1\";\
by=\"127.0.0.1:$PORT\";proto=\"http\";host=\"localhost\""
is "... behind those before" "$(asked /env 'Forwarded: for=_a, for="[::1]"' \
    'forwarded: for=_b;by="x, y"' | field Forwarded)" \
    "for=_a, for=\"[::1]\", for=_b;by=\"x, y\", for=\"127.0.0.1\";\
by=\"127.0.0.1:$PORT\";proto=\"http\";host=\"localhost\""
is "... unless their quotes would swallow ours" "$(asked /env \
    'Forwarded: for="_a' 'Forwarded: for="\"' 'Forwarded: for="\\\\"' |
    field Forwarded | sed 's/;by.*//')" \
    'for="\\", for="127.0.0.1"'
is "... and X-Forwarded-For as before" "$(asked /env | field X-Forwarded-For)" \
    127.0.0.1
stop_server
proxy 'proxy.forwarded = ( "for" => 1, "remote_user" => 1, "proto" => 0 )
setenv.add-environment = ( "REMOTE_USER" => "a\b " + "c\"d" )' '"mod_setenv", '
is "quotes in quotes" "$(asked /env | field Forwarded)" \
    'for="127.0.0.1";remote_user="a\\b c\"d"'
stop_server
proxy 'proxy.forwarded = ( "for" => 1 )
extforward.forwarder = ( "127.0.0.1" => "trust" )' '"mod_extforward", '
is "the last one is who is connected, whoever is trusted" "$(asked /env \
    'X-Forwarded-For: 192.0.2.1' 'X-Forwarded-Proto: https' |
    grep '^Forw\|^X-F')" 'X-Forwarded-For: 192.0.2.1, 127.0.0.1
X-Forwarded-Host: localhost
X-Forwarded-Proto: https
Forwarded: for="127.0.0.1"'
stop_server
proxy 'proxy.forwarded = ( "for" => 1, "by" => 1 )' '' \
    "server.bind = \"$WORK/sock\""
is "a unix socket has no address" "$("$RAW" -a "$WORK/sock" 'GET /env' \
    ' HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' | tr -d '\r' |
    grep 'For')" 'X-Forwarded-For: unknown
X-Forwarded-Host: x
X-Forwarded-Proto: http
Forwarded: for="unknown"'
stop_server
proxy 'server.bind = "::1"
proxy.forwarded = ( "for" => 1 )'
six=$("$RAW" -a "[::1]:$PORT" 'GET /env HTTP/1.1\r\nHost: x\r\n' \
    'Connection: close\r\n\r\n' 2>&1 | tr -d '\r' | grep 'For[-w].*:.*:')
case $six in
*::1*)	is "an IPv6 address" "$six" 'X-Forwarded-For: ::1
Forwarded: for="[::1]"' ;;
*)	skip "an IPv6 address" "no IPv6" ;;
esac
stop_server

# ---- what cannot be meant ---------------------------------------------------

configure 'server.modules = ( "mod_proxy" )
proxy.header = ( "map-urlpath" => ( "a" => "/b", "/a" => "b", "/c" => "/ x" ),
	"map-host-request" => ( "a b" => "c", "a" => "b/" ),
	"map-host-response" => "x", "upgrade" => "yes", "connect" => "enable",
	"upgarde" => "enable" )
proxy.forwarded = ( "for" => "x", "bye" => 1 )'
faults=$("$GLIMD" -t -f glimd.conf 2>&1)
for fault in '"map-urlpath": entry 1: expected "/path"' \
    '"map-urlpath": entry 2' '"map-urlpath": entry 3' \
    '"map-host-request": entry 1: expected "host"' \
    '"map-host-request": entry 2' '"map-host-response": expected a list' \
    '"upgrade": expected "enable" or "disable"' \
    '"connect": expected "disable"' '"upgarde": expected map-urlpath, ' \
    'proxy.forwarded: "for": ' 'proxy.forwarded: "bye": '; do
	like "a fault: $fault" "$faults" "*glimd.conf:[0-9]*$fault*"
done
