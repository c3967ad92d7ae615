#include "repair/daemons.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a Port_Binding says, as far as provnet reads it. */
struct binding {
    const char *name;
    const char *type;
    const char *network;             /* NULL if it has none. */
    const char *datapath;            /* UUID; NULL if not told. */
    int64_t tag;                     /* -1 if it has none. */
    const struct ovsdb_row *chassis; /* NULL if none. */
};

/* Gateways. */

struct election {
    const struct ovsdb_row *chassis;
    int64_t priority;
    const char *name;
};

/* The highest priority wins; of equal ones the name that comes last (OVN
 * 23.03, lib/ha-chassis.c, compare_chassis_prio_()). */
static void
stand(const struct follow *f, struct election *e, const char *name,
      int64_t priority)
{
    const struct ovsdb_row *chassis = strmap_get(&f->chassis, name);
    if (chassis
        && (!e->chassis || priority > e->priority
            || (priority == e->priority && strcmp(name, e->name) > 0))) {
        *e = (struct election){ chassis, priority, name };
    }
}

/* The Chassis that would hold the chassisredirect port of 'lrp'. */
static const struct ovsdb_row *
elect(const struct follow *f, const struct ovsdb_row *lrp)
{
    struct election e = { NULL, 0, NULL };
    const struct ovsdb_row *group = ovsdb_ref(lrp, LRP_HA_CHASSIS_GROUP);
    const struct ovsdb_row *from = group ? group : lrp;
    unsigned column =
        group ? HA_CHASSIS_GROUP_HA_CHASSIS : LRP_GATEWAY_CHASSIS;
    for (unsigned i = 0; i < ovsdb_count(from, column); i++) {
        const struct ovsdb_row *row = ovsdb_atoms(from, column)[i].row;
        if (row->exists && group) {
            stand(f, &e, ovsdb_string(row, HA_CHASSIS_CHASSIS_NAME),
                  ovsdb_integer(row, HA_CHASSIS_PRIORITY, 0));
        } else if (row->exists) {
            stand(f, &e, ovsdb_string(row, GATEWAY_CHASSIS_CHASSIS_NAME),
                  ovsdb_integer(row, GATEWAY_CHASSIS_PRIORITY, 0));
        }
    }
    return e.chassis;
}

/* Router ports. */

static const char *
pinned_to(const struct ovsdb_row *lr)
{
    return lr ? ovsdb_map_get(lr, LR_OPTIONS, "chassis") : NULL;
}

/* northd leaves out a router that is disabled, with all of its ports. */
static bool
is_of_enabled_router(const struct ovsdb_row *lrp)
{
    const struct ovsdb_row *lr = lrp->owner;
    return lr && lr->exists && ovsdb_bool(lr, LR_ENABLED, true);
}

static bool
describe_lrp(const struct follow *f, const struct ovsdb_row *lrp,
             struct binding *ret)
{
    const char *pinned = pinned_to(lrp->owner);
    if (!is_of_enabled_router(lrp)) {
        return false;
    }
    ret->type = pinned ? "l3gateway" : "patch";
    ret->chassis = pinned ? strmap_get(&f->chassis, pinned) : NULL;
    return true;
}

static bool
describe_redirect(const struct follow *f, const struct ovsdb_row *lrp,
                  struct binding *ret)
{
    if (!is_of_enabled_router(lrp) || pinned_to(lrp->owner)
        || (!ovsdb_count(lrp, LRP_GATEWAY_CHASSIS)
            && !ovsdb_ref(lrp, LRP_HA_CHASSIS_GROUP))) {
        return false;
    }
    ret->type = "chassisredirect";
    ret->chassis = elect(f, lrp);
    return true;
}

/* Switch ports. */

/* The type of the binding of a switch port of type "router". */
static const char *
router_type(const struct follow *f, const struct ovsdb_row *lsp)
{
    const char *peer = ovsdb_map_get(lsp, LSP_OPTIONS, "router-port");
    const struct ovsdb_row *lrp = peer ? strmap_get(&f->ports, peer) : NULL;
    return lrp && pinned_to(lrp->owner) ? "l3gateway" : "patch";
}

/* Whether a port of this type is claimed by an interface of its name. */
static bool
is_claimed(const char *type)
{
    return !*type || !strcmp(type, "virtual") || !strcmp(type, "vtep")
           || !strcmp(type, "l2gateway") || !strcmp(type, "external");
}

static bool
describe_lsp(struct follow *f, const struct ovsdb_row *lsp,
             const struct ovsdb_row *pb, struct binding *ret)
{
    const struct ovsdb_row *ls = lsp->owner;
    const char *type = ovsdb_string(lsp, LSP_TYPE);
    const struct ovsdb_row *bound = pb ? ovsdb_ref(pb, PB_CHASSIS) : NULL;
    if (!ls || !ls->exists) {
        return false;
    }
    int64_t request = ovsdb_integer(lsp, LSP_TAG_REQUEST, 0);
    ret->type = !strcmp(type, "router") ? router_type(f, lsp) : type;
    ret->network = ovsdb_map_get(lsp, LSP_OPTIONS, "network_name");
    ret->tag = request ? request : ovsdb_integer(lsp, LSP_TAG, -1);
    char uuid[UUID_LENGTH + 1];
    uuid_format(&ls->uuid, uuid);
    ret->datapath = strmap_get(&f->datapaths, uuid);
    if (is_claimed(type)) {
        const char *parent = ovsdb_string(lsp, LSP_PARENT_NAME);
        bool known;
        const struct ovsdb_row *claim =
            controller_claims(f, *parent ? parent : ret->name, bound, &known);
        ret->chassis = known && !*type ? claim : bound;
    }
    return true;
}

