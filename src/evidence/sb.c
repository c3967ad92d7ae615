#include "evidence/sb.h"

#include "evidence/columns.h"

/* clang-format off: one column a line, in the order of the header's enums. */

static const struct ovsdb_column_spec sb_global[] = {
    [SB_GLOBAL_NB_CFG] = COLUMN("nb_cfg", INTEGER),
};

static const struct ovsdb_column_spec chassis[] = {
    [CHASSIS_NAME] = COLUMN("name", STRING),
    [CHASSIS_HOSTNAME] = COLUMN("hostname", STRING),
    [CHASSIS_ENCAPS] = COLUMN_OWNS("encaps", SB_ENCAP),
    [CHASSIS_EXTERNAL_IDS] =
        COLUMN_KEYS("external_ids", "ovn-bridge-mappings", "is-remote"),
    [CHASSIS_OTHER_CONFIG] =
        COLUMN_KEYS("other_config", "ovn-bridge-mappings", "is-remote"),
    [CHASSIS_NB_CFG] = COLUMN("nb_cfg", INTEGER),
};

static const struct ovsdb_column_spec chassis_private[] = {
    [CHASSIS_PRIVATE_NAME] = COLUMN("name", STRING),
    [CHASSIS_PRIVATE_CHASSIS] = COLUMN_REF("chassis", SB_CHASSIS),
    [CHASSIS_PRIVATE_NB_CFG] = COLUMN("nb_cfg", INTEGER),
    [CHASSIS_PRIVATE_NB_CFG_TIMESTAMP] = COLUMN("nb_cfg_timestamp", INTEGER),
};

static const struct ovsdb_column_spec encap[] = {
    [ENCAP_TYPE] = COLUMN("type", STRING),
    [ENCAP_IP] = COLUMN("ip", STRING),
    [ENCAP_CHASSIS_NAME] = COLUMN("chassis_name", STRING),
};

static const struct ovsdb_column_spec datapath_binding[] = {
    [DATAPATH_TUNNEL_KEY] = COLUMN("tunnel_key", INTEGER),
    [DATAPATH_EXTERNAL_IDS] = COLUMN_KEYS("external_ids", "logical-switch"),
};

static const struct ovsdb_column_spec port_binding[] = {
    [PB_LOGICAL_PORT] = COLUMN("logical_port", STRING),
    [PB_TYPE] = COLUMN("type", STRING),
    [PB_OPTIONS] = COLUMN_KEYS("options", "network_name"),
    [PB_TAG] = COLUMN("tag", INTEGER),
    [PB_CHASSIS] = COLUMN_REF("chassis", SB_CHASSIS),
    [PB_DATAPATH] = COLUMN_REF("datapath", SB_DATAPATH_BINDING),
    [PB_TUNNEL_KEY] = COLUMN("tunnel_key", INTEGER),
    [PB_UP] = COLUMN("up", BOOLEAN),
};

static const struct ovsdb_column_spec mac_binding[] = {
    [MAC_BINDING_LOGICAL_PORT] = COLUMN("logical_port", STRING),
    [MAC_BINDING_IP] = COLUMN("ip", STRING),
    [MAC_BINDING_MAC] = COLUMN("mac", STRING),
    [MAC_BINDING_TIMESTAMP] = COLUMN("timestamp", INTEGER),
};

static const struct ovsdb_column_spec fdb[] = {
    [FDB_MAC] = COLUMN("mac", STRING),
    [FDB_DP_KEY] = COLUMN("dp_key", INTEGER),
    [FDB_PORT_KEY] = COLUMN("port_key", INTEGER),
};

static const struct ovsdb_table_spec tables[SB_N_TABLES] = {
    [SB_SB_GLOBAL] = TABLE("SB_Global", sb_global),
    [SB_CHASSIS] = TABLE("Chassis", chassis),
    [SB_CHASSIS_PRIVATE] = TABLE("Chassis_Private", chassis_private),
    [SB_ENCAP] = TABLE("Encap", encap),
    [SB_DATAPATH_BINDING] = TABLE("Datapath_Binding", datapath_binding),
    [SB_PORT_BINDING] = TABLE("Port_Binding", port_binding),
    [SB_MAC_BINDING] = TABLE("MAC_Binding", mac_binding),
    [SB_FDB] = TABLE("FDB", fdb),
};

/* clang-format on */

const struct ovsdb_spec sb_spec = {
    .name = "OVN_Southbound",
    .db = "sb",
    .tables = tables,
    .n_tables = SB_N_TABLES,
};
