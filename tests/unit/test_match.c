#include "unit.h"

#include "base/text.h"
#include "match/match.h"
#include "match/symbol.h"

struct fixture {
    struct arena arena;
    struct match_context context;
    unsigned n_lookups;
};

static const char *const set1[] = { "10.0.0.1", "10.0.0.2", "nonsense" };
static const char *const nets[] = { "10.0.0.0/24", "192.168.0.0/16",
                                    "10.1.0.0/24", "10.9.9.9" };
static const char *const set6[] = { "fd00::1", "fd01::/64" };
static const char *const mixed[] = { "10.0.0.1", "fd00::1" };
static const char *const bits[] = { "0", "1" };
static const char *const pg[] = { "vm2", "vm1" };

static const struct {
    const char *name;
    const char *const *members;
    size_t n;
    bool is_port_group;
} sets[] = {
    { "set1", set1, 3, false },
    { "nets", nets, 4, false },
    { "set6", set6, 2, false },
    { "mixed", mixed, 2, false },
    { "empty", NULL, 0, false },
    { "pg", pg, 2, true },
    { "pg_empty", NULL, 0, true },
    { "bits", bits, 2, false },
    { "huge", NULL, MATCH_MAX_MEMBERS + 1, false },
};

static bool
look_up(struct fixture *f, const char *name, bool is_port_group,
        const char *const **ret_members, size_t *ret_n)
{
    f->n_lookups++;
    for (size_t i = 0; i < N_ELEMENTS(sets); i++) {
        if (!strcmp(sets[i].name, name)
            && sets[i].is_port_group == is_port_group) {
            *ret_members = sets[i].members;
            *ret_n = sets[i].n;
            return true;
        }
    }
    return false;
}

static bool
look_up_address_set(void *f, const char *name, const char *const **ret_members,
                    size_t *ret_n)
{
    return look_up(f, name, false, ret_members, ret_n);
}

static bool
look_up_port_group(void *f, const char *name, const char *const **ret_members,
                   size_t *ret_n)
{
    return look_up(f, name, true, ret_members, ret_n);
}

static int
set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    arena_init(&f->arena);
    match_context_init(&f->context, &f->arena, look_up_address_set,
                       look_up_port_group, f);
    *state = f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;
    match_context_done(&f->context);
    arena_done(&f->arena);
    free(f);
    return 0;
}

static const struct match *
parse(struct fixture *f, const char *text)
{
    const struct match *match = NULL;
    struct error *error = match_parse(&f->context, text, &match);
    if (error) {
        fail_msg("%s: %s", text, error_text(error));
    }
    return match;
}

/* 'expression' of the packet that 'known' describes. */
static struct match_verdict
ask(struct fixture *f, const char *expression, const char *known)
{
    struct match_packet packet;
    match_packet_init(&packet);
    if (!match_assume(parse(f, known), &packet)) {
        fail_msg("%s is not one packet", known);
    }
    return match_evaluate(parse(f, expression), &packet);
}

#define ARP "eth.type == 0x806 && vlan.tci == 0"
#define TCP                                                                \
    "eth.type == 0x800 && vlan.tci == 0 && ip.proto == 6 && "              \
    "ip4.src == 10.0.0.1 && ip4.dst == 192.168.50.185 && tcp.src == 1024 " \
    "&& tcp.dst == 80 && ip.frag == 0 && inport == \"vm1\" && outport == " \
    "\"vm3\" && ct_state == 0x21"
#define UDP "eth.type == 0x800 && ip.proto == 17 && udp.dst == 80"
#define PING6                                                        \
    "eth.type == 0x86dd && ip.proto == 58 && ip6.src == fd01::5 && " \
    "ip6.dst == fd00::1 && icmp6.type == 128 && icmp6.code == 0"
#define NS                                                                 \
    "eth.type == 0x86dd && ip.proto == 58 && ip.ttl == 255 && icmp6.type " \
    "== 135 && icmp6.code == 0 && nd.target == fd00::1"

