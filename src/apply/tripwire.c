#include "apply/tripwire.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "collect/openflow.h"
#include "ovsdb/json.h"
#include "ovsdb/stream.h"

/* OpenFlow 1.0.0, section 5. */
#define OFP_VERSION 1
#define OFP_HEADER 8
#define OFP_STATS_HEADER 12
#define OFP_PORT_STATS 104
#define OFP_MAX_PORT 0xff00 /* OFPP_MAX: reserved ones, LOCAL say, follow. */
enum { OFPT_HELLO, OFPT_ERROR, OFPT_ECHO_REQUEST, OFPT_ECHO_REPLY };
enum { OFPT_STATS_REQUEST = 16, OFPT_STATS_REPLY = 17 };

#define N_BASELINE 6 /* Samples. */
#define N_WINDOW 2   /* Samples that a rate is measured over. */
#define CONNECT_MS 2000
#define MAX_NODES 1000
#define MAX_NICS 64

struct counts {
    int64_t at_ms;
    uint64_t frames;
    uint64_t moves;
};

struct bridge {
    const char *chassis;
    const char *name;
    const char *control; /* The switch's control socket. */
    uint16_t nics[MAX_NICS];
    size_t n_nics;
    bool is_lost; /* It cannot be sampled. */
    struct ovsdb_stream *flows;
    struct ovsdb_stream *ctl;
    struct input in; /* Over 'ctl'. */
    struct json_reader reader;
    struct counts last[N_WINDOW + 1]; /* Newest first. */
    size_t n_counts;
    uint64_t rate, move_rate; /* Before, a second. */
    int64_t stormy_since_ms;  /* Without a break; 0: it is not. */
};

struct tripwire {
    struct arena arena;
    struct arena scratch; /* Of the thread, once that runs. */
    struct bridge *bridges;
    size_t n_bridges, bridges_capacity;
    const char **missing;
    size_t n_missing, missing_capacity;
    bool has_loop;
    tripwire_fn *trip;
    void *aux;
    pthread_t thread;
    bool runs;
    atomic_bool stops;
    atomic_uint_least64_t peak;
};

static void
sleep_ms(int64_t ms)
{
    struct timespec t = { ms / 1000, ms % 1000 * 1000000L };
    if (ms > 0) {
        nanosleep(&t, NULL);
    }
}

/* OpenFlow. */

static uint64_t
get(const unsigned char *p, size_t n)
{
    uint64_t v = 0;
    while (n--) {
        v = v << 8 | *p++;
    }
    return v;
}

static struct error *
read_exactly(struct ovsdb_stream *s, unsigned char *p, size_t n)
{
    while (n) {
        struct error *error = NULL;
        ssize_t some = ovsdb_stream_fill(s, p, n, &error);
        if (some <= 0) {
            return error ? error : error_new("the switch hung up");
        }
        p += some;
        n -= (size_t) some;
    }
    return NULL;
}

/* Takes the next message; its body may have 'size' bytes. */
static struct error *
read_message(struct ovsdb_stream *s, unsigned char *message, size_t *ret_size)
{
    struct error *error = read_exactly(s, message, OFP_HEADER);
    size_t size = error ? 0 : (size_t) get(message + 2, 2);
    if (!error && size < OFP_HEADER) {
        error = error_new("the switch does not speak OpenFlow");
    }
    if (!error) {
        error = read_exactly(s, message + OFP_HEADER, size - OFP_HEADER);
    }
    *ret_size = size;
    return error;
}

static bool
is_nic(const struct bridge *b, uint16_t port)
{
    for (size_t i = 0; i < b->n_nics; i++) {
        if (b->nics[i] == port) {
            return true;
        }
    }
    return false;
}

static void
add_ports(const struct bridge *b, const unsigned char *message, size_t size,
          uint64_t *frames)
{
    for (const unsigned char *p = message + OFP_STATS_HEADER;
         p + OFP_PORT_STATS <= message + size; p += OFP_PORT_STATS) {
        if (is_nic(b, (uint16_t) get(p, 2))) {
            *frames += get(p + 8, 8) + get(p + 16, 8);
        }
    }
}

static struct error *
send(struct ovsdb_stream *s, const void *message, size_t size)
{
    return ovsdb_stream_write(s, message, size);
}

/* OFPST_PORT of OFPP_NONE, which is all ports. */
static const unsigned char ask_ports[20] = {
    OFP_VERSION, OFPT_STATS_REQUEST, 0, 20, 0, 0, 0, 1, 0, 4, 0, 0, 0xff, 0xff
};

