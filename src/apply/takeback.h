/* Taking back what a journal tells of.  Private to apply/.
 *
 * Steps are taken back last first.  It is looked first, by conditions that
 * change nothing, how a step's rows are: as they were left, which tells the
 * inverse that takes it back; as before the step, and there is nothing to take
 * back; or otherwise, and the error says which rows differ, and in what, from
 * how they were left.  A server that does not answer then was sent nothing.
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
    unsigned inverse; /* The one that did it, or may have. */
};

/* Does one transaction on a step's database, or what a step does to flows.
 * Where an error comes with a result, surely nothing was done. */
struct error *takeback_transact(const struct takeback *,
                                const struct journal_step *,
                                const char *params, struct arena *,
                                const struct json_value **ret);

/* Takes back a step alone. */
struct error *takeback_step(const struct takeback *,
                            const struct journal_step *,
                            struct takeback_end *ret);

/* Takes back all of them, as far as that goes.  The error says of which
 * databases it was taken back, if of some only. */
struct error *takeback_steps(const struct takeback *,
                             const struct journal_step *, size_t n_steps);

/* Does a step again that was taken back, as it was then: what was staged only
 * is not switched on.  To do what stands is no error.  If it 'is_urgent', also
 * over what others changed since, unless a localnet port comes by it. */
struct error *takeback_again(const struct takeback *,
                             const struct journal_step *,
                             const struct takeback_end *, bool is_urgent);

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
