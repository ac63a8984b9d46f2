/*
 * tally.c - what the server has done: each process counts in its own slot of
 * memory they share, and what all of them have is added up for who asks.
 *
 * The counting itself is an addition here and there in conn*.c. Who gets the
 * slot of a process that is gone goes on with its numbers: no total ever goes
 * back, and there is no moment in which something counts twice. The past is
 * noted at each tick; in times without there was nothing to note.
 */
#include "server.h"

/* Another process may be writing it, and where that takes two steps, half of
 * it could be read. */
static uint64_t
steady(const volatile uint64_t *p)
{
	uint64_t a, b = *p;

	do {
		a = b;
		b = *p;
	} while (a != b);
	return b;
}

void
tally_note(struct server *srv)
{
	struct shared_slot *s = srv->slot;
	uint32_t when = srv->tick / PAST_SECONDS;
	struct past *p = s->past + when % PAST;
	uint64_t done[2] = { 0, s->tally[TALLY_SENT] / 1024 };
	int i, k;

	for (i = TALLY_ANSWERED; i < TALLIES; i++)
		done[0] += s->tally[i];
	if (p->when != when)
		*p = (struct past){ .when = when };
	for (k = 0; k < 2; k++) {
		p->done[k] += (uint32_t)(done[k] - s->noted[k]);
		s->noted[k] = done[k];
	}
}

static void
add_slot(struct totals *t, const struct shared_slot *s, uint32_t now)
{
	uint32_t age;
	int i, k;

	t->value[TOTAL_WORKERS] += s->serves;
	t->value[TOTAL_CONNS] += s->conns;
	for (i = 0; i < TALLIES; i++)
		t->value[TOTAL_TALLIES + i] += steady(s->tally + i);
	for (i = 0; i < PAST; i++) {
		age = now - s->past[i].when;
		for (k = 0; k < 2 && age < PAST; k++)
			t->past[k][PAST - 1 - age] += s->past[i].done[k];
	}
}

void
tally_sum(struct server *srv, struct totals *t)
{
	const struct shared_slot *s;
	int i, k;

	tally_note(srv);
	*t = (struct totals){ .value = { srv->tick - srv->started } };
	for (s = srv->slots; s->given; s++)
		add_slot(t, s, srv->tick / PAST_SECONDS);
	t->value[TOTAL_CONNS_MAX] = t->value[TOTAL_WORKERS]
	    * (unsigned)srv->max_conns;
	for (i = TOTAL_ANSWERED; i < TOTALS; i++)
		t->answered += t->value[i];
	for (k = 0; k < 2; k++) {
		for (i = 0; i < PAST; i++)
			if (t->most[k] < t->past[k][i])
				t->most[k] = t->past[k][i];
		/* the last PAST_SECONDS, and those since with half a second
		 * that the tick does not know of */
		t->rate[k] = (t->past[k][PAST - 1] + t->past[k][PAST - 2]) * 2
		    / (2 * (PAST_SECONDS + srv->tick % PAST_SECONDS) + 1);
	}
}

void
tally_join(struct server *srv, int slot)
{
	srv->slot = srv->slots + slot;
	while (slot >= 0)
		srv->slots[slot--].given = 1;
}

void
tally_leave(struct shared_slot *s)
{
	s->beat = s->throttled = s->conns = s->serves = 0;
}
