#include "unit.h"

#include "ovsdb/raft.h"
#include "small_db.h"
#include "ovsdb/log.h"

#define A "aaaaaaaa-0000-0000-0000-000000000000"
#define B "bbbbbbbb-0000-0000-0000-000000000000"

/* A transaction that gives the switch UUID a name. */
#define NAME(UUID, NAME_) "{'Switch':{'" UUID "':{'name':'" NAME_ "'}}}"
#define ENTRY(INDEX, TERM, TXN) \
    "{'index':" #INDEX ",'term':" #TERM ",'eid':'" B "','data':[null," TXN "]}"
#define COMMIT(INDEX) "{'commit_index':" #INDEX "}"

/* Appends a header with snapshot 'txn' at index 'index'. */
static void
put_header(struct text *file, const char *index, const char *txn)
{
    struct text header;
    text_init(&header, TEXT_CEILING_BYTES);
    text_puts(&header, "{'server_id':'" A "','cluster_id':'" B
                       "','local_address':'unix:a','name':'Small',"
                       "'prev_servers':{'" A "':'unix:a'},'prev_eid':'" B
                       "','prev_term':2,'prev_index':");
    text_puts(&header, index);
    text_puts(&header, ",'prev_data':[");
    text_puts(&header, small_schema);
    text_printf(&header, ",%s]}", txn);
    small_put_clustered(file, text_string(&header));
    text_done(&header);
}

/* A file with a snapshot of switch A, "zero", at index 5 and term 2. */
static void
begin_sample(struct text *file)
{
    text_init(file, TEXT_CEILING_BYTES);
    put_header(file, "5", NAME(A, "zero"));
}

struct fixture {
    struct text file;
    struct ovsdb_store store;
    struct ovsdb_log log;
    struct error *error;
};

static void
fixture_read(struct fixture *f, bool takes_prefix)
{
    ovsdb_store_init(&f->store, &small_spec);
    int fd = small_memory_file(f->file.s, f->file.length);
    check_success(ovsdb_log_open(&f->log, "test.db", fd));
    f->log.takes_prefix = takes_prefix;
    f->error = ovsdb_log_read_all(&f->log, &f->store);
}

static void
fixture_done(struct fixture *f)
{
    error_free(f->error);
    ovsdb_log_close(&f->log);
    ovsdb_store_done(&f->store);
}

static const struct ovsdb_row *
find_switch(const struct fixture *f, const char *text)
{
    struct uuid uuid;
    assert_true(uuid_parse(text, UUID_LENGTH, &uuid));
    return ovsdb_table_find(&f->store.tables[SMALL_SWITCH], &uuid);
}

/* The name of switch 'text'; NULL if it does not exist. */
static const char *
name_of(const struct fixture *f, const char *text)
{
    const struct ovsdb_row *row = find_switch(f, text);
    return row && row->exists ? ovsdb_string(row, SWITCH_NAME) : NULL;
}

/* Reads a file of a snapshot and 'records', up to NULL, after which A must be
 * called 'name'. */
static void
check_records(const char *name, const char *const *records)
{
    struct fixture f;
    begin_sample(&f.file);
    for (size_t i = 0; records[i]; i++) {
        small_put_clustered(&f.file, records[i]);
    }
    fixture_read(&f, false);
    check_success(f.error);
    f.error = NULL;
    assert_string_equal(name_of(&f, A), name);
    fixture_done(&f);
    text_done(&f.file);
}
#define CHECK_RECORDS(NAME, ...) \
    check_records(NAME, (const char *const[]){ __VA_ARGS__, NULL })

static void
test_the_snapshot_is_record_0(void **state PROVNET_UNUSED)
{
    struct fixture f;
    text_init(&f.file, TEXT_CEILING_BYTES);
    put_header(&f.file, "1",
               "{'_date':1795340376001,'_comment':'compacting',"
               "'Switch':{'" A "':{'name':'zero'}}}");
    fixture_read(&f, false);
    check_success(f.error);
    f.error = NULL;
    assert_string_equal(name_of(&f, A), "zero");
    assert_int_equal(find_switch(&f, A)->created_in, 0);
    assert_int_equal(f.store.n_records, 1);
    assert_string_equal(f.store.records[0].comment, "compacting");
    assert_int_equal(f.store.records[0].date_ms, 1795340376001);
    assert_null(f.log.caveat);
    fixture_done(&f);
    text_done(&f.file);
}

