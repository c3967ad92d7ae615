/* Plans to mend findings: `repair`. */
#include <string.h>

#include "base/clock.h"
#include "report/print.h"

#define INDENT 10

/* The first paragraph of a section of a code's document, in one line. */
static const char *
paragraph(struct arena *a, const char *code, const char *section)
{
    const struct document *document = document_find(code);
    const char *heading = arena_printf(a, "\n## %s\n", section);
    const char *begin = document ? strstr(document->text, heading) : NULL;
    if (!begin) {
        return NULL;
    }
    begin += strlen(heading);
    const char *end = strstr(begin, "\n\n");
    size_t length = end ? (size_t) (end - begin) : strlen(begin);
    char *line = arena_strndup(a, begin, length);
    for (char *c = line; *c; c++) {
        *c = *c == '\n' ? ' ' : *c;
    }
    return line;
}

/* Text. */

static void
put_labelled(struct text *out, const struct report_options *options,
             const char *label, const char *words)
{
    struct text padded;
    text_init(&padded, TEXT_CEILING_BYTES);
    text_puts(&padded, "  ");
    print_padded(&padded, label, INDENT - 2);
    print_color(out, options, COLOR_DIM, text_string(&padded));
    print_wrapped(out, words, INDENT, INDENT);
    text_done(&padded);
}

static void
put_cause(struct plan *p, const struct report_options *options,
          struct text *out)
{
    char time[CLOCK_TEXT_SIZE];
    if (!p->cause.found) {
        return;
    }
    clock_format(p->cause.date_ms, time);
    put_labelled(out, options, "cause",
                 arena_printf(&p->arena, "%s, %s record %u%s%s", time,
                              p->cause.db, p->cause.record,
                              *p->cause.comment ? ": " : "",
                              p->cause.comment));
}

/* Appends the command lines, each on a line of its own to be copied. */
static void
put_commands(struct plan *p, const struct report_options *options,
             struct text *out)
{
    struct text commands;
    text_init(&commands, TEXT_CEILING_BYTES);
    const char *chassis = NULL;
    for (const struct change *c = p->changes.first; c; c = c->next) {
        bool is_first =
            c == p->changes.first
            || (c->chassis && chassis && strcmp(c->chassis, chassis) != 0);
        if (is_first) {
            text_clear(&commands);
            change_put_command(&p->changes, c->db, c->chassis, &commands);
            put_labelled(out, options, "by hand",
                         c->chassis ? arena_printf(
                             &p->arena, "on chassis %s:", c->chassis)
                                    : "in one transaction:");
            text_puts(out, "    ");
            text_put_printable(out, text_string(&commands), commands.length);
            text_puts(out, "\n");
        }
        chassis = c->chassis;
    }
    if (p->command && !p->changes.first) {
        put_labelled(
            out, options, "by hand",
            p->chassis ? arena_printf(&p->arena, "on chassis %s:", p->chassis)
                       : "on the host of the databases:");
        text_printf(out, "    %s\n", p->command);
    }
    text_done(&commands);
}

/* Of those that could not be probed a few will do. */
#define MAX_NOT_PROBED 3

static void
put_proofs(const struct proof_list *list, const struct report_options *options,
           struct text *out)
{
    static const char *const labels[N_PROOF_STATES] = {
        [PROOF_PROVEN] = "proved  ",
        [PROOF_REFUTED] = "refuted ",
        [PROOF_UNKNOWN] = "unknown ",
        [PROOF_NOT_PROBED] = "unknown ",
    };
    size_t n_not_probed = 0;
    for (size_t i = 0; i < list->n; i++) {
        const struct proof *p = &list->proofs[i];
        n_not_probed += p->state == PROOF_NOT_PROBED;
        if (p->state != PROOF_NOT_PROBED || n_not_probed <= MAX_NOT_PROBED) {
            text_puts(out, "  ");
            print_color(out, options,
                        p->state == PROOF_PROVEN    ? COLOR_GOOD
                        : p->state == PROOF_REFUTED ? COLOR_BAD
                                                    : COLOR_DIM,
                        labels[p->state]);
            print_wrapped(out, p->words, INDENT, INDENT);
        }
    }
    if (n_not_probed > MAX_NOT_PROBED) {
        text_printf(out, "%*s%zu more were not probed either\n", INDENT, "",
                    n_not_probed - MAX_NOT_PROBED);
    }
}

