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
 * when a block asks for it, and when no subject has changed there is nothing to
 * do. A block is out when nobody could ask it: the one around it does not hold,
 * one before its else does, or its subject is not known yet; then its own else
 * is out as well.
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
		uint64_t turn;		/* counts the values it had */
		uint32_t hash;
		enum conf_field field;
		int known;
		int is_host;		/* kept in lower case */
	} *subjects;
	uint64_t *answers;		/* of the conditions: the turn of the
					 * subject, times 2, + 1: holds */
	uint8_t *blocks;
	double settings[];		/* aligned for everything */
};

/* A block. There may be thousands, and all are walked for a request, so this is
 * small. */
struct conf_step {
	const struct conf_block *block;
	uint32_t hash;			/* its subject has to have, if not 0 */
	uint16_t parent, before;	/* their numbers; before 0: none */
	uint16_t subject;
};

/* Hosts are kept in lower case. */
static int
is_host(const struct conf_subject *s)
{
	return s->field == CONF_HOST || s->field == CONF_HOST_PORT;
}

int
conf_steps(struct conf *c)
{
	struct conf_step *step = conf_alloc(c, c->nblocks * sizeof(*step));
	const struct conf_block *b = c->global.next;
	const struct conf_subject *s;
	unsigned i;

	c->steps = step;
	if (step == NULL)
		return -1;
	for (; b != NULL; b = b->next) {
		step++;
		step->block = b;
		step->parent = (uint16_t)b->parent->number;
		step->before = (uint16_t)(b->before != NULL
		    ? b->before->number : 0);
		if (b->cond == NULL)
			continue;
		step->subject = (uint16_t)b->cond->subject;
		s = c->subjects;
		for (i = 0; i < b->cond->subject; i++)
			s = s->next;
		if (b->cond->op == CONF_EQ && is_host(s))
			step->hash = b->cond->hash;
	}
	return 0;
}

struct conf_merge *
conf_merge_new(const struct conf *c)
{
	struct conf_merge *m = calloc(1, sizeof(*m) + c->size
	    + c->nsubjects * sizeof(*m->subjects)
	    + c->nconds * sizeof(*m->answers) + c->nblocks);
	const struct conf_subject *s = c->subjects;
	unsigned i = 0;

	if (m == NULL)
		return NULL;
	m->conf = c;
	m->nsubjects = c->nsubjects;
	m->stale = 1;
	m->subjects = (void *)((char *)m->settings + c->size);
	m->answers = (void *)(m->subjects + c->nsubjects);
	m->blocks = (uint8_t *)(m->answers + c->nconds);
	for (; s != NULL; s = s->next, i++) {
		m->subjects[i].field = s->field;
		m->subjects[i].is_host = is_host(s);
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
	s->turn++;
	m->stale = 1;
	if (known)
		buf_add(&s->text, value.p, value.n);
	(void)buf_text(&s->text);
	if (s->text.failed)
		return -1;
	if (!s->is_host)
		return 0;
	for (c = s->text.p; *c != '\0'; c++)
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

/* How a block stands, when those in front of it are known. Most are names that
 * are not this one. */
static inline int
stand(struct conf_merge *m, const struct conf_step *step,
    const struct sockaddr *peer)
{
	const struct conf_cond *cond;
	const struct merge_subject *s;
	uint64_t *answer;

	if (m->blocks[step->parent] != YES || (step->before != 0
	    && m->blocks[step->before] != NO))
		return UNKNOWN;
	s = m->subjects + step->subject;
	if (step->hash != 0 && step->hash != s->hash && s->known)
		return NO;
	cond = step->block->cond;
	if (cond == NULL)
		return YES;
	if (!s->known)
		return UNKNOWN;
	answer = m->answers + cond->number;
	if (*answer >> 1 != s->turn)
		*answer = s->turn << 1 | (compare(cond, s, peer) != 0);
	return *answer & 1 ? YES : NO;
}

const void *
conf_merge(struct conf_merge *m, const struct sockaddr *peer)
{
	const struct conf_step *step = m->conf->steps;
	unsigned i, n = m->conf->nblocks;

	if (!m->stale)
		return m->settings;
	m->stale = 0;
	memcpy(m->settings, m->conf->settings, m->conf->size);
	m->blocks[0] = YES;
	for (i = 1; i < n; i++) {
		m->blocks[i] = (uint8_t)stand(m, ++step, peer);
		if (m->blocks[i] == YES)
			apply(m, step->block);
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
