/*
 * fuzz_conf.c - the configuration language on any bytes.
 *
 * The input is a configuration; one that includes anything is not read, for it
 * could name any file, or run anything. Promises beyond "no crash": there is a
 * configuration if and only if no fault was told; each fault has a place in
 * the text; what is printed can be read, and printed again is the same; values
 * have the types of their keys; a condition that holds when all is asked anew
 * holds when only changes are asked.
 */
#include "fuzz.h"
#include "../conf.h"

struct settings {
	const char *text;
	int on, number;
	long large;
	const struct conf_list *list, *map, *texts;
};

#define KEY(name, type, scope, member) { name, type, scope, \
	offsetof(struct settings, member), NULL, 0, 0 }

static const struct conf_key keys[] = {
	KEY("a.text", CONF_STRING, CONF_REQUEST, text),
	KEY("a.on", CONF_BOOL, CONF_REQUEST, on),
	KEY("a.number", CONF_SHORT, CONF_REQUEST, number),
	KEY("a.large", CONF_INT, CONF_SERVER, large),
	KEY("a.list", CONF_LIST, CONF_REQUEST, list),
	KEY("a.map", CONF_MAP, CONF_REQUEST, map),
	KEY("a.texts", CONF_TEXTS, CONF_REQUEST, texts),
	{ .name = NULL }
};

static void
on_fault(void *context, const char *line)
{
	(void)context;
	MUST(line[0] != '\0' && strpbrk(line, "\r\n") == NULL);
}

static struct conf *
read_text(const char *p, size_t n)
{
	struct conf_report report = { .say = on_fault };
	struct buf text = { NULL, 0, 0, 0 };
	struct conf *c;

	buf_add(&text, p, n);
	c = conf_read("fuzz", &text, &report);
	MUST((c != NULL) == (report.faults == 0));
	buf_free(&text);
	return c;
}

static void
check_print(const struct conf *c)
{
	struct buf once = { NULL, 0, 0, 0 }, again = { NULL, 0, 0, 0 };
	struct conf *same;

	conf_print(&once, c);
	same = read_text(once.p, once.n);
	MUST(same != NULL);
	conf_print(&again, same);
	MUST(once.n == again.n);
	MUST(once.n == 0 || memcmp(once.p, again.p, once.n) == 0);
	MUST(same->nblocks == c->nblocks && same->nconds == c->nconds);
	conf_free(same);
	buf_free(&once);
	buf_free(&again);
}

static void
tell(struct conf_merge *m, const struct conf *c, struct slice value)
{
	unsigned i;

	for (i = 0; i < c->nsubjects; i++)
		MUST(conf_merge_subject(m, i, value) == 0);
}

/* Asked of one text after the other, and of each by itself. */
static void
check_merge(const struct conf *c)
{
	static const char *const values[] = { "", "h", "/", NULL, "www.h:80" };
	struct conf_merge *m = conf_merge_new(c), *fresh;
	const struct conf_block *b;
	struct slice group[PAT_GROUPS];
	size_t i;

	MUST(m != NULL);
	for (i = 0; i < COUNT(values); i++) {
		struct slice value = values[i] == NULL
		    ? (struct slice){ NULL, 0 } : slice_of(values[i]);

		fresh = conf_merge_new(c);
		MUST(fresh != NULL);
		tell(m, c, value);
		tell(fresh, c, value);
		MUST(memcmp(conf_merge(m, NULL), conf_merge(fresh, NULL),
		    c->size) == 0);
		for (b = c->global.next; b != NULL; b = b->next) {
			MUST(conf_merge_holds(m, b)
			    == conf_merge_holds(fresh, b));
			if (conf_merge_holds(m, b) == 1)
				(void)conf_merge_groups(m, b, group);
		}
		conf_merge_free(fresh);
	}
	conf_merge_free(m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct conf_table table = { "fuzz", keys, 0 };
	struct conf_report report = { .say = on_fault };
	char *copy = exact_copy((const char *)data, n);
	struct conf *c;
	size_t i;

	/* regcomp(3) may take very long for what no one writes */
	if (n > 2048)
		n = 2048;
	for (i = 0; i + 7 <= n; i++)
		if (memcmp(copy + i, "include", 7) == 0)
			break;
	c = i + 7 <= n ? NULL : read_text(copy, n);
	free(copy);
	if (c == NULL)
		return 0;
	check_print(c);
	if (conf_apply(c, &table, 1, sizeof(struct settings), &report) == 0)
		check_merge(c);
	conf_free(c);
	return 0;
}
