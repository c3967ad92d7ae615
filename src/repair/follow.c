#include "repair/follow.h"

#include <stdlib.h>
#include <string.h>

#include "ovsdb/diff.h"
#include "repair/daemons.h"
#include "repair/simulation.h"

void
follow_init(struct follow *f, struct tracker *tracker)
{
    struct evidence *e = tracker->fabric.evidence;
    memset(f, 0, sizeof *f);
    f->evidence = e;
    f->tracker = tracker;
    arena_init(&f->arena);
    strmap_init(&f->names);
    strmap_init(&f->bindings);
    strmap_init(&f->ports);
    strmap_init(&f->claims);
    strmap_init(&f->chassis);
    strmap_init(&f->datapaths);
    f->chassis_changed =
        arena_zalloc(&f->arena, (e->n_chassis + 1) * sizeof(bool));
}

void
follow_done(struct follow *f)
{
    strmap_done(&f->names);
    strmap_done(&f->bindings);
    strmap_done(&f->ports);
    strmap_done(&f->claims);
    strmap_done(&f->chassis);
    strmap_done(&f->datapaths);
    arena_done(&f->arena);
}

/* Noting what was touched. */

static void
note_name(struct follow *f, const char *name)
{
    if (name && *name && !strmap_get(&f->names, name)) {
        *strmap_place(&f->names, arena_strdup(&f->arena, name)) = f;
    }
}

/* The names of a router port's bindings. */
static void
note_lrp(struct follow *f, const char *name)
{
    note_name(f, name);
    note_name(f, arena_printf(&f->arena, "cr-%s", name));
}

static void
note_lrp_row(struct follow *f, const struct ovsdb_row *row)
{
    note_lrp(f, ovsdb_string(row, LRP_NAME));
}

static void
note_lsp_row(struct follow *f, const struct ovsdb_row *row)
{
    note_name(f, ovsdb_string(row, LSP_NAME));
}

typedef void note_row(struct follow *, const struct ovsdb_row *);

static void
note_atoms(struct follow *f, const union ovsdb_atom *atoms, unsigned n,
           note_row *note)
{
    for (unsigned i = 0; i < n; i++) {
        note(f, atoms[i].row);
    }
}

/* The rows that a set holds, and those that it held. */
static void
note_set(struct follow *f, const struct ovsdb_delta *d, unsigned column,
         note_row *note)
{
    note_atoms(f, ovsdb_atoms(d->row, column), ovsdb_count(d->row, column),
               note);
    if (d->kind == OVSDB_CHANGED && d->column == column) {
        note_atoms(f,
                   ovsdb_datum_atoms(&d->row->table->spec->columns[column],
                                     &d->before),
                   d->before.n, note);
    }
}

/* What a name was, if that is what changed. */
static const char *
name_before(const struct ovsdb_delta *d, unsigned column)
{
    return d->kind == OVSDB_CHANGED && d->column == column && d->before.n == 1
               ? d->before.one.string
               : NULL;
}

static void
note_switch(struct follow *f, const struct ovsdb_delta *d)
{
    note_set(f, d, LS_PORTS, note_lsp_row);
}

static void
note_lsp(struct follow *f, const struct ovsdb_delta *d)
{
    note_lsp_row(f, d->row);
    note_name(f, name_before(d, LSP_NAME));
}

static void
note_router(struct follow *f, const struct ovsdb_delta *d)
{
    note_set(f, d, LR_PORTS, note_lrp_row);
}

static void
note_router_port(struct follow *f, const struct ovsdb_delta *d)
{
    const char *before = name_before(d, LRP_NAME);
    note_lrp_row(f, d->row);
    if (before) {
        note_lrp(f, before);
    }
}

static void
note_gateway_chassis(struct follow *f, const struct ovsdb_delta *d)
{
    if (d->row->owner) {
        note_lrp_row(f, d->row->owner);
    }
}

/* A group, or one of its chassis: whatever ports have a group. */
static void
note_group(struct follow *f, const struct ovsdb_delta *d PROVNET_UNUSED)
{
    const struct ovsdb_store *nb = &f->evidence->nb.store;
    OVSDB_TABLE_FOR_EACH (lrp, &nb->tables[NB_LOGICAL_ROUTER_PORT]) {
        if (ovsdb_ref(lrp, LRP_HA_CHASSIS_GROUP)) {
            note_lrp_row(f, lrp);
        }
    }
}

