/* Taking back a repair, once it was tried what that would do. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "apply/carry.h"
#include "apply/scratch.h"
#include "base/clock.h"
#include "cli/cli.h"

struct undoing {
    struct cli_options options; /* With the journal's sources. */
    struct journal journal;
    struct carry_result result;
    struct carry_options carry;
    struct carry_rehearsal rehearsal;
};

void
cli_say_progress(void *aux PROVNET_UNUSED, const char *what)
{
    if (isatty(STDERR_FILENO)) {
        fprintf(stderr, "%s\n", what);
    }
}

/* Those that nobody names are the ones by which the repair was judged. */
static void
take_sources(struct collect_options *c, const struct journal_sources *s)
{
    if (c->bundle) {
        return;
    }
    c->nb = c->nb ? c->nb : s->nb;
    c->sb = c->sb ? c->sb : s->sb;
    if (!c->n_ovs) {
        c->ovs = s->ovs;
        c->n_ovs = s->n_ovs;
    }
}

/* Trying. */

/* The gathered database that a step was done to. */
static struct error *
find_db(struct evidence *e, const struct journal_step *step,
        struct evidence_db **ret, const char **ret_chassis)
{
    struct evidence_db *all[] = { &e->nb, &e->sb };
    *ret = NULL;
    *ret_chassis = NULL;
    for (size_t i = 0; i < 2 + e->n_chassis && !*ret; i++) {
        struct evidence_db *db = i < 2 ? all[i] : &e->chassis[i - 2]->ovs;
        if (db->live && !strcmp(db->from, step->remote)
            && !strcmp(db->store.spec->name, step->name)) {
            *ret = db;
            *ret_chassis = i < 2 ? NULL : e->chassis[i - 2]->name;
        }
    }
    return *ret ? NULL
                : error_hint(error_new("what taking it back would do cannot "
                                       "be tried: it was done to %s, which "
                                       "was not gathered",
                                       step->remote),
                             "name that with --%s", step->db);
}

/* A step on a copy of its database. */
struct rehearsed {
    struct scratch *scratch;
    struct evidence_db *db;
    const char *chassis;
    bool is_refused;   /* By the copy, and so by the database, unless that
                        * changes meanwhile... */
    struct error *why; /* ...and the first time why. */
};

/* Does a transaction; an error only if it cannot be tried. */
static struct error *
try_transaction(struct rehearsed *r, const char *params)
{
    struct error *error =
        scratch_do(r->scratch, r->db, r->chassis, params, &r->is_refused);
    if (!r->is_refused) {
        return error;
    }
    error_free(r->why ? error : NULL);
    r->why = r->why ? r->why : error;
    return NULL;
}

/* Does what would take the step back.  Where nothing of it is there, there is
 * nothing to refuse. */
static struct error *
try_step(struct rehearsed *r, const struct journal_step *step)
{
    struct arena a;
    struct error *error = NULL;
    r->is_refused = true;
    for (size_t i = 0; i < JOURNAL_MAX_TRANSACTIONS && !error && r->is_refused
                       && step->inverses[i];
         i++) {
        error = try_transaction(r, step->inverses[i]);
    }
    if (!error && r->is_refused) {
        arena_init(&a);
        error = try_transaction(r, carry_absence(step, &a));
        arena_done(&a);
    }
    return error ? error_hint(error, "nothing was done") : NULL;
}

/* Of what was applied whole all is taken back or nothing; of the rest it is
 * said in the end. */
static struct error *
take_refusal(struct undoing *u, size_t i, struct error *why)
{
    const struct journal_step *step = &u->journal.steps[i];
    u->rehearsal.refused[i] = true;
    if (u->journal.state == JOURNAL_PLANNED && u->journal.n_steps > 1) {
        error_free(why);
        return NULL;
    }
    return error_hint(
        error_wrap(carry_explain(step, &u->carry, why), "%s", step->remote),
        "nothing was done");
}

