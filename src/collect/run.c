#include "collect/run.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define MAX_STDERR_BYTES 500
#define WAIT_STEP_MS 2

enum { OUT, ERR, N_PIPES };

struct run {
    const char *tool;
    int64_t start_ms;
    int64_t deadline_ms;
    pid_t pid;
    int fds[N_PIPES]; /* Our ends; -1 when at their end. */
    uint64_t n_bytes;
    uint64_t max_bytes;
    run_sink_fn *sink;
    void *aux;
    struct text stderr_text;
};

/* Starting. */

static int
spawn(struct run *run, const char *const argv[], int theirs[N_PIPES])
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, pipe_only;
    sigemptyset(&none);
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
                                     O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, theirs[OUT], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, theirs[ERR], STDERR_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &pipe_only);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int code = posix_spawnp(&run->pid, argv[0], &actions, &attributes,
                            (char *const *) argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

static struct error *
start(struct run *run, const char *const argv[], bool *ret_absent)
{
    int theirs[N_PIPES] = { -1, -1 };
    int code = 0;
    *ret_absent = false;
    for (int i = 0; i < N_PIPES && !code; i++) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC)) {
            code = errno;
            break;
        }
        run->fds[i] = ends[0];
        theirs[i] = ends[1];
        fcntl(ends[0], F_SETFL, O_NONBLOCK);
    }
    if (!code) {
        code = spawn(run, argv, theirs);
        *ret_absent = code == ENOENT;
    }
    for (int i = 0; i < N_PIPES; i++) {
        if (theirs[i] >= 0) {
            close(theirs[i]);
        }
    }
    return code ? error_new("%s: cannot run it: %s", run->tool, strerror(code))
                : NULL;
}

/* Taking its output. */

static struct error *
too_late(const struct run *run)
{
    return error_new("%s: not done after %.1f s", run->tool,
                     (double) (run->deadline_ms - run->start_ms) / 1000);
}

/* What a tool says may hold anything; an error is one line of text. */
static void
take_stderr(struct run *run, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char) bytes[i];
        text_putc(&run->stderr_text, c == '\n' || c == '\t' ? ' '
                                     : c < ' ' || c == 0x7f ? '?'
                                                            : bytes[i]);
    }
}

static struct error *
take(struct run *run, int which)
{
    char buffer[65536];
    ssize_t n = read(run->fds[which], buffer, sizeof buffer);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
        return NULL;
    }
    if (n <= 0) {
        close(run->fds[which]);
        run->fds[which] = -1;
        return NULL;
    }
    if (which == ERR) {
        take_stderr(run, buffer, (size_t) n);
        return NULL;
    }
    run->n_bytes += (uint64_t) n;
    if (run->n_bytes > run->max_bytes) {
        return error_new("%s: it prints more than %llu bytes", run->tool,
                         (unsigned long long) run->max_bytes);
    }
    return run->sink(run->aux, buffer, (size_t) n);
}

/* Reads until both pipes are at their end. */
static struct error *
read_output(struct run *run)
{
    struct error *error = NULL;
    while (!error && (run->fds[OUT] >= 0 || run->fds[ERR] >= 0)) {
        struct pollfd fds[N_PIPES] = {
            { .fd = run->fds[OUT], .events = POLLIN },
            { .fd = run->fds[ERR], .events = POLLIN }
        };
        int64_t left = run->deadline_ms - clock_now_ms();
        if (left <= 0) {
            return too_late(run);
        }
        int n = poll(fds, N_PIPES, left > INT32_MAX ? INT32_MAX : (int) left);
        for (int i = 0; i < N_PIPES && n > 0 && !error; i++) {
            if (fds[i].revents) {
                error = take(run, i);
            }
        }
    }
    return error;
}

/* Its end. */

static struct error *
explain_status(struct run *run, int status)
{
    struct text *t = &run->stderr_text;
    while (t->length && t->s[t->length - 1] == ' ') {
        t->s[--t->length] = '\0';
    }
    if (WIFSIGNALED(status)) {
        return error_new("%s: killed by signal %d", run->tool,
                         WTERMSIG(status));
    }
    int code = WEXITSTATUS(status);
    return !code ? NULL
                 : error_new("%s failed (status %d)%s%s", run->tool, code,
                             t->length ? ": " : "", text_string(t));
}

/* Waits for the process; it has closed its output, so this is soon. */
static struct error *
wait_end(struct run *run)
{
    int status;
    for (;;) {
        pid_t pid = waitpid(run->pid, &status, WNOHANG);
        if (pid == run->pid) {
            run->pid = 0;
            return explain_status(run, status);
        }
        if (pid < 0 && errno != EINTR) {
            run->pid = 0;
            return error_new("%s: cannot wait for it: %s", run->tool,
                             strerror(errno));
        }
        if (clock_now_ms() >= run->deadline_ms) {
            return too_late(run);
        }
        poll(NULL, 0, WAIT_STEP_MS);
    }
}

static void
finish(struct run *run)
{
    for (int i = 0; i < N_PIPES; i++) {
        if (run->fds[i] >= 0) {
            close(run->fds[i]);
        }
    }
    if (run->pid > 0) {
        kill(run->pid, SIGKILL);
        while (waitpid(run->pid, NULL, 0) < 0 && errno == EINTR) {
            continue;
        }
    }
    text_done(&run->stderr_text);
}

struct error *
run_tool(const char *const argv[], int64_t deadline_ms, uint64_t max_bytes,
         run_sink_fn *sink, void *aux, bool *ret_absent)
{
    assert(argv[0]);
    struct run run = { .tool = argv[0],
                       .start_ms = clock_now_ms(),
                       .deadline_ms = deadline_ms,
                       .fds = { -1, -1 },
                       .max_bytes = max_bytes,
                       .sink = sink,
                       .aux = aux };
    text_init(&run.stderr_text, MAX_STDERR_BYTES);
    struct error *error = start(&run, argv, ret_absent);
    if (!error) {
        error = read_output(&run);
    }
    if (!error) {
        error = wait_end(&run);
    }
    finish(&run);
    return error;
}

static struct error *
sink_text(void *aux, const char *bytes, size_t size)
{
    text_put(aux, bytes, size);
    return NULL;
}

struct error *
run_tool_text(const char *const argv[], int64_t deadline_ms,
              struct text *ret_text, bool *ret_absent)
{
    return run_tool(argv, deadline_ms, ret_text->ceiling - 1, sink_text,
                    ret_text, ret_absent);
}
