/* Drawing paths: the same hops, findings and missing evidence as the
 * verdicts, in the order in which a frame meets them. */
#include <string.h>

#include "reach/walk.h"

static struct step *
add_step(struct path *path, enum hop hop, const char *name,
         const struct fabric_chassis *chassis)
{
    struct step *step = &path->steps[path->n++];
    *step = (struct step){ .hop = hop,
                           .name = name ? name : "",
                           .chassis = chassis ? chassis->name : NULL,
                           .state = STEP_PASS };
    return step;
}

/* The names of an attachment's NICs, "eth0" or "eth0, eth1". */
static const char *
nic_names(struct arena *arena, const struct fabric_attachment *way)
{
    const char *names = "";
    for (size_t i = 0; way && way->bridge && i < way->bridge->n_nics; i++) {
        names = arena_printf(arena, "%s%s%s", names, i ? ", " : "",
                             way->bridge->nics[i].name);
    }
    return names;
}

static const char *
bridge_name(const struct fabric_attachment *way)
{
    return !way          ? ""
           : way->bridge ? way->bridge->name
           : way->mapped ? way->mapped
                         : "";
}

static bool
crosses_tunnel(const struct fabric_endpoint *e)
{
    return e->gateway && e->vif && e->vif->chassis && e->chassis
           && e->vif->chassis != e->chassis;
}

/* "r1: dnat 192.168.50.200 -> 10.10.0.11", or just the router. */
static const char *
router_step(struct arena *arena, const struct fabric_endpoint *e,
            enum direction direction)
{
    const char *router = e->gateway ? e->gateway->router->label : "";
    if (!e->nat) {
        return router;
    }
    return direction == INBOUND
               ? arena_printf(arena, "%s: dnat %s -> %s", router, e->address,
                              ovsdb_string(e->nat, NAT_LOGICAL_IP))
               : arena_printf(arena, "%s: snat %s -> %s", router,
                              e->guest_address, e->address);
}

/* The tunnel's interface on the chassis that sends. */
static const char *
tunnel_name(const struct fabric_endpoint *e, enum direction direction)
{
    if (!crosses_tunnel(e)) {
        return "";
    }
    const struct fabric_chassis *inner = e->vif->chassis;
    const struct ovsdb_row *tunnel =
        direction == INBOUND ? fabric_find_tunnel(e->chassis, inner)
                             : fabric_find_tunnel(inner, e->chassis);
    return tunnel ? ovsdb_string(tunnel, INTERFACE_NAME) : "";
}

static const char *
hop_name(struct arena *arena, const struct walk *walk,
         const struct fabric_endpoint *e, enum hop hop,
         enum direction direction, const char *external)
{
    switch (hop) {
    case HOP_WIRE:
        return external;
    case HOP_NIC:
        return nic_names(arena, walk->attachment);
    case HOP_PROVIDER_BRIDGE:
        return bridge_name(walk->attachment);
    case HOP_PATCH:
        return walk->localnet ? walk->localnet->name : "";
    case HOP_INTEGRATION_BRIDGE:
        return e->chassis ? e->chassis->integration_bridge : "";
    case HOP_LOGICAL_SWITCH:
        return e->ls->name;
    case HOP_PORT:
        if (e->gateway && e->vif) {
            return arena_printf(arena, "%s of %s", e->vif->name,
                                e->vif->label);
        }
        return strcmp(e->port, e->name)
                   ? arena_printf(arena, "%s of %s", e->port, e->name)
                   : e->port;
    case HOP_GATEWAY:
        return e->gateway ? e->gateway->name : "";
    case HOP_ROUTER:
        return router_step(arena, e, direction);
    case HOP_INNER_SWITCH:
        return e->vif ? e->vif->ls->name : "";
    case HOP_TUNNEL:
        return tunnel_name(e, direction);
    case HOP_GUEST:
        return e->gateway && e->vif ? e->vif->label : e->name;
    case N_HOPS:
        break;
    }
    return "";
}

static bool
has_hop(const struct fabric_endpoint *e, enum hop hop)
{
    bool tunnel = hop == HOP_TUNNEL;
    bool inner = hop == HOP_INNER_SWITCH || tunnel;
    bool router = hop == HOP_GATEWAY || hop == HOP_ROUTER || inner;
    bool guest = hop == HOP_PORT || hop == HOP_GUEST || inner;
    return e->kind == ENDPOINT_VM        ? !router
           : e->kind == ENDPOINT_GATEWAY ? !guest
           : tunnel                      ? crosses_tunnel(e)
                                         : !guest || e->vif;
}

