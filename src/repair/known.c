/* Edits and commands that are known for a code, where no log tells what was
 * before.  Each is the one of the code's document (doc/codes/). */
#include <string.h>

#include "repair/plan.h"

/* Edits. */

typedef bool known_edit(struct plan *, const struct fabric *,
                        const struct finding *);

static const char *
quote(struct plan *p, const char *s)
{
    struct text t;
    text_init(&t, TEXT_CEILING_BYTES);
    json_put_string(&t, s);
    const char *copy = arena_strdup(&p->arena, text_string(&t));
    text_done(&t);
    return copy;
}

/* The row of NB, or of the chassis, that the finding is about. */
static struct change *
update_subject(struct plan *p, const struct finding *f)
{
    const struct ovsdb_row *row = f->subject;
    bool is_ovs = row && row->table->store->spec == &ovs_spec;
    return row && row->exists
               ? change_update(&p->changes, is_ovs ? f->chassis : NULL, row)
               : NULL;
}

/* Sets columns of a row, each of a pair of a name and a JSON value. */
static bool
set_columns(struct plan *p, const struct finding *f,
            const char *const (*columns)[2], size_t n)
{
    struct change *c = update_subject(p, f);
    for (size_t i = 0; c && i < n; i++) {
        if (ovsdb_table_column(c->row->table, columns[i][0]) >= 0) {
            change_edit(&p->changes, c, EDIT_SET, columns[i][0],
                        columns[i][1]);
        }
    }
    return c && c->edits;
}

static bool
add_unknown(struct plan *p, const struct fabric *fabric PROVNET_UNUSED,
            const struct finding *f)
{
    static const char *const columns[][2] = { { "addresses", "\"unknown\"" } };
    p->what = "lets the localnet port take unknown addresses";
    return set_columns(p, f, columns, N_ELEMENTS(columns));
}

static bool
enable(struct plan *p, const struct fabric *fabric PROVNET_UNUSED,
       const struct finding *f)
{
    static const char *const columns[][2] = { { "enabled", "[\"set\",[]]" } };
    p->what = "enables the port";
    return set_columns(p, f, columns, N_ELEMENTS(columns));
}

static bool
make_localnet(struct plan *p, const struct fabric *fabric PROVNET_UNUSED,
              const struct finding *f)
{
    static const char *const columns[][2] = { { "type", "\"localnet\"" } };
    p->what = "gives the port its type back";
    return set_columns(p, f, columns, N_ELEMENTS(columns));
}

static bool
let_router_answer(struct plan *p, const struct fabric *fabric PROVNET_UNUSED,
                  const struct finding *f)
{
    static const char *const columns[][2] = { { "addresses", "\"router\"" } };
    p->what = "lets the switch port take the router port's addresses";
    return set_columns(p, f, columns, N_ELEMENTS(columns));
}

static bool
untag(struct plan *p, const struct fabric *fabric PROVNET_UNUSED,
      const struct finding *f)
{
    static const char *const columns[][2] = {
        { "tag", "[\"set\",[]]" },
        { "trunks", "[\"set\",[]]" },
        { "vlan_mode", "[\"set\",[]]" },
    };
    p->what = "takes the VLAN settings off the patch port";
    return set_columns(p, f, columns, N_ELEMENTS(columns));
}

/* Whether another port than 'lrp' may go by the group: of switch ports only
 * external ones do (ovn-nb(5)), of which that column is not read. */
static bool
has_others(const struct fabric *fabric, const struct ovsdb_row *group,
           const struct ovsdb_row *lrp)
{
    const struct ovsdb_table *tables = fabric->evidence->nb.store.tables;
    OVSDB_TABLE_FOR_EACH (row, &tables[NB_LOGICAL_ROUTER_PORT]) {
        if (row != lrp && ovsdb_ref(row, LRP_HA_CHASSIS_GROUP) == group) {
            return true;
        }
    }
    OVSDB_TABLE_FOR_EACH (row, &tables[NB_LOGICAL_SWITCH_PORT]) {
        if (!strcmp(ovsdb_string(row, LSP_TYPE), "external")) {
            return true;
        }
    }
    return false;
}

