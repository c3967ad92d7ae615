#include "apply/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apply/server.h"
#include "base/clock.h"
#include "collect/run.h"
#include "ovsdb/session.h"
#include "ovsdb/tree.h"

/* A copy of a live database may take this many timeouts (see collect/). */
#define BACKUP_TIMEOUTS 30
#define MAX_COPY_BYTES ((uint64_t) 64 << 30)
#define MAX_TRANSACTION_BYTES ((size_t) 64 << 20)
#define MAX_TRANSACTION_NODES ((size_t) 1 << 22)

struct scratch {
    struct evidence *evidence;
    const struct collect_options *options;
    struct arena arena;
    char *dir;
    struct scratch_db *dbs;
    size_t n_dbs;
};

/* Copying. */

static struct error *
write_all(int fd, const char *bytes, size_t size)
{
    while (size) {
        ssize_t n = write(fd, bytes, size);
        if (n < 0 && errno != EINTR) {
            return error_new("cannot write the copy: %s", strerror(errno));
        }
        bytes += n > 0 ? n : 0;
        size -= n > 0 ? (size_t) n : 0;
    }
    return NULL;
}

static struct error *
sink_file(void *aux, const char *bytes, size_t size)
{
    return write_all(*(int *) aux, bytes, size);
}

static struct error *
make_file(const char *path, int *ret_fd)
{
    *ret_fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return *ret_fd < 0
               ? error_new("%s: cannot make it: %s", path, strerror(errno))
               : NULL;
}

static struct error *
copy_bytes(const char *from, int to)
{
    char buffer[1 << 16];
    struct error *error = NULL;
    ssize_t n = 0;
    int fd = open(from, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return error_new("%s: cannot open: %s", from, strerror(errno));
    }
    while (!error && (n = read(fd, buffer, sizeof buffer)) > 0) {
        error = write_all(to, buffer, (size_t) n);
    }
    if (!error && n < 0) {
        error = error_new("%s: cannot read: %s", from, strerror(errno));
    }
    close(fd);
    return error;
}

/* Makes a copy of a cluster member's file a standalone one. */
static struct error *
make_standalone(struct scratch *s, const char *file)
{
    const char *member = arena_printf(&s->arena, "%s.member", file);
    const char *const argv[] = { "ovsdb-tool", "cluster-to-standalone", file,
                                 member, NULL };
    struct text out;
    bool absent;
    if (rename(file, member)) {
        return error_new("%s: %s", file, strerror(errno));
    }
    text_init(&out, 1 << 16);
    struct error *error =
        run_tool_text(argv, clock_now_ms() + (int64_t) 600000, &out, &absent);
    text_done(&out);
    unlink(member);
    return error;
}

static struct error *
copy_file(struct scratch *s, const char *from, const char *file)
{
    char magic[14] = "";
    int fd;
    struct error *error = make_file(file, &fd);
    if (error) {
        return error;
    }
    error = copy_bytes(from, fd);
    ssize_t n = pread(fd, magic, 13, 0);
    close(fd);
    return error || n != 13 || strcmp(magic, "OVSDB CLUSTER")
               ? error
               : make_standalone(s, file);
}

static void
add_tls(const struct collect_options *o, const char **argv, size_t *n)
{
    const char *const files[][2] = { { "-p", o->private_key },
                                     { "-c", o->certificate },
                                     { "-C", o->ca_cert } };
    for (size_t i = 0; i < N_ELEMENTS(files); i++) {
        if (files[i][1]) {
            argv[(*n)++] = files[i][0];
            argv[(*n)++] = files[i][1];
        }
    }
}

static struct error *
copy_live(struct scratch *s, const struct evidence_db *db, const char *file)
{
    const char *argv[16] = { "ovsdb-client" };
    size_t n = 1;
    int64_t timeout_ms = s->options->timeout_ms > 0
                             ? s->options->timeout_ms
                             : COLLECT_DEFAULT_TIMEOUT_MS;
    bool absent;
    int fd;
    struct error *error = make_file(file, &fd);
    if (error) {
        return error;
    }
    add_tls(s->options, argv, &n);
    argv[n++] = "--no-leader-only";
    argv[n++] = "backup";
    argv[n++] = db->from;
    argv[n++] = db->store.spec->name;
    error = run_tool(argv, clock_now_ms() + BACKUP_TIMEOUTS * timeout_ms,
                     MAX_COPY_BYTES, sink_file, &fd, &absent);
    close(fd);
    return absent && error ? error_hint(error, "install ovsdb-client (package "
                                               "openvswitch-common)")
                           : error;
}

