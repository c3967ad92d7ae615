/* Rules about a provider bridge and its NICs, for one localnet port on one
 * chassis. */
#include <string.h>

#include "rules/checks.h"

static const struct evidence_db *
ovs_of(const struct place *place)
{
    return &place->chassis->evidence->ovs;
}

/* NICs. */

/* What can be said of all NICs of a bridge together. */
struct nic_state {
    size_t n_up;                        /* Carry frames. */
    size_t n_unknown;                   /* Nobody says. */
    const struct ovsdb_row *down;       /* One that is set down. */
    const struct ovsdb_row *no_carrier; /* One without carrier. */
    const struct ovsdb_row *no_ofport;  /* One that OVS could not open. */
    const struct ovsdb_row *unknown;
};

static void
add_interface(struct nic_state *state, const struct fabric_chassis *chassis,
              const struct ovsdb_row *interface)
{
    struct fabric_link link = fabric_link_state(chassis, interface);
    if (fabric_ofport(chassis, interface) < 0) {
        state->no_ofport = interface;
    } else if (link.admin == LINK_DOWN) {
        state->down = interface;
    } else if (link.carrier == LINK_DOWN) {
        state->no_carrier = interface;
    } else if (link.admin == LINK_UNKNOWN || link.carrier == LINK_UNKNOWN) {
        state->unknown = interface;
        state->n_unknown++;
    } else {
        state->n_up++;
    }
}

static struct nic_state
examine_nics(const struct place *place)
{
    struct nic_state state = { 0 };
    const struct fabric_bridge *bridge = place->attachment->bridge;
    for (size_t i = 0; bridge && i < bridge->n_nics; i++) {
        const struct ovsdb_row *port = bridge->nics[i].row;
        const union ovsdb_atom *members = ovsdb_atoms(port, PORT_INTERFACES);
        for (unsigned j = 0; j < ovsdb_count(port, PORT_INTERFACES); j++) {
            if (members[j].row->exists) {
                add_interface(&state, place->chassis, members[j].row);
            }
        }
    }
    return state;
}

static bool
stops(const struct nic_state *state)
{
    return !state->n_up && !state->n_unknown;
}

/* A port that was on the bridge until a record deleted it, or NULL. */
static const struct ovsdb_row *
find_lost_nic(const struct place *place)
{
    const struct ovsdb_row *bridge = place->attachment->bridge->row;
    const struct ovsdb_store *log = ovs_of(place)->log;
    const struct ovsdb_table *table = log ? &log->tables[OVS_PORT] : NULL;
    const struct ovsdb_row *found = NULL;
    for (size_t i = 0; table && i < table->n_rows; i++) {
        const struct ovsdb_row *port = table->rows[i];
        if (!port->exists && port->deleted_in && port->owner
            && uuid_equals(&port->owner->uuid, &bridge->uuid)
            && strncmp(ovsdb_string(port, PORT_NAME), "patch-", 6)
            && (!found || port->deleted_in > found->deleted_in)) {
            found = port;
        }
    }
    return found;
}

void
check_brex_no_nic(struct examination *x, const struct rule *rule,
                  const struct place *place)
{
    const struct fabric_bridge *bridge = place->attachment->bridge;
    if (!bridge || bridge->n_nics) {
        return;
    }
    if (bridge->n_patches) {
        report_missing(x, HOP_NIC,
                       "the way beyond patch port %s of %s on chassis %s: "
                       "provnet does not follow a second bridge yet",
                       bridge->patches[0].name, bridge->name,
                       place->chassis->name);
        return;
    }
    const struct ovsdb_row *lost = find_lost_nic(place);
    struct finding *f =
        report(x, rule, place, "ovs", bridge->row,
               "provider bridge %s on chassis %s has no NIC, so it leads "
               "nowhere%s%s",
               bridge->name, place->chassis->name,
               lost ? "; until a change it had " : "",
               lost ? ovsdb_string(lost, PORT_NAME) : "");
    finding_evidence(f, "ovs", bridge->row, "ports", "");
    if (lost) {
        finding_cause_deleted(f, ovs_of(place), lost);
    }
}

static struct finding *
report_nic(struct examination *x, const struct rule *rule,
           const struct place *place, const struct ovsdb_row *nic,
           const char *what, const char *column, const char *value)
{
    struct finding *f =
        report(x, rule, place, "ovs", nic, "NIC %s of %s on chassis %s %s",
               ovsdb_string(nic, INTERFACE_NAME),
               place->attachment->bridge->name, place->chassis->name, what);
    return finding_evidence(f, "ovs", nic, column, value);
}

void
check_brex_nic_down(struct examination *x, const struct rule *rule,
                    const struct place *place)
{
    struct nic_state state = examine_nics(place);
    if (stops(&state) && state.down && !state.no_ofport) {
        report_nic(x, rule, place, state.down,
                   "is set down; see why before you bring it up: ip link "
                   "show",
                   "admin_state", "down");
    }
}

