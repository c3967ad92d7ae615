/* Changes a bundle's rows at random, follows each change, and says what that
 * cost; and, if asked, compares every verdict, finding and text with what a
 * check from scratch says.
 *
 * usage: follow DIR [--changes N] [--seed N] [--verify EVERY] [--afresh N]
 *              [--daily] [--comings] [--several] [--targeted] [--only NAME]
 *
 * With --several, up to three transactions are judged together.
 *
 * Changes take more away than they bring: after some thousands little is left
 * to be judged.  --afresh begins again with the bundle after N of them, and
 * the next seed. */
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "collect/collect.h"
#include "mutation.h"
#include "reach/tracker.h"
#include "report/report.h"

struct options {
    const char *directory;
    const char *only; /* Endpoints that are called so; NULL: all. */
    size_t n_changes;
    size_t verify_every; /* 0: never. */
    size_t afresh;       /* After so many changes from the bundle again. */
    size_t n_runs;       /* Of the same changes; medians of each count. */
    uint64_t seed;
    enum mutation_mix mix;
};

struct sample {
    double us;
    size_t n_paths;
    bool was_rebuilt;
};

static double
now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double) t.tv_sec * 1e6 + (double) t.tv_nsec * 1e-3;
}

static bool
parse(int argc, char **argv, struct options *o)
{
    static const struct option options[] = {
        { "changes", required_argument, NULL, 'n' },
        { "seed", required_argument, NULL, 's' },
        { "verify", required_argument, NULL, 'v' },
        { "afresh", required_argument, NULL, 'a' },
        { "daily", no_argument, NULL, 'd' },
        { "comings", no_argument, NULL, 'c' },
        { "several", no_argument, NULL, 'm' },
        { "targeted", no_argument, NULL, 't' },
        { "runs", required_argument, NULL, 'r' },
        { "only", required_argument, NULL, 'o' },
        { NULL, 0, NULL, 0 },
    };
    int option;
    *o = (struct options){
        .n_changes = 1000, .afresh = SIZE_MAX, .n_runs = 1, .seed = 1
    };
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'n':
            o->n_changes = strtoul(optarg, NULL, 10);
            break;
        case 's':
            o->seed = strtoul(optarg, NULL, 10);
            break;
        case 'v':
            o->verify_every = strtoul(optarg, NULL, 10);
            break;
        case 'a':
            o->afresh = strtoul(optarg, NULL, 10);
            break;
        case 'd':
            o->mix = MUTATE_DAILY;
            break;
        case 'o':
            o->only = optarg;
            break;
        case 'c':
            o->mix = MUTATE_COMINGS;
            break;
        case 'm':
            o->mix = MUTATE_SEVERAL;
            break;
        case 't':
            o->mix = MUTATE_TARGETED;
            break;
        case 'r':
            o->n_runs = strtoul(optarg, NULL, 10);
            break;
        default:
            return false;
        }
    }
    o->directory = optind == argc - 1 ? argv[optind] : NULL;
    return o->directory && o->n_changes && o->afresh && o->n_runs;
}

/* Paths that a change may touch within 250 us at 10 us a path. */
#define FEW_PATHS 25

/* Lines in which two texts differ. */
static void
print_difference(const char *ours, const char *theirs)
{
    for (int n = 0; n < 4 && *ours && *theirs;) {
        int length = (int) strcspn(ours, "\n");
        int other = (int) strcspn(theirs, "\n");
        if (length != other || memcmp(ours, theirs, (size_t) length)) {
            fprintf(stderr, "followed:     %.*s\nfrom scratch: %.*s\n\n",
                    length, ours, other, theirs);
            n++;
        }
        ours += length + (ours[length] == '\n');
        theirs += other + (theirs[other] == '\n');
    }
}

static bool
verify(struct tracker *f, const char *only)
{
    struct fabric fabric;
    struct assessment scratch;
    struct text ours, theirs;
    text_init(&ours, TEXT_CEILING_BYTES);
    text_init(&theirs, TEXT_CEILING_BYTES);
    fabric_init(&fabric, f->fabric.evidence);
    reach_assess(&scratch, &fabric, only);
    tracker_collect(f);
    report_check_json(&f->assessment, NULL, 0, &ours);
    report_check_json(&scratch, NULL, 0, &theirs);
    bool same = !strcmp(text_string(&ours), text_string(&theirs));
    if (!same) {
        print_difference(text_string(&ours), text_string(&theirs));
    }
    text_done(&ours);
    text_done(&theirs);
    assessment_done(&scratch);
    fabric_done(&fabric);
    return same;
}

static int
compare_samples(const void *a_, const void *b_)
{
    const struct sample *a = a_, *b = b_;
    return (a->us > b->us) - (a->us < b->us);
}

/* A change that touches n paths may take 1 ms + 10 us x n. */
static bool
is_within(const struct sample *s)
{
    return s->us <= 1000 + 10 * (double) s->n_paths;
}

/* The 99th percentile of those sorted samples that touch few paths. */
static double
p99_of_few(const struct sample *samples, size_t n)
{
    size_t n_few = 0, i = 0;
    for (size_t j = 0; j < n; j++) {
        n_few += samples[j].n_paths <= FEW_PATHS;
    }
    for (size_t left = n_few * 99 / 100; n_few; i++) {
        if (samples[i].n_paths <= FEW_PATHS && !left--) {
            return samples[i].us;
        }
    }
    return 0;
}

/* Makes of the samples of 'n_runs' runs of 'n' changes, one run after the
 * other, those of one: each change's median.  What somebody else did to the
 * processor meanwhile hardly meets the same change twice. */
