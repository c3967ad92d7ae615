#include "unit.h"

#include "evidence/flows.h"

/* A frame that came in by port 1, "enp6s18", on its way to port 2,
 * "patch-ln". */
static const struct flow_frame untagged = { .in_port = 1,
                                            .in_name = "enp6s18",
                                            .vlan = -1,
                                            .ethertype = 0x0806,
                                            .dl_src = "fa:16:3e:00:00:01",
                                            .dl_dst = "ff:ff:ff:ff:ff:ff" };

static struct flow_frame
tagged(int vlan)
{
    struct flow_frame frame = untagged;
    frame.vlan = vlan;
    return frame;
}

static enum flow_effect
apply(const char *dump, const struct flow_frame *frame, char why[256])
{
    struct arena arena;
    struct flow_table *table;
    const struct flow *flow = NULL;
    arena_init(&arena);
    check_success(flows_parse(dump, strlen(dump), &arena, &table));
    enum flow_effect effect = flows_apply(table, frame, 2, "patch-ln", &flow);
    if (why) {
        snprintf(why, 256, "%s", flow ? flow->text : "");
    }
    arena_done(&arena);
    return effect;
}

/* What one flow, with NORMAL below it, says of frames that match it. */
static enum flow_effect
match(const char *fields, const struct flow_frame *frame)
{
    char dump[512];
    snprintf(dump, sizeof dump,
             "priority=0 actions=NORMAL\n priority=9%s%s actions=drop\n",
             *fields ? "," : "", fields);
    return apply(dump, frame, NULL);
}

/* Parsing. */

static void
test_a_dump_is_parsed_without_its_counters(void **state PROVNET_UNUSED)
{
    static const char dump[] =
        "NXST_FLOW reply (xid=0x4):\n"
        " cookie=0x2a, duration=35.939s, table=0, n_packets=444, "
        "n_bytes=41108, idle_age=2, priority=0 actions=NORMAL\n"
        " cookie=0x0, duration=1s, table=3, n_packets=0, n_bytes=0, "
        "idle_timeout=10, hard_timeout=5, idle_age=2, hard_age=1, "
        "priority=7,arp,in_port=1,vlan_tci=0x0000/0x1fff "
        "actions=learn(table=1,hard_timeout=10),output:2\n"
        "\n";
    struct arena arena;
    struct flow_table *t;
    arena_init(&arena);
    check_success(flows_parse(dump, strlen(dump), &arena, &t));
    assert_int_equal(t->n, 2);
    assert_int_equal(t->flows[0].cookie, 42);
    assert_int_equal(t->flows[0].priority, 0);
    assert_string_equal(t->flows[0].match, "");
    assert_string_equal(t->flows[0].actions, "NORMAL");
    assert_string_equal(t->flows[0].text, "table=0,priority=0 actions=NORMAL");
    assert_false(t->flows[0].has_timeout);
    assert_int_equal(t->flows[1].table_id, 3);
    assert_string_equal(t->flows[1].match,
                        "arp,in_port=1,vlan_tci=0x0000/0x1fff");
    assert_string_equal(t->flows[1].actions,
                        "learn(table=1,hard_timeout=10),output:2");
    assert_true(t->flows[1].has_timeout);
    arena_done(&arena);
}

static void
test_other_headings_and_missing_priorities_are_read(
    void **state PROVNET_UNUSED)
{
    static const char dump[] =
        "# written by hand\nOFPST_FLOW reply (OF1.3) (xid=0x2):\r\n"
        "cookie=0x0, in_port=1 actions=drop\r\n actions=NORMAL";
    struct arena arena;
    struct flow_table *t;
    arena_init(&arena);
    check_success(flows_parse(dump, strlen(dump), &arena, &t));
    assert_int_equal(t->n, 2);
    assert_int_equal(t->flows[0].priority, 32768); /* ovs-ofctl(8) */
    assert_string_equal(t->flows[0].actions, "drop");
    assert_string_equal(t->flows[1].actions, "NORMAL");
    check_success(flows_parse("", 0, &arena, &t));
    assert_int_equal(t->n, 0);
    arena_done(&arena);
}

