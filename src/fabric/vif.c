/* Ports of VMs. */
#include <stdatomic.h>
#include <string.h>

#include "fabric/build.h"

/* With fewer ports a second thread costs more than it saves. */
#define MIN_FOR_THREAD 4000

/* Which they are. */

/* A port of a VM: no type, or a type that it cannot have meant, since an
 * interface or the CMS says that a VM is behind it. */
static bool
is_vif(const struct fabric *f, const struct ovsdb_row *lsp)
{
    static const char *const others[] = { "localnet",  "localport", "router",
                                          "l2gateway", "vtep",      "remote" };
    const char *type = ovsdb_string(lsp, LSP_TYPE);
    const char *owner =
        ovsdb_map_get(lsp, LSP_EXTERNAL_IDS, "neutron:device_owner");
    if (owner && !strncmp(owner, "compute:", strlen("compute:"))) {
        return true;
    }
    for (size_t i = 0; i < N_ELEMENTS(others); i++) {
        if (!strcmp(type, others[i])) {
            break;
        } else if (i == N_ELEMENTS(others) - 1) {
            return true;
        }
    }
    /* A router's port, or a metadata port, with a tap of its name?  The
     * latter has one by design. */
    const char *name = ovsdb_string(lsp, LSP_NAME);
    const struct fabric_sighting *s =
        strcmp(type, "router") ? NULL : fabric_find_sightings(f, name);
    while (s && !strmap_get(&s->chassis->interface_ids, name)) {
        s = s->next;
    }
    return s != NULL;
}

bool
fabric_is_vif(const struct fabric *f, const struct ovsdb_row *lsp)
{
    const char *type = ovsdb_string(lsp, LSP_TYPE);
    return strcmp(type, "localnet") != 0 && strcmp(type, "l2gateway") != 0
           && !ovsdb_map_get(lsp, LSP_OPTIONS, "network_name")
           && is_vif(f, lsp);
}

/* What they have. */

/* In reverse order of the switch's ports. */
static void
add_mac(struct fabric_vif *vif, const char *mac, struct arena *arena)
{
    struct fabric_mac *m = arena_alloc(arena, sizeof *m);
    void **head = strmap_place(&vif->ls->macs, mac);
    struct fabric_mac *before = NULL, *next = *head;
    for (; next && next->vif->index > vif->index; next = next->next) {
        before = next;
    }
    *m = (struct fabric_mac){ vif, next };
    *(before ? (void **) &before->next : head) = m;
}

void
fabric_remove_macs(struct fabric_vif *vif)
{
    for (size_t i = 0; i < vif->n_addresses; i++) {
        const char *mac = vif->addresses[i].mac;
        void **head = mac ? strmap_place(&vif->ls->macs, mac) : NULL;
        struct fabric_mac *kept = NULL, *m = head ? *head : NULL;
        for (; m; m = m->next) {
            if (m->vif == vif) {
                *(kept ? (void **) &kept->next : head) = m->next;
            } else {
                kept = m;
            }
        }
    }
}

static void
read_addresses(struct fabric_vif *vif, struct arena *arena)
{
    unsigned n = ovsdb_count(vif->lsp, LSP_ADDRESSES);
    const union ovsdb_atom *atoms = ovsdb_atoms(vif->lsp, LSP_ADDRESSES);
    vif->n_addresses = 0;
    vif->is_unknown = false;
    vif->addresses = arena_alloc(arena, (n + 1) * sizeof *vif->addresses);
    for (unsigned i = 0; i < n; i++) {
        const char *text = atoms[i].string;
        if (!strcmp(text, "unknown")) {
            vif->is_unknown = true;
            continue;
        }
        if (!strcmp(text, "dynamic")) {
            text = ovsdb_string(vif->lsp, LSP_DYNAMIC_ADDRESSES);
        }
        struct address *address = &vif->addresses[vif->n_addresses++];
        address_parse(address, text, arena);
        if (address->mac) {
            add_mac(vif, address->mac, arena);
        }
    }
}

