/* Who depends on what: lists that are made once, when a fabric begins to be
 * followed, and kept as things move, come and go. */
#include <stdlib.h>
#include <string.h>

#include "fabric/follow.h"
#include "fabric/places.h"

#define NONE UINT32_MAX

/* An entry of a list: an endpoint or another thing, by number. */
struct linked {
    uint32_t number;
    uint32_t next; /* NONE behind the last. */
};

struct fabric_links {
    struct linked *links;
    size_t n, capacity;

    /* Endpoints. */
    uint32_t *by_vif; /* Of the index of its LSP's row. */
    uint32_t *by_switch;
    uint32_t *by_router;
    uint32_t *by_nat;      /* Of the index of its NAT row. */
    uint32_t *gateways;    /* By router: those that are its own addresses. */
    uint32_t *foreign;     /* By switch: whose guest's MAC is none of its
                            * port's addresses, or was. */
    struct strmap by_name; /* Of the port that a NAT row names: 1 + place. */
    struct places enters;  /* By the chassis where its frames enter... */
    struct places gateways_at; /* ...those that are a router's own... */
    struct places lives;       /* ...and by that of its VM. */

    /* Other things. */
    uint32_t *routed;    /* By router: switches with a port of it. */
    struct strmap by_ip; /* Of Encaps: 1 + place; chassis. */
    struct fabric_switch **switches; /* By the index of its row. */
    struct fabric_router **routers;  /* Likewise. */
    size_t n_lsps, n_nats, n_ls_rows, n_lr_rows;
};

/* Entries. */

static void
add_link(struct fabric_links *l, uint32_t *list, size_t number)
{
    l->links = xgrow(l->links, l->n, &l->capacity, sizeof *l->links);
    l->links[l->n] = (struct linked){ (uint32_t) number, *list };
    *list = (uint32_t) l->n++;
}

static bool
has_link(const struct fabric_links *l, uint32_t list, size_t number)
{
    while (list != NONE && l->links[list].number != number) {
        list = l->links[list].next;
    }
    return list != NONE;
}

/* Lists by a name: the map holds 1 + place. */

static uint32_t
list_called(const struct strmap *map, const char *name)
{
    uintptr_t first = (uintptr_t) strmap_get(map, name);
    return first ? (uint32_t) first - 1 : NONE;
}

static void
add_link_called(struct fabric_links *l, struct strmap *map, const char *name,
                size_t number)
{
    uint32_t list = list_called(map, name);
    add_link(l, &list, number);
    *strmap_place(map, name) = (void *) ((uintptr_t) list + 1);
}

/* Visiting. */

/* Endpoints are asked of the memory some steps before they are visited. */
#define STEPS_AHEAD 8

static void
fetch(const struct fabric_change *c, uint32_t endpoint)
{
    const struct fabric_endpoint *e = &c->fabric->endpoints[endpoint];
    __builtin_prefetch(&e->kind);
    __builtin_prefetch(&e->chassis);
    __builtin_prefetch(&e->is_gone);
}

static uint32_t
step_along(const struct fabric_change *c, uint32_t i)
{
    if (i != NONE) {
        fetch(c, c->links->links[i].number);
        i = c->links->links[i].next;
    }
    return i;
}

static void
visit(struct fabric_change *c, uint32_t i, endpoint_visit *visit_it, void *aux)
{
    uint32_t ahead = i;
    for (size_t step = 0; step < STEPS_AHEAD; step++) {
        ahead = step_along(c, ahead);
    }
    while (i != NONE) {
        const struct linked link = c->links->links[i];
        struct fabric_endpoint *e = &c->fabric->endpoints[link.number];
        ahead = step_along(c, ahead);
        if (!e->is_gone) {
            visit_it(c, e, aux);
        }
        i = link.next;
    }
}

void
change_visit_vif(struct fabric_change *c, const struct fabric_vif *vif,
                 endpoint_visit *visit_it, void *aux)
{
    visit(c, c->links->by_vif[vif->lsp->index], visit_it, aux);
}

