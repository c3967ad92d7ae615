/* The fabric: evidence, resolved.  Rows and dumps of every layer become the
 * things that a frame meets: chassis with their provider bridges, logical
 * switches with their localnet ports, and endpoints with their bindings.
 *
 * Built from a 'struct evidence', which must outlive it, without any I/O; one
 * arena, freed as a whole.  Everything about one L2 domain hangs off its
 * 'struct fabric_switch' (the unit): it can be built again from its rows
 * alone.
 *
 * A pointer that is NULL means that the thing is not there in its layer; the
 * '..._known' booleans tell "is not there" from "was not gathered". */
#ifndef FABRIC_FABRIC_H
#define FABRIC_FABRIC_H 1

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "evidence/evidence.h"
#include "fabric/address.h"
#include "fabric/mappings.h"
#include "fabric/router.h"

struct fabric;

/* One OVS port on a bridge, with its (first) interface. */
struct fabric_port {
    const struct ovsdb_row *row; /* Port. */
    const struct ovsdb_row *interface;
    const char *name;
};

/* A bridge of a chassis. */
struct fabric_bridge {
    const struct ovsdb_row *row; /* Bridge. */
    const char *name;
    struct fabric_port *nics; /* Ports that lead out of the host. */
    size_t n_nics;
    struct fabric_port *patches; /* Patch ports that are not OVN's. */
    size_t n_patches;
    const struct flow_table *flows; /* NULL if not gathered. */
};

/* Private: what of a chassis' interfaces is to be found on all chassis. */
struct fabric_chassis_marks {
    struct fabric_mark {
        const char *text;
        uint32_t hash;
        bool is_odd_mac; /* Not in lower case. */
    } * marks;
    size_t n, capacity;
};
struct fabric_rows {
    const struct ovsdb_row **rows;
    size_t n, capacity;
};

/* Of so many chassis, a bit for each whose tunnel is known to be well. */
typedef _Atomic uint32_t fabric_well_word;

struct fabric_chassis {
    size_t index;                /* In fabric->chassis. */
    fabric_well_word *well_to;   /* Private to tunnel.c: of its tunnels... */
    fabric_well_word *well_from; /* ...and of others' to it. */
    const char *name;            /* system-id. */
    const char *hostname;        /* "" if unknown. */
    const struct ovsdb_row *sb;  /* Chassis, or NULL... */
    const char **sb_ips;         /* ...with its Encaps' addresses. */
    size_t n_sb_ips;
    const struct ovsdb_row *nb_cfg_row; /* Where SB has its progress. */
    int64_t nb_cfg;                     /* Of SB_Global, applied so far. */
    struct evidence_chassis *evidence;  /* NULL if not gathered. */
    bool ovs_known;                     /* Its Open_vSwitch was gathered. */
    bool is_behind; /* Has not applied the latest changes of SB. */
    const struct ovsdb_row *open_vswitch;
    const char *integration_bridge; /* Name; "br-int" by default. */
    const char *encap_ips;   /* ovn-encap-ip, a list; NULL if unknown... */
    const char *encap_types; /* ...and ovn-encap-type. */
    bool encap_is_new;       /* It asks for addresses of which SB has none so
                              * far, and does not refuse them as another's. */

    struct mappings mappings;
    bool mappings_known;
    const char *mappings_db; /* "ovs" or "sb"... */
    const struct ovsdb_row *mappings_row;
    unsigned mappings_column; /* ...and where in it... */
    const char *mappings_key; /* ...under which key. */

    struct fabric_bridge *bridges;
    size_t n_bridges;
    struct strmap interfaces;    /* Name -> Interface row; but for tunnels. */
    struct strmap interface_ids; /* iface-id -> struct fabric_interface. */
    struct strmap macs;          /* attached-mac -> Interface row. */
    struct strmap tunnels;       /* remote_ip -> Interface row. */
    bool is_isolated;            /* It watches tunnels, and all are down. */

    /* Private: lists that are taken when it is read (sighting.c). */
    struct fabric_chassis_marks marks;
    struct fabric_rows lost;
};

