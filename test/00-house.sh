# 00-house - the rules of the house that a machine can check. HACKING says
# why they are there.
. "$TOP/test/lib.sh"

cd "$TOP" || exit 1
sources=$(ls *.c *.h)
scripts="test.sh test/*.sh test/*.c examples/*.c Makefile"

# Says "RULE FILE:LINE: TEXT" for each fault. code is the line without comments
# and without what stands between quotes.
cat >"$WORK/house.awk" <<'AWK'
function fault(rule, text) {
	print rule " " FILENAME ":" FNR ": " text
}
function strip(line,    out, c, i) {
	out = ""
	for (i = 1; i <= length(line); i++) {
		c = substr(line, i, 1)
		if (comment) {
			if (substr(line, i, 2) == "*/") {
				comment = 0
				i++
			}
		} else if (quote != "") {
			if (c == "\\")
				i++
			else if (c == quote)
				quote = ""
		} else if (substr(line, i, 2) == "/*") {
			comment = 1
			i++
		} else if (c == "\"" || c == "'")
			quote = c
		else
			out = out c
	}
	quote = ""
	return out
}
# Which headers of ours a file may include, by its name.
function allowed(name) {
	if (name ~ /^sys\./) return " sys "
	if (name ~ /^base[._]/) return " sys base "
	if (name ~ /^fdevent/) return " sys base fdevent "
	if (name ~ /^conf[._]/) return " sys base conf "
	if (name ~ /^http[._]/) return " sys base http "
	if (name ~ /^server\.h/) return " sys base fdevent conf http "
	if (name ~ /^(net|conn|config|stat_cache|plugin|modules)[._]/)
		return " sys base fdevent conf http server conn plugin "
	if (name ~ /^(gw|mod_)/)
		return " sys base fdevent conf http server conn plugin gw "
	return " sys base fdevent conf http server conn plugin gw proc "
}
FNR == 1 {
	comment = 0
	top = $0 ~ /^\/\*/
	if (!top)
		fault("top", "no comment at the top")
	own = FILENAME
	sub(/\.[ch]$/, "", own)
	allow = allowed(FILENAME)
}
top && /\*\// {
	if (FILENAME ~ /\.c$/ && (FNR < 4 || FNR > 24))
		fault("top", "its top comment has " FNR " lines")
	top = 0
}
/\* long: / { long = 1 }			# the leave, with its reason
/^$/ { long = 0 }
{ code = strip($0) }
code ~ /[^ \t]/ && own !~ /^mod_/ { lines++ }
END { print "lines " lines }
/^\{/ { start = FNR; split("", label); jumps = 0 }
start && match(code, /goto +[a-z_]+/) {
	name = substr(code, RSTART, RLENGTH)
	sub(/goto +/, "", name)
	if (name in label)
		fault("goto", "goes back to " name)
}
start && code ~ /^[a-z_]+:/ {
	name = code
	sub(/:.*/, "", name)
	label[name] = FNR
}
/^\}/ && start {
	if (FNR - start + 1 > 60 && !islong)
		fault("function", "a function of " FNR - start + 1 " lines")
	start = 0
}
/^\{/ { islong = long }
/^#[ \t]*(if|ifdef|ifndef|elif)/ {
	guard = toupper(own) "_H"
	if (FILENAME !~ /^(sys\.[ch]|fdevent.*\.c)$/ &&
	    $0 != "#ifndef " guard)
		fault("if", $0)
}
/^#include "/ {
	split($2, part, /["\.]/)
	family = part[2]
	sub(/_.*/, "", family)		# conf_parse.h is of the layer conf
	if (index(allow, " " family " ") == 0)
		fault("layer", $0)
}
own ~ /^mod_/ {
	rest = $0
	while (match(rest, /mod_[a-z_]+/)) {
		name = substr(rest, RSTART, RLENGTH)
		rest = substr(rest, RSTART + RLENGTH)
		if (name != own && index(name, own "_") != 1)
			fault("module", $0)
	}
}
code ~ /(^|[^_a-z])exit *\(/ && FILENAME !~ /^(options|server)\.c$/ {
	fault("exit", $0)
}
code ~ /(^|[^_a-z])(strcpy|strcat|v?sprintf|gets|strtok|alloca) *\(/ {
	fault("unsafe", $0)
}
AWK

# Width and white space, for the scripts as well.
cat >"$WORK/width.awk" <<'AWK'
{
	width = 0
	for (i = 1; i <= length($0); i++)
		if (substr($0, i, 1) == "\t")
			width += 8 - width % 8
		else
			width++
}
width > 80 { print "width " FILENAME ":" FNR ": " width " columns" }
/[ \t]$/ { print "space " FILENAME ":" FNR ": white space at the end" }
AWK

awk -f "$WORK/house.awk" $sources >"$WORK/faults"
awk -f "$WORK/width.awk" $sources $scripts >>"$WORK/faults"
wc -l $sources test/* 2>/dev/null |
    awk '$2 != "total" && $1 > 500 { print "file " $2 ": " $1 " lines" }' \
    >>"$WORK/faults"

check() {				# RULE NAME
	is "$2" "$(sed -n "s/^$1 //p" "$WORK/faults")" ""
}

check function "no function is longer than 60 lines, but by leave"
check file "no file is longer than 500 lines"
check width "no line is wider than 80 columns"
check space "no white space at the end of a line"
check top "each file begins with its promise"
check if "systems differ in sys.h, sys.c and fdevent*.c only"
check goto "goto goes forward"
check layer "no file includes a header of a layer above"
check module "no module knows another"
check exit "only main and the command line exit"
check unsafe "no function that cannot know the size of its buffer"
# Comments and blank lines are not counted: nobody is to save them. A module is
# one file, and nobody else's reader has to know it.
is "the server has at most 18000 lines of code without its modules" \
    "$(sed -n 's/^lines //p' "$WORK/faults" | awk '$1 > 18000')" ""
is "the Makefile lists every source" "$(for file in *.c; do
	case $file in
	mod_*) name=${file#mod_}
		grep -q "^	${name%.c}\( \\\\\)*$" Makefile ;;
	*)	grep -q "\(^\|[^a-z_]\)${file%.c}\.o" Makefile ;;
	esac || echo $file
done)" ""
