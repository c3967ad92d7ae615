/* Times the judging of all endpoints alone, the model being in memory.
 *
 * usage: judge [--central] DIR
 *
 * With --central, of DIR's nb.db and sb.db only.  Prints one JSON object:
 * seconds (wall, and CPU of all threads) of reach_assess(), and of
 * fabric_init() before it, endpoints, paths.  Peak memory is the caller's to
 * ask (wait4(2)). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/arena.h"
#include "collect/collect.h"
#include "reach/reach.h"

struct cost {
    double wall, cpu;
};

static double
of_timeval(struct timeval t)
{
    return (double) t.tv_sec + (double) t.tv_usec * 1e-6;
}

static struct cost
now(void)
{
    struct timespec t;
    struct rusage usage;
    clock_gettime(CLOCK_MONOTONIC, &t);
    getrusage(RUSAGE_SELF, &usage);
    return (struct cost){
        .wall = (double) t.tv_sec + (double) t.tv_nsec * 1e-9,
        .cpu = of_timeval(usage.ru_utime) + of_timeval(usage.ru_stime),
    };
}

static struct cost
since(struct cost start)
{
    struct cost end = now();
    return (struct cost){ end.wall - start.wall, end.cpu - start.cpu };
}

static struct error *
gather(const char *directory, bool is_central, struct evidence *e)
{
    char nb[4096], sb[4096];
    struct collect_options options = { .bundle = directory };
    if (is_central) {
        snprintf(nb, sizeof nb, "%s/nb.db", directory);
        snprintf(sb, sizeof sb, "%s/sb.db", directory);
        options = (struct collect_options){ .nb = nb, .sb = sb };
    }
    return collect_gather(&options, e);
}

static void
judge(struct evidence *e)
{
    struct fabric fabric;
    struct assessment assessment;
    struct cost start = now();
    fabric_init(&fabric, e);
    struct cost building = since(start);
    start = now();
    reach_assess(&assessment, &fabric, NULL);
    struct cost judging = since(start);
    printf("{\"wall\": %.6f, \"cpu\": %.6f, \"fabric_wall\": %.6f, "
           "\"fabric_cpu\": %.6f, \"endpoints\": %zu, \"paths\": %zu, "
           "\"findings\": %zu}\n",
           judging.wall, judging.cpu, building.wall, building.cpu,
           assessment.n_endpoints, assessment.n_endpoints * N_DIRECTIONS,
           assessment.n_findings);
    assessment_done(&assessment);
    fabric_done(&fabric);
}

int
main(int argc, char *argv[])
{
    bool is_central = argc == 3 && !strcmp(argv[1], "--central");
    if (argc != 2 + is_central) {
        fputs("usage: judge [--central] DIR\n", stderr);
        return 2;
    }
    struct evidence e;
    evidence_init(&e);
    int status = 2;
    struct error *error = gather(argv[argc - 1], is_central, &e);
    if (error) {
        fprintf(stderr, "judge: %s\n", error_text(error));
        error_free(error);
    } else {
        judge(&e);
        status = 0;
    }
    evidence_done(&e);
    return status;
}
