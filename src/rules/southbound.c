/* Rules about what is left in SB: of chassis that are gone or answer no more,
 * and of what switches and routers learned. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "rules/way.h"

static const struct ovsdb_table *
sb_table(const struct place *place, unsigned table)
{
    return &place->fabric->evidence->sb.store.tables[table];
}

/* Rows of chassis that are gone. */

/* Whether the host's name tells it from others. */
static bool
is_own_name(const char *hostname)
{
    return *hostname && strncmp(hostname, "localhost", strlen("localhost"));
}

static void
report_namesake(struct examination *x, const struct rule *rule,
                const struct place *place, const struct ovsdb_row *a,
                const struct ovsdb_row *b)
{
    const char *hostname = ovsdb_string(a, CHASSIS_HOSTNAME);
    struct finding *f = report(
        x, rule, place, "sb", b,
        "two chassis, %s and %s, are host %s: one of them is what a host "
        "with another system-id left behind, and what is bound or pinned to "
        "it has nobody",
        ovsdb_string(a, CHASSIS_NAME), ovsdb_string(b, CHASSIS_NAME),
        hostname);
    finding_evidence(f, "sb", a, "hostname", hostname);
    finding_evidence(f, "sb", b, "hostname", hostname);
    finding_cause_created(f, &place->fabric->evidence->sb, b);
}

/* Since OVN 20.09 what ovn-controller writes often has a row of its own,
 * which goes with the chassis (ovn-sb(5), Chassis_Private). */
static void
check_orphans(struct examination *x, const struct rule *rule,
              const struct place *place)
{
    OVSDB_TABLE_FOR_EACH (row, sb_table(place, SB_CHASSIS_PRIVATE)) {
        const char *name = ovsdb_string(row, CHASSIS_PRIVATE_NAME);
        const struct fabric_chassis *chassis =
            fabric_find_chassis(place->fabric, name);
        if (ovsdb_ref(row, CHASSIS_PRIVATE_CHASSIS)
            || (chassis && chassis->sb)) {
            continue;
        }
        struct finding *f = report(
            x, rule, place, "sb", row,
            "a record of chassis %s is left, and no such chassis: whoever "
            "waits for all chassis (--wait=hv) waits for it for ever",
            name);
        finding_evidence(f, "sb", row, "chassis", "[]");
    }
}

void
check_chassis_stale(struct examination *x, const struct rule *rule,
                    const struct place *place)
{
    struct strmap hosts;
    strmap_init(&hosts);
    OVSDB_TABLE_FOR_EACH (row, sb_table(place, SB_CHASSIS)) {
        const char *hostname = ovsdb_string(row, CHASSIS_HOSTNAME);
        if (!is_own_name(hostname)) {
            continue;
        }
        void **first = strmap_place(&hosts, hostname);
        if (*first) {
            report_namesake(x, rule, place, *first, row);
        } else {
            *first = (void *) row;
        }
    }
    strmap_done(&hosts);
    check_orphans(x, rule, place);
}

/* Two chassis with one tunnel address.  SB has an index on Encap's type and
 * ip, so it refuses the transactions of the one that comes second, as a whole
 * (ovn-sb.ovsschema; observed on 23.03.1: "constraint violation"). */

static const char *
external_id(const struct fabric_chassis *chassis, const char *key,
            struct arena *arena)
{
    const char *own =
        ovsdb_map_get(chassis->open_vswitch, OPEN_VSWITCH_EXTERNAL_IDS,
                      arena_printf(arena, "%s-%s", key, chassis->name));
    return own ? own
               : ovsdb_map_get(chassis->open_vswitch,
                               OPEN_VSWITCH_EXTERNAL_IDS, key);
}

/* Whether 'item' is one of a list with commas. */
static bool
lists(const char *list, const char *item)
{
    size_t length = strlen(item);
    while (list && *list) {
        size_t n = strcspn(list, ",");
        if (n == length && !memcmp(list, item, n)) {
            return true;
        }
        list += n + (list[n] == ',');
    }
    return false;
}

/* Whose the tunnel end is; "" if nobody's. */
static const char *
owner_of(const struct ovsdb_row *encap)
{
    return encap->owner ? ovsdb_string(encap->owner, CHASSIS_NAME)
                        : ovsdb_string(encap, ENCAP_CHASSIS_NAME);
}

