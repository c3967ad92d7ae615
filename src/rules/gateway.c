/* Rules about who answers for a router on its provider network: the switch
 * port that joins it, and the chassis that hold its gateway port. */
#include <string.h>
#include <strings.h>

#include "rules/way.h"

/* The switch port of a router port. */

static struct finding *
report_lsp(struct examination *x, const struct rule *rule,
           const struct place *place, const struct ovsdb_row *lsp,
           unsigned column, const char *key, const char *name,
           const char *value, const char *message)
{
    struct finding *f = report(x, rule, place, "nb", lsp, "%s", message);
    finding_evidence(f, "nb", lsp, name, value);
    return finding_cause_column(f, way_nb(place), lsp, column, key);
}

static struct finding *
check_peer(struct examination *x, const struct rule *rule,
           const struct place *place, const struct fabric_lrp *port,
           bool has_option)
{
    const char *peer =
        port->lsp ? ovsdb_map_get(port->lsp, LSP_OPTIONS, "router-port")
                  : NULL;
    if (port->is_joined || !port->lsp || !peer == has_option) {
        return NULL;
    }
    const char *lsp = ovsdb_string(port->lsp, LSP_NAME);
    const char *message =
        peer ? arena_printf(x->arena,
                            "port %s of switch %s names router port \"%s\", "
                            "which does not exist: ovn-nbctl lsp-set-options "
                            "%s router-port=%s",
                            lsp, port->ls->name, peer, lsp, port->name)
             : arena_printf(x->arena,
                            "port %s of switch %s names no router port, so "
                            "nothing joins the switch to %s of router %s",
                            lsp, port->ls->name, port->name,
                            port->router->label);
    return report_lsp(x, rule, place, port->lsp, LSP_OPTIONS, "router-port",
                      "options:router-port", peer, message);
}

static struct finding *
port_no_peer(struct examination *x, const struct rule *rule,
             const struct place *place, const struct fabric_lrp *port)
{
    return check_peer(x, rule, place, port, false);
}

void
check_lsp_router_no_peer(struct examination *x, const struct rule *rule,
                         const struct place *place)
{
    way_check_ports(x, rule, place, port_no_peer);
}

static struct finding *
port_peer_typo(struct examination *x, const struct rule *rule,
               const struct place *place, const struct fabric_lrp *port)
{
    return check_peer(x, rule, place, port, true);
}

void
check_lsp_router_peer_typo(struct examination *x, const struct rule *rule,
                           const struct place *place)
{
    way_check_ports(x, rule, place, port_peer_typo);
}

/* The record in which a switch port came to name its router port; 0 if no log
 * tells. */
static uint32_t
named_in(const struct place *place, const struct ovsdb_row *lsp)
{
    const struct ovsdb_row *row = evidence_log_row(way_nb(place), lsp);
    return row ? ovsdb_changed_in(row, LSP_OPTIONS) : 0;
}

static struct finding *
port_duplicate_peer(struct examination *x, const struct rule *rule,
                    const struct place *place, const struct fabric_lrp *port)
{
    if (!port->second) {
        return NULL;
    }
    const char *message = arena_printf(
        x->arena, "ports %s and %s both name router port %s: only one can",
        ovsdb_string(port->lsp, LSP_NAME),
        ovsdb_string(port->second, LSP_NAME), port->name);
    const struct ovsdb_row *newer =
        named_in(place, port->lsp) > named_in(place, port->second)
            ? port->lsp
            : port->second;
    return report_lsp(x, rule, place, newer, LSP_OPTIONS, "router-port",
                      "options:router-port", port->name, message);
}

void
check_lsp_router_duplicate_peer(struct examination *x, const struct rule *rule,
                                const struct place *place)
{
    way_check_ports(x, rule, place, port_duplicate_peer);
}

