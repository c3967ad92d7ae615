#include "fabric/places.h"

#include <stdlib.h>
#include <string.h>

static uint32_t *
new_numbers(size_t n)
{
    uint32_t *numbers = xmalloc((n + 1) * sizeof *numbers);
    memset(numbers, 0xff, (n + 1) * sizeof *numbers);
    return numbers;
}

void
places_init(struct places *p, size_t n_endpoints, size_t n_chassis)
{
    p->n_chassis = n_chassis;
    p->first = new_numbers(n_chassis);
    p->next = new_numbers(n_endpoints);
    p->before = new_numbers(n_endpoints);
    p->list = new_numbers(n_endpoints);
}

void
places_done(struct places *p)
{
    free(p->first);
    free(p->next);
    free(p->before);
    free(p->list);
}

static void
leave(struct places *p, uint32_t endpoint)
{
    uint32_t next = p->next[endpoint], before = p->before[endpoint];
    if (next != PLACES_END) {
        p->before[next] = before;
    }
    if (before != PLACES_END) {
        p->next[before] = next;
    } else {
        p->first[p->list[endpoint]] = next;
    }
}

static size_t
list_of(const struct places *p, const struct fabric_chassis *chassis)
{
    return chassis ? chassis->index : p->n_chassis;
}

void
places_put(struct places *p, uint32_t endpoint,
           const struct fabric_chassis *chassis)
{
    uint32_t *first = &p->first[list_of(p, chassis)];
    if (p->list[endpoint] != PLACES_END) {
        leave(p, endpoint);
    }
    if (*first != PLACES_END) {
        p->before[*first] = endpoint;
    }
    p->next[endpoint] = *first;
    p->before[endpoint] = PLACES_END;
    p->list[endpoint] = (uint32_t) list_of(p, chassis);
    *first = endpoint;
}

void
places_drop(struct places *p, uint32_t endpoint)
{
    if (p->list[endpoint] != PLACES_END) {
        leave(p, endpoint);
    }
    p->list[endpoint] = PLACES_END;
}

uint32_t
places_first(const struct places *p, const struct fabric_chassis *chassis)
{
    return p->first[list_of(p, chassis)];
}
