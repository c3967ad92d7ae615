#include "flood/flood.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "flood/model.h"

int
flood_vlan_of(const struct fabric_attachment *a)
{
    return a->outer_port ? fabric_vlan_in(a->outer_port, a->localnet->tag)
                         : a->localnet->tag;
}

/* Nodes, found by what they stand for. */

static uint64_t
hash_of(enum flood_place place, const void *what, const void *where, int vlan)
{
    return hash_words(hash_words((uintptr_t) what, (uintptr_t) where),
                      ((uint64_t) place << 32) | (uint32_t) vlan);
}

/* What a node is found by. */
static bool
is_node(const struct flood_node *n, enum flood_place place, const void *what,
        const void *where, int vlan)
{
    if (n->place != place || n->vlan != vlan) {
        return false;
    }
    switch (place) {
    case PLACE_SWITCH:
        return n->ls == what && n->chassis == where;
    case PLACE_BRIDGE:
        return n->chassis == where
               && (n->bridge ? n->bridge == what : n->name == what);
    case PLACE_SEGMENT:
        break;
    }
    return n->segment == (uintptr_t) what;
}

static uint32_t *
find_slot(const struct flood *f, enum flood_place place, const void *what,
          const void *where, int vlan)
{
    size_t mask = f->n_slots - 1;
    size_t i = hash_of(place, what, where, vlan) & mask;
    while (f->slots[i]
           && !is_node(&f->nodes[f->slots[i] - 1], place, what, where, vlan)) {
        i = (i + 1) & mask;
    }
    return &f->slots[i];
}

uint32_t
flood_find_node(const struct flood *f, enum flood_place place,
                const void *what, const void *where, int vlan)
{
    return *find_slot(f, place, what, where, vlan) - 1;
}

static const void *
key_of(const struct flood_node *n)
{
    return n->place == PLACE_SWITCH    ? (const void *) n->ls
           : n->place == PLACE_SEGMENT ? (const void *) (uintptr_t) n->segment
           : n->bridge                 ? (const void *) n->bridge
                                       : (const void *) n->name;
}

static void
grow_slots(struct flood *f)
{
    free(f->slots);
    f->n_slots = f->n_slots ? 2 * f->n_slots : 64;
    f->slots = xcalloc(f->n_slots, sizeof *f->slots);
    for (uint32_t i = 0; i < f->graph.n_nodes; i++) {
        const struct flood_node *n = &f->nodes[i];
        *find_slot(f, n->place, key_of(n), n->chassis, n->vlan) = i + 1;
    }
}

static uint32_t
place_node(struct flood *f, const struct flood_node *node)
{
    uint32_t *slot =
        find_slot(f, node->place, key_of(node), node->chassis, node->vlan);
    if (*slot) {
        return *slot - 1;
    }
    f->nodes = xgrow(f->nodes, f->graph.n_nodes, &f->nodes_capacity,
                     sizeof *f->nodes);
    uint32_t number = graph_add_node(&f->graph);
    f->nodes[number] = *node;
    *slot = number + 1;
    if (2 * f->graph.n_nodes > f->n_slots) {
        grow_slots(f);
    }
    return number;
}

static uint32_t
add_edge(struct flood *f, uint32_t a, uint32_t b, enum flood_tie tie,
         const void *what, const char *name)
{
    f->edges = xgrow(f->edges, f->graph.n_edges, &f->edges_capacity,
                     sizeof *f->edges);
    uint32_t edge = graph_add_edge(&f->graph, a, b);
    f->edges[edge] = (struct flood_edge){ tie, what, name };
    return edge;
}

/* Spanning tree: ovs-vswitchd.conf.db(5), Bridge, stp_enable and rstp_enable.
 */
static bool
has_spanning_tree(const struct fabric_bridge *bridge)
{
    return ovsdb_bool(bridge->row, BRIDGE_STP_ENABLE, false)
           || ovsdb_bool(bridge->row, BRIDGE_RSTP_ENABLE, false);
}

