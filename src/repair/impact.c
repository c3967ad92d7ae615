#include "repair/impact.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

const char *const outcome_names[N_OUTCOMES] = {
    [OUTCOME_RESTORED] = "restored", [OUTCOME_LOST] = "lost",
    [OUTCOME_STORM] = "storm",       [OUTCOME_BLOCKED] = "blocked",
    [OUTCOME_UNCLEAR] = "unclear",
};

/* An endpoint as it was. */
struct known {
    enum verdict_kind kind;
    struct impact_endpoint endpoint;
    bool is_there;
};

/* Remembering. */

/* Two VMs may have one address; a floating IP that is given to another VM is
 * still the same. */
static const char *
key_of(struct arena *a, const struct fabric_endpoint *e)
{
    return arena_printf(a, "%s %s", fabric_endpoint_id(e),
                        e->kind == ENDPOINT_VM ? e->port : e->ls->name);
}

static struct impact_endpoint
describe(struct arena *a, const struct fabric_endpoint *e)
{
    return (struct impact_endpoint){
        .id = arena_strdup(a, fabric_endpoint_id(e)),
        .port = arena_strdup(a, e->port),
        .name = arena_strdup(a, e->name),
        .network = arena_strdup(a, e->ls->network),
    };
}

const char *
impact_finding_key(struct arena *a, const struct finding *f)
{
    return arena_printf(a, "%s %s %s %s %s", f->rule->code,
                        f->chassis ? f->chassis : "", f->subject_table,
                        f->subject_name, f->network);
}

static struct impact_finding
describe_finding(struct arena *a, const struct reach_finding *r)
{
    return (struct impact_finding){
        .key = impact_finding_key(a, r->finding),
        .code = r->finding->rule->code,
        .message = arena_strdup(a, r->finding->message),
        .effect = r->finding->effect,
        .n_affects = r->n_affects,
        .cycle =
            r->finding->cycle ? flood_copy_cycle(r->finding->cycle, a) : NULL,
    };
}

void
impact_init(struct impact *impact, const struct assessment *before)
{
    memset(impact, 0, sizeof *impact);
    arena_init(&impact->arena);
    arena_init(&impact->known);
    strmap_init(&impact->endpoints);
    strmap_init(&impact->findings);
    struct arena *a = &impact->known;
    for (size_t i = 0; i < before->n_endpoints; i++) {
        const struct assessed_endpoint *at = &before->endpoints[i];
        struct known *known = arena_zalloc(a, sizeof *known);
        known->kind = assessed_worst(at);
        known->endpoint = describe(a, at->endpoint);
        known->endpoint.from = verdict_names[known->kind];
        *strmap_place(&impact->endpoints, key_of(a, at->endpoint)) = known;
    }
    for (size_t i = 0; i < before->n_findings; i++) {
        struct impact_finding *f = arena_alloc(a, sizeof *f);
        *f = describe_finding(a, &before->findings[i]);
        *strmap_place(&impact->findings, f->key) = f;
    }
}

static void
forget_known(struct impact *impact)
{
    strmap_done(&impact->endpoints);
    strmap_done(&impact->findings);
    arena_done(&impact->known);
}

void
impact_done(struct impact *impact)
{
    for (size_t i = 0; i < N_OUTCOMES; i++) {
        free(impact->lists[i].endpoints);
    }
    free(impact->appeared);
    free(impact->vanished);
    forget_known(impact);
    arena_done(&impact->arena);
}

/* Comparing. */

#define ABSENT N_VERDICTS

/* What it means that a verdict of one kind became one of another; N_OUTCOMES
 * if nothing worth telling. */
static enum outcome
outcome_of(unsigned from, unsigned to)
{
    bool was_bad = from == VERDICT_BROKEN || from == VERDICT_STORM;
    if (from == to) {
        return N_OUTCOMES;
    }
    switch (to) {
    case VERDICT_STORM:
        return OUTCOME_STORM;
    case VERDICT_BROKEN:
    case ABSENT:
        return was_bad || from == ABSENT ? N_OUTCOMES : OUTCOME_LOST;
    case VERDICT_BLOCKED:
        return from == ABSENT ? N_OUTCOMES : OUTCOME_BLOCKED;
    case VERDICT_REACHABLE:
        return OUTCOME_RESTORED;
    default:
        return was_bad || from == ABSENT   ? OUTCOME_RESTORED
               : from == VERDICT_REACHABLE ? OUTCOME_UNCLEAR
                                           : N_OUTCOMES;
    }
}

static void
add_endpoint(struct impact *impact, enum outcome outcome,
             const struct impact_endpoint *endpoint)
{
    struct impact_list *list = &impact->lists[outcome];
    list->endpoints =
        xgrow(list->endpoints, list->n, &list->capacity, sizeof *endpoint);
    list->endpoints[list->n++] = *endpoint;
}

