/* Options, for all subcommands: one table, from which --help is made too. */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "cli/cli.h"

enum option_id {
    OPT_NB = 256,
    OPT_SB,
    OPT_OVS,
    OPT_BUNDLE,
    OPT_TIMEOUT,
    OPT_FORMAT,
    OPT_STRICT,
    OPT_COLOR,
    OPT_ALL,
    OPT_AT,
    OPT_SINCE,
    OPT_UNTIL,
    OPT_TRANSACTION,
    OPT_ONLY,
    OPT_FOR,
    OPT_APPLY,
    OPT_UNDO,
    OPT_DRY_RUN,
};

static const struct option_row {
    const char *name;
    int id;
    const char *argument; /* NULL if it takes none. */
    unsigned group;       /* enum option_group; 0: for every subcommand. */
    const char *help;
} option_rows[] = {
    { "nb", OPT_NB, "REMOTE|FILE", OPTIONS_SOURCE,
      "OVN_Northbound (default: OVN_NB_DB, then this host's)" },
    { "sb", OPT_SB, "REMOTE|FILE", OPTIONS_SOURCE,
      "OVN_Southbound (default: OVN_SB_DB, then this host's)" },
    { "ovs", OPT_OVS, "REMOTE|FILE", OPTIONS_SOURCE,
      "a chassis's Open_vSwitch; may be given several times" },
    { "bundle", OPT_BUNDLE, "DIR", OPTIONS_SOURCE,
      "everything from a folder that `provnet collect` wrote" },
    { "private-key", 'p', "FILE", OPTIONS_SOURCE, "for ssl: remotes" },
    { "certificate", 'c', "FILE", OPTIONS_SOURCE, "for ssl: remotes" },
    { "ca-cert", 'C', "FILE", OPTIONS_SOURCE, "for ssl: remotes" },
    { "timeout", OPT_TIMEOUT, "SECONDS", OPTIONS_SOURCE,
      "give up on a remote after this long (default: 10)" },
    { "strict", OPT_STRICT, NULL, OPTIONS_VERDICT,
      "exit with 3 if anything is undetermined" },
    { "all", OPT_ALL, NULL, OPTIONS_LIST,
      "list reachable endpoints too, however many" },
    { "all", OPT_ALL, NULL, OPTIONS_EVERY,
      "every endpoint that was lost or regained" },
    { "all", OPT_ALL, NULL, OPTIONS_TRIAL, "list everything, however much" },
    { "transaction", OPT_TRANSACTION, "FILE", OPTIONS_TRIAL,
      "try the operations in FILE (RFC 7047) instead of a command" },
    { "all", OPT_ALL, NULL, OPTIONS_REPAIR, "list everything, however much" },
    { "only", OPT_ONLY, "CODE", OPTIONS_REPAIR, "what has this code only" },
    { "for", OPT_FOR, "ENDPOINT", OPTIONS_REPAIR,
      "what affects this endpoint only" },
    { "apply", OPT_APPLY, NULL, OPTIONS_REPAIR,
      "carry it out, guarded, watched and proved" },
    { "undo", OPT_UNDO, "ID", OPTIONS_REPAIR,
      "take back a repair that was carried out" },
    { "at", OPT_AT, "TIME", OPTIONS_MOMENT,
      "as it was then, from the databases' logs" },
    { "since", OPT_SINCE, "TIME", OPTIONS_PERIOD, "nothing before TIME" },
    { "until", OPT_UNTIL, "TIME", OPTIONS_PERIOD, "nothing after TIME" },
    { "dry-run", OPT_DRY_RUN, NULL, OPTIONS_PROBE,
      "say what would be sent, and send nothing" },
    { "format", OPT_FORMAT, "text|json", OPTIONS_OUTPUT, "default: text" },
    { "color", OPT_COLOR, "auto|always|never", OPTIONS_OUTPUT,
      "default: auto, on a terminal only" },
    { "help", 'h', NULL, 0, "this text" },
};

