#include "history/describe.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "evidence/nb.h"
#include "evidence/ovs.h"
#include "evidence/sb.h"
#include "history/noun.h"
#include "ovsdb/diff.h"

/* Of a set's elements that came or went, and of a text's bytes, no more are
 * shown. */
#define MAX_SHOWN 8
#define MAX_TEXT_BYTES 2000

/* Patch ports are called patch-LOCALNET-to-br-int and patch-br-int-to-LOCALNET
 * (ovn-controller(8)). */
#define PATCH_PREFIX "patch-"
#define PATCH_TO "-to-"

/* Values. */

static void put_row_name(struct text *, const struct ovsdb_row *);

static void
put_atom(struct text *t, enum ovsdb_atomic type, const union ovsdb_atom *atom)
{
    switch (type) {
    case OVSDB_INTEGER:
        text_printf(t, "%lld", (long long) atom->integer);
        break;
    case OVSDB_REAL:
        text_printf(t, "%g", atom->real);
        break;
    case OVSDB_BOOLEAN:
        text_puts(t, atom->boolean ? "true" : "false");
        break;
    case OVSDB_STRING:
        text_puts(t, *atom->string ? atom->string : "\"\"");
        break;
    case OVSDB_UUID:
        put_row_name(t, atom->row);
        break;
    case OVSDB_VOID:
        break;
    }
}

static void
put_value(struct text *t, const struct ovsdb_column_spec *spec,
          const struct ovsdb_datum *d)
{
    const union ovsdb_atom *atoms = ovsdb_datum_atoms(spec, d);
    size_t width = spec->value == OVSDB_VOID ? 1 : 2;
    for (uint32_t i = 0; i < d->n && i < MAX_SHOWN; i++) {
        text_puts(t, i ? ", " : "");
        put_atom(t, spec->key, &atoms[i * width]);
        if (width == 2) {
            text_putc(t, '=');
            put_atom(t, spec->value, &atoms[i * width + 1]);
        }
    }
    if (d->n > MAX_SHOWN) {
        text_printf(t, " and %u more", d->n - MAX_SHOWN);
    } else if (!d->n) {
        text_puts(t, "(none)");
    }
}

/* Names. */

/* The row's name, from its columns; nothing if it has none. */
static void
put_name(struct text *t, const struct noun *noun, const struct ovsdb_row *row)
{
    for (size_t i = 0; i < NOUN_MAX_NAME && noun->name[i]; i++) {
        unsigned c = noun->name[i] - 1u;
        const struct ovsdb_datum *d = ovsdb_datum(row, c);
        if (d->n) {
            text_puts(t, t->length ? " " : "");
            put_value(t, &row->table->spec->columns[c], d);
        }
    }
}

static char *
name_of(const struct noun *noun, const struct ovsdb_row *row,
        struct arena *arena)
{
    struct text t;
    text_init(&t, MAX_TEXT_BYTES);
    if (noun) {
        put_name(&t, noun, row);
    }
    char *name = arena_strdup(arena, text_string(&t));
    text_done(&t);
    return name;
}

static void
put_row_name(struct text *t, const struct ovsdb_row *row)
{
    const struct noun *noun = noun_find(row);
    struct text name;
    text_init(&name, MAX_TEXT_BYTES);
    if (noun) {
        put_name(&name, noun, row);
    }
    if (name.length) {
        text_puts(t, text_string(&name));
    } else {
        char uuid[UUID_LENGTH + 1];
        uuid_format(&row->uuid, uuid);
        text_puts(t, uuid);
    }
    text_done(&name);
}

/* What kind of thing it is: "localnet port", "patch port". */
static void
put_word(struct text *t, const struct noun *noun, const struct ovsdb_row *row)
{
    const char *type = "";
    if (row_is_of(row, &nb_spec, NB_LOGICAL_SWITCH_PORT)) {
        type = ovsdb_string(row, LSP_TYPE);
    } else if (row_is_of(row, &ovs_spec, OVS_INTERFACE)) {
        type = ovsdb_string(row, INTERFACE_TYPE);
    } else if (row_is_of(row, &ovs_spec, OVS_PORT)
               && !strncmp(ovsdb_string(row, PORT_NAME), PATCH_PREFIX,
                           strlen(PATCH_PREFIX))) {
        type = "patch";
    }
    text_printf(t, "%s%s%s", type, *type ? " " : "", noun->word);
}

