# 11-manual - glimd.conf.5 has each key as the program has it.
. "$TOP/test/lib.sh"

# The keys of the manual, in the form of test/keys.c, and its examples.
awk '
	/\\$/ { held = held substr($0, 1, length($0) - 1); next }
	{ line = held $0; held = "" }
	line ~ /^\.Sh / { inside = line == ".Sh KEYS" }
	!inside { next }
	{ gsub(/\\&/, "", line); gsub(/\\e/, "\\", line) }
	line ~ /^\.Ss / { owner = substr(line, 5) }
	line ~ /^\.It Cm / && owner != "" {
		sub(/^\.It Cm /, "", line)
		sub(/ No \(/, "|", line)
		sub(/\)$/, "", line)
		print owner "|" line >"manual"
	}
	line ~ /^\.Dl / { print owner "|" substr(line, 5) >"examples" }
' "$TOP/glimd.conf.5"

if [ ! -x "$TOP/test/bin/keys" ]; then
	skip "the keys of the manual" "test/bin/keys is not built"
	exit
fi
$GLIMD_WRAP "$TOP/test/bin/keys" >keys
owners=$(cut -d '|' -f 1 keys | sort -u)
# Not every binary has every module.
mine() {				# FILE: lines about those it has
	for owner in $owners; do grep "^$owner|" "$1"; done
}
mine manual | sort >said
sort keys >known
is "the manual has each key, with its type, scope, default and bounds" \
    "$(diff said known)" ""
is "... once" "$(cut -d '|' -f 2 manual | sort | uniq -d)" ""
cut -d '|' -f 1 manual | uniq >sections
is "... module by module" "$(sed 1d sections)" "$(sed 1d sections | sort)"
for owner in $(cat sections); do
	grep "^$owner|" manual | cut -d '|' -f 2 >here
	okay "... in order: $owner" sort -c here
done
mine examples | cut -d '|' -f 2- >examples.mine
is "its examples are right" "$(while IFS= read -r line; do
	{
		printf '%s\n' "$line" 'server.document-root := "root"' \
		    'server.modules := ('
		echo "$owners" | sed '/core/d; s/.*/"&",/'
		echo ')'
	} >x.conf
	"$GLIMD" -t -f x.conf 2>&1 | grep -e 'expected' -e 'unknown' \
	    -e ' is a ' -e ' is a number' -e 'has no effect' |
	    sed "s/\$/: $line/"
done <examples.mine)" ""

# The options of a host, which are in no table of keys.
sed -n '/^\.Sh HOSTS/,/^\.Sh KEYS/s/^\.It Cm \([a-z-]*\) No (.*/\1/p' \
    "$TOP/glimd.conf.5" | sort >said
sed -n '/^static const struct conf_key/,/^};/s/^[^"]*"\([a-z-]*\)".*/\1/p' \
    "$TOP/gw_host.c" | sort >known
is "... and each option of a host" "$(diff said known)" ""
okay "there are some" test -s said

# Keys of lighttpd's that we know and do not have.
sed -n '/absent\[\] =/,/;/s/^ *"\(.*\)".*/\1/p' "$TOP/conf_keys.c" |
    tr -d '\n' | sed 's/\\0/|/g' | tr '|' '\n' |
    awk '/^=/ { show = $0 == "=" || $0 == "=this yet"; next } show' >absent
sed 's/ Ns Ar anything//' "$TOP/glimd.conf.5" >page
is "... and each one that is taken without effect" \
    "$(while read -r key; do
	grep -q "^\.Cm $key\( \|\$\)" page || echo "$key"
done <absent)" ""
okay "there are such" test -s absent

# What those who show it have to say about it.
for page in glimd.8 glimd.conf.5; do
	if have mandoc; then
		is "mandoc takes $page" "$(mandoc -T lint -W warning \
		    "$TOP/$page" 2>&1 | grep -v -e outdated -e 'not found')" ""
	else
		skip "mandoc takes $page" "no mandoc"
	fi
	if have groff; then
		is "groff takes $page" "$(groff -ww -mdoc -T utf8 \
		    "$TOP/$page" 2>&1 >/dev/null)" ""
	else
		skip "groff takes $page" "no groff"
	fi
done

# The words of glimd.8 about keys are those of the other page.
is "glimd.8 names no key that there is not" \
    "$(grep -h -o 'Cm [a-z-]*\.[a-z0-9-]*' "$TOP/glimd.8" | cut -d ' ' -f 2 |
    sort -u | while read -r key; do
	grep -q "|$key|" manual || [ "$key" = ssl.engine ] || echo "$key"
done)" ""

# In a copy in which everything looks made, so that nothing is.
unset MAKEFLAGS MFLAGS MAKELEVEL
mkdir copy
cp "$TOP"/*.c "$TOP"/*.h "$TOP"/glimd.* "$TOP/plugin.syms" "$TOP/Makefile" \
    copy
put() { (cd copy && make -s "$@" DESTDIR="$WORK/to" PREFIX=/usr) 2>&1; }
if ! have make || ! put -n clean >make.out; then
	skip "make install" "no make"
else
	(cd copy && for file in *.c; do touch "${file%.c}.o"; done &&
	    echo program >glimd)
	is "make install is silent" "$(put install)" ""
	is "... and puts both pages where man looks" \
	    "$(cd to/usr/share/man && ls man*/* | tr '\n' ' ')" \
	    "man5/glimd.conf.5 man8/glimd.8 "
	is "... and the program" "$(cat to/usr/sbin/glimd)" program
	is "make uninstall leaves nothing" \
	    "$(put uninstall; find to -type f)" ""
fi
