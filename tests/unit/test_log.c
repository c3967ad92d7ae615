#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "small_db.h"
#include "ovsdb/log.h"

#define A "aaaaaaaa-0000-0000-0000-000000000000"

struct outcome {
    struct error *error;
    char *cut;
    size_t n_records;
    char name[64]; /* Of switch A; "" if it is not there. */
};

/* Reads 'size' bytes as a log file called "test.db". */
static struct outcome
read_bytes(const void *bytes, size_t size)
{
    struct outcome o = { 0 };
    struct ovsdb_store store;
    struct ovsdb_log log;
    struct uuid a;
    ovsdb_store_init(&store, &small_spec);
    o.error = ovsdb_log_open(&log, "test.db", small_memory_file(bytes, size));
    if (!o.error) {
        o.error = ovsdb_log_read_all(&log, &store);
        o.cut = log.cut ? xstrdup(log.cut) : NULL;
        ovsdb_log_close(&log);
    }
    assert_true(uuid_parse(A, UUID_LENGTH, &a));
    struct ovsdb_row *row = ovsdb_table_find(&store.tables[SMALL_SWITCH], &a);
    if (row && row->exists) {
        snprintf(o.name, sizeof o.name, "%s", ovsdb_string(row, SWITCH_NAME));
    }
    o.n_records = store.n_records;
    ovsdb_store_done(&store);
    return o;
}

static void
outcome_done(struct outcome *o)
{
    error_free(o->error);
    free(o->cut);
}

/* A log of the schema and two transactions. */
static void
put_sample(struct text *file, size_t offsets[4])
{
    text_init(file, TEXT_CEILING_BYTES);
    offsets[0] = 0;
    small_put_record(file, small_schema, strlen(small_schema));
    offsets[1] = file->length;
    small_put(file, "{'Switch':{'" A "':{'name':'one'}},'_date':1795340376001,"
                    "'_comment':'by hand'}");
    offsets[2] = file->length;
    small_put(file, "{'_is_diff':true,'Switch':{'" A "':{'name':'two'}}}");
    offsets[3] = file->length;
}

static void
check_file_error(const void *bytes, size_t size, const char *words)
{
    struct outcome o = read_bytes(bytes, size);
    assert_non_null(o.error);
    if (strncmp(error_text(o.error), "test.db: ", 9)) {
        fail_msg("\"%s\" does not name the file", error_text(o.error));
    }
    check_error(o.error, words);
    o.error = NULL;
    outcome_done(&o);
}

static void
test_a_whole_log_is_read(void **state PROVNET_UNUSED)
{
    struct text file;
    size_t offsets[4];
    put_sample(&file, offsets);
    struct outcome o = read_bytes(file.s, file.length);
    check_success(o.error);
    assert_null(o.cut);
    assert_int_equal(o.n_records, 3);
    assert_string_equal(o.name, "two");
    outcome_done(&o);
    text_done(&file);
}

/* Whatever was written of it, what is whole counts, and nothing else. */
static void
test_a_log_cut_at_any_byte_is_an_error_or_its_prefix(
    void **state PROVNET_UNUSED)
{
    struct text file;
    size_t offsets[4];
    put_sample(&file, offsets);
    for (size_t n = 0; n < file.length; n++) {
        struct outcome o = read_bytes(file.s, n);
        bool at_record = n == offsets[1] || n == offsets[2];
        /* White space at the end of a body is part of it. */
        if (n < offsets[2] && n != offsets[1]) {
            assert_non_null(o.error);
        } else {
            check_success(o.error);
            assert_int_equal(o.cut != NULL, !at_record);
            assert_int_equal(o.n_records, n < offsets[2] ? 1 : 2);
            assert_string_equal(o.name, n < offsets[2] ? "" : "one");
        }
        outcome_done(&o);
    }
    text_done(&file);
}

/* Every byte of the second transaction, changed: its checksum, its length or
 * its body is wrong then.  No change may pass as if nothing were. */
static void
test_a_changed_byte_is_never_taken_as_it_is(void **state PROVNET_UNUSED)
{
    struct text file;
    size_t offsets[4];
    put_sample(&file, offsets);
    for (size_t at = offsets[2]; at < file.length; at++) {
        for (int bit = 0; bit < 8; bit++) {
            file.s[at] ^= (char) (1 << bit);
            struct outcome o = read_bytes(file.s, file.length);
            bool same = at > offsets[2] && bit == 5 && o.n_records == 3
                        && !o.error; /* Hexadecimal in capitals. */
            assert_true(o.error || o.cut || same);
            assert_string_equal(o.name, same ? "two" : "one");
            outcome_done(&o);
            file.s[at] ^= (char) (1 << bit);
        }
    }
    text_done(&file);
}

