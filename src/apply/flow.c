#include "apply/flow.h"

#include <string.h>

#include "apply/deed.h"
#include "base/clock.h"
#include "collect/run.h"
#include "ovsdb/stream.h"

#define ADD "add-flow"
#define DELETE "del-flows"

/* By which ours is known from others, when it is taken away; and which is not
 * added where another of its priority overlaps: ovs-ofctl(8), check_overlap.
 * (One that matches exactly the same would be replaced.) */
#define COOKIE "0x70726f766e6574" /* "provnet" */
#define ADD_FIELDS "cookie=" COOKIE ",check_overlap,"
#define DELETE_FIELDS "cookie=" COOKIE "/-1,"

/* The OpenFlow remote of the bridge; NULL if it is not on this host. */
static const char *
find_remote(const struct evidence *e, const struct plan_flow *flow,
            struct arena *a)
{
    for (size_t i = 0; i < e->n_chassis; i++) {
        const struct evidence_db *db = &e->chassis[i]->ovs;
        const char *socket =
            db->live ? ovsdb_remote_unix_path(db->from) : NULL;
        const char *slash = socket ? strrchr(socket, '/') : NULL;
        if (slash && !strcmp(e->chassis[i]->name, flow->chassis)) {
            return arena_printf(a, "unix:%.*s/%s.mgmt", (int) (slash - socket),
                                socket, flow->bridge);
        }
    }
    return NULL;
}

/* What is done, in the form of a transaction's parameters. */
static const char *
params_of(const char *command, const char *fields, const char *flow,
          int length, struct arena *a)
{
    struct text t;
    text_init(&t, TEXT_CEILING_BYTES);
    text_puts(&t, "[\"" JOURNAL_FLOWS "\",");
    json_put_string(&t, command);
    text_putc(&t, ',');
    json_put_string(&t, arena_printf(a, "%s%.*s", fields, length, flow));
    text_putc(&t, ']');
    const char *params = arena_strdup(a, text_string(&t));
    text_done(&t);
    return params;
}

struct error *
flow_make_step(const struct plan_flow *flow, const struct evidence *e,
               struct arena *a, struct journal_step *ret)
{
    const char *remote = find_remote(e, flow, a);
    if (!remote) {
        return error_hint(error_new("the Open vSwitch of chassis %s is not on "
                                    "this host",
                                    flow->chassis),
                          "run it there");
    }
    *ret = (struct journal_step){
        .db = JOURNAL_FLOWS,
        .name = JOURNAL_FLOWS,
        .chassis = arena_strdup(a, flow->chassis),
        .remote = remote,
        .operations = { params_of(ADD, ADD_FIELDS, flow->text,
                                  (int) strlen(flow->text), a) },
        .inverses = { params_of(DELETE, DELETE_FIELDS, flow->text,
                                (int) strcspn(flow->text, ","), a) },
    };
    return NULL;
}

/* The string after 'v' in an array; NULL if there is none. */
static const char *
next_string(const struct json_value **v)
{
    *v = *v ? (*v)->next : NULL;
    return *v && (*v)->kind == JSON_STRING ? (*v)->string : NULL;
}

/* The flow that 'command' is done to; NULL if it is none of a repair's: of two
 * cookies the last counts. */
static const char *
find_flow(const char *params, const char *command, const char *fields,
          struct arena *a)
{
    const struct json_value *all = params ? deed_parse(params, a) : NULL;
    const struct json_value *at =
        all && all->kind == JSON_ARRAY ? all->first : NULL;
    const char *what = next_string(&at);
    const char *flow = next_string(&at);
    return what && flow && !at->next && !strcmp(what, command)
                   && !strncmp(flow, fields, strlen(fields))
                   && !strstr(flow + strlen(fields), "cookie")
               ? flow
               : NULL;
}

static bool
is_local(const struct journal_step *step)
{
    return !strncmp(step->remote, "unix:/", strlen("unix:/"));
}

bool
flow_is_sound(const struct journal_step *step, struct arena *a)
{
    bool is_sound = is_local(step);
    for (size_t i = 0; i < JOURNAL_MAX_TRANSACTIONS; i++) {
        const char *op = step->operations[i], *inverse = step->inverses[i];
        is_sound &=
            (!op || find_flow(op, ADD, ADD_FIELDS, a))
            && (!inverse || find_flow(inverse, DELETE, DELETE_FIELDS, a));
    }
    return is_sound;
}

/* '*ret_absent': there is no ovs-ofctl. */
static struct error *
run_ofctl(const char *const argv[], int timeout_ms, struct text *out,
          bool *ret_absent)
{
    text_init(out, 1 << 16);
    return run_tool_text(argv, clock_now_ms() + timeout_ms, out, ret_absent);
}

struct error *
flow_look(const struct journal_step *step, int timeout_ms, bool *ret_is_there)
{
    const char *const argv[] = { "ovs-ofctl", "dump-flows", step->remote,
                                 "cookie=" COOKIE "/-1", NULL };
    struct text out;
    bool absent;
    struct error *error = run_ofctl(argv, timeout_ms, &out, &absent);
    *ret_is_there = !error && strstr(text_string(&out), "cookie=" COOKIE);
    text_done(&out);
    return error;
}

struct error *
flow_transact(const struct journal_step *step, const char *params,
              int timeout_ms, struct arena *a, const struct json_value **ret)
{
    const char *added = find_flow(params, ADD, ADD_FIELDS, a);
    const char *flow =
        added ? added : find_flow(params, DELETE, DELETE_FIELDS, a);
    if (!flow || !is_local(step)) {
        return error_new("this is no flow of a repair's");
    }
    const char *const argv[] = {
        "ovs-ofctl", "--strict", added ? ADD : DELETE, step->remote, flow, NULL
    };
    struct text out;
    bool absent;
    struct error *error = run_ofctl(argv, timeout_ms, &out, &absent);
    text_done(&out);
    if (error && absent && ret) {
        *ret = deed_parse(params, a);
    }
    return error;
}