static void
put_thing(struct text *t, const struct noun *noun, const struct ovsdb_row *row)
{
    struct text name;
    text_init(&name, MAX_TEXT_BYTES);
    put_word(t, noun, row);
    put_name(&name, noun, row);
    if (name.length) {
        text_printf(t, " %s", text_string(&name));
    }
    text_done(&name);
}

/* Keys. */

static bool
has_room(const struct history_line *line)
{
    return line->n_keys < DESCRIBE_MAX_KEYS;
}

/* A row with more names than there is room for may concern anybody. */
static void
add_key(struct history_line *line, const char *key)
{
    for (size_t i = 0; i < line->n_keys; i++) {
        if (!strcmp(line->keys[i], key)) {
            return;
        }
    }
    if (*key && has_room(line)) {
        line->keys[line->n_keys++] = key;
    } else if (*key) {
        line->is_personal = false;
    }
}

/* The words of a column's strings: "MAC IP IP" of an LSP's addresses; of a
 * network the address alone. */
static void
add_words(struct history_line *line, const struct ovsdb_column_spec *spec,
          const struct ovsdb_datum *d, struct arena *arena)
{
    const union ovsdb_atom *atoms = ovsdb_datum_atoms(spec, d);
    for (uint32_t i = 0; i < d->n; i++) {
        const char *s = atoms[i].string;
        while (*s && (line->is_personal || has_room(line))) {
            size_t n = strcspn(s, " /");
            add_key(line, arena_strndup(arena, s, n));
            s += s[n] == '/' ? strcspn(s, " ") : n;
            s += strspn(s, " ");
        }
    }
}

static void
add_column_keys(struct history_line *line, unsigned c, struct arena *arena)
{
    add_words(line, &line->row->table->spec->columns[c],
              ovsdb_datum(line->row, c), arena);
}

/* The names that the row had until now: the change is news of them, too. */
static void
add_lost_keys(struct history_line *line, const struct noun *noun,
              const struct ovsdb_delta *d, const struct ovsdb_delta *end,
              struct arena *arena)
{
    for (; d < end && d->row == line->row && d->kind == OVSDB_CHANGED; d++) {
        if (noun->keys & BIT(d->column)) {
            add_words(line, &line->row->table->spec->columns[d->column],
                      &d->before, arena);
        }
    }
}

/* The localnet port of a patch port, by the latter's name. */
static void
add_patch_key(struct history_line *line, const char *name, struct arena *arena)
{
    size_t length = strlen(name);
    if (strncmp(name, PATCH_PREFIX, strlen(PATCH_PREFIX))) {
        return;
    }
    const char *first = name + strlen(PATCH_PREFIX);
    const char *to = strstr(first, PATCH_TO);
    if (!to) {
        return;
    }
    add_key(line, arena_strndup(arena, first, (size_t) (to - first)));
    for (const char *s = name + length; s > to; s--) {
        if (!strncmp(s, PATCH_TO, strlen(PATCH_TO))) {
            add_key(line, s + strlen(PATCH_TO));
            break;
        }
    }
    add_key(line, to + strlen(PATCH_TO));
}

static void
add_map_key(struct history_line *line, unsigned c, const char *name,
            struct arena *arena)
{
    const char *value = ovsdb_map_get(line->row, c, name);
    if (value) {
        add_key(line, arena_strdup(arena, value));
    }
}