/* The end of the last whole record of a file: a half-written one is no part
 * of a copy. */
static struct error *
trim(const char *file, uint64_t *ret_size)
{
    FILE *stream = fopen(file, "r+e");
    char line[256];
    off_t size = 0;
    struct stat status;
    if (!stream || fstat(fileno(stream), &status)) {
        return error_new("%s: cannot open: %s", file, strerror(errno));
    }
    while (fgets(line, sizeof line, stream)) {
        unsigned long long length;
        off_t here = ftello(stream);
        if (sscanf(line, "OVSDB JSON %llu ", &length) != 1
            || length > (unsigned long long) (status.st_size - here)
            || fseeko(stream, (off_t) length, SEEK_CUR)) {
            break;
        }
        size = ftello(stream);
    }
    bool failed = ftruncate(fileno(stream), size) != 0;
    fclose(stream);
    *ret_size = (uint64_t) size;
    return failed ? error_new("%s: cannot cut it: %s", file, strerror(errno))
                  : NULL;
}

static const struct scratch_db *
find_copy(const struct scratch *s, const struct evidence_db *db)
{
    for (size_t i = 0; i < s->n_dbs; i++) {
        if (s->dbs[i].db == db) {
            return &s->dbs[i];
        }
    }
    return NULL;
}

/* Copies a database, unless it was copied or is not there. */
static struct error *
add_copy(struct scratch *s, struct evidence_db *db, const char *chassis)
{
    struct scratch_db *copy = &s->dbs[s->n_dbs];
    const char *name =
        chassis ? arena_printf(&s->arena, "ovs%zu", s->n_dbs) : db->db;
    if (!db->present || find_copy(s, db)) {
        return NULL;
    }
    *copy = (struct scratch_db){
        .db = db,
        .chassis = chassis,
        .file = arena_printf(&s->arena, "%s/%s.db", s->dir, name),
        .remote = arena_printf(&s->arena, "unix:%s/%s.sock", s->dir, name)
    };
    struct error *error = db->live ? copy_live(s, db, copy->file)
                                   : copy_file(s, db->file, copy->file);
    if (!error) {
        error = trim(copy->file, &copy->size);
    }
    s->n_dbs += !error;
    return error ? error_wrap(error, "copying %s", db->from) : NULL;
}

static struct error *
make_dir(struct scratch *s)
{
    const char *tmp = getenv("TMPDIR");
    s->dir = arena_printf(&s->arena, "%s/provnet-XXXXXX",
                          tmp && *tmp && strlen(tmp) < 64 ? tmp : "/tmp");
    if (!mkdtemp(s->dir)) {
        struct error *error =
            error_new("%s: cannot make a folder: %s", s->dir, strerror(errno));
        s->dir = NULL;
        return error_hint(error, "set TMPDIR to where there is room");
    }
    return NULL;
}

struct error *
scratch_new(struct evidence *e, const struct collect_options *options,
            struct scratch **ret)
{
    struct scratch *s = *ret = xcalloc(1, sizeof *s);
    s->evidence = e;
    s->options = options;
    arena_init(&s->arena);
    s->dbs = arena_zalloc(&s->arena, (2 + e->n_chassis) * sizeof *s->dbs);
    return make_dir(s);
}

static struct error *
copy_all(struct scratch *s)
{
    struct evidence *e = s->evidence;
    struct error *error = add_copy(s, &e->nb, NULL);
    error = error ? error : add_copy(s, &e->sb, NULL);
    for (size_t i = 0; i < e->n_chassis && !error; i++) {
        error = add_copy(s, &e->chassis[i]->ovs, e->chassis[i]->name);
    }
    return error;
}

static void
remove_dir(const char *dir)
{
    DIR *list = opendir(dir);
    struct dirent *entry;
    while (list && (entry = readdir(list))) {
        unlinkat(dirfd(list), entry->d_name, 0);
    }
    if (list) {
        closedir(list);
    }
    rmdir(dir);
}

void
scratch_free(struct scratch *s)
{
    if (s) {
        if (s->dir) {
            remove_dir(s->dir);
        }
        arena_done(&s->arena);
    }
    free(s);
}

const struct scratch_db *
scratch_dbs(const struct scratch *s, size_t *ret_n)
{
    *ret_n = s->n_dbs;
    return s->dbs;
}

/* Running a command. */

/* The tools that take a --db, and which database they mean. */
static const struct {
    const char *tool, *db;
} tools[] = {
    { "ovn-nbctl", "nb" },
    { "ovn-sbctl", "sb" },
    { "ovs-vsctl", "ovs" },
};

