/*
 * base_date.c - HTTP dates and log dates, without locale or timegm.
 *
 * Called once a second for the Date field, for each Last-Modified, for the
 * dates that clients send in conditions, and for the logs. The calendar is
 * counted here, in 64 bits, so that neither the locale nor a small time_t can
 * change a date. Only the logs ask the C library, for the time zone.
 */
#include <string.h>

#include "base.h"

enum {
	DAY = 24 * 60 * 60,
	EPOCH = 719162		/* days from 1 January of year 1 to 1970 */
};

/* A point in time, in the calendar of RFC 9110 (proleptic Gregorian, UTC). */
struct civil {
	int year, month, day;	/* month from 0, day from 1 */
	int hour, minute, second;
	int weekday;		/* from 0, Sunday; only printed */
};

static const char months[12][4] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
};

static const char weekdays[7][10] = {
	"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday",
	"Saturday"
};

/* Days of a year before each month; in [1] of a leap year. */
static const short days_before[2][13] = {
	{ 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365 },
	{ 0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366 }
};

static int
is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days from 1 January of year 1 to 1 January of year. */
static int64_t
days_to_year(int year)
{
	int64_t y = year - 1;

	return y * 365 + y / 4 - y / 100 + y / 400;
}

static int64_t
civil_to_seconds(const struct civil *c)
{
	int64_t days = days_to_year(c->year) - EPOCH + c->day - 1
	    + days_before[is_leap(c->year)][c->month];

	return days * DAY + c->hour * 3600 + c->minute * 60 + c->second;
}

static void
seconds_to_civil(struct civil *c, int64_t seconds)
{
	int64_t least = (int64_t)-EPOCH * DAY;
	int64_t most = (days_to_year(10000) - EPOCH) * DAY - 1;
	int64_t days;
	const short *before;

	if (seconds < least)
		seconds = least;
	if (seconds > most)
		seconds = most;
	seconds -= least;		/* from here on never negative */
	days = seconds / DAY;
	c->hour = (int)(seconds % DAY / 3600);
	c->minute = (int)(seconds % 3600 / 60);
	c->second = (int)(seconds % 60);
	c->weekday = (int)((days + 1) % 7);	/* year 1 began on a Monday */

	/* 146097 days are 400 years; the guess is off by one at most. */
	c->year = (int)(days * 400 / 146097) + 1;
	if (days_to_year(c->year) > days)
		c->year--;
	if (days_to_year(c->year + 1) <= days)
		c->year++;
	days -= days_to_year(c->year);
	before = days_before[is_leap(c->year)];
	c->month = 0;
	while (before[c->month + 1] <= days)
		c->month++;
	c->day = (int)days - before[c->month] + 1;
}

/* Writes value as width digits. Returns what follows them. */
static char *
put_digits(char *p, int width, int value)
{
	int i;

	for (i = width - 1; i >= 0; i--) {
		p[i] = (char)('0' + value % 10);
		value /= 10;
	}
	return p + width;
}

/* Writes c as format says: w weekday, d day, m month's name, n its number,
 * Y year, h i s the time of day; all else stands for itself. Returns where
 * the NUL is. */
static char *
put_date(char *out, const char *format, const struct civil *c)
{
	for (; *format != '\0'; format++) {
		switch (*format) {
		case 'w':
			memcpy(out, weekdays[c->weekday], 3);
			out += 3;
			break;
		case 'm':
			memcpy(out, months[c->month], 3);
			out += 3;
			break;
		case 'n': out = put_digits(out, 2, c->month + 1); break;
		case 'd': out = put_digits(out, 2, c->day); break;
		case 'Y': out = put_digits(out, 4, c->year); break;
		case 'h': out = put_digits(out, 2, c->hour); break;
		case 'i': out = put_digits(out, 2, c->minute); break;
		case 's': out = put_digits(out, 2, c->second); break;
		default: *out++ = *format; break;
		}
	}
	*out = '\0';
	return out;
}

void
date_http(char out[DATE_HTTP_SIZE], time_t when)
{
	struct civil c;

	seconds_to_civil(&c, (int64_t)when);
	put_date(out, "w, d m Y h:i:s GMT", &c);
}

/* The local time of when; zone gets "+hhmm". */
static void
local_civil(struct civil *c, char zone[8], time_t when)
{
	struct tm tm;

	if (localtime_r(&when, &tm) == NULL
	    || tm.tm_year < -1899 || tm.tm_year > 9999 - 1900) {
		seconds_to_civil(c, (int64_t)when);
		memcpy(zone, "+0000", 6);
		return;
	}
	c->year = tm.tm_year + 1900;
	c->month = tm.tm_mon;
	c->day = tm.tm_mday;
	c->hour = tm.tm_hour;
	c->minute = tm.tm_min;
	c->second = tm.tm_sec;
	c->weekday = tm.tm_wday;
	if (strftime(zone, 8, "%z", &tm) == 0)
		memcpy(zone, "+0000", 6);
}

