/* Walking frames, hop by hop, asking each hop's rules: from things and rules
 * to verdicts.
 *
 * Every thing of the fabric is examined once; a walk crosses things in the
 * order of its hops, and the first finding that stops it is where and why it
 * stops.  A verdict is about a whole exchange (ARP or ND, echo, reply), so a
 * fault that stops frames either way counts for both directions, unless its
 * rule says that only exchanges of one direction suffer; the directions differ
 * in which fault the frame meets first.
 *
 * Where there are many endpoints and several processors, several threads judge
 * them; all have ended when a function returns.
 *
 * No I/O; everything lives in the assessment's arenas. */
#ifndef REACH_REACH_H
#define REACH_REACH_H 1

#include "fabric/fabric.h"
#include "rules/rule.h"

enum verdict_kind {
    VERDICT_REACHABLE,
    VERDICT_BROKEN,
    VERDICT_BLOCKED,
    VERDICT_STORM,
    VERDICT_UNDETERMINED,
    N_VERDICTS
};

extern const char *const verdict_names[N_VERDICTS];

/* A finding, once for all that it affects. */
struct reach_finding {
    const struct finding *finding;
    const char **affects; /* Addresses (or ports without one), in order. */
    size_t n_affects;
    size_t affects_capacity;
    size_t order; /* In which it was found. */
};

struct verdict {
    enum verdict_kind kind;
    uint32_t n_codes, n_blamed, n_missing, n_assumptions;
    bool awaits_daemons; /* What is missing shows once they have followed. */
    const struct finding *culprit; /* Where it stops; NULL if it does not. */
    const char **codes;            /* All that stop it, the culprit's first. */
    const struct finding **blamed; /* Likewise, in order of the way. */
    const char **missing;
    const char **assumptions;
};

struct assessed_endpoint {
    const struct fabric_endpoint *endpoint;
    struct verdict verdicts[N_DIRECTIONS];

    /* Private. */
    struct examination own;
    struct arena *arena; /* Of one that was judged again; else NULL. */
};

struct assessment {
    struct arena arena;
    struct fabric *fabric;
    struct policy *policy; /* Its ACLs. */
    struct flood *flood;   /* Its loops. */
    struct assessed_endpoint *endpoints;
    size_t n_endpoints;
    struct reach_finding *findings; /* Worst first. */
    size_t n_findings;
    size_t counts[N_VERDICTS]; /* Each endpoint by its worse direction. */

    /* Private. */
    struct reach_worker *workers; /* The other threads that judged. */
    size_t n_workers;
    struct unit_examination *units; /* One per switch. */
    struct examination deployment;
    struct examination *chassis; /* One per chassis of the fabric. */
    struct arena *judging;       /* Where what is being judged lives. */
    struct arena finding_arena;
    struct strmap finding_index;
    size_t findings_capacity;
};

/* Examines everything and judges every endpoint; or only those that are
 * called 'only', if that is not NULL: then findings affect no others. */
void reach_assess(struct assessment *, struct fabric *, const char *only);
void assessment_done(struct assessment *);

/* Likewise, but findings are not gathered. */
void reach_judge_all(struct assessment *, struct fabric *, const char *only);

/* The worse of both directions. */
enum verdict_kind assessed_worst(const struct assessed_endpoint *);

/* The first endpoint behind 'after' (NULL: of all) that is called so, or
 * NULL. */
const struct assessed_endpoint *
reach_find(const struct assessment *, const char *name,
           const struct assessed_endpoint *after);

/* The localnet port and the attachment that carry the endpoint's frames, or
 * that should; NULL where there is none. */
void reach_way(const struct fabric_endpoint *,
               struct fabric_localnet **ret_localnet,
               struct fabric_attachment **ret_attachment);

/* One hop of a drawn path. */
enum step_state { STEP_PASS, STEP_STOP, STEP_UNKNOWN };

struct step {
    enum hop hop;
    const char *name;    /* "enp6s18", "br-ex", ...; "" if not known. */
    const char *chassis; /* NULL if it belongs to none. */
    enum step_state state;
    const char *code; /* NULL unless it stops, or may. */
    const char *why;  /* NULL if it just passes. */
};

struct path {
    struct step *steps;
    size_t n;
    enum verdict_kind kind;
    const struct finding *culprit;
    const char *note; /* What misleads or is worth knowing; or NULL. */
};

/* The way of a frame between 'external' (an address on the physical network)
 * and an endpoint. */
void reach_trace(struct assessment *, const struct assessed_endpoint *,
                 enum direction, const char *external, struct path *ret);

/* The way of a frame between two endpoints of one switch. */
void reach_trace_between(struct assessment *,
                         const struct assessed_endpoint *from,
                         const struct assessed_endpoint *to, struct path *ret);

#endif /* reach/reach.h */
