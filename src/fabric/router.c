#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fabric/build.h"

/* Ports. */

static void
parse_networks(struct fabric *f, struct fabric_lrp *port)
{
    unsigned n = ovsdb_count(port->row, LRP_NETWORKS);
    const union ovsdb_atom *atoms = ovsdb_atoms(port->row, LRP_NETWORKS);
    port->networks = arena_alloc(&f->arena, n * sizeof *port->networks);
    for (unsigned i = 0; i < n; i++) {
        port->n_networks += address_prefix_parse(
            atoms[i].string, &port->networks[port->n_networks]);
    }
}

static void
add_port(struct fabric *f, struct fabric_router *router,
         const struct ovsdb_row *row)
{
    struct fabric_lrp *port = &router->ports[router->n_ports++];
    *port = (struct fabric_lrp){ .row = row, .router = router };
    port->name = ovsdb_string(row, LRP_NAME);
    port->mac = ovsdb_string(row, LRP_MAC);
    port->has_group = ovsdb_count(row, LRP_GATEWAY_CHASSIS)
                      || ovsdb_ref(row, LRP_HA_CHASSIS_GROUP);
    router->n_gateways += port->has_group;
    parse_networks(f, port);
    f->lrp_of_row[row->index] = port;
    void **place = strmap_place(&f->lrp_macs, port->mac);
    port->same_mac = *place;
    *place = port;
}

static const char *
label_of(const struct ovsdb_row *lr)
{
    const char *name =
        ovsdb_map_get(lr, LR_EXTERNAL_IDS, "neutron:router_name");
    return name && *name ? name : ovsdb_string(lr, LR_NAME);
}

static int
compare_prefixes(const void *a, const void *b)
{
    return address_prefix_compare(a, b);
}

void
fabric_read_snats(struct fabric_router *router)
{
    size_t n = 0;
    for (size_t i = 0; i < router->n_snats; i++) {
        struct address_prefix *p = &router->translated[n];
        if (address_prefix_parse(
                ovsdb_string(router->snats[i], NAT_LOGICAL_IP), p)) {
            address_prefix_cut(p, p->length);
            n++;
        }
    }
    router->n_translated = n;
    if (n) {
        qsort(router->translated, n, sizeof *router->translated,
              compare_prefixes);
    }
}

void
fabric_forget_nats(struct fabric_router *router)
{
    for (size_t i = 0; i < N_ELEMENTS(router->floating_ips); i++) {
        strmap_done(&router->floating_ips[i]);
        strmap_init(&router->floating_ips[i]);
        router->translates[i] = false;
    }
}

static void
read_nat(struct fabric_router *router, struct ovsdb_row *nat)
{
    const char *type = ovsdb_string(nat, NAT_TYPE);
    const char *external = ovsdb_string(nat, NAT_EXTERNAL_IP);
    size_t family = address_is_ipv6(external);
    if (!strcmp(type, "snat")) {
        router->snats[router->n_snats++] = nat;
    } else if (!strcmp(type, "dnat_and_snat")) {
        *strmap_place(&router->floating_ips[family],
                      ovsdb_string(nat, NAT_LOGICAL_IP)) = nat;
    }
    router->translates[family] = true;
    router->n_externals += address_prefix_parse(
        external, &router->externals[router->n_externals]);
}

void
fabric_read_nats(struct fabric *f, struct fabric_router *router)
{
    unsigned n = ovsdb_count(router->row, LR_NAT);
    const union ovsdb_atom *nats = ovsdb_atoms(router->row, LR_NAT);
    router->n_snats = router->n_externals = 0;
    fabric_forget_nats(router);
    router->snats = arena_alloc(&f->arena, n * sizeof *router->snats);
    router->externals = arena_alloc(&f->arena, n * sizeof *router->externals);
    for (unsigned i = 0; i < n; i++) {
        if (nats[i].row->exists) {
            read_nat(router, nats[i].row);
        }
    }
    router->translated =
        arena_alloc(&f->arena, router->n_snats * sizeof *router->translated);
    router->nat_ports = NULL;
    fabric_read_snats(router);
}

