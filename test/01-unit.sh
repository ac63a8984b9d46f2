# 01-unit - the tables of test/unit.c: each function by itself.
. "$TOP/test/lib.sh"

[ -x "$TOP/test/bin/unit" ] || { skip "unit tests" "not built"; exit; }
$GLIMD_WRAP "$TOP/test/bin/unit" >out 2>err
status=$?
grep -E '^(not )?ok|^#' out
TESTS=$(grep -c -E '^(not )?ok' out)
is "all unit tests ran" "$status $(cat err)" "0 "
