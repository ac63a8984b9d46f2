# 39-tools - what people point at a server: curl, wget, ab, git, apt-get and a
# browser with a film. Each is tried when it is installed.
. "$TOP/test/lib.sh"

HOME=$WORK
export HOME GIT_CONFIG_NOSYSTEM=1 no_proxy='*' NO_PROXY='*'
unset HTTP_PROXY https_proxy HTTPS_PROXY all_proxy ALL_PROXY

awk 'BEGIN { for (i = 0; i < 40000; i++) print "line", i }' >root/lines.txt
mkdir -p root/tree/deep/er
echo one >'root/tree/a b & c.txt'
echo two >"root/tree/50% #1?.txt"
echo three >root/tree/deep/three
echo four >"root/tree/deep/er/$(printf '\303\274')"
start_zero root
site=http://127.0.0.1:$PORT
log=$WORK/$SRV.out			# its access log
size=$(wc -c <root/lines.txt | tr -d ' ')
logged() {				# NAME PATTERN: it writes once a second
	okay "$1" wait_for grep -q -- "$2" "$log"
}

# The same bytes as the file of that name in the root?
same() { cmp -s "root/$2" "$1"; }	# FILE NAME

# ---- curl -------------------------------------------------------------------

c() { curl -sS --max-time $((20 * SLOW)) "$@" 2>&1; }
if ! have curl; then
	skip "curl" "not installed"
else
	is "curl: the second request has the first one's connection" \
	    "$(c -o /dev/null -o /dev/null -w '%{num_connects} ' \
	    $site/lines.txt $site/tree/deep/three)" "1 0 "
	c -o whole $site/lines.txt
	okay "curl: a file" same whole lines.txt
	is "curl -r: from the start" "$(c -r 0-5 $site/lines.txt)" "line 0"
	is "curl -r: the end" "$(c -r -11 $site/lines.txt)" "line 39999"
	is "curl -r: nothing is there" \
	    "$(c -o /dev/null -w '%{http_code}' -r $size- $site/lines.txt)" 416
	head -c 1000 root/lines.txt >part
	c -C - -o part $site/lines.txt
	okay "curl -C -: goes on where it ended" same part lines.txt
	logged "... with a part" "GET /lines.*\" 206 $((size - 1000)) .*curl"
	like "curl -C -: there is no more" \
	    "$(c -C - -o part -w '%{http_code}' $site/lines.txt)" "*416*"
	c --compressed -o plain $site/lines.txt
	okay "curl --compressed" same plain lines.txt
	if have gzip; then
		gzip -c root/lines.txt >root/lines.txt.gz
		c --compressed -o plain $site/lines.txt
		okay "... with a .gz beside it" same plain lines.txt
		rm root/lines.txt.gz
	fi
	like "curl -I" "$(c -I $site/lines.txt | tr -d '\r')" \
	    "HTTP/1.1 200 OK*Content-Length: $size*"
	like "curl -0" "$(c -0 -i $site/tree/deep/three | tr -d '\r')" \
	    "HTTP/1.0 200 OK*three"
	is "curl -z: not newer" "$(c -o /dev/null -w '%{http_code}' \
	    -z root/lines.txt $site/lines.txt)" 304
	is "curl -f: not there" "$(c -f -o /dev/null $site/no >/dev/null
	    echo $?)" 22
	is "curl -d: a body nobody wants is no reset" "$(c -o /dev/null \
	    -w '%{http_code}' -d @root/lines.txt $site/lines.txt)" 405
	is "curl -T: so is a file" "$(c -o /dev/null -w '%{http_code}' \
	    -T root/lines.txt $site/lines.txt)" 405
	like "curl -L: a folder without its slash" \
	    "$(c -L $site/tree)" "*>deep/</a>*"
fi

# ---- wget -------------------------------------------------------------------

w() { wget -q -T $((20 * SLOW)) -t 1 "$@" 2>&1; }
if ! have wget; then
	skip "wget" "not installed"
else
	head -c 1000 root/lines.txt >lines.txt
	w -c $site/lines.txt
	okay "wget -c: goes on where it ended" same lines.txt lines.txt
	w -N $site/lines.txt
	w -N $site/lines.txt
	logged "wget -N: not newer" '"GET /lines.txt .*" 304 .*Wget'
	w -r -np -nH -P mirror -e robots=off -R 'index.html*' \
	    --restrict-file-names=nocontrol $site/tree/
	is "wget -r: mirrors a listing" \
	    "$(diff -r root/tree mirror/tree 2>&1)" ""
fi

# ---- ab ---------------------------------------------------------------------

if ! have ab; then
	skip "ab" "not installed"
else
	ab -q -k -n 2000 -c 20 -s $((20 * SLOW)) $site/tree/deep/three \
	    >ab.out 2>&1
	is "ab -k: none fails, all keep their connection" "$(sed -n \
	    's/^\(Complete\|Failed\|Non-2xx\|Keep-Alive\) [^:]*: */\1 /p' \
	    ab.out | sort)" "Complete 2000
Failed 0
Keep-Alive 2000"
	ab -q -n 200 -c 10 -s $((20 * SLOW)) $site/lines.txt >ab.out 2>&1
	is "ab: a connection for each" "$(sed -n \
	    's/^\(Complete\|Failed\|Non-2xx\|Keep-Alive\) [^:]*: */\1 /p' \
	    ab.out | sort)" "Complete 200
Failed 0"
fi

# ---- git --------------------------------------------------------------------

g() {
	git -c user.name=x -c user.email=x@example.org -c gc.auto=0 "$@" \
	    >>git.out 2>&1
}
if ! have git || ! git --exec-path >/dev/null 2>&1 ||
    [ ! -x "$(git --exec-path)/git-remote-http" ]; then
	skip "git clone" "no git that speaks HTTP"
