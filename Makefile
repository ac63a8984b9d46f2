.POSIX:

# What a builder may want to change, on the command line or here:
#   make CC=clang CFLAGS=-Os PREFIX=/usr DESTDIR=/tmp/root
#   make STATIC=1 | POSIX_ONLY=1 | DEBUG=1
#   make MODULES='indexfile dirlisting staticfile'
CC = cc
CFLAGS = -O2
LDFLAGS =
PREFIX = /usr/local
DESTDIR =
# Built in; server.modules says which of them are in use, and in which order.
MODULES = \
	access \
	accesslog \
	auth \
	status \
	extforward \
	evhost \
	simple_vhost \
	userdir \
	redirect \
	rewrite \
	alias \
	expire \
	setenv \
	cgi \
	fastcgi \
	scgi \
	proxy \
	indexfile \
	tar \
	dirlisting \
	staticfile

# STATIC=1: no shared libc. POSIX_ONLY=1: not one call that only some systems
# have. DEBUG=1: address and undefined-behaviour sanitizers.
STATIC_1 = -static
NO_LOADING_1 = -DSYS_STATIC=1
POSIX_ONLY_1 = -DPOSIX_ONLY
DEBUG_1 = -g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all

# What copies bytes is built for speed (CFLAGS), all the rest for size: see
# HACKING. Nothing throws, so nobody needs the tables for it; functions of libc
# are called without a detour.
SMALL != $(CC) -Oz -E -x c /dev/null >/dev/null 2>&1 && echo -Oz || echo -Os
LEAN = -fno-asynchronous-unwind-tables -fno-plt

WARN = -Wall -Wextra -pedantic
LINT = -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wcast-qual -Wwrite-strings -Werror
# glibc's glob.h and regex.h are too much for tcc without this.
TCC_FLAGS != case '$(CC)' in *tcc*) \
	echo -D__STDC_NO_VLA__ -U_FILE_OFFSET_BITS ;; esac
# Saves a page or two of padding; GNU ld and lld know it. The other one packs
# the addresses that are fixed at the start: 7 KiB less, where both the linker
# and the libc can do it. A program that has such an address shows that.
LEAN_LDFLAGS != case '$(CC)' in *tcc*) ;; *) \
	echo -Wl,-z,noseparate-code; pack=-Wl,-z,pack-relative-relocs; \
	echo 'int x, *volatile p = &x; int main(void) { return p != &x; }' \
	    >.probe.c; $(CC) $(STATIC_$(STATIC)) $$pack -o .probe .probe.c \
	    2>/dev/null && { ./.probe; } 2>/dev/null && echo $$pack; \
	rm -f .probe .probe.c ;; esac
# gcc sees the whole program at the link, and makes it a bit smaller and faster.
LTO_ != case '$(CC)' in *tcc*) ;; *) lto='-flto -flto-partition=one'; \
	echo 'int main(void) { return 0; }' >.probe.c; \
	$(CC) $$lto -o .probe .probe.c 2>/dev/null && { ./.probe; } \
	2>/dev/null && echo $$lto; rm -f .probe .probe.c ;; esac
# crypt(3) is in libc, or in a library that is loaded when a hash needs it; a
# static program takes it in at the link.
CRYPT_1 = -lcrypt
CRYPT != echo 'char *crypt(const char *, const char *);' \
	'int main(void) { return crypt("", "") == 0; }' >.probe.c; \
	for lib in -lc $(CRYPT_$(STATIC)); do \
		$(CC) $(STATIC_$(STATIC)) -o .probe .probe.c $$lib \
		2>/dev/null && echo $$lib && break; done; rm -f .probe .probe.c
HAS_CRYPT != case '$(CRYPT)' in -l*) echo -DHAS_CRYPT ;; esac
LANG_FLAGS = -std=c99 -D_POSIX_C_SOURCE=200809L -D_FILE_OFFSET_BITS=64 \
	$(TCC_FLAGS) $(HAS_CRYPT)
# dlopen is in a library of its own on some systems. A module that is loaded
# finds those names of ours that plugin.syms lists; where the linker cannot read
# that, all of them.
# (In bmake STATIC is not empty.)
DL != echo 'int dlopen(), main(void) { return dlopen == 0; }' >.probe.c; \
	for lib in '' -ldl; do test '$(STATIC)' = 1 || \
	$(CC) -w -o .probe .probe.c $$lib 2>/dev/null && echo $$lib && break; \
	done; rm -f .probe .probe.c
