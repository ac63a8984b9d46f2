# 51-hosts - backends in the configuration: all forms of it, all faults, and
# which rule gets which request.
. "$TOP/test/lib.sh"
needs cgi fastcgi scgi proxy

MODULES='server.modules = ( "mod_fastcgi", "mod_scgi", "mod_proxy" )'

# What -t says about a configuration, without the place if that is line 1.
check() {				# TEXT
	printf '%s\n%s\nserver.document-root = "root"\n' "$1" "$MODULES" \
	    >x.conf
	"$GLIMD" -t -f x.conf 2>&1 | sed 's/^x.conf:1:1: //'
}
fine() { is "$1" "$(check "$2")" "Syntax OK"; }	# NAME TEXT
# Of one host's options.
host() { check "fastcgi.server = ( \".x\" => (( $1 )))" |
    sed 's/^fastcgi.server: ".x": //'; }	# OPTIONS
lines() { printf '%s\n' "$@"; }

# ---- forms ------------------------------------------------------------------

H='"host" => "127.0.0.1", "port" => 9000'
fine "a list of lists" "fastcgi.server = ( \".php\" => (( $H )))"
fine "several hosts" \
    "fastcgi.server = ( \".php\" => (( $H ), ( \"socket\" => \"/x\" )))"
fine "labels" "scgi.server = ( \"/app\" => ( \"one\" => ( $H ),
	\"two\" => ( \"socket\" => \"/run/two\" )))"
fine "a host without a list around it" "scgi.server = ( \"/app\" => ( $H ))"
fine "... with lists in it" "fastcgi.server = ( \".php\" => ( \"socket\" => \
\"/x\", \"bin-environment\" => ( \"A\" => \"1\" )))"
fine "numbers as texts" 'fastcgi.server = ( "" => (( "host" => "127.0.0.1",
	"port" => "9000", "check-local" => "disable", "disable-time" => "0" )))'
fine "a proxy needs no port" 'proxy.server = ( "" => (( "host" => "::1" )))'
fine "IPv6, with brackets and without" 'proxy.server = ( "/" =>
	(( "host" => "[::1]" ), ( "host" => "2001:db8::1", "port" => 1 )))'
fine "a name" 'proxy.server = ( "/" => (( "host" => "localhost" )))'
fine "a path is no host but a socket" \
    'proxy.server = ( "/" => (( "host" => "/run/x" )))'
fine "empty texts are not there" 'fastcgi.server = ( "/" => (( "host" => "",
	"socket" => "/run/x", "docroot" => "", "bin-path" => "" )))'
fine "a program, and where it listens" 'fastcgi.server = ( "/" => (( "port" =>
	9000, "bin-path" => "/bin/sh -c x", "max-procs" => 1,
	"bin-copy-environment" => ( "PATH", "HOME" ) )))'
fine "all the rest" 'fastcgi.server = ( "/" => (( "socket" => "/run/x",
	"min-procs" => 1, "max-procs" => 2, "max-load-per-proc" => 3,
	"idle-timeout" => 4, "connect-timeout" => 5, "read-timeout" => 6,
	"write-timeout" => 7, "disable-time" => 8, "kill-signal" => 9,
	"listen-backlog" => 10, "mode" => "authorizer", "docroot" => "/srv",
	"broken-scriptfilename" => "enable", "strip-request-uri" => "/x/",
	"fix-root-scriptname" => "enable", "x-sendfile" => "enable",
	"allow-x-send-file" => 1, "x-sendfile-docroot" => ( "/srv" ),
	"keep-connection" => "enable", "upgrade" => "enable",
	"tcp-fin-propagate" => "enable" )))'
for word in least-connection fair round-robin rr hash sticky; do
	fine "proxy.balance = $word" "proxy.balance = \"$word\""
done
fine "other names for suffixes" 'fastcgi.map-extensions = ( ".php5" => ".php" )'

# ---- faults -----------------------------------------------------------------

is "no host" "$(host '"mode" => "responder"')" \
    "needs host and port, or socket"
