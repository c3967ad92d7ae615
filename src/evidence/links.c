#include "evidence/links.h"

#include <string.h>

#include "evidence/document.h"

struct link *
links_place(struct strmap *links, struct arena *arena, const char *name)
{
    struct link *link = strmap_get(links, name);
    if (!link) {
        link = arena_zalloc(arena, sizeof *link);
        link->name = arena_strdup(arena, name);
        *strmap_place(links, link->name) = link;
    }
    return link;
}

/* A copy of what stands in a document, or else what there was. */
static const char *
keep(struct arena *arena, const char *s, const char *otherwise)
{
    return s ? arena_strdup(arena, s) : otherwise;
}

static bool
has_flag(const struct json_value *flags, const char *flag)
{
    if (flags && flags->kind == JSON_ARRAY) {
        for (const struct json_value *f = flags->first; f; f = f->next) {
            if (f->kind == JSON_STRING && !strcmp(f->string, flag)) {
                return true;
            }
        }
    }
    return false;
}

void
link_add_ip(struct link *link, struct arena *arena, const char *ip, int length)
{
    if (!(link->n_ips & (link->n_ips - 1))) { /* Room for 1, 2, 4... */
        size_t n = link->n_ips ? 2 * link->n_ips : 1;
        const char **more = arena_alloc(arena, n * sizeof *more);
        if (link->n_ips) {
            memcpy(more, link->ips, link->n_ips * sizeof *more);
        }
        link->ips = more;
    }
    link->ips[link->n_ips++] = arena_printf(arena, "%s/%d", ip, length);
}

/* The addresses that `ip address` lists; not those that every link has. */
static void
take_addresses(const struct json_value *list, struct arena *arena,
               struct link *link)
{
    if (!list || list->kind != JSON_ARRAY) {
        return;
    }
    link->ips_known = true;
    if (list->first) {
        link->n_ips = 0; /* Of a link that is printed twice, once. */
    }
    for (const struct json_value *a = list->first; a; a = a->next) {
        const char *ip = json_member_string(a, "local");
        const char *scope = json_member_string(a, "scope");
        if (ip && scope && !strcmp(scope, "global")) {
            link_add_ip(link, arena, ip, document_integer(a, "prefixlen"));
        }
    }
}

static void
take_ip_link(const struct json_value *object, const char *name,
             struct arena *arena, struct strmap *links)
{
    struct link *link = links_place(links, arena, name);
    const struct json_value *flags = json_member(object, "flags");
    const char *kind =
        json_member_string(json_member(object, "linkinfo"), "info_kind");
    const char *master = json_member_string(object, "master");
    const char *address = json_member_string(object, "address");
    const char *parent = json_member_string(object, "link");
    int ifindex = document_integer(object, "ifindex");
    int mtu = document_integer(object, "mtu");
    if (flags) {
        link->admin = has_flag(flags, "UP") ? LINK_UP : LINK_DOWN;
        link->carrier = has_flag(flags, "LOWER_UP") ? LINK_UP : LINK_DOWN;
    }
    link->kind = keep(arena, kind, link->kind);
    link->master = keep(arena, master, link->master);
    link->address = keep(arena, address, link->address);
    link->parent = keep(arena, parent, link->parent);
    link->ifindex = ifindex ? ifindex : link->ifindex;
    link->mtu = mtu ? mtu : link->mtu;
    take_addresses(json_member(object, "addr_info"), arena, link);
}

static struct error *
take_ip_links(const struct json_value *list, struct arena *arena,
              struct strmap *links)
{
    if (list->kind != JSON_ARRAY) {
        return error_hint(error_new("this is no list of links"),
                          "write it with `ip -json -details address`");
    }
    for (const struct json_value *l = list->first; l; l = l->next) {
        const char *name = json_member_string(l, "ifname");
        if (name) {
            take_ip_link(l, name, arena, links);
        }
    }
    return NULL;
}

/* Takes what is to be kept from a document, which does not outlive this. */
typedef struct error *document_reader(const struct json_value *,
                                      struct arena *, struct strmap *links);

static struct error *
read_document(const char *bytes, size_t size, document_reader *take,
              struct arena *arena, struct strmap *links)
{
    struct arena tree;
    struct json_value *document;
    arena_init(&tree);
    struct error *error = document_parse(bytes, size, &tree, &document);
    if (!error) {
        error = take(document, arena, links);
    }
    arena_done(&tree);
    return error;
}

