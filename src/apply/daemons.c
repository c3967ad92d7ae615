#include "apply/daemons.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "ovsdb/session.h"

static const struct daemons_counter counters[] = {
    { "nb",
      "OVN_Northbound",
      "NB_Global",
      "nb_cfg",
      { "sb_cfg", "hv_cfg" },
      "ovn-northd and all ovn-controllers" },
    { "ovs",
      "Open_vSwitch",
      "Open_vSwitch",
      "next_cfg",
      { "cur_cfg", "cur_cfg" },
      "ovs-vswitchd" },
};

const struct daemons_counter *
daemons_find(const char *db)
{
    for (size_t i = 0; i < N_ELEMENTS(counters); i++) {
        if (!strcmp(counters[i].db, db)) {
            return &counters[i];
        }
    }
    return NULL;
}

int64_t
daemons_count(const struct json_value *row, const char *column)
{
    const struct json_value *v = json_member(row, column);
    return v && v->kind == JSON_INTEGER ? v->integer : 0;
}

/* Whether the journal changes a database that ovn-controller reads, or
 * ovn-northd, and that does not tell of them. */
static bool
has_untold(const struct journal *j)
{
    bool any = false;
    for (size_t i = 0; i < j->n_steps; i++) {
        const struct journal_step *step = &j->steps[i];
        any |= strcmp(step->db, "nb") && !journal_is_flow(step);
    }
    return any;
}

void
daemons_init(struct daemons *d, const struct journal *j, struct arena *a)
{
    const struct daemons_counter *counter = daemons_find("nb");
    *d = (struct daemons){ .journal = j };
    d->wanted = arena_zalloc(a, (j->n_steps + 1) * sizeof *d->wanted);
    if (has_untold(j) && j->sources.nb) {
        d->nb = (struct journal_step){ .db = counter->db,
                                       .name = counter->schema,
                                       .remote = j->sources.nb };
    } else if (has_untold(j)) {
        d->blind = "without a live northbound database nobody asked the "
                   "ovn-controllers whether they had taken it over";
    }
}

const char *
daemons_tell(const struct journal_step *step, const char *params,
             struct arena *a)
{
    const struct daemons_counter *counter = daemons_find(step->db);
    size_t n = params ? strlen(params) : 0;
    if (!counter || !params) {
        return params;
    }
    assert(n && params[n - 1] == ']');
    return arena_printf(a,
                        "%.*s,{\"op\":\"mutate\",\"table\":\"%s\","
                        "\"where\":[],\"mutations\":[[\"%s\",\"+=\",1]]}]",
                        (int) (n - 1), params, counter->table, counter->asked);
}

/* Why the step's daemons have not followed; NULL if they have. */
static const char *
look(const struct takeback *t, const struct journal_step *step,
     int64_t *wanted, struct arena *a)
{
    const struct daemons_counter *counter = daemons_find(step->db);
    const struct json_value *results = NULL;
    if (!counter) {
        return NULL;
    }
    const char *params = arena_printf(
        a,
        "[\"%s\",{\"op\":\"select\",\"table\":\"%s\",\"where\":[],"
        "\"columns\":[\"%s\",\"%s\"]}]",
        step->name, counter->table, counter->asked, counter->answered[1]);
    struct error *error = takeback_transact(t, step, params, a, &results);
    if (error) {
        const char *why = arena_strdup(a, error_text(error));
        error_free(error);
        return why;
    }
    const struct json_value *row = ovsdb_transaction_row(results);
    int64_t done = daemons_count(row, counter->answered[1]);
    *wanted = *wanted ? *wanted : daemons_count(row, counter->asked);
    return row && done >= *wanted
               ? NULL
               : arena_printf(a,
                              "%s%s%s did not say to have taken it over "
                              "(%s %lld of %lld)",
                              counter->who, step->chassis ? " of " : "",
                              step->chassis ? step->chassis : "",
                              counter->answered[1], (long long) done,
                              (long long) *wanted);
}

void
daemons_await(struct daemons *d, const struct takeback *t, int follow_ms,
              int watch_ms, struct arena *a)
{
    if (d->nb.remote) {
        const char *params =
            daemons_tell(&d->nb, arena_printf(a, "[\"%s\"]", d->nb.name), a);
        struct error *error = takeback_transact(t, &d->nb, params, a, NULL);
        d->blind = error ? arena_strdup(a, error_text(error)) : NULL;
        error_free(error);
    }
    d->follow_until_ms = clock_now_ms() + follow_ms;
    d->until_ms = INT64_MAX;
    d->watch_ms = watch_ms;
}

bool
daemons_are_awaited(const struct daemons *d)
{
    return clock_now_ms() < d->until_ms;
}

void
daemons_look(struct daemons *d, const struct takeback *t, struct arena *a)
{
    const struct journal *j = d->journal;
    if (d->until_ms != INT64_MAX) {
        return;
    }
    d->late = NULL;
    for (size_t i = 0; i < j->n_steps && !d->late; i++) {
        d->late = look(t, &j->steps[i], &d->wanted[i], a);
    }
    if (!d->late && d->blind) {
        d->late = d->blind;
    } else if (!d->late && d->nb.remote) {
        d->late = look(t, &d->nb, &d->wanted[j->n_steps], a);
    }
    int64_t now_ms = clock_now_ms();
    if (!d->late || now_ms > d->follow_until_ms) {
        d->until_ms = now_ms + d->watch_ms;
    }
}
