/* What the frames of a probe prove.
 *
 * A probe begins an exchange as a host on the physical network would: its
 * question goes in, and the answer comes back.  What was seen of both, at the
 * endpoint's port and at the NIC, and by how much the switches' counters rose
 * in the meantime, decides how far either came.
 *
 * A frame that was seen proves every hop before it.  A counter that stood
 * still proves that the frame did not get there; one that rose proves nothing
 * on a busy network, and is taken as a hint where the frame was seen last.
 *
 * No I/O: observations in, a result out. */
#ifndef PROBE_JUDGE_H
#define PROBE_JUDGE_H 1

#include "probe/aim.h"

/* Counters that are read before and after, in the order of the way. */
enum probe_counter {
    COUNTER_OUTER,  /* Provider bridge to patch port. */
    COUNTER_ENTRY,  /* OpenFlow flows of what comes from the patch port. */
    COUNTER_PORT,   /* OpenFlow flows that output to the endpoint's port. */
    COUNTER_ANSWER, /* Patch port to provider bridge: the way back. */
    N_COUNTERS
};

struct probe_count {
    const char *name; /* For people; NULL: it was not read. */
    uint64_t before, after;
};

struct probe_seen {
    unsigned n_sent;
    bool port_watched;
    bool nic_watched;
    unsigned n_at_port;         /* Questions seen at the endpoint's port. */
    unsigned n_answers_at_port; /* Answers seen there. */
    unsigned n_answers_at_nic;  /* Answers leaving the host... */
    unsigned n_strange_answers; /* ...and by another MAC address... */
    unsigned n_astray_answers;  /* ...and with another VLAN tag. */
    uint8_t answerer[FRAME_MAC_BYTES]; /* Of the last answer. */
    uint16_t answer_vlan;
    const char *answer_nic; /* By which it left; NULL: none did. */
    int64_t answer_ms; /* From the question's sending to its being seen. */
    struct probe_count counters[N_COUNTERS];
};

enum probe_proof { PROBE_UNKNOWN, PROBE_PROVEN, PROBE_REFUTED };
extern const char *const probe_proof_names[];

struct probe_step {
    struct step step;
    bool is_back; /* On the answer's way. */
};

#define PROBE_MAX_STEPS (2 * N_HOPS)
#define PROBE_MAX_NOTES 6

struct probe_result {
    const struct aim *aim;
    struct probe_seen seen;

    /* The way in, and the answer's way back out of the NIC.  Unknown as well
     * where frames passed, but rows say that others are stopped. */
    enum probe_proof proofs[N_DIRECTIONS];
    enum verdict_kind verdict; /* Of the exchange. */
    struct probe_step steps[PROBE_MAX_STEPS];
    size_t n_steps;
    const struct probe_step *last_seen; /* NULL: nothing was sent. */
    const char *notes[PROBE_MAX_NOTES]; /* What it does not prove. */
    size_t n_notes;
};

void probe_judge(const struct aim *, const struct probe_seen *, struct arena *,
                 struct probe_result *ret);

#endif /* probe/judge.h */
