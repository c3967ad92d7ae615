#include "fabric/mappings.h"

#include <string.h>

#define MAX_NAME_LENGTH 64
#define MAX_SLIPS 2

void
mappings_parse(struct mappings *m, const char *text, struct arena *arena)
{
    memset(m, 0, sizeof *m);
    m->text = text;
    if (!text) {
        return;
    }
    size_t n_items = 1;
    for (const char *p = text; *p; p++) {
        n_items += *p == ',';
    }
    m->items = arena_alloc(arena, n_items * sizeof *m->items);
    for (const char *p = text; *p;) {
        size_t length = strcspn(p, ",");
        const char *item = arena_strndup(arena, p, length);
        const char *next = p[length] ? p + length + 1 : p + length;
        const char *colon = strchr(item, ':');
        if (!colon || colon == item || !colon[1]) {
            m->malformed = item;
            m->lost = next;
            return;
        }
        m->items[m->n].network =
            arena_strndup(arena, item, (size_t) (colon - item));
        m->items[m->n++].bridge = arena_strdup(arena, colon + 1);
        p = next;
    }
}

const char *
mappings_find(const struct mappings *m, const char *network)
{
    for (size_t i = 0; i < m->n; i++) {
        if (!strcmp(m->items[i].network, network)) {
            return m->items[i].bridge;
        }
    }
    return NULL;
}

static bool
equals_trimmed(const char *s, const char *name)
{
    static const char space[] = " \t\r\n\"'";
    s += strspn(s, space);
    size_t length = strlen(name);
    return !strncmp(s, name, length)
           && s[length + strspn(s + length, space)] == '\0';
}

const struct mapping *
mappings_find_untrimmed(const struct mappings *m, const char *network)
{
    for (size_t i = 0; i < m->n; i++) {
        if (strcmp(m->items[i].network, network)
            && equals_trimmed(m->items[i].network, network)) {
            return &m->items[i];
        }
    }
    return NULL;
}

/* Levenshtein's distance; more than MAX_SLIPS for long names. */
static unsigned
edit_distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    unsigned row[MAX_NAME_LENGTH + 1];
    if (n > MAX_NAME_LENGTH || m > MAX_NAME_LENGTH) {
        return MAX_SLIPS + 1;
    }
    for (size_t j = 0; j <= m; j++) {
        row[j] = (unsigned) j;
    }
    for (size_t i = 1; i <= n; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned) i;
        for (size_t j = 1; j <= m; j++) {
            unsigned change = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            unsigned best = row[j] < row[j - 1] ? row[j] : row[j - 1];
            row[j] = best + 1 < change ? best + 1 : change;
        }
    }
    return row[m];
}

const char *
mappings_nearest(const struct mappings *m, const char *network)
{
    const char *nearest = NULL;
    unsigned best = MAX_SLIPS + 1;
    for (size_t i = 0; i < m->n; i++) {
        unsigned distance = edit_distance(network, m->items[i].network);
        if (distance < best) {
            best = distance;
            nearest = m->items[i].network;
        }
    }
    return nearest;
}
