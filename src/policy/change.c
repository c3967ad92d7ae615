#include "policy/change.h"

#include <stdlib.h>
#include <string.h>

#include "ovsdb/diff.h"
#include "policy/follow.h"

const struct ovsdb_row follow_several;

static void
note_holder(struct policy *p, const struct ovsdb_row *holder, unsigned column)
{
    for (unsigned i = 0; i < ovsdb_count(holder, column); i++) {
        const struct ovsdb_row *acl = ovsdb_atoms(holder, column)[i].row;
        const struct ovsdb_row **place = &p->holders[acl->index];
        *place = *place && *place != holder ? &follow_several : holder;
    }
}

const struct ovsdb_row *
follow_find_holder(struct policy *p, const struct ovsdb_row *acl)
{
    const struct ovsdb_table *nb = p->fabric->evidence->nb.store.tables;
    if (!p->holders) {
        p->holders = xcalloc(nb[NB_ACL].n_rows, sizeof(struct ovsdb_row *));
        OVSDB_TABLE_FOR_EACH (ls, &nb[NB_LOGICAL_SWITCH]) {
            note_holder(p, ls, LS_ACLS);
        }
        OVSDB_TABLE_FOR_EACH (group, &nb[NB_PORT_GROUP]) {
            note_holder(p, group, PORT_GROUP_ACLS);
        }
    }
    return p->holders[acl->index];
}

static void
forget_holders(struct policy *p)
{
    free(p->holders);
    p->holders = NULL;
}

void
follow_forget_parsed(struct policy_switch *sw)
{
    sw->is_parsed = false;
    sw->loose.n = 0;
}

static void
changed_switch(struct fabric_change *c, struct policy_switch *sw)
{
    const struct ovsdb_row *ls = sw->ls->row;
    sw->has_acls = ovsdb_count(ls, LS_ACLS) > 0 || sw->n_groups;
    sw->is_stateful = acl_has_stateful(ls, LS_ACLS);
    for (size_t i = 0; i < sw->n_groups; i++) {
        sw->is_stateful |= sw->groups[i].group->is_stateful;
    }
    follow_forget_parsed(sw);
    fabric_change_switch(c, sw->ls);
}

bool
follow_is_loose(const struct policy_group *group)
{
    bool loose = !group->acls;
    for (size_t i = 0; i < group->n; i++) {
        loose |= group->acls[i].is_loose;
    }
    return loose;
}

/* A port of another kind may be where all on its switch come in. */
void
follow_mark_port(struct policy *p, struct fabric_change *c,
                 const struct ovsdb_row *lsp)
{
    const struct fabric_vif *vif = p->fabric->vif_of_row[lsp->index];
    const struct policy_switch *sw =
        lsp->exists && lsp->owner ? p->switch_of_row[lsp->owner->index] : NULL;
    if (vif) {
        fabric_change_vif(c, vif);
    } else if (sw && strcmp(ovsdb_string(lsp, LSP_TYPE), "localport") != 0) {
        fabric_change_switch(c, sw->ls);
    }
}

void
follow_mark_members(struct policy *p, struct fabric_change *c,
                    const struct policy_group *group)
{
    const union ovsdb_atom *ports = ovsdb_atoms(group->row, PORT_GROUP_PORTS);
    for (unsigned i = 0; i < ovsdb_count(group->row, PORT_GROUP_PORTS); i++) {
        follow_mark_port(p, c, ports[i].row);
    }
}

void
follow_choose_again(struct policy *p, struct fabric_change *c,
                    const struct policy_group *group, bool marks)
{
    for (size_t i = 0; i < p->fabric->n_switches; i++) {
        if (policy_has_group(&p->switches[i], group)) {
            follow_forget_parsed(&p->switches[i]);
            if (marks) {
                fabric_change_switch(c, p->switches[i].ls);
            }
        }
    }
}

static void
changed_group(struct policy *p, struct fabric_change *c,
              struct policy_group *group)
{
    const struct ovsdb_row *row = group->row;
    bool loose = follow_is_loose(group);
    c->all |= acl_has_stateful(row, PORT_GROUP_ACLS) != group->is_stateful;
    acl_parse_group(p, group);
    loose |= follow_is_loose(group);
    follow_choose_again(p, c, group, loose);
    if (!loose) {
        follow_mark_members(p, c, group);
    }
}

