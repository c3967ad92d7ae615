/* Whether the daemons have taken over what was done.  Private to apply/.
 *
 * Whoever waits for them raises a number in his transaction, and they say up
 * to which they have come: nb_cfg of NB_Global, which ovn-northd and all
 * ovn-controllers follow in hv_cfg (ovn-nb(5), as `ovn-nbctl --wait=hv` does);
 * next_cfg of Open_vSwitch, which ovs-vswitchd follows in cur_cfg
 * (ovs-vswitchd.conf.db(5)).
 *
 * cur_cfg does not tell of ovn-controller, which reads that database too, and
 * the southbound one has no number of its own.  After a change of those nb_cfg
 * is raised by a transaction of its own, since that of NB may be over. */
#ifndef APPLY_DAEMONS_H
#define APPLY_DAEMONS_H 1

#include "apply/takeback.h"

struct daemons_counter {
    const char *db;     /* "nb", "ovs". */
    const char *schema; /* "OVN_Northbound". */
    const char *table;
    const char *asked;       /* The column that counts requests... */
    const char *answered[2]; /* ...and those that count answers; once the last
                              * does, all have followed. */
    const char *who;
};

/* The counter of a database; NULL if it has none. */
const struct daemons_counter *daemons_find(const char *db);

/* An integer of a row; 0 if there is none. */
int64_t daemons_count(const struct json_value *row, const char *column);

struct daemons {
    const char *late; /* Who has not followed; NULL: all have. */

    /* Private. */
    const struct journal *journal;
    struct journal_step nb; /* To raise nb_cfg; 'remote' is NULL: no need. */
    const char *blind;      /* Why nobody can be asked; NULL. */
    int64_t *wanted; /* By the journal's steps, then 'nb'; 0: not known yet. */
    int64_t follow_until_ms; /* Of the monotonic clock, as 'until_ms'. */
    int64_t until_ms;
    int watch_ms;
};

/* The journal, with all its steps, outlives it. */
void daemons_init(struct daemons *, const struct journal *, struct arena *);

/* The transaction, with the number raised; itself, of a database that has
 * none. */
const char *daemons_tell(const struct journal_step *, const char *params,
                         struct arena *);

/* Begins to wait, after all steps were done: until all have followed, or for
 * 'follow_ms', and then for 'watch_ms'. */
void daemons_await(struct daemons *, const struct takeback *, int follow_ms,
                   int watch_ms, struct arena *);
bool daemons_are_awaited(const struct daemons *);

/* Looks once. */
void daemons_look(struct daemons *, const struct takeback *, struct arena *);

#endif /* apply/daemons.h */
