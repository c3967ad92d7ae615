/* ovsdb/session.h against scripted servers: healthy ones of every age, and
 * ones that lie, stall, flood or hang up. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "evidence/nb.h"
#include "ovsdb/session.h"

#define SCHEMA                                                              \
    "{\"name\":\"OVN_Northbound\",\"version\":\"7.0.0\",\"tables\":{"       \
    "\"Logical_Switch\":{\"columns\":{\"name\":{\"type\":\"string\"},"      \
    "\"ports\":{\"type\":{\"key\":{\"type\":\"uuid\",\"refTable\":"         \
    "\"Logical_Switch_Port\"},\"min\":0,\"max\":\"unlimited\"}}}},"         \
    "\"Logical_Switch_Port\":{\"columns\":{\"name\":{\"type\":\"string\"}," \
    "\"type\":{\"type\":\"string\"}}},"                                     \
    "\"Logical_Flow\":{\"columns\":{\"match\":{\"type\":\"string\"}}}}}"

#define LS_UUID "11111111-2222-3333-4444-555555555555"
#define LSP_UUID "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"

/* The rows, in the form of <table-updates2> or <table-updates>. */
#define ROWS(WORD)                                                       \
    "{\"Logical_Switch\":{\"" LS_UUID "\":{\"" WORD "\":{\"name\":"      \
    "\"pub\\u006cic\",\"ports\":[\"uuid\",\"" LSP_UUID "\"]}}},"         \
    "\"Logical_Switch_Port\":{\"" LSP_UUID "\":{\"" WORD "\":{\"name\":" \
    "\"provnet-aaaa\",\"type\":\"localnet\"}}}}"

#define ZERO "00000000-0000-0000-0000-000000000000"
#define CONNECTED \
    "[{\"rows\":[{\"connected\":true,\"cid\":[\"uuid\",\"" ZERO "\"]}]}]"
#define UNKNOWN "{\"id\":%lld,\"error\":\"unknown method\"}"

enum { DEADLINE_MS = 3000, SHORT_MS = 200 };

/* The server's side, in a process of its own. */

struct peer {
    int fd;
    size_t piece; /* Bytes sent at a time; 0: all. */
    long long id; /* Of the request read last. */
    char request[65536];
};

static void say(struct peer *p, const char *format, ...) PROVNET_PRINTF(2, 3);

static void
say(struct peer *p, const char *format, ...)
{
    char text[65536];
    va_list args;
    va_start(args, format);
    size_t size = (size_t) vsnprintf(text, sizeof text, format, args);
    va_end(args);
    for (size_t at = 0; at < size;) {
        size_t n = p->piece && p->piece < size - at ? p->piece : size - at;
        if (send(p->fd, text + at, n, MSG_NOSIGNAL) < 0) {
            _exit(0);
        }
        at += n;
        if (p->piece) {
            usleep(50);
        }
    }
}

/* Says 'text' for ever. */
static void
flood(struct peer *p, const char *text)
{
    char block[65536];
    size_t length = strlen(text), n = sizeof block / length;
    for (size_t i = 0; i < n; i++) {
        memcpy(block + i * length, text, length);
    }
    while (send(p->fd, block, n * length, MSG_NOSIGNAL) > 0) {
        continue;
    }
    _exit(0);
}

/* Reads one message: provnet's strings hold no brackets. */
static void
listen_for(struct peer *p)
{
    size_t n = 0;
    int depth = 0;
    do {
        if (n == sizeof p->request - 1
            || read(p->fd, p->request + n, 1) != 1) {
            _exit(0);
        }
        depth += (p->request[n] == '{') - (p->request[n] == '}');
        n++;
    } while (depth);
    p->request[n] = '\0';
    sscanf(p->request, "{\"id\":%lld", &p->id);
}

static bool
asks(const struct peer *p, const char *method)
{
    char text[100];
    snprintf(text, sizeof text, "\"method\":\"%s\"", method);
    return strstr(p->request, text);
}

