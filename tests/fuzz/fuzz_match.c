/* Matches, as anyone who can write an ACL can write them.  The first line is
 * the match, the second one a packet, which is a match too; each string found
 * in them is a port, each name of a set begins with what it has.
 *
 * An answer must not change with what it did not ask for, and what is known
 * must not change when more becomes known. */
#include "fuzz.h"

#include <string.h>

#include "match/match.h"

static bool
look_up_address_set(void *aux, const char *name,
                    const char *const **ret_members, size_t *ret_n)
{
    static const char *const members[] = { "10.0.0.1", "10.0.0.0/24",
                                           "fd00::1", "fa:16:3e:00:00:01",
                                           "?" };
    (void) aux;
    *ret_members = &members[*name % 5];
    *ret_n = (size_t) (5 - *name % 5);
    return *name != 'x';
}

static bool
look_up_port_group(void *aux, const char *name,
                   const char *const **ret_members, size_t *ret_n)
{
    static const char *const members[] = { "b", "a" };
    (void) aux;
    *ret_members = members;
    *ret_n = (size_t) (*name % 3);
    return *name != 'x';
}

/* Errors are one line of ASCII. */
static const struct match *
parse(struct match_context *context, const char *text)
{
    const struct match *match = NULL;
    struct error *error = match_parse(context, text, &match);
    CHECK(!error == !!match);
    if (error) {
        CHECK(strstr(error_text(error), "column "));
        CHECK(!strchr(error_text(error), '\n'));
        error_free(error);
    }
    return match;
}

static void
check_fields(const struct match *match, const struct match_packet *packet)
{
    struct match_verdict verdict = match_evaluate(match, packet);
    CHECK(!(verdict.unknown & ~match->fields));
    CHECK(!verdict.unknown == (verdict.result != MATCH_MAYBE));
    CHECK(!verdict.symbol == (verdict.result != MATCH_MAYBE));
    for (enum match_field f = 0; f < MATCH_N_FIELDS; f++) {
        struct match_packet other = *packet;
        match_packet_forget(&other, f);
        struct match_verdict less = match_evaluate(match, &other);
        CHECK(less.result == verdict.result || less.result == MATCH_MAYBE);
        CHECK(less.result == verdict.result
              || (match->fields & UINT64_C(1) << f));
    }
}

static void
fuzz_match(struct match_context *context, const char *text,
           const char *packet_text)
{
    const struct match *match = parse(context, text);
    const struct match *packet_match = parse(context, packet_text);
    struct match_packet packet;
    match_packet_init(&packet);
    if (match) {
        check_fields(match, &packet);
    }
    if (match && packet_match) {
        bool whole = match_assume(packet_match, &packet);
        CHECK(whole
              == (match_evaluate(packet_match, &packet).result == MATCH_YES));
        check_fields(match, &packet);
        for (enum match_field f = 0; f < MATCH_N_NUMBERS; f++) {
            match_packet_set_bits(&packet, f, 0, ~packet.known[f]);
        }
        packet.inport = packet.inport ? packet.inport : "a";
        packet.outport = packet.outport ? packet.outport : "none";
        check_fields(match, &packet);
        CHECK(match_evaluate(match, &packet).result != MATCH_MAYBE
              || match->fields >> MATCH_CHASSIS_RESIDENT);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena arena;
    struct match_context context;
    char *text = malloc(size + 1); /* Of exactly that size, for ASan. */
    memcpy(text, bytes, size);
    text[size] = '\0';
    char *packet = memchr(text, '\n', size);
    if (packet) {
        *packet++ = '\0';
    }
    arena_init(&arena);
    match_context_init(&context, &arena, look_up_address_set,
                       look_up_port_group, NULL);
    fuzz_match(&context, text, packet ? packet : "1");
    match_context_done(&context);
    arena_done(&arena);
    free(text);
    return 0;
}
