#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fabric/build.h"

/* Ports by what they are (ovn-nb(5), Logical_Switch_Port, "type"). */

static bool
is_localnet(const struct ovsdb_row *lsp)
{
    return !strcmp(ovsdb_string(lsp, LSP_TYPE), "localnet");
}

static const struct ovsdb_row *
binding_of(const struct fabric *f, const struct ovsdb_row *lsp)
{
    return strmap_get(&f->port_bindings, ovsdb_string(lsp, LSP_NAME));
}

/* A port of a VM: no type, or a type that it cannot have meant, since an
 * interface or the CMS says that a VM is behind it. */
static bool
is_vif(const struct fabric *f, const struct ovsdb_row *lsp)
{
    static const char *const others[] = { "localnet",  "localport", "router",
                                          "l2gateway", "vtep",      "remote" };
    const char *type = ovsdb_string(lsp, LSP_TYPE);
    const char *owner =
        ovsdb_map_get(lsp, LSP_EXTERNAL_IDS, "neutron:device_owner");
    if (owner && !strncmp(owner, "compute:", strlen("compute:"))) {
        return true;
    }
    for (size_t i = 0; i < N_ELEMENTS(others); i++) {
        if (!strcmp(type, others[i])) {
            break;
        } else if (i == N_ELEMENTS(others) - 1) {
            return true;
        }
    }
    /* A router's port, or a metadata port, with a tap of its name?  The
     * latter has one by design. */
    const char *name = ovsdb_string(lsp, LSP_NAME);
    const struct fabric_sighting *s =
        strcmp(type, "router") ? NULL : fabric_find_sightings(f, name);
    while (s && !strmap_get(&s->chassis->interface_ids, name)) {
        s = s->next;
    }
    return s != NULL;
}

/* Localnet ports. */

static int
localnet_tag(const struct ovsdb_row *lsp)
{
    /* northd copies tag_request to tag (ovn-nb(5), "tag_request"). */
    int64_t tag = ovsdb_integer(lsp, LSP_TAG, -1);
    return (int) (tag >= 0 ? tag : ovsdb_integer(lsp, LSP_TAG_REQUEST, 0));
}

void
fabric_read_localnet(struct fabric *f, struct fabric_localnet *localnet)
{
    const struct ovsdb_row *lsp = localnet->lsp, *pb = localnet->pb;
    const char *network = pb ? ovsdb_map_get(pb, PB_OPTIONS, "network_name")
                             : ovsdb_map_get(lsp, LSP_OPTIONS, "network_name");
    localnet->name =
        lsp ? ovsdb_string(lsp, LSP_NAME) : ovsdb_string(pb, PB_LOGICAL_PORT);
    localnet->network = network ? network : "";
    localnet->tag =
        pb ? (int) ovsdb_integer(pb, PB_TAG, 0) : localnet_tag(lsp);
    localnet->enabled = !lsp || ovsdb_bool(lsp, LSP_ENABLED, true);
    localnet->is_typo = fabric_is_unheard_of(f, localnet->network);
}

static void
add_localnet(struct fabric *f, struct fabric_switch *ls, bool pending,
             const struct ovsdb_row *lsp, const struct ovsdb_row *pb)
{
    struct fabric_localnet *localnet = pending
                                           ? &ls->pending[ls->n_pending++]
                                           : &ls->localnets[ls->n_localnets++];
    *localnet = (struct fabric_localnet){ .ls = ls, .lsp = lsp, .pb = pb };
    fabric_read_localnet(f, localnet);
}

static bool
has_localnet(const struct fabric_switch *ls, const struct ovsdb_row *pb)
{
    for (size_t i = 0; i < ls->n_localnets; i++) {
        if (ls->localnets[i].pb == pb) {
            return true;
        }
    }
    return false;
}

/* SB's localnet ports of the switch, by the key that northd leaves in their
 * datapath (ovn-sb(5), Datapath_Binding, external_ids:logical-switch). */
static const struct fabric_pb_list *
sb_localnets_of(const struct fabric *f, const struct ovsdb_row *ls)
{
    char uuid[UUID_LENGTH + 1];
    uuid_format(&ls->uuid, uuid);
    return strmap_get(&f->sb_localnets, uuid);
}