/* A chassis that has an interface with a certain iface-id, attached-mac, or
 * name of a tap. */
struct fabric_sighting {
    struct fabric_chassis *chassis;
    const struct fabric_sighting *next; /* In no order. */
};

/* An interface that claimed a port until somebody deleted it, by a log. */
struct fabric_lost_interface {
    const struct evidence_db *db; /* Whose log it is. */
    const struct ovsdb_row *row;
    const struct fabric_lost_interface *next;
};

/* Interfaces of one chassis that claim the same iface-id. */
struct fabric_interface {
    const struct ovsdb_row *row;
    struct fabric_interface *next;
};

/* A localnet port.  It may be in NB only (not yet known to SB) or in SB only
 * (NB's deletion not yet taken over by northd). */
struct fabric_localnet {
    struct fabric_switch *ls;
    const struct ovsdb_row *lsp; /* NB, or NULL. */
    const struct ovsdb_row *pb;  /* SB, or NULL. */
    const char *name;
    const char *network; /* As the chassis see it; "" if absent. */
    int tag;             /* VLAN; 0 for untagged. */
    bool enabled;
    bool is_typo; /* The network is the mistake, rather than the chassis's
                   * mappings: no chassis maps or mapped it. */
    struct fabric_attachment *attachments; /* By the chassis's index; those
                                            * without 'chassis' are none. */
    size_t n_attachments;                  /* Places: as many as chassis. */
};

/* A localnet port on one chassis: the way from the logical switch through a
 * patch pair and a provider bridge to a NIC. */
struct fabric_attachment {
    struct fabric_localnet *localnet;
    struct fabric_chassis *chassis;
    const char *mapped;           /* Bridge that the mappings name, or NULL. */
    struct fabric_bridge *bridge; /* The one in use; NULL if there is none. */
    struct fabric_bridge *mapped_bridge; /* NULL if it does not exist. */
    const char *outer_name;              /* patch-LOCALNET-to-BRINT */
    const char *inner_name;              /* patch-BRINT-to-LOCALNET */
    const struct ovsdb_row *outer;       /* Interface, or NULL. */
    const struct ovsdb_row *inner;
    const struct ovsdb_row *outer_port; /* Port of 'outer', or NULL. */
    bool is_required; /* Nothing but an endpoint asks for it. */
    bool is_changed;  /* Private: change.h. */
};

/* Why we think that a switch is meant to be a provider network. */
struct fabric_intent {
    const char *why; /* For people; NULL: nothing says so. */
    const char *db, *table, *column, *value;
    const struct ovsdb_row *row;
    const struct ovsdb_row *lost; /* A localnet port that was deleted. */
};

#define FABRIC_NOWHERE UINT32_MAX
#define FABRIC_N_BINDINGS 2 /* Of a router's port. */

/* A router port of a switch. */
struct fabric_router_port {
    const struct ovsdb_row *lsp;
    const struct ovsdb_row *lrp; /* NULL if the peer does not exist. */
    bool is_gateway; /* Bound to gateway chassis, or of a pinned router. */
    bool is_pinned;  /* Only the latter. */
    struct fabric_lrp *port; /* Of 'lrp', or what it was meant to name. */

    /* On a physical network: the indices of the chassis of its bindings
     * (chassisredirect and l3gateway), or FABRIC_NOWHERE. */
    uint32_t hosts[FABRIC_N_BINDINGS];
};

/* A logical switch: the unit. */
struct fabric_switch {
    const struct ovsdb_row *row; /* NB Logical_Switch. */
    const char *name;
    const char *network; /* What people call it. */
    bool is_neutron;
    const struct neutron_network *neutron; /* Neutron's record, or NULL. */
    struct fabric_intent intent;
    struct fabric_localnet *localnets; /* As the dataplane has them. */
    size_t n_localnets;
    struct fabric_localnet *pending; /* In NB, not yet in SB. */
    size_t n_pending;
    const struct ovsdb_row *type_lost; /* LSP with network_name, wrong type. */

