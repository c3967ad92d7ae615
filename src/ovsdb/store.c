#include "ovsdb/store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ovsdb/diff.h"

enum change_kind { CHANGE_INSERT, CHANGE_DELETE, CHANGE_COLUMN };

/* The end of the year 9999: a later date is a damaged one. */
#define MAX_DATE_MS 253402300800000

/* A value of more elements is not remembered: a log of many small changes of
 * a large value would fill the memory. */
#define MAX_REMEMBERED 32

/* Bits in a row's 'held'. */
#define MAX_COLUMNS 32

/* Positions of columns whose names are remembered from row to row. */
#define MAX_GUESSES 40

struct column_guess {
    char name[30];
    uint8_t length;
    uint8_t column; /* Number + 1, or 0 if it is not wanted. */
};

struct ovsdb_change {
    struct ovsdb_row *row;
    enum change_kind kind;
    unsigned column;
    bool is_diff;
    struct ovsdb_datum datum;
};

/* Tables. */

void
ovsdb_store_init(struct ovsdb_store *store, const struct ovsdb_spec *spec)
{
    memset(store, 0, sizeof *store);
    store->spec = spec;
    arena_init(&store->arena);
    strmap_init(&store->strings);
    store->tables =
        arena_zalloc(&store->arena, spec->n_tables * sizeof *store->tables);
    for (unsigned t = 0; t < spec->n_tables; t++) {
        struct ovsdb_table *table = &store->tables[t];
        table->spec = &spec->tables[t];
        table->store = store;
        table->types = arena_zalloc(&store->arena, table->spec->n_columns
                                                       * sizeof *table->types);
        table->guesses =
            arena_zalloc(&store->arena, MAX_GUESSES * sizeof *table->guesses);
        assert(table->spec->n_columns <= MAX_COLUMNS);
        strmap_init(&table->columns);
        for (unsigned c = 0; c < table->spec->n_columns; c++) {
            *strmap_place(&table->columns, table->spec->columns[c].name) =
                (void *) (uintptr_t) (c + 1);
        }
    }
}

void
ovsdb_store_done(struct ovsdb_store *store)
{
    for (unsigned t = 0; store->spec && t < store->spec->n_tables; t++) {
        struct ovsdb_table *table = &store->tables[t];
        free(table->rows);
        free(table->slots);
        strmap_done(&table->columns);
    }
    strmap_done(&store->strings);
    free(store->changes);
    free(store->atoms);
    free(store->records);
    arena_done(&store->arena);
    memset(store, 0, sizeof *store);
}

struct error *
ovsdb_store_set_schema(struct ovsdb_store *store,
                       const struct json_value *schema)
{
    unsigned n = store->spec->n_tables;
    struct ovsdb_column_type **types =
        arena_alloc(&store->arena, n * sizeof *types);
    bool *present = arena_zalloc(&store->arena, n * sizeof *present);
    for (unsigned t = 0; t < n; t++) {
        types[t] = store->tables[t].types;
    }
    struct error *error =
        ovsdb_schema_read(schema, store->spec, types, present);
    for (unsigned t = 0; t < n; t++) {
        store->tables[t].present = present[t];
        memset(store->tables[t].guesses, 0,
               MAX_GUESSES * sizeof *store->tables[t].guesses);
    }
    store->record = (struct ovsdb_record){ .comment = "" };
    if (!error && !store->n_records) {
        ovsdb_store_commit(store, 0);
    }
    return error;
}

/* Rows. */

/* A place of the index by UUID.  The hash stands in it, so that only the row
 * that is asked for is touched: a row is a cache miss. */
struct ovsdb_slot {
    uint64_t hash;
    struct ovsdb_row *row; /* NULL if the place is free. */
};

/* Seeded, since a hostile file chooses its UUIDs. */
static uint64_t
hash_uuid(const struct uuid *uuid)
{
    return hash_words(uuid->high, uuid->low);
}