static uint32_t
place_bridge(struct flood *f, const struct fabric_chassis *chassis,
             const struct fabric_bridge *bridge, int vlan)
{
    struct flood_node node = {
        .place = PLACE_BRIDGE,
        .chassis = chassis,
        .bridge = bridge,
        .name = bridge->name,
        .vlan = vlan,
        .segment = segments_of_bridge(&f->segments, chassis, bridge),
        .is_guarded = has_spanning_tree(bridge),
    };
    return place_node(f, &node);
}

static uint32_t
place_segment(struct flood *f, uint32_t segment, int vlan)
{
    struct flood_node node = { .place = PLACE_SEGMENT,
                               .name = segments_name(&f->segments, segment),
                               .vlan = vlan,
                               .segment = segment };
    return place_node(f, &node);
}

/* A bridge of which only its name is known: by the first mapping of it, since
 * it is found by that. */
static uint32_t
place_unknown_bridge(struct flood *f, const struct fabric_chassis *chassis,
                     const char *name, const char *network, int vlan)
{
    for (size_t i = 0; i < chassis->mappings.n; i++) {
        if (!strcmp(chassis->mappings.items[i].bridge, name)) {
            name = chassis->mappings.items[i].bridge;
            break;
        }
    }
    struct flood_node node = { .place = PLACE_BRIDGE,
                               .chassis = chassis,
                               .name = name,
                               .vlan = vlan,
                               .segment = segments_of_network(&f->segments,
                                                              network) };
    return place_node(f, &node);
}

/* Localnet and l2gateway ports. */

static uint32_t
place_switch(struct flood *f, const struct fabric_switch *ls,
             const struct fabric_chassis *chassis)
{
    struct flood_node node = { .place = PLACE_SWITCH,
                               .ls = ls,
                               .chassis = chassis };
    return place_node(f, &node);
}

/* The group of bridges that patch ports join to it. */
static uint32_t
group_of(const struct flood *f, const struct fabric_chassis *chassis,
         const struct fabric_bridge *bridge)
{
    return f->segments.group[segments_number(&f->segments, chassis, bridge)];
}

static void
note_used(struct flood *f, const struct fabric_chassis *chassis,
          const struct fabric_bridge *bridge)
{
    f->segments.is_used[group_of(f, chassis, bridge)] = true;
}

/* A port of the switch that leads to 'network', by the mappings alone. */
static void
add_mapped(struct flood *f, const struct fabric_switch *ls,
           const struct fabric_chassis *chassis, const char *network, int tag,
           const struct flood_edge *edge)
{
    const struct fabric_bridge *bridge;
    const char *name = segments_mapped(chassis, network, &bridge);
    if (!name || (chassis->ovs_known && !bridge)) {
        return;
    }
    if (bridge) {
        note_used(f, chassis, bridge);
    }
    uint32_t outer =
        bridge ? place_bridge(f, chassis, bridge, tag)
               : place_unknown_bridge(f, chassis, name, network, tag);
    add_edge(f, place_switch(f, ls, chassis), outer, edge->tie, edge->what,
             edge->name);
}

/* The bridge is there, and its NICs are looked at, whether the port's frames
 * come to it or not. */
static void
add_attachment(struct flood *f, const struct fabric_attachment *a)
{
    const struct fabric_localnet *localnet = a->localnet;
    struct flood_edge edge = { TIE_LOCALNET, localnet, localnet->name };
    if (!a->chassis->ovs_known) {
        if (localnet->enabled) {
            add_mapped(f, localnet->ls, a->chassis, localnet->network,
                       localnet->tag, &edge);
        }
        return;
    }
    int vlan = flood_vlan_of(a);
    if (!a->bridge || vlan < 0
        || !strcmp(a->bridge->name, a->chassis->integration_bridge)) {
        return;
    }
    uint32_t bridge = place_bridge(f, a->chassis, a->bridge, vlan);
    note_used(f, a->chassis, a->bridge);
    if (localnet->enabled && a->outer && a->inner
        && localnet != localnet->ls->lost) {
        add_edge(f, place_switch(f, localnet->ls, a->chassis), bridge,
                 edge.tie, edge.what, edge.name);
    }
}

/* Without any chassis a localnet port still leads to its network. */
static void
add_blind(struct flood *f, const struct fabric_switch *ls, const char *network,
          int tag, const struct flood_edge *edge)
{
    add_edge(f, place_switch(f, ls, NULL),
             place_segment(f, segments_of_network(&f->segments, network), tag),
             edge->tie, edge->what, edge->name);
}

