/* Rules about loops.  Whether something comes round, flood/flood.h knows; here
 * is what closes it, and so whose fault it is. */
#include <stdlib.h>
#include <string.h>

#include "rules/checks.h"

static const struct evidence_db *
nb_of(const struct place *place)
{
    return &place->fabric->evidence->nb;
}

/* Pairs of localnet ports: doc/codes/ls-localnet-duplicate.md. */

struct pair {
    struct fabric_localnet *a, *b;
};

enum pair_kind { PAIR_DUPLICATE, PAIR_DUP_TAG, PAIR_MULTI_MAPPED };

static enum pair_kind
kind_of(const struct pair *pair)
{
    if (strcmp(pair->a->network, pair->b->network)) {
        return PAIR_MULTI_MAPPED;
    }
    return pair->a->tag == pair->b->tag ? PAIR_DUPLICATE : PAIR_DUP_TAG;
}

static bool
is_mapped_somewhere(const struct fabric *f, const char *network)
{
    for (size_t i = 0; i < f->n_chassis; i++) {
        if (!f->chassis[i]->mappings_known
            || mappings_find(&f->chassis[i]->mappings, network)) {
            return true;
        }
    }
    return !f->n_chassis;
}

/* Whether the pair would loop after one more change: a bomb, armed.  Two
 * networks that are each mapped on chassis of their own are a design
 * (ovn-architecture(7), "Physical VLAN MTU Issues" and "multiple localnet
 * ports"), so only a network that is mapped nowhere is suspect. */
static bool
is_armed(const struct fabric *f, const struct pair *pair)
{
    return kind_of(pair) != PAIR_MULTI_MAPPED
           || !is_mapped_somewhere(f, pair->a->network)
           || !is_mapped_somewhere(f, pair->b->network);
}

static void
report_pair(struct examination *x, const struct rule *rule,
            const struct place *place, const struct pair *pair)
{
    struct flood_cycle cycle;
    bool loops = flood_find_loop(place->flood, place->ls, pair->a, pair->b,
                                 x->arena, &cycle);
    if (!loops && !is_armed(place->fabric, pair)) {
        return;
    }
    const struct fabric_localnet *newer = pair->b;
    const struct ovsdb_row *row = newer->lsp ? newer->lsp : newer->pb;
    struct finding *f;
    if (loops) {
        f = report(x, rule, place, newer->lsp ? "nb" : "sb", row,
                   "localnet ports %s and %s of switch %s both lead to the "
                   "same L2 segment%s%s: a bridging loop, every broadcast "
                   "%s; disable one now: ovn-nbctl "
                   "lsp-set-enabled %s disabled",
                   pair->a->name, newer->name, place->ls->name,
                   cycle.chassis ? " on chassis " : "",
                   cycle.chassis ? cycle.chassis->name : "",
                   cycle.is_endless ? "multiplies without end"
                                    : "comes back many times over",
                   newer->name);
        finding_cycle(x, f, &cycle);
    } else {
        f = finding_latent(report(
            x, rule, place, newer->lsp ? "nb" : "sb", row,
            "switch %s has a second localnet port, %s beside %s, that "
            "does not carry frames now; enabling it or adding a "
            "mapping for %s would close a bridging loop",
            place->ls->name, newer->name, pair->a->name, newer->network));
    }
    finding_evidence(f, "nb", pair->a->lsp, "options:network_name",
                     pair->a->network);
    finding_evidence(f, "nb", newer->lsp, "options:network_name",
                     newer->network);
    if (newer->lsp) {
        finding_cause_created(f, nb_of(place), newer->lsp);
    }
}

/* The record that made the port, or 0. */
static uint32_t
made_in(const struct place *place, const struct fabric_localnet *localnet)
{
    const struct ovsdb_row *row =
        localnet->lsp ? evidence_log_row(nb_of(place), localnet->lsp) : NULL;
    return row ? row->created_in : 0;
}

static int
compare_age(const struct place *place, const struct fabric_localnet *a,
            const struct fabric_localnet *b)
{
    uint32_t a_in = made_in(place, a), b_in = made_in(place, b);
    return a_in < b_in ? -1 : a_in > b_in;
}

static void
check_pairs(struct examination *x, const struct rule *rule,
            const struct place *place, enum pair_kind kind)
{
    struct fabric_switch *ls = place->ls;
    for (size_t i = 0; i < ls->n_localnets; i++) {
        for (size_t j = i + 1; j < ls->n_localnets; j++) {
            struct pair pair = { &ls->localnets[i], &ls->localnets[j] };
            if (compare_age(place, pair.a, pair.b) > 0) {
                pair = (struct pair){ pair.b, pair.a };
            }
            if (kind_of(&pair) == kind) {
                report_pair(x, rule, place, &pair);
            }
        }
    }
}

