/* Which endpoints are on which chassis: lists by chassis, one more for those
 * that are nowhere.  Private to fabric/. */
#ifndef FABRIC_PLACES_H
#define FABRIC_PLACES_H 1

#include "fabric/fabric.h"

#define PLACES_END UINT32_MAX

struct places {
    uint32_t *first; /* By chassis; behind the last of these: nowhere. */
    size_t n_chassis;

    /* By endpoint. */
    uint32_t *next, *before;
    uint32_t *list; /* That it is in; PLACES_END: none so far. */
};

void places_init(struct places *, size_t n_endpoints, size_t n_chassis);
void places_done(struct places *);

/* Puts the endpoint on the chassis; NULL: nowhere. */
void places_put(struct places *, uint32_t endpoint,
                const struct fabric_chassis *);

/* Takes it out of its list. */
void places_drop(struct places *, uint32_t endpoint);

/* The first endpoint there, after which 'next' leads on, or PLACES_END. */
uint32_t places_first(const struct places *, const struct fabric_chassis *);

#endif /* fabric/places.h */
