/*
 * base_pat.c - regular expressions as Perl has them, by POSIX's regcomp(3).
 *
 * Called when a configuration is read (pat_new), for conditions and rules, and
 * for each request (pat_match). A pattern is translated: classes and escapes
 * become bytes and brackets, groups that capture nothing are left out of the
 * count. What cannot be said in POSIX (look-around, lazy repetition,
 * references) is refused, never approximated. Two things differ: of several
 * matches at one place the longest is taken, not the first in the order of the
 * pattern; and "." is any byte, "$" the very end.
 *
 * regexec(3) costs a microsecond, so it is asked last: while the pattern is
 * read, text that every match must have is noted, in runs.
 */
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base.h"

enum {
	DEPTH_MAX = 50,		/* groups in groups */
	REGEX_GROUPS = 64,	/* with those that capture nothing */
	COST_MOST = 50000	/* parts, repeated ones as often as that:
				 * some 10 MB with glibc */
};

struct pat {
	regex_t regex;
	int plain;		/* no regex, only the prefix */
	int at_start, at_end, any_case;
	int rest;		/* plain, and group 1 is what follows: ^x(.*) */
	unsigned groups;	/* with 0, the whole */
	unsigned char number[PAT_GROUPS];	/* in regex, of a group */
	size_t prefix_n;	/* bytes */
	const char *within;	/* what any match has in it, or NULL */
	char prefix[];		/* how it begins, if at_start */
};

/* A pattern that is being read. */
struct reader {
	const char *p;		/* what is left of it */
	const char *first;	/* where it begins, behind flags */
	const char *why;	/* it is refused, or NULL */
	struct buf regex;	/* the same for regcomp */
	struct buf runs;	/* text every match has: a NUL between */
	size_t cost;		/* parts, repeated ones so often */
	unsigned depth;
	unsigned regex_groups;
	struct pat *pat;
};

static int
refuse(struct reader *r, const char *why)
{
	r->why = why;
	return -1;
}

/* ---- text that every match has ---- */

/* What comes next need not follow what was before. */
static void
end_run(struct reader *r)
{
	struct buf *runs = &r->runs;

	if (runs->n == 0 || runs->p[runs->n - 1] != '\0')
		buf_addc(runs, '\0');
}

static void
cut_runs(struct reader *r, size_t from)
{
	r->runs.n = from;
	end_run(r);
}

/* ---- translating ---- */

static int read_alternatives(struct reader *r);

/* (...) */
static int
read_group(struct reader *r)
{
	struct pat *pat = r->pat;
	int captures = *++r->p != '?';

	pat->rest = pat->plain && pat->at_start && pat->groups == 1
	    && (strcmp(r->p, ".*)$") == 0 || strcmp(r->p, ".*)") == 0);
	if (!captures && r->p[1] != ':')
		return refuse(r, "of groups with (? only (?: ) is understood,"
		    " and (?i) at the beginning");
	r->p += captures ? 0 : 2;
	if (++r->regex_groups >= REGEX_GROUPS || ++r->depth > DEPTH_MAX)
		return refuse(r, "too many groups");
	if (captures && pat->groups < PAT_GROUPS)
		pat->number[pat->groups++] = (unsigned char)r->regex_groups;
	buf_addc(&r->regex, '(');
	if (read_alternatives(r) == -1)
		return -1;
	if (*r->p != ')')
		return refuse(r, "( has no )");
	r->p++;
	r->depth--;
	buf_addc(&r->regex, ')');
	pat->plain = 0;
	return 0;
}

/* Does this libc know \b, which POSIX does not have? Musl takes the ends of
 * the subject for boundaries, whatever is there. */
static int
has_boundaries(void)
{
	regex_t regex;
	int has = 0;

	if (regcomp(&regex, "\\b", REG_EXTENDED | REG_NOSUB) == 0) {
		has = regexec(&regex, "a", 0, NULL, 0) == 0
		    && regexec(&regex, "!", 0, NULL, 0) != 0;
		regfree(&regex);
	}
	return has;
}

/* The length of {2}, {2,} or {2,3}; 0 for braces that mean themselves. */
static size_t
repeat_length(const char *p)
{
	static const char digits[] = "0123456789";
	size_t n;

	if (*p != '{')
		return *p != '\0' && strchr("*+?", *p) != NULL;
	n = 1 + strspn(p + 1, digits);
	if (n == 1)
		return 0;
	if (p[n] == ',')
		n += 1 + strspn(p + n + 1, digits);
	return p[n] == '}' ? n + 1 : 0;
}

/* What stands behind before is repeated: glibc writes it down that often, and
 * (((a{99}){99}){99}){99} took all memory there was. */
