#include "probe/judge.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

const char *const probe_proof_names[] = { [PROBE_UNKNOWN] = "unknown",
                                          [PROBE_PROVEN] = "proven",
                                          [PROBE_REFUTED] = "refuted" };

/* The hops of the question; the answer crosses them the other way round. */
static const enum hop hops_of_vm[] = { HOP_WIRE,
                                       HOP_NIC,
                                       HOP_PROVIDER_BRIDGE,
                                       HOP_PATCH,
                                       HOP_INTEGRATION_BRIDGE,
                                       HOP_LOGICAL_SWITCH,
                                       HOP_PORT,
                                       HOP_GUEST };
static const enum hop hops_of_router[] = { HOP_WIRE,
                                           HOP_NIC,
                                           HOP_PROVIDER_BRIDGE,
                                           HOP_PATCH,
                                           HOP_INTEGRATION_BRIDGE,
                                           HOP_LOGICAL_SWITCH,
                                           HOP_GATEWAY,
                                           HOP_ROUTER };
enum { N_WAY = N_ELEMENTS(hops_of_vm), AT_NIC = 1, AT_END = N_WAY - 1 };
_Static_assert(N_ELEMENTS(hops_of_router) == N_WAY, "one length for both");

struct judge {
    const struct aim *aim;
    const struct probe_seen *seen;
    struct arena *arena;
    struct probe_result *result;
    const enum hop *hops;
};

static bool
is_router(const struct aim *aim)
{
    return aim->endpoint->kind != ENDPOINT_VM;
}

static void
note(struct judge *j, const char *text)
{
    if (j->result->n_notes < PROBE_MAX_NOTES) {
        j->result->notes[j->result->n_notes++] = text;
    }
}

static bool
stood_still(const struct probe_seen *seen, enum probe_counter c)
{
    const struct probe_count *count = &seen->counters[c];
    return count->name && count->after == count->before;
}

static bool
rose(const struct probe_seen *seen, enum probe_counter c)
{
    const struct probe_count *count = &seen->counters[c];
    return count->name && count->after > count->before;
}

/* Steps. */

static const char *
name_of(const struct aim *aim, enum hop hop, bool is_back)
{
    const struct fabric_endpoint *e = aim->endpoint;
    const char *name = NULL;
    switch (hop) {
    case HOP_NIC:
        name = aim->n_nics ? aim->nics[0].name : NULL;
        break;
    case HOP_PROVIDER_BRIDGE:
        name = aim->bridge;
        break;
    case HOP_PATCH:
        name = is_back ? aim->inner.name : aim->outer.name;
        break;
    case HOP_INTEGRATION_BRIDGE:
        name = aim->integration_bridge;
        break;
    case HOP_LOGICAL_SWITCH:
        name = e->ls->name;
        break;
    case HOP_GATEWAY:
        name = e->gateway ? e->gateway->name : NULL;
        break;
    case HOP_ROUTER:
        name = e->gateway ? e->gateway->router->label : NULL;
        break;
    case HOP_PORT:
        name = aim->port.name ? aim->port.name : e->port;
        break;
    case HOP_GUEST:
        name = e->address;
        break;
    default:
        break;
    }
    return name ? name : "";
}

static struct probe_step *
add(struct judge *j, enum hop hop, bool is_back, enum step_state state,
    const char *why)
{
    struct probe_result *r = j->result;
    const char *chassis = j->aim->chassis ? j->aim->chassis->name : NULL;
    bool is_of_chassis =
        hop != HOP_WIRE && hop != HOP_LOGICAL_SWITCH && hop != HOP_ROUTER;
    struct probe_step *s = &r->steps[r->n_steps++];
    *s = (struct probe_step){
        .step = { .hop = hop,
                  .name = name_of(j->aim, hop, is_back),
                  .chassis = is_of_chassis ? chassis : NULL,
                  .state = state,
                  .why = why },
        .is_back = is_back,
    };
    return s;
}

/* The code of what the rows say stops the exchange at that hop or nearby: the
 * one that check and trace would name. */
