/* Taking back a repair that was applied, or begun. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apply/conditions.h"
#include "apply/flow.h"
#include "apply/localnets.h"
#include "apply/result.h"
#include "apply/signals.h"
#include "base/clock.h"

struct undoing {
    struct journal *journal;
    const struct carry_rehearsal *rehearsal;
    const struct carry_options *options;
    struct carry_result *result;
    enum journal_state before;
    struct takeback takeback;
    struct daemons daemons;
    struct signals signals;
    bool is_any_back; /* Something was taken back, once. */
    bool is_best;     /* As much as could be was taken back; it stays so. */

    /* What was taken back is the tripwire's business as well. */
    pthread_mutex_t lock;
    struct takeback_end *ends; /* By step. */
    struct takeback_tally again;
    char *tripped; /* Why. */
};

struct error *
carry_find(const char *id, const struct carry_options *options,
           struct carry_result *result, struct journal *ret)
{
    struct arena *a = &result->arena;
    struct error *error =
        journal_read(journal_dir(options->state_dir), id, a, ret);
    if (error) {
        return error;
    }
    for (size_t i = 0; i < ret->n_steps; i++) {
        if (journal_is_flow(&ret->steps[i])
            && !flow_is_sound(&ret->steps[i], a)) {
            return error_new("%s: it is a damaged journal: its flow is none "
                             "of a repair's",
                             id);
        }
    }
    result->id = arena_strdup(a, id);
    if (ret->state == JOURNAL_UNDONE || ret->state == JOURNAL_FAILED) {
        return error_new("%s: there is nothing to take back: its state is "
                         "\"%s\"",
                         id, journal_state_names[ret->state]);
    }
    return NULL;
}

const char *
carry_localnets(const struct evidence *e, struct arena *a)
{
    return localnets_guard(&e->nb.store, a);
}

const char *
carry_absence(const struct journal_step *step, struct arena *a)
{
    return conditions_absence(step, a);
}

struct error *
carry_explain(const struct journal_step *step, const struct carry_options *o,
              struct error *failure)
{
    struct takeback t = carry_takeback(o);
    return takeback_explain(&t, step, failure);
}

/* Doing it again. */

static bool
is_back(const struct undoing *u, size_t step)
{
    return u->ends[step].kind == TAKEBACK_DONE
           || u->ends[step].kind == TAKEBACK_OPEN;
}

static bool
has_any_back(const struct undoing *u)
{
    bool any = false;
    for (size_t i = 0; i < u->journal->n_steps; i++) {
        any |= is_back(u, i);
    }
    return any;
}

/* With the lock held, whoever comes first. */
static void
do_again_locked(struct undoing *u)
{
    error_free(u->again.first);
    u->again.first = NULL;
    for (size_t i = 0; i < u->journal->n_steps; i++) {
        const struct journal_step *step = &u->journal->steps[i];
        if (is_back(u, i)) {
            struct error *error =
                takeback_again(&u->takeback, step, &u->ends[i],
                               u->rehearsal ? u->rehearsal->after : NULL);
            u->ends[i].kind = error ? u->ends[i].kind : TAKEBACK_NOT;
            takeback_tally_add(&u->again, step, error);
        }
    }
}

/* In the tripwire's thread: the state that it was before is the worse one.
 * What is being taken back right now is done again by whoever does it. */
static void
trip(void *aux, const char *why)
{
    struct undoing *u = aux;
    pthread_mutex_lock(&u->lock);
    u->tripped = xstrdup(why);
    do_again_locked(u);
    pthread_mutex_unlock(&u->lock);
}

static struct error *
trip_error(struct undoing *u)
{
    pthread_mutex_lock(&u->lock);
    const char *why = u->tripped; /* Is set once. */
    pthread_mutex_unlock(&u->lock);
    u->result->tripped |= why != NULL;
    return why ? error_new("the tripwire: %s", why) : NULL;
}

/* Waits a little; an error if the tripwire or a signal says stop. */
static struct error *
pause_ms(struct undoing *u, int ms)
{
    struct error *error = trip_error(u);
    if (!error) {
        error = signals_wait(&u->signals, ms);
        u->result->interrupted |= error != NULL;
    }
    return error ? error : trip_error(u);
}

/* Taking back. */