static void
add_localnet(struct flood *f, const struct fabric_localnet *localnet)
{
    struct flood_edge edge = { TIE_LOCALNET, localnet, localnet->name };
    if (!f->fabric->n_chassis && localnet->enabled) {
        add_blind(f, localnet->ls, localnet->network, localnet->tag, &edge);
    }
    for (size_t i = 0; i < localnet->n_attachments; i++) {
        if (localnet->attachments[i].chassis) {
            add_attachment(f, &localnet->attachments[i]);
        }
    }
}

/* Of a localnet port that is gone the bridges are still there. */
static void
add_lost(struct flood *f, const struct fabric_localnet *lost)
{
    for (size_t i = 0; i < lost->n_attachments; i++) {
        if (lost->attachments[i].chassis
            && lost->attachments[i].chassis->ovs_known) {
            add_attachment(f, &lost->attachments[i]);
        }
    }
}

/* ovn-controller builds an l2gateway port's patch ports only on its own
 * chassis, and only if that maps the network; the switch is then local there,
 * so its localnet ports have theirs as well (OVN 23.03, controller/patch.c).
 */
static void
add_l2gateway(struct flood *f, const struct fabric_switch *ls,
              const struct ovsdb_row *lsp)
{
    const char *network = ovsdb_map_get(lsp, LSP_OPTIONS, "network_name");
    const char *name = ovsdb_map_get(lsp, LSP_OPTIONS, "l2gateway-chassis");
    const struct fabric_chassis *chassis =
        name ? fabric_find_chassis(f->fabric, name) : NULL;
    struct flood_edge edge = { TIE_L2GATEWAY, lsp,
                               ovsdb_string(lsp, LSP_NAME) };
    int tag = (int) ovsdb_integer(lsp, LSP_TAG, 0);
    if (!network || !ovsdb_bool(lsp, LSP_ENABLED, true)) {
        return;
    }
    if (!f->fabric->n_chassis) {
        if (segments_of_network(&f->segments, network) != UINT32_MAX) {
            add_blind(f, ls, network, tag, &edge);
        }
        return;
    }
    if (!chassis) {
        return;
    }
    add_mapped(f, ls, chassis, network, tag, &edge);
    for (size_t i = 0; i < ls->n_localnets; i++) {
        const struct fabric_localnet *localnet = &ls->localnets[i];
        struct flood_edge beside = { TIE_LOCALNET, localnet, localnet->name };
        if (localnet->enabled && !fabric_find_attachment(localnet, chassis)) {
            add_mapped(f, ls, chassis, localnet->network, localnet->tag,
                       &beside);
        }
    }
}

/* Bridges. */

/* Whether the port may carry frames: of a bond one member is enough. */
static bool
is_live(const struct fabric_chassis *chassis, const struct fabric_port *nic)
{
    const union ovsdb_atom *members = ovsdb_atoms(nic->row, PORT_INTERFACES);
    for (unsigned i = 0; i < ovsdb_count(nic->row, PORT_INTERFACES); i++) {
        const struct ovsdb_row *interface = members[i].row;
        if (!interface->exists || fabric_ofport(chassis, interface) < 0) {
            continue;
        }
        struct fabric_link link = fabric_link_state(chassis, interface);
        if (link.admin != LINK_DOWN && link.carrier != LINK_DOWN) {
            return true;
        }
    }
    return false;
}

/* Whether spanning tree may block the port.  It does not run on bonds, nor
 * where the port's other_config says so (ovs-vswitchd.conf.db(5), Port,
 * other_config:stp-enable and rstp-enable); of the two RSTP is used where both
 * are enabled (Bridge, stp_enable). */
static bool
may_block(const struct fabric_bridge *bridge, const struct fabric_port *nic)
{
    bool is_rstp = ovsdb_bool(bridge->row, BRIDGE_RSTP_ENABLE, false);
    const char *value = ovsdb_map_get(nic->row, PORT_OTHER_CONFIG,
                                      is_rstp ? "rstp-enable" : "stp-enable");
    return has_spanning_tree(bridge)
           && ovsdb_count(nic->row, PORT_INTERFACES) == 1
           && !(value && !strcasecmp(value, "false"));
}

