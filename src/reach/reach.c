#include "reach/reach.h"

#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"
#include "reach/walk.h"

const char *const verdict_names[N_VERDICTS] = {
    [VERDICT_REACHABLE] = "reachable",       [VERDICT_BROKEN] = "broken",
    [VERDICT_BLOCKED] = "blocked",           [VERDICT_STORM] = "storm",
    [VERDICT_UNDETERMINED] = "undetermined",
};

const enum verdict_kind walk_verdicts[] = {
    [EFFECT_LATENT] = VERDICT_REACHABLE,
    [EFFECT_BLOCKS] = VERDICT_BLOCKED,
    [EFFECT_STOPS] = VERDICT_BROKEN,
    [EFFECT_STORMS] = VERDICT_STORM,
};

const enum hop walk_order[N_DIRECTIONS][N_HOPS] = {
    [INBOUND] = { HOP_WIRE, HOP_NIC, HOP_PROVIDER_BRIDGE, HOP_PATCH,
                  HOP_INTEGRATION_BRIDGE, HOP_LOGICAL_SWITCH, HOP_GATEWAY,
                  HOP_ROUTER, HOP_INNER_SWITCH, HOP_TUNNEL, HOP_PORT,
                  HOP_GUEST },
    [OUTBOUND] = { HOP_GUEST, HOP_PORT, HOP_INNER_SWITCH, HOP_ROUTER,
                   HOP_TUNNEL, HOP_GATEWAY, HOP_LOGICAL_SWITCH,
                   HOP_INTEGRATION_BRIDGE, HOP_PATCH, HOP_PROVIDER_BRIDGE,
                   HOP_NIC, HOP_WIRE },
};

/* Examining things. */

static void
examine(struct assessment *a, enum scope scope, const struct place *place,
        struct examination *x)
{
    memset(x, 0, sizeof *x);
    x->arena = &a->arena;
    rules_examine(scope, place, x);
}

static struct examination *
examine_attachments(struct assessment *a, struct fabric_localnet *localnet)
{
    struct examination *parts =
        arena_alloc(&a->arena, localnet->n_attachments * sizeof *parts);
    for (size_t i = 0; i < localnet->n_attachments; i++) {
        struct fabric_attachment *attachment = &localnet->attachments[i];
        struct place place = { .fabric = a->fabric,
                               .ls = localnet->ls,
                               .localnet = localnet,
                               .attachment = attachment,
                               .chassis = attachment->chassis };
        examine(a, SCOPE_ATTACHMENT, &place, &parts[i]);
    }
    return parts;
}

/* Of a localnet port that is lost, only what lies beyond its patch ports can
 * be examined: that it has none is no further fault. */
static struct examination *
examine_lost(struct assessment *a, struct fabric_localnet *lost)
{
    struct examination *parts = examine_attachments(a, lost);
    for (size_t i = 0; i < lost->n_attachments; i++) {
        struct examination *x = &parts[i];
        size_t n = 0;
        for (size_t j = 0; j < x->n_findings; j++) {
            if (x->findings[j]->hop != HOP_PATCH) {
                x->findings[n++] = x->findings[j];
            }
        }
        x->n_findings = n;
    }
    return parts;
}

static void
examine_unit(struct assessment *a, struct fabric_switch *ls,
             struct unit_examination *unit)
{
    struct place place = { .fabric = a->fabric, .ls = ls };
    examine(a, SCOPE_SWITCH, &place, &unit->ls);
    size_t n = ls->n_localnets;
    unit->localnets = arena_alloc(&a->arena, n * sizeof *unit->localnets);
    unit->attachments = arena_alloc(&a->arena, n * sizeof *unit->attachments);
    for (size_t i = 0; i < n; i++) {
        place.localnet = &ls->localnets[i];
        examine(a, SCOPE_LOCALNET, &place, &unit->localnets[i]);
        unit->attachments[i] = examine_attachments(a, place.localnet);
    }
    n = ls->n_pending;
    unit->pending = arena_alloc(&a->arena, n * sizeof *unit->pending);
    for (size_t i = 0; i < n; i++) {
        place.localnet = &ls->pending[i];
        examine(a, SCOPE_LOCALNET, &place, &unit->pending[i]);
    }
    unit->lost = ls->lost ? examine_lost(a, ls->lost) : NULL;
}

