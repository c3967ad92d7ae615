#include "match/constant.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/hex.h"

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The end of what may be one number at 'p'.  "0..7" is two numbers and "..",
 * and no colon follows a dot: "10.0.0.1:80" is an address and a port. */
static const char *
extent(const char *p)
{
    bool dot = false;
    for (;; p++) {
        bool word = is_digit(*p) || (*p >= 'a' && *p <= 'z')
                    || (*p >= 'A' && *p <= 'Z');
        if (*p == '.' && p[1] != '.') {
            dot = true;
        } else if (!word && (*p != ':' || dot)) {
            return p;
        }
    }
}

static bool
read_ethernet(struct match_constant *c, const char *p, size_t length)
{
    match_bits value = 0;
    if (length != 17) {
        return false;
    }
    for (int i = 0; i < 17; i++) {
        if (i % 3 == 2) {
            if (p[i] != ':') {
                return false;
            }
        } else if (hex_digit(p[i]) < 0) {
            return false;
        } else {
            value = value << 4 | (unsigned) hex_digit(p[i]);
        }
    }
    c->value = value;
    c->format = MATCH_ETHERNET;
    return true;
}

static const char *
read_decimal(struct match_constant *c, const char *p, size_t length)
{
    if (*p == '0' && length > 1) {
        return "a decimal number has no leading zeros";
    }
    c->value = 0;
    for (size_t i = 0; i < length; i++) {
        c->value = c->value * 10 + (unsigned) (p[i] - '0');
        if (c->value >> 64) {
            return "a decimal number is less than 2**64";
        }
    }
    c->format = MATCH_DECIMAL;
    return NULL;
}

static const char *
read_hexadecimal(struct match_constant *c, const char *p, size_t length)
{
    if (!length) {
        return "hexadecimal digits must follow 0x";
    }
    c->value = 0;
    for (size_t i = 0; i < length; i++) {
        if (hex_digit(p[i]) < 0) {
            return "not a hexadecimal number";
        }
        if (c->value >> 124) {
            return "a hexadecimal number has 128 bits at most";
        }
        c->value = c->value << 4 | (unsigned) hex_digit(p[i]);
    }
    c->format = MATCH_HEXADECIMAL;
    return NULL;
}

static const char *
read_ip(struct match_constant *c, const char *p, size_t length)
{
    char copy[INET6_ADDRSTRLEN];
    unsigned char bytes[16];
    if (length >= sizeof copy) {
        return "not a number or an address";
    }
    memcpy(copy, p, length);
    copy[length] = '\0';
    size_t size = 4;
    c->format = MATCH_IPV4;
    if (inet_pton(AF_INET, copy, bytes) != 1) {
        size = 16;
        c->format = MATCH_IPV6;
        if (inet_pton(AF_INET6, copy, bytes) != 1) {
            return "not a number or an address";
        }
    }
    c->value = 0;
    for (size_t i = 0; i < size; i++) {
        c->value = c->value << 8 | bytes[i];
    }
    return NULL;
}

/* Reads a number without a mask.  Returns what is wrong, or NULL. */
static const char *
read_number(struct match_constant *c, const char *p, size_t length)
{
    if (!length) {
        return "expected a number";
    }
    if (read_ethernet(c, p, length)) {
        return NULL;
    }
    if (strspn(p, "0123456789") >= length) {
        return read_decimal(c, p, length);
    }
    if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
        return read_hexadecimal(c, p + 2, length - 2);
    }
    return read_ip(c, p, length);
}

/* 'n' one-bits at the top of 'width' bits. */
static match_bits
prefix_mask(unsigned n, unsigned width)
{
    return match_ones(width) & ~match_ones(width - n);
}

static const char *
apply_mask(struct match_constant *c, const struct match_constant *mask)
{
    if (c->format == mask->format) {
        c->mask = mask->value;
    } else if (c->format == MATCH_IPV4 && mask->format == MATCH_DECIMAL
               && mask->value <= 32) {
        c->mask = prefix_mask((unsigned) mask->value, 32);
    } else if (c->format == MATCH_IPV6 && mask->format == MATCH_DECIMAL
               && mask->value <= 128) {
        c->mask = prefix_mask((unsigned) mask->value, 128);
    } else if (c->format == MATCH_DECIMAL && !c->value
               && mask->format == MATCH_HEXADECIMAL) {
        c->format = MATCH_HEXADECIMAL;
        c->mask = mask->value;
    } else {
        return "a mask is written as its value is, or is a prefix length";
    }
    c->masked = true;
    c->value &= c->mask;
    return NULL;
}

const char *
match_constant_read(struct match_constant *c, const char *text,
                    const char **ret_why)
{
    const char *end = extent(text);
    const char *why = read_number(c, text, (size_t) (end - text));
    c->masked = false;
    c->mask = ~(match_bits) 0;
    if (!why && *end == '/' && end[1] != '/' && end[1] != '*') {
        struct match_constant mask;
        const char *start = end + 1;
        end = extent(start);
        why = read_number(&mask, start, (size_t) (end - start));
        why = why ? why : apply_mask(c, &mask);
    }
    if (why) {
        *ret_why = why;
        return NULL;
    }
    return end;
}

bool
match_constant_parse(struct match_constant *c, const char *text)
{
    const char *why;
    const char *end = match_constant_read(c, text, &why);
    return end && !*end;
}

unsigned
match_constant_width(const struct match_constant *c)
{
    static const unsigned widths[] = {
        [MATCH_IPV4] = 32, [MATCH_IPV6] = 128, [MATCH_ETHERNET] = 48
    };
    unsigned width = 0;
    if (c->masked || c->format == MATCH_DECIMAL
        || c->format == MATCH_HEXADECIMAL) {
        match_bits bits = c->masked ? c->mask : c->value;
        for (; bits; bits >>= 1) {
            width++;
        }
        return width;
    }
    return widths[c->format];
}
