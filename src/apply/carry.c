#include "apply/carry.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "apply/deed.h"
#include "apply/flow.h"
#include "apply/localnets.h"
#include "apply/patches.h"
#include "apply/takeback.h"
#include "apply/tripwire.h"
#include "base/clock.h"
#include "ovsdb/session.h"
#include "ovsdb/whole.h"

#define STEP_MS 50
#define LOOK_MS 200 /* Between looks at a database. */
#define UNDO_TRIES 3
#define UNDO_PAUSE_MS 500
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
    bool is_staged;
    struct tripwire *tripwire;
    int signals; /* A signalfd(2). */

    /* What was begun, and its undoing, is the tripwire's business as well. */
    pthread_mutex_t lock;
    size_t n_begun; /* Steps. */
    bool is_open;   /* The last transaction's outcome is not known. */
    char *tripped;  /* Why. */
    bool is_closed; /* Nothing may be begun any more. */
    bool is_undone;
    struct error *undo_error;
};

static int
or_default(int ms, int otherwise)
{
    return ms > 0 ? ms : otherwise;
}

static struct takeback
takeback_of(const struct carry_options *o)
{
    return (struct takeback){
        .tls = &o->tls,
        .timeout_ms = or_default(o->timeout_ms, CARRY_DEFAULT_TIMEOUT_MS),
    };
}

void
carry_result_init(struct carry_result *r)
{
    *r = (struct carry_result){ .applied = false };
    arena_init(&r->arena);
}

void
carry_result_done(struct carry_result *r)
{
    free(r->notes);
    free(r->rows);
    arena_done(&r->arena);
}

static void PROVNET_PRINTF(2, 3)
    note(struct carry_result *r, const char *format, ...)
{
    struct text t;
    va_list args;
    char line[1024];
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    text_init(&t, sizeof line * 2);
    text_put_printable(&t, line, strlen(line));
    r->notes =
        xgrow(r->notes, r->n_notes, &r->notes_capacity, sizeof *r->notes);
    r->notes[r->n_notes++] = arena_strdup(&r->arena, text_string(&t));
    text_done(&t);
}

static void
say(struct carry *c, const char *what)
{
    if (c->options->progress) {
        c->options->progress(c->options->aux, what);
    }
}

/* Preparing. */

