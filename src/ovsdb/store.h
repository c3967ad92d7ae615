/* The rows of one database, typed, in one arena.
 *
 * A store is filled transaction by transaction: a reader (the log reader, or
 * a monitor session) gives it a JSON transaction, which is parsed into a list
 * of changes, and commits or aborts it as a whole once the transaction is
 * known to be sound.  So a record with a wrong checksum changes nothing.
 *
 * Rows are never freed before the store: a deleted row keeps the content that
 * it had ('exists' is false, 'deleted_in' says by which record), since what
 * was there is half of what provnet is asked.  References are pointers to
 * rows; the row of a UUID that was never seen has 'exists' false.
 *
 * Most columns of most rows are empty, and only what a row holds is kept for
 * it; ask for values with the functions below.
 *
 * Every column knows the record that changed it last ('changed_in'), columns
 * that the spec marks as such remember what they held before ('past'), and
 * the store keeps each record's time and comment: who did it and when.
 *
 * Not thread-safe.  Everything returned lives as long as the store; column
 * values until the next commit. */
#ifndef OVSDB_STORE_H
#define OVSDB_STORE_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/slots.h"
#include "base/strmap.h"
#include "ovsdb/json.h"
#include "ovsdb/schema.h"
#include "ovsdb/uuid.h"

struct ovsdb_row;

union ovsdb_atom {
    int64_t integer;
    double real;
    bool boolean;
    const char *string;
    struct ovsdb_row *row; /* Of a UUID. */
};

/* A column's value: 'n' atoms, or, in a map, 'n' pairs in 'many', each key
 * followed by its value.  A single atom stands in 'one'. */
struct ovsdb_datum {
    uint32_t n;
    uint32_t changed_in; /* Record number; 0 if none. */
    union {
        union ovsdb_atom one;
        union ovsdb_atom *many;
    };
};

/* What a column held until a record changed it. */
struct ovsdb_past {
    const struct ovsdb_past *older; /* Of any column of the same row. */
    struct ovsdb_datum datum;       /* Its 'changed_in' is when it came. */
    unsigned column;
    uint32_t until; /* Number of the record that changed it. */
};

/* A cache line of most processors, in which it stands alone. */
struct ovsdb_row {
    struct uuid uuid;
    struct ovsdb_table *table;
    struct ovsdb_row *owner; /* Last row to hold a strong reference to it. */
    uint32_t index : 30;     /* In table->rows. */
    bool exists : 1;
    bool is_inserted : 1; /* By the transaction being read. */
    uint32_t created_in;  /* Record that inserted it last, or 0. */
    uint32_t deleted_in;  /* Record that deleted it last, or 0. */
    uint32_t held; /* Bit C: column C of the spec stands in 'columns'. */
    const struct ovsdb_past *past; /* Newest first; NULL if nothing. */
    struct ovsdb_datum *columns;   /* Those with a bit in 'held', in order. */
};

struct ovsdb_table {
    const struct ovsdb_table_spec *spec;
    struct ovsdb_store *store;
    bool present; /* In the database's schema. */
    struct ovsdb_column_type *types;
    struct ovsdb_row **rows; /* In the order in which they were first seen. */
    size_t n_rows;
    size_t n_existing;

    /* Private. */
    size_t capacity;
    struct slots slots;    /* Of the rows, by the hashes of their UUIDs. */
    struct strmap columns; /* Name -> index + 1. */
    struct column_guess *guesses;
    struct ovsdb_seen *seen; /* By index, while what is whole is read... */
    size_t n_seen;           /* ...of the rows that were known before. */
};

/* A transaction record of a log. */
struct ovsdb_record {
    int64_t date_ms;     /* Wall clock; 0 if unknown. */
    uint64_t offset;     /* In the file. */
    const char *comment; /* "" if none. */
    bool is_whole;       /* It holds all that there was then, where other
                          * records were read before it. */
};

/* A short value met lately.  Private. */
struct ovsdb_short_string {
    const char *s;
    size_t length;
};

