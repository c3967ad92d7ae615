/* Compiler attributes that more than one module uses, under short names. */
#ifndef BASE_COMPILER_H
#define BASE_COMPILER_H 1

#define PROVNET_PRINTF(FMT, ARGS) __attribute__((format(printf, FMT, ARGS)))
#define PROVNET_WARN_UNUSED __attribute__((warn_unused_result))
#define PROVNET_UNUSED __attribute__((unused))
/* What is rarely called, and should not weigh on what calls it. */
#define PROVNET_COLD __attribute__((cold, noinline))
#define PROVNET_LIKELY(X) __builtin_expect(!!(X), 1)
#define PROVNET_UNLIKELY(X) __builtin_expect(!!(X), 0)

#define N_ELEMENTS(ARRAY) (sizeof(ARRAY) / sizeof((ARRAY)[0]))

#endif /* base/compiler.h */