void
date_log(char out[DATE_LOG_SIZE], time_t when)
{
	struct civil c;
	char zone[8], *end;

	local_civil(&c, zone, when);
	end = put_date(out, "d/m/Y:h:i:s ", &c);
	memcpy(end, zone, strlen(zone) + 1);
}

void
date_iso(char out[DATE_ISO_SIZE], time_t when)
{
	struct civil c;
	char zone[8];

	local_civil(&c, zone, when);
	put_date(out, "Y-n-d h:i:s", &c);
}

/* Takes width digits off the front of s. Returns their value or -1. */
static int
take_digits(struct slice *s, size_t width)
{
	int value = 0;

	if (s->n < width)
		return -1;
	for (; width > 0; width--) {
		if (*s->p < '0' || *s->p > '9')
			return -1;
		value = value * 10 + *s->p - '0';
		s->p++;
		s->n--;
	}
	return value;
}

/* Takes one of count names, each in a cell of size bytes, off the front of s:
 * its first n bytes, or all of it if n is 0. Returns which one, or -1. */
static int
take_name(struct slice *s, const char *names, size_t size, int count, size_t n)
{
	size_t length;
	int i;

	for (i = 0; i < count; i++, names += size) {
		length = n > 0 ? n : strlen(names);
		if (s->n < length || memcmp(s->p, names, length) != 0)
			continue;
		s->p += length;
		s->n -= length;
		return i;
	}
	return -1;
}

/* Takes what letter c of a format stands for. Returns -1 if it is not there. */
static int
take_part(struct slice *s, char c, struct civil *d)
{
	switch (c) {
	case 'w': return take_name(s, weekdays[0], sizeof(weekdays[0]), 7, 3);
	case 'W': return take_name(s, weekdays[0], sizeof(weekdays[0]), 7, 0);
	case 'm':
		d->month = take_name(s, months[0], sizeof(months[0]), 12, 0);
		return d->month;
	case 'e':		/* the day with a space for its first digit */
		if (s->n > 0 && *s->p == ' ') {
			s->p++;
			s->n--;
			return d->day = take_digits(s, 1);
		}
		return d->day = take_digits(s, 2);
	case 'd': return d->day = take_digits(s, 2);
	case 'y': return d->year = take_digits(s, 2);
	case 'Y': return d->year = take_digits(s, 4);
	case 'h': return d->hour = take_digits(s, 2);
	case 'i': return d->minute = take_digits(s, 2);
	case 's': return d->second = take_digits(s, 2);
	default:
		if (s->n == 0 || *s->p != c)
			return -1;
		s->p++;
		s->n--;
		return 0;
	}
}

static int
matches(struct slice s, const char *format, struct civil *d)
{
	for (; *format != '\0'; format++)
		if (take_part(&s, *format, d) == -1)
			return 0;
	return s.n == 0;
}

/* The year that ends in these two digits and lies at most 50 years ahead
 * (RFC 9110 5.6.7). */
static int
full_year(int digits, time_t now)
{
	struct civil today;
	int year;

	seconds_to_civil(&today, (int64_t)now);
	year = today.year - today.year % 100 + digits;
	if (year > today.year + 50)
		year -= 100;
	else if (year <= today.year - 50)
		year += 100;
	return year;
}

int
date_parse(struct slice text, time_t now, time_t *when)
{
	static const char *const formats[] = {
		"w, d m Y h:i:s GMT",		/* IMF-fixdate */
		"W, d-m-y h:i:s GMT",		/* RFC 850 */
		"w m e h:i:s Y"			/* asctime() */
	};
	struct civil d = { 0 };
	const short *before;
	int64_t seconds;
	size_t i;

	for (i = 0; i < COUNT(formats); i++)
		if (matches(text, formats[i], &d))
			break;
	if (i == COUNT(formats))
		return -1;
	if (i == 1)
		d.year = full_year(d.year, now);
	if (d.year < 1 || d.hour > 23 || d.minute > 59 || d.second > 59)
		return -1;
	before = days_before[is_leap(d.year)];
	if (d.day < 1 || d.day > before[d.month + 1] - before[d.month])
		return -1;
	seconds = civil_to_seconds(&d);
	*when = (time_t)seconds;
	return *when == seconds ? 0 : -1;
}
