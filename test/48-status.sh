# 48-status - the server's own state, as a page and for programs.
. "$TOP/test/lib.sh"
. "$TOP/test/workers.sh"
. "$TOP/test/load.sh"

urls='server.modules = ( "mod_status" )
status.status-url = "/server-status"
status.config-url = "/server-config"
status.statistics-url = "/server-statistics"'
kind() { field Content-Type; }
# To 1.0, for no chunk's size is between the lines then.
page() { raw "GET $1 HTTP/1.0\r\nHost: x\r\n\r\n" | tr -d '\r'; }

# The number behind a name, in what get or page said.
value() { sed -n "s/^[^A-Za-z]*$1[\":]* \([0-9]*\),*\$/\1/p"; }	# NAME
total() { get '/server-status?auto' | value 'Total Accesses'; }
class() { get /server-statistics | value requests_total_$1xx; }	# DIGIT
totals() { [ "$(total)" = "$1" ]; }	# NUMBER
# Each request counts, also the one that asks.
n=0
counts() {				# NAME: all requests so far, n
	n=$((n + 1))
	is "$1" "$(total)" $n
}
# So many requests, each on a connection of its own.
ask() {					# NUMBER TARGET [METHOD]
	raw -c -n $1 "${3:-GET} $2 HTTP/1.0\r\n\r\n" >/dev/null
	n=$((n + $1))
}

# ---- formats ----------------------------------------------------------------

start_server "$urls"
answer=$(page /server-status)
like "a page" "$answer" "HTTP/1.0 200 OK*<main*</main>*</html>"
like "its type" "$(echo "$answer" | kind)" "text/html; charset=utf-8"
is "it is not kept" "$(echo "$answer" | field Cache-Control)" no-cache
is "nobody may guess another type" \
    "$(echo "$answer" | field X-Content-Type-Options)" nosniff
is "two graphs" "$(echo "$answer" | grep -c '<svg')" 2
is "... of 60 bars" "$(echo "$answer" | grep '<svg' | sed 1q |
    tr V '\n' | grep -c h1)" 60
like "it asks nothing of the browser but its own" \
    "$(echo "$answer" | field Content-Security-Policy)" \
    "default-src 'none'; *; script-src 'sha256-*'"
unlike "no refresh unless asked for" "$answer" '*http-equiv*'
is "HEAD has no body" "$(request HEAD /server-status | body)" ""
like "... but the same head" "$(request HEAD /server-status)" \
    "HTTP/1.1 200 OK*Content-Type: text/html*"
if have openssl; then
	is "one script is run, by its hash" "$(echo "$answer" |
	    sed -n "s/^Content-Sec.*'sha256-\(.*\)'/\1/p")" \
	    "$(echo "$answer" | sed -n 's|^<script>\(.*\)</script>$|\1|p' |
	    tr -d '\n' | openssl dgst -sha256 -binary | openssl base64)"
else
	skip "one script is run, by its hash" "no openssl"
fi
like "?refresh=7" "$(get '/server-status?refresh=7')" \
    '*<noscript><meta http-equiv="refresh" content="7"></noscript>*'
for nonsense in 0 -1 99999999 '' x '7"><script>' 99999999999999999999; do
	unlike "?refresh=$nonsense is none" \
	    "$(get "/server-status?refresh=$nonsense")" '*http-equiv*'
done

answer=$(page '/server-status?auto')
is "?auto has lighttpd's names, in its order" "$(echo "$answer" | body |
    sed 's/:.*//' | grep -v Average5s)" "Total Accesses
Total kBytes
Uptime
BusyServers
IdleServers
Scoreboard"
like "... as text" "$(echo "$answer" | kind)" "text/plain*"
is "... a letter for the one who asks" "$(echo "$answer" |
    sed -n 's/^Scoreboard: //p')" W

answer=$(page '/server-status?json')
is "?json is JSON" "$(echo "$answer" | kind)" application/json
for name in RequestsTotal TrafficTotal Uptime BusyServers IdleServers \
    RequestAverage5s TrafficAverage5s; do
	like "... has $name" "$(echo "$answer" | value $name)" "[0-9]*"
