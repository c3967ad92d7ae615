#include "apply/carry.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apply/deed.h"
#include "apply/flow.h"
#include "apply/localnets.h"
#include "apply/patches.h"
#include "apply/result.h"
#include "apply/signals.h"
#include "base/clock.h"
#include "ovsdb/session.h"
#include "ovsdb/whole.h"

#define PROOF_MS 300 /* For the tripwire, after the proof's frames. */

struct carry {
    const struct change_list *list;
    const struct evidence *evidence;
    const struct carry_options *options;
    const char *comment;
    struct carry_result *result;
    struct arena *arena; /* The result's. */
    struct journal journal;
    struct deed *deeds; /* By the journal's steps. */
    struct deed_guards guards;
    struct daemons daemons;
    bool is_staged;
    struct tripwire *tripwire;
    struct signals signals;

    /* What was begun, and its undoing, is the tripwire's business as well. */
    pthread_mutex_t lock;
    size_t n_begun;    /* Steps. */
    bool is_under_way; /* A transaction of the last of them, right now. */
    bool is_open;      /* The last transaction's outcome is not known. */
    char *tripped;     /* Why. */
    bool is_closed;    /* Nothing may be begun any more. */
    bool is_undone;
    struct error *undo_error;
};

/* Preparing. */

static struct error *
transact(struct carry *c, const struct journal_step *step, const char *params,
         const struct json_value **ret)
{
    struct takeback t = carry_takeback(c->options);
    return takeback_transact(&t, step, params, c->arena, ret);
}

static void
keep_rows(struct carry *c, const struct journal_step *step,
          const struct json_value *params)
{
    struct carry_result *r = c->result;
    for (const struct json_value *op = params->first; op; op = op->next) {
        const char *what = json_member_string(op, "op");
        if (what && !strcmp(what, "insert")) {
            r->rows =
                xgrow(r->rows, r->n_rows, &r->rows_capacity, sizeof *r->rows);
            r->rows[r->n_rows++] = (struct carry_row){
                .db = step->db,
                .chassis = step->chassis,
                .table = json_member_string(op, "table"),
                .uuid = json_member_string(op, "uuid"),
            };
        }
    }
}

/* Each transaction tells the daemons that there is something new.  Open
 * vSwitch 3.1.0 does not take over a change of Port's "trunks" alone: tried,
 * it went on dropping frames until next_cfg rose. */
static void
tell_daemons(struct carry *c, struct journal_step *step)
{
    for (size_t i = 0; i < JOURNAL_MAX_TRANSACTIONS; i++) {
        step->operations[i] =
            daemons_tell(step, step->operations[i], c->arena);
        step->inverses[i] = daemons_tell(step, step->inverses[i], c->arena);
    }
}

static struct error *
prepare_step(struct carry *c, const struct evidence_db *db,
             struct journal_step *step, struct deed *deed)
{
    static const struct deed_guards none = { NULL, NULL };
    struct text t;
    const struct json_value *selected = NULL;
    struct error *error = NULL;
    bool is_nb = !strcmp(db->db, "nb");
    text_init(&t, TEXT_CEILING_BYTES);
    change_put_operations(c->list, db, step->chassis, c->comment, &t);
    const struct json_value *params = deed_parse(text_string(&t), c->arena);
    params = deed_parse(deed_name_rows(params, c->arena), c->arena);
    text_clear(&t);
    if (deed_put_select(params, &t)) {
        error = transact(c, step, text_string(&t), &selected);
    }
    if (!error) {
        error =
            deed_make(params, selected, is_nb && c->is_staged,
                      is_nb ? &c->guards : &none, c->comment, c->arena, deed);
    }
    text_done(&t);
    if (error) {
        return error;
    }
    keep_rows(c, step, params);
    step->operations[0] = deed->staged ? deed->staged : deed->operations;
    step->operations[1] = deed->enable;
    step->inverses[0] = deed->inverse;
    step->inverses[1] = deed->staged_inverse;
    tell_daemons(c, step);
    return NULL;
}

