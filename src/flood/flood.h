/* The flood domains of a deployment: where a broadcast goes, and whether it
 * comes round again.
 *
 * A graph over all layers.  Its nodes are what floods: a logical switch on a
 * chassis, a VLAN of a bridge, a VLAN of a physical segment.  Its edges are
 * what joins them: a localnet or l2gateway port's patch pair, a patch port of
 * the operator's between two bridges, a NIC.  A circle in it is a loop; every
 * frame that is flooded goes round for ever, or until Open vSwitch gives up.
 *
 * What OVN does, and so why the graph is as it is (OVN 23.03.1, observed):
 *
 *  - A frame that enters a switch by one localnet port is flooded out of the
 *    others: all are in _MC_flood, and the loopback check drops only inport ==
 *    outport (controller/physical.c, consider_port_binding()).  The addresses
 *    ("unknown" or not) do not matter; a port with enabled=false does neither.
 *  - On a chassis that has a localnet port's patch pair a switch's broadcasts
 *    go through no tunnel (controller/physical.c, consider_mc_group()): on two
 *    such chassis a switch is two domains, which meet on the wire.
 *  - Open vSwitch gives a frame up that it has handed from bridge to bridge 64
 *    times (ofproto/ofproto-dpif-xlate.c, MAX_DEPTH); each turn sends a copy
 *    out of the NIC.
 *
 * Which NICs are on one segment, no row says: flood/segment.h tells what is
 * assumed.  A switch with two localnet ports on one chassis says that their
 * wires are one L2 segment; that is taken at its word, too.
 *
 * Where spanning tree runs, a bridge's patch ports make no loop, nor do those
 * of its NICs on which it runs: not bonds.  (That it may be turned off on a
 * patch port is not looked at.)
 * What OpenFlow flows of a provider bridge drop is not considered.
 *
 * Built from a fabric, which must outlive it and not change; no I/O.  Time:
 * rows, and of each chassis the square of its bridges.  Threads: one; others
 * borrow from it. */
#ifndef FLOOD_FLOOD_H
#define FLOOD_FLOOD_H 1

#include "fabric/fabric.h"

struct flood;

struct flood *flood_new(const struct fabric *);
void flood_free(struct flood *);

/* A flood for another thread.  The two share a graph that neither changes, and
 * may be asked at the same time.  Nothing may be asked of it any more once the
 * lender is freed; to free it is fine. */
struct flood *flood_borrow(const struct flood *);

/* Whether nothing loops, and nothing would if two more things were joined. */
bool flood_is_quiet(const struct flood *);

/* Whether a quiet flood is quiet still after attachments or links of the
 * chassis changed, and only these.  Always so where no switch has two ways
 * out, and no bridge of the chassis two NICs or a patch port: then nothing on
 * the chassis can be part of a loop.  May be false if it is not known. */
bool flood_stays_quiet(const struct flood *, const struct fabric_chassis *);

/* A NIC that a storm comes to. */
struct flood_nic {
    const struct fabric_chassis *chassis;
    const struct fabric_bridge *bridge; /* NULL if it was not gathered; ... */
    const struct fabric_port *port;     /* ...neither was this. */
};

/* What a broadcast reaches, wherever in it it starts. */
struct flood_domain {
    const char **chassis;
    size_t n_chassis;
    const char **segments; /* "phynet2", "phynet2 VLAN 100". */
    size_t n_segments;
    struct flood_nic *nics;
    size_t n_nics;
    const char **carries; /* What else these NICs carry, for people... */
    size_t n_carries;
    const char **carries_missing; /* ...and what would be needed to know. */
    size_t n_carries_missing;
};

/* A loop, hop by hop.  Open vSwitch ends one that needs no wire at 64 copies;
 * else each turn makes one, which the wire brings back. */
struct flood_cycle {
    const char **hops; /* Ends as it begins. */
    size_t n_hops;
    const char *key; /* The same, wherever it is begun and either way. */
    const struct fabric_chassis *chassis; /* On which it closes; or NULL. */
    unsigned n_ways;   /* Between which a frame has the choice there. */
    unsigned n_copies; /* Of a frame, on a turn of a chassis, at most. */
    bool is_endless;   /* The copies feed each other without end. */
    const struct flood_domain *domain; /* The flood's. */
};

/* A copy that needs the flood no more; without NICs. */
const struct flood_cycle *flood_copy_cycle(const struct flood_cycle *,
                                           struct arena *);

/* Whether a frame that leaves the switch by 'a' comes back by 'b', each a
 * struct fabric_localnet or the row of an l2gateway port; on some chassis, the
 * first of which is looked at. */
bool flood_find_loop(struct flood *, const struct fabric_switch *,
                     const void *a, const void *b, struct arena *,
                     struct flood_cycle *ret);

/* Two NICs of the bridge, or of one that the operator's patch ports join to
 * it, that are on one segment and carry the bridge's VLAN 'vlan'. */
bool flood_find_nics(struct flood *, const struct fabric_chassis *,
                     const struct fabric_bridge *, int vlan, struct arena *,
                     struct flood_nic ret_nics[2], struct flood_cycle *ret);

/* A loop of bridges, through a patch port of the operator's; '*ret_patch' is
 * its row. */
bool flood_find_patches(struct flood *, const struct fabric_chassis *,
                        const struct fabric_bridge *, int vlan, struct arena *,
                        const struct ovsdb_row **ret_patch,
                        struct flood_cycle *ret);

/* The next bridge of the chassis after 'after' (NULL: the first) that is
 * mapped, or joined to one that is, but of no localnet port's way; or NULL. */
const struct fabric_bridge *
flood_next_unused(const struct flood *, const struct fabric_chassis *,
                  const struct fabric_bridge *after);

/* The first other bridge of the chassis, before 'bridge', that is on the same
 * physical segment, though nothing joins them on the chassis; or NULL. */
const struct fabric_bridge *flood_find_twin(const struct flood *,
                                            const struct fabric_chassis *,
                                            const struct fabric_bridge *);

/* The VLAN that the localnet port's frames have in the provider bridge; -1 if
 * the patch port there drops them. */
int flood_vlan_of(const struct fabric_attachment *);

/* Another, earlier port of the same guest by which the guest's frames would
 * come round if it bridged both; NULL if there is none.  Both must let frames
 * of other addresses pass. */
const struct fabric_vif *flood_find_guest(struct flood *,
                                          const struct fabric_vif *,
                                          struct arena *,
                                          struct flood_cycle *ret);

/* What 'network' is called together with others that are on one segment. */
const char *flood_network(const struct flood *, const char *network);

/* Of all switches the first enabled localnet port that leads to the same
 * segment and VLAN. */
const struct fabric_localnet *
flood_first_localnet(const struct flood *, const struct fabric_localnet *);

#endif /* flood/flood.h */
