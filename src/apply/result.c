#include "apply/result.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

int
carry_ms(int ms, int otherwise)
{
    return ms > 0 ? ms : otherwise;
}

struct takeback
carry_takeback(const struct carry_options *o)
{
    return (struct takeback){
        .tls = &o->tls,
        .timeout_ms = carry_ms(o->timeout_ms, CARRY_DEFAULT_TIMEOUT_MS),
    };
}

void
carry_say(const struct carry_options *o, const char *what)
{
    if (o->progress) {
        o->progress(o->aux, what);
    }
}

void
carry_await(const struct carry_options *o, struct daemons *d, struct arena *a)
{
    struct takeback t = carry_takeback(o);
    daemons_await(d, &t, carry_ms(o->follow_ms, CARRY_DEFAULT_FOLLOW_MS),
                  carry_ms(o->watch_ms, CARRY_DEFAULT_WATCH_MS), a);
}

void
carry_result_init(struct carry_result *r)
{
    *r = (struct carry_result){ .applied = false };
    arena_init(&r->arena);
}

void
carry_result_done(struct carry_result *r)
{
    free(r->notes);
    free(r->rows);
    arena_done(&r->arena);
}

void
carry_note(struct carry_result *r, const char *format, ...)
{
    struct text t;
    va_list args;
    char line[1024];
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    text_init(&t, sizeof line * 2);
    text_put_printable(&t, line, strlen(line));
    r->notes =
        xgrow(r->notes, r->n_notes, &r->notes_capacity, sizeof *r->notes);
    r->notes[r->n_notes++] = arena_strdup(&r->arena, text_string(&t));
    text_done(&t);
}

struct tripwire *
carry_start_tripwire(const struct evidence *e, bool has_loop,
                     tripwire_fn *trip, void *aux, struct carry_result *r)
{
    struct tripwire *tripwire = tripwire_start(e, has_loop, trip, aux);
    for (const char *const *m = tripwire_missing(tripwire); *m; m++) {
        carry_note(r, "%s", *m);
    }
    if (!tripwire_n_bridges(tripwire)) {
        carry_note(r, "no tripwire saw the change: no provider bridge's "
                      "switch is on this host");
    }
    return tripwire;
}
