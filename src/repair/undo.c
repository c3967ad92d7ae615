#include "repair/undo.h"

#include <stdlib.h>
#include <string.h>

#include "ovsdb/diff.h"

/* How deep rows hold rows: Logical_Router, its port, its gateway chassis. */
#define MAX_DEPTH 4

struct undo {
    struct change_list *list;
    const struct evidence_db *db;
    const char *chassis;
    const struct whole *then, *now;
    const struct uuid *about;
    struct strmap made; /* UUID of a deleted row -> struct change. */
};

/* Columns that daemons write, of rows that they do not own. */
static const struct {
    const char *table, *column;
} statuses[] = {
    { "Logical_Switch_Port", "up" },  { "Interface", "ofport" },
    { "Interface", "error" },         { "Bridge", "datapath_id" },
    { "Bridge", "datapath_version" }, { "Open_vSwitch", "next_cfg" },
    { "NB_Global", "nb_cfg" },        { "NB_Global", "nb_cfg_timestamp" },
    { "NB_Global", "sb_cfg" },        { "NB_Global", "sb_cfg_timestamp" },
    { "NB_Global", "hv_cfg" },        { "NB_Global", "hv_cfg_timestamp" },
};

static bool
is_status(const char *table, const char *column)
{
    for (size_t i = 0; i < N_ELEMENTS(statuses); i++) {
        if (!strcmp(statuses[i].table, table)
            && !strcmp(statuses[i].column, column)) {
            return true;
        }
    }
    return false;
}

/* Finding rows. */

static const struct ovsdb_row *
find_in(const struct ovsdb_store *store, const struct ovsdb_row *row)
{
    const struct ovsdb_table *table =
        ovsdb_store_find(store, row->table->spec->name);
    return table ? ovsdb_table_find(table, &row->uuid) : NULL;
}

static bool
exists_now(const struct undo *u, const struct ovsdb_row *row)
{
    const struct ovsdb_row *now = find_in(&u->now->store, row);
    return now && now->exists;
}

/* The row in the evidence, which a change needs; NULL if it is not there, or
 * provnet does not read its table. */
static const struct ovsdb_row *
evident(const struct undo *u, const struct ovsdb_row *row)
{
    const struct ovsdb_row *found = find_in(&u->db->store, row);
    return found && found->exists ? found : NULL;
}

static bool
is_included(const struct undo *u, const struct ovsdb_row *row)
{
    for (int i = 0; u->about && row && i < MAX_DEPTH; i++) {
        if (uuid_equals(&row->uuid, u->about)) {
            return true;
        }
        row = row->owner;
    }
    return !u->about;
}

static const struct change *
made_for(const struct undo *u, const struct ovsdb_row *row)
{
    char uuid[UUID_LENGTH + 1];
    uuid_format(&row->uuid, uuid);
    return strmap_get(&u->made, uuid);
}

/* Elements of values, as JSON. */

struct elements {
    const char **texts; /* Of a map: "key", then its value. */
    size_t n;
};

static void
put_atom(const struct undo *u, struct text *t, enum ovsdb_atomic type,
         const union ovsdb_atom *atom)
{
    const struct ovsdb_column_spec spec = { .key = type };
    const struct ovsdb_datum one = { .n = 1, .one = *atom };
    const struct change *made =
        type == OVSDB_UUID ? made_for(u, atom->row) : NULL;
    if (made) {
        change_put_reference(t, made);
    } else {
        ovsdb_put_value(t, &spec, &one);
    }
}

static const char *
atom_text(const struct undo *u, enum ovsdb_atomic type,
          const union ovsdb_atom *atom)
{
    struct text t;
    text_init(&t, TEXT_CEILING_BYTES);
    put_atom(u, &t, type, atom);
    const char *copy = arena_strdup(&u->list->arena, text_string(&t));
    text_done(&t);
    return copy;
}

/* Whether an element can stand in a row: what it refers to is there, or will
 * be. */
static bool
is_valid(const struct undo *u, const struct ovsdb_column_spec *spec,
         const union ovsdb_atom *atom)
{
    return spec->key != OVSDB_UUID || made_for(u, atom->row)
           || exists_now(u, atom->row);
}

/* Sets and maps as maps from an element, or a key, to itself, or a value. */
static void
index_value(const struct undo *u, struct strmap *map,
            const struct ovsdb_column_spec *spec,
            const struct ovsdb_datum *datum)
{
    const union ovsdb_atom *atoms = ovsdb_datum_atoms(spec, datum);
    bool pairs = spec->value != OVSDB_VOID;
    strmap_init(map);
    for (uint32_t i = 0; i < datum->n; i++) {
        const union ovsdb_atom *atom = &atoms[pairs ? 2 * i : i];
        if (is_valid(u, spec, atom)) {
            const char *key = atom_text(u, spec->key, atom);
            *strmap_place(map, key) =
                (void *) (pairs ? atom_text(u, spec->value, atom + 1) : key);
        }
    }
}

