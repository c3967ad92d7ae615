/* Rules about the port of one endpoint: its row in NB, its binding in SB, its
 * interface on the chassis. */
#include <string.h>
#include <strings.h>

#include "rules/checks.h"

static const struct fabric_vif *
vif_of(const struct place *place)
{
    return place->endpoint->vif;
}

static const struct evidence_db *
nb_of(const struct place *place)
{
    return &place->fabric->evidence->nb;
}

/* Behind a router, the port's switch is the tenant's. */
static void
place_at_switch(struct finding *f, const struct place *place)
{
    if (place->endpoint->gateway) {
        finding_at(f, HOP_INNER_SWITCH);
    }
}

void
check_lsp_disabled(struct examination *x, const struct rule *rule,
                   const struct place *place)
{
    const struct fabric_vif *vif = vif_of(place);
    if (!vif || ovsdb_bool(vif->lsp, LSP_ENABLED, true)) {
        return;
    }
    struct finding *f =
        report(x, rule, place, "nb", vif->lsp,
               "port %s is disabled: ovn-nbctl lsp-set-enabled %s enabled",
               vif->label, vif->name);
    finding_evidence(f, "nb", vif->lsp, "enabled", "false");
    finding_cause_column(f, nb_of(place), vif->lsp, LSP_ENABLED, NULL);
}

void
check_lsp_addresses_empty(struct examination *x, const struct rule *rule,
                          const struct place *place)
{
    const struct fabric_vif *vif = vif_of(place);
    if (!vif || ovsdb_count(vif->lsp, LSP_ADDRESSES)) {
        return;
    }
    struct finding *f =
        report(x, rule, place, "nb", vif->lsp,
               "port %s has no addresses, so the logical switch does not "
               "deliver unicast frames to it",
               vif->label);
    finding_evidence(f, "nb", vif->lsp, "addresses", "");
    finding_cause_column(f, nb_of(place), vif->lsp, LSP_ADDRESSES, NULL);
    place_at_switch(f, place);
}

/* The MAC that the guest uses: what its interface was plugged in with, else
 * what the port says. */
static const char *
guest_mac(const struct place *place)
{
    const struct fabric_vif *vif = vif_of(place);
    const char *mac =
        vif->interface ? ovsdb_map_get(vif->interface, INTERFACE_EXTERNAL_IDS,
                                       "attached-mac")
                       : NULL;
    return mac ? mac : place->endpoint->guest_mac;
}

/* Whether several interfaces claim the port: then none of them tells what the
 * guest is. */
static bool
is_claimed_twice(const struct fabric_vif *vif)
{
    const struct fabric_interface *claims =
        vif->chassis ? strmap_get(&vif->chassis->interface_ids, vif->name)
                     : NULL;
    return claims && claims->next;
}

/* ovn-nb(5), Logical_Switch_Port, "port_security": an entry with only a MAC
 * lets any IP pass. */
static bool
allows(const struct address *entry, const char *mac, const char *ip)
{
    if (entry->mac && mac && strcasecmp(entry->mac, mac)) {
        return false;
    }
    bool allowed = !entry->n_ips || !*ip;
    for (size_t i = 0; i < entry->n_ips; i++) {
        allowed |= address_in_prefix(ip, entry->ips[i]);
    }
    return allowed;
}

void
check_lsp_port_security(struct examination *x, const struct rule *rule,
                        const struct place *place)
{
    const struct fabric_vif *vif = vif_of(place);
    unsigned n = vif ? ovsdb_count(vif->lsp, LSP_PORT_SECURITY) : 0;
    const char *mac = n && !is_claimed_twice(vif) ? guest_mac(place) : NULL;
    const char *entries = "";
    struct arena_mark before = arena_mark(x->arena);
    for (unsigned i = 0; i < n; i++) {
        struct address entry;
        const char *text = ovsdb_atoms(vif->lsp, LSP_PORT_SECURITY)[i].string;
        address_parse(&entry, text, x->arena);
        if (!entry.mac
            || allows(&entry, mac, place->endpoint->guest_address)) {
            arena_release(x->arena, &before);
            return;
        }
        entries =
            arena_printf(x->arena, "%s%s%s", entries, i ? ", " : "", text);
    }
    if (!n) {
        return;
    }
    struct finding *f = report(
        x, rule, place, "nb", vif->lsp,
        "port security of %s does not allow %s %s (allowed: %s), so "
        "its frames are dropped",
        vif->label, mac ? mac : "", place->endpoint->guest_address, entries);
    finding_evidence(f, "nb", vif->lsp, "port_security", entries);
    finding_cause_column(f, nb_of(place), vif->lsp, LSP_PORT_SECURITY, NULL);
}

