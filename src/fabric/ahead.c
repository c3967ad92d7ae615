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

/* The rows that are referred to, and their columns. */
static void
fetch_referred(const union ovsdb_atom *atoms, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        fetch(atoms[i].row);
    }
    for (size_t i = 0; i < n; i++) {
        fetch_columns(atoms[i].row);
    }
}

/* The rows that may be what is asked for. */
static void
guess_rows(struct strmap_query *queries, size_t n)
{
    strmap_guess_many(queries, n);
    for (size_t i = 0; i < n; i++) {
        fetch(queries[i].value);
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
    for (size_t i = 0; i < n; i++) { /* Whose they are. */
        __builtin_prefetch(ovsdb_map_get(ports[i].row, LSP_EXTERNAL_IDS,
                                         "neutron:device_owner"));
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
    guess_rows(queries, n);
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
    strmap_guess_many(queries, n_asked);
}

size_t
fabric_look_ahead_at_ports(const struct fabric *f,
                           const union ovsdb_atom *ports, size_t n)
{
    struct strmap_query queries[FABRIC_AHEAD];
    n = n < FABRIC_AHEAD ? n : FABRIC_AHEAD;
    fetch_ports(ports, n);
    ask_for_bindings(f, ports, n, queries);
    ask_for_interfaces(f, queries, n);
    return n;
}

/* Ports of a group, before it is asked who they are or what they have. */

static void
fetch_names(const union ovsdb_atom *ports, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        fetch_columns(ports[i].row);
    }
    for (size_t i = 0; i < n; i++) {
        __builtin_prefetch(ovsdb_string(ports[i].row, LSP_NAME));
    }
}

/* From the rows to the text of the first address of each. */
static void
fetch_addresses(const struct fabric *f, const union ovsdb_atom *ports,
                size_t n)
{
    const struct fabric_vif *vifs[FABRIC_AHEAD];
    size_t n_vifs = 0;
    for (size_t i = 0; i < n; i++) {
        __builtin_prefetch(&f->vif_of_row[ports[i].row->index]);
    }
    for (size_t i = 0; i < n; i++) {
        const struct fabric_vif *vif = f->vif_of_row[ports[i].row->index];
        fetch_lines(vif);
        vifs[n_vifs] = vif;
        n_vifs += vif != NULL;
    }
    for (size_t i = 0; i < n_vifs; i++) {
        __builtin_prefetch(vifs[i]->addresses);
    }
    for (size_t i = 0; i < n_vifs; i++) {
        if (vifs[i]->n_addresses) {
            __builtin_prefetch(vifs[i]->addresses[0].ips);
        }
    }
    for (size_t i = 0; i < n_vifs; i++) {
        if (vifs[i]->n_addresses && vifs[i]->addresses[0].n_ips) {
            __builtin_prefetch(vifs[i]->addresses[0].ips[0]);
        }
    }
}

size_t
fabric_look_ahead_at_members(const struct fabric *f,
                             const union ovsdb_atom *ports, size_t n,
                             enum fabric_ahead what)
{
    n = n < FABRIC_AHEAD ? n : FABRIC_AHEAD;
    for (size_t i = 0; i < n; i++) {
        fetch(ports[i].row);
    }
    if (what == FABRIC_AHEAD_NAMES) {
        fetch_names(ports, n);
    } else if (what == FABRIC_AHEAD_ADDRESSES) {
        fetch_addresses(f, ports, n);
    }
    return n;
}

/* Ports of VMs, before they are joined. */

static const char *
mac_of(const struct fabric_vif *vif)
{
    return vif->n_addresses ? vif->addresses[0].mac : NULL;
}

size_t
fabric_look_ahead_at_vifs(const struct fabric *f,
                          struct fabric_vif *const *vifs, size_t n)
{
    n = n < FABRIC_AHEAD ? n : FABRIC_AHEAD;
    for (size_t i = 0; i < n; i++) {
        __builtin_prefetch(vifs[i]->guest);
        __builtin_prefetch(mac_of(vifs[i]));
    }
    for (size_t i = 0; i < n; i++) {
        if (vifs[i]->guest) {
            strmap_prefetch(&f->guests, vifs[i]->guest);
        }
        if (mac_of(vifs[i])) {
            strmap_prefetch(&f->macs, mac_of(vifs[i]));
        }
    }
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
    fetch_referred(ports, n);
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

/* NAT rows of a router, before anybody reads them. */

static void
fetch_translation(const struct ovsdb_row *nat)
{
    __builtin_prefetch(ovsdb_string(nat, NAT_EXTERNAL_IP));
    __builtin_prefetch(ovsdb_string(nat, NAT_LOGICAL_IP));
    __builtin_prefetch(ovsdb_string(nat, NAT_LOGICAL_PORT));
    __builtin_prefetch(ovsdb_string(nat, NAT_EXTERNAL_MAC));
}

size_t
fabric_look_ahead_at_nats(const union ovsdb_atom *nats, size_t n)
{
    n = n < FABRIC_AHEAD ? n : FABRIC_AHEAD;
    fetch_referred(nats, n);
    for (size_t i = 0; i < n; i++) {
        fetch_translation(nats[i].row);
    }
    return n;
}

void
fabric_look_ahead_at_nat_ports(const struct fabric *f,
                               const union ovsdb_atom *nats, size_t n)
{
    struct strmap_query queries[FABRIC_AHEAD];
    n = fabric_look_ahead_at_nats(nats, n);
    for (size_t i = 0; i < n; i++) {
        queries[i] = (struct strmap_query){
            .map = &f->lsps,
            .key = ovsdb_string(nats[i].row, NAT_LOGICAL_PORT),
        };
    }
    guess_rows(queries, n);
    for (size_t i = 0; i < n; i++) {
        const struct ovsdb_row *lsp = queries[i].value;
        if (lsp) {
            __builtin_prefetch(&f->vif_of_row[lsp->index]);
        }
    }
    for (size_t i = 0; i < n; i++) {
        const struct ovsdb_row *lsp = queries[i].value;
        fetch_lines(lsp ? f->vif_of_row[lsp->index] : NULL);
    }
}

/* Endpoints, before they are judged: what one step finds is asked for what the
 * next one looks at. */

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

static void
fetch_itself(const struct fabric_endpoint *e)
{
    fetch_lines(e->vif);
    fetch_lines(e->chassis);
    fetch_lines(e->gateway);
    fetch(e->nb);
    __builtin_prefetch(e->guest_mac);
}

static void
fetch_rows(const struct fabric_endpoint *e)
{
    fetch_of_vif(e->vif, fetch);
    fetch_columns(e->nb);
    fetch_lines(e->vif ? e->vif->chassis : NULL);
    fetch(e->gateway ? e->gateway->row : NULL);
}

static void
fetch_values(const struct fabric_endpoint *e)
{
    const struct fabric_chassis *chassis = e->vif ? e->vif->chassis : NULL;
    fetch_of_vif(e->vif, fetch_columns);
    fetch_columns(e->gateway ? e->gateway->row : NULL);
    if (chassis) {
        __builtin_prefetch(chassis->name);
        __builtin_prefetch(chassis->hostname);
    }
}

static void
fetch_members(const struct fabric_endpoint *e)
{
    if (e->vif) {
        __builtin_prefetch(ovsdb_atoms(e->vif->lsp, LSP_OPTIONS));
    }
    if (e->gateway) {
        __builtin_prefetch(ovsdb_atoms(e->gateway->row, LRP_GATEWAY_CHASSIS));
    }
}

/* What a port is to be bound to, and who may hold a gateway. */
static void
fetch_places(const struct fabric_endpoint *e)
{
    const struct ovsdb_row *lrp = e->gateway ? e->gateway->row : NULL;
    if (e->vif) {
        __builtin_prefetch(
            ovsdb_map_get(e->vif->lsp, LSP_OPTIONS, "requested-chassis"));
    }
    for (unsigned i = 0; lrp && i < ovsdb_count(lrp, LRP_GATEWAY_CHASSIS);
         i++) {
        fetch(ovsdb_atoms(lrp, LRP_GATEWAY_CHASSIS)[i].row);
    }
}

/* Whose MAC it is; what the port's chassis knows of it: its interface, the
 * host's link, and the tunnel to where its frames enter. */
#define MAX_QUERIES 5

static size_t
ask_maps(const struct fabric_endpoint *e, struct strmap_query *queries)
{
    const struct fabric_vif *vif = e->vif;
    const struct fabric_chassis *chassis = vif ? vif->chassis : NULL;
    size_t n = 0;
    if (vif && e->guest_mac) {
        queries[n++] = (struct strmap_query){ .map = &vif->ls->macs,
                                              .key = e->guest_mac };
    }
    if (!chassis || !vif->interface) {
        return n;
    }
    queries[n++] = (struct strmap_query){ .map = &chassis->interface_ids,
                                          .key = vif->name };
    queries[n++] = (struct strmap_query){
        .map = &chassis->evidence->links,
        .key = ovsdb_string(vif->interface, INTERFACE_NAME),
    };
    const struct fabric_chassis *other = e->chassis;
    if (other && other != chassis && other->n_sb_ips && chassis->n_sb_ips) {
        queries[n++] = (struct strmap_query){ .map = &chassis->tunnels,
                                              .key = other->sb_ips[0] };
        queries[n++] = (struct strmap_query){ .map = &other->tunnels,
                                              .key = chassis->sb_ips[0] };
    }
    return n;
}

void
fabric_look_ahead_at_endpoints(const struct fabric_endpoint *const *endpoints,
                               size_t n)
{
    static void (*const steps[])(const struct fabric_endpoint *) = {
        fetch_itself, fetch_rows, fetch_values, fetch_members, fetch_places
    };
    struct strmap_query queries[MAX_QUERIES * FABRIC_AHEAD];
    size_t n_asked = 0;
    for (size_t step = 0; step < N_ELEMENTS(steps); step++) {
        for (size_t i = 0; i < n; i++) {
            steps[step](endpoints[i]);
        }
    }
    for (size_t i = 0; i < n; i++) {
        n_asked += ask_maps(endpoints[i], queries + n_asked);
    }
    strmap_guess_many(queries, n_asked);
    for (size_t i = 0; i < n_asked; i++) {
        __builtin_prefetch(queries[i].value);
    }
}