/* The tunnel end of another chassis that 'chassis' asks for; or NULL. */
static const struct ovsdb_row *
find_taken_encap(struct examination *x, const struct place *place)
{
    const struct fabric_chassis *chassis = place->chassis;
    if (!chassis->ovs_known) {
        return NULL;
    }
    const char *ips = external_id(chassis, "ovn-encap-ip", x->arena);
    const char *types = external_id(chassis, "ovn-encap-type", x->arena);
    OVSDB_TABLE_FOR_EACH (row, sb_table(place, SB_ENCAP)) {
        const char *owner = owner_of(row);
        if (*owner && strcmp(owner, chassis->name)
            && lists(ips, ovsdb_string(row, ENCAP_IP))
            && lists(types, ovsdb_string(row, ENCAP_TYPE))) {
            return row;
        }
    }
    return NULL;
}

/* Whether the owner of the tunnel end is the same host under the system-id
 * that it had before. */
static bool
is_former_self(const struct place *place, const struct ovsdb_row *encap)
{
    const struct fabric_chassis *owner =
        fabric_find_chassis(place->fabric, owner_of(encap));
    const char *hostname = ovsdb_map_get(
        place->chassis->open_vswitch, OPEN_VSWITCH_EXTERNAL_IDS, "hostname");
    return owner && !owner->ovs_known && !place->chassis->sb && hostname
           && !strcmp(hostname, owner->hostname);
}

static void
add_encap_evidence(struct finding *f, const struct place *place,
                   const struct ovsdb_row *encap, const char *key,
                   const char *value)
{
    const struct fabric_chassis *chassis = place->chassis;
    finding_on(f, chassis);
    finding_evidence(f, "sb", encap, "ip", ovsdb_string(encap, ENCAP_IP));
    finding_evidence(f, "sb", encap, "chassis_name", owner_of(encap));
    finding_evidence(f, "ovs", chassis->open_vswitch, "external_ids", value);
    finding_cause_column(f, &chassis->evidence->ovs, chassis->open_vswitch,
                         OPEN_VSWITCH_EXTERNAL_IDS, key);
}

void
check_encap_dup_ip(struct examination *x, const struct rule *rule,
                   const struct place *place)
{
    const struct ovsdb_row *encap = find_taken_encap(x, place);
    if (!encap || is_former_self(place, encap)) {
        return;
    }
    const char *ip = ovsdb_string(encap, ENCAP_IP);
    struct finding *f = report(
        x, rule, place, "sb", encap,
        "chassis %s asks for the tunnel address %s, which is chassis %s's: SB "
        "refuses all that %s writes, so it binds no new port; what was bound "
        "before goes on",
        place->chassis->name, ip, owner_of(encap), place->chassis->name);
    add_encap_evidence(f, place, encap, "ovn-encap-ip",
                       arena_printf(x->arena, "ovn-encap-ip=%s", ip));
}

void
check_system_id_changed(struct examination *x, const struct rule *rule,
                        const struct place *place)
{
    const struct ovsdb_row *encap = find_taken_encap(x, place);
    if (!encap || !is_former_self(place, encap)) {
        return;
    }
    const char *former = owner_of(encap);
    struct finding *f = report(
        x, rule, place, "sb", encap,
        "this host's system-id is %s now, and SB knows it as %s: it refuses "
        "the new chassis as long as the old one has its tunnel address.  What "
        "is bound to %s goes on until somebody deletes it, and gateway "
        "chassis that name it have nobody then",
        place->chassis->name, former, former);
    add_encap_evidence(
        f, place, encap, "system-id",
        arena_printf(x->arena, "system-id=%s", place->chassis->name));
}

/* Ports of a chassis that answers no more. */

/* After this time a chassis that has not followed is not only slow. */
#define SILENT_MS 60000

/* Whether other chassis' BFD sees it down, and nobody's sees it up. */
static bool
is_seen_down(const struct fabric *f, const struct fabric_chassis *chassis)
{
    bool is_down = false;
    for (size_t i = 0; i < f->n_chassis; i++) {
        const struct fabric_chassis *other = f->chassis[i];
        const struct ovsdb_row *tunnel =
            other != chassis && other->ovs_known && chassis->sb
                ? fabric_find_tunnel(other, chassis)
                : NULL;
        bool watched = false;
        enum link_state state =
            tunnel ? fabric_tunnel_bfd(other, tunnel, &watched) : LINK_UNKNOWN;
        if (watched && state == LINK_UP) {
            return false;
        }
        is_down |= watched && state == LINK_DOWN;
    }
    return is_down;
}