    /* If there is no localnet port: the one that was lost, as far as the log
     * or a port of the wrong type tells, so that the rest of its way can be
     * examined all the same.  NULL if nothing tells. */
    struct fabric_localnet *lost;
    const struct ovsdb_row **l2gateways;
    size_t n_l2gateways;
    struct fabric_router_port *router_ports;
    size_t n_router_ports;
    struct fabric_vif **vifs; /* As the row has them... */
    uint32_t *hosts;          /* ...and the index of the chassis of each, or
                               * FABRIC_NOWHERE: many are asked at once. */
    size_t n_vifs, vifs_capacity;
    struct strmap macs;        /* Lower case -> struct fabric_mac. */
    struct strmap router_macs; /* Lower case -> first Logical_Router_Port. */
    struct strmap ips; /* Of ports -> struct fabric_vif; made on demand. */
    bool ips_indexed;
    bool is_transit; /* Joins availability zones (OVN-IC). */
    bool sb_behind;  /* SB does not have NB's localnet ports yet. */
};

/* A port that has a MAC; several may: the last of the switch first. */
struct fabric_mac {
    struct fabric_vif *vif;
    struct fabric_mac *next;
};

/* A logical switch port of a VM or container. */
struct fabric_vif {
    struct fabric_switch *ls;
    size_t index; /* In ls->vifs. */
    const struct ovsdb_row *lsp;
    const struct ovsdb_row *pb; /* NULL if SB has none, or is not known. */
    const char *name;           /* LSP name. */
    const char *label;          /* What people call it; LSP name else. */
    struct address *addresses;  /* Of LSP.addresses. */
    size_t n_addresses;
    bool is_unknown;                   /* Has "unknown" among its addresses. */
    const char *guest;                 /* Whose port it is, or NULL. */
    struct fabric_vif *sibling;        /* Of the same guest, before it. */
    struct fabric_chassis *chassis;    /* Bound there; NULL if not. */
    const struct ovsdb_row *interface; /* On 'chassis', or NULL. */
};

enum endpoint_kind { ENDPOINT_VM, ENDPOINT_FLOATING_IP, ENDPOINT_GATEWAY };

/* An address that should be reachable from a physical network. */
struct fabric_endpoint {
    enum endpoint_kind kind;
    const char *address; /* IP; "" for a port that has none we know of. */
    const char *mac;     /* NULL if unknown. */
    const char *port;    /* LSP or LRP name. */
    const char *name;    /* What people call it. */
    struct fabric_switch *ls;
    struct fabric_vif *vif;         /* The VM's, or that of its inner one. */
    const struct ovsdb_row *nb;     /* LSP, LRP or NAT row. */
    struct fabric_chassis *chassis; /* Where frames enter OVN, or NULL. */
    bool chassis_known; /* If 'chassis' is NULL, it is truly unbound. */

    /* What the guest itself has: behind NAT not 'address' and 'mac'. */
    const char *guest_address;
    const char *guest_mac;

    /* Of a floating IP or a router's address; else NULL. */
    struct fabric_lrp *gateway; /* The port on the provider network. */
    struct fabric_lrp *inner;   /* That leads to the floating IP's VM. */
    const struct ovsdb_row *nat;
    bool is_distributed; /* Enters on its VM's chassis, past the gateway. */

    /* Its neighbours in the list; NULL at its ends. */
    struct fabric_endpoint *before, *next;
    bool is_gone; /* From the list, and so from all that follows. */
};

/* What people call it in a list: its address; its port if it has none. */
static inline const char *
fabric_endpoint_id(const struct fabric_endpoint *e)
{
    return *e->address ? e->address : e->port;
}

/* Deleted rows of localnet ports, as a log still has them. */
struct fabric_lost {
    const struct ovsdb_row **rows;
    size_t n;
};

/* Port_Bindings, linked. */
struct fabric_pb_list {
    const struct ovsdb_row *pb;
    struct fabric_pb_list *next;
};

