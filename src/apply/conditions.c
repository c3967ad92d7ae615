#include "apply/conditions.h"

#include <string.h>

#include "apply/deed.h"
#include "ovsdb/tree.h"

/* Appends what of a transaction's operation is wanted; 'all' are its
 * parameters. */
typedef void put_fn(struct text *, const struct json_value *all,
                    const struct json_value *op);

static bool
is_op(const struct json_value *op, const char *name)
{
    const char *what = json_member_string(op, "op");
    return what && !strcmp(what, name);
}

static const struct json_value *
first_of(const struct json_value *v)
{
    return v && v->kind == JSON_ARRAY ? v->first : NULL;
}

/* The first condition if it is one on "_uuid"; else NULL. */
static const struct json_value *
row_clause(const struct json_value *op)
{
    const struct json_value *clause = first_of(json_member(op, "where"));
    const struct json_value *column = first_of(clause);
    return column && column->kind == JSON_STRING
                   && !strcmp(column->string, "_uuid")
               ? clause
               : NULL;
}

static bool
is_same_row(const struct json_value *a, const struct json_value *b)
{
    struct text one, other;
    text_init(&one, TEXT_CEILING_BYTES);
    text_init(&other, TEXT_CEILING_BYTES);
    tree_put(&one, row_clause(a));
    tree_put(&other, row_clause(b));
    bool same = !strcmp(text_string(&one), text_string(&other));
    text_done(&one);
    text_done(&other);
    return same;
}

/* "[NAME", then 'before', then what 'put' makes of each operation, and "]".
 * What is no transaction becomes one that no database takes. */
static const char *
convert(const char *params, const char *before, put_fn *put, struct arena *a)
{
    const struct json_value *all = deed_parse(params, a);
    const struct json_value *name = first_of(all);
    struct text t;
    if (!name) {
        return "[]";
    }
    text_init(&t, TEXT_CEILING_BYTES);
    text_putc(&t, '[');
    tree_put(&t, name);
    text_printf(&t, "%s%s", before ? "," : "", before ? before : "");
    for (const struct json_value *op = name->next; op; op = op->next) {
        put(&t, all, op);
    }
    text_putc(&t, ']');
    const char *s = arena_strdup(a, text_string(&t));
    text_done(&t);
    return s;
}

static void
put_any(struct text *t, const struct json_value *all PROVNET_UNUSED,
        const struct json_value *op)
{
    text_putc(t, ',');
    tree_put(t, op);
}

/* Whether only waits stand before it; a later wait is for what comes of a
 * change. */
static bool
is_at_start(const struct json_value *all, const struct json_value *op)
{
    const struct json_value *o = all->first->next;
    while (o != op && is_op(o, "wait")) {
        o = o->next;
    }
    return o == op;
}

static void
put_row_wait(struct text *t, const struct json_value *all,
             const struct json_value *op)
{
    if (is_op(op, "wait") && row_clause(op) && is_at_start(all, op)) {
        put_any(t, all, op);
    }
}

const char *
conditions_presence(const char *params, struct arena *a)
{
    return convert(params, NULL, put_row_wait, a);
}

const char *
conditions_guard(const char *params, const char *guard, struct arena *a)
{
    return convert(params, guard, put_any, a);
}

/* Absence. */

static void
put_wait(struct text *t, const struct json_value *table, const char *where,
         const char *rows)
{
    text_puts(t, ",{\"op\":\"wait\",\"timeout\":0,\"table\":");
    tree_put(t, table);
    text_printf(t,
                ",\"where\":[%s],\"columns\":[],\"until\":\"==\","
                "\"rows\":[%s]}",
                where, rows);
}

static void
put_not_inserted(struct text *t, const struct json_value *op)
{
    struct text where;
    text_init(&where, TEXT_CEILING_BYTES);
    text_puts(&where, "[\"_uuid\",\"==\",[\"uuid\",");
    json_put_string(&where, json_member_string(op, "uuid"));
    text_puts(&where, "]]");
    put_wait(t, json_member(op, "table"), text_string(&where), "");
    text_done(&where);
}

/* The elements that it inserts are not there.  (Of a new row that is named,
 * the row itself is looked for.) */
