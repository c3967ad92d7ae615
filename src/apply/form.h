/* Whether a transaction that may be anybody's has the form of a repair's, so
 * that whoever takes it apart finds in it what he looks for (apply/deed.h,
 * apply/conditions.h).  Private to apply/.
 *
 * That is what RFC 7047, section 5.2, says of the operations that repairs are
 * made of, with conditions and mutations that have all of their parts.  What
 * the values mean is for the database to say. */
#ifndef APPLY_FORM_H
#define APPLY_FORM_H 1

#include "ovsdb/json.h"

/* Of the parameters of a "transact": a name, then operations. */
bool form_is_sound(const struct json_value *params);

#endif /* apply/form.h */
