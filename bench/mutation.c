#include "mutation.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/input.h"
#include "ovsdb/diff.h"
#include "ovsdb/json.h"
#include "values.h"

/* A column that refers to a row. */
struct reference {
    const struct ovsdb_row *row;
    unsigned column;
};

/* What takes a transaction back: another one, its text; or, of a row that came
 * or went, what to do with it as things are by then. */
struct mutation_undo {
    struct evidence_db *db;
    char *text; /* Of a row that went, its columns; NULL if it came. */
    const struct ovsdb_table *table; /* NULL: the text is all there is. */
    struct uuid uuid;
    struct reference *references;
    size_t n_references, capacity;

    /* Of a column that changed: servers do not log what stays as it is. */
    const struct ovsdb_row *row; /* NULL: of none. */
    unsigned column;
    char *value;
};

/* A column that a transaction changes. */
#define MAX_EDITS 4
struct mutation_edit {
    const struct ovsdb_row *row;
    unsigned column;
};

/* Most that wait to be taken back. */
#define MAX_UNDOS 24

void
mutation_init(struct mutation *m, struct evidence *e, enum mutation_mix mix,
              uint64_t seed)
{
    memset(m, 0, sizeof *m);
    m->evidence = e;
    m->mix = mix;
    m->state = seed * 2 + 1;
    m->date_ms = e->now_ms;
    m->edits = xcalloc(MAX_EDITS, sizeof *m->edits);
    text_init(&m->text, TEXT_CEILING_BYTES);
}

static void
undo_done(struct mutation_undo *undo)
{
    free(undo->text);
    free(undo->value);
    free(undo->references);
}

void
mutation_done(struct mutation *m)
{
    for (size_t i = 0; i < m->n_undos; i++) {
        undo_done(&m->undos[i]);
    }
    free(m->undos);
    free(m->edits);
    text_done(&m->text);
}

/* Choosing. */

static bool
is_empty(const struct evidence_db *db)
{
    size_t n = 0;
    for (unsigned t = 0; t < db->store.spec->n_tables; t++) {
        n += db->store.tables[t].n_existing;
    }
    return !n;
}

static struct evidence_db *
choose_db(struct mutation *m)
{
    struct evidence *e = m->evidence;
    uint64_t n = draw(m, 20);
    if (n < 5 && e->n_chassis) {
        return &e->chassis[draw(m, e->n_chassis)]->ovs;
    }
    return n < 11 && e->sb.present ? &e->sb : &e->nb;
}

static struct ovsdb_table *
choose_table(struct mutation *m, struct evidence_db *db)
{
    struct ovsdb_table *table;
    do {
        table = &db->store.tables[draw(m, db->store.spec->n_tables)];
    } while (!table->n_existing);
    return table;
}

/* Transactions. */

static void
begin(struct text *t)
{
    text_clear(t);
    text_putc(t, '{');
}

static void
begin_row(struct text *t, const struct ovsdb_table *table,
          const struct uuid *uuid)
{
    char text[UUID_LENGTH + 1];
    uuid_format(uuid, text);
    text_printf(t, "\"%s\":{\"%s\":", table->spec->name, text);
}

static void
remember(struct mutation *m, const struct mutation_undo *undo)
{
    struct mutation_undo *place;
    if (m->n_undos == MAX_UNDOS) {
        place = &m->undos[draw(m, MAX_UNDOS)];
        undo_done(place);
    } else {
        m->undos =
            xgrow(m->undos, m->n_undos, &m->undos_capacity, sizeof *m->undos);
        place = &m->undos[m->n_undos++];
    }
    *place = *undo;
    place->db = m->db;
}

static void
remember_text(struct mutation *m, const struct text *text)
{
    remember(m, &(struct mutation_undo){ .text = xstrdup(text_string(text)) });
}

/* The value that a column gets.  Servers do not log a column that stays what
 * it was, but for maps of which not all keys are kept. */
