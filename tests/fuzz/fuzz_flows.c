/* OpenFlow dumps: reading any text, and asking what it does with frames. */
#include "fuzz.h"

#include <string.h>

#include "evidence/flows.h"

static const struct flow_frame frames[] = {
    { 1, "enp6s18", -1, 0x0806, "fa:16:3e:00:00:01", "ff:ff:ff:ff:ff:ff" },
    { 2, "patch", 100, 0x0800, NULL, "fa:16:3e:00:00:01" },
    { 0, "", 0, 0x86dd, "fa:16:3e:00:00:01", NULL },
};

static bool
belongs(const struct flow_table *table, const struct flow *flow)
{
    return !flow || (flow >= table->flows && flow < table->flows + table->n);
}

static void
ask(const struct flow_table *table, const struct strmap *macs)
{
    for (size_t i = 0; i < N_ELEMENTS(frames); i++) {
        struct flow_frame frame = frames[i];
        const struct flow *flow = NULL;
        frame.ovn_macs = macs;
        enum flow_effect effect =
            flows_apply(table, &frame, 2, "patch", &flow);
        CHECK(effect >= FLOW_MISSES && effect <= FLOW_UNKNOWN);
        CHECK(belongs(table, flow));
        CHECK((effect == FLOW_MISSES) <= !flow);
        CHECK(!flow || !flow->table_id);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena arena;
    struct strmap macs;
    struct flow_table *table = NULL;
    char *copy = malloc(size ? size : 1); /* Of exactly that size, for ASan. */
    memcpy(copy, bytes, size);
    arena_init(&arena);
    strmap_init(&macs);
    *strmap_place(&macs, "fa:16:3e:00:00:01") = &macs;
    struct error *error = flows_parse(copy, size, &arena, &table);
    free(copy);
    CHECK(!error == !!table);
    for (size_t i = 0; table && i < table->n; i++) {
        const struct flow *f = &table->flows[i];
        CHECK(strlen(f->match) + strlen(f->actions) <= size);
        CHECK(strlen(f->text) > 0);
    }
    if (table) {
        ask(table, &macs);
    }
    error_free(error);
    strmap_done(&macs);
    arena_done(&arena);
    return 0;
}
