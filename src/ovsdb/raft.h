/* The records of a clustered database file (ovsdb(5), "Clustered Format").
 *
 * Each member of a cluster keeps such a file.  Its first record, the header,
 * holds a snapshot of the database; the others are entries of the Raft log
 * and what the member notes about itself: terms, votes, leaders, and how far
 * it knows the entries to be committed.  Only what is committed has happened:
 * an entry beyond that may be replaced, with all behind it, by what a new
 * leader says.
 *
 * So an entry is not read into the store when it is met but when a later
 * record commits it, from its place in the file, by a second reader that
 * follows the first.  No entry is kept in memory, and entries are committed in
 * the order in which they stand.
 *
 * The log reader (ovsdb/log.h) does the rest: it gives the body of each record
 * to raft_read_record(), and, once the checksum is right, calls
 * raft_take_record().  Only the header's snapshot enters the store there.
 * What a record commits does so in raft_commit(), one transaction a call, to
 * be called until raft_may_commit() says no, before the next record. */
#ifndef OVSDB_RAFT_H
#define OVSDB_RAFT_H 1

#include "ovsdb/store.h"

struct raft;

/* 'fd' is the file, which the caller keeps open.  What is in the store from
 * another member's file, up to the entry 'known_index', is passed over, but
 * for the schema; 0 if nothing is. */
struct raft *raft_new(int fd, uint64_t known_index);
void raft_free(struct raft *);

/* Reads the body of one record, the header if it is the first.  False on an
 * error, which is in the reader's input; the store may then hold part of a
 * transaction, to be aborted. */
bool raft_read_record(struct raft *, struct ovsdb_store *,
                      struct json_reader *);

/* Lets the record that was read last count: it is number 'number' and begins
 * at 'offset' in the file.  The store's records have the same numbers, those
 * of `ovsdb-tool show-log`. */
struct error *raft_take_record(struct raft *, struct ovsdb_store *,
                               uint64_t number, uint64_t offset);

/* Whether there are entries to commit; puts the next one with a transaction
 * into the store, if there is one. */
bool raft_may_commit(const struct raft *);
struct error *raft_commit(struct raft *, struct ovsdb_store *);

/* The entry that was committed last. */
uint64_t raft_commit_index(const struct raft *);

/* How many transactions are in the file but not known to be committed. */
size_t raft_n_uncommitted(const struct raft *);

/* Whether this member has left its cluster, and so hears of nothing more. */
bool raft_has_left(const struct raft *);

#endif /* ovsdb/raft.h */
