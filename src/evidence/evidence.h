/* Everything provnet knows about a deployment, as it was gathered: rows,
 * dumps and link states, and where each came from.
 *
 * This is data only.  collect/ fills it (files, live servers, this host);
 * fabric/ resolves it.  So the knowing side does no I/O, and a what-if or a
 * replay is the same code on other rows.
 *
 * What was not gathered is absent ('present' false, NULL), never made up. */
#ifndef EVIDENCE_EVIDENCE_H
#define EVIDENCE_EVIDENCE_H 1

#include "base/arena.h"
#include "base/strmap.h"
#include "evidence/flows.h"
#include "evidence/links.h"
#include "evidence/nb.h"
#include "evidence/neutron.h"
#include "evidence/ovs.h"
#include "evidence/sb.h"
#include "ovsdb/store.h"

/* A file of a database's log. */
struct evidence_file {
    const char *path;
    bool is_backup; /* A copy that was made before a conversion. */
};

/* One database. */
struct evidence_db {
    const char *db;   /* "nb", "sb" or "ovs". */
    const char *from; /* File or remote, for people; NULL if not gathered. */
    const char *file; /* Of several files the one that knows the present; NULL
                       * if the rows came from a server. */
    bool present;
    bool live;      /* From a server; else from a file. */
    uint64_t bytes; /* Read from the file or the wire. */
    uint64_t n_records;
    struct ovsdb_store store; /* The rows as they are now. */

    /* The database's log, which knows the past: the same store if the rows
     * came from a file, another one if the log of a live server could be
     * read, NULL if not; then 'log_missing' says why. */
    struct ovsdb_store *log;
    const char *log_from;
    struct evidence_file *log_files; /* In the order of reading. */
    size_t n_log_files;
    int64_t log_until_ms; /* What came later, damage hides; or INT64_MAX. */
    const char *log_missing;
};

/* What ovs-ofctl dump-flows said of a bridge. */
struct evidence_bridge {
    const char *name;
    struct flow_table *flows; /* NULL if not gathered. */
};

/* One chassis. */
struct evidence_chassis {
    const char *name;   /* Its external_ids:system-id, or the folder's name. */
    struct arena arena; /* Of its own, so that several can be read at a time:
                         * what is below. */
    struct evidence_db ovs;
    bool has_links;           /* 'links' was gathered from the host. */
    struct strmap links;      /* Name -> struct link, from `ip link`. */
    bool has_interfaces;      /* 'interfaces' was gathered. */
    struct strmap interfaces; /* Name -> struct link, from Open vSwitch. */
    struct strmap bridges;    /* Name -> struct evidence_bridge. */
};

struct evidence {
    struct arena arena;
    struct evidence_db nb;
    struct evidence_db sb;
    struct evidence_chassis **chassis;
    size_t n_chassis;
    bool has_neutron;       /* 'networks' was gathered. */
    struct strmap networks; /* Id -> struct neutron_network. */
    int64_t now_ms;         /* Wall clock at which it was gathered. */
    const char **warnings;  /* Said once by the program. */
    size_t n_warnings;

    /* Private. */
    struct arena chassis_arenas[2]; /* In which those of the chassis stand
                                     * that files are read into: a thread's
                                     * each. */
    size_t chassis_capacity;
    size_t warnings_capacity;
};

void evidence_init(struct evidence *);
void evidence_done(struct evidence *);

/* Adds a chassis, empty but for its name. */
struct evidence_chassis *evidence_add_chassis(struct evidence *,
                                              const char *name);

/* Of whom the chassis' arenas borrow (base/arena.h) from now on: while it is
 * read with thousands of others, of an arena of its thread. */
void evidence_set_lender(struct evidence_chassis *, struct arena *lender);

/* The row as the database's log has it, with its past: 'row' itself if it
 * came from a file; NULL if there is no log, or it is not in it. */
const struct ovsdb_row *evidence_log_row(const struct evidence_db *,
                                         const struct ovsdb_row *);

/* The bridge 'name' of a chassis, made up if it is not there yet. */
struct evidence_bridge *evidence_place_bridge(struct evidence_chassis *,
                                              const char *name);

/* The database that a row was read into. */
static inline const struct evidence_db *
evidence_db_of(const struct ovsdb_row *row)
{
    const char *store = (const char *) row->table->store;
    return (
        const struct evidence_db *) (store
                                     - offsetof(struct evidence_db, store));
}

/* The chassis whose Open_vSwitch database a row was read into. */
static inline const struct evidence_chassis *
evidence_chassis_of(const struct ovsdb_row *row)
{
    const char *db = (const char *) evidence_db_of(row);
    return (
        const struct evidence_chassis *) (db
                                          - offsetof(struct evidence_chassis,
                                                     ovs));
}

void evidence_warn(struct evidence *, const char *format, ...)
    PROVNET_PRINTF(2, 3);

#endif /* evidence/evidence.h */
