/* collect/run.h with the tools that every system has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <errno.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "collect/run.h"

enum { DEADLINE_MS = 5000, SHORT_MS = 150, MAX_BYTES = 1 << 20 };

static struct error *
run(const char *const argv[], int timeout_ms, struct text *output,
    bool *absent)
{
    text_init(output, MAX_BYTES + 1);
    return run_tool_text(argv, clock_now_ms() + timeout_ms, output, absent);
}

/* No child is left behind, alive or dead. */
static void
check_no_children(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void
expect_output(const char *const argv[], const char *expected)
{
    struct text output;
    bool absent;
    struct error *error = run(argv, DEADLINE_MS, &output, &absent);
    if (error) {
        fail_msg("%s", error_text(error));
    }
    assert_false(absent);
    assert_string_equal(text_string(&output), expected);
    text_done(&output);
    check_no_children();
}

static void
expect_error(const char *const argv[], int timeout_ms, bool wants_absent,
             const char *words)
{
    struct text output;
    bool absent;
    int64_t start_ms = clock_now_ms();
    struct error *error = run(argv, timeout_ms, &output, &absent);
    assert_non_null(error);
    if (!strstr(error_text(error), words)) {
        fail_msg("\"%s\" is not in \"%s\"", words, error_text(error));
    }
    for (const char *s = error_text(error); *s; s++) {
        assert_true((unsigned char) *s >= ' ');
    }
    assert_true(strlen(error_text(error)) < 1000);
    assert_int_equal(absent, wants_absent);
    assert_true(clock_now_ms() - start_ms < timeout_ms + 1000);
    error_free(error);
    text_done(&output);
    check_no_children();
}

#define ARGV(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void
test_output(void **state PROVNET_UNUSED)
{
    expect_output(ARGV("printf", "%s|", "a b", "$HOME", "`id`", ";", ""),
                  "a b|$HOME|`id`|;||");
    expect_output(ARGV("true"), "");
    expect_output(ARGV("cat"), ""); /* Its input is empty. */
}

static void
test_absent(void **state PROVNET_UNUSED)
{
    expect_error(ARGV("no-such-tool-of-ovs"), DEADLINE_MS, true,
                 "no-such-tool-of-ovs: cannot run it");
}

static void
test_failure(void **state PROVNET_UNUSED)
{
    expect_error(ARGV("sh", "-c",
                      "echo out; printf 'a\\nb\\033[31m' >&2; "
                      "exit 3"),
                 DEADLINE_MS, false, "sh failed (status 3): a b?[31m");
    expect_error(ARGV("sh", "-c", "kill -9 $$"), DEADLINE_MS, false,
                 "killed by signal 9");
    expect_error(ARGV("sh", "-c",
                      "yes >&2 & p=$!; sleep 0.1; kill $p; "
                      "exit 1"),
                 DEADLINE_MS, false, "failed (status 1): y y y");
}

static void
test_deadline(void **state PROVNET_UNUSED)
{
    expect_error(ARGV("sleep", "20"), SHORT_MS, false, "not done after");
    /* Quiet, but still there. */
    expect_error(ARGV("sh", "-c", "exec >&- 2>&-; exec sleep 20"), SHORT_MS,
                 false, "not done after");
    expect_error(ARGV("sh", "-c", "while :; do echo x; sleep 0.01; done"),
                 SHORT_MS, false, "not done after");
}

static void
test_ceiling(void **state PROVNET_UNUSED)
{
    expect_error(ARGV("yes"), DEADLINE_MS, false, "prints more than 1048576");
    struct text output;
    bool absent;
    struct error *error = run(ARGV("head", "-c", "1048576", "/dev/zero"),
                              DEADLINE_MS, &output, &absent);
    assert_null(error);
    assert_int_equal(output.length, MAX_BYTES);
    assert_false(output.truncated);
    text_done(&output);
}

static struct error *
refuse(void *aux PROVNET_UNUSED, const char *bytes PROVNET_UNUSED,
       size_t size PROVNET_UNUSED)
{
    return error_new("the disk is full");
}

static void
test_sink_error(void **state PROVNET_UNUSED)
{
    bool absent;
    struct error *error = run_tool(ARGV("yes"), clock_now_ms() + DEADLINE_MS,
                                   UINT64_MAX, refuse, NULL, &absent);
    assert_non_null(error);
    assert_string_equal(error_text(error), "the disk is full");
    error_free(error);
    check_no_children();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_output),  cmocka_unit_test(test_absent),
        cmocka_unit_test(test_failure), cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_ceiling), cmocka_unit_test(test_sink_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
