/* What a probe reads: frames that anybody may have sent, and what ovs-ofctl
 * prints. */
#include "fuzz.h"

#include <string.h>

#include "probe/frame.h"
#include "probe/tally.h"

static void
fuzz_frame(const struct frame_probe *p, const uint8_t *bytes, size_t size)
{
    struct frame_seen seen = { .vlan = UINT16_MAX };
    enum frame_kind kind = frame_read(p, bytes, size, 7, &seen);
    CHECK(kind <= FRAME_ANSWER);
    CHECK(kind == FRAME_OTHER ? seen.vlan == UINT16_MAX : seen.vlan < 4096);
    CHECK(kind == FRAME_OTHER || size >= 42);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct frame_probe ipv4 = { .mac = { 2, 'p', 'n', 1, 2, 3 } };
    struct frame_probe ipv6 = ipv4;
    uint64_t rx, tx;
    uint8_t *copy = malloc(size ? size : 1); /* Of exactly that size. */
    memcpy(copy, bytes, size);
    CHECK(frame_aim(&ipv4, "192.168.50.185"));
    CHECK(frame_aim(&ipv6, "2001:db8:50::185"));
    fuzz_frame(&ipv4, copy, size);
    fuzz_frame(&ipv6, copy, size);
    (void) !tally_port((const char *) copy, size, &rx, &tx);
    (void) !tally_flows((const char *) copy, size, &tx);
    free(copy);
    return 0;
}
