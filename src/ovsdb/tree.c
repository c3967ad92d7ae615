#include "ovsdb/tree.h"

static bool
has_members(const struct json_value *v)
{
    return v->kind == JSON_ARRAY || v->kind == JSON_OBJECT;
}

struct json_value *
tree_copy(const struct json_value *v, struct arena *a)
{
    struct json_value *copy = arena_alloc(a, sizeof *copy);
    *copy = *v;
    copy->name = v->name ? arena_strdup(a, v->name) : NULL;
    copy->next = NULL;
    if (v->kind == JSON_STRING) {
        copy->string = arena_strdup(a, v->string);
    } else if (has_members(v)) {
        struct json_value **last = &copy->first;
        copy->first = NULL;
        for (const struct json_value *m = v->first; m; m = m->next) {
            *last = tree_copy(m, a);
            last = &(*last)->next;
        }
    }
    return copy;
}

static void
put_members(struct text *t, const struct json_value *v)
{
    bool object = v->kind == JSON_OBJECT;
    text_putc(t, object ? '{' : '[');
    for (const struct json_value *m = v->first; m; m = m->next) {
        text_puts(t, m == v->first ? "" : ",");
        if (object) {
            json_put_string(t, m->name);
            text_putc(t, ':');
        }
        tree_put(t, m);
    }
    text_putc(t, object ? '}' : ']');
}

void
tree_put(struct text *t, const struct json_value *v)
{
    switch (v->kind) {
    case JSON_NULL:
        text_puts(t, "null");
        break;
    case JSON_BOOL:
        text_puts(t, v->boolean ? "true" : "false");
        break;
    case JSON_INTEGER:
        text_printf(t, "%lld", (long long) v->integer);
        break;
    case JSON_REAL:
        text_printf(t, "%.17g", v->real);
        break;
    case JSON_STRING:
        json_put_string(t, v->string);
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        put_members(t, v);
        break;
    }
}
