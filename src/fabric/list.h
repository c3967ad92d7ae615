/* The list of all endpoints, by network and then by address, since servers
 * send rows in no order of their own.
 *
 * When a fabric is built its array of endpoints is in this order.  Of a fabric
 * that is followed (change.h) endpoints come and go, and nobody wants to move
 * all others for that: one that comes stands behind the rest, as long as there
 * is room, and one that goes stays in its place and 'is_gone'.  So pointers
 * and numbers stay what they are, and only 'before' and 'next' tell the order,
 * until the array is sorted again.  Private to fabric/. */
#ifndef FABRIC_LIST_H
#define FABRIC_LIST_H 1

#include "fabric/fabric.h"

/* Endpoints while they are gathered, malloc()ed. */
struct endpoints {
    struct fabric_endpoint *items;
    size_t n, capacity;
};

/* Makes room for about 'n', so that they need not move while they come. */
void endpoints_reserve(struct endpoints *, size_t n);

/* Adds one, empty but for what it is. */
struct fabric_endpoint *endpoints_add(struct endpoints *,
                                      struct fabric_switch *,
                                      enum endpoint_kind, const char *address);

/* The order of endpoints of different switches: 0 of switches of one network
 * and name. */
int endpoints_compare_switches(const struct fabric_switch *,
                               const struct fabric_switch *);

/* Puts those from number 'first' on in order, which are of one network and
 * name. */
void endpoints_sort(struct endpoints *, size_t first);

/* Makes the fabric's list of all that were gathered, which are in order and
 * which it takes over. */
void fabric_list_build(struct fabric *, struct endpoints *);

/* Adds a copy of 'e'.  NULL if there is no room, or if another one is at the
 * same place, so that only building again tells which of them is first. */
struct fabric_endpoint *fabric_list_add(struct fabric *,
                                        const struct fabric_endpoint *e);
void fabric_list_remove(struct fabric *, struct fabric_endpoint *);

/* Sorts the array, without those that are gone.  Returns, malloc()ed, the
 * number that each endpoint had before. */
uint32_t *fabric_list_sort(struct fabric *);

#endif /* fabric/list.h */