static const char *
code_at(const struct aim *aim, enum hop from, enum hop to)
{
    const struct finding *f = aim->at->verdicts[INBOUND].culprit;
    return f && f->hop >= from && f->hop <= to ? f->rule->code : NULL;
}

struct stop {
    size_t at; /* Index of the hop. */
    enum step_state state;
    const char *why;
    size_t first, last; /* Where it may be instead, if rows say so. */
};

/* Counters name a stretch of the way, and, on a busy network, only its inner
 * end is certain.  Where the rows name a hop of it, it is that one. */
static void
ask_rows(const struct judge *j, struct stop *stop)
{
    const struct finding *f = j->aim->at->verdicts[INBOUND].culprit;
    for (size_t i = stop->first;
         f && stop->state == STEP_STOP && i < N_WAY && i <= stop->last; i++) {
        if (j->hops[i] == f->hop && i != stop->at) {
            stop->at = i;
            stop->why = f->message;
            return;
        }
    }
}

/* The way in. */

/* How far the question came for certain, as an index of the hops: every hop
 * up to it let it pass. */
static size_t
proven_in(const struct probe_seen *seen)
{
    return seen->n_answers_at_port || seen->n_answers_at_nic ? AT_END
           : seen->n_at_port                                 ? AT_END - 1
                                                             : AT_NIC;
}

/* Whether rows say that nothing leaves at the NIC.  Questions enter behind it,
 * so what is lost then are answers; of a router's, nothing was to be seen. */
static bool
is_nic_shut(const struct judge *j)
{
    const struct finding *f = j->aim->at->verdicts[INBOUND].culprit;
    return f && f->hop == HOP_NIC;
}

/* Where counters say that a question was lost that was not seen again. */
static struct stop
find_stop_in(const struct judge *j)
{
    static const struct stop
        no_patch = { 3, STEP_STOP,
                     "there is no patch port to the integration bridge; the "
                     "frame entered the provider bridge and went no further",
                     2, 3 },
        at_bridge = { 2, STEP_STOP, "no frame left it through the patch port",
                      2, 3 },
        at_entry = { 4, STEP_STOP,
                     "no OpenFlow flow takes what comes from the patch port",
                     2, 4 },
        ignored = { AT_END, STEP_UNKNOWN,
                    "no answer, but OVN answers for this address only to "
                    "senders with an address of its network, which the probe "
                    "has not",
                    0, 0 },
        at_router = { AT_END, STEP_STOP,
                      "OVN took the question in, and no answer left at the "
                      "NIC",
                      2, AT_END },
        shut = { AT_END, STEP_UNKNOWN,
                 "whether OVN answered cannot be told: nothing can leave at "
                 "the NIC",
                 0, 0 },
        at_switch = { 5, STEP_STOP,
                      "OVN took the frame in and did not send it to the port",
                      2, 6 },
        at_port = { 6, STEP_STOP, "the frame did not come out of the port", 2,
                    6 },
        anywhere = { 2, STEP_UNKNOWN,
                     "no answer; how far the frame came could not be watched",
                     0, 0 };
    const struct probe_seen *seen = j->seen;
    return !j->aim->outer.name                       ? no_patch
           : stood_still(seen, COUNTER_OUTER)        ? at_bridge
           : stood_still(seen, COUNTER_ENTRY)        ? at_entry
           : is_router(j->aim) && !seen->nic_watched ? anywhere
           : is_router(j->aim) && is_nic_shut(j)     ? shut

           : is_router(j->aim) ? j->aim->may_be_ignored ? ignored : at_router
           : stood_still(seen, COUNTER_PORT) ? at_switch
           : seen->port_watched              ? at_port
                                             : anywhere;
}

static const char *
why_passed(const struct judge *j, enum hop hop)
{
    switch (hop) {
    case HOP_NIC:
        return arena_printf(j->arena, "entered here: %u frame%s",
                            j->seen->n_sent, j->seen->n_sent == 1 ? "" : "s");
    case HOP_PORT:
        return j->seen->n_at_port ? "seen on its way to the guest" : NULL;
    case HOP_GUEST:
    case HOP_ROUTER: {
        char mac[FRAME_MAC_TEXT_SIZE];
        frame_format_mac(j->seen->answerer, mac);
        return arena_printf(j->arena, "answered: %s", mac);
    }
    default:
        return NULL;
    }
}