static struct error *
count_frames(struct bridge *b, uint64_t *ret)
{
    unsigned char message[65536];
    uint64_t frames = 0;
    size_t size;
    bool more = true;
    struct error *error = send(b->flows, ask_ports, sizeof ask_ports);
    while (!error && more) {
        error = read_message(b->flows, message, &size);
        if (error) {
            break;
        } else if (message[1] == OFPT_ERROR) {
            error = error_new("the switch refuses OpenFlow 1.0");
        } else if (message[1] == OFPT_ECHO_REQUEST) {
            message[1] = OFPT_ECHO_REPLY;
            error = send(b->flows, message, size);
        } else if (message[1] == OFPT_STATS_REPLY
                   && size >= OFP_STATS_HEADER) {
            add_ports(b, message, size, &frames);
            more = message[11] & 1; /* OFPSF_REPLY_MORE */
        }
    }
    *ret = frames;
    return error;
}

/* The control socket: JSON-RPC (ovs-appctl(8)). */

static struct error *
count_moves(struct tripwire *w, struct bridge *b, uint64_t *ret)
{
    static const char label[] = "port moved MAC entries";
    struct text t;
    text_init(&t, 1 << 12);
    text_puts(&t, "{\"id\":1,\"method\":\"fdb/stats-show\",\"params\":[");
    json_put_string(&t, b->name);
    text_puts(&t, "]}");
    struct error *error =
        ovsdb_stream_write(b->ctl, text_string(&t), t.length);
    text_done(&t);
    if (error) {
        return error;
    }
    arena_clear(&w->scratch);
    const char *text = json_member_string(
        json_read_value(&b->reader, &w->scratch, MAX_NODES), "result");
    if (b->in.error) {
        return error_new("%s", error_text(b->in.error));
    }
    const char *at = text ? strstr(text, label) : NULL;
    at = at ? strchr(at, ':') : NULL;
    *ret = at ? strtoull(at + 1, NULL, 10) : 0;
    return NULL;
}

/* Samples. */

static struct error *
sample(struct tripwire *w, struct bridge *b)
{
    struct counts now = { .at_ms = clock_now_ms() };
    ovsdb_stream_set_deadline(b->flows, now.at_ms + TRIPWIRE_STALL_MS);
    ovsdb_stream_set_deadline(b->ctl, now.at_ms + TRIPWIRE_STALL_MS);
    struct error *error = count_frames(b, &now.frames);
    error = error ? error : count_moves(w, b, &now.moves);
    if (!error) {
        memmove(b->last + 1, b->last, sizeof b->last - sizeof *b->last);
        b->last[0] = now;
        b->n_counts++;
    }
    return error;
}

/* What came in a second, over the window. */
static void
measure(const struct bridge *b, uint64_t *ret_rate, uint64_t *ret_moves)
{
    const struct counts *new = &b->last[0], *old = &b->last[N_WINDOW];
    int64_t ms = new->at_ms - old->at_ms;
    *ret_rate = *ret_moves = 0;
    if (b->n_counts > N_WINDOW && ms > 0
        && new->frames >= old->frames &&new->moves >= old->moves) {
        *ret_rate = (new->frames - old->frames) * 1000 / (uint64_t) ms;
        *ret_moves = (new->moves - old->moves) * 1000 / (uint64_t) ms;
    }
}

/* Whether it has lasted as long as it must. */
static bool
lasts(const struct tripwire *w, struct bridge *b, bool is_stormy)
{
    int64_t now_ms = b->last[0].at_ms;
    b->stormy_since_ms = !is_stormy           ? 0
                         : b->stormy_since_ms ? b->stormy_since_ms
                                              : now_ms;
    return is_stormy
           && (!w->has_loop
               || now_ms - b->stormy_since_ms >= TRIPWIRE_BURST_MS);
}

static void
look_for_storm(struct tripwire *w, struct bridge *b, const char **ret_why)
{
    uint64_t rate, moves;
    measure(b, &rate, &moves);
    if (rate > atomic_load(&w->peak)) {
        atomic_store(&w->peak, rate);
    }
    bool many = rate > TRIPWIRE_MIN_RATE && rate > TRIPWIRE_FACTOR * b->rate;
    bool moved =
        moves > TRIPWIRE_MIN_MOVES && moves > TRIPWIRE_FACTOR * b->move_rate;
    if (lasts(w, b, many || moved)) {
        *ret_why = arena_printf(
            &w->arena,
            "%s of %s: %llu frames a second pass its NICs (%llu before), and "
            "%llu entries a second move in its forwarding table",
            b->name, b->chassis, (unsigned long long) rate,
            (unsigned long long) b->rate, (unsigned long long) moves);
    }
}

