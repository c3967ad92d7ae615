/* Carrying out a list of changes, so that it either holds or was never there.
 *
 *     carry_result_init(&result);
 *     error = carry_out(&list, &evidence, comment, &options, &result);
 *     ...result says what was done, undone and why...
 *     carry_result_done(&result);
 *
 * The list must have been made from live evidence.  Each database gets one
 * guarded transaction (apply/deed.h): rows that changed meanwhile make it fail
 * with nothing done.  What takes it back stands in the journal before it
 * begins.
 *
 * A localnet port that is new, and not the other half of a swap, is inserted
 * with enabled=false.  It is switched on by a second transaction, after its
 * Port_Binding and patch ports were seen (apply/patches.h) and only if the
 * northbound database still has the same localnet ports.  Those are looked at
 * again as long as the change is watched: a second writer who comes later
 * makes it be taken back as well.
 *
 * A tripwire (apply/tripwire.h) watches from before the first transaction
 * until 'watch_ms' after the daemons have followed the last (apply/daemons.h),
 * and takes the changes back itself, at once, from its own thread.  Then
 * 'judge' has its say, and last comes 'prove', which sends frames of its own
 * while the tripwire still watches: a loop that waited for a broadcast is
 * taken back, an answer that does not come is not.
 *
 * SIGINT, SIGTERM, SIGHUP and SIGQUIT are held back meanwhile, in the calling
 * thread; one of them makes it take back what was done, and is reported.
 *
 * Nothing is printed; progress goes to 'progress'. */
#ifndef APPLY_CARRY_H
#define APPLY_CARRY_H 1

#include "apply/journal.h"
#include "apply/proof.h"
#include "evidence/evidence.h"
#include "ovsdb/stream.h"
#include "repair/plan.h"

#define CARRY_DEFAULT_TIMEOUT_MS 10000
#define CARRY_DEFAULT_STAGE_MS 10000
#define CARRY_DEFAULT_FOLLOW_MS 10000
#define CARRY_DEFAULT_WATCH_MS 2000

/* Says whether what was done is good; an error takes it back. */
typedef struct error *carry_check_fn(void *aux);

struct carry_options {
    struct ovsdb_tls tls;  /* For ssl: remotes. */
    int timeout_ms;        /* Of a transaction; 0: the default. */
    int stage_ms;          /* For patch ports to appear; 0: the default. */
    int follow_ms;         /* For the daemons to follow; 0: the default. */
    int watch_ms;          /* After that; 0: the default. */
    const char *state_dir; /* NULL: see journal_dir(). */
    void (*progress)(void *aux, const char *what);
    carry_check_fn *judge; /* Gathers and judges again; may be NULL. */
    /* By real frames; may be NULL. */
    void (*prove)(void *aux, const struct proof_stop *);
    void *aux;
    const struct plan_flow *flow; /* Added last; NULL or empty: none. */
    bool has_loop;                /* There is one already: for the tripwire. */
};

/* A row that was inserted. */
struct carry_row {
    const char *db, *chassis, *table;
    const char *uuid;
};

struct carry_result {
    struct arena arena;
    bool applied;     /* It holds. */
    bool undone;      /* It was taken back. */
    bool tripped;     /* By the tripwire. */
    bool interrupted; /* By a signal. */
    const char *id;   /* Of the journal; NULL if nothing was begun. */
    const char **notes;
    size_t n_notes, notes_capacity;
    struct carry_row *rows;
    size_t n_rows, rows_capacity;
};

void carry_result_init(struct carry_result *);
void carry_result_done(struct carry_result *);

/* NULL if the changes hold.  Otherwise the error says why not, and the result
 * whether anything had to be taken back; where that failed as well, the error
 * says so and 'undone' is false. */
struct error *carry_out(const struct change_list *, const struct evidence *,
                        const char *comment, const struct carry_options *,
                        struct carry_result *);

/* Reads the journal 'id' into the result's arena; an error if there is nothing
 * to take back. */
struct error *carry_find(const char *id, const struct carry_options *,
                         struct carry_result *, struct journal *ret);

/* What was found out when taking back was tried on copies. */
struct carry_rehearsal {
    bool *refused; /* By step: it cannot be taken back, and is left. */
    /* Operations that wait for the localnet ports that there were, and that
     * there are afterwards; NULL: it does not matter. */
    const char *before, *after;
};

/* An operation that waits for exactly the localnet ports that there are. */
const char *carry_localnets(const struct evidence *, struct arena *);

/* A transaction for the step's database that goes through if nothing of it is
 * there, any more or yet. */
const char *carry_absence(const struct journal_step *, struct arena *);

/* Asks a step's database why it cannot be taken back: what differs from how it
 * was left, or else 'failure', which it takes over. */
struct error *carry_explain(const struct journal_step *,
                            const struct carry_options *,
                            struct error *failure);

/* Takes back what a journal of carry_find() tells of, unless rows were changed
 * since: then the error names them and what differs.  A tripwire watches until
 * 'watch_ms' after the daemons have followed.  Where it trips, a database
 * fails, somebody changes the localnet ports or a signal comes, what was there
 * comes back as it was, unless others have changed just that since; the error
 * says how it ended.  Of a repair that was not applied whole as much is taken
 * back as can be.
 *
 * Whether it will be a loop by what rows tell is for the caller to find out
 * first.  'evidence' tells the tripwire what to watch; signals as
 * carry_out(). */
struct error *carry_undo(struct journal *, const struct evidence *,
                         const struct carry_rehearsal *,
                         const struct carry_options *, struct carry_result *);

#endif /* apply/carry.h */
