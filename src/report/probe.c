/* What `probe` would do, and what it saw. */
#include "report/print.h"

static const char *
kind_of(const struct aim *aim)
{
    return aim->frame.is_ipv6 ? "neighbour solicitation (RFC 4861), source ::"
                              : "ARP probe (RFC 5227), sender 0.0.0.0";
}

static const char *
device_of(const struct aim *aim)
{
    return aim->n_nics ? aim->nics[0].name : NULL;
}

/* The plan. */

static void
put_line(struct text *out, const char *label, const char *line)
{
    text_puts(out, "  ");
    print_padded(out, label, 9);
    print_wrapped(out, line, 11, 11);
}

static void
put_needs(const struct aim *aim, struct text *line)
{
    text_printf(line, "root (CAP_NET_RAW, and ovs-vswitchd's sockets%s%s)",
                aim->rundir ? " in " : "", aim->rundir ? aim->rundir : "");
    if (aim->chassis) {
        text_printf(line, " on chassis %s", aim->chassis->name);
    }
    text_puts(line, "; ovs-ofctl");
}

static void
put_sends(const struct aim *aim, unsigned n_frames, int wait_ms,
          struct text *line)
{
    char mac[FRAME_MAC_TEXT_SIZE];
    frame_format_mac(aim->frame.mac, mac);
    text_printf(line,
                "up to %u frames, one after the other, until one is answered "
                "or %d ms pass: %s, for %s, from the made-up MAC %s, ",
                n_frames, wait_ms, kind_of(aim), aim->endpoint->address, mac);
    if (aim->frame.vlan) {
        text_printf(line, "VLAN %u", aim->frame.vlan);
    } else {
        text_puts(line, "untagged");
    }
    text_printf(line,
                "; entered at port %s of bridge %s, as if the wire had "
                "brought it",
                device_of(aim), aim->bridge);
}

void
report_probe_plan(const struct aim *aim, unsigned n_frames, int wait_ms,
                  const struct report_options *options, struct text *out)
{
    struct text line;
    text_init(&line, TEXT_CEILING_BYTES);
    print_color(out, options, COLOR_BOLD, "probe of ");
    print_color(out, options, COLOR_BOLD, fabric_endpoint_id(aim->endpoint));
    text_putc(out, '\n');
    put_needs(aim, &line);
    put_line(out, "needs", text_string(&line));
    text_clear(&line);
    if (!aim->obstacle) {
        put_sends(aim, n_frames, wait_ms, &line);
        put_line(out, "sends", text_string(&line));
        text_clear(&line);
        text_printf(&line,
                    "answers leaving at %s%s%s; counters of patch ports "
                    "and OpenFlow flows",
                    device_of(aim), aim->port.name ? ", frames at " : "",
                    aim->port.name ? aim->port.name : "");
        put_line(out, "watches", text_string(&line));
    } else {
        put_line(out, "sends", "nothing: no frame could enter");
        put_line(out, "because", aim->obstacle);
    }
    if (aim->storm) {
        put_line(out, "refused", aim->storm);
    } else if (aim->unable) {
        put_line(out, "not here", aim->unable);
        put_line(out, "", aim->hint);
    }
    text_done(&line);
}

/* The result. */

static void
put_seen(const struct probe_result *r, struct text *out)
{
    const struct probe_seen *seen = &r->seen;
    struct text line;
    text_init(&line, TEXT_CEILING_BYTES);
    text_printf(&line, "%u sent", seen->n_sent);
    if (seen->port_watched) {
        text_printf(&line, "; at %s %u seen, %u answered", r->aim->port.name,
                    seen->n_at_port, seen->n_answers_at_port);
    }
    if (seen->nic_watched) {
        text_printf(&line, "; at %s %u answer%s left", device_of(r->aim),
                    seen->n_answers_at_nic,
                    seen->n_answers_at_nic == 1 ? "" : "s");
    }
    put_line(out, "frames", text_string(&line));
    for (size_t i = 0; i < N_COUNTERS; i++) {
        const struct probe_count *c = &seen->counters[i];
        if (c->name) {
            text_clear(&line);
            text_printf(&line, "%s: %llu, then %llu packets", c->name,
                        (unsigned long long) c->before,
                        (unsigned long long) c->after);
            put_line(out, i ? "" : "counters", text_string(&line));
        }
    }
    text_done(&line);
}

