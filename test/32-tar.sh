# 32-tar - folders as one archive.
. "$TOP/test/lib.sh"
. "$TOP/test/load.sh"

cr=$(printf '\r')
# The body as it is, every byte of it: to 1.0 there are no chunks.
bare() {				# FILE
	tail -c +$(($(sed "/^$cr\$/q" "$1" | wc -c) + 1)) "$1"
}
fetch() {				# TARGET: to the file it.tar
	raw "GET $1 HTTP/1.0\r\n\r\n" >it.http
	bare it.http >it.tar
}
names() { tar tf it.tar 2>&1 | LC_ALL=C sort; }
number() { dd if=it.tar bs=1 skip=$1 count=$2 2>/dev/null; }	# AT N
unpack() { rm -rf out && mkdir out && (cd out && tar xf ../it.tar); }

mkdir -p root/src/sub/deeper root/src/empty root/src/.git root/plain \
    root/index
long=$(printf '%0255d' 7)
hundred=$(printf '%096d' 8)		# "src/" and this: 100 bytes
mkdir -p "root/src/$long/$long"
echo deep >"root/src/$long/$long/$long"
echo most >root/src/$hundred
echo more >root/src/0$hundred
awk 'BEGIN { for (i = 0; i < 99999; i++) print i * i % 10007 }' >text
for size in 0 1 511 512 513 16383 16384 16385 100000; do
	head -c $size text >root/src/size$size
done
printf x >root/src/"$(printf 'new\nline')"
printf x >root/src/"$(printf 'caf\303\251 "q" \\ %%41')"
printf x >root/src/sub/deeper/-rf
printf x >root/src/bin
chmod 755 root/src/bin
touch -t 200102030405 root/src/sub/deeper/-rf
cp -R root/src want			# and what is not to be there:
echo secret >root/src/.dot
echo secret >root/src/.git/config
mkdir root/src/sub/.hidden
echo secret >root/src/sub/.hidden/file
echo secret >outside
ln -s ../size1 root/src/sub/link
ln -s .. root/src/sub/up
ln -s "$WORK/outside" root/src/outside
ln -s /etc root/src/etc
mkfifo root/src/fifo
rm -rf want/.git
echo x >root/plain/x
echo index >root/index/index.html

# ---- off unless wanted ------------------------------------------------------

start_server 'dir-listing.activate = "enable"'
like "off: a listing" "$(get '/src/?tar' | field Content-Type)" text/html*
stop_server
start_server ''
like "off, and no listing" "$(get '/src/?tar' | first)" "HTTP/1.1 40[34] *"
stop_server
configure 'dir-listing.tar = 7'
like "it is a switch" "$("$GLIMD" -t -f glimd.conf 2>&1)" \
    '*glimd.conf:1:*dir-listing.tar is "enable" or "disable", found 7*'

# ---- what it is -------------------------------------------------------------

# Debian's files name the modules that others load by themselves.
start_server 'dir-listing.activate = "enable"
server.modules = ( "mod_dirlisting", "mod_staticfile", "mod_indexfile" )
index-file.names = ( "index.html" )
dir-listing.tar = "enable"'
answer=$(request HEAD '/src/?tar')
like "HEAD" "$answer" "HTTP/1.1 200 *"
is "... has no body" "$(echo "$answer" | body)" ""
is "its type" "$(echo "$answer" | field Content-Type)" application/x-tar
is "its name" "$(echo "$answer" | field Content-Disposition)" \
    'attachment; filename="src.tar"'
is "the root has one, too" "$(request HEAD '/?tar' |
    field Content-Disposition)" 'attachment; filename="archive.tar"'
mkdir 'root/a "b'
is "a name that is not plain" "$(request HEAD '/a%20%22b/?tar' |
    field Content-Disposition)" "attachment; filename*=UTF-8''a%20%22b.tar"
for query in '' tar=1 tarx ta json; do
	unlike "?$query is none" "$(get "/src/?$query" | field Content-Type)" \
	    "application/x-tar"
done
like "POST is not for folders" "$(request POST '/src/?tar' \
    'Content-Length: 0' | first)" "HTTP/1.1 405 *"
like "a file is no folder" "$(get '/src/size1?tar' | field Content-Type)" \
    "application/octet-stream"
like "what begins with a dot is not found" \
    "$(get '/src/.git/?tar' | first)" "HTTP/1.1 404 *"
is "a folder with an index is its index" "$(get '/index/?tar' | body)" index
is "the connection stays" "$(codes \
    'GET /src/?tar HTTP/1.1\r\nHost: x\r\n\r\n' \
    'GET /plain/x HTTP/1.1\r\nHost: x\r\n\r\n' -h)" "200 200 eof"

fetch '/plain/?tar'
is "two files and an end: 512 times 5" "$(wc -c <it.tar | tr -d ' ')" 2560
is "a folder first" "$(number 0 6):$(number 156 1)" "plain/:5"
is "... as ustar" "$(number 257 5)$(number 263 2)" ustar00
is "... of nobody" "$(number 108 16 | tr '\0' .)$(number 265 64 | tr -d '\0')" \
    0000000.0000000.
