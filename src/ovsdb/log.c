#include "ovsdb/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ovsdb/digest.h"
#include "ovsdb/header.h"
#include "ovsdb/raft.h"

struct error *
ovsdb_log_open(struct ovsdb_log *log, const char *path, int fd)
{
    memset(log, 0, sizeof *log);
    log->fd = fd >= 0 ? fd : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (log->fd < 0) {
        return error_new("%s: cannot open: %s", path, strerror(errno));
    }
    struct stat status;
    if (fstat(log->fd, &status) || !S_ISREG(status.st_mode)) {
        close(log->fd);
        log->fd = -1;
        return error_new("%s: this is no regular file", path);
    }
    log->name = xstrdup(path);
    input_init_fd(&log->in, &log->fd);
    json_reader_init(&log->reader, &log->in);
    log->digest = digest_new();
    return NULL;
}

void
ovsdb_log_close(struct ovsdb_log *log)
{
    if (log->name) {
        raft_free(log->raft);
        digest_free(log->digest);
        json_reader_done(&log->reader);
        input_done(&log->in);
        close(log->fd);
        free(log->cut);
        free(log->caveat);
        free(log->name);
    }
    memset(log, 0, sizeof *log);
    log->fd = -1;
}

static void
say(char **ret, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (vasprintf(ret, format, args) < 0) {
        abort();
    }
    va_end(args);
}

static void
note_cut(struct ovsdb_log *log, uint64_t offset)
{
    say(&log->cut,
        "%s: record %llu at byte %llu is cut short; what stands before it "
        "was read",
        log->name, (unsigned long long) log->n_records,
        (unsigned long long) offset);
}

/* Returns 'error', which says that the file is damaged, or, where a whole
 * prefix is asked for and there is one, keeps it in 'cut'. */
static struct error *
note_damage(struct ovsdb_log *log, struct error *error)
{
    if (!log->takes_prefix || log->n_records < (log->raft ? 1 : 2)) {
        return error;
    }
    say(&log->cut, "%s; what stands before it was read", error_text(error));
    log->is_damaged = true;
    error_free(error);
    return NULL;
}

static struct error *
not_a_header(const struct ovsdb_log *log, uint64_t offset)
{
    if (offset) {
        return error_new("%s: record %llu at byte %llu: its header is damaged",
                         log->name, (unsigned long long) log->n_records,
                         (unsigned long long) offset);
    }
    return error_hint(
        error_new("%s: byte 0: this is no OVSDB file", log->name),
        "give a database file such as ovnnb_db.db, or what "
        "`ovsdb-client backup` wrote");
}

/* Whether the 'n' bytes of 'line' may be the beginning of a header. */
static bool
begins_header(const struct ovsdb_log *log, const char *line, size_t n)
{
    static const char *const magics[] = { LOG_MAGIC, LOG_MAGIC_CLUSTER };
    for (size_t i = 0; i < N_ELEMENTS(magics); i++) {
        size_t length = strlen(magics[i]);
        if ((!log->n_records || (log->raft != NULL) == i)
            && !strncmp(line, magics[i], n < length ? n : length)) {
            return true;
        }
    }
    return false;
}

/* Reads the next header.  '*ret_more' is false at the end of the file, also
 * where the header is cut short. */
static struct error *
read_header(struct ovsdb_log *log, struct log_header *ret, bool *ret_more)
{
    char line[LOG_HEADER_MAX_BYTES];
    size_t n;
    ret->offset = input_offset(&log->in);
    int length = log_header_read_line(&log->in, line, &n);
    *ret_more = length >= 0;
    if (log->in.error) {
        return error_new("%s: %s", log->name, error_text(log->in.error));
    }
    if (length >= 0 && begins_header(log, line, n)
        && log_header_parse(line, ret)) {
        return NULL;
    }
    if (length >= 0 || n == LOG_HEADER_MAX_BYTES - 1
        || !begins_header(log, line, n)) {
        *ret_more = false;
        return note_damage(log, not_a_header(log, ret->offset));
    }
    if (n) {
        note_cut(log, ret->offset);
    } else if (!ret->offset) {
        return error_new("%s: the file is empty", log->name);
    }
    return NULL;
}

/* Bodies. */

static void
update_digest(void *digest, const void *bytes, size_t size)
{
    digest_update(digest, bytes, size);
}

/* Whether nothing but white space is left of the record. */
static bool
check_end(struct json_reader *reader)
{
    if (json_peek(reader) >= 0) {
        json_fail(reader, "something follows the JSON value");
    }
    return !json_failed(reader);
}

