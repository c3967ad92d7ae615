#include "collect/replay.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "collect/file.h"

/* A log that is being read again. */
struct source {
    struct evidence_db *db;
    struct ovsdb_chain chain;
    bool more;
};

struct step {
    struct replay_step public;
    struct source *source;
};

struct replay {
    struct evidence *evidence;
    struct arena arena;
    struct source *sources;
    size_t n_sources;
    struct step *steps;
    size_t n_steps;
    size_t at; /* The step that comes next. */
};

/* The databases, in the order in which records of one moment are put back:
 * what follows from a change comes after it. */
static struct evidence_db *
database(struct evidence *e, size_t i)
{
    return i == 0 ? &e->nb : i == 1 ? &e->sb : &e->chassis[i - 2]->ovs;
}

static size_t
n_databases(const struct evidence *e)
{
    return 2 + e->n_chassis;
}

/* Steps. */

/* A clock that was set by less, as time servers do, is not worth a word. */
#define MAX_STEP_BACK_MS 1000

static void
warn_of_clock(struct evidence *e, const struct evidence_db *db,
              const struct ovsdb_record *record, int64_t before_ms)
{
    char date[CLOCK_TEXT_SIZE], before[CLOCK_TEXT_SIZE];
    const char *file;
    clock_format(record->date_ms, date);
    clock_format(before_ms, before);
    uint32_t number = ovsdb_record_number(
        db->log, (size_t) (record - db->log->records), &file);
    evidence_warn(e,
                  "%s: a clock ran backwards: record %u is of %s, one before "
                  "it of %s; records count in their order",
                  file ? file : db->from, number, date, before);
}

static void
add_steps(struct replay *r, struct source *source)
{
    const struct ovsdb_store *log = source->db->log;
    int64_t date_ms = 0;
    bool is_warned = false;
    for (uint32_t i = 0; i < log->n_records; i++) {
        const struct ovsdb_record *record = &log->records[i];
        if (!ovsdb_record_is_transaction(record)) {
            continue;
        }
        if (!is_warned && record->date_ms
            && date_ms - record->date_ms > MAX_STEP_BACK_MS) {
            warn_of_clock(r->evidence, source->db, record, date_ms);
            is_warned = true;
        }
        date_ms = record->date_ms > date_ms ? record->date_ms : date_ms;
        const char *comment = record->comment;
        r->steps[r->n_steps++] = (struct step){
            .public = { .db = source->db,
                        .record = i,
                        .date_ms = date_ms,
                        .comment =
                            *comment ? arena_strdup(&r->arena, comment) : "" },
            .source = source
        };
    }
}

static int
compare_steps(const void *a_, const void *b_)
{
    const struct step *a = a_, *b = b_;
    const struct replay_step *p = &a->public, *q = &b->public;
    return p->date_ms != q->date_ms ? (p->date_ms < q->date_ms ? -1 : 1)
           : a->source != b->source ? (a->source < b->source ? -1 : 1)
           : p->record < q->record  ? -1
                                    : 1;
}

static void
order_steps(struct replay *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n_sources; i++) {
        n += r->sources[i].db->log->n_records;
    }
    r->steps = xmalloc((n + 1) * sizeof *r->steps);
    for (size_t i = 0; i < r->n_sources; i++) {
        add_steps(r, &r->sources[i]);
    }
    if (r->n_steps) {
        qsort(r->steps, r->n_steps, sizeof *r->steps, compare_steps);
    }
}

/* Opening. */

/* Forgets the rows of 'db', and its log if that is another store. */
static void
empty(struct evidence_db *db)
{
    const struct ovsdb_spec *spec = db->store.spec;
    if (db->log && db->log != &db->store) {
        ovsdb_store_done(db->log);
        free(db->log);
    }
    ovsdb_store_done(&db->store);
    ovsdb_store_init(&db->store, spec);
    db->store.keeps_deltas = true;
    db->log = &db->store;
    db->present = false;
}

static struct error *
open_source(struct source *source)
{
    struct evidence_db *db = source->db;
    file_add_log(&source->chain, db);
    source->chain.takes_prefix = true;
    source->more = true;
    empty(db);
    struct error *error = ovsdb_chain_begin(&source->chain);
    if (!error) {
        error = ovsdb_chain_next(&source->chain, &db->store, &source->more);
    }
    return error ? error_hint(
               error, "copy the file and name it with --%s FILE", db->db)
                 : NULL;
}

/* The names of chassis may live in a store that is to be emptied. */
static void
keep_names(struct evidence *e)
{
    for (size_t i = 0; i < e->n_chassis; i++) {
        e->chassis[i]->name = arena_strdup(&e->arena, e->chassis[i]->name);
    }
}

