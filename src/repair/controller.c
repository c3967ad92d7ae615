#include "repair/daemons.h"

#include <stdio.h>
#include <string.h>

#include "repair/simulation.h"

/* Claims. */

/* Whether 'chassis' may bind the port: options:requested-chassis names it, the
 * first of a list, or nobody (ovn-nb(5)). */
static bool
is_requested(const struct ovsdb_row *lsp, const struct ovsdb_row *chassis)
{
    const char *requested =
        lsp ? ovsdb_map_get(lsp, LSP_OPTIONS, "requested-chassis") : NULL;
    if (!requested || !*requested) {
        return true;
    }
    size_t length = strcspn(requested, ",");
    const char *names[] = { ovsdb_string(chassis, CHASSIS_NAME),
                            ovsdb_string(chassis, CHASSIS_HOSTNAME) };
    for (size_t i = 0; i < N_ELEMENTS(names); i++) {
        if (strlen(names[i]) == length
            && !strncmp(names[i], requested, length)) {
            return true;
        }
    }
    return false;
}

static bool
is_gathered(const struct follow *f, const struct ovsdb_row *chassis)
{
    const struct evidence *e = f->evidence;
    for (size_t i = 0; i < e->n_chassis; i++) {
        if (!strcmp(e->chassis[i]->name,
                    ovsdb_string(chassis, CHASSIS_NAME))) {
            return e->chassis[i]->ovs.present;
        }
    }
    return false;
}

const struct ovsdb_row *
controller_claims(const struct follow *f, const char *name,
                  const struct ovsdb_row *bound, bool *ret_known)
{
    const struct evidence_chassis *claimer = strmap_get(&f->claims, name);
    const struct ovsdb_row *chassis =
        claimer ? strmap_get(&f->chassis, claimer->name) : NULL;
    const struct ovsdb_row *port = strmap_get(&f->ports, name);
    *ret_known = chassis || (bound && is_gathered(f, bound));
    return chassis && is_requested(port, chassis) ? chassis : NULL;
}

/* Mappings. */

static const char *
mappings_of(const struct evidence_chassis *chassis)
{
    const struct ovsdb_row *row =
        ovsdb_table_next(&chassis->ovs.store.tables[OVS_OPEN_VSWITCH], NULL);
    char key[512];
    if (!row) {
        return NULL;
    }
    snprintf(key, sizeof key, "ovn-bridge-mappings-%s", chassis->name);
    const char *own = ovsdb_map_get(row, OPEN_VSWITCH_EXTERNAL_IDS, key);
    const char *general =
        ovsdb_map_get(row, OPEN_VSWITCH_EXTERNAL_IDS, "ovn-bridge-mappings");
    return own ? own : general ? general : "";
}

void
controller_put_mappings(struct follow *f, struct text *t)
{
    const struct evidence *e = f->evidence;
    const char *between = ",\"Chassis\":{";
    for (size_t i = 0; i < e->n_chassis; i++) {
        const struct ovsdb_row *chassis =
            f->chassis_changed[i]
                ? strmap_get(&f->chassis, e->chassis[i]->name)
                : NULL;
        const char *mappings = chassis ? mappings_of(e->chassis[i]) : NULL;
        unsigned column =
            chassis
                    && ovsdb_map_get(chassis, CHASSIS_EXTERNAL_IDS,
                                     "ovn-bridge-mappings")
                ? CHASSIS_EXTERNAL_IDS
                : CHASSIS_OTHER_CONFIG;
        if (!mappings) {
            continue;
        }
        char uuid[UUID_LENGTH + 1];
        uuid_format(&chassis->uuid, uuid);
        text_printf(t, "%s\"%s\":{\"%s\":[\"map\",[[\"ovn-bridge-mappings\",",
                    between, uuid, chassis->table->spec->columns[column].name);
        json_put_string(t, mappings);
        text_puts(t, "]]]}");
        between = ",";
    }
    text_puts(t, between[1] ? "" : "}");
}

/* Patch ports. */

/* What one chassis' ovn-controller writes: rows of Port and Interface, and
 * the sets of ports of the bridges that change. */
struct patching {
    struct follow *follow;
    struct fabric_chassis *chassis;
    struct text ports;
    struct text interfaces;
    struct strmap added;   /* Bridge's name -> struct added_port. */
    struct strmap removed; /* Port's name -> its row. */
};

struct added_port {
    const char *uuid;
    struct added_port *next;
};

