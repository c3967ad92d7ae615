#include "apply/deed.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "evidence/ovs.h"
#include "ovsdb/tree.h"
#include "ovsdb/uuid.h"

#define PORTS "Logical_Switch_Port"

struct making {
    const struct json_value *params;
    const struct json_value *selected; /* Results, in the order of rows. */
    struct arena *arena;
};

/* Values. */

static const char *
text_of(const struct json_value *v, struct arena *a)
{
    struct text t;
    text_init(&t, TEXT_CEILING_BYTES);
    tree_put(&t, v);
    const char *s = arena_strdup(a, text_string(&t));
    text_done(&t);
    return s;
}

const struct json_value *
deed_parse(const char *json, struct arena *a)
{
    struct input_memory memory;
    struct input in;
    struct json_reader reader;
    input_init_memory(&in, &memory, json, strlen(json));
    json_reader_init(&reader, &in);
    const struct json_value *v = json_read_value(&reader, a, DEED_MAX_NODES);
    bool is_whole = v && json_peek(&reader) < 0 && !in.error;
    json_reader_done(&reader);
    input_done(&in);
    return is_whole ? v : NULL;
}

static const struct json_value *
nth(const struct json_value *v, unsigned n)
{
    v = v && v->kind == JSON_ARRAY ? v->first : NULL;
    while (v && n--) {
        v = v->next;
    }
    return v;
}

static const char *
tag_of(const struct json_value *v)
{
    const struct json_value *tag = nth(v, 1) ? nth(v, 0) : NULL;
    return tag && tag->kind == JSON_STRING ? tag->string : "";
}

static bool
is_map(const struct json_value *v)
{
    return !strcmp(tag_of(v), "map");
}

static bool
is_collection(const struct json_value *v)
{
    return is_map(v) || !strcmp(tag_of(v), "set");
}

static const struct json_value *
elements_of(const struct json_value *v)
{
    return is_collection(v) ? nth(nth(v, 1), 0) : v;
}

static const struct json_value *
next_element(const struct json_value *v, const struct json_value *element)
{
    return is_collection(v) ? element->next : NULL;
}

/* What tells an element of 'of' from others: of a map its key. */
static const char *
key_of(const struct json_value *of, const struct json_value *element,
       struct arena *a)
{
    return text_of(is_map(of) && nth(element, 0) ? nth(element, 0) : element,
                   a);
}

static bool
has_key(const struct json_value *v, const char *key, struct arena *a)
{
    for (const struct json_value *e = v ? elements_of(v) : NULL; e;
         e = next_element(v, e)) {
        if (!strcmp(key_of(v, e, a), key)) {
            return true;
        }
    }
    return false;
}

const char *
deed_map_get(const struct json_value *map, const char *key)
{
    for (const struct json_value *e = is_map(map) ? elements_of(map) : NULL; e;
         e = e->next) {
        const struct json_value *k = nth(e, 0), *v = nth(e, 1);
        if (k && v && k->kind == JSON_STRING && v->kind == JSON_STRING
            && !strcmp(k->string, key)) {
            return v->string;
        }
    }
    return NULL;
}

/* Operations. */

static bool
op_is(const struct json_value *op, const char *name)
{
    const char *is = json_member_string(op, "op");
    return is && !strcmp(is, name);
}

static const char *
table_of(const struct json_value *op)
{
    const char *table = json_member_string(op, "table");
    return table ? table : "";
}

/* The row that an operation is about, [["_uuid","==",["uuid",...]]], or for an
 * insertion its "uuid"; NULL if it is about something else. */
static const char *
row_of(const struct json_value *op)
{
    const struct json_value *clause = nth(json_member(op, "where"), 0);
    const struct json_value *uuid = nth(nth(clause, 2), 1);
    if (op_is(op, "insert")) {
        return json_member_string(op, "uuid");
    }
    return uuid && uuid->kind == JSON_STRING ? uuid->string : NULL;
}

static bool
touches_old_row(const struct json_value *op)
{
    return (op_is(op, "update") || op_is(op, "mutate") || op_is(op, "delete"))
           && row_of(op);
}

static bool
is_localnet(const struct json_value *op)
{
    const char *type = json_member_string(json_member(op, "row"), "type");
    return op_is(op, "insert") && !strcmp(table_of(op), PORTS) && type
           && !strcmp(type, "localnet");
}

