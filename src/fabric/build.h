/* The parts of building a fabric, one file each: chassis.c, switch.c,
 * vif.c and endpoint.c.  Private to fabric/. */
#ifndef FABRIC_BUILD_H
#define FABRIC_BUILD_H 1

#include "base/beside.h"
#include "fabric/fabric.h"

/* With fewer chassis a second thread costs more than it saves. */
#define FABRIC_MANY_CHASSIS 100

/* Chassis of SB and of the evidence, with their mappings and bridges.  In a
 * large cloud another thread begins to read their databases at once, into
 * second_arena; what they hold is there, and may be asked for, at the end,
 * which frees the reading. */
struct fabric_reading *fabric_begin_chassis(struct fabric *);
void fabric_end_chassis(struct fabric_reading *);

/* Logical switches with their ports, and what they are meant to be. */
void fabric_build_switches(struct fabric *);

/* The ways of the localnet ports out of each chassis that needs them.  In a
 * large cloud another thread builds them, in second_arena; they may be asked
 * for once 'beside' has ended. */
void fabric_begin_attachments(struct fabric *, struct beside *);

/* Routers and their ports; then, once the switches' ports have joined them,
 * who holds them and where their routes lead. */
void fabric_build_routers(struct fabric *);
void fabric_join_router_port(struct fabric_switch *,
                             struct fabric_router_port *);
void fabric_resolve_routers(struct fabric *);

/* Their parts: where a router's port on the switch is bound, noted; whether
 * one of the switch's ports, or of the routers on it, is bound on the chassis;
 * whether a patch port of 'localnet' is there; and the attachment itself. */
void fabric_note_bindings(const struct fabric *, struct fabric_router_port *);
bool fabric_is_local(const struct fabric_switch *,
                     const struct fabric_chassis *);
bool fabric_has_patch_port(const struct fabric_localnet *,
                           const struct fabric_chassis *);
void fabric_build_attachment(struct fabric_localnet *, struct fabric_chassis *,
                             struct arena *);

/* What a localnet port's rows say of it. */
void fabric_read_localnet(struct fabric *, struct fabric_localnet *);

/* network.c: whether all chassis are known, some have mappings, and none has
 * or had one for 'network', as far as their logs reach. */
bool fabric_is_unheard_of(struct fabric *, const char *network);

/* Notes which network and VLAN each localnet port leads to. */
void fabric_index_segments(struct fabric *);

/* Ports of a switch, or some of them. */
struct fabric_ports {
    const struct ovsdb_row **rows; /* From malloc(). */
    size_t n, capacity;
};

/* vif.c: reads the ports of VMs of all switches, whose rows are read, and
 * leaves the others in 'others', by the index of the switch.  Nothing else may
 * touch the fabric meanwhile: in a large cloud two threads read. */
void fabric_read_vifs(struct fabric *, struct fabric_ports *others);

/* Whether the row is that of a VM's port; reads it as ls->vifs[index], which
 * is there; reads its addresses again, after the MACs were taken from the
 * switch's; and where it is bound. */
bool fabric_is_vif(const struct fabric *, const struct ovsdb_row *lsp);
void fabric_read_vif(struct fabric *, struct fabric_switch *, size_t index,
                     const struct ovsdb_row *lsp);
void fabric_remove_macs(struct fabric_vif *);
void fabric_read_addresses(struct fabric *, struct fabric_vif *);
void fabric_bind_vif(const struct fabric *, struct fabric_vif *);

/* The port has another place on its switch: where it is goes with it. */
void fabric_note_host(const struct fabric_vif *);

/* ahead.c: ask for what belongs to the first of the 'n' ports of a switch, of
 * VMs, or of a bridge, or NAT rows of a router, and return of how many.  So it
 * is near by when they are read, or joined.
 */
size_t fabric_look_ahead_at_ports(const struct fabric *,
                                  const union ovsdb_atom *ports, size_t n);
