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
    }
    if (c->n == n) {
        text_printf(&c->out, "%s%s %s", c->n++ ? "; " : "", row,
                    now ? "does not hold what was put into it"
                        : "is not there any more");
    }
}

/* Why an inverse does not go through. */
static struct error *
explain(const struct takeback *t, const struct journal_step *step,
        const char *inverse, struct error *failure)
{
    struct arena a;
    struct error *error = failure;
    arena_init(&a);
    struct comparison c = { .takeback = t, .step = step, .arena = &a };
    text_init(&c.out, 4096);
    const struct json_value *params = deed_parse(inverse, &a);
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
    }
    text_done(&c.out);
    arena_done(&a);
    return error;
}

/* Whether the rows still are (or again) as they were before the step: its
 * own conditions hold, and the rows that it makes are not there. */
static bool
never_happened(const struct takeback *t, const struct journal_step *step)
{
    struct arena a;
    struct text params;
    const struct json_value *results = NULL;
    bool held = false;
    arena_init(&a);
    text_init(&params, TEXT_CEILING_BYTES);
    const struct json_value *all = deed_parse(step->operations[0], &a);
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
    struct error *error =
        takeback_transact(t, step, text_string(&params), &a, &results);
    held = !error;
    error_free(error);
    text_done(&params);
    arena_done(&a);
    return held;
}

static struct error *
take_back(const struct takeback *t, const struct journal_step *step,
          bool is_open)
{
    struct error *error = NULL;
    bool done = false;
    struct arena a;
    arena_init(&a);
    for (size_t i = 0;
         i < JOURNAL_MAX_TRANSACTIONS && step->inverses[i] && !done; i++) {
        struct error *failure =
            takeback_transact(t, step, step->inverses[i], &a, NULL);
        done = !failure;
        if (!error) {
            error = failure;
        } else {
            error_free(failure);
        }
    }
    arena_done(&a);
    if (error && (done || (!is_open && never_happened(t, step)))) {
        error_free(error);
        error = NULL;
    }
    error = error ? explain(t, step, step->inverses[0], error) : NULL;
    return error && is_open ? error_wrap(error, "the server did not say "
                                                "whether it was done, so it "
                                                "may be, later")
                            : error;
}

/* Takes note that a step failed, or that it did not. */
struct tally {
    struct error *first;
    struct text done; /* The remotes of those that did not. */
};

static void
tally(struct tally *t, const struct journal_step *step, struct error *error)
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

/* The first failure, with what was done all the same: 'what', in words. */
static struct error *
tally_end(struct tally *t, const char *what)
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
    struct tally all = { .first = NULL };
    bool is_open = t->is_open;
    text_init(&all.done, MAX_VALUE_LENGTH * MAX_DIFFERENCES);
    while (n_steps--) {
        tally(&all, &steps[n_steps], take_back(t, &steps[n_steps], is_open));
        is_open = false;
    }
    return tally_end(&all, "taken back");
}

static struct error *
do_again(const struct takeback *t, const struct journal_step *step)
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

struct error *
takeback_again(const struct takeback *t, const struct journal_step *steps,
               size_t n_steps)
{
    struct tally all = { .first = NULL };
    text_init(&all.done, MAX_VALUE_LENGTH * MAX_DIFFERENCES);
    for (size_t i = 0; i < n_steps; i++) {
        tally(&all, &steps[i], do_again(t, &steps[i]));
    }
    return tally_end(&all, "done again");
}
