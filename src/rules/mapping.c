/* Rules about a chassis's ovn-bridge-mappings, for one localnet port. */
#include <string.h>

#include "rules/checks.h"

/* What is wrong with the chassis's mapping for the localnet port: one thing,
 * the most telling, so that one mistake gives one finding. */
enum mapping_fault {
    MAPPING_OK,
    MAPPING_UNKNOWN,
    MAPPING_TYPO, /* Of the localnet port: not the chassis's fault. */
    MAPPING_MALFORMED,
    MAPPING_WHITESPACE,
    MAPPING_BRIDGE_MISSING,
    MAPPING_MISSING,
};

static bool
bridge_exists(const struct fabric_chassis *chassis, const char *name,
              bool trimmed)
{
    for (size_t i = 0; i < chassis->n_bridges; i++) {
        const char *s = name + (trimmed ? strspn(name, " \t\"'") : 0);
        size_t length = strlen(chassis->bridges[i].name);
        if (!strncmp(s, chassis->bridges[i].name, length)
            && (trimmed ? !s[length + strspn(s + length, " \t\"'")]
                        : !s[length])) {
            return true;
        }
    }
    return false;
}

static enum mapping_fault
diagnose(const struct place *place)
{
    const struct fabric_attachment *a = place->attachment;
    const struct fabric_chassis *chassis = place->chassis;
    const struct mappings *m = &chassis->mappings;
    const char *network = a->localnet->network;
    if (!*network) {
        return MAPPING_OK; /* localnet-network-absent says it. */
    }
    if (!chassis->mappings_known) {
        return MAPPING_UNKNOWN;
    }
    if (a->mapped) {
        if (!chassis->ovs_known || bridge_exists(chassis, a->mapped, false)) {
            return MAPPING_OK;
        }
        return bridge_exists(chassis, a->mapped, true)
                   ? MAPPING_WHITESPACE
                   : MAPPING_BRIDGE_MISSING;
    }
    if (m->malformed
        && (strstr(m->malformed, network) || strstr(m->lost, network))) {
        return MAPPING_MALFORMED;
    }
    if (mappings_find_untrimmed(m, network)) {
        return MAPPING_WHITESPACE;
    }
    return a->localnet->is_typo ? MAPPING_TYPO : MAPPING_MISSING;
}

/* Whether frames still pass through patch ports that ovn-controller has not
 * removed yet: it keeps them for a while after its start, and for ever when
 * it is dead (observed on OVN 23.03.1). */
static bool
still_patched(const struct place *place)
{
    const struct fabric_attachment *a = place->attachment;
    return place->chassis->ovs_known && a->outer && a->inner && a->bridge;
}

static struct finding *
report_mapping(struct examination *x, const struct rule *rule,
               const struct place *place, const char *what)
{
    const struct fabric_chassis *chassis = place->chassis;
    const char *text = chassis->mappings.text ? chassis->mappings.text : "";
    const char *network = place->localnet->network;
    bool ovs = !strcmp(chassis->mappings_db, "ovs");
    struct finding *f = report(
        x, rule, place, chassis->mappings_db, chassis->mappings_row,
        "chassis %s has no usable bridge mapping for physical network %s: "
        "%s (%s=\"%s\")%s",
        chassis->name, network, what, chassis->mappings_key, text,
        still_patched(place)
            ? "; its old patch ports are still there, so frames pass for now"
            : "");
    finding_evidence(f, chassis->mappings_db, chassis->mappings_row,
                     arena_printf(x->arena, "%s:%s",
                                  ovs ? "external_ids" : "other_config",
                                  chassis->mappings_key),
                     text);
    const struct evidence_db *db =
        ovs ? &chassis->evidence->ovs : &place->fabric->evidence->sb;
    finding_cause_column(f, db, chassis->mappings_row,
                         chassis->mappings_column, chassis->mappings_key);
    return still_patched(place) ? finding_latent(f) : f;
}

void
check_ovs_mapping_missing(struct examination *x, const struct rule *rule,
                          const struct place *place)
{
    switch (diagnose(place)) {
    case MAPPING_MISSING:
        report_mapping(x, rule, place, "there is none");
        break;
    case MAPPING_UNKNOWN:
        report_missing(x, HOP_PATCH,
                       "the bridge mappings of chassis %s (its Open_vSwitch "
                       "database, --ovs, or SB)",
                       place->chassis->name);
        break;
    default:
        break;
    }
}

void
check_ovs_mapping_malformed(struct examination *x, const struct rule *rule,
                            const struct place *place)
{
    if (diagnose(place) == MAPPING_MALFORMED) {
        const char *item = place->chassis->mappings.malformed;
        report_mapping(x, rule, place,
                       arena_printf(x->arena,
                                    "item \"%s\" is not NETWORK:BRIDGE, and "
                                    "ovn-controller stops reading there",
                                    item));
    }
}

void
check_ovs_mapping_whitespace(struct examination *x, const struct rule *rule,
                             const struct place *place)
{
    if (diagnose(place) == MAPPING_WHITESPACE) {
        report_mapping(x, rule, place,
                       "white space or quotes have become part of its name");
    }
}

void
check_ovs_mapping_bridge_missing(struct examination *x,
                                 const struct rule *rule,
                                 const struct place *place)
{
    if (diagnose(place) == MAPPING_BRIDGE_MISSING) {
        report_mapping(x, rule, place,
                       arena_printf(x->arena, "there is no bridge %s",
                                    place->attachment->mapped));
    }
}

void
check_ovs_mapping_remap_wedge(struct examination *x, const struct rule *rule,
                              const struct place *place)
{
    const struct fabric_attachment *a = place->attachment;
    if (!a->outer || !a->bridge || !a->mapped_bridge
        || a->bridge == a->mapped_bridge) {
        return;
    }
    struct finding *f =
        report(x, rule, place, "ovs", a->outer,
               "on chassis %s, %s is mapped to %s but its patch port is "
               "still on %s: ovn-controller 23.03 cannot move it and fails "
               "every write since; frames pass until it restarts or a new "
               "port comes.  Remove it by hand: ovs-vsctl del-port %s %s",
               place->chassis->name, place->localnet->network, a->mapped,
               a->bridge->name, a->bridge->name, a->outer_name);
    finding_evidence(f, "ovs", place->chassis->mappings_row,
                     "external_ids:ovn-bridge-mappings",
                     place->chassis->mappings.text);
    if (!strcmp(place->chassis->mappings_db, "ovs")) {
        finding_cause_column(
            f, &place->chassis->evidence->ovs, place->chassis->mappings_row,
            place->chassis->mappings_column, place->chassis->mappings_key);
    }
}
