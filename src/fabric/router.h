/* Logical routers, resolved: their ports with the switches that these join,
 * who holds each gateway port, and where their static routes lead.
 *
 * Built from NB before the switches, whose ports join them afterwards; SB says
 * who holds a gateway port, whatever NB wants (ovn-architecture(7),
 * "Distributed Gateway Ports", "Gateway Routers").  Everything lives in the
 * fabric's arena. */
#ifndef FABRIC_ROUTER_H
#define FABRIC_ROUTER_H 1

#include "evidence/evidence.h"
#include "fabric/address.h"

struct fabric;
struct fabric_chassis;
struct fabric_switch;

/* A MAC that a router port is told to use for an IP (ovn-nb(5),
 * Static_MAC_Binding), and what it learned itself. */
struct fabric_static_mac {
    const struct ovsdb_row *row;
    const struct ovsdb_row *learned; /* SB MAC_Binding; may be deleted. */
    struct fabric_static_mac *next;
};

/* A port of a router. */
struct fabric_lrp {
    const struct ovsdb_row *row;
    const char *name;
    const char *mac;
    struct fabric_router *router;
    struct address_prefix *networks;
    size_t n_networks;

    /* The switch port that names it; or, if none does, the one that was meant
     * to ('is_joined' is false).  'second' is another one that names it. */
    const struct ovsdb_row *lsp;
    const struct ovsdb_row *second;
    struct fabric_switch *ls; /* Of 'lsp'; NULL if there is none. */
    bool is_joined;

    bool has_group;  /* Gateway chassis or an HA chassis group. */
    bool is_gateway; /* Leads to a physical network. */
    const struct ovsdb_row *binding; /* Of who holds it; NULL if SB has none */
    struct fabric_chassis *chassis;  /* That holds it; NULL if none. */
    struct fabric_static_mac *static_macs;
    struct fabric_lrp *same_mac; /* Another one, with the same MAC. */
};

enum fabric_route_state {
    ROUTE_USABLE = 1,
    ROUTE_UNKNOWN = 2, /* It depends on what we do not read. */
    ROUTE_UNRESOLVABLE = 4,
    ROUTE_DISCARD = 8,
};

struct fabric_route {
    const struct ovsdb_row *row;
    struct address_prefix prefix;
    enum fabric_route_state state;
    const struct fabric_lrp *output; /* NULL if it has none. */
    const char *why;                 /* Not usable; NULL if it is. */
};

/* What a router has for destinations that no network of it contains. */
struct fabric_default_route {
    enum fabric_route_state state;      /* 0: there is no route. */
    const struct fabric_route *route;   /* NULL if there is none. */
    const struct fabric_route *discard; /* Takes a part away; or NULL. */
};

struct fabric_router {
    const struct ovsdb_row *row;
    const char *label; /* What people call it. */
    struct fabric_lrp *ports;
    size_t n_ports;
    size_t n_gateways;  /* Ports with 'has_group'. */
    const char *pinned; /* options:chassis; NULL if it has none. */
    struct fabric_route *routes;
    size_t n_routes;
    bool has_source_routes;
    const struct ovsdb_row **snats; /* NAT rows of type snat. */
    size_t n_snats;
    struct address_prefix *translated; /* By these; see address.h... */
    size_t n_translated;
    struct address_prefix *externals; /* ...and all NAT rows' addresses. */
    size_t n_externals;

    /* Of IPv4 and of IPv6 outside: whether it translates anything; and the
     * floating IPs, logical_ip -> NAT row. */
    bool translates[2];
    struct strmap floating_ips[2];
    const struct fabric_lrp **nat_ports; /* By the place in LR's "nat"; NULL
                                          * until asked for. */
    struct fabric_default_route defaults[2]; /* IPv4, IPv6. */
};

/* A member of the group of chassis that may hold a gateway port. */
struct fabric_member {
    const struct ovsdb_row *row;
    const char *name;
    int64_t priority;
    const struct fabric_chassis *chassis; /* NULL: there is no such chassis. */
};

/* The 'i'th member of the group of 'lrp', in no order: of its HA chassis group
 * if it has one, and else of its gateway chassis (OVN 23.03, northd/northd.c,
 * sync_ha_chassis_group_for_sbpb()).  Returns false behind the last. */
bool fabric_member(const struct fabric *, const struct fabric_lrp *, size_t i,
                   struct fabric_member *ret);

/* The network of 'lrp' that contains 'ip', or NULL; and the port of a router
 * that has such a network. */
const struct address_prefix *fabric_lrp_network(const struct fabric_lrp *,
                                                const char *ip);
const struct address_prefix *
fabric_lrp_network_of(const struct fabric_lrp *,
                      const struct address_prefix *host);
struct fabric_lrp *fabric_router_port_to(const struct fabric_router *,
                                         const char *ip);

/* Whether 'lrp' has a network of the family of 'ip'. */
bool fabric_lrp_speaks(const struct fabric_lrp *, const char *ip);

/* Whether a NAT row of type snat of the router covers 'ip'. */
bool fabric_router_has_snat(const struct fabric_router *, const char *ip);

/* Whether rows of that type cover all networks of the port of that family. */
bool fabric_lrp_is_translated(const struct fabric_lrp *, bool is_ipv6);

/* The port of the router called 'name', or NULL. */
struct fabric_lrp *fabric_find_lrp(const struct fabric *, const char *name);

/* Whether the port may lead to tenants: it is no gateway port. */
bool fabric_lrp_is_inner(const struct fabric_lrp *);

#endif /* fabric/router.h */
