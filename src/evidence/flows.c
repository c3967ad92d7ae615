#include "evidence/flows.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"

#define MAX_FLOWS 1000000

/* Parsing. */

/* Takes the next "key=value" or "word" up to a comma or space from '*s', not
 * inside parentheses; returns its start, or NULL at the end. */
static const char *
next_item(const char **s, const char *end, size_t *ret_length)
{
    const char *p = *s;
    while (p < end && (*p == ' ' || *p == ',' || *p == '\t')) {
        p++;
    }
    const char *start = p;
    int parentheses = 0;
    while (p < end && (parentheses || (*p != ',' && *p != ' '))) {
        parentheses += (*p == '(') - (*p == ')' && parentheses);
        p++;
    }
    *s = p;
    *ret_length = (size_t) (p - start);
    return p > start ? start : NULL;
}

static bool
has_prefix(const char *item, size_t length, const char *prefix)
{
    size_t n = strlen(prefix);
    return length >= n && !memcmp(item, prefix, n);
}

/* Items of a dump that say how the flow fares, not what it does. */
static bool
is_counter(const char *item, size_t length)
{
    static const char *const counters[] = {
        "duration=",        "n_packets=",     "n_bytes=",      "idle_age=",
        "hard_age=",        "importance=",    "send_flow_rem", "reset_counts",
        "no_packet_counts", "no_byte_counts", "check_overlap"
    };
    for (size_t i = 0; i < N_ELEMENTS(counters); i++) {
        if (has_prefix(item, length, counters[i])) {
            return true;
        }
    }
    return false;
}

/* The number of 'length' bytes at 's', if it is one from 0 to 'max'. */
static bool
take_number(const char *s, size_t length, int max, int *ret)
{
    int value = 0;
    for (size_t i = 0; i < length; i++) {
        if (!isdigit((unsigned char) s[i])) {
            return false;
        }
        value = value * 10 + s[i] - '0';
        if (value > max) {
            return false;
        }
    }
    *ret = value;
    return length;
}

/* Sorts one item before "actions=" into 'flow' or its match; false if it says
 * what no flow can have (ovs-ofctl(8), "Flow Syntax"). */
static bool
take_item(struct flow *flow, const char *item, size_t length, char *match,
          size_t *n_match)
{
    if (has_prefix(item, length, "cookie=")) {
        flow->cookie = strtoull(item + 7, NULL, 0);
    } else if (has_prefix(item, length, "table=")) {
        return take_number(item + 6, length - 6, 254, &flow->table_id);
    } else if (has_prefix(item, length, "priority=")) {
        return take_number(item + 9, length - 9, UINT16_MAX, &flow->priority);
    } else if (has_prefix(item, length, "idle_timeout=")
               || has_prefix(item, length, "hard_timeout=")) {
        flow->has_timeout = true;
    } else if (!is_counter(item, length)) {
        if (*n_match) {
            match[(*n_match)++] = ',';
        }
        memcpy(match + *n_match, item, length);
        *n_match += length;
    }
    return true;
}

static bool
parse_flow(const char *line, size_t length, struct arena *arena,
           struct flow *flow)
{
    static const char actions[] = "actions=";
    const char *at = memmem(line, length, actions, strlen(actions));
    if (!at) {
        return false;
    }
    const char *after = at + strlen(actions);
    *flow = (struct flow){ .priority = 32768 }; /* ovs-ofctl(8)'s default. */
    flow->actions =
        arena_strndup(arena, after, length - (size_t) (after - line));
    char *match = arena_alloc(arena, length + 1);
    size_t n_match = 0, n;
    const char *s = line, *item;
    while ((item = next_item(&s, at, &n))) {
        if (!take_item(flow, item, n, match, &n_match)) {
            return false;
        }
    }
    match[n_match] = '\0';
    flow->match = match;
    flow->text = arena_printf(arena, "table=%d,priority=%d%s%s actions=%s",
                              flow->table_id, flow->priority,
                              n_match ? "," : "", match, flow->actions);
    return true;
}

/* Lines that are neither flows nor damage: the reply's heading. */
static bool
is_heading(const char *line, size_t length)
{
    return !length || has_prefix(line, length, "NXST_FLOW")
           || has_prefix(line, length, "OFPST_FLOW")
           || has_prefix(line, length, "#");
}

