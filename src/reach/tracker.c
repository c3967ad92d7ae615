#include "reach/tracker.h"

#include <stdlib.h>
#include <string.h>

#include "policy/change.h"
#include "reach/walk.h"

/* Garbage in the assessment's arena before everything is judged again. */
#define GARBAGE_BYTES ((size_t) 16 << 20)

/* What a verdict that was judged again takes, for most. */
#define VERDICT_BYTES 2048

/* An endpoint's flags. */
enum {
    IS_UNSETTLED = 1, /* Not plainly reachable both ways. */
    AWAITS_DAEMONS = 2,
    IS_UNBOUND = 4, /* Its VM is bound to no chassis. */
    IS_MARKED = 8,  /* To be judged again. */
};

/* Flags are looked for by the word; behind the last there is room for one. */
#define FLAGS_A_WORD sizeof(uint64_t)

static unsigned char
flags_of(const struct assessed_endpoint *e)
{
    const struct fabric_vif *vif = e->endpoint->vif;
    unsigned char flags = vif && !vif->chassis ? IS_UNBOUND : 0;
    for (int d = 0; d < N_DIRECTIONS; d++) {
        flags |= e->verdicts[d].kind != VERDICT_REACHABLE ? IS_UNSETTLED : 0;
        flags |= e->verdicts[d].awaits_daemons ? AWAITS_DAEMONS : 0;
    }
    return flags;
}

static void
set_flags(struct tracker *f, size_t i, unsigned char flags)
{
    f->n_awaiting += !!(flags & AWAITS_DAEMONS);
    f->n_awaiting -= !!(f->flags[i] & AWAITS_DAEMONS);
    f->flags[i] = flags;
}

/* None, with room for all. */
static unsigned char *
new_flags(const struct tracker *f)
{
    return xcalloc(f->fabric.endpoints_capacity / FLAGS_A_WORD + 1,
                   FLAGS_A_WORD);
}

void
tracker_follow(struct tracker *f)
{
    struct assessment *a = &f->assessment;
    fabric_change_init(&f->change, &f->fabric);
    f->limit_bytes = 2 * a->arena.used_bytes + GARBAGE_BYTES;
    f->flags = new_flags(f);
    f->marked = NULL;
    f->n_marked = f->marked_capacity = 0;
    f->n_awaiting = 0;
    f->is_flood_old = false;
    for (size_t i = 0; i < a->n_endpoints; i++) {
        set_flags(f, i, flags_of(&a->endpoints[i]));
    }
    f->is_following = true;
}

static void
build(struct tracker *f)
{
    fabric_init(&f->fabric, f->evidence);
    reach_judge_all(&f->assessment, &f->fabric, f->only);
    tracker_follow(f);
}

static void
unbuild(struct tracker *f)
{
    if (f->is_following) {
        free(f->flags);
        free(f->marked);
        fabric_change_done(&f->change);
    }
    assessment_done(&f->assessment);
    fabric_done(&f->fabric);
}

void
tracker_init(struct tracker *f, struct evidence *e, const char *only)
{
    memset(f, 0, sizeof *f);
    f->evidence = e;
    f->only = only;
    build(f);
}

void
tracker_assess(struct tracker *f, struct evidence *e)
{
    memset(f, 0, sizeof *f);
    f->evidence = e;
    fabric_init(&f->fabric, e);
    reach_assess(&f->assessment, &f->fabric, NULL);
}

void
tracker_distrust(struct tracker *f)
{
    f->change.all = true;
}

void
tracker_done(struct tracker *f)
{
    unbuild(f);
    memset(f, 0, sizeof *f);
}

void
tracker_apply(struct tracker *f, const struct evidence_db *db)
{
    if (!f->change.all) {
        fabric_change_apply(&f->change, db);
    }
    if (!f->change.all) {
        policy_change_apply(f->assessment.policy, &f->change, db);
    }
}

