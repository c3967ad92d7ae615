/* Evidence out of files: databases, dumps, and the folders of a bundle. */
#ifndef COLLECT_FILE_H
#define COLLECT_FILE_H 1

#include "base/error.h"
#include "evidence/evidence.h"

/* Reads the database file at 'path' into 'db'. */
struct error *file_read_db(struct evidence *, struct evidence_db *db,
                           const char *path);

/* Reads the log of a live database: the open file 'fd', which it takes over,
 * known as 'path', into db->log. */
struct error *file_read_log(struct evidence *, struct evidence_db *db,
                            const char *path, int fd);

/* Reads a whole bundle. */
struct error *bundle_read(struct evidence *, const char *dir);

/* The chassis' own name, external_ids:system-id of its Open_vSwitch row; NULL
 * if it has none.  Lives as long as the store. */
const char *file_system_id(const struct ovsdb_store *);

#endif /* collect/file.h */
