#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "fabric/build.h"

static struct fabric_chassis *
place_chassis(struct fabric *f, const char *name)
{
    void **place = strmap_place(&f->chassis_names, name);
    if (!*place) {
        struct fabric_chassis *chassis =
            arena_zalloc(&f->arena, sizeof *chassis);
        chassis->name = name;
        chassis->hostname = "";
        chassis->integration_bridge = "br-int";
        strmap_init(&chassis->interfaces);
        strmap_init(&chassis->interface_ids);
        strmap_init(&chassis->macs);
        strmap_init(&chassis->tunnels);
        f->chassis = xgrow(f->chassis, f->n_chassis, &f->chassis_capacity,
                           sizeof *f->chassis);
        chassis->index = f->n_chassis;
        f->chassis[f->n_chassis++] = chassis;
        *place = chassis;
    }
    return *place;
}

/* Mappings. */

static void
set_mappings(struct fabric_chassis *chassis, const char *db,
             const struct ovsdb_row *row, unsigned column, const char *key,
             struct arena *arena)
{
    chassis->mappings_known = true;
    chassis->mappings_db = db;
    chassis->mappings_row = row;
    chassis->mappings_column = column;
    chassis->mappings_key = key;
    mappings_parse(&chassis->mappings, ovsdb_map_get(row, column, key), arena);
}

/* A chassis tells SB its mappings: in other_config, or before 20.12 in
 * external_ids (ovn-sb(5), Chassis). */
static void
read_sb_mappings(struct fabric *f, struct fabric_chassis *chassis)
{
    static const char key[] = "ovn-bridge-mappings";
    bool old = !ovsdb_map_get(chassis->sb, CHASSIS_OTHER_CONFIG, key)
               && ovsdb_map_get(chassis->sb, CHASSIS_EXTERNAL_IDS, key);
    set_mappings(chassis, "sb", chassis->sb,
                 old ? CHASSIS_EXTERNAL_IDS : CHASSIS_OTHER_CONFIG, key,
                 &f->arena);
}

/* A key that ends in the chassis's system-id replaces the plain one
 * (ovn-controller(8); observed on 23.03.1: no merge). */
static void
read_ovs_mappings(struct fabric_chassis *chassis, struct arena *arena)
{
    const char *key =
        arena_printf(arena, "ovn-bridge-mappings-%s", chassis->name);
    if (!ovsdb_map_get(chassis->open_vswitch, OPEN_VSWITCH_EXTERNAL_IDS,
                       key)) {
        key = "ovn-bridge-mappings";
    }
    set_mappings(chassis, "ovs", chassis->open_vswitch,
                 OPEN_VSWITCH_EXTERNAL_IDS, key, arena);
}

/* Bridges. */

/* Whether an interface's type is one of Open vSwitch's own kinds, which lead
 * to nothing physical (ovs-vswitchd.conf.db(5), Interface, "type"). */
static bool
is_virtual_type(const char *type)
{
    static const char *const types[] = {
        "internal", "patch",         "geneve",
        "vxlan",    "gre",           "stt",
        "erspan",   "lisp",          "ip6gre",
        "gtpu",     "bareudp",       "ip6erspan",
        "srv6",     "dpdkvhostuser", "dpdkvhostuserclient"
    };
    for (size_t i = 0; i < N_ELEMENTS(types); i++) {
        if (!strcmp(type, types[i])) {
            return true;
        }
    }
    return false;
}

/* Whether a link is a VM's tap: the kernel says so, or, where nobody asked
 * it, the name that libvirt ("vnet") and others ("tap") give. */
static bool
is_tap(const struct fabric_chassis *chassis, const char *name)
{
    const struct link *link = chassis->evidence->has_links
                                  ? strmap_get(&chassis->evidence->links, name)
                                  : NULL;
    if (link && link->kind) {
        return !strcmp(link->kind, "tun");
    }
    return !strncmp(name, "tap", 3) || !strncmp(name, "vnet", 4);
}

/* Whether a port leads out of the host. */
static bool
is_nic(const struct fabric_chassis *chassis, const struct ovsdb_row *interface)
{
    return !is_virtual_type(ovsdb_string(interface, INTERFACE_TYPE))
           && !ovsdb_map_get(interface, INTERFACE_EXTERNAL_IDS, "iface-id")
           && !is_tap(chassis, ovsdb_string(interface, INTERFACE_NAME));
}

