# 48-extforward - whose request it is: what a proxy says, and no one else.
. "$TOP/test/lib.sh"
. "$TOP/test/threats.sh"

echo hello >root/a.txt
modules='server.modules = ( "mod_extforward", "mod_accesslog" )'
format='%h %V %u %{REQUEST_SCHEME}e%{HTTPS}e'

forward() {				# SETTINGS
	rm -f access.log wanted names
	: >wanted
	: >names
	start_server "$modules
accesslog.filename = \"$WORK/access.log\"
accesslog.format = \"$format %s\"
$1"
}
want() {				# NAME LINE: one more of the log
	echo "$2" >>wanted
	echo "$1" >>names
}
ask() {					# NAME LINE FIELD...
	want "$1" "$2 200"; shift 2
	get /a.txt "$@" >/dev/null
}
# Compares the log with what is wanted. A log that knows no variables shows
# "-" for all of them.
judge() {
	stop_server
	lines=0
	while read -r host name user scheme status <&3 &&
	    read -r title <&4; do
		lines=$((lines + 1))
		got=$(sed -n "${lines}p" access.log)
		[ -n "$variables" ] || {
			user=- scheme=--
			title="$title # the log shows no variables"
		}
		is "$title" "$got" "$host $name $user $scheme $status"
	done 3<wanted 4<names
	is "each request has one line" "$(wc -l <access.log | tr -d ' ')" $lines
}

variables=1
forward 'extforward.forwarder = ( "127.0.0.1" => "trust" )'
get /a.txt 'X-Forwarded-For: 192.0.2.1' 'X-Forwarded-Proto: https' >/dev/null
stop_server
case $(cat access.log) in
*https*) ;;
*) variables= ;;
esac

me='127.0.0.1 localhost - --'
it='192.0.2.1 localhost - --'
xff=X-Forwarded-For
fwd='extforward.headers = ( "Forwarded", "X-Forwarded-For" )'
trust='extforward.forwarder = ( "127.0.0.1" => "trust", "10.0.0.0/8" => "trust",
	"10.6.6.6" => "untrusted", "2001:db8::/32" => "trust" )'

# ---- X-Forwarded-For --------------------------------------------------------

forward "$trust"
ask "no field" "$me"
ask "one address" "$it" "$xff: 192.0.2.1"
ask "... of IPv6" "2001:db9::1 localhost - --" "$xff: 2001:db9::1"
ask "... in brackets, with a port" "2001:db9::1 localhost - --" \
    "$xff: [2001:db9::1]:80"
ask "... with a port" "$it" "$xff: 192.0.2.1:8080"
ask "... mapped" "$it" "$xff: ::ffff:192.0.2.1"
ask "a chain: trusted ones are skipped" "$it" "$xff: 192.0.2.1, 10.1.1.1"
ask "... and IPv6" "$it" "$xff: 192.0.2.1,2001:db8::1 ,\t10.0.0.1,"
ask "what stands before the client is hearsay" "$it" \
    "$xff: 203.0.113.9, 10.0.0.1, 192.0.2.1, 10.1.1.1"
ask "... on lines of its own" "$it" "$xff: 203.0.113.9" "$xff: 192.0.2.1" \
    "$xff: 10.1.1.1"
ask "an exception in a trusted network" "10.6.6.6 localhost - --" \
    "$xff: 192.0.2.1, 10.6.6.6"
ask "all are trusted: it stays" "$me" "$xff: 10.0.0.2, 10.0.0.1"
ask "an unknown hop: nobody is believed" "$me" "$xff: 192.0.2.1, unknown"
ask "... in front of a trusted one" "$me" "$xff: 192.0.2.1, _x, 10.0.0.1"
ask "... before the client: does not matter" "$it" "$xff: unknown, 192.0.2.1"
for bad in '' ' ' ',,' 192.0.2 192.0.2.1.1 192.0.2.256 0x7f.1 192.0.2.1/32 \
    '192.0.2.1 192.0.2.2' 192.0.2.1:80:80 '[192.0.2.1]' '[2001:db9::1' \
    '2001:db9::1]' '[2001:db9::1]80' '[]' ':' '[' ']' '::fffg' localhost \
    'fe80::1%lo' '"192.0.2.1"' 192.0.2.1:80/8 "$(repeat 3000 1.)" \
    '192.0.2.1, "203.0.113.9, 10.0.0.1"'; do
	ask "not an address: $(echo "$bad" | cut -c 1-20)" "$me" "$xff: $bad"
