/* Evidence out of live OVSDB servers. */
#ifndef COLLECT_LIVE_H
#define COLLECT_LIVE_H 1

#include <stdbool.h>
#include <sys/types.h>
#include "evidence/evidence.h"
#include "ovsdb/stream.h"

/* Reads the database of 'db' from 'remotes', one or several separated by
 * commas, into 'db'; db->from becomes the one that answered.  Of nb and ovs
 * (of sb only with 'all_logs'), the server's log is read as well where it can
 * be found; db->log_missing says why not, and that is no error. */
struct error *live_read_db(struct evidence *, struct evidence_db *db,
                           const char *remotes, const struct ovsdb_tls *,
                           int64_t deadline_ms, bool all_logs);

/* Opens the log that the server process 'pid' writes for the database of
 * schema 'name', read-only and at its beginning.  It is found among the
 * process's open files, so that it works whatever the server was told, and
 * across mount namespaces.  Returns the file, with its path there in
 * '*ret_path', which the caller frees; or -1, with the reason in
 * '*ret_missing', a constant. */
int live_open_log(pid_t pid, const char *name, char **ret_path,
                  const char **ret_missing);

#endif /* collect/live.h */