is "a port alone" "$(host '"port" => 80')" "needs host and port, or socket"
is "no port" "$(host '"host" => "127.0.0.1"')" "needs a port"
is "both" "$(host '"host" => "127.0.0.1", "socket" => "/x"')" \
    "either host and port, or socket"
is "a socket with a port" "$(host '"port" => 1, "socket" => "/x"')" \
    "either host and port, or socket"
is "a port there is not" "$(host '"host" => "127.0.0.1", "port" => 70000')" \
    "port is a number from 1 to 65535, found 70000"
is "a list for a text" "$(host '"host" => ( )')" \
    'host is a text like "...", found a list'
is "text for yes or no" "$(host '"socket" => "/x", "check-local" => "maybe"')" \
    'check-local is "enable" or "disable", found "maybe"'
is "a signal there is not" "$(host '"socket" => "/x", "kill-signal" => 65')" \
    'kill-signal is a number from 1 to 64, found 65'
is "an option nobody knows" "$(host '"socket" => "/x", "foo" => 1')" \
    'unknown option "foo"'
is "... or misspelt" "$(host '"socket" => "/x", "max-proc" => 1')" \
    'unknown option "max-proc" (did you mean "max-procs"?)'
is "a text without a name" "$(host '"socket" => "/x", "y"')" \
    'unknown option ""'
is "a mode there is not" "$(host '"socket" => "/x", "mode" => "proxy"')" \
    'mode is "responder" or "authorizer", found "proxy"'
is "a program there is not" \
    "$(host '"socket" => "/x", "bin-path" => "/gone -b"')" \
    'bin-path: nothing that could be run is "/gone"'
is "a folder is no program" \
    "$(host '"socket" => "/x", "bin-path" => "/"')" \
    'bin-path: nothing that could be run is "/"'
is "more at least than at most" "$(host '"socket" => "/x", "bin-path" =>
    "/bin/sh", "min-procs" => 3, "max-procs" => 2')" \
    "min-procs is more than max-procs"
is "more processes than ports" "$(host '"port" => 65535, "bin-path" =>
    "/bin/sh", "max-procs" => 2')" "max-procs: so many ports there are not"
is "a relative X-Sendfile" "$(host '"socket" => "/x",
    "x-sendfile-docroot" => ( "/a", "b" )')" \
    'x-sendfile-docroot: not an absolute path: "b"'
like "a socket that is too long" "$(host "\"socket\" => \"/$(printf %0110d 0)\"
    ")" "socket: too long: *"
like "a name nobody has" "$(host '"host" => "x.invalid", "port" => 1')" \
    'host "x.invalid": *'
is "all faults are told, each with its host" "$(check "$(lines \
    'fastcgi.server = ( ".a" => (( "port" => 1 ), ( "host" => "127.0.0.1" )),' \
    '".b" => ( "lab" => ( "socket" => "/x", "mode" => "" )) )' \
    'fastcgi.balance = "best"')" | sed 's/^fastcgi.server: //')" \
    "$(lines '".a": host 1: needs host and port, or socket' \
    '".a": host 2: needs a port' \
    '".b": "lab": mode is "responder" or "authorizer", found ""' \
    "x.conf:3:1: fastcgi.balance is one of least-connection, round-robin, \
hash, sticky, found \"best\"")"
is "also in a condition" "$(check '$HTTP["host"] == "a" { proxy.server = (
    "/" => (( "hots" => "a" ))) }')" "x.conf:1:24: proxy.server: \"/\": \
unknown option \"hots\" (did you mean \"host\"?)"
NEEDS='needs a list of hosts, like (( "host" => "...", ... ))'
is "nobody" "$(check 'proxy.server = ( "/" => ( ))')" \
    "proxy.server: \"/\": $NEEDS"
is "a text for hosts" "$(check 'proxy.server = ( "/" => "localhost" )')" \
    "proxy.server: \"/\": $NEEDS"
is "texts for hosts" "$(check 'proxy.server = ( "/" => ( "localhost" ))')" \
    'proxy.server: "/": is no list like ( "host" => "...", ... )'
