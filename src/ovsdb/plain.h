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

/* Where a reader stands in the value that it passes over. */
enum plain_stand { PLAIN_BEFORE_VALUE, PLAIN_AFTER_VALUE };

/* Moves on, inside the brackets above depth 'base', as long as what comes is
 * plain, at most to the value's end: that is after a value, at 'base'. */
enum plain_stand plain_run(struct json_reader *, unsigned base,
                           enum plain_stand);

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

#endif /* ovsdb/plain.h */
