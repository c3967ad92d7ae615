/* The journal of a repair: a file that anybody may have written.  What is
 * taken for one is written again, and must be read again as the same. */
#include "fuzz.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

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
    }
    error_free(error);
    arena_done(&arena);
    return 0;
}
