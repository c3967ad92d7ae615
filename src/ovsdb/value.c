/* From JSON to values of columns. */
#include "ovsdb/row.h"

#include <assert.h>
#include <string.h>

#include "ovsdb/diff.h"

#define SHORT_STRING 16

static const char *
intern(struct ovsdb_store *store, const struct json_slice *slice)
{
    const char *s = strmap_get_n(&store->strings, slice->s, slice->length);
    if (!s) {
        s = arena_strndup(&store->arena, slice->s, slice->length);
        *strmap_place(&store->strings, s) = (void *) s;
    }
    return s;
}

/* A copy of a string.  The same few short ones stand in most rows ("router",
 * "geneve", "true"): one that was met lately is not copied again. */
static const char *
copy_string(struct ovsdb_store *store, const struct json_slice *slice)
{
    if (slice->length >= SHORT_STRING) {
        return arena_strndup(&store->arena, slice->s, slice->length);
    }
    struct ovsdb_short_string *recent =
        &store->recent[hash_bytes(slice->s, slice->length)
                       % N_ELEMENTS(store->recent)];
    if (!recent->s || recent->length != slice->length
        || memcmp(recent->s, slice->s, slice->length) != 0) {
        recent->s = arena_strndup(&store->arena, slice->s, slice->length);
        recent->length = slice->length;
    }
    return recent->s;
}

static union ovsdb_atom *
add_atom(struct ovsdb_store *store, size_t n)
{
    store->atoms =
        xgrow(store->atoms, n, &store->atoms_capacity, sizeof *store->atoms);
    return &store->atoms[n];
}

static bool
take_uuid(struct json_reader *r, const struct json_slice *text,
          struct uuid *uuid)
{
    if (!uuid_parse(text->s, text->length, uuid)) {
        json_fail(r, "\"%.*s\" is no UUID",
                  text->length > 40 ? 40 : (int) text->length, text->s);
        return false;
    }
    return true;
}

/* The rest of ["uuid", "..."] after its opening bracket and first word. */
static bool
read_uuid_tail(struct json_reader *r, struct uuid *uuid)
{
    struct json_slice slice;
    if (!json_next_element(r) || !json_string(r, &slice)) {
        json_fail(r, "a <uuid> ends early");
        return false;
    }
    if (!take_uuid(r, &slice, uuid)) {
        return false;
    }
    if (json_next_element(r)) {
        json_fail(r, "a <uuid> has more than two elements");
    }
    return !json_failed(r);
}

/* A <uuid>: ["uuid", "..."]. */
static bool
read_uuid(struct json_reader *r, struct uuid *uuid)
{
    struct json_slice slice;
    if (json_reference(r, &slice)) {
        return take_uuid(r, &slice, uuid);
    }
    if (!json_begin(r, '[') || !json_next_element(r)
        || !json_string(r, &slice)) {
        return false;
    }
    if (!json_slice_equals(&slice, "uuid")) {
        json_fail(r, "a <uuid> was expected");
        return false;
    }
    return read_uuid_tail(r, uuid);
}

static bool
read_atom(struct ovsdb_store *store, struct json_reader *r,
          enum ovsdb_atomic type, int ref_table, union ovsdb_atom *atom)
{
    struct json_slice slice;
    struct uuid uuid;
    switch (type) {
    case OVSDB_INTEGER:
        return json_integer(r, &atom->integer);
    case OVSDB_REAL:
        return json_real(r, &atom->real);
    case OVSDB_BOOLEAN:
        return json_bool(r, &atom->boolean);
    case OVSDB_STRING:
        if (!json_string(r, &slice)) {
            return false;
        }
        atom->string = copy_string(store, &slice);
        return true;
    case OVSDB_UUID:
        if (!read_uuid(r, &uuid)) {
            return false;
        }
        atom->row = ovsdb_place_row(&store->tables[ref_table], &uuid);
        return true;
    case OVSDB_VOID:
        break;
    }
    assert(false);
    return false;
}

/* The interned form of a map's key, or NULL if the column does not keep it. */
static const char *
look_up_key(struct ovsdb_store *store, const struct ovsdb_column_spec *spec,
            const struct json_slice *key)
{
    if (!spec->keys) {
        return intern(store, key);
    }
    for (const char *const *k = spec->keys; *k; k++) {
        size_t length = strlen(*k) - 1;
        if (json_slice_equals(key, *k)) {
            return *k;
        }
        if ((*k)[length] == '*' && key->length >= length
            && !memcmp(key->s, *k, length)) {
            return intern(store, key);
        }
    }
    return NULL;
}

/* The same: the few keys of a table's rows come again and again. */
static const char *
find_key(struct ovsdb_store *store, const struct ovsdb_column_spec *spec,
         const struct json_slice *key)
{
    size_t n = key->length;
    if (!n || n > sizeof store->known_keys->text) {
        return look_up_key(store, spec, key);
    }
    size_t i =
        (n * 7 + (unsigned char) key->s[n - 1] + (unsigned char) key->s[n / 2])
        % N_ELEMENTS(store->known_keys);
    struct ovsdb_known_key *known = &store->known_keys[i];
    if (known->spec != spec || known->length != n
        || memcmp(known->text, key->s, n) != 0) {
        known->spec = spec;
        known->key = look_up_key(store, spec, key);
        known->length = (uint8_t) n;
        memcpy(known->text, key->s, n);
    }
    return known->key;
}

static void
add_pair(struct ovsdb_store *store, union ovsdb_atom key,
         union ovsdb_atom value, size_t *n)
{
    *add_atom(store, (*n)++) = key;
    *add_atom(store, (*n)++) = value;
}