/* By table, then by falling priority. */
static int
compare_flows(const void *a_, const void *b_)
{
    const struct flow *a = a_, *b = b_;
    int order = a->table_id - b->table_id;
    order = order ? order
                  : (b->priority > a->priority) - (b->priority < a->priority);
    return order ? order : (a->line > b->line) - (a->line < b->line);
}

struct error *
flows_parse(const char *bytes, size_t size, struct arena *arena,
            struct flow_table **ret)
{
    const char *end = bytes + size;
    size_t n_lines = 0, n = 0;
    for (const char *p = bytes; p < end; p++) {
        n_lines += *p == '\n';
    }
    if (n_lines > MAX_FLOWS) {
        return error_new("more than %d flows", MAX_FLOWS);
    }
    struct flow_table *table = arena_zalloc(arena, sizeof *table);
    table->flows = arena_alloc(arena, (n_lines + 1) * sizeof *table->flows);
    for (const char *p = bytes; p < end; n++) {
        const char *stop = memchr(p, '\n', (size_t) (end - p));
        const char *line = p;
        stop = stop ? stop : end;
        p = stop + 1;
        while (line < stop && isspace((unsigned char) *line)) {
            line++;
        }
        size_t length = (size_t) (stop - line);
        while (length && isspace((unsigned char) line[length - 1])) {
            length--;
        }
        if (is_heading(line, length)) {
            continue;
        }
        if (memchr(line, 0, length)
            || !parse_flow(line, length, arena, &table->flows[table->n])) {
            return error_hint(error_new("line %zu is no flow", n + 1),
                              "write it with `ovs-ofctl dump-flows BRIDGE`");
        }
        table->flows[table->n++].line = n;
    }
    if (table->n) {
        qsort(table->flows, table->n, sizeof *table->flows, compare_flows);
    }
    *ret = table;
    return NULL;
}

/* Matching.  Each field answers yes, no, or cannot tell. */

enum answer { NO, YES, MAYBE };

static enum answer
answer_of(bool yes)
{
    return yes ? YES : NO;
}

/* Whether the unknown MAC of a host on the wire is 'value'. */
static enum answer
match_host_mac(const char *value, const struct flow_frame *frame)
{
    char mac[18];
    if (strlen(value) != sizeof mac - 1) {
        return MAYBE;
    }
    for (size_t i = 0; i < sizeof mac; i++) {
        mac[i] = (char) tolower((unsigned char) value[i]);
    }
    bool group = strtol(mac, NULL, 16) & 1;
    return group || strmap_get(frame->ovn_macs, mac) ? NO : MAYBE;
}

/* The 48 bits of a MAC; false if 's' does not begin with one. */
static bool
mac_bits(const char *s, uint64_t *ret)
{
    unsigned byte[6];
    if (sscanf(s, "%2x:%2x:%2x:%2x:%2x:%2x", &byte[0], &byte[1], &byte[2],
               &byte[3], &byte[4], &byte[5])
        != 6) {
        return false;
    }
    *ret = 0;
    for (size_t i = 0; i < 6; i++) {
        *ret = *ret << 8 | byte[i];
    }
    return true;
}

/* 'mac' may be NULL: then of the host it is only known that it is no group.
 */
static enum answer
match_masked_mac(const char *value, const char *mask, const char *mac)
{
    const uint64_t group_bit = (uint64_t) 1 << 40;
    uint64_t value_bits, mask_bits, bits = 0;
    if (!mac_bits(value, &value_bits) || !mac_bits(mask, &mask_bits)
        || (mac && !mac_bits(mac, &bits))
        || (!mac && mask_bits != group_bit)) {
        return MAYBE;
    }
    return answer_of((bits & mask_bits) == (value_bits & mask_bits));
}

static enum answer
match_mac(const char *value, const char *mac, const struct flow_frame *frame)
{
    const char *slash = strchr(value, '/');
    if (slash) {
        return match_masked_mac(value, slash + 1, mac);
    }
    return mac ? answer_of(!strcasecmp(value, mac))
               : match_host_mac(value, frame);
}

static enum answer
match_in_port(const char *value, const struct flow_frame *frame)
{
    if (isdigit((unsigned char) *value)) {
        return frame->in_port ? answer_of(atoll(value) == frame->in_port)
                              : MAYBE;
    }
    size_t length = strcspn(value, "\"");
    if (*value == '"') {
        value++;
        length = strcspn(value, "\"");
    }
    return answer_of(!strncmp(value, frame->in_name, length)
                     && !frame->in_name[length]);
}

