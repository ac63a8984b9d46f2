# 49-plugin - modules that are loaded: where they are looked for, what is wrong
# with them, and that they are asked like those of the binary.
. "$TOP/test/lib.sh"
. "$TOP/test/workers.sh"
. "$TOP/test/load.sh"

CC=${CC:-cc}
mkdir mods
echo other >root/b.txt

lines() { printf '%s\n' "$@"; }		# LINE...

# mods/NAME.so from a source.
build() {				# NAME SOURCE [FLAG...]
	name=$1 source=$2; shift 2
	$CC -shared -fPIC -D_FILE_OFFSET_BITS=64 -I"$TOP" "$@" \
	    -o "mods/$name.new" "$source" && mv "mods/$name.new" "mods/$name.so"
}

# What -t says of server.modules, without the place.
check() {				# MODULES [ARGUMENT...]
	printf 'server.document-root = "%s"\nserver.modules = ( %s )\n' \
	    "$ROOT" "$1" >t.conf
	shift
	"$GLIMD" -t -m "$WORK/mods" "$@" -f t.conf 2>&1 |
	    sed 's/^t.conf:2:1: //'
}
wrong() {				# NAME MODULE WANT
	like "$1" "$(check "\"$2\"")" "$3"
}

# ---- names ------------------------------------------------------------------

# Whatever the binary has, and whatever it can load.
static=
case $("$GLIMD" -V) in
*"this binary is static"*) static=1 ;;
*)	like "-V has the version of the interface" "$("$GLIMD" -V)" \
	    '*plugin API 1.[1-9]*; modules to load: /*/lib/glimd*'
	wrong "a module that is nowhere" mod_none "module mod_none is not in\
 this binary, and there is no $WORK/mods/mod_none.so"
	wrong "one that may be meant" mod_staticfil \
	    "module mod_staticfil is *.so (did you mean mod_staticfile?)"
	;;
esac
is "a module of lighttpd's that can be spared" \
    "$(check '"mod_deflate", "mod_rrdtool"')" "$(lines \
    'glimd does not have mod_deflate, and goes on without' \
    'glimd does not have mod_rrdtool, and goes on without' 'Syntax OK')"
for name in openssl gnutls magnet webdav ssi vhostdb_ldap authn_ldap evasive \
    secdownload ajp13; do
	wrong "one that cannot: mod_$name" mod_$name \
	    "glimd does not have mod_$name, and a site that needs it must *"
done
is "one that is a part of another" "$(check '"mod_authn_file"')" 'Syntax OK'
is "one of the binary's, twice" \
    "$(check '"mod_indexfile", "mod_indexfile"')" 'Syntax OK'
for name in indexfile mod- mod_A mod_a/b ../mod_a "" mod_a.so \
    mod_$(yes a | sed 100q | tr -d '\n'); do
	wrong "no name: \"$name\"" "$name" "\"$name\" is no name of a module*"
done
is "all faults are told" "$(check '"mod_tls", "x", 5' | wc -l | tr -d ' ')" 3
like "not a list" "$(echo 'server.modules = "mod_indexfile"' >t.conf
    "$GLIMD" -t -f t.conf 2>&1)" 't.conf:1:1: server.modules is a list*'

# ---- a smaller binary, and a static one -------------------------------------