static const char *
tool_db(const char *path)
{
    const char *slash = strrchr(path, '/');
    for (size_t i = 0; i < N_ELEMENTS(tools); i++) {
        if (!strcmp(slash ? slash + 1 : path, tools[i].tool)) {
            return tools[i].db;
        }
    }
    return NULL;
}

static const char *
remote_of(const struct scratch *s, const char *db)
{
    for (size_t i = 0; i < s->n_dbs; i++) {
        if (!strcmp(s->dbs[i].db->db, db)) {
            return s->dbs[i].remote;
        }
    }
    return NULL;
}

/* What runs a command where neither the environment nor the mount namespace
 * that lead to the copies go with it. */
static const char *const ways_out[] = {
    "sudo",   "doas",    "su",     "ssh",     "docker",
    "podman", "nerdctl", "crictl", "kubectl", "oc",
    "lxc",    "incus",   "juju",   "nsenter", "chroot",
};

static struct error *
refuse_way_out(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *tool = slash ? slash + 1 : path;
    for (size_t i = 0; i < N_ELEMENTS(ways_out); i++) {
        if (!strcmp(tool, ways_out[i])) {
            return error_hint(error_new("%s would run the command elsewhere, "
                                        "on the databases themselves",
                                        tool),
                              "run provnet there, and the command without "
                              "%s",
                              tool);
        }
    }
    return NULL;
}

/* A database that the command itself names is not ours, nor one behind a
 * tool's daemon (ovn-nbctl(8), -u). */
static struct error *
refuse_own_db(char **argv)
{
    for (char **word = argv + 1; *word; word++) {
        if (!strncmp(*word, "--db=", 5) || !strcmp(*word, "--db")
            || !strncmp(*word, "-u", 2) || !strncmp(*word, "--unixctl", 9)) {
            return error_hint(error_new("the command names a database itself "
                                        "(%s), which would not be the copy",
                                        *word),
                              "leave --db out: the copies are named by "
                              "OVN_NB_DB, OVN_SB_DB and OVS_DB");
        }
    }
    return NULL;
}

/* The command with its --db, if it is a tool that takes one. */
static struct error *
put_db(struct scratch *s, char **argv, char ***ret)
{
    const char *db = tool_db(argv[0]);
    const char *remote = db ? remote_of(s, db) : NULL;
    size_t n = 0;
    while (argv[n]) {
        n++;
    }
    if (db && !remote) {
        return error_hint(error_new("%s needs the %s database, which was not "
                                    "gathered",
                                    argv[0], db),
                          "give it with --%s", db);
    }
    char **words = arena_zalloc(&s->arena, (n + 2) * sizeof *words);
    words[0] = argv[0];
    if (db) {
        words[1] = arena_printf(&s->arena, "--db=%s", remote);
    }
    memcpy(words + (db ? 2 : 1), argv + 1, n * sizeof *words);
    *ret = words;
    return db ? refuse_own_db(argv) : NULL;
}

struct error *
scratch_run(struct scratch *s, char **argv, int *ret_status)
{
    struct servers *servers;
    char **words = NULL;
    struct error *error = refuse_way_out(argv[0]);
    error = error ? error : copy_all(s);
    error = error ? error : put_db(s, argv, &words);
    if (error) {
        return error;
    }
    error = servers_start(s->dbs, s->n_dbs, s->dir, &servers);
    if (!error) {
        error = servers_run(servers, words, ret_status);
    }
    servers_stop(servers);
    return error;
}

/* A transaction without a server. */

static struct error *
read_transaction(struct scratch *s, const char *path,
                 const struct json_value **ret)
{
    struct stat status;
    struct input in;
    struct json_reader reader;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &status)) {
        return error_new("%s: cannot open: %s", path, strerror(errno));
    }
    if (!S_ISREG(status.st_mode)
        || (uint64_t) status.st_size > MAX_TRANSACTION_BYTES) {
        close(fd);
        return error_new("%s: no regular file of at most %zu MiB", path,
                         MAX_TRANSACTION_BYTES >> 20);
    }
    input_init_fd(&in, &fd);
    json_reader_init(&reader, &in);
    struct error *error = NULL;
    *ret = json_read_value(&reader, &s->arena, MAX_TRANSACTION_NODES);
    if (*ret && json_peek(&reader) >= 0) {
        json_fail(&reader, "something follows the JSON value");
    }
    if (in.error) {
        error = error_new("%s: %s", path, error_text(in.error));
    } else if (!*ret || (*ret)->kind != JSON_ARRAY || !(*ret)->first) {
        error = error_hint(error_new("%s: this is no transaction", path),
                           "an array of operations (RFC 7047, section 5.2), "
                           "with or without the database's name before them");
    }
    json_reader_done(&reader);
    input_done(&in);
    close(fd);
    return error;
}

