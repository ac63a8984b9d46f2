/*
 * conn_rule.c - rules that make another URL of a request's: "pattern" =>
 * "target".
 *
 * Shared by the modules that rewrite and redirect. A pattern is matched on the
 * URL in its one normal form, path and query, so that no second spelling of a
 * name passes by a rule:
 *
 *   as sent -> decoded, without dots (as the path that is opened) -> escaped
 *           -> rule -> target with $1 -> escaped where it must be
 *
 * A target is written out in one pass into a buffer that grows, and checked at
 * the start by the same function: there is no length that could be wrong.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

struct rules {
	struct rules *next;		/* of the same module */
	const struct conf_block *block;
	size_t n;
	struct rule {
		struct pat *pat;
		const char *target;	/* "": no rule behind this one counts */
		int wants_groups;
	} rule[];
};

/* A module's. The buffers are used for one request at a time. */
struct rules_work {
	struct rules *all;
	struct buf url;			/* in normal form */
	size_t path_n;			/* of it */
	struct buf made;
	const char *key;		/* whose rules are read */
};

/* ---- escapes ---- */

/* What may be as it is besides letters and digits: anywhere, in a path, in a
 * query, in a URL as a whole (RFC 3986 3). */
#define UNRESERVED "-._~"
#define IN_PATH UNRESERVED "/!$&'()*+,;=:@"
#define IN_QUERY IN_PATH "?"
#define IN_URL IN_QUERY "#[]"

enum {
	ESCAPE_TWICE,		/* "%" is like any other byte */
	ESCAPE_ONCE,		/* %XX stays, in capitals */
	ESCAPE_LEAST		/* ... but is decoded if it need not be one */
};

/* Is c a letter, a digit, or in others? */
static int
is_plain(int c, const char *others)
{
	return isalnum(c) || (c != '\0' && strchr(others, c) != NULL);
}

/* The value of %XX at p, or -1. */
static int
escape_at(const char *p, const char *end)
{
	char hex[3] = "";

	if (end - p < 3 || *p != '%')
		return -1;
	memcpy(hex, p + 1, 2);
	return strspn(hex, "0123456789abcdefABCDEF") < 2 ? -1
	    : (int)strtol(hex, NULL, 16);
}

/* Appends text; a byte that is no letter, no digit and not in keep as %XX. */
static void
add_escaped(struct buf *out, struct slice text, const char *keep, int how)
{
	static const char digits[] = "0123456789ABCDEF";
	const char *p = text.p, *end;
	int c, old;

	if (text.n == 0)		/* p may be NULL */
		return;
	for (end = p + text.n; p < end; p++) {
		c = (unsigned char)*p;
		old = c == '%' && how != ESCAPE_TWICE ? escape_at(p, end) : -1;
		if (old != -1) {
			p += 2;
			c = old;
		}
		if (old == -1 ? is_plain(c, keep)
		    : how == ESCAPE_LEAST && is_plain(c, UNRESERVED)) {
			buf_addc(out, (char)c);
		} else {
			buf_addc(out, '%');
			buf_addc(out, digits[c >> 4]);
			buf_addc(out, digits[c & 15]);
		}
	}
}

/* Appends path so that decoding leaves some escapes as they are: a rule may put
 * it into a query, where the bytes themselves would mean something else. */
static void
add_guarded(struct buf *out, struct slice path)
{
	const char *p = path.p, *end = path.p + path.n;
	int c;

	for (; p < end; p++) {
		buf_addc(out, *p);
		c = *p == '%' ? escape_at(p, end) : -1;
		if (c > 0 && strchr("%&+;=", c) != NULL)
			buf_adds(out, "25");
	}
}