static struct finding *
port_addresses_empty(struct examination *x, const struct rule *rule,
                     const struct place *place, const struct fabric_lrp *port)
{
    if (!port->lsp || ovsdb_count(port->lsp, LSP_ADDRESSES)) {
        return NULL;
    }
    const char *message = arena_printf(
        x->arena,
        "port %s of switch %s, which leads to router %s, has no addresses, so "
        "the switch delivers nothing to the router: ovn-nbctl "
        "lsp-set-addresses %s router",
        ovsdb_string(port->lsp, LSP_NAME), port->ls->name, port->router->label,
        ovsdb_string(port->lsp, LSP_NAME));
    return report_lsp(x, rule, place, port->lsp, LSP_ADDRESSES, NULL,
                      "addresses", "", message);
}

void
check_lsp_router_addresses_empty(struct examination *x,
                                 const struct rule *rule,
                                 const struct place *place)
{
    way_check_ports(x, rule, place, port_addresses_empty);
}

/* The first address of the switch port if none of them leads to the router's
 * MAC (ovn-nb(5), Logical_Switch_Port, "addresses"), or NULL. */
static const char *
stale_address(struct examination *x, const struct fabric_lrp *port)
{
    unsigned n = port->lsp ? ovsdb_count(port->lsp, LSP_ADDRESSES) : 0;
    const union ovsdb_atom *atoms =
        n ? ovsdb_atoms(port->lsp, LSP_ADDRESSES) : NULL;
    for (unsigned i = 0; i < n; i++) {
        struct address address;
        address_parse(&address, atoms[i].string, x->arena);
        if (!address.mac || !strcasecmp(address.mac, port->mac)) {
            return NULL;
        }
    }
    return n ? atoms[0].string : NULL;
}

static struct finding *
port_mac_stale(struct examination *x, const struct rule *rule,
               const struct place *place, const struct fabric_lrp *port)
{
    const char *address = stale_address(x, port);
    if (!address) {
        return NULL;
    }
    const char *message = arena_printf(
        x->arena,
        "port %s of switch %s has address \"%s\", but router port %s has MAC "
        "%s: ovn-nbctl lsp-set-addresses %s router",
        ovsdb_string(port->lsp, LSP_NAME), port->ls->name, address, port->name,
        port->mac, ovsdb_string(port->lsp, LSP_NAME));
    struct finding *f = report_lsp(x, rule, place, port->lsp, LSP_ADDRESSES,
                                   NULL, "addresses", address, message);
    return finding_evidence(f, "nb", port->row, "mac", port->mac);
}

void
check_lsp_router_mac_stale(struct examination *x, const struct rule *rule,
                           const struct place *place)
{
    way_check_ports(x, rule, place, port_mac_stale);
}

static struct finding *
port_lsp_disabled(struct examination *x, const struct rule *rule,
                  const struct place *place, const struct fabric_lrp *port)
{
    if (!port->lsp || ovsdb_bool(port->lsp, LSP_ENABLED, true)) {
        return NULL;
    }
    const char *message = arena_printf(
        x->arena,
        "port %s of switch %s, which leads to router %s, is disabled",
        ovsdb_string(port->lsp, LSP_NAME), port->ls->name,
        port->router->label);
    return finding_at(report_lsp(x, rule, place, port->lsp, LSP_ENABLED, NULL,
                                 "enabled", "false", message),
                      HOP_LOGICAL_SWITCH);
}

void
check_lsp_disabled_router(struct examination *x, const struct rule *rule,
                          const struct place *place)
{
    way_check_ports(x, rule, place, port_lsp_disabled);
}

void
check_nat_addresses_missing(struct examination *x, const struct rule *rule,
                            const struct place *place)
{
    const struct fabric_endpoint *e = place->endpoint;
    const struct fabric_lrp *port = e->gateway;
    if (e->kind != ENDPOINT_FLOATING_IP || e->is_distributed || !port->lsp
        || ovsdb_map_get(port->lsp, LSP_OPTIONS, "nat-addresses")) {
        return;
    }
    finding_latent(report_lsp(
        x, rule, place, port->lsp, LSP_OPTIONS, "nat-addresses",
        "options:nat-addresses", "",
        arena_printf(x->arena,
                     "port %s does not announce NAT addresses "
                     "(options:nat-addresses=router): after a failover the "
                     "physical network sends %s and the like to the old "
                     "chassis until its tables age",
                     ovsdb_string(port->lsp, LSP_NAME), e->address)));
}

