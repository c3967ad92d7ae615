/* A map from strings to pointers.
 *
 * Keys are not copied: they must live as long as the map.  The hash is seeded
 * per process, so that hostile names cannot be made to collide.  Iteration
 * follows the order of insertion, so output does not depend on the seed. */
#ifndef BASE_STRMAP_H
#define BASE_STRMAP_H 1

#include <stddef.h>
#include <stdint.h>
#include "base/slots.h"

struct strmap_entry {
    const char *key;
    void *value;
};

struct strmap {
    struct strmap_entry *entries; /* In order of insertion. */
    size_t n;
    size_t capacity;
    struct slots slots; /* Of the entries, by the hashes of their keys. */
};

#define STRMAP_FOR_EACH(ENTRY, MAP)                   \
    for (struct strmap_entry *ENTRY = (MAP)->entries; \
         ENTRY && ENTRY < (MAP)->entries + (MAP)->n; ENTRY++)

void strmap_init(struct strmap *);
void strmap_done(struct strmap *);

/* Makes room for 'n' keys, so that it need not grow while they come. */
void strmap_reserve(struct strmap *, size_t n);

/* The value at 'key', or NULL. */
void *strmap_get(const struct strmap *, const char *key);
void *strmap_get_n(const struct strmap *, const char *key, size_t length);

/* What is most likely there, of many keys at once, in any maps: while one
 * waits for the memory, the others do as well.  Of a key that is not there it
 * may be another one's value, since only hashes are compared; so it is good
 * for asking the memory ahead, and for nothing else. */
struct strmap_query {
    const struct strmap *map;
    const char *key;
    void *value; /* The guess, or NULL. */

    uint32_t hash;   /* Private... */
    uint32_t number; /* ...too. */
};
void strmap_guess_many(struct strmap_query *, size_t n);

/* Asks the memory for where 'key' stands or would stand, for soon. */
void strmap_prefetch(const struct strmap *, const char *key);
void strmap_prefetch_hashed(const struct strmap *, uint32_t hash);

/* The place of the value at 'key', which is created with NULL if it is not
 * there yet.  Valid until the next insertion. */
void **strmap_place(struct strmap *, const char *key);

/* The same of a key whose hash is known; and the hash, of all maps. */
void **strmap_place_hashed(struct strmap *, const char *key, uint32_t hash);
uint32_t strmap_hash(const char *key);

/* A seeded hash of 'size' bytes, for other tables too. */
uint64_t hash_bytes(const void *, size_t size);
uint64_t hash_words(uint64_t, uint64_t);
uint64_t hash_seed(void);

#endif /* base/strmap.h */
