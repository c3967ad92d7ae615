#include "unit.h"

#include "small_db.h"
#include "ovsdb/diff.h"

#define A "aaaaaaaa-0000-0000-0000-000000000000"
#define B "bbbbbbbb-0000-0000-0000-000000000000"
#define P "cccccccc-0000-0000-0000-000000000001"
#define Q "cccccccc-0000-0000-0000-000000000002"
#define REF(UUID) "['uuid','" UUID "']"

struct fixture {
    struct ovsdb_store store;
    struct ovsdb_table *switches, *ports;
};

static int
setup(void **state)
{
    struct fixture *f = xmalloc(sizeof *f);
    small_store_init(&f->store);
    f->switches = &f->store.tables[SMALL_SWITCH];
    f->ports = &f->store.tables[SMALL_PORT];
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    ovsdb_store_done(&f->store);
    free(f);
    return 0;
}

/* Reads 'quoted' (with ' for "); the error's words in 'why' if that fails. */
static bool
read_form(struct fixture *f, const char *quoted, enum ovsdb_form form,
          char why[256])
{
    char *json = small_json(quoted);
    struct input_memory memory;
    struct input in;
    struct json_reader r;
    input_init_memory(&in, &memory, json, strlen(json));
    json_reader_init(&r, &in);
    bool ok = ovsdb_store_read(&f->store, &r, form);
    assert_int_equal(!ok, json_failed(&r));
    snprintf(why, 256, "%s", in.error ? error_text(in.error) : "");
    json_reader_done(&r);
    input_done(&in);
    free(json);
    return ok;
}

static void
commit_form(struct fixture *f, const char *quoted, enum ovsdb_form form)
{
    char why[256];
    if (!read_form(f, quoted, form, why)) {
        fail_msg("%s: %s", quoted, why);
    }
    ovsdb_store_commit(&f->store, 1000 * f->store.n_records);
}

static void
commit(struct fixture *f, const char *quoted)
{
    commit_form(f, quoted, OVSDB_FORM_LOG);
}

static void
refuse(struct fixture *f, const char *quoted, const char *words)
{
    char why[256];
    if (read_form(f, quoted, OVSDB_FORM_LOG, why)) {
        fail_msg("%s was accepted", quoted);
    }
    if (!strstr(why, words)) {
        fail_msg("\"%s\" is not in \"%s\"", words, why);
    }
    ovsdb_store_abort(&f->store);
}

static struct ovsdb_row *
row(const struct ovsdb_table *table, const char *text)
{
    struct uuid uuid;
    assert_true(uuid_parse(text, UUID_LENGTH, &uuid));
    return ovsdb_table_find(table, &uuid);
}

/* Reading. */

static void
test_every_type_is_read(void **state)
{
    struct fixture *f = *state;
    commit(f,
           "{'Switch':{'" A "':{'name':'one','ports':['set',[" REF(P) "," REF(
               Q) "]],'keys':['map',[['a','1'],['b','2']]],"
                  "'sizes':['set',[3,1,2]],'note':'n','enabled':false,"
                  "'ratio':0.5,'main':" REF(
                      Q) ",'extra':'x'}},'Port':{'" P "':{'name':'p'},'" Q
                         "':{'name':'q','tag':['set',[]]}},"
                         "'_date':1795340376001,'_comment':'by hand'}");
    const struct ovsdb_row *a = row(f->switches, A);
    assert_true(a->exists);
    assert_string_equal(ovsdb_string(a, SWITCH_NAME), "one");
    assert_int_equal(ovsdb_count(a, SWITCH_PORTS), 2);
    assert_ptr_equal(ovsdb_atoms(a, SWITCH_PORTS)[1].row, row(f->ports, Q));
    assert_string_equal(ovsdb_map_get(a, SWITCH_KEYS, "b"), "2");
    assert_null(ovsdb_map_get(a, SWITCH_KEYS, "c"));
    assert_int_equal(ovsdb_count(a, SWITCH_SIZES), 3);
    assert_int_equal(ovsdb_atoms(a, SWITCH_SIZES)[2].integer, 2);
    assert_false(ovsdb_bool(a, SWITCH_ENABLED, true));
    assert_true(ovsdb_atoms(a, SWITCH_RATIO)->real == 0.5);
    assert_ptr_equal(ovsdb_ref(a, SWITCH_MAIN), row(f->ports, Q));
    assert_int_equal(ovsdb_integer(row(f->ports, Q), PORT_TAG, -1), -1);
    assert_int_equal(f->store.records[1].date_ms, 1795340376001);
    assert_int_equal(f->store.records[1].offset, 1000);
    assert_string_equal(f->store.records[1].comment, "by hand");
}