static void
examine_fabric(struct assessment *a)
{
    struct fabric *f = a->fabric;
    struct place place = { .fabric = f };
    examine(a, SCOPE_DEPLOYMENT, &place, &a->deployment);
    a->chassis = arena_alloc(&a->arena, f->n_chassis * sizeof *a->chassis);
    for (size_t i = 0; i < f->n_chassis; i++) {
        place.chassis = f->chassis[i];
        examine(a, SCOPE_CHASSIS, &place, &a->chassis[i]);
    }
    a->units = arena_alloc(&a->arena, f->n_switches * sizeof *a->units);
    for (size_t i = 0; i < f->n_switches; i++) {
        examine_unit(a, &f->switches[i], &a->units[i]);
    }
}

/* Findings, once each. */

static struct reach_finding *
place_finding(struct assessment *a, const struct finding *finding)
{
    char uuid[UUID_LENGTH + 1] = "";
    if (finding->subject) {
        uuid_format(&finding->subject->uuid, uuid);
    }
    const char *key =
        arena_printf(&a->arena, "%s %s %s %d %s", finding->rule->code, uuid,
                     finding->chassis ? finding->chassis : "", finding->effect,
                     finding->network);
    void **slot = strmap_place(&a->finding_index, key);
    if (!*slot) {
        a->findings = xgrow(a->findings, a->n_findings, &a->findings_capacity,
                            sizeof *a->findings);
        a->findings[a->n_findings++] =
            (struct reach_finding){ .finding = finding };
        *slot = (void *) (uintptr_t) a->n_findings;
    }
    return &a->findings[(uintptr_t) *slot - 1];
}

static void
add_affected(struct reach_finding *f, const char *id)
{
    if (f->n_affects && !strcmp(f->affects[f->n_affects - 1], id)) {
        return; /* Met once per direction. */
    }
    f->affects = xgrow(f->affects, f->n_affects, &f->affects_capacity,
                       sizeof *f->affects);
    f->affects[f->n_affects++] = id;
}

static void
place_findings(struct assessment *a, const struct examination *x)
{
    for (size_t i = 0; i < x->n_findings; i++) {
        place_finding(a, x->findings[i]);
    }
}

static void
place_unit_findings(struct assessment *a, const struct fabric_switch *ls,
                    const struct unit_examination *unit)
{
    place_findings(a, &unit->ls);
    for (size_t i = 0; i < ls->n_localnets; i++) {
        place_findings(a, &unit->localnets[i]);
        for (size_t j = 0; j < ls->localnets[i].n_attachments; j++) {
            place_findings(a, &unit->attachments[i][j]);
        }
    }
    for (size_t i = 0; i < ls->n_pending; i++) {
        place_findings(a, &unit->pending[i]);
    }
    for (size_t i = 0; ls->lost && i < ls->lost->n_attachments; i++) {
        place_findings(a, &unit->lost[i]);
    }
}

/* Walking. */

void
reach_way(const struct fabric_endpoint *e,
          struct fabric_localnet **ret_localnet,
          struct fabric_attachment **ret_attachment)
{
    struct fabric_switch *ls = e->ls;
    struct fabric_localnet *best = NULL;
    struct fabric_attachment *way = NULL;
    int best_score = -1;
    for (size_t i = 0; i < ls->n_localnets; i++) {
        struct fabric_localnet *localnet = &ls->localnets[i];
        struct fabric_attachment *attachment =
            e->chassis ? fabric_find_attachment(localnet, e->chassis) : NULL;
        int score = 4 * localnet->enabled
                    + 2 * (attachment && attachment->outer)
                    + (attachment && attachment->mapped);
        if (score > best_score) {
            best_score = score;
            best = localnet;
            way = attachment;
        }
    }
    *ret_localnet = best ? best : ls->n_pending ? &ls->pending[0] : NULL;
    *ret_attachment = way;
    if (!*ret_localnet && ls->lost) {
        *ret_localnet = ls->lost;
        *ret_attachment =
            e->chassis ? fabric_find_attachment(ls->lost, e->chassis) : NULL;
    }
}

