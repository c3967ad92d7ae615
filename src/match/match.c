#include "match/match.h"

#include <assert.h>
#include <string.h>

#include "match/node.h"

static const struct match_verdict no = { .result = MATCH_NO };
static const struct match_verdict yes = { .result = MATCH_YES };

static struct match_verdict evaluate(const struct match_node *,
                                     const struct match_packet *);

static enum match_result
inverse(enum match_result result)
{
    return result == MATCH_MAYBE ? MATCH_MAYBE
           : result == MATCH_YES ? MATCH_NO
                                 : MATCH_YES;
}

/* 'a' and 'b' where neither decides: what of either is unknown matters. */
static struct match_verdict
both(struct match_verdict a, struct match_verdict b)
{
    struct match_verdict maybe = a.result == MATCH_MAYBE ? a : b;
    maybe.unknown = a.unknown | b.unknown;
    return maybe;
}

static struct match_verdict
evaluate_children(const struct match_node *node,
                  const struct match_packet *packet)
{
    struct match_verdict verdict = node->type == MATCH_AND ? yes : no;
    enum match_result decisive = inverse(verdict.result);
    for (const struct match_node *child = node->children; child;
         child = child->next) {
        struct match_verdict one = evaluate(child, packet);
        if (one.result == decisive) {
            return one;
        }
        if (one.result == MATCH_MAYBE) {
            verdict = both(verdict, one);
        }
    }
    return verdict;
}

static enum match_result
test_equal(const struct match_node *node, match_bits value, match_bits known)
{
    if ((value ^ node->value) & node->mask & known) {
        return MATCH_NO;
    }
    return node->mask & ~known ? MATCH_MAYBE : MATCH_YES;
}

/* Compares the least and the greatest that the field can be. */
static enum match_result
test_less(const struct match_node *node, match_bits value, match_bits known)
{
    match_bits greatest = value | (match_ones(node->width) & ~known);
    bool or_equal = node->type == MATCH_LESS_EQUAL;
    if (greatest < node->value || (or_equal && greatest == node->value)) {
        return MATCH_YES;
    }
    if (value > node->value || (!or_equal && value == node->value)) {
        return MATCH_NO;
    }
    return MATCH_MAYBE;
}

static enum match_result
test_number(const struct match_node *node, const struct match_packet *packet)
{
    match_bits ones = match_ones(node->width);
    match_bits value = packet->value[node->field] >> node->offset & ones;
    match_bits known = packet->known[node->field] >> node->offset & ones;
    return node->type == MATCH_EQUAL ? test_equal(node, value, known)
           : node->type == MATCH_ANY
               ? match_set_has(node->set, value, known, node->width)
               : test_less(node, value, known);
}

static enum match_result
test_port(const struct match_node *node, const struct match_packet *packet)
{
    const char *port =
        node->field == MATCH_INPORT ? packet->inport : packet->outport;
    if (!port) {
        return MATCH_MAYBE;
    }
    bool same = node->type == MATCH_PORT ? !strcmp(port, node->name)
                                         : match_set_has_name(node->set, port);
    return same ? MATCH_YES : MATCH_NO;
}

static enum match_result
test_resident(const struct match_node *node, const struct match_packet *packet)
{
    return packet->resident
               ? packet->resident(packet->resident_aux, node->name)
               : MATCH_MAYBE;
}

/* The node's own test, without its prerequisite. */
static struct match_verdict
evaluate_test(const struct match_node *node, const struct match_packet *packet)
{
    enum match_result result;
    switch (node->type) {
    case MATCH_AND:
    case MATCH_OR:
        return evaluate_children(node, packet);
    case MATCH_CONSTANT:
        return node->truth ? yes : no;
    case MATCH_EXPANSION: {
        struct match_verdict verdict = evaluate(node->expansion, packet);
        if (node->negated) {
            verdict.result = inverse(verdict.result);
        }
        return verdict;
    }
    case MATCH_PORT:
    case MATCH_PORTS:
        result = test_port(node, packet);
        break;
    case MATCH_RESIDENT:
        result = test_resident(node, packet);
        break;
    default:
        result = test_number(node, packet);
        break;
    }
    struct match_verdict verdict = { .result = node->negated ? inverse(result)
                                                             : result };
    if (result == MATCH_MAYBE) {
        verdict.unknown = UINT64_C(1) << node->field;
        verdict.symbol =
            node->symbol ? node->symbol->name : match_field_name(node->field);
    }
    return verdict;
}

static struct match_verdict
evaluate(const struct match_node *node, const struct match_packet *packet)
{
    struct match_verdict verdict = evaluate_test(node, packet);
    if (!node->prerequisite || verdict.result == MATCH_NO) {
        return verdict;
    }
    struct match_verdict before = evaluate(node->prerequisite, packet);
    return before.result == MATCH_NO    ? no
           : before.result == MATCH_YES ? verdict
                                        : both(before, verdict);
}

struct match_verdict
match_evaluate(const struct match *match, const struct match_packet *packet)
{
    struct match_verdict verdict = evaluate(match->root, packet);
    assert((verdict.result == MATCH_MAYBE) == !!verdict.unknown);
    return verdict;
}

void
match_look_ahead(const struct match *match, unsigned step)
{
    if (!step) {
        __builtin_prefetch(match);
    } else if (step == 1) {
        __builtin_prefetch(match->root);
    } else if (match->root->type == MATCH_AND
               || match->root->type == MATCH_OR) {
        __builtin_prefetch(match->root->children);
    }
}

/* Sets what 'node' forces, where nothing else is known. */
static void
assume(const struct match_node *node, struct match_packet *packet)
{
    if (node->prerequisite) {
        assume(node->prerequisite, packet);
    }
    if (node->type == MATCH_AND) {
        for (const struct match_node *child = node->children; child;
             child = child->next) {
            assume(child, packet);
        }
    } else if (node->type == MATCH_EXPANSION && !node->negated) {
        assume(node->expansion, packet);
    } else if (node->type == MATCH_EQUAL
               && (!node->negated || node->width == 1)) {
        match_bits value = node->negated ? ~node->value : node->value;
        match_bits mask =
            (node->mask << node->offset) & ~packet->known[node->field];
        match_packet_set_bits(packet, node->field, value << node->offset,
                              mask);
    } else if (node->type == MATCH_PORT) {
        const char **port =
            node->field == MATCH_INPORT ? &packet->inport : &packet->outport;
        *port = *port ? *port : node->name;
    }
}

bool
match_assume(const struct match *match, struct match_packet *packet)
{
    assume(match->root, packet);
    return match_evaluate(match, packet).result == MATCH_YES;
}
