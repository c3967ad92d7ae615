/* Rules about the tunnel between the chassis where frames enter OVN and the
 * chassis of the VM. */
#include <string.h>

#include "rules/way.h"

/* Looks at the end of the tunnel that 'from' has. */
static void
check_end(struct examination *x, const struct rule *rule,
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
    } else if ((watched && state == LINK_DOWN)
               || fabric_ofport(from, tunnel) < 0) {
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
    check_end(x, rule, place, a, b);
    check_end(x, rule, place, b, a);
}

/* The next chassis of a tenant's VM without a floating IP on the port's
 * switch, from VM '*i' on, other than 'last'; or NULL. */
static const struct fabric_chassis *
next_chassis(const struct fabric_switch *ls, const struct strmap *fips,
             const struct fabric_chassis *gateway,
             const struct fabric_chassis *last, size_t *i)
{
    while (*i < ls->n_vifs) {
        const struct fabric_vif *vif = &ls->vifs[(*i)++];
        const char *ip = vif->n_addresses && vif->addresses[0].n_ips
                             ? vif->addresses[0].ips[0]
                             : "";
        if (vif->chassis && vif->chassis != gateway && vif->chassis != last
            && !strmap_get(fips, ip)) {
            return vif->chassis;
        }
    }
    return NULL;
}

/* The tunnels that tenants' VMs without a floating IP need to go out. */
static void
check_tenants(struct examination *x, const struct rule *rule,
              const struct place *place)
{
    const struct fabric_endpoint *e = place->endpoint;
    const struct fabric_router *router = e->gateway->router;
    struct strmap fips;
    way_read_floating_ips(e, &fips);
    size_t n_findings = x->n_findings, n_missing = x->n_missing;
    for (size_t i = 0; i < router->n_ports; i++) {
        const struct fabric_lrp *port = &router->ports[i];
        const struct fabric_chassis *chassis = NULL;
        size_t at = 0;
        while (way_is_tenant(port, e->gateway) && port->ls
               && fabric_lrp_speaks(port, e->address)
               && x->n_findings == n_findings && x->n_missing == n_missing
               && (chassis = next_chassis(port->ls, &fips, e->chassis, chassis,
                                          &at))) {
            check_tunnel(x, rule, place, e->chassis, chassis);
        }
    }
    strmap_done(&fips);
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
