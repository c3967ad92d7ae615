/* Rules about address translation: floating IPs and the SNAT of tenants. */
#include <string.h>
#include <strings.h>

#include "rules/way.h"

static struct finding *
report_nat(struct examination *x, const struct rule *rule,
           const struct place *place, unsigned column, const char *name,
           const char *value, const char *message)
{
    const struct ovsdb_row *nat = place->endpoint->nat;
    struct finding *f = report(x, rule, place, "nb", nat, "%s", message);
    finding_evidence(f, "nb", nat, name, value);
    return finding_cause_column(f, way_nb(place), nat, column, NULL);
}

static const char *
logical_ip(const struct fabric_endpoint *e)
{
    return ovsdb_string(e->nat, NAT_LOGICAL_IP);
}

/* The port that the NAT row names, or NULL. */
static const struct ovsdb_row *
named_lsp(const struct place *place)
{
    const char *name = ovsdb_string(place->endpoint->nat, NAT_LOGICAL_PORT);
    return *name ? strmap_get(&place->fabric->lsps, name) : NULL;
}

static const struct fabric_vif *
named_vif(const struct place *place)
{
    const struct ovsdb_row *lsp = named_lsp(place);
    return lsp ? place->fabric->vif_of_row[lsp->index] : NULL;
}

/* The logical address. */

static bool
takes_any_address(const struct fabric_switch *ls)
{
    for (size_t i = 0; i < ls->n_vifs; i++) {
        if (ls->vifs[i]->is_unknown) {
            return true;
        }
    }
    return false;
}

/* Whether a static route sends 'ip' to something behind the router. */
static bool
is_routed_inside(const struct fabric_router *router, const char *ip)
{
    struct address_prefix host;
    for (size_t i = 0; address_prefix_parse(ip, &host) && i < router->n_routes;
         i++) {
        const struct fabric_route *route = &router->routes[i];
        if (route->prefix.length > 1 && route->state != ROUTE_DISCARD
            && address_prefix_contains(&route->prefix, &host)) {
            return true;
        }
    }
    return false;
}

static bool
may_be_elsewhere(const struct fabric_endpoint *e)
{
    const struct fabric_lrp *inner = e->inner;
    return !inner ? is_routed_inside(e->gateway->router, logical_ip(e))
                  : inner == e->gateway || !inner->ls
                        || takes_any_address(inner->ls);
}

void
check_nat_logical_ip_wrong(struct examination *x, const struct rule *rule,
                           const struct place *place)
{
    const struct fabric_endpoint *e = place->endpoint;
    if (!e->nat
        || (e->vif && e->inner && e->vif->ls == e->inner->ls
            && (!e->vif->n_addresses
                || fabric_vif_has_ip(e->vif, logical_ip(e))))) {
        return;
    }
    if (may_be_elsewhere(e)) {
        report_missing(x, HOP_ROUTER,
                       "who has %s, to which floating IP %s leads: no port "
                       "behind router %s says so",
                       logical_ip(e), e->address, e->gateway->router->label);
        return;
    }
    way_spare_outbound(
        report_nat(x, rule, place, NAT_LOGICAL_IP, "logical_ip", logical_ip(e),
                   arena_printf(x->arena,
                                "floating IP %s leads to %s, which no port "
                                "behind router %s has",
                                e->address, logical_ip(e),
                                e->gateway->router->label)),
        place);
}

/* Distributed floating IPs. */

void
check_nat_dist_port_missing(struct examination *x, const struct rule *rule,
                            const struct place *place)
{
    const struct fabric_endpoint *e = place->endpoint;
    if (!e->is_distributed || named_vif(place)) {
        return;
    }
    const char *name = ovsdb_string(e->nat, NAT_LOGICAL_PORT);
    if (named_lsp(place)) {
        report_missing(x, HOP_GATEWAY,
                       "where port %s is, which is to answer for %s: it is no "
                       "VM's",
                       name, e->address);
        return;
    }
    way_spare_outbound(
        report_nat(x, rule, place, NAT_LOGICAL_PORT, "logical_port", name,
                   arena_printf(x->arena,
                                "distributed floating IP %s names logical "
                                "port \"%s\", which does not exist, so no "
                                "chassis answers for it",
                                e->address, name)),
        place);
}

