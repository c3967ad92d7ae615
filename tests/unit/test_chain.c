#include "unit.h"

#include "ovsdb/chain.h"
#include "small_db.h"

#define A "aaaaaaaa-0000-0000-0000-000000000000"
#define B "bbbbbbbb-0000-0000-0000-000000000000"
#define C "cccccccc-0000-0000-0000-000000000000"

#define NAME(UUID, NAME_) "{'Switch':{'" UUID "':{'name':'" NAME_ "'}}}"

struct fixture {
    struct ovsdb_store store;
    struct ovsdb_chain chain;
    struct error *error;
};

static void
fixture_init(struct fixture *f)
{
    ovsdb_store_init(&f->store, &small_spec);
    ovsdb_chain_init(&f->chain);
    f->error = NULL;
}

static void
fixture_done(struct fixture *f)
{
    error_free(f->error);
    ovsdb_chain_done(&f->chain);
    ovsdb_store_done(&f->store);
}

/* Adds a standalone file of these transactions, up to NULL. */
static void
add_file(struct fixture *f, const char *name, bool is_backup,
         const char *const *transactions)
{
    struct text file;
    text_init(&file, TEXT_CEILING_BYTES);
    small_put_record(&file, small_schema, strlen(small_schema));
    for (size_t i = 0; transactions[i]; i++) {
        small_put(&file, transactions[i]);
    }
    ovsdb_chain_add(&f->chain, name, small_memory_file(file.s, file.length),
                    is_backup);
    text_done(&file);
}
#define ADD_FILE(F, NAME_, IS_BACKUP, ...) \
    add_file(F, NAME_, IS_BACKUP, (const char *const[]){ __VA_ARGS__, NULL })

/* Adds a member's file: a snapshot at 'index', in which switch A is called
 * 'name', and the entries that follow, each of which gives it the name that
 * its index is written as. */
static void
add_member(struct fixture *f, const char *file_name, const char *cluster,
           unsigned index, const char *name, unsigned n_entries)
{
    struct text file, record;
    text_init(&file, TEXT_CEILING_BYTES);
    text_init(&record, TEXT_CEILING_BYTES);
    text_printf(&record,
                "{'name':'Small','cluster_id':'%s','prev_term':1,"
                "'prev_index':%u,'prev_data':[%s,{'_date':%u000000,"
                "'Switch':{'" A "':{'name':'%s'}}}]}",
                cluster, index, small_schema, 5000000 + index, name);
    small_put_clustered(&file, text_string(&record));
    for (unsigned i = index + 1; i <= index + n_entries; i++) {
        text_clear(&record);
        text_printf(&record,
                    "{'term':1,'index':%u,'data':[null,{'_date':%u000000,"
                    "'Switch':{'" A "':{'name':'%u'}}}]}",
                    i, 5000000 + i, i);
        small_put_clustered(&file, text_string(&record));
        text_clear(&record);
        text_printf(&record, "{'commit_index':%u}", i);
        small_put_clustered(&file, text_string(&record));
    }
    ovsdb_chain_add(&f->chain, file_name,
                    small_memory_file(file.s, file.length), false);
    text_done(&record);
    text_done(&file);
}

static void
fixture_read(struct fixture *f)
{
    f->error = ovsdb_chain_begin(&f->chain);
    if (!f->error) {
        f->error = ovsdb_chain_read_all(&f->chain, &f->store);
    }
}

static const struct ovsdb_row *
find_switch(const struct fixture *f, const char *text)
{
    struct uuid uuid;
    assert_true(uuid_parse(text, UUID_LENGTH, &uuid));
    return ovsdb_table_find(&f->store.tables[SMALL_SWITCH], &uuid);
}

/* Whether record 'i' of the store is number 'number' of 'file'. */
static void
check_record(const struct fixture *f, size_t i, const char *file,
             uint32_t number)
{
    const char *found;
    assert_int_equal(ovsdb_record_number(&f->store, i, &found), number);
    assert_string_equal(found, file);
}

