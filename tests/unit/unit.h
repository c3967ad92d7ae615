/* What every unit test includes: cmocka, with what its header needs. */
#ifndef UNIT_H
#define UNIT_H 1

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/compiler.h"
#include "base/error.h"

/* 'error' must be there and say 'words'; it is freed. */
static inline void
check_error(struct error *error, const char *words)
{
    assert_non_null(error);
    if (!strstr(error_text(error), words)) {
        fail_msg("\"%s\" is not in \"%s\"", words, error_text(error));
    }
    error_free(error);
}

static inline void
check_success(struct error *error)
{
    if (error) {
        fail_msg("%s", error_text(error));
    }
}

/* Pseudo-random numbers (xorshift64), the same in every run. */
static inline uint32_t
draw(uint64_t *state, uint32_t below)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t) (*state >> 32) % below;
}

#endif /* unit.h */
