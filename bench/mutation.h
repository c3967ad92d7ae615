/* Random changes of gathered evidence, one transaction each, from a seed: what
 * a column may come to hold is what another row of its table holds, nothing,
 * or something near to what it held.  Rows come (as another one's twin) and go
 * (with all references to them), and much is taken back later, so that a
 * deployment does not drift into ruin.  What comes and goes every day (VMs'
 * ports, bindings, floating IPs) can be chosen alone: some twins have what
 * their originals have, some something near to it, and some come together.
 *
 * A transaction is made as text and read as a record of a log would be, so
 * stores see nothing that they would not see in life. */
#ifndef BENCH_MUTATION_H
#define BENCH_MUTATION_H 1

#include "base/text.h"
#include "evidence/evidence.h"

/* Which rows are changed. */
enum mutation_mix {
    MUTATE_ANY,     /* All tables and columns alike. */
    MUTATE_DAILY,   /* One column of one row, as in a day of a cloud. */
    MUTATE_COMINGS, /* Ports, bindings and floating IPs that come and go, and
                     * what they depend on. */
    MUTATE_SEVERAL, /* The same, and two to four columns of theirs, of one row
                     * or of rows that have to do with each other, in one
                     * transaction. */
    MUTATE_TARGETED /* Mostly what targeted.c knows. */
};

struct mutation_undo;

struct mutation {
    struct evidence *evidence;
    enum mutation_mix mix;
    uint64_t state; /* Of the random numbers. */
    int64_t date_ms;

    /* The last transaction. */
    struct evidence_db *db;
    struct text text;
    const char *what; /* "Logical_Switch_Port.enabled". */

    /* Private. */
    struct mutation_undo *undos;
    size_t n_undos, undos_capacity;
    char label[128];
    struct uuid twin; /* The last that came. */
    char twin_name[32];
    char word[64];
    struct mutation_edit *edits; /* In the transaction that is being made. */
    size_t n_edits;
};

void mutation_init(struct mutation *, struct evidence *, enum mutation_mix,
                   uint64_t seed);
void mutation_done(struct mutation *);

/* Makes the next transaction and commits it. */
void mutation_next(struct mutation *);

#endif /* bench/mutation.h */
