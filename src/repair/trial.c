#include "repair/trial.h"

#include <stdlib.h>
#include <string.h>

#include "history/describe.h"
#include "repair/simulation.h"

void
trial_begin(struct trial *t, const struct assessment *before)
{
    memset(t, 0, sizeof *t);
    arena_init(&t->arena);
    t->evidence = before->fabric->evidence;
    impact_init(&t->impact, before);
    follow_init(&t->follow, t->evidence);
}

void
trial_done(struct trial *t)
{
    follow_done(&t->follow);
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
    struct error *error = simulation_commit(db, json, length);
    if (!error) {
        follow_note(&t->follow, db);
        add_lines(t, db, chassis);
    }
    return error;
}

struct error *
trial_end(struct trial *t)
{
    struct fabric fabric;
    struct assessment after;
    struct error *error = follow_run(&t->follow);
    if (error) {
        return error;
    }
    fabric_init(&fabric, t->evidence);
    reach_assess(&after, &fabric, NULL);
    impact_compare(&t->impact, &after);
    assessment_done(&after);
    fabric_done(&fabric);
    return NULL;
}
