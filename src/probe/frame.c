#include "probe/frame.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <string.h>

enum {
    TYPE_ARP = 0x0806,
    TYPE_VLAN = 0x8100,
    TYPE_IPV6 = 0x86dd,
    VLAN_MASK = 0x0fff,
    ARP_REQUEST = 1,
    ARP_REPLY = 2,
    PROTOCOL_ICMPV6 = 58,
    ND_SOLICITATION = 135,
    ND_ADVERTISEMENT = 136,
    ND_HOP_LIMIT = 255,
    ND_BYTES = 24, /* Without options. */
};

/* What stands between the hardware type and the operation: Ethernet, IPv4 and
 * the sizes of their addresses (RFC 826). */
static const uint8_t arp_head[] = { 0, 1, 8, 0, 6, 4, 0 };
static const uint8_t broadcast[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static const uint8_t all_nodes[] = { 0x33, 0x33, 0, 0, 0, 1 };

/* ff02::1:ffXX:XXXX, the last three bytes being the target's: RFC 4291,
 * section 2.7.1. */
static const uint8_t solicited_node[13] = { 0xff, 0x02, [11] = 1, 0xff };

bool
frame_aim(struct frame_probe *p, const char *ip)
{
    p->is_ipv6 = strchr(ip, ':');
    return inet_pton(p->is_ipv6 ? AF_INET6 : AF_INET, ip, p->target) == 1;
}

void
frame_format_mac(const uint8_t mac[FRAME_MAC_BYTES],
                 char ret[FRAME_MAC_TEXT_SIZE])
{
    snprintf(ret, FRAME_MAC_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0],
             mac[1], mac[2], mac[3], mac[4], mac[5]);
}

/* Building. */

struct writer {
    uint8_t *start;
    size_t n;
};

static void
put(struct writer *w, const void *bytes, size_t size)
{
    assert(w->n + size <= FRAME_MAX_BYTES);
    memcpy(w->start + w->n, bytes, size);
    w->n += size;
}

static void
put_byte(struct writer *w, unsigned value)
{
    put(w, &(uint8_t){ (uint8_t) value }, 1);
}

static void
put_16(struct writer *w, unsigned value)
{
    put_byte(w, value >> 8);
    put_byte(w, value & 0xff);
}

static void
put_zeros(struct writer *w, size_t n)
{
    while (n--) {
        put_byte(w, 0);
    }
}

static void
put_ethernet(struct writer *w, const struct frame_probe *p,
             const uint8_t *destination, unsigned type)
{
    put(w, destination, FRAME_MAC_BYTES);
    put(w, p->mac, FRAME_MAC_BYTES);
    if (p->vlan) {
        put_16(w, TYPE_VLAN);
        put_16(w, p->vlan & VLAN_MASK);
    }
    put_16(w, type);
}

static void
put_arp(struct writer *w, const struct frame_probe *p)
{
    put_ethernet(w, p, broadcast, TYPE_ARP);
    put(w, arp_head, sizeof arp_head);
    put_byte(w, ARP_REQUEST);
    put(w, p->mac, FRAME_MAC_BYTES);
    put_zeros(w, 4 + FRAME_MAC_BYTES); /* Sender 0.0.0.0, hardware unknown. */
    put(w, p->target, 4);
}

/* RFC 1071, over a pseudo-header of RFC 8200, section 8.1, whose source is
 * all zeros, and so adds nothing. */
static unsigned
checksum(const uint8_t destination[16], const uint8_t *bytes, size_t size)
{
    unsigned sum = (unsigned) size + PROTOCOL_ICMPV6;
    for (size_t i = 0; i < 16; i += 2) {
        sum += (unsigned) destination[i] << 8 | destination[i + 1];
    }
    for (size_t i = 0; i + 1 < size; i += 2) {
        sum += (unsigned) bytes[i] << 8 | bytes[i + 1];
    }
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return ~sum & 0xffff;
}

static void
put_solicitation(struct writer *w, const struct frame_probe *p)
{
    uint8_t group[16];
    memcpy(group, solicited_node, sizeof solicited_node);
    memcpy(group + 13, p->target + 13, 3);
    uint8_t multicast[FRAME_MAC_BYTES] = { 0x33, 0x33 };
    memcpy(multicast + 2, group + 12, 4);
    put_ethernet(w, p, multicast, TYPE_IPV6);
    put_byte(w, 6 << 4);
    put_zeros(w, 3);
    put_16(w, ND_BYTES);
    put_byte(w, PROTOCOL_ICMPV6);
    put_byte(w, ND_HOP_LIMIT);
    put_zeros(w, 16); /* The source. */
    put(w, group, 16);
    uint8_t *message = w->start + w->n;
    put_byte(w, ND_SOLICITATION);
    put_zeros(w, 7);
    put(w, p->target, 16);
    unsigned sum = checksum(group, message, ND_BYTES);
    message[2] = (uint8_t) (sum >> 8);
    message[3] = (uint8_t) sum;
}

