/* The networks in which endpoints stand, for what is known of hosts beside
 * them.  Which one an endpoint has depends on nothing but its rows: not on who
 * was asked before. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "policy/acl.h"

struct policy_bits
policy_read_address(const char *text, bool is_ipv6)
{
    static const struct policy_bits unknown = { 0, 0 };
    char ip[INET6_ADDRSTRLEN];
    struct match_constant c;
    const char *slash = text ? strchr(text, '/') : NULL;
    size_t length = !text ? 0 : slash ? (size_t) (slash - text) : strlen(text);
    unsigned width = is_ipv6 ? 128 : 32;
    if (!length || length >= sizeof ip) {
        return unknown;
    }
    memcpy(ip, text, length);
    ip[length] = '\0';
    if (!match_constant_parse(&c, ip) || c.masked
        || c.format != (is_ipv6 ? MATCH_IPV6 : MATCH_IPV4)) {
        return unknown;
    }
    long bits = slash ? strtol(slash + 1, NULL, 10) : width;
    match_bits mask = match_ones(width);
    if (bits >= 0 && bits < (long) width) {
        mask ^= match_ones(width - (unsigned) bits);
    }
    return (struct policy_bits){ c.value & mask, mask };
}

/* The networks of routers' ports on the switch. */

typedef void network_visit(const char *network, void *aux);

static void
visit_networks(const struct fabric_switch *ls, network_visit *visit, void *aux)
{
    for (size_t i = 0; i < ls->n_router_ports; i++) {
        const struct ovsdb_row *lrp = ls->router_ports[i].lrp;
        unsigned n = lrp ? ovsdb_count(lrp, LRP_NETWORKS) : 0;
        for (unsigned j = 0; j < n; j++) {
            visit(ovsdb_atoms(lrp, LRP_NETWORKS)[j].string, aux);
        }
    }
}

struct networks {
    struct address_prefix *items;
    size_t n, capacity;
};

static void
add_network(const char *text, void *networks)
{
    struct networks *list = networks;
    list->items =
        xgrow(list->items, list->n, &list->capacity, sizeof *list->items);
    if (address_prefix_parse(text, &list->items[list->n])) {
        address_prefix_cut(&list->items[list->n], list->items[list->n].length);
        list->n++;
    }
}

static int
compare_networks(const void *a, const void *b)
{
    return address_prefix_compare(a, b);
}

/* Whether a network contains another one, so that an address may be in both.
 */
static bool
do_overlap(const struct fabric_switch *ls)
{
    struct networks list = { .n = 0 };
    bool overlap = false;
    visit_networks(ls, add_network, &list);
    if (list.n) {
        qsort(list.items, list.n, sizeof *list.items, compare_networks);
    }
    for (size_t i = 0, n_shorter = 0; i < list.n && !overlap; i++) {
        if (i && list.items[i].length != list.items[i - 1].length) {
            n_shorter = i;
        }
        overlap =
            address_prefixes_contain(list.items, n_shorter, &list.items[i]);
    }
    free(list.items);
    return overlap;
}

/* An endpoint's. */

struct search {
    struct address_prefix address;
    const char *found;
    unsigned length; /* Of what was found. */
};

/* Of several the smallest. */
static void
find_containing(const char *text, void *search)
{
    struct search *s = search;
    struct address_prefix network;
    if (address_prefix_parse(text, &network)
        && address_prefix_contains(&network, &s->address)
        && (!s->found || network.length > s->length)) {
        s->found = text;
        s->length = network.length;
    }
}

static const char *
find_routers(const struct policy_switch *sw, const struct fabric_endpoint *e)
{
    struct search search = { .found = NULL };
    if (!strchr(e->address, '/')
        && address_prefix_parse(e->address, &search.address)) {
        visit_networks(sw->ls, find_containing, &search);
    }
    return search.found;
}

static const char *
noted_of(const struct policy_switch *sw, const struct fabric_endpoint *e)
{
    return e->vif && e->vif->ls == sw->ls
               ? ovsdb_map_get(e->vif->lsp, LSP_EXTERNAL_IDS, "neutron:cidrs")
               : NULL;
}

