# auth.sh - what 42-auth and 42-digest ask for.

base64_of() {				# TEXT
	printf '%s' "$1" | od -An -v -tu1 | awk '
	{ for (i = 1; i <= NF; i++) b[n++] = $i }
	END {
		s = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" \
		    "abcdefghijklmnopqrstuvwxyz0123456789+/"
		for (i = 0; i < n; i += 3) {
			v = b[i] * 65536 + b[i + 1] * 256 + b[i + 2]
			for (k = 0; k < 4; k++) {
				if (i + k > n)
					printf "="
				else
					printf "%s", substr(s, 1 + int(v / \
					    64 ^ (3 - k)) % 64, 1)
			}
		}
	}'
}

basic() { echo "Authorization: Basic $(base64_of "$1")"; }

# The status that USER:PASSWORD gets for TARGET. Where hashes take long, what
# was refused before has to be paid for first.
login() {				# USER:PASSWORD [TARGET [METHOD]]
	tries=100 credentials=$(basic "$1")
	while tries=$((tries - 1)); [ $tries -gt 0 ]; do
		code=$(request "${3:-GET}" "${2:-/closed/a.txt}" \
		    "$credentials" | sed -n '1s/[^ ]* \([0-9]*\).*/\1/p')
		[ "$code" = 429 ] || break
		pause 100
	done
	echo "$code"
}

rule() {				# METHOD REQUIRE [MORE]
	echo "( \"method\" => \"$1\", \"realm\" => \"the realm\"," \
	    "\"require\" => \"$2\"${3:+, $3} )"
}

auth='server.modules = ( "mod_auth", "mod_accesslog" )
accesslog.filename = "access.log"
accesslog.format = "%u %s %U %{Authorization}i%{Proxy-Authorization}i"
debug.log-request-header = "enable"
debug.log-request-handling = "enable"'
