/* Running a standard tool, such as ovs-ofctl, and taking what it prints.
 *
 * No shell is involved: arguments reach the tool as they are.  The tool reads
 * nothing from us, must be done by a deadline, and may print up to a ceiling;
 * past either it is killed.  What it says on stderr becomes part of the error.
 *
 * Only the process that was started is ever signalled, by its id. */
#ifndef COLLECT_RUN_H
#define COLLECT_RUN_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "base/text.h"

/* Most that is taken of any dump. */
#define RUN_MAX_OUTPUT_BYTES ((size_t) 64 << 20)

/* Takes a piece of the output; an error, which ends the run, or NULL. */
typedef struct error *run_sink_fn(void *aux, const char *bytes, size_t size);

/* Runs argv[0], found along PATH, with the NULL-terminated 'argv', and gives
 * what it prints to 'sink'.  An error if it cannot be started, fails, prints
 * more than 'max_bytes', or is not done at 'deadline_ms' of the monotonic
 * clock.  '*ret_absent' says whether there is no such tool. */
struct error *run_tool(const char *const argv[], int64_t deadline_ms,
                       uint64_t max_bytes, run_sink_fn *sink, void *aux,
                       bool *ret_absent);

/* The same, with the output in 'ret_text', which the caller has initialised
 * and whose ceiling is the most that is taken. */
struct error *run_tool_text(const char *const argv[], int64_t deadline_ms,
                            struct text *ret_text, bool *ret_absent);

#endif /* collect/run.h */
