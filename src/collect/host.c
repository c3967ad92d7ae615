#include "collect/host.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "base/arena.h"
#include "base/clock.h"
#include "evidence/links.h"
#include "evidence/ovs.h"

#define MAX_ADDRESS_BYTES 32
#define BUFFER_BYTES 65536
#define MAX_TRIES 5

/* Links. */

struct dump {
    struct arena *arena;
    struct strmap *links;
    struct strmap masters; /* Name -> ifindex of its master. */
};

static const char *
format_address(struct arena *arena, const struct nlattr *attr)
{
    const unsigned char *bytes = mnl_attr_get_payload(attr);
    size_t n = mnl_attr_get_payload_len(attr);
    if (!n || n > MAX_ADDRESS_BYTES) {
        return NULL;
    }
    char *s = arena_alloc(arena, n * 3);
    for (size_t i = 0; i < n; i++) {
        static const char digits[] = "0123456789abcdef";
        s[3 * i] = digits[bytes[i] >> 4];
        s[3 * i + 1] = digits[bytes[i] & 15];
        s[3 * i + 2] = i + 1 < n ? ':' : '\0';
    }
    return s;
}

/* IFLA_INFO_KIND within IFLA_LINKINFO: "veth", "bridge", ... */
static const char *
find_kind(struct arena *arena, const struct nlattr *linkinfo)
{
    const struct nlattr *attr;
    mnl_attr_for_each_nested(attr, linkinfo)
    {
        if (mnl_attr_get_type(attr) == IFLA_INFO_KIND
            && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0) {
            return arena_strdup(arena, mnl_attr_get_str(attr));
        }
    }
    return NULL;
}

static int
take_link(const struct nlmsghdr *header, void *aux)
{
    struct dump *dump = aux;
    const struct ifinfomsg *info = mnl_nlmsg_get_payload(header);
    const struct nlattr *attr;
    struct link link = { .ifindex = info->ifi_index };
    uintptr_t master = 0;
    mnl_attr_for_each(attr, header, sizeof *info)
    {
        switch (mnl_attr_get_type(attr)) {
        case IFLA_IFNAME:
            if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0) {
                link.name = arena_strdup(dump->arena, mnl_attr_get_str(attr));
            }
            break;
        case IFLA_ADDRESS:
            link.address = format_address(dump->arena, attr);
            break;
        case IFLA_MTU:
            if (mnl_attr_validate(attr, MNL_TYPE_U32) >= 0
                && mnl_attr_get_u32(attr) <= INT_MAX) {
                link.mtu = (int) mnl_attr_get_u32(attr);
            }
            break;
        case IFLA_LINKINFO:
            link.kind = find_kind(dump->arena, attr);
            break;
        case IFLA_MASTER:
            if (mnl_attr_validate(attr, MNL_TYPE_U32) >= 0) {
                master = mnl_attr_get_u32(attr);
            }
            break;
        default:
            break;
        }
    }
    if (link.name) {
        link.admin = info->ifi_flags & IFF_UP ? LINK_UP : LINK_DOWN;
        link.carrier = info->ifi_flags & IFF_LOWER_UP ? LINK_UP : LINK_DOWN;
        *links_place(dump->links, dump->arena, link.name) = link;
        *strmap_place(&dump->masters, link.name) = (void *) master;
    }
    return MNL_CB_OK;
}

/* Masters come as numbers, and may come after their slaves. */
static void
name_masters(struct dump *dump)
{
    STRMAP_FOR_EACH (entry, &dump->masters) {
        struct link *link = strmap_get(dump->links, entry->key);
        STRMAP_FOR_EACH (other, dump->links) {
            const struct link *master = other->value;
            if (entry->value
                && master->ifindex == (int) (uintptr_t) entry->value) {
                link->master = master->name;
            }
        }
    }
}

