#include "unit.h"

#include "base/arena.h"

static void
test_zalloc_clears_recycled_bytes(void **state PROVNET_UNUSED)
{
    struct arena a;
    arena_init(&a);
    memset(arena_alloc(&a, 1000), 0xff, 1000);
    arena_clear(&a);
    const unsigned char *p = arena_zalloc(&a, 1000);
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(p[i], 0);
    }
    arena_done(&a);
}

static void
test_nothing_has_a_place_too(void **state PROVNET_UNUSED)
{
    struct arena a;
    arena_init(&a);
    assert_non_null(
        arena_zalloc(&a, 0)); /* memset(NULL, 0, 0) is undefined. */
    assert_non_null(arena_alloc_array(&a, 0));
    assert_string_equal(arena_strndup(&a, "x", 0), "");
    arena_done(&a);
}

/* Small arenas that borrow stand in the lender, before and after it lends. */
static void
test_borrowed_blocks_stand_in_the_lender(void **state PROVNET_UNUSED)
{
    enum { N = 50 };
    struct arena lender, a[N];
    arena_init(&lender);
    for (size_t i = 0; i < N; i++) {
        arena_init(&a[i]);
        char *own = arena_strdup(&a[i], "own");
        arena_borrow(&a[i], &lender);
        size_t lent = lender.used_bytes;
        memset(arena_alloc(&a[i], 20000), (int) i, 20000);
        assert_true(lender.used_bytes >= lent + 20000);
        struct arena_mark mark = arena_mark(&a[i]);
        memset(arena_alloc(&a[i], 100000), 0xff, 100000);
        arena_release(&a[i], &mark);
        arena_borrow(&a[i], NULL);
        lent = lender.used_bytes;
        memset(arena_alloc(&a[i], 100000), (int) i, 100000);
        assert_int_equal(lender.used_bytes, lent);
        assert_string_equal(own, "own");
    }
    for (size_t i = 0; i < N; i += 2) {
        arena_clear(&a[i]);
        assert_string_equal(arena_strdup(&a[i], "again"), "again");
    }
    for (size_t i = 0; i < N; i++) {
        arena_done(&a[i]);
    }
    arena_done(&lender);
}

static void
test_allocations_are_aligned_and_do_not_overlap(void **state PROVNET_UNUSED)
{
    enum { N = 5000 };
    struct arena a;
    unsigned char *p[N];
    size_t size[N];
    uint64_t seed = 1;
    arena_init(&a);
    for (size_t i = 0; i < N; i++) {
        size[i] = 1 + draw(&seed, i % 100 ? 64 : 100000);
        if (i % 3) {
            p[i] = arena_alloc(&a, size[i]);
            assert_int_equal((uintptr_t) p[i] % (size[i] % 16 ? 8 : 16), 0);
        } else { /* Strings, unaligned, between. */
            char s[64] = "";
            size[i] = 1 + size[i] % 63;
            p[i] = (unsigned char *) arena_strndup(&a, s, size[i]);
            assert_int_equal(p[i][size[i]], 0);
        }
        memset(p[i], (int) (i & 0xff), size[i]);
    }
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < size[i]; j++) {
            assert_int_equal(p[i][j], i & 0xff);
        }
    }
    arena_done(&a);
}

static void
test_release_takes_back_what_came_after_the_mark(void **state PROVNET_UNUSED)
{
    struct arena a;
    arena_init(&a);
    struct arena_mark empty = arena_mark(&a);
    char *kept = arena_strdup(&a, "kept");
    struct arena_mark before = arena_mark(&a);
    void *first = arena_alloc(&a, 100);
    for (int i = 0; i < 1000; i++) {
        arena_alloc(&a, 1000);
    }
    arena_release(&a, &before);
    assert_int_equal(a.used_bytes, before.used_bytes);
    assert_ptr_equal(arena_alloc(&a, 100), first);
    assert_string_equal(kept, "kept");
    arena_release(&a, &empty);
    assert_int_equal(a.used_bytes, 0);
    assert_string_equal(arena_strdup(&a, "again"), "again");
    arena_done(&a);
}

static void
test_recycled_arrays_are_given_out_again(void **state PROVNET_UNUSED)
{
    struct arena a;
    arena_init(&a);
    void *first = arena_alloc_array(&a, 100);
    void *second = arena_alloc_array(&a, 100);
    arena_recycle_array(&a, first, 100);
    arena_recycle_array(&a, second, 100);
    arena_recycle_array(&a, NULL, 100);
    size_t used = a.used_bytes;
    /* 65 to 128 bytes are one class. */
    assert_ptr_equal(arena_alloc_array(&a, 65), second);
    assert_ptr_equal(arena_alloc_array(&a, 128), first);
    assert_int_equal(a.used_bytes, used);
    assert_ptr_not_equal(arena_alloc_array(&a, 100), first);
    assert_true(a.used_bytes > used);
    arena_done(&a);
}

static void
test_arrays_hold_their_whole_size(void **state PROVNET_UNUSED)
{
    struct arena a;
    arena_init(&a);
    for (size_t size = 1; size < 5000; size += 7) {
        unsigned char *p = arena_alloc_array(&a, size);
        unsigned char *after = arena_alloc(&a, 1);
        *after = 0x5a;
        memset(p, 0xa5, size);
        assert_int_equal(*after, 0x5a);
    }
    arena_done(&a);
}

static void
test_clear_forgets_arrays_and_keeps_a_block(void **state PROVNET_UNUSED)
{
    struct arena a;
    arena_init(&a);
    char *first = arena_strdup(&a, "first");
    arena_recycle_array(&a, arena_alloc_array(&a, 32), 32);
    arena_alloc(&a, 1 << 20);
    arena_clear(&a);
    assert_int_equal(a.used_bytes, 0);
    assert_ptr_equal(arena_strdup(&a, "again"), first);
    assert_ptr_not_equal(arena_alloc_array(&a, 32), NULL);
    arena_done(&a);
}

static void
test_printf_formats_any_length(void **state PROVNET_UNUSED)
{
    struct arena a;
    arena_init(&a);
    assert_string_equal(arena_printf(&a, "%s=%d", "x", 7), "x=7");
    assert_int_equal(strlen(arena_printf(&a, "%0100000d", 1)), 100000);
    assert_string_equal(arena_strndup(&a, "abcdef", 3), "abc");
    arena_done(&a);
}

static void
test_grow_doubles_and_keeps_elements(void **state PROVNET_UNUSED)
{
    int *p = NULL;
    size_t capacity = 0, n_moves = 0, last = 0;
    for (int i = 0; i < 1000; i++) {
        p = xgrow(p, (size_t) i, &capacity, sizeof *p);
        assert_true(capacity > (size_t) i);
        n_moves += capacity != last;
        last = capacity;
        p[i] = i;
    }
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(p[i], i);
    }
    assert_in_range(n_moves, 2, 12);
    free(p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zalloc_clears_recycled_bytes),
        cmocka_unit_test(test_nothing_has_a_place_too),
        cmocka_unit_test(test_borrowed_blocks_stand_in_the_lender),
        cmocka_unit_test(test_allocations_are_aligned_and_do_not_overlap),
        cmocka_unit_test(test_release_takes_back_what_came_after_the_mark),
        cmocka_unit_test(test_recycled_arrays_are_given_out_again),
        cmocka_unit_test(test_arrays_hold_their_whole_size),
        cmocka_unit_test(test_clear_forgets_arrays_and_keeps_a_block),
        cmocka_unit_test(test_printf_formats_any_length),
        cmocka_unit_test(test_grow_doubles_and_keeps_elements),
    };
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
