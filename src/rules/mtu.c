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

/* Of several NICs frames take one: then only what passes none of them
 * counts. */
static void
narrow_by_nics(struct bottleneck *b, const struct fabric_attachment *a)
{
    const struct ovsdb_row *widest = NULL;
    int64_t mtu = 0;
    for (size_t i = 0; a->bridge && i < a->bridge->n_nics; i++) {
        const struct ovsdb_row *nic = a->bridge->nics[i].interface;
        int64_t of = fabric_mtu(a->chassis, nic);
        if (!of) {
            return;
        }
        if (of > mtu) {
            mtu = of;
            widest = nic;
        }
    }
    narrow(b, mtu, widest);
}

static int64_t
told_mtu(const struct fabric_switch *ls)
{
    return parse_mtu(ovsdb_map_get(ls->row, LS_EXTERNAL_IDS, "neutron:mtu"));
}

static struct bottleneck
find_bottleneck(const struct place *place)
{
    struct bottleneck b = { 0, NULL };
    narrow(&b, told_mtu(place->ls), NULL);
    if (place->attachment) {
        narrow_by_nics(&b, place->attachment);
    }
    return b;
}

/* What a guest may send: what Neutron tells it, and no more than its
 * interface takes. */
static int64_t
guest_mtu(const struct fabric_vif *vif)
{
    int64_t mtu = vif->interface && vif->chassis
                      ? fabric_mtu(vif->chassis, vif->interface)
                      : 0;
    int64_t told = told_mtu(vif->ls);
    return !mtu || (told && told < mtu) ? told : mtu;
}

struct sender {
    const char *name;
    int64_t mtu;
};

/* Who behind the gateway port sends the largest packets: the floating IP's
 * VM, or what Neutron tells the VMs of a tenant's network. */
static struct sender
find_sender(const struct fabric_endpoint *e)
{
    struct sender widest = { NULL, 0 };
    if (e->vif) {
        return (struct sender){ e->vif->label, guest_mtu(e->vif) };
    }
    const struct fabric_router *router = e->gateway->router;
    for (size_t i = 0; i < router->n_ports; i++) {
        const struct fabric_lrp *port = &router->ports[i];
        int64_t mtu = port->ls && way_is_tenant(port, e->gateway)
                          ? told_mtu(port->ls)
                          : 0;
        if (mtu > widest.mtu) {
            widest = (struct sender){ port->ls->network, mtu };
        }
    }
    return widest;
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
    struct sender sender = find_sender(e);
    if (sender.mtu <= way.mtu) {
        return;
    }
    const char *what =
        way.nic ? ovsdb_string(way.nic, INTERFACE_NAME) : place->ls->network;
    struct finding *f = report(
        x, rule, place, "nb", e->gateway->row,
        "guests behind %s may send packets of %lld bytes (%s), and only "
        "%lld pass %s: larger ones are lost without a word, as gateway_mtu "
        "is %s; ping and small packets pass",
        e->gateway->name, (long long) sender.mtu, sender.name,
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
