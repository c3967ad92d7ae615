#include "apply/server.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "apply/daemons.h"
#include "base/clock.h"
#include "ovsdb/session.h"

/* A server of 500 MB needs half a minute to read its file. */
#define START_TIMEOUT_MS 600000
#define STEP_MS 20
#define ANSWER_TIMEOUT_MS 5000

struct server {
    const struct scratch_db *db;
    const char *socket;
    pid_t pid; /* 0: it is not at work. */
};

struct servers {
    struct arena arena;
    const char *dir;
    struct server *servers;
    size_t n;
};

/* Processes. */

/* In a child: it ends with its parent, whatever ends that. */
static void
prepare_child(const sigset_t *mask)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, mask, NULL);
}

static void
end_process(pid_t *pid)
{
    if (*pid > 0) {
        kill(*pid, SIGKILL);
        while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR) {
            continue;
        }
    }
    *pid = 0;
}

static void
sleep_ms(int ms)
{
    struct timespec t = { ms / 1000, ms % 1000 * 1000000L };
    nanosleep(&t, NULL);
}

/* Servers. */

static void
exec_server(const struct servers *s, const struct server *server)
{
    char remote[512], log[512];
    snprintf(remote, sizeof remote, "--remote=punix:%s", server->socket);
    snprintf(log, sizeof log, "%s.log", server->socket);
    int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    int null = open("/dev/null", O_RDONLY);
    if (fd < 0 || null < 0 || chdir(s->dir)) {
        _exit(127);
    }
    dup2(null, STDIN_FILENO);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    /* Records that say what a column holds, not how it differs; servers
     * before Open vSwitch 2.15 know no other, nor the option. */
    execlp("ovsdb-server", "ovsdb-server", "--disable-file-column-diff",
           "--unixctl=none", "--no-chdir", remote, server->db->file, NULL);
    _exit(127);
}

static struct error *
start_one(struct servers *s, struct server *server)
{
    sigset_t mask;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) {
        return error_new("cannot start ovsdb-server: %s", strerror(errno));
    }
    if (!pid) {
        prepare_child(&mask);
        exec_server(s, server);
    }
    server->pid = pid;
    return NULL;
}

/* What a server that ended wrote last. */
static struct error *
explain_end(const struct server *server, int status)
{
    char path[512], text[400] = "";
    snprintf(path, sizeof path, "%s.log", server->socket);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    if (fd >= 0) {
        close(fd);
    }
    for (ssize_t i = 0; i < n; i++) {
        text[i] = (unsigned char) text[i] < ' ' ? ' ' : text[i];
    }
    bool absent = WIFEXITED(status) && WEXITSTATUS(status) == 127;
    return absent ? error_hint(error_new("cannot run ovsdb-server"),
                               "install it (package openvswitch-common or "
                               "ovn-central)")
                  : error_new("ovsdb-server does not serve the copy: %s",
                              n > 0 ? text : "it ended");
}

static struct error *
wait_until_served(struct server *server)
{
    int64_t deadline_ms = clock_now_ms() + START_TIMEOUT_MS;
    int status;
    while (access(server->socket, F_OK)) {
        if (waitpid(server->pid, &status, WNOHANG) == server->pid) {
            server->pid = 0;
            return explain_end(server, status);
        }
        if (clock_now_ms() > deadline_ms) {
            return error_new("ovsdb-server has not served the copy of %s "
                             "after %d s",
                             server->db->db->from, START_TIMEOUT_MS / 1000);
        }
        sleep_ms(STEP_MS / 4);
    }
    return NULL;
}

struct error *
servers_start(const struct scratch_db *dbs, size_t n, const char *dir,
              struct servers **ret)
{
    struct servers *s = *ret = xcalloc(1, sizeof *s);
    struct error *error = NULL;
    arena_init(&s->arena);
    s->dir = dir;
    s->servers = arena_zalloc(&s->arena, n * sizeof *s->servers);
    for (s->n = 0; s->n < n && !error; s->n++) {
        struct server *server = &s->servers[s->n];
        server->db = &dbs[s->n];
        server->socket = server->db->remote + strlen("unix:");
        error = start_one(s, server);
    }
    for (size_t i = 0; i < s->n && !error; i++) {
        error = wait_until_served(&s->servers[i]);
    }
    return error;
}

void
servers_stop(struct servers *s)
{
    for (size_t i = 0; s && i < s->n; i++) {
        end_process(&s->servers[i].pid);
        unlink(s->servers[i].socket);
    }
    if (s) {
        arena_done(&s->arena);
    }
    free(s);
}

/* Answering who waits for daemons. */

/* What goes wrong here shows when the command waits. */
static void
answer(struct servers *s, const struct server *server,
       const struct daemons_counter *p)
{
    const struct json_value *results = NULL;
    const char *select = arena_printf(
        &s->arena,
        "[\"%s\",{\"op\":\"select\",\"table\":\"%s\",\"where\":[]}]",
        p->schema, p->table);
    error_free(ovsdb_session_transact(server->db->remote, NULL,
                                      clock_now_ms() + ANSWER_TIMEOUT_MS,
                                      p->schema, select, &s->arena, &results));
    const struct json_value *row = ovsdb_transaction_row(results);
    int64_t asked = daemons_count(row, p->asked);
    if (!row
        || (asked == daemons_count(row, p->answered[0])
            && asked == daemons_count(row, p->answered[1]))) {
        return;
    }
    error_free(ovsdb_session_transact(
        server->db->remote, NULL, clock_now_ms() + ANSWER_TIMEOUT_MS,
        p->schema,
        arena_printf(&s->arena,
                     "[\"%s\",{\"op\":\"update\",\"table\":\"%s\",\"where\":[]"
                     ",\"row\":{\"%s\":%lld,\"%s\":%lld}}]",
                     p->schema, p->table, p->answered[0], (long long) asked,
                     p->answered[1], (long long) asked),
        NULL, NULL));
}

