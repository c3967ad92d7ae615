#include "probe/probe.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/text.h"
#include "collect/openflow.h"
#include "collect/run.h"
#include "probe/tally.h"
#include "probe/watch.h"

#define TOOL_TIMEOUT_MS 5000
#define MAX_OUTPUT_BYTES ((size_t) 64 << 10)

struct run {
    const struct aim *aim;
    struct arena *arena;
    struct watch watches[AIM_MAX_NICS + 1];
    size_t n_watches;
    const char *port; /* The device at the endpoint, if it is watched. */
    struct probe_seen seen;
    int64_t sent_ms; /* When the last question was. */
    bool done;       /* The answer left at the NIC. */
};

void
probe_make_mac(uint8_t ret[FRAME_MAC_BYTES])
{
    /* Locally administered; and 'p', 'n', to be told in a dump. */
    static const uint8_t head[] = { 0x02, 'p', 'n' };
    uint64_t now = (uint64_t) clock_wall_ms();
    memcpy(ret, head, sizeof head);
    if (getrandom(ret + sizeof head, FRAME_MAC_BYTES - sizeof head, 0) < 0) {
        memcpy(ret + sizeof head, &now, FRAME_MAC_BYTES - sizeof head);
    }
}

/* Watching. */

static bool
is_expected(const struct aim *aim, const uint8_t mac[FRAME_MAC_BYTES])
{
    char text[FRAME_MAC_TEXT_SIZE];
    frame_format_mac(mac, text);
    return !aim->endpoint->mac || !strcasecmp(aim->endpoint->mac, text);
}

static void
take_answer(struct run *run, const struct watch *w,
            const struct frame_seen *frame, bool at_port)
{
    struct probe_seen *seen = &run->seen;
    memcpy(seen->answerer, frame->mac, FRAME_MAC_BYTES);
    if (!is_expected(run->aim, frame->mac)) {
        seen->n_strange_answers++;
    } else if (at_port) {
        seen->n_answers_at_port++;
    } else if (frame->vlan != run->aim->frame.vlan) {
        seen->n_astray_answers++;
        seen->answer_vlan = frame->vlan;
    } else {
        seen->n_answers_at_nic++;
        seen->answer_nic = w->device;
        seen->answer_ms = clock_now_ms() - run->sent_ms;
        run->done = true;
    }
}

/* At the endpoint's port a frame may go in either direction: an internal port
 * of Open vSwitch turns it round. */
static void
take(void *aux, const struct watch *w, enum frame_kind kind,
     const struct frame_seen *frame, bool is_outgoing)
{
    struct run *run = aux;
    bool at_port = w->device == run->port;
    if (kind == FRAME_ANSWER && (at_port || is_outgoing)) {
        take_answer(run, w, frame, at_port);
    } else if (kind == FRAME_REQUEST && at_port) {
        run->seen.n_at_port++;
    }
}

/* Watches a device of this host; one that is none (DPDK, vhost-user) is left
 * out. */
static struct error *
watch(struct run *run, const char *device, bool *ret_watched)
{
    if (!device || !if_nametoindex(device)) {
        return NULL;
    }
    struct watch *w = &run->watches[run->n_watches++];
    struct error *error = watch_open(w, device, &run->aim->frame);
    if (!error) {
        *ret_watched = true;
    }
    return error;
}

static struct error *
start_watching(struct run *run)
{
    struct error *error = NULL;
    for (size_t i = 0; i < run->aim->n_nics && !error; i++) {
        error = watch(run, run->aim->nics[i].name, &run->seen.nic_watched);
    }
    if (!error) {
        run->port = run->aim->port.name;
        error = watch(run, run->port, &run->seen.port_watched);
    }
    return error;
}

/* The switches. */

/* Runs a command of ovs-ofctl on 'bridge'. */
static struct error *
ask_switch(const struct run *run, const char *command, const char *bridge,
           const char *argument, struct text *ret_text)
{
    bool absent;
    const char *remote =
        arena_printf(run->arena, "unix:%s/%s.mgmt", run->aim->rundir, bridge);
    const char *const argv[] = { "ovs-ofctl", openflow_protocols, command,
                                 remote,      argument,           NULL };
    if (!openflow_name_is_safe(bridge)) {
        return error_new("\"%s\" is no bridge's name", bridge);
    }
    struct error *error = run_tool_text(argv, clock_now_ms() + TOOL_TIMEOUT_MS,
                                        ret_text, &absent);
    return error && absent
               ? error_hint(error, "install the package openvswitch-switch "
                                   "or openvswitch-common")
               : error;
}

/* How each counter is read. */
static const struct counter_kind {
    const char *what;     /* It counts, for people; then the port's name. */
    const char *command;  /* Of ovs-ofctl(8)... */
    const char *argument; /* ...and its argument; then the port's number. */
    bool is_flows;
} counter_kinds[N_COUNTERS] = {
    [COUNTER_OUTER] = { "sent by", "dump-ports", "", false },
    [COUNTER_ENTRY] = { "flows from", "dump-aggregate",
                        "table=0,in_port=", true },
    [COUNTER_PORT] = { "flows to", "dump-aggregate", "out_port=", true },
    [COUNTER_ANSWER] = { "sent by", "dump-ports", "", false },
};