/* The place of 'uuid', or the free one where it belongs. */
static struct ovsdb_slot *
find_slot(const struct ovsdb_table *table, const struct uuid *uuid,
          uint64_t hash)
{
    size_t i = hash & (table->n_slots - 1);
    while (table->slots[i].row
           && (table->slots[i].hash != hash
               || !uuid_equals(&table->slots[i].row->uuid, uuid))) {
        i = (i + 1) & (table->n_slots - 1);
    }
    return &table->slots[i];
}

struct ovsdb_row *
ovsdb_table_find(const struct ovsdb_table *table, const struct uuid *uuid)
{
    return table->n_slots ? find_slot(table, uuid, hash_uuid(uuid))->row
                          : NULL;
}

static void
grow_slots(struct ovsdb_table *table)
{
    size_t n_old = table->n_slots;
    struct ovsdb_slot *old = table->slots;
    table->n_slots = n_old ? n_old * 4 : 16;
    table->slots = xzalloc_table(table->n_slots * sizeof *table->slots);
    for (size_t i = 0; i < n_old; i++) {
        size_t j = old[i].hash & (table->n_slots - 1);
        while (old[i].row && table->slots[j].row) {
            j = (j + 1) & (table->n_slots - 1);
        }
        if (old[i].row) {
            table->slots[j] = old[i];
        }
    }
    free(old);
}

/* The row with 'uuid', made up as not existing if it is new. */
static struct ovsdb_row *
table_row(struct ovsdb_table *table, const struct uuid *uuid)
{
    if ((table->n_rows + 1) * 2 > table->n_slots) {
        grow_slots(table);
    }
    uint64_t hash = hash_uuid(uuid);
    struct ovsdb_slot *slot = find_slot(table, uuid, hash);
    if (slot->row) {
        return slot->row;
    }
    struct ovsdb_row *row = arena_zalloc(&table->store->arena, sizeof *row);
    row->uuid = *uuid;
    row->table = table;
    row->index = (uint32_t) table->n_rows;
    table->rows = xgrow(table->rows, table->n_rows, &table->capacity,
                        sizeof *table->rows);
    table->rows[table->n_rows++] = row;
    *slot = (struct ovsdb_slot){ hash, row };
    return row;
}

/* Where column 'c' stands in the row's 'columns', or would stand. */
static unsigned
position(const struct ovsdb_row *row, unsigned c)
{
    return (unsigned) __builtin_popcount(row->held & ((1u << c) - 1));
}

static bool
holds(const struct ovsdb_row *row, unsigned c)
{
    return row->held >> c & 1;
}

/* Lets 'row' hold the columns of 'values' (by index into the spec) that have
 * a bit in 'which', besides those that it holds. */
static void
hold_columns(struct ovsdb_row *row, const struct ovsdb_datum *values,
             uint32_t which)
{
    uint32_t held = row->held | which;
    size_t n = (size_t) __builtin_popcount(held), i = 0;
    struct ovsdb_datum *columns =
        arena_alloc(&row->table->store->arena, n * sizeof *columns);
    for (uint32_t left = held; left; left &= left - 1) {
        unsigned c = (unsigned) __builtin_ctz(left);
        columns[i++] =
            which >> c & 1 ? values[c] : row->columns[position(row, c)];
    }
    row->columns = columns;
    row->held = held;
}

/* Column 'c' of 'row', to be written. */
static struct ovsdb_datum *
own_column(struct ovsdb_row *row, unsigned c)
{
    if (!holds(row, c)) {
        struct ovsdb_datum values[MAX_COLUMNS];
        values[c] = (struct ovsdb_datum){ .changed_in = row->created_in };
        hold_columns(row, values, 1u << c);
    }
    return &row->columns[position(row, c)];
}

struct ovsdb_row *
ovsdb_table_next(const struct ovsdb_table *table, const struct ovsdb_row *row)
{
    for (size_t i = row ? row->index + 1 : 0; i < table->n_rows; i++) {
        if (table->rows[i]->exists) {
            return table->rows[i];
        }
    }
    return NULL;
}

