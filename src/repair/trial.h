/* A change tried on the evidence, from judgement to judgement.
 *
 *     tracker_assess(&tracker, evidence);
 *     trial_begin(&trial, &tracker);
 *     for each transaction: error = trial_commit(&trial, db, ..., json);
 *     error = trial_end(&trial);
 *     ...trial.impact, trial.lines...
 *     trial_done(&trial);
 *
 * The evidence is another one afterwards (see simulation.h), and the tracker
 * has judged what the change touched again.  A trial that has ended well keeps
 * what changed, and nothing that is as large as the deployment. */
#ifndef REPAIR_TRIAL_H
#define REPAIR_TRIAL_H 1

#include "repair/follow.h"
#include "repair/impact.h"

/* What a transaction does, in words (history/describe.h). */
struct trial_line {
    const char *db;
    const char *chassis; /* Of "ovs"; else NULL. */
    const char *text;
};

struct trial {
    struct impact impact;
    struct trial_line *lines;
    size_t n_lines;

    /* Private. */
    struct tracker *tracker;
    struct follow follow;
    bool is_following; /* Until its end. */
    struct arena arena;
    size_t capacity;
};

void trial_begin(struct trial *, struct tracker *before);
struct error *trial_commit(struct trial *, struct evidence_db *,
                           const char *chassis, const char *json,
                           size_t length);

/* Adds a flow: simulation.h. */
void trial_add_flow(struct trial *, const char *chassis, const char *bridge,
                    const char *actions);
struct error *trial_end(struct trial *);
void trial_done(struct trial *);

#endif /* repair/trial.h */