/* The group of chassis. */

struct group {
    size_t n, n_known;
    struct fabric_member known;         /* One of the known. */
    struct fabric_member unknown;       /* One of the others. */
    struct fabric_member first, second; /* Of the same priority... */
    bool has_tie;                       /* ...if so. */
};

/* Members are few; more than these are not compared with each other. */
#define MAX_COMPARED 16

static void
find_tie(const struct fabric *f, const struct fabric_lrp *port,
         struct group *group)
{
    struct fabric_member a, b;
    for (size_t i = 0; i < MAX_COMPARED && fabric_member(f, port, i, &a);
         i++) {
        for (size_t j = 0; j < i && fabric_member(f, port, j, &b); j++) {
            if (a.priority == b.priority && !group->has_tie) {
                group->first = b;
                group->second = a;
                group->has_tie = true;
            }
        }
    }
}

static struct group
read_group(const struct place *place)
{
    const struct fabric *f = place->fabric;
    const struct fabric_lrp *port = place->endpoint->gateway;
    struct group group = { 0 };
    struct fabric_member member;
    for (; fabric_member(f, port, group.n, &member); group.n++) {
        if (member.chassis) {
            group.known = member;
            group.n_known++;
        } else {
            group.unknown = member;
        }
    }
    return group;
}

/* Whether the endpoint depends on the chassis that holds a distributed gateway
 * port. */
static bool
needs_group(const struct place *place)
{
    const struct fabric_endpoint *e = place->endpoint;
    return e->gateway && e->gateway->has_group && !e->gateway->router->pinned;
}

static struct finding *
report_group(struct examination *x, const struct rule *rule,
             const struct place *place, const char *message)
{
    const struct ovsdb_row *lrp = place->endpoint->gateway->row;
    const struct ovsdb_row *group = ovsdb_ref(lrp, LRP_HA_CHASSIS_GROUP);
    struct finding *f = report(x, rule, place, "nb", lrp, "%s", message);
    return group ? finding_cause_column(f, way_nb(place), group,
                                        HA_CHASSIS_GROUP_HA_CHASSIS, NULL)
                 : finding_cause_column(f, way_nb(place), lrp,
                                        LRP_GATEWAY_CHASSIS, NULL);
}

static struct finding *
report_member(struct examination *x, const struct rule *rule,
              const struct place *place, const struct fabric_member *member,
              const char *message)
{
    struct finding *f = report_group(x, rule, place, message);
    const char *table = member->row->table->spec->name;
    finding_evidence(f, "nb", member->row, "chassis_name", member->name);
    return finding_cause_column(f, way_nb(place), member->row,
                                !strcmp(table, "HA_Chassis")
                                    ? (unsigned) HA_CHASSIS_CHASSIS_NAME
                                    : (unsigned) GATEWAY_CHASSIS_CHASSIS_NAME,
                                NULL);
}

void
check_lrp_no_gateway_chassis(struct examination *x, const struct rule *rule,
                             const struct place *place)
{
    const struct fabric_endpoint *e = place->endpoint;
    const struct fabric_lrp *port = e->gateway;
    if (!port || port->has_group || port->router->pinned) {
        return;
    }
    bool is_address = e->kind == ENDPOINT_GATEWAY;
    if (is_address
        && (address_is_ipv6(e->address) || !port->router->n_snats)) {
        return;
    }
    struct finding *f =
        report(x, rule, place, "nb", port->row,
               "router port %s has no gateway chassis: every chassis answers "
               "for it with one MAC, and none translates addresses",
               port->name);
    finding_evidence(f, "nb", port->row, "gateway_chassis", "");
    finding_cause_column(f, way_nb(place), port->row, LRP_GATEWAY_CHASSIS,
                         NULL);
    if (is_address) {
        finding_only(f, OUTBOUND);
    }
}