void
change_visit_named(struct fabric_change *c, const char *name,
                   endpoint_visit *visit_it, void *aux)
{
    visit(c, list_called(&c->links->by_name, name), visit_it, aux);
}

void
change_visit_switch(struct fabric_change *c, const struct fabric_switch *ls,
                    endpoint_visit *visit_it, void *aux)
{
    visit(c, c->links->by_switch[ls - c->fabric->switches], visit_it, aux);
}

void
change_visit_router(struct fabric_change *c, const struct fabric_router *r,
                    endpoint_visit *visit_it, void *aux)
{
    visit(c, c->links->by_router[r - c->fabric->routers], visit_it, aux);
}

void
change_visit_nat(struct fabric_change *c, const struct ovsdb_row *nat,
                 endpoint_visit *visit_it, void *aux)
{
    visit(c, c->links->by_nat[nat->index], visit_it, aux);
}

void
change_visit_gateways(struct fabric_change *c, const struct fabric_router *r,
                      endpoint_visit *visit_it, void *aux)
{
    visit(c, c->links->gateways[r - c->fabric->routers], visit_it, aux);
}

static void
visit_places(struct fabric_change *c, const struct places *p,
             const struct fabric_chassis *chassis, endpoint_visit *visit_it,
             void *aux)
{
    const struct places_list *l = places_of(p, chassis);
    for (uint32_t i = 0; i < l->n && i < STEPS_AHEAD; i++) {
        fetch(c, l->items[i]);
    }
    for (uint32_t i = 0; i < l->n; i++) {
        if (l->n - i > STEPS_AHEAD) {
            fetch(c, l->items[i + STEPS_AHEAD]);
        }
        visit_it(c, &c->fabric->endpoints[l->items[i]], aux);
    }
}

void
change_visit_entering(struct fabric_change *c,
                      const struct fabric_chassis *chassis,
                      endpoint_visit *visit_it, void *aux)
{
    visit_places(c, &c->links->enters, chassis, visit_it, aux);
}

void
change_visit_gateways_at(struct fabric_change *c,
                         const struct fabric_chassis *chassis,
                         endpoint_visit *visit_it, void *aux)
{
    visit_places(c, &c->links->gateways_at, chassis, visit_it, aux);
}

void
change_visit_living(struct fabric_change *c,
                    const struct fabric_chassis *chassis,
                    endpoint_visit *visit_it, void *aux)
{
    visit_places(c, &c->links->lives, chassis, visit_it, aux);
}

void
change_visit_foreign(struct fabric_change *c, const struct fabric_switch *ls,
                     endpoint_visit *visit_it, void *aux)
{
    visit(c, c->links->foreign[ls - c->fabric->switches], visit_it, aux);
}

void
change_visit_routed(struct fabric_change *c, const struct fabric_router *r,
                    switch_visit *visit_it, void *aux)
{
    uint32_t i = c->links->routed[r - c->fabric->routers];
    for (; i != NONE; i = c->links->links[i].next) {
        visit_it(c, &c->fabric->switches[c->links->links[i].number], aux);
    }
}

void
change_visit_at(struct fabric_change *c, const char *ip,
                chassis_visit *visit_it, void *aux)
{
    uint32_t i = list_called(&c->links->by_ip, ip);
    for (; i != NONE; i = c->links->links[i].next) {
        visit_it(c, c->fabric->chassis[c->links->links[i].number], aux);
    }
}

/* Linking. */

void
change_link_vif(struct fabric_change *c, const struct fabric_endpoint *e,
                const struct fabric_vif *vif)
{
    if (vif) {
        add_link(c->links, &c->links->by_vif[vif->lsp->index],
                 change_index_of(c, e));
        if (vif->ls != e->ls) {
            add_link(c->links,
                     &c->links->by_switch[vif->ls - c->fabric->switches],
                     change_index_of(c, e));
        }
    }
}

void
change_link_named(struct fabric_change *c, const struct fabric_endpoint *e)
{
    const char *name = ovsdb_string(e->nat, NAT_LOGICAL_PORT);
    if (*name) {
        add_link_called(c->links, &c->links->by_name, name,
                        change_index_of(c, e));
    }
    change_link_vif(c, e, change_find_vif(c, name));
}

