#include "values.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ovsdb/diff.h"
#include "ovsdb/json.h"

/* xorshift64*. */
uint64_t
draw(struct mutation *m, uint64_t n)
{
    m->state ^= m->state >> 12;
    m->state ^= m->state << 25;
    m->state ^= m->state >> 27;
    return n ? (m->state * UINT64_C(0x2545f4914f6cdd1d) >> 16) % n : 0;
}

/* JSON. */

static void
put_uuid(struct text *t, const struct uuid *uuid)
{
    char text[UUID_LENGTH + 1];
    uuid_format(uuid, text);
    text_printf(t, "[\"uuid\",\"%s\"]", text);
}

static void
put_atom(struct text *t, enum ovsdb_atomic type, union ovsdb_atom atom)
{
    switch (type) {
    case OVSDB_INTEGER:
        text_printf(t, "%" PRId64, atom.integer);
        break;
    case OVSDB_REAL:
        text_printf(t, "%.17g", atom.real);
        break;
    case OVSDB_BOOLEAN:
        text_puts(t, atom.boolean ? "true" : "false");
        break;
    case OVSDB_STRING:
        json_put_string(t, atom.string);
        break;
    case OVSDB_UUID:
        put_uuid(t, &atom.row->uuid);
        break;
    case OVSDB_VOID:
        break;
    }
}

void
put_datum(struct text *t, const struct ovsdb_column_spec *spec,
          const struct ovsdb_datum *d, int64_t without,
          const struct uuid *more)
{
    const union ovsdb_atom *atoms = ovsdb_datum_atoms(spec, d);
    bool is_map = spec->value != OVSDB_VOID;
    const char *comma = "";
    text_printf(t, "[\"%s\",[", is_map ? "map" : "set");
    for (uint32_t i = 0; i < d->n; i++) {
        if (i == without) {
            continue;
        }
        text_puts(t, comma);
        comma = ",";
        if (is_map) {
            text_putc(t, '[');
            put_atom(t, spec->key, atoms[2 * i]);
            text_putc(t, ',');
            put_atom(t, spec->value, atoms[2 * i + 1]);
            text_putc(t, ']');
        } else {
            put_atom(t, spec->key, atoms[i]);
        }
    }
    if (more) {
        text_puts(t, comma);
        put_uuid(t, more);
    }
    text_puts(t, "]]");
}

/* Whether rows of the table must differ in the column (a schema's "indexes").
 */
static bool
is_name(const struct ovsdb_column_spec *spec)
{
    return !strcmp(spec->name, "name") || !strcmp(spec->name, "logical_port");
}

/* Whether the column has addresses or names of ports. */
static bool
is_address(const struct ovsdb_column_spec *spec)
{
    static const char *const names[] = { "addresses",    "port_security",
                                         "external_ip",  "logical_ip",
                                         "external_mac", "parent_name" };
    for (size_t i = 0; i < N_ELEMENTS(names); i++) {
        if (!strcmp(spec->name, names[i])) {
            return true;
        }
    }
    return false;
}

void
put_row(struct text *t, const struct ovsdb_row *row)
{
    const struct ovsdb_table_spec *spec = row->table->spec;
    const char *comma = "";
    text_putc(t, '{');
    for (unsigned c = 0; c < spec->n_columns; c++) {
        if (ovsdb_has_column(row->table, c)) {
            text_printf(t, "%s\"%s\":", comma, spec->columns[c].name);
            put_datum(t, &spec->columns[c], ovsdb_datum(row, c), -1, NULL);
            comma = ",";
        }
    }
    text_putc(t, '}');
}

/* Choosing. */

struct ovsdb_row *
choose_row(struct mutation *m, const struct ovsdb_table *table)
{
    struct ovsdb_row *row = NULL;
    for (int tries = 0; tries < 20 && table->n_existing; tries++) {
        row = table->rows[draw(m, table->n_rows)];
        if (row->exists) {
            return row;
        }
    }
    return table->n_existing ? ovsdb_table_next(table, NULL) : NULL;
}

/* Whether the port has a binding; bindings of ports that are none of NB's have
 * names of their own. */
