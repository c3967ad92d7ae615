#include <stdio.h>
#include <string.h>

#include "fabric/build.h"

/* Whether ovn-controller on 'chassis' has reason to build the patch ports of
 * the switch: one of its ports, or of the routers on it, is bound there
 * (OVN 23.03, controller/patch.c: only local datapaths). */
static bool
is_local(const struct fabric *f, const struct fabric_switch *ls,
         const struct fabric_chassis *chassis)
{
    for (size_t i = 0; i < ls->n_vifs; i++) {
        if (ls->vifs[i].chassis == chassis) {
            return true;
        }
    }
    for (size_t i = 0; i < ls->n_router_ports; i++) {
        if (!ls->router_ports[i].lrp) {
            continue;
        }
        char name[512];
        snprintf(name, sizeof name, "cr-%s",
                 ovsdb_string(ls->router_ports[i].lrp, LRP_NAME));
        const struct ovsdb_row *pb = strmap_get(&f->port_bindings, name);
        const struct ovsdb_row *bound = pb ? ovsdb_ref(pb, PB_CHASSIS) : NULL;
        if (bound && bound == chassis->sb) {
            return true;
        }
    }
    return false;
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

/* Resolves the way of 'localnet' on 'chassis'.  The patch ports have names by
 * which ovn-controller makes and finds them (OVN 23.03, controller/patch.c,
 * patch_port_name()). */
static void
build_attachment(struct fabric *f, struct fabric_localnet *localnet,
                 struct fabric_chassis *chassis, struct fabric_attachment *a)
{
    const char *integration = chassis->integration_bridge;
    *a =
        (struct fabric_attachment){ .localnet = localnet, .chassis = chassis };
    a->outer_name =
        arena_printf(&f->arena, "patch-%s-to-%s", localnet->name, integration);
    a->inner_name =
        arena_printf(&f->arena, "patch-%s-to-%s", integration, localnet->name);
    a->outer = strmap_get(&chassis->interfaces, a->outer_name);
    a->inner = strmap_get(&chassis->interfaces, a->inner_name);
    a->outer_port = a->outer ? a->outer->owner : NULL;
    a->mapped = mappings_find(&chassis->mappings, localnet->network);
    a->mapped_bridge = find_bridge(chassis, a->mapped);
    a->bridge = a->outer ? bridge_of(chassis, a->outer) : a->mapped_bridge;
}

static bool
has_patch_port(const struct fabric_localnet *localnet,
               const struct fabric_chassis *chassis)
{
    char name[512];
    snprintf(name, sizeof name, "patch-%s-to-%s", localnet->name,
             chassis->integration_bridge);
    return strmap_get(&chassis->interfaces, name) != NULL;
}

static void
attach_localnet(struct fabric *f, struct fabric_localnet *localnet,
                const bool *local)
{
    localnet->attachments =
        arena_alloc(&f->arena, f->n_chassis * sizeof *localnet->attachments);
    for (size_t i = 0; i < f->n_chassis; i++) {
        if (local[i] || has_patch_port(localnet, f->chassis[i])) {
            build_attachment(
                f, localnet, f->chassis[i],
                &localnet->attachments[localnet->n_attachments++]);
        }
    }
}

void
fabric_build_attachments(struct fabric *f, struct fabric_switch *ls)
{
    if (!ls->n_localnets && !ls->lost) {
        return;
    }
    bool *local = arena_alloc(&f->arena, f->n_chassis * sizeof *local);
    for (size_t i = 0; i < f->n_chassis; i++) {
        local[i] = is_local(f, ls, f->chassis[i]);
    }
    for (size_t i = 0; i < ls->n_localnets; i++) {
        attach_localnet(f, &ls->localnets[i], local);
    }
    if (ls->lost) {
        attach_localnet(f, ls->lost, local);
    }
}
