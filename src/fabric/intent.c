#include <stdlib.h>
#include <string.h>

#include "fabric/build.h"

#define ETHERNET_MTU 1500

static void
set_intent(struct fabric_switch *ls, const char *why, const char *db,
           const struct ovsdb_row *row, const char *table, const char *column,
           const char *value)
{
    ls->intent = (struct fabric_intent){ .why = why,
                                         .db = db,
                                         .table = table,
                                         .column = column,
                                         .value = value,
                                         .row = row };
}

/* The CMS's own record. */
static bool
intent_from_cms(struct fabric_switch *ls)
{
    if (ls->neutron && ls->neutron->physical_network) {
        set_intent(ls, "Neutron has it on a physical network", "intent", NULL,
                   "networks", "provider:physical_network",
                   ls->neutron->physical_network);
        return true;
    }
    static const char *const keys[] = { "neutron:provnet-physical-network",
                                        "neutron:physical_network",
                                        "physical_network" };
    for (size_t i = 0; i < N_ELEMENTS(keys); i++) {
        const char *value = ovsdb_map_get(ls->row, LS_EXTERNAL_IDS, keys[i]);
        if (value && *value) {
            set_intent(ls, "the CMS marks it with a physical network", "nb",
                       ls->row, "Logical_Switch", "external_ids", value);
            return true;
        }
    }
    return false;
}

/* The deleted rows of 'table' that were localnet ports. */
static struct fabric_lost
find_deleted(struct fabric *f, const struct ovsdb_store *log, unsigned table,
             unsigned type)
{
    struct fabric_lost lost = { NULL, 0 };
    const struct ovsdb_table *t = log ? &log->tables[table] : NULL;
    size_t n = 0;
    for (int pass = 0; t && pass < 2; pass++) {
        n = 0;
        for (size_t i = 0; i < t->n_rows; i++) {
            const struct ovsdb_row *row = t->rows[i];
            if (!row->exists && row->deleted_in
                && !strcmp(ovsdb_string(row, type), "localnet")) {
                if (pass) {
                    lost.rows[n] = row;
                }
                n++;
            }
        }
        if (!pass) {
            lost.rows = arena_alloc(&f->arena, n * sizeof *lost.rows);
        }
    }
    lost.n = n;
    return lost;
}

void
fabric_find_lost(struct fabric *f)
{
    const struct evidence *e = f->evidence;
    f->lost_lsps =
        find_deleted(f, e->nb.log, NB_LOGICAL_SWITCH_PORT, LSP_TYPE);
    f->lost_pbs = find_deleted(f, e->sb.log, SB_PORT_BINDING, PB_TYPE);
}

/* The localnet port that the NB log saw on this switch last, or NULL. */
static const struct ovsdb_row *
find_lost(const struct fabric *f, const struct fabric_switch *ls)
{
    const struct ovsdb_row *lost = NULL;
    for (size_t i = 0; i < f->lost_lsps.n; i++) {
        const struct ovsdb_row *lsp = f->lost_lsps.rows[i];
        if (lsp->owner && uuid_equals(&lsp->owner->uuid, &ls->row->uuid)
            && (!lost || lsp->deleted_in > lost->deleted_in)) {
            lost = lsp;
        }
    }
    return lost;
}

static bool
intent_from_nb_log(struct fabric_switch *ls, const struct ovsdb_row *lost)
{
    if (lost) {
        set_intent(ls, "the log shows a localnet port on it", "nb", lost,
                   "Logical_Switch_Port", "name",
                   ovsdb_string(lost, LSP_NAME));
    }
    return lost != NULL;
}

/* A localnet port of this switch that the SB log saw: it may reach back
 * further than NB's. */
static bool
intent_from_sb_log(const struct fabric *f, struct fabric_switch *ls)
{
    char uuid[UUID_LENGTH + 1];
    uuid_format(&ls->row->uuid, uuid);
    for (size_t i = 0; i < f->lost_pbs.n; i++) {
        const struct ovsdb_row *pb = f->lost_pbs.rows[i];
        const struct ovsdb_row *datapath =
            ovsdb_count(pb, PB_DATAPATH) ? ovsdb_atoms(pb, PB_DATAPATH)[0].row
                                         : NULL;
        const char *owner =
            datapath ? ovsdb_map_get(datapath, DATAPATH_EXTERNAL_IDS,
                                     "logical-switch")
                     : NULL;
        if (owner && !strcmp(owner, uuid)) {
            set_intent(ls, "the southbound log shows a localnet port on it",
                       "sb", pb, "Port_Binding", "logical_port",
                       ovsdb_string(pb, PB_LOGICAL_PORT));
            return true;
        }
    }
    return false;
}

/* A pinned router's port is no sign by itself: such routers have ports on
 * tenant switches and on switches that join routers as well.  Those with NAT
 * are found by it. */