/* Reading values. */

static const char *
intern(struct ovsdb_store *store, const struct json_slice *slice)
{
    const char *s = strmap_get_n(&store->strings, slice->s, slice->length);
    if (!s) {
        s = arena_strndup(&store->arena, slice->s, slice->length);
        *strmap_place(&store->strings, s) = (void *) s;
    }
    return s;
}

static union ovsdb_atom *
add_atom(struct ovsdb_store *store, size_t n)
{
    store->atoms =
        xgrow(store->atoms, n, &store->atoms_capacity, sizeof *store->atoms);
    return &store->atoms[n];
}

/* The rest of ["uuid", "..."] after its opening bracket and first word. */
static bool
read_uuid_tail(struct json_reader *r, struct uuid *uuid)
{
    struct json_slice slice;
    if (!json_next_element(r) || !json_string(r, &slice)) {
        json_fail(r, "a <uuid> ends early");
        return false;
    }
    if (!uuid_parse(slice.s, slice.length, uuid)) {
        json_fail(r, "\"%.*s\" is no UUID",
                  slice.length > 40 ? 40 : (int) slice.length, slice.s);
        return false;
    }
    if (json_next_element(r)) {
        json_fail(r, "a <uuid> has more than two elements");
    }
    return !json_failed(r);
}

/* A <uuid>: ["uuid", "..."]. */
static bool
read_uuid(struct json_reader *r, struct uuid *uuid)
{
    struct json_slice slice;
    if (!json_begin(r, '[') || !json_next_element(r)
        || !json_string(r, &slice)) {
        return false;
    }
    if (!json_slice_equals(&slice, "uuid")) {
        json_fail(r, "a <uuid> was expected");
        return false;
    }
    return read_uuid_tail(r, uuid);
}

static bool
read_atom(struct ovsdb_store *store, struct json_reader *r,
          enum ovsdb_atomic type, int ref_table, union ovsdb_atom *atom)
{
    struct json_slice slice;
    struct uuid uuid;
    switch (type) {
    case OVSDB_INTEGER:
        return json_integer(r, &atom->integer);
    case OVSDB_REAL:
        return json_real(r, &atom->real);
    case OVSDB_BOOLEAN:
        return json_bool(r, &atom->boolean);
    case OVSDB_STRING:
        if (!json_string(r, &slice)) {
            return false;
        }
        atom->string = arena_strndup(&store->arena, slice.s, slice.length);
        return true;
    case OVSDB_UUID:
        if (!read_uuid(r, &uuid)) {
            return false;
        }
        atom->row = table_row(&store->tables[ref_table], &uuid);
        return true;
    case OVSDB_VOID:
        break;
    }
    assert(false);
    return false;
}

/* The interned form of a map's key, or NULL if the column does not keep it. */
static const char *
find_key(struct ovsdb_store *store, const struct ovsdb_column_spec *spec,
         const struct json_slice *key)
{
    if (!spec->keys) {
        return intern(store, key);
    }
    for (const char *const *k = spec->keys; *k; k++) {
        size_t length = strlen(*k) - 1;
        if (json_slice_equals(key, *k)) {
            return *k;
        }
        if ((*k)[length] == '*' && key->length >= length
            && !memcmp(key->s, *k, length)) {
            return intern(store, key);
        }
    }
    return NULL;
}

/* One pair of a map, [key, value], appended after '*n' unless the column does
 * not keep its key.  Keys of all maps that provnet reads are strings. */
