# 63-reopen - logs are opened again: no line is lost, none is torn, and a log
# that cannot be opened goes on where it was.
. "$TOP/test/lib.sh"
. "$TOP/test/load.sh"

echo hello >root/a.txt
modules='server.modules = ( "mod_accesslog" )'
by_me() { grep -c "logs reopened, UID = $(id -u) PID = $$\$" $1; }
told_all() { [ -e error.log ] && [ "$(by_me error.log)" -ge "$1" ]; }

# Both logs are renamed before each signal. The next one is sent when this one
# was obeyed by everybody.
rotate() {				# SIGNAL PROCESSES
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		mv access.log access.$i
		mv error.log error.$i
		kill -$1 $PID
		wait_for told_all $2 && wait_for test -e access.log || return 1
		[ $1 != HUP ] || wait_for grep -q reloaded error.log ||
			return 1
	done
}

for backend in $backends; do for workers in 0 2; do for signal in USR1 HUP; do
	what="$backend, $workers workers, 20 $signal"
	rm -f access.* error.*
	start_server "server.event-handler = \"$backend\"
server.max-worker = $workers
server.errorlog = \"$WORK/error.log\"
$modules
accesslog.filename = \"$WORK/access.log\"
accesslog.format = \"%h %r %>s %b end\""
	start_load -k 8 -f 4 -p /a.txt -s 6
	okay "$what: all are obeyed" rotate $signal $((workers + 1))
	end_load
	judge_load "$what: nobody notices"
	stop_server
	cat access.* >all
	is "$what: as many lines as answers" "$(($(wc -l <all)))" \
	    "$(loaded answered)"
	is "$what: each of them whole" "$(awk 'NF != 7 || $7 != "end"' all |
	    head -n 3)" ""
	is "$what: the error log's lines, too" "$(cat error.* |
	    grep -v '^20[0-9-]* [0-9:]*: ([a-z_]*\.c\.[0-9]*) ')" ""
	told=0
	for i in 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		told=$((told + $(by_me error.$i)))
	done
	told=$((told + $(by_me error.log)))
	# workers that are about to leave are told, too
	okay "$what: everybody says who wanted it ($told)" \
	    test $told -ge $((20 * (workers + 1)))
	is "$what: ... in the new file" "$(by_me error.1)" 0
done; done; done

# ---- a log that cannot be opened --------------------------------------------

for workers in 0 2; do
	what="$workers workers, no folder"
	mkdir logs
	start_server "server.max-worker = $workers
server.errorlog = \"$WORK/logs/error.log\"
$modules
accesslog.filename = \"$WORK/logs/access.log\""
	get '/a.txt?first' >/dev/null
	mv logs moved
	errorlog=moved/error.log
	okay "$what: USR1 is obeyed" told USR1 'logs reopened'
	for log in error access; do
		okay "$what: the $log log is missing" wait_for says \
		    "error. .*logs/$log.log: No such file or directory"
	done
	get '/a.txt?second' >/dev/null
	okay "$what: HUP is refused" refused
	get '/a.txt?third' >/dev/null
	for line in first second third; do
		okay "$what: the $line line is in the old log" wait_for \
		    grep -q "?$line" moved/access.log
	done
	mkdir logs
	errorlog=logs/error.log
	kill -USR1 $PID
	okay "$what: it is there again" wait_for test -s logs/access.log \
	    -o -s logs/error.log
	get '/a.txt?fourth' >/dev/null
	okay "$what: ... and written to" wait_for grep -q '?fourth' \
	    logs/access.log
	stop_server
	rm -r logs moved
done

# ---- a command that reads ---------------------------------------------------

starts() { [ "$(($(wc -l <$1.pid)))" -ge $2 ]; }
command() {				# NAME: of its files
	echo "|echo \$\$ >>$WORK/$1.pid; while read -r line
	    do echo \$line >>$WORK/$1.lines; done; echo end >$WORK/$1.end"
}
for workers in 0 2; do
	rm -f *.pid *.lines *.end
	: >error.lines
	errorlog=error.lines
	configure "server.max-worker = $workers
server.errorlog = \"$(command error)\"
debug.log-file-not-found = \"enable\"
$modules
accesslog.filename = \"$(command access)\""
	launch $GLIMD_WRAP "$GLIMD" -D -f $SRV.conf
	await
	get /none/first >/dev/null
	for log in access error; do
		what="$workers workers, the $log log's reader"
		okay "$what: it reads" wait_for grep -q /none/first $log.lines
		kill -KILL $(cat $log.pid)
	done
	for log in access error; do
		what="$workers workers, the $log log's reader"
		okay "$what: killed, it is started again" wait_for starts $log 2
	done
	# whichever worker answers
	for i in 1 2 3 4 5 6; do get "/none/second$i" >/dev/null; done
	for log in access error; do
		what="$workers workers, the $log log's reader"
		for i in 1 2 3 4 5 6; do
			okay "$what: it reads on ($i)" wait_for \
			    grep -q "/none/second$i" $log.lines
		done
	done
	okay "$workers workers, USR1" told USR1 'logs reopened'
	get /none/third >/dev/null
	for log in access error; do
		what="$workers workers, the $log log's reader"
		okay "$what: USR1 does not lose it" wait_for \
		    grep -q /none/third $log.lines
		is "$what: ... nor start another" "$(($(wc -l <$log.pid)))" 2
	done
	stop_server
	for log in access error; do
		okay "$workers workers, the $log log's reader: it ends, too" \
		    wait_for test -e $log.end
	done
	errorlog=
done

# ---- what only root may open ------------------------------------------------

if [ "$(id -u)" != 0 ] || ! id nobody >/dev/null 2>&1; then
	skip "root's logs" "only root has some"
	exit
fi
for workers in 0 2; do
	what="$workers workers as nobody, root's folder"
	rm -rf private
	mkdir -m 777 private
	: >private/error.log
	chmod 666 private/error.log
	[ $workers = 0 ] || chmod 700 private
	start_server "server.max-worker = $workers
server.username = \"nobody\"
server.errorlog = \"$WORK/private/error.log\"
$modules
accesslog.filename = \"$WORK/private/access.log\""
	chmod 700 private
	for pid in $(children) $([ $workers = 0 ] && echo $PID); do
		owner=$(ls -ldn /proc/$pid 2>/dev/null | awk '{ print $3 }')
		is "$what: it serves as nobody" \
		    "${owner:-$(($(ps -o uid= -p $pid)))}" "$(id -u nobody)"
	done
	get /a.txt?first >/dev/null
	mv private/access.log private/access.old
	mv private/error.log private/error.old
	errorlog=private/error.old
	kill -USR1 $PID
	new=access.log
	if [ $workers = 0 ]; then
		okay "$what: it cannot" wait_for says \
		    'error. .*private/access.log: Permission denied'
		new=access.old
	else
		errorlog=private/error.log
		: >>$errorlog
		okay "$what: all get the new one" wait_for says \
		    'logs reopened' $((workers + 1))
		is "$what: nobody tells the old one" "$(grep -c 'reopened' \
		    private/error.old)" 0
	fi
	get /a.txt?second >/dev/null
	okay "$what: lines go on" wait_for grep -q second private/$new
	errorlog="private/error.log private/error.old"
	stop_server
	errorlog=
done
