# 27-gateways - memory, descriptors and the disk fail while a request is with a
# backend or a script: it may, and the next one is served; nothing is left.
. "$TOP/test/lib.sh"
needs cgi fastcgi scgi proxy
. "$TOP/test/workers.sh"
. "$TOP/test/faults.sh"

mkdir up
{
	echo "echo 'Content-Type: text/plain'"
	echo "echo 'Status: 201'; echo; cksum; echo end"
} >root/sum.cgi
start_backend back -p http
start gateway "server.modules = ( \"mod_cgi\", \"mod_proxy\" )
cgi.assign = ( \".cgi\" => \"/bin/sh\" )
server.upload-dirs = ( \"$WORK/up\" )
proxy.server = ( \"/p/\" => (( \"host\" => \"127.0.0.1\",
    \"port\" => $BACKEND, \"disable-time\" => 0 )) )
\$HTTP[\"query-string\"] == \"s\" { server.stream-request-body = 1 }"

length=$((${#text} * 3))
big="Content-Length: $length\r\n\r\n$text$text$text"
small='Transfer-Encoding: chunked\r\n\r\n4\r\nabc\n\r\n0\r\n\r\n'
kinds='proxy cgi postproxy postcgi chunkproxy chunkcgi bigproxy bigcgi
streamproxy streamcgi two gone'
send() {				# KIND N [PREFIX]
	file=out/$3$1.$2
	case $1 in
	*proxy) to=/p/echo ;;
	*) to=/sum.cgi ;;
	esac
	case $1 in
	post*) set -- "POST $to ${last}Content-Length: 5\r\n\r\nabcd\n" ;;
	chunk*) set -- "POST $to $last$small" ;;
	big*) set -- "POST $to $last$big" ;;
	stream*) set -- "POST $to?s $last$big" ;;
	two) set -- "GET /p/hello $more\r\nGET /p/hello $last\r\n" ;;
	gone) set -- "GET /p/nothing $last\r\n" ;;
	proxy) set -- "GET /p/hello $last\r\n" ;;
	cgi) set -- "GET $to $last\r\n" ;;
	esac
	raw "$1" >$file 2>>hung
}

ask plain 0
for kind in $kinds; do
	send $kind 0
done
is "what they answer" "$(for kind in $kinds; do
	sed -n 's|^HTTP/1.1 \([0-9]*\).*|\1|p' out/$kind.0
done | tr '\n' ' ')" \
    "200 201 200 201 200 201 200 201 200 201 200 200 502 "
okay "a large body comes back" test "$(tr -d '\r' <out/bigproxy.0 | body |
    cksum)" = "$(printf %s "$text$text$text" | cksum)"
kill -HUP $PID
wait_for logged 'configuration reloaded'
fds
before=$N

# Each call of each kind fails once, then all from some call on.
total=0 endless=
for call in 'malloc ENOMEM' 'epoll_ctl ENOMEM' 'socket EMFILE' \
    'connect ECONNREFUSED' 'pipe EMFILE' 'mkstemp EMFILE' 'write ENOSPC' \
    'read EIO' 'fstat EIO'; do
	for kind in $kinds; do
		n=0
		while n=$((n + 1)); [ $n -lt 40 ] && [ ! -s hung ]; do
			fault ${call% *} $n ${call#* } once
			send $kind $n "${call% *}-"
			hit || break
			fault off
			ask plain 1 "${call% *}.$kind.$n-"
			total=$((total + 1))
		done
		[ $n -lt 40 ] || endless="$endless $kind:${call% *}"
		fault ${call% *} 1 ${call#* } always
		send $kind 1 "${call% *}.always-"
		fault off
		ask plain 1 "${call% *}.$kind.always-"
	done
done
is "each call of each request has failed once" "$endless" ""
okay "... $total of them" test $total -gt 100
for kind in $kinds; do
	send $kind 1 after-
	okay "... $kind is as it was" test "$(grep -v ^Date out/after-$kind.1 |
	    cksum)" = "$(grep -v ^Date out/$kind.0 | cksum)"
done
kill -HUP $PID
okay "... no descriptor is lost ($before)" wait_for fds_are $before
no_kids() { kids $PID; [ -z "$KIDS" ]; }
okay "... no process" wait_for no_kids
is "... no file" "$(ls up)" ""
is "no answer is wrong" "$(judge)" ""
is "nobody waits in vain" "$(sort hung | uniq -c)" ""
stop_server
