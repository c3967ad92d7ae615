/* Rules about ACLs: what policy/ says, as findings. */
#include <string.h>

#include "policy/policy.h"
#include "rules/way.h"

/* Tenants' VMs that are asked about until one may go out. */
#define MAX_TENANTS 64

/* Neutron's group of all ports with security groups: its ACLs drop what those
 * of the security groups do not allow (Neutron, ovn/acl.py). */
#define NEUTRON_PG_DROP "neutron_pg_drop"

static const struct evidence_db *
nb_of(const struct place *place)
{
    return &place->fabric->evidence->nb;
}

/* "ACL to-lport 1001 'outport == @x && ip' of port group x". */
static const char *
describe(struct examination *x, const struct policy_verdict *v)
{
    const struct ovsdb_row *acl = v->acl;
    return arena_printf(
        x->arena, "ACL %s %lld '%s' of %s %s",
        ovsdb_string(acl, ACL_DIRECTION),
        (long long) ovsdb_integer(acl, ACL_PRIORITY, 0),
        ovsdb_string(acl, ACL_MATCH), v->group ? "port group" : "switch",
        v->group ? ovsdb_string(v->group, PORT_GROUP_NAME) : v->ls->name);
}

static bool
is_neutron_drop(const struct policy_verdict *v)
{
    return v->group
           && !strcmp(ovsdb_string(v->group, PORT_GROUP_NAME),
                      NEUTRON_PG_DROP);
}

/* Whom to ask about it: Neutron's security group and rule, if it has one. */
static const char *
describe_owner(struct examination *x, const struct policy_verdict *v)
{
    const char *rule = ovsdb_map_get(v->acl, ACL_EXTERNAL_IDS,
                                     "neutron:security_group_rule_id");
    const char *group = v->group
                            ? ovsdb_map_get(v->group, PORT_GROUP_EXTERNAL_IDS,
                                            "neutron:security_group_id")
                            : NULL;
    return rule    ? arena_printf(x->arena, " (security group rule %s)", rule)
           : group ? arena_printf(x->arena, " (security group %s)", group)
                   : "";
}

/* The change that counts: the ACL that allowed it is gone, or the one that
 * drops it was made or changed. */
static void
find_cause(struct finding *f, const struct place *place,
           const struct policy_verdict *v)
{
    static const unsigned columns[] = { ACL_MATCH, ACL_PRIORITY, ACL_ACTION,
                                        ACL_DIRECTION };
    const struct ovsdb_row *row = evidence_log_row(nb_of(place), v->acl);
    unsigned latest = columns[0];
    if (v->removed) {
        finding_cause_deleted(f, nb_of(place), v->removed);
        return;
    }
    if (is_neutron_drop(v)) {
        return; /* It was there from the beginning. */
    }
    for (size_t i = 1; row && i < N_ELEMENTS(columns); i++) {
        if (ovsdb_changed_in(row, columns[i])
            > ovsdb_changed_in(row, latest)) {
            latest = columns[i];
        }
    }
    finding_cause_column(f, nb_of(place), v->acl, latest, NULL);
}

static const char *
security_group_id(const struct ovsdb_row *group)
{
    return ovsdb_map_get(group, PORT_GROUP_EXTERNAL_IDS,
                         "neutron:security_group_id");
}

/* What Neutron's own ACL drops is missing in the port's security groups: the
 * finding is about the first of them by its id, and names all. */
static struct finding *
report_security_groups(struct examination *x, const struct rule *rule,
                       const struct place *place,
                       const struct policy_verdict *v)
{
    const struct ovsdb_row *first = NULL, *group;
    const char *names = "";
    for (size_t i = 0;
         (group = policy_security_group(place->policy, v->lsp, i)); i++) {
        names = arena_printf(x->arena, "%s%s%s", names, i ? ", " : "",
                             security_group_id(group));
        if (!first
            || strcmp(security_group_id(group), security_group_id(first))
                   < 0) {
            first = group;
        }
    }
    if (!first) {
        return report(x, rule, place, "nb", v->acl,
                      "%s drops %s: the port is in no security group",
                      describe(x, v), v->frame);
    }
    struct finding *f =
        report(x, rule, place, "nb", first,
               "no rule of security group %s allows %s, so Neutron drops it: "
               "%s",
               names, v->frame, describe(x, v));
    return finding_evidence(f, "nb", first,
                            "external_ids:neutron:security_group_id",
                            security_group_id(first));
}

static enum hop
hop_of(const struct policy_verdict *v)
{
    return v->at_guest ? HOP_PORT : HOP_LOGICAL_SWITCH;
}

