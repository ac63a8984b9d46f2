# 11-config - the configuration language, its faults and what -t checks.
. "$TOP/test/lib.sh"

ROOT_KEY='server.document-root = "root"'

# What -t says about a configuration; its last line is ours.
check() {				# TEXT
	printf '%s\n%s\n' "$1" "$ROOT_KEY" >x.conf
	"$GLIMD" -t -f x.conf 2>&1
}

# The same of a fault in line 1, without "x.conf:1:".
fault() { check "$1" | sed 's/^x.conf:1://'; }	# TEXT

# How -p understands a configuration.
value() {				# TEXT
	printf '%s\n%s\n' "$1" "$ROOT_KEY" >x.conf
	"$GLIMD" -p -f x.conf 2>&1 | grep -v -e '^server.document-root' \
	    -e 'unknown key'
}

lines() { printf '%s\n' "$@"; }		# LINE...

# ---- values -----------------------------------------------------------------

is "a text" "$(value 'a.b = "x y"')" 'a.b = "x y"'
is "only the quote is escaped" "$(value 'a.b = "\"\d\\\"."')" \
    'a.b = "\"\d\\\"."'
is "a text spans lines" "$(value "$(lines 'a.b = "x' 'y"')")" \
    "$(lines 'a.b = "x' 'y"')"
is "a number" "$(value 'a.b = 007')" 'a.b = 7'
is "text + text" "$(value 'a.b = "x" + "y" + "z"')" 'a.b = "xyz"'
is "text + number" "$(value 'a.b = "x" + 1')" 'a.b = "x1"'
is "number + text" "$(value 'a.b = 1 + 2 + "x"')" 'a.b = "3x"'
is "number + number" "$(value 'a.b = 8000 + 80')" 'a.b = 8080'
is "a newline after an operator" "$(value "$(lines 'a.b =' '1 +' '' '2')")" \
    'a.b = 3'
is "several assignments in a line" "$(value 'a.b = 1 a.c = 2')" \
    "$(lines 'a.b = 1' 'a.c = 2')"
is "a comment" "$(value 'a.b = "#" # "x')" 'a.b = "#"'
is "a no-break space is a space" \
    "$(value "$(printf 'a.b\302\240=\302\2401')")" 'a.b = 1'
is "lines may end in CR LF" \
    "$(value "$(printf 'a.b = (\r\n1,\r\n)\r\na.c = 2\r')" | tr -d '\n\t')" \
    'a.b = (1)a.c = 2'
is "a list" "$(value 'a.b = ( "x", "k" => ( 1, ( ), ), 2 + 3, )')" \
    "$(printf 'a.b = (\n\t"x",\n\t"k" => (\n\t\t1,\n\t\t( )\n\t),\n\t5\n)')"
is "list + list" "$(value 'a.b = ( "k" => 1 ) + ( "k" => 1, 2 )')" \
    "$(printf 'a.b = (\n\t"k" => 1,\n\t2\n)')"
is "+= adds to a list, a text, a number, nothing" \
    "$(value 'a.l = ( ) a.l += ( 1 ) a.t = "x" a.t += 1 a.n = 1 a.n += 1
	a.x += 5' | tr -d '\n\t')" \
    'a.l = (1)a.t = "x1"a.n = 2a.x = 5'
is ":= replaces" "$(value 'a.b = 1 a.b := 2')" 'a.b = 2'
is "global { }" "$(value "$(lines 'a.b = 1' 'global {' 'a.c = 2 }')")" \
    "$(lines 'a.b = 1' 'a.c = 2')"

# ---- variables --------------------------------------------------------------

is "a key without a dot is a variable" \
    "$(value 'x = "y" a.b = x + var.x')" 'a.b = "yy"'
is "a key set before is a value" "$(value 'a.b = 1 a.c = a.b + 1')" \
    "$(lines 'a.b = 1' 'a.c = 2')"
is "the environment" "$(X=y value 'a.b = env.X')" 'a.b = "y"'
is "var.CWD" "$(value 'a.b = var.CWD')" "a.b = \"$PWD\""
like "var.PID" "$(value 'a.b = var.PID')" 'a.b = [1-9]*'
is "a variable nobody set" "$(fault 'a.b = x')" \
    '7: var.x is not set (a text would stand in quotes)'
