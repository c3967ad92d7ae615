/* The text reports. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "history/cause.h"
#include "report/print.h"

/* More endpoints than this, and only those that are not reachable are
 * listed. */
#define MAX_LISTED 40

/* Addresses named after "affects" before "and N more". */
#define MAX_AFFECTS 8

#define INDENT PRINT_INDENT

const enum color verdict_colors[N_VERDICTS] = {
    [VERDICT_REACHABLE] = COLOR_GOOD,    [VERDICT_BROKEN] = COLOR_BAD,
    [VERDICT_BLOCKED] = COLOR_WARN,      [VERDICT_STORM] = COLOR_BAD,
    [VERDICT_UNDETERMINED] = COLOR_WARN,
};

/* The endpoints. */

static const char *
describe_verdict(struct arena *arena, const struct verdict *v)
{
    const char *name = verdict_names[v->kind];
    return v->culprit ? arena_printf(arena, "%s at %s", name,
                                     hop_names[v->culprit->hop])
                      : name;
}

static void
put_endpoint(struct assessment *a, const struct assessed_endpoint *at,
             const struct report_options *options, struct text *out)
{
    const struct fabric_endpoint *e = at->endpoint;
    const struct verdict *in = &at->verdicts[INBOUND];
    const struct verdict *v = &at->verdicts[OUTBOUND];
    enum verdict_kind worst = assessed_worst(at);
    struct text line;
    text_init(&line, TEXT_CEILING_BYTES);
    print_padded(&line, verdict_names[worst], 13);
    print_color(out, options, verdict_colors[worst], text_string(&line));
    text_clear(&line);
    print_padded(&line, fabric_endpoint_id(e), 16);
    text_printf(&line, " %s on %s", e->name, e->ls->network);
    if (e->chassis) {
        text_printf(&line, " at %s", e->chassis->name);
    }
    if (in->culprit || v->culprit) {
        text_printf(&line, ": in %s, out %s", describe_verdict(&a->arena, in),
                    describe_verdict(&a->arena, v));
        const struct verdict *named = in->culprit ? in : v;
        text_printf(&line, " (%s)", named->culprit->rule->code);
    }
    print_wrapped(out, text_string(&line), 13, 30);
    text_done(&line);
}

static void
put_endpoints(struct assessment *a, const struct assessed_endpoint **only,
              size_t n_only, const struct report_options *options,
              struct text *out)
{
    size_t n = n_only ? n_only : a->n_endpoints, n_left_out = 0;
    for (size_t i = 0; i < n; i++) {
        const struct assessed_endpoint *e =
            n_only ? only[i] : &a->endpoints[i];
        if (!options->all && n > MAX_LISTED
            && assessed_worst(e) == VERDICT_REACHABLE) {
            n_left_out++;
            continue;
        }
        put_endpoint(a, e, options, out);
    }
    if (n_left_out) {
        text_printf(out, "%zu more are reachable (--all lists them)\n",
                    n_left_out);
    }
}

static void
put_headline(const size_t counts[N_VERDICTS], size_t n,
             const struct report_options *options, struct text *out)
{
    text_printf(out, "%zu endpoint%s", n, n == 1 ? "" : "s");
    const char *separator = ": ";
    for (size_t v = 0; v < N_VERDICTS; v++) {
        if (counts[v]) {
            char part[64];
            snprintf(part, sizeof part, "%zu %s", counts[v], verdict_names[v]);
            text_puts(out, separator);
            print_color(out, options, verdict_colors[v], part);
            separator = ", ";
        }
    }
    text_puts(out, "\n\n");
}

/* The findings. */

static void
put_cause(struct assessment *a, const struct finding *f,
          const struct report_options *options, struct text *out)
{
    struct cause cause;
    cause_find(f, &a->arena, &cause);
    if (!cause.found) {
        if (f->cause.db) {
            print_label(out, options, "cause");
            print_wrapped(out, cause.note, INDENT, INDENT);
        }
        return;
    }
    char time[CLOCK_TEXT_SIZE], age[CLOCK_TEXT_SIZE];
    clock_format(cause.date_ms, time);
    clock_format_age(cause.date_ms, a->fabric->evidence->now_ms, age);
    print_label(out, options, "cause");
    print_wrapped(out,
                  arena_printf(&a->arena, "%s (%s), %s record %u%s%s, by %s%s",
                               time, age, cause.db, cause.record,
                               cause.file ? " of " : "",
                               cause.file ? cause.file : "",
                               history_who_names[cause_who(cause.comment)],
                               *cause.comment ? ":" : ""),
                  INDENT, INDENT);
    if (*cause.comment) {
        print_label(out, options, "");
        print_wrapped(out, cause.comment, INDENT, INDENT + 2);
    }
}

