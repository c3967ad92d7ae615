#include "ovsdb/whole.h"

#include <string.h>
#include <unistd.h>

#include "ovsdb/diff.h"
#include "ovsdb/row.h"

/* From a schema to a spec (RFC 7047, section 3.2). */

static enum ovsdb_atomic
atomic_of(const struct json_value *base)
{
    static const struct {
        const char *name;
        enum ovsdb_atomic atomic;
    } atomics[] = {
        { "integer", OVSDB_INTEGER }, { "real", OVSDB_REAL },
        { "boolean", OVSDB_BOOLEAN }, { "string", OVSDB_STRING },
        { "uuid", OVSDB_UUID },
    };
    const char *name = !base ? ""
                       : base->kind == JSON_STRING
                           ? base->string
                           : json_member_string(base, "type");
    for (size_t i = 0; name && i < N_ELEMENTS(atomics); i++) {
        if (!strcmp(name, atomics[i].name)) {
            return atomics[i].atomic;
        }
    }
    return OVSDB_VOID;
}

static int
table_index(const struct json_value *tables, const char *name)
{
    int i = 0;
    for (const struct json_value *t = tables->first; t; t = t->next, i++) {
        if (!strcmp(t->name, name)) {
            return i;
        }
    }
    return -1;
}

/* The base type that refers to rows: of a map its value, else its key. */
static void
find_reference(const struct json_value *tables, const struct json_value *base,
               struct ovsdb_column_spec *ret)
{
    const char *table = json_member_string(base, "refTable");
    const char *type = json_member_string(base, "refType");
    int i = table ? table_index(tables, table) : -1;
    ret->ref_table = i < 0 ? 0 : i;
    ret->owns = i >= 0 && (!type || !strcmp(type, "strong"));
}

/* False if it cannot be kept. */
static bool
describe_column(const struct json_value *tables,
                const struct json_value *column, struct ovsdb_column_spec *ret)
{
    const struct json_value *type = json_member(column, "type");
    const struct json_value *ephemeral = json_member(column, "ephemeral");
    bool object = type && type->kind == JSON_OBJECT;
    const struct json_value *key = object ? json_member(type, "key") : type;
    const struct json_value *value =
        object ? json_member(type, "value") : NULL;
    memset(ret, 0, sizeof *ret);
    ret->name = column->name;
    ret->key = atomic_of(key);
    ret->value = atomic_of(value);
    if (ret->key == OVSDB_UUID) {
        find_reference(tables, key, ret);
    } else if (ret->value == OVSDB_UUID) {
        find_reference(tables, value, ret);
    }
    bool is_kept =
        !ephemeral || ephemeral->kind != JSON_BOOL || !ephemeral->boolean;
    return is_kept && ret->key != OVSDB_VOID
           && (!value
               || (ret->key == OVSDB_STRING && ret->value != OVSDB_VOID));
}

static void
describe_table(struct arena *a, const struct json_value *tables,
               const struct json_value *table, struct ovsdb_table_spec *ret)
{
    const struct json_value *columns = json_member(table, "columns");
    struct ovsdb_column_spec *specs =
        arena_alloc(a, MAX_COLUMNS * sizeof *specs);
    bool is_object = columns && columns->kind == JSON_OBJECT;
    ret->columns = specs;
    for (const struct json_value *c = is_object ? columns->first : NULL;
         c && ret->n_columns < MAX_COLUMNS; c = c->next) {
        ret->n_columns += describe_column(tables, c, &specs[ret->n_columns]);
    }
}

static bool
is_among(const char *name, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!strcmp(name, names[i])) {
            return true;
        }
    }
    return false;
}

static struct error *
describe_schema(struct arena *a, const struct json_value *schema,
                const char *const *names, size_t n_names,
                struct ovsdb_spec *ret)
{
    const char *name = json_member_string(schema, "name");
    const struct json_value *tables = json_member(schema, "tables");
    unsigned n = 0;
    if (!name || !tables || tables->kind != JSON_OBJECT) {
        return error_new("this is no database schema (RFC 7047, section 3.2)");
    }
    for (const struct json_value *t = tables->first; t; t = t->next) {
        n++;
    }
    struct ovsdb_table_spec *specs = arena_zalloc(a, (n + 1) * sizeof *specs);
    n = 0;
    for (const struct json_value *t = tables->first; t; t = t->next, n++) {
        specs[n].name = t->name;
        if (!names || is_among(t->name, names, n_names)) {
            describe_table(a, tables, t, &specs[n]);
        }
    }
    ret->name = name;
    ret->tables = specs;
    ret->n_tables = n;
    return NULL;
}

