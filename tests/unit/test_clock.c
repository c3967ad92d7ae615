#include "unit.h"

#include "base/clock.h"

static void
check_format(int64_t wall_ms, const char *expected)
{
    char text[CLOCK_TEXT_SIZE];
    clock_format(wall_ms, text);
    assert_string_equal(text, expected);
}

static void
test_times_are_utc_with_milliseconds(void **state PROVNET_UNUSED)
{
    setenv("TZ", "Asia/Kolkata", 1);
    check_format(0, "1970-01-01T00:00:00.000Z");
    check_format(1795340376001, "2026-11-22T09:39:36.001Z");
    check_format(951827696789, "2000-02-29T12:34:56.789Z");
}

static void
test_times_before_1970_count_backwards(void **state PROVNET_UNUSED)
{
    check_format(-1, "1969-12-31T23:59:59.999Z");
    check_format(-1000, "1969-12-31T23:59:59.000Z");
}

static void
test_absurd_times_stay_inside_the_text(void **state PROVNET_UNUSED)
{
    static const int64_t times[] = { INT64_MAX, INT64_MIN, INT64_MAX / 1000,
                                     253402300800000, INT64_MIN + 1 };
    for (size_t i = 0; i < N_ELEMENTS(times); i++) {
        char text[CLOCK_TEXT_SIZE + 1];
        text[CLOCK_TEXT_SIZE] = 0x5a;
        clock_format(times[i], text);
        assert_in_range(strnlen(text, CLOCK_TEXT_SIZE), 1,
                        CLOCK_TEXT_SIZE - 1);
        assert_int_equal(text[CLOCK_TEXT_SIZE], 0x5a);
    }
}

static void
test_ages_use_the_unit_that_fits(void **state PROVNET_UNUSED)
{
    static const struct {
        int64_t age_s;
        const char *text;
    } cases[] = {
        { 0, "0 s ago" },         { 119, "119 s ago" },
        { 120, "2 min ago" },     { 7199, "119 min ago" },
        { 7200, "2 h ago" },      { 172799, "47 h ago" },
        { 172800, "2 days ago" }, { 31536000, "365 days ago" },
        { -5, "in the future" },
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        char text[CLOCK_TEXT_SIZE];
        clock_format_age(1795340376001 - cases[i].age_s * 1000, 1795340376001,
                         text);
        assert_string_equal(text, cases[i].text);
    }
}

static void
test_times_are_read_as_people_write_them(void **state PROVNET_UNUSED)
{
    static const int64_t now = 1795340376001; /* 2026-11-22T09:39:36.001Z */
    static const struct {
        const char *text;
        int64_t wall_ms;
    } cases[] = {
        { "2026-11-22T09:39:36.001Z", 1795340376001 },
        { "2026-11-22 09:39:36.001", 1795340376001 },
        { "2026-11-22T09:39:36Z", 1795340376000 },
        { "2026-11-22 09:39", 1795340340000 },
        { "2026-11-22", 1795305600000 },
        { "2024-02-29", 1709164800000 },
        { "1970-01-01", 0 },
        { "now", now },
        { "-90s", now - 90000 },
        { "-15min", now - 900000 },
        { "-2h", now - 7200000 },
        { "-3d", now - 259200000 },
        { "15 min ago", now - 900000 },
        { "8 h ago", now - 28800000 },
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        int64_t wall_ms = -1;
        if (!clock_parse(cases[i].text, now, &wall_ms)
            || wall_ms != cases[i].wall_ms) {
            fail_msg("%s: %lld", cases[i].text, (long long) wall_ms);
        }
    }
}

static void
test_what_is_no_time_is_refused(void **state PROVNET_UNUSED)
{
    static const char *const cases[] = {
        "",
        "yesterday",
        "2026",
        "2026-13-01",
        "2026-00-01",
        "2026-02-30",
        "2025-02-29",
        "2026-11-22T24:01",
        "-",
        "-h",
        "-3parsec",
        "3",
        "2026-11-22x",
        "2026-11-22T09:39:36.001Zx",
        "- 3 h",
        "-99999999999999999999d",
        "99999999999-01-01",
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        int64_t wall_ms = -1;
        if (clock_parse(cases[i], 1795340376001, &wall_ms)) {
            fail_msg("%s: %lld", cases[i], (long long) wall_ms);
        }
    }
}

static void
test_the_monotonic_clock_never_goes_back(void **state PROVNET_UNUSED)
{
    int64_t last = clock_now_ms();
    for (int i = 0; i < 1000; i++) {
        int64_t now = clock_now_ms();
        assert_true(now >= last);
        last = now;
    }
    assert_true(clock_wall_ms() > 1700000000000); /* After 2023. */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times_are_utc_with_milliseconds),
        cmocka_unit_test(test_times_before_1970_count_backwards),
        cmocka_unit_test(test_absurd_times_stay_inside_the_text),
        cmocka_unit_test(test_ages_use_the_unit_that_fits),
        cmocka_unit_test(test_times_are_read_as_people_write_them),
        cmocka_unit_test(test_what_is_no_time_is_refused),
        cmocka_unit_test(test_the_monotonic_clock_never_goes_back),
    };
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
