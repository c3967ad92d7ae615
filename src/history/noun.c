#include "history/noun.h"

#include <string.h>

#include "base/compiler.h"
#include "evidence/nb.h"
#include "evidence/ovs.h"
#include "evidence/sb.h"
#include "ovsdb/diff.h"

bool
row_is_of(const struct ovsdb_row *row, const struct ovsdb_spec *spec,
          unsigned table)
{
    return row->table->store->spec == spec
           && row->table == &row->table->store->tables[table];
}

bool
noun_is_unknown(const struct ovsdb_column_spec *spec,
                const struct ovsdb_datum *d)
{
    const union ovsdb_atom *atoms = ovsdb_datum_atoms(spec, d);
    for (uint32_t i = 0; i < d->n; i++) {
        if (!strcmp(atoms[i].string, "unknown")) {
            return true;
        }
    }
    return false;
}

/* Who concerns nobody else. */

/* A VM's port; one that names a physical network may have lost its type. */
static bool
is_vif(const struct ovsdb_row *lsp)
{
    return !*ovsdb_string(lsp, LSP_TYPE)
           && !ovsdb_map_get(lsp, LSP_OPTIONS, "network_name")
           && !noun_is_unknown(&lsp->table->spec->columns[LSP_ADDRESSES],
                               ovsdb_datum(lsp, LSP_ADDRESSES));
}

static bool
is_vif_binding(const struct ovsdb_row *pb)
{
    return !*ovsdb_string(pb, PB_TYPE);
}

static bool
is_floating_ip(const struct ovsdb_row *nat)
{
    return !strcmp(ovsdb_string(nat, NAT_TYPE), "dnat_and_snat");
}

static bool
is_tap(const struct ovsdb_row *interface)
{
    return ovsdb_map_get(interface, INTERFACE_EXTERNAL_IDS, "iface-id");
}

static bool
is_tap_port(const struct ovsdb_row *port)
{
    return ovsdb_count(port, PORT_INTERFACES) == 1
           && is_tap(ovsdb_atoms(port, PORT_INTERFACES)->row);
}

static bool
is_always(const struct ovsdb_row *row PROVNET_UNUSED)
{
    return true;
}