/* RFC 4648 5, without padding. */
static const char base64[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void
add_base64(struct buf *out, struct slice text)
{
	unsigned bits = 0, n = 0;
	size_t i;

	for (i = 0; i < text.n; i++) {
		bits = bits << 8 | (unsigned char)text.p[i];
		for (n += 8; n >= 6; n -= 6)
			buf_addc(out, base64[bits >> (n - 6) & 63]);
	}
	if (n > 0)
		buf_addc(out, base64[bits << (6 - n) & 63]);
}

/* Up to what is not base64. */
static void
add_unbase64(struct buf *out, struct slice text)
{
	unsigned bits = 0, n = 0;
	const char *digit;
	size_t i;

	for (i = 0; i < text.n; i++) {
		digit = memchr(base64, text.p[i], 64);
		if (digit == NULL)
			return;
		bits = bits << 6 | (unsigned)(digit - base64);
		n += 6;
		if (n >= 8) {
			n -= 8;
			buf_addc(out, (char)(bits >> n & 255));
		}
	}
}

/* ---- targets ---- */

/* What a target is made of. */
struct source {
	struct connection *con;	/* NULL: it is only checked */
	const struct rules *rules;
	const struct rules_work *work;
	struct slice group[PAT_GROUPS];	/* of the rule */
	unsigned ngroups;
};

/* The number of the word that *p begins with, or -1; goes behind it. */
static int
skip_word(const char **p, const char *words)
{
	int i;

	for (i = 0; *words != '\0'; i++) {
		if (strncmp(*p, words, strlen(words)) == 0) {
			*p += strlen(words);
			return i;
		}
		words += strlen(words) + 1;
	}
	return -1;
}

/* $n or %n. */
static struct slice
group(const struct source *s, char sign, unsigned n)
{
	struct slice outer[PAT_GROUPS];

	if (s->con == NULL)
		return (struct slice){ NULL, 0 };
	if (sign == '$')
		return n < s->ngroups ? s->group[n]
		    : (struct slice){ NULL, 0 };
	return n < conn_captures(s->con, s->rules->block, outer) ? outer[n]
	    : (struct slice){ NULL, 0 };
}

/* In the order of the words below. */
enum part { SCHEME, AUTHORITY, PORT, PATH, QUERY, QSA };
enum how {
	NOESC, NOESCAPE, ESC, ESCAPE, ESCNDE, ESCPSNDE, ENCB64U, DECB64U,
	TOLOWER, TOUPPER
};

/* A part of the URL; out is what was made so far. */
static struct slice
url_part(const struct source *s, enum part part, struct buf *out)
{
	const struct listener *l = s->con->listener;
	const struct rules_work *w = s->work;
	struct slice query = { w->url.p + w->path_n, w->url.n - w->path_n };
	struct slice host = s->con->req->head.host, scheme;

	if (query.n > 0)		/* without its "?" */
		query = (struct slice){ query.p + 1, query.n - 1 };
	switch (part) {
	case SCHEME:
		scheme = request_env(s->con->req, "REQUEST_SCHEME");
		return scheme.p != NULL ? scheme : slice_of("http");
	case AUTHORITY:
		return host.n > 0 || l == NULL || l->port == 0 ? host
		    : slice_of(l->name);
	case PORT:
		return slice_of(l == NULL || l->port == 0 ? ""
		    : strrchr(l->name, ':') + 1);
	case PATH:
		return (struct slice){ w->url.p, w->path_n };
	case QSA:
		if (query.n == 0)
			break;
		if (out->n == 0 || memchr(out->p, '?', out->n) == NULL)
			buf_addc(out, '?');
		else if (out->p[out->n - 1] != '?')
			buf_addc(out, '&');
		break;
	case QUERY:
		break;
	}
	return query;
}

/* Reads what stands behind "${". Returns what follows, or NULL: it is not
 * understood. */
static const char *
expand_braces(const struct source *s, char sign, const char *p,
    struct buf *out)
{
	int how = NOESC, fold = NOESC, word, part;
	struct slice value = { NULL, 0 };
	size_t i = out->n;
	char *c;

	for (;;) {
		word = skip_word(&p, "noesc:\0noescape:\0esc:\0escape:\0"
		    "escnde:\0escpsnde:\0encb64u:\0decb64u:\0"
		    "tolower:\0toupper:\0");
		if (word == -1)
			break;
		if (word >= TOLOWER)
			fold = word;
		else
			how = word;
	}
	part = skip_word(&p, "url.scheme}\0url.authority}\0url.port}\0"
	    "url.path}\0url.query}\0qsa}\0");
	if (part == -1) {
		p += *p == sign;		/* ${esc:$1} */
		if (*p < '0' || *p > '9' || p[1] != '}')
			return NULL;
		value = group(s, sign, (unsigned)(*p - '0'));
		p += 2;
	} else if (s->con != NULL) {
		value = url_part(s, (enum part)part, out);
	}
	switch (how) {
	case ESC: case ESCAPE:
		add_escaped(out, value, UNRESERVED, ESCAPE_TWICE);
		break;
	case ESCNDE:
		add_escaped(out, value, UNRESERVED, ESCAPE_ONCE);
		break;
	case ESCPSNDE:
		add_escaped(out, value, UNRESERVED "/", ESCAPE_ONCE);
		break;
	case ENCB64U:
		add_base64(out, value);
		break;
	case DECB64U:
		add_unbase64(out, value);
		break;
	default:
		buf_add(out, value.p, value.n);
	}
	for (; fold != NOESC && i < out->n; i++) {
		c = out->p + i;
		*c = (char)(fold == TOLOWER ? tolower((unsigned char)*c)
		    : toupper((unsigned char)*c));
	}
	return p;
}

/* Appends target with all that $ and % stand for. Returns NULL, or the part
 * that is not understood. */
static const char *
expand(const struct source *s, const char *target, struct buf *out)
{
	struct slice value;
	const char *p = target, *from;
	char sign;

	while (*p != '\0') {
		from = p;
		sign = *p++;
		if ((sign != '$' && sign != '%') || *p == '\0') {
			buf_addc(out, sign);
		} else if (*p >= '0' && *p <= '9') {
			value = group(s, sign, (unsigned)(*p++ - '0'));
			buf_add(out, value.p, value.n);
		} else if (*p == '{') {
			p = expand_braces(s, sign, p + 1, out);
			if (p == NULL)
				return from;
		} else {
			buf_addc(out, sign);
			/* $$ is one; $a is what it says */
			if (*p++ != sign)
				buf_addc(out, p[-1]);
		}
	}
	return NULL;
}

/* ---- reading the configuration ---- */

/* Makes rules of the list in slot (conf_each_fn). */
static int
compile(void *context, void *slot, const struct conf_block *block,
    struct conf_place place)
{
	struct plugin_self *self = context;
	struct conf_report *report = &self->config->report;
	struct rules_work *w = self->data;
	const struct conf_list *list = *(const struct conf_list **)slot;
	const struct source nothing = { .con = NULL };
	const struct conf_item *item;
	struct rules *rules;
	const char *wrong;
	char why[PAT_WHY];

	if (list == NULL)
		return 0;
	rules = conf_alloc(self->config->conf, sizeof(*rules)
	    + list->n * sizeof(*rules->rule));
	if (rules == NULL)
		return conf_fault(report, place, "%s: out of memory", w->key);
	*(const struct rules **)slot = rules;
	rules->next = w->all;
	w->all = rules;
	rules->block = block;
	for (item = list->items; rules->n < list->n; item++) {
		struct rule *rule = &rules->rule[rules->n++];

		rule->target = item->value.text;
		if (item->value.kind != CONF_VALUE_TEXT) {
			(void)conf_fault(report, place, "%s: \"%s\" => is no"
			    " text", w->key, item->key);
			continue;
		}
		rule->wants_groups = strchr(rule->target, '$') != NULL;
		rule->pat = pat_new(item->key, why);
		if (rule->pat == NULL)
			(void)conf_fault(report, place, "%s: \"%s\": %s",
			    w->key, item->key, why);
		w->made.n = 0;
		wrong = expand(&nothing, rule->target, &w->made);
		if (wrong != NULL)
			(void)conf_fault(report, place, "%s: \"%s\" => \"%s\":"
			    " not understood: %s", w->key, item->key,
			    rule->target, wrong);
	}
	return 0;
}

int
rules_set_defaults(struct plugin_self *self, struct server *srv)
{
	struct conf_report *report = &self->config->report;
	const struct conf_key *key = self->plugin->keys;
	struct rules_work *w = self->data = calloc(1, sizeof(*w));
	unsigned faults = report->faults;

	(void)srv;
	if (w == NULL)
		return conf_fault(report, conf_nowhere, "%s: out of memory",
		    self->plugin->name);
	for (; key->name != NULL; key++) {
		w->key = key->name;
		if (key->type == CONF_MAP && conf_each(self->config->conf,
		    key->name, compile, self) == -1)
			break;
	}
	return report->faults == faults ? 0 : -1;
}

void
rules_free(struct plugin_self *self, struct server *srv)
{
	struct rules_work *w = self->data;
	const struct rules *rules;
	size_t i;

	(void)srv;
	if (w == NULL)
		return;
	for (rules = w->all; rules != NULL; rules = rules->next)
		for (i = 0; i < rules->n; i++)
			pat_free(rules->rule[i].pat);
	buf_free(&w->url);
	buf_free(&w->made);
	free(w);
}

/* ---- a request ---- */

void
rules_query(struct buf *out, struct slice query)
{
	add_escaped(out, query, IN_QUERY, ESCAPE_LEAST);
}

int
rules_begin(struct plugin_self *self, struct connection *con)
{
	struct rules_work *w = self->data;
	const struct request *req = con->req;

	w->url.n = 0;
	w->url.failed = 0;
	/* another path than that of the URL answers then */
	if (req->error_handled)
		return -1;
	add_guarded(&w->url, req->head.path);
	if (str_url_path_as(&w->made, (struct slice){ w->url.p, w->url.n },
	    con->config->core->url_options) == -1)
		return -1;
	w->url.n = 0;
	add_escaped(&w->url, (struct slice){ w->made.p, w->made.n }, IN_PATH,
	    ESCAPE_ONCE);
	w->path_n = w->url.n;
	if (req->head.query.p != NULL) {
		buf_addc(&w->url, '?');
		rules_query(&w->url, req->head.query);
	}
	(void)buf_text(&w->url);
	return 0;
}

enum rules_answer
rules_apply(struct plugin_self *self, struct connection *con,
    const struct rules *rules, struct slice *url)
{
	struct rules_work *w = self->data;
	struct source s = { .con = con, .rules = rules, .work = w };
	const struct rule *rule = rules->rule, *end = rule + rules->n;

	if (w->url.failed)
		return RULES_FAILED;
	for (; rule < end; rule++) {
		s.ngroups = pat_match(rule->pat, w->url.p, w->url.n,
		    rule->wants_groups ? s.group : NULL);
		if (s.ngroups > 0)
			break;
	}
	if (rule == end)
		return RULES_NONE;
	if (rule->target[0] == '\0')
		return RULES_STOP;
	w->made.n = 0;
	w->made.failed = 0;
	(void)expand(&s, rule->target, &w->made);
	/* nothing more is needed of the old one */
	w->url.n = 0;
	add_escaped(&w->url, (struct slice){ w->made.p, w->made.n }, IN_URL,
	    ESCAPE_ONCE);
	*url = (struct slice){ buf_text(&w->url), w->url.n };
	/* what was captured is no host, unless the target says so */
	while (url->n > 1 && memcmp(url->p, "//", 2) == 0
	    && strncmp(rule->target, "//", 2) != 0) {
		url->p++;
		url->n--;
	}
	/* one that doubles each time would not end at its 100th */
	return w->made.failed || w->url.failed || w->url.n > HTTP_HEAD_MAX
	    ? RULES_FAILED : RULES_MADE;
}
