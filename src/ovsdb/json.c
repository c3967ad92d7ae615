#include "ovsdb/json.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "ovsdb/plain.h"
#include "ovsdb/scan.h"

#define MAX_NUMBER_LENGTH 64

void
json_reader_init(struct json_reader *r, struct input *in)
{
    memset(r, 0, sizeof *r);
    r->in = in;
    text_init(&r->scratch, INPUT_MAX_TOKEN_BYTES);
}

void
json_reader_done(struct json_reader *r)
{
    text_done(&r->scratch);
}

bool
json_failed(const struct json_reader *r)
{
    return r->in->error != NULL;
}

void
json_fail(struct json_reader *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *what;
    if (vasprintf(&what, format, args) < 0) {
        abort();
    }
    va_end(args);
    if (!r->in->error) {
        input_fail(r->in,
                   error_new("byte %llu: %s",
                             (unsigned long long) input_offset(r->in), what));
    }
    free(what);
}

/* The next byte without taking it, or -1. */
static inline int
look(struct json_reader *r)
{
    struct input *in = r->in;
    if (in->p == in->end && !input_more(in, NULL)) {
        return -1;
    }
    return *in->p;
}

static inline bool
is_space(int c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static PROVNET_COLD int
skip_space(struct json_reader *r)
{
    int c = look(r);
    while (is_space(c)) {
        r->in->p++;
        c = look(r);
    }
    return c;
}

/* The next byte after white space; nearly always there is none. */
static inline int
peek(struct json_reader *r)
{
    const struct input *in = r->in;
    return PROVNET_LIKELY(in->p<in->end && * in->p> ' ') ? *in->p
                                                         : skip_space(r);
}

int
json_peek(struct json_reader *r)
{
    return peek(r);
}

/* Says that 'wanted' was expected where something else is. */
static PROVNET_COLD bool
unexpected(struct json_reader *r, const char *wanted)
{
    int c = peek(r);
    if (c < 0) {
        json_fail(r, "the text ends where %s should be", wanted);
    } else if (c >= ' ' && c < 0x7f) {
        json_fail(r, "'%c' where %s should be", c, wanted);
    } else {
        json_fail(r, "byte 0x%02x where %s should be", c, wanted);
    }
    return false;
}

/* Brackets. */

static bool
open_bracket(struct json_reader *r, bool object)
{
    if (r->depth >= JSON_MAX_DEPTH) {
        json_fail(r, "more than %d nested brackets", JSON_MAX_DEPTH);
        return false;
    }
    r->in->p++;
    r->depth++;
    r->brackets[r->depth] = object ? '{' : '[';
    r->is_first = true;
    return true;
}

bool
json_begin(struct json_reader *r, char bracket)
{
    if (peek(r) != bracket) {
        return unexpected(r, bracket == '{' ? "an object" : "an array");
    }
    return open_bracket(r, bracket == '{');
}

/* Moves to the next thing in the innermost bracket; false at its end. */
static bool
next_in_bracket(struct json_reader *r, char close)
{
    int c = peek(r);
    bool first = r->is_first;
    r->is_first = false; /* Whatever is next, it is not the first. */
    if (c == close) {
        r->in->p++;
        r->depth--;
        return false;
    }
    if (first) {
        return c >= 0 || unexpected(r, "a value");
    }
    if (c != ',') {
        return unexpected(r, "',' or a closing bracket");
    }
    r->in->p++;
    return true;
}

bool
json_next_element(struct json_reader *r)
{
    assert(r->depth && r->brackets[r->depth] == '[');
    return next_in_bracket(r, ']');
}

static bool
expect_colon(struct json_reader *r)
{
    if (peek(r) != ':') {
        return unexpected(r, "':'");
    }
    r->in->p++;
    return true;
}

bool
json_next_member(struct json_reader *r, struct json_slice *name)
{
    assert(r->depth && r->brackets[r->depth] == '{');
    struct json_slice slice;
    const unsigned char *end =
        plain_member(r->in->p, r->in->end, r->is_first, name);
    if (PROVNET_LIKELY(end != NULL)) {
        r->in->p = end;
        r->is_first = false;
        return true;
    }
    if (!next_in_bracket(r, '}') || !json_string(r, &slice)) {
        return false;
    }
    /* The colon nearly always follows at once; where the window has to slide
     * to see it, the name moves along in the scratch text. */
    if (r->in->p == r->in->end || *r->in->p != ':') {
        if (slice.s != r->scratch.s) {
            text_clear(&r->scratch);
            text_put(&r->scratch, slice.s, slice.length);
            slice.s = text_string(&r->scratch);
        }
        if (!expect_colon(r)) {
            return false;
        }
    } else {
        r->in->p++;
    }
    *name = slice;
    return true;
}

/* Strings. */

static bool
take_hex4(struct json_reader *r, uint32_t *ret)
{
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(look(r));
        if (digit < 0) {
            return unexpected(r, "four hexadecimal digits after \\u");
        }
        value = value << 4 | (uint32_t) digit;
        r->in->p++;
    }
    *ret = value;
    return true;
}