/* A map's key met lately: what a column keeps for it, or NULL.  Private. */
struct ovsdb_known_key {
    const struct ovsdb_column_spec *spec;
    const char *key;
    uint8_t length;
    char text[31];
};

/* A file of which a store holds the records. */
struct ovsdb_part {
    const char *name;
    size_t first; /* Its record 0. */
};

/* Whether a record of a log is a transaction.  The schema is none, unless a
 * snapshot stands beside it, nor is what a cluster's member notes about
 * itself. */
static inline bool
ovsdb_record_is_transaction(const struct ovsdb_record *record)
{
    return record->offset || record->date_ms;
}

/* One thing that a transaction did: a row came or went, or a column of a row
 * that stayed changed. */
enum ovsdb_delta_kind { OVSDB_CAME, OVSDB_WENT, OVSDB_CHANGED };

struct ovsdb_delta {
    struct ovsdb_row *row;
    enum ovsdb_delta_kind kind;
    unsigned column;           /* Of OVSDB_CHANGED, with... */
    struct ovsdb_datum before; /* ...what it held. */
};

struct ovsdb_change; /* Private. */

struct ovsdb_store {
    const struct ovsdb_spec *spec;
    struct ovsdb_table *tables; /* By index into the spec. */
    struct arena arena;
    struct ovsdb_record *records; /* [0] is the schema (in a
                                   * clustered file, with a snapshot). */
    size_t n_records;
    struct ovsdb_part *parts; /* Empty if nobody named any. */
    size_t n_parts;

    /* What the last commit did, if the reader set 'keeps_deltas' before. Lives
     * until the next one. */
    bool keeps_deltas;
    struct ovsdb_delta *deltas;
    size_t n_deltas;
    bool is_rewritten; /* It did more: it converted, or took what is whole. */

    /* Private. */
    bool will_be_rewritten;
    size_t deltas_capacity;
    size_t parts_capacity;
    bool expects_whole;
    bool repeats; /* What is whole has a column twice: a hostile one. */
    struct arena delta_arena;
    size_t records_capacity;
    struct strmap names;         /* Of tables: index + 1. */
    struct ovsdb_row *free_rows; /* In the arena, for rows that come. */
    size_t n_free_rows;
    struct strmap strings;                 /* Interned keys of maps. */
    struct ovsdb_short_string recent[128]; /* Met lately, by hash. */
    struct ovsdb_known_key known_keys[32]; /* Likewise. */
    struct ovsdb_row **inserted; /* New rows of the transaction being read. */
    size_t n_inserted;
    size_t inserted_capacity;
    struct ovsdb_change *changes;
    size_t n_changes;
    size_t changes_capacity;
    union ovsdb_atom *atoms; /* Of the value being read. */
    size_t atoms_capacity;
    struct uuid pending[64]; /* Of the set being read. */
    bool is_diff;
    struct ovsdb_record record; /* Of the transaction being read. */
};

void ovsdb_store_init(struct ovsdb_store *, const struct ovsdb_spec *);

/* Likewise; store->arena borrows of 'lender' (base/arena.h), until it is told
 * otherwise. */
void ovsdb_store_init_borrowing(struct ovsdb_store *,
                                const struct ovsdb_spec *,
                                struct arena *lender);
void ovsdb_store_done(struct ovsdb_store *);

/* Takes the database's own schema; must come before any transaction. */
struct error *ovsdb_store_set_schema(struct ovsdb_store *,
                                     const struct json_value *schema);

/* The same with a schema that is to be read.  False on an error that is in the
 * reader's input. */
bool ovsdb_store_read_schema(struct ovsdb_store *, struct json_reader *,
                             struct error **ret_error);

/* Reads one transaction in the form of the log file (ovsdb(5), "Standalone
 * Format"), or one <table-updates2> or <table-updates> of a monitor
 * (ovsdb-server(7), section 4.1.14; RFC 7047, section 4.1.6).  False on an
 * error, which is in the reader's input; then only ovsdb_store_abort() may
 * follow. */
enum ovsdb_form { OVSDB_FORM_LOG, OVSDB_FORM_UPDATES, OVSDB_FORM_UPDATES2 };
bool ovsdb_store_read(struct ovsdb_store *, struct json_reader *,
                      enum ovsdb_form);

