#include "policy/change.h"

#include <stdlib.h>
#include <string.h>

#include "ovsdb/diff.h"
#include "policy/acl.h"

/* Whose an ACL is that several have. */
static const struct ovsdb_row several;

static void
note_holder(struct policy *p, const struct ovsdb_row *holder, unsigned column)
{
    for (unsigned i = 0; i < ovsdb_count(holder, column); i++) {
        const struct ovsdb_row *acl = ovsdb_atoms(holder, column)[i].row;
        const struct ovsdb_row **place = &p->holders[acl->index];
        *place = *place && *place != holder ? &several : holder;
    }
}

/* The switch or port group that has the ACL; NULL if none has. */
static const struct ovsdb_row *
find_holder(struct policy *p, const struct ovsdb_row *acl)
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

static void
forget_parsed(struct policy_switch *sw)
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
        sw->is_stateful |= sw->groups[i]->is_stateful;
    }
    forget_parsed(sw);
    fabric_change_switch(c, sw->ls);
}

static bool
has_group(const struct policy_switch *sw, const struct policy_group *group)
{
    for (size_t i = 0; i < sw->n_groups; i++) {
        if (sw->groups[i] == group) {
            return true;
        }
    }
    return false;
}

/* Whether some ACL of the group is asked about others than its ports; also
 * if it is not known. */
static bool
is_loose(const struct policy_group *group)
{
    bool loose = !group->acls;
    for (size_t i = 0; i < group->n; i++) {
        loose |= group->acls[i].is_loose;
    }
    return loose;
}

/* A port of another kind may be where all on its switch come in. */
static void
mark_port(struct policy *p, struct fabric_change *c,
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

static void
mark_members(struct policy *p, struct fabric_change *c,
             const struct policy_group *group)
{
    const union ovsdb_atom *ports = ovsdb_atoms(group->row, PORT_GROUP_PORTS);
    for (unsigned i = 0; i < ovsdb_count(group->row, PORT_GROUP_PORTS); i++) {
        mark_port(p, c, ports[i].row);
    }
}

static void
changed_group(struct policy *p, struct fabric_change *c,
              struct policy_group *group)
{
    const struct ovsdb_row *row = group->row;
    bool loose = is_loose(group);
    bool is_stateful = ovsdb_count(row, PORT_GROUP_PORTS)
                       && acl_has_stateful(row, PORT_GROUP_ACLS);
    c->all |= is_stateful != group->is_stateful;
    acl_parse_group(p, group);
    loose |= is_loose(group);
    for (size_t i = 0; i < p->fabric->n_switches; i++) {
        if (has_group(&p->switches[i], group)) {
            forget_parsed(&p->switches[i]);
            if (loose) {
                fabric_change_switch(c, p->switches[i].ls);
            }
        }
    }
    if (!loose) {
        mark_members(p, c, group);
    }
}

/* ACLs of the switch or port group changed; it is read once, when all deltas
 * have been seen. */
static void
mark_holder(struct policy *p, struct fabric_change *c,
            const struct ovsdb_row *holder)
{
    const struct ovsdb_table *nb = p->fabric->evidence->nb.store.tables;
    if (holder == &several) {
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
            mark_holder(p, c, find_holder(p, d->row));
        }
    }
}

/* Members of groups.  Who is in which group is looked up anew for all; asked
 * again are the ports that came into a group or left it, and whoever an ACL
 * tells from others by the addresses of its ports: "$GROUP_ip4", "$GROUP_ip6"
 * (ovn-nb(5), Port_Group).  "@GROUP" is asked about the guest's own port only.
 */

static void
note_group(struct policy *p, const struct ovsdb_row *group)
{
    p->groups[group->index].members_changed = p->members_changed = true;
}

/* Ports that the group had and has not, or the other way round. */
static void
apply_members(struct policy *p, struct fabric_change *c,
              const struct ovsdb_delta *d)
{
    const struct ovsdb_column_spec *spec =
        &nb_spec.tables[NB_PORT_GROUP].columns[PORT_GROUP_PORTS];
    const union ovsdb_atom *now = ovsdb_atoms(d->row, PORT_GROUP_PORTS);
    const union ovsdb_atom *before = ovsdb_datum_atoms(spec, &d->before);
    unsigned n = ovsdb_count(d->row, PORT_GROUP_PORTS);
    unsigned char *is_in = xcalloc(p->fabric->lsp_rows_capacity, 1);
    for (unsigned i = 0; i < d->before.n; i++) {
        is_in[before[i].row->index] |= 1;
    }
    for (unsigned i = 0; i < n; i++) {
        is_in[now[i].row->index] |= 2;
        if (is_in[now[i].row->index] == 2) {
            mark_port(p, c, now[i].row);
        }
    }
    for (unsigned i = 0; i < d->before.n; i++) {
        if (is_in[before[i].row->index] == 1) {
            mark_port(p, c, before[i].row);
        }
    }
    free(is_in);
    note_group(p, d->row);
}