static void
add_keys(struct history_line *line, const struct noun *noun,
         struct arena *arena)
{
    for (uint32_t left = noun->keys; left; left &= left - 1) {
        add_column_keys(line, (unsigned) __builtin_ctz(left), arena);
    }
    if (row_is_of(line->row, &nb_spec, NB_LOGICAL_SWITCH_PORT)) {
        add_map_key(line, LSP_EXTERNAL_IDS, "neutron:port_name", arena);
    } else if (row_is_of(line->row, &ovs_spec, OVS_INTERFACE)) {
        add_map_key(line, INTERFACE_EXTERNAL_IDS, "iface-id", arena);
        add_patch_key(line, line->name, arena);
    } else if (row_is_of(line->row, &ovs_spec, OVS_PORT)) {
        add_map_key(line, PORT_EXTERNAL_IDS, "ovn-localnet-port", arena);
        add_patch_key(line, line->name, arena);
    } else if (row_is_of(line->row, &ovs_spec, OVS_OPEN_VSWITCH)) {
        add_map_key(line, OPEN_VSWITCH_EXTERNAL_IDS, "system-id", arena);
    } else if (row_is_of(line->row, &sb_spec, SB_DATAPATH_BINDING)) {
        add_map_key(line, DATAPATH_EXTERNAL_IDS, "logical-switch", arena);
    } else if (row_is_of(line->row, &nb_spec, NB_LOGICAL_SWITCH)) {
        char uuid[UUID_LENGTH + 1];
        uuid_format(&line->row->uuid, uuid);
        add_key(line, arena_strdup(arena, uuid));
    } else if (row_is_of(line->row, &nb_spec, NB_LOGICAL_ROUTER_PORT)) {
        add_key(line, arena_printf(arena, "cr-%s", line->name));
    }
}

/* What changed in a column. */

static const union ovsdb_atom *
find_element(const struct ovsdb_column_spec *spec, const struct ovsdb_datum *d,
             const union ovsdb_atom *key)
{
    const union ovsdb_atom *atoms = ovsdb_datum_atoms(spec, d);
    size_t width = spec->value == OVSDB_VOID ? 1 : 2;
    for (uint32_t i = 0; i < d->n; i++) {
        const union ovsdb_atom *atom = &atoms[i * width];
        bool same = spec->key == OVSDB_STRING
                        ? !strcmp(atom->string, key->string)
                    : spec->key == OVSDB_UUID ? atom->row == key->row
                                              : atom->integer == key->integer;
        if (same) {
            return atom;
        }
    }
    return NULL;
}

/* The elements of 'd' that 'other' lacks, each behind 'sign'. */
static void
put_missing(struct text *t, const struct ovsdb_column_spec *spec,
            const struct ovsdb_datum *d, const struct ovsdb_datum *other,
            const char *sign)
{
    const union ovsdb_atom *atoms = ovsdb_datum_atoms(spec, d);
    uint32_t n = 0;
    for (uint32_t i = 0; i < d->n; i++) {
        if (find_element(spec, other, &atoms[i])) {
            continue;
        }
        if (n++ < MAX_SHOWN) {
            text_printf(t, " %s", sign);
            put_atom(t, spec->key, &atoms[i]);
        }
    }
    if (n > MAX_SHOWN) {
        text_printf(t, " and %s%u more", sign, n - MAX_SHOWN);
    }
}

static void
put_set_change(struct text *t, const struct ovsdb_column_spec *spec,
               const struct ovsdb_datum *before,
               const struct ovsdb_datum *after)
{
    text_printf(t, " %s", spec->name);
    if (before->n <= 1 && after->n <= 1) {
        text_putc(t, ' ');
        put_value(t, spec, before);
        text_puts(t, " -> ");
        put_value(t, spec, after);
    } else {
        put_missing(t, spec, before, after, "-");
        put_missing(t, spec, after, before, "+");
    }
}

static void
put_pair_change(struct text *t, const struct ovsdb_column_spec *spec,
                const char *key, const char *before, const char *after)
{
    text_printf(t, "%s %s:%s %s -> %s", t->length ? "," : "", spec->name, key,
                !before   ? "(none)"
                : *before ? before
                          : "\"\"",
                !after   ? "(none)"
                : *after ? after
                         : "\"\"");
}

