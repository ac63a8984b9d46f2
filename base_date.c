/*
 * base_date.c - HTTP dates and log dates, without locale or timegm.
 *
 * Called once a second for the Date field, for each Last-Modified, for the
 * dates that clients send in conditions, and for the logs. The calendar is
 * counted here, in 64 bits, so that neither the locale nor a small time_t can
 * change a date. Only the logs ask the C library, for the time zone.
 */
#include <stdio.h>
#include <string.h>

#include "base.h"

enum { DAY = 24 * 60 * 60, EPOCH = 719468 /* day 0 is 1 March of year 0 */ };

static const char months[12][4] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
};

static const char weekdays[7][10] = {
	"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday",
	"Saturday"
};

/* The day that is 1 March of year. Years that begin in March have their leap
 * day last, where it moves no month. */
static int64_t
first_day(int64_t year)
{
	return year * 365 + year / 4 - year / 100 + year / 400;
}

static int64_t
to_seconds(const struct tm *t)
{
	int64_t days = first_day(t->tm_year + 1900 - (t->tm_mon < 2))
	    + ((t->tm_mon + 10) % 12 * 153 + 2) / 5 + t->tm_mday - 1;

	return (days - EPOCH) * DAY + t->tm_hour * 3600 + t->tm_min * 60
	    + t->tm_sec;
}

static void
from_seconds(struct tm *t, int64_t seconds)
{
	const int64_t least = (306 - (int64_t)EPOCH) * DAY;	/* year 1 */
	const int64_t most = (first_day(9999) + 306 - EPOCH) * DAY - 1;
	int64_t days, year;

	memset(t, 0, sizeof(*t));
	seconds = seconds < least ? least : seconds > most ? most : seconds;
	seconds += (int64_t)EPOCH * DAY;	/* never negative from here */
	days = seconds / DAY;
	t->tm_hour = (int)(seconds % DAY / 3600);
	t->tm_min = (int)(seconds % 3600 / 60);
	t->tm_sec = (int)(seconds % 60);
	t->tm_wday = (int)((days + 3) % 7);	/* day 0 was a Wednesday */

	/* 146097 days are 400 years: it is this year or one before. */
	year = days * 400 / 146097 + 1;
	while (first_day(year) > days)
		year--;
	days -= first_day(year);
	t->tm_mon = (int)(days * 5 + 2) / 153;	/* from March, so far */
	t->tm_mday = (int)days - (t->tm_mon * 153 + 2) / 5 + 1;
	t->tm_mon = (t->tm_mon + 2) % 12;
	t->tm_year = (int)year - 1900 + (t->tm_mon < 2);
}

void
date_http(char out[DATE_HTTP_SIZE], time_t when)
{
	struct tm t;

	from_seconds(&t, (int64_t)when);
	snprintf(out, DATE_HTTP_SIZE, "%.3s, %02d %s %04d %02d:%02d:%02d GMT",
	    weekdays[t.tm_wday], t.tm_mday, months[t.tm_mon],
	    t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

/* Returns the zone's minutes east. A year that would not fit is told in UTC.
 * strftime would read the zone's file again, and in a chroot not find it. */
static int
local_time(struct tm *t, time_t when)
{
	if (localtime_r(&when, t) != NULL && t->tm_year >= 1 - 1900
	    && t->tm_year <= 9999 - 1900)
		return (int)((to_seconds(t) - when) / 60);
	from_seconds(t, (int64_t)when);
	return 0;
}

void
date_log(char out[DATE_LOG_SIZE], time_t when)
{
	struct tm t;
	int zone = local_time(&t, when), east = zone < 0 ? -zone : zone;

	snprintf(out, DATE_LOG_SIZE, "%02d/%s/%04d:%02d:%02d:%02d %c%02d%02d",
	    t.tm_mday, months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min,
	    t.tm_sec, zone < 0 ? '-' : '+', east / 60, east % 60);
}

void
date_iso(char out[DATE_ISO_SIZE], time_t when)
{
	struct tm t;

	local_time(&t, when);
	snprintf(out, DATE_ISO_SIZE, "%04d-%02d-%02d %02d:%02d:%02d",
	    t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min,
	    t.tm_sec);
}

/* Reads what format says, byte for byte. Returns 0 or -1. */
static int
read_date(struct slice s, const char *format, struct tm *t)
{
	static const char letters[] = "mdyhis";
	int *const parts[] = { &t->tm_mon, &t->tm_mday, &t->tm_year,
		&t->tm_hour, &t->tm_min, &t->tm_sec };
	const char *p = s.p, *letter;

	memset(t, 0, sizeof(*t));
	if (s.n != strlen(format))
		return -1;
	for (; *format != '\0'; format++, p++) {
		letter = *format < 'a' ? NULL : strchr(letters, *format);
		if (letter == letters) {
			while (memcmp(months[t->tm_mon], p, 3) != 0)
				if (++t->tm_mon == COUNT(months))
					return -1;
			format += 2;
			p += 2;
		} else if (letter == NULL ? *p != *format
		    : *p < '0' || *p > '9') {
			return -1;
		} else if (letter != NULL) {
			*parts[letter - letters] *= 10;
			*parts[letter - letters] += *p - '0';
		}
	}
	t->tm_year -= 1900;
	return 0;
}

int
date_parse(struct slice text, time_t now, time_t *when)
{
	static const char formats[][28] = {
		", dd-mmm-yy hh:ii:ss GMT",	/* RFC 850: weekday in full */
		", dd mmm yyyy hh:ii:ss GMT",	/* IMF-fixdate */
		" mmm dd hh:ii:ss yyyy",	/* asctime(), also with a */
		" mmm  d hh:ii:ss yyyy"		/* space for the first digit */
	};
	struct tm t, check;
	int64_t seconds;
	size_t i, n = 0;

	for (i = 0; i < COUNT(weekdays) && n == 0; i++)
		if (text.n > 9 && memcmp(text.p, weekdays[i], 3) == 0)
			n = strlen(weekdays[i]);
	if (n == 0)
		return -1;
	i = memcmp(text.p, weekdays[i - 1], n) == 0 ? 0 : 1;
	n = i == 0 ? n : 3;
	text = (struct slice){ text.p + n, text.n - n };
	while (read_date(text, formats[i], &t) == -1)
		if (i++ == 0 || i == COUNT(formats))
			return -1;
	if (i == 0) {		/* at most 50 years ahead: RFC 9110 5.6.7 */
		from_seconds(&check, (int64_t)now);
		t.tm_year += 1900 + check.tm_year - check.tm_year % 100;
		if (t.tm_year > check.tm_year + 50)
			t.tm_year -= 100;
		else if (t.tm_year <= check.tm_year - 50)
			t.tm_year += 100;
	}
	if (t.tm_year < 1 - 1900 || t.tm_hour > 23 || t.tm_min > 59
	    || t.tm_sec > 59)
		return -1;
	seconds = to_seconds(&t);
	from_seconds(&check, seconds);
	*when = (time_t)seconds;
	/* what the calendar has not comes back as another day */
	return *when == seconds && check.tm_mday == t.tm_mday ? 0 : -1;
}
