# 43-redirect - answers with another URL, by pattern: url.redirect.
. "$TOP/test/lib.sh"

echo file >root/file.txt
mkdir root/dir
start_server 'server.modules = ( "mod_redirect", "mod_staticfile" )
url.redirect = (
	"^/stop/" => "",
	"^/stop" => "/stopped",
	"^/old/(.*)$" => "/new/$1",
	"^/host$" => "http://example.org/",
	"^/https(/.*)?$" => "https://${url.authority}$1",
	"^/all" => "${url.scheme}://${url.authority}${url.path}${qsa}",
	"^/port" => "/${url.port}",
	"^/q\?a=(\d+)$" => "/number/$1",
	"^/keep/([^?]*)" => "/k/$1?x=1${qsa}",
	"^/query" => "/?${url.query}",
	"^/go(.*)$" => "$1",
	"^/out(.*)$" => "//example.org$1",
	"^/groups/(a)?(b)?(?:c)(d)?" => "/[$1][$2][$3][$4][$0]",
	"^/signs" => "/$$/%%/$a/$",
	"^/esc/(.*)" => "/?e=${esc:1}&f=${escape:$1}&n=${noesc:1}",
	"^/nde/(.*)" => "/?e=${escnde:1}&p=${escpsnde:1}",
	"^/case/(.*)/(.*)" => "/${tolower:1}/${toupper:2}",
	"^/both/(.*)" => "/${tolower:esc:1}",
	"^/64/(.*)" => "/${encb64u:1}",
	"^/46/(.*)" => "/${decb64u:1}",
	"^/brink" => "/[%0][%1][%{2}]",
	"^/clean" => "/a b\c<d>é",
	"(?i)\.GIF$" => "/gif",
	"^/lines" => "/a
Set-Cookie: x=1"
)'

# Where a target leads to; empty: not redirected.
to() { get "$@" | field Location; }	# TARGET [FIELD...]
goes() { is "$1" "$(to "$2")" "$3"; }	# NAME TARGET LOCATION

like "an answer" "$(get /old/a)" "HTTP/1.1 301 Moved Permanently*
Location: /new/a
*Content-Length: *301 Moved*"
like "no rule matches" "$(get /file.txt)" "HTTP/1.1 200 OK*file"
goes "without" /file.txt ""
goes "a target without text ends the rules" /stop/x ""
goes "... for what matches" /stop /stopped
goes "another host" /host http://example.org/
goes "another scheme" /https/a/b https://localhost/a/b
goes "the whole URL" '/all/a?b=c' 'http://localhost/all/a?b=c'
goes "the port" /port "/$PORT"
goes "a pattern sees the query" '/q?a=12' /number/12
goes "... all of it" '/q?a=12&b' ""
goes "the query is left out" '/old/a' /new/a
goes "... or a part of what matched" '/old/a?b=c' '/new/a?b=c'
goes "... or put behind another" '/keep/a?b=c' '/k/a?x=1&b=c'
goes "... that is alone" '/keep/a' '/k/a?x=1'
goes "the query by itself" '/query?a=b' '/?a=b'
goes "groups" /groups/abcd '/[a][b][d][][/groups/abcd]'
goes "... that took no part" /groups/bc '/[][b][][][/groups/bc]'
goes "signs" /signs '/$/%25/$a/$'
goes "without a condition around it" /brink '/[][][]'
goes "any case" /A.gif /gif

# Escapes.
goes "escaped" '/esc/a/b%20c?d&e' \
    '/?e=a%2Fb%2520c%3Fd%26e&f=a%2Fb%2520c%3Fd%26e&n=a/b%20c?d&e'
goes "escaped once" '/nde/a/b%20c' '/?e=a%2Fb%20c&p=a/b%20c'
goes "letters" '/case/AbC/dEf' '/abc/DEF'
goes "letters, escaped" '/both/A%20/' '/a%2520%2F'
goes "base64" /64/abcde /YWJjZGU
goes "... of a byte" /64/a /YQ
goes "... back" /46/YWJjZGU /abcde
goes "... what is none" '/46/YW*' /a
goes "a target is made fit for a line" /clean '/a%20b%5Cc%3Cd%3E%C3%A9'
like "... even one of several lines" "$(get /lines)" \
    "*Location: /a%0ASet-Cookie:%20x=1
*"

# The URL has one form: other spellings of a name do not pass by a rule.
# 15: patterns matched before decoding.
goes "15: an escaped letter" /%6fl%64/a /new/a
goes "15: an escaped slash" /old%2fa /new/a
goes "15: slashes" //old//a /new/a
goes "15: dots" /x/../old/./a /new/a
goes "15: escaped dots" /x/%2e%2E/old/a /new/a
goes "15: an escaped letter in the query" '/q?%61=%31%32' /number/12
goes "15: signs that mean the same" '/old/%3a%40%2c%21' '/new/:@,!'
goes "15: capitals" '/old/%c3%a4%3f' '/new/%C3%A4%3F'
goes "what would mean something else in a query stays" \
    '/old/%26%2b%3b%3d%25+&%2526' '/new/%26%2B%3B%3D%25+&%2526'
goes "what an URL cannot have is escaped" "/old/a|b?\"{}" \
    '/new/a%7Cb?%22%7B%7D'
