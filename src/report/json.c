/* The JSON documents: doc/provnet.schema.json says their form. */
#include <ctype.h>
#include <string.h>

#include "history/cause.h"
#include "report/print.h"

#define SCHEMA_NUMBER 1

static const char *const kind_names[] = {
    [ENDPOINT_VM] = "vm",
    [ENDPOINT_FLOATING_IP] = "floating-ip",
    [ENDPOINT_GATEWAY] = "gateway",
};

static const char *const state_names[] = {
    [STEP_PASS] = "pass",
    [STEP_STOP] = "stop",
    [STEP_UNKNOWN] = "unknown",
};

static void
put_uuid(struct json_writer *w, const char *name, const struct ovsdb_row *row)
{
    char uuid[UUID_LENGTH + 1];
    if (row) {
        uuid_format(&row->uuid, uuid);
    }
    json_put(w, name, row ? uuid : NULL);
}

static void
put_source(struct json_writer *w, const struct evidence_db *db,
           const char *chassis)
{
    if (!db->present) {
        return;
    }
    json_open(w, NULL, '{');
    json_put(w, "db", db->db);
    json_put(w, "from", db->from);
    json_put_integer(w, "records", (int64_t) db->n_records);
    json_put_integer(w, "bytes", (int64_t) db->bytes);
    json_put(w, "chassis", chassis);
    json_put(w, "log", db->log ? db->log_from : NULL);
    json_close(w, '}');
}

void
json_open_document(struct json_writer *w, const struct evidence *e)
{
    json_open(w, NULL, '{');
    json_put(w, "provnet", PROVNET_VERSION);
    json_put_integer(w, "schema", SCHEMA_NUMBER);
    json_open(w, "sources", '[');
    put_source(w, &e->nb, NULL);
    put_source(w, &e->sb, NULL);
    for (size_t i = 0; i < e->n_chassis; i++) {
        put_source(w, &e->chassis[i]->ovs, e->chassis[i]->name);
    }
    json_close(w, ']');
    json_put_strings(w, "warnings", e->warnings, e->n_warnings);
    text_putc(w->out, '\n');
}

static void
put_verdict(struct json_writer *w, const char *name, const struct verdict *v)
{
    json_open(w, name, '{');
    json_put(w, "verdict", verdict_names[v->kind]);
    json_put(w, "hop", v->culprit ? hop_names[v->culprit->hop] : NULL);
    json_put(w, "layer",
             v->culprit ? layer_names[v->culprit->rule->layer] : NULL);
    json_put(w, "why", v->culprit ? v->culprit->message : NULL);
    json_put_strings(w, "codes", v->codes, v->n_codes);
    json_put_strings(w, "missing", v->missing, v->n_missing);
    json_put_strings(w, "assumptions", v->assumptions, v->n_assumptions);
    json_close(w, '}');
}

/* 's' in lower case, in 'mac'; NULL if it is no MAC. */
static const char *
lower_mac(const char *s, char mac[18])
{
    if (!s || !address_is_mac(s)) {
        return NULL;
    }
    for (size_t i = 0; i < 18; i++) {
        mac[i] = (char) tolower((unsigned char) s[i]);
    }
    return mac;
}

static void
put_endpoint(struct json_writer *w, const struct assessed_endpoint *at)
{
    const struct fabric_endpoint *e = at->endpoint;
    char mac[18];
    text_putc(w->out, '\n');
    json_open(w, NULL, '{');
    json_put(w, "address", e->address);
    json_put(w, "mac", lower_mac(e->mac, mac));
    json_put(w, "port", e->port);
    json_put(w, "name", e->name);
    json_put(w, "kind", kind_names[e->kind]);
    json_put(w, "network", e->ls->network);
    json_put(w, "switch", e->ls->name);
    json_put(w, "chassis", e->chassis ? e->chassis->name : NULL);
    put_verdict(w, "inbound", &at->verdicts[INBOUND]);
    put_verdict(w, "outbound", &at->verdicts[OUTBOUND]);
    json_close(w, '}');
}

/* Of a large cloud the texts lie anywhere in the memory: those of the next
 * endpoints are asked for at once, so that the waits overlap. */

