/* A list of changes in the forms that it is needed in. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evidence/ovs.h"
#include "ovsdb/tree.h"
#include "ovsdb/whole.h"
#include "repair/change.h"

#define MAX_VALUE_NODES ((size_t) 1 << 22)

/* Values as trees. */

/* Our own values are well-formed. */
static const struct json_value *
parse(struct arena *a, const char *json)
{
    struct input_memory memory;
    struct input in;
    struct json_reader reader;
    input_init_memory(&in, &memory, json, strlen(json));
    json_reader_init(&reader, &in);
    const struct json_value *v = json_read_value(&reader, a, MAX_VALUE_NODES);
    json_reader_done(&reader);
    input_done(&in);
    return v;
}

/* The tag of a value in brackets: "set", "map", "uuid", "named-uuid"; or "".
 */
static const char *
tag_of(const struct json_value *v)
{
    return v->kind == JSON_ARRAY && v->first && v->first->kind == JSON_STRING
                   && v->first->next
               ? v->first->string
               : "";
}

static bool
is_collection(const struct json_value *v)
{
    return !strcmp(tag_of(v), "set") || !strcmp(tag_of(v), "map");
}

/* The first of a value's elements; a value that is no collection is its own
 * only one. */
static const struct json_value *
elements_of(const struct json_value *v)
{
    return is_collection(v) ? v->first->next->first : v;
}

static const struct json_value *
next_element(const struct json_value *v, const struct json_value *element)
{
    return is_collection(v) ? element->next : NULL;
}

static bool
is_map(const struct json_value *v)
{
    return !strcmp(tag_of(v), "map");
}

/* What tells an element from others: of a map its key. */
static const char *
key_of(struct arena *a, const struct json_value *element, bool map)
{
    struct text t;
    text_init(&t, TEXT_CEILING_BYTES);
    tree_put(&t,
             map && element->kind == JSON_ARRAY ? element->first : element);
    const char *key = arena_strdup(a, text_string(&t));
    text_done(&t);
    return key;
}

/* The value of a column after an edit. */

static const struct ovsdb_column_spec *
column_of(const struct ovsdb_row *row, const char *name)
{
    int c = row ? ovsdb_table_column(row->table, name) : -1;
    return c < 0 ? NULL : &row->table->spec->columns[c];
}

static const struct ovsdb_datum *
datum_of(const struct ovsdb_row *row, const struct ovsdb_column_spec *spec)
{
    return ovsdb_datum(row, (unsigned) (spec - row->table->spec->columns));
}

/* Appends the elements of 'v' whose keys are not in 'without'. */
static void
put_elements(struct text *t, struct arena *a, const struct json_value *v,
             bool map, const struct strmap *without, const char **between)
{
    for (const struct json_value *e = elements_of(v); e;
         e = next_element(v, e)) {
        if (!without || !strmap_get(without, key_of(a, e, map))) {
            text_puts(t, *between);
            tree_put(t, e);
            *between = ",";
        }
    }
}

/* Appends what the column will hold: what it holds now, and the edit. */
static void
put_result(struct text *t, const struct change *c, const struct edit *e)
{
    const struct ovsdb_column_spec *spec = column_of(c->row, e->column);
    struct arena a;
    struct text now;
    struct strmap touched;
    if (e->kind == EDIT_SET || !spec) {
        text_puts(t, e->value);
        return;
    }
    arena_init(&a);
    strmap_init(&touched);
    text_init(&now, TEXT_CEILING_BYTES);
    ovsdb_put_value(&now, spec, datum_of(c->row, spec));
    const struct json_value *before = parse(&a, text_string(&now));
    const struct json_value *edit = parse(&a, e->value);
    bool map = spec->value != OVSDB_VOID;
    for (const struct json_value *v = elements_of(edit); v;
         v = next_element(edit, v)) {
        *strmap_place(&touched, key_of(&a, v, map)) = (void *) v;
    }
    const char *between = "";
    text_printf(t, "[\"%s\",[", map ? "map" : "set");
    put_elements(t, &a, before, map, &touched, &between);
    if (e->kind == EDIT_ADD) {
        put_elements(t, &a, edit, map, NULL, &between);
    }
    text_puts(t, "]]");
    text_done(&now);
    strmap_done(&touched);
    arena_done(&a);
}