/* The database that a transaction is for; NULL if it was not gathered. */
static struct evidence_db *
find_db(const struct scratch *s, const char *name, const char **ret_chassis)
{
    struct evidence *e = s->evidence;
    struct evidence_db *db = !strcmp(name, nb_spec.name)   ? &e->nb
                             : !strcmp(name, sb_spec.name) ? &e->sb
                                                           : NULL;
    *ret_chassis = NULL;
    for (size_t i = 0; i < e->n_chassis && !db; i++) {
        if (!strcmp(name, ovs_spec.name) && e->chassis[i]->ovs.present) {
            *ret_chassis = e->chassis[i]->name;
            db = &e->chassis[i]->ovs;
        }
    }
    return db && db->present ? db : NULL;
}

/* A command line's word may be this long (Linux, MAX_ARG_STRLEN). */
#define MAX_WORD_BYTES ((size_t) 120 << 10)

static struct error *
transact_file(const struct scratch_db *copy, const char *params,
              bool *ret_refused)
{
    const char *const argv[] = { "ovsdb-tool", "transact", copy->file, params,
                                 NULL };
    struct text out;
    bool absent;
    text_init(&out, MAX_TRANSACTION_BYTES);
    struct error *error =
        run_tool_text(argv, clock_now_ms() + (int64_t) 600000, &out, &absent);
    if (!error) {
        struct input_memory memory;
        struct input in;
        struct json_reader reader;
        struct arena arena;
        arena_init(&arena);
        input_init_memory(&in, &memory, text_string(&out), out.length);
        json_reader_init(&reader, &in);
        const struct json_value *results =
            json_read_value(&reader, &arena, MAX_TRANSACTION_NODES);
        error = results ? ovsdb_transaction_failure(results)
                        : error_new("ovsdb-tool says nothing");
        *ret_refused = results && error;
        json_reader_done(&reader);
        input_done(&in);
        arena_done(&arena);
    }
    text_done(&out);
    return error;
}

/* A transaction that is too long for a command line goes to a server. */
static struct error *
transact_served(struct scratch *s, const struct scratch_db *copy,
                const char *params, bool *ret_refused)
{
    struct servers *servers;
    const struct json_value *results = NULL;
    struct error *error = servers_start(copy, 1, s->dir, &servers);
    if (!error) {
        error = ovsdb_session_transact(
            copy->remote, NULL, clock_now_ms() + (int64_t) 600000,
            copy->db->store.spec->name, params, &s->arena, &results);
        *ret_refused = results && error;
    }
    servers_stop(servers);
    return error;
}

struct error *
scratch_do(struct scratch *s, struct evidence_db *db, const char *chassis,
           const char *params, bool *ret_refused)
{
    bool refused = false;
    struct error *error = add_copy(s, db, chassis);
    if (!error) {
        const struct scratch_db *copy = find_copy(s, db);
        error = strlen(params) < MAX_WORD_BYTES
                    ? transact_file(copy, params, &refused)
                    : transact_served(s, copy, params, &refused);
    }
    if (ret_refused) {
        *ret_refused = refused;
    }
    return error;
}

struct error *
scratch_transact(struct scratch *s, const char *path)
{
    const struct json_value *v;
    struct error *error = read_transaction(s, path, &v);
    if (error) {
        return error;
    }
    bool named = v->first->kind == JSON_STRING;
    const char *name = named ? v->first->string : nb_spec.name;
    const char *chassis;
    struct evidence_db *db = find_db(s, name, &chassis);
    if (!db) {
        return error_new("%s: it is for database %.60s, which was not "
                         "gathered",
                         path, name);
    }
    struct text params;
    text_init(&params, MAX_TRANSACTION_BYTES);
    text_putc(&params, '[');
    json_put_string(&params, name);
    for (const struct json_value *op = named ? v->first->next : v->first; op;
         op = op->next) {
        text_putc(&params, ',');
        tree_put(&params, op);
    }
    text_putc(&params, ']');
    error = scratch_do(s, db, chassis, text_string(&params), NULL);
    text_done(&params);
    return error ? error_wrap(error, "%s", path) : NULL;
}
