#include "fabric/change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fabric/follow.h"
#include "fabric/list.h"
#include "ovsdb/diff.h"

/* Garbage in the fabric's arena before it is built again: as much as the
 * rest, and so much besides. */
#define GARBAGE_BYTES ((size_t) 16 << 20)

/* Marks. */

static void
marks_init(struct fabric_marks *m, size_t n)
{
    *m = (struct fabric_marks){ .is_marked = xcalloc(n, 1) };
}

static void
marks_done(struct fabric_marks *m)
{
    free(m->items);
    free(m->is_marked);
}

static void
marks_clear(struct fabric_marks *m)
{
    for (size_t i = 0; i < m->n; i++) {
        m->is_marked[m->items[i]] = 0;
    }
    m->n = 0;
}

void
change_mark(struct fabric_marks *m, size_t number)
{
    if (!m->is_marked[number]) {
        m->is_marked[number] = 1;
        m->items = xgrow(m->items, m->n, &m->capacity, sizeof *m->items);
        m->items[m->n++] = (uint32_t) number;
    }
}

void
change_mark_shell(struct fabric_change *c, const struct fabric_switch *ls)
{
    change_mark(&c->switches, (size_t) (ls - c->fabric->switches));
}

void
change_mark_attachment(struct fabric_change *c, struct fabric_attachment *a)
{
    change_mark(&c->flooded, (size_t) (a - a->localnet->attachments));
    if (!a->is_changed) {
        a->is_changed = true;
        c->attachments =
            xgrow(c->attachments, c->n_attachments, &c->attachments_capacity,
                  sizeof(struct fabric_attachment *));
        c->attachments[c->n_attachments++] = a;
    }
}

void
change_mark_endpoint(struct fabric_change *c, const struct fabric_endpoint *e)
{
    change_mark(&c->endpoints, change_index_of(c, e));
}

static void
mark_endpoint(struct fabric_change *c, struct fabric_endpoint *e, void *aux)
{
    (void) aux;
    change_mark_endpoint(c, e);
}

/* Endpoints that come and go.  Those beside them in the list may share their
 * address. */

static void
mark_neighbours(struct fabric_change *c, struct fabric_endpoint *e)
{
    if (e->before) {
        change_mark_endpoint(c, e->before);
    }
    if (e->next) {
        change_mark_endpoint(c, e->next);
    }
}

struct fabric_endpoint *
change_add_endpoint(struct fabric_change *c, const struct fabric_endpoint *new)
{
    struct fabric_endpoint *e = fabric_list_add(c->fabric, new);
    if (!e) {
        c->all = true;
        return NULL;
    }
    change_link_endpoint(c, e);
    change_mark(&c->came, change_index_of(c, e));
    change_mark_endpoint(c, e);
    mark_neighbours(c, e);
    return e;
}

void
change_drop_endpoint(struct fabric_change *c, struct fabric_endpoint *e)
{
    mark_neighbours(c, e);
    fabric_list_remove(c->fabric, e);
    change_unplace_endpoint(c, e);
    change_mark(&c->went, change_index_of(c, e));
}

/* What others mark. */

void
change_mark_gateways(struct fabric_change *c, const struct fabric_router *r)
{
    change_visit_gateways(c, r, mark_endpoint, NULL);
}

/* Those who go out by a router's own address depend on the tenants' VMs. */
static void
visit_gateways_of(struct fabric_change *c, const struct fabric_switch *ls,
                  endpoint_visit *visit_it, void *aux)
{
    for (size_t i = 0; i < ls->n_router_ports; i++) {
        const struct fabric_lrp *port = ls->router_ports[i].port;
        if (port && fabric_lrp_is_inner(port)) {
            change_visit_gateways(c, port->router, visit_it, aux);
        }
    }
}

void
change_mark_tunnel(struct fabric_change *c, struct fabric_endpoint *e,
                   const struct fabric_chassis *chassis)
{
    bool well = !e->chassis || !chassis
                || fabric_tunnels_are_well(e->chassis, chassis);
    change_mark(well ? &c->told : &c->endpoints, change_index_of(c, e));
}

static void
mark_tunnel(struct fabric_change *c, struct fabric_endpoint *e, void *chassis)
{
    change_mark_tunnel(c, e, chassis);
}

void
change_mark_tunnels(struct fabric_change *c, const struct fabric_vif *vif)
{
    visit_gateways_of(c, vif->ls, mark_tunnel, vif->chassis);
}