#define N_ROWS N_ELEMENTS(option_rows)

static bool
takes(const struct cli_subcommand *s, const struct option_row *row)
{
    return !row->group || s->options & row->group;
}

static void
print_help(const struct cli_subcommand *s)
{
    printf("usage: provnet %s [OPTION...] %s\n%s\n\n", s->name, s->arguments,
           s->description);
    for (size_t i = 0; i < N_ROWS; i++) {
        const struct option_row *row = &option_rows[i];
        if (!takes(s, row)) {
            continue;
        }
        char name[64];
        snprintf(name, sizeof name, "%s--%s%s%s",
                 row->id < 256 ? (char[]){ '-', (char) row->id, ',', ' ', 0 }
                               : "",
                 row->name, row->argument ? "=" : "",
                 row->argument ? row->argument : "");
        printf("  %-30s %s\n", name, row->help);
    }
    puts("\nREMOTE is unix:PATH, tcp:HOST:PORT or ssl:HOST:PORT, several "
         "separated by commas.\nprovnet(1) tells the rest.");
}

static struct error *
parse_choice(const char *option, const char *value, const char *const *names,
             size_t n, size_t *ret)
{
    for (size_t i = 0; i < n; i++) {
        if (!strcmp(value, names[i])) {
            *ret = i;
            return NULL;
        }
    }
    struct error *e = error_new("--%s: \"%s\" is not known", option, value);
    return n == 2 ? error_hint(e, "it takes %s or %s", names[0], names[1])
                  : error_hint(e, "it takes %s, %s or %s", names[0], names[1],
                               names[2]);
}

static struct error *
parse_timeout(const char *value, int *ret_ms)
{
    char *end;
    double seconds = strtod(value, &end);
    if (!*value || *end || !(seconds > 0) || seconds > INT_MAX / 1000) {
        return error_new("--timeout: \"%s\" is no positive number of seconds",
                         value);
    }
    *ret_ms = (int) (seconds * 1000);
    if (!*ret_ms) {
        *ret_ms = 1;
    }
    return NULL;
}

static struct error *
parse_time(const char *option, const char *value, int64_t *ret_ms)
{
    return clock_parse(value, clock_wall_ms(), ret_ms)
               ? NULL
               : error_hint(
                   error_new("--%s: \"%s\" is no time", option, value),
                   "write 2026-11-22T09:39:36Z (UTC), "
                   "\"2026-11-22 09:39\", or -15min, -2h, -3d");
}

static void
add_ovs(struct collect_options *collect, const char *value)
{
    collect->ovs =
        xrealloc(collect->ovs, (collect->n_ovs + 1) * sizeof *collect->ovs);
    collect->ovs[collect->n_ovs++] = value;
}

static struct error *
apply_option(struct cli_options *o, int id, const char *value)
{
    static const char *const formats[] = { "text", "json" };
    static const char *const colors[] = { "auto", "always", "never" };
    size_t choice = 0;
    struct error *error = NULL;
    switch (id) {
    case OPT_NB:
        o->collect.nb = value;
        break;
    case OPT_SB:
        o->collect.sb = value;
        break;
    case OPT_OVS:
        add_ovs(&o->collect, value);
        break;
    case OPT_BUNDLE:
        o->collect.bundle = value;
        break;
    case 'p':
        o->collect.private_key = value;
        break;
    case 'c':
        o->collect.certificate = value;
        break;
    case 'C':
        o->collect.ca_cert = value;
        break;
    case OPT_TIMEOUT:
        error = parse_timeout(value, &o->collect.timeout_ms);
        break;
    case OPT_STRICT:
        o->strict = true;
        break;
    case OPT_DRY_RUN:
        o->dry_run = true;
        break;
    case OPT_ALL:
        o->report.all = true;
        break;
    case OPT_AT:
        error = parse_time("at", value, &o->at_ms);
        break;
    case OPT_SINCE:
        error = parse_time("since", value, &o->since_ms);
        break;
    case OPT_UNTIL:
        error = parse_time("until", value, &o->until_ms);
        break;
    case OPT_TRANSACTION:
        o->transaction = value;
        break;
    case OPT_APPLY:
        o->apply = true;
        break;
    case OPT_UNDO:
        o->undo = value;
        break;
    case OPT_ONLY:
        o->only = value;
        break;
    case OPT_FOR:
        o->for_endpoint = value;
        break;
    case OPT_FORMAT:
        error = parse_choice("format", value, formats, 2, &choice);
        o->json = choice == 1;
        break;
    case OPT_COLOR:
        error = parse_choice("color", value, colors, 3, &choice);
        o->report.color = choice == 1 || (!choice && o->report.color);
        break;
    }
    return error;
}

