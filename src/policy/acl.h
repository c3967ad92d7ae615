/* ACLs, parsed, and which of them concern a port.  Private to policy/.
 *
 * The ACLs of a port group concern every switch that has one of its ports
 * (northd.c, build_acls()), yet nearly all of them name their group's ports
 * only ("outport == @GROUP && ..."): those are looked up by port, so that a
 * port costs no more than its own groups.  The others are 'loose': they are
 * asked about all ports of the switch. */
#ifndef POLICY_ACL_H
#define POLICY_ACL_H 1

#include "match/match.h"
#include "policy/policy.h"

/* The parts of the pipeline in which ACLs stand. */
enum policy_stage {
    STAGE_IN,
    STAGE_IN_AFTER_LB, /* options:apply-after-lb. */
    STAGE_OUT,
    N_STAGES
};

enum acl_action {
    ACL_ALLOWS,
    ACL_ALLOWS_STATELESS,
    ACL_DROPS, /* And rejects. */
    ACL_PASSES /* On to the next tier. */
};

/* What the frames are that provnet asks about. */
enum acl_frame {
    ACL_FRAME_ARP = 1,
    ACL_FRAME_ECHO = 2,      /* ICMP... */
    ACL_FRAME_ECHO_IPV6 = 4, /* ...and ICMPv6. */
};

struct policy_acl {
    const struct ovsdb_row *row;
    const struct ovsdb_row *group; /* NULL: a switch's own. */
    const struct match *match;     /* NULL: an error, so there is no flow. */
    int tier;
    uint32_t number; /* Of the row in its table; rows are far apart. */
    int64_t priority;
    enum acl_action action;
    enum policy_stage stage;
    unsigned frames;   /* Of enum acl_frame: it may be true of these. */
    bool asks_members; /* For the addresses of some group's ports. */
    bool is_loose;
};

struct acl_list {
    const struct policy_acl **items;
    size_t n, capacity;
    unsigned frames;                  /* That one of them may be true of. */
    bool asks_members, has_stateless; /* One of them. */
};

struct policy_group {
    const struct ovsdb_row *row;
    struct policy_acl *acls; /* NULL until parsed. */
    size_t n;
    bool is_stateful;
    bool is_joined; /* By a port of some switch. */

    /* Private: change.c, members.c. */
    bool is_changed;
    bool members_changed;
    bool is_asked_again;
};

/* A group with ports on a switch. */
struct policy_presence {
    struct policy_group *group;
    uint32_t n_ports;
};

/* The lists of acl_select(), each as it was when asked for last. */
struct acl_selection {
    struct acl_list lists[N_STAGES];
    unsigned generations[N_STAGES]; /* Of the policy; 0: not asked for. */
};

/* The groups that ports of a switch are in: one, and the others.  Ports in the
 * same groups share it, and so the ACLs that concern them. */
struct membership {
    struct policy_group *group;
    struct membership *next;
    struct membership *longer; /* One that leads here, the newest. */
    const struct fabric_switch *ls;
    uint32_t number;  /* Of all. */
    uint32_t n_ports; /* In just these groups, as far as was counted. */
};

/* A port by its address. */
struct policy_owner {
    struct address_prefix ip;
    const struct fabric_vif *vif;
    size_t place; /* Among the switch's ports, from 1. */
};

/* A host that routers of the switch know. */
struct policy_host {
    const char *ip;
    bool is_next_hop; /* Of a route of theirs: it sends for others. */
};

/* What is known of a field. */
struct policy_bits {
    match_bits value, known;
};

/* A network, and what is known of hosts in it. */
struct policy_network {
    const char *prefix;
    struct address_prefix network; /* The same. */
    bool is_ipv6;
    bool is_of_all; /* A router's, and that of all endpoints in it. */
    bool is_apart;  /* No router has a network that shares an address. */
    struct policy_bits hosts;    /* Of any of them. */
    struct policy_bits stranger; /* An address that no port has. */
};

struct policy_switch {
    struct fabric_switch *ls;
    bool has_acls;
    bool is_stateful;               /* Has an ACL "allow-related". */
    bool is_balanced;               /* Has a load balancer with a VIP. */
    struct policy_presence *groups; /* In the order of their rows. */
    size_t n_groups, groups_capacity;
    bool is_parsed;
    struct acl_list loose;
    struct membership *longer;  /* The newest of ports in one group. */
    struct acl_selection plain; /* Of ports that are in none. */
    struct policy_host *hosts;  /* NULL until looked up. */
    size_t n_hosts;
    struct policy_network *networks; /* That somebody asked about. */
    size_t n_networks, networks_capacity;
    bool overlap_known, overlap; /* Some of its routers' networks. */
    struct policy_owner *owners; /* Sorted; NULL until asked for. */
    size_t n_owners;

    /* Private: change.c. */
    bool is_changed;
    bool owners_changed;
};