static void
note_interface(struct follow *f, const struct ovsdb_delta *d)
{
    note_name(f, ovsdb_map_get(d->row, INTERFACE_EXTERNAL_IDS, "iface-id"));
    if (d->kind == OVSDB_CHANGED && d->column == INTERFACE_EXTERNAL_IDS) {
        note_name(f, ovsdb_datum_map_get(&d->before, "iface-id"));
    }
}

/* A bridge, or the mappings. */
static void
note_chassis(struct follow *f, const struct ovsdb_delta *d)
{
    const struct evidence *e = f->evidence;
    for (size_t i = 0; i < e->n_chassis; i++) {
        f->chassis_changed[i] |=
            d->row->table->store == &e->chassis[i]->ovs.store;
    }
}

struct error *
follow_commit(struct follow *f, struct evidence_db *db, const char *json,
              size_t length)
{
    struct error *error = simulation_commit(db, json, length);
    if (!error) {
        tracker_apply(f->tracker, db);
    }
    return error;
}

void
follow_add_flow(struct follow *f, const char *chassis, const char *bridge,
                const char *actions)
{
    simulation_add_flow(f->evidence, chassis, bridge, actions);
    tracker_distrust(f->tracker);
}

/* A bridge without a controller that is not "secure" any more forwards as a
 * learning switch, by a flow that ovs-vswitchd gives it
 * (ovs-vswitchd.conf.db(5), Bridge, fail_mode). */
static void
note_bridge(struct follow *f, const struct ovsdb_delta *d)
{
    struct evidence *e = f->evidence;
    note_chassis(f, d);
    if (d->kind != OVSDB_CHANGED || d->column != BRIDGE_FAIL_MODE
        || !strcmp(ovsdb_string(d->row, BRIDGE_FAIL_MODE), "secure")
        || ovsdb_count(d->row, BRIDGE_CONTROLLER)) {
        return;
    }
    for (size_t i = 0; i < e->n_chassis; i++) {
        if (d->row->table->store == &e->chassis[i]->ovs.store) {
            follow_add_flow(f, e->chassis[i]->name,
                            ovsdb_string(d->row, BRIDGE_NAME), "NORMAL");
        }
    }
}

typedef void note_delta(struct follow *, const struct ovsdb_delta *);

static note_delta *const nb_notes[NB_N_TABLES] = {
    [NB_LOGICAL_SWITCH] = note_switch,
    [NB_LOGICAL_SWITCH_PORT] = note_lsp,
    [NB_LOGICAL_ROUTER] = note_router,
    [NB_LOGICAL_ROUTER_PORT] = note_router_port,
    [NB_GATEWAY_CHASSIS] = note_gateway_chassis,
    [NB_HA_CHASSIS_GROUP] = note_group,
    [NB_HA_CHASSIS] = note_group,
};

static note_delta *const ovs_notes[OVS_N_TABLES] = {
    [OVS_OPEN_VSWITCH] = note_chassis,
    [OVS_BRIDGE] = note_bridge,
    [OVS_INTERFACE] = note_interface,
};

void
follow_note(struct follow *f, const struct evidence_db *db)
{
    bool is_nb = !strcmp(db->db, "nb");
    note_delta *const *notes = is_nb                    ? nb_notes
                               : !strcmp(db->db, "ovs") ? ovs_notes
                                                        : NULL;
    f->nb_changed |= is_nb;
    for (size_t i = 0; notes && i < db->store.n_deltas; i++) {
        const struct ovsdb_delta *d = &db->store.deltas[i];
        note_delta *note = notes[d->row->table - db->store.tables];
        if (note) {
            note(f, d);
        }
    }
}

/* Following. */

const char *
follow_make_uuid(struct follow *f)
{
    return arena_printf(&f->arena, "70726f76-6e65-4000-8000-%012x",
                        ++f->n_made);
}

void
follow_begin(const struct follow *f, struct text *t, const char *comment)
{
    text_printf(t, "{\"_date\":%lld,\"_comment\":\"%s\"",
                (long long) f->evidence->now_ms, comment);
}

static void
index_names(struct strmap *map, const struct ovsdb_table *table,
            unsigned column)
{
    OVSDB_TABLE_FOR_EACH (row, table) {
        *strmap_place(map, ovsdb_string(row, column)) = row;
    }
}

