/* Watching network devices for a probe's frames, with packet sockets
 * (packet(7)), which see what comes in and what goes out.
 *
 * A filter in the kernel lets only frames through that may belong to the
 * probe, so a busy NIC costs nothing.  It needs CAP_NET_RAW, and the network
 * namespace that the device is in.  Nothing is ever sent here. */
#ifndef PROBE_WATCH_H
#define PROBE_WATCH_H 1

#include "base/error.h"
#include "probe/frame.h"

struct watch {
    int fd; /* -1: not open. */
    const char *device;
};

/* Starts watching 'device'.  watch_close() in any case. */
struct error *watch_open(struct watch *, const char *device,
                         const struct frame_probe *);
void watch_close(struct watch *);

/* Is told of each frame of the probe; 'is_outgoing' if the host sent it out of
 * the device. */
typedef void watch_seen_fn(void *aux, const struct watch *, enum frame_kind,
                           const struct frame_seen *, bool is_outgoing);

/* Takes in what 'n' watches see until 'deadline_ms' of the monotonic clock, or
 * until '*done' becomes true. */
void watch_wait(const struct watch *, size_t n, const struct frame_probe *,
                int64_t deadline_ms, watch_seen_fn *, void *aux,
                const bool *done);

#endif /* probe/watch.h */
