/* What of chassis' interfaces is looked for on all chassis: what bears an
 * iface-id, an attached-mac or a tap's name, and what claimed a port once.
 *
 * A chassis lists its own, together with the hashes, which any thread may do;
 * then the lists are taken one after the other. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "fabric/build.h"

/* Listing. */

static void
list_mark(struct fabric_chassis_marks *list, const char *text, bool is_odd_mac)
{
    list->marks =
        xgrow(list->marks, list->n, &list->capacity, sizeof *list->marks);
    list->marks[list->n++] =
        (struct fabric_mark){ text, strmap_hash(text), is_odd_mac };
}

static bool
has_upper(const char *s)
{
    while (*s && !isupper((unsigned char) *s)) {
        s++;
    }
    return *s != '\0';
}

void
fabric_list_marks(struct fabric_chassis *chassis, const struct ovsdb_row *row)
{
    const char *id = ovsdb_map_get(row, INTERFACE_EXTERNAL_IDS, "iface-id");
    const char *mac =
        ovsdb_map_get(row, INTERFACE_EXTERNAL_IDS, "attached-mac");
    const char *name = ovsdb_string(row, INTERFACE_NAME);
    struct fabric_chassis_marks *list = &chassis->marks;
    if (!strncmp(name, "tap", strlen("tap"))) {
        list_mark(list, name, false);
    }
    if (id) {
        list_mark(list, id, false);
    }
    if (mac) {
        list_mark(list, mac, has_upper(mac));
    }
}

void
fabric_list_lost(struct fabric_chassis *chassis)
{
    const struct ovsdb_store *log = chassis->evidence->ovs.log;
    const struct ovsdb_table *table = log ? &log->tables[OVS_INTERFACE] : NULL;
    struct fabric_rows *list = &chassis->lost;
    for (size_t i = 0; table && i < table->n_rows; i++) {
        const struct ovsdb_row *row = table->rows[i];
        if (!row->exists && row->deleted_in
            && ovsdb_map_get(row, INTERFACE_EXTERNAL_IDS, "iface-id")) {
            list->rows = xgrow(list->rows, list->n, &list->capacity,
                               sizeof(struct ovsdb_row *));
            list->rows[list->n++] = row;
        }
    }
}

/* Taking. */

static void
add_sighting(struct fabric *f, struct fabric_chassis *chassis,
             const struct fabric_mark *mark)
{
    void **place = strmap_place_hashed(&f->sightings, mark->text, mark->hash);
    const struct fabric_sighting *first = *place, *s = first;
    while (s && s->chassis != chassis) {
        s = s->next;
    }
    if (!s) {
        struct fabric_sighting *new = arena_alloc(&f->arena, sizeof *new);
        *new = (struct fabric_sighting){ chassis, first };
        *place = new;
    }
}

static void
add_lost(struct fabric *f, const struct evidence_db *db,
         const struct ovsdb_row *row)
{
    void **place =
        strmap_place(&f->lost_interfaces,
                     ovsdb_map_get(row, INTERFACE_EXTERNAL_IDS, "iface-id"));
    const struct fabric_lost_interface *first = *place, *l = first;
    while (l && l->row != row) {
        l = l->next;
    }
    if (!l) {
        struct fabric_lost_interface *new =
            arena_alloc(&f->arena, sizeof *new);
        *new = (struct fabric_lost_interface){ db, row, first };
        *place = new;
    }
}

void
fabric_take_sightings(struct fabric *f, struct fabric_chassis *chassis)
{
    struct fabric_chassis_marks *marks = &chassis->marks;
    struct fabric_rows *lost = &chassis->lost;
    for (size_t i = 0; i < marks->n; i++) {
        const struct fabric_mark *mark = &marks->marks[i];
        if (i + FABRIC_AHEAD < marks->n) {
            strmap_prefetch_hashed(&f->sightings, mark[FABRIC_AHEAD].hash);
        }
        add_sighting(f, chassis, mark);
        if (mark->is_odd_mac) {
            fabric_note_attached(f, mark->text);
        }
    }
    for (size_t i = 0; i < lost->n; i++) {
        add_lost(f, &chassis->evidence->ovs, lost->rows[i]);
    }
    free(marks->marks);
    free(lost->rows);
    memset(marks, 0, sizeof *marks);
    memset(lost, 0, sizeof *lost);
}
