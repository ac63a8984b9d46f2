# 22-hosts - what a block sets is for its requests, and for nobody else: hosts
# that take turns on one connection, with workers, without memory, and while the
# configuration changes under them.
. "$TOP/test/lib.sh"
. "$TOP/test/load.sh"

# Blocks of hosts first to last: a root and a tag of its own each, and another
# tag below /sub/.
blocks() {				# FIRST LAST WORD
	i=$1
	while [ $i -le $2 ]; do
		echo "\$HTTP[\"host\"] == \"h$i.example.com\" {
    server.document-root = \"$WORK/h$i\"
    server.tag = \"$3$i\"
    \$HTTP[\"url\"] =~ \"^/s[tuv]b/\" { server.tag = \"$3$i-sub\" }
    else \$HTTP[\"url\"] == \"/b\" { server.tag = \"$3$i-b\" }
}"
		i=$((i + 1))
	done
}

i=1
while [ $i -le 40 ]; do
	mkdir -p h$i/sub
	echo "a$i" >h$i/a
	echo "b$i" >h$i/b
	echo "c$i" >h$i/sub/c
	i=$((i + 1))
done
echo none >root/a

# Forty hosts, each seven behind the one before it, and what they answer; and
# the same for a client that waits for each answer.
asked= want=
i=1
set --
while [ $i -le 40 ]; do
	n=$((i * 7 % 40 + 1))
	case $((i % 4)) in
	0) path=/b tag=tag$n-b text=b$n ;;
	1) path=/sub/c tag=tag$n-sub text=c$n ;;
	2) path=/a tag=none text=none ;;
	*) path=/a tag=tag$n text=a$n ;;
	esac
	host=h$n.example.com
	[ $tag != none ] || host=x$n.example.com
	one="GET $path HTTP/1.1\r\nHost: $host\r\n\r\n"
	asked=$asked$one
	set -- "$@" "$one" -g $text
	want="$want$tag $text
"
	i=$((i + 1))
done

# "TAG BODY" of each answer.
answers() {
	tr -d '\r' | awk '/^Server:/ { tag = $2 }
	    seen { print tag, $0; seen = 0 } /^$/ { seen = 1 }'
}

for workers in 0 2; do
	start_server "server.max-worker = $workers
server.tag = \"none\"
$(blocks 1 40 tag)"
	is "$workers workers: each has what its block says" \
	    "$(raw "$asked" -h | answers)" "${want%?}"
	is "$workers workers: ... one request after the other" \
	    "$(raw "$@" -h | answers)" "${want%?}"
	is "$workers workers: ... in pieces" \
	    "$(raw -b 97 "$asked" -h | answers)" "${want%?}"
	for client in 1 2 3 4 5 6 7 8; do
		raw -t 30000 -n 5 "$asked" -h | answers >all.$client &
		eval "job$client=$!"
	done
	wrong=
	five=$want$want$want$want$want
	for client in 1 2 3 4 5 6 7 8; do
		eval "wait \$job$client"
		[ "$(cat all.$client)" = "${five%?}" ] || wrong="$wrong $client"
	done
	is "$workers workers: ... eight clients at a time" "$wrong" ""
	stop_server
done

# ---- a reload ---------------------------------------------------------------

# The same number of blocks, in which each host is another one; or fewer, so
# that what was kept of the old ones is too long.
dd if=/dev/zero of=h3/large bs=1048576 count=8 2>/dev/null
ask='GET /a HTTP/1.1\r\nHost: h3.example.com\r\n'
started='server.tag = "none"'
for workers in 0 2; do
	start_server "$started
server.max-worker = $workers
$(blocks 1 40 old)"
	# one in the middle of its head, one that downloads and has asked for
	# more, one that is idle
	raw -t 60000 "${ask}" -T half -f go "\r\n" -h >half.out &
	half=$!
	raw -t 60000 -z 4096 "GET /large HTTP/1.1\r\nHost: h3.example.com\r\n\
\r\n$ask\r\n" -h -g Content-Length -T large -f go >large.out &
	large=$!
	raw -t 60000 "$ask\r\n" -g a3 -T idle -f go "$ask\r\n" -g a3 \
	    -T again -f more "$ask\r\n" -h >idle.out &
	idle=$!
	for file in half large idle; do wait_for test -e $file; done
	configure "$started
server.port = $PORT
server.max-worker = $workers
$(blocks 20 40 new)
$(blocks 1 19 new)"
	okay "$workers workers: a reload with other blocks" reload
	has_new() { raw "$ask\r\n" -h | answers | grep -q '^new3 a3$'; }
	okay "$workers workers: ... counts for who comes" wait_for has_new
	: >go
	wait_for test -e again
	configure "$started
server.port = $PORT
server.max-worker = $workers
$(blocks 3 4 last)"
	okay "$workers workers: a reload with fewer" reload
	has_last() { raw "$ask\r\n" -h | answers | grep -q '^last3 a3$'; }
	wait_for has_last
	: >more
	wait $half
	like "$workers workers: half a head, then a reload" \
	    "$(answers <half.out)" '[on][le][dw]3 a3'
	wait $idle
	is "$workers workers: a connection that stays" \
	    "$(answers <idle.out | grep -n '' | grep -v -e '^1:old3 a3$' \
		-e '^2:old3 a3$' -e '^2:new3 a3$' -e '^3:[onl]..t*3 a3$')" ''
	wait $large
	is "$workers workers: a download goes on" \
	    "$(tr -dc '\0' <large.out | wc -c | tr -d ' ')" 8388608
	like "$workers workers: ... and what comes behind it is new" \
	    "$(tr -d '\0' <large.out | answers | tail -n 1)" \
	    "$([ $workers = 0 ] && echo '[nl][ea][ws]*3 a3' || echo '*')"
	is "$workers workers: other hosts have nothing any more" \
	    "$(raw 'GET /a HTTP/1.1\r\nHost: h1.example.com\r\n\r\n' -h |
	    answers)" 'none none'
	rm -f go more half large idle again
	stop_server
done

# Many reloads while all of them are asked for.
start_server "$started
server.max-worker = 2
$(blocks 1 40 tag)"
cp $SRV.conf full.conf
echo "server.port = $PORT" >>full.conf
grep -v '^server.port = 0' full.conf >$SRV.conf
for client in 1 2 3 4; do
	: >stay
	while [ -e stay ]; do
		raw -t 30000 "$asked" -h | answers
	done >all.$client &
	eval "job$client=$!"
	mine $!
done
okay "reloads while all are asked for" eval 'for i in 1 2 3 4 5 6; do
	reload || exit 1; done'
rm -f stay
for client in 1 2 3 4; do eval "wait \$job$client"; done
echo "$want" | sort -u >right
sort -u all.1 all.2 all.3 all.4 >seen
is "... nobody has anything of another" "$(comm -13 right seen)" ""
okay "... and there was something" test -s seen
stop_server