/* Rows of one table list their columns in any order, with any that nobody
 * wants between them. */
static void
test_columns_come_in_any_order(void **state)
{
    static const char *const columns[] = {
        "'name':'n%d'",
        "'note':'m%d'",
        "'sizes':%d",
        "'extra':'x%d'",
        "'unwanted_with_a_name_longer_than_any_buffer':[%d]",
        "'nam':%d",
        "'named':{'a':%d}"
    };
    struct fixture *f = *state;
    uint64_t seed = 5;
    for (int i = 0; i < 500; i++) {
        struct text t;
        text_init(&t, TEXT_CEILING_BYTES);
        text_puts(&t, "{'Switch':{'" A "':{");
        unsigned start = draw(&seed, 7), step = 1 + draw(&seed, 6);
        for (unsigned j = 0; j < 7; j++) {
            text_puts(&t, j ? "," : "");
            text_printf(&t, columns[(start + j * step) % 7], i);
        }
        text_puts(&t, "}}}");
        commit(f, text_string(&t));
        text_done(&t);
        const struct ovsdb_row *a = row(f->switches, A);
        char name[16];
        snprintf(name, sizeof name, "n%d", i);
        assert_string_equal(ovsdb_string(a, SWITCH_NAME), name);
        assert_int_equal(ovsdb_string(a, SWITCH_NOTE)[0], 'm');
        assert_int_equal(ovsdb_atoms(a, SWITCH_SIZES)->integer, i);
    }
}

static void
test_absent_values_read_as_defaults(void **state)
{
    struct fixture *f = *state;
    commit(f, "{'Switch':{'" A "':{}}}");
    const struct ovsdb_row *a = row(f->switches, A);
    assert_string_equal(ovsdb_string(a, SWITCH_NAME), "");
    assert_true(ovsdb_bool(a, SWITCH_ENABLED, true));
    assert_false(ovsdb_bool(a, SWITCH_ENABLED, false));
    assert_null(ovsdb_ref(a, SWITCH_MAIN));
    assert_null(ovsdb_map_get(a, SWITCH_KEYS, "a"));
    assert_int_equal(ovsdb_count(a, SWITCH_PORTS), 0);
}

static void
test_what_the_schema_lacks_stays_empty(void **state)
{
    struct fixture *f = *state;
    assert_true(f->switches->present);
    assert_false(f->store.tables[SMALL_ABSENT].present);
    assert_false(ovsdb_has_column(f->switches, SWITCH_GONE));
    assert_true(ovsdb_has_column(f->switches, SWITCH_NOTE));
    commit(f, "{'Switch':{'" A "':{'gone':{'any':'thing'}}},"
              "'Other':{'" A "':{'name':'x'}},'Nowhere':[1,2]}");
    assert_string_equal(ovsdb_string(row(f->switches, A), SWITCH_GONE), "");
    assert_int_equal(f->switches->n_rows, 1);
}

static void
test_dates_in_seconds_become_milliseconds(void **state)
{
    struct fixture *f = *state;
    commit(f, "{'_date':1300000000}");
    commit(f, "{}");
    assert_int_equal(f->store.records[1].date_ms, 1300000000000);
    assert_int_equal(f->store.records[2].date_ms, 0);
    assert_string_equal(f->store.records[2].comment, "");
}

