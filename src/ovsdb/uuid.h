/* UUIDs as OVSDB writes them: 36 characters, lower or upper case. */
#ifndef OVSDB_UUID_H
#define OVSDB_UUID_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct uuid {
    uint64_t high;
    uint64_t low;
};

#define UUID_LENGTH 36

/* Reads the 'length' characters at 's'; false, with '*ret' untouched, if they
 * are no UUID. */
bool uuid_parse(const char *s, size_t length, struct uuid *ret);

void uuid_format(const struct uuid *, char text[UUID_LENGTH + 1]);

static inline bool
uuid_equals(const struct uuid *a, const struct uuid *b)
{
    return a->high == b->high && a->low == b->low;
}

static inline int
uuid_compare(const struct uuid *a, const struct uuid *b)
{
    if (a->high != b->high) {
        return a->high < b->high ? -1 : 1;
    }
    return a->low < b->low ? -1 : a->low > b->low;
}

#endif /* ovsdb/uuid.h */
