/* What ACLs do to the frames between an endpoint and its physical network.
 *
 * ovn-northd makes logical flows of a switch's ACLs and of those of every port
 * group that has a port on the switch.  They are asked twice per crossing of a
 * switch: 'from-lport' ones at the port where a frame comes in, 'to-lport'
 * ones at the port where it goes out.  An exchange (ARP, echo, reply) is
 * stopped by the first frame of it that is dropped.
 *
 * Answers are about a host on the physical network whose address is not known,
 * but for the subnet; where an ACL asks for more, the hosts are asked about
 * that the routers of the switch have resolved (MAC_Binding in SB).
 *
 * Life cycle: a policy is made for one fabric, which must outlive it, and
 * keeps what it has parsed; answers live in the arena that it was given.  It
 * belongs to one thread; others borrow from it.  No I/O, no errors: a match
 * that does not parse is left out, as ovn-controller does.
 *
 * Sources: ovn-nb(5), ACL; ovn-northd(8); OVN 23.03, northd/northd.c:
 * build_pre_acls(), build_acl_hints(), build_acls(), consider_acl(). */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H 1

#include "fabric/fabric.h"

struct policy;

enum policy_outcome { POLICY_ALLOWED, POLICY_DROPPED, POLICY_UNKNOWN };

struct policy_verdict {
    enum policy_outcome outcome;

    /* Where it stops, or may. */
    const struct ovsdb_row *acl;   /* NULL: no ACL, but default_acl_drop. */
    const struct ovsdb_row *group; /* Port_Group of the ACL; NULL: 'ls'. */
    const struct fabric_switch *ls;
    const struct ovsdb_row *lsp; /* NULL if NB does not have it. */
    const char *port;            /* Name of the logical switch port. */
    bool at_guest;               /* It is the VM's own. */
    const char *stage;           /* "from-lport" or "to-lport". */
    const char *frame;           /* "an ARP request". */
    const char *why; /* What it would have to know; NULL if nothing. */

    /* The host on the physical network that the answer is about; NULL if it
     * is any, or any of its subnet. */
    const char *host;

    /* A row of the log that is gone and would have let the frame pass, or
     * NULL. */
    const struct ovsdb_row *removed;
};

struct policy *policy_new(struct fabric *, struct arena *);
void policy_free(struct policy *);

/* A policy for another thread, which takes over what a new one knows.  Neither
 * of the two may judge before all groups are parsed.  Nothing may be asked of
 * the borrowed one any more once changes are told to its lender
 * (policy/change.h) or that is freed; to free it is fine. */
struct policy *policy_borrow(const struct policy *, struct arena *);

/* What a borrowed policy found out, and its lender did not: who is asked about
 * on a switch, so that changes (policy/change.h) find whom that concerns.  The
 * borrowed one judges nothing after that. */
void policy_take_back(struct policy *, struct policy *borrowed);

/* Parses the ACLs of 'n' port groups, of policy_n_groups(), for all that share
 * them.  Each group is one thread's; the others have to learn that it is
 * done. */
size_t policy_n_groups(const struct policy *);
void policy_parse_groups(struct policy *, size_t first, size_t n);

/* Whether an exchange between 'endpoint' and a host on the physical network
 * passes, begun by the host if 'inbound'.  'localnet' is the port that it uses
 * and may be NULL; so may 'host', its address. */
void policy_judge(struct policy *, const struct fabric_endpoint *endpoint,
                  const struct fabric_localnet *localnet, bool inbound,
                  const char *host, struct policy_verdict *ret);

/* Asks the memory for what belongs to the 'n' endpoints, of which is asked
 * next. */
void policy_look_ahead(const struct policy *,
                       const struct fabric_endpoint *const *, size_t n);

/* The port group of the 'i'th of Neutron's security groups that 'lsp' is in,
 * in no order; NULL behind the last. */
const struct ovsdb_row *policy_security_group(const struct policy *,
                                              const struct ovsdb_row *lsp,
                                              size_t i);

#endif /* policy/policy.h */