static void
report_drop(struct examination *x, const struct rule *rule,
            const struct place *place, enum direction direction,
            const struct policy_verdict *v)
{
    const char *host =
        v->host ? arena_printf(x->arena, " to or from %s", v->host) : "";
    struct finding *f =
        is_neutron_drop(v)
            ? report_security_groups(x, rule, place, v)
            : report(x, rule, place, "nb", v->acl, "%s drops %s%s%s",
                     describe(x, v), v->frame, host, describe_owner(x, v));
    finding_only(finding_at(f, hop_of(v)), direction);
    finding_evidence(f, "nb", v->acl, "match",
                     ovsdb_string(v->acl, ACL_MATCH));
    finding_evidence(f, "nb", v->acl, "action",
                     ovsdb_string(v->acl, ACL_ACTION));
    if (v->group) {
        finding_evidence(f, "nb", v->group, "ports", v->port);
    }
    if (v->removed) {
        finding_evidence(f, "nb", v->removed, "match",
                         ovsdb_string(v->removed, ACL_MATCH));
    }
    find_cause(f, place, v);
}

static void
report_doubt(struct examination *x, enum direction direction,
             const struct policy_verdict *v)
{
    report_missing_only(x, hop_of(v), direction,
                        "whether %s passes port %s: %s %s", v->frame, v->port,
                        v->acl ? describe(x, v) : "no ACL decides", v->why);
}

struct tenants {
    const struct place *place;
    struct policy_verdict *verdict;
    size_t n;
};

/* The best that any of them may; of equals, the first. */
static bool
ask_tenant(void *tenants_, struct fabric_vif *vif)
{
    static const int goodness[] = {
        [POLICY_ALLOWED] = 2, [POLICY_UNKNOWN] = 1, [POLICY_DROPPED] = 0
    };
    struct tenants *tenants = tenants_;
    const struct place *place = tenants->place;
    struct fabric_endpoint tenant = *place->endpoint;
    struct policy_verdict v;
    tenant.vif = vif;
    policy_judge(place->policy, &tenant, place->localnet, false, place->host,
                 &v);
    if (!tenants->n++
        || goodness[v.outcome] > goodness[tenants->verdict->outcome]) {
        *tenants->verdict = v;
    }
    return tenants->n < MAX_TENANTS && v.outcome != POLICY_ALLOWED;
}

static void
judge(const struct place *place, enum direction direction,
      struct policy_verdict *ret)
{
    struct tenants tenants = { .place = place, .verdict = ret };
    if (direction == OUTBOUND && place->endpoint->kind == ENDPOINT_GATEWAY
        && place->endpoint->gateway) {
        way_visit_tenants(place->endpoint, NULL, ask_tenant, &tenants);
    }
    if (tenants.n) {
        return;
    }
    policy_judge(place->policy, place->endpoint, place->localnet,
                 direction == INBOUND, place->host, ret);
}

void
check_acl_drop(struct examination *x, const struct rule *rule,
               const struct place *place)
{
    for (int d = 0; place->policy && d < N_DIRECTIONS; d++) {
        struct policy_verdict v;
        judge(place, d, &v);
        if (v.outcome == POLICY_DROPPED && v.acl) {
            report_drop(x, rule, place, d, &v);
        } else if (v.outcome == POLICY_UNKNOWN) {
            report_doubt(x, d, &v);
        } else if (v.acl && v.host) {
            report_assumed_only(
                x, HOP_WIRE, d,
                "the host is one of those that the routers of switch %s "
                "know, such as %s: %s %s",
                place->ls->name, v.host, describe(x, &v), v.why);
        }
    }
}

void
check_acl_default_drop(struct examination *x, const struct rule *rule,
                       const struct place *place)
{
    const struct ovsdb_table *table =
        &nb_of(place)->store.tables[NB_NB_GLOBAL];
    const struct ovsdb_row *global = ovsdb_table_next(table, NULL);
    for (int d = 0; place->policy && global && d < N_DIRECTIONS; d++) {
        struct policy_verdict v;
        if (!ovsdb_map_get(global, NB_GLOBAL_OPTIONS, "default_acl_drop")) {
            return;
        }
        judge(place, d, &v);
        if (v.outcome != POLICY_DROPPED || v.acl) {
            continue;
        }
        struct finding *f = report(
            x, rule, place, "nb", global,
            "no ACL of switch %s allows %s %s, and default_acl_drop is set: "
            "what no ACL allows is dropped",
            v.ls->name, v.frame, v.stage);
        finding_only(finding_at(f, hop_of(&v)), d);
        finding_evidence(f, "nb", global, "options:default_acl_drop", "true");
        if (v.removed) {
            finding_cause_deleted(f, nb_of(place), v.removed);
        } else {
            finding_cause_column(f, nb_of(place), global, NB_GLOBAL_OPTIONS,
                                 "default_acl_drop");
        }
    }
}
