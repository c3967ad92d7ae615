/* What follows from changes in OVN_Southbound. */
#include <string.h>

#include "fabric/follow.h"

static void
changes_all(struct fabric_change *c, const struct ovsdb_delta *d)
{
    c->all |= !fabric_change_is_none(d);
}

/* How far the chassis are. */

static int64_t
wanted_cfg(const struct fabric *f)
{
    const struct ovsdb_row *global =
        ovsdb_table_next(&f->evidence->sb.store.tables[SB_SB_GLOBAL], NULL);
    return global ? ovsdb_integer(global, SB_GLOBAL_NB_CFG, 0) : 0;
}

/* Whether it is up to date now and was not, or the other way round. */
static bool
turns(struct fabric_chassis *chassis, int64_t wanted)
{
    bool was_behind = chassis->is_behind;
    chassis->is_behind = chassis->nb_cfg_row && chassis->nb_cfg < wanted;
    return chassis->is_behind != was_behind;
}

static void
changed_global(struct fabric_change *c, const struct ovsdb_delta *d)
{
    int64_t wanted = wanted_cfg(c->fabric);
    (void) d;
    for (size_t i = 0; i < c->fabric->n_chassis; i++) {
        c->is_unsettled |= turns(c->fabric->chassis[i], wanted);
    }
}

static void
changed_private(struct fabric_change *c, const struct ovsdb_delta *d)
{
    struct fabric_chassis *chassis = fabric_find_chassis(
        c->fabric, ovsdb_string(d->row, CHASSIS_PRIVATE_NAME));
    if (d->column == CHASSIS_PRIVATE_NB_CFG_TIMESTAMP) {
        return;
    }
    if (d->column != CHASSIS_PRIVATE_NB_CFG) {
        changes_all(c, d);
    } else if (chassis && chassis->nb_cfg_row == d->row) {
        chassis->nb_cfg = ovsdb_integer(d->row, CHASSIS_PRIVATE_NB_CFG, 0);
        if (turns(chassis, wanted_cfg(c->fabric))) {
            change_mark(&c->progress, chassis->index);
        }
    }
}

static void
changed_chassis(struct fabric_change *c, const struct ovsdb_delta *d)
{
    const struct fabric_chassis *chassis =
        fabric_find_chassis(c->fabric, ovsdb_string(d->row, CHASSIS_NAME));
    bool is_mappings =
        d->column == CHASSIS_EXTERNAL_IDS || d->column == CHASSIS_OTHER_CONFIG;
    bool is_unread = chassis && chassis->mappings_known
                     && !strcmp(chassis->mappings_db, "ovs");
    if (!is_mappings || !is_unread) {
        changes_all(c, d);
    }
}

static void
changed_encap(struct fabric_change *c, const struct ovsdb_delta *d)
{
    if (d->column == ENCAP_IP || d->column == ENCAP_TYPE) {
        changes_all(c, d);
    }
}

/* Bindings. */

struct move {
    const struct fabric_vif *vif;
    struct fabric_chassis *before;
};

/* The endpoint follows its VM, or the port that it names. */
static void
follow_vif(struct fabric_change *c, struct fabric_endpoint *e, void *move_)
{
    const struct move *move = move_;
    struct fabric_chassis *before = e->chassis;
    if (e->nat) {
        fabric_read_floating_ip(c->fabric, e);
    } else {
        e->chassis = move->vif->chassis;
    }
    change_place_endpoint(c, e);
    if (e->nat) {
        change_move(c, e->ls, before, e->chassis);
    }
}

static void
bind(struct fabric_change *c, struct fabric_vif *vif)
{
    struct move move = { vif, vif->chassis };
    fabric_bind_vif(c->fabric, vif);
    if (vif->chassis != move.before) {
        change_visit_vif(c, vif, follow_vif, &move);
        change_move(c, vif->ls, move.before, vif->chassis);
    }
    change_mark_vif(c, vif);
    change_mark_tunnels(c, vif);
}

/* A router's port is bound elsewhere. */

