/* What the flood graph's nodes and edges stand for.  Private to flood/. */
#ifndef FLOOD_MODEL_H
#define FLOOD_MODEL_H 1

#include "flood/flood.h"
#include "flood/graph.h"
#include "flood/segment.h"

enum flood_place { PLACE_SWITCH, PLACE_BRIDGE, PLACE_SEGMENT };

struct flood_node {
    enum flood_place place;
    const struct fabric_switch *ls;
    const struct fabric_chassis *chassis; /* NULL: of all, or unknown. */
    const struct fabric_bridge *bridge;   /* NULL if it was not gathered. */
    const char *name;                     /* Of bridge or segment. */
    int vlan;
    uint32_t segment; /* That its NICs lead to, or that it is. */
    bool is_guarded;  /* By spanning tree. */
};

enum flood_tie { TIE_LOCALNET, TIE_L2GATEWAY, TIE_PATCH, TIE_NIC, TIE_WIRE };

struct flood_edge {
    enum flood_tie tie;
    const void *what; /* Localnet, LSP row, struct fabric_port; or NULL. */
    const char *name;
};

struct flood {
    const struct fabric *fabric;
    struct arena arena;
    struct graph graph;
    struct flood_node *nodes; /* As the graph's. */
    struct flood_edge *edges;
    struct segments segments;
    struct strmap localnets;    /* "TAG NETWORK" -> the first localnet port. */
    bool has_twins, has_guests; /* What would loop, joined once more. */
    bool has_choice;            /* Some switch has two ways out. */

    /* Private. */
    size_t nodes_capacity, edges_capacity;
    uint32_t *slots; /* Of nodes by what they stand for; + 1, or 0. */
    size_t n_slots;
    uint32_t *wires; /* Edges by which two segments are taken for one. */
    size_t n_wires, wires_capacity;
    struct flood_domain **domains; /* By component. */
    bool is_borrowed; /* All but the arena and these is another's. */
};

/* The node, or GRAPH_NONE. */
uint32_t flood_find_node(const struct flood *, enum flood_place,
                         const void *what, const void *where, int vlan);

/* What a broadcast in that component reaches. */
const struct flood_domain *flood_domain_of(struct flood *, uint32_t component);

/* Whether the guest could join what is beyond its ports: none of them looks at
 * its frames' addresses. */
bool flood_may_bridge(const struct fabric_vif *);

/* Says what the domain's NICs carry besides. */
void flood_find_carried(struct arena *, struct flood_domain *);

/* Draws the way from 'start' along 'edges' back to 'start'. */
void flood_draw(struct flood *, uint32_t start, const uint32_t *edges,
                size_t n_edges, struct arena *, struct flood_cycle *ret);

#endif /* flood/model.h */
