#include "base/beside.h"

#include <stddef.h>

static void *
run(void *beside)
{
    struct beside *b = beside;
    b->work(b->aux);
    return NULL;
}

void
beside_begin(struct beside *b, bool is_much, beside_fn *work, void *aux)
{
    *b = (struct beside){ .work = work, .aux = aux };
    b->has_thread = is_much && !pthread_create(&b->thread, NULL, run, b);
}

void
beside_end(struct beside *b)
{
    if (b->has_thread) {
        pthread_join(b->thread, NULL);
    } else {
        b->work(b->aux);
    }
}