/* Whether another NIC of the bridge leads to the segment, so that spanning
 * tree would block the next. */
static bool
has_open_nic(const struct flood *f, uint32_t number, uint32_t segment)
{
    const struct graph *g = &f->graph;
    for (uint32_t e = graph_next_edge(g, number, GRAPH_NONE); e != GRAPH_NONE;
         e = graph_next_edge(g, number, e)) {
        if (f->edges[e].tie == TIE_NIC
            && graph_other_end(g, e, number) == segment
            && may_block(f->nodes[number].bridge, f->edges[e].what)) {
            return true;
        }
    }
    return false;
}

/* The bridge's NICs that forward. */
static void
add_nics(struct flood *f, uint32_t number)
{
    struct flood_node node = f->nodes[number];
    if (!node.bridge) {
        add_edge(f, number, place_segment(f, node.segment, node.vlan), TIE_NIC,
                 NULL, NULL);
        return;
    }
    for (size_t i = 0; i < node.bridge->n_nics; i++) {
        const struct fabric_port *nic = &node.bridge->nics[i];
        int vlan = fabric_vlan_out(nic->row, node.vlan);
        if (vlan < 0 || fabric_vlan_in(nic->row, vlan) != node.vlan
            || !is_live(node.chassis, nic)) {
            continue;
        }
        uint32_t segment = place_segment(f, node.segment, vlan);
        if (!may_block(node.bridge, nic)
            || !has_open_nic(f, number, segment)) {
            add_edge(f, number, segment, TIE_NIC, nic, nic->name);
        }
    }
}

/* The operator's patch ports, each pair once. */
static void
add_patches(struct flood *f, uint32_t number)
{
    struct flood_node node = f->nodes[number];
    for (size_t i = 0; node.bridge && i < node.bridge->n_patches; i++) {
        const struct fabric_port *patch = &node.bridge->patches[i];
        const struct ovsdb_row *peer;
        const struct fabric_bridge *other =
            segments_peer(node.chassis, patch, &peer);
        if (!other || !strcmp(other->name, node.chassis->integration_bridge)) {
            continue;
        }
        int vlan = fabric_vlan_out(patch->row, node.vlan);
        vlan = vlan < 0 ? -1 : fabric_vlan_in(peer->owner, vlan);
        if (vlan < 0) {
            continue;
        }
        uint32_t end = place_bridge(f, node.chassis, other, vlan);
        /* The other end comes to it again, unless it is a one-way street. */
        if (number < end
            || (number == end
                && strcmp(patch->name, ovsdb_string(peer->owner, PORT_NAME))
                       < 0)) {
            add_edge(f, number, end, TIE_PATCH, patch, patch->name);
        }
    }
}

static void
add_mapped_bridges(struct flood *f)
{
    for (size_t i = 0; i < f->fabric->n_chassis; i++) {
        const struct fabric_chassis *chassis = f->fabric->chassis[i];
        for (size_t j = 0; chassis->ovs_known && j < chassis->mappings.n;
             j++) {
            const struct fabric_bridge *bridge;
            segments_mapped(chassis, chassis->mappings.items[j].network,
                            &bridge);
            if (bridge && strcmp(bridge->name, chassis->integration_bridge)) {
                place_bridge(f, chassis, bridge, 0);
            }
        }
    }
}

/* From the bridges that are met to all that they lead to. */
static void
follow_bridges(struct flood *f)
{
    for (uint32_t i = 0; i < f->graph.n_nodes; i++) {
        if (f->nodes[i].place == PLACE_BRIDGE) {
            add_nics(f, i);
            add_patches(f, i);
        }
    }
}

/* Segments that are taken for one. */

static bool
has_wire(const struct flood *f, uint32_t a, uint32_t b)
{
    for (size_t i = 0; i < f->n_wires; i++) {
        const uint32_t *ends = f->graph.edges[f->wires[i]].ends;
        if ((ends[0] == a && ends[1] == b) || (ends[0] == b && ends[1] == a)) {
            return true;
        }
    }
    return false;
}