done
names='print(sorted(k for k in v if v[k] < 0), v["BusyServers"],
    v["requests_total_2xx"] == v["RequestsTotal"] > 5)'
if have python3; then
	is "... that can be read" "$(echo "$answer" | body | python3 -c "
import json, sys
v = json.load(sys.stdin)
$names" 2>&1)" "[] 1 True"
elif have jq; then
	is "... that can be read" "$(echo "$answer" | body |
	    jq .BusyServers)" 1
else
	skip "... that can be read" "neither python3 nor jq"
fi

# By the grammar of the text format, line for line.
prometheus() {
	awk '
	/^# HELP [a-z_]+ [A-Za-z, ]+$/ { help[$3] = 1; next }
	/^# TYPE [a-z_]+ (counter|gauge)$/ {
		if (!($3 in help) || $3 in type)
			print "out of order: " $0
		type[$3] = $4
		if (($4 == "counter") != ($3 ~ /_total$/))
			print "its name does not say so: " $0
		next
	}
	/^[a-z_]+({code="[0-5]xx"})? [0-9]+$/ {
		name = $1
		sub(/{.*/, "", name)
		if (!(name in type))
			print "no type: " $0
		if ($1 in seen)
			print "twice: " $0
		seen[$1] = 1
		lines++
		next
	}
	{ print "malformed: " $0 }
	END { print lines }'
}
answer=$(page '/server-status?prometheus')
is "?prometheus is its text format" "$(echo "$answer" | kind)" \
    "text/plain; version=0.0.4; charset=utf-8"
is "... each line" "$(echo "$answer" | body | prometheus)" 13
is "Prometheus gets it by what it accepts" "$(get /server-status \
    'Accept: application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1' |
    kind)" "text/plain; version=0.0.4; charset=utf-8"
like "... and a browser the page" "$(get /server-status 'Accept: text/html,
 application/xhtml+xml,*/*;q=0.8' | kind)" "text/html*"
like "... and curl" "$(get /server-status 'Accept: */*' | kind)" "text/html*"
is "who shares a cache is told" "$(echo "$answer" | field Vary)" Accept

answer=$(page /server-statistics)
is "statistics are names and numbers" "$(echo "$answer" | body |
    grep -vx '[0-9a-z_]*: [0-9]*')" ""
like "... as text" "$(echo "$answer" | kind)" "text/plain*"
answer=$(get /server-config)
for what in mod_status mod_staticfile "server.max-keep-alive-idle<b>5</b>" \
    "<li>Version<b>"; do
	like "the configuration has $what" "$answer" "*$what*"
done
unlike "... and no text, which may be a secret" "$answer" "*$ROOT*"

# ---- which URL, which method ------------------------------------------------

for target in /server-statu /server-statuss /server-status/ /Server-Status \
    //x/server-status; do
	like "not at $target" "$(get "$target" | first)" "HTTP/1.1 404 *"
done
like "at another spelling of the same path" \
    "$(get /./server%2Dstatus | first)" "HTTP/1.1 200 *"
for method in POST PUT DELETE; do
	answer=$(request $method /server-status 'Content-Length: 0')
	like "$method is refused" "$answer" \
	    "HTTP/1.1 405 *Allow: GET, HEAD, OPTIONS*"
done
like "OPTIONS is answered" "$(request OPTIONS /server-status)" \
    "HTTP/1.1 200 *Allow: GET, HEAD, OPTIONS*"
is "the connection stays" "$(codes \
    'GET /server-status HTTP/1.1\r\nHost: x\r\n\r\n' \
    'GET /server-status?json HTTP/1.1\r\nHost: x\r\n\r\n' -h)" "200 200 eof"
is "and to 1.0 it ends" "$(codes 'GET /server-status HTTP/1.0\r\n\r\n')" \
    "200 eof"