static void
test_a_wrong_checksum_names_record_and_byte(void **state PROVNET_UNUSED)
{
    struct text file;
    size_t offsets[4];
    char words[64];
    put_sample(&file, offsets);
    char *one = memmem(file.s, file.length, "\"one\"", 5);
    memcpy(one, "\"owe\"", 5);
    snprintf(words, sizeof words, "record 1 at byte %zu: its checksum",
             offsets[1]);
    check_file_error(file.s, file.length, words);
    char *name = memmem(file.s, file.length, "isRoot", 6);
    memcpy(name, "isroot", 6);
    check_file_error(file.s, file.length, "record 0 at byte 0: its checksum");
    text_done(&file);
}

static void
test_damage_before_the_end_is_no_cut(void **state PROVNET_UNUSED)
{
    struct text file;
    size_t offsets[4];
    char words[64];
    put_sample(&file, offsets);
    file.s[offsets[2]] = 'X';
    snprintf(words, sizeof words, "record 2 at byte %zu: its header",
             offsets[2]);
    check_file_error(file.s, file.length, words);
    text_done(&file);
}

static void
test_trailing_garbage_is_an_error(void **state PROVNET_UNUSED)
{
    static const char *const garbage[] = { "garbage", "\n", "OVSDB",
                                           "OVSDB JSON x y\n", "\x01\x02" };
    for (size_t i = 0; i < N_ELEMENTS(garbage); i++) {
        struct text file;
        size_t offsets[4];
        put_sample(&file, offsets);
        text_puts(&file, garbage[i]);
        struct outcome o = read_bytes(file.s, file.length);
        /* Only what could be the beginning of a header is a cut. */
        bool cut = !strcmp(garbage[i], "OVSDB");
        assert_int_equal(o.error == NULL, cut);
        assert_int_equal(o.cut != NULL, cut);
        assert_int_equal(o.n_records, 3);
        outcome_done(&o);
        text_done(&file);
    }
}

static void
test_what_is_no_database_is_told_apart(void **state PROVNET_UNUSED)
{
    static const struct {
        const char *bytes, *words;
    } cases[] = {
        { "", "the file is empty" },
        { "hello\n", "no OVSDB file" },
        { "SQLite format 3", "no OVSDB file" },
        { "{\"name\":\"OVN_Northbound\"}\n", "no OVSDB file" },
        { "OVSDB CLUSTER 10 0123456789012345678901234567890123456789\n",
          "record 0 at byte 0 is cut short" },
        { "OVSDB JSON", "whole record" },
        { "OVSDB JSON 10 0123\n", "no OVSDB file" },
        { "OVSDB JSON -1 0123456789012345678901234567890123456789\n{}",
          "no OVSDB file" },
        { "OVSDB JSON 99999999999999999999 "
          "0123456789012345678901234567890123456789\n{}",
          "no OVSDB file" },
        { "OVSDB JSON 18446744073709551615 "
          "0123456789012345678901234567890123456789\n{}",
          "cut short" },
        { "OVSDB JSON 1000000000 "
          "0123456789012345678901234567890123456789\n{}",
          "cut short" },
        { "OVSDB JSON 0 da39a3ee5e6b4b0d3255bfef95601890afd80709\n",
          "record 0" },
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        check_file_error(cases[i].bytes, strlen(cases[i].bytes),
                         cases[i].words);
    }
    char block[4096] = "";
    check_file_error(block, sizeof block, "no OVSDB file");
    memset(block, 'x', sizeof block);
    check_file_error(block, sizeof block, "no OVSDB file");
}

static void
test_another_schema_is_named(void **state PROVNET_UNUSED)
{
    struct text file;
    text_init(&file, TEXT_CEILING_BYTES);
    small_put(&file, "{'name':'OVN_Southbound','tables':{}}");
    small_put(&file, "{}");
    check_file_error(file.s, file.length,
                     "a database of schema OVN_Southbound, not Small");
    text_done(&file);
}

static void
test_json_after_the_value_is_an_error(void **state PROVNET_UNUSED)
{
    struct text file;
    text_init(&file, TEXT_CEILING_BYTES);
    small_put_record(&file, small_schema, strlen(small_schema));
    small_put(&file, "{} {}");
    check_file_error(file.s, file.length, "something follows");
    text_clear(&file);
    small_put_record(&file, small_schema, strlen(small_schema));
    small_put(&file, "[]");
    check_file_error(file.s, file.length, "an object");
    text_done(&file);
}