/* What came of a plan that was carried out. */
static void
put_deed(const struct report_deed *d, const struct report_options *options,
         struct text *out)
{
    const struct carry_result *r = &d->result;
    for (size_t i = 0; d->is_begun && i < r->n_notes; i++) {
        put_labelled(out, options, i ? "" : "done", r->notes[i]);
    }
    if (d->is_begun && r->applied) {
        put_proofs(&d->proofs, options, out);
    }
    if (d->is_begun && d->why) {
        text_puts(out, "  ");
        print_color(out, options, COLOR_BAD,
                    r->undone ? "undone  " : "failed  ");
        print_wrapped(out, error_text(d->why), INDENT, INDENT);
    } else if (d->is_begun && r->id) {
        text_printf(out, "  undo    provnet repair --undo %s\n", r->id);
    }
}

static void
put_plan(struct plan *p, const struct report_deed *deed,
         const struct report_options *options, struct text *out)
{
    const char *danger = paragraph(&p->arena, p->code, "Danger");
    print_color(out, options, p->is_latent ? COLOR_WARN : COLOR_BAD, p->code);
    text_puts(out, p->chassis ? " on chassis " : "");
    text_puts(out, p->chassis ? p->chassis : "");
    text_puts(out, "\n          ");
    print_wrapped(out, p->message, INDENT, INDENT);
    put_cause(p, options, out);
    if (p->refused) {
        put_labelled(out, options, "refused", p->refused);
    } else {
        put_labelled(out, options, "repair", p->what);
        report_lines_text(&p->trial, options, out);
    }
    if (deed && !p->refused) {
        put_deed(deed, options, out);
    } else if (!p->refused || p->command) {
        put_commands(p, options, out);
    }
    if (danger && !deed) {
        put_labelled(out, options, "danger", danger);
    }
    if (p->is_tried && !p->refused) {
        text_puts(out, "\n");
        report_impact_text(&p->trial.impact, options, out);
    }
    text_puts(out, "\n");
}

size_t
report_refuted(const struct report_deed *d)
{
    size_t n = 0;
    for (size_t i = 0; i < d->proofs.n && d->is_begun && d->result.applied;
         i++) {
        n += d->proofs.proofs[i].state == PROOF_REFUTED;
    }
    return n;
}

static void
put_refuted(size_t n, struct text *out)
{
    if (n) {
        text_printf(out,
                    "But real frames to %zu endpoint%s that should answer now "
                    "were not answered.\nThe change stands, as the databases "
                    "are right with it: `provnet probe ENDPOINT` shows\n"
                    "where the frames stop; --undo takes it back.\n",
                    n, n == 1 ? "" : "s");
    }
}

void
report_repair_text(struct plan *const *plans, size_t n,
                   const struct report_deed *deeds,
                   const struct report_options *options, struct text *out)
{
    size_t n_good = 0, n_done = 0, n_refuted = 0;
    for (size_t i = 0; i < n; i++) {
        size_t refuted = deeds ? report_refuted(&deeds[i]) : 0;
        n_refuted += refuted;
        n_good += !plans[i]->refused;
        n_done +=
            deeds && deeds[i].is_begun && deeds[i].result.applied && !refuted;
        put_plan(plans[i], deeds ? &deeds[i] : NULL, options, out);
    }
    if (!n) {
        text_puts(out, "Nothing to repair.\n");
    } else if (deeds && n_good) {
        text_printf(out, "%zu of %zu repaired.\n", n_done, n);
        put_refuted(n_refuted, out);
    } else if (n_good) {
        text_printf(out,
                    "%zu of %zu can be repaired; nothing was done: `provnet "
                    "repair --apply` does it, guarded.\n",
                    n_good, n);
    } else {
        text_puts(out, "Nothing can be repaired safely; `provnet explain "
                       "CODE` says what a person can do.\n");
    }
}

/* JSON. */

static void
put_command_list(struct json_writer *w, struct plan *const *plans, size_t n)
{
    struct text command;
    text_init(&command, TEXT_CEILING_BYTES);
    json_open(w, "commands", '[');
    for (size_t i = 0; i < n; i++) {
        const struct change *last = NULL;
        for (const struct change *c = plans[i]->changes.first;
             c && !plans[i]->refused; last = c, c = c->next) {
            if (!last
                || (c->chassis && last->chassis
                    && strcmp(c->chassis, last->chassis) != 0)) {
                text_clear(&command);
                change_put_command(&plans[i]->changes, c->db, c->chassis,
                                   &command);
                json_put(w, NULL, text_string(&command));
            }
        }
        if (plans[i]->command && !last) {
            json_put(w, NULL, plans[i]->command);
        }
    }
    json_close(w, ']');
    text_done(&command);
}

