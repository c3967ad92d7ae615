#include "history/bisect.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "evidence/evidence.h"

/* OVN needs a moment to take a change over: what lasted shorter than this was
 * on the way from one state to the next. */
#define SETTLING_MS 2000

/* After so many transactions that concern no endpoint it is looked at all the
 * same. */
#define MAX_SKIPPED 50000

/* What concerns them. */

static bool
is_known(const struct bisect *b, const struct history_line *line)
{
    bool known = strmap_get(&b->names, line->name)
                 || (line->holder && strmap_get(&b->names, line->holder));
    for (size_t i = 0; !known && i < line->n_keys; i++) {
        known = strmap_get(&b->names, line->keys[i]);
    }
    return known;
}

/* Whether what a line tells may change a verdict.  How far a daemon has got
 * (nb_cfg) settles what is undetermined. */
static bool
may_change(const struct bisect *b, const struct history_line *line)
{
    if (line->is_quiet && !line->is_status) {
        return line->is_progress && b->is_unsettled;
    }
    return !b->only || !line->is_personal || is_known(b, line);
}

bool
bisect_concerns(struct bisect *b, const struct history_event *event)
{
    const struct history_lines *last = &b->timeline->last;
    bool concerns =
        (event && event->who == WHO_SNAPSHOT) || ++b->n_skipped >= MAX_SKIPPED;
    for (size_t i = 0; !concerns && i < last->n; i++) {
        concerns = may_change(b, &last->items[i]);
    }
    if (concerns) {
        b->n_skipped = 0;
    }
    return concerns;
}

static void
know(struct bisect *b, const char *name)
{
    if (name && *name && !strmap_get(&b->names, name)) {
        *strmap_place(&b->names, arena_strdup(&b->arena, name)) = b;
    }
}

static void
know_vif(struct bisect *b, const struct fabric_vif *vif)
{
    know(b, vif->name);
    for (size_t i = 0; i < vif->n_addresses; i++) {
        know(b, vif->addresses[i].mac);
        for (size_t j = 0; j < vif->addresses[i].n_ips; j++) {
            know(b, vif->addresses[i].ips[j]);
        }
    }
}

/* A gateway's own address speaks for all VMs behind its router. */
static void
know_tenants(struct bisect *b, const struct fabric_switch *ls)
{
    know(b, ls->name);
    for (size_t i = 0; i < ls->n_vifs; i++) {
        know_vif(b, ls->vifs[i]);
    }
}

static void
know_router(struct bisect *b, const struct fabric_endpoint *e)
{
    const struct fabric_router *router = e->gateway->router;
    for (size_t i = 0; i < router->n_ports; i++) {
        const struct fabric_lrp *port = &router->ports[i];
        know(b, port->name);
        know(b, port->mac);
        for (const struct fabric_static_mac *m = port->static_macs; m;
             m = m->next) {
            know(b, ovsdb_string(m->row, STATIC_MAC_BINDING_IP));
        }
        if (e->kind == ENDPOINT_GATEWAY && port->ls && port->ls != e->ls) {
            know_tenants(b, port->ls);
        }
    }
}

static void
know_endpoint(struct bisect *b, const struct fabric_endpoint *e)
{
    know(b, e->address);
    know(b, e->mac);
    know(b, e->port);
    know(b, e->name);
    know(b, e->guest_address);
    know(b, e->guest_mac);
    if (e->nat) {
        know(b, ovsdb_string(e->nat, NAT_LOGICAL_PORT));
        know(b, ovsdb_string(e->nat, NAT_EXTERNAL_MAC));
    }
    if (e->vif) {
        know_vif(b, e->vif);
    }
    if (e->gateway) {
        know_router(b, e);
    }
}

void
bisect_init(struct bisect *b, const struct timeline *timeline,
            const char *only)
{
    memset(b, 0, sizeof *b);
    arena_init(&b->arena);
    strmap_init(&b->index);
    strmap_init(&b->group_index);
    b->timeline = timeline;
    b->only = only;
    strmap_init(&b->names);
    if (only) { /* "NAME@WHERE" as well. */
        const char *where = strrchr(only, '@');
        know(b, only);
        know(b, where ? arena_strndup(&b->arena, only, (size_t) (where - only))
                      : NULL);
    }
}

void
bisect_done(struct bisect *b)
{
    for (size_t i = 0; i < b->n_endpoints; i++) {
        free(b->endpoints[i]->changes);
    }
    for (size_t i = 0; i < b->n_groups; i++) {
        free(b->groups[i].endpoints);
    }
    free(b->endpoints);
    free(b->groups);
    strmap_done(&b->group_index);
    strmap_done(&b->index);
    strmap_done(&b->names);
    arena_done(&b->arena);
}

/* Who did it. */