/* Another enabled port of the same switch with the endpoint's MAC. */
static const struct fabric_vif *
find_same_mac(const struct fabric_vif *vif, const char *mac)
{
    const struct fabric_mac *m = mac ? strmap_get(&vif->ls->macs, mac) : NULL;
    while (m
           && (m->vif == vif || !ovsdb_bool(m->vif->lsp, LSP_ENABLED, true))) {
        m = m->next;
    }
    return m ? m->vif : NULL;
}

static void
report_router_mac(struct examination *x, const struct rule *rule,
                  const struct place *place, const struct ovsdb_row *lrp)
{
    const struct fabric_vif *vif = vif_of(place);
    struct finding *f = report(
        x, rule, place, "nb", vif->lsp,
        "port %s and router port %s on switch %s have the same MAC %s: the "
        "logical switch delivers to one of them only",
        vif->label, ovsdb_string(lrp, LRP_NAME), vif->ls->name,
        place->endpoint->guest_mac);
    finding_evidence(f, "nb", lrp, "mac", place->endpoint->guest_mac);
    finding_cause_column(f, nb_of(place), vif->lsp, LSP_ADDRESSES, NULL);
    place_at_switch(f, place);
}

/* The record that gave the port its addresses, or 0. */
static uint32_t
addressed_in(const struct place *place, const struct fabric_vif *vif)
{
    const struct ovsdb_row *row = evidence_log_row(nb_of(place), vif->lsp);
    return row ? ovsdb_changed_in(row, LSP_ADDRESSES) : 0;
}

void
check_lsp_dup_mac(struct examination *x, const struct rule *rule,
                  const struct place *place)
{
    const struct fabric_vif *vif = vif_of(place);
    const char *mac = place->endpoint->guest_mac;
    const struct fabric_vif *other =
        vif && ovsdb_bool(vif->lsp, LSP_ENABLED, true)
            ? find_same_mac(vif, mac)
            : NULL;
    const struct ovsdb_row *lrp =
        vif && mac ? strmap_get(&vif->ls->router_macs, mac) : NULL;
    if (lrp && ovsdb_bool(vif->lsp, LSP_ENABLED, true)) {
        report_router_mac(x, rule, place, lrp);
    }
    if (!other) {
        return;
    }
    const struct fabric_vif *newer =
        addressed_in(place, other) > addressed_in(place, vif) ? other : vif;
    struct finding *f =
        report(x, rule, place, "nb", newer->lsp,
               "ports %s and %s of switch %s have the same MAC %s: the "
               "logical switch delivers to one of them only",
               vif == newer ? other->label : vif->label, newer->label,
               vif->ls->name, place->endpoint->guest_mac);
    finding_evidence(f, "nb", newer->lsp, "addresses",
                     place->endpoint->guest_mac);
    finding_cause_column(f, nb_of(place), newer->lsp, LSP_ADDRESSES, NULL);
    place_at_switch(f, place);
}

void
check_lsp_type_wrong(struct examination *x, const struct rule *rule,
                     const struct place *place)
{
    static const char *const types[] = { "", "virtual", "external" };
    const struct fabric_vif *vif = vif_of(place);
    if (!vif) {
        return;
    }
    const char *type = ovsdb_string(vif->lsp, LSP_TYPE);
    for (size_t i = 0; i < N_ELEMENTS(types); i++) {
        if (!strcmp(type, types[i])) {
            if (*type) {
                report_missing(x, HOP_PORT,
                               "how ports of type %s are bound: provnet does "
                               "not follow them yet",
                               type);
            }
            return;
        }
    }
    struct finding *f =
        report(x, rule, place, "nb", vif->lsp,
               "port %s is a VM's, but its type is \"%s\": no chassis "
               "binds it",
               vif->label, type);
    finding_evidence(f, "nb", vif->lsp, "type", type);
    finding_cause_column(f, nb_of(place), vif->lsp, LSP_TYPE, NULL);
}

