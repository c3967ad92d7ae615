/* The state of network links, as `ip -json -details address` prints it
 * (CHASSIS/ip-link.json of a bundle) or `ovs-vsctl --format=json list
 * Interface` (CHASSIS/interface.json).
 *
 * Some versions of ip print a link twice, once with and once without its
 * details; what is said later adds to what was said before. */
#ifndef EVIDENCE_LINKS_H
#define EVIDENCE_LINKS_H 1

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/strmap.h"

enum link_state { LINK_UNKNOWN, LINK_DOWN, LINK_UP };

struct link {
    const char *name;
    enum link_state admin;   /* Set up by the administrator? */
    enum link_state carrier; /* Does the other end answer? */
    const char *kind;        /* "veth", "bridge", "tun", ...; NULL: none. */
    const char *master;      /* Enslaved to this link; NULL: none. */
    const char *address;     /* MAC; NULL if unknown. */
    const char *parent;      /* Of a VLAN or macvlan; NULL: none. */
    const char **ips;        /* "192.168.50.122/24"; none of the link only. */
    size_t n_ips;
    bool ips_known;      /* `ip link` prints none, `ip address` does. */
    int ifindex;         /* 0 if unknown. */
    int mtu;             /* In bytes; 0 if unknown. */
    const char *error;   /* Open vSwitch's Interface.error, or NULL. */
    int ofport;          /* Open vSwitch's, or 0 if unknown. */
    enum link_state bfd; /* Of a tunnel, if BFD watches it. */
};

/* Reads 'size' bytes of `ip -json address` or `ip -json link` output into
 * 'links', a map from name to 'struct link'; everything lives in 'arena'. */
struct error *links_parse_ip(const char *bytes, size_t size, struct arena *,
                             struct strmap *links);

/* The same for `ovs-vsctl --format=json list Interface`. */
struct error *links_parse_interfaces(const char *bytes, size_t size,
                                     struct arena *, struct strmap *links);

/* Notes an IP address of the link, with its prefix's length. */
void link_add_ip(struct link *, struct arena *, const char *ip, int length);

/* The link called 'name', made up if it is not there yet. */
struct link *links_place(struct strmap *links, struct arena *,
                         const char *name);

#endif /* evidence/links.h */
