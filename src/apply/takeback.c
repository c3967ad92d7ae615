#include "apply/takeback.h"

#include <string.h>

#include "apply/deed.h"
#include "apply/flow.h"
#include "base/clock.h"
#include "ovsdb/session.h"
#include "ovsdb/tree.h"

#define MAX_DIFFERENCES 5
#define MAX_VALUE_LENGTH 200

struct comparison {
    const struct takeback *takeback;
    const struct journal_step *step;
    struct arena *arena;
    struct text out;
    size_t n;
};

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

/* Whether a transaction goes through. */
static bool
holds(struct comparison *c, const char *params)
{
    struct error *error =
        takeback_transact(c->takeback, c->step, params, c->arena, NULL);
    bool held = !error;
    error_free(error);
    return held;
}

static const char *
text_of(struct comparison *c, const struct json_value *v)
{
    struct text t;
    text_init(&t, MAX_VALUE_LENGTH);
    tree_put(&t, v);
    const char *s = arena_strdup(c->arena, text_string(&t));
    text_done(&t);
    return s;
}

static const char *
json_of(struct comparison *c, const struct json_value *v)
{
    struct text t;
    text_init(&t, TEXT_CEILING_BYTES);
    tree_put(&t, v);
    const char *s = arena_strdup(c->arena, text_string(&t));
    text_done(&t);
    return s;
}

static const struct json_value *
first_row(struct comparison *c, const char *params)
{
    const struct json_value *results = NULL;
    struct error *error =
        takeback_transact(c->takeback, c->step, params, c->arena, &results);
    error_free(error);
    return ovsdb_transaction_row(results);
}

/* Says in which of the columns that a 'wait' names a row differs. */
static void
compare_columns(struct comparison *c, const struct json_value *wait,
                const struct json_value *now, const char *row)
{
    const struct json_value *rows = json_member(wait, "rows");
    const struct json_value *left =
        rows && rows->kind == JSON_ARRAY ? rows->first : NULL;
    const char *table = json_of(c, json_member(wait, "table"));
    const char *where = json_of(c, json_member(wait, "where"));
    for (const struct json_value *v =
             left && left->kind == JSON_OBJECT ? left->first : NULL;
         v && c->n < MAX_DIFFERENCES; v = v->next) {
        const char *params = arena_printf(
            c->arena,
            "[\"%s\",{\"op\":\"wait\",\"timeout\":0,\"table\":%s,\"where\":%s,"
            "\"columns\":[\"%s\"],\"until\":\"==\",\"rows\":[{\"%s\":%s}]}]",
            c->step->name, table, where, v->name, v->name, json_of(c, v));
        const struct json_value *is = json_member(now, v->name);
        if (is && !holds(c, params)) {
            text_printf(&c->out, "%s%s of %s is %s now, and was left as %s",
                        c->n++ ? "; " : "", v->name, row, text_of(c, is),
                        text_of(c, v));
        }
    }
}

/* Says which elements that were put into a row, or taken out of it, are not
 * there any more, or again: those that a 'wait' looks for by a condition. */
static void
compare_elements(struct comparison *c, const struct json_value *wait,
                 const struct json_value *now, const char *row)
{
    const struct json_value *where = json_member(wait, "where");
    const char *table = json_of(c, json_member(wait, "table"));
    const char *first = json_of(c, where->first);
    for (const struct json_value *v = where->first->next;
         v && c->n < MAX_DIFFERENCES; v = v->next) {
        const char *params =
            arena_printf(c->arena,
                         "[\"%s\",{\"op\":\"wait\",\"timeout\":0,\"table\":%s,"
                         "\"where\":[%s,"
                         "%s],\"columns\":[],\"until\":\"==\",\"rows\":[{}]}]",
                         c->step->name, table, first, json_of(c, v));
        const struct json_value *column =
            v->kind == JSON_ARRAY ? v->first : NULL;
        const struct json_value *op = column ? column->next : NULL;
        const struct json_value *value = op ? op->next : NULL;
        if (!value || column->kind != JSON_STRING || op->kind != JSON_STRING
            || holds(c, params)) {
            continue;
        }
        text_printf(
            &c->out, "%s%s of %s is %s now, and %s was %s it",
            c->n++ ? "; " : "", column->string, row,
            text_of(c, json_member(now, column->string)), text_of(c, value),
            strcmp(op->string, "includes") ? "taken out of" : "put into");
    }
}

