/* Looking ahead.
 *
 * In a large cloud what belongs to a port is spread over all of the memory,
 * and each step to it (name, binding, chassis, interface) waits for the next.
 * Of many ports at once, the waits overlap.  Nothing is answered here: what is
 * asked for later is only near by then. */
#include <stdint.h>

#include "fabric/build.h"

#define CACHE_LINE 64

static void
fetch(const struct ovsdb_row *row)
{
    if (row) {
        __builtin_prefetch(row);
    }
}

/* The first two lines of 'p', which may be shorter: so its end is no pointer
 * that C knows. */
static void
fetch_lines(const void *p)
{
    if (p) {
        __builtin_prefetch(p);
        __builtin_prefetch((const void *) ((uintptr_t) p + CACHE_LINE));
    }
}

/* A row that is only referred to has none, nor has one without values. */
static void
fetch_columns(const struct ovsdb_row *row)
{
    if (row) {
        fetch_lines(row->columns);
    }
}

/* Ports of a switch, before they are read. */

static void
fetch_ports(const union ovsdb_atom *ports, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        fetch_columns(ports[i].row);
    }
    for (size_t i = 0; i < n; i++) {
        const struct ovsdb_row *lsp = ports[i].row;
        __builtin_prefetch(ovsdb_atoms(lsp, LSP_EXTERNAL_IDS));
        __builtin_prefetch(ovsdb_atoms(lsp, LSP_ADDRESSES));
        __builtin_prefetch(ovsdb_string(lsp, LSP_NAME));
    }
}

/* Whose ports they are, and what for. */
static void
fetch_owners(const struct fabric *f, const union ovsdb_atom *ports, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct ovsdb_row *lsp = ports[i].row;
        const char *guest =
            ovsdb_map_get(lsp, LSP_EXTERNAL_IDS, "neutron:device_id");
        __builtin_prefetch(
            ovsdb_map_get(lsp, LSP_EXTERNAL_IDS, "neutron:device_owner"));
        if (guest) {
            strmap_prefetch(&f->guests, guest);
        }
    }
}

static void
ask_for_bindings(const struct fabric *f, const union ovsdb_atom *ports,
                 size_t n, struct strmap_query *queries)
{
    for (size_t i = 0; i < n; i++) {
        queries[i] = (struct strmap_query){
            .map = &f->port_bindings,
            .key = ovsdb_string(ports[i].row, LSP_NAME),
        };
    }
    strmap_get_many(queries, n);
    for (size_t i = 0; i < n; i++) {
        fetch(queries[i].value);
    }
    for (size_t i = 0; i < n; i++) {
        fetch_columns(queries[i].value);
    }
}

/* From the bindings to the interfaces that they are bound to. */
static void
ask_for_interfaces(const struct fabric *f, struct strmap_query *queries,
                   size_t n)
{
    size_t n_asked = 0;
    for (size_t i = 0; i < n; i++) {
        const struct ovsdb_row *pb = queries[i].value;
        const struct ovsdb_row *row = pb ? ovsdb_ref(pb, PB_CHASSIS) : NULL;
        const struct fabric_chassis *chassis =
            row ? fabric_find_chassis(f, ovsdb_string(row, CHASSIS_NAME))
                : NULL;
        if (chassis) {
            queries[n_asked++] =
                (struct strmap_query){ .map = &chassis->interface_ids,
                                       .key = queries[i].key };
        }
    }
    strmap_get_many(queries, n_asked);
}

size_t
fabric_look_ahead_at_ports(const struct fabric *f,
                           const union ovsdb_atom *ports, size_t n)
{
    struct strmap_query queries[FABRIC_AHEAD];
    n = n < FABRIC_AHEAD ? n : FABRIC_AHEAD;
    fetch_ports(ports, n);
    fetch_owners(f, ports, n);
    ask_for_bindings(f, ports, n, queries);
    ask_for_interfaces(f, queries, n);
    return n;
}

/* Ports of a bridge. */

static const struct ovsdb_row *
interface_of(const struct ovsdb_row *port)
{
    return ovsdb_count(port, PORT_INTERFACES)
               ? ovsdb_atoms(port, PORT_INTERFACES)[0].row
               : NULL;
}

size_t
fabric_look_ahead_at_bridge(const union ovsdb_atom *ports, size_t n)
{
    n = n < FABRIC_AHEAD ? n : FABRIC_AHEAD;
    for (size_t i = 0; i < n; i++) {
        fetch(ports[i].row);
    }
    for (size_t i = 0; i < n; i++) {
        fetch_columns(ports[i].row);
    }
    for (size_t i = 0; i < n; i++) {
        fetch(interface_of(ports[i].row));
    }
    for (size_t i = 0; i < n; i++) {
        fetch_columns(interface_of(ports[i].row));
    }
    for (size_t i = 0; i < n; i++) {
        const struct ovsdb_row *interface = interface_of(ports[i].row);
        if (interface) {
            __builtin_prefetch(ovsdb_string(interface, INTERFACE_NAME));
            __builtin_prefetch(ovsdb_atoms(interface, INTERFACE_OPTIONS));
            __builtin_prefetch(ovsdb_atoms(interface, INTERFACE_EXTERNAL_IDS));
        }
    }
    return n;
}

/* Endpoints, before they are judged. */

/* The rows of a port, or what belongs to them. */
static void
fetch_of_vif(const struct fabric_vif *vif,
             void (*ask)(const struct ovsdb_row *))
{
    if (vif) {
        ask(vif->lsp);
        ask(vif->pb);
        ask(vif->interface);
    }
}

/* What the port's chassis knows of it: its interface, the host's link, and the
 * tunnel to where its frames enter. */
static size_t
ask_chassis(const struct fabric_endpoint *e, struct strmap_query *queries)
{
    const struct fabric_vif *vif = e->vif;
    const struct fabric_chassis *chassis = vif ? vif->chassis : NULL;
    size_t n = 0;
    if (!chassis || !vif->interface) {
        return 0;
    }
    queries[n++] = (struct strmap_query){ .map = &chassis->interface_ids,
                                          .key = vif->name };
    queries[n++] = (struct strmap_query){
        .map = &chassis->evidence->links,
        .key = ovsdb_string(vif->interface, INTERFACE_NAME),
    };
    const struct fabric_chassis *other = e->chassis;
    if (other && other != chassis && other->encap_ips && chassis->encap_ips) {
        queries[n++] = (struct strmap_query){ .map = &chassis->tunnels,
                                              .key = other->encap_ips };
        queries[n++] = (struct strmap_query){ .map = &other->tunnels,
                                              .key = chassis->encap_ips };
    }
    return n;
}

void
fabric_look_ahead_at_endpoints(const struct fabric_endpoint *const *endpoints,
                               size_t n)
{
    struct strmap_query queries[4 * FABRIC_AHEAD];
    size_t n_asked = 0;
    for (size_t i = 0; i < n; i++) {
        fetch_lines(endpoints[i]->vif);
        fetch(endpoints[i]->nb);
    }
    for (size_t i = 0; i < n; i++) {
        fetch_of_vif(endpoints[i]->vif, fetch);
        fetch_columns(endpoints[i]->nb);
    }
    for (size_t i = 0; i < n; i++) {
        fetch_of_vif(endpoints[i]->vif, fetch_columns);
    }
    for (size_t i = 0; i < n; i++) {
        n_asked += ask_chassis(endpoints[i], queries + n_asked);
    }
    strmap_get_many(queries, n_asked);
    for (size_t i = 0; i < n_asked; i++) {
        __builtin_prefetch(queries[i].value);
    }
}
