/* A transaction that holds a whole database, as what it makes different.
 *
 * A compaction, a conversion or the file of another member begins with all
 * rows.  Most of them are known already, with their past, and nothing happened
 * to them. */
#include <stdlib.h>

#include "ovsdb/diff.h"
#include "ovsdb/row.h"

void
ovsdb_forget_seen(struct ovsdb_store *store)
{
    for (unsigned t = 0; t < store->spec->n_tables; t++) {
        free(store->tables[t].seen);
        store->tables[t].seen = NULL;
        store->tables[t].n_seen = 0;
    }
}

void
ovsdb_store_expect_whole(struct ovsdb_store *store)
{
    store->expects_whole = true;
    store->repeats = false;
    ovsdb_forget_seen(store);
    for (unsigned t = 0; t < store->spec->n_tables; t++) {
        struct ovsdb_table *table = &store->tables[t];
        table->n_seen = table->n_rows;
        table->seen = xcalloc(table->n_seen, sizeof *table->seen);
    }
}

void
ovsdb_note_seen(struct ovsdb_row *row, uint32_t columns)
{
    struct ovsdb_table *table = row->table;
    if (row->index < table->n_seen) {
        struct ovsdb_seen *seen = &table->seen[row->index];
        seen->is_there = true;
        /* One that was only referred to takes its values at once, the last
         * ones: they are no changes. */
        columns = ovsdb_is_blank(row) ? 0 : columns;
        table->store->repeats |= (seen->columns & columns) != 0;
        seen->columns |= columns;
    }
}

/* Whether a value is what a column that must hold something holds by itself:
 * servers leave such columns out of a row (ovsdb/file.c of Open vSwitch,
 * ovsdb_file_txn_add_row()). */
static bool
is_default(const struct ovsdb_column_spec *spec,
           const struct ovsdb_column_type *type, const struct ovsdb_datum *d)
{
    if (!d->n || type->optional || spec->value != OVSDB_VOID || d->n > 1) {
        return !d->n;
    }
    switch (spec->key) {
    case OVSDB_INTEGER:
        return !d->one.integer;
    case OVSDB_REAL:
        return d->one.real == 0;
    case OVSDB_BOOLEAN:
        return !d->one.boolean;
    case OVSDB_STRING:
        return !*d->one.string;
    case OVSDB_UUID:
    case OVSDB_VOID:
        break;
    }
    return false;
}

static bool
changes_nothing(const struct ovsdb_change *change)
{
    const struct ovsdb_row *row = change->row;
    if (change->kind != CHANGE_COLUMN || !row->exists) {
        return false;
    }
    const struct ovsdb_column_spec *spec =
        &row->table->spec->columns[change->column];
    const struct ovsdb_column_type *type = &row->table->types[change->column];
    const struct ovsdb_datum *old = ovsdb_datum(row, change->column);
    return ovsdb_datum_equals(spec, old, &change->datum)
           || (is_default(spec, type, old)
               && is_default(spec, type, &change->datum));
}

static void
drop_equal(struct ovsdb_store *store)
{
    size_t n = 0;
    for (size_t i = 0; i < store->n_changes; i++) {
        if (!changes_nothing(&store->changes[i])) {
            store->changes[n++] = store->changes[i];
        }
    }
    store->n_changes = n;
}

/* Takes from 'row', which is there still, what it does not have there. */
static void
empty_columns(struct ovsdb_store *store, struct ovsdb_row *row)
{
    const struct ovsdb_table *table = row->table;
    uint32_t seen = table->seen[row->index].columns;
    for (uint32_t left = row->held & ~seen; left; left &= left - 1) {
        unsigned c = (unsigned) __builtin_ctz(left);
        if (!is_default(&table->spec->columns[c], &table->types[c],
                        ovsdb_datum(row, c))) {
            ovsdb_add_change(store, row, CHANGE_COLUMN)->column = c;
        }
    }
}

void
ovsdb_make_whole(struct ovsdb_store *store)
{
    if (!store->repeats) {
        drop_equal(store);
    }
    for (unsigned t = 0; t < store->spec->n_tables; t++) {
        const struct ovsdb_table *table = &store->tables[t];
        for (size_t i = 0; i < table->n_rows; i++) {
            struct ovsdb_row *row = table->rows[i];
            if (row->exists && !table->seen[i].is_there) {
                ovsdb_add_change(store, row, CHANGE_DELETE);
            } else if (row->exists) {
                empty_columns(store, row);
            }
        }
    }
    ovsdb_forget_seen(store);
    store->is_diff = false;
}
