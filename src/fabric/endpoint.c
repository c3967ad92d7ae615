#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fabric/build.h"

static struct fabric_endpoint *
add_endpoint(struct fabric *f, struct fabric_switch *ls,
             enum endpoint_kind kind, const char *address)
{
    f->endpoints = xgrow(f->endpoints, f->n_endpoints, &f->endpoints_capacity,
                         sizeof *f->endpoints);
    struct fabric_endpoint *e = &f->endpoints[f->n_endpoints++];
    *e =
        (struct fabric_endpoint){ .kind = kind, .ls = ls, .address = address };
    return e;
}

static void
add_vif_endpoint(struct fabric *f, struct fabric_vif *vif, const char *address,
                 const char *mac)
{
    struct fabric_endpoint *e = add_endpoint(f, vif->ls, ENDPOINT_VM, address);
    e->mac = mac;
    e->port = vif->name;
    e->name = vif->label;
    e->vif = vif;
    e->nb = vif->lsp;
    e->chassis = vif->chassis;
    e->chassis_known = f->evidence->sb.present;
}

/* "192.168.50.185/24" and the like, without the length. */
static const char *
without_length(struct fabric *f, const char *ip)
{
    return arena_strndup(&f->arena, ip, strcspn(ip, "/"));
}

static size_t
add_addresses(struct fabric *f, struct fabric_vif *vif, const char *text)
{
    struct address address;
    size_t n = 0;
    address_parse(&address, text, &f->arena);
    for (size_t i = 0; i < address.n_ips; i++) {
        const char *ip = without_length(f, address.ips[i]);
        add_vif_endpoint(f, vif, ip, address.mac);
        n++;
    }
    return n;
}

/* A port whose addresses do not name an IP: what else knows it.  In order:
 * port security, Neutron's record, what the addresses were before. */
static size_t
add_other_addresses(struct fabric *f, struct fabric_vif *vif)
{
    size_t n = 0;
    for (unsigned i = 0; i < ovsdb_count(vif->lsp, LSP_PORT_SECURITY); i++) {
        n += add_addresses(f, vif,
                           ovsdb_atoms(vif->lsp, LSP_PORT_SECURITY)[i].string);
    }
    const char *cidrs =
        ovsdb_map_get(vif->lsp, LSP_EXTERNAL_IDS, "neutron:cidrs");
    if (!n && cidrs) {
        n = add_addresses(f, vif, cidrs);
    }
    const struct ovsdb_row *row = evidence_log_row(&f->evidence->nb, vif->lsp);
    for (const struct ovsdb_past *p = row ? row->past : NULL; !n && p;
         p = p->older) {
        if (p->column == LSP_ADDRESSES && p->datum.n == 1) {
            n = add_addresses(f, vif, p->datum.one.string);
        }
    }
    return n;
}

static void
add_vif_endpoints(struct fabric *f, struct fabric_vif *vif)
{
    size_t n = 0;
    for (size_t i = 0; i < vif->n_addresses; i++) {
        const struct address *address = &vif->addresses[i];
        for (size_t j = 0; j < address->n_ips; j++, n++) {
            add_vif_endpoint(f, vif, address->ips[j], address->mac);
        }
    }
    if (!n && !add_other_addresses(f, vif)) {
        add_vif_endpoint(f, vif, "",
                         vif->n_addresses ? vif->addresses[0].mac : NULL);
    }
}

/* The chassis on which the port called PREFIX NAME is bound: "cr-" for the
 * chassisredirect port of a gateway port, nothing for a pinned router's own
 * l3gateway port (ovn-architecture(7), "Gateway Routers"). */
static struct fabric_chassis *
chassis_of(const struct fabric *f, const char *prefix, const char *name)
{
    char port[512];
    snprintf(port, sizeof port, "%s%s", prefix, name);
    const struct ovsdb_row *pb = strmap_get(&f->port_bindings, port);
    const struct ovsdb_row *chassis = pb ? ovsdb_ref(pb, PB_CHASSIS) : NULL;
    return chassis
               ? fabric_find_chassis(f, ovsdb_string(chassis, CHASSIS_NAME))
               : NULL;
}

