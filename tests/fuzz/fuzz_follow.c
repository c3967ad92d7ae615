/* An assessment that follows, over transactions of hostile rows (rows.h):
 * after each it must say what one from scratch says. */
#include "fuzz.h"
#include "rows.h"

#include <string.h>

#include "reach/tracker.h"
#include "report/report.h"

static void
describe(struct assessment *a, struct text *out)
{
    text_init(out, TEXT_CEILING_BYTES);
    report_check_json(a, NULL, 0, out);
}

static void
compare(struct evidence *e, struct tracker *followed)
{
    struct fabric fabric;
    struct assessment anew;
    struct text then, now;
    fabric_init(&fabric, e);
    reach_assess(&anew, &fabric, NULL);
    describe(&anew, &now);
    describe(&followed->assessment, &then);
    if (strcmp(text_string(&now), text_string(&then))) {
        fprintf(stderr, "followed: %s\nfrom scratch: %s\n", text_string(&then),
                text_string(&now));
        abort();
    }
    text_done(&then);
    text_done(&now);
    assessment_done(&anew);
    fabric_done(&fabric);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const uint8_t *end = bytes + size;
    struct evidence e;
    struct evidence_db *db;
    struct tracker tracker;
    rows_init(&e);
    tracker_init(&tracker, &e, NULL);
    while ((bytes = rows_next(&e, bytes, end, &db)), db) {
        e.now_ms++;
        tracker_apply(&tracker, db);
        tracker_judge(&tracker);
        tracker_collect(&tracker);
        compare(&e, &tracker);
    }
    tracker_done(&tracker);
    evidence_done(&e);
    return 0;
}