struct error *
links_parse_ip(const char *bytes, size_t size, struct arena *arena,
               struct strmap *links)
{
    return read_document(bytes, size, take_ip_links, arena, links);
}

/* The columns of `ovs-vsctl --format=json list Interface` that matter. */
struct interface_columns {
    int name, admin_state, link_state, error, ofport, mac_in_use, ifindex, mtu,
        bfd_status;
};

static int
heading_index(const struct json_value *headings, const char *name)
{
    int i = 0;
    for (const struct json_value *h = headings->first; h; h = h->next, i++) {
        if (h->kind == JSON_STRING && !strcmp(h->string, name)) {
            return i;
        }
    }
    return -1;
}

/* The 'i'th cell of a row; NULL if there is none. */
static const struct json_value *
cell(const struct json_value *row, int i)
{
    const struct json_value *c =
        i >= 0 && row->kind == JSON_ARRAY ? row->first : NULL;
    while (c && i--) {
        c = c->next;
    }
    return c;
}

static const char *
cell_string(const struct json_value *row, int i)
{
    const struct json_value *c = cell(row, i);
    return c && c->kind == JSON_STRING ? c->string : NULL;
}

static int
cell_integer(const struct json_value *row, int i)
{
    const struct json_value *c = cell(row, i);
    return c && c->kind == JSON_INTEGER && c->integer > INT32_MIN
                   && c->integer < INT32_MAX
               ? (int) c->integer
               : 0;
}

/* The value at 'key' in a cell that holds a map, ["map", [[KEY, VALUE]...]]
 * (RFC 7047, section 5.1), or NULL. */
static const char *
cell_map_get(const struct json_value *row, int i, const char *key)
{
    const struct json_value *c = cell(row, i);
    const struct json_value *pairs =
        c && c->kind == JSON_ARRAY && c->first ? c->first->next : NULL;
    const struct json_value *pair =
        pairs && pairs->kind == JSON_ARRAY ? pairs->first : NULL;
    for (; pair; pair = pair->next) {
        const char *name = cell_string(pair, 0);
        if (name && !strcmp(name, key)) {
            return cell_string(pair, 1);
        }
    }
    return NULL;
}

static enum link_state
parse_state(const char *s)
{
    return !s ? LINK_UNKNOWN : !strcmp(s, "up") ? LINK_UP : LINK_DOWN;
}

static void
take_interface(const struct json_value *row,
               const struct interface_columns *at, struct arena *arena,
               struct strmap *links)
{
    const char *name = cell_string(row, at->name);
    if (!name) {
        return;
    }
    struct link *link = links_place(links, arena, name);
    link->admin = parse_state(cell_string(row, at->admin_state));
    link->carrier = parse_state(cell_string(row, at->link_state));
    link->error = keep(arena, cell_string(row, at->error), NULL);
    link->ofport = cell_integer(row, at->ofport);
    link->address = keep(arena, cell_string(row, at->mac_in_use), NULL);
    link->ifindex = cell_integer(row, at->ifindex);
    link->mtu = cell_integer(row, at->mtu);
    link->bfd = parse_state(cell_map_get(row, at->bfd_status, "state"));
}

static struct error *
take_interfaces(const struct json_value *table, struct arena *arena,
                struct strmap *links)
{
    const struct json_value *headings = json_member(table, "headings");
    const struct json_value *data = json_member(table, "data");
    if (!headings || !data || headings->kind != JSON_ARRAY
        || data->kind != JSON_ARRAY) {
        return error_hint(
            error_new("this is no table of interfaces"),
            "write it with `ovs-vsctl --format=json list Interface`");
    }
    const struct interface_columns at = {
        .name = heading_index(headings, "name"),
        .admin_state = heading_index(headings, "admin_state"),
        .link_state = heading_index(headings, "link_state"),
        .error = heading_index(headings, "error"),
        .ofport = heading_index(headings, "ofport"),
        .mac_in_use = heading_index(headings, "mac_in_use"),
        .ifindex = heading_index(headings, "ifindex"),
        .mtu = heading_index(headings, "mtu"),
        .bfd_status = heading_index(headings, "bfd_status"),
    };
    for (const struct json_value *row = data->first; row; row = row->next) {
        take_interface(row, &at, arena, links);
    }
    return NULL;
}

struct error *
links_parse_interfaces(const char *bytes, size_t size, struct arena *arena,
                       struct strmap *links)
{
    return read_document(bytes, size, take_interfaces, arena, links);
}