/* What turned the verdict before cannot turn it again. */
static bool
is_after_last(const struct bisect_endpoint *e, size_t event)
{
    const struct bisect_change *last =
        e->n_changes ? &e->changes[e->n_changes - 1] : NULL;
    return !last || last->event == NO_EVENT || event > last->event;
}

/* The event behind a finding's evidence, or NO_EVENT. */
static size_t
find_evidence_event(const struct bisect *b, const struct finding_evidence *e)
{
    if (!e->row) {
        return NO_EVENT;
    }
    const struct ovsdb_table_spec *spec = e->row->table->spec;
    const struct evidence_db *db = evidence_db_of(e->row);
    for (unsigned c = 0; e->column && c < spec->n_columns; c++) {
        if (!strcmp(spec->columns[c].name, e->column)) {
            /* A set of parts changes with each of them. */
            return spec->columns[c].owns
                       ? NO_EVENT
                       : timeline_find(b->timeline, db,
                                       ovsdb_changed_in(e->row, c));
        }
    }
    return timeline_find(b->timeline, db,
                         e->row->exists ? e->row->created_in
                                        : e->row->deleted_in);
}

static size_t
find_hint_event(const struct bisect *b, const struct finding *f)
{
    return f->cause.db ? timeline_find(b->timeline, f->cause.db,
                                       cause_hint_record(&f->cause))
                       : NO_EVENT;
}

/* The events that finding 'f' stands on, the cause that its rule names first:
 * those that made them happen, without snapshots that hide what did. */
static size_t
find_events(const struct bisect *b, const struct bisect_endpoint *e,
            const struct finding *f, size_t events[FINDING_MAX_EVIDENCE + 1])
{
    size_t n = 0;
    for (size_t i = 0; f && i <= f->n_evidence; i++) {
        size_t event = i ? find_evidence_event(b, &f->evidence[i - 1])
                         : find_hint_event(b, f);
        if (event == NO_EVENT) {
            continue;
        }
        size_t root = timeline_root(b->timeline, event,
                                    i ? f->evidence[i - 1].row : f->cause.row);
        if (is_after_last(e, root)) {
            event = root;
        }
        const struct history_event *it = &b->timeline->events[event];
        bool is_new =
            (it->who != WHO_SNAPSHOT || it->is_gap) && is_after_last(e, event);
        for (size_t j = 0; j < n; j++) {
            is_new &= events[j] != event;
        }
        if (is_new) {
            events[n++] = event;
        }
    }
    return n;
}

/* The last event of a client since the last judgement; else what the first one
 * follows from. */
static size_t
find_last_event(const struct bisect *b, const struct bisect_endpoint *e)
{
    const struct timeline *t = b->timeline;
    if (!t->n_events) {
        return NO_EVENT;
    }
    for (size_t i = t->n_events; i-- > b->first_event;) {
        if (!history_is_daemon(t->events[i].who) || t->events[i].is_gap) {
            return i;
        }
    }
    size_t first =
        b->first_event < t->n_events ? b->first_event : t->n_events - 1;
    size_t root = timeline_root(t, first, NULL);
    return is_after_last(e, root) ? root : first;
}

/* Whether a daemon took 'event' over only since the last judgement. */
static bool
took_effect(const struct bisect *b, size_t event)
{
    const struct history_effect *last = b->timeline->events[event].last_effect;
    return last && last->event >= b->first_event;
}

/* Whether 'event' is somebody's change, and so new that northd, at work on the
 * ones before, may have taken it over only since the last judgement.  What
 * northd then wrote may be put down to a later change of the same thing. */
static bool
is_fresh(const struct bisect *b, size_t event, int64_t date_ms)
{
    const struct history_event *it = &b->timeline->events[event];
    return !history_is_daemon(it->who) && date_ms - it->date_ms < SETTLING_MS;
}

/* Which of the 'n' events that a finding stands on turned the verdict, seen at
 * 'date_ms': one of those that came since the last judgement; or, if there is
 * none, one that OVN took over only now; or else whatever came last. */