void
check_ls_localnet_duplicate(struct examination *x, const struct rule *rule,
                            const struct place *place)
{
    check_pairs(x, rule, place, PAIR_DUPLICATE);
}

void
check_ls_localnet_dup_tag(struct examination *x, const struct rule *rule,
                          const struct place *place)
{
    check_pairs(x, rule, place, PAIR_DUP_TAG);
}

void
check_ls_localnet_multi_mapped(struct examination *x, const struct rule *rule,
                               const struct place *place)
{
    check_pairs(x, rule, place, PAIR_MULTI_MAPPED);
}

void
check_ls_localnet_l2gateway(struct examination *x, const struct rule *rule,
                            const struct place *place)
{
    const struct fabric_switch *ls = place->ls;
    for (size_t i = 0; i < ls->n_l2gateways; i++) {
        const struct ovsdb_row *lsp = ls->l2gateways[i];
        const char *network = ovsdb_map_get(lsp, LSP_OPTIONS, "network_name");
        const char *chassis =
            ovsdb_map_get(lsp, LSP_OPTIONS, "l2gateway-chassis");
        for (size_t j = 0; network && j < ls->n_localnets; j++) {
            const struct fabric_localnet *localnet = &ls->localnets[j];
            struct flood_cycle cycle;
            if (!flood_find_loop(place->flood, ls, localnet, lsp, x->arena,
                                 &cycle)) {
                continue;
            }
            struct finding *f = report(
                x, rule, place, "nb", lsp,
                "l2gateway port %s and localnet port %s of switch %s "
                "both lead to physical network %s on chassis %s: a "
                "bridging loop; disable one now: ovn-nbctl "
                "lsp-set-enabled %s disabled",
                ovsdb_string(lsp, LSP_NAME), localnet->name, ls->name, network,
                chassis ? chassis : "?", ovsdb_string(lsp, LSP_NAME));
            finding_evidence(f, "nb", lsp, "options:network_name", network);
            finding_cause_created(f, nb_of(place), lsp);
            finding_cycle(x, f, &cycle);
        }
    }
}

/* Another switch's enabled localnet port that leads to the same segment and
 * VLAN, of those that come before it in the fabric. */
static const struct fabric_localnet *
find_twin(const struct flood *flood, const struct fabric_localnet *localnet)
{
    const struct fabric_localnet *first =
        flood_first_localnet(flood, localnet);
    return first && first->ls != localnet->ls ? first : NULL;
}

void
check_ls_pair_same_l2(struct examination *x, const struct rule *rule,
                      const struct place *place)
{
    for (size_t i = 0; i < place->ls->n_localnets; i++) {
        const struct fabric_localnet *localnet = &place->ls->localnets[i];
        const struct fabric_localnet *twin =
            localnet->enabled ? find_twin(place->flood, localnet) : NULL;
        if (!twin || !localnet->lsp) {
            continue;
        }
        struct finding *f =
            report(x, rule, place, "nb", localnet->lsp,
                   "switches %s and %s share physical network %s, %s %d: it "
                   "works, but a guest that bridges them closes a loop",
                   twin->ls->name, place->ls->name, localnet->network,
                   localnet->tag ? "VLAN" : "untagged, tag", localnet->tag);
        finding_evidence(f, "nb", localnet->lsp, "options:network_name",
                         localnet->network);
        finding_cause_created(f, nb_of(place), localnet->lsp);
    }
}

/* Bridges. */

static const struct evidence_db *
ovs_of(const struct place *place)
{
    return &place->chassis->evidence->ovs;
}

/* The record that made the port, or 0. */
static uint32_t
added_in(const struct place *place, const struct ovsdb_row *port)
{
    const struct ovsdb_row *row = evidence_log_row(ovs_of(place), port);
    return row ? row->created_in : 0;
}

static struct finding *
report_nics(struct examination *x, const struct rule *rule,
            const struct place *place, const struct flood_nic nics[2],
            const struct flood_cycle *cycle)
{
    const struct fabric_bridge *bridge = nics[0].bridge;
    const struct fabric_port *first = nics[0].port, *second = nics[1].port;
    struct finding *f =
        report(x, rule, place, "ovs", bridge->row,
               "provider bridge %s on chassis %s has two NICs that are not "
               "one bond, %s and %s: unless they end on different L2 "
               "segments this is a bridging loop; take out the one without "
               "the host's address",
               bridge->name, place->chassis->name, first->name, second->name);
    finding_evidence(f, "ovs", bridge->row, "ports", first->name);
    finding_evidence(f, "ovs", bridge->row, "ports", second->name);
    const struct ovsdb_row *newer =
        added_in(place, first->row) > added_in(place, second->row)
            ? first->row
            : second->row;
    finding_cause_created(f, ovs_of(place), newer);
    return finding_cycle(x, f, cycle);
}

