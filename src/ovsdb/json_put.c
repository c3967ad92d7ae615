/* Strings as JSON. */
#include <string.h>

#include "ovsdb/json.h"
#include "ovsdb/scan.h"

/* The length of what needs no escape. */
static size_t
plain_length(const char *s, size_t length)
{
    return (size_t) (scan_printable(s, s + length) - s);
}

/* As much of it as there is room for. */
static void
put_plain(struct text *t, const char *s, size_t n)
{
    size_t room = t->ceiling - t->length - 1;
    text_put(t, s, n < room ? n : room);
    t->truncated |= n > room;
}

/* Most strings need none. */
static bool
put_unescaped(struct text *t, const char *s, size_t length)
{
    char *p = plain_length(s, length) == length
                      && length + 2 < t->ceiling - t->length
                  ? text_extend(t, length + 2)
                  : NULL;
    if (p) {
        p[0] = '"';
        memcpy(p + 1, s, length);
        p[length + 1] = '"';
    }
    return p != NULL;
}

void
json_put_string(struct text *t, const char *s)
{
    const char *end = s + strlen(s);
    if (put_unescaped(t, s, (size_t) (end - s))) {
        return;
    }
    text_putc(t, '"');
    while (*s) {
        size_t n = plain_length(s, (size_t) (end - s));
        unsigned char c = (unsigned char) s[n];
        put_plain(t, s, n);
        s += n + (c != '\0');
        if (c == '"' || c == '\\') {
            text_putc(t, '\\');
            text_putc(t, (char) c);
        } else if (c == '\n') {
            text_puts(t, "\\n");
        } else if (c && (c < ' ' || c == 0x7f)) {
            text_printf(t, "\\u%04x", c);
        } else if (c == 0xc2 && *s && (unsigned char) *s < 0xa0) {
            text_printf(t, "\\u%04x", (unsigned char) *s++);
        } else if (c) {
            text_putc(t, (char) c);
        }
    }
    text_putc(t, '"');
}