/* The segment that a way out of the switch leads to, or GRAPH_NONE. */
static uint32_t
segment_beyond(const struct flood *f, uint32_t node)
{
    const struct graph *g = &f->graph;
    if (f->nodes[node].place == PLACE_SEGMENT) {
        return node;
    }
    for (uint32_t e = graph_next_edge(g, node, GRAPH_NONE); e != GRAPH_NONE;
         e = graph_next_edge(g, node, e)) {
        if (f->edges[e].tie == TIE_NIC) {
            return graph_other_end(g, e, node);
        }
    }
    return GRAPH_NONE;
}

static void
add_wires(struct flood *f)
{
    const struct graph *g = &f->graph;
    for (uint32_t node = 0; node < g->n_nodes; node++) {
        uint32_t first = GRAPH_NONE;
        if (f->nodes[node].place != PLACE_SWITCH) {
            continue;
        }
        for (uint32_t e = graph_next_edge(g, node, GRAPH_NONE);
             e != GRAPH_NONE; e = graph_next_edge(g, node, e)) {
            uint32_t at = segment_beyond(f, graph_other_end(g, e, node));
            if (at == GRAPH_NONE) {
                continue;
            }
            if (first != GRAPH_NONE && first != at
                && (f->nodes[node].chassis
                    || f->nodes[first].segment == f->nodes[at].segment)
                && !has_wire(f, first, at)) {
                f->wires = xgrow(f->wires, f->n_wires, &f->wires_capacity,
                                 sizeof *f->wires);
                f->wires[f->n_wires++] = add_edge(f, first, at, TIE_WIRE, NULL,
                                                  "taken for one wire");
            }
            first = first == GRAPH_NONE ? at : first;
        }
    }
}

/* The first localnet port of each segment and VLAN. */
static void
index_localnets(struct flood *f)
{
    const struct fabric *fabric = f->fabric;
    for (size_t i = 0; i < fabric->n_physical; i++) {
        const struct fabric_switch *ls = fabric->physical[i];
        for (size_t j = 0; j < ls->n_localnets; j++) {
            const struct fabric_localnet *localnet = &ls->localnets[j];
            if (!localnet->enabled) {
                continue;
            }
            void **place = strmap_place(
                &f->localnets,
                arena_printf(&f->arena, "%d %s", localnet->tag,
                             flood_network(f, localnet->network)));
            *place = *place ? *place : (void *) localnet;
        }
    }
}

static void
look_for_twins(struct flood *f)
{
    for (size_t i = 0; i < f->fabric->n_chassis; i++) {
        const struct fabric_chassis *chassis = f->fabric->chassis[i];
        for (size_t j = 0; !f->has_twins && j < chassis->n_bridges; j++) {
            f->has_twins =
                flood_find_twin(f, chassis, &chassis->bridges[j]) != NULL;
        }
    }
}

/* A port without port security takes frames of any address: ovn-nb(5),
 * Logical_Switch_Port, port_security. */
bool
flood_may_bridge(const struct fabric_vif *vif)
{
    return vif->chassis && ovsdb_bool(vif->lsp, LSP_ENABLED, true)
           && !ovsdb_count(vif->lsp, LSP_PORT_SECURITY);
}

static void
look_for_guests(struct flood *f)
{
    if (!f->fabric->has_siblings) {
        return;
    }
    STRMAP_FOR_EACH (entry, &f->fabric->guests) {
        unsigned n = 0;
        for (const struct fabric_vif *v = entry->value; v; v = v->sibling) {
            n += flood_may_bridge(v);
        }
        f->has_guests |= n > 1;
    }
}