static void
test_values_of_the_wrong_form_are_refused(void **state)
{
    static const struct {
        const char *columns, *words;
    } cases[] = {
        { "'name':7", "a string" },
        { "'name':null", "a string" },
        { "'name':['map',[]]", "another type than column name" },
        { "'name':['set','x']", "an array" },
        { "'name':['set']", "without elements" },
        { "'name':['set',[],1]", "more than two elements" },
        { "'name':[]", "a <value>" },
        { "'name':{}", "a string" },
        { "'sizes':99999999999999999999", "no 64-bit integer" },
        { "'sizes':['set',[1,2.5]]", "no 64-bit integer" },
        { "'sizes':['set',[1,'2']]", "a number" },
        { "'enabled':1", "true or false" },
        { "'ratio':1e999", "too large" },
        { "'ports':['uuid','zz']", "is no UUID" },
        { "'ports':['uuid']", "ends early" },
        { "'ports':['uuid','" P "',1]", "more than two" },
        { "'ports':['named-uuid','x']", "another type than column ports" },
        { "'ports':['set',[['named-uuid','x']]]", "<uuid> was expected" },
        { "'ports':'" P "'", "array" },
        { "'keys':['set',[]]", "another type than column keys" },
        { "'keys':['map',[['a']]]", "no second element" },
        { "'keys':['map',[['a','b','c']]]", "more than two" },
        { "'keys':['map',['a','b']]", "an array" },
        { "'keys':['map',[[1,'b']]]", "a string" },
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        char json[512];
        snprintf(json, sizeof json, "{'Switch':{'" A "':{%s}}}",
                 cases[i].columns);
        refuse(f, json, cases[i].words);
        struct ovsdb_row *a = row(f->switches, A);
        assert_true(!a || !a->exists);
    }
}

static void
test_transactions_of_the_wrong_form_are_refused(void **state)
{
    struct fixture *f = *state;
    refuse(f, "[]", "an object");
    refuse(f, "{'Switch':[]}", "an object");
    refuse(f, "{'Switch':{'not-a-uuid':{}}}", "is no UUID");
    refuse(f, "{'Switch':{'" A "':[]}}", "an object");
    refuse(f, "{'_date':'now'}", "a number");
    refuse(f, "{'_comment':7}", "a string");
    refuse(f, "{'_is_diff':1}", "true or false");
    refuse(f, "{'Switch':{'" A "':{}}", "text ends");
    assert_int_equal(f->store.n_records, 1);
}

static void
test_an_aborted_transaction_changes_nothing(void **state)
{
    struct fixture *f = *state;
    commit(f, "{'Switch':{'" A "':{'name':'one','sizes':['set',[1,2]]}}}");
    refuse(f,
           "{'Switch':{'" A "':{'name':'two','sizes':7},'" B
           "':{'name':'b'}},'Port':{'" P "':null},'_date':'x'}",
           "");
    refuse(f, "{'Switch':{'" A "':null},'_date':'x'}", "");
    const struct ovsdb_row *a = row(f->switches, A);
    assert_true(a->exists);
    assert_string_equal(ovsdb_string(a, SWITCH_NAME), "one");
    assert_int_equal(ovsdb_count(a, SWITCH_SIZES), 2);
    assert_false(row(f->switches, B)->exists);
    assert_int_equal(f->switches->n_existing, 1);
    assert_int_equal(f->store.n_records, 2);
    commit(f, "{'Switch':{'" A "':{'name':'three'},'" B "':{}}}");
    assert_string_equal(ovsdb_string(row(f->switches, B), SWITCH_NAME), "");
    assert_string_equal(ovsdb_string(a, SWITCH_NAME), "three");
}

/* Differences. */

static void
test_a_record_that_is_no_diff_replaces(void **state)
{
    struct fixture *f = *state;
    commit(f, "{'Switch':{'" A "':{'sizes':['set',[1,2]],"
              "'keys':['map',[['a','1']]]}}}");
    commit(f, "{'Switch':{'" A "':{'sizes':['set',[2,3]],"
              "'keys':['map',[['b','2']]]}}}");
    const struct ovsdb_row *a = row(f->switches, A);
    assert_int_equal(ovsdb_count(a, SWITCH_SIZES), 2);
    assert_int_equal(ovsdb_atoms(a, SWITCH_SIZES)[0].integer, 2);
    assert_null(ovsdb_map_get(a, SWITCH_KEYS, "a"));
}

