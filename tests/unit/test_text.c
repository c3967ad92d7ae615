#include "unit.h"

#include <errno.h>

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
test_a_file_gets_all_in_order(void **state PROVNET_UNUSED)
{
    struct text t;
    char *got = NULL;
    size_t n_got = 0;
    FILE *file = open_memstream(&got, &n_got);
    text_init_file(&t, file);
    for (int i = 0; i < 300000; i++) {
        text_printf(&t, "%07d\n", i);
    }
    assert_true(t.size < 2400000 / 4);
    assert_true(text_flush(&t));
    assert_int_equal(n_got, 2400000);
    for (int i = 0; i < 300000; i += 977) {
        assert_int_equal(atoi(got + 8 * i), i);
    }
    text_done(&t);
    fclose(file);
    free(got);
}

static void
test_a_file_that_is_full_is_told_of(void **state PROVNET_UNUSED)
{
    struct text t;
    FILE *full = fopen("/dev/full", "w");
    text_init_file(&t, full);
    for (int i = 0; i < 300000; i++) {
        text_puts(&t, "lost");
    }
    assert_false(text_flush(&t));
    assert_int_equal(t.file_errno, ENOSPC);
    text_done(&t);
    fclose(full);
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
        cmocka_unit_test(test_a_file_gets_all_in_order),
        cmocka_unit_test(test_a_file_that_is_full_is_told_of),
        cmocka_unit_test(test_the_ceiling_counts_the_nul),
        cmocka_unit_test(test_no_text_grows_beyond_its_ceiling),
        cmocka_unit_test(test_clear_forgets_the_cut),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