static bool
is_same(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

/* Columns. */

static const char *
value_text(const struct undo *u, const struct ovsdb_column_spec *spec,
           const struct ovsdb_datum *datum)
{
    struct strmap map;
    struct text t;
    bool pairs = spec->value != OVSDB_VOID;
    text_init(&t, TEXT_CEILING_BYTES);
    index_value(u, &map, spec, datum);
    const char *between = "";
    text_printf(&t, "[\"%s\",[", pairs ? "map" : "set");
    STRMAP_FOR_EACH (entry, &map) {
        text_puts(&t, between);
        between = ",";
        if (pairs) {
            text_printf(&t, "[%s,%s]", entry->key, (char *) entry->value);
        } else {
            text_puts(&t, entry->key);
        }
    }
    text_puts(&t, "]]");
    if (!pairs && map.n == 1) {
        text_clear(&t);
        text_puts(&t, map.entries[0].key);
    }
    const char *copy = arena_strdup(&u->list->arena, text_string(&t));
    text_done(&t);
    strmap_done(&map);
    return copy;
}

/* What a collection was, is after the record, and is now. */
struct collection {
    struct strmap before, after, now;
    bool pairs;
};

static void
put_element(struct text *t, const struct strmap_entry *e, bool pair)
{
    text_puts(t, t->length ? "," : "");
    if (pair) {
        text_printf(t, "[%s,%s]", e->key, (char *) e->value);
    } else {
        text_puts(t, e->key);
    }
}

/* Elements to be given back, unless somebody else did something with them
 * since. */
static void
put_added(struct text *t, const struct collection *c)
{
    STRMAP_FOR_EACH (e, &c->before) {
        const char *after = strmap_get(&c->after, e->key);
        const char *now = strmap_get(&c->now, e->key);
        if (!is_same(after, e->value) && is_same(now, after)) {
            put_element(t, e, c->pairs);
        }
    }
}

/* Elements, of a map their keys, to be taken away. */
static void
put_removed(struct text *t, const struct collection *c)
{
    STRMAP_FOR_EACH (e, &c->after) {
        if (!strmap_get(&c->before, e->key)
            && is_same(strmap_get(&c->now, e->key), e->value)) {
            put_element(t, e, false);
        }
    }
}

/* What is left now, and what is given back. */
static void
put_both(struct text *t, const struct collection *c)
{
    struct text elements;
    text_init(&elements, TEXT_CEILING_BYTES);
    STRMAP_FOR_EACH (e, &c->now) {
        const char *after = strmap_get(&c->after, e->key);
        if (!is_same(after, e->value)
            || is_same(strmap_get(&c->before, e->key), e->value)) {
            put_element(&elements, e, c->pairs);
        }
    }
    put_added(&elements, c);
    text_printf(t, "[\"%s\",[%s]]", c->pairs ? "map" : "set",
                text_string(&elements));
    text_done(&elements);
}

static void
edit_collection(struct undo *u, struct change *change, const char *column,
                const struct collection *c)
{
    struct text added, removed, value;
    text_init(&added, TEXT_CEILING_BYTES);
    text_init(&removed, TEXT_CEILING_BYTES);
    text_init(&value, TEXT_CEILING_BYTES);
    put_added(&added, c);
    put_removed(&removed, c);
    enum edit_kind kind = added.length && removed.length ? EDIT_SET
                          : added.length                 ? EDIT_ADD
                                                         : EDIT_REMOVE;
    if (kind == EDIT_SET) {
        put_both(&value, c);
    } else {
        text_printf(&value, "[\"%s\",[%s]]",
                    c->pairs && kind == EDIT_ADD ? "map" : "set",
                    text_string(kind == EDIT_ADD ? &added : &removed));
    }
    if (added.length || removed.length) {
        change_edit(u->list, change, kind, column, text_string(&value));
    }
    text_done(&added);
    text_done(&removed);
    text_done(&value);
}

/* Leaves of the references only those to rows that the undo is about. */
static void
restrict_to_included(const struct undo *u,
                     const struct ovsdb_column_spec *spec,
                     const struct ovsdb_datum *datum, struct strmap *map)
{
    const union ovsdb_atom *atoms = ovsdb_datum_atoms(spec, datum);
    for (uint32_t i = 0; spec->key == OVSDB_UUID && i < datum->n; i++) {
        if (is_valid(u, spec, &atoms[i]) && !is_included(u, atoms[i].row)
            && !made_for(u, atoms[i].row)) {
            *strmap_place(map, atom_text(u, spec->key, &atoms[i])) = NULL;
        }
    }
}

static void
undo_collection(struct undo *u, struct change *change,
                const struct ovsdb_delta *d, const struct ovsdb_datum *now)
{
    const struct ovsdb_column_spec *spec =
        &d->row->table->spec->columns[d->column];
    const struct ovsdb_datum *after = ovsdb_datum(d->row, d->column);
    struct collection c = { .pairs = spec->value != OVSDB_VOID };
    index_value(u, &c.before, spec, &d->before);
    index_value(u, &c.after, spec, after);
    index_value(u, &c.now, spec, now);
    if (!is_included(u, d->row)) {
        restrict_to_included(u, spec, &d->before, &c.before);
        restrict_to_included(u, spec, after, &c.after);
    }
    edit_collection(u, change, spec->name, &c);
    strmap_done(&c.before);
    strmap_done(&c.after);
    strmap_done(&c.now);
}

/* A value that no record tells is the default of its type (RFC 7047, section
 * 5.2.1). */
static const char *
scalar_text(const struct undo *u, const struct ovsdb_table *table, unsigned c,
            const struct ovsdb_datum *datum)
{
    static const char *const defaults[] = { [OVSDB_INTEGER] = "0",
                                            [OVSDB_REAL] = "0",
                                            [OVSDB_BOOLEAN] = "false",
                                            [OVSDB_STRING] = "\"\"" };
    const struct ovsdb_column_spec *spec = &table->spec->columns[c];
    return !datum->n && !table->types[c].optional && spec->key != OVSDB_UUID
               ? defaults[spec->key]
               : value_text(u, spec, datum);
}

/* Whether a reference is to a row that the undo is about: that row cannot go,
 * or come back, without it. */
static bool
refers_to_included(const struct undo *u, const struct ovsdb_column_spec *spec,
                   const struct ovsdb_datum *datum)
{
    return spec->key == OVSDB_UUID && spec->value == OVSDB_VOID && datum->n
           && is_included(u, ovsdb_datum_atoms(spec, datum)->row);
}

static void
undo_scalar(struct undo *u, struct change *change, const struct ovsdb_delta *d,
            const struct ovsdb_datum *now)
{
    const struct ovsdb_table *table = d->row->table;
    unsigned c = d->column;
    const char *before = scalar_text(u, table, c, &d->before);
    const char *after = scalar_text(u, table, c, ovsdb_datum(d->row, c));
    bool concerns =
        is_included(u, d->row)
        || refers_to_included(u, &table->spec->columns[c], &d->before)
        || refers_to_included(u, &table->spec->columns[c],
                              ovsdb_datum(d->row, c));
    if (concerns && is_same(scalar_text(u, table, c, now), after)
        && !is_same(before, after)) {
        change_edit(u->list, change, EDIT_SET, table->spec->columns[c].name,
                    before);
    }
}

/* Rows. */

static void
insert_again(struct undo *u, const struct ovsdb_row *row)
{
    char *uuid = arena_alloc(&u->list->arena, UUID_LENGTH + 1);
    uuid_format(&row->uuid, uuid);
    *strmap_place(&u->made, uuid) =
        change_insert(u->list, u->db->db, u->chassis, row->table->spec->name,
                      change_row_name(row));
}

static void
fill_row(struct undo *u, struct change *change, const struct ovsdb_row *row)
{
    const struct ovsdb_table_spec *spec = row->table->spec;
    for (unsigned c = 0; c < spec->n_columns; c++) {
        if (ovsdb_count(row, c)
            && !is_status(spec->name, spec->columns[c].name)) {
            change_edit(u->list, change, EDIT_SET, spec->columns[c].name,
                        value_text(u, &spec->columns[c], ovsdb_datum(row, c)));
        }
    }
}

/* The update of a row that all of its columns go into. */
static struct change *
update_of(struct undo *u, const struct ovsdb_row *row)
{
    struct change *last = u->list->last;
    return last && last->op == CHANGE_UPDATE && last->row == row
               ? last
               : change_update(u->list, u->chassis, row);
}

static void
undo_column(struct undo *u, const struct ovsdb_delta *d)
{
    const struct ovsdb_row *row = evident(u, d->row);
    const struct ovsdb_row *now = find_in(&u->now->store, d->row);
    const struct ovsdb_table *table = d->row->table;
    const struct ovsdb_column_spec *spec = &table->spec->columns[d->column];
    if (!row || !now || !now->exists
        || is_status(table->spec->name, spec->name)) {
        return;
    }
    struct change *last = u->list->last;
    struct change *change = update_of(u, row);
    const struct ovsdb_datum *datum = ovsdb_datum(now, d->column);
    if (table->types[d->column].single && spec->value == OVSDB_VOID) {
        undo_scalar(u, change, d, datum);
    } else {
        undo_collection(u, change, d, datum);
    }
    if (!change->edits && change != last) { /* It came for nothing. */
        change_forget_last(u->list, last);
    }
}

/* The row that 'about' can only come back with: the one that held it, if that
 * went with it, and so on. */
static const struct uuid *
find_root(const struct whole *then, const struct uuid *about)
{
    const struct ovsdb_row *row = NULL;
    for (unsigned t = 0; about && t < then->store.spec->n_tables && !row;
         t++) {
        row = ovsdb_table_find(&then->store.tables[t], about);
    }
    for (int i = 0; row && !row->exists && row->owner && !row->owner->exists
                    && i < MAX_DEPTH;
         i++) {
        row = row->owner;
    }
    return row ? &row->uuid : about;
}

static bool
is_edited_away(const struct change_list *list, const struct ovsdb_row *row,
               const char *column)
{
    for (const struct change *c = list->first; c; c = c->next) {
        if (!uuid_equals(&c->uuid, &row->uuid)) {
            continue;
        }
        if (c->op == CHANGE_DELETE) {
            return true;
        }
        for (const struct edit *e = c->edits; e; e = e->next) {
            if (!strcmp(e->column, column)) {
                return true;
            }
        }
    }
    return false;
}

static bool
holds(const struct ovsdb_row *row, unsigned c, const struct uuid *uuid)
{
    const union ovsdb_atom *atoms = ovsdb_atoms(row, c);
    for (unsigned i = 0; i < ovsdb_count(row, c); i++) {
        if (uuid_equals(&atoms[i].row->uuid, uuid)) {
            return true;
        }
    }
    return false;
}

/* Whether rows of 'table' will still hold the row that is to be deleted: the
 * server would refuse that. */
static bool
is_held_by(const struct undo *u, const struct ovsdb_table *table,
           const struct change *gone)
{
    for (unsigned c = 0; c < table->spec->n_columns; c++) {
        const struct ovsdb_column_spec *spec = &table->spec->columns[c];
        const char *held = u->now->store.spec->tables[spec->ref_table].name;
        if (!spec->owns || strcmp(held, gone->table)) {
            continue;
        }
        OVSDB_TABLE_FOR_EACH (row, table) {
            if (holds(row, c, &gone->uuid)
                && !is_edited_away(u->list, row, spec->name)) {
                return true;
            }
        }
    }
    return false;
}

static bool
is_possible(const struct undo *u)
{
    const struct ovsdb_store *now = &u->now->store;
    for (const struct change *c = u->list->first; c; c = c->next) {
        for (unsigned t = 0; c->op == CHANGE_DELETE && t < now->spec->n_tables;
             t++) {
            if (is_held_by(u, &now->tables[t], c)) {
                return false;
            }
        }
    }
    return true;
}

size_t
undo_make(struct change_list *list, const struct evidence_db *db,
          const char *chassis, const struct whole *then,
          const struct whole *now, const struct uuid *about)
{
    struct undo u = { .list = list,
                      .db = db,
                      .chassis = chassis,
                      .then = then,
                      .now = now,
                      .about = find_root(then, about) };
    const struct ovsdb_store *store = &then->store;
    size_t n = list->n;
    strmap_init(&u.made);
    for (size_t i = 0; i < store->n_deltas; i++) {
        const struct ovsdb_delta *d = &store->deltas[i];
        if (d->kind == OVSDB_WENT && is_included(&u, d->row)
            && !exists_now(&u, d->row)) {
            insert_again(&u, d->row);
        }
    }
    for (size_t i = 0; i < store->n_deltas; i++) {
        const struct ovsdb_delta *d = &store->deltas[i];
        const struct change *made = made_for(&u, d->row);
        if (d->kind == OVSDB_WENT && made) {
            fill_row(&u, (struct change *) made, d->row);
        } else if (d->kind == OVSDB_CHANGED) {
            undo_column(&u, d);
        } else if (d->kind == OVSDB_CAME && is_included(&u, d->row)
                   && evident(&u, d->row)) {
            change_delete(list, chassis, evident(&u, d->row));
        }
    }
    strmap_done(&u.made);
    return is_possible(&u) ? list->n - n : 0;
}
