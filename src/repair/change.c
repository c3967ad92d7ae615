#include "repair/change.h"

#include <stdlib.h>
#include <string.h>

#include "ovsdb/whole.h"

const char *const change_op_names[N_CHANGE_OPS] = {
    [CHANGE_INSERT] = "insert",
    [CHANGE_UPDATE] = "update",
    [CHANGE_DELETE] = "delete",
};

void
change_list_init(struct change_list *list)
{
    memset(list, 0, sizeof *list);
    arena_init(&list->arena);
}

void
change_list_done(struct change_list *list)
{
    arena_done(&list->arena);
}

/* Making. */

const char *
change_row_name(const struct ovsdb_row *row)
{
    static const char *const columns[] = { "name", "logical_port",
                                           "chassis_name", "external_ip",
                                           "ip_prefix" };
    for (size_t i = 0; i < N_ELEMENTS(columns); i++) {
        int c = ovsdb_table_column(row->table, columns[i]);
        if (c >= 0 && row->table->spec->columns[c].key == OVSDB_STRING
            && *ovsdb_string(row, (unsigned) c)) {
            return ovsdb_string(row, (unsigned) c);
        }
    }
    return "";
}

static struct change *
add_change(struct change_list *list, enum change_op op, const char *db,
           const char *chassis, const char *table, const char *name)
{
    struct arena *a = &list->arena;
    struct change *c = arena_zalloc(a, sizeof *c);
    c->op = op;
    c->db = db;
    c->chassis = chassis ? arena_strdup(a, chassis) : NULL;
    c->table = arena_strdup(a, table);
    c->name = arena_strdup(a, name);
    *(list->last ? &list->last->next : &list->first) = c;
    list->last = c;
    list->n++;
    return c;
}

struct change *
change_insert(struct change_list *list, const char *db, const char *chassis,
              const char *table, const char *name)
{
    struct change *c =
        add_change(list, CHANGE_INSERT, db, chassis, table, name);
    /* Version 4, variant 1 (RFC 4122); the rest spells "provne". */
    c->uuid.high = 0x70726f766e654000;
    c->uuid.low = 0x9000000000000000 + ++list->n_made;
    return c;
}

static struct change *
change_row(struct change_list *list, enum change_op op, const char *chassis,
           const struct ovsdb_row *row)
{
    struct change *c =
        add_change(list, op, row->table->store->spec->db, chassis,
                   row->table->spec->name, change_row_name(row));
    c->uuid = row->uuid;
    c->row = row;
    return c;
}

struct change *
change_update(struct change_list *list, const char *chassis,
              const struct ovsdb_row *row)
{
    return change_row(list, CHANGE_UPDATE, chassis, row);
}

struct change *
change_delete(struct change_list *list, const char *chassis,
              const struct ovsdb_row *row)
{
    return change_row(list, CHANGE_DELETE, chassis, row);
}

void
change_guard(struct change_list *list, const char *db, const char *chassis,
             const char *operation)
{
    struct guard *g = arena_zalloc(&list->arena, sizeof *g);
    g->db = db;
    g->chassis = chassis ? arena_strdup(&list->arena, chassis) : NULL;
    g->operation = arena_strdup(&list->arena, operation);
    g->next = list->guards;
    list->guards = g;
}

void
change_edit(struct change_list *list, struct change *c, enum edit_kind kind,
            const char *column, const char *value)
{
    struct edit *e = arena_zalloc(&list->arena, sizeof *e);
    e->kind = kind;
    e->column = arena_strdup(&list->arena, column);
    e->value = arena_strdup(&list->arena, value);
    *(c->last_edit ? &c->last_edit->next : &c->edits) = e;
    c->last_edit = e;
}

void
change_forget_last(struct change_list *list, struct change *last)
{
    list->last = last;
    *(last ? &last->next : &list->first) = NULL;
    list->n = 0;
    for (const struct change *c = list->first; c; c = c->next) {
        list->n++;
    }
}

void
change_put_reference(struct text *t, const struct change *c)
{
    char uuid[UUID_LENGTH + 1];
    uuid_format(&c->uuid, uuid);
    text_printf(t, "[\"uuid\",\"%s\"]", uuid);
}

bool
change_is_of(const struct change *c, const char *db, const char *chassis)
{
    return !strcmp(c->db, db)
           && (!chassis || !c->chassis || !strcmp(c->chassis, chassis));
}

/* From a log. */

static const char *
value_of(struct change_list *list, const struct ovsdb_column_spec *spec,
         const struct ovsdb_datum *datum)
{
    struct text t;
    text_init(&t, TEXT_CEILING_BYTES);
    ovsdb_put_value(&t, spec, datum);
    const char *value = arena_strdup(&list->arena, text_string(&t));
    text_done(&t);
    return value;
}

static void
take_column(struct change_list *list, struct change *c,
            const struct ovsdb_row *row, unsigned column,
            const struct ovsdb_datum *before)
{
    const struct ovsdb_column_spec *spec = &row->table->spec->columns[column];
    change_edit(list, c, EDIT_SET, spec->name,
                value_of(list, spec, ovsdb_datum(row, column)));
    c->last_edit->before = before ? value_of(list, spec, before) : NULL;
}

static void
take_row(struct change_list *list, struct change *c,
         const struct ovsdb_row *row)
{
    for (unsigned i = 0; i < row->table->spec->n_columns; i++) {
        if (ovsdb_count(row, i)) {
            take_column(list, c, row, i, NULL);
        }
    }
}

/* Deltas of one row stand one after the other: they become one change. */
static struct change *
change_of(struct change_list *list, const char *db, const char *chassis,
          const struct ovsdb_delta *d)
{
    static const enum change_op ops[] = { [OVSDB_CAME] = CHANGE_INSERT,
                                          [OVSDB_WENT] = CHANGE_DELETE,
                                          [OVSDB_CHANGED] = CHANGE_UPDATE };
    struct change *last = list->last;
    if (last && last->op == ops[d->kind]
        && uuid_equals(&last->uuid, &d->row->uuid)
        && !strcmp(last->table, d->row->table->spec->name)) {
        return last;
    }
    struct change *c =
        add_change(list, ops[d->kind], db, chassis, d->row->table->spec->name,
                   change_row_name(d->row));
    c->uuid = d->row->uuid;
    return c;
}

void
change_take_deltas(struct change_list *list, const char *db,
                   const char *chassis, const struct ovsdb_store *store)
{
    for (size_t i = 0; i < store->n_deltas; i++) {
        const struct ovsdb_delta *d = &store->deltas[i];
        struct change *c = change_of(list, db, chassis, d);
        if (d->kind == OVSDB_CHANGED) {
            take_column(list, c, d->row, d->column, &d->before);
        } else {
            take_row(list, c, d->row);
        }
    }
}
