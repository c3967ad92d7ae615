/* What follows from changes in OVN_Northbound. */
#include <string.h>

#include "fabric/follow.h"

/* Built again, unless the column holds what it did. */
static void
changes_all(struct fabric_change *c, const struct ovsdb_delta *d)
{
    c->all |= !fabric_change_is_none(d);
}

static void
changed_global(struct fabric_change *c, const struct ovsdb_delta *d)
{
    if (d->column == NB_GLOBAL_OPTIONS) {
        changes_all(c, d);
    }
    c->nb_global_changed = true;
}

static void
changed_switch(struct fabric_change *c, const struct ovsdb_delta *d)
{
    if (d->column == LS_PORTS) {
        change_ports(c, d);
    } else if (d->column != LS_ACLS) { /* policy/ follows these. */
        changes_all(c, d);
    }
}

/* Ports of switches. */

static bool
has_ip(const struct fabric_vif *vif)
{
    for (size_t i = 0; i < vif->n_addresses; i++) {
        if (vif->addresses[i].n_ips) {
            return true;
        }
    }
    return false;
}

static void
changed_vif(struct fabric_change *c, const struct ovsdb_delta *d,
            struct fabric_vif *vif)
{
    switch (d->column) {
    case LSP_ENABLED:
        change_mark_same_macs(c, vif);
        break;
    case LSP_OPTIONS:
        c->all |= change_key_differs(d, "network_name");
        break;
    case LSP_PORT_SECURITY:
        if (!has_ip(vif)) { /* Its endpoints are from there. */
            change_list_vif(c, vif);
        }
        break;
    case LSP_ADDRESSES:
    case LSP_DYNAMIC_ADDRESSES:
        if (!fabric_change_is_none(d)) {
            change_addresses(c, vif);
        }
        break;
    case LSP_TAG:
    case LSP_TAG_REQUEST:
        return;
    default:
        changes_all(c, d);
        break;
    }
    change_mark_vif(c, vif);
}

/* A switch port of a router. */
static void
changed_router_port(struct fabric_change *c, const struct ovsdb_delta *d)
{
    const char *peer = ovsdb_map_get(d->row, LSP_OPTIONS, "router-port");
    const struct fabric_lrp *port =
        peer ? fabric_find_lrp(c->fabric, peer) : NULL;
    switch (d->column) {
    case LSP_ENABLED:
    case LSP_ADDRESSES:
        break;
    case LSP_OPTIONS:
        c->all |= change_key_differs(d, "router-port")
                  || change_key_differs(d, "network_name");
        break;
    case LSP_PORT_SECURITY:
    case LSP_TAG:
    case LSP_TAG_REQUEST:
    case LSP_DYNAMIC_ADDRESSES:
        return;
    default:
        changes_all(c, d);
        break;
    }
    if (port) {
        fabric_change_router(c, port->router);
    } else {
        c->all = true;
    }
}

/* A port of another kind, or of no switch. */
static void
changed_other(struct fabric_change *c, const struct ovsdb_delta *d,
              const struct fabric_switch *ls)
{
    bool is_l2gateway = !strcmp(ovsdb_string(d->row, LSP_TYPE), "l2gateway");
    if (!ls || ls->type_lost == d->row) {
        changes_all(c, d);
    } else if (is_l2gateway
               && (d->column == LSP_OPTIONS || d->column == LSP_ENABLED
                   || d->column == LSP_TAG)) {
        change_mark_shell(c, ls);
        c->floods = true;
    } else if (d->column == LSP_NAME || d->column == LSP_TYPE
               || d->column == LSP_EXTERNAL_IDS || d->column == LSP_PARENT_NAME
               || d->column == LSP_ADDRESSES) {
        changes_all(c, d);
    } else if (d->column == LSP_OPTIONS) {
        c->all |= change_key_differs(d, "network_name");
    }
}

static void
changed_localnet(struct fabric_change *c, const struct ovsdb_delta *d)
{
    bool is_identity = d->column == LSP_NAME || d->column == LSP_TYPE
                       || d->column == LSP_EXTERNAL_IDS
                       || d->column == LSP_PARENT_NAME;
    if (is_identity || !change_localnets(c, d->row)) {
        changes_all(c, d);
    }
}

static void
changed_port(struct fabric_change *c, const struct ovsdb_delta *d)
{
    const struct fabric *f = c->fabric;
    const char *type = ovsdb_string(d->row, LSP_TYPE);
    struct fabric_vif *vif = f->vif_of_row[d->row->index];
    struct fabric_switch *ls = change_find_switch(c, d->row->owner);
    if (d->column == LSP_TYPE || d->column == LSP_EXTERNAL_IDS) {
        changes_all(c, d);
    } else if (vif) {
        changed_vif(c, d, vif);
    } else if (!strcmp(type, "localnet")) {
        changed_localnet(c, d);
    } else if (!strcmp(type, "router") && ls && ls->type_lost != d->row) {
        changed_router_port(c, d);
    } else {
        changed_other(c, d, ls);
    }
}

/* Routers. */

