/* Hexadecimal digits, of either case. */
#ifndef BASE_HEX_H
#define BASE_HEX_H 1

#include <stdint.h>

/* Each digit's value + 1; 0 for all other bytes. */
extern const uint8_t hex_values[256];

/* The value of a digit, or -1 if 'c' (a byte, or -1) is none. */
static inline int
hex_digit(int c)
{
    return c < 0 ? -1 : hex_values[c & 0xff] - 1;
}

#endif /* base/hex.h */