static struct fabric_chassis *
gateway_chassis(const struct fabric *f, const char *lrp)
{
    struct fabric_chassis *chassis = chassis_of(f, "cr-", lrp);
    return chassis ? chassis : chassis_of(f, "", lrp);
}

static const char *
router_label(const struct ovsdb_row *lr)
{
    const char *name =
        ovsdb_map_get(lr, LR_EXTERNAL_IDS, "neutron:router_name");
    return name && *name ? name : ovsdb_string(lr, LR_NAME);
}

static bool
is_link_local(const char *ip)
{
    return address_in_prefix(ip, "fe80::/10");
}

static void
add_gateway_endpoints(struct fabric *f, struct fabric_switch *ls,
                      const struct ovsdb_row *lrp)
{
    const struct ovsdb_row *lr = lrp->owner;
    const char *name = ovsdb_string(lrp, LRP_NAME);
    for (unsigned i = 0; i < ovsdb_count(lrp, LRP_NETWORKS); i++) {
        const char *ip =
            without_length(f, ovsdb_atoms(lrp, LRP_NETWORKS)[i].string);
        if (is_link_local(ip)) {
            continue;
        }
        struct fabric_endpoint *e = add_endpoint(f, ls, ENDPOINT_GATEWAY, ip);
        e->mac = ovsdb_string(lrp, LRP_MAC);
        e->port = name;
        e->name = lr ? router_label(lr) : name;
        e->nb = lrp;
        e->chassis = gateway_chassis(f, name);
        e->chassis_known = f->evidence->sb.present;
    }
}

static void
add_floating_ips(struct fabric *f, struct fabric_switch *ls,
                 const struct ovsdb_row *lrp)
{
    const struct ovsdb_row *lr = lrp->owner;
    for (unsigned i = 0; lr && i < ovsdb_count(lr, LR_NAT); i++) {
        const struct ovsdb_row *nat = ovsdb_atoms(lr, LR_NAT)[i].row;
        const char *mac = ovsdb_string(nat, NAT_EXTERNAL_MAC);
        const char *port = ovsdb_string(nat, NAT_LOGICAL_PORT);
        bool distributed = *mac && *port;
        if (!nat->exists
            || strcmp(ovsdb_string(nat, NAT_TYPE), "dnat_and_snat")) {
            continue;
        }
        struct fabric_endpoint *e = add_endpoint(
            f, ls, ENDPOINT_FLOATING_IP, ovsdb_string(nat, NAT_EXTERNAL_IP));
        e->mac = distributed ? mac : ovsdb_string(lrp, LRP_MAC);
        e->port = *port ? port : ovsdb_string(lrp, LRP_NAME);
        e->name = ovsdb_string(nat, NAT_LOGICAL_IP);
        e->nb = nat;
        e->chassis = distributed
                         ? chassis_of(f, "", port)
                         : gateway_chassis(f, ovsdb_string(lrp, LRP_NAME));
        e->chassis_known = f->evidence->sb.present;
    }
}

/* Servers send rows in no order of their own: endpoints are listed by network,
 * then address. */
static int
compare_endpoints(const void *a_, const void *b_)
{
    const struct fabric_endpoint *a = a_, *b = b_;
    int order = strcmp(a->ls->network, b->ls->network);
    order = order ? order : strcmp(a->ls->name, b->ls->name);
    order = order ? order : address_compare(a->address, b->address);
    return order ? order : strcmp(a->port, b->port);
}

void
fabric_build_endpoints(struct fabric *f)
{
    for (size_t i = 0; i < f->n_switches; i++) {
        struct fabric_switch *ls = &f->switches[i];
        if (!ls->intent.why) {
            continue;
        }
        for (size_t j = 0; j < ls->n_vifs; j++) {
            add_vif_endpoints(f, &ls->vifs[j]);
        }
        for (size_t j = 0; j < ls->n_router_ports; j++) {
            const struct fabric_router_port *port = &ls->router_ports[j];
            if (port->lrp && port->is_gateway) {
                add_gateway_endpoints(f, ls, port->lrp);
                add_floating_ips(f, ls, port->lrp);
            }
        }
    }
    if (f->n_endpoints) {
        qsort(f->endpoints, f->n_endpoints, sizeof *f->endpoints,
              compare_endpoints);
    }
}
