#include "match/set.h"

#include <stdlib.h>
#include <string.h>

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
    memset(builder, 0, sizeof *builder);
}

void
match_set_builder_clear(struct match_set_builder *builder, bool strings)
{
    builder->n_constants = builder->n_names = 0;
    builder->strings = strings;
}

bool
match_set_add_constant(struct match_set_builder *builder,
                       const struct match_constant *c)
{
    if (builder->n_names || builder->n_constants >= MATCH_MAX_MEMBERS) {
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
    if (builder->n_constants || builder->n_names >= MATCH_MAX_MEMBERS) {
        return false;
    }
    builder->names = xgrow(builder->names, builder->n_names,
                           &builder->names_capacity, sizeof *builder->names);
    builder->names[builder->n_names++] = name;
    builder->strings = true;
    return true;
}

bool
match_set_add_all(struct match_set_builder *builder,
                  const struct match_set *set)
{
    if (!builder->n_names && !builder->n_constants) {
        builder->strings = set->strings;
    }
    for (size_t i = 0; i < set->n; i++) {
        if (set->strings
                ? !match_set_add_name(builder, set->names[i])
                : !match_set_add_constant(builder, &set->constants[i])) {
            return false;
        }
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

static int
compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static void
build_constants(struct match_set *set, const struct match_set_builder *builder,
                struct arena *arena)
{
    size_t size = set->n * sizeof *builder->constants;
    struct match_constant *constants = arena_alloc(arena, size);
    memcpy(constants, builder->constants, size);
    if (set->n > 1) {
        qsort(constants, set->n, sizeof *constants, compare_constants);
    }
    size_t n_groups = 1;
    for (size_t i = 0; i < set->n; i++) {
        unsigned width = match_constant_width(&constants[i]);
        set->width = width > set->width ? width : set->width;
        n_groups += i && constants[i].mask != constants[i - 1].mask;
    }
    struct match_mask_group *groups =
        arena_zalloc(arena, n_groups * sizeof *groups);
    for (size_t i = 0, group = 0; i < set->n; i++) {
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

const struct match_set *
match_set_build(struct match_set_builder *builder, struct arena *arena)
{
    struct match_set *set = arena_zalloc(arena, sizeof *set);
    set->strings = builder->strings;
    set->n = set->strings ? builder->n_names : builder->n_constants;
    if (!set->n) {
        return set;
    }
    if (set->strings) {
        size_t size = set->n * sizeof *set->names;
        set->names = arena_alloc(arena, size);
        memcpy(set->names, builder->names, size);
        qsort(set->names, set->n, sizeof *set->names, compare_names);
    } else {
        build_constants(set, builder, arena);
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

enum match_result
match_set_has(const struct match_set *set, match_bits value, match_bits known,
              unsigned width)
{
    enum match_result result = MATCH_NO;
    for (size_t i = 0; i < set->n_groups; i++) {
        const struct match_mask_group *group = &set->groups[i];
        match_bits mask = group->mask & match_ones(width);
        enum match_result one;
        if (mask && !(mask & known)) {
            one = MATCH_MAYBE;
        } else if (!(mask & ~known) && set->width <= width) {
            one = group_has(group, value) ? MATCH_YES : MATCH_NO;
        } else {
            one = group_has_partly(group, value, known, width);
        }
        if (one == MATCH_YES) {
            return MATCH_YES;
        }
        result = one == MATCH_MAYBE ? one : result;
    }
    return result;
}

bool
match_set_has_name(const struct match_set *set, const char *name)
{
    return set->n
           && bsearch(&name, set->names, set->n, sizeof name, compare_names);
}
