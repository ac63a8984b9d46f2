/*
 * options.c - the command line, zero-config mode, help and version.
 *
 * main() calls options_parse first. Zero-config is turned into configuration
 * text, so that whatever serves has one way to be told what to do. Writes to
 * standard output what was asked for (-h -v -V), to standard error what was
 * wrong; never ends the process itself.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin.h"
#include "proc.h"

enum { PORT_MOST = 65535 };

static const char *const usage[] = {
	"usage: glimd [-D] [-t | -p] [-m DIR] -f FILE",
	"       glimd [-D] [-l [HOST:]PORT] [-m DIR] PATH",
	"       glimd -s stop|quit|reload|reopen|upgrade -f FILE",
	"       glimd -1 -f FILE",
	"       glimd -v | -V | -h"
};

static const char *const help[] = {
	"",
	"Serves a folder, a single file, or what a configuration says.",
	"",
	"  -f FILE  the configuration; - reads it from standard input",
	"  -l ADDR  where PATH is served: PORT, HOST:PORT, [::1]:PORT, :PORT",
	"           (all addresses), unix:/SOCKET; preset 127.0.0.1:8080",
	"  -D       stay in the foreground",
	"  -t       check all that a start checks, then end (also -tt)",
	"  -p       print the configuration as it is understood",
	"  -m DIR   where loadable modules are",
	"  -s WORD  tell the running server",
	"  -1       serve the client on standard input, then end (inetd)",
	"  -i SECS  end after so many seconds without a client",
	"  -v, -V   the version; also what is built in",
	"  -h       this text"
};

/* What -s takes. */
static const char *const signal_words[] = {
	"stop", "quit", "reload", "reopen", "upgrade"
};

/* ---- what ends at once -------------------------------------------------- */

static void
print_lines(FILE *out, const char *const *line, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		fprintf(out, "%s\n", line[i]);
}

/* Says what is wrong and how it goes. Always -1. */
static int
refuse(struct options *opt, const char *why)
{
	fprintf(stderr, "glimd: %s\n", why);
	print_lines(stderr, usage, COUNT(usage));
	opt->status = EXIT_FAILURE;
	return -1;
}

/* test.sh reads the names of the event backends from this. */
static void
print_build(void)
{
	const char *const *name;
	const struct fdevent_ops *ops;
	size_t i;

	printf("event backends:");
	for (name = fdevent_names(); *name != NULL; name++) {
		ops = fdevent_find(*name);
		printf(" %s", *name);
		if (ops != NULL && ops->max_fds > 0)
			printf(" (at most %d descriptors)", ops->max_fds);
	}
	printf("\nmodules:");
	for (i = 0; modules[i] != NULL; i++)
		printf(" %s", modules[i]->name);
	printf("\nlimits: %d fields in a request, head of %d bytes, %d"
	    " ranges\n", HTTP_FIELDS_MAX, HTTP_HEAD_MAX, HTTP_RANGES_MAX);
}

/* -v, -V or -h. Always -1: nothing else is to be done. */
static int
show(struct options *opt, int what)
{
	if (what == 'h') {
		print_lines(stdout, usage, COUNT(usage));
		print_lines(stdout, help, COUNT(help));
	} else {
		printf("glimd " SERVER_VERSION "\n");
		if (what == 'V')
			print_build();
	}
	/* A full disk must not look like success. */
	opt->status = fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	return -1;
}

/* -s: none of the words can be obeyed yet. Always -1. */
static int
refuse_signal(struct options *opt, const char *word)
{
	size_t i;

	for (i = 0; i < COUNT(signal_words); i++)
		if (strcmp(word, signal_words[i]) == 0) {
			fprintf(stderr, "glimd: -s %s is not supported yet\n",
			    word);
			opt->status = EXIT_FAILURE;
			return -1;
		}
	return refuse(opt, "-s takes stop, quit, reload, reopen or upgrade");
}