/* ACLs of the switch or port group changed; it is read once, when all deltas
 * have been seen. */
static void
mark_holder(struct policy *p, struct fabric_change *c,
            const struct ovsdb_row *holder)
{
    const struct ovsdb_table *nb = p->fabric->evidence->nb.store.tables;
    if (holder == &follow_several) {
        c->all = true;
    } else if (holder && holder->table == &nb[NB_LOGICAL_SWITCH]) {
        struct policy_switch *sw = p->switch_of_row[holder->index];
        if (sw) {
            sw->is_changed = p->has_changed = true;
        }
    } else if (holder) {
        p->groups[holder->index].is_changed = p->has_changed = true;
    }
}

static void
read_marked(struct policy *p, struct fabric_change *c)
{
    const struct ovsdb_table *nb = p->fabric->evidence->nb.store.tables;
    OVSDB_TABLE_FOR_EACH (row, &nb[NB_PORT_GROUP]) {
        if (p->groups[row->index].is_changed) {
            changed_group(p, c, &p->groups[row->index]);
            p->groups[row->index].is_changed = false;
        }
    }
    for (size_t i = 0; i < p->fabric->n_switches; i++) {
        if (p->switches[i].is_changed) {
            changed_switch(c, &p->switches[i]);
            p->switches[i].is_changed = false;
        }
    }
    p->has_changed = false;
    acl_forget(p);
}

static void
apply_acl(struct policy *p, struct fabric_change *c,
          const struct ovsdb_delta *d)
{
    members_changed_acl(p, d);
    if (d->kind == OVSDB_CHANGED) {
        return;
    }
    forget_holders(p);
    /* One that is gone, or was, may be what let a frame pass. */
    if (d->kind == OVSDB_WENT || d->row->deleted_in) {
        p->knows_removed = false;
        p->n_removed = 0;
        c->is_unsettled = true;
    }
}

/* Also if it came or went: in a log it may have been referred to without
 * being there. */
static void
mark_holders(struct policy *p, struct fabric_change *c,
             const struct ovsdb_store *nb)
{
    for (size_t i = 0; i < nb->n_deltas && !c->all; i++) {
        const struct ovsdb_delta *d = &nb->deltas[i];
        if (d->row->table == &nb->tables[NB_ACL]) {
            mark_holder(p, c, follow_find_holder(p, d->row));
        }
    }
}

static void
apply_group(struct policy *p, struct fabric_change *c,
            const struct ovsdb_delta *d)
{
    bool none = d->kind == OVSDB_CHANGED && fabric_change_is_none(d);
    if (none) {
        return;
    }
    if (d->kind == OVSDB_CHANGED && d->column == PORT_GROUP_PORTS) {
        members_changed_ports(p, c, d);
        return;
    }
    if (d->kind != OVSDB_CHANGED || d->column != PORT_GROUP_ACLS
        || !d->before.n || !ovsdb_count(d->row, PORT_GROUP_ACLS)) {
        c->all = true; /* Groups without ACLs are no one's. */
        return;
    }
    forget_holders(p);
    mark_holder(p, c, d->row);
}

/* Other ports, or other addresses of these, on the switch. */
static void
mark_owners(struct policy *p, const struct ovsdb_row *ls)
{
    struct policy_switch *sw = p->switch_of_row[ls->index];
    if (sw) {
        sw->owners_changed = p->owners_changed = true;
    }
}

/* Ports' addresses are in the sets of their groups. */
static void
apply_port(struct policy *p, struct fabric_change *c,
           const struct ovsdb_delta *d)
{
    bool is_addressed = d->kind != OVSDB_CHANGED || d->column == LSP_ADDRESSES
                        || d->column == LSP_DYNAMIC_ADDRESSES;
    if (is_addressed && d->row->owner) {
        mark_owners(p, d->row->owner);
    }
    if (d->kind != OVSDB_CHANGED) {
        members_changed_port(p, c, d);
        return;
    }
    if (p->is_member[d->row->index] && !fabric_change_is_none(d)) {
        c->all |= d->column == LSP_NAME;
        if (is_addressed) {
            members_changed_port(p, c, d);
        }
    }
}

