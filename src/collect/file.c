#include "collect/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Dumps are small; what is larger was not written by the tools we name. */
#define MAX_DUMP_BYTES ((size_t) 64 << 20)

/* Folders. */

static int
compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int
is_not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Calls 'visit' for each entry of 'dir', in the order of their names. */
static struct error *
for_each_entry(const char *dir,
               struct error *(*visit)(void *aux, const char *name), void *aux)
{
    struct dirent **entries;
    int n = scandir(dir, &entries, is_not_hidden, compare_names);
    if (n < 0) {
        return errno == ENOENT || errno == ENOTDIR
                   ? NULL
                   : error_new("%s: cannot list: %s", dir, strerror(errno));
    }
    struct error *error = NULL;
    for (int i = 0; i < n; i++) {
        if (!error) {
            error = visit(aux, entries[i]->d_name);
        }
        free(entries[i]);
    }
    free(entries);
    return error;
}

/* Databases. */

/* What is called like a copy that was made before a conversion: backup_db() in
 * scripts/ovs-lib of Open vSwitch appends ".backup", the schema's version and
 * its checksum to the file's name. */
#define BACKUP ".backup"

const char *
file_backup_suffix(const char *path)
{
    const char *slash = strrchr(path, '/');
    return strstr(slash ? slash : path, BACKUP);
}

struct backups {
    struct ovsdb_chain *chain;
    const char *dir;  /* With its slash, or "". */
    const char *base; /* The file's own name. */
    struct arena *arena;
};

static struct error *
visit_backup(void *aux, const char *name)
{
    const struct backups *b = aux;
    size_t length = strlen(b->base);
    if (!strncmp(name, b->base, length)
        && !strncmp(name + length, BACKUP, strlen(BACKUP))
        && b->chain->n_files < OVSDB_CHAIN_MAX_FILES) {
        ovsdb_chain_add(b->chain, arena_printf(b->arena, "%s%s", b->dir, name),
                        -1, true);
    }
    return NULL;
}

/* Adds the copies that stand beside 'path'. */
static void
add_backups(struct evidence *e, struct ovsdb_chain *chain, const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t) (slash - path) + 1 : 0;
    struct backups b = { chain, arena_strndup(&e->arena, path, length),
                         path + length, &e->arena };
    error_free(for_each_entry(length ? b.dir : ".", visit_backup, &b));
}

/* Adds what was named, but for copies of what is named too: those are found
 * beside it. */
static void
add_named(struct evidence *e, struct ovsdb_chain *chain,
          const char *const *paths, size_t n, bool with_backups)
{
    for (size_t i = 0; i < n; i++) {
        const char *suffix = file_backup_suffix(paths[i]);
        size_t length = suffix ? (size_t) (suffix - paths[i]) : 0;
        bool is_backup = false;
        for (size_t j = 0; j < n; j++) {
            is_backup |= suffix && strlen(paths[j]) == length
                         && !strncmp(paths[i], paths[j], length);
        }
        if (is_backup && with_backups) {
            continue;
        }
        ovsdb_chain_add(chain, paths[i], -1, is_backup);
        if (with_backups) {
            add_backups(e, chain, paths[i]);
        }
    }
}

/* Notes in 'db' which files of 'chain' were read into 'store'. */
static void
note_chain(struct evidence *e, struct evidence_db *db,
           const struct ovsdb_chain *chain, const struct ovsdb_store *store)
{
    for (size_t i = 0; i < chain->n_notes; i++) {
        evidence_warn(e, "%s", chain->notes[i]);
    }
    if (chain->caveat) {
        evidence_warn(e, "%s", chain->caveat);
    }
    db->n_log_files = chain->n_files;
    db->log_files =
        arena_alloc(&e->arena, chain->n_files * sizeof *db->log_files);
    for (size_t i = 0; i < chain->n_files; i++) {
        struct evidence_file *file = &db->log_files[i];
        file->path = arena_strdup(
            &e->arena, ovsdb_chain_path(chain, i, &file->is_backup));
    }
    db->log_until_ms = chain->is_damaged ? ovsdb_store_date(store) : INT64_MAX;
}