static struct error *
prepare_db(struct carry *c, const struct evidence_db *db, const char *chassis)
{
    bool any = false;
    for (const struct change *ch = c->list->first; ch; ch = ch->next) {
        any |= change_is_of(ch, db->db, chassis);
    }
    if (!any) {
        return NULL;
    } else if (!db->live || !ovsdb_remote_is(db->from)) {
        return error_hint(error_new("%s is no live database: nothing is done "
                                    "to files",
                                    db->from ? db->from : db->db),
                          "name the servers, with --nb, --sb and --ovs");
    }
    struct journal_step *step = &c->journal.steps[c->journal.n_steps];
    *step = (struct journal_step){
        .db = db->db,
        .name = db->store.spec->name,
        .chassis = chassis ? arena_strdup(c->arena, chassis) : NULL,
        .remote = arena_strdup(c->arena, db->from),
    };
    struct error *error =
        prepare_step(c, db, step, &c->deeds[c->journal.n_steps]);
    c->journal.n_steps += !error;
    return error ? error_wrap(error, "%s", db->from) : NULL;
}

static struct error *
prepare_flow(struct carry *c)
{
    const struct plan_flow *flow = c->options->flow;
    struct journal *j = &c->journal;
    if (!flow || !flow->bridge) {
        return NULL;
    }
    struct error *error =
        flow_make_step(flow, c->evidence, c->arena, &j->steps[j->n_steps]);
    j->n_steps += !error;
    return error;
}

/* By what it was judged, so that it can be again. */
static void
note_sources(struct carry *c)
{
    const struct evidence *e = c->evidence;
    struct journal_sources *s = &c->journal.sources;
    s->nb = e->nb.live ? arena_strdup(c->arena, e->nb.from) : NULL;
    s->sb = e->sb.live ? arena_strdup(c->arena, e->sb.from) : NULL;
    s->ovs = arena_alloc(c->arena, (e->n_chassis + 1) * sizeof *s->ovs);
    for (size_t i = 0; i < e->n_chassis; i++) {
        if (e->chassis[i]->ovs.live) {
            s->ovs[s->n_ovs++] =
                arena_strdup(c->arena, e->chassis[i]->ovs.from);
        }
    }
}

static struct error *
prepare(struct carry *c)
{
    const struct evidence *e = c->evidence;
    size_t n = 3 + e->n_chassis;
    c->journal.comment = c->comment;
    c->journal.steps = arena_zalloc(c->arena, n * sizeof *c->journal.steps);
    c->deeds = arena_zalloc(c->arena, n * sizeof *c->deeds);
    journal_begin(&c->journal, c->arena);
    note_sources(c);
    c->is_staged = localnets_plan(c->list, &e->nb.store, c->arena, &c->guards);
    struct error *error = NULL;
    for (size_t i = 0; i < e->n_chassis && !error; i++) {
        error = prepare_db(c, &e->chassis[i]->ovs, e->chassis[i]->name);
    }
    error = error ? error : prepare_db(c, &e->nb, NULL);
    error = error ? error : prepare_db(c, &e->sb, NULL);
    error = error ? error : prepare_flow(c);
    daemons_init(&c->daemons, &c->journal, c->arena);
    return error;
}

/* Taking back. */

/* With the lock held: until it is done, whoever comes first. */
static void
undo_locked(struct carry *c)
{
    struct takeback t = carry_takeback(c->options);
    t.is_open = c->is_open;
    if (!c->is_undone) {
        c->is_closed = true;
        error_free(c->undo_error);
        c->undo_error = takeback_steps(&t, c->journal.steps, c->n_begun);
        c->is_undone = !c->undo_error;
    }
}

/* In the tripwire's thread.  A transaction that is under way is waited for by
 * whoever does it, and taken back with the rest then; what was done before it
 * is taken back at once. */
