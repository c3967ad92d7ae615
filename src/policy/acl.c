#include "policy/acl.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* ovn-nb(5), ACL, "tier". */
#define MAX_TIER 3

/* How many deleted ACLs are asked whether they let a frame pass. */
#define MAX_REMOVED 64

/* The name of a port that is in no match: those that are not true of it are
 * about ports that they name. */
#define NOBODY "\x01"

static enum acl_action
action_of(const struct ovsdb_row *row)
{
    static const struct {
        const char *name;
        enum acl_action action;
    } actions[] = {
        { "allow", ACL_ALLOWS },
        { "allow-related", ACL_ALLOWS },
        { "allow-stateless", ACL_ALLOWS_STATELESS },
        { "drop", ACL_DROPS },
        { "reject", ACL_DROPS },
    };
    const char *name = ovsdb_string(row, ACL_ACTION);
    for (size_t i = 0; i < N_ELEMENTS(actions); i++) {
        if (!strcmp(actions[i].name, name)) {
            return actions[i].action;
        }
    }
    return ACL_PASSES;
}

static enum policy_stage
stage_of(const struct ovsdb_row *row)
{
    if (strcmp(ovsdb_string(row, ACL_DIRECTION), "from-lport")) {
        return STAGE_OUT;
    }
    const char *after = ovsdb_map_get(row, ACL_OPTIONS, "apply-after-lb");
    return after && !strcmp(after, "true") ? STAGE_IN_AFTER_LB : STAGE_IN;
}

/* Whether the match names sets of group members' addresses. */
static bool
asks_members(const struct policy *p, const struct match *match)
{
    for (const struct match_reference *r = match->references; r; r = r->next) {
        if (!r->is_port_group && !strmap_get(&p->address_sets, r->name)) {
            return true;
        }
    }
    return false;
}

/* Whether the match may be true of a port that is not in 'group'. */
static bool
is_loose(const struct policy_acl *acl, const char *group)
{
    for (const struct match_reference *r = acl->match->references; r;
         r = r->next) {
        if (r->is_port_group && strcmp(r->name, group)) {
            return true;
        }
    }
    if (strchr(ovsdb_string(acl->row, ACL_MATCH), '"')) {
        return true; /* May name a port. */
    }
    struct match_packet packet;
    match_packet_init(&packet);
    match_packet_set_port(
        &packet, acl->stage == STAGE_OUT ? MATCH_OUTPORT : MATCH_INPORT,
        NOBODY);
    return match_evaluate(acl->match, &packet).result != MATCH_NO;
}

static bool
may_be_true(const struct match *match, uint64_t eth_type, uint64_t ip_proto)
{
    struct match_packet packet;
    match_packet_init(&packet);
    match_packet_set(&packet, MATCH_ETH_TYPE, eth_type);
    if (ip_proto) {
        match_packet_set(&packet, MATCH_IP_PROTO, ip_proto);
    }
    return match_evaluate(match, &packet).result != MATCH_NO;
}

/* The frames that the match may be true of, whatever else they hold. */
static unsigned
frames_of(const struct match *match)
{
    return (may_be_true(match, 0x806, 0) ? ACL_FRAME_ARP : 0)
           | (may_be_true(match, 0x800, 1) ? ACL_FRAME_ECHO : 0)
           | (may_be_true(match, 0x86dd, 58) ? ACL_FRAME_ECHO_IPV6 : 0);
}

static void
parse_acl(struct policy *p, struct policy_acl *acl,
          const struct ovsdb_row *row, const struct ovsdb_row *group)
{
    int64_t tier = ovsdb_integer(row, ACL_TIER, 0);
    *acl = (struct policy_acl){
        .row = row,
        .group = group,
        .tier = tier < 0          ? 0
                : tier > MAX_TIER ? MAX_TIER
                                  : (int) tier,
        .number = row->index,
        .priority = ovsdb_integer(row, ACL_PRIORITY, 0),
        .action = action_of(row),
        .stage = stage_of(row),
    };
    struct error *error =
        match_parse(&p->context, ovsdb_string(row, ACL_MATCH), &acl->match);
    if (error) {
        error_free(error);
        acl->match = NULL;
        return;
    }
    acl->frames = frames_of(acl->match);
    acl->asks_members = asks_members(p, acl->match);
    acl->is_loose =
        !group || is_loose(acl, ovsdb_string(group, PORT_GROUP_NAME));
}

