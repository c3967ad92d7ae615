#include "base/clock.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t
read_ms(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
clock_now_ms(void)
{
    return read_ms(CLOCK_MONOTONIC);
}

int64_t
clock_wall_ms(void)
{
    return read_ms(CLOCK_REALTIME);
}

void
clock_format(int64_t wall_ms, char text[CLOCK_TEXT_SIZE])
{
    int64_t ms = wall_ms % 1000;
    time_t seconds = wall_ms / 1000;
    if (ms < 0) {
        ms += 1000;
        seconds--;
    }
    struct tm tm;
    char date[CLOCK_TEXT_SIZE / 2 + 4];
    if (!gmtime_r(&seconds, &tm)
        || !strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm)) {
        snprintf(text, CLOCK_TEXT_SIZE, "%lld ms", (long long) wall_ms);
        return;
    }
    snprintf(text, CLOCK_TEXT_SIZE, "%s.%03dZ", date, (int) ms);
}

void
clock_format_age(int64_t wall_ms, int64_t now_ms, char text[CLOCK_TEXT_SIZE])
{
    static const struct {
        int64_t limit_s;
        int64_t unit_s;
        const char *unit;
    } steps[] = { { 120, 1, "s" },
                  { 7200, 60, "min" },
                  { 172800, 3600, "h" },
                  { INT64_MAX, 86400, "days" } };
    int64_t age_s = (now_ms - wall_ms) / 1000;
    if (age_s < 0) {
        snprintf(text, CLOCK_TEXT_SIZE, "in the future");
        return;
    }
    size_t i = 0;
    while (age_s >= steps[i].limit_s) {
        i++;
    }
    snprintf(text, CLOCK_TEXT_SIZE, "%lld %s ago",
             (long long) (age_s / steps[i].unit_s), steps[i].unit);
}

/* "90s", "15 min", "2h", "3 days": after the sign, before " ago". */
static bool
parse_age(const char *text, size_t length, int64_t *ret_ms)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = { { "s", 1000 },        { "sec", 1000 },   { "min", 60000 },
                  { "m", 60000 },       { "h", 3600000 },  { "hour", 3600000 },
                  { "hours", 3600000 }, { "d", 86400000 }, { "day", 86400000 },
                  { "days", 86400000 } };
    int64_t n = 0;
    size_t i = 0;
    for (; i < length && isdigit((unsigned char) text[i]); i++) {
        n = n * 10 + text[i] - '0';
        if (n > 1000000000) {
            return false;
        }
    }
    bool has_digits = i > 0;
    while (i < length && text[i] == ' ') {
        i++;
    }
    for (size_t u = 0; has_digits && u < sizeof units / sizeof *units; u++) {
        if (length - i == strlen(units[u].unit)
            && !strncmp(text + i, units[u].unit, length - i)) {
            *ret_ms = n * units[u].ms;
            return true;
        }
    }
    return false;
}

/* The milliseconds of ".001", up to what follows. */
static const char *
parse_fraction(const char *s, int64_t *ret_ms)
{
    int64_t unit = 100;
    *ret_ms = 0;
    if (*s == '.' && isdigit((unsigned char) s[1])) {
        for (s++; isdigit((unsigned char) *s); s++, unit /= 10) {
            *ret_ms += (*s - '0') * unit;
        }
    }
    return s;
}

static bool
parse_date(const char *text, int64_t *ret_ms)
{
    static const char *const formats[] = { "%Y-%m-%dT%H:%M:%S",
                                           "%Y-%m-%d %H:%M:%S",
                                           "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M",
                                           "%Y-%m-%d" };
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        struct tm tm = { .tm_mday = 1 };
        int64_t ms;
        const char *end = strptime(text, formats[i], &tm);
        if (!end) {
            continue;
        }
        end = parse_fraction(end, &ms);
        if (!*end || !strcmp(end, "Z")) {
            struct tm wanted = tm;
            *ret_ms = (int64_t) timegm(&tm) * 1000 + ms;
            /* timegm() takes February 30 for March 2. */
            return tm.tm_mday == wanted.tm_mday
                   && tm.tm_hour == wanted.tm_hour;
        }
    }
    return false;
}

bool
clock_parse(const char *text, int64_t now_ms, int64_t *ret_wall_ms)
{
    static const char ago[] = " ago";
    size_t length = strlen(text), n_ago = sizeof ago - 1;
    int64_t age_ms;
    if (!strcmp(text, "now")) {
        *ret_wall_ms = now_ms;
        return true;
    }
    bool before = *text == '-';
    if (length > n_ago && !strcmp(text + length - n_ago, ago)) {
        before = true;
        length -= n_ago;
    }
    size_t sign = *text == '-';
    if (before && parse_age(text + sign, length - sign, &age_ms)) {
        *ret_wall_ms = now_ms - age_ms;
        return true;
    }
    return parse_date(text, ret_wall_ms);
}
