/* Where a comment names raft.c or raft-private.c, it means those of Open
 * vSwitch, in its folder ovsdb/. */
#include "ovsdb/raft.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* An entry that is not committed yet. */
struct entry {
    uint64_t number; /* Of its record, */
    uint64_t offset; /* and where that begins in the file. */
    uint64_t term;
    uint64_t data;    /* Where its data begins. */
    uint64_t n_bytes; /* Of the data; 0 if it has none. */
};

/* What a record says, as far as it matters.  A number that is absent is 0:
 * raft_record_from_json__() in raft-private.c takes the two for the same. */
struct record {
    uint64_t term;
    uint64_t index;
    uint64_t commit_index;
    uint64_t data;
    uint64_t n_bytes;
    bool is_note;
    bool says_left;
    bool has_name;     /* This and what follows: of the header. */
    bool has_snapshot; /* It stands in the store, not committed. */
    bool is_joining;
};

struct raft {
    bool has_header;
    bool has_left;
    struct record record; /* Read last. */
    struct error *error;  /* What is wrong with it beyond its JSON. */
    bool converts;        /* The data read last is a schema alone. */

    uint64_t skip_index;     /* What the store held before. */
    uint64_t commit_index;   /* What the store holds. */
    uint64_t known_index;    /* What is known to be committed. */
    uint64_t committed_term; /* Of the entry at 'commit_index'. */
    struct entry *pending;   /* Those before 'first' are done with. */
    size_t first;            /* The entry at 'commit_index' + 1. */
    size_t n_pending;        /* With those before 'first'. */
    size_t capacity;

    /* The second reader; 'reader.in' is NULL until the first commit. */
    struct input_place place;
    struct input in;
    struct json_reader reader;
};

struct raft *
raft_new(int fd, uint64_t known_index)
{
    struct raft *raft = xmalloc(sizeof *raft);
    memset(raft, 0, sizeof *raft);
    raft->place.fd = fd;
    raft->skip_index = known_index;
    return raft;
}

void
raft_free(struct raft *raft)
{
    if (raft) {
        if (raft->reader.in) {
            json_reader_done(&raft->reader);
            input_done(&raft->in);
        }
        error_free(raft->error);
        free(raft->pending);
        free(raft);
    }
}

uint64_t
raft_commit_index(const struct raft *raft)
{
    return raft->commit_index;
}

size_t
raft_n_uncommitted(const struct raft *raft)
{
    size_t n = 0;
    for (size_t i = raft->first; i < raft->n_pending; i++) {
        n += raft->pending[i].n_bytes != 0;
    }
    return n;
}

bool
raft_has_left(const struct raft *raft)
{
    return raft->has_left;
}

/* Data: a <cluster-txn>, a pair of a schema and a transaction. */

/* Reads a schema, if one stands there. */
static bool
read_schema(struct raft *raft, struct ovsdb_store *store,
            struct json_reader *r, bool *ret_present)
{
    *ret_present = json_peek(r) != 'n';
    if (!*ret_present) {
        return json_null(r);
    }
    error_free(raft->error);
    return ovsdb_store_read_schema(store, r, &raft->error);
}

/* Reads the transaction behind a schema, or none.  It is "relative to an empty
 * database" then, so it is whole.  A schema alone converts what there is: so
 * do servers from Open vSwitch 3.2 on, parse_txn() in ovsdb-server.c. */
static bool
read_transaction(struct raft *raft, struct ovsdb_store *store,
                 struct json_reader *r, bool schema)
{
    if (raft->error) { /* It would be misread. */
        return json_skip(r);
    } else if (json_peek(r) == 'n') {
        raft->converts = schema;
        ovsdb_store_read_nothing(store);
        return json_null(r);
    }
    if (schema && raft->has_header) {
        ovsdb_store_expect_whole(store);
    }
    return ovsdb_store_read(store, r, OVSDB_FORM_LOG);
}

/* Reads data into 'store', to be committed.  A schema that is not the one
 * that was asked for goes into 'raft->error'. */
static bool
read_data(struct raft *raft, struct ovsdb_store *store, struct json_reader *r,
          bool *ret_schema)
{
    bool schema = false;
    raft->converts = false;
    if (!json_begin(r, '[')) {
        return false;
    }
    if (!json_next_element(r)) {
        json_fail(r, "the data is an empty array");
        return false;
    }
    if (!read_schema(raft, store, r, &schema)) {
        return false;
    }
    if (!json_next_element(r)) {
        json_fail(r, "the data has no second element");
        return false;
    }
    if (!read_transaction(raft, store, r, schema)) {
        return false;
    }
    if (json_next_element(r)) {
        json_fail(r, "the data has more than two elements");
    }
    *ret_schema = schema;
    return !json_failed(r);
}

/* Reading records. */

/* ovsdb(5), <uint64>: those from 2**63 on are written as negative numbers. */
static bool
read_number(struct json_reader *r, uint64_t *ret)
{
    int64_t value;
    if (!json_integer(r, &value)) {
        return false;
    }
    *ret = (uint64_t) value;
    return true;
}

