/* Bytes from somewhere, seen through one window.
 *
 * Every reader of untrusted bytes (log files, JSON-RPC streams, dumps) reads
 * them through a 'struct input': 'p' to 'end' is what is there now, and
 * input_more() slides the window on.  One window is reused for the whole
 * stream, so that a reader touches few pages: first-touch page faults halve a
 * parser's speed.  It is read(), not mmap(), on purpose: a file that is cut
 * short under a map kills the process with SIGBUS.
 *
 * Life cycle: input_init(), then a reader advances 'p'; input_done().
 *
 * A reader that needs a token whole passes its start as '*keep' to
 * input_more(), which keeps those bytes and grows the window up to
 * INPUT_MAX_TOKEN_BYTES.
 *
 * Errors are sticky: the first one is kept in 'error' and the input is at its
 * end from then on. */
#ifndef BASE_INPUT_H
#define BASE_INPUT_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/error.h"

/* No string, number or name of a database that provnet reads is longer. */
#define INPUT_MAX_TOKEN_BYTES ((size_t) 16 << 20)

/* Reads up to 'size' bytes into 'buffer'.  Returns how many, 0 at the end of
 * the stream, or -1 after setting '*error'. */
typedef ssize_t input_fill_fn(void *aux, void *buffer, size_t size,
                              struct error **error);

/* Is told of all bytes up to the stop, once each, in order. */
typedef void input_eaten_fn(void *aux, const void *bytes, size_t size);

struct input {
    const unsigned char *p;   /* Next unread byte. */
    const unsigned char *end; /* Where reading must ask for more. */

    struct error *error; /* Owned; set once. */

    /* Private. */
    unsigned char *window;
    size_t size;   /* Bytes allocated for 'window'. */
    size_t filled; /* Bytes of 'window' that are valid. */
    uint64_t base; /* Offset in the stream of window[0]. */
    uint64_t stop; /* 'end' never passes this offset. */
    bool at_eof;
    input_fill_fn *fill;
    void *aux;
    input_eaten_fn *eaten;
    void *eaten_aux;
    size_t n_eaten; /* Of 'window', already told. */
};

void input_init(struct input *, input_fill_fn *, void *aux);
void input_done(struct input *);

/* An input over 'size' bytes of memory, which the caller keeps. */
struct input_memory {
    const unsigned char *next;
    size_t left;
};
void input_init_memory(struct input *, struct input_memory *,
                       const void *bytes, size_t size);

/* An input over a file descriptor, which the caller keeps. */
void input_init_fd(struct input *, const int *fd);

/* The same from 'offset' on, which input_offset() then counts with;
 * the descriptor's own position stays where it is. */
struct input_place {
    int fd;
    uint64_t offset; /* Of the next byte to get. */
};
void input_init_place(struct input *, struct input_place *, int fd,
                      uint64_t offset);

/* Gets at least one more byte beyond 'end'.  '*keep', if 'keep' is nonnull,
 * is the start of a token that must stay whole, and is moved along with the
 * window.  Returns false at the end, at the stop, or on an error. */
bool input_more(struct input *, const unsigned char **keep);

/* The offset in the stream of the next unread byte. */
uint64_t input_offset(const struct input *);

/* Reading ends 'n_bytes' after the next unread byte, until input_unstop();
 * 'eaten' is told of the bytes between. */
void input_stop_after(struct input *, uint64_t n_bytes, input_eaten_fn *,
                      void *aux);

/* Skips what is unread before the stop, tells 'eaten' of it, and lifts the
 * stop.  Returns false if the stream ended before the stop. */
bool input_unstop(struct input *);

/* Sets the sticky error, which it takes over, unless there is one already. */
void input_fail(struct input *, struct error *);

#endif /* base/input.h */