# The sources again, built in a hurry; and three modules that are not in it.
unset MAKEFLAGS MFLAGS MAKELEVEL
others="mod_accesslog mod_dirlisting mod_indexfile"
copied() {				# FOLDER MAKE'S ARGUMENT...
	mkdir "$1" && cp "$TOP"/*.c "$TOP"/*.h "$TOP/Makefile" \
	    "$TOP/plugin.syms" "$1" && cd "$1" || return 1
	shift
	make CC="$CC" CFLAGS=-O0 SMALL= LTO_= MODULES=staticfile "$@" \
	    >make.log 2>&1
}
listed=$(for name in $others; do printf '"%s", ' $name; done)
if ! have "$CC" || [ "$SLOW" -gt 1 ]; then
	skip "a binary with one module" "no $CC, or no time"
elif (copied small glimd $(for name in $others; do echo $name.so; done)); then
	full=$GLIMD
	GLIMD=$WORK/small/glimd
	wrong "a binary with one module does not have the others" \
	    mod_indexfile "module mod_indexfile is not in this binary, *.so"
	start_server ''
	like "... but serves" "$(get /a.txt)" 'HTTP/1.1 200 *hello'
	stop_server
	mv small/*.so mods
	is "... and can load them: plugin.syms has what they call" \
	    "$(check "$listed")" 'Syntax OK'
	start_server "server.modules = ( $listed )
index-file.names = ( \"a.txt\" )" -m mods
	like "... they work there" "$(get /)" 'HTTP/1.1 200 *hello'
	stop_server
	GLIMD=$full
	rm mods/*
else
	verdict "not ok" "a binary with one module is built" \
	    "$(tail -n 5 small/make.log)" ""
fi
if [ -n "$static" ]; then
	cp "$GLIMD" static.glimd
elif [ "$SLOW" -eq 1 ] && (copied static STATIC=1 glimd) &&
    ./static/glimd -v >out 2>&1; then
	cp static/glimd static.glimd
fi
if [ -e static.glimd ]; then
	full=$GLIMD
	GLIMD=$WORK/static.glimd
	wrong "a static binary loads nothing, and says so" mod_none "module\
 mod_none is not in this binary, which is static and can load none"
	is "... what can be spared is told as ever" "$(check '"mod_deflate"')" \
	    "$(lines 'glimd does not have mod_deflate, and goes on without' \
	    'Syntax OK')"
	GLIMD=$full
else
	skip "a static binary" "none can be built here"
fi
rm -rf small static
if [ -n "$static" ] || ! have "$CC"; then
	skip "modules that are loaded" "nothing to load, or to load it"
	exit
fi

# ---- the example ------------------------------------------------------------

how=$(sed -n 's/^ \*	\(cc -shared .*\)/\1/p' "$TOP/examples/mod_hello.c" |
    sed "s|^cc|$CC|; s|-o |-o $WORK/mods/|")
okay "the example is built as its comment says" \
    sh -c "cd '$TOP/examples' && $how"
okay "that of a gateway compiles" build unused "$TOP/examples/mod_line.c" \
    -Wall -Wextra -Werror
build mod_trace "$TOP/test/mod_trace.c"
build mod_second "$TOP/test/mod_trace.c" -DNAME=mod_second -DMUTE=1
is "it can be loaded" "$(check '"mod_hello"')" 'Syntax OK'
is "twice is once" "$(check '"mod_hello", "mod_hello"')" 'Syntax OK'
like "by -p as well" "$(check '"mod_hello"' -p)" '*"mod_hello"*'
like "not without -m" "$("$GLIMD" -t -f t.conf 2>&1)" \
    't.conf:2:1: module mod_hello *lib/glimd/mod_hello.so'
echo 'hello.uri = "/hello"' >>t.conf
like "its keys are known" "$("$GLIMD" -t -m mods -f t.conf 2>&1)" \
    't.conf:3:1: unknown key hello.uri, ignored (did you mean hello.url?)*'
echo 'hello.url = 5' >>t.conf
like "... and their types" "$("$GLIMD" -t -m mods -f t.conf 2>&1)" \
    '*t.conf:4:1: hello.url is a text*'

hello='server.modules = ( "mod_hello" )
hello.url = "/hello"'
for workers in 0 2; do
	start_server "server.max-worker = $workers
$hello" -m mods
	is "it answers, $workers workers" "$(get /hello)" "$(lines \
	    'HTTP/1.1 200 OK' "Date: $(get /hello | field Date)" \
	    "Server: $(get /a.txt | field Server)" 'Content-Type: text/plain' \
	    'Content-Length: 5' 'Connection: close' '' hello)"
	is "... HEAD" "$(request HEAD /hello | body)" ''
	is "... many on a connection" "$(codes "$(lines 'GET /hello HTTP/1.1' \
	    'Host: x' '' | sed 's/$/\\r\\n/' | tr -d '\n' >one
	    cat one one one)GET /none HTTP/1.0\r\n\r\n")" '200 200 200 404 eof'
	is "... and nothing else" "$(get /a.txt | body)" hello
	stop_server
done
configure "$hello"
echo '$HTTP["url"] == "/b" { hello.url = "/b" }' >>$SRV.conf
case $("$GLIMD" -t -m mods -f $SRV.conf 2>&1) in
*'not supported yet'*)
	skip "its keys in a condition" "there are none yet" ;;
*)	start_server "$(cat $SRV.conf)" -m mods
	is "its keys in a condition" "$(get /b | body)" hello
	is "... and outside" "$(get /hello | body)" hello
	stop_server ;;
esac

# ---- what can be wrong with a file ------------------------------------------

build mod_old "$TOP/test/mod_trace.c" -DNAME=mod_old -DAPI='2 * PLUGIN_SIZE + 9'
wrong "built for another interface" mod_old "$WORK/mods/mod_old.so was built\
 for plugin API 2.9, this is 1.[1-9]*[0-9]"
mv mods/mod_old.so mods/mod_new.so
wrong "no such symbol" mod_new "$WORK/mods/mod_new.so has no mod_new_plugin"
build mod_alias_of "$TOP/test/mod_trace.c" \
    -Dmod_trace_plugin=mod_alias_of_plugin
wrong "it has another name inside" mod_alias_of \
    "$WORK/mods/mod_alias_of.so is mod_trace inside"
echo 'int none(void); int (*const mod_bad_plugin)(void) = none;' >bad.c
build mod_bad bad.c
wrong "it calls what is not there" mod_bad 'module mod_bad: *none*'
echo text >mods/mod_text.so
wrong "it is no shared object" mod_text 'module mod_text: *mod_text.so*'
mkdir mods/mod_folder.so
wrong "it is a folder" mod_folder 'module mod_folder: *mod_folder.so*'
like "the folder is a file" "$(check '"mod_hello"' -m t.conf)" \
    'module mod_hello: */t.conf/mod_hello.so*'
build mod_deflate "$TOP/test/mod_trace.c" -DNAME=mod_deflate
is "a file is taken first: one may write what glimd does not have" \
    "$(check '"mod_deflate"' | grep -v '^mod_')" 'Syntax OK'
build mod_fail "$TOP/test/mod_trace.c" -DNAME=mod_fail -DINIT=-1
check '"mod_trace", "mod_fail", "mod_second"' >out
is "its start fails" "$(cat out)" "$(lines 'mod_trace init' 'mod_fail init' \
    'mod_second free of nothing' 'mod_fail free' 'mod_trace free')"
"$GLIMD" -t -m mods -f t.conf 2>/dev/null
is "... and so does the server's" $? 1

# ---- the order of the hooks -------------------------------------------------

# What was said since, by its modules, "trace" and "second".
told_hooks() { sed -n "$since"',$s/^mod_\([a-z]* [a-z_ ]*\)$/\1/p' $SRV.log; }
hooks() {				# of a request; all of it has been said
	since=$(($(wc -l <$SRV.log) + 1))
	raw -t 30000 "$1 HTTP/1.0\r\n\r\n" | tr -d '\r' >out
	wait_for heard 'second connection_close'
	told_hooks | grep -v trigger	# a second may pass at any time
}
heard() { told_hooks | grep -q "$1"; }
both() { for each; do lines "trace $each" "second $each"; done; }
asked="uri_raw uri_clean docroot remote physical file start"
over="request_done connection_close"
since=1

start_server 'server.modules = ( "mod_trace", "mod_second", "mod_trace" )
mod_trace.word = "word"' -m mods
is "at the start" "$(told_hooks)" "$(both init set_defaults worker_init)"
is "a request" "$(hooks 'GET /a.txt')" \
    "$(both $asked response_start $over)"
is "... one that nobody answers" "$(hooks 'GET /none')" \
    "$(both $asked response_start $over)"
is "... one that no module is asked about" "$(hooks 'TRACE /')" \
    "$(both response_start $over)"
is "GO_ON and FINISHED: who answers is asked for the body" \
    "$(hooks 'GET /a.txt?docroot=finished')" "$(both uri_raw uri_clean
    echo trace docroot; both response_start; echo trace body; both $over)"
