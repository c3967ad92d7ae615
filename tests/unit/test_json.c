#include "unit.h"

#include "ovsdb/json.h"

/* A reader over text that comes 'piece' bytes at a time, so that every token
 * meets the window's end somewhere. */
struct fixture {
    const char *next;
    size_t left;
    size_t piece;
    struct input in;
    struct json_reader r;
    struct arena arena;
};

static ssize_t
fill(void *aux, void *buffer, size_t size, struct error **error PROVNET_UNUSED)
{
    struct fixture *f = aux;
    size = size < f->piece ? size : f->piece;
    size = size < f->left ? size : f->left;
    memcpy(buffer, f->next, size);
    f->next += size;
    f->left -= size;
    return (ssize_t) size;
}

static struct json_reader *
begin(struct fixture *f, const char *s, size_t length, size_t piece)
{
    *f = (struct fixture){ .next = s, .left = length, .piece = piece };
    input_init(&f->in, fill, f);
    json_reader_init(&f->r, &f->in);
    arena_init(&f->arena);
    return &f->r;
}

static void
end(struct fixture *f)
{
    arena_done(&f->arena);
    json_reader_done(&f->r);
    input_done(&f->in);
}

/* Whether 's' is one whole value, by json_skip() and by json_read_value(),
 * whatever the pieces; the error's words in '*ret_why'. */
static bool
is_json(const char *s, size_t length, char why[256])
{
    static const size_t pieces[] = { SIZE_MAX, 1, 3 };
    bool first = false;
    for (size_t i = 0; i < 2 * N_ELEMENTS(pieces); i++) {
        struct fixture f;
        struct json_reader *r = begin(&f, s, length, pieces[i / 2]);
        bool ok = i % 2 ? json_skip(r)
                        : json_read_value(r, &f.arena, 100000) != NULL;
        assert_int_equal(json_failed(r), !ok);
        ok = ok && json_peek(r) < 0 && !json_failed(r);
        if (why && f.in.error) {
            snprintf(why, 256, "%s", error_text(f.in.error));
        }
        if (i && ok != first) {
            fail_msg("\"%.*s\": skipping and reading differ", (int) length, s);
        }
        first = ok;
        end(&f);
    }
    return first;
}

static const char *const good_documents[] = {
    "null",
    "true",
    " false ",
    "0",
    "-0",
    "-1",
    "12.5",
    "1e3",
    "1E+3",
    "0.1e-2",
    "9223372036854775807",
    "\"\"",
    "\"a\\u00e4\\n\\\"\\\\\\/\\b\\f\\r\\t\"",
    "\"\xc3\xa4\"",
    "\"\\ud834\\udd1e\"",
    "[]",
    "[ ]",
    "{}",
    "{ }",
    "[1,2,[3]]",
    "{\"a\":1,\"b\":{\"c\":[]}}",
    "\t\r\n[\n1\t,\r2 ]\n",
    "{\"a\" : 1 , \"a\" : 2}",
    "\"\x7f\"",
    "[\"a long string that is more than sixteen bytes\"]",
    "[[\"uuid\",\"00000000-1111-2222-3333-444444444444\"],[]]",
    "[[\"uuid\",\"not one, but as long: with 36 bytes.\"]]",
    "[[\"uuid\",\"3 bytes of high ones: \xe2\x82\xac; 36 in all\"]]",
    "[[\"uuid\",\"an escape among 36 bytes: \\\\ as here\"]]",
    "[[\"uuid\",\"one more\"],[\"uuid\"],[]]",
    "[[],{},[ ],{ },[ 1],{ \"a\":0},[[[]]],{\"\":{\"\":[{}]}}]",
    "[0,-0,10,-10,1.5,1e3,true,false,null,\"\"]",
    "[9223372036854775807,-9223372036854775808]",
    "[99999999999999999999999999999999999]"
};

static void
test_json_is_accepted(void **state PROVNET_UNUSED)
{
    for (size_t i = 0; i < N_ELEMENTS(good_documents); i++) {
        if (!is_json(good_documents[i], strlen(good_documents[i]), NULL)) {
            fail_msg("%s was refused", good_documents[i]);
        }
    }
}

