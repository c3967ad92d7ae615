#include "repair/simulation.h"

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
