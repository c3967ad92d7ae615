#include "match/symbol.h"

/* clang-format off */
#define FIELD(NAME, FIELD, WIDTH, PREREQUISITE) \
    { NAME, FIELD, 0, WIDTH, false, PREREQUISITE, NULL }
#define NOMINAL(NAME, FIELD, WIDTH, PREREQUISITE) \
    { NAME, FIELD, 0, WIDTH, true, PREREQUISITE, NULL }
#define SUBFIELD(NAME, FIELD, LOW, HIGH, PREREQUISITE) \
    { NAME, FIELD, LOW, (HIGH) - (LOW) + 1, false, PREREQUISITE, NULL }
#define PREDICATE(NAME, EXPANSION) \
    { NAME, 0, 0, 1, false, NULL, EXPANSION }
#define NOMINAL_PREDICATE(NAME, EXPANSION) \
    { NAME, 0, 0, 1, true, NULL, EXPANSION }

const struct match_symbol match_symbols[] = {
    NOMINAL("inport", MATCH_INPORT, 0, NULL),
    NOMINAL("outport", MATCH_OUTPORT, 0, NULL),

    FIELD("xxreg0", MATCH_XXREG0, 128, NULL),
    FIELD("xxreg1", MATCH_XXREG1, 128, NULL),
    SUBFIELD("xreg0", MATCH_XXREG0, 64, 127, NULL),
    SUBFIELD("xreg1", MATCH_XXREG0, 0, 63, NULL),
    SUBFIELD("xreg2", MATCH_XXREG1, 64, 127, NULL),
    SUBFIELD("xreg3", MATCH_XXREG1, 0, 63, NULL),
    FIELD("xreg4", MATCH_XREG4, 64, NULL),
    SUBFIELD("reg0", MATCH_XXREG0, 96, 127, NULL),
    SUBFIELD("reg1", MATCH_XXREG0, 64, 95, NULL),
    SUBFIELD("reg2", MATCH_XXREG0, 32, 63, NULL),
    SUBFIELD("reg3", MATCH_XXREG0, 0, 31, NULL),
    SUBFIELD("reg4", MATCH_XXREG1, 96, 127, NULL),
    SUBFIELD("reg5", MATCH_XXREG1, 64, 95, NULL),
    SUBFIELD("reg6", MATCH_XXREG1, 32, 63, NULL),
    SUBFIELD("reg7", MATCH_XXREG1, 0, 31, NULL),
    SUBFIELD("reg8", MATCH_XREG4, 32, 63, NULL),
    SUBFIELD("reg9", MATCH_XREG4, 0, 31, NULL),

    FIELD("flags", MATCH_FLAGS, 32, NULL),
    SUBFIELD("flags.loopback", MATCH_FLAGS, 0, 0, NULL),
    SUBFIELD("flags.force_snat_for_dnat", MATCH_FLAGS, 2, 2, NULL),
    SUBFIELD("flags.force_snat_for_lb", MATCH_FLAGS, 3, 3, NULL),
    SUBFIELD("flags.skip_snat_for_lb", MATCH_FLAGS, 9, 9, NULL),
    SUBFIELD("flags.use_snat_zone", MATCH_FLAGS, 11, 11, NULL),
    SUBFIELD("flags.localnet", MATCH_FLAGS, 15, 15, NULL),
    SUBFIELD("flags.tunnel_rx", MATCH_FLAGS, 16, 16, NULL),
    SUBFIELD("flags.icmp_snat", MATCH_FLAGS, 17, 17, NULL),
    SUBFIELD("flags.from_ctrl", MATCH_FLAGS, 19, 19, NULL),
    SUBFIELD("flags.unsnat_new", MATCH_FLAGS, 20, 20, NULL),
    SUBFIELD("flags.unsnat_not_tracked", MATCH_FLAGS, 21, 21, NULL),
    SUBFIELD("flags.network_id", MATCH_FLAGS, 28, 31, NULL),
    FIELD("pkt.mark", MATCH_PKT_MARK, 32, NULL),

    FIELD("ct_mark", MATCH_CT_MARK, 32, NULL),
    SUBFIELD("ct_mark.blocked", MATCH_CT_MARK, 0, 0, NULL),
    SUBFIELD("ct_mark.natted", MATCH_CT_MARK, 1, 1, NULL),
    SUBFIELD("ct_mark.skip_snat", MATCH_CT_MARK, 2, 2, NULL),
    SUBFIELD("ct_mark.force_snat", MATCH_CT_MARK, 3, 3, NULL),
    SUBFIELD("ct_mark.obs_stage", MATCH_CT_MARK, 4, 5, NULL),
    SUBFIELD("ct_mark.allow_established", MATCH_CT_MARK, 6, 6, NULL),
    SUBFIELD("ct_mark.ecmp_reply_port", MATCH_CT_MARK, 16, 31, NULL),
    SUBFIELD("ct_mark.obs_collector_id", MATCH_CT_MARK, 16, 23, NULL),
    FIELD("ct_label", MATCH_CT_LABEL, 128, NULL),
    SUBFIELD("ct_label.blocked", MATCH_CT_LABEL, 0, 0, NULL),
    SUBFIELD("ct_label.natted", MATCH_CT_LABEL, 1, 1, NULL),
    SUBFIELD("ct_label.ecmp_reply_eth", MATCH_CT_LABEL, 32, 79, NULL),
    SUBFIELD("ct_label.ecmp_reply_port", MATCH_CT_LABEL, 80, 95, NULL),
    SUBFIELD("ct_label.label", MATCH_CT_LABEL, 96, 127, NULL),
    SUBFIELD("ct_label.obs_point_id", MATCH_CT_LABEL, 96, 127, NULL),
    SUBFIELD("ct_label.obs_unused", MATCH_CT_LABEL, 0, 95, NULL),
    FIELD("ct_state", MATCH_CT_STATE, 32, NULL),
    SUBFIELD("ct.new", MATCH_CT_STATE, 0, 0, "ct.trk"),
    SUBFIELD("ct.est", MATCH_CT_STATE, 1, 1, "ct.trk"),
    SUBFIELD("ct.rel", MATCH_CT_STATE, 2, 2, "ct.trk"),
    SUBFIELD("ct.rpl", MATCH_CT_STATE, 3, 3, "ct.trk"),
    SUBFIELD("ct.inv", MATCH_CT_STATE, 4, 4, "ct.trk"),
    SUBFIELD("ct.trk", MATCH_CT_STATE, 5, 5, NULL),
    SUBFIELD("ct.snat", MATCH_CT_STATE, 6, 6, "ct.trk"),
    SUBFIELD("ct.dnat", MATCH_CT_STATE, 7, 7, "ct.trk"),

    FIELD("eth.src", MATCH_ETH_SRC, 48, NULL),
    FIELD("eth.dst", MATCH_ETH_DST, 48, NULL),
    NOMINAL("eth.type", MATCH_ETH_TYPE, 16, NULL),
    PREDICATE("eth.bcast", "eth.dst == ff:ff:ff:ff:ff:ff"),
    SUBFIELD("eth.mcast", MATCH_ETH_DST, 40, 40, NULL),
    PREDICATE("eth.mcastv6", "eth.dst[32..47] == 0x3333"),

    FIELD("vlan.tci", MATCH_VLAN_TCI, 16, NULL),
    PREDICATE("vlan.present", "vlan.tci[12]"),
    SUBFIELD("vlan.pcp", MATCH_VLAN_TCI, 13, 15, "vlan.present"),
    SUBFIELD("vlan.vid", MATCH_VLAN_TCI, 0, 11, "vlan.present"),

    NOMINAL_PREDICATE("ip4", "eth.type == 0x800"),
    NOMINAL_PREDICATE("ip6", "eth.type == 0x86dd"),
    NOMINAL_PREDICATE("ip", "ip4 || ip6"),
    NOMINAL("ip.proto", MATCH_IP_PROTO, 8, "ip"),
    NOMINAL("ip.dscp", MATCH_IP_DSCP, 6, "ip"),
    NOMINAL("ip.ecn", MATCH_IP_ECN, 2, "ip"),
    NOMINAL("ip.ttl", MATCH_IP_TTL, 8, "ip"),
    FIELD("ip.frag", MATCH_IP_FRAG, 2, "ip"),
    PREDICATE("ip.is_frag", "ip.frag[0]"),
    PREDICATE("ip.later_frag", "ip.frag[1]"),
    PREDICATE("ip.first_frag", "ip.is_frag && !ip.later_frag"),

    FIELD("ip4.src", MATCH_IP4_SRC, 32, "ip4"),
    FIELD("ip4.dst", MATCH_IP4_DST, 32, "ip4"),
    PREDICATE("ip4.src_mcast", "ip4.src[28..31] == 0xe"),
    /* The manual leaves eth.mcast out; ovn-trace 23.03 does not. */
    PREDICATE("ip4.mcast", "eth.mcast && ip4.dst[28..31] == 0xe"),

    FIELD("ip6.src", MATCH_IP6_SRC, 128, "ip6"),
    FIELD("ip6.dst", MATCH_IP6_DST, 128, "ip6"),
    FIELD("ip6.label", MATCH_IP6_LABEL, 20, "ip6"),
    PREDICATE("ip6.mcast_rsvd",
              "ip6.dst[116..127] == 0xff0 && ip6.dst[0..111] == 0x0"),
    PREDICATE("ip6.mcast_all_nodes",
              "ip6.dst == ff01::1 || ip6.dst == ff02::1"),
    PREDICATE("ip6.mcast_all_rtrs",
              "ip6.dst == ff01::2 || ip6.dst == ff02::2 || "
              "ip6.dst == ff05::2"),
    PREDICATE("ip6.mcast_sol_node", "ip6.dst == ff02::1:ff00:0000/104"),
    PREDICATE("ip6.mcast_flood",
              "eth.mcastv6 && (ip6.mcast_rsvd || ip6.mcast_all_nodes || "
              "ip6.mcast_all_rtrs || ip6.mcast_sol_node)"),
    PREDICATE("ip6.mcast", "eth.mcastv6 && ip6.dst[120..127] == 0xff"),

    NOMINAL_PREDICATE("icmp4", "ip4 && ip.proto == 1"),
    NOMINAL("icmp4.type", MATCH_ICMP4_TYPE, 8, "icmp4"),
    NOMINAL("icmp4.code", MATCH_ICMP4_CODE, 8, "icmp4"),
    NOMINAL_PREDICATE("igmp", "ip4 && ip.proto == 2"),
    NOMINAL_PREDICATE("icmp6", "ip6 && ip.proto == 58"),
    NOMINAL("icmp6.type", MATCH_ICMP6_TYPE, 8, "icmp6"),
    NOMINAL("icmp6.code", MATCH_ICMP6_CODE, 8, "icmp6"),
    NOMINAL_PREDICATE("icmp", "icmp4 || icmp6"),

    NOMINAL_PREDICATE("arp", "eth.type == 0x806"),
    NOMINAL("arp.op", MATCH_ARP_OP, 16, "arp"),
    FIELD("arp.spa", MATCH_ARP_SPA, 32, "arp"),
    FIELD("arp.tpa", MATCH_ARP_TPA, 32, "arp"),
    FIELD("arp.sha", MATCH_ARP_SHA, 48, "arp"),
    FIELD("arp.tha", MATCH_ARP_THA, 48, "arp"),
    NOMINAL_PREDICATE("rarp", "eth.type == 0x8035"),
    NOMINAL("rarp.op", MATCH_ARP_OP, 16, "rarp"),
    FIELD("rarp.spa", MATCH_ARP_SPA, 32, "rarp"),
    FIELD("rarp.tpa", MATCH_ARP_TPA, 32, "rarp"),
    FIELD("rarp.sha", MATCH_ARP_SHA, 48, "rarp"),
    FIELD("rarp.tha", MATCH_ARP_THA, 48, "rarp"),

    NOMINAL_PREDICATE("nd", "icmp6.type == {135, 136} && icmp6.code == 0 && "
                            "ip.ttl == 255"),
    NOMINAL_PREDICATE("nd_ns", "icmp6.type == 135 && icmp6.code == 0 && "
                               "ip.ttl == 255"),
    NOMINAL_PREDICATE("nd_ns_mcast",
                      "ip6.mcast && icmp6.type == 135 && icmp6.code == 0 && "
                      "ip.ttl == 255"),
    NOMINAL_PREDICATE("nd_na", "icmp6.type == 136 && icmp6.code == 0 && "
                               "ip.ttl == 255"),
    NOMINAL_PREDICATE("nd_rs", "icmp6.type == 133 && icmp6.code == 0 && "
                               "ip.ttl == 255"),
    NOMINAL_PREDICATE("nd_ra", "icmp6.type == 134 && icmp6.code == 0 && "
                               "ip.ttl == 255"),
    FIELD("nd.target", MATCH_ND_TARGET, 128, "nd"),
    FIELD("nd.sll", MATCH_ND_SLL, 48, "nd_ns"),
    FIELD("nd.tll", MATCH_ND_TLL, 48, "nd_na"),
    /* Later OVN asks for eth.mcastv6 too, and for ip4.mcast in igmp. */
    NOMINAL_PREDICATE("mldv1", "ip6.src == fe80::/10 && "
                               "icmp6.type == {130, 131, 132}"),
    NOMINAL_PREDICATE("mldv2", "ip6.dst == ff02::16 && icmp6.type == 143"),

    NOMINAL_PREDICATE("tcp", "ip.proto == 6"),
    FIELD("tcp.src", MATCH_TCP_SRC, 16, "tcp"),
    FIELD("tcp.dst", MATCH_TCP_DST, 16, "tcp"),
    FIELD("tcp.flags", MATCH_TCP_FLAGS, 12, "tcp"),
    NOMINAL_PREDICATE("udp", "ip.proto == 17"),
    FIELD("udp.src", MATCH_UDP_SRC, 16, "udp"),
    FIELD("udp.dst", MATCH_UDP_DST, 16, "udp"),
    NOMINAL_PREDICATE("sctp", "ip.proto == 132"),
    FIELD("sctp.src", MATCH_SCTP_SRC, 16, "sctp"),
    FIELD("sctp.dst", MATCH_SCTP_DST, 16, "sctp"),
};
/* clang-format on */

const size_t match_n_symbols = N_ELEMENTS(match_symbols);
