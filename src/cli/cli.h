/* The command line: what subcommands share.
 *
 * Each subcommand is one file with a function of type cli_command, and a row
 * in main.c's table.  It parses its options through cli_parse(), calls the
 * folders below, prints, and returns an exit status. */
#ifndef CLI_CLI_H
#define CLI_CLI_H 1

#include "collect/collect.h"
#include "reach/reach.h"
#include "report/report.h"

/* provnet(1). */
enum exit_status {
    EXIT_FINE = 0,
    EXIT_BROKEN = 1,
    EXIT_TROUBLE = 2, /* Bad usage, or input that cannot be read. */
    EXIT_UNDETERMINED = 3,
};

struct cli_options {
    struct collect_options collect;
    struct report_options report;
    bool json;
    bool strict;
    char **arguments; /* What is left of the command line. */
    int n_arguments;
};

typedef int cli_command(int argc, char **argv);

/* Groups of options, of which each subcommand takes some. */
enum option_group {
    OPTIONS_OUTPUT = 1 << 0,  /* How to print. */
    OPTIONS_SOURCE = 1 << 1,  /* Where evidence comes from. */
    OPTIONS_VERDICT = 1 << 2, /* What counts. */
    OPTIONS_LIST = 1 << 3,
};

struct cli_subcommand {
    const char *name;
    const char *arguments;            /* "[ENDPOINT...]" */
    const char *description;          /* One line. */
    unsigned options;                 /* enum option_group. */
    int min_arguments, max_arguments; /* -1: any number. */
    cli_command *run;
};

extern const struct cli_subcommand cli_subcommands[];
const struct cli_subcommand *cli_find(const char *name);

/* Parses the options of subcommand argv[0].  Returns true if it should go on;
 * else '*ret_status' is what to exit with (after --help, or an error that was
 * printed).  cli_options_done() in any case. */
bool cli_parse(int argc, char **argv, struct cli_options *, int *ret_status);
void cli_options_done(struct cli_options *);

/* Prints an error, which it frees, and returns EXIT_TROUBLE. */
int cli_fail(struct error *);

/* Prints a text to standard output, and frees it.  False, after saying why, if
 * that fails: then the exit status is EXIT_TROUBLE. */
bool cli_print(struct text *) PROVNET_WARN_UNUSED;

/* What a subcommand that judges works on. */
struct cli_state {
    struct evidence evidence;
    struct fabric fabric;
    struct assessment assessment;
};

/* Gathers and judges; on success cli_state_done() must follow. */
struct error *cli_state_init(struct cli_state *,
                             const struct collect_options *);
void cli_state_done(struct cli_state *);

cli_command cli_check, cli_trace, cli_collect, cli_rules, cli_explain;

#endif /* cli/cli.h */