static const struct ovsdb_row *
first_interface(const struct ovsdb_row *port)
{
    const union ovsdb_atom *atoms = ovsdb_atoms(port, PORT_INTERFACES);
    for (unsigned i = 0; i < ovsdb_count(port, PORT_INTERFACES); i++) {
        if (atoms[i].row->exists) {
            return atoms[i].row;
        }
    }
    return NULL;
}

/* Whether it is a patch port that is not ovn-controller's: the operator has
 * joined the bridge to another one. */
static bool
is_other_patch(const struct ovsdb_row *port, const struct ovsdb_row *interface)
{
    return !strcmp(ovsdb_string(interface, INTERFACE_TYPE), "patch")
           && !ovsdb_map_get(port, PORT_EXTERNAL_IDS, "ovn-localnet-port")
           && !ovsdb_map_get(port, PORT_EXTERNAL_IDS, "ovn-l2gateway-port");
}

static void
add_port(struct arena *arena, struct fabric_port **ports, size_t *n,
         const struct ovsdb_row *port, const struct ovsdb_row *interface)
{
    if (!(*n & (*n - 1))) { /* Room for 1, 2, 4...: few of many ports. */
        size_t n_more = *n ? 2 * *n : 1;
        struct fabric_port *more = arena_alloc(arena, n_more * sizeof *more);
        if (*n) {
            memcpy(more, *ports, *n * sizeof *more);
        }
        *ports = more;
    }
    (*ports)[(*n)++] =
        (struct fabric_port){ port, interface, ovsdb_string(port, PORT_NAME) };
}

/* Of a link that the kernel told of: its kind, "" of a plain NIC; else NULL.
 */
static const char *
kind_of(const struct fabric_chassis *chassis, const struct fabric_port *nic)
{
    const char *name = ovsdb_string(nic->interface, INTERFACE_NAME);
    const struct link *link = chassis->evidence->has_links
                                  ? strmap_get(&chassis->evidence->links, name)
                                  : NULL;
    return !link ? NULL : link->kind ? link->kind : "";
}

/* A veth beside what is surely none leads into a container or a bridge of this
 * host, not out of it. */
static void
leave_out_veths(const struct fabric_chassis *chassis,
                struct fabric_bridge *bridge)
{
    size_t n_veths = 0, n_others = 0, n = 0;
    for (size_t i = 0; i < bridge->n_nics; i++) {
        const char *kind = kind_of(chassis, &bridge->nics[i]);
        bool is_veth = kind && !strcmp(kind, "veth");
        n_veths += is_veth;
        n_others += kind && !is_veth;
    }
    if (!n_veths || !n_others) {
        return;
    }
    for (size_t i = 0; i < bridge->n_nics; i++) {
        const char *kind = kind_of(chassis, &bridge->nics[i]);
        if (!kind || strcmp(kind, "veth") != 0) {
            bridge->nics[n++] = bridge->nics[i];
        }
    }
    bridge->n_nics = n;
}

static void
build_bridge(struct fabric_chassis *chassis, const struct ovsdb_row *row,
             struct fabric_bridge *bridge, struct arena *arena)
{
    unsigned n = ovsdb_count(row, BRIDGE_PORTS);
    const union ovsdb_atom *ports = ovsdb_atoms(row, BRIDGE_PORTS);
    memset(bridge, 0, sizeof *bridge);
    bridge->row = row;
    bridge->name = ovsdb_string(row, BRIDGE_NAME);
    size_t n_ahead = 0;
    for (unsigned i = 0; i < n; i++) {
        if (i == n_ahead) {
            n_ahead += fabric_look_ahead_at_bridge(&ports[i], n - i);
        }
        const struct ovsdb_row *port = ports[i].row;
        const struct ovsdb_row *interface =
            port->exists ? first_interface(port) : NULL;
        if (interface && is_nic(chassis, interface)) {
            add_port(arena, &bridge->nics, &bridge->n_nics, port, interface);
        } else if (interface && is_other_patch(port, interface)) {
            add_port(arena, &bridge->patches, &bridge->n_patches, port,
                     interface);
        }
    }
    leave_out_veths(chassis, bridge);
    const struct evidence_bridge *dumped =
        strmap_get(&chassis->evidence->bridges, bridge->name);
    bridge->flows = dumped ? dumped->flows : NULL;
}

/* Whether the interface is on the bridge called 'name', as far as its port
 * tells.  ovn-controller looks at its integration bridge only. */
