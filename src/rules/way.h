/* The ports of a router that the frames of an endpoint cross, for the checks
 * of gateway.c, router.c, nat.c and tunnel.c.  Private to rules/. */
#ifndef RULES_WAY_H
#define RULES_WAY_H 1

#include "rules/checks.h"

/* Looks at one router port; reports a finding, or returns NULL. */
typedef struct finding *port_check(struct examination *, const struct rule *,
                                   const struct place *,
                                   const struct fabric_lrp *);

/* Runs 'check' on the gateway port of the endpoint, and on the ports of its
 * router that lead to its VM; of a router's own address, to all tenants of
 * its family, for which only exchanges that they begin count.  What is wrong
 * at a tenant's switch is told to be there. */
void way_check_ports(struct examination *, const struct rule *,
                     const struct place *, port_check *);

/* How many faults of one kind an endpoint tells of, of the many that a router
 * may have: all that anybody will have, unless there are very many gateways
 * each of which would tell of them. */
size_t way_max_faults(const struct place *);

/* Whether 'port' leads to tenants whose VMs go out by 'gateway'. */
bool way_is_tenant(const struct fabric_lrp *port,
                   const struct fabric_lrp *gateway);

/* Whether the endpoint's frames enter by the chassis that holds the gateway
 * port. */
bool way_is_centralised(const struct fabric_endpoint *);

/* The row of 'place's router port to look a cause up in. */
const struct evidence_db *way_nb(const struct place *);

/* Whether the VM of a floating IP whose translation fails still goes out, by
 * the SNAT of the router: then the finding counts for inbound only. */
struct finding *way_spare_outbound(struct finding *, const struct place *);

/* Calls 'visit' for the VMs of tenants that go out by the endpoint's gateway
 * port without a floating IP, have an address of its family, and are wanted
 * by where they are (their switch's 'hosts'; NULL: all), until one returns
 * false. */
typedef bool tenant_wanted(const void *aux, uint32_t host);
typedef bool tenant_visit(void *aux, struct fabric_vif *);
void way_visit_tenants(const struct fabric_endpoint *, tenant_wanted *wanted,
                       tenant_visit *visit, void *aux);

#endif /* rules/way.h */