static void
test_entries_count_once_they_are_committed(void **state PROVNET_UNUSED)
{
    CHECK_RECORDS("zero", ENTRY(6, 2, NAME(A, "one")));
    CHECK_RECORDS("one", ENTRY(6, 2, NAME(A, "one")), COMMIT(6));
    CHECK_RECORDS("one", ENTRY(6, 2, NAME(A, "one")),
                  ENTRY(7, 2, NAME(A, "two")), COMMIT(6));
    CHECK_RECORDS("two", ENTRY(6, 2, NAME(A, "one")),
                  ENTRY(7, 3, NAME(A, "two")), COMMIT(6), COMMIT(7));
    CHECK_RECORDS("two", ENTRY(6, 2, NAME(A, "one")),
                  ENTRY(7, 2, NAME(A, "two")), COMMIT(7),
                  ENTRY(8, 2, NAME(A, "three")));
}

static void
test_a_new_leader_replaces_what_was_not_committed(void **state PROVNET_UNUSED)
{
    CHECK_RECORDS("other", ENTRY(6, 2, NAME(A, "one")),
                  ENTRY(7, 2, NAME(A, "two")), ENTRY(6, 3, NAME(A, "other")),
                  COMMIT(6));
    CHECK_RECORDS("other", ENTRY(6, 2, NAME(A, "one")), COMMIT(6),
                  ENTRY(7, 2, NAME(A, "two")), ENTRY(8, 2, NAME(A, "three")),
                  ENTRY(7, 4, NAME(A, "other")), COMMIT(7));
}

static void
test_records_of_no_transaction_are_passed_over(void **state PROVNET_UNUSED)
{
    CHECK_RECORDS("one", "{'term':3,'vote':'" A "'}",
                  "{'term':3,'leader':'" A "','comment':'x'}", "{'term':4}",
                  "{'note':'transfer leadership','comment':'to b'}",
                  "{'index':6,'term':3}", ENTRY(7, 3, NAME(A, "one")),
                  "{'index':8,'term':3,'servers':{'" A "':'unix:a'}}",
                  "{'index':9,'term':3,'election_timer':2000}", COMMIT(9));
}

/* From 2**63 on, an index is written as a negative number. */
static void
test_large_indexes_are_read(void **state PROVNET_UNUSED)
{
    struct fixture f;
    text_init(&f.file, TEXT_CEILING_BYTES);
    put_header(&f.file, "9223372036854775807", NAME(A, "zero"));
    small_put_clustered(&f.file,
                        ENTRY(-9223372036854775808, 2, NAME(A, "one")));
    small_put_clustered(&f.file, COMMIT(-9223372036854775808));
    fixture_read(&f, false);
    check_success(f.error);
    f.error = NULL;
    assert_string_equal(name_of(&f, A), "one");
    fixture_done(&f);
    text_done(&f.file);
}

static void
test_records_have_the_numbers_of_the_file(void **state PROVNET_UNUSED)
{
    struct fixture f;
    begin_sample(&f.file);
    small_put_clustered(&f.file, "{'term':3}");
    size_t offset = f.file.length;
    small_put_clustered(&f.file,
                        ENTRY(6, 3,
                              "{'_comment':'six','_date':1795340376001,"
                              "'Switch':{'" B "':{'name':'b'}}}"));
    small_put_clustered(
        &f.file, ENTRY(7, 3, "{'_comment':'seven','Switch':{'" A "':null}}"));
    small_put_clustered(&f.file, COMMIT(7));
    small_put_clustered(&f.file, ENTRY(8, 3, NAME(A, "again")));
    small_put_clustered(&f.file, COMMIT(8));
    fixture_read(&f, false);
    check_success(f.error);
    f.error = NULL;
    assert_int_equal(f.log.n_records, 7);
    assert_int_equal(f.store.n_records, 7);
    assert_string_equal(f.store.records[1].comment, "");
    assert_string_equal(f.store.records[2].comment, "six");
    assert_int_equal(f.store.records[2].offset, offset);
    assert_int_equal(f.store.records[2].date_ms, 1795340376001);
    assert_string_equal(f.store.records[3].comment, "seven");
    assert_int_equal(find_switch(&f, B)->created_in, 2);
    assert_int_equal(find_switch(&f, A)->deleted_in, 3);
    assert_int_equal(find_switch(&f, A)->created_in, 5);
    assert_string_equal(name_of(&f, A), "again");
    fixture_done(&f);
    text_done(&f.file);
}