/* Whether an operation before 'op' is about the same row. */
static bool
is_repeated(const struct json_value *params, const struct json_value *op)
{
    for (const struct json_value *o = params->first; o != op; o = o->next) {
        if (touches_old_row(o) && !strcmp(row_of(o), row_of(op))) {
            return true;
        }
    }
    return false;
}

static void
put_where(struct text *t, const char *uuid, const char *more)
{
    text_printf(t, "\"where\":[[\"_uuid\",\"==\",[\"uuid\",\"%s\"]]%s]", uuid,
                more);
}

bool
deed_put_select(const struct json_value *params, struct text *t)
{
    size_t start = t->length;
    bool any = false;
    text_putc(t, '[');
    tree_put(t, params->first);
    for (const struct json_value *op = params->first; op; op = op->next) {
        if (touches_old_row(op) && !is_repeated(params, op)) {
            text_puts(t, ",{\"op\":\"select\",\"table\":");
            json_put_string(t, table_of(op));
            text_putc(t, ',');
            put_where(t, row_of(op), "");
            text_putc(t, '}');
            any = true;
        }
    }
    text_putc(t, ']');
    if (!any) {
        text_cut(t, start);
    }
    return any;
}

/* Names. */

static void
put_new_uuid(struct text *t)
{
    struct uuid uuid = { 0, 0 };
    char s[UUID_LENGTH + 1];
    if (getrandom(&uuid, sizeof uuid, 0) != sizeof uuid) {
        abort(); /* Never for so few bytes: getrandom(2). */
    }
    /* Random, of the variant of RFC 4122, section 4.4. */
    uuid.high = (uuid.high & ~(uint64_t) 0xf000) | 0x4000;
    uuid.low = (uuid.low & ~((uint64_t) 3 << 62)) | (uint64_t) 1 << 63;
    uuid_format(&uuid, s);
    text_puts(t, s);
}

static void
put_named(struct text *t, const struct json_value *v)
{
    text_puts(t, "{\"op\":\"insert\",\"uuid\":\"");
    put_new_uuid(t);
    text_putc(t, '"');
    for (const struct json_value *m = v->first; m; m = m->next) {
        if (strcmp(m->name, "op") && strcmp(m->name, "uuid")) {
            text_putc(t, ',');
            json_put_string(t, m->name);
            text_putc(t, ':');
            tree_put(t, m);
        }
    }
    text_putc(t, '}');
}

/* Appends a value with the UUIDs of new rows for their names. */
static void
put_resolved(struct text *t, const struct json_value *params,
             const struct json_value *v)
{
    if (!strcmp(tag_of(v), "named-uuid")) {
        for (const struct json_value *op = params->first; op; op = op->next) {
            const char *name = json_member_string(op, "uuid-name");
            if (op_is(op, "insert") && name && nth(v, 1)->kind == JSON_STRING
                && !strcmp(name, nth(v, 1)->string)) {
                text_printf(t, "[\"uuid\",\"%s\"]", row_of(op));
                return;
            }
        }
    }
    if (v->kind != JSON_ARRAY) {
        tree_put(t, v);
        return;
    }
    text_putc(t, '[');
    for (const struct json_value *m = v->first; m; m = m->next) {
        text_puts(t, m == v->first ? "" : ",");
        put_resolved(t, params, m);
    }
    text_putc(t, ']');
}

const char *
deed_name_rows(const struct json_value *params, struct arena *a)
{
    struct text t;
    text_init(&t, TEXT_CEILING_BYTES);
    text_putc(&t, '[');
    for (const struct json_value *op = params->first; op; op = op->next) {
        text_puts(&t, op == params->first ? "" : ",");
        if (op_is(op, "insert")) {
            put_named(&t, op);
        } else {
            tree_put(&t, op);
        }
    }
    text_putc(&t, ']');
    const char *s = arena_strdup(a, text_string(&t));
    text_done(&t);
    return s;
}

/* Waiting. */

/* Appends an operation that waits for the row to hold, in the columns that
 * are members of 'row', what they hold there, but for those that ovs-vswitchd
 * writes all the time; if 'enabled' is given, that in the column of the name.
 */