/* For simulation. */

void
change_put_transaction(const struct change_list *list,
                       const struct evidence_db *db, const char *chassis,
                       int64_t date_ms, const char *comment, struct text *t)
{
    char uuid[UUID_LENGTH + 1];
    text_printf(t, "{\"_date\":%lld,\"_comment\":", (long long) date_ms);
    json_put_string(t, comment);
    for (const struct change *c = list->first; c; c = c->next) {
        if (!change_is_of(c, db->db, chassis)) {
            continue;
        }
        uuid_format(&c->uuid, uuid);
        text_putc(t, ',');
        json_put_string(t, c->table);
        text_printf(t, ":{\"%s\":%s", uuid,
                    c->op == CHANGE_DELETE ? "null" : "{");
        for (const struct edit *e = c->op == CHANGE_DELETE ? NULL : c->edits;
             e; e = e->next) {
            text_puts(t, e == c->edits ? "" : ",");
            json_put_string(t, e->column);
            text_putc(t, ':');
            put_result(t, c, e);
        }
        text_puts(t, c->op == CHANGE_DELETE ? "}" : "}}");
    }
    text_putc(t, '}');
}

/* For the server. */

static const struct change *
find_made(const struct change_list *list, const char *uuid)
{
    struct uuid wanted;
    for (const struct change *c = list->first;
         c && uuid_parse(uuid, strlen(uuid), &wanted); c = c->next) {
        if (c->op == CHANGE_INSERT && uuid_equals(&c->uuid, &wanted)) {
            return c;
        }
    }
    return NULL;
}

/* A name for a row to be inserted, an <id> of RFC 7047. */
static void
put_name(struct text *t, const struct change *c)
{
    text_printf(t, "row%llu", (unsigned long long) (c->uuid.low & 0xffffff));
}

/* Appends a value, with the names of new rows instead of their UUIDs. */
static void
put_named(struct text *t, const struct change_list *list,
          const struct json_value *v)
{
    const char *uuid =
        !strcmp(tag_of(v), "uuid") ? v->first->next->string : NULL;
    const struct change *made = uuid ? find_made(list, uuid) : NULL;
    if (made) {
        text_puts(t, "[\"named-uuid\",\"");
        put_name(t, made);
        text_puts(t, "\"]");
    } else if (v->kind == JSON_ARRAY) {
        text_putc(t, '[');
        for (const struct json_value *m = v->first; m; m = m->next) {
            text_puts(t, m == v->first ? "" : ",");
            put_named(t, list, m);
        }
        text_putc(t, ']');
    } else {
        tree_put(t, v);
    }
}

static void
put_json(struct text *t, const struct change_list *list, const char *json)
{
    struct arena a;
    arena_init(&a);
    put_named(t, list, parse(&a, json));
    arena_done(&a);
}

static void
put_where(struct text *t, const struct change *c, const char *more)
{
    text_puts(t, "\"where\":[[\"_uuid\",\"==\",");
    change_put_reference(t, c);
    text_printf(t, "]%s]", more);
}

/* A column of the evidence tells all that the database has in it, unless it
 * is a map of which only some keys are kept. */
static bool
is_whole(const struct ovsdb_column_spec *spec)
{
    return !spec->keys;
}

static bool
is_edited(const struct change *c, const char *column)
{
    for (const struct edit *e = c->edits; e; e = e->next) {
        if (!strcmp(e->column, column)) {
            return true;
        }
    }
    return false;
}

/* Appends what the server holds in a column of which no value was kept: one
 * that may not be empty has its type's default (RFC 7047, section 5.2.1). */
