#include "collect/collect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "collect/file.h"
#include "collect/host.h"
#include "collect/live.h"
#include "collect/openflow.h"

/* Where Debian's packages, and most others, have their sockets:
 * ovn-nbctl(8), ovn-sbctl(8), ovs-vsctl(8). */
#define OVN_RUNDIR "/var/run/ovn"
#define OVS_RUNDIR "/var/run/openvswitch"

struct gather {
    const struct collect_options *options;
    struct evidence *e;
    struct ovsdb_tls tls;
    struct file_jobs jobs; /* Files that were named. */
    struct text tried;     /* Defaults that are not there. */
};

static int64_t
deadline(const struct gather *g)
{
    int timeout_ms = g->options->timeout_ms;
    return clock_now_ms()
           + (timeout_ms > 0 ? timeout_ms : COLLECT_DEFAULT_TIMEOUT_MS);
}

/* Sources. */

static bool
has_prefix(const char *s, const char *prefix)
{
    return !strncmp(s, prefix, strlen(prefix));
}

/* What is no remote must be a file: says so where it can be neither. */
static struct error *
check_file(const char *path)
{
    struct stat status;
    if (has_prefix(path, "punix:") || has_prefix(path, "ptcp:")
        || has_prefix(path, "pssl:")) {
        return error_hint(
            error_new("%s: that is where a server listens", path),
            "to connect to it say %s", path + 1);
    }
    if (stat(path, &status)) {
        int code = errno;
        return error_hint(
            error_new("%s: cannot open: %s", path, strerror(code)),
            "give a database file, or a remote: unix:PATH, "
            "tcp:HOST:PORT or ssl:HOST:PORT");
    }
    if (S_ISSOCK(status.st_mode)) {
        return error_hint(error_new("%s: this is a socket, not a file", path),
                          "did you mean unix:%s?", path);
    }
    if (S_ISDIR(status.st_mode)) {
        return error_hint(error_new("%s: this is a folder, not a file", path),
                          "for a bundle give --bundle %s", path);
    }
    return NULL;
}

/* Adds a file to what is read, or several, separated by commas; a comma may
 * also be part of a file's name. */
static struct error *
add_files(struct gather *g, struct evidence_db *db, const char *source)
{
    const char *paths[OVSDB_CHAIN_MAX_FILES];
    size_t n = 0;
    bool is_one = !access(source, F_OK);
    struct error *error = NULL;
    for (const char *p = source; p && !error;) {
        const char *comma = is_one ? NULL : strchr(p, ',');
        paths[n] =
            comma ? arena_strndup(&g->e->arena, p, (size_t) (comma - p)) : p;
        error = n + 1 == N_ELEMENTS(paths)
                    ? error_new("%s: too many files", source)
                    : check_file(paths[n++]);
        p = comma ? comma + 1 : NULL;
    }
    if (!error) {
        file_add_job(&g->jobs, g->e, db, paths, n, g->options->all_logs);
    }
    return error;
}

/* Reads a live database; of files, 'g->jobs' are still to be run. */
static struct error *
begin_source(struct gather *g, struct evidence_db *db, const char *source)
{
    if (ovsdb_remote_is(source) || has_prefix(source, "cid:")) {
        return live_read_db(g->e, db, source, &g->tls, deadline(g),
                            g->options->all_logs);
    }
    return add_files(g, db, source);
}

static struct error *
read_source(struct gather *g, struct evidence_db *db, const char *source)
{
    struct error *error = begin_source(g, db, source);
    return error ? error : file_run_jobs(&g->jobs, g->e);
}

/* Chassis. */

/* The links of this host, if they are the chassis's. */
static void
read_links(struct gather *g, struct evidence_chassis *chassis)
{
    struct strmap links;
    strmap_init(&links);
    struct error *error = host_read_links(&g->e->arena, &links);
    if (error) {
        evidence_warn(g->e, "%s", error_text(error));
        error_free(error);
    } else if (host_is_chassis(&chassis->ovs.store, &links)) {
        strmap_done(&chassis->links);
        chassis->links = links;
        chassis->has_links = true;
        return;
    }
    strmap_done(&links);
}

/* What the chassis's own host knows beside its database. */
static void
read_beside(struct gather *g, struct evidence_chassis *chassis)
{
    const char *path =
        chassis->ovs.live ? ovsdb_remote_unix_path(chassis->ovs.from) : NULL;
    if (path) {
        const char *slash = strrchr(path, '/');
        size_t length = slash ? (size_t) (slash - path) : 0;
        const char *rundir =
            slash ? arena_strndup(&g->e->arena, path, length) : ".";
        read_links(g, chassis);
        openflow_read(g->e, chassis, rundir, deadline(g));
    }
}

