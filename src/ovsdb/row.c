#include "ovsdb/row.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ovsdb/diff.h"

#define CACHE_LINE 64
#define ROWS 32                       /* Taken from the arena at a time. */
#define MAX_ROWS ((uint32_t) 1 << 30) /* What 'index' has bits for. */

/* A table of more rows keeps its index. */
#define MAX_SCANNED 4096

/* Finding and keeping rows. */

/* Seeded, since a hostile file chooses its UUIDs. */
static uint32_t
hash(const struct uuid *uuid)
{
    return (uint32_t) hash_words(uuid->high, uuid->low);
}

/* The place of 'uuid', or the free one where it belongs. */
static struct slot *
find_slot(const struct ovsdb_table *table, const struct uuid *uuid,
          uint32_t hash)
{
    size_t i = hash;
    struct slot *slot;
    do {
        slot = slots_next(&table->slots, hash, &i);
    } while (slot->number
             && !uuid_equals(&table->rows[slot->number - 1]->uuid, uuid));
    return slot;
}

/* Of a small table without an index. */
static struct ovsdb_row *
scan(const struct ovsdb_table *table, const struct uuid *uuid)
{
    for (size_t i = 0; i < table->n_rows; i++) {
        if (uuid_equals(&table->rows[i]->uuid, uuid)) {
            return table->rows[i];
        }
    }
    return NULL;
}

struct ovsdb_row *
ovsdb_table_find(const struct ovsdb_table *table, const struct uuid *uuid)
{
    if (!table->slots.n) {
        return scan(table, uuid);
    }
    uint32_t number = find_slot(table, uuid, hash(uuid))->number;
    return number ? table->rows[number - 1] : NULL;
}

/* Memory for a row, taken from the arena many at a time. */
static struct ovsdb_row *
take_row(struct ovsdb_store *store)
{
    static_assert(sizeof(struct ovsdb_row) == CACHE_LINE, "see store.h");
    if (!store->n_free_rows) {
        char *p = arena_alloc(&store->arena, (ROWS + 1) * CACHE_LINE);
        p += -(uintptr_t) p & (CACHE_LINE - 1);
        store->free_rows = (struct ovsdb_row *) (void *) p;
        store->n_free_rows = ROWS;
    }
    store->n_free_rows--;
    return store->free_rows++;
}

static struct ovsdb_row *
new_row(struct ovsdb_table *table, const struct uuid *uuid)
{
    assert(table->n_rows < MAX_ROWS);
    struct ovsdb_row *row = take_row(table->store);
    *row = (struct ovsdb_row){
        .uuid = *uuid,
        .table = table,
        .index = (uint32_t) table->n_rows & (MAX_ROWS - 1),
    };
    table->rows = xgrow(table->rows, table->n_rows, &table->capacity,
                        sizeof *table->rows);
    table->rows[table->n_rows++] = row;
    return row;
}

void
ovsdb_store_drop_indexes(struct ovsdb_store *store)
{
    for (unsigned t = 0; t < store->spec->n_tables; t++) {
        if (store->tables[t].n_rows <= MAX_SCANNED) {
            slots_done(&store->tables[t].slots);
        }
    }
}

void
ovsdb_table_trim(struct ovsdb_table *table)
{
    if (table->n_rows < table->capacity) {
        table->rows =
            xrealloc(table->rows, table->n_rows * sizeof *table->rows);
        table->capacity = table->n_rows;
    }
}

/* Puts back what was dropped. */
static void
index_rows(struct ovsdb_table *table)
{
    slots_reserve(&table->slots, table->n_rows + 1);
    for (size_t i = 0; i < table->n_rows; i++) {
        const struct uuid *uuid = &table->rows[i]->uuid;
        uint32_t h = hash(uuid);
        *find_slot(table, uuid, h) = (struct slot){ h, (uint32_t) i + 1 };
    }
}

struct ovsdb_row *
ovsdb_place_row(struct ovsdb_table *table, const struct uuid *uuid)
{
    uint32_t h = hash(uuid);
    if (PROVNET_UNLIKELY(!table->slots.n)) {
        index_rows(table);
    }
    slots_reserve(&table->slots, table->n_rows + 1);
    struct slot *slot = find_slot(table, uuid, h);
    if (slot->number) {
        return table->rows[slot->number - 1];
    }
    struct ovsdb_row *row = new_row(table, uuid);
    *slot = (struct slot){ h, (uint32_t) table->n_rows };
    return row;
}

void
ovsdb_prefetch_row(const struct ovsdb_table *table, const struct uuid *uuid)
{
    /* By its hash alone, so as not to wait for a row. */
    uint32_t number = slots_guess(&table->slots, hash(uuid));
    if (number) {
        __builtin_prefetch(table->rows[number - 1], 1);
    }
}

void
ovsdb_prefetch_slot(const struct ovsdb_table *table, const struct uuid *uuid)
{
    slots_prefetch(&table->slots, hash(uuid));
}

/* Where column 'c' stands in the row's 'columns', or would stand. */
static unsigned
position(const struct ovsdb_row *row, unsigned c)
{
    /* Counts ones; the builtin is a function of libgcc's on x86-64. */
    uint32_t n = row->held & ((1u << c) - 1);
    n -= n >> 1 & 0x55555555;
    n = (n & 0x33333333) + (n >> 2 & 0x33333333);
    n = (n + (n >> 4)) & 0x0f0f0f0f;
    return n * 0x01010101 >> 24;
}

static bool
holds(const struct ovsdb_row *row, unsigned c)
{
    return row->held >> c & 1;
}

void
ovsdb_hold_columns(struct ovsdb_row *row, const struct ovsdb_datum *values,
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

struct ovsdb_datum *
ovsdb_own_column(struct ovsdb_row *row, unsigned c)
{
    if (!holds(row, c)) {
        struct ovsdb_datum values[MAX_COLUMNS];
        values[c] = (struct ovsdb_datum){ .changed_in = row->created_in };
        ovsdb_hold_columns(row, values, 1u << c);
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
