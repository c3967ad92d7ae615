#include "unit.h"

#include "evidence/links.h"

typedef struct error *links_parser(const char *bytes, size_t size,
                                   struct arena *, struct strmap *);

struct fixture {
    struct arena arena;
    struct strmap links;
};

static int
setup(void **state)
{
    struct fixture *f = xmalloc(sizeof *f);
    arena_init(&f->arena);
    strmap_init(&f->links);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    strmap_done(&f->links);
    arena_done(&f->arena);
    free(f);
    return 0;
}

/* Parses 'quoted', JSON with ' for ". */
static struct error *
parse(struct fixture *f, links_parser *parser, const char *quoted)
{
    char *json = xstrdup(quoted);
    for (char *p = json; *p; p++) {
        *p = *p == '\'' ? '"' : *p;
    }
    struct error *error = parser(json, strlen(json), &f->arena, &f->links);
    free(json); /* Nothing may point into the text. */
    return error;
}

static const struct link *
find(const struct fixture *f, const char *name)
{
    const struct link *link = strmap_get(&f->links, name);
    assert_non_null(link);
    assert_string_equal(link->name, name);
    return link;
}

/* ip -json -details link */

static void
test_links_have_state_kind_and_master(void **state)
{
    struct fixture *f = *state;
    check_success(parse(
        f, links_parse_ip,
        "[{'ifindex':1,'ifname':'lo','flags':['LOOPBACK','UP','LOWER_UP'],"
        "'mtu':65536,'operstate':'UNKNOWN','address':'00:00:00:00:00:00'},"
        "{'ifindex':4,'ifname':'enp6s18','flags':['BROADCAST','UP'],"
        "'operstate':'DOWN','master':'ovs-system',"
        "'address':'d2:8d:9f:16:82:a1','linkinfo':{'info_kind':'veth'}},"
        "{'ifindex':5,'ifname':'down','flags':['BROADCAST']}]"));
    assert_int_equal(f->links.n, 3);
    const struct link *lo = find(f, "lo");
    assert_int_equal(lo->admin, LINK_UP);
    assert_int_equal(lo->carrier, LINK_UP);
    assert_null(lo->kind);
    assert_null(lo->master);
    const struct link *nic = find(f, "enp6s18");
    assert_int_equal(nic->admin, LINK_UP);
    assert_int_equal(nic->carrier, LINK_DOWN);
    assert_string_equal(nic->kind, "veth");
    assert_string_equal(nic->master, "ovs-system");
    assert_string_equal(nic->address, "d2:8d:9f:16:82:a1");
    assert_int_equal(nic->ifindex, 4);
    assert_int_equal(find(f, "down")->admin, LINK_DOWN);
}

/* `ip -json -details address` */
static void
test_addresses_are_those_of_the_host(void **state)
{
    struct fixture *f = *state;
    check_success(
        parse(f, links_parse_ip,
              "[{'ifname':'br-ex','addr_info':["
              "{'family':'inet','local':'192.168.50.122','prefixlen':24,"
              "'scope':'global'},"
              "{'family':'inet6','local':'2001:db8::1','prefixlen':64,"
              "'scope':'global'},"
              "{'family':'inet6','local':'fe80::1','prefixlen':64,"
              "'scope':'link'}]},"
              "{'ifname':'br-ex','addr_info':[]},"
              "{'ifname':'eth0.100','link':'eth0','addr_info':[]},"
              "{'ifname':'eth1'}]"));
    const struct link *bridge = find(f, "br-ex");
    assert_true(bridge->ips_known);
    assert_int_equal(bridge->n_ips, 2);
    assert_string_equal(bridge->ips[0], "192.168.50.122/24");
    assert_string_equal(bridge->ips[1], "2001:db8::1/64");
    assert_null(bridge->parent);
    assert_true(find(f, "eth0.100")->ips_known);
    assert_int_equal(find(f, "eth0.100")->n_ips, 0);
    assert_string_equal(find(f, "eth0.100")->parent, "eth0");
    assert_false(find(f, "eth1")->ips_known);
}

