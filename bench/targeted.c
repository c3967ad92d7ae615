/* Changes that random ones rarely make, and that much hangs on: tunnels that
 * go down and up, VMs and gateways that move, addresses that floating IPs
 * translate and that sets name, interfaces that lose their marks. */
#include <stdio.h>
#include <string.h>

#include "evidence/ovs.h"
#include "ovsdb/json.h"
#include "values.h"

/* Rows of one table in a transaction. */
#define MAX_ROWS 3

typedef void put_fn(struct mutation *, struct text *,
                    const struct ovsdb_row *);

static void
put_one_of(struct mutation *m, struct text *t, const char *const *values,
           size_t n)
{
    text_puts(t, values[draw(m, n)]);
}

#define PUT_ONE_OF(...)                                      \
    do {                                                     \
        static const char *const values[] = { __VA_ARGS__ }; \
        put_one_of(m, t, values, N_ELEMENTS(values));        \
    } while (0)

static void
put_string(struct text *t, const char *s)
{
    text_puts(t, "[\"set\",[");
    json_put_string(t, s);
    text_puts(t, "]]");
}

/* Which rows. */

typedef bool fits_fn(const struct ovsdb_row *);

static bool
is_tunnel(const struct ovsdb_row *row)
{
    return ovsdb_map_get(row, INTERFACE_OPTIONS, "remote_ip");
}

static bool
is_marked(const struct ovsdb_row *row)
{
    return !strncmp(ovsdb_string(row, INTERFACE_NAME), "tap", 3)
           || ovsdb_map_get(row, INTERFACE_EXTERNAL_IDS, "iface-id");
}

static bool
is_vm(const struct ovsdb_row *pb)
{
    return !*ovsdb_string(pb, PB_TYPE);
}

static bool
is_redirect(const struct ovsdb_row *pb)
{
    return !strcmp(ovsdb_string(pb, PB_TYPE), "chassisredirect");
}

static bool
is_plain(const struct ovsdb_row *lsp)
{
    return !*ovsdb_string(lsp, LSP_TYPE);
}

/* Values. */

static void
put_bfd_status(struct mutation *m, struct text *t, const struct ovsdb_row *row)
{
    (void) row;
    PUT_ONE_OF("[\"map\",[[\"state\",\"up\"]]]",
               "[\"map\",[[\"state\",\"down\"]]]", "[\"map\",[]]");
}

static void
put_bfd(struct mutation *m, struct text *t, const struct ovsdb_row *row)
{
    (void) row;
    PUT_ONE_OF("[\"map\",[[\"enable\",\"true\"]]]", "[\"map\",[]]");
}

static void
put_ofport(struct mutation *m, struct text *t, const struct ovsdb_row *row)
{
    (void) row;
    PUT_ONE_OF("[\"set\",[-1]]", "[\"set\",[7]]", "[\"set\",[]]");
}

static const struct ovsdb_row *
some_port(struct mutation *m)
{
    return choose_row(m,
                      &m->evidence->nb.store.tables[NB_LOGICAL_SWITCH_PORT]);
}

/* Of a VM's interface, or of a tunnel's. */
static void
put_marks(struct mutation *m, struct text *t, const struct ovsdb_row *row)
{
    const struct ovsdb_row *lsp = some_port(m);
    (void) row;
    text_puts(t, "[\"map\",[");
    if (lsp && draw(m, 2)) {
        text_puts(t, "[\"iface-id\",");
        json_put_string(t, ovsdb_string(lsp, LSP_NAME));
        text_puts(t, "]");
    } else if (draw(m, 2)) {
        text_puts(t, "[\"attached-mac\",");
        json_put_string(t, word_of_some_port(m, 0));
        text_puts(t, "]");
    }
    text_puts(t, "]]");
}

static void
put_chassis(struct mutation *m, struct text *t, const struct ovsdb_row *row)
{
    char uuid[UUID_LENGTH + 1];
    const struct ovsdb_row *chassis =
        choose_row(m, &m->evidence->sb.store.tables[SB_CHASSIS]);
    (void) row;
    if (!chassis || !draw(m, 6)) {
        text_puts(t, "[\"set\",[]]");
        return;
    }
    uuid_format(&chassis->uuid, uuid);
    text_printf(t, "[\"set\",[[\"uuid\",\"%s\"]]]", uuid);
}