static struct error *
try_steps(struct undoing *u, struct evidence *e, struct trial *trial)
{
    struct rehearsed r = { .scratch = NULL };
    struct error *error = scratch_new(e, &u->options.collect, &r.scratch);
    for (size_t i = u->journal.n_steps; i-- > 0 && !error;) {
        const struct journal_step *step = &u->journal.steps[i];
        if (journal_is_flow(step)) {
            continue; /* A flow's going makes no loop. */
        }
        error = find_db(e, step, &r.db, &r.chassis);
        error = error ? error : try_step(&r, step);
        if (!error && r.is_refused) {
            error = take_refusal(u, i, r.why);
        } else {
            error_free(r.why);
        }
        r.why = NULL;
    }
    error = error ? error : scratch_try(r.scratch, trial);
    scratch_free(r.scratch);
    return error;
}

static struct error *
refuse_storm(const struct impact *impact)
{
    const char *why = "it is not known where";
    for (size_t i = 0; i < impact->n_appeared; i++) {
        if (impact->appeared[i].effect == EFFECT_STORMS) {
            why = impact->appeared[i].message;
        }
    }
    return error_hint(error_new("taking it back would make a bridging loop: "
                                "%s",
                                why),
                      "nothing was done");
}

static void
say_lost(const struct impact *impact)
{
    const struct impact_list *lost = &impact->lists[OUTCOME_LOST];
    for (size_t i = 0; i < lost->n; i++) {
        const struct impact_endpoint *e = &lost->endpoints[i];
        struct text line;
        text_init(&line, TEXT_CEILING_BYTES);
        text_put_printable(&line, e->id, strlen(e->id));
        text_printf(&line, " is lost by it%s%s", e->code ? ": " : "",
                    e->code ? e->code : "");
        puts(text_string(&line));
        text_done(&line);
    }
}

static bool
has_storm(const struct assessment *a)
{
    bool any = false;
    for (size_t i = 0; i < a->n_findings; i++) {
        any |= a->findings[i].finding->effect == EFFECT_STORMS;
    }
    return any;
}

/* Tries it on the evidence as it is now. */
static struct error *
rehearse(struct undoing *u)
{
    struct cli_state state;
    struct trial trial;
    struct error *error = cli_state_init(&state, &u->options);
    if (error) {
        return error_hint(error, "what taking it back would do cannot be "
                                 "tried; of what is not reached a copy will "
                                 "do: --nb, --sb or --ovs FILE");
    }
    struct carry_rehearsal *r = &u->rehearsal;
    struct arena *a = &u->result.arena;
    u->carry.has_loop = has_storm(&state.tracker.assessment);
    r->refused = arena_zalloc(a, u->journal.n_steps * sizeof *r->refused);
    r->before = carry_localnets(&state.evidence, a);
    trial_begin(&trial, &state.tracker);
    state.evidence.now_ms = clock_wall_ms();
    error = try_steps(u, &state.evidence, &trial);
    if (!error && trial.impact.storms) {
        error = refuse_storm(&trial.impact);
    } else if (!error) {
        r->after = carry_localnets(&state.evidence, a);
        say_lost(&trial.impact);
    }
    trial_done(&trial);
    cli_state_done(&state);
    return error;
}

/* Doing. */

static struct error *
take_back(struct undoing *u)
{
    struct evidence evidence;
    struct error *error = rehearse(u);
    if (error) {
        return error;
    }
    error = cli_gather_quietly(&evidence, &u->options.collect);
    error = error ? error
                  : carry_undo(&u->journal, &evidence, &u->rehearsal,
                               &u->carry, &u->result);
    evidence_done(&evidence);
    return error;
}

int
cli_undo(const struct cli_options *o)
{
    struct undoing u = {
        .options = *o,
        .carry = { .tls = { o->collect.private_key, o->collect.certificate,
                            o->collect.ca_cert },
                   .progress = cli_say_progress },
    };
    carry_result_init(&u.result);
    struct error *error = carry_find(o->undo, &u.carry, &u.result, &u.journal);
    if (!error) {
        take_sources(&u.options.collect, &u.journal.sources);
        error = take_back(&u);
    }
    for (size_t i = 0; i < u.result.n_notes; i++) {
        printf("%s\n", u.result.notes[i]);
    }
    carry_result_done(&u.result);
    return error ? cli_fail(error) : EXIT_FINE;
}
