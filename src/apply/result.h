/* What carrying out and taking back have in common: options with their
 * defaults, and what goes into the result.  Private to apply/. */
#ifndef APPLY_RESULT_H
#define APPLY_RESULT_H 1

#include "apply/carry.h"
#include "apply/daemons.h"
#include "apply/takeback.h"
#include "apply/tripwire.h"
#include "base/compiler.h"

#define CARRY_LOOK_MS 200 /* Between looks at a database. */
#define CARRY_STEP_MS 50

/* What must not stay half done is tried so often. */
#define CARRY_TRIES 3
#define CARRY_PAUSE_MS 500

/* 'ms', or the default. */
int carry_ms(int ms, int otherwise);

struct takeback carry_takeback(const struct carry_options *);
void carry_say(const struct carry_options *, const char *what);
void carry_await(const struct carry_options *, struct daemons *,
                 struct arena *);

/* Adds a line. */
void carry_note(struct carry_result *, const char *format, ...)
    PROVNET_PRINTF(2, 3);

/* Notes what it does not see. */
struct tripwire *carry_start_tripwire(const struct evidence *, bool has_loop,
                                      tripwire_fn *, void *aux,
                                      struct carry_result *);

#endif /* apply/result.h */
