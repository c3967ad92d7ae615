/* Trying a transaction on the evidence, without any database.
 *
 * A transaction in the form of the log file (ovsdb(5), "Standalone Format")
 * is committed into the stores of the evidence, as if its database's server
 * had written it; follow.h then adds what the daemons would make of it.  From
 * then on the evidence is that of a deployment that does not exist: judge it,
 * and gather again for anything else.
 *
 * No I/O. */
#ifndef REPAIR_SIMULATION_H
#define REPAIR_SIMULATION_H 1

#include "base/error.h"
#include "evidence/evidence.h"

/* Commits the transaction 'json' to the rows of 'db' and, if that is another
 * store, to its log, so that what is deleted has a past.  The store keeps its
 * deltas.  On an error, which names the database, nothing has changed. */
struct error *simulation_commit(struct evidence_db *, const char *json,
                                size_t length);

/* Adds a flow of priority 0, as `ovs-ofctl dump-flows` would show it, to what
 * was gathered of a bridge.  It is no row: see tracker_distrust(). */
void simulation_add_flow(struct evidence *, const char *chassis,
                         const char *bridge, const char *actions);

#endif /* repair/simulation.h */