/* What is wrong with a body that did not read well, found by reading it once
 * more from the file: only this tells a record that is still being written
 * from a damaged one. */
static struct error *
explain_body(struct ovsdb_log *log, const struct log_header *header,
             uint64_t body_offset)
{
    unsigned char buffer[65536], sha1[DIGEST_BYTES];
    uint64_t done = 0;
    digest_begin(log->digest, header->length);
    while (done < header->length) {
        uint64_t left = header->length - done;
        size_t size = left < sizeof buffer ? (size_t) left : sizeof buffer;
        ssize_t n = pread(log->fd, buffer, size, (off_t) (body_offset + done));
        if (n <= 0) {
            note_cut(log, header->offset);
            return NULL;
        }
        digest_update(log->digest, buffer, (size_t) n);
        done += (uint64_t) n;
    }
    digest_end(log->digest, sha1);
    bool damaged = memcmp(sha1, header->sha1, DIGEST_BYTES) != 0;
    const char *why = damaged ? "its checksum is wrong, the file is damaged"
                      : log->in.error ? error_text(log->in.error)
                                      : "?";
    struct error *error =
        error_new("%s: record %llu at byte %llu: %s", log->name,
                  (unsigned long long) log->n_records,
                  (unsigned long long) header->offset, why);
    error = damaged ? note_damage(log, error) : error;
    return !error
               ? NULL
               : error_hint(error,
                            "look at it with `ovsdb-tool show-log`, or read "
                            "the live server instead");
}

static bool
read_record(struct ovsdb_log *log, struct ovsdb_store *store,
            struct error **ret_schema_error)
{
    return log->raft ? raft_read_record(log->raft, store, &log->reader)
           : log->n_records
               ? ovsdb_store_read(store, &log->reader, OVSDB_FORM_LOG)
               : ovsdb_store_read_schema(store, &log->reader,
                                         ret_schema_error);
}

/* Reads a body through the checksum: parses it, then compares.  False if it
 * does not count; '*ret_error' then says why, or is NULL if it is cut. */
static bool
read_body(struct ovsdb_log *log, struct ovsdb_store *store,
          const struct log_header *header, struct error **ret_error)
{
    uint64_t body_offset = input_offset(&log->in);
    struct error *schema_error = NULL;
    unsigned char sha1[DIGEST_BYTES];
    digest_begin(log->digest, header->length);
    input_stop_after(&log->in, header->length, update_digest, log->digest);
    bool sound = read_record(log, store, &schema_error)
                 && check_end(&log->reader) && input_unstop(&log->in);
    digest_end(log->digest, sha1);
    sound = sound && !memcmp(sha1, header->sha1, DIGEST_BYTES);
    *ret_error = NULL;
    if (!sound) {
        error_free(schema_error);
        *ret_error = explain_body(log, header, body_offset);
    } else if (schema_error) {
        *ret_error = error_wrap(schema_error, "%s", log->name);
        sound = false;
    }
    return sound;
}

/* Lets a record count that was read and is sound. */
static struct error *
take_record(struct ovsdb_log *log, struct ovsdb_store *store, uint64_t offset)
{
    uint64_t number = log->n_records++;
    if (log->raft) {
        struct error *error =
            raft_take_record(log->raft, store, number, offset);
        return error ? error_wrap(error, "%s", log->name) : NULL;
    }
    if (number) {
        ovsdb_store_commit(store, offset);
    }
    return NULL;
}

/* What there is to say at the end of a clustered file. */
static void
end_cluster(struct ovsdb_log *log, struct ovsdb_store *store)
{
    size_t n = raft_n_uncommitted(log->raft);
    ovsdb_store_number(store, log->n_records);
    log->commit_index = raft_commit_index(log->raft);
    if (raft_has_left(log->raft)) {
        say(&log->caveat,
            "%s: this member has left its cluster; what happened since "
            "is not in its file",
            log->name);
    } else if (n) {
        say(&log->caveat,
            "%s: its last %zu transaction%s not known to be committed "
            "by the cluster, and not counted",
            log->name, n, n == 1 ? " is" : "s are");
    }
}

static struct error *
next_commit(struct ovsdb_log *log, struct ovsdb_store *store)
{
    struct error *error = raft_commit(log->raft, store);
    return error ? error_wrap(error, "%s", log->name) : NULL;
}

