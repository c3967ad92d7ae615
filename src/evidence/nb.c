#include "evidence/nb.h"

#include "evidence/columns.h"

/* clang-format off: one column a line, in the order of the header's enums. */

static const struct ovsdb_column_spec nb_global[] = {
    [NB_GLOBAL_NB_CFG] = COLUMN("nb_cfg", INTEGER),
    [NB_GLOBAL_SB_CFG] = COLUMN("sb_cfg", INTEGER),
    [NB_GLOBAL_HV_CFG] = COLUMN("hv_cfg", INTEGER),
    [NB_GLOBAL_OPTIONS] =
        COLUMN_KEYS("options", "default_acl_drop", "northd_internal_version"),
};

static const struct ovsdb_column_spec logical_switch[] = {
    [LS_NAME] = COLUMN("name", STRING),
    [LS_PORTS] = COLUMN_OWNS("ports", NB_LOGICAL_SWITCH_PORT),
    [LS_EXTERNAL_IDS] =
        COLUMN_KEYS("external_ids", "neutron:network_name", "neutron:mtu",
                    "neutron:provnet-physical-network",
                    "neutron:physical_network", "physical_network"),
    [LS_OTHER_CONFIG] = COLUMN_KEYS("other_config", "interconn-ts", "mcast_*"),
    [LS_ACLS] = COLUMN_REF("acls", NB_ACL),
    [LS_LOAD_BALANCER] = COLUMN_REF("load_balancer", NB_LOAD_BALANCER),
    [LS_LOAD_BALANCER_GROUP] =
        COLUMN_REF("load_balancer_group", NB_LOAD_BALANCER_GROUP),
};

static const struct ovsdb_column_spec logical_switch_port[] = {
    [LSP_NAME] = COLUMN_PAST("name", STRING),
    [LSP_TYPE] = COLUMN_PAST("type", STRING),
    [LSP_OPTIONS] = COLUMN_KEYS_PAST("options", "network_name", "router-port",
                                     "requested-chassis", "l2gateway-chassis",
                                     "nat-addresses"),
    [LSP_ADDRESSES] = COLUMN_PAST("addresses", STRING),
    [LSP_DYNAMIC_ADDRESSES] = COLUMN("dynamic_addresses", STRING),
    [LSP_PORT_SECURITY] = COLUMN_PAST("port_security", STRING),
    [LSP_ENABLED] = COLUMN_PAST("enabled", BOOLEAN),
    [LSP_TAG] = COLUMN_PAST("tag", INTEGER),
    [LSP_TAG_REQUEST] = COLUMN_PAST("tag_request", INTEGER),
    [LSP_PARENT_NAME] = COLUMN("parent_name", STRING),
    [LSP_EXTERNAL_IDS] =
        COLUMN_KEYS("external_ids", "neutron:port_name", "neutron:cidrs",
                    "neutron:device_owner", "neutron:device_id"),
};

static const struct ovsdb_column_spec logical_router[] = {
    [LR_NAME] = COLUMN("name", STRING),
    [LR_PORTS] = COLUMN_OWNS("ports", NB_LOGICAL_ROUTER_PORT),
    [LR_NAT] = COLUMN_OWNS("nat", NB_NAT),
    [LR_OPTIONS] = COLUMN_MAP("options"),
    [LR_ENABLED] = COLUMN("enabled", BOOLEAN),
    [LR_EXTERNAL_IDS] = COLUMN_KEYS("external_ids", "neutron:router_name"),
    [LR_STATIC_ROUTES] =
        COLUMN_OWNS("static_routes", NB_LOGICAL_ROUTER_STATIC_ROUTE),
    [LR_POLICIES] = COLUMN_OWNS("policies", NB_LOGICAL_ROUTER_POLICY),
    [LR_LOAD_BALANCER] = COLUMN_REF("load_balancer", NB_LOAD_BALANCER),
    [LR_LOAD_BALANCER_GROUP] =
        COLUMN_REF("load_balancer_group", NB_LOAD_BALANCER_GROUP),
};

