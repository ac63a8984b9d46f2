# 42-digest - who is let in by Digest (RFC 7616), for how long, and what is no
# Digest.
. "$TOP/test/lib.sh"
. "$TOP/test/auth.sh"

mkdir -p root/closed root/digest root/two root/any
echo hello | tee root/closed/a.txt root/digest/a.txt root/two/a.txt \
    root/any/a.txt >/dev/null
echo ann:secret >plain.users

digest_conf="$auth
auth.backend = \"htdigest\"
auth.backend.htdigest.userfile = \"digest.users\"
auth.backend.plain.userfile = \"plain.users\"
auth.require = (
	\"/digest/\" => $(rule digest 'user=ann' \
	    '"algorithm" => "MD5|MD5-sess|SHA-256|SHA-256-sess"'),
	\"/two/\" => $(rule digest 'user=bob' '"nonce_secret" => "s3cr3t"'),
	\"/any/\" => $(rule digest valid-user '"nonce-secret" => "..."'),
	\"/closed/\" => $(rule basic valid-user) )"
algorithm_of() {			# ALGORITHM: openssl's name, and NAMEsum
	case $1 in
	MD5*) echo md5 ;;
	*) echo sha256 ;;
	esac
}
hash_of() {				# ALGORITHM TEXT
	name=$(algorithm_of $1)
	if have ${name}sum; then printf '%s' "$2" | ${name}sum
	else printf '%s' "$2" | openssl dgst -$name -r
	fi | cut -d ' ' -f 1
}
# The Authorization of a client; WHAT changes what it says: "s/old/new/".
digest() {				# ALGORITHM USER:PASSWORD NONCE [TARGET]
	a1=$(hash_of $1 "${2%%:*}:the realm:${2#*:}")
	case $1 in
	*-sess) a1=$(hash_of $1 "$a1:$3:cn") ;;
	esac
	target=${4:-/digest/a.txt}
	a2=$(hash_of $1 "GET:$target")
	echo "Authorization: Digest username=\"${2%%:*}\"," \
	    "realm=\"the realm\", nonce=\"$3\", uri=\"$target\"," \
	    "algorithm=$1, cnonce=\"cn\", nc=00000001, qop=auth," \
	    "response=\"$(hash_of $1 "$a1:$3:00000001:cn:auth:$a2")\""
}
nonce() {				# TARGET
	get $1 | sed -n 's/^WWW-Auth.*nonce="\([^"]*\)".*/\1/p' | sed -n 1p
}
changed() {				# SED'S COMMAND
	digest MD5 ann:secret $nonce | sed "$1"
}
tools=yes
{ have md5sum && have sha256sum; } || have openssl || tools=
if [ -z "$tools" ]; then
	skip "Digest" "nothing here makes hashes"
	exit 0
fi
{
	echo "ann:the realm:$(hash_of MD5 'ann:the realm:secret')"
	echo "ann:the realm:$(hash_of SHA-256 'ann:the realm:secret')"
	echo "ann:other:$(hash_of MD5 'ann:other:second')"
	echo "bob:the realm:$(hash_of MD5 'bob:the realm:p'):more"
	echo "short:the realm:d41d8cd98f00b204"
	echo "short"
} >digest.users
start_server "$digest_conf"
is "a challenge for each algorithm, the best one first" "$(get \
    /digest/a.txt | sed -n 's/^WWW.*: \(Digest\) realm="the realm", '\
'charset="UTF-8", algorithm=\([^,]*\), nonce="[^"]*", qop="auth"$/\1 \2/p')" \
    "Digest SHA-256-sess
Digest SHA-256
Digest MD5-sess
Digest MD5"
nonce=$(nonce /digest/a.txt)
for algorithm in MD5 MD5-sess SHA-256 SHA-256-sess; do
	is "$algorithm" "$(get /digest/a.txt \
	    "$(digest $algorithm ann:secret $nonce)" | body)" hello
	like "... not with another password" "$(get /digest/a.txt \
	    "$(digest $algorithm ann:Secret $nonce)" | first)" \
	    "HTTP/1.1 401 *"
	like "... nor for the user of another realm" "$(get \
	    /digest/a.txt "$(digest $algorithm ann:second $nonce)" |
	    first)" "HTTP/1.1 401 *"
	like "... nor for one who may not" "$(get /digest/a.txt \
	    "$(digest $algorithm bob:p $nonce)" | first)" \
	    "HTTP/1.1 401 *"
	like "... nor for nobody" "$(get /digest/a.txt \
	    "$(digest $algorithm nobody:p $nonce)" | first)" \
	    "HTTP/1.1 401 *"
done
is "no algorithm is MD5" "$(get /digest/a.txt \
    "$(changed 's/algorithm=MD5,//')" | body)" hello
is "a query belongs to it" "$(get '/digest/a.txt?x=1' "$(digest MD5 \
    ann:secret $nonce '/digest/a.txt?x=1')" | body)" hello
for what in 's/qop=auth/qop=auth-int/' 's/nc=[0-9]*/nc=1/' \
    's/nc=[0-9]*,//' 's/cnonce="[^"]*"/cnonce=""/' 's/qop=auth,//' \
    's/cnonce="[^"]*",//' 's/ nonce="[^"]*",//' 's/realm="[^"]*",//' \
    's/response=.*/response=/' 's/, response=.*//' \
    's/username="[^"]*",//' 's/uri="[^"]*"/uri="\/digest\/b.txt"/' \
    's/uri="[^"]*"/uri="\/digest\/a.txt?"/' 's/$/, nc=00000002/' \
    's/Digest.*/Digest/' 's/username="ann"/username="ann/' \
    's/Digest.*/Digest ,,==,"/'; do
	like "72 CVE-2007-3946 lighttpd: malformed: $what" "$(get \
	    /digest/a.txt "$(changed "$what")" | first)" \
	    "HTTP/1.1 400 *"