/* A router of the switch learned or forgot a host: what was found before does
 * not count any more. */
static void
forget_hosts_of(struct policy *p, struct fabric_change *c,
                struct policy_switch *sw)
{
    free(sw->hosts);
    sw->hosts = NULL;
    sw->n_hosts = 0;
    p->n_with_hosts--;
    fabric_change_switch(c, sw->ls);
}

static void
forget_hosts(struct policy *p, struct fabric_change *c, const char *lrp)
{
    for (size_t i = 0; i < p->fabric->n_switches; i++) {
        struct policy_switch *sw = &p->switches[i];
        for (size_t j = 0; sw->hosts && j < sw->ls->n_router_ports; j++) {
            const struct ovsdb_row *port = sw->ls->router_ports[j].lrp;
            if (port && !strcmp(ovsdb_string(port, LRP_NAME), lrp)) {
                forget_hosts_of(p, c, sw);
            }
        }
    }
}

/* Other next hops. */
static void
apply_route(struct policy *p, struct fabric_change *c)
{
    for (size_t i = 0; p->n_with_hosts && i < p->fabric->n_switches; i++) {
        if (p->switches[i].hosts) {
            forget_hosts_of(p, c, &p->switches[i]);
        }
    }
}

/* Read once, as the groups and switches are. */
static void
forget_owners(struct policy *p, struct fabric_change *c)
{
    for (size_t i = 0; i < p->fabric->n_switches; i++) {
        struct policy_switch *sw = &p->switches[i];
        if (sw->owners_changed && sw->hosts) {
            forget_hosts_of(p, c, sw);
        }
        if (sw->owners_changed && !policy_forget_owners(p, sw)) {
            c->all = true;
        }
        sw->owners_changed = false;
    }
    p->owners_changed = false;
}

static void
apply_nb(struct policy *p, struct fabric_change *c,
         const struct ovsdb_delta *d)
{
    switch (d->row->table - d->row->table->store->tables) {
    case NB_LOGICAL_SWITCH:
        if (d->column == LS_ACLS) {
            forget_holders(p);
            mark_holder(p, c, d->row);
        } else if (d->column == LS_PORTS) {
            mark_owners(p, d->row);
        }
        break;
    case NB_LOGICAL_SWITCH_PORT:
        apply_port(p, c, d);
        break;
    case NB_PORT_GROUP:
        apply_group(p, c, d);
        break;
    case NB_ACL:
        apply_acl(p, c, d);
        break;
    case NB_LOGICAL_ROUTER:
        if (d->column == LR_STATIC_ROUTES) {
            apply_route(p, c);
        }
        break;
    case NB_LOGICAL_ROUTER_STATIC_ROUTE:
        apply_route(p, c);
        break;
    case NB_ADDRESS_SET:
        members_changed_set(p, c, d);
        break;
    default:
        break;
    }
}

static void
apply_neighbour(struct policy *p, struct fabric_change *c,
                const struct ovsdb_delta *d)
{
    if (!p->n_with_hosts) {
        return;
    }
    forget_hosts(p, c, ovsdb_string(d->row, MAC_BINDING_LOGICAL_PORT));
    c->all |=
        d->kind == OVSDB_CHANGED && d->column == MAC_BINDING_LOGICAL_PORT;
}

void
policy_change_apply(struct policy *p, struct fabric_change *c,
                    const struct evidence_db *db)
{
    const struct evidence *e = p->fabric->evidence;
    const struct ovsdb_table *tables = db->store.tables;
    for (size_t i = 0; i < db->store.n_deltas && !c->all; i++) {
        const struct ovsdb_delta *d = &db->store.deltas[i];
        if (db == &e->nb) {
            apply_nb(p, c, d);
        } else if (db == &e->sb && d->row->table == &tables[SB_MAC_BINDING]) {
            apply_neighbour(p, c, d);
        }
    }
    if (db == &e->nb) {
        mark_holders(p, c, &db->store);
    }
    if (p->owners_changed && !c->all) {
        forget_owners(p, c);
    }
    if (p->has_changed && !c->all) {
        read_marked(p, c);
    }
    members_read(p, c);
}
