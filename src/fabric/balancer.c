#include "fabric/balancer.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* The key of addresses that only each chassis knows; no address is it. */
#define TEMPLATE "^"

/* An address as it is looked up: there are many ways to write IPv6. */
struct key {
    char text[INET6_ADDRSTRLEN];
};

static bool
make_key(struct key *key, const char *ip, size_t length)
{
    unsigned char bytes[16];
    char copy[INET6_ADDRSTRLEN];
    if (length >= sizeof copy) {
        return false;
    }
    memcpy(copy, ip, length);
    copy[length] = '\0';
    int family = strchr(copy, ':') ? AF_INET6 : AF_INET;
    return inet_pton(family, copy, bytes) == 1
           && inet_ntop(family, bytes, key->text, sizeof key->text);
}

/* Parses "IP", "IP:PORT" or "[IP]:PORT", of 'length' characters.  Port 0 is
 * none (lib/ovn-util.c, ip_address_and_port_from_lb_key()). */
static bool
parse_vip(const char *text, size_t length, struct key *key, bool *has_port)
{
    const char *end = text + length;
    bool has_brackets = length && *text == '[';
    const char *ip = text + has_brackets;
    const char *first = memchr(ip, ':', (size_t) (end - ip));
    const char *stop =
        has_brackets ? memchr(ip, ']', (size_t) (end - ip))
        : first && !memchr(first + 1, ':', (size_t) (end - first - 1)) ? first
                                                                       : end;
    if (!stop || !make_key(key, ip, (size_t) (stop - ip))) {
        return false;
    }
    const char *port = stop + has_brackets;
    *has_port = port < end && *port == ':' && strtoul(port + 1, NULL, 10) > 0;
    return true;
}

static void
add(struct fabric *f, const char *key, enum fabric_balancing what,
    const struct ovsdb_row *lb, const struct ovsdb_row *lsp)
{
    if (!strmap_get(&f->balanced, key)) {
        key = arena_strdup(&f->arena, key);
    }
    void **place = strmap_place(&f->balanced, key);
    struct fabric_balanced *b = arena_alloc(&f->arena, sizeof *b);
    *b = (struct fabric_balanced){ what, lb, lsp, *place };
    *place = b;
}

static bool
is_set(const struct ovsdb_row *lb, const char *option)
{
    const char *value = ovsdb_map_get(lb, LOAD_BALANCER_OPTIONS, option);
    return value && !strcmp(value, "true");
}

/* ovn-nb(5), Load_Balancer, "ip_port_mappings": "PORT:SOURCE_IP" of each
 * backend. */
static void
add_probes(struct fabric *f, const struct ovsdb_row *lb)
{
    const union ovsdb_atom *atoms =
        ovsdb_atoms(lb, LOAD_BALANCER_IP_PORT_MAPPINGS);
    unsigned n = ovsdb_count(lb, LOAD_BALANCER_HEALTH_CHECK)
                     ? ovsdb_count(lb, LOAD_BALANCER_IP_PORT_MAPPINGS)
                     : 0;
    for (unsigned i = 0; i < n; i++) {
        const char *value = atoms[2 * i + 1].string;
        size_t length = strcspn(value, ":");
        const char *ip = value + length + (value[length] == ':');
        const struct ovsdb_row *lsp = strmap_get_n(&f->lsps, value, length);
        struct key key;
        bool has_port;
        if (lsp && parse_vip(ip, strlen(ip), &key, &has_port)) {
            add(f, key.text, BALANCES_PROBES, lb, lsp);
        }
    }
}

static void
index_balancer(struct fabric *f, const struct ovsdb_row *lb)
{
    const union ovsdb_atom *vips = ovsdb_atoms(lb, LOAD_BALANCER_VIPS);
    for (unsigned i = 0; i < ovsdb_count(lb, LOAD_BALANCER_VIPS); i++) {
        const char *vip = vips[2 * i].string;
        struct key key;
        bool has_port;
        if (is_set(lb, "template")) {
            add(f, TEMPLATE, strchr(vip, ':') ? BALANCES_PORT : BALANCES_ALL,
                lb, NULL);
        } else if (parse_vip(vip, strlen(vip), &key, &has_port)) {
            add(f, key.text, has_port ? BALANCES_PORT : BALANCES_ALL, lb,
                NULL);
        }
    }
    add_probes(f, lb);
}

void
fabric_index_balancers(struct fabric *f)
{
    strmap_init(&f->balanced);
    OVSDB_TABLE_FOR_EACH (lb,
                          &f->evidence->nb.store.tables[NB_LOAD_BALANCER]) {
        index_balancer(f, lb);
    }
}

const struct fabric_balanced *
fabric_find_balanced(const struct fabric *f, const char *ip)
{
    struct key key;
    return f->balanced.n && make_key(&key, ip, strlen(ip))
               ? strmap_get(&f->balanced, key.text)
               : NULL;
}

const struct fabric_balanced *
fabric_find_templates(const struct fabric *f)
{
    return strmap_get(&f->balanced, TEMPLATE);
}

/* Those in a column of a switch, a router or a group. */
static bool
visit_column(const struct ovsdb_row *row, unsigned column,
             balancer_visit *visit, void *aux)
{
    for (unsigned i = 0; i < ovsdb_count(row, column); i++) {
        const struct ovsdb_row *lb = ovsdb_atoms(row, column)[i].row;
        if (lb->exists && visit(aux, lb)) {
            return true;
        }
    }
    return false;
}

bool
fabric_visit_balancers(const struct ovsdb_row *holder, balancer_visit *visit,
                       void *aux)
{
    bool is_router = holder->table->spec == &nb_spec.tables[NB_LOGICAL_ROUTER];
    unsigned own = is_router ? LR_LOAD_BALANCER : LS_LOAD_BALANCER;
    unsigned groups =
        is_router ? LR_LOAD_BALANCER_GROUP : LS_LOAD_BALANCER_GROUP;
    if (visit_column(holder, own, visit, aux)) {
        return true;
    }
    for (unsigned i = 0; i < ovsdb_count(holder, groups); i++) {
        const struct ovsdb_row *group = ovsdb_atoms(holder, groups)[i].row;
        if (group->exists
            && visit_column(group, LOAD_BALANCER_GROUP_LOAD_BALANCER, visit,
                            aux)) {
            return true;
        }
    }
    return false;
}

static bool
is_this(void *wanted, const struct ovsdb_row *lb)
{
    return lb == wanted;
}

bool
fabric_has_balancer(const struct ovsdb_row *holder, const struct ovsdb_row *lb)
{
    return fabric_visit_balancers(holder, is_this, (void *) (uintptr_t) lb);
}

static bool
has_vip(void *aux, const struct ovsdb_row *lb)
{
    (void) aux;
    return ovsdb_count(lb, LOAD_BALANCER_VIPS) > 0;
}

bool
fabric_has_vip(const struct ovsdb_row *holder)
{
    return fabric_visit_balancers(holder, has_vip, NULL);
}
