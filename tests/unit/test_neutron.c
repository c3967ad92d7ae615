#include "unit.h"

#include "evidence/neutron.h"

struct fixture {
    struct arena arena;
    struct strmap networks;
};

static int
setup(void **state)
{
    struct fixture *f = xmalloc(sizeof *f);
    arena_init(&f->arena);
    strmap_init(&f->networks);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    strmap_done(&f->networks);
    arena_done(&f->arena);
    free(f);
    return 0;
}

/* Parses 'quoted', JSON with ' for ". */
static struct error *
parse(struct fixture *f, const char *quoted)
{
    char *json = xstrdup(quoted);
    for (char *p = json; *p; p++) {
        *p = *p == '\'' ? '"' : *p;
    }
    struct error *error =
        neutron_parse_networks(json, strlen(json), &f->arena, &f->networks);
    free(json); /* Nothing may point into the text. */
    return error;
}

static void
check_network(const struct fixture *f, const char *id, const char *type,
              const char *physical_network, int segmentation_id)
{
    const struct neutron_network *n = strmap_get(&f->networks, id);
    assert_non_null(n);
    assert_string_equal(n->id, id);
    assert_string_equal(n->type, type);
    assert_int_equal(n->segmentation_id, segmentation_id);
    assert_int_equal(!n->physical_network, !physical_network);
    if (physical_network) {
        assert_string_equal(n->physical_network, physical_network);
    }
}

static void
test_provider_and_tenant_networks_are_told_apart(void **state)
{
    struct fixture *f = *state;
    check_success(parse(
        f, "{'networks':[{'id':'a','name':'public','provider:network_type':"
           "'vlan','provider:physical_network':'phynet2',"
           "'provider:segmentation_id':100,'mtu':1500},"
           "{'id':'b','provider:network_type':'geneve',"
           "'provider:physical_network':null,'provider:segmentation_id':7},"
           "{'id':'c','name':'','provider:network_type':'flat',"
           "'provider:physical_network':'x','provider:segmentation_id':null}"
           "]}"));
    assert_int_equal(f->networks.n, 3);
    check_network(f, "a", "vlan", "phynet2", 100);
    check_network(f, "b", "geneve", NULL, 7);
    check_network(f, "c", "flat", "x", 0);
    const struct neutron_network *a = strmap_get(&f->networks, "a");
    assert_string_equal(a->name, "public");
    const struct neutron_network *b = strmap_get(&f->networks, "b");
    assert_string_equal(b->name, "b");
}

static void
test_the_physical_segment_of_several_counts(void **state)
{
    struct fixture *f = *state;
    check_success(parse(
        f, "[{'id':'a','segments':[{'provider:network_type':'geneve',"
           "'provider:physical_network':null},{'provider:network_type':'vlan',"
           "'provider:physical_network':'p','provider:segmentation_id':5}]},"
           "{'id':'b','segments':[],'provider:network_type':'flat',"
           "'provider:physical_network':'q'}]"));
    check_network(f, "a", "vlan", "p", 5);
    check_network(f, "b", "flat", "q", 0);
}

static void
test_what_is_no_network_list_is_an_error(void **state)
{
    struct fixture *f = *state;
    check_error(parse(f, "{}"), "no list of networks");
    check_error(parse(f, "7"), "no list of networks");
    check_error(parse(f, "{'networks':{}}"), "no list of networks");
    check_error(parse(f, "{'networks':["), "text ends");
    check_error(parse(f, "<html>"), "byte 0");
    check_error(parse(f, ""), "byte 0");
    assert_int_equal(f->networks.n, 0);
}

static void
test_entries_of_another_form_are_no_evidence(void **state)
{
    struct fixture *f = *state;
    check_success(parse(f, "{'networks':[7,null,{},{'id':7},{'id':'a',"
                           "'name':7,'segments':'x','provider:network_type':"
                           "[],'provider:segmentation_id':1e99}]}"));
    assert_int_equal(f->networks.n, 1);
    check_network(f, "a", "", NULL, 0);
}

#define TEST(NAME) \
    cmocka_unit_test_setup_teardown(test_##NAME, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(provider_and_tenant_networks_are_told_apart),
        TEST(the_physical_segment_of_several_counts),
        TEST(what_is_no_network_list_is_an_error),
        TEST(entries_of_another_form_are_no_evidence),
    };
    return cmocka_run_group_tests_name("neutron", tests, NULL, NULL);
}
