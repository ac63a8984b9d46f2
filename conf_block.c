/*
 * conf_block.c - conditions and the blocks they stand before.
 *
 * conf_parse.c calls it with the first token of a condition as the current
 * one. All that can be wrong with a condition is found here, at the start:
 * unknown fields, bad patterns, networks that are none. The same condition
 * twice in one block is the same block, and two blocks with the same condition
 * share it, so that nothing is compared twice for a request.
 */
#include <stdio.h>
#include <string.h>

#include "conf_parse.h"

static const struct {
	char name[15];
	uint8_t field;		/* enum conf_field */
} http_fields[] = {
	{ "host", CONF_HOST },
	{ "url", CONF_URL },
	{ "query-string", CONF_QUERY },
	{ "querystring", CONF_QUERY },
	{ "request-method", CONF_METHOD },
	{ "method", CONF_METHOD },
	{ "scheme", CONF_SCHEME },
	{ "useragent", CONF_USER_AGENT },
	{ "user-agent", CONF_USER_AGENT },
	{ "referer", CONF_REFERER },
	{ "cookie", CONF_COOKIE },
	{ "language", CONF_LANGUAGE },
	{ "remoteip", CONF_REMOTE_IP },
	{ "remote-ip", CONF_REMOTE_IP },
	{ "request-header", CONF_FIELDS }
};

/* What stands between the brackets, in lower case. NULL after a fault. */
static char *
parse_bracket(struct conf_parser *p)
{
	char *name;
	size_t i;

	conf_parse_next(p);
	if (p->token.kind != CONF_BRACKET) {
		conf_parse_expected(p, "\"[\"");
		return NULL;
	}
	conf_parse_next(p);
	if (p->token.kind != CONF_TEXT || p->token.text.n == 0) {
		conf_parse_expected(p, "a name in quotes");
		return NULL;
	}
	name = conf_parse_alloc(p, p->token.text.n + 1);
	for (i = 0; name != NULL && i < p->token.text.n; i++) {
		name[i] = p->token.text.p[i];
		if (name[i] >= 'A' && name[i] <= 'Z')
			name[i] = (char)(name[i] | 0x20);
	}
	return name;
}

/* The field at the current token, up to its "]". Fills cond->field and
 * *subject. Returns 0, or -1 after a fault. */
static int
parse_field(struct conf_parser *p, struct conf_cond *cond,
    struct conf_subject *subject)
{
	struct slice what = p->token.text;
	struct conf_place place = p->token.place;
	char *name = parse_bracket(p), *field;
	size_t i, n;

	if (name == NULL)
		return -1;
	subject->name = NULL;
	if (slice_eq(what, slice_of("$REQUEST_HEADER"))) {
		subject->field = CONF_NAMED;
		subject->name = name;
	} else if (slice_eq(what, slice_of("$SERVER"))
	    && strcmp(name, "socket") == 0) {
		subject->field = CONF_SOCKET;
	} else {
		for (i = 0; i < COUNT(http_fields)
		    && strcmp(http_fields[i].name, name) != 0; i++)
			continue;
		if (i == COUNT(http_fields)
		    || !slice_eq(what, slice_of("$HTTP")))
			return conf_fault(p->report, place, "no condition is"
			    " called %.*s[\"%s\"], expected $HTTP[\"host\"],"
			    " \"url\", \"query-string\", \"request-method\","
			    " \"scheme\", \"user-agent\", \"referer\","
			    " \"cookie\", \"language\" or \"remote-ip\","
			    " $REQUEST_HEADER[\"...\"] or $SERVER[\"socket\"]",
			    (int)what.n, what.p, name);
		subject->field = http_fields[i].field;
	}
	n = what.n + strlen(name) + sizeof("[\"\"]");
	field = conf_parse_alloc(p, n);
	if (field == NULL)
		return -1;
	snprintf(field, n, "%.*s[\"%s\"]", (int)what.n, what.p, name);
	cond->field = field;
	conf_parse_next(p);
	if (p->token.kind != CONF_UNBRACKET)
		return conf_parse_expected(p, "\"]\"");
	conf_parse_next(p);
	return 0;
}

/* Does a host's pattern speak of its port? Colons in [ ] and of (?: do not. */
static int
has_port(const char *text)
{
	const char *c;

	for (c = text; *c != '\0'; c++) {
		if (*c == ':' && (c == text || c[-1] != '?'))
			return 1;
		if (*c == '[' && strchr(c, ']') != NULL)
			c = strchr(c, ']');
	}
	return 0;
}

/* The number of a subject, perhaps a new one; -1 after a fault. */
static int
find_subject(struct conf_parser *p, const struct conf_subject *wanted)
{
	struct conf *c = p->conf;
	struct conf_subject *s = c->subjects;
	int i = 0;

	for (; s != NULL; s = s->next, i++)
		if (s->field == wanted->field && (s->name == NULL
		    || strcmp(s->name, wanted->name) == 0))
			return i;
	s = conf_parse_alloc(p, sizeof(*s));
	if (s == NULL)
		return -1;
	*s = *wanted;
	*c->last_subject = s;
	c->last_subject = &s->next;
	return (int)c->nsubjects++;
}

static int
is_pattern(const struct conf_cond *cond)
{
	return cond->op == CONF_MATCH || cond->op == CONF_NOMATCH;
}

