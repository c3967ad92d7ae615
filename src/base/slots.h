/* An index by hash into an array that somebody else keeps: a place holds a
 * number, the index of an element + 1, and the element's hash, so that hardly
 * an element is touched that is not the one.  Hashes are the owner's, and
 * seeded (base/strmap.h, hash_seed()).  Nothing is ever taken out. */
#ifndef BASE_SLOTS_H
#define BASE_SLOTS_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slot {
    uint32_t hash;
    uint32_t number; /* 0: the place is free. */
};

struct slots {
    struct slot *at;
    size_t n; /* A power of two, or 0. */
};

void slots_done(struct slots *);
void slots_grow(struct slots *, size_t n); /* Private. */

/* Places with other hashes cost little, eight of them in a cache line. */
static inline bool
slots_are_crowded(size_t n, size_t n_slots)
{
    return n * 4 > n_slots * 3;
}

/* Makes room for 'n' elements, those that it has included.  Must come before
 * each one that is added, and before slots_next(). */
static inline void
slots_reserve(struct slots *s, size_t n)
{
    if (slots_are_crowded(n, s->n)) {
        slots_grow(s, n);
    }
}

/* The next place that has the hash, or else a free one, where it belongs.
 * '*i' is the hash to begin with. */
static inline struct slot *
slots_next(const struct slots *s, uint32_t hash, size_t *i)
{
    for (;; (*i)++) {
        struct slot *slot = &s->at[*i & (s->n - 1)];
        if (!slot->number || slot->hash == hash) {
            (*i)++;
            return slot;
        }
    }
}

/* The number of the first element that has the hash: most likely the one. */
static inline uint32_t
slots_guess(const struct slots *s, uint32_t hash)
{
    size_t i = hash;
    return s->n ? slots_next(s, hash, &i)->number : 0;
}

/* Asks the memory for where slots_next() begins, for soon. */
static inline void
slots_prefetch(const struct slots *s, uint32_t hash)
{
    if (s->n) {
        __builtin_prefetch(&s->at[hash & (s->n - 1)]);
    }
}

#endif /* base/slots.h */
