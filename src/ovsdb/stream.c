#include "ovsdb/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"

#define MAX_HOST_LENGTH 255
#define RETRY_MS 10

struct ovsdb_stream {
    int fd;
    int64_t start_ms;
    int64_t deadline_ms;
    struct tls *tls; /* Of ssl: streams only, else NULL. */
};

/* Remotes. */

static const char *
after_prefix(const char *s, const char *prefix)
{
    size_t length = strlen(prefix);
    return strncmp(s, prefix, length) ? NULL : s + length;
}

bool
ovsdb_remote_is(const char *s)
{
    return after_prefix(s, "unix:") || after_prefix(s, "tcp:")
           || after_prefix(s, "ssl:");
}

const char *
ovsdb_remote_unix_path(const char *remote)
{
    return after_prefix(remote, "unix:");
}

static struct error *
bad_remote(const char *what)
{
    return error_hint(error_new("%s", what),
                      "a remote is unix:PATH, tcp:HOST[:PORT] or "
                      "ssl:HOST[:PORT], an IPv6 HOST in [brackets], "
                      "several separated by commas");
}

struct address {
    char host[MAX_HOST_LENGTH + 1];
    char port[6];
};

static struct error *
parse_port(const char *s, struct address *ret)
{
    size_t length = strlen(s);
    if (!length) {
        strcpy(ret->port, OVSDB_DEFAULT_PORT);
        return NULL;
    }
    if (length > 5 || strspn(s, "0123456789") != length || atoi(s) > 65535
        || !atoi(s)) {
        return bad_remote("its port is no number from 1 to 65535");
    }
    strcpy(ret->port, s);
    return NULL;
}

/* HOST, HOST:PORT, [IPv6] or [IPv6]:PORT. */
static struct error *
parse_address(const char *s, struct address *ret)
{
    bool bracket = *s == '[';
    const char *host = s + bracket;
    size_t length = strcspn(host, bracket ? "]" : ":");
    const char *after = host + length;
    if (!length || length > MAX_HOST_LENGTH) {
        return bad_remote(length ? "its host name is too long"
                                 : "it names no host");
    }
    if (bracket && *after++ != ']') {
        return bad_remote("its '[' is not closed");
    }
    if ((*after && *after != ':') || (*after && strchr(after + 1, ':'))) {
        return bad_remote("more than one ':' stands after its host");
    }
    memcpy(ret->host, host, length);
    ret->host[length] = '\0';
    return parse_port(*after ? after + 1 : after, ret);
}

/* Waiting. */

static bool
is_hang_up(int code)
{
    return code == ECONNRESET || code == EPIPE;
}

static struct error *
broken(int code)
{
    return error_new("the connection broke: %s", !code || is_hang_up(code)
                                                     ? "the server closed it"
                                                     : strerror(code));
}

static struct error *
timed_out(const struct ovsdb_stream *s, const char *doing)
{
    return error_hint(
        error_new("timed out after %.1f s while %s",
                  (double) (s->deadline_ms - s->start_ms) / 1000, doing),
        "see whether the server is alive, or give it longer with --timeout");
}

/* Waits until 'fd' is ready for 'events' or the deadline has passed. */
static struct error *
wait_ready(const struct ovsdb_stream *s, short events, const char *doing)
{
    for (;;) {
        int64_t left = s->deadline_ms - clock_now_ms();
        if (left <= 0) {
            return timed_out(s, doing);
        }
        struct pollfd p = { .fd = s->fd, .events = events };
        int n = poll(&p, 1, left > INT32_MAX ? INT32_MAX : (int) left);
        if (n > 0) {
            return NULL;
        }
        if (n < 0 && errno != EINTR) {
            return error_new("cannot wait: %s", strerror(errno));
        }
    }
}

/* Connecting. */

