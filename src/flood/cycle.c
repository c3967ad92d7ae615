/* Loops of the flood graph: found, drawn, and measured. */
#include <stdlib.h>

#include "base/text.h"
#include "flood/model.h"

/* OVS 3.1, ofproto/ofproto-dpif-xlate.c, MAX_DEPTH. */
#define OVS_MAX_DEPTH 64

/* What hops are called. */

static const char *
vlan_suffix(struct arena *arena, int vlan)
{
    return vlan ? arena_printf(arena, " VLAN %d", vlan) : "";
}

static const char *
segment_name(const struct flood *f, const struct flood_node *n,
             struct arena *arena)
{
    const char *name = n->name;
    for (size_t i = 0; !name && i < f->fabric->n_chassis; i++) {
        const struct fabric_chassis *chassis = f->fabric->chassis[i];
        for (size_t j = 0; !name && j < chassis->n_bridges; j++) {
            if (segments_of_bridge(&f->segments, chassis, &chassis->bridges[j])
                == n->segment) {
                name = arena_printf(arena, "beyond %s of %s",
                                    chassis->bridges[j].name, chassis->name);
            }
        }
    }
    return arena_printf(arena, "%s%s", name ? name : "?",
                        vlan_suffix(arena, n->vlan));
}

static const char *
node_name(const struct flood *f, const struct flood_node *n,
          struct arena *arena)
{
    const char *where =
        n->chassis ? arena_printf(arena, " (%s)", n->chassis->name) : "";
    switch (n->place) {
    case PLACE_SWITCH:
        return arena_printf(arena, "ls %s%s", n->ls->network, where);
    case PLACE_BRIDGE:
        return arena_printf(arena, "%s%s%s", n->name,
                            vlan_suffix(arena, n->vlan), where);
    case PLACE_SEGMENT:
        break;
    }
    return arena_printf(arena, "segment %s", segment_name(f, n, arena));
}

static const char *
edge_name(const struct flood *f, uint32_t edge, struct arena *arena)
{
    const char *name = f->edges[edge].name;
    return name ? arena_strdup(arena, name) : "a NIC that was not gathered";
}

/* What a flood reaches. */

static bool
is_domain_of(const struct flood *f, uint32_t node, uint32_t component)
{
    return f->graph.component[node] == component;
}

static void
add_nics(const struct flood *f, uint32_t component, struct flood_domain *d)
{
    const struct graph *g = &f->graph;
    for (uint32_t e = 0; e < g->n_edges; e++) {
        uint32_t bridge = g->edges[e].ends[0];
        if (f->edges[e].tie == TIE_NIC && is_domain_of(f, bridge, component)) {
            d->nics[d->n_nics++] = (struct flood_nic){
                f->nodes[bridge].chassis,
                f->nodes[bridge].bridge,
                f->edges[e].what,
            };
        }
    }
}

static void
count_domain(const struct flood *f, uint32_t component, size_t *ret_nodes,
             size_t *ret_nics)
{
    *ret_nodes = *ret_nics = 0;
    for (uint32_t i = 0; i < f->graph.n_nodes; i++) {
        *ret_nodes += is_domain_of(f, i, component);
    }
    for (uint32_t e = 0; e < f->graph.n_edges; e++) {
        *ret_nics += f->edges[e].tie == TIE_NIC
                     && is_domain_of(f, f->graph.edges[e].ends[0], component);
    }
}

const struct flood_domain *
flood_domain_of(struct flood *f, uint32_t component)
{
    struct flood_domain *d = f->domains[component];
    if (d) {
        return d;
    }
    size_t n_nodes, n_nics;
    count_domain(f, component, &n_nodes, &n_nics);
    d = f->domains[component] = arena_zalloc(&f->arena, sizeof *d);
    d->chassis = arena_alloc(&f->arena, n_nodes * sizeof *d->chassis);
    d->segments = arena_alloc(&f->arena, n_nodes * sizeof *d->segments);
    d->nics = arena_alloc(&f->arena, n_nics * sizeof *d->nics);
    bool *is_met = xcalloc(f->fabric->n_chassis + 1, sizeof *is_met);
    for (uint32_t i = 0; i < f->graph.n_nodes; i++) {
        const struct flood_node *n = &f->nodes[i];
        if (!is_domain_of(f, i, component)) {
            continue;
        }
        if (n->place == PLACE_SEGMENT) {
            d->segments[d->n_segments++] = segment_name(f, n, &f->arena);
        }
        if (n->chassis) {
            is_met[n->chassis->index] = true;
        }
    }
    for (size_t i = 0; i < f->fabric->n_chassis; i++) {
        if (is_met[i]) {
            d->chassis[d->n_chassis++] = f->fabric->chassis[i]->name;
        }
    }
    free(is_met);
    add_nics(f, component, d);
    flood_find_carried(&f->arena, d);
    return d;
}

