/* The JSON reader: skipping a document and reading it must agree, whatever
 * the pieces it comes in; and what was read, written and read again, must be
 * the same.
 *
 * The first byte says how large the pieces are. */
#include "fuzz.h"

#include <string.h>

#include "ovsdb/json.h"

#define MAX_NODES 100000

struct pieces {
    const uint8_t *next;
    size_t left;
    size_t piece;
};

static ssize_t
fill(void *aux, void *buffer, size_t size, struct error **error PROVNET_UNUSED)
{
    struct pieces *p = aux;
    size = size < p->piece ? size : p->piece;
    size = size < p->left ? size : p->left;
    memcpy(buffer, p->next, size);
    p->next += size;
    p->left -= size;
    return (ssize_t) size;
}

static void
put_value(struct text *t, const struct json_value *v)
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
        text_printf(t, "%a", v->real); /* For comparing, not for reading. */
        break;
    case JSON_STRING:
        json_put_string(t, v->string);
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        text_putc(t, v->kind == JSON_OBJECT ? '{' : '[');
        for (const struct json_value *m = v->first; m; m = m->next) {
            if (m->name) {
                json_put_string(t, m->name);
                text_putc(t, ':');
            }
            put_value(t, m);
            text_puts(t, m->next ? "," : "");
        }
        text_putc(t, v->kind == JSON_OBJECT ? '}' : ']');
        break;
    }
}

struct outcome {
    bool ok;
    uint64_t end;   /* Offset behind the value. */
    struct text as; /* The value, if it was read as a tree. */
    char error[256];
};

static void
read_document(const uint8_t *bytes, size_t size, size_t piece, bool as_tree,
              struct outcome *ret)
{
    struct pieces pieces = { bytes, size, piece };
    struct input in;
    struct json_reader r;
    struct arena arena;
    arena_init(&arena);
    input_init(&in, fill, &pieces);
    json_reader_init(&r, &in);
    text_init(&ret->as, TEXT_CEILING_BYTES);
    if (as_tree) {
        const struct json_value *v = json_read_value(&r, &arena, MAX_NODES);
        ret->ok = v != NULL;
        if (v) {
            put_value(&ret->as, v);
        }
    } else {
        ret->ok = json_skip(&r);
    }
    CHECK(ret->ok == !json_failed(&r));
    CHECK(!ret->ok || r.depth == 0);
    CHECK(input_offset(&in) <= size);
    ret->end = input_offset(&in);
    snprintf(ret->error, sizeof ret->error, "%s",
             in.error ? error_text(in.error) : "");
    json_reader_done(&r);
    input_done(&in);
    arena_done(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct outcome skipped, whole, pieces;
    size_t piece = size ? 1 + bytes[0] % 32 : 1;
    bytes += size > 0;
    size -= size > 0;
    read_document(bytes, size, piece, false, &skipped);
    read_document(bytes, size, SIZE_MAX, true, &whole);
    read_document(bytes, size, piece, true, &pieces);
    CHECK(pieces.ok == whole.ok);
    CHECK(pieces.end == whole.end);
    CHECK(!strcmp(text_string(&pieces.as), text_string(&whole.as)));
    if (!strstr(whole.error, "too many values")) {
        CHECK(skipped.ok == whole.ok);
        CHECK(!whole.ok || skipped.end == whole.end);
    }
    text_done(&skipped.as);
    text_done(&whole.as);
    text_done(&pieces.as);
    return 0;
}