static void
put_change(struct mutation *m, const struct ovsdb_row *row, unsigned c)
{
    const struct ovsdb_column_spec *spec = &row->table->spec->columns[c];
    size_t start = m->text.length;
    struct text before;
    text_init(&before, TEXT_CEILING_BYTES);
    put_datum(&before, spec, ovsdb_datum(row, c), -1, NULL);
    for (int tries = 0; tries < 10; tries++) {
        text_cut(&m->text, start);
        if (spec->keys && m->mix == MUTATE_DAILY) {
            text_puts(&m->text, text_string(&before)); /* Another key. */
        } else if (m->mix != MUTATE_SEVERAL || draw(m, 2)
                   || !put_related(m, row, c)) {
            put_value(m, row, c);
        }
        if (spec->keys
            || strcmp(text_string(&m->text) + start, text_string(&before))) {
            break;
        }
    }
    text_done(&before);
}

static void
change_column(struct mutation *m, const struct ovsdb_row *row, unsigned c)
{
    const struct ovsdb_table_spec *spec = row->table->spec;
    struct text undo;
    text_init(&undo, TEXT_CEILING_BYTES);
    begin(&undo);
    begin_row(&undo, row->table, &row->uuid);
    text_printf(&undo, "{\"%s\":", spec->columns[c].name);
    size_t length = undo.length;
    put_datum(&undo, &spec->columns[c], ovsdb_datum(row, c), -1, NULL);
    struct mutation_undo u = { .row = row,
                               .column = c,
                               .value = xstrdup(text_string(&undo) + length) };
    text_puts(&undo, "}}");
    u.text = xstrdup(text_string(&undo));
    begin_row(&m->text, row->table, &row->uuid);
    text_printf(&m->text, "{\"%s\":", spec->columns[c].name);
    put_change(m, row, c);
    text_puts(&m->text, "}}");
    snprintf(m->label, sizeof m->label, "%s.%s", spec->name,
             spec->columns[c].name);
    remember(m, &u);
    text_done(&undo);
}

/* The tables are members of one object each: a change of a second row of a
 * table must be written beside the first.  So rows that refer to others of
 * their own table are left out (there are none). */

/* For each row of another table that refers to 'row' in a column: its new
 * value, without the row, into 'now', and the old one into 'undo'. */
static void
drop_references(const struct ovsdb_table *table, const struct ovsdb_row *row,
                struct text *now, struct text *undo)
{
    bool any = false;
    OVSDB_TABLE_FOR_EACH (other, table) {
        bool begun = false;
        for (unsigned c = 0; c < table->spec->n_columns; c++) {
            const struct ovsdb_column_spec *spec = &table->spec->columns[c];
            const union ovsdb_atom *atoms =
                spec->key == OVSDB_UUID ? ovsdb_atoms(other, c) : NULL;
            int64_t at = -1;
            for (unsigned i = 0; atoms && i < ovsdb_count(other, c); i++) {
                at = atoms[i].row == row ? (int64_t) i : at;
            }
            if (at < 0) {
                continue;
            }
            struct text *const texts[] = { now, undo };
            for (int i = 0; i < 2; i++) {
                char uuid[UUID_LENGTH + 1];
                uuid_format(&other->uuid, uuid);
                if (!any) {
                    text_printf(texts[i], ",\"%s\":{", table->spec->name);
                }
                if (!begun) {
                    text_printf(texts[i], "%s\"%s\":{", any ? "," : "", uuid);
                }
                text_printf(texts[i], "%s\"%s\":", begun ? "," : "",
                            spec->name);
                put_datum(texts[i], spec, ovsdb_datum(other, c), i ? -1 : at,
                          NULL);
            }
            any = begun = true;
        }
        if (begun) {
            text_putc(now, '}');
            text_putc(undo, '}');
        }
    }
    if (any) {
        text_putc(now, '}');
        text_putc(undo, '}');
    }
}