static const char *const bad_documents[] = { "",
                                             " ",
                                             "nul",
                                             "nulll",
                                             "True",
                                             "+1",
                                             "01",
                                             "-",
                                             "1.",
                                             ".5",
                                             "1e",
                                             "1e+",
                                             "0x10",
                                             "--1",
                                             "1.2.3",
                                             "NaN",
                                             "Infinity",
                                             "\"",
                                             "\"a",
                                             "\"\\\"",
                                             "\"\\x\"",
                                             "\"\\u12\"",
                                             "\"\\u12g4\"",
                                             "\"\\u0000\"",
                                             "\"\\ud834\"",
                                             "\"\\udd1e\"",
                                             "\"\\ud834x\"",
                                             "\"\\ud834\\n\"",
                                             "\"\\ud834\\ud834\"",
                                             "\"a\nb\"",
                                             "\"\x01\"",
                                             "[",
                                             "]",
                                             "[1",
                                             "[1,",
                                             "[1,]",
                                             "[,1]",
                                             "[1 2]",
                                             "[1}",
                                             "{",
                                             "{]",
                                             "{\"a\"}",
                                             "{\"a\":}",
                                             "{\"a\":1,}",
                                             "{a:1}",
                                             "{1:2}",
                                             "{\"a\":1 \"b\":2}",
                                             "{\"a\" 1}",
                                             "{,}",
                                             "[] []",
                                             "1 2",
                                             "{\"a\":1]",
                                             "'a'",
                                             "//",
                                             "/* */1",
                                             "\"\xc3\"",
                                             "\"\xff\"",
                                             "\"\xed\xa0\x80\"",
                                             "\"\xc0\x80\"",
                                             "{\"\xff\":1}",
                                             "[01,1]",
                                             "[-,1]",
                                             "[-01]",
                                             "[1.,1]",
                                             "[tru,1]",
                                             "[truee,1]",
                                             "[1,,1]",
                                             "[[],]",
                                             "[[]",
                                             "[[}",
                                             "[{]",
                                             "{\"a\":[}",
                                             "{\"a\":1,,\"b\":1}",
                                             "{\"a\":1,\"b\"}",
                                             "[\"\\q\",1]",
                                             "[\"\\\0\",1]",
                                             "[\"a\tb\",1]",
                                             "\xef\xbb\xbf[]" };

static void
test_what_is_no_json_is_refused(void **state PROVNET_UNUSED)
{
    for (size_t i = 0; i < N_ELEMENTS(bad_documents); i++) {
        if (is_json(bad_documents[i], strlen(bad_documents[i]), NULL)) {
            fail_msg("%s was accepted", bad_documents[i]);
        }
    }
    assert_false(is_json("\"a\0b\"", 5, NULL));
    assert_false(is_json("\0", 1, NULL));
}

static void
test_every_beginning_of_a_document_is_refused(void **state PROVNET_UNUSED)
{
    static const char s[] =
        "{\"a\\u00e4\":[1,-2.5e3,true,null,{\"b\":\"\xe2\x82\xac\"}],"
        "\"\":{}}";
    assert_true(is_json(s, strlen(s), NULL));
    for (size_t n = 0; n < strlen(s); n++) {
        assert_false(is_json(s, n, NULL));
    }
}

static void
test_brackets_nest_to_the_limit_and_no_deeper(void **state PROVNET_UNUSED)
{
    static const unsigned depths[] = { JSON_MAX_DEPTH, JSON_MAX_DEPTH + 1,
                                       10000 };
    for (size_t i = 0; i < N_ELEMENTS(depths); i++) {
        struct text t;
        char why[256] = "";
        text_init(&t, TEXT_CEILING_BYTES);
        for (unsigned d = 0; d < depths[i]; d++) {
            text_putc(&t, '[');
        }
        for (unsigned d = 0; d < depths[i]; d++) {
            text_putc(&t, ']');
        }
        assert_int_equal(is_json(t.s, t.length, why), !i);
        assert_int_equal(strstr(why, "1000 nested brackets") != NULL, i > 0);
        text_done(&t);
    }
}

static void
test_errors_name_the_byte(void **state PROVNET_UNUSED)
{
    static const struct {
        const char *s, *why;
    } cases[] = {
        { "[1, 2", "byte 5: the text ends where" },
        { "[1; 2]", "byte 2: ';' where ',' or a closing bracket" },
        { "[\x01]", "byte 1: byte 0x01 where" },
        { "{\"a\" 1}", "byte 5: '1' where ':'" },
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        char why[256] = "";
        assert_false(is_json(cases[i].s, strlen(cases[i].s), why));
        assert_non_null(strstr(why, cases[i].why));
    }
}

