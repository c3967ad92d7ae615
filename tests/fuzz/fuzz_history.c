/* The knowing side, from rows to what is printed: after each transaction
 * (rows.h), everything is described and judged.  What is hostile here is what
 * the rows say. */
#include "fuzz.h"
#include "rows.h"

#include "report/report.h"

static void
judge(struct evidence *e, struct bisect *b)
{
    static const struct report_options options;
    struct fabric fabric;
    struct assessment assessment;
    struct text out;
    fabric_init(&fabric, e);
    reach_assess(&assessment, &fabric, NULL);
    bisect_judge(b, &assessment);
    text_init(&out, TEXT_CEILING_BYTES);
    report_check_text(&assessment, NULL, 0, &options, &out);
    report_check_json(&assessment, NULL, 0, &out);
    for (size_t i = 0; i < assessment.n_endpoints && i < 2; i++) {
        struct path path;
        for (enum direction d = INBOUND; d < N_DIRECTIONS; d++) {
            reach_trace(&assessment, &assessment.endpoints[i], d,
                        "192.168.50.145", &path);
            report_trace_text(&assessment, &path, "a", "b", &options, &out);
        }
    }
    text_done(&out);
    assessment_done(&assessment);
    fabric_done(&fabric);
}

static void
tell(const struct evidence *e, const struct timeline *t, struct bisect *b)
{
    static const struct report_options options;
    static const struct report_period always = { INT64_MIN, INT64_MAX };
    struct text out;
    text_init(&out, TEXT_CEILING_BYTES);
    report_history_text(t, &always, &options, &out);
    report_history_json(e, t, &always, &out);
    report_bisect_all_text(b, t, &always, &options, &out);
    report_bisect_all_json(e, b, t, &always, &out);
    for (size_t i = 0; i < b->n_endpoints; i++) {
        report_bisect_text(t, b->endpoints[i], &always, &options, &out);
    }
    CHECK(!out.truncated);
    text_done(&out);
}

static void
replay(struct evidence *e, struct timeline *t, struct bisect *b,
       const uint8_t *bytes, size_t size)
{
    const uint8_t *end = bytes + size;
    struct evidence_db *db;
    while ((bytes = rows_next(e, bytes, end, &db)), db) {
        const char *chassis =
            db == &e->chassis[0]->ovs ? e->chassis[0]->name : NULL;
        const struct history_event *event =
            timeline_take(t, db, chassis, e->now_ms++);
        bisect_concerns(b, event);
        judge(e, b);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct evidence e;
    struct timeline timeline;
    struct bisect bisect;
    rows_init(&e);
    timeline_init(&timeline);
    timeline_want(&timeline, "public");
    bisect_init(&bisect, &timeline, NULL);
    replay(&e, &timeline, &bisect, bytes, size);
    tell(&e, &timeline, &bisect);
    bisect_done(&bisect);
    timeline_done(&timeline);
    evidence_done(&e);
    return 0;
}
