/* VLANs of bridge ports: ovs-vswitchd.conf.db(5), Port, "VLAN
 * Configuration". */
#include "fabric/fabric.h"

static bool
lists_vlan(const struct ovsdb_row *port, int vlan)
{
    const union ovsdb_atom *trunks = ovsdb_atoms(port, PORT_TRUNKS);
    unsigned n = ovsdb_count(port, PORT_TRUNKS);
    for (unsigned i = 0; i < n; i++) {
        if (trunks[i].integer == vlan) {
            return true;
        }
    }
    return !n;
}

enum port_mode {
    MODE_ACCESS,
    MODE_TRUNK,
    MODE_NATIVE_TAGGED,
    MODE_NATIVE_UNTAGGED,
    MODE_DOT1Q_TUNNEL
};

static enum port_mode
mode_of(const struct ovsdb_row *port)
{
    static const char *const names[] = {
        [MODE_ACCESS] = "access",
        [MODE_TRUNK] = "trunk",
        [MODE_NATIVE_TAGGED] = "native-tagged",
        [MODE_NATIVE_UNTAGGED] = "native-untagged",
        [MODE_DOT1Q_TUNNEL] = "dot1q-tunnel"
    };
    const char *mode = ovsdb_string(port, PORT_VLAN_MODE);
    for (size_t i = 0; i < N_ELEMENTS(names); i++) {
        if (!strcmp(mode, names[i])) {
            return (enum port_mode) i;
        }
    }
    return ovsdb_count(port, PORT_TAG) ? MODE_ACCESS : MODE_TRUNK;
}

int
fabric_vlan_in(const struct ovsdb_row *port, int vlan)
{
    int tag = (int) ovsdb_integer(port, PORT_TAG, 0);
    switch (mode_of(port)) {
    case MODE_ACCESS:
        return vlan ? -1 : tag;
    case MODE_DOT1Q_TUNNEL:
        return vlan ? -1 : tag; /* A tagged frame gets a second tag. */
    case MODE_NATIVE_TAGGED:
    case MODE_NATIVE_UNTAGGED:
        return !vlan || vlan == tag ? tag : lists_vlan(port, vlan) ? vlan : -1;
    case MODE_TRUNK:
        break;
    }
    return lists_vlan(port, vlan) ? vlan : -1;
}

int
fabric_vlan_out(const struct ovsdb_row *port, int vlan)
{
    int tag = (int) ovsdb_integer(port, PORT_TAG, 0);
    switch (mode_of(port)) {
    case MODE_ACCESS:
    case MODE_DOT1Q_TUNNEL:
        return vlan == tag ? 0 : -1;
    case MODE_NATIVE_UNTAGGED:
        return vlan == tag ? 0 : lists_vlan(port, vlan) ? vlan : -1;
    case MODE_NATIVE_TAGGED:
        return vlan == tag || lists_vlan(port, vlan) ? vlan : -1;
    case MODE_TRUNK:
        break;
    }
    return lists_vlan(port, vlan) ? vlan : -1;
}
