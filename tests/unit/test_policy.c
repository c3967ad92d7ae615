#include "unit.h"

#include "policy/change.h"
#include "policy/policy.h"

/* A switch with a localnet port and a VM, in a Northbound database of which
 * each test states the ACLs. */
struct fixture {
    struct arena arena;
    struct evidence evidence;
    struct fabric fabric;
    struct policy *policy;
    struct policy_verdict verdict;
};

#define SET_OF(TABLE)                                                 \
    "{'type':{'key':{'type':'uuid','refTable':'" TABLE "','refType':" \
    "'strong'},'min':0,'max':'unlimited'}}"
#define WEAK_SET_OF(TABLE)                                            \
    "{'type':{'key':{'type':'uuid','refTable':'" TABLE "','refType':" \
    "'weak'},'min':0,'max':'unlimited'}}"
#define MAP \
    "{'type':{'key':'string','value':'string','min':0,'max':'unlimited'}}"
#define STRINGS "{'type':{'key':'string','min':0,'max':'unlimited'}}"
#define STRING "{'type':'string'}"

static const char schema[] =
    "{'name':'OVN_Northbound','version':'7.0.0','tables':{"
    "'NB_Global':{'isRoot':true,'columns':{'options':" MAP "}},"
    "'Logical_Switch':{'isRoot':true,'columns':{'name':" STRING
    ",'ports':" SET_OF("Logical_Switch_Port") ",'acls':" SET_OF(
        "ACL") "}},"
               "'Logical_Switch_Port':{'columns':{'name':" STRING
               ",'type':" STRING ",'addresses':" STRINGS ",'options':" MAP
               ",'external_ids':" MAP "}},"
               "'Port_Group':{'isRoot':true,'columns':{'name':" STRING
               ",'ports':" WEAK_SET_OF(
                   "Logical_Switch_Port") ",'acls':" SET_OF("ACL") "}},"
                                                                   "'Address_"
                                                                   "Set':{'"
                                                                   "isRoot':"
                                                                   "true,'"
                                                                   "columns':{"
                                                                   "'name'"
                                                                   ":" STRING
                                                                   ",'"
                                                                   "addresses'"
                                                                   ":" STRINGS
                                                                   "}},"
                                                                   "'ACL':{'"
                                                                   "columns':{"
                                                                   "'action'"
                                                                   ":" STRING
                                                                   ",'"
                                                                   "direction'"
                                                                   ":" STRING
                                                                   ",'match'"
                                                                   ":" STRING
                                                                   ",'"
                                                                   "priority':"
                                                                   "{'type':'"
                                                                   "integer'},"
                                                                   "'tier':{'"
                                                                   "type':"
                                                                   "'integer'}"
                                                                   ",'options'"
                                                                   ":" MAP
                                                                   "}}}}";

/* "'" for '"', and "`" for '"' within a string. */
static char *
unquote(const char *s)
{
    struct text out;
    text_init(&out, TEXT_CEILING_BYTES);
    for (; *s; s++) {
        if (*s == '`') {
            text_put(&out, "\\\"", 2);
        } else {
            text_putc(&out, *s == '\'' ? '"' : *s);
        }
    }
    text_putc(&out, '\0');
    char *copy = xstrdup(out.s);
    text_done(&out);
    return copy;
}

static void
read_schema(struct ovsdb_store *store)
{
    struct input_memory memory;
    struct input in;
    struct json_reader reader;
    char *json = unquote(schema);
    input_init_memory(&in, &memory, json, strlen(json));
    json_reader_init(&reader, &in);
    const struct json_value *value =
        json_read_value(&reader, &store->arena, 1000);
    assert_non_null(value);
    check_success(ovsdb_store_set_schema(store, value));
    json_reader_done(&reader);
    input_done(&in);
    free(json);
}

static void
read_rows(struct ovsdb_store *store, const char *quoted)
{
    struct input_memory memory;
    struct input in;
    struct json_reader reader;
    char *json = unquote(quoted);
    input_init_memory(&in, &memory, json, strlen(json));
    json_reader_init(&reader, &in);
    assert_true(ovsdb_store_read(store, &reader, OVSDB_FORM_LOG));
    ovsdb_store_commit(store, 1);
    json_reader_done(&reader);
    input_done(&in);
    free(json);
}