static void
delete_row(struct mutation *m, const struct ovsdb_row *row, struct text *undo)
{
    begin_row(undo, row->table, &row->uuid);
    put_row(undo, row);
    text_putc(undo, '}');
    begin_row(&m->text, row->table, &row->uuid);
    text_puts(&m->text, "null}");
    const struct ovsdb_store *store = &m->db->store;
    for (unsigned t = 0; t < store->spec->n_tables; t++) {
        if (&store->tables[t] != row->table) {
            drop_references(&store->tables[t], row, &m->text, undo);
        }
    }
}

/* A twin of 'row', beside it wherever it is. */
static void
insert_twin(struct mutation *m, const struct ovsdb_row *row, struct text *undo)
{
    struct uuid uuid = { draw(m, 0) + m->state, m->state * 31 };
    m->twin = uuid;
    begin_row(undo, row->table, &uuid);
    text_puts(undo, "null}");
    begin_row(&m->text, row->table, &uuid);
    put_twin(m, row);
    text_putc(&m->text, '}');
    const struct ovsdb_row *owner = row->owner;
    for (unsigned c = 0; owner && c < owner->table->spec->n_columns; c++) {
        const struct ovsdb_column_spec *spec = &owner->table->spec->columns[c];
        if (!spec->owns
            || &m->db->store.tables[spec->ref_table] != row->table) {
            continue;
        }
        struct text *const texts[] = { &m->text, undo };
        for (int i = 0; i < 2; i++) {
            text_putc(texts[i], ',');
            begin_row(texts[i], owner->table, &owner->uuid);
            text_printf(texts[i], "{\"%s\":", spec->name);
            put_datum(texts[i], spec, ovsdb_datum(owner, c), -1,
                      i ? NULL : &uuid);
            text_puts(texts[i], "}}");
        }
        break;
    }
}

/* A twin of the row comes, or the row goes. */
static void
come_or_go(struct mutation *m, const struct ovsdb_row *row, bool comes,
           struct text *undo)
{
    size_t length = strlen(m->label);
    snprintf(m->label + length, sizeof m->label - length, "%s%s %s",
             length ? ", " : "", row->table->spec->name,
             comes ? "comes" : "goes");
    if (comes) {
        insert_twin(m, row, undo);
    } else {
        delete_row(m, row, undo);
    }
}

/* Any change. */

static void
change_any(struct mutation *m)
{
    const struct ovsdb_table *table;
    do {
        m->db = choose_db(m);
    } while (is_empty(m->db));
    table = choose_table(m, m->db);
    const struct ovsdb_row *row = choose_row(m, table);
    uint64_t n = draw(m, 20);
    m->label[0] = '\0';
    begin(&m->text);
    if (n < 2) {
        struct text undo;
        text_init(&undo, TEXT_CEILING_BYTES);
        begin(&undo);
        come_or_go(m, row, n == 1, &undo);
        remember_text(m, &undo);
        text_done(&undo);
    } else {
        unsigned c = (unsigned) draw(m, table->spec->n_columns);
        change_column(m, row, c);
    }
}

/* A day's changes: weights by how often they are seen. */
static const struct {
    unsigned weight;
    int db; /* 0: nb, 1: sb, 2: ovs. */
    unsigned table, column;
} daily[] = {
    { 20, 1, SB_PORT_BINDING, PB_CHASSIS },
    { 15, 0, NB_LOGICAL_SWITCH_PORT, LSP_EXTERNAL_IDS },
    { 8, 0, NB_LOGICAL_SWITCH_PORT, LSP_ENABLED },
    { 6, 0, NB_LOGICAL_SWITCH_PORT, LSP_PORT_SECURITY },
    { 6, 0, NB_LOGICAL_SWITCH_PORT, LSP_OPTIONS },
    { 10, 1, SB_MAC_BINDING, MAC_BINDING_MAC },
    { 10, 2, OVS_INTERFACE, INTERFACE_OFPORT },
    { 5, 2, OVS_INTERFACE, INTERFACE_ERROR },
    { 3, 0, NB_NAT, NAT_LOGICAL_PORT },
    { 3, 0, NB_LOGICAL_ROUTER_STATIC_ROUTE, ROUTE_NEXTHOP },
    { 3, 0, NB_LOGICAL_ROUTER, LR_ENABLED },
    { 3, 0, NB_LOGICAL_ROUTER_PORT, LRP_ENABLED },
    { 3, 0, NB_GATEWAY_CHASSIS, GATEWAY_CHASSIS_PRIORITY },
    { 5, 1, SB_CHASSIS_PRIVATE, CHASSIS_PRIVATE_NB_CFG_TIMESTAMP },
};