static void
test_strings_decode(void **state PROVNET_UNUSED)
{
    static const struct {
        const char *json, *text;
    } cases[] = {
        { "\"\"", "" },
        { "\"plain\"", "plain" },
        { "\"a\\\"b\\\\c\\/d\\be\\ff\\ng\\rh\\ti\"",
          "a\"b\\c/d\be\ff\ng\rh\ti" },
        { "\"\\u0041\\u00e4\\u20ac\\uFFFF\"", "A\xc3\xa4\xe2\x82\xac"
                                              "\xef\xbf\xbf" },
        { "\"\\ud834\\udd1e\"", "\xf0\x9d\x84\x9e" },
        { "\"before \\u0041 after, and quite a bit longer\"",
          "before A after, and quite a bit longer" },
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        for (size_t piece = 1; piece < 12; piece++) {
            struct fixture f;
            struct json_slice s;
            struct json_reader *r =
                begin(&f, cases[i].json, strlen(cases[i].json), piece);
            assert_true(json_string(r, &s));
            assert_int_equal(s.length, strlen(cases[i].text));
            assert_memory_equal(s.s, cases[i].text, s.length);
            assert_true(json_slice_equals(&s, cases[i].text));
            end(&f);
        }
    }
}

static void
test_integers_are_exact_or_refused(void **state PROVNET_UNUSED)
{
    static const struct {
        const char *json;
        bool ok;
        int64_t value;
    } cases[] = {
        { "0", true, 0 },
        { "-0", true, 0 },
        { "999999999999999999", true, 999999999999999999 },
        { "-1000000000000000000", true, -1000000000000000000 },
        { "01", false, 0 },
        { "-", false, 0 },
        { "9223372036854775807", true, INT64_MAX },
        { "-9223372036854775808", true, INT64_MIN },
        { "9223372036854775808", false, 0 },
        { "-9223372036854775809", false, 0 },
        { "99999999999999999999999999", false, 0 },
        { "1.0", false, 0 },
        { "1e3", false, 0 },
        { "true", false, 0 },
        { "\"1\"", false, 0 },
    };
    for (size_t i = 0; i < 2 * N_ELEMENTS(cases); i++) {
        struct fixture f;
        int64_t value = 4711;
        char element[64];
        snprintf(element, sizeof element, "[%s]", cases[i / 2].json);
        struct json_reader *r =
            begin(&f, element, strlen(element), i % 2 ? 2 : SIZE_MAX);
        assert_true(json_begin(r, '[') && json_next_element(r));
        assert_int_equal(json_integer(r, &value), cases[i / 2].ok);
        assert_int_equal(value, cases[i / 2].ok ? cases[i / 2].value : 4711);
        assert_int_equal(json_failed(r), !cases[i / 2].ok);
        end(&f);
    }
}

static void
test_reals_are_finite(void **state PROVNET_UNUSED)
{
    struct fixture f;
    double value = 0;
    assert_true(json_real(begin(&f, "-12.5e-1", 8, 3), &value));
    assert_true(value == -1.25);
    end(&f);
    assert_false(json_real(begin(&f, "1e999", 5, 3), &value));
    assert_true(value == -1.25);
    end(&f);
}

static void
test_a_number_without_end_is_refused(void **state PROVNET_UNUSED)
{
    char digits[1000];
    memset(digits, '1', sizeof digits);
    assert_true(is_json(digits, 64, NULL));
    assert_false(is_json(digits, 65, NULL));
    assert_false(is_json(digits, sizeof digits, NULL));
}

static void
test_a_string_beyond_the_limit_is_refused_but_skipped(
    void **state PROVNET_UNUSED)
{
    size_t length = INPUT_MAX_TOKEN_BYTES + 1000;
    for (int escaped = 0; escaped < 2; escaped++) {
        char *s = xmalloc(length);
        struct fixture f;
        struct json_slice slice = { .s = "untouched", .length = 9 };
        memset(s, 'x', length);
        s[0] = s[length - 1] = '"';
        memcpy(s + 10, escaped ? "\\n" : "xx", 2);
        assert_false(json_string(begin(&f, s, length, SIZE_MAX), &slice));
        assert_non_null(strstr(error_text(f.in.error), "longer than 16 MiB"));
        assert_string_equal(slice.s, "untouched");
        end(&f);
        assert_true(json_skip(begin(&f, s, length, SIZE_MAX)));
        assert_true(f.in.size < INPUT_MAX_TOKEN_BYTES);
        end(&f);
        free(s);
    }
}

