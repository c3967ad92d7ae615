/* What load balancers may do to a ping: provnet does not follow them, so
 * where one is on its way it says so, and where none is nothing.
 *
 * OVN 23.03, northd/northd.c.  A VIP with a port takes no ICMP.  One without
 * takes what begins at a port of a switch (build_lb_rules(): ct.new, and ports
 * of routers are not tracked), or crosses a router before its NAT
 * (build_lrouter_nat_flows_for_lb()); but a router answers for its own
 * addresses before that (build_lrouter_ipv4_ip_input()).  What backends send
 * is translated as ever, with skip_snat too: NAT on a router with a gateway
 * port has the higher priority (build_lrouter_out_snat_flow(); measured,
 * lab/incidents/healthy-load-balancers). */
#include <string.h>

#include "fabric/balancer.h"
#include "rules/way.h"

static const char *
label_of(struct examination *x, const struct ovsdb_row *lb)
{
    const char *name = ovsdb_string(lb, LOAD_BALANCER_NAME);
    char uuid[UUID_LENGTH + 1];
    if (*name) {
        return name;
    }
    uuid_format(&lb->uuid, uuid);
    return arena_strdup(x->arena, uuid);
}

static const char *
option_of(const struct ovsdb_row *lb, const char *option)
{
    const char *value = ovsdb_map_get(lb, LOAD_BALANCER_OPTIONS, option);
    return value ? value : "";
}

/* Where packets to 'ip', with which an exchange in 'direction' begins, would
 * meet a VIP without a port that has it. */
static void
check_taken(struct examination *x, enum hop hop, enum direction direction,
            const struct ovsdb_row *holder, const char *name, const char *ip,
            const struct fabric_balanced *b)
{
    for (; b; b = b->next) {
        if (b->what == BALANCES_ALL && fabric_has_balancer(holder, b->lb)) {
            report_missing_only(
                x, hop, direction,
                "what load balancer %s of %s does with packets to %s: provnet "
                "does not follow VIPs without a port yet",
                label_of(x, b->lb), name, ip);
        }
    }
}

/* lib/lb.c, ovn_lb_get_neigh_mode(): a router answers for a VIP, with a port
 * or not, that a network of it contains. */
static bool
answers_for(const struct fabric_router *router, const char *ip,
            const struct ovsdb_row *lb)
{
    const char *mode = option_of(lb, "neighbor_responder");
    bool is_template = !strcmp(option_of(lb, "template"), "true");
    return strcmp(mode, "none")
           && (!strcmp(mode, "all")
               || (!is_template && fabric_router_port_to(router, ip)))
           && fabric_has_balancer(router->row, lb);
}

/* ARP or ND for the endpoint, that others answer too: routers on its switch,
 * but for its own, and OVN for the address that it probes backends from
 * (build_lswitch_arp_nd_service_monitor()). */
static void
check_answered(struct examination *x, const struct place *place,
               const struct fabric_balanced *b)
{
    const struct fabric_endpoint *e = place->endpoint;
    const struct fabric_switch *ls = e->ls;
    for (; b; b = b->next) {
        if (b->what == BALANCES_PROBES && b->lsp->owner == ls->row) {
            report_missing(x, HOP_LOGICAL_SWITCH,
                           "who answers for %s: load balancer %s probes its "
                           "backends from it",
                           e->address, label_of(x, b->lb));
        }
        bool is_vip = b->what == BALANCES_ALL || b->what == BALANCES_PORT;
        for (size_t i = 0; is_vip && i < ls->n_router_ports; i++) {
            const struct ovsdb_row *lrp = ls->router_ports[i].lrp;
            const struct fabric_lrp *port =
                lrp ? place->fabric->lrp_of_row[lrp->index] : NULL;
            if (port && !(e->gateway && e->gateway->router == port->router)
                && answers_for(port->router, e->address, b->lb)) {
                report_missing(x, HOP_LOGICAL_SWITCH,
                               "who answers for %s: it is a VIP of load "
                               "balancer %s of router %s, too",
                               e->address, label_of(x, b->lb),
                               port->router->label);
            }
        }
    }
}

static void
check_vips(struct examination *x, const struct place *place,
           const struct fabric_balanced *b)
{
    const struct fabric_endpoint *e = place->endpoint;
    const char *ip = e->address;
    check_taken(x, HOP_LOGICAL_SWITCH, INBOUND, e->ls->row,
                arena_printf(x->arena, "switch %s", e->ls->name), ip, b);
    if (e->kind == ENDPOINT_FLOATING_IP) {
        check_taken(
            x, HOP_ROUTER, INBOUND, e->gateway->router->row,
            arena_printf(x->arena, "router %s", e->gateway->router->label), ip,
            b);
    }
    check_answered(x, place, b);
}

/* The host that the endpoint pings, if it is said. */
static void
check_host(struct examination *x, const struct place *place,
           const struct fabric_balanced *b)
{
    const struct fabric_endpoint *e = place->endpoint;
    const struct fabric_switch *ls = e->vif ? e->vif->ls : NULL;
    if (ls) {
        check_taken(x, ls == e->ls ? HOP_LOGICAL_SWITCH : HOP_INNER_SWITCH,
                    OUTBOUND, ls->row,
                    arena_printf(x->arena, "switch %s", ls->name), place->host,
                    b);
    }
    if (e->gateway) {
        check_taken(
            x, HOP_ROUTER, OUTBOUND, e->gateway->router->row,
            arena_printf(x->arena, "router %s", e->gateway->router->label),
            place->host, b);
    }
}

void
check_load_balancers(struct examination *x, const struct rule *rule,
                     const struct place *place)
{
    const struct fabric *f = place->fabric;
    const struct fabric_balanced *parts[] = {
        fabric_find_balanced(f, place->endpoint->address),
        fabric_find_templates(f),
    };
    (void) rule;
    for (size_t i = 0; i < N_ELEMENTS(parts); i++) {
        if (parts[i]) {
            check_vips(x, place, parts[i]);
        }
    }
    if (place->host) {
        check_host(x, place, fabric_find_balanced(f, place->host));
    }
}