static void
trip(void *aux, const char *why)
{
    struct carry *c = aux;
    pthread_mutex_lock(&c->lock);
    c->tripped = c->tripped ? c->tripped : xstrdup(why);
    if (c->is_under_way && !c->is_closed) {
        struct takeback t = carry_takeback(c->options);
        c->is_closed = true;
        error_free(takeback_steps(&t, c->journal.steps, c->n_begun - 1));
    } else {
        undo_locked(c);
    }
    pthread_mutex_unlock(&c->lock);
}

static const char *
why_tripped(struct carry *c)
{
    pthread_mutex_lock(&c->lock);
    const char *why = c->tripped; /* Is set once. */
    pthread_mutex_unlock(&c->lock);
    return why;
}

static struct error *
trip_error(struct carry *c)
{
    const char *why = why_tripped(c);
    if (!why) {
        return NULL;
    }
    c->result->tripped = true;
    return error_new("the tripwire: %s", why);
}

/* Waiting. */

/* Waits a little; an error if the tripwire or a signal says stop. */
static struct error *
pause_ms(struct carry *c, int ms)
{
    struct error *error = trip_error(c);
    if (!error) {
        error = signals_wait(&c->signals, ms);
        c->result->interrupted |= error != NULL;
    }
    return error ? error : trip_error(c);
}

/* Notes that a transaction of 'step' begins; false if none may any more. */
static bool
begin_transaction(struct carry *c, size_t step)
{
    pthread_mutex_lock(&c->lock);
    bool may = !c->is_closed;
    if (may) {
        c->n_begun = step + 1;
        c->is_under_way = true;
    }
    pthread_mutex_unlock(&c->lock);
    return may;
}

static void
end_transaction(struct carry *c, size_t n_begun, bool is_open)
{
    pthread_mutex_lock(&c->lock);
    c->n_begun = n_begun;
    c->is_under_way = false;
    c->is_open = is_open;
    pthread_mutex_unlock(&c->lock);
}

/* Does one transaction, unless it was stopped. */
static struct error *
do_transaction(struct carry *c, size_t step, const char *params)
{
    const struct json_value *results = NULL;
    struct error *error = pause_ms(c, 0);
    size_t n_before = c->n_begun; /* Nobody else changes it. */
    if (!error && !begin_transaction(c, step)) {
        error = trip_error(c);
        error = error ? error : error_new("it was stopped");
    } else if (!error) {
        error = transact(c, &c->journal.steps[step], params, &results);
        /* Without results it may have happened, whatever the error. */
        end_transaction(c, error && results ? n_before : step + 1,
                        error && !results);
        error = error ? error_wrap(error, "%s", c->journal.steps[step].remote)
                      : trip_error(c);
    }
    return error;
}

static struct error *
look_at_ports(struct carry *c, const char **ret_why)
{
    int timeout_ms = carry_takeback(c->options).timeout_ms;
    struct arena a;
    struct error *error = NULL;
    *ret_why = NULL;
    for (const struct change *ch = c->list->first; ch && !error && !*ret_why;
         ch = ch->next) {
        if (!localnets_makes(ch, c->arena)) {
            continue;
        }
        struct patches_port port = { localnets_string(ch, "name", c->arena),
                                     "" };
        const char *why = NULL;
        arena_init(&a);
        for (const struct edit *e = ch->edits; e; e = e->next) {
            const struct json_value *v =
                strcmp(e->column, "options") ? NULL : deed_parse(e->value, &a);
            port.network = v ? deed_map_get(v, "network_name") : port.network;
        }
        port.name = port.name ? port.name : "";
        port.network = port.network ? port.network : "";
        error = patches_look(c->evidence, &port, &c->options->tls, timeout_ms,
                             &a, &why);
        *ret_why = !error && why ? arena_strdup(c->arena, why) : NULL;
        arena_done(&a);
    }
    return error;
}

