#include "unit.h"

#include "ovsdb/diff.h"

/* Elements are drawn from a small range, so that they collide: 'present' and
 * 'value' are the naive model of a set or map. */
enum { RANGE = 60 };

struct model {
    bool present[RANGE];
    int value[RANGE]; /* Of a map. */
};

struct fixture {
    struct ovsdb_column_spec spec;
    struct arena arena;
    struct ovsdb_row *rows[RANGE]; /* Keys of type UUID. */
    const char *strings[RANGE];    /* Keys of type string. */
    uint64_t seed;
};

static void
fixture_init(struct fixture *f, enum ovsdb_atomic key, enum ovsdb_atomic value,
             uint64_t seed)
{
    *f = (struct fixture){ .spec = { .name = "c", .key = key, .value = value },
                           .seed = seed };
    arena_init(&f->arena);
    for (int i = 0; i < RANGE; i++) {
        f->rows[i] = arena_zalloc(&f->arena, sizeof **f->rows);
        f->rows[i]->uuid.low = (uint64_t) (i * 37 % RANGE);
        f->strings[i] = arena_printf(&f->arena, "key%d", i);
    }
}

/* The atom of the number 'i'.  Every string is a copy of its own. */
static union ovsdb_atom
make_atom(struct fixture *f, enum ovsdb_atomic type, int i)
{
    switch (type) {
    case OVSDB_INTEGER:
        return (union ovsdb_atom){ .integer = i - RANGE / 2 };
    case OVSDB_REAL:
        return (union ovsdb_atom){ .real = i / 8.0 - 3 };
    case OVSDB_STRING:
        return (union ovsdb_atom){ .string = arena_strdup(&f->arena,
                                                          f->strings[i]) };
    default:
        return (union ovsdb_atom){ .row = f->rows[i] };
    }
}

static int
atom_number(const struct fixture *f, enum ovsdb_atomic type,
            union ovsdb_atom a)
{
    for (int i = 0; i < RANGE; i++) {
        bool same = type == OVSDB_INTEGER  ? a.integer == i - RANGE / 2
                    : type == OVSDB_REAL   ? a.real == i / 8.0 - 3
                    : type == OVSDB_STRING ? !strcmp(a.string, f->strings[i])
                                           : a.row == f->rows[i];
        if (same) {
            return i;
        }
    }
    fail_msg("an atom that was never put in");
    return -1;
}

/* A value with the elements of 'm', in random order. */
static struct ovsdb_datum
make_datum(struct fixture *f, const struct model *m)
{
    union ovsdb_atom atoms[2 * RANGE];
    int order[RANGE];
    size_t n = 0;
    for (int i = 0; i < RANGE; i++) {
        int j = (int) draw(&f->seed, (uint32_t) i + 1);
        order[i] = order[j];
        order[j] = i;
    }
    for (int i = 0; i < RANGE; i++) {
        if (m->present[order[i]]) {
            atoms[n++] = make_atom(f, f->spec.key, order[i]);
            if (f->spec.value != OVSDB_VOID) {
                atoms[n++] = make_atom(f, f->spec.value, m->value[order[i]]);
            }
        }
    }
    return ovsdb_datum_new(&f->arena, &f->spec, atoms, n);
}

/* RFC 7047 has no diff: ovsdb-server(7), section 4.1.14, "modify". */
static void
apply_naively(const struct fixture *f, struct model *m,
              const struct model *diff)
{
    bool map = f->spec.value != OVSDB_VOID;
    for (int i = 0; i < RANGE; i++) {
        if (!diff->present[i]) {
            continue;
        }
        if (m->present[i] && (!map || m->value[i] == diff->value[i])) {
            m->present[i] = false;
        } else {
            m->present[i] = true;
            m->value[i] = diff->value[i];
        }
    }
}

static void
draw_model(struct fixture *f, struct model *m, unsigned n)
{
    memset(m, 0, sizeof *m);
    for (unsigned i = 0; i < n; i++) {
        uint32_t at = draw(&f->seed, RANGE);
        m->present[at] = true;
        m->value[at] = (int) draw(&f->seed, 3);
    }
}

static void
check_same(const struct fixture *f, const struct ovsdb_datum *d,
           const struct model *expected)
{
    struct model got = { 0 };
    bool map = f->spec.value != OVSDB_VOID;
    const union ovsdb_atom *atoms = ovsdb_datum_atoms(&f->spec, d);
    unsigned n = 0;
    for (uint32_t i = 0; i < d->n; i++) {
        int at = atom_number(f, f->spec.key, atoms[map ? 2 * i : i]);
        assert_false(got.present[at]); /* Once only. */
        got.present[at] = true;
        got.value[at] = map ? atom_number(f, f->spec.value, atoms[2 * i + 1])
                            : expected->value[at];
    }
    for (int i = 0; i < RANGE; i++) {
        assert_int_equal(got.present[i], expected->present[i]);
        assert_true(!got.present[i] || got.value[i] == expected->value[i]);
        n += expected->present[i];
    }
    assert_int_equal(d->n, n);
}

/* A chain of differences on one value: sizes from none to the whole range, on
 * both sides of the limit between the two ways to merge. */