static void
build_router(struct fabric *f, const struct ovsdb_row *row,
             struct fabric_router *router)
{
    unsigned n = ovsdb_count(row, LR_PORTS);
    const union ovsdb_atom *ports = ovsdb_atoms(row, LR_PORTS);
    *router = (struct fabric_router){ .row = row, .label = label_of(row) };
    for (size_t i = 0; i < N_ELEMENTS(router->floating_ips); i++) {
        strmap_init(&router->floating_ips[i]);
    }
    router->pinned = ovsdb_map_get(row, LR_OPTIONS, "chassis");
    router->ports = arena_alloc(&f->arena, n * sizeof *router->ports);
    for (unsigned i = 0; i < n; i++) {
        const struct ovsdb_row *lrp = ports[i].row;
        if (lrp->exists && !f->lrp_of_row[lrp->index]) {
            add_port(f, router, lrp);
        }
    }
    fabric_read_nats(f, router);
}

void
fabric_build_routers(struct fabric *f)
{
    const struct ovsdb_table *tables = f->evidence->nb.store.tables;
    const struct ovsdb_table *table = &tables[NB_LOGICAL_ROUTER];
    strmap_init(&f->lrp_macs);
    f->lrp_of_row =
        arena_zalloc(&f->arena, tables[NB_LOGICAL_ROUTER_PORT].n_rows
                                    * sizeof *f->lrp_of_row);
    f->routers =
        arena_alloc(&f->arena, table->n_existing * sizeof *f->routers);
    OVSDB_TABLE_FOR_EACH (row, table) {
        build_router(f, row, &f->routers[f->n_routers++]);
    }
}

void
fabric_join_router_port(struct fabric_switch *ls,
                        struct fabric_router_port *switch_port)
{
    struct fabric_lrp *port = switch_port->port;
    bool names_it = switch_port->lrp != NULL;
    if (names_it && port->is_joined) {
        port->second = switch_port->lsp;
    } else if (names_it || !port->lsp) {
        port->lsp = switch_port->lsp;
        port->ls = ls;
        port->is_joined = names_it;
    }
}

struct fabric_lrp *
fabric_find_lrp(const struct fabric *f, const char *name)
{
    const struct ovsdb_row *row = strmap_get(&f->lrps, name);
    return row ? f->lrp_of_row[row->index] : NULL;
}

bool
fabric_lrp_is_inner(const struct fabric_lrp *port)
{
    bool is_outside = port->ls && port->ls->intent.why;
    return !port->has_group && !(port->is_gateway && is_outside);
}

const struct address_prefix *
fabric_lrp_network_of(const struct fabric_lrp *port,
                      const struct address_prefix *host)
{
    for (size_t i = 0; i < port->n_networks; i++) {
        if (address_prefix_contains(&port->networks[i], host)) {
            return &port->networks[i];
        }
    }
    return NULL;
}

const struct address_prefix *
fabric_lrp_network(const struct fabric_lrp *port, const char *ip)
{
    struct address_prefix host;
    return address_prefix_parse(ip, &host) ? fabric_lrp_network_of(port, &host)
                                           : NULL;
}

struct fabric_lrp *
fabric_router_port_to(const struct fabric_router *router, const char *ip)
{
    struct address_prefix host;
    bool is_host = address_prefix_parse(ip, &host);
    for (size_t i = 0; is_host && i < router->n_ports; i++) {
        if (fabric_lrp_network_of(&router->ports[i], &host)) {
            return &router->ports[i];
        }
    }
    return NULL;
}

bool
fabric_lrp_speaks(const struct fabric_lrp *port, const char *ip)
{
    bool is_ipv6 = strchr(ip, ':') != NULL;
    for (size_t i = 0; i < port->n_networks; i++) {
        if (port->networks[i].is_ipv6 == is_ipv6) {
            return true;
        }
    }
    return false;
}

