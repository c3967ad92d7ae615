/* The parts of following changes: change.c, and one file for each database.
 * Private to fabric/. */
#ifndef FABRIC_FOLLOW_H
#define FABRIC_FOLLOW_H 1

#include "fabric/build.h"
#include "fabric/change.h"

/* Takes one delta of a row of its table. */
typedef void change_handler(struct fabric_change *,
                            const struct ovsdb_delta *);

/* By table; NULL: whatever happens to it, the fabric is built again. */
struct change_handlers {
    change_handler *changed;      /* A column. */
    change_handler *came_or_went; /* A row. */
};
extern const struct change_handlers nb_changes[NB_N_TABLES];
extern const struct change_handlers sb_changes[SB_N_TABLES];
extern const struct change_handlers ovs_changes[OVS_N_TABLES];

/* What does not concern the fabric. */
change_handler change_ignore;

/* change_nat.c: a column of a NAT row, and one that came or went. */
change_handler change_nat, change_nat_row;

/* change_ports.c: the ports of a switch, and a port that came or went. */
change_handler change_ports, change_port_row;

/* A VM's port has other addresses; its endpoints come and go, as its row is
 * now; and those with a MAC of its are marked. */
void change_addresses(struct fabric_change *, struct fabric_vif *);
void change_list_vif(struct fabric_change *, struct fabric_vif *);
void change_mark_same_macs(struct fabric_change *, const struct fabric_vif *);

/* Marks the router with this row: its routes and SNATs are read again; what
 * finds its address translation; or all of that. */
void change_mark_to_read(struct fabric_change *, const struct ovsdb_row *lr);
void change_mark_maps(struct fabric_change *, const struct ovsdb_row *lr);
void change_mark_nats(struct fabric_change *, const struct ovsdb_row *lr);

/* After the deltas of a transaction: reads what was marked. */
void change_read_maps(struct fabric_change *);
void change_read_chassis(struct fabric_change *);
void change_read_routers(struct fabric_change *);
void change_read_ports(struct fabric_change *);

/* The router's floating IPs come and go, as its rows are now. */
void change_list_floating_ips(struct fabric_change *, struct fabric_router *);

/* Marks: a thing, or the endpoints of one; those of a VM's port without those
 * who go out by the router that it is behind. */
void change_mark(struct fabric_marks *, size_t number);
void change_mark_endpoint(struct fabric_change *,
                          const struct fabric_endpoint *);
void change_mark_vif(struct fabric_change *, const struct fabric_vif *);
void change_mark_gateways(struct fabric_change *,
                          const struct fabric_router *);

/* For when nothing changed but the tunnel between the chassis of a router's
 * own address and that of a tenant's VM, which may be nowhere (NULL).  The
 * first marks that address; the second, all by which the VM goes out.  If the
 * tunnel is well, it is judged again only if something was said of tunnels
 * before ('told'). */
void change_mark_tunnel(struct fabric_change *, struct fabric_endpoint *,
                        const struct fabric_chassis *);
void change_mark_tunnels(struct fabric_change *, const struct fabric_vif *);
void change_mark_shell(struct fabric_change *, const struct fabric_switch *);
void change_mark_attachment(struct fabric_change *,
                            struct fabric_attachment *);

static inline size_t
change_index_of(const struct fabric_change *c, const struct fabric_endpoint *e)
{
    return (size_t) (e - c->fabric->endpoints);
}

/* Calls 'visit' for the endpoints of a VM's port, a switch or a router. */
typedef void endpoint_visit(struct fabric_change *, struct fabric_endpoint *,
                            void *aux);
void change_visit_vif(struct fabric_change *, const struct fabric_vif *,
                      endpoint_visit *visit, void *aux);
void change_visit_switch(struct fabric_change *, const struct fabric_switch *,
                         endpoint_visit *visit, void *aux);
void change_visit_router(struct fabric_change *, const struct fabric_router *,
                         endpoint_visit *visit, void *aux);

/* Likewise for the floating IP of a NAT row. */
void change_visit_nat(struct fabric_change *, const struct ovsdb_row *,
                      endpoint_visit *visit, void *aux);

/* Likewise for those that are the router's own addresses. */
void change_visit_gateways(struct fabric_change *,
                           const struct fabric_router *, endpoint_visit *visit,
                           void *aux);

