#include "fabric/list.h"

#include <stdlib.h>
#include <string.h>

/* Room for those that come: a part of those that are there, and so many. */
#define ROOM_SHARE 16
#define MIN_ROOM 64

int
endpoints_compare_switches(const struct fabric_switch *a,
                           const struct fabric_switch *b)
{
    int order = strcmp(a->network, b->network);
    return order ? order : strcmp(a->name, b->name);
}

static int
compare(const void *a_, const void *b_)
{
    const struct fabric_endpoint *a = a_, *b = b_;
    int order = endpoints_compare_switches(a->ls, b->ls);
    order = order ? order : address_compare(a->address, b->address);
    return order ? order : strcmp(a->port, b->port);
}

void
endpoints_reserve(struct endpoints *list, size_t n)
{
    list->items = xrealloc(list->items, n * sizeof *list->items);
    list->capacity = n;
}

struct fabric_endpoint *
endpoints_add(struct endpoints *list, struct fabric_switch *ls,
              enum endpoint_kind kind, const char *address)
{
    list->items =
        xgrow(list->items, list->n, &list->capacity, sizeof *list->items);
    struct fabric_endpoint *e = &list->items[list->n++];
    *e =
        (struct fabric_endpoint){ .kind = kind, .ls = ls, .address = address };
    return e;
}

/* Links the array, which is in order. */
static void
link_all(struct fabric *f)
{
    size_t n = f->n_endpoints;
    for (size_t i = 0; i < n; i++) {
        struct fabric_endpoint *e = &f->endpoints[i];
        e->before = i ? e - 1 : NULL;
        e->next = i + 1 < n ? e + 1 : NULL;
    }
    f->first_endpoint = n ? f->endpoints : NULL;
    f->n_sorted = n;
    f->is_sorted = true;
}

/* An endpoint, and its address as it is compared. */
struct ranked {
    struct address_key address;
    const struct fabric_endpoint *endpoint;
};

/* Of one network and name. */
static int
compare_ranked(const void *a_, const void *b_)
{
    const struct ranked *a = a_, *b = b_;
    int order = address_key_compare(&a->address, &b->address);
    return order ? order : strcmp(a->endpoint->port, b->endpoint->port);
}

/* Moves each item to where it ranks, in place: there may be many. */
static void
arrange(struct fabric_endpoint *items, struct ranked *ranked, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct fabric_endpoint first = items[i];
        size_t to = i, from;
        while ((from = (size_t) (ranked[to].endpoint - items)) != i) {
            items[to] = items[from];
            ranked[to].endpoint = &items[to];
            to = from;
        }
        items[to] = first;
        ranked[to].endpoint = &items[to];
    }
}

void
endpoints_sort(struct endpoints *list, size_t first)
{
    size_t n = list->n - first;
    struct fabric_endpoint *items = list->items + first;
    struct ranked *ranked = xmalloc((n + 1) * sizeof *ranked);
    for (size_t i = 0; i < n; i++) {
        ranked[i] =
            (struct ranked){ address_key(items[i].address), &items[i] };
    }
    qsort(ranked, n, sizeof *ranked, compare_ranked);
    arrange(items, ranked, n);
    free(ranked);
}

void
fabric_list_build(struct fabric *f, struct endpoints *list)
{
    size_t n = list->n;
    f->n_endpoints = n;
    f->endpoints_capacity = n + n / ROOM_SHARE + MIN_ROOM;
    f->endpoints =
        xrealloc(list->items, f->endpoints_capacity * sizeof *f->endpoints);
    link_all(f);
}

/* The last one that does not come behind 'e', or NULL: by the part of the
 * array that is sorted, and from there on by what is still there. */
static struct fabric_endpoint *
find_before(const struct fabric *f, const struct fabric_endpoint *e)
{
    size_t low = 0, high = f->n_sorted;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&f->endpoints[middle], e) <= 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    while (low && f->endpoints[low - 1].is_gone) {
        low--;
    }
    struct fabric_endpoint *at = low ? &f->endpoints[low - 1] : NULL;
    while (at && compare(at, e) > 0) {
        at = at->before;
    }
    struct fabric_endpoint *next = at ? at->next : f->first_endpoint;
    for (; next && compare(next, e) <= 0; next = next->next) {
        at = next;
    }
    return at;
}

struct fabric_endpoint *
fabric_list_add(struct fabric *f, const struct fabric_endpoint *e)
{
    struct fabric_endpoint *before = find_before(f, e);
    if (f->n_endpoints == f->endpoints_capacity
        || (before && !compare(before, e))) {
        return NULL;
    }
    struct fabric_endpoint *new = &f->endpoints[f->n_endpoints++];
    *new = *e;
    new->before = before;
    new->next = before ? before->next : f->first_endpoint;
    *(before ? &before->next : &f->first_endpoint) = new;
    if (new->next) {
        new->next->before = new;
    }
    f->is_sorted = false;
    return new;
}

void
fabric_list_remove(struct fabric *f, struct fabric_endpoint *e)
{
    *(e->before ? &e->before->next : &f->first_endpoint) = e->next;
    if (e->next) {
        e->next->before = e->before;
    }
    e->is_gone = true;
    f->is_sorted = false;
}

uint32_t *
fabric_list_sort(struct fabric *f)
{
    struct fabric_endpoint *items =
        xmalloc(f->endpoints_capacity * sizeof *items);
    uint32_t *from = xmalloc((f->n_endpoints + 1) * sizeof *from);
    size_t n = 0;
    for (struct fabric_endpoint *e = f->first_endpoint; e; e = e->next) {
        from[n] = (uint32_t) (e - f->endpoints);
        items[n++] = *e;
    }
    free(f->endpoints);
    f->endpoints = items;
    f->n_endpoints = n;
    link_all(f);
    return from;
}
