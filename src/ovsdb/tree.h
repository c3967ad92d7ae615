/* JSON values as trees (ovsdb/json.h): copying them, and writing them again.
 */
#ifndef OVSDB_TREE_H
#define OVSDB_TREE_H 1

#include "ovsdb/json.h"

/* A copy in 'arena', with its strings. */
struct json_value *tree_copy(const struct json_value *, struct arena *);

/* Appends it as JSON. */
void tree_put(struct text *, const struct json_value *);

#endif /* ovsdb/tree.h */