static struct evidence_db *
db_of(struct mutation *m, int db)
{
    struct evidence *e = m->evidence;
    return db == 0 || (db == 2 && !e->n_chassis) ? &e->nb
           : db == 1                             ? &e->sb
                     : &e->chassis[draw(m, e->n_chassis)]->ovs;
}

static void
change_daily(struct mutation *m)
{
    uint64_t total = 0;
    for (size_t i = 0; i < N_ELEMENTS(daily); i++) {
        total += daily[i].weight;
    }
    for (;;) {
        uint64_t n = draw(m, total);
        size_t i = 0;
        while (n >= daily[i].weight) {
            n -= daily[i++].weight;
        }
        m->db = db_of(m, daily[i].db);
        const struct ovsdb_row *row =
            choose_row(m, &m->db->store.tables[daily[i].table]);
        if (row) {
            begin(&m->text);
            change_column(m, row, daily[i].column);
            return;
        }
    }
}

/* What comes and goes every day, and what of other rows matters to it. */
static const struct {
    int db; /* 0: nb, 1: sb. */
    unsigned table, column;
} beside[] = {
    { 0, NB_LOGICAL_SWITCH_PORT, LSP_ADDRESSES },
    { 0, NB_LOGICAL_SWITCH_PORT, LSP_PORT_SECURITY },
    { 0, NB_LOGICAL_SWITCH_PORT, LSP_PORT_SECURITY },
    { 0, NB_LOGICAL_SWITCH_PORT, LSP_ENABLED },
    { 0, NB_LOGICAL_SWITCH, LS_PORTS },
    { 0, NB_LOGICAL_ROUTER, LR_NAT },
    { 0, NB_PORT_GROUP, PORT_GROUP_PORTS },
    { 0, NB_PORT_GROUP, PORT_GROUP_PORTS },
    { 0, NB_PORT_GROUP, PORT_GROUP_ACLS },
    { 0, NB_ACL, ACL_MATCH },
    { 0, NB_NAT, NAT_LOGICAL_IP },
    { 0, NB_NAT, NAT_LOGICAL_PORT },
    { 0, NB_NAT, NAT_EXTERNAL_IP },
    { 0, NB_NAT, NAT_EXTERNAL_MAC },
    { 1, SB_PORT_BINDING, PB_CHASSIS },
    { 1, SB_PORT_BINDING, PB_CHASSIS },
};

static void
note_references(struct mutation_undo *undo, const struct ovsdb_table *table,
                const struct ovsdb_row *row)
{
    OVSDB_TABLE_FOR_EACH (other, table) {
        for (unsigned c = 0; c < table->spec->n_columns; c++) {
            if (refers_to(other, c, row)) {
                undo->references =
                    xgrow(undo->references, undo->n_references,
                          &undo->capacity, sizeof *undo->references);
                undo->references[undo->n_references++] =
                    (struct reference){ other, c };
                break;
            }
        }
    }
}

/* Likewise, so that others that come and go meanwhile stay what they are when
 * it is taken back. */
