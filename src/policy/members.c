/* Following who is in which port group and address set.
 *
 * Groups and sets are large, and a change is of a port or an address: what is
 * read again are the groups of the ports that came into one or left it, and
 * the ACLs that name the groups and sets.  Asked again are these ports, and
 * whoever an ACL tells from others by what is in a set of addresses:
 * "$SET", or "$GROUP_ip4" and "$GROUP_ip6" (ovn-nb(5), Port_Group).  "@GROUP"
 * is asked about the guest's own port only. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ovsdb/diff.h"
#include "policy/follow.h"

/* A port that came into a group, or left it. */
struct move {
    const struct ovsdb_row *lsp;
    struct policy_group *group;
    bool is_in;
    size_t number; /* In their order. */
};

/* A set that changed: "@NAME", or "$NAME". */
struct named_set {
    const char *name;
    bool is_port_group;
    struct policy_group *group; /* NULL: an address set's row. */
};

/* An ACL in a list of those that name a set. */
struct asker {
    const struct ovsdb_row *acl;
    const struct asker *next;
};

/* A group whose ACLs name such sets. */
struct asked {
    struct policy_group *group;
    bool by_address;
};

struct policy_members {
    struct move *moves;
    size_t n_moves, moves_capacity;
    const struct ovsdb_row **gone; /* Ports. */
    size_t n_gone, gone_capacity;
    struct named_set *sets;
    size_t n_sets, sets_capacity;
    struct asked *asked;
    size_t n_asked, asked_capacity;
    struct policy_group **groups; /* Of the port that is looked at. */
    size_t n_groups, groups_capacity;

    /* Which ACLs name which set, once that was asked: by its name, those of
     * address sets and of port groups. */
    bool knows_askers;
    struct strmap askers[2];

    bool has_bare; /* Groups with ports and without ACLs. */
};

static const struct ovsdb_table *
nb_table(const struct policy *p, enum nb_table table)
{
    return &p->fabric->evidence->nb.store.tables[table];
}

static bool
is_bare(const struct ovsdb_row *group)
{
    return !ovsdb_count(group, PORT_GROUP_ACLS);
}

/* Made by the first change. */
static struct policy_members *
members_of(struct policy *p)
{
    if (!p->following) {
        struct policy_members *m = xcalloc(1, sizeof *m);
        strmap_init(&m->askers[0]);
        strmap_init(&m->askers[1]);
        OVSDB_TABLE_FOR_EACH (row, nb_table(p, NB_PORT_GROUP)) {
            m->has_bare |= is_bare(row) && ovsdb_count(row, PORT_GROUP_PORTS);
        }
        p->following = m;
    }
    return p->following;
}

void
members_free(struct policy *p)
{
    struct policy_members *m = p->following;
    if (m) {
        free(m->moves);
        free(m->gone);
        free(m->sets);
        free(m->asked);
        free(m->groups);
        strmap_done(&m->askers[0]);
        strmap_done(&m->askers[1]);
        free(m);
    }
}

/* Sets that changed. */

static void
note_set(struct policy_members *m, const char *name, bool is_port_group,
         struct policy_group *group)
{
    m->sets = xgrow(m->sets, m->n_sets, &m->sets_capacity, sizeof *m->sets);
    m->sets[m->n_sets++] = (struct named_set){ name, is_port_group, group };
}

static void
note_group(struct policy *p, struct policy_group *group)
{
    struct policy_members *m = members_of(p);
    assert(group->row); /* One that came makes everything be built again. */
    const char *name = ovsdb_string(group->row, PORT_GROUP_NAME);
    if (!group->members_changed) {
        group->members_changed = true;
        note_set(m, name, true, group);
        note_set(m, arena_printf(p->arena, "%s_ip4", name), false, group);
        note_set(m, arena_printf(p->arena, "%s_ip6", name), false, group);
    }
}

static bool
has_port(const struct ovsdb_row *group, const struct ovsdb_row *lsp)
{
    const union ovsdb_atom *ports = ovsdb_atoms(group, PORT_GROUP_PORTS);
    unsigned n = ovsdb_count(group, PORT_GROUP_PORTS), i = 0;
    while (i < n && ports[i].row != lsp) {
        i++;
    }
    return i < n;
}

/* Of a port that is there, or was. */
static void
note_groups_of(struct policy *p, const struct ovsdb_row *lsp)
{
    for (struct membership *g = p->memberships[lsp->index]; g; g = g->next) {
        note_group(p, g->group);
    }
    if (!members_of(p)->has_bare) {
        return;
    }
    OVSDB_TABLE_FOR_EACH (row, nb_table(p, NB_PORT_GROUP)) {
        if (is_bare(row) && has_port(row, lsp)) {
            note_group(p, &p->groups[row->index]);
        }
    }
}