/* As iproute2 6.1 prints under some kernels: each link once with and once
 * without its details, in either order. */
static void
test_a_link_listed_twice_keeps_what_either_says(void **state)
{
    static const char with[] =
        "{'ifindex':4,'ifname':'enp6s18','flags':['UP','LOWER_UP'],"
        "'master':'ovs-system','address':'d2:8d:9f:16:82:a1',"
        "'linkinfo':{'info_kind':'veth'}}";
    static const char without[] =
        "{'ifindex':4,'ifname':'enp6s18','flags':['UP','LOWER_UP'],"
        "'address':'d2:8d:9f:16:82:a1'}";
    for (int order = 0; order < 2; order++) {
        struct fixture *f = *state;
        char json[1024];
        snprintf(json, sizeof json, "[%s,%s]", order ? with : without,
                 order ? without : with);
        check_success(parse(f, links_parse_ip, json));
        assert_int_equal(f->links.n, 1);
        const struct link *nic = find(f, "enp6s18");
        assert_string_equal(nic->kind, "veth");
        assert_string_equal(nic->master, "ovs-system");
        assert_int_equal(nic->admin, LINK_UP);
        assert_int_equal(nic->carrier, LINK_UP);
        teardown(state);
        setup(state);
    }
}

/* A second entry without flags must not make a link of unknown state. */
static void
test_a_second_entry_without_flags_changes_no_state(void **state)
{
    struct fixture *f = *state;
    check_success(parse(f, links_parse_ip,
                        "[{'ifname':'a','flags':['UP']},"
                        "{'ifname':'a','linkinfo':{'info_kind':'tun'}},"
                        "{'ifname':'b'}]"));
    assert_int_equal(find(f, "a")->admin, LINK_UP);
    assert_int_equal(find(f, "a")->carrier, LINK_DOWN);
    assert_string_equal(find(f, "a")->kind, "tun");
    assert_int_equal(find(f, "b")->admin, LINK_UNKNOWN);
    assert_int_equal(find(f, "b")->carrier, LINK_UNKNOWN);
}

static void
test_fields_of_other_types_are_no_evidence(void **state)
{
    struct fixture *f = *state;
    check_success(parse(f, links_parse_ip,
                        "[{},7,null,{'ifname':7},{'ifname':'x','flags':[7],"
                        "'master':1,'linkinfo':'veth','address':null,"
                        "'ifindex':99999999999}]"));
    assert_int_equal(f->links.n, 1);
    const struct link *x = find(f, "x");
    assert_int_equal(x->admin, LINK_DOWN);
    assert_null(x->master);
    assert_null(x->kind);
    assert_null(x->address);
    assert_int_equal(x->ifindex, 0);
}

static void
test_what_is_no_link_list_is_an_error(void **state)
{
    struct fixture *f = *state;
    check_error(parse(f, links_parse_ip, ""), "byte 0");
    check_error(parse(f, links_parse_ip, "{'ifname':'x'}"),
                "no list of links");
    check_error(parse(f, links_parse_ip, "[{'ifname':'x'}"), "text ends");
    check_error(parse(f, links_parse_ip, "[] []"), "something follows");
    check_error(parse(f, links_parse_ip, "1: lo: <LOOPBACK>"), "byte 1");
    assert_int_equal(f->links.n, 0);
}

/* ovs-vsctl --format=json list Interface */

#define HEADINGS                                                        \
    "'headings':['_uuid','admin_state','bfd_status','error','ifindex'," \
    "'link_state','mac_in_use','name','ofport']"