/* Reading. */

static struct error *
read_spec(struct whole *w, const char *path, const char *db,
          const char *const *tables, size_t n_tables)
{
    const struct json_value *schema;
    struct error *error = ovsdb_log_schema(path, &w->arena, &schema);
    if (!error) {
        error = describe_schema(&w->arena, schema, tables, n_tables, &w->spec);
    }
    w->spec.db = db;
    return error;
}

struct error *
whole_open(struct whole *w, const char *path, const char *db,
           const char *const *tables, size_t n_tables)
{
    memset(w, 0, sizeof *w);
    arena_init(&w->arena);
    struct error *error = read_spec(w, path, db, tables, n_tables);
    if (!error) {
        ovsdb_store_init(&w->store, &w->spec);
        w->store.keeps_deltas = true;
        error = ovsdb_log_open(&w->log, path, -1);
        w->log.takes_prefix = true;
    }
    if (!error) {
        bool more;
        error = whole_next(w, &more);
    }
    return error;
}

void
whole_close(struct whole *w)
{
    ovsdb_log_close(&w->log);
    ovsdb_store_done(&w->store);
    arena_done(&w->arena);
}

struct error *
whole_next(struct whole *w, bool *ret_more)
{
    return ovsdb_log_next(&w->log, &w->store, ret_more);
}

struct error *
whole_read(struct whole *w, uint64_t upto)
{
    struct error *error = NULL;
    bool more = true;
    while (!error && more && w->store.n_records < upto) {
        error = whole_next(w, &more);
    }
    return error;
}

/* Looking. */

struct ovsdb_table *
ovsdb_store_find(const struct ovsdb_store *store, const char *name)
{
    for (unsigned t = 0; t < store->spec->n_tables; t++) {
        if (!strcmp(store->spec->tables[t].name, name)) {
            return &store->tables[t];
        }
    }
    return NULL;
}

int
ovsdb_table_column(const struct ovsdb_table *table, const char *name)
{
    for (unsigned c = 0; c < table->spec->n_columns; c++) {
        if (!strcmp(table->spec->columns[c].name, name)) {
            return (int) c;
        }
    }
    return -1;
}

/* Writing. */

static void
put_atom(struct text *t, enum ovsdb_atomic type, const union ovsdb_atom *atom)
{
    char uuid[UUID_LENGTH + 1];
    switch (type) {
    case OVSDB_INTEGER:
        text_printf(t, "%lld", (long long) atom->integer);
        break;
    case OVSDB_REAL:
        text_printf(t, "%.15g", atom->real);
        break;
    case OVSDB_BOOLEAN:
        text_puts(t, atom->boolean ? "true" : "false");
        break;
    case OVSDB_STRING:
        json_put_string(t, atom->string);
        break;
    case OVSDB_UUID:
        uuid_format(&atom->row->uuid, uuid);
        text_printf(t, "[\"uuid\",\"%s\"]", uuid);
        break;
    case OVSDB_VOID:
        break;
    }
}

void
ovsdb_put_value(struct text *t, const struct ovsdb_column_spec *spec,
                const struct ovsdb_datum *d)
{
    const union ovsdb_atom *atoms = ovsdb_datum_atoms(spec, d);
    bool map = spec->value != OVSDB_VOID;
    if (!map && d->n == 1) {
        put_atom(t, spec->key, atoms);
        return;
    }
    text_printf(t, "[\"%s\",[", map ? "map" : "set");
    for (uint32_t i = 0; i < d->n; i++) {
        text_puts(t, i ? "," : "");
        if (map) {
            text_putc(t, '[');
            put_atom(t, spec->key, &atoms[2 * i]);
            text_putc(t, ',');
            put_atom(t, spec->value, &atoms[2 * i + 1]);
            text_putc(t, ']');
        } else {
            put_atom(t, spec->key, &atoms[i]);
        }
    }
    text_puts(t, "]]");
}