static void
note_move(struct policy *p, struct fabric_change *c,
          struct policy_group *group, const struct ovsdb_row *lsp, bool is_in)
{
    struct policy_members *m = members_of(p);
    m->moves =
        xgrow(m->moves, m->n_moves, &m->moves_capacity, sizeof *m->moves);
    m->moves[m->n_moves] = (struct move){ lsp, group, is_in, m->n_moves };
    m->n_moves++;
    note_group(p, group);
    follow_mark_port(p, c, lsp);
}

/* Groups have had it without its being there: no client of OVN makes that. */
static void
note_awaited(struct policy *p, struct fabric_change *c,
             const struct ovsdb_row *lsp)
{
    OVSDB_TABLE_FOR_EACH (row, nb_table(p, NB_PORT_GROUP)) {
        if (has_port(row, lsp)) {
            note_move(p, c, &p->groups[row->index], lsp, true);
        }
    }
}

void
members_changed_port(struct policy *p, struct fabric_change *c,
                     const struct ovsdb_delta *d)
{
    struct policy_members *m = members_of(p);
    if (!p->is_member[d->row->index]) {
        return;
    }
    if (d->kind == OVSDB_CAME) {
        note_awaited(p, c, d->row);
        return;
    }
    note_groups_of(p, d->row);
    if (d->kind == OVSDB_WENT) {
        m->gone = xgrow(m->gone, m->n_gone, &m->gone_capacity,
                        sizeof(const struct ovsdb_row *));
        m->gone[m->n_gone++] = d->row;
    }
}

void
members_changed_set(struct policy *p, struct fabric_change *c,
                    const struct ovsdb_delta *d)
{
    if (d->kind == OVSDB_CHANGED && fabric_change_is_none(d)) {
        return;
    }
    const char *name = ovsdb_string(d->row, ADDRESS_SET_NAME);
    void **place = strmap_place(&p->address_sets, name);
    const struct ovsdb_row *other = *place != d->row ? *place : NULL;
    c->all |= d->kind == OVSDB_CHANGED && d->column == ADDRESS_SET_NAME;
    if (d->row->exists) {
        c->all |= other && other->exists;
        *place = d->row;
    } else if (!other) {
        *place = NULL;
    }
    note_set(members_of(p), name, false, NULL);
}

/* The ports of a group. */

/* What a group had and has, as far as both are the same at their ends. */
struct ports {
    const union ovsdb_atom *before, *now;
    size_t n_before, n_now;
};

static void
cut_common(struct ports *ports)
{
    while (ports->n_before && ports->n_now
           && ports->before->row == ports->now->row) {
        ports->before++;
        ports->now++;
        ports->n_before--;
        ports->n_now--;
    }
    while (ports->n_before && ports->n_now
           && ports->before[ports->n_before - 1].row
                  == ports->now[ports->n_now - 1].row) {
        ports->n_before--;
        ports->n_now--;
    }
}

void
members_changed_ports(struct policy *p, struct fabric_change *c,
                      const struct ovsdb_delta *d)
{
    const struct ovsdb_column_spec *spec =
        &nb_spec.tables[NB_PORT_GROUP].columns[PORT_GROUP_PORTS];
    struct policy_group *group = &p->groups[d->row->index];
    struct ports ports = { ovsdb_datum_atoms(spec, &d->before),
                           ovsdb_atoms(d->row, PORT_GROUP_PORTS), d->before.n,
                           ovsdb_count(d->row, PORT_GROUP_PORTS) };
    cut_common(&ports);
    unsigned char *is_in = xcalloc(p->fabric->lsp_rows_capacity, 1);
    for (size_t i = 0; i < ports.n_before; i++) {
        is_in[ports.before[i].row->index] |= 1;
    }
    for (size_t i = 0; i < ports.n_now; i++) {
        is_in[ports.now[i].row->index] |= 2;
        if (is_in[ports.now[i].row->index] == 2) {
            note_move(p, c, group, ports.now[i].row, true);
        }
    }
    for (size_t i = 0; i < ports.n_before; i++) {
        if (is_in[ports.before[i].row->index] == 1) {
            note_move(p, c, group, ports.before[i].row, false);
        }
    }
    free(is_in);
    members_of(p)->has_bare |= is_bare(d->row);
    note_group(p, group);
}

/* Where a group has ports. */

static bool
is_stateful(const struct policy_switch *sw)
{
    bool stateful = acl_has_stateful(sw->ls->row, LS_ACLS);
    for (size_t i = 0; i < sw->n_groups && !stateful; i++) {
        stateful = sw->groups[i].group->is_stateful;
    }
    return stateful;
}

