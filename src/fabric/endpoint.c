#include <stdlib.h>
#include <string.h>

#include "fabric/build.h"
#include "fabric/list.h"

/* Names. */

static bool
is_word(const char *own, const char *name, size_t length)
{
    return !strncmp(own, name, length) && !own[length];
}

static bool
has_name(const struct fabric_endpoint *e, const char *name, size_t length)
{
    return is_word(e->address, name, length) || is_word(e->port, name, length)
           || is_word(e->name, name, length);
}

bool
fabric_endpoint_is(const struct fabric_endpoint *e, const char *name)
{
    const char *where = strrchr(name, '@');
    return has_name(e, name, strlen(name))
           || (where && has_name(e, name, (size_t) (where - name))
               && (has_name(e, where + 1, strlen(where + 1))
                   || !strcmp(e->ls->network, where + 1)
                   || !strcmp(e->ls->name, where + 1)));
}

/* Building. */

/* What is being built. */
struct building {
    struct fabric *fabric;
    struct endpoints list;
};

static void
add_vif_endpoint(struct building *b, struct fabric_vif *vif,
                 const char *address, const char *mac)
{
    struct fabric_endpoint *e =
        endpoints_add(&b->list, vif->ls, ENDPOINT_VM, address);
    e->mac = mac;
    e->port = vif->name;
    e->name = vif->label;
    e->vif = vif;
    e->nb = vif->lsp;
    e->chassis = vif->chassis;
    e->chassis_known = b->fabric->evidence->sb.present;
    e->guest_address = address;
    e->guest_mac = mac;
}

/* "192.168.50.185/24" and the like, without the length. */
static const char *
without_length(struct fabric *f, const char *ip)
{
    return arena_strndup(&f->arena, ip, strcspn(ip, "/"));
}

static size_t
add_addresses(struct building *b, struct fabric_vif *vif, const char *text)
{
    struct address address;
    size_t n = 0;
    address_parse(&address, text, &b->fabric->arena);
    for (size_t i = 0; i < address.n_ips; i++) {
        const char *ip = without_length(b->fabric, address.ips[i]);
        add_vif_endpoint(b, vif, ip, address.mac);
        n++;
    }
    return n;
}

/* A port whose addresses do not name an IP: what else knows it.  In order:
 * port security, Neutron's record, what the addresses were before. */
static size_t
add_other_addresses(struct building *b, struct fabric_vif *vif)
{
    const struct evidence_db *nb = &b->fabric->evidence->nb;
    size_t n = 0;
    for (unsigned i = 0; i < ovsdb_count(vif->lsp, LSP_PORT_SECURITY); i++) {
        n += add_addresses(b, vif,
                           ovsdb_atoms(vif->lsp, LSP_PORT_SECURITY)[i].string);
    }
    const char *cidrs =
        ovsdb_map_get(vif->lsp, LSP_EXTERNAL_IDS, "neutron:cidrs");
    if (!n && cidrs) {
        n = add_addresses(b, vif, cidrs);
    }
    const struct ovsdb_row *row = evidence_log_row(nb, vif->lsp);
    for (const struct ovsdb_past *p = row ? row->past : NULL; !n && p;
         p = p->older) {
        if (p->column == LSP_ADDRESSES && p->datum.n == 1) {
            n = add_addresses(b, vif, p->datum.one.string);
        }
    }
    return n;
}

static void
add_vif_endpoints(struct building *b, struct fabric_vif *vif)
{
    size_t n = 0;
    for (size_t i = 0; i < vif->n_addresses; i++) {
        const struct address *address = &vif->addresses[i];
        for (size_t j = 0; j < address->n_ips; j++, n++) {
            add_vif_endpoint(b, vif, address->ips[j], address->mac);
        }
    }
    if (!n && !add_other_addresses(b, vif)) {
        add_vif_endpoint(b, vif, "",
                         vif->n_addresses ? vif->addresses[0].mac : NULL);
    }
}

static bool
is_link_local(const char *ip)
{
    return address_in_prefix(ip, "fe80::/10");
}

/* A router's port without gateway chassis is everywhere: where the first
 * chassis can answer for it, which is as good as any.  Not where only another
 * endpoint would have to. */
