/* A loop, as a finding has it: its hops, how it grows, what it floods. */
#include "report/print.h"

/* Names before "and N more". */
#define MAX_NAMED 8

static void
put_joined(struct text *line, const char *const *names, size_t n,
           const char *separator)
{
    for (size_t i = 0; i < n && i < MAX_NAMED; i++) {
        text_printf(line, "%s%s", i ? separator : "", names[i]);
    }
    if (n > MAX_NAMED) {
        text_printf(line, "%sand %zu more", separator, n - MAX_NAMED);
    }
}

static void
put_growth(struct text *line, const struct flood_cycle *c)
{
    if (c->n_copies > 1) {
        text_printf(
            line,
            "up to %u copies of each broadcast on one turn of one chassis, "
            "where Open vSwitch gives it up",
            c->n_copies);
    } else {
        text_puts(line, "each broadcast goes round");
    }
    if (c->n_ways > 2) {
        text_printf(line, ", %u ways at once", c->n_ways);
    }
    text_puts(line, !c->is_endless ? "; then it ends"
                    : c->n_copies > 1
                        ? "; other chassis send them round again, "
                          "without end"
                        : ", without end");
}

static void
put_line(struct text *line, const char *label,
         const struct report_options *options, struct text *out)
{
    print_label(out, options, label);
    print_wrapped(out, text_string(line), PRINT_INDENT, PRINT_INDENT);
    text_clear(line);
}

/* Of a longer way round, only its ends: JSON has all of it. */
#define MAX_HOPS 24
#define END_HOPS 8

static void
put_hops(struct text *line, const struct flood_cycle *c)
{
    bool is_long = c->n_hops > MAX_HOPS;
    for (size_t i = 0; i < c->n_hops; i++) {
        text_printf(line, "%s%s", i ? " -> " : "", c->hops[i]);
        if (is_long && i == END_HOPS) {
            size_t n = c->n_hops - 2 * END_HOPS - 1;
            text_printf(line, " -> (%zu more)", n);
            i += n;
        }
    }
}

void
report_cycle_text(const struct flood_cycle *c,
                  const struct report_options *options, struct text *out)
{
    if (!c) {
        return;
    }
    struct text line;
    text_init(&line, TEXT_CEILING_BYTES);
    put_hops(&line, c);
    put_line(&line, "loop", options, out);
    put_growth(&line, c);
    put_line(&line, "grows", options, out);
    const struct flood_domain *d = c->domain;
    if (d->n_chassis) {
        text_puts(&line, "chassis ");
        put_joined(&line, d->chassis, d->n_chassis, ", ");
    }
    if (d->n_segments) {
        text_puts(&line, d->n_chassis ? "; segment " : "segment ");
        put_joined(&line, d->segments, d->n_segments, ", ");
    }
    put_line(&line, "floods", options, out);
    if (d->n_carries) {
        put_joined(&line, d->carries, d->n_carries, "; ");
        text_puts(&line, "; with all that goes by them, such as a cluster's "
                         "heartbeat (corosync)");
        put_line(&line, "takes", options, out);
    }
    if (d->n_carries_missing) {
        text_puts(&line, "not known: ");
        put_joined(&line, d->carries_missing, d->n_carries_missing, "; ");
        put_line(&line, d->n_carries ? "" : "takes", options, out);
    }
    text_done(&line);
}

void
report_cycle_json(struct json_writer *w, const struct flood_cycle *c)
{
    if (!c) {
        return;
    }
    const struct flood_domain *d = c->domain;
    json_put_strings(w, "cycle", c->hops, c->n_hops);
    json_open(w, "amplification", '{');
    json_put_integer(w, "ways", c->n_ways);
    json_put_integer(w, "copies", c->n_copies);
    json_put_boolean(w, "endless", c->is_endless);
    json_close(w, '}');
    json_open(w, "floods", '{');
    json_put_strings(w, "chassis", d->chassis, d->n_chassis);
    json_put_strings(w, "segments", d->segments, d->n_segments);
    json_close(w, '}');
    json_put_strings(w, "carries", d->carries, d->n_carries);
    json_put_strings(w, "carries_missing", d->carries_missing,
                     d->n_carries_missing);
}