static void
test_members_and_elements_come_in_order(void **state PROVNET_UNUSED)
{
    static const char s[] = "{\"a\":[1,2,3],\"long name \\u0041 \":{},"
                            "\"b\" :[],\"c\":[4]}";
    static const char *const names[] = { "a", "long name A ", "b", "c" };
    for (size_t piece = 1; piece < sizeof s; piece++) {
        struct fixture f;
        struct json_reader *r = begin(&f, s, strlen(s), piece);
        struct json_slice name;
        int64_t n = 0, value;
        size_t i = 0;
        assert_true(json_begin(r, '{'));
        while (json_next_member(r, &name)) {
            assert_true(json_slice_equals(&name, names[i++]));
            if (json_peek(r) == '{') {
                assert_true(json_skip(r));
                continue;
            }
            assert_true(json_begin(r, '['));
            while (json_next_element(r)) {
                assert_true(json_integer(r, &value));
                assert_int_equal(value, ++n);
            }
        }
        assert_false(json_failed(r));
        assert_int_equal(i, 4);
        assert_int_equal(n, 4);
        end(&f);
    }
}

static void
test_trees_hold_every_kind(void **state PROVNET_UNUSED)
{
    static const char s[] =
        "{\"i\":-5,\"r\":1.5,\"s\":\"x\",\"t\":true,\"n\":null,"
        "\"a\":[1,[2]],\"big\":18446744073709551616}";
    struct fixture f;
    const struct json_value *v =
        json_read_value(begin(&f, s, strlen(s), 5), &f.arena, 100);
    assert_non_null(v);
    assert_int_equal(json_member(v, "i")->integer, -5);
    assert_true(json_member(v, "r")->real == 1.5);
    assert_string_equal(json_member_string(v, "s"), "x");
    assert_null(json_member_string(v, "i"));
    assert_true(json_member(v, "t")->boolean);
    assert_int_equal(json_member(v, "n")->kind, JSON_NULL);
    assert_int_equal(json_member(v, "a")->first->integer, 1);
    assert_int_equal(json_member(v, "a")->first->next->first->integer, 2);
    assert_int_equal(json_member(v, "big")->kind, JSON_REAL);
    assert_true(json_member(v, "big")->real == 18446744073709551616.0);
    assert_null(json_member(v, "absent"));
    assert_null(json_member(json_member(v, "a"), "i"));
    assert_null(json_member(NULL, "i"));
    end(&f);
}

/* Members called "no" are left out, and at depth 3 all but those called "yes".
 */
static bool
keep(void *n_asked, unsigned depth, const struct json_slice *name)
{
    ++*(unsigned *) n_asked;
    return depth == 3 ? json_slice_equals(name, "yes")
                      : !json_slice_equals(name, "no");
}

static void
test_members_are_left_out_of_trees(void **state PROVNET_UNUSED)
{
    static const char s[] =
        "{\"no\":{\"a\":[1,{}]},\"a\":{\"b\":[[{\"yes\":1,\"c\":2}]],"
        "\"no\":3},\"d\":[4]}";
    for (size_t piece = 1; piece <= 100; piece *= 10) {
        struct fixture f;
        unsigned n_asked = 0;
        /* The object, a, b, its two arrays, an object, yes, d and 4. */
        const struct json_value *v = json_read_kept(
            begin(&f, s, strlen(s), piece), &f.arena, 8, keep, &n_asked);
        assert_non_null(v);
        assert_int_equal(n_asked, 7);
        assert_null(json_member(v, "no"));
        const struct json_value *a = json_member(v, "a");
        assert_null(json_member(a, "no"));
        const struct json_value *inner = json_member(a, "b")->first->first;
        assert_int_equal(json_member(inner, "yes")->integer, 1);
        assert_null(json_member(inner, "c"));
        assert_int_equal(json_member(v, "d")->first->integer, 4);
        end(&f);
    }
}

