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
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin.h"
#include "proc.h"

static const char usage[] =
    "usage: glimd [-D] [-t | -p] [-m DIR] -f FILE\n"
    "       glimd [-D] [-l [HOST:]PORT] [-m DIR] PATH\n"
    "       glimd -s stop|quit|reload|reopen|upgrade -f FILE\n"
    "       glimd -1 -f FILE\n"
    "       glimd -v | -V | -h\n";

static const char help[] =
    "\n"
    "  -f FILE  the configuration; - reads it from standard input\n"
    "  -l ADDR  where PATH is served: PORT, HOST:PORT, [::1]:PORT, :PORT\n"
    "           (all addresses), unix:/SOCKET; preset 127.0.0.1:8080\n"
    "  -D       stay in the foreground\n"
    "  -t, -tt  check all that a start checks, then end\n"
    "  -p       print the configuration as it is understood\n"
    "  -m DIR   where loadable modules are\n"
    "  -s WORD  tell the running server\n"
    "  -1       serve the client on standard input, then end (inetd)\n"
    "  -i SECS  end after so many seconds without a client\n"
    "  -v, -V   the version; also what is built in\n";

/* Says what is wrong and how it goes. Always -1. */
static int PRINTF_LIKE(1, 2)
refuse(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("glimd: ", stderr);
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n%s", usage);
	va_end(args);
	return -1;
}

/* -v, -V or -h. Returns the status to end with. */
static int
show(int what)
{
	const char *const *name;
	size_t i;

	if (what == 'h')
		printf("%s%s", usage, help);
	else
		puts("glimd " SERVER_VERSION);
	if (what == 'V') {
		puts("built with " SYS_COMPILER);
		/* test.sh reads their names. */
		printf("event backends:");
		for (name = fdevent_names(); *name != NULL; name++)
			printf(fdevent_find(*name)->max_fds > 0 ?
			    " %s (at most %d descriptors)" : " %s", *name,
			    fdevent_find(*name)->max_fds);
		printf("\nmodules:");
		for (i = 0; modules[i] != NULL; i++)
			printf(" %s", modules[i]->name);
		printf("\nplugin API " PLUGIN_API_FMT "; modules to load: %s"
		    "\nlimits: %d fields in a request, head of %d bytes, %d"
		    " ranges\n", PLUGIN_API_ARGS(PLUGIN_API), SYS_STATIC
		    ? "none, this binary is static" : modules_dir,
		    HTTP_FIELDS_MAX, HTTP_HEAD_MAX, HTTP_RANGES_MAX);
	}
	/* A full disk must not look like success. */
	return fflush(stdout) != 0 || ferror(stdout) ?
	    EXIT_FAILURE : EXIT_SUCCESS;
}

/* Acts on one option. Returns 0, or -1: end with opt->status. */
static int
take(struct options *opt, int option, const char *value)
{
	int64_t number;

	switch (option) {
	case '1': opt->one = 1; break;
	case 'D': opt->foreground = 1; break;
	case 'l': opt->listen = value; break;
	case 'm': opt->module_dir = value; break;
	case 'p': opt->print = 1; break;
	case 's': opt->word = value; break;
	case 't': opt->check = 1; break;
	case ':': return refuse("-%c needs a value", optopt);
	case '?': return refuse("there is no option -%c", optopt);
	case 'i':
		if (str_number(slice_of(value), &number) == -1 || number < 1
		    || number > INT_MAX)
			return refuse("-i takes a number of seconds");
		opt->idle = (int)number;
		break;
	case 'f':
		/* The last of two would win silently; people mean both. */
		if (opt->file != NULL)
			return refuse("-f was given twice: one file can take in"
			    " others with include \"FILE\"");
		opt->file = value;
		break;
	}
	if (option == 's' && signal_number(value) == 0)
		return refuse("-s takes stop, quit, reload, reopen or upgrade");
	return 0;
}

int
options_parse(struct options *opt, int argc, char **argv)
{
	int option;

	memset(opt, 0, sizeof(*opt));
	opt->status = EXIT_FAILURE;
	opt->argv = argv;
	do {
		/* The colon in front: we say ourselves what is wrong. */
		option = getopt(argc, argv, ":Df:hi:l:m:ps:tvV1");
		if (option == 'v' || option == 'V' || option == 'h') {
			opt->status = show(option);
			return -1;
		}
		if (take(opt, option, optarg) == -1)
			return -1;
	} while (option != -1);
	opt->path = argv[optind];
	/* Exactly one thing to serve, from exactly one place. */
	if (argc - optind > 1)
		return refuse("one PATH can be served, behind all options");
	if (opt->file == NULL && opt->path == NULL)
		return refuse("nothing to serve: name a configuration"
		    " (-f FILE), or a folder (\".\" is this one)");
	if (opt->word != NULL && opt->file == NULL)
		return refuse("-s goes with -f, which names the pid file");
	if (opt->file != NULL && opt->path != NULL)
		return refuse("-f FILE or PATH, not both: the file says what"
		    " is served (server.document-root)");
	if (opt->file != NULL && opt->listen != NULL)
		return refuse("-l goes with PATH: in a file, say server.bind"
		    " and server.port");
	return 0;
}

