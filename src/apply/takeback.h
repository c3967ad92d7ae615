/* Taking back what a journal tells of.  Private to apply/.
 *
 * Steps are taken back last first.  It is looked first, by conditions that
 * change nothing, how a step's rows are: as they were left, which tells the
 * inverse that takes it back; as before the step, and there is nothing to take
 * back; or otherwise, and the error says which rows differ, and in what, from
 * how they were left.  A server that does not answer then was sent nothing.
 *
 * A step of flows has no conditions, but it is looked whether a flow of ours
 * is there (apply/flow.h).
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
    const char *guard; /* An operation before those that take a step of the
                        * northbound database back: localnets_guard(); may be
                        * NULL. */
};

/* How taking a step back ended. */
struct takeback_end {
    enum {
        TAKEBACK_NOT, /* It was not taken back. */
        TAKEBACK_DONE,
        TAKEBACK_NOTHING, /* There was nothing to take back. */
        TAKEBACK_OPEN     /* Nobody said. */
    } kind;
    const char *before; /* A transaction for the state that there was before
                         * it: conditions_presence() of it tells... */
    const char *again;  /* ...and one that brings that state back. */
};

/* Does one transaction on a step's database, or what a step does to flows.
 * Where an error comes with a result, surely nothing was done. */
struct error *takeback_transact(const struct takeback *,
                                const struct journal_step *,
                                const char *params, struct arena *,
                                const struct json_value **ret);

/* Takes back a step alone.  What was there before stands in 'ret' then, rows
 * as they were, with what others had written into them; its strings live in
 * the arena. */
struct error *takeback_step(const struct takeback *,
                            const struct journal_step *, struct arena *,
                            struct takeback_end *ret);

/* Takes back all of them, as far as that goes.  The error says of which
 * databases it was taken back, if of some only. */
struct error *takeback_steps(const struct takeback *,
                             const struct journal_step *, size_t n_steps);

/* Brings back what taking a step back took away, unless others have changed
 * just that since.  Where a localnet port may come by it, it waits for 'guard'
 * (NULL: for nothing).  To do what stands is no error. */
struct error *takeback_again(const struct takeback *,
                             const struct journal_step *,
                             const struct takeback_end *, const char *guard);

/* Why a step cannot be taken back: what differs from how it was left, or else
 * 'failure', which it takes over. */
struct error *takeback_explain(const struct takeback *,
                               const struct journal_step *,
                               struct error *failure);

/* Of several steps the first that failed, and those that did not. */
struct takeback_tally {
    struct error *first;
    struct text done; /* Remotes. */
};

void takeback_tally_init(struct takeback_tally *);
/* Notes how a step went; takes the error over. */
void takeback_tally_add(struct takeback_tally *, const struct journal_step *,
                        struct error *);
/* The first failure, with what was done all the same: 'what', in words. */
struct error *takeback_tally_end(struct takeback_tally *, const char *what);

#endif /* apply/takeback.h */
