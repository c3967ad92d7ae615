/* A connected byte stream to an OVSDB server: unix:PATH, tcp:HOST[:PORT] or
 * ssl:HOST[:PORT] (ovsdb(7), "Connection Methods"; the port defaults to 6640
 * as there).  HOST is an IPv4 address, an IPv6 address in square brackets, or
 * a name.
 *
 * One deadline, on the monotonic clock, holds for everything: name lookup,
 * connecting, the TLS handshake, each read and each write.  The socket never
 * blocks; a server that says nothing, or that drips, ends in an error at the
 * deadline.
 *
 * Errors say what happened, without the remote's name: the caller, who may
 * try several, puts it before. */
#ifndef OVSDB_STREAM_H
#define OVSDB_STREAM_H 1

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/error.h"
#include "ovsdb/tls.h"

#define OVSDB_DEFAULT_PORT "6640"

struct ovsdb_stream;

/* Whether 's' is a remote, not a file: it begins with unix:, tcp: or ssl:. */
bool ovsdb_remote_is(const char *s);

/* The path of a unix: remote, a pointer into 'remote'; else NULL. */
const char *ovsdb_remote_unix_path(const char *remote);

/* Connects to 'remote' (one, no list).  'tls' may be NULL, and need not
 * outlive the call. */
struct error *ovsdb_stream_open(const char *remote,
                                const struct ovsdb_tls *tls,
                                int64_t deadline_ms,
                                struct ovsdb_stream **ret);
void ovsdb_stream_close(struct ovsdb_stream *);

/* Changes the deadline for what follows. */
void ovsdb_stream_set_deadline(struct ovsdb_stream *, int64_t deadline_ms);

/* An input_fill_fn (base/input.h); 'aux' is the stream. */
ssize_t ovsdb_stream_fill(void *aux, void *buffer, size_t size,
                          struct error **error);

/* Sends all 'size' bytes. */
struct error *ovsdb_stream_write(struct ovsdb_stream *, const char *bytes,
                                 size_t size);

/* The process at the other end of a unix: stream: the one that called
 * listen(), as the kernel saw it (unix(7), SO_PEERCRED).  0 if there is none
 * to name: another host, or another PID namespace. */
pid_t ovsdb_stream_peer_pid(const struct ovsdb_stream *);

#endif /* ovsdb/stream.h */
