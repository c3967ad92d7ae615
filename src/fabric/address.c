#include "fabric/address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

bool
address_is_mac(const char *s)
{
    for (int i = 0; i < 17; i++) {
        bool ok = i % 3 == 2 ? s[i] == ':' : isxdigit((unsigned char) s[i]);
        if (!ok) {
            return false;
        }
    }
    return !s[17];
}

bool
address_is_ipv6(const char *s)
{
    struct in6_addr ip;
    return strchr(s, ':') && inet_pton(AF_INET6, s, &ip) == 1;
}

bool
address_is_ip(const char *s)
{
    struct in_addr ip;
    return inet_pton(AF_INET, s, &ip) == 1 || address_is_ipv6(s);
}

/* Whether the first 'n_bits' of 'a' and 'b' are the same. */
static bool
same_bits(const unsigned char *a, const unsigned char *b, unsigned n_bits)
{
    if (memcmp(a, b, n_bits / 8)) {
        return false;
    }
    unsigned rest = n_bits % 8;
    return !rest || !((a[n_bits / 8] ^ b[n_bits / 8]) >> (8 - rest));
}

/* Parses a prefix length of at most 'max' bits; none means all. */
static bool
parse_length(const char *text, unsigned max, unsigned *ret)
{
    char *end;
    unsigned long n = *text ? strtoul(text + 1, &end, 10) : max;
    if (*text && (!isdigit((unsigned char) text[1]) || *end || n > max)) {
        return false;
    }
    *ret = (unsigned) n;
    return true;
}

bool
address_prefix_parse(const char *text, struct address_prefix *ret)
{
    struct address_prefix p = { .is_ipv6 = strchr(text, ':') != NULL };
    char base[INET6_ADDRSTRLEN + 1];
    size_t length = strcspn(text, "/");
    if (length >= sizeof base) {
        return false;
    }
    memcpy(base, text, length);
    base[length] = '\0';
    if (inet_pton(p.is_ipv6 ? AF_INET6 : AF_INET, base, p.bytes) != 1
        || !parse_length(text + length, p.is_ipv6 ? 128 : 32, &p.length)) {
        return false;
    }
    *ret = p;
    return true;
}

bool
address_prefix_contains(const struct address_prefix *outer,
                        const struct address_prefix *inner)
{
    return outer->is_ipv6 == inner->is_ipv6 && outer->length <= inner->length
           && same_bits(outer->bytes, inner->bytes, outer->length);
}

void
address_prefix_cut(struct address_prefix *p, unsigned length)
{
    unsigned n = length / 8;
    if (n < sizeof p->bytes) {
        p->bytes[n] &= (unsigned char) ~(0xff >> length % 8);
        memset(&p->bytes[n + 1], 0, sizeof p->bytes - n - 1);
    }
    p->length = length;
}

int
address_prefix_compare(const struct address_prefix *a,
                       const struct address_prefix *b)
{
    int order = (int) a->is_ipv6 - (int) b->is_ipv6;
    order = order ? order : (int) a->length - (int) b->length;
    return order ? order : memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

/* How many come before 'key'. */
static size_t
count_before(const struct address_prefix *networks, size_t n,
             const struct address_prefix *key)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (address_prefix_compare(&networks[middle], key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

bool
address_prefixes_contain(const struct address_prefix *networks, size_t n,
                         const struct address_prefix *inner)
{
    struct address_prefix next = { .is_ipv6 = inner->is_ipv6 };
    size_t i = count_before(networks, n, &next);
    while (i < n && networks[i].is_ipv6 == inner->is_ipv6
           && networks[i].length <= inner->length) {
        struct address_prefix key = *inner;
        address_prefix_cut(&key, networks[i].length);
        i = count_before(networks, n, &key);
        if (i < n && !address_prefix_compare(&networks[i], &key)) {
            return true;
        }
        next.length = key.length + 1;
        i = count_before(networks, n, &next);
    }
    return false;
}

bool
address_in_prefix(const char *ip, const char *prefix)
{
    struct address_prefix inner, outer;
    return !strchr(ip, '/') && address_prefix_parse(ip, &inner)
           && address_prefix_parse(prefix, &outer)
           && address_prefix_contains(&outer, &inner);
}

struct address_key
address_key(const char *text)
{
    struct address_key key = { .text = text };
    key.family = inet_pton(AF_INET, text, key.bytes) == 1    ? 4
                 : inet_pton(AF_INET6, text, key.bytes) == 1 ? 6
                                                             : 9;
    return key;
}

int
address_key_compare(const struct address_key *a, const struct address_key *b)
{
    int order = (int) a->family - (int) b->family;
    order = order ? order : memcmp(a->bytes, b->bytes, sizeof a->bytes);
    return order || a->family != 9 ? order : strcmp(a->text, b->text);
}

int
address_compare(const char *a, const char *b)
{
    struct address_key a_key = address_key(a), b_key = address_key(b);
    return address_key_compare(&a_key, &b_key);
}

/* Whether 'word' is an address that may carry a prefix length. */
static bool
is_ip_or_prefix(const char *word)
{
    char copy[INET6_ADDRSTRLEN + 1];
    size_t length = strcspn(word, "/");
    if (length >= sizeof copy) {
        return false;
    }
    memcpy(copy, word, length);
    copy[length] = '\0';
    return address_is_ip(copy);
}

void
address_parse(struct address *a, const char *text, struct arena *arena)
{
    size_t n_words = 0;
    for (const char *p = text; *p; p++) {
        n_words += *p != ' ' && (p == text || p[-1] == ' ');
    }
    memset(a, 0, sizeof *a);
    a->ips = arena_alloc(arena, (n_words + 1) * sizeof *a->ips);
    for (const char *p = text + strspn(text, " "); *p; p += strspn(p, " ")) {
        size_t length = strcspn(p, " ");
        char *word = arena_strndup(arena, p, length);
        if (!a->mac && address_is_mac(word)) {
            for (char *c = word; *c; c++) {
                *c = (char) tolower((unsigned char) *c);
            }
            a->mac = word;
        } else if (is_ip_or_prefix(word)) {
            a->ips[a->n_ips++] = word;
        }
        p += length;
    }
}
