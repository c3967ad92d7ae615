/* Rules about the size of packets. */
#include <stdlib.h>
#include <string.h>

#include "rules/way.h"

/* The smallest MTU of the way out, and whose it is. */
struct bottleneck {
    int64_t mtu;                 /* 0 if unknown. */
    const struct ovsdb_row *nic; /* NULL: the network's. */
};

static int64_t
parse_mtu(const char *s)
{
    long mtu = s ? strtol(s, NULL, 10) : 0;
    return mtu > 0 ? mtu : 0;
}

static void
narrow(struct bottleneck *b, int64_t mtu, const struct ovsdb_row *nic)
{
    if (mtu > 0 && (!b->mtu || mtu < b->mtu)) {
        b->mtu = mtu;
        b->nic = nic;
    }
}

static struct bottleneck
find_bottleneck(const struct place *place)
{
    const struct fabric_attachment *attachment = place->attachment;
    const struct fabric_bridge *bridge =
        attachment ? attachment->bridge : NULL;
    struct bottleneck b = { 0, NULL };
    narrow(&b,
           parse_mtu(
               ovsdb_map_get(place->ls->row, LS_EXTERNAL_IDS, "neutron:mtu")),
           NULL);
    for (size_t i = 0; bridge && i < bridge->n_nics; i++) {
        const struct ovsdb_row *nic = bridge->nics[i].interface;
        narrow(&b, fabric_mtu(attachment->chassis, nic), nic);
    }
    return b;
}

/* What a guest may send: the MTU of its interface, or what Neutron tells it.
 */
static int64_t
guest_mtu(const struct fabric_vif *vif)
{
    int64_t mtu = vif->interface && vif->chassis
                      ? fabric_mtu(vif->chassis, vif->interface)
                      : 0;
    return mtu ? mtu
               : parse_mtu(ovsdb_map_get(vif->ls->row, LS_EXTERNAL_IDS,
                                         "neutron:mtu"));
}

struct widest {
    const struct fabric_vif *vif;
    int64_t mtu;
};

static bool
visit_guest(void *widest_, struct fabric_vif *vif)
{
    struct widest *widest = widest_;
    int64_t mtu = guest_mtu(vif);
    if (mtu > widest->mtu) {
        widest->mtu = mtu;
        widest->vif = vif;
    }
    return true;
}

/* A router that is told gateway_mtu answers larger packets with "fragmentation
 * needed" or "packet too big"; without it they are lost without a word
 * (ovn-nb(5), Logical_Router_Port, options:gateway_mtu). */
void
check_gateway_mtu(struct examination *x, const struct rule *rule,
                  const struct place *place)
{
    const struct fabric_endpoint *e = place->endpoint;
    if (!e->gateway) {
        return;
    }
    struct bottleneck way = find_bottleneck(place);
    const char *told =
        ovsdb_map_get(e->gateway->row, LRP_OPTIONS, "gateway_mtu");
    int64_t limit = parse_mtu(told);
    if (!way.mtu || (limit && limit <= way.mtu)) {
        return;
    }
    struct widest widest = { NULL, 0 };
    if (e->vif) {
        visit_guest(&widest, e->vif);
    } else {
        way_visit_tenants(e, visit_guest, &widest);
    }
    if (!widest.vif || widest.mtu <= way.mtu) {
        return;
    }
    const char *what =
        way.nic ? ovsdb_string(way.nic, INTERFACE_NAME) : place->ls->network;
    struct finding *f = report(
        x, rule, place, "nb", e->gateway->row,
        "guests behind %s send packets of up to %lld bytes (%s), and only "
        "%lld pass %s: larger ones are lost without a word, as gateway_mtu "
        "is %s; ping and small packets pass",
        e->gateway->name, (long long) widest.mtu, widest.vif->label,
        (long long) way.mtu, what, told ? told : "not set");
    finding_evidence(f, "nb", e->gateway->row, "options:gateway_mtu",
                     told ? told : "");
    if (way.nic) {
        finding_evidence(f, "ovs", way.nic, "mtu",
                         arena_printf(x->arena, "%lld", (long long) way.mtu));
    } else {
        finding_evidence(f, "nb", place->ls->row, "external_ids:neutron:mtu",
                         arena_printf(x->arena, "%lld", (long long) way.mtu));
    }
}