struct policy {
    struct fabric *fabric;
    struct arena *arena;
    bool is_borrowed; /* What is found out of rows is another's: groups, who is
                       * in them, and names. */
    struct match_context context;
    bool drops_by_default;          /* NB_Global, options:default_acl_drop. */
    struct policy_group *groups;    /* By the index of their rows. */
    struct policy_switch *switches; /* As in the fabric. */
    struct policy_switch **switch_of_row; /* By the index of its row. */
    struct membership **memberships;      /* By the index of the LSP's row. */
    bool *is_member;      /* Likewise; of a group without ACLs, too. */
    size_t n_memberships; /* Of all ports. */
    struct acl_selection **selections; /* By their numbers; NULL: not asked. */
    struct strmap group_names;         /* -> struct policy_group. */
    struct strmap address_sets;        /* Name -> row. */
    const char **members;              /* Of the set asked for last. */
    size_t n_members, members_capacity;
    unsigned generation;          /* Of all that was parsed; from 1. */
    struct acl_list chosen;       /* The list that is being made. */
    struct acl_selection foreign; /* Of ports of other switches. */
    struct acl_selection lone;    /* Of the port asked about last that... */
    const struct membership *lone_groups; /* ...is alone in its groups. */
    struct policy_acl *removed;           /* From the log, newest first. */
    size_t n_removed;
    bool knows_removed;
    size_t n_with_hosts; /* Switches whose 'hosts' were looked up. */

    /* Private: change.c. */
    const struct ovsdb_row **holders;
    bool has_changed; /* Some group or switch. */
    bool owners_changed;
    struct policy_members *following; /* Private: members.c. */
};

/* A port of the group comes to the switch, or leaves it: whether that is the
 * first there, or was the last; and whether it has any. */
bool policy_add_presence(struct policy_switch *, struct policy_group *);
bool policy_drop_presence(struct policy_switch *, const struct policy_group *);
bool policy_has_group(const struct policy_switch *,
                      const struct policy_group *);

/* Other ports have addresses on the switch: forgets whose they are, and
 * chooses addresses again that none has.  Returns whether these are what they
 * were, as far as somebody asked. */
bool policy_forget_owners(struct policy *, struct policy_switch *);

/* network.c: the network in which the endpoint stands: the smallest of those
 * of routers' ports on its switch, or else the one that Neutron has noted of
 * its own port; NULL if neither is known.  Valid until the next call. */
const struct policy_network *policy_network_of(struct policy *,
                                               struct policy_switch *,
                                               const struct fabric_endpoint *,
                                               bool is_ipv6);

/* Takes those over that somebody asked 'from' about. */
void policy_take_networks(struct policy_switch *to,
                          const struct policy_switch *from);

/* Reads 'text', an address with or without "/LENGTH": only the bits of that.
 * Nothing is known if it is of the other family, or no address. */
struct policy_bits policy_read_address(const char *text, bool is_ipv6);

struct policy_switch *policy_switch_of(struct policy *,
                                       const struct fabric_switch *);

/* The ACLs of a stage that may concern 'lsp' (NULL: a port that NB does not
 * have), in the order in which they count.  Valid until acl_forget(),
 * or until the stage is asked about another port. */
const struct acl_list *acl_select(struct policy *, struct policy_switch *,
                                  const struct ovsdb_row *lsp,
                                  enum policy_stage);

/* Forgets what acl_select() answered, as other ACLs were parsed. */
void acl_forget(struct policy *);

/* Parses the ACLs of a port group as they are now. */
void acl_parse_group(struct policy *, struct policy_group *);

/* Whether one of the ACLs that 'holder' has in 'column' is "allow-related". */
bool acl_has_stateful(const struct ovsdb_row *holder, unsigned column);

/* What the ACLs of one stage do to a packet.  'stranger' is the same packet
 * with an address that no port has, for where 'packet' leaves open which host
 * on the physical network it is; or the same pointer. */
struct acl_decision {
    enum policy_outcome outcome;
    const struct policy_acl *acl; /* NULL: the default. */
    const char *why;              /* POLICY_UNKNOWN only. */
};
struct acl_decision acl_decide(struct policy *, const struct acl_list *,
                               bool drops_by_default, enum acl_frame,
                               const struct match_packet *packet,
                               const struct match_packet *stranger);

/* Whether some allow-stateless ACL of the list takes the packet past
 * connection tracking. */
enum match_result acl_is_stateless(const struct acl_list *,
                                   const struct match_packet *);

/* The ACL that was deleted last of those that would have allowed 'packet' in
 * 'stage' above 'dropping'; NULL if the log knows none. */
const struct ovsdb_row *acl_find_removed(struct policy *, enum policy_stage,
                                         const struct policy_acl *dropping,
                                         const struct match_packet *);

/* The port of the switch that has the address, or NULL. */
const struct fabric_vif *policy_find_owner(struct policy_switch *,
                                           const char *ip);

/* Hosts on the physical network of the switch that its routers have resolved:
 * SB's MAC_Bindings, sorted, a few of them. */
void policy_find_hosts(struct policy *, struct policy_switch *);

#endif /* policy/acl.h */