/* A row of the snapshot that goes and comes back holds nothing of before. */
static void
test_a_row_comes_back_empty(void **state PROVNET_UNUSED)
{
    struct fixture f;
    text_init(&f.file, TEXT_CEILING_BYTES);
    put_header(&f.file, "5",
               "{'Switch':{'" A "':{'name':'zero','note':'x'}}}");
    small_put_clustered(&f.file, ENTRY(6, 2, "{'Switch':{'" A "':null}}"));
    small_put_clustered(&f.file, ENTRY(7, 2, NAME(A, "one")));
    small_put_clustered(&f.file, COMMIT(7));
    fixture_read(&f, false);
    check_success(f.error);
    f.error = NULL;
    assert_string_equal(name_of(&f, A), "one");
    assert_int_equal(ovsdb_count(find_switch(&f, A), SWITCH_NOTE), 0);
    fixture_done(&f);
    text_done(&f.file);
}

/* Reads a file whose snapshot has switches A and B and a port, and whose
 * entry 6 converts it to a schema of less, with transaction 'txn'. */
static void
read_conversion(struct fixture *f, const char *txn)
{
    struct text entry;
    text_init(&f->file, TEXT_CEILING_BYTES);
    text_init(&entry, TEXT_CEILING_BYTES);
    put_header(&f->file, "5",
               "{'Switch':{'" A "':{'name':'zero','note':'x'},'" B
               "':{'name':'b'}},'Port':{'" A "':{'name':'p'}}}");
    text_printf(&entry,
                "{'index':6,'term':2,'eid':'" A "','data':[{'name':'Small',"
                "'tables':{'Switch':{'columns':{'name':{'type':'string'}}}}},"
                "%s]}",
                txn);
    small_put_clustered(&f->file, text_string(&entry));
    small_put_clustered(&f->file, COMMIT(6));
    fixture_read(f, false);
    check_success(f->error);
    f->error = NULL;
    assert_string_equal(name_of(f, A), "zero");
    assert_int_equal(ovsdb_count(find_switch(f, A), SWITCH_NOTE), 0);
    const struct ovsdb_table *switches = &f->store.tables[SMALL_SWITCH];
    assert_false(ovsdb_has_column(switches, SWITCH_NOTE));
    assert_false(f->store.tables[SMALL_PORT].present);
    assert_int_equal(f->store.tables[SMALL_PORT].n_existing, 0);
    text_done(&entry);
    text_done(&f->file);
}

/* What the transaction of a conversion does not have is gone, and columns
 * that it leaves out are empty. */
static void
test_a_conversion_begins_anew(void **state PROVNET_UNUSED)
{
    struct fixture f;
    read_conversion(&f, "{'Switch':{'" A "':{'name':'zero'}},"
                        "'_comment':'converted by ovsdb-server'}");
    assert_null(name_of(&f, B));
    assert_int_equal(find_switch(&f, B)->deleted_in, 1);
    assert_string_equal(ovsdb_string(find_switch(&f, B), SWITCH_NAME), "b");
    assert_int_equal(f.store.tables[SMALL_SWITCH].n_existing, 1);
    fixture_done(&f);
}

static void
test_a_conversion_without_data_keeps_it(void **state PROVNET_UNUSED)
{
    struct fixture f;
    read_conversion(&f, "null");
    assert_string_equal(name_of(&f, B), "b");
    assert_int_equal(find_switch(&f, B)->created_in, 0);
    assert_int_equal(f.store.tables[SMALL_SWITCH].n_existing, 2);
    fixture_done(&f);
}

/* Errors. */

static void
check_file_error(struct fixture *f, const char *words)
{
    fixture_read(f, false);
    assert_non_null(f->error);
    if (strncmp(error_text(f->error), "test.db: ", 9)) {
        fail_msg("\"%s\" does not name the file", error_text(f->error));
    }
    check_error(f->error, words);
    f->error = NULL;
    fixture_done(f);
    text_done(&f->file);
}