/* The next request, which must be 'method': answers with 'result'. */
static void
answer(struct peer *p, const char *method, const char *result)
{
    listen_for(p);
    if (!asks(p, method)) {
        say(p, "{\"id\":%lld,\"error\":\"the test wanted %s\"}", p->id,
            method);
        _exit(1);
    }
    say(p, "{\"id\":%lld,\"result\":%s,\"error\":null}", p->id, result);
}

static void
answer_up_to_rows(struct peer *p)
{
    answer(p, "get_schema", SCHEMA);
    answer(p, "transact", CONNECTED);
    listen_for(p);
}

typedef void serve_fn(struct peer *);

struct server {
    pid_t pid;
    char path[256];
    char remote[300];
};

static int n_servers;

static void
start_at(struct server *server, serve_fn *serve, size_t piece,
         const char *path)
{
    struct sockaddr_un sun = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(strlen(path) < sizeof sun.sun_path);
    strcpy(sun.sun_path, path);
    unlink(path);
    assert_int_equal(bind(fd, (struct sockaddr *) &sun, sizeof sun), 0);
    assert_int_equal(listen(fd, 5), 0);
    strcpy(server->path, path);
    snprintf(server->remote, sizeof server->remote, "unix:%s", path);
    server->pid = fork();
    if (!server->pid) {
        static struct peer peer;
        alarm(30);
        peer.fd = accept(fd, NULL, NULL);
        peer.piece = piece;
        serve(&peer);
        _exit(0);
    }
    close(fd);
}

static void
start(struct server *server, serve_fn *serve, size_t piece)
{
    char path[100];
    snprintf(path, sizeof path, "/tmp/provnet-test-%ld-%d.sock",
             (long) getpid(), n_servers++);
    start_at(server, serve, piece, path);
}

static void
stop(struct server *server)
{
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    unlink(server->path);
}

/* provnet's side. */

/* Takes a snapshot, and checks that it holds the two rows. */
static void
expect_rows(const char *remotes, const char *answering)
{
    struct ovsdb_store store;
    struct ovsdb_session_info info;
    ovsdb_store_init(&store, &nb_spec);
    struct error *error = ovsdb_session_snapshot(
        remotes, NULL, clock_now_ms() + DEADLINE_MS, &store, &info);
    if (error) {
        fail_msg("%s", error_text(error));
    }
    const struct ovsdb_table *switches = &store.tables[NB_LOGICAL_SWITCH];
    const struct ovsdb_row *ls = ovsdb_table_next(switches, NULL);
    assert_non_null(ls);
    assert_int_equal(switches->n_existing, 1);
    assert_string_equal(ovsdb_string(ls, LS_NAME), "public");
    const struct ovsdb_row *lsp = ovsdb_ref(ls, LS_PORTS);
    assert_non_null(lsp);
    assert_string_equal(ovsdb_string(lsp, LSP_TYPE), "localnet");
    assert_string_equal(info.remote, answering);
    assert_true(info.bytes > 500);
    assert_true(info.peer_pid > 0);
    free(info.remote);
    ovsdb_store_done(&store);
}

static void
check_rows(serve_fn *serve, size_t piece)
{
    struct server server;
    start(&server, serve, piece);
    expect_rows(server.remote, server.remote);
    stop(&server);
}

/* Takes a snapshot that must fail: each of 'words' stands in the error. */
static void
expect_error(const char *remotes, int timeout_ms, const char *const *words)
{
    struct ovsdb_store store;
    struct ovsdb_session_info info;
    ovsdb_store_init(&store, &nb_spec);
    struct error *error = ovsdb_session_snapshot(
        remotes, NULL, clock_now_ms() + timeout_ms, &store, &info);
    assert_non_null(error);
    const char *text = error_text(error);
    for (; *words; words++) {
        if (!strstr(text, *words)) {
            fail_msg("\"%s\" is not in \"%s\"", *words, text);
        }
    }
    for (const char *s = text; *s; s++) {
        assert_true((unsigned char) *s >= ' ');
    }
    assert_true(strlen(text) < 1000);
    assert_int_equal(store.tables[NB_LOGICAL_SWITCH].n_rows, 0);
    error_free(error);
    ovsdb_store_done(&store);
}

