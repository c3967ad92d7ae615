/* The words of a verdict, and the form of a rule.
 *
 * A rule is a row in the catalogue (catalogue.c): a code, the
 * hop and layer it belongs to, what it does to frames, and a check of one
 * thing of the fabric.  A check looks at its thing and reports findings, or
 * which evidence it misses; it never looks at other rules. */
#ifndef RULES_RULE_H
#define RULES_RULE_H 1

#include "fabric/fabric.h"
#include "flood/flood.h"

/* A frame's way, in order (inbound). */
enum hop {
    HOP_WIRE,
    HOP_NIC,
    HOP_PROVIDER_BRIDGE,
    HOP_PATCH,
    HOP_INTEGRATION_BRIDGE,
    HOP_LOGICAL_SWITCH,
    HOP_GATEWAY,
    HOP_ROUTER,
    HOP_INNER_SWITCH, /* The tenant's logical switch behind a router. */
    HOP_TUNNEL,       /* Between two chassis' integration bridges. */
    HOP_PORT,
    HOP_GUEST,
    N_HOPS
};

/* Who starts an exchange: a host on the physical network, or the endpoint. */
enum direction { INBOUND, OUTBOUND, N_DIRECTIONS };

enum layer {
    LAYER_INTENT,
    LAYER_NB,
    LAYER_SB,
    LAYER_OVS,
    LAYER_FLOW,
    LAYER_HOST,
};

enum effect {
    EFFECT_LATENT, /* Traffic still passes. */
    EFFECT_BLOCKS, /* Stopped on purpose: policy. */
    EFFECT_STOPS,
    EFFECT_STORMS,
};

extern const char *const hop_names[N_HOPS];
extern const char *const layer_names[];

/* What a check looks at.  A scope says which members are set:
 *
 *     SCOPE_DEPLOYMENT   fabric; its findings are latent, and of no endpoint
 *     SCOPE_CHASSIS      + chassis
 *     SCOPE_SWITCH       + ls
 *     SCOPE_LOCALNET     + ls, localnet
 *     SCOPE_ATTACHMENT   + ls, localnet, attachment, chassis
 *     SCOPE_ENDPOINT     + ls, endpoint, policy, host; localnet, attachment
 * and chassis if it has them */
enum scope {
    SCOPE_DEPLOYMENT,
    SCOPE_CHASSIS,
    SCOPE_SWITCH,
    SCOPE_LOCALNET,
    SCOPE_ATTACHMENT,
    SCOPE_ENDPOINT,
    N_SCOPES
};

struct policy;

struct place {
    struct fabric *fabric;
    struct fabric_chassis *chassis;
    struct fabric_switch *ls;
    struct fabric_localnet *localnet;
    struct fabric_attachment *attachment;
    struct fabric_endpoint *endpoint;
    struct policy *policy; /* NULL: ACLs are not asked. */
    struct flood *flood;   /* Where broadcasts go. */
    const char *host;      /* On the physical network; NULL: any. */
};

struct examination;
struct rule;
typedef void rule_check(struct examination *, const struct rule *,
                        const struct place *);

struct rule {
    const char *code;
    enum hop hop;
    enum layer layer;
    enum effect effect;
    const char *meaning; /* One line. */
    enum scope scope;
    rule_check *check;
    enum scope more_scope; /* Where another kind of thing can have the... */
    rule_check *more;      /* ...same fault; else NULL. */
};

/* Where the log has to be looked up for the change that made a finding. */
struct cause_hint {
    const struct evidence_db *db; /* NULL: there is none. */
    const struct ovsdb_row *row;
    enum { CAUSE_COLUMN, CAUSE_DELETED, CAUSE_CREATED } what;
    unsigned column;
    const char *key; /* In a map; else NULL. */
};

/* The number of that record; 0 if it is not known. */
uint32_t cause_hint_record(const struct cause_hint *);

struct finding_evidence {
    const char *db, *table;
    const struct ovsdb_row *row; /* NULL for what is no row. */
    const char *column, *value;
};

#define FINDING_MAX_EVIDENCE 6

