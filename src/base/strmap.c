#include "base/strmap.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/arena.h"

#define MIN_SLOTS 16
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

uint64_t
hash_bytes(const void *bytes, size_t size)
{
    const unsigned char *p = bytes;
    uint64_t hash = hash_seed() ^ size;
    while (size >= 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        hash = mix(hash ^ word, HASH_MULTIPLIER);
        p += 8;
        size -= 8;
    }
    uint64_t tail = 0;
    memcpy(&tail, p, size);
    return mix(hash ^ tail, HASH_MULTIPLIER);
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
    free(m->slots);
    memset(m, 0, sizeof *m);
}

/* Where a key stands, or would: a key whose hash differs is not touched. */
static struct strmap_slot *
find(const struct strmap *m, const char *key, size_t length, uint32_t hash)
{
    for (size_t i = hash;; i++) {
        struct strmap_slot *slot = &m->slots[i & (m->n_slots - 1)];
        if (!slot->number) {
            return slot;
        }
        if (slot->hash == hash) {
            const char *other = m->entries[slot->number - 1].key;
            if (!strncmp(other, key, length) && !other[length]) {
                return slot;
            }
        }
    }
}

static void
rehash(struct strmap *m, size_t n_slots)
{
    size_t n_old = m->n_slots;
    struct strmap_slot *old = m->slots;
    m->slots = xzalloc_table(n_slots * sizeof *m->slots);
    m->n_slots = n_slots;
    for (size_t i = 0; i < n_old; i++) {
        size_t at = old[i].hash & (n_slots - 1);
        while (old[i].number && m->slots[at].number) {
            at = (at + 1) & (n_slots - 1);
        }
        if (old[i].number) {
            m->slots[at] = old[i];
        }
    }
    free(old);
}

/* Slots with other hashes cost little, eight of them in a cache line. */
static bool
is_crowded(size_t n, size_t n_slots)
{
    return n * 4 > n_slots * 3;
}

void
strmap_reserve(struct strmap *m, size_t n)
{
    size_t n_slots = MIN_SLOTS;
    while (is_crowded(n, n_slots)) {
        n_slots *= 2;
    }
    if (n > m->capacity) {
        m->entries = xrealloc(m->entries, n * sizeof *m->entries);
        m->capacity = n;
    }
    if (n && n_slots > m->n_slots) {
        rehash(m, n_slots);
    }
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

static void
prefetch_slot(const struct strmap *m, uint32_t hash)
{
    if (m->n) {
        __builtin_prefetch(&m->slots[hash & (m->n_slots - 1)]);
    }
}

void
strmap_prefetch(const struct strmap *m, const char *key)
{
    prefetch_slot(m, hash_of(key, strlen(key)));
}

/* The first key that has the hash. */
static uint32_t
guess(const struct strmap *m, uint32_t hash)
{
    for (size_t i = hash; m->n; i++) {
        const struct strmap_slot *slot = &m->slots[i & (m->n_slots - 1)];
        if (!slot->number || slot->hash == hash) {
            return slot->number;
        }
    }
    return 0;
}

void
strmap_get_many(struct strmap_query *queries, size_t n)
{
    const struct strmap_query *end = queries + n;
    for (struct strmap_query *q = queries; q < end; q++) {
        q->hash = hash_of(q->key, strlen(q->key));
        prefetch_slot(q->map, q->hash);
    }
    for (struct strmap_query *q = queries; q < end; q++) {
        q->number = guess(q->map, q->hash);
        if (q->number) {
            __builtin_prefetch(&q->map->entries[q->number - 1]);
        }
    }
    for (struct strmap_query *q = queries; q < end; q++) {
        if (q->number) {
            __builtin_prefetch(q->map->entries[q->number - 1].key);
        }
    }
    for (struct strmap_query *q = queries; q < end; q++) {
        q->value = q->number ? strmap_get(q->map, q->key) : NULL;
    }
}

void **
strmap_place(struct strmap *m, const char *key)
{
    size_t length = strlen(key);
    uint32_t hash = hash_of(key, length);
    if (is_crowded(m->n + 1, m->n_slots)) {
        rehash(m, m->n_slots ? m->n_slots * 2 : MIN_SLOTS);
    }
    struct strmap_slot *slot = find(m, key, length, hash);
    if (!slot->number) {
        m->entries = xgrow(m->entries, m->n, &m->capacity, sizeof *m->entries);
        m->entries[m->n++] = (struct strmap_entry){ .key = key };
        *slot = (struct strmap_slot){ hash, (uint32_t) m->n };
    }
    return &m->entries[slot->number - 1].value;
}
