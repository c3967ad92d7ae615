#include "cli/cli.h"
#include "collect/replay.h"
#include "reach/tracker.h"

/* A state that stood for so long is one that people saw; before, the daemons
 * were still at work on it. */
#define SETTLED_MS 1000

/* What is judged again and again. */
struct judgement {
    struct bisect *bisect; /* NULL: nothing is judged. */
    struct tracker tracker;
    bool has_begun;
};

static void
judge(struct judgement *j, struct evidence *e)
{
    if (j->has_begun) {
        tracker_judge(&j->tracker);
        tracker_sort(&j->tracker);
    } else {
        tracker_init(&j->tracker, e, j->bisect->only);
    }
    j->has_begun = true;
    bisect_judge(j->bisect, &j->tracker.assessment);
}

/* Whether the evidence can be judged: both databases of OVN have begun, as far
 * as they have logs at all. */
static bool
is_judgeable(const struct evidence *e)
{
    return e->nb.present && (e->sb.present || !e->sb.log);
}

/* Whether 'next' comes after everything that followed from what was before
 * it: somebody does something new, or nobody did anything for a while. */
static bool
is_settled(const struct evidence *e, const struct replay_step *next)
{
    return cause_starts(next->db, next->comment)
           || next->date_ms - e->now_ms >= SETTLED_MS;
}

static const char *
chassis_name(const struct evidence *e, const struct evidence_db *db)
{
    for (size_t i = 0; i < e->n_chassis; i++) {
        if (&e->chassis[i]->ovs == db) {
            return e->chassis[i]->name;
        }
    }
    return NULL;
}

static struct error *
follow(struct evidence *e, struct replay *r, int64_t until_ms,
       struct timeline *t, struct judgement *j)
{
    struct cli_progress progress;
    struct bisect *b = j->bisect;
    struct error *error = NULL;
    const struct replay_step *step;
    bool is_new = false;
    cli_progress_init(&progress, CLI_REPLAYING);
    while (!error && (step = replay_peek(r)) && step->date_ms <= until_ms) {
        if (b && is_new && is_settled(e, step) && is_judgeable(e)) {
            judge(j, e);
            is_new = false;
        }
        error = replay_next(r);
        if (!error && j->has_begun) {
            tracker_apply(&j->tracker, step->db);
        }
        if (!error) {
            const struct history_event *event = timeline_take(
                t, step->db, chassis_name(e, step->db), step->date_ms);
            is_new |= b && bisect_concerns(b, event);
        }
        cli_progress_update(&progress, replay_position(r), replay_length(r));
    }
    if (!error && b && is_new && is_judgeable(e)) {
        judge(j, e);
    }
    cli_progress_done(&progress);
    return error;
}

struct error *
cli_follow(struct evidence *e, int64_t until_ms, struct timeline *t,
           struct bisect *b)
{
    struct replay *r;
    struct judgement judgement = { .bisect = b };
    size_t n_warnings = e->n_warnings;
    struct error *error = replay_open(e, &r);
    if (!error && !replay_length(r)) {
        error = error_hint(error_new("none of the databases has a log that "
                                     "could be read"),
                           "name the files themselves, with --nb, --sb and "
                           "--ovs, or run it where the servers run");
    }
    if (!error) {
        cli_print_warnings(e, n_warnings);
        error = follow(e, r, until_ms, t, &judgement);
    }
    if (judgement.has_begun) {
        tracker_done(&judgement.tracker);
    }
    replay_close(r);
    return error;
}
