#include "history/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "history/cause.h"

/* A daemon does what follows from a change within moments, unless it was not
 * running; what comes later than this may have another reason. */
#define MAX_DELAY_MS (5 * 60 * 1000)

/* The last operator's event that spoke of a key. */
struct touch {
    size_t events[OVSDB_CHANGED + 1]; /* By what happened; + 1, 0 if none. */
};

void
timeline_init(struct timeline *t)
{
    memset(t, 0, sizeof *t);
    arena_init(&t->arena);
    strmap_init(&t->touched);
    strmap_init(&t->scope);
}

void
timeline_done(struct timeline *t)
{
    strmap_done(&t->touched);
    strmap_done(&t->scope);
    history_lines_done(&t->last);
    free(t->events);
    arena_done(&t->arena);
}

void
timeline_want(struct timeline *t, const char *name)
{
    if (*name) {
        *strmap_place(&t->scope, arena_strdup(&t->arena, name)) = t;
    }
}

/* Scope. */

static bool
is_known_to(const struct strmap *scope, const struct history_line *line)
{
    char uuid[UUID_LENGTH + 1];
    uuid_format(&line->row->uuid, uuid);
    if (strmap_get(scope, line->name) || strmap_get(scope, uuid)
        || (line->is_news && strmap_get(scope, line->holder))) {
        return true;
    }
    for (size_t i = 0; i < line->n_keys; i++) {
        if (strmap_get(scope, line->keys[i])) {
            return true;
        }
    }
    return false;
}

/* Whether anybody wants the line.  What belongs to a thing that is wanted is
 * wanted under its own name from then on: the localnet port of a switch, in
 * SB and on the chassis too. */
static bool
is_wanted(struct timeline *t, const struct history_line *line)
{
    if (!t->scope.n) {
        return true;
    }
    if (!is_known_to(&t->scope, line)) {
        return false;
    }
    if (line->is_news && strmap_get(&t->scope, line->holder)) {
        timeline_want(t, line->name);
    }
    return true;
}

/* What follows from what. */

static void
touch(struct timeline *t, const struct history_line *line, size_t event)
{
    for (size_t i = 0; i < line->n_keys; i++) {
        void **slot = strmap_place(&t->touched, line->keys[i]);
        if (!*slot) {
            *slot = arena_zalloc(&t->arena, sizeof(struct touch));
        }
        struct touch *touch = *slot;
        touch->events[line->kind] = event + 1;
    }
}

static void
touch_all(struct timeline *t, size_t event)
{
    for (size_t i = 0; i < t->events[event].n_lines; i++) {
        touch(t, &t->events[event].lines[i], event);
    }
}

/* The latest event that may have led to 'line': one of the same kind, or a
 * change of the same thing. */
static size_t
find_cause(const struct timeline *t, const struct history_line *line)
{
    size_t latest = 0;
    for (size_t i = 0; i < line->n_keys; i++) {
        const struct touch *touch = strmap_get(&t->touched, line->keys[i]);
        for (int k = 0; touch && k <= OVSDB_CHANGED; k++) {
            bool fits = k == (int) line->kind || k == OVSDB_CHANGED
                        || line->kind == OVSDB_CHANGED;
            if (fits && touch->events[k] > latest) {
                latest = touch->events[k];
            }
        }
    }
    return latest ? latest - 1 : NO_EVENT;
}

/* Appends event 'effect' to what followed from 'cause', unless it is there. */
static void
add_effect(struct timeline *t, size_t cause, size_t effect, bool is_wanted)
{
    struct history_event *event = &t->events[cause];
    struct history_effect *last = event->last_effect;
    if (!last || last->event != effect) {
        struct history_effect *new = arena_zalloc(&t->arena, sizeof *new);
        new->event = effect;
        *(last ? &last->next : &event->effects) = new;
        event->last_effect = last = new;
    }
    last->is_wanted |= is_wanted;
    event->is_wanted |= is_wanted;
}

static bool
is_in_time(const struct timeline *t, const struct history_event *event,
           size_t cause)
{
    return cause != NO_EVENT
           && event->date_ms - t->events[cause].date_ms <= MAX_DELAY_MS;
}

/* What a daemon's event follows from, line by line; a line that nothing is
 * known of goes with the others. */
