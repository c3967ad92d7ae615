#include "ovsdb/chain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "ovsdb/header.h"

/* How a file begins, as far as the order of files depends on it. */
struct head {
    bool is_clustered;
    struct uuid cluster;  /* If it is clustered, with... */
    uint64_t first_index; /* ...the index of its snapshot. */
    int64_t date_ms;      /* Of its first transaction; 0 if unknown. */
    unsigned char sha1[2][DIGEST_BYTES]; /* Of its first two records. */
};

struct ovsdb_chain_file {
    char *path;
    int fd; /* -1: to be opened. */
    bool is_backup;
    uint64_t size;
    struct head head;
    int64_t group_ms; /* When the first file of its cluster begins. */
};

void
ovsdb_chain_init(struct ovsdb_chain *chain)
{
    memset(chain, 0, sizeof *chain);
}

static void
free_file(struct ovsdb_chain_file *file)
{
    if (file->fd >= 0) {
        close(file->fd);
    }
    free(file->path);
}

void
ovsdb_chain_done(struct ovsdb_chain *chain)
{
    if (chain->is_open) {
        ovsdb_log_close(&chain->log);
    }
    for (size_t i = 0; i < chain->n_files; i++) {
        free_file(&chain->files[i]);
    }
    for (size_t i = 0; i < chain->n_notes; i++) {
        free(chain->notes[i]);
    }
    free(chain->files);
    free(chain->notes);
    free(chain->caveat);
    memset(chain, 0, sizeof *chain);
}

static void
note(struct ovsdb_chain *chain, const char *format, ...)
{
    va_list args;
    char *text;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0) {
        abort();
    }
    va_end(args);
    chain->notes = xgrow(chain->notes, chain->n_notes, &chain->notes_capacity,
                         sizeof *chain->notes);
    chain->notes[chain->n_notes++] = text;
}

void
ovsdb_chain_add(struct ovsdb_chain *chain, const char *path, int fd,
                bool is_backup)
{
    chain->files = xgrow(chain->files, chain->n_files, &chain->capacity,
                         sizeof *chain->files);
    chain->files[chain->n_files++] = (struct ovsdb_chain_file){
        .path = xstrdup(path), .fd = fd, .is_backup = is_backup
    };
}

const char *
ovsdb_chain_path(const struct ovsdb_chain *chain, size_t i,
                 bool *ret_is_backup)
{
    *ret_is_backup = chain->files[i].is_backup;
    return chain->files[i].path;
}

/* Heads. */

/* The date of the transaction that 'r' stands before. */
static bool
find_date(struct json_reader *r, int64_t *ret_ms)
{
    struct json_slice name;
    if (!json_begin(r, '{')) {
        return false;
    }
    while (json_next_member(r, &name)) {
        if (!json_slice_equals(&name, "_date") ? !json_skip(r)
                                               : !json_integer(r, ret_ms)) {
            return false;
        }
    }
    return !json_failed(r);
}

/* The date of a snapshot, a pair of a schema and a transaction. */
static bool
find_snapshot_date(struct json_reader *r, int64_t *ret_ms)
{
    bool found = json_begin(r, '[') && json_next_element(r) && json_skip(r)
                 && json_next_element(r) && find_date(r, ret_ms);
    return found && !json_next_element(r) && !json_failed(r);
}

static bool
read_cluster(struct json_reader *r, struct head *head)
{
    struct json_slice name, text;
    int64_t index;
    if (!json_begin(r, '{')) {
        return false;
    }
    while (json_next_member(r, &name)) {
        if (json_slice_equals(&name, "cluster_id")) {
            if (!json_string(r, &text)
                || !uuid_parse(text.s, text.length, &head->cluster)) {
                return false;
            }
        } else if (json_slice_equals(&name, "prev_index")) {
            if (!json_integer(r, &index)) {
                return false;
            }
            head->first_index = (uint64_t) index;
        } else if (json_slice_equals(&name, "prev_data")
                       ? !find_snapshot_date(r, &head->date_ms)
                       : !json_skip(r)) {
            return false;
        }
    }
    return !json_failed(r);
}

/* Reads a header line, and lets 'in' end behind its record. */
static bool
begin_record(struct input *in, struct log_header *header)
{
    char line[LOG_HEADER_MAX_BYTES];
    size_t n;
    if (log_header_read_line(in, line, &n) < 0
        || !log_header_parse(line, header)) {
        return false;
    }
    input_stop_after(in, header->length, NULL, NULL);
    return true;
}

