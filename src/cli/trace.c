#include "cli/cli.h"

/* Finds what 'name' means: an endpoint, or, if it is an address that no
 * endpoint has, something outside ('*ret' NULL). */
static struct error *
find_end(struct assessment *a, const char *name,
         const struct assessed_endpoint **ret)
{
    *ret = NULL;
    return !reach_find(a, name, NULL) && address_is_ip(name)
               ? NULL
               : cli_find_endpoint(a, name, ret);
}

static struct error *
trace(struct assessment *a, const char *from, const char *to,
      struct path *path)
{
    const struct assessed_endpoint *source, *target;
    struct error *error = find_end(a, from, &source);
    error = error ? error : find_end(a, to, &target);
    if (error) {
        return error;
    }
    if (!source && !target) {
        return error_hint(
            error_new("neither %s nor %s is an endpoint of a provider "
                      "network",
                      from, to),
            "`provnet check --all` lists them");
    }
    if (!source) {
        reach_trace(a, target, INBOUND, from, path);
    } else if (!target) {
        reach_trace(a, source, OUTBOUND, to, path);
    } else if (source == target) {
        return error_new("%s and %s are the same endpoint", from, to);
    } else if (source->endpoint->ls != target->endpoint->ls) {
        return error_hint(
            error_new(
                "%s and %s are on different logical switches, and "
                "provnet does not follow frames between two networks yet",
                from, to),
            "trace each of them to an address outside");
    } else {
        reach_trace_between(a, source, target, path);
    }
    return NULL;
}

int
cli_trace(int argc, char **argv)
{
    struct cli_options o;
    struct cli_state state;
    struct path path;
    int status;
    if (!cli_parse(argc, argv, &o, &status)) {
        cli_options_done(&o);
        return status;
    }
    struct error *error = cli_state_init(&state, &o);
    if (error) {
        cli_options_done(&o);
        return cli_fail(error);
    }
    const char *from = o.arguments[0], *to = o.arguments[1];
    error = trace(&state.tracker.assessment, from, to, &path);
    if (error) {
        status = cli_fail(error);
    } else {
        struct text out;
        text_init_file(&out, stdout);
        if (o.json) {
            report_trace_json(&state.tracker.assessment, &path, from, to,
                              &out);
        } else {
            report_trace_text(&state.tracker.assessment, &path, from, to,
                              &o.report, &out);
        }
        status = !cli_print(&out) ? EXIT_TROUBLE
                 : path.kind == VERDICT_BROKEN || path.kind == VERDICT_STORM
                     ? EXIT_BROKEN
                 : path.kind == VERDICT_UNDETERMINED && o.strict
                     ? EXIT_UNDETERMINED
                     : EXIT_FINE;
    }
    cli_state_done(&state);
    cli_options_done(&o);
    return status;
}
