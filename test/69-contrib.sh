# 69-contrib - the files in contrib/ say to systemd, OpenRC, procd and
# logrotate what glimd understands. The scripts run between stubs of
# what calls them, and of what they call.
. "$TOP/test/lib.sh"

FILES="glimd.service glimd.socket glimd.openrc glimd.procd glimd.logrotate"
SCRIPTS="glimd.openrc glimd.procd"
cd "$TOP/contrib" || exit 1
is "README names every file" "$(ls | grep -v '^README$')" \
    "$(sed -n 's/^	\(glimd\.[a-z]*\)	.*/\1/p' README | sort)"
is "... and there is nothing else" "$(ls | grep -v '^README$')" \
    "$(printf '%s\n' $FILES | sort)"
is "no line is wider than 80 columns" "$(expand * | grep '.\{81\}')" ""

# ---- what they say to glimd -------------------------------------------------

# Each option behind the name of the program, or a variable with it; "-s quit".
awk '{
	sub(/command_args="/, "glimd ")
	gsub(/"\$(command|PROG)"/, "glimd")
	gsub(/["`)]/, " ")
	for (i = 1; i <= NF; i++) {
		if ($i !~ /(^|[=\/])glimd$/)
			continue
		while ($(i + 1) ~ /^(-[A-Za-z0-9]|\$OPTIONS)/) {
			i++
			if ($i == "-s")
				print $i, $(++i)
			else if ($i ~ /^-/)
				print $i
			if ($i ~ /^-[fil]$/)
				i++
		}
	}
}
match($0, /OPTIONS=-[a-z]/) { print substr($0, RSTART + 8, RLENGTH - 8) }
' * | sed 's/[.,;]*$//' | sort -u >"$WORK/used"
"$GLIMD" -h >"$WORK/help"
tr -c 'A-Za-z0-9-' '\n' <"$WORK/help" | grep -x -e '-[A-Za-z0-9]*' |
    sort -u >"$WORK/known"
sed -n 's/.* -s \([a-z|]*\) .*/\1/p' "$WORK/help" | tr '|' '\n' |
    sed 's/^/-s /' >>"$WORK/known"
is "they use what this test is about" \
    "$(tr '\n' ' ' <"$WORK/used")" "-D -f -i -p -s reload -s reopen \
-s upgrade -t "
while read -r option; do
	okay "glimd knows $option" grep -q -x -e "$option" "$WORK/known"
done <"$WORK/used"

# From here on copies: with this glimd, in this folder, as this user.
mkdir "$WORK/etc" "$WORK/run" "$WORK/log"
for file in $FILES; do
	sed "s,/usr/sbin/glimd,$GLIMD,g; s,/etc/glimd,$WORK/etc,g
	    s,/var/log,$WORK/log,g; s,/run/,$WORK/run/,g" $file >"$WORK/$file"
done
cd "$WORK" || exit 1
CONF=$WORK/etc/glimd.conf
configure "server.pid-file = \"$WORK/run/glimd.pid\"
server.errorlog = \"$WORK/log/glimd/error.log\"
server.username = \"$(id -un nobody 2>/dev/null || id -un)\""
cp glimd.conf "$CONF"
cp "$CONF" good.conf
broken() { echo 'server.port = = (' >>"$CONF"; }
mended() { cp good.conf "$CONF"; }

# ---- systemd ----------------------------------------------------------------

is "units: nothing but sections, keys and comments" "$(cat *.service *.socket |
    grep -v -e '^\[[A-Z][a-z]*\]$' -e '^[A-Z][A-Za-z0-9]*=' -e '^#' -e '^$')" ""
if have systemd-analyze; then
	is "systemd finds no fault" "$(systemd-analyze verify --man=no \
	    ./glimd.service ./glimd.socket 2>&1; echo $?)" 0
else
	skip "systemd finds no fault" "no systemd-analyze"
fi
if have systemd-analyze &&
    systemd-analyze --help | grep -q -e --threshold; then
	like "systemd calls it hardened" "$(systemd-analyze security \
	    --no-pager --offline=yes --threshold=45 ./glimd.service 2>&1 |
	    tail -n 2)" "*level for glimd.service: [0-4].* OK*"
else
	skip "systemd calls it hardened" "no systemd-analyze security"
fi

unit() { sed -n "s/^$1=//p" glimd.service; }	# KEY
mkdir -p log/glimd
is "ExecStartPre: a good configuration" "$($(unit ExecStartPre) 2>&1)" \
    "Syntax OK"
is "ExecReload checks the same" "$(unit ExecReload | sed 1q)" \
    "$(unit ExecStartPre)"
is "... and tells the server" "$(unit ExecReload | sed 1d)" \
    '/bin/kill -HUP $MAINPID'
