/* What is to be done to one database, and how it is taken back: both as
 * complete parameters of a "transact" (RFC 7047, section 4.1.3), known before
 * anything is done, so that they can be written down first and used at once.
 *
 * A deed is made from guarded operations (repair/change.h) and from what the
 * rows hold that they touch, which deed_put_select() asks the server for:
 * whole rows, with columns that provnet does not know.  What was not the same
 * any more when the deed is done makes it fail, by further 'wait's.
 *
 * New rows are given their UUIDs beforehand, and rows that come back get the
 * ones that they had ("uuid" of an insert, ovsdb-server(7), section 5.2.1,
 * since Open vSwitch 2.13; OVN 20.03, the oldest that is read, needs no
 * older one).
 *
 * The inverse waits for what the deed left: the columns that it wrote.  Others
 * it leaves alone, and of sets and maps it takes back only the elements that
 * came or went, so that somebody else's port in the same switch stays.
 *
 * Strings live in the arena.  No I/O. */
#ifndef APPLY_DEED_H
#define APPLY_DEED_H 1

#include "ovsdb/json.h"

struct deed {
    const char *operations; /* In one transaction. */
    const char *inverse;

    /* A localnet port that is looked at before it is switched on: instead of
     * 'operations', 'staged', then 'enable'.  NULL otherwise. */
    const char *staged;
    const char *staged_inverse;
    const char *enable;
};

/* Which localnet ports a northbound database has, as a guard: an operation
 * that waits for exactly these.  'before' is for the deed, 'between' for
 * switching on.  Both NULL if no localnet port is touched. */
struct deed_guards {
    const char *before;
    const char *between;
};

#define DEED_MAX_NODES ((size_t) 1 << 22)

/* Reads JSON that may be anybody's; NULL if it is none. */
const struct json_value *deed_parse(const char *json, struct arena *);

/* The value at 'key' of a map of strings, ["map",...]; NULL if none. */
const char *deed_map_get(const struct json_value *map, const char *key);

/* The operations again, with a UUID for each new row. */
const char *deed_name_rows(const struct json_value *params, struct arena *);

/* Appends the parameters that select every row that is changed or deleted,
 * each once; false, with nothing appended, if there is none. */
bool deed_put_select(const struct json_value *params, struct text *);

/* Makes the deed from operations with named rows and the select's results
 * (NULL if there was nothing to select). */
struct error *deed_make(const struct json_value *params,
                        const struct json_value *selected, bool is_staged,
                        const struct deed_guards *, const char *comment,
                        struct arena *, struct deed *ret);

#endif /* apply/deed.h */
