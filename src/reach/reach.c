#include "reach/reach.h"

#include <assert.h>
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
    x->arena = a->judging;
    rules_examine(scope, place, x);
}

/* Of a localnet port that is lost, only what lies beyond its patch ports can
 * be examined: that it has none is no further fault. */
static void
keep_beyond(struct examination *x)
{
    size_t n = 0;
    for (size_t j = 0; j < x->n_findings; j++) {
        if (x->findings[j]->hop != HOP_PATCH) {
            x->findings[n++] = x->findings[j];
        }
    }
    x->n_findings = n;
}

void
walk_examine_attachment(struct assessment *a,
                        struct fabric_attachment *attachment,
                        struct examination *x)
{
    struct fabric_localnet *localnet = attachment->localnet;
    struct place place = { .fabric = a->fabric,
                           .flood = a->flood,
                           .ls = localnet->ls,
                           .localnet = localnet,
                           .attachment = attachment,
                           .chassis = attachment->chassis };
    examine(a, SCOPE_ATTACHMENT, &place, x);
    if (localnet == localnet->ls->lost) {
        keep_beyond(x);
    }
}

/* A localnet port, and where what is found of its attachments goes. */
struct attached {
    struct fabric_localnet *localnet;
    struct examination *parts;
};

/* What has attachments. */
struct attached_list {
    struct attached *items;
    size_t n, capacity;
};

/* Examinations of the attachments of 'localnet', still empty. */
static struct examination *
add_attached(struct assessment *a, struct fabric_localnet *localnet,
             struct attached_list *list)
{
    struct examination *parts =
        arena_zalloc(&a->arena, localnet->n_attachments * sizeof *parts);
    list->items =
        xgrow(list->items, list->n, &list->capacity, sizeof *list->items);
    list->items[list->n++] = (struct attached){ localnet, parts };
    return parts;
}

/* All on one chassis one after the other: they look at the same things. */
static void
examine_attachments(struct assessment *a, const struct attached_list *list)
{
    for (size_t c = 0; c < a->fabric->n_chassis; c++) {
        for (size_t i = 0; i < list->n; i++) {
            struct fabric_attachment *attachment = fabric_find_attachment(
                list->items[i].localnet, a->fabric->chassis[c]);
            if (attachment) {
                walk_examine_attachment(a, attachment,
                                        &list->items[i].parts[c]);
            }
        }
    }
}

void
walk_examine_shell(struct assessment *a, struct fabric_switch *ls,
                   struct unit_examination *unit)
{
    struct place place = { .fabric = a->fabric, .flood = a->flood, .ls = ls };
    examine(a, SCOPE_SWITCH, &place, &unit->ls);
    for (size_t i = 0; i < ls->n_localnets; i++) {
        place.localnet = &ls->localnets[i];
        examine(a, SCOPE_LOCALNET, &place, &unit->localnets[i]);
    }
    for (size_t i = 0; i < ls->n_pending; i++) {
        place.localnet = &ls->pending[i];
        examine(a, SCOPE_LOCALNET, &place, &unit->pending[i]);
    }
}

void
walk_done_shell(const struct fabric_switch *ls, struct unit_examination *unit)
{
    examination_done(&unit->ls);
    for (size_t i = 0; i < ls->n_localnets; i++) {
        examination_done(&unit->localnets[i]);
    }
    for (size_t i = 0; i < ls->n_pending; i++) {
        examination_done(&unit->pending[i]);
    }
}

/* The switch and its localnet ports; their attachments are added to 'list'. */
static void
examine_unit(struct assessment *a, struct fabric_switch *ls,
             struct unit_examination *unit, struct attached_list *list)
{
    struct arena *arena = &a->arena;
    size_t n = ls->n_localnets;
    unit->localnets = arena_zalloc(arena, n * sizeof *unit->localnets);
    unit->attachments = arena_alloc(arena, n * sizeof *unit->attachments);
    unit->pending = arena_zalloc(arena, ls->n_pending * sizeof *unit->pending);
    walk_examine_shell(a, ls, unit);
    for (size_t i = 0; i < n; i++) {
        unit->attachments[i] = add_attached(a, &ls->localnets[i], list);
    }
    unit->lost = ls->lost ? add_attached(a, ls->lost, list) : NULL;
}

void
walk_examine_deployment(struct assessment *a)
{
    struct place place = { .fabric = a->fabric, .flood = a->flood };
    examination_done(&a->deployment);
    examine(a, SCOPE_DEPLOYMENT, &place, &a->deployment);
}

void
walk_examine_chassis(struct assessment *a)
{
    struct fabric *f = a->fabric;
    struct place place = { .fabric = f, .flood = a->flood };
    for (size_t i = 0; i < f->n_chassis; i++) {
        place.chassis = f->chassis[i];
        examination_done(&a->chassis[i]);
        examine(a, SCOPE_CHASSIS, &place, &a->chassis[i]);
    }
}

static void
examine_fabric(struct assessment *a)
{
    struct fabric *f = a->fabric;
    struct attached_list list = { .n = 0 };
    a->chassis = arena_zalloc(&a->arena, f->n_chassis * sizeof *a->chassis);
    walk_examine_chassis(a);
    a->units = arena_alloc(&a->arena, f->n_switches * sizeof *a->units);
    for (size_t i = 0; i < f->n_switches; i++) {
        examine_unit(a, &f->switches[i], &a->units[i], &list);
    }
    examine_attachments(a, &list);
    free(list.items);
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
                           .flood = a->flood,
                           .host = host };
    examine(a, SCOPE_ENDPOINT, &place, own);
    *walk = (struct walk){ .localnet = localnet, .attachment = attachment };
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