static void
test_a_diff_changes_sets_and_maps_and_replaces_scalars(void **state)
{
    struct fixture *f = *state;
    commit(f,
           "{'Switch':{'" A "':{'name':'x','note':'x','sizes':['set',[1,2]],"
           "'enabled':true,'keys':['map',[['a','1'],['b','2']]]}}}");
    commit(f, "{'_is_diff':true,'Switch':{'" A "':{'name':'x','note':'x',"
              "'sizes':['set',[2,3]],'enabled':['set',[]],"
              "'keys':['map',[['a','9'],['b','2'],['c','3']]]}}}");
    const struct ovsdb_row *a = row(f->switches, A);
    assert_string_equal(ovsdb_string(a, SWITCH_NAME), "x");
    assert_string_equal(ovsdb_string(a, SWITCH_NOTE), "x");
    assert_int_equal(ovsdb_count(a, SWITCH_ENABLED), 0);
    assert_int_equal(ovsdb_count(a, SWITCH_SIZES), 2);
    assert_int_equal(ovsdb_atoms(a, SWITCH_SIZES)[0].integer, 1);
    assert_int_equal(ovsdb_atoms(a, SWITCH_SIZES)[1].integer, 3);
    assert_string_equal(ovsdb_map_get(a, SWITCH_KEYS, "a"), "9");
    assert_null(ovsdb_map_get(a, SWITCH_KEYS, "b"));
    assert_string_equal(ovsdb_map_get(a, SWITCH_KEYS, "c"), "3");
}

/* As in Open vSwitch (lib/json.c): of equal members the last one counts. */
static void
test_a_column_that_stands_twice_counts_once(void **state)
{
    struct fixture *f = *state;
    commit(f, "{'Switch':{'" A "':{'name':'x','sizes':1,'name':'y'}}}");
    const struct ovsdb_row *a = row(f->switches, A);
    assert_string_equal(ovsdb_string(a, SWITCH_NAME), "y");
    commit(f, "{'_is_diff':true,'Switch':{'" A
              "':{'sizes':1,'note':'p','sizes':2,'note':'q'}}}");
    assert_int_equal(ovsdb_count(a, SWITCH_SIZES), 2);
    assert_string_equal(ovsdb_string(a, SWITCH_NOTE), "q");
    assert_null(a->past->older);
}

/* The later mention counts, also where it empties what the first one held. */
static void
test_a_new_row_that_stands_twice_can_be_emptied(void **state)
{
    struct fixture *f = *state;
    commit(f, "{'Switch':{'" A "':{'sizes':['set',[1,2]],'name':'x'},'" A
              "':{'sizes':['set',[]]}}}");
    const struct ovsdb_row *a = row(f->switches, A);
    assert_int_equal(ovsdb_count(a, SWITCH_SIZES), 0);
    assert_string_equal(ovsdb_string(a, SWITCH_NAME), "x");
    uint32_t made = ovsdb_changed_in(a, SWITCH_SIZES);
    assert_int_equal(made, a->created_in);
    commit(f, "{'Switch':{'" B "':{'sizes':['set',[]],'name':'y'}}}");
    const struct ovsdb_row *b = row(f->switches, B);
    assert_int_equal(ovsdb_count(b, SWITCH_SIZES), 0);
    assert_int_equal(ovsdb_changed_in(b, SWITCH_SIZES), b->created_in);
    commit(f, "{'Switch':{'" B "':{'sizes':7}}}");
    assert_int_equal(ovsdb_integer(b, SWITCH_SIZES, 0), 7);
    assert_true(ovsdb_changed_in(b, SWITCH_SIZES) > b->created_in);
}

