#include "fabric/places.h"

#include <stdlib.h>
#include <string.h>

#define NOT_LISTED UINT32_MAX

void
places_init(struct places *p, size_t n_endpoints, size_t n_chassis)
{
    size_t size = n_endpoints * sizeof *p->list;
    p->n_chassis = n_chassis;
    p->lists = xcalloc(n_chassis + 1, sizeof *p->lists);
    p->list = xmalloc(size);
    p->at = xmalloc(size);
    memset(p->list, 0xff, size);
}

void
places_done(struct places *p)
{
    for (size_t i = 0; i <= p->n_chassis; i++) {
        free(p->lists[i].items);
    }
    free(p->lists);
    free(p->list);
    free(p->at);
}

static size_t
number_of(const struct places *p, const struct fabric_chassis *chassis)
{
    return chassis ? chassis->index : p->n_chassis;
}

void
places_put(struct places *p, uint32_t endpoint,
           const struct fabric_chassis *chassis)
{
    size_t number = number_of(p, chassis);
    struct places_list *l = &p->lists[number];
    places_drop(p, endpoint);
    if (l->n == l->capacity) {
        l->capacity = l->capacity ? 2 * l->capacity : 4;
        l->items = xrealloc(l->items, l->capacity * sizeof *l->items);
    }
    p->list[endpoint] = (uint32_t) number;
    p->at[endpoint] = l->n;
    l->items[l->n++] = endpoint;
}

/* The last of the list takes its place. */
void
places_drop(struct places *p, uint32_t endpoint)
{
    if (p->list[endpoint] == NOT_LISTED) {
        return;
    }
    struct places_list *l = &p->lists[p->list[endpoint]];
    uint32_t last = l->items[--l->n];
    l->items[p->at[endpoint]] = last;
    p->at[last] = p->at[endpoint];
    p->list[endpoint] = NOT_LISTED;
}

const struct places_list *
places_of(const struct places *p, const struct fabric_chassis *chassis)
{
    return &p->lists[number_of(p, chassis)];
}
