#include "base/input.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"

/* Small enough for the second-level cache, large enough that read() calls do
 * not show.  The fuzz targets are built with a tiny one, so that it slides and
 * grows all the time. */
#ifndef INPUT_WINDOW_BYTES
#define INPUT_WINDOW_BYTES ((size_t) 128 << 10)
#endif

/* Of a small file less is read at a time, so that fewer pages are touched for
 * the first time. */
#define MIN_FILL_BYTES ((size_t) 16 << 10)
#define FILL_SHARE 8 /* Of what was read. */

void
input_init(struct input *in, input_fill_fn *fill, void *aux)
{
    memset(in, 0, sizeof *in);
    in->size = INPUT_WINDOW_BYTES;
    in->window = xmalloc(in->size);
    in->p = in->end = in->window;
    in->stop = UINT64_MAX;
    in->fill = fill;
    in->aux = aux;
}

void
input_done(struct input *in)
{
    free(in->window);
    error_free(in->error);
    memset(in, 0, sizeof *in);
}

static ssize_t
fill_from_memory(void *aux, void *buffer, size_t size,
                 struct error **error PROVNET_UNUSED)
{
    struct input_memory *memory = aux;
    if (size > memory->left) {
        size = memory->left;
    }
    memcpy(buffer, memory->next, size);
    memory->next += size;
    memory->left -= size;
    return (ssize_t) size;
}

void
input_init_memory(struct input *in, struct input_memory *memory,
                  const void *bytes, size_t size)
{
    memory->next = bytes;
    memory->left = size;
    input_init(in, fill_from_memory, memory);
}

static ssize_t
fill_from_fd(void *aux, void *buffer, size_t size, struct error **error)
{
    const int *fd = aux;
    ssize_t n;
    do {
        n = read(*fd, buffer, size);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        *error = error_new("cannot read: %s", strerror(errno));
    }
    return n;
}

void
input_init_fd(struct input *in, const int *fd)
{
    input_init(in, fill_from_fd, (void *) fd);
}

static ssize_t
fill_from_place(void *aux, void *buffer, size_t size, struct error **error)
{
    struct input_place *place = aux;
    ssize_t n;
    do {
        n = pread(place->fd, buffer, size, (off_t) place->offset);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        *error = error_new("cannot read: %s", strerror(errno));
    } else {
        place->offset += (uint64_t) n;
    }
    return n;
}

void
input_init_place(struct input *in, struct input_place *place, int fd,
                 uint64_t offset)
{
    place->fd = fd;
    place->offset = offset;
    input_init(in, fill_from_place, place);
    in->base = offset;
}

uint64_t
input_offset(const struct input *in)
{
    return in->base + (uint64_t) (in->p - in->window);
}

void
input_fail(struct input *in, struct error *error)
{
    if (in->error) {
        error_free(error);
    } else {
        in->error = error;
    }
    in->at_eof = true;
    in->end = in->p;
    in->filled = (size_t) (in->p - in->window);
}

/* Tells the listener of window bytes up to 'upto' that it has not heard. */
static void
tell_eaten(struct input *in, size_t upto)
{
    if (in->eaten && upto > in->n_eaten) {
        in->eaten(in->eaten_aux, in->window + in->n_eaten, upto - in->n_eaten);
    }
    if (upto > in->n_eaten) {
        in->n_eaten = upto;
    }
}

static void
update_end(struct input *in)
{
    uint64_t readable = in->filled;
    if (in->stop - in->base < readable) {
        readable = in->stop - in->base;
    }
    in->end = in->window + readable;
}

/* Drops bytes before 'start' from the window, and grows it if it is full. */
static bool
make_room(struct input *in, size_t start)
{
    if (start) {
        tell_eaten(in, start);
        memmove(in->window, in->window + start, in->filled - start);
        in->base += start;
        in->filled -= start;
        in->p -= start;
        in->end -= start;
        in->n_eaten -= start;
    }
    if (in->filled == in->size) {
        if (in->size >= INPUT_MAX_TOKEN_BYTES) {
            input_fail(in, error_new("a string or number is longer than "
                                     "%zu MiB",
                                     INPUT_MAX_TOKEN_BYTES >> 20));
            return false;
        }
        size_t at = (size_t) (in->p - in->window);
        in->size *= 2;
        in->window = xrealloc(in->window, in->size);
        in->p = in->window + at;
        in->end = in->window + in->filled;
    }
    return true;
}

static size_t
next_fill(const struct input *in)
{
    size_t room = in->size - in->filled;
    uint64_t share = (in->base + in->filled) / FILL_SHARE;
    size_t most = share > MIN_FILL_BYTES ? (size_t) share : MIN_FILL_BYTES;
    return most < room ? most : room;
}

bool
input_more(struct input *in, const unsigned char **keep)
{
    if (in->at_eof
        || in->base + (uint64_t) (in->end - in->window) >= in->stop) {
        return false;
    }
    assert((size_t) (in->end - in->window) == in->filled);
    const unsigned char *start = keep ? *keep : in->p;
    assert(start >= in->window && start <= in->p);
    size_t token = (size_t) (in->p - start);
    if (!make_room(in, (size_t) (start - in->window))) {
        return false;
    }
    struct error *error = NULL;
    ssize_t n =
        in->fill(in->aux, in->window + in->filled, next_fill(in), &error);
    if (keep) {
        *keep = in->p - token;
    }
    if (n <= 0) {
        in->at_eof = true;
        if (error) {
            input_fail(in, error);
        }
        return false;
    }
    in->filled += (size_t) n;
    update_end(in);
    return true;
}

void
input_stop_after(struct input *in, uint64_t n_bytes, input_eaten_fn *eaten,
                 void *aux)
{
    uint64_t offset = input_offset(in);
    in->stop = n_bytes > UINT64_MAX - offset ? UINT64_MAX : offset + n_bytes;
    in->eaten = eaten;
    in->eaten_aux = aux;
    in->n_eaten = (size_t) (in->p - in->window);
    update_end(in);
}

bool
input_unstop(struct input *in)
{
    do {
        in->p = in->end;
    } while (input_more(in, NULL));
    bool reached = input_offset(in) == in->stop;
    tell_eaten(in, (size_t) (in->end - in->window));
    in->stop = UINT64_MAX;
    in->eaten = NULL;
    update_end(in);
    return reached && !in->error;
}
