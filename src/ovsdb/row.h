/* What the parts of the store share: row.c, value.c, transaction.c, store.c.
 * Private to them. */
#ifndef OVSDB_ROW_H
#define OVSDB_ROW_H 1

#include "ovsdb/store.h"

/* Bits in a row's 'held'. */
#define MAX_COLUMNS 32

/* Positions of columns whose names are remembered from row to row. */
#define MAX_GUESSES 40

struct column_guess {
    char name[30];
    uint8_t length;
    uint8_t column; /* Number + 1, or 0 if it is not wanted. */
};

/* A row that is known from before, in a transaction that is whole. */
struct ovsdb_seen {
    bool is_there;
    uint32_t columns; /* That it has there: bits as in 'held'. */
};

enum change_kind { CHANGE_INSERT, CHANGE_DELETE, CHANGE_COLUMN };

/* What a transaction does to a row, until it is known to be sound. */
struct ovsdb_change {
    struct ovsdb_row *row;
    enum change_kind kind;
    unsigned column;
    bool is_diff;
    struct ovsdb_datum datum;
};

/* Adds a change to the transaction being read. */
struct ovsdb_change *ovsdb_add_change(struct ovsdb_store *, struct ovsdb_row *,
                                      enum change_kind);

/* snapshot.c: notes that a transaction that is whole has the row with these
 * columns; and makes of it what it changes, or, if it is not to count, forgets
 * what was noted. */
void ovsdb_note_seen(struct ovsdb_row *, uint32_t columns);
void ovsdb_make_whole(struct ovsdb_store *);
void ovsdb_forget_seen(struct ovsdb_store *);

/* The row with 'uuid', made up as not existing if it is new. */
struct ovsdb_row *ovsdb_place_row(struct ovsdb_table *, const struct uuid *);

/* Gives back what its list has room for. */
void ovsdb_table_trim(struct ovsdb_table *);

/* Ask the memory for what finding the row with 'uuid' will look at and, once
 * that has come, for the row. */
void ovsdb_prefetch_slot(const struct ovsdb_table *, const struct uuid *);
void ovsdb_prefetch_row(const struct ovsdb_table *, const struct uuid *);

/* Lets 'row' hold the columns of 'values' (by index into the spec) that have
 * a bit in 'which', besides those that it holds. */
void ovsdb_hold_columns(struct ovsdb_row *, const struct ovsdb_datum *values,
                        uint32_t which);

/* Column 'c' of 'row', to be written. */
struct ovsdb_datum *ovsdb_own_column(struct ovsdb_row *, unsigned c);

/* Whether nothing is lost if values are written into 'row' before its
 * transaction is known to be sound: it never existed. */
static inline bool
ovsdb_is_blank(const struct ovsdb_row *row)
{
    return !row->exists && !row->created_in && !row->deleted_in;
}

/* Reads a <value> of the column that 'spec' describes.  False on an error,
 * which is in the reader's input. */
bool ovsdb_read_value(struct ovsdb_store *, struct json_reader *,
                      const struct ovsdb_column_spec *spec,
                      struct ovsdb_datum *ret);

#endif /* ovsdb/row.h */