/* Drawing. */

/* The same text for one loop, wherever it is begun and either way: it begins
 * with the name that sorts first, and goes on to the neighbour that does. */
static const char *
key_of_hops(const char *const *hops, size_t n, struct arena *arena)
{
    size_t first = 0;
    if (n < 2) {
        return hops[0];
    }
    n--; /* The last is the first again. */
    for (size_t i = 1; i < n; i++) {
        first = strcmp(hops[i], hops[first]) < 0 ? i : first;
    }
    const char *next = hops[(first + 1) % n];
    const char *before = hops[(first + n - 1) % n];
    size_t step = strcmp(next, before) <= 0 ? 1 : n - 1;
    struct text key;
    text_init(&key, TEXT_CEILING_BYTES);
    for (size_t i = 0, at = first; i < n; i++, at = (at + step) % n) {
        text_printf(&key, "%s%s", i ? " -> " : "", hops[at]);
    }
    const char *copy = arena_strdup(arena, text_string(&key));
    text_done(&key);
    return copy;
}

/* Edges of the node that lie on circles with 'edge'. */
static unsigned
count_ways(const struct graph *g, uint32_t node, uint32_t edge)
{
    unsigned n = 0;
    for (uint32_t e = graph_next_edge(g, node, GRAPH_NONE); e != GRAPH_NONE;
         e = graph_next_edge(g, node, e)) {
        n += g->edges[e].block == g->edges[edge].block;
    }
    return n;
}

/* Whether another chassis of the same flood has a loop of its own as well. */
static bool
has_other_loop(const struct flood *f, uint32_t component,
               const struct fabric_chassis *chassis)
{
    const struct graph *g = &f->graph;
    for (uint32_t e = 0; e < g->n_edges; e++) {
        const struct flood_node *n = &f->nodes[g->edges[e].ends[0]];
        if (g->edges[e].block && n->chassis && n->chassis != chassis
            && is_domain_of(f, g->edges[e].ends[0], component)) {
            return true;
        }
    }
    return false;
}

void
flood_draw(struct flood *f, uint32_t start, const uint32_t *edges,
           size_t n_edges, struct arena *arena, struct flood_cycle *c)
{
    bool by_wire = false;
    uint32_t node = start, component = f->graph.component[start];
    memset(c, 0, sizeof *c);
    c->hops = arena_alloc(arena, (2 * n_edges + 1) * sizeof *c->hops);
    for (size_t i = 0; i < n_edges; i++) {
        by_wire |= f->nodes[node].place == PLACE_SEGMENT;
        c->hops[c->n_hops++] = node_name(f, &f->nodes[node], arena);
        c->hops[c->n_hops++] = edge_name(f, edges[i], arena);
        node = graph_other_end(&f->graph, edges[i], node);
    }
    c->hops[c->n_hops++] = node_name(f, &f->nodes[node], arena);
    c->key = key_of_hops(c->hops, c->n_hops, arena);
    c->chassis = f->nodes[start].chassis;
    c->n_ways = n_edges ? count_ways(&f->graph, start, edges[0]) : 0;
    c->n_copies = by_wire ? 1 : OVS_MAX_DEPTH;
    c->is_endless = by_wire || has_other_loop(f, component, c->chassis);
    c->domain = flood_domain_of(f, component);
}