/* The chassis where the hop is, or NULL if it belongs to none. */
static const struct fabric_chassis *
chassis_at(const struct fabric_endpoint *e, enum hop hop,
           enum direction direction)
{
    const struct fabric_chassis *inner =
        e->gateway && e->vif ? e->vif->chassis : e->chassis;
    switch (hop) {
    case HOP_NIC:
    case HOP_PROVIDER_BRIDGE:
    case HOP_PATCH:
    case HOP_INTEGRATION_BRIDGE:
    case HOP_GATEWAY:
        return e->chassis;
    case HOP_TUNNEL:
        return direction == INBOUND ? e->chassis : inner;
    case HOP_PORT:
    case HOP_GUEST:
        return inner;
    default:
        return NULL;
    }
}

static const char *
missing_at(const struct walk *walk, enum hop hop, enum direction direction)
{
    for (size_t i = 0; i < walk->n; i++) {
        const struct examination *x = walk->parts[i];
        for (size_t j = 0; j < x->n_missing; j++) {
            const struct missing_evidence *missing = &x->missing[j];
            if (missing->hop == hop && !missing->spares[direction]
                && !missing->is_assumed) {
                return missing->what;
            }
        }
    }
    return NULL;
}

/* The worst finding at 'hop' that stops the endpoint's frames, or NULL; then
 * '*ret_doubt' may be why one that is there does not count for sure. */
static const struct finding *
find_stop(struct assessment *a, const struct walk *walk,
          const struct fabric_endpoint *e, enum hop hop,
          enum direction direction, enum effect at_least,
          const char **ret_doubt)
{
    const struct finding *worst = NULL;
    *ret_doubt = NULL;
    for (size_t i = 0; i < walk->n; i++) {
        const struct examination *x = walk->parts[i];
        for (size_t j = 0; j < x->n_findings; j++) {
            const struct finding *f = x->findings[j];
            if (f->hop != hop || f->spares[direction]
                || f->effect < at_least) {
                continue;
            }
            const char *doubt = walk_doubt(a, walk, e, f);
            if (doubt) {
                *ret_doubt = doubt;
            } else if (!worst || f->effect > worst->effect) {
                worst = f;
            }
        }
    }
    return worst;
}

/* Fills in how the step fares if the frame gets there, stopped by 'f' or, if
 * that is NULL, not for sure because 'unknown' is not known. */
static void
judge_step(const struct walk *walk, struct step *step, const struct finding *f,
           const char *unknown)
{
    if (f) {
        step->state = STEP_STOP;
        step->code = f->rule->code;
        step->why = f->message;
    } else if (unknown) {
        step->state = STEP_UNKNOWN;
        step->why = unknown;
    } else if (!walk->attachment
               && (step->hop == HOP_NIC || step->hop == HOP_PROVIDER_BRIDGE
                   || step->hop == HOP_PATCH
                   || step->hop == HOP_INTEGRATION_BRIDGE)) {
        step->state = STEP_UNKNOWN;
        step->why = "nothing tells on which chassis";
    } else if (step->hop == HOP_WIRE || step->hop == HOP_GUEST) {
        step->why = "assumed";
    }
}

/* A router's address speaks for all tenants behind it, so that their hops are
 * drawn only where one of them stops what they begin. */
static bool
is_tenant_stop(const struct fabric_endpoint *e, enum hop hop,
               const struct finding *f)
{
    return f && e->kind == ENDPOINT_GATEWAY
           && (hop == HOP_INNER_SWITCH || hop == HOP_TUNNEL
               || hop == HOP_PORT);
}

/* Steps of the hops that 'wanted' names, for one endpoint.  Returns whether
 * the frame is stopped by then. */
static bool
add_steps(struct assessment *a, const struct fabric_endpoint *e,
          enum direction direction, const bool *wanted, const char *external,
          enum effect at_least, bool stopped, struct path *path)
{
    struct examination own;
    struct walk walk;
    walk_build(a, e, external, &own, &walk);
    for (size_t h = 0; h < N_HOPS; h++) {
        enum hop hop = walk_order[direction][h];
        const char *doubt;
        const struct finding *f =
            find_stop(a, &walk, e, hop, direction, at_least, &doubt);
        if (!wanted[hop] || (!has_hop(e, hop) && !is_tenant_stop(e, hop, f))) {
            continue;
        }
        struct step *step = add_step(
            path, hop, hop_name(&a->arena, &walk, e, hop, direction, external),
            chassis_at(e, hop, direction));
        if (stopped) {
            step->state = STEP_UNKNOWN;
            step->why = "not reached";
        } else {
            judge_step(&walk, step, f,
                       doubt ? doubt : missing_at(&walk, hop, direction));
            path->culprit = f;
            stopped = f != NULL;
        }
    }
    examination_done(&own);
    return stopped;
}

