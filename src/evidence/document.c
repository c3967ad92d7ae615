#include "evidence/document.h"

#define MAX_NODES 5000000

struct error *
document_parse(const char *bytes, size_t size, struct arena *arena,
               struct json_value **ret)
{
    struct input_memory memory;
    struct input in;
    struct json_reader reader;
    input_init_memory(&in, &memory, bytes, size);
    json_reader_init(&reader, &in);
    struct json_value *value = json_read_value(&reader, arena, MAX_NODES);
    if (value && json_peek(&reader) >= 0) {
        json_fail(&reader, "something follows the JSON value");
    }
    struct error *error = NULL;
    if (in.error) {
        error = error_new("%s", error_text(in.error));
    } else {
        *ret = value;
    }
    json_reader_done(&reader);
    input_done(&in);
    return error;
}

int
document_integer(const struct json_value *object, const char *name)
{
    const struct json_value *v = json_member(object, name);
    return v && v->kind == JSON_INTEGER && v->integer > INT32_MIN
                   && v->integer < INT32_MAX
               ? (int) v->integer
               : 0;
}
