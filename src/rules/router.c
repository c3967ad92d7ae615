/* Rules about a router: whether it and its ports are there, and where its
 * routes, policies and static MAC bindings send packets. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "rules/way.h"

static struct finding *
port_disabled(struct examination *x, const struct rule *rule,
              const struct place *place, const struct fabric_lrp *port)
{
    if (ovsdb_bool(port->row, LRP_ENABLED, true)) {
        return NULL;
    }
    struct finding *f =
        report(x, rule, place, "nb", port->row,
               "router port %s is disabled: ovn-nbctl lrp-set-enabled %s "
               "enabled",
               port->name, port->name);
    finding_evidence(f, "nb", port->row, "enabled", "false");
    return finding_cause_column(f, way_nb(place), port->row, LRP_ENABLED,
                                NULL);
}

void
check_lrp_disabled(struct examination *x, const struct rule *rule,
                   const struct place *place)
{
    way_check_ports(x, rule, place, port_disabled);
}

void
check_lr_disabled(struct examination *x, const struct rule *rule,
                  const struct place *place)
{
    const struct fabric_lrp *port = place->endpoint->gateway;
    const struct ovsdb_row *lr = port ? port->router->row : NULL;
    if (!lr || ovsdb_bool(lr, LR_ENABLED, true)) {
        return;
    }
    struct finding *f = report(x, rule, place, "nb", lr,
                               "router %s is disabled", port->router->label);
    finding_evidence(f, "nb", lr, "enabled", "false");
    finding_cause_column(f, way_nb(place), lr, LR_ENABLED, NULL);
}

/* A port that nothing joins; one with a peer leads to another router. */
static struct finding *
port_orphan(struct examination *x, const struct rule *rule,
            const struct place *place, const struct fabric_lrp *port)
{
    bool is_needed = place->endpoint->kind == ENDPOINT_FLOATING_IP;
    const struct fabric_router *router = port->router;
    bool has_floating_ips = ovsdb_count(router->row, LR_NAT) > router->n_snats;
    if (port->lsp) {
        return NULL;
    }
    if (*ovsdb_string(port->row, LRP_PEER)) {
        if (is_needed) {
            report_missing(x, HOP_ROUTER,
                           "the way through the router behind %s: provnet "
                           "does not follow routers that join routers yet",
                           port->name);
        }
        return NULL;
    }
    if (!is_needed) {
        report_missing_only(x, HOP_ROUTER, OUTBOUND,
                            "which VMs go out by router port %s: no switch "
                            "port names it",
                            port->name);
    }
    if (!is_needed && has_floating_ips) {
        return NULL;
    }
    struct finding *f =
        report(x, rule, place, "nb", port->row,
               "no switch port names router port %s, so router %s has "
               "nothing behind it",
               port->name, router->label);
    return is_needed ? f : finding_latent(f);
}

void
check_lrp_orphan(struct examination *x, const struct rule *rule,
                 const struct place *place)
{
    way_check_ports(x, rule, place, port_orphan);
}

/* Whether a static route goes out by 'port' whatever its networks are. */
static bool
is_named_output(const struct fabric_lrp *port, bool is_ipv6)
{
    const struct fabric_router *router = port->router;
    for (size_t i = 0; i < router->n_routes; i++) {
        const struct fabric_route *route = &router->routes[i];
        if (route->output == port && route->prefix.is_ipv6 == is_ipv6
            && *ovsdb_string(route->row, ROUTE_OUTPUT_PORT)) {
            return true;
        }
    }
    return false;
}

/* Neutron's prefix of the same address with another length, or NULL. */
static const char *
other_length(struct examination *x, const struct fabric_lrp *port,
             const struct address_prefix *network)
{
    const char *cidrs =
        port->lsp ? ovsdb_map_get(port->lsp, LSP_EXTERNAL_IDS, "neutron:cidrs")
                  : NULL;
    struct address parsed = { .n_ips = 0 };
    if (cidrs) {
        address_parse(&parsed, cidrs, x->arena);
    }
    for (size_t i = 0; i < parsed.n_ips; i++) {
        struct address_prefix other;
        if (address_prefix_parse(parsed.ips[i], &other)
            && other.is_ipv6 == network->is_ipv6
            && !memcmp(other.bytes, network->bytes, sizeof other.bytes)
            && other.length != network->length) {
            return parsed.ips[i];
        }
    }
    return NULL;
}

