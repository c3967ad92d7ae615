/* Taking back a repair that was applied, or begun. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "apply/result.h"
#include "base/clock.h"

struct undoing {
    struct journal *journal;
    const struct carry_options *options;
    struct carry_result *result;
    enum journal_state before;
    sigset_t held; /* Signals. */

    /* What was taken back is the tripwire's business as well. */
    pthread_mutex_t lock;
    bool is_back;  /* All of it was taken back. */
    char *tripped; /* Why. */
    struct error *again_error;
};

struct error *
carry_find(const char *id, const struct carry_options *options,
           struct carry_result *result, struct journal *ret)
{
    struct error *error =
        journal_read(journal_dir(options->state_dir), id, &result->arena, ret);
    if (error) {
        return error;
    }
    result->id = arena_strdup(&result->arena, id);
    if (ret->state == JOURNAL_UNDONE || ret->state == JOURNAL_FAILED) {
        return error_new("%s: there is nothing to take back: its state is "
                         "\"%s\"",
                         id, journal_state_names[ret->state]);
    }
    return NULL;
}

/* In the tripwire's thread: the state that it was before is the worse one.  Of
 * a repair that was not applied whole it is not known what to do again. */
static void
trip(void *aux, const char *why)
{
    struct undoing *u = aux;
    struct takeback t = carry_takeback(u->options);
    pthread_mutex_lock(&u->lock);
    u->tripped = xstrdup(why);
    if (u->is_back && u->before == JOURNAL_APPLIED) {
        u->again_error =
            takeback_again(&t, u->journal->steps, u->journal->n_steps);
    } else if (u->is_back) {
        u->again_error = error_new("it had not been applied whole");
    }
    pthread_mutex_unlock(&u->lock);
}

static bool
has_tripped(struct undoing *u)
{
    pthread_mutex_lock(&u->lock);
    bool tripped = u->tripped;
    pthread_mutex_unlock(&u->lock);
    return tripped;
}

/* Whether one of the signals that are held has come. */
static bool
is_interrupted(const struct undoing *u)
{
    sigset_t pending, both;
    sigpending(&pending);
    sigandset(&both, &pending, &u->held);
    return !sigisemptyset(&both);
}

static struct error *
take_back(struct undoing *u)
{
    struct takeback t = carry_takeback(u->options);
    if (is_interrupted(u)) {
        return error_hint(error_new("interrupted by a signal"),
                          "nothing was done");
    }
    carry_say(u->options, "taking it back");
    pthread_mutex_lock(&u->lock);
    struct error *error =
        u->tripped
            ? error_hint(error_new("the tripwire: %s", u->tripped),
                         "nothing was done")
            : takeback_steps(&t, u->journal->steps, u->journal->n_steps);
    u->is_back = !error;
    pthread_mutex_unlock(&u->lock);
    return error;
}

/* Until the daemons have followed, and a while; a signal ends it. */
static void
watch(struct undoing *u)
{
    const struct timespec pause = { 0, CARRY_STEP_MS * 1000000L };
    struct takeback t = carry_takeback(u->options);
    struct daemons daemons;
    int64_t look_ms = 0;
    carry_say(u->options, "watching");
    daemons_init(&daemons, u->journal->n_steps, &u->result->arena);
    carry_await(u->options, &daemons);
    while (daemons_are_awaited(&daemons) && !has_tripped(u)
           && !is_interrupted(u)) {
        if (clock_now_ms() >= look_ms) {
            daemons_look(&daemons, &t, u->journal->steps, u->journal->n_steps,
                         &u->result->arena);
            look_ms = clock_now_ms() + CARRY_LOOK_MS;
        }
        nanosleep(&pause, NULL);
    }
    if (daemons.late) {
        carry_note(u->result, "%s; the tripwire did not wait any longer",
                   daemons.late);
    }
}

/* Whether it stands, and if not, whether all is as it was. */
static struct error *
conclude(struct undoing *u)
{
    if (!u->tripped) {
        u->result->undone = true;
        return NULL;
    }
    struct error *error = error_new("the tripwire: %s", u->tripped);
    u->result->tripped = true;
    return u->again_error
               ? error_hint(error,
                            "it was taken back, and could NOT be done again: "
                            "%s",
                            error_text(u->again_error))
               : error_hint(error, "the repair was done again");
}

static void
write_state(struct undoing *u, enum journal_state state, const char *why)
{
    u->journal->state = state;
    u->journal->why = why;
    struct error *error =
        journal_write(u->journal, journal_dir(u->options->state_dir));
    if (error) {
        carry_note(u->result, "the journal still says otherwise: %s",
                   error_text(error));
        error_free(error);
    }
}

static struct error *
undo(struct undoing *u, const struct evidence *evidence)
{
    carry_say(u->options, "measuring what is usual");
    struct tripwire *tripwire = carry_start_tripwire(
        evidence, u->options->has_loop, trip, u, u->result);
    struct error *error = take_back(u);
    if (!error) {
        write_state(u, JOURNAL_UNDONE, "asked for");
        watch(u);
    }
    tripwire_stop(tripwire); /* It trips no more. */
    error = error ? error : conclude(u);
    if (u->is_back && u->tripped) {
        /* Parts of it may be there again. */
        write_state(u, u->again_error ? JOURNAL_PLANNED : u->before,
                    error_text(error));
    }
    return error;
}

struct error *
carry_undo(struct journal *journal, const struct evidence *evidence,
           const struct carry_options *options, struct carry_result *result)
{
    struct undoing u = { .journal = journal,
                         .options = options,
                         .result = result,
                         .before = journal->state };
    sigset_t before;
    sigemptyset(&u.held);
    sigaddset(&u.held, SIGINT);
    sigaddset(&u.held, SIGTERM);
    sigaddset(&u.held, SIGHUP);
    sigaddset(&u.held, SIGQUIT);
    pthread_sigmask(SIG_BLOCK, &u.held, &before);
    pthread_mutex_init(&u.lock, NULL);
    struct error *error = undo(&u, evidence);
    pthread_mutex_destroy(&u.lock);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    error_free(u.again_error);
    free(u.tripped);
    return error;
}