#define check_error(SERVE, TIMEOUT_MS, ...)                              \
    do {                                                                 \
        struct server server_;                                           \
        start(&server_, SERVE, 0);                                       \
        int64_t start_ms_ = clock_now_ms();                              \
        expect_error(                                                    \
            server_.remote, TIMEOUT_MS,                                  \
            (const char *const[]){ server_.remote, __VA_ARGS__, NULL }); \
        assert_true(clock_now_ms() - start_ms_ < (TIMEOUT_MS) + 1000);   \
        stop(&server_);                                                  \
    } while (0)

/* Healthy servers. */

static void
serve_healthy(struct peer *p)
{
    answer_up_to_rows(p);
    /* Only what the schema has and the spec wants is asked for. */
    bool sound = strstr(p->request, "\"Logical_Switch\"")
                 && !strstr(p->request, "Logical_Flow")
                 && !strstr(p->request, "Logical_Router")
                 && !strstr(p->request, "addresses");
    say(p,
        "{\"id\":%lld,\"result\":[%s,\"" ZERO
        "\"," ROWS("initial") "],"
                              "\"error\":null}",
        p->id, sound ? "false" : "5");
}

static void
test_healthy(void **state PROVNET_UNUSED)
{
    check_rows(serve_healthy, 0);
}

static void
test_pieces(void **state PROVNET_UNUSED)
{
    check_rows(serve_healthy, 1);
    check_rows(serve_healthy, 2);
    check_rows(serve_healthy, 7);
}

static void
serve_any_order(struct peer *p)
{
    listen_for(p);
    say(p, " {\"error\" : null, \"result\":" SCHEMA ",\n\"id\":%lld}\n",
        p->id);
    listen_for(p); /* A server without _Server: Open vSwitch before 2.9. */
    say(p,
        "{\"result\":null,\"error\":{\"error\":\"unknown database\"},"
        "\"id\":%lld}",
        p->id);
    listen_for(p);
    say(p,
        "{\"unheard\":[{}],\"result\":[false,\"" ZERO
        "\"," ROWS("initial") "],\"id\":%lld,\"error\":null}",
        p->id);
}

static void
test_any_order(void **state PROVNET_UNUSED)
{
    check_rows(serve_any_order, 0);
    check_rows(serve_any_order, 3);
}

static void
serve_cond(struct peer *p)
{
    answer_up_to_rows(p);
    say(p, UNKNOWN, p->id);
    answer(p, "monitor_cond", ROWS("initial"));
}

static void
serve_plain(struct peer *p)
{
    answer_up_to_rows(p);
    say(p, UNKNOWN, p->id);
    listen_for(p);
    say(p,
        "{\"id\":%lld,\"result\":null,\"error\":{\"error\":"
        "\"unknown method\"}}",
        p->id);
    answer(p, "monitor", ROWS("new"));
}

static void
test_older_servers(void **state PROVNET_UNUSED)
{
    check_rows(serve_cond, 0);
    check_rows(serve_plain, 0);
}

static void
serve_ancient(struct peer *p)
{
    answer_up_to_rows(p);
    say(p, UNKNOWN, p->id);
    listen_for(p);
    say(p, UNKNOWN, p->id);
    listen_for(p);
    say(p, UNKNOWN, p->id);
}

static void
test_no_monitor(void **state PROVNET_UNUSED)
{
    check_error(serve_ancient, DEADLINE_MS, "refuses monitor",
                "unknown method");
}

