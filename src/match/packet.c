#include "match/packet.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "match/constant.h"

static const struct {
    const char *name;
    unsigned width;
} fields[MATCH_N_FIELDS] = {
    [MATCH_XXREG0] = { "xxreg0", 128 },
    [MATCH_XXREG1] = { "xxreg1", 128 },
    [MATCH_XREG4] = { "xreg4", 64 },
    [MATCH_FLAGS] = { "flags", 32 },
    [MATCH_PKT_MARK] = { "pkt.mark", 32 },
    [MATCH_CT_STATE] = { "ct_state", 32 },
    [MATCH_CT_MARK] = { "ct_mark", 32 },
    [MATCH_CT_LABEL] = { "ct_label", 128 },
    [MATCH_ETH_SRC] = { "eth.src", 48 },
    [MATCH_ETH_DST] = { "eth.dst", 48 },
    [MATCH_ETH_TYPE] = { "eth.type", 16 },
    [MATCH_VLAN_TCI] = { "vlan.tci", 16 },
    [MATCH_IP_PROTO] = { "ip.proto", 8 },
    [MATCH_IP_DSCP] = { "ip.dscp", 6 },
    [MATCH_IP_ECN] = { "ip.ecn", 2 },
    [MATCH_IP_TTL] = { "ip.ttl", 8 },
    [MATCH_IP_FRAG] = { "ip.frag", 2 },
    [MATCH_IP4_SRC] = { "ip4.src", 32 },
    [MATCH_IP4_DST] = { "ip4.dst", 32 },
    [MATCH_IP6_SRC] = { "ip6.src", 128 },
    [MATCH_IP6_DST] = { "ip6.dst", 128 },
    [MATCH_IP6_LABEL] = { "ip6.label", 20 },
    [MATCH_ICMP4_TYPE] = { "icmp4.type", 8 },
    [MATCH_ICMP4_CODE] = { "icmp4.code", 8 },
    [MATCH_ICMP6_TYPE] = { "icmp6.type", 8 },
    [MATCH_ICMP6_CODE] = { "icmp6.code", 8 },
    [MATCH_ARP_OP] = { "arp.op", 16 },
    [MATCH_ARP_SPA] = { "arp.spa", 32 },
    [MATCH_ARP_TPA] = { "arp.tpa", 32 },
    [MATCH_ARP_SHA] = { "arp.sha", 48 },
    [MATCH_ARP_THA] = { "arp.tha", 48 },
    [MATCH_ND_TARGET] = { "nd.target", 128 },
    [MATCH_ND_SLL] = { "nd.sll", 48 },
    [MATCH_ND_TLL] = { "nd.tll", 48 },
    [MATCH_TCP_SRC] = { "tcp.src", 16 },
    [MATCH_TCP_DST] = { "tcp.dst", 16 },
    [MATCH_TCP_FLAGS] = { "tcp.flags", 12 },
    [MATCH_UDP_SRC] = { "udp.src", 16 },
    [MATCH_UDP_DST] = { "udp.dst", 16 },
    [MATCH_SCTP_SRC] = { "sctp.src", 16 },
    [MATCH_SCTP_DST] = { "sctp.dst", 16 },
    [MATCH_INPORT] = { "inport", 0 },
    [MATCH_OUTPORT] = { "outport", 0 },
    [MATCH_CHASSIS_RESIDENT] = { "is_chassis_resident()", 0 },
};

const char *
match_field_name(enum match_field field)
{
    assert(field < MATCH_N_FIELDS);
    return fields[field].name;
}

unsigned
match_field_width(enum match_field field)
{
    assert(field < MATCH_N_FIELDS);
    return fields[field].width;
}

void
match_packet_init(struct match_packet *packet)
{
    memset(packet, 0, sizeof *packet);
}

void
match_packet_set_bits(struct match_packet *packet, enum match_field field,
                      match_bits value, match_bits mask)
{
    assert(field < MATCH_N_NUMBERS);
    mask &= match_ones(fields[field].width);
    packet->value[field] = (packet->value[field] & ~mask) | (value & mask);
    packet->known[field] |= mask;
}

void
match_packet_set(struct match_packet *packet, enum match_field field,
                 uint64_t value)
{
    assert(match_field_width(field) <= 64);
    match_packet_set_bits(packet, field, value, match_ones(64));
}

int
match_packet_set_text(struct match_packet *packet, enum match_field field,
                      const char *text)
{
    assert(field < MATCH_N_NUMBERS);
    struct match_constant c;
    if (!match_constant_parse(&c, text)
        || match_constant_width(&c) > fields[field].width) {
        return -EINVAL;
    }
    match_packet_set_bits(packet, field, c.value, c.mask);
    return 0;
}

void
match_packet_set_port(struct match_packet *packet, enum match_field field,
                      const char *port)
{
    assert(field == MATCH_INPORT || field == MATCH_OUTPORT);
    *(field == MATCH_INPORT ? &packet->inport : &packet->outport) = port;
}

void
match_packet_forget(struct match_packet *packet, enum match_field field)
{
    assert(field < MATCH_N_FIELDS);
    if (field < MATCH_N_NUMBERS) {
        packet->value[field] = packet->known[field] = 0;
    } else if (field == MATCH_CHASSIS_RESIDENT) {
        packet->resident = NULL;
    } else {
        match_packet_set_port(packet, field, NULL);
    }
}
