/* The JSON documents of a bundle: `ip -json link`, `ovs-vsctl list Interface`
 * and Neutron's networks. */
#include "fuzz.h"

#include <string.h>

#include "evidence/links.h"
#include "evidence/neutron.h"

typedef struct error *links_parser(const char *bytes, size_t size,
                                   struct arena *, struct strmap *);

static void
fuzz(links_parser *parse, const uint8_t *bytes, size_t size)
{
    struct arena arena;
    struct strmap links;
    char *copy = malloc(size ? size : 1); /* Of exactly that size, for ASan. */
    memcpy(copy, bytes, size);
    arena_init(&arena);
    strmap_init(&links);
    struct error *error = parse(copy, size, &arena, &links);
    free(copy);
    STRMAP_FOR_EACH (entry, &links) {
        const struct link *link = entry->value;
        CHECK(!strcmp(link->name, entry->key));
        CHECK(link->admin <= LINK_UP && link->carrier <= LINK_UP);
        CHECK(!link->kind || strlen(link->kind) <= size);
        CHECK(!link->address || strlen(link->address) <= size);
        CHECK(!link->master || strlen(link->master) <= size);
        CHECK(!link->error || strlen(link->error) <= size);
    }
    error_free(error);
    strmap_done(&links);
    arena_done(&arena);
}

static void
fuzz_networks(const uint8_t *bytes, size_t size)
{
    struct arena arena;
    struct strmap networks;
    arena_init(&arena);
    strmap_init(&networks);
    struct error *error =
        neutron_parse_networks((const char *) bytes, size, &arena, &networks);
    STRMAP_FOR_EACH (entry, &networks) {
        const struct neutron_network *n = entry->value;
        CHECK(!strcmp(n->id, entry->key));
        CHECK(strlen(n->name) <= size && strlen(n->type) <= size);
        CHECK(!n->physical_network || strlen(n->physical_network) <= size);
    }
    error_free(error);
    strmap_done(&networks);
    arena_done(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    fuzz(links_parse_ip, bytes, size);
    fuzz(links_parse_interfaces, bytes, size);
    fuzz_networks(bytes, size);
    return 0;
}
