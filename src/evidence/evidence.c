#include "evidence/evidence.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static void
init_db(struct evidence_db *db, const struct ovsdb_spec *spec,
        struct arena *lender)
{
    memset(db, 0, sizeof *db);
    db->db = spec->db;
    db->log_until_ms = INT64_MAX;
    ovsdb_store_init_borrowing(&db->store, spec, lender);
}

static void
done_db(struct evidence_db *db)
{
    if (db->log && db->log != &db->store) {
        ovsdb_store_done(db->log);
        free(db->log);
    }
    ovsdb_store_done(&db->store);
}

void
evidence_init(struct evidence *e)
{
    memset(e, 0, sizeof *e);
    arena_init(&e->arena);
    arena_init(&e->chassis_arenas[0]);
    arena_init(&e->chassis_arenas[1]);
    strmap_init(&e->networks);
    init_db(&e->nb, &nb_spec, NULL);
    init_db(&e->sb, &sb_spec, NULL);
    e->now_ms = clock_wall_ms();
}

void
evidence_done(struct evidence *e)
{
    for (size_t i = 0; i < e->n_chassis; i++) {
        struct evidence_chassis *chassis = e->chassis[i];
        done_db(&chassis->ovs);
        strmap_done(&chassis->links);
        strmap_done(&chassis->interfaces);
        strmap_done(&chassis->bridges);
        arena_done(&chassis->arena);
    }
    free(e->chassis);
    free(e->warnings);
    strmap_done(&e->networks);
    done_db(&e->nb);
    done_db(&e->sb);
    arena_done(&e->chassis_arenas[0]);
    arena_done(&e->chassis_arenas[1]);
    arena_done(&e->arena);
    memset(e, 0, sizeof *e);
}

void
evidence_set_lender(struct evidence_chassis *chassis, struct arena *lender)
{
    arena_borrow(&chassis->arena, lender);
    arena_borrow(&chassis->ovs.store.arena, lender);
}

struct evidence_chassis *
evidence_add_chassis(struct evidence *e, const char *name)
{
    struct evidence_chassis *chassis =
        arena_zalloc(&e->arena, sizeof *chassis);
    chassis->name = arena_strdup(&e->arena, name);
    arena_init(&chassis->arena);
    init_db(&chassis->ovs, &ovs_spec, &e->arena);
    evidence_set_lender(chassis, NULL);
    strmap_init(&chassis->links);
    strmap_init(&chassis->interfaces);
    strmap_init(&chassis->bridges);
    e->chassis = xgrow(e->chassis, e->n_chassis, &e->chassis_capacity,
                       sizeof *e->chassis);
    e->chassis[e->n_chassis++] = chassis;
    return chassis;
}

const struct ovsdb_row *
evidence_log_row(const struct evidence_db *db, const struct ovsdb_row *row)
{
    const struct ovsdb_store *log = db->log;
    if (!row || !log || row->table->store == log) {
        return log ? row : NULL;
    }
    for (unsigned t = 0; t < log->spec->n_tables; t++) {
        if (log->tables[t].spec == row->table->spec) {
            return ovsdb_table_find(&log->tables[t], &row->uuid);
        }
    }
    return NULL;
}

struct evidence_bridge *
evidence_place_bridge(struct evidence_chassis *chassis, const char *name)
{
    struct evidence_bridge *bridge = strmap_get(&chassis->bridges, name);
    if (!bridge) {
        bridge = arena_zalloc(&chassis->arena, sizeof *bridge);
        bridge->name = arena_strdup(&chassis->arena, name);
        *strmap_place(&chassis->bridges, bridge->name) = bridge;
    }
    return bridge;
}

void
evidence_warn(struct evidence *e, const char *format, ...)
{
    va_list args;
    char *text;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0) {
        abort();
    }
    va_end(args);
    e->warnings = xgrow(e->warnings, e->n_warnings, &e->warnings_capacity,
                        sizeof *e->warnings);
    e->warnings[e->n_warnings++] = arena_strdup(&e->arena, text);
    free(text);
}