void
check_nat_dist_port_other(struct examination *x, const struct rule *rule,
                          const struct place *place)
{
    const struct fabric_endpoint *e = place->endpoint;
    const struct fabric_vif *named =
        e->is_distributed ? named_vif(place) : NULL;
    if (!named || !e->vif || named == e->vif) {
        return;
    }
    finding_latent(report_nat(
        x, rule, place, NAT_LOGICAL_PORT, "logical_port", named->name,
        arena_printf(x->arena,
                     "floating IP %s of port %s names port %s of another VM: "
                     "its packets take a detour by that VM's chassis",
                     e->address, e->vif->label, named->label)));
}

/* Who else has the external MAC on the same switch, for people; or NULL. */
static const char *
other_owner(struct examination *x, const struct place *place)
{
    const struct fabric *f = place->fabric;
    const struct fabric_endpoint *e = place->endpoint;
    const struct fabric_lrp *port = strmap_get(&f->lrp_macs, e->mac);
    if (port && port->ls == e->ls) {
        return arena_printf(x->arena, "router port %s", port->name);
    }
    const struct fabric_mac *mac = strmap_get(&e->ls->macs, e->mac);
    if (mac) {
        return arena_printf(x->arena, "port %s", mac->vif->label);
    }
    const struct ovsdb_row *nat = strmap_get(&f->nat_macs, e->mac);
    if (nat == e->nat) {
        nat = strmap_get(&f->nat_macs_again, e->mac);
    }
    return nat && nat != e->nat ? arena_printf(
               x->arena, "floating IP %s", ovsdb_string(nat, NAT_EXTERNAL_IP))
                                : NULL;
}

void
check_nat_external_mac_dup(struct examination *x, const struct rule *rule,
                           const struct place *place)
{
    const struct fabric_endpoint *e = place->endpoint;
    const char *owner = e->is_distributed ? other_owner(x, place) : NULL;
    if (owner) {
        report_nat(x, rule, place, NAT_EXTERNAL_MAC, "external_mac", e->mac,
                   arena_printf(x->arena,
                                "floating IP %s has MAC %s, which %s has on "
                                "the same network: it comes from two places",
                                e->address, e->mac, owner));
    }
}

/* The external address. */

static void
check_overlap(struct examination *x, const struct rule *rule,
              const struct place *place, const struct fabric_endpoint *other)
{
    const struct fabric_endpoint *e = place->endpoint;
    if (!other || other->ls != e->ls || strcmp(other->address, e->address)
        || !*e->address || (!e->gateway && !other->gateway)) {
        return;
    }
    const struct fabric_endpoint *subject = e->nat       ? e
                                            : other->nat ? other
                                                         : e;
    struct finding *found =
        report(x, rule, place, "nb", subject->nb,
               "%s is the address of %s and of %s: both answer ARP for it",
               e->address, e->name, other->name);
    finding_evidence(found, "nb", subject->nb,
                     subject->nat ? "external_ip" : "networks", e->address);
    if (subject->nat) {
        finding_cause_column(found, way_nb(place), subject->nat,
                             NAT_EXTERNAL_IP, NULL);
    }
    /* A router that translates its own address answers once (measured). */
    if (e->gateway && other->gateway
        && e->gateway->router == other->gateway->router
        && !(e->nat && other->nat)) {
        finding_latent(found);
    }
}

void
check_nat_external_ip_overlap(struct examination *x, const struct rule *rule,
                              const struct place *place)
{
    /* The list is by network and address. */
    check_overlap(x, rule, place, place->endpoint->before);
    check_overlap(x, rule, place, place->endpoint->next);
}

/* OVN 23.03, northd/northd.c, lrouter_check_nat_entry(): a gateway_port that
 * is none, or several gateway ports none of which has a network with the
 * address, and the row is left out. */