void
check_lsp_addr_mac_mismatch(struct examination *x, const struct rule *rule,
                            const struct place *place)
{
    const struct fabric_vif *vif = vif_of(place);
    const char *attached =
        vif && vif->interface ? ovsdb_map_get(
            vif->interface, INTERFACE_EXTERNAL_IDS, "attached-mac")
                              : NULL;
    if (!attached || !vif->n_addresses || vif->is_unknown
        || is_claimed_twice(vif) || *ovsdb_string(vif->lsp, LSP_PARENT_NAME)) {
        return;
    }
    for (size_t i = 0; i < vif->n_addresses; i++) {
        const char *mac = vif->addresses[i].mac;
        if (!mac || !strcasecmp(mac, attached)) {
            return;
        }
    }
    struct finding *f =
        report(x, rule, place, "nb", vif->lsp,
               "port %s has MAC %s, but the interface that is plugged in "
               "for it has %s",
               vif->label, vif->addresses[0].mac, attached);
    finding_evidence(f, "nb", vif->lsp, "addresses", vif->addresses[0].mac);
    finding_evidence(f, "ovs", vif->interface, "external_ids:attached-mac",
                     attached);
    finding_cause_column(f, nb_of(place), vif->lsp, LSP_ADDRESSES, NULL);
}

/* Binding.  Which of several things keeps the port unbound: one answer. */

enum binding_fault {
    BINDING_OK,
    BINDING_UNKNOWN,   /* SB was not gathered. */
    BINDING_OTHER,     /* Another rule says it. */
    BINDING_REQUESTED, /* options:requested-chassis. */
    BINDING_NO_OFPORT, /* The interface could not be opened. */
    BINDING_NO_ID,     /* An interface lacks, or misspells, iface-id. */
    BINDING_DUP,       /* Two interfaces have the iface-id. */
    BINDING_STALE,     /* Unbound, but a chassis that is behind may forward. */
    BINDING_NONE,      /* Nothing to be seen. */
};

struct binding {
    enum binding_fault fault;
    const struct fabric_chassis *chassis; /* Where; may be NULL. */
    const struct ovsdb_row *interface;    /* The one at fault, or NULL. */
};

/* Whether 'interface' is rightly that of the port called 'id': the port
 * exists and has its MAC. */
static bool
is_port_of(const struct fabric *f, const char *id,
           const struct ovsdb_row *interface)
{
    const struct ovsdb_row *lsp = strmap_get(&f->lsps, id);
    const char *mac =
        ovsdb_map_get(interface, INTERFACE_EXTERNAL_IDS, "attached-mac");
    for (unsigned i = 0; lsp && i < ovsdb_count(lsp, LSP_ADDRESSES); i++) {
        if (!mac
            || strcasestr(ovsdb_atoms(lsp, LSP_ADDRESSES)[i].string, mac)) {
            return true;
        }
    }
    return false;
}

/* An interface that looks like the port's, by MAC or by its tap's name, but
 * does not carry its iface-id. */
static const struct ovsdb_row *
find_stray(const struct fabric_chassis *chassis, const struct place *place)
{
    const struct fabric_vif *vif = vif_of(place);
    const struct ovsdb_row *row =
        place->endpoint->guest_mac
            ? strmap_get(&chassis->macs, place->endpoint->guest_mac)
            : NULL;
    if (!row) {
        struct fabric_tap tap = fabric_tap_of(vif);
        row = strmap_get(&chassis->interfaces, tap.text);
    }
    const char *id =
        row ? ovsdb_map_get(row, INTERFACE_EXTERNAL_IDS, "iface-id") : NULL;
    bool of_another =
        id && strcmp(id, vif->name) && is_port_of(place->fabric, id, row);
    return row && !of_another ? row : NULL;
}

static bool
is_called(const struct fabric_chassis *chassis, const char *name, size_t n)
{
    return (!strncmp(name, chassis->name, n) && !chassis->name[n])
           || (!strncmp(name, chassis->hostname, n) && !chassis->hostname[n]);
}

/* Whether 'requested', a chassis or several separated by commas (for live
 * migration), names 'chassis' (NULL: any) by name or host name. */