/* Passes over the data of an entry, and notes where it stands. */
static bool
note_data(struct json_reader *r, struct record *record)
{
    if (json_peek(r) != '[') {
        json_fail(r, "the data of an entry is no array");
        return false;
    }
    record->data = input_offset(r->in);
    if (!json_skip(r)) {
        return false;
    }
    record->n_bytes = input_offset(r->in) - record->data;
    return true;
}

static bool
read_note(struct json_reader *r, struct record *record)
{
    struct json_slice note;
    if (!json_string(r, &note)) {
        return false;
    }
    record->is_note = true;
    record->says_left = json_slice_equals(&note, "left");
    return true;
}

static bool
read_member(struct json_reader *r, const struct json_slice *name,
            struct record *record)
{
    if (json_slice_equals(name, "term")) {
        return read_number(r, &record->term);
    } else if (json_slice_equals(name, "index")) {
        return read_number(r, &record->index);
    } else if (json_slice_equals(name, "commit_index")) {
        return read_number(r, &record->commit_index);
    } else if (json_slice_equals(name, "data")) {
        return note_data(r, record);
    } else if (json_slice_equals(name, "note")) {
        return read_note(r, record);
    }
    return json_skip(r); /* Votes, leaders, servers: not of the database. */
}

/* A database of another schema than asked for is told so by its name, which
 * may stand before its snapshot or behind. */
static bool
read_name(struct raft *raft, const struct ovsdb_store *store,
          struct json_reader *r)
{
    struct json_slice name;
    if (!json_string(r, &name)) {
        return false;
    }
    raft->record.has_name = true;
    if (!raft->error && !json_slice_equals(&name, store->spec->name)) {
        raft->error =
            ovsdb_schema_is_another(name.s, name.length, store->spec);
    }
    return true;
}

static bool
read_snapshot(struct raft *raft, struct ovsdb_store *store,
              struct json_reader *r)
{
    bool schema = false;
    if (raft->error) {
        return json_skip(r);
    }
    if (raft->record.has_snapshot) {
        json_fail(r, "a second snapshot");
        return false;
    }
    if (!read_data(raft, store, r, &schema)) {
        return false;
    }
    if (!schema && !raft->error) {
        json_fail(r, "the snapshot holds no schema");
        return false;
    }
    raft->record.has_snapshot = true;
    return true;
}

static bool
read_header_member(struct raft *raft, struct ovsdb_store *store,
                   struct json_reader *r, const struct json_slice *name)
{
    if (json_slice_equals(name, "name")) {
        return read_name(raft, store, r);
    } else if (json_slice_equals(name, "prev_data")) {
        return read_snapshot(raft, store, r);
    } else if (json_slice_equals(name, "prev_index")) {
        return read_number(r, &raft->record.index);
    } else if (json_slice_equals(name, "prev_term")) {
        return read_number(r, &raft->record.term);
    }
    raft->record.is_joining |= json_slice_equals(name, "remote_addresses");
    return json_skip(r);
}

bool
raft_read_record(struct raft *raft, struct ovsdb_store *store,
                 struct json_reader *r)
{
    struct json_slice name;
    memset(&raft->record, 0, sizeof raft->record);
    if (!json_begin(r, '{')) {
        return false;
    }
    while (json_next_member(r, &name)) {
        if (raft->has_header ? !read_member(r, &name, &raft->record)
                             : !read_header_member(raft, store, r, &name)) {
            return false;
        }
    }
    return !json_failed(r);
}

/* Taking records. */

static struct error *
take_header(struct raft *raft, struct ovsdb_store *store, uint64_t offset)
{
    const struct record *record = &raft->record;
    if (record->is_joining) {
        return error_hint(
            error_new("this member has not joined its cluster yet, so its "
                      "file holds no database"),
            "give the file of another member");
    }
    /* raft_header_from_json__() in raft-private.c; ovsdb-tool writes the
     * first index as 1. */
    if (!record->has_name || !record->has_snapshot || !record->index) {
        return error_new("the header of a clustered database lacks its %s",
                         !record->has_name       ? "name"
                         : !record->has_snapshot ? "snapshot (prev_data)"
                                                 : "prev_index");
    }
    if (record->index == UINT64_MAX) {
        return error_new("prev_index is the last there is");
    }
    raft->has_header = true;
    raft->commit_index = raft->known_index = record->index;
    raft->committed_term = record->term;
    ovsdb_store_number(store, 0);
    if (record->index <= raft->skip_index) {
        ovsdb_store_abort(store);
        ovsdb_store_number(store, 1);
    } else {
        ovsdb_store_commit(store, offset);
    }
    return NULL;
}

static uint64_t
last_index(const struct raft *raft)
{
    return raft->commit_index + (raft->n_pending - raft->first);
}

/* An entry of an index that is there already replaces it and all behind it,
 * unless it is committed: raft_apply_record() in raft.c. */