/* Asks an echo, and goes on only if the answer is right. */
static void
serve_echo(struct peer *p)
{
    answer(p, "get_schema", SCHEMA);
    listen_for(p);
    long long id = p->id;
    say(p, "{\"params\":[1,{\"a\":[null,true]},\"\\\"x\"],\"id\":\"echo\","
           "\"method\":\"echo\"}");
    listen_for(p);
    if (strcmp(p->request, "{\"id\":\"echo\",\"result\":[1,{\"a\":[null,"
                           "true]},\"\\\"x\"],\"error\":null}")) {
        _exit(1);
    }
    say(p, "{\"method\":\"update2\",\"params\":[null,{}],\"id\":null}");
    say(p, "{\"params\":[null,{}],\"id\":null,\"method\":\"update3\"}");
    say(p, "{\"id\":%lld,\"result\":" CONNECTED ",\"error\":null}", id);
    listen_for(p);
    id = p->id;
    say(p, "{\"id\":null,\"method\":\"echo\",\"params\":[]}");
    say(p, "{\"id\":9,\"method\":\"echo\"}");
    listen_for(p);
    say(p,
        "{\"id\":%lld,\"result\":[false,\"" ZERO
        "\"," ROWS("initial") "],\"error\":null}",
        id);
}

static void
test_echo(void **state PROVNET_UNUSED)
{
    check_rows(serve_echo, 0);
    check_rows(serve_echo, 1);
}

/* A socket whose path does not fit into a sockaddr_un. */
static void
test_long_path(void **state PROVNET_UNUSED)
{
    char dir[] = "/tmp/provnet-test-XXXXXX", deep[256], remote[512];
    assert_non_null(mkdtemp(dir));
    snprintf(deep, sizeof deep, "%s/%0120d", dir, 0);
    assert_int_equal(mkdir(deep, 0700), 0);
    struct server server;
    start(&server, serve_healthy, 0);
    char moved[300];
    snprintf(moved, sizeof moved, "%s/s", deep);
    assert_int_equal(rename(server.path, moved), 0);
    snprintf(remote, sizeof remote, "unix:%s", moved);
    expect_rows(remote, remote);
    stop(&server);
    unlink(moved);
    rmdir(deep);
    rmdir(dir);
}

/* Servers that hang up or say nothing. */

static void
serve_nothing(struct peer *p PROVNET_UNUSED)
{
}

static void
serve_half_schema(struct peer *p)
{
    listen_for(p);
    say(p, "{\"id\":%lld,\"result\":{\"name\":\"OVN_North", p->id);
}

static void
serve_half_rows(struct peer *p)
{
    answer_up_to_rows(p);
    say(p,
        "{\"id\":%lld,\"result\":[false,\"" ZERO "\",{\"Logical_Switch\":"
        "{\"" LS_UUID "\":{\"initial\":{\"name\":\"x\"}},",
        p->id);
}

static void
test_hang_up(void **state PROVNET_UNUSED)
{
    check_error(serve_nothing, DEADLINE_MS, "closed");
    check_error(serve_half_schema, DEADLINE_MS, "closed", "get_schema");
    check_error(serve_half_rows, DEADLINE_MS, "closed", "monitor_cond_since");
}

static void
serve_silence(struct peer *p)
{
    listen_for(p);
    sleep(20);
}

static void
serve_late_silence(struct peer *p)
{
    answer_up_to_rows(p);
    say(p, "{\"id\":%lld,\"result\":[false,", p->id);
    sleep(20);
}

static void
serve_drip(struct peer *p)
{
    for (;;) {
        say(p, " ");
        usleep(5000);
    }
}

static void
serve_echo_flood(struct peer *p)
{
    flood(p, "{\"method\":\"update\",\"params\":[],\"id\":null}");
}

static void
test_time(void **state PROVNET_UNUSED)
{
    check_error(serve_silence, SHORT_MS, "timed out", "--timeout");
    check_error(serve_late_silence, SHORT_MS, "timed out");
    check_error(serve_drip, SHORT_MS, "timed out");
}

/* Servers that lie. */

static void
serve_http(struct peer *p)
{
    say(p, "HTTP/1.1 400 Bad Request\r\n\r\n");
    sleep(1);
}

