/* A thread that writes to a file what another puts together meanwhile: the
 * kernel takes about as long to copy a long text as it took to make it. */
#ifndef BASE_WRITER_H
#define BASE_WRITER_H 1

#include <stddef.h>
#include <stdio.h>

struct writer;

/* A writer to 'file', to which nobody else writes until writer_free(); NULL
 * if there can be no thread. */
struct writer *writer_new(FILE *file);

/* Takes the 'length' bytes at 's', which came from malloc() and has '*size',
 * once what it took before is written.  Returns such memory to go on with (or
 * NULL, of 0 bytes), with its size. */
char *writer_put(struct writer *, char *s, size_t length, size_t *size);

/* Waits until all is written.  Returns 0, or the errno by which it failed;
 * nothing was written behind that. */
int writer_free(struct writer *);

#endif /* base/writer.h */
