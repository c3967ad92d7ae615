/* Evidence out of files: databases, dumps, and the folders of a bundle. */
#ifndef COLLECT_FILE_H
#define COLLECT_FILE_H 1

#include "base/error.h"
#include "evidence/evidence.h"
#include "ovsdb/chain.h"

/* Reads the database file at 'paths' into 'db', or, if there are several, the
 * files of members of one cluster.  The copies beside them that were made
 * before conversions are read too (ovsdb/chain.h): for the past, and, but for
 * the southbound database, for the causes of the present.
 *
 * Who asks for the past ('all_logs') takes of a damaged log what stands before
 * the damage. */
struct error *file_read_db(struct evidence *, struct evidence_db *db,
                           const char *const *paths, size_t n, bool all_logs);

/* The same of several databases, two at a time; then their warnings come, and
 * errors, of which the first is kept, in the order in which they were added.
 * What is added must be run, or dropped. */
struct file_job;

struct file_jobs {
    struct file_job *first, *last;
    size_t n;
};

void file_add_job(struct file_jobs *, struct evidence *, struct evidence_db *,
                  const char *const *paths, size_t n, bool all_logs);
struct error *file_run_jobs(struct file_jobs *, struct evidence *);
void file_drop_jobs(struct file_jobs *);

/* Reads the log of a live database: the open file 'fd', which it takes over,
 * known as 'path', into db->log. */
struct error *file_read_log(struct evidence *, struct evidence_db *db,
                            const char *path, int fd, bool all_logs);

/* What stands behind the name of the file that 'path' is a copy of, if it is
 * called like one that was made before a conversion; else NULL. */
const char *file_backup_suffix(const char *path);

/* Gives 'chain' the files that a log was read from, to be read again. */
void file_add_log(struct ovsdb_chain *chain, const struct evidence_db *db);

/* Reads a whole bundle. */
struct error *bundle_read(struct evidence *, const char *dir, bool all_logs);

/* The chassis' own name, external_ids:system-id of its Open_vSwitch row; NULL
 * if it has none.  Lives as long as the store. */
const char *file_system_id(const struct ovsdb_store *);

#endif /* collect/file.h */
