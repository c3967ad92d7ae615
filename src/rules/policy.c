/* A router's policies (ovn-nbctl lr-policy-add), asked about the packets of an
 * endpoint that leave its router. */
#include <stdlib.h>
#include <string.h>

#include "match/match.h"
#include "rules/way.h"

/* A policy with its match; NULL if that could not be read. */
struct policy {
    const struct ovsdb_row *row;
    const struct match *match;
};

struct policies {
    struct arena arena;
    struct match_context context;
    struct policy *list;
    size_t n;
};

/* Higher priorities first (ovn-nb(5), Logical_Router_Policy). */
static int
compare_policies(const void *a_, const void *b_)
{
    const struct policy *a = a_, *b = b_;
    int64_t a_priority = ovsdb_integer(a->row, POLICY_PRIORITY, 0);
    int64_t b_priority = ovsdb_integer(b->row, POLICY_PRIORITY, 0);
    return (b_priority > a_priority) - (b_priority < a_priority);
}

static void
read_policies(const struct ovsdb_row *lr, struct policies *ret)
{
    unsigned n = ovsdb_count(lr, LR_POLICIES);
    arena_init(&ret->arena);
    match_context_init(&ret->context, &ret->arena, NULL, NULL, NULL);
    ret->list = arena_alloc(&ret->arena, n * sizeof *ret->list);
    ret->n = 0;
    for (unsigned i = 0; i < n; i++) {
        const struct ovsdb_row *row = ovsdb_atoms(lr, LR_POLICIES)[i].row;
        if (row->exists) {
            struct policy *p = &ret->list[ret->n++];
            *p = (struct policy){ .row = row };
            error_free(match_parse(
                &ret->context, ovsdb_string(row, POLICY_MATCH), &p->match));
        }
    }
    if (ret->n) {
        qsort(ret->list, ret->n, sizeof *ret->list, compare_policies);
    }
}

/* A network of the port and family as text, or NULL. */
static const char *
network_of(const struct fabric_lrp *port, bool is_ipv6)
{
    for (unsigned i = 0; port && i < ovsdb_count(port->row, LRP_NETWORKS);
         i++) {
        const char *text = ovsdb_atoms(port->row, LRP_NETWORKS)[i].string;
        if ((strchr(text, ':') != NULL) == is_ipv6) {
            return text;
        }
    }
    return NULL;
}

/* An echo request (or, for routing alike, reply) of the endpoint's guest; to
 * 'to', an address or a prefix, or to anywhere if that is NULL. */
static void
make_packet(const struct fabric_endpoint *e, const struct fabric_lrp *inner,
            const char *to, struct match_packet *ret)
{
    bool is_ipv6 = address_is_ipv6(e->address);
    match_packet_init(ret);
    match_packet_set(ret, MATCH_ETH_TYPE, is_ipv6 ? 0x86dd : 0x800);
    match_packet_set(ret, MATCH_IP_PROTO, is_ipv6 ? 58 : 1);
    match_packet_set(ret, MATCH_IP_FRAG, 0);
    if (inner) {
        match_packet_set_port(ret, MATCH_INPORT, inner->name);
    }
    const char *from = e->nat ? e->guest_address : network_of(inner, is_ipv6);
    if ((from
         && match_packet_set_text(ret, is_ipv6 ? MATCH_IP6_SRC : MATCH_IP4_SRC,
                                  from))
        || (to
            && match_packet_set_text(
                ret, is_ipv6 ? MATCH_IP6_DST : MATCH_IP4_DST, to))) {
        match_packet_init(ret);
    }
}

enum fate { FATE_PASSES, FATE_DROPPED, FATE_PARTLY_DROPPED, FATE_UNKNOWN };

/* What a policy that applies, for sure or to some destinations, does. */
static enum fate
fate_of(const struct fabric_router *router, const struct policy *policy,
        bool is_sure)
{
    const char *action = ovsdb_string(policy->row, POLICY_ACTION);
    unsigned n = ovsdb_count(policy->row, POLICY_NEXTHOPS);
    if (!strcmp(action, "drop")) {
        return is_sure ? FATE_DROPPED : FATE_PARTLY_DROPPED;
    }
    if (strcmp(action, "allow") && strcmp(action, "reroute")) {
        return FATE_UNKNOWN;
    }
    for (unsigned i = 0; i < n; i++) {
        if (!fabric_router_port_to(
                router, ovsdb_atoms(policy->row, POLICY_NEXTHOPS)[i].string)) {
            return FATE_UNKNOWN;
        }
    }
    return FATE_PASSES;
}