static struct error *
take_step_back(struct undoing *u, size_t i)
{
    const struct journal_step *step = &u->journal->steps[i];
    struct takeback_end end = { .kind = TAKEBACK_NOT };
    struct error *error =
        u->rehearsal && u->rehearsal->refused[i]
            ? takeback_explain(&u->takeback, step,
                               error_new("what takes it back is refused"))
            : takeback_step(&u->takeback, step, &u->result->arena, &end);
    pthread_mutex_lock(&u->lock);
    u->ends[i] = end;
    u->is_any_back |= is_back(u, i);
    pthread_mutex_unlock(&u->lock);
    return error;
}

/* The first failure is the end of it; but of what was not applied whole as
 * much is taken back as can be. */
static struct error *
take_back(struct undoing *u)
{
    struct takeback_tally tally;
    struct error *stop = NULL;
    takeback_tally_init(&tally);
    for (size_t i = u->journal->n_steps; i-- > 0 && !stop;) {
        const struct journal_step *step = &u->journal->steps[i];
        stop = pause_ms(u, 0);
        struct error *error = stop ? NULL : take_step_back(u, i);
        if (error && u->before != JOURNAL_PLANNED) {
            stop = error_wrap(error, "%s", step->remote);
        } else if (!stop) {
            takeback_tally_add(&tally, step, error);
        }
    }
    struct error *error = takeback_tally_end(&tally, "taken back");
    u->is_best = error && !stop;
    error_free(stop ? error : NULL);
    return stop ? stop : error;
}

/* Whether the localnet ports are those that there should be. */
static struct error *
check_localnets(struct undoing *u)
{
    const char *wanted = u->rehearsal ? u->rehearsal->after : NULL;
    struct arena *a = &u->result->arena;
    for (size_t i = 0; wanted && i < u->journal->n_steps; i++) {
        const struct journal_step *step = &u->journal->steps[i];
        if (strcmp(step->db, "nb")) {
            continue;
        }
        const struct json_value *results = NULL;
        struct error *error = takeback_transact(
            &u->takeback, step,
            arena_printf(a, "[\"%s\",%s]", step->name, wanted), a, &results);
        if (error && results) {
            return error_wrap(error, "somebody else changed the localnet "
                                     "ports meanwhile");
        }
        error_free(error); /* Who does not answer is late: daemons.h. */
    }
    return NULL;
}

/* Until the daemons have followed, and a while. */
static struct error *
watch(struct undoing *u)
{
    struct arena *a = &u->result->arena;
    struct error *error = NULL;
    int64_t look_ms = 0;
    carry_say(u->options, "watching");
    daemons_init(&u->daemons, u->journal, a);
    carry_await(u->options, &u->daemons, a);
    while (!error && daemons_are_awaited(&u->daemons)) {
        if (clock_now_ms() >= look_ms) {
            error = check_localnets(u);
            daemons_look(&u->daemons, &u->takeback, a);
            look_ms = clock_now_ms() + CARRY_LOOK_MS;
        }
        error = error ? error : pause_ms(u, CARRY_STEP_MS);
    }
    if (!error && u->daemons.late) {
        carry_note(u->result, "%s; the tripwire did not wait any longer",
                   u->daemons.late);
    }
    return error;
}

/* Ending. */

static void
try_again(struct undoing *u)
{
    const struct timespec pause = { CARRY_PAUSE_MS / 1000,
                                    CARRY_PAUSE_MS % 1000 * 1000000L };
    for (int i = 0; i < CARRY_TRIES && has_any_back(u); i++) {
        if (i) {
            nanosleep(&pause, NULL);
        }
        pthread_mutex_lock(&u->lock);
        do_again_locked(u);
        pthread_mutex_unlock(&u->lock);
    }
}

/* Whether nothing of the repair stands. */
static bool
is_all_gone(const struct undoing *u)
{
    bool all = true;
    for (size_t i = 0; i < u->journal->n_steps; i++) {
        all &= u->ends[i].kind == TAKEBACK_DONE
               || u->ends[i].kind == TAKEBACK_NOTHING;
    }
    return all;
}