/* The verdict that counts. */
static const struct verdict *
worst_verdict(const struct assessed_endpoint *at, enum verdict_kind kind)
{
    return &at->verdicts[at->verdicts[INBOUND].kind == kind ? INBOUND
                                                            : OUTBOUND];
}

static void
compare_endpoint(struct impact *impact, const struct assessed_endpoint *at)
{
    struct arena *a = &impact->arena;
    struct known *known =
        strmap_get(&impact->endpoints, key_of(&impact->known, at->endpoint));
    enum verdict_kind kind = assessed_worst(at);
    enum outcome outcome = outcome_of(known ? known->kind : ABSENT, kind);
    if (known) {
        known->is_there = true;
    }
    if (outcome == N_OUTCOMES) {
        return;
    }
    const struct verdict *v = worst_verdict(at, kind);
    struct impact_endpoint endpoint = describe(a, at->endpoint);
    endpoint.from = known ? known->endpoint.from : IMPACT_ABSENT;
    endpoint.to = verdict_names[kind];
    if (v->culprit) {
        endpoint.code = v->culprit->rule->code;
        endpoint.message = arena_strdup(a, v->culprit->message);
    } else if (v->n_missing) {
        endpoint.message = arena_strdup(a, v->missing[0]);
    }
    add_endpoint(impact, outcome, &endpoint);
}

/* One that was there, and is not. */
static void
compare_absent(struct impact *impact, const struct known *known)
{
    struct arena *a = &impact->arena;
    enum outcome outcome = outcome_of(known->kind, ABSENT);
    if (outcome == N_OUTCOMES) {
        return;
    }
    struct impact_endpoint endpoint = known->endpoint;
    endpoint.id = arena_strdup(a, endpoint.id);
    endpoint.port = arena_strdup(a, endpoint.port);
    endpoint.name = arena_strdup(a, endpoint.name);
    endpoint.network = arena_strdup(a, endpoint.network);
    endpoint.to = IMPACT_ABSENT;
    add_endpoint(impact, outcome, &endpoint);
}

static void
add_vanished(struct impact *impact, const struct impact_finding *known)
{
    struct arena *a = &impact->arena;
    struct impact_finding f = *known;
    f.key = arena_strdup(a, f.key);
    f.message = arena_strdup(a, f.message);
    f.cycle = f.cycle ? flood_copy_cycle(f.cycle, a) : NULL;
    impact->vanished = xgrow(impact->vanished, impact->n_vanished,
                             &impact->vanished_capacity, sizeof f);
    impact->vanished[impact->n_vanished++] = f;
}

static void
compare_findings(struct impact *impact, const struct assessment *after)
{
    struct strmap seen;
    strmap_init(&seen);
    for (size_t i = 0; i < after->n_findings; i++) {
        const struct finding *f = after->findings[i].finding;
        const char *key = impact_finding_key(&impact->known, f);
        const struct impact_finding *before =
            strmap_get(&impact->findings, key);
        if (!before || before->effect <= EFFECT_BLOCKS
            || f->effect > EFFECT_BLOCKS) {
            *strmap_place(&seen, key) = (void *) f;
        }
        if (!before || before->effect < f->effect) {
            impact->appeared =
                xgrow(impact->appeared, impact->n_appeared,
                      &impact->appeared_capacity, sizeof *impact->appeared);
            impact->appeared[impact->n_appeared++] =
                describe_finding(&impact->arena, &after->findings[i]);
            impact->storms |= f->effect == EFFECT_STORMS;
        }
    }
    STRMAP_FOR_EACH (entry, &impact->findings) {
        if (!strmap_get(&seen, entry->key)) {
            add_vanished(impact, entry->value);
        }
    }
    strmap_done(&seen);
}

void
impact_compare(struct impact *impact, const struct assessment *after)
{
    assert(!impact->is_compared);
    impact->is_compared = true;
    for (size_t i = 0; i < after->n_endpoints; i++) {
        compare_endpoint(impact, &after->endpoints[i]);
    }
    STRMAP_FOR_EACH (entry, &impact->endpoints) {
        const struct known *known = entry->value;
        if (!known->is_there) {
            compare_absent(impact, known);
        }
    }
    compare_findings(impact, after);
    forget_known(impact);
}

bool
impact_has_vanished(const struct impact *impact, const char *key)
{
    for (size_t i = 0; i < impact->n_vanished; i++) {
        if (!strcmp(impact->vanished[i].key, key)) {
            return true;
        }
    }
    return false;
}

bool
impact_is_harmful(const struct impact *impact)
{
    return impact->lists[OUTCOME_LOST].n || impact->lists[OUTCOME_STORM].n
           || impact->storms;
}
