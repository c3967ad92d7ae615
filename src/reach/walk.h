/* What the examinations of one unit, and of everything on an endpoint's way,
 * look like.  Private to reach/. */
#ifndef REACH_WALK_H
#define REACH_WALK_H 1

#include "base/beside.h"
#include "reach/reach.h"

/* Examinations of a switch's things, parallel to the fabric's arrays. */
struct unit_examination {
    struct examination ls;
    struct examination *localnets;    /* Of ls->localnets. */
    struct examination *pending;      /* Of ls->pending. */
    struct examination **attachments; /* [localnet][attachment]. */
    struct examination *lost; /* Of ls->lost's attachments: NIC, bridge. */
};

/* All examinations that concern an endpoint. */
#define WALK_MAX 8

struct walk {
    const struct examination *parts[WALK_MAX];
    size_t n;
    const struct fabric_localnet *localnet;
    const struct fabric_attachment *attachment;
    const char *wire; /* What is assumed of it, once asked. */
};

/* The verdict on a frame that meets a finding of that effect. */
extern const enum verdict_kind walk_verdicts[];

/* Hops in the order in which a frame of 'direction' meets them. */
extern const enum hop walk_order[N_DIRECTIONS][N_HOPS];

/* Examines the deployment, which tells of no endpoint (rules/rule.h) and so is
 * asked only when findings are gathered; all chassis; a switch and its
 * localnet ports; an attachment.  'unit' has its arrays; what it held is
 * forgotten first, with walk_done_shell() and examination_done(). */
void walk_examine_deployment(struct assessment *);
void walk_examine_chassis(struct assessment *);
void walk_examine_shell(struct assessment *, struct fabric_switch *,
                        struct unit_examination *unit);
void walk_done_shell(const struct fabric_switch *, struct unit_examination *);
void walk_examine_attachment(struct assessment *, struct fabric_attachment *,
                             struct examination *ret);

/* Adds an endpoint to those that are judged; there is room for as many as the
 * fabric has room for. */
struct assessed_endpoint *walk_add_endpoint(struct assessment *,
                                            const struct fabric_endpoint *);

/* Judges both directions of an endpoint; its 'own' must be empty. */
void walk_judge_endpoint(struct assessment *, struct assessed_endpoint *);

/* The numbers of 'n' endpoints, malloc()ed, as they are best judged: what they
 * look at is near by then. */
uint32_t *workers_order(const struct fabric_endpoint *const *, size_t n);

/* A flood, made beside what is done between the two calls, on a thread of its
 * own if there are many endpoints. */
struct flood_making {
    const struct fabric *fabric;
    struct flood *flood;
    struct beside beside;
};
void workers_begin_flood(struct flood_making *, const struct fabric *);
struct flood *workers_end_flood(struct flood_making *);

/* Makes 'endpoints' those that 'a' has, of which there is the number and the
 * room, and judges them, on several processors if they are many: workers start
 * with what they need for it, and begin once 'a' is complete but for that.
 * workers_done() ends what they left. */
void workers_start(struct assessment *a);
void workers_judge(struct assessment *a,
                   const struct fabric_endpoint *const *endpoints);
void workers_done(struct assessment *);

/* Gathers the findings of all examinations, and whom they affect, anew. */
void findings_collect(struct assessment *);
void findings_done(struct assessment *);

/* Gathers all examinations on the endpoint's way to 'host' (NULL: to any host)
 * on the physical network, its own into '*own', which the caller ends with
 * examination_done(). */
void walk_build(struct assessment *, const struct fabric_endpoint *,
                const char *host, struct examination *own, struct walk *);

/* Judges exchanges of the endpoint that are begun by one side. */
void walk_judge(struct assessment *, struct walk *,
                const struct fabric_endpoint *, enum direction,
                struct verdict *ret);

/* Why it cannot be told whether 'f', on the way of the endpoint, already
 * counts for its frames; NULL if it does. */
const char *walk_doubt(struct assessment *, const struct walk *,
                       const struct fabric_endpoint *,
                       const struct finding *f);

#endif /* reach/walk.h */