static void
test_what_is_no_dump_is_an_error_that_names_the_line(
    void **state PROVNET_UNUSED)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *words;
    } cases[] = {
        { "<html>\n", 7, "line 1 is no flow" },
        { "NXST_FLOW reply\n\npriority=0\n", 28, "line 3 is no flow" },
        { " actions=NORMAL\n\0\0\0\n", 20, "line 2 is no flow" },
        { "act\0actions=NORMAL", 18, "line 1 is no flow" },
        { "table=255, actions=drop\n", 24, "line 1 is no flow" },
        { "table=, actions=drop\n", 21, "line 1 is no flow" },
        { "table=4294967297, actions=drop\n", 31, "line 1 is no flow" },
        { "priority=-1 actions=drop\n", 25, "line 1 is no flow" },
        { "priority=65536 actions=drop\n", 28, "line 1 is no flow" },
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct arena arena;
        struct flow_table *t = NULL;
        arena_init(&arena);
        check_error(flows_parse(cases[i].bytes, cases[i].size, &arena, &t),
                    cases[i].words);
        assert_null(t);
        arena_done(&arena);
    }
}

/* Matching. */

static const struct {
    const char *fields;
    bool matches;
} match_cases[] = {
    { "", true },
    { "in_port=1", true },
    { "in_port=2", false },
    { "in_port=11", false },
    { "in_port=LOCAL", false },
    { "in_port=enp6s18", true },
    { "in_port=\"enp6s18\"", true },
    { "in_port=enp6s1", false },
    { "in_port=\"enp6s180\"", false },
    { "arp", true },
    { "ip", false },
    { "icmp", false },
    { "tcp", false },
    { "ipv6", false },
    { "rarp", false },
    { "dl_type=0x0806", true },
    { "dl_type=0x0800", false },
    { "dl_dst=ff:ff:ff:ff:ff:ff", true },
    { "dl_dst=FF:FF:FF:FF:FF:FF", true },
    { "dl_dst=fa:16:3e:00:00:02", false },
    { "dl_dst=01:00:00:00:00:00/01:00:00:00:00:00", true },
    { "dl_src=fa:16:3e:00:00:01", true },
    { "dl_src=01:00:00:00:00:00/01:00:00:00:00:00", false },
    { "dl_src=fa:16:3e:00:00:00/ff:ff:ff:00:00:00", true },
    { "dl_src=fa:16:3f:00:00:00/ff:ff:ff:00:00:00", false },
    { "dl_src=00:00:00:00:00:01/00:00:00:00:00:01", true },
    { "arp,in_port=1,dl_src=fa:16:3e:00:00:01", true },
    { "arp,in_port=1,dl_src=fa:16:3e:00:00:02", false },
    { "dl_vlan=0xffff", true },
    { "dl_vlan=100", false },
    { "dl_vlan=0", false },
    { "vlan_tci=0x0000", true },
    { "vlan_tci=0x0000/0x1fff", true },
    { "vlan_tci=0x1000/0x1000", false },
    { "vlan_tci=0x1064/0x1fff", false },
    /* What surely does not match is no matter of unknown fields. */
    { "in_port=2,ct_state=+trk", false },
    { "ct_state=+trk,in_port=2", false },
};

static void
test_a_match_decides_exactly(void **state PROVNET_UNUSED)
{
    for (size_t i = 0; i < N_ELEMENTS(match_cases); i++) {
        enum flow_effect effect = match(match_cases[i].fields, &untagged);
        if (effect != (match_cases[i].matches ? FLOW_DROPS : FLOW_NORMAL)) {
            fail_msg("\"%s\": effect %d", match_cases[i].fields, effect);
        }
    }
}

static void
test_vlans_are_matched_by_id_and_presence(void **state PROVNET_UNUSED)
{
    static const struct {
        const char *fields;
        int vlan;
        bool matches;
    } cases[] = {
        { "dl_vlan=100", 100, true },
        { "dl_vlan=0x64", 100, true },
        { "dl_vlan=100", 101, false },
        { "dl_vlan=0xffff", 100, false },
        { "vlan_tci=0x1064/0x1fff", 100, true },
        { "vlan_tci=0x1064/0x1fff", 101, false },
        { "vlan_tci=0x1000/0x1000", 100, true },
        { "vlan_tci=0x0000/0x1fff", 100, false },
        { "vlan_tci=0x0064/0x0fff", 100, true },
        { "dl_vlan=0", 0, true }, /* A priority tag. */
        { "vlan_tci=0x1000/0x1fff", 0, true },
        { "dl_vlan=4095", 4095, true },
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct flow_frame frame = tagged(cases[i].vlan);
        enum flow_effect effect = match(cases[i].fields, &frame);
        if (effect != (cases[i].matches ? FLOW_DROPS : FLOW_NORMAL)) {
            fail_msg("\"%s\" of VLAN %d: effect %d", cases[i].fields,
                     cases[i].vlan, effect);
        }
    }
}