void
walk_build(struct assessment *a, const struct fabric_endpoint *e,
           const char *host, struct examination *own, struct walk *walk)
{
    const struct fabric *f = a->fabric;
    struct fabric_switch *ls = e->ls;
    struct unit_examination *unit = &a->units[ls - f->switches];
    struct fabric_localnet *localnet;
    struct fabric_attachment *attachment;
    reach_way(e, &localnet, &attachment);
    struct place place = { .fabric = a->fabric,
                           .ls = ls,
                           .localnet = localnet,
                           .attachment = attachment,
                           .chassis = e->chassis,
                           .endpoint = (struct fabric_endpoint *) e,
                           .policy = a->policy,
                           .host = host };
    examine(a, SCOPE_ENDPOINT, &place, own);
    *walk = (struct walk){ .localnet = localnet, .attachment = attachment };
    walk->parts[walk->n++] = &a->deployment;
    if (e->chassis) {
        walk->parts[walk->n++] = &a->chassis[e->chassis->index];
    }
    if (e->vif && e->vif->chassis && e->vif->chassis != e->chassis) {
        walk->parts[walk->n++] = &a->chassis[e->vif->chassis->index];
    }
    walk->parts[walk->n++] = &unit->ls;
    if (localnet && localnet == ls->lost) {
        if (attachment) {
            walk->parts[walk->n++] =
                &unit->lost[attachment - localnet->attachments];
        }
    } else if (localnet && ls->n_localnets) {
        size_t i = (size_t) (localnet - ls->localnets);
        walk->parts[walk->n++] = &unit->localnets[i];
        if (attachment) {
            walk->parts[walk->n++] =
                &unit->attachments[i][attachment - localnet->attachments];
        }
    } else if (localnet) {
        walk->parts[walk->n++] = &unit->pending[localnet - ls->pending];
    }
    walk->parts[walk->n++] = own;
}

/* Verdicts. */

static void
add_string(struct assessment *a, const char ***list, size_t *n, const char *s)
{
    for (size_t i = 0; i < *n; i++) {
        if (!strcmp((*list)[i], s)) {
            return;
        }
    }
    /* Lists are short: room for eight at a time. */
    if (*n % 8 == 0) {
        const char **more = arena_alloc(&a->arena, (*n + 8) * sizeof **list);
        if (*n) {
            memcpy(more, *list, *n * sizeof **list);
        }
        *list = more;
    }
    (*list)[(*n)++] = s;
}

/* What lies behind a router's port that no row shows. */
static void
assume_routed(struct assessment *a, const struct fabric_endpoint *e,
              enum direction direction, struct verdict *v)
{
    const struct fabric_lrp *port = e->gateway;
    if (!port) {
        return;
    }
    if (e->vif && e->vif->chassis && e->chassis
        && e->vif->chassis != e->chassis) {
        add_string(a, &v->assumptions, &v->n_assumptions,
                   arena_printf(&a->arena,
                                "the network between chassis %s and %s "
                                "carries their tunnel",
                                e->chassis->name, e->vif->chassis->name));
    }
    if (direction == OUTBOUND) {
        add_string(a, &v->assumptions, &v->n_assumptions,
                   "the physical network's own router sends the answers back");
    }
    if (e->kind == ENDPOINT_GATEWAY && direction == OUTBOUND) {
        add_string(a, &v->assumptions, &v->n_assumptions,
                   "the tenants' VMs behind the router are up");
    }
}

static void
assume(struct assessment *a, const struct walk *walk,
       const struct fabric_endpoint *e, enum direction direction,
       struct verdict *v)
{
    const struct fabric_attachment *way = walk->attachment;
    if (e->kind != ENDPOINT_GATEWAY || direction == OUTBOUND) {
        add_string(a, &v->assumptions, &v->n_assumptions, "the guest answers");
    }
    assume_routed(a, e, direction, v);
    for (size_t i = 0; i < walk->n; i++) {
        const struct examination *x = walk->parts[i];
        for (size_t j = 0; j < x->n_missing; j++) {
            if (x->missing[j].is_assumed && !x->missing[j].spares[direction]) {
                add_string(a, &v->assumptions, &v->n_assumptions,
                           x->missing[j].what);
            }
        }
    }
    if (!way || !way->bridge || !way->bridge->n_nics) {
        return;
    }
    int tag = way->localnet->tag;
    add_string(
        a, &v->assumptions, &v->n_assumptions,
        tag ? arena_printf(&a->arena,
                           "the wire beyond %s of chassis %s carries "
                           "VLAN %d",
                           way->bridge->nics[0].name, way->chassis->name, tag)
            : arena_printf(&a->arena,
                           "the wire beyond %s of chassis %s carries "
                           "untagged frames",
                           way->bridge->nics[0].name, way->chassis->name));
}

