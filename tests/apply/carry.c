/* Carries out one of some small repairs, for tests/apply/run and lab/tripwire,
 * as the command line does it.
 *
 * usage: carry --nb REMOTE [--sb REMOTE] [--ovs REMOTE]... [--stage-ms N]
 *              [--follow-ms N] [--watch-ms N]
 *              [--fail-judge] [--guard] [--none] [--has-loop] ACTION...
 *
 *     add SWITCH NAME NETWORK         a new localnet port
 *     swap SWITCH OLD NAME NETWORK    instead of another one
 *     delete SWITCH NAME              a port goes
 *     option PORT KEY VALUE           one of a port's options
 *     unset PORT KEY                  without it
 *     set PORT COLUMN JSON            a column of a port
 *     undo ID                         what the journal tells of
 *
 * Waits for a line on stdin between gathering and acting if told to
 * (--pause), so that others can come first.  --guard: an undo that leaves the
 * localnet ports alone demands that others do so too; --none: an undo demands
 * that there are none afterwards.
 * Prints one JSON object: what came of it. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apply/carry.h"
#include "collect/collect.h"

struct driver {
    struct collect_options collect;
    struct carry_options carry;
    const char *ovs[16];
    bool fails_judge, pauses, guards, has_none;
};

static struct ovsdb_row *
find(const struct evidence *e, enum nb_table table, unsigned column,
     const char *name)
{
    OVSDB_TABLE_FOR_EACH (row, &e->nb.store.tables[table]) {
        if (!strcmp(ovsdb_string(row, column), name)) {
            return row;
        }
    }
    fprintf(stderr, "carry: no row is called %s\n", name);
    exit(2);
}

static void
edit_ports(struct change_list *list, struct change *ls, enum edit_kind kind,
           const struct change *port)
{
    struct text t;
    (void) list;
    text_init(&t, 4096);
    text_puts(&t, "[\"set\",[");
    change_put_reference(&t, port);
    text_puts(&t, "]]");
    change_edit(list, ls, kind, "ports", text_string(&t));
    text_done(&t);
}

static struct change *
make_localnet(struct change_list *list, const char *name, const char *network)
{
    struct text t;
    struct change *lsp =
        change_insert(list, "nb", NULL, "Logical_Switch_Port", name);
    text_init(&t, 4096);
    json_put_string(&t, name);
    change_edit(list, lsp, EDIT_SET, "name", text_string(&t));
    change_edit(list, lsp, EDIT_SET, "type", "\"localnet\"");
    change_edit(list, lsp, EDIT_SET, "addresses", "[\"set\",[\"unknown\"]]");
    text_clear(&t);
    text_puts(&t, "[\"map\",[[\"network_name\",");
    json_put_string(&t, network);
    text_puts(&t, "]]]");
    change_edit(list, lsp, EDIT_SET, "options", text_string(&t));
    text_done(&t);
    return lsp;
}

static void
plan(struct change_list *list, const struct evidence *e, char **word)
{
    const char *action = word[0];
    if (!strcmp(action, "add")) {
        struct change *lsp = make_localnet(list, word[2], word[3]);
        struct change *ls = change_update(
            list, NULL, find(e, NB_LOGICAL_SWITCH, LS_NAME, word[1]));
        edit_ports(list, ls, EDIT_ADD, lsp);
    } else if (!strcmp(action, "swap")) {
        struct ovsdb_row *row = find(e, NB_LOGICAL_SWITCH, LS_NAME, word[1]);
        struct change *old = change_delete(
            list, NULL, find(e, NB_LOGICAL_SWITCH_PORT, LSP_NAME, word[2]));
        struct change *lsp = make_localnet(list, word[3], word[4]);
        struct text t;
        struct change *ls = change_update(list, NULL, row);
        const char *between = "";
        text_init(&t, 1 << 20);
        text_puts(&t, "[\"set\",[");
        for (unsigned i = 0; i < ovsdb_count(row, LS_PORTS); i++) {
            const struct ovsdb_row *port = ovsdb_atoms(row, LS_PORTS)[i].row;
            char uuid[UUID_LENGTH + 1];
            uuid_format(&port->uuid, uuid);
            if (port != old->row) {
                text_printf(&t, "%s[\"uuid\",\"%s\"]", between, uuid);
                between = ",";
            }
        }
        text_puts(&t, between);
        change_put_reference(&t, lsp);
        text_puts(&t, "]]");
        change_edit(list, ls, EDIT_SET, "ports", text_string(&t));
        text_done(&t);
    } else if (!strcmp(action, "delete")) {
        struct change *ls = change_update(
            list, NULL, find(e, NB_LOGICAL_SWITCH, LS_NAME, word[1]));
        struct change *lsp = change_delete(
            list, NULL, find(e, NB_LOGICAL_SWITCH_PORT, LSP_NAME, word[2]));
        edit_ports(list, ls, EDIT_REMOVE, lsp);
    } else if (!strcmp(action, "unset")) {
        struct change *lsp = change_update(
            list, NULL, find(e, NB_LOGICAL_SWITCH_PORT, LSP_NAME, word[1]));
        struct text t;
        text_init(&t, 4096);
        text_printf(&t, "[\"set\",[\"%s\"]]", word[2]);
        change_edit(list, lsp, EDIT_REMOVE, "options", text_string(&t));
        text_done(&t);
    } else {
        struct text t;
        struct change *lsp = change_update(
            list, NULL, find(e, NB_LOGICAL_SWITCH_PORT, LSP_NAME, word[1]));
        bool option = !strcmp(action, "option");
        text_init(&t, 4096);
        text_printf(&t, option ? "[\"map\",[[\"%s\",\"%s\"]]]" : "%.0s%s",
                    word[2], word[3]);
        change_edit(list, lsp, option ? EDIT_ADD : EDIT_SET,
                    option ? "options" : word[2], text_string(&t));
        text_done(&t);
    }
}

static struct error *
judge(void *aux)
{
    const struct driver *d = aux;
    return d->fails_judge ? error_new("the judge says no") : NULL;
}

static void
prove(void *aux, const struct proof_stop *stop)
{
    const struct timespec answers = { 1, 0 };
    (void) aux, (void) stop;
    fputs("frames are sent\n", stderr);
    nanosleep(&answers, NULL);
}

static void
say(void *aux, const char *what)
{
    (void) aux;
    fprintf(stderr, "%s\n", what);
}

static void
pause_if(const struct driver *d)
{
    if (d->pauses) {
        fputs("paused\n", stderr);
        getchar();
    }
}

static struct error *
undo(const struct driver *d, struct journal *journal, const struct evidence *e,
     struct carry_result *result)
{
    struct carry_rehearsal rehearsal = { .before = NULL };
    rehearsal.refused = arena_zalloc(&result->arena, journal->n_steps);
    if (d->guards) {
        rehearsal.before = carry_localnets(e, &result->arena);
        rehearsal.after = rehearsal.before;
    }
    if (d->has_none) {
        struct evidence none;
        evidence_init(&none);
        rehearsal.after = carry_localnets(&none, &result->arena);
        evidence_done(&none);
    }
    pause_if(d);
    return carry_undo(journal, e, &rehearsal, &d->carry, result);
}

static void
print(const struct carry_result *r, const struct error *error)
{
    struct text t;
    text_init(&t, 1 << 20);
    text_printf(&t,
                "{\"applied\":%s,\"undone\":%s,\"tripped\":%s,"
                "\"interrupted\":%s,\"id\":",
                r->applied ? "true" : "false", r->undone ? "true" : "false",
                r->tripped ? "true" : "false",
                r->interrupted ? "true" : "false");
    json_put_string(&t, r->id ? r->id : "");
    text_puts(&t, ",\"error\":");
    json_put_string(&t, error ? error_text(error) : "");
    text_puts(&t, ",\"notes\":[");
    for (size_t i = 0; i < r->n_notes; i++) {
        text_puts(&t, i ? "," : "");
        json_put_string(&t, r->notes[i]);
    }
    text_puts(&t, "],\"rows\":[");
    for (size_t i = 0; i < r->n_rows; i++) {
        text_puts(&t, i ? "," : "");
        json_put_string(&t, r->rows[i].uuid);
    }
    text_puts(&t, "]}");
    puts(text_string(&t));
    text_done(&t);
}

static void
parse(struct driver *d, int argc, char **argv)
{
    enum {
        NB,
        SB,
        OVS,
        STAGE,
        FOLLOW,
        WATCH,
        JUDGE,
        PAUSE,
        GUARD,
        LOOP,
        NONE
    };
    static const struct option options[] = {
        { "nb", required_argument, NULL, NB },
        { "sb", required_argument, NULL, SB },
        { "ovs", required_argument, NULL, OVS },
        { "stage-ms", required_argument, NULL, STAGE },
        { "follow-ms", required_argument, NULL, FOLLOW },
        { "watch-ms", required_argument, NULL, WATCH },
        { "fail-judge", no_argument, NULL, JUDGE },
        { "pause", no_argument, NULL, PAUSE },
        { "guard", no_argument, NULL, GUARD },
        { "has-loop", no_argument, NULL, LOOP },
        { "none", no_argument, NULL, NONE },
        { NULL, 0, NULL, 0 },
    };
    int c;
    while ((c = getopt_long(argc, argv, "+", options, NULL)) >= 0) {
        switch (c) {
        case NB:
            d->collect.nb = optarg;
            break;
        case SB:
            d->collect.sb = optarg;
            break;
        case OVS:
            d->ovs[d->collect.n_ovs++] = optarg;
            break;
        case STAGE:
            d->carry.stage_ms = atoi(optarg);
            break;
        case FOLLOW:
            d->carry.follow_ms = atoi(optarg);
            break;
        case WATCH:
            d->carry.watch_ms = atoi(optarg);
            break;
        case JUDGE:
            d->fails_judge = true;
            break;
        case PAUSE:
            d->pauses = true;
            break;
        case NONE:
            d->has_none = true;
            break;
        case LOOP:
            d->carry.has_loop = true;
            break;
        case GUARD:
            d->guards = true;
            break;
        default:
            exit(2);
        }
    }
}

int
main(int argc, char *argv[])
{
    struct driver d = { .carry = { .progress = say,
                                   .judge = judge,
                                   .prove = prove,
                                   .timeout_ms = 3000 } };
    struct change_list list;
    struct carry_result result;
    struct evidence e;
    struct error *error = NULL;
    parse(&d, argc, argv);
    d.collect.ovs = d.ovs;
    d.carry.aux = &d;
    argv += optind;
    evidence_init(&e);
    change_list_init(&list);
    carry_result_init(&result);
    error = collect_gather(&d.collect, &e);
    if (!strcmp(argv[0], "undo")) {
        struct journal journal;
        error =
            error ? error : carry_find(argv[1], &d.carry, &result, &journal);
        error = error ? error : undo(&d, &journal, &e, &result);
    } else {
        if (!error) {
            plan(&list, &e, argv);
            pause_if(&d);
            error = carry_out(&list, &e, "provnet repair a-test: by a test",
                              &d.carry, &result);
        }
    }
    print(&result, error);
    int status = error ? 1 : 0;
    error_free(error);
    carry_result_done(&result);
    change_list_done(&list);
    evidence_done(&e);
    return status;
}