size_t
frame_build(const struct frame_probe *p, uint8_t ret[FRAME_MAX_BYTES])
{
    struct writer w = { ret, 0 };
    if (p->is_ipv6) {
        put_solicitation(&w, p);
    } else {
        put_arp(&w, p);
    }
    return w.n;
}

/* Reading. */

struct cursor {
    const uint8_t *next;
    size_t left;
    bool failed;
};

/* 'size' bytes, or NULL, now and from then on, if there are not so many. */
static const uint8_t *
take(struct cursor *c, size_t size)
{
    if (c->failed || c->left < size) {
        c->failed = true;
        return NULL;
    }
    const uint8_t *bytes = c->next;
    c->next += size;
    c->left -= size;
    return bytes;
}

static unsigned
take_16(struct cursor *c)
{
    const uint8_t *bytes = take(c, 2);
    return bytes ? (unsigned) bytes[0] << 8 | bytes[1] : 0;
}

static unsigned
take_byte(struct cursor *c)
{
    const uint8_t *byte = take(c, 1);
    return byte ? *byte : 0;
}

static bool
matches(struct cursor *c, const void *expected, size_t size)
{
    const uint8_t *bytes = take(c, size);
    return bytes && !memcmp(bytes, expected, size);
}

static enum frame_kind
read_arp(struct cursor *c, const struct frame_probe *p)
{
    if (!matches(c, arp_head, sizeof arp_head)) {
        return FRAME_OTHER;
    }
    unsigned operation = take_byte(c);
    const uint8_t *sender_mac = take(c, FRAME_MAC_BYTES);
    const uint8_t *sender = take(c, 4);
    const uint8_t *receiver_mac = take(c, FRAME_MAC_BYTES);
    const uint8_t *receiver = take(c, 4);
    if (c->failed) {
        return FRAME_OTHER;
    } else if (operation == ARP_REQUEST
               && !memcmp(sender_mac, p->mac, FRAME_MAC_BYTES)
               && !memcmp(receiver, p->target, 4)) {
        return FRAME_REQUEST;
    } else if (operation == ARP_REPLY
               && !memcmp(receiver_mac, p->mac, FRAME_MAC_BYTES)
               && !memcmp(sender, p->target, 4)) {
        return FRAME_ANSWER;
    }
    return FRAME_OTHER;
}

/* An ND message; 'from_us' and 'to_us' are what the MAC addresses say.  Guests
 * advertise to all nodes (RFC 4861, section 7.2.4), OVN to the prober alone.
 */
static enum frame_kind
read_ipv6(struct cursor *c, const struct frame_probe *p, bool from_us,
          bool to_us)
{
    take(c, 6); /* Version, class, label, length. */
    unsigned protocol = take_byte(c);
    unsigned hop_limit = take_byte(c);
    take(c, 32); /* Addresses. */
    unsigned type = take_byte(c);
    unsigned code = take_byte(c);
    take(c, 6); /* Checksum, flags. */
    bool is_target = matches(c, p->target, 16);
    if (c->failed || protocol != PROTOCOL_ICMPV6 || hop_limit != ND_HOP_LIMIT
        || code || !is_target) {
        return FRAME_OTHER;
    }
    return type == ND_SOLICITATION && from_us  ? FRAME_REQUEST
           : type == ND_ADVERTISEMENT && to_us ? FRAME_ANSWER
                                               : FRAME_OTHER;
}

enum frame_kind
frame_read(const struct frame_probe *p, const void *bytes, size_t size,
           uint16_t vlan, struct frame_seen *ret)
{
    struct cursor c = { bytes, size, false };
    const uint8_t *to = take(&c, FRAME_MAC_BYTES);
    const uint8_t *from = take(&c, FRAME_MAC_BYTES);
    unsigned type = take_16(&c);
    if (type == TYPE_VLAN) {
        vlan = (uint16_t) (take_16(&c) & VLAN_MASK);
        type = take_16(&c);
    }
    if (c.failed) {
        return FRAME_OTHER;
    }
    bool from_us = !memcmp(from, p->mac, FRAME_MAC_BYTES);
    bool to_us = !memcmp(to, p->mac, FRAME_MAC_BYTES);
    enum frame_kind kind = FRAME_OTHER;
    if (type == TYPE_ARP && !p->is_ipv6) {
        kind = read_arp(&c, p);
    } else if (type == TYPE_IPV6 && p->is_ipv6) {
        kind = read_ipv6(&c, p, from_us,
                         to_us || !memcmp(to, all_nodes, sizeof all_nodes));
    }
    if (kind != FRAME_OTHER) {
        memcpy(ret->mac, from, FRAME_MAC_BYTES);
        ret->vlan = vlan;
    }
    return kind;
}
