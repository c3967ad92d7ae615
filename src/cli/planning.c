#include "cli/planning.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* Gathering.  A trial makes other evidence of it, so it is gathered anew for
 * each. */

struct error *
planning_gather(struct planning *p)
{
    struct cli_state *s = &p->state;
    if (s->is_judged) {
        return NULL;
    }
    if (p->is_gathered) {
        evidence_done(&s->evidence);
    }
    p->is_gathered = true;
    struct error *error =
        cli_gather_quietly(&s->evidence, &p->options->collect);
    if (!error) {
        cli_state_judge(s);
    }
    return error;
}

/* What is to be mended. */

static bool
concerns(const struct assessment *a, const struct reach_finding *rf,
         const char *name)
{
    const struct assessed_endpoint *at = NULL;
    while (name && (at = reach_find(a, name, at))) {
        const char *id = fabric_endpoint_id(at->endpoint);
        for (size_t i = 0; i < rf->n_affects; i++) {
            if (!strcmp(rf->affects[i], id)) {
                return true;
            }
        }
    }
    return !name;
}

/* A finding that stops nobody is mended if it is asked for, or if it is a loop
 * that waits for its time. */
static bool
is_wanted(const struct planning *p, const struct reach_finding *rf)
{
    const struct finding *f = rf->finding;
    const char *only = p->options->only;
    return (only ? !strcmp(f->rule->code, only) : f->effect >= EFFECT_STOPS)
           && concerns(&p->state.tracker.assessment, rf,
                       p->options->for_endpoint);
}

static void
choose_findings(struct planning *p)
{
    const struct assessment *a = &p->state.tracker.assessment;
    for (size_t i = 0; i < a->n_findings; i++) {
        if (is_wanted(p, &a->findings[i])) {
            p->keys =
                xgrow(p->keys, p->n_keys, &p->keys_capacity, sizeof *p->keys);
            p->keys[p->n_keys++] =
                impact_finding_key(&p->arena, a->findings[i].finding);
        }
    }
}

const struct reach_finding *
planning_find(struct planning *p, const char *key)
{
    const struct assessment *a = &p->state.tracker.assessment;
    for (size_t i = 0; i < a->n_findings; i++) {
        const struct finding *f = a->findings[i].finding;
        if (!strcmp(impact_finding_key(&p->arena, f), key)) {
            return &a->findings[i];
        }
    }
    return NULL;
}

/* Logs. */

struct past {
    struct whole then, now;
    bool is_open;
};

static struct error *
read_past(struct past *past, const struct evidence_db *db, uint32_t record)
{
    const struct ovsdb_spec *spec = db->store.spec;
    const char *tables[64];
    size_t n = 0;
    for (; n < spec->n_tables && n < N_ELEMENTS(tables); n++) {
        tables[n] = spec->tables[n].name;
    }
    past->is_open = true;
    const char *file; /* Of several, the one that has the record. */
    uint64_t number = ovsdb_record_number(db->log, record, &file);
    struct error *error = whole_open(
        &past->then, file ? file : db->log_files[0].path, db->db, tables, n);
    if (!error) {
        error = whole_read(&past->then, number + 1);
    }
    struct error *second = whole_open(
        &past->now, db->file ? db->file : db->log_from, db->db, tables, n);
    if (!error && !second) {
        second = whole_read(&past->now, UINT64_MAX);
    }
    if (error) {
        error_free(second);
    }
    return error ? error : second;
}

static void
forget_past(struct past *past)
{
    if (past->is_open) {
        whole_close(&past->then);
        whole_close(&past->now);
    }
    past->is_open = false;
}

/* Trying. */

