# 10-options - the command line, and what it makes of a path (zero-config).
. "$TOP/test/lib.sh"

# Standard error's first line, and the exit status.
says() {				# ARGUMENT...
	"$GLIMD" "$@" 2>err >out </dev/null
	echo "$(sed 1q err) $?"
}

# What zero-config comes to, but for what is always the same.
zero() {				# ARGUMENT...
	"$GLIMD" -p "$@" 2>&1 | grep -e '^server.[bpd]' -e single -e '^glimd'
}

lines() { printf '%s\n' "$@"; }		# LINE...

# ---- information ------------------------------------------------------------

like "-v is the version" "$("$GLIMD" -v)" 'glimd [0-9]*.[0-9]*'
like "-V has the version" "$("$GLIMD" -V | sed 1q)" "$("$GLIMD" -v)"
like "-V has the event backends" "$("$GLIMD" -V)" \
    '*event backends:*poll*select*descriptors*'
like "-V has the modules" "$("$GLIMD" -V)" '*modules:*mod_staticfile*'
like "-h is the usage" "$("$GLIMD" -h)" 'usage: glimd *-f FILE*-l *-D *'
is "-h is on standard output" "$(says -h)" ' 0'
is "-v and -V are status 0" "$(says -v)$(says -V)" ' 0 0'
if [ -c /dev/full ]; then
	is "-v onto a full disk is status 1" \
	    "$("$GLIMD" -v >/dev/full; echo $?)" 1
else
	skip "-v onto a full disk" "no /dev/full"
fi

# ---- what is wrong ----------------------------------------------------------

like "nothing to serve" "$(says)" \
    'glimd: nothing to serve: name a configuration (-f FILE)* 1'
is "an unknown option" "$(says -z)" 'glimd: there is no option -z 1'
like "then comes the usage" "$(cat err)" '*usage: glimd *'
is "nothing on standard output" "$(cat out)" ''
is "an option without its value" "$(says -f)" 'glimd: -f needs a value 1'
like "-f twice points to include" "$(says -f a -f b)" \
    'glimd: -f was given twice*include* 1'
like "-f and a path" "$(says -f a .)" 'glimd: -f FILE or PATH, not both* 1'
like "-f and -l" "$(says -f a -l 80)" 'glimd: -l goes with PATH* 1'
like "two paths" "$(says a b)" 'glimd: one PATH can be served* 1'
like "an option behind the path" "$(says . -D)" 'glimd: one PATH* 1'
is "-i without a number" "$(says -i x .)" \
    'glimd: -i takes a number of seconds 1'
is "-i 0" "$(says -i 0 .)" 'glimd: -i takes a number of seconds 1'
like "-s with an unknown word" "$(says -s foo -f a)" 'glimd: -s takes stop,* 1'
is "a path that is not there" "$(says none)" \
    'glimd: none: No such file or directory 1'
is "an empty path" "$(says '')" 'glimd: : No such file or directory 1'
mkfifo fifo
is "a path that is neither a folder nor a file" "$(says fifo)" \
    "glimd: $PWD/fifo: neither a folder nor a file 1"
mkdir 'back\'
like "a path that ends in a backslash" "$(says 'back\')" \
    'glimd: *a path that ends in a backslash* 1'
is "a configuration that is not there" "$(says -f none.conf)" \
    'none.conf: No such file or directory 1'

# ---- -t ---------------------------------------------------------------------

echo 'server.document-root = "root"' >x.conf
is "-t" "$("$GLIMD" -t -f x.conf 2>&1; echo $?)" "$(lines 'Syntax OK' 0)"
is "-tt" "$("$GLIMD" -tt -f x.conf 2>&1; echo $?)" "$(lines 'Syntax OK' 0)"
is "-D -t" "$("$GLIMD" -Dtfx.conf 2>&1)" 'Syntax OK'
is "-t with a path" "$("$GLIMD" -t root 2>&1)" 'Syntax OK'
echo 'server.port = =' >>x.conf
is "-t of a fault" "$("$GLIMD" -t -f x.conf 2>err; echo $?)" 1

# ---- zero-config ------------------------------------------------------------

is "a folder" "$(zero root)" "$(lines "server.document-root = \"$ROOT\"" \
    'server.port = 8080' 'server.bind = "127.0.0.1"')"
echo hello >root/a.txt
is "a file" "$(zero root/a.txt | sed 2q)" \
    "$(lines "server.document-root = \"$ROOT\"" 'static-file.single = "a.txt"')"
mkdir 'quote "\x'
is "a name with quotes" "$(zero 'quote "\x' | sed 1q)" \
    "server.document-root = \"$PWD/quote \\\"\\x\""
while IFS='|' read -r where port address; do
	is "-l $where" "$(zero -l "$where" root | sed 1d)" \
	    "$(lines "server.port = $port" "server.bind = \"$address\"")"
done <<'EOT'
80|80|127.0.0.1
0|0|127.0.0.1
:8080|8080|
localhost:81|81|localhost
[::1]:82|82|[::1]
EOT
is "-l unix:" "$(zero -l unix:/tmp/x root | sed 1d)" \
    'server.bind = "unix:/tmp/x"'
is "-l unix: is made absolute" "$(zero -l unix:x root | sed 1d)" \
    "server.bind = \"unix:$PWD/x\""
for port in 65536 -1 80x '' '[::1]' 127.0.0.1: 0x50; do
	like "-l '$port' is no port" "$(says -l "$port" root)" \
	    'glimd: -l *expected a port from 0 to 65535 1'
done
like "-l ::1:80 wants brackets" "$(says -l ::1:80 root)" \
    'glimd: -l ::1:80: *\[::1\]:80 1'

# ---- zero-config serves -----------------------------------------------------

mkdir root/index
echo index >root/index/index.html
ln -s /etc/passwd root/out
ln -s a.txt root/in
start_zero root
like "a file of the folder" "$(get /a.txt)" 'HTTP/1.1 200 *hello'
like "a listing" "$(get /)" 'HTTP/1.1 200 *a.txt*'
like "an index file" "$(get /index/)" 'HTTP/1.1 200 *index'
like "the URL to open" "$(cat glimd.log)" "*http://127.0.0.1:$PORT/*"
is "a link that leaves the folder is not served" \
    "$(get /out | grep -c root:)" 0
like "a link inside is" "$(get /in)" 'HTTP/1.1 200 *hello'
stop_server
like "the access log is on standard output" "$(cat glimd.out)" \
    '*"GET /a.txt HTTP/1.1" 200 *'

start_zero root/a.txt
like "the file, as /" "$(get /)" 'HTTP/1.1 200 *hello'
like "the file, by its name" "$(get /a.txt)" 'HTTP/1.1 200 *hello'
like "nothing else" "$(get /index.html)" 'HTTP/1.1 404 *'
stop_server