static void
test_is_diff_counts_wherever_it_stands(void **state)
{
    struct fixture *f = *state;
    commit(f, "{'Switch':{'" A "':{'sizes':['set',[1,2]]}}}");
    commit(f, "{'Switch':{'" A "':{'sizes':3}},'_is_diff':true}");
    assert_int_equal(ovsdb_count(row(f->switches, A), SWITCH_SIZES), 3);
    commit(f, "{'Switch':{'" A "':{'sizes':1}},'_is_diff':false}");
    assert_int_equal(ovsdb_count(row(f->switches, A), SWITCH_SIZES), 1);
    commit(f, "{'Switch':{'" A "':{'sizes':4}}}"); /* Not for ever. */
    assert_int_equal(ovsdb_count(row(f->switches, A), SWITCH_SIZES), 1);
}

/* Differences of more than 16 elements take another way. */
static void
test_large_and_small_diffs_agree(void **state)
{
    struct fixture *f = *state;
    for (int size = 1; size <= 64; size *= 2) {
        struct text t;
        text_init(&t, TEXT_CEILING_BYTES);
        commit(f, "{'Switch':{'" A "':{'sizes':['set',[0,1,2,3,4,5,6,7,8,9,"
                  "10,11,12,13,14,15,16,17,18,19]]}}}");
        text_puts(&t, "{'_is_diff':true,'Switch':{'" A "':{'sizes':['set',[");
        for (int i = 0; i < size; i++) {
            text_printf(&t, "%s%d", i ? "," : "", i + 10);
        }
        text_puts(&t, "]]}}}");
        commit(f, text_string(&t));
        text_done(&t);
        int goes = size < 10 ? size : 10;
        const struct ovsdb_row *a = row(f->switches, A);
        assert_int_equal(ovsdb_count(a, SWITCH_SIZES), 20 + size - 2 * goes);
        assert_int_equal(ovsdb_atoms(a, SWITCH_SIZES)[9].integer, 9);
    }
}

/* Time. */

static void
test_columns_know_the_record_that_changed_them(void **state)
{
    struct fixture *f = *state;
    commit(f, "{'Switch':{'" A "':{'name':'a','note':'n'}}}");
    commit(f, "{'Switch':{'" B "':{'name':'b'}}}");
    commit(f, "{'Switch':{'" A "':{'note':'m'}}}");
    const struct ovsdb_row *a = row(f->switches, A);
    assert_int_equal(a->created_in, 1);
    assert_int_equal(row(f->switches, B)->created_in, 2);
    assert_int_equal(ovsdb_changed_in(a, SWITCH_NAME), 1);
    assert_int_equal(ovsdb_changed_in(a, SWITCH_NOTE), 3);
    /* Empty since the row was made. */
    assert_int_equal(ovsdb_changed_in(a, SWITCH_SIZES), 1);
}

static void
test_past_values_are_kept_where_they_are_wanted(void **state)
{
    struct fixture *f = *state;
    commit(f, "{'Switch':{'" A "':{'note':'one','name':'x',"
              "'keys':['map',[['k','1']]]}}}");
    commit(f, "{'Switch':{'" A "':{'note':'two','name':'y'}}}");
    commit(f, "{'_is_diff':true,'Switch':{'" A
              "':{'keys':['map',[['k','1'],['l','2']]]}}}");
    commit(f, "{'Switch':{'" A "':{'note':['set',[]]}}}");
    const struct ovsdb_past *past = row(f->switches, A)->past;
    assert_int_equal(past->column, SWITCH_NOTE);
    assert_string_equal(past->datum.one.string, "two");
    assert_int_equal(past->datum.changed_in, 2);
    assert_int_equal(past->until, 4);
    past = past->older;
    assert_int_equal(past->column, SWITCH_KEYS);
    assert_string_equal(ovsdb_datum_map_get(&past->datum, "k"), "1");
    assert_null(ovsdb_datum_map_get(&past->datum, "l"));
    assert_int_equal(past->until, 3);
    past = past->older;
    assert_string_equal(past->datum.one.string, "one");
    assert_int_equal(past->datum.changed_in, 1);
    assert_int_equal(past->until, 2);
    assert_null(past->older); /* The name is not remembered. */
}

