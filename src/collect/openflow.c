#include "collect/openflow.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "collect/run.h"

#define MAX_NAME_LENGTH 200
#define MAX_BRIDGES 256

/* Bridges may be told to speak newer versions only, and `ovs-ofctl` offers
 * 1.0 and a few more by default: ovs-ofctl(8), "--protocols". */
const char openflow_protocols[] =
    "--protocols=OpenFlow10,OpenFlow11,OpenFlow12,OpenFlow13,OpenFlow14,"
    "OpenFlow15";

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

/* Whether a mapping of the chassis, under whatever key, leads to the bridge:
 * "PHYSNET:BRIDGE,PHYSNET:BRIDGE,..." (ovn-controller(8)). */
static bool
is_mapped(const struct ovsdb_row *open_vswitch, const char *bridge)
{
    static const char prefix[] = "ovn-bridge-mappings";
    unsigned n = ovsdb_count(open_vswitch, OPEN_VSWITCH_EXTERNAL_IDS);
    const union ovsdb_atom *pairs =
        ovsdb_atoms(open_vswitch, OPEN_VSWITCH_EXTERNAL_IDS);
    size_t length = strlen(bridge);
    for (unsigned i = 0; i < n; i++) {
        const char *value = pairs[2 * i + 1].string;
        if (strncmp(pairs[2 * i].string, prefix, strlen(prefix))) {
            continue;
        }
        for (const char *s = strchr(value, ':'); s; s = strchr(s + 1, ':')) {
            if (!strncmp(s + 1, bridge, length)
                && (!s[1 + length] || s[1 + length] == ',')) {
                return true;
            }
        }
    }
    return false;
}

/* Whether the bridge has a patch port: ovn-controller may have left it one
 * after its mapping changed. */
static bool
has_patch_port(const struct ovsdb_row *bridge)
{
    const union ovsdb_atom *ports = ovsdb_atoms(bridge, BRIDGE_PORTS);
    for (unsigned i = 0; i < ovsdb_count(bridge, BRIDGE_PORTS); i++) {
        const struct ovsdb_row *interface =
            ovsdb_ref(ports[i].row, PORT_INTERFACES);
        if (interface && !strcmp(ovsdb_string(interface, INTERFACE_TYPE), "patch")) {
            return true;
        }
    }
    return false;
}

/* Whether the bridge has a port that may be a NIC: "system", or "", which is
 * the same (ovs-vswitchd.conf.db(5), Interface: type).  Where its mapping is
 * lost it is still the one that leads to the wire. */
static bool
has_nic(const struct ovsdb_row *bridge)
{
    const union ovsdb_atom *ports = ovsdb_atoms(bridge, BRIDGE_PORTS);
    for (unsigned i = 0; i < ovsdb_count(bridge, BRIDGE_PORTS); i++) {
        const struct ovsdb_row *interface =
            ovsdb_ref(ports[i].row, PORT_INTERFACES);
        const char *type =
            interface ? ovsdb_string(interface, INTERFACE_TYPE) : "none";
        if (!*type || !strcmp(type, "system")) {
            return true;
        }
    }
    return false;
}

void
openflow_for_each_bridge(const struct evidence_chassis *chassis,
                         enum openflow_bridges which,
                         void (*visit)(void *aux, const char *bridge),
                         void *aux)
{
    const struct ovsdb_table *tables = chassis->ovs.store.tables;
    const struct ovsdb_row *row =
        ovsdb_table_next(&tables[OVS_OPEN_VSWITCH], NULL);
    const char *integration =
        row ? ovsdb_map_get(row, OPEN_VSWITCH_EXTERNAL_IDS, "ovn-bridge")
            : NULL;
    unsigned n = 0;
    OVSDB_TABLE_FOR_EACH (bridge, &tables[OVS_BRIDGE]) {
        const char *name = ovsdb_string(bridge, BRIDGE_NAME);
        if (row && n < MAX_BRIDGES && openflow_name_is_safe(name)
            && strcmp(name, integration ? integration : "br-int")
            && (is_mapped(row, name) || has_patch_port(bridge)
                || (which == OPENFLOW_MAY_LEAD_TO_WIRE && has_nic(bridge)))) {
            visit(aux, name);
            n++;
        }
    }
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
    const char *const argv[] = { "ovs-ofctl", openflow_protocols, "dump-flows",
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
        struct evidence_bridge *b = evidence_place_bridge(o->chassis, bridge);
        error = flows_parse(text_string(&dump), dump.length,
                            &o->chassis->arena, &b->flows);
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
    openflow_for_each_bridge(chassis, OPENFLOW_MAY_LEAD_TO_WIRE, read_bridge,
                             &o);
}

/* ovs-vswitchd's control socket. */

const char *
openflow_find_control(struct arena *arena, const char *rundir)
{
    char *path = arena_printf(arena, "%s/ovs-vswitchd.pid", rundir);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char pid[16];
    ssize_t n = fd < 0 ? -1 : read(fd, pid, sizeof pid - 1);
    if (fd >= 0) {
        close(fd);
    }
    pid[n > 0 ? n : 0] = '\0';
    pid[strspn(pid, "0123456789")] = '\0';
    path = arena_printf(arena, "%s/ovs-vswitchd.%s.ctl", rundir, pid);
    if (!is_socket(path)) {
        path = arena_printf(arena, "%s/ovs-vswitchd.ctl", rundir);
    }
    return is_socket(path) ? path : NULL;
}