stop_server
start_server 'server.modules = ( "mod_status" )'
like "nowhere unless it is told where" "$(get /server-status | first)" \
    "HTTP/1.1 404 *"
stop_server

start_server 'server.modules = ( "mod_status" )
$HTTP["remoteip"] == "127.0.0.0/8" { status.status-url = "/near" }
$HTTP["remoteip"] == "192.0.2.0/24" { status.status-url = "/far" }
$HTTP["host"] == "a" { status.enable-sort = "disable" }'
like "for those who may see it" "$(get /near | first)" "HTTP/1.1 200 *"
like "... and not for others" "$(get /far | first)" "HTTP/1.1 404 *"
like "one host sorts" "$(page /near)" '*<table class*'
unlike "... and one does not" "$(raw 'GET /near HTTP/1.0\r\nHost: a\r\n\r\n')" \
    '*<table class*'
stop_server

# ---- what it counts ---------------------------------------------------------

for backend in $backends; do
	start_server "$urls
server.event-handler = \"$backend\""
	n=0
	ask 20 /a.txt
	ask 7 /missing
	ask 3 /a.txt DELETE
	ask 2 '//%00'
	counts "$backend: requests, refused ones too"
	is "$backend: of 4xx" "$(class 4)" 12
	n=$((n + 1))
	is "$backend: of 5xx" "$(class 5)" 0
	n=$((n + 1))
	counts "$backend: ... and those that asked"
	before=$(page /server-statistics | value sent_bytes_total)
	get /large >/dev/null
	n=$((n + 2))
	counts "$backend: a large answer is one"
	after=$(page /server-statistics | value sent_bytes_total)
	okay "$backend: ... and all its bytes" test $((after - before)) -gt \
	    33554432
	okay "$backend: ... not many more" test $((after - before)) -lt \
	    33564432
	stop_server
done

# ---- who is connected -------------------------------------------------------

start_server "$urls"
busy() { get '/server-status?auto' | value BusyServers; }
is_busy() { [ "$(busy)" = $1 ]; }
states() {
	get '/server-status?auto' | sed -n 's/^Scoreboard: //p' |
	    sed 's/\(.\)/\1\n/g' | grep . | sort | tr -d '\n'
}
show() { [ "$(states)" = "$1" ]; }
is "one, who asks" "$(busy)" 1
rm -f go
hold() { raw -t 30000 "$@" -f go -e >>held 2>&1 & mine $!; }
hold 'GET /server-statu'
hold 'GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n' -g hello
hold 'POST /a.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1234'
hold -z 4096 'GET /large?a=<script>alert(1)</script>&b="x"'"'y'" \
    ' HTTP/1.1\r\nHost: victim.example\r\n\r\n' -g Content-Length
hold 'GET /a.txt?before HTTP/1.1\r\nHost: x\r\n\r\n' -g hello 'GET /again'
hold ''
okay "six more, in all their states" wait_for show .RWWkrr
is "... are seven" "$(busy)" 7
page=$(page /server-status)
is "... a row for each" "$(echo "$page" | grep -c '^<tr><td>127.0.0.1<td>')" 7
like "... with what it asked" "$page" \
    "*<td>write<td>*<td>victim.example<td>/large?a=&lt;script&gt;*"
for what in '<script>alert' '"x"' "'y'"; do
	unlike "68, 69: a URL is escaped: $what" "$page" "*$what*"
done
like "... and there" "$page" "*&amp;b=&quot;x&quot;&#39;y&#39;*"
like "who is idle" "$page" "*<td>keep-alive<td>*"
like "who has only connected" "$page" "*<td>connect<td>*"
# nothing of a head that is not complete, or of the one before
is "... half a request is not shown" "$(echo "$page" |
    grep -c '<td>read<td><td><td><td><td>$')" 2
touch go
okay "they go" wait_for is_busy 1
like "the host of the one who asks is escaped" "$(raw 'GET /server-status ' \
    'HTTP/1.0\r\nHost: a'"'"'b\r\n\r\n')" "HTTP/1.[01] [24]00*"