static void
put_map_change(struct text *t, const struct ovsdb_column_spec *spec,
               const struct ovsdb_datum *before,
               const struct ovsdb_datum *after)
{
    struct text pairs;
    text_init(&pairs, MAX_TEXT_BYTES);
    for (uint32_t i = 0; i < before->n; i++) {
        const char *key = before->many[2 * i].string;
        const char *old = before->many[2 * i + 1].string;
        const char *new = ovsdb_datum_map_get(after, key);
        if (!new || strcmp(old, new)) {
            put_pair_change(&pairs, spec, key, old, new);
        }
    }
    for (uint32_t i = 0; i < after->n; i++) {
        const char *key = after->many[2 * i].string;
        if (!ovsdb_datum_map_get(before, key)) {
            put_pair_change(&pairs, spec, key, NULL,
                            after->many[2 * i + 1].string);
        }
    }
    text_puts(t, text_string(&pairs));
    text_done(&pairs);
}

/* Lines. */

/* What a row holds beside its name: ": type localnet, tag 100". */
static void
put_content(struct text *t, const struct noun *noun,
            const struct ovsdb_row *row)
{
    const struct ovsdb_table_spec *spec = row->table->spec;
    const char *separator = ": ";
    for (unsigned c = 0; c < spec->n_columns; c++) {
        const struct ovsdb_datum *d = ovsdb_datum(row, c);
        bool is_name = memchr(noun->name, (int) c + 1, NOUN_MAX_NAME);
        if (!d->n || is_name || noun->quiet & BIT(c) || spec->columns[c].owns
            || (d->n == 1 && spec->columns[c].key == OVSDB_STRING
                && spec->columns[c].value == OVSDB_VOID && !*d->one.string)) {
            continue;
        }
        text_printf(t, "%s%s ", separator, spec->columns[c].name);
        put_value(t, &spec->columns[c], d);
        separator = ", ";
    }
}

static void
put_owner(struct text *t, const char *preposition, const struct ovsdb_row *row)
{
    const struct noun *noun = row->owner ? noun_find(row->owner) : NULL;
    if (noun) {
        text_printf(t, " %s ", preposition);
        put_thing(t, noun, row->owner);
    }
}

/* Ports of VMs come and go without being news of their switch. */
static bool
is_part(const struct noun *noun, const struct ovsdb_row *row)
{
    return noun->is_part
           || (row_is_of(row, &nb_spec, NB_LOGICAL_SWITCH_PORT)
               && !*ovsdb_string(row, LSP_TYPE));
}

/* Whether a change of a column may make the row concern others than those that
 * it names and named, or have done so until now. */
static bool
may_turn(const struct noun *noun, const struct ovsdb_delta *d)
{
    if (row_is_of(d->row, &ovs_spec, OVS_INTERFACE)
        && d->column == INTERFACE_EXTERNAL_IDS) {
        const char *old = ovsdb_datum_map_get(&d->before, "iface-id");
        const char *new = ovsdb_map_get(d->row, d->column, "iface-id");
        return !old || !new || strcmp(old, new);
    }
    if (row_is_of(d->row, &nb_spec, NB_LOGICAL_SWITCH_PORT)
        && d->column == LSP_ADDRESSES) {
        return noun_is_unknown(&d->row->table->spec->columns[d->column],
                               &d->before);
    }
    return noun->pivots & BIT(d->column);
}

/* The deltas from 'd' to 'end' that are of d's row: the next after them. */
static const struct ovsdb_delta *
put_changes(struct text *t, const struct noun *noun,
            const struct ovsdb_delta *d, const struct ovsdb_delta *end,
            struct history_line *line)
{
    const struct ovsdb_row *row = d->row;
    size_t before = t->length;
    line->is_status = noun->status != 0;
    for (; d < end && d->row == row && d->kind == OVSDB_CHANGED; d++) {
        const struct ovsdb_column_spec *spec =
            &row->table->spec->columns[d->column];
        line->is_progress |= !!(noun->quiet & BIT(d->column));
        if (spec->owns || noun->quiet & BIT(d->column)) {
            continue;
        }
        line->is_status &= !!(noun->status & BIT(d->column));
        line->is_personal &= !may_turn(noun, d);
        size_t length = t->length;
        text_puts(t, t->length > before ? "," : ":");
        size_t nothing = t->length;
        if (spec->value == OVSDB_VOID) {
            put_set_change(t, spec, &d->before, ovsdb_datum(row, d->column));
        } else {
            put_map_change(t, spec, &d->before, ovsdb_datum(row, d->column));
        }
        if (t->length == nothing) {
            text_cut(t, length);
        }
    }
    line->is_quiet = t->length == before;
    return d;
}

