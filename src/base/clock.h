/* Time: deadlines on the monotonic clock, and the wall clock's text form. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H 1

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

#endif /* base/clock.h */