#define ID(N) "00000000-0000-4000-8000-0000000000" N
#define REF(N) "['uuid','" ID(N) "']"
#define ROWS                                                                  \
    "{'Logical_Switch_Port':{'" ID(                                           \
        "02") "':{'name':'ln','type':'localnet',"                             \
              "'addresses':'unknown','options':['map',[['network_name','p']]" \
              "]},'" ID(                                                      \
                  "03") "':{'name':'vm','addresses':'fa:16:3e:00:00:85 "      \
                        "10.0.0.5 "                                           \
                        "fd00::5','external_ids':['map',[['neutron:cidrs','"  \
                        "10.0.0.5/24 "                                        \
                        "fd00::5/64']]]}},"                                   \
                        "'Address_Set':{'" ID(                                \
                            "09") "':{'name':'some','addresses':['set',["     \
                                  "'10.0.0.64/26','10.9.0.0/16']]}},"         \
                                  "'Port_Group':{'" ID("04") "':{'name':'pg'" \
                                                             ",'ports':" REF( \
                                                                 "03") "}},"

/* The ACLs as rows, the switch's, and NB_Global's options. */
static void
build(struct fixture *f, const char *acls, const char *refs,
      const char *options)
{
    struct text rows;
    memset(f, 0, sizeof *f);
    arena_init(&f->arena);
    evidence_init(&f->evidence);
    struct evidence_db *nb = &f->evidence.nb;
    read_schema(&nb->store);
    nb->present = true;
    nb->log = &nb->store;
    text_init(&rows, TEXT_CEILING_BYTES);
    text_printf(&rows,
                ROWS "'ACL':{%s},'NB_Global':{'" ID(
                    "08") "':{'options':"
                          "['map',[%s]]}},'Logical_Switch':{'" ID(
                              "01") "':{'name':"
                                    "'ls','ports':['set',[" REF("02") "," REF(
                                        "03") "]],'acls':"
                                              "['set',[%s]]}}}",
                acls, options, refs);
    text_putc(&rows, '\0');
    read_rows(&nb->store, rows.s);
    text_done(&rows);
    fabric_init(&f->fabric, &f->evidence);
    f->policy = policy_new(&f->fabric, &f->arena);
}

static void
done(struct fixture *f)
{
    policy_free(f->policy);
    fabric_done(&f->fabric);
    evidence_done(&f->evidence);
    arena_done(&f->arena);
}

static enum policy_outcome
ask_about(struct fixture *f, const char *address, bool inbound,
          const char *host)
{
    for (size_t i = 0; i < f->fabric.n_endpoints; i++) {
        const struct fabric_endpoint *e = &f->fabric.endpoints[i];
        if (!strcmp(e->address, address)) {
            const struct fabric_switch *ls = e->ls;
            policy_judge(f->policy, e,
                         ls->n_localnets ? &ls->localnets[0] : &ls->pending[0],
                         inbound, host, &f->verdict);
            return f->verdict.outcome;
        }
    }
    fail_msg("%s is no endpoint", address);
    return POLICY_UNKNOWN;
}

#define ACL(N, DIRECTION, PRIORITY, ACTION, MATCH, MORE)            \
    "'" ID(N) "':{'direction':'" DIRECTION "','priority':" PRIORITY \
              ",'action':'" ACTION "','match':'" MATCH "'" MORE "}"

#define DROP_ALL                                                    \
    ACL("10", "to-lport", "1", "drop", "outport == `vm` && ip", "") \
    "," ACL("11", "from-lport", "1", "drop", "inport == `vm` && ip", "")
#define DROP_ALL_REFS REF("10") "," REF("11")

/* One case: ACLs of the switch, and what becomes of exchanges with
 * 10.0.0.5. */
struct acl_case {
    const char *what, *acls, *refs, *options, *host;
    enum policy_outcome inbound, outbound;
};