static void
test_what_cannot_be_told_is_unknown(void **state PROVNET_UNUSED)
{
    static const char *const fields[] = { "ct_state=+trk",
                                          "reg0=0x1",
                                          "metadata=0x5",
                                          "tun_id=0x1",
                                          "nw_src=192.168.50.1",
                                          "arp,arp_tpa=192.168.50.185",
                                          "some_new_word",
                                          "some_new_field=7",
                                          "dl_vlan_pcp=3",
                                          "dl_vlan=0x0/0x1",
                                          "dl_dst=fa:16:3e:00:00:00/junk" };
    for (size_t i = 0; i < N_ELEMENTS(fields); i++) {
        enum flow_effect effect = match(fields[i], &untagged);
        if (effect != FLOW_UNKNOWN) {
            fail_msg("\"%s\": effect %d", fields[i], effect);
        }
    }
    struct flow_frame frame = tagged(100); /* Of unknown priority bits. */
    assert_int_equal(match("vlan_tci=0x1064", &frame), FLOW_UNKNOWN);
    assert_int_equal(match("vlan_tci=0xf064/0xffff", &frame), FLOW_UNKNOWN);
    frame = untagged;
    frame.in_port = 0;
    assert_int_equal(match("in_port=1", &frame), FLOW_UNKNOWN);
    frame.ethertype = 0x86dd;
    assert_int_equal(match("icmp6", &frame), FLOW_UNKNOWN);
}

/* Of the host on the wire only this is known: no group, none of OVN's. */
static void
test_an_unknown_host_is_none_of_ovns_macs(void **state PROVNET_UNUSED)
{
    struct strmap macs;
    struct flow_frame frame = untagged;
    strmap_init(&macs);
    *strmap_place(&macs, "fa:16:3e:00:00:09") = &macs;
    frame.dl_src = NULL;
    frame.ovn_macs = &macs;
    assert_int_equal(match("dl_src=FA:16:3E:00:00:09", &frame), FLOW_NORMAL);
    assert_int_equal(match("dl_src=ff:ff:ff:ff:ff:ff", &frame), FLOW_NORMAL);
    assert_int_equal(
        match("dl_src=01:00:00:00:00:00/01:00:00:00:00:00", &frame),
        FLOW_NORMAL);
    assert_int_equal(match("dl_src=fa:16:3e:00:00:08", &frame), FLOW_UNKNOWN);
    assert_int_equal(
        match("dl_src=fa:16:3e:00:00:09/ff:ff:ff:00:00:00", &frame),
        FLOW_UNKNOWN);
    assert_int_equal(match("dl_src=fa", &frame), FLOW_UNKNOWN);
    strmap_done(&macs);
}

static void
test_masks_of_known_macs_decide(void **state PROVNET_UNUSED)
{
    struct flow_frame frame = untagged;
    frame.dl_dst = "fa:16:3e:00:00:85";
    assert_int_equal(
        match("dl_dst=fa:16:3e:00:00:00/ff:ff:ff:00:00:00", &frame),
        FLOW_DROPS);
    assert_int_equal(
        match("dl_dst=33:33:00:00:00:00/ff:ff:00:00:00:00", &frame),
        FLOW_NORMAL);
    assert_int_equal(match("dl_dst=33:33:00:00:00:00/ff:ff", &frame),
                     FLOW_UNKNOWN);
}

static void
test_an_overlong_match_is_unknown(void **state PROVNET_UNUSED)
{
    char field[400];
    memset(field, 'x', sizeof field - 1);
    field[sizeof field - 1] = '\0';
    assert_int_equal(match(field, &untagged), FLOW_UNKNOWN);
}

/* Actions. */