bool
fabric_router_has_snat(const struct fabric_router *router, const char *ip)
{
    struct address_prefix host;
    return router->n_translated && !strchr(ip, '/')
           && address_prefix_parse(ip, &host)
           && address_prefixes_contain(router->translated,
                                       router->n_translated, &host);
}

bool
fabric_lrp_is_translated(const struct fabric_lrp *port, bool is_ipv6)
{
    const struct fabric_router *router = port->router;
    bool all = true;
    for (size_t i = 0; i < port->n_networks && all; i++) {
        all = port->networks[i].is_ipv6 != is_ipv6
              || address_prefixes_contain(router->translated,
                                          router->n_translated,
                                          &port->networks[i]);
    }
    return all;
}

/* Who holds a gateway port. */

static const struct ovsdb_row *
find_binding(const struct fabric *f, const char *prefix, const char *name,
             const char *type)
{
    char port[512];
    snprintf(port, sizeof port, "%s%s", prefix, name);
    const struct ovsdb_row *pb = strmap_get(&f->port_bindings, port);
    return pb && !strcmp(ovsdb_string(pb, PB_TYPE), type) ? pb : NULL;
}

void
fabric_find_holder(struct fabric *f, struct fabric_lrp *port)
{
    port->chassis = NULL;
    port->binding =
        port->router->pinned
            ? find_binding(f, "", port->name, "l3gateway")
            : find_binding(f, "cr-", port->name, "chassisredirect");
    const struct ovsdb_row *chassis =
        port->binding ? ovsdb_ref(port->binding, PB_CHASSIS) : NULL;
    if (chassis) {
        port->chassis =
            fabric_find_chassis(f, ovsdb_string(chassis, CHASSIS_NAME));
    }
}

bool
fabric_member(const struct fabric *f, const struct fabric_lrp *port, size_t i,
              struct fabric_member *ret)
{
    const struct ovsdb_row *group = ovsdb_ref(port->row, LRP_HA_CHASSIS_GROUP);
    const struct ovsdb_row *from = group ? group : port->row;
    unsigned column =
        group ? HA_CHASSIS_GROUP_HA_CHASSIS : LRP_GATEWAY_CHASSIS;
    if (i >= ovsdb_count(from, column)) {
        return false;
    }
    const struct ovsdb_row *row = ovsdb_atoms(from, column)[i].row;
    ret->row = row;
    ret->name = ovsdb_string(row, group ? HA_CHASSIS_CHASSIS_NAME
                                        : GATEWAY_CHASSIS_CHASSIS_NAME);
    ret->priority = ovsdb_integer(
        row, group ? HA_CHASSIS_PRIORITY : GATEWAY_CHASSIS_PRIORITY, 0);
    const struct fabric_chassis *chassis = fabric_find_chassis(f, ret->name);
    ret->chassis =
        chassis && (chassis->sb || !f->evidence->sb.present) ? chassis : NULL;
    return true;
}

/* Routes (ovn-nb(5), Logical_Router_Static_Route). */

static struct fabric_lrp *
port_called(const struct fabric_router *router, const char *name)
{
    for (size_t i = 0; i < router->n_ports; i++) {
        if (!strcmp(router->ports[i].name, name)) {
            return &router->ports[i];
        }
    }
    return NULL;
}

/* OVN 23.03, northd/northd.c, find_static_route_outport(): an output port
 * must be one of the router's, and then any next hop will do; without one,
 * the next hop must lie in a network of a port. */
static void
resolve_route(const struct fabric_router *router, struct fabric_route *route)
{
    const char *nexthop = ovsdb_string(route->row, ROUTE_NEXTHOP);
    const char *output = ovsdb_string(route->row, ROUTE_OUTPUT_PORT);
    if (!strcmp(nexthop, "discard")) {
        route->state = ROUTE_DISCARD;
        return;
    }
    route->output = *output ? port_called(router, output)
                            : fabric_router_port_to(router, nexthop);
    route->state = ROUTE_USABLE;
    if (!route->output) {
        route->state = ROUTE_UNRESOLVABLE;
        route->why = *output ? "its output port is none of the router's"
                             : "no port of the router has a network with it";
    } else if (ovsdb_count(route->row, ROUTE_BFD)) {
        route->state = ROUTE_UNKNOWN;
        route->why = "whether BFD sees its next hop";
    }
}