static void
test_verdicts_are_those_of_ovn(void **state)
{
    static const struct {
        const char *expression, *packet;
        enum match_result result;
    } cases[] = {
        { "1", ARP, MATCH_YES },
        { "0", ARP, MATCH_NO },
        { "!0 && !(1 && 0)", ARP, MATCH_YES },
        { "tcp.dst == 80", TCP, MATCH_YES },
        { "80 == tcp.dst", TCP, MATCH_YES },
        { "tcp.dst == 0x50", TCP, MATCH_YES },
        { "tcp.dst != 80", TCP, MATCH_NO },
        { "!(tcp.dst == 81)", TCP, MATCH_YES },
        /* Prerequisites come after '!'. */
        { "!(tcp.dst == 81)", UDP, MATCH_NO },
        { "!(tcp.dst == 81 && tcp.src == 1)", ARP, MATCH_NO },
        { "udp.dst == 80", TCP, MATCH_NO },
        { "!ip.is_frag", ARP, MATCH_YES },
        { "ip.frag == 0", ARP, MATCH_NO },
        /* Ranges and order. */
        { "80 <= tcp.dst <= 90", TCP, MATCH_YES },
        { "80 < tcp.dst <= 90", TCP, MATCH_NO },
        { "100 > tcp.dst > 79", TCP, MATCH_YES },
        { "!(0 <= tcp.src < 1024)", TCP, MATCH_YES },
        { "tcp.dst >= 80 && tcp.dst <= 90", TCP, MATCH_YES },
        { "ip4.src < 10.0.0.2", TCP, MATCH_YES },
        { "ip4.src > 10.0.0.1", TCP, MATCH_NO },
        { "10.0.0.0 < ip4.src", TCP, MATCH_YES },
        /* Subfields and masks. */
        { "ip4.src[0..7] == 1", TCP, MATCH_YES },
        { "ip4.src[24..31] == 10", TCP, MATCH_YES },
        { "ip4.src[0]", TCP, MATCH_YES },
        { "!ip4.src[1]", TCP, MATCH_YES },
        { "ip4.src[0..7] == 0x101", TCP, MATCH_YES },
        { "ip4.src == 10.0.0.0/8", TCP, MATCH_YES },
        { "ip4.src == 10.9.9.9/8", TCP, MATCH_YES },
        { "ip4.src != 10.0.0.0/24", TCP, MATCH_NO },
        { "ip4.src == 0.0.0.1/0.0.0.255", TCP, MATCH_YES },
        { "ip4.src == 0.0.0.0/0", TCP, MATCH_YES },
        { "ip4.src == 0.0.0.0/0", ARP, MATCH_NO },
        { "ip6.src == fd01::/64", PING6, MATCH_YES },
        { "ip6.src == fd01::/128", PING6, MATCH_NO },
        { "ip6.dst == fd00::0:1", PING6, MATCH_YES },
        /* Sets. */
        { "ip4.src == {10.0.0.1, 10.0.0.9}", TCP, MATCH_YES },
        { "ip4.src == {10.0.0.7 10.0.0.9,}", TCP, MATCH_NO },
        { "ip4.src != {10.0.0.7, 10.0.0.1}", TCP, MATCH_NO },
        { "ip4.src != {10.0.0.7, 10.0.0.8}", TCP, MATCH_YES },
        { "ip4.src != {10.0.0.7, 10.0.0.8}", ARP, MATCH_NO },
        { "ip4.src == $set1", TCP, MATCH_YES },
        { "ip4.src == $nets", TCP, MATCH_YES },
        { "ip4.dst == {$set1, $nets}", TCP, MATCH_YES },
        { "ip4.dst == $set1", TCP, MATCH_NO },
        { "ip4.dst == {$set1, 192.168.50.185}", TCP, MATCH_YES },
        { "ip4.dst == {$set1}", TCP, MATCH_NO },
        { "ip4.src == {$set1}", TCP, MATCH_YES },
        { "ip4.src != {$set1, $empty}", TCP, MATCH_NO },
        { "ip4.src == {$empty, 10.0.0.1}", TCP, MATCH_YES },
        { "ip4.src == {$empty}", TCP, MATCH_NO },
        { "ip4.src == {$nets, $set1, 11.0.0.1}", TCP, MATCH_YES },
        { "ip4.src[0..7] == {0x101, 7}", TCP, MATCH_YES },
        { "ip6.src == $set6 && ip6.dst == $set6", PING6, MATCH_YES },
        { "ip6.src == $mixed", PING6, MATCH_NO },
        { "ip4.src == $empty", TCP, MATCH_NO },
        { "ip4.src != $empty", ARP, MATCH_YES },
        /* Ports. */
        { "inport == \"vm1\"", TCP, MATCH_YES },
        { "inport == \"v\\u006d1\"", TCP, MATCH_YES },
        { "inport == @pg", TCP, MATCH_YES },
        { "outport == @pg", TCP, MATCH_NO },
        { "outport == {@pg, \"vm3\"}", TCP, MATCH_YES },
        { "inport == {\"vm3\", @pg}", TCP, MATCH_YES },
        { "inport == {@pg_empty, \"vm1\"}", TCP, MATCH_YES },
        { "outport == {@pg, @pg_empty}", TCP, MATCH_NO },
        { "!(inport != {\"vm1\", \"vm2\"})", TCP, MATCH_YES },
        { "inport == @pg_empty", TCP, MATCH_NO },
        { "outport == \"none\"", "outport == \"none\"", MATCH_YES },
        /* Predicates. */
        { "ip4 && tcp && !vlan.present", TCP, MATCH_YES },
        { "ip && !ip.first_frag", TCP, MATCH_YES },
        { "icmp", PING6, MATCH_YES },
        { "icmp4 || arp", PING6, MATCH_NO },
        { "nd_ns && nd && !(nd.target != fd00::1)", NS, MATCH_YES },
        { "tcp == 1 && tcp != 0", TCP, MATCH_YES },
        { "vlan.present == {0, 1}", TCP, MATCH_YES },
        { "vlan.present == $bits", TCP, MATCH_YES },
        { "vlan.present == {$bits, 1}", TCP, MATCH_YES },
        /* Connection tracking: 0x21 is new and tracked. */
        { "ct.new && !ct.est", TCP, MATCH_YES },
        { "ct.trk && ct.est", TCP, MATCH_NO },
        { "!ct.rpl || 0", TCP, MATCH_YES },
        { "!ct.est", "ct_state == 0", MATCH_NO },
        { "reg0 == 7 && xxreg0[96..127] == 7", "reg0 == 7", MATCH_YES },
        { "tcp // && nonsense", TCP, MATCH_YES },
        { "tcp /* no */ && /* more */ 1", TCP, MATCH_YES },
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct match_verdict verdict =
            ask(*state, cases[i].expression, cases[i].packet);
        if (verdict.result != cases[i].result) {
            fail_msg("%s of %s: %d", cases[i].expression, cases[i].packet,
                     verdict.result);
        }
    }
}