/* Parses the ACLs that 'holder' has in 'column'. */
static size_t
parse_acls(struct policy *p, const struct ovsdb_row *holder, unsigned column,
           const struct ovsdb_row *group, struct policy_acl **ret)
{
    unsigned n = ovsdb_count(holder, column);
    struct policy_acl *acls = arena_alloc(p->arena, n * sizeof *acls + 1);
    size_t n_parsed = 0;
    for (unsigned i = 0; i < n; i++) {
        const struct ovsdb_row *row = ovsdb_atoms(holder, column)[i].row;
        if (row->exists) {
            parse_acl(p, &acls[n_parsed], row, group);
            n_parsed += acls[n_parsed].match != NULL;
        }
    }
    *ret = acls;
    return n_parsed;
}

bool
acl_has_stateful(const struct ovsdb_row *holder, unsigned column)
{
    for (unsigned i = 0; i < ovsdb_count(holder, column); i++) {
        const struct ovsdb_row *acl = ovsdb_atoms(holder, column)[i].row;
        if (acl->exists
            && !strcmp(ovsdb_string(acl, ACL_ACTION), "allow-related")) {
            return true;
        }
    }
    return false;
}

void
acl_parse_group(struct policy *p, struct policy_group *group)
{
    group->n =
        parse_acls(p, group->row, PORT_GROUP_ACLS, group->row, &group->acls);
}

static void
add_acl(struct acl_list *list, const struct policy_acl *acl)
{
    list->items = xgrow(list->items, list->n, &list->capacity,
                        sizeof(const struct policy_acl *));
    list->items[list->n++] = acl;
    list->frames |= acl->frames;
    list->asks_members |= acl->asks_members;
    list->has_stateless |= acl->action == ACL_ALLOWS_STATELESS;
}

static void
parse_switch(struct policy *p, struct policy_switch *sw)
{
    struct policy_acl *own;
    size_t n = parse_acls(p, sw->ls->row, LS_ACLS, NULL, &own);
    for (size_t i = 0; i < n; i++) {
        add_acl(&sw->loose, &own[i]);
    }
    for (size_t i = 0; i < sw->n_groups; i++) {
        struct policy_group *group = sw->groups[i].group;
        if (!group->acls) {
            acl_parse_group(p, group);
        }
        for (size_t j = 0; j < group->n; j++) {
            if (group->acls[j].is_loose) {
                add_acl(&sw->loose, &group->acls[j]);
            }
        }
    }
    sw->is_parsed = true;
}

/* In the order in which they count, but for those of equal priority. */
static int
compare_acls(const void *a_, const void *b_)
{
    const struct policy_acl *a = *(const struct policy_acl *const *) a_;
    const struct policy_acl *b = *(const struct policy_acl *const *) b_;
    int order = a->tier - b->tier;
    order = order ? order
                  : (a->priority < b->priority) - (a->priority > b->priority);
    return order ? order : (a->number > b->number) - (a->number < b->number);
}

static void
gather(struct acl_list *list, const struct policy_switch *sw,
       const struct membership *groups, enum policy_stage stage)
{
    list->n = list->frames = 0;
    list->asks_members = list->has_stateless = false;
    for (size_t i = 0; i < sw->loose.n; i++) {
        if (sw->loose.items[i]->stage == stage) {
            add_acl(list, sw->loose.items[i]);
        }
    }
    for (const struct membership *m = groups; m; m = m->next) {
        for (size_t i = 0; i < m->group->n; i++) {
            const struct policy_acl *acl = &m->group->acls[i];
            if (acl->stage == stage && !acl->is_loose) {
                add_acl(list, acl);
            }
        }
    }
    if (list->n > 1) {
        qsort(list->items, list->n, sizeof(const struct policy_acl *),
              compare_acls);
    }
}

