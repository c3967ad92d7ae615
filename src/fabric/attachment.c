#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fabric/build.h"

/* The index of the chassis that the port called PREFIX NAME is bound on. */
static uint32_t
bound_on(const struct fabric *f, const char *prefix, const char *name)
{
    char port[512];
    snprintf(port, sizeof port, "%s%s", prefix, name);
    const struct ovsdb_row *pb = strmap_get(&f->port_bindings, port);
    const struct ovsdb_row *bound = pb ? ovsdb_ref(pb, PB_CHASSIS) : NULL;
    const struct fabric_chassis *chassis =
        bound ? fabric_find_chassis(f, ovsdb_string(bound, CHASSIS_NAME))
              : NULL;
    return chassis && chassis->sb == bound ? (uint32_t) chassis->index
                                           : FABRIC_NOWHERE;
}

void
fabric_note_bindings(const struct fabric *f, struct fabric_router_port *port)
{
    static const char *const prefixes[FABRIC_N_BINDINGS] = { "cr-", "" };
    for (size_t i = 0; i < FABRIC_N_BINDINGS; i++) {
        port->hosts[i] =
            port->lrp
                ? bound_on(f, prefixes[i], ovsdb_string(port->lrp, LRP_NAME))
                : FABRIC_NOWHERE;
    }
}

/* Marks the chassis on which ovn-controller has reason to build the patch
 * ports of the switch: one of its ports, or of the routers on it, is bound
 * there (OVN 23.03, controller/patch.c: only local datapaths). */
static void
mark_local(const struct fabric_switch *ls, bool *local)
{
    for (size_t i = 0; i < ls->n_vifs; i++) {
        if (ls->hosts[i] != FABRIC_NOWHERE) {
            local[ls->hosts[i]] = true;
        }
    }
    for (size_t i = 0; i < ls->n_router_ports; i++) {
        for (size_t j = 0; j < FABRIC_N_BINDINGS; j++) {
            uint32_t host = ls->router_ports[i].hosts[j];
            if (host != FABRIC_NOWHERE) {
                local[host] = true;
            }
        }
    }
}

bool
fabric_is_local(const struct fabric_switch *ls,
                const struct fabric_chassis *chassis)
{
    bool local = fabric_switch_is_on(ls, chassis);
    for (size_t i = 0; i < ls->n_router_ports && !local; i++) {
        for (size_t j = 0; j < FABRIC_N_BINDINGS; j++) {
            local |= ls->router_ports[i].hosts[j] == chassis->index;
        }
    }
    return local;
}

static struct fabric_bridge *
find_bridge(struct fabric_chassis *chassis, const char *name)
{
    for (size_t i = 0; name && i < chassis->n_bridges; i++) {
        if (!strcmp(chassis->bridges[i].name, name)) {
            return &chassis->bridges[i];
        }
    }
    return NULL;
}

/* The bridge that holds 'interface'. */
static struct fabric_bridge *
bridge_of(struct fabric_chassis *chassis, const struct ovsdb_row *interface)
{
    const struct ovsdb_row *port = interface ? interface->owner : NULL;
    const struct ovsdb_row *row = port ? port->owner : NULL;
    for (size_t i = 0; row && i < chassis->n_bridges; i++) {
        if (chassis->bridges[i].row == row) {
            return &chassis->bridges[i];
        }
    }
    return NULL;
}

/* The bridge that the mappings lead to.  Of several mappings of one network
 * ovn-controller uses the last whose bridge exists (OVN 23.03,
 * controller/patch.c, add_ovs_bridge_mappings(): each replaces the one before
 * it, and one without its bridge is passed over). */
static void
find_mapping(struct fabric_attachment *a)
{
    const struct mappings *m = &a->chassis->mappings;
    for (size_t i = 0; i < m->n; i++) {
        if (!strcmp(m->items[i].network, a->localnet->network)) {
            struct fabric_bridge *bridge =
                find_bridge(a->chassis, m->items[i].bridge);
            if (bridge || !a->mapped_bridge) {
                a->mapped = m->items[i].bridge;
                a->mapped_bridge = bridge;
            }
        }
    }
}

/* Resolves the way of 'localnet' on 'chassis'.  The patch ports have names by
 * which ovn-controller makes and finds them (OVN 23.03, controller/patch.c,
 * patch_port_name()). */
