#include "collect/collect.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "collect/file.h"
#include "collect/live.h"
#include "collect/openflow.h"
#include "collect/run.h"

#define MAX_BACKUP_BYTES ((uint64_t) 64 << 30)
#define MAX_ARGUMENTS 16

/* A backup may take this many timeouts: nobody waits for a verdict, and
 * `ovsdb-client backup` of a northbound database of 100,000 ports (65 MB) took
 * 22 s on a busy machine of two cores. */
#define BACKUP_TIMEOUTS 30

struct writer {
    const struct collect_options *options;
    struct evidence *e;
    const char *dir;
    int fd; /* Of 'dir'. */
    const char **notes;
    size_t n_notes;
    size_t notes_capacity;
};

/* A chassis's folder. */
struct folder {
    struct writer *w;
    const struct evidence_chassis *chassis;
    const char *name;
    const char *rundir; /* Of a chassis on a unix: remote, else NULL. */
    int fd;
    struct error *error;
};

static void note(struct writer *, const char *format, ...)
    PROVNET_PRINTF(2, 3);

static void
note(struct writer *w, const char *format, ...)
{
    va_list args;
    char *text;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0) {
        abort();
    }
    va_end(args);
    w->notes =
        xgrow(w->notes, w->n_notes, &w->notes_capacity, sizeof *w->notes);
    w->notes[w->n_notes++] = arena_strdup(&w->e->arena, text);
    free(text);
}

static void
note_error(struct writer *w, const char *path, struct error *error)
{
    note(w, "%s: %s", path, error_text(error));
    error_free(error);
}

/* The deadline of what begins now and may take 'n' timeouts. */
static int64_t
deadline_of(const struct writer *w, int n)
{
    int64_t timeout_ms = w->options->timeout_ms;
    timeout_ms = timeout_ms > 0 ? timeout_ms : COLLECT_DEFAULT_TIMEOUT_MS;
    return clock_now_ms() + timeout_ms * n;
}

static int64_t
deadline(const struct writer *w)
{
    return deadline_of(w, 1);
}

/* Files and folders.  They are made, never opened: nothing that is there is
 * overwritten, and no symbolic link followed. */

static struct error *
make_file(int folder, const char *path, const char *name, int *ret_fd)
{
    int fd =
        openat(folder, name,
               O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return error_new("%s: cannot make it: %s", path, strerror(errno));
    }
    *ret_fd = fd;
    return NULL;
}