broken
$(unit ExecStartPre) >out 2>&1
is "ExecStartPre: a bad one" $? 1
mended
sed "/errorlog\|username/d" good.conf >"$CONF"
OPTIONS="-i $((1 + SLOW))"
errorlog=
eval "launch \$GLIMD_WRAP $(unit ExecStart)"
await
like "ExecStart stays in the foreground, and serves" "$(get /)" "HTTP/1.1 *"
okay "... with OPTIONS" wait_for ended
judge_end "... status 0"
mended
is "sockets for every address, one of each family" \
    "$(sed -n 's/^ListenStream=//p
	/BindIPv6Only/p' glimd.socket | tr '\n' ' ')" \
    "0.0.0.0:80 [::]:80 BindIPv6Only=ipv6-only "

# ---- both kinds of scripts --------------------------------------------------

for file in $SCRIPTS; do
	for shell in sh dash "busybox sh" bash; do
		if have ${shell% *}; then
			okay "$shell -n $file" $shell -n $file
		else
			skip "$shell -n $file" "not here"
		fi
	done
done

# What glimd is asked, in "calls". It is the real one but for -s upgrade,
# which nobody can see the end of here: $upgrade is the pid it leaves.
mkdir stub
cat >stub/glimd <<STUB
#!/bin/sh
echo "glimd \$*" | sed "s,$CONF,CONF," >>"$WORK/calls"
case \$2 in
upgrade) echo \$upgrade >"$WORK/run/glimd.pid" ;;
*) exec "$GLIMD" "\$@" ;;
esac
STUB
chmod 755 stub/glimd
sed "s,=$GLIMD$,=$WORK/stub/glimd," glimd.openrc >openrc.sh
sed "s,=$GLIMD$,=$WORK/stub/glimd," glimd.procd >procd.sh
say() { echo "$*" >>"$WORK/calls"; }
calls() { tr '\n' ';' <calls; }

# ---- OpenRC -----------------------------------------------------------------

is "openrc-run runs it" "$(sed 1q glimd.openrc)" "#!/sbin/openrc-run"

# Calls one of its functions as openrc-run would; "calls" is what comes out.
openrc() (				# FUNCTION
	: >calls
	RC_SVCNAME=glimd
	for word in ebegin einfo; do eval "$word() { :; }"; done
	for word in eerror checkpath need use after sleep kill; do
		eval "$word() { say $word \"\$@\"; }"
	done
	eend() { [ "$1" = 0 ] || { say "eend $2"; false; }; }
	start() { eval "$command $command_args"; }
	. ./openrc.sh
	"$@"
) >out 2>err

broken
okay "OpenRC: start_pre refuses a bad configuration" eval "! openrc start_pre"
like "... after it was checked" "$(calls)" \
    "checkpath -d $WORK/log/glimd;glimd -t -f CONF;eend * has faults;"
mended
okay "OpenRC: start_pre" openrc start_pre
like "... makes the folder of the logs, checks, and gives it away" "$(calls)" \
    "checkpath -d $WORK/log/glimd;glimd -t -f CONF;*checkpath -d -m 0750 -o \
$(id -un nobody 2>/dev/null || id -un) $WORK/log/glimd;"
sed '/pid-file/d' good.conf >"$CONF"
okay "OpenRC: a configuration without the pid file" eval "! openrc start_pre"
like "... is told which" "$(calls)" \
    "*eerror * needs server.pid-file = *$WORK/run/glimd.pid*"
mended
openrc depend
like "OpenRC: depend" "$(calls)" "*need localmount;*"
for word in $(openrc eval 'echo $extra_commands $extra_started_commands'
    cat out); do
	okay "OpenRC: $word is there, and described" \
	    openrc eval "command -v $word && [ -n \"\$description_$word\" ]"
done

# As root the log would be nobody's, in a folder that a test cannot give away.
sed '/username/d' good.conf >"$CONF"
cp "$CONF" good.conf
RC_CMD=start
(openrc start; echo $? >started) &
wait_for test -s run/glimd.pid
PID=$(cat run/glimd.pid)
mine $PID
okay "OpenRC: start does not stay in the foreground" wait_for test -s started
is "... and says that all is well" "$(cat started)" 0
okay "... serves, with the pid file" kill -0 $PID
mv log/glimd/error.log log/glimd/old
okay "OpenRC: reopen" openrc reopen
is "... asks glimd" "$(calls)" "glimd -s reopen -f CONF;"
okay "... which opens the logs" wait_for test -s log/glimd/error.log
okay "OpenRC: reload" openrc reload
like "OpenRC: reload asks glimd" "$(calls)" "glimd -s reload -f CONF;*"
broken
RC_CMD=restart
okay "OpenRC: a restart with a bad configuration does not stop" \
    eval "! openrc stop_pre"
