# 47-log - who asked for what: no line is lost, none can be forged.
. "$TOP/test/lib.sh"

echo hello >root/a.txt
modules='server.modules = ( "mod_accesslog" )'
log="$modules
accesslog.filename = \"$WORK/access.log\""
raw_bytes() { tr -d '\n\040-\176' <$1 | wc -c | tr -d ' '; }

# ---- lines ------------------------------------------------------------------

start_server "$log
accesslog.format = \"%h %l %u %t \\\"%r\\\" %>s %b\""
get '/a.txt?x=1' >/dev/null
get /none >/dev/null
request HEAD /a.txt >/dev/null
get /a.txt 'If-None-Match: *' >/dev/null
codes 'NONSENSE\r\n\r\n' >/dev/null
stop_server
date='\[[0-3][0-9]/[A-Z][a-z][a-z]/[0-9]{4}:[0-9:]{8} [+-][0-9]{4}\]'
matches() {				# NAME LINE REGULAR-EXPRESSION
	line=$(sed -n "$2p" access.log)
	is "$1" "$(printf '%s\n' "$line" | grep -x -E -e "$3")" "$line"
	okay "... is there" test -n "$line"
}
who="127\.0\.0\.1 - - $date"
matches "the common format" 1 "$who \"GET /a\.txt\?x=1 HTTP/1\.1\" 200 6"
matches "404" 2 "$who \"GET /none HTTP/1\.1\" 404 [0-9]+"
matches "HEAD: no bytes" 3 "$who \"HEAD /a\.txt HTTP/1\.1\" 200 [-0]"
matches "304: no bytes" 4 "$who \"GET /a\.txt HTTP/1\.1\" 304 [-0]"
is "no more than one line each" "$(sed -n '6,$p' access.log)" ""
rm access.log

start_server "$log"
get /a.txt 'User-Agent: test "it" \x5c' 'Referer: http://y/' >/dev/null
get /a.txt 'Referer: \x1b[31m\x9b' >/dev/null
get '/\xe4\xff' >/dev/null
get '/a\x1b[2Jb' >/dev/null
get /a%0a%1bb >/dev/null
codes 'GET /a\nforged HTTP/1.1\r\nHost: x\r\n\r\n' >/dev/null
get /a.txt 'User-Agent: \xc3\xa4' >/dev/null
stop_server
is "no byte of the log is raw" "$(raw_bytes access.log)" 0
like "quotes are escaped" "$(cat access.log)" \
    '*"test \\x22it\\x22 \\x5[cC]"*'
like "bytes above 127 are \\xHH" "$(tail -n 1 access.log)" '*\\x[cC]3\\x[aA]4*'
is "a line begins with the address" "$(grep -v '^127\.0\.0\.1 ' access.log)" ""
like "combined: referer and agent" "$(sed -n 1p access.log)" \
    '127.0.0.1 localhost - [[]*[]] "GET /a.txt HTTP/1.1" 200 6 "http://y/" "t*"'
rm access.log

# ---- opened again -----------------------------------------------------------

for signal in USR1 HUP; do
	rm -f access.log*
	start_server "$log"
	get /a.txt >/dev/null		# perhaps still in the old one
	raw -n 300 -c 'GET /a.txt HTTP/1.1\r\nHost: x\r\n' \
	    'Connection: close\r\n\r\n' >answers &
	for i in 1 2 3; do
		wait_for test -e access.log
		mv access.log access.log.$i
		kill -$signal $PID
		wait_for test -e access.log
	done
	wait $!
	get /a.txt >/dev/null
	wait_for grep -q . access.log
	stop_server
	is "$signal after a rename loses no line" \
	    "$(cat access.log* | grep -c '"GET /a.txt HTTP/1.1" 200')" \
	    $(($(grep -c ' 200 ' answers) + 2))
	is "$signal: a log is not for everybody" \
	    "$(ls -l access.log | cut -c 1-10)" "-rw-r-----"
done
start_server "$log"
get /a.txt >/dev/null
okay "a line is there within a second" wait_for grep -q a.txt access.log
stop_server

# ---- the error log ----------------------------------------------------------

start_server "server.errorlog = \"$WORK/error.log\"
debug.log-request-header = \"enable\"
debug.log-request-handling = \"enable\"
debug.log-file-not-found = \"enable\""
get /none 'X: a\x1b[31mb\x7f\xc2\x9b' >/dev/null
codes 'GET /x\x1b[2J\nforged HTTP/1.1\r\nHost: x\r\n\r\n' >/dev/null
get /%c3%a4none >/dev/null
okay "the error log is written" grep -q none error.log
is "its lines have date and place" "$(grep -v -E \
    '^[0-9-]{10} [0-9:]{8}: \([a-z_]+\.c\.[0-9]+\) ' error.log)" ""
is "no byte of it is raw" "$(raw_bytes error.log)" 0
mv error.log error.old
kill -USR1 $PID
okay "it is opened again" wait_for test -e error.log
get /gone >/dev/null
okay "... and written" wait_for grep -q gone error.log

stop_server
start_server 'server.modules = ( "mod_accesslog" )
accesslog.filename = "|true"'
is "a log reader that is gone hurts nobody" "$(get /a.txt | body)" hello
stop_server

start_server "server.modules = ( \"mod_accesslog\" )
accesslog.filename = \"|cat >>$WORK/piped.log\""
get /a.txt >/dev/null
wait_for grep -q a.txt piped.log
pkill_reader() { for p in $(ps -o pid= -o args= | awk '/cat >>.*piped.log/ \
    && !/awk/ { print $1 }'); do kill $p; done; }
pkill_reader 2>/dev/null
again() { get /again >/dev/null; grep -q again piped.log; }
okay "one that died is started again" wait_for again