static void
test_what_is_unknown_is_named(void **state)
{
    static const struct {
        const char *expression, *packet, *symbol;
        uint64_t unknown;
    } cases[] = {
        { "tcp.dst == 80", "eth.type == 0x800 && ip.proto == 6", "tcp.dst",
          UINT64_C(1) << MATCH_TCP_DST },
        { "tcp.dst == 80", "eth.type == 0x800", "ip.proto",
          UINT64_C(1) << MATCH_IP_PROTO | UINT64_C(1) << MATCH_TCP_DST },
        { "ct.est", "ct.trk", "ct.est", UINT64_C(1) << MATCH_CT_STATE },
        { "inport == @pg || reg5 == 1", "0 == reg0", "inport",
          UINT64_C(1) << MATCH_INPORT | UINT64_C(1) << MATCH_XXREG1 },
        { "is_chassis_resident(\"a\")", "1", "is_chassis_resident()",
          UINT64_C(1) << MATCH_CHASSIS_RESIDENT },
        { "ip4.src == $nets", "eth.type == 0x800 && ip4.src == 10.0.0.0/8",
          "ip4.src", UINT64_C(1) << MATCH_IP4_SRC },
        { "ip4.src == {$set1, 10.0.0.9}",
          "eth.type == 0x800 && ip4.src == 10.0.0.2/31", "ip4.src",
          UINT64_C(1) << MATCH_IP4_SRC },
        { "ip4.src == {$nets, 11.0.0.9}",
          "eth.type == 0x800 && ip4.src == 11.0.0.0/8", "ip4.src",
          UINT64_C(1) << MATCH_IP4_SRC },
        { "ip4.src == $set1",
          "eth.type == 0x800 && ip4.src == 0.0.0.1/0.0.0.3", "ip4.src",
          UINT64_C(1) << MATCH_IP4_SRC },
        { "ip4.src < 10.0.0.9", "eth.type == 0x800 && ip4.src == 10.0.0.0/24",
          "ip4.src", UINT64_C(1) << MATCH_IP4_SRC },
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct match_verdict verdict =
            ask(*state, cases[i].expression, cases[i].packet);
        assert_int_equal(verdict.result, MATCH_MAYBE);
        assert_string_equal(verdict.symbol, cases[i].symbol);
        assert_int_equal(verdict.unknown, cases[i].unknown);
    }
}

