/* Exchanges, frame by frame: which port each comes in by and goes out by, and
 * what is known of it. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "policy/acl.h"

/* The name of a port that is not there. */
#define NOWHERE "\x01"

enum frame {
    ARP_REQUEST,
    ARP_REPLY,
    ECHO_REQUEST,
    ECHO_REPLY,
};

static const char *const frame_names[] = {
    [ARP_REQUEST] = "an ARP request",
    [ARP_REPLY] = "an ARP reply",
    [ECHO_REQUEST] = "an echo request",
    [ECHO_REPLY] = "an echo reply",
};

/* One side of a switch that a frame crosses. */
struct end {
    const struct ovsdb_row *lsp; /* NULL if NB does not have it. */
    const char *name;
    bool is_guest;
    bool is_localnet;
    bool is_committed; /* The request made a connection in its zone. */
};

/* A switch between the physical network, or the router on the way to it, and
 * the endpoint, or the router on the way to that. */
struct crossing {
    struct policy_switch *sw;
    struct end outer, inner;
    const char *address; /* Of the inner side; "" if it is not known. */
    const char *mac;     /* Likewise; NULL if it is not known. */
    struct policy_bits address_bits, mac_bits; /* The same. */
    bool has_responder;  /* OVN answers ARP for the outer side. */
    uint64_t ct_state;   /* What tracking at a port has told; 0... */
    bool may_be_tracked; /* ...for nothing, unless it may have. */
};

struct remote {
    const char *exact;          /* NULL if it is any host. */
    struct policy_bits bits[2]; /* As far as it is known, and a stranger's. */
};

struct exchange {
    struct policy *policy;
    struct crossing crossings[2]; /* From outside inwards. */
    size_t n;
    struct remote remote;
    bool is_ipv6;
    struct policy_verdict *verdict;

    /* The frame that is judged, at the crossing where it is: as far as it is
     * known, and with a stranger's address.  Most are never asked for. */
    bool is_made[2];
    struct match_packet packets[2];
};

/* The frame at one stage of a crossing. */
struct stop {
    struct crossing *crossing;
    struct end *end;
    enum policy_stage stage;
    enum frame frame;
    bool inward;
    const struct acl_list *list;
};

/* Packets. */

#define BROADCAST UINT64_C(0xffffffffffff)

static const struct policy_bits unknown = { 0, 0 };

static struct policy_bits
read_mac(const char *mac)
{
    struct match_constant c;
    return mac && match_constant_parse(&c, mac) && !c.masked
                   && c.format == MATCH_ETHERNET
               ? (struct policy_bits){ c.value, match_ones(48) }
               : unknown;
}

static void
read_crossing(const struct exchange *x, struct crossing *c)
{
    c->address_bits = policy_read_address(c->address, x->is_ipv6);
    c->mac_bits = read_mac(c->mac);
}

static void
set_remote(struct exchange *x, const char *host)
{
    x->remote.exact = host;
    x->remote.bits[0] = x->remote.bits[1] =
        policy_read_address(host, x->is_ipv6);
}

static void
set(struct match_packet *packet, enum match_field field,
    struct policy_bits bits)
{
    match_packet_set_bits(packet, field, bits.value, bits.known);
}