static struct fabric_chassis *
first_attached(const struct fabric_switch *ls)
{
    for (size_t i = 0; i < ls->n_localnets; i++) {
        const struct fabric_localnet *localnet = &ls->localnets[i];
        for (size_t j = 0; j < localnet->n_attachments; j++) {
            const struct fabric_attachment *a = &localnet->attachments[j];
            if (a->mapped && !a->is_required) { /* Not if it is none. */
                return a->chassis;
            }
        }
    }
    return NULL;
}

static bool
is_everywhere(const struct fabric_lrp *port)
{
    return !port->has_group && !port->router->pinned;
}

bool
fabric_has_ubiquitous(const struct fabric_switch *ls)
{
    for (size_t i = 0; i < ls->n_router_ports; i++) {
        const struct fabric_lrp *port = ls->router_ports[i].port;
        if (port && port->is_gateway && is_everywhere(port)) {
            return true;
        }
    }
    return false;
}

/* Once attachments are there. */
static void
place_everywhere(struct fabric_endpoint *e)
{
    if (e->gateway && is_everywhere(e->gateway)) {
        e->chassis = first_attached(e->ls);
    }
}

/* An endpoint of a router, entering by its gateway port. */
static struct fabric_endpoint *
add_router_endpoint(struct building *b, struct fabric_lrp *port,
                    enum endpoint_kind kind, const char *address)
{
    struct fabric_endpoint *e =
        endpoints_add(&b->list, port->ls, kind, address);
    e->mac = port->mac;
    e->port = port->name;
    e->name = port->router->label;
    e->nb = port->row;
    e->gateway = port;
    e->chassis = port->chassis;
    e->chassis_known = b->fabric->evidence->sb.present;
    e->guest_address = address;
    e->guest_mac = e->mac;
    return e;
}

static void
add_gateway_endpoints(struct building *b, struct fabric_lrp *port)
{
    struct fabric *f = b->fabric;
    for (unsigned i = 0; i < ovsdb_count(port->row, LRP_NETWORKS); i++) {
        const char *ip =
            without_length(f, ovsdb_atoms(port->row, LRP_NETWORKS)[i].string);
        if (!is_link_local(ip)) {
            add_router_endpoint(b, port, ENDPOINT_GATEWAY, ip);
            f->n_gateways++;
        }
    }
}

/* The gateway port whose chassis translate for 'nat': the one that it names,
 * else the only one, else the one that has the external address on a network
 * (OVN 23.03, northd/northd.c, lrouter_check_nat_entry()); or, so that the
 * address is not lost, the first. */
static const struct fabric_lrp *
port_of_nat(const struct fabric *f, const struct fabric_router *router,
            const struct ovsdb_row *nat)
{
    const struct ovsdb_row *named = ovsdb_ref(nat, NAT_GATEWAY_PORT);
    const struct fabric_lrp *named_port =
        named && named->exists ? f->lrp_of_row[named->index] : NULL;
    struct address_prefix ip;
    bool is_ip = address_prefix_parse(ovsdb_string(nat, NAT_EXTERNAL_IP), &ip);
    const struct fabric_lrp *first = NULL, *on_network = NULL;
    for (size_t i = 0; i < router->n_ports; i++) {
        const struct fabric_lrp *port = &router->ports[i];
        if (!port->is_gateway || !port->ls || !port->ls->intent.why) {
            continue;
        }
        if (port == named_port) {
            return port;
        }
        first = first ? first : port;
        if (is_ip && !on_network && fabric_lrp_network_of(port, &ip)) {
            on_network = port;
        }
    }
    return on_network ? on_network : first;
}

/* The VM that the floating IP leads to: who has the logical address behind
 * the router; or at least the port that the NAT row names. */
static struct fabric_vif *
vif_of_nat(const struct fabric_endpoint *e, struct fabric_vif *named)
{
    const char *ip = e->guest_address;
    struct fabric_switch *ls = e->inner ? e->inner->ls : NULL;
    if (named && named->ls == ls && fabric_vif_has_ip(named, ip)) {
        return named;
    }
    struct fabric_vif *vif = ls ? fabric_find_vif_by_ip(ls, ip) : NULL;
    return vif ? vif : named;
}

