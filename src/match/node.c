#include "match/parser.h"

#include <assert.h>

/* Nodes. */

struct match_node *
match_node_new(struct match_parser *p, enum match_node_type type)
{
    struct match_node *node = arena_zalloc(p->context->arena, sizeof *node);
    node->type = type;
    return node;
}

struct match_node *
match_node_constant(struct match_parser *p, bool truth)
{
    struct match_node *node = match_node_new(p, MATCH_CONSTANT);
    node->truth = truth != p->negated;
    return node;
}

/* Parses an expression of the symbol table, which is our own. */
static const struct match *
parse_own(struct match_context *context, const char *text)
{
    const struct match *match = NULL;
    struct error *error = match_parse(context, text, &match);
    assert(!error);
    return match;
}

/* Adds to the match what 'other', which becomes a part of it, asks for. */
static const struct match_node *
include(struct match_parser *p, const struct match *other)
{
    p->match->fields |= other->fields;
    return other->root;
}

static const struct match_node *
expand(struct match_parser *p, const struct match_symbol *symbol)
{
    const struct match **expansion =
        &p->context->expansions[symbol - match_symbols];
    if (!*expansion) {
        *expansion = parse_own(p->context, symbol->expansion);
        assert((*expansion)->nominal == symbol->nominal);
    }
    return include(p, *expansion);
}

static const struct match_node *
prerequisite_of(struct match_parser *p, const struct match_symbol *symbol)
{
    if (!symbol->prerequisite) {
        return NULL;
    }
    const struct match **prerequisite =
        &p->context->prerequisites[symbol - match_symbols];
    if (!*prerequisite) {
        *prerequisite = parse_own(p->context, symbol->prerequisite);
    }
    return include(p, *prerequisite);
}

/* Comparisons. */

static bool
is_equality(enum match_token relation)
{
    return relation == MATCH_T_EQ || relation == MATCH_T_NE;
}

/* The relation that holds where 'relation' does not. */
static enum match_token
opposite(enum match_token relation)
{
    static const enum match_token opposites[] = {
        [MATCH_T_EQ] = MATCH_T_NE, [MATCH_T_NE] = MATCH_T_EQ,
        [MATCH_T_LT] = MATCH_T_GE, [MATCH_T_GE] = MATCH_T_LT,
        [MATCH_T_GT] = MATCH_T_LE, [MATCH_T_LE] = MATCH_T_GT,
    };
    return opposites[relation];
}

static bool
check_types(struct match_parser *p, const struct match_operand *o,
            const struct match_constants *c, const char *at)
{
    const struct match_symbol *symbol = o->symbol;
    if (c->set->strings != !symbol->width) {
        match_refuse(p, at, "%s is compared with %s only", symbol->name,
                     symbol->width ? "integers and addresses" : "strings");
        return false;
    }
    if (symbol->width && c->set->width > symbol->width) {
        match_refuse(p, at, "%s has %u bits, a constant for it needs %u",
                     symbol->name, symbol->width, c->set->width);
        return false;
    }
    return true;
}

static bool
check_order(struct match_parser *p, const struct match_operand *o,
            const struct match_constants *c, const char *at)
{
    if (c->braces || c->set->n != 1) {
        match_refuse(p, at, "only == and != compare with a set");
    } else if (o->symbol->nominal || o->symbol->expansion) {
        match_refuse(p, at, "only == and != compare %s, which has no order",
                     o->symbol->name);
    } else if (c->set->constants->masked) {
        match_refuse(p, at, "only == and != compare with a masked constant");
    } else {
        return true;
    }
    return false;
}

/* Nominal symbols are for positive tests. */
static bool
check_nominal(struct match_parser *p, const struct match_operand *o,
              enum match_token relation, const struct match_constants *c,
              const char *at)
{
    const struct match_symbol *symbol = o->symbol;
    p->match->nominal |= symbol->nominal;
    if (!symbol->nominal) {
        return true;
    }
    if (!symbol->expansion) {
        if (relation == (p->negated ? MATCH_T_NE : MATCH_T_EQ)) {
            return true;
        }
        match_refuse(p, at,
                     "%s, a nominal field, can only be tested for equality",
                     symbol->name);
        return false;
    }
    if (match_set_has_parity(c->set, p->negated != (relation == MATCH_T_NE))) {
        match_refuse(p, at, "%s, a nominal predicate, cannot be negated",
                     symbol->name);
        return false;
    }
    return true;
}

/* A predicate is compared with its value: the last bit. */
static struct match_node *
compare_predicate(struct match_parser *p, const struct match_operand *o,
                  enum match_token relation, const struct match_set *set)
{
    bool has_one = match_set_has_parity(set, true);
    if (has_one && match_set_has_parity(set, false)) {
        return match_node_constant(p, relation == MATCH_T_EQ);
    }
    bool positive = has_one == (relation == MATCH_T_EQ);
    struct match_node *node = match_node_new(p, MATCH_EXPANSION);
    node->symbol = o->symbol;
    node->negated = positive == p->negated;
    node->expansion = expand(p, o->symbol);
    return node;
}

static void
compare_string(struct match_node *node, const struct match_set *set)
{
    if (set->n == 1) {
        node->type = MATCH_PORT;
        node->name = set->names[0];
    } else {
        node->type = MATCH_PORTS;
        node->set = set;
    }
}

static void
compare_number(struct match_node *node, enum match_token relation,
               const struct match_set *set)
{
    if (is_equality(relation) && set->n > 1) {
        node->type = MATCH_ANY;
        node->set = set;
        return;
    }
    static const enum match_node_type types[] = {
        [MATCH_T_EQ] = MATCH_EQUAL,      [MATCH_T_NE] = MATCH_EQUAL,
        [MATCH_T_LT] = MATCH_LESS,       [MATCH_T_GE] = MATCH_LESS,
        [MATCH_T_LE] = MATCH_LESS_EQUAL, [MATCH_T_GT] = MATCH_LESS_EQUAL,
    };
    match_bits ones = match_ones(node->width);
    node->type = types[relation];
    node->value = set->constants->value & ones;
    node->mask = set->constants->mask & ones;
}

struct match_node *
match_node_compare(struct match_parser *p, const struct match_operand *o,
                   enum match_token relation, const struct match_constants *c,
                   const char *at)
{
    if (!check_types(p, o, c, at)
        || (!is_equality(relation) && !check_order(p, o, c, at))
        || !check_nominal(p, o, relation, c, at)) {
        return NULL;
    }
    if (!c->set->n) {
        return match_node_constant(p, relation == MATCH_T_NE);
    }
    if (o->symbol->expansion) {
        return compare_predicate(p, o, relation, c->set);
    }
    struct match_node *node = match_node_new(p, MATCH_CONSTANT);
    node->symbol = o->symbol;
    node->field = o->symbol->field;
    node->offset = (unsigned char) (o->symbol->offset + o->offset);
    node->width = (unsigned char) o->width;
    p->match->fields |= UINT64_C(1) << node->field;
    relation = p->negated ? opposite(relation) : relation;
    node->negated = relation == MATCH_T_NE || relation == MATCH_T_GE
                    || relation == MATCH_T_GT;
    if (c->set->strings) {
        compare_string(node, c->set);
    } else {
        compare_number(node, relation, c->set);
    }
    node->prerequisite = prerequisite_of(p, o->symbol);
    return node;
}
