/* The smallest change that mends a finding.
 *
 * There are several ways to one, tried in this order: taking back what the
 * transaction that caused it did to the row that it is about, if that leaves
 * nothing to warn of; taking back the whole transaction; and, where no log
 * tells, the edit that the catalogue knows for its code.  A way that was
 * proposed is then tried on the evidence (trial.h), and plan_judge() says
 * whether it may be offered: it must mend the finding, lose nobody, make no
 * loop, and not take rows away and leave another fault instead.  What is left
 * is refused, with the reason.
 *
 * Refused before any trial: what a daemon wrote (what made it do so is to be
 * mended), what another owner of the rows would undo, and what more than one
 * change would mend.
 *
 * No I/O; everything lives in the plan's arena or its list's. */
#ifndef REPAIR_PLAN_H
#define REPAIR_PLAN_H 1

#include "history/cause.h"
#include "repair/change.h"
#include "repair/trial.h"
#include "repair/undo.h"

enum plan_way {
    PLAN_UNDO_ROW,
    PLAN_UNDO_RECORD,
    PLAN_KNOWN,
    PLAN_KNOWN_ELSE,      /* A second edit, for the same code. */
    PLAN_UNDO_ROW_ANYWAY, /* Even if a warning is left. */
    N_PLAN_WAYS
};

/* A flow that a bridge lacks, as ovs-ofctl(8) takes it. */
struct plan_flow {
    const char *chassis, *bridge, *text;
};

struct plan {
    struct arena arena;
    const char *key; /* Of the finding: impact_finding_key(). */
    const char *code, *message, *chassis, *subject;
    const char **affects; /* Addresses of endpoints. */
    size_t n_affects;
    bool is_latent;
    struct cause cause;
    struct change_list changes;
    struct plan_flow flow; /* To be added; its 'bridge' is NULL if none. */
    const char *what;      /* What it does, one line; NULL if it is refused. */
    const char *command;   /* For a person on the host; NULL if none. */
    const char *refused;   /* NULL: it may be done. */
    enum plan_way way;     /* That it goes. */
    struct trial trial;
    bool is_tried;
};

/* A plan for a finding, with neither changes nor reasons yet. */
void plan_init(struct plan *, const struct reach_finding *);
void plan_done(struct plan *);

/* Forgets the changes and the trial, to go another way. */
void plan_reset(struct plan *);

/* The database whose log has the record to be taken back, and the number of
 * that record; NULL if there is none: then 'refused' may say why. */
const struct evidence_db *plan_log(struct plan *, const struct finding *f,
                                   uint32_t *ret_record);

/* Puts the changes of a way into the list; 'then' and 'now' are the log of
 * plan_log(), or NULL.  False if the way leads nowhere. */
bool plan_propose(struct plan *, const struct fabric *,
                  const struct finding *f, enum plan_way,
                  const struct whole *then, const struct whole *now);

/* Decides after the trial of a way. */
void plan_judge(struct plan *, enum plan_way);

/* The 'n'th edit that is known for a code; false if there is none.  In
 * known.c. */
bool known_propose(struct plan *, const struct fabric *,
                   const struct finding *f, size_t n);

/* The command for the host of a chassis; NULL if none is known. */
const char *known_command(struct arena *, const struct finding *f);

#endif /* repair/plan.h */