is "hosts without keys" "$(check 'proxy.server = (( "host" => "::1" ))')" \
    "proxy.server is a list with keys like ( \"...\" => \"...\" ), item 1 has \
no key"
unlike "nothing secret is printed" "$(check 'fastcgi.server = ( "/" => ((
    "bin-environment" => ( "PASS" => "s3cret" ), "prot" => 1 )))')" "*s3cret*"

# ---- which rule -------------------------------------------------------------

"$TOP/test/bin/backend" -p fastcgi -a 127.0.0.1:0 >ready &
mine $!
wait_for test -s ready
B="\"host\" => \"127.0.0.1\", \"port\" => $(sed 's/ready //' ready)"
R="$B, \"check-local\" => \"disable\""	# where there is no file
mkdir -p root/local root/dir.l
for file in a.l a.lx b.l3 local/x dir.l/x A.L; do echo text >root/$file; done
start_server "$MODULES
fastcgi.map-extensions = ( \".cgi\" => \".fcgi\", \".l3\" => \".l\" )
fastcgi.server = ( \"/app\" => (( $R )), \"/sub/\" => (( $R )),
	\".fcgi\" => (( $R )), \".l\" => (( $B )), \"/local/\" => (( $B )),
	\"/mixed\" => (( $B ), ( $R )) )
\$HTTP[\"host\"] == \"root\" {
	fastcgi.server = ( \"/\" => (( $R, \"fix-root-scriptname\" =>
	\"enable\" )))
}
\$HTTP[\"host\"] == \"all\" { fastcgi.server = ( \"\" => (( $R ))) }
\$HTTP[\"host\"] == \"none\" { fastcgi.server = ( ) }"

# SCRIPT_NAME and PATH_INFO with a "|" between them; or the status.
split() {				# TARGET [HOST]
	raw "GET $1?as=env HTTP/1.0\r\nHost: ${2:-localhost}\r\n\r\n" |
	    tr -d '\r' | awk -F= 'NR == 1 { split($0, a, " "); s = a[2] }
	    $1 == "SCRIPT_NAME" { n = $2; f = 1 } $1 == "PATH_INFO" { i = $2 }
	    /^text$/ { t = 1 } END { print f ? n "|" i : t ? "file" : s }'
}
row() { is "$1 ${3:-}" "$(split "$1" ${3:-})" "$2"; }	# TARGET WANT [HOST]
row /app "/app|"
row /app/ "/app|/"
row /app/x/y "/app|/x/y"
row /apple/x "/apple|/x"
row /sub/x/y "/sub/x|/y"
row /sub/ "/sub/|"
row /sub 404
row /sub/x/ "/sub/x|/"
row /a.fcgi "/a.fcgi|"
row /a.fcgi/ "/a.fcgi|/"
row /a.fcgi/x/y "/a.fcgi|/x/y"
row /a.fcgi/b.fcgi "/a.fcgi|/b.fcgi"
row /d/.fcgi/x "/d/.fcgi|/x"
row /a.fcgix 404
row /a.fcgix/b.fcgi "/a.fcgix/b.fcgi|"
row /a.cgi/x "/a.cgi|/x"
row /a.l "/a.l|"
row /a.l/ "/a.l|/"
row /a.l/x/y "/a.l|/x/y"
row /b.l3 "/b.l3|"
row /b.l3/x "/b.l3|/x"
row /none.l 404
row /none.l/x 404
row /a.lx file
row /a.lx/b.l 404
row /A.L file
row /dir.l/ 403
row /dir.l/x file
row /local/x "/local/x|"
row /local/x/y "/local/x|/y"
row /local/none 404
row /mixed/x "/mixed|/x"
row /x/y "|/x/y" root
row / "|/" root
row /any/thing "/any/thing|" all
row /app 404 none
row /a.l file none
stop_server

# ---- authorizers ------------------------------------------------------------

# ?as=hello lets in, ?as=status&c=403 does not.
mkdir -p root/sec/two
echo text >root/sec/two/a.l
echo text >root/sec/a.txt
"$TOP/test/bin/backend" -p fastcgi -a 127.0.0.1:0 -l second >ready.2 &
mine $!
wait_for test -s ready.2
A='"mode" => "authorizer"'
start_server "$MODULES
dir-listing.activate = \"enable\"
fastcgi.server = ( \"/sec\" => (( $B, $A )), \"/sec/two/\" => ((
	\"host\" => \"127.0.0.1\", \"port\" => $(sed 's/ready //' ready.2),
	$A, \"check-local\" => \"disable\" )), \".l\" => (( $B, $A ), ( $B )))"
no='?as=status&c=403'
status() { get "$1" | sed -n '1s/HTTP[^ ]* \([0-9]*\).*/\1/p'; }
is "who is let in gets the file" "$(get '/sec/a.txt?as=hello' | body)" text
is "... who is not, does not" "$(status "/sec/a.txt$no")" 403
is "... nor a listing" "$(status "/sec/$no")" 403
is "... nor gets to know what is there" "$(status "/sec/none$no")" 403
is "... else he does" "$(status '/sec/none?as=hello')" 404
is "outside nobody is asked" "$(status "/a.lx$no")" 200
is "a listing" "$(status '/sec/?as=hello')" 200
is "an authorizer for a suffix" "$(status "/a.l$no")" 403
like "... and who answers then" "$(get '/a.l?as=env')" "*SCRIPT_NAME=/a.l*"
: >second
is "three in a row, and who answers" "$(status '/sec/two/a.l?as=hello')" 200
is "... each of them is asked once" "$(grep -c '^head' second)" 1
stop_server

# Nobody gets around one, by whatever way a request comes to a file.
printf '#!/bin/sh\necho "Location: /sec/a.txt%s"\necho\n' "$no" >root/go.cgi
cp root/go.cgi root/sec/index.cgi
chmod 755 root/go.cgi root/sec/index.cgi
guarded() {				# NAME TARGET WANT CONFIGURATION
	start_server "server.modules = ( \"mod_rewrite\", \"mod_cgi\",
		\"mod_fastcgi\" )
	index-file.names = ( \"index.cgi\" )
	cgi.assign = ( \".cgi\" => \"\" )
	cgi.local-redir = \"enable\"
	$4"
	is "$1" "$(status "$2")" "$3"
	stop_server
}
D=$(sed 's/ready /"host" => "127.0.0.1", "port" => /' ready.2)
: >second
guarded "one that stands behind who answers" '/app/x?as=hello' 200 \
    "fastcgi.server = ( \"/app\" => (( $B, \"check-local\" => \"disable\" )),
	\"/app/x\" => (( $D, $A )) )"
is "... is asked" "$(grep -c '^head' second)" 1
guarded "a local redirect" '/go.cgi?as=hello' 403 \
    "fastcgi.server = ( \"/\" => (( $B, $A )) )"
guarded "one for a file that cgi runs" "/go.cgi$no" 403 \
    "fastcgi.server = ( \".cgi\" => (( $B, $A )) )"
guarded "the index of a folder" "/sec/$no" 403 \
    "fastcgi.server = ( \"/sec/index.cgi\" => (( $B, $A )) )"
guarded "... by its suffix" "/sec/$no" 403 \
    "fastcgi.server = ( \".cgi\" => (( $B, $A )) )"
guarded "what a rewrite makes" '/new/?as=hello' 403 \
    "url.rewrite-if-not-file = ( \"^/new/\" => \"/sec/a.txt$no\" )
fastcgi.server = ( \"/sec\" => (( $B, $A )), \"/\" => (( $B, $A )) )"
guarded "more than four" '/go.cgi?as=hello' 500 \
    "fastcgi.server = ( \"/\" => (( $B, $A )), \"/g\" => (( $B, $A )),
	\"/go\" => (( $B, $A )), \".cgi\" => (( $B, $A )),
	\"i\" => (( $B, $A )) )"