/* ---- options_parse ------------------------------------------------------ */

/* The last of two would win silently; people mean both. */
static int
set_file(struct options *opt, const char *file)
{
	if (opt->file != NULL)
		return refuse(opt, "-f was given twice: one file can take in"
		    " others with include \"FILE\"");
	opt->file = file;
	return 0;
}

static int
set_idle(struct options *opt, const char *text)
{
	int64_t number;

	if (str_number(slice_of(text), &number) == -1 || number < 1
	    || number > INT_MAX)
		return refuse(opt, "-i takes a number of seconds");
	opt->idle = (int)number;
	return 0;
}

/* Acts on one option. Returns 0, or -1: end with opt->status. */
static int
take(struct options *opt, int option, char *value)
{
	char why[40];

	switch (option) {
	case 'f':
		return set_file(opt, value);
	case 'l':
		opt->listen = value;
		return 0;
	case 'm':
		opt->module_dir = value;
		return 0;
	case 'D':
		opt->foreground = 1;
		return 0;
	case 't':
		opt->check = 1;
		return 0;
	case 'p':
		opt->print = 1;
		return 0;
	case '1':
		opt->one = 1;
		return 0;
	case 'i':
		return set_idle(opt, value);
	case 's':
		return refuse_signal(opt, value);
	case 'v':
	case 'V':
	case 'h':
		return show(opt, option);
	case ':':
		snprintf(why, sizeof(why), "-%c needs a value", optopt);
		return refuse(opt, why);
	default:
		snprintf(why, sizeof(why), "there is no option -%c", optopt);
		return refuse(opt, why);
	}
}

int
options_parse(struct options *opt, int argc, char **argv)
{
	int option;

	memset(opt, 0, sizeof(*opt));
	/* The colon in front: we say ourselves what is wrong. */
	for (;;) {
		option = getopt(argc, argv, ":Df:hi:l:m:ps:tvV1");
		if (option == -1)
			break;
		if (take(opt, option, optarg) == -1)
			return -1;
	}
	/* Exactly one thing to serve, from exactly one place. */
	if (argc - optind > 1)
		return refuse(opt, "one PATH can be served, and options come"
		    " before it");
	if (optind < argc)
		opt->path = argv[optind];
	if (opt->file == NULL && opt->path == NULL)
		return refuse(opt, "nothing to serve: name a configuration"
		    " (-f FILE), or a folder (\".\" is this one)");
	if (opt->file != NULL && opt->path != NULL)
		return refuse(opt, "-f FILE or PATH, not both: the file says"
		    " what is served (server.document-root)");
	if (opt->file != NULL && opt->listen != NULL)
		return refuse(opt, "-l goes with PATH: in a file, say"
		    " server.bind and server.port");
	return 0;
}

/* ---- options_text ------------------------------------------------------- */

/* Adds KEY = "VALUE". Returns 0, or -1: it ends in a backslash, which would
 * swallow the quote. */
static int
add_setting(struct buf *text, const char *key, struct slice value)
{
	size_t i;

	if (value.n > 0 && value.p[value.n - 1] == '\\') {
		fprintf(stderr, "glimd: %.*s: a path that ends in a backslash"
		    " cannot be served\n", (int)value.n, value.p);
		return -1;
	}
	buf_printf(text, "%s = \"", key);
	for (i = 0; i < value.n; i++) {
		if (value.p[i] == '"')
			buf_addc(text, '\\');
		buf_addc(text, value.p[i]);
	}
	buf_adds(text, "\"\n");
	return 0;
}

