#include "unit.h"

#include "fabric/address.h"

static void
test_macs_have_six_pairs_and_colons(void **state PROVNET_UNUSED)
{
    static const struct {
        const char *text;
        bool is_mac;
    } cases[] = {
        { "fa:16:3e:00:00:01", true },
        { "FA:16:3E:AB:CD:EF", true },
        { "", false },
        { "fa", false },
        { "fa:16:3e:00:00", false },
        { "fa:16:3e:00:00:0", false },
        { "fa:16:3e:00:00:012", false },
        { "fa:16:3e:00:00:01:", false },
        { "fa-16-3e-00-00-01", false },
        { "fa:16:3e:00:00:0g", false },
        { " a:16:3e:00:00:01", false },
        { "fa:16:3e:00:00:01 ", false },
        { "::::::", false },
        { "192.168.50.185", false },
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        assert_int_equal(address_is_mac(cases[i].text), cases[i].is_mac);
    }
}

static void
test_ips_are_told_from_prefixes_and_words(void **state PROVNET_UNUSED)
{
    static const struct {
        const char *text;
        bool is_ip, is_ipv6;
    } cases[] = {
        { "192.168.50.185", true, false },
        { "0.0.0.0", true, false },
        { "fd00::1", true, true },
        { "::", true, true },
        { "::ffff:10.0.0.1", true, true },
        { "", false, false },
        { "192.168.50", false, false },
        { "192.168.50.256", false, false },
        { "192.168.50.1/24", false, false },
        { "fd00::/64", false, false },
        { "fd00::1%eth0", false, false },
        { "dynamic", false, false },
        { "010.0.0.1", false, false },
        { "fd00:::1", false, false },
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        assert_int_equal(address_is_ip(cases[i].text), cases[i].is_ip);
        assert_int_equal(address_is_ipv6(cases[i].text), cases[i].is_ipv6);
    }
}

static void
check_prefix(const char *ip, const char *prefix, bool in)
{
    if (address_in_prefix(ip, prefix) != in) {
        fail_msg("%s in %s: %s", ip, prefix, in ? "no" : "yes");
    }
}

static void
check_networks(const char *outer_text, const char *inner_text, bool holds)
{
    struct address_prefix outer, inner;
    assert_true(address_prefix_parse(outer_text, &outer));
    assert_true(address_prefix_parse(inner_text, &inner));
    assert_int_equal(address_prefix_contains(&outer, &inner), holds);
}

static void
test_networks_hold_smaller_ones(void **state PROVNET_UNUSED)
{
    struct address_prefix prefix;
    check_networks("0.0.0.0/0", "10.0.0.0/8", true);
    check_networks("10.0.0.1/8", "10.255.0.0/16", true);
    check_networks("10.0.0.0/16", "10.0.0.0/8", false);
    check_networks("::/0", "0.0.0.0/0", false);
    check_networks("2001:db8::/32", "2001:db8::1", true);
    assert_false(address_prefix_parse("10.0.0.0/33", &prefix));
    assert_false(address_prefix_parse("10.0.0.0/", &prefix));
    assert_false(address_prefix_parse("", &prefix));
}

static void
test_prefixes_hold_their_addresses(void **state PROVNET_UNUSED)
{
    check_prefix("192.168.50.185", "192.168.50.185", true);
    check_prefix("192.168.50.185", "192.168.50.184", false);
    check_prefix("192.168.50.185", "192.168.50.0/24", true);
    check_prefix("192.168.51.185", "192.168.50.0/24", false);
    check_prefix("192.168.51.185", "192.168.50.0/23", true);
    check_prefix("192.168.50.127", "192.168.50.200/25", false);
    check_prefix("192.168.50.128", "192.168.50.200/25", true);
    check_prefix("10.1.2.3", "0.0.0.0/0", true);
    check_prefix("10.1.2.3", "10.1.2.3/32", true);
    check_prefix("10.1.2.2", "10.1.2.3/32", false);
    check_prefix("10.1.2.2", "10.1.2.3/31", true);
    check_prefix("fd00::1", "fd00::/64", true);
    check_prefix("fd00:0:0:1::1", "fd00::/64", false);
    check_prefix("fd00:0:0:1::1", "fd00::/63", true);
    check_prefix("fd00::1", "fd00::1/128", true);
    check_prefix("fd00::2", "fd00::1/128", false);
    check_prefix("::1", "::/0", true);
}

static void
test_families_do_not_mix(void **state PROVNET_UNUSED)
{
    check_prefix("10.0.0.1", "::/0", false);
    check_prefix("::1", "0.0.0.0/0", false);
}

static void
test_what_is_no_prefix_holds_nothing(void **state PROVNET_UNUSED)
{
    static const char *const bad[] = {
        "",
        "/",
        "/0",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/8x",
        "10.0.0.0/ 8",
        "10.0.0.0/99999999999999999999",
        "10.0.0/8",
        "::/129",
        "10.0.0.0/8/8",
        "1111111111111111111111111111111111111111111111111111111/8"
    };
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        check_prefix("10.0.0.1", bad[i], false);
        check_prefix("::", bad[i], false);
    }
    check_prefix("no address", "0.0.0.0/0", false);
    check_prefix("10.0.0.1/8", "10.0.0.0/8", false);
}

static void
test_addresses_are_split(void **state PROVNET_UNUSED)
{
    static const struct {
        const char *text, *mac, *ips; /* Joined by a space. */
    } cases[] = {
        { "fa:16:3e:00:00:01 192.168.50.185", "fa:16:3e:00:00:01",
          "192.168.50.185" },
        { "FA:16:3E:AB:CD:EF", "fa:16:3e:ab:cd:ef", "" },
        { "fa:16:3e:00:00:01 10.0.0.1 fd00::1", "fa:16:3e:00:00:01",
          "10.0.0.1 fd00::1" },
        { "  fa:16:3e:00:00:01   10.0.0.0/24  ", "fa:16:3e:00:00:01",
          "10.0.0.0/24" },
        { "unknown", NULL, "" },
        { "router", NULL, "" },
        { "dynamic 10.0.0.5", NULL, "10.0.0.5" },
        { "fa:16:3e:00:00:01 dynamic", "fa:16:3e:00:00:01", "" },
        { "", NULL, "" },
        { "   ", NULL, "" },
        { "fa:16:3e:00:00:01 nonsense 10.0.0.1", "fa:16:3e:00:00:01",
          "10.0.0.1" },
        { "fa:16:3e:00:00:01 fa:16:3e:00:00:02", "fa:16:3e:00:00:01", "" },
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct arena arena;
        struct address a;
        char ips[256] = "";
        arena_init(&arena);
        address_parse(&a, cases[i].text, &arena);
        for (size_t j = 0; j < a.n_ips; j++) {
            strcat(strcat(ips, j ? " " : ""), a.ips[j]);
        }
        assert_string_equal(ips, cases[i].ips);
        assert_int_equal(a.mac != NULL, cases[i].mac != NULL);
        if (a.mac) {
            assert_string_equal(a.mac, cases[i].mac);
        }
        arena_done(&arena);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_macs_have_six_pairs_and_colons),
        cmocka_unit_test(test_ips_are_told_from_prefixes_and_words),
        cmocka_unit_test(test_networks_hold_smaller_ones),
        cmocka_unit_test(test_prefixes_hold_their_addresses),
        cmocka_unit_test(test_families_do_not_mix),
        cmocka_unit_test(test_what_is_no_prefix_holds_nothing),
        cmocka_unit_test(test_addresses_are_split),
    };
    return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