static void
test_what_is_unknown_need_not_matter(void **state)
{
    static const struct {
        const char *expression, *packet;
        enum match_result result;
    } cases[] = {
        { "tcp.dst == 80", "eth.type == 0x806", MATCH_NO },
        { "tcp.dst == 80 || arp", "eth.type == 0x806", MATCH_YES },
        { "ip4.src == 11.0.0.0/8",
          "eth.type == 0x800 && ip4.src == 10.0.0.0/8", MATCH_NO },
        { "ip4.src == 10.0.0.0/8",
          "eth.type == 0x800 && ip4.src == 10.0.0.0/16", MATCH_YES },
        { "ip4.src < 10.1.0.0", "eth.type == 0x800 && ip4.src == 10.0.0.0/16",
          MATCH_YES },
        { "ip4.src >= 10.1.0.0", "eth.type == 0x800 && ip4.src == 10.0.0.0/16",
          MATCH_NO },
        { "ip4.src == $nets", "eth.type == 0x800 && ip4.src == 192.168.7.0/24",
          MATCH_YES },
        { "ip4.src == $nets", "eth.type == 0x800 && ip4.src == 10.2.0.0/16",
          MATCH_NO },
        { "ip4.src == {$nets, 11.0.0.9}",
          "eth.type == 0x800 && ip4.src == 11.1.0.0/16", MATCH_NO },
        { "ip4.src == $set1", "eth.type == 0x800 && ip4.src == 10.0.0.4/30",
          MATCH_NO },
        { "ip4.src == $set1", "eth.type == 0x800 && ip4.src == 9.0.0.0/8",
          MATCH_NO },
        { "ip4.src == $set1",
          "eth.type == 0x800 && ip4.src == 0.0.0.3/0.0.0.3", MATCH_NO },
        { "ct.est", "ct_state == 0/0x20", MATCH_NO },
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct match_verdict verdict =
            ask(*state, cases[i].expression, cases[i].packet);
        if (verdict.result != cases[i].result) {
            fail_msg("%s of %s: %d", cases[i].expression, cases[i].packet,
                     verdict.result);
        }
        assert_int_equal(verdict.unknown, 0);
    }
}