void
check_gwc_all_unknown(struct examination *x, const struct rule *rule,
                      const struct place *place)
{
    const struct fabric_endpoint *e = place->endpoint;
    if (!needs_group(place) || e->is_distributed || e->gateway->chassis
        || !place->fabric->evidence->sb.present) {
        return;
    }
    struct group group = read_group(place);
    if (group.n && !group.n_known) {
        report_member(x, rule, place, &group.unknown,
                      arena_printf(x->arena,
                                   "none of the gateway chassis of %s exists "
                                   "(\"%s\" and the like), so nobody holds it",
                                   e->gateway->name, group.unknown.name));
    }
}

void
check_gwc_some_unknown(struct examination *x, const struct rule *rule,
                       const struct place *place)
{
    if (!needs_group(place) || !place->fabric->evidence->sb.present) {
        return;
    }
    struct group group = read_group(place);
    if (group.n_known && group.n_known < group.n) {
        finding_latent(report_member(
            x, rule, place, &group.unknown,
            arena_printf(x->arena,
                         "gateway chassis \"%s\" of %s does not exist: there "
                         "is one less to take over",
                         group.unknown.name, place->endpoint->gateway->name)));
    }
}

/* OVN 23.03, lib/ha-chassis.c, compare_chassis_prio_(): the one whose name
 * sorts last wins. */
void
check_gwc_priority_tie(struct examination *x, const struct rule *rule,
                       const struct place *place)
{
    struct group group = { 0 };
    if (!needs_group(place)) {
        return;
    }
    find_tie(place->fabric, place->endpoint->gateway, &group);
    if (group.has_tie) {
        struct finding *f = report_group(
            x, rule, place,
            arena_printf(x->arena,
                         "gateway chassis %s and %s of %s have the same "
                         "priority %lld: their names decide who holds it",
                         group.first.name, group.second.name,
                         place->endpoint->gateway->name,
                         (long long) group.first.priority));
        finding_evidence(f, "nb", group.first.row, "priority", "");
        finding_evidence(f, "nb", group.second.row, "priority", "");
        finding_latent(f);
    }
}

void
check_hcg_empty(struct examination *x, const struct rule *rule,
                const struct place *place)
{
    const struct fabric_endpoint *e = place->endpoint;
    const struct ovsdb_row *group =
        needs_group(place) ? ovsdb_ref(e->gateway->row, LRP_HA_CHASSIS_GROUP)
                           : NULL;
    if (!group || ovsdb_count(group, HA_CHASSIS_GROUP_HA_CHASSIS)
        || e->is_distributed || e->gateway->chassis) {
        return;
    }
    struct finding *f = report_group(
        x, rule, place,
        arena_printf(x->arena,
                     "HA chassis group %s of %s has no chassis, so nobody "
                     "holds it",
                     ovsdb_string(group, HA_CHASSIS_GROUP_NAME),
                     e->gateway->name));
    finding_evidence(f, "nb", group, "ha_chassis", "");
}

/* OVN 23.03, northd/northd.c: "Both ha_chassis_group and gateway_chassis
 * configured on port ..., ignoring the latter". */
void
check_hcg_and_gwc(struct examination *x, const struct rule *rule,
                  const struct place *place)
{
    const struct fabric_lrp *port = place->endpoint->gateway;
    if (!needs_group(place) || !ovsdb_ref(port->row, LRP_HA_CHASSIS_GROUP)
        || !ovsdb_count(port->row, LRP_GATEWAY_CHASSIS)) {
        return;
    }
    struct finding *f = report_group(
        x, rule, place,
        arena_printf(x->arena,
                     "%s has an HA chassis group and gateway chassis: OVN "
                     "takes the group and ignores the others",
                     port->name));
    finding_cause_column(f, way_nb(place), port->row, LRP_HA_CHASSIS_GROUP,
                         NULL);
    finding_latent(f);
}

