#include "ovsdb/diff.h"

#include <stdlib.h>
#include <string.h>

/* Above this many elements a difference is sorted instead of searched. */
#define MAX_SEARCHED 16

static size_t
atoms_per_element(const struct ovsdb_column_spec *spec)
{
    return spec->value == OVSDB_VOID ? 1 : 2;
}

struct ovsdb_datum
ovsdb_datum_new(struct arena *arena, const struct ovsdb_column_spec *spec,
                const union ovsdb_atom *atoms, size_t n_atoms)
{
    struct ovsdb_datum d = { .n = 0 };
    d.n = (uint32_t) (n_atoms / atoms_per_element(spec));
    if (n_atoms == 1) {
        d.one = atoms[0];
    } else if (n_atoms) {
        size_t size = n_atoms * sizeof *atoms;
        d.many = memcpy(arena_alloc_array(arena, size), atoms, size);
    }
    return d;
}

void
ovsdb_datum_recycle(struct arena *arena, const struct ovsdb_column_spec *spec,
                    struct ovsdb_datum *d)
{
    size_t n_atoms = d->n * atoms_per_element(spec);
    if (n_atoms > 1) {
        arena_recycle_array(arena, d->many, n_atoms * sizeof *d->many);
    }
    d->n = 0;
}

static int
compare_atoms(enum ovsdb_atomic type, union ovsdb_atom a, union ovsdb_atom b)
{
    switch (type) {
    case OVSDB_INTEGER:
        return a.integer < b.integer ? -1 : a.integer > b.integer;
    case OVSDB_REAL:
        return a.real < b.real ? -1 : a.real > b.real;
    case OVSDB_BOOLEAN:
        return a.boolean - b.boolean;
    case OVSDB_STRING:
        return strcmp(a.string, b.string);
    case OVSDB_UUID:
        return uuid_compare(&a.row->uuid, &b.row->uuid);
    case OVSDB_VOID:
        break;
    }
    return 0;
}

/* An element of either side of a difference, while they are being merged. */
struct element {
    enum ovsdb_atomic key, value;
    union ovsdb_atom atoms[2];
    bool from_diff;
    uint32_t order; /* Where it stood, old elements first. */
};

static int
compare_elements(const void *a_, const void *b_)
{
    const struct element *a = a_, *b = b_;
    int order = compare_atoms(a->key, a->atoms[0], b->atoms[0]);
    return order ? order : a->from_diff - b->from_diff;
}

static int
compare_order(const void *a_, const void *b_)
{
    const struct element *a = a_, *b = b_;
    return a->order < b->order ? -1 : a->order > b->order;
}

/* Whether 'diff', which has the key of 'old', takes the element away rather
 * than changing its value. */
static bool
takes_away(const struct ovsdb_column_spec *spec, const union ovsdb_atom *old,
           const union ovsdb_atom *diff)
{
    return spec->value == OVSDB_VOID
           || !compare_atoms(spec->value, old[1], diff[1]);
}

static void
load_elements(const struct ovsdb_column_spec *spec,
              const struct ovsdb_datum *d, bool from_diff,
              struct element *elements, uint32_t first)
{
    size_t width = atoms_per_element(spec);
    const union ovsdb_atom *atoms = ovsdb_datum_atoms(spec, d);
    for (uint32_t i = 0; i < d->n; i++) {
        struct element *e = &elements[first + i];
        *e = (struct element){ .key = spec->key,
                               .value = spec->value,
                               .from_diff = from_diff,
                               .order = first + i };
        memcpy(e->atoms, &atoms[i * width], width * sizeof *atoms);
    }
}

/* Merges by sorting: O((n + k) log (n + k)). */
static size_t
merge_sorted(const struct ovsdb_column_spec *spec,
             const struct ovsdb_datum *old, const struct ovsdb_datum *diff,
             union ovsdb_atom *out)
{
    size_t n = (size_t) old->n + diff->n, kept = 0, n_out = 0;
    struct element *elements = xmalloc(n * sizeof *elements);
    load_elements(spec, old, false, elements, 0);
    load_elements(spec, diff, true, elements, old->n);
    qsort(elements, n, sizeof *elements, compare_elements);
    for (size_t i = 0; i < n; i++) {
        struct element *a = &elements[i];
        if (i + 1 < n && !a->from_diff && a[1].from_diff
            && !compare_atoms(spec->key, a->atoms[0], a[1].atoms[0])) {
            i++;
            if (takes_away(spec, a->atoms, a[1].atoms)) {
                continue;
            }
            a->atoms[1] = a[1].atoms[1];
        }
        elements[kept++] = *a;
    }
    qsort(elements, kept, sizeof *elements, compare_order);
    for (size_t i = 0; i < kept; i++) {
        for (size_t j = 0; j < atoms_per_element(spec); j++) {
            out[n_out++] = elements[i].atoms[j];
        }
    }
    free(elements);
    return n_out;
}

static bool
same_key(enum ovsdb_atomic type, union ovsdb_atom a, union ovsdb_atom b)
{
    return type == OVSDB_UUID ? a.row == b.row : !compare_atoms(type, a, b);
}

