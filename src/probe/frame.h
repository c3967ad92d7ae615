/* The frames of a probe: building what is sent, and recognising it and its
 * answer among frames that anybody may have written.
 *
 * For IPv4 it is an ARP probe (RFC 5227, section 2.1.1: sender address
 * 0.0.0.0), for IPv6 a neighbour solicitation for duplicate address detection
 * (RFC 4862, section 5.4.2: unspecified source, no link-layer option): neither
 * tells anybody an address, so nobody's cache is touched.  The MAC address is
 * made up (locally administered), so that no switch learns a real one at the
 * wrong port.
 *
 * Received bytes are read through a bounded cursor with a sticky error. */
#ifndef PROBE_FRAME_H
#define PROBE_FRAME_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/compiler.h"

#define FRAME_MAX_BYTES 96
#define FRAME_MAC_BYTES 6

struct frame_probe {
    uint8_t mac[FRAME_MAC_BYTES]; /* The made-up sender. */
    bool is_ipv6;
    uint8_t target[16]; /* IPv4: the first four. */
    uint16_t vlan;      /* 0: untagged. */
};

/* Sets 'target' from an address in text; false if it is none. */
bool frame_aim(struct frame_probe *, const char *ip) PROVNET_WARN_UNUSED;

/* Writes the frame as the wire carries it; returns its size. */
size_t frame_build(const struct frame_probe *, uint8_t ret[FRAME_MAX_BYTES]);

enum frame_kind {
    FRAME_OTHER,
    FRAME_REQUEST, /* The probe itself. */
    FRAME_ANSWER,  /* Somebody has the address, and says so to the prober. */
};

struct frame_seen {
    uint8_t mac[FRAME_MAC_BYTES]; /* Who sent it. */
    uint16_t vlan;
};

/* What a frame is to the probe.  'vlan' is the tag that the kernel took off it
 * (0: none); one that is still inside counts too.  '*ret' is set unless it is
 * FRAME_OTHER. */
enum frame_kind frame_read(const struct frame_probe *, const void *bytes,
                           size_t size, uint16_t vlan, struct frame_seen *ret);

#define FRAME_MAC_TEXT_SIZE 18
void frame_format_mac(const uint8_t mac[FRAME_MAC_BYTES],
                      char ret[FRAME_MAC_TEXT_SIZE]);

#endif /* probe/frame.h */
