/* Plans to mend what is broken; carried out, and taken back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "apply/carry.h"
#include "base/clock.h"
#include "cli/planning.h"

/* How long the daemons may need until a repair shows. */
#define PROMISE_MS 15000

/* The proof that a repair has done what it promised: the finding is gone, and
 * nobody whom it should restore is broken. */
struct promise {
    const struct cli_options *options;
    const struct plan *plan;
    struct proof_target *targets; /* Those whom it should restore. */
    size_t n_targets;
    struct arena *arena; /* Of the proofs. */
    struct proof_list *proofs;
    struct strmap storms;  /* Keys of findings that were there before. */
    bool is_storming;      /* Another one has come: no use in waiting. */
    struct strmap reached; /* "ENDPOINT PORT" that were reachable before. */
};

static const char *
name_endpoint(const struct assessed_endpoint *e, struct arena *arena)
{
    const struct fabric_endpoint *of = e->endpoint;
    return arena_printf(arena, "%s %s", of->address, of->port ? of->port : "");
}

/* Notes who is reachable before: the plan promises to lose nobody. */
static void
note_reached(struct promise *promise, const struct assessment *before)
{
    for (size_t i = 0; i < before->n_endpoints; i++) {
        const struct assessed_endpoint *e = &before->endpoints[i];
        if (assessed_worst(e) == VERDICT_REACHABLE) {
            *strmap_place(&promise->reached,
                          name_endpoint(e, promise->arena)) = promise;
        }
    }
}

/* Whoever was reachable before, and is not now. */
static const char *
check_reached(const struct assessment *a, const struct promise *promise,
              struct arena *arena)
{
    for (size_t i = 0; i < a->n_endpoints; i++) {
        const struct assessed_endpoint *e = &a->endpoints[i];
        enum verdict_kind kind = assessed_worst(e);
        if ((kind == VERDICT_BROKEN || kind == VERDICT_STORM)
            && strmap_get(&promise->reached, name_endpoint(e, arena))) {
            return arena_printf(arena,
                                "%s, which was reachable, is not now "
                                "(%s)",
                                e->endpoint->address, verdict_names[kind]);
        }
    }
    return NULL;
}

static const char *
check_endpoints(const struct assessment *a, const struct plan *plan,
                struct arena *arena)
{
    const struct impact_list *restored =
        &plan->trial.impact.lists[OUTCOME_RESTORED];
    for (size_t i = 0; i < restored->n; i++) {
        const struct assessed_endpoint *at = proof_find(
            a, restored->endpoints[i].id, restored->endpoints[i].port);
        enum verdict_kind kind = at ? assessed_worst(at) : VERDICT_BROKEN;
        if (kind == VERDICT_BROKEN || kind == VERDICT_STORM) {
            return arena_printf(arena, "%s is not restored (%s)",
                                restored->endpoints[i].id,
                                at ? verdict_names[kind] : "absent");
        }
    }
    return NULL;
}

static const char *
check_finding(const struct assessment *a, const struct plan *plan,
              struct arena *arena)
{
    for (size_t i = 0; i < a->n_findings; i++) {
        const struct finding *f = a->findings[i].finding;
        if (!strcmp(impact_finding_key(arena, f), plan->key)
            && (plan->is_latent || f->effect > EFFECT_BLOCKS)) {
            return arena_printf(arena, "%s is still there", plan->code);
        }
    }
    return NULL;
}

/* Notes the storms that there are before. */
static void
note_storms(struct promise *promise, const struct assessment *before)
{
    for (size_t i = 0; i < before->n_findings; i++) {
        const struct finding *f = before->findings[i].finding;
        if (f->effect == EFFECT_STORMS) {
            char *key = arena_strdup(promise->arena,
                                     impact_finding_key(promise->arena, f));
            *strmap_place(&promise->storms, key) = key;
        }
    }
}

