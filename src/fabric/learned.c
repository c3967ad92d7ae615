/* Where MAC addresses were learned: SB's FDB. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "fabric/build.h"

#define KEY_BYTES 64

static void
lower(char *s)
{
    for (; *s; s++) {
        *s = (char) tolower((unsigned char) *s);
    }
}

/* "DATAPATH MAC", in lower case. */
static void
make_key(char key[KEY_BYTES], int64_t datapath, const char *mac)
{
    snprintf(key, KEY_BYTES, "%lld %s", (long long) datapath, mac);
    lower(key);
}

void
fabric_note_attached(struct fabric *f, const char *mac)
{
    char *key = arena_strdup(&f->arena, mac);
    lower(key);
    *strmap_place(&f->attached, key) = key;
}

bool
fabric_is_attached(const struct fabric *f, const char *mac)
{
    char key[KEY_BYTES];
    snprintf(key, sizeof key, "%s", mac);
    lower(key);
    return fabric_find_sightings(f, key) || strmap_get(&f->attached, key);
}

void
fabric_index_learned(struct fabric *f, const struct ovsdb_row *row)
{
    char key[KEY_BYTES];
    make_key(key, ovsdb_integer(row, FDB_DP_KEY, 0),
             ovsdb_string(row, FDB_MAC));
    void **place = strmap_place(&f->learned, arena_strdup(&f->arena, key));
    const struct ovsdb_row *other = *place;
    if (!other || !other->exists) {
        *place = (void *) row;
    }
}

const struct ovsdb_row *
fabric_find_learned(const struct fabric *f, const struct ovsdb_row *pb,
                    const char *mac)
{
    const struct ovsdb_row *datapath = ovsdb_ref(pb, PB_DATAPATH);
    if (!datapath) {
        return NULL;
    }
    char key[KEY_BYTES];
    make_key(key, ovsdb_integer(datapath, DATAPATH_TUNNEL_KEY, 0), mac);
    const struct ovsdb_row *row = strmap_get(&f->learned, key);
    return row && row->exists ? row : NULL;
}
