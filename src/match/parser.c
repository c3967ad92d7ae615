#include "match/parser.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static struct match_node *parse_expression(struct match_parser *);

/* Errors. */

#define MAX_SHOWN 40

void
match_refuse(struct match_parser *p, const char *at, const char *format, ...)
{
    if (p->error) {
        return;
    }
    struct text text;
    va_list args;
    char *message;
    va_start(args, format);
    int length = vasprintf(&message, format, args);
    va_end(args);
    assert(length >= 0);
    text_init(&text, TEXT_CEILING_BYTES);
    text_printf(&text, "column %zu: ", (size_t) (at - p->lexer.text) + 1);
    /* One line of ASCII, whatever bytes the match has. */
    for (const char *c = message; *c; c++) {
        text_putc(&text, *c < ' ' || *c > '~' ? '?' : *c);
    }
    p->error = error_new("%s", text_string(&text));
    text_done(&text);
    free(message);
}

/* The token does not fit. */
static void
refuse_token(struct match_parser *p, const char *expected)
{
    const struct match_lexer *lexer = &p->lexer;
    size_t length = (size_t) (lexer->end - lexer->start);
    int shown = (int) (length > MAX_SHOWN ? MAX_SHOWN : length);
    if (lexer->token == MATCH_T_END) {
        match_refuse(p, lexer->start, "expected %s, found the end", expected);
    } else if (lexer->token == MATCH_T_ERROR) {
        match_refuse(p, lexer->start, "expected %s, found '%.*s': %s",
                     expected, shown, lexer->start, lexer->why);
    } else {
        match_refuse(p, lexer->start, "expected %s, found '%.*s'", expected,
                     shown, lexer->start);
    }
}

/* Takes a token that must be there. */
static bool
need(struct match_parser *p, enum match_token token, const char *expected)
{
    if (match_lexer_take(&p->lexer, token)) {
        return true;
    }
    refuse_token(p, expected);
    return false;
}

/* Operands. */

/* A bit's number in brackets. */
static bool
parse_bit(struct match_parser *p, unsigned *ret_bit)
{
    const struct match_constant *c = &p->lexer.constant;
    if (p->lexer.token != MATCH_T_CONSTANT || c->format != MATCH_DECIMAL
        || c->masked || c->value > INT32_MAX) {
        refuse_token(p, "a bit's number");
        return false;
    }
    *ret_bit = (unsigned) c->value;
    match_lexer_next(&p->lexer);
    return true;
}

static bool
parse_bits(struct match_parser *p, struct match_operand *o)
{
    const struct match_symbol *symbol = o->symbol;
    const char *at = p->lexer.start;
    unsigned low, high;
    if (!symbol->width) {
        match_refuse(p, at, "%s is a string and has no bits", symbol->name);
        return false;
    }
    if (!parse_bit(p, &low)) {
        return false;
    }
    high = low;
    if ((match_lexer_take(&p->lexer, MATCH_T_ELLIPSIS) && !parse_bit(p, &high))
        || !need(p, MATCH_T_RSQUARE, "']'")) {
        return false;
    }
    if (low > high || high >= symbol->width) {
        match_refuse(p, at, "%s has bits 0 to %u, not %u..%u", symbol->name,
                     symbol->width - 1u, low, high);
        return false;
    }
    if (symbol->nominal && (low || high != symbol->width - 1u)) {
        match_refuse(p, at, "%s is nominal and can only be compared whole",
                     symbol->name);
        return false;
    }
    o->offset = low;
    o->width = high - low + 1;
    return true;
}

static bool
parse_operand(struct match_parser *p, struct match_operand *o)
{
    struct match_lexer *lexer = &p->lexer;
    o->symbol = lexer->token == MATCH_T_NAME ? strmap_get_n(
                    &p->context->symbols, lexer->name, lexer->name_length)
                                             : NULL;
    if (!o->symbol) {
        refuse_token(p, "a field");
        return false;
    }
    o->offset = 0;
    o->width = o->symbol->width;
    match_lexer_next(lexer);
    return !match_lexer_take(lexer, MATCH_T_LSQUARE) || parse_bits(p, o);
}

