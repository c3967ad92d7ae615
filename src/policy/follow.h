/* The parts of following changes: change.c (ACLs and who has them) and
 * members.c (who is in which group and set).  Private to policy/. */
#ifndef POLICY_FOLLOW_H
#define POLICY_FOLLOW_H 1

#include "policy/acl.h"
#include "policy/change.h"

/* Whose an ACL is: a switch's or a port group's row; 'follow_several' if
 * several have it, and NULL if none has. */
extern const struct ovsdb_row follow_several;
const struct ovsdb_row *follow_find_holder(struct policy *,
                                           const struct ovsdb_row *acl);

/* The ACLs that concern all ports of the switch are chosen anew. */
void follow_forget_parsed(struct policy_switch *);

/* Whether some ACL of the group is asked about others than its ports; also
 * if it is not known. */
bool follow_is_loose(const struct policy_group *);

/* Marks a port, the ports of a group, or those of all switches where the group
 * has ports, whose loose ACLs are chosen anew. */
void follow_mark_port(struct policy *, struct fabric_change *,
                      const struct ovsdb_row *lsp);
void follow_mark_members(struct policy *, struct fabric_change *,
                         const struct policy_group *);
void follow_choose_again(struct policy *, struct fabric_change *,
                         const struct policy_group *, bool marks);

/* members.c.  Takes a change of the ports of a group; of the addresses of a
 * port, or that it came or went; of an address set; or of an ACL, which may
 * name other sets now. */
void members_changed_ports(struct policy *, struct fabric_change *,
                           const struct ovsdb_delta *);
void members_changed_port(struct policy *, struct fabric_change *,
                          const struct ovsdb_delta *);
void members_changed_set(struct policy *, struct fabric_change *,
                         const struct ovsdb_delta *);
void members_changed_acl(struct policy *, const struct ovsdb_delta *);

/* After all deltas of a commit: what these make of groups, switches and
 * ACLs. */
void members_read(struct policy *, struct fabric_change *);

void members_free(struct policy *);

#endif /* policy/follow.h */