static void
come_or_go_again(struct mutation *m, const struct ovsdb_row *row, bool comes)
{
    const struct ovsdb_store *store = &m->db->store;
    struct mutation_undo undo = { .table = row->table, .uuid = row->uuid };
    struct text text;
    text_init(&text, TEXT_CEILING_BYTES);
    if (!comes) {
        put_row(&text, row);
        undo.text = xstrdup(text_string(&text));
        for (unsigned t = 0; t < store->spec->n_tables; t++) {
            note_references(&undo, &store->tables[t], row);
        }
    }
    come_or_go(m, row, comes, &text);
    if (comes) {
        undo.uuid = m->twin;
    }
    remember(m, &undo);
    text_done(&text);
}

/* A VM's, mostly. */
static const struct ovsdb_row *
choose_port(struct mutation *m, const struct ovsdb_table *ports)
{
    const struct ovsdb_row *port = choose_row(m, ports);
    for (int tries = 0; port && tries < 8; tries++) {
        if (!*ovsdb_string(port, LSP_TYPE)) {
            break;
        }
        port = choose_row(m, ports);
    }
    return port;
}

/* In one transaction, mostly one row; of several, each is of another table. */
static void
change_comings(struct mutation *m)
{
    struct ovsdb_table *nb = m->evidence->nb.store.tables;
    struct ovsdb_table *sb = m->evidence->sb.store.tables;
    const struct ovsdb_row *port = choose_port(m, &nb[NB_LOGICAL_SWITCH_PORT]);
    const struct ovsdb_row *nat = choose_row(m, &nb[NB_NAT]);
    const struct ovsdb_row *pb = choose_row(m, &sb[SB_PORT_BINDING]);
    uint64_t n = draw(m, 10);
    m->label[0] = '\0';
    m->db = n < 3 && pb ? &m->evidence->sb : &m->evidence->nb;
    if (n < 3 && pb) {
        port = nat = NULL;
    } else {
        pb = NULL;
        port = n < 6 || n > 8 || !nat ? port : NULL;
        nat = n >= 6 ? nat : NULL;
    }
    if (!port && !nat && !pb) {
        change_any(m);
        return;
    }
    begin(&m->text);
    if (port || pb) {
        come_or_go_again(m, port ? port : pb, draw(m, 2));
    }
    if (port && nat) {
        text_putc(&m->text, ',');
    }
    if (nat) {
        come_or_go_again(m, nat, draw(m, 2));
    }
}

/* An interface of some chassis comes or goes, or has another port's iface-id.
 */
static void
change_interface(struct mutation *m)
{
    const struct evidence *e = m->evidence;
    m->db = &e->chassis[draw(m, e->n_chassis)]->ovs;
    const struct ovsdb_row *row =
        choose_row(m, &m->db->store.tables[OVS_INTERFACE]);
    m->label[0] = '\0';
    if (!row) {
        change_comings(m);
        return;
    }
    begin(&m->text);
    if (draw(m, 3)) {
        come_or_go_again(m, row, draw(m, 2));
    } else {
        change_column(m, row, INTERFACE_EXTERNAL_IDS);
    }
}

static void
change_beside(struct mutation *m)
{
    size_t i = draw(m, N_ELEMENTS(beside));
    m->db = db_of(m, beside[i].db);
    const struct ovsdb_row *row =
        choose_row(m, &m->db->store.tables[beside[i].table]);
    if (row) {
        begin(&m->text);
        change_column(m, row, beside[i].column);
    } else {
        change_comings(m);
    }
}

/* The port that a floating IP names, or a floating IP that names the port, or
 * NULL. */
static const struct ovsdb_row *
find_related(const struct mutation *m, const struct ovsdb_row *row)
{
    const struct ovsdb_table *nb = m->evidence->nb.store.tables;
    bool is_nat = row->table == &nb[NB_NAT];
    bool is_port = row->table == &nb[NB_LOGICAL_SWITCH_PORT];
    const struct ovsdb_table *others =
        is_nat ? &nb[NB_LOGICAL_SWITCH_PORT] : &nb[NB_NAT];
    const char *name = is_nat    ? ovsdb_string(row, NAT_LOGICAL_PORT)
                       : is_port ? ovsdb_string(row, LSP_NAME)
                                 : "";
    if (!*name) {
        return NULL;
    }
    OVSDB_TABLE_FOR_EACH (other, others) {
        if (!strcmp(name, ovsdb_string(other, is_nat ? LSP_NAME
                                                     : NAT_LOGICAL_PORT))) {
            return other;
        }
    }
    return NULL;
}