bool
is_bound(const struct mutation *m, const char *name)
{
    OVSDB_TABLE_FOR_EACH (pb, &m->evidence->sb.store.tables[SB_PORT_BINDING]) {
        if (!strcmp(ovsdb_string(pb, PB_LOGICAL_PORT), name)) {
            return true;
        }
    }
    return false;
}

/* New values. */

/* Something near to the element, or a part of it. */
static void
put_near(struct mutation *m, const struct ovsdb_column_spec *spec,
         const struct ovsdb_datum *d)
{
    union ovsdb_atom atom = ovsdb_datum_atoms(spec, d)[0];
    char copy[200];
    if (spec->key == OVSDB_BOOLEAN) {
        atom.boolean = !atom.boolean;
    } else if (spec->key == OVSDB_INTEGER) {
        atom.integer += (int64_t) draw(m, 5) - 2;
    } else if (spec->key == OVSDB_STRING && spec->value == OVSDB_VOID
               && strlen(atom.string) < sizeof copy && *atom.string) {
        strcpy(copy, atom.string);
        copy[draw(m, strlen(copy))] = "0123456789abx"[draw(m, 13)];
        atom.string = copy;
    } else {
        put_datum(&m->text, spec, d, (int64_t) draw(m, d->n), NULL);
        return;
    }
    text_puts(&m->text, "[\"set\",[");
    put_atom(&m->text, spec->key, atom);
    text_puts(&m->text, "]]");
}

void
put_value(struct mutation *m, const struct ovsdb_row *row, unsigned c)
{
    static const struct ovsdb_datum empty;
    const struct ovsdb_column_spec *spec = &row->table->spec->columns[c];
    const struct ovsdb_datum *d = ovsdb_datum(row, c);
    uint64_t n = draw(m, 10);
    if (spec->owns) { /* No client of OVN shares the parts of a row. */
        put_datum(&m->text, spec, d,
                  d->n && n < 5 ? (int64_t) draw(m, d->n) : -1, NULL);
    } else if (n < 5 && !is_name(spec)) {
        const struct ovsdb_row *other = choose_row(m, row->table);
        put_datum(&m->text, spec, ovsdb_datum(other, c), -1, NULL);
    } else if (n < 6 && !is_name(spec)) {
        put_datum(&m->text, spec, &empty, -1, NULL);
    } else if (d->n) {
        put_near(m, spec, d);
    } else if (spec->key == OVSDB_BOOLEAN) {
        text_puts(&m->text, draw(m, 2) ? "false" : "true");
    } else if (spec->key == OVSDB_INTEGER) {
        text_printf(&m->text, "%d", (int) draw(m, 200));
    } else {
        put_datum(&m->text, spec, &empty, -1, NULL);
    }
}

/* A word of the first address of some port ("" if it has none): its MAC, or
 * its first IP. */
const char *
word_of_some_port(struct mutation *m, unsigned word)
{
    const struct ovsdb_row *lsp =
        choose_row(m, &m->evidence->nb.store.tables[NB_LOGICAL_SWITCH_PORT]);
    const char *s = lsp && ovsdb_count(lsp, LSP_ADDRESSES)
                        ? ovsdb_atoms(lsp, LSP_ADDRESSES)[0].string
                        : "";
    for (; word && *s; word--) {
        s += strcspn(s, " ");
        s += *s == ' ';
    }
    snprintf(m->word, sizeof m->word, "%.*s", (int) strcspn(s, " "), s);
    return m->word;
}

/* The name of some port, or that of the twin that may come next. */
static const char *
name_of_some_port(struct mutation *m)
{
    const struct ovsdb_table *lsps =
        &m->evidence->nb.store.tables[NB_LOGICAL_SWITCH_PORT];
    const struct ovsdb_row *lsp = choose_row(m, lsps);
    if (lsp && draw(m, 2)) {
        return ovsdb_string(lsp, LSP_NAME);
    }
    snprintf(m->word, sizeof m->word, "%.20s%u", lsps->spec->name,
             (unsigned) lsps->n_rows);
    return m->word;
}

/* The ACL's match, with another port group's addresses instead of those that
 * it asks for; false if it asks for none. */
