#include "probe/tally.h"

#include <string.h>

struct cursor {
    const char *next, *end;
    bool failed;
};

/* Goes on behind the next 'word'. */
static void
find(struct cursor *c, const char *word)
{
    size_t length = strlen(word);
    const char *at =
        c->failed ? NULL
                  : memmem(c->next, (size_t) (c->end - c->next), word, length);
    c->failed = !at;
    c->next = at ? at + length : c->end;
}

static uint64_t
number(struct cursor *c)
{
    uint64_t value = 0;
    const char *start = c->next;
    for (; c->next < c->end && *c->next >= '0' && *c->next <= '9'; c->next++) {
        unsigned digit = (unsigned) (*c->next - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            c->failed = true;
            return 0;
        }
        value = value * 10 + digit;
    }
    c->failed |= c->next == start;
    return value;
}

bool
tally_port(const char *text, size_t length, uint64_t *ret_rx, uint64_t *ret_tx)
{
    struct cursor c = { text, text + length, false };
    find(&c, " port ");
    find(&c, "rx pkts=");
    uint64_t rx = number(&c);
    find(&c, "tx pkts=");
    uint64_t tx = number(&c);
    if (!c.failed) {
        *ret_rx = rx;
        *ret_tx = tx;
    }
    return !c.failed;
}

bool
tally_flows(const char *text, size_t length, uint64_t *ret_packets)
{
    struct cursor c = { text, text + length, false };
    find(&c, "packet_count=");
    uint64_t packets = number(&c);
    if (!c.failed) {
        *ret_packets = packets;
    }
    return !c.failed;
}