struct fabric {
    struct arena arena;
    struct arena second_arena; /* What a second thread builds beside. */
    struct evidence *evidence;
    struct fabric_chassis **chassis;
    size_t n_chassis;
    struct fabric_switch *switches;
    size_t n_switches;
    struct fabric_switch **physical; /* Those that are, or were, attached to a
                                      * physical network. */
    size_t n_physical;
    struct fabric_router *routers;
    size_t n_routers;
    struct fabric_endpoint *endpoints; /* By network, then address; list.h
                                        * says when they are not. */
    size_t n_endpoints;
    size_t n_gateways; /* Endpoints that are a router's own address. */
    int64_t northd_ms; /* When northd wrote SB last, by its log; or 0. */

    /* Private. */
    struct strmap chassis_names;
    struct strmap chassis_hostnames; /* -> any struct fabric_chassis. */
    struct strmap sightings;         /* -> struct fabric_sighting. */
    struct strmap lost_interfaces;   /* iface-id -> fabric_lost_interface. */
    struct strmap guests; /* Of Neutron -> its last struct fabric_vif. */
    struct strmap port_bindings; /* logical_port -> Port_Binding. */
    struct strmap lsps;          /* Name -> Logical_Switch_Port. */
    struct strmap lrps;          /* Name -> Logical_Router_Port. */
    struct strmap macs; /* Of all ports, lower case -> the LSP or LRP row. */
    struct strmap networks;     /* network.c: physical ones. */
    struct strmap segments;     /* "TAG NETWORK" -> its first localnet port. */
    struct strmap sb_localnets; /* Switch's uuid -> struct fabric_pb_list. */
    struct fabric_lost lost_lsps;
    struct fabric_lost lost_pbs;
    struct fabric_lrp **lrp_of_row; /* By the index of the LRP's row. */
    struct fabric_vif **vif_of_row; /* By the index of the LSP's row... */
    size_t lsp_rows_capacity;       /* ...of which there may be so many. */
    struct strmap nat_macs;         /* Distributed external MACs -> NAT... */
    struct strmap nat_macs_again;   /* ...and those met again. */
    struct strmap learned;          /* learned.c: -> FDB row. */
    struct strmap attached;         /* In lower case, those attached-macs that
                                     * are not, which 'sightings' has. */
    bool has_nested;                /* VMs' ports with a parent. */
    bool has_siblings;              /* Guests with more than one port. */
    struct strmap lrp_macs; /* As NB writes them -> struct fabric_lrp. */
    struct strmap balanced; /* Address -> struct fabric_balanced. */
    size_t chassis_capacity;
    size_t endpoints_capacity;
    struct fabric_endpoint *first_endpoint; /* Of the list. */
    size_t n_sorted; /* Endpoints that were there when it was sorted. */
    bool is_sorted;  /* None came or went since. */
};

void fabric_init(struct fabric *, struct evidence *);
void fabric_done(struct fabric *);

/* Whether 'name' is the endpoint's address, its port, or what people call it;
 * or "NAME@WHERE", where WHERE is another of these, its network or its
 * switch. */
bool fabric_endpoint_is(const struct fabric_endpoint *, const char *name);

/* Whether the first 'n' characters of 'name' are the name or the host name of
 * a chassis. */
bool fabric_is_chassis(const struct fabric *, const char *name, size_t n);

/* The chassis called 'name', or NULL. */
struct fabric_chassis *fabric_find_chassis(const struct fabric *,
                                           const char *name);

/* Of the interfaces that claimed 'iface_id' and are gone, the one that was
 * deleted last; NULL if no log tells. */
const struct fabric_lost_interface *
fabric_find_lost_interface(const struct fabric *, const char *iface_id);

/* The chassis where something is called 'mark', at least: an iface-id, an
 * attached-mac or a tap's name.  NULL if there is none. */
const struct fabric_sighting *fabric_find_sightings(const struct fabric *,
                                                    const char *mark);

/* The row of SB's FDB that says where the datapath of the port with binding
 * 'pb' learned 'mac' (ovn-sb(5), FDB), or NULL. */
const struct ovsdb_row *fabric_find_learned(const struct fabric *,
                                            const struct ovsdb_row *pb,
                                            const char *mac);

/* The name of the tap that Nova and others make for a port: "tap" and 11
 * characters of its UUID. */