static void
test_bad_headers_are_errors(void **state PROVNET_UNUSED)
{
    static const struct {
        const char *header, *words;
    } cases[] = {
        { "{}", "record 0 at byte 0: the header of a clustered database "
                "lacks its name" },
        { "[]", "an object" },
        { "{'name':'Small'}", "lacks its snapshot" },
        { "{'name':7}", "record 0 at byte 0: byte" },
        { "{'name':'Small','remote_addresses':['unix:a']}",
          "not joined its cluster yet" },
        { "{'name':'OVN_Southbound','prev_data':7}",
          "a database of schema OVN_Southbound, not Small" },
        { "{'name':'Small','prev_data':[null,{}],'prev_index':1}",
          "no schema" },
        { "{'name':'Small','prev_data':[]}", "an empty array" },
        { "{'name':'Small','prev_data':[null]}", "no second element" },
        { "{'name':'Small','prev_data':[null,null,null]}", "more than two" },
        { "{'name':'Small','prev_data':[{'name':'Small','tables':{}},{}]}",
          "lacks its prev_index" },
        { "{'name':'Small','prev_data':[{'name':'Small','tables':{}},{}],"
          "'prev_index':-1}",
          "prev_index is the last" },
        { "{'name':'Small','prev_data':[{'name':'Small','tables':{}},{}],"
          "'prev_index':18446744073709551616}",
          "64-bit" },
        { "{'prev_data':[{'name':'Other','tables':{}},{}],'prev_index':1}",
          "a database of schema Other, not Small" },
        { "{'prev_data':[{'name':'Small'},{}],'prev_index':1}",
          "no database schema" },
        { "{'prev_data':{'name':'Small'}}", "an array" },
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct fixture f;
        text_init(&f.file, TEXT_CEILING_BYTES);
        small_put_clustered(&f.file, cases[i].header);
        check_file_error(&f, cases[i].words);
    }
}

static void
test_bad_records_are_errors(void **state PROVNET_UNUSED)
{
    static const struct {
        const char *record, *words;
    } cases[] = {
        { ENTRY(5, 2, "{}"), "entry 5 replaces what is committed, up to 6" },
        { ENTRY(6, 2, "{}"), "entry 6 replaces what is committed, up to 6" },
        { ENTRY(9, 2, "{}"), "entry 9 follows entry 7, with a gap" },
        { ENTRY(-1, 2, "{}"), "with a gap" },
        { ENTRY(8, 1, "{}"), "is of term 1, the one before it of 2" },
        { ENTRY('8', 2, "{}"), "byte" },
        { ENTRY(8, 2.5, "{}"), "2.5 is no 64-bit integer" },
        { ENTRY(18446744073709551616, 2, "{}"), "64-bit" },
        { COMMIT(8), "commit index 8 is not among the entries 6 to 7" },
        { COMMIT(5), "commit index 5 is not among the entries 6 to 7" },
        { COMMIT(-1), "commit index 18446744073709551615 is not" },
        { "{'index':8,'term':2,'data':{}}", "is no array" },
        { "{'note':7}", "byte" },
        { "[]", "an object" },
        { "{'index':8", "ends" },
        { "{} {}", "something follows" },
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct fixture f;
        char words[64];
        begin_sample(&f.file);
        small_put_clustered(&f.file, ENTRY(6, 2, NAME(A, "one")));
        small_put_clustered(&f.file, COMMIT(6));
        small_put_clustered(&f.file, ENTRY(7, 2, NAME(A, "two")));
        snprintf(words, sizeof words, "record 4 at byte %zu: ", f.file.length);
        struct text copy;
        text_init(&copy, TEXT_CEILING_BYTES);
        small_put_clustered(&f.file, cases[i].record);
        text_put(&copy, f.file.s, f.file.length);
        check_file_error(&f, cases[i].words);
        f.file = copy;
        check_file_error(&f, words);
    }
}

/* What an entry holds is read when it is committed, and named by its place. */
static void
test_bad_data_names_its_own_record(void **state PROVNET_UNUSED)
{
    static const struct {
        const char *data, *words;
    } cases[] = {
        { "[null,{'Switch':7}]", "an object" },
        { "[null,{'Switch':{'x':{}}}]", "no UUID" },
        { "[]", "an empty array" },
        { "[null]", "no second element" },
        { "[null,{},{}]", "more than two" },
        { "[7,{}]", "no database schema" },
        { "[{'name':'Other','tables':{}},{}]", "of schema Other" },
        { "[null,[]]", "an object" },
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct fixture f;
        struct text entry;
        char words[96];
        begin_sample(&f.file);
        text_init(&entry, TEXT_CEILING_BYTES);
        text_printf(&entry, "{'index':6,'term':2,'eid':'" A "','data':%s}",
                    cases[i].data);
        snprintf(words, sizeof words, "record 1 at byte %zu: ", f.file.length);
        small_put_clustered(&f.file, text_string(&entry));
        small_put_clustered(&f.file, COMMIT(6));
        text_done(&entry);
        struct text copy;
        text_init(&copy, TEXT_CEILING_BYTES);
        text_put(&copy, f.file.s, f.file.length);
        check_file_error(&f, cases[i].words);
        f.file = copy;
        check_file_error(&f, words);
    }
}