/* Merges by searching: right for the small differences that are the rule. */
static size_t
merge_searched(const struct ovsdb_column_spec *spec,
               const struct ovsdb_datum *old, const struct ovsdb_datum *diff,
               union ovsdb_atom *out)
{
    size_t width = atoms_per_element(spec), n_out = 0;
    const union ovsdb_atom *from = ovsdb_datum_atoms(spec, old);
    const union ovsdb_atom *change = ovsdb_datum_atoms(spec, diff);
    bool used[MAX_SEARCHED] = { false };
    for (uint32_t i = 0; i < old->n; i++, from += width) {
        union ovsdb_atom *to = memcpy(&out[n_out], from, width * sizeof *to);
        n_out += width;
        for (uint32_t j = 0; j < diff->n; j++) {
            const union ovsdb_atom *by = change + j * width;
            if (used[j] || !same_key(spec->key, *from, *by)) {
                continue;
            }
            used[j] = true;
            if (takes_away(spec, from, by)) {
                n_out -= width;
            } else {
                to[1] = by[1];
            }
            break;
        }
    }
    for (uint32_t j = 0; j < diff->n; j++) {
        if (!used[j]) {
            memcpy(&out[n_out], change + j * width, width * sizeof *out);
            n_out += width;
        }
    }
    return n_out;
}

/* Orders elements by all of their atoms. */
static int
compare_whole(const void *a_, const void *b_)
{
    const struct element *a = a_, *b = b_;
    int order = compare_atoms(a->key, a->atoms[0], b->atoms[0]);
    return order ? order : compare_atoms(a->value, a->atoms[1], b->atoms[1]);
}

static bool
equals_sorted(const struct ovsdb_column_spec *spec,
              const struct ovsdb_datum *a, const struct ovsdb_datum *b)
{
    uint32_t n = a->n;
    struct element *elements = xmalloc(2 * (size_t) n * sizeof *elements);
    load_elements(spec, a, false, elements, 0);
    load_elements(spec, b, true, elements, n);
    qsort(elements, n, sizeof *elements, compare_whole);
    qsort(elements + n, n, sizeof *elements, compare_whole);
    uint32_t i = 0;
    while (i < n && !compare_whole(&elements[i], &elements[n + i])) {
        i++;
    }
    free(elements);
    return i == n;
}

bool
ovsdb_datum_equals(const struct ovsdb_column_spec *spec,
                   const struct ovsdb_datum *a, const struct ovsdb_datum *b)
{
    size_t width = atoms_per_element(spec), i = 0;
    const union ovsdb_atom *p = ovsdb_datum_atoms(spec, a);
    const union ovsdb_atom *q = ovsdb_datum_atoms(spec, b);
    if (a->n != b->n) {
        return false;
    }
    /* Servers write them sorted, so they nearly always stand alike. */
    while (i < a->n * width
           && same_key(i % width ? spec->value : spec->key, p[i], q[i])) {
        i++;
    }
    return i == a->n * width || (a->n > 1 && equals_sorted(spec, a, b));
}

/* Whether one element of a set of references comes or goes, which is nearly
 * all that ever happens to a large set, and the set's array can take it as it
 * is: arrays are rounded up to powers of two (arena_alloc_array()). */
static bool
toggle_in_place(const struct ovsdb_column_spec *spec,
                struct ovsdb_datum *datum, const struct ovsdb_datum *diff)
{
    if (spec->key != OVSDB_UUID || diff->n != 1 || datum->n < 3) {
        return false;
    }
    union ovsdb_atom *atoms = datum->many;
    uint32_t n = datum->n, i = 0;
    while (i < n && atoms[i].row != diff->one.row) {
        i++;
    }
    bool full = !(n & (n - 1));
    bool shrinks = !((n - 1) & (n - 2)); /* Into a smaller power of two. */
    if (i < n ? shrinks : full) {
        return false;
    }
    if (i < n) {
        memmove(&atoms[i], &atoms[i + 1], (n - i - 1) * sizeof *atoms);
        datum->n--;
    } else {
        atoms[datum->n++] = diff->one;
    }
    return true;
}

void
ovsdb_datum_apply_diff(struct arena *arena,
                       const struct ovsdb_column_spec *spec,
                       struct ovsdb_datum *datum,
                       const struct ovsdb_datum *diff)
{
    if (toggle_in_place(spec, datum, diff)) {
        return;
    }
    size_t max = ((size_t) datum->n + diff->n) * atoms_per_element(spec);
    union ovsdb_atom small[64];
    union ovsdb_atom *out =
        max <= N_ELEMENTS(small) ? small : xmalloc(max * sizeof *out);
    size_t n_out = diff->n <= MAX_SEARCHED
                       ? merge_searched(spec, datum, diff, out)
                       : merge_sorted(spec, datum, diff, out);
    ovsdb_datum_recycle(arena, spec, datum);
    *datum = ovsdb_datum_new(arena, spec, out, n_out);
    if (out != small) {
        free(out);
    }
}