static void
fetch_verdict(const struct verdict *v)
{
    __builtin_prefetch(v->assumptions);
    __builtin_prefetch(v->missing);
    __builtin_prefetch(v->culprit);
}

static void
fetch_strings(const char *const *strings, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        __builtin_prefetch(strings[i]);
    }
}

static void
fetch_texts(const struct assessed_endpoint *at)
{
    const struct fabric_endpoint *e = at->endpoint;
    __builtin_prefetch(e->address);
    __builtin_prefetch(e->mac);
    __builtin_prefetch(e->port);
    __builtin_prefetch(e->name);
    for (int d = 0; d < N_DIRECTIONS; d++) {
        const struct verdict *v = &at->verdicts[d];
        fetch_strings(v->assumptions, v->n_assumptions);
        fetch_strings(v->missing, v->n_missing);
        __builtin_prefetch(v->culprit ? v->culprit->message : NULL);
    }
}

static void
look_ahead(const struct assessed_endpoint *endpoints, size_t n)
{
    n = n < FABRIC_AHEAD ? n : FABRIC_AHEAD;
    for (size_t i = 0; i < n; i++) {
        __builtin_prefetch(&endpoints[i].endpoint->address);
        __builtin_prefetch(&endpoints[i].endpoint->chassis);
        for (int d = 0; d < N_DIRECTIONS; d++) {
            fetch_verdict(&endpoints[i].verdicts[d]);
        }
    }
    for (size_t i = 0; i < n; i++) {
        fetch_texts(&endpoints[i]);
    }
}

static void
put_all_endpoints(struct json_writer *w, const struct assessment *a)
{
    for (size_t i = 0; i < a->n_endpoints; i++) {
        if (i % FABRIC_AHEAD == 0) {
            look_ahead(&a->endpoints[i], a->n_endpoints - i);
        }
        put_endpoint(w, &a->endpoints[i]);
    }
}

static void
put_cause(struct json_writer *w, struct assessment *a, const struct finding *f)
{
    struct cause cause;
    cause_find(f, &a->arena, &cause);
    if (!cause.found) {
        json_put_null(w, "cause");
        json_put(w, "cause_note", cause.note);
        return;
    }
    json_open(w, "cause", '{');
    json_put(w, "db", cause.db);
    json_put_integer(w, "record", cause.record);
    if (cause.file) {
        json_put(w, "file", cause.file);
    }
    json_put_time(w, "time", cause.date_ms);
    json_put(w, "comment", cause.comment);
    json_close(w, '}');
}

static void
put_finding(struct json_writer *w, struct assessment *a,
            const struct reach_finding *rf)
{
    const struct finding *f = rf->finding;
    bool error = f->effect >= EFFECT_STOPS;
    text_putc(w->out, '\n');
    json_open(w, NULL, '{');
    json_put(w, "code", f->rule->code);
    json_put(w, "severity", error ? "error" : "warning");
    json_put(w, "hop", hop_names[f->hop]);
    json_put(w, "layer", layer_names[f->rule->layer]);
    json_put(w, "chassis", f->chassis);
    json_open(w, "subject", '{');
    json_put(w, "db", f->subject_db);
    json_put(w, "table", f->subject_table);
    put_uuid(w, "uuid", f->subject);
    json_put(w, "name", f->subject_name);
    json_close(w, '}');
    json_put(w, "message", f->message);
    json_open(w, "evidence", '[');
    for (size_t i = 0; i < f->n_evidence; i++) {
        const struct finding_evidence *e = &f->evidence[i];
        json_open(w, NULL, '{');
        json_put(w, "db", e->db);
        json_put(w, "table", e->table);
        put_uuid(w, "uuid", e->row);
        json_put(w, "column", e->column);
        json_put(w, "value", e->value);
        json_close(w, '}');
    }
    json_close(w, ']');
    report_cycle_json(w, f->cycle);
    json_put_strings(w, "affects", rf->affects, rf->n_affects);
    put_cause(w, a, f);
    json_close(w, '}');
}

