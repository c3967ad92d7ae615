#include "unit.h"

#include "base/arena.h"
#include "base/strmap.h"

static void
test_an_empty_map_finds_nothing(void **state PROVNET_UNUSED)
{
    struct strmap m;
    size_t n = 0;
    strmap_init(&m);
    assert_null(strmap_get(&m, ""));
    assert_null(strmap_get_n(&m, "abc", 3));
    STRMAP_FOR_EACH (entry, &m) {
        n++;
    }
    assert_int_equal(n, 0);
    strmap_done(&m);
}

static void
test_many_keys_are_found_and_kept_in_order(void **state PROVNET_UNUSED)
{
    enum { N = 20000 };
    struct strmap m;
    struct arena a;
    static int values[N];
    size_t i = 0;
    strmap_init(&m);
    arena_init(&a);
    for (int k = 0; k < N; k++) {
        values[k] = k;
        *strmap_place(&m, arena_printf(&a, "port-%d", k)) = &values[k];
    }
    assert_int_equal(m.n, N);
    for (int k = 0; k < N; k++) {
        const int *value = strmap_get(&m, arena_printf(&a, "port-%d", k));
        assert_ptr_equal(value, &values[k]);
    }
    assert_null(strmap_get(&m, "port-20000"));
    STRMAP_FOR_EACH (entry, &m) {
        assert_ptr_equal(entry->value, &values[i++]);
    }
    assert_int_equal(i, N);
    strmap_done(&m);
    arena_done(&a);
}

static void
test_many_are_guessed_at_once(void **state PROVNET_UNUSED)
{
    struct strmap empty, m;
    int one, two;
    strmap_init(&empty);
    strmap_init(&m);
    *strmap_place(&m, "one") = &one;
    *strmap_place(&m, "two") = &two;
    strmap_prefetch(&empty, "one");
    strmap_prefetch(&m, "three");
    struct strmap_query queries[] = {
        { .map = &empty, .key = "one", .value = &one },
        { .map = &m, .key = "two" },
        { .map = &m, .key = "three", .value = &one },
        { .map = &m, .key = "one" },
    };
    strmap_guess_many(queries, N_ELEMENTS(queries));
    assert_null(queries[0].value);
    assert_ptr_equal(queries[1].value, &two);
    assert_null(queries[2].value);
    assert_ptr_equal(queries[3].value, &one);
    strmap_guess_many(NULL, 0);
    strmap_done(&m);
    strmap_done(&empty);
}

static void
test_placing_twice_is_one_entry(void **state PROVNET_UNUSED)
{
    struct strmap m;
    int one, two;
    strmap_init(&m);
    *strmap_place(&m, "key") = &one;
    char same[] = "key"; /* Equal, at another address. */
    assert_ptr_equal(*strmap_place(&m, same), &one);
    *strmap_place(&m, same) = &two;
    assert_ptr_equal(strmap_get(&m, "key"), &two);
    assert_int_equal(m.n, 1);
    strmap_done(&m);
}

static void
test_a_hash_that_is_known_leads_to_the_same_place(void **state PROVNET_UNUSED)
{
    struct strmap m;
    int one, two;
    strmap_init(&m);
    *strmap_place(&m, "one") = &one;
    strmap_prefetch_hashed(&m, strmap_hash("two"));
    *strmap_place_hashed(&m, "two", strmap_hash("two")) = &two;
    assert_ptr_equal(*strmap_place_hashed(&m, "one", strmap_hash("one")),
                     &one);
    assert_ptr_equal(strmap_get(&m, "two"), &two);
    assert_int_equal(m.n, 2);
    /* Another key of the same hash is another key. */
    assert_null(*strmap_place_hashed(&m, "three", strmap_hash("two")));
    assert_int_equal(m.n, 3);
    strmap_done(&m);
}

static void
test_prefixes_are_other_keys(void **state PROVNET_UNUSED)
{
    struct strmap m;
    int value;
    strmap_init(&m);
    *strmap_place(&m, "abcdefgh") = &value;
    assert_null(strmap_get(&m, "abcdefg"));
    assert_null(strmap_get(&m, "abcdefghi"));
    assert_null(strmap_get_n(&m, "abcdefgh", 7));
    assert_ptr_equal(strmap_get_n(&m, "abcdefgh...", 8), &value);
    strmap_done(&m);
}

static void
test_the_empty_key_is_a_key(void **state PROVNET_UNUSED)
{
    struct strmap m;
    int value;
    strmap_init(&m);
    *strmap_place(&m, "") = &value;
    assert_ptr_equal(strmap_get(&m, ""), &value);
    assert_null(strmap_get(&m, "a"));
    strmap_done(&m);
}

static void
test_hashes_differ_by_length_and_by_every_byte(void **state PROVNET_UNUSED)
{
    char zeros[64] = "";
    for (size_t i = 0; i < sizeof zeros; i++) {
        assert_true(hash_bytes(zeros, i) != hash_bytes(zeros, i + 1)
                    || i + 1 == sizeof zeros);
        char changed[64] = "";
        changed[i] = 1;
        assert_true(hash_bytes(zeros, 64) != hash_bytes(changed, 64));
    }
    assert_true(hash_bytes(zeros, 64) == hash_bytes(zeros, 64));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_empty_map_finds_nothing),
        cmocka_unit_test(test_many_keys_are_found_and_kept_in_order),
        cmocka_unit_test(test_many_are_guessed_at_once),
        cmocka_unit_test(test_placing_twice_is_one_entry),
        cmocka_unit_test(test_a_hash_that_is_known_leads_to_the_same_place),
        cmocka_unit_test(test_prefixes_are_other_keys),
        cmocka_unit_test(test_the_empty_key_is_a_key),
        cmocka_unit_test(test_hashes_differ_by_length_and_by_every_byte),
    };
    return cmocka_run_group_tests_name("strmap", tests, NULL, NULL);
}
