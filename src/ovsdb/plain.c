#include "ovsdb/plain.h"

#include "base/compiler.h"

/* The end of the string whose first quote is at 'p'. */
static inline const unsigned char *
pass_string(const unsigned char *p, const unsigned char *end)
{
    bool high = false;
    for (p++;;) {
        p = scan_string(p, end, &high);
        if (PROVNET_UNLIKELY(end - p < 2 || high)) {
            return NULL;
        }
        if (PROVNET_LIKELY(*p == '"')) {
            return p + 1;
        }
        if (*p != '\\' || !memchr("\"\\/bfnrt", p[1], 8)) {
            return NULL;
        }
        p += 2;
    }
}

/* The end of the member's name at 'p', and its colon. */
static inline const unsigned char *
pass_name(const unsigned char *p, const unsigned char *end)
{
    const unsigned char *colon =
        p < end && *p == '"' ? pass_string(p, end) : NULL;
    return colon && *colon == ':' ? colon + 1 : NULL;
}

static inline const unsigned char *
pass_word(const unsigned char *p, const unsigned char *end, const char *word)
{
    size_t n = strlen(word);
    return (size_t) (end - p) >= n && !memcmp(p, word, n) ? p + n : NULL;
}

static inline const unsigned char *
pass_scalar(const unsigned char *p, const unsigned char *end)
{
    int64_t dummy;
    switch (*p) {
    case '"':
        return pass_string(p, end);
    case 't':
        return pass_word(p, end, "true");
    case 'f':
        return pass_word(p, end, "false");
    case 'n':
        return pass_word(p, end, "null");
    default:
        return plain_integer(p, end, &dummy);
    }
}

/* An array that is a reference, or a bracket with nothing in it. */
static inline const unsigned char *
pass_short(const unsigned char *p, const unsigned char *end)
{
    return p[1] == *p + 2 ? p + 2 /* "{}" and "[]", in ASCII. */
           : *p == '['    ? plain_reference(p, end)
                          : NULL;
}

/* An opening bracket, to the value that comes first in it. */
static inline const unsigned char *
pass_opening(const unsigned char *p, const unsigned char *end)
{
    return *p == '{' ? pass_name(p + 1, end) : p[1] > ' ' ? p + 1 : NULL;
}

bool
plain_run(struct json_reader *r, unsigned base)
{
    bool is_after = false;
    const unsigned char *p = r->in->p, *end = r->in->end, *next = p;
    unsigned depth = r->depth;
    while (next && end - next >= 2) {
        p = next;
        if (is_after) {
            if (depth == base) {
                break;
            }
            bool object = r->brackets[depth] == '{';
            if (*p == (object ? '}' : ']')) {
                next = p + 1;
                depth--;
                continue;
            }
            next = *p != ',' ? NULL : object ? pass_name(p + 1, end) : p + 1;
            is_after = !next;
            continue;
        }
        bool bracket = *p == '{' || *p == '[';
        if (bracket && depth == JSON_MAX_DEPTH) {
            break;
        }
        next = bracket ? pass_short(p, end) : pass_scalar(p, end);
        if (next) {
            is_after = true;
        } else if (bracket) {
            next = pass_opening(p, end);
            r->brackets[depth + 1] = (char) *p;
            depth += next != NULL;
        }
    }
    if (next) {
        p = next;
    }
    r->in->p = p;
    r->depth = depth;
    r->is_first = false;
    return is_after;
}
