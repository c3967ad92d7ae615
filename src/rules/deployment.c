/* Rules about the deployment as a whole: is each layer following the one
 * above? */
#include <stdlib.h>
#include <string.h>

#include "rules/checks.h"

static const struct ovsdb_row *
singleton(const struct evidence_db *db, unsigned table)
{
    return db->present ? ovsdb_table_next(&db->store.tables[table], NULL)
                       : NULL;
}

/* A switch of which SB does not have what NB says, or NULL. */
static const struct fabric_switch *
find_switch_behind(const struct fabric *f)
{
    for (size_t i = 0; i < f->n_switches; i++) {
        if (f->switches[i].sb_behind) {
            return &f->switches[i];
        }
    }
    return NULL;
}

/* nb_cfg is bumped by `ovn-nbctl --wait` and by CMSs that watch liveness;
 * northd copies it to sb_cfg once SB has what NB asks for (ovn-nb(5),
 * NB_Global).  Paused and dead northds look the same in rows. */
void
check_northd_paused(struct examination *x, const struct rule *rule,
                    const struct place *place)
{
    const struct evidence *e = place->fabric->evidence;
    const struct ovsdb_row *nb = singleton(&e->nb, NB_NB_GLOBAL);
    const struct fabric_switch *behind = find_switch_behind(place->fabric);
    int64_t nb_cfg = nb ? ovsdb_integer(nb, NB_GLOBAL_NB_CFG, 0) : 0;
    int64_t sb_cfg = nb ? ovsdb_integer(nb, NB_GLOBAL_SB_CFG, 0) : 0;
    if (!nb || !e->sb.present || (nb_cfg <= sb_cfg && !behind)) {
        return;
    }
    struct finding *f = report(
        x, rule, place, "nb", nb,
        "ovn-northd is paused, not running, or far behind: %s%s.  What was "
        "changed in NB since then does not count yet, and all of it takes "
        "effect at once when northd goes on: compare first",
        behind ? "SB does not have the localnet ports that NB has on switch "
               : "NB's nb_cfg is ahead of sb_cfg",
        behind ? behind->name : "");
    finding_evidence(f, "nb", nb, "nb_cfg",
                     arena_printf(x->arena, "%lld", (long long) nb_cfg));
    finding_evidence(f, "nb", nb, "sb_cfg",
                     arena_printf(x->arena, "%lld", (long long) sb_cfg));
}

/* ovn-controller copies SB_Global.nb_cfg to its Chassis_Private once its
 * flows are there (ovn-sb(5), Chassis_Private). */
void
check_hv_cfg_lag(struct examination *x, const struct rule *rule,
                 const struct place *place)
{
    const struct fabric_chassis *chassis = place->chassis;
    const struct ovsdb_row *sb =
        singleton(&place->fabric->evidence->sb, SB_SB_GLOBAL);
    if (!sb) {
        return;
    }
    int64_t want = ovsdb_integer(sb, SB_GLOBAL_NB_CFG, 0);
    int64_t have = chassis->nb_cfg;
    if (!chassis->is_behind) {
        return;
    }
    struct finding *f =
        report(x, rule, place, "sb", chassis->nb_cfg_row,
               "ovn-controller on %s has not applied the latest changes "
               "(nb_cfg %lld of %lld): it is stopped, stuck, or cut off "
               "from SB; frames go on as its flows were before",
               chassis->name, (long long) have, (long long) want);
    finding_evidence(f, "sb", chassis->nb_cfg_row, "nb_cfg",
                     arena_printf(x->arena, "%lld", (long long) have));
}