static bool
is_on_bridge(const struct ovsdb_row *interface, const char *name)
{
    const struct ovsdb_row *port = interface->owner;
    const struct ovsdb_row *bridge = port ? port->owner : NULL;
    return !bridge || !strcmp(ovsdb_string(bridge, BRIDGE_NAME), name);
}

/* Whether it is of a type that is looked for by name, whatever its options
 * say: VMs' interfaces, NICs, patch ports. */
static bool
is_looked_for(const struct ovsdb_row *interface)
{
    const char *type = ovsdb_string(interface, INTERFACE_TYPE);
    return !*type || !strcmp(type, "internal") || !strcmp(type, "patch")
           || !strcmp(type, "system");
}

/* Finds the interface among those of the chassis. */
static void
index_interface(struct fabric_chassis *chassis, struct ovsdb_row *row,
                struct arena *arena)
{
    const char *id = ovsdb_map_get(row, INTERFACE_EXTERNAL_IDS, "iface-id");
    const char *mac =
        ovsdb_map_get(row, INTERFACE_EXTERNAL_IDS, "attached-mac");
    const char *remote = ovsdb_map_get(row, INTERFACE_OPTIONS, "remote_ip");
    bool is_tunnel = remote && is_on_bridge(row, chassis->integration_bridge);
    if (is_tunnel) {
        *strmap_place(&chassis->tunnels, remote) = row;
    }
    if (!is_tunnel || is_looked_for(row)) {
        *strmap_place(&chassis->interfaces,
                      ovsdb_string(row, INTERFACE_NAME)) = row;
    }
    if (id && is_on_bridge(row, chassis->integration_bridge)) {
        void **place = strmap_place(&chassis->interface_ids, id);
        struct fabric_interface *entry = arena_alloc(arena, sizeof *entry);
        *entry = (struct fabric_interface){ row, *place };
        *place = entry;
    }
    if (mac) {
        *strmap_place(&chassis->macs, mac) = row;
    }
}

static void
clear_maps(struct fabric_chassis *chassis)
{
    struct strmap *const maps[] = { &chassis->interfaces,
                                    &chassis->interface_ids, &chassis->macs,
                                    &chassis->tunnels };
    for (size_t i = 0; i < N_ELEMENTS(maps); i++) {
        strmap_done(maps[i]);
        strmap_init(maps[i]);
    }
}

/* What the chassis' own Open_vSwitch says to ovn-controller: external_ids'
 * "KEY-SYSTEM_ID", or else "KEY" (ovn-controller(8)); NULL if neither. */
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
is_listed(const char *list, const char *item)
{
    size_t length = strlen(item);
    for (const char *s = list; *s;) {
        size_t n = strcspn(s, ",");
        if (n == length && !strncmp(s, item, n)) {
            return true;
        }
        s += n + (s[n] == ',');
    }
    return false;
}

/* Reads its database; what this builds is the chassis' own. */
static void
read_ovs(struct fabric_chassis *chassis, struct arena *arena)
{
    const struct ovsdb_store *store = &chassis->evidence->ovs.store;
    chassis->open_vswitch =
        ovsdb_table_next(&store->tables[OVS_OPEN_VSWITCH], NULL);
    chassis->ovs_known =
        chassis->evidence->ovs.present && chassis->open_vswitch;
    if (!chassis->ovs_known) {
        return;
    }
    const char *name = ovsdb_map_get(chassis->open_vswitch,
                                     OPEN_VSWITCH_EXTERNAL_IDS, "ovn-bridge");
    if (name && *name) {
        chassis->integration_bridge = name;
    }
    chassis->encap_ips = external_id(chassis, "ovn-encap-ip", arena);
    chassis->encap_types = external_id(chassis, "ovn-encap-type", arena);
    read_ovs_mappings(chassis, arena);
    const struct ovsdb_table *bridges = &store->tables[OVS_BRIDGE];
    chassis->bridges =
        arena_alloc(arena, bridges->n_existing * sizeof *chassis->bridges);
    OVSDB_TABLE_FOR_EACH (row, bridges) {
        build_bridge(chassis, row, &chassis->bridges[chassis->n_bridges++],
                     arena);
    }
    OVSDB_TABLE_FOR_EACH (row, &store->tables[OVS_INTERFACE]) {
        index_interface(chassis, row, arena);
        fabric_list_marks(chassis, row);
    }
    fabric_read_isolation(chassis);
}

/* Two threads read the databases; the first one notes what is there, in the
 * order of the chassis, as soon as it is, and has time for other things
 * before.
 */
