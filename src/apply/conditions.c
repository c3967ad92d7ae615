#include "apply/conditions.h"

#include <string.h>

#include "apply/deed.h"
#include "ovsdb/tree.h"

/* Appends what of a transaction's operation is wanted. */
typedef void put_fn(struct text *, const struct json_value *op);

static bool
is_op(const struct json_value *op, const char *name)
{
    const char *what = json_member_string(op, "op");
    return what && !strcmp(what, name);
}

/* Whether it waits for a row by its UUID. */
static bool
is_row_wait(const struct json_value *op)
{
    const struct json_value *where = json_member(op, "where");
    const struct json_value *first =
        where && where->kind == JSON_ARRAY ? where->first : NULL;
    const struct json_value *column =
        first && first->kind == JSON_ARRAY ? first->first : NULL;
    return is_op(op, "wait") && column && column->kind == JSON_STRING
           && !strcmp(column->string, "_uuid");
}

/* "[NAME", then what 'put' makes of each operation, and "]". */
static const char *
convert(const char *params, const char *before, put_fn *put, struct arena *a)
{
    const struct json_value *all = deed_parse(params, a);
    const struct json_value *name =
        all && all->kind == JSON_ARRAY ? all->first : NULL;
    struct text t;
    if (!name) {
        return params;
    }
    text_init(&t, TEXT_CEILING_BYTES);
    text_putc(&t, '[');
    tree_put(&t, name);
    text_printf(&t, "%s%s", before ? "," : "", before ? before : "");
    for (const struct json_value *op = name->next; op; op = op->next) {
        put(&t, op);
    }
    text_putc(&t, ']');
    const char *s = arena_strdup(a, text_string(&t));
    text_done(&t);
    return s;
}

static void
put_any(struct text *t, const struct json_value *op)
{
    text_putc(t, ',');
    tree_put(t, op);
}

static void
put_row_wait(struct text *t, const struct json_value *op)
{
    if (is_row_wait(op)) {
        put_any(t, op);
    }
}

static void
put_unguarded(struct text *t, const struct json_value *op)
{
    if (!is_op(op, "wait") || is_row_wait(op)) {
        put_any(t, op);
    }
}

static void
put_deed(struct text *t, const struct json_value *op)
{
    if (!is_op(op, "wait")) {
        put_any(t, op);
    }
}

/* Waits for the row of an insert to be absent. */
static void
put_absence(struct text *t, const struct json_value *op)
{
    const char *uuid = json_member_string(op, "uuid");
    const struct json_value *table = json_member(op, "table");
    if (is_op(op, "insert") && uuid && table) {
        text_puts(t, ",{\"op\":\"wait\",\"timeout\":0,\"table\":");
        tree_put(t, table);
        text_puts(t, ",\"where\":[[\"_uuid\",\"==\",[\"uuid\",");
        json_put_string(t, uuid);
        text_puts(t, "]]],\"columns\":[],\"until\":\"==\",\"rows\":[]}");
    } else {
        put_row_wait(t, op);
    }
}

const char *
conditions_presence(const char *inverse, struct arena *a)
{
    return convert(inverse, NULL, put_row_wait, a);
}

const char *
conditions_absence(const struct journal_step *step, struct arena *a)
{
    return convert(step->operations[0], NULL, put_absence, a);
}

const char *
conditions_guard(const char *params, const char *guard, struct arena *a)
{
    return convert(params, guard, put_any, a);
}

/* Whether a localnet port may come by it, or be switched on: whatever writes
 * a port's type or "enabled", unless that is false. */
static bool
adds_localnet(const char *params, struct arena *a)
{
    const struct json_value *all = deed_parse(params, a);
    bool any = !all || all->kind != JSON_ARRAY;
    for (const struct json_value *op = any ? NULL : all->first; op;
         op = op->next) {
        const struct json_value *row = json_member(op, "row");
        const struct json_value *enabled = json_member(row, "enabled");
        const char *type = json_member_string(row, "type");
        any |=
            (type && !strcmp(type, "localnet"))
            || (enabled && (enabled->kind != JSON_BOOL || enabled->boolean));
    }
    return any;
}

const char *
conditions_again(const char *params, struct arena *a)
{
    return adds_localnet(params, a) ? params
                                    : convert(params, NULL, put_unguarded, a);
}

const char *
conditions_none(const char *params, struct arena *a)
{
    return adds_localnet(params, a) ? NULL
                                    : convert(params, NULL, put_deed, a);
}
