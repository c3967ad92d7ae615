/* OVN's match language: what an ACL, a router policy or a logical flow says
 * about a packet.
 *
 * match_parse() turns a text into a tree; match_evaluate() asks the tree about
 * one packet of which some is known, and answers in three values: MATCH_YES
 * and MATCH_NO hold whatever the unknown bits are, MATCH_MAYBE names what
 * would have had to be known.  (The converse is not promised: a match that
 * mentions an unknown field twice, as in "tcp.dst < 80 || tcp.dst >= 80", is
 * MATCH_MAYBE although its parts make up a certainty.)
 *
 * What a text means is OVN's meaning, in particular:
 *
 *   - A prerequisite is added to each comparison after '!' has been moved
 *     inwards: "!(tcp.dst == 80)" is "tcp.dst != 80 && tcp", which no UDP
 *     packet fulfils, and "!ct.est" asks for "ct.trk".
 *   - A predicate is negated as a whole: "!ip.is_frag" is true of ARP.
 *   - Comparing with an empty set is 0 (or 1 with !=), without prerequisite.
 *   - Nominal symbols (inport, eth.type, ip.proto, ip4, tcp, ...) can only be
 *     compared positively: "!tcp" and "ip.proto != 6" are errors, and
 *     ovn-controller leaves a flow out whose match is an error.
 *   - && and || need parentheses where they meet.
 *
 * Where OVN is lenient and provnet is not: <, <=, > and >= with an address set
 * (OVN takes "ip4.src < $set" for a comparison with each member) are errors.
 *
 * Life cycle: a context holds what matches share (resolved address sets and
 * port groups, expansions of predicates), and everything lives in the arena
 * that it is given, until that is emptied.  match_context_done() frees what is
 * only needed for parsing; matches may be used after it.  A context holds each
 * set as it was when a match first named it: when rows change, start a new
 * one.
 *
 * Threads: a context and its arena belong to one; matches that have been
 * parsed are constant, any number of threads may evaluate them.
 *
 * Errors: match_parse() returns one line, "column 9: expected ..., found ...".
 * Columns count bytes from 1.  Hostile text is refused when it is longer than
 * MATCH_MAX_LENGTH, deeper than MATCH_MAX_DEPTH or names sets of more than
 * MATCH_MAX_MEMBERS; parsing and evaluation recurse no deeper than that
 * depth and the nesting of predicates, which is fixed.
 *
 * Sources: ovn-sb(5), Logical_Flow, "match"; OVN's lib/expr.c for what the
 * manual leaves open; and ovn-trace 23.03, with which tests/match/differential
 * compares every verdict. */
#ifndef MATCH_MATCH_H
#define MATCH_MATCH_H 1

#include "base/arena.h"
#include "base/error.h"
#include "base/strmap.h"
#include "match/packet.h"
#include "match/set.h"

#define MATCH_MAX_LENGTH ((size_t) 1 << 20)
#define MATCH_MAX_DEPTH 100 /* Of parentheses, as in OVN. */

/* Finds the members of address set or port group 'name': addresses as in
 * Address_Set.addresses, or names of logical ports.  Returns false if there is
 * no such set, which makes the match an error.  The strings must live as long
 * as the context's arena, the array until the next call.
 *
 * Who implements this makes "NAME_ip4" and "NAME_ip6" address sets of port
 * group NAME too (ovn-nb(5), Port_Group).  Addresses that are none are left
 * out, as ovn-controller does. */
typedef bool match_lookup_fn(void *aux, const char *name,
                             const char *const **ret_members,
                             size_t *ret_n_members);

struct match_context {
    struct arena *arena;
    match_lookup_fn *address_set; /* NULL: there are none. */
    match_lookup_fn *port_group;  /* NULL: there are none. */
    void *aux;

    /* Private. */
    struct strmap symbols;      /* Name -> struct match_symbol. */
    struct strmap address_sets; /* Name -> struct match_set. */
    struct strmap port_groups;
    const struct match **expansions; /* By symbol; NULL: not yet needed. */
    const struct match **prerequisites;
    struct match_set_builder builder;
};

void match_context_init(struct match_context *, struct arena *,
                        match_lookup_fn *address_set,
                        match_lookup_fn *port_group, void *aux);
void match_context_done(struct match_context *);

/* The set is another one now: matches that are parsed from now on have that;
 * those that were keep what they have. */
void match_context_forget(struct match_context *, const char *name,
                          bool is_port_group);

/* A set that a match names. */
struct match_reference {
    const struct match_reference *next;
    const char *name;   /* Without "$" or "@". */
    bool is_port_group; /* Else an address set. */
};

/* Calls 'visit' for each set that a text names, be it a match or not, as
 * match_parse() would ask for them; the name is not terminated. */
typedef void match_visit_fn(void *aux, const char *name, size_t length,
                            bool is_port_group);
void match_visit_references(const char *text, match_visit_fn *, void *aux);

struct match {
    const struct match_node *root; /* Private. */
    uint64_t fields; /* That it may ask for: 1 << enum match_field. */
    const struct match_reference *references; /* Newest first. */
    bool nominal; /* Whether something nominal is mentioned by name. */
};

struct error *match_parse(struct match_context *, const char *text,
                          const struct match **ret_match) PROVNET_WARN_UNUSED;

struct match_verdict {
    enum match_result result;

    /* Only if MATCH_MAYBE: the fields whose unknown bits matter, a set of
     * 1 << enum match_field, and the first symbol that asks for one, by the
     * name that the match uses ("ct.est", "reg0"). */
    uint64_t unknown;
    const char *symbol;
};

/* Asks the memory for what match_evaluate() begins with, for soon: in step 0
 * for the match, then for its root, then for the root's first operand.  Steps
 * come in this order, each when the one before has been answered. */
#define MATCH_N_STEPS 3
void match_look_ahead(const struct match *, unsigned step);

struct match_verdict match_evaluate(const struct match *,
                                    const struct match_packet *);

/* Makes a packet of what a match says: sets each field that 'match' compares
 * for equality, and what follows from prerequisites.  This is how ovn-trace
 * reads its microflow.  Alternatives ("||", sets) are not chosen from.
 * Returns false if 'match' is not MATCH_YES then: it leaves something open,
 * or contradicts itself or what was known, which stays as it was. */
bool match_assume(const struct match *, struct match_packet *);

#endif /* match/match.h */
