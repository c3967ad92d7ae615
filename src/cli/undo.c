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
    bool has_loop; /* There is one before it. */
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

/* Does to a copy what would take a step back.  '*ret_refused': the copy does
 * not take any of it, so that the database will not, unless it changes
 * meanwhile. */
static struct error *
try_step(struct scratch *scratch, struct evidence *e,
         const struct journal_step *step, bool *ret_refused)
{
    struct evidence_db *db;
    const char *chassis;
    struct error *error = find_db(e, step, &db, &chassis);
    *ret_refused = !error;
    for (size_t i = 0; i < JOURNAL_MAX_TRANSACTIONS && !error && *ret_refused
                       && step->inverses[i];
         i++) {
        struct error *failure =
            scratch_do(scratch, db, chassis, step->inverses[i], ret_refused);
        if (*ret_refused) {
            error_free(failure);
        } else {
            error = failure;
        }
    }
    return error ? error_hint(error, "nothing was done") : NULL;
}

/* Of several databases, one that was changed since would leave the others
 * taken back alone. */
static struct error *
check_whole(const struct undoing *u, const struct journal_step *step,
            bool refused)
{
    return refused && u->journal.n_steps > 1
                   && u->journal.state == JOURNAL_APPLIED
               ? error_hint(error_new("%s: rows were changed since, so that "
                                      "only a part could be taken back",
                                      step->remote),
                            "nothing was done")
               : NULL;
}

static struct error *
try_steps(struct undoing *u, struct evidence *e, struct trial *trial)
{
    struct scratch *scratch = NULL;
    struct error *error = scratch_new(e, &u->options.collect, &scratch);
    for (size_t i = u->journal.n_steps; i-- > 0 && !error;) {
        const struct journal_step *step = &u->journal.steps[i];
        bool refused = false;
        /* A flow's going makes no loop. */
        error = journal_is_flow(step) ? NULL
                                      : try_step(scratch, e, step, &refused);
        error = error ? error : check_whole(u, step, refused);
    }
    error = error ? error : scratch_try(scratch, trial);
    scratch_free(scratch);
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
    u->has_loop = has_storm(&state.assessment);
    trial_begin(&trial, &state.assessment);
    cli_state_forget(&state);
    state.evidence.now_ms = clock_wall_ms();
    error = try_steps(u, &state.evidence, &trial);
    if (!error && trial.impact.storms) {
        error = refuse_storm(&trial.impact);
    } else if (!error) {
        say_lost(&trial.impact);
    }
    trial_done(&trial);
    cli_state_done(&state);
    return error;
}

/* Doing. */

static struct error *
take_back(struct undoing *u, struct carry_options *options)
{
    struct evidence evidence;
    struct error *error = rehearse(u);
    if (error) {
        return error;
    }
    options->has_loop = u->has_loop;
    error = cli_gather_quietly(&evidence, &u->options.collect);
    error = error ? error
                  : carry_undo(&u->journal, &evidence, options, &u->result);
    evidence_done(&evidence);
    return error;
}

int
cli_undo(const struct cli_options *o)
{
    struct undoing u = { .options = *o };
    struct carry_options options = {
        .tls = { o->collect.private_key, o->collect.certificate,
                 o->collect.ca_cert },
        .progress = cli_say_progress,
    };
    carry_result_init(&u.result);
    struct error *error = carry_find(o->undo, &options, &u.result, &u.journal);
    if (!error) {
        take_sources(&u.options.collect, &u.journal.sources);
        error = take_back(&u, &options);
    }
    for (size_t i = 0; i < u.result.n_notes; i++) {
        printf("%s\n", u.result.notes[i]);
    }
    carry_result_done(&u.result);
    return error ? cli_fail(error) : EXIT_FINE;
}