static struct error *
explain_connect(int code)
{
    struct error *error = error_new("cannot connect: %s", strerror(code));
    switch (code) {
    case ENOENT:
        return error_hint(error, "no such socket: is the server running, and "
                                 "the path right?");
    case ECONNREFUSED:
        return error_hint(error, "nobody listens there: is the server "
                                 "running?");
    case EACCES:
    case EPERM:
        return error_hint(error, "run as a user that may, such as root");
    default:
        return error;
    }
}

static struct error *
new_socket(struct ovsdb_stream *s, int family)
{
    if (s->fd >= 0) {
        close(s->fd);
    }
    s->fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return s->fd < 0 ? error_new("cannot make a socket: %s", strerror(errno))
                     : NULL;
}

static struct error *
connect_socket(struct ovsdb_stream *s, const struct sockaddr *address,
               socklen_t size)
{
    while (connect(s->fd, address, size)) {
        if (errno == EAGAIN) { /* Of unix sockets: the backlog is full. */
            if (clock_now_ms() >= s->deadline_ms) {
                return timed_out(s, "connecting");
            }
            poll(NULL, 0, RETRY_MS);
        } else if (errno == EINPROGRESS) {
            break;
        } else if (errno != EINTR) {
            return explain_connect(errno);
        }
    }
    struct error *error = wait_ready(s, POLLOUT, "connecting");
    int code = 0;
    socklen_t code_size = sizeof code;
    if (!error) {
        getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &code, &code_size);
        error = code ? explain_connect(code) : NULL;
    }
    return error;
}

/* A path that does not fit into sun_path is reached through its folder's
 * entry in /proc, which is short. */
static struct error *
connect_unix(struct ovsdb_stream *s, const char *path)
{
    struct sockaddr_un sun = { .sun_family = AF_UNIX };
    int folder = -1;
    if (!*path) {
        return bad_remote("it names no socket");
    }
    if (strlen(path) < sizeof sun.sun_path) {
        strcpy(sun.sun_path, path);
    } else {
        const char *slash = strrchr(path, '/');
        const char *base = slash ? slash + 1 : path;
        char *dir = strndup(path, (size_t) (base - path));
        folder =
            slash && dir ? open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
        free(dir);
        char *via = NULL;
        if (folder < 0
            || asprintf(&via, "/proc/self/fd/%d/%s", folder, base)
                   >= (int) sizeof sun.sun_path) {
            int code = folder < 0 ? errno : ENAMETOOLONG;
            free(via);
            if (folder >= 0) {
                close(folder);
            }
            return explain_connect(code);
        }
        strcpy(sun.sun_path, via);
        free(via);
    }
    struct error *error = new_socket(s, AF_UNIX);
    if (!error) {
        error = connect_socket(s, (const struct sockaddr *) &sun, sizeof sun);
    }
    if (folder >= 0) {
        close(folder);
    }
    return error;
}

/* A name lookup of its own memory: if the resolver cannot be stopped at the
 * deadline it goes on by itself, and its memory stays with it. */
struct lookup {
    struct gaicb request;
    struct address address;
    struct addrinfo hints;
};

static struct error *
look_up(const struct ovsdb_stream *s, const struct address *address,
        struct addrinfo **ret)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
                              .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
    if (!getaddrinfo(address->host, address->port, &hints, ret)) {
        return NULL;
    }
    struct lookup *l = xcalloc(1, sizeof *l);
    l->address = *address;
    l->hints = hints;
    l->hints.ai_flags = AI_NUMERICSERV;
    l->request.ar_name = l->address.host;
    l->request.ar_service = l->address.port;
    l->request.ar_request = &l->hints;
    struct gaicb *list[] = { &l->request };
    int code = getaddrinfo_a(GAI_NOWAIT, list, 1, NULL);
    while (!code && (code = gai_error(&l->request)) == EAI_INPROGRESS) {
        int64_t left = s->deadline_ms - clock_now_ms();
        if (left <= 0) {
            if (gai_cancel(&l->request) != EAI_NOTCANCELED) {
                free(l);
            }
            return timed_out(s, "looking up the host's name");
        }
        struct timespec wait = { .tv_sec = left / 1000,
                                 .tv_nsec = left % 1000 * 1000000 };
        gai_suspend((const struct gaicb *const *) list, 1, &wait);
        code = 0;
    }
    if (!code) {
        *ret = l->request.ar_result;
    }
    struct error *error =
        code ? error_hint(error_new("cannot look up host %s: %s",
                                    l->address.host, gai_strerror(code)),
                          "give its address instead of its name")
             : NULL;
    free(l);
    return error;
}

