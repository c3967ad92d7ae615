/* What every fuzz target shares.  Each is one libFuzzer entry point; a wrong
 * answer aborts, as a crash does. */
#ifndef FUZZ_H
#define FUZZ_H 1

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* As assert(), but also in builds without it. */
#define CHECK(CONDITION)                                                \
    do {                                                                \
        if (!(CONDITION)) {                                             \
            fprintf(stderr, "%s:%d: %s is false\n", __FILE__, __LINE__, \
                    #CONDITION);                                        \
            abort();                                                    \
        }                                                               \
    } while (0)

#endif /* fuzz.h */
