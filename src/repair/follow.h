/* What OVN's daemons would make of a change: ovn-northd of NB's in SB, and
 * each ovn-controller in SB and in its Open vSwitch, as far as provnet reads
 * it.
 *
 *     follow_init(&follow, tracker);
 *     for each database that a transaction was tried on:
 *         error = follow_commit(&follow, db, json, length);
 *         follow_note(&follow, db);
 *     error = follow_run(&follow);
 *     follow_done(&follow);
 *
 * Only what the noted transactions touched is made to agree; other
 * differences between the layers are faults that were there before, and stay.
 * It is assumed that the daemons are at work.
 *
 * Who writes what (OVN 23.03): Port_Binding and Datapath_Binding, northd
 * (northd/northd.c, build_ports(), ovn_port_update_sbrec()); the chassis of a
 * binding, the ovn-controller that has an interface with that iface-id, or
 * that the gateway chassis' priorities name (controller/binding.c,
 * lib/ha-chassis.c); bridge mappings of a Chassis (controller/chassis.c) and
 * patch ports (controller/patch.c), ovn-controller too.
 *
 * No I/O. */
#ifndef REPAIR_FOLLOW_H
#define REPAIR_FOLLOW_H 1

#include "base/error.h"
#include "base/text.h"
#include "reach/tracker.h"

struct follow {
    struct evidence *evidence;
    struct arena arena;

    /* Private. */
    struct tracker *tracker;
    struct strmap names; /* Logical ports that were touched. */
    bool nb_changed;
    bool *chassis_changed; /* By evidence->chassis: its bridges or mappings. */
    bool everything;       /* A chassis came or went. */
    struct strmap bindings;  /* logical_port -> Port_Binding. */
    struct strmap ports;     /* Name -> Logical_Switch_Port or _Router_Port. */
    struct strmap claims;    /* iface-id -> struct evidence_chassis. */
    struct strmap chassis;   /* Name -> Chassis. */
    struct strmap datapaths; /* Switch's uuid -> Datapath_Binding's uuid. */
    uint32_t n_made;         /* Rows that were made up. */
};

/* The tracker, which is ready to follow, learns of every commit. */
void follow_init(struct follow *, struct tracker *);
void follow_done(struct follow *);

/* simulation_commit() and simulation_add_flow(), of which the tracker
 * learns. */
struct error *follow_commit(struct follow *, struct evidence_db *,
                            const char *json, size_t length);
void follow_add_flow(struct follow *, const char *chassis, const char *bridge,
                     const char *actions);

/* Notes what the last commit to the rows of 'db' touched; adds the flow that
 * ovs-vswitchd gives a bridge. */
void follow_note(struct follow *, const struct evidence_db *);

/* Lets the daemons follow. */
struct error *follow_run(struct follow *);

#endif /* repair/follow.h */
