/* The OpenFlow tables of a live chassis's provider bridges, by ovs-ofctl(8).
 */
#ifndef COLLECT_OPENFLOW_H
#define COLLECT_OPENFLOW_H 1

#include "evidence/evidence.h"

/* An option for ovs-ofctl(8), with which it speaks to any bridge. */
extern const char openflow_protocols[];

enum openflow_bridges {
    /* Those that a mapping names (ovn-controller(8)), or with a patch port. */
    OPENFLOW_PROVIDER,
    /* Also those with what may be a NIC, as one whose mapping is lost. */
    OPENFLOW_MAY_LEAD_TO_WIRE
};

/* Calls 'visit' with such bridges of 'chassis', but never with the integration
 * bridge.  Names that cannot be a bridge's are passed over: they
 * come from a database, and go into paths and arguments. */
void openflow_for_each_bridge(const struct evidence_chassis *chassis,
                              enum openflow_bridges,
                              void (*visit)(void *aux, const char *bridge),
                              void *aux);

/* Whether 'name' may become part of a path: not empty, not "." or "..", no
 * '/' and no control characters, not too long for a file's name. */
bool openflow_name_is_safe(const char *name);

/* What `ovs-ofctl dump-flows BRIDGE` prints, into 'ret_text'.  'rundir' is
 * where ovs-vswitchd has its sockets.  Without the tool or the bridge's socket
 * there is no text, and '*ret_missing' says which; that is no error. */
struct error *openflow_dump(const char *rundir, const char *bridge,
                            int64_t deadline_ms, struct text *ret_text,
                            const char **ret_missing);

/* Dumps and parses the flows of all provider bridges of 'chassis' into its
 * bridges.  What could not be had is absent, with a warning if it should have
 * been there. */
void openflow_read(struct evidence *, struct evidence_chassis *,
                   const char *rundir, int64_t deadline_ms);

/* The control socket of the ovs-vswitchd that has 'rundir': as ovs-appctl(8)
 * finds it, by the pid file, else the one that was asked for by --unixctl; in
 * 'arena'.  NULL if there is none. */
const char *openflow_find_control(struct arena *, const char *rundir);

#endif /* collect/openflow.h */