static size_t
choose_event(const struct bisect *b, const struct bisect_endpoint *e,
             const size_t *events, size_t n, int64_t date_ms)
{
    for (size_t i = 0; i < n; i++) {
        if (events[i] >= b->first_event) {
            return events[i];
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (took_effect(b, events[i])) {
            return events[i];
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (is_fresh(b, events[i], date_ms)) {
            return events[i];
        }
    }
    return find_last_event(b, e);
}

/* Endpoints. */

static bool
is_wanted(const struct bisect *b, const struct fabric_endpoint *e)
{
    return !b->only || fabric_endpoint_is(e, b->only);
}

static struct bisect_endpoint *
place_endpoint(struct bisect *b, const struct fabric_endpoint *e)
{
    /* Two VMs may have one address; a floating IP that is given to another VM
     * is still the same. */
    char *key = arena_printf(&b->arena, "%s %s", fabric_endpoint_id(e),
                             e->kind == ENDPOINT_VM ? e->port : e->ls->name);
    void **slot = strmap_place(&b->index, key);
    if (!*slot) {
        struct bisect_endpoint *new = *slot =
            arena_zalloc(&b->arena, sizeof *new);
        new->id = arena_strdup(&b->arena, fabric_endpoint_id(e));
        new->port = arena_strdup(&b->arena, e->port);
        new->name = arena_strdup(&b->arena, e->name);
        b->endpoints = xgrow(b->endpoints, b->n_endpoints, &b->capacity,
                             sizeof(struct bisect_endpoint *));
        b->endpoints[b->n_endpoints++] = new;
    }
    return *slot;
}

/* The worse of both directions. */
static const struct verdict *
worst_verdict(const struct assessed_endpoint *at)
{
    enum verdict_kind kind = assessed_worst(at);
    return &at->verdicts[at->verdicts[INBOUND].kind == kind ? INBOUND
                                                            : OUTBOUND];
}

/* Changes. */

static struct bisect_change *
add_change(struct bisect_endpoint *e, size_t event, const char *from,
           const char *to, int64_t date_ms)
{
    e->changes =
        xgrow(e->changes, e->n_changes, &e->capacity, sizeof *e->changes);
    struct bisect_change *change = &e->changes[e->n_changes++];
    *change = (struct bisect_change){
        .event = event, .from = from, .to = to, .date_ms = date_ms
    };
    return change;
}

static void
set_finding(struct bisect *b, struct bisect_change *change,
            const struct verdict *v)
{
    if (!v || !v->n_codes) {
        return;
    }
    change->codes = arena_alloc(&b->arena, v->n_codes * sizeof *change->codes);
    memcpy(change->codes, v->codes, v->n_codes * sizeof *change->codes);
    change->n_codes = v->n_codes;
    change->message =
        v->culprit ? arena_strdup(&b->arena, v->culprit->message) : NULL;
}

/* Adds the changes, other than 'event', that were harmless until then. */
static void
add_others(struct bisect *b, struct bisect_endpoint *e, const size_t *events,
           size_t n, size_t event, const struct verdict *v, int64_t date_ms)
{
    for (size_t i = 0; i < n; i++) {
        const struct history_event *other = &b->timeline->events[events[i]];
        if (events[i] < event && !history_is_daemon(other->who)
            && other->date_ms > e->known_since_ms) {
            struct bisect_change *change =
                add_change(e, events[i], e->state, e->state, date_ms);
            set_finding(b, change, v);
        }
    }
}

/* What lasted but a moment was on the way: the state before it is the one
 * that was left.  True if that is the one that is entered. */
static bool
forget_moment(struct bisect_endpoint *e, const char *to, int64_t date_ms)
{
    struct bisect_change *last =
        e->n_changes ? &e->changes[e->n_changes - 1] : NULL;
    if (!last || !last->is_passing || date_ms - last->date_ms >= SETTLING_MS) {
        return false;
    }
    e->state = last->from;
    e->n_changes--;
    return !strcmp(e->state, to);
}

/* A change of the verdict, 'v' (NULL: the endpoint is gone). */
static void
turn(struct bisect *b, struct bisect_endpoint *e, const struct verdict *v,
     const char *to, int64_t date_ms)
{
    size_t events[FINDING_MAX_EVIDENCE + 1];
    if (forget_moment(e, to, date_ms)) {
        return;
    }
    const struct finding *f = v ? v->culprit : NULL;
    const struct finding *before = v && e->has_culprit ? e->culprit : NULL;
    size_t n = find_events(b, e, f ? f : before, events);
    size_t event = choose_event(b, e, events, n, date_ms);
    if (f && f->effect >= EFFECT_BLOCKS) {
        add_others(b, e, events, n, event, v, date_ms);
    }
    struct bisect_change *change = add_change(e, event, e->state, to, date_ms);
    change->is_passing =
        v && v->kind == VERDICT_UNDETERMINED && v->awaits_daemons;
    set_finding(b, change, v);
}

/* As the spec spells it, which lives on; NULL if it is no column. */
static const char *
find_column(const struct finding_evidence *e)
{
    const struct ovsdb_table_spec *spec = e->row ? e->row->table->spec : NULL;
    for (unsigned c = 0; spec && e->column && c < spec->n_columns; c++) {
        if (!strcmp(spec->columns[c].name, e->column)) {
            return spec->columns[c].name;
        }
    }
    return NULL;
}

/* Copies of finding 'f' what find_events() asks for, as that outlives the
 * assessment. */
static void
keep_culprit(struct bisect *b, struct bisect_endpoint *e,
             const struct finding *f)
{
    if (!e->culprit) {
        e->culprit = arena_zalloc(&b->arena, sizeof *e->culprit);
    }
    const char *key = e->culprit->cause.key;
    if (f->cause.key && (!key || strcmp(key, f->cause.key))) {
        key = arena_strdup(&b->arena, f->cause.key);
    }
    e->culprit->cause = f->cause;
    e->culprit->cause.key = f->cause.key ? key : NULL;
    e->culprit->n_evidence = f->n_evidence;
    for (size_t i = 0; i < f->n_evidence; i++) {
        e->culprit->evidence[i].row = f->evidence[i].row;
        e->culprit->evidence[i].column = find_column(&f->evidence[i]);
    }
}

static void
judge_endpoint(struct bisect *b, const struct assessed_endpoint *at,
               int64_t date_ms)
{
    struct bisect_endpoint *e = place_endpoint(b, at->endpoint);
    const struct verdict *v = worst_verdict(at);
    const char *to = verdict_names[v->kind];
    e->round = b->round;
    if (!e->state) {
        e->known_since_ms = date_ms;
        e->state = b->round > 1 ? BISECT_ABSENT : to;
    }
    if (strcmp(e->state, to)) {
        turn(b, e, v, to, date_ms);
        e->state = to;
    }
    e->has_culprit = v->culprit;
    if (v->culprit) {
        keep_culprit(b, e, v->culprit);
    }
    b->is_unsettled |= v->kind == VERDICT_UNDETERMINED;
}

void
bisect_judge(struct bisect *b, const struct assessment *a)
{
    int64_t date_ms = a->fabric->evidence->now_ms;
    b->round++;
    b->is_unsettled = false;
    for (size_t i = 0; i < a->n_endpoints; i++) {
        if (is_wanted(b, a->endpoints[i].endpoint)) {
            know_endpoint(b, a->endpoints[i].endpoint);
            judge_endpoint(b, &a->endpoints[i], date_ms);
        }
    }
    for (size_t i = 0; i < b->n_endpoints; i++) {
        struct bisect_endpoint *e = b->endpoints[i];
        if (e->round != b->round && strcmp(e->state, BISECT_ABSENT)) {
            turn(b, e, NULL, BISECT_ABSENT, date_ms);
            e->state = BISECT_ABSENT;
        }
    }
    b->first_event = b->timeline->n_events;
}

bool
bisect_is_lost(const struct bisect_endpoint *e)
{
    return !strcmp(e->state, verdict_names[VERDICT_BROKEN])
           || !strcmp(e->state, verdict_names[VERDICT_STORM]);
}

/* Groups. */

static struct bisect_group *
place_group(struct bisect *b, const struct bisect_change *change)
{
    char *key =
        arena_printf(&b->arena, "%zu %s %s %s", change->event, change->from,
                     change->to, change->n_codes ? change->codes[0] : "");
    void **slot = strmap_place(&b->group_index, key);
    if (!*slot) {
        b->groups = xgrow(b->groups, b->n_groups, &b->groups_capacity,
                          sizeof *b->groups);
        b->groups[b->n_groups++] = (struct bisect_group){ .change = change };
        *slot = (void *) (uintptr_t) b->n_groups;
    }
    return &b->groups[(uintptr_t) *slot - 1];
}

static int
compare_groups(const void *a_, const void *b_)
{
    const struct bisect_change *a = ((const struct bisect_group *) a_)->change;
    const struct bisect_change *b = ((const struct bisect_group *) b_)->change;
    return a->event != b->event       ? (a->event < b->event ? -1 : 1)
           : a->date_ms != b->date_ms ? (a->date_ms < b->date_ms ? -1 : 1)
                                      : strcmp(a->to, b->to);
}

size_t
bisect_group(struct bisect *b, const struct bisect_group **ret)
{
    for (size_t i = 0; i < b->n_endpoints && !b->is_grouped; i++) {
        struct bisect_endpoint *e = b->endpoints[i];
        for (size_t c = 0; c < e->n_changes; c++) {
            if (strcmp(e->changes[c].from, BISECT_ABSENT)) {
                struct bisect_group *group = place_group(b, &e->changes[c]);
                group->endpoints =
                    xgrow(group->endpoints, group->n, &group->capacity,
                          sizeof(struct bisect_endpoint *));
                group->endpoints[group->n++] = e;
            }
        }
    }
    if (b->n_groups && !b->is_grouped) {
        qsort(b->groups, b->n_groups, sizeof *b->groups, compare_groups);
    }
    b->is_grouped = true;
    *ret = b->groups;
    return b->n_groups;
}
