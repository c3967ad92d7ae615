/* Rules about one localnet port. */
#include <stdlib.h>
#include <string.h>

#include "rules/checks.h"

static const struct evidence_db *
nb_of(const struct place *place)
{
    return &place->fabric->evidence->nb;
}

/* The port's row in the log of NB, which has its past. */
static const struct ovsdb_row *
in_log(const struct place *place, const struct ovsdb_row *lsp)
{
    const struct ovsdb_row *row = evidence_log_row(nb_of(place), lsp);
    return row ? row : lsp;
}

/* northd copies the tag to SB, where the chassis read it; a request of 0
 * leaves the tag as it is (observed on OVN 23.03.1). */
static void
check_sb_tag(struct examination *x, const struct rule *rule,
             const struct place *place)
{
    const struct fabric_localnet *localnet = place->localnet;
    int64_t request = ovsdb_integer(localnet->lsp, LSP_TAG_REQUEST, 0);
    int64_t want =
        request ? request : ovsdb_integer(localnet->lsp, LSP_TAG, 0);
    if (want == localnet->tag) {
        return;
    }
    struct finding *f = finding_latent(
        report(x, rule, place, "sb", localnet->pb,
               "localnet port %s is on VLAN %lld in NB, but SB still says %d "
               "(0: untagged), which is what the chassis go by",
               localnet->name, (long long) want, localnet->tag));
    finding_evidence(f, "nb", localnet->lsp, "tag",
                     arena_printf(x->arena, "%lld", (long long) want));
    finding_evidence(f, "sb", localnet->pb, "tag",
                     arena_printf(x->arena, "%d", localnet->tag));
}

/* SB has not what NB says of the port: northd did not take it over, or SB
 * was changed behind its back. */
void
check_sb_derived_mismatch(struct examination *x, const struct rule *rule,
                          const struct place *place)
{
    const struct fabric_localnet *localnet = place->localnet;
    if (!localnet->lsp || !place->fabric->evidence->sb.present) {
        return;
    }
    if (!localnet->pb) {
        /* With another localnet port in SB, traffic has its way still. */
        struct finding *f =
            report(x, rule, place, "nb", localnet->lsp,
                   "SB has no Port_Binding for localnet port %s: ovn-northd "
                   "has not taken it over",
                   localnet->name);
        finding_cause_created(f, nb_of(place), localnet->lsp);
        if (place->ls->n_localnets) {
            finding_latent(f);
        }
        return;
    }
    const char *nb = ovsdb_map_get(localnet->lsp, LSP_OPTIONS, "network_name");
    if (strcmp(nb ? nb : "", localnet->network)) {
        struct finding *f = finding_latent(report(
            x, rule, place, "sb", localnet->pb,
            "localnet port %s asks for physical network \"%s\" in NB, but SB "
            "still says \"%s\", which is what the chassis go by",
            localnet->name, nb ? nb : "", localnet->network));
        finding_evidence(f, "nb", localnet->lsp, "options:network_name", nb);
        finding_evidence(f, "sb", localnet->pb, "options:network_name",
                         localnet->network);
    }
    check_sb_tag(x, rule, place);
}

void
check_localnet_network_absent(struct examination *x, const struct rule *rule,
                              const struct place *place)
{
    const struct fabric_localnet *localnet = place->localnet;
    if (*localnet->network || !localnet->lsp) {
        return;
    }
    struct finding *f =
        report(x, rule, place, "nb", localnet->lsp,
               "localnet port %s of provider network %s has no "
               "options:network_name, so no chassis connects it",
               localnet->name, place->ls->network);
    finding_evidence(f, "nb", localnet->lsp, "options", "");
    finding_cause_column(f, nb_of(place), localnet->lsp, LSP_OPTIONS,
                         "network_name");
}

/* What the port's network may have been meant to be: its former value, or
 * the nearest one that a chassis maps. */
static const char *
suggest_network(const struct place *place)
{
    const struct fabric_localnet *localnet = place->localnet;
    for (const struct ovsdb_past *p = localnet->lsp ? localnet->lsp->past
                                                    : NULL;
         p; p = p->older) {
        const char *old = p->column == LSP_OPTIONS
                              ? ovsdb_datum_map_get(&p->datum, "network_name")
                              : NULL;
        if (old && strcmp(old, localnet->network)) {
            return old;
        }
    }
    const struct fabric *f = place->fabric;
    for (size_t i = 0; i < f->n_chassis; i++) {
        const char *nearest =
            mappings_nearest(&f->chassis[i]->mappings, localnet->network);
        if (nearest) {
            return nearest;
        }
    }
    return NULL;
}

