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
    bool has_source = ovsdb_map_get(ls, LS_OTHER_CONFIG, "mcast_eth_src")
                      && ovsdb_map_get(ls, LS_OTHER_CONFIG, "mcast_ip4_src");
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
        "switch %s snoops on multicast, and %s: unless one on the physical "
        "network asks, groups die after some minutes.  ARP and unicast do "
        "not suffer",
        ls->name, fault);
    finding_evidence(f, "nb", ls->row, "other_config:mcast_snoop", snoop);
    finding_cause_column(f, nb_of(place), ls->row, LS_OTHER_CONFIG,
                         "mcast_snoop");
}