/* Constants. */

/* Stands for a set that has too many members, so that it is asked for once. */
static const struct match_set too_large;

/* Asks the caller for a set; NULL after an error. */
static const struct match_set *
resolve(struct match_parser *p, const char *name, bool is_port_group)
{
    struct match_context *context = p->context;
    match_lookup_fn *lookup =
        is_port_group ? context->port_group : context->address_set;
    const char *const *members;
    size_t n;
    if (!lookup || !lookup(context->aux, name, &members, &n)) {
        match_refuse(p, p->lexer.start, "there is no %s '%.*s'",
                     is_port_group ? "port group" : "address set", MAX_SHOWN,
                     name);
        return NULL;
    }
    if (n > MATCH_MAX_MEMBERS) {
        return &too_large;
    }
    struct match_set_builder builder;
    match_set_builder_init(&builder);
    match_set_builder_clear(&builder, is_port_group);
    for (size_t i = 0; i < n; i++) {
        struct match_constant c;
        bool added = is_port_group ? match_set_add_name(&builder, members[i])
                     : match_constant_parse(&c, members[i])
                         ? match_set_add_constant(&builder, &c)
                         : true;
        assert(added);
    }
    const struct match_set *set = match_set_build(&builder, context->arena);
    match_set_builder_done(&builder);
    return set;
}

/* The set that the token names, kept for the next match that names it. */
static const struct match_set *
parse_reference(struct match_parser *p)
{
    struct arena *arena = p->context->arena;
    bool is_port_group = p->lexer.token == MATCH_T_PORT_GROUP;
    struct strmap *known =
        is_port_group ? &p->context->port_groups : &p->context->address_sets;
    const char *name =
        arena_strndup(arena, p->lexer.name, p->lexer.name_length);
    const struct match_set *set = strmap_get(known, name);
    if (!set) {
        set = resolve(p, name, is_port_group);
        if (!set) {
            return NULL;
        }
        *strmap_place(known, name) = (void *) set;
    }
    if (set == &too_large) {
        match_refuse(p, p->lexer.start, "'%.*s' has more than %zu members",
                     MAX_SHOWN, name, MATCH_MAX_MEMBERS);
        return NULL;
    }
    struct match_reference *reference = arena_alloc(arena, sizeof *reference);
    *reference =
        (struct match_reference){ p->match->references, name, is_port_group };
    p->match->references = reference;
    match_lexer_next(&p->lexer);
    return set;
}

/* Adds the constant or set at the token to the context's builder. */
static bool
parse_member(struct match_parser *p)
{
    struct match_lexer *lexer = &p->lexer;
    struct match_set_builder *builder = &p->context->builder;
    const char *at = lexer->start;
    size_t n = 1;
    bool added;
    if (lexer->token == MATCH_T_ADDRESS_SET
        || lexer->token == MATCH_T_PORT_GROUP) {
        const struct match_set *set = parse_reference(p);
        if (!set) {
            return false;
        }
        n = set->n;
        added = match_set_add_set(builder, set);
    } else if (lexer->token == MATCH_T_CONSTANT) {
        added = match_set_add_constant(builder, &lexer->constant);
        match_lexer_next(lexer);
    } else if (lexer->token == MATCH_T_STRING) {
        added = match_set_add_name(builder, lexer->string);
        match_lexer_next(lexer);
    } else {
        refuse_token(p, "a constant");
        return false;
    }
    p->n_members += n;
    if (!added || p->n_members > MATCH_MAX_MEMBERS) {
        match_refuse(p, at, "a set has integers or strings, at most %zu",
                     MATCH_MAX_MEMBERS);
        return false;
    }
    return true;
}