/* Localnet ports that SB still has and NB no longer: frames still use them.
 */
static void
add_sb_only_localnets(struct fabric *f, struct fabric_switch *ls)
{
    for (const struct fabric_pb_list *l = sb_localnets_of(f, ls->row); l;
         l = l->next) {
        if (!has_localnet(ls, l->pb)) {
            add_localnet(f, ls, false, NULL, l->pb);
            ls->sb_behind = true;
        }
    }
}

static void
index_sb_localnets(struct fabric *f)
{
    const struct ovsdb_table *table =
        &f->evidence->sb.store.tables[SB_PORT_BINDING];
    strmap_init(&f->sb_localnets);
    OVSDB_TABLE_FOR_EACH (pb, table) {
        const struct ovsdb_row *datapath = ovsdb_ref(pb, PB_DATAPATH);
        const char *owner =
            datapath ? ovsdb_map_get(datapath, DATAPATH_EXTERNAL_IDS,
                                     "logical-switch")
                     : NULL;
        if (owner && !strcmp(ovsdb_string(pb, PB_TYPE), "localnet")) {
            void **place = strmap_place(&f->sb_localnets, owner);
            struct fabric_pb_list *l = arena_alloc(&f->arena, sizeof *l);
            *l = (struct fabric_pb_list){ pb, *place };
            *place = l;
        }
    }
}

/* Router ports. */

/* The router port that a switch port must have meant that names none: by the
 * name that Neutron gives ("lrp-" and the switch port's), or the log. */
static struct fabric_lrp *
meant_port(struct fabric *f, const struct ovsdb_row *lsp)
{
    char name[512];
    snprintf(name, sizeof name, "lrp-%s", ovsdb_string(lsp, LSP_NAME));
    struct fabric_lrp *port = fabric_find_lrp(f, name);
    const struct ovsdb_row *row = evidence_log_row(&f->evidence->nb, lsp);
    const struct ovsdb_past *past = row ? row->past : NULL;
    for (; past && !port; past = past->older) {
        const char *peer =
            past->column == LSP_OPTIONS
                ? ovsdb_datum_map_get(&past->datum, "router-port")
                : NULL;
        port = peer ? fabric_find_lrp(f, peer) : NULL;
    }
    return port;
}

static void
note_router_mac(struct fabric *f, struct fabric_switch *ls,
                const struct ovsdb_row *lrp)
{
    char *mac = arena_strdup(&f->arena, ovsdb_string(lrp, LRP_MAC));
    for (char *c = mac; *c; c++) {
        *c = (char) tolower((unsigned char) *c);
    }
    void **place = strmap_place(&ls->router_macs, mac);
    *place = *place ? *place : (void *) lrp;
}

static void
add_router_port(struct fabric *f, struct fabric_switch *ls,
                const struct ovsdb_row *lsp)
{
    const char *peer = ovsdb_map_get(lsp, LSP_OPTIONS, "router-port");
    const struct ovsdb_row *lrp = peer ? strmap_get(&f->lrps, peer) : NULL;
    const struct ovsdb_row *lr = lrp ? lrp->owner : NULL;
    struct fabric_router_port *port = &ls->router_ports[ls->n_router_ports++];
    *port = (struct fabric_router_port){ .lsp = lsp, .lrp = lrp };
    bool has_group = lrp
                     && (ovsdb_count(lrp, LRP_GATEWAY_CHASSIS)
                         || ovsdb_ref(lrp, LRP_HA_CHASSIS_GROUP));
    port->is_pinned =
        lr && !has_group && ovsdb_map_get(lr, LR_OPTIONS, "chassis");
    port->is_gateway = has_group || port->is_pinned;
    if (lrp) {
        note_router_mac(f, ls, lrp);
    }
    port->port = lr ? fabric_find_lrp(f, peer) : meant_port(f, lsp);
    if (port->port) {
        fabric_join_router_port(ls, port);
    }
}

/* Ports of VMs. */