static void
put_held(struct text *t, const struct ovsdb_row *row, unsigned c)
{
    static const char *const defaults[] = {
        [OVSDB_INTEGER] = "0",
        [OVSDB_REAL] = "0.0",
        [OVSDB_BOOLEAN] = "false",
        [OVSDB_STRING] = "\"\"",
        [OVSDB_UUID] = "[\"uuid\",\"00000000-0000-0000-0000-000000000000\"]",
    };
    const struct ovsdb_column_spec *spec = &row->table->spec->columns[c];
    const struct ovsdb_datum *datum = ovsdb_datum(row, c);
    if (!datum->n && !row->table->types[c].optional) {
        text_puts(t, defaults[spec->key]);
    } else {
        ovsdb_put_value(t, spec, datum);
    }
}

/* The row must still be what the plan was made from: the columns that are
 * edited, or, if it goes, all but those that tell how it fares. */
static void
put_wait(struct text *t, const struct change *c)
{
    struct text where, columns, rows;
    text_init(&where, TEXT_CEILING_BYTES);
    text_init(&columns, TEXT_CEILING_BYTES);
    text_init(&rows, TEXT_CEILING_BYTES);
    const char *between = "";
    for (unsigned i = 0; i < c->row->table->spec->n_columns; i++) {
        const struct ovsdb_column_spec *spec =
            &c->row->table->spec->columns[i];
        const struct ovsdb_datum *datum = ovsdb_datum(c->row, i);
        if (!ovsdb_has_column(c->row->table, i)
            || (c->op != CHANGE_DELETE && !is_edited(c, spec->name))
            || (c->op == CHANGE_DELETE
                && ovs_is_status(c->table, spec->name))) {
            continue;
        }
        if (!is_whole(spec)) {
            text_printf(&where, ",[\"%s\",\"includes\",", spec->name);
            ovsdb_put_value(&where, spec, datum);
            text_puts(&where, "]");
            continue;
        }
        text_printf(&columns, "%s\"%s\"", between, spec->name);
        text_printf(&rows, "%s\"%s\":", between, spec->name);
        put_held(&rows, c->row, i);
        between = ",";
    }
    text_printf(t, ",{\"op\":\"wait\",\"timeout\":0,\"table\":\"%s\",",
                c->table);
    put_where(t, c, text_string(&where));
    text_printf(t, ",\"columns\":[%s],\"until\":\"==\",\"rows\":[{%s}]}",
                text_string(&columns), text_string(&rows));
    text_done(&where);
    text_done(&columns);
    text_done(&rows);
}

static void
put_insert(struct text *t, const struct change_list *list,
           const struct change *c)
{
    text_printf(t, ",{\"op\":\"insert\",\"table\":\"%s\",\"uuid-name\":\"",
                c->table);
    put_name(t, c);
    text_puts(t, "\",\"row\":{");
    for (const struct edit *e = c->edits; e; e = e->next) {
        text_printf(t, "%s\"%s\":", e == c->edits ? "" : ",", e->column);
        put_json(t, list, e->value);
    }
    text_puts(t, "}}");
}

/* Appends an update of the columns that are set, and a mutation of the
 * others. */