struct error *
ovsdb_log_next(struct ovsdb_log *log, struct ovsdb_store *store,
               bool *ret_more)
{
    struct log_header header;
    if (log->raft && raft_may_commit(log->raft)) {
        *ret_more = true;
        return next_commit(log, store);
    }
    struct error *error = read_header(log, &header, ret_more);
    if (!error && *ret_more && !log->n_records && header.is_clustered) {
        log->raft = raft_new(log->fd, log->known_index);
    }
    if (!error && *ret_more && !read_body(log, store, &header, &error)) {
        ovsdb_store_abort(store);
        *ret_more = false;
        if (!error && !log->n_records) {
            error = error_hint(error_new("%s", log->cut),
                               "nothing stands before it, so there is "
                               "nothing to read");
        }
    } else if (!error && *ret_more) {
        error = take_record(log, store, header.offset);
        if (error) { /* A header's snapshot may stand there. */
            ovsdb_store_abort(store);
        }
    }
    if (!error && !*ret_more && log->raft) {
        end_cluster(log, store);
    }
    return error;
}

struct error *
ovsdb_log_check(const struct ovsdb_log *log)
{
    if (!log->n_records) {
        return error_new("%s: it holds no whole record", log->name);
    } else if (log->cut && log->n_records == 1 && !log->raft) {
        return error_hint(error_new("%s", log->cut),
                          "no transaction stands before it, so there is "
                          "nothing to judge");
    }
    return NULL;
}

struct error *
ovsdb_log_read_all(struct ovsdb_log *log, struct ovsdb_store *store)
{
    bool more = true;
    struct error *error = NULL;
    while (!error && more) {
        error = ovsdb_log_next(log, store, &more);
    }
    return error ? error : ovsdb_log_check(log);
}

/* The member "name", of the object that 'r' stands before. */
static char *
find_name(struct json_reader *r)
{
    struct json_slice name, value;
    if (!json_begin(r, '{')) {
        return NULL;
    }
    while (json_next_member(r, &name)) {
        bool found = json_slice_equals(&name, "name");
        if (found ? !json_string(r, &value) : !json_skip(r)) {
            return NULL;
        } else if (!found) {
            continue;
        }
        char *copy = xmalloc(value.length + 1);
        memcpy(copy, value.s, value.length);
        copy[value.length] = '\0';
        return copy;
    }
    return NULL;
}

char *
ovsdb_log_probe(int fd)
{
    struct input in;
    struct json_reader reader;
    char line[LOG_HEADER_MAX_BYTES], *name = NULL;
    struct log_header header;
    size_t n;
    input_init_fd(&in, &fd);
    json_reader_init(&reader, &in);
    if (log_header_read_line(&in, line, &n) >= 0
        && log_header_parse(line, &header)) {
        input_stop_after(&in, header.length, NULL, NULL);
        name = find_name(&reader);
    }
    json_reader_done(&reader);
    input_done(&in);
    return name;
}

/* The schema in the header of a clustered file: the first element of its
 * "prev_data". */
static const struct json_value *
find_clustered_schema(struct json_reader *r, struct arena *arena)
{
    struct json_slice name;
    if (!json_begin(r, '{')) {
        return NULL;
    }
    while (json_next_member(r, &name)) {
        if (!json_slice_equals(&name, "prev_data")) {
            json_skip(r);
        } else if (json_begin(r, '[') && json_next_element(r)) {
            return json_read_value(r, arena, OVSDB_MAX_SCHEMA_NODES);
        }
    }
    return NULL;
}

struct error *
ovsdb_log_schema(const char *path, struct arena *arena,
                 const struct json_value **ret)
{
    struct ovsdb_log log;
    struct log_header header;
    bool more = false;
    const struct json_value *schema = NULL;
    struct error *error = ovsdb_log_open(&log, path, -1);
    if (error) {
        return error;
    }
    error = read_header(&log, &header, &more);
    if (!error && more) {
        input_stop_after(&log.in, header.length, NULL, NULL);
        schema =
            header.is_clustered
                ? find_clustered_schema(&log.reader, arena)
                : json_read_value(&log.reader, arena, OVSDB_MAX_SCHEMA_NODES);
    }
    if (!error && !schema) {
        error = error_new("%s: it holds no schema%s%s", path,
                          log.in.error ? ": " : "",
                          log.in.error ? error_text(log.in.error) : "");
    }
    *ret = schema;
    ovsdb_log_close(&log);
    return error;
}
