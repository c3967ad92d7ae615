#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

/* Messages may quote what a hostile file holds: no control characters reach
 * the terminal. */
static void
print_message(const char *kind, const char *message)
{
    fprintf(stderr, "provnet: %s", kind);
    for (const char *p = message; *p; p++) {
        unsigned char c = (unsigned char) *p;
        putc(c < ' ' || c == 0x7f ? '?' : c, stderr);
    }
    putc('\n', stderr);
}

int
cli_fail(struct error *error)
{
    print_message("", error_text(error));
    error_free(error);
    return EXIT_TROUBLE;
}

void
cli_print(struct text *t)
{
    fwrite(text_string(t), 1, t->length, stdout);
    fflush(stdout);
    text_done(t);
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
