# 46-userdir - /~name/ is a folder of the user, and of nobody else.
. "$TOP/test/lib.sh"
. "$TOP/test/threats.sh"

mark() { mkdir -p "$2" && echo "$1" >"$2/who"; }	# NAME FOLDER
mark main root
mark docroot root/~out
for user in anna bob out OUT Max _x a.b-c d; do mark $user users/$user/www; done
mark "anna's letter" users/a/anna/www
mark "all users" users
mark dot users/.ssh/www
mkdir users/bob/www/dir
echo TOP SECRET | tee secret.txt users/secret.txt users/anna/secret.txt \
    >users/.ssh/secret.txt
long=$(repeat 255 u)
mark long users/$long/www 2>/dev/null

who() { get "$1" | sed -n '1s/.* \([0-9]*\) .*/\1/p; $p' | tr '\n' ' ' |
    sed 's/^200 //; s/<.*//; s/ $//'; }
userdir() {				# SETTINGS...
	start_server "server.modules = ( \"mod_userdir\", \"mod_accesslog\" )
$1"
}
base="userdir.basepath = \"$WORK/users\""

# ---- folders below basepath -------------------------------------------------

userdir "$base
userdir.path = \"www\"
userdir.exclude-user = ( \"out\", \"Root\" )
index-file.names = ( \"who\" )
dir-listing.activate = \"enable\""
for user in anna bob Max _x a.b-c d; do
	is "~$user has a folder" "$(who /~$user/who)" $user
	is "~$user has an index" "$(who /~$user/)" $user
done
[ ! -e users/$long/www/who ] ||
	is "a long name" "$(who /~$long/who)" long
is "~ as an escape" "$(who /%7eanna/who)" anna
is "the name as escapes" "$(who /~%61nna/who)" anna
is "a folder without its slash" "$(get '/~anna?x' | field Location)" "/~anna/?x"
is "... and one below" "$(get /~bob/dir | field Location)" "/~bob/dir/"
like "a listing" "$(get /~bob/dir/)" "HTTP/1.1 200 *"
is "nobody of that name" "$(who /~none/who)" 404
is "... without a slash" "$(who /~none)" 404
is "no name" "$(who /~/who)" 404
is "only ~" "$(who /~)" 404
is "a name in another folder means nothing" "$(who /x/~anna/who)" 404
is "who is excluded has none: the document root counts" "$(who /~out/who)" \
    docroot
is "... in any spelling" "$(who /~Out/who) $(who /~OUT/who) $(who /~root/who)" \
    "404 404 404"
is "capitals are not the same folder" "$(who /~Anna/who)" 404
is "the document root is what it was" "$(who /who)" main
long=$(repeat 6000 a)
for name in .. . ... ../.. .ssh .ssh/.. '..%2f' %2e%2e %2e%2e%2f .%2e ..%5c \
    '%00' 'anna%00' 'anna%2f..' 'anna%2f..%2f..' 'anna/../..' anna/.. \
    'anna/../../..' 'anna;' 'anna%20' '%20' '*' '-x' '~anna' 'anna:www' \
    '%ff' '%c3%a4' "$long" "$(repeat 1000 ../)"; do
	short=$(echo "$name" | cut -c 1-20)
	for target in "/~$name/secret.txt" "/~$name/../secret.txt"; do
		no_leak "10 CVE-2008-1270 lighttpd: ~$short: $(echo "$target" |
		    cut -c 1-30)" 'Host: x' "$target" '[24]0[04]'
	done
done
is "after all that it still serves" "$(who /~anna/who)" anna
stop_server

userdir "userdir.basepath = \"$WORK/users/\"
userdir.path = \"/www/\"
userdir.letterhomes = \"enable\"
userdir.include-user = ( \"anna\", \"d\" )"
is "letterhomes: a folder for each letter" "$(who /~anna/who)" "anna's letter"
is "letterhomes: one letter" "$(who /~d/who)" 404
is "who is not included has none" "$(who /~bob/who)" 404
is "... and only in this spelling" "$(who /~Anna/who)" 404
stop_server
userdir "userdir.basepath = \"users\"
userdir.path = \"\""
is "basepath is relative, path is empty" "$(who /~anna/www/who)" anna
stop_server
userdir "$base
userdir.path = \"www\"
userdir.active = \"disable\""
is "not active" "$(who /~anna/who)" 404
stop_server
userdir "$base
\$HTTP[\"host\"] == \"localhost\" {
	userdir.path = \"www\"
}
else { userdir.basepath = \"users\" }"
is "in a condition" "$(who /~anna/who)" anna
is "... others have none" "$(codes \
    'GET /~anna/who HTTP/1.1\r\nHost: x\r\n\r\n' -h)" "404 eof"
stop_server
userdir "$base"
is "10 CVE-2008-1270 lighttpd: no path, nobody has a folder" \
    "$(who /~anna/www/who)" 404
stop_server

# ---- users of the system ----------------------------------------------------

# The path leads from each home to a folder of ours, so that whoever is there
# can be asked for.
mark system public
homes=$(awk -F: '$3 != 0 && $6 ~ /^\/./ && length($1) < 33 &&
    $1 ~ /^[a-z0-9_][a-z0-9._-]*$/ { print $1 ":" $6 }' /etc/passwd)
up=$(echo "$WORK" | sed 's|/[^/]*|../|g')../../../../..
user=
for entry in $homes; do
	[ -d "${entry#*:}/$up$WORK/public" ] || continue
	user=${entry%%:*}
	break
done
path="userdir.path = \"$up$WORK/public\""
if [ -n "$user" ]; then
	userdir "$path
debug.log-request-handling = \"enable\""
	is "a user of the system" "$(who "/~$user/who")" system
	is "... twice" "$(who "/~$user/who")" system
	up_case=$(echo "$user" | tr '[:lower:]' '[:upper:]')
	is "... but not in capitals" "$(who "/~$up_case/who")" 404
	is "nobody of that name" "$(who /~no-such-user/who)" 404
	is "... still" "$(who /~no-such-user/who)" 404
	is "root has none" "$(who /~root/who)" 404
	is "who has 33 letters neither" "$(who /~$(repeat 33 a)/who)" 404
	n=0
	while [ $n -lt 300 ]; do	# more than are remembered
		printf '%s' "GET /~u$n/who HTTP/1.1\r\nHost: x\r\n\r\n"
		n=$((n + 1))
	done >requests
	is "300 names are asked for" "$(raw -c "$(cat requests)" -h |
	    grep -c 404)" 300
	is "... and the first again" "$(who "/~$user/who")" system
	for name in .. ../.. . .x %2e%2e "$user/.." "$user%2f.." "$long"; do
		no_leak "10 CVE-2008-1270 lighttpd: of the system: $(echo \
		    "$name" | cut -c 1-20)" 'Host: x' "/~$name/secret.txt" \
		    '40[04]'
	done
	stop_server
	userdir "$path
userdir.exclude-user = ( \"$user\" )"
	is "10 CVE-2008-1270 lighttpd: excluded" "$(who "/~$user/who")" 404
	stop_server
	for settings in '' 'userdir.path = ""' 'userdir.active = "enable"'; do
		userdir "$settings"
		for name in $user nobody root; do
			is "10 CVE-2008-1270 lighttpd: ~$name: $settings" \
			    "$(who "/~$name/")" 404
		done
		stop_server
	done
else
	skip "users of the system" "none has a home that we may read"
fi
