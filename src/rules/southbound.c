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

/* Whether the row is of another availability zone (OVN 23.03, ic/ovn-ic.c):
 * those have host names of their own. */
static bool
is_remote(const struct ovsdb_row *chassis)
{
    static const unsigned columns[] = { CHASSIS_OTHER_CONFIG,
                                        CHASSIS_EXTERNAL_IDS };
    for (size_t i = 0; i < N_ELEMENTS(columns); i++) {
        const char *remote = ovsdb_map_get(chassis, columns[i], "is-remote");
        if (remote && !strcmp(remote, "true")) {
            return true;
        }
    }
    return false;
}

/* Whether the host's name tells the chassis from others. */
static bool
is_named(const struct ovsdb_row *chassis)
{
    const char *hostname = ovsdb_string(chassis, CHASSIS_HOSTNAME);
    return *hostname && !is_remote(chassis)
           && strncmp(hostname, "localhost", strlen("localhost"));
}

/* Whether the chassis was gathered, and so is alive. */
static bool
is_at_hand(const struct place *place, const struct ovsdb_row *row)
{
    const struct fabric_chassis *chassis =
        fabric_find_chassis(place->fabric, ovsdb_string(row, CHASSIS_NAME));
    return chassis && chassis->ovs_known;
}

static void
report_namesake(struct examination *x, const struct rule *rule,
                const struct place *place, const struct ovsdb_row *a,
                const struct ovsdb_row *b)
{
    const char *hostname = ovsdb_string(a, CHASSIS_HOSTNAME);
    if (is_at_hand(place, a) && is_at_hand(place, b)) {
        return;
    }
    struct finding *f = report(
        x, rule, place, "sb", b,
        "two chassis, %s and %s, are host %s: two hosts have one name, or one "
        "of the chassis is what a host left behind when it got another "
        "system-id; what is bound or pinned to that one has nobody",
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
        if (!is_named(row)) {
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

/* Tunnel ends by "TYPE IP". */
static void
index_encaps(const struct place *place, struct arena *arena,
             struct strmap *encaps)
{
    strmap_init(encaps);
    OVSDB_TABLE_FOR_EACH (row, sb_table(place, SB_ENCAP)) {
        *strmap_place(encaps, arena_printf(arena, "%s %s",
                                           ovsdb_string(row, ENCAP_TYPE),
                                           ovsdb_string(row, ENCAP_IP))) = row;
    }
}

/* Cuts the next item off a list with commas; NULL at its end. */
static const char *
next_item(const char **list, struct arena *arena)
{
    if (!*list || !**list) {
        return NULL;
    }
    size_t n = strcspn(*list, ",");
    const char *item = arena_strndup(arena, *list, n);
    *list += n + ((*list)[n] == ',');
    return item;
}

/* The tunnel end of another chassis that place's asks for; or NULL. */
static const struct ovsdb_row *
find_taken_encap(struct examination *x, const struct place *place,
                 const struct strmap *encaps)
{
    const struct fabric_chassis *chassis = place->chassis;
    const char *types = chassis->encap_types;
    for (const char *type; (type = next_item(&types, x->arena));) {
        const char *ips = chassis->encap_ips;
        for (const char *ip; (ip = next_item(&ips, x->arena));) {
            const struct ovsdb_row *encap =
                strmap_get(encaps, arena_printf(x->arena, "%s %s", type, ip));
            if (encap && *fabric_encap_owner(encap)
                && strcmp(fabric_encap_owner(encap), chassis->name) != 0) {
                return encap;
            }
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
        fabric_find_chassis(place->fabric, fabric_encap_owner(encap));
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
    finding_evidence(f, "sb", encap, "chassis_name",
                     fabric_encap_owner(encap));
    finding_evidence(f, "ovs", chassis->open_vswitch, "external_ids", value);
    finding_cause_column(f, &chassis->evidence->ovs, chassis->open_vswitch,
                         OPEN_VSWITCH_EXTERNAL_IDS, key);
}

static void
report_dup_ip(struct examination *x, const struct rule *rule,
              const struct place *place, const struct ovsdb_row *encap)
{
    if (is_former_self(place, encap)) {
        return;
    }
    const char *ip = ovsdb_string(encap, ENCAP_IP);
    struct finding *f = report(
        x, rule, place, "sb", encap,
        "chassis %s asks for the tunnel address %s, which is chassis %s's: SB "
        "refuses what %s writes, so it binds no new port",
        place->chassis->name, ip, fabric_encap_owner(encap),
        place->chassis->name);
    add_encap_evidence(f, place, encap, "ovn-encap-ip",
                       arena_printf(x->arena, "ovn-encap-ip=%s", ip));
}

static void
report_former_self(struct examination *x, const struct rule *rule,
                   const struct place *place, const struct ovsdb_row *encap)
{
    if (!is_former_self(place, encap)) {
        return;
    }
    const char *former = fabric_encap_owner(encap);
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

typedef void encap_report(struct examination *, const struct rule *,
                          const struct place *, const struct ovsdb_row *encap);

/* Reports each gathered chassis that asks for a tunnel end of another. */
static void
check_encaps(struct examination *x, const struct rule *rule,
             const struct place *place, encap_report *report_encap)
{
    const struct fabric *f = place->fabric;
    struct strmap encaps;
    index_encaps(place, x->arena, &encaps);
    for (size_t i = 0; i < f->n_chassis; i++) {
        struct place at = *place;
        at.chassis = f->chassis[i];
        const struct ovsdb_row *encap =
            at.chassis->ovs_known ? find_taken_encap(x, &at, &encaps) : NULL;
        if (encap) {
            report_encap(x, rule, &at, encap);
        }
    }
    strmap_done(&encaps);
}

void
check_encap_dup_ip(struct examination *x, const struct rule *rule,
                   const struct place *place)
{
    check_encaps(x, rule, place, report_dup_ip);
}

void
check_system_id_changed(struct examination *x, const struct rule *rule,
                        const struct place *place)
{
    check_encaps(x, rule, place, report_former_self);
}

/* Ports of chassis that answer no more. */

/* After this time a chassis that has not followed is not only slow. */
#define SILENT_MS 60000

/* Whether the BFD of a chassis that was gathered sees it down, and nobody's
 * sees it up. */
static bool
is_seen_down(const struct fabric *f, const struct fabric_chassis *chassis)
{
    bool is_down = false;
    const struct evidence *e = f->evidence;
    for (size_t i = 0; i < e->n_chassis; i++) {
        const struct fabric_chassis *other =
            fabric_find_chassis(f, e->chassis[i]->name);
        const struct ovsdb_row *tunnel =
            other && other != chassis && other->ovs_known
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

/* When the rows were as they are: now, or of a file as late as it tells. */
static int64_t
time_of_rows(const struct evidence *e)
{
    const struct evidence_db *sb = &e->sb;
    return sb->live ? e->now_ms
           : sb->log && sb->log->n_records
               ? sb->log->records[sb->log->n_records - 1].date_ms
               : 0;
}

/* The largest nb_cfg that a chassis had reached long before: who has less is
 * silent. */
static int64_t
find_old_cfg(const struct place *place)
{
    int64_t now_ms = time_of_rows(place->fabric->evidence);
    int64_t old = 0;
    OVSDB_TABLE_FOR_EACH (row, sb_table(place, SB_CHASSIS_PRIVATE)) {
        int64_t at_ms =
            ovsdb_integer(row, CHASSIS_PRIVATE_NB_CFG_TIMESTAMP, 0);
        int64_t nb_cfg = ovsdb_integer(row, CHASSIS_PRIVATE_NB_CFG, 0);
        if (at_ms && now_ms - at_ms > SILENT_MS && nb_cfg > old) {
            old = nb_cfg;
        }
    }
    return old;
}

struct raised {
    const struct ovsdb_row *first; /* A binding that says "up". */
    size_t n;
};

/* By the chassis's index. */
static struct raised *
count_raised(struct examination *x, const struct place *place)
{
    const struct fabric *f = place->fabric;
    struct raised *raised =
        arena_zalloc(x->arena, f->n_chassis * sizeof *raised);
    OVSDB_TABLE_FOR_EACH (row, sb_table(place, SB_PORT_BINDING)) {
        const struct ovsdb_row *sb = ovsdb_ref(row, PB_CHASSIS);
        const struct fabric_chassis *chassis =
            sb && ovsdb_bool(row, PB_UP, false)
                ? fabric_find_chassis(f, ovsdb_string(sb, CHASSIS_NAME))
                : NULL;
        if (chassis) {
            struct raised *r = &raised[chassis->index];
            r->first = r->first ? r->first : row;
            r->n++;
        }
    }
    return raised;
}

static void
report_raised(struct examination *x, const struct rule *rule,
              const struct place *place, const struct fabric_chassis *chassis,
              const struct raised *raised)
{
    size_t n = raised->n;
    struct finding *f = report(
        x, rule, place, "sb", raised->first,
        "SB says that %zu port%s of chassis %s %s up, %s%s, but %s has not "
        "answered since nb_cfg %lld: if its host is down, so are they; "
        "nobody takes that back until it returns or is deleted",
        n, n == 1 ? "" : "s", chassis->name, n == 1 ? "is" : "are",
        ovsdb_string(raised->first, PB_LOGICAL_PORT),
        n == 1 ? "" : " and others", chassis->name,
        (long long) chassis->nb_cfg);
    finding_on(f, chassis);
    finding_evidence(f, "sb", raised->first, "up", "true");
    finding_evidence(
        f, "sb", chassis->nb_cfg_row, "nb_cfg",
        arena_printf(x->arena, "%lld", (long long) chassis->nb_cfg));
}

void
check_sb_stale_up(struct examination *x, const struct rule *rule,
                  const struct place *place)
{
    const struct fabric *f = place->fabric;
    int64_t old_cfg = find_old_cfg(place);
    const struct raised *raised = NULL;
    for (size_t i = 0; i < f->n_chassis; i++) {
        const struct fabric_chassis *chassis = f->chassis[i];
        if (!chassis->sb || !chassis->is_behind
            || (chassis->nb_cfg >= old_cfg && !is_seen_down(f, chassis))) {
            continue;
        }
        raised = raised ? raised : count_raised(x, place);
        if (raised[i].n) {
            report_raised(x, rule, place, chassis, &raised[i]);
        }
    }
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

static int64_t
learned_ms(const struct ovsdb_row *binding)
{
    return ovsdb_integer(binding, MAC_BINDING_TIMESTAMP, 0);
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

/* Whether the router sends to the neighbour whatever it has no network for. */
static bool
is_next_hop(const struct fabric_router *router, const char *ip)
{
    for (size_t i = 0; i < router->n_routes; i++) {
        if (!strcmp(ovsdb_string(router->routes[i].row, ROUTE_NEXTHOP), ip)) {
            return true;
        }
    }
    return false;
}

/* All that routers send to whatever they have no network for. */
static void
gather_next_hops(const struct fabric *f, struct strmap *hops)
{
    for (size_t i = 0; i < f->n_routers; i++) {
        const struct fabric_router *router = &f->routers[i];
        for (size_t j = 0; j < router->n_routes; j++) {
            const struct ovsdb_row *route = router->routes[j].row;
            *strmap_place(hops, ovsdb_string(route, ROUTE_NEXTHOP)) =
                (void *) route;
        }
    }
}

/* The port of a provider network that learned the binding of a next hop; NULL
 * for others, and for link-local addresses, which mean something on one
 * segment only.  Asks 'hops' first: of all that a cloud's routers learned,
 * most are other hosts. */
static const struct fabric_lrp *
port_of_binding(const struct place *place, const struct strmap *hops,
                const struct ovsdb_row *binding)
{
    const char *ip = ovsdb_string(binding, MAC_BINDING_IP);
    if (!strmap_get(hops, ip) || !strncmp(ip, "fe80:", strlen("fe80:"))) {
        return NULL;
    }
    const struct fabric_lrp *port = fabric_find_lrp(
        place->fabric, ovsdb_string(binding, MAC_BINDING_LOGICAL_PORT));
    return port && port->ls && port->ls->intent.why && learned_ms(binding)
               ? port
               : NULL;
}

/* Whatever was learned of the same address of the same network last. */
static void **
place_neighbour(const struct place *place, struct arena *arena,
                struct strmap *neighbours, const struct fabric_lrp *port,
                const struct ovsdb_row *binding)
{
    return strmap_place(
        neighbours, arena_printf(arena, "%zu %s",
                                 (size_t) (port->ls - place->fabric->switches),
                                 ovsdb_string(binding, MAC_BINDING_IP)));
}

/* ovn-controller keeps what it learned until somebody with that address
 * speaks again; nothing ages unless options:mac_binding_age_threshold says so
 * (ovn-nb(5), Logical_Router).  Only next hops count: addresses of other hosts
 * are given to others every day. */
void
check_mac_binding_stale(struct examination *x, const struct rule *rule,
                        const struct place *place)
{
    struct strmap hops, neighbours; /* "SWITCH IP" -> what was learned last. */
    strmap_init(&hops);
    strmap_init(&neighbours);
    gather_next_hops(place->fabric, &hops);
    OVSDB_TABLE_FOR_EACH (row, sb_table(place, SB_MAC_BINDING)) {
        const struct fabric_lrp *port = port_of_binding(place, &hops, row);
        if (port) {
            void **last =
                place_neighbour(place, x->arena, &neighbours, port, row);
            if (!*last || learned_ms(row) > learned_ms(*last)) {
                *last = (void *) row;
            }
        }
    }
    OVSDB_TABLE_FOR_EACH (row, sb_table(place, SB_MAC_BINDING)) {
        const struct fabric_lrp *port = port_of_binding(place, &hops, row);
        const struct ovsdb_row *last =
            port ? *place_neighbour(place, x->arena, &neighbours, port, row)
                 : NULL;
        if (last
            && strcasecmp(ovsdb_string(row, MAC_BINDING_MAC),
                          ovsdb_string(last, MAC_BINDING_MAC))
                   != 0
            && is_next_hop(port->router, ovsdb_string(row, MAC_BINDING_IP))) {
            report_neighbour(x, rule, place, row, last);
        }
    }
    strmap_done(&neighbours);
    strmap_done(&hops);
}

/* Where a MAC was learned. */

static bool
has_address(const struct fabric_vif *vif, const char *mac)
{
    for (size_t i = 0; i < vif->n_addresses; i++) {
        const char *own = vif->addresses[i].mac;
        if (own && !strcasecmp(own, mac)) {
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