done
for what in 's/realm="the/realm="other/' 's/=MD5,/=SHA-512-256,/' \
    's/=MD5,/=MD5-sess,/' 's/=MD5,/="",/' 's/nc=[0-9]*/nc=00000002/' \
    's/response="./response="/' 's/cnonce="[^"]*"/cnonce="x"/' \
    's/username="ann"/username="ANN"/' 's/Digest/Basics/'; do
	like "refused: $what" "$(get /digest/a.txt \
	    "$(changed "$what")" | first)" "HTTP/1.1 401 *"
done
like "a method belongs to it" "$(request HEAD /digest/a.txt \
    "$(digest MD5 ann:secret $nonce)" | first)" "HTTP/1.1 401 *"
is "Basic for Digest" "$(login ann:secret /digest/a.txt)" 401
is "a file with hashes of both kinds, for Basic" \
    "$(login ann:secret; login bob:p; login ann:second
    login short:; login short:d41d8cd98f00b204)" "200
200
401
401
401"
is "19 uhttpd b33ca5d: the hash is no password" "$(login \
    "ann:$(hash_of MD5 'ann:the realm:secret')")" 401

# A nonce that is not ours, or too old: another one, without asking the
# user again. One with a secret of the configuration is everybody's.
stale=$(get /digest/a.txt "$(digest MD5 ann:secret 12345678)")
like "an unknown nonce" "$stale" "HTTP/1.1 401 *, stale=true*"
unlike "... with a wrong password" "$(get /digest/a.txt \
    "$(digest MD5 ann:x 12345678)")" "*stale*"
old=$(echo $nonce | sed 's/^......../00000000/')
like "a nonce with another time" "$(get /digest/a.txt \
    "$(digest MD5 ann:secret $old)")" "HTTP/1.1 401 *, stale=true*"
like "the nonce of another rule" "$(get /two/a.txt "$(digest MD5 bob:p \
    $nonce /two/a.txt)")" "HTTP/1.1 401 *, stale=true*"
shared=$(nonce /two/a.txt)
is "nonce_secret" "$(get /two/a.txt "$(digest MD5 bob:p $shared \
    /two/a.txt)" | body)" hello
like "an algorithm that another rule has" "$(get /any/a.txt "$(digest SHA-256 \
    ann:secret $nonce /any/a.txt)" | first)" "HTTP/1.1 401 *"
# What -p prints in its place is no secret.
stamp=$(nonce /any/a.txt | cut -c 1-8)
guess=$stamp$(hash_of SHA-256 "...:$stamp:the realm" | cut -c 1-32)
like "nobody can make a nonce" "$(get /any/a.txt "$(digest MD5 ann:secret \
    $guess /any/a.txt)")" "HTTP/1.1 401 *, stale=true*"
guess=$stamp$(hash_of SHA-256 "s3cr3t:$stamp:the realm" | cut -c 1-32)
is "... but who has its secret" "$(get /two/a.txt "$(digest MD5 bob:p $guess \
    /two/a.txt)" | body)" hello
if have curl && curl --digest -V >/dev/null 2>&1; then
	is "curl --digest" "$(curl -s --digest -u ann:secret \
	    "http://127.0.0.1:$PORT/digest/a.txt")" hello
	is "... with a wrong password" "$(curl -s -o /dev/null \
	    -w '%{http_code}' --digest -u ann:x \
	    "http://127.0.0.1:$PORT/digest/a.txt")" 401
else
	skip "curl --digest" "there is none"
fi
stop_server
is "no secret in a log" "$(cat access.log glimd.log | grep -c \
    -e 'response=' -e s3cr3t)" 0

start_server "$digest_conf
server.max-worker = 3"
like "after a start the nonce is another" "$(get /digest/a.txt \
    "$(digest MD5 ann:secret $nonce)")" "HTTP/1.1 401 *, stale=true*"
is "... but not that of nonce_secret" "$(get /two/a.txt "$(digest MD5 \
    bob:p $shared /two/a.txt)" | body)" hello
nonce=$(nonce /digest/a.txt)
answers=
for i in 1 2 3 4 5 6 7 8; do
	answers="$answers $(get /digest/a.txt \
	    "$(digest SHA-256 ann:secret $nonce)" | body)"
done
is "all workers know it" "$answers" "$(printf ' hello%.0s' \
    1 2 3 4 5 6 7 8)"
stop_server
start_server "$(echo "$digest_conf" | sed 's/"htdigest"/"plain"/')"
nonce=$(nonce /digest/a.txt)
is "Digest by passwords in clear" "$(get /digest/a.txt \
    "$(digest SHA-256 ann:secret $nonce)" | body)" hello
like "... nobody with the password of another" "$(get /any/a.txt "$(digest \
    MD5 eve:secret $(nonce /any/a.txt) /any/a.txt)" | first)" "HTTP/1.1 401 *"
stop_server


SRV=x
configure "$digest_conf
\$HTTP[\"host\"] == \"x\" {
	auth.require = ( \"/x/\" => $(rule digest valid-user \
	    '"nonce-secret" => "s3cr3t"') )
}"
"$GLIMD" -p -f x.conf >y.conf 2>&1
is "-p shows no secret" "$(grep -c s3cr3t y.conf)" 0
is "... but that there is one" "$(grep -c nonce.secret y.conf)" 3
is "-p of -p is the same" "$("$GLIMD" -p -f y.conf 2>&1)" "$(cat y.conf)"
