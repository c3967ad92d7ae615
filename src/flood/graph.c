#include "flood/graph.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

void
graph_init(struct graph *g)
{
    memset(g, 0, sizeof *g);
}

void
graph_done(struct graph *g)
{
    if (!g->is_borrowed) {
        free(g->edges);
        free(g->first);
        free(g->component);
    }
    free(g->by);
    free(g->stamp);
    free(g->queue);
    memset(g, 0, sizeof *g);
}

uint32_t
graph_add_node(struct graph *g)
{
    g->first =
        xgrow(g->first, g->n_nodes, &g->nodes_capacity, sizeof *g->first);
    g->first[g->n_nodes] = GRAPH_NONE;
    return (uint32_t) g->n_nodes++;
}

uint32_t
graph_add_edge(struct graph *g, uint32_t a, uint32_t b)
{
    g->edges =
        xgrow(g->edges, g->n_edges, &g->edges_capacity, sizeof *g->edges);
    uint32_t edge = (uint32_t) g->n_edges++;
    g->edges[edge] = (struct graph_edge){
        .ends = { a, b },
        .next = { g->first[a], a == b ? GRAPH_NONE : g->first[b] },
    };
    g->first[a] = edge;
    g->first[b] = edge;
    return edge;
}

/* Blocks: a depth-first walk without recursion.  A node's 'low' is the
 * earliest one that is reached from it or from those below it by one edge that
 * the walk did not take; where a child reaches nothing earlier than its
 * parent, the edges seen since are a block. */

struct frame {
    uint32_t node;
    uint32_t entry; /* The edge that led here. */
    uint32_t edge;  /* That is being looked at. */
};

struct walk {
    struct graph *g;
    uint32_t *order, *low; /* By node; 0: not met. */
    uint32_t n_met;
    struct frame *frames;
    size_t n_frames;
    uint32_t *seen; /* Edges that belong to no block yet. */
    size_t n_seen;
    bool *is_taken; /* By edge. */
};

static void
enter(struct walk *w, uint32_t node, uint32_t entry, uint32_t component)
{
    w->order[node] = w->low[node] = ++w->n_met;
    w->g->component[node] = component;
    w->frames[w->n_frames++] =
        (struct frame){ node, entry, w->g->first[node] };
}

static void
end_block(struct walk *w, uint32_t entry)
{
    size_t start = w->n_seen;
    while (w->seen[start - 1] != entry) {
        start--;
    }
    start--;
    uint32_t block = w->n_seen - start > 1 ? ++w->g->n_blocks : 0;
    for (size_t i = start; i < w->n_seen; i++) {
        w->g->edges[w->seen[i]].block = block;
    }
    w->n_seen = start;
}

static void
leave(struct walk *w)
{
    struct frame done = w->frames[--w->n_frames];
    if (!w->n_frames) {
        return;
    }
    uint32_t parent = w->frames[w->n_frames - 1].node;
    if (w->low[done.node] < w->low[parent]) {
        w->low[parent] = w->low[done.node];
    }
    if (w->low[done.node] >= w->order[parent]) {
        end_block(w, done.entry);
    }
}

static void
step(struct walk *w)
{
    struct frame *at = &w->frames[w->n_frames - 1];
    uint32_t edge = at->edge, node = at->node;
    if (edge == GRAPH_NONE) {
        leave(w);
        return;
    }
    at->edge = graph_next_edge(w->g, node, edge);
    if (w->is_taken[edge]) {
        return;
    }
    w->is_taken[edge] = true;
    uint32_t other = graph_other_end(w->g, edge, node);
    if (other == node) {
        w->g->edges[edge].block = ++w->g->n_blocks;
        return;
    }
    w->seen[w->n_seen++] = edge;
    if (!w->order[other]) {
        enter(w, other, edge, w->g->component[node]);
    } else if (w->order[other] < w->low[node]) {
        w->low[node] = w->order[other];
    }
}

static void
prepare_searches(struct graph *g)
{
    g->by = xcalloc(g->n_nodes, sizeof *g->by);
    g->stamp = xcalloc(g->n_nodes, sizeof *g->stamp);
    g->queue = xcalloc(g->n_nodes, sizeof *g->queue);
    g->n_searches = 0;
}

void
graph_borrow(const struct graph *of, struct graph *ret)
{
    *ret = *of;
    ret->is_borrowed = true;
    prepare_searches(ret);
}

void
graph_find_blocks(struct graph *g)
{
    struct walk w = { .g = g };
    size_t n = g->n_nodes ? g->n_nodes : 1, m = g->n_edges ? g->n_edges : 1;
    w.order = xcalloc(n, sizeof *w.order);
    w.low = xcalloc(n, sizeof *w.low);
    w.frames = xcalloc(n, sizeof *w.frames);
    w.seen = xcalloc(m, sizeof *w.seen);
    w.is_taken = xcalloc(m, sizeof *w.is_taken);
    g->component = xcalloc(n, sizeof *g->component);
    prepare_searches(g);
    for (uint32_t node = 0; node < g->n_nodes; node++) {
        if (!w.order[node]) {
            enter(&w, node, GRAPH_NONE, node);
            while (w.n_frames) {
                step(&w);
            }
        }
    }
    free(w.order);
    free(w.low);
    free(w.frames);
    free(w.seen);
    free(w.is_taken);
}

/* Ways. */

static size_t
collect_way(const struct graph *g, uint32_t from, uint32_t to, uint32_t **ret)
{
    size_t n = 0;
    for (uint32_t at = to; at != from;
         at = graph_other_end(g, g->by[at], at)) {
        n++;
    }
    uint32_t *way = xcalloc(n, sizeof *way);
    size_t i = n;
    for (uint32_t at = to; at != from;
         at = graph_other_end(g, g->by[at], at)) {
        way[--i] = g->by[at];
    }
    *ret = way;
    return n;
}

size_t
graph_find_way(struct graph *g, uint32_t from, uint32_t to,
               graph_filter *filter, const void *aux, uint32_t **ret)
{
    size_t head = 0, tail = 0;
    uint32_t stamp = ++g->n_searches;
    g->queue[tail++] = from;
    g->stamp[from] = stamp;
    while (head < tail && from != to) {
        uint32_t node = g->queue[head++];
        for (uint32_t e = graph_next_edge(g, node, GRAPH_NONE);
             e != GRAPH_NONE; e = graph_next_edge(g, node, e)) {
            uint32_t other = graph_other_end(g, e, node);
            if (g->stamp[other] != stamp && filter(aux, e, other)) {
                g->stamp[other] = stamp;
                g->by[other] = e;
                g->queue[tail++] = other;
            }
        }
        if (g->stamp[to] == stamp) {
            return collect_way(g, from, to, ret);
        }
    }
    return 0;
}