like "... and answers" "$(cat out)" 'HTTP/1.0 200 *X-Trace: word*traced'
is "HEAD: no body" "$(hooks 'HEAD /a.txt?start=finished')" \
    "$(both uri_raw uri_clean docroot remote physical file
    echo trace start; both response_start $over)"
for hook in $asked; do
	before=${asked%%$hook*}
	is "ERROR in $hook" "$(hooks "GET /a.txt?$hook=error")" \
	    "$(both $before; echo trace $hook; both response_start $over)"
	like "... is a 500" "$(sed q out)" 'HTTP/1.0 500 *'
	is "COMEBACK in $hook" "$(hooks "GET /a.txt?$hook=comeback")" "$(
	    both $before; echo trace $hook; both $asked response_start $over)"
	like "... is another URL" "$(cat out)" 'HTTP/1.0 200 *other'
	is "WAIT_FOR_EVENT in $hook" "$(hooks "GET /a.txt?$hook=event")" "$(
	    both $before; echo trace $hook; both $asked response_start $over)"
	like "... is answered in the end" "$(cat out)" 'HTTP/1.0 200 *hello'
done
is "WAIT_FOR_FD" "$(hooks 'GET /a.txt?start=fd')" "$(
    both uri_raw uri_clean docroot remote physical file; echo trace start
    both $asked response_start $over)"