struct flood *
flood_new(const struct fabric *fabric)
{
    struct flood *f = xcalloc(1, sizeof *f);
    f->fabric = fabric;
    arena_init(&f->arena);
    graph_init(&f->graph);
    strmap_init(&f->localnets);
    grow_slots(f);
    segments_init(&f->segments, fabric);
    for (size_t i = 0; i < fabric->n_physical; i++) {
        const struct fabric_switch *ls = fabric->physical[i];
        for (size_t j = 0; j < ls->n_localnets; j++) {
            add_localnet(f, &ls->localnets[j]);
        }
        if (ls->lost) {
            add_lost(f, ls->lost);
        }
        for (size_t j = 0; j < ls->n_l2gateways; j++) {
            add_l2gateway(f, ls, ls->l2gateways[j]);
        }
        f->has_choice |= ls->n_localnets + ls->n_l2gateways > 1;
    }
    add_mapped_bridges(f);
    follow_bridges(f);
    add_wires(f);
    graph_find_blocks(&f->graph);
    f->domains = xcalloc(f->graph.n_nodes + 1, sizeof *f->domains);
    index_localnets(f);
    look_for_twins(f);
    look_for_guests(f);
    return f;
}

struct flood *
flood_borrow(const struct flood *of)
{
    struct flood *f = xmalloc(sizeof *f);
    *f = *of;
    f->is_borrowed = true;
    arena_init(&f->arena);
    graph_borrow(&of->graph, &f->graph);
    f->domains = xcalloc(f->graph.n_nodes + 1, sizeof *f->domains);
    return f;
}

void
flood_free(struct flood *f)
{
    if (!f) {
        return;
    }
    if (!f->is_borrowed) {
        segments_done(&f->segments);
        strmap_done(&f->localnets);
        free(f->nodes);
        free(f->edges);
        free(f->slots);
        free(f->wires);
    }
    graph_done(&f->graph);
    arena_done(&f->arena);
    free(f->domains);
    free(f);
}

bool
flood_is_quiet(const struct flood *f)
{
    return !f->graph.n_blocks && !f->has_twins && !f->has_guests;
}

bool
flood_stays_quiet(const struct flood *f, const struct fabric_chassis *chassis)
{
    bool quiet =
        flood_is_quiet(f) && !f->has_choice && !f->fabric->has_siblings;
    for (size_t i = 0; i < chassis->n_bridges && quiet; i++) {
        const struct fabric_bridge *bridge = &chassis->bridges[i];
        quiet = bridge->n_nics <= 1 && !bridge->n_patches
                && !flood_find_twin(f, chassis, bridge);
    }
    return quiet;
}

const struct fabric_bridge *
flood_next_unused(const struct flood *f, const struct fabric_chassis *chassis,
                  const struct fabric_bridge *after)
{
    size_t i = after ? (size_t) (after - chassis->bridges) + 1 : 0;
    for (; i < chassis->n_bridges; i++) {
        const struct fabric_bridge *bridge = &chassis->bridges[i];
        uint32_t node = flood_find_node(f, PLACE_BRIDGE, bridge, chassis, 0);
        if (node != GRAPH_NONE
            && !f->segments.is_used[group_of(f, chassis, bridge)]) {
            return bridge;
        }
    }
    return NULL;
}

static bool
has_live_nic(const struct fabric_chassis *chassis,
             const struct fabric_bridge *bridge)
{
    for (size_t i = 0; i < bridge->n_nics; i++) {
        if (is_live(chassis, &bridge->nics[i])) {
            return true;
        }
    }
    return false;
}

const struct fabric_bridge *
flood_find_twin(const struct flood *f, const struct fabric_chassis *chassis,
                const struct fabric_bridge *bridge)
{
    uint32_t segment = segments_of_bridge(&f->segments, chassis, bridge);
    if (!segments_name(&f->segments, segment)
        || !has_live_nic(chassis, bridge)) {
        return NULL;
    }
    for (const struct fabric_bridge *other = chassis->bridges; other < bridge;
         other++) {
        if (segments_of_bridge(&f->segments, chassis, other) == segment
            && group_of(f, chassis, other) != group_of(f, chassis, bridge)
            && has_live_nic(chassis, other)) {
            return other;
        }
    }
    return NULL;
}

const char *
flood_network(const struct flood *f, const char *network)
{
    const char *name = segments_name(
        &f->segments, segments_of_network(&f->segments, network));
    return name ? name : network;
}

const struct fabric_localnet *
flood_first_localnet(const struct flood *f,
                     const struct fabric_localnet *localnet)
{
    char key[512];
    snprintf(key, sizeof key, "%d %s", localnet->tag,
             flood_network(f, localnet->network));
    return strmap_get(&f->localnets, key);
}
