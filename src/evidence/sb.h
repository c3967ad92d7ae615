/* The tables and columns of OVN_Southbound that provnet reads, by number, for
 * the accessors of ovsdb/store.h.  Names and meanings: ovn-sb(5).  Never
 * Logical_Flow: it is nearly all of the database, and derived from the rest.
 */
#ifndef EVIDENCE_SB_H
#define EVIDENCE_SB_H 1

#include "ovsdb/schema.h"

enum sb_table {
    SB_SB_GLOBAL,
    SB_CHASSIS,
    SB_CHASSIS_PRIVATE,
    SB_ENCAP,
    SB_DATAPATH_BINDING,
    SB_PORT_BINDING,
    SB_MAC_BINDING,
    SB_FDB, /* Since OVN 20.12. */
    SB_N_TABLES
};

enum { SB_GLOBAL_NB_CFG };

enum {
    CHASSIS_NAME,
    CHASSIS_HOSTNAME,
    CHASSIS_ENCAPS,
    CHASSIS_EXTERNAL_IDS,
    CHASSIS_OTHER_CONFIG,
    CHASSIS_NB_CFG
};

enum {
    CHASSIS_PRIVATE_NAME,
    CHASSIS_PRIVATE_CHASSIS,
    CHASSIS_PRIVATE_NB_CFG,
    CHASSIS_PRIVATE_NB_CFG_TIMESTAMP
};

enum { ENCAP_TYPE, ENCAP_IP, ENCAP_CHASSIS_NAME };

enum { DATAPATH_TUNNEL_KEY, DATAPATH_EXTERNAL_IDS };

enum {
    PB_LOGICAL_PORT,
    PB_TYPE,
    PB_OPTIONS,
    PB_TAG,
    PB_CHASSIS,
    PB_DATAPATH,
    PB_TUNNEL_KEY,
    PB_UP /* Since OVN 20.12. */
};

enum {
    MAC_BINDING_LOGICAL_PORT,
    MAC_BINDING_IP,
    MAC_BINDING_MAC,
    MAC_BINDING_TIMESTAMP /* In ms; since OVN 22.09. */
};

enum { FDB_MAC, FDB_DP_KEY, FDB_PORT_KEY };

extern const struct ovsdb_spec sb_spec;

#endif /* evidence/sb.h */