RC_CMD=stop
okay "... but stop does" openrc stop_pre
mended
upgrade=4711
export upgrade
okay "OpenRC: upgrade" openrc upgrade
is "... tells the old server to quit when the new one serves" "$(calls)" \
    "glimd -s upgrade -f CONF;kill -QUIT $PID;"
upgrade=$PID
echo $PID >run/glimd.pid
okay "OpenRC: an upgrade whose server does not start" eval "! openrc upgrade"
like "... leaves the old one alone" "$(calls)" \
    "glimd -s upgrade -f CONF;sleep 1;*sleep 1;eend The old * goes on;"
openrc eval 'echo "$retry $pidfile"'
is "OpenRC: it is stopped gracefully, then at once, then by force" \
    "$(cat out)" "QUIT/10/TERM/5/KILL/5 $WORK/run/glimd.pid"
kill -QUIT $PID

# ---- procd ------------------------------------------------------------------

is "rc.common runs it" "$(sed 1q glimd.procd)" "#!/bin/sh /etc/rc.common"

procd() (				# FUNCTION
	: >calls
	for word in open_instance set_param append_param close_instance \
	    send_signal; do
		eval "procd_$word() { say $word \"\$@\"; }"
	done
	for word in logger chown; do eval "$word() { say $word \"\$@\"; }"; done
	procd_running() { [ -n "$running" ]; }
	start() { say start; }
	. ./procd.sh
	"$@"
	status=$?
	echo >ended			# it has not ended the script
	exit $status
) >out 2>err

is "procd runs it" "$(procd eval 'echo $USE_PROCD $START'; cat out)" "1 80"
mkdir etc/conf.d
echo >etc/conf.d/a.conf
rm -rf log/glimd
okay "procd: start" procd start_service
is "... makes the folder of the logs" "$(ls -d log/glimd)" log/glimd
is "... checks, and hands one instance to procd" \
    "$(sed "s,$WORK,,g" calls | tr '\n' ';')" \
    "glimd -t -f CONF;glimd -p -f CONF;chown root /log/glimd;\
open_instance;set_param command /stub/glimd -D -f /etc/glimd.conf;\
set_param file /etc/glimd.conf;append_param file /etc/conf.d/a.conf;\
set_param reload_signal HUP;set_param respawn;set_param stdout 1;\
set_param stderr 1;close_instance;"
running=1
okay "procd: reload" procd reload_service
is "... checks, and sends HUP" "$(calls)" \
    "glimd -t -f CONF;send_signal glimd * HUP;"
running=
procd reload_service
is "procd: reload of what does not run" "$(calls)" "start;"
procd reopen
is "procd: reopen" "$(calls)" "send_signal glimd * USR1;"
for word in $(procd eval 'echo $EXTRA_COMMANDS'; cat out); do
	okay "procd: $word is there, and described" procd eval \
	    "command -v $word && echo \"\$EXTRA_HELP\" | grep -q $word"
done
action=stop
okay "procd: stop" procd stop_service
is "... asks nothing" "$(calls)" ""
broken
running=1
procd reload_service
like "procd: no reload with a bad configuration" "$(calls)" \
    "glimd -t -f CONF;logger *glimd.conf:*expected*"
unlike "... really" "$(calls)" "*send_signal*"
rm -f ended
procd start_service
is "procd: a start with one exits with 1" "$? $(ls ended 2>/dev/null)" "1 "
unlike "... and procd hears nothing" "$(calls)" "*instance*"
action=restart
okay "procd: a restart with one does not stop" eval "! procd stop_service"
mended

# ---- logrotate --------------------------------------------------------------

sed -n '/postrotate/,/endscript/p' glimd.logrotate | sed '1d;$d' >postrotate
rm -f run/glimd.pid
is "logrotate: nothing runs, nothing is said" "$(sh postrotate 2>&1; echo $?)" 0
sed '/errorlog/d' good.conf >"$CONF"
start_server "server.pid-file = \"$WORK/run/glimd.pid\"
server.errorlog = \"$WORK/log/glimd/error.log\""
mv log/glimd/error.log log/glimd/error.log.1
is "logrotate: the logs are opened again" "$(sh postrotate 2>&1; echo $?)" 0
okay "... by name" wait_for test -s log/glimd/error.log
stop_server
if have logrotate; then
	sed "s/su .*/su $(id -un) $(id -gn)/" glimd.logrotate >rotate.conf
	chmod 644 rotate.conf
	like "logrotate reads it" "$(logrotate -d rotate.conf 2>&1; echo $?)" \
	    "*error.log*
0"
	unlike "... without a complaint" \
	    "$(logrotate -d rotate.conf 2>&1)" "*error: *"
else
	skip "logrotate reads it" "no logrotate"
fi
