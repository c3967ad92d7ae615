#include "unit.h"

#include <unistd.h>

#include "base/arena.h"
#include "base/input.h"

/* A stream of 'left' bytes, 0, 1, 2... (mod 251), that comes in pieces. */
struct stream {
    size_t wanted; /* By the last fill. */
    uint64_t next;
    uint64_t left;
    size_t piece;
    bool fails_at_end;
};

static ssize_t
fill(void *aux, void *buffer, size_t size, struct error **error)
{
    struct stream *s = aux;
    unsigned char *p = buffer;
    s->wanted = size;
    size = size < s->piece ? size : s->piece;
    size = size < s->left ? size : s->left;
    if (!size && s->fails_at_end) {
        *error = error_new("the cable was cut");
        return -1;
    }
    for (size_t i = 0; i < size; i++) {
        p[i] = (unsigned char) (s->next++ % 251);
    }
    s->left -= size;
    return (ssize_t) size;
}

static void
test_every_byte_comes_once_in_order(void **state PROVNET_UNUSED)
{
    static const size_t pieces[] = { 1, 7, 4096, 1 << 20 };
    for (size_t i = 0; i < N_ELEMENTS(pieces); i++) {
        struct stream s = { .left = 1000003, .piece = pieces[i] };
        struct input in;
        uint64_t n = 0;
        input_init(&in, fill, &s);
        while (in.p < in.end || input_more(&in, NULL)) {
            assert_int_equal(*in.p, n % 251);
            assert_int_equal(input_offset(&in), n);
            in.p++;
            n++;
        }
        assert_int_equal(n, 1000003);
        assert_null(in.error);
        assert_false(input_more(&in, NULL));
        input_done(&in);
    }
}

/* Little at first, so that a small file touches few pages. */
static void
test_more_is_asked_for_the_more_was_read(void **state PROVNET_UNUSED)
{
    struct stream s = { .left = 4 << 20, .piece = SIZE_MAX };
    struct input in;
    size_t first = 0, before = 0;
    input_init(&in, fill, &s);
    while (input_more(&in, NULL)) {
        first = first ? first : s.wanted;
        assert_true(s.wanted >= before);
        before = s.wanted;
        in.p = in.end;
    }
    assert_true(first <= 16 << 10);
    assert_true(before >= 8 * first);
    input_done(&in);
}

static void
test_a_kept_token_stays_whole(void **state PROVNET_UNUSED)
{
    enum { START = 100, LENGTH = 1 << 20 }; /* Beyond the first window. */
    struct stream s = { .left = 2 * LENGTH, .piece = 5000 };
    struct input in;
    input_init(&in, fill, &s);
    assert_true(input_more(&in, NULL));
    in.p += START;
    const unsigned char *token = in.p;
    while (in.p - token < LENGTH) {
        if (in.p == in.end) {
            assert_true(input_more(&in, &token));
        }
        in.p++;
    }
    for (size_t i = 0; i < LENGTH; i++) {
        assert_int_equal(token[i], (START + i) % 251);
    }
    assert_int_equal(input_offset(&in), START + LENGTH);
    input_done(&in);
}

static void
test_a_token_beyond_the_limit_is_an_error(void **state PROVNET_UNUSED)
{
    struct stream s = { .left = UINT64_MAX, .piece = SIZE_MAX };
    struct input in;
    input_init(&in, fill, &s);
    const unsigned char *token = in.p;
    size_t length = 0;
    do {
        length = (size_t) (in.p - token);
        in.p = in.end;
    } while (input_more(&in, &token));
    assert_true(length <= INPUT_MAX_TOKEN_BYTES);
    assert_non_null(in.error);
    assert_non_null(strstr(error_text(in.error), "longer than 16 MiB"));
    assert_true(in.p == in.end);
    assert_false(input_more(&in, NULL));
    input_done(&in);
}

static void
test_an_error_of_the_stream_is_kept(void **state PROVNET_UNUSED)
{
    struct stream s = { .left = 10, .piece = 3, .fails_at_end = true };
    struct input in;
    size_t n = 0;
    input_init(&in, fill, &s);
    while (in.p < in.end || input_more(&in, NULL)) {
        in.p++;
        n++;
    }
    assert_int_equal(n, 10);
    assert_string_equal(error_text(in.error), "the cable was cut");
    input_done(&in);
}

static void
test_the_first_error_wins_and_ends_the_input(void **state PROVNET_UNUSED)
{
    struct input_memory memory;
    struct input in;
    input_init_memory(&in, &memory, "abcdef", 6);
    assert_true(input_more(&in, NULL));
    in.p++;
    input_fail(&in, error_new("first"));
    input_fail(&in, error_new("second"));
    assert_string_equal(error_text(in.error), "first");
    assert_true(in.p == in.end);
    assert_false(input_more(&in, NULL));
    assert_int_equal(input_offset(&in), 1);
    input_done(&in);
}

