/* Where a probe enters, what it sends, and what will be watched: everything
 * that can be said before anything is done.
 *
 * No I/O; strings live as long as the assessment.  A probe enters at the NIC's
 * port of the provider bridge, on the chassis by which the endpoint's frames
 * enter OVN.  Of a bond the members take turns, one for each frame: a bridge
 * takes broadcasts in at the active member only (ovs-vswitchd.conf.db(5),
 * "Bonding Configuration"), and rows do not tell which one that is. */
#ifndef PROBE_AIM_H
#define PROBE_AIM_H 1

#include "probe/frame.h"
#include "reach/reach.h"

#define AIM_MAX_NICS 4 /* Members of a bond. */

/* A NIC, a patch port, or a port of the integration bridge. */
struct aim_port {
    const char *name; /* NULL: there is none. */
    int64_t ofport;   /* 0 or less: unknown. */
};

struct aim {
    const struct assessed_endpoint *at;
    const struct fabric_endpoint *endpoint;
    const struct fabric_chassis *chassis; /* NULL: none holds the endpoint. */
    const char *rundir;                   /* Of ovs-vswitchd's sockets. */
    const char *bridge;                   /* The provider bridge. */
    const char *integration_bridge;
    struct aim_port nics[AIM_MAX_NICS];
    size_t n_nics;
    struct aim_port outer, inner, port;
    struct frame_probe frame;

    /* OVN answers ARP for a router's own address only to senders of its
     * network, unless NAT uses the address too (ovn-northd 23.03, table
     * lr_in_ip_input, priorities 90 and 92). */
    bool may_be_ignored;

    const char *storm;         /* Why nothing may be sent; or NULL. */
    const char *unable, *hint; /* Why it cannot be sent from here; or NULL. */
    const char *obstacle;  /* Why no frame can enter anywhere; or NULL... */
    enum hop obstacle_hop; /* ...at which hop. */
};

/* 'mac' is the made-up sender. */
void aim_init(struct aim *, struct assessment *,
              const struct assessed_endpoint *,
              const uint8_t mac[FRAME_MAC_BYTES]);

#endif /* probe/aim.h */
