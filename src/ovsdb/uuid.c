#include "ovsdb/uuid.h"

#include <stdio.h>

/* 0..15 for a hexadecimal digit, 16 otherwise. */
static unsigned
hex_value(unsigned char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10u : 16;
}

bool
uuid_parse(const char *s, size_t length, struct uuid *ret)
{
    if (length != UUID_LENGTH) {
        return false;
    }
    uint64_t words[2] = { 0, 0 };
    unsigned n = 0, bad = 0;
    for (size_t i = 0; i < UUID_LENGTH; i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            bad |= s[i] == '-' ? 0 : 16;
            continue;
        }
        unsigned digit = hex_value((unsigned char) s[i]);
        bad |= digit;
        words[n / 16] = words[n / 16] << 4 | (digit & 15);
        n++;
    }
    if (bad & 16) {
        return false;
    }
    ret->high = words[0];
    ret->low = words[1];
    return true;
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
