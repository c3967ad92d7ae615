#include "cli/cli.h"

/* Wants what concerns an endpoint: itself, and what its frames cross. */
static void
want_endpoint(struct timeline *t, const struct fabric_endpoint *e)
{
    timeline_want(t, e->address);
    timeline_want(t, e->port);
    timeline_want(t, e->guest_address ? e->guest_address : "");
    timeline_want(t, e->ls->name);
    timeline_want(t, e->vif ? e->vif->name : "");
    timeline_want(t, e->vif ? e->vif->ls->name : "");
    timeline_want(t, e->chassis ? e->chassis->name : "");
    timeline_want(t, e->gateway ? e->gateway->name : "");
    timeline_want(t, e->inner ? e->inner->name : "");
    for (size_t i = 0; i < e->ls->n_localnets; i++) {
        timeline_want(t, e->ls->localnets[i].name);
    }
    if (e->ls->lost) {
        timeline_want(t, e->ls->lost->name);
    }
}

/* What a name stands for is looked up in the deployment as it is now; of what
 * is there no more, the name itself is all there is. */
static void
want(struct timeline *t, const struct assessment *a,
     const struct cli_options *o)
{
    for (int i = 0; i < o->n_arguments; i++) {
        timeline_want(t, o->arguments[i]);
        for (size_t j = 0; j < a->n_endpoints; j++) {
            if (fabric_endpoint_is(a->endpoints[j].endpoint,
                                   o->arguments[i])) {
                want_endpoint(t, a->endpoints[j].endpoint);
            }
        }
    }
}

static struct error *
read_logs(struct cli_state *s, const struct cli_options *o, struct timeline *t)
{
    struct error *error = cli_follow(&s->evidence, o->until_ms, t, NULL);
    if (!error && o->n_arguments && !t->n_wanted) {
        error = error_hint(
            error_new("nothing in the logs is called \"%s\"", o->arguments[0]),
            "a name, an address or a UUID of a switch, a port, a router, a "
            "bridge, a chassis, ...; without one, everything is told");
    }
    return error;
}

static int
print(struct cli_state *s, const struct cli_options *o,
      const struct timeline *t)
{
    struct report_period period = { o->since_ms, o->until_ms };
    struct text out;
    text_init_file(&out, stdout);
    if (o->json) {
        report_history_json(&s->evidence, t, &period, &out);
    } else {
        report_history_text(t, &period, &o->report, &out);
    }
    return cli_print(&out) ? EXIT_FINE : EXIT_TROUBLE;
}

int
cli_history(int argc, char **argv)
{
    struct cli_options o;
    struct cli_state state;
    struct timeline timeline;
    int status;
    if (!cli_parse(argc, argv, &o, &status)) {
        cli_options_done(&o);
        return status;
    }
    if (o.at_ms != INT64_MAX) {
        status = cli_check_as(&o);
        cli_options_done(&o);
        return status;
    }
    o.collect.all_logs = true;
    struct error *error = cli_state_init(&state, &o);
    if (error) {
        cli_options_done(&o);
        return cli_fail(error);
    }
    timeline_init(&timeline);
    want(&timeline, &state.tracker.assessment, &o);
    cli_state_forget(&state);
    error = read_logs(&state, &o, &timeline);
    status = error ? cli_fail(error) : print(&state, &o, &timeline);
    timeline_done(&timeline);
    cli_state_done(&state);
    cli_options_done(&o);
    return status;
}
