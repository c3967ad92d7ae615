/* The words of OVN's match language, one at a time.
 *
 * A lexer walks over a NUL-terminated text, which must outlive it, and shows
 * one token: its kind and place, and its constant or string.  Names are not
 * copied out of the text; strings in quotes are, into the arena, since they
 * may have escapes.  What is no token is MATCH_T_ERROR, with a 'why'; the
 * lexer stays on it.
 *
 * Copying the struct is a way to look ahead.
 *
 * Source: ovn-sb(5), Logical_Flow, "match"; OVN's lib/lex.c for the
 * characters of names and the form of comments. */
#ifndef MATCH_TOKEN_H
#define MATCH_TOKEN_H 1

#include "base/arena.h"
#include "match/constant.h"

enum match_token {
    MATCH_T_END,
    MATCH_T_ERROR,
    MATCH_T_NAME,        /* A symbol or a function. */
    MATCH_T_ADDRESS_SET, /* "$NAME": 'name' is without the "$". */
    MATCH_T_PORT_GROUP,  /* "@NAME". */
    MATCH_T_STRING,
    MATCH_T_CONSTANT,
    MATCH_T_LPAREN,
    MATCH_T_RPAREN,
    MATCH_T_LCURLY,
    MATCH_T_RCURLY,
    MATCH_T_LSQUARE,
    MATCH_T_RSQUARE,
    MATCH_T_COMMA,
    MATCH_T_ELLIPSIS,
    MATCH_T_EQ, /* The six relations, in this order. */
    MATCH_T_NE,
    MATCH_T_LT,
    MATCH_T_LE,
    MATCH_T_GT,
    MATCH_T_GE,
    MATCH_T_NOT,
    MATCH_T_AND,
    MATCH_T_OR,
};

struct match_lexer {
    const char *text;
    struct arena *arena;

    enum match_token token;
    const char *start; /* Of the token. */
    const char *end;

    const char *name; /* Of names, address sets and port groups... */
    size_t name_length;
    const char *string; /* MATCH_T_STRING: what it means. */
    struct match_constant constant;
    const char *why; /* MATCH_T_ERROR: what is wrong. */
};

/* Starts at the first token of 'text'. */
void match_lexer_init(struct match_lexer *, const char *text, struct arena *);

/* Goes to the next token; stays on the last one and on an error. */
void match_lexer_next(struct match_lexer *);

/* Goes on if the token is a 'token'. */
bool match_lexer_take(struct match_lexer *, enum match_token token);

#endif /* match/token.h */
