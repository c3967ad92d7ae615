#include "unit.h"

#include "probe/judge.h"

/* A VM on chassis hv1, as rows tell it, and a probe of it. */
struct fixture {
    struct arena arena;
    struct fabric_chassis chassis;
    struct fabric_switch ls;
    struct fabric_endpoint endpoint;
    struct assessed_endpoint at;
    struct aim aim;
    struct probe_seen seen;
    struct probe_result result;
    struct rule rule;
    struct finding finding;
};

static int
setup(void **state)
{
    struct fixture *f = xcalloc(1, sizeof *f);
    arena_init(&f->arena);
    f->chassis.name = "hv1";
    f->ls.name = "public";
    f->endpoint = (struct fabric_endpoint){ .kind = ENDPOINT_VM,
                                            .address = "192.168.50.185",
                                            .port = "vm1",
                                            .ls = &f->ls,
                                            .chassis = &f->chassis };
    f->at.endpoint = &f->endpoint;
    f->aim = (struct aim){ .at = &f->at,
                           .endpoint = &f->endpoint,
                           .chassis = &f->chassis,
                           .bridge = "br-ex",
                           .integration_bridge = "br-int",
                           .nics = { { "eth0", 1 } },
                           .n_nics = 1,
                           .outer = { "outer", 2 },
                           .inner = { "inner", 3 },
                           .port = { "tap1", 4 } };
    f->seen = (struct probe_seen){ .n_sent = 3,
                                   .port_watched = true,
                                   .nic_watched = true };
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    arena_done(&f->arena);
    free(f);
    return 0;
}

static void
set_counters(struct fixture *f, const unsigned rises[N_COUNTERS])
{
    static const char *const names[N_COUNTERS] = { "outer", "entry", "port",
                                                   "answer" };
    for (size_t i = 0; i < N_COUNTERS; i++) {
        f->seen.counters[i] =
            (struct probe_count){ names[i], 100, 100 + rises[i] };
    }
}

/* What rows say stops the exchange. */
static void
set_rows(struct fixture *f, enum verdict_kind kind, const char *code,
         enum hop hop)
{
    f->rule = (struct rule){ .code = code, .hop = hop };
    f->finding = (struct finding){ .rule = &f->rule, .hop = hop };
    f->at.verdicts[INBOUND] =
        (struct verdict){ .kind = kind, .culprit = &f->finding };
}

static void
judge(struct fixture *f)
{
    probe_judge(&f->aim, &f->seen, &f->arena, &f->result);
}

static void
check(const struct fixture *f, enum verdict_kind verdict,
      enum probe_proof inbound, enum probe_proof outbound)
{
    assert_string_equal(verdict_names[f->result.verdict],
                        verdict_names[verdict]);
    assert_string_equal(probe_proof_names[f->result.proofs[INBOUND]],
                        probe_proof_names[inbound]);
    assert_string_equal(probe_proof_names[f->result.proofs[OUTBOUND]],
                        probe_proof_names[outbound]);
}

/* The last step stops there. */
static void
check_stop(const struct fixture *f, enum hop hop, bool is_back,
           const char *code)
{
    const struct probe_step *s = &f->result.steps[f->result.n_steps - 1];
    assert_string_equal(hop_names[s->step.hop], hop_names[hop]);
    assert_int_equal(s->is_back, is_back);
    assert_int_equal(s->step.state, STEP_STOP);
    assert_string_equal(s->step.code ? s->step.code : "", code);
}

static void
answer(struct fixture *f)
{
    f->seen.n_sent = 1;
    f->seen.n_at_port = 1;
    f->seen.n_answers_at_port = 1;
    f->seen.n_answers_at_nic = 1;
}

static void
an_answer_at_the_nic_proves_both_ways(void **state)
{
    struct fixture *f = *state;
    answer(f);
    judge(f);
    check(f, VERDICT_REACHABLE, PROBE_PROVEN, PROBE_PROVEN);
    assert_int_equal(f->result.n_steps, 15);
    assert_int_equal(f->result.last_seen->step.hop, HOP_NIC);
    assert_true(f->result.last_seen->is_back);
    /* What it cannot prove is no pass. */
    assert_int_equal(f->result.steps[0].step.state, STEP_UNKNOWN);
    assert_int_equal(f->result.steps[14].step.state, STEP_UNKNOWN);
    assert_true(f->result.n_notes >= 2);
}

