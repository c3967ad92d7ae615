#include "unit.h"

#include <errno.h>

#include "base/arena.h"
#include "base/writer.h"

/* Hands over 'n' pieces, "0\n", "1\n" and so on, each in memory of its own
 * size. */
static void
put_numbers(struct writer *w, int n)
{
    char *s = NULL;
    size_t size = 0;
    for (int i = 0; i < n; i++) {
        if (size < 16) {
            s = xrealloc(s, 16);
            size = 16;
        }
        int length = snprintf(s, size, "%d\n", i);
        s = writer_put(w, s, (size_t) length, &size);
    }
    free(s);
}

static void
test_pieces_are_written_in_order(void **state PROVNET_UNUSED)
{
    char *got = NULL;
    size_t n_got = 0;
    FILE *file = open_memstream(&got, &n_got);
    struct writer *w = writer_new(file);
    assert_non_null(w);
    put_numbers(w, 5000);
    assert_int_equal(writer_free(w), 0);
    fclose(file);
    char *s = got;
    for (int i = 0; i < 5000; i++) {
        assert_int_equal(strtol(s, &s, 10), i);
        assert_int_equal(*s++, '\n');
    }
    assert_ptr_equal(s, got + n_got);
    free(got);
}

static void
test_nothing_need_come(void **state PROVNET_UNUSED)
{
    struct writer *w = writer_new(stdout);
    assert_non_null(w);
    assert_int_equal(writer_free(w), 0);
}

/* Unbuffered, so that the first piece fails, and who goes on is not held up.
 */
static void
test_a_full_file_is_told_of_at_the_end(void **state PROVNET_UNUSED)
{
    FILE *full = fopen("/dev/full", "w");
    setvbuf(full, NULL, _IONBF, 0);
    struct writer *w = writer_new(full);
    assert_non_null(w);
    put_numbers(w, 100);
    assert_int_equal(writer_free(w), ENOSPC);
    fclose(full);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_are_written_in_order),
        cmocka_unit_test(test_nothing_need_come),
        cmocka_unit_test(test_a_full_file_is_told_of_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
