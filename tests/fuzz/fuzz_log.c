/* The log reader.  By the first byte:
 *
 *     'F'   the rest is the file, as it is;
 *     'T'   its lines are the bodies of transactions, after a fixed schema,
 *           with right checksums: beyond SHA-1 no fuzzer gets by chance;
 *     'S'   the same, but its first line is the schema;
 *     'C'   the same as 'T' and 'S', of a clustered file: after a fixed
 *     'c'   header, or with the header as first line;
 *     'M'   several files, between lines "--", each as after its own first
 *           byte: a chain, of which the ones before the last are copies;
 *     'U'   the lines are <table-updates2>, 'u' <table-updates>.
 *
 * What was read must be consistent, and reading it once more must give the
 * same.  A chain must end with the rows of its last file. */
#include "fuzz.h"

#include <string.h>
#include <unistd.h>

#include "ovsdb/chain.h"
#include "small_db.h"

typedef void put_record_fn(struct text *, const char *json, size_t length);

/* Appends the lines of 'bytes' as records. */
static void
put_lines(struct text *file, const uint8_t *bytes, size_t size,
          put_record_fn *put)
{
    const uint8_t *end = bytes + size;
    for (const uint8_t *p = bytes; p < end;) {
        const uint8_t *stop = memchr(p, '\n', (size_t) (end - p));
        stop = stop ? stop : end;
        put(file, (const char *) p, (size_t) (stop - p));
        p = stop + 1;
    }
}

static void
check_datum(const struct ovsdb_column_spec *spec, const struct ovsdb_datum *d,
            const struct ovsdb_store *store)
{
    CHECK(d->changed_in < store->n_records);
    size_t width = spec->value == OVSDB_VOID ? 1 : 2;
    const union ovsdb_atom *atoms =
        d->n == 1 && width == 1 ? &d->one : d->many;
    for (size_t i = 0; i < d->n * width; i++) {
        enum ovsdb_atomic type = i % width ? spec->value : spec->key;
        if (type == OVSDB_STRING) {
            CHECK(strlen(atoms[i].string) < INPUT_MAX_TOKEN_BYTES);
        } else if (type == OVSDB_UUID) {
            CHECK(atoms[i].row->table == &store->tables[spec->ref_table]);
        }
    }
}

/* Touches every byte that a reader of the store may touch. */
static void
check_row(const struct ovsdb_row *row, const struct ovsdb_store *store)
{
    const struct ovsdb_table_spec *spec = row->table->spec;
    CHECK(ovsdb_table_find(row->table, &row->uuid) == row);
    CHECK(!row->exists || row->created_in < store->n_records);
    CHECK(!row->owner || row->owner->table->store == store);
    for (unsigned c = 0; c < spec->n_columns; c++) {
        check_datum(&spec->columns[c], ovsdb_datum(row, c), store);
    }
    for (const struct ovsdb_past *p = row->past; p; p = p->older) {
        CHECK(p->column < spec->n_columns && p->until < store->n_records);
        CHECK(p->datum.changed_in <= p->until);
        check_datum(&spec->columns[p->column], &p->datum, store);
    }
}

/* The header of a clustered file, with an empty snapshot at index 1. */
static void
put_header(struct text *file)
{
    struct text header;
    text_init(&header, TEXT_CEILING_BYTES);
    text_printf(&header,
                "{\"name\":\"Small\",\"prev_index\":1,\"prev_term\":1,"
                "\"prev_data\":[%s,{}]}",
                small_schema);
    small_put_clustered_record(file, text_string(&header), header.length);
    text_done(&header);
}

/* Returns the number of rows that exist. */
static size_t
check_store(const struct ovsdb_store *store)
{
    size_t n_existing = 0;
    for (unsigned t = 0; t < store->spec->n_tables; t++) {
        const struct ovsdb_table *table = &store->tables[t];
        size_t n = 0;
        for (size_t i = 0; i < table->n_rows; i++) {
            CHECK(table->rows[i]->index == i);
            check_row(table->rows[i], store);
            n += table->rows[i]->exists;
        }
        CHECK(n == table->n_existing);
        n_existing += n;
    }
    return n_existing;
}

/* Reads 'file' and returns a number that stands for what was found. */
static size_t
read_file(const struct text *file)
{
    struct ovsdb_store store;
    struct ovsdb_log log;
    ovsdb_store_init(&store, &small_spec);
    int fd = small_memory_file(text_string(file), file->length);
    struct error *error = ovsdb_log_open(&log, "f", fd);
    CHECK(!error);
    error = ovsdb_log_read_all(&log, &store);
    size_t sum =
        check_store(&store) + 1000 * store.n_records + (error ? 0 : 500);
    if (error) {
        CHECK(!strncmp(error_text(error), "f: ", 3));
    }
    CHECK(log.n_records == store.n_records || error);
    error_free(error);
    ovsdb_log_close(&log);
    ovsdb_store_done(&store);
    return sum;
}

/* Makes the file that 'bytes' stand for. */
static void
build_file(struct text *file, const uint8_t *bytes, size_t size, char mode)
{
    text_init(file, TEXT_CEILING_BYTES);
    if (mode == 'F') {
        text_put(file, (const char *) bytes, size);
        return;
    }
    bool clustered = mode == 'C' || mode == 'c';
    if (mode == 'T') {
        small_put_record(file, small_schema, strlen(small_schema));
    } else if (mode == 'C') {
        put_header(file);
    }
    put_lines(file, bytes, size,
              clustered ? small_put_clustered_record : small_put_record);
}