void
change_place_endpoint(struct fabric_change *c, const struct fabric_endpoint *e)
{
    uint32_t i = (uint32_t) change_index_of(c, e);
    places_put(&c->links->enters, i, e->chassis);
    if (e->kind == ENDPOINT_GATEWAY) {
        places_put(&c->links->gateways_at, i, e->chassis);
    }
    places_put(&c->links->lives, i, e->vif ? e->vif->chassis : NULL);
}

void
change_unplace_endpoint(struct fabric_change *c,
                        const struct fabric_endpoint *e)
{
    places_drop(&c->links->enters, (uint32_t) change_index_of(c, e));
    places_drop(&c->links->gateways_at, (uint32_t) change_index_of(c, e));
    places_drop(&c->links->lives, (uint32_t) change_index_of(c, e));
}

static bool
has_mac(const struct fabric_vif *vif, const char *mac)
{
    for (size_t i = 0; i < vif->n_addresses; i++) {
        if (vif->addresses[i].mac && !strcmp(vif->addresses[i].mac, mac)) {
            return true;
        }
    }
    return false;
}

static bool
is_foreign(const struct fabric_endpoint *e)
{
    return e->vif && e->guest_mac && !has_mac(e->vif, e->guest_mac);
}

static uint32_t *
foreign_list(struct fabric_change *c, const struct fabric_endpoint *e)
{
    return &c->links->foreign[e->vif->ls - c->fabric->switches];
}

static void
note_if_foreign(struct fabric_change *c, struct fabric_endpoint *e, void *aux)
{
    (void) aux;
    if (is_foreign(e)
        && !has_link(c->links, *foreign_list(c, e), change_index_of(c, e))) {
        add_link(c->links, foreign_list(c, e), change_index_of(c, e));
    }
}

void
change_note_foreign(struct fabric_change *c, const struct fabric_vif *vif)
{
    change_visit_vif(c, vif, note_if_foreign, NULL);
}

void
change_link_endpoint(struct fabric_change *c, const struct fabric_endpoint *e)
{
    struct fabric_links *l = c->links;
    const struct fabric *f = c->fabric;
    change_link_vif(c, e, e->vif);
    if (e->nat) {
        change_link_named(c, e);
        add_link(l, &l->by_nat[e->nat->index], change_index_of(c, e));
    }
    if (is_foreign(e)) {
        add_link(l, foreign_list(c, e), change_index_of(c, e));
    }
    if (e->gateway) {
        size_t router = (size_t) (e->gateway->router - f->routers);
        add_link(l, &l->by_router[router], change_index_of(c, e));
        if (e->kind == ENDPOINT_GATEWAY) {
            add_link(l, &l->gateways[router], change_index_of(c, e));
        }
    }
    add_link(l, &l->by_switch[e->ls - f->switches], change_index_of(c, e));
    change_place_endpoint(c, e);
}

/* Finding things. */

struct fabric_switch *
change_find_switch(const struct fabric_change *c, const struct ovsdb_row *row)
{
    return row && row->index < c->links->n_ls_rows
               ? c->links->switches[row->index]
               : NULL;
}

struct fabric_router *
change_find_router(const struct fabric_change *c, const struct ovsdb_row *row)
{
    return row && row->index < c->links->n_lr_rows
               ? c->links->routers[row->index]
               : NULL;
}

struct fabric_vif *
change_find_vif(const struct fabric_change *c, const char *name)
{
    const struct ovsdb_row *lsp =
        *name ? strmap_get(&c->fabric->lsps, name) : NULL;
    return lsp ? c->fabric->vif_of_row[lsp->index] : NULL;
}

/* Making the lists. */

static uint32_t *
new_lists(size_t n)
{
    uint32_t *lists = xmalloc(n * sizeof *lists);
    memset(lists, 0xff, n * sizeof *lists);
    return lists;
}