static void
serve_binary(struct peer *p)
{
    flood(p, "\x16\x03\x01\xff\xfe");
}

static void
serve_string_result(struct peer *p)
{
    answer(p, "get_schema", "\"no\"");
}

static void
serve_other_schema(struct peer *p)
{
    answer(p, "get_schema", "{\"name\":\"Other\\u001b[31m\",\"tables\":{}}");
}

static void
serve_wrong_type(struct peer *p)
{
    answer(p, "get_schema", SCHEMA);
    answer(p, "transact", "[[],{}]");
    answer(p, "monitor_cond_since",
           "[false,\"" ZERO "\",{\"Logical_Switch\":{\"" LS_UUID
           "\":{\"initial\":{\"name\":{\"a\":1}}}}}]");
}

static void
serve_short_result(struct peer *p)
{
    answer(p, "get_schema", SCHEMA);
    answer(p, "transact", "[]");
    answer(p, "monitor_cond_since", "[true]");
}

static void
serve_other_id(struct peer *p)
{
    listen_for(p);
    say(p, "{\"id\":77,\"result\":" SCHEMA ",\"error\":null}");
    sleep(1);
}

static void
serve_empty_reply(struct peer *p)
{
    listen_for(p);
    say(p, "{\"id\":%lld,\"result\":null,\"error\":null}", p->id);
    sleep(1);
}

static void
serve_two_results(struct peer *p)
{
    answer_up_to_rows(p);
    say(p,
        "{\"id\":%lld,\"result\":[false,\"\"," ROWS(
            "initial") "],"
                       "\"result\":[false,\"\"," ROWS("initial") "]}",
        p->id);
    sleep(1);
}

static void
serve_refusal(struct peer *p)
{
    listen_for(p);
    say(p,
        "{\"id\":%lld,\"error\":{\"error\":\"unknown \\u001b[31m\\n"
        "database\",\"details\":\"none\\there\"}}",
        p->id);
    sleep(1);
}

static void
serve_rows_then_error(struct peer *p)
{
    answer_up_to_rows(p);
    say(p,
        "{\"id\":%lld,\"result\":[false,\"\"," ROWS(
            "initial") "],"
                       "\"error\":\"not after all\"}",
        p->id);
    sleep(1);
}

static void
test_nonsense(void **state PROVNET_UNUSED)
{
    check_error(serve_http, DEADLINE_MS, "is this an OVSDB server?");
    check_error(serve_binary, DEADLINE_MS, "is this an OVSDB server?");
    check_error(serve_string_result, DEADLINE_MS, "schema");
    check_error(serve_other_schema, DEADLINE_MS, "schema");
    check_error(serve_wrong_type, DEADLINE_MS, "monitor_cond_since");
    check_error(serve_short_result, DEADLINE_MS, "three elements");
    check_error(serve_other_id, DEADLINE_MS, "not asked");
    check_error(serve_empty_reply, DEADLINE_MS, "neither");
    check_error(serve_two_results, DEADLINE_MS, "two results");
}

static void
test_refusal(void **state PROVNET_UNUSED)
{
    check_error(serve_refusal, DEADLINE_MS, "unknown ?[31m?database: none?he",
                "list-dbs");
    check_error(serve_rows_then_error, DEADLINE_MS, "not after all");
}

/* Servers that flood. */

static void
serve_deep(struct peer *p)
{
    listen_for(p);
    say(p, "{\"id\":%lld,\"result\":", p->id);
    flood(p, "[{\"a\":");
}

static void
serve_long_string(struct peer *p)
{
    listen_for(p);
    say(p, "{\"id\":%lld,\"result\":\"", p->id);
    flood(p, "abc");
}

static void
serve_long_skipped(struct peer *p)
{
    listen_for(p);
    say(p, "{\"id\":%lld,\"rubbish\":[\"", p->id);
    flood(p, "x\\n");
}

static void
serve_wide_schema(struct peer *p)
{
    listen_for(p);
    say(p, "{\"id\":%lld,\"result\":[", p->id);
    flood(p, "[],");
}

