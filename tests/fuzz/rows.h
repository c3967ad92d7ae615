/* Evidence of three databases, by lines of hostile text: each is a transaction
 * of the database that its first byte names, 'N' (NB), 'S' (SB) or 'O' (a
 * chassis's Open_vSwitch), as the log has it. */
#ifndef ROWS_H
#define ROWS_H 1

#include <stdint.h>

#include "evidence/evidence.h"

/* Makes evidence whose databases are empty; evidence_done() ends it. */
void rows_init(struct evidence *);

/* Commits the next sound transaction from 'p' on, and leaves whose it was; or
 * NULL if there is none.  Returns where to go on. */
const uint8_t *rows_next(struct evidence *, const uint8_t *p,
                         const uint8_t *end, struct evidence_db **ret);

#endif /* rows.h */
