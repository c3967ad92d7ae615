/* What a transaction did, in the words of OVN: "localnet port provnet-1
 * deleted from switch public", not raw columns.
 *
 * One line for each row that came, went or changed.  A line that only tells
 * how far a program has got (nb_cfg and the like) is quiet. */
#ifndef HISTORY_DESCRIBE_H
#define HISTORY_DESCRIBE_H 1

#include "base/text.h"
#include "ovsdb/store.h"

#define DESCRIBE_MAX_KEYS 8

struct history_line {
    const struct ovsdb_row *row;
    enum ovsdb_delta_kind kind;
    const char *name;   /* What people call the row; "" if nothing. */
    const char *text;   /* Of OVSDB_WENT with the content that it had. */
    const char *holder; /* Name of the row that holds it; NULL if none. */
    bool is_news;       /* Of the row that holds it. */
    bool is_quiet;
    bool is_progress; /* Quiet, but of a column that verdicts ask. */
    bool is_status;   /* Only of how what was asked for fares. */
    bool is_personal; /* Concerns nobody but who its keys name. */
    bool is_wanted;   /* In the timeline's scope. */

    size_t cause; /* For timeline.h: the event it follows from. */

    /* Names by which rows of other databases speak of the same thing: a
     * logical port, a chassis, an address. */
    const char *keys[DESCRIBE_MAX_KEYS];
    size_t n_keys;
};

/* Lines of one transaction, in memory that the next one takes over. */
struct history_lines {
    struct history_line *items;
    size_t n;

    /* Private. */
    size_t capacity;
};

void history_lines_done(struct history_lines *);

/* Describes the store's last transaction, which kept its deltas, in place of
 * what 'lines' (at first all zeros) had.  What they point to is in 'arena'. */
void describe_transaction(const struct ovsdb_store *, struct arena *,
                          struct history_lines *lines);

#endif /* history/describe.h */
