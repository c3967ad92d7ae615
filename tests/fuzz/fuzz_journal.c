/* The journal of a repair: a file that anybody may have written.  What is
 * taken for one is written again, and must be read again as the same; and its
 * transactions are taken apart as an undo does it. */
#include "fuzz.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "apply/conditions.h"
#include "apply/deed.h"
#include "apply/journal.h"
#include "base/arena.h"

static char folder[64];

static void
write_file(const uint8_t *bytes, size_t size)
{
    if (!*folder) {
        snprintf(folder, sizeof folder, "/dev/shm/provnet-fuzz-XXXXXX");
        CHECK(mkdtemp(folder));
    }
    char path[96];
    snprintf(path, sizeof path, "%s/one.json", folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && write(fd, bytes, size) == (ssize_t) size);
    close(fd);
}

static void
check_same(const struct journal *a, const struct journal *b)
{
    CHECK(!strcmp(a->id, b->id) && a->state == b->state);
    CHECK(a->n_steps == b->n_steps);
    for (size_t i = 0; i < a->n_steps; i++) {
        CHECK(!strcmp(a->steps[i].db, b->steps[i].db));
        CHECK(!strcmp(a->steps[i].remote, b->steps[i].remote));
        for (size_t j = 0; j < JOURNAL_MAX_TRANSACTIONS; j++) {
            const char *o = a->steps[i].operations[j];
            const char *p = b->steps[i].operations[j];
            CHECK(!o == !p && (!o || !strcmp(o, p)));
        }
    }
}

/* What a server may say of the rows that are asked for. */
static const char *const answers[] = {
    "[]",
    "[{\"rows\":[{}]},{\"rows\":[{}]},{\"rows\":[{}]}]",
    "[{\"rows\":[{\"name\":\"a\",\"ports\":[\"set\",[]],\"options\":[\"map\","
    "[[\"k\",\"v\"]]],\"enabled\":false}]},{\"rows\":[{\"ports\":[\"uuid\","
    "\"a\"],\"options\":1,\"name\":[\"set\"]}]},{\"rows\":[[]]}]",
};

static void
take_inverse_apart(const char *inverse, struct arena *a)
{
    static const struct deed_guards none = { NULL, NULL };
    const struct json_value *params = deed_parse(inverse, a);
    struct text select;
    text_init(&select, TEXT_CEILING_BYTES);
    CHECK(params && conditions_presence(inverse, a));
    conditions_guard(inverse, "{}", a);
    conditions_may_loop(inverse, a);
    deed_put_select(params, &select);
    text_done(&select);
    for (size_t i = 0; i < N_ELEMENTS(answers); i++) {
        struct deed deed;
        struct error *error =
            deed_make(params, deed_parse(answers[i], a), false, &none,
                      conditions_comment(params), a, &deed);
        if (!error) {
            conditions_presence(deed.operations, a);
            conditions_may_loop(deed.inverse, a);
        }
        error_free(error);
    }
}

static void
take_apart(const struct journal *j, struct arena *a)
{
    for (size_t i = 0; i < j->n_steps; i++) {
        const struct journal_step *step = &j->steps[i];
        if (journal_is_flow(step)) {
            continue;
        }
        conditions_absence(step, a);
        for (size_t k = 0; k < JOURNAL_MAX_TRANSACTIONS; k++) {
            if (step->inverses[k]) {
                take_inverse_apart(step->inverses[k], a);
            }
        }
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena arena;
    struct journal first, second;
    arena_init(&arena);
    write_file(bytes, size);
    struct error *error = journal_read(folder, "one", &arena, &first);
    if (!error) {
        error = journal_write(&first, folder);
        CHECK(!error);
        error = journal_read(folder, "one", &arena, &second);
        CHECK(!error);
        check_same(&first, &second);
        take_apart(&second, &arena);
    }
    error_free(error);
    arena_done(&arena);
    return 0;
}
