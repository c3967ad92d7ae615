/* Physical segments, as far as rows tell them apart.
 *
 * No row says where a NIC's cable leads.  Taken for one segment are: the NICs
 * of one bridge, and of bridges that patch ports join; the bridges of all
 * chassis that map one physical network; and so two physical networks that
 * some chassis maps to one bridge with a NIC. */
#ifndef FLOOD_SEGMENT_H
#define FLOOD_SEGMENT_H 1

#include "fabric/fabric.h"

struct segments {
    struct strmap networks; /* Physical network -> its number + 1. */
    size_t *bridges;        /* By chassis: the number of its first bridge. */
    uint32_t *parent;
    const char **names; /* By number: a physical network's, or NULL. */
    bool *has_nic;
    uint32_t *group; /* By number: of bridges that patch ports join. */
    bool *is_used;   /* By group: has a localnet port. */
    size_t n, capacity;
};

void segments_init(struct segments *, const struct fabric *);
void segments_done(struct segments *);

/* The bridge's own number. */
uint32_t segments_number(const struct segments *,
                         const struct fabric_chassis *,
                         const struct fabric_bridge *);

/* The number of the segment that the bridge's NICs are on, or that of a
 * physical network; UINT32_MAX for one that no chassis maps and no localnet
 * port names. */
uint32_t segments_of_bridge(const struct segments *,
                            const struct fabric_chassis *,
                            const struct fabric_bridge *);
uint32_t segments_of_network(const struct segments *, const char *network);

/* The physical network by which a segment is called: of several the one that
 * is met first; NULL if it has none. */
const char *segments_name(const struct segments *, uint32_t segment);

/* The bridge that the chassis uses for 'network', and the name that its
 * mappings give; NULL if there is none. */
const char *segments_mapped(const struct fabric_chassis *, const char *network,
                            const struct fabric_bridge **ret);

/* The bridge and the Interface at the other end of a patch port; NULL unless
 * both name each other. */
const struct fabric_bridge *segments_peer(const struct fabric_chassis *,
                                          const struct fabric_port *patch,
                                          const struct ovsdb_row **ret);

#endif /* flood/segment.h */
