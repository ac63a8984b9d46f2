/*
 * conf_source.c - the texts a configuration consists of: files, commands.
 *
 * Opens and reads what conf_read, include and include_shell name, and has
 * conf_parse.c parse it. Names are relative to the folder of the main file.
 * Nothing endless is read, no file inside of itself. It never changes the
 * process (no chdir), because a server may be running around it.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf_parse.h"
#include "sys.h"

enum {
	SOURCES_MAX = 32,	/* nested includes, with the main file */
	SOURCE_SIZE_MAX = 16 * 1024 * 1024	/* bytes; endless ones exist */
};

/* Reads fd to its end. Returns 0, or -1 and errno. */
static int
read_all(int fd, struct buf *text)
{
	ssize_t n;

	do {
		if (buf_reserve(text, 16 * 1024) == -1) {
			errno = ENOMEM;
			return -1;
		}
		n = read(fd, text->p + text->n, text->cap - text->n);
		if (n > 0)
			text->n += (size_t)n;
		if (text->n > SOURCE_SIZE_MAX) {
			errno = EFBIG;
			return -1;
		}
	} while (n > 0 || (n == -1 && errno == EINTR));
	return n == -1 ? -1 : 0;
}

/* Where in text the byte at stands. The lexer did not run yet: what is not a
 * text file would only give a page of faults. */
static struct conf_place
place_of(const char *file, struct slice text, const char *at)
{
	struct conf_place place = { file, 1, 1 };
	const char *c;

	for (c = text.p; c < at; c++) {
		place.column++;
		if (*c == '\n') {
			place.line++;
			place.column = 1;
		}
	}
	return place;
}

void
conf_source_parse(struct conf_parser *p, struct conf_source *s,
    const char *name, struct slice text)
{
	const char *nul = text.n > 0 ? memchr(text.p, '\0', text.n) : NULL;
	const char *file = conf_value_copy(p->conf, name, strlen(name));

	/* Places in messages and settings outlive this text. */
	s->parent = p->source;
	memset(&s->token, 0, sizeof(s->token));
	conf_lex_init(&s->lex, file, text.p != NULL ? text.p : "", text.n);
	s->token.place = s->lex.place;
	p->source = s;
	p->sources++;
	if (file == NULL)
		(void)conf_parse_no_memory(p);
	else if (nul != NULL)
		conf_fault(p->report, place_of(file, text, nul),
		    "a NUL byte: this is not a text file");
	else
		conf_parse_statements(p);
	p->sources--;
	p->source = s->parent;
}

/* Is the file being read already, by us or who included us? By its inode, for
 * a file may have many names. To read it twice in a row is no cycle. */
static int
is_open(const struct conf_parser *p, const struct stat *st)
{
	const struct conf_source *s;

	for (s = p->source; s != NULL; s = s->parent)
		if (s->device == st->st_dev && s->inode == st->st_ino)
			return 1;
	return 0;
}

void
conf_source_fd(struct conf_parser *p, struct conf_place place, const char *name,
    int fd)
{
	struct conf_source s;
	struct stat st;
	struct buf text = { 0 };
	struct slice all;

	if (fstat(fd, &st) == -1) {
		conf_fault(p->report, place, "%s: %s", name, strerror(errno));
	} else if (S_ISDIR(st.st_mode)) {
		conf_fault(p->report, place, "%s is a directory", name);
	} else if (is_open(p, &st)) {
		conf_fault(p->report, place, "%s includes itself", name);
	} else if (p->sources >= SOURCES_MAX) {
		conf_fault(p->report, place,
		    "%s: includes nest at most %d deep", name, SOURCES_MAX);
	} else if (read_all(fd, &text) == -1) {
		conf_fault(p->report, place, "%s: %s", name, strerror(errno));
	} else {
		s.device = st.st_dev;
		s.inode = st.st_ino;
		all.p = text.p;
		all.n = text.n;
		conf_source_parse(p, &s, name, all);
	}
	buf_free(&text);
}

void
conf_source_file(struct conf_parser *p, struct conf_place place,
    const char *name)
{
	int fd = sys_open(name, O_RDONLY, 0);

	if (fd == -1) {
		conf_fault(p->report, place, "%s: %s", name, strerror(errno));
		return;
	}
	conf_source_fd(p, place, name, fd);
	close(fd);
}

/* Adds the folder of the main file, with quote before each byte of special:
 * a folder called "[x]" is no pattern, one called "it's" no end of a word. */
static void
add_folder(const struct conf_parser *p, struct buf *out, const char *special,
    const char *quote)
{
	const char *c;

	for (c = p->folder; *c != '\0'; c++) {
		if (strchr(special, *c) != NULL)
			buf_adds(out, quote);
		buf_addc(out, *c);
	}
}