static void
serve_long_row(struct peer *p)
{
    answer_up_to_rows(p);
    say(p,
        "{\"id\":%lld,\"result\":[false,\"\",{\"Logical_Switch\":{\"" LS_UUID
        "\":{\"initial\":{\"name\":\"",
        p->id);
    flood(p, "long ");
}

static void
test_floods(void **state PROVNET_UNUSED)
{
    check_error(serve_deep, DEADLINE_MS, "nested brackets");
    check_error(serve_long_string, DEADLINE_MS, "MiB");
    check_error(serve_long_skipped, DEADLINE_MS, "more than 16 MiB");
    check_error(serve_wide_schema, DEADLINE_MS, "too many values");
    check_error(serve_echo_flood, DEADLINE_MS, "more than 16 MiB");
    check_error(serve_long_row, DEADLINE_MS, "longer than 16 MiB");
}

/* Clusters. */

static void
serve_cut_off(struct peer *p)
{
    answer(p, "get_schema", SCHEMA);
    answer(p, "transact",
           "[{\"rows\":[{\"connected\":false,\"cid\":"
           "[\"set\",[]]}]}]");
    sleep(1);
}

static void
test_cluster(void **state PROVNET_UNUSED)
{
    struct server cut_off, silent, healthy;
    char remotes[1000];
    start(&cut_off, serve_cut_off, 0);
    start(&silent, serve_silence, 0);
    start(&healthy, serve_healthy, 0);
    snprintf(remotes, sizeof remotes, "unix:/nonexistent,%s, %s,%s",
             cut_off.remote, silent.remote, healthy.remote);
    expect_rows(remotes, healthy.remote);
    stop(&cut_off);
    stop(&silent);
    stop(&healthy);
}

static void
test_cluster_lost(void **state PROVNET_UNUSED)
{
    struct server cut_off;
    char remotes[1000];
    start(&cut_off, serve_cut_off, 0);
    snprintf(remotes, sizeof remotes, "unix:/nonexistent,%s", cut_off.remote);
    expect_error(remotes, DEADLINE_MS,
                 (const char *const[]){ "unix:/nonexistent: ", cut_off.remote,
                                        "cut off", NULL });
    stop(&cut_off);
}

static void
test_wrong_cluster(void **state PROVNET_UNUSED)
{
    struct server server;
    char remotes[1000];
    start(&server, serve_healthy, 0);
    snprintf(remotes, sizeof remotes, "cid:" LS_UUID ",%s", server.remote);
    expect_error(remotes, DEADLINE_MS,
                 (const char *const[]){ "not of cluster", NULL });
    stop(&server);
}

/* Remotes. */

static void
test_bad_remotes(void **state PROVNET_UNUSED)
{
    static const char *const bad[] = { "",
                                       ",",
                                       "unix:",
                                       "tcp:",
                                       "tcp::6641",
                                       "tcp:[::1",
                                       "tcp:h:0",
                                       "tcp:h:65536",
                                       "tcp:h:x",
                                       "tcp:1:2:3",
                                       "ssl:[::1]6641",
                                       "http://h",
                                       "cid:x",
                                       "unix:/nonexistent" };
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        expect_error(bad[i], SHORT_MS, (const char *const[]){ bad[i], NULL });
    }
    expect_error("ssl:127.0.0.1:1", SHORT_MS,
                 (const char *const[]){ "cannot connect", NULL });
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_healthy),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_any_order),
        cmocka_unit_test(test_echo),
        cmocka_unit_test(test_older_servers),
        cmocka_unit_test(test_no_monitor),
        cmocka_unit_test(test_long_path),
        cmocka_unit_test(test_hang_up),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_refusal),
        cmocka_unit_test(test_floods),
        cmocka_unit_test(test_cluster),
        cmocka_unit_test(test_cluster_lost),
        cmocka_unit_test(test_wrong_cluster),
        cmocka_unit_test(test_bad_remotes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
