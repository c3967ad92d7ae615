/* The checks of the catalogue, one file per thing that they look at.  Private
 * to rules/. */
#ifndef RULES_CHECKS_H
#define RULES_CHECKS_H 1

#include "rules/rule.h"

/* acl.c */
rule_check check_acl_drop, check_acl_default_drop;

/* balancer.c */
rule_check check_load_balancers;

/* deployment.c */
rule_check check_northd_paused, check_hv_cfg_lag;

/* southbound.c */
rule_check check_chassis_stale, check_encap_dup_ip, check_system_id_changed,
    check_sb_stale_up, check_sb_residual_l3gateway, check_mac_binding_stale,
    check_fdb_stale;

/* mtu.c */
rule_check check_gateway_mtu;

/* switch.c */
rule_check check_ls_no_localnet, check_localnet_type_lost,
    check_neutron_localnet_handmade, check_mcast_snoop;

/* storm.c */
rule_check check_ls_localnet_duplicate, check_ls_localnet_dup_tag,
    check_ls_localnet_multi_mapped, check_ls_localnet_l2gateway,
    check_ls_pair_same_l2, check_brex_two_nics, check_brex_two_nics_unused,
    check_bridges_same_l2, check_bridges_same_l2_chassis,
    check_guest_bridge_loop, check_storm_residue;

/* localnet.c */
rule_check check_sb_derived_mismatch, check_localnet_network_absent,
    check_localnet_network_typo, check_localnet_no_unknown,
    check_localnet_disabled, check_localnet_wrong_tag,
    check_localnet_stale_tag;

/* mapping.c */
rule_check check_ovs_mapping_missing, check_ovs_mapping_malformed,
    check_ovs_mapping_whitespace, check_ovs_mapping_bridge_missing,
    check_ovs_mapping_remap_wedge;

/* patch.c */
rule_check check_patch_missing_half, check_patch_peer_wrong,
    check_patch_port_vlan;

/* bridge.c */
rule_check check_brex_no_nic, check_brex_nic_down, check_brex_no_carrier,
    check_brex_nic_vlan, check_brex_flows_missing, check_brex_secure_no_flow,
    check_brex_foreign_flow, check_nic_ofport_minus1;

/* gateway.c */
rule_check check_lsp_router_no_peer, check_lsp_router_peer_typo,
    check_lsp_router_duplicate_peer, check_lsp_router_addresses_empty,
    check_lsp_router_mac_stale, check_lsp_disabled_router,
    check_nat_addresses_missing, check_lrp_no_gateway_chassis,
    check_gwc_all_unknown, check_gwc_some_unknown, check_gwc_priority_tie,
    check_hcg_empty, check_hcg_and_gwc, check_lr_chassis_with_dgp,
    check_gw_elected_unmapped, check_nat_dist_chassis_unmapped,
    check_gw_isolated, check_gateway_unbound;

/* router.c */
rule_check check_lrp_disabled, check_lr_disabled, check_lrp_orphan,
    check_lrp_subnet_wrong, check_lrp_mac_dup, check_reside_redirect_misuse,
    check_route_default_missing, check_route_nexthop_unresolvable,
    check_route_discard, check_static_mac_binding_wrong,
    check_router_not_followed;

/* policy.c */
rule_check check_router_policy_drop;

/* nat.c */
rule_check check_nat_logical_ip_wrong, check_nat_dist_port_missing,
    check_nat_dist_port_other, check_nat_external_mac_dup,
    check_nat_external_ip_overlap, check_nat_gateway_port_ambiguous,
    check_nat_not_followed, check_snat_missing;

/* tunnel.c */
rule_check check_tunnel_down, check_ovn_encap_wrong_ip;

/* port.c */
rule_check check_lsp_disabled, check_lsp_addresses_empty,
    check_lsp_port_security, check_lsp_dup_mac, check_lsp_type_wrong,
    check_lsp_addr_mac_mismatch, check_lsp_requested_chassis, check_pb_unbound,
    check_iface_id_missing, check_iface_id_dup_same_host,
    check_iface_ofport_minus1;

#endif /* rules/checks.h */
