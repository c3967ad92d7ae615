/* Reading the logs of the databases again, record by record, on one time
 * line: the northbound's, the southbound's and each chassis's, merged by the
 * dates that their servers wrote (ovsdb(5), "_date").
 *
 * A replay takes evidence that was gathered and empties the databases in it
 * that have a log; each step then puts one more record back.  So between two
 * steps the evidence is what it was at that time, for whoever judges it.  What
 * no log keeps (links, OpenFlow, Neutron's record) stays as it was gathered;
 * a database without a log is not known ('present' false) during a replay.
 *
 * A clock that runs backwards within a log does not change the order of its
 * records: a record counts as written no earlier than the one before it. */
#ifndef COLLECT_REPLAY_H
#define COLLECT_REPLAY_H 1

#include "base/error.h"
#include "evidence/evidence.h"

struct replay_step {
    struct evidence_db *db;
    uint32_t record; /* db->store.records[record]. */
    int64_t date_ms; /* On the time line. */
    const char *comment;
};

struct replay;

/* Starts before the first transaction of all logs.  On an error the evidence
 * is of no use any more.  replay_close() in any case. */
struct error *replay_open(struct evidence *, struct replay **ret);
void replay_close(struct replay *);

/* How many steps there are, and how many of them are done. */
size_t replay_length(const struct replay *);
size_t replay_position(const struct replay *);

/* The step that comes next, or NULL after the last. */
const struct replay_step *replay_peek(const struct replay *);

/* Puts the next record back; there must be one. */
struct error *replay_next(struct replay *);

/* Makes the evidence what it was at 'date_ms', as its logs tell; says to
 * 'progress', unless that is NULL, how many steps of how many are done. */
typedef void replay_progress_fn(void *aux, size_t done, size_t total);
struct error *replay_to(struct evidence *, int64_t date_ms,
                        replay_progress_fn *progress, void *aux);

#endif /* collect/replay.h */
