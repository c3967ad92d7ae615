#include "apply/journal.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apply/form.h"
#include "base/clock.h"
#include "ovsdb/tree.h"

#define MAX_ID_LENGTH 64
#define MAX_STEPS 10000
#define MAX_NODES ((size_t) 1 << 22)
#define FORMAT 1

const char *const journal_state_names[N_JOURNAL_STATES] = {
    [JOURNAL_PLANNED] = "planned", [JOURNAL_APPLIED] = "applied",
    [JOURNAL_UNDOING] = "undoing", [JOURNAL_UNDONE] = "undone",
    [JOURNAL_FAILED] = "failed",
};

const char *
journal_dir(const char *dir)
{
    const char *env = getenv("PROVNET_STATE_DIR");
    return dir && *dir ? dir : env && *env ? env : JOURNAL_DEFAULT_DIR;
}

/* Letters, digits and '-' only: it becomes a file's name. */
static bool
is_id(const char *id)
{
    size_t n = strlen(id);
    for (const char *s = id; *s; s++) {
        if (!isalnum((unsigned char) *s) && *s != '-') {
            return false;
        }
    }
    return n && n <= MAX_ID_LENGTH;
}

void
journal_begin(struct journal *j, struct arena *a)
{
    char now[CLOCK_TEXT_SIZE];
    char id[MAX_ID_LENGTH];
    unsigned short some = 0;
    size_t n = 0;
    clock_format(clock_wall_ms(), now);
    if (getrandom(&some, sizeof some, 0) != sizeof some) {
        abort(); /* Never for so few bytes: getrandom(2). */
    }
    for (const char *s = now; *s && *s != '.'; s++) {
        if (isdigit((unsigned char) *s)) {
            id[n++] = *s;
        }
    }
    snprintf(id + n, sizeof id - n, "-%04x", some);
    j->id = arena_strdup(a, id);
    j->time = arena_strdup(a, now);
    j->state = JOURNAL_PLANNED;
    j->why = NULL;
}

bool
journal_is_flow(const struct journal_step *step)
{
    return !strcmp(step->db, JOURNAL_FLOWS);
}

/* Writing. */

static void
put_member(struct text *t, const char *name, const char *value)
{
    text_printf(t, "\"%s\":", name);
    if (value) {
        json_put_string(t, value);
    } else {
        text_puts(t, "null");
    }
    text_puts(t, ",\n");
}

static void
put_transactions(struct text *t, const char *name,
                 const char *const transactions[])
{
    text_printf(t, "\"%s\":[", name);
    for (size_t i = 0; i < JOURNAL_MAX_TRANSACTIONS && transactions[i]; i++) {
        text_printf(t, "%s%s", i ? ",\n" : "", transactions[i]);
    }
    text_putc(t, ']');
}

static void
put_sources(struct text *t, const struct journal_sources *s)
{
    text_puts(t, "\"sources\":{");
    put_member(t, "nb", s->nb);
    put_member(t, "sb", s->sb);
    text_puts(t, "\"ovs\":[");
    for (size_t i = 0; i < s->n_ovs; i++) {
        text_puts(t, i ? "," : "");
        json_put_string(t, s->ovs[i]);
    }
    text_puts(t, "]},\n");
}

static void
put_journal(struct text *t, const struct journal *j)
{
    text_printf(t, "{\"provnet-journal\":%d,\n", FORMAT);
    put_member(t, "id", j->id);
    put_member(t, "time", j->time);
    put_member(t, "comment", j->comment);
    put_member(t, "state", journal_state_names[j->state]);
    put_member(t, "why", j->why);
    put_sources(t, &j->sources);
    text_puts(t, "\"steps\":[");
    for (size_t i = 0; i < j->n_steps; i++) {
        const struct journal_step *step = &j->steps[i];
        text_puts(t, i ? ",\n{" : "\n{");
        put_member(t, "db", step->db);
        put_member(t, "name", step->name);
        put_member(t, "chassis", step->chassis);
        put_member(t, "remote", step->remote);
        put_transactions(t, "operations", step->operations);
        text_puts(t, ",\n");
        put_transactions(t, "inverses", step->inverses);
        text_putc(t, '}');
    }
    text_puts(t, "]}\n");
}

