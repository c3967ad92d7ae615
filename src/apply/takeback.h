/* Taking back what a journal tells of.  Private to apply/.
 *
 * Steps are taken back last first.  Of a step's inverses the first whose
 * conditions hold is done; if none does, and nothing of the step is there
 * (its first transaction never happened), there is nothing to take back;
 * otherwise the error says which rows differ, and in what, from how they were
 * left.
 *
 * A step of flows has no conditions: what takes it back finds it by its cookie
 * (apply/flow.h), and to find nothing is no error.
 *
 * Not bound to a thread. */
#ifndef APPLY_TAKEBACK_H
#define APPLY_TAKEBACK_H 1

#include "apply/journal.h"
#include "ovsdb/json.h"
#include "ovsdb/stream.h"

struct takeback {
    const struct ovsdb_tls *tls;
    int timeout_ms;
    bool is_open; /* Nobody said what became of the last step's transaction:
                   * it may yet be done, so that rows which are as before it
                   * do not say that it never happened. */
};

/* Does one transaction on a step's database, or what a step does to flows.
 * Where an error comes with a result, surely nothing was done. */
struct error *takeback_transact(const struct takeback *,
                                const struct journal_step *,
                                const char *params, struct arena *,
                                const struct json_value **ret);

/* The error says of which databases it was taken back, if of some only. */
struct error *takeback_steps(const struct takeback *,
                             const struct journal_step *, size_t n_steps);

/* Does it all again, where it was taken back. */
struct error *takeback_again(const struct takeback *,
                             const struct journal_step *, size_t n_steps);

#endif /* apply/takeback.h */