static void *
watch(void *aux)
{
    struct tripwire *w = aux;
    const char *why = NULL;
    while (!atomic_load(&w->stops) && !why) {
        int64_t next_ms = clock_now_ms() + TRIPWIRE_SAMPLE_MS;
        for (size_t i = 0; i < w->n_bridges && !why; i++) {
            struct bridge *b = &w->bridges[i];
            struct error *error = b->is_lost ? NULL : sample(w, b);
            if (error) {
                why = arena_printf(&w->arena,
                                   "%s of %s, which answered before, does not "
                                   "any more: %s",
                                   b->name, b->chassis, error_text(error));
                error_free(error);
            } else if (!b->is_lost) {
                look_for_storm(w, b, &why);
            }
        }
        if (!why) {
            sleep_ms(next_ms - clock_now_ms());
        }
    }
    if (why) {
        w->trip(w->aux, why);
    }
    return NULL;
}

/* Starting. */

struct start {
    struct tripwire *w;
    const struct evidence_chassis *chassis;
    const char *rundir;
    const char *control;
};

static void
miss(struct tripwire *w, const char *what, const char *why)
{
    w->missing = xgrow(w->missing, w->n_missing + 1, &w->missing_capacity,
                       sizeof *w->missing);
    w->missing[w->n_missing++] =
        arena_printf(&w->arena, "no tripwire on %s: %s", what, why);
    w->missing[w->n_missing] = NULL;
}

static struct error *
connect_bridge(struct start *s, struct bridge *b)
{
    static const unsigned char hello[OFP_HEADER] = { OFP_VERSION, OFPT_HELLO,
                                                     0, OFP_HEADER };
    unsigned char message[65536];
    size_t size;
    int64_t deadline_ms = clock_now_ms() + CONNECT_MS;
    struct arena *a = &s->w->arena;
    struct error *error = ovsdb_stream_open(
        arena_printf(a, "unix:%s/%s.mgmt", s->rundir, b->name), NULL,
        deadline_ms, &b->flows);
    error = error ? error : send(b->flows, hello, sizeof hello);
    error = error ? error : read_message(b->flows, message, &size);
    if (!error && message[1] != OFPT_HELLO) {
        error = error_new("the switch refuses OpenFlow 1.0");
    }
    if (!error) {
        error = ovsdb_stream_open(arena_printf(a, "unix:%s", s->control), NULL,
                                  deadline_ms, &b->ctl);
    }
    return error;
}

/* The bridge's ports that lead out of the machine: links of the kernel, and
 * DPDK's; not patch ports, tunnels or the bridge itself. */
static void
find_nics(struct bridge *b, const struct ovsdb_store *store)
{
    static const char *const types[] = { "", "system", "dpdk", "afxdp",
                                         "afxdp-nonpmd" };
    OVSDB_TABLE_FOR_EACH (row, &store->tables[OVS_BRIDGE]) {
        bool same = !strcmp(ovsdb_string(row, BRIDGE_NAME), b->name);
        for (unsigned i = 0; same && i < ovsdb_count(row, BRIDGE_PORTS); i++) {
            const struct ovsdb_row *port =
                ovsdb_atoms(row, BRIDGE_PORTS)[i].row;
            for (unsigned k = 0; k < ovsdb_count(port, PORT_INTERFACES); k++) {
                const struct ovsdb_row *interface =
                    ovsdb_atoms(port, PORT_INTERFACES)[k].row;
                const char *type = ovsdb_string(interface, INTERFACE_TYPE);
                int64_t number =
                    ovsdb_integer(interface, INTERFACE_OFPORT, -1);
                for (size_t t = 0; t < N_ELEMENTS(types); t++) {
                    if (!strcmp(type, types[t]) && number > 0
                        && number < OFP_MAX_PORT && b->n_nics < MAX_NICS) {
                        b->nics[b->n_nics++] = (uint16_t) number;
                    }
                }
            }
        }
    }
}

static void
close_bridge(struct bridge *b)
{
    if (b->ctl) {
        json_reader_done(&b->reader);
        input_done(&b->in);
    }
    ovsdb_stream_close(b->ctl);
    ovsdb_stream_close(b->flows);
}

