#include "collect/live.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collect/file.h"
#include "ovsdb/log.h"
#include "ovsdb/session.h"

/* The server's log. */

/* Opens one of a process's open files if it is a regular one; else -1.  Its
 * kind is looked at first: opening a device may have effects. */
static int
open_if_regular(int folder, const char *name)
{
    struct stat status;
    if (fstatat(folder, name, &status, 0) || !S_ISREG(status.st_mode)) {
        return -1;
    }
    return openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

/* Whether the open file 'fd' is the log looked for. */
static bool
is_log_of(int fd, const char *schema)
{
    char *found = ovsdb_log_probe(fd);
    bool same = found && !strcmp(found, schema);
    free(found);
    return same && !lseek(fd, 0, SEEK_SET);
}

static char *
read_link(int folder, const char *name)
{
    char path[PATH_MAX];
    ssize_t n = readlinkat(folder, name, path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    return xstrdup(path);
}

int
live_open_log(pid_t pid, const char *schema, char **ret_path,
              const char **ret_missing)
{
    char path[64];
    struct dirent *entry;
    int log = -1;
    *ret_missing = "no open file of the server is its log";
    if (pid <= 0) {
        *ret_missing = "the server is not on this host";
        return -1;
    }
    snprintf(path, sizeof path, "/proc/%ld/fd", (long) pid);
    DIR *dir = opendir(path);
    if (!dir) {
        *ret_missing = errno == EACCES || errno == EPERM
                           ? "no permission to read the server's open files; "
                             "run as root"
                           : "the server's open files cannot be listed";
        return -1;
    }
    while (log < 0 && (entry = readdir(dir))) {
        int fd = isdigit((unsigned char) entry->d_name[0])
                     ? open_if_regular(dirfd(dir), entry->d_name)
                     : -1;
        if (fd >= 0 && is_log_of(fd, schema)) {
            *ret_path = read_link(dirfd(dir), entry->d_name);
            log = fd;
        } else if (fd >= 0) {
            close(fd);
        }
    }
    closedir(dir);
    return log;
}

static void
read_log(struct evidence *e, struct evidence_db *db, pid_t pid, bool all_logs)
{
    char *path;
    const char *missing;
    int fd = live_open_log(pid, db->store.spec->name, &path, &missing);
    if (fd < 0) {
        db->log_missing = missing;
        return;
    }
    struct error *error = file_read_log(e, db, path, fd, all_logs);
    if (error) {
        db->log_missing = arena_printf(&e->arena, "its log cannot be read: %s",
                                       error_text(error));
        error_free(error);
    }
    free(path);
}

/* Databases. */

/* The size of the southbound log is that of Logical_Flow, and nobody's
 * commands stand in it: only who follows the whole history wants it. */
static bool
wants_log(const struct evidence_db *db, bool all_logs)
{
    return all_logs || strcmp(db->db, "sb");
}

struct error *
live_read_db(struct evidence *e, struct evidence_db *db, const char *remotes,
             const struct ovsdb_tls *tls, int64_t deadline_ms, bool all_logs)
{
    struct ovsdb_session_info info;
    struct error *error =
        ovsdb_session_snapshot(remotes, tls, deadline_ms, &db->store, &info);
    if (error) {
        return error;
    }
    db->present = true;
    db->live = true;
    db->from = arena_strdup(&e->arena, info.remote);
    db->bytes = info.bytes;
    for (unsigned t = 0; t < db->store.spec->n_tables; t++) {
        db->n_records += db->store.tables[t].n_existing;
    }
    if (wants_log(db, all_logs)) {
        read_log(e, db, info.peer_pid, all_logs);
    } else {
        db->log_missing =
            "it is large, and only `provnet history` and `bisect` read it";
    }
    free(info.remote);
    return NULL;
}
