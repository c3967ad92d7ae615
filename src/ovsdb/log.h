/* Reading OVSDB database files: standalone logs with their whole history,
 * what `ovsdb-client backup` writes, which has the same form, and the files of
 * the members of a cluster (ovsdb(5)).
 *
 * A file is a sequence of records, each a header line
 * "OVSDB JSON <length> <SHA-1>" and <length> bytes of JSON.  The first is the
 * schema; each further one is a transaction.  In a clustered file the header
 * line says CLUSTER, the first record holds a snapshot, and the others lead to
 * transactions as ovsdb/raft.h tells.  Every checksum is verified before its
 * record counts.
 *
 * The file is only ever read, never locked.  Its last record may be half
 * written, by a server at work or because the file was cut: then everything
 * before it counts, and 'cut' tells.  Damage before that is an error, or ends
 * the log in the same manner where the caller wants what stands before it.
 *
 *     error = ovsdb_log_open(&log, path, &spec);
 *     while (!error && !(error = ovsdb_log_next(&log, store, &more)) && more)
 *     ovsdb_log_close(&log);
 */
#ifndef OVSDB_LOG_H
#define OVSDB_LOG_H 1

#include "ovsdb/store.h"

struct raft;

struct ovsdb_log {
    char *name; /* For messages. */
    struct input in;
    struct json_reader reader;
    struct digest *digest;
    int fd;
    uint64_t n_records;   /* Read so far, the schema included. */
    char *cut;            /* Why the last record does not count, or NULL. */
    bool is_damaged;      /* It is damage that cut it. */
    char *caveat;         /* What else a reader of the rows must know, or NULL;
                           * set at the end. */
    uint64_t known_index; /* To be set after ovsdb_log_open(): the entries of
                           * a cluster up to this one are in the store. */
    uint64_t commit_index; /* Of a clustered file, at its end: the last entry
                            * that counts. */
    bool takes_prefix;     /* To be set after ovsdb_log_open(): damage is no
                            * error, but ends the log as a cut does, unless no
                            * row stands before it. */

    struct raft *raft; /* Private: of a clustered file. */
};

/* Opens the file at 'path', or, if 'fd' is not negative, the open file 'fd',
 * which the log takes over; 'path' is then only a name. */
struct error *ovsdb_log_open(struct ovsdb_log *, const char *path, int fd);
void ovsdb_log_close(struct ovsdb_log *);

/* Reads the next record into 'store': the schema first, then transactions.  In
 * a clustered file that may be a record without a transaction, and one that
 * commits several is followed by calls that put one each into 'store'.
 * '*ret_more' becomes false at the end of the file. */
struct error *ovsdb_log_next(struct ovsdb_log *, struct ovsdb_store *,
                             bool *ret_more);

/* At the end: whether anything could be read at all. */
struct error *ovsdb_log_check(const struct ovsdb_log *);

/* Reads the whole log. */
struct error *ovsdb_log_read_all(struct ovsdb_log *, struct ovsdb_store *);

/* The schema's name of the OVSDB file 'fd', clustered or not
 * ("OVN_Northbound"), which the
 * caller frees; NULL if it is no such file.  Moves the file's position. */
char *ovsdb_log_probe(int fd);

/* Reads the schema of the OVSDB file at 'path', clustered or not, into
 * 'arena'. */
struct error *ovsdb_log_schema(const char *path, struct arena *,
                               const struct json_value **ret);

#endif /* ovsdb/log.h */
