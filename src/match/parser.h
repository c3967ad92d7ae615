/* What the parts of the parser share: parser.c reads the grammar and calls
 * node.c to check and build what a comparison means.
 *
 * A parse function returns NULL after match_refuse(), of which the first one
 * counts. */
#ifndef MATCH_PARSER_H
#define MATCH_PARSER_H 1

#include "match/node.h"
#include "match/token.h"

struct match_parser {
    struct match_context *context;
    struct match_lexer lexer;
    struct match *match;
    struct error *error; /* The first one. */
    unsigned depth;      /* Of parentheses. */
    bool negated;        /* Under an odd number of '!'. */
    size_t n_members;    /* Of sets written into the text. */
};

/* A symbol, or some bits of it. */
struct match_operand {
    const struct match_symbol *symbol;
    unsigned offset; /* In the symbol. */
    unsigned width;  /* 0 for a string. */
};

/* One or more constants. */
struct match_constants {
    const struct match_set *set;
    bool braces;
};

/* Notes an error at 'at', a place in the text. */
void match_refuse(struct match_parser *, const char *at, const char *format,
                  ...) PROVNET_PRINTF(3, 4);

struct match_node *match_node_new(struct match_parser *, enum match_node_type);

/* 'truth', or its opposite under '!'. */
struct match_node *match_node_constant(struct match_parser *, bool truth);

/* The comparison of 'operand' with 'constants'; 'relation' is one of the six
 * tokens, 'at' where the comparison starts. */
struct match_node *match_node_compare(struct match_parser *,
                                      const struct match_operand *operand,
                                      enum match_token relation,
                                      const struct match_constants *constants,
                                      const char *at);

#endif /* match/parser.h */
