/* Rules about the tunnel between the chassis where frames enter OVN and the
 * chassis of the VM. */
#include <stdio.h>
#include <string.h>

#include "fabric/address.h"
#include "rules/way.h"

/* Says why the end of the tunnel that 'from' has is not well. */
static void
explain_end(struct examination *x, const struct rule *rule,
            const struct place *place, const struct fabric_chassis *from,
            const struct fabric_chassis *to)
{
    if (!from->ovs_known || !to->sb) {
        report_missing(x, HOP_TUNNEL,
                       "the tunnel of chassis %s to chassis %s (its "
                       "Open_vSwitch database, --ovs, or %s/conf.db in a "
                       "bundle)",
                       from->name, to->name, from->name);
        return;
    }
    if (from->encap_is_new) {
        report_missing(x, HOP_TUNNEL,
                       "whether anybody reaches chassis %s at tunnel address "
                       "%s, which SB does not have yet",
                       from->name, from->encap_ips);
        return;
    }
    const struct ovsdb_row *tunnel = fabric_find_tunnel(from, to);
    if (!tunnel) {
        finding_on(report(x, rule, place, "sb", to->sb,
                          "chassis %s has no tunnel to chassis %s", from->name,
                          to->name),
                   from);
        return;
    }
    bool watched;
    enum link_state state = fabric_tunnel_bfd(from, tunnel, &watched);
    const char *name = ovsdb_string(tunnel, INTERFACE_NAME);
    if (watched && state == LINK_UNKNOWN) {
        report_missing(x, HOP_TUNNEL,
                       "whether BFD sees the other end of tunnel %s of "
                       "chassis %s (interface.json in a bundle)",
                       name, from->name);
    } else {
        struct finding *f =
            finding_on(report(x, rule, place, "ovs", tunnel,
                              "tunnel %s of chassis %s to chassis %s is down",
                              name, from->name, to->name),
                       from);
        finding_evidence(f, "ovs", tunnel, "bfd_status:state", "down");
    }
}

static void
check_tunnel(struct examination *x, const struct rule *rule,
             const struct place *place, const struct fabric_chassis *a,
             const struct fabric_chassis *b)
{
    if (!fabric_tunnel_is_well(a, b)) {
        explain_end(x, rule, place, a, b);
    }
    if (!fabric_tunnel_is_well(b, a)) {
        explain_end(x, rule, place, b, a);
    }
}

struct tenants {
    struct examination *x;
    const struct rule *rule;
    const struct place *place;
};

/* Whether the tunnel of a VM there, if it needs one, is not known to be well.
 */
static bool
is_doubtful(const void *tenants, uint32_t host)
{
    const struct place *place = ((const struct tenants *) tenants)->place;
    const struct fabric_chassis *gateway = place->endpoint->chassis;
    return host != FABRIC_NOWHERE
           && !fabric_tunnels_are_well(gateway, place->fabric->chassis[host]);
}

/* The first such VM counts. */
static bool
check_tenant(void *tenants_, struct fabric_vif *vif)
{
    struct tenants *t = tenants_;
    check_tunnel(t->x, t->rule, t->place, t->place->endpoint->chassis,
                 vif->chassis);
    return false;
}

/* The tunnels that tenants' VMs without a floating IP need to go out. */
static void
check_tenants(struct examination *x, const struct rule *rule,
              const struct place *place)
{
    struct tenants t = { x, rule, place };
    size_t n_findings = x->n_findings, n_missing = x->n_missing;
    way_visit_tenants(place->endpoint, is_doubtful, check_tenant, &t);
    for (; n_findings < x->n_findings; n_findings++) {
        finding_only(x->findings[n_findings], OUTBOUND);
    }
    for (; n_missing < x->n_missing; n_missing++) {
        x->missing[n_missing].spares[INBOUND] = true;
    }
}

void
check_tunnel_down(struct examination *x, const struct rule *rule,
                  const struct place *place)
{
    const struct fabric_endpoint *e = place->endpoint;
    if (!e->gateway || !e->chassis
        || (!e->gateway->has_group && !e->gateway->router->pinned)) {
        return; /* The VM's own chassis routes. */
    }
    if (e->kind == ENDPOINT_GATEWAY) {
        check_tenants(x, rule, place);
    } else if (e->vif && e->vif->chassis && e->vif->chassis != e->chassis) {
        check_tunnel(x, rule, place, e->chassis, e->vif->chassis);
    }
}

/* The address that a chassis offers its tunnels at. */

/* Whether the host has 'ip'; '*ret_known' if its addresses are known. */
static bool
has_address(const struct evidence_chassis *host, const char *ip,
            bool *ret_known)
{
    bool found = false;
    *ret_known = false;
    STRMAP_FOR_EACH (entry, &host->links) {
        const struct link *link = entry->value;
        *ret_known |= link->ips_known;
        for (size_t i = 0; i < link->n_ips && !found; i++) {
            char own[64];
            snprintf(own, sizeof own, "%.*s", (int) strcspn(link->ips[i], "/"),
                     link->ips[i]);
            found = !address_compare(own, ip);
        }
    }
    return found;
}

/* Whether SB has the address as another chassis': encap-dup-ip tells. */
static bool
is_of_another(const struct place *place, const char *ip)
{
    const struct evidence_db *sb = &place->fabric->evidence->sb;
    OVSDB_TABLE_FOR_EACH (encap, &sb->store.tables[SB_ENCAP]) {
        const char *owner = fabric_encap_owner(encap);
        if (!strcmp(ovsdb_string(encap, ENCAP_IP), ip) && *owner
            && strcmp(owner, place->chassis->name) != 0) {
            return true;
        }
    }
    return false;
}

void
check_ovn_encap_wrong_ip(struct examination *x, const struct rule *rule,
                         const struct place *place)
{
    const struct fabric_chassis *chassis = place->chassis;
    const char *ips = chassis->encap_ips;
    if (!chassis->ovs_known || !ips || !chassis->evidence->has_links) {
        return;
    }
    for (const char *end; *ips; ips = end + (*end == ',')) {
        bool known;
        end = ips + strcspn(ips, ",");
        const char *ip = arena_strndup(x->arena, ips, (size_t) (end - ips));
        if (!address_is_ip(ip) || has_address(chassis->evidence, ip, &known)
            || !known || is_of_another(place, ip)) {
            continue;
        }
        struct finding *f = finding_on(
            report(x, rule, place, "ovs", chassis->open_vswitch,
                   "chassis %s offers its tunnels at %s, which is on none of "
                   "its host's links: no other chassis reaches it, unless "
                   "something on the way translates the address",
                   chassis->name, ip),
            chassis);
        finding_evidence(
            f, "ovs", chassis->open_vswitch, "external_ids",
            arena_printf(x->arena, "ovn-encap-ip=%s", chassis->encap_ips));
        finding_cause_column(f, &chassis->evidence->ovs, chassis->open_vswitch,
                             OPEN_VSWITCH_EXTERNAL_IDS, "ovn-encap-ip");
        return;
    }
}
