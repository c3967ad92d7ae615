#include "ovsdb/store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ovsdb/diff.h"
#include "ovsdb/row.h"

/* A value of more elements is not remembered: a log of many small changes of
 * a large value would fill the memory. */
#define MAX_REMEMBERED 32

/* How many rows ahead the memory is asked for one. */
#define PREFETCHED 8

/* Tables. */

void
ovsdb_store_init(struct ovsdb_store *store, const struct ovsdb_spec *spec)
{
    ovsdb_store_init_borrowing(store, spec, NULL);
}

void
ovsdb_store_init_borrowing(struct ovsdb_store *store,
                           const struct ovsdb_spec *spec, struct arena *lender)
{
    memset(store, 0, sizeof *store);
    store->spec = spec;
    arena_init(&store->arena);
    arena_borrow(&store->arena, lender);
    arena_init(&store->delta_arena);
    strmap_init(&store->names);
    strmap_init(&store->strings);
    store->tables =
        arena_zalloc(&store->arena, spec->n_tables * sizeof *store->tables);
    for (unsigned t = 0; t < spec->n_tables; t++) {
        struct ovsdb_table *table = &store->tables[t];
        table->spec = &spec->tables[t];
        table->store = store;
        void **number = strmap_place(&store->names, table->spec->name);
        if (!*number) {
            *number = (void *) (uintptr_t) (t + 1);
        }
        table->types = arena_zalloc(&store->arena, table->spec->n_columns
                                                       * sizeof *table->types);
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
        slots_done(&table->slots);
        free(table->guesses);
        strmap_done(&table->columns);
    }
    strmap_done(&store->names);
    strmap_done(&store->strings);
    if (store->spec) {
        ovsdb_forget_seen(store);
    }
    free(store->changes);
    free(store->inserted);
    free(store->atoms);
    free(store->records);
    free(store->parts);
    free(store->deltas);
    arena_done(&store->delta_arena);
    arena_done(&store->arena);
    memset(store, 0, sizeof *store);
}

/* Where the records of the file being read begin. */
static size_t
first_record(const struct ovsdb_store *store)
{
    return store->n_parts ? store->parts[store->n_parts - 1].first : 0;
}

static void
forget_guesses(struct ovsdb_store *store)
{
    for (unsigned t = 0; t < store->spec->n_tables; t++) {
        free(store->tables[t].guesses);
        store->tables[t].guesses = NULL;
    }
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
    }
    forget_guesses(store);
    if (!error && store->n_records == first_record(store)) {
        store->n_deltas = 0;
        ovsdb_store_number(store, 1);
    }
    return error;
}

/* A schema being read, and where. */
struct schema_place {
    const struct ovsdb_store *store;
    const struct ovsdb_table *table;
};

/* Whether a member of a schema is wanted: {"tables": {TABLE: {"columns":
 * {COLUMN: ...}}}} (RFC 7047, section 3.2). */
static bool
is_wanted(void *place_, unsigned depth, const struct json_slice *name)
{
    struct schema_place *place = place_;
    uintptr_t t;
    switch (depth) {
    case 2:
        t = (uintptr_t) strmap_get_n(&place->store->names, name->s,
                                     name->length);
        place->table = t ? &place->store->tables[t - 1] : NULL;
        return place->table != NULL;
    case 4:
        return strmap_get_n(&place->table->columns, name->s, name->length)
               != NULL;
    default:
        return true;
    }
}

bool
ovsdb_store_read_schema(struct ovsdb_store *store, struct json_reader *reader,
                        struct error **ret_error)
{
    struct schema_place place = { store, NULL };
    struct arena arena;
    arena_init(&arena);
    const struct json_value *schema = json_read_kept(
        reader, &arena, OVSDB_MAX_SCHEMA_NODES, is_wanted, &place);
    bool is_read = schema != NULL;
    *ret_error = schema ? ovsdb_store_set_schema(store, schema) : NULL;
    arena_done(&arena);
    return is_read;
}

static void
empty_table(struct ovsdb_table *table)
{
    for (size_t i = 0; i < table->n_rows; i++) {
        struct ovsdb_row *row = table->rows[i];
        if (row->exists) {
            row->exists = false;
            row->deleted_in = (uint32_t) table->store->n_records;
        }
    }
    table->n_existing = 0;
}

/* Takes the values of columns from 'row' that the schema does not have. */
static void
drop_columns(struct ovsdb_row *row)
{
    struct ovsdb_table *table = row->table;
    for (uint32_t left = row->held; left; left &= left - 1) {
        unsigned c = (unsigned) __builtin_ctz(left);
        if (!table->types[c].present) {
            struct ovsdb_datum *datum = ovsdb_own_column(row, c);
            ovsdb_datum_recycle(&table->store->arena, &table->spec->columns[c],
                                datum);
            *datum =
                (struct ovsdb_datum){ .changed_in =
                                          (uint32_t) table->store->n_records };
        }
    }
}

void
ovsdb_store_convert(struct ovsdb_store *store)
{
    store->will_be_rewritten = true;
    for (unsigned t = 0; t < store->spec->n_tables; t++) {
        struct ovsdb_table *table = &store->tables[t];
        if (!table->present) {
            empty_table(table);
        }
        for (size_t i = 0; i < table->n_rows; i++) {
            if (table->rows[i]->exists) {
                drop_columns(table->rows[i]);
            }
        }
    }
}

/* Records. */

static void
add_record(struct ovsdb_store *store, const struct ovsdb_record *record)
{
    store->records = xgrow(store->records, store->n_records,
                           &store->records_capacity, sizeof *store->records);
    store->records[store->n_records++] = *record;
}