static void
add_bridge(void *aux, const char *name)
{
    struct start *s = aux;
    struct tripwire *w = s->w;
    w->bridges = xgrow(w->bridges, w->n_bridges, &w->bridges_capacity,
                       sizeof *w->bridges);
    struct bridge *b = &w->bridges[w->n_bridges];
    *b = (struct bridge){ .chassis = arena_strdup(&w->arena, s->chassis->name),
                          .name = arena_strdup(&w->arena, name),
                          .control = s->control };
    find_nics(b, &s->chassis->ovs.store);
    struct error *error =
        b->n_nics ? connect_bridge(s, b) : error_new("it has no NIC");
    if (error) {
        miss(w, arena_printf(&w->arena, "%s of %s", name, s->chassis->name),
             error_text(error));
        error_free(error);
        ovsdb_stream_close(b->ctl);
        ovsdb_stream_close(b->flows);
    } else {
        w->n_bridges++;
    }
}

static void
add_chassis(struct tripwire *w, const struct evidence_chassis *chassis)
{
    const char *path =
        chassis->ovs.live ? ovsdb_remote_unix_path(chassis->ovs.from) : NULL;
    const char *slash = path ? strrchr(path, '/') : NULL;
    struct start s = { .w = w, .chassis = chassis };
    if (!slash) {
        miss(w, chassis->name, "its Open vSwitch is not on this host");
        return;
    }
    s.rundir = arena_strndup(&w->arena, path, (size_t) (slash - path));
    s.control = openflow_find_control(&w->arena, s.rundir);
    if (s.control) {
        openflow_for_each_bridge(chassis, OPENFLOW_PROVIDER, add_bridge, &s);
    } else {
        miss(w, chassis->name, "ovs-vswitchd has no control socket there");
    }
}

/* What is usual.  A bridge that cannot be sampled is not watched. */
static void
take_baseline(struct tripwire *w)
{
    for (size_t n = 0; n < N_BASELINE; n++) {
        for (size_t i = 0; i < w->n_bridges; i++) {
            struct bridge *b = &w->bridges[i];
            uint64_t rate, moves;
            struct error *error = b->is_lost ? NULL : sample(w, b);
            if (error) {
                miss(w, b->name, error_text(error));
                error_free(error);
                b->is_lost = true;
            }
            measure(b, &rate, &moves);
            b->rate = rate > b->rate ? rate : b->rate;
            b->move_rate = moves > b->move_rate ? moves : b->move_rate;
        }
        sleep_ms(TRIPWIRE_SAMPLE_MS);
    }
}

static size_t
count(const struct tripwire *w)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n_bridges; i++) {
        n += !w->bridges[i].is_lost;
    }
    return n;
}

struct tripwire *
tripwire_start(const struct evidence *e, bool has_loop, tripwire_fn *trip,
               void *aux)
{
    struct tripwire *w = xcalloc(1, sizeof *w);
    arena_init(&w->arena);
    arena_init(&w->scratch);
    w->has_loop = has_loop;
    w->trip = trip;
    w->aux = aux;
    for (size_t i = 0; i < e->n_chassis; i++) {
        add_chassis(w, e->chassis[i]);
    }
    /* Only now do the bridges stay where they are. */
    for (size_t i = 0; i < w->n_bridges; i++) {
        struct bridge *b = &w->bridges[i];
        input_init(&b->in, ovsdb_stream_fill, b->ctl);
        json_reader_init(&b->reader, &b->in);
    }
    take_baseline(w);
    w->runs = count(w) && !pthread_create(&w->thread, NULL, watch, w);
    if (count(w) && !w->runs) {
        miss(w, "any chassis", "no thread can be started");
    }
    return w;
}

void
tripwire_stop(struct tripwire *w)
{
    if (!w) {
        return;
    }
    atomic_store(&w->stops, true);
    if (w->runs) {
        pthread_join(w->thread, NULL);
    }
    for (size_t i = 0; i < w->n_bridges; i++) {
        close_bridge(&w->bridges[i]);
    }
    arena_done(&w->scratch);
    arena_done(&w->arena);
    free(w->bridges);
    free(w->missing);
    free(w);
}

size_t
tripwire_n_bridges(const struct tripwire *w)
{
    return w->runs ? count(w) : 0;
}

const char *const *
tripwire_missing(const struct tripwire *w)
{
    static const char *const nothing[] = { NULL };
    return w->missing ? w->missing : nothing;
}

uint64_t
tripwire_peak(const struct tripwire *w)
{
    return atomic_load(&w->peak);
}