static void
add_missing(struct assessment *a, const struct walk *walk, enum hop hop,
            enum direction direction, struct verdict *v)
{
    for (size_t i = 0; i < walk->n; i++) {
        const struct examination *x = walk->parts[i];
        for (size_t j = 0; j < x->n_missing; j++) {
            const struct missing_evidence *missing = &x->missing[j];
            if (missing->hop == hop && !missing->spares[direction]
                && !missing->is_assumed) {
                add_string(a, &v->missing, &v->n_missing, missing->what);
            }
        }
    }
}

/* Takes a stopping finding into the verdict: a storm outranks a break, and a
 * break a block; of equals the first on the way is the culprit. */
static void
blame(struct assessment *a, const struct finding *f, struct verdict *v)
{
    if (!v->culprit || f->effect > v->culprit->effect) {
        v->culprit = f;
        v->kind = walk_verdicts[f->effect];
    }
    add_string(a, &v->codes, &v->n_codes, f->rule->code);
}

static void
lead_with_culprit(struct verdict *v)
{
    for (size_t i = 1; i < v->n_codes; i++) {
        if (!strcmp(v->codes[i], v->culprit->rule->code)) {
            memmove(&v->codes[1], &v->codes[0], i * sizeof *v->codes);
            v->codes[0] = v->culprit->rule->code;
        }
    }
}

/* Takes one finding on the way into the verdict. */
static void
weigh(struct assessment *a, const struct walk *walk,
      const struct fabric_endpoint *e, const struct finding *f,
      struct verdict *v)
{
    if (f->effect == EFFECT_LATENT) {
        return;
    }
    const char *doubt = walk_doubt(a, walk, e, f);
    if (doubt) {
        add_string(a, &v->missing, &v->n_missing, doubt);
        v->awaits_daemons = true;
        return;
    }
    blame(a, f, v);
    if (!walk->is_trial) {
        add_affected(place_finding(a, f), fabric_endpoint_id(e));
    }
}

void
walk_judge(struct assessment *a, const struct walk *walk,
           const struct fabric_endpoint *e, enum direction direction,
           struct verdict *v)
{
    memset(v, 0, sizeof *v);
    for (size_t h = 0; h < N_HOPS; h++) {
        enum hop hop = walk_order[direction][h];
        for (size_t i = 0; i < walk->n; i++) {
            const struct examination *x = walk->parts[i];
            for (size_t j = 0; j < x->n_findings; j++) {
                const struct finding *f = x->findings[j];
                if (f->hop == hop && !f->spares[direction]) {
                    weigh(a, walk, e, f, v);
                }
            }
        }
        add_missing(a, walk, hop, direction, v);
    }
    if (v->culprit) {
        lead_with_culprit(v);
        v->n_missing = 0;
        return;
    }
    v->kind = v->n_missing ? VERDICT_UNDETERMINED : VERDICT_REACHABLE;
    assume(a, walk, e, direction, v);
}

enum verdict_kind
assessed_worst(const struct assessed_endpoint *e)
{
    static const int badness[N_VERDICTS] = { [VERDICT_REACHABLE] = 0,
                                             [VERDICT_UNDETERMINED] = 1,
                                             [VERDICT_BLOCKED] = 2,
                                             [VERDICT_BROKEN] = 3,
                                             [VERDICT_STORM] = 4 };
    enum verdict_kind in = e->verdicts[INBOUND].kind;
    enum verdict_kind out = e->verdicts[OUTBOUND].kind;
    return badness[in] > badness[out] ? in : out;
}

/* A fault that no walk crosses waits for its time: it is a warning.  Only a
 * switch without any endpoint is broken as such.  Of a switch with several
 * localnet ports each chassis maps one (ovn-architecture(7), "Gateway"), so
 * what is wrong with the way of one that nobody uses is no fault at all. */
static void
demote_unused(struct assessment *a)
{
    size_t n = 0;
    for (size_t i = 0; i < a->n_findings; i++) {
        struct reach_finding *rf = &a->findings[i];
        struct finding *f = (struct finding *) rf->finding;
        bool unused = f->effect == EFFECT_STOPS && !rf->n_affects && f->ls;
        if (unused && f->scope == SCOPE_ATTACHMENT && f->ls->n_localnets > 1) {
            free(rf->affects);
            continue;
        }
        if (unused && (f->ls->n_vifs || f->ls->n_router_ports)) {
            f->effect = EFFECT_LATENT;
        }
        a->findings[n++] = *rf;
    }
    a->n_findings = n;
}

