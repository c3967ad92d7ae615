#include "report/print.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ovsdb/json.h"

void
print_color(struct text *t, const struct report_options *options,
            enum color color, const char *s)
{
    static const char *const codes[] = { [COLOR_GOOD] = "32",
                                         [COLOR_BAD] = "1;31",
                                         [COLOR_WARN] = "33",
                                         [COLOR_DIM] = "2",
                                         [COLOR_BOLD] = "1" };
    bool colored = options->color && color != COLOR_NONE;
    if (colored) {
        text_printf(t, "\033[%sm", codes[color]);
    }
    text_put_printable(t, s, strlen(s));
    if (colored) {
        text_puts(t, "\033[0m");
    }
}

static bool
starts_character(char c)
{
    return ((unsigned char) c & 0xc0) != 0x80;
}

static size_t
count_characters(const char *s, size_t length)
{
    size_t n = 0;
    for (size_t i = 0; i < length; i++) {
        n += starts_character(s[i]);
    }
    return n;
}

void
print_padded(struct text *t, const char *s, size_t width)
{
    size_t n = count_characters(s, strlen(s));
    text_puts(t, s);
    for (; n < width; n++) {
        text_putc(t, ' ');
    }
}

void
print_wrapped(struct text *t, const char *s, size_t column, size_t indent)
{
    bool first = true;
    while (*s) {
        size_t spaces = strspn(s, " ");
        s += spaces;
        size_t length = strcspn(s, " ");
        size_t width = count_characters(s, length);
        if (!length) {
            break;
        }
        if (!first && column + spaces + width > REPORT_COLUMNS) {
            text_putc(t, '\n');
            for (size_t i = 0; i < indent; i++) {
                text_putc(t, ' ');
            }
            column = indent;
        } else if (!first) {
            for (size_t i = 0; i < spaces; i++) {
                text_putc(t, ' ');
            }
            column += spaces;
        }
        text_put_printable(t, s, length);
        column += width;
        s += length;
        first = false;
    }
    text_putc(t, '\n');
}

void
print_label(struct text *t, const struct report_options *options,
            const char *label)
{
    char padded[PRINT_INDENT + 1];
    snprintf(padded, sizeof padded, "  %-8s", label);
    print_color(t, options, COLOR_DIM, padded);
}

/* JSON. */

/* Names are the program's own, and need no escape. */
static void
put_name(struct json_writer *w, const char *name)
{
    if (w->needs_comma) {
        text_put(w->out, ", ", 2);
    }
    size_t length = name ? strlen(name) : 0;
    char *p = name ? text_extend(w->out, length + 4) : NULL;
    if (p) {
        p[0] = '"';
        memcpy(p + 1, name, length);
        memcpy(p + 1 + length, "\": ", 3);
    }
    w->needs_comma = true;
}

void
json_open(struct json_writer *w, const char *name, char bracket)
{
    put_name(w, name);
    text_putc(w->out, bracket);
    w->needs_comma = false;
}

void
json_close(struct json_writer *w, char bracket)
{
    text_putc(w->out, bracket);
    w->needs_comma = true;
}

void
json_put(struct json_writer *w, const char *name, const char *value)
{
    if (!value) {
        json_put_null(w, name);
        return;
    }
    put_name(w, name);
    json_put_string(w->out, value);
}

void
json_put_integer(struct json_writer *w, const char *name, int64_t value)
{
    put_name(w, name);
    text_printf(w->out, "%lld", (long long) value);
}

void
json_put_boolean(struct json_writer *w, const char *name, bool value)
{
    put_name(w, name);
    text_puts(w->out, value ? "true" : "false");
}

void
json_put_time(struct json_writer *w, const char *name, int64_t wall_ms)
{
    char time[CLOCK_TEXT_SIZE];
    clock_format(wall_ms, time);
    json_put(w, name, time);
}

void
json_put_null(struct json_writer *w, const char *name)
{
    put_name(w, name);
    text_puts(w->out, "null");
}

void
json_put_strings(struct json_writer *w, const char *name,
                 const char *const *values, size_t n)
{
    json_open(w, name, '[');
    for (size_t i = 0; i < n; i++) {
        json_put(w, NULL, values[i]);
    }
    json_close(w, ']');
}