/* What SB should say of logical port 'name', whose binding is 'pb' now.
 * False if nothing. */
static bool
describe(struct follow *f, const char *name, const struct ovsdb_row *pb,
         struct binding *ret)
{
    *ret = (struct binding){ .name = name, .tag = -1 };
    const struct ovsdb_row *port = strmap_get(&f->ports, name);
    const struct ovsdb_table *lsps =
        &f->evidence->nb.store.tables[NB_LOGICAL_SWITCH_PORT];
    if (port && port->table == lsps) {
        return describe_lsp(f, port, pb, ret);
    } else if (port) {
        return describe_lrp(f, port, ret);
    } else if (!strncmp(name, "cr-", 3)
               && (port = strmap_get(&f->ports, name + 3))) {
        return describe_redirect(f, port, ret);
    }
    return false;
}

/* Writing. */

static void
put_reference(struct text *t, const struct ovsdb_row *row)
{
    char uuid[UUID_LENGTH + 1];
    if (row) {
        uuid_format(&row->uuid, uuid);
        text_printf(t, "[\"uuid\",\"%s\"]", uuid);
    } else {
        text_puts(t, "[\"set\",[]]");
    }
}

static void
put_binding(struct text *t, const struct binding *b)
{
    text_puts(t, "{\"logical_port\":");
    json_put_string(t, b->name);
    text_puts(t, ",\"type\":");
    json_put_string(t, b->type);
    text_puts(t, ",\"options\":[\"map\",[");
    if (b->network) {
        text_puts(t, "[\"network_name\",");
        json_put_string(t, b->network);
        text_puts(t, "]");
    }
    text_puts(t, "]],\"tag\":");
    if (b->tag > 0) {
        text_printf(t, "%lld", (long long) b->tag);
    } else {
        text_puts(t, "[\"set\",[]]");
    }
    if (b->datapath) {
        text_printf(t, ",\"datapath\":[\"uuid\",\"%s\"]", b->datapath);
    }
    text_puts(t, ",\"chassis\":");
    put_reference(t, b->chassis);
    text_puts(t, "}");
}

static bool
is_same_text(const char *a, const char *b)
{
    return !a || !b ? a == b : !strcmp(a, b);
}

static bool
is_as_before(const struct ovsdb_row *pb, const struct binding *b)
{
    char uuid[UUID_LENGTH + 1] = "";
    const struct ovsdb_row *datapath = ovsdb_ref(pb, PB_DATAPATH);
    if (datapath) {
        uuid_format(&datapath->uuid, uuid);
    }
    return !strcmp(ovsdb_string(pb, PB_TYPE), b->type)
           && is_same_text(ovsdb_map_get(pb, PB_OPTIONS, "network_name"),
                           b->network)
           && ovsdb_integer(pb, PB_TAG, 0) == (b->tag > 0 ? b->tag : 0)
           && ovsdb_ref(pb, PB_CHASSIS) == b->chassis
           && (!b->datapath || !strcmp(uuid, b->datapath));
}

/* Switches that SB has no datapath for get one. */
static void
put_datapaths(struct follow *f, struct text *t)
{
    const char *between = "";
    struct text members;
    text_init(&members, TEXT_CEILING_BYTES);
    OVSDB_TABLE_FOR_EACH (ls,
                          &f->evidence->nb.store.tables[NB_LOGICAL_SWITCH]) {
        char *uuid = arena_alloc(&f->arena, UUID_LENGTH + 1);
        uuid_format(&ls->uuid, uuid);
        void **place = strmap_place(&f->datapaths, uuid);
        if (!*place) {
            *place = (void *) follow_make_uuid(f);
            text_printf(&members,
                        "%s\"%s\":{\"external_ids\":[\"map\",[[\"logical-"
                        "switch\",\"%s\"]]]}",
                        between, (const char *) *place, uuid);
            between = ",";
        }
    }
    if (members.length) {
        text_printf(t, ",\"Datapath_Binding\":{%s}", text_string(&members));
    }
    text_done(&members);
}

static void
put_bindings(struct follow *f, struct text *t)
{
    const char *between = ",\"Port_Binding\":{";
    STRMAP_FOR_EACH (entry, &f->names) {
        const struct ovsdb_row *pb = strmap_get(&f->bindings, entry->key);
        char uuid[UUID_LENGTH + 1];
        struct binding b;
        bool wanted = describe(f, entry->key, pb, &b);
        if (pb ? wanted && is_as_before(pb, &b) : !wanted) {
            continue;
        }
        if (pb) {
            uuid_format(&pb->uuid, uuid);
        } else {
            snprintf(uuid, sizeof uuid, "%s", follow_make_uuid(f));
        }
        text_printf(t, "%s\"%s\":", between, uuid);
        between = ",";
        if (wanted) {
            put_binding(t, &b);
        } else {
            text_puts(t, "null");
        }
    }
    text_puts(t, between[1] ? "" : "}");
}

void
northd_put_changes(struct follow *f, struct text *t)
{
    put_datapaths(f, t);
    put_bindings(f, t);
}