static void
test_errors_name_the_column(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *expression, *words;
    } cases[] = {
        { "", "column 1: expected a constant, found the end" },
        { "tcp.dst == ", "column 12: expected a constant, found the end" },
        { "ip4 && tcp_dst == 80", "column 8: expected a field, found" },
        { "ip4 && (tcp", "column 12: expected ')', && or ||" },
        { "ip4 tcp", "column 5: expected &&, || or the end, found 'tcp'" },
        { "ip4 && tcp || udp", "column 12: && and || need parentheses" },
        { "!tcp", "column 2: tcp, a nominal predicate" },
        { "tcp == 0", "cannot be negated" },
        /* An example of ovn-sb(5), but OVN refuses it too. */
        { "!(arp.op == 1)", "can only be tested for equality" },
        { "ip.proto != 6", "can only be tested for equality" },
        { "inport != \"a\"", "can only be tested for equality" },
        { "ip.proto > 6", "has no order" },
        { "ip4.src > {10.0.0.1}", "only == and != compare with a set" },
        { "ip4.src > 10.0.0.0/8", "masked" },
        { "!ip4.src == 10.0.0.1", "needs parentheses" },
        { "ip4.src", "more than one bit" },
        { "inport", "column 7: expected ==" },
        { "tcp.dst = 80", "column 9: expected" },
        { "tcp.dst == 65536", "tcp.dst has 16 bits" },
        { "ip4.src == fd00::1", "ip4.src has 32 bits" },
        { "ip4.src == $mixed", "ip4.src has 32 bits" },
        { "ip4.src == $nope", "there is no address set 'nope'" },
        { "inport == @nope", "column 11: there is no port group 'nope'" },
        { "inport == $set1", "compared with strings only" },
        { "tcp.dst == \"80\"", "integers" },
        { "tcp.dst == {80, \"a\"}", "integers or strings" },
        { "ip4.src[32]", "has bits 0 to 31" },
        { "ip4.src[7..0] == 1", "has bits 0 to 31" },
        { "ip.proto[0..3] == 1", "nominal" },
        { "inport[0]", "is a string" },
        { "1 < tcp.dst > 2", "a range is" },
        { "ip4.src == 10.0.0.0/33", "prefix length" },
        { "ip4.src == 10.0.0", "not a number or an address" },
        { "tcp.dst == 080", "leading zeros" },
        { "tcp.dst == 0xg", "not a hexadecimal" },
        { "inport == \"a", "without a closing quote" },
        { "inport == \"\\ud800\"", "bad escape" },
        { "tcp /* x", "a comment without" },
        { "tcp & udp", "no part of a match" },
        { "is_here(\"a\")", "the only function" },
        { "!!ip.is_frag", "expected a constant" },
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        const struct match *match;
        struct error *error =
            match_parse(&f->context, cases[i].expression, &match);
        if (!error || !strstr(error_text(error), cases[i].words)) {
            fail_msg("%s: %s", cases[i].expression,
                     error ? error_text(error) : "no error");
        }
        error_free(error);
    }
}

/* Repeats 'part' 'n' times between 'before' and 'after'. */
static char *
repeat(const char *before, const char *part, size_t n, const char *after)
{
    size_t length = strlen(part);
    char *text = malloc(strlen(before) + n * length + strlen(after) + 1);
    char *out = stpcpy(text, before);
    for (size_t i = 0; i < n; i++) {
        out = stpcpy(out, part);
    }
    strcpy(out, after);
    return text;
}

static void
check_refused(struct fixture *f, char *text, const char *words)
{
    const struct match *match;
    check_error(match_parse(&f->context, text, &match), words);
    free(text);
}

static void
test_limits_hold(void **state)
{
    struct fixture *f = *state;
    check_refused(f, repeat("", "(", 101, "1"), "nested too deeply");
    check_refused(f, repeat("", "(", 100000, "1"), "nested too deeply");
    check_refused(f, repeat("", "!(", 5000, "1"), "nested too deeply");
    check_refused(f, repeat("1", " ", MATCH_MAX_LENGTH, ""), "more than");
    char *open = repeat("", "(", 100, "1");
    char *deep = repeat(open, ")", 100, "");
    parse(f, deep);
    free(open);
    free(deep);
    char *wide = repeat("0", " || arp", 100000, "");
    assert_int_equal(ask(f, wide, ARP).result, MATCH_YES);
    free(wide);
    char *many = repeat("tcp.dst == {", "1 ", 100000, "80}");
    assert_int_equal(ask(f, many, TCP).result, MATCH_YES);
    free(many);
    f->n_lookups = 0;
    for (int i = 0; i < 3; i++) {
        check_refused(f, repeat("ip4.src == $", "huge", 1, ""), "more than");
    }
    assert_int_equal(f->n_lookups, 1);
    /* One set alone in braces is that set. */
    size_t before = f->arena.used_bytes;
    for (int i = 0; i < 1000; i++) {
        parse(f, "ip4.src == {$nets}");
    }
    size_t in_braces = f->arena.used_bytes - before;
    for (int i = 0; i < 1000; i++) {
        parse(f, "ip4.src == $nets");
    }
    size_t bare = f->arena.used_bytes - before - in_braces;
    assert_true(in_braces < bare + 1000 * sizeof(struct match_set));
}

