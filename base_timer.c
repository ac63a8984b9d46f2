/*
 * base_timer.c - a wheel of one-second slots: arm, touch, expire.
 *
 * conn.c hangs every connection in it. Activity only stores a later deadline;
 * the slot notices when it comes round and moves the timer on, so time-outs
 * cost what expires, not what lives. Seconds are compared by difference, so
 * that the counter may wrap.
 */
#include "base.h"

void
timer_init(struct timer_wheel *w, uint32_t now)
{
	unsigned i;

	w->now = now;
	w->armed = 0;
	for (i = 0; i < TIMER_SLOTS; i++)
		w->slot[i].next = w->slot[i].prev = w->slot + i;
}

static void
take(struct timer *t)
{
	t->prev->next = t->next;
	t->next->prev = t->prev;
	t->next = t->prev = NULL;
}

/* Hangs t where its deadline comes up, or as far ahead as the wheel goes. */
static void
place(struct timer_wheel *w, struct timer *t)
{
	uint32_t ahead = t->deadline - w->now;
	struct timer *head;

	if (ahead > TIMER_SLOTS - 1)
		ahead = TIMER_SLOTS - 1;
	t->slot = w->now + ahead;
	head = w->slot + t->slot % TIMER_SLOTS;
	t->next = head;
	t->prev = head->prev;
	head->prev->next = t;
	head->prev = t;
}

void
timer_arm(struct timer_wheel *w, struct timer *t, uint32_t seconds)
{
	t->deadline = w->now + (seconds > 0 ? seconds : 1);
	if (t->next != NULL && (int32_t)(t->deadline - t->slot) >= 0)
		return;
	if (t->next != NULL)
		take(t);
	else
		w->armed++;
	place(w, t);
}

void
timer_disarm(struct timer_wheel *w, struct timer *t)
{
	if (t->next == NULL)
		return;
	take(t);
	w->armed--;
}

/* One second's slot. Its timers are moved aside first, because fn may arm
 * and disarm any timer, the next one of this list too. */
static void
turn_slot(struct timer_wheel *w, timer_fn *fn, void *context)
{
	struct timer *head = w->slot + w->now % TIMER_SLOTS, due, *t;

	if (head->next == head)
		return;
	due = *head;
	due.next->prev = due.prev->next = &due;
	head->next = head->prev = head;
	while (due.next != &due) {
		t = due.next;
		take(t);
		if ((int32_t)(t->deadline - w->now) > 0) {
			place(w, t);
			continue;
		}
		w->armed--;
		fn(context, t);
	}
}

void
timer_turn(struct timer_wheel *w, uint32_t now, timer_fn *fn, void *context)
{
	/* after a long sleep every slot is due; once round finds them all */
	if (now - w->now > TIMER_SLOTS)
		w->now = now - TIMER_SLOTS;
	while (w->now != now) {
		w->now++;
		turn_slot(w, fn, context);
	}
}

void
timer_each(struct timer_wheel *w, timer_fn *fn, void *context)
{
	struct timer *head, *t, *next;
	unsigned i;

	for (i = 0; i < TIMER_SLOTS; i++) {
		head = w->slot + i;
		for (t = head->next; t != head; t = next) {
			next = t->next;
			fn(context, t);
		}
	}
}