void
acl_forget(struct policy *p)
{
    p->generation++;
}

/* A copy of what was gathered last. */
static struct acl_list
keep(struct policy *p)
{
    struct acl_list list = p->chosen;
    size_t size = list.n * sizeof(const struct policy_acl *);
    list.items = arena_alloc(p->arena, size + 1);
    if (list.n) {
        memcpy(list.items, p->chosen.items, size);
    }
    return list;
}

/* What concerns a port that is alone in its groups is not kept, but for the
 * last one, which is asked about several times. */
static struct acl_selection *
lone_selection(struct policy *p, const struct membership *groups)
{
    if (p->lone_groups != groups) {
        p->lone_groups = groups;
        memset(p->lone.generations, 0, sizeof p->lone.generations);
    }
    return &p->lone;
}

/* The place of what was chosen for ports of these groups. */
static struct acl_selection *
selection_of(struct policy *p, struct policy_switch *sw,
             const struct membership *groups)
{
    if (!groups) {
        return &sw->plain;
    } else if (groups->ls != sw->ls) {
        return &p->foreign;
    } else if (groups->n_ports == 1) {
        return lone_selection(p, groups);
    }
    struct acl_selection **place = &p->selections[groups->number];
    if (!*place) {
        *place = arena_zalloc(p->arena, sizeof **place);
    }
    return *place;
}

const struct acl_list *
acl_select(struct policy *p, struct policy_switch *sw,
           const struct ovsdb_row *lsp, enum policy_stage stage)
{
    const struct membership *groups = lsp ? p->memberships[lsp->index] : NULL;
    struct acl_selection *s = selection_of(p, sw, groups);
    if (!sw->is_parsed) {
        parse_switch(p, sw);
    }
    if (s == &p->foreign || s->generations[stage] != p->generation) {
        struct acl_list *list = s == &p->lone ? &s->lists[stage] : &p->chosen;
        gather(list, sw, groups, stage);
        if (s != &p->lone) {
            s->lists[stage] = keep(p);
        }
        s->generations[stage] = p->generation;
    }
    return &s->lists[stage];
}

/* So many of an endpoint's groups, and of each one's ACLs, are asked for. */
#define GROUPS_AHEAD 3
#define ACLS_AHEAD 16

static size_t
n_acls_ahead(const struct policy_group *group)
{
    return group->n < ACLS_AHEAD ? group->n : ACLS_AHEAD;
}

/* Asks for what the groups' ACLs match, a step further in each time. */
static void
fetch_matches(const struct membership *const *memberships, size_t n,
              unsigned step)
{
    for (size_t i = 0; i < n; i++) {
        const struct policy_group *group = memberships[i]->group;
        for (size_t j = 0; j < n_acls_ahead(group); j++) {
            if (group->acls[j].match) {
                match_look_ahead(group->acls[j].match, step);
            }
        }
    }
}

/* Asks for a group of each, and for the next membership.  Returns how many
 * there are of those. */
static size_t
fetch_groups(const struct membership **memberships, size_t n)
{
    size_t n_next = 0;
    for (size_t i = 0; i < n; i++) {
        __builtin_prefetch(memberships[i]->group);
        __builtin_prefetch(memberships[i]->next);
    }
    for (size_t i = 0; i < n; i++) {
        const struct membership *m = memberships[i];
        for (size_t j = 0; j < n_acls_ahead(m->group); j++) {
            __builtin_prefetch(&m->group->acls[j]);
        }
    }
    for (unsigned step = 0; step < MATCH_N_STEPS; step++) {
        fetch_matches(memberships, n, step);
    }
    for (size_t i = 0; i < n; i++) {
        if (memberships[i]->next) {
            memberships[n_next++] = memberships[i]->next;
        }
    }
    return n_next;
}