/* Always -1. */
static int
fail(const char *name, const char *why)
{
	fprintf(stderr, "glimd: %s: %s\n", name, why);
	return -1;
}

/* Adds BEFORE"VALUE". Returns 0, or -1: a backslash would swallow the quote. */
static int
add_text(struct buf *text, const char *before, const char *p, size_t n)
{
	struct slice value = { p, n };

	if (n > 0 && p[n - 1] == '\\')
		return fail(p, "a path that ends in a backslash cannot be"
		    " served");
	buf_adds(text, before);
	conf_print_text(text, value);
	buf_addc(text, '\n');
	return 0;
}

/* Where to listen: PORT, :PORT, HOST:PORT, [V6]:PORT or unix:PATH. */
static int
add_listen(struct buf *text, const char *where)
{
	const char *colon = strrchr(where, ':'), *host = where;
	const char *port = colon == NULL ? where : colon + 1;
	int64_t number;

	/* A daemon's folder is "/". */
	if (strncmp(where, "unix:", 5) == 0 && where[5] != '\0')
		return add_text(text, where[5] == '/' ?
		    "server.bind = \"unix:\" + " :
		    "server.bind = \"unix:\" + var.CWD + \"/\" + ",
		    where + 5, strlen(where + 5));
	if (str_number(slice_of(port), &number) == -1 || number > 65535) {
		fprintf(stderr, "glimd: -l %s: found \"%s\", expected a port"
		    " from 0 to 65535\n", where, port);
		return -1;
	}
	/* Is "::1:80" port 80, or an address? Nobody knows. */
	if (strchr(where, ':') != colon
	    && (where[0] != '[' || colon[-1] != ']')) {
		fprintf(stderr, "glimd: -l %s: an IPv6 address stands in"
		    " brackets: [%.*s]:%s\n", where, (int)(colon - where),
		    where, port);
		return -1;
	}
	buf_printf(text, "server.port = %d\n", (int)number);
	/* An empty host, as in ":8080", is every address. */
	if (colon == NULL) {
		host = "127.0.0.1";
		colon = host + strlen(host);
	}
	return add_text(text, "server.bind = ", host, (size_t)(colon - host));
}

/* What to serve: a folder, or the one file in its folder. path is resolved,
 * so it has a slash, and a link that was named outright is followed. */
static int
add_path(struct buf *text, const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	size_t n = (size_t)(name - path);
	struct stat st;

	if (stat(path, &st) == -1)
		return fail(path, strerror(errno));
	if (S_ISDIR(st.st_mode)) {
		buf_adds(text, "dir-listing.activate = 1\n"
		    "static-file.precompressed = ( \"br\", \"zstd\", \"gzip\""
		    " )\n"
		    "index-file.names = ( \"index.html\", \"index.htm\" )\n");
		return add_text(text, "server.document-root = ", path,
		    strlen(path));
	}
	if (!S_ISREG(st.st_mode))
		return fail(path, "neither a folder nor a file");
	n -= n > 1;		/* a file in "/" keeps the slash */
	if (add_text(text, "server.document-root = ", path, n) == -1)
		return -1;
	return add_text(text, "static-file.single = ", name, strlen(name));
}

int
options_text(const struct options *opt, struct buf *text)
{
	char *path = sys_realpath(opt->path);
	int status;

	if (path == NULL)
		return fail(opt->path, strerror(errno));
	/* A daemon has no standard output to log to. */
	if (opt->foreground)
		buf_adds(text, "server.modules = ( \"mod_accesslog\" )\n"
		    "accesslog.filename = \"-\"\n");
	/* Whoever serves a folder in passing does not know all its links. */
	buf_adds(text, "server.symlink-inside = 1\n");
	status = add_path(text, path);
	if (status == 0)
		status = add_listen(text, opt->listen != NULL ? opt->listen :
		    "8080");
	if (status == 0 && text->failed)
		status = fail(path, "out of memory");
	free(path);
	return status;
}
