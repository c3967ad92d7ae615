#include "ovsdb/digest.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <nettle/sha1.h>
#include <nettle/version.h>

#include "base/arena.h"

/* Bodies shorter than this are hashed at once. */
#define MIN_THREADED_BYTES (4u << 20)

/* Small enough to stay in a processor's cache.  Either thread wakes the other
 * when the ring is half full or half empty: for each chunk would cost more
 * than the copy. */
#define N_CHUNKS 8
#define CHUNK_BYTES (64u << 10)

struct chunk {
    size_t size;
    unsigned char bytes[CHUNK_BYTES];
};

/* The ring: chunks from 'tail' up to 'head' wait to be hashed. */
struct ring {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    unsigned head, tail; /* Count chunks for ever; modulo N_CHUNKS. */
    bool stop;
    struct chunk chunks[N_CHUNKS];
};

struct digest {
    struct sha1_ctx context;
    struct ring *ring; /* NULL until a long body comes. */
    bool threaded;     /* The current body goes through the ring. */
    bool can_thread;
};

struct digest *
digest_new(void)
{
    struct digest *d = xcalloc(1, sizeof *d);
    d->can_thread = true;
    return d;
}

static void *
hash_chunks(void *d_)
{
    struct digest *d = d_;
    struct ring *ring = d->ring;
    pthread_mutex_lock(&ring->mutex);
    for (;;) {
        while (ring->head == ring->tail && !ring->stop) {
            pthread_cond_wait(&ring->changed, &ring->mutex);
        }
        if (ring->head == ring->tail) {
            break;
        }
        struct chunk *chunk = &ring->chunks[ring->tail % N_CHUNKS];
        pthread_mutex_unlock(&ring->mutex);
        sha1_update(&d->context, chunk->size, chunk->bytes);
        pthread_mutex_lock(&ring->mutex);
        ring->tail++;
        if (ring->head - ring->tail <= N_CHUNKS / 2) {
            pthread_cond_signal(&ring->changed);
        }
    }
    pthread_mutex_unlock(&ring->mutex);
    return NULL;
}

/* Starts the thread; where none can be had, hashing goes on without it. */
static void
start_thread(struct digest *d)
{
    d->ring = xmalloc(sizeof *d->ring);
    d->ring->head = d->ring->tail = 0;
    d->ring->stop = false;
    pthread_mutex_init(&d->ring->mutex, NULL);
    pthread_cond_init(&d->ring->changed, NULL);
    if (pthread_create(&d->ring->thread, NULL, hash_chunks, d)) {
        free(d->ring);
        d->ring = NULL;
        d->can_thread = false;
    }
}

void
digest_begin(struct digest *d, uint64_t length)
{
    sha1_init(&d->context);
    if (length >= MIN_THREADED_BYTES && !d->ring && d->can_thread) {
        start_thread(d);
    }
    d->threaded = length >= MIN_THREADED_BYTES && d->ring;
}

/* Waits until at most 'n' chunks are in the ring. */
static void
wait_for_room(struct ring *ring, unsigned n)
{
    while (ring->head - ring->tail > n) {
        pthread_cond_wait(&ring->changed, &ring->mutex);
    }
}

void
digest_update(struct digest *d, const void *bytes_, size_t size)
{
    const unsigned char *bytes = bytes_;
    if (!d->threaded) {
        sha1_update(&d->context, size, bytes);
        return;
    }
    struct ring *ring = d->ring;
    while (size) {
        size_t n = size < CHUNK_BYTES ? size : CHUNK_BYTES;
        pthread_mutex_lock(&ring->mutex);
        wait_for_room(ring, N_CHUNKS - 1);
        struct chunk *chunk = &ring->chunks[ring->head % N_CHUNKS];
        pthread_mutex_unlock(&ring->mutex);
        memcpy(chunk->bytes, bytes, n);
        chunk->size = n;
        pthread_mutex_lock(&ring->mutex);
        ring->head++;
        if (ring->head - ring->tail >= N_CHUNKS / 2) {
            pthread_cond_signal(&ring->changed);
        }
        pthread_mutex_unlock(&ring->mutex);
        bytes += n;
        size -= n;
    }
}

static void
drain(struct ring *ring)
{
    pthread_mutex_lock(&ring->mutex);
    pthread_cond_signal(&ring->changed);
    wait_for_room(ring, 0);
    pthread_mutex_unlock(&ring->mutex);
}

void
digest_end(struct digest *d, unsigned char sha1[DIGEST_BYTES])
{
    if (d->threaded) {
        drain(d->ring);
    }
#if NETTLE_VERSION_MAJOR >= 4 /* Which does not ask for the length. */
    sha1_digest(&d->context, sha1);
#else
    sha1_digest(&d->context, DIGEST_BYTES, sha1);
#endif
}

void
digest_free(struct digest *d)
{
    if (!d) {
        return;
    }
    if (d->ring) {
        pthread_mutex_lock(&d->ring->mutex);
        d->ring->stop = true;
        pthread_cond_signal(&d->ring->changed);
        pthread_mutex_unlock(&d->ring->mutex);
        pthread_join(d->ring->thread, NULL);
        pthread_mutex_destroy(&d->ring->mutex);
        pthread_cond_destroy(&d->ring->changed);
        free(d->ring);
    }
    free(d);
}
