#include "repair/trial.h"

#include <stdlib.h>
#include <string.h>

#include "history/describe.h"

void
trial_begin(struct trial *t, struct tracker *before)
{
    memset(t, 0, sizeof *t);
    arena_init(&t->arena);
    t->tracker = before;
    impact_init(&t->impact, &before->assessment);
    tracker_follow(before);
    follow_init(&t->follow, before);
    t->is_following = true;
}

void
trial_done(struct trial *t)
{
    if (t->is_following) {
        follow_done(&t->follow);
    }
    impact_done(&t->impact);
    free(t->lines);
    arena_done(&t->arena);
}

static void
add_lines(struct trial *t, const struct evidence_db *db, const char *chassis)
{
    struct history_lines lines = { NULL, 0, 0 };
    describe_transaction(&db->store, &t->arena, &lines);
    for (size_t i = 0; i < lines.n; i++) {
        if (!lines.items[i].is_quiet) {
            t->lines =
                xgrow(t->lines, t->n_lines, &t->capacity, sizeof *t->lines);
            t->lines[t->n_lines++] = (struct trial_line){
                .db = db->db,
                .chassis = chassis ? arena_strdup(&t->arena, chassis) : NULL,
                .text = lines.items[i].text,
            };
        }
    }
    history_lines_done(&lines);
}

struct error *
trial_commit(struct trial *t, struct evidence_db *db, const char *chassis,
             const char *json, size_t length)
{
    struct error *error = follow_commit(&t->follow, db, json, length);
    if (!error) {
        follow_note(&t->follow, db);
        add_lines(t, db, chassis);
    }
    return error;
}

void
trial_add_flow(struct trial *t, const char *chassis, const char *bridge,
               const char *actions)
{
    follow_add_flow(&t->follow, chassis, bridge, actions);
}

struct error *
trial_end(struct trial *t)
{
    struct error *error = follow_run(&t->follow);
    if (!error) {
        tracker_judge(t->tracker);
        tracker_collect(t->tracker);
        impact_compare(&t->impact, &t->tracker->assessment);
    }
    follow_done(&t->follow);
    t->is_following = false;
    return error;
}