void
ovsdb_store_number(struct ovsdb_store *store, uint64_t number)
{
    static const struct ovsdb_record blank = { .comment = "" };
    number += first_record(store);
    if (store->n_records > number) {
        store->n_records = (size_t) number;
    }
    while (store->n_records < number) {
        add_record(store, &blank);
    }
}

void
ovsdb_store_begin_file(struct ovsdb_store *store, const char *name)
{
    store->parts = xgrow(store->parts, store->n_parts, &store->parts_capacity,
                         sizeof *store->parts);
    store->parts[store->n_parts++] =
        (struct ovsdb_part){ arena_strdup(&store->arena, name),
                             store->n_records };
    if (store->n_records) {
        ovsdb_store_expect_whole(store);
    }
}

uint32_t
ovsdb_record_number(const struct ovsdb_store *store, size_t i,
                    const char **ret_file)
{
    size_t part = store->n_parts;
    while (part && store->parts[part - 1].first > i) {
        part--;
    }
    *ret_file =
        store->n_parts > 1 && part ? store->parts[part - 1].name : NULL;
    return (uint32_t) (part ? i - store->parts[part - 1].first : i);
}

int64_t
ovsdb_store_date(const struct ovsdb_store *store)
{
    size_t i = store->n_records;
    while (i && !store->records[i - 1].date_ms) {
        i--;
    }
    return i ? store->records[i - 1].date_ms : 0;
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

/* Notes for who follows the log what a change does. */
static struct ovsdb_delta *
add_delta(struct ovsdb_store *store, struct ovsdb_row *row,
          enum ovsdb_delta_kind kind)
{
    store->deltas = xgrow(store->deltas, store->n_deltas,
                          &store->deltas_capacity, sizeof *store->deltas);
    struct ovsdb_delta *delta = &store->deltas[store->n_deltas++];
    *delta = (struct ovsdb_delta){ .row = row, .kind = kind };
    return delta;
}

static void
add_column_delta(struct ovsdb_store *store, struct ovsdb_row *row, unsigned c)
{
    const struct ovsdb_column_spec *spec = &row->table->spec->columns[c];
    const struct ovsdb_datum *old = ovsdb_datum(row, c);
    size_t n_atoms = old->n * (spec->value == OVSDB_VOID ? 1u : 2u);
    struct ovsdb_delta *delta = add_delta(store, row, OVSDB_CHANGED);
    delta->column = c;
    delta->before = ovsdb_datum_new(&store->delta_arena, spec,
                                    ovsdb_datum_atoms(spec, old), n_atoms);
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
    if (store->keeps_deltas && row->created_in != store->n_records) {
        add_column_delta(store, row, change->column);
    }
    struct ovsdb_datum *old = ovsdb_own_column(row, change->column);
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
    bool blank = ovsdb_is_blank(row);
    if (!blank) {
        row->held = 0;
    }
    struct ovsdb_datum *datum = row->columns;
    for (uint32_t left = row->held; left; left &= left - 1, datum++) {
        datum->changed_in = (uint32_t) store->n_records;
        take_ownership(row, &spec->columns[__builtin_ctz(left)], datum, 0);
    }
    if (store->keeps_deltas) {
        add_delta(store, row, OVSDB_CAME);
    }
    row->table->n_existing += !row->exists;
    row->exists = true;
    row->created_in = (uint32_t) store->n_records;
}

/* The last row first; the memory is asked for those that follow. */
static void
commit_inserted(struct ovsdb_store *store)
{
    for (size_t i = store->n_inserted; i--;) {
        if (i >= PREFETCHED) {
            __builtin_prefetch(store->inserted[i - PREFETCHED], 1);
        }
        store->inserted[i]->is_inserted = false;
        commit_insert(store, store->inserted[i]);
    }
    store->n_inserted = 0;
}

void
ovsdb_store_commit(struct ovsdb_store *store, uint64_t offset)
{
    if (store->keeps_deltas) {
        store->n_deltas = 0;
        arena_clear(&store->delta_arena);
    }
    store->is_rewritten = store->will_be_rewritten || store->expects_whole;
    store->will_be_rewritten = false;
    store->record.is_whole = store->expects_whole;
    if (store->expects_whole) {
        ovsdb_make_whole(store);
        store->expects_whole = false;
    }
    commit_inserted(store);
    for (size_t i = 0; i < store->n_changes; i++) {
        struct ovsdb_change *change = &store->changes[i];
        struct ovsdb_row *row = change->row;
        switch (change->kind) {
        case CHANGE_INSERT:
            commit_insert(store, row);
            break;
        case CHANGE_DELETE:
            if (store->keeps_deltas && row->exists) {
                add_delta(store, row, OVSDB_WENT);
            }
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
    store->record.offset = offset;
    add_record(store, &store->record);
}

void
ovsdb_store_abort(struct ovsdb_store *store)
{
    while (store->n_inserted) {
        struct ovsdb_row *row = store->inserted[--store->n_inserted];
        row->is_inserted = false;
        row->held = 0;
    }
    store->n_changes = 0;
    store->expects_whole = false;
    ovsdb_forget_seen(store);
}

void
ovsdb_store_trim(struct ovsdb_store *store)
{
    assert(!store->n_inserted && !store->n_changes);
    forget_guesses(store);
    for (unsigned t = 0; t < store->spec->n_tables; t++) {
        ovsdb_table_trim(&store->tables[t]);
    }
    free(store->inserted);
    free(store->changes);
    free(store->atoms);
    store->inserted = NULL;
    store->changes = NULL;
    store->atoms = NULL;
    store->inserted_capacity = 0;
    store->changes_capacity = 0;
    store->atoms_capacity = 0;
}
