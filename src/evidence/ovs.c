#include "evidence/ovs.h"

#include <string.h>

#include "base/compiler.h"
#include "evidence/columns.h"

/* clang-format off: one column a line, in the order of the header's enums. */

static const struct ovsdb_column_spec open_vswitch[] = {
    [OPEN_VSWITCH_BRIDGES] = COLUMN_OWNS("bridges", OVS_BRIDGE),
    [OPEN_VSWITCH_EXTERNAL_IDS] = COLUMN_KEYS_PAST(
        "external_ids", "system-id", "hostname", "ovn-bridge",
        "ovn-bridge-mappings*", "ovn-encap-ip*", "ovn-encap-type*"),
    [OPEN_VSWITCH_OTHER_CONFIG] = COLUMN_MAP("other_config"),
};

/* 'controller' refers to a table that provnet does not read: only its count
 * matters, so it borrows Interface's number and its rows never exist. */
static const struct ovsdb_column_spec bridge[] = {
    [BRIDGE_NAME] = COLUMN("name", STRING),
    [BRIDGE_PORTS] = COLUMN_OWNS("ports", OVS_PORT),
    [BRIDGE_FAIL_MODE] = COLUMN_PAST("fail_mode", STRING),
    [BRIDGE_DATAPATH_TYPE] = COLUMN("datapath_type", STRING),
    [BRIDGE_CONTROLLER] = COLUMN_REF("controller", OVS_INTERFACE),
    [BRIDGE_STP_ENABLE] = COLUMN("stp_enable", BOOLEAN),
    [BRIDGE_RSTP_ENABLE] = COLUMN("rstp_enable", BOOLEAN),
    [BRIDGE_EXTERNAL_IDS] =
        COLUMN_KEYS("external_ids", "ovn-localnet-port", "ovn-l2gateway-port"),
    [BRIDGE_OTHER_CONFIG] = COLUMN_MAP("other_config"),
};

static const struct ovsdb_column_spec port[] = {
    [PORT_NAME] = COLUMN("name", STRING),
    [PORT_INTERFACES] = COLUMN_OWNS("interfaces", OVS_INTERFACE),
    [PORT_TAG] = COLUMN_PAST("tag", INTEGER),
    [PORT_TRUNKS] = COLUMN_PAST("trunks", INTEGER),
    [PORT_VLAN_MODE] = COLUMN_PAST("vlan_mode", STRING),
    [PORT_BOND_MODE] = COLUMN("bond_mode", STRING),
    [PORT_EXTERNAL_IDS] =
        COLUMN_KEYS("external_ids", "ovn-localnet-port", "ovn-l2gateway-port"),
    [PORT_OTHER_CONFIG] = COLUMN_MAP("other_config"),
};

static const struct ovsdb_column_spec interface[] = {
    [INTERFACE_NAME] = COLUMN("name", STRING),
    [INTERFACE_TYPE] = COLUMN("type", STRING),
    [INTERFACE_OFPORT] = COLUMN_PAST("ofport", INTEGER),
    [INTERFACE_OPTIONS] =
        COLUMN_KEYS_PAST("options", "peer", "remote_ip", "local_ip"),
    [INTERFACE_EXTERNAL_IDS] = COLUMN_KEYS_PAST(
        "external_ids", "iface-id", "attached-mac", "ovn-installed"),
    [INTERFACE_ADMIN_STATE] = COLUMN("admin_state", STRING),
    [INTERFACE_LINK_STATE] = COLUMN("link_state", STRING),
    [INTERFACE_ERROR] = COLUMN("error", STRING),
    [INTERFACE_MAC_IN_USE] = COLUMN("mac_in_use", STRING),
    [INTERFACE_IFINDEX] = COLUMN("ifindex", INTEGER),
    [INTERFACE_MTU] = COLUMN("mtu", INTEGER),
    [INTERFACE_BFD] = COLUMN_KEYS("bfd", "enable"),
    [INTERFACE_BFD_STATUS] = COLUMN_KEYS("bfd_status", "state"),
};

static const struct ovsdb_table_spec tables[OVS_N_TABLES] = {
    [OVS_OPEN_VSWITCH] = TABLE("Open_vSwitch", open_vswitch),
    [OVS_BRIDGE] = TABLE("Bridge", bridge),
    [OVS_PORT] = TABLE("Port", port),
    [OVS_INTERFACE] = TABLE("Interface", interface),
};

/* clang-format on */

/* "ephemeral" in vswitch.ovsschema 8.3, and what ovs-vswitchd.conf.db(5) says
 * it sets besides (ofport, error, cur_cfg). */
static const char *const status_columns[] = {
    "admin_state",
    "bfd_status",
    "cfm_fault",
    "cfm_fault_status",
    "cfm_health",
    "cfm_remote_mpids",
    "cfm_remote_opstate",
    "cur_cfg",
    "datapath_id",
    "duplex",
    "error",
    "ifindex",
    "lacp_current",
    "link_resets",
    "link_speed",
    "link_state",
    "mac_in_use",
    "mtu",
    "ofport",
    "rstp_statistics",
    "rstp_status",
    "statistics",
    "status",
};

bool
ovs_is_status(const char *table, const char *column)
{
    bool is_ovs = false, is_status = false;
    for (size_t i = 0; i < OVS_N_TABLES; i++) {
        is_ovs |= !strcmp(tables[i].name, table);
    }
    for (size_t i = 0; is_ovs && i < N_ELEMENTS(status_columns); i++) {
        is_status |= !strcmp(status_columns[i], column);
    }
    return is_status;
}

const struct ovsdb_spec ovs_spec = {
    .name = "Open_vSwitch",
    .db = "ovs",
    .tables = tables,
    .n_tables = OVS_N_TABLES,
};