static void
put_affects(struct assessment *a, const struct reach_finding *rf,
            const struct report_options *options, struct text *out)
{
    if (!rf->n_affects) {
        return;
    }
    const char *list = "";
    size_t n = rf->n_affects < MAX_AFFECTS ? rf->n_affects : MAX_AFFECTS;
    for (size_t i = 0; i < n; i++) {
        list = arena_printf(&a->arena, "%s%s%s", list, i ? ", " : "",
                            rf->affects[i]);
    }
    if (n < rf->n_affects) {
        list = arena_printf(&a->arena, "%s and %zu more", list,
                            rf->n_affects - n);
    }
    print_label(out, options, "affects");
    print_wrapped(out, list, INDENT, INDENT);
}

static void
put_finding(struct assessment *a, const struct reach_finding *rf,
            const struct report_options *options, struct text *out)
{
    const struct finding *f = rf->finding;
    bool error = f->effect >= EFFECT_STOPS;
    print_color(out, options, error ? COLOR_BAD : COLOR_WARN,
                f->effect == EFFECT_STORMS   ? "STORM"
                : error                      ? "ERROR"
                : f->effect == EFFECT_BLOCKS ? "BLOCKED"
                                             : "WARNING");
    text_putc(out, ' ');
    print_color(out, options, COLOR_BOLD, f->rule->code);
    text_printf(out, " at hop %s, layer %s", hop_names[f->hop],
                layer_names[f->rule->layer]);
    if (f->chassis) {
        text_puts(out, ", chassis ");
        text_put_printable(out, f->chassis, strlen(f->chassis));
    }
    text_putc(out, '\n');
    print_label(out, options, "");
    print_wrapped(out, f->message, INDENT, INDENT);
    report_cycle_text(f->cycle, options, out);
    put_cause(a, f, options, out);
    put_affects(a, rf, options, out);
    print_label(out, options, "repair");
    text_printf(out, "provnet explain %s\n\n", f->rule->code);
}

/* Lists what evidence is missing, or what was assumed, once for all
 * endpoints. */
static void
put_list(struct assessment *a, const struct assessed_endpoint **only,
         size_t n_only, bool assumptions, const char *heading,
         struct text *out)
{
    struct strmap seen;
    strmap_init(&seen);
    size_t n = n_only ? n_only : a->n_endpoints;
    for (size_t i = 0; i < n; i++) {
        const struct assessed_endpoint *e =
            n_only ? only[i] : &a->endpoints[i];
        for (size_t d = 0; d < N_DIRECTIONS; d++) {
            const struct verdict *v = &e->verdicts[d];
            size_t n_items = assumptions ? v->n_assumptions : v->n_missing;
            for (size_t m = 0; m < n_items; m++) {
                *strmap_place(&seen, assumptions ? v->assumptions[m]
                                                 : v->missing[m]) = a;
            }
        }
    }
    if (seen.n) {
        text_puts(out, heading);
    }
    size_t n_left = seen.n;
    STRMAP_FOR_EACH (entry, &seen) {
        if (n_left + MAX_LISTED == seen.n) {
            text_printf(out, "  - and %zu more\n", n_left);
            break;
        }
        n_left--;
        text_puts(out, "  - ");
        print_wrapped(out, entry->key, 4, 4);
    }
    strmap_done(&seen);
}

size_t
report_select_findings(struct assessment *a,
                       const struct assessed_endpoint **only, size_t n_only,
                       struct reach_finding ***ret)
{
    size_t n = 0;
    *ret = arena_alloc(&a->arena, (a->n_findings + 1) * sizeof **ret);
    for (size_t i = 0; i < a->n_findings; i++) {
        struct reach_finding *f = &a->findings[i];
        bool wanted = !n_only;
        for (size_t j = 0; !wanted && j < n_only; j++) {
            for (size_t k = 0; !wanted && k < f->n_affects; k++) {
                wanted = !strcmp(f->affects[k],
                                 fabric_endpoint_id(only[j]->endpoint));
            }
        }
        if (wanted) {
            (*ret)[n++] = f;
        }
    }
    return n;
}

void
report_check_text(struct assessment *a, const struct assessed_endpoint **only,
                  size_t n_only, const struct report_options *options,
                  struct text *out)
{
    size_t counts[N_VERDICTS] = { 0 };
    size_t n = n_only ? n_only : a->n_endpoints;
    struct reach_finding **findings;
    for (size_t i = 0; i < n; i++) {
        counts[assessed_worst(n_only ? only[i] : &a->endpoints[i])]++;
    }
    put_headline(counts, n, options, out);
    if (!n) {
        text_puts(out,
                  "Nothing says that any logical switch is meant to be a "
                  "provider network, so there is\nnothing to judge: no "
                  "localnet port, no CMS record, no log of one, no router "
                  "gateway.\n\n");
    }
    put_endpoints(a, only, n_only, options, out);
    text_putc(out, '\n');
    size_t n_findings = report_select_findings(a, only, n_only, &findings);
    for (size_t i = 0; i < n_findings; i++) {
        put_finding(a, findings[i], options, out);
    }
    put_list(a, only, n_only, false,
             "Not examined, so not called reachable; missing is:\n", out);
    put_list(a, only, n_only, true, "Assumed, since no row tells it:\n", out);
}

