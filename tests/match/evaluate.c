/* Answers questions about matches, for tests/match/differential.
 *
 * usage: match-evaluate < QUESTIONS
 *
 * Lines of QUESTIONS, with tabs between their parts:
 *
 *     $NAME   ADDRESS...              an address set
 *     @NAME   PORT...                 a port group
 *     ?       MATCH PACKET [FIELD...] is MATCH true of PACKET?
 *
 * PACKET is a match itself, as ovn-trace's microflow is: what it does not
 * mention is 0, and the ports a, b and c reside here.  FIELDs are then made
 * unknown.  Each question is answered by a line: "yes", "no", "maybe SYMBOL",
 * "error TEXT" or "bad PACKET". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match/match.h"

#define MAX_PARTS 4096

struct members {
    const char **items;
    size_t n;
};

struct sets {
    struct strmap address_sets, port_groups;
};

static bool
look_up(const struct strmap *map, const char *name,
        const char *const **ret_members, size_t *ret_n)
{
    const struct members *members = strmap_get(map, name);
    if (members) {
        *ret_members = members->items;
        *ret_n = members->n;
    }
    return members;
}

static bool
look_up_address_set(void *sets, const char *name,
                    const char *const **ret_members, size_t *ret_n)
{
    return look_up(&((struct sets *) sets)->address_sets, name, ret_members,
                   ret_n);
}

static bool
look_up_port_group(void *sets, const char *name,
                   const char *const **ret_members, size_t *ret_n)
{
    return look_up(&((struct sets *) sets)->port_groups, name, ret_members,
                   ret_n);
}

static void
define(struct strmap *map, char **parts, size_t n, struct arena *arena)
{
    struct members *members = arena_alloc(arena, sizeof *members);
    members->n = n - 1;
    members->items = arena_alloc(arena, n * sizeof *members->items);
    for (size_t i = 1; i < n; i++) {
        members->items[i - 1] = arena_strdup(arena, parts[i]);
    }
    *strmap_place(map, arena_strdup(arena, parts[0] + 1)) = members;
}

static enum match_result
is_resident(void *aux PROVNET_UNUSED, const char *port)
{
    return *port && strchr("abc", *port) && !port[1] ? MATCH_YES : MATCH_NO;
}

/* Makes the packet; false if its text says less or more than one packet. */
static bool
make_packet(struct match_packet *packet, struct match_context *context,
            char **parts, size_t n)
{
    const struct match *match;
    struct error *error = match_parse(context, parts[2], &match);
    match_packet_init(packet);
    if (error) {
        error_free(error);
        return false;
    }
    bool whole = match_assume(match, packet);
    for (enum match_field f = 0; f < MATCH_N_NUMBERS; f++) {
        match_packet_set_bits(packet, f, 0, ~packet->known[f]);
    }
    packet->inport = packet->inport ? packet->inport : "none";
    packet->outport = packet->outport ? packet->outport : "none";
    packet->resident = is_resident;
    for (size_t i = 3; i < n; i++) {
        for (enum match_field f = 0; f < MATCH_N_FIELDS; f++) {
            if (!strcmp(match_field_name(f), parts[i])) {
                match_packet_forget(packet, f);
            }
        }
    }
    return whole;
}

static void
answer(struct match_context *context, char **parts, size_t n)
{
    const struct match *match;
    struct match_packet packet;
    struct error *error = match_parse(context, parts[1], &match);
    if (error) {
        printf("error %s\n", error_text(error));
        error_free(error);
    } else if (!make_packet(&packet, context, parts, n)) {
        puts("bad packet");
    } else {
        struct match_verdict verdict = match_evaluate(match, &packet);
        printf("%s%s\n",
               verdict.result == MATCH_YES  ? "yes"
               : verdict.result == MATCH_NO ? "no"
                                            : "maybe ",
               verdict.result == MATCH_MAYBE ? verdict.symbol : "");
    }
}

int
main(void)
{
    struct arena arena;
    struct sets sets;
    struct match_context context;
    arena_init(&arena);
    strmap_init(&sets.address_sets);
    strmap_init(&sets.port_groups);
    match_context_init(&context, &arena, look_up_address_set,
                       look_up_port_group, &sets);
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, stdin) > 0) {
        char *parts[MAX_PARTS], *rest = line;
        size_t n = 0;
        line[strcspn(line, "\n")] = '\0';
        while (n < MAX_PARTS && (parts[n] = strsep(&rest, "\t"))) {
            n++;
        }
        if (*line == '$' || *line == '@') {
            define(*line == '$' ? &sets.address_sets : &sets.port_groups,
                   parts, n, &arena);
        } else if (n >= 3) {
            answer(&context, parts, n);
        }
    }
    free(line);
    match_context_done(&context);
    strmap_done(&sets.address_sets);
    strmap_done(&sets.port_groups);
    arena_done(&arena);
    return 0;
}
