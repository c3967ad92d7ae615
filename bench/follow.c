/* Changes a bundle's rows at random, follows each change, and says what that
 * cost; and, if asked, compares every verdict, finding and text with what a
 * check from scratch says.
 *
 * usage: follow DIR [--changes N] [--seed N] [--verify EVERY] [--daily]
 *              [--comings] [--only NAME] */
#include <getopt.h>
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
        { "daily", no_argument, NULL, 'd' },
        { "comings", no_argument, NULL, 'c' },
        { "only", required_argument, NULL, 'o' },
        { NULL, 0, NULL, 0 },
    };
    int option;
    *o = (struct options){ .n_changes = 1000, .seed = 1 };
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
        case 'd':
            o->mix = MUTATE_DAILY;
            break;
        case 'o':
            o->only = optarg;
            break;
        case 'c':
            o->mix = MUTATE_COMINGS;
            break;
        default:
            return false;
        }
    }
    o->directory = optind == argc - 1 ? argv[optind] : NULL;
    return o->directory && o->n_changes;
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

static int
run(struct evidence *e, const struct options *o)
{
    struct tracker f;
    struct mutation m;
    struct sample *samples = xcalloc(o->n_changes, sizeof *samples);
    size_t n_verified = 0, i;
    bool same = true;
    const char *trace = getenv("FOLLOW_TRACE");
    tracker_init(&f, e, o->only);
    mutation_init(&m, e, o->mix, o->seed);
    for (i = 0; same && i < o->n_changes; i++) {
        mutation_next(&m);
        double start = now_us();
        tracker_apply(&f, m.db);
        tracker_judge(&f);
        samples[i] =
            (struct sample){ now_us() - start, N_DIRECTIONS * f.n_judged,
                             f.was_rebuilt };
        if (trace) {
            fprintf(stderr, "%zu %s: %.1f us, %zu paths%s\n", i, m.what,
                    samples[i].us, samples[i].n_paths,
                    f.was_rebuilt ? ", rebuilt" : "");
        }
        if (o->verify_every && i % o->verify_every == 0) {
            same = verify(&f, o->only);
            n_verified++;
        }
    }
    if (same) {
        print(samples, o->n_changes, n_verified);
    } else {
        fprintf(stderr, "change %zu differs: %s: %.900s\n", i - 1, m.what,
                text_string(&m.text));
    }
    mutation_done(&m);
    tracker_done(&f);
    free(samples);
    return same ? 0 : 1;
}

int
main(int argc, char **argv)
{
    struct options o;
    struct evidence e;
    if (!parse(argc, argv, &o)) {
        fputs("usage: follow DIR [--changes N] [--seed N] [--verify EVERY] "
              "[--daily] [--comings] [--only NAME]\n",
              stderr);
        return 2;
    }
    struct collect_options collect = { .bundle = o.directory };
    evidence_init(&e);
    struct error *error = collect_gather(&collect, &e);
    int status = 2;
    if (error) {
        fprintf(stderr, "follow: %s\n", error_text(error));
        error_free(error);
    } else {
        status = run(&e, &o);
    }
    evidence_done(&e);
    return status;
}