static const struct {
    const char *actions;
    enum flow_effect effect;
} action_cases[] = {
    { "NORMAL", FLOW_NORMAL },
    { "normal", FLOW_NORMAL },
    { "drop", FLOW_DROPS },
    { "", FLOW_DROPS },
    { "output:2", FLOW_OUTPUTS },
    { "2", FLOW_OUTPUTS },
    { "output:\"patch-ln\"", FLOW_OUTPUTS },
    { "output:patch-ln", FLOW_OUTPUTS },
    { "\"patch-ln\"", FLOW_OUTPUTS },
    { "output:3", FLOW_ELSEWHERE },
    { "output:22", FLOW_ELSEWHERE },
    { "output:\"patch-l\"", FLOW_ELSEWHERE },
    { "LOCAL", FLOW_ELSEWHERE },
    { "output:3,output:2", FLOW_OUTPUTS },
    { "output:2,output:3", FLOW_OUTPUTS },
    { "output:3,NORMAL", FLOW_NORMAL },
    { "FLOOD", FLOW_OUTPUTS },
    { "ALL", FLOW_OUTPUTS },
    { "mod_vlan_vid:5,NORMAL", FLOW_UNKNOWN },
    { "strip_vlan,output:2", FLOW_UNKNOWN },
    { "resubmit(,1)", FLOW_UNKNOWN },
    { "CONTROLLER:65535", FLOW_UNKNOWN },
    { "goto_table:1", FLOW_UNKNOWN },
    { "IN_PORT", FLOW_UNKNOWN },
    { "output:NXM_NX_REG15[]", FLOW_UNKNOWN },
    { "output:NXM_OF_IN_PORT[0..15]", FLOW_UNKNOWN },
    { "learn(table=1,priority=2,output:NXM_OF_IN_PORT[]),NORMAL",
      FLOW_UNKNOWN },
};

static void
test_actions_have_their_effect(void **state PROVNET_UNUSED)
{
    for (size_t i = 0; i < N_ELEMENTS(action_cases); i++) {
        char dump[256];
        snprintf(dump, sizeof dump, " priority=0 actions=%s\n",
                 action_cases[i].actions);
        enum flow_effect effect = apply(dump, &untagged, NULL);
        if (effect != action_cases[i].effect) {
            fail_msg("\"%s\": effect %d", action_cases[i].actions, effect);
        }
    }
}

/* Choosing. */

static void
test_the_highest_priority_decides_wherever_it_stands(
    void **state PROVNET_UNUSED)
{
    char why[256];
    assert_int_equal(apply("priority=1 actions=NORMAL\n"
                           "priority=9 actions=drop\n"
                           "priority=5 actions=NORMAL\n",
                           &untagged, why),
                     FLOW_DROPS);
    assert_string_equal(why, "table=0,priority=9 actions=drop");
    assert_int_equal(apply("priority=9 actions=NORMAL\n"
                           "priority=1 actions=drop\n",
                           &untagged, why),
                     FLOW_NORMAL);
    assert_string_equal(why, "table=0,priority=9 actions=NORMAL");
    assert_int_equal(apply("priority=9,in_port=7 actions=drop\n"
                           "priority=1 actions=NORMAL\n",
                           &untagged, why),
                     FLOW_NORMAL);
    assert_int_equal(apply("priority=65535 actions=drop\n"
                           "actions=NORMAL\n",
                           &untagged, why),
                     FLOW_DROPS);
}

static void
test_no_flow_means_a_miss(void **state PROVNET_UNUSED)
{
    char why[256];
    assert_int_equal(apply("", &untagged, why), FLOW_MISSES);
    assert_string_equal(why, "");
    assert_int_equal(apply("in_port=7 actions=NORMAL\n", &untagged, why),
                     FLOW_MISSES);
    assert_int_equal(apply("table=1, actions=NORMAL\n", &untagged, why),
                     FLOW_MISSES); /* A frame begins at table 0. */
}

