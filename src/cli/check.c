#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "cli/cli.h"

/* The endpoints that the arguments name, in '*ret', malloc()ed. */
static struct error *
select_endpoints(const struct assessment *a, const struct cli_options *o,
                 const struct assessed_endpoint ***ret, size_t *ret_n)
{
    size_t n = 0, capacity = 0;
    const struct assessed_endpoint **only = NULL;
    for (int i = 0; i < o->n_arguments; i++) {
        size_t before = n;
        const struct assessed_endpoint *at = NULL;
        while ((at = reach_find(a, o->arguments[i], at))) {
            only = xgrow(only, n, &capacity, sizeof *only);
            only[n++] = at;
        }
        if (n == before) {
            free(only);
            return error_hint(
                error_new("no endpoint is called \"%s\"", o->arguments[i]),
                "an address, a logical switch port or a Neutron port name of "
                "a provider network; `provnet check --all` lists them");
        }
    }
    *ret = only;
    *ret_n = n;
    return NULL;
}

static int
exit_status(const struct assessment *a, const struct assessed_endpoint **only,
            size_t n_only, const struct cli_options *o)
{
    bool undetermined = false;
    size_t n = n_only ? n_only : a->n_endpoints;
    for (size_t i = 0; i < n; i++) {
        const struct assessed_endpoint *e =
            n_only ? only[i] : &a->endpoints[i];
        for (size_t d = 0; d < N_DIRECTIONS; d++) {
            enum verdict_kind kind = e->verdicts[d].kind;
            if (kind == VERDICT_BROKEN || kind == VERDICT_STORM) {
                return EXIT_BROKEN;
            }
            undetermined |= kind == VERDICT_UNDETERMINED;
        }
    }
    /* A provider network without endpoints can be broken as well. */
    for (size_t i = 0; !n_only && i < a->n_findings; i++) {
        if (a->findings[i].finding->effect >= EFFECT_STOPS) {
            return EXIT_BROKEN;
        }
    }
    return o->strict && undetermined ? EXIT_UNDETERMINED : EXIT_FINE;
}

int
cli_check_as(const struct cli_options *o)
{
    struct cli_state state;
    int status;
    struct error *error = cli_state_init(&state, o);
    if (error) {
        return cli_fail(error);
    }
    const struct assessed_endpoint **only = NULL;
    size_t n_only = 0;
    error = select_endpoints(&state.tracker.assessment, o, &only, &n_only);
    if (error) {
        status = cli_fail(error);
    } else {
        struct text out;
        text_init_file(&out, stdout);
        if (o->json) {
            report_check_json(&state.tracker.assessment, only, n_only, &out);
        } else {
            report_check_text(&state.tracker.assessment, only, n_only,
                              &o->report, &out);
        }
        status = !cli_print(&out)
                     ? EXIT_TROUBLE
                     : exit_status(&state.tracker.assessment, only, n_only, o);
    }
    free(only);
    cli_state_done(&state);
    return status;
}

int
cli_check(int argc, char **argv)
{
    struct cli_options o;
    int status;
    if (cli_parse(argc, argv, &o, &status)) {
        status = cli_check_as(&o);
    }
    cli_options_done(&o);
    return status;
}