static void
build_routes(struct fabric *f, struct fabric_router *router)
{
    unsigned n = ovsdb_count(router->row, LR_STATIC_ROUTES);
    const union ovsdb_atom *rows = ovsdb_atoms(router->row, LR_STATIC_ROUTES);
    router->routes = arena_alloc(&f->arena, n * sizeof *router->routes);
    for (unsigned i = 0; i < n; i++) {
        const struct ovsdb_row *row = rows[i].row;
        struct fabric_route *route = &router->routes[router->n_routes];
        *route = (struct fabric_route){ .row = row };
        if (!row->exists || *ovsdb_string(row, ROUTE_ROUTE_TABLE)
            || !address_prefix_parse(ovsdb_string(row, ROUTE_IP_PREFIX),
                                     &route->prefix)) {
            continue;
        }
        if (!strcmp(ovsdb_string(row, ROUTE_POLICY), "src-ip")) {
            router->has_source_routes = true;
            continue;
        }
        resolve_route(router, route);
        router->n_routes++;
    }
}

/* A route of one of 'states' that contains 'prefix', or NULL. */
static const struct fabric_route *
find_route(const struct fabric_router *router,
           const struct address_prefix *prefix, unsigned states)
{
    for (size_t i = 0; i < router->n_routes; i++) {
        const struct fabric_route *route = &router->routes[i];
        if (route->state & states
            && address_prefix_contains(&route->prefix, prefix)) {
            return route;
        }
    }
    return NULL;
}

/* In how many halves of halves a default route may be given. */
#define MAX_SPLIT 4

/* A route of one of 'states' if such routes together contain 'prefix'. */
static const struct fabric_route *
find_cover(const struct fabric_router *router, struct address_prefix prefix,
           unsigned states)
{
    const struct fabric_route *route = find_route(router, &prefix, states);
    if (route || prefix.length == MAX_SPLIT) {
        return route;
    }
    prefix.length++;
    route = find_cover(router, prefix, states);
    if (!route) {
        return NULL;
    }
    prefix.bytes[0] |= (unsigned char) (0x80 >> (prefix.length - 1));
    return find_cover(router, prefix, states);
}

/* Whether the router has a network inside 'prefix' itself: a route that
 * discards the rest of it is what keeps such packets from going out. */
static bool
is_aggregate(const struct fabric_router *router,
             const struct address_prefix *prefix)
{
    for (size_t i = 0; i < router->n_ports; i++) {
        const struct fabric_lrp *port = &router->ports[i];
        for (size_t j = 0; j < port->n_networks; j++) {
            if (address_prefix_contains(prefix, &port->networks[j])) {
                return true;
            }
        }
    }
    return false;
}

static void
find_default(const struct fabric_router *router, bool is_ipv6,
             struct fabric_default_route *ret)
{
    static const enum fabric_route_state order[] = { ROUTE_USABLE,
                                                     ROUTE_UNKNOWN,
                                                     ROUTE_UNRESOLVABLE };
    struct address_prefix all = { .is_ipv6 = is_ipv6 };
    unsigned states = ROUTE_DISCARD;
    for (size_t i = 0; !ret->state && i < N_ELEMENTS(order); i++) {
        states |= order[i];
        ret->route = find_cover(router, all, states);
        ret->state = ret->route ? order[i] : 0;
    }
    for (size_t i = 0; i < router->n_routes; i++) {
        const struct fabric_route *route = &router->routes[i];
        if (route->state == ROUTE_DISCARD && route->prefix.is_ipv6 == is_ipv6
            && !is_aggregate(router, &route->prefix)) {
            ret->discard = route;
        }
    }
}

