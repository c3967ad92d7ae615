#include "collect/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ovsdb/log.h"

/* Dumps are small; what is larger was not written by the tools we name. */
#define MAX_DUMP_BYTES ((size_t) 64 << 20)

/* Databases. */

static struct error *
read_store(struct evidence *e, const char *path, int fd,
           struct ovsdb_store *store, uint64_t *ret_bytes)
{
    struct ovsdb_log log;
    struct error *error = ovsdb_log_open(&log, path, fd);
    if (error) {
        return error;
    }
    error = ovsdb_log_read_all(&log, store);
    if (!error && log.cut) {
        evidence_warn(e, "%s", log.cut);
    }
    if (!error && log.caveat) {
        evidence_warn(e, "%s", log.caveat);
    }
    *ret_bytes = input_offset(&log.in);
    ovsdb_log_close(&log);
    return error;
}

struct error *
file_read_db(struct evidence *e, struct evidence_db *db, const char *path)
{
    struct error *error = read_store(e, path, -1, &db->store, &db->bytes);
    if (!error) {
        db->present = true;
        db->from = arena_strdup(&e->arena, path);
        db->n_records = db->store.n_records;
        db->log = &db->store;
        db->log_from = db->from;
    }
    return error;
}

struct error *
file_read_log(struct evidence *e, struct evidence_db *db, const char *path,
              int fd)
{
    uint64_t bytes;
    struct ovsdb_store *store = xmalloc(sizeof *store);
    ovsdb_store_init(store, db->store.spec);
    struct error *error = read_store(e, path, fd, store, &bytes);
    if (error) {
        ovsdb_store_done(store);
        free(store);
        return error;
    }
    db->log = store;
    db->log_from = arena_strdup(&e->arena, path);
    return NULL;
}

const char *
file_system_id(const struct ovsdb_store *store)
{
    struct ovsdb_row *row =
        ovsdb_table_next(&store->tables[OVS_OPEN_VSWITCH], NULL);
    return row ? ovsdb_map_get(row, OPEN_VSWITCH_EXTERNAL_IDS, "system-id")
               : NULL;
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

/* A dump's reader: takes its bytes into the chassis. */
typedef struct error *dump_reader(struct evidence *, struct evidence_chassis *,
                                  const char *name, const char *bytes,
                                  size_t size);

static struct error *
take_interfaces(struct evidence *e, struct evidence_chassis *chassis,
                const char *name PROVNET_UNUSED, const char *bytes,
                size_t size)
{
    chassis->has_interfaces = true;
    return links_parse_interfaces(bytes, size, &e->arena,
                                  &chassis->interfaces);
}

static struct error *
take_links(struct evidence *e, struct evidence_chassis *chassis,
           const char *name PROVNET_UNUSED, const char *bytes, size_t size)
{
    chassis->has_links = true;
    return links_parse_ip(bytes, size, &e->arena, &chassis->links);
}

static struct error *
take_flows(struct evidence *e, struct evidence_chassis *chassis,
           const char *name, const char *bytes, size_t size)
{
    return flows_parse(bytes, size, &e->arena,
                       &evidence_place_bridge(e, chassis, name)->flows);
}

static struct error *
take_networks(struct evidence *e,
              struct evidence_chassis *chassis PROVNET_UNUSED,
              const char *name PROVNET_UNUSED, const char *bytes, size_t size)
{
    e->has_neutron = true;
    return neutron_parse_networks(bytes, size, &e->arena, &e->networks);
}

/* Reads the dump at DIR/FILE, if it is there. */
static struct error *
read_dump(struct evidence *e, struct evidence_chassis *chassis,
          const char *dir, const char *file, const char *name,
          dump_reader *take)
{
    char *path = arena_printf(&e->arena, "%s/%s", dir, file);
    char *bytes = NULL;
    size_t size = 0;
    if (access(path, F_OK)) {
        return NULL;
    }
    struct error *error = read_whole(path, &bytes, &size);
    if (error) {
        return error;
    }
    error = take(e, chassis, name, bytes, size);
    free(bytes);
    return error ? error_wrap(error, "%s", path) : NULL;
}

/* Bundles. */

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

struct chassis_folder {
    struct evidence *e;
    struct evidence_chassis *chassis;
    const char *dir;
};

/* flows/BRIDGE.txt */
static struct error *
visit_flows(void *aux, const char *name)
{
    struct chassis_folder *f = aux;
    size_t length = strlen(name);
    if (length <= 4 || strcmp(name + length - 4, ".txt")) {
        return NULL;
    }
    return read_dump(f->e, f->chassis, f->dir, name,
                     arena_strndup(&f->e->arena, name, length - 4),
                     take_flows);
}

static struct error *
read_chassis(struct evidence *e, const char *dir, const char *folder)
{
    struct evidence_chassis *chassis = evidence_add_chassis(e, folder);
    char *path = arena_printf(&e->arena, "%s/conf.db", dir);
    struct error *error =
        access(path, F_OK) ? NULL : file_read_db(e, &chassis->ovs, path);
    if (!error) {
        error = read_dump(e, chassis, dir, "interface.json", NULL,
                          take_interfaces);
    }
    if (!error) {
        error = read_dump(e, chassis, dir, "ip-link.json", NULL, take_links);
    }
    if (!error) {
        struct chassis_folder f = { e, chassis,
                                    arena_printf(&e->arena, "%s/flows", dir) };
        error = for_each_entry(f.dir, visit_flows, &f);
    }
    /* A folder may be called by host name: the chassis knows its own. */
    const char *id =
        chassis->ovs.present ? file_system_id(&chassis->ovs.store) : NULL;
    if (id) {
        chassis->name = id;
    }
    return error;
}

struct bundle {
    struct evidence *e;
    const char *dir;
};

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
    if (!strcmp(name, "nb.db")) {
        return file_read_db(b->e, &b->e->nb, path);
    } else if (!strcmp(name, "sb.db")) {
        return file_read_db(b->e, &b->e->sb, path);
    } else if (!strcmp(name, "neutron") && is_folder(path)) {
        return read_dump(b->e, NULL, path, "networks.json", NULL,
                         take_networks);
    } else if (is_folder(path) && looks_like_chassis(path)) {
        return read_chassis(b->e, path, name);
    }
    return NULL; /* Whatever else people keep beside it. */
}

struct error *
bundle_read(struct evidence *e, const char *dir)
{
    struct bundle b = { e, dir };
    if (!is_folder(dir)) {
        return error_hint(error_new("%s: this is no folder", dir),
                          "--bundle takes a folder that holds nb.db; for a "
                          "single file use --nb FILE");
    }
    struct error *error = for_each_entry(dir, visit_bundle, &b);
    if (!error && !e->nb.present) {
        error = error_hint(error_new("%s: it holds no nb.db", dir),
                           "a bundle needs at least nb.db; write one with "
                           "`provnet collect DIR`");
    }
    return error;
}