static void
set_fields(struct match_packet *packet, enum frame frame, bool is_ipv6)
{
    static const struct {
        enum match_field field;
        uint64_t arp, ipv4, ipv6; /* ~0 for none. */
    } fields[] = {
        { MATCH_ETH_TYPE, 0x806, 0x800, 0x86dd },
        { MATCH_IP_PROTO, ~UINT64_C(0), 1, 58 },
        { MATCH_IP_TTL, ~UINT64_C(0), 64, 64 },
        { MATCH_IP_FRAG, ~UINT64_C(0), 0, 0 },
        { MATCH_IP_DSCP, ~UINT64_C(0), 0, 0 },
        { MATCH_IP_ECN, ~UINT64_C(0), 0, 0 },
        { MATCH_VLAN_TCI, 0, 0, 0 },
        { MATCH_PKT_MARK, 0, 0, 0 },
        { MATCH_CT_STATE, 0, 0, 0 },
    };
    bool is_arp = frame <= ARP_REPLY;
    for (size_t i = 0; i < N_ELEMENTS(fields); i++) {
        uint64_t value = is_arp    ? fields[i].arp
                         : is_ipv6 ? fields[i].ipv6
                                   : fields[i].ipv4;
        if (value != ~UINT64_C(0)) {
            match_packet_set(packet, fields[i].field, value);
        }
    }
    if (is_arp) {
        match_packet_set(packet, MATCH_ARP_OP, frame == ARP_REQUEST ? 1 : 2);
    } else if (is_ipv6) {
        match_packet_set(packet, MATCH_ICMP6_TYPE,
                         frame == ECHO_REQUEST ? 128 : 129);
        match_packet_set(packet, MATCH_ICMP6_CODE, 0);
    } else {
        match_packet_set(packet, MATCH_ICMP4_TYPE,
                         frame == ECHO_REQUEST ? 8 : 0);
        match_packet_set(packet, MATCH_ICMP4_CODE, 0);
    }
}

static void
make_packet(const struct exchange *x, const struct stop *s, bool as_stranger,
            struct match_packet *packet)
{
    static const enum match_field sources[] = { MATCH_IP4_SRC, MATCH_IP6_SRC,
                                                MATCH_ARP_SPA };
    static const enum match_field targets[] = { MATCH_IP4_DST, MATCH_IP6_DST,
                                                MATCH_ARP_TPA };
    const struct crossing *c = s->crossing;
    enum frame frame = s->frame;
    bool inward = s->inward, is_arp = frame <= ARP_REPLY;
    int kind = is_arp ? 2 : x->is_ipv6;
    match_packet_init(packet);
    set_fields(packet, frame, x->is_ipv6);
    set(packet, inward ? targets[kind] : sources[kind], c->address_bits);
    if (!is_arp || !c->has_responder) {
        set(packet, inward ? sources[kind] : targets[kind],
            x->remote.bits[as_stranger]);
    }
    static const match_bits group = (match_bits) 1 << 40;
    match_packet_set_bits(packet, MATCH_ETH_SRC, 0, group);
    match_packet_set_bits(packet, MATCH_ETH_DST, 0, group);
    set(packet, inward ? MATCH_ETH_DST : MATCH_ETH_SRC, c->mac_bits);
    if (frame == ARP_REQUEST) {
        match_packet_set(packet, MATCH_ETH_DST, BROADCAST);
    }
    if (is_arp && !inward) {
        set(packet, MATCH_ARP_SHA, c->mac_bits);
    }
}

/* The frame at the stage, in this state of connection tracking. */
static struct match_packet *
packet_at(struct exchange *x, const struct stop *s, uint64_t ct_state,
          bool as_stranger)
{
    const struct crossing *c = s->crossing;
    struct match_packet *packet = &x->packets[as_stranger];
    if (!x->is_made[as_stranger]) {
        make_packet(x, s, as_stranger, packet);
        x->is_made[as_stranger] = true;
    }
    match_packet_set(packet, MATCH_CT_STATE, ct_state);
    match_packet_set_port(packet, MATCH_INPORT,
                          s->inward ? c->outer.name : c->inner.name);
    match_packet_set_port(packet, MATCH_OUTPORT,
                          s->stage != STAGE_OUT ? "none"
                          : s->inward           ? c->inner.name
                                                : c->outer.name);
    return packet;
}

/* One stage. */

static bool
needs_stranger(const struct exchange *x, const struct stop *s)
{
    return !x->remote.exact && s->list->asks_members;
}

