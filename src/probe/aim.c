#include "probe/aim.h"

#include <string.h>
#include <strings.h>

#include "ovsdb/session.h"

/* What forbids it. */

/* A broadcast feeds a loop, so any loop that may touch the chassis counts, and
 * not only one of the endpoint's own switch. */
static const char *
find_storm(struct assessment *a, const struct aim *aim)
{
    for (size_t i = 0; i < a->n_findings; i++) {
        const struct finding *f = a->findings[i].finding;
        if (f->effect == EFFECT_STORMS
            && (f->ls == aim->endpoint->ls || !f->chassis || !aim->chassis
                || !strcmp(f->chassis, aim->chassis->name))) {
            return arena_printf(&a->arena, "%s: %s", f->rule->code,
                                f->message);
        }
    }
    for (int d = 0; d < N_DIRECTIONS; d++) {
        if (aim->at->verdicts[d].kind == VERDICT_STORM) {
            return "its switch loops";
        }
    }
    return NULL;
}

static void
find_unable(struct aim *aim, struct assessment *a)
{
    const struct fabric_chassis *c = aim->chassis;
    const struct evidence_chassis *e = c ? c->evidence : NULL;
    const char *path =
        e && e->ovs.live ? ovsdb_remote_unix_path(e->ovs.from) : NULL;
    if (!c) {
        return; /* An obstacle. */
    }
    aim->hint =
        arena_printf(&a->arena,
                     "run it on chassis %s%s%s%s, with --ovs unix:PATH or "
                     "without --ovs",
                     c->name, *c->hostname ? " (host " : "", c->hostname,
                     *c->hostname ? ")" : "");
    const char *slash = path ? strrchr(path, '/') : NULL;
    if (!slash) {
        aim->unable = arena_printf(&a->arena,
                                   "chassis %s is not seen through its own "
                                   "Open vSwitch socket",
                                   c->name);
    } else if (!e->has_links) {
        aim->unable =
            arena_printf(&a->arena,
                         "the ports of chassis %s are not in this network "
                         "namespace",
                         c->name);
    }
    if (slash) {
        aim->rundir = arena_strndup(&a->arena, path, (size_t) (slash - path));
    }
}

/* The way. */

/* The bridge by the name that the other chassis's mappings give it: where this
 * one's mapping is lost, that is where the wire still ends. */
static struct fabric_bridge *
guess_bridge(const struct fabric_chassis *c,
             const struct fabric_localnet *localnet)
{
    for (size_t i = 0; localnet && i < localnet->n_attachments; i++) {
        const char *name = localnet->attachments[i].mapped;
        for (size_t j = 0; name && j < c->n_bridges; j++) {
            if (!strcmp(c->bridges[j].name, name)) {
                return &c->bridges[j];
            }
        }
    }
    return NULL;
}

static struct aim_port
port_of(const struct aim *aim, const struct ovsdb_row *interface)
{
    return (struct aim_port){
        .name = interface ? ovsdb_string(interface, INTERFACE_NAME) : NULL,
        .ofport = interface ? fabric_ofport(aim->chassis, interface) : 0
    };
}

/* The members of the port that leads to the wire, and the tag that its frames
 * have out there: an access port takes and gives them untagged
 * (ovs-vswitchd.conf.db(5), Port, "tag"). */
static void
aim_at_nic(struct aim *aim, const struct fabric_port *nic)
{
    const union ovsdb_atom *members = ovsdb_atoms(nic->row, PORT_INTERFACES);
    for (unsigned i = 0; i < ovsdb_count(nic->row, PORT_INTERFACES); i++) {
        const struct ovsdb_row *interface = members[i].row;
        struct aim_port port = port_of(aim, interface);
        if (port.ofport > 0 && aim->n_nics < AIM_MAX_NICS) {
            aim->nics[aim->n_nics++] = port;
        }
    }
    const char *mode = ovsdb_string(nic->row, PORT_VLAN_MODE);
    if (ovsdb_count(nic->row, PORT_TAG)
        && ovsdb_integer(nic->row, PORT_TAG, 0) == aim->frame.vlan
        && (!mode || !*mode || strncmp(mode, "native-tagged", 13))) {
        aim->frame.vlan = 0;
    }
}

static void
block(struct aim *aim, enum hop hop, const char *why)
{
    aim->obstacle = why;
    aim->obstacle_hop = hop;
}

static void
find_way(struct aim *aim, struct assessment *a)
{
    struct fabric_localnet *localnet;
    struct fabric_attachment *way;
    const struct fabric_bridge *bridge;
    reach_way(aim->endpoint, &localnet, &way);
    aim->frame.vlan = localnet ? (uint16_t) localnet->tag : 0;
    bridge = way && way->bridge ? way->bridge
             : way && way->mapped_bridge
                 ? way->mapped_bridge
                 : guess_bridge(aim->chassis, localnet);
    if (!bridge) {
        block(aim, HOP_PROVIDER_BRIDGE,
              arena_printf(&a->arena,
                           "which bridge of chassis %s leads to the wire is "
                           "not known: %s",
                           aim->chassis->name,
                           localnet ? "nothing maps its physical network there"
                                    : "the switch has no localnet port, and "
                                      "no log tells of one"));
        return;
    }
    aim->bridge = bridge->name;
    if (way) {
        aim->outer = port_of(aim, way->outer);
        aim->inner = port_of(aim, way->inner);
    }
    if (!bridge->n_nics) {
        block(aim, HOP_NIC,
              arena_printf(&a->arena, "bridge %s has no NIC%s", bridge->name,
                           bridge->n_patches
                               ? "; the bridges behind its patch ports are "
                                 "not probed"
                               : ""));
        return;
    }
    aim_at_nic(aim, &bridge->nics[0]);
    if (!aim->n_nics) {
        block(aim, HOP_NIC,
              arena_printf(&a->arena, "%s has no OpenFlow port number",
                           bridge->nics[0].name));
    }
}

static bool
is_translated(const struct fabric_endpoint *e)
{
    const struct fabric_router *r = e->gateway ? e->gateway->router : NULL;
    for (size_t i = 0; r && i < r->n_snats; i++) {
        if (!strcasecmp(ovsdb_string(r->snats[i], NAT_EXTERNAL_IP),
                        e->address)) {
            return true;
        }
    }
    return false;
}

void
aim_init(struct aim *aim, struct assessment *a,
         const struct assessed_endpoint *at,
         const uint8_t mac[FRAME_MAC_BYTES])
{
    const struct fabric_endpoint *e = at->endpoint;
    *aim = (struct aim){ .at = at, .endpoint = e, .chassis = e->chassis };
    memcpy(aim->frame.mac, mac, FRAME_MAC_BYTES);
    aim->storm = find_storm(a, aim);
    find_unable(aim, a);
    if (!frame_aim(&aim->frame, e->address)) {
        block(aim, HOP_GUEST, "no address of it is known to ask for");
    } else if (!e->chassis) {
        block(aim, e->kind == ENDPOINT_VM ? HOP_PORT : HOP_GATEWAY,
              e->chassis_known
                  ? "no chassis holds it, so no frame can reach it"
                  : "which chassis holds it is not known");
    } else {
        aim->integration_bridge = e->chassis->integration_bridge;
        if (e->kind == ENDPOINT_VM && e->vif) {
            aim->port = port_of(aim, e->vif->interface);
        }
        find_way(aim, a);
    }
    aim->may_be_ignored = e->kind == ENDPOINT_GATEWAY && !aim->frame.is_ipv6
                          && !is_translated(e);
}