/* A past value survives whatever is done to the arrays of later ones. */
static void
test_past_values_are_copies(void **state)
{
    struct fixture *f = *state;
    commit(f, "{'Switch':{'" A "':{'keys':['map',[['a','0'],['b','x']]]}}}");
    for (int i = 1; i <= 100; i++) {
        char json[256];
        snprintf(json, sizeof json,
                 "{'_is_diff':true,'Switch':{'" A
                 "':{'keys':['map',[['a','%d']]]}}}",
                 i);
        commit(f, json);
    }
    int i = 99;
    for (const struct ovsdb_past *past = row(f->switches, A)->past; past;
         past = past->older, i--) {
        char value[16];
        snprintf(value, sizeof value, "%d", i);
        assert_int_equal(past->datum.n, 2);
        assert_string_equal(ovsdb_datum_map_get(&past->datum, "a"), value);
        assert_string_equal(ovsdb_datum_map_get(&past->datum, "b"), "x");
    }
    assert_int_equal(i, -1);
}

static void
test_deleted_rows_keep_their_content(void **state)
{
    struct fixture *f = *state;
    commit(f, "{'Switch':{'" A "':{'name':'a','ports':" REF(
                  P) "}},'Port':{'" P "':{'name':'p','tag':7}}}");
    commit(f,
           "{'Switch':{'" A "':{'ports':['set',[]]}},'Port':{'" P "':null}}");
    const struct ovsdb_row *p = row(f->ports, P);
    assert_false(p->exists);
    assert_int_equal(p->deleted_in, 2);
    assert_int_equal(p->created_in, 1);
    assert_string_equal(ovsdb_string(p, PORT_NAME), "p");
    assert_int_equal(ovsdb_integer(p, PORT_TAG, 0), 7);
    assert_ptr_equal(p->owner, row(f->switches, A));
    assert_int_equal(f->ports->n_existing, 0);
    assert_null(ovsdb_table_next(f->ports, NULL));
}

static void
test_a_deleted_uuid_can_come_again_afresh(void **state)
{
    struct fixture *f = *state;
    commit(f, "{'Port':{'" P "':{'name':'old','tag':7}}}");
    commit(f, "{'Port':{'" P "':null}}");
    struct ovsdb_row *old = row(f->ports, P);
    commit(f, "{'_is_diff':true,'Port':{'" P "':{'name':'new'}}}");
    assert_ptr_equal(row(f->ports, P), old);
    assert_true(old->exists);
    assert_int_equal(old->created_in, 3);
    assert_int_equal(old->deleted_in, 2);
    assert_string_equal(ovsdb_string(old, PORT_NAME), "new");
    assert_int_equal(ovsdb_count(old, PORT_TAG), 0);
    assert_int_equal(f->ports->n_existing, 1);
    assert_int_equal(f->ports->n_rows, 1);
}

static void
test_deleting_what_is_not_there_is_harmless(void **state)
{
    struct fixture *f = *state;
    commit(f, "{'Port':{'" P "':null}}");
    commit(f, "{'Port':{'" P "':null}}");
    assert_int_equal(f->ports->n_existing, 0);
    assert_false(row(f->ports, P)->exists);
}

/* References. */

static void
test_references_come_before_their_rows(void **state)
{
    struct fixture *f = *state;
    commit(f, "{'Switch':{'" A "':{'main':" REF(P) "}}}");
    assert_null(ovsdb_ref(row(f->switches, A), SWITCH_MAIN));
    assert_false(row(f->ports, P)->exists);
    commit(f, "{'Port':{'" P "':{'name':'p'}}}");
    assert_string_equal(
        ovsdb_string(ovsdb_ref(row(f->switches, A), SWITCH_MAIN), PORT_NAME),
        "p");
    assert_null(row(f->ports, Q));
}