static struct error *
transact(struct carry *c, const struct journal_step *step, const char *params,
         const struct json_value **ret)
{
    struct takeback t = takeback_of(c->options);
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

/* The operations, and the one by which ovs-vsctl tells ovs-vswitchd that there
 * is something new (ovs-vswitchd.conf.db(5), Open_vSwitch: next_cfg).  Open
 * vSwitch 3.1.0 does not take over a change of Port's "trunks" alone: tried,
 * it went on dropping frames until next_cfg rose. */
static const char *
tell_vswitchd(const char *params, struct arena *a)
{
    size_t n = strlen(params);
    assert(n && params[n - 1] == ']');
    return arena_printf(a,
                        "%.*s,{\"op\":\"mutate\",\"table\":\"Open_vSwitch\","
                        "\"where\":[],\"mutations\":[[\"next_cfg\",\"+=\","
                        "1]]}]",
                        (int) (n - 1), params);
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
    if (!strcmp(step->db, "ovs")) {
        step->operations[0] = tell_vswitchd(step->operations[0], c->arena);
        step->inverses[0] = tell_vswitchd(step->inverses[0], c->arena);
    }
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

static struct error *
prepare(struct carry *c)
{
    const struct evidence *e = c->evidence;
    size_t n = 3 + e->n_chassis;
    c->journal.comment = c->comment;
    c->journal.steps = arena_zalloc(c->arena, n * sizeof *c->journal.steps);
    c->deeds = arena_zalloc(c->arena, n * sizeof *c->deeds);
    journal_begin(&c->journal, c->arena);
    c->is_staged = localnets_plan(c->list, &e->nb.store, c->arena, &c->guards);
    struct error *error = NULL;
    for (size_t i = 0; i < e->n_chassis && !error; i++) {
        error = prepare_db(c, &e->chassis[i]->ovs, e->chassis[i]->name);
    }
    error = error ? error : prepare_db(c, &e->nb, NULL);
    error = error ? error : prepare_db(c, &e->sb, NULL);
    return error ? error : prepare_flow(c);
}

/* Taking back. */

/* With the lock held: until it is done, whoever comes first. */
static void
undo_locked(struct carry *c)
{
    struct takeback t = takeback_of(c->options);
    t.is_open = c->is_open;
    if (!c->is_undone) {
        c->is_closed = true;
        error_free(c->undo_error);
        c->undo_error = takeback_steps(&t, c->journal.steps, c->n_begun);
        c->is_undone = !c->undo_error;
    }
}

/* In the tripwire's thread. */
static void
trip(void *aux, const char *why)
{
    struct carry *c = aux;
    pthread_mutex_lock(&c->lock);
    c->tripped = c->tripped ? c->tripped : xstrdup(why);
    undo_locked(c);
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
    struct pollfd fd = { .fd = c->signals, .events = POLLIN };
    struct signalfd_siginfo info;
    struct error *error = trip_error(c);
    if (!error && poll(&fd, 1, ms) > 0
        && read(c->signals, &info, sizeof info) == sizeof info) {
        c->result->interrupted = true;
        error = error_new("interrupted by a signal (%s)",
                          strsignal((int) info.ssi_signo));
    }
    return error ? error : trip_error(c);
}

/* Does one transaction, unless it was stopped. */
static struct error *
do_transaction(struct carry *c, size_t step, const char *params)
{
    const struct json_value *results = NULL;
    struct error *error = pause_ms(c, 0);
    if (error) {
        return error;
    }
    pthread_mutex_lock(&c->lock);
    if (c->is_closed) {
        error = error_new("it was stopped");
    } else {
        /* Without results it may have happened, whatever the error. */
        error = transact(c, &c->journal.steps[step], params, &results);
        if (!(error && results) && step + 1 > c->n_begun) {
            c->n_begun = step + 1;
        }
        c->is_open = error && !results;
    }
    pthread_mutex_unlock(&c->lock);
    return error ? error_wrap(error, "%s", c->journal.steps[step].remote)
                 : NULL;
}

static struct error *
look_at_ports(struct carry *c, const char **ret_why)
{
    int timeout_ms =
        or_default(c->options->timeout_ms, CARRY_DEFAULT_TIMEOUT_MS);
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
    int64_t end_ms =
        clock_now_ms()
        + or_default(c->options->stage_ms, CARRY_DEFAULT_STAGE_MS);
    const char *why = "";
    struct error *error = NULL;
    if (!c->evidence->sb.live) {
        note(c->result, "nobody looked at the new port's Port_Binding: the "
                        "southbound database is not known");
    }
    while (!error && why) {
        error = look_at_ports(c, &why);
        if (!error && why && clock_now_ms() > end_ms) {
            error = error_new("%s, so it was not switched on", why);
        } else if (!error && why) {
            error = pause_ms(c, LOOK_MS);
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

static struct error *
watch(struct carry *c)
{
    int64_t now_ms = clock_now_ms(), look_ms = now_ms;
    int64_t end_ms =
        now_ms + or_default(c->options->watch_ms, CARRY_DEFAULT_WATCH_MS);
    struct error *error = NULL;
    for (; !error && now_ms < end_ms; now_ms = clock_now_ms()) {
        if (now_ms >= look_ms) {
            error = check_localnets(c);
            look_ms = now_ms + LOOK_MS;
        }
        error = error ? error : pause_ms(c, STEP_MS);
    }
    return error ? error : check_localnets(c);
}

/* Doing. */

static struct error *
do_step(struct carry *c, size_t i)
{
    const struct journal_step *step = &c->journal.steps[i];
    say(c, step->operations[1]  ? "putting the localnet port in, switched off"
           : flow_is_step(step) ? "adding the flow"
                                : "doing the transaction");
    struct error *error = do_transaction(c, i, step->operations[0]);
    if (error || !step->operations[1]) {
        return error;
    }
    say(c, "waiting for the patch ports");
    error = await_ports(c);
    if (!error) {
        say(c, "switching the localnet port on");
        error = do_transaction(c, i, step->operations[1]);
    }
    return error;
}

static struct error *
judge(struct carry *c)
{
    struct error *error = NULL;
    if (c->options->judge) {
        say(c, "judging again");
        error = c->options->judge(c->options->aux);
    }
    return error ? error : pause_ms(c, 0);
}

static bool
has_tripped(void *carry)
{
    return why_tripped(carry) != NULL;
}

/* Frames of our own may be the first that a loop was waiting for. */
static struct error *
prove(struct carry *c)
{
    const struct proof_stop stop = { has_tripped, c };
    if (!c->options->prove) {
        return NULL;
    }
    say(c, "proving");
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
        say(c, "watching");
        error = watch(c);
    }
    error = error ? error : judge(c);
    return error ? error : prove(c);
}

static void
start_tripwire(struct carry *c)
{
    say(c, "measuring what is usual");
    c->tripwire = tripwire_start(c->evidence, trip, c);
    for (const char *const *m = tripwire_missing(c->tripwire); *m; m++) {
        note(c->result, "%s", *m);
    }
    if (!tripwire_n_bridges(c->tripwire)) {
        note(c->result, "no tripwire saw the change: no provider bridge's "
                        "switch is on this host");
    }
}

/* Takes back what was begun, and says how that went. */
static struct error *
give_up(struct carry *c, struct error *why)
{
    struct carry_result *r = c->result;
    const struct timespec pause = { UNDO_PAUSE_MS / 1000,
                                    UNDO_PAUSE_MS % 1000 * 1000000L };
    for (int i = 0; i < UNDO_TRIES && !c->is_undone; i++) {
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
    error = error ? error : trip_error(c);
    if (error) {
        error = give_up(c, error);
    } else {
        c->result->applied = true;
        c->journal.state = JOURNAL_APPLIED;
    }
    struct error *second = journal_write(&c->journal, dir);
    if (second) {
        note(c->result, "the journal still says \"planned\": %s",
             error_text(second));
        error_free(second);
    }
    return error;
}

static struct error *
run(struct carry *c)
{
    const char *dir = journal_dir(c->options->state_dir);
    struct error *error = prepare(c);
    if (error || !c->journal.n_steps) {
        return error ? error_hint(error, "nothing was done")
                     : error_new("there is nothing to do");
    }
    start_tripwire(c);
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
    sigset_t held, before;
    sigemptyset(&held);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGHUP);
    sigaddset(&held, SIGQUIT);
    pthread_sigmask(SIG_BLOCK, &held, &before);
    c.signals = signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK);
    pthread_mutex_init(&c.lock, NULL);
    struct error *error =
        c.signals < 0 ? error_new("signalfd: %s", strerror(errno)) : run(&c);
    error_free(c.undo_error);
    free(c.tripped);
    pthread_mutex_destroy(&c.lock);
    if (c.signals >= 0) {
        close(c.signals);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

struct error *
carry_undo(const char *id, const struct carry_options *options,
           struct carry_result *result)
{
    const char *dir = journal_dir(options->state_dir);
    struct takeback t = takeback_of(options);
    struct journal j;
    struct error *error = journal_read(dir, id, &result->arena, &j);
    if (error) {
        return error;
    }
    result->id = arena_strdup(&result->arena, id);
    if (j.state == JOURNAL_UNDONE || j.state == JOURNAL_FAILED) {
        return error_new("%s: there is nothing to take back: its state is "
                         "\"%s\"",
                         id, journal_state_names[j.state]);
    }
    error = takeback_steps(&t, j.steps, j.n_steps);
    if (error) {
        return error;
    }
    result->undone = true;
    j.state = JOURNAL_UNDONE;
    j.why = "asked for";
    error = journal_write(&j, dir);
    if (error) {
        note(result, "the journal still says otherwise: %s",
             error_text(error));
        error_free(error);
    }
    return NULL;
}