done
ask "900 hops" "$it" "$xff: $(repeat 900 1.1.1.1,)192.0.2.1,10.0.0.1"
ask "names of fields have no case" "$it" 'x-forwarded-FOR: 192.0.2.1'
ask "a name that is only like it" "$me" 'X-Forwarded-Form: 192.0.2.1' \
    'X-Forwarded-Fo: 192.0.2.1' 'X_Forwarded_For: 192.0.2.1'
ask "the former name" "$it" 'Forwarded-For: 192.0.2.1'
ask "... counts when the other is not there" "192.0.2.2 localhost - --" \
    'Forwarded-For: 192.0.2.1' "$xff: 192.0.2.2"
ask "Forwarded is not asked for" "$me" 'Forwarded: for=192.0.2.1'
ask "the scheme" "192.0.2.1 localhost - httpson" "$xff: 192.0.2.1" \
    'X-Forwarded-Proto: HTTPS'
ask "... http" "192.0.2.1 localhost - http-" "$xff: 192.0.2.1" \
    'X-Forwarded-Proto: http'
ask "... nonsense" "$it" "$xff: 192.0.2.1" 'X-Forwarded-Proto: https, http'
ask "... without a client" "$me" 'X-Forwarded-Proto: https'
# On one connection, each request for itself.
want "the first of a connection" "$it 200"
want "the second is the proxy's again" "$me 200"
want "the third" "192.0.2.3 localhost - httpson 200"
want "the fourth" "192.0.2.4 localhost - -- 200"
want "the last one, refused" "127.0.0.1 - - -- 400"
raw "${line}Host: localhost\r\n$xff: 192.0.2.1\r\n\r\n" \
    "${line}Host: localhost\r\n\r\n" \
    "${line}Host: localhost\r\n$xff: 192.0.2.3\r\nX-Forwarded-Proto: https" \
    "\r\n\r\n${line}Host: localhost\r\n$xff: 192.0.2.4\r\n\r\n" \
    "NONSENSE\r\n\r\n" -h >/dev/null
judge

forward 'extforward.forwarder = ( "127.0.0.2" => "trust",
	"10.0.0.0/8" => "trust", "127.0.0.0/30" => "untrusted" )'
ask "who is not trusted is not believed" "$me" "$xff: 192.0.2.1"
ask "... nor his chain" "$me" "$xff: 192.0.2.1, 10.0.0.1" \
    'X-Forwarded-Proto: https'
judge
forward 'extforward.forwarder = ( "all" => "trust", "10.0.0.1" => "trust" )'
ask "all: who connects is trusted" "$it" "$xff: 203.0.113.9, 192.0.2.1"
ask "... the chain is not, but for those named" "$it" \
    "$xff: 203.0.113.9, 192.0.2.1, 10.0.0.1"
judge
forward 'extforward.forwarder = ( "all" => "untrusted",
	"127.0.0.1" => "trust" )'
ask "all: nobody" "$me" "$xff: 192.0.2.1"
judge
forward ''
ask "nothing is set, nothing is believed" "$me" "$xff: 192.0.2.1" \
    'Forwarded: for=192.0.2.1'