static bool
read_pair(struct ovsdb_store *store, struct json_reader *r,
          const struct ovsdb_column_spec *spec, size_t *n)
{
    struct json_slice slice;
    if (!json_begin(r, '[') || !json_next_element(r)
        || !json_string(r, &slice)) {
        return false;
    }
    union ovsdb_atom key = { .string = find_key(store, spec, &slice) };
    union ovsdb_atom value;
    if (!json_next_element(r)) {
        json_fail(r, "a pair of a map has no second element");
        return false;
    }
    if (!key.string) {
        if (!json_skip(r)) {
            return false;
        }
    } else if (!read_atom(store, r, spec->value, spec->ref_table, &value)) {
        return false;
    } else {
        *add_atom(store, (*n)++) = key;
        *add_atom(store, (*n)++) = value;
    }
    if (json_next_element(r)) {
        json_fail(r, "a pair of a map has more than two elements");
    }
    return !json_failed(r);
}

/* One element of a set, or one pair of a map, appended after '*n'. */
static bool
read_element(struct ovsdb_store *store, struct json_reader *r,
             const struct ovsdb_column_spec *spec, size_t *n)
{
    union ovsdb_atom atom;
    if (spec->value != OVSDB_VOID) {
        return read_pair(store, r, spec, n);
    }
    if (!read_atom(store, r, spec->key, spec->ref_table, &atom)) {
        return false;
    }
    *add_atom(store, (*n)++) = atom;
    return true;
}

/* The rows of the first 'n' pending UUIDs become atoms after '*n_atoms'.  All
 * at once, so that the processor looks for many rows at the same time: most
 * lookups miss its caches. */
static void
resolve_pending(struct ovsdb_store *store, int ref_table, size_t n,
                size_t *n_atoms)
{
    struct ovsdb_table *table = &store->tables[ref_table];
    for (size_t i = 0; i < n; i++) {
        add_atom(store, (*n_atoms)++)->row =
            table_row(table, &store->pending[i]);
    }
}

/* The <uuid>s of a set, up to its inner end. */
static bool
read_references(struct ovsdb_store *store, struct json_reader *r,
                const struct ovsdb_column_spec *spec, size_t *n_atoms)
{
    size_t n = 0;
    while (json_next_element(r)) {
        if (!read_uuid(r, &store->pending[n])) {
            return false;
        }
        if (++n == N_ELEMENTS(store->pending)) {
            resolve_pending(store, spec->ref_table, n, n_atoms);
            n = 0;
        }
    }
    resolve_pending(store, spec->ref_table, n, n_atoms);
    return true;
}

/* The elements of ["set", [...]] or ["map", [...]], up to its end. */
static bool
read_elements(struct ovsdb_store *store, struct json_reader *r,
              const struct ovsdb_column_spec *spec, size_t *n)
{
    if (!json_next_element(r) || !json_begin(r, '[')) {
        json_fail(r, "a set or map without elements");
        return false;
    }
    if (spec->key == OVSDB_UUID) {
        if (!read_references(store, r, spec, n)) {
            return false;
        }
    } else {
        while (json_next_element(r)) {
            if (!read_element(store, r, spec, n)) {
                return false;
            }
        }
    }
    if (!json_failed(r) && json_next_element(r)) {
        json_fail(r, "a set or map has more than two elements");
    }
    return !json_failed(r);
}

/* A <value> that begins with '['. */
static bool
read_bracketed(struct ovsdb_store *store, struct json_reader *r,
               const struct ovsdb_column_spec *spec, size_t *n)
{
    struct json_slice tag;
    if (!json_begin(r, '[') || !json_next_element(r)
        || !json_string(r, &tag)) {
        json_fail(r, "a <value> was expected");
        return false;
    }
    bool map = spec->value != OVSDB_VOID;
    if (json_slice_equals(&tag, map ? "map" : "set")) {
        return read_elements(store, r, spec, n);
    }
    if (!map && spec->key == OVSDB_UUID && json_slice_equals(&tag, "uuid")) {
        struct uuid uuid;
        if (!read_uuid_tail(r, &uuid)) {
            return false;
        }
        add_atom(store, (*n)++)->row =
            table_row(&store->tables[spec->ref_table], &uuid);
        return true;
    }
    json_fail(r, "a <value> of another type than column %s has", spec->name);
    return false;
}