static void
put_wait(struct text *t, const struct making *m, const struct json_value *op,
         const struct json_value *row, const char *more, const char *enabled)
{
    struct text columns, values;
    text_init(&columns, TEXT_CEILING_BYTES);
    text_init(&values, TEXT_CEILING_BYTES);
    for (const struct json_value *c = row ? row->first : NULL; c;
         c = c->next) {
        bool is_other = enabled && !strcmp(c->name, "enabled");
        if (c->name[0] == '_' || is_other
            || ovs_is_status(table_of(op), c->name)) {
            continue;
        }
        text_puts(&columns, columns.length ? "," : "");
        json_put_string(&columns, c->name);
        text_puts(&values, values.length ? "," : "");
        json_put_string(&values, c->name);
        text_putc(&values, ':');
        put_resolved(&values, m->params, c);
    }
    if (enabled) {
        text_printf(&columns, "%s\"enabled\"", columns.length ? "," : "");
        text_printf(&values, "%s\"enabled\":%s", values.length ? "," : "",
                    enabled);
    }
    text_puts(t, ",{\"op\":\"wait\",\"timeout\":0,\"table\":");
    json_put_string(t, table_of(op));
    text_putc(t, ',');
    put_where(t, row_of(op), more);
    text_printf(t, ",\"columns\":[%s],\"until\":\"==\",\"rows\":[{%s}]}",
                text_string(&columns), text_string(&values));
    text_done(&columns);
    text_done(&values);
}

static void
put_wait_absent(struct text *t, const struct json_value *op)
{
    text_puts(t, ",{\"op\":\"wait\",\"timeout\":0,\"table\":");
    json_put_string(t, table_of(op));
    text_putc(t, ',');
    put_where(t, row_of(op), "");
    text_puts(t, ",\"columns\":[],\"until\":\"==\",\"rows\":[]}");
}

/* What a row that is touched held, as the select told; NULL if it had gone. */
static const struct json_value *
before(const struct making *m, const struct json_value *op)
{
    const struct json_value *result = nth(m->selected, 0);
    for (const struct json_value *o = m->params->first; o; o = o->next) {
        if (!touches_old_row(o) || is_repeated(m->params, o)) {
            continue;
        } else if (!strcmp(row_of(o), row_of(op))) {
            const struct json_value *row = nth(json_member(result, "rows"), 0);
            return row && row->kind == JSON_OBJECT ? row : NULL;
        }
        result = result ? result->next : NULL;
    }
    return NULL;
}

/* The columns of 'row' that an operation writes, as an object. */
static const struct json_value *
written(const struct making *m, const struct json_value *op,
        const struct json_value *row)
{
    const struct json_value *given = json_member(op, "row");
    struct text t;
    text_init(&t, TEXT_CEILING_BYTES);
    text_putc(&t, '{');
    for (const struct json_value *c = row->first; c; c = c->next) {
        bool is_written = op_is(op, "delete")
                              ? c->name[0] != '_'
                              : json_member(given, c->name) != NULL;
        const struct json_value *mutations = json_member(op, "mutations");
        for (unsigned i = 0; nth(mutations, i); i++) {
            const struct json_value *column = nth(nth(mutations, i), 0);
            is_written |= column && column->kind == JSON_STRING
                          && !strcmp(column->string, c->name);
        }
        if (is_written) {
            text_puts(&t, t.length > 1 ? "," : "");
            json_put_string(&t, c->name);
            text_putc(&t, ':');
            tree_put(&t, c);
        }
    }
    text_putc(&t, '}');
    const struct json_value *v = deed_parse(text_string(&t), m->arena);
    text_done(&t);
    return v;
}

/* Taking back. */

/* Whether the mutations before 'last' take 'key' out of 'column'. */
static bool
was_taken(const struct making *m, const struct json_value *mutations,
          const struct json_value *last, const char *column, const char *key)
{
    for (const struct json_value *u = nth(mutations, 0); u != last;
         u = u->next) {
        if (!strcmp(nth(u, 0)->string, column)
            && !strcmp(nth(u, 1)->string, "delete")
            && has_key(nth(u, 2), key, m->arena)) {
            return true;
        }
    }
    return false;
}

/* What takes mutations back, and conditions on the row: what must hold before
 * it, and what after it.  (A pair is not inserted into a map that has its key,
 * RFC 7047, section 5.1; that a key is absent no condition can tell.) */
struct back {
    struct text mutations, before, after;
};