static const struct ovsdb_column_spec logical_router_port[] = {
    [LRP_NAME] = COLUMN("name", STRING),
    [LRP_MAC] = COLUMN("mac", STRING),
    [LRP_NETWORKS] = COLUMN("networks", STRING),
    [LRP_ENABLED] = COLUMN("enabled", BOOLEAN),
    [LRP_PEER] = COLUMN("peer", STRING),
    [LRP_GATEWAY_CHASSIS] = COLUMN_OWNS("gateway_chassis", NB_GATEWAY_CHASSIS),
    [LRP_HA_CHASSIS_GROUP] =
        COLUMN_REF("ha_chassis_group", NB_HA_CHASSIS_GROUP),
    [LRP_OPTIONS] = COLUMN_KEYS("options", "reside-on-redirect-chassis",
                                "redirect-type", "route_table", "gateway_mtu"),
};

static const struct ovsdb_column_spec nat[] = {
    [NAT_TYPE] = COLUMN("type", STRING),
    [NAT_EXTERNAL_IP] = COLUMN("external_ip", STRING),
    [NAT_EXTERNAL_MAC] = COLUMN("external_mac", STRING),
    [NAT_LOGICAL_IP] = COLUMN("logical_ip", STRING),
    [NAT_LOGICAL_PORT] = COLUMN("logical_port", STRING),
    [NAT_GATEWAY_PORT] = COLUMN_REF("gateway_port", NB_LOGICAL_ROUTER_PORT),
    /* Of these only the count matters: they borrow ACL's number. */
    [NAT_ALLOWED_EXT_IPS] = COLUMN_REF("allowed_ext_ips", NB_ACL),
    [NAT_EXEMPTED_EXT_IPS] = COLUMN_REF("exempted_ext_ips", NB_ACL),
    [NAT_EXTERNAL_PORT_RANGE] = COLUMN("external_port_range", STRING),
    [NAT_MATCH] = COLUMN("match", STRING),
};

static const struct ovsdb_column_spec gateway_chassis[] = {
    [GATEWAY_CHASSIS_NAME] = COLUMN("name", STRING),
    [GATEWAY_CHASSIS_CHASSIS_NAME] = COLUMN("chassis_name", STRING),
    [GATEWAY_CHASSIS_PRIORITY] = COLUMN("priority", INTEGER),
};

static const struct ovsdb_column_spec ha_chassis_group[] = {
    [HA_CHASSIS_GROUP_NAME] = COLUMN("name", STRING),
    [HA_CHASSIS_GROUP_HA_CHASSIS] = COLUMN_OWNS("ha_chassis", NB_HA_CHASSIS),
};

static const struct ovsdb_column_spec ha_chassis[] = {
    [HA_CHASSIS_CHASSIS_NAME] = COLUMN("chassis_name", STRING),
    [HA_CHASSIS_PRIORITY] = COLUMN("priority", INTEGER),
};

static const struct ovsdb_column_spec port_group[] = {
    [PORT_GROUP_NAME] = COLUMN("name", STRING),
    [PORT_GROUP_PORTS] = COLUMN_REF("ports", NB_LOGICAL_SWITCH_PORT),
    [PORT_GROUP_ACLS] = COLUMN_REF("acls", NB_ACL),
    [PORT_GROUP_EXTERNAL_IDS] =
        COLUMN_KEYS("external_ids", "neutron:security_group_id"),
};

static const struct ovsdb_column_spec acl[] = {
    [ACL_ACTION] = COLUMN("action", STRING),
    [ACL_DIRECTION] = COLUMN("direction", STRING),
    [ACL_PRIORITY] = COLUMN("priority", INTEGER),
    [ACL_MATCH] = COLUMN("match", STRING),
    [ACL_TIER] = COLUMN("tier", INTEGER),
    [ACL_NAME] = COLUMN("name", STRING),
    [ACL_OPTIONS] = COLUMN_KEYS("options", "apply-after-lb"),
    [ACL_EXTERNAL_IDS] =
        COLUMN_KEYS("external_ids", "neutron:security_group_rule_id"),
};

static const struct ovsdb_column_spec address_set[] = {
    [ADDRESS_SET_NAME] = COLUMN("name", STRING),
    [ADDRESS_SET_ADDRESSES] = COLUMN("addresses", STRING),
};

