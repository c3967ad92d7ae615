#include "unit.h"

#include "base/text.h"

static void
test_empty_text_is_an_empty_string(void **state PROVNET_UNUSED)
{
    struct text t;
    text_init(&t, 100);
    assert_string_equal(text_string(&t), "");
    text_clear(&t);
    assert_string_equal(text_string(&t), "");
    text_done(&t);
}

static void
test_pieces_are_put_in_order(void **state PROVNET_UNUSED)
{
    struct text t;
    text_init(&t, TEXT_CEILING_BYTES);
    text_puts(&t, "a");
    text_putc(&t, 'b');
    text_printf(&t, "%d", 42);
    text_put(&t, "c\0d", 3);
    assert_int_equal(t.length, 7);
    assert_memory_equal(t.s, "ab42c\0d", 8);
    assert_false(t.truncated);
    text_done(&t);
}

static void
test_growth_keeps_what_was_there(void **state PROVNET_UNUSED)
{
    struct text t;
    text_init(&t, TEXT_CEILING_BYTES);
    for (int i = 0; i < 10000; i++) {
        text_putc(&t, (char) ('a' + i % 26));
    }
    assert_int_equal(t.length, 10000);
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(t.s[i], 'a' + i % 26);
    }
    assert_int_equal(t.s[10000], 0);
    text_done(&t);
}

static void
test_the_ceiling_counts_the_nul(void **state PROVNET_UNUSED)
{
    struct text t;
    text_init(&t, 4);
    text_puts(&t, "abc");
    assert_false(t.truncated);
    text_putc(&t, 'd');
    assert_true(t.truncated);
    assert_string_equal(text_string(&t), "abc");
    text_clear(&t);
    text_puts(&t, "abcd");
    assert_true(t.truncated);
    assert_string_equal(text_string(&t), "");
    text_done(&t);
}

static void
test_no_text_grows_beyond_its_ceiling(void **state PROVNET_UNUSED)
{
    struct text t;
    text_init(&t, 1000);
    for (int i = 0; i < 5000; i++) {
        text_printf(&t, "%d,", i);
    }
    assert_true(t.truncated);
    assert_true(t.length < 1000);
    assert_int_equal(strlen(text_string(&t)), t.length);
    text_done(&t);
}

static void
test_clear_forgets_the_cut(void **state PROVNET_UNUSED)
{
    struct text t;
    text_init(&t, 4);
    text_puts(&t, "too long");
    assert_true(t.truncated);
    text_clear(&t);
    assert_false(t.truncated);
    text_puts(&t, "ok");
    assert_string_equal(text_string(&t), "ok");
    text_done(&t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_text_is_an_empty_string),
        cmocka_unit_test(test_pieces_are_put_in_order),
        cmocka_unit_test(test_growth_keeps_what_was_there),
        cmocka_unit_test(test_the_ceiling_counts_the_nul),
        cmocka_unit_test(test_no_text_grows_beyond_its_ceiling),
        cmocka_unit_test(test_clear_forgets_the_cut),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