/* Whether the port has patch ports on every chassis that needs it: then the
 * chassis have not followed the change yet, and frames pass. */
static bool
still_patched(const struct fabric_localnet *localnet)
{
    size_t n = 0;
    for (size_t i = 0; i < localnet->n_attachments; i++) {
        const struct fabric_attachment *a = &localnet->attachments[i];
        if (a->chassis && (!a->outer || !a->inner)) {
            return false;
        }
        n += a->chassis != NULL;
    }
    return n > 0;
}

void
check_localnet_network_typo(struct examination *x, const struct rule *rule,
                            const struct place *place)
{
    const struct fabric_localnet *localnet = place->localnet;
    if (!localnet->is_typo) {
        return;
    }
    const char *meant = suggest_network(place);
    const struct ovsdb_row *row = localnet->lsp ? localnet->lsp : localnet->pb;
    struct finding *f = report(
        x, rule, place, localnet->lsp ? "nb" : "sb", row,
        "localnet port %s asks for physical network \"%s\", which no chassis "
        "maps to a bridge%s%s%s",
        localnet->name, localnet->network, meant ? "; it may mean \"" : "",
        meant ? meant : "", meant ? "\"" : "");
    finding_evidence(f, localnet->lsp ? "nb" : "sb", row,
                     "options:network_name", localnet->network);
    if (localnet->lsp) {
        finding_cause_column(f, nb_of(place), localnet->lsp, LSP_OPTIONS,
                             "network_name");
    }
    if (still_patched(localnet)) {
        finding_latent(f);
    }
}

/* Only "unknown" among its addresses sends unicast to addresses that OVN does
 * not know out of a localnet port (ovn-nb(5), Logical_Switch_Port,
 * "addresses"). */
void
check_localnet_no_unknown(struct examination *x, const struct rule *rule,
                          const struct place *place)
{
    const struct ovsdb_row *lsp = place->localnet->lsp;
    if (!lsp) {
        return;
    }
    const union ovsdb_atom *atoms = ovsdb_atoms(lsp, LSP_ADDRESSES);
    for (unsigned i = 0; i < ovsdb_count(lsp, LSP_ADDRESSES); i++) {
        if (!strcmp(atoms[i].string, "unknown")) {
            return;
        }
    }
    struct finding *f =
        report(x, rule, place, "nb", lsp,
               "localnet port %s has no \"unknown\" among its addresses: "
               "broadcasts pass, but unicast frames to hosts on the "
               "physical network are dropped in the logical switch",
               place->localnet->name);
    finding_evidence(f, "nb", lsp, "addresses",
                     ovsdb_count(lsp, LSP_ADDRESSES) ? atoms[0].string : "");
    finding_cause_column(f, nb_of(place), lsp, LSP_ADDRESSES, NULL);
}

void
check_localnet_disabled(struct examination *x, const struct rule *rule,
                        const struct place *place)
{
    const struct fabric_localnet *localnet = place->localnet;
    if (localnet->enabled || !localnet->lsp) {
        return;
    }
    struct finding *f =
        report(x, rule, place, "nb", localnet->lsp,
               "localnet port %s of provider network %s is disabled: "
               "nothing passes to or from the physical network, nor between "
               "VMs on different chassis",
               localnet->name, place->ls->network);
    finding_evidence(f, "nb", localnet->lsp, "enabled", "false");
    finding_cause_column(f, nb_of(place), localnet->lsp, LSP_ENABLED, NULL);
    if (place->ls->n_localnets > 1) {
        finding_latent(f); /* Another one may carry the traffic. */
    }
}

/* What column 'c' held when the port was made, as far as the log tells. */
static const struct ovsdb_datum *
first_value(const struct ovsdb_row *lsp, unsigned c)
{
    const struct ovsdb_datum *first = ovsdb_datum(lsp, c);
    for (const struct ovsdb_past *p = lsp->past; p; p = p->older) {
        if (p->column == c) {
            first = &p->datum;
        }
    }
    return first;
}

/* The VLAN that the port had when it was made; 0: untagged. */
static int64_t
first_vlan(const struct ovsdb_row *lsp)
{
    const struct ovsdb_datum *tag = first_value(lsp, LSP_TAG);
    const struct ovsdb_datum *request = first_value(lsp, LSP_TAG_REQUEST);
    /* northd fills in tag from tag_request: ovn-nb(5), "tag_request". */
    return tag->n ? tag->one.integer : request->n ? request->one.integer : 0;
}