void
change_mark_vif(struct fabric_change *c, const struct fabric_vif *vif)
{
    change_visit_vif(c, vif, mark_endpoint, NULL);
    if (c->fabric->has_siblings && vif->guest) {
        const struct fabric_vif *v =
            strmap_get(&c->fabric->guests, vif->guest);
        for (; v; v = v->sibling) {
            change_visit_vif(c, v, mark_endpoint, NULL);
        }
    }
}

void
fabric_change_vif(struct fabric_change *c, const struct fabric_vif *vif)
{
    change_mark_vif(c, vif);
    visit_gateways_of(c, vif->ls, mark_endpoint, NULL);
}

void
fabric_change_switch(struct fabric_change *c, const struct fabric_switch *ls)
{
    change_visit_switch(c, ls, mark_endpoint, NULL);
    visit_gateways_of(c, ls, mark_endpoint, NULL);
}

void
fabric_change_router(struct fabric_change *c, const struct fabric_router *r)
{
    change_visit_router(c, r, mark_endpoint, NULL);
}

void
fabric_change_on_chassis(struct fabric_change *c,
                         const struct fabric_chassis *chassis)
{
    change_visit_entering(c, chassis, mark_endpoint, NULL);
    change_visit_living(c, chassis, mark_endpoint, NULL);
}

bool
fabric_change_is_sighted(const struct fabric *f,
                         const struct fabric_endpoint *e,
                         const struct fabric_chassis *chassis)
{
    const struct fabric_vif *vif = e->vif;
    if (!vif || vif->chassis) {
        return false;
    }
    const char *parent = ovsdb_string(vif->lsp, LSP_PARENT_NAME);
    struct fabric_tap tap = fabric_tap_of(vif);
    const char *const marks[] = { *parent ? parent : vif->name, e->guest_mac,
                                  tap.text };
    for (size_t i = 0; i < N_ELEMENTS(marks); i++) {
        const struct fabric_sighting *s =
            marks[i] ? fabric_find_sightings(f, marks[i]) : NULL;
        for (; s; s = s->next) {
            if (s->chassis == chassis) {
                return true;
            }
        }
    }
    return false;
}

/* Deltas. */

void
change_ignore(struct fabric_change *c, const struct ovsdb_delta *delta)
{
    (void) c;
    (void) delta;
}

static bool
same_atom(enum ovsdb_atomic type, union ovsdb_atom a, union ovsdb_atom b)
{
    return type == OVSDB_STRING    ? !strcmp(a.string, b.string)
           : type == OVSDB_UUID    ? a.row == b.row
           : type == OVSDB_BOOLEAN ? a.boolean == b.boolean
           : type == OVSDB_REAL    ? a.real == b.real
                                   : a.integer == b.integer;
}

bool
fabric_change_is_none(const struct ovsdb_delta *d)
{
    const struct ovsdb_column_spec *spec =
        &d->row->table->spec->columns[d->column];
    const struct ovsdb_datum *now = ovsdb_datum(d->row, d->column);
    const union ovsdb_atom *a = ovsdb_datum_atoms(spec, &d->before);
    const union ovsdb_atom *b = ovsdb_datum_atoms(spec, now);
    size_t width = spec->value == OVSDB_VOID ? 1 : 2;
    bool same = now->n == d->before.n;
    for (size_t i = 0; same && i < now->n * width; i++) {
        same = same_atom(i % width ? spec->value : spec->key, a[i], b[i]);
    }
    return same;
}

bool
change_key_differs(const struct ovsdb_delta *d, const char *key)
{
    const char *before = ovsdb_datum_map_get(&d->before, key);
    const char *now = ovsdb_map_get(d->row, d->column, key);
    return before && now ? strcmp(before, now) != 0 : before != now;
}

static change_handler *
handler_of(const struct change_handlers *handlers, const struct ovsdb_delta *d)
{
    const struct change_handlers *h =
        &handlers[d->row->table - d->row->table->store->tables];
    return d->kind == OVSDB_CHANGED ? h->changed : h->came_or_went;
}

/* Whether some delta is of a kind that is not followed. */
static bool
has_unfollowed(const struct change_handlers *handlers,
               const struct ovsdb_store *store)
{
    for (size_t i = 0; i < store->n_deltas; i++) {
        if (!handler_of(handlers, &store->deltas[i])) {
            return true;
        }
    }
    return false;
}

