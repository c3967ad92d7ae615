/* A flow that a bridge lacks, as a step of a journal: added by ovs-ofctl(8),
 * since rows do not hold flows, and taken away again by the same.  The
 * bridge's Open vSwitch must be on this host, as the path of its database's
 * socket tells.
 *
 * Flows have no conditions as rows have, but ours has a cookie of its own, by
 * which alone it is taken away, and is not added beside another flow of its
 * priority that overlaps.  One that matches exactly the same would be
 * replaced: a plan adds a flow only to a bridge that has none.  Private to
 * apply/. */
#ifndef APPLY_FLOW_H
#define APPLY_FLOW_H 1

#include "apply/journal.h"
#include "evidence/evidence.h"
#include "repair/plan.h"

/* The step's strings live in the arena. */
struct error *flow_make_step(const struct plan_flow *, const struct evidence *,
                             struct arena *, struct journal_step *ret);

/* Whether a step, which may be anybody's, only adds a flow of ours, and only
 * such a flow is taken away by what takes it back. */
bool flow_is_sound(const struct journal_step *, struct arena *);

/* Whether a flow of ours is on the step's bridge. */
struct error *flow_look(const struct journal_step *, int timeout_ms,
                        bool *ret_is_there);

/* Does one of the step's operations or inverses, which may be anybody's.  If
 * surely nothing was done, since there is no ovs-ofctl, '*ret' (if not NULL)
 * is not NULL. */
struct error *flow_transact(const struct journal_step *, const char *params,
                            int timeout_ms, struct arena *,
                            const struct json_value **ret);

#endif /* apply/flow.h */