struct fabric_tap {
    char text[16];
};
struct fabric_tap fabric_tap_of(const struct fabric_vif *);

/* ahead.c: asks the memory for what belongs to the 'n' endpoints, at most so
 * many, which are judged next. */
#define FABRIC_AHEAD 32
void fabric_look_ahead_at_endpoints(const struct fabric_endpoint *const *,
                                    size_t n);

/* The same for the first of the 'n' ports of a group, of which the rows are
 * looked at next, and it may be their names or their addresses as well.
 * Returns of how many. */
enum fabric_ahead {
    FABRIC_AHEAD_ROWS,
    FABRIC_AHEAD_NAMES,
    FABRIC_AHEAD_ADDRESSES
};
size_t fabric_look_ahead_at_members(const struct fabric *,
                                    const union ovsdb_atom *ports, size_t n,
                                    enum fabric_ahead);

/* The attachment of 'localnet' on 'chassis', or NULL. */
struct fabric_attachment *
fabric_find_attachment(const struct fabric_localnet *,
                       const struct fabric_chassis *);

/* Whether 'ip' is among the addresses of the port. */
bool fabric_vif_has_ip(const struct fabric_vif *, const char *ip);

/* The VM's port on the switch that has 'ip', or NULL. */
struct fabric_vif *fabric_find_vif_by_ip(struct fabric_switch *,
                                         const char *ip);

/* The state of an interface's link: Open vSwitch's live columns first, then
 * interface.json, then the host's links.  '*ret_from' names the source. */
struct fabric_link {
    enum link_state admin;
    enum link_state carrier;
    const char *from;
};
struct fabric_link fabric_link_state(const struct fabric_chassis *,
                                     const struct ovsdb_row *interface);

/* The VLAN ID that a frame of the VLAN 'vlan' (0 for untagged) has inside a
 * bridge once it came in by 'port', or -1 if the port drops it; and the VLAN
 * ID on the wire of a frame of the bridge's VLAN that leaves by 'port', or
 * -1. */
int fabric_vlan_in(const struct ovsdb_row *port, int vlan);
int fabric_vlan_out(const struct ovsdb_row *port, int vlan);

/* An interface's OpenFlow port number; 0 if unknown, -1 if it has none. */
int64_t fabric_ofport(const struct fabric_chassis *,
                      const struct ovsdb_row *interface);

/* Its MTU in bytes, without the Ethernet header; 0 if unknown. */
int64_t fabric_mtu(const struct fabric_chassis *,
                   const struct ovsdb_row *interface);

/* The name of the chassis that has an Encap; "" if none has. */
const char *fabric_encap_owner(const struct ovsdb_row *encap);

/* What BFD says of a tunnel: LINK_UNKNOWN if it watches it, but nothing tells
 * how it fares; 'watched' is whether it does. */
enum link_state fabric_tunnel_bfd(const struct fabric_chassis *,
                                  const struct ovsdb_row *interface,
                                  bool *ret_watched);

/* Whether a VM of the switch is bound to the chassis. */
bool fabric_switch_is_on(const struct fabric_switch *,
                         const struct fabric_chassis *);

/* The tunnel of 'from' to 'to', or NULL. */
const struct ovsdb_row *fabric_find_tunnel(const struct fabric_chassis *from,
                                           const struct fabric_chassis *to);

/* Whether 'from' has one, SB has 'to', Open vSwitch could open it, and BFD
 * sees the other end if it watches.  That it is well is remembered, until
 * something of 'from' changes (of 'to', SB's rows are asked, with which the
 * fabric is built again); any thread may ask. */
bool fabric_tunnel_is_well(const struct fabric_chassis *from,
                           const struct fabric_chassis *to);

/* Whether frames pass between the two, as far as tunnels tell: both have one
 * that is well, or they are the same.  If many are asked about one, that is
 * the near one. */
bool fabric_tunnels_are_well(const struct fabric_chassis *near,
                             const struct fabric_chassis *far);

/* An interface's error text, or NULL. */
const char *fabric_interface_error(const struct fabric_chassis *,
                                   const struct ovsdb_row *interface);

#endif /* fabric/fabric.h */