void
report_probe_text(const struct probe_result *r,
                  const struct report_options *options, struct text *out)
{
    print_color(out, options, COLOR_BOLD,
                fabric_endpoint_id(r->aim->endpoint));
    text_puts(out, ": ");
    print_color(out, options, verdict_colors[r->verdict],
                verdict_names[r->verdict]);
    text_printf(out, " (way in %s, way back %s)\n\n",
                probe_proof_names[r->proofs[INBOUND]],
                probe_proof_names[r->proofs[OUTBOUND]]);
    for (size_t i = 0; i < r->n_steps; i++) {
        if (r->steps[i].is_back && (!i || !r->steps[i - 1].is_back)) {
            text_puts(out, "  and back\n");
        }
        print_step(&r->steps[i].step, options, out);
    }
    text_putc(out, '\n');
    put_seen(r, out);
    if (r->last_seen) {
        struct text line;
        text_init(&line, TEXT_CEILING_BYTES);
        text_printf(&line, "%s %s%s", hop_names[r->last_seen->step.hop],
                    r->last_seen->step.name,
                    r->last_seen->is_back ? ", on the way back" : "");
        put_line(out, "last at", text_string(&line));
        text_done(&line);
    }
    for (size_t i = 0; i < r->n_notes; i++) {
        put_line(out, i ? "" : "unproven", r->notes[i]);
    }
}

/* JSON. */

static void
put_plan_json(struct json_writer *w, const struct aim *aim)
{
    char mac[FRAME_MAC_TEXT_SIZE];
    frame_format_mac(aim->frame.mac, mac);
    json_open(w, "plan", '{');
    json_put(w, "chassis", aim->chassis ? aim->chassis->name : NULL);
    json_put(w, "bridge", aim->bridge);
    json_put(w, "nic", device_of(aim));
    json_put(w, "port", aim->port.name);
    json_put(w, "frame", aim->frame.is_ipv6 ? "nd" : "arp");
    json_put(w, "sender", mac);
    json_put_integer(w, "vlan", aim->frame.vlan);
    json_put(w, "obstacle", aim->obstacle);
    json_put(w, "unable", aim->unable);
    json_close(w, '}');
    text_putc(w->out, '\n');
}

static void
put_seen_json(struct json_writer *w, const struct probe_seen *seen)
{
    json_open(w, "seen", '{');
    json_put_integer(w, "sent", seen->n_sent);
    json_put_integer(w, "at_port", seen->n_at_port);
    json_put_integer(w, "answers_at_port", seen->n_answers_at_port);
    json_put_integer(w, "answers_at_nic", seen->n_answers_at_nic);
    json_put_integer(w, "strange_answers", seen->n_strange_answers);
    json_put_integer(w, "astray_answers", seen->n_astray_answers);
    json_open(w, "counters", '[');
    for (size_t i = 0; i < N_COUNTERS; i++) {
        const struct probe_count *c = &seen->counters[i];
        if (c->name) {
            json_open(w, NULL, '{');
            json_put(w, "name", c->name);
            json_put_integer(w, "before", (int64_t) c->before);
            json_put_integer(w, "after", (int64_t) c->after);
            json_close(w, '}');
        }
    }
    json_close(w, ']');
    json_close(w, '}');
    text_putc(w->out, '\n');
}

static void
put_result_json(struct json_writer *w, const struct probe_result *r)
{
    json_put(w, "verdict", verdict_names[r->verdict]);
    json_put(w, "inbound", probe_proof_names[r->proofs[INBOUND]]);
    json_put(w, "outbound", probe_proof_names[r->proofs[OUTBOUND]]);
    json_put(w, "last_seen",
             r->last_seen ? hop_names[r->last_seen->step.hop] : NULL);
    json_put_strings(w, "unproven", r->notes, r->n_notes);
    put_seen_json(w, &r->seen);
    json_open(w, "path", '[');
    for (size_t i = 0; i < r->n_steps; i++) {
        text_putc(w->out, '\n');
        json_open(w, NULL, '{');
        json_put_step(w, &r->steps[i].step);
        json_put(w, "way", r->steps[i].is_back ? "back" : "in");
        json_close(w, '}');
    }
    json_close(w, ']');
}

void
report_probe_json(const struct evidence *e, const struct aim *aim,
                  const struct probe_result *r, const char *refused,
                  struct text *out)
{
    struct json_writer w = { .out = out };
    json_open_document(&w, e);
    json_put(&w, "endpoint", fabric_endpoint_id(aim->endpoint));
    json_put(&w, "port", aim->endpoint->port);
    json_put(&w, "refused", refused);
    put_plan_json(&w, aim);
    if (r) {
        put_result_json(&w, r);
    } else {
        json_put_null(&w, "verdict");
        json_open(&w, "path", '[');
        json_close(&w, ']');
    }
    json_close(&w, '}');
    text_putc(out, '\n');
}