static int
count_repeat(struct reader *r, size_t before)
{
	char *end;
	long least = strtol(r->p + 1, &end, 10);
	long most = *end == ',' ? strtol(end + 1, NULL, 10) : least;

	if (most < least)		/* {2,} */
		most = least;
	if (most > COST_MOST)
		most = COST_MOST;
	if (most > 1)
		r->cost += (r->cost - before) * (size_t)(most - 1);
	return r->cost > COST_MOST ? refuse(r, "it repeats too much") : 0;
}

/* How often the part may come whose text begins at run. */
static int
read_repeat(struct reader *r, size_t run, size_t before)
{
	size_t n = repeat_length(r->p);

	if (n == 0)
		return 0;
	if (*r->p == '{' && count_repeat(r, before) == -1)
		return -1;
	if (*r->p == '+' || (*r->p == '{' && strtol(r->p + 1, NULL, 10) > 0))
		end_run(r);
	else
		cut_runs(r, run);
	r->pat->plain = 0;
	buf_add(&r->regex, r->p, n);
	r->p += n;
	if (*r->p == '?')
		return refuse(r, "lazy repetition is not understood: say what"
		    " comes before, like [^/]*");
	return *r->p != '+' ? 0
	    : refuse(r, "possessive repetition is not understood");
}

/* One byte, or one of several. Returns 0 or -1. */
static int
read_byte(struct reader *r)
{
	const char *from = r->p;
	struct set set;
	int c = set_read(&set, &r->p, r->pat->any_case);

	if (c == -1) {
		r->p = from;
		return refuse(r, *from == '[' ? "this [ ] is not understood"
		    : "this escape is not understood");
	}
	if (c == SET_SEVERAL) {
		r->pat->plain = 0;
		end_run(r);
		set_add_posix(&r->regex, &set);
		return 0;
	}
	if (strchr("^$.[|()*+?{\\", c) != NULL)
		buf_addc(&r->regex, '\\');
	buf_addc(&r->regex, (char)c);
	buf_addc(&r->runs, (char)c);
	return 0;
}

/* All of a row of them: glibc takes a minute for some thousands, and one of
 * each says the same. */
static void
read_anchors(struct reader *r)
{
	int begins = r->p == r->first, start = 0, end = 0;

	for (; *r->p == '^' || *r->p == '$'; r->p++)
		if (*r->p == '^')
			start = 1;
		else
			end = 1;
	if (start)
		buf_addc(&r->regex, '^');
	if (end)
		buf_addc(&r->regex, '$');
	if (start && begins)
		r->pat->at_start = 1;
	else if (start)
		r->pat->plain = 0;
	if (end && *r->p == '\0' && r->depth == 0)
		r->pat->at_end = 1;
	else if (end)
		r->pat->plain = 0;
}

/* One part, and how often it may come. */
static int
read_part(struct reader *r)
{
	size_t run = r->runs.n, before = r->cost;
	int c = *r->p;

	if (repeat_length(r->p) > 0)
		return refuse(r, "there is nothing to repeat");
	if (c == '^' || c == '$') {
		read_anchors(r);
		return 0;
	}
	if (c == '|') {
		r->pat->plain = 0;
		buf_addc(&r->regex, *r->p++);
		return 0;
	}
	if (c == '\\' && (r->p[1] == 'b' || r->p[1] == 'B')) {
		r->pat->plain = 0;
		buf_add(&r->regex, r->p, 2);
		r->p += 2;
		return has_boundaries() ? 0 : refuse(r,
		    "\\b is not understood by the libc of this system");
	}
	if ((c == '(' ? read_group(r) : read_byte(r)) == -1)
		return -1;
	r->cost++;
	return read_repeat(r, run, before);
}

/* Up to the end of the group or of the pattern. */
static int
read_alternatives(struct reader *r)
{
	size_t run = r->runs.n;
	int several = 0;

	while (*r->p != '\0' && *r->p != ')') {
		several |= *r->p == '|';
		if (read_part(r) == -1)
			return -1;
	}
	if (several)
		cut_runs(r, run);
	if (several && r->depth == 0)
		r->pat->at_start = 0;
	return 0;
}

/* ---- compiling and matching ---- */

/* Keeps of the text that every match has the beginning and the longest run. */
static void
keep_runs(struct pat *pat, const struct buf *runs)
{
	const char *run = pat->prefix, *end = pat->prefix + runs->n;
	size_t n, longest = 0;

	memcpy(pat->prefix, runs->p, runs->n);
	if (pat->at_start || pat->plain) {
		pat->prefix_n = strlen(run);
		run += pat->prefix_n + 1;
	}
	for (; run < end && !pat->any_case; run += n + 1) {
		n = strlen(run);
		if (n > longest) {
			longest = n;
			pat->within = run;
		}
	}
}