EXPORT != echo 'int main(void) { return 0; }' >.probe.c; \
	for how in -Wl,--dynamic-list=plugin.syms -rdynamic -Wl,-E ''; do \
	test '$(STATIC)' != 1 && $(CC) $$how -o .probe .probe.c 2>/dev/null && \
	echo $$how && break; done; rm -f .probe .probe.c
ALL_CFLAGS = $(LANG_FLAGS) $(POSIX_ONLY_$(POSIX_ONLY)) \
	$(NO_LOADING_$(STATIC)) $(CFLAGS) \
	$(LEAN) $(LTO_$(DEBUG)) $(DEBUG_$(DEBUG)) $(WARN)
ALL_LDFLAGS = $(DEBUG_$(DEBUG)) $(STATIC_$(STATIC)) $(LEAN_LDFLAGS) $(LDFLAGS) \
	$(DL) $(CRYPT)

# Objects depend on the flags they were made with: DEBUG=1 after a plain make
# builds everything again.
FLAGS != printf '%s\n' '$(CC) $(ALL_CFLAGS) $(SMALL) $(ALL_LDFLAGS)' \
	'$(MODULES) $(PREFIX)' \
	>.flags.new; cmp -s .flags.new .flags || cp .flags.new .flags; \
	rm -f .flags.new

MODULE_OBJECTS != for m in $(MODULES); do echo mod_$$m.o; done
MODULE_TABLE != for m in $(MODULES); do printf 'M(%s) ' $$m; done
MODULE_FLAGS = '-DMODULES=$(MODULE_TABLE)' \
	'-DMODULES_DIR="$(PREFIX)/lib/glimd"'

HEADERS = sys.h base.h fdevent.h conf.h http.h server.h conn.h plugin.h gw.h \
	proc.h

# All but main(), in the order of the layers: see HACKING.
OBJECTS = \
	sys.o \
	sys_spawn.o \
	base_buf.o \
	base_queue.o \
	base_str.o \
	base_set.o \
	base_pat.o \
	base_cidr.o \
	base_date.o \
	base_log.o \
	base_timer.o \
	base_hash.o \
	base_pass.o \
	fdevent.o \
	fdevent_select.o \
	fdevent_poll.o \
	fdevent_epoll.o \
	conf_fault.o \
	conf_lex.o \
	conf_parse.o \
	conf_expr.o \
	conf_block.o \
	conf_cond.o \
	conf_keys.o \
	conf_print.o \
	http_parse.o \
	http_field.o \
	http_body.o \
	http_reply.o \
	http_range.o \
	http_auth.o \
	http_mime.o \
	config.o \
	server_conf.o \
	clock.o \
	tally.o \
	net_open.o \
	net.o \
	conn.o \
	conn_pool.o \
	conn_life.o \
	conn_io.o \
	conn_body.o \
	conn_rate.o \
	conn_wait.o \
	conn_cond.o \
	conn_env.o \
	conn_file.o \
	conn_host.o \
	conn_rule.o \
	conn_route.o \
	conn_response.o \
	stat_cache.o \
	plugin.o \
	plugin_load.o \
	gw_host.o \
	gw_match.o \
	gw_balance.o \
	gw_child.o \
	gw_spawn.o \
	gw_env.o \
	gw_reply.o \
	gw_map.o \
	gw_io.o \
	gw_life.o \
	gw.o \
	modules.o \
	$(MODULE_OBJECTS) \
	daemon.o \
	proc_title.o \
	proc_signal.o \
	proc_channel.o \
	proc_table.o \
	proc_upgrade.o \
	proc_serve.o \
	proc_worker.o \
	proc_master.o \
	options.o

all: glimd

glimd: server.o $(OBJECTS) plugin.syms
	$(CC) $(ALL_CFLAGS) $(EXPORT) -o $@ server.o $(OBJECTS) \
	    $(ALL_LDFLAGS)

server.o $(OBJECTS): $(HEADERS) conf_parse.h http_parse.h .flags

HOT_OBJECTS = base_buf.o conf_cond.o conn_response.o http_parse.o

.SUFFIXES: .c .o .so
.c.o:
	$(CC) $(ALL_CFLAGS) $(SMALL) $(DEBUG_$(DEBUG)) -c -o $@ $<

