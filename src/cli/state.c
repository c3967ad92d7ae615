#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "collect/replay.h"

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
    bool good = text_flush(t) && !t->truncated;
    if (t->file_errno) {
        print_message("cannot write the output: ", strerror(t->file_errno));
    } else if (!good) {
        print_message("", "part of the output is larger than 1 GiB, and was "
                          "left out");
    }
    text_done(t);
    return good;
}

void
cli_print_warnings(const struct evidence *e, size_t first)
{
    for (size_t i = first; i < e->n_warnings; i++) {
        print_message("warning: ", e->warnings[i]);
    }
}

struct error *
cli_gather_quietly(struct evidence *e, const struct collect_options *options)
{
    evidence_init(e);
    struct error *error = collect_gather(options, e);
    if (!error && !e->nb.present) {
        error = error_hint(error_new("no northbound database was given or "
                                     "found"),
                           "give --nb REMOTE|FILE, set OVN_NB_DB, or use "
                           "--bundle DIR");
    }
    return error;
}

struct error *
cli_gather(struct evidence *e, const struct collect_options *options)
{
    struct error *error = cli_gather_quietly(e, options);
    if (!error) {
        cli_print_warnings(e, 0);
    }
    return error;
}

static void
show_progress(void *progress, size_t done, size_t total)
{
    cli_progress_update(progress, done, total);
}

/* Makes the evidence what it was at 'at_ms'. */
static struct error *
go_back(struct evidence *e, int64_t at_ms)
{
    size_t n_warnings = e->n_warnings;
    struct cli_progress progress;
    cli_progress_init(&progress, CLI_REPLAYING);
    struct error *error = replay_to(e, at_ms, show_progress, &progress);
    cli_progress_done(&progress);
    if (!error) {
        evidence_warn(e, "links and OpenFlow are taken as they were gathered: "
                         "no log keeps them");
        cli_print_warnings(e, n_warnings);
    }
    return error;
}

struct error *
cli_state_init(struct cli_state *s, const struct cli_options *o)
{
    memset(s, 0, sizeof *s);
    struct collect_options collect = o->collect;
    collect.all_logs |= o->at_ms != INT64_MAX;
    struct error *error = cli_gather(&s->evidence, &collect);
    if (!error && o->at_ms != INT64_MAX) {
        error = go_back(&s->evidence, o->at_ms);
    }
    if (error) {
        evidence_done(&s->evidence);
        return error;
    }
    cli_state_judge(s);
    return NULL;
}

void
cli_state_judge(struct cli_state *s)
{
    tracker_assess(&s->tracker, &s->evidence);
    s->is_judged = true;
}

void
cli_state_forget(struct cli_state *s)
{
    if (s->is_judged) {
        tracker_done(&s->tracker);
    }
    s->is_judged = false;
}

void
cli_state_done(struct cli_state *s)
{
    cli_state_forget(s);
    evidence_done(&s->evidence);
}
