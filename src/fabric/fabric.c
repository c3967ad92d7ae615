#include "fabric/fabric.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fabric/balancer.h"
#include "fabric/build.h"
#include "fabric/list.h"

/* The places are asked for ahead, since they lie anywhere. */
static void
index_rows(struct strmap *map, const struct ovsdb_table *table, unsigned name)
{
    strmap_reserve(map, table->n_existing);
    for (size_t i = 0; i < table->n_rows; i++) {
        if (i + FABRIC_AHEAD < table->n_rows) {
            strmap_prefetch(map,
                            ovsdb_string(table->rows[i + FABRIC_AHEAD], name));
        }
        if (table->rows[i]->exists) {
            *strmap_place(map, ovsdb_string(table->rows[i], name)) =
                table->rows[i];
        }
    }
}

/* When ovn-northd last wrote SB, as far as its log tells; else 0. */
static int64_t
find_northd_ms(const struct evidence_db *sb)
{
    for (size_t i = sb->log ? sb->log->n_records : 0; i-- > 0;) {
        const struct ovsdb_record *record = &sb->log->records[i];
        if (record->comment && !strcmp(record->comment, "ovn-northd")) {
            return record->date_ms;
        }
    }
    return 0;
}

/* What other things are looked for by. */
static void
index_logical(struct fabric *f)
{
    const struct ovsdb_table *nb = f->evidence->nb.store.tables;
    const struct ovsdb_table *sb = f->evidence->sb.store.tables;
    index_rows(&f->lsps, &nb[NB_LOGICAL_SWITCH_PORT], LSP_NAME);
    index_rows(&f->port_bindings, &sb[SB_PORT_BINDING], PB_LOGICAL_PORT);
    index_rows(&f->lrps, &nb[NB_LOGICAL_ROUTER_PORT], LRP_NAME);
    OVSDB_TABLE_FOR_EACH (lrp, &nb[NB_LOGICAL_ROUTER_PORT]) {
        *strmap_place(&f->macs, ovsdb_string(lrp, LRP_MAC)) = lrp;
    }
    OVSDB_TABLE_FOR_EACH (row, &sb[SB_FDB]) {
        fabric_index_learned(f, row);
    }
    fabric_index_balancers(f);
}

void
fabric_init(struct fabric *f, struct evidence *e)
{
    memset(f, 0, sizeof *f);
    arena_init(&f->arena);
    arena_init(&f->second_arena);
    f->evidence = e;
    f->northd_ms = find_northd_ms(&e->sb);
    struct strmap *const maps[] = { &f->chassis_hostnames,
                                    &f->chassis_names,
                                    &f->sightings,
                                    &f->lost_interfaces,
                                    &f->guests,
                                    &f->port_bindings,
                                    &f->lsps,
                                    &f->lrps,
                                    &f->nat_macs,
                                    &f->nat_macs_again,
                                    &f->learned,
                                    &f->attached,
                                    &f->macs,
                                    &f->networks };
    for (size_t i = 0; i < N_ELEMENTS(maps); i++) {
        strmap_init(maps[i]);
    }
    struct fabric_reading *reading = fabric_begin_chassis(f);
    index_logical(f);
    fabric_end_chassis(reading);
    fabric_build_routers(f);
    fabric_build_switches(f);
    fabric_resolve_routers(f);
    struct beside attachments;
    fabric_begin_attachments(f, &attachments);
    struct endpoints list;
    fabric_list_endpoints(f, &list);
    beside_end(&attachments);
    fabric_place_endpoints(f, &list);
}

