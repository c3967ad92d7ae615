/* What changed when, and what it did to whom: `history` and `bisect`. */
#include <string.h>

#include "base/clock.h"
#include "report/print.h"

#define INDENT 4

/* Of "2026-11-22T09:39:36.001Z  ". */
#define TIME_WIDTH 26

/* Lines of one event, and endpoints of one transaction, that are shown before
 * "and N more". */
#define MAX_LINES 20
#define MAX_NAMED 8

/* All lines of an event, whatever they follow from. */
#define ANY_CAUSE (NO_EVENT - 1)

/* Events. */

static bool
is_within(const struct report_period *period, int64_t date_ms)
{
    return date_ms >= period->since_ms && date_ms <= period->until_ms;
}

/* Whether an event is told of by itself, and not beneath another. */
static bool
is_told(const struct timeline *t, size_t i, const struct report_period *period)
{
    const struct history_event *event = &t->events[i];
    return event->is_wanted && event->cause == NO_EVENT
           && is_within(period, event->date_ms);
}

static void
put_time(int64_t date_ms, enum color color,
         const struct report_options *options, struct text *out)
{
    char time[CLOCK_TEXT_SIZE];
    clock_format(date_ms, time);
    print_color(out, options, color, time);
    text_puts(out, "  ");
}

/* "nb record 15, by a command line: ovn-nbctl ..." */
static void
put_record(const struct history_event *event, size_t column, size_t indent,
           struct text *out)
{
    struct text line;
    text_init(&line, TEXT_CEILING_BYTES);
    text_puts(&line, event->db->db);
    if (event->chassis) {
        text_printf(&line, " of %s", event->chassis);
    }
    const char *file;
    uint32_t number =
        ovsdb_record_number(&event->db->store, event->record, &file);
    text_printf(&line, " record %u%s%s, by %s", number, file ? " of " : "",
                file ? file : "", history_who_names[event->who]);
    if (event->who == WHO_COMMAND) {
        text_printf(&line, ": %s", event->comment);
    }
    print_wrapped(out, text_string(&line), column, indent);
    text_done(&line);
}

static void
put_event_head(const struct history_event *event,
               const struct report_options *options, size_t indent,
               struct text *out)
{
    text_printf(out, "%*s", (int) indent, "");
    put_time(event->date_ms,
             history_is_daemon(event->who) ? COLOR_DIM : COLOR_BOLD, options,
             out);
    put_record(event, indent + TIME_WIDTH, indent + 2, out);
}

/* Whether a line is told of beneath 'cause'. */
static bool
belongs(const struct history_line *line, size_t cause)
{
    return cause == ANY_CAUSE || line->cause == cause;
}

static void
put_lines(const struct history_event *event, size_t cause, size_t indent,
          struct text *out)
{
    size_t n_left = 0, n_shown = 0;
    for (size_t i = 0; i < event->n_lines; i++) {
        const struct history_line *line = &event->lines[i];
        bool shown = line->is_wanted && n_shown < MAX_LINES;
        if (!belongs(line, cause)) {
            continue;
        }
        if (shown) {
            n_shown++;
            text_printf(out, "%*s", (int) indent, "");
            print_wrapped(out, line->text, indent, indent + 2);
        }
        n_left += !shown;
    }
    if (event->is_gap) {
        text_printf(out, "%*s%s\n", (int) indent, "",
                    n_shown + n_left ? "a conversion did that, or somebody of "
                                       "whom no log tells"
                                     : "nothing changed with it");
    } else if (event->who == WHO_SNAPSHOT) {
        text_printf(out, "%*s%zu rows; what was before is not known\n",
                    (int) indent, "", event->n_rows);
    } else if (n_left) {
        text_printf(out, "%*sand %zu other change%s\n", (int) indent, "",
                    n_left, n_left == 1 ? "" : "s");
    }
}

/* An event, and beneath it what followed from it. */
static void
put_event(const struct timeline *t, size_t index,
          const struct report_options *options, struct text *out)
{
    const struct history_event *event = &t->events[index];
    put_event_head(event, options, 0, out);
    put_lines(event, ANY_CAUSE, INDENT, out);
    for (const struct history_effect *effect = event->effects; effect;
         effect = effect->next) {
        if (effect->is_wanted) {
            put_event_head(&t->events[effect->event], options, INDENT, out);
            put_lines(&t->events[effect->event], index, 2 * INDENT, out);
        }
    }
}

void
report_history_text(const struct timeline *t,
                    const struct report_period *period,
                    const struct report_options *options, struct text *out)
{
    size_t n = 0;
    for (size_t i = 0; i < t->n_events; i++) {
        if (is_told(t, i, period)) {
            put_event(t, i, options, out);
            n++;
        }
    }
    text_printf(
        out,
        "%s%zu change%s; left out: %zu transactions of what no verdict "
        "asks (nb_cfg, statistics)\n",
        n ? "\n" : "", n, n == 1 ? "" : "s", t->n_quiet);
}

