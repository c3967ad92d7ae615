/* What a change does to the endpoints: two judgements compared.
 *
 * The first is remembered by impact_init(), since the rows that it speaks of
 * are those that the change is then tried on:
 *
 *     tracker_assess(&tracker, evidence);
 *     impact_init(&impact, &tracker.assessment);
 *     ...follow_commit(), follow_run()...
 *     tracker_judge(&tracker);  tracker_collect(&tracker);
 *     impact_compare(&impact, &tracker.assessment);
 *
 * An endpoint counts by the worse of its two verdicts.  What is told lives in
 * the impact's arena; what was before is forgotten once it is compared.  No
 * I/O. */
#ifndef REPAIR_IMPACT_H
#define REPAIR_IMPACT_H 1

#include "reach/reach.h"

enum outcome {
    OUTCOME_RESTORED, /* It was broken, in a storm or absent; not any more. */
    OUTCOME_LOST,     /* It was not broken; now it is, or it is gone. */
    OUTCOME_STORM,    /* Its frames come round again. */
    OUTCOME_BLOCKED,  /* Policy stops it now, and did not before. */
    OUTCOME_UNCLEAR,  /* It was reachable; now a hop cannot be examined. */
    N_OUTCOMES
};

extern const char *const outcome_names[N_OUTCOMES];

/* What no verdict is called: the endpoint does not exist. */
#define IMPACT_ABSENT "absent"

struct impact_endpoint {
    const char *id; /* Address; of one that has none its port. */
    const char *port, *name, *network;
    const char *from, *to; /* Verdicts, or IMPACT_ABSENT. */
    const char *code;      /* Of what stops it then; NULL if nothing does. */
    const char *message;   /* The finding's; NULL if there is none. */
};

struct impact_list {
    struct impact_endpoint *endpoints;
    size_t n, capacity;
};

/* A finding that was not there before, or is not there any more (or, in either
 * case, stops frames and is not just a warning). */
struct impact_finding {
    const char *key; /* See impact_finding_key(). */
    const char *code, *message;
    enum effect effect;
    size_t n_affects;
    const struct flood_cycle *cycle; /* Of a storm, or NULL. */
};

struct impact {
    struct arena arena;
    struct impact_list lists[N_OUTCOMES];
    struct impact_finding *appeared, *vanished;
    size_t n_appeared, n_vanished;
    bool storms; /* A loop that was not there before, used or not. */

    /* Private: what was before, until it is compared. */
    bool is_compared;
    struct arena known;
    struct strmap endpoints; /* Key -> struct known. */
    struct strmap findings;  /* Key -> struct impact_finding. */
    size_t appeared_capacity, vanished_capacity;
};

/* Remembers all that was before... */
void impact_init(struct impact *, const struct assessment *before);

/* ...and keeps what is otherwise now: once. */
void impact_compare(struct impact *, const struct assessment *after);
void impact_done(struct impact *);

/* What tells a finding from others, before and after: its code and the thing
 * that it is about.  In 'arena'. */
const char *impact_finding_key(struct arena *, const struct finding *);

/* Whether the finding with that key was there before, and is not any more; or
 * only as a warning, where it stopped frames. */
bool impact_has_vanished(const struct impact *, const char *key);

/* Whether nobody should want that: endpoints are lost, or a loop arises. */
bool impact_is_harmful(const struct impact *);

#endif /* repair/impact.h */
