/* The OpenFlow table of a bridge, as `ovs-ofctl dump-flows` prints it
 * (ovs-ofctl(8), "Flow Syntax"; ovs-fields(7)), and what it does with a frame.
 *
 * Provider bridges carry few and simple flows: NORMAL, some drops, some
 * explicit outputs.  Those are evaluated.  A match or an action outside that
 * makes the answer FLOW_UNKNOWN, never a guess. */
#ifndef EVIDENCE_FLOWS_H
#define EVIDENCE_FLOWS_H 1

#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/strmap.h"

struct flow {
    int table_id;
    int priority;
    const char *match;   /* "arp,in_port=1", as printed. */
    const char *actions; /* "NORMAL", "output:2", "drop". */
    const char *text;    /* The line, without counters. */
    uint64_t cookie;
    size_t line;      /* In the dump, for a stable order. */
    bool has_timeout; /* Learned or temporary. */
};

struct flow_table {
    struct flow *flows;
    size_t n;
};

/* Reads the text of a dump into 'arena'.  Text that is no dump is an error
 * that names the line. */
struct error *flows_parse(const char *bytes, size_t size, struct arena *,
                          struct flow_table **ret);

/* A frame at one port of the bridge.  Of the host on the wire only this is
 * known: its MAC is none of 'ovn_macs'. */
struct flow_frame {
    int64_t in_port;     /* OpenFlow number; 0 if unknown. */
    const char *in_name; /* Port name, for dumps made with --names. */
    int vlan;            /* VLAN ID on the frame; -1 if untagged. */
    uint16_t ethertype;  /* 0x0806 ARP, 0x0800 IPv4, 0x86dd IPv6. */
    const char *dl_src;  /* NULL if not known. */
    const char *dl_dst;  /* NULL if not known. */
    const struct strmap *ovn_macs; /* MACs of OVN's own ports, lower case. */
};

/* Whether all that the table has is one flow by which each frame is handled as
 * by a learning switch, as Open vSwitch gives it to a bridge that nobody
 * controls: then whatever the frame is, it is FLOW_NORMAL. */
bool flows_are_normal(const struct flow_table *);

enum flow_effect {
    FLOW_MISSES,    /* No flow matches: the frame is dropped. */
    FLOW_DROPS,     /* The flow matched drops it. */
    FLOW_NORMAL,    /* Handled as by a learning switch. */
    FLOW_OUTPUTS,   /* Sent to the port asked for. */
    FLOW_ELSEWHERE, /* Sent to other ports only. */
    FLOW_UNKNOWN,   /* Cannot be told. */
};

/* What the table does with 'frame', whose way leads to port 'out_port' called
 * 'out_name'.  '*ret_flow' is the flow that decides, or NULL. */
enum flow_effect flows_apply(const struct flow_table *,
                             const struct flow_frame *, int64_t out_port,
                             const char *out_name,
                             const struct flow **ret_flow);

#endif /* evidence/flows.h */