void
check_brex_no_carrier(struct examination *x, const struct rule *rule,
                      const struct place *place)
{
    struct nic_state state = examine_nics(place);
    if (stops(&state) && state.no_carrier && !state.down && !state.no_ofport) {
        report_nic(x, rule, place, state.no_carrier,
                   "is up but has no carrier: cable, switch port, or the "
                   "hypervisor under it",
                   "link_state", "down");
    } else if (!state.n_up && state.unknown) {
        report_missing(x, HOP_NIC,
                       "the link state of %s on chassis %s "
                       "(%s/ip-link.json, %s/interface.json, or a live "
                       "server)",
                       ovsdb_string(state.unknown, INTERFACE_NAME),
                       place->chassis->name, place->chassis->name,
                       place->chassis->name);
    }
}

void
check_nic_ofport_minus1(struct examination *x, const struct rule *rule,
                        const struct place *place)
{
    struct nic_state state = examine_nics(place);
    if (!stops(&state) || !state.no_ofport) {
        return;
    }
    const char *error =
        fabric_interface_error(place->chassis, state.no_ofport);
    struct finding *f = report_nic(
        x, rule, place, state.no_ofport,
        error ? arena_printf(x->arena, "could not be opened: %s", error)
              : "could not be opened by Open vSwitch (ofport -1)",
        "ofport", "-1");
    finding_at(f, HOP_NIC);
    finding_cause_column(f, ovs_of(place), state.no_ofport, INTERFACE_OFPORT,
                         NULL);
}

/* Whether a frame of the localnet port's VLAN passes the NIC unchanged. */
static bool
passes_nic(const struct ovsdb_row *nic, int vlan)
{
    return fabric_vlan_out(nic, vlan) == vlan
           && fabric_vlan_in(nic, vlan) == vlan;
}

void
check_brex_nic_vlan(struct examination *x, const struct rule *rule,
                    const struct place *place)
{
    const struct fabric_bridge *bridge = place->attachment->bridge;
    int vlan = place->localnet->tag;
    const struct ovsdb_row *wrong = NULL;
    for (size_t i = 0; bridge && i < bridge->n_nics; i++) {
        if (passes_nic(bridge->nics[i].row, vlan)) {
            return;
        }
        wrong = bridge->nics[i].row;
    }
    if (!wrong) {
        return;
    }
    unsigned column = ovsdb_count(wrong, PORT_TAG)      ? PORT_TAG
                      : ovsdb_count(wrong, PORT_TRUNKS) ? PORT_TRUNKS
                                                        : PORT_VLAN_MODE;
    const char *name = wrong->table->spec->columns[column].name;
    const char *value =
        column == PORT_VLAN_MODE
            ? ovsdb_string(wrong, PORT_VLAN_MODE)
            : arena_printf(x->arena, "%lld",
                           (long long) ovsdb_atoms(wrong, column)->integer);
    struct finding *f =
        report(x, rule, place, "ovs", wrong,
               "port %s of %s on chassis %s has %s %s, so frames of VLAN %d "
               "(0: untagged) do not pass it",
               ovsdb_string(wrong, PORT_NAME), bridge->name,
               place->chassis->name, name, value, vlan);
    finding_evidence(f, "ovs", wrong, name, value);
    finding_cause_column(f, ovs_of(place), wrong, column, NULL);
}

/* OpenFlow. */

static const struct flow_table *
flows_of(const struct place *place)
{
    const struct fabric_bridge *bridge =
        place->attachment ? place->attachment->bridge : NULL;
    return bridge && bridge->n_nics && place->attachment->outer ? bridge->flows
                                                                : NULL;
}

void
check_brex_flows_missing(struct examination *x,
                         const struct rule *rule PROVNET_UNUSED,
                         const struct place *place)
{
    const struct fabric_attachment *a = place->attachment;
    if (a->bridge && !a->bridge->flows) {
        report_missing(x, HOP_PROVIDER_BRIDGE,
                       "the OpenFlow flows of %s on chassis %s "
                       "(%s/flows/%s.txt, or a live server on its host)",
                       a->bridge->name, a->chassis->name, a->chassis->name,
                       a->bridge->name);
    }
}

/* One frame of an exchange, and what the bridge's flows do to it. */
struct flow_step {
    bool inbound; /* From NIC to patch port; else back. */
    uint16_t ethertype;
    bool broadcast;
    const char *what;
};

/* ARP first, then what follows it; ND and IPv6 alike. */
static const struct flow_step ipv4_steps[] = {
    { true, 0x0806, true, "ARP request from the wire" },
    { false, 0x0806, true, "ARP request from the VM" },
    { true, 0x0806, false, "ARP reply from the wire" },
    { false, 0x0806, false, "ARP reply from the VM" },
    { true, 0x0800, false, "IPv4 from the wire" },
    { false, 0x0800, false, "IPv4 from the VM" }
};
static const struct flow_step ipv6_steps[] = {
    { true, 0x86dd, false, "IPv6 from the wire" },
    { false, 0x86dd, false, "IPv6 from the VM" }
};

struct flow_result {
    enum flow_effect effect;
    const struct flow *flow;
    const struct flow_step *step;
};