else
	g init work
	cp root/lines.txt work
	g -C work add lines.txt
	g -C work commit -m first
	echo more >>work/lines.txt
	g -C work commit -a -m second
	g clone --bare work root/loose.git
	g clone --bare work root/packed.git
	g -C root/packed.git repack -a -d
	for name in loose packed; do
		g -C root/$name.git update-server-info
		g clone $site/$name.git clone-$name
		is "git clone of a $name repository" "$(cat git.out |
		    grep -i 'fatal\|error'; git -C clone-$name log --format=%s
		    cmp work/lines.txt clone-$name/lines.txt)" "second
first"
	done
	echo even more >>work/lines.txt
	g -C work commit -a -m third
	g -C work push ../root/loose.git HEAD
	g -C root/loose.git update-server-info
	pulled() {			# what is known of a file may be a
		g -C clone-loose pull	# second old
		git -C clone-loose log --format=%s | grep -q third
	}
	okay "git pull" wait_for pulled
fi

# ---- apt-get ----------------------------------------------------------------

# A repository with one package, and an apt-get that keeps all it knows here.
make_repository() {
	mkdir -p pkg/DEBIAN root/apt &&
	    printf '%s\n' 'Package: glimd-test' 'Version: 1.0' \
	    'Architecture: all' 'Maintainer: x <x@example.org>' \
	    'Description: nothing' >pkg/DEBIAN/control &&
	    dpkg-deb --build pkg root/apt/glimd-test_1.0_all.deb >/dev/null &&
	    (
		cd root/apt && cat ../../pkg/DEBIAN/control >Packages &&
		    deb=glimd-test_1.0_all.deb &&
		    printf '%s\n' "Filename: ./$deb" \
		    "Size: $(wc -c <$deb | tr -d ' ')" \
		    "SHA256: $(sha256sum $deb | cut -d' ' -f1)" '' >>Packages &&
		    printf '%s\n' 'Date: Thu, 01 Jan 2026 00:00:00 UTC' \
		    'SHA256:' " $(sha256sum Packages | cut -d' ' -f1)\
 $(wc -c <Packages | tr -d ' ') Packages" >Release
	)
}
a() { APT_CONFIG=$WORK/apt.conf apt-get -q "$@" >>apt.out 2>&1; }
if ! have apt-get || ! have dpkg-deb || ! have sha256sum; then
	skip "apt-get" "not installed"
elif ! make_repository >apt.out 2>&1; then
	skip "apt-get" "a package cannot be built here"
else
	mkdir -p apt/state/lists/partial apt/cache/archives/partial apt/etc
	: >apt/status
	echo "deb [trusted=yes] $site/apt ./" >apt/sources.list
	cat >apt.conf <<EOF
Dir::State "$WORK/apt/state";
Dir::State::status "$WORK/apt/status";
Dir::Cache "$WORK/apt/cache";
Dir::Etc "$WORK/apt/etc";
Dir::Etc::main "none";
Dir::Etc::parts "none";
Dir::Etc::sourcelist "$WORK/apt/sources.list";
Dir::Etc::sourceparts "none";
Dir::Log "$WORK/apt";
Acquire::http::Proxy "DIRECT";
Acquire::Languages "none";
Acquire::Retries "0";
APT::Sandbox::User "";
EOF
	okay "apt-get update" a update
	(cd apt && a download glimd-test)
	okay "apt-get download" cmp -s root/apt/glimd-test_1.0_all.deb \
	    apt/glimd-test_1.0_all.deb
	okay "apt-get update, again" a update
	logged "... of what is not newer" '"GET /apt/.*Release .*" 304 '
	[ -s apt/glimd-test_1.0_all.deb ] || sed 's/^/# /' apt.out apt/apt.out
fi

# ---- a browser with a film --------------------------------------------------

# Sound of 16 MiB, one byte a sample: what a browser plays without a codec. It
# goes to near the end, and says so by one more request.
little() { printf "\\$(($1 / 64))$(($1 / 8 % 8))$(($1 % 8))"; }	# BYTE
make_film() {				# SECONDS: of 64 KiB each
	n=$(($1 * 65536))
	{
		printf 'RIFF'
		for at in 0 8 16 24; do little $(((n + 36) >> at & 255)); done
		printf 'WAVEfmt \20\0\0\0\1\0\1\0\0\0\1\0\0\0\1\0\1\0\10\0data'
		for at in 0 8 16 24; do little $((n >> at & 255)); done
		dd if=/dev/zero bs=65536 count=$1 2>/dev/null | tr '\0' '\200'
	} >root/film.wav
}
browser=
for name in chromium chromium-browser google-chrome; do
	[ -n "$browser" ] || ! have $name || browser=$name
done
if [ -z "$browser" ] || [ -n "$GLIMD_WRAP" ]; then
	skip "a browser plays a film" "no chromium, or too slow a server"
else
	make_film 256
	cat >root/film.html <<'EOF'
<!DOCTYPE html><title>film</title><video src="film.wav" preload="auto"></video>
<script>
let v = document.querySelector("video");
v.onloadedmetadata = () => v.currentTime = 250;
v.onseeked = () => fetch("/seeked?" + Math.round(v.currentTime));
v.onerror = () => fetch("/failed?" + v.error.message);
</script>
EOF
	"$browser" --headless=new --no-sandbox --disable-gpu \
	    --user-data-dir="$WORK/profile" "$site/film.html" \
	    >browser.out 2>&1 &
	mine $!
	film=$!
	logged "a browser seeks in a film" '"GET /seeked?250 '
	is "... by ranges" "$(grep -c '"GET /film.wav .*" 206 ' "$log" |
	    sed 's/^[2-9]$/several/')" several
	kill $film
	wait $film 2>/dev/null
fi