/* The iface-id of the port: its own, or its parent's. */
static const char *
iface_id_of(const struct fabric_vif *vif)
{
    const char *parent = ovsdb_string(vif->lsp, LSP_PARENT_NAME);
    return *parent ? parent : vif->name;
}

static const struct ovsdb_row *
find_interface(const struct fabric_chassis *chassis,
               const struct fabric_vif *vif)
{
    const struct fabric_interface *interface =
        strmap_get(&chassis->interface_ids, iface_id_of(vif));
    return interface ? interface->row : NULL;
}

/* The first chassis that has an interface for the port, or NULL. */
static struct fabric_chassis *
find_chassis_with(const struct fabric *f, const struct fabric_vif *vif)
{
    struct fabric_chassis *first = NULL;
    for (const struct fabric_sighting *s =
             fabric_find_sightings(f, iface_id_of(vif));
         s; s = s->next) {
        if ((!first || s->chassis->index < first->index)
            && find_interface(s->chassis, vif)) {
            first = s->chassis;
        }
    }
    return first;
}

void
fabric_bind_vif(const struct fabric *f, struct fabric_vif *vif)
{
    const struct ovsdb_row *chassis =
        vif->pb ? ovsdb_ref(vif->pb, PB_CHASSIS) : NULL;
    vif->chassis = NULL;
    vif->interface = NULL;
    if (chassis) {
        vif->chassis =
            fabric_find_chassis(f, ovsdb_string(chassis, CHASSIS_NAME));
    }
    /* Without SB, the chassis that has an interface for the port is as good
     * as we can tell. */
    if (!f->evidence->sb.present) {
        vif->chassis = find_chassis_with(f, vif);
    }
    if (vif->chassis) {
        vif->interface = find_interface(vif->chassis, vif);
    }
    fabric_note_host(vif);
}

void
fabric_note_host(const struct fabric_vif *vif)
{
    vif->ls->hosts[vif->index] =
        vif->chassis ? (uint32_t) vif->chassis->index : FABRIC_NOWHERE;
}

bool
fabric_switch_is_on(const struct fabric_switch *ls,
                    const struct fabric_chassis *chassis)
{
    for (size_t i = 0; i < ls->n_vifs; i++) {
        if (ls->hosts[i] == chassis->index) {
            return true;
        }
    }
    return false;
}

/* Reads what is the port's own, and its switch's. */
static void
read_vif(const struct fabric *f, struct fabric_switch *ls, size_t index,
         const struct ovsdb_row *lsp, struct arena *arena)
{
    struct fabric_vif *vif = ls->vifs[index];
    const char *label =
        ovsdb_map_get(lsp, LSP_EXTERNAL_IDS, "neutron:port_name");
    memset(vif, 0, sizeof *vif);
    vif->ls = ls;
    vif->index = index;
    vif->lsp = lsp;
    vif->name = ovsdb_string(lsp, LSP_NAME);
    vif->pb = strmap_get(&f->port_bindings, vif->name);
    vif->label = label && *label ? label : vif->name;
    vif->guest = ovsdb_map_get(lsp, LSP_EXTERNAL_IDS, "neutron:device_id");
    read_addresses(vif, arena);
    fabric_bind_vif(f, vif);
}

/* What all of them are found by. */

static void
join_macs(struct fabric *f, const struct fabric_vif *vif)
{
    for (size_t i = 0; i < vif->n_addresses; i++) {
        if (vif->addresses[i].mac) {
            *strmap_place(&f->macs, vif->addresses[i].mac) = (void *) vif->lsp;
        }
    }
}

/* Neutron notes whose port it is: ports of one guest are found together. */
static void
join_siblings(struct fabric *f, struct fabric_vif *vif)
{
    if (vif->guest && *vif->guest) {
        void **place = strmap_place(&f->guests, vif->guest);
        vif->sibling = *place;
        f->has_siblings |= vif->sibling != NULL;
        *place = vif;
    }
}

static void
join(struct fabric *f, struct fabric_vif *vif)
{
    f->vif_of_row[vif->lsp->index] = vif;
    f->has_nested |= *ovsdb_string(vif->lsp, LSP_PARENT_NAME) != '\0';
    join_macs(f, vif);
    join_siblings(f, vif);
}