/* A constant, a set's name, or several in braces. */
static bool
parse_constants(struct match_parser *p, struct match_constants *ret)
{
    struct match_lexer *lexer = &p->lexer;
    bool braces = match_lexer_take(lexer, MATCH_T_LCURLY);
    if (!braces
        && (lexer->token == MATCH_T_ADDRESS_SET
            || lexer->token == MATCH_T_PORT_GROUP)) {
        ret->set = parse_reference(p);
        ret->braces = false;
        return ret->set;
    }
    match_set_builder_clear(&p->context->builder, false);
    do {
        if (!parse_member(p)) {
            return false;
        }
        if (braces) {
            match_lexer_take(lexer, MATCH_T_COMMA);
        }
    } while (braces && !match_lexer_take(lexer, MATCH_T_RCURLY));
    ret->set = match_set_build(&p->context->builder, p->context->arena);
    ret->braces = braces;
    return true;
}

/* Expressions. */

static bool
is_relation(enum match_token token)
{
    return token >= MATCH_T_EQ && token <= MATCH_T_GE;
}

/* The relation with its sides exchanged. */
static enum match_token
turned(enum match_token relation)
{
    return relation == MATCH_T_LT   ? MATCH_T_GT
           : relation == MATCH_T_GT ? MATCH_T_LT
           : relation == MATCH_T_LE ? MATCH_T_GE
           : relation == MATCH_T_GE ? MATCH_T_LE
                                    : relation;
}

static bool
parse_relation(struct match_parser *p, enum match_token *ret_relation)
{
    if (!is_relation(p->lexer.token)) {
        refuse_token(p, "==, !=, <, <=, > or >=");
        return false;
    }
    *ret_relation = p->lexer.token;
    match_lexer_next(&p->lexer);
    return true;
}

/* is_chassis_resident("PORT"), at its name. */
static struct match_node *
parse_function(struct match_parser *p)
{
    static const char name[] = "is_chassis_resident";
    struct match_lexer *lexer = &p->lexer;
    if (lexer->name_length != strlen(name)
        || strncmp(lexer->name, name, strlen(name))) {
        refuse_token(p, "is_chassis_resident, the only function");
        return NULL;
    }
    match_lexer_next(lexer);
    match_lexer_next(lexer); /* The parenthesis, which was seen. */
    const char *port = lexer->string;
    if (!need(p, MATCH_T_STRING, "a port's name in quotes")
        || !need(p, MATCH_T_RPAREN, "')'")) {
        return NULL;
    }
    struct match_node *node = match_node_new(p, MATCH_RESIDENT);
    node->field = MATCH_CHASSIS_RESIDENT;
    node->name = port;
    node->negated = p->negated;
    p->match->fields |= UINT64_C(1) << MATCH_CHASSIS_RESIDENT;
    return node;
}

/* "FIELD" or "FIELD RELATION CONSTANTS". */
static struct match_node *
parse_field_first(struct match_parser *p, bool *ret_atomic)
{
    static const struct match_constant zero = { .mask = ~(match_bits) 0,
                                                .format = MATCH_HEXADECIMAL };
    static const struct match_set zeros = { .n = 1,
                                            .n_own = 1,
                                            .constants = &zero };
    const char *at = p->lexer.start;
    enum match_token relation;
    struct match_operand o;
    struct match_constants c;
    if (!parse_operand(p, &o)) {
        return NULL;
    }
    if (o.width && !is_relation(p->lexer.token)
        && p->lexer.token != MATCH_T_ERROR) {
        if (o.width > 1 && !p->negated) {
            match_refuse(p, at,
                         "%s has more than one bit: compare it, as in "
                         "'%s != 0'",
                         o.symbol->name, o.symbol->name);
            return NULL;
        }
        *ret_atomic = true;
        c = (struct match_constants){ .set = &zeros };
        return match_node_compare(p, &o, MATCH_T_NE, &c, at);
    }
    return parse_relation(p, &relation) && parse_constants(p, &c)
               ? match_node_compare(p, &o, relation, &c, at)
               : NULL;
}