struct fabric *
tracker_fabric(struct tracker *f)
{
    return f->change.all ? NULL : &f->fabric;
}

/* Examining again. */

static bool
same_text(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

/* Whether both are the same loop, with the same flood. */
static bool
same_cycle(const struct flood_cycle *a, const struct flood_cycle *b)
{
    if (!a || !b) {
        return a == b;
    }
    const struct flood_domain *d = a->domain, *e = b->domain;
    bool same = !strcmp(a->key, b->key) && a->n_ways == b->n_ways
                && a->is_endless == b->is_endless
                && d->n_chassis == e->n_chassis
                && d->n_segments == e->n_segments;
    for (size_t i = 0; same && i < d->n_chassis; i++) {
        same = !strcmp(d->chassis[i], e->chassis[i]);
    }
    for (size_t i = 0; same && i < d->n_segments; i++) {
        same = !strcmp(d->segments[i], e->segments[i]);
    }
    return same;
}

static bool
same_finding(const struct finding *a, const struct finding *b)
{
    return a->rule == b->rule && a->effect == b->effect && a->hop == b->hop
           && a->subject == b->subject && same_text(a->chassis, b->chassis)
           && !strcmp(a->message, b->message)
           && !memcmp(a->spares, b->spares, sizeof a->spares)
           && cause_hint_record(&a->cause) == cause_hint_record(&b->cause)
           && same_cycle(a->cycle, b->cycle);
}

static bool
same_missing(const struct missing_evidence *a,
             const struct missing_evidence *b)
{
    return a->hop == b->hop && a->is_assumed == b->is_assumed
           && !strcmp(a->what, b->what)
           && !memcmp(a->spares, b->spares, sizeof a->spares);
}

static bool
same_examination(const struct examination *a, const struct examination *b)
{
    bool same = a->n_findings == b->n_findings && a->n_missing == b->n_missing;
    for (size_t i = 0; same && i < a->n_findings; i++) {
        same = same_finding(a->findings[i], b->findings[i]);
    }
    for (size_t i = 0; same && i < a->n_missing; i++) {
        same = same_missing(&a->missing[i], &b->missing[i]);
    }
    return same;
}

static bool
same_shell(const struct fabric_switch *ls, const struct unit_examination *a,
           const struct unit_examination *b)
{
    bool same = same_examination(&a->ls, &b->ls);
    for (size_t i = 0; same && i < ls->n_localnets; i++) {
        same = same_examination(&a->localnets[i], &b->localnets[i]);
    }
    for (size_t i = 0; same && i < ls->n_pending; i++) {
        same = same_examination(&a->pending[i], &b->pending[i]);
    }
    return same;
}

/* Examines the switch and its localnet ports; if that says something else
 * than before, everybody on the switch is judged again. */
static void
examine_shell(struct tracker *f, struct fabric_switch *ls)
{
    struct assessment *a = &f->assessment;
    struct unit_examination *unit = &a->units[ls - f->fabric.switches];
    struct unit_examination before = *unit;
    unit->localnets =
        arena_zalloc(&a->arena, ls->n_localnets * sizeof *unit->localnets);
    unit->pending =
        arena_zalloc(&a->arena, ls->n_pending * sizeof *unit->pending);
    walk_examine_shell(a, ls, unit);
    if (!same_shell(ls, &before, unit)) {
        fabric_change_switch(&f->change, ls);
    }
    walk_done_shell(ls, &before);
}

static void
examine_attachment(struct tracker *f, struct fabric_attachment *attachment)
{
    struct assessment *a = &f->assessment;
    struct fabric_localnet *localnet = attachment->localnet;
    struct fabric_switch *ls = localnet->ls;
    struct unit_examination *unit = &a->units[ls - f->fabric.switches];
    struct examination *parts =
        localnet == ls->lost ? unit->lost
                             : unit->attachments[localnet - ls->localnets];
    struct examination *x = &parts[attachment - localnet->attachments];
    examination_done(x);
    memset(x, 0, sizeof *x);
    if (attachment->chassis) {
        walk_examine_attachment(a, attachment, x);
    }
}

/* Judging again. */

static void
judge(struct tracker *f, size_t i)
{
    struct assessment *a = &f->assessment;
    struct assessed_endpoint *e = &a->endpoints[i];
    examination_done(&e->own);
    if (e->arena) {
        arena_clear(e->arena);
    } else {
        e->arena = xmalloc(sizeof *e->arena);
        arena_init_sized(e->arena, VERDICT_BYTES);
    }
    a->judging = e->arena;
    walk_judge_endpoint(a, e);
    a->judging = &a->arena;
    set_flags(f, i, flags_of(e));
    f->n_judged++;
}

/* Whatever was judged long ago is far away in memory. */
static void
look_ahead(const struct tracker *f, const uint32_t *numbers, size_t n)
{
    const struct assessment *a = &f->assessment;
    const struct fabric_endpoint *endpoints[FABRIC_AHEAD];
    for (size_t i = 0; i < n; i++) {
        endpoints[i] = a->endpoints[numbers[i]].endpoint;
        __builtin_prefetch(a->endpoints[numbers[i]].arena);
    }
    fabric_look_ahead_at_endpoints(endpoints, n);
    policy_look_ahead(a->policy, endpoints, n);
}

static void
judge_marked(struct tracker *f)
{
    for (size_t i = 0; i < f->n_marked; i++) {
        if (i % FABRIC_AHEAD == 0) {
            size_t left = f->n_marked - i;
            look_ahead(f, &f->marked[i],
                       left < FABRIC_AHEAD ? left : FABRIC_AHEAD);
        }
        judge(f, f->marked[i]);
    }
    f->n_marked = 0;
}

static void
mark(struct tracker *f, size_t i)
{
    if (!f->assessment.endpoints[i].endpoint->is_gone
        && !(f->flags[i] & IS_MARKED)) {
        f->flags[i] |= IS_MARKED;
        f->marked = xgrow(f->marked, f->n_marked, &f->marked_capacity,
                          sizeof *f->marked);
        f->marked[f->n_marked++] = (uint32_t) i;
    }
}

/* Whether an endpoint with these flags is one of those that are marked all
 * together. */
static bool
is_concerned(const struct tracker *f, size_t i)
{
    const struct fabric_change *c = &f->change;
    const struct fabric_endpoint *e = f->assessment.endpoints[i].endpoint;
    unsigned char flags = f->flags[i];
    bool concerned = (c->is_unsettled && flags & IS_UNSETTLED)
                     || (c->awaits_northd && flags & AWAITS_DAEMONS);
    for (size_t j = 0; !concerned && j < c->progress.n; j++) {
        const struct fabric_chassis *chassis =
            f->fabric.chassis[c->progress.items[j]];
        concerned =
            flags & IS_UNSETTLED
            && (e->chassis == chassis || (e->vif && e->vif->chassis == chassis)
                || fabric_change_is_sighted(&f->fabric, e, chassis));
    }
    for (size_t j = 0; !concerned && j < c->sighted.n; j++) {
        concerned = flags & IS_UNBOUND
                    && fabric_change_is_sighted(
                        &f->fabric, e, f->fabric.chassis[c->sighted.items[j]]);
    }
    return concerned;
}

/* Only endpoints with one of these flags can be concerned; 0: none.  Most
 * changes of SB say that northd has followed, which nobody may wait for. */
static unsigned char
common_flags(const struct tracker *f)
{
    const struct fabric_change *c = &f->change;
    bool awaits_northd = c->awaits_northd && f->n_awaiting;
    return (
        unsigned char) ((c->is_unsettled || c->progress.n ? IS_UNSETTLED : 0)
                        | (awaits_northd ? AWAITS_DAEMONS : 0)
                        | (c->sighted.n ? IS_UNBOUND : 0));
}

/* Which of the assessed endpoints it is; none if it was not asked for. */
static size_t
find_assessed(const struct tracker *f, size_t i)
{
    const struct assessment *a = &f->assessment;
    if (!f->only) {
        return i;
    }
    size_t at = 0;
    while (at < a->n_endpoints
           && a->endpoints[at].endpoint != &f->fabric.endpoints[i]) {
        at++;
    }
    return at;
}

/* Endpoints that came and went. */

static void
forget(struct tracker *f, size_t i)
{
    struct assessed_endpoint *e = &f->assessment.endpoints[i];
    examination_done(&e->own);
    if (e->arena) {
        arena_done(e->arena);
        free(e->arena);
    }
    *e = (struct assessed_endpoint){ .endpoint = e->endpoint };
    set_flags(f, i, 0);
}

static void
follow_list(struct tracker *f)
{
    struct assessment *a = &f->assessment;
    const struct fabric_change *c = &f->change;
    for (size_t i = 0; i < c->came.n; i++) {
        const struct fabric_endpoint *e =
            &f->fabric.endpoints[c->came.items[i]];
        if (!f->only || fabric_endpoint_is(e, f->only)) {
            walk_add_endpoint(a, e);
        }
    }
    for (size_t i = 0; i < c->went.n; i++) {
        size_t at = find_assessed(f, c->went.items[i]);
        if (at < a->n_endpoints) {
            forget(f, at);
        }
    }
}

/* Whatever localnet ports, bridges and NICs there are now, loops follow.  A
 * loop concerns more than the things that changed, wherever it was or is: then
 * everything is examined again.  Returns the flood that was, to be freed once
 * nobody compares with what it said any more. */
static struct flood *
flood_again(struct tracker *f)
{
    struct assessment *a = &f->assessment;
    struct fabric_change *c = &f->change;
    struct flood *before = a->flood;
    for (size_t i = 0; i < c->flooded.n && !c->floods; i++) {
        c->floods =
            !flood_stays_quiet(before, f->fabric.chassis[c->flooded.items[i]]);
    }
    f->is_flood_old |= c->flooded.n > 0;
    if (!c->floods) {
        return NULL;
    }
    a->flood = flood_new(&f->fabric);
    f->is_flood_old = false;
    if (!flood_is_quiet(before) || !flood_is_quiet(a->flood)) {
        fabric_change_floods(c);
    }
    return before;
}

/* Whether an endpoint of the word that begins at 'i' has one of the flags. */
static bool
has_flagged(const struct tracker *f, size_t i, unsigned char wanted)
{
    uint64_t word;
    memcpy(&word, &f->flags[i], sizeof word);
    return word & wanted * UINT64_C(0x0101010101010101);
}

/* The first endpoint from 'i' on that has one of the flags; else as many as
 * there are. */
static size_t
next_flagged(const struct tracker *f, size_t i, unsigned char wanted)
{
    size_t n = f->assessment.n_endpoints;
    while (i < n && !(f->flags[i] & wanted)) {
        i++;
        while (i % FLAGS_A_WORD == 0 && i < n && !has_flagged(f, i, wanted)) {
            i += FLAGS_A_WORD;
        }
    }
    return i < n ? i : n;
}

static bool
says_of_tunnels(const struct examination *x)
{
    bool says = false;
    for (size_t i = 0; i < x->n_findings && !says; i++) {
        says = x->findings[i]->hop == HOP_TUNNEL;
    }
    for (size_t i = 0; i < x->n_missing && !says; i++) {
        says = x->missing[i].hop == HOP_TUNNEL;
    }
    return says;
}

/* Those that the change names. */
static void
mark_named(struct tracker *f)
{
    const struct assessment *a = &f->assessment;
    const struct fabric_change *c = &f->change;
    for (size_t i = 0; i < c->endpoints.n; i++) {
        size_t at = find_assessed(f, c->endpoints.items[i]);
        if (at < a->n_endpoints) {
            mark(f, at);
        }
    }
    for (size_t i = 0; i < c->told.n; i++) {
        size_t at = find_assessed(f, c->told.items[i]);
        if (at < a->n_endpoints && says_of_tunnels(&a->endpoints[at].own)) {
            mark(f, at);
        }
    }
}

static void
mark_common(struct tracker *f)
{
    unsigned char wanted = common_flags(f);
    size_t n = f->assessment.n_endpoints;
    for (size_t i = wanted ? next_flagged(f, 0, wanted) : n; i < n;
         i = next_flagged(f, i + 1, wanted)) {
        if (is_concerned(f, i)) {
            mark(f, i);
        }
    }
}

/* Judges again whom the change concerns. */
static void
judge_again(struct tracker *f)
{
    struct fabric_change *c = &f->change;
    struct flood *before = flood_again(f);
    follow_list(f);
    for (size_t i = 0; i < c->n_attachments; i++) {
        examine_attachment(f, c->attachments[i]);
    }
    for (size_t i = 0; i < c->switches.n; i++) {
        examine_shell(f, &f->fabric.switches[c->switches.items[i]]);
    }
    mark_common(f);
    mark_named(f);
    judge_marked(f);
    flood_free(before);
}

void
tracker_judge(struct tracker *f)
{
    struct assessment *a = &f->assessment;
    f->n_judged = 0;
    f->was_rebuilt = f->change.all || a->arena.used_bytes > f->limit_bytes
                     || (f->only && f->change.renames);
    if (f->was_rebuilt) {
        unbuild(f);
        build(f);
        f->n_judged = a->n_endpoints;
    } else {
        judge_again(f);
        fabric_change_clear(&f->change);
    }
}

/* Who was asked for, by the endpoints' numbers of before; NULL if not. */
static struct assessed_endpoint **
index_assessed(const struct tracker *f, const struct fabric_endpoint *before,
               size_t n_before)
{
    const struct assessment *a = &f->assessment;
    struct assessed_endpoint **index =
        xcalloc(n_before, sizeof(struct assessed_endpoint *));
    for (size_t i = 0; i < a->n_endpoints; i++) {
        index[a->endpoints[i].endpoint - before] = &a->endpoints[i];
    }
    return index;
}

void
tracker_sort(struct tracker *f)
{
    struct assessment *a = &f->assessment;
    const struct fabric *fabric = &f->fabric;
    if (fabric->is_sorted) {
        return;
    }
    struct assessed_endpoint **index =
        index_assessed(f, fabric->endpoints, fabric->n_endpoints);
    struct assessed_endpoint *sorted = xcalloc(a->n_endpoints, sizeof *sorted);
    unsigned char *flags = f->flags;
    uint32_t *from = fabric_change_sort(&f->change);
    size_t n = 0;
    f->flags = new_flags(f);
    for (size_t i = 0; i < fabric->n_endpoints; i++) {
        const struct assessed_endpoint *e = index[from[i]];
        if (e) {
            f->flags[n] = flags[e - a->endpoints];
            sorted[n] = *e;
            sorted[n++].endpoint = &fabric->endpoints[i];
        }
    }
    memcpy(a->endpoints, sorted, n * sizeof *sorted);
    a->n_endpoints = n;
    free(index);
    free(sorted);
    free(flags);
    free(from);
}

void
tracker_collect(struct tracker *f)
{
    tracker_sort(f);
    if (f->is_flood_old) {
        flood_free(f->assessment.flood);
        f->assessment.flood = flood_new(&f->fabric);
        f->is_flood_old = false;
    }
    walk_examine_deployment(&f->assessment);
    walk_examine_chassis(&f->assessment);
    findings_collect(&f->assessment);
}