like "... is answered in the end" "$(cat out)" 'HTTP/1.0 200 *hello'
hooks 'GET /a.txt?uri_raw=loop' >loop
is "a COMEBACK that feeds itself ends" \
    "$(grep -c 'trace uri_raw' loop) $(sed q out)" \
    '101 HTTP/1.0 500 Internal Server Error'
since=$(($(wc -l <$SRV.log) + 1))
"$RAW" -a 127.0.0.1:$PORT -t 30000 '' >/dev/null &
mine $!
okay "each second, while somebody is there" wait_for heard 'second trigger'
kill -USR1 $PID
okay "before the logs are opened again" wait_for heard 'second sighup'
kill $! 2>/dev/null
stop_server
is "at the end, backwards" "$(told_hooks | tail -n 2)" \
    "$(lines 'second free' 'trace free')"
start_server 'server.modules = ( "mod_second", "mod_trace" )
server.compat-module-load = "disable"' -m mods
is "the order is that of server.modules" "$(sed -n 1,2p $SRV.log)" \
    "$(lines 'mod_second init' 'mod_trace init')"
like "without those every server has, nobody sends a file" \
    "$(get /a.txt | first)" 'HTTP/1.1 403 *'
stop_server

# ---- reloads ----------------------------------------------------------------

change() { configure "server.port = $PORT
server.max-worker = $workers
$1"; }
for workers in 0 2; do
	what="$workers workers"
	start_server "server.max-worker = $workers" -m mods
	like "$what: not loaded" "$(get /hello | first)" 'HTTP/1.1 404 *'
	change "$hello"
	okay "$what: a reload loads it" reload
	is "$what: ... it answers" "$(get /hello | body)" hello
	change "$(echo "$hello" | sed s/mod_hello/mod_fail/)"
	okay "$what: one that fails is refused" refused
	is "$what: ... and changes nothing" "$(get /hello | body)" hello
	build mod_swap "$TOP/test/mod_trace.c" -DNAME=mod_other
	change 'server.modules = ( "mod_swap" )'
	okay "$what: one that is wrong" refused
	rm mods/mod_swap.so
	okay "$what: one that is not there" refused
	build mod_swap "$TOP/test/mod_trace.c" -DNAME=mod_swap
	okay "$what: one that is right now" reload
	change 'server.modules = ( "mod_hello", "mod_second" )
hello.url = "/again"'
	okay "$what: it stays, another comes" reload
	is "$what: ... with another key" "$(get /again | body)" hello
	change ''
	okay "$what: a reload unloads it" reload
	wait_for logged 'mod_second free'
	like "$what: ... it is gone" "$(get /hello | first)" 'HTTP/1.1 404 *'
	sed 's/= "hello" }/= "other" }/' "$TOP/examples/mod_hello.c" >hello.c
	build mod_hello hello.c
	change "$hello"
	okay "$what: a new file, loaded again" reload
	is "$what: ... is the new one" "$(get /hello | body)" other
	build mod_hello "$TOP/examples/mod_hello.c"
	stop_server
done
start_server 'server.max-worker = 2
server.modules = ( "mod_trace" )' -m mods
workers 2
is "made once, and ready in each worker" "$(sed -n 's/^mod_trace //p' $SRV.log |
    sed 4q)" "$(lines init set_defaults worker_init worker_init)"
is "the worker that answers is asked" "$(get /a.txt | body)" hello
stop_server
is "and freed in each process" "$(grep -c 'mod_trace free' $SRV.log)" 3

# ---- root -------------------------------------------------------------------

if [ "$(id -u)" = 0 ] && id nobody >/dev/null 2>&1; then
	export ASAN_OPTIONS=detect_leaks=0:$ASAN_OPTIONS # it wants a /proc
	mkdir jail && cp -r root jail && chmod 755 . jail
	for workers in 0 2; do
		start_server "server.username = \"nobody\"
server.chroot = \"$WORK/jail\"
server.document-root = \"/root\"
server.max-worker = $workers
$hello" -m mods
		is "loaded before a chroot, $workers workers" \
		    "$(get /hello | body)" hello
		stop_server
	done
else
	skip "loaded before a chroot" "not root"
fi
