/* A policy that follows changes of rows, as the fabric under it does
 * (fabric/change.h): ACLs are parsed again where they changed, and the
 * endpoints that they concern are marked.  So are ports that come into groups
 * and leave them, and whoever is told from others by the addresses of a set
 * that changed.  A group that comes or goes marks 'all'. */
#ifndef POLICY_CHANGE_H
#define POLICY_CHANGE_H 1

#include "fabric/change.h"
#include "policy/policy.h"

/* Takes what the last commit of 'db' did, after fabric_change_apply(). */
void policy_change_apply(struct policy *, struct fabric_change *,
                         const struct evidence_db *db);

#endif /* policy/change.h */
