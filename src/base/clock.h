/* Time: deadlines on the monotonic clock, and the wall clock's text form. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Milliseconds of CLOCK_MONOTONIC, for deadlines and durations. */
int64_t clock_now_ms(void);

/* Milliseconds since 1970 of the wall clock, as OVSDB's '_date' counts. */
int64_t clock_wall_ms(void);

#define CLOCK_TEXT_SIZE 40

/* Writes 'wall_ms' as "2026-11-22T09:39:36.001Z" into 'text'. */
void clock_format(int64_t wall_ms, char text[CLOCK_TEXT_SIZE]);

/* Writes how long ago 'wall_ms' was, as "3 min ago", relative to 'now_ms'. */
void clock_format_age(int64_t wall_ms, int64_t now_ms,
                      char text[CLOCK_TEXT_SIZE]);

/* Reads a time as people write it: "2026-11-22T09:39:36.001Z", with a space
 * for the T, without the Z, shorter from the right ("2026-11-22 09:39"), all
 * UTC as `ovsdb-tool show-log` prints; "now"; or how long before 'now_ms',
 * "-90s", "-15min", "-2h", "-3d" (as journalctl(1)), "15 min ago". */
bool clock_parse(const char *text, int64_t now_ms, int64_t *ret_wall_ms);

#endif /* base/clock.h */