/* What does not exist cannot match; what cannot be read might have. */
static int
is_serious(const char *path, int error)
{
	(void)path;
	return error != ENOENT && error != ENOTDIR;
}

static void
parse_glob(struct conf_parser *p, struct conf_place place,
    const char *pattern)
{
	glob_t found;
	size_t i;
	int status;

	status = glob(pattern, 0, is_serious, &found);
	if (status == GLOB_NOMATCH)
		return;
	if (status != 0)
		conf_fault(p->report, place, "%s: %s", pattern,
		    status == GLOB_NOSPACE ? "out of memory" :
		    "a folder of it cannot be read");
	for (i = 0; status == 0 && i < found.gl_pathc; i++)
		conf_source_file(p, place, found.gl_pathv[i]);
	globfree(&found);
}

/* The text behind include or include_shell, which may be an expression (files
 * say include_shell "script " + server.port). Returns 0, or -1. */
static int
parse_argument(struct conf_parser *p, struct conf_value *v)
{
	struct conf_place place;
	char found[64];

	conf_parse_next(p);
	place = p->source->token.place;
	if (conf_parse_value(p, v) == -1)
		return -1;
	if (v->kind == CONF_VALUE_TEXT && v->text[0] != '\0')
		return 0;
	conf_value_describe(v, found, sizeof(found));
	conf_fault(p->report, place, "found %s, expected a name in quotes",
	    found);
	return -1;
}

/* A plain name has to exist; a pattern may find nothing. */
int
conf_source_include(struct conf_parser *p)
{
	struct conf_place place = p->source->token.place;
	struct buf path = { 0 };
	struct conf_value v;
	int pattern;

	if (parse_argument(p, &v) == -1)
		return -1;
	pattern = strpbrk(v.text, "*?[") != NULL;
	if (v.text[0] != '/')
		add_folder(p, &path, pattern ? "*?[\\" : "", "\\");
	buf_adds(&path, v.text);
	(void)buf_text(&path);
	if (path.failed)
		(void)conf_parse_no_memory(p);
	else if (pattern)
		parse_glob(p, place, path.p);
	else
		conf_source_file(p, place, path.p);
	buf_free(&path);
	/* Our own line was whole: the rest of it is not to be skipped. */
	return 0;
}

/* What a command printed before it failed is not to be trusted: its status
 * is looked at first. */
static void
report_exit(struct conf_parser *p, struct conf_place place, const char *name,
    int status)
{
	if (status == -1)
		conf_fault(p->report, place, "command \"%s\": %s", name,
		    strerror(errno));
	else if (WIFSIGNALED(status))
		conf_fault(p->report, place, "command \"%s\" died of signal"
		    " %d", name, WTERMSIG(status));
	else if (status != 0)
		conf_fault(p->report, place, "command \"%s\" ended with"
		    " status %d", name, WEXITSTATUS(status));
}

/* Runs a command in the folder of the main file and parses its output, when
 * it went well. */
static void
parse_command(struct conf_parser *p, struct conf_place place,
    const char *name, const char *line)
{
	FILE *pipe = popen(line, "r");	/* all our descriptors: close-on-exec */
	struct conf_source s = { 0 };
	struct buf text = { 0 };
	struct slice all;
	unsigned faults = p->report->faults;

	if (pipe == NULL) {
		report_exit(p, place, name, -1);
		return;
	}
	if (read_all(fileno(pipe), &text) == -1)
		conf_fault(p->report, place, "command \"%s\": %s", name,
		    strerror(errno));
	/* A command cut short dies of SIGPIPE: one message is enough. */
	if (p->report->faults == faults)
		report_exit(p, place, name, pclose(pipe));
	else
		pclose(pipe);
	all.p = text.p;
	all.n = text.n;
	if (p->report->faults == faults)
		conf_source_parse(p, &s, name, all);
	buf_free(&text);
}

int
conf_source_include_shell(struct conf_parser *p)
{
	struct conf_place place = p->source->token.place;
	struct buf line = { 0 };
	struct conf_value v;

	if (parse_argument(p, &v) == -1)
		return -1;
	if (p->folder[0] != '\0') {
		/* "./" keeps CDPATH out of it. */
		buf_adds(&line, "cd -- '");
		buf_adds(&line, p->folder[0] == '/' ? "" : "./");
		add_folder(p, &line, "'", "'\\'");
		/* A newline, so that the command may be anything. */
		buf_adds(&line, "' || exit\n");
	}
	buf_adds(&line, v.text);
	(void)buf_text(&line);
	if (line.failed)
		(void)conf_parse_no_memory(p);
	else if (p->sources >= SOURCES_MAX)
		conf_fault(p->report, place, "command \"%s\": includes nest"
		    " at most %d deep", v.text, SOURCES_MAX);
	else
		parse_command(p, place, v.text, line.p);
	buf_free(&line);
	return 0;
}