/* Returns whether the question was answered. */
static bool
judge_in(struct judge *j)
{
    size_t proven = proven_in(j->seen);
    struct stop stop = { proven + 1, STEP_STOP, NULL, 0, 0 };
    if (proven == AT_NIC) {
        stop = find_stop_in(j);
        ask_rows(j, &stop);
    } else if (proven < AT_END) {
        stop.why = "the question reached the port, and no answer came back";
    }
    add(j, HOP_WIRE, false, STEP_UNKNOWN, "nothing was sent over the wire");
    for (size_t i = AT_NIC; i <= AT_END && i < stop.at; i++) {
        add(j, j->hops[i], false, STEP_PASS,
            i > proven ? "by counters" : why_passed(j, j->hops[i]));
    }
    if (proven == AT_END) {
        return true;
    }
    j->result->last_seen = &j->result->steps[j->result->n_steps - 1];
    struct probe_step *s =
        add(j, j->hops[stop.at], false, stop.state, stop.why);
    s->step.code = code_at(j->aim, j->hops[stop.at], j->hops[stop.at]);
    j->result->proofs[INBOUND] =
        stop.state == STEP_STOP ? PROBE_REFUTED : PROBE_UNKNOWN;
    return false;
}

/* The way back. */

static struct stop
find_stop_back(const struct judge *j)
{
    static const struct stop
        anywhere = { AT_END - 1, STEP_UNKNOWN, "the NIC cannot be watched", 0,
                     0 },
        behind_patch = { 2, STEP_STOP,
                         "the answer came through the patch port and did not "
                         "leave at the NIC",
                         AT_NIC, 6 },
        before_patch = { 5, STEP_STOP,
                         "the answer was seen at the port, and did not come "
                         "to the patch port",
                         4, 6 },
        before_nic = { 5, STEP_STOP,
                       "the answer was seen at the port, and did not leave at "
                       "the NIC",
                       AT_NIC, 6 };
    struct stop astray = {
        AT_NIC, STEP_STOP,
        arena_printf(j->arena, "the answer left with VLAN %u instead of %u",
                     j->seen->answer_vlan, j->aim->frame.vlan),
        0, 0
    };
    return !j->seen->nic_watched                  ? anywhere
           : j->seen->n_astray_answers            ? astray
           : rose(j->seen, COUNTER_ANSWER)        ? behind_patch
           : stood_still(j->seen, COUNTER_ANSWER) ? before_patch
                                                  : before_nic;
}

static void
judge_back(struct judge *j)
{
    bool left = j->seen->n_answers_at_nic;
    struct stop stop = { 0, STEP_UNKNOWN,
                         "nothing beyond the NIC was looked at", 0, 0 };
    if (!left) {
        stop = find_stop_back(j);
        ask_rows(j, &stop);
    }
    /* A router's hops are behind the answer; of a VM the port is next. */
    for (size_t i = AT_END - 1; i > stop.at; i--) {
        add(j, j->hops[i], true, STEP_PASS,
            j->hops[i] == HOP_NIC ? "seen leaving"
            : j->hops[i] == HOP_PORT && j->seen->n_answers_at_port
                ? "answer seen"
            : left ? NULL
                   : "by counters");
    }
    j->result->last_seen = &j->result->steps[j->result->n_steps - 1];
    struct probe_step *s =
        add(j, j->hops[stop.at], true, stop.state, stop.why);
    if (!left) {
        s->step.code = code_at(j->aim, j->hops[stop.at], j->hops[stop.at]);
    }
    j->result->proofs[OUTBOUND] = left                      ? PROBE_PROVEN
                                  : stop.state == STEP_STOP ? PROBE_REFUTED
                                                            : PROBE_UNKNOWN;
}

/* The verdict. */