/* A group without chassis hides the port's own gateway chassis. */
static bool
drop_group(struct plan *p, const struct fabric *fabric,
           const struct finding *f)
{
    static const char *const columns[][2] = { { "ha_chassis_group",
                                                "[\"set\",[]]" } };
    const struct ovsdb_row *lrp = f->subject;
    const struct ovsdb_row *group =
        lrp ? ovsdb_ref(lrp, LRP_HA_CHASSIS_GROUP) : NULL;
    if (!group || !ovsdb_count(lrp, LRP_GATEWAY_CHASSIS)
        || !set_columns(p, f, columns, N_ELEMENTS(columns))) {
        return false;
    }
    if (!has_others(fabric, group, lrp)) {
        change_delete(&p->changes, NULL, group);
    }
    p->what = "lets the router port go by its own gateway chassis";
    return true;
}

/* What OVN learned it learns again. */
static bool
forget_learned(struct plan *p, const struct fabric *fabric PROVNET_UNUSED,
               const struct finding *f)
{
    if (!f->subject || !f->subject->exists) {
        return false;
    }
    change_delete(&p->changes, NULL, f->subject);
    p->what = "forgets what was learned";
    return true;
}

/* Of two localnet ports that loop, the one that came later: without its frames
 * the other goes on. */
static bool
disable_newer(struct plan *p, const struct fabric *fabric PROVNET_UNUSED,
              const struct finding *f)
{
    const struct ovsdb_row *newer = f->cause.row;
    const struct ovsdb_row *row =
        newer ? ovsdb_table_find(
            &fabric->evidence->nb.store.tables[NB_LOGICAL_SWITCH_PORT],
            &newer->uuid)
              : NULL;
    if (!row || !row->exists) {
        return false;
    }
    p->what = arena_printf(&p->arena, "disables %s, the later of the two",
                           ovsdb_string(row, LSP_NAME));
    change_edit(&p->changes, change_update(&p->changes, NULL, row), EDIT_SET,
                "enabled", "false");
    return true;
}

/* Localnet ports of Neutron. */

/* Every localnet port that there is must be one that the plan knows of: a
 * second writer may be about to add the same. */
static void
guard_localnets(struct plan *p, const struct fabric *fabric)
{
    const struct ovsdb_table *table =
        &fabric->evidence->nb.store.tables[NB_LOGICAL_SWITCH_PORT];
    struct text t;
    text_init(&t, TEXT_CEILING_BYTES);
    text_puts(&t, "{\"op\":\"wait\",\"timeout\":0,\"table\":"
                  "\"Logical_Switch_Port\",\"where\":[[\"type\",\"==\","
                  "\"localnet\"]],\"columns\":[\"name\"],\"until\":\"==\","
                  "\"rows\":[");
    const char *between = "";
    OVSDB_TABLE_FOR_EACH (row, table) {
        if (!strcmp(ovsdb_string(row, LSP_TYPE), "localnet")) {
            text_printf(&t, "%s{\"name\":", between);
            json_put_string(&t, ovsdb_string(row, LSP_NAME));
            text_puts(&t, "}");
            between = ",";
        }
    }
    text_puts(&t, "]}");
    change_guard(&p->changes, "nb", NULL, text_string(&t));
    text_done(&t);
}

/* What Neutron writes into its localnet ports beside the network's name
 * (measured: Neutron 21; FAILURES, section B). */
static void
put_neutron_options(struct text *t, const char *network)
{
    text_puts(t, "[\"map\",[[\"network_name\",");
    json_put_string(t, network);
    text_puts(t, "],[\"mcast_flood\",\"false\"],[\"mcast_flood_reports\","
                 "\"true\"]]]");
}

static bool
is_neutrons(const char *name)
{
    return !strncmp(name, "provnet-", strlen("provnet-"));
}

static struct change *
insert_localnet(struct plan *p, const struct fabric_switch *ls,
                const char *name, const char *network, int tag)
{
    struct text t;
    struct change *c =
        change_insert(&p->changes, "nb", NULL, "Logical_Switch_Port", name);
    text_init(&t, TEXT_CEILING_BYTES);
    if (is_neutrons(name)) {
        put_neutron_options(&t, network);
    } else {
        text_printf(&t, "[\"map\",[[\"network_name\",%s]]]",
                    quote(p, network));
    }
    change_edit(&p->changes, c, EDIT_SET, "name", quote(p, name));
    change_edit(&p->changes, c, EDIT_SET, "type", "\"localnet\"");
    change_edit(&p->changes, c, EDIT_SET, "addresses", "\"unknown\"");
    change_edit(&p->changes, c, EDIT_SET, "options", text_string(&t));
    if (tag) {
        change_edit(&p->changes, c, EDIT_SET, "tag_request",
                    arena_printf(&p->arena, "%d", tag));
    }
    text_clear(&t);
    change_put_reference(&t, c);
    change_edit(&p->changes, change_update(&p->changes, NULL, ls->row),
                EDIT_ADD, "ports", text_string(&t));
    text_done(&t);
    return c;
}