/* Whether another chassis has done for a long time what this one has not. */
static bool
is_silent(const struct fabric *f, const struct fabric_chassis *chassis)
{
    for (size_t i = 0; i < f->n_chassis; i++) {
        const struct fabric_chassis *other = f->chassis[i];
        int64_t at_ms =
            other->nb_cfg_row
                    && other->nb_cfg_row->table->spec->columns
                           == sb_spec.tables[SB_CHASSIS_PRIVATE].columns
                ? ovsdb_integer(other->nb_cfg_row,
                                CHASSIS_PRIVATE_NB_CFG_TIMESTAMP, 0)
                : 0;
        if (at_ms && !other->is_behind && other->nb_cfg > chassis->nb_cfg
            && f->evidence->now_ms - at_ms > SILENT_MS) {
            return true;
        }
    }
    return false;
}

void
check_sb_stale_up(struct examination *x, const struct rule *rule,
                  const struct place *place)
{
    const struct fabric_chassis *chassis = place->chassis;
    if (!chassis->sb || !chassis->is_behind
        || (!is_seen_down(place->fabric, chassis)
            && !is_silent(place->fabric, chassis))) {
        return;
    }
    const struct ovsdb_row *first = NULL;
    size_t n = 0;
    OVSDB_TABLE_FOR_EACH (row, sb_table(place, SB_PORT_BINDING)) {
        if (ovsdb_ref(row, PB_CHASSIS) == chassis->sb
            && ovsdb_bool(row, PB_UP, false)) {
            first = first ? first : row;
            n++;
        }
    }
    if (!first) {
        return;
    }
    const char *port = ovsdb_string(first, PB_LOGICAL_PORT);
    struct finding *f = report(
        x, rule, place, "sb", first,
        "SB says that %zu port%s of chassis %s %s up, %s%s, but %s has not "
        "answered since nb_cfg %lld: if its host is down, so are they; "
        "nobody takes that back until it returns or is deleted",
        n, n == 1 ? "" : "s", chassis->name, n == 1 ? "is" : "are", port,
        n == 1 ? "" : " and others", chassis->name,
        (long long) chassis->nb_cfg);
    finding_on(f, chassis);
    finding_evidence(f, "sb", first, "up", "true");
    finding_evidence(
        f, "sb", chassis->nb_cfg_row, "nb_cfg",
        arena_printf(x->arena, "%lld", (long long) chassis->nb_cfg));
}

/* Bindings of a router that was pinned to a chassis. */
void
check_sb_residual_l3gateway(struct examination *x, const struct rule *rule,
                            const struct place *place)
{
    const struct ovsdb_row *first = NULL;
    size_t n = 0;
    OVSDB_TABLE_FOR_EACH (row, sb_table(place, SB_PORT_BINDING)) {
        if (!strcmp(ovsdb_string(row, PB_TYPE), "patch")
            && ovsdb_ref(row, PB_CHASSIS)) {
            first = first ? first : row;
            n++;
        }
    }
    if (!first) {
        return;
    }
    const char *chassis =
        ovsdb_string(ovsdb_ref(first, PB_CHASSIS), CHASSIS_NAME);
    struct finding *f = report(
        x, rule, place, "sb", first,
        "%zu binding%s of type patch still name%s a chassis, such as %s, %s: "
        "a router was pinned to it once (options:chassis).  It is not the "
        "gateway because of that",
        n, n == 1 ? "" : "s", n == 1 ? "s" : "",
        ovsdb_string(first, PB_LOGICAL_PORT), chassis);
    finding_evidence(f, "sb", first, "type", "patch");
    finding_evidence(f, "sb", first, "chassis", chassis);
    finding_cause_column(f, &place->fabric->evidence->sb, first, PB_TYPE,
                         NULL);
}

/* What two routers learned of one neighbour. */

static bool
is_later(const struct ovsdb_row *a, const struct ovsdb_row *b)
{
    return ovsdb_integer(a, MAC_BINDING_TIMESTAMP, 0)
           > ovsdb_integer(b, MAC_BINDING_TIMESTAMP, 0);
}