static void
answer_all(struct servers *s)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct daemons_counter *counter =
            daemons_find(s->servers[i].db->db->db);
        if (counter) {
            answer(s, &s->servers[i], counter);
        }
    }
}

/* The command. */

/* What leads a tool to other databases than its options name. */
static const char *const foreign_variables[] = {
    "OVN_NB_DAEMON",
    "OVN_SB_DAEMON",
    "OVN_NBCTL_OPTIONS",
    "OVN_SBCTL_OPTIONS",
};

/* Names by which a copy is known: in the environment, and as a socket in the
 * run directories. */
static const struct {
    const char *db, *variable, *socket;
} names[] = {
    { "nb", "OVN_NB_DB", "ovnnb_db.sock" },
    { "sb", "OVN_SB_DB", "ovnsb_db.sock" },
    { "ovs", "OVS_DB", "db.sock" },
};

/* OVS_DB_HV1 for chassis hv1. */
static void
name_chassis(const struct server *server)
{
    char variable[300];
    snprintf(variable, sizeof variable, "OVS_DB_%s", server->db->chassis);
    for (char *c = variable; *c; c++) {
        bool plain = (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9');
        *c = *c >= 'a' && *c <= 'z' ? (char) (*c - 'a' + 'A')
             : plain                ? *c
                                    : '_';
    }
    setenv(variable, server->db->remote, true);
}

static void
name_copies(const struct servers *s)
{
    for (size_t i = 0; i < N_ELEMENTS(foreign_variables); i++) {
        unsetenv(foreign_variables[i]);
    }
    setenv("OVN_RUNDIR", s->dir, true);
    setenv("OVS_RUNDIR", s->dir, true);
    for (size_t n = 0; n < N_ELEMENTS(names); n++) {
        unsetenv(names[n].variable);
        for (size_t i = s->n; i-- > 0;) {
            const struct server *server = &s->servers[i];
            if (!strcmp(server->db->db->db, names[n].db)) {
                char link[512];
                snprintf(link, sizeof link, "%s/%s", s->dir, names[n].socket);
                unlink(link);
                if (symlink(server->socket, link)) {
                    _exit(127);
                }
                setenv(names[n].variable, server->db->remote, true);
            }
        }
    }
    for (size_t i = 0; i < s->n; i++) {
        if (s->servers[i].db->chassis) {
            name_chassis(&s->servers[i]);
        }
    }
}

/* Where the databases themselves are, there is nobody for the command. */
static void
cover_sockets(const struct servers *s)
{
    for (size_t i = 0; i < s->n; i++) {
        const char *from = s->servers[i].db->db->from;
        const char *path = from ? ovsdb_remote_unix_path(from) : NULL;
        if (path && mount("/dev/null", path, NULL, MS_BIND, NULL)) {
            fprintf(stderr,
                    "provnet: %s cannot be hidden from the command (%s): do "
                    "not name it\n",
                    path, strerror(errno));
        }
    }
}

/* Lets the usual run directories lead to the copies, over whatever is there
 * by now. */
static void
cover_run_directories(const struct servers *s)
{
    static const char *const dirs[] = { "/run/ovn", "/run/openvswitch",
                                        "/var/run/ovn",
                                        "/var/run/openvswitch" };
    for (size_t i = 0; i < N_ELEMENTS(dirs); i++) {
        /* One that does not exist leads nowhere. */
        if (mount(s->dir, dirs[i], NULL, MS_BIND, NULL) && errno == EPERM) {
            return;
        }
    }
}

/* In a mount namespace of the command's own; where that may not be, its
 * environment must do. */
static void
cover_places(const struct servers *s)
{
    if (!unshare(CLONE_NEWNS)
        && !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) {
        cover_sockets(s);
        cover_run_directories(s);
    }
}

static void
exec_command(const struct servers *s, char **argv)
{
    name_copies(s);
    cover_places(s);
    dup2(STDERR_FILENO, STDOUT_FILENO); /* Ours is the report's alone. */
    execvp(argv[0], argv);
    fprintf(stderr, "provnet: %s: cannot run it: %s\n", argv[0],
            strerror(errno));
    _exit(127);
}

/* Waits for the command; an interruption ends it. */
static struct error *
wait_for(struct servers *s, pid_t *pid, const sigset_t *signals,
         int *ret_status)
{
    const struct timespec step = { 0, STEP_MS * 1000000L };
    int status;
    for (;;) {
        pid_t ended = waitpid(*pid, &status, WNOHANG);
        if (ended == *pid) {
            *pid = 0;
            *ret_status = WIFEXITED(status) ? WEXITSTATUS(status)
                                            : 128 + WTERMSIG(status);
            return NULL;
        }
        answer_all(s);
        if (sigtimedwait(signals, NULL, &step) > 0) {
            end_process(pid);
            return error_new("interrupted; nothing was changed");
        }
    }
}

struct error *
servers_run(struct servers *s, char **argv, int *ret_status)
{
    sigset_t signals, mask;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, &mask);
    fflush(NULL);
    struct error *error = NULL;
    pid_t pid = fork();
    if (pid < 0) {
        error = error_new("cannot start %s: %s", argv[0], strerror(errno));
    } else if (!pid) {
        prepare_child(&mask);
        exec_command(s, argv);
    } else {
        error = wait_for(s, &pid, &signals, ret_status);
    }
    sigprocmask(SIG_SETMASK, &mask, NULL);
    return error;
}
