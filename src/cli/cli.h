/* The command line: what subcommands share.
 *
 * Each subcommand is one file with a function of type cli_command, and a row
 * in main.c's table.  It parses its options through cli_parse(), calls the
 * folders below, prints, and returns an exit status. */
#ifndef CLI_CLI_H
#define CLI_CLI_H 1

#include "collect/collect.h"
#include "reach/tracker.h"
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
    bool dry_run;
    int64_t at_ms;           /* INT64_MAX: as it is now. */
    int64_t since_ms;        /* INT64_MIN: from the beginning. */
    int64_t until_ms;        /* INT64_MAX: to the end. */
    const char *transaction; /* A file; NULL if none. */
    const char *only;        /* A code; NULL: all. */
    const char *for_endpoint;
    bool apply;
    const char *undo; /* The id of a repair; NULL: none. */
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
    OPTIONS_EVERY = 1 << 4,
    OPTIONS_MOMENT = 1 << 5,
    OPTIONS_PERIOD = 1 << 6,
    OPTIONS_TRIAL = 1 << 7,
    OPTIONS_REPAIR = 1 << 8,
    OPTIONS_PROBE = 1 << 9,
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

/* Writes what is left of a text that goes to standard output, and frees it.
 * False, after saying why, if any of it did not get there: then the exit
 * status is EXIT_TROUBLE. */
bool cli_print(struct text *) PROVNET_WARN_UNUSED;

/* What a subcommand that judges works on. */
struct cli_state {
    struct evidence evidence;
    struct tracker tracker;
    bool is_judged; /* 'tracker' is there. */
};

/* Gathers what the options name and prints the warnings; evidence_done() in
 * any case. */
struct error *cli_gather(struct evidence *, const struct collect_options *);
struct error *cli_gather_quietly(struct evidence *,
                                 const struct collect_options *);
void cli_print_warnings(const struct evidence *, size_t first);

/* Gathers, goes back to --at, and judges; on success cli_state_done() must
 * follow. */
struct error *cli_state_init(struct cli_state *, const struct cli_options *);
void cli_state_done(struct cli_state *);

/* Judges evidence that was gathered. */
void cli_state_judge(struct cli_state *);

/* Forgets what was judged; the evidence stays. */
void cli_state_forget(struct cli_state *);

/* The one endpoint that is called 'name'; an error if there are none or
 * several. */
struct error *cli_find_endpoint(struct assessment *, const char *name,
                                const struct assessed_endpoint **ret);

/* `repair --undo`. */
int cli_undo(const struct cli_options *);

/* Says on a terminal what is being done. */
void cli_say_progress(void *aux, const char *what);

/* What `check` does with such options. */
int cli_check_as(const struct cli_options *);

/* Shows on a terminal how far long work has got. */
struct cli_progress {
    const char *what;
    int64_t started_ms, shown_ms;
    bool is_shown;
};
#define CLI_REPLAYING "replaying the logs"
void cli_progress_init(struct cli_progress *, const char *what);
void cli_progress_update(struct cli_progress *, size_t done, size_t total);
void cli_progress_done(struct cli_progress *);

/* Reads the logs again up to 'until_ms': every transaction into the timeline,
 * and, if there is a bisection, every state that has settled into that.  Then
 * the evidence is what it was at that time. */
struct error *cli_follow(struct evidence *, int64_t until_ms,
                         struct timeline *, struct bisect *);

cli_command cli_bisect, cli_check, cli_collect, cli_explain, cli_history,
    cli_probe, cli_repair, cli_rules, cli_trace, cli_whatif;

#endif /* cli/cli.h */
