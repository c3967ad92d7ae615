/* Which ACLs there are, and where. */
#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>

#include "fabric/balancer.h"
#include "policy/follow.h"

static const struct ovsdb_table *
nb_table(const struct policy *p, enum nb_table table)
{
    return &p->fabric->evidence->nb.store.tables[table];
}

/* Names of sets. */

static void
add_member(struct policy *p, const char *member)
{
    p->members = xgrow(p->members, p->n_members, &p->members_capacity,
                       sizeof *p->members);
    p->members[p->n_members++] = member;
}

static void
add_address(struct policy *p, const char *ip, bool is_ipv6)
{
    const char *slash = strchr(ip, '/');
    if (slash) {
        ip = arena_strndup(p->arena, ip, (size_t) (slash - ip));
    }
    if (address_is_ipv6(ip) == is_ipv6) {
        add_member(p, ip);
    }
}

static void
add_addresses(struct policy *p, const struct address *addresses, size_t n,
              bool is_ipv6)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < addresses[i].n_ips; j++) {
            add_address(p, addresses[i].ips[j], is_ipv6);
        }
    }
}

/* northd.c, sync_address_sets(): the addresses of the group's ports, "dynamic"
 * ones as northd has chosen them. */
static void
add_port_addresses(struct policy *p, const struct ovsdb_row *lsp, bool is_ipv6)
{
    const struct fabric_vif *vif = p->fabric->vif_of_row[lsp->index];
    if (vif) {
        add_addresses(p, vif->addresses, vif->n_addresses, is_ipv6);
        return;
    }
    const union ovsdb_atom *texts = ovsdb_atoms(lsp, LSP_ADDRESSES);
    for (unsigned i = 0; i < ovsdb_count(lsp, LSP_ADDRESSES); i++) {
        struct address address;
        const char *text = strcmp(texts[i].string, "dynamic")
                               ? texts[i].string
                               : ovsdb_string(lsp, LSP_DYNAMIC_ADDRESSES);
        address_parse(&address, text, p->arena);
        add_addresses(p, &address, 1, is_ipv6);
    }
}

/* The group of an address set "GROUP_ip4" or "GROUP_ip6"; NULL if it is none
 * of these (ovn-nb(5), Port_Group). */
static const struct policy_group *
group_of_set(const struct policy *p, const char *name, bool *ret_is_ipv6)
{
    size_t length = strlen(name);
    if (length < 4) {
        return NULL;
    }
    const char *suffix = name + length - 4;
    *ret_is_ipv6 = !strcmp(suffix, "_ip6");
    return *ret_is_ipv6 || !strcmp(suffix, "_ip4")
               ? strmap_get_n(&p->group_names, name, length - 4)
               : NULL;
}

static void
find_member_addresses(struct policy *p, const struct ovsdb_row *group,
                      bool is_ipv6)
{
    const union ovsdb_atom *ports = ovsdb_atoms(group, PORT_GROUP_PORTS);
    unsigned n = ovsdb_count(group, PORT_GROUP_PORTS);
    for (size_t i = 0, n_ahead = 0; i < n; i++) {
        if (i == n_ahead) {
            n_ahead += fabric_look_ahead_at_members(
                p->fabric, &ports[i], n - i, FABRIC_AHEAD_ADDRESSES);
        }
        if (ports[i].row->exists) {
            add_port_addresses(p, ports[i].row, is_ipv6);
        }
    }
}

static bool
find_address_set(void *aux, const char *name, const char *const **ret_members,
                 size_t *ret_n)
{
    struct policy *p = aux;
    const struct ovsdb_row *row = strmap_get(&p->address_sets, name);
    bool is_ipv6;
    const struct policy_group *group =
        row ? NULL : group_of_set(p, name, &is_ipv6);
    if (!row && !group) {
        return false;
    }
    p->n_members = 0;
    if (group) {
        find_member_addresses(p, group->row, is_ipv6);
    }
    for (unsigned i = 0; row && i < ovsdb_count(row, ADDRESS_SET_ADDRESSES);
         i++) {
        add_member(p, ovsdb_atoms(row, ADDRESS_SET_ADDRESSES)[i].string);
    }
    *ret_members = p->members;
    *ret_n = p->n_members;
    return true;
}

