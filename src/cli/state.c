#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

/* Messages may quote what a hostile file holds. */
static void
print_message(const char *kind, const char *message)
{
    struct text line;
    text_init(&line, TEXT_CEILING_BYTES);
    text_printf(&line, "provnet: %s", kind);
    text_put_printable(&line, message, strlen(message));
    fprintf(stderr, "%s\n", text_string(&line));
    text_done(&line);
}

int
cli_fail(struct error *error)
{
    print_message("", error_text(error));
    error_free(error);
    return EXIT_TROUBLE;
}

bool
cli_print(struct text *t)
{
    bool good = !t->truncated
                && fwrite(text_string(t), 1, t->length, stdout) == t->length
                && !fflush(stdout);
    if (t->truncated) {
        print_message("", "the output would be larger than 1 GiB; name "
                          "endpoints to see less");
    } else if (!good) {
        print_message("cannot write the output: ", strerror(errno));
    }
    text_done(t);
    return good;
}

struct error *
cli_state_init(struct cli_state *s, const struct collect_options *options)
{
    memset(s, 0, sizeof *s);
    evidence_init(&s->evidence);
    struct error *error = collect_gather(options, &s->evidence);
    if (!error && !s->evidence.nb.present) {
        error = error_hint(error_new("no northbound database was given or "
                                     "found"),
                           "give --nb REMOTE|FILE, set OVN_NB_DB, or use "
                           "--bundle DIR");
    }
    if (error) {
        evidence_done(&s->evidence);
        return error;
    }
    for (size_t i = 0; i < s->evidence.n_warnings; i++) {
        print_message("warning: ", s->evidence.warnings[i]);
    }
    fabric_init(&s->fabric, &s->evidence);
    reach_assess(&s->assessment, &s->fabric);
    return NULL;
}

void
cli_state_done(struct cli_state *s)
{
    assessment_done(&s->assessment);
    fabric_done(&s->fabric);
    evidence_done(&s->evidence);
}