static const struct acl_case cases[] = {
    { "no ACLs", "", "", "", NULL, POLICY_ALLOWED, POLICY_ALLOWED },
    { "no ACLs, whatever the default", "", "", "['default_acl_drop','true']",
      NULL, POLICY_ALLOWED, POLICY_ALLOWED },
    { "all is dropped", DROP_ALL, DROP_ALL_REFS, "", NULL, POLICY_DROPPED,
      POLICY_DROPPED },
    { "answers of what is allowed pass by themselves",
      DROP_ALL "," ACL("12", "to-lport", "2", "allow-related",
                       "outport == `vm` && icmp4", ""),
      DROP_ALL_REFS "," REF("12"), "", NULL, POLICY_ALLOWED, POLICY_DROPPED },
    { "but not where nothing is tracked",
      DROP_ALL
      "," ACL("12", "to-lport", "2", "allow", "outport == `vm` && icmp4", ""),
      DROP_ALL_REFS "," REF("12"), "", NULL, POLICY_DROPPED, POLICY_DROPPED },
    { "'allow' is tracked where another ACL says allow-related",
      DROP_ALL
      "," ACL("12", "to-lport", "2", "allow", "outport == `vm` && icmp4",
              "") "," ACL("13", "to-lport", "1", "allow-related", "udp", ""),
      DROP_ALL_REFS "," REF("12") "," REF("13"), "", NULL, POLICY_ALLOWED,
      POLICY_DROPPED },
    { "the subnet is known",
      ACL("12", "to-lport", "2", "drop", "ip4.src == 10.1.0.0/16", ""),
      REF("12"), "", NULL, POLICY_ALLOWED, POLICY_ALLOWED },
    { "the host is not",
      ACL("12", "to-lport", "2", "drop", "ip4.src == $some", ""), REF("12"),
      "", NULL, POLICY_UNKNOWN, POLICY_UNKNOWN },
    { "unless it is said, in the set",
      ACL("12", "to-lport", "2", "drop", "ip4.src == $some", ""), REF("12"),
      "", "10.0.0.65", POLICY_DROPPED, POLICY_DROPPED },
    { "or not in it",
      ACL("12", "to-lport", "2", "drop", "ip4.src == $some", ""), REF("12"),
      "", "10.0.0.6", POLICY_ALLOWED, POLICY_ALLOWED },
    { "a host outside is no member of a group",
      DROP_ALL "," ACL("12", "to-lport", "2", "allow-related",
                       "outport == `vm` && ip4.src == $pg_ip4", ""),
      DROP_ALL_REFS "," REF("12"), "", NULL, POLICY_DROPPED, POLICY_DROPPED },
    { "of ACLs of one priority any may count",
      ACL("12", "to-lport", "2", "drop", "icmp4",
          "") "," ACL("13", "to-lport", "2", "allow", "ip4", ""),
      REF("12") "," REF("13"), "", NULL, POLICY_UNKNOWN, POLICY_UNKNOWN },
    { "a match that is an error is no flow",
      ACL("12", "to-lport", "2", "drop", "ip4.src == $none", ""), REF("12"),
      "", NULL, POLICY_ALLOWED, POLICY_ALLOWED },
    { "'pass' goes on to the next tier",
      ACL("12", "to-lport", "2", "pass", "icmp4", "") "," ACL(
          "13", "to-lport", "1", "drop", "icmp4",
          "") "," ACL("14", "to-lport", "9", "allow", "ip4", ",'tier':1"),
      REF("12") "," REF("13") "," REF("14"), "", NULL, POLICY_ALLOWED,
      POLICY_ALLOWED },
    { "by default all is dropped",
      ACL("12", "to-lport", "2", "allow", "udp", ""), REF("12"),
      "['default_acl_drop','true']", NULL, POLICY_DROPPED, POLICY_DROPPED },
    { "the stage after load balancing has its say",
      ACL("12", "from-lport", "2", "drop", "inport == `vm` && icmp4.type == 8",
          ",'options':['map',[['apply-after-lb','true']]]") "," ACL("13",
                                                                    "from-"
                                                                    "lport",
                                                                    "9",
                                                                    "allow",
                                                                    "1", ""),
      REF("12") "," REF("13"), "", NULL, POLICY_ALLOWED, POLICY_DROPPED },
};

static void
test_exchanges_fare_as_northd_compiles(void **state)
{
    (void) state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        const struct acl_case *c = &cases[i];
        struct fixture f;
        build(&f, c->acls, c->refs, c->options);
        for (int inbound = 0; inbound < 2; inbound++) {
            enum policy_outcome want = inbound ? c->inbound : c->outbound;
            enum policy_outcome got =
                ask_about(&f, "10.0.0.5", inbound, c->host);
            if (got != want) {
                fail_msg("%s, %s: %d, not %d", c->what,
                         inbound ? "inbound" : "outbound", got, want);
            }
        }
        done(&f);
    }
}

