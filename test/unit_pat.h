/*
 * unit_pat.h - rows for regular expressions; included by unit.c.
 */

/* ---- base_set.c, base_pat.c --------------------------------------------- */

/* What is wanted: "" (no match), the groups (each in [ ], "-" for one that took
 * no part), or a part of the message behind "!". */
static const struct {
	const char *pattern, *subject, *want;
} pat_rows[] = {
	/* plain text, with anchors */
	{ "", "abc", "[]" }, { "^", "abc", "[]" }, { "$", "abc", "[]" },
	{ "^$", "", "[]" }, { "^$", "a", "" },
	{ "bc", "abcd", "[bc]" }, { "bc", "ab", "" },
	{ "^/a", "/ab", "[/a]" }, { "^/a", "x/a", "" }, { "^/ab", "/a", "" },
	{ "\\.php$", "/x.php", "[.php]" }, { "\\.php$", "/xphp", "" },
	{ "\\.php$", "/x.php5", "" }, { "\\.php$", "php", "" },
	{ "^/a$", "/a", "[/a]" }, { "^/a$", "/ab", "" },
	{ "^/a$", "/", "" }, { "\\/\\-\\_\\%", "/-_%", "[/-_%]" },
	{ "[.]x\\x41", ".xA", "[.xA]" },
	{ "(?i)^/a", "/A", "[/A]" }, { "(?i)^/A$", "/a", "[/a]" },
	{ "(?i)\\.PHP$", "x.php", "[.php]" }, { "(?i)bc", "aBCd", "[BC]" },
	{ "(?s)a.c", "a\nc", "[a\nc]" }, { "(?si)A.C", "abc", "[abc]" },
	{ "^/a(.*)$", "/abc", "[/abc][bc]" }, { "^/a(.*)$", "/a", "[/a][]" },
	{ "^/a(.*)$", "/b", "" }, { "(?i)^/A(.*)", "/abc", "[/abc][bc]" },
	{ "^(.*)$", "", "[][]" }, { "^a|(.*)", "bc", "[bc][bc]" },
	{ "^x$(.*)", "xy", "" }, { "^^a$$", "a", "[a]" },
	{ "^$^$", "", "[]" }, { "$^x", "x", "" }, { "(^^a$$)", "a", "[a][a]" },

	/* groups */
	{ "^/(\\w+)/(\\d+)$", "/ab/12", "[/ab/12][ab][12]" },
	{ "^/(?:a|b)(\\d+)$", "/a12", "[/a12][12]" },
	{ "(a)|(b)", "b", "[b]-[b]" }, { "(a)?b", "b", "[b]-" },
	{ "(?:(?:(x)))(y)", "xy", "[xy][x][y]" },
	{ "(1)(2)(3)(4)(5)(6)(7)(8)(9)(a)", "123456789a",
	    "[123456789a][1][2][3][4][5][6][7][8][9]" },
	{ "()", "a", "[][]" }, { "(|a)b", "ab", "[ab][a]" },

	/* text that any match has: looked for before */
	{ "^/a[0-9]*/b", "/a1/b", "[/a1/b]" }, { "^/a[0-9]*/b", "/b1/b", "" },
	{ "^/ab?c", "/ac", "[/ac]" }, { "^/ab*c", "/ac", "[/ac]" },
	{ "^/ab{0,2}c", "/ac", "[/ac]" }, { "ab{0}c", "ac", "[ac]" },
	{ "^/ab+c", "/abbc", "[/abbc]" }, { "ab{2}c", "abbc", "[abbc]" },
	{ "^/(ab)?c", "/c", "[/c]-" }, { "^/(ab|c)d", "/cd", "[/cd][c]" },
	{ "^/a(b|c)*d", "/ad", "[/ad]-" }, { "^ab|cd", "xcd", "[cd]" },
	{ "^(ab|cd)$", "cd", "[cd][cd]" }, { "x(a(b)c)+y", "xabcabcy",
	    "[xabcabcy][abc][b]" }, { "(?i)a[x]+B", "AXb", "[AXb]" },
	{ "(?i)^/A[0-9]", "/a1", "[/a1]" }, { "a^b", "ab", "" },
	{ "(?i)x[a^]", "XA", "[XA]" }, { "(?i)[^^B]x", "bx", "" },
	{ "(?i)[^b]", "B", "" }, { "(?i)[[:upper:]^]", "a", "[a]" },
	{ "a$b", "ab", "" }, { "(^a|b)c", "bc", "[bc][b]" },

	/* one byte of several */
	{ "\\d\\D", "1a", "[1a]" }, { "\\w\\W", "_-", "[_-]" },
	{ "\\s\\S", " x", "[ x]" }, { "[\\d\\w]+", "-a1_-", "[a1_]" },
	{ "[^\\W_]+", "_a_", "[a]" }, { "[\\s\\S]+", "a\n", "[a\n]" },
	{ "[]a]+", "]a", "[]a]" }, { "[^]a]", "]ab", "[b]" },
	{ "[-^]+", "^-", "[^-]" }, { "[\\^\\-]+", "^-", "[^-]" },
	{ "[^-]", "-a", "[a]" }, { "[a\\]]+", "a]", "[a]]" },
	{ "[[]", "[", "[[]" }, { "[[.]+", ".[", "[.[]" },
	{ "[\\w.-]+", "/a-b.c/", "[a-b.c]" }, { "[+--]+", "+,-", "[+,-]" },
	{ "[a-\\d]+", "-a1", "[-a1]" }, { "[\\\\]", "\\", "[\\]" },
	{ "[[:alpha:]_]+", "1a_", "[a_]" }, { "[a:]+", ":a", "[:a]" },
	{ "[\\x30-\\x39]+", "a12", "[12]" }, { "[^a]", "\377", "[\377]" },
	{ "\\w", "\344", "" }, { "\\W", "\344", "[\344]" },
	{ "[\\x80-\\xff]+", "a\303\244", "[\303\244]" },
	{ "\303\244", "a\303\244", "[\303\244]" },
	{ "\303\244+", "\303\244\244", "[\303\244\244]" },
	{ "\\t\\n", "\t\n", "[\t\n]" }, { ".", "\n", "[\n]" },

	/* braces that repeat, and those that do not */
	{ "a{2,3}", "aaaa", "[aaa]" }, { "a{2}", "a", "" },
	{ "a{2,}b", "aaab", "[aaab]" }, { "a{,2}", "a{,2}", "[a{,2}]" },
	{ "a{x}", "a{x}", "[a{x}]" }, { "{}", "{}", "[{}]" },
	{ "\\{1\\}", "{1}", "[{1}]" }, { "a]", "a]", "[a]]" },

	/* what POSIX cannot say */
	{ "a*?", "", "!lazy" }, { "a+?", "", "!lazy" }, { "a??", "", "!lazy" },
	{ "a++", "", "!possessive" }, { "a**", "", "!nothing to repeat" },
	{ "(?=a)", "", "!byte 1: of groups" }, { "(?!a)", "", "!of groups" },
	{ "(?<=a)", "", "!of groups" }, { "(?<n>a)", "", "!of groups" },
	{ "(?P<n>a)", "", "!of groups" }, { "a(?i)b", "", "!of groups" },
	{ "(?x)a", "", "!of groups" }, { "(a)\\1", "", "!byte 3: this escape" },
	{ "\\Qa\\E", "", "!escape" }, { "\\x4", "", "!escape" },
	{ "\\x00", "", "!escape" }, { "\\pL", "", "!escape" },

	/* what is wrong */
	{ "(a", "", "!( has no )" }, { "a)", "", "!) has no (" },
	{ "[a", "", "![ ]" }, { "[", "", "![ ]" }, { "[]", "", "![ ]" },
	{ "[^\\s\\S]", "", "![ ]" }, { "[b-a]", "", "![ ]" },
	{ "[[:alpha:", "", "![ ]" },
	{ "[[:foo:]]", "", "![ ]" }, { "[a\\", "", "![ ]" },
	{ "(((a{99}){99}){99}){99}", "", "!repeats too much" },
	{ "a{9999}b{9999}c{9999}d{9999}e{9999}f{9999}", "", "!repeats" },
	{ "\\", "", "!escape" }, { "*a", "", "!nothing to repeat" },
	{ "^*", "", "!nothing to repeat" }, { "a|*", "", "!nothing" },
	{ "(*a)", "", "!nothing to repeat" }, { "a{2}{3}", "", "!nothing" },
	{ "a{3,2}", "", "!" }, { "a{99999999999}", "", "!" }
};

