#include "ovsdb/schema.h"

#include <string.h>

#include "base/error.h"

static const char *const atomic_names[] = {
    [OVSDB_VOID] = "nothing",  [OVSDB_INTEGER] = "integer",
    [OVSDB_REAL] = "real",     [OVSDB_BOOLEAN] = "boolean",
    [OVSDB_STRING] = "string", [OVSDB_UUID] = "uuid",
};

/* The name of a <base-type>, given as a string or as an object. */
static const char *
base_type_name(const struct json_value *base)
{
    if (!base) {
        return atomic_names[OVSDB_VOID];
    }
    if (base->kind == JSON_STRING) {
        return base->string;
    }
    const char *name = json_member_string(base, "type");
    return name ? name : "?";
}

static struct error *
read_column(const struct json_value *column,
            const struct ovsdb_column_spec *spec, const char *table,
            struct ovsdb_column_type *ret)
{
    const struct json_value *type = json_member(column, "type");
    if (!type) {
        return error_new("column %s of table %s has no type in the schema",
                         spec->name, table);
    }
    bool object = type->kind == JSON_OBJECT;
    const char *key = base_type_name(object ? json_member(type, "key") : type);
    const char *value =
        base_type_name(object ? json_member(type, "value") : NULL);
    if (strcmp(key, atomic_names[spec->key])
        || strcmp(value, atomic_names[spec->value])) {
        return error_new("column %s of table %s is of type %s/%s in the "
                         "schema, where %s/%s was expected",
                         spec->name, table, key, value,
                         atomic_names[spec->key], atomic_names[spec->value]);
    }
    const struct json_value *max = json_member(type, "max");
    const struct json_value *min = json_member(type, "min");
    ret->optional = min && min->kind == JSON_INTEGER && !min->integer;
    ret->present = true;
    ret->single = !max || (max->kind == JSON_INTEGER && max->integer == 1);
    return NULL;
}

static struct error *
read_table(const struct json_value *table, const struct ovsdb_table_spec *spec,
           struct ovsdb_column_type *types)
{
    const struct json_value *columns = json_member(table, "columns");
    for (unsigned c = 0; c < spec->n_columns; c++) {
        const struct json_value *column =
            json_member(columns, spec->columns[c].name);
        if (column) {
            struct error *error =
                read_column(column, &spec->columns[c], spec->name, &types[c]);
            if (error) {
                return error;
            }
        }
    }
    return NULL;
}

struct error *
ovsdb_schema_is_another(const char *name, size_t length,
                        const struct ovsdb_spec *spec)
{
    return error_new("this is a database of schema %.*s, not %s",
                     length > 60 ? 60 : (int) length, name, spec->name);
}

struct error *
ovsdb_schema_read(const struct json_value *value,
                  const struct ovsdb_spec *spec,
                  struct ovsdb_column_type **types, bool *tables_present)
{
    const char *name = json_member_string(value, "name");
    const struct json_value *tables = json_member(value, "tables");
    if (!name || !tables || tables->kind != JSON_OBJECT) {
        return error_new("this is no database schema (RFC 7047, section 3.2)");
    }
    if (strcmp(name, spec->name)) {
        return ovsdb_schema_is_another(name, strlen(name), spec);
    }
    for (unsigned t = 0; t < spec->n_tables; t++) {
        const struct json_value *table =
            json_member(tables, spec->tables[t].name);
        tables_present[t] = table != NULL;
        memset(types[t], 0, spec->tables[t].n_columns * sizeof *types[t]);
        struct error *error =
            table ? read_table(table, &spec->tables[t], types[t]) : NULL;
        if (error) {
            return error;
        }
    }
    return NULL;
}
