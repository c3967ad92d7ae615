/* The byte scanners under the JSON reader: they decide its speed.
 *
 * They never read outside [p, end).  On x86 they look at 16 bytes at a time
 * (SSE2, which every x86-64 has); elsewhere, byte by byte. */
#ifndef OVSDB_SCAN_H
#define OVSDB_SCAN_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif
#include "base/compiler.h"

/* The first byte at or after 'p' that cannot simply be part of a JSON string:
 * '"', '\\' or a control character; 'end' if there is none.  Sets '*high' if
 * bytes beyond ASCII come before it (or, on x86, shortly after it). */
static inline const unsigned char *
scan_string(const unsigned char *p, const unsigned char *end, bool *high)
{
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');
    const __m128i last_control = _mm_set1_epi8(0x1f);
    while (end - p >= 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *) p);
        __m128i stop = _mm_cmpeq_epi8(bytes, quote);
        stop = _mm_or_si128(stop, _mm_cmpeq_epi8(bytes, backslash));
        stop = _mm_or_si128(
            stop, _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes));
        int mask = _mm_movemask_epi8(stop);
        if (PROVNET_UNLIKELY(_mm_movemask_epi8(bytes))) {
            *high = true;
        }
        if (mask) {
            return p + __builtin_ctz((unsigned) mask);
        }
        p += 16;
    }
#endif
    while (p < end && *p != '"' && *p != '\\' && *p >= 0x20) {
        *high |= *p++ >= 0x80;
    }
    return p;
}

/* The first byte at or after 'p' that a JSON string for people to read has to
 * escape, or that may begin such a character: '"', '\\', a control character
 * (also DEL) or 0xc2, behind which C1's come; 'end' if there is none. */
const char *scan_printable(const char *p, const char *end);

/* Whether the 'length' bytes at 's' are valid UTF-8 (RFC 3629). */
bool scan_utf8(const unsigned char *s, size_t length);

/* The same for text that comes in pieces: '*state' is 0 before the first
 * piece, and 0 again wherever a character is complete. */
bool scan_utf8_part(const unsigned char *p, const unsigned char *end,
                    uint32_t *state);

#endif /* ovsdb/scan.h */
