/* What follows from changes in a chassis's Open_vSwitch. */
#include <string.h>

#include "fabric/follow.h"

/* The chassis whose database the row is in; NULL if another one of the same
 * name is judged. */
static struct fabric_chassis *
chassis_of(const struct fabric_change *c, const struct ovsdb_delta *d)
{
    const struct evidence_chassis *e = evidence_chassis_of(d->row);
    struct fabric_chassis *chassis = fabric_find_chassis(c->fabric, e->name);
    return chassis && chassis->evidence == e ? chassis : NULL;
}

/* The chassis is read again, after the last delta. */
static void
changes_chassis(struct fabric_change *c, const struct ovsdb_delta *d)
{
    const struct fabric_chassis *chassis = chassis_of(c, d);
    if (chassis && (d->kind != OVSDB_CHANGED || !fabric_change_is_none(d))) {
        change_mark(&c->chassis, chassis->index);
    }
}

static void
changed_open_vswitch(struct fabric_change *c, const struct ovsdb_delta *d)
{
    if (d->column == OPEN_VSWITCH_EXTERNAL_IDS) {
        changes_chassis(c, d);
    }
}

static void
changed_bridge(struct fabric_change *c, const struct ovsdb_delta *d)
{
    if (d->column != BRIDGE_DATAPATH_TYPE && d->column != BRIDGE_CONTROLLER
        && d->column != BRIDGE_EXTERNAL_IDS
        && d->column != BRIDGE_OTHER_CONFIG) {
        changes_chassis(c, d);
    }
}

static void
changed_port(struct fabric_change *c, const struct ovsdb_delta *d)
{
    if (d->column != PORT_BOND_MODE) {
        changes_chassis(c, d);
    }
}

/* Its gateway port is held by nobody, perhaps since who could is isolated. */
static void
mark_held_by_nobody(struct fabric_change *c, struct fabric_endpoint *e,
                    void *aux)
{
    (void) aux;
    if (e->gateway) {
        change_mark_endpoint(c, e);
    }
}

/* Tunnels. */

/* A floating IP that enters at the other end. */
static void
mark_crossing(struct fabric_change *c, struct fabric_endpoint *e, void *other)
{
    if (e->gateway && e->chassis == other) {
        change_mark_endpoint(c, e);
    }
}

/* Whether a VM is there that may go out by the gateway port: one too many
 * costs only time. */
static bool
has_tenant_on(const struct fabric_lrp *gateway,
              const struct fabric_chassis *chassis)
{
    const struct fabric_router *router = gateway->router;
    bool has = false;
    for (size_t i = 0; i < router->n_ports && !has; i++) {
        const struct fabric_lrp *port = &router->ports[i];
        has = fabric_lrp_is_inner(port) && port->ls
              && fabric_switch_is_on(port->ls, chassis);
    }
    return has;
}

/* A router's own address that enters at the other end. */
static void
mark_gateway(struct fabric_change *c, struct fabric_endpoint *e, void *chassis)
{
    if (has_tenant_on(e->gateway, chassis)) {
        change_mark_tunnel(c, e, chassis);
    }
}

/* Those whose VM is on 'a' and who enter or go out at 'b'. */
static void
mark_way(struct fabric_change *c, struct fabric_chassis *a,
         struct fabric_chassis *b)
{
    change_visit_living(c, a, mark_crossing, b);
    change_visit_gateways_at(c, b, mark_gateway, a);
}

/* The tunnel of a chassis. */
struct tunnel {
    const struct ovsdb_row *row;
    struct fabric_chassis *from;
};

static void
mark_ways(struct fabric_change *c, struct fabric_chassis *to, void *tunnel_)
{
    const struct tunnel *tunnel = tunnel_;
    fabric_forget_tunnel(tunnel->from, to);
    if (fabric_find_tunnel(tunnel->from, to) == tunnel->row) {
        mark_way(c, tunnel->from, to);
        mark_way(c, to, tunnel->from);
    }
}

static void
changed_tunnel(struct fabric_change *c, struct fabric_chassis *chassis,
               const struct ovsdb_delta *d, const char *remote_ip)
{
    struct tunnel tunnel = { d->row, chassis };
    bool was_isolated = chassis->is_isolated;
    if (d->column == INTERFACE_BFD || d->column == INTERFACE_BFD_STATUS) {
        fabric_read_isolation(chassis);
    }
    if (chassis->is_isolated != was_isolated) {
        change_visit_entering(c, NULL, mark_held_by_nobody, NULL);
    }
    change_visit_at(c, remote_ip, mark_ways, &tunnel);
}

/* A link, or what Open vSwitch makes of it. */
static void
changed_state(struct fabric_change *c, const struct ovsdb_delta *d,
              struct fabric_chassis *chassis)
{
    const struct fabric *f = c->fabric;
    const char *id = ovsdb_map_get(d->row, INTERFACE_EXTERNAL_IDS, "iface-id");
    const struct fabric_vif *vif = id ? change_find_vif(c, id) : NULL;
    const char *remote_ip =
        ovsdb_map_get(d->row, INTERFACE_OPTIONS, "remote_ip");
    if (remote_ip) {
        changed_tunnel(c, chassis, d, remote_ip);
    }
    if (vif && !f->has_nested) {
        change_mark_vif(c, vif);
        return;
    }
    if (remote_ip && !id) {
        return;
    }
    change_mark(&c->flooded, chassis->index);
    for (size_t i = 0; i < f->n_physical; i++) {
        change_examine(c, f->physical[i], chassis);
    }
    fabric_change_on_chassis(c, chassis);
    if (id) {
        change_mark(&c->sighted, chassis->index);
    }
}