static struct error *
read_chain(struct ovsdb_chain *chain, struct ovsdb_store *store)
{
    struct error *error = ovsdb_chain_begin(chain);
    return error ? error : ovsdb_chain_read_all(chain, store);
}

/* The names of several files, as they are given together. */
static const char *
join_names(struct arena *arena, const char *const *names, size_t n)
{
    const char *joined = names[0];
    for (size_t i = 1; i < n; i++) {
        joined = arena_printf(arena, "%s,%s", joined, names[i]);
    }
    return arena_strdup(arena, joined);
}

/* Dumps. */

static struct error *
read_whole(const char *path, char **ret_bytes, size_t *ret_size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return error_new("%s: cannot open: %s", path, strerror(errno));
    }
    struct stat status;
    struct error *error = NULL;
    char *bytes = NULL;
    size_t n = 0;
    if (fstat(fd, &status) || !S_ISREG(status.st_mode)) {
        error = error_new("%s: this is no regular file", path);
    } else if ((uint64_t) status.st_size > MAX_DUMP_BYTES) {
        error =
            error_new("%s: larger than %zu MiB", path, MAX_DUMP_BYTES >> 20);
    } else {
        size_t size = (size_t) status.st_size;
        bytes = xmalloc(size + 1);
        ssize_t got;
        while (n < size && (got = read(fd, bytes + n, size - n)) > 0) {
            n += (size_t) got;
        }
        bytes[n] = '\0';
    }
    close(fd);
    if (!error) {
        *ret_bytes = bytes;
        *ret_size = n;
    }
    return error;
}

/* A dump's reader: takes its bytes into 'whose', which it is of. */
typedef struct error *dump_reader(void *whose, const char *name,
                                  const char *bytes, size_t size);

static struct error *
take_interfaces(void *chassis_, const char *name PROVNET_UNUSED,
                const char *bytes, size_t size)
{
    struct evidence_chassis *chassis = chassis_;
    chassis->has_interfaces = true;
    return links_parse_interfaces(bytes, size, &chassis->arena,
                                  &chassis->interfaces);
}

static struct error *
take_links(void *chassis_, const char *name PROVNET_UNUSED, const char *bytes,
           size_t size)
{
    struct evidence_chassis *chassis = chassis_;
    chassis->has_links = true;
    return links_parse_ip(bytes, size, &chassis->arena, &chassis->links);
}

static struct error *
take_flows(void *chassis_, const char *name, const char *bytes, size_t size)
{
    struct evidence_chassis *chassis = chassis_;
    return flows_parse(bytes, size, &chassis->arena,
                       &evidence_place_bridge(chassis, name)->flows);
}

static struct error *
take_networks(void *evidence, const char *name PROVNET_UNUSED,
              const char *bytes, size_t size)
{
    struct evidence *e = evidence;
    e->has_neutron = true;
    return neutron_parse_networks(bytes, size, &e->arena, &e->networks);
}

/* Reads the dump at 'path', if it is there. */
static struct error *
read_dump(void *whose, const char *path, const char *name, dump_reader *take)
{
    char *bytes = NULL;
    size_t size = 0;
    if (access(path, F_OK)) {
        return NULL;
    }
    struct error *error = read_whole(path, &bytes, &size);
    if (error) {
        return error;
    }
    error = take(whose, name, bytes, size);
    free(bytes);
    return error ? error_wrap(error, "%s", path) : NULL;
}

/* A chassis' folder. */
struct chassis_folder {
    struct evidence_chassis *chassis;
    const char *dir;
};