/* An address of a link, by its number. */
static int
take_ip(const struct nlmsghdr *header, void *aux)
{
    struct dump *dump = aux;
    const struct ifaddrmsg *info = mnl_nlmsg_get_payload(header);
    const struct nlattr *attr, *found = NULL;
    size_t size = info->ifa_family == AF_INET ? 4 : 16;
    mnl_attr_for_each(attr, header, sizeof *info)
    {
        /* Of a point-to-point link IFA_LOCAL is its own, IFA_ADDRESS the
         * peer's; of others IFA_LOCAL may be missing (linux/if_addr.h). */
        uint16_t type = mnl_attr_get_type(attr);
        if (mnl_attr_get_payload_len(attr) == size
            && (type == IFA_LOCAL || (type == IFA_ADDRESS && !found))) {
            found = attr;
        }
    }
    char ip[INET6_ADDRSTRLEN];
    if (!found || info->ifa_scope != RT_SCOPE_UNIVERSE
        || !inet_ntop(info->ifa_family, mnl_attr_get_payload(found), ip,
                      sizeof ip)) {
        return MNL_CB_OK;
    }
    STRMAP_FOR_EACH (entry, dump->links) {
        struct link *link = entry->value;
        if (link->ifindex == (int) info->ifa_index) {
            link_add_ip(link, dump->arena, ip, info->ifa_prefixlen);
        }
    }
    return MNL_CB_OK;
}

static int
talk(struct mnl_socket *socket, uint16_t type, mnl_cb_t take,
     struct dump *dump)
{
    char buffer[BUFFER_BYTES] __attribute__((aligned(NLMSG_ALIGNTO)));
    struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
    unsigned sequence = (unsigned) clock_now_ms();
    header->nlmsg_type = type;
    header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    header->nlmsg_seq = sequence;
    mnl_nlmsg_put_extra_header(header, sizeof(struct ifinfomsg));
    if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0
        || mnl_socket_sendto(socket, header, header->nlmsg_len) < 0) {
        return -errno;
    }
    unsigned port = mnl_socket_get_portid(socket);
    int verdict = MNL_CB_OK;
    while (verdict > MNL_CB_STOP) {
        ssize_t n = mnl_socket_recvfrom(socket, buffer, sizeof buffer);
        if (n < 0) {
            return -errno;
        }
        verdict = mnl_cb_run(buffer, (size_t) n, sequence, port, take, dump);
    }
    return verdict < 0 ? -errno : 0;
}

/* One dump, on a socket of its own: what is left of an interrupted one must
 * not be read with the next. */
static int
dump_all(uint16_t type, mnl_cb_t take, struct dump *dump)
{
    struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    if (!socket) {
        return -errno;
    }
    int code = talk(socket, type, take, dump);
    mnl_socket_close(socket);
    return code;
}

/* Links without their addresses are better than nothing. */
static void
read_ips(struct dump *dump)
{
    int code = -EINTR;
    for (int i = 0; i < MAX_TRIES && code == -EINTR; i++) {
        STRMAP_FOR_EACH (entry, dump->links) {
            struct link *link = entry->value;
            link->n_ips = 0;
        }
        code = dump_all(RTM_GETADDR, take_ip, dump);
    }
    STRMAP_FOR_EACH (entry, dump->links) {
        struct link *link = entry->value;
        link->ips_known = !code;
    }
}

struct error *
host_read_links(struct arena *arena, struct strmap *links)
{
    struct dump dump = { .arena = arena, .links = links };
    int code = -EINTR;
    strmap_init(&dump.masters);
    /* The kernel says EINTR where links changed during the dump. */
    for (int i = 0; i < MAX_TRIES && code == -EINTR; i++) {
        code = dump_all(RTM_GETLINK, take_link, &dump);
    }
    name_masters(&dump);
    if (!code) {
        read_ips(&dump);
    }
    strmap_done(&dump.masters);
    return code ? error_new("cannot list this host's links: %s",
                            strerror(-code))
                : NULL;
}

/* Is this the chassis? */

/* Types of Interface rows that stand for a kernel link of the same name:
 * ovs-vswitchd.conf.db(5), Interface, "type". */
static bool
is_kernel_type(const char *type)
{
    return !*type || !strcmp(type, "system") || !strcmp(type, "internal");
}

bool
host_is_chassis(const struct ovsdb_store *store, const struct strmap *links)
{
    size_t n_agree = 0;
    OVSDB_TABLE_FOR_EACH (row, &store->tables[OVS_INTERFACE]) {
        int64_t ifindex = ovsdb_integer(row, INTERFACE_IFINDEX, 0);
        const char *mac = ovsdb_string(row, INTERFACE_MAC_IN_USE);
        if (ifindex <= 0 || !*mac
            || !is_kernel_type(ovsdb_string(row, INTERFACE_TYPE))) {
            continue;
        }
        const struct link *link =
            strmap_get(links, ovsdb_string(row, INTERFACE_NAME));
        if (!link || link->ifindex != ifindex || !link->address
            || strcasecmp(link->address, mac)) {
            return false;
        }
        n_agree++;
    }
    return n_agree > 0;
}
