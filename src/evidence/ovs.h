/* The tables and columns of Open_vSwitch that provnet reads, by number, for
 * the accessors of ovsdb/store.h.  Names and meanings:
 * ovs-vswitchd.conf.db(5).
 *
 * A conf.db file holds no ephemeral columns: admin_state, link_state, mtu,
 * ifindex, mac_in_use and statistics of Interface are only there live or in
 * `ovs-vsctl list Interface`. */
#ifndef EVIDENCE_OVS_H
#define EVIDENCE_OVS_H 1

#include "ovsdb/schema.h"

enum ovs_table {
    OVS_OPEN_VSWITCH,
    OVS_BRIDGE,
    OVS_PORT,
    OVS_INTERFACE,
    OVS_N_TABLES
};

enum {
    OPEN_VSWITCH_BRIDGES,
    OPEN_VSWITCH_EXTERNAL_IDS,
    OPEN_VSWITCH_OTHER_CONFIG
};

enum {
    BRIDGE_NAME,
    BRIDGE_PORTS,
    BRIDGE_FAIL_MODE,
    BRIDGE_DATAPATH_TYPE,
    BRIDGE_CONTROLLER,
    BRIDGE_STP_ENABLE,
    BRIDGE_RSTP_ENABLE,
    BRIDGE_EXTERNAL_IDS,
    BRIDGE_OTHER_CONFIG
};

enum {
    PORT_NAME,
    PORT_INTERFACES,
    PORT_TAG,
    PORT_TRUNKS,
    PORT_VLAN_MODE,
    PORT_BOND_MODE,
    PORT_EXTERNAL_IDS,
    PORT_OTHER_CONFIG
};

enum {
    INTERFACE_NAME,
    INTERFACE_TYPE,
    INTERFACE_OFPORT,
    INTERFACE_OPTIONS,
    INTERFACE_EXTERNAL_IDS,
    INTERFACE_ADMIN_STATE,
    INTERFACE_LINK_STATE,
    INTERFACE_ERROR,
    INTERFACE_MAC_IN_USE,
    INTERFACE_IFINDEX,
    INTERFACE_MTU,
    INTERFACE_BFD,
    INTERFACE_BFD_STATUS
};

extern const struct ovsdb_spec ovs_spec;

/* Whether ovs-vswitchd writes the column, to tell how what was asked for
 * fares; some of them every few seconds.  Both by name, of any database. */
bool ovs_is_status(const char *table, const char *column);

#endif /* evidence/ovs.h */