/* vlan_tci=0x1064/0x1fff and the like: ovs-fields(7), "VLAN Fields". */
static enum answer
match_vlan_tci(const char *value, const struct flow_frame *frame)
{
    char *end;
    unsigned long tci = strtoul(value, &end, 0);
    unsigned long mask = *end == '/' ? strtoul(end + 1, NULL, 0) : 0xffff;
    unsigned long have = frame->vlan >= 0 ? 0x1000ul | frame->vlan : 0;
    if (mask & 0xe000 && frame->vlan >= 0) {
        return MAYBE; /* The priority bits are not known. */
    }
    return answer_of((have & mask) == (tci & mask));
}

static enum answer
match_dl_vlan(const char *value, const struct flow_frame *frame)
{
    char *end;
    unsigned long id = strtoul(value, &end, 0);
    if (*end) {
        return MAYBE;
    }
    return answer_of(id == 0xffff ? frame->vlan < 0
                                  : (long) id == frame->vlan);
}

/* Words that stand for an Ethernet type, and whether they say more. */
static enum answer
match_word(const char *word, const struct flow_frame *frame)
{
    static const struct {
        const char *word;
        uint16_t ethertype;
        bool more;
    } words[] = { { "arp", 0x0806, false },  { "ip", 0x0800, false },
                  { "ipv6", 0x86dd, false }, { "icmp", 0x0800, false },
                  { "icmp6", 0x86dd, true }, { "tcp", 0x0800, true },
                  { "udp", 0x0800, true },   { "sctp", 0x0800, true },
                  { "tcp6", 0x86dd, true },  { "udp6", 0x86dd, true },
                  { "rarp", 0x8035, false }, { "mpls", 0x8847, false } };
    for (size_t i = 0; i < N_ELEMENTS(words); i++) {
        if (!strcmp(word, words[i].word)) {
            /* The frames that provnet follows are ARP, ND and ICMP: what
             * asks for TCP or UDP never sees them. */
            bool other = words[i].more && strcmp(word, "icmp6");
            return words[i].ethertype != frame->ethertype || other ? NO
                   : words[i].more                                 ? MAYBE
                                                                   : YES;
        }
    }
    return MAYBE;
}

static enum answer
match_item(const char *item, const struct flow_frame *frame)
{
    const char *value = strchr(item, '=');
    if (!value) {
        return match_word(item, frame);
    }
    size_t length = (size_t) (value++ - item);
    if (!strncmp(item, "in_port", length)) {
        return match_in_port(value, frame);
    } else if (!strncmp(item, "dl_dst", length)) {
        return match_mac(value, frame->dl_dst, frame);
    } else if (!strncmp(item, "dl_src", length)) {
        return match_mac(value, frame->dl_src, frame);
    } else if (!strncmp(item, "dl_vlan", length)) {
        return match_dl_vlan(value, frame);
    } else if (!strncmp(item, "vlan_tci", length)) {
        return match_vlan_tci(value, frame);
    } else if (!strncmp(item, "dl_type", length)) {
        return answer_of(strtoul(value, NULL, 0) == frame->ethertype);
    }
    return MAYBE;
}

static enum answer
match_flow(const struct flow *flow, const struct flow_frame *frame)
{
    char item[256];
    const char *s = flow->match, *end = s + strlen(s), *start;
    enum answer all = YES;
    size_t length;
    while ((start = next_item(&s, end, &length))) {
        enum answer one = MAYBE;
        if (length < sizeof item) {
            memcpy(item, start, length);
            item[length] = '\0';
            one = match_item(item, frame);
        }
        if (one == NO) {
            return NO;
        }
        all = one == MAYBE ? MAYBE : all;
    }
    return all;
}

/* Actions. */

static bool
names_port(const char *value, int64_t number, const char *name)
{
    if (isdigit((unsigned char) *value)) {
        return number && atoll(value) == number;
    }
    size_t quote = *value == '"';
    size_t length = strcspn(value + quote, "\"");
    return !strncmp(value + quote, name, length) && !name[length];
}

