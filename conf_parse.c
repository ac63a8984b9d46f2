/*
 * conf_parse.c - tokens to a tree of blocks: statements and their files.
 *
 * conf_read is called at the start and for a reload. Strict: what is not in
 * the grammar is a fault with its place, the offending text and what was
 * expected; then the parser goes on at the next line, so that one run shows
 * all faults. It never knows what a key means, and never changes the process
 * (no chdir), because a server may be running around it.
 */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf_parse.h"

enum {
	SOURCES_MAX = 32,	/* nested includes, with the main file */
	BLOCKS_DEPTH = 32,
	SOURCE_SIZE_MAX = 16 * 1024 * 1024	/* bytes; endless ones exist */
};

static void parse_block(struct conf_parser *p, int line);

/* ---- after a fault ------------------------------------------------------ */

/* After a fault: goes on behind the next newline that is in no parentheses,
 * behind a block that began before it, or at the end of the block we are in. */
static void
resynchronise(struct conf_parser *p, int in_block)
{
	const struct conf_token *t = &p->token;
	int depth = 0, closed = 0;	/* of braces */

	while (!closed) {
		if (t->kind == CONF_NEWLINE && depth == 0) {
			conf_parse_skip_newlines(p);
			/* No statement begins with one: it is of the bad. */
			if (t->kind != CONF_BLOCK)
				return;
		}
		if (t->kind == CONF_END
		    || (t->kind == CONF_UNBLOCK && depth == 0 && in_block))
			break;
		closed = t->kind == CONF_UNBLOCK && depth == 1;
		depth += t->kind == CONF_BLOCK;
		depth -= t->kind == CONF_UNBLOCK && depth > 0;
		/* A "(" left open in a block must not swallow its "}". */
		if (depth > 0 || closed)
			p->source->lex.depth = 0;
		conf_parse_next(p);
	}
	p->source->lex.depth = 0;
}

/* ---- files and commands ------------------------------------------------- */

/* Reads f (NULL: errno) to its end into s. Returns 0, or -1 after a fault. */
static int
read_source(struct conf_parser *p, struct conf_source *s,
    struct conf_place place, const char *name, FILE *f)
{
	const struct conf_source *outer;
	struct stat st;
	size_t n;
	int depth = 1;

	if (f == NULL || fstat(fileno(f), &st) == -1)
		return conf_fault(p->report, place, "%s: %s", name,
		    strerror(errno));
	if (S_ISDIR(st.st_mode))
		return conf_fault(p->report, place, "%s is a directory", name);
	s->device = st.st_dev;
	s->inode = st.st_ino;
	/* By its inode, for a file has many names. Twice in a row is fine. */
	for (outer = p->source; outer != NULL; outer = outer->parent) {
		if (outer->inode == s->inode && outer->device == s->device)
			return conf_fault(p->report, place,
			    "%s includes itself", name);
		if (++depth > SOURCES_MAX)
			return conf_fault(p->report, place,
			    "%s is nested too deeply", name);
	}
	do {
		if (s->text.n > SOURCE_SIZE_MAX
		    || buf_reserve(&s->text, 16 * 1024) == -1)
			return conf_fault(p->report, place,
			    "%s is too large", name);
		n = fread(s->text.p + s->text.n, 1,
		    s->text.cap - s->text.n - 1, f);	/* for a NUL */
		s->text.n += n;
	} while (n > 0);
	return !ferror(f) ? 0 : conf_fault(p->report, place, "%s: %s", name,
	    strerror(errno));
}

/* Parses what s holds. Places in messages and settings outlive it, so they
 * have a copy of its name. */
static void
parse_source(struct conf_parser *p, struct conf_source *s, const char *name)
{
	struct conf_token token = p->token;
	struct conf_block *chain = p->chain;
	char *file = conf_parse_alloc(p, strlen(name) + 1);

	if (file == NULL)
		return;
	p->chain = NULL;
	memcpy(file, name, strlen(name));
	conf_lex_init(&s->lex, file, buf_text(&s->text), s->text.n);
	s->parent = p->source;
	p->source = s;
	conf_parse_next(p);
	parse_block(p, 0);
	p->source = s->parent;
	p->token = token;
	p->chain = chain;
}

