#include "match/token.h"

#include <string.h>

static const struct {
    const char *text;
    enum match_token token;
} punctuation[] = {
    /* Those that another one starts with come after it. */
    { "==", MATCH_T_EQ },       { "!=", MATCH_T_NE },
    { "<=", MATCH_T_LE },       { ">=", MATCH_T_GE },
    { "&&", MATCH_T_AND },      { "||", MATCH_T_OR },
    { "..", MATCH_T_ELLIPSIS }, { "!", MATCH_T_NOT },
    { "<", MATCH_T_LT },        { ">", MATCH_T_GT },
    { "(", MATCH_T_LPAREN },    { ")", MATCH_T_RPAREN },
    { "{", MATCH_T_LCURLY },    { "}", MATCH_T_RCURLY },
    { "[", MATCH_T_LSQUARE },   { "]", MATCH_T_RSQUARE },
    { ",", MATCH_T_COMMA },
};

static void
fail(struct match_lexer *lexer, const char *end, const char *why)
{
    lexer->token = MATCH_T_ERROR;
    lexer->end = end;
    lexer->why = why;
}

/* Skips white space and comments.  Returns NULL if a comment has no end. */
static const char *
skip_blanks(const char *p)
{
    for (;;) {
        p += strspn(p, " \t\n\r\v\f");
        if (p[0] == '/' && p[1] == '/') {
            p += strcspn(p, "\n");
        } else if (p[0] == '/' && p[1] == '*') {
            size_t line = strcspn(p, "\n");
            const char *end = memmem(p + 2, line - 2, "*/", 2);
            if (!end) {
                return NULL;
            }
            p = end + 2;
        } else {
            return p;
        }
    }
}

static bool
starts_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'
           || c == '.';
}

static const char *
end_of_name(const char *p)
{
    while (starts_name(*p) || (*p >= '0' && *p <= '9')) {
        p++;
    }
    return p;
}

static void
read_name(struct match_lexer *lexer, enum match_token token, const char *start)
{
    if (!starts_name(*start)) {
        fail(lexer, start, "a name must follow");
        return;
    }
    lexer->token = token;
    lexer->name = start;
    lexer->end = end_of_name(start);
    lexer->name_length = (size_t) (lexer->end - start);
}

static void
read_constant(struct match_lexer *lexer)
{
    const char *why;
    const char *end =
        match_constant_read(&lexer->constant, lexer->start, &why);
    if (end) {
        lexer->token = MATCH_T_CONSTANT;
        lexer->end = end;
    } else {
        fail(lexer, lexer->start + strcspn(lexer->start, " \t\n,)}]"), why);
    }
}

/* The four hexadecimal digits at 'p', or -1. */
static long
read_unicode(const char *p)
{
    long value = 0;
    for (int i = 0; i < 4; i++) {
        static const char digits[] = "0123456789abcdefABCDEF";
        const char *digit = p[i] ? strchr(digits, p[i]) : NULL;
        if (!digit) {
            return -1;
        }
        long nibble = digit - digits;
        value = value << 4 | (nibble < 16 ? nibble : nibble - 6);
    }
    return value;
}

static char *
put_utf8(char *out, long c)
{
    if (c < 0x80) {
        *out++ = (char) c;
    } else if (c < 0x800) {
        *out++ = (char) (0xc0 | c >> 6);
        *out++ = (char) (0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        *out++ = (char) (0xe0 | c >> 12);
        *out++ = (char) (0x80 | (c >> 6 & 0x3f));
        *out++ = (char) (0x80 | (c & 0x3f));
    } else {
        *out++ = (char) (0xf0 | c >> 18);
        *out++ = (char) (0x80 | (c >> 12 & 0x3f));
        *out++ = (char) (0x80 | (c >> 6 & 0x3f));
        *out++ = (char) (0x80 | (c & 0x3f));
    }
    return out;
}

/* Reads what follows "\u", surrogate pairs too.  Returns the end, or NULL. */
static const char *
unescape_unicode(const char *p, char **out)
{
    long c = read_unicode(p);
    p += 4;
    if (c >= 0xd800 && c <= 0xdbff) {
        long low = p[0] == '\\' && p[1] == 'u' ? read_unicode(p + 2) : -1;
        if (low < 0xdc00 || low > 0xdfff) {
            return NULL;
        }
        c = 0x10000 + ((c & 0x3ff) << 10) + (low & 0x3ff);
        p += 6;
    } else if (c <= 0 || (c >= 0xdc00 && c <= 0xdfff)) {
        return NULL;
    }
    *out = put_utf8(*out, c);
    return p;
}

/* Reads what follows a backslash.  Returns the end, or NULL. */
static const char *
unescape(const char *p, char **out)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    if (*p == 'u') {
        return unescape_unicode(p + 1, out);
    }
    const char *name = *p ? strchr(names, *p) : NULL;
    if (!name) {
        return NULL;
    }
    *(*out)++ = values[name - names];
    return p + 1;
}