/* One of them, after the others. */

void
fabric_read_addresses(struct fabric *f, struct fabric_vif *vif)
{
    read_addresses(vif, &f->arena);
    join_macs(f, vif);
}

void
fabric_read_vif(struct fabric *f, struct fabric_switch *ls, size_t index,
                const struct ovsdb_row *lsp)
{
    read_vif(f, ls, index, lsp, &f->arena);
    join(f, ls->vifs[index]);
}

/* All of them: two threads read the ports of one switch after the other, and
 * then the first one joins them, in their order. */

struct reading {
    struct fabric *f;
    struct fabric_ports *others; /* By the index of the switch. */
    atomic_size_t next;          /* To be read. */
};

/* Room for the ports of VMs, of which there are at most so many. */
static void
make_room(struct fabric_switch *ls, size_t n, struct arena *arena)
{
    struct fabric_vif *vifs = arena_alloc(arena, n * sizeof *vifs);
    ls->vifs_capacity = n;
    ls->vifs = arena_alloc(arena, n * sizeof(struct fabric_vif *));
    ls->hosts = arena_alloc(arena, n * sizeof *ls->hosts);
    for (size_t i = 0; i < n; i++) {
        ls->vifs[i] = &vifs[i];
    }
    strmap_reserve(&ls->macs, n);
}

static void
add_other(struct fabric_ports *others, const struct ovsdb_row *lsp)
{
    others->rows = xgrow(others->rows, others->n, &others->capacity,
                         sizeof *others->rows);
    others->rows[others->n++] = lsp;
}

static void
read_ports(const struct fabric *f, struct fabric_switch *ls,
           struct fabric_ports *others, struct arena *arena)
{
    unsigned n = ovsdb_count(ls->row, LS_PORTS);
    const union ovsdb_atom *ports = ovsdb_atoms(ls->row, LS_PORTS);
    size_t n_ahead = 0;
    make_room(ls, n, arena);
    for (unsigned i = 0; i < n; i++) {
        if (i == n_ahead) {
            n_ahead += fabric_look_ahead_at_ports(f, &ports[i], n - i);
        }
        const struct ovsdb_row *lsp = ports[i].row;
        if (lsp->exists && fabric_is_vif(f, lsp)) {
            read_vif(f, ls, ls->n_vifs++, lsp, arena);
        } else if (lsp->exists) {
            add_other(others, lsp);
        }
    }
}

static void
read_switches(struct reading *r, struct arena *arena)
{
    size_t i;
    while ((i = atomic_fetch_add(&r->next, 1)) < r->f->n_switches) {
        read_ports(r->f, &r->f->switches[i], &r->others[i], arena);
    }
}

static void
read_beside(void *reading)
{
    struct reading *r = reading;
    read_switches(r, &r->f->second_arena);
}

static void
join_all(struct fabric *f, struct fabric_switch *ls)
{
    size_t n_ahead = 0;
    for (size_t i = 0; i < ls->n_vifs; i++) {
        if (i == n_ahead) {
            n_ahead +=
                fabric_look_ahead_at_vifs(f, &ls->vifs[i], ls->n_vifs - i);
        }
        join(f, ls->vifs[i]);
    }
}

void
fabric_read_vifs(struct fabric *f, struct fabric_ports *others)
{
    size_t n_lsps =
        f->evidence->nb.store.tables[NB_LOGICAL_SWITCH_PORT].n_rows;
    struct reading r = { .f = f, .others = others };
    struct beside second;
    beside_begin(&second, n_lsps >= MIN_FOR_THREAD, read_beside, &r);
    f->lsp_rows_capacity = n_lsps + n_lsps / 16 + 64;
    f->vif_of_row =
        arena_zalloc(&f->arena, f->lsp_rows_capacity * sizeof *f->vif_of_row);
    strmap_reserve(&f->guests, n_lsps);
    strmap_reserve(&f->macs, n_lsps);
    read_switches(&r, &f->arena);
    beside_end(&second);
    for (size_t i = 0; i < f->n_switches; i++) {
        join_all(f, &f->switches[i]);
    }
}
