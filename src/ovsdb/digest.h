/* SHA-1 of a record's body, as ovsdb(5) wants it, beside the parsing of it.
 *
 * SHA-1 is one serial stream and costs as much as parsing does.  So a long
 * body is hashed by a thread of its own: bytes are copied into a small ring
 * (the copy costs a tenth of the hash) and the parser goes on.  A short body
 * is hashed at once, which is cheaper than waking a thread.
 *
 * One digest serves one body after another: digest_begin(), digest_update()
 * any number of times, digest_end().  Not thread-safe itself. */
#ifndef OVSDB_DIGEST_H
#define OVSDB_DIGEST_H 1

#include <stddef.h>
#include <stdint.h>

#define DIGEST_BYTES 20

struct digest;

struct digest *digest_new(void);
void digest_free(struct digest *);

/* Starts a body of 'length' bytes. */
void digest_begin(struct digest *, uint64_t length);
void digest_update(struct digest *, const void *bytes, size_t size);
void digest_end(struct digest *, unsigned char sha1[DIGEST_BYTES]);

#endif /* ovsdb/digest.h */
