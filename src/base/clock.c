#include "base/clock.h"

#include <stdio.h>
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