static void
put_findings(struct json_writer *w, struct assessment *a,
             const struct assessed_endpoint **only, size_t n_only)
{
    struct reach_finding **findings;
    size_t n = report_select_findings(a, only, n_only, &findings);
    json_open(w, "findings", '[');
    for (size_t i = 0; i < n; i++) {
        put_finding(w, a, findings[i]);
    }
    json_close(w, ']');
}

static void
put_summary(struct json_writer *w, const size_t counts[N_VERDICTS], size_t n)
{
    json_open(w, "summary", '{');
    json_put_integer(w, "endpoints", (int64_t) n);
    for (size_t v = 0; v < N_VERDICTS; v++) {
        json_put_integer(w, verdict_names[v], (int64_t) counts[v]);
    }
    json_close(w, '}');
    text_putc(w->out, '\n');
}

void
report_check_json(struct assessment *a, const struct assessed_endpoint **only,
                  size_t n_only, struct text *out)
{
    struct json_writer w = { .out = out };
    size_t counts[N_VERDICTS] = { 0 };
    size_t n = n_only ? n_only : a->n_endpoints;
    for (size_t i = 0; i < n; i++) {
        counts[assessed_worst(n_only ? only[i] : &a->endpoints[i])]++;
    }
    json_open_document(&w, a->fabric->evidence);
    put_summary(&w, counts, n);
    json_open(&w, "endpoints", '[');
    for (size_t i = 0; i < n_only; i++) {
        put_endpoint(&w, only[i]);
    }
    if (!n_only) {
        put_all_endpoints(&w, a);
    }
    json_close(&w, ']');
    text_putc(out, '\n');
    put_findings(&w, a, only, n_only);
    json_close(&w, '}');
    text_putc(out, '\n');
}

/* The fields of one hop, into an object that is open. */
void
json_put_step(struct json_writer *w, const struct step *step)
{
    json_put(w, "hop", hop_names[step->hop]);
    json_put(w, "name", step->name);
    json_put(w, "chassis", step->chassis);
    json_put(w, "state", state_names[step->state]);
    json_put(w, "code", step->code);
    json_put(w, "why", step->why);
}

void
report_trace_json(struct assessment *a, const struct path *path,
                  const char *from, const char *to, struct text *out)
{
    struct json_writer w = { .out = out };
    json_open_document(&w, a->fabric->evidence);
    json_put(&w, "from", from);
    json_put(&w, "to", to);
    json_put(&w, "verdict", verdict_names[path->kind]);
    json_put(&w, "note", path->note);
    json_open(&w, "path", '[');
    for (size_t i = 0; i < path->n; i++) {
        text_putc(out, '\n');
        json_open(&w, NULL, '{');
        json_put_step(&w, &path->steps[i]);
        json_close(&w, '}');
    }
    json_close(&w, ']');
    text_putc(out, '\n');
    json_open(&w, "findings", '[');
    for (size_t i = 0; i < a->n_findings; i++) {
        if (a->findings[i].finding->rule
            == (path->culprit ? path->culprit->rule : NULL)) {
            put_finding(&w, a, &a->findings[i]);
        }
    }
    json_close(&w, ']');
    json_close(&w, '}');
    text_putc(out, '\n');
}

void
report_rules_json(struct text *out)
{
    struct json_writer w = { .out = out };
    json_open(&w, NULL, '[');
    for (size_t i = 0; i < n_rules; i++) {
        static const char *const effects[] = { [EFFECT_LATENT] = "latent",
                                               [EFFECT_BLOCKS] = "blocks",
                                               [EFFECT_STOPS] = "stops",
                                               [EFFECT_STORMS] = "storms" };
        text_putc(out, '\n');
        json_open(&w, NULL, '{');
        json_put(&w, "code", rules[i].code);
        json_put(&w, "hop", hop_names[rules[i].hop]);
        json_put(&w, "layer", layer_names[rules[i].layer]);
        json_put(&w, "effect", effects[rules[i].effect]);
        json_put(&w, "meaning", rules[i].meaning);
        json_close(&w, '}');
    }
    json_close(&w, ']');
    text_putc(out, '\n');
}