/* A record that is checked out of its JSON's way must not be counted twice or
 * half: nothing of it may stay. */
static void
test_a_bad_record_leaves_the_store_as_it_was(void **state PROVNET_UNUSED)
{
    struct text file;
    size_t offsets[4];
    put_sample(&file, offsets);
    small_put(&file, "{'Switch':{'" A "':{'name':'three'}},'_date':false}");
    struct outcome o = read_bytes(file.s, file.length);
    assert_non_null(o.error);
    assert_int_equal(o.n_records, 3);
    assert_string_equal(o.name, "two");
    outcome_done(&o);
    text_done(&file);
}

static void
test_records_larger_than_any_buffer_are_read(void **state PROVNET_UNUSED)
{
    struct text file, json;
    size_t offsets[4];
    put_sample(&file, offsets);
    text_init(&json, TEXT_CEILING_BYTES);
    text_puts(&json, "{'Switch':{'" A "':{'name':'big','sizes':['set',[0");
    for (int i = 1; i < 300000; i++) {
        text_printf(&json, ",%d", i);
    }
    text_puts(&json, "]],'extra':'");
    for (int i = 0; i < 300000; i++) {
        text_puts(&json, "0123456789");
    }
    text_puts(&json, "'}}}");
    small_put(&file, text_string(&json));
    struct outcome o = read_bytes(file.s, file.length);
    check_success(o.error);
    assert_string_equal(o.name, "big");
    outcome_done(&o);
    /* Cut, and with a wrong checksum, far into it. */
    o = read_bytes(file.s, file.length - 1000);
    check_success(o.error);
    assert_non_null(o.cut);
    assert_string_equal(o.name, "two");
    outcome_done(&o);
    file.s[file.length - 1000] = 'x';
    o = read_bytes(file.s, file.length);
    assert_non_null(o.error);
    assert_string_equal(o.name, "two");
    outcome_done(&o);
    text_done(&json);
    text_done(&file);
}

/* A reader of histories may ask for what stands before the damage. */
static void
test_a_prefix_is_read_where_it_is_asked_for(void **state PROVNET_UNUSED)
{
    struct text file;
    size_t offsets[4];
    put_sample(&file, offsets);
    for (size_t i = 0; i < 3; i++) {
        for (size_t at = 0; at < 80; at += 79) { /* Header line, and body. */
            struct ovsdb_store store;
            struct ovsdb_log log;
            char record[40];
            file.s[offsets[i] + at] ^= 1;
            ovsdb_store_init(&store, &small_spec);
            int fd = small_memory_file(file.s, file.length);
            check_success(ovsdb_log_open(&log, "test.db", fd));
            log.takes_prefix = true;
            struct error *error = ovsdb_log_read_all(&log, &store);
            if (i < 2) { /* There is no row before it. */
                check_error(error, "test.db: ");
            } else {
                check_success(error);
                snprintf(record, sizeof record, "record %zu at byte %zu: ", i,
                         offsets[i]);
                assert_non_null(strstr(log.cut, record));
                assert_int_equal(store.n_records, i);
            }
            ovsdb_log_close(&log);
            ovsdb_store_done(&store);
            file.s[offsets[i] + at] ^= 1;
        }
    }
    text_done(&file);
}

/* Files. */

static void
test_what_cannot_be_opened_is_an_error(void **state PROVNET_UNUSED)
{
    struct ovsdb_log log;
    check_error(ovsdb_log_open(&log, "/nonexistent/nb.db", -1),
                "/nonexistent/nb.db: cannot open: No such file");
    check_error(ovsdb_log_open(&log, "/", -1), "/: this is no regular file");
    check_error(ovsdb_log_open(&log, "/dev/null", -1), "no regular file");
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    check_error(ovsdb_log_open(&log, "pipe", fds[0]), "no regular file");
    close(fds[1]);
    ovsdb_log_close(&log);
}

static void
test_a_probe_names_the_schema(void **state PROVNET_UNUSED)
{
    static const char *const bad[] = {
        "", "hello",
        ("OVSDB JSON 3 da39a3ee5e6b4b0d3255bfef95601890afd80709"
         "\n{}\n")
    };
    int fd = small_memory_file("", 0);
    struct text file;
    text_init(&file, TEXT_CEILING_BYTES);
    small_put_record(&file, small_schema, strlen(small_schema));
    assert_int_equal(write(fd, file.s, file.length), file.length);
    lseek(fd, 0, SEEK_SET);
    char *name = ovsdb_log_probe(fd);
    assert_string_equal(name, "Small");
    free(name);
    close(fd);
    text_done(&file);
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        fd = small_memory_file(bad[i], strlen(bad[i]));
        assert_null(ovsdb_log_probe(fd));
        close(fd);
    }
}