static void
test_sets_are_looked_up_once_and_noted(void **state)
{
    struct fixture *f = *state;
    const struct match *match =
        parse(f, "inport == @pg && ip4.src == {$set1, $set1}");
    parse(f, "ip4.dst == $set1 && outport == @pg");
    assert_int_equal(f->n_lookups, 2);
    const struct match_reference *r = match->references;
    assert_string_equal(r->name, "set1");
    assert_false(r->is_port_group);
    assert_string_equal(r->next->next->name, "pg");
    assert_true(r->next->next->is_port_group);
    assert_null(r->next->next->next);
    assert_int_equal(match->fields, UINT64_C(1) << MATCH_INPORT
                                        | UINT64_C(1) << MATCH_IP4_SRC
                                        | UINT64_C(1) << MATCH_ETH_TYPE);
}

static void
test_a_set_that_is_forgotten_is_looked_up_again(void **state)
{
    struct fixture *f = *state;
    const struct match *match;
    for (unsigned n = 1; n <= 3; n++) {
        assert_null(match_parse(&f->context, "ip4.src == $set1", &match));
        assert_null(match_parse(&f->context, "inport == @pg", &match));
        assert_int_equal(f->n_lookups, n + 1);
        match_context_forget(&f->context, "set1", false);
        match_context_forget(&f->context, "set1", true); /* Nobody asked. */
        match_context_forget(&f->context, "pg", false);
    }
}

/* Puts "$NAME" or "@NAME" behind 'text'. */
static void
put_reference(void *text, const char *name, size_t length, bool is_port_group)
{
    text_printf(text, "%s%.*s ", is_port_group ? "@" : "$", (int) length,
                name);
}

static void
test_references_are_those_that_a_match_has(void **state PROVNET_UNUSED)
{
    static const struct {
        const char *match, *references;
    } cases[] = {
        { "", "" },
        { "ip4", "" },
        { "ip4.src == $a && inport == @b", "$a @b " },
        { "ip4.src == {$a, $b.c, 10.0.0.1} || ip4.dst == $a", "$a $b.c $a " },
        { "outport == \"$a\" && ip4", "" }, /* A port's name. */
        { "inport == @a && ip4.src == $b &&&& ~ $c", "@a $b " },
        { "$ && @", "" },
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct text text;
        text_init(&text, 1000);
        match_visit_references(cases[i].match, put_reference, &text);
        assert_string_equal(text_string(&text), cases[i].references);
        text_done(&text);
    }
}

static void
test_every_symbol_can_be_used(void **state)
{
    for (size_t i = 0; i < match_n_symbols; i++) {
        const struct match_symbol *s = &match_symbols[i];
        char text[100];
        snprintf(text, sizeof text, s->width ? "%s == 1" : "%s == \"a\"",
                 s->name);
        parse(*state, text);
        assert_true(s->offset + s->width <= 128);
        if (s->width && !s->expansion) {
            assert_true(s->offset + s->width <= match_field_width(s->field));
        }
    }
}

static void
test_assuming_makes_a_packet(void **state)
{
    struct fixture *f = *state;
    struct match_packet packet;
    match_packet_init(&packet);
    assert_true(match_assume(parse(f, "ip4.src == 10.0.0.1 && tcp.dst == 80"),
                             &packet));
    assert_int_equal((uint64_t) packet.value[MATCH_ETH_TYPE], 0x800);
    assert_int_equal((uint64_t) packet.value[MATCH_IP_PROTO], 6);
    assert_int_equal((uint64_t) packet.value[MATCH_IP4_SRC], 0x0a000001);
    assert_int_equal((uint64_t) packet.known[MATCH_TCP_DST], 0xffff);
    assert_int_equal((uint64_t) packet.known[MATCH_TCP_SRC], 0);
    assert_false(match_assume(parse(f, "ip6"), &packet));
    assert_false(match_assume(parse(f, "ip4.dst == $nets"), &packet));
    match_packet_init(&packet);
    assert_false(match_assume(parse(f, "tcp.dst == 80"), &packet));
    assert_int_equal(packet.known[MATCH_ETH_TYPE] != 0, 0);
    assert_true(match_assume(parse(f, "!ct.est"), &packet));
    assert_int_equal((uint64_t) packet.value[MATCH_CT_STATE], MATCH_CT_TRK);
}

