/* What follows from VMs' ports that come and go, or get other addresses. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fabric/follow.h"
#include "fabric/list.h"
#include "ovsdb/diff.h"

/* Who has something to do with a port. */

/* One that is not in 'macs'; a floating IP may have lost its VM since. */
static void
mark_foreign(struct fabric_change *c, struct fabric_endpoint *e, void *ls)
{
    if (e->vif && e->vif->ls == ls) {
        change_mark_endpoint(c, e);
    }
}

/* Ports of the switch that have a MAC of the port's. */
void
change_mark_same_macs(struct fabric_change *c, const struct fabric_vif *vif)
{
    for (size_t i = 0; i < vif->n_addresses; i++) {
        const char *mac = vif->addresses[i].mac;
        const struct fabric_mac *m =
            mac ? strmap_get(&vif->ls->macs, mac) : NULL;
        for (; m; m = m->next) {
            change_mark_vif(c, m->vif);
        }
    }
    change_visit_foreign(c, vif->ls, mark_foreign, vif->ls);
}

/* A flow of a bridge that names the MAC of a host: whether that is a port's
 * matters to all who pass there. */
static bool
is_in_flow(const struct fabric *f, const char *mac)
{
    for (size_t i = 0; i < f->n_chassis; i++) {
        for (size_t j = 0; j < f->chassis[i]->n_bridges; j++) {
            const struct flow_table *t = f->chassis[i]->bridges[j].flows;
            for (size_t k = 0; t && k < t->n; k++) {
                if (strcasestr(t->flows[k].match, mac)) {
                    return true;
                }
            }
        }
    }
    return false;
}

static void
mark_nats_of(struct fabric_change *c, struct fabric_endpoint *e, void *aux)
{
    (void) aux;
    if (e->nat) {
        change_mark_nats(c, e->gateway->router->row);
    }
}

/* An interface that claims the port is taken for another one's or not. */
static void
mark_claims(struct fabric_change *c, const char *name)
{
    const struct fabric_sighting *s = fabric_find_sightings(c->fabric, name);
    for (; s; s = s->next) {
        change_mark(&c->sighted, s->chassis->index);
        fabric_change_on_chassis(c, s->chassis);
    }
}

/* Asked before and after the port's addresses change: those with one of its
 * MACs, and floating IPs that lead to it or name it. */
static void
mark_around(struct fabric_change *c, const struct fabric_vif *vif)
{
    const struct fabric *f = c->fabric;
    for (size_t i = 0; i < vif->n_addresses; i++) {
        const char *mac = vif->addresses[i].mac;
        c->all |= mac && (strmap_get(&f->nat_macs, mac) || is_in_flow(f, mac));
    }
    change_mark_same_macs(c, vif);
    change_visit_vif(c, vif, mark_nats_of, NULL);
    change_visit_named(c, vif->name, mark_nats_of, NULL);
    mark_claims(c, vif->name);
    fabric_change_vif(c, vif);
}

static bool
has_floating_ip(const struct fabric_router *router, const char *ip)
{
    return strmap_get(&router->floating_ips[0], ip)
           || strmap_get(&router->floating_ips[1], ip);
}

static void
mark_translating(struct fabric_change *c, const struct fabric_router *router,
                 const struct fabric_vif *vif)
{
    for (size_t i = 0; i < vif->n_addresses; i++) {
        for (size_t j = 0; j < vif->addresses[i].n_ips; j++) {
            if (has_floating_ip(router, vif->addresses[i].ips[j])) {
                change_mark_nats(c, router->row);
            }
        }
    }
}

/* Floating IPs that translate an address of the port may lead to it now. Those
 * that did before depend on it, and are marked as such. */
static void
mark_routers(struct fabric_change *c, const struct fabric_vif *vif)
{
    const struct fabric_switch *ls = vif->ls;
    for (size_t i = 0; i < ls->n_router_ports; i++) {
        if (ls->router_ports[i].port) {
            mark_translating(c, ls->router_ports[i].port->router, vif);
        }
    }
}

/* A port with any address comes to the switch, or leaves it: what a floating
 * IP translates may be there, or not any more. */
static void
mark_all_routers(struct fabric_change *c, const struct fabric_switch *ls)
{
    for (size_t i = 0; i < ls->n_router_ports; i++) {
        if (ls->router_ports[i].port) {
            change_mark_nats(c, ls->router_ports[i].port->router->row);
        }
    }
}