static bool
read_datum(struct ovsdb_store *store, struct json_reader *r,
           const struct ovsdb_column_spec *spec, struct ovsdb_datum *ret)
{
    size_t n = 0;
    bool ok = json_peek(r) == '[' ? read_bracketed(store, r, spec, &n)
                                  : read_element(store, r, spec, &n);
    if (!ok) {
        return false;
    }
    *ret = ovsdb_datum_new(&store->arena, spec, store->atoms, n);
    return true;
}

/* Reading transactions. */

static struct ovsdb_change *
add_change(struct ovsdb_store *store, struct ovsdb_row *row,
           enum change_kind kind)
{
    store->changes = xgrow(store->changes, store->n_changes,
                           &store->changes_capacity, sizeof *store->changes);
    struct ovsdb_change *change = &store->changes[store->n_changes++];
    memset(change, 0, sizeof *change);
    change->row = row;
    change->kind = kind;
    return change;
}

/* Whether nothing is lost if values are written into 'row' before its
 * transaction is known to be sound: it never existed. */
static bool
is_blank(const struct ovsdb_row *row)
{
    return !row->exists && !row->created_in;
}

/* Notes that the transaction inserts 'row'.  Rows that are new go into a list
 * of their own, since a snapshot is millions of them and nothing else. */
static void
insert_row(struct ovsdb_store *store, struct ovsdb_row *row)
{
    if (!is_blank(row)) {
        add_change(store, row, CHANGE_INSERT);
    } else if (!row->is_inserted) {
        row->is_inserted = true;
        row->next_inserted = store->inserted;
        store->inserted = row;
    }
}

/* The column called 'name', the 'i'th of its row: its number + 1, or 0 if it
 * is not wanted.  Servers write the columns of a table's rows in one order, so
 * what stood there in the last row is tried first. */
static unsigned
find_column(struct ovsdb_table *table, const struct json_slice *name,
            unsigned i)
{
    struct column_guess *guess = i < MAX_GUESSES ? &table->guesses[i] : NULL;
    if (guess && guess->length == name->length
        && !memcmp(guess->name, name->s, name->length)) {
        return guess->column;
    }
    uintptr_t c =
        (uintptr_t) strmap_get_n(&table->columns, name->s, name->length);
    unsigned column = c && table->types[c - 1].present ? (unsigned) c : 0;
    if (guess && name->length <= sizeof guess->name) {
        memcpy(guess->name, name->s, name->length);
        guess->length = (uint8_t) name->length;
        guess->column = (uint8_t) column;
    }
    return column;
}

/* A <row>: the columns that the spec wants become changes, or, in a row that
 * is new, values at once. */
static bool
read_columns(struct ovsdb_table *table, struct json_reader *r,
             struct ovsdb_row *row, bool is_diff)
{
    struct json_slice name;
    struct ovsdb_datum fresh[MAX_COLUMNS];
    uint32_t held = 0;
    bool blank = is_blank(row);
    if (!json_begin(r, '{')) {
        return false;
    }
    for (unsigned i = 0; json_next_member(r, &name); i++) {
        unsigned c = find_column(table, &name, i);
        if (!c) {
            if (!json_skip(r)) {
                return false;
            }
            continue;
        }
        struct ovsdb_datum datum;
        const struct ovsdb_column_spec *spec = &table->spec->columns[c - 1];
        if (!read_datum(table->store, r, spec, &datum)) {
            return false;
        }
        if (blank) {
            fresh[c - 1] = datum;
            held |= 1u << (c - 1);
            continue;
        }
        struct ovsdb_change *change =
            add_change(table->store, row, CHANGE_COLUMN);
        change->column = c - 1;
        change->datum = datum;
        change->is_diff = is_diff;
    }
    if (held) {
        hold_columns(row, fresh, held);
    }
    return !json_failed(r);
}