/* Tries each address of the host; one that does not answer gets its share of
 * the time only. */
static struct error *
connect_tcp(struct ovsdb_stream *s, const struct address *address)
{
    struct addrinfo *list;
    struct error *error = look_up(s, address, &list);
    if (error) {
        return error;
    }
    int64_t deadline_ms = s->deadline_ms, n = 0;
    for (struct addrinfo *a = list; a; a = a->ai_next) {
        n++;
    }
    error = error_new("the host has no address");
    for (struct addrinfo *a = list; a && error; a = a->ai_next) {
        error_free(error);
        int64_t now_ms = clock_now_ms();
        s->deadline_ms = now_ms + (deadline_ms - now_ms) / n--;
        error = new_socket(s, a->ai_family);
        if (!error) {
            error = connect_socket(s, a->ai_addr, a->ai_addrlen);
        }
    }
    freeaddrinfo(list);
    s->deadline_ms = deadline_ms;
    if (!error) {
        int on = 1;
        setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    return error;
}

/* TLS. */

/* Whether a call that came to 'result' should be repeated: waits first.
 * '*error' is set where it failed for good. */
static bool
tls_again(struct ovsdb_stream *s, enum tls_result result, const char *doing,
          struct error **error)
{
    switch (result) {
    case TLS_WANT_READ:
        *error = wait_ready(s, POLLIN, doing);
        return !*error;
    case TLS_WANT_WRITE:
        *error = wait_ready(s, POLLOUT, doing);
        return !*error;
    case TLS_CLOSED:
        *error = error_new("the server closed the connection");
        break;
    case TLS_BROKEN:
        *error = broken(errno);
        break;
    case TLS_DONE:
    case TLS_FAILED:
        break;
    }
    *error = error_hint(*error, "does the server speak TLS there, and trust "
                                "the certificate given by -c?");
    return false;
}

/* Why the handshake failed, in words: a certificate that does not verify is
 * the usual reason. */
static struct error *
explain_handshake(struct ovsdb_stream *s, struct error *error)
{
    const char *why = tls_verify_error(s->tls);
    if (!why) {
        return error_wrap(error, "TLS handshake");
    }
    error_free(error);
    return error_hint(
        error_new("the server's certificate does not verify: %s", why),
        "give the certificate of the CA that signed it by -C");
}

static struct error *
start_tls(struct ovsdb_stream *s, const struct ovsdb_tls *files)
{
    struct error *error = tls_new(s->fd, files, &s->tls);
    while (!error) {
        enum tls_result result = tls_connect(s->tls, &error);
        if (result == TLS_DONE) {
            break;
        }
        if (!tls_again(s, result, "waiting for the TLS handshake", &error)) {
            return explain_handshake(s, error);
        }
    }
    return error;
}

static ssize_t
fill_by_tls(struct ovsdb_stream *s, void *buffer, size_t size,
            const char *doing, struct error **error)
{
    enum tls_result result;
    size_t n;
    do {
        result = tls_read(s->tls, buffer, size, &n, error);
        if (result == TLS_DONE || result == TLS_CLOSED) {
            return (ssize_t) n;
        }
    } while (tls_again(s, result, doing, error));
    return -1;
}

/* How many of 'size' bytes were sent: 0 where it is to be tried again, or
 * '*error' is set. */
static size_t
write_by_tls(struct ovsdb_stream *s, const char *bytes, size_t size,
             const char *doing, struct error **error)
{
    size_t n;
    enum tls_result result = tls_write(s->tls, bytes, size, &n, error);
    if (result != TLS_DONE) {
        tls_again(s, result, doing, error);
    }
    return n;
}

static size_t
write_plain(struct ovsdb_stream *s, const char *bytes, size_t size,
            const char *doing, struct error **error)
{
    ssize_t n = send(s->fd, bytes, size, MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN) {
        *error = wait_ready(s, POLLOUT, doing);
    } else if (n < 0 && errno != EINTR) {
        *error = broken(errno);
    }
    return n < 0 ? 0 : (size_t) n;
}

/* The stream. */

struct error *
ovsdb_stream_open(const char *remote, const struct ovsdb_tls *tls,
                  int64_t deadline_ms, struct ovsdb_stream **ret)
{
    struct ovsdb_stream *s = xcalloc(1, sizeof *s);
    const char *rest;
    struct address address;
    struct error *error;
    s->fd = -1;
    s->start_ms = clock_now_ms();
    s->deadline_ms = deadline_ms;
    if ((rest = after_prefix(remote, "unix:"))) {
        error = connect_unix(s, rest);
    } else if ((rest = after_prefix(remote, "tcp:"))) {
        error = parse_address(rest, &address);
        error = error ? error : connect_tcp(s, &address);
    } else if ((rest = after_prefix(remote, "ssl:"))) {
        error = parse_address(rest, &address);
        error = error ? error : connect_tcp(s, &address);
        error = error ? error : start_tls(s, tls);
    } else {
        error = bad_remote("this is no remote");
    }
    if (error) {
        ovsdb_stream_close(s);
        return error;
    }
    *ret = s;
    return NULL;
}

void
ovsdb_stream_close(struct ovsdb_stream *s)
{
    if (s) {
        tls_free(s->tls);
        if (s->fd >= 0) {
            close(s->fd);
        }
        free(s);
    }
}

void
ovsdb_stream_set_deadline(struct ovsdb_stream *s, int64_t deadline_ms)
{
    s->deadline_ms = deadline_ms;
}

ssize_t
ovsdb_stream_fill(void *aux, void *buffer, size_t size, struct error **error)
{
    struct ovsdb_stream *s = aux;
    static const char doing[] = "waiting for its answer";
    /* Also where bytes are there all the time: a flood has a deadline too. */
    if (clock_now_ms() >= s->deadline_ms) {
        *error = timed_out(s, doing);
        return -1;
    }
    if (s->tls) {
        return fill_by_tls(s, buffer, size, doing, error);
    }
    for (;;) {
        ssize_t n = recv(s->fd, buffer, size, 0);
        if (n >= 0) {
            return n;
        }
        /* Also the end: of a server that left before it read it all. */
        if (is_hang_up(errno)) {
            return 0;
        }
        if (errno == EAGAIN) {
            *error = wait_ready(s, POLLIN, doing);
            if (*error) {
                return -1;
            }
        } else if (errno != EINTR) {
            *error = broken(errno);
            return -1;
        }
    }
}

struct error *
ovsdb_stream_write(struct ovsdb_stream *s, const char *bytes, size_t size)
{
    static const char doing[] = "sending a request";
    struct error *error = NULL;
    while (size && !error) {
        size_t n = s->tls ? write_by_tls(s, bytes, size, doing, &error)
                          : write_plain(s, bytes, size, doing, &error);
        bytes += n;
        size -= n;
    }
    return error;
}

pid_t
ovsdb_stream_peer_pid(const struct ovsdb_stream *s)
{
    struct ucred peer = { 0 };
    socklen_t size = sizeof peer;
    return getsockopt(s->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) ? 0
                                                                    : peer.pid;
}