static void
put_update(struct text *t, const struct change_list *list,
           const struct change *c)
{
    struct text set, mutations;
    text_init(&set, TEXT_CEILING_BYTES);
    text_init(&mutations, TEXT_CEILING_BYTES);
    for (const struct edit *e = c->edits; e; e = e->next) {
        if (e->kind == EDIT_SET) {
            text_printf(&set, "%s\"%s\":", set.length ? "," : "", e->column);
            put_json(&set, list, e->value);
            continue;
        }
        /* To replace a pair of a map, it has to go first. */
        struct arena a;
        arena_init(&a);
        const struct json_value *v = parse(&a, e->value);
        if (is_map(v) && e->kind == EDIT_ADD) {
            text_printf(&mutations, "%s[\"%s\",\"delete\",[\"set\",[",
                        mutations.length ? "," : "", e->column);
            for (const struct json_value *p = elements_of(v); p; p = p->next) {
                text_puts(&mutations, p == elements_of(v) ? "" : ",");
                tree_put(&mutations, p->first);
            }
            text_puts(&mutations, "]]]");
        }
        text_printf(&mutations, "%s[\"%s\",\"%s\",",
                    mutations.length ? "," : "", e->column,
                    e->kind == EDIT_ADD ? "insert" : "delete");
        put_named(&mutations, list, v);
        text_putc(&mutations, ']');
        arena_done(&a);
    }
    if (set.length) {
        text_printf(t, ",{\"op\":\"update\",\"table\":\"%s\",", c->table);
        put_where(t, c, "");
        text_printf(t, ",\"row\":{%s}}", text_string(&set));
    }
    if (mutations.length) {
        text_printf(t, ",{\"op\":\"mutate\",\"table\":\"%s\",", c->table);
        put_where(t, c, "");
        text_printf(t, ",\"mutations\":[%s]}", text_string(&mutations));
    }
    text_done(&set);
    text_done(&mutations);
}

static void
put_delete(struct text *t, const struct change *c)
{
    text_printf(t, ",{\"op\":\"delete\",\"table\":\"%s\",", c->table);
    put_where(t, c, "");
    text_putc(t, '}');
}

void
change_put_operations(const struct change_list *list,
                      const struct evidence_db *db, const char *chassis,
                      const char *comment, struct text *t)
{
    text_printf(t, "[\"%s\"", db->store.spec->name);
    for (const struct guard *g = list->guards; g; g = g->next) {
        if (!strcmp(g->db, db->db)
            && (!chassis || !g->chassis || !strcmp(g->chassis, chassis))) {
            text_printf(t, ",%s", g->operation);
        }
    }
    for (const struct change *c = list->first; c; c = c->next) {
        if (change_is_of(c, db->db, chassis) && c->row) {
            put_wait(t, c);
        }
    }
    for (const struct change *c = list->first; c; c = c->next) {
        if (!change_is_of(c, db->db, chassis)) {
            continue;
        } else if (c->op == CHANGE_INSERT) {
            put_insert(t, list, c);
        } else if (c->op == CHANGE_UPDATE) {
            put_update(t, list, c);
        } else {
            put_delete(t, c);
        }
    }
    text_puts(t, ",{\"op\":\"comment\",\"comment\":");
    json_put_string(t, comment);
    text_puts(t, "}]");
}

/* For a person: ovn-nbctl(8), ovs-vsctl(8), "Database Values". */

/* Appends a word for a shell. */
static void
put_word(struct text *t, const char *word)
{
    bool plain = *word != '\0';
    for (const char *s = word; *s; s++) {
        plain &= isalnum((unsigned char) *s) || strchr("_-.,:=@/%+", *s);
    }
    if (plain) {
        text_puts(t, word);
        return;
    }
    text_putc(t, '\'');
    for (const char *s = word; *s; s++) {
        if (*s == '\'') {
            text_puts(t, "'\\''");
        } else {
            text_putc(t, *s);
        }
    }
    text_putc(t, '\'');
}

/* Whether these tools take a string without quotes. */
static bool
is_bare(const char *s)
{
    bool bare = isalpha((unsigned char) *s) || *s == '_';
    for (; *s; s++) {
        bare &=
            isalnum((unsigned char) *s) || *s == '_' || *s == '-' || *s == '.';
    }
    return bare;
}

static void
put_atom(struct text *t, const struct change_list *list,
         const struct json_value *v)
{
    const char *uuid =
        !strcmp(tag_of(v), "uuid") ? v->first->next->string : NULL;
    const struct change *made = uuid ? find_made(list, uuid) : NULL;
    if (made) {
        text_putc(t, '@');
        put_name(t, made);
    } else if (uuid) {
        text_puts(t, uuid);
    } else if (v->kind == JSON_STRING && is_bare(v->string)
               && strcmp(v->string, "true") && strcmp(v->string, "false")) {
        text_puts(t, v->string);
    } else {
        tree_put(t, v);
    }
}

