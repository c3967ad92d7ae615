/* The tables and columns of OVN_Northbound that provnet reads, by number, for
 * the accessors of ovsdb/store.h.  Names and meanings: ovn-nb(5). */
#ifndef EVIDENCE_NB_H
#define EVIDENCE_NB_H 1

#include "ovsdb/schema.h"

enum nb_table {
    NB_NB_GLOBAL,
    NB_LOGICAL_SWITCH,
    NB_LOGICAL_SWITCH_PORT,
    NB_LOGICAL_ROUTER,
    NB_LOGICAL_ROUTER_PORT,
    NB_NAT,
    NB_GATEWAY_CHASSIS,
    NB_HA_CHASSIS_GROUP,
    NB_HA_CHASSIS,
    NB_PORT_GROUP,
    NB_ACL,
    NB_N_TABLES
};

enum { NB_GLOBAL_NB_CFG, NB_GLOBAL_SB_CFG, NB_GLOBAL_HV_CFG };

enum { LS_NAME, LS_PORTS, LS_EXTERNAL_IDS, LS_OTHER_CONFIG, LS_ACLS };

enum {
    LSP_NAME,
    LSP_TYPE,
    LSP_OPTIONS,
    LSP_ADDRESSES,
    LSP_DYNAMIC_ADDRESSES,
    LSP_PORT_SECURITY,
    LSP_ENABLED,
    LSP_TAG,
    LSP_TAG_REQUEST,
    LSP_PARENT_NAME,
    LSP_EXTERNAL_IDS
};

enum { LR_NAME, LR_PORTS, LR_NAT, LR_OPTIONS, LR_ENABLED, LR_EXTERNAL_IDS };

enum {
    LRP_NAME,
    LRP_MAC,
    LRP_NETWORKS,
    LRP_ENABLED,
    LRP_PEER,
    LRP_GATEWAY_CHASSIS,
    LRP_HA_CHASSIS_GROUP
};

enum {
    NAT_TYPE,
    NAT_EXTERNAL_IP,
    NAT_EXTERNAL_MAC,
    NAT_LOGICAL_IP,
    NAT_LOGICAL_PORT
};

enum {
    GATEWAY_CHASSIS_NAME,
    GATEWAY_CHASSIS_CHASSIS_NAME,
    GATEWAY_CHASSIS_PRIORITY
};

enum { HA_CHASSIS_GROUP_NAME, HA_CHASSIS_GROUP_HA_CHASSIS };

enum { HA_CHASSIS_CHASSIS_NAME, HA_CHASSIS_PRIORITY };

enum { PORT_GROUP_NAME, PORT_GROUP_PORTS, PORT_GROUP_ACLS };

enum { ACL_ACTION };

extern const struct ovsdb_spec nb_spec;

#endif /* evidence/nb.h */
