/* What else a storm takes: what the flooded NICs carry besides. */
#include <stdlib.h>

#include "flood/model.h"

/* What is said of one chassis. */
struct carry {
    const struct fabric_chassis *chassis;
    struct arena *arena;
    struct flood_domain *domain;
    struct strmap seen; /* Devices that were looked at. */
    const char **tunnel_ips;
    size_t n_tunnel_ips;
    bool *is_carried; /* Of the tunnel's addresses. */
};

static void
add(const char ***list, size_t *n, struct arena *arena, const char *text)
{
    if (!(*n & (*n - 1))) { /* Room for 1, 2, 4... */
        size_t n_more = *n ? 2 * *n : 1;
        const char **more = arena_alloc(arena, n_more * sizeof *more);
        if (*n) {
            memcpy(more, *list, *n * sizeof *more);
        }
        *list = more;
    }
    (*list)[(*n)++] = text;
}

static void
add_tunnel_ips(struct carry *c, const char *ips)
{
    for (const char *p = ips; p && *p;) { /* A list, since OVN 24.03. */
        size_t length = strcspn(p, ",");
        add(&c->tunnel_ips, &c->n_tunnel_ips, c->arena,
            arena_strndup(c->arena, p, length));
        p += length + (p[length] == ',');
    }
}

/* The addresses that the chassis's tunnels come from: ovn-controller(8),
 * ovn-encap-ip; of other tunnels Interface.options:local_ip
 * (ovs-vswitchd.conf.db(5)); what SB knows, where no more was gathered. */
static void
find_tunnel_ips(struct carry *c)
{
    const struct fabric_chassis *chassis = c->chassis;
    if (!chassis->ovs_known) {
        const union ovsdb_atom *encaps =
            chassis->sb ? ovsdb_atoms(chassis->sb, CHASSIS_ENCAPS) : NULL;
        for (unsigned i = 0;
             encaps && i < ovsdb_count(chassis->sb, CHASSIS_ENCAPS); i++) {
            if (encaps[i].row->exists) {
                add_tunnel_ips(c, ovsdb_string(encaps[i].row, ENCAP_IP));
            }
        }
        return;
    }
    add_tunnel_ips(c, chassis->encap_ips);
    STRMAP_FOR_EACH (entry, &chassis->tunnels) {
        const char *ip =
            ovsdb_map_get(entry->value, INTERFACE_OPTIONS, "local_ip");
        bool is_new = ip && strcmp(ip, "flow");
        for (size_t i = 0; is_new && i < c->n_tunnel_ips; i++) {
            is_new = strcmp(c->tunnel_ips[i], ip);
        }
        if (is_new) {
            add_tunnel_ips(c, ip);
        }
    }
}

static void
take_device(struct carry *c, const char *name)
{
    void **place = strmap_place(&c->seen, name);
    const struct link *link = strmap_get(&c->chassis->evidence->links, name);
    if (*place || !link) {
        return;
    }
    *place = c;
    for (size_t i = 0; i < link->n_ips; i++) {
        const char *ip = link->ips[i];
        add(&c->domain->carries, &c->domain->n_carries, c->arena,
            arena_printf(c->arena, "%s: host address %s on %s",
                         c->chassis->name, ip, name));
        for (size_t j = 0; j < c->n_tunnel_ips; j++) {
            size_t length = strlen(c->tunnel_ips[j]);
            if (!strncmp(ip, c->tunnel_ips[j], length) && ip[length] == '/'
                && !c->is_carried[j]) {
                c->is_carried[j] = true;
                add(&c->domain->carries, &c->domain->n_carries, c->arena,
                    arena_printf(c->arena, "%s: tunnels from %s",
                                 c->chassis->name, c->tunnel_ips[j]));
            }
        }
    }
}

/* VLANs and macvlans on top of a link that is flooded. */
static void
take_children(struct carry *c)
{
    const struct strmap *links = &c->chassis->evidence->links;
    bool more = true;
    while (more) {
        size_t n = c->seen.n;
        STRMAP_FOR_EACH (entry, links) {
            const struct link *link = entry->value;
            if (link->parent && strmap_get(&c->seen, link->parent)) {
                take_device(c, link->name);
            }
        }
        more = c->seen.n > n;
    }
}

