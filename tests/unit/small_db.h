/* A small database for tests and fuzz targets: its schema, the spec that a
 * program would read it with, and log files of it with right checksums.
 *
 * JSON is written with ' for ", which keeps it readable in C. */
#ifndef SMALL_DB_H
#define SMALL_DB_H 1

#include "base/text.h"
#include "ovsdb/store.h"

enum { SMALL_SWITCH, SMALL_PORT, SMALL_ABSENT, SMALL_N_TABLES };

enum {
    SWITCH_NAME,
    SWITCH_PORTS,
    SWITCH_KEYS,
    SWITCH_SIZES,
    SWITCH_NOTE,
    SWITCH_ENABLED,
    SWITCH_RATIO,
    SWITCH_MAIN,
    SWITCH_GONE
};
enum { PORT_NAME, PORT_TAG };

/* Switch.keys and Switch.note remember; Switch.ports owns.  Table Absent and
 * column Switch.gone are in the spec, not in the schema; table Other and
 * column Switch.extra are in the schema, not in the spec. */
extern const struct ovsdb_spec small_spec;

/* The schema, as JSON. */
extern const char small_schema[];

/* A copy of 's', which the caller frees, with every ' replaced by ". */
char *small_json(const char *s);

/* Initialises 'store' and gives it the schema. */
void small_store_init(struct ovsdb_store *store);

/* Appends a record with body 'json' and a newline, and a right header. */
void small_put_record(struct text *file, const char *json, size_t length);

/* The same for JSON written with '. */
void small_put(struct text *file, const char *quoted);

/* The same, of a clustered file (ovsdb(5), "Clustered Format"). */
void small_put_clustered_record(struct text *file, const char *json,
                                size_t length);
void small_put_clustered(struct text *file, const char *quoted);

/* Opens a memory file, without a name, that holds 'size' bytes; its position
 * is 0. */
int small_memory_file(const void *bytes, size_t size);

#endif /* small_db.h */