/* ARP does not meet an ACL for IP. */
static void
an_answer_does_not_outvote_rows(void **state)
{
    struct fixture *f = *state;
    answer(f);
    set_rows(f, VERDICT_BLOCKED, "acl-drop", HOP_PORT);
    judge(f);
    check(f, VERDICT_UNDETERMINED, PROBE_UNKNOWN, PROBE_UNKNOWN);
    assert_non_null(strstr(f->result.notes[0], "acl-drop"));
}

static void
a_silent_guest_is_the_last_hop(void **state)
{
    struct fixture *f = *state;
    f->seen.n_at_port = 3;
    judge(f);
    check(f, VERDICT_BROKEN, PROBE_REFUTED, PROBE_UNKNOWN);
    check_stop(f, HOP_GUEST, false, "");
    assert_int_equal(f->result.last_seen->step.hop, HOP_PORT);
}

static void
counters_that_stand_still_name_the_hop(void **state)
{
    struct fixture *f = *state;
    static const struct {
        unsigned rises[N_COUNTERS];
        enum hop hop;
    } cases[] = {
        { { 0, 0, 0, 0 }, HOP_PROVIDER_BRIDGE },
        { { 3, 0, 0, 0 }, HOP_INTEGRATION_BRIDGE },
        { { 3, 3, 0, 0 }, HOP_LOGICAL_SWITCH },
        { { 3, 3, 3, 0 }, HOP_PORT },
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        set_counters(f, cases[i].rises);
        judge(f);
        check(f, VERDICT_BROKEN, PROBE_REFUTED, PROBE_UNKNOWN);
        check_stop(f, cases[i].hop, false, "");
    }
}

static void
without_a_patch_port_it_stops_there(void **state)
{
    struct fixture *f = *state;
    f->aim.outer.name = NULL;
    set_rows(f, VERDICT_BROKEN, "ls-no-localnet", HOP_PATCH);
    judge(f);
    check(f, VERDICT_BROKEN, PROBE_REFUTED, PROBE_UNKNOWN);
    check_stop(f, HOP_PATCH, false, "ls-no-localnet");
    assert_int_equal(f->result.last_seen->step.hop, HOP_PROVIDER_BRIDGE);
}

/* A DPDK port, no counters: nothing was seen, and nothing is known. */
static void
what_cannot_be_watched_is_unknown(void **state)
{
    struct fixture *f = *state;
    f->seen.port_watched = f->seen.nic_watched = false;
    judge(f);
    check(f, VERDICT_UNDETERMINED, PROBE_UNKNOWN, PROBE_UNKNOWN);
    f->seen.port_watched = true;
    f->seen.n_at_port = f->seen.n_answers_at_port = 1;
    judge(f);
    check(f, VERDICT_UNDETERMINED, PROBE_PROVEN, PROBE_UNKNOWN);
}

static void
an_answer_that_does_not_leave_refutes_the_way_back(void **state)
{
    struct fixture *f = *state;
    f->seen.n_at_port = f->seen.n_answers_at_port = 3;
    set_counters(f, (unsigned[N_COUNTERS]){ 3, 3, 3, 0 });
    judge(f);
    check(f, VERDICT_BROKEN, PROBE_PROVEN, PROBE_REFUTED);
    check_stop(f, HOP_LOGICAL_SWITCH, true, "");
    set_counters(f, (unsigned[N_COUNTERS]){ 3, 3, 3, 3 });
    judge(f);
    check_stop(f, HOP_PROVIDER_BRIDGE, true, "");
    f->seen.n_astray_answers = 3;
    judge(f);
    check(f, VERDICT_BROKEN, PROBE_PROVEN, PROBE_REFUTED);
    check_stop(f, HOP_NIC, true, "");
}

static void
a_disabled_port_is_blocked(void **state)
{
    struct fixture *f = *state;
    set_counters(f, (unsigned[N_COUNTERS]){ 3, 3, 0, 0 });
    set_rows(f, VERDICT_BLOCKED, "lsp-disabled", HOP_PORT);
    judge(f);
    check(f, VERDICT_BLOCKED, PROBE_REFUTED, PROBE_UNKNOWN);
    check_stop(f, HOP_PORT, false, "lsp-disabled");
}

/* On a busy network a counter rises all the same, and rows know better; they
 * do not where a counter stood still before the hop that they name. */
