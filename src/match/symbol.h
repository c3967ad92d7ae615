/* The symbols of OVN's match language.
 *
 * A symbol is a field, a subfield of one, or a predicate, which is an
 * expression under a name.  A symbol may have a prerequisite, another
 * expression that holds whenever the symbol is used: "tcp.dst == 80" means
 * "tcp.dst == 80 && tcp".
 *
 * Nominal symbols are mere names, "ip.proto" for instance: they can be
 * compared with == only, the number of '!' around them taken into account.
 *
 * Sources: the manual (ovn-sb(5), Logical_Flow, "match", Symbols) and, for
 * levels, subfields and what the manual does not list, OVN's
 * lib/logical-fields.c of 23.03 and later: a field is nominal if Open vSwitch
 * cannot mask it (ovs-fields(7), "Masking: not maskable").  A name that only a
 * later OVN has is known all the same. */
#ifndef MATCH_SYMBOL_H
#define MATCH_SYMBOL_H 1

#include "match/packet.h"

struct match_symbol {
    const char *name;
    enum match_field field;   /* Not of predicates. */
    unsigned char offset;     /* Of bit 0 in 'field'. */
    unsigned char width;      /* In bits; 0 for a string, 1 for a predicate. */
    bool nominal;             /* Predicates: if something in 'expansion' is. */
    const char *prerequisite; /* An expression, or NULL. */
    const char *expansion;    /* An expression; NULL if no predicate. */
};

extern const struct match_symbol match_symbols[];
extern const size_t match_n_symbols;

#endif /* match/symbol.h */
