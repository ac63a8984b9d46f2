# 32-listing - folders as pages.
. "$TOP/test/lib.sh"

mkdir -p root/dir/zfolder root/many root/.hidden 'root/q"<b>'
echo x >'root/dir/<b>&"x'"'"'.txt'
echo x >root/dir/afile
echo x >root/dir/.dotfile
echo x >'root/dir/50% #1?.txt'
echo x >root/dir/"$(printf 'new\nline')"
echo x >'root/dir/javascript:alert(1)'
i=0
while [ $i -lt 1500 ]; do
	: >root/many/file$i
	i=$((i + 1))
done
start_server 'dir-listing.activate = "enable"'

answer=$(get /dir/)
page=$(echo "$answer" | body)
like "a page" "$answer" "HTTP/1.1 200 OK*<html*</html>*"
like "its type and character set" "$(echo "$answer" | field Content-Type)" \
    "text/html; charset=[uU][tT][fF]-8"
is "nobody may guess another" \
    "$(echo "$answer" | field X-Content-Type-Options)" nosniff
unlike "names are escaped: no tag" "$page" "*<b>&*"
like "names are escaped: as text" "$page" "*&lt;b&gt;&amp;*x*.txt*"
like "names are escaped: as link" "$page" "*%3[cC]b%3[eE]*"
like "names are escaped: in URLs" "$page" "*50%25%20%231%3[fF].txt*"
unlike "a name is no scheme" "$page" '*href="javascript:*'
like "folders first" "$page" "*zfolder/*afile*"
unlike "dotfiles are hidden" "$page" "*.dotfile*"
like "the way up" "$page" '*href="../"*'
unlike "the root has no way up" "$(get / | body)" '*href="../"*'
unlike "dotted folders are hidden" "$(get /)" "*.hidden*"
unlike "the name of the folder is escaped" "$(get /q%22%3Cb%3E/)" "*<b>*"
is "all names of a large folder" \
    "$(raw 'GET /many/ HTTP/1.0\r\n\r\n' | tr '"' '\n' |
    grep -x '\(\./\)*file[0-9]*' | sort -u | wc -l | tr -d ' ')" 1500
is "HEAD has no body" "$(request HEAD /dir/ | body)" ""
is "the connection stays" "$(codes 'GET /dir/ HTTP/1.1\r\nHost: x\r\n\r\n' \
    'GET /dir/afile HTTP/1.1\r\nHost: x\r\n\r\n' -h)" "200 200 eof"
is "to 1.0 it ends" "$(codes 'GET /many/ HTTP/1.0\r\n\r\n')" "200 eof"
like "POST is not for folders" "$(request POST /dir/ 'Content-Length: 0' |
    first)" "HTTP/1.1 405 *"

for how in '?json' 'Accept: application/json'; do
	case $how in
	\?*) answer=$(get "/dir/$how") ;;
	*) answer=$(get /dir/ "$how") ;;
	esac
	like "JSON by $how" "$(echo "$answer" | field Content-Type)" \
	    "application/json*"
	page=$(echo "$answer" | body)
	like "... is a list" "$page" "*[[{]*[]}]*"
	like "... with the names" "$page" '*"afile"*'
	like "... escaped" "$page" '*<b>&\\"x*'
	unlike "... without dotfiles" "$page" "*.dotfile*"
	unlike "... and no raw line end in a name" "$page" "*new
line*"
done
stop_server

start_server ''
like "no listing unless wanted" "$(get /dir/ | first)" "HTTP/1.1 40[34] *"
stop_server
start_zero root
like "zero-config lists" "$(get /dir/)" "HTTP/1.1 200 *afile*"
mkdir root/links
ln -s ../dir/afile root/links/inside
ln -s /etc/passwd root/links/outside
ln -s nowhere root/links/broken
page=$(get /links/)
like "a link is listed as what it points to" "$page" "*inside*"
unlike "... not one that leaves the root" "$page" "*outside*"
unlike "... nor one that points nowhere" "$page" "*broken*"