/* OVN 23.03, northd/northd.c: a router with options:chassis is bound there as
 * a whole, and its gateway ports' own chassis are ignored. */
void
check_lr_chassis_with_dgp(struct examination *x, const struct rule *rule,
                          const struct place *place)
{
    const struct fabric_lrp *port = place->endpoint->gateway;
    if (!port || !port->has_group || !port->router->pinned) {
        return;
    }
    const struct ovsdb_row *lr = port->router->row;
    struct finding *f =
        report(x, rule, place, "nb", lr,
               "router %s is pinned to chassis %s (options:chassis), so the "
               "gateway chassis of %s are ignored: no failover",
               port->router->label, port->router->pinned, port->name);
    finding_evidence(f, "nb", lr, "options:chassis", port->router->pinned);
    finding_cause_column(f, way_nb(place), lr, LR_OPTIONS, "chassis");
    finding_latent(f);
}

/* Whoever holds it. */

/* Whether the chassis has a way to the physical network at all, as far as is
 * known. */
static bool
is_unmapped(const struct place *place)
{
    const struct fabric_attachment *a = place->attachment;
    return a && !a->mapped && !a->outer && *a->localnet->network
           && a->chassis->mappings_known && !a->localnet->is_typo;
}

static void
report_unmapped(struct examination *x, const struct rule *rule,
                const struct place *place, const struct ovsdb_row *subject,
                const char *what)
{
    const struct fabric_chassis *chassis = place->chassis;
    struct finding *f = finding_on(
        report(x, rule, place, "nb", subject,
               "%s is on chassis %s, which has no bridge mapping for network "
               "\"%s\"",
               what, chassis->name, place->localnet->network),
        chassis);
    if (chassis->mappings_row) {
        const struct evidence_db *db = !strcmp(chassis->mappings_db, "ovs")
                                           ? &chassis->evidence->ovs
                                           : &place->fabric->evidence->sb;
        finding_cause_column(f, db, chassis->mappings_row,
                             chassis->mappings_column, chassis->mappings_key);
    }
}

/* OVN does not look at mappings when it elects (controller/ha-chassis.c). */
void
check_gw_elected_unmapped(struct examination *x, const struct rule *rule,
                          const struct place *place)
{
    const struct fabric_endpoint *e = place->endpoint;
    if (way_is_centralised(e) && e->gateway->chassis && is_unmapped(place)) {
        report_unmapped(
            x, rule, place, e->gateway->row,
            arena_printf(x->arena, "gateway port %s", e->gateway->name));
    }
}

void
check_nat_dist_chassis_unmapped(struct examination *x, const struct rule *rule,
                                const struct place *place)
{
    const struct fabric_endpoint *e = place->endpoint;
    if (e->is_distributed && is_unmapped(place)) {
        report_unmapped(
            x, rule, place, e->nat,
            arena_printf(x->arena, "distributed floating IP %s", e->address));
    }
}

/* A chassis of the group all of whose watched tunnels are down: it gives the
 * gateway port up (OVN 23.03, controller/ha-chassis.c,
 * ha_chassis_group_is_active()). */
static const struct fabric_chassis *
find_isolated(const struct place *place)
{
    struct fabric_member member;
    for (size_t i = 0;
         fabric_member(place->fabric, place->endpoint->gateway, i, &member);
         i++) {
        if (member.chassis && member.chassis->is_isolated) {
            return member.chassis;
        }
    }
    return NULL;
}

/* Whether nobody holds the gateway port although somebody could. */
static bool
is_given_up(const struct place *place)
{
    const struct fabric_endpoint *e = place->endpoint;
    return needs_group(place) && !e->is_distributed && !e->gateway->chassis
           && place->fabric->evidence->sb.present && read_group(place).n_known;
}