/* Step by step for all of them, so that the waits overlap. */
void
policy_look_ahead(const struct policy *p,
                  const struct fabric_endpoint *const *endpoints, size_t n)
{
    const struct membership *memberships[FABRIC_AHEAD];
    size_t n_left = 0;
    n = n < FABRIC_AHEAD ? n : FABRIC_AHEAD;
    for (size_t i = 0; i < n; i++) {
        if (endpoints[i]->vif) {
            __builtin_prefetch(&p->memberships[endpoints[i]->vif->lsp->index]);
        }
    }
    for (size_t i = 0; i < n; i++) {
        const struct membership *m =
            endpoints[i]->vif ? p->memberships[endpoints[i]->vif->lsp->index]
                              : NULL;
        if (m) {
            __builtin_prefetch(m);
            memberships[n_left++] = m;
        }
    }
    for (size_t i = 0; i < n_left; i++) {
        if (memberships[i]->n_ports != 1) {
            __builtin_prefetch(&p->selections[memberships[i]->number]);
        }
    }
    for (unsigned depth = 0; depth < GROUPS_AHEAD && n_left; depth++) {
        n_left = fetch_groups(memberships, n_left);
    }
}

/* Deciding. */

/* What is being asked, and what has been answered so far. */
struct trial {
    const struct match_packet *packet, *stranger;
    enum acl_frame frame;
    const struct policy_acl *may[2]; /* First to allow, first to drop. */
    const char *symbol[2];           /* What these would have to know. */
};

static struct match_verdict
ask(const struct policy_acl *acl, const struct trial *trial)
{
    static const struct match_verdict no = { .result = MATCH_NO };
    return acl->frames & trial->frame ? match_evaluate(
               acl->match, acl->asks_members ? trial->stranger : trial->packet)
                                      : no;
}

static bool
drops(const struct policy_acl *acl)
{
    return acl->action == ACL_DROPS;
}

/* An ACL of the same tier and priority as 'i' that may do the opposite:
 * which of them counts is not defined (ovn-nb(5), ACL, "priority"). */
static const struct policy_acl *
find_rival(const struct acl_list *list, size_t i, const struct trial *trial)
{
    const struct policy_acl *acl = list->items[i];
    for (size_t j = i + 1; j < list->n; j++) {
        const struct policy_acl *other = list->items[j];
        if (other->tier != acl->tier || other->priority != acl->priority) {
            break;
        }
        if (drops(other) != drops(acl)
            && ask(other, trial).result != MATCH_NO) {
            return other;
        }
    }
    return NULL;
}

static void
note_maybe(struct trial *trial, const struct policy_acl *acl, bool to_drop,
           const char *symbol)
{
    if (!trial->may[to_drop]) {
        trial->may[to_drop] = acl;
        trial->symbol[to_drop] = symbol;
    }
}

static const struct policy_acl *try_from(const struct acl_list *, size_t i,
                                         bool drops_by_default,
                                         struct trial *);

/* An ACL that may pass the packet on to the next tier: notes what becomes of
 * it there. */
static void
try_next_tier(const struct acl_list *list, size_t i, bool drops_by_default,
              struct trial *trial, const char *symbol)
{
    const struct policy_acl *acl = list->items[i];
    while (i < list->n && list->items[i]->tier == acl->tier) {
        i++;
    }
    const struct policy_acl *then = try_from(list, i, drops_by_default, trial);
    note_maybe(trial, acl, then ? drops(then) : drops_by_default, symbol);
}

/* Returns the ACL that decides for certain, from the one at 'i' on; NULL if it
 * is the default. */
static const struct policy_acl *
try_from(const struct acl_list *list, size_t i, bool drops_by_default,
         struct trial *trial)
{
    int passed = -1, may_pass = -1; /* Tiers. */
    for (; i < list->n; i++) {
        const struct policy_acl *acl = list->items[i];
        if (acl->tier == passed) {
            continue;
        }
        struct match_verdict v = ask(acl, trial);
        if (v.result == MATCH_NO) {
            continue;
        }
        if (acl->action != ACL_PASSES && v.result == MATCH_YES) {
            const struct policy_acl *rival = find_rival(list, i, trial);
            if (rival) {
                note_maybe(trial, rival, drops(rival), "priority");
            }
            return acl;
        }
        if (acl->action != ACL_PASSES) {
            note_maybe(trial, acl, drops(acl), v.symbol);
        } else if (v.result == MATCH_YES) {
            passed = acl->tier;
        } else if (may_pass != acl->tier) {
            may_pass = acl->tier;
            try_next_tier(list, i, drops_by_default, trial, v.symbol);
        }
    }
    return NULL;
}

