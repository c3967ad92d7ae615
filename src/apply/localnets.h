/* Which localnet ports a list of changes makes, and which there must be.
 * Private to apply/.
 *
 * No I/O; strings live in the arena. */
#ifndef APPLY_LOCALNETS_H
#define APPLY_LOCALNETS_H 1

#include "apply/deed.h"
#include "ovsdb/store.h"
#include "repair/change.h"

/* Whether the change inserts a localnet port. */
bool localnets_makes(const struct change *, struct arena *);

/* The value that an edit of 'column' gives a new row, as a string; NULL. */
const char *localnets_string(const struct change *, const char *column,
                             struct arena *);

/* Sets the guards if the list touches localnet ports: which there must be now
 * and afterwards, by their names, which the schema keeps unique.  True if a
 * new one is to be looked at before it is switched on, being no half of a
 * swap. */
bool localnets_plan(const struct change_list *, const struct ovsdb_store *nb,
                    struct arena *, struct deed_guards *ret);

/* An operation that waits for exactly the localnet ports that there are. */
const char *localnets_guard(const struct ovsdb_store *nb, struct arena *);

#endif /* apply/localnets.h */