static void
test_one_flow_normal_is_all_there_is(void **state PROVNET_UNUSED)
{
    static const struct {
        const char *dump;
        bool is_normal;
    } cases[] = {
        { " cookie=0x0, table=0, n_packets=4, priority=0 actions=NORMAL\n",
          true },
        { "actions=normal\n", true },
        { "", false },
        { "actions=drop\n", false },
        { "actions=NORMAL,output:2\n", false },
        { "arp actions=NORMAL\n", false },
        { "table=1, actions=NORMAL\n", false },
        { "idle_timeout=5, actions=NORMAL\n", false },
        { "priority=1 actions=NORMAL\npriority=0 actions=NORMAL\n", false },
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct arena arena;
        struct flow_table *table;
        arena_init(&arena);
        check_success(
            flows_parse(cases[i].dump, strlen(cases[i].dump), &arena, &table));
        assert_int_equal(flows_are_normal(table), cases[i].is_normal);
        if (cases[i].is_normal) {
            assert_int_equal(apply(cases[i].dump, &untagged, NULL),
                             FLOW_NORMAL);
        }
        arena_done(&arena);
    }
}

static void
test_a_doubtful_flow_that_passes_is_no_obstacle(void **state PROVNET_UNUSED)
{
    char why[256];
    assert_int_equal(apply("priority=9,reg0=1 actions=NORMAL\n"
                           "priority=0 actions=NORMAL\n",
                           &untagged, why),
                     FLOW_NORMAL);
    assert_int_equal(apply("priority=9,reg0=1 actions=NORMAL\n"
                           "priority=0 actions=drop\n",
                           &untagged, why),
                     FLOW_UNKNOWN);
    assert_string_equal(why, "table=0,priority=9,reg0=1 actions=NORMAL");
    assert_int_equal(
        apply("priority=9,reg0=1 actions=NORMAL\n", &untagged, why),
        FLOW_UNKNOWN);
    assert_int_equal(apply("priority=9,reg0=1 actions=drop\n"
                           "priority=0 actions=NORMAL\n",
                           &untagged, why),
                     FLOW_UNKNOWN);
}

/* Two flows of one priority that both match: which one wins is undefined
 * (OpenFlow 1.3, section 5.3), in whatever order they are listed. */
static void
test_ties_are_unknown_unless_both_let_pass(void **state PROVNET_UNUSED)
{
    static const char *const flows[] = {
        "priority=5,arp actions=drop\n",
        "priority=5,in_port=1 actions=NORMAL\n",
        "priority=5,dl_src=fa:16:3e:00:00:01 actions=NORMAL\n",
        "priority=0 actions=NORMAL\n"
    };
    enum { N = N_ELEMENTS(flows) };
    for (size_t i = 0; i < N * N * N * N; i++) {
        size_t order[N] = { i % N, i / N % N, i / N / N % N, i / N / N / N };
        bool permutation = true;
        char dump[512] = "";
        for (size_t a = 0; a < N; a++) {
            for (size_t b = 0; b < a; b++) {
                permutation &= order[a] != order[b];
            }
            strcat(dump, flows[order[a]]);
        }
        if (permutation) {
            assert_int_equal(apply(dump, &untagged, NULL), FLOW_UNKNOWN);
        }
    }
    assert_int_equal(apply("priority=5,arp actions=NORMAL\n"
                           "priority=5,in_port=1 actions=output:2\n"
                           "priority=0 actions=NORMAL\n",
                           &untagged, NULL),
                     FLOW_NORMAL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_dump_is_parsed_without_its_counters),
        cmocka_unit_test(test_other_headings_and_missing_priorities_are_read),
        cmocka_unit_test(test_what_is_no_dump_is_an_error_that_names_the_line),
        cmocka_unit_test(test_a_match_decides_exactly),
        cmocka_unit_test(test_vlans_are_matched_by_id_and_presence),
        cmocka_unit_test(test_what_cannot_be_told_is_unknown),
        cmocka_unit_test(test_an_unknown_host_is_none_of_ovns_macs),
        cmocka_unit_test(test_masks_of_known_macs_decide),
        cmocka_unit_test(test_an_overlong_match_is_unknown),
        cmocka_unit_test(test_actions_have_their_effect),
        cmocka_unit_test(test_the_highest_priority_decides_wherever_it_stands),
        cmocka_unit_test(test_no_flow_means_a_miss),
        cmocka_unit_test(test_one_flow_normal_is_all_there_is),
        cmocka_unit_test(test_a_doubtful_flow_that_passes_is_no_obstacle),
        cmocka_unit_test(test_ties_are_unknown_unless_both_let_pass),
    };
    return cmocka_run_group_tests_name("flows", tests, NULL, NULL);
}