static void
json_put_event_head(struct json_writer *w, const struct history_event *event)
{
    json_put(w, "db", event ? event->db->db : NULL);
    json_put(w, "chassis", event ? event->chassis : NULL);
    if (event) {
        const char *file;
        json_put_integer(
            w, "record",
            ovsdb_record_number(&event->db->store, event->record, &file));
        if (file) {
            json_put(w, "file", file);
        }
        json_put_time(w, "time", event->date_ms);
    } else {
        json_put_null(w, "record");
        json_put_null(w, "time");
    }
    json_put(w, "comment", event ? event->comment : NULL);
    json_put(w, "who", event ? history_who_words[event->who] : NULL);
}

static void
json_put_lines(struct json_writer *w, const struct history_event *event,
               size_t cause)
{
    static const char *const kinds[] = { [OVSDB_CAME] = "added",
                                         [OVSDB_WENT] = "deleted",
                                         [OVSDB_CHANGED] = "changed" };
    json_open(w, "changes", '[');
    for (size_t i = 0; i < event->n_lines; i++) {
        const struct history_line *line = &event->lines[i];
        if (!line->is_wanted || !belongs(line, cause)) {
            continue;
        }
        json_open(w, NULL, '{');
        json_put(w, "table", line->row->table->spec->name);
        json_put(w, "name", line->name);
        json_put(w, "op", kinds[line->kind]);
        json_put(w, "text", line->text);
        json_close(w, '}');
    }
    json_close(w, ']');
}

static void
json_put_event(struct json_writer *w, const struct timeline *t, size_t index)
{
    const struct history_event *event = &t->events[index];
    text_putc(w->out, '\n');
    json_open(w, NULL, '{');
    json_put_event_head(w, event);
    json_put_lines(w, event, ANY_CAUSE);
    json_open(w, "consequences", '[');
    for (const struct history_effect *effect = event->effects; effect;
         effect = effect->next) {
        if (effect->is_wanted) {
            text_putc(w->out, '\n');
            json_open(w, NULL, '{');
            json_put_event_head(w, &t->events[effect->event]);
            json_put_lines(w, &t->events[effect->event], index);
            json_close(w, '}');
        }
    }
    json_close(w, ']');
    json_close(w, '}');
}

void
report_history_json(const struct evidence *e, const struct timeline *t,
                    const struct report_period *period, struct text *out)
{
    struct json_writer w = { .out = out };
    json_open_document(&w, e);
    json_open(&w, "events", '[');
    for (size_t i = 0; i < t->n_events; i++) {
        if (is_told(t, i, period)) {
            json_put_event(&w, t, i);
        }
    }
    json_close(&w, ']');
    json_put_integer(&w, "left_out", (int64_t) t->n_quiet);
    json_close(&w, '}');
    text_putc(out, '\n');
}

/* Changes of verdicts. */

static const struct history_event *
event_of(const struct timeline *t, const struct bisect_change *change)
{
    return change->event == NO_EVENT ? NULL : &t->events[change->event];
}

static int64_t
date_of(const struct timeline *t, const struct bisect_change *change)
{
    const struct history_event *event = event_of(t, change);
    return event ? event->date_ms : change->date_ms;
}

static enum color
color_of(const char *state)
{
    return !strcmp(state, verdict_names[VERDICT_REACHABLE]) ? COLOR_GOOD
           : !strcmp(state, verdict_names[VERDICT_BROKEN])
                   || !strcmp(state, verdict_names[VERDICT_STORM])
               ? COLOR_BAD
               : COLOR_WARN;
}

static void
put_turn(const struct bisect_change *change,
         const struct report_options *options, struct text *out)
{
    if (change->from == change->to) {
        text_puts(out, "harmless then, part of what came later");
    } else {
        text_printf(out, "%s -> ", change->from);
        print_color(out, options, color_of(change->to), change->to);
    }
    for (size_t i = 0; i < change->n_codes; i++) {
        text_printf(out, "%s%s", i ? ", " : ": ", change->codes[i]);
    }
}

static void
put_change(const struct timeline *t, const struct bisect_change *change,
           const struct report_options *options, struct text *out)
{
    put_time(date_of(t, change), COLOR_BOLD, options, out);
    put_turn(change, options, out);
    text_putc(out, '\n');
    if (change->message && change->from != change->to) {
        text_printf(out, "%*s", INDENT, "");
        print_wrapped(out, change->message, INDENT, INDENT);
    }
    if (event_of(t, change)) {
        text_printf(out, "%*s", INDENT, "");
        put_record(event_of(t, change), INDENT, INDENT + 2, out);
        put_lines(event_of(t, change), ANY_CAUSE, 2 * INDENT, out);
    }
}

void
report_bisect_text(const struct timeline *t, const struct bisect_endpoint *e,
                   const struct report_period *period,
                   const struct report_options *options, struct text *out)
{
    char since[CLOCK_TEXT_SIZE];
    clock_format(e->known_since_ms, since);
    text_printf(out, "%s (%s) is ", e->id, e->name);
    print_color(out, options, color_of(e->state), e->state);
    text_printf(out, "; its verdict is known since %s%s\n\n", since,
                e->n_changes ? "" : ", and never changed");
    for (size_t i = 0; i < e->n_changes; i++) {
        if (is_within(period, date_of(t, &e->changes[i]))) {
            put_change(t, &e->changes[i], options, out);
        }
    }
}