/* Whether a host could be on the network at all. */
static bool
is_host_only(const struct fabric_lrp *port,
             const struct address_prefix *network)
{
    for (size_t i = 0; i < port->n_networks; i++) {
        const struct address_prefix *other = &port->networks[i];
        if (other->is_ipv6 == network->is_ipv6
            && other->length < (other->is_ipv6 ? 128u : 32u)) {
            return false;
        }
    }
    return !is_named_output(port, network->is_ipv6);
}

void
check_lrp_subnet_wrong(struct examination *x, const struct rule *rule,
                       const struct place *place)
{
    const struct fabric_lrp *port = place->endpoint->gateway;
    bool is_ipv6 = address_is_ipv6(place->endpoint->address);
    for (size_t i = 0; port && i < port->n_networks; i++) {
        const struct address_prefix *network = &port->networks[i];
        if (network->is_ipv6 != is_ipv6) {
            continue;
        }
        const char *other = other_length(x, port, network);
        if (!other && !is_host_only(port, network)) {
            continue;
        }
        struct finding *f = report(
            x, rule, place, "nb", port->row,
            "router port %s has a network of /%u%s%s: the router has no way "
            "to hosts of the physical network",
            port->name, network->length, other ? ", and Neutron says " : "",
            other ? other : "");
        finding_evidence(f, "nb", port->row, "networks",
                         arena_printf(x->arena, "/%u", network->length));
        finding_cause_column(f, way_nb(place), port->row, LRP_NETWORKS, NULL);
    }
}

/* Looked at until this many ports share a MAC. */
#define MAX_SAME_MAC 16

void
check_lrp_mac_dup(struct examination *x, const struct rule *rule,
                  const struct place *place)
{
    const struct fabric_lrp *port = place->endpoint->gateway;
    const struct fabric_lrp *other =
        port ? strmap_get(&place->fabric->lrp_macs, port->mac) : NULL;
    for (size_t i = 0; other && i < MAX_SAME_MAC;
         other = other->same_mac, i++) {
        bool same_switch = other->ls && other->ls == port->ls;
        if (other == port || (other->router != port->router && !same_switch)) {
            continue;
        }
        struct finding *f =
            report(x, rule, place, "nb", port->row,
                   "router ports %s and %s have the same MAC %s", port->name,
                   other->name, port->mac);
        finding_evidence(f, "nb", other->row, "mac", port->mac);
        finding_cause_column(f, way_nb(place), port->row, LRP_MAC, NULL);
        if (!same_switch) {
            finding_latent(f);
        }
    }
}

/* ovn-nb(5), Logical_Router_Port, options:reside-on-redirect-chassis: only for
 * a port whose switch has a localnet port, of a router with one gateway port.
 */
static struct finding *
port_reside_redirect(struct examination *x, const struct rule *rule,
                     const struct place *place, const struct fabric_lrp *port)
{
    const char *reside =
        ovsdb_map_get(port->row, LRP_OPTIONS, "reside-on-redirect-chassis");
    const char *why = port->has_group          ? "is a gateway port itself"
                      : !port->ls              ? NULL
                      : !port->ls->n_localnets ? "leads to a switch without "
                                                 "a localnet port"
                      : port->router->n_gateways != 1
                          ? "is of a router that has not one gateway port"
                          : NULL;
    if (!reside || strcmp(reside, "true") || !why) {
        return NULL;
    }
    struct finding *f =
        report(x, rule, place, "nb", port->row,
               "router port %s has reside-on-redirect-chassis, but it %s: OVN "
               "ignores it",
               port->name, why);
    finding_evidence(f, "nb", port->row, "options:reside-on-redirect-chassis",
                     reside);
    finding_cause_column(f, way_nb(place), port->row, LRP_OPTIONS,
                         "reside-on-redirect-chassis");
    return finding_latent(f);
}

void
check_reside_redirect_misuse(struct examination *x, const struct rule *rule,
                             const struct place *place)
{
    way_check_ports(x, rule, place, port_reside_redirect);
}

/* Routes. */