is "... then a file" "$(number 512 7):$(number 668 1):$(number 1024 1)" \
    "plain/x:0:x"

if ! have tar; then
	skip "it can be unpacked" "no tar"
else
	fetch '/src/?tar'
	okay "it can be unpacked" unpack
	is "... and is what was there: no dotfile, no link, no FIFO" \
	    "$(diff -r want out/src 2>&1)" ""
	okay "... and may be run if it could be" test -x out/src/bin
	okay "... but not otherwise" test ! -x out/src/size1
	is "... and is as old" \
	    "$(find out -name -rf ! -newer root/src/sub/deeper/-rf |
	    wc -l | tr -d ' ')" 1
	is "... and nothing is twice" "$(names | uniq -d)" ""
	cp it.tar once.tar
	raw 'GET /src/?tar HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' \
	    >it.http
	bare it.http >it.chunks
	# a chunk's data may hold anything; its size says where the next is
	at=0
	: >it.tar
	while size=$(tail -c +$((at + 1)) it.chunks | sed q | tr -d '\r') &&
	    [ -n "$size" ] && [ $((0x$size)) -gt 0 ]; do
		at=$((at + ${#size} + 2))
		tail -c +$((at + 1)) it.chunks | head -c $((0x$size)) >>it.tar
		at=$((at + 0x$size + 2))
	done
	okay "in chunks it is the same" cmp it.tar once.tar
	fetch '/?tar'
	like "the root's" "$(names)" "archive/*archive/src/sub/deeper/-rf*"
fi

# ---- files that no field can hold -------------------------------------------

mkdir root/big
dd if=/dev/null of=root/big/sparse bs=1 seek=9000000000 2>/dev/null
if [ "$(wc -c <root/big/sparse | tr -d ' ')" != 9000000000 ]; then
	skip "more than 8 GiB" "no room for such a file"
else
	raw 'GET /big/?tar HTTP/1.0\r\n\r\n' -g size=9 -g 77777777777 \
	    -e >it.http
	bare it.http >it.tar
	is "more than 8 GiB: a pax header" "$(number 668 1)" x
	is "... says the size" "$(number 1024 18)" "19 size=9000000000"
	is "... and the field all it can" "$(number 1660 11)" 77777777777
fi
rm root/big/sparse

# ---- what changes while it is sent ------------------------------------------

mkdir root/moving root/twins root/twins/a root/twins/b
dd if=/dev/zero bs=1048576 count=12 2>/dev/null | tr '\0' x >root/moving/file
cp root/moving/file root/twins/a
cp root/moving/file root/twins/b
begin() {				# TARGET
	rm -f got go
	raw -z 4096 "GET $1 HTTP/1.0\r\n\r\n" -g x-tar -T got -f go >it.http &
	job=$!
	wait_for test -e got
}
finish_it() { touch go; wait $job; bare it.http >it.tar; }
begin '/moving/?tar'
dd if=/dev/null of=root/moving/file bs=1 seek=1048576 2>/dev/null
echo more >>root/moving/file
finish_it
if have tar; then
	okay "a file that shrinks: still an archive" unpack
	is "... of the size announced" \
	    "$(wc -c <out/moving/file | tr -d ' ')" 12582912
	is "... that ends in zeros" \
	    "$(tail -c 6000000 out/moving/file | tr -d '\0')" ""
fi
begin '/twins/?tar'
rm -r root/twins/*
ln -s "$WORK" root/twins/a
ln -s "$WORK" root/twins/b
finish_it
is "a folder that became a link is left out" \
    "$(wc -c <it.tar | tr -d ' ')" $((12582912 + 5 * 512))
dd if=/dev/zero bs=1048576 count=8 2>/dev/null >root/moving/file
begin '/moving/?tar'
echo more >>root/moving/file
mv root/moving root/moved
rm -r root/moved
finish_it
is "a folder that is removed: what was begun is sent" \
    "$(wc -c <it.tar | tr -d ' ')" $((8388608 + 4 * 512))
stop_server

# ---- many, and deep ---------------------------------------------------------

best=$(echo $backends | cut -d' ' -f1)
many=10000 levels=1000
[ "${GLIMD_BACKEND:-$best}" = "$best" ] && [ -z "$GLIMD_WRAP" ] &&
    [ "$SLOW" -le 1 ] && ! grep -q __asan_init "$GLIMD" ||
    many=1000 levels=200
mkdir root/many root/slow
awk -v n=$many 'BEGIN {
	for (i = 0; i < n; i++)
		printf "root/many/%06d\n", i
}' | xargs touch
deep=deep
i=0
while [ $i -lt $levels ]; do
	deep=$deep/d
	i=$((i + 1))
done
mkdir -p root/$deep
echo bottom >root/$deep/file
dd if=/dev/zero bs=1048576 count=12 2>/dev/null >root/slow/file
start_server 'dir-listing.tar = "enable"'
opened() { ls "/proc/$PID/fd" 2>/dev/null | wc -l; }
peak() { sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$PID/status"; }
get /src/size1 >/dev/null
before=$(opened)
fetch '/many/?tar'
is "$many files" "$(wc -c <it.tar | tr -d ' ')" $(((many + 3) * 512))
fetch '/deep/?tar'
! have tar || is "$levels folders deep" "$(tar xOf it.tar $deep/file)" bottom
begin '/slow/?tar'
is "others need not wait for who is slow" "$(get /src/size1 | body | wc -c |
    tr -d ' ')" "$(wc -c <root/src/size1 | tr -d ' ')"
finish_it
is "... and he gets all" "$(wc -c <it.tar | tr -d ' ')" \
    $((12582912 + 4 * 512))
if [ $many -eq 10000 ] && [ -r /proc/$PID/status ]; then
	peak=$(peak)
	okay "all this in less than 4 MiB: $peak KiB" test "$peak" -lt 4096
	start_load -k 1 -s 300 -p /src/size1
	fetch '/deep/?tar'
	fetch '/many/?tar'
	end_load
	pause=$(loaded longest_ms)
	okay "others wait $pause ms" test "$pause" -lt 100
fi

# ---- what cannot be whole does not look so ----------------------------------

is_whole() {				# TARGET
	raw "GET $1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" |
	    tail -c 5 | tr -d '\r\n'
}
is "a whole one ends" "$(is_whole '/plain/?tar')" 0
mkdir root/wide
awk -v name=$(printf '%0250d' 0) 'BEGIN {
	for (i = 0; i < 4500; i++)
		printf "root/wide/%04d%s\n", i, name
}' | xargs mkdir
unlike "more folders than are kept in mind" "$(is_whole '/wide/?tar')" 0
like "... and the log says so" "$(cat glimd.log)" \
    "*\[error\] archive cut off at wide/: *"
rm -r root/wide
mkdir root/far
(
	cd root/far || exit
	i=0
	while [ $i -lt 20 ]; do
		mkdir $long && cd -P $long 2>/dev/null || exit
		i=$((i + 1))
	done
)
unlike "a path that is too long" "$(is_whole '/far/?tar')" 0
like "... and the log says so" "$(cat glimd.log)" \
    "*\[error\] archive cut off at far/*"

for i in 1 2 3; do
	raw 'GET /slow/?tar HTTP/1.1\r\nHost: x\r\n\r\n' -g 200 -r
	raw 'GET /many/?tar HTTP/1.1\r\nHost: x\r\n\r\n' -g 200 -r
	codes 'HEAD /many/?tar HTTP/1.1\r\nHost: x\r\n\r\n' -h >/dev/null
done
settled_fds() { [ "$(opened)" -le "$before" ]; }
okay "no descriptor is left" wait_for settled_fds
if [ "$(id -u)" -ne 0 ]; then
	mkdir root/plain/closed
	echo secret >root/plain/closed-file
	chmod 000 root/plain/closed root/plain/closed-file
	fetch '/plain/?tar'
	is "what cannot be read is left out" "$(wc -c <it.tar | tr -d ' ')" 2560
	like "... and a folder asked for is forbidden" \
	    "$(get '/plain/closed/?tar' | first)" "HTTP/1.1 403 *"
	chmod 700 root/plain/closed root/plain/closed-file
	rm -r root/plain/closed root/plain/closed-file
fi
stop_server

# ---- memory, descriptors and the disk fail ----------------------------------

[ "${GLIMD_BACKEND:-$best}" = "$best" ] || exit 0
. "$TOP/test/workers.sh"
. "$TOP/test/faults.sh"
mkdir -p root/some/folder
echo 1 >root/some/file
echo 2 >root/some/folder/file
start failing 'dir-listing.tar = "enable"
server.tag = ""'
ask_it() {
	raw "GET /some/?tar HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" |
	    sed "/^Date: /d"
}
ask_it >out/whole
for call in 'malloc ENOMEM' 'openat EMFILE' 'openat ENOMEM' 'read EIO' \
    'open EMFILE' 'open ENOMEM' 'fstat EIO'; do
	n=0
	while [ $n -lt 30 ]; do
		n=$((n + 1))
		fault ${call% *} $n ${call#* } once
		ask_it >out/failed
		hit || break
		# whole, an error, or cut off
		case $(sed q out/failed):$(tail -c 5 out/failed | tr -d '\r\n')
		in
		*' 5'*) ;;
		*' 200 '*:0) cmp -s out/failed out/whole ||
			echo "$call $n: an end in spite of it" ;;
		*' 200 '* | :) ;;
		*) echo "$call $n: $(sed q out/failed)" ;;
		esac
	done >wrong
	fault off
	is "$call, $((n - 1)) of them: nothing is wrong" "$(cat wrong)" ""
	is "... and the next one is whole" "$(ask_it | cksum)" \
	    "$(cksum <out/whole)"
done
fds
okay "no descriptor is left" test $N -le 16
