/* Physical networks, as the chassis' mappings name them. */
#include <string.h>

#include "fabric/build.h"

/* What 'networks' says of one. */
static char heard_of[] = "heard of", unheard_of[] = "unheard of";

/* Whether 'text', a value of ovn-bridge-mappings, names 'network' in any
 * way, well or badly written. */
static bool
mentions(const char *text, const char *network)
{
    size_t length = strlen(network);
    for (const char *p = text ? strstr(text, network) : NULL; p;
         p = strstr(p + 1, network)) {
        bool starts = p == text || strchr(", \t\"'", p[-1]);
        if (starts && strchr(":= \t,\"'", p[length])) {
            return true;
        }
    }
    return false;
}

/* Whether the chassis has, or ever had as far as its log reaches, a mapping
 * for 'network'. */
static bool
knew_network(const struct fabric_chassis *chassis, const char *network)
{
    if (mentions(chassis->mappings.text, network)) {
        return true;
    }
    if (!chassis->ovs_known || strcmp(chassis->mappings_db, "ovs")) {
        return false;
    }
    const struct ovsdb_row *row =
        evidence_log_row(&chassis->evidence->ovs, chassis->mappings_row);
    for (const struct ovsdb_past *p = row ? row->past : NULL; p;
         p = p->older) {
        if (p->column == OPEN_VSWITCH_EXTERNAL_IDS
            && mentions(ovsdb_datum_map_get(&p->datum, chassis->mappings_key),
                        network)) {
            return true;
        }
    }
    return false;
}

static bool
look_for(const struct fabric *f, const char *network)
{
    bool any_mapping = false;
    for (size_t i = 0; *network && i < f->n_chassis; i++) {
        const struct fabric_chassis *chassis = f->chassis[i];
        if (!chassis->mappings_known || knew_network(chassis, network)) {
            return false;
        }
        any_mapping |= chassis->mappings.n > 0;
    }
    return any_mapping;
}

bool
fabric_is_unheard_of(struct fabric *f, const char *network)
{
    const char *answer = strmap_get(&f->networks, network);
    if (!answer) {
        answer = look_for(f, network) ? unheard_of : heard_of;
        *strmap_place(&f->networks, arena_strdup(&f->arena, network)) =
            (void *) answer;
    }
    return answer == unheard_of;
}
