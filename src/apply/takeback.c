#include "apply/takeback.h"

#include <string.h>

#include "apply/conditions.h"
#include "apply/daemons.h"
#include "apply/deed.h"
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
    bool holds = false;
    enum state found = STANDS;
    if (journal_is_flow(step)) {
        error = flow_look(step, t->timeout_ms, &holds);
        *ret_error = error;
        return error ? IS_SILENT : holds ? STANDS : IS_ABSENT;
    }
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

/* Makes of an inverse what is done, and what brings back what is there now. */
static struct error *
prepare(const struct takeback *t, const struct journal_step *step,
        const char *inverse, struct arena *a, struct takeback_end *end)
{
    static const struct deed_guards none = { NULL, NULL };
    const struct json_value *params = deed_parse(inverse, a);
    const struct json_value *selected = NULL;
    struct deed deed;
    struct text select;
    struct error *error = NULL;
    if (journal_is_flow(step)) {
        end->before = inverse;
        end->again = step->operations[0];
        return NULL;
    }
    text_init(&select, TEXT_CEILING_BYTES);
    if (deed_put_select(params, &select)) {
        error = takeback_transact(t, step, text_string(&select), a, &selected);
    }
    text_done(&select);
    error = error ? error
                  : deed_make(params, selected, false, &none,
                              conditions_comment(params), a, &deed);
    if (!error) {
        end->before = deed.operations; /* Which tells them already. */
        end->again = daemons_tell(step, deed.inverse, a);
    }
    return error;
}

static struct error *
invert(const struct takeback *t, const struct journal_step *step,
       const char *inverse, struct arena *a, struct takeback_end *end)
{
    const struct json_value *results = NULL;
    struct error *error = prepare(t, step, inverse, a, end);
    if (error) {
        return error;
    }
    const char *params = t->guard && !strcmp(step->db, "nb")
                             ? conditions_guard(end->before, t->guard, a)
                             : end->before;
    error = takeback_transact(t, step, params, a, &results);
    end->kind = !error    ? TAKEBACK_DONE
                : results ? TAKEBACK_NOT
                          : TAKEBACK_OPEN;
    return error && results ? takeback_explain(t, step, error) : error;
}

struct error *
takeback_step(const struct takeback *t, const struct journal_step *step,
              struct arena *a, struct takeback_end *ret)
{
    struct error *error;
    enum state state = look(t, step, a, &error);
    *ret = (struct takeback_end){ .kind = TAKEBACK_NOT };
    if (state == STANDS || state == IS_STAGED) {
        error = invert(t, step, step->inverses[state], a, ret);
    } else if (state == IS_ABSENT && t->is_open) {
        error = error_new("the server did not say whether it was done, so it "
                          "may be, later");
    } else if (state == IS_ABSENT) {
        ret->kind = TAKEBACK_NOTHING;
    } else if (state == IS_CHANGED) {
        error = takeback_explain(t, step, error_new("rows were changed"));
    }
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
    struct arena a;
    arena_init(&a);
    takeback_tally_init(&tally);
    while (n_steps--) {
        takeback_tally_add(&tally, &steps[n_steps],
                           takeback_step(&each, &steps[n_steps], &a, &end));
        each.is_open = false;
    }
    arena_done(&a);
    return takeback_tally_end(&tally, "taken back");
}

/* Doing it again. */

/* Whether what there was before it was taken back is there. */
static bool
stands(const struct takeback *t, const struct journal_step *step,
       const struct takeback_end *end, struct arena *a)
{
    bool holds = false;
    struct error *error =
        journal_is_flow(step)
            ? flow_look(step, t->timeout_ms, &holds)
            : ask(t, step, conditions_presence(end->before, a), a, &holds);
    error_free(error);
    return holds;
}

struct error *
takeback_again(const struct takeback *t, const struct journal_step *step,
               const struct takeback_end *end, const char *guard)
{
    struct arena a;
    const char *params = end->again;
    arena_init(&a);
    if (guard && !strcmp(step->db, "nb") && conditions_may_loop(params, &a)) {
        params = conditions_guard(params, guard, &a);
    }
    struct error *error = takeback_transact(t, step, params, &a, NULL);
    if (error && stands(t, step, end, &a)) {
        error_free(error);
        error = end->kind == TAKEBACK_OPEN
                    ? error_new("the server did not say whether it was taken "
                                "back, so it may be, later")
                    : NULL;
    }
    arena_done(&a);
    return error;
}
