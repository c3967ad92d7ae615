#include "repair/plan.h"

#include <string.h>

void
plan_init(struct plan *p, const struct reach_finding *found)
{
    const struct finding *f = found->finding;
    memset(p, 0, sizeof *p);
    arena_init(&p->arena);
    change_list_init(&p->changes);
    struct arena *a = &p->arena;
    p->key = impact_finding_key(a, f);
    p->code = f->rule->code;
    p->message = arena_strdup(a, f->message);
    p->chassis = f->chassis ? arena_strdup(a, f->chassis) : NULL;
    p->subject = arena_strdup(a, f->subject_name);
    p->is_latent = f->effect <= EFFECT_BLOCKS;
    cause_find(f, a, &p->cause);
    p->cause.comment = arena_strdup(a, p->cause.comment);
    p->command = known_command(a, f);
    p->n_affects = found->n_affects;
    p->affects = arena_alloc(a, found->n_affects * sizeof *p->affects);
    for (size_t i = 0; i < found->n_affects; i++) {
        p->affects[i] = arena_strdup(a, found->affects[i]);
    }
}

void
plan_reset(struct plan *p)
{
    change_list_done(&p->changes);
    change_list_init(&p->changes);
    if (p->is_tried) {
        trial_done(&p->trial);
    }
    p->is_tried = false;
    p->flow = (struct plan_flow){ 0 };
    p->what = NULL;
}

void
plan_done(struct plan *p)
{
    plan_reset(p);
    change_list_done(&p->changes);
    arena_done(&p->arena);
}

/* Whose will it was. */

/* Whether Neutron, or another API client, changed rows that it owns.  What it
 * wants is in its own database, and it would do so again. */
static bool
is_owners_will(const struct plan *p, const struct finding *f)
{
    return f->cause.db && !strcmp(f->cause.db->db, "nb") && f->ls
           && f->ls->is_neutron && cause_who(p->cause.comment) == WHO_CLIENT;
}

const struct evidence_db *
plan_log(struct plan *p, const struct finding *f, uint32_t *ret_record)
{
    if (!p->cause.found) {
        return NULL;
    }
    if (!cause_starts(f->cause.db, p->cause.comment)) {
        p->refused = arena_printf(
            &p->arena,
            "%s record %u was written by %s: mend what made it do so",
            p->cause.db, p->cause.record,
            history_who_names[cause_who(p->cause.comment)]);
        return NULL;
    }
    if (is_owners_will(p, f)) {
        p->refused = arena_printf(
            &p->arena,
            "nb record %u has no comment, so it was Neutron or another API "
            "client that did it, on a network that is Neutron's: it would do "
            "so again.  Ask Neutron first what it wants (openstack network "
            "show, openstack port show)",
            p->cause.record);
        return NULL;
    }
    *ret_record = p->cause.record;
    return f->cause.db;
}

/* Ways. */

static const char *
chassis_of(const struct fabric *fabric, const struct evidence_db *db)
{
    const struct evidence *e = fabric->evidence;
    for (size_t i = 0; i < e->n_chassis; i++) {
        if (&e->chassis[i]->ovs == db) {
            return e->chassis[i]->name;
        }
    }
    return NULL;
}

static bool
propose_undo(struct plan *p, const struct fabric *fabric,
             const struct finding *f, bool whole_record,
             const struct whole *then, const struct whole *now)
{
    const struct ovsdb_row *row = f->cause.row;
    if (!then || (!whole_record && !row)) {
        return false;
    }
    size_t n =
        undo_make(&p->changes, f->cause.db, chassis_of(fabric, f->cause.db),
                  then, now, whole_record ? NULL : &row->uuid);
    if (n) {
        p->what = arena_printf(&p->arena, "takes back what %s record %u did%s",
                               p->cause.db, p->cause.record,
                               whole_record ? "" : " to it");
    }
    return n > 0;
}

bool
plan_propose(struct plan *p, const struct fabric *fabric,
             const struct finding *f, enum plan_way way,
             const struct whole *then, const struct whole *now)
{
    return way == PLAN_KNOWN || way == PLAN_KNOWN_ELSE
               ? known_propose(p, fabric, f, (size_t) (way - PLAN_KNOWN))
               : propose_undo(p, fabric, f, way == PLAN_UNDO_RECORD, then,
                              now);
}

/* Judging. */

static const char *
first_of(const struct impact_list *list)
{
    return list->endpoints[0].id;
}

/* What stops frames that would stand there instead, where rows go: endpoints
 * that are broken already cannot be lost, so that a chassis without its
 * bridges would do them no harm.  NULL: nothing.  Where nothing goes it was
 * there before, hidden behind what is mended. */
static const char *
find_left(const struct plan *p)
{
    const struct impact *impact = &p->trial.impact;
    bool deletes = false;
    for (const struct change *c = p->changes.first; c; c = c->next) {
        deletes |= c->op == CHANGE_DELETE;
    }
    for (size_t i = 0; deletes && i < impact->n_appeared; i++) {
        if (impact->appeared[i].effect >= EFFECT_STOPS) {
            return impact->appeared[i].code;
        }
    }
    return NULL;
}

void
plan_judge(struct plan *p, enum plan_way way)
{
    const struct impact *impact = &p->trial.impact;
    const struct impact_list *lost = &impact->lists[OUTCOME_LOST];
    struct arena *a = &p->arena;
    const char *left = find_left(p);
    p->refused = NULL;
    if (impact->storms || impact->lists[OUTCOME_STORM].n) {
        p->refused = arena_printf(
            a,
            "it would make a loop%s%s: the storm would take the whole "
            "segment",
            impact->lists[OUTCOME_STORM].n ? " with " : "",
            impact->lists[OUTCOME_STORM].n
                ? first_of(&impact->lists[OUTCOME_STORM])
                : "");
    } else if (lost->n) {
        p->refused = arena_printf(a, "%s%s would be lost", first_of(lost),
                                  lost->n > 1 ? " and others" : "");
    } else if (!impact_has_vanished(impact, p->key)) {
        p->refused = "it would not mend this";
    } else if (left) {
        p->refused = arena_printf(
            a, "it would take rows away and leave %s instead", left);
    } else if (way == PLAN_UNDO_ROW && impact->n_appeared) {
        p->refused =
            arena_printf(a, "it would leave %s", impact->appeared[0].code);
    }
}