static struct error *
try_list(struct planning *p, struct plan *plan, struct evidence_db *db,
         const char *chassis)
{
    struct text t;
    bool any = false;
    for (const struct change *c = plan->changes.first; c; c = c->next) {
        any |= change_is_of(c, db->db, chassis);
    }
    if (!any) {
        return NULL;
    }
    text_init(&t, TEXT_CEILING_BYTES);
    change_put_transaction(&plan->changes, db, chassis,
                           p->state.evidence.now_ms, "provnet repair", &t);
    struct error *error =
        trial_commit(&plan->trial, db, chassis, text_string(&t), t.length);
    text_done(&t);
    return error;
}

/* Tries what was proposed; the evidence is another one then. */
static struct error *
try_plan(struct planning *p, struct plan *plan, enum plan_way way)
{
    struct evidence *e = &p->state.evidence;
    trial_begin(&plan->trial, &p->state.tracker);
    plan->is_tried = true;
    e->now_ms = clock_wall_ms();
    if (plan->flow.bridge) {
        trial_add_flow(&plan->trial, plan->flow.chassis, plan->flow.bridge,
                       "NORMAL");
    }
    struct error *error = try_list(p, plan, &e->nb, NULL);
    error = error ? error : try_list(p, plan, &e->sb, NULL);
    for (size_t i = 0; i < e->n_chassis && !error; i++) {
        error = try_list(p, plan, &e->chassis[i]->ovs, e->chassis[i]->name);
    }
    error = error ? error : trial_end(&plan->trial);
    if (!error) {
        plan_judge(plan, way);
    }
    cli_state_forget(&p->state);
    return error;
}

/* Puts the changes of a way into the plan, from the evidence as it is now. */
static struct error *
propose(struct planning *p, struct plan *plan, const struct finding *f,
        enum plan_way way, bool *ret_found)
{
    struct past past = { .is_open = false };
    uint32_t record = 0;
    struct error *error = NULL;
    const struct evidence_db *db = way == PLAN_KNOWN || way == PLAN_KNOWN_ELSE
                                       ? NULL
                                       : plan_log(plan, f, &record);
    if (db && db->log_from) {
        error = read_past(&past, db, record);
    }
    plan_reset(plan);
    plan->way = way;
    *ret_found = !error
                 && plan_propose(plan, &p->state.tracker.fabric, f, way,
                                 past.is_open ? &past.then : NULL, &past.now);
    forget_past(&past);
    return error;
}

/* One way to mend a finding.  '*ret_done': it may be offered. */
static struct error *
go_way(struct planning *p, struct plan *plan, const struct finding *f,
       enum plan_way way, bool *ret_done)
{
    bool found = false;
    struct error *error = propose(p, plan, f, way, &found);
    *ret_done = false;
    if (!error && found) {
        error = try_plan(p, plan, way);
        *ret_done = !error && !plan->refused;
    }
    return error;
}

/* Makes the plan's changes once more, from evidence that is gathered anew. */
static struct error *
make_again(struct planning *p, const struct plan *plan, struct plan *ret)
{
    bool found = false;
    cli_state_forget(&p->state);
    struct error *error = planning_gather(p);
    const struct reach_finding *rf =
        error ? NULL : planning_find(p, plan->key);
    if (error) {
        return error;
    } else if (!rf) {
        return error_new("%s is not there any more", plan->code);
    }
    plan_init(ret, rf);
    error = propose(p, ret, rf->finding, plan->way, &found);
    if (!error && !found) {
        error = error_new("what was to be changed is not there any more");
    }
    if (error) {
        plan_done(ret);
    }
    return error;
}

/* What is left to say of a finding that no way mends. */
static void
refuse(struct plan *plan, const char *why)
{
    if (plan->is_tried && plan->refused) {
        return; /* Shown with its effect. */
    }
    plan->refused =
        why             ? why
        : plan->command ? "provnet does not do this itself"
        : plan->cause.note
            ? arena_printf(&plan->arena,
                           "what was there before is not known: %s; see "
                           "`provnet explain %s`",
                           plan->cause.note, plan->code)
            : arena_printf(&plan->arena,
                           "no safe change is known; see `provnet explain "
                           "%s`",
                           plan->code);
}