/* Real files. */

static int
run_tool(const char *dir, const char *command)
{
    char line[1024];
    snprintf(line, sizeof line, "cd %s && %s >/dev/null 2>&1", dir, command);
    return system(line);
}

static void
check_real_file(const char *path, size_t n_records)
{
    struct ovsdb_store store;
    struct ovsdb_log log;
    struct uuid uuid;
    ovsdb_store_init(&store, &small_spec);
    check_success(ovsdb_log_open(&log, path, -1));
    check_success(ovsdb_log_read_all(&log, &store));
    assert_null(log.cut);
    assert_int_equal(log.n_records, n_records);
    assert_int_equal(store.n_records, n_records);
    struct ovsdb_row *row =
        ovsdb_table_next(&store.tables[SMALL_SWITCH], NULL);
    assert_non_null(row);
    assert_null(ovsdb_table_next(&store.tables[SMALL_SWITCH], row));
    assert_string_equal(ovsdb_string(row, SWITCH_NAME), "real");
    assert_int_equal(ovsdb_count(row, SWITCH_SIZES), 2);
    assert_string_equal(ovsdb_map_get(row, SWITCH_KEYS, "k"), "w");
    assert_true(store.records[1].date_ms > 1700000000000);
    uuid = row->uuid;
    assert_ptr_equal(ovsdb_table_find(row->table, &uuid), row);
    ovsdb_log_close(&log);
    ovsdb_store_done(&store);
}

#define TRANSACT(OPERATION) \
    "ovsdb-tool transact small.db '[\"Small\"," OPERATION "]'"

/* Written, changed and compacted by the real ovsdb-tool. */
static void
test_files_of_the_real_tool_are_read(void **state PROVNET_UNUSED)
{
    char dir[] = "/tmp/provnet-test-log-XXXXXX", path[64];
    if (system("command -v ovsdb-tool >/dev/null")) {
        skip();
    }
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/schema", dir);
    FILE *schema = fopen(path, "w");
    fputs(small_schema, schema);
    fclose(schema);
    snprintf(path, sizeof path, "%s/small.db", dir);
    assert_int_equal(run_tool(dir, "ovsdb-tool create small.db schema"), 0);
    assert_int_equal(
        run_tool(dir, TRANSACT("{\"op\":\"insert\",\"table\":\"Switch\","
                               "\"row\":{\"name\":\"real\",\"sizes\":[\"set\","
                               "[1,2,3]],\"keys\":[\"map\",[[\"k\",\"v\"]]]"
                               "}}")),
        0);
    assert_int_equal(
        run_tool(dir, TRANSACT("{\"op\":\"mutate\",\"table\":\"Switch\","
                               "\"where\":[],\"mutations\":[[\"sizes\","
                               "\"delete\",2]]},{\"op\":\"update\",\"table\":"
                               "\"Switch\",\"where\":[],\"row\":{\"keys\":"
                               "[\"map\",[[\"k\",\"w\"]]]}}")),
        0);
    check_real_file(path, 3);
    assert_int_equal(run_tool(dir, "ovsdb-tool compact small.db"), 0);
    check_real_file(path, 2);
    char remove[128];
    snprintf(remove, sizeof remove, "rm -r %s", dir);
    assert_int_equal(system(remove), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_log_is_read),
        cmocka_unit_test(test_a_log_cut_at_any_byte_is_an_error_or_its_prefix),
        cmocka_unit_test(test_a_changed_byte_is_never_taken_as_it_is),
        cmocka_unit_test(test_a_wrong_checksum_names_record_and_byte),
        cmocka_unit_test(test_damage_before_the_end_is_no_cut),
        cmocka_unit_test(test_trailing_garbage_is_an_error),
        cmocka_unit_test(test_what_is_no_database_is_told_apart),
        cmocka_unit_test(test_another_schema_is_named),
        cmocka_unit_test(test_json_after_the_value_is_an_error),
        cmocka_unit_test(test_a_bad_record_leaves_the_store_as_it_was),
        cmocka_unit_test(test_records_larger_than_any_buffer_are_read),
        cmocka_unit_test(test_a_prefix_is_read_where_it_is_asked_for),
        cmocka_unit_test(test_what_cannot_be_opened_is_an_error),
        cmocka_unit_test(test_a_probe_names_the_schema),
        cmocka_unit_test(test_files_of_the_real_tool_are_read),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