/* One pair of a map, [key, value], appended after '*n' unless the column does
 * not keep its key.  Keys of all maps that provnet reads are strings. */
static bool
read_pair(struct ovsdb_store *store, struct json_reader *r,
          const struct ovsdb_column_spec *spec, size_t *n)
{
    struct json_slice slice, text;
    union ovsdb_atom key, value;
    if (spec->value == OVSDB_STRING && json_pair(r, &slice, &text)) {
        key.string = find_key(store, spec, &slice);
        if (key.string) {
            value.string = copy_string(store, &text);
            add_pair(store, key, value, n);
        }
        return true;
    }
    if (!json_begin(r, '[') || !json_next_element(r)
        || !json_string(r, &slice)) {
        return false;
    }
    key.string = find_key(store, spec, &slice);
    if (!json_next_element(r)) {
        json_fail(r, "a pair of a map has no second element");
        return false;
    }
    if (!key.string) {
        if (!json_skip(r)) {
            return false;
        }
    } else if (!read_atom(store, r, spec->value, spec->ref_table, &value)) {
        return false;
    } else {
        add_pair(store, key, value, n);
    }
    if (json_next_element(r)) {
        json_fail(r, "a pair of a map has more than two elements");
    }
    return !json_failed(r);
}

/* One element of a set, or one pair of a map, appended after '*n'. */
static bool
read_element(struct ovsdb_store *store, struct json_reader *r,
             const struct ovsdb_column_spec *spec, size_t *n)
{
    union ovsdb_atom atom;
    if (spec->value != OVSDB_VOID) {
        return read_pair(store, r, spec, n);
    }
    if (!read_atom(store, r, spec->key, spec->ref_table, &atom)) {
        return false;
    }
    *add_atom(store, (*n)++) = atom;
    return true;
}

/* The rows of the first 'n' pending UUIDs become atoms after '*n_atoms'.  All
 * at once, so that the processor looks for many rows at the same time: most
 * lookups miss its caches. */
static void
resolve_pending(struct ovsdb_store *store, int ref_table, size_t n,
                size_t *n_atoms)
{
    struct ovsdb_table *table = &store->tables[ref_table];
    for (size_t i = 0; i < n; i++) {
        ovsdb_prefetch_slot(table, &store->pending[i]);
    }
    for (size_t i = 0; i < n; i++) {
        add_atom(store, (*n_atoms)++)->row =
            ovsdb_place_row(table, &store->pending[i]);
    }
}

/* The <uuid>s of a set, up to its inner end. */
static bool
read_references(struct ovsdb_store *store, struct json_reader *r,
                const struct ovsdb_column_spec *spec, size_t *n_atoms)
{
    size_t n = 0;
    while (json_next_element(r)) {
        if (!read_uuid(r, &store->pending[n])) {
            return false;
        }
        if (++n == N_ELEMENTS(store->pending)) {
            resolve_pending(store, spec->ref_table, n, n_atoms);
            n = 0;
        }
    }
    resolve_pending(store, spec->ref_table, n, n_atoms);
    return true;
}

/* The elements of ["set", [...]] or ["map", [...]], up to its end. */
static bool
read_elements(struct ovsdb_store *store, struct json_reader *r,
              const struct ovsdb_column_spec *spec, size_t *n)
{
    if (!json_next_element(r) || !json_begin(r, '[')) {
        json_fail(r, "a set or map without elements");
        return false;
    }
    if (spec->key == OVSDB_UUID) {
        if (!read_references(store, r, spec, n)) {
            return false;
        }
    } else {
        while (json_next_element(r)) {
            if (!read_element(store, r, spec, n)) {
                return false;
            }
        }
    }
    if (!json_failed(r) && json_next_element(r)) {
        json_fail(r, "a set or map has more than two elements");
    }
    return !json_failed(r);
}

static void
add_reference(struct ovsdb_store *store, const struct ovsdb_column_spec *spec,
              const struct uuid *uuid, size_t *n)
{
    add_atom(store, (*n)++)->row =
        ovsdb_place_row(&store->tables[spec->ref_table], uuid);
}

/* A <value> that begins with '['. */
static bool
read_bracketed(struct ovsdb_store *store, struct json_reader *r,
               const struct ovsdb_column_spec *spec, size_t *n)
{
    struct json_slice text;
    struct uuid uuid;
    bool map = spec->value != OVSDB_VOID;
    bool reference = !map && spec->key == OVSDB_UUID;
    if (reference && json_reference(r, &text)) {
        if (!take_uuid(r, &text, &uuid)) {
            return false;
        }
        add_reference(store, spec, &uuid, n);
        return true;
    }
    if (!json_begin(r, '[') || !json_next_element(r)
        || !json_string(r, &text)) {
        json_fail(r, "a <value> was expected");
        return false;
    }
    if (text.length == strlen("set")
        && !memcmp(text.s, map ? "map" : "set", strlen("set"))) {
        return read_elements(store, r, spec, n);
    }
    if (reference && json_slice_equals(&text, "uuid")) {
        if (!read_uuid_tail(r, &uuid)) {
            return false;
        }
        add_reference(store, spec, &uuid, n);
        return true;
    }
    json_fail(r, "a <value> of another type than column %s has", spec->name);
    return false;
}

bool
ovsdb_read_value(struct ovsdb_store *store, struct json_reader *r,
                 const struct ovsdb_column_spec *spec, struct ovsdb_datum *ret)
{
    size_t n = 0;
    bool ok = json_peek(r) == '[' ? read_bracketed(store, r, spec, &n)
                                  : read_element(store, r, spec, &n);
    if (!ok) {
        return false;
    }
    *ret = ovsdb_datum_new(&store->arena, spec, store->atoms, n);
    return true;
}
