#include "rows.h"

#include <string.h>

#include "fuzz.h"

static const char *const type_names[] = {
    [OVSDB_VOID] = "string",   [OVSDB_INTEGER] = "integer",
    [OVSDB_REAL] = "real",     [OVSDB_BOOLEAN] = "boolean",
    [OVSDB_STRING] = "string", [OVSDB_UUID] = "uuid",
};

/* A schema that has all of the spec. */
static void
put_schema(struct text *t, const struct ovsdb_spec *spec)
{
    text_printf(t, "{\"name\":\"%s\",\"version\":\"1.0.0\",\"tables\":{",
                spec->name);
    for (unsigned i = 0; i < spec->n_tables; i++) {
        const struct ovsdb_table_spec *table = &spec->tables[i];
        text_printf(t, "%s\"%s\":{\"columns\":{", i ? "," : "", table->name);
        for (unsigned c = 0; c < table->n_columns; c++) {
            const struct ovsdb_column_spec *column = &table->columns[c];
            text_printf(t, "%s\"%s\":{\"type\":{\"key\":{\"type\":\"%s\"",
                        c ? "," : "", column->name, type_names[column->key]);
            if (column->key == OVSDB_UUID) {
                text_printf(t, ",\"refTable\":\"%s\"",
                            spec->tables[column->ref_table].name);
            }
            text_puts(t, "},");
            if (column->value != OVSDB_VOID) {
                text_printf(t, "\"value\":\"%s\",", type_names[column->value]);
            }
            bool single = column->value == OVSDB_VOID
                          && column->key != OVSDB_UUID
                          && !strstr(column->name, "s");
            text_printf(t, "\"min\":0,\"max\":%s}}",
                        single ? "1" : "\"unlimited\"");
        }
        text_puts(t, "}}");
    }
    text_puts(t, "}}");
}

static void
open_database(struct evidence_db *db)
{
    struct input_memory memory;
    struct input in;
    struct json_reader reader;
    struct text schema;
    text_init(&schema, TEXT_CEILING_BYTES);
    put_schema(&schema, db->store.spec);
    input_init_memory(&in, &memory, text_string(&schema), schema.length);
    json_reader_init(&reader, &in);
    const struct json_value *value =
        json_read_value(&reader, &db->store.arena, 1000);
    CHECK(value);
    struct error *error = ovsdb_store_set_schema(&db->store, value);
    CHECK(!error);
    json_reader_done(&reader);
    input_done(&in);
    text_done(&schema);
    db->store.keeps_deltas = true;
    db->from = db->log_from = db->db;
    db->log = &db->store;
    db->present = true;
}

/* Reads one transaction; whether it was sound. */
static bool
read_transaction(struct evidence_db *db, const uint8_t *bytes, size_t size)
{
    struct input_memory memory;
    struct input in;
    struct json_reader r;
    input_init_memory(&in, &memory, bytes, size);
    json_reader_init(&r, &in);
    bool good = ovsdb_store_read(&db->store, &r, OVSDB_FORM_LOG);
    if (good) {
        ovsdb_store_commit(&db->store, 0);
    } else {
        ovsdb_store_abort(&db->store);
    }
    json_reader_done(&r);
    input_done(&in);
    return good;
}

static struct evidence_db *
database(struct evidence *e, uint8_t which)
{
    return which == 'N'   ? &e->nb
           : which == 'S' ? &e->sb
           : which == 'O' ? &e->chassis[0]->ovs
                          : NULL;
}

void
rows_init(struct evidence *e)
{
    evidence_init(e);
    evidence_add_chassis(e, "hv1");
    open_database(&e->nb);
    open_database(&e->sb);
    open_database(&e->chassis[0]->ovs);
}

const uint8_t *
rows_next(struct evidence *e, const uint8_t *p, const uint8_t *end,
          struct evidence_db **ret)
{
    *ret = NULL;
    while (p < end && !*ret) {
        const uint8_t *stop = memchr(p, '\n', (size_t) (end - p));
        stop = stop ? stop : end;
        struct evidence_db *db = database(e, *p);
        if (db && read_transaction(db, p + 1, (size_t) (stop - p - 1))) {
            *ret = db;
        }
        p = stop + 1;
    }
    return p;
}
