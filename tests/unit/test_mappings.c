#include "unit.h"

#include "fabric/mappings.h"

/* Pairs as "net>bridge net>bridge"; what ovn-controller 23.03 makes of the
 * value (controller/patch.c, add_ovs_bridge_mappings()). */
static const struct parse_case {
    const char *text;
    const char *pairs;
    const char *malformed, *lost;
} parse_cases[] = {
    { "physnet1:br-ex", "physnet1>br-ex" },
    { "a:b,c:d,e:f", "a>b c>d e>f" },
    { "", "" },
    { "a:b,", "a>b" },                /* A comma at the end is nothing. */
    { "a:b,,c:d", "a>b", "", "c:d" }, /* Stops, silently. */
    { ",a:b", "", "", "a:b" },
    { ",", "", "", "" },
    { "a=b", "", "a=b", "" },
    { "a=b,c:d", "", "a=b", "c:d" },
    { "c:d,a=b,e:f", "c>d", "a=b", "e:f" },
    { "a:", "", "a:", "" },
    { "a:b,c:,e:f", "a>b", "c:", "e:f" },
    { ":b", "", ":b", "" }, /* No network. */
    { "a:b,:c,d:e", "a>b", ":c", "d:e" },
    { "a:b:c", "a>b:c" }, /* The rest is the bridge. */
    { "a::b,c:d", "a>:b c>d" },
    { " a:b", " a>b" },
    { "a:b, c:d", "a>b  c>d" },
    { "a :b ,c:d", "a >b  c>d" },
    { "\"a:b\"", "\"a>b\"" },
    { "a:b,a:c", "a>b a>c" },
};

static void
join_pairs(const struct mappings *m, char text[256])
{
    size_t n = 0;
    text[0] = '\0';
    for (size_t i = 0; i < m->n; i++) {
        n += (size_t) snprintf(text + n, 256 - n, "%s%s>%s", i ? " " : "",
                               m->items[i].network, m->items[i].bridge);
    }
}

static void
check_string(const char *text, const char *what, const char *got,
             const char *expected)
{
    if (!got != !expected || (got && strcmp(got, expected))) {
        fail_msg("\"%s\": %s is \"%s\", not \"%s\"", text, what,
                 got ? got : "(null)", expected ? expected : "(null)");
    }
}

static void
test_values_are_parsed_as_ovn_controller_does(void **state PROVNET_UNUSED)
{
    for (size_t i = 0; i < N_ELEMENTS(parse_cases); i++) {
        const struct parse_case *c = &parse_cases[i];
        struct arena arena;
        struct mappings m;
        char pairs[256];
        arena_init(&arena);
        mappings_parse(&m, c->text, &arena);
        join_pairs(&m, pairs);
        check_string(c->text, "the mapping", pairs, c->pairs);
        check_string(c->text, "the bad item", m.malformed, c->malformed);
        check_string(c->text, "what is lost", m.lost, c->lost);
        arena_done(&arena);
    }
}

static void
test_no_value_is_no_mapping(void **state PROVNET_UNUSED)
{
    struct arena arena;
    struct mappings m;
    arena_init(&arena);
    mappings_parse(&m, NULL, &arena);
    assert_null(m.text);
    assert_int_equal(m.n, 0);
    assert_null(m.malformed);
    assert_null(mappings_find(&m, "a"));
    assert_null(mappings_find_untrimmed(&m, "a"));
    assert_null(mappings_nearest(&m, "a"));
    arena_done(&arena);
}

static void
test_networks_are_found_by_their_exact_name(void **state PROVNET_UNUSED)
{
    struct arena arena;
    struct mappings m;
    arena_init(&arena);
    mappings_parse(&m, "phynet2:br-ex, phynet3:br-vlan", &arena);
    assert_string_equal(mappings_find(&m, "phynet2"), "br-ex");
    assert_null(mappings_find(&m, "phynet"));
    assert_null(mappings_find(&m, "phynet22"));
    assert_null(mappings_find(&m, "Phynet2"));
    assert_null(mappings_find(&m, "phynet3"));
    assert_string_equal(mappings_find(&m, " phynet3"), "br-vlan");
    arena_done(&arena);
}

static void
test_white_space_and_quotes_are_seen_through(void **state PROVNET_UNUSED)
{
    static const struct {
        const char *text;
        const char *network; /* What the untrimmed one is, or NULL. */
    } cases[] = {
        { "x:y, phynet2:br-ex", " phynet2" },
        { "phynet2 :br-ex", "phynet2 " },
        { "\tphynet2:br-ex", "\tphynet2" },
        { "\"phynet2:br-ex\"", "\"phynet2" },
        { "'phynet2':br-ex", "'phynet2'" },
        { "phynet2:br-ex", NULL }, /* Nothing to trim. */
        { "phynet22:br-ex", NULL },
        { " phynet22:br-ex", NULL },
        { "phy net2:br-ex", NULL },
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct arena arena;
        struct mappings m;
        arena_init(&arena);
        mappings_parse(&m, cases[i].text, &arena);
        const struct mapping *found = mappings_find_untrimmed(&m, "phynet2");
        check_string(cases[i].text, "the network",
                     found ? found->network : NULL, cases[i].network);
        arena_done(&arena);
    }
}

static void
test_slips_of_the_fingers_are_recognised(void **state PROVNET_UNUSED)
{
    static const struct {
        const char *network, *nearest;
    } cases[] = {
        { "phynet2", "phynet2" },
        { "phynet3", "phynet2" },
        { "phynt2", "phynet2" },
        { "physnet2", "phynet2" },
        { "pyhnet2", "phynet2" },
        { "provider", NULL },
        { "phy", NULL },
        { "external", "extern" },
        { "", NULL },
    };
    struct arena arena;
    struct mappings m;
    arena_init(&arena);
    mappings_parse(&m, "phynet2:br-ex,extern:br-x", &arena);
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        check_string(cases[i].network, "the nearest",
                     mappings_nearest(&m, cases[i].network), cases[i].nearest);
    }
    char name[1000];
    memset(name, 'x', sizeof name);
    name[999] = '\0';
    assert_null(mappings_nearest(&m, name));
    arena_done(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_are_parsed_as_ovn_controller_does),
        cmocka_unit_test(test_no_value_is_no_mapping),
        cmocka_unit_test(test_networks_are_found_by_their_exact_name),
        cmocka_unit_test(test_white_space_and_quotes_are_seen_through),
        cmocka_unit_test(test_slips_of_the_fingers_are_recognised),
    };
    return cmocka_run_group_tests_name("mappings", tests, NULL, NULL);
}