/* What Neutron has noted of the endpoint's port. */
static const char *
find_noted(const struct policy_switch *sw, const struct fabric_endpoint *e,
           struct arena *arena)
{
    const char *cidrs = noted_of(sw, e);
    struct address address = { NULL, NULL, 0 };
    if (cidrs) {
        address_parse(&address, cidrs, arena);
    }
    for (size_t i = 0; i < address.n_ips; i++) {
        if (strchr(address.ips[i], '/')
            && address_in_prefix(e->address, address.ips[i])) {
            return address.ips[i];
        }
    }
    return NULL;
}

/* An address of 'prefix' that no port of the switch has: the highest. */
static const char *
find_stranger(struct policy_switch *sw, const char *prefix, bool is_ipv6,
              struct arena *arena)
{
    unsigned char bytes[16];
    char text[INET6_ADDRSTRLEN];
    int family = is_ipv6 ? AF_INET6 : AF_INET;
    unsigned width = is_ipv6 ? 128 : 32;
    const char *slash = strchr(prefix, '/');
    const char *ip = arena_strndup(arena, prefix, strcspn(prefix, "/"));
    long length = slash ? strtol(slash + 1, NULL, 10) : width;
    if (inet_pton(family, ip, bytes) != 1 || length < 0) {
        return NULL;
    }
    for (unsigned bit = (unsigned) length; bit < width; bit++) {
        bytes[bit / 8] |= (unsigned char) (0x80 >> bit % 8);
    }
    for (int tries = 0; tries < 64 && bytes[width / 8 - 1]; tries++) {
        bytes[width / 8 - 1]--; /* The highest of all is broadcast. */
        inet_ntop(family, bytes, text, sizeof text);
        if (!policy_find_owner(sw, text)) {
            return arena_strdup(arena, text);
        }
    }
    return NULL;
}

static struct policy_bits
stranger_in(struct policy_switch *sw, const char *prefix, bool is_ipv6,
            struct arena *arena)
{
    return policy_read_address(find_stranger(sw, prefix, is_ipv6, arena),
                               is_ipv6);
}

/* The number + 1 of the network that is kept with these bits, or 0. */
static size_t
find_kept(const struct policy_switch *sw, struct policy_bits bits,
          bool is_ipv6)
{
    for (size_t i = 0; i < sw->n_networks; i++) {
        const struct policy_network *network = &sw->networks[i];
        if (network->is_ipv6 == is_ipv6 && network->hosts.value == bits.value
            && network->hosts.known == bits.known) {
            return i + 1;
        }
    }
    return 0;
}

static size_t
keep(struct policy_switch *sw, const struct policy_network *network)
{
    sw->networks = xgrow(sw->networks, sw->n_networks, &sw->networks_capacity,
                         sizeof *sw->networks);
    sw->networks[sw->n_networks++] = *network;
    return sw->n_networks;
}

/* Whether none of the routers' networks shares an address with another one. */
static bool
are_apart(struct policy_switch *sw)
{
    if (!sw->overlap_known) {
        sw->overlap_known = true;
        sw->overlap = do_overlap(sw->ls);
    }
    return !sw->overlap;
}

struct meeting {
    struct address_prefix network;
    bool found;
};

static void
find_meeting(const char *text, void *meeting)
{
    struct meeting *m = meeting;
    struct address_prefix other;
    m->found |= address_prefix_parse(text, &other)
                && (address_prefix_contains(&m->network, &other)
                    || address_prefix_contains(&other, &m->network));
}

/* Keeps a network that nobody asked about before. */
static size_t
add(struct policy *p, struct policy_switch *sw, const char *prefix,
    bool of_router, bool is_ipv6)
{
    struct policy_network new = {
        .prefix = arena_strdup(p->arena, prefix),
        .is_ipv6 = is_ipv6,
        .hosts = policy_read_address(prefix, is_ipv6),
    };
    struct meeting meeting = { .found = false };
    new.stranger = stranger_in(sw, new.prefix, is_ipv6, p->arena);
    if (address_prefix_parse(prefix, &new.network)) {
        address_prefix_cut(&new.network, new.network.length);
        meeting.network = new.network;
        visit_networks(sw->ls, find_meeting, &meeting);
        new.is_of_all = of_router &&are_apart(sw);
        new.is_apart = !meeting.found;
    }
    return keep(sw, &new);
}