/* flows/BRIDGE.txt */
static struct error *
visit_flows(void *aux, const char *name)
{
    const struct chassis_folder *f = aux;
    struct arena *arena = &f->chassis->arena;
    size_t length = strlen(name);
    if (length <= 4 || strcmp(name + length - 4, ".txt")) {
        return NULL;
    }
    return read_dump(f->chassis, arena_printf(arena, "%s/%s", f->dir, name),
                     arena_strndup(arena, name, length - 4), take_flows);
}

static struct error *
read_dumps(struct evidence_chassis *chassis, const char *dir)
{
    struct arena *arena = &chassis->arena;
    struct chassis_folder flows = { chassis,
                                    arena_printf(arena, "%s/flows", dir) };
    struct error *error =
        read_dump(chassis, arena_printf(arena, "%s/interface.json", dir), NULL,
                  take_interfaces);
    if (!error) {
        error = read_dump(chassis, arena_printf(arena, "%s/ip-link.json", dir),
                          NULL, take_links);
    }
    return error ? error : for_each_entry(flows.dir, visit_flows, &flows);
}

/* Jobs. */

/* What is to be read. */
struct file_job {
    struct evidence_db *db; /* A database, or NULL... */
    struct ovsdb_chain chain;
    const char *from;
    struct evidence_chassis *chassis; /* ...and what a chassis dumped, or
                                       * NULL, which is in... */
    const char *dir;
    struct error *error;
    struct file_job *next;
};

static struct file_job *
add_job(struct file_jobs *jobs, struct evidence *e)
{
    struct file_job *job = arena_zalloc(&e->arena, sizeof *job);
    ovsdb_chain_init(&job->chain);
    *(jobs->last ? &jobs->last->next : &jobs->first) = job;
    jobs->last = job;
    jobs->n++;
    return job;
}

static void
read_into(struct file_job *job, struct evidence *e, struct evidence_db *db,
          const char *const *paths, size_t n, bool all_logs)
{
    job->db = db;
    job->from = join_names(&e->arena, paths, n);
    job->chain.takes_prefix = all_logs;
    add_named(e, &job->chain, paths, n, all_logs || strcmp(db->db, "sb"));
}

void
file_add_job(struct file_jobs *jobs, struct evidence *e,
             struct evidence_db *db, const char *const *paths, size_t n,
             bool all_logs)
{
    read_into(add_job(jobs, e), e, db, paths, n, all_logs);
}

/* Moves 'more' behind 'jobs'. */
static void
append_jobs(struct file_jobs *jobs, struct file_jobs *more)
{
    *(jobs->last ? &jobs->last->next : &jobs->first) = more->first;
    jobs->last = more->last ? more->last : jobs->last;
    jobs->n += more->n;
    *more = (struct file_jobs){ .n = 0 };
}

/* One of the threads that do jobs. */
struct worker {
    _Atomic(struct file_job *) *next; /* Of all of them. */
    struct arena *arena;              /* Its own. */
};

static struct error *
do_job(struct file_job *job, struct arena *lender)
{
    if (job->chassis) {
        evidence_set_lender(job->chassis, lender);
    }
    struct error *error =
        job->db ? read_chain(&job->chain, &job->db->store) : NULL;
    if (job->chassis) {
        error = error ? error : read_dumps(job->chassis, job->dir);
        ovsdb_store_drop_indexes(&job->chassis->ovs.store);
        evidence_set_lender(job->chassis, NULL);
    }
    return error;
}

/* Takes one job after the other.  What a job reads into is its own. */
static void *
work(void *aux)
{
    struct worker *worker = aux;
    struct file_job *job = atomic_load(worker->next);
    while (job) {
        if (atomic_compare_exchange_weak(worker->next, &job, job->next)) {
            job->error = do_job(job, worker->arena);
            job = atomic_load(worker->next);
        }
    }
    return NULL;
}

