/* Rules about a logical switch and all its localnet ports together. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/checks.h"

static const struct evidence_db *
nb_of(const struct place *place)
{
    return &place->fabric->evidence->nb;
}

static void
blame_lost_localnet(struct finding *f, const struct place *place)
{
    const struct fabric_intent *intent = &place->ls->intent;
    const struct evidence *e = place->fabric->evidence;
    if (intent->lost) {
        finding_cause_deleted(f, &e->nb, intent->lost);
    } else if (!strcmp(intent->db, "sb")) {
        finding_cause_deleted(f, &e->sb, intent->row);
    } else {
        finding_cause_deleted(f, &e->nb, NULL);
    }
}

void
check_ls_no_localnet(struct examination *x, const struct rule *rule,
                     const struct place *place)
{
    const struct fabric_switch *ls = place->ls;
    const struct fabric_intent *intent = &ls->intent;
    bool in_nb = ls->n_pending || ls->type_lost;
    for (size_t i = 0; i < ls->n_localnets; i++) {
        in_nb |= ls->localnets[i].lsp != NULL;
    }
    if (!intent->why || in_nb) {
        return;
    }
    if (ls->n_l2gateways) {
        report_missing(x, HOP_PATCH,
                       "the way through l2gateway port %s: provnet does not "
                       "follow those yet",
                       ovsdb_string(ls->l2gateways[0], LSP_NAME));
        return;
    }
    struct finding *f;
    if (ls->n_localnets) { /* SB still has it: northd has not seen it yet. */
        f = finding_latent(
            report(x, rule, place, "nb", ls->row,
                   "provider network %s has no localnet port in NB any more; "
                   "SB still has %s, so traffic passes until ovn-northd goes "
                   "on",
                   ls->network, ls->localnets[0].name));
    } else {
        f = report(x, rule, place, "nb", ls->row,
                   "provider network %s has no port of type localnet, so no "
                   "frame passes between its switch %s and the physical "
                   "network (VMs on different chassis still reach each other "
                   "through the tunnels, which misleads); meant to be a "
                   "provider network because %s: %s",
                   ls->network, ls->name, intent->why, intent->value);
    }
    finding_evidence(f, intent->db, intent->row, intent->column,
                     intent->value);
    blame_lost_localnet(f, place);
}

