/* Judging many endpoints on several processors.
 *
 * What is read is common: the fabric and the examinations of its things, which
 * are complete before.  What is written is each thread's own: its verdicts and
 * the endpoints' own examinations, and where they live; and whatever keeps
 * what it has found out (policy, flood). */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "flood/flood.h"
#include "policy/policy.h"
#include "reach/walk.h"

/* With fewer endpoints a thread costs more than it saves. */
#define MIN_SHARE 2000
#define MAX_THREADS 8

/* Endpoints that a thread takes at a time: they stand by switches, whose ACLs
 * each thread parses for itself. */
#define BATCH 512

/* What the threads have in common while they judge. */
struct shift {
    atomic_size_t next; /* Of the endpoints, the first that nobody has taken.
                         */
};

struct reach_worker {
    struct assessment view; /* The assessment, with what is its own. */
    struct arena arena;
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
choose_n_threads(const struct assessment *a)
{
    size_t n = a->n_endpoints / MIN_SHARE;
    if (n > 1) {
        size_t n_processors = count_processors();
        n = n < n_processors ? n : n_processors;
    }
    return n > MAX_THREADS ? MAX_THREADS : n;
}

static void
judge_share(struct assessment *view, struct shift *shift)
{
    size_t first;
    while ((first = atomic_fetch_add(&shift->next, BATCH))
           < view->n_endpoints) {
        for (size_t i = first; i < first + BATCH && i < view->n_endpoints;
             i++) {
            walk_judge_endpoint(view, &view->endpoints[i]);
        }
    }
}

static void *
work(void *worker)
{
    struct reach_worker *w = worker;
    w->view.policy = policy_new(w->view.fabric, &w->arena);
    w->view.flood = flood_new(w->view.fabric);
    judge_share(&w->view, w->shift);
    return NULL;
}

/* Starts a worker, if that can be. */
static void
start(struct assessment *a, struct shift *shift)
{
    struct reach_worker *w = &a->workers[a->n_workers];
    arena_init(&w->arena);
    w->view = *a;
    w->view.judging = &w->arena;
    w->view.policy = NULL;
    w->view.flood = NULL;
    w->shift = shift;
    a->n_workers += !pthread_create(&w->thread, NULL, work, w);
}

void
workers_judge(struct assessment *a)
{
    struct shift shift = { 0 };
    size_t n = choose_n_threads(a);
    a->workers =
        n > 1 ? arena_zalloc(&a->arena, n * sizeof *a->workers) : NULL;
    for (size_t i = 1; i < n; i++) {
        start(a, &shift);
    }
    judge_share(a, &shift);
    for (size_t i = 0; i < a->n_workers; i++) {
        pthread_join(a->workers[i].thread, NULL);
    }
}

void
workers_done(struct assessment *a)
{
    for (size_t i = 0; i < a->n_workers; i++) {
        policy_free(a->workers[i].view.policy);
        flood_free(a->workers[i].view.flood);
        arena_done(&a->workers[i].arena);
    }
}
