/* Counters in what ovs-ofctl(8) prints.
 *
 *     OFPST_PORT reply (xid=0x2): 1 ports
 *       port  3: rx pkts=13, bytes=770, drop=?, errs=?, frame=?, ...
 *                tx pkts=29, bytes=1474, drop=?, errs=?, coll=?
 *     OFPST_AGGREGATE reply (OF1.5) (xid=0x6): packet_count=15 byte_count=854
 *
 * No I/O; the text may hold anything. */
#ifndef PROBE_TALLY_H
#define PROBE_TALLY_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/compiler.h"

/* `dump-ports BRIDGE PORT`: packets that the one port in it received and sent.
 * False if it does not say. */
bool tally_port(const char *text, size_t length, uint64_t *ret_rx,
                uint64_t *ret_tx) PROVNET_WARN_UNUSED;

/* `dump-aggregate BRIDGE FLOW`. */
bool tally_flows(const char *text, size_t length,
                 uint64_t *ret_packets) PROVNET_WARN_UNUSED;

#endif /* probe/tally.h */