static enum match_result
is_resident(void *aux, const char *port)
{
    return strcmp(port, aux) ? MATCH_NO : MATCH_YES;
}

static void
test_packets_are_set_from_text(void **state)
{
    struct fixture *f = *state;
    struct match_packet packet;
    char port[] = "cr-lrp";
    match_packet_init(&packet);
    match_packet_set(&packet, MATCH_ETH_TYPE, 0x86dd);
    assert_int_equal(match_packet_set_text(&packet, MATCH_IP6_SRC, "fd00::1"),
                     0);
    assert_int_equal(
        match_packet_set_text(&packet, MATCH_ETH_SRC, "fa:16:3e:00:00:01"), 0);
    assert_int_not_equal(
        match_packet_set_text(&packet, MATCH_IP4_SRC, "fd00::1"), 0);
    assert_int_not_equal(
        match_packet_set_text(&packet, MATCH_IP4_SRC, "10.0.0.1 "), 0);
    packet.resident = is_resident;
    packet.resident_aux = port;
    const struct match *match =
        parse(f, "ip6.src == fd00::1 && eth.src == fa:16:3e:00:00:01 && "
                 "is_chassis_resident(\"cr-lrp\") && "
                 "!is_chassis_resident(\"x\")");
    assert_int_equal(match_evaluate(match, &packet).result, MATCH_YES);
    match_packet_forget(&packet, MATCH_CHASSIS_RESIDENT);
    match_packet_set_port(&packet, MATCH_INPORT, "vm1");
    assert_int_equal(match_evaluate(match, &packet).result, MATCH_MAYBE);
    match_packet_forget(&packet, MATCH_INPORT);
    assert_null(packet.inport);
    match_packet_forget(&packet, MATCH_ETH_TYPE);
    assert_int_equal(match_evaluate(match, &packet).result, MATCH_MAYBE);
}

static bool
find_any(void *is_port_group, const char *name PROVNET_UNUSED,
         const char *const **ret_members, size_t *ret_n)
{
    (void) is_port_group;
    *ret_members = NULL;
    *ret_n = 0;
    return true;
}

/* matches.txt is beside this file. */
static void
test_matches_of_the_manuals_parse(void **state PROVNET_UNUSED)
{
    char path[4096], *line = NULL;
    size_t size = 0, n = 0;
    snprintf(path, sizeof path, "%.*smatches.txt",
             (int) (strrchr(__FILE__, '/') + 1 - __FILE__), __FILE__);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    struct arena arena;
    struct match_context context;
    arena_init(&arena);
    match_context_init(&context, &arena, find_any, find_any, NULL);
    while (getline(&line, &size, file) > 0) {
        line[strcspn(line, "\n")] = '\0';
        const struct match *match;
        if (*line && *line != '#') {
            struct error *error = match_parse(&context, line, &match);
            if (error) {
                fail_msg("%s: %s", line, error_text(error));
            }
            n++;
        }
    }
    assert_true(n > 100);
    free(line);
    fclose(file);
    match_context_done(&context);
    arena_done(&arena);
}

#define WITH_FIXTURE(TEST) \
    cmocka_unit_test_setup_teardown(TEST, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(test_verdicts_are_those_of_ovn),
        WITH_FIXTURE(test_what_is_unknown_is_named),
        WITH_FIXTURE(test_what_is_unknown_need_not_matter),
        WITH_FIXTURE(test_errors_name_the_column),
        WITH_FIXTURE(test_limits_hold),
        WITH_FIXTURE(test_sets_are_looked_up_once_and_noted),
        WITH_FIXTURE(test_a_set_that_is_forgotten_is_looked_up_again),
        cmocka_unit_test(test_references_are_those_that_a_match_has),
        WITH_FIXTURE(test_every_symbol_can_be_used),
        WITH_FIXTURE(test_assuming_makes_a_packet),
        WITH_FIXTURE(test_packets_are_set_from_text),
        cmocka_unit_test(test_matches_of_the_manuals_parse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