static const char **
copy_strings(const char *const *strings, size_t n, struct arena *arena)
{
    const char **copy = arena_alloc(arena, (n + 1) * sizeof *copy);
    for (size_t i = 0; i < n; i++) {
        copy[i] = arena_strdup(arena, strings[i]);
    }
    return copy;
}

const struct flood_cycle *
flood_copy_cycle(const struct flood_cycle *c, struct arena *arena)
{
    struct flood_cycle *copy = arena_alloc(arena, sizeof *copy);
    struct flood_domain *d = arena_zalloc(arena, sizeof *d);
    *copy = *c;
    copy->hops = copy_strings(c->hops, c->n_hops, arena);
    copy->key = arena_strdup(arena, c->key);
    copy->chassis = NULL;
    copy->domain = d;
    d->n_chassis = c->domain->n_chassis;
    d->chassis = copy_strings(c->domain->chassis, d->n_chassis, arena);
    d->n_segments = c->domain->n_segments;
    d->segments = copy_strings(c->domain->segments, d->n_segments, arena);
    d->n_carries = c->domain->n_carries;
    d->carries = copy_strings(c->domain->carries, d->n_carries, arena);
    d->n_carries_missing = c->domain->n_carries_missing;
    d->carries_missing =
        copy_strings(c->domain->carries_missing, d->n_carries_missing, arena);
    return copy;
}

/* Finding. */

struct limits {
    const struct flood *f;
    uint32_t block;
    uint32_t without_edge, without_node;
    bool bridges_only; /* No switch, nothing that spanning tree guards. */
    bool may_assume;   /* That two segments are one wire. */
};

static bool
is_within(const void *limits_, uint32_t edge, uint32_t node)
{
    const struct limits *l = limits_;
    const struct flood_node *n = &l->f->nodes[node];
    return l->f->graph.edges[edge].block == l->block && edge != l->without_edge
           && node != l->without_node
           && (l->may_assume || l->f->edges[edge].tie != TIE_WIRE)
           && (!l->bridges_only
               || (n->place != PLACE_SWITCH && !n->is_guarded));
}

/* Closes the loop that begins at 'start' with edge 'out' and comes back by
 * edge 'back'. */
static bool
close_loop(struct flood *f, uint32_t start, uint32_t out, uint32_t back,
           struct arena *arena, struct flood_cycle *ret)
{
    struct graph *g = &f->graph;
    struct limits l = {
        f, g->edges[out].block, GRAPH_NONE, start, false, false
    };
    uint32_t from = graph_other_end(g, out, start);
    uint32_t to = graph_other_end(g, back, start);
    uint32_t *way = NULL;
    size_t n = graph_find_way(g, from, to, is_within, &l, &way);
    if (!n && from != to) { /* What is certain, rather than what is assumed. */
        l.may_assume = true;
        n = graph_find_way(g, from, to, is_within, &l, &way);
    }
    if (!n && from != to) {
        return false;
    }
    uint32_t *edges = xcalloc(n + 2, sizeof *edges);
    edges[0] = out;
    if (n) {
        memcpy(edges + 1, way, n * sizeof *edges);
    }
    edges[n + 1] = back;
    flood_draw(f, start, edges, n + 2, arena, ret);
    free(edges);
    free(way);
    return true;
}

/* The node's edge that stands for 'what', or GRAPH_NONE. */
static uint32_t
find_edge(const struct flood *f, uint32_t node, const void *what)
{
    uint32_t e = graph_next_edge(&f->graph, node, GRAPH_NONE);
    while (e != GRAPH_NONE && f->edges[e].what != what) {
        e = graph_next_edge(&f->graph, node, e);
    }
    return e;
}

static bool
loops_on(struct flood *f, const struct fabric_switch *ls,
         const struct fabric_chassis *chassis, const void *a, const void *b,
         struct arena *arena, struct flood_cycle *ret)
{
    uint32_t node = flood_find_node(f, PLACE_SWITCH, ls, chassis, 0);
    if (node == GRAPH_NONE) {
        return false;
    }
    uint32_t out = find_edge(f, node, a), back = find_edge(f, node, b);
    const struct graph_edge *edges = f->graph.edges;
    return out != GRAPH_NONE && back != GRAPH_NONE && edges[out].block
           && edges[out].block == edges[back].block
           && close_loop(f, node, out, back, arena, ret);
}

