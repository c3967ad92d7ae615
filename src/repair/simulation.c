#include "repair/simulation.h"

#include <string.h>

static struct error *
commit_to(struct ovsdb_store *store, const char *json, size_t length)
{
    struct input_memory memory;
    struct input in;
    struct json_reader reader;
    struct error *error = NULL;
    input_init_memory(&in, &memory, json, length);
    json_reader_init(&reader, &in);
    store->keeps_deltas = true;
    if (ovsdb_store_read(store, &reader, OVSDB_FORM_LOG)) {
        ovsdb_store_commit(store, 0);
    } else {
        error = error_new("%s", in.error ? error_text(in.error)
                                         : "the transaction ends early");
        ovsdb_store_abort(store);
    }
    json_reader_done(&reader);
    input_done(&in);
    return error;
}

struct error *
simulation_commit(struct evidence_db *db, const char *json, size_t length)
{
    struct error *error = commit_to(&db->store, json, length);
    if (!error && db->log && db->log != &db->store) {
        error = commit_to(db->log, json, length);
    }
    return error ? error_wrap(error, "a change of %s", db->db) : NULL;
}

void
simulation_add_flow(struct evidence *e, const char *chassis,
                    const char *bridge, const char *actions)
{
    struct evidence_bridge *b = NULL;
    for (size_t i = 0; i < e->n_chassis; i++) {
        if (!strcmp(e->chassis[i]->name, chassis)) {
            b = evidence_place_bridge(e->chassis[i], bridge);
        }
    }
    if (!b) {
        return;
    }
    size_t n = b->flows ? b->flows->n : 0;
    struct flow_table *table = arena_zalloc(&e->arena, sizeof *table);
    table->flows = arena_zalloc(&e->arena, (n + 1) * sizeof *table->flows);
    if (n) {
        memcpy(table->flows, b->flows->flows, n * sizeof *table->flows);
    }
    table->flows[n] = (struct flow){
        .match = "",
        .actions = actions,
        .text = arena_printf(&e->arena, "priority=0 actions=%s", actions),
        .line = n,
    };
    table->n = n + 1;
    b->flows = table;
}
