/* One frame as far as it is known, for matches to be asked about.
 *
 * Each field of OVN's match language that is no subfield or predicate of
 * another has a place here, and each of its bits is known or unknown.  Nothing
 * is derived: a packet whose ip4.src is set is no IPv4 packet until eth.type
 * is set to 0x800 as well (match_assume() in match/match.h does both, from
 * "ip4.src == 10.0.0.1").  Fields that the frame does not have, such as
 * tcp.dst of an ARP request, may stay unknown: prerequisites see to it that
 * they are not asked for.
 *
 * Life cycle: match_packet_init(), after which nothing is known; then the
 * setters.  A packet owns nothing; names of ports are the caller's and must
 * live as long as it.  Copying the struct copies the packet.
 *
 * Sources: ovn-sb(5), Logical_Flow, "match", Symbols; widths and what is
 * overlaid by what: OVN's lib/logical-fields.c and Open vSwitch's
 * ovs-fields(7). */
#ifndef MATCH_PACKET_H
#define MATCH_PACKET_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/compiler.h"

/* Wide enough for any field; a number, the least significant bit is bit 0. */
typedef unsigned __int128 match_bits;

enum match_field {
    MATCH_XXREG0, /* reg0 is its most significant word, reg3 its least. */
    MATCH_XXREG1, /* reg4 to reg7. */
    MATCH_XREG4,  /* reg8 and reg9. */
    MATCH_FLAGS,
    MATCH_PKT_MARK,
    MATCH_CT_STATE, /* MATCH_CT_* below are its bits. */
    MATCH_CT_MARK,
    MATCH_CT_LABEL,
    MATCH_ETH_SRC,
    MATCH_ETH_DST,
    MATCH_ETH_TYPE,
    MATCH_VLAN_TCI, /* 0 without a VLAN tag; bit 12 is set with one. */
    MATCH_IP_PROTO,
    MATCH_IP_DSCP,
    MATCH_IP_ECN,
    MATCH_IP_TTL,
    MATCH_IP_FRAG, /* Bit 0: a fragment; bit 1: and not the first one. */
    MATCH_IP4_SRC,
    MATCH_IP4_DST,
    MATCH_IP6_SRC,
    MATCH_IP6_DST,
    MATCH_IP6_LABEL,
    MATCH_ICMP4_TYPE,
    MATCH_ICMP4_CODE,
    MATCH_ICMP6_TYPE,
    MATCH_ICMP6_CODE,
    MATCH_ARP_OP, /* RARP has the same fields. */
    MATCH_ARP_SPA,
    MATCH_ARP_TPA,
    MATCH_ARP_SHA,
    MATCH_ARP_THA,
    MATCH_ND_TARGET,
    MATCH_ND_SLL,
    MATCH_ND_TLL,
    MATCH_TCP_SRC,
    MATCH_TCP_DST,
    MATCH_TCP_FLAGS,
    MATCH_UDP_SRC,
    MATCH_UDP_DST,
    MATCH_SCTP_SRC,
    MATCH_SCTP_DST,
    MATCH_N_NUMBERS,

    /* Strings. */
    MATCH_INPORT = MATCH_N_NUMBERS,
    MATCH_OUTPORT,

    /* No field, but what is_chassis_resident("PORT") asks for. */
    MATCH_CHASSIS_RESIDENT,
    MATCH_N_FIELDS
};

/* Bits of MATCH_CT_STATE. */
#define MATCH_CT_NEW 0x01u
#define MATCH_CT_EST 0x02u
#define MATCH_CT_REL 0x04u
#define MATCH_CT_RPL 0x08u
#define MATCH_CT_INV 0x10u
#define MATCH_CT_TRK 0x20u
#define MATCH_CT_SNAT 0x40u
#define MATCH_CT_DNAT 0x80u

enum match_result { MATCH_NO, MATCH_YES, MATCH_MAYBE };

/* Whether logical port 'port' resides on the chassis in question. */
typedef enum match_result match_resident_fn(void *aux, const char *port);

struct match_packet {
    match_bits value[MATCH_N_NUMBERS]; /* 0 where unknown. */
    match_bits known[MATCH_N_NUMBERS];
    const char *inport;          /* NULL if unknown. */
    const char *outport;         /* Likewise; "none", OVN's word, if none. */
    match_resident_fn *resident; /* NULL if unknown. */
    void *resident_aux;
};

void match_packet_init(struct match_packet *);

/* Sets a whole field, which must be no more than 64 bits wide; what 'value'
 * has beyond the field's width is left out. */
void match_packet_set(struct match_packet *, enum match_field, uint64_t value);

/* Sets those bits of a field that are 1 in 'mask', leaves the others. */
void match_packet_set_bits(struct match_packet *, enum match_field,
                           match_bits value, match_bits mask);

/* Sets a field from 'text': an IPv4, IPv6 or Ethernet address or a number, as
 * constants are written in matches; with a mask or a prefix length, only the
 * bits of that.  Returns -EINVAL if it is none or too wide. */
int match_packet_set_text(struct match_packet *, enum match_field,
                          const char *text) PROVNET_WARN_UNUSED;

/* Sets MATCH_INPORT or MATCH_OUTPORT. */
void match_packet_set_port(struct match_packet *, enum match_field,
                           const char *port);

/* Makes a field unknown. */
void match_packet_forget(struct match_packet *, enum match_field);

/* The name and the width in bits (0 for a string) of a field, such as
 * "ip4.src" and 32. */
const char *match_field_name(enum match_field);
unsigned match_field_width(enum match_field);

/* 'n' one-bits, from bit 0. */
static inline match_bits
match_ones(unsigned n)
{
    return n < 128 ? ((match_bits) 1 << n) - 1 : ~(match_bits) 0;
}

#endif /* match/packet.h */