static const struct fabric_default_route *
default_route(const struct place *place)
{
    const struct fabric_lrp *port = place->endpoint->gateway;
    bool is_ipv6 = address_is_ipv6(place->endpoint->address);
    return port ? &port->router->defaults[is_ipv6] : NULL;
}

void
check_route_default_missing(struct examination *x, const struct rule *rule,
                            const struct place *place)
{
    const struct fabric_default_route *d = default_route(place);
    if (!d || d->state) {
        return;
    }
    const struct fabric_router *router = place->endpoint->gateway->router;
    struct finding *f = report(
        x, rule, place, "nb", router->row,
        "router %s has no default route for %s: what lies beyond the physical "
        "network's own router is not reached",
        router->label,
        address_is_ipv6(place->endpoint->address) ? "IPv6" : "IPv4");
    finding_cause_column(f, way_nb(place), router->row, LR_STATIC_ROUTES,
                         NULL);
    finding_only(f, OUTBOUND);
}

void
check_route_nexthop_unresolvable(struct examination *x,
                                 const struct rule *rule,
                                 const struct place *place)
{
    const struct fabric_default_route *d = default_route(place);
    if (!d || d->state != ROUTE_UNRESOLVABLE) {
        return;
    }
    const struct ovsdb_row *row = d->route->row;
    const char *nexthop = ovsdb_string(row, ROUTE_NEXTHOP);
    const char *output = ovsdb_string(row, ROUTE_OUTPUT_PORT);
    struct finding *f =
        report(x, rule, place, "nb", row,
               "route %s via %s of router %s is not used: %s",
               ovsdb_string(row, ROUTE_IP_PREFIX), nexthop,
               place->endpoint->gateway->router->label,
               d->route->why ? d->route->why : "it leads nowhere");
    finding_evidence(f, "nb", row, *output ? "output_port" : "nexthop",
                     *output ? output : nexthop);
    finding_cause_column(f, way_nb(place), row,
                         *output ? (unsigned) ROUTE_OUTPUT_PORT
                                 : (unsigned) ROUTE_NEXTHOP,
                         NULL);
    finding_only(f, OUTBOUND);
}

void
check_route_discard(struct examination *x, const struct rule *rule,
                    const struct place *place)
{
    const struct fabric_default_route *d = default_route(place);
    if (!d || !d->discard) {
        return;
    }
    const struct ovsdb_row *row = d->discard->row;
    struct finding *f = report(x, rule, place, "nb", row,
                               "a route of router %s discards what goes to %s",
                               place->endpoint->gateway->router->label,
                               ovsdb_string(row, ROUTE_IP_PREFIX));
    finding_evidence(f, "nb", row, "nexthop", "discard");
    finding_cause_created(f, way_nb(place), row);
    finding_only(f, OUTBOUND);
}

/* Static MAC bindings. */

static bool
is_nexthop(const struct place *place, const char *ip)
{
    const struct fabric_default_route *d = default_route(place);
    return d->route && !strcmp(ovsdb_string(d->route->row, ROUTE_NEXTHOP), ip);
}

static int64_t
date_of(const struct evidence_db *db, uint32_t record)
{
    return db->log && record < db->log->n_records
               ? db->log->records[record].date_ms
               : 0;
}

/* What the address answered with: still, or when the static row was made. */
static const char *
learned_mac(const struct place *place, const struct fabric_static_mac *s)
{
    const struct evidence *evidence = place->fabric->evidence;
    const struct ovsdb_row *row = evidence_log_row(&evidence->nb, s->row);
    if (!s->learned
        || (!s->learned->exists
            && date_of(&evidence->sb, s->learned->deleted_in)
                   < date_of(&evidence->nb, row ? row->created_in : 0))) {
        return NULL;
    }
    return ovsdb_string(s->learned, MAC_BINDING_MAC);
}

/* ovn-nb(5), Static_MAC_Binding: what was learned is preferred unless
 * override_dynamic_mac is set. */