/* The group came to the switch, or left it. */
static void
changed_presence(struct fabric_change *c, struct policy_switch *sw,
                 const struct policy_group *group)
{
    bool had_acls = sw->has_acls, was_stateful = sw->is_stateful;
    sw->has_acls = ovsdb_count(sw->ls->row, LS_ACLS) > 0 || sw->n_groups;
    sw->is_stateful = is_stateful(sw);
    if (sw->has_acls != had_acls || sw->is_stateful != was_stateful
        || follow_is_loose(group)) {
        follow_forget_parsed(sw);
        fabric_change_switch(c, sw->ls);
    }
}

static void
enter(struct policy *p, struct fabric_change *c, struct policy_switch *sw,
      struct policy_group *group)
{
    if (!policy_add_presence(sw, group)) {
        return;
    }
    group->is_joined = true;
    if (!group->acls) {
        acl_parse_group(p, group);
    }
    changed_presence(c, sw, group);
}

static void
leave(struct fabric_change *c, struct policy_switch *sw,
      const struct policy_group *group)
{
    if (policy_drop_presence(sw, group)) {
        changed_presence(c, sw, group);
    }
}

/* The groups of a port. */

/* The last first, as they are linked. */
static void
list_groups(struct policy_members *m, const struct membership *groups)
{
    m->n_groups = 0;
    for (; groups; groups = groups->next) {
        m->groups = xgrow(m->groups, m->n_groups, &m->groups_capacity,
                          sizeof(struct policy_group *));
        m->groups[m->n_groups++] = groups->group;
    }
}

static void
take_move(struct policy_members *m, const struct move *move)
{
    size_t i = 0;
    while (i < m->n_groups
           && m->groups[i]->row->index > move->group->row->index) {
        i++;
    }
    bool is_there = i < m->n_groups && m->groups[i] == move->group;
    if (move->is_in && !is_there) {
        m->groups = xgrow(m->groups, m->n_groups, &m->groups_capacity,
                          sizeof(struct policy_group *));
        memmove(&m->groups[i + 1], &m->groups[i],
                (m->n_groups++ - i) * sizeof(struct policy_group *));
        m->groups[i] = move->group;
    } else if (!move->is_in && is_there) {
        memmove(&m->groups[i], &m->groups[i + 1],
                (--m->n_groups - i) * sizeof(struct policy_group *));
    }
}

/* Links the groups for one port alone: it would be looked up among those of
 * others only to save a little memory. */
static struct membership *
link_groups(struct policy *p, const struct fabric_switch *ls)
{
    const struct policy_members *m = p->following;
    struct membership *linked = NULL;
    for (size_t i = m->n_groups; i-- > 0;) {
        struct membership *more = arena_alloc(p->arena, sizeof *more);
        *more = (struct membership){
            .group = m->groups[i], .next = linked, .ls = ls, .n_ports = i == 0
        };
        linked = more;
    }
    return linked;
}

/* The port is in these groups now, which are listed. */
static void
regroup(struct policy *p, struct fabric_change *c, const struct ovsdb_row *lsp)
{
    struct policy_members *m = p->following;
    struct membership *before = p->memberships[lsp->index];
    struct policy_switch *sw =
        lsp->exists && lsp->owner ? p->switch_of_row[lsp->owner->index] : NULL;
    m->n_groups = sw ? m->n_groups : 0;
    for (size_t i = 0; i < m->n_groups; i++) {
        enter(p, c, sw, m->groups[i]);
    }
    for (const struct membership *g = before; g; g = g->next) {
        leave(c, policy_switch_of(p, before->ls), g->group);
    }
    if (before) {
        before->n_ports--;
    }
    p->memberships[lsp->index] = sw ? link_groups(p, sw->ls) : NULL;
}

/* Takes the moves of a port, which stand together, in their order. */
static void
take_moves(struct policy *p, struct fabric_change *c, const struct move *moves,
           size_t n)
{
    const struct ovsdb_row *lsp = moves->lsp;
    list_groups(p->following, p->memberships[lsp->index]);
    for (size_t i = 0; i < n; i++) {
        p->is_member[lsp->index] |= moves[i].is_in;
        if (!is_bare(moves[i].group->row)) {
            take_move(p->following, &moves[i]);
        }
    }
    regroup(p, c, lsp);
}

static int
compare_moves(const void *a_, const void *b_)
{
    const struct move *a = a_, *b = b_;
    uint32_t x = a->lsp->index, y = b->lsp->index;
    return x != y ? (x > y) - (x < y)
                  : (a->number > b->number) - (a->number < b->number);
}

static void
take_all_moves(struct policy *p, struct fabric_change *c)
{
    struct policy_members *m = p->following;
    if (m->n_moves > 1) {
        qsort(m->moves, m->n_moves, sizeof *m->moves, compare_moves);
    }
    for (size_t i = 0, end; i < m->n_moves; i = end) {
        end = i + 1;
        while (end < m->n_moves && m->moves[end].lsp == m->moves[i].lsp) {
            end++;
        }
        take_moves(p, c, &m->moves[i], end - i);
    }
}

