/* A graph that may have several edges between two nodes, and its circles.
 *
 * Two edges lie on one circle if they are in one block, that is, in one
 * component that no single node cuts in two (J. Hopcroft, R. Tarjan,
 * Algorithm 447, 1973).  Blocks are found once, in time linear in nodes and
 * edges; drawing one circle is a search through its block.
 *
 * Nodes and edges are numbers, in the order in which they are added.  Life
 * cycle: graph_init(), graph_add_...(), graph_find_blocks(), questions,
 * graph_done().  It knows nothing of networks. */
#ifndef FLOOD_GRAPH_H
#define FLOOD_GRAPH_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GRAPH_NONE UINT32_MAX

struct graph_edge {
    uint32_t ends[2];
    uint32_t next[2]; /* Private: of the same end's edges; or GRAPH_NONE. */
    uint32_t block;   /* 0: it lies on no circle. */
};

struct graph {
    struct graph_edge *edges;
    size_t n_edges;
    uint32_t *first; /* By node: its edge that was added last. */
    size_t n_nodes;
    uint32_t n_blocks;   /* Those that hold a circle: 1 and up. */
    uint32_t *component; /* By node. */

    /* Private. */
    size_t edges_capacity, nodes_capacity;
    uint32_t *by;    /* Of a search, by node: the edge that led there... */
    uint32_t *stamp; /* ...if this says that it was this search. */
    uint32_t *queue;
    uint32_t n_searches;
    bool is_borrowed; /* All but what searches write is another's. */
};

void graph_init(struct graph *);
void graph_done(struct graph *);

uint32_t graph_add_node(struct graph *);
uint32_t graph_add_edge(struct graph *, uint32_t a, uint32_t b);

/* Finds blocks and components. */
void graph_find_blocks(struct graph *);

/* A graph for another thread, to be asked only, of one that has been found the
 * blocks of; that must outlive it. */
void graph_borrow(const struct graph *, struct graph *ret);

/* The end of 'edge' that is not 'node'. */
static inline uint32_t
graph_other_end(const struct graph *g, uint32_t edge, uint32_t node)
{
    const struct graph_edge *e = &g->edges[edge];
    return e->ends[e->ends[0] == node];
}

/* The node's edge after 'edge'; with GRAPH_NONE its first one.  Newest
 * first.  GRAPH_NONE if there is no more. */
static inline uint32_t
graph_next_edge(const struct graph *g, uint32_t node, uint32_t edge)
{
    if (edge == GRAPH_NONE) {
        return g->first[node];
    }
    return g->edges[edge].next[g->edges[edge].ends[0] != node];
}

/* Whether a way may go by 'edge' to 'node'. */
typedef bool graph_filter(const void *aux, uint32_t edge, uint32_t node);

/* A shortest way from 'from' to 'to', by edges and nodes that 'filter' lets
 * pass; after graph_find_blocks().  Takes as long as what it looks at, not as
 * the graph is large.  Returns how many edges it has, and them in '*ret',
 * which the caller frees; 0 if there is no way. */
size_t graph_find_way(struct graph *, uint32_t from, uint32_t to,
                      graph_filter *filter, const void *aux, uint32_t **ret);

#endif /* flood/graph.h */