static const struct ovsdb_column_spec static_route[] = {
    [ROUTE_IP_PREFIX] = COLUMN("ip_prefix", STRING),
    [ROUTE_NEXTHOP] = COLUMN("nexthop", STRING),
    [ROUTE_OUTPUT_PORT] = COLUMN("output_port", STRING),
    [ROUTE_POLICY] = COLUMN("policy", STRING),
    [ROUTE_ROUTE_TABLE] = COLUMN("route_table", STRING),
    /* Only its count matters: it borrows ACL's number. */
    [ROUTE_BFD] = COLUMN_REF("bfd", NB_ACL),
};

static const struct ovsdb_column_spec router_policy[] = {
    [POLICY_PRIORITY] = COLUMN("priority", INTEGER),
    [POLICY_MATCH] = COLUMN("match", STRING),
    [POLICY_ACTION] = COLUMN("action", STRING),
    [POLICY_NEXTHOPS] = COLUMN("nexthops", STRING),
};

static const struct ovsdb_column_spec static_mac_binding[] = {
    [STATIC_MAC_BINDING_LOGICAL_PORT] = COLUMN("logical_port", STRING),
    [STATIC_MAC_BINDING_IP] = COLUMN("ip", STRING),
    [STATIC_MAC_BINDING_MAC] = COLUMN("mac", STRING),
    [STATIC_MAC_BINDING_OVERRIDE_DYNAMIC_MAC] =
        COLUMN("override_dynamic_mac", BOOLEAN),
};

static const struct ovsdb_column_spec load_balancer[] = {
    [LOAD_BALANCER_NAME] = COLUMN("name", STRING),
    [LOAD_BALANCER_VIPS] = COLUMN_MAP("vips"),
    [LOAD_BALANCER_OPTIONS] =
        COLUMN_KEYS("options", "neighbor_responder", "template"),
    [LOAD_BALANCER_IP_PORT_MAPPINGS] = COLUMN_MAP("ip_port_mappings"),
    /* Only its count matters: it borrows ACL's number. */
    [LOAD_BALANCER_HEALTH_CHECK] = COLUMN_REF("health_check", NB_ACL),
};

static const struct ovsdb_column_spec load_balancer_group[] = {
    [LOAD_BALANCER_GROUP_LOAD_BALANCER] =
        COLUMN_REF("load_balancer", NB_LOAD_BALANCER),
};

static const struct ovsdb_table_spec tables[NB_N_TABLES] = {
    [NB_NB_GLOBAL] = TABLE("NB_Global", nb_global),
    [NB_LOGICAL_SWITCH] = TABLE("Logical_Switch", logical_switch),
    [NB_LOGICAL_SWITCH_PORT] =
        TABLE("Logical_Switch_Port", logical_switch_port),
    [NB_LOGICAL_ROUTER] = TABLE("Logical_Router", logical_router),
    [NB_LOGICAL_ROUTER_PORT] =
        TABLE("Logical_Router_Port", logical_router_port),
    [NB_NAT] = TABLE("NAT", nat),
    [NB_GATEWAY_CHASSIS] = TABLE("Gateway_Chassis", gateway_chassis),
    [NB_HA_CHASSIS_GROUP] = TABLE("HA_Chassis_Group", ha_chassis_group),
    [NB_HA_CHASSIS] = TABLE("HA_Chassis", ha_chassis),
    [NB_PORT_GROUP] = TABLE("Port_Group", port_group),
    [NB_ACL] = TABLE("ACL", acl),
    [NB_ADDRESS_SET] = TABLE("Address_Set", address_set),
    [NB_LOGICAL_ROUTER_STATIC_ROUTE] =
        TABLE("Logical_Router_Static_Route", static_route),
    [NB_LOGICAL_ROUTER_POLICY] = TABLE("Logical_Router_Policy", router_policy),
    [NB_STATIC_MAC_BINDING] = TABLE("Static_MAC_Binding", static_mac_binding),
    [NB_LOAD_BALANCER] = TABLE("Load_Balancer", load_balancer),
    [NB_LOAD_BALANCER_GROUP] =
        TABLE("Load_Balancer_Group", load_balancer_group),
};

/* clang-format on */

const struct ovsdb_spec nb_spec = {
    .name = "OVN_Northbound",
    .db = "nb",
    .tables = tables,
    .n_tables = NB_N_TABLES,
};
