#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

const struct cli_subcommand cli_subcommands[] = {
    { "check", "[ENDPOINT...]", "every endpoint's verdict, and the findings",
      OPTIONS_OUTPUT | OPTIONS_SOURCE | OPTIONS_VERDICT | OPTIONS_LIST
          | OPTIONS_MOMENT,
      0, -1, cli_check },
    { "trace", "FROM TO", "one frame's way, hop by hop, drawn",
      OPTIONS_OUTPUT | OPTIONS_SOURCE | OPTIONS_VERDICT | OPTIONS_MOMENT, 2, 2,
      cli_trace },
    { "history", "[OBJECT|ENDPOINT...]", "what changed, when and by whom",
      OPTIONS_OUTPUT | OPTIONS_SOURCE | OPTIONS_MOMENT | OPTIONS_PERIOD, 0, -1,
      cli_history },
    { "bisect", "[ENDPOINT]", "which transaction lost it, or gave it back",
      OPTIONS_OUTPUT | OPTIONS_SOURCE | OPTIONS_EVERY | OPTIONS_PERIOD, 0, 1,
      cli_bisect },
    { "whatif", "-- COMMAND [ARGUMENT...]",
      "what a command would do to whom, tried on copies",
      OPTIONS_OUTPUT | OPTIONS_SOURCE | OPTIONS_TRIAL, 0, -1, cli_whatif },
    { "repair", "", "the smallest safe change that mends what is broken",
      OPTIONS_OUTPUT | OPTIONS_SOURCE | OPTIONS_REPAIR, 0, 0, cli_repair },
    { "probe", "ENDPOINT", "real frames to it, and its answers",
      OPTIONS_OUTPUT | OPTIONS_SOURCE | OPTIONS_VERDICT | OPTIONS_PROBE, 1, 1,
      cli_probe },
    { "collect", "DIR", "gather the evidence into a bundle", OPTIONS_SOURCE, 1,
      1, cli_collect },
    { "rules", "", "the catalogue of faults", OPTIONS_OUTPUT, 0, 0,
      cli_rules },
    { "explain", "CODE", "what a fault is, how it is told, how it is repaired",
      OPTIONS_OUTPUT, 1, 1, cli_explain },
    { 0 },
};

const struct cli_subcommand *
cli_find(const char *name)
{
    for (const struct cli_subcommand *s = cli_subcommands; s->name; s++) {
        if (!strcmp(s->name, name)) {
            return s;
        }
    }
    return NULL;
}

static void
print_usage(FILE *stream)
{
    fputs("provnet keeps OVN provider networks connected: it says at which "
          "hop a frame\nstops, in which layer, because of which change.\n\n"
          "usage: provnet SUBCOMMAND [OPTION...] [ARGUMENT...]\n\n",
          stream);
    for (const struct cli_subcommand *s = cli_subcommands; s->name; s++) {
        fprintf(stream, "  %-8s %-24s %s\n", s->name, s->arguments,
                s->description);
    }
    fputs("\n`provnet SUBCOMMAND --help` lists a subcommand's options; "
          "provnet(1) tells the rest.\n"
          "Exit status: 0 nothing broken, 1 something is, 2 bad usage or "
          "unreadable input,\n3 (--strict) something undetermined.\n",
          stream);
}

/* What is freed is wanted again soon (a file's buffer, a document's tree), and
 * the kernel would have to clear it again: what is smaller than the first is
 * kept, up to the second. */
#define KEPT_PIECE_BYTES (32 << 20)
#define KEPT_BYTES (256 << 20)

static void
keep_memory(void)
{
#ifdef M_TRIM_THRESHOLD /* glibc. */
    mallopt(M_MMAP_THRESHOLD, KEPT_PIECE_BYTES);
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
#endif
}

int
main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    keep_memory();
    if (argc < 2) {
        print_usage(stderr);
        return EXIT_TROUBLE;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")
        || !strcmp(argv[1], "help")) {
        print_usage(stdout);
        return EXIT_FINE;
    }
    if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
        puts("provnet " PROVNET_VERSION);
        return EXIT_FINE;
    }
    const struct cli_subcommand *subcommand = cli_find(argv[1]);
    if (!subcommand) {
        return cli_fail(
            error_hint(error_new("there is no subcommand \"%s\"", argv[1]),
                       "`provnet --help` lists them"));
    }
    return subcommand->run(argc - 1, argv + 1);
}