void
fabric_done(struct fabric *f)
{
    for (size_t i = 0; i < f->n_chassis; i++) {
        strmap_done(&f->chassis[i]->interfaces);
        strmap_done(&f->chassis[i]->interface_ids);
        strmap_done(&f->chassis[i]->macs);
        strmap_done(&f->chassis[i]->tunnels);
    }
    for (size_t i = 0; i < f->n_switches; i++) {
        strmap_done(&f->switches[i].macs);
        strmap_done(&f->switches[i].router_macs);
        strmap_done(&f->switches[i].ips);
    }
    for (size_t i = 0; i < f->n_routers; i++) {
        fabric_forget_nats(&f->routers[i]);
    }
    free(f->chassis);
    free(f->endpoints);
    strmap_done(&f->chassis_names);
    strmap_done(&f->chassis_hostnames);
    strmap_done(&f->sightings);
    strmap_done(&f->lost_interfaces);
    strmap_done(&f->guests);
    strmap_done(&f->port_bindings);
    strmap_done(&f->lsps);
    strmap_done(&f->lrps);
    strmap_done(&f->macs);
    strmap_done(&f->lrp_macs);
    strmap_done(&f->balanced);
    strmap_done(&f->nat_macs);
    strmap_done(&f->nat_macs_again);
    strmap_done(&f->learned);
    strmap_done(&f->attached);
    strmap_done(&f->networks);
    strmap_done(&f->segments);
    strmap_done(&f->sb_localnets);
    arena_done(&f->arena);
    arena_done(&f->second_arena);
    memset(f, 0, sizeof *f);
}

bool
fabric_is_chassis(const struct fabric *f, const char *name, size_t n)
{
    return strmap_get_n(&f->chassis_names, name, n)
           || strmap_get_n(&f->chassis_hostnames, name, n);
}

struct fabric_chassis *
fabric_find_chassis(const struct fabric *f, const char *name)
{
    return strmap_get(&f->chassis_names, name);
}

const struct fabric_lost_interface *
fabric_find_lost_interface(const struct fabric *f, const char *iface_id)
{
    const struct fabric_lost_interface *last = NULL;
    int64_t last_ms = -1;
    for (const struct fabric_lost_interface *l =
             strmap_get(&f->lost_interfaces, iface_id);
         l; l = l->next) {
        int64_t ms = l->db->log->records[l->row->deleted_in].date_ms;
        if (!l->row->exists && ms >= last_ms) { /* Of equals, the first. */
            last = l;
            last_ms = ms;
        }
    }
    return last;
}

const struct fabric_sighting *
fabric_find_sightings(const struct fabric *f, const char *mark)
{
    return strmap_get(&f->sightings, mark);
}

bool
fabric_vif_has_ip(const struct fabric_vif *vif, const char *ip)
{
    for (size_t i = 0; i < vif->n_addresses; i++) {
        for (size_t j = 0; j < vif->addresses[i].n_ips; j++) {
            if (!strcmp(vif->addresses[i].ips[j], ip)) {
                return true;
            }
        }
    }
    return false;
}

struct fabric_vif *
fabric_find_vif_by_ip(struct fabric_switch *ls, const char *ip)
{
    for (size_t i = 0; !ls->ips_indexed && i < ls->n_vifs; i++) {
        struct fabric_vif *vif = ls->vifs[i];
        for (size_t j = 0; j < vif->n_addresses; j++) {
            for (size_t k = 0; k < vif->addresses[j].n_ips; k++) {
                *strmap_place(&ls->ips, vif->addresses[j].ips[k]) = vif;
            }
        }
    }
    ls->ips_indexed = true;
    return strmap_get(&ls->ips, ip);
}

struct fabric_tap
fabric_tap_of(const struct fabric_vif *vif)
{
    struct fabric_tap tap;
    snprintf(tap.text, sizeof tap.text, "tap%.11s", vif->name);
    return tap;
}

struct fabric_attachment *
fabric_find_attachment(const struct fabric_localnet *localnet,
                       const struct fabric_chassis *chassis)
{
    struct fabric_attachment *a = chassis->index < localnet->n_attachments
                                      ? &localnet->attachments[chassis->index]
                                      : NULL;
    return a && a->chassis ? a : NULL;
}

/* What Open vSwitch's interface.json says of an interface, or NULL. */
static const struct link *
dumped_interface(const struct fabric_chassis *chassis, const char *name)
{
    return chassis->evidence && chassis->evidence->has_interfaces
               ? strmap_get(&chassis->evidence->interfaces, name)
               : NULL;
}

