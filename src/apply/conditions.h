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
#include "ovsdb/json.h"

/* Goes through if the rows are as the transaction wants them before it changes
 * any. */
const char *conditions_presence(const char *params, struct arena *);

/* Goes through if nothing of the step is there: neither rows that it makes nor
 * elements that it puts in, and what else it changes is as before. */
const char *conditions_absence(const struct journal_step *, struct arena *);

/* The transaction, with the guard before its operations. */
const char *conditions_guard(const char *params, const char *guard,
                             struct arena *);

/* Whether a localnet port may come by it, or lead elsewhere: as far as an
 * operation's words tell, unless it only takes away or switches off. */
bool conditions_may_loop(const char *params, struct arena *);

/* The comment of a transaction; "" if it has none. */
const char *conditions_comment(const struct json_value *params);

#endif /* apply/conditions.h */
