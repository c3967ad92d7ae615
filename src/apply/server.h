/* Private ovsdb-servers, and a command that runs on what they serve.
 * Private to apply/: see scratch.h.
 *
 * The servers are children of this process, and the kernel ends them with it;
 * so is the command.  While the command runs, whoever asks through the
 * databases how far the daemons are (nb_cfg in NB_Global, next_cfg in
 * Open_vSwitch) is told that they have done all: there are none. */
#ifndef APPLY_SERVER_H
#define APPLY_SERVER_H 1

#include "apply/scratch.h"

struct servers;

/* Serves the 'n' copies, with sockets in 'dir'.  servers_stop() in any case.
 */
struct error *servers_start(const struct scratch_db *, size_t n,
                            const char *dir, struct servers **ret);
void servers_stop(struct servers *);

/* Runs 'argv' with the environment and, if that can be had, the run
 * directories of the copies. */
struct error *servers_run(struct servers *, char **argv, int *ret_status);

#endif /* apply/server.h */