static void
check_chain(enum ovsdb_atomic key, enum ovsdb_atomic value)
{
    static const unsigned sizes[] = { 0, 1, 2, 5, 16, 17, 18, 40, 200 };
    struct fixture f;
    struct model m, change;
    fixture_init(&f, key, value, 0x1234567 + key * 7 + value);
    draw_model(&f, &m, 3);
    struct ovsdb_datum d = make_datum(&f, &m);
    for (int i = 0; i < 3000; i++) {
        draw_model(&f, &change, sizes[draw(&f.seed, N_ELEMENTS(sizes))]);
        struct ovsdb_datum diff = make_datum(&f, &change);
        ovsdb_datum_apply_diff(&f.arena, &f.spec, &d, &diff);
        apply_naively(&f, &m, &change);
        check_same(&f, &d, &m);
        check_same(&f, &diff, &change); /* Untouched. */
        ovsdb_datum_recycle(&f.arena, &f.spec, &diff);
        if (!draw(&f.seed, 50)) {
            draw_model(&f, &m, sizes[draw(&f.seed, N_ELEMENTS(sizes))]);
            ovsdb_datum_recycle(&f.arena, &f.spec, &d);
            d = make_datum(&f, &m);
        }
    }
    arena_done(&f.arena);
}

static void
test_sets_follow_the_model(void **state PROVNET_UNUSED)
{
    check_chain(OVSDB_INTEGER, OVSDB_VOID);
    check_chain(OVSDB_REAL, OVSDB_VOID);
    check_chain(OVSDB_STRING, OVSDB_VOID);
    check_chain(OVSDB_UUID, OVSDB_VOID);
}

static void
test_maps_follow_the_model(void **state PROVNET_UNUSED)
{
    check_chain(OVSDB_STRING, OVSDB_STRING);
    check_chain(OVSDB_INTEGER, OVSDB_STRING);
    check_chain(OVSDB_INTEGER, OVSDB_UUID);
    check_chain(OVSDB_STRING, OVSDB_INTEGER);
}

static void
test_booleans_come_and_go(void **state PROVNET_UNUSED)
{
    struct arena arena;
    const struct ovsdb_column_spec spec = { .name = "b",
                                            .key = OVSDB_BOOLEAN };
    const union ovsdb_atom yes = { .boolean = true };
    const union ovsdb_atom no = { .boolean = false };
    arena_init(&arena);
    struct ovsdb_datum d = ovsdb_datum_new(&arena, &spec, &yes, 1);
    struct ovsdb_datum diff = ovsdb_datum_new(&arena, &spec, &no, 1);
    ovsdb_datum_apply_diff(&arena, &spec, &d, &diff);
    assert_int_equal(d.n, 2);
    diff = ovsdb_datum_new(&arena, &spec, &yes, 1);
    ovsdb_datum_apply_diff(&arena, &spec, &d, &diff);
    assert_int_equal(d.n, 1);
    assert_false(ovsdb_datum_atoms(&spec, &d)->boolean);
    arena_done(&arena);
}

/* What stays keeps its order, what comes is put behind it: the store's
 * bookkeeping of owners stands on this. */
static void
check_order(uint32_t n_old, uint32_t n_diff)
{
    struct arena arena;
    const struct ovsdb_column_spec spec = { .name = "i",
                                            .key = OVSDB_INTEGER };
    union ovsdb_atom atoms[128];
    arena_init(&arena);
    for (uint32_t i = 0; i < n_old; i++) {
        atoms[i].integer = 1000 - 2 * i; /* Falling. */
    }
    struct ovsdb_datum d = ovsdb_datum_new(&arena, &spec, atoms, n_old);
    for (uint32_t i = 0; i < n_diff; i++) { /* Odd numbers come; one goes. */
        atoms[i].integer = i ? 501 - 2 * i : 1000;
    }
    struct ovsdb_datum diff = ovsdb_datum_new(&arena, &spec, atoms, n_diff);
    ovsdb_datum_apply_diff(&arena, &spec, &d, &diff);
    assert_int_equal(d.n, n_old + n_diff - 2);
    for (uint32_t i = 0; i < d.n; i++) {
        int64_t expected = i < n_old - 1 ? 998 - 2 * (int64_t) i
                                         : 501 - 2 * (int64_t) (i - n_old + 2);
        assert_int_equal(d.many[i].integer, expected);
    }
    arena_done(&arena);
}

static void
test_order_is_kept_by_small_and_large_differences(void **state PROVNET_UNUSED)
{
    check_order(10, 5);
    check_order(50, 16);
    check_order(50, 17);
    check_order(50, 60);
}

/* A server sends no duplicates; a hostile file may. */
static void
test_duplicates_do_no_harm(void **state PROVNET_UNUSED)
{
    const struct ovsdb_column_spec spec = { .name = "i",
                                            .key = OVSDB_INTEGER };
    for (size_t n = 1; n < 60; n++) {
        struct arena arena;
        union ovsdb_atom atoms[60];
        memset(atoms, 0, sizeof atoms);
        arena_init(&arena);
        struct ovsdb_datum d = ovsdb_datum_new(&arena, &spec, atoms, 2);
        struct ovsdb_datum diff = ovsdb_datum_new(&arena, &spec, atoms, n);
        ovsdb_datum_apply_diff(&arena, &spec, &d, &diff);
        assert_true(d.n <= n + 2);
        arena_done(&arena);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sets_follow_the_model),
        cmocka_unit_test(test_maps_follow_the_model),
        cmocka_unit_test(test_booleans_come_and_go),
        cmocka_unit_test(test_order_is_kept_by_small_and_large_differences),
        cmocka_unit_test(test_duplicates_do_no_harm),
    };
    return cmocka_run_group_tests_name("diff", tests, NULL, NULL);
}