/* Parses a file or the output of a command, and shuts it before. What was
 * printed before a failure is not to be trusted. */
static void
parse_stream(struct conf_parser *p, struct conf_place place, const char *name,
    FILE *f, int (*shut)(FILE *f))
{
	struct conf_source s = { 0 };
	int status = read_source(p, &s, place, name, f);
	int end = f != NULL ? shut(f) : 0;

	/* What was cut short dies of SIGPIPE: that is no second fault. */
	if (status == 0 && end != 0)
		status = conf_fault(p->report, place, "command \"%s\" ended"
		    " with status %d", name, WIFEXITED(end) ?
		    WEXITSTATUS(end) : 128 + WTERMSIG(end));
	if (status == 0)
		parse_source(p, &s, name);
	buf_free(&s.text);
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
	glob_t found = { 0 };
	size_t i;
	int status = glob(pattern, 0, is_serious, &found);

	if (status != 0 && status != GLOB_NOMATCH)
		conf_fault(p->report, place, "%s cannot be searched for",
		    pattern);
	for (i = 0; i < found.gl_pathc; i++)
		parse_stream(p, place, found.gl_pathv[i],
		    fopen(found.gl_pathv[i], "r"), fclose);
	globfree(&found);
}

/* The same with {a,b}, which glob(3) has on some systems only: one pattern for
 * each of them. Braces without a comma mean themselves. */
static void
parse_braced_glob(struct conf_parser *p, struct conf_place place,
    const char *pattern)
{
	const char *open = strchr(pattern, '{');
	size_t n = open == NULL ? 0 : strcspn(open, "}");
	const char *part = open, *rest = n > 0 ? open + n : NULL;
	struct buf one = { 0 };

	if (n == 0 || *rest == '\0' || memchr(open, ',', n) == NULL) {
		parse_glob(p, place, pattern);
		return;
	}
	while (part < rest) {
		n = strcspn(++part, ",}");
		one.n = 0;
		buf_add(&one, pattern, (size_t)(open - pattern));
		buf_add(&one, part, n);
		buf_adds(&one, rest + 1);
		(void)buf_text(&one);
		if (one.failed)
			conf_fault(p->report, place, "out of memory");
		else
			parse_braced_glob(p, place, one.p);
		part += n;
	}
	buf_free(&one);
}

/* Adds the folder of the main file, with quote before each byte of special:
 * a folder called "[x]" is no pattern, one called "it's" no end of a word. */
static void
add_folder(const struct conf_parser *p, struct buf *out, const char *special,
    const char *quote)
{
	size_t i;

	for (i = 0; i < p->folder.n; i++) {
		if (strchr(special, p->folder.p[i]) != NULL)
			buf_adds(out, quote);
		buf_addc(out, p->folder.p[i]);
	}
}

/* include and include_shell. A plain name has to exist; a pattern may find
 * nothing. A command runs in the folder of the main file. Returns 0, or -1
 * when there is no name. */
static int
parse_include(struct conf_parser *p, int shell)
{
	struct conf_place place = p->token.place, at;
	char found[CONF_QUOTE_SIZE];
	struct buf path = { 0 };
	struct conf_value v;
	int pattern;

	conf_parse_next(p);
	at = p->token.place;
	/* Files say include_shell "script " + server.port. */
	if (conf_parse_value(p, &v) == -1)
		return -1;
	conf_describe(found, &v);
	if (v.kind != CONF_VALUE_TEXT)
		return conf_fault(p->report, at,
		    "found %s, expected a name in quotes", found);
	pattern = !shell && strpbrk(v.text, "*?[{") != NULL;
	if (shell) {
		/* "./" keeps CDPATH out of it. */
		buf_adds(&path, p->folder.n > 0 && p->folder.p[0] == '/' ?
		    "cd -- '" : "cd -- './");
		add_folder(p, &path, "'", "'\\'");
		/* A newline, so that the command may be anything. */
		buf_adds(&path, "' || exit\n");
	} else if (v.text[0] != '/') {
		add_folder(p, &path, pattern ? "*?[\\" : "", "\\");
	}
	buf_adds(&path, v.text);
	(void)buf_text(&path);
	if (path.failed)
		conf_fault(p->report, place, "out of memory");
	else if (shell)
		parse_stream(p, place, v.text, popen(path.p, "r"), pclose);
	else if (pattern)
		parse_braced_glob(p, place, path.p);
	else
		parse_stream(p, place, path.p, fopen(path.p, "r"), fclose);
	buf_free(&path);
	/* Our own line was whole: the rest of it is not to be skipped. */
	return 0;
}

