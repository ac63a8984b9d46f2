# 54-upgrade - WebSocket and other tunnels through mod_proxy.
. "$TOP/test/lib.sh"
needs proxy

WS=$TOP/test/bin/ws
proxy() {				# SETTINGS [HOST'S OPTIONS]
	start_server "server.modules = ( \"mod_proxy\" )
proxy.server = ( \"\" => ( ( \"host\" => \"127.0.0.1\", \"port\" => $BACKEND,
	${2-} ) ) )
$1"
}
upgrade() {				# FIELDS [METHOD]: what the backend says
	raw "${2-GET} /upgrade HTTP/1.1\r\nHost: x\r\n$1\r\n\r\n" -h |
	    tr -d '\r'
}
closed() { [ "$(events back '^close')" = "$(events back '^connection')" ]; }
start_backend back -p http

proxy ''
like "nobody upgrades who may not" \
    "$(upgrade 'Connection: Upgrade\r\nUpgrade: websocket')" \
    "*200 OK*no upgrade"
stop_server

proxy 'proxy.header = ( "upgrade" => "enable" )' \
    '"keep-connection" => "disable"'
like "the client gets the backend's answer" \
    "$(upgrade 'Connection: keep-alive, UPGRADE\r\nUpgrade: echo')" \
    "HTTP/1.1 101 Switching Protocols*Upgrade: echo*"
is "... with Connection: upgrade" \
    "$(upgrade 'Connection: Upgrade\r\nUpgrade: echo' |
    field Connection | tr A-Z a-z)" upgrade
like "without Connection there is none" "$(upgrade 'Upgrade: echo')" \
    "*200 OK*no upgrade"
like "HTTP/2 is none" "$(upgrade 'Connection: Upgrade\r\nUpgrade: h2c')" \
    "*200 OK*no upgrade"
like "... only what else is asked for" \
    "$(upgrade 'Connection: upgrade\r\nUpgrade: h2c, echo, HTTP/2.0')" \
    "*101*Upgrade: echo*"
like "nor does POST, with a body" "$(upgrade \
    'Connection: Upgrade\r\nUpgrade: echo\r\nContent-Length: 0' POST)" \
    "*200 OK*no upgrade"
like "nor HTTP/1.0" "$(raw 'GET /upgrade HTTP/1.0\r\nHost: x\r\n' \
    'Connection: Upgrade\r\nUpgrade: echo\r\n\r\n')" "*200 OK*no upgrade"

is "WebSocket: messages of all sizes" "$("$WS" -a 127.0.0.1:$PORT -n 20 |
    cut -d' ' -f1)" 20
is "... many at once" "$("$WS" -a 127.0.0.1:$PORT -n 500 -s 200 -w 20 |
    cut -d' ' -f1)" 500
is "... with pauses" "$("$WS" -a 127.0.0.1:$PORT -n 3 -i 300 |
    cut -d' ' -f1)" 3
is "bytes of another protocol" "$("$WS" -a 127.0.0.1:$PORT -n 20 -o echo |
    cut -d' ' -f1)" 20
is "bytes right behind the head" "$(raw 'GET /upgrade HTTP/1.1\r\nHost: x\r\n' \
    'Connection: upgrade\r\nUpgrade: echo\r\n\r\nearly' -g early ' late' \
    -g late -h | tail -n 1)" 'early late'
head -c 3000000 /dev/zero | tr '\0' 'x' >much
is "3 MB each way" "$(raw 'GET /upgrade HTTP/1.1\r\nHost: x\r\n' \
    'Connection: upgrade\r\nUpgrade: echo\r\n\r\n' -g echo - -h <much |
    sed '1,/^.$/d' | cksum)" "$(cksum <much)"
many=
for i in 1 2 3 4 5 6 7 8 9 10; do
	"$WS" -a 127.0.0.1:$PORT -n 20 -s 9000 >many.$i 2>&1 &
	many="$many $!"
done
wait $many
is "ten of them" "$(cat many.* | cut -d' ' -f1 | xargs)" \
    '20 20 20 20 20 20 20 20 20 20'
okay "all are closed at both ends" wait_for closed
"$WS" -a 127.0.0.1:$PORT -n 5 -q >/dev/null
okay "a client that goes is missed" wait_for closed
stop_server
proxy '' '"upgrade" => "enable"'
is "a host may allow it, too" "$("$WS" -a 127.0.0.1:$PORT -n 3 |
    cut -d' ' -f1)" 3
stop_server