/* unix:PATH, made absolute: a daemon's folder is "/". */
static int
add_unix(struct buf *text, const char *path)
{
	struct buf address = { 0 };
	struct slice all;
	char here[4096];
	int status = -1;

	buf_adds(&address, "unix:");
	if (path[0] != '/') {
		if (getcwd(here, sizeof(here)) == NULL) {
			fprintf(stderr, "glimd: the current folder: %s\n",
			    strerror(errno));
			goto out;
		}
		buf_adds(&address, here);
		buf_addc(&address, '/');
	}
	buf_adds(&address, path);
	all.p = address.p;
	all.n = address.n;
	status = add_setting(text, "server.bind", all);
out:
	buf_free(&address);
	return status;
}

/* Where to listen: PORT, :PORT, HOST:PORT, [V6]:PORT or unix:PATH. */
static int
add_listen(struct buf *text, const char *where)
{
	const char *colon = strrchr(where, ':');
	const char *port = colon == NULL ? where : colon + 1;
	struct slice host = slice_of("127.0.0.1");
	int64_t number;

	if (strncmp(where, "unix:", 5) == 0 && where[5] != '\0')
		return add_unix(text, where + 5);
	/* An empty host, as in ":8080", is every address. */
	if (colon != NULL) {
		host.p = where;
		host.n = (size_t)(colon - where);
	}
	if (str_number(slice_of(port), &number) == -1 || number > PORT_MOST) {
		fprintf(stderr, "glimd: -l %s: found \"%s\", expected a port"
		    " from 0 to %d\n", where, port, PORT_MOST);
		return -1;
	}
	/* Is "::1:80" port 80, or an address? Nobody knows. */
	if (host.n > 0 && memchr(host.p, ':', host.n) != NULL
	    && (host.p[0] != '[' || host.p[host.n - 1] != ']')) {
		fprintf(stderr, "glimd: -l %s: an IPv6 address stands in"
		    " brackets: [%.*s]:%s\n", where, (int)host.n, host.p,
		    port);
		return -1;
	}
	buf_printf(text, "server.port = %d\n", (int)number);
	return add_setting(text, "server.bind", host);
}

/* What to serve: a folder, or the one file in its folder. path is resolved,
 * so it has a slash, and a link that was named outright is followed. */
static int
add_path(struct buf *text, const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	struct slice folder;
	struct stat st;

	if (stat(path, &st) == -1) {
		fprintf(stderr, "glimd: %s: %s\n", path, strerror(errno));
		return -1;
	}
	if (S_ISDIR(st.st_mode)) {
		buf_adds(text, "dir-listing.activate = \"enable\"\n"
		    "index-file.names = ( \"index.html\", \"index.htm\" )\n");
		return add_setting(text, "server.document-root",
		    slice_of(path));
	}
	if (!S_ISREG(st.st_mode)) {
		fprintf(stderr, "glimd: %s: neither a folder nor a file\n",
		    path);
		return -1;
	}
	/* Behind the last slash is the name; a file in "/" keeps the slash. */
	folder.p = path;
	folder.n = name - path > 1 ? (size_t)(name - path) - 1 : 1;
	if (add_setting(text, "server.document-root", folder) == -1)
		return -1;
	return add_setting(text, "static-file.single", slice_of(name));
}

int
options_text(const struct options *opt, struct buf *text)
{
	char *path = sys_realpath(opt->path);
	int status = -1;

	if (path == NULL) {
		fprintf(stderr, "glimd: %s: %s\n", opt->path,
		    strerror(errno));
		return -1;
	}
	/* A daemon has no standard output to log to. */
	if (opt->foreground)
		buf_adds(text, "server.modules = ( \"mod_accesslog\" )\n"
		    "accesslog.filename = \"-\"\n");
	/* Whoever serves a folder in passing does not know all its links. */
	buf_adds(text, "server.symlink-inside = \"enable\"\n");
	if (add_path(text, path) == 0
	    && add_listen(text, opt->listen != NULL ? opt->listen :
	    "127.0.0.1:8080") == 0)
		status = 0;
	if (status == 0 && text->failed) {
		fprintf(stderr, "glimd: out of memory\n");
		status = -1;
	}
	free(path);
	return status;
}
