# 33-index - the file that stands for a folder, and the way to its slash.
. "$TOP/test/lib.sh"

mkdir -p root/sub root/none root/odd/index.html 'root/b c' root/evil.example \
    'root/\evil.example' root/second
echo top >root/index.html
echo below >root/sub/index.html
echo other >root/sub/index.htm
echo second >root/second/index.htm
start_server 'index-file.names = ( "index.html", "index.htm" )'

is "the root" "$(get / | body)" top
is "a folder" "$(get /sub/ | body)" below
is "the second name" "$(get /second/ | body)" second
like "its type is the file's" "$(get /sub/ | field Content-Type)" "text/html*"
like "HEAD" "$(request HEAD /sub/)" "HTTP/1.1 200 *Content-Length: 6*"
is "a query is left alone" "$(get '/sub/?a=b' | body)" below
like "a condition works" "$(get /sub/ 'If-None-Match: *' | first)" \
    "HTTP/1.1 304 *"
like "a range works" "$(get /sub/ 'Range: bytes=0-1')" "HTTP/1.1 206 *be"
like "no index, no listing" "$(get /none/ | first)" "HTTP/1.1 40[34] *"
like "a folder is no index" "$(get /odd/ | first)" "HTTP/1.1 40[34] *"
like "POST" "$(request POST /sub/ 'Content-Length: 0' | first)" \
    "HTTP/1.1 405 *"

# Location may be a path, or a URL of the host that was asked for.
to() {					# NAME TARGET PATH
	answer=$(get "$2")
	like "301: $1" "$answer" "HTTP/1.1 301 *"
	location=$(echo "$answer" | field Location)
	like "... to $3" "${location#http://localhost}" "$3"
}
to "a folder without slash" /sub /sub/
to "the query is kept" '/sub?x=1&y=%2f' '/sub/\?x=1&y=%2f'
to "an empty query" '/sub?' '/sub/\?'
to "a name with a space" /b%20c /b%20c/
to "two slashes are no host" //evil.example /evil.example/
to "three neither" ///evil.example /evil.example/
to "nor a backslash" '/%5cevil.example' '/%5[cC]evil.example/'
to "nor dots and slashes" /.//evil.example /evil.example/
to "nor up and down" /sub/..//evil.example /evil.example/
to "nor escaped slashes" /%2fevil.example /evil.example/
to "a query is no host" '/sub?//evil.example' '/sub/\?//evil.example'
like "no line end gets in" "$(get '/sub%0d%0aX:y' | first)" "HTTP/1.1 400 *"
unlike "no host that is none" "$(raw 'GET /sub HTTP/1.1\r\n' \
    'Host: evil.example/"\r\nConnection: close\r\n\r\n')" "*Location*evil*"
like "HEAD is redirected" "$(request HEAD /sub)" \
    "HTTP/1.1 301 *Location: */sub/*"
is "... without body" "$(request HEAD /sub | body)" ""
is "the connection stays" "$(codes 'GET /sub HTTP/1.1\r\nHost: x\r\n\r\n' \
    'GET /sub/ HTTP/1.1\r\nHost: x\r\n\r\n' -h)" "301 200 eof"
is "every method is redirected with its body: 308" "$(request POST /sub \
    'Content-Length: 0' | first)" "HTTP/1.1 308 Permanent Redirect"
is "... but to 1.0, which does not know that" "$(raw -c \
    'POST /sub HTTP/1.0\r\nContent-Length: 0\r\n\r\n' | sed 1q)" \
    "HTTP/1.0 301 Moved Permanently"
# 70: what looks like a host, or like a scheme, stays a path.
mkdir -p 'root/javascript:x' 'root/https:' 'root/a@evil.example' root/@evil
to "a scheme" /javascript:x '/javascript%3[aA]x/'
to "another, with slashes" https://evil.example/sub /sub/
to "a user's name" /@evil '/%40evil/'
to "a host of another request" 'http://evil.example/sub' /sub/
to "a name in a Host that only begins so" /sub /sub/
like "70: Hostess is no Host" "$(raw 'GET /sub HTTP/1.1\r\n' \
    'Hostess: evil.example\r\nConnection: close\r\n\r\n')" "HTTP/1.1 400 *"
for evil in //evil.example/.. //evil.example/%2e%2e /%2f%2fevil.example/.. \
    /.//evil.example/.. //evil.example/sub/../../sub ///sub %2f/sub; do
	location=$(get "$evil" | field Location)
	unlike "no way out: $evil" "$location" "*//*"
	case $location in
	'' | /*) verdict ok "... a path: $evil" ;;
	*) verdict "not ok" "... a path: $evil" "$location" "/..." ;;
	esac
done
stop_server

# A name that begins with a slash stands for all folders without their own.
echo shared >root/shared.html
start_server 'index-file.names = ( "index.html", "/shared.html" )'
is "a folder with its own" "$(get /sub/ | body)" below
is "... without" "$(get /none/ | body)" shared
like "... no folder" "$(get /nothing/ | first)" "HTTP/1.1 404 *"
