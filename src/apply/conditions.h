/* Transactions that are made of those of a journal's step: their conditions
 * alone, or with another guard.  Private to apply/.
 *
 * A journal's transactions wait for rows by their UUIDs; a wait for other rows
 * is a guard on which localnet ports there are (apply/localnets.h).
 *
 * No I/O; strings live in the arena. */
#ifndef APPLY_CONDITIONS_H
#define APPLY_CONDITIONS_H 1

#include "apply/journal.h"

/* Goes through if what the inverse takes back stands as it was left. */
const char *conditions_presence(const char *inverse, struct arena *);

/* Goes through if the rows still are, or are again, as they were before the
 * step, and those that it makes are not there. */
const char *conditions_absence(const struct journal_step *, struct arena *);

/* The transaction, with the guard before its operations. */
const char *conditions_guard(const char *params, const char *guard,
                             struct arena *);

/* The transaction to be done again.  Its guard is of another time; it is kept
 * only where a localnet port comes by it, or is switched on. */
const char *conditions_again(const char *params, struct arena *);

/* Without any condition; NULL if a localnet port may come by it. */
const char *conditions_none(const char *params, struct arena *);

#endif /* apply/conditions.h */
