#include "apply/patches.h"

#include <string.h>

#include "base/clock.h"
#include "fabric/mappings.h"
#include "ovsdb/session.h"

struct look {
    const struct evidence *evidence;
    const struct patches_port *port;
    const struct ovsdb_tls *tls;
    int timeout_ms;
    struct arena *arena;
    const char *why;
};

/* The rows that a select finds. */
static struct error *
select_rows(struct look *l, const struct evidence_db *db, const char *table,
            const char *where, const char *columns,
            const struct json_value **ret)
{
    const struct json_value *results;
    const char *name = db->store.spec->name;
    const char *params =
        arena_printf(l->arena,
                     "[\"%s\",{\"op\":\"select\",\"table\":\"%s\",\"where\":"
                     "[%s],\"columns\":[%s]}]",
                     name, table, where, columns);
    struct error *error = ovsdb_session_transact(
        db->from, l->tls, clock_now_ms() + l->timeout_ms, name, params,
        l->arena, &results);
    if (!error) {
        const struct json_value *first =
            results->kind == JSON_ARRAY ? results->first : NULL;
        const struct json_value *rows = json_member(first, "rows");
        *ret = rows && rows->kind == JSON_ARRAY ? rows->first : NULL;
    }
    return error;
}

static const char *
quote(struct look *l, const char *s)
{
    struct text t;
    text_init(&t, TEXT_CEILING_BYTES);
    json_put_string(&t, s);
    const char *quoted = arena_strdup(l->arena, text_string(&t));
    text_done(&t);
    return quoted;
}

/* The UUID in ["uuid",...]; NULL if it is something else. */
static const char *
uuid_in(const struct json_value *v)
{
    const struct json_value *tag =
        v && v->kind == JSON_ARRAY ? v->first : NULL;
    bool is_uuid = tag && tag->kind == JSON_STRING
                   && !strcmp(tag->string, "uuid") && tag->next
                   && tag->next->kind == JSON_STRING
                   && strlen(tag->next->string) == UUID_LENGTH;
    return is_uuid ? tag->next->string : NULL;
}

/* Whether a port of the datapath is bound to the chassis. */
static struct error *
is_bound(struct look *l, const char *datapath, const char *chassis, bool *ret)
{
    const struct json_value *row;
    struct error *error = select_rows(
        l, &l->evidence->sb, "Chassis",
        arena_printf(l->arena, "[\"name\",\"==\",%s]", quote(l, chassis)),
        "\"_uuid\"", &row);
    const char *uuid = error ? NULL : uuid_in(json_member(row, "_uuid"));
    *ret = false;
    if (uuid) {
        error = select_rows(
            l, &l->evidence->sb, "Port_Binding",
            arena_printf(l->arena,
                         "[\"datapath\",\"==\",[\"uuid\",\"%s\"]],"
                         "[\"chassis\",\"includes\",[\"uuid\",\"%s\"]]",
                         datapath, uuid),
            "\"_uuid\"", &row);
        *ret = !error && row;
    }
    return error;
}

static bool
maps(struct look *l, const struct evidence_chassis *chassis)
{
    const struct ovsdb_table *table =
        &chassis->ovs.store.tables[OVS_OPEN_VSWITCH];
    const struct ovsdb_row *row = ovsdb_table_next(table, NULL);
    const char *text = row ? ovsdb_map_get(row, OPEN_VSWITCH_EXTERNAL_IDS,
                                           "ovn-bridge-mappings")
                           : NULL;
    struct mappings mappings;
    mappings_parse(&mappings, text, l->arena);
    return mappings_find(&mappings, l->port->network) != NULL;
}

static struct error *
look_at_chassis(struct look *l, const struct evidence_chassis *chassis,
                const char *datapath)
{
    const struct json_value *row;
    size_t n = 0;
    bool bound = false;
    struct error *error =
        select_rows(l, &chassis->ovs, "Port",
                    arena_printf(l->arena,
                                 "[\"external_ids\",\"includes\",[\"map\",[["
                                 "\"ovn-localnet-port\",%s]]]]",
                                 quote(l, l->port->name)),
                    "\"name\"", &row);
    for (; !error && row; row = row->next) {
        n++;
    }
    if (!error && n > 2) {
        return error_new("%s has %zu patch ports for %s, where a pair is two",
                         chassis->name, n, l->port->name);
    }
    if (!error && datapath && n != 2 && maps(l, chassis)) {
        error = is_bound(l, datapath, chassis->name, &bound);
    }
    if (!error && bound) {
        l->why = arena_printf(l->arena, "%s has no pair of patch ports for %s",
                              chassis->name, l->port->name);
    }
    return error;
}

struct error *
patches_look(const struct evidence *e, const struct patches_port *port,
             const struct ovsdb_tls *tls, int timeout_ms, struct arena *a,
             const char **ret_why)
{
    struct look l = { e, port, tls, timeout_ms, a, NULL };
    const char *datapath = NULL;
    struct error *error = NULL;
    if (e->sb.live) {
        const struct json_value *row = NULL;
        error = select_rows(&l, &e->sb, "Port_Binding",
                            arena_printf(a, "[\"logical_port\",\"==\",%s]",
                                         quote(&l, port->name)),
                            "\"datapath\"", &row);
        datapath = error ? NULL : uuid_in(json_member(row, "datapath"));
        if (!datapath) {
            l.why = arena_printf(a, "ovn-northd made no Port_Binding of %s",
                                 port->name);
        }
    }
    for (size_t i = 0; i < e->n_chassis && !error; i++) {
        if (e->chassis[i]->ovs.live) {
            error = look_at_chassis(&l, e->chassis[i], datapath);
        }
    }
    if (!error) {
        *ret_why = l.why;
    }
    return error;
}
