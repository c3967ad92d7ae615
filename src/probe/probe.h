/* Real frames to an endpoint, and what becomes of them.
 *
 * A few frames, one after the other until one is answered, enter at the NIC's
 * port of the provider bridge by `ovs-ofctl packet-out ... actions=table`,
 * which the switch treats as if the port had received them (ovs-ofctl(8);
 * `ovs-appctl ofproto/trace` with a packet follows it but outputs nothing).
 * They are watched for with packet sockets at the endpoint's port and at the
 * NIC, where the answer leaves.
 *
 * Nothing is printed.  It sends nothing where provnet foresees a storm. */
#ifndef PROBE_PROBE_H
#define PROBE_PROBE_H 1

#include "base/error.h"
#include "probe/judge.h"

struct probe_options {
    unsigned n_frames; /* At most, but one for each member of a bond; 0:
                          PROBE_DEFAULT_FRAMES. */
    int wait_ms;       /* For each answer; 0: PROBE_DEFAULT_WAIT_MS. */
};

#define PROBE_DEFAULT_FRAMES 3
#define PROBE_DEFAULT_WAIT_MS 1000

/* A made-up MAC address, another one each time. */
void probe_make_mac(uint8_t ret[FRAME_MAC_BYTES]);

/* Probes as 'aim' says.  '*ret' refers to 'aim' and the arena.  An error if it
 * cannot be done: from here ('aim->unable'), for a storm ('aim->storm'), or
 * because a tool or a socket fails.  Where no frame can enter
 * ('aim->obstacle') nothing is sent, and that is a result. */
struct error *probe_run(const struct aim *, const struct probe_options *,
                        struct arena *, struct probe_result *ret);

/* Aims and probes at once, for whoever needs a proof and shows no plan.
 * Everything lives in the assessment's arena. */
struct error *probe_endpoint(struct assessment *,
                             const struct assessed_endpoint *,
                             const struct probe_options *,
                             struct probe_result *ret);

#endif /* probe/probe.h */