static void
put_proofs_json(struct json_writer *w, const struct proof_list *list)
{
    json_open(w, "proofs", '[');
    for (size_t i = 0; i < list->n; i++) {
        const struct proof *p = &list->proofs[i];
        json_open(w, NULL, '{');
        json_put(w, "endpoint", p->endpoint);
        json_put(w, "state", proof_state_names[p->state]);
        json_put(w, "nic", p->nic);
        if (p->nic) {
            json_put_integer(w, "ms", p->ms);
        } else {
            json_put_null(w, "ms");
        }
        json_put(w, "words", p->words);
        json_close(w, '}');
    }
    json_close(w, ']');
}

static void
put_deed_json(struct json_writer *w, const struct report_deed *d)
{
    const struct carry_result *r = &d->result;
    json_open(w, "result", '{');
    json_put(w, "state",
             !d->is_begun ? "not begun"
             : r->applied ? "applied"
             : r->undone  ? "undone"
                          : "failed");
    json_put(w, "id", d->is_begun ? r->id : NULL);
    json_put(w, "why", d->is_begun && d->why ? error_text(d->why) : NULL);
    json_put_strings(w, "notes", r->notes, d->is_begun ? r->n_notes : 0);
    put_proofs_json(w, &d->proofs);
    json_close(w, '}');
}

static void
put_plan_json(struct json_writer *w, struct plan *p,
              const struct report_deed *deed)
{
    text_putc(w->out, '\n');
    json_open(w, NULL, '{');
    json_put(w, "code", p->code);
    json_put(w, "chassis", p->chassis);
    json_put(w, "subject", p->subject);
    json_put(w, "message", p->message);
    json_put_strings(w, "affects", p->affects, p->n_affects);
    json_put(w, "repair", p->refused ? NULL : p->what);
    json_put(w, "danger", paragraph(&p->arena, p->code, "Danger"));
    if (p->cause.found) {
        json_open(w, "cause", '{');
        json_put(w, "db", p->cause.db);
        json_put_integer(w, "record", p->cause.record);
        json_put_time(w, "time", p->cause.date_ms);
        json_put(w, "comment", p->cause.comment);
        json_close(w, '}');
    } else {
        json_put_null(w, "cause");
    }
    report_put_changes(w, &p->changes);
    put_command_list(w, &p, 1);
    if (p->is_tried) {
        report_put_impact(w, &p->trial.impact);
    } else {
        json_put_null(w, "effect");
    }
    json_put(w, "refused", p->refused);
    if (deed && !p->refused) {
        put_deed_json(w, deed);
    } else {
        json_put_null(w, "result");
    }
    json_close(w, '}');
}

/* All plans as if they were one: what none of them refuses. */
static void
put_sum(struct json_writer *w, struct plan *const *plans, size_t n)
{
    const char *refused = NULL;
    bool any = !n;
    json_open(w, "changes", '[');
    for (size_t i = 0; i < n; i++) {
        any |= !plans[i]->refused;
        refused = refused ? refused : plans[i]->refused;
        if (!plans[i]->refused) {
            report_put_change_rows(w, &plans[i]->changes);
        }
    }
    json_close(w, ']');
    put_command_list(w, plans, n);
    json_open(w, "effect", '{');
    for (size_t o = 0; o < N_OUTCOMES; o++) {
        json_open(w, outcome_names[o], '[');
        for (size_t i = 0; i < n; i++) {
            const struct impact_list *list = &plans[i]->trial.impact.lists[o];
            for (size_t e = 0; !plans[i]->refused && e < list->n; e++) {
                json_put(w, NULL, list->endpoints[e].id);
            }
        }
        json_close(w, ']');
    }
    json_close(w, '}');
    json_put(w, "refused", any ? NULL : refused);
}

void
report_repair_json(const struct evidence *e, struct plan *const *plans,
                   size_t n, const struct report_deed *deeds, struct text *out)
{
    struct json_writer w = { .out = out };
    json_open_document(&w, e);
    put_sum(&w, plans, n);
    json_open(&w, "plans", '[');
    for (size_t i = 0; i < n; i++) {
        put_plan_json(&w, plans[i], deeds ? &deeds[i] : NULL);
    }
    json_close(&w, ']');
    json_close(&w, '}');
    text_putc(out, '\n');
}