judge
forward "server.bind = \"unix:$WORK/s\"
extforward.forwarder = ( \"all\" => \"trust\" )"
want "all: behind a unix socket" "$it 200"
want "... without a field" "unix localhost - -- 200"
for field in "$xff: 192.0.2.1\r\n" ''; do
	"$RAW" -a "$WORK/s" "${line}Host: localhost\r\n$field\r\n" -h >/dev/null
done
judge

# ---- Forwarded --------------------------------------------------------------

forward "$trust
$fwd
extforward.params = ( \"host\" => \"enable\", \"remote_user\" => 1 )"
f=Forwarded:
ask "Forwarded: an address" "$it" "$f for=192.0.2.1"
ask "... comes before other fields" "$it" "$xff: 192.0.2.9" "$f for=192.0.2.1"
ask "... which count without it" "192.0.2.9 localhost - --" "$xff: 192.0.2.9"
ask "... quoted" "$it" "$f for=\"192.0.2.1\""
ask "... quoted with a port" "$it" "$f For=\"192.0.2.1:4711\""
ask "... with an obfuscated port" "$it" "$f FOR=\"192.0.2.1:_x\";by=_y"
ask "... IPv6" "2001:db9::1 localhost - --" "$f for=\"[2001:db9::1]\""
ask "... IPv6 with a port" "2001:db9::1 localhost - --" \
    "$f for=\"[2001:db9::1]:4711\""
ask "a chain" "$it" \
    "$f for=203.0.113.9, for=192.0.2.1;by=10.0.0.2, for=10.0.0.2"
ask "... over lines" "$it" "$f for=203.0.113.9" "$f for=192.0.2.1" \
    "$f for=10.0.0.2"
ask "all are trusted: it stays" "$me" "$f for=10.0.0.3, for=10.0.0.2"
for hidden in unknown _hidden '"_hidden"' /run/x '""' '' '"unknown:80"'; do
	ask "for=$hidden: nobody is believed" "$me" \
	    "$f for=192.0.2.1;proto=https, for=$hidden, for=10.0.0.2"
	ask "... before the client: does not matter" "$it" \
	    "$f for=$hidden, for=192.0.2.1"
done
ask "a hop without for=" "$me" "$f for=192.0.2.1, proto=https"
ask "only a scheme" "$me" "$f proto=https"
ask "the scheme" "192.0.2.1 localhost - httpson" "$f proto=https;for=192.0.2.1"
ask "... is the client's" "192.0.2.1 localhost - httpson" \
    "$f for=192.0.2.9;proto=http,for=192.0.2.1;proto=\"HTTPS\", " \
    "$f for=10.0.0.1;proto=http"
ask "... not that of one before" "$it" \
    "$f for=192.0.2.9;proto=https, for=192.0.2.1"
ask "... nonsense" "$it" "$f for=192.0.2.1;proto=gopher"
ask "a comma in a quoted string" "192.0.2.1 localhost u,x --" \
    "$f for=192.0.2.1;remote_user=\"u,x\", for=10.0.0.1"
ask "a quote in it" "192.0.2.1 localhost a\\x22;\\x5cb --" \
    "$f for=192.0.2.1;remote_user=\"a\\x5c\";\\x5c\\x5cb\""
ask "a forged element in it" "$it" \
    "$f for=192.0.2.1;by=\", for=203.0.113.9;by=\", for=10.0.0.1"
ask "a pair without a name" "$it" "$f =;;=x; ;for=192.0.2.1;=\"\";"
ask "a name that is longer or shorter" "$me" "$f fort=192.0.2.1;fo=192.0.2.1"
ask "the first of two" "$it" "$f for=192.0.2.1;for=192.0.2.2"
ask "the host" "192.0.2.1 a.com:80 - --" "$f for=192.0.2.1;host=\"a.com:80\""
ask "... without quotes" "192.0.2.1 a.com - --" \
    "$f for=192.0.2.1;host=a.com;proto=x"
ask "... at the end" "192.0.2.1 a.com - --" "$f for=192.0.2.1;host=a.com"
ask "... noted later" "192.0.2.1 b.com - --" "$f host=x;for=192.0.2.9," \
    "$f for=192.0.2.1, for=10.0.0.2;host=b.com, for=10.0.0.1;host=c.com"
ask "who has logged in, as the last one says" "192.0.2.1 localhost bob --" \
    "$f for=192.0.2.9;remote_user=x, for=192.0.2.1;remote_user=anna," \
    "$f for=10.0.0.2;remote_user=bob, for=10.0.0.1"
ask "2000 pairs" "$it" "$f $(repeat 2000 a=b\;)for=192.0.2.1"
ask "... 1000 elements" "$it" "$f $(repeat 1000 for=1,)for=192.0.2.1"
judge

forward "$trust
$fwd"
ask "params: no host, no user" "192.0.2.1 localhost - httpson" \
    "$f for=192.0.2.1;host=a.com;remote_user=x;proto=https"
judge

start_server "$modules
$trust
$fwd
extforward.params = ( \"host\" => \"enable\", \"remote_user\" => \"enable\" )"
for bad in 'for="192.0.2.1' 'for=192.0.2.9;by="x, for=192.0.2.1' '"' \
    'for=192.0.2.1;by="\x5c"' "for=192.0.2.1;host=$(repeat 300 a)" \
    'for=192.0.2.1;host=a..b' 'for=192.0.2.1;host="../x"' \
    'for=192.0.2.1;host=""' 'for=192.0.2.1;host="a\x5c.b"' \
    'for=192.0.2.1;host=a b' 'for=192.0.2.1;host="a:80x"' \
    "for=192.0.2.1;remote_user=$(repeat 300 a)"; do
	is "Forwarded: not to be understood: $(echo "$bad" | cut -c 1-40)" \
	    "$(get /a.txt "Forwarded: $bad" | first | cut -c 1-12)" \
	    "HTTP/1.1 400"
done
for n in 1 10 50 63 64 65 250 255 256 257 500; do
	for pair in 'a=b;' 'for=10.0.0.1,' 'for="[::1]",' ',' ';' '=' \
	    'by=x,;'; do
		answers "35 CVE-2022-22707 lighttpd: $n times $pair" "200 200" \
		    "$(fields "Forwarded: $(repeat $n "$pair")")"
	done
done
is "after all that it still serves" "$(get /a.txt | body)" hello
stop_server

# ---- conditions -------------------------------------------------------------

for name in net tls host other port; do
	mkdir $name
	echo $name >$name/a.txt
done
conditions="$modules
$trust
$fwd
extforward.params = ( \"host\" => \"enable\" )
\$HTTP[\"remoteip\"] == \"192.0.2.0/24\" {
	server.document-root = \"$WORK/net\"
	\$HTTP[\"scheme\"] == \"https\" {
		server.document-root = \"$WORK/tls\"
	}
}
\$HTTP[\"host\"] == \"a.com\" {
	server.document-root = \"$WORK/host\"
}
\$HTTP[\"remoteip\"] == \"198.51.100.1\" {
	extforward.forwarder = ( \"all\" => \"trust\" )
	server.document-root = \"$WORK/other\"
}"
start_server "$conditions"
said() {				# NAME WANT FIELD...
	name=$1 want=$2; shift 2
	is "conditions: $name" "$(get /a.txt "$@" | body)" $want
}
said "nobody else" hello
said "the client's address" net "$xff: 192.0.2.1"
said "... not the one before" hello "$xff: 192.0.2.1, 203.0.113.1"
said "... nor one that he may not say" other "$xff: 192.0.2.1, 198.51.100.1"
said "the scheme" tls "$f for=192.0.2.1;proto=https"
said "the host" host "$f for=203.0.113.1;host=A.com:80"
is "conditions: of one connection each for itself" "$(raw \
    "${line}Host: x\r\n$xff: 192.0.2.1\r\n\r\n" \
    "${line}Host: x\r\n\r\n" \
    "${line}Host: x\r\n$f for=192.0.2.1;proto=https\r\n\r\n" \
    "${line}Host: x\r\n$xff: 192.0.2.1\r\n\r\n" -h | tr -d '\r' |
    grep -x '[a-z]*' | grep . | tr '\n' ' ')" "net hello tls net "
stop_server

# ---- PROXY ------------------------------------------------------------------

proxy() {				# NAME LINE BYTES...: a request behind
	want "$1" "$2 200"; shift 2
	raw "$@" "${line}Host: localhost\r\n\r\n" -h >/dev/null
}
refused() {				# NAME BYTES...: no answer at all
	name=$1; shift
	case $(raw -c "$@" "${line}Host: localhost\r\n\r\n" -h) in
	eof | reset) verdict ok "PROXY: $name" ;;
	*) verdict "not ok" "PROXY: $name" "an answer" "none" ;;
	esac
}
sig='\r\n\r\n\x00\r\nQUIT\n'
v4='\xc0\x00\x02\x01\x7f\x00\x00\x01\x12\x34\x00\x50'	# 192.0.2.1 first
v6='\x20\x01\x0d\xb9\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01'
v6="$v6$v6\x12\x34\x00\x50"
hap='extforward.hap-PROXY = "enable"'
forward "$trust
$hap
extforward.hap-PROXY-ssl-client-verify = \"enable\"
debug.log-request-handling = \"enable\""
proxy "PROXY v1: IPv4" "$it" 'PROXY TCP4 192.0.2.1 127.0.0.1 4711 80\r\n'
proxy "PROXY v1: IPv6" "2001:db9::1 localhost - --" \
    'PROXY TCP6 2001:db9::1 ::1 4711 80\r\n'
proxy "PROXY v1: unknown" "$me" 'PROXY UNKNOWN\r\n'
proxy "PROXY v1: unknown, with addresses" "$me" \
    'PROXY UNKNOWN 192.0.2.1 127.0.0.1 4711 80\r\n'
proxy "PROXY v2: IPv4" "$it" "$sig\x21\x11\x00\x0c$v4"
proxy "PROXY v2: IPv6" "2001:db9::1 localhost - --" "$sig\x21\x21\x00\x24$v6"
proxy "PROXY v2: of the proxy itself" "$me" "$sig\x20\x00\x00\x00"
proxy "PROXY v2: ... with an address" "$me" "$sig\x20\x11\x00\x0c$v4"
proxy "PROXY v2: unspecified" "$me" "$sig\x21\x00\x00\x00"
proxy "PROXY v2: ... with bytes" "$me" "$sig\x21\x00\x00\x05abcde"
proxy "PROXY v2: unix" "$me" "$sig\x21\x31\x00\xd8$(repeat 216 a)"
proxy "PROXY v2: datagrams" "$me" "$sig\x21\x12\x00\x0c$v4"
proxy "PROXY v2: TLVs are skipped" "$it" \
    "$sig\x21\x11\x00\x13$v4\x04\x00\x04abcd"
proxy "PROXY v2: many of them" "$it" "$sig\x21\x11\x1f\x4c$v4$(repeat 8000 a)"
proxy "PROXY v2: one byte at a time" "$it" -b 1 "$sig\x21\x11\x00\x0c$v4"
want "the first request of a connection" "$it 200"
want "the second" "$it 200"
want "a field from who is not trusted" "$it 200"
raw 'PROXY TCP4 192.0.2.1 127.0.0.1 4711 80\r\n' \
    "${line}Host: localhost\r\n\r\n${line}Host: localhost\r\n\r\n" \
    "${line}Host: localhost\r\n$xff: 203.0.113.9\r\n\r\n" -h >/dev/null
# Cut at each byte: the server sees the front, then the rest.
v1='PROXY TCP4 192.0.2.1 127.0.0.1 4711 80\r\n'
cut=1
while [ $cut -lt 39 ]; do
	front=$(printf '%s' "$v1" | cut -c 1-$cut)
	rest=$(printf '%s' "$v1" | cut -c $((cut + 1))-)
	proxy "PROXY v1: cut behind byte $cut" "$it" "$front" -w 5 "$rest"
	cut=$((cut + 1))
done
all="$sig\x21\x11\x00\x0c$v4"
bytes=$(printf '%s' "$all" | sed 's/\\r/\\x0d/g; s/\\n/\\x0a/g
    s/QUIT/\\x51\\x55\\x49\\x54/')
cut=4
while [ $cut -lt 112 ]; do
	front=$(printf '%s' "$bytes" | cut -c 1-$cut)
	rest=$(printf '%s' "$bytes" | cut -c $((cut + 1))-)
	proxy "PROXY v2: cut behind byte $((cut / 4))" "$it" "$front" -w 5 \
	    "$rest"
	cut=$((cut + 4))
done
judge

start_server "$modules
$trust
$hap
server.max-read-idle = 1"
refused "no header"
for bad in 'PROXY' 'PROXY \r\n' 'PROXY TCP4\r\n' 'PROXY TCP5 x x 1 1\r\n' \
    'PROXY TCP4 192.0.2.1 127.0.0.1 4711\r\n' \
    'PROXY TCP4 192.0.2.1 127.0.0.1 4711 80 1\r\n' \
    'PROXY TCP4 192.0.2.1 127.0.0.1 4711 80\n' \
    'PROXY TCP4 192.0.2.1 127.0.0.1 65536 80\r\n' \
    'PROXY TCP4 192.0.2.1 127.0.0.1 -1 80\r\n' \
    'PROXY TCP4 192.0.2.1 127.0.0.1 4711 x\r\n' \
    'PROXY TCP4 192.0.2.1 x 4711 80\r\n' \
    'PROXY TCP4 x 127.0.0.1 4711 80\r\n' \
    'PROXY TCP4  192.0.2.1 127.0.0.1 4711 80\r\n' \
    'PROXY TCP4 2001:db9::1 ::1 4711 80\r\n' \
    'PROXY TCP6 192.0.2.1 127.0.0.1 4711 80\r\n' \
    'PROXY TCP4 192.0.2.1\x00 127.0.0.1 4711 80\r\n' \
    'proxy TCP4 192.0.2.1 127.0.0.1 4711 80\r\n' \
    ' PROXY TCP4 192.0.2.1 127.0.0.1 4711 80\r\n' \
    "PROXY UNKNOWN $(repeat 200 a)\r\n" "PROXY $(repeat 6000 a)" \
    "$sig\x11\x11\x00\x0c$v4" "$sig\x22\x11\x00\x0c$v4" \
    "$sig\x31\x11\x00\x0c$v4" "$sig\x21\x11\x00\x0b$v4" \
    "$sig\x21\x21\x00\x23$v6" "$sig\x21\x11\x00\x00" \
    "$sig\x21\x11\xff\xff$v4" '\r\n\r\n\x00\r\nQUIT\r' '\r\n' '\x00'; do
	refused "$(printf '%s' "$bad" | cut -c 1-45)" "$bad"
done
is "PROXY: half a header ends with the connection" \
    "$(raw -c 'PROXY TCP4 192.0' -h)" eof
like "PROXY: half a header, and nothing more: time runs out" \
    "$(codes 'PROXY TCP4 192.0')" '*eof'
is "PROXY: after all that it still serves" "$(codes 'PROXY UNKNOWN\r\n' \
    "$next" -h)" "200 eof"
stop_server

forward "extforward.forwarder = ( \"10.0.0.1\" => \"trust\" )
$hap"
want "PROXY: who is not trusted needs none" "$me 200"
want "... and may say none" "127.0.0.1 - - -- 400"
raw "${line}Host: localhost\r\n\r\n" -h >/dev/null
raw "$v1$next" -h >/dev/null
judge
start_server "$conditions
\$SERVER[\"socket\"] == \"unix:$WORK/hap\" {
	extforward.forwarder = ( \"all\" => \"trust\" )
	$hap
}"
is "PROXY: only at one socket" "$("$RAW" -c -a "$WORK/hap" "$v1$next" -h |
    sed 1q) $(codes "$next" -h)" "HTTP/1.1 200 OK 200 eof"
unlike "PROXY: ... which takes nothing else" \
    "$("$RAW" -c -a "$WORK/hap" "$next" -h)" "*HTTP*"
like "PROXY: conditions see the client" "$("$RAW" -a "$WORK/hap" "$v1$next" \
    -h)" "HTTP/1.1 200 *net"
stop_server

start_server "$modules
$trust"
is "PROXY: not enabled, it is no request" "$(codes "$v1$next" -h)" "400 eof"
stop_server

# ---- what -t says -----------------------------------------------------------

no() {					# NAME SETTING WORDS
	configure "$modules
$2"
	"$GLIMD" -t -f glimd.conf >out 2>&1
	like "-t: $1" "$? $(cat out)" "1 *glimd.conf:2:*$3*"
}
for net in 10.0.0.0/33 ::/129 10.0.0 10.0.0.0/ 10.0.0.0/-1 localhost ''; do
	no "\"$net\" is no network" \
	    "extforward.forwarder = ( \"$net\" => \"trust\" )" \
	    'extforward.forwarder: "*" is no address'
done
no "a word that is neither" 'extforward.forwarder = ( "::1" => "yes" )' \
    '"::1" is neither'
no "all faults" 'extforward.forwarder = ( "::1" => 1, "x" => "trust" )' \
    '"::1" is neither*"x" is no address'
no "no such parameter" 'extforward.params = ( "for" => "enable" )' '"for"'
no "no such value" 'extforward.params = ( "host" => "yes" )' '"host"'
