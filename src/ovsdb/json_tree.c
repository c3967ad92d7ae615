/* Values as trees. */
#include <string.h>

#include "ovsdb/json.h"

/* A tree that grows. */
struct tree {
    struct arena *arena;
    size_t n_left; /* Values that it may still have. */
    json_keep_fn *keep;
    void *aux;
    unsigned depth; /* Objects around what is read next. */
};

static struct json_value *read_value(struct json_reader *, struct tree *);

static bool
read_elements(struct json_reader *r, struct tree *t, struct json_value *parent)
{
    struct json_value **tail = &parent->first;
    if (!json_begin(r, '[')) {
        return false;
    }
    while (json_next_element(r)) {
        struct json_value *value = read_value(r, t);
        if (!value) {
            return false;
        }
        *tail = value;
        tail = &value->next;
    }
    return !json_failed(r);
}

static bool
read_members(struct json_reader *r, struct tree *t, struct json_value *parent)
{
    struct json_value **tail = &parent->first;
    struct json_slice name;
    if (!json_begin(r, '{')) {
        return false;
    }
    t->depth++;
    while (json_next_member(r, &name)) {
        if (t->keep && !t->keep(t->aux, t->depth, &name)) {
            if (!json_skip(r)) {
                return false;
            }
            continue;
        }
        const char *copy = arena_strndup(t->arena, name.s, name.length);
        struct json_value *value = read_value(r, t);
        if (!value) {
            return false;
        }
        value->name = copy;
        *tail = value;
        tail = &value->next;
    }
    t->depth--;
    return !json_failed(r);
}

static struct json_value *
read_value(struct json_reader *r, struct tree *t)
{
    if (!t->n_left) {
        json_fail(r, "too many values");
        return NULL;
    }
    t->n_left--;
    struct json_value *v = arena_zalloc(t->arena, sizeof *v);
    struct json_slice slice;
    bool ok;
    switch (json_peek(r)) {
    case '{':
        v->kind = JSON_OBJECT;
        ok = read_members(r, t, v);
        break;
    case '[':
        v->kind = JSON_ARRAY;
        ok = read_elements(r, t, v);
        break;
    case '"':
        v->kind = JSON_STRING;
        ok = json_string(r, &slice);
        if (ok) {
            v->string = arena_strndup(t->arena, slice.s, slice.length);
        }
        break;
    case 't':
    case 'f':
        v->kind = JSON_BOOL;
        ok = json_bool(r, &v->boolean);
        break;
    case 'n':
        v->kind = JSON_NULL;
        ok = json_null(r);
        break;
    default:
        ok = json_number(r, v);
        break;
    }
    return ok ? v : NULL;
}

struct json_value *
json_read_value(struct json_reader *r, struct arena *arena, size_t max_nodes)
{
    return json_read_kept(r, arena, max_nodes, NULL, NULL);
}

struct json_value *
json_read_kept(struct json_reader *r, struct arena *arena, size_t max_nodes,
               json_keep_fn *keep, void *aux)
{
    struct tree tree = {
        .arena = arena, .n_left = max_nodes, .keep = keep, .aux = aux
    };
    return read_value(r, &tree);
}

const struct json_value *
json_member(const struct json_value *object, const char *name)
{
    if (!object || object->kind != JSON_OBJECT) {
        return NULL;
    }
    const struct json_value *v = object->first;
    while (v && strcmp(v->name, name)) {
        v = v->next;
    }
    return v;
}

const char *
json_member_string(const struct json_value *object, const char *name)
{
    const struct json_value *v = json_member(object, name);
    return v && v->kind == JSON_STRING ? v->string : NULL;
}