/* A storm that was not there before, wherever it is. */
static const char *
check_storms(const struct assessment *a, struct promise *promise,
             struct arena *arena)
{
    for (size_t i = 0; i < a->n_findings; i++) {
        const struct finding *f = a->findings[i].finding;
        if (f->effect == EFFECT_STORMS
            && !strmap_get(&promise->storms, impact_finding_key(arena, f))) {
            promise->is_storming = true;
            return arena_printf(arena, "it makes a storm (%s): %s",
                                f->rule->code, f->message);
        }
    }
    return NULL;
}

/* What stands in the way of the promise, as things are now; NULL: nothing. */
static const char *
find_breach(struct promise *promise, struct arena *arena)
{
    struct cli_state state;
    memset(&state, 0, sizeof state);
    struct error *error =
        cli_gather_quietly(&state.evidence, &promise->options->collect);
    const char *why = NULL;
    if (error) {
        why = arena_strdup(arena, error_text(error));
        error_free(error);
    } else {
        cli_state_judge(&state);
        why = check_storms(&state.tracker.assessment, promise, arena);
        why = why ? why
                  : check_finding(&state.tracker.assessment, promise->plan,
                                  arena);
        why = why ? why
                  : check_endpoints(&state.tracker.assessment, promise->plan,
                                    arena);
        why = why ? why
                  : check_reached(&state.tracker.assessment, promise, arena);
    }
    cli_state_done(&state);
    return why;
}

/* Waits until the promise is kept: the daemons need their time. */
static struct error *
judge(void *aux)
{
    const struct timespec pause = { 0, 200 * 1000000L };
    int64_t end_ms = clock_now_ms() + PROMISE_MS;
    const char *why = NULL;
    struct arena arena;
    arena_init(&arena);
    const struct promise *promise = aux;
    while ((why = find_breach(aux, &arena)) && !promise->is_storming
           && clock_now_ms() < end_ms) {
        nanosleep(&pause, NULL);
    }
    struct error *error = why ? error_new("%s", why) : NULL;
    arena_done(&arena);
    return error;
}

/* Real frames. */

/* Notes whom the plan promises to restore, as long as 'before' is known. */
static void
find_targets(struct promise *promise, const struct assessment *before)
{
    const struct impact_list *restored =
        &promise->plan->trial.impact.lists[OUTCOME_RESTORED];
    promise->targets = arena_alloc(
        promise->arena, (restored->n + 1) * sizeof *promise->targets);
    promise->n_targets = restored->n;
    for (size_t i = 0; i < restored->n; i++) {
        const struct impact_endpoint *e = &restored->endpoints[i];
        const struct assessed_endpoint *at =
            proof_find(before, e->id, e->port);
        enum verdict_kind kind =
            at ? at->verdicts[INBOUND].kind : VERDICT_BROKEN;
        promise->targets[i] = (struct proof_target){
            .id = e->id,
            .port = e->port,
            .was_lost_inbound =
                kind == VERDICT_BROKEN || kind == VERDICT_STORM,
        };
    }
}

static void
prove(void *aux, const struct proof_stop *stop)
{
    struct promise *promise = aux;
    struct cli_state state;
    if (!promise->n_targets) {
        return;
    }
    memset(&state, 0, sizeof state);
    struct error *error =
        cli_gather_quietly(&state.evidence, &promise->options->collect);
    if (!error) {
        cli_state_judge(&state);
        proof_make(&state.tracker.assessment, promise->targets,
                   promise->n_targets, stop, promise->arena, promise->proofs);
    }
    error_free(error); /* status_now() meets it again. */
    cli_state_done(&state);
}

/* Carrying out. */

