# 41-alias - folders from elsewhere.
. "$TOP/test/lib.sh"

mkdir -p root/docs docs/sub docsecret images root/real
echo hello >root/a.txt
echo hidden >root/docs/hidden
echo manual | tee docs/index.html >docs/sub/page.html
echo 'TOP SECRET' | tee secret.txt >docsecret/secret.txt
echo picture >images/picture
echo one >file.txt
start_server "server.modules = ( \"mod_indexfile\", \"mod_alias\" )
index-file.names = ( \"index.html\", \"/a.txt\" )
dir-listing.activate = \"enable\"
alias.url = (
	\"/docs\" => \"$WORK/docs/\",
	\"/whole/\" => \"$WORK/docs/\",
	\"/same\" => \"$WORK/docs\",
	\"/img_\" => \"$WORK/images/\",
	\"/one\" => \"$WORK/file.txt\",
	\"/relative\" => \"docs/sub\",
	\"/a/b\" => \"$WORK/docs/sub\",
	\"/a\" => \"$WORK/docs\",
	\"/gone\" => \"$WORK/gone\" )"

is "a file" "$(get /docs/sub/page.html | body)" manual
is "an alias and its folder end with a slash" \
    "$(get /whole/sub/page.html | body)" manual
is "... and neither does" "$(get /same/sub/page.html | body)" manual
is "a part of a name" "$(get /img_picture | body)" picture
is "a file under another name" "$(get /one | body)" one
is "a path from where it was started" "$(get /relative/page.html | body)" manual
is "the first that fits" "$(get /a/b/page.html | body)" manual
is "... and the one behind it" "$(get /a/sub/page.html | body)" manual
is "an index, whatever the order of modules" "$(get /docs/ | body)" manual
is "... of a folder without its slash" "$(get /same | first)" \
    "HTTP/1.1 301 Moved Permanently"
is "... to its URL" "$(get '/same/sub?q' | field Location |
    sed 's|http://[^/]*||')" "/same/sub/?q"
like "a listing" "$(get /docs/sub/)" "HTTP/1.1 200 *page.html*"
is "the document root is hidden behind it" "$(get /docs/hidden | first)" \
    "HTTP/1.1 404 Not Found"
is "escaped letters are the same" "$(get /%64ocs/sub/page.html | body)" manual
is "a part of it is not enough" "$(get /doc/sub/page.html | first)" \
    "HTTP/1.1 404 Not Found"
is "a folder that is gone" "$(get /gone/x | first)" "HTTP/1.1 404 Not Found"
is "HEAD" "$(request HEAD /one | field Content-Length)" 4
is "case counts" "$(get /DOCS/sub/page.html | first)" "HTTP/1.1 404 Not Found"

no_way() {				# TARGET CODE
	answer=$(get "$1")
	unlike "7 CVE-2018-19052 lighttpd: $1" "$answer" "*SECRET*"
	like "7 CVE-2018-19052 lighttpd: $1: $2" "$answer" "HTTP/1.1 $2 *"
}
no_way /docs../secret.txt 403
no_way /docs../docsecret/secret.txt 403
no_way /docs.. 403
no_way /docs. 403
no_way /docs./index.html 403
no_way /docs%2e%2e/secret.txt 403
no_way /docs%2e%2e%2fsecret.txt 403
no_way /docs.../secret.txt 404
no_way /docs..x/secret.txt 404
no_way /img_../secret.txt 403
no_way /docs/../docs../secret.txt 403
no_way /whole/../secret.txt 404
no_way /whole../secret.txt 404
no_way /docs/%2e%2e/secret.txt 404
no_way /same../secret.txt 404
for target in /doc / /d /docs /a /a/ /a/b; do
	answer=$(get "$target")
	unlike "8 CVE-2026-27654 nginx: a path like an alias: $target" \
	    "$answer" "*SECRET*"
	like "8 ... is answered: $target" "$answer" "HTTP/1.1 [234]*"
done
for method in COPY MOVE; do
	is "8 CVE-2026-27654 nginx: $method" "$(codes "$method /docs/" \
	    ' HTTP/1.1\r\nHost: x\r\nDestination: /d\r\n\r\n' -h)" "405 eof"
done
stop_server

mkdir -p dots/.hidden
echo TOP SECRET | tee dots/x >dots/.hidden/x
start_server "server.modules = ( \"mod_alias\" )
server.follow-symlink = \"disable\"
static-file.dotfiles = \"allow\"
alias.url = ( \"/r\" => \"$WORK/dots/.\", \"/\" => \"$WORK/docs/\" )
\$HTTP[\"host\"] == \"other\" {
	alias.url = ( \"/one\" => \"file.txt\" )
}"
is "another site has its own" "$(raw 'GET /one HTTP/1.1\r\nHost: other\r\n' \
    'Connection: close\r\n\r\n' | tr -d '\r' | body)" one
is "... which are all" "$(codes \
    'GET /sub/page.html HTTP/1.1\r\nHost: other\r\n\r\n' -h)" "404 eof"
is "everything comes from elsewhere" "$(get /sub/page.html | body)" manual
for target in /r. /r./x /r./.hidden/x; do
	like "a dot of each side: $target" "$(get "$target" | first)" \
	    "HTTP/1.1 403 *"
done
is "no dot segment" "$(get /rhidden/x | body)" "TOP SECRET"
ln -s ../secret.txt docs/link
is "links are followed only when they may" "$(get /link | first)" \
    "HTTP/1.1 403 Forbidden"
stop_server

# ---- the start --------------------------------------------------------------

fails() {				# NAME ALIASES PATTERN
	configure "server.modules = ( \"mod_alias\" )
alias.url = ( $2 )"
	like "$1" "$($GLIMD_WRAP "$GLIMD" -t -f $SRV.conf 2>&1; echo $?)" "$3
1"
}
fails "one that nothing comes to" '"/a" => "/x", "/b" => "/y", "/a/b" => "/z"' \
    '*glimd.conf:2:1: alias.url: *"/a/b"*"/a"*'
configure "server.modules = ( \"mod_alias\" )
\$HTTP[\"host\"] == \"x\" {
	alias.url = ( \"/a\" => 1 )
}"
like "one in a block" "$($GLIMD_WRAP "$GLIMD" -t -f $SRV.conf 2>&1; echo $?)" \
    '*glimd.conf:3:2: alias.url: "/a" *
1'
fails "a number" '"/a" => 1' '*glimd.conf:2:1: alias.url: "/a" *'
fails "nothing" '"/a" => ""' '*glimd.conf:2:1: alias.url: "/a" *'
fails "a list" '"/a" => ( "/b" )' '*glimd.conf:2:1: alias.url: "/a" *'
fails "no key" '"/a"' '*glimd.conf:2:1: alias.url is a list with keys*'