struct finding {
    const struct rule *rule;
    enum effect effect;  /* The rule's, or EFFECT_LATENT. */
    enum hop hop;        /* The rule's, unless finding_at() says another. */
    const char *chassis; /* NULL if it concerns all. */
    const char *network; /* Physical network of its attachment; or "". */
    const struct fabric_switch *ls; /* Of its place; or NULL. */
    enum scope scope;               /* In which it was found. */
    const char *subject_db, *subject_table, *subject_name;
    const struct ovsdb_row *subject; /* NULL for what is no row. */
    const char *message;
    struct finding_evidence evidence[FINDING_MAX_EVIDENCE];
    size_t n_evidence;
    struct cause_hint cause;
    const struct flood_cycle *cycle; /* Of a storm; else NULL. */
    bool spares[N_DIRECTIONS];       /* Exchanges that pass all the same. */
};

/* What the rules of a scope found at one place. */
struct missing_evidence {
    enum hop hop;
    const char *what;
    bool spares[N_DIRECTIONS]; /* Exchanges for which it is not needed. */
    bool is_assumed;           /* The verdict stands, and lists it. */
};

struct binding; /* Private to port.c. */

struct examination {
    struct arena *arena;
    const struct binding *binding; /* Of the endpoint's port, once asked... */
    const struct flow_result *flows; /* ...and what flows do to its frames. */
    struct finding **findings;
    size_t n_findings, findings_capacity;
    struct missing_evidence *missing;
    size_t n_missing, missing_capacity;
};

/* For checks: reports a finding about row 'subject' of 'db'; the message
 * follows as in printf().  The result can be refined. */
struct finding *report(struct examination *, const struct rule *,
                       const struct place *, const char *db,
                       const struct ovsdb_row *subject, const char *format,
                       ...) PROVNET_PRINTF(6, 7);

/* Traffic passes all the same. */
struct finding *finding_latent(struct finding *);

/* It belongs to another hop than the rule's. */
struct finding *finding_at(struct finding *, enum hop);

/* It concerns 'chassis' only. */
struct finding *finding_on(struct finding *, const struct fabric_chassis *);

/* Only exchanges of one direction suffer from it. */
struct finding *finding_only(struct finding *, enum direction);

struct finding *finding_evidence(struct finding *, const char *db,
                                 const struct ovsdb_row *, const char *column,
                                 const char *value);

/* The cause is the last change of a column (of its 'key', in a map), or the
 * deletion or the creation of the row. */
struct finding *finding_cause_column(struct finding *,
                                     const struct evidence_db *,
                                     const struct ovsdb_row *, unsigned column,
                                     const char *key);
struct finding *finding_cause_deleted(struct finding *,
                                      const struct evidence_db *,
                                      const struct ovsdb_row *);
struct finding *finding_cause_created(struct finding *,
                                      const struct evidence_db *,
                                      const struct ovsdb_row *);

/* It is this loop, of which a copy is kept. */
struct finding *finding_cycle(struct examination *, struct finding *,
                              const struct flood_cycle *);

/* No exchange of an endpoint suffers from it, as far as is known. */
struct finding *finding_aside(struct finding *);

/* Reports that 'what' would be needed to examine 'hop'. */
void report_missing(struct examination *, enum hop, const char *format, ...)
    PROVNET_PRINTF(3, 4);

/* Likewise, for exchanges of one direction. */
void report_missing_only(struct examination *, enum hop, enum direction,
                         const char *format, ...) PROVNET_PRINTF(4, 5);

/* Reports that for exchanges of one direction 'what' is assumed. */
void report_assumed_only(struct examination *, enum hop, enum direction,
                         const char *format, ...) PROVNET_PRINTF(4, 5);

/* The catalogue. */
extern const struct rule rules[];
extern const size_t n_rules;
const struct rule *rule_find(const char *code);

/* Runs every rule of 'scope' at 'place' into '*ret', which must be all zeros
 * but for its arena. */
void rules_examine(enum scope, const struct place *, struct examination *ret);
void examination_done(struct examination *);

#endif /* rules/rule.h */