static void
test_interfaces_have_state_error_and_number(void **state)
{
    struct fixture *f = *state;
    check_success(parse(
        f, links_parse_interfaces,
        "{'data':[[['uuid','5e2f'],'up',['map',[]],['set',[]],4,'down',"
        "'d2:8d:9f:16:82:a1','enp6s18',1],"
        "[['uuid','77aa'],['set',[]],['map',[['a','b']]],"
        "'could not open network device tap1 (No such device)',['set',[]],"
        "['set',[]],['set',[]],'tap1',-1]]," HEADINGS "}"));
    assert_int_equal(f->links.n, 2);
    const struct link *nic = find(f, "enp6s18");
    assert_int_equal(nic->admin, LINK_UP);
    assert_int_equal(nic->carrier, LINK_DOWN);
    assert_int_equal(nic->ifindex, 4);
    assert_int_equal(nic->ofport, 1);
    assert_string_equal(nic->address, "d2:8d:9f:16:82:a1");
    assert_null(nic->error);
    const struct link *tap = find(f, "tap1");
    assert_int_equal(tap->admin, LINK_UNKNOWN);
    assert_int_equal(tap->carrier, LINK_UNKNOWN);
    assert_int_equal(tap->ifindex, 0);
    assert_int_equal(tap->ofport, -1);
    assert_null(tap->address);
    assert_string_equal(tap->error, "could not open network device tap1 "
                                    "(No such device)");
}

static void
test_columns_may_be_missing_or_in_any_order(void **state)
{
    struct fixture *f = *state;
    check_success(parse(f, links_parse_interfaces,
                        "{'caption':'Interface table','headings':['ofport',"
                        "'name'],'data':[[7,'a'],[],['x'],[8,['set',[]]],"
                        "[9,'b','more','cells'],null,{}]}"));
    assert_int_equal(f->links.n, 2);
    assert_int_equal(find(f, "a")->ofport, 7);
    assert_int_equal(find(f, "a")->admin, LINK_UNKNOWN);
    assert_int_equal(find(f, "b")->ofport, 9);
}

static void
test_tunnels_have_what_bfd_sees(void **state)
{
    struct fixture *f = *state;
    check_success(
        parse(f, links_parse_interfaces,
              "{'headings':['name','bfd_status'],'data':["
              "['a',['map',[['flap_count','2'],['state','up']]]],"
              "['b',['map',[['state','down']]]],['c',['map',[]]],"
              "['d',['set',[]]],['e',['map',[['state']]]],['f',['map']]]}"));
    assert_int_equal(find(f, "a")->bfd, LINK_UP);
    assert_int_equal(find(f, "b")->bfd, LINK_DOWN);
    for (const char *name = "c\0d\0e\0f\0"; *name; name += 2) {
        assert_int_equal(find(f, name)->bfd, LINK_UNKNOWN);
    }
}

static void
test_what_is_no_table_is_an_error(void **state)
{
    struct fixture *f = *state;
    check_error(parse(f, links_parse_interfaces, "[]"), "no table");
    check_error(parse(f, links_parse_interfaces, "{'data':[]}"), "no table");
    check_error(parse(f, links_parse_interfaces, "{'data':{}," HEADINGS "}"),
                "no table");
    check_error(parse(f, links_parse_interfaces, "{'data':[]," HEADINGS),
                "text ends");
}

static void
test_a_link_is_made_up_once(void **state)
{
    struct fixture *f = *state;
    struct link *link = links_place(&f->links, &f->arena, "x");
    assert_ptr_equal(links_place(&f->links, &f->arena, "x"), link);
    assert_int_equal(link->admin, LINK_UNKNOWN);
    assert_int_equal(f->links.n, 1);
}

#define TEST(NAME) \
    cmocka_unit_test_setup_teardown(test_##NAME, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(links_have_state_kind_and_master),
        TEST(addresses_are_those_of_the_host),
        TEST(a_link_listed_twice_keeps_what_either_says),
        TEST(a_second_entry_without_flags_changes_no_state),
        TEST(fields_of_other_types_are_no_evidence),
        TEST(what_is_no_link_list_is_an_error),
        TEST(interfaces_have_state_error_and_number),
        TEST(columns_may_be_missing_or_in_any_order),
        TEST(tunnels_have_what_bfd_sees),
        TEST(what_is_no_table_is_an_error),
        TEST(a_link_is_made_up_once),
    };
    return cmocka_run_group_tests_name("links", tests, NULL, NULL);
}