/* The text as it is compared: a host in lower case, in a pattern all but its
 * escapes. Returns 0, or -1 after a fault. */
static int
set_wanted(struct conf_parser *p, struct conf_cond *cond, int is_host)
{
	char *text;
	size_t i;

	cond->wanted = slice_of(cond->text);
	cond->hash = conf_hash(cond->wanted);
	if (!is_host)
		return 0;
	text = conf_parse_alloc(p, cond->wanted.n + 1);
	if (text == NULL)
		return -1;
	for (i = 0; i < cond->wanted.n; i++) {
		text[i] = cond->text[i];
		if (text[i] >= 'A' && text[i] <= 'Z' && (i == 0
		    || !is_pattern(cond) || text[i - 1] != '\\'))
			text[i] = (char)(text[i] | 0x20);
	}
	cond->wanted.p = text;
	cond->hash = conf_hash(cond->wanted);
	return 0;
}

/* Makes what cond compares with. Returns 0, or -1 after a fault. */
static int
compile(struct conf_parser *p, struct conf_cond *cond,
    const struct conf_subject *subject, struct conf_place place)
{
	int is_equal = cond->op == CONF_EQ || cond->op == CONF_NE;
	char why[PAT_WHY];

	if (subject->field == CONF_SOCKET && cond->op != CONF_EQ)
		return conf_fault(p->report, place, "%s goes with \"==\" only",
		    cond->field);
	if (is_pattern(cond)) {
		cond->pat = pat_new(cond->wanted.p, why);
		if (cond->pat == NULL)
			return conf_fault(p->report, place, "the regular"
			    " expression \"%s\": %s", cond->text, why);
	}
	/* "unix" is what a client of a unix socket has */
	if (subject->field == CONF_REMOTE_IP && is_equal
	    && strcmp(cond->text, "unix") != 0) {
		cond->net = conf_parse_alloc(p, sizeof(*cond->net));
		if (cond->net == NULL)
			return -1;
		if (cidr_parse(slice_of(cond->text), cond->net) == -1)
			return conf_fault(p->report, place, "found \"%s\","
			    " expected an address or a network like"
			    " \"192.0.2.0/24\" or \"2001:db8::/32\"",
			    cond->text);
	}
	return 0;
}

/* Reads a condition, from its field to its value. NULL after a fault. */
static struct conf_cond *
parse_condition(struct conf_parser *p)
{
	struct conf_subject subject = { NULL, CONF_HOST, NULL };
	struct conf_cond cond = { .text = NULL }, *c;
	char found[CONF_QUOTE_SIZE];
	struct conf_place place;
	struct conf_value v;
	int number;

	if (parse_field(p, &cond, &subject) == -1)
		return NULL;
	cond.op = p->token.kind;
	if (cond.op < CONF_EQ || cond.op > CONF_NOMATCH
	    || cond.op == CONF_APPEND || cond.op == CONF_REPLACE) {
		conf_parse_expected(p, "\"==\", \"!=\", \"=~\", \"!~\","
		    " \"=^\" or \"=$\"");
		return NULL;
	}
	conf_parse_next(p);
	conf_parse_skip_newlines(p);
	place = p->token.place;
	if (conf_parse_value(p, &v) == -1)
		return NULL;
	if (v.kind != CONF_VALUE_TEXT) {
		conf_describe(found, &v);
		conf_fault(p->report, place, "found %s, expected a text to"
		    " compare with", found);
		return NULL;
	}
	cond.text = v.text;
	if (subject.field == CONF_HOST && has_port(v.text))
		subject.field = CONF_HOST_PORT;
	number = find_subject(p, &subject);
	if (number == -1 || set_wanted(p, &cond, subject.field == CONF_HOST
	    || subject.field == CONF_HOST_PORT) == -1)
		return NULL;
	cond.subject = (unsigned)number;
	for (c = p->conf->conds; c != NULL; c = c->next)
		if (c->hash == cond.hash && c->subject == cond.subject
		    && c->op == cond.op && strcmp(c->text, cond.text) == 0)
			return c;
	c = conf_parse_alloc(p, sizeof(*c));
	if (c == NULL)
		return NULL;
	*c = cond;
	c->number = p->conf->nconds++;
	*p->conf->last_cond = c;
	p->conf->last_cond = &c->next;
	return compile(p, c, &subject, place) == 0 ? c : NULL;
}

struct conf_block *
conf_parse_block(struct conf_parser *p, struct conf_block *before, int bare)
{
	struct conf *conf = p->conf;
	struct conf_place place = p->token.place;
	struct conf_cond *cond = bare ? NULL : parse_condition(p);
	struct conf_block *b;

	if (cond == NULL && !bare)
		return NULL;
	for (b = conf->global.next; b != NULL; b = b->next)
		if (b->parent == p->block && b->before == before
		    && b->cond == cond)
			return b;
	if (conf->nblocks > CONF_BLOCKS_MAX) {
		conf_fault(p->report, place, "more than %d conditional blocks",
		    CONF_BLOCKS_MAX);
		return NULL;
	}
	b = conf_parse_alloc(p, sizeof(*b));
	if (b == NULL)
		return NULL;
	b->parent = p->block;
	b->before = before;
	b->cond = cond;
	b->number = conf->nblocks++;
	b->last = &b->settings;
	b->place = place;
	conf->last_block->next = b;
	conf->last_block = b;
	return b;
}