static const bool all_hops[N_HOPS] = { true, true, true, true, true, true,
                                       true, true, true, true, true, true };

static void
init_path(struct assessment *a, struct path *path)
{
    memset(path, 0, sizeof *path);
    path->steps = arena_alloc(&a->arena, 2 * N_HOPS * sizeof *path->steps);
}

static enum verdict_kind
judge_with(struct assessment *a, const struct fabric_endpoint *e,
           enum direction direction, const char *external)
{
    struct examination own;
    struct walk walk;
    struct verdict verdict;
    walk_build(a, e, external, &own, &walk);
    walk_judge(a, &walk, e, direction, &verdict);
    examination_done(&own);
    return verdict.kind;
}

/* The verdict is about any host of the physical network; ACLs may treat the
 * one at the other end of the path otherwise. */
static enum verdict_kind
kind_with(struct assessment *a, const struct assessed_endpoint *at,
          enum direction direction, const char *external)
{
    enum verdict_kind one = judge_with(a, at->endpoint, direction, external);
    return one == judge_with(a, at->endpoint, direction, NULL)
               ? at->verdicts[direction].kind
               : one;
}

void
reach_trace(struct assessment *a, const struct assessed_endpoint *at,
            enum direction direction, const char *external, struct path *path)
{
    /* A storm is what the verdict names, whatever else stands in the way. */
    bool is_storm = at->verdicts[direction].kind == VERDICT_STORM;
    init_path(a, path);
    add_steps(a, at->endpoint, direction, all_hops, external,
              is_storm ? EFFECT_STORMS : EFFECT_BLOCKS, false, path);
    path->kind = kind_with(a, at, direction, external);
}

/* Between two endpoints. */

static const bool guest_hops[N_HOPS] = {
    [HOP_PORT] = true, [HOP_GUEST] = true
};
static const bool out_hops[N_HOPS] = { [HOP_NIC] = true,
                                       [HOP_PROVIDER_BRIDGE] = true,
                                       [HOP_PATCH] = true,
                                       [HOP_INTEGRATION_BRIDGE] = true,
                                       [HOP_LOGICAL_SWITCH] = true,
                                       [HOP_PORT] = true,
                                       [HOP_GUEST] = true };

/* The middle of a way that does not leave by the localnet port: one chassis,
 * or two and the tunnel between them. */
static void
add_inner_steps(struct assessment *a, const struct fabric_endpoint *from,
                const struct fabric_endpoint *to, struct path *path)
{
    add_step(path, HOP_LOGICAL_SWITCH, from->ls->name, NULL);
    add_step(path, HOP_INTEGRATION_BRIDGE,
             from->chassis ? from->chassis->integration_bridge : "",
             from->chassis);
    if (from->chassis == to->chassis) {
        return;
    }
    struct step *step = add_step(
        path, HOP_INTEGRATION_BRIDGE,
        to->chassis ? to->chassis->integration_bridge : "", to->chassis);
    step->state = STEP_UNKNOWN;
    step->why = "through the tunnel between the chassis, which provnet does "
                "not examine yet";
    path->note = arena_printf(
        &a->arena,
        "switch %s has no localnet port, so this traffic goes through the "
        "tunnels: it passes although nothing from outside does.  Do not take "
        "it for a sign that the network is up",
        from->ls->name);
}

void
reach_trace_between(struct assessment *a,
                    const struct assessed_endpoint *from_at,
                    const struct assessed_endpoint *to_at, struct path *path)
{
    const struct fabric_endpoint *from = from_at->endpoint;
    const struct fabric_endpoint *to = to_at->endpoint;
    bool outside = from->chassis != to->chassis && from->ls->n_localnets;
    const bool *hops = outside ? out_hops : guest_hops;
    init_path(a, path);
    bool stopped = add_steps(a, from, OUTBOUND, hops, to->address,
                             EFFECT_BLOCKS, false, path);
    if (outside) {
        struct step *wire = add_step(path, HOP_WIRE, "", NULL);
        wire->state = stopped ? STEP_UNKNOWN : STEP_PASS;
        wire->why = stopped ? "not reached" : "assumed";
    } else {
        add_inner_steps(a, from, to, path);
    }
    stopped = add_steps(a, to, INBOUND, hops, from->address, EFFECT_BLOCKS,
                        stopped, path);
    path->kind = VERDICT_REACHABLE;
    for (size_t i = 0; i < path->n; i++) {
        if (path->steps[i].state == STEP_UNKNOWN) {
            path->kind = VERDICT_UNDETERMINED;
        }
    }
    if (stopped && path->culprit) {
        path->kind = walk_verdicts[path->culprit->effect];
    }
}