static struct error *
make_folder(int parent, const char *path, const char *name, int *ret_fd)
{
    int fd = -1;
    if (!mkdirat(parent, name, 0700)) {
        fd = openat(parent, name,
                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }
    if (fd < 0) {
        return error_new("%s: cannot make the folder: %s", path,
                         strerror(errno));
    }
    *ret_fd = fd;
    return NULL;
}

static struct error *
write_all(int fd, const char *path, const char *bytes, size_t size)
{
    while (size) {
        ssize_t n = write(fd, bytes, size);
        if (n < 0 && errno != EINTR) {
            return error_new("%s: cannot write: %s", path, strerror(errno));
        }
        if (n > 0) {
            bytes += n;
            size -= (size_t) n;
        }
    }
    return NULL;
}

/* Closes a file that was made; one that could not be filled goes away. */
static struct error *
close_file(int folder, const char *path, const char *name, int fd,
           struct error *error)
{
    if (close(fd) && !error) {
        error = error_new("%s: cannot write: %s", path, strerror(errno));
    }
    if (error) {
        unlinkat(folder, name, 0);
    }
    return error;
}

static struct error *
write_file(int folder, const char *path, const char *name, const char *bytes,
           size_t size)
{
    int fd = -1;
    struct error *error = make_file(folder, path, name, &fd);
    if (error) {
        return error;
    }
    error = write_all(fd, path, bytes, size);
    return close_file(folder, path, name, fd, error);
}

/* Opens 'dir', which must be new or empty; '*ret_made' if it is new. */
static struct error *
open_empty_folder(const char *dir, int *ret_fd, bool *ret_made)
{
    *ret_made = !mkdir(dir, 0700);
    if (!*ret_made && errno != EEXIST) {
        return error_new("%s: cannot make the folder: %s", dir,
                         strerror(errno));
    }
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd < 0 ? NULL : fdopendir(dup(fd));
    if (!list) {
        int code = errno;
        if (fd >= 0) {
            close(fd);
        }
        return error_new("%s: cannot open the folder: %s", dir,
                         strerror(code));
    }
    struct dirent *entry;
    bool empty = true;
    while (empty && (entry = readdir(list))) {
        empty = !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..");
    }
    closedir(list);
    if (!empty) {
        close(fd);
        return error_hint(error_new("%s: the folder is not empty", dir),
                          "give a new or an empty one");
    }
    *ret_fd = fd;
    return NULL;
}

/* Tools. */

struct arguments {
    const char *argv[MAX_ARGUMENTS];
    size_t n;
};

static void
add(struct arguments *a, const char *argument)
{
    if (a->n < MAX_ARGUMENTS - 1) {
        a->argv[a->n++] = argument;
    }
}

/* The tool and its -p, -c and -C, which all tools of Open vSwitch share. */
static struct arguments
begin_tool(const struct writer *w, const char *tool, const char *remote)
{
    struct arguments a = { .n = 0 };
    const struct collect_options *o = w->options;
    const char *const tls[][2] = { { "-p", o->private_key },
                                   { "-c", o->certificate },
                                   { "-C", o->ca_cert } };
    add(&a, tool);
    for (size_t i = 0; i < 3 && !strncmp(remote, "ssl:", 4); i++) {
        if (tls[i][1]) {
            add(&a, tls[i][0]);
            add(&a, tls[i][1]);
        }
    }
    return a;
}

/* What a tool prints becomes a file of a chassis's folder; if it cannot be
 * had that is noted. */
static struct error *
write_output(struct folder *f, const struct arguments *a, int folder,
             const char *path, const char *name)
{
    struct text output;
    bool absent;
    text_init(&output, RUN_MAX_OUTPUT_BYTES);
    struct error *error =
        run_tool_text(a->argv, deadline(f->w), &output, &absent);
    if (error) {
        note_error(f->w, path, error);
        error = NULL;
    } else {
        error = write_file(folder, path, name, text_string(&output),
                           output.length);
    }
    text_done(&output);
    return error;
}

/* Databases. */

/* Copies the open file 'from', up to where it ends now: a server may be
 * writing more. */
static struct error *
copy_file(int from, int to, const char *path)
{
    char buffer[65536];
    struct stat status;
    struct error *error = NULL;
    uint64_t left = fstat(from, &status) ? 0 : (uint64_t) status.st_size;
    while (left && !error) {
        ssize_t n =
            read(from, buffer, left < sizeof buffer ? left : sizeof buffer);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n ? error_new("%s: cannot read its source: %s", path,
                                 strerror(errno))
                     : NULL;
        }
        error = write_all(to, path, buffer, (size_t) n);
        left -= (uint64_t) n;
    }
    return error;
}

struct backup {
    int fd;
    const char *path;
};

static struct error *
sink_backup(void *aux, const char *bytes, size_t size)
{
    struct backup *b = aux;
    return write_all(b->fd, b->path, bytes, size);
}

static struct error *
run_backup(struct writer *w, const struct evidence_db *db, int fd,
           const char *path)
{
    struct arguments a = begin_tool(w, "ovsdb-client", db->from);
    struct backup b = { fd, path };
    bool absent;
    add(&a, "--no-leader-only"); /* Any member of a cluster will do. */
    add(&a, "backup");
    add(&a, db->from);
    add(&a, db->store.spec->name);
    return run_tool(a.argv, deadline_of(w, BACKUP_TIMEOUTS), MAX_BACKUP_BYTES,
                    sink_backup, &b, &absent);
}

/* The file that a bundle calls by the database's own name. */
static const char *
main_file(const struct evidence_db *db)
{
    return db->live ? db->log_from : db->file;
}

/* Opens what can be copied byte by byte: the file that was given, or the
 * server's own log, which holds the history as well.  -1 if there is none,
 * with the reason. */
