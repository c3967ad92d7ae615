/* From JSON to the changes of a transaction. */
#include "ovsdb/row.h"

#include <assert.h>
#include <string.h>

/* The end of the year 9999: a later date is a damaged one. */
#define MAX_DATE_MS 253402300800000

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
    bool blank = ovsdb_is_blank(row);
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
        if (!ovsdb_read_value(table->store, r, spec, &datum)) {
            return false;
        }
        if (blank) {
            fresh[c - 1] = datum;
            held |= 1u << (c - 1);
            continue;
        }
        struct ovsdb_change *change =
            ovsdb_add_change(table->store, row, CHANGE_COLUMN);
        change->column = c - 1;
        change->datum = datum;
        change->is_diff = is_diff;
        table->store->repeats |= row->seen >> (c - 1) & 1;
        row->seen |= 1u << (c - 1);
    }
    if (held) {
        ovsdb_hold_columns(row, fresh, held);
    }
    return !json_failed(r);
}

/* A <row-txn> of the log: the row's columns, or null. */
static bool
read_log_row(struct ovsdb_table *table, struct json_reader *r,
             struct ovsdb_row *row)
{
    if (json_peek(r) == 'n') {
        ovsdb_add_change(table->store, row, CHANGE_DELETE);
        return json_null(r);
    }
    row->is_seen = true;
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
        struct ovsdb_row *row = ovsdb_place_row(table, &uuid);
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

void
ovsdb_store_read_nothing(struct ovsdb_store *store)
{
    assert(!store->n_changes && !store->inserted);
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