static void
link_tunnel_addresses(struct fabric_change *c)
{
    const struct fabric *f = c->fabric;
    for (size_t i = 0; i < f->n_chassis; i++) {
        for (size_t j = 0; j < f->chassis[i]->n_sb_ips; j++) {
            add_link_called(c->links, &c->links->by_ip,
                            f->chassis[i]->sb_ips[j], i);
        }
    }
}

static void
link_router_ports(struct fabric_change *c, size_t ls)
{
    const struct fabric *f = c->fabric;
    for (size_t i = 0; i < f->switches[ls].n_router_ports; i++) {
        const struct ovsdb_row *lrp = f->switches[ls].router_ports[i].lrp;
        const struct fabric_router *r =
            lrp ? change_find_router(c, lrp->owner) : NULL;
        if (r) {
            add_link(c->links, &c->links->routed[r - f->routers], ls);
        }
    }
}

static void
link_all(struct fabric_change *c)
{
    const struct fabric *f = c->fabric;
    struct fabric_links *l = c->links;
    l->by_vif = new_lists(l->n_lsps);
    l->by_switch = new_lists(f->n_switches);
    l->by_router = new_lists(f->n_routers);
    l->by_nat = new_lists(l->n_nats);
    l->gateways = new_lists(f->n_routers);
    l->foreign = new_lists(f->n_switches);
    l->routed = new_lists(f->n_routers);
    strmap_init(&l->by_name);
    strmap_init(&l->by_ip);
    places_init(&l->enters, f->endpoints_capacity, f->n_chassis);
    places_init(&l->gateways_at, f->endpoints_capacity, f->n_chassis);
    places_init(&l->lives, f->endpoints_capacity, f->n_chassis);
    for (size_t i = f->n_endpoints; i-- > 0;) {
        change_link_endpoint(c, &f->endpoints[i]);
    }
    link_tunnel_addresses(c);
    for (size_t i = 0; i < f->n_switches; i++) {
        link_router_ports(c, i);
    }
}

static void
unlink_all(struct fabric_links *l)
{
    free(l->by_vif);
    free(l->by_switch);
    free(l->by_router);
    free(l->by_nat);
    free(l->gateways);
    free(l->foreign);
    free(l->routed);
    strmap_done(&l->by_name);
    strmap_done(&l->by_ip);
    places_done(&l->enters);
    places_done(&l->gateways_at);
    places_done(&l->lives);
    l->n = 0;
}

void
change_build_links(struct fabric_change *c)
{
    const struct fabric *f = c->fabric;
    const struct ovsdb_table *nb = f->evidence->nb.store.tables;
    size_t n_nats = nb[NB_NAT].n_rows;
    struct fabric_links *l = c->links = xcalloc(1, sizeof *l);
    l->n_lsps = f->lsp_rows_capacity;
    l->n_nats = n_nats + n_nats / 16 + 64;
    l->n_ls_rows = nb[NB_LOGICAL_SWITCH].n_rows;
    l->n_lr_rows = nb[NB_LOGICAL_ROUTER].n_rows;
    l->switches = xcalloc(l->n_ls_rows, sizeof(struct fabric_switch *));
    l->routers = xcalloc(l->n_lr_rows, sizeof(struct fabric_router *));
    for (size_t i = 0; i < f->n_switches; i++) {
        l->switches[f->switches[i].row->index] = &f->switches[i];
    }
    for (size_t i = 0; i < f->n_routers; i++) {
        l->routers[f->routers[i].row->index] = &f->routers[i];
    }
    link_all(c);
}

bool
change_has_room(const struct fabric_change *c)
{
    const struct ovsdb_table *nb = c->fabric->evidence->nb.store.tables;
    return nb[NB_LOGICAL_SWITCH_PORT].n_rows <= c->links->n_lsps
           && nb[NB_NAT].n_rows <= c->links->n_nats;
}

void
change_build_links_again(struct fabric_change *c)
{
    unlink_all(c->links);
    link_all(c);
}

void
change_free_links(struct fabric_change *c)
{
    unlink_all(c->links);
    free(c->links->links);
    free(c->links->switches);
    free(c->links->routers);
    free(c->links);
}