static void
test_what_is_left_out_must_be_json_too(void **state PROVNET_UNUSED)
{
    static const char *const bad[] = { "{\"no\":[}", "{\"no\":", "{\"no\":x}",
                                       "{\"no\":1 \"a\":2}" };
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        struct fixture f;
        unsigned n_asked = 0;
        assert_null(json_read_kept(begin(&f, bad[i], strlen(bad[i]), 3),
                                   &f.arena, 100, keep, &n_asked));
        assert_non_null(f.in.error);
        end(&f);
    }
}

static void
test_trees_have_a_ceiling(void **state PROVNET_UNUSED)
{
    struct fixture f;
    assert_non_null(
        json_read_value(begin(&f, "[1,2,3]", 7, 100), &f.arena, 4));
    end(&f);
    assert_null(json_read_value(begin(&f, "[1,2,3]", 7, 100), &f.arena, 3));
    assert_non_null(strstr(error_text(f.in.error), "too many values"));
    end(&f);
}

static void
test_strings_written_read_back(void **state PROVNET_UNUSED)
{
    char all[256];
    for (int i = 0; i < 127; i++) {
        all[i] = (char) (i + 1);
    }
    strcpy(all + 127, "\xc3\xa4\xe2\x82\xac\xf0\x9d\x84\x9e");
    struct text t;
    struct fixture f;
    struct json_slice s;
    text_init(&t, TEXT_CEILING_BYTES);
    json_put_string(&t, all);
    for (size_t i = 0; i < t.length; i++) {
        assert_true((unsigned char) t.s[i] >= 0x20 && t.s[i] != 0x7f);
    }
    assert_true(json_string(begin(&f, t.s, t.length, 7), &s));
    assert_true(json_slice_equals(&s, all));
    end(&f);
    text_done(&t);
}

/* What does not fit is cut where the room ends, and said to be. */
static void
test_strings_are_cut(void **state PROVNET_UNUSED)
{
    static const struct {
        size_t ceiling;
        const char *s, *expected;
        bool truncated;
    } cases[] = {
        { 20, "plain", "\"plain\"", false },
        { 8, "plain", "\"plain\"", false },
        { 7, "plain", "\"plain", true },
        { 5, "plain", "\"pla", true },
        { 5, "a\"bc", "\"a\\\"", true },
        { 2, "plain", "\"", true },
        { 20, "half \xc2", "\"half \xc2\"", false },
        { 20, "\xc2\x80 \xc2\xa9", "\"\\u0080 \xc2\xa9\"", false },
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct text t;
        text_init(&t, cases[i].ceiling);
        json_put_string(&t, cases[i].s);
        assert_string_equal(text_string(&t), cases[i].expected);
        assert_int_equal(t.truncated, cases[i].truncated);
        text_done(&t);
    }
}

static void
test_slices_equal_whole_strings_only(void **state PROVNET_UNUSED)
{
    const struct json_slice s = { .s = "abcdef", .length = 3 };
    assert_true(json_slice_equals(&s, "abc"));
    assert_false(json_slice_equals(&s, "ab"));
    assert_false(json_slice_equals(&s, "abcd"));
    assert_false(json_slice_equals(&s, ""));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_is_accepted),
        cmocka_unit_test(test_what_is_no_json_is_refused),
        cmocka_unit_test(test_every_beginning_of_a_document_is_refused),
        cmocka_unit_test(test_brackets_nest_to_the_limit_and_no_deeper),
        cmocka_unit_test(test_errors_name_the_byte),
        cmocka_unit_test(test_strings_decode),
        cmocka_unit_test(test_integers_are_exact_or_refused),
        cmocka_unit_test(test_reals_are_finite),
        cmocka_unit_test(test_a_number_without_end_is_refused),
        cmocka_unit_test(
            test_a_string_beyond_the_limit_is_refused_but_skipped),
        cmocka_unit_test(test_members_and_elements_come_in_order),
        cmocka_unit_test(test_trees_hold_every_kind),
        cmocka_unit_test(test_members_are_left_out_of_trees),
        cmocka_unit_test(test_what_is_left_out_must_be_json_too),
        cmocka_unit_test(test_trees_have_a_ceiling),
        cmocka_unit_test(test_strings_written_read_back),
        cmocka_unit_test(test_strings_are_cut),
        cmocka_unit_test(test_slices_equal_whole_strings_only),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
