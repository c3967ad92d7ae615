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

/* Of a gateway, the tunnels to all of its tenants' chassis are asked about,
 * and those back, whenever it is judged.  To look one up leads from place to
 * place in memory; what was found out of both is kept with the gateway, in
 * one. */

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
    size_t size = n_words(f) * sizeof(fabric_well_word);
    for (size_t i = 0; i < f->n_chassis; i++) {
        f->chassis[i]->well_to = arena_zalloc(&f->arena, size);
        f->chassis[i]->well_from = arena_zalloc(&f->arena, size);
    }
}

static uint32_t
bit_of(size_t chassis)
{
    return UINT32_C(1) << chassis % BITS_A_WORD;
}

static bool
has_bit(const fabric_well_word *bits, size_t chassis)
{
    return atomic_load_explicit(&bits[chassis / BITS_A_WORD],
                                memory_order_relaxed)
           & bit_of(chassis);
}

static void
set_bit(fabric_well_word *bits, size_t chassis)
{
    atomic_fetch_or_explicit(&bits[chassis / BITS_A_WORD], bit_of(chassis),
                             memory_order_relaxed);
}

static void
clear_bit(fabric_well_word *bits, size_t chassis)
{
    atomic_fetch_and_explicit(&bits[chassis / BITS_A_WORD], ~bit_of(chassis),
                              memory_order_relaxed);
}

void
fabric_forget_tunnel(struct fabric_chassis *from, struct fabric_chassis *to)
{
    clear_bit(from->well_to, to->index);
    clear_bit(to->well_from, from->index);
}

void
fabric_forget_tunnels(const struct fabric *f, struct fabric_chassis *from)
{
    for (size_t i = 0; i < f->n_chassis; i++) {
        fabric_forget_tunnel(from, f->chassis[i]);
    }
}

bool
fabric_tunnel_is_well(const struct fabric_chassis *from,
                      const struct fabric_chassis *to)
{
    if (has_bit(from->well_to, to->index)) {
        return true;
    }
    bool well = is_well(from, to);
    if (well) {
        set_bit(from->well_to, to->index);
        set_bit(to->well_from, from->index);
    }
    return well;
}

bool
fabric_tunnels_are_well(const struct fabric_chassis *near,
                        const struct fabric_chassis *far)
{
    return near == far
           || (fabric_tunnel_is_well(near, far)
               && (has_bit(near->well_from, far->index)
                   || fabric_tunnel_is_well(far, near)));
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