/* What a job has read becomes evidence. */
static struct error *
end_job(struct evidence *e, struct file_job *job, bool failed)
{
    struct evidence_db *db = job->db;
    struct error *error = job->error;
    if (db && !error && !failed) {
        note_chain(e, db, &job->chain, &db->store);
        db->present = true;
        db->from = job->from;
        db->file = arena_strdup(&e->arena, ovsdb_chain_latest(&job->chain));
        db->bytes = job->chain.bytes;
        db->n_records = job->chain.n_records;
        db->log = &db->store;
        db->log_from = db->from;
    }
    ovsdb_chain_done(&job->chain);
    return error;
}

struct error *
file_run_jobs(struct file_jobs *jobs, struct evidence *e)
{
    _Atomic(struct file_job *) next = jobs->first;
    struct worker workers[2] = { { &next, &e->chassis_arenas[0] },
                                 { &next, &e->chassis_arenas[1] } };
    pthread_t second;
    bool has_second =
        jobs->n > 1 && !pthread_create(&second, NULL, work, &workers[1]);
    work(&workers[0]);
    if (has_second) {
        pthread_join(second, NULL);
    }
    struct error *first = NULL;
    for (struct file_job *job = jobs->first; job; job = job->next) {
        struct error *error = end_job(e, job, first);
        if (first) {
            error_free(error);
        } else {
            first = error;
        }
    }
    *jobs = (struct file_jobs){ .n = 0 };
    return first;
}

void
file_drop_jobs(struct file_jobs *jobs)
{
    for (struct file_job *job = jobs->first; job; job = job->next) {
        ovsdb_chain_done(&job->chain);
    }
    *jobs = (struct file_jobs){ .n = 0 };
}

struct error *
file_read_db(struct evidence *e, struct evidence_db *db,
             const char *const *paths, size_t n, bool all_logs)
{
    struct file_jobs jobs = { .n = 0 };
    file_add_job(&jobs, e, db, paths, n, all_logs);
    return file_run_jobs(&jobs, e);
}

/* Whether 'path' names the open file 'fd' here: the server may live in a
 * container, where the same path is another file. */
