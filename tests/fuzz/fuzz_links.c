/* The dumps of links: `ip -json link` and `ovs-vsctl list Interface`. */
#include "fuzz.h"

#include <string.h>

#include "evidence/links.h"

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

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    fuzz(links_parse_ip, bytes, size);
    fuzz(links_parse_interfaces, bytes, size);
    return 0;
}