void
check_brex_two_nics(struct examination *x, const struct rule *rule,
                    const struct place *place)
{
    const struct fabric_attachment *a = place->attachment;
    struct flood_nic nics[2];
    struct flood_cycle cycle;
    if (a->bridge
        && flood_find_nics(place->flood, a->chassis, a->bridge,
                           flood_vlan_of(a), x->arena, nics, &cycle)) {
        report_nics(x, rule, place, nics, &cycle);
    }
}

/* Likewise of a bridge that is mapped, but that no localnet port leads to: it
 * loops all the same, though no endpoint's frames come to it. */
void
check_brex_two_nics_unused(struct examination *x, const struct rule *rule,
                           const struct place *place)
{
    const struct fabric_bridge *bridge = NULL;
    while (
        (bridge = flood_next_unused(place->flood, place->chassis, bridge))) {
        struct flood_nic nics[2];
        struct flood_cycle cycle;
        if (flood_find_nics(place->flood, place->chassis, bridge, 0, x->arena,
                            nics, &cycle)) {
            finding_aside(report_nics(x, rule, place, nics, &cycle));
        }
    }
}

static struct finding *
report_patches(struct examination *x, const struct rule *rule,
               const struct place *place, const struct ovsdb_row *patch,
               const struct flood_cycle *cycle)
{
    const struct ovsdb_row *bridge = patch->owner;
    const char *name = ovsdb_string(patch, PORT_NAME);
    struct finding *f = report(
        x, rule, place, "ovs", patch,
        "patch port %s joins bridge %s on chassis %s to one that leads back "
        "to it, or to the same L2 segment: a bridging loop; take one of its "
        "ways out, this one perhaps: ovs-vsctl del-port %s",
        name, bridge ? ovsdb_string(bridge, BRIDGE_NAME) : "?",
        place->chassis->name, name);
    finding_evidence(f, "ovs", patch, "name", name);
    finding_cause_created(f, ovs_of(place), patch);
    return finding_cycle(x, f, cycle);
}

void
check_bridges_same_l2(struct examination *x, const struct rule *rule,
                      const struct place *place)
{
    const struct fabric_attachment *a = place->attachment;
    const struct ovsdb_row *patch;
    struct flood_cycle cycle;
    if (a->bridge
        && flood_find_patches(place->flood, a->chassis, a->bridge,
                              flood_vlan_of(a), x->arena, &patch, &cycle)) {
        report_patches(x, rule, place, patch, &cycle);
    }
}

/* Two bridges that are on one segment, as far as the mappings of all chassis
 * tell, and that nothing joins yet. */
static void
report_twin(struct examination *x, const struct rule *rule,
            const struct place *place, const struct fabric_bridge *bridge)
{
    const struct fabric_bridge *other =
        flood_find_twin(place->flood, place->chassis, bridge);
    if (!other) {
        return;
    }
    struct finding *f = finding_latent(report(
        x, rule, place, "ovs", bridge->row,
        "bridges %s and %s of chassis %s lead to one L2 segment by a NIC "
        "each, since a chassis maps their physical networks to one bridge: "
        "it works until a logical switch, a patch port or a guest joins them",
        other->name, bridge->name, place->chassis->name));
    finding_evidence(f, "ovs", other->row, "name", other->name);
    finding_evidence(f, "ovs", bridge->row, "name", bridge->name);
}

/* What concerns the chassis's bridges, whoever uses them. */
void
check_bridges_same_l2_chassis(struct examination *x, const struct rule *rule,
                              const struct place *place)
{
    const struct fabric_chassis *chassis = place->chassis;
    const struct fabric_bridge *unused = NULL;
    while ((unused = flood_next_unused(place->flood, chassis, unused))) {
        const struct ovsdb_row *patch;
        struct flood_cycle cycle;
        if (flood_find_patches(place->flood, chassis, unused, 0, x->arena,
                               &patch, &cycle)) {
            finding_aside(report_patches(x, rule, place, patch, &cycle));
        }
    }
    for (size_t i = 0; i < chassis->n_bridges; i++) {
        report_twin(x, rule, place, &chassis->bridges[i]);
    }
}