static struct error *
carry(struct planning *p, struct plan *plan, struct report_deed *ret)
{
    struct plan fresh;
    struct promise promise = { .options = p->options,
                               .plan = plan,
                               .arena = &p->arena,
                               .proofs = &ret->proofs };
    const struct collect_options *collect = &p->options->collect;
    struct carry_options options = {
        .tls = { collect->private_key, collect->certificate,
                 collect->ca_cert },
        .judge = judge,
        .prove = prove,
        .progress = cli_say_progress,
        .aux = &promise,
        .flow = &fresh.flow,
    };
    const char *comment = arena_printf(&p->arena, "provnet repair: %s: %s",
                                       plan->code, plan->what);
    struct error *error = planning_renew(p, plan, &fresh);
    carry_result_init(&ret->result);
    ret->is_begun = true;
    if (error) {
        ret->why = error;
        return NULL;
    }
    find_targets(&promise, &p->state.tracker.assessment);
    strmap_init(&promise.storms);
    note_storms(&promise, &p->state.tracker.assessment);
    options.has_loop = promise.storms.n > 0;
    strmap_init(&promise.reached);
    note_reached(&promise, &p->state.tracker.assessment);
    ret->why = carry_out(&fresh.changes, &p->state.evidence, comment, &options,
                         &ret->result);
    strmap_done(&promise.storms);
    strmap_done(&promise.reached);
    plan_done(&fresh);
    return NULL;
}

/* Carries out what is not refused; '*ret_n' says how many stand. */
static struct error *
carry_all(struct planning *p, struct report_deed *results, size_t *ret_n)
{
    struct error *error = NULL;
    *ret_n = 0;
    for (size_t i = 0; i < p->n_plans && !error; i++) {
        if (!p->plans[i]->refused) {
            error = carry(p, p->plans[i], &results[i]);
            *ret_n += !error && results[i].result.applied;
            if (!error
                && (!results[i].result.applied || results[i].result.interrupted
                    || report_refuted(&results[i]))) {
                break; /* What comes next may stand on it. */
            }
        }
    }
    return error;
}

/* Printing. */

static bool
print(struct planning *p, const struct report_deed *results)
{
    const struct cli_options *o = p->options;
    struct text out;
    text_init_file(&out, stdout);
    if (o->json) {
        report_repair_json(&p->state.evidence, p->plans, p->n_plans, results,
                           &out);
    } else {
        report_repair_text(p->plans, p->n_plans, results, &o->report, &out);
    }
    return cli_print(&out);
}

/* Whether anything is left that is broken, as rows are now or by a proof. */
static int
status_now(struct planning *p, const struct report_deed *results)
{
    for (size_t i = 0; i < p->n_plans; i++) {
        if (report_refuted(&results[i])) {
            return EXIT_BROKEN;
        }
    }
    cli_state_forget(&p->state);
    struct error *error = planning_gather(p);
    if (error) {
        return cli_fail(error);
    }
    const struct assessment *a = &p->state.tracker.assessment;
    for (size_t i = 0; i < a->n_findings; i++) {
        if (a->findings[i].finding->effect >= EFFECT_STOPS) {
            return EXIT_BROKEN;
        }
    }
    return EXIT_FINE;
}

static int
apply(struct planning *p)
{
    size_t n = 0;
    struct report_deed *results = xcalloc(p->n_plans + 1, sizeof *results);
    struct error *error = carry_all(p, results, &n);
    int status = error                ? cli_fail(error)
                 : !print(p, results) ? EXIT_TROUBLE
                                      : status_now(p, results);
    for (size_t i = 0; i < p->n_plans; i++) {
        if (results[i].is_begun) {
            carry_result_done(&results[i].result);
            error_free(results[i].why);
        }
    }
    free(results);
    return status;
}

static int
repair(const struct cli_options *o)
{
    struct planning p = { .options = o };
    struct error *error = cli_state_init(&p.state, o);
    if (error) {
        return cli_fail(error);
    }
    arena_init(&p.arena);
    p.is_gathered = true;
    error = planning_make(&p);
    int status = error              ? cli_fail(error)
                 : o->apply         ? apply(&p)
                 : !print(&p, NULL) ? EXIT_TROUBLE
                 : p.n_plans        ? EXIT_BROKEN
                                    : EXIT_FINE;
    planning_done(&p);
    return status;
}

int
cli_repair(int argc, char **argv)
{
    struct cli_options o;
    int status;
    if (cli_parse(argc, argv, &o, &status)) {
        status = o.only && !rule_find(o.only) ? cli_fail(error_hint(
                     error_new("--only: there is no code \"%s\"", o.only),
                     "`provnet rules` lists them"))
                 : o.undo                     ? cli_undo(&o)
                                              : repair(&o);
    }
    cli_options_done(&o);
    return status;
}