static void
conclude(struct exchange *x, const struct stop *s,
         const struct acl_decision *d)
{
    struct policy_verdict *v = x->verdict;
    const struct crossing *c = s->crossing;
    if (d->outcome == POLICY_ALLOWED || v->outcome == POLICY_DROPPED
        || (v->outcome == POLICY_UNKNOWN && d->outcome == POLICY_UNKNOWN)) {
        return;
    }
    *v = (struct policy_verdict){
        .outcome = d->outcome,
        .acl = d->acl ? d->acl->row : NULL,
        .group = d->acl ? d->acl->group : NULL,
        .ls = c->sw->ls,
        .lsp = s->end->lsp,
        .port = s->end->name,
        .at_guest = s->end->is_guest,
        .stage = s->stage == STAGE_OUT ? "to-lport" : "from-lport",
        .frame = frame_names[s->frame],
        .why = d->why,
        .host = x->remote.exact,
    };
    if (d->outcome == POLICY_DROPPED) {
        v->removed = acl_find_removed(
            x->policy, s->stage, d->acl,
            packet_at(x, s, c->ct_state, needs_stranger(x, s)));
    }
}

/* Whether frames are tracked at 'end': at guests' ports if an ACL or a load
 * balancer asks for it; at localnet ports for load balancers only, and never
 * at ports of routers (northd.c, skip_port_from_conntrack(),
 * build_pre_lb()). */
static bool
is_tracked(const struct policy_switch *sw, const struct end *end)
{
    return sw->is_balanced ? end->is_guest || end->is_localnet
                           : sw->is_stateful && end->is_guest;
}

static enum match_result
is_stateless(struct exchange *x, const struct stop *s,
             const struct acl_list *list)
{
    return list->has_stateless
               ? acl_is_stateless(list, packet_at(x, s, 0, false))
               : MATCH_NO;
}

/* What connection tracking says of a frame, which comes before ACLs are asked.
 * What an "allow-stateless" ACL names is left out of it
 * (build_stateless_filter()).  What one port was told on the way in stays with
 * the frame on the way out of another that is not tracked: ovn-trace 23.03
 * shows it ("next;" without "ct_clear;").  But where only load balancers
 * track, ports of routers clear it (skip_port_from_conntrack()). */
static void
track(struct exchange *x, const struct stop *s)
{
    struct crossing *c = s->crossing;
    const struct end *end = s->end;
    if (s->frame <= ARP_REPLY || !is_tracked(c->sw, end)) {
        c->ct_state = c->sw->is_stateful ? c->ct_state : 0;
        return;
    }
    enum match_result stateless = is_stateless(x, s, s->list);
    /* Those that are asked later keep frames from tracking as well. */
    if (s->stage == STAGE_IN && stateless != MATCH_YES) {
        enum match_result later = is_stateless(
            x, s, acl_select(x->policy, c->sw, end->lsp, STAGE_IN_AFTER_LB));
        stateless = later == MATCH_NO ? stateless : later;
    }
    c->may_be_tracked = stateless == MATCH_MAYBE;
    c->ct_state = stateless == MATCH_YES     ? c->ct_state
                  : s->frame == ECHO_REQUEST ? MATCH_CT_TRK | MATCH_CT_NEW
                  : end->is_committed
                      ? MATCH_CT_TRK | MATCH_CT_EST | MATCH_CT_RPL
                      : MATCH_CT_TRK | MATCH_CT_INV;
}

/* What the ACLs of the stage say, whatever was tracked. */
static struct acl_decision
ask_list(struct exchange *x, const struct stop *s, bool drops_by_default)
{
    enum acl_frame frame = s->frame <= ARP_REPLY ? ACL_FRAME_ARP
                           : x->is_ipv6          ? ACL_FRAME_ECHO_IPV6
                                                 : ACL_FRAME_ECHO;
    uint64_t ct_state = s->crossing->ct_state;
    if (!(s->list->frames & frame)) {
        return (struct acl_decision){ drops_by_default ? POLICY_DROPPED
                                                       : POLICY_ALLOWED,
                                      NULL, NULL };
    }
    const struct match_packet *packet = packet_at(x, s, ct_state, false);
    return acl_decide(x->policy, s->list, drops_by_default, frame, packet,
                      needs_stranger(x, s) ? packet_at(x, s, ct_state, true)
                                           : packet);
}

