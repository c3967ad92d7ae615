/* Which endpoints are on which chassis: lists by chassis, one more for those
 * that are nowhere.  Each lies in one piece, since a change looks at all of
 * it; who does must not put or drop any meanwhile.  Private to fabric/. */
#ifndef FABRIC_PLACES_H
#define FABRIC_PLACES_H 1

#include "fabric/fabric.h"

struct places_list {
    uint32_t *items; /* Endpoints, in no order. */
    uint32_t n;

    /* Private. */
    uint32_t capacity;
};

struct places {
    struct places_list *lists; /* By chassis; behind the last: nowhere. */
    size_t n_chassis;

    /* Private: by endpoint, the list that it is in, if any, and its place
     * there. */
    uint32_t *list, *at;
};

void places_init(struct places *, size_t n_endpoints, size_t n_chassis);
void places_done(struct places *);

/* Puts the endpoint on the chassis; NULL: nowhere. */
void places_put(struct places *, uint32_t endpoint,
                const struct fabric_chassis *);

/* Takes it out of its list. */
void places_drop(struct places *, uint32_t endpoint);

/* Those that are there. */
const struct places_list *places_of(const struct places *,
                                    const struct fabric_chassis *);

#endif /* fabric/places.h */
