/* Whether real frames say what a repair has promised.
 *
 * Endpoints that it restored are probed (probe/probe.h), one after the other,
 * and each answer becomes one line.  That is done where it can be, which is on
 * the endpoint's chassis; elsewhere the line says why not.  Nothing depends on
 * it here: a guest that is shut down does not answer either, so what to make
 * of a refutation is for whoever asks.
 *
 * A probe is ARP or neighbour discovery towards the endpoint.  It proves
 * nothing of a repair where that was answered before: where frames were lost
 * on the way out only, say so ('was_lost_inbound').
 *
 * Strings live in the arena that is given. */
#ifndef APPLY_PROOF_H
#define APPLY_PROOF_H 1

#include "probe/probe.h"

/* However many were restored. */
#define PROOF_MAX_PROBES 16
#define PROOF_MAX_MS 10000

enum proof_state {
    PROOF_PROVEN,     /* The answer left at the NIC. */
    PROOF_REFUTED,    /* None did, and one was promised. */
    PROOF_UNKNOWN,    /* It was probed, and that tells nothing. */
    PROOF_NOT_PROBED, /* It cannot be, from here. */
    N_PROOF_STATES
};

extern const char *const proof_state_names[N_PROOF_STATES];

struct proof_target {
    const char *id, *port; /* Of the endpoint: impact.h. */
    bool was_lost_inbound;
};

struct proof {
    const char *endpoint;
    enum proof_state state;
    const char *words; /* What was seen, or why nothing was: one line. */
    const char *nic;   /* By which an answer left; NULL: none did... */
    int64_t ms;        /* ...and after how long. */
};

struct proof_list {
    struct proof *proofs; /* In the arena. */
    size_t n;
};

/* The endpoint that is called so: of two VMs that have one address, the one of
 * that port.  NULL if there is none. */
const struct assessed_endpoint *proof_find(const struct assessment *,
                                           const char *id, const char *port);

/* What a probe says of a promise that was made for that endpoint. */
void proof_judge(const struct probe_result *, const struct proof_target *,
                 struct arena *, struct proof *ret);

/* Asked before each probe: no frame is sent any more once it says so. */
struct proof_stop {
    bool (*is_stopped)(void *aux);
    void *aux;
};

/* Probes 'n' endpoints of an assessment that was made after the repair. */
void proof_make(struct assessment *, const struct proof_target *, size_t n,
                const struct proof_stop *, struct arena *,
                struct proof_list *ret);

#endif /* apply/proof.h */
