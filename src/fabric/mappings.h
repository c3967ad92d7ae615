/* ovn-bridge-mappings: which physical network is which bridge on a chassis.
 *
 * Parsed as ovn-controller does (OVN 23.03, controller/patch.c,
 * add_ovs_bridge_mappings()): items "NETWORK:BRIDGE" separated by commas, and
 * parsing STOPS at the first item that is empty (silently) or lacks a network
 * or a bridge (with an error in the log).  All after the first colon is the
 * bridge.  White space belongs to the names: " physnet1"
 * is a network of that name, which no localnet port will ask for. */
#ifndef FABRIC_MAPPINGS_H
#define FABRIC_MAPPINGS_H 1

#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"

struct mapping {
    const char *network;
    const char *bridge;
};

struct mappings {
    const char *text; /* The whole value; NULL if there is none. */
    struct mapping *items;
    size_t n;
    const char *malformed; /* The first bad item; NULL if there is none. */
    const char *lost;      /* What comes after it, unread; else NULL. */
};

void mappings_parse(struct mappings *, const char *text, struct arena *);

/* The bridge of 'network', or NULL. */
const char *mappings_find(const struct mappings *, const char *network);

/* A mapping whose network or bridge becomes 'network' or a plain name once
 * white space is trimmed; NULL if there is none. */
const struct mapping *mappings_find_untrimmed(const struct mappings *,
                                              const char *network);

/* The network of 'mappings' nearest to 'network' by edit distance, if that is
 * small enough for a slip of the fingers; NULL if none is. */
const char *mappings_nearest(const struct mappings *, const char *network);

#endif /* fabric/mappings.h */
