/* Which transaction lost an endpoint, or gave it back.
 *
 * Fed with one judgement after another of the same deployment as time goes on,
 * and with the timeline of what happened between them; keeps every change of
 * an endpoint's verdict (the worse of both directions) with the event that
 * made it.
 *
 * A finding knows the rows that it stands on, and their columns the records
 * that changed them last.  So what made a verdict change is not simply the
 * last transaction before it was seen: ovn-northd may have needed until after
 * the next one.  The other changes that a finding stands on are kept as well,
 * since a change that was harmless alone may have been half of the harm.
 *
 * No I/O; everything lives in the bisection's arena. */
#ifndef HISTORY_BISECT_H
#define HISTORY_BISECT_H 1

#include "history/timeline.h"
#include "reach/reach.h"

/* What verdict_names do not have: the endpoint did not exist. */
#define BISECT_ABSENT "absent"

struct bisect_change {
    size_t event;        /* Of the timeline; NO_EVENT if it is not known. */
    const char *from;    /* A verdict, or BISECT_ABSENT; the same as 'to'... */
    const char *to;      /* ...if the harm only came with a later change. */
    const char *message; /* Of the finding; NULL if there is none. */
    const char **codes;
    size_t n_codes;
    int64_t date_ms; /* When it was seen. */
    bool is_passing; /* Undetermined until the daemons have followed. */
};

struct bisect_endpoint {
    const char *id; /* Its address; of one that has none its port. */
    const char *port;
    const char *name;
    const char *state;
    int64_t known_since_ms; /* When it was judged first. */
    struct bisect_change *changes;
    size_t n_changes;

    /* Private. */
    size_t capacity;
    bool has_culprit;        /* When it was judged last. */
    struct finding *culprit; /* A part of it; NULL if it never had one. */
    size_t round;            /* In which it was seen last. */
};

/* Endpoints whose verdict one transaction changed in the same way. */
struct bisect_group {
    const struct bisect_change *change; /* Of the first of them. */
    struct bisect_endpoint **endpoints;
    size_t n;

    /* Private. */
    size_t capacity;
};

struct bisect {
    struct arena arena;
    struct bisect_endpoint **endpoints; /* In the order of appearance. */
    size_t n_endpoints;

    /* Private. */
    const struct timeline *timeline;
    const char *only; /* NULL: all. */
    size_t capacity;
    struct strmap index;
    size_t round;
    size_t first_event; /* That came after the last judgement. */
    bool is_unsettled;
    struct strmap names; /* Of what concerns them. */
    size_t n_skipped;
    bool is_grouped;
    struct bisect_group *groups;
    size_t n_groups, groups_capacity;
    struct strmap group_index;
};

/* Follows the endpoints that are called 'only' (as reach_find() has it), or
 * all if that is NULL. */
void bisect_init(struct bisect *, const struct timeline *, const char *only);
void bisect_done(struct bisect *);

/* Whether the timeline's last transaction (its event, or NULL if it was only
 * bookkeeping) may have changed a verdict; not if it only concerns others,
 * such as another VM's port. */
bool bisect_concerns(struct bisect *, const struct history_event *);

/* Takes the verdicts as they are after the timeline's last event. */
void bisect_judge(struct bisect *, const struct assessment *);

/* Whether it is broken, or in a storm, now. */
bool bisect_is_lost(const struct bisect_endpoint *);

/* All changes, but the first appearance of an endpoint, by what made them, in
 * the order of time.  '*ret' lives as long as the bisection. */
size_t bisect_group(struct bisect *, const struct bisect_group **ret);

#endif /* history/bisect.h */