/* Puts the mutation that takes 'u' back before the others. */
static void
put_mutation_back(struct back *back, const struct making *m,
                  const struct json_value *mutations,
                  const struct json_value *u, const struct json_value *row)
{
    const char *column = nth(u, 0)->string;
    bool inserts = !strcmp(nth(u, 1)->string, "insert");
    const struct json_value *v = nth(u, 2);
    const struct json_value *old = json_member(row, column);
    const struct json_value *from = inserts ? v : old;
    struct text elements;
    text_init(&elements, TEXT_CEILING_BYTES);
    for (const struct json_value *e = from ? elements_of(from) : NULL; e;
         e = next_element(from, e)) {
        const char *key = key_of(from, e, m->arena);
        bool touched = inserts ? !has_key(old, key, m->arena)
                                     || was_taken(m, mutations, u, column, key)
                               : has_key(v, key, m->arena);
        if (touched) {
            text_puts(&elements, elements.length ? "," : "");
            put_resolved(&elements, m->params, e);
        }
    }
    if (elements.length) {
        struct text all;
        text_init(&all, TEXT_CEILING_BYTES);
        bool is_pairs = is_map(from);
        text_printf(&all, "[\"%s\",\"%s\",[\"%s\",[%s]]]%s%s", column,
                    inserts ? "delete" : "insert", is_pairs ? "map" : "set",
                    text_string(&elements), back->mutations.length ? "," : "",
                    text_string(&back->mutations));
        text_clear(&back->mutations);
        text_puts(&back->mutations, text_string(&all));
        text_done(&all);
        bool is_after = is_pairs && !inserts;
        text_printf(is_after ? &back->after : &back->before,
                    ",[\"%s\",\"%s\",[\"%s\",[%s]]]", column,
                    inserts || is_after ? "includes" : "excludes",
                    is_pairs ? "map" : "set", text_string(&elements));
    }
    text_done(&elements);
}

static void
put_mutate_back(struct text *waits, struct text *t, const struct making *m,
                const struct json_value *op)
{
    const struct json_value *mutations = json_member(op, "mutations");
    struct back back;
    text_init(&back.mutations, TEXT_CEILING_BYTES);
    text_init(&back.before, TEXT_CEILING_BYTES);
    text_init(&back.after, TEXT_CEILING_BYTES);
    for (const struct json_value *u = nth(mutations, 0); u; u = u->next) {
        put_mutation_back(&back, m, mutations, u, before(m, op));
    }
    put_wait(waits, m, op, NULL, text_string(&back.before), NULL);
    if (back.mutations.length) {
        text_puts(t, ",{\"op\":\"mutate\",\"table\":");
        json_put_string(t, table_of(op));
        text_putc(t, ',');
        put_where(t, row_of(op), "");
        text_printf(t, ",\"mutations\":[%s]}", text_string(&back.mutations));
    }
    if (back.after.length) {
        put_wait(t, m, op, NULL, text_string(&back.after), NULL);
    }
    text_done(&back.mutations);
    text_done(&back.before);
    text_done(&back.after);
}

static void
put_row(struct text *t, const struct making *m, const struct json_value *row)
{
    const char *between = "";
    text_puts(t, ",\"row\":{");
    for (const struct json_value *c = row->first; c; c = c->next) {
        if (c->name[0] != '_') {
            text_puts(t, between);
            json_put_string(t, c->name);
            text_putc(t, ':');
            put_resolved(t, m->params, c);
            between = ",";
        }
    }
    text_puts(t, "}}");
}

/* Appends what must hold before 'op' is taken back, and what takes it back. */
static void
put_back(struct text *waits, struct text *t, const struct making *m,
         const struct json_value *op, const char *enabled)
{
    const char *table = text_of(json_member(op, "table"), m->arena);
    if (op_is(op, "insert")) {
        put_wait(waits, m, op, json_member(op, "row"), "",
                 is_localnet(op) ? enabled : NULL);
        text_printf(t, ",{\"op\":\"delete\",\"table\":%s,", table);
        put_where(t, row_of(op), "");
        text_putc(t, '}');
    } else if (op_is(op, "delete")) {
        put_wait_absent(waits, op);
        text_printf(t, ",{\"op\":\"insert\",\"table\":%s,\"uuid\":\"%s\"",
                    table, row_of(op));
        put_row(t, m, before(m, op));
    } else if (op_is(op, "update")) {
        put_wait(waits, m, op, json_member(op, "row"), "", NULL);
        text_printf(t, ",{\"op\":\"update\",\"table\":%s,", table);
        put_where(t, row_of(op), "");
        put_row(t, m, written(m, op, before(m, op)));
    } else {
        put_mutate_back(waits, t, m, op);
    }
}