/* Whether the port once asked for a VLAN. */
static bool
ever_requested(const struct ovsdb_row *lsp)
{
    for (const struct ovsdb_past *p = lsp->past; p; p = p->older) {
        if (p->column == LSP_TAG_REQUEST && p->datum.n) {
            return true;
        }
    }
    return false;
}

/* Clearing tag_request leaves tag as it was (observed on OVN 23.03.1).  A tag
 * without a request is no sign of that alone: Neutron sets the tag itself. */
static bool
is_stale(const struct place *place)
{
    const struct ovsdb_row *lsp = place->localnet->lsp;
    return ovsdb_count(lsp, LSP_TAG) && !ovsdb_count(lsp, LSP_TAG_REQUEST)
           && ever_requested(in_log(place, lsp));
}

/* What Neutron says of the network decides, where it was gathered. */
static bool
check_neutron_tag(struct examination *x, const struct rule *rule,
                  const struct place *place)
{
    const struct fabric_localnet *localnet = place->localnet;
    const struct neutron_network *network = place->ls->neutron;
    if (!network || !network->physical_network) {
        return false;
    }
    int want = strcmp(network->type, "vlan") ? 0 : network->segmentation_id;
    if (want == localnet->tag) {
        return true;
    }
    struct finding *f =
        report(x, rule, place, "nb", localnet->lsp,
               "localnet port %s carries VLAN %d, but in Neutron network %s "
               "is on VLAN %d (0: untagged)",
               localnet->name, localnet->tag, network->name, want);
    finding_evidence(f, "nb", localnet->lsp, "tag",
                     arena_printf(x->arena, "%d", localnet->tag));
    finding_evidence(f, "intent", NULL, "provider:segmentation_id",
                     arena_printf(x->arena, "%d", want));
    finding_cause_column(f, nb_of(place), localnet->lsp, LSP_TAG, NULL);
    return true;
}

/* Whether a person's command made the finding: their clients leave a comment,
 * the CMS's do not. */
static bool
made_by_command(const struct finding *f)
{
    uint32_t record = cause_hint_record(&f->cause);
    return record && *f->cause.db->log->records[record].comment;
}

/* A segment of Neutron keeps its VLAN ID for life: a provnet- port whose
 * VLAN was changed after it was made has a wrong one. */
void
check_localnet_wrong_tag(struct examination *x, const struct rule *rule,
                         const struct place *place)
{
    const struct fabric_localnet *localnet = place->localnet;
    if (!localnet->lsp || is_stale(place) || check_neutron_tag(x, rule, place)
        || strncmp(localnet->name, "provnet-", strlen("provnet-"))) {
        return;
    }
    const struct ovsdb_row *row = in_log(place, localnet->lsp);
    int64_t first = first_vlan(row);
    if (first == localnet->tag) {
        return;
    }
    unsigned column = ovsdb_changed_in(row, LSP_TAG_REQUEST) > row->created_in
                          ? LSP_TAG_REQUEST
                          : LSP_TAG;
    struct finding *f =
        report(x, rule, place, "nb", localnet->lsp,
               "localnet port %s carries VLAN %d, but its segment was made "
               "with VLAN %lld (0: untagged)",
               localnet->name, localnet->tag, (long long) first);
    finding_evidence(f, "nb", localnet->lsp, "tag",
                     arena_printf(x->arena, "%d", localnet->tag));
    finding_cause_column(f, nb_of(place), localnet->lsp, column, NULL);
    if (!made_by_command(f)) {
        finding_latent(f); /* The CMS may have moved the segment. */
    }
}

void
check_localnet_stale_tag(struct examination *x, const struct rule *rule,
                         const struct place *place)
{
    const struct fabric_localnet *localnet = place->localnet;
    if (!localnet->lsp || !is_stale(place)) {
        return;
    }
    struct finding *f =
        report(x, rule, place, "nb", localnet->lsp,
               "tag_request of localnet port %s was cleared, but its tag "
               "still says VLAN %d, and frames still carry it",
               localnet->name, localnet->tag);
    finding_evidence(f, "nb", localnet->lsp, "tag",
                     arena_printf(x->arena, "%d", localnet->tag));
    finding_cause_column(f, nb_of(place), localnet->lsp, LSP_TAG_REQUEST,
                         NULL);
    if (first_vlan(in_log(place, localnet->lsp)) == localnet->tag) {
        finding_latent(f); /* The VLAN is the one that it always had. */
    }
}
