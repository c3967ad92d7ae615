#include "ovsdb/uuid.h"

#include <stdio.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#else
#include "base/hex.h"
#endif

#ifdef __SSE2__
/* The values of the 16 hexadecimal digits in 'text', as 8 bytes; false if one
 * is none. */
static inline bool
take_16_digits(__m128i text, uint64_t *ret)
{
    __m128i digit = _mm_sub_epi8(text, _mm_set1_epi8('0'));
    __m128i letter = _mm_sub_epi8(_mm_or_si128(text, _mm_set1_epi8(0x20)),
                                  _mm_set1_epi8('a'));
    __m128i is_digit =
        _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit);
    __m128i is_letter =
        _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(5)), letter);
    __m128i value = _mm_or_si128(
        _mm_and_si128(is_digit, digit),
        _mm_and_si128(is_letter, _mm_add_epi8(letter, _mm_set1_epi8(10))));
    /* Of each pair the first digit stands in the lower byte. */
    value = _mm_and_si128(
        _mm_or_si128(_mm_slli_epi16(value, 4), _mm_srli_epi16(value, 8)),
        _mm_set1_epi16(0xff));
    *ret = __builtin_bswap64(
        (uint64_t) _mm_cvtsi128_si64(_mm_packus_epi16(value, value)));
    return _mm_movemask_epi8(_mm_or_si128(is_digit, is_letter)) == 0xffff;
}

static bool
take_digits(const char digits[32], struct uuid *ret)
{
    bool good =
        take_16_digits(_mm_loadu_si128((const __m128i *) digits), &ret->high);
    return take_16_digits(_mm_loadu_si128((const __m128i *) (digits + 16)),
                          &ret->low)
           && good;
}
#else
static bool
take_digits(const char digits[32], struct uuid *ret)
{
    uint64_t words[2] = { 0, 0 };
    bool good = true;
    for (int i = 0; i < 32; i++) {
        int digit = hex_digit((unsigned char) digits[i]);
        good &= digit >= 0;
        words[i / 16] = words[i / 16] << 4 | (digit & 15);
    }
    *ret = (struct uuid){ words[0], words[1] };
    return good;
}
#endif

bool
uuid_parse(const char *s, size_t length, struct uuid *ret)
{
    struct uuid uuid;
    char digits[32];
    if (length != UUID_LENGTH || s[8] != '-' || s[13] != '-' || s[18] != '-'
        || s[23] != '-') {
        return false;
    }
    memcpy(digits, s, 8);
    memcpy(digits + 8, s + 9, 4);
    memcpy(digits + 12, s + 14, 4);
    memcpy(digits + 16, s + 19, 4);
    memcpy(digits + 20, s + 24, 12);
    if (!take_digits(digits, &uuid)) {
        return false;
    }
    *ret = uuid;
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