static void
link_event(struct timeline *t, size_t index)
{
    struct history_event *event = &t->events[index];
    for (size_t i = 0; i < event->n_lines; i++) {
        size_t cause = find_cause(t, &event->lines[i]);
        if (!is_in_time(t, event, cause)) {
            continue;
        }
        event->lines[i].cause = cause;
        if (event->cause == NO_EVENT || cause > event->cause) {
            event->cause = cause;
        }
    }
    for (size_t i = 0; i < event->n_lines && event->cause != NO_EVENT; i++) {
        struct history_line *line = &event->lines[i];
        if (line->cause == NO_EVENT) {
            line->cause = event->cause;
        }
        add_effect(t, line->cause, index, line->is_wanted);
    }
}

size_t
timeline_root(const struct timeline *t, size_t event,
              const struct ovsdb_row *row)
{
    const struct history_event *e = &t->events[event];
    size_t cause = e->cause;
    for (size_t i = 0; row && i < e->n_lines; i++) {
        if (e->lines[i].row == row) {
            cause = e->lines[i].cause;
        }
    }
    return cause == NO_EVENT ? event : cause;
}

size_t
timeline_find(const struct timeline *t, const struct evidence_db *db,
              uint32_t record)
{
    for (size_t i = t->n_events; i--;) {
        if (t->events[i].db == db && t->events[i].record <= record) {
            return t->events[i].record == record ? i : NO_EVENT;
        }
    }
    return NO_EVENT;
}

/* Events. */

static enum history_who
find_who(const struct evidence_db *db, const struct ovsdb_record *record,
         const struct history_line *lines, size_t n)
{
    enum history_who who = cause_who(record->comment);
    if (cause_is_snapshot(record)) {
        return WHO_SNAPSHOT;
    }
    /* ovs-vswitchd writes the state of what it was told, without a comment
     * (vswitchd/bridge.c): no row comes or goes by its hand. */
    bool is_status = who == WHO_CLIENT && !strcmp(db->db, "ovs");
    for (size_t i = 0; i < n; i++) {
        is_status &= lines[i].is_status;
    }
    return is_status ? WHO_VSWITCHD : who;
}

static struct history_event *
add_event(struct timeline *t)
{
    t->events = xgrow(t->events, t->n_events, &t->capacity, sizeof *t->events);
    struct history_event *event = &t->events[t->n_events++];
    memset(event, 0, sizeof *event);
    event->cause = NO_EVENT;
    return event;
}

/* Copies the last transaction's lines that are worth telling. */
static struct history_line *
keep_lines(struct timeline *t, size_t *ret_n)
{
    const struct history_lines *last = &t->last;
    size_t n = 0;
    for (size_t i = 0; i < last->n; i++) {
        n += !last->items[i].is_quiet;
    }
    struct history_line *lines =
        n ? arena_alloc(&t->arena, n * sizeof *lines) : NULL;
    *ret_n = 0;
    for (size_t i = 0; i < last->n; i++) {
        if (!last->items[i].is_quiet) {
            lines[(*ret_n)++] = last->items[i];
        }
    }
    return lines;
}

const struct history_event *
timeline_take(struct timeline *t, const struct evidence_db *db,
              const char *chassis, int64_t date_ms)
{
    const struct ovsdb_store *store = &db->store;
    uint32_t number = (uint32_t) store->n_records - 1;
    const struct ovsdb_record *record = &store->records[number];
    bool is_snapshot = cause_is_snapshot(record);
    t->last.n = 0;
    if (!is_snapshot || record->is_whole) {
        describe_transaction(store, &t->arena, &t->last);
    }
    size_t n;
    struct history_line *lines = keep_lines(t, &n);
    if (!n && !is_snapshot) {
        t->n_quiet++;
        return NULL;
    }
    struct history_event *event = add_event(t);
    event->db = db;
    event->chassis = chassis;
    event->record = number;
    event->date_ms = date_ms;
    event->comment = record->comment;
    event->lines = lines;
    event->n_lines = n;
    event->n_rows = is_snapshot ? store->n_deltas : 0;
    event->is_gap = record->is_whole;
    event->who = find_who(db, record, lines, n);
    event->is_wanted = is_snapshot;
    for (size_t i = 0; i < n; i++) {
        lines[i].is_wanted = is_wanted(t, &lines[i]);
        lines[i].cause = NO_EVENT;
        event->is_wanted |= lines[i].is_wanted;
    }
    t->n_wanted += event->is_wanted && !is_snapshot;
    if (is_snapshot) {
        return event; /* Who knows what its lines follow from. */
    }
    if (history_is_daemon(event->who)) {
        link_event(t, t->n_events - 1);
    } else {
        touch_all(t, t->n_events - 1);
    }
    return event;
}
