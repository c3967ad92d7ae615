/* Copies of the databases, on which anybody may try anything.
 *
 * A scratch copies the databases of some evidence into a folder of its own and
 * serves them with ovsdb-servers of its own, so that the user's own command
 * (ovn-nbctl, ovs-vsctl, a script, Neutron's tool) can run on them.  What it
 * wrote stands at the end of the copies' logs.  Nothing else is written, and
 * no daemon of OVN is at work on the copies; whoever waits for one (--wait=hv,
 * ovs-vsctl without --no-wait) is answered at once.
 *
 * The command's environment names the copies (OVN_NB_DB, OVN_SB_DB, OVS_DB),
 * names no other (OVN_NB_DAEMON and the like are taken away), and, where the
 * kernel allows it, the usual run directories of OVN and Open vSwitch lead to
 * the copies as well, and the unix sockets of the databases that were copied
 * lead nowhere.  A --db of its own would lead outside, and is refused, as is
 * what runs commands elsewhere (sudo, docker, ssh).  Over the network, and by
 * other sockets, the command reaches what it reaches.
 *
 * The servers end with the scratch, and with the process, however that ends;
 * the folder with the scratch: what is killed leaves it in TMPDIR. */
#ifndef APPLY_SCRATCH_H
#define APPLY_SCRATCH_H 1

#include "base/error.h"
#include "collect/collect.h"
#include "repair/trial.h"

struct scratch;

/* A database's copy. */
struct scratch_db {
    struct evidence_db *db; /* What it is a copy of. */
    const char *chassis;    /* Of an Open vSwitch; else NULL. */
    const char *file;
    const char *remote; /* Where it is served. */
    uint64_t size;      /* Bytes of the copy when it was made. */
};

/* Of databases that were gathered with 'options'.  They are copied when they
 * are needed. */
struct error *scratch_new(struct evidence *, const struct collect_options *,
                          struct scratch **ret);
void scratch_free(struct scratch *);

/* What was copied. */
const struct scratch_db *scratch_dbs(const struct scratch *, size_t *ret_n);

/* Serves the copies, runs 'argv' on them, and stops the servers.  The
 * command's output goes to standard error; '*ret_status' is its exit status.
 */
struct error *scratch_run(struct scratch *, char **argv, int *ret_status);

/* Does the transaction in the file at 'path', operations of RFC 7047 as an
 * array with or without the database's name before them, on the copy of 'db'
 * that it names (NB, if it names none), without serving it. */
struct error *scratch_transact(struct scratch *, const char *path);

/* Does a transaction, the parameters of a "transact", on the copy of 'db'.
 * '*ret_refused', unless NULL: the error is the database's own, such as a
 * condition that does not hold; else it could not be tried. */
struct error *scratch_do(struct scratch *, struct evidence_db *,
                         const char *chassis, const char *params,
                         bool *ret_refused);

/* Tries what was done to the copies on the evidence, and what the daemons
 * would make of it: trial_begin() came before. */
struct error *scratch_try(const struct scratch *, struct trial *);

#endif /* apply/scratch.h */