static void
test_the_owner_is_who_held_it_last(void **state)
{
    struct fixture *f = *state;
    commit(f, "{'Switch':{'" A "':{'ports':" REF(P) ",'main':" REF(
                  Q) "},'" B "':{}},'Port':{'" P "':{},'" Q "':{}}}");
    assert_ptr_equal(row(f->ports, P)->owner, row(f->switches, A));
    assert_null(row(f->ports, Q)->owner); /* A weak reference. */
    commit(f, "{'_is_diff':true,'Switch':{'" A "':{'ports':" REF(P) "}}}");
    assert_ptr_equal(row(f->ports, P)->owner, row(f->switches, A));
    commit(f, "{'_is_diff':true,'Switch':{'" B "':{'ports':" REF(P) "}}}");
    assert_ptr_equal(row(f->ports, P)->owner, row(f->switches, B));
}

/* One transaction moves a port; the order of rows in a record is a server's
 * hash order, so both orders happen. */
static void
test_a_port_that_moves_belongs_to_its_new_switch(void **state)
{
    struct fixture *f = *state;
    commit(f, "{'Switch':{'" A "':{'ports':" REF(P) "},'" B "':{'ports':" REF(
                  Q) "}},'Port':{'" P "':{},'" Q "':{}}}");
    commit(f,
           "{'_is_diff':true,'Switch':{'" A "':{'ports':['set',[" REF(
               P) "," REF(Q) "]]},'" B
                             "':{'ports':['set',[" REF(P) "," REF(Q) "]]}}}");
    assert_ptr_equal(ovsdb_atoms(row(f->switches, A), SWITCH_PORTS)->row,
                     row(f->ports, Q));
    assert_ptr_equal(row(f->ports, Q)->owner, row(f->switches, A));
    assert_ptr_equal(row(f->ports, P)->owner, row(f->switches, B));
}

/* Monitors. */

static void
test_updates2_insert_modify_and_delete(void **state)
{
    struct fixture *f = *state;
    commit_form(f,
                "{'Switch':{'" A "':{'initial':{'name':'a','note':'n',"
                "'sizes':['set',[1,2]]}}},'Port':{'" P
                "':{'insert':{'name':'p'}}}}",
                OVSDB_FORM_UPDATES2);
    struct ovsdb_row *a = row(f->switches, A);
    assert_true(a->exists && row(f->ports, P)->exists);
    commit_form(f,
                "{'Switch':{'" A "':{'modify':{'note':'m',"
                "'sizes':['set',[2,3]]}}},'Port':{'" P "':{'delete':null}}}",
                OVSDB_FORM_UPDATES2);
    assert_string_equal(ovsdb_string(a, SWITCH_NOTE), "m");
    assert_int_equal(ovsdb_count(a, SWITCH_SIZES), 2);
    assert_int_equal(ovsdb_atoms(a, SWITCH_SIZES)[1].integer, 3);
    assert_string_equal(ovsdb_string(a, SWITCH_NAME), "a");
    assert_false(row(f->ports, P)->exists);
}

static void
test_updates_carry_whole_values(void **state)
{
    struct fixture *f = *state;
    commit_form(f,
                "{'Switch':{'" A "':{'new':{'name':'a',"
                "'sizes':['set',[1,2]]}}}}",
                OVSDB_FORM_UPDATES);
    struct ovsdb_row *a = row(f->switches, A);
    commit_form(f,
                "{'Switch':{'" A "':{'old':{'sizes':['set',[1,2]]},"
                "'new':{'name':'a','sizes':['set',[2,3]]}}}}",
                OVSDB_FORM_UPDATES);
    assert_int_equal(ovsdb_count(a, SWITCH_SIZES), 2);
    assert_int_equal(ovsdb_atoms(a, SWITCH_SIZES)[1].integer, 3);
    assert_int_equal(a->created_in, 1);
    commit_form(f,
                "{'Switch':{'" A "':{'old':{'name':'a',"
                "'sizes':['set',[2,3]]}}}}",
                OVSDB_FORM_UPDATES);
    assert_false(a->exists);
    assert_int_equal(a->deleted_in, 3);
    assert_string_equal(ovsdb_string(a, SWITCH_NAME), "a");
}