/* In reverse order of the switch's ports. */
static void
add_mac(struct fabric *f, struct fabric_vif *vif, const char *mac)
{
    struct fabric_mac *m = arena_alloc(&f->arena, sizeof *m);
    void **head = strmap_place(&vif->ls->macs, mac);
    struct fabric_mac *before = NULL, *next = *head;
    for (; next && next->vif->index > vif->index; next = next->next) {
        before = next;
    }
    *m = (struct fabric_mac){ vif, next };
    *(before ? (void **) &before->next : head) = m;
    *strmap_place(&f->macs, mac) = (void *) vif->lsp;
}

void
fabric_remove_macs(struct fabric_vif *vif)
{
    for (size_t i = 0; i < vif->n_addresses; i++) {
        const char *mac = vif->addresses[i].mac;
        void **head = mac ? strmap_place(&vif->ls->macs, mac) : NULL;
        struct fabric_mac *kept = NULL, *m = head ? *head : NULL;
        for (; m; m = m->next) {
            if (m->vif == vif) {
                *(kept ? (void **) &kept->next : head) = m->next;
            } else {
                kept = m;
            }
        }
    }
}

void
fabric_read_addresses(struct fabric *f, struct fabric_vif *vif)
{
    unsigned n = ovsdb_count(vif->lsp, LSP_ADDRESSES);
    const union ovsdb_atom *atoms = ovsdb_atoms(vif->lsp, LSP_ADDRESSES);
    vif->n_addresses = 0;
    vif->is_unknown = false;
    vif->addresses = arena_alloc(&f->arena, (n + 1) * sizeof *vif->addresses);
    for (unsigned i = 0; i < n; i++) {
        const char *text = atoms[i].string;
        if (!strcmp(text, "unknown")) {
            vif->is_unknown = true;
            continue;
        }
        if (!strcmp(text, "dynamic")) {
            text = ovsdb_string(vif->lsp, LSP_DYNAMIC_ADDRESSES);
        }
        struct address *address = &vif->addresses[vif->n_addresses++];
        address_parse(address, text, &f->arena);
        if (address->mac) {
            add_mac(f, vif, address->mac);
        }
    }
}

/* The iface-id of the port: its own, or its parent's. */
static const char *
iface_id_of(const struct fabric_vif *vif)
{
    const char *parent = ovsdb_string(vif->lsp, LSP_PARENT_NAME);
    return *parent ? parent : vif->name;
}

static const struct ovsdb_row *
find_interface(const struct fabric_chassis *chassis,
               const struct fabric_vif *vif)
{
    const struct fabric_interface *interface =
        strmap_get(&chassis->interface_ids, iface_id_of(vif));
    return interface ? interface->row : NULL;
}

/* The first chassis that has an interface for the port, or NULL. */
static struct fabric_chassis *
find_chassis_with(const struct fabric *f, const struct fabric_vif *vif)
{
    struct fabric_chassis *first = NULL;
    for (const struct fabric_sighting *s =
             fabric_find_sightings(f, iface_id_of(vif));
         s; s = s->next) {
        if ((!first || s->chassis->index < first->index)
            && find_interface(s->chassis, vif)) {
            first = s->chassis;
        }
    }
    return first;
}

void
fabric_bind_vif(struct fabric *f, struct fabric_vif *vif)
{
    const struct ovsdb_row *chassis =
        vif->pb ? ovsdb_ref(vif->pb, PB_CHASSIS) : NULL;
    vif->chassis = NULL;
    vif->interface = NULL;
    if (chassis) {
        vif->chassis =
            fabric_find_chassis(f, ovsdb_string(chassis, CHASSIS_NAME));
    }
    /* Without SB, the chassis that has an interface for the port is as good
     * as we can tell. */
    if (!f->evidence->sb.present) {
        vif->chassis = find_chassis_with(f, vif);
    }
    if (vif->chassis) {
        vif->interface = find_interface(vif->chassis, vif);
    }
}

/* Neutron notes whose port it is: ports of one guest are found together. */
static void
join_siblings(struct fabric *f, struct fabric_vif *vif)
{
    if (vif->guest && *vif->guest) {
        void **place = strmap_place(&f->guests, vif->guest);
        vif->sibling = *place;
        f->has_siblings |= vif->sibling != NULL;
        *place = vif;
    }
}

