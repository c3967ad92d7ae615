/* The JSON-RPC stream, through the real session: a thread serves the fuzzer's
 * bytes on a unix socket, without looking at what it is asked, and hangs up.
 * The identifiers of a session's requests are 0, 1, 2... so that bytes made
 * beforehand can be its replies.
 *
 * The first byte says in which pieces they come. */
#include "fuzz.h"

#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "ovsdb/session.h"
#include "small_db.h"

struct server {
    int fd; /* Listens. */
    const uint8_t *bytes;
    size_t size;
    size_t piece;
};

static void *
serve(void *aux)
{
    const struct server *s = aux;
    int fd = accept(s->fd, NULL, NULL);
    for (size_t at = 0; at < s->size;) {
        size_t n = s->size - at < s->piece ? s->size - at : s->piece;
        if (send(fd, s->bytes + at, n, MSG_NOSIGNAL) < 0) {
            break;
        }
        at += n;
    }
    /* What is asked is read, so that hanging up is no reset. */
    char ignored[4096];
    shutdown(fd, SHUT_WR);
    while (read(fd, ignored, sizeof ignored) > 0) {
        continue;
    }
    close(fd);
    return NULL;
}

/* One listening socket for all runs. */
static int
listen_once(char remote[64])
{
    static int fd = -1;
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof address.sun_path,
             "/tmp/provnet-fuzz-rpc.%d", (int) getpid());
    snprintf(remote, 64, "unix:%s", address.sun_path);
    if (fd < 0) {
        unlink(address.sun_path);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        CHECK(!bind(fd, (struct sockaddr *) &address, sizeof address));
        CHECK(!listen(fd, 1));
    }
    return fd;
}

static void
remove_socket(void)
{
    char remote[64];
    listen_once(remote);
    unlink(remote + strlen("unix:"));
}

static void
check_outcome(const char *remote, struct error *error,
              struct ovsdb_session_info *info, const struct ovsdb_store *store,
              size_t size)
{
    if (error) {
        CHECK(!strncmp(error_text(error), remote, strlen(remote)));
        CHECK(!strpbrk(error_text(error), "\n\x1b"));
        CHECK(!store->n_records);
        CHECK(!store->tables[SMALL_SWITCH].n_rows);
        error_free(error);
    } else {
        CHECK(store->n_records == 2);
        CHECK(info->bytes <= size);
        free(info->remote);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static bool registered;
    char remote[64];
    struct ovsdb_store store;
    struct ovsdb_session_info info = { 0 };
    struct server server = { .fd = listen_once(remote),
                             .bytes = bytes + (size > 0),
                             .size = size - (size > 0),
                             .piece = size && bytes[0] < 16 ? 1 + bytes[0]
                                                            : SIZE_MAX };
    pthread_t thread;
    if (!registered) {
        registered = !atexit(remove_socket);
    }
    CHECK(!pthread_create(&thread, NULL, serve, &server));
    ovsdb_store_init(&store, &small_spec);
    int64_t deadline_ms = clock_now_ms() + 8000;
    struct error *error =
        ovsdb_session_snapshot(remote, NULL, deadline_ms, &store, &info);
    CHECK(clock_now_ms() < deadline_ms); /* The server never stalls. */
    pthread_join(thread, NULL);
    check_outcome(remote, error, &info, &store, server.size);
    ovsdb_store_done(&store);
    return 0;
}