static int
compare_findings(const void *a_, const void *b_)
{
    const struct reach_finding *a = a_, *b = b_;
    int order = (int) b->finding->effect - (int) a->finding->effect;
    order =
        order ? order
              : (b->n_affects > a->n_affects) - (b->n_affects < a->n_affects);
    return order ? order : (a->order > b->order) - (a->order < b->order);
}

/* Worst first; equal ones as the catalogue and the fabric have them. */
static void
sort_findings(struct assessment *a)
{
    for (size_t i = 0; i < a->n_findings; i++) {
        a->findings[i].order = i;
    }
    if (a->n_findings) {
        qsort(a->findings, a->n_findings, sizeof *a->findings,
              compare_findings);
    }
}

static void
assess_endpoint(struct assessment *a, const struct fabric_endpoint *endpoint)
{
    struct assessed_endpoint *e = &a->endpoints[a->n_endpoints++];
    struct examination own;
    struct walk walk;
    e->endpoint = endpoint;
    walk_build(a, endpoint, NULL, &own, &walk);
    place_findings(a, &own);
    for (int d = 0; d < N_DIRECTIONS; d++) {
        walk_judge(a, &walk, endpoint, d, &e->verdicts[d]);
    }
    a->counts[assessed_worst(e)]++;
    examination_done(&own);
}

void
reach_assess(struct assessment *a, struct fabric *f, const char *only)
{
    memset(a, 0, sizeof *a);
    arena_init(&a->arena);
    strmap_init(&a->finding_index);
    a->fabric = f;
    a->policy = policy_new(f, &a->arena);
    examine_fabric(a);
    a->endpoints =
        arena_zalloc(&a->arena, f->n_endpoints * sizeof *a->endpoints);
    place_findings(a, &a->deployment);
    for (size_t i = 0; i < f->n_chassis; i++) {
        place_findings(a, &a->chassis[i]);
    }
    for (size_t i = 0; i < f->n_switches; i++) {
        place_unit_findings(a, &f->switches[i], &a->units[i]);
    }
    for (size_t i = 0; i < f->n_endpoints; i++) {
        if (!only || fabric_endpoint_is(&f->endpoints[i], only)) {
            assess_endpoint(a, &f->endpoints[i]);
        }
    }
    demote_unused(a);
    sort_findings(a);
}

void
assessment_done(struct assessment *a)
{
    const struct fabric *f = a->fabric;
    for (size_t i = 0; i < f->n_switches; i++) {
        struct unit_examination *unit = &a->units[i];
        for (size_t j = 0; j < f->switches[i].n_localnets; j++) {
            const struct fabric_localnet *l = &f->switches[i].localnets[j];
            for (size_t k = 0; k < l->n_attachments; k++) {
                examination_done(&unit->attachments[j][k]);
            }
            examination_done(&unit->localnets[j]);
        }
        for (size_t j = 0; j < f->switches[i].n_pending; j++) {
            examination_done(&unit->pending[j]);
        }
        const struct fabric_localnet *lost = f->switches[i].lost;
        for (size_t j = 0; lost && j < lost->n_attachments; j++) {
            examination_done(&unit->lost[j]);
        }
        examination_done(&unit->ls);
    }
    for (size_t i = 0; i < f->n_chassis; i++) {
        examination_done(&a->chassis[i]);
    }
    for (size_t i = 0; i < a->n_findings; i++) {
        free(a->findings[i].affects);
    }
    examination_done(&a->deployment);
    free(a->findings);
    policy_free(a->policy);
    strmap_done(&a->finding_index);
    arena_done(&a->arena);
    memset(a, 0, sizeof *a);
}

const struct assessed_endpoint *
reach_find(const struct assessment *a, const char *name,
           const struct assessed_endpoint *after)
{
    for (const struct assessed_endpoint *at = after ? after + 1 : a->endpoints;
         at < a->endpoints + a->n_endpoints; at++) {
        if (fabric_endpoint_is(at->endpoint, name)) {
            return at;
        }
    }
    return NULL;
}