struct fabric_reading {
    struct fabric *f;
    atomic_size_t next;   /* To be read. */
    atomic_bool *is_read; /* By index. */
    pthread_mutex_t mutex;
    pthread_cond_t more;
    struct beside second;
};

/* Reads the next database into 'arena'.  False if there is none left. */
static bool
read_next(struct fabric_reading *r, struct arena *arena)
{
    size_t i = atomic_fetch_add(&r->next, 1);
    if (i >= r->f->n_chassis) {
        return false;
    }
    if (r->f->chassis[i]->evidence) {
        read_ovs(r->f->chassis[i], arena);
        fabric_list_lost(r->f->chassis[i]);
    }
    pthread_mutex_lock(&r->mutex);
    atomic_store(&r->is_read[i], true);
    pthread_cond_signal(&r->more);
    pthread_mutex_unlock(&r->mutex);
    return true;
}

static void
read_all(void *reading)
{
    struct fabric_reading *r = reading;
    while (read_next(r, &r->f->second_arena)) {
    }
}

/* Reads others until chassis 'i' is read. */
static void
wait_for(struct fabric_reading *r, size_t i)
{
    while (!atomic_load(&r->is_read[i]) && read_next(r, &r->f->arena)) {
    }
    if (!atomic_load(&r->is_read[i])) {
        pthread_mutex_lock(&r->mutex);
        while (!atomic_load(&r->is_read[i])) {
            pthread_cond_wait(&r->more, &r->mutex);
        }
        pthread_mutex_unlock(&r->mutex);
    }
}

/* Of each VM's port an interface is to be found, under three names. */
static void
make_room(struct fabric *f)
{
    size_t n_ports =
        f->evidence->nb.store.tables[NB_LOGICAL_SWITCH_PORT].n_existing;
    size_t n_interfaces = 0;
    for (size_t i = 0; i < f->n_chassis; i++) {
        const struct evidence_chassis *e = f->chassis[i]->evidence;
        n_interfaces += e ? e->ovs.store.tables[OVS_INTERFACE].n_existing : 0;
    }
    size_t n = n_ports < n_interfaces ? n_ports : n_interfaces;
    strmap_reserve(&f->sightings, 3 * n);
}

static struct fabric_reading *
begin_reading(struct fabric *f)
{
    struct fabric_reading *r = xcalloc(1, sizeof *r);
    r->f = f;
    r->is_read = xcalloc(f->n_chassis, sizeof *r->is_read);
    pthread_mutex_init(&r->mutex, NULL);
    pthread_cond_init(&r->more, NULL);
    beside_begin(&r->second, f->n_chassis >= FABRIC_MANY_CHASSIS, read_all, r);
    return r;
}

static void
end_reading(struct fabric_reading *r)
{
    struct fabric *f = r->f;
    make_room(f);
    for (size_t i = 0; i < f->n_chassis; i++) {
        wait_for(r, i);
        fabric_take_sightings(f, f->chassis[i]);
    }
    beside_end(&r->second);
    pthread_cond_destroy(&r->more);
    pthread_mutex_destroy(&r->mutex);
    free(r->is_read);
    free(r);
}

void
fabric_read_chassis(struct fabric *f, struct fabric_chassis *chassis)
{
    clear_maps(chassis);
    chassis->integration_bridge = "br-int";
    chassis->mappings_known = false;
    chassis->open_vswitch = NULL;
    chassis->encap_ips = NULL;
    chassis->encap_types = NULL;
    chassis->ovs_known = false;
    chassis->is_isolated = false;
    chassis->n_bridges = 0;
    if (chassis->sb) {
        read_sb_mappings(f, chassis);
    }
    if (chassis->evidence) {
        read_ovs(chassis, &f->arena);
        fabric_list_lost(chassis);
        fabric_take_sightings(f, chassis);
    }
}

/* Whether the chassis says that it has applied less than 'nb_cfg': in
 * Chassis_Private, or before 20.09 in Chassis (ovn-sb(5)). */
