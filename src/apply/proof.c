#include "apply/proof.h"

#include <string.h>

#include "base/clock.h"

const char *const proof_state_names[N_PROOF_STATES] = {
    [PROOF_PROVEN] = "proven",
    [PROOF_REFUTED] = "refuted",
    [PROOF_UNKNOWN] = "unknown",
    [PROOF_NOT_PROBED] = "not probed",
};

/* Judging. */

static const char *
question_of(const struct aim *aim)
{
    return aim->frame.is_ipv6 ? "neighbour discovery" : "ARP";
}

static const char *
words_of_answer(const struct probe_result *r, const char *id, struct arena *a)
{
    bool is_floating = r->aim->endpoint->kind == ENDPOINT_FLOATING_IP;
    return arena_printf(
        a, "%s %s %s through %s within %lld ms%s", is_floating ? "for" : id,
        is_floating ? arena_printf(a, "%s OVN answered", id) : "answered",
        question_of(r->aim),
        r->seen.answer_nic ? r->seen.answer_nic : "its NIC",
        (long long) r->seen.answer_ms,
        is_floating ? "; the way from the router to its VM was not probed"
                    : "");
}

/* Where the probe ended, if not at the wire. */
static const struct step *
last_step(const struct probe_result *r)
{
    const struct step *step =
        r->n_steps ? &r->steps[r->n_steps - 1].step : NULL;
    return step && step->state != STEP_PASS && step->hop != HOP_WIRE ? step
                                                                     : NULL;
}

static const char *
words_of_silence(const struct probe_result *r, const char *id, struct arena *a)
{
    const struct step *step = last_step(r);
    return arena_printf(a, "%s did not answer %s%s%s%s%s", id,
                        question_of(r->aim), step ? "; at hop " : "",
                        step ? hop_names[step->hop] : "", step ? ": " : "",
                        step && step->why ? step->why : "");
}

static bool
is_answered(const struct probe_result *r)
{
    return r->seen.n_answers_at_nic > 0;
}

/* Why a probe tells nothing of what was promised; NULL: it does. */
static const char *
find_doubt(const struct probe_result *r, const struct proof_target *target)
{
    const struct verdict *rows = &r->aim->at->verdicts[INBOUND];
    return rows->kind == VERDICT_BLOCKED
               ? "policy blocks the way in, as configured"
           : !target->was_lost_inbound && is_answered(r)
               ? "but the way in was not what was lost, and a probe shows no "
                 "more than that"
               : NULL;
}

void
proof_judge(const struct probe_result *r, const struct proof_target *target,
            struct arena *a, struct proof *ret)
{
    const char *doubt = find_doubt(r, target);
    bool is_proven = r->proofs[INBOUND] == PROBE_PROVEN
                     && r->proofs[OUTBOUND] == PROBE_PROVEN;
    bool is_refuted = !is_answered(r)
                      && (r->proofs[INBOUND] == PROBE_REFUTED
                          || r->proofs[OUTBOUND] == PROBE_REFUTED
                          || r->verdict == VERDICT_BROKEN);
    *ret = (struct proof){
        .endpoint = arena_strdup(a, target->id),
        .state = doubt        ? PROOF_UNKNOWN
                 : is_proven  ? PROOF_PROVEN
                 : is_refuted ? PROOF_REFUTED
                              : PROOF_UNKNOWN,
        .words = is_answered(r) ? words_of_answer(r, target->id, a)
                                : words_of_silence(r, target->id, a),
    };
    if (is_answered(r)) {
        ret->nic =
            r->seen.answer_nic ? arena_strdup(a, r->seen.answer_nic) : NULL;
        ret->ms = r->seen.answer_ms;
    }
    if (ret->state == PROOF_UNKNOWN && !doubt && is_answered(r)
        && r->n_notes) {
        doubt = r->notes[0];
    }
    if (doubt) {
        ret->words = arena_printf(a, "%s; %s", ret->words, doubt);
    }
}

/* Probing. */

/* A floating IP is the same one when it goes to another VM. */
const struct assessed_endpoint *
proof_find(const struct assessment *a, const char *id, const char *port)
{
    const struct assessed_endpoint *at = NULL;
    while ((at = reach_find(a, id, at)) && at->endpoint->kind == ENDPOINT_VM
           && strcmp(at->endpoint->port, port) != 0) {
    }
    return at;
}

static struct proof
not_probed(struct arena *a, const struct proof_target *target, const char *why)
{
    return (struct proof){
        .endpoint = arena_strdup(a, target->id),
        .state = PROOF_NOT_PROBED,
        .words = arena_printf(a, "%s was not probed: %s", target->id, why),
    };
}

static struct proof
prove(struct assessment *assessment, const struct proof_target *target,
      struct arena *a)
{
    static const struct probe_options options = { PROBE_DEFAULT_FRAMES,
                                                  PROBE_DEFAULT_WAIT_MS };
    const struct assessed_endpoint *at =
        proof_find(assessment, target->id, target->port);
    struct probe_result *result;
    struct proof proof;
    if (!at) {
        return not_probed(a, target, "it is not there any more");
    }
    result = arena_alloc(&assessment->arena, sizeof *result);
    struct error *error = probe_endpoint(assessment, at, &options, result);
    if (error) {
        proof = not_probed(a, target, error_text(error));
        error_free(error);
    } else {
        proof_judge(result, target, a, &proof);
    }
    return proof;
}

void
proof_make(struct assessment *assessment, const struct proof_target *targets,
           size_t n, const struct proof_stop *stop, struct arena *a,
           struct proof_list *ret)
{
    int64_t end_ms = clock_now_ms() + PROOF_MAX_MS;
    size_t n_probed = 0;
    ret->proofs = arena_alloc(a, (n + 1) * sizeof *ret->proofs);
    ret->n = 0;
    for (size_t i = 0; i < n; i++) {
        struct proof *proof = &ret->proofs[ret->n++];
        if (stop->is_stopped(stop->aux)) {
            *proof = not_probed(a, &targets[i], "the repair was stopped");
        } else if (n_probed < PROOF_MAX_PROBES && clock_now_ms() < end_ms) {
            *proof = prove(assessment, &targets[i], a);
        } else {
            *proof = not_probed(a, &targets[i],
                                "enough others were, or took too long");
        }
        n_probed += proof->state != PROOF_NOT_PROBED;
    }
}
