/* What follows for attachments, from whatever has to do with them. */
#include <string.h>

#include "fabric/follow.h"

struct needs {
    const struct fabric_switch *ls;
    bool found;
};

/* Of those on the switch, not those who only lead to a VM on it. */
static void
require(struct fabric_change *c, struct fabric_endpoint *e, void *needs_)
{
    struct needs *needs = needs_;
    (void) c;
    needs->found |= e->gateway && e->ls == needs->ls;
}

/* Whether an endpoint needs the switch's attachments on the chassis. */
static bool
is_required(struct fabric_change *c, const struct fabric_switch *ls,
            const struct fabric_chassis *chassis)
{
    struct needs needs = { ls, false };
    if (ls->intent.why) {
        change_visit_entering(c, chassis, require, &needs);
    }
    return needs.found;
}

/* What a router's port that is everywhere can be at. */
static const char *
mapped_of(const struct fabric_attachment *a)
{
    return a->is_required ? NULL : a->mapped;
}

static void
attach(struct fabric_change *c, struct fabric_localnet *localnet,
       struct fabric_chassis *chassis, bool local, bool required)
{
    struct fabric_attachment *a = &localnet->attachments[chassis->index];
    bool was_there = a->chassis, was_changed = a->is_changed;
    const char *mapped = mapped_of(a);
    bool alone = !local && !fabric_has_patch_port(localnet, chassis);
    memset(a, 0, sizeof *a);
    if (required || !alone) {
        fabric_build_attachment(localnet, chassis, &c->fabric->arena);
        a->is_required = alone;
    }
    a->is_changed = was_changed;
    a->localnet = localnet; /* Of one that is not there, too. */
    if (was_there || a->chassis) {
        change_mark_attachment(c, a);
        change_mark_shell(c, localnet->ls);
    }
    if (!mapped != !mapped_of(a)) {
        c->all |= fabric_has_ubiquitous(localnet->ls);
    }
}

void
change_attach(struct fabric_change *c, struct fabric_switch *ls,
              struct fabric_chassis *chassis)
{
    if (!ls->n_localnets && !ls->lost) {
        return;
    }
    bool local = fabric_is_local(ls, chassis);
    bool required = !local && is_required(c, ls, chassis);
    for (size_t i = 0; i < ls->n_localnets; i++) {
        attach(c, &ls->localnets[i], chassis, local, required);
    }
    if (ls->lost) {
        attach(c, ls->lost, chassis, local, required);
    }
}

void
change_examine(struct fabric_change *c, struct fabric_switch *ls,
               const struct fabric_chassis *chassis)
{
    for (size_t i = 0; i <= ls->n_localnets; i++) {
        struct fabric_localnet *localnet =
            i < ls->n_localnets ? &ls->localnets[i] : ls->lost;
        struct fabric_attachment *a =
            localnet ? fabric_find_attachment(localnet, chassis) : NULL;
        if (a) {
            change_mark_attachment(c, a);
            change_mark_shell(c, ls);
        }
    }
}

void
fabric_change_floods(struct fabric_change *c)
{
    const struct fabric *f = c->fabric;
    for (size_t i = 0; i < f->n_physical; i++) {
        struct fabric_switch *ls = f->physical[i];
        for (size_t j = 0; j < f->n_chassis; j++) {
            change_examine(c, ls, f->chassis[j]);
        }
        if (ls->n_localnets || ls->n_l2gateways || ls->lost) {
            change_mark_shell(c, ls);
            fabric_change_switch(c, ls);
        }
    }
}

/* Whether the localnet port has an attachment there, for more than an endpoint
 * alone. */
static bool
has_own(const struct fabric_localnet *localnet,
        const struct fabric_chassis *chassis)
{
    const struct fabric_attachment *a =
        fabric_find_attachment(localnet, chassis);
    return a && !a->is_required;
}

/* Whether all of the switch's localnet ports do; some may have one because of
 * a patch port. */
static bool
is_attached(const struct fabric_switch *ls,
            const struct fabric_chassis *chassis)
{
    bool all = !ls->lost || has_own(ls->lost, chassis);
    for (size_t i = 0; i < ls->n_localnets && all; i++) {
        all = has_own(&ls->localnets[i], chassis);
    }
    return all;
}

void
change_move(struct fabric_change *c, struct fabric_switch *ls,
            struct fabric_chassis *before, struct fabric_chassis *now)
{
    if (before == now || (!ls->n_localnets && !ls->lost)) {
        return;
    }
    if (fabric_has_ubiquitous(ls)) {
        /* Its address is where the first attachment is. */
        c->all |= (now && !is_attached(ls, now))
                  || (before && !fabric_is_local(ls, before));
        return;
    }
    if (now && !is_attached(ls, now)) {
        change_attach(c, ls, now);
    }
    if (before && !fabric_is_local(ls, before)
        && !is_required(c, ls, before)) {
        change_attach(c, ls, before);
    }
}

static void
change_localnet(struct fabric_change *c, struct fabric_localnet *localnet)
{
    struct fabric *f = c->fabric;
    struct fabric_switch *ls = localnet->ls;
    fabric_read_localnet(f, localnet);
    for (size_t i = 0; i < localnet->n_attachments; i++) {
        if (localnet->attachments[i].chassis) {
            attach(c, localnet, f->chassis[i],
                   !localnet->attachments[i].is_required, true);
        }
    }
    fabric_change_switch(c, ls);
    /* Others may share its segment, or not any more. */
    fabric_index_segments(f);
    for (size_t i = 0; i < f->n_physical; i++) {
        if (f->physical[i]->n_localnets) {
            change_mark_shell(c, f->physical[i]);
        }
    }
    change_mark_shell(c, ls);
    c->floods = true;
}

size_t
change_localnets(struct fabric_change *c, const struct ovsdb_row *row)
{
    size_t n = 0;
    for (size_t i = 0; i < c->fabric->n_physical; i++) {
        struct fabric_switch *ls = c->fabric->physical[i];
        for (size_t j = 0; j < ls->n_localnets + ls->n_pending; j++) {
            struct fabric_localnet *localnet =
                j < ls->n_localnets ? &ls->localnets[j]
                                    : &ls->pending[j - ls->n_localnets];
            if (localnet->lsp == row || localnet->pb == row) {
                change_localnet(c, localnet);
                n++;
            }
        }
    }
    return n;
}
