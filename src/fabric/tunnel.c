/* The tunnels between chassis. */
#include "fabric/build.h"

#define BITS_A_WORD 32

const struct ovsdb_row *
fabric_find_tunnel(const struct fabric_chassis *from,
                   const struct fabric_chassis *to)
{
    const struct ovsdb_row *tunnel = NULL;
    for (size_t i = 0; i < to->n_sb_ips && !tunnel; i++) {
        tunnel = strmap_get(&from->tunnels, to->sb_ips[i]);
    }
    return tunnel;
}

/* Of a gateway, the tunnels to all of its tenants' chassis are asked about
 * whenever it is judged.  To look one up takes some twenty places in memory,
 * and to ask for what was found out takes one. */

static bool
is_well(const struct fabric_chassis *from, const struct fabric_chassis *to)
{
    const struct ovsdb_row *tunnel =
        from->ovs_known && to->sb && !from->encap_is_new
            ? fabric_find_tunnel(from, to)
            : NULL;
    if (!tunnel) {
        return false;
    }
    bool watched;
    enum link_state state = fabric_tunnel_bfd(from, tunnel, &watched);
    return (!watched || state == LINK_UP) && fabric_ofport(from, tunnel) >= 0;
}

static size_t
n_words(const struct fabric *f)
{
    return (f->n_chassis + BITS_A_WORD - 1) / BITS_A_WORD;
}

void
fabric_begin_tunnels(struct fabric *f)
{
    size_t n = n_words(f);
    for (size_t i = 0; i < f->n_chassis; i++) {
        f->chassis[i]->well =
            arena_zalloc(&f->arena, n * sizeof *f->chassis[i]->well);
    }
}

void
fabric_forget_tunnels(const struct fabric *f, struct fabric_chassis *chassis)
{
    for (size_t i = 0; i < n_words(f); i++) {
        atomic_store_explicit(&chassis->well[i], 0, memory_order_relaxed);
    }
}

bool
fabric_tunnel_is_well(const struct fabric_chassis *from,
                      const struct fabric_chassis *to)
{
    fabric_well_word *word = &from->well[to->index / BITS_A_WORD];
    uint32_t bit = UINT32_C(1) << to->index % BITS_A_WORD;
    if (atomic_load_explicit(word, memory_order_relaxed) & bit) {
        return true;
    }
    bool well = is_well(from, to);
    if (well) {
        atomic_fetch_or_explicit(word, bit, memory_order_relaxed);
    }
    return well;
}

bool
fabric_tunnels_are_well(const struct fabric_chassis *a,
                        const struct fabric_chassis *b)
{
    return a == b
           || (fabric_tunnel_is_well(a, b) && fabric_tunnel_is_well(b, a));
}

void
fabric_read_isolation(struct fabric_chassis *chassis)
{
    bool any = false, all_down = true;
    for (size_t i = 0; i < chassis->tunnels.n && all_down; i++) {
        bool watched;
        enum link_state state = fabric_tunnel_bfd(
            chassis, chassis->tunnels.entries[i].value, &watched);
        any |= watched;
        all_down = !watched || state == LINK_DOWN;
    }
    chassis->is_isolated = any && all_down;
}