/* Of several NAT rows with one external MAC, each must find another. */
static void
add_nat_mac(struct fabric *f, const struct ovsdb_row *nat, const char *mac)
{
    void **place = strmap_place(&f->nat_macs, mac);
    if (!*place) {
        *place = (void *) nat;
    } else {
        *strmap_place(&f->nat_macs_again, mac) = (void *) nat;
    }
}

static void
read_floating_ip(struct fabric *f, struct fabric_endpoint *e)
{
    const struct ovsdb_row *nat = e->nat;
    struct fabric_lrp *port = e->gateway;
    const char *mac = ovsdb_string(nat, NAT_EXTERNAL_MAC);
    const char *name = ovsdb_string(nat, NAT_LOGICAL_PORT);
    const struct ovsdb_row *lsp = *name ? strmap_get(&f->lsps, name) : NULL;
    struct fabric_vif *named = lsp ? f->vif_of_row[lsp->index] : NULL;
    e->port = *name ? name : port->name;
    e->name = e->guest_address = ovsdb_string(nat, NAT_LOGICAL_IP);
    e->inner = fabric_router_port_to(port->router, e->guest_address);
    e->vif = vif_of_nat(e, named);
    if (e->vif && !fabric_vif_has_ip(e->vif, e->guest_address)
        && e->vif->n_addresses && e->vif->addresses[0].n_ips) {
        e->guest_address = e->vif->addresses[0].ips[0];
    }
    e->guest_mac =
        e->vif && e->vif->n_addresses ? e->vif->addresses[0].mac : NULL;
    /* Only with a distributed gateway port (OVN 23.03, northd/northd.c,
     * lrouter_check_nat_entry(), "distributed"). */
    e->is_distributed =
        *mac && *name && port->has_group && !port->router->pinned;
    e->mac = e->is_distributed ? mac : port->mac;
    e->chassis = port->chassis;
    if (e->is_distributed && lsp) {
        e->chassis = named ? named->chassis : NULL;
    }
}

static void
add_floating_ip(struct building *b, struct fabric_lrp *port,
                const struct ovsdb_row *nat)
{
    struct fabric_endpoint *e = add_router_endpoint(
        b, port, ENDPOINT_FLOATING_IP, ovsdb_string(nat, NAT_EXTERNAL_IP));
    e->nb = e->nat = nat;
    read_floating_ip(b->fabric, e);
}

void
fabric_read_floating_ip(struct fabric *f, struct fabric_endpoint *e)
{
    read_floating_ip(f, e);
    place_everywhere(e);
}

static void
find_nat_ports(struct fabric *f, struct fabric_router *router)
{
    unsigned n = ovsdb_count(router->row, LR_NAT);
    router->nat_ports =
        arena_zalloc(&f->arena, n * sizeof(const struct fabric_lrp *));
    for (unsigned i = 0, n_ahead = 0; i < n; i++) {
        const struct ovsdb_row *nat = ovsdb_atoms(router->row, LR_NAT)[i].row;
        if (i == n_ahead) {
            n_ahead += fabric_look_ahead_at_nats(
                &ovsdb_atoms(router->row, LR_NAT)[i], n - i);
        }
        if (nat->exists
            && !strcmp(ovsdb_string(nat, NAT_TYPE), "dnat_and_snat")) {
            router->nat_ports[i] = port_of_nat(f, router, nat);
        }
    }
}

/* Some NAT rows, not more than are asked for ahead. */
static void
add_translations(struct building *b, struct fabric_lrp *port,
                 const union ovsdb_atom *nats, size_t n)
{
    fabric_look_ahead_at_nat_ports(b->fabric, nats, n);
    for (size_t i = 0; i < n; i++) {
        add_floating_ip(b, port, nats[i].row);
    }
}

static void
add_floating_ips(struct building *b, struct fabric_lrp *port)
{
    struct fabric_router *router = port->router;
    union ovsdb_atom nats[FABRIC_AHEAD];
    size_t n = 0;
    if (!router->nat_ports) {
        find_nat_ports(b->fabric, router);
    }
    for (unsigned i = 0; i < ovsdb_count(router->row, LR_NAT); i++) {
        if (router->nat_ports[i] == port) {
            nats[n++] = ovsdb_atoms(router->row, LR_NAT)[i];
        }
        if (n == FABRIC_AHEAD) {
            add_translations(b, port, nats, n);
            n = 0;
        }
    }
    add_translations(b, port, nats, n);
}

