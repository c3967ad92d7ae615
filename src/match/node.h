/* The tree that match_parse() builds and match_evaluate() walks.
 *
 * Nodes are constant once built, and live in the context's arena.  A node is
 * in one list of children; expansions of predicates and prerequisites are
 * pointed to by many nodes, and therefore have no place in a list.  '!' is
 * gone: it is in 'negated' and in the choice of relations and operators. */
#ifndef MATCH_NODE_H
#define MATCH_NODE_H 1

#include "match/match.h"
#include "match/symbol.h"

enum match_node_type {
    MATCH_AND, /* 'children'... */
    MATCH_OR,
    MATCH_CONSTANT,  /* 'truth'. */
    MATCH_EXPANSION, /* A predicate: 'expansion'. */
    MATCH_EQUAL,     /* The field equals 'value' in the bits of 'mask'... */
    MATCH_ANY,       /* ...or is in 'set'... */
    MATCH_LESS,      /* ...or is less than 'value'... */
    MATCH_LESS_EQUAL,
    MATCH_PORT,     /* ...or is 'name'... */
    MATCH_PORTS,    /* ...or is in 'set'. */
    MATCH_RESIDENT, /* is_chassis_resident('name'). */
};

struct match_node {
    enum match_node_type type;
    bool negated; /* The test is true if it fails; not the prerequisite. */
    enum match_field field;
    unsigned char offset; /* Of the bits in 'field' that are compared. */
    unsigned char width;  /* How many they are. */
    const struct match_symbol *symbol;
    const struct match_node *prerequisite; /* Or NULL. */
    const struct match_node *next;         /* In its parent's children. */
    union {
        const struct match_node *children;
        const struct match_node *expansion;
        const struct match_set *set;
        const char *name;
        bool truth;
        struct {
            match_bits value, mask;
        };
    };
};

#endif /* match/node.h */