static void
put_utf8(struct text *t, uint32_t code)
{
    char bytes[4];
    size_t n;
    if (code < 0x80) {
        bytes[0] = (char) code;
        n = 1;
    } else if (code < 0x800) {
        bytes[0] = (char) (0xc0 | code >> 6);
        n = 2;
    } else if (code < 0x10000) {
        bytes[0] = (char) (0xe0 | code >> 12);
        n = 3;
    } else {
        bytes[0] = (char) (0xf0 | code >> 18);
        n = 4;
    }
    for (size_t i = 1; i < n; i++) {
        bytes[i] = (char) (0x80 | (code >> 6 * (n - 1 - i) & 0x3f));
    }
    text_put(t, bytes, n);
}

static bool
take_unicode_escape(struct json_reader *r)
{
    uint32_t code, low;
    if (!take_hex4(r, &code)) {
        return false;
    }
    if (code >= 0xd800 && code < 0xdc00) {
        if (look(r) != '\\') {
            return unexpected(r, "the second half of a surrogate pair");
        }
        r->in->p++;
        if (look(r) != 'u') {
            return unexpected(r, "the second half of a surrogate pair");
        }
        r->in->p++;
        if (!take_hex4(r, &low)) {
            return false;
        }
        if (low < 0xdc00 || low > 0xdfff) {
            json_fail(r, "half a surrogate pair");
            return false;
        }
        code = 0x10000 + ((code & 0x3ff) << 10) + (low & 0x3ff);
    } else if (code >= 0xdc00 && code < 0xe000) {
        json_fail(r, "half a surrogate pair");
        return false;
    }
    if (!code) {
        json_fail(r, "a string holds the character \\u0000");
        return false;
    }
    put_utf8(&r->scratch, code);
    return true;
}

