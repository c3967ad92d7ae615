/* JSON as servers write it: without white space, ASCII, strings with few
 * escapes.  The JSON reader (json.c) passes over runs of it here, without
 * asking at each byte whether the window ends; what is not plain, or wrong, it
 * reads itself.  Private to it.
 *
 * All of it stays in [p, end) and takes nothing that json.c would refuse. */
#ifndef OVSDB_PLAIN_H
#define OVSDB_PLAIN_H 1

#include <string.h>
#include "ovsdb/json.h"
#include "ovsdb/scan.h"
#include "ovsdb/uuid.h"

/* From before a value, moves on inside the brackets above depth 'base' as long
 * as what comes is plain, at most to the end of the value at 'base'.  Returns
 * whether the reader stands after a value then, and not before one. */
bool plain_run(struct json_reader *, unsigned base);

/* The end of ["uuid", "..."], which begins at 'p', with 36 characters that
 * need not be a UUID; NULL if something else stands there. */
#define PLAIN_REFERENCE_HEAD "[\"uuid\",\""
#define PLAIN_REFERENCE_TAIL "\"]"
static inline const unsigned char *
plain_reference(const unsigned char *p, const unsigned char *end)
{
    const size_t head = strlen(PLAIN_REFERENCE_HEAD);
    const size_t tail = strlen(PLAIN_REFERENCE_TAIL);
    bool high = false;
    if ((size_t) (end - p) < head + UUID_LENGTH + tail
        || memcmp(p, PLAIN_REFERENCE_HEAD, head) != 0) {
        return NULL;
    }
    const unsigned char *stop = p + head + UUID_LENGTH;
    return !memcmp(stop, PLAIN_REFERENCE_TAIL, tail)
                   && scan_string(p + head, end, &high) == stop && !high
               ? stop + tail
               : NULL;
}

/* The closing quote of a string without escapes that begins at 'p', behind its
 * first quote; NULL if it is none. */
static inline const unsigned char *
plain_string(const unsigned char *p, const unsigned char *end)
{
    bool high = false;
    const unsigned char *stop = scan_string(p, end, &high);
    return stop < end && *stop == '"' && !high ? stop : NULL;
}

/* The end of ["KEY", "VALUE"], a pair of a map that begins at 'p'; NULL if
 * something else stands there. */
static inline const unsigned char *
plain_pair(const unsigned char *p, const unsigned char *end,
           struct json_slice *key, struct json_slice *value)
{
    if (end - p < 2 || p[0] != '[' || p[1] != '"') {
        return NULL;
    }
    const unsigned char *first = p + 2;
    const unsigned char *stop = plain_string(first, end);
    if (!stop || end - stop < 3 || stop[1] != ',' || stop[2] != '"') {
        return NULL;
    }
    const unsigned char *second = stop + 3;
    const unsigned char *last = plain_string(second, end);
    if (!last || end - last < 2 || last[1] != ']') {
        return NULL;
    }
    *key =
        (struct json_slice){ (const char *) first, (size_t) (stop - first) };
    *value =
        (struct json_slice){ (const char *) second, (size_t) (last - second) };
    return last + 2;
}

/* The end of the name of the next member, and its colon, of an object at 'p';
 * NULL if something else stands there. */
static inline const unsigned char *
plain_member(const unsigned char *p, const unsigned char *end, bool is_first,
             struct json_slice *name)
{
    const unsigned char *quote = p + !is_first;
    if (end - p < 2 || (!is_first && *p != ',') || *quote != '"') {
        return NULL;
    }
    const unsigned char *stop = plain_string(quote + 1, end);
    if (!stop || end - stop < 2 || stop[1] != ':') {
        return NULL;
    }
    *name = (struct json_slice){ (const char *) quote + 1,
                                 (size_t) (stop - quote - 1) };
    return stop + 2;
}

/* The end of the integer at 'p', which something must follow; NULL if
 * something else stands there, or more digits than surely fit. */
#define PLAIN_MAX_DIGITS 18
static inline const unsigned char *
plain_integer(const unsigned char *p, const unsigned char *end, int64_t *ret)
{
    bool negative = p < end && *p == '-';
    const unsigned char *first = p += negative;
    int64_t value = 0;
    while (p < end && *p >= '0' && *p <= '9' && p - first < PLAIN_MAX_DIGITS) {
        value = value * 10 + (*p++ - '0');
    }
    if (p == first || p == end || (*p != ',' && *p != ']' && *p != '}')
        || (*first == '0' && p - first > 1)) {
        return NULL;
    }
    *ret = negative ? -value : value;
    return p;
}

#endif /* ovsdb/plain.h */