static void
test_verdicts_name_the_acl(void **state)
{
    struct fixture f;
    (void) state;
    build(&f, DROP_ALL, DROP_ALL_REFS, "");
    assert_int_equal(ask_about(&f, "10.0.0.5", true, NULL), POLICY_DROPPED);
    assert_string_equal(ovsdb_string(f.verdict.acl, ACL_DIRECTION),
                        "to-lport");
    assert_string_equal(f.verdict.stage, "to-lport");
    assert_string_equal(f.verdict.port, "vm");
    assert_string_equal(f.verdict.frame, "an echo request");
    assert_true(f.verdict.at_guest);
    assert_null(f.verdict.group);
    assert_null(f.verdict.removed);
    assert_int_equal(ask_about(&f, "fd00::5", false, NULL), POLICY_DROPPED);
    assert_string_equal(f.verdict.stage, "from-lport");
    done(&f);
}

static void
test_doubts_name_what_is_missing(void **state)
{
    struct fixture f;
    (void) state;
    build(&f, ACL("12", "to-lport", "2", "drop", "ip4.src == $some", ""),
          REF("12"), "");
    assert_int_equal(ask_about(&f, "10.0.0.5", true, NULL), POLICY_UNKNOWN);
    assert_non_null(f.verdict.acl);
    assert_non_null(strstr(f.verdict.why, "ip4.src"));
    done(&f);
}

/* Whether all is to be judged again once the VM takes the address that was
 * asked about as one that no port has; a borrowed policy asked, or nobody. */
static bool
is_all_marked(bool is_asked)
{
    struct fixture f;
    struct fabric_change c;
    struct arena arena;
    build(&f, ACL("12", "to-lport", "2", "drop", "ip4.src == 10.1.0.0/16", ""),
          REF("12"), "");
    arena_init(&arena);
    struct policy *lender = f.policy;
    struct policy *borrowed = policy_borrow(lender, &arena);
    policy_parse_groups(borrowed, 0, policy_n_groups(borrowed));
    if (is_asked) {
        f.policy = borrowed;
        assert_int_equal(ask_about(&f, "10.0.0.5", true, NULL),
                         POLICY_ALLOWED);
        f.policy = lender;
    }
    policy_take_back(lender, borrowed);
    struct evidence_db *nb = &f.evidence.nb;
    nb->store.keeps_deltas = true;
    fabric_change_init(&c, &f.fabric);
    read_rows(&nb->store,
              "{'Logical_Switch_Port':{'" ID(
                  "03") "':{'addresses':'fa:16:3e:00:00:85 10.0.0.254'}}}");
    fabric_change_apply(&c, nb);
    policy_change_apply(lender, &c, nb);
    bool all = c.all;
    fabric_change_done(&c);
    policy_free(borrowed);
    arena_done(&arena);
    done(&f);
    return all;
}

static void
test_changes_find_whom_a_borrowed_policy_asked_about(void **state)
{
    (void) state;
    assert_false(is_all_marked(false));
    assert_true(is_all_marked(true));
}

/* ovn-nb(5), Port_Group: northd makes address sets of every group, and an ACL
 * of others may name those of one that has no ACLs. */
static void
test_a_group_without_acls_has_addresses_that_change(void **state)
{
    struct fixture f;
    struct fabric_change c;
    (void) state;
    build(&f,
          ACL("12", "to-lport", "2", "drop",
              "outport == `vm` && ip4.src == $pg_ip4", ""),
          REF("12"), "");
    assert_int_equal(ask_about(&f, "10.0.0.5", true, "10.0.0.7"),
                     POLICY_ALLOWED);
    struct evidence_db *nb = &f.evidence.nb;
    nb->store.keeps_deltas = true;
    fabric_change_init(&c, &f.fabric);
    read_rows(&nb->store, "{'Logical_Switch_Port':{'" ID(
                              "03") "':{'addresses':'fa:16:3e:00:00:85 "
                                    "10.0.0.7'}}}");
    fabric_change_apply(&c, nb);
    policy_change_apply(f.policy, &c, nb);
    /* All is judged again, or the set is what it is now. */
    assert_true(c.all
                || ask_about(&f, "10.0.0.7", true, "10.0.0.7")
                       == POLICY_DROPPED);
    fabric_change_done(&c);
    done(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exchanges_fare_as_northd_compiles),
        cmocka_unit_test(test_verdicts_name_the_acl),
        cmocka_unit_test(test_doubts_name_what_is_missing),
        cmocka_unit_test(test_changes_find_whom_a_borrowed_policy_asked_about),
        cmocka_unit_test(test_a_group_without_acls_has_addresses_that_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