static bool
is_named(int fd, const char *path)
{
    struct stat open, named;
    return !fstat(fd, &open) && !stat(path, &named)
           && open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

struct error *
file_read_log(struct evidence *e, struct evidence_db *db, const char *path,
              int fd, bool all_logs)
{
    struct ovsdb_chain chain;
    struct ovsdb_store *store = xmalloc(sizeof *store);
    ovsdb_store_init(store, db->store.spec);
    ovsdb_chain_init(&chain);
    chain.takes_prefix = all_logs;
    if (is_named(fd, path)) {
        add_backups(e, &chain, path);
    }
    ovsdb_chain_add(&chain, path, fd, false);
    struct error *error = read_chain(&chain, store);
    if (!error) {
        note_chain(e, db, &chain, store);
    }
    ovsdb_chain_done(&chain);
    if (error) {
        ovsdb_store_done(store);
        free(store);
        return error;
    }
    db->log = store;
    db->log_from = arena_strdup(&e->arena, path);
    return NULL;
}

void
file_add_log(struct ovsdb_chain *chain, const struct evidence_db *db)
{
    for (size_t i = 0; i < db->n_log_files; i++) {
        ovsdb_chain_add(chain, db->log_files[i].path, -1,
                        db->log_files[i].is_backup);
    }
}

const char *
file_system_id(const struct ovsdb_store *store)
{
    struct ovsdb_row *row =
        ovsdb_table_next(&store->tables[OVS_OPEN_VSWITCH], NULL);
    return row ? ovsdb_map_get(row, OPEN_VSWITCH_EXTERNAL_IDS, "system-id")
               : NULL;
}

/* Bundles. */

/* The files of one database. */
struct members {
    const char *paths[OVSDB_CHAIN_MAX_FILES];
    size_t n;
};

struct bundle {
    struct evidence *e;
    const char *dir;
    bool all_logs;
    struct file_jobs jobs; /* The chassis'. */
    struct members nb, sb;
};

static void
add_chassis(struct bundle *b, const char *dir, const char *folder)
{
    struct evidence *e = b->e;
    struct file_job *job = add_job(&b->jobs, e);
    job->chassis = evidence_add_chassis(e, folder);
    job->dir = dir;
    const char *path = arena_printf(&e->arena, "%s/conf.db", dir);
    if (!access(path, F_OK)) {
        read_into(job, e, &job->chassis->ovs, &path, 1, b->all_logs);
    }
}

/* A folder may be called by host name: the chassis knows its own. */
static void
name_chassis(struct evidence *e)
{
    for (size_t i = 0; i < e->n_chassis; i++) {
        struct evidence_chassis *chassis = e->chassis[i];
        const char *id =
            chassis->ovs.present ? file_system_id(&chassis->ovs.store) : NULL;
        if (id) {
            chassis->name = id;
        }
    }
}

/* Whether a file's name is DB.db, or DB.MEMBER.db. */
static bool
is_named_after(const char *name, const char *db)
{
    size_t length = strlen(name), prefix = strlen(db);
    return length >= prefix + 3 && !strncmp(name, db, prefix)
           && name[prefix] == '.' && !strcmp(name + length - 3, ".db");
}

static void
add_member(struct members *members, const char *path)
{
    if (members->n < N_ELEMENTS(members->paths)) {
        members->paths[members->n++] = path;
    }
}

static void
add_members(struct bundle *b, struct evidence_db *db,
            const struct members *members, struct file_jobs *jobs)
{
    if (members->n) {
        file_add_job(jobs, b->e, db, members->paths, members->n, b->all_logs);
    }
}

static bool
is_folder(const char *path)
{
    struct stat status;
    return !stat(path, &status) && S_ISDIR(status.st_mode);
}

/* What a chassis's folder may hold (provnet(1)). */
static bool
looks_like_chassis(const char *dir)
{
    static const char *const files[] = { "conf.db", "interface.json",
                                         "ip-link.json", "flows", "fdb" };
    for (size_t i = 0; i < N_ELEMENTS(files); i++) {
        char path[4096];
        if (snprintf(path, sizeof path, "%s/%s", dir, files[i])
                < (int) sizeof path
            && !access(path, F_OK)) {
            return true;
        }
    }
    return false;
}

static struct error *
visit_bundle(void *aux, const char *name)
{
    struct bundle *b = aux;
    char *path = arena_printf(&b->e->arena, "%s/%s", b->dir, name);
    if (is_named_after(name, "nb")) {
        add_member(&b->nb, path);
    } else if (is_named_after(name, "sb")) {
        add_member(&b->sb, path);
    } else if (!strcmp(name, "neutron") && is_folder(path)) {
        return read_dump(b->e,
                         arena_printf(&b->e->arena, "%s/networks.json", path),
                         NULL, take_networks);
    } else if (is_folder(path) && looks_like_chassis(path)) {
        add_chassis(b, path, name);
    }
    return NULL; /* Whatever else people keep beside it. */
}

struct error *
bundle_read(struct evidence *e, const char *dir, bool all_logs)
{
    struct bundle b = { .e = e, .dir = dir, .all_logs = all_logs };
    if (!is_folder(dir)) {
        return error_hint(error_new("%s: this is no folder", dir),
                          "--bundle takes a folder that holds nb.db; for a "
                          "single file use --nb FILE");
    }
    struct error *error = for_each_entry(dir, visit_bundle, &b);
    struct file_jobs jobs = { .n = 0 };
    add_members(&b, &e->sb, &b.sb, &jobs);
    add_members(&b, &e->nb, &b.nb, &jobs);
    append_jobs(&jobs, &b.jobs);
    if (error) {
        file_drop_jobs(&jobs);
        return error;
    }
    error = file_run_jobs(&jobs, e);
    name_chassis(e);
    if (!error && !e->nb.present) {
        error = error_hint(error_new("%s: it holds no nb.db", dir),
                           "a bundle needs at least nb.db; write one with "
                           "`provnet collect DIR`");
    }
    return error;
}