/* Paths. */

void
print_step(const struct step *step, const struct report_options *options,
           struct text *out)
{
    static const struct {
        const char *mark;
        enum color color;
    } marks[] = { [STEP_PASS] = { "  |  ", COLOR_GOOD },
                  [STEP_STOP] = { "  X  ", COLOR_BAD },
                  [STEP_UNKNOWN] = { "  ?  ", COLOR_WARN } };
    bool assumed = step->why && !strcmp(step->why, "assumed");
    print_color(out, options, marks[step->state].color,
                assumed ? "  .  " : marks[step->state].mark);
    print_padded(out, hop_names[step->hop], 20);
    struct text line;
    text_init(&line, TEXT_CEILING_BYTES);
    text_puts(&line, *step->name ? step->name : "-");
    if (step->chassis) {
        text_printf(&line, " (chassis %s)", step->chassis);
    }
    if (step->state != STEP_STOP && step->why) {
        text_printf(&line, "  [%s]", step->why);
    }
    print_wrapped(out, text_string(&line), 25, 25);
    text_done(&line);
    if (step->state == STEP_STOP) {
        print_color(out, options, COLOR_BAD, "  X--> stops here: ");
        print_color(out, options, COLOR_BOLD, step->code ? step->code : "");
        text_puts(out, "\n  X      ");
        print_wrapped(out, step->why, 9, 9);
    }
}

void
report_trace_text(struct assessment *a, const struct path *path,
                  const char *from, const char *to,
                  const struct report_options *options, struct text *out)
{
    print_color(out, options, COLOR_BOLD, from);
    text_puts(out, " -> ");
    print_color(out, options, COLOR_BOLD, to);
    text_puts(out, ": ");
    print_color(out, options, verdict_colors[path->kind],
                verdict_names[path->kind]);
    text_puts(out, "\n\n");
    for (size_t i = 0; i < path->n; i++) {
        print_step(&path->steps[i], options, out);
    }
    text_putc(out, '\n');
    if (path->note) {
        print_wrapped(out, path->note, 0, 0);
        text_putc(out, '\n');
    }
    for (size_t i = 0; path->culprit && i < a->n_findings; i++) {
        const struct finding *f = a->findings[i].finding;
        if (f->rule == path->culprit->rule
            && f->subject == path->culprit->subject) {
            put_cause(a, f, options, out);
            print_label(out, options, "repair");
            text_printf(out, "provnet explain %s\n", f->rule->code);
            break;
        }
    }
}

/* The catalogue and its documents. */

void
report_rules_text(const struct report_options *options, struct text *out)
{
    static const char *const effects[] = { [EFFECT_LATENT] = "latent",
                                           [EFFECT_BLOCKS] = "blocks",
                                           [EFFECT_STOPS] = "stops",
                                           [EFFECT_STORMS] = "STORM" };
    for (size_t i = 0; i < n_rules; i++) {
        char head[80];
        snprintf(head, sizeof head, "%-30s", rules[i].code);
        print_color(out, options, COLOR_BOLD, head);
        text_printf(out, "%-8s%-19s%s\n", effects[rules[i].effect],
                    hop_names[rules[i].hop], layer_names[rules[i].layer]);
        text_puts(out, "    ");
        print_wrapped(out, rules[i].meaning, 4, 4);
    }
}

const struct document *
document_find(const char *code)
{
    const struct document *d;
    for (size_t i = 0; (d = document_at(i)); i++) {
        if (!strcmp(d->code, code)) {
            return d;
        }
    }
    return NULL;
}

void
report_document(const struct document *d, const struct report_options *options,
                struct text *out)
{
    for (const char *line = d->text; *line;) {
        size_t length = strcspn(line, "\n");
        struct text copy;
        text_init(&copy, TEXT_CEILING_BYTES);
        size_t marks = strspn(line, "#");
        if (marks) {
            size_t skip = marks + strspn(line + marks, " ");
            text_put(&copy, line + skip, length - skip);
            print_color(out, options, COLOR_BOLD, text_string(&copy));
        } else {
            text_put(out, line, length);
        }
        text_done(&copy);
        text_putc(out, '\n');
        line += length + (line[length] == '\n');
    }
}