/* Waits until northd and the controllers have done their part. */
static struct error *
await_ports(struct carry *c)
{
    int64_t end_ms = clock_now_ms()
                     + carry_ms(c->options->stage_ms, CARRY_DEFAULT_STAGE_MS);
    const char *why = "";
    struct error *error = NULL;
    if (!c->evidence->sb.live) {
        carry_note(c->result,
                   "nobody looked at the new port's Port_Binding: the "
                   "southbound database is not known");
    }
    while (!error && why) {
        error = look_at_ports(c, &why);
        if (!error && why && clock_now_ms() > end_ms) {
            error = error_new("%s, so it was not switched on", why);
        } else if (!error && why) {
            error = pause_ms(c, CARRY_LOOK_MS);
        }
    }
    return error;
}

/* Whether the localnet ports still are those that we left. */
static struct error *
check_localnets(struct carry *c)
{
    for (size_t i = 0; i < c->journal.n_steps && c->guards.between; i++) {
        const struct journal_step *step = &c->journal.steps[i];
        if (strcmp(step->db, "nb")) {
            continue;
        }
        const struct json_value *results = NULL;
        struct arena *a = c->arena;
        struct error *error = transact(
            c, step,
            arena_printf(a, "[\"%s\",%s]", step->name, c->guards.between),
            &results);
        if (error) {
            return error_wrap(error, "somebody else changed the localnet "
                                     "ports meanwhile");
        }
    }
    return NULL;
}

/* Watches until the daemons have followed, or had the time to, and for a while
 * after that. */
static struct error *
watch(struct carry *c)
{
    struct takeback t = carry_takeback(c->options);
    int64_t look_ms = 0;
    struct error *error = NULL;
    carry_await(c->options, &c->daemons, c->arena);
    while (!error && daemons_are_awaited(&c->daemons)) {
        if (clock_now_ms() >= look_ms) {
            error = check_localnets(c);
            daemons_look(&c->daemons, &t, c->arena);
            look_ms = clock_now_ms() + CARRY_LOOK_MS;
        }
        error = error ? error : pause_ms(c, CARRY_STEP_MS);
    }
    if (!error && c->daemons.late) {
        carry_note(c->result, "%s; the tripwire did not wait any longer",
                   c->daemons.late);
    }
    return error ? error : check_localnets(c);
}

/* Doing. */

static struct error *
do_step(struct carry *c, size_t i)
{
    const struct journal_step *step = &c->journal.steps[i];
    carry_say(c->options, step->operations[1]
                              ? "putting the localnet port in, switched off"
                          : journal_is_flow(step) ? "adding the flow"
                                                  : "doing the transaction");
    struct error *error = do_transaction(c, i, step->operations[0]);
    if (error || !step->operations[1]) {
        return error;
    }
    carry_say(c->options, "waiting for the patch ports");
    error = await_ports(c);
    if (!error) {
        carry_say(c->options, "switching the localnet port on");
        error = do_transaction(c, i, step->operations[1]);
    }
    return error;
}

static struct error *
judge(struct carry *c)
{
    struct error *error = NULL;
    if (c->options->judge) {
        carry_say(c->options, "judging again");
        error = c->options->judge(c->options->aux);
    }
    return error ? error : pause_ms(c, 0);
}

/* Whether the tripwire or a signal says so; the signal stays for pause_ms().
 */
static bool
is_stopped(void *carry)
{
    struct carry *c = carry;
    return why_tripped(c) || signals_have_come(&c->signals);
}

/* Frames of our own may be the first that a loop was waiting for. */
static struct error *
prove(struct carry *c)
{
    const struct proof_stop stop = { is_stopped, c };
    if (!c->options->prove) {
        return NULL;
    }
    carry_say(c->options, "proving");
    c->options->prove(c->options->aux, &stop);
    return pause_ms(c, PROOF_MS);
}