static void
rows_name_the_hop_where_counters_allow_it(void **state)
{
    struct fixture *f = *state;
    set_rows(f, VERDICT_BROKEN, "brex-no-flow", HOP_PROVIDER_BRIDGE);
    set_counters(f, (unsigned[N_COUNTERS]){ 9, 9, 9, 9 });
    judge(f);
    check_stop(f, HOP_PROVIDER_BRIDGE, false, "brex-no-flow");
    set_rows(f, VERDICT_BROKEN, "iface-id-missing", HOP_PORT);
    set_counters(f, (unsigned[N_COUNTERS]){ 0, 0, 0, 0 });
    judge(f);
    check_stop(f, HOP_PROVIDER_BRIDGE, false, "");
    f->seen.n_at_port = f->seen.n_answers_at_port = 3;
    set_rows(f, VERDICT_BROKEN, "brex-nic-down", HOP_NIC);
    set_counters(f, (unsigned[N_COUNTERS]){ 3, 3, 3, 3 });
    judge(f);
    check_stop(f, HOP_NIC, true, "brex-nic-down");
    set_counters(f, (unsigned[N_COUNTERS]){ 3, 3, 3, 0 });
    judge(f);
    check_stop(f, HOP_LOGICAL_SWITCH, true, "");
}

static void
where_no_frame_can_enter_none_is_sent(void **state)
{
    struct fixture *f = *state;
    f->seen = (struct probe_seen){ 0 };
    f->aim.obstacle = "bridge br-ex has no NIC";
    f->aim.obstacle_hop = HOP_NIC;
    judge(f);
    check(f, VERDICT_BROKEN, PROBE_REFUTED, PROBE_UNKNOWN);
    check_stop(f, HOP_NIC, false, "");
    assert_null(f->result.last_seen);
    /* Not known is not broken. */
    f->aim.obstacle_hop = HOP_PROVIDER_BRIDGE;
    judge(f);
    check(f, VERDICT_UNDETERMINED, PROBE_UNKNOWN, PROBE_UNKNOWN);
}

/* A router's own address without NAT: silence proves nothing. */
static void
a_router_may_ignore_the_probe(void **state)
{
    struct fixture *f = *state;
    f->endpoint.kind = ENDPOINT_GATEWAY;
    f->seen.port_watched = false;
    set_counters(f, (unsigned[N_COUNTERS]){ 3, 3, 0, 0 });
    f->seen.counters[COUNTER_PORT].name = NULL;
    judge(f);
    check(f, VERDICT_BROKEN, PROBE_REFUTED, PROBE_UNKNOWN);
    check_stop(f, HOP_ROUTER, false, "");
    f->aim.may_be_ignored = true;
    judge(f);
    check(f, VERDICT_UNDETERMINED, PROBE_UNKNOWN, PROBE_UNKNOWN);
}

/* The NIC is down: where a router's answer was lost, nobody saw. */
static void
a_shut_nic_hides_what_a_router_did(void **state)
{
    struct fixture *f = *state;
    f->endpoint.kind = ENDPOINT_GATEWAY;
    f->seen.port_watched = false;
    set_counters(f, (unsigned[N_COUNTERS]){ 3, 3, 0, 3 });
    set_rows(f, VERDICT_BROKEN, "brex-nic-down", HOP_NIC);
    judge(f);
    check(f, VERDICT_BROKEN, PROBE_UNKNOWN, PROBE_UNKNOWN);
}

/* OVN answers, whatever became of the VM. */
static void
a_floating_ip_is_not_proven_by_arp(void **state)
{
    struct fixture *f = *state;
    f->endpoint.kind = ENDPOINT_FLOATING_IP;
    f->seen = (struct probe_seen){ .n_sent = 1,
                                   .nic_watched = true,
                                   .n_answers_at_nic = 1 };
    judge(f);
    check(f, VERDICT_UNDETERMINED, PROBE_PROVEN, PROBE_PROVEN);
    assert_non_null(strstr(f->result.notes[0], "was not probed"));
}

#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_answer_at_the_nic_proves_both_ways),
        TEST(an_answer_does_not_outvote_rows),
        TEST(a_silent_guest_is_the_last_hop),
        TEST(counters_that_stand_still_name_the_hop),
        TEST(without_a_patch_port_it_stops_there),
        TEST(what_cannot_be_watched_is_unknown),
        TEST(an_answer_that_does_not_leave_refutes_the_way_back),
        TEST(a_disabled_port_is_blocked),
        TEST(rows_name_the_hop_where_counters_allow_it),
        TEST(where_no_frame_can_enter_none_is_sent),
        TEST(a_router_may_ignore_the_probe),
        TEST(a_shut_nic_hides_what_a_router_did),
        TEST(a_floating_ip_is_not_proven_by_arp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
