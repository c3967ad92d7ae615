#include "flood/segment.h"

#include <stdlib.h>

/* Numbers: which belong together. */

static uint32_t
root_of(struct segments *s, uint32_t i)
{
    while (s->parent[i] != i) {
        s->parent[i] = s->parent[s->parent[i]];
        i = s->parent[i];
    }
    return i;
}

/* The earlier one leads, so that names do not depend on the order. */
static void
join(struct segments *s, uint32_t a, uint32_t b)
{
    a = root_of(s, a);
    b = root_of(s, b);
    uint32_t first = a < b ? a : b, second = a < b ? b : a;
    s->parent[second] = first;
    s->has_nic[first] |= s->has_nic[second];
}

static uint32_t
place_network(struct segments *s, const char *network)
{
    void **place = strmap_place(&s->networks, network);
    if (!*place) {
        s->names[s->n] = network;
        s->parent[s->n] = (uint32_t) s->n;
        *place = (void *) (uintptr_t) ++s->n;
    }
    return (uint32_t) ((uintptr_t) *place - 1);
}

/* Bridges. */

const char *
segments_mapped(const struct fabric_chassis *chassis, const char *network,
                const struct fabric_bridge **ret)
{
    const char *name = NULL;
    *ret = NULL;
    for (size_t i = 0; i < chassis->mappings.n; i++) {
        const struct mapping *m = &chassis->mappings.items[i];
        if (strcmp(m->network, network)) {
            continue;
        }
        /* The last whose bridge exists counts: fabric/attachment.c. */
        for (size_t j = 0; j < chassis->n_bridges; j++) {
            if (!strcmp(chassis->bridges[j].name, m->bridge)) {
                *ret = &chassis->bridges[j];
                name = m->bridge;
            }
        }
        name = name ? name : m->bridge;
    }
    return name;
}

static bool
peers_with(const struct ovsdb_row *interface, const char *name)
{
    const char *peer = ovsdb_map_get(interface, INTERFACE_OPTIONS, "peer");
    return !strcmp(ovsdb_string(interface, INTERFACE_TYPE), "patch") && peer
           && !strcmp(peer, name);
}

const struct fabric_bridge *
segments_peer(const struct fabric_chassis *chassis,
              const struct fabric_port *patch, const struct ovsdb_row **ret)
{
    const char *name =
        ovsdb_map_get(patch->interface, INTERFACE_OPTIONS, "peer");
    const struct ovsdb_row *peer =
        name ? strmap_get(&chassis->interfaces, name) : NULL;
    const struct ovsdb_row *port = peer ? peer->owner : NULL;
    if (!port
        || !peers_with(peer, ovsdb_string(patch->interface, INTERFACE_NAME))) {
        return NULL;
    }
    for (size_t i = 0; i < chassis->n_bridges; i++) {
        if (chassis->bridges[i].row == port->owner) {
            *ret = peer;
            return &chassis->bridges[i];
        }
    }
    return NULL;
}

uint32_t
segments_number(const struct segments *s, const struct fabric_chassis *chassis,
                const struct fabric_bridge *bridge)
{
    return (uint32_t) (s->bridges[chassis->index]
                       + (size_t) (bridge - chassis->bridges));
}

static void
join_patched(struct segments *s, const struct fabric_chassis *chassis)
{
    for (size_t i = 0; i < chassis->n_bridges; i++) {
        const struct fabric_bridge *bridge = &chassis->bridges[i];
        for (size_t j = 0; j < bridge->n_patches; j++) {
            const struct ovsdb_row *peer;
            const struct fabric_bridge *other =
                segments_peer(chassis, &bridge->patches[j], &peer);
            if (other && strcmp(other->name, chassis->integration_bridge)) {
                join(s, segments_number(s, chassis, bridge),
                     segments_number(s, chassis, other));
            }
        }
    }
}

/* A bridge without a NIC joins no two networks; of one that was not gathered
 * its name alone tells. */
