# 47-letters - what a line of the access log can say; logs of their own.
. "$TOP/test/lib.sh"

echo hello >root/a.txt
conf="server.modules = ( \"mod_setenv\", \"mod_accesslog\" )
setenv.set-environment = ( \"A\" => \"x y\" )
setenv.add-response-header = ( \"X-Out\" => \"o\\\"ut\" )"
formats=
# A format is used by requests with a query of its own, in a log of its own.
format() {				# FORMAT
	formats="$formats."
	conf="$conf
\$HTTP[\"query-string\"] == \"${#formats}\" {
	accesslog.filename = \"$WORK/${#formats}.log\"
	accesslog.format = \"$1\"
}"
}
asked=
next() {				# NAME PATTERN COMMAND...: what it says
	asked="$asked."
	printf '%s\n' "$1" >${#asked}.name
	printf '%s\n' "$2" >${#asked}.want
	shift 2
	"$@" >/dev/null
}

# The end writes all logs: then each line is held against its pattern.
judge() {
	i=0
	while [ $i -lt ${#asked} ]; do
		i=$((i + 1))
		line=$(cat $i.log)
		is "$(cat $i.name)" "$(printf '%s\n' "$line" |
		    grep -x -E -e "$(cat $i.want)")" "$line"
		okay "... is there" test -n "$line"
	done
}

# Each line here has its line below.
format 'a%%b%%'
format '%a %h %l %n %{x}n'
format '%A %p %{local}p'
format '%{remote}p'
format '%b %B'
format '%b %B'
format '%s %>s %<s'
format '%m %r %U %q %H'
format '%m|%r|%q'
format '%v %V %{Host}i'
format '%f'
format '%I %O'
format '%k'
format '%X'
format '%X'
format '%{X-In}i|%{x-none}i'
format '%{x-out}o|%{Content-Type}o|%{none}o'
format '%{b}C|%{a}C|%{c}C|%{none}C'
format '%{A}e|%{B}e'
format '%u'
format '%t'
format '%{%Y-%m-%d}t %{begin:%H}t %{end:%M:%S}t'
format '%{sec}t %{msec}t %{usec}t'
format '%{msec_frac}t %{usec_frac}t %{nsec_frac}t'
format '%{begin:sec}t %{begin:msec}t %{end:usec}t %{begin:usec_frac}t'
format '%T %D'
format '%{s}T %{ms}T %{us}T %{sec}T %{msec}T %{usec}T'
format "$(printf '\303\244\t')%s"
start_server "$conf"

q() { echo "/a.txt?$((${#asked} + 1))"; }
time='[0-9]{10}'
next "text" 'a%b%' get "$(q)"
next "%a %h %l %n" '127\.0\.0\.1 127\.0\.0\.1 - - -' get "$(q)"
next "%A %p" "127\.0\.0\.1 $PORT $PORT" get "$(q)"
next "%{remote}p" '[1-9][0-9]{3,4}' get "$(q)"
next "%b %B" '6 6' get "$(q)"
next "... of nothing" '- 0' request HEAD "$(q)"
next "%s" '405 405 405' request DELETE "$(q)"
next "%m %r %U %q %H" 'GET GET /%61\.txt\?8 HTTP/1\.1 /%61\.txt 8 HTTP/1\.1' \
    get /%61.txt?8
next "... escaped" 'GET\|GET /a\\x22b\\x5[cC]\?9 HTTP/1\.1\|9' \
    get '/a"b\\?9'
next "%v %V %{Host}i" 'localhost localhost localhost' get "$(q)"
next "%f" ".*/root/a\.txt" get "$(q)"
next "%I %O" '[4-9][0-9] [23][0-9][0-9]' get "$(q)"
codes "GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n" \
    "GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n" \
    "GET /a.txt?13 HTTP/1.1\r\nHost: x\r\n\r\n" -h >/dev/null
next "%k: requests before it" 2 :
next "%X, and it closes" - get "$(q)"
next "... and it stays" '\+' codes \
    "GET $(q) HTTP/1.1\r\nHost: x\r\n\r\n" -h
next "%{}i" 'b\\x22\\xe9\|-' get "$(q)" 'X-In: b"\xe9'
next "%{}o" 'o\\x22ut\|text/plain; charset=utf-8\|-' get "$(q)"
next "%{}C" '2=2\|\\x22\|3\|-' get "$(q)" 'Cookie: aa=1; b=2=2 ;a="' \
    'Cookie:c=3;b=4;;=;c'
next "%{}e" 'x y\|-' get "$(q)"
next "%u of nobody" - get "$(q)"
next "%t" '\[../.../....:..:..:.. [+-]....\]' get "$(q)"
next "%{%Y}t" '....-..-.. .. ..:..' get "$(q)"
next "%{sec}t" "$time $time[0-9]{3} $time[0-9]{6}" get "$(q)"
next "%{msec_frac}t" '[0-9]{3} [0-9]{6} [0-9]{6}000' get "$(q)"
next "%{begin:sec}t" "$time $time[0-9]{3} $time[0-9]{6} [0-9]{6}" get "$(q)"
next "%T %D" '[0-9]+ [0-9]+' get "$(q)"
next "%{ms}T" '[0-9]+ [0-9]+ [0-9]+ [0-9]+ [0-9]+ [0-9]+' get "$(q)"
next "text as it is" "$(printf '\303\244\t')200" get "$(q)"
stop_server
judge
is "one line each" "$(cat [0-9]*.log | wc -l | tr -d ' ')" 28
now=$(date +%s)
set -- $(cat 23.log)
okay "it is now" test $((now - $1)) -ge 0 -a $((now - $1)) -le $((60 * SLOW))
is "... in all units" "${2%???} ${3%??????}" "$1 $1"

# ---- how long it took -------------------------------------------------------

start_server "server.modules = ( \"mod_accesslog\" )
accesslog.filename = \"$WORK/took.log\"
accesslog.format = \"%D %{ms}T %T %{begin:usec}t %{usec}t |%{%S}t| %r\""
dd if=/dev/zero of=root/big bs=65536 count=512 2>/dev/null
raw -z 2048 'GET /big HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' \
    -g HTTP -w 300 >/dev/null
get /a.txt >/dev/null
codes 'NONSENSE\r\n\r\n' >/dev/null
wait_for grep -q NONSENSE took.log
set -- $(grep big took.log)
okay "a slow reader takes its time" \
    test "$1" -ge 300000 -a $(($1 / 1000)) = "$2"
is "... which is what lies between" $(($5 - $4)) "$1"
set -- $(grep a.txt took.log)
okay "a file does not" test "$1" -gt 0 -a "$1" -lt $((5000000 * SLOW))
seconds() {
	get /a.txt >/dev/null
	[ "$(sed -n 's/.*|\(..\)|.*a.txt.*/\1/p' took.log | sort -u | wc -l)" \
	    -ge 3 ]
}
okay "time goes on" wait_for seconds
set -- $(grep NONSENSE took.log)
is "what was refused took none" "$1 $2 $3" "0 0 0"
is "... and was then" "$4" "$5"
stop_server

# ---- several logs -----------------------------------------------------------

several() {				# WORKERS
	rm -f main.log b.log
	start_server "server.max-worker = $1
server.modules = ( \"mod_accesslog\" )
accesslog.filename = \"$WORK/main.log\"
accesslog.format = \"main %r\"
\$HTTP[\"host\"] == \"b\" {
	accesslog.filename = \"b.log\"
	\$HTTP[\"url\"] =^ \"/x\" { accesslog.format = \"x %r\" }
}
\$HTTP[\"host\"] == \"c\" { accesslog.filename = \"\" }
\$HTTP[\"host\"] == \"d\" {
	accesslog.filename = \"$WORK/b.log\"
	accesslog.format = \"d %r\"
}"
	for host in a b c d; do
		codes "GET /$host HTTP/1.1\r\nHost: $host\r\n\r\n" \
		    "GET /x$host HTTP/1.1\r\nHost: $host\r\n\r\n" \
		    -h >/dev/null
	done
	wait_for there 4 b.log
	wait_for there 2 main.log
	is "$1 workers: a site with its own log, and its format" \
	    "$(LC_ALL=C sort b.log | tr '\n' ' ')" "d GET /d HTTP/1.1 d GET\
 /xd HTTP/1.1 main GET /b HTTP/1.1 x GET /xb HTTP/1.1 "
	is "the others, but for one that wants none" \
	    "$(LC_ALL=C sort main.log | tr '\n' ' ')" \
	    "main GET /a HTTP/1.1 main GET /xa HTTP/1.1 "
	mv b.log b.old
	mv main.log main.old
	kill -USR1 $PID
	okay "all are opened again" wait_for test -e b.log -a -e main.log
	codes 'GET /again HTTP/1.1\r\nHost: b\r\n\r\n' -h >/dev/null
	codes 'GET /again HTTP/1.1\r\nHost: x\r\n\r\n' -h >/dev/null
	okay "... and written" wait_for once_more
	stop_server
}
there() { [ "$(wc -l <"$2")" -ge "$1" ]; }	# LINES FILE
once_more() {
	cat b.old b.log | grep -q again && cat main.old main.log | grep -q again
}
several 0
several 2

# ---- commands ---------------------------------------------------------------

start_server "server.modules = ( \"mod_accesslog\" )
accesslog.format = \"%r\"
accesslog.filename = \"|echo start >>$WORK/starts; cat >>$WORK/one.log\"
\$HTTP[\"url\"] =^ \"/two\" {
	accesslog.filename = \"|cat >>$WORK/two.log\"
}
\$HTTP[\"url\"] =^ \"/same\" {
	accesslog.filename = \"|echo start >>$WORK/starts; cat >>$WORK/one.log\"
}"
get /one1 >/dev/null
get /two1 >/dev/null
okay "a command reads" wait_for grep -q /one1 one.log
okay "... and another one" wait_for grep -q /two1 two.log
is "... its own" "$(cat one.log two.log)" 'GET /one1 HTTP/1.1
GET /two1 HTTP/1.1'
get /same >/dev/null
okay "... that is started once for all" wait_for grep -q /same one.log
is "... really" "$(cat starts)" start
raw -n 100 -c 'GET /one2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' \
    >answers &
asking=$!
for signal in HUP USR1 HUP; do
	kill -$signal $PID
	get /one1 >/dev/null
done
wait $asking
lines() { test "$(grep -c /one2 one.log)" = "$1"; }
okay "logs that are opened again leave no line out" wait_for lines 100
readers() {
	ps -A -o pid= -o ppid= -o args= | grep "cat >>$WORK/$1[.]log" |
	    awk -v p=$PID '$2 == p { print $1 }'
}
before=$(readers two)
if [ -n "$before" ]; then
	kill $before
	died() { get /two2 >/dev/null; grep -q /two2 two.log; }
	okay "a command that died is started again" wait_for died
	is "... that one alone" "$(readers one | wc -l | tr -d ' ')" 1
else
	skip "a command that died is started again" "ps does not show it"
fi
stop_server
is "nothing was lost at the end" "$(grep -c /one2 one.log)" 100

# ---- the start --------------------------------------------------------------

log() {					# TEXT: -t of a configuration
	configure "server.modules = ( \"mod_accesslog\" )
accesslog.$1"
	$GLIMD_WRAP "$GLIMD" -t -f $SRV.conf 2>&1
	echo $?
}
for format in %Z %y '%{x}y' % 'a%' '%{a' '%{}i' '%{}t' %i %o %e %C '%200s' \
    '%!h' '%{a}{b}i' '%{sek}t' '%{begin:}t' '%{sec_frac}t' '%{us_fraction}t' \
    '%{xx}T' '%{ms_frac}T' '%{}T' '%{minutes}T'; do
	like "no format: $format" "$(log "format = \"$format\"")" \
	    "*$SRV.conf:2:1: accesslog.format: *
1"
done
like "one in a block" "$(log 'format = "%h"
$HTTP["host"] == "x" {
	accesslog.format = "%h %Z x"
}')" "*$SRV.conf:4:2: accesslog.format: not understood: %Z x
1"
like "a priority that is none" "$(log 'syslog-level = 8')" \
    "*$SRV.conf:2:1: accesslog.syslog-level *
1"
like "a folder that is none" "$(log 'filename = "/none/at/all.log"')" \
    "*/none/at*
1"
start_server 'server.modules = ( "mod_accesslog" )
accesslog.use-syslog = "enable"
accesslog.syslog-level = 7'
is "syslog hurts nobody" "$(get /a.txt | body)" hello