/* Whether 'a' and 'b' make a range: "1 < FIELD <= 5", "5 > FIELD > 1". */
static bool
is_range(enum match_token a, enum match_token b)
{
    bool less = a == MATCH_T_LT || a == MATCH_T_LE;
    bool greater = a == MATCH_T_GT || a == MATCH_T_GE;
    return (less && (b == MATCH_T_LT || b == MATCH_T_LE))
           || (greater && (b == MATCH_T_GT || b == MATCH_T_GE));
}

/* The rest of "CONSTANT RELATION FIELD RELATION CONSTANT". */
static struct match_node *
parse_range(struct match_parser *p, const struct match_constants *first,
            enum match_token relation, const struct match_operand *o,
            const char *at)
{
    enum match_token second;
    struct match_constants c;
    if (!parse_relation(p, &second) || !parse_constants(p, &c)) {
        return NULL;
    }
    if (!is_range(relation, second)) {
        match_refuse(p, at,
                     "a range is 'x < field < y' or 'x > field > y', "
                     "with <= for < and >= for >");
        return NULL;
    }
    struct match_node *low =
        match_node_compare(p, o, turned(relation), first, at);
    const struct match_node *high =
        low ? match_node_compare(p, o, second, &c, at) : NULL;
    if (!high) {
        return NULL;
    }
    struct match_node *node =
        match_node_new(p, p->negated ? MATCH_OR : MATCH_AND);
    low->next = high;
    node->children = low;
    return node;
}

/* "0", "1", "CONSTANTS RELATION FIELD" or a range. */
static struct match_node *
parse_constant_first(struct match_parser *p, bool *ret_atomic)
{
    const char *at = p->lexer.start;
    enum match_token relation;
    struct match_constants c;
    struct match_operand o;
    if (!parse_constants(p, &c)) {
        return NULL;
    }
    if (!is_relation(p->lexer.token) && c.set->n == 1 && !c.set->strings
        && !c.braces) {
        const struct match_constant *only = c.set->constants;
        if (only->format == MATCH_DECIMAL && !only->masked
            && only->value <= 1) {
            *ret_atomic = true;
            return match_node_constant(p, only->value);
        }
    }
    if (!parse_relation(p, &relation) || !parse_operand(p, &o)) {
        return NULL;
    }
    return is_relation(p->lexer.token)
               ? parse_range(p, &c, relation, &o, at)
               : match_node_compare(p, &o, turned(relation), &c, at);
}

static struct match_node *
parse_parentheses(struct match_parser *p)
{
    if (p->depth >= MATCH_MAX_DEPTH) {
        match_refuse(p, p->lexer.start, "parentheses are nested too deeply");
        return NULL;
    }
    p->depth++;
    match_lexer_next(&p->lexer);
    struct match_node *node = parse_expression(p);
    p->depth--;
    return node && need(p, MATCH_T_RPAREN, "')', && or ||") ? node : NULL;
}

/* What '!' applies to has to be atomic: "!(a == 1)", not "!a == 1". */
static struct match_node *
parse_primary(struct match_parser *p, bool *ret_atomic)
{
    *ret_atomic = false;
    if (p->lexer.token == MATCH_T_LPAREN) {
        *ret_atomic = true;
        return parse_parentheses(p);
    }
    if (p->lexer.token != MATCH_T_NAME) {
        return parse_constant_first(p, ret_atomic);
    }
    struct match_lexer ahead = p->lexer;
    match_lexer_next(&ahead);
    if (ahead.token == MATCH_T_LPAREN) {
        *ret_atomic = true;
        return parse_function(p);
    }
    return parse_field_first(p, ret_atomic);
}

static struct match_node *
parse_term(struct match_parser *p)
{
    bool atomic;
    const char *at = p->lexer.start;
    if (!match_lexer_take(&p->lexer, MATCH_T_NOT)) {
        return parse_primary(p, &atomic);
    }
    p->negated = !p->negated;
    struct match_node *node = parse_primary(p, &atomic);
    p->negated = !p->negated;
    if (node && !atomic) {
        match_refuse(p, at, "what ! applies to needs parentheses");
        return NULL;
    }
    return node;
}

