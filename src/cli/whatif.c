/* Any command, or transaction, tried on copies of the databases. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "apply/scratch.h"
#include "base/clock.h"
#include "cli/cli.h"
#include "ovsdb/whole.h"
#include "repair/trial.h"

/* Which of the two was asked for, in words. */
static struct error *
run(struct scratch *scratch, const struct cli_options *o)
{
    int status = 0;
    if (o->transaction) {
        return scratch_transact(scratch, o->transaction);
    }
    struct error *error = scratch_run(scratch, o->arguments, &status);
    if (!error && status) {
        error = error_hint(error_new("%s failed on the copies, with exit "
                                     "status %d",
                                     o->arguments[0], status),
                           "it would fail on the databases as well; nothing "
                           "was changed");
    }
    return error;
}

static const char *
words(struct arena *a, const struct cli_options *o)
{
    const char *s = o->transaction ? arena_printf(a, "the transaction in %s",
                                                  o->transaction)
                                   : "";
    for (int i = 0; !o->transaction && i < o->n_arguments; i++) {
        s = arena_printf(a, "%s%s%s", s, i ? " " : "", o->arguments[i]);
    }
    return s;
}

static bool
has_grown(const struct scratch_db *copy)
{
    struct stat status;
    return !stat(copy->file, &status)
           && (uint64_t) status.st_size > copy->size;
}

/* The rows that were changed, with all of their columns. */
static struct error *
list_changes(const struct scratch_db *copy, struct change_list *list)
{
    struct whole whole;
    bool more = has_grown(copy);
    if (!more) {
        return NULL;
    }
    struct error *error =
        whole_open(&whole, copy->file, copy->db->db, NULL, 0);
    while (!error && more) {
        uint64_t offset = input_offset(&whole.log.in);
        error = whole_next(&whole, &more);
        if (!error && more && offset >= copy->size) {
            change_take_deltas(list, copy->db->db, copy->chassis,
                               &whole.store);
        }
    }
    whole_close(&whole);
    return error;
}

static struct error *
try_all(struct trial *trial, const struct scratch *scratch,
        struct change_list *list, bool lists)
{
    size_t n;
    const struct scratch_db *copies = scratch_dbs(scratch, &n);
    struct error *error = scratch_try(scratch, trial);
    for (size_t i = 0; i < n && lists && !error; i++) {
        error = list_changes(&copies[i], list);
    }
    return error;
}

static int
print(const struct cli_state *state, const struct trial *trial,
      struct change_list *list, const struct cli_options *o)
{
    struct text out;
    const char *what = words(&list->arena, o);
    text_init_file(&out, stdout);
    if (o->json) {
        report_whatif_json(&state->evidence, trial, list, what, &out);
    } else {
        report_whatif_text(trial, &o->report, &out);
    }
    return !cli_print(&out)                    ? EXIT_TROUBLE
           : impact_is_harmful(&trial->impact) ? EXIT_BROKEN
                                               : EXIT_FINE;
}

static int
whatif(const struct cli_options *o)
{
    struct cli_state state;
    struct scratch *scratch = NULL;
    struct trial trial;
    struct change_list list;
    int status = EXIT_TROUBLE;
    struct error *error = cli_state_init(&state, o);
    if (error) {
        return cli_fail(error);
    }
    change_list_init(&list);
    trial_begin(&trial, &state.tracker);
    error = scratch_new(&state.evidence, &o->collect, &scratch);
    error = error ? error : run(scratch, o);
    state.evidence.now_ms = clock_wall_ms();
    error = error ? error : try_all(&trial, scratch, &list, o->json);
    status = error ? cli_fail(error) : print(&state, &trial, &list, o);
    scratch_free(scratch);
    trial_done(&trial);
    change_list_done(&list);
    cli_state_done(&state);
    return status;
}

int
cli_whatif(int argc, char **argv)
{
    struct cli_options o;
    int status;
    if (cli_parse(argc, argv, &o, &status)) {
        status = !o.transaction == !o.n_arguments ? cli_fail(
                     error_hint(error_new("whatif: it takes a command, or a "
                                          "--transaction"),
                                "provnet whatif -- ovn-nbctl lsp-del ..."))
                                                  : whatif(&o);
    }
    cli_options_done(&o);
    return status;
}
