/* What a change would do: `whatif` and `repair`. */
#include <string.h>

#include "report/print.h"

#define MAX_LISTED 20
#define INDENT PRINT_INDENT

static const enum color outcome_colors[N_OUTCOMES] = {
    [OUTCOME_RESTORED] = COLOR_GOOD, [OUTCOME_LOST] = COLOR_BAD,
    [OUTCOME_STORM] = COLOR_BAD,     [OUTCOME_BLOCKED] = COLOR_WARN,
    [OUTCOME_UNCLEAR] = COLOR_WARN,
};

/* Text. */

void
report_lines_text(const struct trial *trial,
                  const struct report_options *options, struct text *out)
{
    struct text line;
    text_init(&line, TEXT_CEILING_BYTES);
    for (size_t i = 0; i < trial->n_lines; i++) {
        const struct trial_line *l = &trial->lines[i];
        if (!options->all && i == MAX_LISTED) {
            text_printf(out, "    and %zu more (--all lists them)\n",
                        trial->n_lines - i);
            break;
        }
        text_clear(&line);
        text_puts(&line, l->text);
        if (l->chassis) {
            text_printf(&line, " (chassis %s)", l->chassis);
        }
        text_puts(out, "    ");
        print_wrapped(out, text_string(&line), 4, 6);
    }
    text_done(&line);
}

static void
put_endpoint(enum outcome outcome, const struct impact_endpoint *e,
             const struct report_options *options, struct text *out)
{
    struct text line;
    text_init(&line, TEXT_CEILING_BYTES);
    print_padded(&line, outcome_names[outcome], INDENT);
    print_color(out, options, outcome_colors[outcome], text_string(&line));
    text_clear(&line);
    print_padded(&line, e->id, 16);
    text_printf(&line, " %s on %s: %s -> %s", e->name, e->network, e->from,
                e->to);
    if (e->code) {
        text_printf(&line, " (%s)", e->code);
    } else if (e->message) {
        text_printf(&line, " (not known: %s)", e->message);
    }
    print_wrapped(out, text_string(&line), INDENT, 27);
    text_done(&line);
}

/* Findings that are new.  The words of one that is latent only matter as a
 * warning. */
static void
put_appeared(const struct impact *impact, const struct report_options *options,
             struct text *out)
{
    for (size_t i = 0; i < impact->n_appeared; i++) {
        const struct impact_finding *f = &impact->appeared[i];
        bool latent = f->effect <= EFFECT_BLOCKS;
        text_puts(out, i ? "" : "\n");
        print_color(out, options, latent ? COLOR_WARN : COLOR_BAD,
                    latent ? "WARNING " : "ERROR   ");
        text_puts(out, f->code);
        text_puts(out, "\n          ");
        print_wrapped(out, f->message, INDENT, INDENT);
        report_cycle_text(f->cycle, options, out);
    }
}

void
report_impact_text(const struct impact *impact,
                   const struct report_options *options, struct text *out)
{
    for (size_t o = 0; o < N_OUTCOMES; o++) {
        const struct impact_list *list = &impact->lists[o];
        for (size_t i = 0; i < list->n; i++) {
            if (!options->all && i == MAX_LISTED) {
                text_printf(out, "%*sand %zu more (--all lists them)\n",
                            INDENT, "", list->n - i);
                break;
            }
            put_endpoint((enum outcome) o, &list->endpoints[i], options, out);
        }
    }
    put_appeared(impact, options, out);
}

static void
put_count(size_t n, const char *what, const char **between, struct text *out)
{
    if (n) {
        text_printf(out, "%s%zu endpoint%s would be %s", *between, n,
                    n == 1 ? "" : "s", what);
        *between = ", ";
    }
}

void
report_whatif_text(const struct trial *trial,
                   const struct report_options *options, struct text *out)
{
    const struct impact *impact = &trial->impact;
    static const char *const words[N_OUTCOMES] = {
        [OUTCOME_RESTORED] = "restored",    [OUTCOME_LOST] = "lost",
        [OUTCOME_STORM] = "in a storm",     [OUTCOME_BLOCKED] = "blocked",
        [OUTCOME_UNCLEAR] = "undetermined",
    };
    bool harmful = impact_is_harmful(impact);
    const char *between = "";
    struct text headline;
    text_init(&headline, TEXT_CEILING_BYTES);
    for (size_t o = 0; o < N_OUTCOMES; o++) {
        put_count(impact->lists[o].n, words[o], &between, &headline);
    }
    if (impact->storms && !impact->lists[OUTCOME_STORM].n) {
        text_printf(&headline, "%sa loop would arise", between);
        between = ", ";
    }
    text_puts(&headline, *between ? "" : "no endpoint would notice");
    bool unclear = impact->lists[OUTCOME_UNCLEAR].n > 0;
    print_color(out, options,
                harmful   ? COLOR_BAD
                : unclear ? COLOR_WARN
                          : COLOR_GOOD,
                harmful   ? "harmful: "
                : unclear ? "unclear: "
                          : "harmless: ");
    print_wrapped(out, text_string(&headline), 10, 4);
    text_puts(out, "\n");
    text_done(&headline);
    if (!trial->n_lines) {
        text_puts(out, "It changes nothing that provnet reads.\n");
        return;
    }
    text_puts(out, "  It would change (on copies; nothing was done):\n");
    report_lines_text(trial, options, out);
    text_puts(out, "\n");
    report_impact_text(impact, options, out);
    if (harmful) {
        text_puts(out, "\nDo not do that.\n");
    }
}