/* Builds getopt_long()'s tables from ours, for one subcommand. */
static void
build_getopt(const struct cli_subcommand *s, struct option longs[N_ROWS + 1],
             char shorts[2 * N_ROWS + 3])
{
    size_t n = 0, n_shorts = 0;
    shorts[n_shorts++] = ':';
    for (size_t i = 0; i < N_ROWS; i++) {
        const struct option_row *row = &option_rows[i];
        if (!takes(s, row)) {
            continue;
        }
        longs[n++] =
            (struct option){ row->name,
                             row->argument ? required_argument : no_argument,
                             NULL, row->id };
        if (row->id < 256) {
            shorts[n_shorts++] = (char) row->id;
            if (row->argument) {
                shorts[n_shorts++] = ':';
            }
        }
    }
    longs[n] = (struct option){ 0 };
    shorts[n_shorts] = '\0';
}

static struct error *
check_arguments(const struct cli_subcommand *s, const struct cli_options *o)
{
    const struct collect_options *c = &o->collect;
    if (o->n_arguments < s->min_arguments
        || (s->max_arguments >= 0 && o->n_arguments > s->max_arguments)) {
        return error_hint(
            error_new("%s: it takes %s", s->name,
                      *s->arguments ? s->arguments : "no arguments"),
            "see `provnet %s --help`", s->name);
    }
    if (c->bundle && (c->nb || c->sb || c->n_ovs)) {
        return error_hint(error_new("--bundle excludes --nb, --sb and --ovs"),
                          "a bundle holds them all");
    }
    return NULL;
}

bool
cli_parse(int argc, char **argv, struct cli_options *o, int *ret_status)
{
    const struct cli_subcommand *s = cli_find(argv[0]);
    struct option longs[N_ROWS + 1];
    char shorts[2 * N_ROWS + 3];
    struct error *error = NULL;
    int id;
    memset(o, 0, sizeof *o);
    o->collect.timeout_ms = COLLECT_DEFAULT_TIMEOUT_MS;
    o->at_ms = o->until_ms = INT64_MAX;
    o->since_ms = INT64_MIN;
    o->report.color = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
    build_getopt(s, longs, shorts);
    opterr = 0;
    while (!error
           && (id = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        if (id == 'h') {
            print_help(s);
            *ret_status = EXIT_FINE;
            return false;
        } else if (id == '?' || id == ':') {
            error = error_hint(error_new("%s: %s %s", s->name,
                                         id == ':' ? "a value is missing after"
                                                   : "unknown option",
                                         argv[optind - 1]),
                               "see `provnet %s --help`", s->name);
        } else {
            error = apply_option(o, id, optarg);
        }
    }
    o->arguments = argv + optind;
    o->n_arguments = argc - optind;
    if (!error) {
        error = check_arguments(s, o);
    }
    if (error) {
        *ret_status = cli_fail(error);
        return false;
    }
    return true;
}

void
cli_options_done(struct cli_options *o)
{
    free(o->collect.ovs);
    o->collect.ovs = NULL;
}