/* Does again what was taken back, and says how that went. */
static struct error *
give_up(struct undoing *u, struct error *why, enum journal_state *ret_state)
{
    *ret_state = u->before;
    if (!u->is_any_back) {
        return error_hint(why, "nothing was done");
    } else if (u->is_best) {
        return error_hint(why, "as much was taken back as could be");
    }
    try_again(u);
    if (!has_any_back(u)) {
        return error_hint(why, "what was taken back was done again");
    }
    bool is_gone = is_all_gone(u);
    *ret_state = is_gone                        ? JOURNAL_UNDONE
                 : u->before == JOURNAL_APPLIED ? JOURNAL_UNDOING
                                                : u->before;
    struct error *again = takeback_tally_end(&u->again, "done again");
    why =
        error_hint(why, "and what was taken back could NOT be done again: %s",
                   error_text(again));
    error_free(again);
    takeback_tally_init(&u->again);
    return is_gone ? error_hint(why, "it stays taken back")
                   : error_hint(why,
                                "`provnet repair --undo %s` takes back the "
                                "rest",
                                u->journal->id);
}

static struct error *
write_state(struct undoing *u, enum journal_state state, const char *why)
{
    u->journal->state = state;
    u->journal->why = arena_strdup(&u->result->arena, why);
    return journal_write(u->journal, journal_dir(u->options->state_dir));
}

static struct error *
end(struct undoing *u, struct error *error)
{
    struct error *trip = trip_error(u); /* Whatever it made fail. */
    if (trip) {
        error_free(error);
        error = trip;
        u->is_best = false;
    }
    enum journal_state state = JOURNAL_UNDONE;
    if (error) {
        error = give_up(u, error, &state);
    }
    u->result->undone = state == JOURNAL_UNDONE;
    struct error *second =
        write_state(u, state, error ? error_text(error) : "asked for");
    if (second) {
        carry_note(u->result,
                   "the journal still says that it is being taken "
                   "back: %s",
                   error_text(second));
        error_free(second);
    }
    return error;
}

/* By somebody else, until this one had the lock. */
static struct error *
check_state(struct undoing *u)
{
    struct journal now;
    struct error *error =
        journal_read(journal_dir(u->options->state_dir), u->journal->id,
                     &u->result->arena, &now);
    if (!error && now.state != u->before) {
        error = error_new("%s: its state is \"%s\" by now", u->journal->id,
                          journal_state_names[now.state]);
    }
    return error;
}

static struct error *
undo(struct undoing *u, const struct evidence *evidence)
{
    carry_say(u->options, "measuring what is usual");
    struct tripwire *tripwire = carry_start_tripwire(
        evidence, u->options->has_loop, trip, u, u->result);
    struct error *error = pause_ms(u, 0);
    if (!error) {
        error = write_state(u,
                            u->before == JOURNAL_PLANNED ? JOURNAL_PLANNED
                                                         : JOURNAL_UNDOING,
                            "it is being taken back");
    }
    if (error) {
        tripwire_stop(tripwire);
        return error_hint(error, "nothing was done");
    }
    carry_say(u->options, "taking it back");
    error = take_back(u);
    if (!error || u->is_best) {
        struct error *stop = watch(u);
        u->is_best &= !stop;
        error_free(stop ? error : NULL);
        error = stop ? stop : error;
    }
    tripwire_stop(tripwire); /* It trips no more: what it said is final. */
    return end(u, error);
}

static struct error *
undo_locked(struct undoing *u, const struct evidence *evidence)
{
    int lock = -1;
    struct error *error =
        journal_lock(journal_dir(u->options->state_dir), &lock);
    error = error ? error : check_state(u);
    error = error ? error_hint(error, "nothing was done") : undo(u, evidence);
    journal_unlock(lock);
    return error;
}

struct error *
carry_undo(struct journal *journal, const struct evidence *evidence,
           const struct carry_rehearsal *rehearsal,
           const struct carry_options *options, struct carry_result *result)
{
    struct undoing u = { .journal = journal,
                         .rehearsal = rehearsal,
                         .options = options,
                         .result = result,
                         .before = journal->state,
                         .takeback = carry_takeback(options) };
    u.takeback.guard = rehearsal ? rehearsal->before : NULL;
    u.ends = arena_zalloc(&result->arena, journal->n_steps * sizeof *u.ends);
    takeback_tally_init(&u.again);
    pthread_mutex_init(&u.lock, NULL);
    struct error *error = signals_hold(&u.signals);
    error = error ? error : undo_locked(&u, evidence);
    result->interrupted |= signals_release(&u.signals);
    pthread_mutex_destroy(&u.lock);
    error_free(takeback_tally_end(&u.again, ""));
    free(u.tripped);
    return error;
}