/* Leading (?i) and (?s), which says of "." what it is here anyhow. */
static void
read_flags(struct reader *r)
{
	size_t n;

	if (strncmp(r->p, "(?", 2) != 0)
		return;
	n = strspn(r->p + 2, "is");
	if (n == 0 || r->p[n + 2] != ')')
		return;
	r->pat->any_case = memchr(r->p + 2, 'i', n) != NULL;
	r->p += n + 3;
}

struct pat *
pat_new(const char *text, char why[PAT_WHY])
{
	/* a NUL for each byte at most, and the last one */
	struct pat *pat = calloc(1, sizeof(*pat) + strlen(text) + 2);
	struct reader r = { .p = text, .pat = pat };
	int error = 0;

	if (pat == NULL) {
		snprintf(why, PAT_WHY, "out of memory");
		return NULL;
	}
	pat->plain = 1;
	pat->groups = 1;
	read_flags(&r);
	r.first = r.p;
	if (read_alternatives(&r) == 0 && *r.p == ')')
		(void)refuse(&r, ") has no (");
	end_run(&r);
	(void)buf_text(&r.regex);
	if (r.regex.failed || r.runs.failed)
		(void)refuse(&r, "out of memory");
	if (r.why == NULL) {
		/* libc can look for text, but not in any case */
		pat->plain = pat->rest || (pat->plain && (!pat->any_case
		    || pat->at_start || pat->at_end));
		keep_runs(pat, &r.runs);
		error = pat->plain ? 0 : regcomp(&pat->regex, r.regex.p,
		    REG_EXTENDED | (pat->any_case ? REG_ICASE : 0));
	}
	if (r.why != NULL)
		snprintf(why, PAT_WHY, "byte %zu: %s",
		    (size_t)(r.p - text), r.why);
	else if (error != 0)
		regerror(error, &pat->regex, why, PAT_WHY);
	buf_free(&r.regex);
	buf_free(&r.runs);
	if (r.why == NULL && error == 0)
		return pat;
	free(pat);
	return NULL;
}

void
pat_free(struct pat *p)
{
	if (p == NULL)
		return;
	if (!p->plain)
		regfree(&p->regex);
	free(p);
}

/* Does subject have the prefix at p? */
static int
is_prefix(const struct pat *pat, const char *p)
{
	size_t i = 0;

	if (pat->any_case)
		return strncasecmp(p, pat->prefix, pat->prefix_n) == 0;
	/* of many rules most differ early: no call for that */
	while (i < pat->prefix_n && p[i] == pat->prefix[i])
		i++;
	return i == pat->prefix_n;
}

/* Without regexec: where the match begins, or NULL. */
static const char *
find_plain(const struct pat *pat, const char *subject, size_t n)
{
	if (n < pat->prefix_n || (n > pat->prefix_n && pat->at_start
	    && pat->at_end && !pat->rest))
		return NULL;
	if (!pat->at_start && !pat->at_end)
		return strstr(subject, pat->prefix);
	if (!pat->at_start)
		subject += n - pat->prefix_n;
	return is_prefix(pat, subject) ? subject : NULL;
}

unsigned
pat_match(const struct pat *p, const char *subject, size_t n,
    struct slice group[PAT_GROUPS])
{
	regmatch_t at[REGEX_GROUPS];
	const regmatch_t *m;
	unsigned i;

	if (p->plain) {
		subject = find_plain(p, subject, n);
		if (subject == NULL)
			return 0;
		n -= p->prefix_n;
		if (group != NULL)
			group[0] = (struct slice){ subject, p->prefix_n
			    + (p->rest ? n : 0) };
		if (group != NULL && p->rest)
			group[1] = (struct slice){ subject + p->prefix_n, n };
		return p->groups;
	}
	if (n < p->prefix_n || !is_prefix(p, subject))
		return 0;
	if (p->within != NULL && strstr(subject + p->prefix_n, p->within)
	    == NULL)
		return 0;
	if (regexec(&p->regex, subject, group == NULL ? 0
	    : p->number[p->groups - 1] + 1u, at, 0) != 0)
		return 0;
	for (i = 0; i < p->groups && group != NULL; i++) {
		m = &at[p->number[i]];
		group[i] = (struct slice){ NULL, 0 };
		if (m->rm_so != -1)
			group[i] = (struct slice){ subject + m->rm_so,
			    (size_t)(m->rm_eo - m->rm_so) };
	}
	return p->groups;
}