static void
forget_ips(struct fabric_switch *ls)
{
    strmap_done(&ls->ips);
    strmap_init(&ls->ips);
    ls->ips_indexed = false;
}

/* The endpoints of a port. */

/* The endpoints of a port are compared with what it has now. */
struct relisting {
    const struct fabric_vif *vif;
    struct endpoints now;
    bool *is_there; /* Parallel to these. */
    struct fabric_endpoint **gone;
    size_t n_gone, capacity;
};

static bool
same_text(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

static void
compare_own(struct fabric_change *c, struct fabric_endpoint *e, void *r_)
{
    struct relisting *r = r_;
    (void) c;
    if (e->kind != ENDPOINT_VM || e->vif != r->vif) {
        return;
    }
    for (size_t i = 0; i < r->now.n; i++) {
        const struct fabric_endpoint *now = &r->now.items[i];
        if (!r->is_there[i] && !strcmp(e->address, now->address)
            && same_text(e->mac, now->mac)) {
            r->is_there[i] = true;
            return;
        }
    }
    r->gone = xgrow(r->gone, r->n_gone, &r->capacity,
                    sizeof(struct fabric_endpoint *));
    r->gone[r->n_gone++] = e;
}

/* The port's endpoints are now these, which it frees. */
static void
relist(struct fabric_change *c, struct fabric_vif *vif, struct endpoints *now)
{
    struct relisting r = { .vif = vif, .now = *now };
    r.is_there = xcalloc(r.now.n, sizeof *r.is_there);
    change_visit_vif(c, vif, compare_own, &r);
    for (size_t i = 0; i < r.n_gone; i++) {
        change_drop_endpoint(c, r.gone[i]);
    }
    for (size_t i = 0; i < r.now.n && !c->all; i++) {
        if (!r.is_there[i]) {
            change_add_endpoint(c, &r.now.items[i]);
        }
    }
    free(r.gone);
    free(r.is_there);
    free(r.now.items);
}

void
change_list_vif(struct fabric_change *c, struct fabric_vif *vif)
{
    struct endpoints now;
    if (vif->ls->intent.why) {
        fabric_list_vif(c->fabric, vif, &now);
        relist(c, vif, &now);
    }
}

/* Addresses. */

void
change_addresses(struct fabric_change *c, struct fabric_vif *vif)
{
    bool was_unknown = vif->is_unknown;
    mark_around(c, vif);
    fabric_remove_macs(vif);
    fabric_read_addresses(c->fabric, vif);
    change_list_vif(c, vif);
    change_note_foreign(c, vif);
    mark_around(c, vif);
    forget_ips(vif->ls);
    mark_routers(c, vif);
    if (vif->is_unknown != was_unknown) {
        mark_all_routers(c, vif->ls);
    }
}

/* Ports that go. */

static bool
has_siblings(const struct fabric *f, const struct fabric_vif *vif)
{
    return vif->guest && *vif->guest
           && (vif->sibling || strmap_get(&f->guests, vif->guest) != vif);
}

static void
drop_vif(struct fabric_change *c, struct fabric_vif *vif)
{
    struct fabric *f = c->fabric;
    struct endpoints none = { 0 };
    if (has_siblings(f, vif)) {
        c->all = true;
        return;
    }
    if (vif->guest && *vif->guest) {
        *strmap_place(&f->guests, vif->guest) = NULL;
    }
    mark_around(c, vif);
    fabric_remove_macs(vif);
    relist(c, vif, &none);
    if (vif->is_unknown) {
        mark_all_routers(c, vif->ls);
    }
    f->vif_of_row[vif->lsp->index] = NULL;
}

/* Ports that come. */

/* Whether it can come without everything being built again. */
static bool
can_add(const struct fabric *f, const struct ovsdb_row *lsp)
{
    const char *guest =
        ovsdb_map_get(lsp, LSP_EXTERNAL_IDS, "neutron:device_id");
    return fabric_is_vif(f, lsp)
           && !(guest && *guest && strmap_get(&f->guests, guest));
}

/* A floating IP that names a port which was not there depends on it now, even
 * if nothing else about it changes. */
static void
link_named(struct fabric_change *c, struct fabric_endpoint *e, void *vif)
{
    change_link_vif(c, e, vif);
}

static void
add_vif(struct fabric_change *c, struct fabric_switch *ls, size_t index,
        const struct ovsdb_row *lsp)
{
    struct fabric *f = c->fabric;
    if (!can_add(f, lsp)) {
        c->all = true;
        return;
    }
    ls->vifs[index] = arena_alloc(&f->arena, sizeof *ls->vifs[index]);
    fabric_read_vif(f, ls, index, lsp);
    change_visit_named(c, ls->vifs[index]->name, link_named, ls->vifs[index]);
    change_list_vif(c, ls->vifs[index]);
    mark_around(c, ls->vifs[index]);
    mark_routers(c, ls->vifs[index]);
    if (ls->vifs[index]->is_unknown) {
        mark_all_routers(c, ls);
    }
}

/* A switch's ports. */

static uint32_t
last_record(const struct fabric_change *c)
{
    return (uint32_t) c->fabric->evidence->nb.store.n_records - 1;
}

static struct fabric_vif *
vif_on(const struct fabric_change *c, const struct fabric_switch *ls,
       const struct ovsdb_row *lsp)
{
    struct fabric_vif *vif = c->fabric->vif_of_row[lsp->index];
    return vif && vif->ls == ls && lsp->exists ? vif : NULL;
}

static bool
is_new(const struct fabric_change *c, const struct ovsdb_row *lsp)
{
    return lsp->exists && !c->fabric->vif_of_row[lsp->index]
           && lsp->created_in == last_record(c);
}

/* What the switch's row makes of its ports: those that stay, in their order,
 * and those that come. */
struct reading {
    const struct ovsdb_row **rows;
    struct fabric_vif **vifs; /* Parallel; NULL: it comes. */
    size_t n;
};

/* Returns false if those that stay changed places, or one that comes is
 * another switch's, too. */
static bool
read_row(const struct fabric_change *c, const struct fabric_switch *ls,
         struct reading *r)
{
    unsigned n = ovsdb_count(ls->row, LS_PORTS);
    const union ovsdb_atom *ports = ovsdb_atoms(ls->row, LS_PORTS);
    size_t next = 0;
    r->n = 0;
    r->rows = xcalloc(n, sizeof(const struct ovsdb_row *));
    r->vifs = xcalloc(n, sizeof(struct fabric_vif *));
    for (unsigned i = 0; i < n; i++) {
        struct fabric_vif *vif = vif_on(c, ls, ports[i].row);
        bool comes = !vif && is_new(c, ports[i].row);
        if ((vif && vif->index < next)
            || (comes && ports[i].row->owner != ls->row)) {
            return false;
        }
        if (vif || comes) {
            next = vif ? vif->index + 1 : next;
            r->rows[r->n] = ports[i].row;
            r->vifs[r->n++] = vif;
        }
    }
    return true;
}

/* Those that the row does not have any more. */
static size_t
drop_others(struct fabric_change *c, struct fabric_switch *ls,
            const struct reading *r, struct fabric_vif **gone)
{
    size_t n = 0;
    for (size_t i = 0, j = 0; i < ls->n_vifs; i++) {
        while (j < r->n && !r->vifs[j]) {
            j++;
        }
        if (j < r->n && r->vifs[j] == ls->vifs[i]) {
            j++;
        } else {
            gone[n++] = ls->vifs[i];
            drop_vif(c, ls->vifs[i]);
        }
    }
    return n;
}

/* The switch has these ports; the places of those that come are free. */
static void
place_vifs(struct fabric_change *c, struct fabric_switch *ls,
           const struct reading *r)
{
    if (r->n > ls->vifs_capacity) {
        ls->vifs_capacity = 2 * r->n;
        ls->vifs = arena_alloc(&c->fabric->arena,
                               ls->vifs_capacity * sizeof *ls->vifs);
        ls->hosts = arena_alloc(&c->fabric->arena,
                                ls->vifs_capacity * sizeof *ls->hosts);
    }
    ls->n_vifs = r->n;
    for (size_t i = 0; i < r->n; i++) {
        ls->vifs[i] = r->vifs[i];
        ls->hosts[i] = FABRIC_NOWHERE;
        if (r->vifs[i]) {
            r->vifs[i]->index = i;
            fabric_note_host(r->vifs[i]);
        }
    }
}

static void
move_vifs(struct fabric_change *c, struct fabric_switch *ls,
          const struct reading *r, struct fabric_vif **gone, size_t n_gone)
{
    for (size_t i = 0; i < n_gone; i++) {
        change_move(c, ls, gone[i]->chassis, NULL);
    }
    for (size_t i = 0; i < r->n; i++) {
        if (!r->vifs[i]) {
            change_move(c, ls, NULL, ls->vifs[i]->chassis);
        }
    }
}

static void
read_ports(struct fabric_change *c, struct fabric_switch *ls)
{
    struct reading r;
    struct fabric_vif **gone = xcalloc(ls->n_vifs, sizeof *gone);
    c->all |= !read_row(c, ls, &r);
    size_t n_gone = c->all ? 0 : drop_others(c, ls, &r, gone);
    if (!c->all) {
        place_vifs(c, ls, &r);
    }
    for (size_t i = 0; i < r.n && !c->all; i++) {
        if (!r.vifs[i]) {
            add_vif(c, ls, i, r.rows[i]);
        }
    }
    if (!c->all) {
        move_vifs(c, ls, &r, gone, n_gone);
        forget_ips(ls);
    }
    free(gone);
    free(r.rows);
    free(r.vifs);
}

void
change_read_ports(struct fabric_change *c)
{
    for (size_t i = 0; i < c->ports.n && !c->all; i++) {
        read_ports(c, &c->fabric->switches[c->ports.items[i]]);
    }
}

/* Rows. */

/* Ports of other kinds than VMs', but for those that came just now. */
static size_t
count_others(const struct fabric_change *c, const struct ovsdb_datum *d)
{
    const union ovsdb_atom *atoms = ovsdb_datum_atoms(
        &nb_spec.tables[NB_LOGICAL_SWITCH].columns[LS_PORTS], d);
    size_t n = 0;
    for (uint32_t i = 0; i < d->n; i++) {
        n += !c->fabric->vif_of_row[atoms[i].row->index]
             && !is_new(c, atoms[i].row);
    }
    return n;
}

void
change_ports(struct fabric_change *c, const struct ovsdb_delta *d)
{
    const struct fabric_switch *ls = change_find_switch(c, d->row);
    if (!ls
        || count_others(c, &d->before)
               != count_others(c, ovsdb_datum(d->row, LS_PORTS))) {
        c->all = true;
    } else {
        change_mark(&c->ports, (size_t) (ls - c->fabric->switches));
    }
}

/* Whether the row was a localnet port's before it was deleted. */
static bool
was_lost(const struct fabric *f, const struct ovsdb_row *lsp)
{
    for (size_t i = 0; i < f->lost_lsps.n; i++) {
        if (f->lost_lsps.rows[i] == lsp) {
            return true;
        }
    }
    return false;
}

/* Load balancers name ports whose health they probe (balancer.h). */
static bool
has_probes(const struct fabric *f)
{
    OVSDB_TABLE_FOR_EACH (lb,
                          &f->evidence->nb.store.tables[NB_LOAD_BALANCER]) {
        if (ovsdb_count(lb, LOAD_BALANCER_HEALTH_CHECK)) {
            return true;
        }
    }
    return false;
}

/* Of two with one name, one goes as the other comes: a server allows no more
 * (ovn-nb.ovsschema, "indexes"). */
static void
index_name(struct fabric_change *c, struct ovsdb_row *lsp)
{
    void **place = strmap_place(&c->fabric->lsps, ovsdb_string(lsp, LSP_NAME));
    const struct ovsdb_row *other = *place != lsp ? *place : NULL;
    if (lsp->exists) {
        c->all |= other && other->exists;
        *place = lsp;
    } else if (!other) {
        *place = NULL;
    }
}

void
change_port_row(struct fabric_change *c, const struct ovsdb_delta *d)
{
    const struct fabric *f = c->fabric;
    const char *name = ovsdb_string(d->row, LSP_NAME);
    const struct fabric_vif *vif = f->vif_of_row[d->row->index];
    const struct fabric_switch *ls =
        vif ? vif->ls : change_find_switch(c, d->row->owner);
    c->all |= was_lost(f, d->row) || has_probes(f)
              || (!d->row->exists && !vif && ls);
    index_name(c, d->row);
    change_visit_named(c, name, mark_nats_of, NULL);
    mark_claims(c, name);
    if (ls) {
        change_mark(&c->ports, (size_t) (ls - f->switches));
    }
}