/* ---- statements --------------------------------------------------------- */

/* Is text one of words, each with a NUL behind it? */
static int
in_words(struct slice text, const char *words)
{
	for (; *words != '\0'; words += strlen(words) + 1)
		if (slice_eq(text, slice_of(words)))
			return 1;
	return 0;
}

/* Twice "=" is a fault: of two values one would be lost, and nobody could say
 * which was meant. Settings stay in the order of the file, for -p. */
static int
store(struct conf_parser *p, const struct conf_token *name,
    enum conf_token_kind how, const struct conf_value *v)
{
	struct conf_block *block = p->block;
	const char *key = conf_parse_key(p, name->text);
	const struct conf_setting *outer;
	struct conf_setting *s;

	if (key == NULL)
		return -1;
	if (strncmp(key, "env.", 4) == 0)
		return conf_fault(p->report, name->place,
		    "%s is the environment's and cannot be set", key);
	s = conf_find_in(block, key);
	if (s == NULL) {
		outer = how == CONF_APPEND ? conf_parse_find(p, key) : NULL;
		s = conf_parse_alloc(p, sizeof(*s));
		if (s == NULL)
			return -1;
		s->key = key;
		*block->last = s;
		block->last = &s->next;
		s->place = name->place;
		/* The sum stands in this block as a whole. */
		if (outer != NULL) {
			s->value = outer->value;
			return conf_parse_add(p, name->place, &s->value, v);
		}
	} else if (how == CONF_APPEND) {
		return conf_parse_add(p, name->place, &s->value, v);
	} else if (how == CONF_ASSIGN) {
		return conf_fault(p->report, name->place, "%s was set already"
		    " in %s:%d:%d (\"+=\" adds, \":=\" replaces)", key,
		    s->place.file, s->place.line, s->place.column);
	}
	s->value = *v;
	s->place = name->place;
	return 0;
}

/* KEY = VALUE, with the key as the current token. */
static int
parse_assignment(struct conf_parser *p)
{
	struct conf_token name = p->token;
	enum conf_token_kind how;
	struct conf_value v;

	conf_parse_next(p);
	how = p->token.kind;
	if (how != CONF_ASSIGN && how != CONF_APPEND && how != CONF_REPLACE)
		return conf_parse_expected(p, "\"=\", \"+=\" or \":=\"");
	conf_parse_next(p);
	/* Existing files break the line here. */
	conf_parse_skip_newlines(p);
	if (conf_parse_value(p, &v) == -1)
		return -1;
	/* The statement was whole: what follows on its line is another. */
	(void)store(p, &name, how, &v);
	return 0;
}

/* The { } at the current token, whose statements go into block. */
static int
parse_braces(struct conf_parser *p, struct conf_block *block, int line)
{
	struct conf_block *outer = p->block;

	conf_parse_skip_newlines(p);
	if (p->token.kind != CONF_BLOCK)
		return conf_parse_expected(p, "\"{\"");
	/* we recurse */
	if (p->depth == BLOCKS_DEPTH)
		return conf_fault(p->report, p->token.place,
		    "blocks nest at most %d deep", BLOCKS_DEPTH);
	conf_parse_next(p);
	p->block = block;
	p->chain = NULL;
	p->depth++;
	parse_block(p, line);
	p->depth--;
	p->block = outer;
	return 0;
}

/* [if] $FIELD ... { }, and what may follow it: else { }, else [if] $FIELD
 * ... { }, and the same in one word. */
