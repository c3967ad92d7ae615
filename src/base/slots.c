#include "base/slots.h"

#include <stdlib.h>

#include "base/arena.h"

#define MIN_SLOTS 16

static void
add(struct slots *s, const struct slot *slot)
{
    size_t i = slot->hash & (s->n - 1);
    while (s->at[i].number) {
        i = (i + 1) & (s->n - 1);
    }
    s->at[i] = *slot;
}

void
slots_grow(struct slots *s, size_t n)
{
    struct slots old = *s;
    s->n = s->n ? s->n : MIN_SLOTS;
    while (slots_are_crowded(n, s->n)) {
        s->n *= 2;
    }
    s->at = xzalloc_table(s->n * sizeof *s->at);
    for (size_t i = 0; i < old.n; i++) {
        if (old.at[i].number) {
            add(s, &old.at[i]);
        }
    }
    free(old.at);
}

void
slots_done(struct slots *s)
{
    free(s->at);
    *s = (struct slots){ NULL, 0 };
}