/* A guest with a foot in two switches, or with two feet in one. */
void
check_guest_bridge_loop(struct examination *x, const struct rule *rule,
                        const struct place *place)
{
    const struct fabric_vif *vif =
        place->endpoint->kind == ENDPOINT_VM ? place->endpoint->vif : NULL;
    struct flood_cycle cycle;
    const struct fabric_vif *other =
        vif ? flood_find_guest(place->flood, vif, x->arena, &cycle) : NULL;
    if (!other) {
        return;
    }
    struct finding *f =
        report(x, rule, place, "nb", vif->lsp,
               "ports %s and %s of one guest lead to the same L2 segment, and "
               "neither has port security: if the guest bridges them, every "
               "broadcast goes round through it",
               other->label, vif->label);
    finding_evidence(f, "nb", other->lsp, "port_security", "");
    finding_evidence(f, "nb", vif->lsp, "port_security", "");
    finding_evidence(f, "nb", vif->lsp, "external_ids:neutron:device_id",
                     vif->guest);
    finding_cause_column(f, nb_of(place), vif->lsp, LSP_PORT_SECURITY, NULL);
    finding_cycle(x, f, &cycle);
}

/* What a loop leaves behind. */

/* How long a bridge, or a switch on the wire, may remember where it heard a
 * station: ovs-vswitchd.conf.db(5), Bridge, other_config:mac-aging-time;
 * IEEE 802.1Q, table 8-6, ageing time. */
#define AGEING_MS 300000

/* When the record was written, if that is so short a time ago that tables may
 * still be wrong; else 0. */
static int64_t
recent_date(const struct place *place, uint32_t record)
{
    const struct evidence *e = place->fabric->evidence;
    if (!record || !e->nb.log || record >= e->nb.log->n_records) {
        return 0;
    }
    int64_t date_ms = e->nb.log->records[record].date_ms;
    int64_t age_ms = e->now_ms - date_ms;
    return age_ms >= 0 && age_ms < AGEING_MS ? date_ms : 0;
}

/* The record that took the localnet port, whose row in the log it is, out of
 * the way; 0 if none did. */
static uint32_t
silenced_in(const struct ovsdb_row *row)
{
    if (!row->exists) {
        return row->deleted_in;
    }
    return ovsdb_bool(row, LSP_ENABLED, true)
               ? 0
               : ovsdb_changed_in(row, LSP_ENABLED);
}

/* An enabled localnet port of the switch, for the same physical network, that
 * was there before 'record'. */
static const struct fabric_localnet *
find_survivor(const struct place *place, const struct ovsdb_row *gone,
              uint32_t record)
{
    const struct fabric_switch *ls = place->ls;
    const char *network = ovsdb_map_get(gone, LSP_OPTIONS, "network_name");
    for (size_t i = 0; network && i < ls->n_localnets; i++) {
        const struct fabric_localnet *localnet = &ls->localnets[i];
        if (localnet->lsp && localnet->enabled
            && !strcmp(localnet->network, network)
            && made_in(place, localnet) < record
            && !uuid_equals(&localnet->lsp->uuid, &gone->uuid)) {
            return localnet;
        }
    }
    return NULL;
}

static void
report_residue(struct examination *x, const struct rule *rule,
               const struct place *place, const struct ovsdb_row *gone)
{
    uint32_t record = silenced_in(gone);
    /* Deleted in the state of an enabled one, or disabled since. */
    bool was_enabled = gone->exists || ovsdb_bool(gone, LSP_ENABLED, true);
    const struct fabric_localnet *left =
        recent_date(place, record) && was_enabled
            ? find_survivor(place, gone, record)
            : NULL;
    if (!left) {
        return;
    }
    struct finding *f = report(
        x, rule, place, "nb", place->ls->row,
        "until %lld s ago switch %s had two localnet ports for %s, %s and %s: "
        "if they looped, bridges and switches on the wire still send frames "
        "to where they heard stations in the loop, for up to 300 s; flush the "
        "provider bridge of each chassis (ovs-appctl fdb/flush BRIDGE) and "
        "let the stations speak",
        (long long) ((place->fabric->evidence->now_ms
                      - recent_date(place, record))
                     / 1000),
        place->ls->name, left->network, left->name,
        ovsdb_string(gone, LSP_NAME));
    finding_evidence(f, "nb", left->lsp, "options:network_name",
                     left->network);
    if (gone->exists) {
        finding_cause_column(f, nb_of(place), gone, LSP_ENABLED, NULL);
    } else {
        finding_cause_deleted(f, nb_of(place), gone);
    }
}

void
check_storm_residue(struct examination *x, const struct rule *rule,
                    const struct place *place)
{
    const struct fabric_switch *ls = place->ls;
    if (ls->intent.lost) {
        report_residue(x, rule, place, ls->intent.lost);
    }
    for (size_t i = 0; i < ls->n_localnets; i++) {
        const struct ovsdb_row *row =
            ls->localnets[i].lsp && !ls->localnets[i].enabled
                ? evidence_log_row(nb_of(place), ls->localnets[i].lsp)
                : NULL;
        if (row) {
            report_residue(x, rule, place, row);
        }
    }
}
