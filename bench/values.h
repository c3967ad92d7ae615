/* What random changes put into columns, as JSON: values of rows as they are,
 * and others.  Private to bench/mutation.c and values.c. */
#ifndef BENCH_VALUES_H
#define BENCH_VALUES_H 1

#include "mutation.h"

/* A random number below 'n'; any if that is 0. */
uint64_t draw(struct mutation *, uint64_t n);

/* An existing row; NULL if there is none. */
struct ovsdb_row *choose_row(struct mutation *, const struct ovsdb_table *);

/* Whether SB has a Port_Binding of that name. */
bool is_bound(const struct mutation *, const char *name);

/* Whether the row's column 'c' refers to row 'to'. */
bool refers_to(const struct ovsdb_row *, unsigned c,
               const struct ovsdb_row *to);

/* A value, without element 'without' (-1: with all), and with row 'more'
 * (NULL: none); and all columns of a row. */
void put_datum(struct text *, const struct ovsdb_column_spec *,
               const struct ovsdb_datum *, int64_t without,
               const struct uuid *more);
void put_row(struct text *, const struct ovsdb_row *);

/* Into the mutation's text: some value for column 'c' of the row; one by which
 * it has to do with another row (false if the column has none); and the
 * columns of a twin of the row, without parts. */
void put_value(struct mutation *, const struct ovsdb_row *, unsigned c);
bool put_related(struct mutation *, const struct ovsdb_row *, unsigned c);
const char *word_of_some_port(struct mutation *, unsigned word);
void put_twin(struct mutation *, const struct ovsdb_row *);

/* targeted.c: a transaction, but for its beginning and end; false if there is
 * nothing to change. */
bool put_targeted(struct mutation *);

#endif /* bench/values.h */