static void
test_pat(void)
{
	struct slice group[PAT_GROUPS];
	const char *want;
	char *subject;
	char why[PAT_WHY], name[128];
	struct buf got = { NULL, 0, 0, 0 };
	struct pat *pat;
	unsigned n, k;
	size_t i;

	for (i = 0; i < COUNT(pat_rows); i++) {
		want = pat_rows[i].want;
		subject = exact_copy(pat_rows[i].subject,
		    strlen(pat_rows[i].subject) + 1);
		snprintf(name, sizeof(name), "%s on %s", pat_rows[i].pattern,
		    subject);
		pat = pat_new(pat_rows[i].pattern, why);
		got.n = 0;
		if (pat == NULL) {
			buf_printf(&got, "!%s", why);
			if (want[0] == '!' && strstr(why, want + 1) != NULL)
				want = got.p;
		} else {
			n = pat_match(pat, subject, strlen(subject), group);
			for (k = 0; k < n; k++)
				buf_printf(&got, group[k].p == NULL ? "-"
				    : "[%.*s]", (int)group[k].n, group[k].p);
			if (pat_match(pat, subject, strlen(subject), NULL)
			    != n)
				buf_adds(&got, "(not without groups)");
		}
		is("pat", name, buf_text(&got), want);
		pat_free(pat);
		free(subject);
	}
	buf_free(&got);
}

/* A libc that does not know \b says so; it never takes it for a letter. */
static void
test_pat_text(void)
{
	char why[PAT_WHY], deep[2 * 60 + 1];
	struct pat *pat = pat_new("\\bcat\\b", why);

	ok(pat == NULL || (pat_match(pat, "a cat.", 6, NULL) == 1
	    && pat_match(pat, "cats", 4, NULL) == 0), "pat: \\b");
	pat_free(pat);
	memset(deep, '(', 60);
	memset(deep + 60, ')', 60);
	deep[120] = '\0';
	pat = pat_new(deep, why);
	ok(pat == NULL && strstr(why, "too many groups") != NULL,
	    "pat: groups in groups have an end");
	pat_free(pat);
	pat_free(NULL);
}
