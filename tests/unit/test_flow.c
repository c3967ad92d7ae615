#include "unit.h"

#include <stdlib.h>

#include "apply/flow.h"
#include "ovsdb/json.h"

/* A journal may be anybody's: nothing but our own flows is done. */

#define COOKIE "cookie=0x70726f766e6574"

static const struct journal_step there = {
    .db = JOURNAL_FLOWS,
    .name = JOURNAL_FLOWS,
    .remote = "unix:/nowhere/br-ex.mgmt",
};

static void
check_refused(const struct journal_step *step, const char *params)
{
    struct arena a;
    const struct json_value *result = NULL;
    arena_init(&a);
    struct error *error = flow_transact(step, params, 1000, &a, &result);
    assert_non_null(error);
    assert_string_equal(error_text(error), "this is no flow of a repair's");
    assert_null(result);
    error_free(error);
    arena_done(&a);
}

static void
test_what_is_refused(void **state)
{
    (void) state;
    static const char *const bad[] = {
        "[]",
        "{}",
        "[\"openflow\"]",
        "[\"openflow\",\"add-flow\"]",
        "[\"openflow\",\"add-flow\",7]",
        "[\"openflow\",7,\"" COOKIE ",actions=NORMAL\"]",
        "[\"openflow\",\"del-br\",\"" COOKIE ",actions=NORMAL\"]",
        "[\"openflow\",\"replace-flows\",\"" COOKIE "\"]",
        "[\"openflow\",\"del-flows\",\"priority=0\"]",
        "[\"openflow\",\"del-flows\",\"cookie=0x1/-1,priority=0\"]",
        "[\"openflow\",\"add-flow\",\"priority=0," COOKIE "\"]",
        "[\"openflow\",\"add-flow\",\"" COOKIE ",priority=0\"]",
        "[\"openflow\",\"del-flows\",\"" COOKIE "/0,priority=0\"]",
        "[\"openflow\",\"del-flows\",\"" COOKIE "ff/-1,priority=0\"]",
    };
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        check_refused(&there, bad[i]);
    }
}

static void
test_remotes_that_are_refused(void **state)
{
    (void) state;
    static const char *const bad[] = { "br-ex", "tcp:10.0.0.1:6653", "--help",
                                       "unix:br-ex.mgmt", "" };
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        struct journal_step step = there;
        step.remote = bad[i];
        check_refused(&step, "[\"openflow\",\"del-flows\",\"" COOKIE
                             "/-1,priority=0\"]");
    }
}

/* Without the tool surely nothing was done, which the result says. */
static void
test_without_the_tool(void **state)
{
    struct arena a;
    const struct json_value *result = NULL;
    char *path = xstrdup(getenv("PATH"));
    (void) state;
    arena_init(&a);
    setenv("PATH", "/nowhere", 1);
    struct error *error = flow_transact(
        &there, "[\"openflow\",\"del-flows\",\"" COOKIE "/-1,priority=0\"]",
        1000, &a, &result);
    setenv("PATH", path, 1);
    assert_non_null(error);
    assert_non_null(result);
    error_free(error);
    free(path);
    arena_done(&a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_remotes_that_are_refused),
        cmocka_unit_test(test_without_the_tool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
