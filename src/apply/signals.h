/* Signals that are held back in the calling thread while something is done
 * that must not end half-way.  Private to apply/.
 *
 * SIGINT, SIGTERM, SIGHUP and SIGQUIT; signalfd(2). */
#ifndef APPLY_SIGNALS_H
#define APPLY_SIGNALS_H 1

#include <signal.h>
#include <stdbool.h>

#include "base/error.h"

struct signals {
    sigset_t before;
    int fd;
};

/* signals_release() in any case.  It returns whether one had come that nobody
 * waited for: that is done with, too, so that the caller can say what he did
 * before he ends. */
struct error *signals_hold(struct signals *);
bool signals_release(struct signals *);

/* Waits for at most 'ms'; a signal that comes meanwhile is an error that names
 * it, and is done with. */
struct error *signals_wait(struct signals *, int ms);

/* Whether one has come; it stays for signals_wait(). */
bool signals_have_come(const struct signals *);

#endif /* apply/signals.h */
