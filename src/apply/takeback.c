#include "apply/takeback.h"

#include <string.h>

#include "apply/conditions.h"
#include "apply/flow.h"
#include "base/clock.h"
#include "ovsdb/session.h"

#define MAX_LIST_LENGTH 1000

struct error *
takeback_transact(const struct takeback *t, const struct journal_step *step,
                  const char *params, struct arena *a,
                  const struct json_value **ret)
{
    if (journal_is_flow(step)) {
        return flow_transact(step, params, t->timeout_ms, a, ret);
    }
    return ovsdb_session_transact(step->remote, t->tls,
                                  clock_now_ms() + t->timeout_ms, step->name,
                                  params, a, ret);
}

/* Looking. */

/* How a step's rows are. */
enum state {
    STANDS = 0,    /* As it was done: the first inverse takes it back. */
    IS_STAGED = 1, /* The second does. */
    IS_ABSENT,
    IS_CHANGED, /* By somebody else. */
    IS_SILENT   /* Nobody says. */
};

/* Whether the conditions hold; an error if nobody says. */
static struct error *
ask(const struct takeback *t, const struct journal_step *step,
    const char *params, struct arena *a, bool *ret_holds)
{
    const struct json_value *results = NULL;
    struct error *error = takeback_transact(t, step, params, a, &results);
    *ret_holds = !error;
    if (error && results) {
        error_free(error);
        error = NULL;
    }
    return error;
}

static enum state
look(const struct takeback *t, const struct journal_step *step,
     struct arena *a, struct error **ret_error)
{
    struct error *error = NULL;
    bool holds = journal_is_flow(step); /* A flow has no conditions. */
    enum state found = STANDS;
    /* What the first inverse waits for is there when the second's is, too. */
    for (size_t i = JOURNAL_MAX_TRANSACTIONS; i-- > 0 && !error && !holds;) {
        if (step->inverses[i]) {
            error = ask(t, step, conditions_presence(step->inverses[i], a), a,
                        &holds);
            found = (enum state) i;
        }
    }
    if (!error && !holds) {
        error = ask(t, step, conditions_absence(step, a), a, &holds);
        found = holds ? IS_ABSENT : IS_CHANGED;
    }
    *ret_error = error;
    return error ? IS_SILENT : found;
}

/* Taking back. */

static struct error *
invert(const struct takeback *t, const struct journal_step *step,
       struct arena *a, struct takeback_end *end)
{
    const char *params = step->inverses[end->inverse];
    const struct json_value *results = NULL;
    if (t->guard && !strcmp(step->db, "nb")) {
        params = conditions_guard(params, t->guard, a);
    }
    struct error *error = takeback_transact(t, step, params, a, &results);
    end->kind = !error    ? TAKEBACK_DONE
                : results ? TAKEBACK_NOT
                          : TAKEBACK_OPEN;
    return error && results ? takeback_explain(t, step, error) : error;
}

struct error *
takeback_step(const struct takeback *t, const struct journal_step *step,
              struct takeback_end *ret)
{
    struct arena a;
    struct error *error;
    arena_init(&a);
    enum state state = look(t, step, &a, &error);
    *ret = (struct takeback_end){ .kind = TAKEBACK_NOT };
    if (state == STANDS || state == IS_STAGED) {
        ret->inverse = state;
        error = invert(t, step, &a, ret);
    } else if (state == IS_ABSENT && t->is_open) {
        error = error_new("the server did not say whether it was done, so it "
                          "may be, later");
    } else if (state == IS_ABSENT) {
        ret->kind = TAKEBACK_NOTHING;
    } else if (state == IS_CHANGED) {
        error = takeback_explain(t, step, error_new("rows were changed"));
    }
    arena_done(&a);
    return error;
}

/* Tallies. */

void
takeback_tally_init(struct takeback_tally *t)
{
    t->first = NULL;
    text_init(&t->done, MAX_LIST_LENGTH);
}

void
takeback_tally_add(struct takeback_tally *t, const struct journal_step *step,
                   struct error *error)
{
    if (!error) {
        text_printf(&t->done, "%s%s", t->done.length ? ", " : "",
                    step->remote);
    } else if (t->first) {
        error_free(error);
    } else {
        t->first = error_wrap(error, "%s", step->remote);
    }
}

struct error *
takeback_tally_end(struct takeback_tally *t, const char *what)
{
    struct error *error = t->first;
    if (error && t->done.length) {
        error = error_hint(error, "%s was %s", text_string(&t->done), what);
    }
    text_done(&t->done);
    return error;
}

struct error *
takeback_steps(const struct takeback *t, const struct journal_step *steps,
               size_t n_steps)
{
    struct takeback each = *t;
    struct takeback_tally tally;
    struct takeback_end end;
    takeback_tally_init(&tally);
    while (n_steps--) {
        takeback_tally_add(&tally, &steps[n_steps],
                           takeback_step(&each, &steps[n_steps], &end));
        each.is_open = false;
    }
    return takeback_tally_end(&tally, "taken back");
}

/* Doing it again. */

static struct error *
do_again(const struct takeback *t, const struct journal_step *step,
         const char *params, bool is_urgent, struct arena *a)
{
    const struct json_value *results = NULL;
    struct error *error =
        takeback_transact(t, step, conditions_again(params, a), a, &results);
    const char *forced = conditions_none(params, a);
    if (error && results && is_urgent && forced) {
        error_free(error);
        error = takeback_transact(t, step, forced, a, NULL);
    }
    return error;
}

struct error *
takeback_again(const struct takeback *t, const struct journal_step *step,
               const struct takeback_end *end, bool is_urgent)
{
    struct arena a;
    struct error *error;
    arena_init(&a);
    enum state state = look(t, step, &a, &error);
    bool is_there = state == (enum state) end->inverse;
    size_t first = state == IS_STAGED ? 1 : 0;
    size_t n = is_there && !journal_is_flow(step) ? 0
               : end->inverse                     ? 1
                                                  : JOURNAL_MAX_TRANSACTIONS;
    for (size_t i = first; i < n && step->operations[i] && !error; i++) {
        error = do_again(t, step, step->operations[i], is_urgent, &a);
    }
    arena_done(&a);
    return error;
}
