#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/writer.h"

/* So much goes to a file at a time. */
#define PIECE_BYTES ((size_t) 256 << 10)

void
text_init(struct text *t, size_t ceiling_bytes)
{
    memset(t, 0, sizeof *t);
    t->ceiling = ceiling_bytes;
}

void
text_init_file(struct text *t, FILE *file)
{
    text_init(t, TEXT_CEILING_BYTES);
    t->file = file;
}

static void
note_errno(struct text *t, int failed)
{
    if (!t->file_errno) {
        t->file_errno = failed;
    }
}

/* Hands what there is to the file, whose buffer may still hold it. */
static void
hand_over(struct text *t)
{
    errno = 0;
    if (!t->file_errno && t->length
        && fwrite(t->s, 1, t->length, t->file) != t->length) {
        note_errno(t, errno ? errno : EIO);
    }
    text_cut(t, 0);
}

/* Hands a piece over.  Where one came before, others will follow. */
static void
hand_piece_over(struct text *t)
{
    if (t->has_handed_over && !t->writer) {
        t->writer = writer_new(t->file);
    }
    t->has_handed_over = true;
    if (!t->writer) {
        hand_over(t);
        return;
    }
    t->s = writer_put(t->writer, t->s, t->length, &t->size);
    t->length = 0;
}

static void
end_writer(struct text *t)
{
    if (t->writer) {
        note_errno(t, writer_free(t->writer));
        t->writer = NULL;
    }
}

bool
text_flush(struct text *t)
{
    end_writer(t);
    hand_over(t);
    if (!t->file_errno && fflush(t->file)) {
        note_errno(t, errno ? errno : EIO);
    }
    return !t->file_errno;
}

void
text_done(struct text *t)
{
    end_writer(t);
    free(t->s);
    memset(t, 0, sizeof *t);
}

void
text_clear(struct text *t)
{
    text_cut(t, 0);
    t->truncated = false;
}

void
text_cut(struct text *t, size_t length)
{
    if (t->s && length <= t->length) {
        t->length = length;
        t->s[length] = '\0';
    }
}

static void
make_room(struct text *t, size_t length)
{
    if (t->file && t->size >= PIECE_BYTES) {
        hand_piece_over(t);
    }
    if (t->length + length + 1 > t->size) {
        size_t size = t->size ? t->size * 2 : 64;
        while (size < t->length + length + 1) {
            size *= 2;
        }
        t->s = xrealloc(t->s, size);
        t->size = size;
    }
}

char *
text_extend(struct text *t, size_t n)
{
    if (n >= t->ceiling - t->length) {
        t->truncated = true;
        return NULL;
    }
    if (t->length + n + 1 > t->size) {
        make_room(t, n);
    }
    char *more = t->s + t->length;
    t->length += n;
    t->s[t->length] = '\0';
    return more;
}

void
text_put(struct text *t, const char *s, size_t length)
{
    char *more = text_extend(t, length);
    if (more) {
        memcpy(more, s, length);
    }
}

void
text_puts(struct text *t, const char *s)
{
    text_put(t, s, strlen(s));
}

void
text_putc(struct text *t, char c)
{
    text_put(t, &c, 1);
}

void
text_printf(struct text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *s;
    int length = vasprintf(&s, format, args);
    va_end(args);
    if (length < 0) {
        abort();
    }
    text_put(t, s, (size_t) length);
    free(s);
}

/* The length of the unprintable character at 's', or 0 if it is printable. */
static size_t
unprintable(const unsigned char *s, size_t length)
{
    if (s[0] < ' ' || s[0] == 0x7f) {
        return 1;
    }
    if (length >= 2 && s[0] == 0xc2 && s[1] < 0xa0) {
        return 2; /* U+0080 to U+009F. */
    }
    bool bidi = length >= 3 && s[0] == 0xe2
                && ((s[1] == 0x80 && s[2] >= 0xaa && s[2] <= 0xae)
                    || (s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9));
    return bidi ? 3 : 0; /* U+202A to U+202E, U+2066 to U+2069. */
}

void
text_put_printable(struct text *t, const char *s, size_t length)
{
    for (size_t i = 0; i < length;) {
        size_t n = unprintable((const unsigned char *) s + i, length - i);
        if (n) {
            text_putc(t, '?');
            i += n;
        } else {
            text_putc(t, s[i++]);
        }
    }
}

const char *
text_string(const struct text *t)
{
    return t->s ? t->s : "";
}