static struct error *
act(struct carry *c)
{
    struct error *error = NULL;
    for (size_t i = 0; i < c->journal.n_steps && !error; i++) {
        error = do_step(c, i);
    }
    if (!error) {
        carry_say(c->options, "watching");
        error = watch(c);
    }
    error = error ? error : judge(c);
    return error ? error : prove(c);
}

/* Takes back what was begun, and says how that went. */
static struct error *
give_up(struct carry *c, struct error *why)
{
    struct carry_result *r = c->result;
    const struct timespec pause = { CARRY_PAUSE_MS / 1000,
                                    CARRY_PAUSE_MS % 1000 * 1000000L };
    for (int i = 0; i < CARRY_TRIES && !c->is_undone; i++) {
        if (i) {
            nanosleep(&pause, NULL);
        }
        pthread_mutex_lock(&c->lock);
        undo_locked(c);
        pthread_mutex_unlock(&c->lock);
    }
    bool began = c->n_begun > 0;
    r->undone = c->is_undone && began;
    c->journal.state = r->undone       ? JOURNAL_UNDONE
                       : c->undo_error ? JOURNAL_PLANNED
                                       : JOURNAL_FAILED;
    if (c->undo_error) {
        why = error_hint(why,
                         "and it could NOT be taken back: %s; `provnet repair "
                         "--undo %s` tries again",
                         error_text(c->undo_error), c->journal.id);
    } else if (!began) {
        why = error_hint(why, "nothing was done");
    } else {
        why = error_hint(why, "what was done was taken back");
    }
    c->journal.why = arena_strdup(c->arena, error_text(why));
    return why;
}

static struct error *
end(struct carry *c, struct error *error, const char *dir)
{
    struct error *trip = trip_error(c); /* Whatever it made fail. */
    if (trip) {
        error_free(error);
        error = trip;
    }
    if (error) {
        error = give_up(c, error);
    } else {
        c->result->applied = true;
        c->journal.state = JOURNAL_APPLIED;
    }
    struct error *second = journal_write(&c->journal, dir);
    if (second) {
        carry_note(c->result, "the journal still says \"planned\": %s",
                   error_text(second));
        error_free(second);
    }
    return error;
}

static struct error *
run_locked(struct carry *c, const char *dir)
{
    struct error *error = prepare(c);
    if (error || !c->journal.n_steps) {
        return error ? error_hint(error, "nothing was done")
                     : error_new("there is nothing to do");
    }
    carry_say(c->options, "measuring what is usual");
    c->tripwire = carry_start_tripwire(c->evidence, c->options->has_loop, trip,
                                       c, c->result);
    error = pause_ms(c, 0);
    if (!error) {
        error = journal_write(&c->journal, dir);
    }
    if (error) {
        tripwire_stop(c->tripwire);
        return error_hint(error, "nothing was done");
    }
    c->result->id = c->journal.id;
    error = act(c);
    tripwire_stop(c->tripwire); /* It trips no more: what it said is final. */
    return end(c, error, dir);
}

static struct error *
run(struct carry *c)
{
    const char *dir = journal_dir(c->options->state_dir);
    int lock = -1;
    struct error *error = journal_lock(dir, &lock);
    error = error ? error_hint(error, "nothing was done") : run_locked(c, dir);
    journal_unlock(lock);
    return error;
}

struct error *
carry_out(const struct change_list *list, const struct evidence *evidence,
          const char *comment, const struct carry_options *options,
          struct carry_result *result)
{
    struct carry c = {
        .list = list,
        .evidence = evidence,
        .options = options,
        .result = result,
        .arena = &result->arena,
        .comment = arena_strdup(&result->arena, comment),
    };
    pthread_mutex_init(&c.lock, NULL);
    struct error *error = signals_hold(&c.signals);
    error = error ? error : run(&c);
    result->interrupted |= signals_release(&c.signals);
    error_free(c.undo_error);
    free(c.tripped);
    pthread_mutex_destroy(&c.lock);
    return error;
}