bool
flood_find_loop(struct flood *f, const struct fabric_switch *ls, const void *a,
                const void *b, struct arena *arena, struct flood_cycle *ret)
{
    if (!f->graph.n_blocks) {
        return false;
    }
    for (size_t i = 0; i < f->fabric->n_chassis; i++) {
        if (loops_on(f, ls, f->fabric->chassis[i], a, b, arena, ret)) {
            return true;
        }
    }
    return !f->fabric->n_chassis && loops_on(f, ls, NULL, a, b, arena, ret);
}

/* The bridges that patch ports join to the first of the list, in the VLANs
 * that they have there.  Returns a malloc()ed list. */
static uint32_t *
find_joined(const struct flood *f, uint32_t first, size_t *ret_n)
{
    const struct graph *g = &f->graph;
    uint32_t *list = xcalloc(1, sizeof *list);
    size_t n = 1, capacity = 1;
    list[0] = first;
    for (size_t i = 0; i < n; i++) {
        for (uint32_t e = graph_next_edge(g, list[i], GRAPH_NONE);
             e != GRAPH_NONE; e = graph_next_edge(g, list[i], e)) {
            uint32_t other = graph_other_end(g, e, list[i]);
            bool is_new = f->edges[e].tie == TIE_PATCH;
            for (size_t j = 0; is_new && j < n; j++) {
                is_new = list[j] != other;
            }
            if (is_new) {
                list = xgrow(list, n, &capacity, sizeof *list);
                list[n++] = other;
            }
        }
    }
    *ret_n = n;
    return list;
}

/* Two of the bridge's NICs that lead to one segment: the oldest ones. */
static bool
find_nics_of(struct flood *f, uint32_t node, struct arena *arena,
             struct flood_nic ret_nics[2], struct flood_cycle *ret)
{
    const struct graph *g = &f->graph;
    uint32_t found[2] = { GRAPH_NONE, GRAPH_NONE };
    for (uint32_t e = graph_next_edge(g, node, GRAPH_NONE); e != GRAPH_NONE;
         e = graph_next_edge(g, node, e)) {
        for (uint32_t o = graph_next_edge(g, node, e); o != GRAPH_NONE;
             o = graph_next_edge(g, node, o)) {
            if (f->edges[e].tie == TIE_NIC && f->edges[o].tie == TIE_NIC
                && graph_other_end(g, e, node)
                       == graph_other_end(g, o, node)) {
                found[0] = o;
                found[1] = e;
            }
        }
    }
    if (found[0] == GRAPH_NONE) {
        return false;
    }
    for (size_t i = 0; i < 2; i++) {
        ret_nics[i] =
            (struct flood_nic){ f->nodes[node].chassis, f->nodes[node].bridge,
                                f->edges[found[i]].what };
    }
    flood_draw(f, node, found, 2, arena, ret);
    return true;
}

bool
flood_find_nics(struct flood *f, const struct fabric_chassis *chassis,
                const struct fabric_bridge *bridge, int vlan,
                struct arena *arena, struct flood_nic ret_nics[2],
                struct flood_cycle *ret)
{
    uint32_t node = flood_find_node(f, PLACE_BRIDGE, bridge, chassis, vlan);
    if (!f->graph.n_blocks || node == GRAPH_NONE) {
        return false;
    }
    size_t n;
    uint32_t *joined = find_joined(f, node, &n);
    bool found = false;
    for (size_t i = 0; !found && i < n; i++) {
        found = find_nics_of(f, joined[i], arena, ret_nics, ret);
    }
    free(joined);
    return found;
}

/* A loop through the patch port 'edge' that only bridges make. */
static bool
close_patches(struct flood *f, uint32_t edge, struct arena *arena,
              struct flood_cycle *ret)
{
    struct graph *g = &f->graph;
    uint32_t *way = NULL;
    uint32_t start = g->edges[edge].ends[0], end = g->edges[edge].ends[1];
    struct limits l = {
        f, g->edges[edge].block, edge, GRAPH_NONE, true, false
    };
    if (!l.block || f->nodes[start].is_guarded || f->nodes[end].is_guarded) {
        return false;
    }
    size_t n = graph_find_way(g, end, start, is_within, &l, &way);
    if (n || end == start) {
        uint32_t *edges = xcalloc(n + 1, sizeof *edges);
        edges[0] = edge;
        if (n) {
            memcpy(edges + 1, way, n * sizeof *edges);
        }
        flood_draw(f, start, edges, n + 1, arena, ret);
        free(edges);
    }
    free(way);
    return n || end == start;
}