static void
test_what_stayed_the_same_keeps_its_past(void **state PROVNET_UNUSED)
{
    struct fixture f;
    fixture_init(&f);
    ADD_FILE(&f, "own", false,
             "{'_date':5000000009000,'Switch':{"
             "'" A "':{'name':'a','sizes':['set',[1,2]],'enabled':false},"
             "'" B "':{'keys':['map',[['k','new']]]}}}",
             "{'_date':5000000010000,'Switch':{'" A "':{'name':'c'}}}");
    ADD_FILE(&f, "copy", true,
             "{'_date':5000000001000,'Switch':{"
             "'" A "':{'name':'a','sizes':['set',[2,1]],'enabled':false,"
             "'note':'x'},"
             "'" B "':{'name':'','keys':['map',[['k','old']]]},"
             "'" C "':{'name':'gone'}}}");
    fixture_read(&f);
    check_success(f.error);
    f.error = NULL;
    assert_int_equal(f.chain.n_notes, 0);
    const struct ovsdb_row *a = find_switch(&f, A), *b = find_switch(&f, B);
    const struct ovsdb_row *c = find_switch(&f, C);
    /* Records 0 and 1 are the copy's, 2 to 4 the file's own. */
    assert_int_equal(f.store.n_records, 5);
    check_record(&f, 1, "copy", 1);
    check_record(&f, 2, "own", 0);
    check_record(&f, 4, "own", 2);
    assert_true(f.store.records[3].is_whole);
    assert_false(f.store.records[4].is_whole);
    assert_int_equal(a->created_in, 1);
    assert_int_equal(ovsdb_changed_in(a, SWITCH_SIZES), 1);
    assert_int_equal(ovsdb_changed_in(a, SWITCH_ENABLED), 1);
    assert_int_equal(ovsdb_changed_in(a, SWITCH_NAME), 4);
    assert_int_equal(ovsdb_count(a, SWITCH_NOTE), 0);
    assert_int_equal(ovsdb_changed_in(a, SWITCH_NOTE), 3);
    assert_int_equal(ovsdb_changed_in(b, SWITCH_NAME), 1);
    assert_int_equal(ovsdb_changed_in(b, SWITCH_KEYS), 3);
    assert_string_equal(ovsdb_map_get(b, SWITCH_KEYS, "k"), "new");
    assert_false(c->exists);
    assert_int_equal(c->deleted_in, 3);
    assert_string_equal(ovsdb_string(c, SWITCH_NAME), "gone");
    assert_int_equal(f.store.tables[SMALL_SWITCH].n_existing, 2);
    fixture_done(&f);
}

/* Such as one that was only referred to before. */
static void
test_a_row_that_comes_twice_changes_no_others(void **state PROVNET_UNUSED)
{
    struct fixture f;
    fixture_init(&f);
    ADD_FILE(&f, "own", false,
             "{'_date':5000000009000,'Switch':{'" A "':{'name':'a'}},"
             "'Port':{'" B "':{'name':'b'},'" B "':{'name':'b'}}}");
    ADD_FILE(&f, "copy", true,
             "{'_date':5000000001000,'Switch':{"
             "'" A "':{'name':'a','ports':['set',[['uuid','" B "']]]}}}");
    fixture_read(&f);
    check_success(f.error);
    f.error = NULL;
    assert_int_equal(ovsdb_changed_in(find_switch(&f, A), SWITCH_NAME), 1);
    fixture_done(&f);
}

static void
test_one_file_has_no_name_to_tell(void **state PROVNET_UNUSED)
{
    struct fixture f;
    const char *file;
    fixture_init(&f);
    ADD_FILE(&f, "own", false, NAME(A, "a"));
    fixture_read(&f);
    check_success(f.error);
    f.error = NULL;
    assert_int_equal(ovsdb_record_number(&f.store, 1, &file), 1);
    assert_null(file);
    fixture_done(&f);
}

static void
test_members_complete_each_other(void **state PROVNET_UNUSED)
{
    struct fixture f;
    fixture_init(&f);
    add_member(&f, "late", B, 8, "8", 4);  /* Up to 12. */
    add_member(&f, "early", B, 2, "2", 7); /* Up to 9. */
    add_member(&f, "between", B, 4, "4", 3);
    fixture_read(&f);
    check_success(f.error);
    f.error = NULL;
    const struct ovsdb_row *a = find_switch(&f, A);
    assert_string_equal(ovsdb_string(a, SWITCH_NAME), "12");
    size_t n = 0;
    const char *file;
    for (size_t i = 0; i < f.store.n_records; i++) {
        n += ovsdb_record_is_transaction(&f.store.records[i]);
        assert_false(f.store.records[i].is_whole);
    }
    assert_int_equal(n, 1 + 7 + 3); /* The snapshot, 3 to 9, 10 to 12. */
    ovsdb_record_number(&f.store, ovsdb_changed_in(a, SWITCH_NAME), &file);
    assert_string_equal(file, "late");
    fixture_done(&f);
}

static void
test_a_gap_between_members_is_one_change(void **state PROVNET_UNUSED)
{
    struct fixture f;
    fixture_init(&f);
    add_member(&f, "early", B, 2, "2", 3); /* Up to 5. */
    add_member(&f, "late", B, 8, "8", 1);
    fixture_read(&f);
    check_success(f.error);
    f.error = NULL;
    size_t n = 0;
    for (size_t i = 0; i < f.store.n_records; i++) {
        n += f.store.records[i].is_whole;
    }
    assert_int_equal(n, 1);
    assert_string_equal(ovsdb_string(find_switch(&f, A), SWITCH_NAME), "9");
    fixture_done(&f);
}

