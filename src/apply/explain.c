/* Why something cannot be taken back: what differs from how it was left. */
#include <string.h>

#include "apply/conditions.h"
#include "apply/deed.h"
#include "apply/takeback.h"
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

/* Whether the database takes a condition, or nobody says that it does not. */
static bool
holds(struct comparison *c, const char *params)
{
    const struct json_value *results = NULL;
    struct error *error =
        takeback_transact(c->takeback, c->step, params, c->arena, &results);
    bool held = !error || !results;
    error_free(error);
    return held;
}

static const char *
put_in_arena(struct comparison *c, const struct json_value *v,
             size_t max_length)
{
    struct text t;
    text_init(&t, max_length);
    tree_put(&t, v);
    const char *s = arena_strdup(c->arena, text_string(&t));
    text_done(&t);
    return s;
}

/* For people. */
static const char *
text_of(struct comparison *c, const struct json_value *v)
{
    return put_in_arena(c, v, MAX_VALUE_LENGTH);
}

static const char *
json_of(struct comparison *c, const struct json_value *v)
{
    return put_in_arena(c, v, TEXT_CEILING_BYTES);
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

struct error *
takeback_explain(const struct takeback *t, const struct journal_step *step,
                 struct error *failure)
{
    struct arena a;
    struct error *error = failure;
    arena_init(&a);
    struct comparison c = { .takeback = t, .step = step, .arena = &a };
    text_init(&c.out, 4096);
    const struct json_value *params =
        deed_parse(conditions_presence(step->inverses[0], &a), &a);
    for (const struct json_value *op = params ? params->first : NULL; op;
         op = op->next) {
        if (op->kind == JSON_OBJECT) {
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