static void
report_neighbour(struct examination *x, const struct rule *rule,
                 const struct place *place, const struct ovsdb_row *old,
                 const struct ovsdb_row *new)
{
    struct finding *f = report(
        x, rule, place, "sb", old,
        "%s learned %s for %s, and %s learned %s later: if that one is right, "
        "%s sends to nobody until %s speaks to it again",
        ovsdb_string(old, MAC_BINDING_LOGICAL_PORT),
        ovsdb_string(old, MAC_BINDING_MAC), ovsdb_string(old, MAC_BINDING_IP),
        ovsdb_string(new, MAC_BINDING_LOGICAL_PORT),
        ovsdb_string(new, MAC_BINDING_MAC),
        ovsdb_string(old, MAC_BINDING_LOGICAL_PORT),
        ovsdb_string(old, MAC_BINDING_IP));
    finding_evidence(f, "sb", old, "mac", ovsdb_string(old, MAC_BINDING_MAC));
    finding_evidence(f, "sb", new, "mac", ovsdb_string(new, MAC_BINDING_MAC));
}

/* ovn-controller keeps what it learned until somebody with that address
 * speaks again; nothing ages unless options:mac_binding_age_threshold says so
 * (ovn-nb(5), Logical_Router). */
void
check_mac_binding_stale(struct examination *x, const struct rule *rule,
                        const struct place *place)
{
    struct strmap neighbours; /* "SWITCH IP" -> the binding learned last. */
    strmap_init(&neighbours);
    OVSDB_TABLE_FOR_EACH (row, sb_table(place, SB_MAC_BINDING)) {
        const struct fabric_lrp *port = fabric_find_lrp(
            place->fabric, ovsdb_string(row, MAC_BINDING_LOGICAL_PORT));
        if (!port || !port->ls || !port->ls->intent.why
            || !ovsdb_integer(row, MAC_BINDING_TIMESTAMP, 0)) {
            continue;
        }
        void **place_of = strmap_place(
            &neighbours,
            arena_printf(x->arena, "%zu %s",
                         (size_t) (port->ls - place->fabric->switches),
                         ovsdb_string(row, MAC_BINDING_IP)));
        const struct ovsdb_row *other = *place_of;
        if (other
            && strcasecmp(ovsdb_string(row, MAC_BINDING_MAC),
                          ovsdb_string(other, MAC_BINDING_MAC))) {
            bool later = is_later(row, other);
            report_neighbour(x, rule, place, later ? other : row,
                             later ? row : other);
        }
        if (!other || is_later(row, other)) {
            *place_of = (void *) row;
        }
    }
    strmap_done(&neighbours);
}

/* Where a MAC was learned. */

static bool
has_address(const struct fabric_vif *vif, const char *mac)
{
    for (size_t i = 0; i < vif->n_addresses; i++) {
        if (!strcasecmp(vif->addresses[i].mac, mac)) {
            return true;
        }
    }
    return false;
}

/* A unicast whose destination is none of the ports' addresses goes where its
 * MAC was learned, to all "unknown" ports if nowhere (ovn-northd(8),
 * "Destination Lookup").  A port learns from the frames that it sends, if it
 * has "unknown" and no port_security (OVN 23.03, northd.c,
 * build_lswitch_learn_fdb_op()). */
void
check_fdb_stale(struct examination *x, const struct rule *rule,
                const struct place *place)
{
    const struct fabric_vif *vif = place->endpoint->vif;
    if (place->endpoint->kind != ENDPOINT_VM || !vif || !vif->is_unknown
        || !vif->pb || !vif->interface) {
        return;
    }
    const char *mac =
        ovsdb_map_get(vif->interface, INTERFACE_EXTERNAL_IDS, "attached-mac");
    const struct ovsdb_row *learned =
        mac && !has_address(vif, mac)
            ? fabric_find_learned(place->fabric, vif->pb, mac)
            : NULL;
    if (!learned
        || ovsdb_integer(learned, FDB_PORT_KEY, 0)
               == ovsdb_integer(vif->pb, PB_TUNNEL_KEY, 0)) {
        return;
    }
    bool relearns = !ovsdb_count(vif->lsp, LSP_PORT_SECURITY);
    const char *key = arena_printf(
        x->arena, "%lld", (long long) ovsdb_integer(learned, FDB_PORT_KEY, 0));
    struct finding *f = report(
        x, rule, place, "sb", learned,
        "the switch learned %s at another port (key %s): unicast to %s goes "
        "there%s",
        mac, key, vif->name, relearns ? " until the guest sends a frame" : "");
    if (relearns) {
        finding_latent(f);
    }
    finding_evidence(f, "sb", learned, "port_key", key);
    finding_evidence(
        f, "sb", vif->pb, "tunnel_key",
        arena_printf(x->arena, "%lld",
                     (long long) ovsdb_integer(vif->pb, PB_TUNNEL_KEY, 0)));
    finding_cause_created(f, &place->fabric->evidence->sb, learned);
}
