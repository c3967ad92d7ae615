/* Runs a command and says what it cost, on file descriptor 3.
 *
 * usage: measure [--touch BYTES] COMMAND [ARGUMENT...] 3>FILE
 *
 * With --touch so much memory was in use just before.  A virtual machine's
 * host may take back what is free, and then a program pays for getting it:
 * some microseconds for each 4 KiB, instead of a fraction of one.
 *
 * Not in Python: Linux counts the memory of the process that calls execve(2)
 * into the peak of the program that it starts (exec_mmap() in fs/exec.c), and
 * an interpreter alone is larger than a home lab's budget. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double
of_timeval(struct timeval t)
{
    return (double) t.tv_sec + (double) t.tv_usec * 1e-6;
}

static double
now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double) t.tv_sec + (double) t.tv_nsec * 1e-9;
}

/* Nothing of it counts into the peak of what is started. */
static bool
touch(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) {
        perror("mmap");
        return false;
    }
    madvise(p, size, MADV_HUGEPAGE);
    memset(p, 1, size);
    return !munmap(p, size);
}

int
main(int argc, char *argv[])
{
    if (argc > 3 && !strcmp(argv[1], "--touch")) {
        if (!touch(strtoull(argv[2], NULL, 10))) {
            return 2;
        }
        argc -= 2;
        argv += 2;
    }
    if (argc < 2 || fcntl(3, F_SETFD, FD_CLOEXEC)) {
        fputs("usage: measure [--touch BYTES] COMMAND [ARGUMENT...] 3>FILE\n",
              stderr);
        return 2;
    }
    double start = now();
    pid_t pid = fork();
    if (!pid) {
        execvp(argv[1], &argv[1]);
        perror(argv[1]);
        _exit(127);
    }
    int status;
    struct rusage usage;
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid) {
        perror("measure");
        return 2;
    }
    dprintf(3,
            "{\"status\": %d, \"wall\": %.6f, \"cpu\": %.6f, "
            "\"peak_bytes\": %ld}\n",
            WIFEXITED(status) ? WEXITSTATUS(status) : -1, now() - start,
            of_timeval(usage.ru_utime) + of_timeval(usage.ru_stime),
            usage.ru_maxrss * 1024L);
    return 0;
}
