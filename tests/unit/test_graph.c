#include "unit.h"

#include "flood/graph.h"

static bool
passes(const void *aux, uint32_t edge, uint32_t node)
{
    const uint32_t *without = aux; /* An edge, a node. */
    return edge != without[0] && node != without[1];
}

static bool
are_joined(struct graph *g, uint32_t from, uint32_t to, uint32_t edge,
           uint32_t node)
{
    uint32_t without[2] = { edge, node }, *way = NULL;
    bool joined =
        from == to || graph_find_way(g, from, to, passes, without, &way);
    free(way);
    return joined;
}

static void
test_a_tree_has_no_circle(void **state)
{
    (void) state;
    struct graph g;
    graph_init(&g);
    for (int i = 0; i < 5; i++) {
        graph_add_node(&g);
    }
    for (uint32_t i = 1; i < 5; i++) {
        graph_add_edge(&g, i, (i - 1) / 2);
    }
    graph_find_blocks(&g);
    assert_int_equal(g.n_blocks, 0);
    assert_int_equal(g.component[4], g.component[0]);
    graph_done(&g);
}

static void
test_two_edges_between_two_nodes(void **state)
{
    (void) state;
    struct graph g;
    graph_init(&g);
    uint32_t a = graph_add_node(&g), b = graph_add_node(&g);
    uint32_t c = graph_add_node(&g);
    uint32_t first = graph_add_edge(&g, a, b);
    uint32_t second = graph_add_edge(&g, b, a);
    uint32_t aside = graph_add_edge(&g, b, c);
    graph_find_blocks(&g);
    assert_int_equal(g.n_blocks, 1);
    assert_int_equal(g.edges[first].block, 1);
    assert_int_equal(g.edges[second].block, 1);
    assert_int_equal(g.edges[aside].block, 0);
    graph_done(&g);
}

static void
test_an_edge_back_to_its_node(void **state)
{
    (void) state;
    struct graph g;
    graph_init(&g);
    uint32_t a = graph_add_node(&g), b = graph_add_node(&g);
    uint32_t there = graph_add_edge(&g, a, b);
    uint32_t round = graph_add_edge(&g, b, b);
    graph_find_blocks(&g);
    assert_int_equal(g.edges[there].block, 0);
    assert_int_equal(g.edges[round].block, 1);
    graph_done(&g);
}

static void
test_a_way_is_a_short_one(void **state)
{
    (void) state;
    struct graph g;
    graph_init(&g);
    for (int i = 0; i < 6; i++) {
        graph_add_node(&g);
    }
    for (uint32_t i = 0; i < 6; i++) {
        graph_add_edge(&g, i, (i + 1) % 6);
    }
    uint32_t across = graph_add_edge(&g, 0, 4);
    graph_find_blocks(&g);
    uint32_t none[2] = { GRAPH_NONE, GRAPH_NONE }, *way;
    size_t n = graph_find_way(&g, 0, 3, passes, none, &way);
    assert_int_equal(n, 2);
    assert_int_equal(way[0], across);
    assert_int_equal(way[1], 3);
    free(way);
    uint32_t without[2] = { across, GRAPH_NONE };
    assert_int_equal(graph_find_way(&g, 0, 3, passes, without, &way), 3);
    free(way);
    graph_done(&g);
}

/* An edge lies on a circle if its ends stay joined without it; two edges of a
 * node, on one, if their other ends are joined without the node. */
static void
compare_with_searches(struct graph *g)
{
    for (uint32_t e = 0; e < g->n_edges; e++) {
        const uint32_t *ends = g->edges[e].ends;
        assert_int_equal(g->edges[e].block != 0,
                         are_joined(g, ends[0], ends[1], e, GRAPH_NONE));
    }
    for (uint32_t node = 0; node < g->n_nodes; node++) {
        for (uint32_t e = graph_next_edge(g, node, GRAPH_NONE);
             e != GRAPH_NONE; e = graph_next_edge(g, node, e)) {
            for (uint32_t o = graph_next_edge(g, node, e); o != GRAPH_NONE;
                 o = graph_next_edge(g, node, o)) {
                uint32_t a = graph_other_end(g, e, node);
                uint32_t b = graph_other_end(g, o, node);
                bool same = g->edges[e].block
                            && g->edges[e].block == g->edges[o].block;
                if (a != node && b != node) {
                    assert_int_equal(same,
                                     are_joined(g, a, b, GRAPH_NONE, node));
                }
            }
        }
    }
}

static void
test_blocks_of_random_graphs(void **state)
{
    (void) state;
    uint64_t seed = 1;
    for (unsigned round = 0; round < 300; round++) {
        struct graph g;
        graph_init(&g);
        unsigned n = 2 + draw(&seed, 9);
        for (unsigned i = 0; i < n; i++) {
            graph_add_node(&g);
        }
        for (unsigned i = draw(&seed, 2 * n); i; i--) {
            uint32_t a = draw(&seed, n);
            graph_add_edge(&g, a, draw(&seed, n));
        }
        graph_find_blocks(&g);
        compare_with_searches(&g);
        graph_done(&g);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_tree_has_no_circle),
        cmocka_unit_test(test_two_edges_between_two_nodes),
        cmocka_unit_test(test_an_edge_back_to_its_node),
        cmocka_unit_test(test_a_way_is_a_short_one),
        cmocka_unit_test(test_blocks_of_random_graphs),
    };
    return cmocka_run_group_tests_name("graph", tests, NULL, NULL);
}