static void
test_two_clusters_of_one_time_are_refused(void **state PROVNET_UNUSED)
{
    struct fixture f;
    fixture_init(&f);
    add_member(&f, "one", B, 2, "2", 9);
    add_member(&f, "two", C, 4, "4", 2);
    fixture_read(&f);
    check_error(f.error, "one and two tell of the same time");
    f.error = NULL;
    fixture_done(&f);
}

static void
test_a_copy_that_cannot_be_read_is_noted(void **state PROVNET_UNUSED)
{
    struct fixture f;
    fixture_init(&f);
    ADD_FILE(&f, "own", false, NAME(A, "a"));
    ovsdb_chain_add(&f.chain, "text", small_memory_file("text", 4), true);
    ovsdb_chain_add(&f.chain, "/nonexistent/copy", -1, true);
    ADD_FILE(&f, "wrong", true, "{'_date':1000,'Switch':[]}");
    fixture_read(&f);
    check_success(f.error);
    f.error = NULL;
    assert_int_equal(f.chain.n_notes, 3);
    assert_string_equal(ovsdb_string(find_switch(&f, A), SWITCH_NAME), "a");
    fixture_done(&f);
}

/* What was read of it before does not get into the next file. */
static void
test_a_copy_whose_header_lacks_something_is_noted(void **state PROVNET_UNUSED)
{
    struct fixture f;
    struct text file, record;
    fixture_init(&f);
    text_init(&file, TEXT_CEILING_BYTES);
    text_init(&record, TEXT_CEILING_BYTES);
    text_printf(&record,
                "{'name':'Small','cluster_id':'" B "','prev_term':1,"
                "'prev_data':[%s,{'Switch':{'" C "':{'name':'c'}}}]}",
                small_schema);
    small_put_clustered(&file, text_string(&record));
    ovsdb_chain_add(&f.chain, "copy", small_memory_file(file.s, file.length),
                    true);
    ADD_FILE(&f, "own", false, NAME(A, "a"));
    fixture_read(&f);
    check_success(f.error);
    f.error = NULL;
    assert_int_equal(f.chain.n_notes, 1);
    assert_string_equal(ovsdb_string(find_switch(&f, A), SWITCH_NAME), "a");
    assert_false(find_switch(&f, C)->exists);
    text_done(&record);
    text_done(&file);
    fixture_done(&f);
}

static void
test_a_file_without_transactions_is_empty(void **state PROVNET_UNUSED)
{
    struct fixture f;
    fixture_init(&f);
    add_file(&f, "own", false, (const char *const[]){ NULL });
    ADD_FILE(&f, "copy", true, NAME(A, "a"));
    fixture_read(&f);
    check_success(f.error);
    f.error = NULL;
    assert_false(find_switch(&f, A)->exists);
    assert_true(f.store.records[f.store.n_records - 1].is_whole);
    fixture_done(&f);
}

static void
test_a_file_given_twice_counts_once(void **state PROVNET_UNUSED)
{
    struct fixture f;
    fixture_init(&f);
    ADD_FILE(&f, "short", false, "{'_date':1000}", NAME(A, "a"));
    ADD_FILE(&f, "long", false, "{'_date':1000}", NAME(A, "a"), NAME(A, "b"));
    ADD_FILE(&f, "same", false, "{'_date':1000}", NAME(A, "a"), NAME(A, "b"));
    fixture_read(&f);
    check_success(f.error);
    f.error = NULL;
    assert_int_equal(f.chain.n_files, 1);
    assert_int_equal(f.store.n_records, 4);
    assert_string_equal(ovsdb_string(find_switch(&f, A), SWITCH_NAME), "b");
    fixture_done(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_stayed_the_same_keeps_its_past),
        cmocka_unit_test(test_a_row_that_comes_twice_changes_no_others),
        cmocka_unit_test(test_one_file_has_no_name_to_tell),
        cmocka_unit_test(test_members_complete_each_other),
        cmocka_unit_test(test_a_gap_between_members_is_one_change),
        cmocka_unit_test(test_two_clusters_of_one_time_are_refused),
        cmocka_unit_test(test_a_copy_that_cannot_be_read_is_noted),
        cmocka_unit_test(test_a_copy_whose_header_lacks_something_is_noted),
        cmocka_unit_test(test_a_file_without_transactions_is_empty),
        cmocka_unit_test(test_a_file_given_twice_counts_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