is "an environment nobody set" "$(fault 'a.b = env.NOBODY_SET')" \
    '7: env.NOBODY_SET is not set'
is "the environment is not set here" "$(fault 'env.X = 1')" \
    "1: env.X is the environment's and cannot be set"

# ---- faults -----------------------------------------------------------------

is "nothing wrong" "$(check 'server.port = 80')" 'Syntax OK'
# What is wanted is how the message begins.
while IFS='|' read -r text want; do
	is "refused: $text" "$(fault "$text" | cut -c 1-${#want})" "$want"
done <<'EOT'
a.b = = 1|7: found "=", expected a value
a.b = }|7: found "}", expected a value
a.b|4: found end of line, expected "=", "+=" or ":="
a.b == 1|5: found "==", expected "=", "+=" or ":="
a.b = "x" "y"|11: found "y", expected a key or the end of the line
a.b = ( "x" "y" )|13: found "y", expected "," or ")" of the list
a.b = ( "k" = 1 )|13: found "=", expected "=>", "," or ")" of the list
a.b = ( , 1 )|9: found ",", expected a value
a.b = ( 1 => 2 )|9: found 1, but the key in a list is a text
a.b = ( "k" => 1, "k" => 1 )|19: the key "k" is in this list twice
a.b = ( "k" => 1 ) + ( "k" => 2 )|20: the key "k" is in both lists
a.b = ( 1 ) + 2|13: a number cannot be added to a list
a.b = -1|7: found "-1", expected a value (numbers are decimal digits
a.b = 0x50|7: found "0x50", expected a value (numbers are decimal digits
a.b = 'x'|7: unexpected character: "'"
a.b = 1;|8: unexpected character: ";"
}|1: found "}", expected a key or the end of the line
a.b = 1 a.b = 2|9: a.b was set already in x.conf:1:1 ("+=" adds
include 5|9: found 5, expected a name in quotes
$HTTP["host"] == "x" { = }|24: found "=", expected a key or the end of the
EOT

like "a number that is too large" "$(fault 'a.b = 99999999999999999999')" \
    '7: a number is at most *'
like "a sum that is too large" \
    "$(fault 'a.b = 9223372036854775807 + 1')" '*7: *number*'
printf 'a.b = 1\n a.c = "x\n' >x.conf
is "a text without its end" "$("$GLIMD" -t -f x.conf 2>&1)" \
    'x.conf:2:8: a text without its closing quote'
printf 'a.b = 1\n a.c = "\0"\n' >x.conf
is "a NUL byte" "$("$GLIMD" -t -f x.conf 2>&1)" \
    'x.conf:2:9: a NUL byte: this is not a text file'
is "all faults are told, each with its line" "$(check "$(lines 'a.b = =' \
    'a.c = ( = ' ', )' 'a.d = 1' 'a.d = 2' '$SERVER["socket"] == "x"' '{' \
    '} else { a = = }' 'global { a.e = + }' 'a.f = x')" | cut -d: -f 2 |
    tr '\n' ' ')" '1 2 5 8 9 10 '
is "at most twenty are told" \
    "$(check "$(yes 'a.b = =' | sed 40q)" | wc -l | tr -d ' ')" 21
is "lists nest at most 64 deep" "$(fault "a.b = $(yes '(' | sed 1000q |
    tr -d '\n')")" '71: lists nest at most 64 deep'

# ---- include ----------------------------------------------------------------

mkdir -p sub/d
echo 'a.one = 1' >sub/d/1.inc
echo 'a.two = 2' >sub/d/2.inc
lines 'name = "/1"' 'include "d" + name + ".inc"' 'include "d/[2-9].inc"' \
    'include "none/*.inc"' "include \"$PWD/sub/d/../3.inc\" a.last = 4" \
    'server.document-root = "root"' >sub/main.conf
echo 'a.three = 3' >sub/3.inc
is "include, relative to the main file's folder" \
    "$("$GLIMD" -p -f sub/main.conf 2>/dev/null | sed '$d')" \
    "$(lines 'a.one = 1' 'a.two = 2' 'a.three = 3' 'a.last = 4')"
is "a missing file" "$(fault 'include "none"')" \
    '1: none: No such file or directory'
mkdir -p d
lines 'c.b = 1' >d/x.b
lines 'c.c = 2' >d/x.c
lines 'c.{} = 3' >'d/x.{}'
is "braces are several patterns" \
    "$(value 'include "d/{none,x}.{b,c,d}"')" "$(lines 'c.b = 1' 'c.c = 2')"
like "braces without a comma are a name" "$(check 'include "d/x.{}"')" \
    '*d/x.{}:1:3: found "{", expected *'
is "a folder" "$(fault 'include "root"')" '1: root is a directory'
is "a file that includes itself" "$(fault 'include "x.conf"')" \
    '1: x.conf includes itself'
echo 'a.b = =' >bad.inc
is "a fault has the file it is in" "$(fault 'include "bad.inc"')" \
    'bad.inc:1:7: found "=", expected a value'
is "the output of a command" "$(value 'p = 81
include_shell "printf '\''a.b = %d\na.c = 1\n'\'' " + p')" \
    "$(lines 'a.b = 81' 'a.c = 1')"
echo 'include_shell "cat d/1.inc"' >sub/shell.conf
echo 'server.document-root = "root"' >>sub/shell.conf
is "a command runs in the main file's folder" \
    "$("$GLIMD" -p -f sub/shell.conf 2>/dev/null | sed 1q)" 'a.one = 1'
is "a command that fails" "$(fault 'include_shell "echo a.b = 1; exit 3"')" \
    '1: command "echo a.b = 1; exit 3" ended with status 3'
is "standard input" "$(echo "$ROOT_KEY" | "$GLIMD" -t -f - 2>&1)" 'Syntax OK'
is "a fault of standard input" "$(echo 'a =' | "$GLIMD" -t -f - 2>&1)" \
    'standard input:2:1: found end of file, expected a value'
is "no such configuration" "$("$GLIMD" -t -f none.conf 2>&1)" \
    'none.conf: No such file or directory'

# ---- types ------------------------------------------------------------------

for word in enable Enabled TRUE 1 disable disabled False 0; do
	is "a boolean: $word" "$(check "server.core-files = \"$word\"")" \
	    'Syntax OK'