/* A VM's address, some other in its network, or that network. */
static void
put_logical_ip(struct mutation *m, struct text *t, const struct ovsdb_row *nat)
{
    char ip[64];
    bool is_snat = !strcmp(ovsdb_string(nat, NAT_TYPE), "snat");
    snprintf(ip, sizeof ip - 8, "%.50s", word_of_some_port(m, 1));
    char *dot = strrchr(ip, '.');
    if (dot && (is_snat ? draw(m, 4) != 0 : !draw(m, 6))) {
        static const char *const ends[] = { ".0/24", ".16/28", ".200" };
        strcpy(dot, ends[draw(m, N_ELEMENTS(ends))]);
    }
    put_string(t, *ip ? ip : "10.0.0.0/8");
}

static void
put_nat_type(struct mutation *m, struct text *t, const struct ovsdb_row *row)
{
    (void) row;
    PUT_ONE_OF("[\"set\",[\"snat\"]]", "[\"set\",[\"dnat_and_snat\"]]",
               "[\"set\",[\"dnat_and_snat\"]]", "[\"set\",[\"dnat\"]]");
}

static void
put_logical_port(struct mutation *m, struct text *t,
                 const struct ovsdb_row *row)
{
    const struct ovsdb_row *lsp = some_port(m);
    (void) row;
    if (lsp && draw(m, 3)) {
        put_string(t, ovsdb_string(lsp, LSP_NAME));
    } else {
        text_puts(t, "[\"set\",[]]");
    }
}

static void
put_priority(struct mutation *m, struct text *t, const struct ovsdb_row *row)
{
    (void) row;
    PUT_ONE_OF("[\"set\",[1]]", "[\"set\",[30]]");
}

/* What some floating IP translates; those of some other port; or ones that are
 * nobody's or anybody's. */
static void
put_addresses(struct mutation *m, struct text *t, const struct ovsdb_row *row)
{
    const struct ovsdb_row *other = some_port(m);
    const struct ovsdb_row *nat =
        choose_row(m, &m->evidence->nb.store.tables[NB_NAT]);
    (void) row;
    if (nat && draw(m, 2)) {
        char addresses[200];
        snprintf(addresses, sizeof addresses, "%s %.60s",
                 word_of_some_port(m, 0), ovsdb_string(nat, NAT_LOGICAL_IP));
        put_string(t, addresses);
    } else if (other && ovsdb_count(other, LSP_ADDRESSES) && draw(m, 3)) {
        put_string(t, ovsdb_atoms(other, LSP_ADDRESSES)[0].string);
    } else {
        PUT_ONE_OF("[\"set\",[\"unknown\"]]", "[\"set\",[]]",
                   "[\"set\",[\"fa:16:3e:00:00:01 10.99.0.7\"]]");
    }
}

/* "unknown", which may have any address, or its own. */
static void
put_unknown(struct mutation *m, struct text *t, const struct ovsdb_row *row)
{
    (void) row;
    if (draw(m, 2)) {
        text_puts(t, "[\"set\",[\"unknown\"]]");
    } else {
        put_string(t, word_of_some_port(m, 0));
    }
}

/* An address in some VM's network that is likely nobody's. */
static void
put_nobodys_ip(struct mutation *m, struct text *t, const struct ovsdb_row *nat)
{
    char ip[64];
    (void) nat;
    snprintf(ip, sizeof ip - 8, "%.50s", word_of_some_port(m, 1));
    char *dot = strrchr(ip, '.');
    if (dot) {
        strcpy(dot, draw(m, 2) ? ".201" : ".202");
    }
    put_string(t, *ip ? ip : "10.0.0.201");
}

static void
put_requested(struct mutation *m, struct text *t, const struct ovsdb_row *row)
{
    static const char *const forms[] = { "%s", "nobody,%s", "%s,",
                                         "nobody%s" };
    const struct ovsdb_row *chassis =
        choose_row(m, &m->evidence->sb.store.tables[SB_CHASSIS]);
    const char *name =
        chassis ? ovsdb_string(chassis,
                               draw(m, 2) ? CHASSIS_NAME : CHASSIS_HOSTNAME)
                : "";
    char requested[200];
    (void) row;
    snprintf(requested, sizeof requested, forms[draw(m, N_ELEMENTS(forms))],
             name);
    text_puts(t, "[\"map\",[[\"requested-chassis\",");
    json_put_string(t, requested);
    text_puts(t, "]]]");
}

