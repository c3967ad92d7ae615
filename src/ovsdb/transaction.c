/* From JSON to the changes of a transaction. */
#include "ovsdb/row.h"

#include <assert.h>
#include <string.h>

/* The end of the year 9999: a later date is a damaged one. */
#define MAX_DATE_MS 253402300800000

/* Reading so many columns takes about as long as the memory needs to answer
 * where a row is. */
#define N_BEFORE_ROW 3

struct ovsdb_change *
ovsdb_add_change(struct ovsdb_store *store, struct ovsdb_row *row,
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

/* Notes that the transaction inserts 'row'.  Rows that are new go into a list
 * of their own, since a snapshot is millions of them and nothing else. */
static void
insert_row(struct ovsdb_store *store, struct ovsdb_row *row)
{
    if (!ovsdb_is_blank(row)) {
        ovsdb_add_change(store, row, CHANGE_INSERT);
    } else if (!row->is_inserted) {
        row->is_inserted = true;
        store->inserted =
            xgrow(store->inserted, store->n_inserted,
                  &store->inserted_capacity, sizeof *store->inserted);
        store->inserted[store->n_inserted++] = row;
    }
}

static struct column_guess *
guess_at(struct ovsdb_table *table, unsigned i)
{
    if (PROVNET_UNLIKELY(!table->guesses)) {
        table->guesses = xcalloc(MAX_GUESSES, sizeof *table->guesses);
    }
    return i < MAX_GUESSES ? &table->guesses[i] : NULL;
}

/* The column called 'name', the 'i'th of its row: its number + 1, or 0 if it
 * is not wanted.  Servers write the columns of a table's rows in one order, so
 * what stood there in the last row is tried first. */
static unsigned
find_column(struct ovsdb_table *table, const struct json_slice *name,
            unsigned i)
{
    struct column_guess *guess = guess_at(table, i);
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

/* What a <row> holds of the columns that the spec wants. */
struct values {
    struct ovsdb_datum datums[MAX_COLUMNS]; /* By index into the spec. */
    uint8_t order[MAX_COLUMNS];             /* As they stood there. */
    unsigned n;
    uint32_t held; /* A bit for each. */
};

/* Reads the <row> with 'uuid'.  If it has a column twice, the last one counts
 * (as for ovsdb-tool 3.1: tried). */
static bool
read_columns(struct ovsdb_table *table, struct json_reader *r,
             const struct uuid *uuid, struct values *values)
{
    struct json_slice name;
    values->n = values->held = 0;
    ovsdb_prefetch_slot(table, uuid);
    if (!json_begin(r, '{')) {
        return false;
    }
    for (unsigned i = 0; json_next_member(r, &name); i++) {
        unsigned c = find_column(table, &name, i);
        if (i == N_BEFORE_ROW) {
            ovsdb_prefetch_row(table, uuid);
        }
        if (!c--) {
            if (!json_skip(r)) {
                return false;
            }
            continue;
        }
        if (!ovsdb_read_value(table->store, r, &table->spec->columns[c],
                              &values->datums[c])) {
            return false;
        }
        if (!(values->held >> c & 1)) {
            values->order[values->n++] = (uint8_t) c;
            values->held |= 1u << c;
        }
    }
    return !json_failed(r);
}

/* Those of the columns that are not empty. */
static uint32_t
filled(const struct values *values)
{
    uint32_t ret = values->held;
    for (unsigned i = 0; i < values->n; i++) {
        unsigned c = values->order[i];
        ret &= values->datums[c].n ? UINT32_MAX : ~(1u << c);
    }
    return ret;
}

/* Values become changes, or, in a row that is new, stand in it at once.  That
 * they are empty need not be held of it, unless they were not before: the row
 * stands twice in its transaction. */
static void
take_values(struct ovsdb_row *row, const struct values *values, bool is_diff)
{
    struct ovsdb_store *store = row->table->store;
    if (ovsdb_is_blank(row)) {
        uint32_t which = filled(values) | (row->held & values->held);
        if (which) {
            ovsdb_hold_columns(row, values->datums, which);
        }
        return;
    }
    for (unsigned i = 0; i < values->n; i++) {
        struct ovsdb_change *change =
            ovsdb_add_change(store, row, CHANGE_COLUMN);
        change->column = values->order[i];
        change->datum = values->datums[change->column];
        change->is_diff = is_diff;
    }
}

/* A <row-txn> of the log: the row's columns, or null.  The row is looked for
 * last, when the memory has answered. */
static bool
read_log_row(struct ovsdb_table *table, struct json_reader *r,
             const struct uuid *uuid)
{
    struct ovsdb_store *store = table->store;
    struct values values;
    if (json_peek(r) == 'n') {
        ovsdb_add_change(store, ovsdb_place_row(table, uuid), CHANGE_DELETE);
        return json_null(r);
    }
    if (!read_columns(table, r, uuid, &values)) {
        return false;
    }
    struct ovsdb_row *row = ovsdb_place_row(table, uuid);
    if (store->expects_whole) {
        ovsdb_note_seen(row, values.held);
    }
    if (!row->exists) {
        insert_row(store, row);
    }
    take_values(row, &values, false);
    return true;
}

/* A <row-update> or <row-update2>: an object with one member (or, in the
 * first form, two) that says what happened. */
static bool
read_row_update(struct ovsdb_table *table, struct json_reader *r,
                const struct uuid *uuid)
{
    struct ovsdb_row *row = ovsdb_place_row(table, uuid);
    struct json_slice kind;
    struct values values;
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
            if (!read_columns(table, r, uuid, &values)) {
                return false;
            }
            take_values(row, &values, modify);
        } else if (!json_skip(r)) { /* "delete": null, or "old": {...} */
            return false;
        }
    }
    if (deleted) {
        ovsdb_add_change(table->store, row, CHANGE_DELETE);
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
        if (form == OVSDB_FORM_LOG ? !read_log_row(table, r, &uuid)
                                   : !read_row_update(table, r, &uuid)) {
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
    uintptr_t t =
        (uintptr_t) strmap_get_n(&store->names, name->s, name->length);
    return t ? &store->tables[t - 1] : NULL;
}

void
ovsdb_store_read_nothing(struct ovsdb_store *store)
{
    assert(!store->n_changes && !store->n_inserted);
    store->is_diff = false;
    store->record = (struct ovsdb_record){ .comment = "" };
}

bool
ovsdb_store_read(struct ovsdb_store *store, struct json_reader *r,
                 enum ovsdb_form form)
{
    struct json_slice name;
    ovsdb_store_read_nothing(store);
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
