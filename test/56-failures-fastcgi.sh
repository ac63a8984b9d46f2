# 56-failures-fastcgi - backends of mod_fastcgi that fail, clients that leave.
. "$TOP/test/lib.sh"
needs fastcgi
kind=fastcgi
. "$TOP/test/failures.sh"