/* A <row-txn> of the log: the row's columns, or null. */
static bool
read_log_row(struct ovsdb_table *table, struct json_reader *r,
             struct ovsdb_row *row)
{
    if (json_peek(r) == 'n') {
        add_change(table->store, row, CHANGE_DELETE);
        return json_null(r);
    }
    if (!row->exists) {
        insert_row(table->store, row);
    }
    return read_columns(table, r, row, false);
}

/* A <row-update> or <row-update2>: an object with one member (or, in the
 * first form, two) that says what happened. */
static bool
read_row_update(struct ovsdb_table *table, struct json_reader *r,
                struct ovsdb_row *row)
{
    struct json_slice kind;
    bool deleted = true;
    if (!json_begin(r, '{')) {
        return false;
    }
    while (json_next_member(r, &kind)) {
        bool fresh = json_slice_equals(&kind, "initial")
                     || json_slice_equals(&kind, "insert");
        bool modify = json_slice_equals(&kind, "modify");
        if (fresh || modify || json_slice_equals(&kind, "new")) {
            deleted = false;
            if (fresh || !row->exists) {
                insert_row(table->store, row);
            }
            if (!read_columns(table, r, row, modify)) {
                return false;
            }
        } else if (!json_skip(r)) { /* "delete": null, or "old": {...} */
            return false;
        }
    }
    if (deleted) {
        add_change(table->store, row, CHANGE_DELETE);
    }
    return !json_failed(r);
}

static bool
read_table(struct ovsdb_table *table, struct json_reader *r,
           enum ovsdb_form form)
{
    struct json_slice name;
    if (!json_begin(r, '{')) {
        return false;
    }
    while (json_next_member(r, &name)) {
        struct uuid uuid;
        if (!uuid_parse(name.s, name.length, &uuid)) {
            json_fail(r,
                      "a row of table %s is named \"%.*s\", which is no "
                      "UUID",
                      table->spec->name,
                      name.length > 40 ? 40 : (int) name.length, name.s);
            return false;
        }
        struct ovsdb_row *row = table_row(table, &uuid);
        if (form == OVSDB_FORM_LOG ? !read_log_row(table, r, row)
                                   : !read_row_update(table, r, row)) {
            return false;
        }
    }
    return !json_failed(r);
}

/* A member of a log's transaction whose name begins with '_'. */
static bool
read_special(struct ovsdb_store *store, struct json_reader *r,
             const struct json_slice *name)
{
    if (json_slice_equals(name, "_date")) {
        int64_t date;
        if (!json_integer(r, &date)) {
            return false;
        }
        /* Early versions counted seconds: ovsdb(5). */
        date = date >= 0 && date < (int64_t) 1 << 32 ? date * 1000 : date;
        store->record.date_ms = date >= 0 && date < MAX_DATE_MS ? date : 0;
        return true;
    } else if (json_slice_equals(name, "_comment")) {
        struct json_slice comment;
        if (!json_string(r, &comment)) {
            return false;
        }
        store->record.comment =
            arena_strndup(&store->arena, comment.s, comment.length);
        return true;
    } else if (json_slice_equals(name, "_is_diff")) {
        return json_bool(r, &store->is_diff);
    }
    return json_skip(r);
}

static struct ovsdb_table *
find_table(struct ovsdb_store *store, const struct json_slice *name)
{
    for (unsigned t = 0; t < store->spec->n_tables; t++) {
        if (json_slice_equals(name, store->spec->tables[t].name)) {
            return &store->tables[t];
        }
    }
    return NULL;
}

bool
ovsdb_store_read(struct ovsdb_store *store, struct json_reader *r,
                 enum ovsdb_form form)
{
    struct json_slice name;
    assert(!store->n_changes && !store->inserted);
    store->is_diff = false;
    store->record = (struct ovsdb_record){ .comment = "" };
    if (!json_begin(r, '{')) {
        return false;
    }
    while (json_next_member(r, &name)) {
        struct ovsdb_table *table = find_table(store, &name);
        bool ok;
        if (table) {
            ok = read_table(table, r, form);
        } else if (form == OVSDB_FORM_LOG && name.s[0] == '_') {
            ok = read_special(store, r, &name);
        } else {
            ok = json_skip(r);
        }
        if (!ok) {
            return false;
        }
    }
    return !json_failed(r);
}

