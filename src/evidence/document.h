/* Small JSON documents that other tools wrote, read whole. */
#ifndef EVIDENCE_DOCUMENT_H
#define EVIDENCE_DOCUMENT_H 1

#include "base/arena.h"
#include "base/error.h"
#include "ovsdb/json.h"

/* Reads all of 'bytes' as one JSON value, in 'arena'. */
struct error *document_parse(const char *bytes, size_t size, struct arena *,
                             struct json_value **ret);

/* The integer at member 'name'; 0 if there is none, or it does not fit. */
int document_integer(const struct json_value *object, const char *name);

#endif /* evidence/document.h */
