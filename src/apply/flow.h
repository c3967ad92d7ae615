/* A flow that a bridge lacks, added to it, or taken away again, by
 * ovs-ofctl(8): rows do not hold flows.  The bridge's Open vSwitch must be on
 * this host, as the path of its database's socket tells. */
#ifndef APPLY_FLOW_H
#define APPLY_FLOW_H 1

#include "base/error.h"
#include "evidence/evidence.h"

/* 'flow' is "PRIORITY,actions=..." without a match, as ovs-ofctl takes it. */
struct error *flow_add(const struct evidence *, const char *chassis,
                       const char *bridge, const char *flow);
struct error *flow_remove(const struct evidence *, const char *chassis,
                          const char *bridge, const char *flow);

#endif /* apply/flow.h */
