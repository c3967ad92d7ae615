/* Work that is done on a thread of its own, beside what its owner does
 * meanwhile:
 *
 *     beside_begin(&b, is_much, work, aux);
 *     ...
 *     beside_end(&b);
 *
 * Where it is too little for a thread, or there can be none, it is done at the
 * end: so nothing of it may be asked for before. */
#ifndef BASE_BESIDE_H
#define BASE_BESIDE_H 1

#include <pthread.h>
#include <stdbool.h>

typedef void beside_fn(void *aux);

struct beside {
    beside_fn *work;
    void *aux;
    pthread_t thread;
    bool has_thread;
};

void beside_begin(struct beside *, bool is_much, beside_fn *work, void *aux);
void beside_end(struct beside *);

#endif /* base/beside.h */
