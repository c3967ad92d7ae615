/* Rows with all their columns.
 *
 * The stores that provnet judges by keep only what it reads.  Who wants to put
 * a row back as it was, or to say what a change did, needs all of it: a whole
 * reads some tables of a database file once more, by a spec that is made from
 * the file's own schema, so that columns that provnet never heard of are
 * kept.  Columns that no file holds (ephemeral ones), and maps whose keys are
 * no strings, are left out.
 *
 *     error = whole_open(&whole, path, "nb", tables, n_tables);
 *     while (!error && whole->store.n_records < record && more)
 *         error = whole_next(&whole, &more);
 *     whole_close(&whole);
 *
 * Rows, strings and the spec live as long as the whole. */
#ifndef OVSDB_WHOLE_H
#define OVSDB_WHOLE_H 1

#include "ovsdb/log.h"
#include "ovsdb/store.h"

struct whole {
    struct ovsdb_store store; /* Keeps deltas. */

    /* Private. */
    struct arena arena;
    struct ovsdb_spec spec;
    struct ovsdb_log log;
};

/* Opens the file at 'path', of the database whose short name is 'db', and
 * reads its schema.  Rows of the tables called 'tables' (NULL: of all) will be
 * whole; those of others have no columns. */
struct error *whole_open(struct whole *, const char *path, const char *db,
                         const char *const *tables, size_t n_tables);
void whole_close(struct whole *);

/* Reads the next record; '*ret_more' as in ovsdb_log_next(). */
struct error *whole_next(struct whole *, bool *ret_more);

/* Reads until record 'upto', which is not read, is the next; UINT64_MAX: to
 * the end. */
struct error *whole_read(struct whole *, uint64_t upto);

/* The table called 'name', or NULL; and the number of a column in it, or -1.
 */
struct ovsdb_table *ovsdb_store_find(const struct ovsdb_store *,
                                     const char *name);
int ovsdb_table_column(const struct ovsdb_table *, const char *name);

/* Appends a value as a <value> (RFC 7047, section 5.1), or one atom of it. */
void ovsdb_put_value(struct text *, const struct ovsdb_column_spec *,
                     const struct ovsdb_datum *);

#endif /* ovsdb/whole.h */