struct error *
replay_open(struct evidence *e, struct replay **ret)
{
    struct replay *r = *ret = xcalloc(1, sizeof *r);
    struct error *error = NULL;
    r->evidence = e;
    arena_init(&r->arena);
    keep_names(e);
    r->sources = xcalloc(n_databases(e), sizeof *r->sources);
    for (size_t i = 0; i < n_databases(e); i++) {
        struct evidence_db *db = database(e, i);
        if (db->log) {
            r->sources[r->n_sources++].db = db;
        } else if (db->present) {
            evidence_warn(e,
                          "the past of %s is not known: its log was not "
                          "read: %s",
                          db->from, db->log_missing ? db->log_missing : "?");
            db->present = false;
        }
    }
    order_steps(r);
    for (size_t i = 0; i < r->n_sources && !error; i++) {
        error = open_source(&r->sources[i]);
    }
    return error;
}

void
replay_close(struct replay *r)
{
    for (size_t i = 0; r && i < r->n_sources; i++) {
        ovsdb_chain_done(&r->sources[i].chain);
    }
    if (r) {
        free(r->sources);
        free(r->steps);
        arena_done(&r->arena);
    }
    free(r);
}

/* Going on. */

size_t
replay_length(const struct replay *r)
{
    return r->n_steps;
}

size_t
replay_position(const struct replay *r)
{
    return r->at;
}

const struct replay_step *
replay_peek(const struct replay *r)
{
    return r->at < r->n_steps ? &r->steps[r->at].public : NULL;
}

struct error *
replay_next(struct replay *r)
{
    assert(r->at < r->n_steps);
    const struct replay_step *step = &r->steps[r->at].public;
    struct source *source = r->steps[r->at++].source;
    struct ovsdb_store *store = &step->db->store;
    while (store->n_records <= step->record) {
        struct error *error =
            source->more
                ? ovsdb_chain_next(&source->chain, store, &source->more)
                : NULL;
        if (error) {
            return error;
        }
        if (!source->more && store->n_records <= step->record) {
            return error_hint(error_new("%s: it is shorter than it was when "
                                        "it was read first",
                                        step->db->log_from),
                              "it was compacted meanwhile; try again");
        }
    }
    step->db->present = true;
    r->evidence->now_ms = step->date_ms;
    return NULL;
}

/* At one moment. */

/* What a damaged log hides may have happened before 'date_ms'. */
static struct error *
check_damage(struct evidence *e, struct evidence_db *db, int64_t date_ms)
{
    char until[CLOCK_TEXT_SIZE], then[CLOCK_TEXT_SIZE];
    if (date_ms <= db->log_until_ms) {
        return NULL;
    }
    clock_format(db->log_until_ms, until);
    clock_format(date_ms, then);
    if (db == &e->nb) {
        return error_hint(error_new("%s: the log is damaged after %s: what it "
                                    "was at %s is not known",
                                    db->from, until, then),
                          "give a time up to %s", until);
    }
    evidence_warn(e,
                  "%s: the log is damaged after %s: what it was at %s is not "
                  "known",
                  db->from, until, then);
    db->present = false;
    return NULL;
}

/* Says what is not known of that moment. */
static struct error *
check_reach(struct evidence *e, const struct replay *r, int64_t date_ms)
{
    for (size_t i = 0; i < r->n_sources; i++) {
        struct error *error = check_damage(e, r->sources[i].db, date_ms);
        if (error) {
            return error;
        }
    }
    for (size_t i = 0; i < r->n_sources; i++) {
        const struct evidence_db *db = r->sources[i].db;
        if (db->present || date_ms > db->log_until_ms) {
            continue;
        }
        const struct replay_step *first = NULL;
        for (size_t s = 0; s < r->n_steps && !first; s++) {
            first = r->steps[s].public.db == db ? &r->steps[s].public : NULL;
        }
        char since[CLOCK_TEXT_SIZE], then[CLOCK_TEXT_SIZE];
        clock_format(first ? first->date_ms : e->now_ms, since);
        clock_format(date_ms, then);
        if (db == &e->nb) {
            return error_new("%s: the log reaches back to %s, not to %s",
                             db->from, since, then);
        }
        evidence_warn(e,
                      "%s: the log reaches back to %s: what it was at %s "
                      "is not known",
                      db->from, since, then);
    }
    return NULL;
}

struct error *
replay_to(struct evidence *e, int64_t date_ms, replay_progress_fn *progress,
          void *aux)
{
    struct replay *r;
    const struct replay_step *next;
    struct error *error = replay_open(e, &r);
    while (!error && (next = replay_peek(r)) && next->date_ms <= date_ms) {
        error = replay_next(r);
        if (progress) {
            progress(aux, r->at, r->n_steps);
        }
    }
    e->now_ms = date_ms;
    if (!error) {
        error = check_reach(e, r, date_ms);
    }
    for (size_t i = 0; i < r->n_sources; i++) {
        r->sources[i].db->n_records = r->sources[i].db->store.n_records;
    }
    replay_close(r);
    return error;
}