static struct error *
take_entry(struct raft *raft, uint64_t number, uint64_t offset)
{
    const struct record *record = &raft->record;
    uint64_t last = last_index(raft);
    assert(raft->commit_index == raft->known_index);
    if (record->index <= raft->commit_index) {
        return error_new("entry %llu replaces what is committed, up to %llu",
                         (unsigned long long) record->index,
                         (unsigned long long) raft->commit_index);
    } else if (record->index - 1 > last) {
        return error_new("entry %llu follows entry %llu, with a gap",
                         (unsigned long long) record->index,
                         (unsigned long long) last);
    } else if (record->index == UINT64_MAX) {
        return error_new("entry %llu is the last there is",
                         (unsigned long long) record->index);
    }
    raft->n_pending =
        raft->first + (size_t) (record->index - raft->commit_index - 1);
    uint64_t term = raft->n_pending > raft->first
                        ? raft->pending[raft->n_pending - 1].term
                        : raft->committed_term;
    if (record->term < term) {
        return error_new("entry %llu is of term %llu, the one before it of "
                         "%llu",
                         (unsigned long long) record->index,
                         (unsigned long long) record->term,
                         (unsigned long long) term);
    }
    raft->pending = xgrow(raft->pending, raft->n_pending, &raft->capacity,
                          sizeof *raft->pending);
    raft->pending[raft->n_pending++] =
        (struct entry){ number, offset, record->term, record->data,
                        record->n_bytes };
    return NULL;
}

/* Moves the second reader on to the data of 'entry', which stands behind all
 * that it has read. */
static void
move_to(struct raft *raft, const struct entry *entry)
{
    if (!raft->reader.in) {
        input_init_place(&raft->in, &raft->place, raft->place.fd, entry->data);
        json_reader_init(&raft->reader, &raft->in);
    }
    uint64_t offset = input_offset(&raft->in);
    assert(entry->data >= offset);
    if (entry->data > offset) {
        input_stop_after(&raft->in, entry->data - offset, NULL, NULL);
        input_unstop(&raft->in);
    }
    input_stop_after(&raft->in, entry->n_bytes, NULL, NULL);
}

static struct error *
commit_entry(struct raft *raft, struct ovsdb_store *store,
             const struct entry *entry)
{
    bool schema;
    if (!entry->n_bytes) {
        return NULL;
    }
    move_to(raft, entry);
    ovsdb_store_number(store, entry->number);
    bool sound = read_data(raft, store, &raft->reader, &schema)
                 && input_unstop(&raft->in);
    struct error *error = raft->error;
    raft->error = NULL;
    if (!sound) {
        error_free(error);
        error = error_new("%s", raft->in.error ? error_text(raft->in.error)
                                               : "the file became shorter");
    }
    if (error || raft->commit_index < raft->skip_index) {
        ovsdb_store_abort(store);
        return error ? error_wrap(error, "record %llu at byte %llu",
                                  (unsigned long long) entry->number,
                                  (unsigned long long) entry->offset)
                     : NULL;
    }
    if (raft->converts) {
        ovsdb_store_convert(store);
    }
    ovsdb_store_commit(store, entry->offset);
    return NULL;
}

static struct error *
check_commit(const struct raft *raft, uint64_t upto)
{
    uint64_t last = last_index(raft);
    return upto >= raft->commit_index && upto <= last
               ? NULL
               : error_new("commit index %llu is not among the entries %llu "
                           "to %llu",
                           (unsigned long long) upto,
                           (unsigned long long) raft->commit_index,
                           (unsigned long long) last);
}

bool
raft_may_commit(const struct raft *raft)
{
    return raft->commit_index < raft->known_index;
}

static void
forget_committed(struct raft *raft)
{
    if (raft->first > raft->n_pending / 2) {
        raft->n_pending -= raft->first;
        memmove(raft->pending, raft->pending + raft->first,
                raft->n_pending * sizeof *raft->pending);
        raft->first = 0;
    }
}

struct error *
raft_commit(struct raft *raft, struct ovsdb_store *store)
{
    bool committed = false;
    struct error *error = NULL;
    while (raft_may_commit(raft) && !committed && !error) {
        const struct entry *entry = &raft->pending[raft->first];
        error = commit_entry(raft, store, entry);
        committed = entry->n_bytes != 0;
        raft->committed_term = entry->term;
        raft->commit_index++;
        raft->first++;
    }
    if (!raft_may_commit(raft)) {
        forget_committed(raft);
    }
    return error;
}

struct error *
raft_take_record(struct raft *raft, struct ovsdb_store *store, uint64_t number,
                 uint64_t offset)
{
    const struct record *record = &raft->record;
    struct error *error = raft->error;
    raft->error = NULL;
    if (error) {
        return error;
    }
    if (!raft->has_header) {
        error = take_header(raft, store, offset);
    } else if (record->is_note) {
        raft->has_left |= record->says_left;
    } else if (record->commit_index) {
        error = check_commit(raft, record->commit_index);
        raft->known_index = error ? raft->known_index : record->commit_index;
    } else if (record->index) {
        error = take_entry(raft, number, offset);
    }
    return error ? error_wrap(error, "record %llu at byte %llu",
                              (unsigned long long) number,
                              (unsigned long long) offset)
                 : NULL;
}
