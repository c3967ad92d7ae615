#include "base/strmap.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/arena.h"

#define HASH_MULTIPLIER 0x9e3779b97f4a7c15ull

uint64_t
hash_seed(void)
{
    /* Written once, by whichever thread comes first; not state that any answer
     * depends on. */
    static _Atomic uint64_t seed;
    uint64_t now = atomic_load_explicit(&seed, memory_order_relaxed);
    if (!now) {
        uint64_t fresh;
        if (getrandom(&fresh, sizeof fresh, GRND_NONBLOCK) != sizeof fresh) {
            fresh = (uintptr_t) &seed;
        }
        fresh |= 1;
        now = atomic_compare_exchange_strong(&seed, &now, fresh) ? fresh : now;
    }
    return now;
}

static uint64_t
mix(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128) a * b;
    return (uint64_t) product ^ (uint64_t) (product >> 64);
}

/* The 'size' bytes at 'p', of which there are less than 8, as a number. */
static uint64_t
few_bytes(const unsigned char *p, size_t size)
{
    uint64_t ret = 0;
    for (size_t i = 0; i < size; i++) {
        ret = ret << 8 | p[i];
    }
    return ret;
}

static uint64_t
eight_bytes(const unsigned char *p)
{
    uint64_t ret;
    memcpy(&ret, p, sizeof ret);
    return ret;
}

uint64_t
hash_bytes(const void *bytes, size_t size)
{
    const unsigned char *p = bytes, *end = p + size;
    uint64_t hash = hash_seed() ^ size;
    if (size < 8) {
        return mix(hash ^ few_bytes(p, size), HASH_MULTIPLIER);
    }
    for (; end - p > 8; p += 8) {
        hash = mix(hash ^ eight_bytes(p), HASH_MULTIPLIER);
    }
    return mix(hash ^ eight_bytes(end - 8), HASH_MULTIPLIER);
}

uint64_t
hash_words(uint64_t a, uint64_t b)
{
    return mix(mix(hash_seed() ^ a, HASH_MULTIPLIER) ^ b, HASH_MULTIPLIER);
}

void
strmap_init(struct strmap *m)
{
    memset(m, 0, sizeof *m);
}

void
strmap_done(struct strmap *m)
{
    free(m->entries);
    slots_done(&m->slots);
    memset(m, 0, sizeof *m);
}

/* Where a key stands, or would. */
static struct slot *
find(const struct strmap *m, const char *key, size_t length, uint32_t hash)
{
    size_t i = hash;
    struct slot *slot;
    while ((slot = slots_next(&m->slots, hash, &i))->number) {
        const char *other = m->entries[slot->number - 1].key;
        if (!strncmp(other, key, length) && !other[length]) {
            break;
        }
    }
    return slot;
}

void
strmap_reserve(struct strmap *m, size_t n)
{
    if (n > m->capacity) {
        m->entries = xrealloc(m->entries, n * sizeof *m->entries);
        m->capacity = n;
    }
    slots_reserve(&m->slots, n);
}

static uint32_t
hash_of(const char *key, size_t length)
{
    return (uint32_t) hash_bytes(key, length);
}

void *
strmap_get_n(const struct strmap *m, const char *key, size_t length)
{
    if (!m->n) {
        return NULL;
    }
    uint32_t number = find(m, key, length, hash_of(key, length))->number;
    return number ? m->entries[number - 1].value : NULL;
}

void *
strmap_get(const struct strmap *m, const char *key)
{
    return strmap_get_n(m, key, strlen(key));
}

uint32_t
strmap_hash(const char *key)
{
    return hash_of(key, strlen(key));
}

void
strmap_prefetch(const struct strmap *m, const char *key)
{
    strmap_prefetch_hashed(m, strmap_hash(key));
}

void
strmap_prefetch_hashed(const struct strmap *m, uint32_t hash)
{
    slots_prefetch(&m->slots, hash);
}

void
strmap_guess_many(struct strmap_query *queries, size_t n)
{
    const struct strmap_query *end = queries + n;
    for (struct strmap_query *q = queries; q < end; q++) {
        q->hash = strmap_hash(q->key);
        slots_prefetch(&q->map->slots, q->hash);
    }
    for (struct strmap_query *q = queries; q < end; q++) {
        q->number = slots_guess(&q->map->slots, q->hash);
        if (q->number) {
            __builtin_prefetch(&q->map->entries[q->number - 1]);
        }
    }
    for (struct strmap_query *q = queries; q < end; q++) {
        const struct strmap_entry *entry =
            q->number ? &q->map->entries[q->number - 1] : NULL;
        q->value = entry ? entry->value : NULL;
        if (entry) {
            __builtin_prefetch(entry->key); /* It will be compared. */
        }
    }
}

void **
strmap_place(struct strmap *m, const char *key)
{
    return strmap_place_hashed(m, key, strmap_hash(key));
}

void **
strmap_place_hashed(struct strmap *m, const char *key, uint32_t hash)
{
    slots_reserve(&m->slots, m->n + 1);
    struct slot *slot = find(m, key, strlen(key), hash);
    if (!slot->number) {
        m->entries = xgrow(m->entries, m->n, &m->capacity, sizeof *m->entries);
        m->entries[m->n++] = (struct strmap_entry){ .key = key };
        *slot = (struct slot){ hash, (uint32_t) m->n };
    }
    return &m->entries[slot->number - 1].value;
}
