/* What changed, when, and by whom, over all databases; and what followed from
 * what.
 *
 * A timeline is filled transaction by transaction, in the order of time.  A
 * daemon's transaction that speaks of the same thing as an operator's earlier
 * one is its consequence: northd takes a localnet port out of SB, and each
 * ovn-controller its patch ports out of the bridges, because somebody deleted
 * the port in NB.
 *
 * No I/O; everything lives in the timeline's arena. */
#ifndef HISTORY_TIMELINE_H
#define HISTORY_TIMELINE_H 1

#include "evidence/evidence.h"
#include "history/cause.h"
#include "history/describe.h"

#define NO_EVENT SIZE_MAX

/* An event, some lines of which follow from another. */
struct history_effect {
    size_t event;
    bool is_wanted;
    struct history_effect *next;
};

struct history_event {
    const struct evidence_db *db;
    const char *chassis; /* Of db "ovs"; else NULL. */
    uint32_t record;     /* As `ovsdb-tool show-log` counts. */
    int64_t date_ms;
    const char *comment;
    enum history_who who;
    struct history_line *lines; /* Those that are not quiet. */
    size_t n_lines;
    size_t n_rows; /* Of a snapshot. */
    bool is_gap;   /* It is a snapshot, but not the first: its lines are what
                    * changed since the log before it, if anything. */
    size_t cause;  /* The latest that one of its lines follows from, or
                    * NO_EVENT. */
    struct history_effect *effects; /* What follows from it, in order. */
    bool is_wanted;                 /* In the scope, or led to what is. */

    /* Private. */
    struct history_effect *last_effect;
};

struct timeline {
    struct arena arena;
    struct history_event *events;
    size_t n_events;
    size_t n_quiet;  /* Transactions of bookkeeping, left out. */
    size_t n_wanted; /* Events that are in the scope by themselves. */

    /* All lines of the last transaction, also those that are quiet, which
     * have names only where they are status. */
    struct history_lines last;

    /* Private. */
    size_t capacity;
    struct strmap touched; /* Key -> struct touch, of operators' events. */
    struct strmap scope;   /* Names; empty: everything is wanted. */
};

void timeline_init(struct timeline *);
void timeline_done(struct timeline *);

/* Wants only what speaks of 'name' (of a row, an address, a UUID), or of any
 * other name that was given.  Before the first timeline_take(). */
void timeline_want(struct timeline *, const char *name);

/* Takes the last transaction of 'db', whose store keeps its deltas.  Returns
 * its event, or NULL if it is bookkeeping. */
const struct history_event *timeline_take(struct timeline *,
                                          const struct evidence_db *db,
                                          const char *chassis,
                                          int64_t date_ms);

/* The event that 'event' (an index) follows from, as far as it is about 'row'
 * (NULL: about anything); itself, if it follows from none. */
size_t timeline_root(const struct timeline *, size_t event,
                     const struct ovsdb_row *row);

/* The event that is a database's record, or NO_EVENT. */
size_t timeline_find(const struct timeline *, const struct evidence_db *,
                     uint32_t record);

#endif /* history/timeline.h */