/* Which ports lead to a physical network. */

static bool
has_nat_on(const struct fabric_lrp *port)
{
    const struct fabric_router *router = port->router;
    for (size_t i = 0; i < router->n_externals; i++) {
        if (fabric_lrp_network_of(port, &router->externals[i])) {
            return true;
        }
    }
    return false;
}

/* A port with gateway chassis, or of a pinned router; or, where a router has
 * none of these, the one that its NAT or its default route uses. */
bool
fabric_is_gateway(const struct fabric_lrp *port)
{
    const struct fabric_router *router = port->router;
    if (port->has_group || router->pinned) {
        return true;
    }
    for (int i = 0; i < 2 && !router->n_gateways; i++) {
        const struct fabric_default_route *d = &router->defaults[i];
        if (d->route && d->route->output == port && port->ls
            && port->ls->n_localnets) {
            return true;
        }
    }
    return !router->n_gateways && has_nat_on(port);
}

/* Static MAC bindings, and what was learned of the same address: now, or, as
 * long as a log has it, before it was forgotten. */

static struct fabric_lrp *
static_mac_port(const struct fabric *f, const struct ovsdb_row *row)
{
    return fabric_find_lrp(f,
                           ovsdb_string(row, STATIC_MAC_BINDING_LOGICAL_PORT));
}

/* Of two rows, one that exists, else the one that was deleted last. */
static bool
is_newer(const struct ovsdb_row *row, const struct ovsdb_row *than)
{
    return !than || row->exists
           || (!than->exists && row->deleted_in > than->deleted_in);
}

static void
resolve_static_macs(struct fabric *f)
{
    const struct ovsdb_table *statics =
        &f->evidence->nb.store.tables[NB_STATIC_MAC_BINDING];
    OVSDB_TABLE_FOR_EACH (row, statics) {
        struct fabric_lrp *port = static_mac_port(f, row);
        if (port) {
            struct fabric_static_mac *s = arena_alloc(&f->arena, sizeof *s);
            *s = (struct fabric_static_mac){ row, NULL, port->static_macs };
            port->static_macs = s;
        }
    }
    const struct ovsdb_store *sb =
        f->evidence->sb.log ? f->evidence->sb.log : &f->evidence->sb.store;
    const struct ovsdb_table *learned = &sb->tables[SB_MAC_BINDING];
    if (!statics->n_existing) {
        return;
    }
    for (size_t i = 0; i < learned->n_rows; i++) {
        const struct ovsdb_row *row = learned->rows[i];
        struct fabric_lrp *port =
            fabric_find_lrp(f, ovsdb_string(row, MAC_BINDING_LOGICAL_PORT));
        struct fabric_static_mac *s = port ? port->static_macs : NULL;
        for (; s; s = s->next) {
            if (is_newer(row, s->learned)
                && !strcmp(ovsdb_string(s->row, STATIC_MAC_BINDING_IP),
                           ovsdb_string(row, MAC_BINDING_IP))) {
                s->learned = row;
            }
        }
    }
}

void
fabric_read_routes(struct fabric *f, struct fabric_router *router)
{
    router->n_routes = 0;
    router->has_source_routes = false;
    build_routes(f, router);
    for (int family = 0; family < 2; family++) {
        router->defaults[family] = (struct fabric_default_route){ 0 };
        find_default(router, family, &router->defaults[family]);
    }
}

void
fabric_resolve_routers(struct fabric *f)
{
    for (size_t i = 0; i < f->n_routers; i++) {
        struct fabric_router *router = &f->routers[i];
        fabric_read_routes(f, router);
        for (size_t j = 0; j < router->n_ports; j++) {
            struct fabric_lrp *port = &router->ports[j];
            port->is_gateway = fabric_is_gateway(port);
            if (port->is_gateway) {
                fabric_find_holder(f, port);
            }
        }
    }
    resolve_static_macs(f);
}
