/* A tripwire: a thread that watches, several times in a tenth of a second,
 * what passes the NICs of the provider bridges, and calls out as soon as that
 * looks like a bridging loop.
 *
 * It sees the chassis whose Open vSwitch's sockets are on this machine: frames
 * of NIC ports by OpenFlow 1.0 port statistics (BRIDGE.mgmt), and entries that
 * moved from port to port in the forwarding table, by the control socket
 * ("fdb/stats-show", ovs-vswitchd(8)).  Both are asked directly, without a
 * process for each sample.  What it cannot see it names (tripwire_missing()).
 *
 * It trips on a bridge if, over the last two samples,
 *   - frames come more than TRIPWIRE_FACTOR times as fast as before and faster
 *     than TRIPWIRE_MIN_RATE a second, or
 *   - more than TRIPWIRE_MIN_MOVES entries a second moved, and more than
 *     TRIPWIRE_FACTOR times as many as before, or
 *   - the switch, which answered before, does not for TRIPWIRE_STALL_MS.
 * Where there is a loop already, each frame that meets it is a burst: there
 * either of the first two must last for TRIPWIRE_BURST_MS.
 * "Before" is what was measured by tripwire_start(), which takes some tenths
 * of a second.  Traffic that comes back at once at such a rate trips it too:
 * better a repair too few than a storm.
 *
 * 'trip' is called once, in the thread; the thread ends then. */
#ifndef APPLY_TRIPWIRE_H
#define APPLY_TRIPWIRE_H 1

#include "evidence/evidence.h"

#define TRIPWIRE_SAMPLE_MS 50
#define TRIPWIRE_FACTOR 10
#define TRIPWIRE_MIN_RATE 1000
#define TRIPWIRE_MIN_MOVES 50
#define TRIPWIRE_STALL_MS 500
#define TRIPWIRE_BURST_MS 500

struct tripwire;

/* 'why' lives until tripwire_stop(). */
typedef void tripwire_fn(void *aux, const char *why);

/* Starts watching the chassis of 'evidence', which may go afterwards; whether
 * there 'has_loop' already. */
struct tripwire *tripwire_start(const struct evidence *, bool has_loop,
                                tripwire_fn *trip, void *aux);
void tripwire_stop(struct tripwire *);

/* How many bridges it watches, and what it does not see and why, one line
 * each, until NULL.  Lives as long as the tripwire. */
size_t tripwire_n_bridges(const struct tripwire *);
const char *const *tripwire_missing(const struct tripwire *);

/* The highest rate of frames a second since it started, for the record. */
uint64_t tripwire_peak(const struct tripwire *);

#endif /* apply/tripwire.h */