static void
compare_wait(struct comparison *c, const struct json_value *wait)
{
    const struct json_value *where = json_member(wait, "where");
    const struct json_value *table = json_member(wait, "table");
    if (!where || !table || where->kind != JSON_ARRAY || !where->first
        || c->n >= MAX_DIFFERENCES
        || holds(c, arena_printf(c->arena, "[\"%s\",%s]", c->step->name,
                                 json_of(c, wait)))) {
        return;
    }
    size_t n = c->n;
    const char *row = arena_printf(c->arena, "%s %s", text_of(c, table),
                                   text_of(c, where->first));
    const struct json_value *now = first_row(
        c, arena_printf(
               c->arena,
               "[\"%s\",{\"op\":\"select\",\"table\":%s,\"where\":[%s]}]",
               c->step->name, json_of(c, table), json_of(c, where->first)));
    if (now) {
        compare_columns(c, wait, now, row);
        compare_elements(c, wait, now, row);
    }
    if (c->n == n) {
        text_printf(&c->out, "%s%s %s", c->n++ ? "; " : "", row,
                    now ? "does not hold what was put into it"
                        : "is not there any more");
    }
}

/* Whether the database does not take the guard, alone. */
static bool
is_guarded_off(struct comparison *c)
{
    const char *guard = c->takeback->guard;
    return guard && !strcmp(c->step->db, "nb")
           && !holds(
               c, arena_printf(c->arena, "[\"%s\",%s]", c->step->name, guard));
}

/* Why an inverse does not go through. */
static struct error *
explain(const struct takeback *t, const struct journal_step *step,
        struct error *failure)
{
    struct arena a;
    struct error *error = failure;
    arena_init(&a);
    struct comparison c = { .takeback = t, .step = step, .arena = &a };
    text_init(&c.out, 4096);
    const struct json_value *params = deed_parse(step->inverses[0], &a);
    for (const struct json_value *op = params ? params->first : NULL; op;
         op = op->next) {
        const char *what = json_member_string(op, "op");
        if (what && !strcmp(what, "wait")) {
            compare_wait(&c, op);
        }
    }
    if (c.n) {
        error_free(failure);
        error = error_new("rows were changed since: %s", text_string(&c.out));
    } else if (is_guarded_off(&c)) {
        error_free(failure);
        error = error_new("somebody else changed the localnet ports "
                          "meanwhile");
    }
    text_done(&c.out);
    arena_done(&a);
    return error;
}

struct error *
takeback_explain(const struct takeback *t, const struct journal_step *step)
{
    return explain(t, step, error_new("what takes it back is refused"));
}

const char *
takeback_absence(const struct journal_step *step, struct arena *a)
{
    struct text params;
    text_init(&params, TEXT_CEILING_BYTES);
    const struct json_value *all = deed_parse(step->operations[0], a);
    text_putc(&params, '[');
    for (const struct json_value *op = all ? all->first : NULL; op;
         op = op->next) {
        const char *what = json_member_string(op, "op");
        if (op == all->first || (what && !strcmp(what, "wait"))) {
            text_puts(&params, op == all->first ? "" : ",");
            tree_put(&params, op);
        } else if (what && !strcmp(what, "insert")
                   && json_member_string(op, "uuid")
                   && json_member_string(op, "table")) {
            text_puts(&params, ",{\"op\":\"wait\",\"timeout\":0,\"table\":");
            tree_put(&params, json_member(op, "table"));
            text_puts(&params, ",\"where\":[[\"_uuid\",\"==\",[\"uuid\",");
            json_put_string(&params, json_member_string(op, "uuid"));
            text_puts(&params,
                      "]]],\"columns\":[],\"until\":\"==\",\"rows\":[]}");
        }
    }
    text_putc(&params, ']');
    const char *s = arena_strdup(a, text_string(&params));
    text_done(&params);
    return s;
}