static void
join_mapped(struct segments *s, const struct fabric_chassis *chassis)
{
    const struct mappings *m = &chassis->mappings;
    for (size_t i = 0; i < m->n; i++) {
        uint32_t network = place_network(s, m->items[i].network);
        const struct fabric_bridge *bridge;
        const char *name =
            segments_mapped(chassis, m->items[i].network, &bridge);
        if (bridge
            && s->has_nic[root_of(s, segments_number(s, chassis, bridge))]) {
            join(s, network, segments_number(s, chassis, bridge));
        }
        for (size_t j = 0; !chassis->ovs_known && j < i; j++) {
            if (!strcmp(m->items[j].bridge, name)) {
                join(s, network, place_network(s, m->items[j].network));
            }
        }
    }
}

void
segments_init(struct segments *s, const struct fabric *f)
{
    size_t n_bridges = 0, n_networks = 0;
    memset(s, 0, sizeof *s);
    strmap_init(&s->networks);
    s->bridges = xcalloc(f->n_chassis + 1, sizeof *s->bridges);
    for (size_t i = 0; i < f->n_chassis; i++) {
        n_bridges += f->chassis[i]->n_bridges;
        n_networks += f->chassis[i]->mappings.n;
    }
    for (size_t i = 0; i < f->n_physical; i++) {
        n_networks += f->physical[i]->n_localnets;
    }
    s->capacity = n_bridges + n_networks + 1;
    s->parent = xcalloc(s->capacity, sizeof *s->parent);
    s->names = xcalloc(s->capacity, sizeof *s->names);
    s->has_nic = xcalloc(s->capacity, sizeof *s->has_nic);
    s->group = xcalloc(s->capacity, sizeof *s->group);
    s->is_used = xcalloc(s->capacity, sizeof *s->is_used);
    for (size_t i = 0; i < f->n_chassis; i++) {
        for (size_t j = 0; j < f->chassis[i]->mappings.n; j++) {
            place_network(s, f->chassis[i]->mappings.items[j].network);
        }
    }
    for (size_t i = 0; i < f->n_physical; i++) {
        for (size_t j = 0; j < f->physical[i]->n_localnets; j++) {
            place_network(s, f->physical[i]->localnets[j].network);
        }
    }
    for (size_t i = 0; i < f->n_chassis; i++) {
        s->bridges[i] = s->n;
        for (size_t j = 0; j < f->chassis[i]->n_bridges; j++, s->n++) {
            s->parent[s->n] = (uint32_t) s->n;
            s->has_nic[s->n] = f->chassis[i]->bridges[j].n_nics > 0;
        }
        join_patched(s, f->chassis[i]);
    }
    for (uint32_t i = 0; i < s->n; i++) {
        s->group[i] = root_of(s, i);
    }
    for (size_t i = 0; i < f->n_chassis; i++) {
        join_mapped(s, f->chassis[i]);
    }
    /* From now on several threads may ask, and nothing is written. */
    for (uint32_t i = 0; i < s->n; i++) {
        s->parent[i] = root_of(s, i);
    }
}

void
segments_done(struct segments *s)
{
    strmap_done(&s->networks);
    free(s->bridges);
    free(s->parent);
    free(s->names);
    free(s->has_nic);
    free(s->group);
    free(s->is_used);
}

uint32_t
segments_of_bridge(const struct segments *s,
                   const struct fabric_chassis *chassis,
                   const struct fabric_bridge *bridge)
{
    return s->parent[segments_number(s, chassis, bridge)];
}

uint32_t
segments_of_network(const struct segments *s, const char *network)
{
    uintptr_t number = (uintptr_t) strmap_get(&s->networks, network);
    return number ? s->parent[number - 1] : UINT32_MAX;
}

const char *
segments_name(const struct segments *s, uint32_t segment)
{
    return segment < s->n ? s->names[segment] : NULL;
}
