/* What a database's schema says of the columns that provnet reads.
 *
 * A program names the tables and columns it wants in a 'struct ovsdb_spec',
 * a constant table.  A database may lack any of them (OVN 20.03 to 26.x
 * differ): what is missing stays empty and can be asked for.  A column that
 * is there but of another type than expected is an error: we would misread
 * it.  Tables and columns that are not in the spec are passed over.
 *
 * Types: RFC 7047, section 3.2. */
#ifndef OVSDB_SCHEMA_H
#define OVSDB_SCHEMA_H 1

#include <stdbool.h>
#include "ovsdb/json.h"

/* A schema of more JSON values is none (OVN's have some 3,000). */
#define OVSDB_MAX_SCHEMA_NODES 200000

enum ovsdb_atomic {
    OVSDB_VOID, /* As the value of a column that is no map. */
    OVSDB_INTEGER,
    OVSDB_REAL,
    OVSDB_BOOLEAN,
    OVSDB_STRING,
    OVSDB_UUID,
};

struct ovsdb_column_spec {
    const char *name;
    enum ovsdb_atomic key;
    enum ovsdb_atomic value; /* OVSDB_VOID unless the column is a map. */
    int ref_table; /* For OVSDB_UUID: index into the spec's tables. */
    bool owns;     /* A strong reference: the rows named belong to this one. */
    bool remembers; /* Keep the values that it had before (row->past). */
    const char *const *keys; /* Of a map: those that are kept, "x*" standing
                              * for all that begin with x; NULL: all. */
};

struct ovsdb_table_spec {
    const char *name;
    const struct ovsdb_column_spec *columns;
    unsigned n_columns;
};

struct ovsdb_spec {
    const char *name; /* "OVN_Northbound". */
    const char *db;   /* provnet's short name: "nb", "sb", "ovs". */
    const struct ovsdb_table_spec *tables;
    unsigned n_tables;
};

/* What a database's own schema says of one column of the spec. */
struct ovsdb_column_type {
    bool present;
    bool single;   /* At most one element: a diff replaces the value. */
    bool optional; /* May be empty; what is not, and is in no record, holds
                    * the default of its type: "", 0, false. */
};

/* Looks into the schema 'value' (RFC 7047, section 3.2, <database-schema>)
 * for 'spec' and fills 'types[t][c]'; 'tables_present[t]' says which tables
 * there are.  'types[t]' has room for spec->tables[t].n_columns. */
struct error *ovsdb_schema_read(const struct json_value *value,
                                const struct ovsdb_spec *spec,
                                struct ovsdb_column_type **types,
                                bool *tables_present);

/* The error of a database whose schema is called 'name', of 'length' bytes,
 * where 'spec' was expected. */
struct error *ovsdb_schema_is_another(const char *name, size_t length,
                                      const struct ovsdb_spec *spec);

#endif /* ovsdb/schema.h */