# make mod_expire.so: a module of ours that is to be loaded; it may call what
# plugin.syms lists, and some need more than that.
.c.so:
	$(CC) $(LANG_FLAGS) $(POSIX_ONLY_$(POSIX_ONLY)) $(CFLAGS) \
	    $(DEBUG_$(DEBUG)) $(WARN) -D$*=$*_plugin -fPIC -shared -o $@ $<

modules.o: modules.c
	$(CC) $(ALL_CFLAGS) $(SMALL) $(MODULE_FLAGS) -c -o $@ modules.c

base_buf.o: base_buf.c
conf_cond.o: conf_cond.c
conn_response.o: conn_response.c
http_parse.o: http_parse.c
$(HOT_OBJECTS):
	$(CC) $(ALL_CFLAGS) -c -o $@ $*.c

test/bin/raw: test/raw.c .flags
	@mkdir -p test/bin
	$(CC) $(ALL_CFLAGS) -o $@ test/raw.c $(ALL_LDFLAGS)

test/bin/rows: test/rows.c test/rows.h test/rows_line.h \
    test/rows_field.h test/rows_body.h .flags
	@mkdir -p test/bin
	$(CC) $(ALL_CFLAGS) -o $@ test/rows.c $(ALL_LDFLAGS)

test/bin/load: test/load.c test/load_answer.h .flags
	@mkdir -p test/bin
	$(CC) $(ALL_CFLAGS) -o $@ test/load.c $(ALL_LDFLAGS)

test/bin/crowd: test/crowd.c .flags
	@mkdir -p test/bin
	$(CC) $(ALL_CFLAGS) -o $@ test/crowd.c $(ALL_LDFLAGS)

test/bin/listen: test/listen.c .flags
	@mkdir -p test/bin
	$(CC) $(ALL_CFLAGS) -o $@ test/listen.c $(ALL_LDFLAGS)

PEER_HEADERS = test/ws_frame.h test/backend_frame.h test/backend_answer.h \
	test/backend_request.h test/backend_params.h

test/bin/backend: test/backend.c $(PEER_HEADERS) base_hash.o
	@mkdir -p test/bin
	$(CC) $(ALL_CFLAGS) -I. -o $@ test/backend.c base_hash.o $(ALL_LDFLAGS)

test/bin/ws: test/ws.c test/ws_frame.h base_hash.o
	@mkdir -p test/bin
	$(CC) $(ALL_CFLAGS) -I. -o $@ test/ws.c base_hash.o $(ALL_LDFLAGS)

test/bin/unit: test/unit.c test/unit_parse.h test/unit_http.h \
    test/unit_reply.h test/rows_reply.h test/unit_gw.h \
    test/unit_loop.h test/unit_fdevent.h test/unit_proc.h \
    test/unit_auth.h test/unit_cidr.h test/unit_pat.h test/unit_host.h \
    test/rows.h \
    test/rows_line.h test/rows_field.h test/rows_body.h $(OBJECTS)
	@mkdir -p test/bin
	$(CC) $(ALL_CFLAGS) -I. -o $@ test/unit.c $(OBJECTS) $(ALL_LDFLAGS)

test/bin/keys: test/keys.c $(OBJECTS)
	@mkdir -p test/bin
	$(CC) $(ALL_CFLAGS) -I. -o $@ test/keys.c $(OBJECTS) $(ALL_LDFLAGS)

# The server again, with calls that fail when a test wants them to. A libc
# that gives 64-bit file offsets by renaming calls, or checks their arguments,
# would undo our renaming; warnings are for the sources as they are.
FAULTY = -w -U_FILE_OFFSET_BITS -U_FORTIFY_SOURCE \
	-Dmalloc=faulty_malloc -Dcalloc=faulty_calloc \
	-Drealloc=faulty_realloc -Dstrdup=faulty_strdup \
	-Drealpath=faulty_realpath -Dfopen=faulty_fopen \
	-Dopendir=faulty_opendir -Dopen=faulty_open -Dfstat=faulty_fstat \
	-Dopenat=faulty_openat -Dfdopendir=faulty_fdopendir \
	-Dread=faulty_read -Daccept=faulty_accept -Daccept4=faulty_accept4 \
	-Depoll_ctl=faulty_epoll_ctl -Dtime=faulty_time \
	-Dsocket=faulty_socket -Dconnect=faulty_connect -Dpipe=faulty_pipe \
	-Dpipe2=faulty_pipe2 -Dmkstemp=faulty_mkstemp -Dwrite=faulty_write