static void
read_progress(struct fabric *f)
{
    const struct ovsdb_table *tables = f->evidence->sb.store.tables;
    const struct ovsdb_row *global =
        ovsdb_table_next(&tables[SB_SB_GLOBAL], NULL);
    int64_t nb_cfg = global ? ovsdb_integer(global, SB_GLOBAL_NB_CFG, 0) : 0;
    OVSDB_TABLE_FOR_EACH (row, &tables[SB_CHASSIS_PRIVATE]) {
        struct fabric_chassis *chassis =
            fabric_find_chassis(f, ovsdb_string(row, CHASSIS_PRIVATE_NAME));
        if (chassis) {
            chassis->nb_cfg_row = row;
            chassis->nb_cfg = ovsdb_integer(row, CHASSIS_PRIVATE_NB_CFG, 0);
        }
    }
    for (size_t i = 0; i < f->n_chassis; i++) {
        struct fabric_chassis *chassis = f->chassis[i];
        if (chassis->sb && !tables[SB_CHASSIS_PRIVATE].present) {
            chassis->nb_cfg_row = chassis->sb;
            chassis->nb_cfg = ovsdb_integer(chassis->sb, CHASSIS_NB_CFG, 0);
        }
        chassis->is_behind = chassis->nb_cfg_row && chassis->nb_cfg < nb_cfg;
    }
}

static bool
asks_for_new_encap(const struct fabric *f,
                   const struct fabric_chassis *chassis)
{
    unsigned n = chassis->sb && chassis->encap_ips && chassis->encap_types
                     ? ovsdb_count(chassis->sb, CHASSIS_ENCAPS)
                     : 0;
    for (size_t i = 0; n && i < chassis->n_sb_ips; i++) {
        if (is_listed(chassis->encap_ips, chassis->sb_ips[i])) {
            return false;
        }
    }
    const struct ovsdb_table *encaps = &f->evidence->sb.store.tables[SB_ENCAP];
    bool is_refused = false;
    for (const struct ovsdb_row *row = NULL;
         n && !is_refused && (row = ovsdb_table_next(encaps, row));) {
        is_refused =
            is_listed(chassis->encap_ips, ovsdb_string(row, ENCAP_IP))
            && is_listed(chassis->encap_types, ovsdb_string(row, ENCAP_TYPE));
    }
    return n && !is_refused;
}

/* Once for all endpoints; whatever it depends on makes the fabric be built
 * anew (fabric/change.h). */
static void
find_new_encaps(struct fabric *f)
{
    for (size_t i = 0; i < f->n_chassis; i++) {
        f->chassis[i]->encap_is_new = asks_for_new_encap(f, f->chassis[i]);
    }
}

/* Once for all tunnels; if it changes, the fabric is built anew.  Of two rows
 * of one name, which only a damaged SB has, the last counts. */
static void
read_encaps(struct fabric *f, struct fabric_chassis *chassis)
{
    unsigned n = ovsdb_count(chassis->sb, CHASSIS_ENCAPS);
    const union ovsdb_atom *encaps = ovsdb_atoms(chassis->sb, CHASSIS_ENCAPS);
    chassis->sb_ips = arena_alloc(&f->arena, n * sizeof *chassis->sb_ips);
    chassis->n_sb_ips = 0;
    for (unsigned i = 0; i < n; i++) {
        if (encaps[i].row->exists) {
            chassis->sb_ips[chassis->n_sb_ips++] =
                ovsdb_string(encaps[i].row, ENCAP_IP);
        }
    }
}

struct fabric_reading *
fabric_begin_chassis(struct fabric *f)
{
    struct evidence *e = f->evidence;
    const struct ovsdb_table *tables = e->sb.store.tables;
    OVSDB_TABLE_FOR_EACH (row, &tables[SB_CHASSIS]) {
        struct fabric_chassis *chassis =
            place_chassis(f, ovsdb_string(row, CHASSIS_NAME));
        chassis->sb = row;
        chassis->hostname = ovsdb_string(row, CHASSIS_HOSTNAME);
        *strmap_place(&f->chassis_hostnames, chassis->hostname) = chassis;
        read_encaps(f, chassis);
        read_sb_mappings(f, chassis);
    }
    read_progress(f);
    for (size_t i = 0; i < e->n_chassis; i++) {
        struct fabric_chassis *chassis = place_chassis(f, e->chassis[i]->name);
        if (chassis->evidence) {
            evidence_warn(e,
                          "two chassis call themselves %s: only the first "
                          "is judged",
                          chassis->name);
        } else {
            chassis->evidence = e->chassis[i];
        }
    }
    return begin_reading(f);
}

void
fabric_end_chassis(struct fabric_reading *r)
{
    struct fabric *f = r->f;
    end_reading(r);
    find_new_encaps(f);
    fabric_begin_tunnels(f);
}