bool
flood_find_patches(struct flood *f, const struct fabric_chassis *chassis,
                   const struct fabric_bridge *bridge, int vlan,
                   struct arena *arena, const struct ovsdb_row **ret_patch,
                   struct flood_cycle *ret)
{
    const struct graph *g = &f->graph;
    uint32_t node = flood_find_node(f, PLACE_BRIDGE, bridge, chassis, vlan);
    if (!g->n_blocks || node == GRAPH_NONE) {
        return false;
    }
    size_t n;
    uint32_t *joined = find_joined(f, node, &n);
    bool found = false;
    for (size_t i = 0; !found && i < n; i++) {
        for (uint32_t e = graph_next_edge(g, joined[i], GRAPH_NONE);
             !found && e != GRAPH_NONE; e = graph_next_edge(g, joined[i], e)) {
            if (f->edges[e].tie == TIE_PATCH
                && close_patches(f, e, arena, ret)) {
                const struct fabric_port *patch = f->edges[e].what;
                *ret_patch = patch->row;
                found = true;
            }
        }
    }
    free(joined);
    return found;
}

/* A guest. */

static bool
is_certain(const void *f_, uint32_t edge, uint32_t node)
{
    const struct flood *f = f_;
    (void) node;
    return f->edges[edge].tie != TIE_WIRE;
}

/* The same loop from the guest's point of view. */
static void
draw_guest(struct flood *f, const struct fabric_vif *out,
           const struct fabric_vif *back, uint32_t start,
           const uint32_t *edges, size_t n, struct arena *arena,
           struct flood_cycle *c)
{
    struct flood_cycle inner;
    flood_draw(f, start, edges, n, arena, &inner);
    *c = inner;
    c->n_hops = inner.n_hops + 4;
    c->hops = arena_alloc(arena, c->n_hops * sizeof *c->hops);
    c->hops[0] = c->hops[c->n_hops - 1] =
        arena_printf(arena, "guest %s (%s)", out->guest, out->chassis->name);
    c->hops[1] = arena_strdup(arena, out->label);
    memcpy(c->hops + 2, inner.hops, inner.n_hops * sizeof *c->hops);
    c->hops[c->n_hops - 2] = arena_strdup(arena, back->label);
    c->key = key_of_hops(c->hops, c->n_hops, arena);
    c->n_ways = 2;
    c->n_copies = 1;
    c->is_endless = true;
}

static bool
close_guest(struct flood *f, const struct fabric_vif *out,
            const struct fabric_vif *back, struct arena *arena,
            struct flood_cycle *ret)
{
    struct graph *g = &f->graph;
    uint32_t from = flood_find_node(f, PLACE_SWITCH, out->ls, out->chassis, 0);
    uint32_t to = flood_find_node(f, PLACE_SWITCH, back->ls, back->chassis, 0);
    uint32_t *way = NULL;
    if (from == GRAPH_NONE || to == GRAPH_NONE
        || g->component[from] != g->component[to]) {
        return false;
    }
    size_t n = graph_find_way(g, from, to, is_certain, f, &way);
    if (n || from == to) {
        draw_guest(f, out, back, from, way, n, arena, ret);
    }
    free(way);
    return n || from == to;
}

const struct fabric_vif *
flood_find_guest(struct flood *f, const struct fabric_vif *vif,
                 struct arena *arena, struct flood_cycle *ret)
{
    for (const struct fabric_vif *v = vif->sibling; v; v = v->sibling) {
        if (flood_may_bridge(vif) && flood_may_bridge(v)
            && v->chassis == vif->chassis
            && close_guest(f, v, vif, arena, ret)) {
            return v;
        }
    }
    return NULL;
}
