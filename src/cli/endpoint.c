/* The endpoint that an argument names. */
#include "cli/cli.h"

/* An error names no more than these. */
#define MAX_CANDIDATES 4

/* What to call an endpoint so that it is the only one, if anything helps. */
static const char *
unique_name(struct assessment *a, const struct assessed_endpoint *at)
{
    const struct fabric_endpoint *e = at->endpoint;
    const char *parts[] = { "", e->port, e->name, e->ls->network,
                            e->ls->name };
    const char *first = *e->address ? e->address : e->port;
    for (size_t i = 0; i < N_ELEMENTS(parts); i++) {
        const char *name =
            arena_printf(&a->arena, "%s%s%s", first, i ? "@" : "", parts[i]);
        if (reach_find(a, name, NULL) == at && !reach_find(a, name, at)) {
            return name;
        }
    }
    return arena_printf(&a->arena, "%s@%s", first, e->port);
}

static struct error *
refuse_many(struct assessment *a, const char *name)
{
    const struct assessed_endpoint *at = NULL;
    const char *list = "";
    size_t n = 0;
    while ((at = reach_find(a, name, at))) {
        if (n++ < MAX_CANDIDATES) {
            list = arena_printf(&a->arena, "%s%s%s (network %s)", list,
                                n > 1 ? ", " : "", unique_name(a, at),
                                at->endpoint->ls->network);
        }
    }
    return error_hint(error_new("\"%s\" names %zu endpoints", name, n),
                      "give one of %s%s", list,
                      n > MAX_CANDIDATES ? ", ..." : "");
}

struct error *
cli_find_endpoint(struct assessment *a, const char *name,
                  const struct assessed_endpoint **ret)
{
    const struct assessed_endpoint *found = reach_find(a, name, NULL);
    if (!found) {
        return error_hint(
            error_new("no endpoint is called \"%s\"", name),
            "an address, a logical switch port or a Neutron port name; "
            "`provnet check --all` lists them");
    }
    if (reach_find(a, name, found)) {
        return refuse_many(a, name);
    }
    *ret = found;
    return NULL;
}
