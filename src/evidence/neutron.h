/* Neutron's own record of its networks, as GET /v2.0/networks answers
 * (neutron/networks.json of a bundle): the strongest evidence of what a
 * logical switch is meant to be.
 *
 * OpenStack Networking API, "Provider extended attributes" and "Multiple
 * provider extension" ('segments'). */
#ifndef EVIDENCE_NEUTRON_H
#define EVIDENCE_NEUTRON_H 1

#include "base/arena.h"
#include "base/error.h"
#include "base/strmap.h"

struct neutron_network {
    const char *id; /* The switch is "neutron-ID". */
    const char *name;
    const char *type;             /* "flat", "vlan", "geneve", ...; or "". */
    const char *physical_network; /* NULL for a tenant network. */
    int segmentation_id;          /* VLAN of a "vlan" network, else 0. */
};

/* Reads the answer into 'networks', a map from id to 'struct
 * neutron_network', all in 'arena'. */
struct error *neutron_parse_networks(const char *bytes, size_t size,
                                     struct arena *, struct strmap *networks);

#endif /* evidence/neutron.h */
