#include "unit.h"

#include "ovsdb/uuid.h"

#define TEXT "01234567-89ab-cdef-fedc-ba9876543210"

static void
test_both_cases_read_and_lower_case_is_written(void **state PROVNET_UNUSED)
{
    struct uuid lower, upper;
    char text[UUID_LENGTH + 1];
    assert_true(uuid_parse(TEXT, 36, &lower));
    assert_true(
        uuid_parse("01234567-89AB-CDEF-FEDC-BA9876543210", 36, &upper));
    assert_int_equal(lower.high, 0x0123456789abcdef);
    assert_int_equal(lower.low, 0xfedcba9876543210);
    assert_true(uuid_equals(&lower, &upper));
    uuid_format(&upper, text);
    assert_string_equal(text, TEXT);
}

static void
test_any_uuid_survives_a_round_trip(void **state PROVNET_UNUSED)
{
    uint64_t seed = 7;
    for (int i = 0; i < 10000; i++) {
        struct uuid u, back;
        char text[UUID_LENGTH + 1];
        u.high =
            (uint64_t) draw(&seed, UINT32_MAX) << 32 | draw(&seed, UINT32_MAX);
        u.low =
            (uint64_t) draw(&seed, UINT32_MAX) << 32 | draw(&seed, UINT32_MAX);
        uuid_format(&u, text);
        assert_true(uuid_parse(text, UUID_LENGTH, &back));
        assert_true(uuid_equals(&u, &back));
    }
}

/* Every byte value at every place. */
static void
test_only_hexadecimal_and_dashes_in_place_pass(void **state PROVNET_UNUSED)
{
    for (size_t at = 0; at < UUID_LENGTH; at++) {
        for (int c = 0; c < 256; c++) {
            char text[] = TEXT;
            struct uuid u = { 1, 2 };
            text[at] = (char) c;
            bool dash = at == 8 || at == 13 || at == 18 || at == 23;
            bool hex = c && strchr("0123456789abcdefABCDEF", c);
            bool ok = dash ? c == '-' : hex;
            assert_int_equal(uuid_parse(text, UUID_LENGTH, &u), ok);
            assert_true(ok || (u.high == 1 && u.low == 2));
        }
    }
}

static void
test_other_lengths_are_no_uuid(void **state PROVNET_UNUSED)
{
    struct uuid u;
    for (size_t length = 0; length < UUID_LENGTH; length++) {
        assert_false(uuid_parse(TEXT, length, &u));
    }
    assert_false(uuid_parse(TEXT "0", UUID_LENGTH + 1, &u));
}

static void
test_comparison_orders_as_the_text_does(void **state PROVNET_UNUSED)
{
    static const char *const sorted[] = {
        "00000000-0000-0000-0000-000000000000",
        "00000000-0000-0000-0000-000000000001",
        "00000000-0000-0000-8000-000000000000",
        "00000000-0000-0001-0000-000000000000",
        "80000000-0000-0000-0000-000000000000"
    };
    for (size_t i = 0; i < N_ELEMENTS(sorted); i++) {
        for (size_t j = 0; j < N_ELEMENTS(sorted); j++) {
            struct uuid a, b;
            assert_true(uuid_parse(sorted[i], 36, &a));
            assert_true(uuid_parse(sorted[j], 36, &b));
            assert_int_equal(uuid_compare(&a, &b), i < j ? -1 : i > j);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_cases_read_and_lower_case_is_written),
        cmocka_unit_test(test_any_uuid_survives_a_round_trip),
        cmocka_unit_test(test_only_hexadecimal_and_dashes_in_place_pass),
        cmocka_unit_test(test_other_lengths_are_no_uuid),
        cmocka_unit_test(test_comparison_orders_as_the_text_does),
    };
    return cmocka_run_group_tests_name("uuid", tests, NULL, NULL);
}