static bool
find_port_group(void *aux, const char *name, const char *const **ret_members,
                size_t *ret_n)
{
    struct policy *p = aux;
    const struct policy_group *group = strmap_get(&p->group_names, name);
    if (!group) {
        return false;
    }
    const union ovsdb_atom *ports = ovsdb_atoms(group->row, PORT_GROUP_PORTS);
    unsigned n = ovsdb_count(group->row, PORT_GROUP_PORTS);
    p->n_members = 0;
    for (size_t i = 0, n_ahead = 0; i < n; i++) {
        if (i == n_ahead) {
            n_ahead += fabric_look_ahead_at_members(p->fabric, &ports[i],
                                                    n - i, FABRIC_AHEAD_NAMES);
        }
        add_member(p, ovsdb_string(ports[i].row, LSP_NAME));
    }
    *ret_members = p->members;
    *ret_n = p->n_members;
    return true;
}

/* Groups and switches. */

/* The place of the group among those of the switch, or where it belongs; while
 * all are gathered that is the end. */
static size_t
find_presence(const struct policy_switch *sw, const struct policy_group *group)
{
    size_t low = 0, high = sw->n_groups;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sw->groups[middle].group->row->index < group->row->index) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

bool
policy_has_group(const struct policy_switch *sw,
                 const struct policy_group *group)
{
    size_t i = find_presence(sw, group);
    return i < sw->n_groups && sw->groups[i].group == group;
}

bool
policy_add_presence(struct policy_switch *sw, struct policy_group *group)
{
    bool is_last = sw->n_groups && sw->groups[sw->n_groups - 1].group == group;
    size_t i = is_last ? sw->n_groups - 1 : find_presence(sw, group);
    if (i < sw->n_groups && sw->groups[i].group == group) {
        sw->groups[i].n_ports++;
        return false;
    }
    sw->groups = xgrow(sw->groups, sw->n_groups, &sw->groups_capacity,
                       sizeof *sw->groups);
    memmove(&sw->groups[i + 1], &sw->groups[i],
            (sw->n_groups++ - i) * sizeof *sw->groups);
    sw->groups[i] = (struct policy_presence){ group, 1 };
    return true;
}

bool
policy_drop_presence(struct policy_switch *sw,
                     const struct policy_group *group)
{
    size_t i = find_presence(sw, group);
    if (--sw->groups[i].n_ports) {
        return false;
    }
    memmove(&sw->groups[i], &sw->groups[i + 1],
            (--sw->n_groups - i) * sizeof *sw->groups);
    return true;
}

/* Groups come one after the other. */
static void
join(struct policy *p, struct policy_group *group, struct policy_switch *sw,
     const struct ovsdb_row *lsp)
{
    struct membership **groups = &p->memberships[lsp->index];
    struct membership **longer = *groups ? &(*groups)->longer : &sw->longer;
    if (!*longer || (*longer)->group != group) {
        *longer = arena_alloc(p->arena, sizeof **longer);
        **longer =
            (struct membership){ .group = group,
                                 .next = *groups,
                                 .ls = sw->ls,
                                 .number = (uint32_t) p->n_memberships++ };
    }
    if (*groups) {
        (*groups)->n_ports--;
    }
    (*longer)->n_ports++;
    *groups = *longer;
    policy_add_presence(sw, group);
    sw->has_acls = true;
    sw->is_stateful |= group->is_stateful;
}

/* Sets may be made of their addresses, whether or not the group has ACLs. */
static void
note_members(struct policy *p, const struct ovsdb_row *group)
{
    const union ovsdb_atom *ports = ovsdb_atoms(group, PORT_GROUP_PORTS);
    unsigned n = ovsdb_count(group, PORT_GROUP_PORTS);
    for (unsigned i = 0; i < n; i++) {
        p->is_member[ports[i].row->index] = true;
    }
}

