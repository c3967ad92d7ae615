#include "rules/rule.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const hop_names[N_HOPS] = {
    [HOP_WIRE] = "wire",
    [HOP_NIC] = "nic",
    [HOP_PROVIDER_BRIDGE] = "provider-bridge",
    [HOP_PATCH] = "patch",
    [HOP_INTEGRATION_BRIDGE] = "integration-bridge",
    [HOP_LOGICAL_SWITCH] = "logical-switch",
    [HOP_GATEWAY] = "gateway",
    [HOP_ROUTER] = "router",
    [HOP_INNER_SWITCH] = "logical-switch",
    [HOP_TUNNEL] = "integration-bridge",
    [HOP_PORT] = "port",
    [HOP_GUEST] = "guest",
};

const char *const layer_names[] = {
    [LAYER_INTENT] = "intent", [LAYER_NB] = "nb",     [LAYER_SB] = "sb",
    [LAYER_OVS] = "ovs",       [LAYER_FLOW] = "flow", [LAYER_HOST] = "host",
};

/* The column that names a row of its table, or "". */
static const char *
row_name(const struct ovsdb_row *row)
{
    const struct ovsdb_table_spec *spec = row->table->spec;
    for (unsigned c = 0; c < spec->n_columns; c++) {
        if (!strcmp(spec->columns[c].name, "name")
            || !strcmp(spec->columns[c].name, "logical_port")) {
            return ovsdb_string(row, c);
        }
    }
    return "";
}

struct finding *
report(struct examination *x, const struct rule *rule,
       const struct place *place, const char *db,
       const struct ovsdb_row *subject, const char *format, ...)
{
    struct finding *f = arena_zalloc(x->arena, sizeof *f);
    va_list args;
    va_start(args, format);
    f->message = arena_vprintf(x->arena, format, args);
    va_end(args);
    f->rule = rule;
    f->effect = rule->effect;
    f->hop = rule->hop;
    f->network = place->attachment ? place->localnet->network : "";
    f->ls = place->ls;
    f->scope = place->endpoint     ? SCOPE_ENDPOINT
               : place->attachment ? SCOPE_ATTACHMENT
               : place->localnet   ? SCOPE_LOCALNET
               : place->ls         ? SCOPE_SWITCH
               : place->chassis    ? SCOPE_CHASSIS
                                   : SCOPE_DEPLOYMENT;
    f->subject_db = db;
    f->subject = subject;
    f->subject_table = subject ? subject->table->spec->name : "";
    f->subject_name = subject ? row_name(subject) : "";
    if (place->chassis && !place->endpoint) {
        f->chassis = place->chassis->name;
    }
    x->findings = xgrow(x->findings, x->n_findings, &x->findings_capacity,
                        sizeof *x->findings);
    x->findings[x->n_findings++] = f;
    return f;
}

struct finding *
finding_latent(struct finding *f)
{
    f->effect = EFFECT_LATENT;
    return f;
}

struct finding *
finding_at(struct finding *f, enum hop hop)
{
    f->hop = hop;
    return f;
}

struct finding *
finding_on(struct finding *f, const struct fabric_chassis *chassis)
{
    f->chassis = chassis->name;
    return f;
}

static void
spare_others(bool spares[N_DIRECTIONS], enum direction direction)
{
    for (int d = 0; d < N_DIRECTIONS; d++) {
        spares[d] = d != (int) direction;
    }
}

struct finding *
finding_only(struct finding *f, enum direction direction)
{
    spare_others(f->spares, direction);
    return f;
}

struct finding *
finding_aside(struct finding *f)
{
    for (int d = 0; d < N_DIRECTIONS; d++) {
        f->spares[d] = true;
    }
    return f;
}

struct finding *
finding_cycle(struct examination *x, struct finding *f,
              const struct flood_cycle *cycle)
{
    struct flood_cycle *copy = arena_alloc(x->arena, sizeof *copy);
    *copy = *cycle;
    f->cycle = copy;
    return f;
}

struct finding *
finding_evidence(struct finding *f, const char *db,
                 const struct ovsdb_row *row, const char *column,
                 const char *value)
{
    if (f->n_evidence < FINDING_MAX_EVIDENCE) {
        f->evidence[f->n_evidence++] =
            (struct finding_evidence){ db, row ? row->table->spec->name : "",
                                       row, column, value ? value : "" };
    }
    return f;
}

static struct finding *
set_cause(struct finding *f, const struct evidence_db *db,
          const struct ovsdb_row *row, int what, unsigned column,
          const char *key)
{
    f->cause = (struct cause_hint){
        .db = db, .row = row, .what = what, .column = column, .key = key
    };
    return f;
}

struct finding *
finding_cause_column(struct finding *f, const struct evidence_db *db,
                     const struct ovsdb_row *row, unsigned column,
                     const char *key)
{
    return set_cause(f, db, row, CAUSE_COLUMN, column, key);
}

struct finding *
finding_cause_deleted(struct finding *f, const struct evidence_db *db,
                      const struct ovsdb_row *row)
{
    return set_cause(f, db, row, CAUSE_DELETED, 0, NULL);
}

struct finding *
finding_cause_created(struct finding *f, const struct evidence_db *db,
                      const struct ovsdb_row *row)
{
    return set_cause(f, db, row, CAUSE_CREATED, 0, NULL);
}

static struct missing_evidence *
add_missing(struct examination *x, enum hop hop, const char *format,
            va_list args)
{
    x->missing = xgrow(x->missing, x->n_missing, &x->missing_capacity,
                       sizeof *x->missing);
    struct missing_evidence *missing = &x->missing[x->n_missing++];
    *missing = (struct missing_evidence){
        .hop = hop, .what = arena_vprintf(x->arena, format, args)
    };
    return missing;
}

void
report_missing(struct examination *x, enum hop hop, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_missing(x, hop, format, args);
    va_end(args);
}

void
report_missing_only(struct examination *x, enum hop hop,
                    enum direction direction, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    spare_others(add_missing(x, hop, format, args)->spares, direction);
    va_end(args);
}

void
report_assumed_only(struct examination *x, enum hop hop,
                    enum direction direction, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct missing_evidence *assumed = add_missing(x, hop, format, args);
    va_end(args);
    spare_others(assumed->spares, direction);
    assumed->is_assumed = true;
}

const struct rule *
rule_find(const char *code)
{
    for (size_t i = 0; i < n_rules; i++) {
        if (!strcmp(rules[i].code, code)) {
            return &rules[i];
        }
    }
    return NULL;
}

void
rules_examine(enum scope scope, const struct place *place,
              struct examination *x)
{
    for (size_t i = 0; i < n_rules; i++) {
        if (rules[i].scope == scope) {
            rules[i].check(x, &rules[i], place);
        }
        if (rules[i].more && rules[i].more_scope == scope) {
            rules[i].more(x, &rules[i], place);
        }
    }
}

void
examination_done(struct examination *x)
{
    free(x->findings);
    free(x->missing);
    x->findings = NULL;
    x->missing = NULL;
    x->n_findings = x->n_missing = 0;
    x->findings_capacity = x->missing_capacity = 0;
}