static void
index_nat_macs(struct fabric *f, const struct endpoints *list)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct fabric_endpoint *e = &list->items[i];
        if (e->is_distributed) {
            add_nat_mac(f, e->nat, e->mac);
        }
    }
}

static void
add_switch_endpoints(struct building *b, struct fabric_switch *ls)
{
    for (size_t i = 0; i < ls->n_vifs; i++) {
        add_vif_endpoints(b, ls->vifs[i]);
    }
    for (size_t i = 0; i < ls->n_router_ports; i++) {
        struct fabric_lrp *port = ls->router_ports[i].port;
        if (port && port->lsp == ls->router_ports[i].lsp && port->ls == ls
            && port->is_gateway) {
            add_gateway_endpoints(b, port);
            add_floating_ips(b, port);
        }
    }
}

/* As endpoints are listed; switches of one name, of which OVN has nothing
 * against, as they came. */
static int
compare_switches(const void *a_, const void *b_)
{
    const struct fabric_switch *a = *(struct fabric_switch *const *) a_;
    const struct fabric_switch *b = *(struct fabric_switch *const *) b_;
    int order = endpoints_compare_switches(a, b);
    return order ? order : (a > b) - (a < b);
}

/* The switches that have endpoints, in their order, malloc()ed. */
static struct fabric_switch **
order_switches(struct fabric *f, size_t *ret_n)
{
    struct fabric_switch **switches =
        xmalloc((f->n_switches + 1) * sizeof *switches);
    size_t n = 0;
    for (size_t i = 0; i < f->n_switches; i++) {
        if (f->switches[i].intent.why) {
            switches[n++] = &f->switches[i];
        }
    }
    qsort(switches, n, sizeof(struct fabric_switch *), compare_switches);
    *ret_n = n;
    return switches;
}

/* Lists all in order: each switch's are put in order while the processor has
 * them at hand. */
static void
list_all(struct building *b)
{
    size_t n;
    struct fabric_switch **switches = order_switches(b->fabric, &n);
    for (size_t i = 0; i < n;) {
        const struct fabric_switch *ls = switches[i];
        size_t first = b->list.n;
        while (i < n && !endpoints_compare_switches(ls, switches[i])) {
            add_switch_endpoints(b, switches[i++]);
        }
        endpoints_sort(&b->list, first);
    }
    free(switches);
}

void
fabric_list_endpoints(struct fabric *f, struct endpoints *ret)
{
    struct building b = { .fabric = f };
    const struct ovsdb_table *nb = f->evidence->nb.store.tables;
    endpoints_reserve(&b.list, nb[NB_LOGICAL_SWITCH_PORT].n_existing
                                   + nb[NB_NAT].n_existing);
    list_all(&b);
    index_nat_macs(f, &b.list);
    *ret = b.list;
}

void
fabric_place_endpoints(struct fabric *f, struct endpoints *list)
{
    for (size_t i = 0; i < list->n; i++) {
        place_everywhere(&list->items[i]);
    }
    for (size_t i = 0; i < list->n; i++) {
        struct fabric_endpoint *e = &list->items[i];
        if (e->gateway && e->chassis) {
            fabric_require_attachments(f, e->ls, e->chassis);
        }
    }
    fabric_list_build(f, list);
}

void
fabric_list_vif(struct fabric *f, struct fabric_vif *vif,
                struct endpoints *list)
{
    struct building b = { .fabric = f };
    add_vif_endpoints(&b, vif);
    *list = b.list;
}

void
fabric_list_floating_ips(struct fabric *f, struct fabric_router *router,
                         struct endpoints *list)
{
    struct building b = { .fabric = f };
    find_nat_ports(f, router);
    for (unsigned i = 0; i < ovsdb_count(router->row, LR_NAT); i++) {
        /* The routers' own. */
        struct fabric_lrp *port =
            router->nat_ports[i]
                ? &router->ports[router->nat_ports[i] - router->ports]
                : NULL;
        if (port) {
            add_floating_ip(&b, port, ovsdb_atoms(router->row, LR_NAT)[i].row);
        }
    }
    for (size_t i = 0; i < b.list.n; i++) {
        place_everywhere(&b.list.items[i]);
    }
    *list = b.list;
}
