#include "unit.h"

#include "apply/proof.h"

/* A VM that a repair was to restore, and a probe of it. */
struct fixture {
    struct arena arena;
    struct fabric_switch ls;
    struct fabric_endpoint endpoint;
    struct assessed_endpoint at;
    struct aim aim;
    struct probe_result result;
    struct proof_target target;
    struct proof proof;
};

static int
setup(void **state)
{
    struct fixture *f = xcalloc(1, sizeof *f);
    arena_init(&f->arena);
    f->endpoint = (struct fabric_endpoint){ .kind = ENDPOINT_VM,
                                            .address = "192.168.50.185",
                                            .port = "vm1",
                                            .ls = &f->ls };
    f->at = (struct assessed_endpoint){ .endpoint = &f->endpoint };
    f->aim = (struct aim){ .at = &f->at, .endpoint = &f->endpoint };
    f->result = (struct probe_result){ .aim = &f->aim,
                                       .verdict = VERDICT_UNDETERMINED };
    f->result.seen.n_sent = 3;
    f->target = (struct proof_target){ "192.168.50.185", "vm1", true };
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
answer(struct fixture *f)
{
    f->result.verdict = VERDICT_REACHABLE;
    f->result.proofs[INBOUND] = f->result.proofs[OUTBOUND] = PROBE_PROVEN;
    f->result.seen.n_answers_at_nic = 1;
    f->result.seen.answer_nic = "eth0";
    f->result.seen.answer_ms = 3;
}

static void
stop(struct fixture *f, enum hop hop, enum step_state state, const char *why)
{
    f->result.steps[0].step =
        (struct step){ .hop = HOP_NIC, .state = STEP_PASS };
    f->result.steps[1].step =
        (struct step){ .hop = hop, .state = state, .why = why };
    f->result.n_steps = 2;
}

static void
check(struct fixture *f, enum proof_state state, const char *words)
{
    proof_judge(&f->result, &f->target, &f->arena, &f->proof);
    assert_string_equal(proof_state_names[f->proof.state],
                        proof_state_names[state]);
    assert_string_equal(f->proof.words, words);
    assert_string_equal(f->proof.endpoint, "192.168.50.185");
}

static void
an_answer_proves(void **state)
{
    struct fixture *f = *state;
    answer(f);
    check(f, PROOF_PROVEN,
          "192.168.50.185 answered ARP through eth0 within 3 ms");
    assert_string_equal(f->proof.nic, "eth0");
    assert_int_equal(f->proof.ms, 3);
    f->aim.frame.is_ipv6 = true;
    check(f, PROOF_PROVEN,
          "192.168.50.185 answered neighbour discovery through eth0 within 3 "
          "ms");
}

static void
of_a_floating_ip_it_says_what_was_not_probed(void **state)
{
    struct fixture *f = *state;
    answer(f);
    f->endpoint.kind = ENDPOINT_FLOATING_IP;
    f->result.verdict = VERDICT_UNDETERMINED; /* As probe/judge.c has it. */
    check(f, PROOF_PROVEN,
          "for 192.168.50.185 OVN answered ARP through eth0 within 3 ms; the "
          "way from the router to its VM was not probed");
}

static void
silence_refutes(void **state)
{
    struct fixture *f = *state;
    f->result.verdict = VERDICT_BROKEN;
    f->result.proofs[INBOUND] = PROBE_REFUTED;
    stop(f, HOP_GUEST, STEP_STOP, "no answer came back");
    check(f, PROOF_REFUTED,
          "192.168.50.185 did not answer ARP; at hop guest: no answer came "
          "back");
    assert_null(f->proof.nic);
    /* Seen at the port, lost on its way back. */
    f->result.proofs[INBOUND] = PROBE_PROVEN;
    f->result.proofs[OUTBOUND] = PROBE_REFUTED;
    stop(f, HOP_PATCH, STEP_STOP, "it did not leave");
    check(f, PROOF_REFUTED,
          "192.168.50.185 did not answer ARP; at hop patch: it did not leave");
    /* Nobody knows where, but the NIC was watched. */
    f->result.proofs[INBOUND] = f->result.proofs[OUTBOUND] = PROBE_UNKNOWN;
    f->result.n_steps = 0;
    check(f, PROOF_REFUTED, "192.168.50.185 did not answer ARP");
}

static void
silence_that_tells_nothing_refutes_nothing(void **state)
{
    struct fixture *f = *state;
    stop(f, HOP_ROUTER, STEP_UNKNOWN, "OVN answers only its network");
    check(f, PROOF_UNKNOWN,
          "192.168.50.185 did not answer ARP; at hop router: OVN answers only "
          "its network");
}

static void
policy_has_promised_nothing(void **state)
{
    struct fixture *f = *state;
    f->at.verdicts[INBOUND].kind = VERDICT_BLOCKED;
    f->result.verdict = VERDICT_BLOCKED;
    f->result.proofs[INBOUND] = PROBE_REFUTED;
    check(f, PROOF_UNKNOWN,
          "192.168.50.185 did not answer ARP; policy blocks the way in, as "
          "configured");
}

static void
what_was_answered_before_proves_nothing(void **state)
{
    struct fixture *f = *state;
    f->target.was_lost_inbound = false;
    answer(f);
    check(f, PROOF_UNKNOWN,
          "192.168.50.185 answered ARP through eth0 within 3 ms; but the way "
          "in was not what was lost, and a probe shows no more than that");
    /* Silence says as much as ever. */
    f->result.seen.n_answers_at_nic = 0;
    f->result.proofs[OUTBOUND] = PROBE_REFUTED;
    check(f, PROOF_REFUTED, "192.168.50.185 did not answer ARP");
}

static void
an_answer_against_the_rows_proves_nothing(void **state)
{
    struct fixture *f = *state;
    answer(f);
    f->result.proofs[INBOUND] = f->result.proofs[OUTBOUND] = PROBE_UNKNOWN;
    f->result.notes[f->result.n_notes++] = "the databases say otherwise";
    check(f, PROOF_UNKNOWN,
          "192.168.50.185 answered ARP through eth0 within 3 ms; the "
          "databases say otherwise");
}

static bool
after_one(void *n)
{
    return ++*(int *) n > 1;
}

/* No frame is sent once the tripwire has tripped. */
static void
who_is_stopped_probes_nobody_else(void **state)
{
    struct fixture *f = *state;
    const struct proof_target targets[] = { f->target, f->target };
    struct assessment nobody = { .n_endpoints = 0 };
    struct proof_list list;
    int n = 0;
    const struct proof_stop stop = { after_one, &n };
    proof_make(&nobody, targets, 2, &stop, &f->arena, &list);
    assert_int_equal(list.n, 2);
    assert_int_equal(list.proofs[0].state, PROOF_NOT_PROBED);
    assert_non_null(strstr(list.proofs[0].words, "not there any more"));
    assert_int_equal(list.proofs[1].state, PROOF_NOT_PROBED);
    assert_non_null(strstr(list.proofs[1].words, "was stopped"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_answer_proves),
        TEST(of_a_floating_ip_it_says_what_was_not_probed),
        TEST(silence_refutes),
        TEST(silence_that_tells_nothing_refutes_nothing),
        TEST(policy_has_promised_nothing),
        TEST(what_was_answered_before_proves_nothing),
        TEST(an_answer_against_the_rows_proves_nothing),
        TEST(who_is_stopped_probes_nobody_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