void
fabric_read_vif(struct fabric *f, struct fabric_switch *ls, size_t index,
                const struct ovsdb_row *lsp)
{
    struct fabric_vif *vif = ls->vifs[index];
    const char *label =
        ovsdb_map_get(lsp, LSP_EXTERNAL_IDS, "neutron:port_name");
    memset(vif, 0, sizeof *vif);
    vif->ls = ls;
    vif->index = index;
    vif->lsp = lsp;
    f->vif_of_row[lsp->index] = vif;
    f->has_nested |= *ovsdb_string(lsp, LSP_PARENT_NAME) != '\0';
    vif->pb = binding_of(f, lsp);
    vif->name = ovsdb_string(lsp, LSP_NAME);
    vif->label = label && *label ? label : vif->name;
    vif->guest = ovsdb_map_get(lsp, LSP_EXTERNAL_IDS, "neutron:device_id");
    fabric_read_addresses(f, vif);
    fabric_bind_vif(f, vif);
    join_siblings(f, vif);
}

/* Switches. */

/* The localnet port that the switch had, from what is left of it. */
static void
find_lost_localnet(struct fabric *f, struct fabric_switch *ls)
{
    const struct ovsdb_row *row =
        ls->type_lost ? ls->type_lost : ls->intent.lost;
    const char *network =
        row ? ovsdb_map_get(row, LSP_OPTIONS, "network_name") : NULL;
    if (ls->n_localnets || ls->n_pending || !network) {
        return;
    }
    ls->lost = arena_zalloc(&f->arena, sizeof *ls->lost);
    ls->lost->ls = ls;
    ls->lost->lsp = row;
    ls->lost->name = ovsdb_string(row, LSP_NAME);
    ls->lost->network = network;
    ls->lost->is_typo = fabric_is_unheard_of(f, network);
    ls->lost->tag = localnet_tag(row);
    ls->lost->enabled = true;
}

static void
add_localnet_port(struct fabric *f, struct fabric_switch *ls,
                  const struct ovsdb_row *lsp)
{
    const struct ovsdb_row *pb = binding_of(f, lsp);
    bool in_sb = pb && !strcmp(ovsdb_string(pb, PB_TYPE), "localnet");
    bool pending = f->evidence->sb.present && !in_sb;
    add_localnet(f, ls, pending, lsp, in_sb ? pb : NULL);
    ls->sb_behind |= pending;
}

bool
fabric_is_vif(const struct fabric *f, const struct ovsdb_row *lsp)
{
    return !is_localnet(lsp)
           && strcmp(ovsdb_string(lsp, LSP_TYPE), "l2gateway") != 0
           && !ovsdb_map_get(lsp, LSP_OPTIONS, "network_name")
           && is_vif(f, lsp);
}

static void
add_port(struct fabric *f, struct fabric_switch *ls,
         const struct ovsdb_row *lsp)
{
    const char *type = ovsdb_string(lsp, LSP_TYPE);
    bool has_network = ovsdb_map_get(lsp, LSP_OPTIONS, "network_name");
    if (is_localnet(lsp)) {
        add_localnet_port(f, ls, lsp);
    } else if (!strcmp(type, "l2gateway")) {
        ls->l2gateways[ls->n_l2gateways++] = lsp;
    } else if (has_network) {
        ls->type_lost = lsp;
    } else if (is_vif(f, lsp)) {
        fabric_read_vif(f, ls, ls->n_vifs++, lsp);
    } else if (!strcmp(type, "router")) {
        add_router_port(f, ls, lsp);
    }
}

/* Room for the ports of VMs, of which there are at most so many. */
static void
make_room(struct fabric *f, struct fabric_switch *ls, size_t n)
{
    struct fabric_vif *vifs = arena_alloc(&f->arena, n * sizeof *vifs);
    ls->vifs_capacity = n;
    ls->vifs = arena_alloc(&f->arena, n * sizeof(struct fabric_vif *));
    for (size_t i = 0; i < n; i++) {
        ls->vifs[i] = &vifs[i];
    }
}

