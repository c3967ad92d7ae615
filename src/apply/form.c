#include "apply/form.h"

#include <string.h>

#include "base/compiler.h"

/* Members that an operation must have. */
enum {
    HAS_TABLE = 1,
    HAS_WHERE = 2,
    HAS_ROW = 4,
    HAS_UUID = 8,
    HAS_MUTATIONS = 16,
    HAS_ROWS = 32,
    HAS_COMMENT = 64,
};

static const struct {
    const char *op;
    unsigned members;
} forms[] = {
    { "wait", HAS_TABLE | HAS_WHERE | HAS_ROWS },
    { "insert", HAS_TABLE | HAS_ROW | HAS_UUID },
    { "update", HAS_TABLE | HAS_WHERE | HAS_ROW },
    { "mutate", HAS_TABLE | HAS_WHERE | HAS_MUTATIONS },
    { "delete", HAS_TABLE | HAS_WHERE },
    { "comment", HAS_COMMENT },
};

static bool
is_string(const struct json_value *v)
{
    return v && v->kind == JSON_STRING;
}

/* [COLUMN, FUNCTION, VALUE], and no more. */
static bool
is_triple(const struct json_value *v)
{
    const struct json_value *first = v->kind == JSON_ARRAY ? v->first : NULL;
    const struct json_value *value =
        is_string(first) && is_string(first->next) ? first->next->next : NULL;
    return value && !value->next;
}

/* An array of such. */
static bool
has_triples(const struct json_value *op, const char *name)
{
    const struct json_value *all = json_member(op, name);
    bool good = all && all->kind == JSON_ARRAY;
    for (const struct json_value *v = good ? all->first : NULL; v;
         v = v->next) {
        good &= is_triple(v);
    }
    return good;
}

static bool
has_kind(const struct json_value *op, const char *name, enum json_kind kind)
{
    const struct json_value *v = json_member(op, name);
    return v && v->kind == kind;
}

static unsigned
members_of(const struct json_value *op)
{
    return (has_kind(op, "table", JSON_STRING) ? HAS_TABLE : 0)
           | (has_triples(op, "where") ? HAS_WHERE : 0)
           | (has_kind(op, "row", JSON_OBJECT) ? HAS_ROW : 0)
           | (has_kind(op, "uuid", JSON_STRING) ? HAS_UUID : 0)
           | (has_triples(op, "mutations") ? HAS_MUTATIONS : 0)
           | (has_kind(op, "rows", JSON_ARRAY) ? HAS_ROWS : 0)
           | (has_kind(op, "comment", JSON_STRING) ? HAS_COMMENT : 0);
}

static bool
is_operation(const struct json_value *op)
{
    const char *name = json_member_string(op, "op");
    for (size_t i = 0; name && i < N_ELEMENTS(forms); i++) {
        if (!strcmp(forms[i].op, name)) {
            return !(forms[i].members & ~members_of(op));
        }
    }
    return false;
}

bool
form_is_sound(const struct json_value *params)
{
    bool good =
        params && params->kind == JSON_ARRAY && is_string(params->first);
    for (const struct json_value *op = good ? params->first->next : NULL; op;
         op = op->next) {
        good &= is_operation(op);
    }
    return good;
}