static bool
put_match(struct mutation *m, const struct ovsdb_row *acl)
{
    const char *match = ovsdb_string(acl, ACL_MATCH);
    const char *set = strchr(match, '$'), *rest = set ? strchr(set, ' ') : "";
    const struct ovsdb_row *group =
        choose_row(m, &m->evidence->nb.store.tables[NB_PORT_GROUP]);
    struct text text;
    if (!set || !group) {
        return false;
    }
    text_init(&text, TEXT_CEILING_BYTES);
    text_put(&text, match, (size_t) (set - match));
    text_printf(&text, "$%s_ip4%s", ovsdb_string(group, PORT_GROUP_NAME),
                rest ? rest : "");
    json_put_string(&m->text, text_string(&text));
    text_done(&text);
    return true;
}

/* A value by which a row has to do with another one; false if the column has
 * none. */
bool
put_related(struct mutation *m, const struct ovsdb_row *row, unsigned c)
{
    static const struct ovsdb_datum empty;
    const struct ovsdb_table *nb = m->evidence->nb.store.tables;
    const char *s = "";
    if (row->table == &nb[NB_PORT_GROUP] && c == PORT_GROUP_ACLS) {
        put_datum(&m->text, &row->table->spec->columns[c], &empty, -1, NULL);
        return true;
    } else if (row->table == &nb[NB_ACL]) {
        return put_match(m, row);
    } else if (row->table != &nb[NB_NAT]) {
        return false;
    } else if (c == NAT_EXTERNAL_MAC) {
        s = word_of_some_port(m, 0);
    } else if (c == NAT_LOGICAL_IP) {
        s = word_of_some_port(m, 1);
    } else if (c == NAT_LOGICAL_PORT) {
        s = name_of_some_port(m);
    }
    if (*s) {
        json_put_string(&m->text, s);
    }
    return *s;
}

/* What a twin has in a column: another name, and some other addresses than its
 * original; a binding may have a port's name that has none so far. */
static void
put_twins(struct mutation *m, const struct ovsdb_row *row, unsigned c)
{
    static const struct ovsdb_datum empty;
    const struct ovsdb_column_spec *spec = &row->table->spec->columns[c];
    const struct ovsdb_datum *d = ovsdb_datum(row, c);
    const struct ovsdb_table *lsps =
        &m->evidence->nb.store.tables[NB_LOGICAL_SWITCH_PORT];
    bool comes = m->mix >= MUTATE_COMINGS;
    if (comes && !strcmp(spec->name, "logical_port") && draw(m, 2)) {
        const struct ovsdb_row *lsp = choose_row(m, lsps);
        const char *name = lsp ? ovsdb_string(lsp, LSP_NAME) : "";
        bool is_free = !is_bound(m, name);
        json_put_string(&m->text, is_free ? name : m->twin_name);
    } else if (is_name(spec)) {
        json_put_string(&m->text, m->twin_name);
    } else if (comes && is_address(spec) && d->n && draw(m, 2)) {
        put_near(m, spec, d);
    } else if (comes && !strcmp(spec->name, "external_ids") && draw(m, 4)) {
        put_datum(&m->text, spec, &empty, -1, NULL); /* Of no guest. */
    } else {
        put_datum(&m->text, spec, d, -1, NULL);
    }
}

void
put_twin(struct mutation *m, const struct ovsdb_row *row)
{
    const struct ovsdb_table_spec *spec = row->table->spec;
    const char *comma = "";
    snprintf(m->twin_name, sizeof m->twin_name, "%.20s%u", spec->name,
             (unsigned) row->table->n_rows);
    text_putc(&m->text, '{');
    for (unsigned c = 0; c < spec->n_columns; c++) {
        if (ovsdb_has_column(row->table, c) && !spec->columns[c].owns) {
            text_printf(&m->text, "%s\"%s\":", comma, spec->columns[c].name);
            put_twins(m, row, c);
            comma = ",";
        }
    }
    text_putc(&m->text, '}');
}

bool
refers_to(const struct ovsdb_row *row, unsigned c, const struct ovsdb_row *to)
{
    const struct ovsdb_column_spec *spec = &row->table->spec->columns[c];
    const union ovsdb_atom *atoms =
        spec->key == OVSDB_UUID ? ovsdb_atoms(row, c) : NULL;
    for (unsigned i = 0; atoms && i < ovsdb_count(row, c); i++) {
        if (atoms[i].row == to) {
            return true;
        }
    }
    return false;
}