static bool
take_escape(struct json_reader *r)
{
    static const char escapes[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
    int c = look(r);
    if (c == 'u') {
        r->in->p++;
        return take_unicode_escape(r);
    }
    for (size_t i = 0; i + 1 < sizeof escapes; i += 2) {
        if (c == escapes[i]) {
            r->in->p++;
            text_putc(&r->scratch, escapes[i + 1]);
            return true;
        }
    }
    return unexpected(r, "an escape sequence");
}

/* The rest of a string once an escape was met at 'in->p'; what came before it
 * is 'from' to 'in->p'. */
static bool
finish_escaped(struct json_reader *r, const unsigned char *from,
               struct json_slice *ret)
{
    struct input *in = r->in;
    text_clear(&r->scratch);
    for (;;) {
        text_put(&r->scratch, (const char *) from, (size_t) (in->p - from));
        if (r->scratch.truncated) {
            json_fail(r, "a string is longer than %zu MiB",
                      INPUT_MAX_TOKEN_BYTES >> 20);
            return false;
        }
        int c = look(r);
        if (c == '"') {
            in->p++;
            break;
        } else if (c == '\\') {
            in->p++;
            if (!take_escape(r)) {
                return false;
            }
        } else if (c >= 0 && c < ' ') {
            return unexpected(r, "a string's next character");
        } else if (c < 0) {
            return unexpected(r, "the end of a string");
        }
        from = in->p;
        in->p = scan_string(in->p, in->end, &r->has_high);
    }
    ret->s = text_string(&r->scratch);
    ret->length = r->scratch.length;
    return true;
}

/* Finds the first byte from 'in->p' on that ends, escapes or breaks a string,
 * keeping '*start'.  Returns it, or -1. */
static int
find_string_stop(struct json_reader *r, const unsigned char **start)
{
    struct input *in = r->in;
    r->has_high = false;
    for (;;) {
        in->p = scan_string(in->p, in->end, &r->has_high);
        if (in->p < in->end) {
            return *in->p;
        }
        if (!input_more(in, start)) {
            return -1;
        }
    }
}

/* Takes a string, at its first quote, if it is like nearly all of them: ASCII
 * without escapes, and in the window to its end. */
static inline bool
take_plain(struct input *in, struct json_slice *ret)
{
    const unsigned char *start = in->p + 1;
    bool high = false;
    const unsigned char *stop = scan_string(start, in->end, &high);
    if (PROVNET_UNLIKELY(stop == in->end || *stop != '"' || high)) {
        return false;
    }
    in->p = stop + 1;
    ret->s = (const char *) start;
    ret->length = (size_t) (stop - start);
    return true;
}

/* Any string, at its first quote. */
static PROVNET_COLD bool
take_string(struct json_reader *r, struct json_slice *ret)
{
    struct input *in = r->in;
    const unsigned char *start = ++in->p;
    struct json_slice slice;
    int c = find_string_stop(r, &start);
    if (c == '"') {
        slice.s = (const char *) start;
        slice.length = (size_t) (in->p - start);
        in->p++;
    } else if (c == '\\') {
        if (!finish_escaped(r, start, &slice)) {
            return false;
        }
    } else if (c < 0) {
        return unexpected(r, "the end of a string");
    } else {
        return unexpected(r, "a string's next character");
    }
    if (r->has_high
        && !scan_utf8((const unsigned char *) slice.s, slice.length)) {
        json_fail(r, "a string is not valid UTF-8");
        return false;
    }
    *ret = slice;
    return true;
}

bool
json_string(struct json_reader *r, struct json_slice *ret)
{
    if (peek(r) != '"') {
        return unexpected(r, "a string");
    }
    return take_plain(r->in, ret) || take_string(r, ret);
}

bool
json_reference(struct json_reader *r, struct json_slice *ret)
{
    const unsigned char *end = plain_reference(r->in->p, r->in->end);
    if (!end || r->depth == JSON_MAX_DEPTH) {
        return false;
    }
    ret->s = (const char *) r->in->p + strlen(PLAIN_REFERENCE_HEAD);
    ret->length = UUID_LENGTH;
    r->in->p = end;
    return true;
}

bool
json_pair(struct json_reader *r, struct json_slice *key,
          struct json_slice *value)
{
    const unsigned char *end =
        r->depth < JSON_MAX_DEPTH
            ? plain_pair(r->in->p, r->in->end, key, value)
            : NULL;
    r->in->p = end ? end : r->in->p;
    return end != NULL;
}

/* Numbers and words. */

static bool
is_number_byte(int c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.'
           || c == 'e' || c == 'E';
}

/* Whether 's' follows RFC 8259's grammar of a number. */
static bool
is_number(const char *s, bool *ret_integer)
{
    s += *s == '-';
    if (*s < '0' || *s > '9' || (*s == '0' && s[1] >= '0' && s[1] <= '9')) {
        return false;
    }
    s += strspn(s, "0123456789");
    *ret_integer = !*s;
    if (*s == '.') {
        size_t n = strspn(++s, "0123456789");
        if (!n) {
            return false;
        }
        s += n;
    }
    if (*s == 'e' || *s == 'E') {
        s++;
        s += *s == '-' || *s == '+';
        size_t n = strspn(s, "0123456789");
        if (!n) {
            return false;
        }
        s += n;
    }
    return !*s;
}

static bool
take_number(struct json_reader *r, char number[MAX_NUMBER_LENGTH + 1],
            bool *ret_integer)
{
    size_t n = 0;
    for (int c = peek(r); is_number_byte(c); c = look(r)) {
        if (n == MAX_NUMBER_LENGTH) {
            json_fail(r, "a number has more than %d digits",
                      MAX_NUMBER_LENGTH);
            return false;
        }
        number[n++] = (char) c;
        r->in->p++;
    }
    number[n] = '\0';
    if (!n) {
        return unexpected(r, "a number");
    }
    if (!is_number(number, ret_integer)) {
        json_fail(r, "\"%s\" is no number", number);
        return false;
    }
    return true;
}

bool
json_integer(struct json_reader *r, int64_t *ret)
{
    char number[MAX_NUMBER_LENGTH + 1];
    bool integer = false;
    const unsigned char *end = plain_integer(r->in->p, r->in->end, ret);
    if (end) {
        r->in->p = end;
        return true;
    }
    if (!take_number(r, number, &integer)) {
        return false;
    }
    errno = 0;
    long long value = strtoll(number, NULL, 10);
    if (!integer || errno) {
        json_fail(r, "%s is no 64-bit integer", number);
        return false;
    }
    *ret = value;
    return true;
}

bool
json_real(struct json_reader *r, double *ret)
{
    char number[MAX_NUMBER_LENGTH + 1];
    bool integer = false;
    if (!take_number(r, number, &integer)) {
        return false;
    }
    double value = strtod(number, NULL);
    if (!isfinite(value)) {
        json_fail(r, "%s is too large", number);
        return false;
    }
    *ret = value;
    return true;
}

bool
json_number(struct json_reader *r, struct json_value *v)
{
    char number[MAX_NUMBER_LENGTH + 1];
    bool integer = false;
    if (!take_number(r, number, &integer)) {
        return false;
    }
    errno = 0;
    v->integer = integer ? strtoll(number, NULL, 10) : 0;
    v->kind = JSON_INTEGER;
    if (!integer || errno) {
        v->kind = JSON_REAL;
        v->real = strtod(number, NULL);
    }
    return true;
}

static bool
take_word(struct json_reader *r, const char *word)
{
    for (const char *w = word; *w; w++) {
        if (look(r) != *w) {
            return unexpected(r, word);
        }
        r->in->p++;
    }
    return true;
}

bool
json_bool(struct json_reader *r, bool *ret)
{
    int c = peek(r);
    if (c != 't' && c != 'f') {
        return unexpected(r, "true or false");
    }
    if (!take_word(r, c == 't' ? "true" : "false")) {
        return false;
    }
    *ret = c == 't';
    return true;
}

bool
json_null(struct json_reader *r)
{
    return peek(r) == 'n' ? take_word(r, "null") : unexpected(r, "null");
}

/* Skipping. */

static PROVNET_COLD bool
skip_any_string(struct json_reader *r)
{
    struct input *in = r->in;
    uint32_t utf8 = 0;
    in->p++;
    for (;;) {
        const unsigned char *from = in->p;
        bool high = false;
        in->p = scan_string(in->p, in->end, &high);
        if ((high || utf8) && !scan_utf8_part(from, in->p, &utf8)) {
            json_fail(r, "a string is not valid UTF-8");
            return false;
        }
        if (in->p == in->end) {
            if (!input_more(in, NULL)) {
                return unexpected(r, "the end of a string");
            }
            continue;
        }
        if (utf8) {
            json_fail(r, "a string is not valid UTF-8");
            return false;
        }
        switch (*in->p) {
        case '"':
            in->p++;
            return true;
        case '\\':
            in->p++;
            text_clear(&r->scratch);
            if (!take_escape(r)) {
                return false;
            }
            break;
        default:
            return unexpected(r, "a string's next character");
        }
    }
}

static inline bool
skip_string(struct json_reader *r)
{
    struct json_slice plain;
    return take_plain(r->in, &plain) || skip_any_string(r);
}

static bool
skip_scalar(struct json_reader *r, int c)
{
    char number[MAX_NUMBER_LENGTH + 1];
    bool dummy;
    switch (c) {
    case '"':
        return skip_string(r);
    case 't':
    case 'f':
        return json_bool(r, &dummy);
    case 'n':
        return json_null(r);
    default:
        return take_number(r, number, &dummy);
    }
}

/* After a value or an opening bracket in object context: takes the name and
 * the colon of the next member. */
static bool
skip_name(struct json_reader *r)
{
    return (peek(r) == '"' || unexpected(r, "a member's name"))
           && skip_string(r) && expect_colon(r);
}

/* Takes a scalar, or opens a bracket. */
static bool
skip_step(struct json_reader *r)
{
    int c = peek(r);
    return c == '{' || c == '[' ? open_bracket(r, c == '{')
                                : skip_scalar(r, c);
}

/* Closes what ends here, down to depth 'base', or stands before the next
 * value. */
static bool
skip_closing(struct json_reader *r, unsigned base)
{
    while (r->depth > base) {
        bool object = r->brackets[r->depth] == '{';
        if (next_in_bracket(r, object ? '}' : ']')) {
            return !object || skip_name(r);
        }
        if (json_failed(r)) {
            return false;
        }
    }
    return true;
}

bool
json_skip(struct json_reader *r)
{
    unsigned base = r->depth;
    do {
        bool is_after = plain_run(r, base);
        if ((!is_after && !skip_step(r)) || !skip_closing(r, base)) {
            return false;
        }
    } while (r->depth > base);
    return true;
}
