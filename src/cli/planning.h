/* Making plans for what is wrong, each tried on evidence that is gathered for
 * the purpose.  Private to cli/. */
#ifndef CLI_PLANNING_H
#define CLI_PLANNING_H 1

#include "cli/cli.h"
#include "repair/plan.h"

struct planning {
    const struct cli_options *options;
    struct arena arena;
    struct cli_state state;
    bool is_gathered;
    const char **keys; /* Of the findings to mend. */
    size_t n_keys, keys_capacity;
    struct plan **plans;
    size_t n_plans, plans_capacity;
};

/* Plans for the findings that the options want, in 'p->plans'; 'p->state' has
 * been gathered and judged. */
struct error *planning_make(struct planning *);
void planning_done(struct planning *);

/* Gathers and judges, unless the state is judged. */
struct error *planning_gather(struct planning *);

/* The finding with that key, in the state as it is, or NULL. */
const struct reach_finding *planning_find(struct planning *, const char *key);

/* Makes the plan's changes once more, from evidence that is gathered anew,
 * and tries them; then again, from evidence that no trial has touched: that is
 * '*ret', and plan_done() must follow on success. */
struct error *planning_renew(struct planning *, struct plan *,
                             struct plan *ret);

#endif /* cli/planning.h */
