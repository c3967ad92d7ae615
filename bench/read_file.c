/* Times the reading of one OVSDB file into rows, alone.
 *
 * usage: read_file nb|sb|ovs FILE
 *
 * Prints one JSON object: seconds (wall and CPU), bytes, records, rows that
 * exist.  Peak memory is the caller's to ask (wait4(2)). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "evidence/nb.h"
#include "evidence/ovs.h"
#include "evidence/sb.h"
#include "ovsdb/log.h"

static double
seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double) t.tv_sec + (double) t.tv_nsec * 1e-9;
}

static const struct ovsdb_spec *
spec_by_name(const char *db)
{
    const struct ovsdb_spec *specs[] = { &nb_spec, &sb_spec, &ovs_spec };
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        if (!strcmp(specs[i]->db, db)) {
            return specs[i];
        }
    }
    return NULL;
}

int
main(int argc, char *argv[])
{
    const struct ovsdb_spec *spec = argc == 3 ? spec_by_name(argv[1]) : NULL;
    struct stat status;
    if (!spec || stat(argv[2], &status)) {
        fputs("usage: read_file nb|sb|ovs FILE\n", stderr);
        return 2;
    }
    double wall = seconds(CLOCK_MONOTONIC);
    double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    struct ovsdb_log log;
    struct ovsdb_store store;
    ovsdb_store_init(&store, spec);
    struct error *error = ovsdb_log_open(&log, argv[2], -1);
    if (!error) {
        error = ovsdb_log_read_all(&log, &store);
    }
    wall = seconds(CLOCK_MONOTONIC) - wall;
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    if (error || log.cut) {
        fprintf(stderr, "%s\n", error ? error_text(error) : log.cut);
        return 1;
    }
    size_t n_rows = 0;
    for (unsigned t = 0; t < spec->n_tables; t++) {
        n_rows += store.tables[t].n_existing;
    }
    printf("{\"wall\": %.6f, \"cpu\": %.6f, \"bytes\": %lld, "
           "\"records\": %zu, \"rows\": %zu, \"arena\": %zu}\n",
           wall, cpu, (long long) status.st_size, store.n_records, n_rows,
           store.arena.used_bytes);
    ovsdb_log_close(&log);
    ovsdb_store_done(&store);
    return 0;
}