static void
check_static_mac(struct examination *x, const struct rule *rule,
                 const struct place *place, const struct fabric_static_mac *s)
{
    const char *ip = ovsdb_string(s->row, STATIC_MAC_BINDING_IP);
    const char *mac = ovsdb_string(s->row, STATIC_MAC_BINDING_MAC);
    bool overrides =
        ovsdb_bool(s->row, STATIC_MAC_BINDING_OVERRIDE_DYNAMIC_MAC, false);
    const char *learned = learned_mac(place, s);
    if (!learned && is_nexthop(place, ip)) {
        report_missing_only(x, HOP_ROUTER, OUTBOUND,
                            "whether %s has MAC %s, as a static MAC binding "
                            "says: nothing was learned of it",
                            ip, mac);
    }
    if (!learned || !strcasecmp(learned, mac)) {
        return;
    }
    struct finding *f =
        report(x, rule, place, "nb", s->row,
               "a static MAC binding says that %s has MAC %s, but it "
               "answered with %s",
               ip, mac, learned);
    finding_evidence(f, "nb", s->row, "mac", mac);
    finding_evidence(f, "sb", s->learned, "mac", learned);
    finding_cause_column(f, way_nb(place), s->row, STATIC_MAC_BINDING_MAC,
                         NULL);
    finding_only(f, OUTBOUND);
    if (!overrides || !is_nexthop(place, ip)) {
        finding_latent(f);
    }
}

/* Wrong ones that a floating IP tells of: the router's own address, which has
 * the same, tells of more. */
#define MAX_STATIC_MACS 16

void
check_static_mac_binding_wrong(struct examination *x, const struct rule *rule,
                               const struct place *place)
{
    const struct fabric_endpoint *e = place->endpoint;
    const struct fabric_static_mac *s =
        e->gateway ? e->gateway->static_macs : NULL;
    size_t limit = x->n_findings
                   + (e->kind == ENDPOINT_GATEWAY ? way_max_faults(place)
                                                  : MAX_STATIC_MACS);
    for (; s; s = s->next) {
        const char *ip = ovsdb_string(s->row, STATIC_MAC_BINDING_IP);
        if (x->n_findings < limit || is_nexthop(place, ip)) {
            check_static_mac(x, rule, place, s);
        }
    }
}

/* What a router has that provnet does not follow. */

static struct finding *
port_not_followed(struct examination *x, const struct rule *rule,
                  const struct place *place, const struct fabric_lrp *port)
{
    (void) rule;
    const char *redirect =
        ovsdb_map_get(port->row, LRP_OPTIONS, "redirect-type");
    const char *table = ovsdb_map_get(port->row, LRP_OPTIONS, "route_table");
    bool is_inner = port != place->endpoint->gateway;
    if (redirect && strcmp(redirect, "overlay")) {
        report_missing(x, HOP_GATEWAY,
                       "the way of packets that %s redirects (redirect-type "
                       "%s): provnet does not follow it yet",
                       port->name, redirect);
    }
    if (table && *table) {
        report_missing_only(x, HOP_ROUTER, OUTBOUND,
                            "the routes of table \"%s\", which %s uses: "
                            "provnet does not follow route tables yet",
                            table, port->name);
    }
    if (is_inner && port->ls && port->ls->n_localnets) {
        report_missing(x, HOP_INNER_SWITCH,
                       "the way through the physical network of switch %s "
                       "behind router %s: provnet does not follow it yet",
                       port->ls->name, port->router->label);
    }
    return NULL;
}

static void
report_route_doubts(struct examination *x, const struct place *place)
{
    const struct fabric_default_route *d = default_route(place);
    const struct fabric_lrp *port = place->endpoint->gateway;
    if (port->router->has_source_routes) {
        report_missing_only(x, HOP_ROUTER, OUTBOUND,
                            "where the routes by source address of router %s "
                            "lead: provnet does not follow them yet",
                            port->router->label);
    }
    if (d->state == ROUTE_UNKNOWN) {
        report_missing_only(x, HOP_ROUTER, OUTBOUND, "%s",
                            d->route->why ? d->route->why
                                          : "where the default route leads");
    }
    if (d->state == ROUTE_USABLE && d->route->output
        && d->route->output != port) {
        report_missing_only(x, HOP_ROUTER, OUTBOUND,
                            "what lies beyond the default route of router %s, "
                            "which leaves by %s",
                            port->router->label, d->route->output->name);
    }
}

void
check_router_not_followed(struct examination *x, const struct rule *rule,
                          const struct place *place)
{
    const struct fabric_lrp *port = place->endpoint->gateway;
    if (!port) {
        return;
    }
    way_check_ports(x, rule, place, port_not_followed);
    report_route_doubts(x, place);
}