/* One more port, or one less. */
static void
put_members(struct mutation *m, struct text *t, const struct ovsdb_row *group)
{
    const struct ovsdb_column_spec *spec =
        &group->table->spec->columns[PORT_GROUP_PORTS];
    const struct ovsdb_row *lsp = some_port(m);
    unsigned n = ovsdb_count(group, PORT_GROUP_PORTS);
    if (lsp && (!n || draw(m, 2))
        && !refers_to(group, PORT_GROUP_PORTS, lsp)) {
        put_datum(t, spec, ovsdb_datum(group, PORT_GROUP_PORTS), -1,
                  &lsp->uuid);
    } else {
        put_datum(t, spec, ovsdb_datum(group, PORT_GROUP_PORTS),
                  n ? (int64_t) draw(m, n) : -1, NULL);
    }
}

/* Addresses that somebody has, here or outside. */
static void
put_set(struct mutation *m, struct text *t, const struct ovsdb_row *row)
{
    const char *between = "";
    (void) row;
    text_puts(t, "[\"set\",[");
    for (uint64_t n = draw(m, 4); n; n--) {
        const struct ovsdb_row *host =
            choose_row(m, &m->evidence->sb.store.tables[SB_MAC_BINDING]);
        const char *ip = host && draw(m, 2)
                             ? ovsdb_string(host, MAC_BINDING_IP)
                             : word_of_some_port(m, 1);
        if (*ip) {
            text_puts(t, between);
            json_put_string(t, ip);
            between = ",";
        }
    }
    text_puts(t, "]]");
}

/* An ACL that names some group, or a set of its addresses or of others. */
static void
put_match(struct mutation *m, struct text *t, const struct ovsdb_row *acl)
{
    static const char *const forms[] = {
        "%s == @%s && ip4",
        "%s == @%s && ip4 && ip4.src == $%s_ip4",
        "%s == @%s && ip4 && ip4.dst == {$%s_ip4, 10.0.0.9}",
        "%s == @%s && ip6 && ip6.src == $%s_ip6",
        "%s == @%s && ip4 && ip4.src != $set%s",
    };
    const struct ovsdb_table *nb = m->evidence->nb.store.tables;
    const struct ovsdb_row *group = choose_row(m, &nb[NB_PORT_GROUP]);
    const struct ovsdb_row *other = choose_row(m, &nb[NB_PORT_GROUP]);
    const struct ovsdb_row *set = choose_row(m, &nb[NB_ADDRESS_SET]);
    bool is_in = !strcmp(ovsdb_string(acl, ACL_DIRECTION), "from-lport");
    char match[400];
    if (set && draw(m, 2)) {
        snprintf(match, sizeof match, "ip4 && ip4.src == $%.100s",
                 ovsdb_string(set, ADDRESS_SET_NAME));
    } else {
        snprintf(match, sizeof match, forms[draw(m, N_ELEMENTS(forms))],
                 is_in ? "inport" : "outport",
                 group ? ovsdb_string(group, PORT_GROUP_NAME) : "none",
                 other ? ovsdb_string(other, PORT_GROUP_NAME) : "none");
    }
    put_string(t, match);
}

