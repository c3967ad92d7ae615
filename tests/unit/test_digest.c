#include "unit.h"

#include <openssl/sha.h>

#include "base/arena.h"
#include "ovsdb/digest.h"

/* Hashes 'size' bytes at 'bytes', given in pieces of up to 'piece', as a body
 * announced with 'length'. */
static void
check_digest(struct digest *d, const unsigned char *bytes, size_t size,
             uint64_t length, size_t piece)
{
    unsigned char expected[DIGEST_BYTES], got[DIGEST_BYTES];
    uint64_t seed = size + piece;
    SHA1(bytes, size, expected);
    digest_begin(d, length);
    for (size_t at = 0; at < size;) {
        size_t n = 1 + draw(&seed, (uint32_t) piece);
        n = n < size - at ? n : size - at;
        digest_update(d, bytes + at, n);
        at += n;
    }
    digest_end(d, got);
    assert_memory_equal(got, expected, DIGEST_BYTES);
}

/* Around the length from which a thread hashes, in pieces smaller and larger
 * than its buffers, one body after another. */
static void
test_short_and_long_bodies_alternate(void **state PROVNET_UNUSED)
{
    static const size_t sizes[] = { 0,       1, 1000,          (4 << 20) - 1,
                                    4 << 20, 7, (4 << 20) + 1, 9 << 20 };
    static const size_t pieces[] = { 1000, 256 << 10, 3 << 20, 10 << 20 };
    unsigned char *bytes = xmalloc(9 << 20);
    struct digest *d = digest_new();
    for (size_t i = 0; i < 9 << 20; i++) {
        bytes[i] = (unsigned char) (i * 31 >> 3);
    }
    for (size_t i = 0; i < N_ELEMENTS(sizes); i++) {
        for (size_t j = 0; j < N_ELEMENTS(pieces); j++) {
            check_digest(d, bytes, sizes[i], sizes[i], pieces[j]);
        }
    }
    digest_free(d);
    free(bytes);
}

/* As where a file is cut. */
static void
test_a_body_may_end_before_its_length(void **state PROVNET_UNUSED)
{
    struct digest *d = digest_new();
    unsigned char *bytes = xcalloc(1, 3 << 20);
    check_digest(d, bytes, 100, UINT64_MAX, 10);
    check_digest(d, bytes, 0, 1 << 30, 10);
    check_digest(d, bytes, 3 << 20, 1 << 30, 1 << 20);
    check_digest(d, bytes, 5, 5, 5);
    digest_free(d);
    free(bytes);
}

static void
test_a_digest_can_go_at_any_time(void **state PROVNET_UNUSED)
{
    static const unsigned char bytes[4096];
    digest_free(NULL);
    digest_free(digest_new());
    struct digest *d = digest_new();
    digest_begin(d, 1 << 30);
    digest_update(d, bytes, sizeof bytes);
    digest_free(d); /* Without its end. */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_short_and_long_bodies_alternate),
        cmocka_unit_test(test_a_body_may_end_before_its_length),
        cmocka_unit_test(test_a_digest_can_go_at_any_time),
    };
    return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
