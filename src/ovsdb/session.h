/* One consistent snapshot of a live database, or one transaction, over
 * JSON-RPC.
 *
 * A session connects, asks for the schema (get_schema) and for the state of
 * the server's database (a select on _Server.Database, ovsdb-server(5)), and
 * then for all rows at once by monitor_cond_since (ovsdb-server(7), section
 * 4.1.15), or, from older servers, monitor_cond (4.1.12) or monitor (RFC 7047,
 * section 4.1.5).  It asks for the tables and columns that the store's spec
 * wants and the schema has, nothing else.  The reply is parsed out of the
 * input's window straight into the store, whatever its size.  Then the
 * connection is closed: nothing is monitored for longer.
 *
 * The server is not trusted: what is no JSON-RPC, ends early, never comes, is
 * too deep or too long is an error, never a crash, a hang or memory without
 * bound (OVSDB_SESSION_MAX_...).  An 'echo' request is answered; any other
 * request or notification is passed over.
 *
 * Errors name the remote, say what happened, and what to do next. */
#ifndef OVSDB_SESSION_H
#define OVSDB_SESSION_H 1

#include <stdint.h>
#include <sys/types.h>
#include "ovsdb/store.h"
#include "ovsdb/stream.h"

/* Bytes taken from a server before its rows come, and altogether.  For
 * comparison: OVN's largest schema has 40 kB, and a southbound database of
 * 50,000 VMs 0.5 GB, nearly all of it Logical_Flow. */
#define OVSDB_SESSION_MAX_TALK_BYTES ((uint64_t) 16 << 20)
#define OVSDB_SESSION_MAX_BYTES ((uint64_t) 1 << 30)

struct ovsdb_session_info {
    char *remote;   /* The one that answered; the caller frees it. */
    uint64_t bytes; /* Received from it. */
    pid_t peer_pid; /* See ovsdb_stream_peer_pid(); 0 if unknown. */
};

/* Fills 'store', which must be freshly initialised, with the rows that the
 * database of its spec's name has now, as its record 1 (0 is the schema).
 *
 * 'remotes' is a remote, or several separated by commas: the members of one
 * cluster, which are tried in turn until one answers that is connected to its
 * cluster ("cid:UUID" in the list asks for that cluster).  A member that says
 * nothing gets its share of the time only.
 *
 * '*ret_info' is filled on success only.  On failure the store is as freshly
 * initialised. */
struct error *ovsdb_session_snapshot(const char *remotes,
                                     const struct ovsdb_tls *tls,
                                     int64_t deadline_ms,
                                     struct ovsdb_store *store,
                                     struct ovsdb_session_info *ret_info);

/* Does one transaction: 'params' is the JSON array [<db-name>, <operation>...]
 * (RFC 7047, section 4.1.3) of the database called 'name'.  An operation that
 * fails makes all of it fail, and is the error.  The results are in '*ret', in
 * 'arena', unless 'ret' is NULL; also those of a transaction that failed, so
 * that with an error '*ret', NULL before, tells whether it surely did not
 * happen.
 *
 * One 'remote', never a list: a transaction whose reply does not come may have
 * happened all the same, and must not be sent to the next member. */
struct error *ovsdb_session_transact(const char *remote,
                                     const struct ovsdb_tls *tls,
                                     int64_t deadline_ms, const char *name,
                                     const char *params, struct arena *arena,
                                     const struct json_value **ret);

/* The failure among the results of a transaction, NULL if there is none. */
struct error *ovsdb_transaction_failure(const struct json_value *results);

/* The first row that a transaction's first operation, a "select", found; NULL
 * if there is none. */
const struct json_value *
ovsdb_transaction_row(const struct json_value *results);

#endif /* ovsdb/session.h */