/* JSON. */

static void
put_raw(struct json_writer *w, const char *name, const char *json)
{
    if (w->needs_comma) {
        text_puts(w->out, ", ");
    }
    json_put_string(w->out, name);
    text_puts(w->out, ": ");
    text_puts(w->out, json ? json : "null");
    w->needs_comma = true;
}

static void
put_edit(struct json_writer *w, const struct edit *e)
{
    static const char *const kinds[] = {
        [EDIT_SET] = "set", [EDIT_ADD] = "add", [EDIT_REMOVE] = "remove"
    };
    json_open(w, NULL, '{');
    json_put(w, "column", e->column);
    json_put(w, "edit", kinds[e->kind]);
    put_raw(w, "value", e->value);
    if (e->before) {
        put_raw(w, "before", e->before);
    }
    json_close(w, '}');
}

void
report_put_change_rows(struct json_writer *w, const struct change_list *list)
{
    char uuid[UUID_LENGTH + 1];
    for (const struct change *c = list->first; c; c = c->next) {
        uuid_format(&c->uuid, uuid);
        text_putc(w->out, '\n');
        json_open(w, NULL, '{');
        json_put(w, "db", c->db);
        json_put(w, "chassis", c->chassis);
        json_put(w, "table", c->table);
        json_put(w, "row", uuid);
        json_put(w, "name", c->name);
        json_put(w, "op", change_op_names[c->op]);
        json_open(w, "columns", '[');
        for (const struct edit *e = c->edits; e; e = e->next) {
            put_edit(w, e);
        }
        json_close(w, ']');
        json_close(w, '}');
    }
}

void
report_put_changes(struct json_writer *w, const struct change_list *list)
{
    json_open(w, "changes", '[');
    report_put_change_rows(w, list);
    json_close(w, ']');
    text_putc(w->out, '\n');
}

static void
put_impact_endpoint(struct json_writer *w, const struct impact_endpoint *e,
                    enum outcome outcome)
{
    text_putc(w->out, '\n');
    json_open(w, NULL, '{');
    json_put(w, "endpoint", e->id);
    json_put(w, "port", e->port);
    json_put(w, "name", e->name);
    json_put(w, "network", e->network);
    json_put(w, "outcome", outcome_names[outcome]);
    json_put(w, "from", e->from);
    json_put(w, "to", e->to);
    json_put(w, "code", e->code);
    json_put(w, "why", e->message);
    json_close(w, '}');
}

static void
put_findings(struct json_writer *w, const char *name,
             const struct impact_finding *findings, size_t n)
{
    json_open(w, name, '[');
    for (size_t i = 0; i < n; i++) {
        json_open(w, NULL, '{');
        json_put(w, "code", findings[i].code);
        json_put(w, "severity",
                 findings[i].effect <= EFFECT_BLOCKS ? "warning" : "error");
        json_put(w, "message", findings[i].message);
        report_cycle_json(w, findings[i].cycle);
        json_close(w, '}');
    }
    json_close(w, ']');
}

void
report_put_impact(struct json_writer *w, const struct impact *impact)
{
    json_open(w, "effect", '{');
    for (size_t o = 0; o < N_OUTCOMES; o++) {
        const struct impact_list *list = &impact->lists[o];
        json_open(w, outcome_names[o], '[');
        for (size_t i = 0; i < list->n; i++) {
            json_put(w, NULL, list->endpoints[i].id);
        }
        json_close(w, ']');
    }
    json_open(w, "endpoints", '[');
    for (size_t o = 0; o < N_OUTCOMES; o++) {
        for (size_t i = 0; i < impact->lists[o].n; i++) {
            put_impact_endpoint(w, &impact->lists[o].endpoints[i],
                                (enum outcome) o);
        }
    }
    json_close(w, ']');
    put_findings(w, "appeared", impact->appeared, impact->n_appeared);
    put_findings(w, "vanished", impact->vanished, impact->n_vanished);
    json_close(w, '}');
}

void
report_whatif_json(const struct evidence *e, const struct trial *trial,
                   const struct change_list *changes, const char *what,
                   struct text *out)
{
    struct json_writer w = { .out = out };
    const char *refused =
        impact_is_harmful(&trial->impact)
            ? trial->impact.storms || trial->impact.lists[OUTCOME_STORM].n
                  ? "it would make a loop"
                  : "endpoints would be lost"
            : NULL;
    json_open_document(&w, e);
    report_put_changes(&w, changes);
    json_put_strings(&w, "commands", &what, 1);
    report_put_impact(&w, &trial->impact);
    json_put(&w, "refused", refused);
    json_close(&w, '}');
    text_putc(out, '\n');
}