static const char *
finish(struct text *waits, struct text *t, const struct making *m,
       const char *comment)
{
    struct text all;
    text_init(&all, TEXT_CEILING_BYTES);
    text_putc(&all, '[');
    tree_put(&all, m->params->first);
    text_puts(&all, text_string(waits));
    text_puts(&all, text_string(t));
    text_puts(&all, ",{\"op\":\"comment\",\"comment\":");
    json_put_string(&all, comment);
    text_puts(&all, "}]");
    const char *s = arena_strdup(m->arena, text_string(&all));
    text_done(&all);
    text_done(waits);
    text_done(t);
    return s;
}

static bool
changes_a_row(const struct json_value *op)
{
    return touches_old_row(op) || (op_is(op, "insert") && row_of(op));
}

static const char *
make_inverse(const struct making *m, const char *enabled, const char *comment)
{
    struct text waits, t;
    text_init(&waits, TEXT_CEILING_BYTES);
    text_init(&t, TEXT_CEILING_BYTES);
    for (const struct json_value *op = m->params->first; op; op = op->next) {
        if (changes_a_row(op)) {
            put_back(&waits, &t, m, op, enabled);
        }
    }
    return finish(&waits, &t, m, comment);
}

/* Doing. */

/* Appends the insertion, of a localnet port that is switched off. */
static void
put_staged(struct text *t, const struct json_value *op)
{
    const char *between = "";
    text_puts(t, ",{");
    for (const struct json_value *v = op->first; v; v = v->next) {
        if (strcmp(v->name, "row")) {
            json_put_string(t, v->name);
            text_putc(t, ':');
            tree_put(t, v);
            text_putc(t, ',');
        }
    }
    text_puts(t, "\"row\":{\"enabled\":false");
    between = ",";
    for (const struct json_value *c = json_member(op, "row")->first; c;
         c = c->next) {
        if (strcmp(c->name, "enabled")) {
            text_puts(t, between);
            json_put_string(t, c->name);
            text_putc(t, ':');
            tree_put(t, c);
        }
    }
    text_puts(t, "}}");
}

static const char *
make_operations(const struct making *m, bool is_staged, const char *guard,
                const char *comment)
{
    struct text waits, t;
    text_init(&waits, TEXT_CEILING_BYTES);
    text_init(&t, TEXT_CEILING_BYTES);
    if (guard) {
        text_printf(&waits, ",%s", guard);
    }
    for (const struct json_value *op = m->params->first->next; op;
         op = op->next) {
        if (touches_old_row(op)) {
            put_wait(&waits, m, op, written(m, op, before(m, op)), "", NULL);
        }
        if (op_is(op, "comment")) {
            continue;
        } else if (is_staged && is_localnet(op)) {
            put_staged(&t, op);
        } else {
            text_putc(&t, ',');
            tree_put(&t, op);
        }
    }
    return finish(&waits, &t, m, comment);
}

static const char *
make_enable(const struct making *m, const char *guard, const char *comment)
{
    struct text waits, t;
    text_init(&waits, TEXT_CEILING_BYTES);
    text_init(&t, TEXT_CEILING_BYTES);
    if (guard) {
        text_printf(&waits, ",%s", guard);
    }
    for (const struct json_value *op = m->params->first; op; op = op->next) {
        if (!is_localnet(op)) {
            continue;
        }
        const struct json_value *enabled =
            json_member(json_member(op, "row"), "enabled");
        put_wait(&waits, m, op, json_member(op, "row"), "", "false");
        text_puts(&t,
                  ",{\"op\":\"update\",\"table\":\"Logical_Switch_Port\",");
        put_where(&t, row_of(op), "");
        text_printf(&t, ",\"row\":{\"enabled\":%s}}",
                    enabled ? text_of(enabled, m->arena) : "[\"set\",[]]");
    }
    return finish(&waits, &t, m, comment);
}

struct error *
deed_make(const struct json_value *params, const struct json_value *selected,
          bool is_staged, const struct deed_guards *guards,
          const char *comment, struct arena *a, struct deed *ret)
{
    struct making m = { params, selected, a };
    const char *undo = arena_printf(a, "%s (undone)", comment);
    for (const struct json_value *op = params->first; op; op = op->next) {
        if (touches_old_row(op) && !before(&m, op)) {
            return error_new("the row %s of %s has gone meanwhile", row_of(op),
                             table_of(op));
        }
    }
    *ret = (struct deed){
        .operations = make_operations(&m, false, guards->before, comment),
        .inverse = make_inverse(&m, NULL, undo),
    };
    if (is_staged) {
        ret->staged = make_operations(&m, true, guards->before, comment);
        ret->staged_inverse = make_inverse(&m, "false", undo);
        ret->enable = make_enable(&m, guards->between, comment);
    }
    return NULL;
}
