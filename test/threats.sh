# threats.sh - what 70-threats and 70-behaviours ask for.

line='GET /a.txt HTTP/1.1\r\n'
next="${line}Host: x\r\n\r\n"		# 32 bytes
tail='HTTP/1.1\r\nHost: x\r\n\r\n'
post='POST /a.txt HTTP/1.1\r\nHost: x\r\n'
cl='Content-Length:'
te='Transfer-Encoding:'
chunked="${post}Transfer-Encoding: chunked\r\n\r\n"
GROWING=30			# names in root/growing

repeat() {				# N TEXT
	awk -v n="$1" -v s="$2" 'BEGIN { while (n-- > 0) printf "%s", s }'
}

populate() {
	mkdir -p root/dir root/growing root/listed root/evil.example rootless \
	    root/empty
	echo TOP SECRET | tee secret.txt rootless/secret.txt root/.htpasswd \
	    root/dir/.htpasswd root/x.php >root/Y.PHP
	echo hello | tee root/a.txt root/dir/b.txt >root/executable
	chmod 755 root/executable
	echo TOP SECRET >root/dir/x.php
	awk 'BEGIN { for (i = 0; i < 1000; i++) printf "line %04d\n", i }' \
	    >root/numbers
	touch -t 199411060849 root/numbers root/a.txt
	touch -t 203706060606 root/future
	mkfifo root/fifo
	ln -s loop root/loop
	# 240 characters that become 960 in HTML, 720 in a URL
	name=$(repeat 240 '<')
	i=10
	while [ $i -lt $((10 + GROWING)) ]; do
		: >"root/growing/$name$i"
		i=$((i + 1))
	done
	mkdir "root/growing/$(repeat 240 '"')"
	: >'root/listed/<script>alert(1)<'
	: >'root/listed/"onmouseover="x'
	echo plain >root/s.txt
	touch -t 199411060849 root/s.txt
	printf 'coded' >root/s.txt.gz
}

main_conf() {
	cat <<-CONF
	server.modules = ( "mod_accesslog" )
	server.errorlog = "$WORK/error.log"
	accesslog.filename = "$WORK/access.log"
	accesslog.format = "%h %V \"%r\" %s \"%{Referer}i\" \"%{User-Agent}i\""
	debug.log-request-header = "enable"
	debug.log-request-handling = "enable"
	debug.log-file-not-found = "enable"
	dir-listing.activate = "enable"
	static-file.exclude-extensions = ( ".php", ".PHP" )
	static-file.precompressed = ( "gzip" )
	CONF
}

# Asks for TARGET with FIELD, and has no secret in the answer.
no_leak() {				# NAME FIELD TARGET CODE
	answer=$(raw "GET $3 HTTP/1.1\r\nConnection: close\r\n$2\r\n\r\n")
	case $answer in
	*'TOP SECRET'*) is "$1" "$answer" "no secret" ;;
	*) like "$1" "$answer" "HTTP/1.1 $4 *" ;;
	esac
}

# The answers to a request and to the one that follows it.
answers() {				# NAME CODES BYTES...
	name=$1 want=$2; shift 2
	is "$name" "$(codes "$@" "$next" -h)" "$want eof"
}

# A request with fields of its own.
fields() { printf '%s' "GET /a.txt HTTP/1.1\r\nHost: x\r\n$1\r\n\r\n"; }

# Framing that must not be believed.
framing() {				# NAME FIELDS [BODY]
	answers "$1" 400 "$post$2\r\n\r\n${3-}"
}