static void
json_put_turn(struct json_writer *w, const struct timeline *t,
              const struct bisect_change *change)
{
    json_put_event_head(w, event_of(t, change));
    json_put(w, "from", change->from);
    json_put(w, "to", change->to);
    json_put_strings(w, "codes", change->codes, change->n_codes);
}

static void
json_put_endpoint(struct json_writer *w, const struct timeline *t,
                  const struct bisect_endpoint *e,
                  const struct report_period *period)
{
    json_put(w, "endpoint", e->id);
    json_put(w, "port", e->port);
    json_put(w, "name", e->name);
    json_put(w, "state", e->state);
    json_put_time(w, "known_since", e->known_since_ms);
    json_open(w, "changes", '[');
    for (size_t i = 0; i < e->n_changes; i++) {
        const struct bisect_change *change = &e->changes[i];
        if (is_within(period, date_of(t, change))) {
            text_putc(w->out, '\n');
            json_open(w, NULL, '{');
            json_put_turn(w, t, change);
            json_put(w, "message", change->message);
            json_close(w, '}');
        }
    }
    json_close(w, ']');
}

void
report_bisect_json(const struct evidence *evidence, const struct timeline *t,
                   const struct bisect_endpoint *e,
                   const struct report_period *period, struct text *out)
{
    struct json_writer w = { .out = out };
    json_open_document(&w, evidence);
    json_put_endpoint(&w, t, e, period);
    json_close(&w, '}');
    text_putc(out, '\n');
}

/* All endpoints, by transaction. */

/* "took 37 endpoints: reachable -> broken: ls-no-localnet" */
static void
put_group(const struct bisect_group *group, const struct timeline *t,
          const struct report_options *options, struct text *out)
{
    const struct history_event *event = event_of(t, group->change);
    struct text names;
    if (event) {
        put_event_head(event, options, 0, out);
    }
    text_printf(out, "%*s%zu endpoint%s: ", INDENT, "", group->n,
                group->n == 1 ? "" : "s");
    put_turn(group->change, options, out);
    text_putc(out, '\n');
    text_init(&names, TEXT_CEILING_BYTES);
    size_t n = options->all || group->n < MAX_NAMED ? group->n : MAX_NAMED;
    for (size_t i = 0; i < n; i++) {
        text_printf(&names, "%s%s", i ? ", " : "", group->endpoints[i]->id);
    }
    if (n < group->n) {
        text_printf(&names, " and %zu more", group->n - n);
    }
    text_printf(out, "%*s", 2 * INDENT, "");
    print_wrapped(out, text_string(&names), 2 * INDENT, 2 * INDENT);
    text_done(&names);
}

void
report_bisect_all_text(struct bisect *b, const struct timeline *t,
                       const struct report_period *period,
                       const struct report_options *options, struct text *out)
{
    const struct bisect_group *groups;
    size_t n = bisect_group(b, &groups), n_told = 0;
    for (size_t i = 0; i < n; i++) {
        if (is_within(period, date_of(t, groups[i].change))) {
            put_group(&groups[i], t, options, out);
            n_told++;
        }
    }
    text_printf(out, "%s%zu endpoints followed; %s\n", n_told ? "\n" : "",
                b->n_endpoints,
                n_told ? "`provnet bisect ENDPOINT` tells more of one"
                       : "no verdict changed");
}

static void
json_put_group(struct json_writer *w, const struct bisect_group *group,
               const struct timeline *t)
{
    text_putc(w->out, '\n');
    json_open(w, NULL, '{');
    json_put_turn(w, t, group->change);
    json_open(w, "endpoints", '[');
    for (size_t i = 0; i < group->n; i++) {
        json_put(w, NULL, group->endpoints[i]->id);
    }
    json_close(w, ']');
    json_close(w, '}');
}

void
report_bisect_all_json(const struct evidence *evidence, struct bisect *b,
                       const struct timeline *t,
                       const struct report_period *period, struct text *out)
{
    struct json_writer w = { .out = out };
    const struct bisect_group *groups;
    size_t n = bisect_group(b, &groups);
    json_open_document(&w, evidence);
    json_open(&w, "transactions", '[');
    for (size_t i = 0; i < n; i++) {
        if (is_within(period, date_of(t, groups[i].change))) {
            json_put_group(&w, &groups[i], t);
        }
    }
    json_close(&w, ']');
    json_open(&w, "endpoints", '[');
    for (size_t i = 0; i < b->n_endpoints; i++) {
        text_putc(out, '\n');
        json_open(&w, NULL, '{');
        json_put_endpoint(&w, t, b->endpoints[i], period);
        json_close(&w, '}');
    }
    json_close(&w, ']');
    json_close(&w, '}');
    text_putc(out, '\n');
}