static const struct {
    int db; /* 0: nb, 1: sb, 2: ovs. */
    unsigned table, column;
    fits_fn *fits; /* NULL: any row. */
    put_fn *put;
} kinds[] = {
    { 2, OVS_INTERFACE, INTERFACE_BFD_STATUS, is_tunnel, put_bfd_status },
    { 2, OVS_INTERFACE, INTERFACE_BFD_STATUS, is_tunnel, put_bfd_status },
    { 2, OVS_INTERFACE, INTERFACE_BFD, is_tunnel, put_bfd },
    { 2, OVS_INTERFACE, INTERFACE_OFPORT, is_tunnel, put_ofport },
    { 2, OVS_INTERFACE, INTERFACE_EXTERNAL_IDS, is_tunnel, put_marks },
    { 2, OVS_INTERFACE, INTERFACE_EXTERNAL_IDS, is_marked, put_marks },
    { 2, OVS_INTERFACE, INTERFACE_OFPORT, is_marked, put_ofport },
    { 1, SB_PORT_BINDING, PB_CHASSIS, is_vm, put_chassis },
    { 1, SB_PORT_BINDING, PB_CHASSIS, is_vm, put_chassis },
    { 1, SB_PORT_BINDING, PB_CHASSIS, is_redirect, put_chassis },
    { 0, NB_NAT, NAT_LOGICAL_IP, NULL, put_logical_ip },
    { 0, NB_NAT, NAT_LOGICAL_IP, NULL, put_logical_ip },
    { 0, NB_NAT, NAT_LOGICAL_IP, NULL, put_nobodys_ip },
    { 0, NB_NAT, NAT_TYPE, NULL, put_nat_type },
    { 0, NB_NAT, NAT_LOGICAL_PORT, NULL, put_logical_port },
    { 0, NB_GATEWAY_CHASSIS, GATEWAY_CHASSIS_PRIORITY, NULL, put_priority },
    { 0, NB_LOGICAL_SWITCH_PORT, LSP_ADDRESSES, is_plain, put_addresses },
    { 0, NB_LOGICAL_SWITCH_PORT, LSP_ADDRESSES, is_plain, put_unknown },
    { 0, NB_LOGICAL_SWITCH_PORT, LSP_OPTIONS, is_plain, put_requested },
    { 0, NB_PORT_GROUP, PORT_GROUP_PORTS, NULL, put_members },
    { 0, NB_PORT_GROUP, PORT_GROUP_PORTS, NULL, put_members },
    { 0, NB_ADDRESS_SET, ADDRESS_SET_ADDRESSES, NULL, put_set },
    { 0, NB_ACL, ACL_MATCH, NULL, put_match },
};

static struct evidence_db *
db_of(struct mutation *m, int db)
{
    struct evidence *e = m->evidence;
    return db == 0   ? &e->nb
           : db == 1 ? &e->sb
                     : &e->chassis[draw(m, e->n_chassis)]->ovs;
}

static const struct ovsdb_row *
choose_fitting(struct mutation *m, const struct ovsdb_table *table,
               fits_fn *fits)
{
    for (int tries = 0; tries < 30; tries++) {
        const struct ovsdb_row *row = choose_row(m, table);
        if (row && (!fits || fits(row))) {
            return row;
        }
    }
    return NULL;
}

/* Puts another value of the row, unless it is the same; returns whether. */
static bool
put_row_of(struct mutation *m, const struct ovsdb_row *row, unsigned column,
           put_fn *put, const char *between)
{
    const struct ovsdb_column_spec *spec = &row->table->spec->columns[column];
    struct text now, then;
    char uuid[UUID_LENGTH + 1];
    text_init(&now, TEXT_CEILING_BYTES);
    text_init(&then, TEXT_CEILING_BYTES);
    put_datum(&now, spec, ovsdb_datum(row, column), -1, NULL);
    put(m, &then, row);
    bool differs = strcmp(text_string(&now), text_string(&then)) != 0;
    if (differs) {
        uuid_format(&row->uuid, uuid);
        text_printf(&m->text, "%s\"%s\":{\"%s\":%s}", between, uuid,
                    spec->name, text_string(&then));
    }
    text_done(&now);
    text_done(&then);
    return differs;
}

static bool
is_among(const struct ovsdb_row *const *rows, size_t n,
         const struct ovsdb_row *row)
{
    bool found = false;
    for (size_t i = 0; i < n; i++) {
        found |= rows[i] == row;
    }
    return found;
}

bool
put_targeted(struct mutation *m)
{
    size_t kind = draw(m, N_ELEMENTS(kinds)), n = 0;
    unsigned column = kinds[kind].column;
    if (kinds[kind].db == 2 && !m->evidence->n_chassis) {
        return false;
    }
    m->db = db_of(m, kinds[kind].db);
    const struct ovsdb_table *table = &m->db->store.tables[kinds[kind].table];
    const struct ovsdb_row *rows[MAX_ROWS];
    text_printf(&m->text, "\"%s\":{", table->spec->name);
    for (uint64_t wanted = 1 + draw(m, MAX_ROWS); wanted; wanted--) {
        const struct ovsdb_row *row =
            ovsdb_has_column(table, column)
                ? choose_fitting(m, table, kinds[kind].fits)
                : NULL;
        if (row && !is_among(rows, n, row)
            && put_row_of(m, row, column, kinds[kind].put, n ? "," : "")) {
            rows[n++] = row;
        }
    }
    text_puts(&m->text, "}");
    snprintf(m->label, sizeof m->label, "targeted %s.%s", table->spec->name,
             table->spec->columns[column].name);
    return n > 0;
}