static void
gather_group(struct policy *p, const struct ovsdb_row *row)
{
    struct policy_group *group = &p->groups[row->index];
    group->row = row;
    *strmap_place(&p->group_names, ovsdb_string(row, PORT_GROUP_NAME)) = group;
    unsigned n = ovsdb_count(row, PORT_GROUP_ACLS)
                     ? ovsdb_count(row, PORT_GROUP_PORTS)
                     : 0;
    group->is_stateful = acl_has_stateful(row, PORT_GROUP_ACLS);
    const union ovsdb_atom *ports = ovsdb_atoms(row, PORT_GROUP_PORTS);
    for (size_t i = 0, n_ahead = 0; i < n; i++) {
        if (i == n_ahead) {
            n_ahead += fabric_look_ahead_at_members(p->fabric, &ports[i],
                                                    n - i, FABRIC_AHEAD_ROWS);
        }
        const struct ovsdb_row *lsp = ports[i].row;
        struct policy_switch *sw = lsp->exists && lsp->owner
                                       ? p->switch_of_row[lsp->owner->index]
                                       : NULL;
        if (sw) {
            join(p, group, sw, lsp);
            group->is_joined = true;
        }
    }
}

static void
gather(struct policy *p)
{
    const struct fabric *f = p->fabric;
    p->switch_of_row =
        arena_zalloc(p->arena, nb_table(p, NB_LOGICAL_SWITCH)->n_rows
                                   * sizeof(struct policy_switch *));
    p->switches = arena_zalloc(p->arena, f->n_switches * sizeof *p->switches);
    for (size_t i = 0; i < f->n_switches; i++) {
        struct policy_switch *sw = &p->switches[i];
        sw->ls = &f->switches[i];
        sw->has_acls = ovsdb_count(sw->ls->row, LS_ACLS) > 0;
        sw->is_stateful = acl_has_stateful(sw->ls->row, LS_ACLS);
        sw->is_balanced = fabric_has_vip(sw->ls->row);
        p->switch_of_row[sw->ls->row->index] = sw;
    }
    p->groups = arena_zalloc(p->arena, nb_table(p, NB_PORT_GROUP)->n_rows
                                           * sizeof *p->groups);
    p->memberships = arena_zalloc(p->arena, f->lsp_rows_capacity
                                                * sizeof(struct membership *));
    p->is_member =
        arena_zalloc(p->arena, f->lsp_rows_capacity * sizeof *p->is_member);
    OVSDB_TABLE_FOR_EACH (row, nb_table(p, NB_PORT_GROUP)) {
        gather_group(p, row);
        note_members(p, row);
    }
    OVSDB_TABLE_FOR_EACH (row, nb_table(p, NB_ADDRESS_SET)) {
        *strmap_place(&p->address_sets, ovsdb_string(row, ADDRESS_SET_NAME)) =
            row;
    }
}

/* What is each thread's own. */
static void
init_own(struct policy *p)
{
    p->generation = 1;
    memset(&p->lone, 0, sizeof p->lone);
    p->lone_groups = NULL;
    p->selections =
        arena_zalloc(p->arena, p->n_memberships * sizeof *p->selections);
    match_context_init(&p->context, p->arena, find_address_set,
                       find_port_group, p);
}

static void
init(struct policy *p, struct fabric *fabric, struct arena *arena)
{
    memset(p, 0, sizeof *p);
    p->fabric = fabric;
    p->arena = arena;
    strmap_init(&p->group_names);
    strmap_init(&p->address_sets);
    OVSDB_TABLE_FOR_EACH (row, nb_table(p, NB_NB_GLOBAL)) {
        const char *value =
            ovsdb_map_get(row, NB_GLOBAL_OPTIONS, "default_acl_drop");
        p->drops_by_default = value && !strcmp(value, "true");
    }
    gather(p);
    init_own(p);
}

static void
done(struct policy *p)
{
    for (size_t i = 0; i < p->fabric->n_switches; i++) {
        if (!p->is_borrowed) {
            free(p->switches[i].groups);
        }
        free(p->switches[i].loose.items);
        free(p->switches[i].hosts);
        free(p->switches[i].owners);
        free(p->switches[i].networks);
    }
    free(p->chosen.items);
    for (int stage = 0; stage < N_STAGES; stage++) {
        free(p->lone.lists[stage].items);
    }
    free(p->holders);
    free(p->members);
    if (!p->is_borrowed) {
        members_free(p);
    }
    match_context_done(&p->context);
    if (!p->is_borrowed) {
        strmap_done(&p->group_names);
        strmap_done(&p->address_sets);
    }
}