/* What it is called, or what it is; a tunnel's name is told of it. */
static void
changed_nature(struct fabric_change *c, const struct ovsdb_delta *d,
               struct fabric_chassis *chassis)
{
    const char *remote_ip =
        ovsdb_map_get(d->row, INTERFACE_OPTIONS, "remote_ip");
    if (remote_ip) {
        changed_tunnel(c, chassis, d, remote_ip);
    }
    changes_chassis(c, d);
}

static void
changed_interface(struct fabric_change *c, const struct ovsdb_delta *d)
{
    struct fabric_chassis *chassis = chassis_of(c, d);
    if (!chassis) {
        return;
    }
    switch (d->column) {
    case INTERFACE_MAC_IN_USE:
    case INTERFACE_IFINDEX:
        break;
    case INTERFACE_OFPORT:
    case INTERFACE_ADMIN_STATE:
    case INTERFACE_LINK_STATE:
    case INTERFACE_ERROR:
    case INTERFACE_MTU:
    case INTERFACE_BFD:
    case INTERFACE_BFD_STATUS:
        changed_state(c, d, chassis);
        break;
    case INTERFACE_EXTERNAL_IDS:
        if (!change_key_differs(d, "iface-id")
            && !change_key_differs(d, "attached-mac")) {
            changed_state(c, d, chassis);
            break;
        }
        changes_chassis(c, d);
        break;
    default:
        changed_nature(c, d, chassis);
        break;
    }
}

/* Where a port's interface was last is told of it wherever it is bound. */
static void
interface_came_or_went(struct fabric_change *c, const struct ovsdb_delta *d)
{
    const char *id = ovsdb_map_get(d->row, INTERFACE_EXTERNAL_IDS, "iface-id");
    const struct fabric_vif *vif = id ? change_find_vif(c, id) : NULL;
    if (vif) {
        change_mark_vif(c, vif);
    }
    changes_chassis(c, d);
}

/* Reading a chassis again. */

static bool
same_text(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

/* The ports that have an interface on the chassis find it again; those that
 * are bound elsewhere miss one, and where it was last is told of them. */
static void
bind_again(struct fabric_change *c, const struct strmap *ids)
{
    STRMAP_FOR_EACH (entry, ids) {
        const struct ovsdb_row *lsp = strmap_get(&c->fabric->lsps, entry->key);
        struct fabric_vif *vif = change_find_vif(c, entry->key);
        if (vif) {
            fabric_bind_vif(c->fabric, vif);
            change_mark_vif(c, vif);
        }
        /* An interface makes a VM's port of a router's. */
        c->all |= lsp && !strcmp(ovsdb_string(lsp, LSP_TYPE), "router");
    }
}

static bool
same_tunnels(const struct strmap *a, const struct strmap *b)
{
    if (a->n != b->n) {
        return false;
    }
    for (size_t i = 0; i < a->n; i++) {
        if (strcmp(a->entries[i].key, b->entries[i].key)
            || a->entries[i].value != b->entries[i].value) {
            return false;
        }
    }
    return true;
}

static void
read_again(struct fabric_change *c, struct fabric_chassis *chassis)
{
    struct fabric *f = c->fabric;
    struct fabric_chassis before = *chassis;
    strmap_init(&chassis->interface_ids);
    strmap_init(&chassis->tunnels);
    fabric_read_chassis(f, chassis);
    fabric_forget_tunnels(f, chassis);
    c->all |= chassis->ovs_known != before.ovs_known
              || chassis->mappings_known != before.mappings_known
              || chassis->mappings_row != before.mappings_row
              || !same_text(chassis->mappings_key, before.mappings_key)
              || !same_text(chassis->mappings.text, before.mappings.text)
              || !same_text(chassis->encap_ips, before.encap_ips)
              || !same_text(chassis->encap_types, before.encap_types)
              || strcmp(chassis->integration_bridge, before.integration_bridge)
              || f->has_nested || !f->evidence->sb.present;
    bind_again(c, &before.interface_ids);
    bind_again(c, &chassis->interface_ids);
    if (!same_tunnels(&chassis->tunnels, &before.tunnels)) {
        for (size_t i = 0; i < f->n_routers; i++) {
            change_mark_gateways(c, &f->routers[i]);
        }
    }
    for (size_t i = 0;
         chassis->is_isolated != before.is_isolated && i < f->n_routers; i++) {
        fabric_change_router(c, &f->routers[i]);
    }
    strmap_done(&before.interface_ids);
    strmap_done(&before.tunnels);
    c->floods = true;
    for (size_t i = 0; i < f->n_physical; i++) {
        change_attach(c, f->physical[i], chassis);
    }
    fabric_change_on_chassis(c, chassis);
    change_mark(&c->sighted, chassis->index);
}

void
change_read_chassis(struct fabric_change *c)
{
    for (size_t i = 0; i < c->chassis.n && !c->all; i++) {
        read_again(c, c->fabric->chassis[c->chassis.items[i]]);
    }
}

const struct change_handlers ovs_changes[OVS_N_TABLES] = {
    [OVS_OPEN_VSWITCH] = { changed_open_vswitch, NULL },
    [OVS_BRIDGE] = { changed_bridge, changes_chassis },
    [OVS_PORT] = { changed_port, changes_chassis },
    [OVS_INTERFACE] = { changed_interface, interface_came_or_went },
};
