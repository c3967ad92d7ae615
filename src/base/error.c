#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"

struct error {
    char *text;
};

static char *
format_text(const char *format, va_list args)
{
    char *text;
    if (vasprintf(&text, format, args) < 0) {
        abort();
    }
    return text;
}

/* Replaces the text of 'e' by 'first', 'between', 'second' in a row. */
static void
join(struct error *e, const char *first, const char *between,
     const char *second)
{
    char *text;
    if (asprintf(&text, "%s%s%s", first, between, second) < 0) {
        abort();
    }
    free(e->text);
    e->text = text;
}

struct error *
error_new(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct error *e = xmalloc(sizeof *e);
    e->text = format_text(format, args);
    va_end(args);
    return e;
}

struct error *
error_wrap(struct error *cause, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *prefix = format_text(format, args);
    va_end(args);
    join(cause, prefix, ": ", cause->text);
    free(prefix);
    return cause;
}

struct error *
error_hint(struct error *e, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *hint = format_text(format, args);
    va_end(args);
    join(e, e->text, "; ", hint);
    free(hint);
    return e;
}

const char *
error_text(const struct error *e)
{
    return e->text;
}

void
error_free(struct error *e)
{
    if (e) {
        free(e->text);
        free(e);
    }
}
