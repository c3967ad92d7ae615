/* Rules about the patch ports between a provider bridge and the integration
 * bridge. */
#include <string.h>

#include "rules/checks.h"

/* Whether patch ports should be there: the bridge they lead to exists. */
static bool
is_wanted(const struct fabric_attachment *a)
{
    return a->chassis->ovs_known && (a->mapped_bridge || a->outer);
}

static const struct evidence_db *
ovs_of(const struct place *place)
{
    return &place->chassis->evidence->ovs;
}

/* The row of a deleted Interface of that name in the log, or NULL. */
static const struct ovsdb_row *
find_deleted(const struct place *place, const char *name)
{
    const struct ovsdb_store *log = ovs_of(place)->log;
    const struct ovsdb_table *table = log ? &log->tables[OVS_INTERFACE] : NULL;
    const struct ovsdb_row *found = NULL;
    for (size_t i = 0; table && i < table->n_rows; i++) {
        const struct ovsdb_row *row = table->rows[i];
        if (!row->exists && row->deleted_in
            && !strcmp(ovsdb_string(row, INTERFACE_NAME), name)
            && (!found || row->deleted_in > found->deleted_in)) {
            found = row;
        }
    }
    return found;
}

void
check_patch_missing_half(struct examination *x, const struct rule *rule,
                         const struct place *place)
{
    const struct fabric_attachment *a = place->attachment;
    if (!a->chassis->ovs_known) {
        report_missing(x, HOP_PATCH,
                       "chassis %s's Open_vSwitch database (--ovs, or "
                       "%s/conf.db in a bundle)",
                       a->chassis->name, a->chassis->name);
        return;
    }
    if (!is_wanted(a) || (a->outer && a->inner)) {
        return;
    }
    const char *lost = a->outer ? a->inner_name : a->outer_name;
    const char *bridge = a->outer ? a->chassis->integration_bridge : a->mapped;
    struct finding *f = report(
        x, rule, place, "ovs", a->chassis->open_vswitch,
        "chassis %s has no patch port %s on %s%s; a healthy ovn-controller "
        "makes it again within seconds, so look whether it runs",
        a->chassis->name, lost, bridge,
        a->outer || a->inner ? ", only its other half" : ", nor its peer");
    finding_evidence(f, "ovs", NULL, "name", lost);
    const struct ovsdb_row *deleted = find_deleted(place, lost);
    if (deleted) {
        finding_cause_deleted(f, ovs_of(place), deleted);
    }
}

static bool
peers_with(const struct ovsdb_row *interface, const char *name)
{
    const char *peer = ovsdb_map_get(interface, INTERFACE_OPTIONS, "peer");
    return peer && !strcmp(peer, name);
}

void
check_patch_peer_wrong(struct examination *x, const struct rule *rule,
                       const struct place *place)
{
    const struct fabric_attachment *a = place->attachment;
    if (!a->outer || !a->inner
        || (peers_with(a->outer, a->inner_name)
            && peers_with(a->inner, a->outer_name))) {
        return;
    }
    const struct ovsdb_row *wrong =
        peers_with(a->outer, a->inner_name) ? a->inner : a->outer;
    const char *peer = ovsdb_map_get(wrong, INTERFACE_OPTIONS, "peer");
    const char *want = wrong == a->inner ? a->outer_name : a->inner_name;
    struct finding *f =
        report(x, rule, place, "ovs", wrong,
               "patch port %s on chassis %s has peer \"%s\" instead of %s",
               ovsdb_string(wrong, INTERFACE_NAME), a->chassis->name,
               peer ? peer : "", want);
    finding_evidence(f, "ovs", wrong, "options:peer", peer);
    finding_cause_column(f, ovs_of(place), wrong, INTERFACE_OPTIONS, "peer");
}

/* Only the outer half matters: on the integration bridge, OpenFlow outputs
 * frames past the VLAN configuration, on a provider bridge NORMAL obeys it.
 */
void
check_patch_port_vlan(struct examination *x, const struct rule *rule,
                      const struct place *place)
{
    const struct fabric_attachment *a = place->attachment;
    int vlan = a->localnet->tag;
    if (!a->outer_port
        || (fabric_vlan_in(a->outer_port, vlan) == vlan
            && fabric_vlan_out(a->outer_port, vlan) == vlan)) {
        return;
    }
    const char *tag =
        arena_printf(x->arena, "%lld",
                     (long long) ovsdb_integer(a->outer_port, PORT_TAG, 0));
    struct finding *f =
        report(x, rule, place, "ovs", a->outer_port,
               "patch port %s on chassis %s has a VLAN of its own (tag %s): "
               "frames of VLAN %d (0: untagged) do not pass as they should",
               a->outer_name, a->chassis->name, tag, vlan);
    finding_evidence(f, "ovs", a->outer_port, "tag", tag);
    unsigned column = ovsdb_count(a->outer_port, PORT_TAG) ? PORT_TAG
                      : ovsdb_count(a->outer_port, PORT_TRUNKS)
                          ? PORT_TRUNKS
                          : PORT_VLAN_MODE;
    finding_cause_column(f, ovs_of(place), a->outer_port, column, NULL);
}