static void
build_switch(struct fabric *f, struct fabric_switch *ls,
             const struct ovsdb_row *row)
{
    unsigned n = ovsdb_count(row, LS_PORTS);
    const union ovsdb_atom *ports = ovsdb_atoms(row, LS_PORTS);
    const char *network =
        ovsdb_map_get(row, LS_EXTERNAL_IDS, "neutron:network_name");
    size_t n_localnets = 0;
    size_t n_others = 0;
    for (const struct fabric_pb_list *l = sb_localnets_of(f, row); l;
         l = l->next) {
        n_localnets++;
    }
    for (unsigned i = 0; i < n; i++) {
        n_localnets += is_localnet(ports[i].row);
        n_others += *ovsdb_string(ports[i].row, LSP_TYPE) != '\0';
    }
    memset(ls, 0, sizeof *ls);
    strmap_init(&ls->macs);
    strmap_init(&ls->router_macs);
    strmap_init(&ls->ips);
    strmap_reserve(&ls->macs, n);
    ls->row = row;
    ls->name = ovsdb_string(row, LS_NAME);
    ls->network = network && *network ? network : ls->name;
    ls->is_transit =
        ovsdb_map_get(row, LS_OTHER_CONFIG, "interconn-ts") != NULL;
    ls->is_neutron = network != NULL;
    if (!strncmp(ls->name, "neutron-", strlen("neutron-"))) {
        ls->neutron =
            strmap_get(&f->evidence->networks, ls->name + strlen("neutron-"));
    }
    struct arena *a = &f->arena;
    ls->localnets = arena_alloc(a, n_localnets * sizeof *ls->localnets);
    ls->pending = arena_alloc(a, n_localnets * sizeof *ls->pending);
    ls->l2gateways = arena_alloc(a, n_others * sizeof *ls->l2gateways);
    ls->router_ports = arena_alloc(a, n_others * sizeof *ls->router_ports);
    make_room(f, ls, n);
    size_t n_ahead = 0;
    for (unsigned i = 0; i < n; i++) {
        if (i == n_ahead) {
            n_ahead += fabric_look_ahead_at_ports(f, &ports[i], n - i);
        }
        if (ports[i].row->exists) {
            add_port(f, ls, ports[i].row);
        }
    }
    add_sb_only_localnets(f, ls);
    fabric_decide_intent(f, ls);
    find_lost_localnet(f, ls);
    fabric_build_attachments(f, ls);
}

static void
index_segments_of(struct fabric *f, struct fabric_switch *ls)
{
    for (size_t i = 0; i < ls->n_localnets; i++) {
        struct fabric_localnet *localnet = &ls->localnets[i];
        const char *key =
            arena_printf(&f->arena, "%d %s", localnet->tag, localnet->network);
        void **place = strmap_place(&f->segments, key);
        if (!*place && localnet->enabled && *localnet->network) {
            *place = localnet;
        }
    }
}

void
fabric_index_segments(struct fabric *f)
{
    strmap_done(&f->segments);
    strmap_init(&f->segments);
    for (size_t i = 0; i < f->n_switches; i++) {
        index_segments_of(f, &f->switches[i]);
    }
}

void
fabric_build_switches(struct fabric *f)
{
    size_t n_lsps =
        f->evidence->nb.store.tables[NB_LOGICAL_SWITCH_PORT].n_rows;
    f->lsp_rows_capacity = n_lsps + n_lsps / 16 + 64;
    f->vif_of_row =
        arena_zalloc(&f->arena, f->lsp_rows_capacity * sizeof *f->vif_of_row);
    strmap_reserve(&f->guests, n_lsps);
    strmap_reserve(&f->macs, n_lsps);
    fabric_find_lost(f);
    const struct ovsdb_table *table =
        &f->evidence->nb.store.tables[NB_LOGICAL_SWITCH];
    index_sb_localnets(f);
    f->switches =
        arena_alloc(&f->arena, table->n_existing * sizeof *f->switches);
    strmap_init(&f->segments);
    OVSDB_TABLE_FOR_EACH (row, table) {
        struct fabric_switch *ls = &f->switches[f->n_switches++];
        build_switch(f, ls, row);
    }
    fabric_index_segments(f);
}