static enum flow_effect
apply_step(const struct place *place, const struct flow_step *step,
           const struct fabric_port *nic, const struct flow **ret_flow)
{
    const struct fabric_chassis *chassis = place->chassis;
    const struct ovsdb_row *outer = place->attachment->outer;
    int64_t nic_port = fabric_ofport(chassis, nic->interface);
    int64_t patch_port = fabric_ofport(chassis, outer);
    const char *patch = ovsdb_string(outer, INTERFACE_NAME);
    const char *mac = place->endpoint->mac;
    int tag = place->localnet->tag;
    struct flow_frame frame = {
        .in_port = step->inbound ? nic_port : patch_port,
        .in_name = step->inbound ? nic->name : patch,
        .vlan = tag ? tag : -1,
        .ethertype = step->ethertype,
        .dl_src = step->inbound ? NULL : mac,
        .dl_dst = step->broadcast ? "ff:ff:ff:ff:ff:ff"
                  : step->inbound ? mac
                                  : NULL,
        .ovn_macs = &place->fabric->macs,
    };
    return flows_apply(flows_of(place), &frame,
                       step->inbound ? patch_port : nic_port,
                       step->inbound ? patch : nic->name, ret_flow);
}

static bool
is_good(enum flow_effect effect)
{
    return effect == FLOW_NORMAL || effect == FLOW_OUTPUTS;
}

/* The first step of the exchange that does not get through.  With several
 * NICs, one that lets a step through is enough. */
static struct flow_result
follow_flows(const struct place *place)
{
    bool ipv6 = address_is_ipv6(place->endpoint->address);
    const struct flow_step *steps = ipv6 ? ipv6_steps : ipv4_steps;
    size_t n = ipv6 ? N_ELEMENTS(ipv6_steps) : N_ELEMENTS(ipv4_steps);
    const struct fabric_bridge *bridge = place->attachment->bridge;
    struct flow_result unsure = { FLOW_NORMAL, NULL, NULL };
    if (flows_are_normal(bridge->flows)) {
        return unsure;
    }
    for (size_t i = 0; i < n; i++) {
        struct flow_result r = { FLOW_MISSES, NULL, &steps[i] };
        for (size_t j = 0; j < bridge->n_nics && !is_good(r.effect); j++) {
            r.effect = apply_step(place, &steps[i], &bridge->nics[j], &r.flow);
        }
        if (r.effect == FLOW_UNKNOWN) {
            unsure = r;
        } else if (!is_good(r.effect)) {
            return r;
        }
    }
    return unsure;
}

/* Two rules ask; it is found out once. */
static struct flow_result
follow_once(struct examination *x, const struct place *place)
{
    if (!x->flows) {
        struct flow_result *r = arena_alloc(x->arena, sizeof *r);
        *r = follow_flows(place);
        x->flows = r;
    }
    return *x->flows;
}

void
check_brex_secure_no_flow(struct examination *x, const struct rule *rule,
                          const struct place *place)
{
    if (!flows_of(place)) {
        return;
    }
    struct flow_result r = follow_once(x, place);
    if (r.effect != FLOW_MISSES) {
        return;
    }
    const struct ovsdb_row *bridge = place->attachment->bridge->row;
    const char *mode = ovsdb_string(bridge, BRIDGE_FAIL_MODE);
    struct finding *f = finding_on(
        report(x, rule, place, "ovs", bridge,
               "provider bridge %s on chassis %s has no OpenFlow flow for "
               "%s, so it is dropped (fail_mode %s, %zu flows)",
               ovsdb_string(bridge, BRIDGE_NAME), place->chassis->name,
               r.step->what, *mode ? mode : "standalone", flows_of(place)->n),
        place->chassis);
    finding_evidence(f, "ovs", bridge, "fail_mode", mode);
    if (!strcmp(mode, "secure")) {
        finding_cause_column(f, ovs_of(place), bridge, BRIDGE_FAIL_MODE, NULL);
    }
}

void
check_brex_foreign_flow(struct examination *x, const struct rule *rule,
                        const struct place *place)
{
    if (!flows_of(place)) {
        return;
    }
    struct flow_result r = follow_once(x, place);
    const struct ovsdb_row *bridge = place->attachment->bridge->row;
    if (r.effect == FLOW_UNKNOWN) {
        report_missing(x, HOP_PROVIDER_BRIDGE,
                       "what flow \"%s\" of %s on chassis %s does to %s "
                       "(ask ovs-appctl ofproto/trace)",
                       r.flow->text, ovsdb_string(bridge, BRIDGE_NAME),
                       place->chassis->name, r.step->what);
    } else if (r.effect == FLOW_DROPS || r.effect == FLOW_ELSEWHERE) {
        struct finding *f = finding_on(
            report(x, rule, place, "ovs", bridge,
                   "a flow of provider bridge %s on chassis %s takes %s away: "
                   "%s",
                   ovsdb_string(bridge, BRIDGE_NAME), place->chassis->name,
                   r.step->what, r.flow->text),
            place->chassis);
        finding_evidence(f, "flow", NULL, "flow", r.flow->text);
    }
}
