/* A string that grows, up to a ceiling.
 *
 * Everything provnet prints or sends is put together in one of these.  A text
 * that reaches its ceiling stays as it is and remembers that it was cut
 * ('truncated'), so that no input can make it grow without bound.  A text that
 * has a file goes there piece by piece, and never reaches it. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H 1

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "base/compiler.h"

struct writer;

struct text {
    char *s;        /* NUL-terminated once anything was put in, else NULL. */
    size_t length;  /* Bytes before the NUL. */
    size_t size;    /* Bytes allocated. */
    size_t ceiling; /* Most bytes it may hold, NUL included. */
    bool truncated;
    FILE *file;     /* Where what is put in goes, or NULL... */
    int file_errno; /* ...and why it did not get there; 0 if it did. */

    /* Private. */
    bool has_handed_over;
    struct writer *writer; /* Of long texts. */
};

#define TEXT_CEILING_BYTES ((size_t) 1 << 30)

void text_init(struct text *, size_t ceiling_bytes);

/* A text that is written to 'file', which must outlive it: when there is much
 * of it, and by text_flush(), which is false if not all got there
 * ('file_errno' says why).  Much of it is written by a thread of its own,
 * which has ended when text_flush() or text_done() returns: until then nobody
 * else may write to 'file'. */
void text_init_file(struct text *, FILE *file);
bool text_flush(struct text *);
void text_done(struct text *);
void text_clear(struct text *); /* Empties it, keeps the memory. */
void text_cut(struct text *, size_t length); /* To at most so many bytes. */

/* Makes it 'n' bytes longer, which the caller fills in at once; NULL if it
 * would reach its ceiling. */
char *text_extend(struct text *, size_t n);

void text_put(struct text *, const char *s, size_t length);
void text_puts(struct text *, const char *s);
void text_putc(struct text *, char c);
void text_printf(struct text *, const char *format, ...) PROVNET_PRINTF(2, 3);

/* Appends text that somebody else wrote, for a terminal: whatever could move
 * its cursor or change the order of reading (control characters of ASCII and
 * Unicode's C1, bidirectional marks) comes out as '?'. */
void text_put_printable(struct text *, const char *s, size_t length);

/* The content; "" when empty.  Valid until the next change. */
const char *text_string(const struct text *);

#endif /* base/text.h */