/* What one action does: NORMAL and outputs decide, VLAN and header changes
 * and everything else, such as the output to what a register holds
 * ("output:NXM_NX_REG15[]"), make it unknown. */
static enum flow_effect
apply_action(const char *action, int64_t out_port, const char *out_name)
{
    if (!strcasecmp(action, "NORMAL")) {
        return FLOW_NORMAL;
    } else if (!strcasecmp(action, "drop")) {
        return FLOW_DROPS;
    } else if (!strcasecmp(action, "FLOOD") || !strcasecmp(action, "ALL")) {
        return FLOW_OUTPUTS;
    } else if (!strcasecmp(action, "LOCAL")) {
        return FLOW_ELSEWHERE;
    } else if (!strncasecmp(action, "output:", 7)
               && (action[7] == '"' || !strchr(action, '['))) {
        return names_port(action + 7, out_port, out_name) ? FLOW_OUTPUTS
                                                          : FLOW_ELSEWHERE;
    } else if (isdigit((unsigned char) *action) || *action == '"') {
        return names_port(action, out_port, out_name) ? FLOW_OUTPUTS
                                                      : FLOW_ELSEWHERE;
    }
    return FLOW_UNKNOWN;
}

static enum flow_effect
apply_actions(const struct flow *flow, int64_t out_port, const char *out_name)
{
    char action[256];
    const char *s = flow->actions, *end = s + strlen(s), *start;
    enum flow_effect all = FLOW_DROPS;
    size_t length;
    while ((start = next_item(&s, end, &length))) {
        if (length >= sizeof action) {
            return FLOW_UNKNOWN;
        }
        memcpy(action, start, length);
        action[length] = '\0';
        enum flow_effect one = apply_action(action, out_port, out_name);
        if (one == FLOW_UNKNOWN) {
            return FLOW_UNKNOWN;
        }
        bool decided = all == FLOW_NORMAL || all == FLOW_OUTPUTS;
        all = decided || one == FLOW_DROPS ? all : one;
    }
    return all;
}

static bool
passes(enum flow_effect effect)
{
    return effect == FLOW_NORMAL || effect == FLOW_OUTPUTS;
}

/* The next flow of table 0 from '*i' on that may match; flows stand in the
 * order of their priorities.  '*ret_answer' is YES only if it surely matches.
 * Several of one priority make that unsure, and then it is one that does not
 * let the frame pass, if there is one among them. */
static const struct flow *
next_match(const struct flow_table *table, const struct flow_frame *frame,
           int64_t out_port, const char *out_name, size_t *i,
           enum answer *ret_answer)
{
    const struct flow *best = NULL;
    for (; *i < table->n && !table->flows[*i].table_id; (*i)++) {
        const struct flow *flow = &table->flows[*i];
        if (best && flow->priority < best->priority) {
            break;
        }
        enum answer answer = match_flow(flow, frame);
        if (answer != NO) {
            *ret_answer = best ? MAYBE : answer;
            if (!best || passes(apply_actions(best, out_port, out_name))) {
                best = flow;
            }
        }
    }
    return best;
}

enum flow_effect
flows_apply(const struct flow_table *table, const struct flow_frame *frame,
            int64_t out_port, const char *out_name,
            const struct flow **ret_flow)
{
    enum answer answer = NO;
    const struct flow *unsure = NULL;
    size_t i = 0;
    const struct flow *flow =
        next_match(table, frame, out_port, out_name, &i, &answer);
    /* A flow that may match is harmless as long as it lets the frame pass:
     * then what stands below it decides. */
    while (flow && answer == MAYBE) {
        unsure = flow;
        if (!passes(apply_actions(flow, out_port, out_name))) {
            *ret_flow = flow;
            return FLOW_UNKNOWN;
        }
        flow = next_match(table, frame, out_port, out_name, &i, &answer);
    }
    *ret_flow = flow;
    enum flow_effect effect =
        flow ? apply_actions(flow, out_port, out_name) : FLOW_MISSES;
    if (unsure && !passes(effect)) {
        *ret_flow = unsure;
        return FLOW_UNKNOWN;
    }
    return effect;
}

bool
flows_are_normal(const struct flow_table *table)
{
    const struct flow *flow = table->flows;
    return table->n == 1 && !flow->table_id && !flow->has_timeout
           && !*flow->match && !strcasecmp(flow->actions, "NORMAL");
}