/* The row that is changed next, in one of the columns that matter: the last
 * one again, one that has to do with it, or any.  NULL if it has none. */
static const struct ovsdb_row *
choose_next(struct mutation *m, unsigned *ret_column)
{
    const struct ovsdb_row *last =
        m->n_edits ? m->edits[m->n_edits - 1].row : NULL;
    uint64_t n = last ? draw(m, 3) : 2;
    const struct ovsdb_row *row = n == 0   ? last
                                  : n == 1 ? find_related(m, last)
                                           : NULL;
    const struct ovsdb_table *tables = m->db->store.tables;
    for (int tries = 0; tries < 40; tries++) {
        size_t i = draw(m, N_ELEMENTS(beside));
        if (db_of(m, beside[i].db) == m->db
            && (!row || row->table == &tables[beside[i].table])) {
            *ret_column = beside[i].column;
            return row ? row : choose_row(m, &tables[beside[i].table]);
        }
    }
    return NULL;
}

/* Whether the transaction says something about the row already, other than in
 * columns that may be changed beside this one. */
static bool
is_taken(const struct mutation *m, const struct ovsdb_row *row, unsigned c)
{
    char uuid[UUID_LENGTH + 1];
    bool is_edited = false;
    uuid_format(&row->uuid, uuid);
    for (size_t i = 0; i < m->n_edits; i++) {
        if (m->edits[i].row == row && m->edits[i].column == c) {
            return true;
        }
        is_edited |= m->edits[i].row == row;
    }
    return !is_edited && strstr(text_string(&m->text), uuid);
}

/* A table may be a member of the transaction several times, which servers do
 * not write: for who reads it, it is the same. */
static void
change_several(struct mutation *m)
{
    size_t n = 2 + draw(m, MAX_EDITS - 1);
    m->n_edits = 0;
    if (draw(m, 3)) {
        m->db = draw(m, 5) ? &m->evidence->nb : &m->evidence->sb;
        begin(&m->text);
    } else {
        change_comings(m);
    }
    bool is_first = m->text.length == 1;
    for (size_t i = 0; i < n; i++) {
        unsigned c = 0;
        const struct ovsdb_row *row = choose_next(m, &c);
        if (row && !is_taken(m, row, c)) {
            text_puts(&m->text, is_first ? "" : ",");
            change_column(m, row, c);
            m->edits[m->n_edits++] = (struct mutation_edit){ row, c };
            is_first = false;
        }
    }
    if (is_first) {
        change_beside(m);
    } else {
        snprintf(m->label, sizeof m->label, "several");
    }
}

/* The row comes again, beside what has come and gone since. */
static void
put_again(struct mutation *m, const struct mutation_undo *undo)
{
    const struct ovsdb_table *last = NULL;
    begin_row(&m->text, undo->table, &undo->uuid);
    text_printf(&m->text, "%s}", undo->text);
    for (size_t i = 0; i < undo->n_references; i++) {
        const struct reference *r = &undo->references[i];
        const struct ovsdb_column_spec *spec =
            &r->row->table->spec->columns[r->column];
        char uuid[UUID_LENGTH + 1];
        if (!r->row->exists
            || refers_to(r->row, r->column,
                         ovsdb_table_find(undo->table, &undo->uuid))) {
            continue;
        }
        uuid_format(&r->row->uuid, uuid);
        if (last != r->row->table) {
            text_printf(&m->text, "%s,\"%s\":{", last ? "}" : "",
                        r->row->table->spec->name);
        } else {
            text_putc(&m->text, ',');
        }
        last = r->row->table;
        text_printf(&m->text, "\"%s\":{\"%s\":", uuid, spec->name);
        put_datum(&m->text, spec, ovsdb_datum(r->row, r->column), -1,
                  &undo->uuid);
        text_putc(&m->text, '}');
    }
    text_puts(&m->text, last ? "}" : "");
}