static void
put_pair(struct text *t, const struct change_list *list,
         const struct json_value *pair)
{
    put_atom(t, list, pair->first);
    text_putc(t, '=');
    put_atom(t, list, pair->first->next);
}

/* Appends a value; of a set or map its elements, between 'open' and 'close'.
 */
static void
put_ctl_value(struct text *t, const struct change_list *list,
              const struct json_value *v, bool brackets)
{
    bool map = is_map(v);
    bool collection = is_collection(v);
    text_puts(t, !collection || !brackets ? "" : map ? "{" : "[");
    for (const struct json_value *e = elements_of(v); e;
         e = next_element(v, e)) {
        text_puts(t, e == elements_of(v) ? "" : ",");
        if (map) {
            put_pair(t, list, e);
        } else {
            put_atom(t, list, e);
        }
    }
    text_puts(t, !collection || !brackets ? "" : map ? "}" : "]");
}

/* How the tools call the row. */
static void
put_record(struct text *t, const struct change *c)
{
    char uuid[UUID_LENGTH + 1];
    if (c->op == CHANGE_INSERT) {
        text_putc(t, '@');
        put_name(t, c);
        return;
    }
    uuid_format(&c->uuid, uuid);
    text_puts(t, uuid);
}

static void
put_ctl_edit(struct text *t, const struct change_list *list,
             const struct change *c, const struct edit *e)
{
    struct arena a;
    struct text word;
    arena_init(&a);
    text_init(&word, TEXT_CEILING_BYTES);
    const struct json_value *v = parse(&a, e->value);
    bool clear = c->op != CHANGE_INSERT && e->kind == EDIT_SET
                 && is_collection(v) && !elements_of(v);
    if (c->op != CHANGE_INSERT) {
        text_printf(t, "%s %s ",
                    clear                 ? "clear"
                    : e->kind == EDIT_SET ? "set"
                    : e->kind == EDIT_ADD ? "add"
                                          : "remove",
                    c->table);
        put_record(t, c);
    }
    text_putc(t, ' ');
    if (e->kind == EDIT_SET && !clear) {
        text_printf(&word, "%s=", e->column);
        put_ctl_value(&word, list, v, true);
        put_word(t, text_string(&word));
    } else {
        text_puts(t, e->column);
        put_ctl_value(&word, list, v, false);
        if (!clear) {
            text_putc(t, ' ');
            put_word(t, text_string(&word));
        }
    }
    text_done(&word);
    arena_done(&a);
}

static void
put_ctl_change(struct text *t, const struct change_list *list,
               const struct change *c)
{
    if (c->op == CHANGE_DELETE) {
        text_printf(t, "destroy %s ", c->table);
        put_record(t, c);
        return;
    }
    if (c->op == CHANGE_INSERT) {
        text_puts(t, "--id=@");
        put_name(t, c);
        text_printf(t, " create %s", c->table);
    }
    for (const struct edit *e = c->edits; e; e = e->next) {
        text_puts(t, e == c->edits || c->op == CHANGE_INSERT ? "" : " -- ");
        put_ctl_edit(t, list, c, e);
    }
}

void
change_put_command(const struct change_list *list, const char *db,
                   const char *chassis, struct text *t)
{
    text_puts(t, !strcmp(db, "nb")   ? "ovn-nbctl"
                 : !strcmp(db, "sb") ? "ovn-sbctl"
                                     : "ovs-vsctl");
    for (const struct change *c = list->first; c; c = c->next) {
        if (change_is_of(c, db, chassis)) {
            text_puts(t, " -- ");
            put_ctl_change(t, list, c);
        }
    }
}
