/* The findings of an assessment: gathered from what was examined, each once
 * for all whom it affects. */
#include <stdlib.h>
#include <string.h>

#include "reach/walk.h"

static struct reach_finding *
place_finding(struct assessment *a, const struct finding *finding)
{
    char uuid[UUID_LENGTH + 1] = "";
    if (finding->subject) {
        uuid_format(&finding->subject->uuid, uuid);
    }
    const char *key =
        arena_printf(&a->finding_arena, "%s %s %s %d %s", finding->rule->code,
                     uuid, finding->chassis ? finding->chassis : "",
                     finding->effect, finding->network);
    void **slot = strmap_place(&a->finding_index, key);
    if (!*slot) {
        a->findings = xgrow(a->findings, a->n_findings, &a->findings_capacity,
                            sizeof *a->findings);
        a->findings[a->n_findings++] =
            (struct reach_finding){ .finding = finding };
        *slot = (void *) (uintptr_t) a->n_findings;
    }
    return &a->findings[(uintptr_t) *slot - 1];
}

static void
add_affected(struct reach_finding *f, const char *id)
{
    if (f->n_affects && !strcmp(f->affects[f->n_affects - 1], id)) {
        return; /* Met once per direction. */
    }
    f->affects = xgrow(f->affects, f->n_affects, &f->affects_capacity,
                       sizeof *f->affects);
    f->affects[f->n_affects++] = id;
}

static void
place_findings(struct assessment *a, const struct examination *x)
{
    for (size_t i = 0; i < x->n_findings; i++) {
        place_finding(a, x->findings[i]);
    }
}

static void
place_unit_findings(struct assessment *a, const struct fabric_switch *ls,
                    const struct unit_examination *unit)
{
    place_findings(a, &unit->ls);
    for (size_t i = 0; i < ls->n_localnets; i++) {
        place_findings(a, &unit->localnets[i]);
        for (size_t j = 0; j < ls->localnets[i].n_attachments; j++) {
            place_findings(a, &unit->attachments[i][j]);
        }
    }
    for (size_t i = 0; i < ls->n_pending; i++) {
        place_findings(a, &unit->pending[i]);
    }
    for (size_t i = 0; ls->lost && i < ls->lost->n_attachments; i++) {
        place_findings(a, &unit->lost[i]);
    }
}

/* A fault that no walk crosses waits for its time: it is a warning.  Only a
 * switch without any endpoint is broken as such.  Of a switch with several
 * localnet ports each chassis maps one (ovn-architecture(7), "Gateway"), so
 * what is wrong with the way of one that nobody uses is no fault at all. */
static void
demote_unused(struct assessment *a)
{
    size_t n = 0;
    for (size_t i = 0; i < a->n_findings; i++) {
        struct reach_finding *rf = &a->findings[i];
        const struct finding *f = rf->finding;
        bool unused = f->effect == EFFECT_STOPS && !rf->n_affects && f->ls;
        if (unused && f->scope == SCOPE_ATTACHMENT && f->ls->n_localnets > 1) {
            free(rf->affects);
            continue;
        }
        if (unused && (f->ls->n_vifs || f->ls->n_router_ports)) {
            struct finding *latent =
                arena_alloc(&a->finding_arena, sizeof *latent);
            *latent = *f;
            rf->finding = finding_latent(latent);
        }
        a->findings[n++] = *rf;
    }
    a->n_findings = n;
}

static int
compare_findings(const void *a_, const void *b_)
{
    const struct reach_finding *a = a_, *b = b_;
    int order = (int) b->finding->effect - (int) a->finding->effect;
    order =
        order ? order
              : (b->n_affects > a->n_affects) - (b->n_affects < a->n_affects);
    return order ? order : (a->order > b->order) - (a->order < b->order);
}

/* Worst first; equal ones as the catalogue and the fabric have them. */
static void
sort_findings(struct assessment *a)
{
    for (size_t i = 0; i < a->n_findings; i++) {
        a->findings[i].order = i;
    }
    if (a->n_findings) {
        qsort(a->findings, a->n_findings, sizeof *a->findings,
              compare_findings);
    }
}

void
findings_done(struct assessment *a)
{
    for (size_t i = 0; i < a->n_findings; i++) {
        free(a->findings[i].affects);
    }
    free(a->findings);
    a->findings = NULL;
    a->n_findings = a->findings_capacity = 0;
    strmap_done(&a->finding_index);
    arena_done(&a->finding_arena);
}

/* Gathers the findings of all examinations, and whom they affect. */
void
findings_collect(struct assessment *a)
{
    struct fabric *f = a->fabric;
    findings_done(a);
    memset(a->counts, 0, sizeof a->counts);
    arena_init(&a->finding_arena);
    strmap_init(&a->finding_index);
    place_findings(a, &a->deployment);
    for (size_t i = 0; i < f->n_chassis; i++) {
        place_findings(a, &a->chassis[i]);
    }
    for (size_t i = 0; i < f->n_switches; i++) {
        place_unit_findings(a, &f->switches[i], &a->units[i]);
    }
    for (size_t i = 0; i < a->n_endpoints; i++) {
        const struct assessed_endpoint *e = &a->endpoints[i];
        place_findings(a, &e->own);
        for (int d = 0; d < N_DIRECTIONS; d++) {
            const struct verdict *v = &e->verdicts[d];
            for (size_t j = 0; j < v->n_blamed; j++) {
                add_affected(place_finding(a, v->blamed[j]),
                             fabric_endpoint_id(e->endpoint));
            }
        }
        a->counts[assessed_worst(e)]++;
    }
    demote_unused(a);
    sort_findings(a);
}