/* ACLs that name sets. */

struct reading {
    struct policy *p;
    const struct ovsdb_row *acl;
};

static void
add_asker(void *reading_, const char *name, size_t length, bool is_port_group)
{
    const struct reading *reading = reading_;
    struct policy_members *m = reading->p->following;
    struct arena *arena = reading->p->arena;
    void **place = strmap_place(&m->askers[is_port_group],
                                arena_strndup(arena, name, length));
    struct asker *asker = arena_alloc(arena, sizeof *asker);
    *asker = (struct asker){ reading->acl, *place };
    *place = asker;
}

static void
add_askers(struct policy *p, const struct ovsdb_row *acl)
{
    struct reading reading = { p, acl };
    match_visit_references(ovsdb_string(acl, ACL_MATCH), add_asker, &reading);
}

void
members_changed_acl(struct policy *p, const struct ovsdb_delta *d)
{
    bool names_others =
        d->kind == OVSDB_CAME
        || (d->kind == OVSDB_CHANGED && d->column == ACL_MATCH);
    if (names_others && p->following && p->following->knows_askers) {
        add_askers(p, d->row);
    }
}

static void
find_askers(struct policy *p)
{
    const struct ovsdb_table *acls = nb_table(p, NB_ACL);
    if (p->following->knows_askers) {
        return;
    }
    for (size_t i = 0; i < acls->n_rows; i++) {
        add_askers(p, acls->rows[i]);
    }
    p->following->knows_askers = true;
}

/* The ACLs of the switch or group that has one are read again. */
static void
note_asked(struct policy *p, struct fabric_change *c,
           const struct ovsdb_row *holder, bool by_address)
{
    struct policy_members *m = p->following;
    if (holder->table != nb_table(p, NB_PORT_GROUP)) {
        struct policy_switch *sw = p->switch_of_row[holder->index];
        if (sw) {
            follow_forget_parsed(sw);
            if (by_address) {
                fabric_change_switch(c, sw->ls);
            }
        }
        return;
    }
    struct policy_group *group = &p->groups[holder->index];
    for (size_t i = 0; group->is_asked_again && i < m->n_asked; i++) {
        m->asked[i].by_address |= by_address && m->asked[i].group == group;
    }
    if (!group->is_asked_again) {
        group->is_asked_again = true;
        m->asked =
            xgrow(m->asked, m->n_asked, &m->asked_capacity, sizeof *m->asked);
        m->asked[m->n_asked++] = (struct asked){ group, by_address };
    }
}

static void
note_askers(struct policy *p, struct fabric_change *c,
            const struct named_set *set)
{
    const struct asker *asker =
        strmap_get(&p->following->askers[set->is_port_group], set->name);
    for (; asker; asker = asker->next) {
        const struct ovsdb_row *acl = asker->acl;
        const struct ovsdb_row *holder = follow_find_holder(p, acl);
        if (!acl->exists) { /* It may be what let a frame pass. */
            c->is_unsettled |= !set->is_port_group;
        } else if (holder == &follow_several) {
            c->all = true;
        } else if (holder) {
            note_asked(p, c, holder, !set->is_port_group);
        }
    }
}

static void
ask_again(struct policy *p, struct fabric_change *c, const struct asked *asked)
{
    struct policy_group *group = asked->group;
    bool loose = follow_is_loose(group);
    acl_parse_group(p, group);
    loose |= follow_is_loose(group);
    if (loose) {
        follow_choose_again(p, c, group, asked->by_address);
    } else if (asked->by_address) {
        follow_mark_members(p, c, group);
    }
    group->is_asked_again = false;
}

/* After the deltas. */

static void
read_sets(struct policy *p, struct fabric_change *c)
{
    struct policy_members *m = p->following;
    find_askers(p);
    for (size_t i = 0; i < m->n_sets; i++) {
        note_askers(p, c, &m->sets[i]);
    }
    for (size_t i = 0; i < m->n_asked; i++) {
        ask_again(p, c, &m->asked[i]);
    }
}

void
members_read(struct policy *p, struct fabric_change *c)
{
    struct policy_members *m = p->following;
    if (!m || (!m->n_sets && !m->n_gone) || c->all) {
        return;
    }
    for (size_t i = 0; i < m->n_sets; i++) {
        const struct named_set *set = &m->sets[i];
        match_context_forget(&p->context, set->name, set->is_port_group);
        if (set->group) {
            set->group->members_changed = false;
        }
    }
    take_all_moves(p, c);
    for (size_t i = 0; i < m->n_gone; i++) {
        list_groups(m, NULL);
        regroup(p, c, m->gone[i]);
    }
    read_sets(p, c);
    m->n_moves = m->n_gone = m->n_sets = m->n_asked = 0;
    p->knows_removed = false;
    p->n_removed = 0;
    acl_forget(p);
}