/* Committing. */

/* The rows that 'datum' names from its element 'first' on belong to 'row'
 * now. */
static void
take_ownership(struct ovsdb_row *row, const struct ovsdb_column_spec *spec,
               const struct ovsdb_datum *datum, uint32_t first)
{
    if (spec->owns) {
        const union ovsdb_atom *atoms = ovsdb_datum_atoms(spec, datum);
        for (uint32_t i = first; i < datum->n; i++) {
            atoms[i].row->owner = row;
        }
    }
}

/* Keeps what 'row' holds in column 'c', which is about to change. */
static void
remember(struct ovsdb_store *store, struct ovsdb_row *row, unsigned c)
{
    const struct ovsdb_column_spec *spec = &row->table->spec->columns[c];
    const struct ovsdb_datum *old = ovsdb_datum(row, c);
    if (old->n > MAX_REMEMBERED) {
        return;
    }
    struct ovsdb_past *past = arena_alloc(&store->arena, sizeof *past);
    size_t n_atoms = old->n * (spec->value == OVSDB_VOID ? 1u : 2u);
    past->datum = ovsdb_datum_new(&store->arena, spec,
                                  ovsdb_datum_atoms(spec, old), n_atoms);
    past->datum.changed_in = ovsdb_changed_in(row, c);
    past->column = c;
    past->until = (uint32_t) store->n_records;
    past->older = row->past;
    row->past = past;
}

static void
commit_column(struct ovsdb_store *store, struct ovsdb_change *change)
{
    struct ovsdb_row *row = change->row;
    const struct ovsdb_column_spec *spec =
        &row->table->spec->columns[change->column];
    bool is_diff = (store->is_diff || change->is_diff)
                   && !row->table->types[change->column].single;
    if (spec->remembers && row->created_in != store->n_records) {
        remember(store, row, change->column);
    }
    struct ovsdb_datum *old = own_column(row, change->column);
    uint32_t n_kept = 0;
    if (is_diff) {
        /* Each element of the difference takes one away or adds one. */
        uint32_t n_old = old->n, n_diff = change->datum.n;
        ovsdb_datum_apply_diff(&store->arena, spec, old, &change->datum);
        n_kept = old->n - (old->n + n_diff - n_old) / 2;
    } else {
        ovsdb_datum_recycle(&store->arena, spec, old);
        *old = change->datum;
    }
    take_ownership(row, spec, old, n_kept);
    old->changed_in = (uint32_t) store->n_records;
}

static void
commit_insert(struct ovsdb_store *store, struct ovsdb_row *row)
{
    const struct ovsdb_table_spec *spec = row->table->spec;
    bool blank = is_blank(row);
    if (!blank) {
        row->held = 0;
    }
    struct ovsdb_datum *datum = row->columns;
    for (uint32_t left = row->held; left; left &= left - 1, datum++) {
        datum->changed_in = (uint32_t) store->n_records;
        take_ownership(row, &spec->columns[__builtin_ctz(left)], datum, 0);
    }
    row->table->n_existing += !row->exists;
    row->exists = true;
    row->created_in = (uint32_t) store->n_records;
}

void
ovsdb_store_commit(struct ovsdb_store *store, uint64_t offset)
{
    for (struct ovsdb_row *row; (row = store->inserted);) {
        store->inserted = row->next_inserted;
        row->is_inserted = false;
        commit_insert(store, row);
    }
    for (size_t i = 0; i < store->n_changes; i++) {
        struct ovsdb_change *change = &store->changes[i];
        struct ovsdb_row *row = change->row;
        switch (change->kind) {
        case CHANGE_INSERT:
            commit_insert(store, row);
            break;
        case CHANGE_DELETE:
            row->table->n_existing -= row->exists;
            row->exists = false;
            row->deleted_in = (uint32_t) store->n_records;
            break;
        case CHANGE_COLUMN:
            commit_column(store, change);
            break;
        }
    }
    store->n_changes = 0;
    store->records = xgrow(store->records, store->n_records,
                           &store->records_capacity, sizeof *store->records);
    store->record.offset = offset;
    store->records[store->n_records++] = store->record;
}