/* The row's own name, its holder's, and those by which others speak of it. */
static void
add_names(struct history_line *line, const struct noun *noun,
          const struct ovsdb_delta *first, const struct ovsdb_delta *end,
          struct arena *arena)
{
    const struct ovsdb_row *row = line->row;
    line->name = name_of(noun, row, arena);
    if (row->owner) {
        line->holder = name_of(noun_find(row->owner), row->owner, arena);
        line->is_news = !is_part(noun, row);
    }
    add_keys(line, noun, arena);
    add_lost_keys(line, noun, first, end, arena);
}

static const struct ovsdb_delta *
describe_row(const struct ovsdb_delta *d, const struct ovsdb_delta *end,
             struct arena *arena, struct history_line *line)
{
    const struct ovsdb_row *row = d->row;
    const struct ovsdb_delta *first = d;
    const struct noun *noun = noun_find(row);
    struct text t;
    *line = (struct history_line){ .row = row, .kind = d->kind };
    line->name = line->text = "";
    line->is_quiet = line->is_progress = !noun;
    if (!noun) {
        return d + 1;
    }
    line->is_personal = noun->is_personal && noun->is_personal(row);
    text_init(&t, MAX_TEXT_BYTES);
    put_thing(&t, noun, row);
    if (d->kind == OVSDB_CHANGED) {
        d = put_changes(&t, noun, d, end, line);
    } else {
        bool came = d->kind == OVSDB_CAME;
        text_puts(&t, came ? " added" : " deleted");
        put_owner(&t, came ? "to" : "from", row);
        put_content(&t, noun, row);
        d++;
    }
    if (!line->is_quiet) {
        line->text = arena_strdup(arena, text_string(&t));
    }
    text_done(&t);
    if (!line->is_quiet || line->is_status) {
        add_names(line, noun, first, end, arena);
    }
    return d;
}

/* Whether an interface only comes or goes with its port. */
static bool
goes_with_port(const struct ovsdb_delta *d)
{
    const struct ovsdb_row *owner = d->row->owner;
    return row_is_of(d->row, &ovs_spec, OVS_INTERFACE) && owner
           && d->kind != OVSDB_CHANGED
           && !strcmp(ovsdb_string(owner, PORT_NAME),
                      ovsdb_string(d->row, INTERFACE_NAME))
           && !ovsdb_map_get(d->row, INTERFACE_EXTERNAL_IDS, "iface-id");
}

/* The order of tables is from the whole to its parts. */
static int
compare_lines(const void *a_, const void *b_)
{
    const struct history_line *a = a_, *b = b_;
    const struct ovsdb_row *p = a->row, *q = b->row;
    return p->table != q->table   ? (p->table < q->table ? -1 : 1)
           : p->index != q->index ? (p->index < q->index ? -1 : 1)
                                  : 0;
}

static struct history_line *
add_line(struct history_lines *lines)
{
    lines->items =
        xgrow(lines->items, lines->n, &lines->capacity, sizeof *lines->items);
    return &lines->items[lines->n++];
}

void
history_lines_done(struct history_lines *lines)
{
    free(lines->items);
}

void
describe_transaction(const struct ovsdb_store *store, struct arena *arena,
                     struct history_lines *lines)
{
    const struct ovsdb_delta *d = store->deltas;
    const struct ovsdb_delta *end = d ? d + store->n_deltas : d;
    lines->n = 0;
    while (d < end) {
        if (goes_with_port(d)) {
            d++;
            continue;
        }
        d = describe_row(d, end, arena, add_line(lines));
    }
    if (lines->n > 1) {
        qsort(lines->items, lines->n, sizeof *lines->items, compare_lines);
    }
}
