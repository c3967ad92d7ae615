/* Which change made a finding: looked up in the databases' own logs.
 *
 * The stores remember, per column, the record that changed it last and what
 * it held before, and keep deleted rows; so a cause is looked up, not
 * replayed.  What a compaction has thrown away cannot be known: then the
 * answer says from when on the log reaches back (ovsdb(5): compaction leaves
 * one record of the whole content, dated when it ran). */
#ifndef HISTORY_CAUSE_H
#define HISTORY_CAUSE_H 1

#include "rules/rule.h"

/* Who wrote a transaction, as its comment tells. */
enum history_who {
    WHO_COMMAND,    /* A command line: ovn-nbctl, ovs-vsctl, ... */
    WHO_CLIENT,     /* An API client, which leaves no comment. */
    WHO_NORTHD,     /* What follows writes what it was made to write. */
    WHO_CONTROLLER, /* Of a chassis. */
    WHO_VSWITCHD,
    WHO_SNAPSHOT, /* Compaction: all that there was. */
    N_WHO
};

extern const char *const history_who_names[N_WHO]; /* For people. */
extern const char *const history_who_words[N_WHO]; /* For programs. */

static inline bool
history_is_daemon(enum history_who who)
{
    return who >= WHO_NORTHD;
}

struct cause {
    bool found;
    const char *db;      /* "nb", "sb" or "ovs". */
    uint32_t record;     /* As `ovsdb-tool show-log` counts... */
    const char *file;    /* ...in this file; NULL if there is only one. */
    int64_t date_ms;     /* Wall clock. */
    const char *comment; /* The command line; "" if the client left none. */
    const char *note;    /* Why nothing was found; NULL if found. */
};

void cause_find(const struct finding *, struct arena *, struct cause *ret);

/* Who writes such a comment: a command line, a daemon, or, if it is empty, an
 * API client such as Neutron (ovsdbapp and libovsdb never set one). */
enum history_who cause_who(const char *comment);

/* Whether such a record of 'db' is somebody's new will; not what a daemon made
 * of it, nor a snapshot. */
bool cause_starts(const struct evidence_db *, const char *comment);

/* Whether a record holds a whole database, whatever its past: a compaction, a
 * backup, a conversion. */
bool cause_is_snapshot(const struct ovsdb_record *);

#endif /* history/cause.h */
