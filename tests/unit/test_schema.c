#include "unit.h"

#include "ovsdb/schema.h"

static const struct ovsdb_column_spec columns[] = {
    { .name = "plain", .key = OVSDB_STRING },
    { .name = "set", .key = OVSDB_INTEGER },
    { .name = "map", .key = OVSDB_STRING, .value = OVSDB_STRING },
    { .name = "ref", .key = OVSDB_UUID, .ref_table = 0 },
};

static const struct ovsdb_table_spec tables[] = {
    { "T", columns, N_ELEMENTS(columns) },
    { "U", columns, 1 },
};

static const struct ovsdb_spec spec = { "DB", "db", tables, 2 };

struct fixture {
    struct ovsdb_column_type t[N_ELEMENTS(columns)], u[1];
    bool present[2];
};

/* Reads a schema whose tables are 'json' (with ' for "). */
static struct error *
read_schema(struct fixture *f, const char *name, const char *json)
{
    struct ovsdb_column_type *types[] = { f->t, f->u };
    struct arena arena;
    struct input in;
    struct input_memory memory;
    struct json_reader r;
    char text[4096];
    snprintf(text, sizeof text, "{'name':%s,'version':'1.0.0',%s}", name,
             json);
    for (char *p = text; *p; p++) {
        *p = *p == '\'' ? '"' : *p;
    }
    memset(f, 0xff, sizeof *f);
    arena_init(&arena);
    input_init_memory(&in, &memory, text, strlen(text));
    json_reader_init(&r, &in);
    const struct json_value *value = json_read_value(&r, &arena, 1000);
    assert_non_null(value);
    struct error *error = ovsdb_schema_read(value, &spec, types, f->present);
    json_reader_done(&r);
    input_done(&in);
    arena_done(&arena);
    return error;
}

static void
test_columns_and_their_cardinality_are_read(void **state PROVNET_UNUSED)
{
    struct fixture f;
    check_success(read_schema(
        &f, "'DB'",
        "'tables':{'T':{'columns':{"
        "'plain':{'type':'string'},"
        "'set':{'type':{'key':'integer','min':0,'max':'unlimited'}},"
        "'map':{'type':{'key':'string','value':'string','min':0,'max':1}},"
        "'ref':{'type':{'key':{'type':'uuid','refTable':'T'},'min':0,"
        "'max':7}}}},"
        "'U':{'columns':{'plain':{'type':{'key':{'type':'string'}}}}}}"));
    assert_true(f.present[0] && f.present[1]);
    for (size_t c = 0; c < N_ELEMENTS(columns); c++) {
        assert_true(f.t[c].present);
    }
    assert_true(f.t[0].single);
    assert_false(f.t[1].single);
    assert_true(f.t[2].single);
    assert_false(f.t[3].single);
    assert_true(f.u[0].present && f.u[0].single);
}

static void
test_missing_tables_and_columns_are_normal(void **state PROVNET_UNUSED)
{
    struct fixture f;
    check_success(read_schema(&f, "'DB'",
                              "'tables':{'T':{'columns':{"
                              "'plain':{'type':'string'},"
                              "'more':{'type':'real'}}},'V':{}}"));
    assert_true(f.present[0]);
    assert_false(f.present[1]);
    assert_true(f.t[0].present);
    assert_false(f.t[1].present || f.t[2].present || f.t[3].present);
}

static void
test_another_type_is_an_error_that_names_both(void **state PROVNET_UNUSED)
{
    static const struct {
        const char *column, *words;
    } cases[] = {
        { "'plain':{'type':'integer'}", "column plain of table T is of type "
                                        "integer/nothing in the schema, where "
                                        "string/nothing" },
        { "'plain':{'type':{'key':'string','value':'string'}}",
          "string/string" },
        { "'set':{'type':{'key':'real','max':'unlimited'}}", "real/nothing" },
        { "'map':{'type':{'key':'string','value':'integer','max':5}}",
          "string/integer" },
        { "'map':{'type':'string'}", "string/nothing" },
        { "'ref':{'type':'string'}", "string/nothing" },
        { "'plain':{'type':{'key':{}}}", "?/nothing" },
        { "'plain':{'type':7}", "?/nothing" },
        { "'plain':{}", "has no type" },
        { "'plain':7", "has no type" },
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct fixture f;
        char json[512];
        snprintf(json, sizeof json, "'tables':{'T':{'columns':{%s}}}",
                 cases[i].column);
        check_error(read_schema(&f, "'DB'", json), cases[i].words);
    }
}

static void
test_another_database_is_an_error_that_names_both(void **state PROVNET_UNUSED)
{
    struct fixture f;
    check_error(read_schema(&f, "'OVN_Southbound'", "'tables':{}"),
                "schema OVN_Southbound, not DB");
    check_error(read_schema(&f, "'DB2'", "'tables':{}"), "DB2, not DB");
}

static void
test_what_is_no_schema_is_an_error(void **state PROVNET_UNUSED)
{
    struct fixture f;
    check_error(read_schema(&f, "7", "'tables':{}"), "no database schema");
    check_error(read_schema(&f, "'DB'", "'tables':[]"), "no database schema");
    check_error(read_schema(&f, "'DB'", "'table':{}"), "no database schema");
}

static void
test_a_long_foreign_name_is_cut(void **state PROVNET_UNUSED)
{
    struct fixture f;
    char name[1003];
    memset(name, 'x', sizeof name);
    name[0] = name[1001] = '\'';
    name[1002] = '\0';
    struct error *error = read_schema(&f, name, "'tables':{}");
    assert_non_null(error);
    assert_true(strlen(error_text(error)) < 200);
    error_free(error);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_and_their_cardinality_are_read),
        cmocka_unit_test(test_missing_tables_and_columns_are_normal),
        cmocka_unit_test(test_another_type_is_an_error_that_names_both),
        cmocka_unit_test(test_another_database_is_an_error_that_names_both),
        cmocka_unit_test(test_what_is_no_schema_is_an_error),
        cmocka_unit_test(test_a_long_foreign_name_is_cut),
    };
    return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
