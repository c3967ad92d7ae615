#include "unit.h"

#include "fabric/places.h"

#define N_ENDPOINTS 40
#define N_CHASSIS 3
#define NOT_LISTED SIZE_MAX

/* How often an endpoint is in a list. */
static size_t
count(const struct places_list *l, uint32_t endpoint)
{
    size_t n = 0;
    for (uint32_t i = 0; i < l->n; i++) {
        n += l->items[i] == endpoint;
    }
    return n;
}

/* By chassis; behind the last: nowhere. */
static const struct fabric_chassis *
chassis_at(const struct fabric_chassis *chassis, size_t number)
{
    return number < N_CHASSIS ? &chassis[number] : NULL;
}

static void
expect(const struct places *p, const struct fabric_chassis *chassis,
       const size_t *where)
{
    for (size_t number = 0; number <= N_CHASSIS; number++) {
        const struct places_list *l =
            places_of(p, chassis_at(chassis, number));
        for (uint32_t i = 0; i < N_ENDPOINTS; i++) {
            assert_int_equal(count(l, i), where[i] == number);
        }
    }
}

static void
test_everybody_is_where_he_was_put(void **state PROVNET_UNUSED)
{
    struct fabric_chassis chassis[N_CHASSIS] = { { .index = 0 },
                                                 { .index = 1 },
                                                 { .index = 2 } };
    size_t where[N_ENDPOINTS];
    struct places p;
    uint32_t random = 1;
    places_init(&p, N_ENDPOINTS, N_CHASSIS);
    for (size_t i = 0; i < N_ENDPOINTS; i++) {
        where[i] = NOT_LISTED;
    }
    expect(&p, chassis, where);
    for (int step = 0; step < 2000; step++) {
        random = random * 1664525 + 1013904223;
        uint32_t i = random >> 8 & 0xffff;
        size_t number = (random >> 24) % (N_CHASSIS + 2);
        i %= N_ENDPOINTS;
        if (number > N_CHASSIS) {
            places_drop(&p, i); /* Perhaps it is in none. */
            where[i] = NOT_LISTED;
        } else {
            places_put(&p, i, chassis_at(chassis, number));
            where[i] = number;
        }
        expect(&p, chassis, where);
    }
    places_done(&p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everybody_is_where_he_was_put),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