void
fabric_build_attachment(struct fabric_localnet *localnet,
                        struct fabric_chassis *chassis, struct arena *arena)
{
    struct fabric_attachment *a = &localnet->attachments[chassis->index];
    const char *integration = chassis->integration_bridge;
    *a =
        (struct fabric_attachment){ .localnet = localnet, .chassis = chassis };
    a->outer_name =
        arena_printf(arena, "patch-%s-to-%s", localnet->name, integration);
    a->inner_name =
        arena_printf(arena, "patch-%s-to-%s", integration, localnet->name);
    a->outer = strmap_get(&chassis->interfaces, a->outer_name);
    a->inner = strmap_get(&chassis->interfaces, a->inner_name);
    a->outer_port = a->outer ? a->outer->owner : NULL;
    const struct fabric_bridge *inner = bridge_of(chassis, a->inner);
    if (inner && strcmp(inner->name, integration)) {
        a->inner = NULL; /* On a bridge where it is of no use. */
    }
    find_mapping(a);
    a->bridge = a->outer ? bridge_of(chassis, a->outer) : a->mapped_bridge;
}

bool
fabric_has_patch_port(const struct fabric_localnet *localnet,
                      const struct fabric_chassis *chassis)
{
    char name[512];
    snprintf(name, sizeof name, "patch-%s-to-%s", localnet->name,
             chassis->integration_bridge);
    return strmap_get(&chassis->interfaces, name) != NULL;
}

void
fabric_require_attachments(struct fabric *f, struct fabric_switch *ls,
                           struct fabric_chassis *chassis)
{
    for (size_t i = 0; i <= ls->n_localnets; i++) {
        struct fabric_localnet *localnet =
            i < ls->n_localnets ? &ls->localnets[i] : ls->lost;
        if (localnet && !fabric_find_attachment(localnet, chassis)) {
            fabric_build_attachment(localnet, chassis, &f->arena);
            localnet->attachments[chassis->index].is_required = true;
        }
    }
}

/* A localnet port, and whether its switch is local, by the chassis' index. */
struct attached {
    struct fabric_localnet *localnet;
    const bool *local;
};

/* What gets attachments. */
struct attached_list {
    struct attached *items;
    size_t n, capacity;
};

static void
add_attached(struct fabric *f, struct fabric_localnet *localnet,
             const bool *local, struct attached_list *list)
{
    localnet->n_attachments = f->n_chassis;
    localnet->attachments = arena_zalloc(
        &f->second_arena, f->n_chassis * sizeof *localnet->attachments);
    list->items =
        xgrow(list->items, list->n, &list->capacity, sizeof *list->items);
    list->items[list->n++] = (struct attached){ localnet, local };
}

static void
add_switch(struct fabric *f, struct fabric_switch *ls,
           struct attached_list *list)
{
    if (!ls->n_localnets && !ls->lost) {
        return;
    }
    bool *local = arena_zalloc(&f->second_arena, f->n_chassis * sizeof *local);
    mark_local(ls, local);
    for (size_t i = 0; i < ls->n_localnets; i++) {
        add_attached(f, &ls->localnets[i], local, list);
    }
    if (ls->lost) {
        add_attached(f, ls->lost, local, list);
    }
}

/* Those on one chassis one after the other: they look at the same
 * interfaces. */
static void
build_all(void *fabric)
{
    struct fabric *f = fabric;
    struct attached_list list = { .n = 0 };
    for (size_t i = 0; i < f->n_physical; i++) {
        add_switch(f, f->physical[i], &list);
    }
    for (size_t c = 0; c < f->n_chassis; c++) {
        for (size_t i = 0; i < list.n; i++) {
            struct attached *at = &list.items[i];
            if (at->local[c]
                || fabric_has_patch_port(at->localnet, f->chassis[c])) {
                fabric_build_attachment(at->localnet, f->chassis[c],
                                        &f->second_arena);
            }
        }
    }
    free(list.items);
}

void
fabric_begin_attachments(struct fabric *f, struct beside *beside)
{
    beside_begin(beside, f->n_chassis >= FABRIC_MANY_CHASSIS, build_all, f);
}