void
check_localnet_type_lost(struct examination *x, const struct rule *rule,
                         const struct place *place)
{
    const struct ovsdb_row *lsp = place->ls->type_lost;
    if (!lsp || (place->ls->n_localnets && !place->ls->sb_behind)) {
        return;
    }
    const char *type = ovsdb_string(lsp, LSP_TYPE);
    struct finding *f =
        report(x, rule, place, "nb", lsp,
               "port %s of provider network %s names physical network %s "
               "but its type is \"%s\" instead of \"localnet\", so it is no "
               "way out",
               ovsdb_string(lsp, LSP_NAME), place->ls->network,
               ovsdb_map_get(lsp, LSP_OPTIONS, "network_name"), type);
    finding_evidence(f, "nb", lsp, "type", type);
    finding_cause_column(f, nb_of(place), lsp, LSP_TYPE, NULL);
    if (place->ls->n_localnets) { /* SB still has it. */
        finding_latent(f);
    }
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

/* Whether a NIC of the bridge may carry frames: one that is surely down, or
 * none at all, closes no loop. */
static bool
has_live_nic(const struct fabric_chassis *chassis,
             const struct fabric_bridge *bridge)
{
    for (size_t i = 0; i < bridge->n_nics; i++) {
        struct fabric_link link =
            fabric_link_state(chassis, bridge->nics[i].interface);
        if (link.admin != LINK_DOWN && link.carrier != LINK_DOWN) {
            return true;
        }
    }
    return false;
}

/* Whether the bridges of both attachments are one L2 segment, as far as we
 * can tell: two NICs are taken to be on one wire unless something proves
 * otherwise. */
static bool
same_l2(const struct fabric_attachment *a, const struct fabric_attachment *b)
{
    const struct fabric_chassis *chassis = a->chassis;
    if (!chassis->ovs_known) {
        return a->mapped && b->mapped;
    }
    if (!a->bridge || !b->bridge || !a->outer || !b->outer) {
        return false;
    }
    return a->bridge == b->bridge
           || (has_live_nic(chassis, a->bridge)
               && has_live_nic(chassis, b->bridge));
}

/* A chassis on which both localnet ports reach the same L2, or NULL. */
static struct fabric_chassis *
find_looping_chassis(const struct pair *pair)
{
    if (!pair->a->enabled || !pair->b->enabled) {
        return NULL;
    }
    for (size_t i = 0; i < pair->a->n_attachments; i++) {
        struct fabric_attachment *a = &pair->a->attachments[i];
        struct fabric_attachment *b =
            a->chassis ? fabric_find_attachment(pair->b, a->chassis) : NULL;
        if (b && same_l2(a, b)) {
            return a->chassis;
        }
    }
    return NULL;
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
    const struct fabric_chassis *chassis = find_looping_chassis(pair);
    bool blind = !place->fabric->n_chassis && pair->a->enabled
                 && pair->b->enabled && kind_of(pair) != PAIR_MULTI_MAPPED;
    if (!chassis && !blind && !is_armed(place->fabric, pair)) {
        return;
    }
    const struct fabric_localnet *newer = pair->b;
    const struct ovsdb_row *row = newer->lsp ? newer->lsp : newer->pb;
    struct finding *f;
    if (chassis || blind) {
        f = report(x, rule, place, newer->lsp ? "nb" : "sb", row,
                   "localnet ports %s and %s of switch %s both lead to the "
                   "same L2 segment%s%s: a bridging loop, every broadcast "
                   "multiplies without end; disable one now: ovn-nbctl "
                   "lsp-set-enabled %s disabled",
                   pair->a->name, newer->name, place->ls->name,
                   chassis ? " on chassis " : "", chassis ? chassis->name : "",
                   newer->name);
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

/* Whether the l2gateway port's chassis exists and maps its network, as far as
 * we know any chassis. */
static bool
may_be_bound(const struct fabric *f, const char *chassis, const char *network)
{
    const struct fabric_chassis *c =
        chassis ? fabric_find_chassis(f, chassis) : NULL;
    return !f->n_chassis
           || (c
               && (!c->mappings_known
                   || mappings_find(&c->mappings, network)));
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
            if (!localnet->enabled || !ovsdb_bool(lsp, LSP_ENABLED, true)
                || strcmp(localnet->network, network)
                || !may_be_bound(place->fabric, chassis, network)) {
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
        }
    }
}

/* Another switch's enabled localnet port of the same network and tag, of those
 * that come before it in the fabric. */
static const struct fabric_localnet *
find_twin(const struct fabric *f, const struct fabric_localnet *localnet)
{
    char key[512];
    snprintf(key, sizeof key, "%d %s", localnet->tag, localnet->network);
    const struct fabric_localnet *first = strmap_get(&f->segments, key);
    return first && first->ls != localnet->ls ? first : NULL;
}

void
check_ls_pair_same_l2(struct examination *x, const struct rule *rule,
                      const struct place *place)
{
    for (size_t i = 0; i < place->ls->n_localnets; i++) {
        const struct fabric_localnet *localnet = &place->ls->localnets[i];
        const struct fabric_localnet *twin =
            localnet->enabled ? find_twin(place->fabric, localnet) : NULL;
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

/* Neutron looks for "provnet-" names only (neutron, ovn/utils.py,
 * ovn_provnet_port_name()). */
void
check_neutron_localnet_handmade(struct examination *x, const struct rule *rule,
                                const struct place *place)
{
    const struct fabric_switch *ls = place->ls;
    for (size_t i = 0; ls->is_neutron && i < ls->n_localnets; i++) {
        const struct fabric_localnet *localnet = &ls->localnets[i];
        if (!localnet->lsp
            || !strncmp(localnet->name, "provnet-", strlen("provnet-"))) {
            continue;
        }
        struct finding *f =
            report(x, rule, place, "nb", localnet->lsp,
                   "localnet port %s was made by hand on a switch that "
                   "Neutron owns.  Neutron does not see it: its sync in "
                   "repair mode adds provnet-... beside it, which is a "
                   "bridging loop.  Rename it in one transaction before "
                   "anybody syncs",
                   localnet->name);
        finding_evidence(f, "nb", localnet->lsp, "name", localnet->name);
        finding_cause_created(f, nb_of(place), localnet->lsp);
    }
}

/* Whether snooping works: somebody must ask who listens.  OVN does so itself
 * unless mcast_querier is false, and only with a source address (ovn-nb(5),
 * Logical_Switch, other_config:mcast_*). */
static const char *
find_snooping_fault(const struct ovsdb_row *ls)
{
    const char *querier = ovsdb_map_get(ls, LS_OTHER_CONFIG, "mcast_querier");
    const char *flood =
        ovsdb_map_get(ls, LS_OTHER_CONFIG, "mcast_flood_unregistered");
    bool has_source =
        ovsdb_map_get(ls, LS_OTHER_CONFIG, "mcast_eth_src")
        && (ovsdb_map_get(ls, LS_OTHER_CONFIG, "mcast_ip4_src")
            || ovsdb_map_get(ls, LS_OTHER_CONFIG, "mcast_ip6_src"));
    if (flood && !strcmp(flood, "true")) {
        return NULL;
    }
    return (!querier || strcmp(querier, "false")) && !has_source
               ? "its querier has no source address (mcast_eth_src, "
                 "mcast_ip4_src), so it never asks who listens"
               : NULL;
}

void
check_mcast_snoop(struct examination *x, const struct rule *rule,
                  const struct place *place)
{
    const struct fabric_switch *ls = place->ls;
    const char *snoop = ovsdb_map_get(ls->row, LS_OTHER_CONFIG, "mcast_snoop");
    const char *fault = snoop && !strcmp(snoop, "true") && ls->intent.why
                            ? find_snooping_fault(ls->row)
                            : NULL;
    if (!fault) {
        return;
    }
    struct finding *f = report(
        x, rule, place, "nb", ls->row,
        "switch %s snoops on multicast, and %s: groups that nobody asked for "
        "lately are dropped.  ARP and unicast do not suffer",
        ls->name, fault);
    finding_evidence(f, "nb", ls->row, "other_config:mcast_snoop", snoop);
    finding_cause_column(f, nb_of(place), ls->row, LS_OTHER_CONFIG,
                         "mcast_snoop");
}
