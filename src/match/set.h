/* The right-hand side of a comparison: integers or strings, one or many.
 *
 * A set is built from its members in any order.  Constants are kept sorted, by
 * mask and then by value, so that one question costs a binary search per
 * distinct mask (an address set of 50,000 addresses has one; one of networks,
 * one per prefix length).  Strings are found by their hashes: to sort them
 * would be to look at each of a large port group's many times.
 *
 * A set in another one's braces is not copied: it becomes a part of the other,
 * and must live as long.
 *
 * A builder is used again and again: match_set_builder_clear(), add members,
 * match_set_build().  It owns the strings' array, not the strings. */
#ifndef MATCH_SET_H
#define MATCH_SET_H 1

#include "base/arena.h"
#include "base/slots.h"
#include "match/constant.h"

/* More members than this, in one set, are refused. */
#define MATCH_MAX_MEMBERS ((size_t) 1 << 20)

struct match_mask_group {
    match_bits mask;
    const struct match_constant *constants; /* Sorted by value. */
    size_t n;
};

struct match_set {
    size_t n;       /* With those of its parts. */
    bool strings;   /* What the members are, or would be. */
    unsigned width; /* Of the widest constant. */

    /* Its own members, and the sets that it has besides.  Where 'n' is 1, it
     * is its own. */
    size_t n_own;
    const struct match_constant *constants;
    const struct match_mask_group *groups;
    size_t n_groups;
    const char **names;
    struct slots slots; /* Of the names, by their hashes; in the arena. */
    const struct match_set **parts;
    size_t n_parts;
};

struct match_set_builder {
    struct match_constant *constants;
    size_t n_constants, constants_capacity;
    const char **names;
    size_t n_names, names_capacity;
    const struct match_set **parts; /* None is empty. */
    size_t n_parts, parts_capacity;
    bool strings; /* What was added last, or else what is expected. */
};

void match_set_builder_init(struct match_set_builder *);
void match_set_builder_done(struct match_set_builder *);
void match_set_builder_clear(struct match_set_builder *, bool strings);

/* These return false if there are too many, or members of both kinds. */
bool match_set_add_constant(struct match_set_builder *,
                            const struct match_constant *);
bool match_set_add_name(struct match_set_builder *, const char *);
bool match_set_add_set(struct match_set_builder *, const struct match_set *);

/* What was added, as a set in 'arena'. */
const struct match_set *match_set_build(struct match_set_builder *,
                                        struct arena *);

/* Whether 'value', of which the bits in 'known' are known, all of them below
 * 'width', is in the set.  The constants are cut to 'width' bits, as OVN
 * does. */
enum match_result match_set_has(const struct match_set *, match_bits value,
                                match_bits known, unsigned width);

/* Whether some constant is odd, or else even. */
bool match_set_has_parity(const struct match_set *, bool odd);

bool match_set_has_name(const struct match_set *, const char *name);

#endif /* match/set.h */