static void
note_bindings(struct fabric_change *c, struct fabric_switch *ls, void *lrp)
{
    for (size_t i = 0; i < ls->n_router_ports; i++) {
        if (ls->router_ports[i].lrp == lrp) {
            fabric_note_bindings(c->fabric, &ls->router_ports[i]);
        }
    }
}

/* A gateway port moves, and with it the addresses that enter there. */

static void
follow_holder(struct fabric_change *c, struct fabric_endpoint *e, void *port)
{
    struct fabric_chassis *before = e->chassis;
    if (e->gateway != port) {
        return;
    }
    if (e->nat) {
        fabric_read_floating_ip(c->fabric, e);
    } else {
        e->chassis = e->gateway->chassis;
    }
    change_place_endpoint(c, e);
    change_move(c, e->ls, before, e->chassis);
}

static void
move_holder(struct fabric_change *c, struct fabric_lrp *port)
{
    struct fabric_chassis *before = port->chassis;
    fabric_find_holder(c->fabric, port);
    change_visit_routed(c, port->router, note_bindings, (void *) port->row);
    change_visit_router(c, port->router, follow_holder, port);
    if (port->ls) {
        change_move(c, port->ls, before, port->chassis);
    }
    fabric_change_router(c, port->router);
}

/* What the router's port is called that a binding is named after: its own, or
 * that of who holds it. */
static const char *
bound_lrp_name(const struct ovsdb_row *pb)
{
    const char *name = ovsdb_string(pb, PB_LOGICAL_PORT);
    return name + (!strncmp(name, "cr-", 3) ? 3 : 0);
}

static struct fabric_lrp *
find_bound_lrp(const struct fabric_change *c, const struct ovsdb_row *pb)
{
    return fabric_find_lrp(c->fabric, bound_lrp_name(pb));
}

/* The gateway port that the binding tells the holder of, or NULL. */
static struct fabric_lrp *
find_held(const struct fabric_change *c, const struct ovsdb_row *pb)
{
    struct fabric_lrp *port = find_bound_lrp(c, pb);
    return port && port->binding == pb && port->is_gateway
                   && (port->has_group || port->router->pinned)
               ? port
               : NULL;
}

static struct fabric_chassis *
chassis_in(const struct fabric *f, const struct ovsdb_datum *d)
{
    const struct ovsdb_row *row = d->n ? d->one.row : NULL;
    return row && row->exists
               ? fabric_find_chassis(f, ovsdb_string(row, CHASSIS_NAME))
               : NULL;
}

/* Another binding of a router's port: it only makes the switch local there.
 * So it does if the port's row is no router's. */
static void
move_router_port(struct fabric_change *c, const struct ovsdb_delta *d)
{
    const struct fabric_lrp *port = find_bound_lrp(c, d->row);
    if (port ? port->second || !port->is_joined
             : strmap_get(&c->fabric->lrps, bound_lrp_name(d->row)) != NULL) {
        changes_all(c, d);
    } else if (port) {
        change_visit_routed(c, port->router, note_bindings,
                            (void *) port->row);
        change_move(c, port->ls, chassis_in(c->fabric, &d->before),
                    chassis_in(c->fabric, ovsdb_datum(d->row, PB_CHASSIS)));
    }
}

static void
changed_where(struct fabric_change *c, const struct ovsdb_delta *d)
{
    struct fabric_vif *vif =
        change_find_vif(c, ovsdb_string(d->row, PB_LOGICAL_PORT));
    struct fabric_lrp *held = find_held(c, d->row);
    if (vif && vif->pb == d->row) {
        c->all |= find_bound_lrp(c, d->row) != NULL; /* Of the same name. */
        bind(c, vif);
    } else if (held) {
        move_holder(c, held);
    } else {
        move_router_port(c, d);
    }
}

static void
changed_binding(struct fabric_change *c, const struct ovsdb_delta *d)
{
    switch (d->column) {
    case PB_UP: /* Asked of a chassis as a whole only. */
        break;
    case PB_CHASSIS:
        changed_where(c, d);
        break;
    case PB_TAG:
    case PB_OPTIONS:
        if (!change_localnets(c, d->row)
            && !strcmp(ovsdb_string(d->row, PB_TYPE), "localnet")) {
            changes_all(c, d);
        }
        break;
    default:
        changes_all(c, d);
        break;
    }
}

