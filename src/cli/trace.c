#include <string.h>

#include "cli/cli.h"

/* An error names no more than these. */
#define MAX_CANDIDATES 4

/* What to call an endpoint so that it is the only one, if anything helps. */
static const char *
unique_name(struct assessment *a, const struct assessed_endpoint *at)
{
    const struct fabric_endpoint *e = at->endpoint;
    const char *parts[] = { "", e->port, e->name, e->ls->network,
                            e->ls->name };
    const char *first = *e->address ? e->address : e->port;
    for (size_t i = 0; i < N_ELEMENTS(parts); i++) {
        const char *name =
            arena_printf(&a->arena, "%s%s%s", first, i ? "@" : "", parts[i]);
        if (reach_find(a, name, NULL) == at && !reach_find(a, name, at)) {
            return name;
        }
    }
    return arena_printf(&a->arena, "%s@%s", first, e->port);
}

static struct error *
refuse_many(struct assessment *a, const char *name)
{
    const struct assessed_endpoint *at = NULL;
    const char *list = "";
    size_t n = 0;
    while ((at = reach_find(a, name, at))) {
        if (n++ < MAX_CANDIDATES) {
            list = arena_printf(&a->arena, "%s%s%s (network %s)", list,
                                n > 1 ? ", " : "", unique_name(a, at),
                                at->endpoint->ls->network);
        }
    }
    return error_hint(error_new("\"%s\" names %zu endpoints", name, n),
                      "give one of %s%s", list,
                      n > MAX_CANDIDATES ? ", ..." : "");
}

/* Finds what 'name' means: an endpoint, or, if it is an address that no
 * endpoint has, something outside ('*ret' NULL). */
static struct error *
find_end(struct assessment *a, const char *name,
         const struct assessed_endpoint **ret)
{
    *ret = reach_find(a, name, NULL);
    if (*ret && reach_find(a, name, *ret)) {
        return refuse_many(a, name);
    }
    if (!*ret && !address_is_ip(name)) {
        return error_hint(
            error_new("no endpoint is called \"%s\"", name),
            "an address, a logical switch port or a Neutron port name; "
            "`provnet check --all` lists them");
    }
    return NULL;
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
    error = trace(&state.assessment, from, to, &path);
    if (error) {
        status = cli_fail(error);
    } else {
        struct text out;
        text_init(&out, TEXT_CEILING_BYTES);
        if (o.json) {
            report_trace_json(&state.assessment, &path, from, to, &out);
        } else {
            report_trace_text(&state.assessment, &path, from, to, &o.report,
                              &out);
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
