/* The integer constants of OVN's match language: decimal, hexadecimal, IPv4,
 * IPv6 and Ethernet, each with or without a mask.
 *
 * Sources: ovn-sb(5), Logical_Flow, "match", Constants; for what the manual
 * leaves open, what ovn-trace 23.03 accepts (tests/match/differential) and
 * OVN's lib/lex.c. */
#ifndef MATCH_CONSTANT_H
#define MATCH_CONSTANT_H 1

#include "match/packet.h"

enum match_format {
    MATCH_DECIMAL,
    MATCH_HEXADECIMAL,
    MATCH_IPV4,
    MATCH_IPV6,
    MATCH_ETHERNET,
};

struct match_constant {
    match_bits value; /* 0 outside of 'mask'. */
    match_bits mask;  /* All ones if there is none. */
    bool masked;
    enum match_format format;
};

/* Reads the constant at the start of 'text'.  Returns where it ends, or NULL
 * after setting '*ret_why' to what is wrong (a static string). */
const char *match_constant_read(struct match_constant *, const char *text,
                                const char **ret_why);

/* Whether 'text', all of it, is a constant. */
bool match_constant_parse(struct match_constant *, const char *text);

/* The fewest bits of a field that it can be compared with. */
unsigned match_constant_width(const struct match_constant *);

#endif /* match/constant.h */