/* A transaction that changes nothing, instead of ovsdb_store_read(). */
void ovsdb_store_read_nothing(struct ovsdb_store *);

/* Begins with the file 'name', the first one or a further one of the same
 * database.  Records that come are numbered from 0 again; the first
 * transaction of a further file is whole. */
void ovsdb_store_begin_file(struct ovsdb_store *, const char *name);

/* Makes the next record number 'number' of the file: those on the way to it
 * are blank, those from it on are forgotten. */
void ovsdb_store_number(struct ovsdb_store *, uint64_t number);

/* The number that record 'i' of the store has in its file.  '*ret_file' is the
 * file's name, or NULL if all records are of one. */
uint32_t ovsdb_record_number(const struct ovsdb_store *, size_t i,
                             const char **ret_file);

/* When the last transaction was made, as far as it tells; else 0. */
int64_t ovsdb_store_date(const struct ovsdb_store *);

/* Before a transaction is read that is whole: it holds all rows that there
 * are, with all their columns, and is taken for what it makes different.  So
 * what stayed the same keeps its past. */
void ovsdb_store_expect_whole(struct ovsdb_store *);

/* Deletes those rows and values that the schema has no place for, in the next
 * record. */
void ovsdb_store_convert(struct ovsdb_store *);

/* Makes what was read true, as a record of the log at 'offset'. */
void ovsdb_store_commit(struct ovsdb_store *, uint64_t offset);
void ovsdb_store_abort(struct ovsdb_store *);

/* Frees what only reading needs, between two transactions; it comes back with
 * the next. */
void ovsdb_store_trim(struct ovsdb_store *);

/* Gives back the indexes of rows of small tables, until a transaction comes:
 * for databases of which there are thousands, and hardly a row is ever asked
 * for by its UUID.  Then all rows are looked at. */
void ovsdb_store_drop_indexes(struct ovsdb_store *);

/* Loops over the existing rows of TABLE. */
#define OVSDB_TABLE_FOR_EACH(ROW, TABLE)                             \
    for (struct ovsdb_row *ROW = ovsdb_table_next(TABLE, NULL); ROW; \
         ROW = ovsdb_table_next(TABLE, ROW))
struct ovsdb_row *ovsdb_table_next(const struct ovsdb_table *,
                                   const struct ovsdb_row *);

/* The row with 'uuid', existing or not; NULL if never heard of. */
struct ovsdb_row *ovsdb_table_find(const struct ovsdb_table *,
                                   const struct uuid *uuid);

/* Whether the database's schema has column 'c' of 'row's table. */
bool ovsdb_has_column(const struct ovsdb_table *, unsigned c);

/* A row's values.  Absent ones read as "", 0, false, NULL or the default
 * given; an index must be one of the table's spec. */
const char *ovsdb_string(const struct ovsdb_row *, unsigned c);
int64_t ovsdb_integer(const struct ovsdb_row *, unsigned c, int64_t absent);
bool ovsdb_bool(const struct ovsdb_row *, unsigned c, bool absent);
struct ovsdb_row *ovsdb_ref(const struct ovsdb_row *, unsigned c);

/* A column's value; an empty one if the row never held any. */
const struct ovsdb_datum *ovsdb_datum(const struct ovsdb_row *, unsigned c);

/* Number of the record that changed a column last: the one that made the row,
 * if none did since. */
uint32_t ovsdb_changed_in(const struct ovsdb_row *, unsigned c);

/* The value at 'key' in a map of strings, of a row or of any value of its
 * column 'c' (a past one, say); NULL if there is none. */
const char *ovsdb_datum_map_get(const struct ovsdb_datum *, const char *key);
const char *ovsdb_map_get(const struct ovsdb_row *, unsigned c,
                          const char *key);

/* The number of elements, and the atoms themselves (pairs in a map). */
unsigned ovsdb_count(const struct ovsdb_row *, unsigned c);
const union ovsdb_atom *ovsdb_atoms(const struct ovsdb_row *, unsigned c);

#endif /* ovsdb/store.h */
