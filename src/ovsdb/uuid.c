#include "ovsdb/uuid.h"

#include <stdio.h>

#include "base/hex.h"

/* Appends the 'n' digits at 's' to '*word'; false if one is none. */
static inline bool
take_digits(const char *s, int n, uint64_t *word)
{
    uint64_t value = *word;
    bool good = true;
    for (int i = 0; i < n; i++) {
        unsigned digit = hex_values[(unsigned char) s[i]];
        good &= digit != 0;
        value = value << 4 | ((digit - 1) & 15);
    }
    *word = value;
    return good;
}

bool
uuid_parse(const char *s, size_t length, struct uuid *ret)
{
    struct uuid uuid = { 0, 0 };
    if (length != UUID_LENGTH || s[8] != '-' || s[13] != '-' || s[18] != '-'
        || s[23] != '-') {
        return false;
    }
    bool good = take_digits(s, 8, &uuid.high);
    good &= take_digits(s + 9, 4, &uuid.high);
    good &= take_digits(s + 14, 4, &uuid.high);
    good &= take_digits(s + 19, 4, &uuid.low);
    good &= take_digits(s + 24, 12, &uuid.low);
    if (good) {
        *ret = uuid;
    }
    return good;
}

void
uuid_format(const struct uuid *uuid, char text[UUID_LENGTH + 1])
{
    snprintf(text, UUID_LENGTH + 1, "%08x-%04x-%04x-%04x-%012llx",
             (unsigned) (uuid->high >> 32),
             (unsigned) (uuid->high >> 16 & 0xffff),
             (unsigned) (uuid->high & 0xffff), (unsigned) (uuid->low >> 48),
             (unsigned long long) (uuid->low & 0xffffffffffff));
}