/* What cannot be read is unknown here; who reads the file will say so. */
static void
read_head(int fd, struct head *head)
{
    struct input in;
    struct input_place place;
    struct json_reader reader;
    struct log_header header;
    memset(head, 0, sizeof *head);
    input_init_place(&in, &place, fd, 0);
    json_reader_init(&reader, &in);
    for (int i = 0; i < 2 && begin_record(&in, &header); i++) {
        memcpy(head->sha1[i], header.sha1, DIGEST_BYTES);
        head->is_clustered = header.is_clustered;
        if (header.is_clustered ? !read_cluster(&reader, head)
                                : i && !find_date(&reader, &head->date_ms)) {
            break;
        }
        if (!input_unstop(&in)) {
            break;
        }
    }
    json_reader_done(&reader);
    input_done(&in);
}

static struct error *
look_into(struct ovsdb_chain_file *file)
{
    struct stat status;
    int fd = file->fd >= 0
                 ? file->fd
                 : open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return error_new("%s: cannot open: %s", file->path, strerror(errno));
    }
    struct error *error = NULL;
    if (fstat(fd, &status) || !S_ISREG(status.st_mode)) {
        error = error_new("%s: this is no regular file", file->path);
    } else {
        file->size = (uint64_t) status.st_size;
        read_head(fd, &file->head);
    }
    if (file->fd < 0) {
        close(fd);
    }
    return error;
}

/* Order. */

static bool
is_of_cluster(const struct ovsdb_chain_file *a,
              const struct ovsdb_chain_file *b)
{
    return a->head.is_clustered && b->head.is_clustered
           && uuid_equals(&a->head.cluster, &b->head.cluster);
}

/* Copies before what they were made of; then by date; but the members of a
 * cluster by index, since each of them has its own clock. */
static int
compare_files(const void *a_, const void *b_)
{
    const struct ovsdb_chain_file *a = a_, *b = b_;
    if (a->is_backup != b->is_backup) {
        return a->is_backup ? -1 : 1;
    } else if (a->group_ms != b->group_ms) {
        return a->group_ms < b->group_ms ? -1 : 1;
    }
    int order = uuid_compare(&a->head.cluster, &b->head.cluster);
    return order ? order
           : a->head.first_index != b->head.first_index
               ? (a->head.first_index < b->head.first_index ? -1 : 1)
               : strcmp(a->path, b->path);
}

/* Whether the shorter of two standalone files is the beginning of the
 * other. */
static bool
begin_alike(const struct ovsdb_chain_file *a, const struct ovsdb_chain_file *b)
{
    return !a->head.is_clustered && !b->head.is_clustered
           && !memcmp(a->head.sha1, b->head.sha1, sizeof a->head.sha1);
}

/* Whether all that 'a' tells is in 'b' too, which has the index 'j'. */
static bool
tells_less(const struct ovsdb_chain_file *a, size_t i,
           const struct ovsdb_chain_file *b, size_t j)
{
    return begin_alike(a, b)
           && (a->is_backup != b->is_backup ? a->is_backup
               : a->size != b->size         ? a->size < b->size
                                            : i > j);
}

static void
drop_file(struct ovsdb_chain *chain, size_t i)
{
    free_file(&chain->files[i]);
    chain->n_files--;
    memmove(&chain->files[i], &chain->files[i + 1],
            (chain->n_files - i) * sizeof *chain->files);
}

static void
drop_repeats(struct ovsdb_chain *chain)
{
    for (size_t i = chain->n_files; i--;) {
        for (size_t j = 0; j < chain->n_files; j++) {
            if (j != i
                && tells_less(&chain->files[i], i, &chain->files[j], j)) {
                drop_file(chain, i);
                break;
            }
        }
    }
}

struct error *
ovsdb_chain_begin(struct ovsdb_chain *chain)
{
    if (chain->n_files == 1) {
        return NULL;
    }
    for (size_t i = chain->n_files; i--;) {
        struct error *error = look_into(&chain->files[i]);
        if (error && !chain->files[i].is_backup) {
            return error;
        } else if (error) {
            note(chain, "%s", error_text(error));
            error_free(error);
            drop_file(chain, i);
        }
    }
    drop_repeats(chain);
    for (size_t i = 0; i < chain->n_files; i++) {
        struct ovsdb_chain_file *file = &chain->files[i];
        file->group_ms = file->head.date_ms;
        for (size_t j = 0; j < chain->n_files; j++) {
            const struct ovsdb_chain_file *other = &chain->files[j];
            if (is_of_cluster(file, other)
                && other->head.date_ms < file->group_ms) {
                file->group_ms = other->head.date_ms;
            }
        }
    }
    qsort(chain->files, chain->n_files, sizeof *chain->files, compare_files);
    return NULL;
}