/* The closing quote of the string at 'p', or NULL. */
static const char *
end_of_string(const char *p)
{
    for (p++; *p != '"'; p++) {
        if (*p == '\\') {
            p++;
        }
        if (!*p) {
            return NULL;
        }
    }
    return p;
}

static void
read_string(struct match_lexer *lexer)
{
    const char *end = end_of_string(lexer->start);
    if (!end) {
        fail(lexer, lexer->start + strlen(lexer->start),
             "a string without a closing quote");
        return;
    }
    /* No escape is shorter than what it stands for. */
    char *string = arena_alloc(lexer->arena, (size_t) (end - lexer->start));
    char *out = string;
    for (const char *p = lexer->start + 1; p < end;) {
        if (*p != '\\') {
            *out++ = *p++;
        } else {
            p = unescape(p + 1, &out);
            if (!p) {
                fail(lexer, end + 1, "a string with a bad escape");
                return;
            }
        }
    }
    *out = '\0';
    lexer->token = MATCH_T_STRING;
    lexer->string = string;
    lexer->end = end + 1;
}

static void
read_punctuation(struct match_lexer *lexer)
{
    for (size_t i = 0; i < N_ELEMENTS(punctuation); i++) {
        size_t length = strlen(punctuation[i].text);
        if (!strncmp(lexer->start, punctuation[i].text, length)) {
            lexer->token = punctuation[i].token;
            lexer->end = lexer->start + length;
            return;
        }
    }
    fail(lexer, lexer->start + 1, "no part of a match");
}

/* An address or a number; "fd00::1" and "fa:16:..." start as names do. */
static bool
is_constant(const char *p)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    return (*p >= '0' && *p <= '9') || (p[0] == ':' && p[1] == ':')
           || (strchr(digits, *p) && p[strspn(p, digits)] == ':');
}

void
match_lexer_next(struct match_lexer *lexer)
{
    if (lexer->token == MATCH_T_ERROR) {
        return;
    }
    const char *p = skip_blanks(lexer->end);
    lexer->start = p ? p : lexer->end;
    if (!p) {
        fail(lexer, lexer->start + strlen(lexer->start),
             "a comment without \"*/\" on its line");
    } else if (!*p) {
        lexer->token = MATCH_T_END;
        lexer->end = p;
    } else if (is_constant(p)) {
        read_constant(lexer);
    } else if (*p == '.' && p[1] == '.') {
        read_punctuation(lexer);
    } else if (starts_name(*p) && *p != '.') {
        read_name(lexer, MATCH_T_NAME, p);
    } else if (*p == '$') {
        read_name(lexer, MATCH_T_ADDRESS_SET, p + 1);
    } else if (*p == '@') {
        read_name(lexer, MATCH_T_PORT_GROUP, p + 1);
    } else if (*p == '"') {
        read_string(lexer);
    } else {
        read_punctuation(lexer);
    }
}

bool
match_lexer_take(struct match_lexer *lexer, enum match_token token)
{
    if (lexer->token != token) {
        return false;
    }
    match_lexer_next(lexer);
    return true;
}

void
match_lexer_init(struct match_lexer *lexer, const char *text,
                 struct arena *arena)
{
    memset(lexer, 0, sizeof *lexer);
    lexer->text = text;
    lexer->arena = arena;
    lexer->end = text;
    match_lexer_next(lexer);
}