size_t fabric_look_ahead_at_vifs(const struct fabric *,
                                 struct fabric_vif *const *vifs, size_t n);
size_t fabric_look_ahead_at_bridge(const union ovsdb_atom *ports, size_t n);
size_t fabric_look_ahead_at_nats(const union ovsdb_atom *nats, size_t n);

/* Likewise, with the VMs' ports that they name. */
void fabric_look_ahead_at_nat_ports(const struct fabric *,
                                    const union ovsdb_atom *nats, size_t n);

/* Reads the chassis's Open_vSwitch database, or none. */
void fabric_read_chassis(struct fabric *, struct fabric_chassis *);

/* sighting.c: list what of the chassis' own is looked for on all chassis, of
 * one interface, and of those that its log saw go, which touches nothing else;
 * then the fabric takes both lists. */
void fabric_list_marks(struct fabric_chassis *,
                       const struct ovsdb_row *interface);
void fabric_list_lost(struct fabric_chassis *);
void fabric_take_sightings(struct fabric *, struct fabric_chassis *);

/* tunnel.c: finds out whether it sees all of its tunnels down; makes room for
 * what fabric_tunnel_is_well() remembers, of all chassis; forgets that of
 * one tunnel, or of all that begin there. */
void fabric_read_isolation(struct fabric_chassis *);
void fabric_begin_tunnels(struct fabric *);
void fabric_forget_tunnel(struct fabric_chassis *from,
                          struct fabric_chassis *to);
void fabric_forget_tunnels(const struct fabric *, struct fabric_chassis *from);

/* learned.c: takes a row of SB's FDB. */
void fabric_index_learned(struct fabric *, const struct ovsdb_row *);

/* Notes that an interface has 'mac' attached, which is not in lower case;
 * whether anything is sighted by it, an interface that has it or another that
 * is called so. */
void fabric_note_attached(struct fabric *, const char *mac);
bool fabric_is_attached(const struct fabric *, const char *mac);

/* The router's NAT rows; what those of type snat translate; its static routes,
 * and the default ones among them; and whether a port of it leads to a
 * physical network. */
void fabric_read_nats(struct fabric *, struct fabric_router *);
void fabric_forget_nats(struct fabric_router *);
void fabric_read_snats(struct fabric_router *);
void fabric_read_routes(struct fabric *, struct fabric_router *);
bool fabric_is_gateway(const struct fabric_lrp *);

/* Who holds a gateway port, by SB. */
void fabric_find_holder(struct fabric *, struct fabric_lrp *);

/* Whether a router's port on the switch answers on whatever chassis it can. */
bool fabric_has_ubiquitous(const struct fabric_switch *);

/* What the NAT row of a floating IP says of its VM. */
void fabric_read_floating_ip(struct fabric *, struct fabric_endpoint *);

/* Sees to it that every localnet port of the switch has its attachment on
 * 'chassis'. */
void fabric_require_attachments(struct fabric *, struct fabric_switch *,
                                struct fabric_chassis *);

/* Endpoints of the switches that are provider networks, listed, which asks for
 * no attachments, and then placed on chassis; and, malloc()ed, those that a
 * VM's port has of its own there, and a router's floating IPs. */
struct endpoints; /* list.h */
void fabric_list_endpoints(struct fabric *, struct endpoints *ret);
void fabric_place_endpoints(struct fabric *, struct endpoints *);
void fabric_list_vif(struct fabric *, struct fabric_vif *,
                     struct endpoints *ret);
void fabric_list_floating_ips(struct fabric *, struct fabric_router *,
                              struct endpoints *ret);

/* Looks up in the logs which localnet ports were deleted. */
void fabric_find_lost(struct fabric *);

/* Why 'ls' should be a provider network; decided after its ports are there. */
void fabric_decide_intent(struct fabric *, struct fabric_switch *);

#endif /* fabric/build.h */
