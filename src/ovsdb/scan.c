#include "ovsdb/scan.h"

#include "base/compiler.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static bool
is_printable(unsigned char c)
{
    return c >= 0x20 && c != '"' && c != '\\' && c != 0x7f && c != 0xc2;
}

#ifdef __SSE2__
/* A bit for each of 16 bytes that is_printable() refuses. */
static int
refused(const char *p)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *) p);
    __m128i stop = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    stop = _mm_or_si128(stop, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
    stop = _mm_or_si128(stop, _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f)));
    stop =
        _mm_or_si128(stop, _mm_cmpeq_epi8(bytes, _mm_set1_epi8((char) 0xc2)));
    __m128i low = _mm_min_epu8(bytes, _mm_set1_epi8(0x1f));
    return _mm_movemask_epi8(_mm_or_si128(stop, _mm_cmpeq_epi8(low, bytes)));
}
#endif

const char *
scan_printable(const char *p, const char *end)
{
#ifdef __SSE2__
    while (end - p >= 16) {
        int mask = refused(p);
        if (mask) {
            return p + __builtin_ctz((unsigned) mask);
        }
        p += 16;
    }
#endif
    while (p < end && is_printable((unsigned char) *p)) {
        p++;
    }
    return p;
}

/* The first byte at or after 'p' that is not ASCII. */
static const unsigned char *
scan_ascii(const unsigned char *p, const unsigned char *end)
{
#ifdef __SSE2__
    while (end - p >= 16) {
        int mask = _mm_movemask_epi8(_mm_loadu_si128((const __m128i *) p));
        if (mask) {
            return p + __builtin_ctz((unsigned) mask);
        }
        p += 16;
    }
#endif
    while (p < end && *p < 0x80) {
        p++;
    }
    return p;
}

/* The state between two bytes of a character: how many are to come, and the
 * range of the next one (RFC 3629, section 4: it is narrower after E0, ED, F0
 * and F4). */
static uint32_t
expecting(uint32_t n, uint32_t low, uint32_t high)
{
    return n | low << 8 | high << 16;
}

static bool
utf8_first(unsigned char c, uint32_t *state)
{
    if (c >= 0xc2 && c <= 0xdf) {
        *state = expecting(1, 0x80, 0xbf);
    } else if (c >= 0xe0 && c <= 0xef) {
        *state =
            expecting(2, c == 0xe0 ? 0xa0 : 0x80, c == 0xed ? 0x9f : 0xbf);
    } else if (c >= 0xf0 && c <= 0xf4) {
        *state =
            expecting(3, c == 0xf0 ? 0x90 : 0x80, c == 0xf4 ? 0x8f : 0xbf);
    } else {
        return false;
    }
    return true;
}

bool
scan_utf8_part(const unsigned char *p, const unsigned char *end,
               uint32_t *state)
{
    for (;;) {
        if (!*state) {
            p = scan_ascii(p, end);
            if (p == end) {
                return true;
            }
            if (!utf8_first(*p++, state)) {
                return false;
            }
        }
        if (p == end) {
            return true;
        }
        uint32_t n = *state & 0xff;
        if (*p < (*state >> 8 & 0xff) || *p > *state >> 16) {
            return false;
        }
        p++;
        *state = n > 1 ? expecting(n - 1, 0x80, 0xbf) : 0;
    }
}

bool
scan_utf8(const unsigned char *s, size_t length)
{
    uint32_t state = 0;
    return scan_utf8_part(s, s + length, &state) && !state;
}