static int
open_original(struct writer *w, const struct evidence_db *db,
              const char **ret_missing)
{
    if (!db->live) {
        *ret_missing = "its file cannot be opened any more";
        return open(main_file(db), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    }
    *ret_missing = "the server is not on this host";
    if (!ovsdb_remote_unix_path(db->from)) {
        return -1;
    }
    struct ovsdb_stream *stream;
    struct error *error =
        ovsdb_stream_open(db->from, NULL, deadline(w), &stream);
    if (error) {
        *ret_missing = arena_strdup(&w->e->arena, error_text(error));
        error_free(error);
        return -1;
    }
    char *path;
    int fd = live_open_log(ovsdb_stream_peer_pid(stream), db->store.spec->name,
                           &path, ret_missing);
    ovsdb_stream_close(stream);
    if (fd >= 0) {
        free(path);
    }
    return fd;
}

/* Copies a further file of the log of 'path', under a name that is read with
 * it: file_read_db(), bundle_read(). */
static struct error *
write_part(struct writer *w, const struct evidence_file *file, size_t i,
           int folder, const char *path)
{
    const char *suffix =
        file->is_backup ? file_backup_suffix(file->path) : NULL;
    int stem = (int) strlen(path) - (int) strlen(".db");
    const char *target =
        suffix ? arena_printf(&w->e->arena, "%s%s", path, suffix)
               : arena_printf(&w->e->arena, "%.*s.%zu.db", stem, path, i);
    const char *slash = strrchr(target, '/');
    const char *name = slash ? slash + 1 : target;
    int fd = -1;
    int from = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (from < 0) {
        note(w, "%s: %s: %s", target, file->path, strerror(errno));
        return NULL;
    }
    struct error *error = make_file(folder, target, name, &fd);
    if (!error) {
        error = copy_file(from, fd, target);
        error = close_file(folder, target, name, fd, error);
    }
    close(from);
    return error;
}

static struct error *
write_parts(struct writer *w, const struct evidence_db *db, int folder,
            const char *path)
{
    struct error *error = NULL;
    for (size_t i = 0; i < db->n_log_files && !error; i++) {
        if (strcmp(db->log_files[i].path, main_file(db))) {
            error = write_part(w, &db->log_files[i], i, folder, path);
        }
    }
    return error;
}

static struct error *
write_db(struct writer *w, const struct evidence_db *db, int folder,
         const char *path, const char *name)
{
    const char *missing;
    int fd = -1;
    if (!db->present) {
        note(w, "%s: not gathered", path);
        return NULL;
    }
    int original = open_original(w, db, &missing);
    if (original < 0 && !db->live) {
        note(w, "%s: %s", path, missing);
        return NULL;
    }
    struct error *error = make_file(folder, path, name, &fd);
    if (!error && original >= 0) {
        error = copy_file(original, fd, path);
        error = close_file(folder, path, name, fd, error);
    } else if (!error) {
        error = run_backup(w, db, fd, path);
        error = close_file(folder, path, name, fd, error);
        if (error) {
            note_error(w, path, error);
            error = NULL;
        } else {
            note(w, "%s: without its history: %s", path, missing);
        }
    }
    if (original >= 0) {
        close(original);
    }
    return error ? error : write_parts(w, db, folder, path);
}

/* Chassis. */

static const char *
path_of(struct folder *f, const char *name)
{
    return arena_printf(&f->w->e->arena, "%s/%s", f->name, name);
}

static struct error *
write_interfaces(struct folder *f)
{
    const char *remote = f->chassis->ovs.from;
    struct arguments a = begin_tool(f->w, "ovs-vsctl", remote);
    add(&a, arena_printf(&f->w->e->arena, "--db=%s", remote));
    add(&a, "--format=json");
    add(&a, "list");
    add(&a, "Interface");
    return write_output(f, &a, f->fd, path_of(f, "interface.json"),
                        "interface.json");
}

static struct error *
write_links(struct folder *f)
{
    static const struct arguments a = { .argv = { "ip", "-json", "-details",
                                                  "-statistics", "address" } };
    const char *path = path_of(f, "ip-link.json");
    if (!f->chassis->has_links) {
        note(f->w,
             "%s: the chassis is not this host; run there `ip -json "
             "-details -statistics address`",
             path);
        return NULL;
    }
    return write_output(f, &a, f->fd, path, "ip-link.json");
}

/* Makes the folder 'name' within a chassis's if it is not there yet. */
static int
open_subfolder(struct folder *f, const char *name)
{
    if (mkdirat(f->fd, name, 0700) && errno != EEXIST) {
        f->error = error_new("%s: cannot make the folder: %s",
                             path_of(f, name), strerror(errno));
        return -1;
    }
    int fd =
        openat(f->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        f->error = error_new("%s: cannot open the folder: %s",
                             path_of(f, name), strerror(errno));
    }
    return fd;
}

/* flows/BRIDGE.txt */
static void
write_flows(void *aux, const char *bridge)
{
    struct folder *f = aux;
    struct arena *arena = &f->w->e->arena;
    struct text dump;
    const char *missing;
    const char *path = path_of(f, arena_printf(arena, "flows/%s.txt", bridge));
    if (f->error) {
        return;
    }
    text_init(&dump, RUN_MAX_OUTPUT_BYTES);
    struct error *error =
        openflow_dump(f->rundir, bridge, deadline(f->w), &dump, &missing);
    if (error) {
        note_error(f->w, path, error);
    } else if (missing) {
        note(f->w, "%s: %s", path, missing);
    } else {
        int fd = open_subfolder(f, "flows");
        if (fd >= 0) {
            f->error =
                write_file(fd, path, arena_printf(arena, "%s.txt", bridge),
                           text_string(&dump), dump.length);
            close(fd);
        }
    }
    text_done(&dump);
}

/* fdb/BRIDGE.txt */
static void
write_fdb(void *aux, const char *bridge)
{
    struct folder *f = aux;
    struct arena *arena = &f->w->e->arena;
    const char *path = path_of(f, arena_printf(arena, "fdb/%s.txt", bridge));
    if (f->error) {
        return;
    }
    const char *control = openflow_find_control(&f->w->e->arena, f->rundir);
    if (!control) {
        note(f->w, "%s: no control socket of ovs-vswitchd in %s", path,
             f->rundir);
        return;
    }
    const struct arguments a = { .argv = { "ovs-appctl", "-t", control,
                                           "fdb/show", bridge } };
    int fd = open_subfolder(f, "fdb");
    if (fd >= 0) {
        f->error = write_output(f, &a, fd, path,
                                arena_printf(arena, "%s.txt", bridge));
        close(fd);
    }
}

/* What only the chassis's own host can be asked. */
static struct error *
write_beside(struct folder *f)
{
    const char *socket = ovsdb_remote_unix_path(f->chassis->ovs.from);
    if (!socket) {
        note(f->w,
             "%s: no ip-link.json, flows and fdb: run `provnet collect` "
             "on that chassis",
             f->name);
        return NULL;
    }
    const char *slash = strrchr(socket, '/');
    f->rundir = slash ? arena_strndup(&f->w->e->arena, socket,
                                      (size_t) (slash - socket))
                      : ".";
    f->error = write_links(f);
    openflow_for_each_bridge(f->chassis, OPENFLOW_MAY_LEAD_TO_WIRE,
                             write_flows, f);
    openflow_for_each_bridge(f->chassis, OPENFLOW_MAY_LEAD_TO_WIRE, write_fdb,
                             f);
    return f->error;
}

/* Whether a chassis's name can be that of its folder beside the others. */
static bool
can_be_folder(const struct writer *w, const char *name)
{
    static const char *const taken[] = { "nb.db", "sb.db", "neutron" };
    for (size_t i = 0; i < N_ELEMENTS(taken); i++) {
        if (!strcmp(name, taken[i])) {
            return false;
        }
    }
    return openflow_name_is_safe(name) && name[0] != '.'
           && faccessat(w->fd, name, F_OK, AT_SYMLINK_NOFOLLOW);
}

static struct error *
write_chassis(struct writer *w, const struct evidence_chassis *chassis,
              size_t number)
{
    struct folder f = { .w = w, .chassis = chassis, .name = chassis->name };
    if (!can_be_folder(w, f.name)) {
        f.name = arena_printf(&w->e->arena, "chassis-%zu", number);
        note(w,
             "%s: of the chassis at %s, whose name cannot be a folder's or "
             "is there already",
             f.name, chassis->ovs.from);
    }
    struct error *error = make_folder(w->fd, f.name, f.name, &f.fd);
    if (error) {
        return error;
    }
    error =
        write_db(w, &chassis->ovs, f.fd, path_of(&f, "conf.db"), "conf.db");
    if (!error && chassis->ovs.live) {
        error = write_interfaces(&f);
        error = error ? error : write_beside(&f);
    } else if (!error) {
        note(w, "%s: only conf.db, since that was given as a file", f.name);
    }
    close(f.fd);
    return error;
}

/* The bundle. */

static struct error *
write_bundle(struct writer *w)
{
    struct error *error = write_db(w, &w->e->nb, w->fd, "nb.db", "nb.db");
    if (!error) {
        error = write_db(w, &w->e->sb, w->fd, "sb.db", "sb.db");
    }
    for (size_t i = 0; i < w->e->n_chassis && !error; i++) {
        error = write_chassis(w, w->e->chassis[i], i + 1);
    }
    if (!error && !w->e->n_chassis) {
        note(w, "no chassis: give --ovs, or run `provnet collect` on each "
                "chassis and put its folder beside nb.db");
    }
    return error ? error_wrap(error, "%s", w->dir) : NULL;
}

struct error *
collect_write(const struct collect_options *options, const char *dir,
              struct evidence *e, const char ***ret_notes, size_t *ret_n_notes)
{
    struct writer w = { .options = options, .e = e, .dir = dir };
    if (options->bundle) {
        return error_hint(error_new("a bundle is what collect writes"),
                          "give --nb, --sb and --ovs, or nothing for this "
                          "host's own");
    }
    bool made;
    struct error *error = open_empty_folder(dir, &w.fd, &made);
    if (error) {
        return error;
    }
    error = collect_gather(options, e);
    if (!error) {
        error = write_bundle(&w);
    } else if (made) {
        rmdir(dir);
    }
    close(w.fd);
    if (!error) {
        *ret_notes =
            arena_alloc(&e->arena, (w.n_notes + 1) * sizeof **ret_notes);
        for (size_t i = 0; i < w.n_notes; i++) {
            (*ret_notes)[i] = w.notes[i];
        }
        *ret_n_notes = w.n_notes;
    }
    free(w.notes);
    return error;
}