static bool
intent_from_gateway(struct fabric_switch *ls)
{
    for (size_t i = 0; i < ls->n_router_ports; i++) {
        const struct fabric_router_port *port = &ls->router_ports[i];
        if (port->is_gateway && !port->is_pinned) {
            set_intent(ls, "a router has its gateway port on it", "nb",
                       port->lrp, "Logical_Router_Port", "name",
                       ovsdb_string(port->lrp, LRP_NAME));
            return true;
        }
    }
    return false;
}

/* Whether 'external_ip' of a NAT row lies in a network of 'lrp'. */
static const struct ovsdb_row *
find_nat_on(const struct ovsdb_row *lrp)
{
    const struct ovsdb_row *lr = lrp->owner;
    unsigned n_nat = lr ? ovsdb_count(lr, LR_NAT) : 0;
    unsigned n_networks = ovsdb_count(lrp, LRP_NETWORKS);
    for (unsigned i = 0, n_ahead = 0; i < n_nat; i++) {
        const struct ovsdb_row *nat = ovsdb_atoms(lr, LR_NAT)[i].row;
        if (i == n_ahead) {
            n_ahead += fabric_look_ahead_at_nats(&ovsdb_atoms(lr, LR_NAT)[i],
                                                 n_nat - i);
        }
        for (unsigned j = 0; nat->exists && j < n_networks; j++) {
            if (address_in_prefix(ovsdb_string(nat, NAT_EXTERNAL_IP),
                                  ovsdb_atoms(lrp, LRP_NETWORKS)[j].string)) {
                return nat;
            }
        }
    }
    return NULL;
}

static bool
intent_from_nat(struct fabric_switch *ls)
{
    for (size_t i = 0; i < ls->n_router_ports; i++) {
        const struct ovsdb_row *lrp = ls->router_ports[i].lrp;
        const struct ovsdb_row *nat = lrp ? find_nat_on(lrp) : NULL;
        if (nat) {
            set_intent(ls, "a router translates to an external address on it",
                       "nb", nat, "NAT", "external_ip",
                       ovsdb_string(nat, NAT_EXTERNAL_IP));
            return true;
        }
    }
    return false;
}

/* Whether a tunnel takes 'overhead' bytes of an MTU: VXLAN and Geneve, over
 * IPv4 and IPv6 (Neutron: "MTU considerations"; OVN's Geneve has 8 bytes of
 * options). */
static bool
is_tunnel_overhead(long overhead)
{
    return overhead == 50 || overhead == 58 || overhead == 70
           || overhead == 78;
}

static long
mtu_of(const struct ovsdb_row *ls)
{
    const char *mtu = ovsdb_map_get(ls, LS_EXTERNAL_IDS, "neutron:mtu");
    return mtu ? strtol(mtu, NULL, 10) : 0;
}

/* An MTU without tunnel overhead, while other networks have one. */
static bool
intent_from_mtu(const struct fabric *f, struct fabric_switch *ls)
{
    long mtu = mtu_of(ls->row);
    if (mtu < ETHERNET_MTU) {
        return false;
    }
    OVSDB_TABLE_FOR_EACH (other,
                          &f->evidence->nb.store.tables[NB_LOGICAL_SWITCH]) {
        if (mtu_of(other) > 0 && is_tunnel_overhead(mtu - mtu_of(other))) {
            set_intent(ls,
                       "its MTU leaves no room for a tunnel, as tenant "
                       "networks' do",
                       "nb", ls->row, "Logical_Switch", "external_ids",
                       ovsdb_map_get(ls->row, LS_EXTERNAL_IDS, "neutron:mtu"));
            return true;
        }
    }
    return false;
}

/* What the switch has itself says enough. */
static bool
intent_from_ports(struct fabric_switch *ls)
{
    if (ls->n_localnets || ls->n_pending) {
        const struct fabric_localnet *localnet =
            ls->n_localnets ? &ls->localnets[0] : &ls->pending[0];
        set_intent(ls, "it has a localnet port", localnet->lsp ? "nb" : "sb",
                   localnet->lsp ? localnet->lsp : localnet->pb,
                   localnet->lsp ? "Logical_Switch_Port" : "Port_Binding",
                   localnet->lsp ? "name" : "logical_port", localnet->name);
    } else if (ls->type_lost) {
        set_intent(ls, "a port of it names a physical network", "nb",
                   ls->type_lost, "Logical_Switch_Port", "options",
                   ovsdb_map_get(ls->type_lost, LSP_OPTIONS, "network_name"));
    }
    return ls->intent.why != NULL;
}

void
fabric_decide_intent(struct fabric *f, struct fabric_switch *ls)
{
    const struct ovsdb_row *lost = find_lost(f, ls);
    /* What Neutron has on no physical network, and what joins availability
     * zones, is no provider network, whatever else looks like it. */
    bool tenant =
        ls->is_transit || (ls->neutron && !ls->neutron->physical_network);
    if (!intent_from_ports(ls) && !tenant && !intent_from_cms(ls)
        && !intent_from_nb_log(ls, lost) && !intent_from_sb_log(f, ls)
        && !intent_from_gateway(ls) && !intent_from_nat(ls)) {
        intent_from_mtu(f, ls);
    }
    ls->intent.lost = lost;
}