static void
add_side(struct patching *p, const char *bridge, const char *name,
         const char *peer, const char *localnet)
{
    struct follow *f = p->follow;
    const char *port = follow_make_uuid(f), *interface = follow_make_uuid(f);
    text_printf(&p->ports, "%s\"%s\":{\"name\":", p->ports.length ? "," : "",
                port);
    json_put_string(&p->ports, name);
    text_printf(&p->ports,
                ",\"interfaces\":[\"uuid\",\"%s\"],\"external_ids\":[\"map\","
                "[[\"ovn-localnet-port\",",
                interface);
    json_put_string(&p->ports, localnet);
    text_puts(&p->ports, "]]]}");
    text_printf(&p->interfaces,
                "%s\"%s\":{\"name\":", p->interfaces.length ? "," : "",
                interface);
    json_put_string(&p->interfaces, name);
    /* Its number is ovs-vswitchd's choice; that it has one is what counts. */
    text_printf(
        &p->interfaces,
        ",\"type\":\"patch\",\"ofport\":%u,\"options\":[\"map\",[[\"peer"
        "\",",
        60000 + f->n_made % 5000);
    json_put_string(&p->interfaces, peer);
    text_puts(&p->interfaces, "]]]}");
    void **place = strmap_place(&p->added, bridge);
    struct added_port *added = arena_alloc(&f->arena, sizeof *added);
    *added = (struct added_port){ port, *place };
    *place = added;
}

static void
remove_side(struct patching *p, const struct ovsdb_row *interface)
{
    const struct ovsdb_row *port = interface ? interface->owner : NULL;
    char uuid[UUID_LENGTH + 1];
    void **place =
        port ? strmap_place(&p->removed, ovsdb_string(port, PORT_NAME)) : NULL;
    if (!place || *place) {
        return;
    }
    *place = (void *) port;
    uuid_format(&port->uuid, uuid);
    text_printf(&p->ports, "%s\"%s\":null", p->ports.length ? "," : "", uuid);
    uuid_format(&interface->uuid, uuid);
    text_printf(&p->interfaces, "%s\"%s\":null",
                p->interfaces.length ? "," : "", uuid);
}

/* Whether ovn-controller moves a pair that is on another bridge than the
 * mapping names.  From 23.03.0 (commit
 * b600316f2) until commit 2609cd9f0 it could not, which these releases
 * have: it wedges then, and the pair stays
 * (doc/codes/ovs-mapping-remap-wedge.md).  Its version is in no row; that
 * northd is of the same is assumed.  Where no row tells, the pair is moved:
 * that is the greater change. */
static bool
moves_pairs(const struct evidence *e)
{
    static const struct {
        int major, minor, patch;
    } fixed[] = {
        { 23, 3, 4 }, { 23, 6, 4 }, { 23, 9, 4 }, { 24, 3, 2 }, { 24, 9, 0 }
    };
    const struct ovsdb_row *global =
        ovsdb_table_next(&e->nb.store.tables[NB_NB_GLOBAL], NULL);
    const char *version = global ? ovsdb_map_get(global, NB_GLOBAL_OPTIONS,
                                                 "northd_internal_version")
                                 : NULL;
    int major, minor, patch;
    if (!version
        || sscanf(version, "%4d.%4d.%4d", &major, &minor, &patch) != 3) {
        return true;
    }
    for (size_t i = 0; i < N_ELEMENTS(fixed); i++) {
        if (major == fixed[i].major && minor == fixed[i].minor) {
            return patch >= fixed[i].patch;
        }
    }
    return major < 23 || (major == 23 && minor < 3) || major > 24
           || (major == 24 && minor > 9);
}

/* ovn-controller takes each side down and builds it where the mappings lead;
 * a pair that is right is left alone, and so is one that it cannot move. */
static void
patch_attachment(struct patching *p, const struct fabric_attachment *a)
{
    const struct fabric_localnet *localnet = a->localnet;
    bool wanted = a->mapped_bridge && localnet->pb && *localnet->network;
    bool is_right = a->bridge == a->mapped_bridge;
    if (wanted && a->outer && a->inner
        && (is_right || (a->bridge && !moves_pairs(p->follow->evidence)))) {
        return;
    }
    remove_side(p, a->outer);
    remove_side(p, a->inner);
    if (wanted) {
        add_side(p, a->mapped_bridge->name, a->outer_name, a->inner_name,
                 localnet->name);
        add_side(p, p->chassis->integration_bridge, a->inner_name,
                 a->outer_name, localnet->name);
    }
}

/* Patch ports of localnet ports that are gone. */
static void
remove_orphans(struct patching *p)
{
    const struct follow *f = p->follow;
    const struct ovsdb_store *store = &p->chassis->evidence->ovs.store;
    OVSDB_TABLE_FOR_EACH (port, &store->tables[OVS_PORT]) {
        const char *localnet =
            ovsdb_map_get(port, PORT_EXTERNAL_IDS, "ovn-localnet-port");
        const struct ovsdb_row *lsp =
            localnet ? strmap_get(&f->ports, localnet) : NULL;
        if (localnet && strmap_get(&f->names, localnet)
            && (!lsp
                || strcmp(ovsdb_string(lsp, LSP_TYPE), "localnet") != 0)) {
            for (unsigned i = 0; i < ovsdb_count(port, PORT_INTERFACES); i++) {
                remove_side(p, ovsdb_atoms(port, PORT_INTERFACES)[i].row);
            }
        }
    }
}