struct acl_decision
acl_decide(struct policy *p, const struct acl_list *list,
           bool drops_by_default, enum acl_frame frame,
           const struct match_packet *packet,
           const struct match_packet *stranger)
{
    struct trial trial = { packet, stranger, frame, { NULL }, { NULL } };
    const struct policy_acl *acl = try_from(list, 0, drops_by_default, &trial);
    bool dropped = acl ? drops(acl) : drops_by_default;
    const struct policy_acl *opposite = trial.may[!dropped];
    if (!opposite) {
        return (struct acl_decision){ dropped ? POLICY_DROPPED
                                              : POLICY_ALLOWED,
                                      acl, NULL };
    }
    const char *symbol = trial.symbol[!dropped];
    const char *why =
        !symbol ? "asks for more than is known"
        : !strcmp(symbol, "priority")
            ? "has the priority of another that does the opposite"
            : arena_printf(p->arena, "asks for %s", symbol);
    return (struct acl_decision){ POLICY_UNKNOWN, opposite, why };
}

enum match_result
acl_is_stateless(const struct acl_list *list,
                 const struct match_packet *packet)
{
    enum match_result result = MATCH_NO;
    for (size_t i = 0; i < list->n && result != MATCH_YES; i++) {
        if (list->items[i]->action == ACL_ALLOWS_STATELESS) {
            enum match_result r =
                match_evaluate(list->items[i]->match, packet).result;
            result = r == MATCH_NO ? result : r;
        }
    }
    return result;
}

/* ACLs that are gone. */

static int
compare_deleted(const void *a_, const void *b_)
{
    const struct ovsdb_row *a = *(const struct ovsdb_row *const *) a_;
    const struct ovsdb_row *b = *(const struct ovsdb_row *const *) b_;
    return (a->deleted_in < b->deleted_in) - (a->deleted_in > b->deleted_in);
}

static void
parse_removed(struct policy *p)
{
    const struct ovsdb_store *log = p->fabric->evidence->nb.log;
    const struct ovsdb_table *table = log ? &log->tables[NB_ACL] : NULL;
    p->knows_removed = true;
    size_t n = 0;
    const struct ovsdb_row **rows =
        xcalloc((table ? table->n_rows : 0) + 1, sizeof *rows);
    for (size_t i = 0; table && i < table->n_rows; i++) {
        if (!table->rows[i]->exists && table->rows[i]->deleted_in) {
            rows[n++] = table->rows[i];
        }
    }
    qsort(rows, n, sizeof *rows, compare_deleted);
    p->removed = arena_alloc(p->arena, MAX_REMOVED * sizeof *p->removed);
    for (size_t i = 0; i < n && i < MAX_REMOVED; i++) {
        struct policy_acl *acl = &p->removed[p->n_removed];
        parse_acl(p, acl, rows[i], NULL);
        p->n_removed += acl->match && !drops(acl);
    }
    free(rows);
}

const struct ovsdb_row *
acl_find_removed(struct policy *p, enum policy_stage stage,
                 const struct policy_acl *dropping,
                 const struct match_packet *packet)
{
    if (!p->knows_removed) {
        parse_removed(p);
    }
    for (size_t i = 0; i < p->n_removed; i++) {
        const struct policy_acl *acl = &p->removed[i];
        if (acl->stage == stage
            && (!dropping || acl->priority > dropping->priority)
            && match_evaluate(acl->match, packet).result == MATCH_YES) {
            return acl->row;
        }
    }
    return NULL;
}
