/* The parts of follow.c, a file for each daemon.  Private to repair/. */
#ifndef REPAIR_DAEMONS_H
#define REPAIR_DAEMONS_H 1

#include "fabric/fabric.h"
#include "repair/follow.h"

/* Appends what ovn-northd, and the ovn-controllers that claim ports, would
 * write into SB for the logical ports in 'follow->names', as members of a
 * transaction. */
void northd_put_changes(struct follow *, struct text *);

/* The Chassis that the interfaces of the chassis' bridges let claim logical
 * port 'name'; NULL if none.  '*ret_known' is false if that chassis, or the
 * one that has it now ('bound'), was not gathered. */
const struct ovsdb_row *controller_claims(const struct follow *,
                                          const char *name,
                                          const struct ovsdb_row *bound,
                                          bool *ret_known);

/* Appends what a chassis whose bridge mappings were changed tells SB. */
void controller_put_mappings(struct follow *, struct text *);

/* Commits the patch ports that the chassis' ovn-controllers would make or
 * remove. */
struct error *controller_patch(struct follow *);

/* A UUID of its own for a row that is made up, in text. */
const char *follow_make_uuid(struct follow *);

/* Begins a transaction that 'comment' names; text_puts(t, "}") ends it.  Each
 * member begins with a comma. */
void follow_begin(const struct follow *, struct text *, const char *comment);

#endif /* repair/daemons.h */
