/* TLS over a connected socket that never blocks: the client's side.
 *
 * OpenSSL is loaded when the first ssl: remote is opened, not with the
 * program: reading files and other remotes does not need it, and its loading
 * costs as much as the check of a small deployment (doc/performance.md).
 *
 * No call waits.  Each says what it wants before it is called again. */
#ifndef OVSDB_TLS_H
#define OVSDB_TLS_H 1

#include <stddef.h>
#include "base/error.h"

/* Paths of PEM files, for ssl: remotes, as -p, -c and -C of ovn-nbctl(8). */
struct ovsdb_tls {
    const char *private_key;
    const char *certificate;
    const char *ca_cert;
};

enum tls_result {
    TLS_DONE,
    TLS_WANT_READ,  /* Again when the socket can be read. */
    TLS_WANT_WRITE, /* Again when it can be written. */
    TLS_CLOSED,     /* The server ended the connection in order. */
    TLS_BROKEN,     /* The socket failed; errno says how, 0 if it ended. */
    TLS_FAILED,     /* '*error' is set, as with no other. */
};

struct tls;

/* A connection over 'fd', which stays the caller's.  'files' may be NULL,
 * which is an error, and need not outlive the call. */
struct error *tls_new(int fd, const struct ovsdb_tls *files, struct tls **ret);
void tls_free(struct tls *);

enum tls_result tls_connect(struct tls *, struct error **error);

/* Up to 'size' bytes: '*ret' says how many were read or written, more than 0
 * if TLS_DONE, else 0. */
enum tls_result tls_read(struct tls *, void *buffer, size_t size, size_t *ret,
                         struct error **error);
enum tls_result tls_write(struct tls *, const char *bytes, size_t size,
                          size_t *ret, struct error **error);

/* Why the server's certificate does not verify; NULL if it does, or has not
 * come. */
const char *tls_verify_error(struct tls *);

#endif /* ovsdb/tls.h */
