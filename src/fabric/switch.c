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
    *port = (struct fabric_router_port){
        .lsp = lsp, .lrp = lrp, .hosts = { FABRIC_NOWHERE, FABRIC_NOWHERE }
    };
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
    } else if (!strcmp(type, "router")) {
        add_router_port(f, ls, lsp);
    }
}

/* What its row says; its ports come later. */
static void
read_row(struct fabric *f, struct fabric_switch *ls,
         const struct ovsdb_row *row)
{
    const char *network =
        ovsdb_map_get(row, LS_EXTERNAL_IDS, "neutron:network_name");
    memset(ls, 0, sizeof *ls);
    strmap_init(&ls->macs);
    strmap_init(&ls->router_macs);
    strmap_init(&ls->ips);
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
}

/* 'ports' are those that are no VM's. */
static void
build_switch(struct fabric *f, struct fabric_switch *ls,
             const struct fabric_ports *ports)
{
    struct arena *a = &f->arena;
    size_t n_localnets = 0;
    for (const struct fabric_pb_list *l = sb_localnets_of(f, ls->row); l;
         l = l->next) {
        n_localnets++;
    }
    for (size_t i = 0; i < ports->n; i++) {
        n_localnets += is_localnet(ports->rows[i]);
    }
    ls->localnets = arena_alloc(a, n_localnets * sizeof *ls->localnets);
    ls->pending = arena_alloc(a, n_localnets * sizeof *ls->pending);
    ls->l2gateways = arena_alloc(a, ports->n * sizeof *ls->l2gateways);
    ls->router_ports = arena_alloc(a, ports->n * sizeof *ls->router_ports);
    for (size_t i = 0; i < ports->n; i++) {
        add_port(f, ls, ports->rows[i]);
    }
    add_sb_only_localnets(f, ls);
    fabric_decide_intent(f, ls);
    find_lost_localnet(f, ls);
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
    for (size_t i = 0; i < f->n_physical; i++) {
        index_segments_of(f, f->physical[i]);
    }
}

/* Which they are does not change while the fabric is followed. */
static void
list_physical(struct fabric *f)
{
    f->physical =
        arena_alloc(&f->arena, f->n_switches * sizeof(struct fabric_switch *));
    for (size_t i = 0; i < f->n_switches; i++) {
        struct fabric_switch *ls = &f->switches[i];
        if (ls->n_localnets || ls->n_pending || ls->n_l2gateways || ls->lost) {
            f->physical[f->n_physical++] = ls;
            for (size_t j = 0; j < ls->n_router_ports; j++) {
                fabric_note_bindings(f, &ls->router_ports[j]);
            }
        }
    }
}

void
fabric_build_switches(struct fabric *f)
{
    const struct ovsdb_table *table =
        &f->evidence->nb.store.tables[NB_LOGICAL_SWITCH];
    struct fabric_ports *others = xcalloc(table->n_existing, sizeof *others);
    fabric_find_lost(f);
    index_sb_localnets(f);
    f->switches =
        arena_alloc(&f->arena, table->n_existing * sizeof *f->switches);
    strmap_init(&f->segments);
    OVSDB_TABLE_FOR_EACH (row, table) {
        read_row(f, &f->switches[f->n_switches++], row);
    }
    fabric_read_vifs(f, others);
    for (size_t i = 0; i < f->n_switches; i++) {
        build_switch(f, &f->switches[i], &others[i]);
        free(others[i].rows);
    }
    free(others);
    list_physical(f);
    fabric_index_segments(f);
}