static bool
asks_for(const char *match, const char *group)
{
    size_t length = strlen(group);
    const char *at = match;
    while ((at = strchr(at, '$'))) {
        at++;
        if (!strncmp(at, group, length) && !strncmp(at + length, "_ip", 3)) {
            return true;
        }
    }
    return false;
}

static void
mark_asked(struct policy *p, struct fabric_change *c,
           const struct ovsdb_row *holder)
{
    const struct ovsdb_table *nb = p->fabric->evidence->nb.store.tables;
    struct policy_group *group =
        holder->table == &nb[NB_PORT_GROUP] ? &p->groups[holder->index] : NULL;
    if (group && !group->acls) {
        acl_parse_group(p, group);
    }
    if (group && !is_loose(group)) {
        mark_members(p, c, group);
        return;
    }
    for (size_t i = 0; i < p->fabric->n_switches; i++) {
        const struct policy_switch *sw = &p->switches[i];
        if (group ? has_group(sw, group) : sw->ls->row == holder) {
            fabric_change_switch(c, sw->ls);
        }
    }
}

static void
mark_askers(struct policy *p, struct fabric_change *c,
            const struct ovsdb_row *group)
{
    const struct ovsdb_table *nb = p->fabric->evidence->nb.store.tables;
    const char *name = ovsdb_string(group, PORT_GROUP_NAME);
    for (size_t i = 0; i < nb[NB_ACL].n_rows; i++) {
        const struct ovsdb_row *acl = nb[NB_ACL].rows[i];
        if (!asks_for(ovsdb_string(acl, ACL_MATCH), name)) {
            continue;
        }
        const struct ovsdb_row *holder = find_holder(p, acl);
        if (!acl->exists) {
            c->is_unsettled = true; /* It may be what let a frame pass. */
        } else if (holder == &several) {
            c->all = true;
        } else if (holder) {
            mark_asked(p, c, holder);
        }
    }
}

/* What a switch was like. */
struct former {
    bool has_acls, is_stateful;
    size_t n_groups;
    uint64_t groups; /* A sum of these. */
};

static struct former
describe(const struct policy_switch *sw)
{
    struct former f = { sw->has_acls, sw->is_stateful, sw->n_groups, 0 };
    for (size_t i = 0; i < sw->n_groups; i++) {
        f.groups =
            hash_words(f.groups, (uint64_t) sw->groups[i]->row->index + 1);
    }
    return f;
}

static bool
same_former(struct former a, struct former b)
{
    return a.has_acls == b.has_acls && a.is_stateful == b.is_stateful
           && a.n_groups == b.n_groups && a.groups == b.groups;
}

static void
read_members(struct policy *p, struct fabric_change *c)
{
    const struct fabric *f = p->fabric;
    const struct ovsdb_table *nb = f->evidence->nb.store.tables;
    OVSDB_TABLE_FOR_EACH (row, &nb[NB_PORT_GROUP]) {
        if (p->groups[row->index].members_changed) {
            mark_askers(p, c, row);
        }
    }
    struct former *former = xcalloc(f->n_switches, sizeof *former);
    for (size_t i = 0; i < f->n_switches; i++) {
        former[i] = describe(&p->switches[i]);
    }
    policy_read_again(p);
    for (size_t i = 0; i < f->n_switches; i++) {
        if (!same_former(former[i], describe(&p->switches[i]))) {
            fabric_change_switch(c, p->switches[i].ls);
        }
    }
    free(former);
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
        apply_members(p, c, d);
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

/* Notes the groups that name the port. */
static void
note_groups_of(struct policy *p, const struct ovsdb_row *lsp)
{
    const struct ovsdb_table *nb = p->fabric->evidence->nb.store.tables;
    for (const struct ovsdb_row *row = NULL;
         p->is_member[lsp->index]
         && (row = ovsdb_table_next(&nb[NB_PORT_GROUP], row));) {
        const union ovsdb_atom *ports = ovsdb_atoms(row, PORT_GROUP_PORTS);
        for (unsigned i = 0; i < ovsdb_count(row, PORT_GROUP_PORTS); i++) {
            if (ports[i].row == lsp) {
                note_group(p, row);
            }
        }
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
        note_groups_of(p, d->row);
        return;
    }
    if (p->is_member[d->row->index] && !fabric_change_is_none(d)) {
        c->all |= d->column == LSP_NAME;
        if (is_addressed) {
            note_groups_of(p, d->row);
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
        c->all |= d->kind != OVSDB_CHANGED || !fabric_change_is_none(d);
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
    if (p->members_changed && !c->all) {
        read_members(p, c);
    }
}