/* The localnet port as SB's log had it, where NB's does not reach back. */
static bool
insert_lost(struct plan *p, const struct fabric *fabric,
            const struct finding *f)
{
    const struct ovsdb_row *lost = f->ls ? f->ls->intent.row : NULL;
    bool is_pb = lost && lost->table->spec == &sb_spec.tables[SB_PORT_BINDING];
    const char *network =
        is_pb ? ovsdb_map_get(lost, PB_OPTIONS, "network_name") : NULL;
    if (!network || !f->ls->row) {
        return false;
    }
    const char *name = ovsdb_string(lost, PB_LOGICAL_PORT);
    if (f->ls->is_neutron && !is_neutrons(name)) {
        p->refused = "the network is Neutron's, and the name of its localnet "
                     "port, provnet-SEGMENT, is in no log: ask Neutron "
                     "(openstack network segment list), and see `provnet "
                     "explain ls-no-localnet`";
        return false;
    }
    p->what = arena_printf(&p->arena,
                           "makes localnet port %s again, as the log of SB "
                           "had it",
                           name);
    insert_localnet(p, f->ls, name, network,
                    (int) ovsdb_integer(lost, PB_TAG, 0));
    guard_localnets(p, fabric);
    return true;
}

/* The name that Neutron's localnet port of the switch had, by the log; NULL if
 * it tells none, or two. */
static const char *
name_for_neutron(struct plan *p, const struct fabric *fabric,
                 const struct fabric_switch *ls)
{
    const struct ovsdb_store *log = fabric->evidence->nb.log;
    const struct ovsdb_table *table =
        log ? &log->tables[NB_LOGICAL_SWITCH_PORT] : NULL;
    const char *name = NULL;
    for (size_t i = 0; table && i < table->n_rows; i++) {
        const struct ovsdb_row *row = table->rows[i];
        const char *candidate = ovsdb_string(row, LSP_NAME);
        bool is_of_switch =
            row->owner && uuid_equals(&row->owner->uuid, &ls->row->uuid);
        if (row->exists || !is_of_switch || !is_neutrons(candidate)) {
            continue;
        }
        if (name && strcmp(name, candidate)) {
            p->refused = arena_printf(
                &p->arena,
                "the log tells of two localnet ports of Neutron's, %s and "
                "%s: ask Neutron which segment the network has (openstack "
                "network segment list)",
                name, candidate);
            return NULL;
        }
        name = candidate;
    }
    return name;
}

/* Beside Neutron's own localnet port, one that was made by hand only loops. */
static bool
drop_handmade(struct plan *p, const struct fabric *fabric,
              const struct finding *f)
{
    const struct fabric_localnet *handmade = NULL;
    bool has_own = false;
    for (size_t i = 0; f->ls && i < f->ls->n_localnets; i++) {
        const struct fabric_localnet *l = &f->ls->localnets[i];
        if (is_neutrons(l->name)) {
            has_own = true;
        } else if (!handmade && l->lsp) {
            handmade = l;
        } else {
            return false; /* Which of them? */
        }
    }
    if (!f->ls || !f->ls->is_neutron || !has_own || !handmade) {
        return false;
    }
    struct text t;
    char uuid[UUID_LENGTH + 1];
    uuid_format(&handmade->lsp->uuid, uuid);
    text_init(&t, TEXT_CEILING_BYTES);
    text_printf(&t, "[\"uuid\",\"%s\"]", uuid);
    change_edit(&p->changes, change_update(&p->changes, NULL, f->ls->row),
                EDIT_REMOVE, "ports", text_string(&t));
    text_done(&t);
    change_delete(&p->changes, NULL, handmade->lsp);
    guard_localnets(p, fabric);
    p->what = arena_printf(&p->arena,
                           "deletes %s, which was made by hand beside "
                           "Neutron's own localnet port",
                           handmade->name);
    return true;
}

static const struct fabric_localnet *
localnet_of(const struct finding *f)
{
    const struct fabric_switch *ls = f->ls;
    for (size_t i = 0; ls && i < ls->n_localnets; i++) {
        if (ls->localnets[i].lsp == f->subject) {
            return &ls->localnets[i];
        }
    }
    return NULL;
}

