/* Memory that is built together and dies together.
 *
 * An arena hands out memory from large blocks; nothing is freed one by one
 * except arrays, which their owner may give back with arena_recycle_array():
 * they serve the next arena_alloc_array() of the same power of two.  A
 * snapshot, a fabric and a report each own one; pointers into it live until
 * arena_done().
 *
 * Allocation never fails: a process that cannot get a small block aborts.
 * What is sized by input must be given a ceiling by its reader, before it
 * asks the arena.
 *
 * Not thread-safe: one arena, and with it those that borrow of it while they
 * do, one thread at a time. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H 1

#include <stdarg.h>
#include <stddef.h>
#include "base/compiler.h"

#define ARENA_N_CLASSES 40

struct arena {
    struct arena_block *blocks; /* Newest first. */
    char *next;                 /* Free bytes of the newest block... */
    char *end;                  /* ...end here. */
    size_t used_bytes;          /* Handed out, for figures and tests. */
    void *recycled[ARENA_N_CLASSES];
    struct arena *lender; /* Of further blocks; NULL: malloc(). */
};

void arena_init(struct arena *);

/* Likewise, with a first block of 'size' bytes. */
void arena_init_sized(struct arena *, size_t size);
void arena_done(struct arena *);

/* From now on 'a' takes its blocks, small ones, from 'lender', which must
 * outlive it and gets nothing back; or, if that is NULL, from malloc() again.
 * So thousands of small arenas stand in few large pieces of memory. */
void arena_borrow(struct arena *a, struct arena *lender);

/* Forgets everything handed out; keeps the first block for reuse. */
void arena_clear(struct arena *);

/* Uninitialised and zeroed memory of 'size' bytes, aligned for any type of
 * that size, and for arrays of it. */
void *arena_alloc(struct arena *, size_t size);
void *arena_zalloc(struct arena *, size_t size);

/* A place in an arena.  arena_release() takes back whatever was handed out
 * since; no array may have been given back in between. */
struct arena_mark {
    struct arena_block *block;
    char *next;
    size_t used_bytes;
};
struct arena_mark arena_mark(const struct arena *);
void arena_release(struct arena *, const struct arena_mark *);

/* Memory for an array that may later be given back: 'size' is rounded up to a
 * power of two.  Giving back names the same 'size'; 'p' may be NULL. */
void *arena_alloc_array(struct arena *, size_t size);
void arena_recycle_array(struct arena *, void *p, size_t size);

/* Copies of strings, NUL-terminated. */
char *arena_strndup(struct arena *, const char *s, size_t length);
char *arena_strdup(struct arena *, const char *s);
char *arena_vprintf(struct arena *, const char *format, va_list)
    PROVNET_PRINTF(2, 0);
char *arena_printf(struct arena *, const char *format, ...)
    PROVNET_PRINTF(2, 3);

/* malloc() and realloc() that abort instead of failing. */
void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *s);

/* Zeroed memory for a table that is read at random, on huge pages if it is
 * large; free() frees it. */
void *xzalloc_table(size_t size);

/* Makes room for one more element in the malloc()ed array 'p' of 'n' elements
 * of 'size' bytes, doubling '*capacity' when it is full. */
void *xgrow(void *p, size_t n, size_t *capacity, size_t size);

#endif /* base/arena.h */
