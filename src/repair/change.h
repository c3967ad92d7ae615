/* A change of rows, as a plan makes it or as a database's log shows it: what
 * is inserted, updated and deleted, column by column, with all values as JSON
 * texts (RFC 7047, section 5.1, <value>).
 *
 * One list of changes is rendered in the forms that it is needed in: the
 * transaction that is tried on the evidence (simulation.h), the guarded
 * operations for the server (RFC 7047, section 5.2), and the command line
 * that a person can run.
 *
 * A new row has a made-up UUID, by which other rows of the list refer to it.
 * Everything lives in the list's arena.  No I/O. */
#ifndef REPAIR_CHANGE_H
#define REPAIR_CHANGE_H 1

#include "base/text.h"
#include "evidence/evidence.h"

enum change_op { CHANGE_INSERT, CHANGE_UPDATE, CHANGE_DELETE, N_CHANGE_OPS };

extern const char *const change_op_names[N_CHANGE_OPS];

/* What is done to a column: it becomes 'value', or 'value', a set or a map,
 * is added to it or taken away from it (of a map, pairs). */
enum edit_kind { EDIT_SET, EDIT_ADD, EDIT_REMOVE };

struct edit {
    const char *column;
    enum edit_kind kind;
    const char *value;  /* JSON. */
    const char *before; /* JSON; NULL if not known. */
    struct edit *next;
};

struct change {
    enum change_op op;
    const char *db;      /* "nb", "sb" or "ovs". */
    const char *chassis; /* Of "ovs"; else NULL. */
    const char *table;
    struct uuid uuid;
    const char *name;            /* What people call the row; "" if nothing. */
    const struct ovsdb_row *row; /* In the evidence; NULL if it is new. */
    struct edit *edits, *last_edit;
    struct change *next;
};

/* A condition on other rows than those that are changed: an operation, in
 * JSON, that fails if it does not hold. */
struct guard {
    const char *db, *chassis;
    const char *operation;
    struct guard *next;
};

struct change_list {
    struct arena arena;
    struct change *first, *last;
    struct guard *guards;
    size_t n;
    uint32_t n_made; /* Rows that were made up. */
};

void change_list_init(struct change_list *);
void change_list_done(struct change_list *);

/* Adds a change; edits are then put into it. */
struct change *change_insert(struct change_list *, const char *db,
                             const char *chassis, const char *table,
                             const char *name);
struct change *change_update(struct change_list *, const char *chassis,
                             const struct ovsdb_row *);
struct change *change_delete(struct change_list *, const char *chassis,
                             const struct ovsdb_row *);

void change_guard(struct change_list *, const char *db, const char *chassis,
                  const char *operation);

/* 'value' is copied.  At most one edit of a column. */
void change_edit(struct change_list *, struct change *, enum edit_kind,
                 const char *column, const char *value);

/* Takes away what was added behind 'last' (NULL: everything). */
void change_forget_last(struct change_list *, struct change *last);

/* Appends ["uuid","..."] of the change's row. */
void change_put_reference(struct text *, const struct change *);

/* Adds what the last commit to 'store' did, a store that kept its deltas. */
void change_take_deltas(struct change_list *, const char *db,
                        const char *chassis, const struct ovsdb_store *);

/* What people call a row; "" if nothing. */
const char *change_row_name(const struct ovsdb_row *);

/* Whether a change is of database 'db' (and 'chassis', unless NULL). */
bool change_is_of(const struct change *, const char *db, const char *chassis);

/* Appends the transaction of the changes of one database in the form of the
 * log, with 'comment', for simulation_commit(). */
void change_put_transaction(const struct change_list *,
                            const struct evidence_db *, const char *chassis,
                            int64_t date_ms, const char *comment,
                            struct text *);

/* Appends the parameters of a "transact" for the server: [<db-name>,
 * <operation>...].  'wait' operations come first, so that it fails unless
 * every row that is changed still is what the list was made from. */
void change_put_operations(const struct change_list *,
                           const struct evidence_db *, const char *chassis,
                           const char *comment, struct text *);

/* Appends the command line that does the changes of one database in one
 * transaction: ovn-nbctl or ovs-vsctl. */
void change_put_command(const struct change_list *, const char *db,
                        const char *chassis, struct text *);

#endif /* repair/change.h */
