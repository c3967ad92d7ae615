/* How far long work has got, on a terminal. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/cli.h"

/* Work that is done within a second needs no bar. */
#define FIRST_AFTER_MS 1000
#define EVERY_MS 200

/* The clock is asked only so often. */
#define EVERY_STEPS 64

#define BAR_WIDTH 30

void
cli_progress_init(struct cli_progress *p, const char *what)
{
    *p = (struct cli_progress){ .what = what, .started_ms = clock_now_ms() };
    p->shown_ms = isatty(STDERR_FILENO) ? p->started_ms : INT64_MAX;
}

void
cli_progress_update(struct cli_progress *p, size_t done, size_t total)
{
    if (p->shown_ms == INT64_MAX || done % EVERY_STEPS) {
        return;
    }
    int64_t now_ms = clock_now_ms();
    if (now_ms < p->started_ms + FIRST_AFTER_MS
        || now_ms < p->shown_ms + EVERY_MS) {
        return;
    }
    size_t filled = total ? done * BAR_WIDTH / total : 0;
    char bar[BAR_WIDTH + 1];
    memset(bar, '.', BAR_WIDTH);
    memset(bar, '#', filled < BAR_WIDTH ? filled : BAR_WIDTH);
    bar[BAR_WIDTH] = '\0';
    fprintf(stderr, "\r%s [%s] %zu of %zu", p->what, bar, done, total);
    fflush(stderr);
    p->shown_ms = now_ms;
    p->is_shown = true;
}

void
cli_progress_done(struct cli_progress *p)
{
    if (p->is_shown) {
        fputs("\r\033[K", stderr);
    }
}