/* When ovn-northd wrote SB last; a clock that runs backwards makes more than
 * those who waited for it uncertain. */
static void
follow_northd(struct fabric_change *c)
{
    struct fabric *f = c->fabric;
    const struct ovsdb_store *log = f->evidence->sb.log;
    size_t n = log ? log->n_records : 0;
    for (; c->n_sb_records < n; c->n_sb_records++) {
        const struct ovsdb_record *record = &log->records[c->n_sb_records];
        if (record->comment && !strcmp(record->comment, "ovn-northd")) {
            c->all |= record->date_ms < f->northd_ms;
            f->northd_ms = record->date_ms;
            c->awaits_northd = true;
        }
    }
    c->all |= c->n_sb_records > n;
}

static bool
is_northd_behind(const struct fabric *f)
{
    const struct ovsdb_row *global =
        ovsdb_table_next(&f->evidence->nb.store.tables[NB_NB_GLOBAL], NULL);
    return global
           && ovsdb_integer(global, NB_GLOBAL_NB_CFG, 0)
                  > ovsdb_integer(global, NB_GLOBAL_SB_CFG, 0);
}

/* Rows that are parts of two others. */

static bool
shares(const struct ovsdb_row *row, unsigned column)
{
    const union ovsdb_atom *atoms = ovsdb_atoms(row, column);
    for (unsigned i = 0; i < ovsdb_count(row, column); i++) {
        if (atoms[i].row->owner != row) {
            return true;
        }
    }
    return false;
}

static bool
has_shared(const struct ovsdb_store *store)
{
    for (unsigned t = 0; t < store->spec->n_tables; t++) {
        const struct ovsdb_table_spec *spec = &store->spec->tables[t];
        for (unsigned c = 0; c < spec->n_columns; c++) {
            if (!spec->columns[c].owns) {
                continue;
            }
            OVSDB_TABLE_FOR_EACH (row, &store->tables[t]) {
                if (shares(row, c)) {
                    return true;
                }
            }
        }
    }
    return false;
}

static bool
has_any_shared(const struct evidence *e)
{
    bool any = has_shared(&e->nb.store)
               || (e->sb.present && has_shared(&e->sb.store));
    for (size_t i = 0; i < e->n_chassis && !any; i++) {
        any = e->chassis[i]->ovs.present
              && has_shared(&e->chassis[i]->ovs.store);
    }
    return any;
}

/* Looks for the row from '*next' on, round and round: parts that stay are in
 * the order that they had. */
static bool
has_part(const struct ovsdb_column_spec *spec, const struct ovsdb_datum *d,
         const struct ovsdb_row *row, uint32_t *next)
{
    const union ovsdb_atom *atoms = ovsdb_datum_atoms(spec, d);
    for (uint32_t i = 0; i < d->n; i++) {
        uint32_t at = *next < d->n ? *next : 0;
        *next = at + 1;
        if (atoms[at].row == row) {
            return true;
        }
    }
    return false;
}

/* Whether two rows have one name. */
static bool
has_namesakes(const struct fabric *f)
{
    const struct ovsdb_table *nb = f->evidence->nb.store.tables;
    const struct ovsdb_table *sb = f->evidence->sb.store.tables;
    return f->lsps.n != nb[NB_LOGICAL_SWITCH_PORT].n_existing
           || f->lrps.n != nb[NB_LOGICAL_ROUTER_PORT].n_existing
           || f->port_bindings.n != sb[SB_PORT_BINDING].n_existing;
}

/* Whether the change takes a part that was there before from another row, or
 * shares it. */
static bool
takes_part(const struct ovsdb_delta *d)
{
    const struct ovsdb_table *table = d->row->table;
    if (!table->spec->columns[d->column].owns) {
        return false;
    }
    const union ovsdb_atom *atoms = ovsdb_atoms(d->row, d->column);
    uint32_t record = (uint32_t) table->store->n_records - 1, next = 0;
    for (unsigned i = 0; i < ovsdb_count(d->row, d->column); i++) {
        if (atoms[i].row->created_in != record
            && !has_part(&table->spec->columns[d->column], &d->before,
                         atoms[i].row, &next)) {
            return true;
        }
    }
    return false;
}

/* A log beside the rows (of a live server) is not followed. */
static bool
is_followed(const struct evidence_db *db)
{
    return !db->log || db->log == &db->store;
}