done
is "a boolean is no yes" "$(fault 'server.core-files = "yes"')" \
    '1: server.core-files is "enable" or "disable", found "yes"'
is "a number as a text" "$(check 'server.port = "8080"')" 'Syntax OK'
is "a port is not taken modulo 65536" "$(fault 'server.port = 65616')" \
    '1: server.port is a number from 0 to 65535, found 65616'
is "a number is no list" "$(fault 'server.port = ( 80 )')" \
    '1: server.port is a number from 0 to 65535, found a list'
is "a bound of its own" "$(fault 'server.max-request-field-size = 255')" \
    '1: server.max-request-field-size is a number from 256 to 65535, found 255'
is "a text is no number" "$(fault 'server.tag = 5')" \
    '1: server.tag is a text like "...", found 5'
is "a list is no text" "$(fault 'index-file.names = "x"')" \
    '1: index-file.names is a list of texts like ( "..." ), found "x"'
is "a list of texts" "$(fault 'index-file.names = ( "x", 5 )')" \
    '1: index-file.names is a list of texts like ( "..." ), item 2 is 5'
is "a list with keys" "$(fault 'mimetype.assign = ( "x" )')" \
    '1: mimetype.assign is a list with keys like ( "..." => "..." ),'\
' item 1 has no key'
like "a type is a text" "$(fault 'mimetype.assign = ( ".a" => 5 )')" \
    '1: mimetype.assign is a list with keys*, item 1 is 5'
is "all type faults are told" "$(check "$(lines 'server.port = "x"' \
    'server.tag = 1' 'server.bind = ( )')" | wc -l | tr -d ' ')" 3

# ---- keys -------------------------------------------------------------------

