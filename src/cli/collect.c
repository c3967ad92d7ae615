#include <stdio.h>

#include "cli/cli.h"

int
cli_collect(int argc, char **argv)
{
    struct cli_options o;
    int status;
    if (!cli_parse(argc, argv, &o, &status)) {
        cli_options_done(&o);
        return status;
    }
    struct evidence evidence;
    const char **notes = NULL;
    size_t n_notes = 0;
    evidence_init(&evidence);
    struct error *error =
        collect_write(&o.collect, o.arguments[0], &evidence, &notes, &n_notes);
    if (error) {
        status = cli_fail(error);
    } else {
        status = EXIT_FINE;
        printf("%s: written; look at it with `provnet check --bundle %s`\n",
               o.arguments[0], o.arguments[0]);
        for (size_t i = 0; i < n_notes; i++) {
            printf("  not there: %s\n", notes[i]);
        }
    }
    evidence_done(&evidence);
    cli_options_done(&o);
    return status;
}