void
check_nat_gateway_port_ambiguous(struct examination *x,
                                 const struct rule *rule,
                                 const struct place *place)
{
    const struct fabric_endpoint *e = place->endpoint;
    if (!e->nat || !e->gateway->has_group || e->gateway->router->pinned) {
        return;
    }
    const struct ovsdb_row *named = ovsdb_ref(e->nat, NAT_GATEWAY_PORT);
    const char *why = NULL;
    if (named) {
        why = named == e->gateway->row
                  ? NULL
                  : arena_printf(x->arena,
                                 "names gateway_port %s, which is no "
                                 "distributed gateway port of its router",
                                 ovsdb_string(named, LRP_NAME));
    } else if (e->gateway->router->n_gateways > 1
               && !fabric_lrp_network(e->gateway, e->address)) {
        why = "names no gateway_port, and no gateway port of its router has "
              "a network with it";
    }
    if (why) {
        way_spare_outbound(
            report_nat(
                x, rule, place, NAT_GATEWAY_PORT, "gateway_port",
                named ? ovsdb_string(named, LRP_NAME) : "",
                arena_printf(x->arena, "floating IP %s %s", e->address, why)),
            place);
    }
}

void
check_nat_not_followed(struct examination *x, const struct rule *rule,
                       const struct place *place)
{
    static const struct {
        unsigned column;
        const char *name;
    } columns[] = { { NAT_ALLOWED_EXT_IPS, "allowed_ext_ips" },
                    { NAT_EXEMPTED_EXT_IPS, "exempted_ext_ips" },
                    { NAT_EXTERNAL_PORT_RANGE, "external_port_range" },
                    { NAT_MATCH, "match" } };
    const struct ovsdb_row *nat = place->endpoint->nat;
    (void) rule;
    for (size_t i = 0; nat && i < N_ELEMENTS(columns); i++) {
        unsigned n = ovsdb_count(nat, columns[i].column);
        bool is_text = columns[i].column == NAT_EXTERNAL_PORT_RANGE
                       || columns[i].column == NAT_MATCH;
        if (is_text ? *ovsdb_string(nat, columns[i].column) != '\0' : n > 0) {
            report_missing(x, HOP_ROUTER,
                           "what %s of floating IP %s leaves out: provnet "
                           "does not follow it yet",
                           columns[i].name, place->endpoint->address);
        }
    }
}

/* SNAT. */

/* A tenant's VM that goes out neither by SNAT nor by a floating IP. */
static const char *
find_untranslated(const struct fabric_lrp *port, bool is_ipv6)
{
    const struct strmap *fips = &port->router->floating_ips[is_ipv6];
    if (fabric_lrp_is_translated(port, is_ipv6)) {
        return NULL;
    }
    for (size_t i = 0; port->ls && i < port->ls->n_vifs; i++) {
        const struct fabric_vif *vif = port->ls->vifs[i];
        for (size_t j = 0; j < vif->n_addresses; j++) {
            for (size_t k = 0; k < vif->addresses[j].n_ips; k++) {
                const char *ip = vif->addresses[j].ips[k];
                if (address_is_ipv6(ip) == is_ipv6
                    && fabric_lrp_network(port, ip) && !strmap_get(fips, ip)
                    && !fabric_router_has_snat(port->router, ip)) {
                    return ip;
                }
            }
        }
    }
    return NULL;
}

void
check_snat_missing(struct examination *x, const struct rule *rule,
                   const struct place *place)
{
    const struct fabric_endpoint *e = place->endpoint;
    if (!e->gateway || e->kind != ENDPOINT_GATEWAY
        || (!e->gateway->has_group && !e->gateway->router->pinned)) {
        return;
    }
    const struct fabric_router *router = e->gateway->router;
    bool is_ipv6 = address_is_ipv6(e->address);
    if (!router->translates[is_ipv6]) {
        return; /* It routes. */
    }
    for (size_t i = 0; i < router->n_ports; i++) {
        const struct fabric_lrp *port = &router->ports[i];
        const char *ip = way_is_tenant(port, e->gateway)
                             ? find_untranslated(port, is_ipv6)
                             : NULL;
        if (ip) {
            struct finding *f = report(
                x, rule, place, "nb", router->row,
                "router %s has no SNAT for %s of switch %s, which has no "
                "floating IP: its packets leave with an address that nobody "
                "answers to",
                router->label, ip, port->ls->name);
            finding_cause_column(f, way_nb(place), router->row, LR_NAT, NULL);
            finding_only(f, OUTBOUND);
            break;
        }
    }
}