/* northd.c, build_acls(): what answers a connection passes whatever the ACLs
 * say, and what answers none is dropped. */
static struct acl_decision
decide(struct exchange *x, const struct stop *s, bool drops_by_default)
{
    struct acl_decision d = { POLICY_ALLOWED, NULL, NULL };
    const struct crossing *c = s->crossing;
    if (c->ct_state & MATCH_CT_RPL && !c->may_be_tracked) {
        return d;
    }
    d = ask_list(x, s, drops_by_default);
    if (c->may_be_tracked || c->ct_state & MATCH_CT_INV) {
        d.outcome = POLICY_UNKNOWN;
        d.acl = s->list->n ? s->list->items[0] : NULL;
        d.why = "and ACLs take frames past connection tracking one way, so "
                "that their answers may be invalid";
    }
    s->end->is_committed |=
        is_tracked(c->sw, s->end) && c->ct_state & MATCH_CT_NEW
        && s->stage != STAGE_IN_AFTER_LB && d.outcome != POLICY_DROPPED;
    return d;
}

/* northd.c, build_acls(): default_acl_drop drops all where there are ACLs, and
 * IP where there are only load balancers. */
static bool
may_drop(const struct policy *p, const struct policy_switch *sw)
{
    return sw->has_acls || (sw->is_balanced && p->drops_by_default);
}

static bool
drops_by_default(const struct policy *p, const struct policy_switch *sw,
                 enum policy_stage stage, enum frame frame)
{
    return p->drops_by_default
           && (sw->has_acls
               || (stage != STAGE_IN_AFTER_LB && frame > ARP_REPLY));
}

static void
judge_stage(struct exchange *x, struct crossing *c, struct end *end,
            enum policy_stage stage, enum frame frame, bool inward)
{
    if (!may_drop(x->policy, c->sw) || x->verdict->outcome == POLICY_DROPPED) {
        return;
    }
    bool by_default = drops_by_default(x->policy, c->sw, stage, frame);
    struct stop s = { c,      end,
                      stage,  frame,
                      inward, acl_select(x->policy, c->sw, end->lsp, stage) };
    if (!s.list->n && !by_default && !is_tracked(c->sw, end)) {
        return;
    }
    if (stage != STAGE_IN_AFTER_LB) {
        track(x, &s);
    }
    struct acl_decision d = decide(x, &s, by_default);
    conclude(x, &s, &d);
}

/* One frame across one switch.  It brings no state of another switch with it:
 * patch ports clear that (controller/physical.c, OVN 23.03; ovn-trace does
 * not). */
static void
judge_frame(struct exchange *x, struct crossing *c, enum frame frame,
            bool inward)
{
    bool only_inner = c->has_responder && frame <= ARP_REPLY;
    struct end *from = inward ? &c->outer : &c->inner;
    struct end *to = inward ? &c->inner : &c->outer;
    c->ct_state = 0;
    c->may_be_tracked = false;
    x->is_made[0] = x->is_made[1] = false;
    if (!only_inner || !inward) {
        judge_stage(x, c, from, STAGE_IN, frame, inward);
        judge_stage(x, c, from, STAGE_IN_AFTER_LB, frame, inward);
    }
    if (!only_inner || inward) {
        judge_stage(x, c, to, STAGE_OUT, frame, inward);
    }
}

static void
judge_everywhere(struct exchange *x, enum frame frame, bool inward)
{
    for (size_t i = 0; i < x->n; i++) {
        judge_frame(x, &x->crossings[inward ? i : x->n - 1 - i], frame,
                    inward);
    }
}