static enum link_state
state_of(const char *column)
{
    return !*column                ? LINK_UNKNOWN
           : !strcmp(column, "up") ? LINK_UP
                                   : LINK_DOWN;
}

/* Takes over what 'other' knows and 'link' does not. */
static void
fill_unknown(struct fabric_link *link, enum link_state admin,
             enum link_state carrier, const char *from)
{
    if (link->admin == LINK_UNKNOWN && admin != LINK_UNKNOWN) {
        link->admin = admin;
        link->from = from;
    }
    if (link->carrier == LINK_UNKNOWN && carrier != LINK_UNKNOWN) {
        link->carrier = carrier;
        link->from = from;
    }
}

struct fabric_link
fabric_link_state(const struct fabric_chassis *chassis,
                  const struct ovsdb_row *interface)
{
    struct fabric_link link = { LINK_UNKNOWN, LINK_UNKNOWN, NULL };
    const char *name = ovsdb_string(interface, INTERFACE_NAME);
    const struct evidence_chassis *e = chassis->evidence;
    if (e->ovs.live) {
        fill_unknown(&link,
                     state_of(ovsdb_string(interface, INTERFACE_ADMIN_STATE)),
                     state_of(ovsdb_string(interface, INTERFACE_LINK_STATE)),
                     "Open_vSwitch");
    }
    const struct link *dumped = dumped_interface(chassis, name);
    if (dumped) {
        fill_unknown(&link, dumped->admin, dumped->carrier, "interface.json");
    }
    const struct link *host =
        e->has_links ? strmap_get(&e->links, name) : NULL;
    if (host) {
        fill_unknown(&link, host->admin, host->carrier, "ip link");
    }
    return link;
}

int64_t
fabric_ofport(const struct fabric_chassis *chassis,
              const struct ovsdb_row *interface)
{
    int64_t ofport = ovsdb_integer(interface, INTERFACE_OFPORT, 0);
    const struct link *dumped =
        dumped_interface(chassis, ovsdb_string(interface, INTERFACE_NAME));
    return !ofport && dumped ? dumped->ofport : ofport;
}

int64_t
fabric_mtu(const struct fabric_chassis *chassis,
           const struct ovsdb_row *interface)
{
    const char *name = ovsdb_string(interface, INTERFACE_NAME);
    int64_t mtu = ovsdb_integer(interface, INTERFACE_MTU, 0);
    const struct link *dumped = dumped_interface(chassis, name);
    const struct link *host = chassis->evidence->has_links
                                  ? strmap_get(&chassis->evidence->links, name)
                                  : NULL;
    return mtu                         ? mtu
           : dumped && dumped->mtu > 0 ? dumped->mtu
           : host                      ? host->mtu
                                       : 0;
}

const char *
fabric_encap_owner(const struct ovsdb_row *encap)
{
    return encap->owner ? ovsdb_string(encap->owner, CHASSIS_NAME)
                        : ovsdb_string(encap, ENCAP_CHASSIS_NAME);
}

enum link_state
fabric_tunnel_bfd(const struct fabric_chassis *chassis,
                  const struct ovsdb_row *interface, bool *ret_watched)
{
    const char *enable = ovsdb_map_get(interface, INTERFACE_BFD, "enable");
    const char *state =
        chassis->evidence->ovs.live
            ? ovsdb_map_get(interface, INTERFACE_BFD_STATUS, "state")
            : NULL;
    const struct link *dumped =
        dumped_interface(chassis, ovsdb_string(interface, INTERFACE_NAME));
    *ret_watched = enable && !strcmp(enable, "true");
    return state ? state_of(state) : dumped ? dumped->bfd : LINK_UNKNOWN;
}

const char *
fabric_interface_error(const struct fabric_chassis *chassis,
                       const struct ovsdb_row *interface)
{
    const char *error = ovsdb_string(interface, INTERFACE_ERROR);
    const struct link *dumped =
        dumped_interface(chassis, ovsdb_string(interface, INTERFACE_NAME));
    return *error ? error : dumped ? dumped->error : NULL;
}
