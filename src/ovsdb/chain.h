/* The files that together are the log of one database.
 *
 * What a server writes into its own file is not all that there is.  Before a
 * database is converted to another schema, its file is copied ("backup" in
 * ovs-lib of Open vSwitch), and only the copy keeps the history.  And each
 * member of a cluster compacts its file when it likes, so one may reach
 * further back than the others and another know the latest entries.
 *
 * A chain reads them one after another into one store: copies before the file
 * that they were made of, members of one cluster by where their files begin.
 * Of a member's file only those entries count that no file before it had.
 * Where a file begins later than the one before it ends, its first record
 * makes the difference, and nobody knows the changes between.
 *
 *     ovsdb_chain_init(&chain);
 *     ovsdb_chain_add(&chain, path, -1, false);
 *     error = ovsdb_chain_begin(&chain);
 *     while (!error && !(error = ovsdb_chain_next(&chain, store, &more))
 *            && more)
 *     ovsdb_chain_done(&chain);
 *
 * A copy that cannot be read costs its part of the past, and is noted; of any
 * other file that is an error. */
#ifndef OVSDB_CHAIN_H
#define OVSDB_CHAIN_H 1

#include "ovsdb/log.h"

#define OVSDB_CHAIN_MAX_FILES 256

struct ovsdb_chain_file;

struct ovsdb_chain {
    bool takes_prefix; /* To be set after ovsdb_chain_init(): as in a log, of
                        * the last file.  Of those before it always. */
    struct ovsdb_chain_file *files; /* In the order of reading. */
    size_t n_files;

    char **notes; /* What the user must know of the files read so far. */
    size_t n_notes;
    char *caveat;    /* What else; set at the end. */
    bool is_damaged; /* Its end is damage: there was more. */
    uint64_t bytes;  /* Read so far. */
    uint64_t n_records;

    /* Private. */
    size_t capacity, notes_capacity;
    size_t at; /* The file that is being read. */
    bool is_open;
    struct ovsdb_log log;
    uint64_t known_index; /* Of the cluster that 'known' belongs to. */
    const struct ovsdb_chain_file *known;
};

void ovsdb_chain_init(struct ovsdb_chain *);
void ovsdb_chain_done(struct ovsdb_chain *);

/* Adds a file; 'fd' as for ovsdb_log_open().  Whether it is a copy: of a file
 * that is added too, made before a conversion. */
void ovsdb_chain_add(struct ovsdb_chain *, const char *path, int fd,
                     bool is_backup);

/* Brings the files into their order, and leaves out those that tell nothing
 * of their own. */
struct error *ovsdb_chain_begin(struct ovsdb_chain *);

/* The file that is the 'i'th in order. */
const char *ovsdb_chain_path(const struct ovsdb_chain *, size_t i,
                             bool *ret_is_backup);

/* Reads the next record of the files, as ovsdb_log_next() does. */
struct error *ovsdb_chain_next(struct ovsdb_chain *, struct ovsdb_store *,
                               bool *ret_more);

/* At the end: the file that knows the latest. */
const char *ovsdb_chain_latest(const struct ovsdb_chain *);

/* Reads all that is left. */
struct error *ovsdb_chain_read_all(struct ovsdb_chain *, struct ovsdb_store *);

#endif /* ovsdb/chain.h */