struct policy *
policy_new(struct fabric *fabric, struct arena *arena)
{
    struct policy *p = arena_alloc(arena, sizeof *p);
    init(p, fabric, arena);
    return p;
}

struct policy *
policy_borrow(const struct policy *of, struct arena *arena)
{
    struct policy *p = arena_alloc(arena, sizeof *p);
    size_t size = of->fabric->n_switches * sizeof *p->switches;
    *p = *of;
    p->arena = arena;
    p->is_borrowed = true;
    p->switches = arena_alloc(arena, size + sizeof *p->switches);
    memcpy(p->switches, of->switches, size);
    init_own(p);
    return p;
}

void
policy_take_back(struct policy *p, struct policy *borrowed)
{
    for (size_t i = 0; i < p->fabric->n_switches; i++) {
        struct policy_switch *to = &p->switches[i];
        struct policy_switch *from = &borrowed->switches[i];
        if (from->hosts && !to->hosts) {
            to->hosts = from->hosts;
            to->n_hosts = from->n_hosts;
            from->hosts = NULL;
            p->n_with_hosts++;
        }
        policy_take_networks(to, from);
    }
}

size_t
policy_n_groups(const struct policy *p)
{
    return nb_table(p, NB_PORT_GROUP)->n_rows;
}

void
policy_parse_groups(struct policy *p, size_t first, size_t n)
{
    for (size_t i = first; i < first + n; i++) {
        if (p->groups[i].is_joined && !p->groups[i].acls) {
            acl_parse_group(p, &p->groups[i]);
        }
    }
}

void
policy_free(struct policy *p)
{
    if (p) {
        done(p);
    }
}

struct policy_switch *
policy_switch_of(struct policy *p, const struct fabric_switch *ls)
{
    return &p->switches[ls - p->fabric->switches];
}

/* Hosts on the physical network. */

/* Of each family: asked about where an ACL tells some from others, and looked
 * at to find these. */
#define MAX_HOSTS 8
#define MAX_TRIES 64

static int
compare_hosts(const void *a, const void *b)
{
    const struct policy_host *x = a, *y = b;
    return address_compare(x->ip, y->ip);
}

/* By address; of equal ones as the switch has them. */
static int
compare_owners(const void *a_, const void *b_)
{
    const struct policy_owner *a = a_, *b = b_;
    int order = address_prefix_compare(&a->ip, &b->ip);
    return order ? order : (a->place > b->place) - (a->place < b->place);
}

static void
index_owners(struct policy_switch *sw)
{
    size_t capacity = 0, n = 0;
    sw->owners = xgrow(NULL, 0, &capacity, sizeof *sw->owners);
    for (size_t i = 0; i < sw->ls->n_vifs; i++) {
        const struct fabric_vif *vif = sw->ls->vifs[i];
        for (size_t j = 0; j < vif->n_addresses; j++) {
            for (size_t k = 0; k < vif->addresses[j].n_ips; k++) {
                const char *ip = vif->addresses[j].ips[k];
                sw->owners =
                    xgrow(sw->owners, n, &capacity, sizeof *sw->owners);
                sw->owners[n].vif = vif;
                sw->owners[n].place = i + 1;
                n += !strchr(ip, '/')
                     && address_prefix_parse(ip, &sw->owners[n].ip);
            }
        }
    }
    sw->n_owners = n;
    qsort(sw->owners, n, sizeof *sw->owners, compare_owners);
}