static int
parse_conditional(struct conf_parser *p)
{
	struct conf_token t = p->token;
	struct conf_block *before = NULL, *block;
	int bare = 0;

	if (in_words(t.text, "else\0elif\0elsif\0elseif\0")) {
		before = p->chain;
		if (before == NULL)
			return conf_fault(p->report, t.place, "%.*s without a"
			    " condition before it", (int)t.text.n, t.text.p);
	}
	if (t.kind == CONF_NAME)
		conf_parse_next(p);
	if (slice_eq(t.text, slice_of("else"))) {
		conf_parse_skip_newlines(p);
		bare = p->token.kind == CONF_BLOCK;
		if (slice_eq(p->token.text, slice_of("if")))
			conf_parse_next(p);
	}
	/* after a fault in it, its else is no second one */
	p->chain = &p->conf->global;
	if (p->in_global)
		return conf_fault(p->report, t.place,
		    "a condition cannot stand in global { }");
	if (!bare && p->token.kind != CONF_FIELD)
		return conf_parse_expected(p, "a condition like $HTTP[\"host\"]"
		    " == \"...\"");
	block = conf_parse_block(p, before, bare);
	if (block == NULL || parse_braces(p, block, t.place.line) == -1)
		return -1;
	p->chain = bare ? NULL : block;
	return 0;
}

/* One statement, from its first token. Returns 0, or -1 after a fault in the
 * middle of it. */
static int
parse_statement(struct conf_parser *p)
{
	const struct conf_token t = p->token;
	int status;

	if (t.kind == CONF_FIELD || (t.kind == CONF_NAME
	    && in_words(t.text, "if\0else\0elif\0elsif\0elseif\0")))
		return parse_conditional(p);
	p->chain = NULL;
	if (t.kind != CONF_NAME)
		return conf_parse_expected(p, "a key or the end of the line");
	if (slice_eq(t.text, slice_of("include")))
		return parse_include(p, 0);
	if (slice_eq(t.text, slice_of("include_shell")))
		return parse_include(p, 1);
	if (!slice_eq(t.text, slice_of("global")) || p->in_global)
		return parse_assignment(p);
	conf_parse_next(p);
	p->in_global = 1;
	status = parse_braces(p, &p->conf->global, t.place.line);
	p->in_global = 0;
	p->chain = NULL;
	return status;
}

/* All statements of a source (line is 0), or of the block that began in that
 * line, with its "}". */
static void
parse_block(struct conf_parser *p, int line)
{
	char wanted[64];

	for (;;) {
		conf_parse_skip_newlines(p);
		if (p->token.kind == CONF_END)
			break;
		if (p->token.kind == CONF_UNBLOCK && line > 0) {
			conf_parse_next(p);
			return;
		}
		if (parse_statement(p) == -1)
			resynchronise(p, line > 0);
	}
	snprintf(wanted, sizeof(wanted), "\"}\" of the block from line %d",
	    line);
	if (line > 0)
		conf_parse_expected(p, wanted);
}

/* An empty configuration, to be filled. */
static void
start(struct conf_parser *p)
{
	struct conf *c = p->conf;

	p->block = c->last_block = &c->global;
	c->global.last = &c->global.settings;
	c->last_cond = &c->conds;
	c->last_subject = &c->subjects;
	c->nblocks = 1;
}

struct conf *
conf_read(const char *file, struct buf *text, struct conf_report *report)
{
	const char *slash = strrchr(file, '/');
	struct conf_source s = { 0 };
	struct conf_parser p = {
		.conf = calloc(1, sizeof(*p.conf)), .report = report,
		.folder = { file, slash ? (size_t)(slash - file) + 1 : 0 }
	};
	unsigned faults = report->faults;

	if (p.conf == NULL) {
		conf_fault(report, conf_nowhere, "out of memory");
		return NULL;
	}
	start(&p);
	if (text != NULL) {
		(void)buf_text(text);	/* moves it now or never: */
		s.text = *text;		/* it stays the caller's */
		parse_source(&p, &s, file);
	} else if (strcmp(file, "-") == 0) {
		parse_stream(&p, conf_nowhere, "standard input",
		    fdopen(dup(STDIN_FILENO), "r"), fclose);
	} else {
		parse_stream(&p, conf_nowhere, file, fopen(file, "r"), fclose);
	}
	if (report->faults == faults || report->forgiving)
		return p.conf;
	/* Half of what somebody wrote might mean the opposite. */
	conf_free(p.conf);
	return NULL;
}
