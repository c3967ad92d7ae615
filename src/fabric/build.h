/* The parts of building a fabric, one file each: chassis.c, switch.c and
 * endpoint.c.  Private to fabric/. */
#ifndef FABRIC_BUILD_H
#define FABRIC_BUILD_H 1

#include "fabric/fabric.h"

/* Chassis of SB and of the evidence, with their mappings and bridges. */
void fabric_build_chassis(struct fabric *);

/* Logical switches with their ports, and what they are meant to be. */
void fabric_build_switches(struct fabric *);

/* The ways of the localnet ports out of each chassis that needs them. */
void fabric_build_attachments(struct fabric *, struct fabric_switch *);

/* Routers and their ports; then, once the switches' ports have joined them,
 * who holds them and where their routes lead. */
void fabric_build_routers(struct fabric *);
void fabric_join_router_port(struct fabric_switch *,
                             struct fabric_router_port *);
void fabric_resolve_routers(struct fabric *);

/* Sees to it that every localnet port of the switch has its attachment on
 * 'chassis'. */
void fabric_require_attachments(struct fabric *, struct fabric_switch *,
                                struct fabric_chassis *);

/* Endpoints of the switches that are provider networks. */
void fabric_build_endpoints(struct fabric *);

/* Looks up in the logs which localnet ports were deleted. */
void fabric_find_lost(struct fabric *);

/* Why 'ls' should be a provider network; decided after its ports are there. */
void fabric_decide_intent(struct fabric *, struct fabric_switch *);

#endif /* fabric/build.h */