static void
fuzz_file(const uint8_t *bytes, size_t size, char mode)
{
    struct text file;
    build_file(&file, bytes, size, mode);
    if (mode == 'F') {
        int fd = small_memory_file(bytes, size);
        free(ovsdb_log_probe(fd));
        close(fd);
    }
    size_t first = read_file(&file);
    CHECK(read_file(&file) == first);
    text_done(&file);
}

/* Chains. */

/* Whether a column holds nothing but what it holds by itself. */
static bool
is_default(const struct ovsdb_row *row, unsigned c)
{
    const struct ovsdb_column_spec *spec = &row->table->spec->columns[c];
    const union ovsdb_atom *atom = ovsdb_atoms(row, c);
    return !ovsdb_count(row, c)
           || (ovsdb_count(row, c) == 1 && spec->value == OVSDB_VOID
               && spec->key == OVSDB_STRING && !*atom->string);
}

/* The sets of a row that was read twice in a hostile record may hold the same
 * twice, so only their sizes are compared. */
static void
check_same(const struct ovsdb_store *a, const struct ovsdb_store *b)
{
    for (unsigned t = 0; t < a->spec->n_tables; t++) {
        CHECK(a->tables[t].n_existing == b->tables[t].n_existing);
        OVSDB_TABLE_FOR_EACH (row, &a->tables[t]) {
            const struct ovsdb_row *other =
                ovsdb_table_find(&b->tables[t], &row->uuid);
            CHECK(other && other->exists);
            for (unsigned c = 0; c < row->table->spec->n_columns; c++) {
                CHECK(ovsdb_count(row, c) == ovsdb_count(other, c)
                      || (is_default(row, c) && is_default(other, c)));
            }
        }
    }
}

/* Adds the file of 'bytes' to the chain; true if it could be read alone, into
 * 'alone'. */
static bool
add_part(struct ovsdb_chain *chain, const uint8_t *bytes, size_t size,
         bool is_last, struct ovsdb_store *alone)
{
    struct text file;
    struct ovsdb_log log;
    build_file(&file, bytes + 1, size - 1, (char) bytes[0]);
    ovsdb_chain_add(chain, is_last ? "own" : "copy",
                    small_memory_file(text_string(&file), file.length),
                    !is_last);
    int fd = small_memory_file(text_string(&file), file.length);
    struct error *error = ovsdb_log_open(&log, "own", fd);
    CHECK(!error);
    error = ovsdb_log_read_all(&log, alone);
    ovsdb_log_close(&log);
    text_done(&file);
    bool good = !error;
    error_free(error);
    return good;
}

static void
fuzz_chain(const uint8_t *bytes, size_t size)
{
    struct ovsdb_chain chain;
    struct ovsdb_store store, alone;
    const uint8_t *end = bytes + size;
    bool good = false;
    ovsdb_chain_init(&chain);
    ovsdb_store_init(&store, &small_spec);
    ovsdb_store_init(&alone, &small_spec);
    for (const uint8_t *p = bytes; p < end && chain.n_files < 4;) {
        const uint8_t *stop = memmem(p, (size_t) (end - p), "\n--\n", 4);
        bool is_last = !stop || stop + 4 >= end || chain.n_files == 3;
        ovsdb_store_done(&alone);
        ovsdb_store_init(&alone, &small_spec);
        size_t part = (size_t) ((stop ? stop : end) - p);
        good = part && add_part(&chain, p, part, is_last, &alone)
               && (*p == 'T' || *p == 'S'); /* Another member may know more. */
        p = stop ? stop + 4 : end;
    }
    struct error *error = chain.n_files ? ovsdb_chain_begin(&chain) : NULL;
    CHECK(!error);
    error = chain.n_files ? ovsdb_chain_read_all(&chain, &store) : NULL;
    check_store(&store);
    for (size_t i = 0; i < store.n_records; i++) {
        const char *file;
        CHECK(ovsdb_record_number(&store, i, &file) <= i);
    }
    if (!error && good && chain.n_files) {
        check_same(&store, &alone);
    }
    error_free(error);
    ovsdb_chain_done(&chain);
    ovsdb_store_done(&alone);
    ovsdb_store_done(&store);
}

static void
fuzz_updates(const uint8_t *bytes, size_t size, enum ovsdb_form form)
{
    struct ovsdb_store store;
    struct input_memory memory;
    struct input in;
    struct json_reader r;
    small_store_init(&store);
    input_init_memory(&in, &memory, bytes, size);
    json_reader_init(&r, &in);
    while (json_peek(&r) >= 0) {
        if (ovsdb_store_read(&store, &r, form)) {
            ovsdb_store_commit(&store, 0);
        } else {
            CHECK(json_failed(&r));
            ovsdb_store_abort(&store);
        }
        check_store(&store);
    }
    json_reader_done(&r);
    input_done(&in);
    ovsdb_store_done(&store);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (!size) {
        return 0;
    }
    switch (bytes[0]) {
    case 'F':
    case 'T':
    case 'S':
    case 'C':
    case 'c':
        fuzz_file(bytes + 1, size - 1, (char) bytes[0]);
        break;
    case 'M':
        fuzz_chain(bytes + 1, size - 1);
        break;
    case 'U':
    case 'u':
        fuzz_updates(bytes + 1, size - 1,
                     bytes[0] == 'U' ? OVSDB_FORM_UPDATES2
                                     : OVSDB_FORM_UPDATES);
        break;
    default:
        return -1; /* Keep it out of the corpus. */
    }
    return 0;
}
