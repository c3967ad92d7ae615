/* Taking back what one transaction did: the rows as they were before a record
 * of a log, as far as they still are what it left.
 *
 * The caller reads the log twice, with all columns (ovsdb/whole.h): 'then' up
 * to and with the record, so that its deltas are the store's last, and 'now'
 * to the end.  A row that was deleted is inserted again, with all that it
 * held, into the set that held it; one that came goes; a column gets back what
 * it held, element by element if it is a set or a map, so that what others did
 * to it meanwhile stays.  What daemons write about a row is left to them.
 *
 * No I/O. */
#ifndef REPAIR_UNDO_H
#define REPAIR_UNDO_H 1

#include "ovsdb/whole.h"
#include "repair/change.h"

/* Adds to 'list' the changes of 'db' (and 'chassis') that take back what the
 * last record of 'then' did; of it only what is about the row 'about' and the
 * rows that it holds, unless 'about' is NULL.  Returns how many changes there
 * are; 0 if others hold a row that would have to go. */
size_t undo_make(struct change_list *list, const struct evidence_db *db,
                 const char *chassis, const struct whole *then,
                 const struct whole *now, const struct uuid *about);

#endif /* repair/undo.h */
