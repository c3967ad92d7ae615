/* Judging many endpoints on several processors.
 *
 * What is read is common: the fabric and the examinations of its things, which
 * are complete before.  What is written is each thread's own: its verdicts and
 * the endpoints' own examinations, and where they live; and what a policy or a
 * flood keeps of what it was asked: each thread borrows both.  The ACLs of
 * port groups are parsed once for all, by all threads together, before any
 * judges.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "flood/flood.h"
#include "policy/policy.h"
#include "reach/walk.h"

/* With fewer endpoints a thread costs more than it saves. */
#define MIN_SHARE 2000
#define MAX_THREADS 8

/* Endpoints that a thread takes at a time, of one switch mostly: each thread
 * chooses for itself which ACLs concern a switch's ports. */
#define BATCH 512

/* Likewise of port groups, whose ACLs are parsed before. */
#define GROUPS 64

/* What the threads have in common. */
struct shift {
    atomic_size_t next_group; /* That nobody took. */
    size_t n_groups;

    pthread_mutex_t mutex; /* Of what follows. */
    pthread_cond_t changed;
    size_t n_parsed; /* Of the groups. */
    bool has_begun;  /* Views are there, and all may judge. */

    /* The endpoints, their numbers as they are to be judged, and the first
     * that nobody took. */
    const struct fabric_endpoint *const *endpoints;
    const uint32_t *order;
    atomic_size_t next;
};

struct reach_worker {
    struct assessment view; /* The assessment, with what is its own. */
    struct arena arena;
    struct policy *policy;
    struct shift *shift;
    pthread_t thread;
};

static size_t
count_processors(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) ? 1
                                                  : (size_t) CPU_COUNT(&set);
}

static size_t
choose_n_threads(size_t n_endpoints)
{
    size_t n = n_endpoints / MIN_SHARE;
    if (n > 1) {
        size_t n_processors = count_processors();
        n = n < n_processors ? n : n_processors;
    }
    return n > MAX_THREADS ? MAX_THREADS : n;
}

static void
judge_some(struct assessment *view, const struct shift *shift,
           const uint32_t *numbers, size_t n)
{
    const struct fabric_endpoint *endpoints[FABRIC_AHEAD];
    for (size_t i = 0; i < n; i++) {
        endpoints[i] = shift->endpoints[numbers[i]];
    }
    fabric_look_ahead_at_endpoints(endpoints, n);
    policy_look_ahead(view->policy, endpoints, n);
    for (size_t i = 0; i < n; i++) {
        struct assessed_endpoint *e = &view->endpoints[numbers[i]];
        *e = (struct assessed_endpoint){ .endpoint = endpoints[i] };
        walk_judge_endpoint(view, e);
    }
}

static size_t
smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void
judge_share(struct assessment *view, struct shift *shift)
{
    size_t first;
    while ((first = atomic_fetch_add(&shift->next, BATCH))
           < view->n_endpoints) {
        size_t end = smaller(first + BATCH, view->n_endpoints);
        for (size_t i = first; i < end; i += FABRIC_AHEAD) {
            judge_some(view, shift, &shift->order[i],
                       smaller(FABRIC_AHEAD, end - i));
        }
    }
}

/* Parses ACLs, until others have taken all that are left. */
static void
parse_share(struct policy *policy, struct shift *shift)
{
    size_t first;
    while ((first = atomic_fetch_add(&shift->next_group, GROUPS))
           < shift->n_groups) {
        size_t n = smaller(GROUPS, shift->n_groups - first);
        policy_parse_groups(policy, first, n);
        pthread_mutex_lock(&shift->mutex);
        shift->n_parsed += n;
        pthread_cond_broadcast(&shift->changed);
        pthread_mutex_unlock(&shift->mutex);
    }
}

static void
wait_for_beginning(struct shift *shift)
{
    pthread_mutex_lock(&shift->mutex);
    while (!shift->has_begun) {
        pthread_cond_wait(&shift->changed, &shift->mutex);
    }
    pthread_mutex_unlock(&shift->mutex);
}

/* Once all ACLs are parsed. */
static void
begin(struct shift *shift)
{
    pthread_mutex_lock(&shift->mutex);
    while (shift->n_parsed < shift->n_groups) {
        pthread_cond_wait(&shift->changed, &shift->mutex);
    }
    shift->has_begun = true;
    pthread_cond_broadcast(&shift->changed);
    pthread_mutex_unlock(&shift->mutex);
}

static void *
work(void *worker)
{
    struct reach_worker *w = worker;
    parse_share(w->policy, w->shift);
    wait_for_beginning(w->shift);
    judge_share(&w->view, w->shift);
    return NULL;
}

static struct shift *
new_shift(struct assessment *a)
{
    struct shift *shift = arena_zalloc(&a->arena, sizeof *shift);
    shift->n_groups = policy_n_groups(a->policy);
    pthread_mutex_init(&shift->mutex, NULL);
    pthread_cond_init(&shift->changed, NULL);
    return shift;
}

/* What is this thread's own, in an assessment that is complete but for it. */
static void
set_view(struct reach_worker *w, const struct assessment *a)
{
    w->view = *a;
    w->view.judging = &w->arena;
    w->view.policy = w->policy;
    w->view.flood = flood_borrow(a->flood);
}

static void
done_worker(struct reach_worker *w)
{
    policy_free(w->policy);
    flood_free(w->view.flood);
    arena_done(&w->arena);
    memset(w, 0, sizeof *w);
}

static void
make_flood(void *making)
{
    struct flood_making *m = making;
    m->flood = flood_new(m->fabric);
}

void
workers_begin_flood(struct flood_making *m, const struct fabric *f)
{
    m->fabric = f;
    beside_begin(&m->beside, choose_n_threads(f->n_endpoints) > 1, make_flood,
                 m);
}

struct flood *
workers_end_flood(struct flood_making *m)
{
    beside_end(&m->beside);
    return m->flood;
}

void
workers_start(struct assessment *a)
{
    size_t n = choose_n_threads(a->fabric->n_endpoints);
    if (n < 2) {
        return;
    }
    struct shift *shift = new_shift(a);
    a->workers = arena_zalloc(&a->arena, (n - 1) * sizeof *a->workers);
    for (size_t i = 1; i < n; i++) {
        struct reach_worker *w = &a->workers[a->n_workers];
        arena_init(&w->arena);
        w->policy = policy_borrow(a->policy, &w->arena);
        w->shift = shift;
        if (pthread_create(&w->thread, NULL, work, w)) {
            done_worker(w);
        } else {
            a->n_workers++;
        }
    }
}

void
workers_judge(struct assessment *a,
              const struct fabric_endpoint *const *endpoints)
{
    struct shift alone = { .next = 0 };
    struct shift *shift = a->n_workers ? a->workers->shift : &alone;
    uint32_t *order = workers_order(endpoints, a->n_endpoints);
    shift->endpoints = endpoints;
    shift->order = order;
    for (size_t i = 0; i < a->n_workers; i++) {
        set_view(&a->workers[i], a);
    }
    if (a->n_workers) {
        parse_share(a->policy, shift);
        begin(shift);
    }
    judge_share(a, shift);
    for (size_t i = 0; i < a->n_workers; i++) {
        pthread_join(a->workers[i].thread, NULL);
        policy_take_back(a->policy, a->workers[i].policy);
    }
    if (a->n_workers) {
        pthread_cond_destroy(&shift->changed);
        pthread_mutex_destroy(&shift->mutex);
    }
    free(order);
}

void
workers_done(struct assessment *a)
{
    for (size_t i = 0; i < a->n_workers; i++) {
        done_worker(&a->workers[i]);
    }
}