static void
put_not_mutated(struct text *t, const struct json_value *op)
{
    struct text where;
    text_init(&where, TEXT_CEILING_BYTES);
    tree_put(&where, row_clause(op));
    for (const struct json_value *m = first_of(json_member(op, "mutations"));
         m; m = m->next) {
        const struct json_value *column = first_of(m);
        const struct json_value *how = column ? column->next : NULL;
        struct text value;
        if (!how || !how->next || how->kind != JSON_STRING
            || strcmp(how->string, "insert")) {
            continue;
        }
        text_init(&value, TEXT_CEILING_BYTES);
        tree_put(&value, how->next);
        if (!strstr(text_string(&value), "\"named-uuid\"")) {
            text_puts(&where, ",[");
            tree_put(&where, column);
            text_printf(&where, ",\"excludes\",%s]", text_string(&value));
        }
        text_done(&value);
    }
    put_wait(t, json_member(op, "table"), text_string(&where), "{}");
    text_done(&where);
}

/* Whether it waits for whole columns of a row of which elements are mutated;
 * others may have changed the rest.  Other waits are for elements. */
static bool
is_too_strict(const struct json_value *all, const struct json_value *wait)
{
    if (row_clause(wait)->next) {
        return false;
    }
    for (const struct json_value *op = all->first; op; op = op->next) {
        if (is_op(op, "mutate") && row_clause(op) && is_same_row(op, wait)) {
            return true;
        }
    }
    return false;
}

static void
put_absence(struct text *t, const struct json_value *all,
            const struct json_value *op)
{
    if (is_op(op, "insert") && json_member_string(op, "uuid")) {
        put_not_inserted(t, op);
    } else if (is_op(op, "mutate") && row_clause(op)) {
        put_not_mutated(t, op);
    } else if (is_op(op, "wait") && row_clause(op)
               && !is_too_strict(all, op)) {
        put_any(t, all, op);
    }
}

const char *
conditions_absence(const struct journal_step *step, struct arena *a)
{
    return convert(step->operations[0], NULL, put_absence, a);
}

/* Localnet ports. */

/* Whether a mutation takes elements away.  (A port without "enabled" is, and
 * one without a tag is on another wire.) */
static bool
takes_elements(const struct json_value *mutation)
{
    const struct json_value *column = first_of(mutation);
    const struct json_value *how = column ? column->next : NULL;
    return how && how->kind == JSON_STRING && column->kind == JSON_STRING
           && !strcmp(how->string, "delete")
           && strcmp(column->string, "enabled")
           && strncmp(column->string, "tag", 3);
}

/* Whether it only takes away, or switches off. */
static bool
removes(const struct json_value *op)
{
    const struct json_value *row = json_member(op, "row");
    const struct json_value *enabled = json_member(row, "enabled");
    if (is_op(op, "insert")) {
        return false;
    } else if (is_op(op, "update")) {
        return enabled && enabled->kind == JSON_BOOL && !enabled->boolean
               && row->first == enabled && !enabled->next;
    } else if (is_op(op, "mutate") && row_clause(op)) {
        for (const struct json_value *m =
                 first_of(json_member(op, "mutations"));
             m; m = m->next) {
            if (!takes_elements(m)) {
                return false;
            }
        }
    }
    return true;
}

/* Whether it writes what makes a port a localnet port, or says where to. */
static bool
may_concern_localnets(const struct json_value *op)
{
    static const char *const words[] = { "\"localnet\"", "\"network_name\"",
                                         "\"type\"",     "\"enabled\"",
                                         "\"tag\"",      "\"tag_request\"" };
    const char *table = json_member_string(op, "table");
    struct text t;
    bool any = false;
    if (!table || strcmp(table, "Logical_Switch_Port")) {
        return false;
    }
    text_init(&t, TEXT_CEILING_BYTES);
    tree_put(&t, op);
    for (size_t i = 0; i < N_ELEMENTS(words); i++) {
        any |= strstr(text_string(&t), words[i]) != NULL;
    }
    text_done(&t);
    return any;
}

bool
conditions_may_loop(const char *params, struct arena *a)
{
    const struct json_value *all = deed_parse(params, a);
    const struct json_value *name = first_of(all);
    bool any = false;
    for (const struct json_value *op = name ? name->next : NULL; op;
         op = op->next) {
        any |= !is_op(op, "wait") && !removes(op) && may_concern_localnets(op);
    }
    return any;
}

const char *
conditions_comment(const struct json_value *params)
{
    for (const struct json_value *op = params->first; op; op = op->next) {
        const char *comment = json_member_string(op, "comment");
        if (is_op(op, "comment") && comment) {
            return comment;
        }
    }
    return "";
}