static void
take_medians(struct sample *samples, size_t n, size_t n_runs)
{
    struct sample *of_one = xcalloc(n_runs, sizeof *of_one);
    for (size_t i = 0; i < n; i++) {
        for (size_t run = 0; run < n_runs; run++) {
            of_one[run] = samples[run * n + i];
        }
        qsort(of_one, n_runs, sizeof *of_one, compare_samples);
        samples[i] = of_one[n_runs / 2];
    }
    free(of_one);
}

static void
print(struct sample *samples, size_t n, size_t n_verified)
{
    size_t n_rebuilt = 0, n_within = 0, n_paths = 0;
    double total = 0;
    for (size_t i = 0; i < n; i++) {
        n_rebuilt += samples[i].was_rebuilt;
        n_within += is_within(&samples[i]);
        n_paths += samples[i].n_paths;
        total += samples[i].us;
    }
    qsort(samples, n, sizeof *samples, compare_samples);
    printf("{\"changes\": %zu, \"verified\": %zu, \"rebuilt\": %zu, "
           "\"within\": %zu, \"paths\": %zu, \"p50_us\": %.2f, "
           "\"p90_us\": %.2f, \"p99_us\": %.2f, \"p99_few_us\": %.2f, "
           "\"max_us\": %.1f, \"mean_us\": %.2f}\n",
           n, n_verified, n_rebuilt, n_within, n_paths, samples[n / 2].us,
           samples[n * 9 / 10].us, samples[n * 99 / 100].us,
           p99_of_few(samples, n), samples[n - 1].us, total / (double) n);
}

/* What all rounds have in common. */
struct following {
    const struct options *options;
    struct sample *samples; /* Room for all changes of a run. */
    size_t n, n_verified;
};

/* Follows the next change, and returns whether it comes out as it should. */
static bool
follow(struct following *g, struct tracker *f, struct mutation *m)
{
    struct sample *sample = &g->samples[g->n];
    size_t every = g->options->verify_every;
    bool same = true;
    size_t n = g->options->mix == MUTATE_SEVERAL ? 1 + g->n % 3 : 1;
    double us = 0;
    for (size_t i = 0; i < n; i++) {
        mutation_next(m);
        double start = now_us();
        tracker_apply(f, m->db);
        us += now_us() - start;
    }
    double start = now_us();
    tracker_judge(f);
    us += now_us() - start;
    *sample =
        (struct sample){ us, N_DIRECTIONS * f->n_judged, f->was_rebuilt };
    if (getenv("FOLLOW_TRACE")) {
        fprintf(stderr, "%zu %s: %.1f us, %zu paths%s\n", g->n, m->what,
                sample->us, sample->n_paths,
                f->was_rebuilt ? ", rebuilt" : "");
    }
    if (every && g->n % every == 0) {
        same = verify(f, g->options->only);
        g->n_verified++;
    }
    if (!same) {
        fprintf(stderr, "change %zu differs: %s: %.900s\n", g->n, m->what,
                text_string(&m->text));
    }
    g->n++;
    return same;
}

/* Follows up to 'n' changes of what was gathered. */
static bool
run(struct following *g, struct evidence *e, size_t n, uint64_t seed)
{
    struct tracker f;
    struct mutation m;
    bool same = true;
    /* Of a server, BFD's state counts: a file may be old. */
    for (size_t i = 0; g->options->mix == MUTATE_TARGETED && i < e->n_chassis;
         i++) {
        e->chassis[i]->ovs.live = true;
    }
    tracker_init(&f, e, g->options->only);
    mutation_init(&m, e, g->options->mix, seed);
    for (size_t i = 0; same && i < n; i++) {
        same = follow(g, &f, &m);
    }
    mutation_done(&m);
    tracker_done(&f);
    return same;
}

/* A round begins with the bundle as it is on disk.  Exit status. */
static int
run_round(struct following *g, uint64_t seed)
{
    const struct options *o = g->options;
    size_t n =
        o->n_changes - g->n < o->afresh ? o->n_changes - g->n : o->afresh;
    struct collect_options collect = { .bundle = o->directory };
    struct evidence e;
    int status;
    evidence_init(&e);
    struct error *error = collect_gather(&collect, &e);
    if (error) {
        fprintf(stderr, "follow: %s\n", error_text(error));
        error_free(error);
        status = 2;
    } else {
        status = run(g, &e, n, seed) ? 0 : 1;
    }
    evidence_done(&e);
    return status;
}

/* All rounds.  Exit status. */
static int
run_rounds(struct following *g)
{
    const struct options *o = g->options;
    int status = 0;
    g->n = g->n_verified = 0;
    for (uint64_t seed = o->seed; !status && g->n < o->n_changes; seed++) {
        status = run_round(g, seed);
    }
    return status;
}

int
main(int argc, char **argv)
{
    struct options o;
    if (!parse(argc, argv, &o)) {
        fputs("usage: follow DIR [--changes N] [--seed N] [--verify EVERY] "
              "[--afresh N] [--daily] [--comings] [--several] "
              "[--targeted] [--runs N] [--only NAME]\n",
              stderr);
        return 2;
    }
    struct following g = { .options = &o };
    int status = 0;
    struct sample *samples = xcalloc(o.n_changes * o.n_runs, sizeof *samples);
    for (size_t i = 0; !status && i < o.n_runs; i++) {
        g.samples = samples + i * o.n_changes;
        status = run_rounds(&g);
    }
    if (!status) {
        take_medians(samples, o.n_changes, o.n_runs);
        print(samples, o.n_changes, g.n_verified);
    }
    free(samples);
    return status;
}
