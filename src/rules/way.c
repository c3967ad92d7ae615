#include "rules/way.h"

#include <string.h>

const struct evidence_db *
way_nb(const struct place *place)
{
    return &place->fabric->evidence->nb;
}

bool
way_is_tenant(const struct fabric_lrp *port, const struct fabric_lrp *gateway)
{
    return port != gateway && fabric_lrp_is_inner(port);
}

bool
way_is_centralised(const struct fabric_endpoint *e)
{
    return e->gateway && !e->is_distributed;
}

/* Of all gateways, and of each at least. */
#define MAX_FAULTS 65536
#define MIN_FAULTS 16

size_t
way_max_faults(const struct place *place)
{
    size_t n = MAX_FAULTS / (place->fabric->n_gateways + 1);
    return n > MIN_FAULTS ? n : MIN_FAULTS;
}

static void
check_tenant_port(struct examination *x, const struct rule *rule,
                  const struct place *place, port_check *check,
                  const struct fabric_lrp *port)
{
    struct finding *f = check(x, rule, place, port);
    if (!f) {
        return;
    }
    if (f->hop == HOP_LOGICAL_SWITCH) {
        finding_at(f, HOP_INNER_SWITCH);
    }
    if (place->endpoint->kind == ENDPOINT_GATEWAY) {
        finding_only(f, OUTBOUND);
    }
}

static size_t
n_told(const struct examination *x)
{
    return x->n_findings + x->n_missing;
}

void
way_check_ports(struct examination *x, const struct rule *rule,
                const struct place *place, port_check *check)
{
    const struct fabric_endpoint *e = place->endpoint;
    const struct fabric_lrp *gateway = e->gateway;
    if (!gateway) {
        return;
    }
    check(x, rule, place, gateway);
    if (e->kind == ENDPOINT_FLOATING_IP) {
        if (e->inner && e->inner != gateway) {
            check_tenant_port(x, rule, place, check, e->inner);
        }
        return;
    }
    const struct fabric_router *router = gateway->router;
    size_t max = way_max_faults(place), n_before = n_told(x);
    /* Where one cannot tell of all, each begins with other ports. */
    size_t first =
        router->n_ports > max ? (size_t) (gateway - router->ports) * max : 0;
    for (size_t i = 0; i < router->n_ports && n_told(x) - n_before < max;
         i++) {
        const struct fabric_lrp *port =
            &router->ports[(first + i) % router->n_ports];
        if (way_is_tenant(port, gateway)
            && fabric_lrp_speaks(port, e->address)) {
            check_tenant_port(x, rule, place, check, port);
        }
    }
}

struct finding *
way_spare_outbound(struct finding *f, const struct place *place)
{
    const struct fabric_endpoint *e = place->endpoint;
    const struct fabric_vif *vif = e->vif;
    for (size_t i = 0; vif && i < vif->n_addresses; i++) {
        for (size_t j = 0; j < vif->addresses[i].n_ips; j++) {
            if (fabric_router_has_snat(e->gateway->router,
                                       vif->addresses[i].ips[j])) {
                return finding_only(f, INBOUND);
            }
        }
    }
    return f;
}

/* Whether the VM has addresses of the family, and none is a floating IP's. */
static bool
is_plain_tenant(const struct fabric_vif *vif, const struct strmap *fips,
                bool is_ipv6)
{
    size_t n = 0;
    for (size_t i = 0; i < vif->n_addresses; i++) {
        for (size_t j = 0; j < vif->addresses[i].n_ips; j++) {
            const char *ip = vif->addresses[i].ips[j];
            if (address_is_ipv6(ip) == is_ipv6) {
                n++;
                if (strmap_get(fips, ip)) {
                    return false;
                }
            }
        }
    }
    return n > 0;
}

void
way_visit_tenants(const struct fabric_endpoint *e, tenant_wanted *wanted,
                  tenant_visit *visit, void *aux)
{
    const struct fabric_router *router = e->gateway->router;
    bool is_ipv6 = address_is_ipv6(e->address), more = true;
    const struct strmap *fips = &router->floating_ips[is_ipv6];
    for (size_t i = 0; i < router->n_ports && more; i++) {
        const struct fabric_lrp *port = &router->ports[i];
        if (!way_is_tenant(port, e->gateway) || !port->ls
            || !fabric_lrp_speaks(port, e->address)) {
            continue;
        }
        for (size_t j = 0; j < port->ls->n_vifs && more; j++) {
            struct fabric_vif *vif = port->ls->vifs[j];
            if ((!wanted || wanted(aux, port->ls->hosts[j]))
                && is_plain_tenant(vif, fips, is_ipv6)) {
                more = visit(aux, vif);
            }
        }
    }
}