/* Likewise for the floating IPs whose rows name a port so, or did. */
void change_visit_named(struct fabric_change *, const char *name,
                        endpoint_visit *visit, void *aux);

/* Likewise for those whose frames enter at the chassis, or (NULL) nowhere. */
void change_visit_entering(struct fabric_change *,
                           const struct fabric_chassis *,
                           endpoint_visit *visit, void *aux);

/* Likewise for those of them that are a router's own addresses. */
void change_visit_gateways_at(struct fabric_change *,
                              const struct fabric_chassis *,
                              endpoint_visit *visit, void *aux);

/* Likewise for those whose VM is there. */
void change_visit_living(struct fabric_change *, const struct fabric_chassis *,
                         endpoint_visit *visit, void *aux);

/* Likewise for those of the switch whose guest's MAC is none of its port's
 * addresses, or was. */
void change_visit_foreign(struct fabric_change *, const struct fabric_switch *,
                          endpoint_visit *visit, void *aux);

/* Calls 'visit' for the switches with a port of the router, and for the
 * chassis with that address for tunnels. */
typedef void switch_visit(struct fabric_change *, struct fabric_switch *,
                          void *aux);
void change_visit_routed(struct fabric_change *, const struct fabric_router *,
                         switch_visit *visit, void *aux);
typedef void chassis_visit(struct fabric_change *, struct fabric_chassis *,
                           void *aux);
void change_visit_at(struct fabric_change *, const char *ip,
                     chassis_visit *visit, void *aux);

/* Endpoints that come and go, with everything that depends on them but for
 * attachments.  One that comes may have no place: then 'all' is set, and the
 * endpoint is NULL. */
struct fabric_endpoint *change_add_endpoint(struct fabric_change *,
                                            const struct fabric_endpoint *);
void change_drop_endpoint(struct fabric_change *, struct fabric_endpoint *);

/* change_lists.c: lists of who depends on what, made, made again once
 * endpoints are in another order, and freed. */
void change_build_links(struct fabric_change *);
void change_build_links_again(struct fabric_change *);
void change_free_links(struct fabric_change *);

/* Whether there is room for all rows that there are now. */
bool change_has_room(const struct fabric_change *);
void change_link_endpoint(struct fabric_change *,
                          const struct fabric_endpoint *);

/* The port's addresses changed: notes whose MAC is none of these. */
void change_note_foreign(struct fabric_change *, const struct fabric_vif *);

/* Notes where the endpoint's frames enter and where its VM is; or that it is
 * gone. */
void change_place_endpoint(struct fabric_change *,
                           const struct fabric_endpoint *);
void change_unplace_endpoint(struct fabric_change *,
                             const struct fabric_endpoint *);

/* Notes that the endpoint depends on 'vif', too; or, of a floating IP, on the
 * port that its row names. */
void change_link_vif(struct fabric_change *, const struct fabric_endpoint *,
                     const struct fabric_vif *);
void change_link_named(struct fabric_change *, const struct fabric_endpoint *);

/* Something of the switch is on 'now' and no longer on 'before' (NULL:
 * nowhere): its localnet ports' attachments follow. */
void change_move(struct fabric_change *, struct fabric_switch *,
                 struct fabric_chassis *before, struct fabric_chassis *now);

/* The switch's attachments on 'chassis' are examined again, ... */
void change_examine(struct fabric_change *, struct fabric_switch *,
                    const struct fabric_chassis *);

/* ...or made again as well. */
void change_attach(struct fabric_change *, struct fabric_switch *,
                   struct fabric_chassis *);

/* The row of a localnet port, in NB or SB, changed; returns of how many, since
 * NB and SB may have it on two switches. */
size_t change_localnets(struct fabric_change *, const struct ovsdb_row *);

/* What follows finds these by row or name; NULL if there are none. */
struct fabric_switch *change_find_switch(const struct fabric_change *,
                                         const struct ovsdb_row *);
struct fabric_router *change_find_router(const struct fabric_change *,
                                         const struct ovsdb_row *);
struct fabric_vif *change_find_vif(const struct fabric_change *,
                                   const char *name);
/* The value of a map's key before and now; whether it changed. */
bool change_key_differs(const struct ovsdb_delta *, const char *key);

#endif /* fabric/follow.h */