const struct fabric_vif *
policy_find_owner(struct policy_switch *sw, const char *ip)
{
    struct policy_owner key = { .vif = NULL };
    size_t low = 0, high;
    if (strchr(ip, '/') || !address_prefix_parse(ip, &key.ip)) {
        return NULL;
    }
    if (!sw->owners) {
        index_owners(sw);
    }
    for (high = sw->n_owners; low < high;) {
        size_t middle = low + (high - low) / 2;
        if (compare_owners(&sw->owners[middle], &key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < sw->n_owners
                   && !address_prefix_compare(&sw->owners[low].ip, &key.ip)
               ? sw->owners[low].vif
               : NULL;
}

/* Keeps the first hosts of each family that are no ports of the switch. */
static void
choose_hosts(struct policy_switch *sw)
{
    size_t n = 0, n_tried[2] = { 0, 0 }, n_chosen[2] = { 0, 0 };
    for (size_t i = 0; i < sw->n_hosts; i++) {
        bool is_ipv6 = address_is_ipv6(sw->hosts[i].ip);
        if (n_chosen[is_ipv6] < MAX_HOSTS && n_tried[is_ipv6]++ < MAX_TRIES
            && !policy_find_owner(sw, sw->hosts[i].ip)) {
            n_chosen[is_ipv6]++;
            sw->hosts[n++] = sw->hosts[i];
        }
    }
    sw->n_hosts = n;
}

/* The names of the switch's router ports, and the next hops of all routes of
 * their routers. */
static void
index_routers(const struct fabric_switch *ls, struct strmap *lrps,
              struct strmap *next_hops)
{
    for (size_t i = 0; i < ls->n_router_ports; i++) {
        const struct ovsdb_row *lrp = ls->router_ports[i].lrp;
        const struct ovsdb_row *lr = lrp ? lrp->owner : NULL;
        if (lrp) {
            *strmap_place(lrps, ovsdb_string(lrp, LRP_NAME)) = (void *) lrp;
        }
        for (unsigned j = 0; lr && j < ovsdb_count(lr, LR_STATIC_ROUTES);
             j++) {
            const struct ovsdb_row *route =
                ovsdb_atoms(lr, LR_STATIC_ROUTES)[j].row;
            if (route->exists) {
                *strmap_place(next_hops, ovsdb_string(route, ROUTE_NEXTHOP)) =
                    (void *) route;
            }
        }
    }
}

void
policy_find_hosts(struct policy *p, struct policy_switch *sw)
{
    const struct evidence_db *sb = &p->fabric->evidence->sb;
    size_t capacity = 0;
    struct strmap lrps, next_hops;
    if (sw->hosts) {
        return;
    }
    strmap_init(&lrps);
    strmap_init(&next_hops);
    index_routers(sw->ls, &lrps, &next_hops);
    sw->hosts = xgrow(NULL, 0, &capacity, sizeof *sw->hosts);
    for (const struct ovsdb_row *row = NULL;
         sb->present
         && (row =
                 ovsdb_table_next(&sb->store.tables[SB_MAC_BINDING], row));) {
        const char *ip = ovsdb_string(row, MAC_BINDING_IP);
        /* Not the switch's own ports, which routers may resolve as well. */
        if (strmap_get(&lrps, ovsdb_string(row, MAC_BINDING_LOGICAL_PORT))
            && !strmap_get(&sw->ls->macs,
                           ovsdb_string(row, MAC_BINDING_MAC))) {
            sw->hosts =
                xgrow(sw->hosts, sw->n_hosts, &capacity, sizeof *sw->hosts);
            sw->hosts[sw->n_hosts++] =
                (struct policy_host){ ip, strmap_get(&next_hops, ip) != NULL };
        }
    }
    strmap_done(&lrps);
    strmap_done(&next_hops);
    p->n_with_hosts++;
    qsort(sw->hosts, sw->n_hosts, sizeof *sw->hosts, compare_hosts);
    choose_hosts(sw);
}

const struct ovsdb_row *
policy_security_group(const struct policy *p, const struct ovsdb_row *lsp,
                      size_t i)
{
    for (const struct membership *m = lsp ? p->memberships[lsp->index] : NULL;
         m; m = m->next) {
        if (ovsdb_map_get(m->group->row, PORT_GROUP_EXTERNAL_IDS,
                          "neutron:security_group_id")
            && !i--) {
            return m->group->row;
        }
    }
    return NULL;
}