static void
judge_positive(struct judge *j)
{
    const struct verdict *rows = &j->aim->at->verdicts[INBOUND];
    struct probe_result *r = j->result;
    r->verdict = VERDICT_REACHABLE;
    if (rows->kind == VERDICT_BROKEN || rows->kind == VERDICT_BLOCKED) {
        r->verdict = VERDICT_UNDETERMINED;
        r->proofs[INBOUND] = r->proofs[OUTBOUND] = PROBE_UNKNOWN;
        note(j, arena_printf(j->arena,
                             "the probe was answered, but the databases say "
                             "that an IP packet would be %s at hop %s: %s",
                             rows->kind == VERDICT_BROKEN ? "lost" : "blocked",
                             hop_names[rows->culprit->hop],
                             rows->culprit->rule->code));
    } else if (rows->kind == VERDICT_UNDETERMINED) {
        r->verdict = VERDICT_UNDETERMINED;
        note(j, arena_printf(j->arena,
                             "the probe was answered, but about IP packets "
                             "this is not known: %s",
                             rows->n_missing ? rows->missing[0] : "?"));
    }
    if (j->aim->endpoint->kind == ENDPOINT_FLOATING_IP) {
        r->verdict = VERDICT_UNDETERMINED;
        note(j, "OVN answers for a floating IP itself: the way from the "
                "router to its VM was not probed");
    }
}

static void
judge_verdict(struct judge *j, bool answered)
{
    const struct verdict *rows = &j->aim->at->verdicts[INBOUND];
    struct probe_result *r = j->result;
    if (answered && r->proofs[OUTBOUND] == PROBE_PROVEN) {
        judge_positive(j);
    } else if (r->proofs[INBOUND] == PROBE_REFUTED
               || r->proofs[OUTBOUND] == PROBE_REFUTED
               || (j->seen->nic_watched && !j->aim->may_be_ignored)) {
        r->verdict =
            rows->kind == VERDICT_BLOCKED ? VERDICT_BLOCKED : VERDICT_BROKEN;
    }
    if (j->seen->n_strange_answers) {
        char mac[FRAME_MAC_TEXT_SIZE];
        frame_format_mac(j->seen->answerer, mac);
        note(j,
             arena_printf(j->arena,
                          "somebody else answers for the address: %s", mac));
    }
    if (j->seen->n_sent) {
        note(j, "the wire beyond the NIC: no frame was sent over it, nor came "
                "from it");
        note(j, j->aim->frame.is_ipv6
                    ? "policy for other packets: ACLs let neighbour discovery "
                      "pass"
                    : "policy for IP packets: ACLs for IP are not asked about "
                      "ARP");
    }
}

/* No frame could enter: rows say why, and nothing was sent. */
static void
judge_obstacle(struct judge *j)
{
    const struct aim *aim = j->aim;
    const char *code = code_at(aim, HOP_NIC, HOP_GUEST);
    bool is_known = code || aim->obstacle_hop == HOP_NIC;
    struct probe_step *s =
        add(j, aim->obstacle_hop, false, is_known ? STEP_STOP : STEP_UNKNOWN,
            aim->obstacle);
    s->step.code = code;
    j->result->proofs[INBOUND] = is_known ? PROBE_REFUTED : PROBE_UNKNOWN;
    if (is_known) {
        j->result->verdict = aim->at->verdicts[INBOUND].kind == VERDICT_BLOCKED
                                 ? VERDICT_BLOCKED
                                 : VERDICT_BROKEN;
    }
    note(j, "nothing was sent: no frame could enter");
}

void
probe_judge(const struct aim *aim, const struct probe_seen *seen,
            struct arena *arena, struct probe_result *ret)
{
    struct judge j = { aim, seen, arena, ret,
                       is_router(aim) ? hops_of_router : hops_of_vm };
    bool answered = false;
    *ret = (struct probe_result){ .aim = aim,
                                  .seen = *seen,
                                  .verdict = VERDICT_UNDETERMINED };
    if (!seen->n_sent) {
        judge_obstacle(&j);
        return;
    }
    answered = judge_in(&j);
    if (answered) {
        ret->proofs[INBOUND] = PROBE_PROVEN;
        judge_back(&j);
    }
    judge_verdict(&j, answered);
}