static bool
names_chassis(const struct fabric *f, const char *requested,
              const struct fabric_chassis *chassis)
{
    while (*requested) {
        size_t n = strcspn(requested, ",");
        if (n
            && (chassis ? is_called(chassis, requested, n)
                        : fabric_is_chassis(f, requested, n))) {
            return true;
        }
        requested += n + (requested[n] == ',');
    }
    return false;
}

static bool
is_requested_elsewhere(const struct fabric *f, const struct fabric_vif *vif,
                       const struct fabric_chassis *chassis)
{
    const char *requested =
        ovsdb_map_get(vif->lsp, LSP_OPTIONS, "requested-chassis");
    return requested && *requested && !names_chassis(f, requested, chassis);
}

/* The record that gave the interface its iface-id, or 0. */
static uint32_t
marked_in(const struct fabric_chassis *chassis, const struct ovsdb_row *row)
{
    const struct cause_hint hint = { .db = &chassis->evidence->ovs,
                                     .row = row,
                                     .what = CAUSE_COLUMN,
                                     .column = INTERFACE_EXTERNAL_IDS,
                                     .key = "iface-id" };
    return cause_hint_record(&hint);
}

/* Of several interfaces that have one iface-id, the one that got it last: it
 * was right until then. */
static const struct ovsdb_row *
find_latest(const struct fabric_chassis *chassis,
            const struct fabric_interface *claims)
{
    const struct ovsdb_row *latest = claims->row;
    for (claims = claims->next; claims; claims = claims->next) {
        if (marked_in(chassis, claims->row) > marked_in(chassis, latest)) {
            latest = claims->row;
        }
    }
    return latest;
}

/* Looks on one chassis. */
static struct binding
diagnose_on(const struct place *place, const struct fabric_chassis *chassis)
{
    const struct fabric_vif *vif = vif_of(place);
    const char *parent = ovsdb_string(vif->lsp, LSP_PARENT_NAME);
    const struct fabric_interface *claims =
        strmap_get(&chassis->interface_ids, *parent ? parent : vif->name);
    if (claims && claims->next) {
        return (struct binding){ BINDING_DUP, chassis,
                                 find_latest(chassis, claims) };
    }
    if (claims && fabric_ofport(chassis, claims->row) < 0) {
        return (struct binding){ BINDING_NO_OFPORT, chassis, claims->row };
    }
    if (claims) {
        return (struct binding){ is_requested_elsewhere(place->fabric, vif,
                                                        chassis)
                                     ? BINDING_REQUESTED
                                     : BINDING_OK,
                                 chassis, claims->row };
    }
    const struct ovsdb_row *stray = find_stray(chassis, place);
    return stray ? (struct binding){ BINDING_NO_ID, chassis, stray }
                 : (struct binding){ BINDING_NONE, NULL, NULL };
}

static bool
is_typed(const struct fabric_vif *vif)
{
    return *ovsdb_string(vif->lsp, LSP_TYPE) != '\0';
}

/* A port that is bound: does its chassis still have the interface? */
static struct binding
diagnose_bound(const struct place *place)
{
    const struct fabric_chassis *chassis = vif_of(place)->chassis;
    if (!chassis->ovs_known) {
        return (struct binding){ BINDING_OK, chassis, NULL };
    }
    struct binding b = diagnose_on(place, chassis);
    return b.fault == BINDING_REQUESTED
               ? (struct binding){ BINDING_OK, chassis, b.interface }
               : b;
}

/* Whether a chassis that has not followed SB may still forward for an
 * interface that it had installed before. */
static bool
may_forward(const struct binding *b)
{
    const char *installed =
        ovsdb_map_get(b->interface, INTERFACE_EXTERNAL_IDS, "ovn-installed");
    return b->chassis->is_behind && installed && !strcmp(installed, "true");
}

/* Looks on the chassis where something bears 'mark'; of equal faults, that of
 * the first chassis counts. */
static void
diagnose_at(const struct place *place, const char *mark, struct binding *best)
{
    const struct fabric_sighting *s =
        mark ? fabric_find_sightings(place->fabric, mark) : NULL;
    for (; s; s = s->next) {
        struct binding b = diagnose_on(place, s->chassis);
        if (b.fault == BINDING_OK && may_forward(&b)) {
            b.fault = BINDING_STALE;
        }
        if (b.fault != BINDING_OK
            && (b.fault < best->fault
                || (b.fault == best->fault && best->chassis
                    && b.chassis->index < best->chassis->index))) {
            *best = b;
        }
    }
}

