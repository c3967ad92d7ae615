/* The journal: what was done to which database, and what takes it back, a file
 * for each repair, so that it can be taken back later, by another process and
 * after a crash.
 *
 * A journal is written before the first transaction and again when it is known
 * how it ended; each time as a new file that takes the place of the old one
 * once its bytes are on the disk.  Since both the operations and their inverse
 * are known beforehand (apply/deed.h), what is in it is always enough.
 *
 * A file in the folder may be anybody's: it is read up to a ceiling, must have
 * the members that it should have and the name that it claims, and is only
 * trusted to hold transactions for the databases that it names, in the form
 * that a repair's have (apply/form.h). */
#ifndef APPLY_JOURNAL_H
#define APPLY_JOURNAL_H 1

#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "base/error.h"

#define JOURNAL_DEFAULT_DIR "/var/lib/provnet"
#define JOURNAL_MAX_BYTES ((size_t) 64 << 20)
#define JOURNAL_MAX_TRANSACTIONS 2

enum journal_state {
    JOURNAL_PLANNED, /* Begun: parts of it may have been done. */
    JOURNAL_APPLIED,
    JOURNAL_UNDOING, /* Was applied; parts may have been taken back. */
    JOURNAL_UNDONE,
    JOURNAL_FAILED, /* Nothing of it was done. */
    N_JOURNAL_STATES
};

extern const char *const journal_state_names[N_JOURNAL_STATES];

/* The 'db' of a step of flows: apply/flow.h. */
#define JOURNAL_FLOWS "openflow"

/* What is done to one database: transactions, each the parameters of a
 * "transact", one after the other; and the inverses, of which the first whose
 * conditions hold takes all of it back. */
struct journal_step {
    const char *db;      /* "nb", "sb", "ovs"; or JOURNAL_FLOWS. */
    const char *name;    /* "OVN_Northbound". */
    const char *chassis; /* Of an Open vSwitch; else NULL. */
    const char *remote;
    const char *operations[JOURNAL_MAX_TRANSACTIONS];
    const char *inverses[JOURNAL_MAX_TRANSACTIONS];
};

/* The live databases by which somebody judged; all NULL: it is not known. */
struct journal_sources {
    const char *nb, *sb;
    const char **ovs;
    size_t n_ovs;
};

struct journal {
    const char *id;
    const char *time;
    const char *comment;
    const char *why; /* Why it ended as it did; NULL if there is nothing. */
    enum journal_state state;
    struct journal_sources sources;
    struct journal_step *steps;
    size_t n_steps;
};

bool journal_is_flow(const struct journal_step *);

/* The folder: 'dir', or PROVNET_STATE_DIR of the environment, or the default.
 */
const char *journal_dir(const char *dir);

/* Gives 'journal' an id and the time. */
void journal_begin(struct journal *, struct arena *);

/* Writes it into 'dir', which is made if it is not there. */
struct error *journal_write(const struct journal *, const char *dir);

/* Nobody else who asks for it gets the folder meanwhile: one repair at a time
 * is carried out, or taken back.  An error if somebody has it. */
struct error *journal_lock(const char *dir, int *ret_lock);
void journal_unlock(int lock);

struct error *journal_read(const char *dir, const char *id, struct arena *,
                           struct journal *ret);

#endif /* apply/journal.h */