static bool
never_happened(const struct takeback *t, const struct journal_step *step,
               struct arena *a)
{
    struct error *error =
        takeback_transact(t, step, takeback_absence(step, a), a, NULL);
    bool held = !error;
    error_free(error);
    return held;
}

/* The inverse, with the guard before its operations. */
static const char *
guarded(const struct takeback *t, const struct journal_step *step,
        const char *inverse, struct arena *a)
{
    const struct json_value *all =
        t->guard && !strcmp(step->db, "nb") ? deed_parse(inverse, a) : NULL;
    struct text s;
    if (!all || !all->first) {
        return inverse;
    }
    text_init(&s, TEXT_CEILING_BYTES);
    text_putc(&s, '[');
    tree_put(&s, all->first);
    text_printf(&s, ",%s", t->guard);
    for (const struct json_value *op = all->first->next; op; op = op->next) {
        text_putc(&s, ',');
        tree_put(&s, op);
    }
    text_putc(&s, ']');
    const char *params = arena_strdup(a, text_string(&s));
    text_done(&s);
    return params;
}

/* Does the first inverse whose conditions hold.  '*ret_open': nobody said
 * whether one of them was done. */
static struct error *
invert(const struct takeback *t, const struct journal_step *step,
       struct arena *a, bool *ret_open)
{
    struct error *first = NULL;
    *ret_open = false;
    for (size_t i = 0; i < JOURNAL_MAX_TRANSACTIONS && step->inverses[i];
         i++) {
        const struct json_value *results = NULL;
        struct error *error = takeback_transact(
            t, step, guarded(t, step, step->inverses[i], a), a, &results);
        if (!error) {
            error_free(first);
            return NULL;
        }
        *ret_open |= !results;
        error_free(first ? error : NULL);
        first = first ? first : error;
    }
    return first;
}

struct error *
takeback_step(const struct takeback *t, const struct journal_step *step,
              enum takeback_end *ret)
{
    struct arena a;
    bool is_open;
    arena_init(&a);
    struct error *error = invert(t, step, &a, &is_open);
    *ret = !error ? TAKEBACK_DONE : is_open ? TAKEBACK_OPEN : TAKEBACK_NOT;
    if (error && !t->is_open && never_happened(t, step, &a)) {
        *ret = is_open ? TAKEBACK_DONE : TAKEBACK_NOTHING;
        error_free(error);
        error = NULL;
    }
    arena_done(&a);
    error = error ? explain(t, step, error) : NULL;
    return error && t->is_open
               ? error_wrap(error, "the server did not say whether it was "
                                   "done, so it may be, later")
               : error;
}

/* Tallies. */

void
takeback_tally_init(struct takeback_tally *t)
{
    t->first = NULL;
    text_init(&t->done, MAX_VALUE_LENGTH * MAX_DIFFERENCES);
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
    enum takeback_end end;
    takeback_tally_init(&tally);
    while (n_steps--) {
        takeback_tally_add(&tally, &steps[n_steps],
                           takeback_step(&each, &steps[n_steps], &end));
        each.is_open = false;
    }
    return takeback_tally_end(&tally, "taken back");
}

struct error *
takeback_again(const struct takeback *t, const struct journal_step *step)
{
    struct error *error = NULL;
    struct arena a;
    arena_init(&a);
    for (size_t i = 0;
         i < JOURNAL_MAX_TRANSACTIONS && step->operations[i] && !error; i++) {
        error = takeback_transact(t, step, step->operations[i], &a, NULL);
    }
    arena_done(&a);
    return error;
}
