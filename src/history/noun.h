/* What rows are called, and how they speak of each other: one table of
 * knowledge about the databases' tables.  Private to history/. */
#ifndef HISTORY_NOUN_H
#define HISTORY_NOUN_H 1

#include "ovsdb/store.h"

#define NOUN_MAX_NAME 4

#define BIT(COLUMN) (1u << (COLUMN))

struct noun {
    const struct ovsdb_spec *spec;
    unsigned table;
    const char *word; /* "port". */

    /* Columns that make its name, + 1; 0 behind the last. */
    unsigned char name[NOUN_MAX_NAME];

    /* Sets of columns: those that only say how far a program has got, those
     * that tell how what was asked for fares, and those that name the thing in
     * other databases. */
    uint32_t quiet;
    uint32_t status;
    uint32_t keys;

    bool is_part; /* No news of the row that holds it. */

    /* Whether such a row concerns nobody but who its keys name (NULL: never);
     * and the columns, beside its keys, whose change may make it so. */
    bool (*is_personal)(const struct ovsdb_row *);
    uint32_t pivots;
};

/* The noun of a row; NULL if nothing is said of such rows. */
const struct noun *noun_find(const struct ovsdb_row *);

/* Whether one of a set's strings is "unknown": such a port takes what others
 * do not. */
bool noun_is_unknown(const struct ovsdb_column_spec *,
                     const struct ovsdb_datum *);

bool row_is_of(const struct ovsdb_row *, const struct ovsdb_spec *,
               unsigned table);

#endif /* history/noun.h */