static bool
is_removed(const struct patching *p, const struct ovsdb_row *port)
{
    return strmap_get(&p->removed, ovsdb_string(port, PORT_NAME)) == port;
}

static void
put_bridge(struct patching *p, struct text *t, const struct ovsdb_row *bridge)
{
    char uuid[UUID_LENGTH + 1];
    const char *between = "";
    uuid_format(&bridge->uuid, uuid);
    text_printf(t, "\"%s\":{\"ports\":[\"set\",[", uuid);
    for (unsigned i = 0; i < ovsdb_count(bridge, BRIDGE_PORTS); i++) {
        const struct ovsdb_row *port =
            ovsdb_atoms(bridge, BRIDGE_PORTS)[i].row;
        if (port->exists && !is_removed(p, port)) {
            uuid_format(&port->uuid, uuid);
            text_printf(t, "%s[\"uuid\",\"%s\"]", between, uuid);
            between = ",";
        }
    }
    const struct added_port *added =
        strmap_get(&p->added, ovsdb_string(bridge, BRIDGE_NAME));
    for (; added; added = added->next) {
        text_printf(t, "%s[\"uuid\",\"%s\"]", between, added->uuid);
        between = ",";
    }
    text_puts(t, "]]}");
}

static struct error *
commit_patching(struct patching *p, struct evidence_db *db)
{
    struct text t;
    text_init(&t, TEXT_CEILING_BYTES);
    follow_begin(p->follow, &t, "ovn-controller");
    text_printf(&t, ",\"Port\":{%s},\"Interface\":{%s},\"Bridge\":{",
                text_string(&p->ports), text_string(&p->interfaces));
    const char *between = "";
    OVSDB_TABLE_FOR_EACH (bridge, &db->store.tables[OVS_BRIDGE]) {
        text_puts(&t, between);
        put_bridge(p, &t, bridge);
        between = ",";
    }
    text_puts(&t, "}}");
    struct error *error =
        follow_commit(p->follow, db, text_string(&t), t.length);
    text_done(&t);
    return error;
}

/* Whether ovn-controller has something to look at again. */
static bool
is_touched(const struct follow *f, const struct fabric_localnet *localnet,
           size_t chassis)
{
    return f->chassis_changed[chassis]
           || strmap_get(&f->names, localnet->name);
}

static void
patch_switch(struct patching *p, const struct fabric_switch *ls, size_t i)
{
    for (size_t l = 0; l < ls->n_localnets; l++) {
        const struct fabric_localnet *localnet = &ls->localnets[l];
        const struct fabric_attachment *a =
            is_touched(p->follow, localnet, i)
                ? fabric_find_attachment(localnet, p->chassis)
                : NULL;
        if (a) {
            patch_attachment(p, a);
        }
    }
}

static struct error *
patch_chassis(struct follow *f, struct fabric *fabric, size_t i)
{
    struct evidence_chassis *e = f->evidence->chassis[i];
    struct patching p = { .follow = f,
                          .chassis = fabric_find_chassis(fabric, e->name) };
    struct error *error = NULL;
    if (!p.chassis || !p.chassis->ovs_known) {
        return NULL;
    }
    text_init(&p.ports, TEXT_CEILING_BYTES);
    text_init(&p.interfaces, TEXT_CEILING_BYTES);
    strmap_init(&p.added);
    strmap_init(&p.removed);
    for (size_t s = 0; s < fabric->n_physical; s++) {
        patch_switch(&p, fabric->physical[s], i);
    }
    remove_orphans(&p);
    if (p.ports.length) {
        error = commit_patching(&p, &e->ovs);
    }
    strmap_done(&p.added);
    strmap_done(&p.removed);
    text_done(&p.ports);
    text_done(&p.interfaces);
    return error;
}

/* The fabric of the rows as they are, but for what ovn-controllers did since.
 */
struct current {
    struct tracker *tracker;
    struct fabric own; /* Once the tracker's is not followed any more. */
    bool has_own;
};

static struct fabric *
fabric_of(struct current *c)
{
    struct fabric *followed = c->has_own ? NULL : tracker_fabric(c->tracker);
    if (!followed && !c->has_own) {
        fabric_init(&c->own, c->tracker->fabric.evidence);
        c->has_own = true;
    }
    return followed ? followed : &c->own;
}

struct error *
controller_patch(struct follow *f)
{
    struct current current = { .tracker = f->tracker };
    struct error *error = NULL;
    for (size_t i = 0; i < f->evidence->n_chassis && !error; i++) {
        error = patch_chassis(f, fabric_of(&current), i);
    }
    if (current.has_own) {
        fabric_done(&current.own);
    }
    return error;
}
