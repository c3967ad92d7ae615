#include "cli/cli.h"

static struct error *
find_endpoint(const struct bisect *b, const char *name,
              const struct bisect_endpoint **ret)
{
    if (!b->n_endpoints) {
        return error_hint(
            error_new("no endpoint was ever called \"%s\"", name),
            "an address, a logical switch port or a Neutron "
            "port name; `provnet bisect --all` lists those that "
            "changed");
    }
    if (b->n_endpoints > 1) {
        return error_hint(
            error_new("\"%s\" names %zu endpoints", name, b->n_endpoints),
            "give an address or a logical switch port's name: "
            "%s or %s",
            b->endpoints[0]->port, b->endpoints[1]->port);
    }
    *ret = b->endpoints[0];
    return NULL;
}

static struct error *
check_usage(const struct cli_options *o)
{
    return (o->n_arguments == 1) != o->report.all
               ? NULL
               : error_hint(error_new("bisect: it takes an ENDPOINT or --all"),
                            "see `provnet bisect --help`");
}

static struct error *
print(const struct evidence *e, const struct timeline *t, struct bisect *b,
      const struct cli_options *o, struct text *out)
{
    struct report_period period = { o->since_ms, o->until_ms };
    const struct bisect_endpoint *endpoint = NULL;
    struct error *error =
        o->report.all ? NULL : find_endpoint(b, o->arguments[0], &endpoint);
    if (error) {
        return error;
    }
    if (endpoint && o->json) {
        report_bisect_json(e, t, endpoint, &period, out);
    } else if (endpoint) {
        report_bisect_text(t, endpoint, &period, &o->report, out);
    } else if (o->json) {
        report_bisect_all_json(e, b, t, &period, out);
    } else {
        report_bisect_all_text(b, t, &period, &o->report, out);
    }
    return NULL;
}

static int
exit_status(const struct bisect *b)
{
    for (size_t i = 0; i < b->n_endpoints; i++) {
        if (bisect_is_lost(b->endpoints[i])) {
            return EXIT_BROKEN;
        }
    }
    return EXIT_FINE;
}

static int
bisect(struct evidence *e, const struct cli_options *o)
{
    struct timeline timeline;
    struct bisect bisect;
    struct text out;
    timeline_init(&timeline);
    bisect_init(&bisect, &timeline, o->report.all ? NULL : o->arguments[0]);
    text_init_file(&out, stdout);
    struct error *error = cli_follow(e, o->until_ms, &timeline, &bisect);
    if (!error) {
        error = print(e, &timeline, &bisect, o, &out);
    }
    int status = error              ? cli_fail(error)
                 : !cli_print(&out) ? EXIT_TROUBLE
                                    : exit_status(&bisect);
    bisect_done(&bisect);
    timeline_done(&timeline);
    return status;
}

int
cli_bisect(int argc, char **argv)
{
    struct cli_options o;
    struct evidence evidence;
    int status;
    if (!cli_parse(argc, argv, &o, &status)) {
        cli_options_done(&o);
        return status;
    }
    o.collect.all_logs = true;
    struct error *error = check_usage(&o);
    if (!error) {
        error = cli_gather(&evidence, &o.collect);
        status = error ? EXIT_TROUBLE : bisect(&evidence, &o);
        evidence_done(&evidence);
    }
    cli_options_done(&o);
    return error ? cli_fail(error) : status;
}
