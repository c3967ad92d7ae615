/* A pull parser for JSON (RFC 8259), over an input's window.
 *
 * The caller says what it expects and the reader checks it; nothing is built
 * unless json_read_value() is asked for.  Values that nobody needs are passed
 * over with json_skip(), at scanning speed, with their brackets, strings and
 * UTF-8 checked all the same.
 *
 * Errors are sticky and live in the input ('in->error'): after the first one
 * every function returns false, so a caller may check once, at the end.  They
 * name the byte at which they were found.
 *
 * Limits: JSON_MAX_DEPTH nested brackets; strings as long as
 * INPUT_MAX_TOKEN_BYTES.  Invalid UTF-8 and the escape \u0000 are errors, as
 * in Open vSwitch (lib/json.c). */
#ifndef OVSDB_JSON_H
#define OVSDB_JSON_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "base/arena.h"
#include "base/input.h"
#include "base/text.h"

#define JSON_MAX_DEPTH 1000 /* As JSON_MAX_HEIGHT in OVS's lib/json.h. */

struct json_slice {
    const char *s; /* Not NUL-terminated. */
    size_t length;
};

struct json_reader {
    struct input *in;
    struct text scratch; /* A string with escapes, decoded. */
    unsigned depth;
    bool is_first; /* A bracket was opened and nothing read since. */
    bool has_high; /* The last string has bytes beyond ASCII. */
    char brackets[JSON_MAX_DEPTH + 1]; /* '{' or '[', by depth. */
};

void json_reader_init(struct json_reader *, struct input *);
void json_reader_done(struct json_reader *);

/* The first byte of the next value, after white space; -1 at the end. */
int json_peek(struct json_reader *);

/* Objects and arrays:
 *
 *     if (json_begin(r, '{')) {
 *         while (json_next_member(r, &name)) { ...read exactly one value... }
 *     }
 *
 * json_next_element() is the same for '['.  'name' is valid until the next
 * call on the reader. */
bool json_begin(struct json_reader *, char bracket);
bool json_next_member(struct json_reader *, struct json_slice *name);
bool json_next_element(struct json_reader *);

/* One scalar.  '*ret' is untouched on failure; a slice is valid until the
 * next call on the reader. */
bool json_string(struct json_reader *, struct json_slice *ret);
bool json_bool(struct json_reader *, bool *ret);
bool json_integer(struct json_reader *, int64_t *ret);
bool json_real(struct json_reader *, double *ret);
bool json_null(struct json_reader *);

/* Takes ["uuid", "..."] (RFC 7047, section 5.1) and gives the 36 characters,
 * if it stands here as servers write it and whole in the window; they need not
 * be a UUID.  Else takes nothing and sets no error: read it as any array. */
bool json_reference(struct json_reader *, struct json_slice *ret);

/* Likewise with ["...", "..."], a pair of a map of strings. */
bool json_pair(struct json_reader *, struct json_slice *key,
               struct json_slice *value);

/* Passes over one whole value. */
bool json_skip(struct json_reader *);

/* Sets the sticky error, with the place. */
void json_fail(struct json_reader *, const char *format, ...)
    PROVNET_PRINTF(2, 3);
bool json_failed(const struct json_reader *);

static inline bool
json_slice_equals(const struct json_slice *slice, const char *s)
{
    return slice->length == strlen(s) && !memcmp(slice->s, s, slice->length);
}

/* A value as a tree, for small documents (schemas, ip-link.json). */
enum json_kind {
    JSON_NULL,
    JSON_BOOL,
    JSON_INTEGER,
    JSON_REAL,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

struct json_value {
    enum json_kind kind;
    const char *name; /* In an object, its member's name; else NULL. */
    union {
        bool boolean;
        int64_t integer;
        double real;
        const char *string;
        struct json_value *first; /* Of an array or object. */
    };
    struct json_value *next; /* In the same array or object. */
};

/* One number: 'kind' becomes JSON_INTEGER or, of a fraction and of what is too
 * large for int64_t, JSON_REAL. */
bool json_number(struct json_reader *, struct json_value *ret);

/* json_tree.c: reads one value into 'arena'; NULL on failure.  A tree of more
 * than 'max_nodes' values is an error. */
struct json_value *json_read_value(struct json_reader *, struct arena *,
                                   size_t max_nodes);

/* The same without the members that 'keep' says no to: 'depth' is 1 for those
 * of the outermost object, 2 for those of objects in it, arrays not counted.
 * What is left out is no value of 'max_nodes'. */
typedef bool json_keep_fn(void *aux, unsigned depth,
                          const struct json_slice *name);
struct json_value *json_read_kept(struct json_reader *, struct arena *,
                                  size_t max_nodes, json_keep_fn *keep,
                                  void *aux);

/* The member 'name' of 'object', or NULL; NULL too if 'object' is NULL or no
 * object. */
const struct json_value *json_member(const struct json_value *object,
                                     const char *name);

/* The string at member 'name', or NULL. */
const char *json_member_string(const struct json_value *object,
                               const char *name);

/* Appends 's' as a JSON string with its quotes. */
void json_put_string(struct text *, const char *s);

#endif /* ovsdb/json.h */