static void
index_datapaths(struct follow *f)
{
    const struct ovsdb_store *sb = &f->evidence->sb.store;
    OVSDB_TABLE_FOR_EACH (row, &sb->tables[SB_DATAPATH_BINDING]) {
        const char *ls =
            ovsdb_map_get(row, DATAPATH_EXTERNAL_IDS, "logical-switch");
        if (ls) {
            char *uuid = arena_alloc(&f->arena, UUID_LENGTH + 1);
            uuid_format(&row->uuid, uuid);
            *strmap_place(&f->datapaths, ls) = uuid;
        }
    }
}

static void
index_claims(struct follow *f)
{
    for (size_t i = 0; i < f->evidence->n_chassis; i++) {
        struct evidence_chassis *chassis = f->evidence->chassis[i];
        const struct ovsdb_store *ovs = &chassis->ovs.store;
        OVSDB_TABLE_FOR_EACH (row, &ovs->tables[OVS_INTERFACE]) {
            const char *id =
                ovsdb_map_get(row, INTERFACE_EXTERNAL_IDS, "iface-id");
            if (id) {
                *strmap_place(&f->claims, id) = chassis;
            }
        }
    }
}

static void
index_evidence(struct follow *f)
{
    const struct ovsdb_store *nb = &f->evidence->nb.store;
    const struct ovsdb_store *sb = &f->evidence->sb.store;
    index_names(&f->ports, &nb->tables[NB_LOGICAL_SWITCH_PORT], LSP_NAME);
    index_names(&f->ports, &nb->tables[NB_LOGICAL_ROUTER_PORT], LRP_NAME);
    index_names(&f->bindings, &sb->tables[SB_PORT_BINDING], PB_LOGICAL_PORT);
    index_names(&f->chassis, &sb->tables[SB_CHASSIS], CHASSIS_NAME);
    index_datapaths(f);
    index_claims(f);
}

/* Whether somebody asked northd and the chassis how far they are (nb_cfg), and
 * so they have to answer. */
static void
put_progress(struct follow *f, struct text *t)
{
    const struct ovsdb_row *nb =
        ovsdb_table_next(&f->evidence->nb.store.tables[NB_NB_GLOBAL], NULL);
    const struct ovsdb_row *sb =
        ovsdb_table_next(&f->evidence->sb.store.tables[SB_SB_GLOBAL], NULL);
    char uuid[UUID_LENGTH + 1];
    if (!nb || !sb) {
        return;
    }
    int64_t asked = ovsdb_integer(nb, NB_GLOBAL_NB_CFG, 0);
    int64_t before = ovsdb_integer(sb, SB_GLOBAL_NB_CFG, 0);
    if (asked == before) {
        return;
    }
    uuid_format(&sb->uuid, uuid);
    text_printf(t, ",\"SB_Global\":{\"%s\":{\"nb_cfg\":%lld}}", uuid,
                (long long) asked);
    const char *between = ",\"Chassis_Private\":{";
    OVSDB_TABLE_FOR_EACH (row,
                          &f->evidence->sb.store.tables[SB_CHASSIS_PRIVATE]) {
        if (ovsdb_integer(row, CHASSIS_PRIVATE_NB_CFG, 0) == before) {
            uuid_format(&row->uuid, uuid);
            text_printf(t, "%s\"%s\":{\"nb_cfg\":%lld}", between, uuid,
                        (long long) asked);
            between = ",";
        }
    }
    text_puts(t, between[1] ? "" : "}");
}

static struct error *
follow_in_sb(struct follow *f)
{
    struct text t;
    text_init(&t, TEXT_CEILING_BYTES);
    follow_begin(f, &t, "ovn-northd");
    northd_put_changes(f, &t);
    controller_put_mappings(f, &t);
    put_progress(f, &t);
    text_puts(&t, "}");
    struct error *error =
        follow_commit(f, &f->evidence->sb, text_string(&t), t.length);
    text_done(&t);
    return error;
}

struct error *
follow_run(struct follow *f)
{
    struct error *error = NULL;
    index_evidence(f);
    if (f->evidence->sb.present) {
        error = follow_in_sb(f);
    }
    return error ? error : controller_patch(f);
}
