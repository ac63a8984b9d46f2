# 56-failures-scgi - backends of mod_scgi that fail, and clients that leave.
. "$TOP/test/lib.sh"
needs scgi
kind=scgi
. "$TOP/test/failures.sh"
