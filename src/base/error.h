/* What went wrong, where, and what to do about it, for a person to read.
 *
 * Functions that meet the outside (a file, the wire, the command line) return
 * a 'struct error *' that the caller owns: NULL is success.  Inside, functions
 * return 0 or a negative errno.  An error is one line; each layer that knows
 * more about the place wraps it: "nb.db: record 7 at byte 5120: bad checksum".
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H 1

#include "base/compiler.h"

struct error;

struct error *error_new(const char *format, ...)
    PROVNET_PRINTF(1, 2) PROVNET_WARN_UNUSED;

/* Puts "FORMAT: " before the text of 'cause', which it takes over. */
struct error *error_wrap(struct error *cause, const char *format, ...)
    PROVNET_PRINTF(2, 3) PROVNET_WARN_UNUSED;

/* Appends what the reader of the message can do next: "; HINT". */
struct error *error_hint(struct error *, const char *format, ...)
    PROVNET_PRINTF(2, 3) PROVNET_WARN_UNUSED;

/* The message, valid until error_free(). */
const char *error_text(const struct error *);

void error_free(struct error *);

#endif /* base/error.h */