/* Reading. */

/* Two files that tell of the same time, and not of the same entries, cannot be
 * put one behind the other. */
static struct error *
check_order(struct ovsdb_chain *chain, const struct ovsdb_store *store)
{
    const struct ovsdb_chain_file *file = &chain->files[chain->at];
    const struct ovsdb_chain_file *before = file - 1;
    if (!chain->at || is_of_cluster(before, file) || !file->head.date_ms
        || file->head.date_ms >= ovsdb_store_date(store)) {
        return NULL;
    }
    if (!before->is_backup) {
        return error_hint(
            error_new("%s and %s tell of the same time, and are not of one "
                      "cluster",
                      before->path, file->path),
            "give one of them");
    }
    char begins[CLOCK_TEXT_SIZE], ends[CLOCK_TEXT_SIZE];
    clock_format(file->head.date_ms, begins);
    clock_format(ovsdb_store_date(store), ends);
    note(chain,
         "%s ends at %s, after %s begins, at %s: a clock ran backwards, or "
         "the one is not the past of the other",
         before->path, ends, file->path, begins);
    return NULL;
}

static struct error *
open_file(struct ovsdb_chain *chain, struct ovsdb_store *store)
{
    struct ovsdb_chain_file *file = &chain->files[chain->at];
    struct error *error = check_order(chain, store);
    if (error) {
        return error;
    }
    error = ovsdb_log_open(&chain->log, file->path, file->fd);
    file->fd = -1;
    if (error) {
        return error;
    }
    chain->is_open = true;
    chain->log.takes_prefix =
        chain->takes_prefix || chain->at + 1 < chain->n_files;
    if (chain->known && is_of_cluster(chain->known, file)) {
        chain->log.known_index = chain->known_index;
    }
    ovsdb_store_begin_file(store, file->path);
    return NULL;
}

/* Whether the file that ends tells what the database is now. */
static bool
is_latest(const struct ovsdb_chain *chain)
{
    return !chain->known
           || !is_of_cluster(chain->known, &chain->files[chain->at])
           || chain->log.commit_index > chain->known_index;
}

/* A file without a transaction, such as that of a database which was made
 * anew, is empty, whatever there was before. */
static void
end_file(struct ovsdb_chain *chain, struct ovsdb_store *store)
{
    if (store->expects_whole) {
        ovsdb_store_read_nothing(store);
        ovsdb_store_commit(store, input_offset(&chain->log.in));
    }
}

static void
close_file(struct ovsdb_chain *chain)
{
    struct ovsdb_log *log = &chain->log;
    if (log->cut) {
        note(chain, "%s", log->cut);
    }
    if (is_latest(chain)) {
        free(chain->caveat);
        chain->caveat = log->caveat ? xstrdup(log->caveat) : NULL;
        chain->is_damaged = log->is_damaged;
        chain->known = &chain->files[chain->at];
        chain->known_index = log->commit_index;
    }
    chain->bytes += input_offset(&log->in);
    chain->n_records += log->n_records;
    ovsdb_log_close(log);
    chain->is_open = false;
    chain->at++;
}

struct error *
ovsdb_chain_next(struct ovsdb_chain *chain, struct ovsdb_store *store,
                 bool *ret_more)
{
    bool more = false;
    const struct ovsdb_chain_file *file = &chain->files[chain->at];
    struct error *error = chain->is_open ? NULL : open_file(chain, store);
    if (!error) {
        error = ovsdb_log_next(&chain->log, store, &more);
    }
    if (!error && !more) {
        error = ovsdb_log_check(&chain->log);
        if (!error) {
            end_file(chain, store);
        }
    }
    if (error && file->is_backup) {
        note(chain, "%s", error_text(error));
        error_free(error);
        error = NULL;
        more = false;
        if (chain->is_open) {
            free(chain->log.cut); /* Said already. */
            chain->log.cut = NULL;
        } else { /* It did not even open. */
            chain->at++;
        }
    }
    if (!error && !more && chain->is_open) {
        close_file(chain);
    }
    *ret_more = !error && chain->at < chain->n_files;
    return error;
}

const char *
ovsdb_chain_latest(const struct ovsdb_chain *chain)
{
    return chain->known->path;
}

struct error *
ovsdb_chain_read_all(struct ovsdb_chain *chain, struct ovsdb_store *store)
{
    bool more = true;
    struct error *error = NULL;
    while (!error && more) {
        error = ovsdb_chain_next(chain, store, &more);
    }
    if (!error) {
        ovsdb_store_trim(store);
    }
    return error;
}