static void
judge_exchange(struct exchange *x, bool inbound)
{
    memset(x->verdict, 0, sizeof *x->verdict);
    /* ND is let pass before any ACL, so only ARP is asked about (northd.c,
     * IPV6_CT_OMIT_MATCH). */
    for (size_t i = 0; i < x->n && !x->is_ipv6; i++) {
        struct crossing *c = &x->crossings[i];
        bool inward = inbound && !c->has_responder;
        judge_frame(x, c, ARP_REQUEST, inward);
        judge_frame(x, c, ARP_REPLY, !inward);
    }
    for (size_t i = 0; i < x->n; i++) {
        x->crossings[i].outer.is_committed = false;
        x->crossings[i].inner.is_committed = false;
    }
    judge_everywhere(x, ECHO_REQUEST, inbound);
    judge_everywhere(x, ECHO_REPLY, !inbound);
}

/* The way. */

static const struct end nowhere = { .name = NOWHERE };

/* The first switch port that names a port of 'lr', or NULL. */
static const struct ovsdb_row *
find_router_port(const struct fabric_switch *ls, const struct ovsdb_row *lr)
{
    for (size_t i = 0; i < ls->n_router_ports; i++) {
        const struct fabric_router_port *port = &ls->router_ports[i];
        if (port->lrp && lr && port->lrp->owner == lr) {
            return port->lsp;
        }
    }
    return NULL;
}

static struct end
router_end(const struct ovsdb_row *lsp)
{
    return lsp ? (struct end){ .lsp = lsp,
                               .name = ovsdb_string(lsp, LSP_NAME) }
               : nowhere;
}

static struct end
guest_end(const struct fabric_vif *vif)
{
    return (struct end){ vif->lsp, vif->name, .is_guest = true };
}

/* The first address of the port of the family that is asked for. */
static const char *
first_address(const struct fabric_vif *vif, bool is_ipv6)
{
    for (size_t i = 0; i < vif->n_addresses; i++) {
        for (size_t j = 0; j < vif->addresses[i].n_ips; j++) {
            if (address_is_ipv6(vif->addresses[i].ips[j]) == is_ipv6) {
                return vif->addresses[i].ips[j];
            }
        }
    }
    return "";
}

/* The tenant's switch behind the router of a floating IP or of SNAT. */
static void
add_tenant(struct exchange *x, const struct fabric_endpoint *e,
           const struct ovsdb_row *lr)
{
    const struct fabric_vif *vif = e->vif;
    x->crossings[x->n++] = (struct crossing){
        .sw = policy_switch_of(x->policy, vif->ls),
        .outer = router_end(find_router_port(vif->ls, lr)),
        .inner = guest_end(vif),
        .address = e->kind == ENDPOINT_FLOATING_IP
                       ? e->name
                       : first_address(vif, x->is_ipv6),
        .mac = vif->n_addresses ? vif->addresses[0].mac : NULL,
        .has_responder = true,
    };
}

/* Where frames of the physical network come in.  Between two VMs of one
 * chassis, or of a switch without a localnet port, that is the other VM's
 * port, whose own ACLs are asked when that VM is. */
static struct end
outer_end(const struct exchange *x, const struct fabric_endpoint *e,
          const struct fabric_localnet *localnet)
{
    struct policy_switch *sw = policy_switch_of(x->policy, e->ls);
    const struct fabric_vif *other =
        x->remote.exact ? policy_find_owner(sw, x->remote.exact) : NULL;
    if (!localnet
        || (other && (other->chassis == e->chassis || !e->ls->n_localnets))) {
        return nowhere;
    }
    return (struct end){ localnet->lsp, localnet->name, .is_localnet = true };
}