static struct binding
diagnose_unbound(const struct place *place)
{
    const struct fabric_vif *vif = vif_of(place);
    const char *parent = ovsdb_string(vif->lsp, LSP_PARENT_NAME);
    struct fabric_tap tap = fabric_tap_of(vif);
    struct binding best = { BINDING_NONE, NULL, NULL };
    diagnose_at(place, *parent ? parent : vif->name, &best);
    diagnose_at(place, place->endpoint->guest_mac, &best);
    diagnose_at(place, tap.text, &best);
    if (best.fault == BINDING_NONE
        && is_requested_elsewhere(place->fabric, vif, NULL)) {
        best.fault = BINDING_REQUESTED;
    }
    return best;
}

static struct binding
diagnose(const struct place *place)
{
    const struct fabric_vif *vif = vif_of(place);
    if (!vif || is_typed(vif)) {
        return (struct binding){ BINDING_OTHER, NULL, NULL };
    }
    if (vif->chassis) {
        return diagnose_bound(place);
    }
    return place->fabric->evidence->sb.present
               ? diagnose_unbound(place)
               : (struct binding){ BINDING_UNKNOWN, NULL, NULL };
}

/* Several rules ask; it is found out once. */
static struct binding
diagnose_binding(struct examination *x, const struct place *place)
{
    if (!x->binding) {
        struct binding *b = arena_alloc(x->arena, sizeof *b);
        *b = diagnose(place);
        x->binding = b;
    }
    return *x->binding;
}

static const struct evidence_db *
ovs_of(const struct binding *b)
{
    return &b->chassis->evidence->ovs;
}

static bool
is_down(const struct fabric_chassis *chassis,
        const struct ovsdb_row *interface)
{
    struct fabric_link link = fabric_link_state(chassis, interface);
    return link.admin == LINK_DOWN || link.carrier == LINK_DOWN;
}

void
check_pb_unbound(struct examination *x, const struct rule *rule,
                 const struct place *place)
{
    struct binding b = diagnose_binding(x, place);
    const struct fabric_vif *vif = vif_of(place);
    if (vif && !place->fabric->evidence->sb.present) {
        report_missing(x, HOP_PORT,
                       "which chassis the ports are bound to (the southbound "
                       "database, --sb)");
        if (!vif->chassis) {
            report_missing(x, HOP_NIC,
                           "the chassis' bridges, NICs and flows (their "
                           "Open_vSwitch databases, --ovs, or CHASSIS/conf.db "
                           "in a bundle)");
        }
        if (b.fault == BINDING_UNKNOWN) {
            return;
        }
    }
    if (b.fault == BINDING_OK && !b.interface) {
        report_missing(x, HOP_PORT,
                       "chassis %s's Open_vSwitch database (--ovs, or "
                       "%s/conf.db in a bundle)",
                       b.chassis->name, b.chassis->name);
        return;
    }
    if (b.fault == BINDING_OK && is_down(b.chassis, b.interface)) {
        report_missing(x, HOP_GUEST,
                       "whether the guest of port %s runs: its interface %s "
                       "on chassis %s is down",
                       vif->label, ovsdb_string(b.interface, INTERFACE_NAME),
                       b.chassis->name);
        return;
    }
    if (b.fault == BINDING_STALE) {
        report_missing(x, HOP_PORT,
                       "whether chassis %s, whose ovn-controller does not "
                       "follow SB, still forwards for port %s",
                       b.chassis->name, vif->label);
        return;
    }
    if (b.fault != BINDING_NONE) {
        return;
    }
    struct finding *f;
    if (vif->chassis) {
        f = finding_on(report(x, rule, place, "sb", vif->pb,
                              "port %s is bound to chassis %s in SB, but no "
                              "interface there has its iface-id",
                              vif->label, vif->chassis->name),
                       vif->chassis);
    } else if (!vif->pb) {
        f = report(x, rule, place, "nb", vif->lsp,
                   "SB has no Port_Binding for port %s: ovn-northd has not "
                   "taken it over",
                   vif->label);
    } else {
        f = report(x, rule, place, "sb", vif->pb,
                   "port %s is bound to no chassis: no interface with its "
                   "iface-id is to be seen, so its VM is not running, or "
                   "ovn-controller of its host is not connected",
                   vif->label);
    }
    if (vif->pb) {
        const struct fabric_lost_interface *lost =
            fabric_find_lost_interface(place->fabric, vif->name);
        finding_evidence(f, "sb", vif->pb, "chassis", "");
        if (lost) {
            finding_cause_deleted(f, lost->db, lost->row);
        } else {
            finding_cause_column(f, &place->fabric->evidence->sb, vif->pb,
                                 PB_CHASSIS, NULL);
        }
    }
}

