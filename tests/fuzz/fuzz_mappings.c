/* What people write into columns: ovn-bridge-mappings, the addresses of
 * logical switch ports, prefixes. */
#include "fuzz.h"

#include <string.h>

#include "fabric/address.h"
#include "fabric/mappings.h"

static void
fuzz_mappings(const char *text, struct arena *arena)
{
    struct mappings m;
    mappings_parse(&m, text, arena);
    size_t total = 0;
    for (size_t i = 0; i < m.n; i++) {
        const struct mapping *item = &m.items[i];
        const char *bridge = mappings_find(&m, item->network);
        CHECK(bridge && *bridge && *item->network);
        CHECK(!strchr(item->network, ':'));
        CHECK(!strchr(item->network, ',') && !strchr(item->bridge, ','));
        CHECK(mappings_nearest(&m, item->network)
              || strlen(item->network) > 64);
        total += strlen(item->network) + strlen(item->bridge) + 1;
    }
    CHECK(total <= strlen(text));
    CHECK(!m.malformed == !m.lost);
    CHECK(!m.lost || strstr(text, m.lost));
    const struct mapping *found = mappings_find_untrimmed(&m, "physnet1");
    CHECK(!found || strcmp(found->network, "physnet1"));
    mappings_nearest(&m, text);
}

static void
fuzz_address(const char *text, struct arena *arena)
{
    struct address a;
    address_parse(&a, text, arena);
    CHECK(!a.mac || address_is_mac(a.mac));
    for (size_t i = 0; i < a.n_ips; i++) {
        CHECK(strcspn(a.ips[i], "/") < strlen(a.ips[i])
              || address_is_ip(a.ips[i]));
        address_in_prefix("10.0.0.1", a.ips[i]);
        address_in_prefix("fd00::1", a.ips[i]);
        if (address_is_ip(a.ips[i])) {
            CHECK(address_in_prefix(a.ips[i], a.ips[i]));
        }
    }
    address_in_prefix(text, text);
    address_in_prefix("10.0.0.1", text);
    CHECK(!address_is_ipv6(text) || address_is_ip(text));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena arena;
    char *text = malloc(size + 1); /* Of exactly that size, for ASan. */
    memcpy(text, bytes, size);
    text[size] = '\0';
    arena_init(&arena);
    fuzz_mappings(text, &arena);
    fuzz_address(text, &arena);
    arena_done(&arena);
    free(text);
    return 0;
}
