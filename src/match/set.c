#include "match/set.h"

#include <stdlib.h>
#include <string.h>

#include "base/strmap.h"

void
match_set_builder_init(struct match_set_builder *builder)
{
    memset(builder, 0, sizeof *builder);
}

void
match_set_builder_done(struct match_set_builder *builder)
{
    free(builder->constants);
    free(builder->names);
    free(builder->parts);
    memset(builder, 0, sizeof *builder);
}

void
match_set_builder_clear(struct match_set_builder *builder, bool strings)
{
    builder->n_constants = builder->n_names = builder->n_parts = 0;
    builder->strings = strings;
}

/* Whether what was added so far goes together with 'strings' or others. */
static bool
takes(const struct match_set_builder *builder, bool strings)
{
    return builder->strings == strings
           || !(builder->n_constants + builder->n_names + builder->n_parts);
}

bool
match_set_add_constant(struct match_set_builder *builder,
                       const struct match_constant *c)
{
    if (!takes(builder, false) || builder->n_constants >= MATCH_MAX_MEMBERS) {
        return false;
    }
    builder->constants =
        xgrow(builder->constants, builder->n_constants,
              &builder->constants_capacity, sizeof *builder->constants);
    builder->constants[builder->n_constants++] = *c;
    builder->strings = false;
    return true;
}

bool
match_set_add_name(struct match_set_builder *builder, const char *name)
{
    if (!takes(builder, true) || builder->n_names >= MATCH_MAX_MEMBERS) {
        return false;
    }
    builder->names = xgrow(builder->names, builder->n_names,
                           &builder->names_capacity, sizeof *builder->names);
    builder->names[builder->n_names++] = name;
    builder->strings = true;
    return true;
}

bool
match_set_add_set(struct match_set_builder *builder,
                  const struct match_set *set)
{
    if (!takes(builder, set->strings)) {
        return !set->n;
    }
    builder->strings = set->strings;
    if (set->n) {
        builder->parts =
            xgrow(builder->parts, builder->n_parts, &builder->parts_capacity,
                  sizeof(const struct match_set *));
        builder->parts[builder->n_parts++] = set;
    }
    return true;
}

static int
compare_bits(match_bits a, match_bits b)
{
    return a < b ? -1 : a > b;
}

static int
compare_constants(const void *a_, const void *b_)
{
    const struct match_constant *a = a_;
    const struct match_constant *b = b_;
    int order = compare_bits(a->mask, b->mask);
    return order ? order : compare_bits(a->value, b->value);
}

/* The place of 'name' in 'set', or the free one where it belongs. */
static struct slot *
find_name(const struct match_set *set, const char *name, uint32_t hash)
{
    size_t i = hash;
    struct slot *slot;
    do {
        slot = slots_next(&set->slots, hash, &i);
    } while (slot->number && strcmp(set->names[slot->number - 1], name) != 0);
    return slot;
}

static uint32_t
hash_name(const char *name)
{
    return (uint32_t) hash_bytes(name, strlen(name));
}

static void
build_constants(struct match_set *set, const struct match_set_builder *builder,
                struct arena *arena)
{
    size_t n = builder->n_constants;
    size_t size = n * sizeof *builder->constants;
    struct match_constant *constants = arena_alloc(arena, size);
    memcpy(constants, builder->constants, size);
    if (n > 1) {
        qsort(constants, n, sizeof *constants, compare_constants);
    }
    size_t n_groups = 1;
    for (size_t i = 0; i < n; i++) {
        unsigned width = match_constant_width(&constants[i]);
        set->width = width > set->width ? width : set->width;
        n_groups += i && constants[i].mask != constants[i - 1].mask;
    }
    struct match_mask_group *groups =
        arena_zalloc(arena, n_groups * sizeof *groups);
    for (size_t i = 0, group = 0; i < n; i++) {
        group += i && constants[i].mask != constants[i - 1].mask;
        if (!groups[group].n++) {
            groups[group].mask = constants[i].mask;
            groups[group].constants = &constants[i];
        }
    }
    set->constants = constants;
    set->groups = groups;
    set->n_groups = n_groups;
}

static void
build_names(struct match_set *set, const struct match_set_builder *builder,
            struct arena *arena)
{
    size_t n = builder->n_names, n_slots = 1;
    while (slots_are_crowded(n, n_slots)) {
        n_slots *= 2;
    }
    set->names = arena_alloc(arena, n * sizeof *set->names);
    set->slots.at = arena_zalloc(arena, n_slots * sizeof *set->slots.at);
    set->slots.n = n_slots;
    for (size_t i = 0; i < n; i++) {
        uint32_t hash = hash_name(builder->names[i]);
        set->names[i] = builder->names[i];
        struct slot *slot = find_name(set, set->names[i], hash);
        if (!slot->number) {
            *slot = (struct slot){ hash, (uint32_t) i + 1 };
        }
    }
}