/* The bridge's own ports of the host: the one of its name, and other internal
 * ones. */
static void
take_bridge(struct carry *c, const struct fabric_bridge *bridge)
{
    const union ovsdb_atom *ports = ovsdb_atoms(bridge->row, BRIDGE_PORTS);
    unsigned n = ovsdb_count(bridge->row, BRIDGE_PORTS);
    take_device(c, bridge->name);
    for (unsigned i = 0; i < n; i++) {
        const struct ovsdb_row *port = ports[i].row;
        unsigned n_interfaces =
            port->exists ? ovsdb_count(port, PORT_INTERFACES) : 0;
        for (unsigned j = 0; j < n_interfaces; j++) {
            const struct ovsdb_row *interface =
                ovsdb_atoms(port, PORT_INTERFACES)[j].row;
            if (interface->exists
                && !strcmp(ovsdb_string(interface, INTERFACE_TYPE),
                           "internal")) {
                take_device(c, ovsdb_string(interface, INTERFACE_NAME));
            }
        }
    }
}

static void
take_nic(struct carry *c, const struct flood_nic *nic)
{
    const struct ovsdb_row *port = nic->port->row;
    const union ovsdb_atom *members = ovsdb_atoms(port, PORT_INTERFACES);
    for (unsigned i = 0; i < ovsdb_count(port, PORT_INTERFACES); i++) {
        if (members[i].row->exists) {
            take_device(c, ovsdb_string(members[i].row, INTERFACE_NAME));
        }
    }
    take_bridge(c, nic->bridge);
}

/* Whether the addresses of the host's links were gathered. */
static bool
knows_ips(const struct fabric_chassis *chassis)
{
    if (!chassis->ovs_known || !chassis->evidence->has_links) {
        return false;
    }
    STRMAP_FOR_EACH (entry, &chassis->evidence->links) {
        const struct link *link = entry->value;
        if (link->ips_known) {
            return true;
        }
    }
    return false;
}

/* The NICs of one chassis follow each other. */
static size_t
take_chassis(struct arena *arena, struct flood_domain *d, size_t first)
{
    struct carry c = {
        .chassis = d->nics[first].chassis,
        .arena = arena,
        .domain = d,
    };
    size_t i = first;
    strmap_init(&c.seen);
    find_tunnel_ips(&c);
    c.is_carried = arena_zalloc(arena, c.n_tunnel_ips + 1);
    bool known = knows_ips(c.chassis);
    for (; i < d->n_nics && d->nics[i].chassis == c.chassis; i++) {
        if (known && d->nics[i].port) {
            take_nic(&c, &d->nics[i]);
        }
    }
    if (known) {
        take_children(&c);
    } else {
        add(&d->carries_missing, &d->n_carries_missing, arena,
            arena_printf(
                arena,
                "whether %s's host addresses%s%s are on the flooded "
                "NICs (%s/ip-link.json, written by `ip -json "
                "-details address`)",
                c.chassis->name, c.n_tunnel_ips ? " and tunnels from " : "",
                c.n_tunnel_ips ? c.tunnel_ips[0] : "", c.chassis->name));
    }
    strmap_done(&c.seen);
    return i;
}

static int
compare_nics(const void *a_, const void *b_)
{
    const struct flood_nic *a = a_, *b = b_;
    size_t i = a->chassis->index, j = b->chassis->index;
    if (i != j) {
        return i < j ? -1 : 1;
    }
    return a->port && b->port ? strcmp(a->port->name, b->port->name) : 0;
}

void
flood_find_carried(struct arena *arena, struct flood_domain *d)
{
    if (d->n_nics) {
        qsort(d->nics, d->n_nics, sizeof *d->nics, compare_nics);
    }
    for (size_t i = 0; i < d->n_nics;) {
        i = take_chassis(arena, d, i);
    }
}
