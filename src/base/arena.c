#include "base/arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Blocks grow from small to large, so that a home lab fits a few pages and a
 * large cloud does not ask the kernel too often. */
#define BLOCK_MIN_BYTES (16 * 1024)
#define BLOCK_MAX_BYTES (8 * 1024 * 1024)
#define HUGE_PAGE_BYTES (2 * 1024 * 1024)
#define ALIGNMENT 16

struct arena_block {
    struct arena_block *older;
    size_t size : 63; /* Bytes of the whole block, this header included. */
    size_t is_borrowed : 1;
};

void *
xmalloc(size_t size)
{
    void *p = malloc(size ? size : 1);
    if (!p) {
        fputs("provnet: out of memory\n", stderr);
        abort();
    }
    return p;
}

void *
xcalloc(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size ? size : 1);
    if (!p) {
        fputs("provnet: out of memory\n", stderr);
        abort();
    }
    return p;
}

void *
xrealloc(void *old, size_t size)
{
    void *p = realloc(old, size ? size : 1);
    if (!p) {
        fputs("provnet: out of memory\n", stderr);
        abort();
    }
    return p;
}

char *
xstrdup(const char *s)
{
    size_t size = strlen(s) + 1;
    return memcpy(xmalloc(size), s, size);
}

void *
xgrow(void *p, size_t n, size_t *capacity, size_t size)
{
    if (n < *capacity) {
        return p;
    }
    *capacity = *capacity ? *capacity * 2 : 8;
    assert(*capacity < SIZE_MAX / size);
    return xrealloc(p, *capacity * size);
}

void
arena_init(struct arena *a)
{
    memset(a, 0, sizeof *a);
}

static void add_block(struct arena *, size_t size, size_t need);

void
arena_init_sized(struct arena *a, size_t size)
{
    arena_init(a);
    add_block(a, size, 0);
}

void
arena_borrow(struct arena *a, struct arena *lender)
{
    a->lender = lender;
}

/* Returns the block before 'b'. */
static struct arena_block *
free_block(struct arena_block *b)
{
    struct arena_block *older = b->older;
    if (!b->is_borrowed) {
        free(b);
    }
    return older;
}

void
arena_done(struct arena *a)
{
    struct arena_block *b = a->blocks;
    while (b) {
        b = free_block(b);
    }
    memset(a, 0, sizeof *a);
}

void
arena_clear(struct arena *a)
{
    struct arena_block *b = a->blocks;
    struct arena *lender = a->lender;
    while (b && b->older) {
        b = free_block(b);
    }
    arena_init(a);
    a->lender = lender;
    if (b) {
        a->blocks = b;
        a->next = (char *) (b + 1);
        a->end = (char *) b + b->size;
    }
}

/* Large blocks ask for huge pages: touching memory for the first time costs
 * more than parsing what goes into it, a fault for every 4 KiB. */
static void *
alloc_block(size_t size)
{
    if (size < HUGE_PAGE_BYTES) {
        return xmalloc(size);
    }
    void *p;
    if (posix_memalign(&p, HUGE_PAGE_BYTES, size)) {
        return xmalloc(size);
    }
    madvise(p, size, MADV_HUGEPAGE);
    return p;
}

void *
xzalloc_table(size_t size)
{
    /* Not calloc(): a page that is read before it is written is faulted twice.
     */
    return memset(alloc_block(size), 0, size);
}

/* A block of 'size' bytes (0: as the arena grows), or of what is needed. */
static void
add_block(struct arena *a, size_t size, size_t need)
{
    if (!size) {
        size = a->blocks && !a->lender ? a->blocks->size * 4 : BLOCK_MIN_BYTES;
    }
    if (size > BLOCK_MAX_BYTES) {
        size = BLOCK_MAX_BYTES;
    }
    need += sizeof(struct arena_block) + ALIGNMENT;
    if (size < need) {
        size = need;
    }
    struct arena_block *b =
        a->lender ? arena_alloc(a->lender, size) : alloc_block(size);
    b->size = size;
    b->is_borrowed = a->lender != NULL;
    b->older = a->blocks;
    a->blocks = b;
    a->next = (char *) (b + 1);
    a->end = (char *) b + size;
}

void *
arena_alloc(struct arena *a, size_t size)
{
    assert(size < SIZE_MAX / 2);
    size = size ? (size + 7) & ~(size_t) 7 : 8;
    /* What is aligned to 16 bytes has a multiple of them. */
    uintptr_t mask = size % ALIGNMENT ? 7 : ALIGNMENT - 1;
    size_t pad = -(uintptr_t) a->next & mask;
    if ((size_t) (a->end - a->next) < size + pad) {
        add_block(a, 0, size);
        pad = -(uintptr_t) a->next & mask;
    }
    void *p = a->next + pad;
    a->next += size + pad;
    a->used_bytes += size;
    return p;
}

void *
arena_zalloc(struct arena *a, size_t size)
{
    return memset(arena_alloc(a, size), 0, size);
}

struct arena_mark
arena_mark(const struct arena *a)
{
    return (struct arena_mark){ a->blocks, a->next, a->used_bytes };
}

void
arena_release(struct arena *a, const struct arena_mark *mark)
{
    while (a->blocks != mark->block) {
        a->blocks = free_block(a->blocks);
    }
    a->next = mark->next;
    a->end = a->blocks ? (char *) a->blocks + a->blocks->size : NULL;
    a->used_bytes = mark->used_bytes;
}

/* The power of two at or above 'size', as an exponent. */
static int
size_class(size_t size)
{
    if (size <= 16) {
        return 4;
    }
    return 64 - __builtin_clzll((unsigned long long) size - 1);
}

void *
arena_alloc_array(struct arena *a, size_t size)
{
    int class = size_class(size);
    assert(class < ARENA_N_CLASSES);
    void *p = a->recycled[class];
    if (p) {
        memcpy(&a->recycled[class], p, sizeof(void *));
        return p;
    }
    return arena_alloc(a, (size_t) 1 << class);
}

void
arena_recycle_array(struct arena *a, void *p, size_t size)
{
    if (p) {
        int class = size_class(size);
        memcpy(p, &a->recycled[class], sizeof(void *));
        a->recycled[class] = p;
    }
}

char *
arena_strndup(struct arena *a, const char *s, size_t length)
{
    /* Strings are the bulk of a store and need no alignment. */
    if ((size_t) (a->end - a->next) < length + 1) {
        add_block(a, 0, length + 1);
    }
    char *copy = a->next;
    memcpy(copy, s, length);
    copy[length] = '\0';
    a->next += length + 1;
    a->used_bytes += length + 1;
    return copy;
}

char *
arena_strdup(struct arena *a, const char *s)
{
    return arena_strndup(a, s, strlen(s));
}

char *
arena_printf(struct arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *s = arena_vprintf(a, format, args);
    va_end(args);
    return s;
}

char *
arena_vprintf(struct arena *a, const char *format, va_list args)
{
    char text[512]; /* For most. */
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(text, sizeof text, format, args);
    if (n < 0) {
        abort();
    }
    size_t length = (size_t) n;
    char *s;
    if (length < sizeof text) {
        s = arena_strndup(a, text, length);
    } else {
        s = arena_alloc(a, length + 1);
        vsnprintf(s, length + 1, format, again);
    }
    va_end(again);
    return s;
}