void
ovsdb_store_abort(struct ovsdb_store *store)
{
    for (struct ovsdb_row *row; (row = store->inserted);) {
        store->inserted = row->next_inserted;
        row->is_inserted = false;
        row->held = 0;
    }
    store->n_changes = 0;
}

/* Reading rows. */

bool
ovsdb_has_column(const struct ovsdb_table *table, unsigned c)
{
    assert(c < table->spec->n_columns);
    return table->types[c].present;
}

const struct ovsdb_datum *
ovsdb_datum(const struct ovsdb_row *row, unsigned c)
{
    static const struct ovsdb_datum empty;
    assert(c < row->table->spec->n_columns);
    return holds(row, c) ? &row->columns[position(row, c)] : &empty;
}

uint32_t
ovsdb_changed_in(const struct ovsdb_row *row, unsigned c)
{
    return holds(row, c) ? row->columns[position(row, c)].changed_in
                         : row->created_in;
}

static const struct ovsdb_datum *
datum_of(const struct ovsdb_row *row, unsigned c, enum ovsdb_atomic key)
{
    assert(row->table->spec->columns[c].key == key);
    return ovsdb_datum(row, c);
}

const char *
ovsdb_string(const struct ovsdb_row *row, unsigned c)
{
    const struct ovsdb_datum *d = datum_of(row, c, OVSDB_STRING);
    return d->n ? ovsdb_datum_atoms(&row->table->spec->columns[c], d)->string
                : "";
}

int64_t
ovsdb_integer(const struct ovsdb_row *row, unsigned c, int64_t absent)
{
    const struct ovsdb_datum *d = datum_of(row, c, OVSDB_INTEGER);
    return d->n ? ovsdb_datum_atoms(&row->table->spec->columns[c], d)->integer
                : absent;
}

bool
ovsdb_bool(const struct ovsdb_row *row, unsigned c, bool absent)
{
    const struct ovsdb_datum *d = datum_of(row, c, OVSDB_BOOLEAN);
    return d->n ? ovsdb_datum_atoms(&row->table->spec->columns[c], d)->boolean
                : absent;
}

struct ovsdb_row *
ovsdb_ref(const struct ovsdb_row *row, unsigned c)
{
    const struct ovsdb_datum *d = datum_of(row, c, OVSDB_UUID);
    if (!d->n) {
        return NULL;
    }
    struct ovsdb_row *ref =
        ovsdb_datum_atoms(&row->table->spec->columns[c], d)->row;
    return ref->exists ? ref : NULL;
}

const char *
ovsdb_datum_map_get(const struct ovsdb_datum *d, const char *key)
{
    for (uint32_t i = 0; i < d->n; i++) {
        if (!strcmp(d->many[2 * i].string, key)) {
            return d->many[2 * i + 1].string;
        }
    }
    return NULL;
}

const char *
ovsdb_map_get(const struct ovsdb_row *row, unsigned c, const char *key)
{
    assert(row->table->spec->columns[c].value == OVSDB_STRING);
    return ovsdb_datum_map_get(datum_of(row, c, OVSDB_STRING), key);
}

unsigned
ovsdb_count(const struct ovsdb_row *row, unsigned c)
{
    return ovsdb_datum(row, c)->n;
}

const union ovsdb_atom *
ovsdb_atoms(const struct ovsdb_row *row, unsigned c)
{
    return ovsdb_datum_atoms(&row->table->spec->columns[c],
                             ovsdb_datum(row, c));
}
