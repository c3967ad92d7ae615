#include "apply/flow.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "collect/run.h"
#include "ovsdb/stream.h"

#define TIMEOUT_MS 10000

/* Writes the OpenFlow remote of the bridge; false if it is not on this host.
 */
static bool
find_remote(const struct evidence *e, const char *chassis, const char *bridge,
            char *remote, size_t size)
{
    for (size_t i = 0; i < e->n_chassis; i++) {
        const struct evidence_db *db = &e->chassis[i]->ovs;
        const char *socket =
            db->live ? ovsdb_remote_unix_path(db->from) : NULL;
        const char *slash = socket ? strrchr(socket, '/') : NULL;
        if (slash && !strcmp(e->chassis[i]->name, chassis)) {
            return snprintf(remote, size, "unix:%.*s/%s.mgmt",
                            (int) (slash - socket), socket, bridge)
                   < (int) size;
        }
    }
    return false;
}

static struct error *
run(const struct evidence *e, const char *chassis, const char *bridge,
    const char *command, const char *flow)
{
    char remote[512];
    if (!find_remote(e, chassis, bridge, remote, sizeof remote)) {
        return error_hint(error_new("the Open vSwitch of chassis %s is not on "
                                    "this host",
                                    chassis),
                          "run it there");
    }
    const char *const argv[] = { "ovs-ofctl", "--strict", command,
                                 remote,      flow,       NULL };
    struct text out;
    bool absent;
    text_init(&out, 1 << 16);
    struct error *error =
        run_tool_text(argv, clock_now_ms() + TIMEOUT_MS, &out, &absent);
    text_done(&out);
    return error;
}

struct error *
flow_add(const struct evidence *e, const char *chassis, const char *bridge,
         const char *flow)
{
    return run(e, chassis, bridge, "add-flow", flow);
}

struct error *
flow_remove(const struct evidence *e, const char *chassis, const char *bridge,
            const char *flow)
{
    char match[256];
    snprintf(match, sizeof match, "%.*s", (int) strcspn(flow, ","), flow);
    return run(e, chassis, bridge, "del-flows", match);
}