/* Of what was built, and of what following has left behind. */
static size_t
used_bytes(const struct fabric *f)
{
    return f->arena.used_bytes + f->second_arena.used_bytes;
}

void
fabric_change_apply(struct fabric_change *c, const struct evidence_db *db)
{
    const struct evidence *e = c->fabric->evidence;
    const struct change_handlers *handlers = db == &e->nb   ? nb_changes
                                             : db == &e->sb ? sb_changes
                                                            : ovs_changes;
    c->all |= !is_followed(db) || db->store.is_rewritten
              || e->sb.present != c->has_sb
              || has_unfollowed(handlers, &db->store);
    c->all |= c->has_twins || !change_has_room(c);
    for (size_t i = 0; i < db->store.n_deltas && !c->all; i++) {
        const struct ovsdb_delta *d = &db->store.deltas[i];
        handler_of(handlers, d)(c, d);
        c->all |= !c->all && d->kind == OVSDB_CHANGED && takes_part(d);
    }
    change_read_maps(c);
    if (!c->all) {
        change_read_ports(c);
    }
    if (!c->all) {
        change_read_routers(c);
    }
    if (c->all) {
        return;
    }
    marks_clear(&c->ports);
    marks_clear(&c->routers);
    marks_clear(&c->translating);
    marks_clear(&c->maps);
    change_read_chassis(c);
    marks_clear(&c->chassis);
    follow_northd(c);
    bool behind = is_northd_behind(c->fabric);
    c->is_unsettled |= c->nb_global_changed && (behind || c->northd_behind);
    c->northd_behind = behind;
    c->nb_global_changed = false;
    c->all |= used_bytes(c->fabric) > c->limit_bytes;
}

/* Life. */

void
fabric_change_init(struct fabric_change *c, struct fabric *f)
{
    const struct ovsdb_store *sb = f->evidence->sb.log;
    memset(c, 0, sizeof *c);
    c->fabric = f;
    c->limit_bytes = 2 * used_bytes(f) + GARBAGE_BYTES;
    c->n_sb_records = sb ? sb->n_records : 0;
    c->has_sb = f->evidence->sb.present;
    c->northd_behind = is_northd_behind(f);
    marks_init(&c->endpoints, f->endpoints_capacity);
    marks_init(&c->came, f->endpoints_capacity);
    marks_init(&c->went, f->endpoints_capacity);
    marks_init(&c->switches, f->n_switches);
    marks_init(&c->chassis, f->n_chassis);
    marks_init(&c->routers, f->n_routers);
    marks_init(&c->translating, f->n_routers);
    marks_init(&c->maps, f->n_routers);
    marks_init(&c->ports, f->n_switches);
    marks_init(&c->progress, f->n_chassis);
    marks_init(&c->told, f->endpoints_capacity);
    marks_init(&c->sighted, f->n_chassis);
    marks_init(&c->flooded, f->n_chassis);
    change_build_links(c);
    c->has_twins = has_any_shared(f->evidence) || has_namesakes(f);
}

void
fabric_change_done(struct fabric_change *c)
{
    marks_done(&c->endpoints);
    marks_done(&c->came);
    marks_done(&c->went);
    marks_done(&c->switches);
    marks_done(&c->chassis);
    marks_done(&c->routers);
    marks_done(&c->translating);
    marks_done(&c->maps);
    marks_done(&c->ports);
    marks_done(&c->progress);
    marks_done(&c->told);
    marks_done(&c->sighted);
    marks_done(&c->flooded);
    free(c->attachments);
    change_free_links(c);
    memset(c, 0, sizeof *c);
}

void
fabric_change_clear(struct fabric_change *c)
{
    c->floods = false;
    marks_clear(&c->endpoints);
    marks_clear(&c->came);
    marks_clear(&c->went);
    marks_clear(&c->switches);
    marks_clear(&c->chassis);
    marks_clear(&c->progress);
    marks_clear(&c->told);
    marks_clear(&c->sighted);
    marks_clear(&c->flooded);
    for (size_t i = 0; i < c->n_attachments; i++) {
        c->attachments[i]->is_changed = false;
    }
    c->n_attachments = 0;
    c->awaits_northd = c->is_unsettled = c->renames = false;
}

uint32_t *
fabric_change_sort(struct fabric_change *c)
{
    if (c->fabric->is_sorted) {
        return NULL;
    }
    uint32_t *from = fabric_list_sort(c->fabric);
    change_build_links_again(c);
    return from;
}
