/* An assessment that follows its evidence: after each transaction only what
 * depends on it is judged again (fabric/change.h says how).
 *
 * Its verdicts are those that fabric_init() and reach_assess() would give for
 * the rows as they are now; where it is not known what a change means, that
 * is what it does.
 *
 * Life cycle: tracker_init() judges everything; then, as often as one likes,
 * commits to the evidence's stores, each followed by tracker_apply() with its
 * database; tracker_judge() brings the verdicts up to date, and
 * tracker_collect() the findings.  The stores must keep deltas.  Evidence that
 * is no rows (links, flows, Neutron's record) must stay as it is, or
 * tracker_distrust() be told.  Who may not want to follow at all begins with
 * tracker_assess(), and with tracker_follow() if he does.  No I/O; one
 * thread. */
#ifndef REACH_TRACKER_H
#define REACH_TRACKER_H 1

#include "fabric/change.h"
#include "reach/reach.h"

struct tracker {
    struct fabric fabric;
    struct assessment assessment;
    size_t n_judged;  /* Endpoints, by the last tracker_judge(). */
    bool was_rebuilt; /* It built everything again. */

    /* Private. */
    struct evidence *evidence;
    const char *only;
    bool is_following; /* What is below is there. */
    struct fabric_change change;
    unsigned char *flags; /* Of each assessed endpoint... */
    size_t n_awaiting;    /* ...of which so many await daemons. */
    uint32_t *marked;     /* Assessed endpoints to be judged, each once. */
    size_t n_marked, marked_capacity;
    bool is_flood_old;  /* The flood is quiet as it was, but not of now. */
    size_t limit_bytes; /* Of the assessment's arena. */
};

/* Endpoints that are called 'only' (as in reach_assess()), or all. */
void tracker_init(struct tracker *, struct evidence *, const char *only);
void tracker_done(struct tracker *);

/* Judges everything, and gathers the findings; follows nothing yet. */
void tracker_assess(struct tracker *, struct evidence *);

/* Makes it ready for the first commit. */
void tracker_follow(struct tracker *);

/* Evidence that is no row changed: everything will be built again. */
void tracker_distrust(struct tracker *);

/* Takes what the last commit of 'db' did. */
void tracker_apply(struct tracker *, const struct evidence_db *db);

/* The fabric of the rows as they are; NULL if it will be built again. */
struct fabric *tracker_fabric(struct tracker *);

/* Makes the verdicts those of now. */
void tracker_judge(struct tracker *);

/* Puts the assessment's endpoints in order, once some came or went: until then
 * those that came are behind the others, and those that went are there still
 * ('is_gone').  Pointers to endpoints are valid until then. */
void tracker_sort(struct tracker *);

/* Likewise; and makes the assessment's findings, and whom they affect, those
 * of the verdicts as they are. */
void tracker_collect(struct tracker *);

#endif /* reach/tracker.h */
