/* When what NB and SB say need not be what the frames meet: a daemon between
 * has not followed. */
#include "reach/walk.h"

/* Whether a chassis that has not applied the latest changes may still do what
 * NB and SB no longer say: its patch ports, and so its flows, are as before
 * (measured: a stopped ovn-controller goes on to forward). */
static bool
chassis_may_not_know(const struct finding *f, const struct walk *walk,
                     const struct fabric_endpoint *e)
{
    enum layer layer = f->rule->layer;
    const struct fabric_attachment *way = walk->attachment;
    return e->chassis && e->chassis->is_behind
           && (layer == LAYER_NB || layer == LAYER_SB)
           && f->effect < EFFECT_STORMS && way && way->outer && way->inner;
}

/* Whether northd is behind and the change came after it last confirmed SB:
 * NB_Global.sb_cfg says what it has taken over (ovn-nb(5)).  What concerns a
 * whole switch is judged by SB's own rows, and so is never in doubt. */
static bool
northd_may_not_know(const struct assessment *a, const struct finding *f)
{
    const struct evidence_db *nb = &a->fabric->evidence->nb;
    const struct ovsdb_table *table =
        nb->log ? &nb->log->tables[NB_NB_GLOBAL] : NULL;
    const struct ovsdb_row *global =
        table ? ovsdb_table_next(table, NULL) : NULL;
    bool of_port = f->scope == SCOPE_LOCALNET || f->scope == SCOPE_ENDPOINT;
    if (!global || !of_port || f->rule->layer != LAYER_NB
        || !a->fabric->evidence->sb.present
        || ovsdb_integer(global, NB_GLOBAL_NB_CFG, 0)
               <= ovsdb_integer(global, NB_GLOBAL_SB_CFG, 0)) {
        return false;
    }
    return cause_hint_record(&f->cause)
           > ovsdb_changed_in(global, NB_GLOBAL_SB_CFG);
}

/* Whether northd has written nothing to SB since a router was changed: its
 * routes and NAT are in SB as logical flows only, and each change of them
 * makes northd write within milliseconds.  A compacted SB log does not tell,
 * since nothing in it says what northd wrote. */
static bool
northd_has_not_answered(const struct assessment *a, const struct finding *f)
{
    const struct ovsdb_store *nb = a->fabric->evidence->nb.log;
    uint32_t record = cause_hint_record(&f->cause);
    return f->hop == HOP_ROUTER && f->rule->layer == LAYER_NB && nb
           && a->fabric->northd_ms && record && record < nb->n_records
           && nb->records[record].date_ms > a->fabric->northd_ms;
}

const char *
walk_doubt(struct assessment *a, const struct walk *walk,
           const struct fabric_endpoint *e, const struct finding *f)
{
    if (chassis_may_not_know(f, walk, e)) {
        return arena_printf(a->judging,
                            "whether chassis %s, which has not applied the "
                            "latest changes, still forwards as before %s",
                            e->chassis->name, f->rule->code);
    }
    if (northd_may_not_know(a, f) || northd_has_not_answered(a, f)) {
        return arena_printf(a->judging,
                            "whether ovn-northd, which is behind NB, has "
                            "taken over the change that made %s",
                            f->rule->code);
    }
    return NULL;
}