static void
find_way(struct exchange *x, const struct fabric_endpoint *e,
         const struct fabric_localnet *localnet, bool inbound)
{
    struct crossing *c = &x->crossings[x->n++];
    *c = (struct crossing){
        .sw = policy_switch_of(x->policy, e->ls),
        .outer = outer_end(x, e, localnet),
        .address = e->address,
        .mac = e->mac,
    };
    if (e->kind == ENDPOINT_VM) {
        c->inner = e->vif ? guest_end(e->vif) : nowhere;
        return;
    }
    const struct ovsdb_row *lr = e->nb->owner;
    c->inner = router_end(e->gateway->is_joined ? e->gateway->lsp : NULL);
    if (e->vif && e->vif->ls != e->ls
        && (e->kind == ENDPOINT_FLOATING_IP || !inbound)) {
        add_tenant(x, e, lr);
    }
}

/* The host on the physical network. */

static void
find_remote(struct exchange *x, const struct fabric_endpoint *e)
{
    struct policy_switch *sw = policy_switch_of(x->policy, e->ls);
    const struct policy_network *network =
        policy_network_of(x->policy, sw, e, x->is_ipv6);
    if (network) {
        x->remote.bits[0] = network->hosts;
        x->remote.bits[1] = network->stranger;
        return;
    }
    /* Of the ranges for documents (RFC 5737, RFC 3849). */
    x->remote.bits[1] = policy_read_address(
        x->is_ipv6 ? "2001:db8::fffe" : "192.0.2.254", x->is_ipv6);
}

/* Where the answer depends on the host, those that are known are asked about.
 * If an ACL that drops singles some of them out, these are blocked; if one
 * that allows does, which ones matter cannot be told.  A next hop alone tells
 * nothing of those that it sends for. */
static void
judge_hosts(struct exchange *x, const struct fabric_endpoint *e, bool inbound)
{
    struct policy_verdict *ret = x->verdict;
    struct policy_verdict first = *ret;
    struct policy_switch *sw = policy_switch_of(x->policy, e->ls);
    const char *example = NULL;
    size_t n_asked = 0, n_allowed = 0;
    policy_find_hosts(x->policy, sw);
    for (size_t i = 0; i < sw->n_hosts; i++) {
        struct policy_verdict v;
        const struct policy_host *host = &sw->hosts[i];
        if (address_is_ipv6(host->ip) != x->is_ipv6) {
            continue;
        }
        example = host->is_next_hop ? example : host->ip;
        set_remote(x, host->ip);
        x->verdict = &v;
        judge_exchange(x, inbound);
        n_asked++;
        n_allowed += v.outcome == POLICY_ALLOWED;
        if (v.outcome == POLICY_DROPPED && v.acl == first.acl) {
            *ret = v;
            return;
        }
    }
    if (example && n_allowed == n_asked) {
        *ret = first;
        ret->outcome = POLICY_ALLOWED;
        ret->host = example;
    }
}

void
policy_judge(struct policy *p, const struct fabric_endpoint *e,
             const struct fabric_localnet *localnet, bool inbound,
             const char *host, struct policy_verdict *ret)
{
    struct exchange x; /* Large: its packets are made when needed. */
    memset(&x, 0, offsetof(struct exchange, packets));
    x.policy = p;
    x.is_ipv6 = address_is_ipv6(e->address);
    x.verdict = ret;
    memset(ret, 0, sizeof *ret);
    if (host && address_is_ip(host) && address_is_ipv6(host) == x.is_ipv6) {
        set_remote(&x, host);
    }
    find_way(&x, e, localnet, inbound);
    bool any = false;
    for (size_t i = 0; i < x.n; i++) {
        any |= may_drop(p, x.crossings[i].sw);
    }
    if (!any) {
        return;
    }
    for (size_t i = 0; i < x.n; i++) {
        read_crossing(&x, &x.crossings[i]);
    }
    if (!x.remote.exact) {
        find_remote(&x, e);
    }
    judge_exchange(&x, inbound);
    if (ret->outcome == POLICY_UNKNOWN && !x.remote.exact) {
        judge_hosts(&x, e, inbound);
    }
}
