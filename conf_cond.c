/*
 * conf_cond.c - which blocks hold for a request, and the settings they add up
 * to.
 *
 *    subjects -> conditions -> blocks -> settings
 *    host        true, false   true,     those of global, then over them
 *    url ...                   false,    those of each block that is true,
 *                              out       in the order of the file
 *
 * Whoever has a request tells the subjects (conn_cond.c); what they are of is
 * not known here. A condition is compared once for each value of its subject,
 * and when no subject has changed there is nothing to do. A block is out when
 * nobody could ask it: the one around it does not hold, one before its else
 * does, or its subject is not known yet; then its own else is out as well.
 */
#include <stdlib.h>
#include <string.h>

#include "conf.h"

enum { UNKNOWN, NO, YES };	/* of a condition, or a block */

struct conf_merge {
	const struct conf *conf;	/* may be gone when this is freed */
	unsigned nsubjects;
	int stale;			/* one of them has changed */
	struct merge_subject {
		struct buf text;
		uint32_t hash;
		enum conf_field field;
		int known, changed;
		int is_host;		/* kept in lower case */
	} *subjects;
	uint8_t *conds, *blocks;
	double settings[];		/* aligned for everything */
};

struct conf_merge *
conf_merge_new(const struct conf *c)
{
	struct conf_merge *m = calloc(1, sizeof(*m) + c->size
	    + c->nsubjects * sizeof(*m->subjects) + c->nconds + c->nblocks);
	const struct conf_subject *s = c->subjects;
	unsigned i = 0;

	if (m == NULL)
		return NULL;
	m->conf = c;
	m->nsubjects = c->nsubjects;
	m->stale = 1;
	m->subjects = (void *)((char *)m->settings + c->size);
	m->conds = (uint8_t *)(m->subjects + c->nsubjects);
	m->blocks = m->conds + c->nconds;
	for (; s != NULL; s = s->next, i++) {
		m->subjects[i].field = s->field;
		m->subjects[i].is_host = s->field == CONF_HOST
		    || s->field == CONF_HOST_PORT;
	}
	return m;
}

void
conf_merge_free(struct conf_merge *m)
{
	unsigned i;

	if (m == NULL)
		return;
	for (i = 0; i < m->nsubjects; i++)
		buf_free(&m->subjects[i].text);
	free(m);
}

/* FNV-1a. Whoever makes texts with the same one has gained nothing. */
uint32_t
conf_hash(struct slice text)
{
	uint32_t hash = 2166136261u;
	size_t i;

	for (i = 0; i < text.n; i++)
		hash = (hash ^ (unsigned char)text.p[i]) * 16777619u;
	return hash;
}

int
conf_merge_subject(struct conf_merge *m, unsigned i, struct slice value)
{
	struct merge_subject *s = m->subjects + i;
	int known = value.p != NULL;
	char *c;

	if (s->known == known && (!known || (s->is_host
	    ? slice_case_eq(value, s->text.p) : slice_eq((struct slice){
	    s->text.p, s->text.n }, value))))
		return 0;
	s->text.n = 0;
	s->text.failed = 0;
	s->known = known;
	s->changed = m->stale = 1;
	if (known)
		buf_add(&s->text, value.p, value.n);
	(void)buf_text(&s->text);
	if (s->text.failed)
		return -1;
	for (c = s->text.p; s->is_host && *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c | 0x20);
	s->hash = conf_hash((struct slice){ s->text.p, s->text.n });
	return 0;
}

/* Is name one of names, each with a NUL behind it? */
static int
is_among(struct slice name, const char *names)
{
	for (; names != NULL && *names != '\0'; names += strlen(names) + 1)
		if (slice_eq(name, slice_of(names)))
			return 1;
	return 0;
}

static int
compare(const struct conf_cond *cond, const struct merge_subject *subject,
    const struct sockaddr *peer)
{
	const struct buf *text = &subject->text;
	struct slice s = { text->p, text->n }, wanted = cond->wanted;

	if (cond->pat != NULL)
		return (pat_match(cond->pat, text->p, text->n, NULL) > 0)
		    == (cond->op == CONF_MATCH);
	if (cond->net != NULL)
		return (peer != NULL && cidr_match(cond->net, peer))
		    == (cond->op == CONF_EQ);
	if (subject->field == CONF_SOCKET)
		return is_among(s, cond->names);
	if (cond->op == CONF_EQ || cond->op == CONF_NE)
		return slice_eq(s, wanted) == (cond->op == CONF_EQ);
	if (s.n < wanted.n)
		return 0;
	if (cond->op == CONF_SUFFIX)
		s.p += s.n - wanted.n;
	return memcmp(s.p, wanted.p, wanted.n) == 0;
}

/* Compares what may have another result now. There may be thousands, and most
 * of them are names that are not this one. */
static void
ask(struct conf_merge *m, const struct sockaddr *peer)
{
	const struct conf_cond *cond = m->conf->conds;
	const struct merge_subject *s;
	unsigned i;

	for (; cond != NULL; cond = cond->next) {
		s = m->subjects + cond->subject;
		if (!s->changed)
			continue;
		if (!s->known)
			i = UNKNOWN;
		else if (cond->hash != s->hash && s->is_host
		    && cond->op == CONF_EQ)
			i = NO;
		else
			i = compare(cond, s, peer) ? YES : NO;
		m->conds[cond->number] = (uint8_t)i;
	}
	for (i = 0; i < m->nsubjects; i++)
		m->subjects[i].changed = 0;
}

/* Lays the values of a block over the settings. */
static void
apply(struct conf_merge *m, const struct conf_block *b)
{
	const struct conf_patch *p = b->patches, *end = p + b->npatches;
	char *at;

	for (; p < end; p++) {
		at = (char *)m->settings + p->at;
		switch (p->key->type) {
		case CONF_INT:
			memcpy(at, &p->value.l, sizeof(p->value.l));
			break;
		case CONF_BOOL: case CONF_SHORT:
			memcpy(at, &p->value.n, sizeof(p->value.n));
			break;
		default:
			memcpy(at, &p->value.p, sizeof(p->value.p));
		}
	}
}

const void *
conf_merge(struct conf_merge *m, const struct sockaddr *peer)
{
	const struct conf_block *b = m->conf->global.next;

	if (!m->stale)
		return m->settings;
	m->stale = 0;
	ask(m, peer);
	memcpy(m->settings, m->conf->settings, m->conf->size);
	m->blocks[0] = YES;
	for (; b != NULL; b = b->next) {
		m->blocks[b->number] = UNKNOWN;
		if (m->blocks[b->parent->number] != YES || (b->before != NULL
		    && m->blocks[b->before->number] != NO))
			continue;
		m->blocks[b->number] = b->cond == NULL ? YES
		    : m->conds[b->cond->number];
		if (m->blocks[b->number] == YES)
			apply(m, b);
	}
	return m->settings;
}

int
conf_merge_holds(const struct conf_merge *m, const struct conf_block *block)
{
	return m->blocks[block->number] - NO;
}

unsigned
conf_merge_groups(const struct conf_merge *m, const struct conf_block *block,
    struct slice group[PAT_GROUPS])
{
	const struct conf_cond *cond;
	const struct buf *text;

	for (; block != NULL; block = block->parent) {
		cond = block->cond;
		if (cond == NULL || cond->op != CONF_MATCH)
			continue;
		text = &m->subjects[cond->subject].text;
		return pat_match(cond->pat, text->p, text->n, group);
	}
	return 0;
}
