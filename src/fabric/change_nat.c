/* What follows from changes of routers' address translation and routes. */
#include <stdlib.h>
#include <string.h>

#include "fabric/follow.h"
#include "fabric/list.h"

/* A router's rows are read once, after all deltas. */

void
change_mark_to_read(struct fabric_change *c, const struct ovsdb_row *lr)
{
    const struct fabric_router *router = change_find_router(c, lr);
    if (router) {
        change_mark(&c->routers, (size_t) (router - c->fabric->routers));
    }
}

void
change_mark_maps(struct fabric_change *c, const struct ovsdb_row *lr)
{
    const struct fabric_router *router = change_find_router(c, lr);
    if (router) {
        change_mark(&c->maps, (size_t) (router - c->fabric->routers));
    }
}

void
change_mark_nats(struct fabric_change *c, const struct ovsdb_row *lr)
{
    const struct fabric_router *router = change_find_router(c, lr);
    if (router) {
        change_mark(&c->translating, (size_t) (router - c->fabric->routers));
        change_mark_to_read(c, lr);
    } else if (lr) { /* It is gone; its ports may still be signs. */
        c->all = true;
    }
}

static bool
same_text(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

/* Whether the switch would still be thought to be what it is: NAT is a sign
 * of a provider network. */
static bool
keeps_intent(struct fabric *f, const struct fabric_switch *ls)
{
    const struct fabric_intent *before = &ls->intent;
    struct fabric_switch now = *ls;
    memset(&now.intent, 0, sizeof now.intent);
    fabric_decide_intent(f, &now);
    return same_text(now.intent.why, before->why)
           && same_text(now.intent.table, before->table)
           && same_text(now.intent.value, before->value)
           && now.intent.row == before->row && now.intent.lost == before->lost;
}

/* Whether the rows are no other router's. */
static bool
owns_nats(const struct ovsdb_row *lr)
{
    for (unsigned i = 0; i < ovsdb_count(lr, LR_NAT); i++) {
        if (ovsdb_atoms(lr, LR_NAT)[i].row->owner != lr) {
            return false;
        }
    }
    return true;
}

static void
check_intent(struct fabric_change *c, struct fabric_switch *ls, void *aux)
{
    (void) aux;
    c->all |= !c->all && !keeps_intent(c->fabric, ls);
}

/* Whether its ports still lead where they did. */
static void
check_ports(struct fabric_change *c, const struct fabric_router *router)
{
    bool translates = c->translating.is_marked[router - c->fabric->routers];
    for (size_t i = 0; i < router->n_ports && !c->all; i++) {
        const struct fabric_lrp *port = &router->ports[i];
        c->all |= port->is_gateway != fabric_is_gateway(port)
                  || (translates && port->second);
    }
    if (translates) {
        change_visit_routed(c, router, check_intent, NULL);
    }
}

void
change_read_maps(struct fabric_change *c)
{
    for (size_t i = 0; i < c->maps.n && !c->all; i++) {
        fabric_read_nats(c->fabric, &c->fabric->routers[c->maps.items[i]]);
    }
}

void
change_read_routers(struct fabric_change *c)
{
    struct fabric *f = c->fabric;
    for (size_t i = 0; i < c->translating.n; i++) {
        struct fabric_router *router = &f->routers[c->translating.items[i]];
        fabric_read_nats(f, router);
        c->all |= !owns_nats(router->row);
    }
    for (size_t i = 0; i < c->routers.n; i++) {
        struct fabric_router *router = &f->routers[c->routers.items[i]];
        fabric_read_routes(f, router);
        fabric_read_snats(router);
        check_ports(c, router);
    }
    for (size_t i = 0; i < c->translating.n && !c->all; i++) {
        change_list_floating_ips(c, &f->routers[c->translating.items[i]]);
    }
    for (size_t i = 0; i < c->routers.n && !c->all; i++) {
        fabric_change_router(c, &f->routers[c->routers.items[i]]);
    }
}

/* Floating IPs that come and go.  One that differs from what it was in what
 * it is found by goes, and another one comes. */

struct relisting {
    struct fabric_endpoint **before; /* By the index of the NAT's row. */
    size_t n;
};

static void
note_before(struct fabric_change *c, struct fabric_endpoint *e, void *r_)
{
    struct relisting *r = r_;
    (void) c;
    if (e->nat) {
        r->before[e->nat->index] = e;
    }
}

static bool
is_same(const struct fabric_endpoint *a, const struct fabric_endpoint *b)
{
    return !strcmp(a->address, b->address) && same_text(a->mac, b->mac)
           && same_text(a->guest_mac, b->guest_mac)
           && !strcmp(a->port, b->port) && !strcmp(a->name, b->name)
           && !strcmp(a->guest_address, b->guest_address)
           && a->gateway == b->gateway && a->inner == b->inner
           && a->vif == b->vif && a->chassis == b->chassis
           && a->is_distributed == b->is_distributed;
}

/* Of several rows with one MAC each must find another: which one, only
 * building again tells. */
static void
forget_mac(struct fabric_change *c, const struct fabric_endpoint *e)
{
    if (e->is_distributed) {
        void **place = strmap_place(&c->fabric->nat_macs, e->mac);
        c->all |= strmap_get(&c->fabric->nat_macs_again, e->mac) != NULL;
        *place = NULL;
    }
}

static void
note_mac(struct fabric_change *c, const struct fabric_endpoint *e)
{
    if (e->is_distributed) {
        void **place = strmap_place(&c->fabric->nat_macs, e->mac);
        c->all |= *place != NULL;
        *place = (void *) e->nat;
    }
}

static void
drop_floating_ip(struct fabric_change *c, struct fabric_endpoint *e)
{
    forget_mac(c, e);
    change_drop_endpoint(c, e);
    change_move(c, e->ls, e->chassis, NULL);
}

static void
add_floating_ip(struct fabric_change *c, const struct fabric_endpoint *new)
{
    const struct fabric_endpoint *e = change_add_endpoint(c, new);
    if (e) {
        note_mac(c, e);
        change_move(c, e->ls, NULL, e->chassis);
    }
}

/* Drops those that are not in 'now', and leaves in 'now' those to be added. */
static void
drop_others(struct fabric_change *c, struct relisting *r,
            struct endpoints *now)
{
    size_t n = 0;
    for (size_t i = 0; i < now->n; i++) {
        const struct fabric_endpoint *e = &now->items[i];
        struct fabric_endpoint **before = &r->before[e->nat->index];
        if (*before && is_same(*before, e)) {
            *before = NULL; /* It stays. */
        } else {
            now->items[n++] = *e;
        }
    }
    now->n = n;
    for (size_t i = 0; i < r->n; i++) {
        if (r->before[i]) {
            drop_floating_ip(c, r->before[i]);
        }
    }
}

void
change_list_floating_ips(struct fabric_change *c, struct fabric_router *router)
{
    const struct evidence_db *nb = &c->fabric->evidence->nb;
    struct relisting r = { .n = nb->store.tables[NB_NAT].n_rows };
    struct endpoints now;
    r.before = xcalloc(r.n, sizeof(struct fabric_endpoint *));
    change_visit_router(c, router, note_before, &r);
    fabric_list_floating_ips(c->fabric, router, &now);
    drop_others(c, &r, &now);
    for (size_t i = 0; i < now.n && !c->all; i++) {
        add_floating_ip(c, &now.items[i]);
    }
    free(r.before);
    free(now.items);
}

/* Rows. */

static void
note_found(struct fabric_change *c, struct fabric_endpoint *e, void *found)
{
    (void) c;
    *(struct fabric_endpoint **) found = e;
}

/* Whether another endpoint beside it in the list has its address: then its
 * place there depends on more. */
static bool
has_twin(const struct fabric_endpoint *e)
{
    return (e->before && !address_compare(e->before->address, e->address))
           || (e->next && !address_compare(e->next->address, e->address));
}

/* It leads to another VM, or names another one. */
static void
move_floating_ip(struct fabric_change *c, struct fabric_endpoint *e)
{
    struct fabric_chassis *before = e->chassis;
    bool was_distributed = e->is_distributed;
    const char *port = e->port, *name = e->name;
    forget_mac(c, e); /* It may have got another one at once. */
    fabric_read_floating_ip(c->fabric, e);
    note_mac(c, e);
    c->renames |= strcmp(port, e->port) || strcmp(name, e->name);
    c->all |= e->is_distributed != was_distributed || has_twin(e);
    change_link_vif(c, e, e->vif);
    change_link_named(c, e);
    change_place_endpoint(c, e);
    change_move(c, e->ls, before, e->chassis);
}

void
change_nat_row(struct fabric_change *c, const struct ovsdb_delta *d)
{
    change_mark_nats(c, d->row->owner);
}

void
change_nat(struct fabric_change *c, const struct ovsdb_delta *d)
{
    struct fabric_endpoint *found = NULL;
    struct fabric_router *router = change_find_router(c, d->row->owner);
    switch (d->column) {
    case NAT_TYPE:
    case NAT_EXTERNAL_IP:
    case NAT_EXTERNAL_MAC:
    case NAT_GATEWAY_PORT:
        change_mark_nats(c, d->row->owner);
        return;
    default:
        break;
    }
    if (!router) {
        return;
    }
    if (d->column == NAT_LOGICAL_IP) {
        change_mark_maps(c, d->row->owner);
    }
    change_visit_nat(c, d->row, note_found, &found);
    if (!found) {
        change_mark_to_read(c, d->row->owner);
    } else if (d->column == NAT_LOGICAL_IP || d->column == NAT_LOGICAL_PORT) {
        move_floating_ip(c, found);
        change_mark_gateways(c, router);
    }
    if (found) {
        change_mark_endpoint(c, found);
    }
}
