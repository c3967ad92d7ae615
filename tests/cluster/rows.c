/* Prints what is read of a Northbound database file, to be compared: each row
 * that exists, with what its columns hold, or (--records) each record of the
 * log that has a date, by number.
 *
 * usage: rows [--records] FILE
 *
 * Lines come in no particular order, and sets in the file's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evidence/nb.h"
#include "ovsdb/log.h"

static void
print_atom(enum ovsdb_atomic type, const union ovsdb_atom *atom)
{
    switch (type) {
    case OVSDB_VOID:
        break;
    case OVSDB_INTEGER:
        printf("%lld", (long long) atom->integer);
        break;
    case OVSDB_REAL:
        printf("%.17g", atom->real);
        break;
    case OVSDB_BOOLEAN:
        printf("%s", atom->boolean ? "true" : "false");
        break;
    case OVSDB_STRING:
        printf("\"%s\"", atom->string);
        break;
    case OVSDB_UUID:
        printf("%016llx%016llx", (unsigned long long) atom->row->uuid.high,
               (unsigned long long) atom->row->uuid.low);
        break;
    }
}

/* Whether a column holds no more than its type's default, which a server may
 * write or leave out. */
static bool
is_default(const struct ovsdb_row *row, unsigned c)
{
    const struct ovsdb_column_spec *spec = &row->table->spec->columns[c];
    const union ovsdb_atom *atom = ovsdb_atoms(row, c);
    return ovsdb_count(row, c) == 1 && spec->value == OVSDB_VOID
           && ((spec->key == OVSDB_STRING && !*atom->string)
               || (spec->key == OVSDB_INTEGER && !atom->integer)
               || (spec->key == OVSDB_BOOLEAN && !atom->boolean));
}

/* One line an element, so that sorting them brings sets into one order. */
static void
print_column(const struct ovsdb_row *row, unsigned c)
{
    const struct ovsdb_column_spec *spec = &row->table->spec->columns[c];
    const union ovsdb_atom *atoms = ovsdb_atoms(row, c);
    unsigned width = spec->value == OVSDB_VOID ? 1 : 2;
    for (unsigned i = 0; i < ovsdb_count(row, c); i++) {
        printf("%s %016llx%016llx %s ", row->table->spec->name,
               (unsigned long long) row->uuid.high,
               (unsigned long long) row->uuid.low, spec->name);
        print_atom(spec->key, &atoms[i * width]);
        putchar(' ');
        print_atom(spec->value, &atoms[i * width + width - 1]);
        putchar('\n');
    }
}

static void
print_rows(const struct ovsdb_store *store)
{
    for (unsigned t = 0; t < store->spec->n_tables; t++) {
        OVSDB_TABLE_FOR_EACH (row, &store->tables[t]) {
            printf("%s %016llx%016llx\n", row->table->spec->name,
                   (unsigned long long) row->uuid.high,
                   (unsigned long long) row->uuid.low);
            for (unsigned c = 0; c < row->table->spec->n_columns; c++) {
                if (!is_default(row, c)) {
                    print_column(row, c);
                }
            }
        }
    }
}

static void
print_records(const struct ovsdb_store *store)
{
    for (size_t i = 0; i < store->n_records; i++) {
        const struct ovsdb_record *record = &store->records[i];
        if (record->date_ms) {
            printf("%zu %lld %s\n", i, (long long) record->date_ms,
                   record->comment);
        }
    }
}

int
main(int argc, char *argv[])
{
    bool records = argc == 3 && !strcmp(argv[1], "--records");
    if (argc != (records ? 3 : 2)) {
        fputs("usage: rows [--records] FILE\n", stderr);
        return 2;
    }
    struct ovsdb_log log;
    struct ovsdb_store store;
    ovsdb_store_init(&store, &nb_spec);
    struct error *error = ovsdb_log_open(&log, argv[argc - 1], -1);
    if (!error) {
        error = ovsdb_log_read_all(&log, &store);
    }
    if (error) {
        fprintf(stderr, "%s\n", error_text(error));
    } else if (records) {
        print_records(&store);
    } else {
        print_rows(&store);
    }
    if (!error && log.caveat) {
        fprintf(stderr, "%s\n", log.caveat);
    }
    int status = error ? 1 : 0;
    error_free(error);
    ovsdb_log_close(&log);
    ovsdb_store_done(&store);
    return status;
}
