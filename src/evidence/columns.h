/* Short forms for writing the tables of columns in nb.c, sb.c and ovs.c. */
#ifndef EVIDENCE_COLUMNS_H
#define EVIDENCE_COLUMNS_H 1

#include "base/compiler.h"
#include "ovsdb/schema.h"

#define COLUMN(NAME, TYPE)                \
    {                                     \
        .name = NAME, .key = OVSDB_##TYPE \
    }
#define COLUMN_MAP(NAME)                                         \
    {                                                            \
        .name = NAME, .key = OVSDB_STRING, .value = OVSDB_STRING \
    }
/* A map of which only some keys are kept. */
#define COLUMN_KEYS(NAME, ...)                                    \
    {                                                             \
        .name = NAME, .key = OVSDB_STRING, .value = OVSDB_STRING, \
        .keys = (const char *const[])                             \
        {                                                         \
            __VA_ARGS__, NULL                                     \
        }                                                         \
    }
#define COLUMN_REF(NAME, TABLE)                             \
    {                                                       \
        .name = NAME, .key = OVSDB_UUID, .ref_table = TABLE \
    }
#define COLUMN_OWNS(NAME, TABLE)                                          \
    {                                                                     \
        .name = NAME, .key = OVSDB_UUID, .ref_table = TABLE, .owns = true \
    }
/* The same, remembering what they held before. */
#define COLUMN_PAST(NAME, TYPE)                              \
    {                                                        \
        .name = NAME, .key = OVSDB_##TYPE, .remembers = true \
    }
#define COLUMN_MAP_PAST(NAME)                                     \
    {                                                             \
        .name = NAME, .key = OVSDB_STRING, .value = OVSDB_STRING, \
        .remembers = true                                         \
    }
#define COLUMN_KEYS_PAST(NAME, ...)                               \
    {                                                             \
        .name = NAME, .key = OVSDB_STRING, .value = OVSDB_STRING, \
        .remembers = true, .keys = (const char *const[])          \
        {                                                         \
            __VA_ARGS__, NULL                                     \
        }                                                         \
    }
#define TABLE(NAME, COLUMNS)                                               \
    {                                                                      \
        .name = NAME, .columns = COLUMNS, .n_columns = N_ELEMENTS(COLUMNS) \
    }

#endif /* evidence/columns.h */
