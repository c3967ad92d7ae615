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

struct cause {
    bool found;
    const char *db;      /* "nb", "sb" or "ovs". */
    uint32_t record;     /* As `ovsdb-tool show-log` counts. */
    int64_t date_ms;     /* Wall clock. */
    const char *comment; /* The command line; "" if the client left none. */
    const char *note;    /* Why nothing was found; NULL if found. */
};

void cause_find(const struct finding *, struct arena *, struct cause *ret);

/* Who writes such a comment: "ovn-nbctl", a daemon, or, if it is empty, an
 * API client such as Neutron (ovsdbapp and libovsdb never set one). */
const char *cause_who(const char *comment);

#endif /* history/cause.h */