static void
changed_route(struct fabric_change *c, const struct ovsdb_delta *d)
{
    change_mark_to_read(c, d->row->owner);
}

static void
mark_router(struct fabric_change *c, const struct ovsdb_row *lr)
{
    const struct fabric_router *router = change_find_router(c, lr);
    if (router) {
        fabric_change_router(c, router);
    }
}

static void
changed_policy(struct fabric_change *c, const struct ovsdb_delta *d)
{
    mark_router(c, d->row->owner);
}

static void
changed_router(struct fabric_change *c, const struct ovsdb_delta *d)
{
    switch (d->column) {
    case LR_STATIC_ROUTES:
        change_mark_to_read(c, d->row);
        break;
    case LR_NAT:
        change_mark_nats(c, d->row);
        break;
    case LR_ENABLED:
    case LR_POLICIES:
        mark_router(c, d->row);
        break;
    case LR_OPTIONS:
        c->all |= change_key_differs(d, "chassis");
        mark_router(c, d->row);
        break;
    default:
        changes_all(c, d);
        break;
    }
}

static const struct fabric_lrp *
port_of(const struct fabric_change *c, const struct ovsdb_row *lrp)
{
    return lrp ? c->fabric->lrp_of_row[lrp->index] : NULL;
}

static void
changed_lrp(struct fabric_change *c, const struct ovsdb_delta *d)
{
    const struct fabric_lrp *port = port_of(c, d->row);
    switch (d->column) {
    case LRP_ENABLED:
    case LRP_PEER:
    case LRP_OPTIONS:
        break;
    case LRP_GATEWAY_CHASSIS:
    case LRP_HA_CHASSIS_GROUP:
        c->all |= port
                  && port->has_group
                         != (ovsdb_count(d->row, LRP_GATEWAY_CHASSIS)
                             || ovsdb_ref(d->row, LRP_HA_CHASSIS_GROUP));
        break;
    default:
        changes_all(c, d);
        return;
    }
    if (port) {
        fabric_change_router(c, port->router);
    }
}

static void
changed_gateway_chassis(struct fabric_change *c, const struct ovsdb_delta *d)
{
    const struct fabric_lrp *port = port_of(c, d->row->owner);
    if (port) {
        fabric_change_router(c, port->router);
    }
}

static void
mark_group(struct fabric_change *c, const struct ovsdb_row *group)
{
    const struct fabric *f = c->fabric;
    for (size_t i = 0; group && i < f->n_routers; i++) {
        for (size_t j = 0; j < f->routers[i].n_ports; j++) {
            if (ovsdb_ref(f->routers[i].ports[j].row, LRP_HA_CHASSIS_GROUP)
                == group) {
                fabric_change_router(c, &f->routers[i]);
            }
        }
    }
}

static void
changed_group(struct fabric_change *c, const struct ovsdb_delta *d)
{
    mark_group(c, d->row);
}

static void
changed_ha_chassis(struct fabric_change *c, const struct ovsdb_delta *d)
{
    mark_group(c, d->row->owner);
}

static void
changed_static_mac(struct fabric_change *c, const struct ovsdb_delta *d)
{
    const struct fabric_lrp *port = fabric_find_lrp(
        c->fabric, ovsdb_string(d->row, STATIC_MAC_BINDING_LOGICAL_PORT));
    if (d->column == STATIC_MAC_BINDING_LOGICAL_PORT
        || d->column == STATIC_MAC_BINDING_IP) {
        changes_all(c, d);
    } else if (port) {
        fabric_change_router(c, port->router);
    }
}

const struct change_handlers nb_changes[NB_N_TABLES] = {
    [NB_NB_GLOBAL] = { changed_global, NULL },
    [NB_LOGICAL_SWITCH] = { changed_switch, NULL },
    [NB_LOGICAL_SWITCH_PORT] = { changed_port, change_port_row },
    [NB_LOGICAL_ROUTER] = { changed_router, NULL },
    [NB_LOGICAL_ROUTER_PORT] = { changed_lrp, NULL },
    [NB_NAT] = { change_nat, change_nat_row },
    [NB_GATEWAY_CHASSIS] = { changed_gateway_chassis,
                             changed_gateway_chassis },
    [NB_HA_CHASSIS_GROUP] = { changed_group, NULL },
    [NB_HA_CHASSIS] = { changed_ha_chassis, changed_ha_chassis },
    /* policy/ follows these three. */
    [NB_PORT_GROUP] = { change_ignore, change_ignore },
    [NB_ACL] = { change_ignore, change_ignore },
    [NB_ADDRESS_SET] = { change_ignore, change_ignore },
    [NB_LOGICAL_ROUTER_STATIC_ROUTE] = { changed_route, changed_route },
    [NB_LOGICAL_ROUTER_POLICY] = { changed_policy, changed_policy },
    [NB_STATIC_MAC_BINDING] = { changed_static_mac, NULL },
    [NB_LOAD_BALANCER] = { NULL, NULL },
    [NB_LOAD_BALANCER_GROUP] = { NULL, NULL },
};