void
check_lsp_requested_chassis(struct examination *x, const struct rule *rule,
                            const struct place *place)
{
    struct binding b = diagnose_binding(x, place);
    const struct fabric_vif *vif = vif_of(place);
    if (b.fault != BINDING_REQUESTED) {
        return;
    }
    const char *requested =
        ovsdb_map_get(vif->lsp, LSP_OPTIONS, "requested-chassis");
    struct finding *f = report(x, rule, place, "nb", vif->lsp,
                               "port %s may only be bound on chassis \"%s\" "
                               "(options:requested-chassis), %s",
                               vif->label, requested,
                               b.chassis ? "but its interface is elsewhere"
                                         : "which does not exist");
    finding_evidence(f, "nb", vif->lsp, "options:requested-chassis",
                     requested);
    finding_cause_column(f, nb_of(place), vif->lsp, LSP_OPTIONS,
                         "requested-chassis");
}

void
check_iface_id_missing(struct examination *x, const struct rule *rule,
                       const struct place *place)
{
    struct binding b = diagnose_binding(x, place);
    if (b.fault != BINDING_NO_ID) {
        return;
    }
    const struct fabric_vif *vif = vif_of(place);
    const char *id =
        ovsdb_map_get(b.interface, INTERFACE_EXTERNAL_IDS, "iface-id");
    const char *what =
        !id ? "carries no external_ids:iface-id"
        : strcmp(id, vif->name)
            ? arena_printf(x->arena, "carries iface-id \"%s\"", id)
            : "is not on the integration bridge";
    struct finding *f = finding_on(
        report(x, rule, place, "ovs", b.interface,
               "interface %s on chassis %s looks like that of port %s (%s), "
               "but it %s, so nothing binds the port",
               ovsdb_string(b.interface, INTERFACE_NAME), b.chassis->name,
               vif->label, vif->name, what),
        b.chassis);
    finding_evidence(f, "ovs", b.interface, "external_ids:iface-id", id);
    finding_cause_column(f, ovs_of(&b), b.interface, INTERFACE_EXTERNAL_IDS,
                         "iface-id");
}

void
check_iface_id_dup_same_host(struct examination *x, const struct rule *rule,
                             const struct place *place)
{
    struct binding b = diagnose_binding(x, place);
    if (b.fault != BINDING_DUP) {
        return;
    }
    const struct fabric_vif *vif = vif_of(place);
    struct finding *f = finding_on(
        report(x, rule, place, "ovs", b.interface,
               "two interfaces on chassis %s have iface-id %s (port %s): "
               "neither works reliably",
               b.chassis->name, vif->name, vif->label),
        b.chassis);
    finding_evidence(f, "ovs", b.interface, "external_ids:iface-id",
                     vif->name);
    finding_cause_column(f, ovs_of(&b), b.interface, INTERFACE_EXTERNAL_IDS,
                         "iface-id");
}

void
check_iface_ofport_minus1(struct examination *x, const struct rule *rule,
                          const struct place *place)
{
    struct binding b = diagnose_binding(x, place);
    if (b.fault != BINDING_NO_OFPORT) {
        return;
    }
    const char *error = fabric_interface_error(b.chassis, b.interface);
    struct finding *f = finding_on(
        report(x, rule, place, "ovs", b.interface,
               "interface %s of port %s on chassis %s could not be opened: "
               "%s",
               ovsdb_string(b.interface, INTERFACE_NAME), vif_of(place)->label,
               b.chassis->name, error && *error ? error : "ofport -1"),
        b.chassis);
    finding_evidence(f, "ovs", b.interface, "ofport", "-1");
    finding_cause_column(f, ovs_of(&b), b.interface, INTERFACE_OFPORT, NULL);
}