/* clang-format off: one table, one block, all alike. */
static const struct noun nouns[] = {
    { &nb_spec, NB_NB_GLOBAL, "northbound settings",
      .quiet = BIT(NB_GLOBAL_NB_CFG) | BIT(NB_GLOBAL_SB_CFG)
               | BIT(NB_GLOBAL_HV_CFG) },
    { &nb_spec, NB_LOGICAL_SWITCH, "switch", .name = { LS_NAME + 1 },
      .keys = BIT(LS_NAME) },
    { &nb_spec, NB_LOGICAL_SWITCH_PORT, "port", .name = { LSP_NAME + 1 },
      .keys = BIT(LSP_NAME) | BIT(LSP_ADDRESSES), .is_personal = is_vif,
      .pivots = BIT(LSP_TYPE) | BIT(LSP_OPTIONS) },
    { &nb_spec, NB_LOGICAL_ROUTER, "router", .name = { LR_NAME + 1 },
      .keys = BIT(LR_NAME) },
    { &nb_spec, NB_LOGICAL_ROUTER_PORT, "router port",
      .name = { LRP_NAME + 1 }, .keys = BIT(LRP_NAME) | BIT(LRP_NETWORKS) },
    { &nb_spec, NB_NAT, "NAT",
      .name = { NAT_TYPE + 1, NAT_EXTERNAL_IP + 1, NAT_LOGICAL_IP + 1 },
      .keys = BIT(NAT_EXTERNAL_IP) | BIT(NAT_LOGICAL_IP)
              | BIT(NAT_LOGICAL_PORT) | BIT(NAT_EXTERNAL_MAC),
      .is_part = true, .is_personal = is_floating_ip,
      .pivots = BIT(NAT_TYPE) },
    { &nb_spec, NB_GATEWAY_CHASSIS, "gateway chassis",
      .name = { GATEWAY_CHASSIS_CHASSIS_NAME + 1 },
      .keys = BIT(GATEWAY_CHASSIS_CHASSIS_NAME) },
    { &nb_spec, NB_HA_CHASSIS_GROUP, "HA chassis group",
      .name = { HA_CHASSIS_GROUP_NAME + 1 },
      .keys = BIT(HA_CHASSIS_GROUP_NAME) },
    { &nb_spec, NB_HA_CHASSIS, "HA chassis",
      .name = { HA_CHASSIS_CHASSIS_NAME + 1 },
      .keys = BIT(HA_CHASSIS_CHASSIS_NAME) },
    { &nb_spec, NB_PORT_GROUP, "port group", .name = { PORT_GROUP_NAME + 1 },
      .keys = BIT(PORT_GROUP_NAME) },
    { &nb_spec, NB_ACL, "ACL",
      .name = { ACL_DIRECTION + 1, ACL_PRIORITY + 1, ACL_MATCH + 1 } },
    { &nb_spec, NB_ADDRESS_SET, "address set",
      .name = { ADDRESS_SET_NAME + 1 }, .keys = BIT(ADDRESS_SET_NAME) },
    { &nb_spec, NB_LOGICAL_ROUTER_STATIC_ROUTE, "static route",
      .name = { ROUTE_IP_PREFIX + 1, ROUTE_NEXTHOP + 1 },
      .keys = BIT(ROUTE_NEXTHOP) },
    { &nb_spec, NB_LOGICAL_ROUTER_POLICY, "router policy",
      .name = { POLICY_PRIORITY + 1, POLICY_MATCH + 1 } },
    { &nb_spec, NB_STATIC_MAC_BINDING, "static MAC binding",
      .name = { STATIC_MAC_BINDING_LOGICAL_PORT + 1,
                STATIC_MAC_BINDING_IP + 1 },
      .keys =
          BIT(STATIC_MAC_BINDING_LOGICAL_PORT) | BIT(STATIC_MAC_BINDING_IP) },
    { &nb_spec, NB_LOAD_BALANCER, "load balancer",
      .name = { LOAD_BALANCER_NAME + 1 }, .keys = BIT(LOAD_BALANCER_NAME) },
    { &nb_spec, NB_LOAD_BALANCER_GROUP, "load balancer group" },
    { &sb_spec, SB_SB_GLOBAL, "southbound settings",
      .quiet = BIT(SB_GLOBAL_NB_CFG) },
    { &sb_spec, SB_CHASSIS, "chassis", .name = { CHASSIS_NAME + 1 },
      .quiet = BIT(CHASSIS_NB_CFG), .keys = BIT(CHASSIS_NAME) },
    { &sb_spec, SB_CHASSIS_PRIVATE, "chassis record",
      .name = { CHASSIS_PRIVATE_NAME + 1 },
      .quiet =
          BIT(CHASSIS_PRIVATE_NB_CFG) | BIT(CHASSIS_PRIVATE_NB_CFG_TIMESTAMP),
      .keys = BIT(CHASSIS_PRIVATE_NAME) },
    { &sb_spec, SB_ENCAP, "tunnel end",
      .name = { ENCAP_TYPE + 1, ENCAP_IP + 1 },
      .keys = BIT(ENCAP_IP) | BIT(ENCAP_CHASSIS_NAME) },
    { &sb_spec, SB_DATAPATH_BINDING, "datapath",
      .name = { DATAPATH_TUNNEL_KEY + 1 } },
    { &sb_spec, SB_PORT_BINDING, "binding of port",
      .name = { PB_LOGICAL_PORT + 1 }, .keys = BIT(PB_LOGICAL_PORT),
      .quiet = BIT(PB_TUNNEL_KEY) | BIT(PB_UP), .is_personal = is_vif_binding,
      .pivots = BIT(PB_TYPE) },
    { &sb_spec, SB_MAC_BINDING, "MAC binding",
      .name = { MAC_BINDING_LOGICAL_PORT + 1, MAC_BINDING_IP + 1 },
      .keys = BIT(MAC_BINDING_IP), .quiet = BIT(MAC_BINDING_TIMESTAMP),
      .is_personal = is_always },
    { &sb_spec, SB_FDB, "learned MAC", .name = { FDB_MAC + 1 },
      .keys = BIT(FDB_MAC), .is_personal = is_always },
    { &ovs_spec, OVS_OPEN_VSWITCH, "Open vSwitch" },
    { &ovs_spec, OVS_BRIDGE, "bridge", .name = { BRIDGE_NAME + 1 },
      .keys = BIT(BRIDGE_NAME) },
    { &ovs_spec, OVS_PORT, "port", .name = { PORT_NAME + 1 },
      .keys = BIT(PORT_NAME), .is_personal = is_tap_port,
      .pivots = BIT(PORT_INTERFACES) },
    /* What ovs-vswitchd tells of it: ovs-vswitchd.conf.db(5). */
    { &ovs_spec, OVS_INTERFACE, "interface", .name = { INTERFACE_NAME + 1 },
      .keys = BIT(INTERFACE_NAME),
      .quiet = BIT(INTERFACE_MAC_IN_USE) | BIT(INTERFACE_IFINDEX)
               | BIT(INTERFACE_MTU) | BIT(INTERFACE_OFPORT),
      .status = BIT(INTERFACE_OFPORT) | BIT(INTERFACE_ADMIN_STATE)
                | BIT(INTERFACE_LINK_STATE) | BIT(INTERFACE_ERROR)
                | BIT(INTERFACE_MAC_IN_USE) | BIT(INTERFACE_IFINDEX)
                | BIT(INTERFACE_MTU) | BIT(INTERFACE_BFD_STATUS),
      .is_personal = is_tap },
};
/* clang-format on */

const struct noun *
noun_find(const struct ovsdb_row *row)
{
    for (size_t i = 0; i < N_ELEMENTS(nouns); i++) {
        if (row_is_of(row, nouns[i].spec, nouns[i].table)) {
            return &nouns[i];
        }
    }
    return NULL;
}