/* Bindings that come and go.  Of two with one name, one goes as the other
 * comes: a server allows no more (ovn-sb.ovsschema, "indexes"). */

/* Whether a localnet port or a router's stands on a binding of the name, so
 * that more than a VM depends on it. */
static bool
is_of_others(const struct fabric_change *c, const char *name)
{
    const struct ovsdb_row *lsp = strmap_get(&c->fabric->lsps, name);
    return (lsp && !strcmp(ovsdb_string(lsp, LSP_TYPE), "localnet"))
           || fabric_find_lrp(c->fabric, name)
           || (!strncmp(name, "cr-", 3)
               && fabric_find_lrp(c->fabric, name + 3));
}

/* Whether the row was a localnet port's before it was deleted. */
static bool
was_lost(const struct fabric *f, const struct ovsdb_row *pb)
{
    for (size_t i = 0; i < f->lost_pbs.n; i++) {
        if (f->lost_pbs.rows[i] == pb) {
            return true;
        }
    }
    return false;
}

/* Returns whether it is the one of its name now, or was until it went. */
static bool
index_binding(struct fabric_change *c, const struct ovsdb_delta *d)
{
    struct ovsdb_row *row = d->row;
    void **place = strmap_place(&c->fabric->port_bindings,
                                ovsdb_string(row, PB_LOGICAL_PORT));
    const struct ovsdb_row *other = *place != row ? *place : NULL;
    if (row->exists) {
        c->all |= other && other->exists;
        *place = row;
    } else if (!other) {
        *place = NULL;
    }
    return !other || row->exists;
}

static void
binding_came_or_went(struct fabric_change *c, const struct ovsdb_delta *d)
{
    const char *name = ovsdb_string(d->row, PB_LOGICAL_PORT);
    struct fabric_vif *vif = change_find_vif(c, name);
    if (!strcmp(ovsdb_string(d->row, PB_TYPE), "localnet")
        || is_of_others(c, name) || was_lost(c->fabric, d->row)) {
        c->all = true;
    } else if (index_binding(c, d) && vif) {
        vif->pb = d->row->exists ? d->row : NULL;
        bind(c, vif);
    }
}

/* What routers learned matters to static MAC bindings; policy/ asks besides.
 */
static void
changed_neighbour(struct fabric_change *c, const struct ovsdb_delta *d)
{
    const struct ovsdb_table *statics =
        &c->fabric->evidence->nb.store.tables[NB_STATIC_MAC_BINDING];
    const struct fabric_lrp *port = fabric_find_lrp(
        c->fabric, ovsdb_string(d->row, MAC_BINDING_LOGICAL_PORT));
    c->all |= statics->n_existing
              && ((port && port->static_macs)
                  || (d->kind == OVSDB_CHANGED
                      && d->column == MAC_BINDING_LOGICAL_PORT));
}

/* Where a MAC was learned matters to the guest that has it. */
static void
changed_fdb(struct fabric_change *c, const struct ovsdb_delta *d)
{
    if (d->row->exists) {
        fabric_index_learned(c->fabric, d->row);
    }
    c->all |= (d->kind == OVSDB_CHANGED && d->column != FDB_PORT_KEY)
              || fabric_is_attached(c->fabric, ovsdb_string(d->row, FDB_MAC));
}

const struct change_handlers sb_changes[SB_N_TABLES] = {
    [SB_SB_GLOBAL] = { changed_global, NULL },
    [SB_CHASSIS] = { changed_chassis, NULL },
    [SB_CHASSIS_PRIVATE] = { changed_private, NULL },
    [SB_ENCAP] = { changed_encap, NULL },
    [SB_DATAPATH_BINDING] = { changes_all, NULL },
    [SB_PORT_BINDING] = { changed_binding, binding_came_or_went },
    [SB_MAC_BINDING] = { changed_neighbour, changed_neighbour },
    [SB_FDB] = { changed_fdb, changed_fdb },
};