/* What the listener of input_stop_after() heard. */
struct heard {
    uint64_t n;
    uint64_t first;
};

static void
listen(void *aux, const void *bytes, size_t size)
{
    struct heard *h = aux;
    const unsigned char *p = bytes;
    for (size_t i = 0; i < size; i++) {
        assert_int_equal(p[i], (h->first + h->n++) % 251);
    }
}

/* Reads 'skip' bytes, stops after 'length' more, reads 'read' of those. */
static void
check_stop(size_t piece, size_t skip, size_t length, size_t read)
{
    struct stream s = { .left = 2000000, .piece = piece };
    struct heard heard = { .first = skip };
    struct input in;
    input_init(&in, fill, &s);
    for (size_t i = 0; i < skip; i++) {
        assert_true(in.p < in.end || input_more(&in, NULL));
        in.p++;
    }
    input_stop_after(&in, length, listen, &heard);
    size_t n = 0;
    while (n < read && (in.p < in.end || input_more(&in, NULL))) {
        in.p++;
        n++;
    }
    assert_int_equal(n, read < length ? read : length);
    assert_true(input_unstop(&in));
    assert_int_equal(heard.n, length);
    assert_int_equal(input_offset(&in), skip + length);
    assert_true(in.p < in.end || input_more(&in, NULL));
    assert_int_equal(*in.p, (skip + length) % 251);
    input_done(&in);
}

static void
test_a_stop_hides_what_follows_and_is_heard_once(void **state PROVNET_UNUSED)
{
    static const size_t pieces[] = { 1, 13, 1 << 18 };
    static const size_t lengths[] = { 0, 1, 100, 300000, 1500000 };
    for (size_t i = 0; i < N_ELEMENTS(pieces); i++) {
        for (size_t j = 0; j < N_ELEMENTS(lengths); j++) {
            check_stop(pieces[i], 50, lengths[j], 0);
            check_stop(pieces[i], 50, lengths[j], lengths[j] / 2);
            check_stop(pieces[i], 50, lengths[j], SIZE_MAX);
            check_stop(pieces[i], 0, lengths[j], 1);
        }
    }
}

static void
test_a_stop_beyond_the_end_is_not_reached(void **state PROVNET_UNUSED)
{
    static const uint64_t lengths[] = { 101, UINT64_MAX, UINT64_MAX - 10 };
    for (size_t i = 0; i < N_ELEMENTS(lengths); i++) {
        struct stream s = { .left = 110, .piece = 7 };
        struct heard heard = { .first = 10 };
        struct input in;
        input_init(&in, fill, &s);
        for (int j = 0; j < 10; j++) {
            assert_true(in.p < in.end || input_more(&in, NULL));
            in.p++;
        }
        input_stop_after(&in, lengths[i], listen, &heard);
        assert_false(input_unstop(&in));
        assert_int_equal(heard.n, 100);
        input_done(&in);
    }
}

static void
test_a_file_descriptor_is_read_to_its_end(void **state PROVNET_UNUSED)
{
    int fds[2];
    struct input in;
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], "abc", 3), 3);
    close(fds[1]);
    input_init_fd(&in, &fds[0]);
    assert_true(input_more(&in, NULL));
    assert_int_equal(in.end - in.p, 3);
    assert_memory_equal(in.p, "abc", 3);
    in.p = in.end;
    assert_false(input_more(&in, NULL));
    assert_null(in.error);
    input_done(&in);
    close(fds[0]);
}

static void
test_a_descriptor_that_cannot_be_read_is_an_error(void **state PROVNET_UNUSED)
{
    int fd = -1;
    struct input in;
    input_init_fd(&in, &fd);
    assert_false(input_more(&in, NULL));
    assert_non_null(in.error);
    assert_non_null(strstr(error_text(in.error), "cannot read"));
    input_done(&in);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_byte_comes_once_in_order),
        cmocka_unit_test(test_more_is_asked_for_the_more_was_read),
        cmocka_unit_test(test_a_kept_token_stays_whole),
        cmocka_unit_test(test_a_token_beyond_the_limit_is_an_error),
        cmocka_unit_test(test_an_error_of_the_stream_is_kept),
        cmocka_unit_test(test_the_first_error_wins_and_ends_the_input),
        cmocka_unit_test(test_a_stop_hides_what_follows_and_is_heard_once),
        cmocka_unit_test(test_a_stop_beyond_the_end_is_not_reached),
        cmocka_unit_test(test_a_file_descriptor_is_read_to_its_end),
        cmocka_unit_test(test_a_descriptor_that_cannot_be_read_is_an_error),
    };
    return cmocka_run_group_tests_name("input", tests, NULL, NULL);
}