/* Of the chassis of the group one whose new tunnel address may leave the one
 * that holds the port without any tunnel: its own, or that of the only others.
 */
static const struct fabric_chassis *
find_moved(const struct place *place)
{
    const struct fabric_lrp *port = place->endpoint->gateway;
    const struct fabric_chassis *moved = NULL;
    size_t n_others = 0, n_moved = 0;
    struct fabric_member member;
    for (size_t i = 0; fabric_member(place->fabric, port, i, &member); i++) {
        const struct fabric_chassis *chassis = member.chassis;
        bool is_moved = chassis && chassis->encap_is_new;
        if (is_moved && chassis == port->chassis) {
            return chassis;
        }
        n_others += chassis && chassis != port->chassis;
        n_moved += is_moved;
        moved = is_moved ? chassis : moved;
    }
    return n_moved == n_others ? moved : NULL;
}

/* Who holds a gateway port gives it up if it reaches none of the others. */
static void
check_holder(struct examination *x, const struct place *place)
{
    const struct fabric_lrp *port = place->endpoint->gateway;
    struct fabric_member second;
    const struct fabric_chassis *moved =
        needs_group(place) && !place->endpoint->is_distributed && port->chassis
                && fabric_member(place->fabric, port, 1, &second)
            ? find_moved(place)
            : NULL;
    if (moved) {
        report_missing(x, HOP_GATEWAY,
                       "whether chassis %s keeps gateway port %s: tunnels of "
                       "chassis %s come from %s now, which SB does not have "
                       "yet",
                       port->chassis->name, port->name, moved->name,
                       moved->encap_ips);
    }
}

void
check_gw_isolated(struct examination *x, const struct rule *rule,
                  const struct place *place)
{
    const struct fabric_chassis *chassis =
        is_given_up(place) ? find_isolated(place) : NULL;
    if (!chassis) {
        check_holder(x, place);
        return;
    }
    const struct fabric_lrp *port = place->endpoint->gateway;
    const struct ovsdb_row *tunnel = chassis->tunnels.entries[0].value;
    struct finding *f = finding_on(
        report(x, rule, place, "nb", port->row,
               "chassis %s sees all of its tunnels down, so it has given up "
               "gateway port %s, and nobody else holds it",
               chassis->name, port->name),
        chassis);
    finding_evidence(f, "ovs", tunnel, "bfd_status:state", "down");
    if (port->binding) {
        finding_evidence(f, "sb", port->binding, "chassis", "");
    }
}

/* A gateway port that nobody holds, and nothing tells why. */
void
check_gateway_unbound(struct examination *x, const struct rule *rule,
                      const struct place *place)
{
    const struct fabric_endpoint *e = place->endpoint;
    const struct fabric_lrp *port = e->gateway;
    if (!port) {
        return;
    }
    if (!place->fabric->evidence->sb.present) {
        report_missing(x, HOP_GATEWAY,
                       "which chassis answers for %s (the southbound "
                       "database, --sb)",
                       e->address);
        return;
    }
    if (!port->has_group && !port->router->pinned && !e->chassis) {
        report_missing(x, HOP_GATEWAY,
                       "which chassis answers for %s: none maps its network",
                       e->address);
    }
    bool pinned_unbound = port->router->pinned && !port->chassis;
    if (!ovsdb_bool(port->router->row, LR_ENABLED, true)
        || (!pinned_unbound
            && (!is_given_up(place) || find_isolated(place)))) {
        return;
    }
    const struct ovsdb_row *subject =
        port->binding ? port->binding : port->row;
    struct finding *f = finding_at(
        report(x, rule, place, port->binding ? "sb" : "nb", subject,
               "gateway port %s is bound to no chassis, so nobody answers "
               "for %s",
               port->name, e->address),
        HOP_GATEWAY);
    if (port->binding) {
        finding_evidence(f, "sb", port->binding, "chassis", "");
        finding_cause_column(f, &place->fabric->evidence->sb, port->binding,
                             PB_CHASSIS, NULL);
    }
}
