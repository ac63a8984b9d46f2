# 67-peers - well-known clients agree.
. "$TOP/test/lib.sh"

awk 'BEGIN { for (i = 0; i < 20000; i++) print i }' >root/file
mkdir root/dir
echo x >root/dir/one
start_server 'dir-listing.activate = "enable"'
url=http://127.0.0.1:$PORT

if have curl; then
	curl -s -q --noproxy '*' -o got $url/file
	okay "curl fetches" cmp -s got root/file
	is "curl: a range" "$(curl -s -q --noproxy '*' -r 1000-1999 $url/file |
	    cksum)" "$(dd if=root/file bs=1000 skip=1 count=1 2>/dev/null |
	    cksum)"
	dd if=root/file of=part bs=1000 count=33 2>/dev/null
	curl -s -q --noproxy '*' -C - -o part $url/file
	okay "curl resumes" cmp -s part root/file
	is "curl follows to a folder" "$(curl -s -q --noproxy '*' -L \
	    -w '%{http_code}' -o /dev/null $url/dir)" 200
	is "curl posts a large body" "$(curl -s -q --noproxy '*' \
	    --data-binary @root/file -w '%{http_code}' -o /dev/null \
	    $url/file)" 405
	is "curl posts in chunks" "$(curl -s -q --noproxy '*' \
	    -H 'Transfer-Encoding: chunked' --data-binary @root/file \
	    -w '%{http_code}' -o /dev/null $url/file)" 405
	is "curl reuses the connection" "$(curl -s -q --noproxy '*' \
	    -w '%{num_connects} ' -o /dev/null $url/file \
	    -o /dev/null $url/dir/one)" "1 0 "
	is "curl: not modified" "$(curl -s -q --noproxy '*' -z root/file \
	    -w '%{http_code}' -o /dev/null $url/file)" 304
else
	skip "curl" "not here"
fi

if have wget; then
	wget -q --no-config --no-proxy -O got $url/file
	okay "wget fetches" cmp -s got root/file
	dd if=root/file of=file bs=1000 count=33 2>/dev/null
	wget -q --no-config --no-proxy -c $url/file
	okay "wget resumes" cmp -s file root/file
	wget -q --no-config --no-proxy -r -nH $url/dir/
	okay "wget mirrors a folder" cmp -s dir/one root/dir/one
else
	skip "wget" "not here"
fi

if have ab; then
	for k in '' -k; do
		ab -q $k -n 1000 -c 10 $url/dir/one >out 2>&1
		is "ab $k: 1000 requests" "$(sed -n \
		    's/^Complete requests: *//p; s/^Failed requests: *//p;
		    s/^Non-2xx responses/non-2xx/p' out | tr '\n' ' ')" \
		    "1000 0 "
	done
else
	skip "ab" "not here"
fi