/* Makes room for one more pointer.  Lists are short: four at a time. */
static void *
grow_list(struct assessment *a, void *list, size_t n)
{
    if (n % 4) {
        return list;
    }
    void *more = arena_alloc(a->judging, (n + 4) * sizeof(void *));
    if (n) {
        memcpy(more, list, n * sizeof(void *));
    }
    return more;
}

static void
add_string(struct assessment *a, const char ***list, uint32_t *n,
           const char *s)
{
    for (size_t i = 0; i < *n; i++) {
        if (!strcmp((*list)[i], s)) {
            return;
        }
    }
    *list = grow_list(a, *list, *n);
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
                   arena_printf(a->judging,
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

/* The same in both directions. */
static const char *
assume_wire(struct assessment *a, const struct fabric_attachment *way)
{
    int tag = way->localnet->tag;
    const char *nic = way->bridge->nics[0].name;
    return tag ? arena_printf(a->judging,
                              "the wire beyond %s of chassis %s carries "
                              "VLAN %d",
                              nic, way->chassis->name, tag)
               : arena_printf(a->judging,
                              "the wire beyond %s of chassis %s carries "
                              "untagged frames",
                              nic, way->chassis->name);
}

static void
assume(struct assessment *a, struct walk *walk,
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
    walk->wire = walk->wire ? walk->wire : assume_wire(a, way);
    add_string(a, &v->assumptions, &v->n_assumptions, walk->wire);
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
    v->blamed = grow_list(a, v->blamed, v->n_blamed);
    v->blamed[v->n_blamed++] = f;
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
}

void
walk_judge(struct assessment *a, struct walk *walk,
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

void
walk_judge_endpoint(struct assessment *a, struct assessed_endpoint *e)
{
    struct walk walk;
    walk_build(a, e->endpoint, NULL, &e->own, &walk);
    for (int d = 0; d < N_DIRECTIONS; d++) {
        walk_judge(a, &walk, e->endpoint, d, &e->verdicts[d]);
    }
}

struct assessed_endpoint *
walk_add_endpoint(struct assessment *a, const struct fabric_endpoint *endpoint)
{
    assert(a->n_endpoints < a->fabric->endpoints_capacity);
    struct assessed_endpoint *e = &a->endpoints[a->n_endpoints++];
    *e = (struct assessed_endpoint){ .endpoint = endpoint };
    return e;
}

/* Those that are wanted. */
static void
judge_endpoints(struct assessment *a, const char *only)
{
    struct fabric *f = a->fabric;
    const struct fabric_endpoint **wanted =
        xmalloc(f->n_endpoints * sizeof(struct fabric_endpoint *));
    a->endpoints =
        arena_alloc(&a->arena, f->endpoints_capacity * sizeof *a->endpoints);
    for (size_t i = 0; i < f->n_endpoints; i++) {
        if (!only || fabric_endpoint_is(&f->endpoints[i], only)) {
            wanted[a->n_endpoints++] = &f->endpoints[i];
        }
    }
    workers_judge(a, wanted);
    free(wanted);
}

void
reach_judge_all(struct assessment *a, struct fabric *f, const char *only)
{
    memset(a, 0, sizeof *a);
    arena_init(&a->arena);
    a->fabric = f;
    a->judging = &a->arena;
    struct flood_making making;
    workers_begin_flood(&making, f);
    a->policy = policy_new(f, &a->arena);
    if (!only) {
        workers_start(a);
    }
    a->flood = workers_end_flood(&making);
    examine_fabric(a);
    judge_endpoints(a, only);
}

void
reach_assess(struct assessment *a, struct fabric *f, const char *only)
{
    reach_judge_all(a, f, only);
    walk_examine_deployment(a);
    findings_collect(a);
}

static void
done_attachments(const struct fabric_localnet *localnet,
                 struct examination *parts)
{
    for (size_t i = 0; i < localnet->n_attachments; i++) {
        examination_done(&parts[i]);
    }
}

static void
done_unit(const struct fabric_switch *ls, struct unit_examination *unit)
{
    walk_done_shell(ls, unit);
    for (size_t i = 0; i < ls->n_localnets; i++) {
        done_attachments(&ls->localnets[i], unit->attachments[i]);
    }
    if (ls->lost) {
        done_attachments(ls->lost, unit->lost);
    }
}

void
assessment_done(struct assessment *a)
{
    const struct fabric *f = a->fabric;
    for (size_t i = 0; i < f->n_switches; i++) {
        done_unit(&f->switches[i], &a->units[i]);
    }
    for (size_t i = 0; i < f->n_chassis; i++) {
        examination_done(&a->chassis[i]);
    }
    findings_done(a);
    for (size_t i = 0; i < a->n_endpoints; i++) {
        struct assessed_endpoint *e = &a->endpoints[i];
        examination_done(&e->own);
        if (e->arena) {
            arena_done(e->arena);
            free(e->arena);
        }
    }
    examination_done(&a->deployment);
    workers_done(a);
    policy_free(a->policy);
    flood_free(a->flood);
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