static void
add_parts(struct match_set *set, const struct match_set_builder *builder,
          struct arena *arena)
{
    size_t size = builder->n_parts * sizeof *set->parts;
    set->parts = arena_alloc(arena, size);
    set->n_parts = builder->n_parts;
    memcpy(set->parts, builder->parts, size);
    for (size_t i = 0; i < set->n_parts; i++) {
        unsigned width = set->parts[i]->width;
        set->width = width > set->width ? width : set->width;
        set->n += set->parts[i]->n;
    }
}

const struct match_set *
match_set_build(struct match_set_builder *builder, struct arena *arena)
{
    size_t n_own = builder->n_names + builder->n_constants;
    if (!n_own && builder->n_parts == 1) {
        return builder->parts[0];
    }
    struct match_set *set = arena_zalloc(arena, sizeof *set);
    set->strings = builder->strings;
    set->n = set->n_own = n_own;
    if (builder->n_names) {
        build_names(set, builder, arena);
    } else if (builder->n_constants) {
        build_constants(set, builder, arena);
    }
    if (builder->n_parts) {
        add_parts(set, builder, arena);
    }
    return set;
}

static bool
group_has(const struct match_mask_group *group, match_bits value)
{
    struct match_constant key = { .mask = group->mask,
                                  .value = value & group->mask };
    return bsearch(&key, group->constants, group->n, sizeof key,
                   compare_constants);
}

/* The same of a value of which the bits 'known' of the mask are known, which
 * are its highest ones: those that agree in them stand together. */
static bool
group_has_beginning(const struct match_mask_group *group, match_bits value,
                    match_bits known)
{
    size_t low = 0, high = group->n;
    value &= known;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (group->constants[middle].value < value) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < group->n && !((group->constants[low].value ^ value) & known);
}

/* As match_set_has(), one constant after the other. */
static enum match_result
group_has_partly(const struct match_mask_group *group, match_bits value,
                 match_bits known, unsigned width)
{
    match_bits mask = group->mask & match_ones(width);
    enum match_result result = MATCH_NO;
    for (size_t i = 0; i < group->n; i++) {
        if (!((group->constants[i].value ^ value) & mask & known)) {
            if (!(mask & ~known)) {
                return MATCH_YES;
            }
            result = MATCH_MAYBE;
        }
    }
    return result;
}

static enum match_result
ask_group(const struct match_set *set, const struct match_mask_group *group,
          match_bits value, match_bits known, unsigned width)
{
    match_bits mask = group->mask & match_ones(width);
    match_bits seen = mask & known, unseen = mask & ~known;
    if (mask && !seen) {
        return MATCH_MAYBE;
    }
    if (set->width <= width && !unseen) {
        return group_has(group, value) ? MATCH_YES : MATCH_NO;
    }
    if (set->width <= width && unseen < (seen & -seen)) {
        return group_has_beginning(group, value, seen) ? MATCH_MAYBE
                                                       : MATCH_NO;
    }
    return group_has_partly(group, value, known, width);
}

/* The answer of a set one of whose parts answers 'a', and another 'b'. */
static enum match_result
either(enum match_result a, enum match_result b)
{
    return a == MATCH_YES || b == MATCH_YES       ? MATCH_YES
           : a == MATCH_MAYBE || b == MATCH_MAYBE ? MATCH_MAYBE
                                                  : MATCH_NO;
}

enum match_result
match_set_has(const struct match_set *set, match_bits value, match_bits known,
              unsigned width)
{
    enum match_result result = MATCH_NO;
    for (size_t i = 0; i < set->n_groups && result != MATCH_YES; i++) {
        result = either(result,
                        ask_group(set, &set->groups[i], value, known, width));
    }
    for (size_t i = 0; i < set->n_parts && result != MATCH_YES; i++) {
        result =
            either(result, match_set_has(set->parts[i], value, known, width));
    }
    return result;
}

bool
match_set_has_parity(const struct match_set *set, bool odd)
{
    bool found = false;
    for (size_t i = 0; i < set->n_own && !found; i++) {
        found = (set->constants[i].value & 1) == odd;
    }
    for (size_t i = 0; i < set->n_parts && !found; i++) {
        found = match_set_has_parity(set->parts[i], odd);
    }
    return found;
}

bool
match_set_has_name(const struct match_set *set, const char *name)
{
    bool found = set->n_own && find_name(set, name, hash_name(name))->number;
    for (size_t i = 0; i < set->n_parts && !found; i++) {
        found = match_set_has_name(set->parts[i], name);
    }
    return found;
}