static struct error *
make_plan(struct planning *p, const char *key)
{
    struct plan *plan = NULL;
    struct error *error = NULL;
    const char *why = NULL;
    bool done = false;
    for (int way = 0; way < N_PLAN_WAYS && !error && !done; way++) {
        error = planning_gather(p);
        const struct reach_finding *found =
            error ? NULL : planning_find(p, key);
        if (!found) {
            break;
        }
        if (!plan) {
            plan = xmalloc(sizeof *plan);
            plan_init(plan, found);
            p->plans = xgrow(p->plans, p->n_plans, &p->plans_capacity,
                             sizeof *p->plans);
            p->plans[p->n_plans++] = plan;
        }
        error = go_way(p, plan, found->finding, (enum plan_way) way, &done);
        why = why ? why : plan->refused;
    }
    if (plan && !done && !error) {
        refuse(plan, why);
    }
    return error;
}

/* Whether a plan that is offered mends that finding as well. */
static bool
is_mended(const struct planning *p, const char *key)
{
    for (size_t i = 0; i < p->n_plans; i++) {
        if (!p->plans[i]->refused
            && impact_has_vanished(&p->plans[i]->trial.impact, key)) {
            return true;
        }
    }
    return false;
}

struct error *
planning_make(struct planning *p)
{
    struct cli_progress progress;
    struct error *error = NULL;
    choose_findings(p);
    cli_progress_init(&progress, "trying repairs");
    for (size_t i = 0; i < p->n_keys && !error; i++) {
        if (!is_mended(p, p->keys[i])) {
            error = make_plan(p, p->keys[i]);
        }
        cli_progress_update(&progress, i, p->n_keys);
    }
    cli_progress_done(&progress);
    return error;
}

void
planning_done(struct planning *p)
{
    for (size_t i = 0; i < p->n_plans; i++) {
        plan_done(p->plans[i]);
        free(p->plans[i]);
    }
    free(p->plans);
    free(p->keys);
    cli_state_done(&p->state);
    arena_done(&p->arena);
}

/* All that the plan would do to the databases, with what it waits for. */
static void
put_plan(const struct planning *p, const struct plan *plan, struct text *t)
{
    const struct evidence *e = &p->state.evidence;
    change_put_operations(&plan->changes, &e->nb, NULL, "", t);
    change_put_operations(&plan->changes, &e->sb, NULL, "", t);
    for (size_t i = 0; i < e->n_chassis; i++) {
        change_put_operations(&plan->changes, &e->chassis[i]->ovs,
                              e->chassis[i]->name, "", t);
    }
    text_puts(t, plan->flow.bridge ? plan->flow.bridge : "");
}

/* Other plans may have been carried out since this one was tried.  '*told' is
 * what it would do now. */
static struct error *
try_again(struct planning *p, const struct plan *plan, struct text *told)
{
    struct plan tried;
    struct error *error = make_again(p, plan, &tried);
    if (error) {
        return error;
    }
    put_plan(p, &tried, told);
    error = try_plan(p, &tried, plan->way);
    if (!error && tried.refused) {
        error = error_new("it is not safe any more: %s", tried.refused);
    }
    plan_done(&tried);
    return error;
}

struct error *
planning_renew(struct planning *p, struct plan *plan, struct plan *ret)
{
    struct text tried, made;
    text_init(&tried, TEXT_CEILING_BYTES);
    text_init(&made, TEXT_CEILING_BYTES);
    struct error *error = try_again(p, plan, &tried);
    error = error ? error : make_again(p, plan, ret);
    if (!error) {
        put_plan(p, ret, &made);
        if (strcmp(text_string(&tried), text_string(&made)) != 0) {
            plan_done(ret);
            error = error_new("the databases were changed while it was tried, "
                              "in what it is made of");
        }
    }
    text_done(&tried);
    text_done(&made);
    return error;
}