/* The first item of a list with blanks that is of IPv6, or is not; of 'n'
 * bytes. */
static const char *
first_of_family(const char *list, bool is_ipv6, size_t *n)
{
    for (const char *s = list; *s; s += *n) {
        s += strspn(s, " ");
        *n = strcspn(s, " ");
        if (*n && (memchr(s, ':', *n) != NULL) == is_ipv6) {
            return s;
        }
    }
    *n = 0;
    return NULL;
}

/* Whether the first of its family that Neutron has noted of the endpoint's
 * port is the endpoint's address, with the length of 'prefix': others, of
 * other families, cannot contain it. */
static bool
is_noted_with_length_of(const struct policy_switch *sw,
                        const struct fabric_endpoint *e, const char *prefix,
                        bool is_ipv6)
{
    const char *noted = noted_of(sw, e), *length = strchr(prefix, '/');
    size_t n, n_address = strlen(e->address);
    const char *item =
        noted && length ? first_of_family(noted, is_ipv6, &n) : NULL;
    return item && n == n_address + strlen(length)
           && !memcmp(item, e->address, n_address)
           && !memcmp(item + n_address, length, n - n_address);
}

/* So many of the networks that are kept are tried first. */
#define MAX_TRIED 8

/* The endpoint's if it is one of those, and that is certain without looking at
 * all routers; else NULL. */
static const struct policy_network *
try_kept(const struct policy_switch *sw, const struct fabric_endpoint *e,
         bool is_ipv6)
{
    struct address_prefix ip;
    if (strchr(e->address, '/') || !address_prefix_parse(e->address, &ip)) {
        return NULL;
    }
    for (size_t i = 0; i < sw->n_networks && i < MAX_TRIED; i++) {
        const struct policy_network *network = &sw->networks[i];
        if ((network->is_of_all || network->is_apart)
            && address_prefix_contains(&network->network, &ip)
            && (network->is_of_all
                || is_noted_with_length_of(sw, e, network->prefix, is_ipv6))) {
            return network;
        }
    }
    return NULL;
}

const struct policy_network *
policy_network_of(struct policy *p, struct policy_switch *sw,
                  const struct fabric_endpoint *e, bool is_ipv6)
{
    const struct policy_network *kept = try_kept(sw, e, is_ipv6);
    if (kept) {
        return kept;
    }
    struct arena_mark mark = arena_mark(p->arena);
    const char *of_router = find_routers(sw, e);
    const char *prefix = of_router ? of_router : find_noted(sw, e, p->arena);
    if (!prefix) {
        arena_release(p->arena, &mark);
        return NULL;
    }
    size_t number =
        find_kept(sw, policy_read_address(prefix, is_ipv6), is_ipv6);
    if (number) {
        arena_release(p->arena, &mark);
    } else {
        number = add(p, sw, prefix, of_router != NULL, is_ipv6);
    }
    return &sw->networks[number - 1];
}

bool
policy_forget_owners(struct policy *p, struct policy_switch *sw)
{
    bool same = true;
    free(sw->owners);
    sw->owners = NULL;
    sw->n_owners = 0;
    for (size_t i = 0; i < sw->n_networks; i++) {
        struct policy_network *network = &sw->networks[i];
        struct policy_bits bits =
            stranger_in(sw, network->prefix, network->is_ipv6, p->arena);
        same &= bits.value == network->stranger.value
                && bits.known == network->stranger.known;
        network->stranger = bits;
    }
    return same;
}

void
policy_take_networks(struct policy_switch *to,
                     const struct policy_switch *from)
{
    for (size_t i = 0; i < from->n_networks; i++) {
        const struct policy_network *network = &from->networks[i];
        if (!find_kept(to, network->hosts, network->is_ipv6)) {
            keep(to, network);
        }
    }
}