static void
test_records_of_the_other_kind_are_damage(void **state PROVNET_UNUSED)
{
    struct fixture f;
    begin_sample(&f.file);
    small_put(&f.file, "{'term':3}");
    check_file_error(&f, "record 1 at byte");
    text_init(&f.file, TEXT_CEILING_BYTES);
    small_put_record(&f.file, small_schema, strlen(small_schema));
    small_put_clustered(&f.file, "{'term':3}");
    check_file_error(&f, "its header is damaged");
}

static void
test_a_cut_at_any_byte_leaves_what_was_committed(void **state PROVNET_UNUSED)
{
    struct fixture f;
    begin_sample(&f.file);
    size_t header = f.file.length;
    small_put_clustered(&f.file, ENTRY(6, 2, NAME(A, "one")));
    small_put_clustered(&f.file, COMMIT(6));
    size_t length = f.file.length;
    for (size_t n = 0; n < length; n++) {
        f.file.length = n;
        fixture_read(&f, false);
        if (n < header) {
            assert_non_null(f.error);
        } else {
            check_success(f.error);
            f.error = NULL;
            assert_string_equal(name_of(&f, A), "zero");
        }
        fixture_done(&f);
    }
    text_done(&f.file);
}

static void
test_what_is_not_committed_is_told(void **state PROVNET_UNUSED)
{
    struct fixture f;
    begin_sample(&f.file);
    small_put_clustered(&f.file, ENTRY(6, 2, NAME(A, "one")));
    small_put_clustered(&f.file, "{'index':7,'term':2}");
    fixture_read(&f, false);
    check_success(f.error);
    f.error = NULL;
    assert_non_null(strstr(f.log.caveat, "1 transaction is not known"));
    fixture_done(&f);
    small_put_clustered(&f.file, "{'note':'left'}");
    fixture_read(&f, false);
    check_success(f.error);
    f.error = NULL;
    assert_non_null(strstr(f.log.caveat, "has left its cluster"));
    fixture_done(&f);
    text_done(&f.file);
}

static void
test_a_prefix_is_read_where_it_is_asked_for(void **state PROVNET_UNUSED)
{
    struct fixture f;
    begin_sample(&f.file);
    small_put_clustered(&f.file, ENTRY(6, 2, NAME(A, "one")));
    small_put_clustered(&f.file, COMMIT(6));
    size_t offset = f.file.length;
    small_put_clustered(&f.file, ENTRY(7, 2, NAME(A, "two")));
    small_put_clustered(&f.file, COMMIT(7));
    f.file.s[offset + 70]++;
    fixture_read(&f, true);
    check_success(f.error);
    f.error = NULL;
    assert_non_null(strstr(f.log.cut, "record 3 at byte"));
    assert_non_null(strstr(f.log.cut, "checksum"));
    assert_string_equal(name_of(&f, A), "one");
    fixture_done(&f);
    check_file_error(&f, "its checksum is wrong");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_snapshot_is_record_0),
        cmocka_unit_test(test_entries_count_once_they_are_committed),
        cmocka_unit_test(test_a_new_leader_replaces_what_was_not_committed),
        cmocka_unit_test(test_records_of_no_transaction_are_passed_over),
        cmocka_unit_test(test_large_indexes_are_read),
        cmocka_unit_test(test_records_have_the_numbers_of_the_file),
        cmocka_unit_test(test_a_row_comes_back_empty),
        cmocka_unit_test(test_a_conversion_begins_anew),
        cmocka_unit_test(test_a_conversion_without_data_keeps_it),
        cmocka_unit_test(test_bad_headers_are_errors),
        cmocka_unit_test(test_bad_records_are_errors),
        cmocka_unit_test(test_bad_data_names_its_own_record),
        cmocka_unit_test(test_records_of_the_other_kind_are_damage),
        cmocka_unit_test(test_a_cut_at_any_byte_leaves_what_was_committed),
        cmocka_unit_test(test_what_is_not_committed_is_told),
        cmocka_unit_test(test_a_prefix_is_read_where_it_is_asked_for),
    };
    return cmocka_run_group_tests_name("raft", tests, NULL, NULL);
}
