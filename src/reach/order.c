/* The order in which endpoints are judged.
 *
 * Judging an endpoint looks at its chassis (interfaces, links, tunnels) and at
 * the router that it is behind, which in a large cloud are not near by.  So of
 * a switch those of one chassis, or of one router's port, come one after the
 * other.  Those of a switch stay together, as they are listed: what is kept of
 * its ACLs is each thread's own. */
#include <stdlib.h>

#include "reach/walk.h"

struct ranked {
    uint64_t rank;
    uint32_t number;
};

static int
compare(const void *a_, const void *b_)
{
    const struct ranked *a = a_, *b = b_;
    int order = (a->rank > b->rank) - (a->rank < b->rank);
    return order ? order : (a->number > b->number) - (a->number < b->number);
}

/* VMs by their chassis, then what is behind a router by its port. */
static uint64_t
rank(const struct fabric_endpoint *e)
{
    return e->gateway   ? UINT64_C(1) << 32 | e->gateway->row->index
           : e->chassis ? e->chassis->index
                        : 0;
}

uint32_t *
workers_order(const struct fabric_endpoint *const *endpoints, size_t n)
{
    struct ranked *ranked = xmalloc((n + 1) * sizeof *ranked);
    uint32_t *numbers = xmalloc((n + 1) * sizeof *numbers);
    for (size_t i = 0; i < n; i++) {
        ranked[i] = (struct ranked){ rank(endpoints[i]), (uint32_t) i };
    }
    for (size_t i = 0, end; i < n; i = end) {
        const struct fabric_switch *ls = endpoints[i]->ls;
        for (end = i + 1; end < n && endpoints[end]->ls == ls;) {
            end++;
        }
        qsort(&ranked[i], end - i, sizeof *ranked, compare);
    }
    for (size_t i = 0; i < n; i++) {
        numbers[i] = ranked[i].number;
    }
    free(ranked);
    return numbers;
}