/* One transaction: two would be a loop or a cut in between. */
static bool
swap_for_neutron(struct plan *p, const struct fabric *fabric,
                 const struct finding *f)
{
    const struct fabric_localnet *localnet = localnet_of(f);
    const char *name = localnet ? name_for_neutron(p, fabric, f->ls) : NULL;
    if (!name) {
        if (!p->refused) {
            p->refused = "no log tells the name that Neutron gives its "
                         "localnet port here, provnet-SEGMENT: ask it "
                         "(openstack network segment list), and see `provnet "
                         "explain neutron-localnet-handmade`";
        }
        return false;
    }
    struct change *c =
        insert_localnet(p, f->ls, name, localnet->network, localnet->tag);
    struct text t;
    text_init(&t, TEXT_CEILING_BYTES);
    const struct ovsdb_datum *ports = ovsdb_datum(f->ls->row, LS_PORTS);
    const union ovsdb_atom *atoms = ovsdb_atoms(f->ls->row, LS_PORTS);
    text_puts(&t, "[\"set\",[");
    for (uint32_t i = 0; i < ports->n; i++) {
        char uuid[UUID_LENGTH + 1];
        if (atoms[i].row != localnet->lsp) {
            uuid_format(&atoms[i].row->uuid, uuid);
            text_printf(&t, "[\"uuid\",\"%s\"],", uuid);
        }
    }
    change_put_reference(&t, c);
    text_puts(&t, "]]");
    /* The switch's edit, which insert_localnet() made, adds and takes. */
    p->changes.last->last_edit->kind = EDIT_SET;
    p->changes.last->last_edit->value =
        arena_strdup(&p->changes.arena, text_string(&t));
    text_done(&t);
    change_delete(&p->changes, NULL, localnet->lsp);
    guard_localnets(p, fabric);
    p->what = arena_printf(&p->arena,
                           "puts %s, the name that Neutron knows, in the "
                           "place of %s, in one transaction",
                           name, localnet->name);
    return true;
}

/* Flows. */

/* What a bridge without a controller has by itself (ovs-vswitchd.conf.db(5),
 * fail_mode "standalone"). */
static bool
add_normal_flow(struct plan *p, const struct fabric *fabric PROVNET_UNUSED,
                const struct finding *f)
{
    p->flow = (struct plan_flow){
        .chassis = arena_strdup(&p->arena, f->chassis),
        .bridge = arena_strdup(&p->arena, f->subject_name),
        .text = "priority=0,actions=NORMAL",
    };
    p->what = arena_printf(&p->arena, "lets %s forward as a learning switch",
                           f->subject_name);
    return true;
}

static const struct {
    const char *code;
    known_edit *edit;
} edits[] = {
    { "ls-no-localnet", insert_lost },
    { "localnet-type-lost", make_localnet },
    { "localnet-disabled", enable },
    { "localnet-no-unknown", add_unknown },
    { "ls-localnet-duplicate", drop_handmade },
    { "ls-localnet-duplicate", disable_newer },
    { "ls-localnet-dup-tag", disable_newer },
    { "ls-localnet-multi-mapped", disable_newer },
    { "neutron-localnet-handmade", swap_for_neutron },
    { "patch-port-vlan", untag },
    { "hcg-empty", drop_group },
    { "fdb-stale", forget_learned },
    { "mac-binding-stale", forget_learned },
    { "lsp-router-addresses-empty", let_router_answer },
    { "brex-secure-no-flow", add_normal_flow },
};

bool
known_propose(struct plan *p, const struct fabric *fabric,
              const struct finding *f, size_t n)
{
    for (size_t i = 0; i < N_ELEMENTS(edits); i++) {
        if (!strcmp(edits[i].code, f->rule->code) && !n--) {
            return edits[i].edit(p, fabric, f);
        }
    }
    return false;
}

/* Commands. */

static const struct {
    const char *code;
    const char *format; /* With the name of the subject. */
} commands[] = {
    { "brex-nic-down", "ip link set dev %s up" },
    { "brex-no-carrier", "ip -details link show dev %s" },
    { "brex-secure-no-flow",
      "ovs-ofctl add-flow %s priority=0,actions=NORMAL" },
    { "brex-foreign-flow", "ovs-ofctl dump-flows %s" },
    { "northd-paused", "ovn-appctl -t ovn-northd resume" },
    { "hv-cfg-lag", "systemctl restart ovn-controller" },
};

const char *
known_command(struct arena *a, const struct finding *f)
{
    for (size_t i = 0; i < N_ELEMENTS(commands); i++) {
        if (!strcmp(commands[i].code, f->rule->code)) {
            return strstr(commands[i].format, "%s")
                       ? arena_printf(a, commands[i].format, f->subject_name)
                       : commands[i].format;
        }
    }
    return NULL;
}
