# 56-failures-proxy - backends of mod_proxy that fail, and clients that leave.
. "$TOP/test/lib.sh"
needs proxy
kind=proxy
. "$TOP/test/failures.sh"
