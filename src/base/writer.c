#include "base/writer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/arena.h"

struct writer {
    FILE *file;
    pthread_t thread;
    pthread_mutex_t mutex; /* Of what follows. */
    pthread_cond_t changed;
    char *s; /* What is being written, or was. */
    size_t length, size;
    bool is_busy;
    bool is_ended; /* Nothing will come. */
    int failed;    /* errno. */
};

static void *
work(void *writer)
{
    struct writer *w = writer;
    pthread_mutex_lock(&w->mutex);
    for (;;) {
        while (!w->is_busy && !w->is_ended) {
            pthread_cond_wait(&w->changed, &w->mutex);
        }
        if (!w->is_busy) {
            break;
        }
        int failed = w->failed;
        pthread_mutex_unlock(&w->mutex);
        errno = 0;
        if (!failed && fwrite(w->s, 1, w->length, w->file) != w->length) {
            failed = errno ? errno : EIO;
        }
        pthread_mutex_lock(&w->mutex);
        w->failed = failed;
        w->is_busy = false;
        pthread_cond_signal(&w->changed);
    }
    pthread_mutex_unlock(&w->mutex);
    return NULL;
}

/* Signals are for the thread that makes the text; but for SIGPIPE, which is
 * about the file. */
static int
start(struct writer *w)
{
    sigset_t all, before;
    sigfillset(&all);
    sigdelset(&all, SIGPIPE);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&w->thread, NULL, work, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

static void
destroy(struct writer *w)
{
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->mutex);
    free(w->s);
    free(w);
}

struct writer *
writer_new(FILE *file)
{
    struct writer *w = xcalloc(1, sizeof *w);
    w->file = file;
    pthread_mutex_init(&w->mutex, NULL);
    pthread_cond_init(&w->changed, NULL);
    if (start(w)) {
        destroy(w);
        return NULL;
    }
    return w;
}

/* With the mutex held. */
static void
wait_until_idle(struct writer *w)
{
    while (w->is_busy) {
        pthread_cond_wait(&w->changed, &w->mutex);
    }
}

char *
writer_put(struct writer *w, char *s, size_t length, size_t *size)
{
    pthread_mutex_lock(&w->mutex);
    wait_until_idle(w);
    char *other = w->s;
    size_t other_size = w->size;
    w->s = s;
    w->length = length;
    w->size = *size;
    w->is_busy = true;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->mutex);
    *size = other_size;
    return other;
}

int
writer_free(struct writer *w)
{
    pthread_mutex_lock(&w->mutex);
    wait_until_idle(w);
    w->is_ended = true;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->mutex);
    pthread_join(w->thread, NULL);
    int failed = w->failed;
    destroy(w);
    return failed;
}
