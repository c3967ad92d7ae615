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

static struct strmap_entry *
find(const struct strmap *m, const char *key, size_t length, uint64_t hash)
{
    if (!m->n_slots) {
        return NULL;
    }
    for (size_t i = hash & (m->n_slots - 1); m->slots[i];
         i = (i + 1) & (m->n_slots - 1)) {
        struct strmap_entry *e = &m->entries[m->slots[i] - 1];
        if (e->hash == hash && !strncmp(e->key, key, length)
            && !e->key[length]) {
            return e;
        }
    }
    return NULL;
}

static void
rehash(struct strmap *m, size_t n_slots)
{
    free(m->slots);
    m->slots = xzalloc_table(n_slots * sizeof *m->slots);
    m->n_slots = n_slots;
    for (size_t e = 0; e < m->n; e++) {
        size_t i = m->entries[e].hash & (n_slots - 1);
        while (m->slots[i]) {
            i = (i + 1) & (n_slots - 1);
        }
        m->slots[i] = (uint32_t) e + 1;
    }
}

void
strmap_reserve(struct strmap *m, size_t n)
{
    size_t n_slots = 16;
    while (n_slots < 2 * n) {
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

void *
strmap_get_n(const struct strmap *m, const char *key, size_t length)
{
    struct strmap_entry *e = find(m, key, length, hash_bytes(key, length));
    return e ? e->value : NULL;
}

void *
strmap_get(const struct strmap *m, const char *key)
{
    return strmap_get_n(m, key, strlen(key));
}

void **
strmap_place(struct strmap *m, const char *key)
{
    size_t length = strlen(key);
    uint64_t hash = hash_bytes(key, length);
    struct strmap_entry *e = find(m, key, length, hash);
    if (e) {
        return &e->value;
    }
    m->entries = xgrow(m->entries, m->n, &m->capacity, sizeof *m->entries);
    e = &m->entries[m->n++];
    *e = (struct strmap_entry){ .key = key, .hash = hash };
    if (m->n * 2 > m->n_slots) {
        rehash(m, m->n_slots ? m->n_slots * 2 : 16);
    } else {
        size_t i = hash & (m->n_slots - 1);
        while (m->slots[i]) {
            i = (i + 1) & (m->n_slots - 1);
        }
        m->slots[i] = (uint32_t) m->n;
    }
    return &e->value;
}
