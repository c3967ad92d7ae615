/* Column values: making them, and applying the differences that logs and
 * monitors carry.
 *
 * A difference of a set holds the elements that come or go; of a map, new or
 * changed pairs, and pairs that go with the value that they had
 * (ovsdb-server(7), section 4.1.14, "modify"; the "_is_diff" records of log
 * files follow the same rule).  Columns that hold at most one element are
 * replaced instead; the caller sees to that.  What stays keeps its order, and
 * what comes stands behind it. */
#ifndef OVSDB_DIFF_H
#define OVSDB_DIFF_H 1

#include "ovsdb/store.h"

/* A value of the 'n_atoms' at 'atoms' (twice the pairs, in a map), copied. */
struct ovsdb_datum ovsdb_datum_new(struct arena *,
                                   const struct ovsdb_column_spec *,
                                   const union ovsdb_atom *atoms,
                                   size_t n_atoms);

void ovsdb_datum_apply_diff(struct arena *, const struct ovsdb_column_spec *,
                            struct ovsdb_datum *,
                            const struct ovsdb_datum *diff);

/* Whether two values hold the same elements, in whatever order. */
bool ovsdb_datum_equals(const struct ovsdb_column_spec *,
                        const struct ovsdb_datum *,
                        const struct ovsdb_datum *);

/* Gives the value's array back to the arena. */
void ovsdb_datum_recycle(struct arena *, const struct ovsdb_column_spec *,
                         struct ovsdb_datum *);

static inline const union ovsdb_atom *
ovsdb_datum_atoms(const struct ovsdb_column_spec *spec,
                  const struct ovsdb_datum *d)
{
    return d->n == 1 && spec->value == OVSDB_VOID ? &d->one : d->many;
}

#endif /* ovsdb/diff.h */