static void
test_a_monitor_has_no_special_members(void **state)
{
    struct fixture *f = *state;
    commit_form(f,
                "{'_comment':'x','_is_diff':true,'Switch':{'" A
                "':{'initial':{'sizes':1}}}}",
                OVSDB_FORM_UPDATES2);
    assert_string_equal(f->store.records[1].comment, "");
    assert_int_equal(ovsdb_count(row(f->switches, A), SWITCH_SIZES), 1);
}

/* Tables. */

/* Ports whose tags are their numbers. */
static void
add_ports(struct fixture *f, int first, int n)
{
    struct text t;
    text_init(&t, TEXT_CEILING_BYTES);
    text_puts(&t, "{'Port':{");
    for (int i = first; i < first + n; i++) {
        text_printf(&t, "%s'%08x-0000-4000-8000-000000000000':{'tag':%d}",
                    i > first ? "," : "", i * 7, i);
    }
    text_puts(&t, "}}");
    commit(f, text_string(&t));
    text_done(&t);
}

static void
check_ports(struct fixture *f, int n_expected)
{
    int n = 0;
    OVSDB_TABLE_FOR_EACH (port, f->ports) {
        assert_int_equal(ovsdb_integer(port, PORT_TAG, -1), n++);
        assert_ptr_equal(ovsdb_table_find(f->ports, &port->uuid), port);
    }
    assert_int_equal(n, n_expected);
    assert_int_equal(f->ports->n_existing, n_expected);
    assert_null(row(f->ports, P));
}

static void
test_many_rows_are_found_and_listed_in_order(void **state)
{
    add_ports(*state, 0, 5000);
    check_ports(*state, 5000);
}

static void
test_rows_are_found_without_indexes_and_come_once(void **state)
{
    struct fixture *f = *state;
    ovsdb_store_trim(&f->store); /* Of empty tables. */
    ovsdb_store_drop_indexes(&f->store);
    check_ports(f, 0);
    for (int i = 0; i < 3; i++) {
        add_ports(f, 0, 1000 * (i + 1));
        ovsdb_store_trim(&f->store);
        ovsdb_store_drop_indexes(&f->store);
        assert_int_equal(f->ports->slots.n, 0);
        check_ports(f, 1000 * (i + 1));
        assert_int_equal(f->ports->n_rows, 1000 * (i + 1));
    }
    add_ports(f, 3000, 2000); /* More than go without. */
    ovsdb_store_drop_indexes(&f->store);
    assert_true(f->ports->slots.n >= 5000);
    check_ports(f, 5000);
}

#define TEST(NAME) \
    cmocka_unit_test_setup_teardown(test_##NAME, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_type_is_read),
        TEST(columns_come_in_any_order),
        TEST(absent_values_read_as_defaults),
        TEST(what_the_schema_lacks_stays_empty),
        TEST(dates_in_seconds_become_milliseconds),
        TEST(values_of_the_wrong_form_are_refused),
        TEST(transactions_of_the_wrong_form_are_refused),
        TEST(an_aborted_transaction_changes_nothing),
        TEST(a_record_that_is_no_diff_replaces),
        TEST(a_diff_changes_sets_and_maps_and_replaces_scalars),
        TEST(a_column_that_stands_twice_counts_once),
        TEST(a_new_row_that_stands_twice_can_be_emptied),
        TEST(is_diff_counts_wherever_it_stands),
        TEST(large_and_small_diffs_agree),
        TEST(columns_know_the_record_that_changed_them),
        TEST(past_values_are_kept_where_they_are_wanted),
        TEST(past_values_are_copies),
        TEST(deleted_rows_keep_their_content),
        TEST(a_deleted_uuid_can_come_again_afresh),
        TEST(deleting_what_is_not_there_is_harmless),
        TEST(references_come_before_their_rows),
        TEST(the_owner_is_who_held_it_last),
        TEST(a_port_that_moves_belongs_to_its_new_switch),
        TEST(updates2_insert_modify_and_delete),
        TEST(updates_carry_whole_values),
        TEST(a_monitor_has_no_special_members),
        TEST(many_rows_are_found_and_listed_in_order),
        TEST(rows_are_found_without_indexes_and_come_once),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