static struct error *
write_file(int folder, const char *name, const struct text *t)
{
    size_t done = 0;
    unlinkat(folder, name, 0); /* Of somebody who was killed. */
    int fd =
        openat(folder, name,
               O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool failed = fd < 0;
    while (!failed && done < t->length) {
        ssize_t n = write(fd, t->s + done, t->length - done);
        failed = n < 0 && errno != EINTR;
        done += n > 0 ? (size_t) n : 0;
    }
    failed = failed || fsync(fd);
    int code = errno;
    if (fd >= 0) {
        failed |= close(fd) != 0;
    }
    return failed ? error_new("%s: cannot write it: %s", name, strerror(code))
                  : NULL;
}

/* The new file takes the old one's place; the folder's own bytes are written
 * as well, since the name stands there. */
static struct error *
replace(int folder, const char *id, const struct text *t)
{
    char name[MAX_ID_LENGTH + 8], fresh[MAX_ID_LENGTH + 8];
    snprintf(name, sizeof name, "%s.json", id);
    snprintf(fresh, sizeof fresh, "%s.new", id);
    struct error *error = write_file(folder, fresh, t);
    if (!error && (renameat(folder, fresh, folder, name) || fsync(folder))) {
        error = error_new("%s: cannot be put in its place: %s", name,
                          strerror(errno));
    }
    if (error) {
        unlinkat(folder, fresh, 0);
    }
    return error;
}

/* Opens the folder, which is made if it is not there. */
static struct error *
open_folder(const char *dir, int *ret)
{
    *ret = -1;
    if (mkdir(dir, 0700) && errno != EEXIST) {
        return error_hint(error_new("%s: the journal's folder cannot be made: "
                                    "%s",
                                    dir, strerror(errno)),
                          "set PROVNET_STATE_DIR to one that can");
    }
    *ret = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *ret < 0 ? error_new("%s: cannot open the journal's folder: %s",
                                dir, strerror(errno))
                    : NULL;
}

struct error *
journal_lock(const char *dir, int *ret_lock)
{
    struct error *error = open_folder(dir, ret_lock);
    if (!error && flock(*ret_lock, LOCK_EX | LOCK_NB)) {
        error = errno == EWOULDBLOCK
                    ? error_hint(error_new("%s: another repair is being "
                                           "carried out, or taken back",
                                           dir),
                                 "wait until it has ended")
                    : error_new("%s: cannot lock the journal's folder: %s",
                                dir, strerror(errno));
    }
    return error;
}

void
journal_unlock(int lock)
{
    if (lock >= 0) {
        close(lock);
    }
}

struct error *
journal_write(const struct journal *j, const char *dir)
{
    struct text t;
    int folder;
    struct error *error = open_folder(dir, &folder);
    if (error) {
        return error;
    }
    text_init(&t, JOURNAL_MAX_BYTES);
    put_journal(&t, j);
    error = t.truncated ? error_new("it is too large for a journal")
                        : replace(folder, j->id, &t);
    text_done(&t);
    close(folder);
    return error ? error_wrap(error, "%s", dir) : NULL;
}

/* Reading. */

static bool
read_string(const struct json_value *v, const char *name, const char **ret)
{
    *ret = json_member_string(v, name);
    return *ret != NULL;
}

/* Reads transactions, which must all be for the step's database. */
static bool
read_transactions(const struct json_value *v, const char *name,
                  const struct journal_step *step, struct arena *a,
                  const char *ret[])
{
    const struct json_value *list = json_member(v, name);
    size_t n = 0;
    if (!list || list->kind != JSON_ARRAY) {
        return false;
    }
    for (const struct json_value *t = list->first; t; t = t->next) {
        bool fits = n < JOURNAL_MAX_TRANSACTIONS && t->kind == JSON_ARRAY
                    && t->first && t->first->kind == JSON_STRING
                    && !strcmp(t->first->string, step->name)
                    && (journal_is_flow(step) || form_is_sound(t));
        if (!fits) {
            return false;
        }
        struct text text;
        text_init(&text, TEXT_CEILING_BYTES);
        tree_put(&text, t);
        ret[n++] = arena_strdup(a, text_string(&text));
        text_done(&text);
    }
    return n > 0;
}

static bool
read_step(const struct json_value *v, struct arena *a,
          struct journal_step *step)
{
    step->chassis = json_member_string(v, "chassis");
    return read_string(v, "db", &step->db)
           && read_string(v, "name", &step->name)
           && read_string(v, "remote", &step->remote)
           && read_transactions(v, "operations", step, a, step->operations)
           && read_transactions(v, "inverses", step, a, step->inverses);
}

static bool
read_steps(const struct json_value *v, struct arena *a, struct journal *j)
{
    const struct json_value *list = json_member(v, "steps");
    size_t n = 0;
    if (!list || list->kind != JSON_ARRAY) {
        return false;
    }
    for (const struct json_value *s = list->first; s; s = s->next) {
        n++;
    }
    if (!n || n > MAX_STEPS) {
        return false;
    }
    j->steps = arena_zalloc(a, n * sizeof *j->steps);
    for (const struct json_value *s = list->first; s; s = s->next) {
        if (!read_step(s, a, &j->steps[j->n_steps++])) {
            return false;
        }
    }
    return true;
}

/* A journal may be older than its sources. */
static bool
read_sources(const struct json_value *v, struct arena *a,
             struct journal_sources *ret)
{
    const struct json_value *sources = json_member(v, "sources");
    const struct json_value *ovs = json_member(sources, "ovs");
    size_t n = 0;
    if (!sources) {
        return true;
    } else if (!ovs || ovs->kind != JSON_ARRAY) {
        return false;
    }
    for (const struct json_value *s = ovs->first; s; s = s->next) {
        n++;
    }
    ret->nb = json_member_string(sources, "nb");
    ret->sb = json_member_string(sources, "sb");
    ret->ovs = arena_alloc(a, (n + 1) * sizeof *ret->ovs);
    for (const struct json_value *s = ovs->first; s; s = s->next) {
        if (s->kind != JSON_STRING) {
            return false;
        }
        ret->ovs[ret->n_ovs++] = s->string;
    }
    return true;
}

static bool
read_state(const struct json_value *v, enum journal_state *ret)
{
    const char *name = json_member_string(v, "state");
    for (int i = 0; name && i < N_JOURNAL_STATES; i++) {
        if (!strcmp(name, journal_state_names[i])) {
            *ret = (enum journal_state) i;
            return true;
        }
    }
    return false;
}

static struct error *
take_journal(const struct json_value *v, const char *id, struct arena *a,
             struct journal *j)
{
    const struct json_value *format = json_member(v, "provnet-journal");
    if (!format || format->kind != JSON_INTEGER) {
        return error_new("it is no journal of provnet");
    } else if (format->integer != FORMAT) {
        return error_new("it is a journal of another provnet (format %lld)",
                         (long long) format->integer);
    }
    *j = (struct journal){ .why = json_member_string(v, "why") };
    if (!read_string(v, "id", &j->id) || !read_string(v, "time", &j->time)
        || !read_string(v, "comment", &j->comment) || !read_state(v, &j->state)
        || !read_sources(v, a, &j->sources) || !read_steps(v, a, j)) {
        return error_new("it is a damaged journal: a member is missing, or "
                         "is not what it should be");
    }
    return strcmp(j->id, id) ? error_new("it is the journal of another "
                                         "repair")
                             : NULL;
}

static struct error *
parse_journal(int fd, const char *id, struct arena *a, struct journal *ret)
{
    struct input in;
    struct json_reader reader;
    struct stat status;
    struct error *error = NULL;
    if (fstat(fd, &status) || !S_ISREG(status.st_mode)
        || (uint64_t) status.st_size > JOURNAL_MAX_BYTES) {
        return error_new("it is no regular file of at most %zu MiB",
                         JOURNAL_MAX_BYTES >> 20);
    }
    input_init_fd(&in, &fd);
    json_reader_init(&reader, &in);
    const struct json_value *v = json_read_value(&reader, a, MAX_NODES);
    if (v && json_peek(&reader) >= 0) {
        json_fail(&reader, "something follows the JSON value");
    }
    if (in.error || !v) {
        error = error_new("it is damaged: %s",
                          in.error ? error_text(in.error) : "it is empty");
    }
    json_reader_done(&reader);
    input_done(&in);
    return error ? error : take_journal(v, id, a, ret);
}

struct error *
journal_read(const char *dir, const char *id, struct arena *a,
             struct journal *ret)
{
    if (!is_id(id)) {
        return error_new("this is no id of a repair: letters, digits and "
                         "'-', at most %d",
                         MAX_ID_LENGTH);
    }
    const char *path = arena_printf(a, "%s/%s.json", dir, id);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return errno == ENOENT
                   ? error_hint(error_new("%s: there is no such repair", path),
                                "its id was said when it was applied; the "
                                "files in %s are named after them",
                                dir)
                   : error_new("%s: cannot open: %s", path, strerror(errno));
    }
    struct error *error = parse_journal(fd, id, a, ret);
    close(fd);
    return error ? error_wrap(error, "%s", path) : NULL;
}