unlike "... if it is taken at all" "$(raw 'GET /server-status HTTP/1.0\r\n' \
    "Host: a'b\r\n\r\n")" "*a'b*"
long=$(printf '%05000d' 0)
rm -f go
hold -z 4096 "GET /large?$long HTTP/1.1\r\nHost: x\r\n\r\n" -g Content-Length
okay "a long URL" wait_for is_busy 2
page=$(page /server-status)
unlike "... is cut" "$page" "*$(printf '%0257d' 0)*"
like "... not away" "$page" "*/large?$(printf '%0200d' 0)*"
touch go
# many: the page does not grow with them
"$TOP/test/bin/crowd" -a 127.0.0.1:$PORT -n 250 -p /a.txt -w crowd.ready -q \
    idle >crowd.out 2>&1 &
crowd=$!
mine $crowd
if wait_for test -e crowd.ready; then
	page=$(page /server-status)
	is "200 rows at most" "$(echo "$page" | grep -c '^<tr><td>')" 200
	like "... and the number of those who have none" "$page" \
	    "*And 5[0-9] more.*"
	is "... but all their letters" "$(get '/server-status?auto' |
	    sed -n 's/^Scoreboard: //p' | tr -d 'W\n' | wc -c |
	    tr -d ' ')" 250
else
	skip "200 rows at most" "$(cat crowd.out)"
fi
kill $crowd
stop_server

start_server "$urls"'
status.enable-sort = "disable"'
unlike "no sorting, if so told" "$(get /server-status)" '*<table class*'
stop_server

# ---- workers ----------------------------------------------------------------

start_workers 3 "$urls"
n=0
ask 60 /a.txt
ask 15 /missing
counts "of three workers: requests of all"
is "... of 4xx" "$(class 4)" 15
is "... three of them" "$(page /server-statistics | value workers)" 3
n=$((n + 2))
workers 3
victim=${KIDS%% *}
rm -f go
hold 'GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n' -g hello
n=$((n + 1))
okay "a client of one is seen by all" wait_for is_busy 2
touch go
okay "... and then none" wait_for is_busy 1
n=$(total)
want=3
kill -KILL $victim
okay "one is killed" wait_for is_back
counts "... what it did still counts"
ask 40 /a.txt
counts "... and what its successor does"
kill -HUP $PID
okay "a reload" wait_for logged "configuration reloaded"
okay "... with three new ones" workers 3
before=$n
n=$(total)
is "... and no number went back" "$n" $((before + 1))
ask 40 /a.txt
counts "... and all count on"
is "... of 4xx still" "$(class 4)" 15
# each time another one may answer
last=0 back=
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	now=$(total)
	[ "$now" -ge "$last" ] || back="$back $last:$now"
	last=$now
done
is "whoever answers, totals grow" "$back" ""
okay "the past is that of all" test "$(get /server-status |
    sed -n 's/^<h2>Requests a second: \([0-9]*\).*/\1/p')" -gt 0
stop_server

# ---- in a browser -----------------------------------------------------------

browser=
for name in chromium chromium-browser google-chrome; do
	[ -n "$browser" ] || ! have $name || browser=$name
done
why=
[ -n "$browser" ] || why="no chromium"
[ -z "$GLIMD_WRAP" ] && [ "$SLOW" -le 1 ] || why="not with a slow server"
if [ -n "$why" ]; then
	skip "a browser shows the page" "$why"
else
	start_server "$urls"
	timeout 60 "$browser" --headless=new --no-sandbox --disable-gpu \
	    --dump-dom --user-data-dir="$WORK/profile" \
	    --virtual-time-budget=9000 \
	    "http://127.0.0.1:$PORT/server-status" 2>browser.out >dom
	like "a browser shows the page" "$(cat dom)" "*<table*<tbody>*<td>*"
	renewed=$(sed -n 's|.*>Requests answered<b>\([0-9]*\).*|\1|p' dom)
	okay "... which renews itself ($renewed)" test "${renewed:-0}" -ge 2
	stop_server
fi
