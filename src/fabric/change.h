/* What a change of rows makes of a fabric, and for whom.
 *
 * A fabric that is followed is not built again for each transaction.  Each
 * delta of the store is looked up in a table by its database and table: its
 * handler brings the things that stand on the row up to date, in place, and
 * marks the endpoints that depend on them.  What a handler does not know to be
 * narrow sets 'all': then the fabric must be built again from scratch.  So a
 * new dependency that nobody thought of costs time where the tables say 'all',
 * and where they do not it is a bug that bench/follow.c is there to
 * find: it compares with a fabric from scratch after each of many random
 * changes.
 *
 * Things stay where they are: a pointer into the fabric is valid until it is
 * built again, those to endpoints until fabric_change_sort().  What a thing
 * held before stays in the fabric's arena as garbage until then ('all' is set
 * once there is more of it than of the rest).
 *
 * What comes and goes is looked at once, after all deltas of a commit: the
 * VMs' ports of a switch, the NAT rows of a router.  They are compared with
 * what there was, so it does not matter what else happened at once.
 *
 * A row is found by its owner or its name, so where a row is a part of two
 * others (OVSDB allows it, no client of OVN does it), or two have one name (a
 * server does not allow it), every change sets 'all'.
 *
 * Life cycle: fabric_change_init() after fabric_init(), for the same fabric;
 * fabric_change_apply() after each commit of one of its stores, all of which
 * keep deltas; whoever judges reads the marks and calls
 * fabric_change_clear().  Threads: as the fabric. */
#ifndef FABRIC_CHANGE_H
#define FABRIC_CHANGE_H 1

#include "fabric/fabric.h"

/* A list of numbers, each once. */
struct fabric_marks {
    uint32_t *items;
    size_t n;

    /* Private. */
    size_t capacity;
    unsigned char *is_marked; /* By number. */
};

struct fabric_links; /* Private. */

struct fabric_change {
    struct fabric *fabric;
    bool all; /* Build it again; no other mark counts. */

    /* Endpoints, by their index, that came (behind those there were) or went
     * (and stay, 'is_gone'; some may have come only just before). */
    struct fabric_marks came, went;

    bool renames; /* Others are called something else now. */

    /* Endpoints to be judged again, if they are not gone; besides them... */
    struct fabric_marks endpoints;
    bool awaits_northd;           /* ...those that wait for it to follow, */
    bool is_unsettled;            /* ...all that are not plainly reachable, */
    struct fabric_marks progress; /* ...of these, those of such chassis, */
    struct fabric_marks told;     /* ...those of which something was said of
                                   * tunnels before: one is well now, */
    struct fabric_marks sighted;  /* ...and those bound nowhere that chassis
                                   * have an interface for. */

    /* Things to be examined again: switches by index, with their localnet
     * ports, and attachments. */
    struct fabric_marks switches;
    struct fabric_attachment **attachments;
    size_t n_attachments;
    bool floods; /* What a broadcast meets may have changed, ... */
    struct fabric_marks flooded; /* ...or only attachments and links of such
                                  * chassis. */

    /* Private. */
    size_t attachments_capacity;
    struct fabric_links *links;
    struct fabric_marks chassis;     /* To be read again... */
    struct fabric_marks routers;     /* ...and these's routes and SNATs, ... */
    struct fabric_marks translating; /* ...and all NAT of these... */
    struct fabric_marks maps;        /* ...or only what finds these's; */
    struct fabric_marks ports; /* ...and the VMs' ports of these switches. */
    size_t limit_bytes;        /* Of the fabric's arena. */
    size_t n_sb_records;       /* Looked at for ovn-northd's. */
    bool has_sb;               /* SB was present. */
    bool northd_behind;
    bool has_twins; /* Two rows of one name, or a part of two rows. */
    bool nb_global_changed;
};

void fabric_change_init(struct fabric_change *, struct fabric *);
void fabric_change_done(struct fabric_change *);

/* Takes what the last commit of 'db' did. */
void fabric_change_apply(struct fabric_change *, const struct evidence_db *db);

/* Forgets the marks. */
void fabric_change_clear(struct fabric_change *);

/* Puts the fabric's endpoints in order, without those that are gone; there
 * must be no marks.  Returns, malloc()ed, which number each had before; NULL
 * if they are in order. */
uint32_t *fabric_change_sort(struct fabric_change *);

/* For who keeps things of his own about the fabric: marks the endpoints of a
 * VM's port, of a switch (as provider network or the tenant's), of a router
 * or of everything on a chassis. */
void fabric_change_vif(struct fabric_change *, const struct fabric_vif *);
void fabric_change_switch(struct fabric_change *,
                          const struct fabric_switch *);
void fabric_change_router(struct fabric_change *,
                          const struct fabric_router *);
void fabric_change_on_chassis(struct fabric_change *,
                              const struct fabric_chassis *);

/* Likewise marks all switches with a way to a physical network, all these ways
 * and the endpoints: for who looks at them all together. */
void fabric_change_floods(struct fabric_change *);

/* Whether the port, which is bound to no chassis, has something to do with an
 * interface of the chassis. */
bool fabric_change_is_sighted(const struct fabric *,
                              const struct fabric_endpoint *,
                              const struct fabric_chassis *);

/* Whether a column holds what it held before. */
bool fabric_change_is_none(const struct ovsdb_delta *);

#endif /* fabric/change.h */
