/* Load balancers: which addresses they concern, and whose they are.
 *
 * A load balancer counts on the switches and routers that name it, or a group
 * with it.  Of a ping it concerns only a part: a VIP with a port takes TCP,
 * UDP or SCTP, one without takes all new connections to its address
 * (ovn-nb(5), Load_Balancer, "vips"; OVN 23.03, northd/northd.c,
 * build_lb_rules(), build_lrouter_nat_flows_for_lb()).  All of them are
 * indexed by address once per fabric, in its arena. */
#ifndef FABRIC_BALANCER_H
#define FABRIC_BALANCER_H 1

#include "fabric/fabric.h"

enum fabric_balancing {
    BALANCES_ALL,   /* It is a VIP without a port... */
    BALANCES_PORT,  /* ...or one with. */
    BALANCES_PROBES /* The backends' health is asked from it. */
};

/* What one load balancer does with an address. */
struct fabric_balanced {
    enum fabric_balancing what;
    const struct ovsdb_row *lb;
    const struct ovsdb_row *lsp; /* BALANCES_PROBES: the backend's port. */
    struct fabric_balanced *next;
};

void fabric_index_balancers(struct fabric *);

/* What load balancers anywhere do with 'ip'; and with addresses that only
 * each chassis knows (options:template).  NULL if nothing. */
const struct fabric_balanced *fabric_find_balanced(const struct fabric *,
                                                   const char *ip);
const struct fabric_balanced *fabric_find_templates(const struct fabric *);

/* Calls 'visit' for the load balancers of 'holder', a Logical_Switch or a
 * Logical_Router, until it returns true; returns whether it did. */
typedef bool balancer_visit(void *aux, const struct ovsdb_row *lb);
bool fabric_visit_balancers(const struct ovsdb_row *holder,
                            balancer_visit *visit, void *aux);

/* Whether 'lb' is among them; whether any of them has a VIP. */
bool fabric_has_balancer(const struct ovsdb_row *holder,
                         const struct ovsdb_row *lb);
bool fabric_has_vip(const struct ovsdb_row *holder);

#endif /* fabric/balancer.h */
