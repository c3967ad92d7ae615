#include "unit.h"

#include "probe/tally.h"

/* As ovs-ofctl 3.1 prints them. */
static const char port_text[] =
    "OFPST_PORT reply (xid=0x2): 1 ports\n"
    "  port  3: rx pkts=13, bytes=770, drop=?, errs=?, frame=?, over=?, "
    "crc=?\n"
    "           tx pkts=29, bytes=1474, drop=?, errs=?, coll=?\n";
static const char flows_text[] =
    "OFPST_AGGREGATE reply (OF1.5) (xid=0x6): packet_count=15 "
    "byte_count=854 flow_count=2\n";

static void
reads_what_a_port_received_and_sent(PROVNET_UNUSED void **state)
{
    uint64_t rx = 0, tx = 0;
    assert_true(tally_port(port_text, strlen(port_text), &rx, &tx));
    assert_int_equal(rx, 13);
    assert_int_equal(tx, 29);
}

static void
reads_what_flows_took(PROVNET_UNUSED void **state)
{
    uint64_t packets = 0;
    assert_true(tally_flows(flows_text, strlen(flows_text), &packets));
    assert_int_equal(packets, 15);
}

/* Every prefix up to the number's first digit is unreadable, and leaves the
 * outputs alone. */
static void
refuses_what_is_cut_short(PROVNET_UNUSED void **state)
{
    uint64_t rx = 1, tx = 2, packets = 3;
    size_t last = (size_t) (strstr(port_text, "29,") - port_text);
    for (size_t n = 0; n <= last; n++) {
        assert_false(tally_port(port_text, n, &rx, &tx));
    }
    last = (size_t) (strstr(flows_text, "15 ") - flows_text);
    for (size_t n = 0; n <= last; n++) {
        assert_false(tally_flows(flows_text, n, &packets));
    }
    assert_int_equal(rx, 1);
    assert_int_equal(tx, 2);
    assert_int_equal(packets, 3);
}

static void
refuses_what_is_no_number(PROVNET_UNUSED void **state)
{
    static const char *const texts[] = {
        "packet_count=",   "packet_count=?",
        "packet_count=-1", "packet_count=18446744073709551616", /* 2^64 */
        "packet count=3",  "",
    };
    uint64_t packets;
    for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
        assert_false(tally_flows(texts[i], strlen(texts[i]), &packets));
    }
    static const char most[] = "packet_count=18446744073709551615";
    assert_true(tally_flows(most, strlen(most), &packets));
    assert_true(packets == UINT64_MAX);
}

/* A switch without that port answers with none. */
static void
refuses_an_answer_without_ports(PROVNET_UNUSED void **state)
{
    static const char none[] = "OFPST_PORT reply (xid=0x2): 0 ports\n";
    uint64_t rx, tx;
    assert_false(tally_port(none, strlen(none), &rx, &tx));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_a_port_received_and_sent),
        cmocka_unit_test(reads_what_flows_took),
        cmocka_unit_test(refuses_what_is_cut_short),
        cmocka_unit_test(refuses_what_is_no_number),
        cmocka_unit_test(refuses_an_answer_without_ports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
