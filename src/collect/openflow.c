#include "collect/openflow.h"

#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "collect/run.h"

#define MAX_NAME_LENGTH 200
#define MAX_BRIDGES 256

/* Bridges may be told to speak newer versions only, and `ovs-ofctl` offers
 * 1.0 and a few more by default: ovs-ofctl(8), "--protocols". */
#define PROTOCOLS                                                         \
    "--protocols=OpenFlow10,OpenFlow11,OpenFlow12,OpenFlow13,OpenFlow14," \
    "OpenFlow15"

/* Names. */

bool
openflow_name_is_safe(const char *name)
{
    size_t length = strlen(name);
    if (!length || length > MAX_NAME_LENGTH || !strcmp(name, ".")
        || !strcmp(name, "..")) {
        return false;
    }
    for (const char *s = name; *s; s++) {
        unsigned char c = (unsigned char) *s;
        if (c < ' ' || c == 0x7f || c == '/') {
            return false;
        }
    }
    return true;
}

/* Whether Open vSwitch has a bridge 'name'; one that is only mapped to has
 * neither flows nor sockets. */
static bool
has_bridge(const struct evidence_chassis *chassis, const char *name)
{
    OVSDB_TABLE_FOR_EACH (row, &chassis->ovs.store.tables[OVS_BRIDGE]) {
        if (!strcmp(ovsdb_string(row, BRIDGE_NAME), name)) {
            return true;
        }
    }
    return false;
}

/* The value of ovn-bridge-mappings is "PHYSNET:BRIDGE,PHYSNET:BRIDGE,...". */
void
openflow_for_each_bridge(const struct evidence_chassis *chassis,
                         void (*visit)(void *aux, const char *bridge),
                         void *aux)
{
    const struct ovsdb_row *row =
        ovsdb_table_next(&chassis->ovs.store.tables[OVS_OPEN_VSWITCH], NULL);
    const char *mappings = row ? ovsdb_map_get(row, OPEN_VSWITCH_EXTERNAL_IDS,
                                               "ovn-bridge-mappings")
                               : NULL;
    struct strmap seen;
    strmap_init(&seen);
    struct arena arena;
    arena_init(&arena);
    char *list = arena_strdup(&arena, mappings ? mappings : ""), *save = NULL;
    for (char *s = strtok_r(list, ",", &save); s && seen.n < MAX_BRIDGES;
         s = strtok_r(NULL, ",", &save)) {
        const char *bridge = strchr(s, ':');
        if (bridge && openflow_name_is_safe(bridge + 1)
            && has_bridge(chassis, bridge + 1)
            && !strmap_get(&seen, bridge + 1)) {
            *strmap_place(&seen, bridge + 1) = s;
            visit(aux, bridge + 1);
        }
    }
    strmap_done(&seen);
    arena_done(&arena);
}

/* Dumps. */

static bool
is_socket(const char *path)
{
    struct stat status;
    return !stat(path, &status) && S_ISSOCK(status.st_mode);
}

struct error *
openflow_dump(const char *rundir, const char *bridge, int64_t deadline_ms,
              struct text *ret_text, const char **ret_missing)
{
    struct text remote;
    struct error *error = NULL;
    *ret_missing = NULL;
    text_init(&remote, TEXT_CEILING_BYTES);
    text_printf(&remote, "unix:%s/%s.mgmt", rundir, bridge);
    const char *const argv[] = { "ovs-ofctl", PROTOCOLS, "dump-flows",
                                 text_string(&remote), NULL };
    if (!is_socket(text_string(&remote) + strlen("unix:"))) {
        *ret_missing = "it has no management socket";
    } else {
        bool absent;
        error = run_tool_text(argv, deadline_ms, ret_text, &absent);
        if (absent) {
            error_free(error);
            error = NULL;
            *ret_missing = "ovs-ofctl is not installed";
        }
    }
    text_done(&remote);
    return error;
}

struct openflow {
    struct evidence *e;
    struct evidence_chassis *chassis;
    const char *rundir;
    int64_t deadline_ms;
};

static void
read_bridge(void *aux, const char *bridge)
{
    struct openflow *o = aux;
    struct text dump;
    const char *missing;
    text_init(&dump, RUN_MAX_OUTPUT_BYTES);
    struct error *error =
        openflow_dump(o->rundir, bridge, o->deadline_ms, &dump, &missing);
    if (!error && !missing) {
        struct evidence_bridge *b =
            evidence_place_bridge(o->e, o->chassis, bridge);
        error = flows_parse(text_string(&dump), dump.length, &o->e->arena,
                            &b->flows);
    }
    if (error) {
        evidence_warn(o->e, "chassis %s: no flows of bridge %s: %s",
                      o->chassis->name, bridge, error_text(error));
        error_free(error);
    }
    text_done(&dump);
}

void
openflow_read(struct evidence *e, struct evidence_chassis *chassis,
              const char *rundir, int64_t deadline_ms)
{
    struct openflow o = { e, chassis, rundir, deadline_ms };
    openflow_for_each_bridge(chassis, read_bridge, &o);
}