static void
name_chassis(struct gather *g, struct evidence_chassis *chassis)
{
    const char *id = file_system_id(&chassis->ovs.store);
    if (!id || !*id) {
        return;
    }
    chassis->name = arena_strdup(&g->e->arena, id);
    for (size_t i = 0; i < g->e->n_chassis; i++) {
        const struct evidence_chassis *other = g->e->chassis[i];
        if (other != chassis && !strcmp(other->name, id)) {
            evidence_warn(g->e,
                          "%s and %s are both chassis %s (external_ids:"
                          "system-id); each chassis needs its own",
                          other->ovs.from, chassis->ovs.from, id);
        }
    }
}

/* Takes back the chassis added last, of which nothing could be read. */
static void
drop_chassis(struct evidence *e)
{
    struct evidence_chassis *chassis = e->chassis[--e->n_chassis];
    ovsdb_store_done(&chassis->ovs.store);
    strmap_done(&chassis->links);
    strmap_done(&chassis->interfaces);
    strmap_done(&chassis->bridges);
    arena_done(&chassis->arena);
}

static struct error *
read_chassis(struct gather *g, const char *source)
{
    struct evidence_chassis *chassis = evidence_add_chassis(g->e, source);
    struct error *error = read_source(g, &chassis->ovs, source);
    if (error) {
        drop_chassis(g->e);
        return error;
    }
    name_chassis(g, chassis);
    read_beside(g, chassis);
    return NULL;
}

/* Defaults. */

/* Reads 'db', or a chassis if it is NULL, from the usual socket, if there is
 * one.  A server that is there but cannot be read is worth a warning. */
static void
read_default(struct gather *g, struct evidence_db *db, const char *dir_name,
             const char *dir_default, const char *file)
{
    const char *dir = getenv(dir_name);
    char *remote = arena_printf(&g->e->arena, "unix:%s/%s",
                                dir && *dir ? dir : dir_default, file);
    if (access(ovsdb_remote_unix_path(remote), F_OK)) {
        text_printf(&g->tried, "%s%s (%s)", g->tried.length ? ", " : "",
                    remote, strerror(errno));
        return;
    }
    struct error *error =
        db ? begin_source(g, db, remote) : read_chassis(g, remote);
    if (error) {
        text_printf(&g->tried, "%s%s", g->tried.length ? ", " : "",
                    error_text(error));
        evidence_warn(g->e, "%s", error_text(error));
        error_free(error);
    }
}

/* Reads 'db' from what was given, else from what the environment names, else,
 * if nothing at all was given, from the usual socket 'file'. */
static struct error *
read_named(struct gather *g, struct evidence_db *db, const char *given,
           const char *variable, bool defaults, const char *file)
{
    const char *named = given ? given : getenv(variable);
    if (named && *named) {
        struct error *error = begin_source(g, db, named);
        return error && !given ? error_wrap(error, "%s", variable) : error;
    }
    if (defaults) {
        read_default(g, db, "OVN_RUNDIR", OVN_RUNDIR, file);
    }
    return NULL;
}

static struct error *
read_sources(struct gather *g)
{
    const struct collect_options *o = g->options;
    bool defaults = !o->nb && !o->sb && !o->n_ovs;
    struct error *error = read_named(g, &g->e->nb, o->nb, "OVN_NB_DB",
                                     defaults, "ovnnb_db.sock");
    if (!error) {
        error = read_named(g, &g->e->sb, o->sb, "OVN_SB_DB", defaults,
                           "ovnsb_db.sock");
    }
    if (error) {
        file_drop_jobs(&g->jobs);
    } else {
        error = file_run_jobs(&g->jobs, g->e);
    }
    for (size_t i = 0; i < o->n_ovs && !error; i++) {
        error = read_chassis(g, o->ovs[i]);
    }
    if (!error && defaults) {
        read_default(g, NULL, "OVS_RUNDIR", OVS_RUNDIR, "db.sock");
    }
    return error;
}

struct error *
collect_gather(const struct collect_options *options, struct evidence *e)
{
    struct gather g = { .options = options,
                        .e = e,
                        .tls = { .private_key = options->private_key,
                                 .certificate = options->certificate,
                                 .ca_cert = options->ca_cert } };
    if (options->bundle) {
        return options->nb || options->sb || options->n_ovs
                   ? error_hint(error_new("--bundle and --nb, --sb or --ovs "
                                          "exclude each other"),
                                "put the files into the bundle's folder")
                   : bundle_read(e, options->bundle, options->all_logs);
    }
    text_init(&g.tried, TEXT_CEILING_BYTES);
    struct error *error = read_sources(&g);
    if (!error && !e->nb.present && !e->sb.present && !e->n_chassis) {
        error = error_hint(error_new("no OVN or Open vSwitch database found: "
                                     "tried %s",
                                     text_string(&g.tried)),
                           "give --nb, --sb or --ovs REMOTE|FILE, or "
                           "--bundle DIR");
    }
    text_done(&g.tried);
    return error;
}