like "what is no path is refused" "$(get /old/%zz | first)" \
    "HTTP/1.1 400 *"
like "... and what leaves the root" "$(get /old/../../a | first)" \
    "HTTP/1.1 400 *"

# 70: an open redirect; a line of its own.
goes "70: slashes are no host" /old//evil.example /new/evil.example
goes "70: nor at the beginning" /go//evil.example /evil.example
goes "70: nor by a query" '/go?//evil.example' '?//evil.example'
goes "70: nor by base64" /46/Ly9ldmlsLmV4YW1wbGU /evil.example
goes "70: nor a backslash" '/go/%5cevil.example' /%5Cevil.example
goes "a host that was meant" /out/a //example.org/a
unlike "70: no host that is none" "$(raw 'GET /all HTTP/1.1\r\n' \
    'Host: evil.example/"\r\nConnection: close\r\n\r\n')" "*Location*evil*"
like "70: no line end" "$(get /old/a%0d%0aSet-Cookie:x | first)" \
    "HTTP/1.1 400 *"
goes "70: ... of a query" '/old/?%0d%0aSet-Cookie:x' \
    '/new/?%0D%0ASet-Cookie:x'
goes "70: ... of base64" /46/YQ0KU2V0LUNvb2tpZTp4 \
    '/a%0D%0ASet-Cookie:x'

# Methods.
is "HEAD" "$(request HEAD /old/a | sed -n 's/^Location: //p; 1p')" \
    "HTTP/1.1 301 Moved Permanently
/new/a"
is "another method stays what it is" "$(request POST /old/a \
    'Content-Length: 0' | first)" "HTTP/1.1 308 Permanent Redirect"
is "... but in 1.0" "$(raw -c 'POST /old/a HTTP/1.0\r\n' \
    'Content-Length: 0\r\n\r\n')" "HTTP/1.0 301 Moved Permanently
eof"
# 42: the body of a redirected request is no request.
is "42: the body is not taken for a request" "$(codes \
    'POST /old/a HTTP/1.1\r\nHost: x\r\nContent-Length: 35\r\n\r\n' \
    'GET /file.txt HTTP/1.1\r\nHost: y\r\n\r\n' \
    'GET /old/b HTTP/1.1\r\nHost: x\r\n\r\n' -h)" "308 301 eof"
long=$(printf %5000s '' | tr ' ' a)
is "a long path" "$(to "/old/$long")" "/new/$long"
is "one byte at a time" "$(raw -b 1 'GET /old/a HTTP/1.1\r\nHost: x\r\n' \
    'Connection: close\r\n\r\n' | tr -d '\r' | field Location)" /new/a
stop_server

start_server 'server.modules = ( "mod_redirect", "mod_staticfile" )
url.redirect = ( "" => "https://${url.authority}${url.path}${qsa}" )
url.redirect-code = 302'
is "a status that was chosen" "$(request POST /a 'Content-Length: 0' |
    first)" "HTTP/1.1 302 Found"
goes "an empty pattern is all" '/?a' 'https://localhost/?a'
is "without Host" "$(raw 'GET /a HTTP/1.0\r\n\r\n' | tr -d '\r' |
    field Location)" "https://127.0.0.1:$PORT/a"
stop_server

# Faults are told at the start, all of them, with their place.
faults() {				# CONFIGURATION: what -t says
	configure 'server.modules = ( "mod_redirect" )'"
$1"
	$GLIMD_WRAP "$GLIMD" -t -f $SRV.conf 2>&1
}
like "patterns that cannot be" "$(faults 'url.redirect = (
	"a(" => "/a", "(?!b)" => "/b",
	"c" => "/${what}", "d" => ( "x" ) )')" '*.conf:2:1: *"a(": *( has no )*
*"(?!b)": byte 1: *
*"c" => "/${what}": not understood: ${what}*
*"d" => is no text*'
for target in '${' '$ok${1' '${12}' '${esc:}' '${esc:url}' '%{x}' \
    '${url.host}' '${qsa' '${$$1}' '${%1}'; do
	like "not understood: $target" \
	    "$(faults "url.redirect = ( \"a\" => \"/$target\" )")" \
	    "*not understood: *"
done
like "a status that is none" "$(faults 'url.redirect-code = 200')" \
    "*url.redirect-code: 200 *"
like "... or no redirection" "$(faults 'url.redirect-code = 404')" \
    "*url.redirect-code*"

# Conditions: each has its rules, and its captures.
start_server 'server.modules = ( "mod_redirect", "mod_staticfile" )
url.redirect = ( "^/a" => "/outside[%1]" )
$HTTP["host"] =~ "^www\.(.*)$" {
	url.redirect = ( "^/(.*)" => "http://%1/$1[%0][%{1}]%{esc:1}" )
}
$HTTP["host"] == "none.example" {
	url.redirect = ( "^/nothing" => "/" )
}'
goes "outside of conditions" /a '/outside[]'
is "in one" "$(raw 'GET /b HTTP/1.1\r\nHost: www.example.org\r\n' \
    'Connection: close\r\n\r\n' | tr -d '\r' | field Location)" \
    'http://example.org/b[www.example.org][example.org]example.org'
is "in another" "$(raw 'GET /a HTTP/1.1\r\nHost: none.example\r\n' \
    'Connection: close\r\n\r\n' | tr -d '\r' | field Location)" ""