is "an unknown key is a warning, with a hint" \
    "$(fault 'server.prot = 80')" "$(lines '1: unknown key server.prot,'\
' ignored (did you mean server.port?)' 'Syntax OK')"
is "an unknown key far from all" "$(fault 'foo.bar = 80')" \
    "$(lines '1: unknown key foo.bar, ignored' 'Syntax OK')"
is "a key of a module glimd lacks" "$(fault 'webdav.activate = "enable"')" \
    "$(lines '1: webdav.activate has no effect: glimd does not have mod_webdav'\
    'Syntax OK')"
is "encryption is never left out silently" \
    "$(fault 'ssl.engine = "enable"')" '1: ssl.engine: glimd cannot encrypt,'\
' and will not serve in clear what should be'
is "nor is a rule that protects" "$(fault 'auth.require = ( )')" \
    '1: auth.require needs mod_auth, which is not in server.modules'
is "a key of a module that is not loaded" \
    "$(fault 'accesslog.filename = "x"')" "$(lines '1: accesslog.filename has'\
' no effect: mod_accesslog is not in server.modules' 'Syntax OK')"
is "keys of lighttpd without meaning here" \
    "$(check 'server.network-backend = "writev"')" 'Syntax OK'

# ---- what a start needs -----------------------------------------------------

echo 'server.port = 80' >x.conf
is "no document root" "$("$GLIMD" -t -f x.conf 2>&1)" \
    'x.conf: server.document-root is not set'
ROOT_KEY=
is "a document root that is not there" \
    "$(fault 'server.document-root = "none"')" \
    "1: server.document-root: $PWD/none: No such file or directory"
is "a document root that is a file" \
    "$(fault 'server.document-root = "x.conf"')" \
    "1: server.document-root: $PWD/x.conf is not a folder"
ROOT_KEY='server.document-root = "root"'
is "an error log without a folder" "$(fault 'server.errorlog = "no/x.log"')" \
    "1: server.errorlog: $PWD/no/: No such file or directory"
like "an unknown event handler" "$(fault 'server.event-handler = "x"')" \
    '1: server.event-handler: "x" is not built in, there are:* select*'
like "an address that is none" "$(fault 'server.bind = "a b"')" \
    '1: server.bind: "a b" is no address'
if [ "$(id -u)" = 0 ]; then
	is "an unknown user" "$(fault 'server.username = "no-such-user"')" \
	    '1: server.username: there is no user "no-such-user"'
	like "root is no user to become" "$(fault 'server.username = "root"')" \
	    '1: server.username: "root" is root*'
	like "root's group neither" "$(fault 'server.groupname = "root"')" \
	    "1: server.groupname: *root*"
else
	skip "users" "not root"
fi
is "all of that is told at once" "$(check "$(lines 'server.bind = "a b"' \
    'server.event-handler = "x"')" | wc -l | tr -d ' ')" 2

# ---- -p ---------------------------------------------------------------------

cat >x.conf <<'EOT'
x = "y" + 1
server.document-root = "ro" + "ot"	# a comment
server.tag = "\"" + x + "\\."
mimetype.assign = ( ".a" => "b/c" )
mimetype.assign += ( "" => "d/e", )
index-file.names = ( )
EOT
"$GLIMD" -p -f x.conf >y.conf 2>&1
is "-p is a configuration" "$("$GLIMD" -t -f y.conf 2>&1)" 'Syntax OK'
is "-p of -p is the same" "$("$GLIMD" -p -f y.conf 2>&1)" "$(cat y.conf)"
is "-p has no variables" "$(grep -c -e '^var' -e '^x' y.conf)" 0
is "the sample is right" "$(cd "$TOP" && "$GLIMD" -t -f glimd.conf 2>&1)" \
    'Syntax OK'
sed -e 's/^#\(	"mod_\)/\1/' -e '/^# Programs/,/^# Types/s/^#\([^ ]\)/\1/' \
    "$TOP/glimd.conf" >sample.conf
is "... and so is what it says of gateways" "$(cd "$TOP" &&
    "$GLIMD" -t -f "$WORK/sample.conf" 2>&1)" 'Syntax OK'
