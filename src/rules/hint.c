/* From a finding's hint to the record of the log that made it true. */
#include <string.h>

#include "rules/rule.h"

static bool
same_value(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

/* The record that gave the map's 'key' in column 'c' of 'row' the value it
 * has. */
static uint32_t
find_key_change(const struct ovsdb_row *row, unsigned c, const char *key)
{
    const struct ovsdb_datum *newer = ovsdb_datum(row, c);
    const char *value = ovsdb_datum_map_get(newer, key);
    for (const struct ovsdb_past *p = row->past; p; p = p->older) {
        if (p->column == c) {
            if (!same_value(ovsdb_datum_map_get(&p->datum, key), value)) {
                return p->until;
            }
            newer = &p->datum;
        }
    }
    return newer->changed_in ? newer->changed_in : row->created_in;
}

static uint32_t
find_record(const struct cause_hint *hint, const struct ovsdb_row *row)
{
    switch (hint->what) {
    case CAUSE_DELETED:
        return row->deleted_in;
    case CAUSE_CREATED:
        return row->created_in;
    case CAUSE_COLUMN:
        break;
    }
    if (hint->key) {
        return find_key_change(row, hint->column, hint->key);
    }
    return ovsdb_changed_in(row, hint->column);
}

uint32_t
cause_hint_record(const struct cause_hint *hint)
{
    const struct ovsdb_row *row =
        hint->db ? evidence_log_row(hint->db, hint->row) : NULL;
    return row ? find_record(hint, row) : 0;
}