test/bin/faulty: test/faults.c server.c $(OBJECTS:.o=.c) $(HEADERS) \
    conf_parse.h http_parse.h .flags
	@mkdir -p test/bin
	$(CC) $(ALL_CFLAGS) -U_FILE_OFFSET_BITS -c -o test/bin/faults.o \
	    test/faults.c
	$(CC) $(ALL_CFLAGS) $(FAULTY) $(MODULE_FLAGS) -o $@ \
	    server.c $(OBJECTS:.o=.c) \
	    test/bin/faults.o $(ALL_LDFLAGS)

# What the fuzzers of the parsers need, and as little as that.
FUZZ_OBJECTS = sys.o base_buf.o base_str.o base_cidr.o base_pat.o base_set.o \
	base_date.o conf_fault.o conf_lex.o conf_parse.o conf_expr.o \
	conf_block.o conf_cond.o conf_keys.o conf_print.o http_parse.o \
	http_field.o http_body.o http_range.o http_reply.o
FUZZERS = test/bin/fuzz_http test/bin/fuzz_url test/bin/fuzz_range \
	test/bin/fuzz_conf test/bin/fuzz_reply
FUZZ_SECONDS = 60
FUZZ_REQUESTS = 100000

$(FUZZERS): test/fuzz_http.c test/fuzz_url.c test/fuzz_range.c \
    test/fuzz_conf.c test/fuzz_reply.c test/fuzz.h \
    test/fuzz_main.c test/mutation.h $(FUZZ_OBJECTS)
	@mkdir -p test/bin
	$(CC) $(ALL_CFLAGS) -o $@ test/$(@F).c test/fuzz_main.c \
	    $(FUZZ_OBJECTS) $(ALL_LDFLAGS)

test/bin/mutate: test/mutate.c test/mutate_answer.h test/mutation.h \
    $(FUZZ_OBJECTS)
	@mkdir -p test/bin
	$(CC) $(ALL_CFLAGS) -o $@ test/mutate.c $(FUZZ_OBJECTS) $(ALL_LDFLAGS)

bench/bin/floor: bench/floor.c
	@mkdir -p bench/bin
	$(CC) -D_GNU_SOURCE -O2 $(WARN) -o $@ bench/floor.c

run: glimd
	./glimd -D www

test: glimd test/bin/raw test/bin/rows test/bin/load test/bin/crowd \
    test/bin/listen test/bin/unit test/bin/keys test/bin/faulty \
    test/bin/mutate test/bin/backend test/bin/ws $(FUZZERS)
	./test.sh

# Builds the fuzzers with libFuzzer where clang has it.
fuzz: glimd test/bin/raw test/bin/mutate $(FUZZERS)
	CFLAGS='$(LANG_FLAGS)' OBJECTS='$(FUZZ_OBJECTS)' \
	    sh test/fuzz.sh $(FUZZ_SECONDS) $(FUZZ_REQUESTS)

bench: glimd bench/bin/floor
	./bench.sh

lint:
	$(MAKE) WARN='$(WARN) $(LINT)' glimd

install: glimd
	mkdir -p $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/share/man/man5 \
	    $(DESTDIR)$(PREFIX)/share/man/man8
	cp glimd $(DESTDIR)$(PREFIX)/sbin/glimd
	chmod 755 $(DESTDIR)$(PREFIX)/sbin/glimd
	cp glimd.8 $(DESTDIR)$(PREFIX)/share/man/man8/glimd.8
	chmod 644 $(DESTDIR)$(PREFIX)/share/man/man8/glimd.8
	cp glimd.conf.5 $(DESTDIR)$(PREFIX)/share/man/man5/glimd.conf.5
	chmod 644 $(DESTDIR)$(PREFIX)/share/man/man5/glimd.conf.5

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/sbin/glimd
	rm -f $(DESTDIR)$(PREFIX)/share/man/man8/glimd.8
	rm -f $(DESTDIR)$(PREFIX)/share/man/man5/glimd.conf.5

clean:
	rm -f glimd *.o *.so .flags .flags.new
	rm -rf test/bin bench/bin

.PHONY: all run test fuzz bench lint install uninstall clean