/* Terms between && or between ||. */
static struct match_node *
parse_expression(struct match_parser *p)
{
    struct match_node *last = parse_term(p);
    enum match_token operator= p->lexer.token;
    if (!last || (operator!= MATCH_T_AND && operator!= MATCH_T_OR)) {
        return last;
    }
    struct match_node *node = match_node_new(
        p, (operator== MATCH_T_AND) != p->negated ? MATCH_AND : MATCH_OR);
    node->children = last;
    while (match_lexer_take(&p->lexer, operator)) {
        struct match_node *term = parse_term(p);
        if (!term) {
            return NULL;
        }
        last->next = term;
        last = term;
    }
    if (p->lexer.token == MATCH_T_AND || p->lexer.token == MATCH_T_OR) {
        match_refuse(p, p->lexer.start,
                     "&& and || need parentheses where they "
                     "meet");
        return NULL;
    }
    return node;
}

struct error *
match_parse(struct match_context *context, const char *text,
            const struct match **ret_match)
{
    size_t length = strnlen(text, MATCH_MAX_LENGTH + 1);
    if (length > MATCH_MAX_LENGTH) {
        return error_new("a match of more than %zu bytes", MATCH_MAX_LENGTH);
    }
    struct match_parser p = { .context = context };
    p.match = arena_zalloc(context->arena, sizeof *p.match);
    match_lexer_init(&p.lexer, text, context->arena);
    p.match->root = parse_expression(&p);
    if (p.match->root) {
        if (p.lexer.token != MATCH_T_END) {
            refuse_token(&p, "&&, || or the end");
        } else {
            *ret_match = p.match;
        }
    }
    assert(p.match->root || p.error);
    return p.error;
}

void
match_context_init(struct match_context *context, struct arena *arena,
                   match_lookup_fn *address_set, match_lookup_fn *port_group,
                   void *aux)
{
    memset(context, 0, sizeof *context);
    context->arena = arena;
    context->address_set = address_set;
    context->port_group = port_group;
    context->aux = aux;
    strmap_init(&context->symbols);
    strmap_init(&context->address_sets);
    strmap_init(&context->port_groups);
    for (size_t i = 0; i < match_n_symbols; i++) {
        const struct match_symbol *symbol = &match_symbols[i];
        *strmap_place(&context->symbols, symbol->name) = (void *) symbol;
    }
    size_t size = match_n_symbols * sizeof *context->expansions;
    context->expansions = arena_zalloc(arena, size);
    context->prerequisites = arena_zalloc(arena, size);
    match_set_builder_init(&context->builder);
}

void
match_context_done(struct match_context *context)
{
    strmap_done(&context->symbols);
    strmap_done(&context->address_sets);
    strmap_done(&context->port_groups);
    match_set_builder_done(&context->builder);
}

void
match_context_forget(struct match_context *context, const char *name,
                     bool is_port_group)
{
    struct strmap *known =
        is_port_group ? &context->port_groups : &context->address_sets;
    if (strmap_get(known, name)) {
        *strmap_place(known, name) = NULL;
    }
}

void
match_visit_references(const char *text, match_visit_fn *visit, void *aux)
{
    struct arena arena;
    struct match_lexer lexer;
    arena_init(&arena);
    for (match_lexer_init(&lexer, text, &arena);
         lexer.token != MATCH_T_END && lexer.token != MATCH_T_ERROR;
         match_lexer_next(&lexer)) {
        if (lexer.token == MATCH_T_ADDRESS_SET
            || lexer.token == MATCH_T_PORT_GROUP) {
            visit(aux, lexer.name, lexer.name_length,
                  lexer.token == MATCH_T_PORT_GROUP);
        }
    }
    arena_done(&arena);
}