/* Whether it would change nothing, or a server would not allow it. */
static bool
is_idle(const struct mutation *m, const struct mutation_undo *undo)
{
    const struct ovsdb_row *row =
        undo->table ? ovsdb_table_find(undo->table, &undo->uuid) : undo->row;
    bool exists = row && row->exists, idle = false;
    if (undo->table) {
        return exists == (undo->text != NULL)
               || (undo->text
                   && undo->table->spec == &sb_spec.tables[SB_PORT_BINDING]
                   && is_bound(m, ovsdb_string(row, PB_LOGICAL_PORT)));
    }
    if (row) {
        struct text now;
        text_init(&now, TEXT_CEILING_BYTES);
        put_datum(&now, &row->table->spec->columns[undo->column],
                  ovsdb_datum(row, undo->column), -1, NULL);
        idle = !exists || !strcmp(text_string(&now), undo->value);
        text_done(&now);
    }
    return idle;
}

/* Returns false if there was nothing to take back any more. */
static bool
take_back(struct mutation *m)
{
    struct mutation_undo *place = &m->undos[draw(m, m->n_undos)];
    struct mutation_undo undo = *place;
    bool idle = is_idle(m, &undo);
    *place = m->undos[--m->n_undos];
    m->db = undo.db;
    snprintf(m->label, sizeof m->label, "undo");
    text_clear(&m->text);
    if (!idle && undo.table) {
        struct text ignored;
        text_init(&ignored, TEXT_CEILING_BYTES);
        begin(&m->text);
        if (undo.text) {
            put_again(m, &undo);
        } else {
            delete_row(m, ovsdb_table_find(undo.table, &undo.uuid), &ignored);
        }
        text_done(&ignored);
    } else if (!idle) {
        text_puts(&m->text, undo.text);
    }
    undo_done(&undo);
    return !idle;
}

static void
commit(struct mutation *m)
{
    struct ovsdb_store *store = &m->db->store;
    struct input_memory memory;
    struct input in;
    struct json_reader reader;
    m->date_ms += 10;
    text_printf(&m->text, ",\"_date\":%" PRId64 ",\"_comment\":\"%s\"}",
                m->date_ms, draw(m, 4) ? "ovn-northd" : "");
    input_init_memory(&in, &memory, text_string(&m->text), m->text.length);
    json_reader_init(&reader, &in);
    store->keeps_deltas = true;
    bool ok = ovsdb_store_read(store, &reader, OVSDB_FORM_LOG);
    assert(ok);
    ovsdb_store_commit(store, 0);
    json_reader_done(&reader);
    input_done(&in);
}

static bool
change_targeted(struct mutation *m)
{
    bool changed = false;
    for (int tries = 0; !changed && tries < 100; tries++) {
        begin(&m->text);
        changed = put_targeted(m);
    }
    return changed;
}

void
mutation_next(struct mutation *m)
{
    if (m->mix == MUTATE_TARGETED && draw(m, 4) && change_targeted(m)) {
        ; /* Done. */
    } else if (m->n_undos && draw(m, 10) < 4 && take_back(m)) {
        ; /* Done. */
    } else if (m->mix == MUTATE_DAILY) {
        change_daily(m);
    } else if (m->mix == MUTATE_SEVERAL && m->evidence->n_chassis
               && !draw(m, 6)) {
        change_interface(m);
    } else if (m->mix == MUTATE_SEVERAL) {
        change_several(m);
    } else if ((m->mix == MUTATE_COMINGS && draw(m, 3))
               || (m->mix == MUTATE_TARGETED && draw(m, 2))) {
        change_comings(m);
    } else if (m->mix == MUTATE_COMINGS) {
        change_beside(m);
    } else {
        change_any(m);
    }
    m->what = m->label;
    commit(m);
}