/* What the policies do to 'packet'; '*ret' is the policy that decides. */
static enum fate
follow(const struct fabric_router *router, const struct policies *policies,
       const struct match_packet *packet, const struct policy **ret)
{
    const uint64_t destinations =
        (uint64_t) 1 << MATCH_IP4_DST | (uint64_t) 1 << MATCH_IP6_DST;
    for (size_t i = 0; i < policies->n; i++) {
        const struct policy *policy = &policies->list[i];
        struct match_verdict v = { .result = MATCH_MAYBE };
        *ret = policy;
        if (policy->match) {
            v = match_evaluate(policy->match, packet);
        }
        if (v.result == MATCH_NO) {
            continue;
        }
        bool is_sure = v.result == MATCH_YES;
        if (!policy->match || (!is_sure && v.unknown & ~destinations)) {
            return FATE_UNKNOWN;
        }
        enum fate fate = fate_of(router, policy, is_sure);
        if (is_sure || fate != FATE_PASSES) {
            return fate;
        }
    }
    return FATE_PASSES;
}

static void
report_fate(struct examination *x, const struct rule *rule,
            const struct place *place, enum fate fate,
            const struct policy *policy, bool is_beyond)
{
    const struct fabric_router *router = place->endpoint->gateway->router;
    const char *match = ovsdb_string(policy->row, POLICY_MATCH);
    if (fate == FATE_UNKNOWN) {
        report_missing_only(
            x, HOP_ROUTER, OUTBOUND,
            "whether the policy \"%s\" of router %s (%s) concerns %s", match,
            router->label, ovsdb_string(policy->row, POLICY_ACTION),
            place->endpoint->address);
        if (!is_beyond) {
            x->missing[x->n_missing - 1].spares[INBOUND] = false;
        }
        return;
    }
    struct finding *f = report(x, rule, place, "nb", policy->row,
                               "a policy of router %s drops packets of %s: %s",
                               router->label, place->endpoint->address, match);
    finding_evidence(f, "nb", policy->row, "match", match);
    finding_cause_created(f, way_nb(place), policy->row);
    if (is_beyond) {
        finding_only(f, OUTBOUND);
    }
}

/* By one port of the tenants; returns whether there was something to say. */
static bool
check_port(struct examination *x, const struct rule *rule,
           const struct place *place, const struct policies *policies,
           const struct fabric_lrp *inner, const char *on_link)
{
    const struct fabric_endpoint *e = place->endpoint;
    const char *const targets[] = { on_link, NULL };
    for (size_t i = 0; i < N_ELEMENTS(targets); i++) {
        struct match_packet packet;
        const struct policy *policy;
        make_packet(e, inner, targets[i], &packet);
        enum fate fate =
            follow(e->gateway->router, policies, &packet, &policy);
        if (fate == FATE_PARTLY_DROPPED && targets[i]) {
            continue; /* Some host of the physical network, not all. */
        }
        if (fate != FATE_PASSES) {
            report_fate(x, rule, place, fate, policy,
                        !targets[i] || e->kind == ENDPOINT_GATEWAY);
            return true;
        }
    }
    return false;
}

void
check_router_policy_drop(struct examination *x, const struct rule *rule,
                         const struct place *place)
{
    const struct fabric_endpoint *e = place->endpoint;
    const struct fabric_router *router =
        e->gateway ? e->gateway->router : NULL;
    if (!router || !ovsdb_count(router->row, LR_POLICIES)) {
        return;
    }
    struct policies policies;
    read_policies(router->row, &policies);
    const union ovsdb_atom *networks =
        ovsdb_atoms(e->gateway->row, LRP_NETWORKS);
    const char *on_link = e->address;
    for (unsigned i = 0; i < ovsdb_count(e->gateway->row, LRP_NETWORKS); i++) {
        if (address_in_prefix(e->address, networks[i].string)) {
            on_link = networks[i].string;
        }
    }
    bool done =
        e->nat && check_port(x, rule, place, &policies, e->inner, on_link);
    for (size_t i = 0; !e->nat && !done && i < router->n_ports; i++) {
        const struct fabric_lrp *port = &router->ports[i];
        done = way_is_tenant(port, e->gateway)
               && fabric_lrp_speaks(port, e->address)
               && check_port(x, rule, place, &policies, port, on_link);
    }
    match_context_done(&policies.context);
    arena_done(&policies.arena);
}