/* Reads a counter; returns what it is called, or NULL if it cannot be read,
 * as then it tells nothing. */
static const char *
read_counter(const struct run *run, enum probe_counter c, uint64_t *ret)
{
    const struct counter_kind *kind = &counter_kinds[c];
    const struct aim *aim = run->aim;
    const struct aim_port *port = c == COUNTER_OUTER  ? &aim->outer
                                  : c == COUNTER_PORT ? &aim->port
                                                      : &aim->inner;
    struct text text;
    uint64_t received;
    bool known;
    if (!port->name || port->ofport <= 0) {
        return NULL;
    }
    text_init(&text, MAX_OUTPUT_BYTES);
    struct error *error =
        ask_switch(run, kind->command,
                   c == COUNTER_OUTER ? aim->bridge : aim->integration_bridge,
                   arena_printf(run->arena, "%s%lld", kind->argument,
                                (long long) port->ofport),
                   &text);
    known =
        !error
        && (kind->is_flows
                ? tally_flows(text_string(&text), text.length, ret)
                : tally_port(text_string(&text), text.length, &received, ret));
    error_free(error);
    text_done(&text);
    return known ? arena_printf(run->arena, "%s %s", kind->what, port->name)
                 : NULL;
}

static void
count_before(struct run *run)
{
    for (size_t c = 0; c < N_COUNTERS; c++) {
        struct probe_count *count = &run->seen.counters[c];
        count->name =
            read_counter(run, (enum probe_counter) c, &count->before);
    }
}

static void
count_after(struct run *run)
{
    for (size_t c = 0; c < N_COUNTERS; c++) {
        struct probe_count *count = &run->seen.counters[c];
        if (count->name) {
            count->name =
                read_counter(run, (enum probe_counter) c, &count->after);
        }
    }
}

/* Sending. */

static struct error *
send_frame(const struct run *run, const struct aim_port *nic)
{
    uint8_t bytes[FRAME_MAX_BYTES];
    struct text argument, output;
    size_t n = frame_build(&run->aim->frame, bytes);
    text_init(&argument, MAX_OUTPUT_BYTES);
    text_init(&output, MAX_OUTPUT_BYTES);
    text_printf(&argument, "in_port=%lld packet=", (long long) nic->ofport);
    for (size_t i = 0; i < n; i++) {
        text_printf(&argument, "%02x", bytes[i]);
    }
    text_puts(&argument, " actions=table");
    struct error *error = ask_switch(run, "packet-out", run->aim->bridge,
                                     text_string(&argument), &output);
    text_done(&argument);
    text_done(&output);
    return error ? error_wrap(error, "the frame cannot be put into bridge %s",
                              run->aim->bridge)
                 : NULL;
}

static struct error *
exchange(struct run *run, const struct probe_options *options)
{
    unsigned n_frames =
        options->n_frames ? options->n_frames : PROBE_DEFAULT_FRAMES;
    int wait_ms = options->wait_ms ? options->wait_ms : PROBE_DEFAULT_WAIT_MS;
    n_frames =
        n_frames < run->aim->n_nics ? (unsigned) run->aim->n_nics : n_frames;
    while (run->seen.n_sent < n_frames && !run->done) {
        run->sent_ms = clock_now_ms();
        struct error *error = send_frame(
            run, &run->aim->nics[run->seen.n_sent % run->aim->n_nics]);
        if (error) {
            return error;
        }
        run->seen.n_sent++;
        watch_wait(run->watches, run->n_watches, &run->aim->frame,
                   clock_now_ms() + wait_ms, take, run, &run->done);
    }
    return NULL;
}

struct error *
probe_run(const struct aim *aim, const struct probe_options *options,
          struct arena *arena, struct probe_result *ret)
{
    struct run run = { .aim = aim, .arena = arena };
    struct error *error = NULL;
    if (aim->storm) {
        return error_hint(error_new("a probe is a broadcast, and would feed "
                                    "a storm: %s",
                                    aim->storm),
                          "repair that first");
    }
    if (aim->unable) {
        return error_hint(error_new("%s", aim->unable), "%s", aim->hint);
    }
    if (!aim->obstacle) {
        error = start_watching(&run);
        if (!error) {
            count_before(&run);
            error = exchange(&run, options);
        }
        if (!error) {
            count_after(&run);
        }
        for (size_t i = 0; i < run.n_watches; i++) {
            watch_close(&run.watches[i]);
        }
    }
    if (!error) {
        probe_judge(aim, &run.seen, arena, ret);
    }
    return error;
}

struct error *
probe_endpoint(struct assessment *a, const struct assessed_endpoint *at,
               const struct probe_options *options, struct probe_result *ret)
{
    struct aim *aim = arena_alloc(&a->arena, sizeof *aim);
    uint8_t mac[FRAME_MAC_BYTES];
    probe_make_mac(mac);
    aim_init(aim, a, at, mac);
    return probe_run(aim, options, &a->arena, ret);
}
