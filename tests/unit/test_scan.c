#include "unit.h"

#include <sys/mman.h>
#include <unistd.h>

#include "ovsdb/scan.h"

/* Two pages, the second of which nobody may touch: a scanner that reads past
 * its end dies. */
static unsigned char *
fenced_page(size_t *ret_size)
{
    size_t page = (size_t) sysconf(_SC_PAGESIZE);
    unsigned char *p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(p != MAP_FAILED);
    assert_int_equal(mprotect(p + page, page, PROT_NONE), 0);
    *ret_size = page;
    return p;
}

/* Every byte value at every place of strings of every length up to 40, with
 * their ends at a fence. */
static void
test_strings_stop_at_quote_backslash_and_control(void **state PROVNET_UNUSED)
{
    size_t page;
    unsigned char *fence = fenced_page(&page);
    for (size_t length = 0; length <= 40; length++) {
        const unsigned char *end = fence + page;
        unsigned char *p = fence + page - length;
        memset(p, 'x', length);
        for (size_t at = 0; at < length; at++) {
            for (int c = 0; c < 256; c++) {
                bool stops = c == '"' || c == '\\' || c < 0x20, high = false;
                p[at] = (unsigned char) c;
                assert_ptr_equal(scan_string(p, end, &high),
                                 stops ? p + at : end);
                assert_int_equal(high, c >= 0x80);
            }
            p[at] = 'x';
        }
    }
}

static void
test_what_is_printed_stops_at_what_is_escaped(void **state PROVNET_UNUSED)
{
    size_t page;
    unsigned char *fence = fenced_page(&page);
    for (size_t length = 0; length <= 40; length++) {
        char *end = (char *) fence + page, *p = end - length;
        memset(p, 'x', length);
        for (size_t at = 0; at < length; at++) {
            for (int c = 0; c < 256; c++) {
                bool stops = c == '"' || c == '\\' || c < 0x20 || c == 0x7f
                             || c == 0xc2;
                p[at] = (char) c;
                assert_ptr_equal(scan_printable(p, end), stops ? p + at : end);
            }
            p[at] = 'x';
        }
    }
    munmap(fence, 2 * page);
}

static void
test_the_first_of_several_stops_counts(void **state PROVNET_UNUSED)
{
    static const unsigned char s[] = "0123456789abcdef012\"456\\89\n";
    const unsigned char *end = s + sizeof s - 1;
    bool high = false;
    assert_ptr_equal(scan_string(s, end, &high), s + 19);
    assert_ptr_equal(scan_string(s + 20, end, &high), s + 23);
    assert_ptr_equal(scan_string(s + 24, end, &high), s + 26);
    assert_ptr_equal(scan_string(end, end, &high), end);
    assert_false(high);
}

/* What was high stays high: the reader asks once, at a string's end. */
static void
test_high_is_never_taken_back(void **state PROVNET_UNUSED)
{
    static const unsigned char s[] = "only ascii here, for two full blocks";
    bool high = true;
    scan_string(s, s + sizeof s - 1, &high);
    assert_true(high);
}

/* RFC 3629, from its grammar, the slow way. */
static bool
is_utf8(const unsigned char *s, size_t n)
{
    static const struct {
        unsigned char low, high, low2, high2;
        size_t length;
    } forms[] = {
        { 0x00, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 },
        { 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
        { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
        { 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
        { 0xf4, 0xf4, 0x80, 0x8f, 4 },
    };
    for (size_t i = 0; i < n;) {
        size_t f = 0;
        while (f < N_ELEMENTS(forms)
               && (s[i] < forms[f].low || s[i] > forms[f].high)) {
            f++;
        }
        if (f == N_ELEMENTS(forms) || n - i < forms[f].length) {
            return false;
        }
        for (size_t j = 1; j < forms[f].length; j++) {
            if (s[i + j] < (j == 1 ? forms[f].low2 : 0x80)
                || s[i + j] > (j == 1 ? forms[f].high2 : 0xbf)) {
                return false;
            }
        }
        i += forms[f].length;
    }
    return true;
}

static void
test_all_pairs_of_bytes_follow_rfc_3629(void **state PROVNET_UNUSED)
{
    for (unsigned i = 0; i < 0x10000; i++) {
        unsigned char s[2] = { (unsigned char) (i >> 8), (unsigned char) i };
        assert_int_equal(scan_utf8(s, 2), is_utf8(s, 2));
    }
}

static void
test_bytes_of_interest_in_fours_follow_rfc_3629(void **state PROVNET_UNUSED)
{
    static const unsigned char bytes[] = { 'a',  0x7f, 0x80, 0x8f, 0x90, 0x9f,
                                           0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf,
                                           0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1,
                                           0xf4, 0xf5, 0xff };
    enum { N = N_ELEMENTS(bytes) };
    for (size_t i = 0; i < N * N * N * N; i++) {
        unsigned char s[4] = { bytes[i % N], bytes[i / N % N],
                               bytes[i / N / N % N], bytes[i / N / N / N] };
        assert_int_equal(scan_utf8(s, 4), is_utf8(s, 4));
    }
}

static void
test_text_may_be_cut_anywhere(void **state PROVNET_UNUSED)
{
    static const char s[] = "aä€𝄞z and a long run of ASCII that is ascii öß";
    size_t n = sizeof s - 1;
    const unsigned char *p = (const unsigned char *) s;
    assert_true(scan_utf8(p, n));
    for (size_t cut = 0; cut <= n; cut++) {
        uint32_t piece = 0;
        assert_true(scan_utf8_part(p, p + cut, &piece));
        assert_int_equal(piece == 0, is_utf8(p, cut));
        assert_true(scan_utf8_part(p + cut, p + n, &piece));
        assert_int_equal(piece, 0);
    }
}

static void
test_random_text_reads_the_same_whole_and_in_pieces(
    void **state PROVNET_UNUSED)
{
    uint64_t seed = 3;
    for (int i = 0; i < 200000; i++) {
        unsigned char s[48];
        size_t n = draw(&seed, sizeof s);
        uint32_t piece = 0;
        for (size_t j = 0; j < n; j++) {
            s[j] = (unsigned char) (draw(&seed, 4) ? 0x20 + draw(&seed, 90)
                                                   : 0x80 + draw(&seed, 128));
        }
        size_t cut = n ? draw(&seed, (uint32_t) n) : 0;
        bool whole = is_utf8(s, n);
        bool parts = scan_utf8_part(s, s + cut, &piece)
                     && scan_utf8_part(s + cut, s + n, &piece) && !piece;
        assert_int_equal(scan_utf8(s, n), whole);
        assert_int_equal(parts, whole);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings_stop_at_quote_backslash_and_control),
        cmocka_unit_test(test_what_is_printed_stops_at_what_is_escaped),
        cmocka_unit_test(test_the_first_of_several_stops_counts),
        cmocka_unit_test(test_high_is_never_taken_back),
        cmocka_unit_test(test_all_pairs_of_bytes_follow_rfc_3629),
        cmocka_unit_test(test_bytes_of_interest_in_fours_follow_rfc_3629),
        cmocka_unit_test(test_text_may_be_cut_anywhere),
        cmocka_unit_test(test_random_text_reads_the_same_whole_and_in_pieces),
    };
    return cmocka_run_group_tests_name("scan", tests, NULL, NULL);
}
