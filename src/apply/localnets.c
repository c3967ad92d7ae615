#include "apply/localnets.h"

#include <string.h>

#include "evidence/evidence.h"

#define SWITCH_PORTS "Logical_Switch_Port"

static bool
is_localnet_row(const struct ovsdb_row *row)
{
    return !strcmp(row->table->spec->name, SWITCH_PORTS)
           && !strcmp(ovsdb_string(row, LSP_TYPE), "localnet");
}

const char *
localnets_string(const struct change *ch, const char *column, struct arena *a)
{
    for (const struct edit *e = ch->edits; e; e = e->next) {
        const struct json_value *v =
            strcmp(e->column, column) ? NULL : deed_parse(e->value, a);
        if (v && v->kind == JSON_STRING) {
            return v->string;
        }
    }
    return NULL;
}

bool
localnets_makes(const struct change *ch, struct arena *a)
{
    const char *type =
        ch->op == CHANGE_INSERT && !strcmp(ch->table, SWITCH_PORTS)
            ? localnets_string(ch, "type", a)
            : NULL;
    return type && !strcmp(type, "localnet");
}

/* Whether the change of a switch names the row 'uuid' among its ports. */
static bool
names_port(const struct change *ch, const struct uuid *uuid)
{
    char s[UUID_LENGTH + 1];
    uuid_format(uuid, s);
    for (const struct edit *e = ch->edits; e; e = e->next) {
        if (!strcmp(e->column, "ports") && strstr(e->value, s)) {
            return true;
        }
    }
    return false;
}

static bool
has_port(const struct ovsdb_row *ls, const struct ovsdb_row *port)
{
    for (unsigned i = 0; ls && i < ovsdb_count(ls, LS_PORTS); i++) {
        if (ovsdb_atoms(ls, LS_PORTS)[i].row == port) {
            return true;
        }
    }
    return false;
}

/* Whether a localnet port of the switch that gets 'made' goes. */
static bool
is_swap(const struct change_list *list, const struct change *made)
{
    for (const struct change *ls = list->first; ls; ls = ls->next) {
        if (strcmp(ls->table, "Logical_Switch")
            || !names_port(ls, &made->uuid)) {
            continue;
        }
        for (const struct change *ch = list->first; ch; ch = ch->next) {
            if (ch->op == CHANGE_DELETE && is_localnet_row(ch->row)
                && has_port(ls->row, ch->row)) {
                return true;
            }
        }
    }
    return false;
}

static const char *
make_guard(const struct text *rows, struct arena *a)
{
    return arena_printf(
        a,
        "{\"op\":\"wait\",\"timeout\":0,\"table\":\"" SWITCH_PORTS
        "\",\"where\":[[\"type\",\"==\",\"localnet\"]],\"columns\":"
        "[\"name\"],\"until\":\"==\",\"rows\":[%s]}",
        text_string(rows));
}

static void
put_name(struct text *rows, const char *name)
{
    text_puts(rows, rows->length ? ",{\"name\":" : "{\"name\":");
    json_put_string(rows, name);
    text_putc(rows, '}');
}

static bool
was_localnet(const struct change *ch)
{
    return ch->op != CHANGE_INSERT && ch->row && is_localnet_row(ch->row);
}

/* Whether the row is a localnet port after the change. */
static bool
is_localnet_after(const struct change *ch, struct arena *a)
{
    const char *type =
        ch->op != CHANGE_DELETE && !strcmp(ch->table, SWITCH_PORTS)
            ? localnets_string(ch, "type", a)
            : NULL;
    return type ? !strcmp(type, "localnet")
                : ch->op == CHANGE_UPDATE && was_localnet(ch);
}

/* Whether a change makes something else of the row, or nothing. */
static bool
goes(const struct change_list *list, const struct ovsdb_row *row,
     struct arena *a)
{
    for (const struct change *ch = list->first; ch; ch = ch->next) {
        if (ch->row == row && !is_localnet_after(ch, a)) {
            return true;
        }
    }
    return false;
}

/* The ports that there are, and those of them that stay. */
static void
put_names(const struct change_list *list, const struct ovsdb_store *nb,
          struct arena *a, struct text *now, struct text *then)
{
    OVSDB_TABLE_FOR_EACH (row, &nb->tables[NB_LOGICAL_SWITCH_PORT]) {
        if (is_localnet_row(row)) {
            put_name(now, ovsdb_string(row, LSP_NAME));
            if (!goes(list, row, a)) {
                put_name(then, ovsdb_string(row, LSP_NAME));
            }
        }
    }
}

bool
localnets_plan(const struct change_list *list, const struct ovsdb_store *nb,
               struct arena *a, struct deed_guards *ret)
{
    struct text now, then;
    bool touches = false, is_staged = false;
    text_init(&now, TEXT_CEILING_BYTES);
    text_init(&then, TEXT_CEILING_BYTES);
    put_names(list, nb, a, &now, &then);
    for (const struct change *ch = list->first; ch; ch = ch->next) {
        bool is = is_localnet_after(ch, a), was = was_localnet(ch);
        if (is && !was) {
            const char *name = localnets_string(ch, "name", a);
            put_name(&then, name ? name : ch->name);
        }
        is_staged |= localnets_makes(ch, a) && !is_swap(list, ch);
        touches |= is || was;
    }
    if (touches) {
        ret->before = make_guard(&now, a);
        ret->between = make_guard(&then, a);
    }
    text_done(&now);
    text_done(&then);
    return is_staged;
}

const char *
localnets_guard(const struct ovsdb_store *nb, struct arena *a)
{
    static const struct change_list nothing = { .first = NULL };
    struct text now, then;
    text_init(&now, TEXT_CEILING_BYTES);
    text_init(&then, TEXT_CEILING_BYTES);
    put_names(&nothing, nb, a, &now, &then);
    const char *guard = make_guard(&now, a);
    text_done(&now);
    text_done(&then);
    return guard;
}
